"""What takes other commits back, what only says so, and what came back that way."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lastcall.model import Change, Exemption, Verdict
from reviewed import BEN, CAT, RELEASE, Shop, approval, reasons

ALLOWED: dict[str, Any] = {"allow_clean_revert": True}
EVIL = {"evil.py": "a query that overloads the database\n"}


def verdicts(shop: Shop, **asked: Any) -> dict[str, str]:
    """Verdict and reason of each change by the name of its branch point: ``names`` are given to commits as their subjects."""
    return {title.partition(":")[2]: verdict for title, verdict in reasons(shop.judge(**asked)).items()}


def revert(shop: Shop, commit: str, subject: str, *, mainline: bool = False) -> str:
    """A revert with a subject of its own and the words that git writes below."""
    shop.repo.git("revert", "--no-edit", *["-m", "1"][: 2 * mainline], commit)
    body = shop.repo.git("log", "-1", "--format=%b")
    return shop.repo.commit(f"{subject}\n\n{body}", amend=True, author=BEN)


def reviewed(shop: Shop, name: str, files: Mapping[str, str | None], *, number: int, by: str = "ben") -> str:
    """An approved and squashed pull request into the release branch."""
    commits = shop.topic(files, name=f"topic-{number}", author=CAT)  # type: ignore[arg-type]
    squash = shop.repo.squash(f"topic-{number}", name, author=CAT)
    shop.pull(commits, approval(by, commits[-1]), merge_commit=squash, number=number, author="cat", title=name)
    return squash


def last(found: list[Change]) -> Change:
    return found[-1]


# ------------------------------------------------------------------------------------------------------------ clean reverts


def test_a_clean_revert_is_blocked_unless_the_policy_allows_it(shop: Shop) -> None:
    frozen = shop.freeze
    back = revert(shop, frozen, "Out")
    change = last(shop.judge())
    assert (change.verdict, change.reason) == (Verdict.BLOCKED, "direct-push")
    assert f"{back[:7]} is a clean revert of {frozen[:7]}: allow-clean-revert: true lets such reverts through" in change.detail
    change = last(shop.judge(**ALLOWED))
    assert (change.verdict, change.reason, change.needs) == (Verdict.EXEMPT, "clean-revert", None)
    assert change.detail == f"{back[:7]} is a clean revert of {frozen[:7]}, which the policy allows"


def test_a_merge_is_reverted_to_its_first_parent(shop: Shop) -> None:
    shop.topic({"a.py": "1\n"}, {"new.py": "2\n"})
    shop.repo.commit("Meanwhile", {"b.py": "3\n"})
    shop.freeze = shop.repo.merge("topic")
    revert(shop, shop.freeze, "Out", mainline=True)
    assert "reversing" in shop.repo.git("log", "-1", "--format=%b")
    assert verdicts(shop, **ALLOWED) == {"Out": "exempt: clean-revert"}


@pytest.mark.parametrize("evil", [{"b.py": "evil\n"}, {"c.py": "c, almost\n"}])
def test_what_says_that_it_is_a_revert_and_is_not(shop: Shop, evil: dict[str, str]) -> None:
    back = revert(shop, shop.freeze, "Out")
    shop.repo.commit(shop.repo.git("log", "-1", "--format=%B"), evil, amend=True)
    for policy in ({}, ALLOWED):
        change = last(shop.judge(**policy))
        assert (change.verdict, change.reason) == (Verdict.BLOCKED, "altered-revert")
    assert f"git show -R {shop.freeze[:7]}" in change.detail
    assert back != shop.repo.head


def test_a_revert_of_what_was_never_here_brings_something_new(shop: Shop) -> None:
    """Whoever takes back the commit of another branch that took something away brings that, whatever git makes of it."""
    shop.repo.checkout("elsewhere", new=True, at="main")
    shop.repo.commit("Evil", EVIL)
    gone = shop.repo.commit("No evil", {"evil.py": None})
    shop.repo.checkout(RELEASE)
    revert(shop, gone, "Back")
    assert shop.repo.git("show", "HEAD:evil.py").startswith("a query")
    assert verdicts(shop, **ALLOWED) == {"Back": "blocked: direct-push"}


@pytest.mark.parametrize("land", ["merge", "squash", "rebase", "open"])
def test_a_revert_through_a_pull_request(shop: Shop, land: str) -> None:
    shop.repo.checkout("out", new=True)
    back = revert(shop, shop.freeze, "Out")
    shop.repo.checkout(RELEASE)
    if land != "open":
        shop.repo.commit("Meanwhile", {"docs/x.md": "y\n"})
        shop.freeze = shop.repo.head
    made = {
        "merge": lambda: shop.repo.merge("out"),
        "squash": lambda: shop.repo.squash("out", shop.repo.git("log", "-1", "--format=%B", "out")),
        "rebase": lambda: shop.repo.pick("out", committer=BEN),
        "open": lambda: None,
    }[land]()
    shop.pull([back], state="open" if land == "open" else "merged", merge_commit=made, title="Out")
    asked: dict[str, Any] = {"pull": 12, "head": "out"} if land == "open" else {}
    assert verdicts(shop, **asked) == {"Out": "blocked: no-approval"}
    assert verdicts(shop, **ALLOWED, **asked) == {"Out": "exempt: clean-revert"}
    shop.world.pulls[-1]["reviews"] = [approval("cat", back, state="CHANGES_REQUESTED")]
    assert verdicts(shop, **ALLOWED, **asked) == {"Out": "blocked: changes-requested"}
    shop.world.pulls[-1]["reviews"] = [approval("cat", back)]
    assert verdicts(shop, **asked) == {"Out": "approved: approved"}


def test_the_words_of_the_forges_revert_button(shop: Shop) -> None:
    squash = reviewed(shop, "Work", {"a.py": "1\n"}, number=5)
    shop.repo.git("revert", "--no-edit", squash)
    shop.repo.commit('Revert "Work" (#6)\n\nReverts acme/shop#5', amend=True)
    assert last(shop.judge(**ALLOWED)).reason == "clean-revert"
    shop.repo.commit("Partly: see also what reverts #5", {"b.py": "2\n"})
    assert last(shop.judge(**ALLOWED)).reason == "direct-push", "prose is no lie"


def test_what_a_partial_clone_cannot_revert_is_no_clean_revert(shop: Shop, tmp_path: Path) -> None:
    shop.repo.commit("Meanwhile", {"a.py": "one\ntwo\nthree\nfour\nfive\nSIX\n"})
    shop.freeze = shop.repo.commit("Work", {"a.py": "ONE\ntwo\nthree\nfour\nfive\nSIX\n"})
    shop.repo.commit("More", {"a.py": "ONE\ntwo\nthree\nfour\nfive\nsix\n"})
    revert(shop, shop.freeze, "Out")
    assert verdicts(shop, **ALLOWED)["Out"] == "exempt: clean-revert"
    clone = shop.repo.clone(tmp_path / "clone", "--filter=blob:none", "--no-checkout").root
    assert verdicts(shop, clone=clone, **ALLOWED)["Out"] == "blocked: direct-push"


# ------------------------------------------------------------------------------------------------------------- taken back


@pytest.mark.parametrize("allow", [True, False])
def test_what_was_taken_back_needs_no_approval_where_the_revert_is_in_order(shop: Shop, allow: bool) -> None:
    evil = shop.repo.commit("Evil", EVIL)
    back = revert(shop, evil, "Out")
    found = verdicts(shop, allow_clean_revert=allow)
    assert found == (
        {"Evil": "exempt: undone", "Out": "exempt: clean-revert"}
        if allow
        else {"Evil": "blocked: direct-push", "Out": "blocked: direct-push"}
    )
    if allow:
        assert shop.judge(**ALLOWED)[0].detail == f"taken back by {back[:7]}: nothing of it is left"


def test_taken_back_by_an_approved_pull_request(shop: Shop) -> None:
    evil = shop.repo.commit("Evil", EVIL)
    shop.repo.checkout("out", new=True)
    back = revert(shop, evil, "Out")
    shop.repo.checkout(RELEASE)
    shop.repo.commit("Meanwhile", {"docs/x.md": "y\n"})
    shop.pull([back], approval("cat", back), merge_commit=shop.repo.merge("out"), title="Out")
    assert verdicts(shop) == {"Evil": "exempt: undone", "Out": "approved: approved", "Meanwhile": "blocked: direct-push"}
    shop.world.pulls[-1]["reviews"] = []
    assert verdicts(shop)["Evil"] == "blocked: direct-push"


@pytest.mark.parametrize("again", ["by hand", "by a revert", "in the merge"])
@pytest.mark.parametrize("land", ["merge", "rebase", "as it is", "squash"])
def test_a_pull_request_that_takes_it_back_and_brings_it_again(shop: Shop, again: str, land: str) -> None:
    """As a whole it changes some words: whoever approved that never saw the evil, of which all is left."""
    evil = shop.repo.commit("Evil", EVIL)
    shop.repo.checkout("out", new=True)
    commits = [revert(shop, evil, "Out")]
    if again != "in the merge":
        commits.append(revert(shop, commits[0], "Back") if again == "by a revert" else shop.repo.commit("Back", EVIL, author=BEN))
    commits.append(shop.repo.commit("Words", {"docs/x.md": "y\n"}, author=BEN))
    shop.repo.checkout(RELEASE)
    spoilt = EVIL if again == "in the merge" else None
    landed = commits
    if land == "merge":
        landed = [shop.repo.merge("out", evil=spoilt)]
    elif land == "squash":
        landed = [shop.repo.squash("out", f"Words\n\nThis reverts commit {evil}.", evil=spoilt)]
    elif land == "rebase":
        landed = [shop.repo.pick(commit, committer=CAT, evil=spoilt if commit == commits[-1] else None) for commit in commits]
    else:
        shop.repo.merge("out", no_ff=False)
    shop.pull(commits, approval("cat", commits[-1]), author="ben", merge_commit=landed[-1], landed=landed, title="Words")
    still = (again, land) != ("in the merge", "as it is")
    assert bool(shop.repo.git("ls-files", "evil.py")) == still
    for policy in ({}, ALLOWED):
        assert verdicts(shop, **policy)["Evil"] == ("blocked: direct-push" if still else "exempt: undone")


@pytest.mark.parametrize("land", ["merge", "squash"])
def test_taken_back_together_with_something_else(shop: Shop, land: str) -> None:
    """Whoever approved saw all of it go; a squash says nothing of that, the commits behind it do."""
    evil = shop.repo.commit("Evil", EVIL)
    shop.repo.checkout("out", new=True)
    commits = [revert(shop, evil, "Out"), shop.repo.commit("Words", {"docs/x.md": "y\n"}, author=BEN)]
    shop.repo.checkout(RELEASE)
    landed = shop.repo.merge("out") if land == "merge" else shop.repo.squash("out", "Words (#12)")
    shop.pull(commits, approval("cat", commits[-1]), author="ben", merge_commit=landed, title="Words")
    assert verdicts(shop) == {"Evil": "exempt: undone", "Words": "approved: approved"}


@pytest.mark.parametrize("clone", [True, False])
@pytest.mark.parametrize("more", [True, False])
def test_taken_back_by_a_squash_that_does_not_say_so(shop: Shop, tmp_path: Path, clone: bool, more: bool) -> None:
    """The commits behind it say so; where they are not in the clone, the branch is again as it was before."""
    shop.topic({"a.py": "1\n"}, {"evil.py": "2\n"})
    merge = shop.repo.merge("topic", message="Evil")
    if more:
        shop.repo.commit("More evil", {"b.py": "3\n"})
    shop.repo.checkout("out", new=True)
    commits = [revert(shop, "HEAD", "Out more")] if more else []
    commits.append(revert(shop, merge, "Out", mainline=True))
    shop.repo.checkout(RELEASE)
    squash = shop.repo.squash("out", "Out (#13)")
    shop.pull(commits, approval("cat", commits[-1]), author="ben", merge_commit=squash, title="Out", number=13)
    shop.world.commits[squash] = {"signed": "github"}
    where = None
    if clone:
        where = shop.repo.clone(tmp_path / "clone", f"--branch={RELEASE}", "--single-branch").root
    found = shop.judge(clone=where)
    assert {change.reason for change in found} == {"mechanical-merge", "undone", "approved"}


def test_then_it_may_come_through_a_pull_request(shop: Shop) -> None:
    """What our own messages advise: take it back, and bring the same through a pull request."""
    hasty = shop.repo.commit("Hasty", {"a.py": "1\n"})
    revert(shop, hasty, "Out")
    reviewed(shop, "In order", {"a.py": "1\n"}, number=5)
    assert verdicts(shop, **ALLOWED) == {"Hasty": "exempt: undone", "Out": "exempt: clean-revert", "In order": "approved: approved"}


@pytest.mark.parametrize("how", ["the merge", "each commit", "one of two"])
def test_a_pull_request_is_taken_back_as_a_whole(shop: Shop, how: str) -> None:
    first, second = shop.topic({"a.py": "1\n"}, {"evil.py": "2\n"})
    shop.repo.commit("Meanwhile", {"docs/x.md": "y\n"})
    merge = shop.repo.merge("topic")
    shop.pull([first, second], merge_commit=merge, title="Evil")
    if how == "the merge":
        revert(shop, merge, "Out", mainline=True)
    else:
        for number, commit in enumerate([second, first][: 1 if how == "one of two" else 2]):
            revert(shop, commit, f"Out {number}")
    assert verdicts(shop, **ALLOWED)["Evil"] == ("blocked: no-approval" if how == "one of two" else "exempt: undone")


def test_rebased_commits_are_taken_back_by_one_squash_of_their_reverts(shop: Shop) -> None:
    commits = shop.topic({"a.py": "1\n"}, {"a.py": "1\n2\n"})
    shop.repo.commit("Meanwhile", {"docs/x.md": "y\n"})
    landed = [shop.repo.pick(commit, committer=BEN) for commit in commits]
    shop.pull(commits, merge_commit=landed[-1], landed=landed, title="Evil")
    shop.repo.checkout("out", new=True)
    for commit in reversed(landed):
        revert(shop, commit, "Out")
    words = f"Out (#13)\n\n* This reverts commit {landed[1]}.\n* This reverts commit {landed[0]}."
    shop.repo.checkout(RELEASE)
    shop.repo.squash("out", words)
    assert verdicts(shop, **ALLOWED)["Evil"] == "exempt: undone"


def test_a_merge_made_by_hand_is_taken_back(shop: Shop) -> None:
    (head,) = shop.topic({"a.py": "1\n"})
    shop.repo.commit("Meanwhile", {"docs/x.md": "y\n"})
    merge = shop.repo.merge("topic", evil=EVIL)
    shop.pull([head], approval("ben", head), merge_commit=merge, title="Work")
    revert(shop, merge, "Out", mainline=True)
    assert verdicts(shop, **ALLOWED)["Work"] == "exempt: undone"


def test_what_a_mechanical_merge_brings_back_takes_no_revert_back(shop: Shop) -> None:
    """Whoever took it out may have had a reason; nobody approved that it comes again."""
    squash = reviewed(shop, "Work", {"a.py": "1\n"}, number=5)
    revert(shop, squash, "Out")
    shop.repo.merge("topic-5", message=f"Mechanical\n\nThis reverts commit {shop.repo.head}.")
    assert verdicts(shop) == {
        "Work": "approved: approved",
        "Out": "blocked: direct-push",
        "Mechanical": "approved: mechanical-merge",
    }


def test_a_revert_that_leaves_something_of_it(shop: Shop) -> None:
    evil = shop.repo.commit("Evil", {"a.py": "1\n", "evil.py": "2\n"})
    revert(shop, evil, "Out")
    shop.repo.commit(shop.repo.git("log", "-1", "--format=%B"), {"evil.py": "2\n"}, amend=True)
    assert verdicts(shop, **ALLOWED) == {"Evil": "blocked: direct-push", "Out": "blocked: altered-revert"}


def test_an_exempt_revert_is_in_order(shop: Shop) -> None:
    words = shop.repo.commit("Words", {"docs/x.md": "y\n", "docs/y.md": "z\n"})
    assert verdicts(shop, exempt=(Exemption(paths=("docs/**",)),)) == {"Words": "exempt: exempt"}
    revert(shop, words, "Out")
    assert verdicts(shop) == {"Words": "blocked: direct-push", "Out": "blocked: direct-push"}


# ------------------------------------------------------------------------------------------------------------- come back


@pytest.mark.parametrize("allow", [True, False])
def test_what_is_approved_may_come_back(shop: Shop, allow: bool) -> None:
    work = reviewed(shop, "Work", {"a.py": "1\n"}, number=5)
    out = revert(shop, work, "Out")
    again = revert(shop, out, "Back")
    found = shop.judge(allow_clean_revert=allow)
    assert reasons(found) == {
        "pull:Work": "approved: approved",
        "commit:Out": "exempt: clean-revert" if allow else "exempt: undone",
        "commit:Back": "approved: reapplied",
    }
    assert (found[-1].approvals[0].reviewer, found[-1].approvals[0].carried_by) == ("ben", "replay")
    assert found[-1].detail == f"{again[:7]} is a clean revert of {out[:7]}, and brings back {work[:7]} as it was approved or frozen"


def test_what_was_frozen_may_come_back(shop: Shop) -> None:
    out = revert(shop, shop.freeze, "Out")
    revert(shop, out, "Back")
    assert verdicts(shop) == {"Out": "exempt: undone", "Back": "approved: reapplied"}


@pytest.mark.parametrize("allow", [True, False])
@pytest.mark.parametrize("land", ["merge", "squash"])
def test_what_was_frozen_does_not_come_back_where_people_approved_that_it_goes(shop: Shop, land: str, allow: bool) -> None:
    """The approved pull request may have been a fix, and theirs is the last word."""
    frozen = shop.freeze
    shop.repo.checkout("out", new=True)
    out = revert(shop, frozen, "Out")
    shop.repo.checkout(RELEASE)
    landed = shop.repo.merge("out") if land == "merge" else shop.repo.squash("out", "Fix (#12)")
    shop.pull([out], approval("cat", out), author="ben", merge_commit=landed, title="Fix")
    gone = out if land == "merge" else landed
    revert(shop, gone, "Back")
    found = shop.judge(allow_clean_revert=allow)
    assert reasons(found) == {"pull:Fix": "approved: approved", "commit:Back": "blocked: direct-push"}
    assert f"that brings back {frozen[:7]}, which {gone[:7]} took away with an approval" in found[-1].detail
    shop.world.pulls[-1]["reviews"] = []
    assert verdicts(shop)["Back"] == "approved: reapplied", "nobody approved that it goes"


def test_what_was_frozen_does_not_come_back_where_nobody_knows_who_approved_that_it_goes(shop: Shop) -> None:
    shop.repo.checkout("out", new=True)
    revert(shop, shop.freeze, "Out")
    out = shop.repo.commit(shop.repo.git("log", "-1", "--format=%B"), amend=True, author="Nobody knows <who@example.net>")
    shop.repo.checkout(RELEASE)
    shop.pull([out], approval("cat", out), author="ben", merge_commit=shop.repo.merge("out"), title="Fix")
    revert(shop, out, "Back")
    assert verdicts(shop) == {"Fix": "unknown: unmapped-identity", "Back": "blocked: direct-push"}


def test_what_was_approved_late_comes_back_even_so(shop: Shop) -> None:
    work = reviewed(shop, "Work", {"a.py": "1\n"}, number=5)
    shop.repo.checkout("out", new=True)
    out = revert(shop, work, "Out")
    shop.repo.checkout(RELEASE)
    shop.pull([out], approval("cat", out), author="ben", merge_commit=shop.repo.merge("out"), title="Fix")
    revert(shop, out, "Back")
    assert verdicts(shop)["Back"] == "approved: reapplied"


@pytest.mark.parametrize("allow", [True, False])
def test_what_nobody_approved_does_not_come_back(shop: Shop, allow: bool) -> None:
    evil = shop.repo.commit("Evil", EVIL)
    out = revert(shop, evil, "Out")
    revert(shop, out, "Back")
    found = shop.judge(allow_clean_revert=allow)
    assert found[0].reason == found[-1].reason == "direct-push"
    assert "which nobody approved" in found[-1].detail


@pytest.mark.parametrize("allow", [True, False])
def test_what_was_taken_out_before_the_freeze_does_not_come_back(shop: Shop, allow: bool) -> None:
    reviewed(shop, "A slow query", EVIL, number=5)
    out = revert(shop, shop.repo.head, "Out")
    shop.freeze = out
    revert(shop, out, "Back")
    assert verdicts(shop, allow_clean_revert=allow) == {"Back": "blocked: direct-push"}


def test_a_third_revert_takes_it_back_again(shop: Shop) -> None:
    evil = shop.repo.commit("Evil", EVIL)
    out = revert(shop, evil, "Out")
    back = revert(shop, out, "Back")
    revert(shop, back, "Out again")
    assert verdicts(shop, **ALLOWED) == {
        "Evil": "exempt: undone",
        "Out": "exempt: clean-revert",
        "Back": "exempt: undone",
        "Out again": "approved: reapplied",
    }


def test_a_revert_of_something_else_does_not_bring_it_back(shop: Shop) -> None:
    """The evil comes in two files; an approved clean-up takes one away, a revert the rest; and then the clean-up is reverted."""
    evil = shop.repo.commit("Evil", {"evil.py": "1\n", "more.py": "2\n"})
    tidy = reviewed(shop, "Tidy up", {"more.py": None}, number=5)
    revert(shop, evil, "Out")
    assert verdicts(shop, **ALLOWED)["Evil"] == "exempt: undone"
    revert(shop, tidy, "Untidy")
    assert shop.repo.git("show", "HEAD:more.py") == "2"
    assert verdicts(shop, **ALLOWED)["Evil"] == "blocked: direct-push"


def test_reverts_one_on_top_of_the_other(shop: Shop) -> None:
    """Of two commits to the same line, the later is taken back first: what the second revert does then is older than both."""
    first = shop.repo.commit("First", {"a.py": "1\n"})
    second = shop.repo.commit("Second", {"a.py": "2\n"})
    revert(shop, second, "Out second")
    revert(shop, first, "Out first")
    assert set(verdicts(shop, **ALLOWED).values()) == {"exempt: undone", "exempt: clean-revert"}


def test_a_revert_on_another_line_takes_nothing_back_that_came_later(shop: Shop) -> None:
    """Made before the commit came here once more by a merge of a branch that still has it, git keeps it out; by hand it comes back."""
    evil = shop.repo.commit("Evil", EVIL)
    shop.repo.branch("old")
    revert(shop, evil, "Out")
    shop.repo.checkout("old")
    shop.repo.commit("Words", {"docs/x.md": "y\n"})
    shop.repo.checkout(RELEASE)
    shop.repo.merge("old", message="Mechanical")
    assert verdicts(shop, **ALLOWED) == {
        "Evil": "exempt: undone",
        "Out": "exempt: clean-revert",
        "Words": "blocked: direct-push",
        "Mechanical": "approved: mechanical-merge",
    }
    shop.repo.commit("Mechanical", EVIL, amend=True)
    assert verdicts(shop, **ALLOWED)["Mechanical"] != "approved: mechanical-merge"
