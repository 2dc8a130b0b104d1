"""What counts as approved: real histories, reviews told by the GitHub double, and the verdict on each change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lastcall.model import Evidence, Exemption, Guard, Unread, Verdict
from repositories import Repo
from reviewed import ANN, BEN, BOT, RELEASE, WEB, Shop, approval, reasons


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(Repo(tmp_path / "shop"))


# ------------------------------------------------------------------------------------------------------------------ what landed


def test_a_merge_of_the_approved_head_is_approved(shop: Shop) -> None:
    first, head = shop.topic({"a.py": "1\n"}, {"b.py": "2\n"})
    merge = shop.repo.merge("topic")
    shop.pull([first, head], approval("ben", head), merge_commit=merge, title="Cheaper receipts")
    (change,) = shop.judge()
    assert (change.id, change.title, change.authors) == ("pull:12", "Cheaper receipts", ("ann",))
    assert [commit.sha for commit in change.commits] == [first, head, merge]
    assert (change.verdict, change.reason) == (Verdict.APPROVED, "approved")
    (given,) = change.approvals
    assert (given.reviewer, given.commit, given.submitted_at, given.carried_by) == ("ben", head, "2026-03-04T10:00:00Z", "same-commit")


def test_a_squash_of_the_approved_head_is_approved(shop: Shop) -> None:
    commits = shop.topic({"a.py": "1\n"}, {"b.py": "2\n"})
    squash = shop.repo.squash("topic", "Cheaper receipts (#12)")
    shop.pull(commits, approval("ben", commits[-1]), merge_commit=squash)
    (change,) = shop.judge()
    assert ([commit.sha for commit in change.commits], change.reason) == ([squash], "approved")
    assert change.approvals[0].carried_by == "same-tree"


def test_a_squash_onto_a_branch_that_moved_on_is_replayed(shop: Shop) -> None:
    commits = shop.topic({"a.py": "1\n"})
    direct = shop.repo.commit("Meanwhile", {"b.py": "2\n"})
    shop.pull(commits, approval("ben", commits[-1]), merge_commit=shop.repo.squash("topic", "Receipts"))
    found = shop.judge()
    assert reasons(found) == {"commit:Meanwhile": "blocked: direct-push", "pull:Pull request 12": "approved: approved"}
    assert found[1].approvals[0].carried_by == "replay"
    assert direct[:7] in found[0].detail


def test_rebased_commits_are_one_change(shop: Shop) -> None:
    commits = shop.topic({"a.py": "1\n"}, {"b.py": "2\n"})
    shop.repo.commit("Meanwhile", {"c.py": "3\n"})
    landed = [shop.repo.pick(commit, committer=BEN) for commit in commits]
    shop.pull(commits, approval("ben", commits[-1]), merge_commit=landed[-1], landed=landed)
    found = shop.judge()
    assert reasons(found)["pull:Pull request 12"] == "approved: approved"
    assert [commit.sha for commit in found[1].commits] == landed


def test_rebased_commits_are_found_where_the_forge_only_names_the_last(shop: Shop) -> None:
    commits = shop.topic({"a.py": "1\n"}, {"b.py": "2\n"})
    shop.repo.commit("Meanwhile", {"c.py": "3\n"})
    landed = [shop.repo.pick(commit, committer=BEN) for commit in commits]
    shop.pull(commits, approval("ben", commits[-1]), merge_commit=landed[-1])
    assert [commit.sha for commit in shop.judge()[1].commits] == landed


def test_a_fast_forward_is_approved_by_its_own_commits(shop: Shop) -> None:
    commits = shop.topic({"a.py": "1\n"}, {"b.py": "2\n"})
    shop.repo.merge("topic", no_ff=False)
    shop.pull(commits, approval("ben", commits[-1]), merge_commit=commits[-1])
    assert shop.verdict() == "approved: approved"


def test_a_direct_push_is_blocked(shop: Shop) -> None:
    shop.repo.commit("Hot fix", {"a.py": "1\n"}, date=978_307_200)
    (change,) = shop.judge()
    assert (change.reason, change.authors, change.pull) == ("direct-push", ("ann",), None)
    assert "revert it through an approved pull request and bring it again through another, or have two people waive it" in change.detail


@pytest.mark.parametrize("land", ["merge", "squash"])
def test_what_was_slipped_into_a_merge_is_found(shop: Shop, land: str) -> None:
    commits = shop.topic({"a.py": "1\n"})
    shop.repo.commit("Meanwhile", {"c.py": "3\n"})
    evil = {"b.py": "evil\n"}
    landed = shop.repo.merge("topic", evil=evil) if land == "merge" else shop.repo.squash("topic", "Receipts", evil=evil)
    shop.pull(commits, approval("ben", commits[-1]), merge_commit=landed)
    change = shop.judge()[-1]
    assert (change.verdict, change.reason) == (Verdict.BLOCKED, f"altered-{land}")
    assert landed[:7] in change.detail


def test_tampered_rebased_commits_are_found(shop: Shop) -> None:
    commits = shop.topic({"a.py": "1\n"}, {"b.py": "2\n"})
    shop.repo.commit("Meanwhile", {"c.py": "3\n"})
    landed = [shop.repo.pick(commits[0], evil={"a.py": "  1\n"}), shop.repo.pick(commits[1])]
    shop.pull(commits, approval("ben", commits[-1]), merge_commit=landed[-1], landed=landed)
    assert reasons(shop.judge())["pull:Pull request 12"] == "blocked: altered-rebase"


def test_a_squash_whose_head_is_not_in_the_clone(shop: Shop, tmp_path: Path) -> None:
    commits = shop.topic({"a.py": "1\n"})
    squash = shop.repo.squash("topic", "Receipts", author=ANN)
    shop.pull(commits, approval("ben", commits[-1]), merge_commit=squash)
    clone = shop.repo.clone(tmp_path / "clone", "--single-branch", "--branch", RELEASE).root
    (change,) = shop.judge(clone=clone)
    assert (change.verdict, change.reason) == (Verdict.UNKNOWN, "missing-object")
    assert "git fetch origin pull/12/head" in change.detail
    shop.world.commits[squash] |= {"signed": "github", "committer": "web-flow"}
    (change,) = shop.judge(clone=clone)
    assert (change.reason, change.approvals[0].carried_by) == ("approved", "forge-merge")
    shop.world.pulls[0]["reviews"] = [approval("ben", "f" * 40)]
    shop.world.commits["f" * 40] = {"author": "ann"}
    assert shop.verdict(clone=clone) == "unknown: missing-object"


# ------------------------------------------------------------------------------------------------------------ approvals that grow old


def test_an_approval_of_an_older_head_is_stale(shop: Shop) -> None:
    commits = shop.topic({"a.py": "1\n"}, {"a.py": "2\n"}, {"a.py": "3\n"})
    shop.pull(commits, approval("ben", commits[0]), merge_commit=shop.repo.merge("topic"))
    (change,) = shop.judge()
    assert (change.verdict, change.reason, change.approvals) == (Verdict.BLOCKED, "stale-approval", ())
    assert f"was approved by ben at {commits[0][:7]}, but 2 commits came after" in change.detail


@pytest.mark.parametrize(
    ("carry", "verdict"), [("none", "blocked: stale-approval"), ("same-tree", "blocked: stale-approval"), ("replay", "approved: approved")]
)
def test_an_update_of_the_branch_after_the_approval(shop: Shop, carry: str, verdict: str) -> None:
    (approved,) = shop.topic({"a.py": "1\n"})
    shop.repo.commit("Meanwhile", {"b.py": "2\n"})
    shop.repo.checkout("topic")
    update = shop.repo.merge(RELEASE, author=BEN)
    shop.repo.checkout(RELEASE)
    shop.pull([approved, update], approval("ben", approved), merge_commit=shop.repo.merge("topic"))
    found = shop.judge(carry=carry)
    assert reasons(found)["pull:Pull request 12"] == verdict
    assert [given.carried_by for change in found for given in change.approvals] == (["replay"] if carry == "replay" else [])


@pytest.mark.parametrize(("carry", "verdict"), [("none", "blocked: stale-approval"), ("same-tree", "approved: approved")])
def test_a_head_with_the_same_tree(shop: Shop, carry: str, verdict: str) -> None:
    (approved,) = shop.topic({"a.py": "1\n"})
    shop.repo.checkout("topic")
    head = shop.repo.commit("Better words", amend=True)
    shop.repo.checkout(RELEASE)
    shop.pull([head], approval("ben", approved), merge_commit=shop.repo.merge("topic"))
    assert shop.verdict(carry=carry) == verdict


def test_a_clean_rebase_after_the_approval_is_carried(shop: Shop) -> None:
    (approved,) = shop.topic({"a.py": "1\n"})
    shop.repo.commit("Meanwhile", {"b.py": "2\n"})
    shop.repo.checkout("topic")
    head = shop.repo.rebase(RELEASE)
    shop.repo.checkout(RELEASE)
    shop.pull([head], approval("ben", approved), merge_commit=shop.repo.merge("topic", no_ff=False))
    assert reasons(shop.judge())["pull:Pull request 12"] == "approved: approved"


def test_the_tree_of_the_approved_head_on_a_newer_base_takes_work_away(shop: Shop) -> None:
    """The same tree, but what landed on the branch meanwhile is reverted: nobody has seen that."""
    (approved,) = shop.topic({"a.py": "1\n"})
    shop.repo.commit("Meanwhile", {"b.py": "a security fix\n"})
    shop.repo.checkout("topic")
    shop.repo.git("reset", "--quiet", "--soft", RELEASE)
    head = shop.repo.commit("Work")
    assert shop.repo.tree(head) == shop.repo.tree(approved)
    shop.repo.checkout(RELEASE)
    shop.pull([head], approval("ben", approved), merge_commit=shop.repo.merge("topic", no_ff=False))
    for carry in ("same-tree", "replay"):
        assert reasons(shop.judge(carry=carry))["pull:Pull request 12"] == "blocked: stale-approval"


def test_a_merge_that_throws_the_branch_away_is_not_the_approved_head(shop: Shop) -> None:
    (approved,) = shop.topic({"a.py": "1\n"})
    shop.repo.commit("Meanwhile", {"b.py": "a security fix\n"})
    shop.repo.checkout("topic")
    shop.repo.git("merge", "--quiet", "--no-commit", "--strategy=ours", RELEASE)
    head = shop.repo.commit("Update the branch")
    shop.repo.checkout(RELEASE)
    shop.pull([approved, head], approval("ben", approved), merge_commit=shop.repo.merge("topic", no_ff=False))
    assert reasons(shop.judge())["pull:Pull request 12"] == "blocked: stale-approval"


# ------------------------------------------------------------------------------------------------------------------------ by whom


def merged(shop: Shop, *reviews: dict[str, Any], author: str = ANN, message: str = "Work", **told: Any) -> str:
    """A merged pull request of one commit; a review without a commit is given on its head."""
    (head,) = shop.topic({"a.py": "1\n"}, author=author, message=message)
    merge = shop.repo.merge("topic")
    shop.pull([head], *({**review, "commit": review["commit"] or head} for review in reviews), merge_commit=merge, **told)
    return head


OLD, NEW, AFTER = "2026-03-01T10:00:00Z", "2026-03-02T10:00:00Z", "2026-03-06T10:00:00Z"


@pytest.mark.parametrize(
    ("reviews", "verdict"),
    [
        ([], "blocked: no-approval"),
        ([approval("ann", "")], "blocked: self-approval"),
        ([approval("ann", ""), approval("ben", "")], "approved: approved"),
        ([approval("eve", "")], "blocked: no-write-access"),
        ([approval("dependabot[bot]", "")], "blocked: bot-approval"),
        ([approval("imported", "")], "blocked: bot-approval"),
        ([approval(None, "")], "unknown: deleted-account"),
        ([approval("ben", "", state="COMMENTED")], "blocked: no-approval"),
        ([approval("ben", "", OLD), approval("ben", "", NEW, "COMMENTED")], "approved: approved"),
        ([approval("ben", "", state="DISMISSED")], "blocked: dismissed-approval"),
        ([approval("ben", "", OLD), approval("ben", "", NEW, "DISMISSED")], "blocked: dismissed-approval"),
        ([approval("ben", "", OLD, "DISMISSED"), approval("ben", "", NEW)], "approved: approved"),
        ([approval("ben", "", OLD), approval("ben", "", NEW, "CHANGES_REQUESTED")], "blocked: changes-requested"),
        ([approval("ben", "", NEW), approval("ben", "", OLD, "CHANGES_REQUESTED")], "approved: approved"),
        ([approval("ben", ""), approval("cat", "", state="CHANGES_REQUESTED")], "blocked: changes-requested"),
        ([approval("ben", ""), approval("cat", "", AFTER, "CHANGES_REQUESTED")], "blocked: changes-requested"),
        ([approval("ben", ""), approval("eve", "", state="CHANGES_REQUESTED")], "approved: approved"),
        ([approval("ben", "", AFTER)], "blocked: late-approval"),
        ([approval("ben", "", OLD), approval("ben", "", AFTER)], "approved: approved"),
    ],
)
def test_whose_word_counts(shop: Shop, reviews: list[dict[str, Any]], verdict: str) -> None:
    merged(shop, *reviews)
    assert shop.verdict() == verdict


def test_a_person_counts_once(shop: Shop) -> None:
    merged(shop, approval("ben", "", OLD), approval("ben", "", NEW))
    (change,) = shop.judge(approvals=2)
    assert (change.reason, "1 of 2 approvals (ben)" in change.detail) == ("too-few-approvals", True)
    shop.world.pulls[0]["reviews"].append(approval("cat", shop.world.pulls[0]["head"]))
    assert shop.verdict(approvals=2) == "approved: approved"


def test_an_approver_who_committed_to_it_is_not_independent(shop: Shop) -> None:
    first, head = shop.topic({"a.py": "1\n"}, {"a.py": "2\n"})
    shop.repo.checkout("topic")
    head = shop.repo.commit("Ben helps", {"b.py": "3\n"}, author=BEN)
    shop.repo.checkout(RELEASE)
    shop.pull([first, head], approval("ben", head), merge_commit=shop.repo.merge("topic"))
    assert shop.verdict() == "blocked: self-approval"
    shop.world.pulls[0]["reviews"].append(approval("ann", head))
    assert shop.verdict() == "approved: approved", "each of the two has an approver who is the other"


def test_a_co_author_is_not_independent(shop: Shop) -> None:
    merged(shop, approval("ben", ""), message="Work\n\nCo-authored-by: Ben <ben@example.org>")
    assert shop.verdict() == "blocked: self-approval"


def test_whoever_updates_the_branch_or_presses_the_button_wrote_nothing(shop: Shop) -> None:
    (first,) = shop.topic({"a.py": "1\n"})
    shop.repo.commit("Meanwhile", {"b.py": "2\n"})
    shop.repo.checkout("topic")
    head = shop.repo.merge(RELEASE, author=BEN)
    shop.repo.checkout(RELEASE)
    shop.pull([first, head], approval("ben", head), merge_commit=shop.repo.merge("topic", author=BEN))
    assert reasons(shop.judge())["pull:Pull request 12"] == "approved: approved"


def test_an_address_without_an_account_takes_one_more_approver(shop: Shop) -> None:
    merged(shop, approval("ben", ""), author="Stranger <who@example.com>")
    (change,) = shop.judge()
    assert (change.verdict, change.reason) == (Verdict.UNKNOWN, "unmapped-identity")
    assert "holds work of Stranger <who@example.com>, without an account on the forge" in change.detail
    assert "have the address added to its account, or revert it through an approved pull request" in change.detail
    shop.world.pulls[0]["reviews"].append(approval("cat", shop.world.pulls[0]["head"]))
    assert shop.verdict() == "approved: approved", "at most one of two approvers is the stranger"


@pytest.mark.parametrize(("signed", "verdict"), [("github", "approved: approved"), (None, "unknown: unmapped-identity")])
def test_only_a_signature_proves_that_github_committed(shop: Shop, signed: str | None, verdict: str) -> None:
    shop.repo.checkout("topic", new=True)
    head = shop.repo.commit("Accept a suggestion", {"a.py": "1\n"}, author=ANN, committer=WEB)
    shop.repo.checkout(RELEASE)
    shop.pull([head], approval("ben", head), merge_commit=shop.repo.merge("topic"))
    shop.world.commits[head] = {"signed": signed}
    assert shop.verdict() == verdict


def test_a_deleted_author_may_be_the_approver(shop: Shop) -> None:
    merged(shop, approval("ben", ""))
    shop.world.pulls[0]["author"] = None
    assert shop.verdict() == "unknown: unmapped-identity"


def test_a_pull_request_of_a_bot_needs_one_person(shop: Shop) -> None:
    merged(shop, author=BOT)
    shop.world.pulls[0]["author"] = "dependabot[bot]"
    assert shop.verdict() == "blocked: no-approval"
    shop.world.pulls[0]["reviews"].append(approval("ben", shop.world.pulls[0]["head"]))
    assert shop.verdict() == "approved: approved"


def test_whoever_hides_behind_the_address_of_a_bot_may_not_approve(shop: Shop) -> None:
    """An address is anybody's to write: in a person's pull request a bot's commit is one where GitHub signed it."""
    own = shop.topic({"a.py": "1\n"})
    shop.repo.checkout("topic")
    hidden = shop.repo.commit("Format", {"b.py": "2\n"}, author=BOT)
    shop.repo.checkout(RELEASE)
    shop.pull([*own, hidden], approval("ben", hidden), merge_commit=shop.repo.merge("topic"))
    assert shop.verdict() == "unknown: unmapped-identity"
    shop.world.commits[hidden]["signed"] = "github"
    assert shop.verdict() == "approved: approved"


# --------------------------------------------------------------------------------------------------------------- which pull request


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        ({"state": "open"}, "blocked: unmerged-pull"),
        ({"state": "closed"}, "blocked: unmerged-pull"),
        ({"base": "dev"}, "blocked: other-branch"),
        ({"repository": "fork/shop"}, "blocked: direct-push"),
    ],
)
def test_an_approval_for_something_else(shop: Shop, told: dict[str, str], verdict: str) -> None:
    (head,) = shop.topic({"a.py": "1\n"})
    shop.repo.merge("topic", no_ff=False)
    shop.pull([head], approval("ben", head), merge_commit=head, **told)
    assert shop.verdict() == verdict


def test_a_branch_whose_approvals_are_accepted(shop: Shop) -> None:
    """Reviewed on dev, and dev merged into the release: every commit is the one that was approved, and the merge is what git makes."""
    shop.repo.branch("dev")
    commits = shop.topic({"a.py": "1\n"}, at="dev")
    shop.repo.checkout("dev")
    landed = shop.repo.merge("topic")
    shop.repo.checkout(RELEASE)
    shop.repo.commit("Meanwhile", {"c.py": "2\n"})
    shop.repo.merge("dev")
    shop.pull(commits, approval("ben", commits[-1]), merge_commit=landed, base="dev")
    assert reasons(shop.judge(accept_base=("dev",))) == {
        "pull:Pull request 12": "approved: approved",
        "commit:Meanwhile": "blocked: direct-push",
        "commit:Merge branch 'dev'": "approved: mechanical-merge",
    }
    assert reasons(shop.judge())["pull:Pull request 12"] == "blocked: other-branch"
    assert reasons(shop.judge(branch=None))["pull:Pull request 12"] == "unknown: unknown-branch"


def test_one_approved_pull_request_suffices(shop: Shop) -> None:
    """Dev was brought here by a pull request that somebody approved as a whole, although the ones it holds were for dev."""
    shop.repo.branch("dev")
    commits = shop.topic({"a.py": "1\n"}, at="dev")
    shop.repo.checkout("dev")
    landed = shop.repo.merge("topic")
    shop.repo.checkout(RELEASE)
    merge = shop.repo.merge("dev")
    shop.pull(commits, merge_commit=landed, base="dev", number=7)
    shop.pull([*commits, landed], approval("ben", landed), merge_commit=merge, number=30)
    (change,) = shop.judge()
    assert (change.id, change.reason, len(change.commits)) == ("pull:30", "approved", 3)


def test_only_a_part_of_a_pull_request(shop: Shop) -> None:
    commits = shop.topic({"a.py": "1\n"}, {"b.py": "2\n"})
    shop.repo.git("merge", "--quiet", "--ff-only", commits[0])
    shop.pull(commits, approval("ben", commits[-1]), merge_commit=None, base="dev")
    assert shop.verdict(accept_base=("dev",)) == "blocked: partial-pull"


def test_what_landed_before_the_freeze_does_not_come_back_by_its_old_approval(shop: Shop) -> None:
    commits = shop.topic({"d.py": "a query that overloads the database\n"})
    landed = shop.repo.squash("topic", "Work (#12)")
    shop.freeze = shop.repo.revert(landed)
    shop.pull(commits, approval("ben", commits[-1]), merge_commit=landed)
    shop.repo.merge("topic", message="Bring it back")
    assert reasons(shop.judge()) == {"commit:Work": "blocked: partial-pull", "commit:Bring it back": "approved: mechanical-merge"}


def test_a_squash_of_commits_that_are_listed_in_part_is_unknown(shop: Shop) -> None:
    """GitHub lists the first 250 commits of a pull request: who wrote the others cannot be told."""
    commits = shop.topic({"a.py": "1\n"}, {"b.py": "2\n"})
    shop.pull(commits, approval("ben", commits[-1]), merge_commit=shop.repo.squash("topic", "Work (#12)"))
    assert shop.verdict() == "approved: approved"
    shop.world.pulls[0]["commits"] = commits[:1]
    assert shop.verdict() == "unknown: unknown-reviews"


def test_an_approver_who_updated_the_branch_is_told_what_to_fetch(shop: Shop, tmp_path: Path) -> None:
    """Without the head it cannot be told whether the merge of the approver's holds work of their own."""
    commits = shop.topic({"a.py": "1\n"})
    shop.repo.commit("Meanwhile", {"b.py": "2\n"})
    shop.repo.checkout("topic")
    update = shop.repo.merge(RELEASE, author=BEN)
    shop.repo.checkout(RELEASE)
    squash = shop.repo.squash("topic", "Work (#12)")
    shop.world.commits[squash] = {"signed": "github", "committer": "web-flow"}
    shop.pull([*commits, update], approval("ben", update), merge_commit=squash)
    clone = shop.repo.clone(tmp_path / "clone", "--single-branch", "--branch", RELEASE).root
    (change,) = [each for each in shop.judge(clone=clone) if each.pull]
    assert (change.verdict, change.reason) == (Verdict.UNKNOWN, "missing-object")
    assert f"by ben, who made {update[:7]}: whether that only brought it up to date cannot be told" in change.detail
    assert "; run 'git fetch origin pull/12/head' and check again" in change.detail
    assert reasons(shop.judge())["pull:Pull request 12"] == "approved: approved"


def test_a_merge_made_by_hand_of_commits_that_are_judged_themselves(shop: Shop) -> None:
    commits = shop.topic({"a.py": "1\n"}, name="side")
    shop.repo.commit("Meanwhile", {"c.py": "2\n"})
    shop.repo.merge("side")
    assert reasons(shop.judge())["commit:Merge branch 'side'"] == "approved: mechanical-merge"
    assert len(commits) == 1
    shop.repo.checkout("more", new=True, at=commits[0])
    shop.repo.commit("More", {"b.py": "3\n"})
    shop.repo.checkout(RELEASE)
    shop.repo.merge("more", evil={"docs/x.md": "evil\n"})
    assert reasons(shop.judge())["commit:Merge branch 'more'"] == "blocked: altered-merge"


def test_an_octopus_cannot_be_made_again(shop: Shop) -> None:
    shop.topic({"a.py": "1\n"}, name="left")
    shop.topic({"b.py": "1\n"}, name="right")
    shop.repo.commit("Meanwhile", {"c.py": "1\n"})
    shop.repo.git("merge", "--quiet", "-m", "Octopus", "left", "right")
    assert reasons(shop.judge())["commit:Octopus"] == "unknown: octopus-merge"


# ------------------------------------------------------------------------------------------------------------- under judgement


def test_the_pull_request_under_judgement_counts_at_its_head(shop: Shop) -> None:
    commits = shop.topic({"a.py": "1\n"}, {"b.py": "2\n"})
    shop.pull(commits, approval("ben", commits[-1]), state="open")
    assert shop.verdict(pull=12, head="topic") == "approved: approved"
    shop.world.pulls[0]["reviews"] = [approval("ben", commits[0])]
    (change,) = shop.judge(pull=12, head="topic")
    assert change.reason == "stale-approval"
    assert change.detail == (
        f"pull request 12 was approved by ben at {commits[0][:7]}, but 1 commit came after; "
        f"it needs one more approval, by somebody who did not write it, at {commits[1][:7]}"
    )


@pytest.mark.parametrize("land", ["merge", "squash"])
def test_the_merge_that_the_forge_tries_out_counts_as_the_head(shop: Shop, land: str) -> None:
    commits = shop.topic({"a.py": "1\n"})
    shop.repo.commit("Meanwhile", {"c.py": "2\n"})
    shop.freeze = shop.repo.head
    shop.repo.checkout("test-merge", new=True)
    shop.repo.merge("topic") if land == "merge" else shop.repo.squash("topic", "Work (#12)")
    shop.pull(commits, approval("ben", commits[-1]), state="open")
    assert shop.verdict(pull=12, head="test-merge") == "approved: approved"
    shop.repo.commit("Slipped in", {"b.py": "evil\n"}, amend=True)
    assert shop.verdict(pull=12, head="test-merge").startswith("blocked: ")


def test_a_pull_request_that_moved_on_is_not_what_is_judged(shop: Shop) -> None:
    commits = shop.topic({"a.py": "1\n"}, {"b.py": "2\n"})
    shop.pull(commits, approval("ben", commits[-1]), state="open")
    assert shop.verdict(pull=12, head=commits[0]) == "blocked: other-head"


# ------------------------------------------------------------------------------------------------------- missing evidence, exemptions


def silenced(subject: str) -> Callable[[Evidence], Evidence]:
    def silence(evidence: Evidence) -> Evidence:
        kept = tuple(pull for pull in evidence.pulls if f"pull:{pull.number}" != subject)
        commits = tuple(commit for commit in evidence.commits if f"commit:{commit.sha}" != subject and subject)
        unread = (Unread("reviews", "GitHub answered 500: run again when it is well", subject=subject),)
        return Evidence(evidence.forge, evidence.repository, commits=commits, pulls=kept, unread=unread)

    return silence


def test_what_the_forge_does_not_tell_is_unknown(shop: Shop) -> None:
    head = merged(shop, approval("ben", ""))
    for subject in ("", "pull:12", f"commit:{head}"):
        found = shop.judge(change=silenced(subject))
        assert {change.verdict for change in found} == {Verdict.UNKNOWN}, subject
        assert {change.reason for change in found} == {"unknown-reviews"}
        assert "GitHub answered 500" in found[0].detail


def test_a_commit_that_was_never_asked_for_is_unknown(shop: Shop) -> None:
    merged(shop, approval("ben", ""))
    shop.repo.commit("After the evidence was collected", {"b.py": "2\n"})
    found = shop.judge(change=lambda evidence: Evidence("github", evidence.repository, pulls=evidence.pulls))
    assert {change.reason for change in found} == {"unknown-reviews"}


def test_a_review_of_a_lost_commit_is_unknown(shop: Shop) -> None:
    merged(shop, {**approval("ben", "f" * 40)})
    assert shop.verdict() == "unknown: unknown-reviews"


def test_paths_that_need_no_approval(shop: Shop) -> None:
    exempt = (Exemption(paths=("docs/**",)),)
    shop.repo.commit("Words", {"docs/x.md": "y\n"})
    shop.repo.commit("Words and code", {"docs/x.md": "z\n", "a.py": "1\n"})
    assert reasons(shop.judge(exempt=exempt)) == {"commit:Words": "exempt: exempt", "commit:Words and code": "blocked: direct-push"}


def test_an_author_is_exempt_only_where_the_forge_proves_it(shop: Shop) -> None:
    exempt = (Exemption(paths=("*.py",), authors=("dependabot[bot]",)),)
    commit = shop.repo.commit("Bump", {"a.py": "1\n"}, author=BOT)
    assert shop.verdict(exempt=exempt) == "blocked: direct-push", "anybody can write that name into a commit"
    shop.world.commits[commit]["signed"] = "github"
    assert shop.verdict(exempt=exempt) == "exempt: exempt"
    assert shop.verdict(exempt=(Exemption(authors=("ann",)),)) == "blocked: direct-push"


def test_a_pull_request_of_an_exempt_bot(shop: Shop) -> None:
    exempt = (Exemption(authors=("dependabot[bot]",)),)
    head = merged(shop, author=BOT)
    shop.world.pulls[0]["author"] = "dependabot[bot]"
    assert shop.verdict(exempt=exempt) == "blocked: no-approval", "somebody may have pushed to the bot's branch under its name"
    shop.world.commits[head]["signed"] = "github"
    assert shop.verdict(exempt=exempt) == "exempt: exempt"
    shop.world.pulls[0]["author"] = "ann"
    assert shop.verdict(exempt=exempt) == "blocked: no-approval"


def test_what_was_slipped_into_the_squash_of_an_exempt_bot(shop: Shop) -> None:
    exempt = (Exemption(authors=("dependabot[bot]",)),)
    (head,) = shop.topic({"a.py": "1\n"}, author=BOT)
    shop.pull([head], author="dependabot[bot]", merge_commit=shop.repo.squash("topic", "Bump", evil={"b.py": "evil\n"}))
    shop.world.commits[head] = {"signed": "github"}
    assert shop.verdict(exempt=exempt) == "blocked: no-approval"


def test_a_merge_made_by_hand_is_never_exempt(shop: Shop) -> None:
    """The other way round, the merge takes away a fix of the release branch without touching a path of its first parent."""
    shop.topic({"docs/x.md": "y\n"})
    shop.repo.commit("Security fix", {"a.py": "fixed\n"})
    shop.repo.checkout("topic")
    shop.repo.git("merge", "--quiet", "--no-commit", "--strategy=ours", RELEASE)
    merge = shop.repo.commit("Merge", author=BEN)
    shop.repo.branch("back", merge)
    assert reasons(shop.judge(head="back", exempt=(Exemption(paths=("docs/**",)),)))["commit:Merge"] == "blocked: altered-merge"


def test_what_steers_lastcall_is_marked(shop: Shop) -> None:
    commits = shop.topic({"CODEOWNERS": "* @ann\n", "a.py": "1\n"})
    shop.pull(commits, approval("ben", commits[-1]), merge_commit=shop.repo.merge("topic"))
    (change,) = shop.judge()
    assert (change.reason, change.guards) == ("approved", (Guard("CODEOWNERS"),))


def test_nothing_late_is_nothing_to_judge(shop: Shop) -> None:
    assert shop.judge() == []
