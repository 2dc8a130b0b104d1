"""Cherry-picks and backports: reviewed on another branch, and the same change here, or not quite."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lastcall.git import Repository
from lastcall.model import Change, Evidence, ReviewPolicy, Unread, Verdict
from lastcall.review import origins
from lastcall.review.hints import picked_from
from reviewed import ANN, BEN, CAT, RELEASE, Shop, approval, reasons

FROM_MAIN: dict[str, Any] = {"accept_picks_from": ("main",)}
LINES = "one\ntwo\nthree\nfour\nfive\nsix\n"


def on_main(shop: Shop, *steps: dict[str, str], land: str = "squash", number: int = 7, by: str | None = "ben", **told: Any) -> list[str]:
    """A pull request merged into main, of Cat's; the commits of main that it landed as.  The release branch stays checked out."""
    name = f"work-{number}"
    commits = shop.topic(*steps, at="main", name=name, author=CAT, message=f"Work {number}")
    shop.repo.checkout("main")
    if land == "squash":
        landed = [shop.repo.squash(name, f"Work (#{number})", author=CAT)]
    elif land == "merge":
        landed = [*commits, shop.repo.merge(name)]
    else:
        shop.repo.commit("Meanwhile on main", {"main.txt": f"{number}\n"})
        landed = [shop.repo.pick(commit, committer=BEN) for commit in commits]
    shop.repo.checkout(RELEASE)
    reviews = [approval(by, commits[-1])] if by else []
    told = {"base": "main", "number": number, "author": "cat", "landed": landed, "title": f"Pull request {number}"} | told
    shop.pull(commits, *reviews, merge_commit=landed[-1], **told)
    return landed


def only(found: list[Change]) -> Change:
    (change,) = found
    return change


# ------------------------------------------------------------------------------------------------------------------ clean picks


@pytest.mark.parametrize("trailer", [True, False])
@pytest.mark.parametrize("land", ["squash", "merge", "rebase"])
def test_a_clean_pick_is_approved_by_its_originals_pull_request(shop: Shop, land: str, trailer: bool) -> None:
    shop.repo.commit("Meanwhile", {"b.py": "2\n"})
    shop.freeze = shop.repo.head
    landed = on_main(shop, {"a.py": LINES.replace("two", "2")}, land=land)
    pick = shop.repo.pick(landed[0], trailer=trailer)
    change = only(shop.judge(**FROM_MAIN))
    assert (change.id, change.verdict, change.reason) == (f"commit:{pick}", Verdict.APPROVED, "clean-pick")
    (given,) = change.approvals
    assert (given.reviewer, given.carried_by) == ("ben", "pick")
    assert change.detail == f"{pick[:7]} is a clean pick of {landed[0][:7]}: pull request 7 was approved by ben"


def test_a_pick_of_what_a_squash_was_built_on(shop: Shop) -> None:
    shop.repo.checkout("main")
    evil = shop.repo.commit("Evil", {"b.py": "evil\n"})
    shop.repo.checkout(RELEASE)
    on_main(shop, {"d.md": "1\n"}, {"e.md": "1\n"})
    shop.repo.pick(evil, trailer=True)
    assert shop.verdict(**FROM_MAIN) == "blocked: direct-push"


def test_without_the_policy_a_clean_pick_is_a_direct_push_and_says_what_it_is(shop: Shop) -> None:
    (landed,) = on_main(shop, {"a.py": "1\n"})
    shop.repo.pick(landed, trailer=True)
    change = only(shop.judge())
    assert (change.verdict, change.reason) == (Verdict.BLOCKED, "direct-push")
    assert f"is a clean pick of {landed[:7]}" in change.detail
    assert "accept-picks-from" in change.detail


@pytest.mark.parametrize(("patterns", "verdict"), [(("release/*",), "blocked: direct-push"), (("m*",), "approved: clean-pick")])
def test_branches_are_matched_by_patterns(shop: Shop, patterns: tuple[str, ...], verdict: str) -> None:
    (landed,) = on_main(shop, {"a.py": "1\n"})
    shop.repo.pick(landed, trailer=True)
    assert shop.verdict(accept_picks_from=patterns) == verdict


def test_a_whole_merge_is_picked(shop: Shop) -> None:
    """``git cherry-pick -m 1``: the pick has one parent, its original is a merge of everything that a pull request holds."""
    landed = on_main(shop, {"a.py": "1\n"}, {"c.py": "2\n"}, land="merge")
    shop.repo.git("cherry-pick", "-x", "-m", "1", landed[-1])
    assert shop.verdict(**FROM_MAIN) == "approved: clean-pick"
    shop.repo.commit("Slipped in", {"b.py": "evil\n"}, amend=True)
    assert shop.verdict(**FROM_MAIN) == "blocked: direct-push", "amended, it has lost its trailer as well"


def test_a_merge_that_is_picked_from_its_other_side(shop: Shop) -> None:
    """``-m 1`` of a merge made on the topic brings what main had, and no pull request 7 has anything to do with that."""
    (work,) = shop.topic({"a.py": "1\n"}, at="main", name="work", author=CAT)
    shop.repo.checkout("main")
    shop.repo.commit("Nobody saw this", {"c.py": "evil\n"})
    shop.repo.checkout("work")
    merge = shop.repo.merge("main")
    shop.repo.checkout("main")
    shop.repo.merge("work", no_ff=False)
    shop.repo.checkout(RELEASE)
    shop.pull([work], approval("ben", work), base="main", number=7, author="cat", merge_commit=merge)
    shop.repo.git("cherry-pick", "-x", "-m", "1", merge)
    change = only(shop.judge(**FROM_MAIN))
    assert (change.verdict, change.reason) == (Verdict.BLOCKED, "direct-push")
    assert "pull request 7 did not bring" in change.detail


def test_a_pick_of_a_pick_names_both(shop: Shop) -> None:
    (landed,) = on_main(shop, {"a.py": "1\n"})
    shop.repo.checkout("release/2", new=True, at="main~1")
    again = shop.repo.pick(landed, trailer=True)
    shop.repo.checkout(RELEASE)
    pick = shop.repo.pick(again, trailer=True)
    assert shop.repo.git("log", "-1", "--format=%B", pick).count("cherry picked from") == 2
    change = only(shop.judge(**FROM_MAIN))
    assert (change.reason, landed[:7] in change.detail) == ("clean-pick", True)


def test_an_abbreviated_trailer_is_resolved(shop: Shop) -> None:
    (landed,) = on_main(shop, {"a.py": "1\n"})
    shop.repo.git("cherry-pick", landed)
    shop.repo.commit(f"Work\n\n(cherry picked from commit {landed[:9]})", amend=True, author=BEN)
    assert shop.verdict(**FROM_MAIN) == "approved: clean-pick"


def test_the_original_may_be_found_by_its_words_alone(shop: Shop) -> None:
    (landed,) = on_main(shop, {"a.py": "1\n"})
    shop.repo.git("cherry-pick", landed)
    shop.repo.commit("Work (#7)", amend=True, author=BEN)
    assert shop.verdict(**FROM_MAIN) == "approved: clean-pick"


def test_the_candidates_are_few_and_best_first(shop: Shop) -> None:
    """What the trailers name comes first, the last one before the others; of what only looks alike a handful is asked for."""
    same = [shop.topic({f"{number}.py": "1\n"}, at="main", name=f"t{number}", message="Work", author=CAT)[0] for number in range(9)]
    shop.repo.checkout("main")
    for number in range(9):
        shop.repo.merge(f"t{number}")
    shop.repo.checkout(RELEASE)
    shop.repo.pick(same[3], trailer=True)
    plain = shop.repo.pick(same[8])
    with Repository.open(shop.repo.root) as repository:
        commits = repository.commits(shop.freeze, shop.repo.sha(RELEASE))
        named, alike = (origins(commits, repository, ReviewPolicy(accept_picks_from=("main",)))[commit.sha] for commit in commits)
        assert (named[0], alike[0], commits[1].sha) == (same[3], same[8], plain)
        assert max(len(named), len(alike)) <= 6
        assert origins(commits, repository, ReviewPolicy()) == {commits[0].sha: (same[3],)}
        assert origins((), repository, ReviewPolicy()) == {}


A, B = "a" * 40, "b" * 40


@pytest.mark.parametrize(
    ("message", "names"),
    [
        (f"Work\n\n(cherry picked from commit {A})\n(cherry picked from commit {B})", (A, B)),
        (f"* Work\n\n  (cherry picked from commit {A})\n\n* More\n\n  (Cherry-picked from commit {B[:12].upper()})", (A, B[:12])),
        (f"Work\n\n(backported from commit {A})", (A,)),
        (f"Work that was not cherry picked from commit {A}", ()),
        ("Work\n\n(cherry picked from commit main)", ()),
        ("Work\n\n" + "".join(f"(cherry picked from commit {number:040x})\n" for number in range(9000)), 6),
        ("Work" + "\n" * 200_000 + " " * 200_000, ()),
    ],
    ids=["two", "indented", "backported", "prose", "no commit", "thousands", "empty and long"],
)
def test_what_a_message_says(message: str, names: tuple[str, ...] | int) -> None:
    assert picked_from(message) == names or len(picked_from(message)) == names


# --------------------------------------------------------------------------------------------------------------- altered picks


@pytest.mark.parametrize(
    ("what", "evil"),
    [
        ("edited", {"a.py": "one\nTWO, and a line more\nthree\nfour\nfive\nsix\n"}),
        ("re-indented", {"a.py": "one\n  TWO\nthree\nfour\nfive\nsix\n"}),
        ("relocated", {"a.py": "one\ntwo\nthree\nfour\nfive\nTWO\nsix\n"}),
        ("another file", {"b.py": "evil\n"}),
        ("mode", {}),
    ],
)
def test_a_pick_that_is_not_quite_its_original(shop: Shop, what: str, evil: dict[str, str]) -> None:
    (landed,) = on_main(shop, {"a.py": LINES.replace("two", "TWO")})
    if what == "mode":
        shop.repo.git("cherry-pick", "-x", landed)
        shop.repo.git("update-index", "--chmod=+x", "a.py")
        shop.repo.git("commit", "--quiet", "--amend", "--no-edit")
        pick = shop.repo.head
    else:
        pick = shop.repo.pick(landed, trailer=True, evil=evil)
    for policy in ({}, FROM_MAIN):
        change = only(shop.judge(**policy))
        assert (change.verdict, change.reason) == (Verdict.BLOCKED, "altered-cherry-pick"), what
    assert f"git range-diff {landed[:7]}^! {pick[:7]}^!" in change.detail


def conflicting_pick(shop: Shop) -> str:
    shop.repo.commit("Meanwhile", {"a.py": LINES.replace("two", "zwei")})
    shop.freeze = shop.repo.head
    (landed,) = on_main(shop, {"a.py": LINES.replace("two", "TWO")})
    shop.repo.checkout("backport", new=True)
    shop.repo.git("cherry-pick", "-x", landed, check=False)
    shop.repo.stage({"a.py": LINES.replace("two", "TWO und zwei")})
    shop.repo.git("-c", "core.editor=true", "cherry-pick", "--continue", env={"GIT_COMMITTER_NAME": "Ann"})
    pick = shop.repo.head
    shop.repo.checkout(RELEASE)
    return pick


def test_a_conflict_resolved_by_hand_needs_a_pull_request_of_its_own(shop: Shop) -> None:
    pick = conflicting_pick(shop)
    merge = shop.repo.merge("backport")
    shop.pull([pick], merge_commit=merge, title="Backport")
    assert reasons(shop.judge(**FROM_MAIN)) == {"pull:Backport": "blocked: altered-cherry-pick"}
    shop.world.pulls[-1]["reviews"] = [approval("ben", pick)]
    shop.world.commits[pick] = {"committer": "ann"}
    assert reasons(shop.judge(**FROM_MAIN)) == {"pull:Backport": "approved: approved"}


def test_a_trailer_that_names_what_is_not_here(shop: Shop) -> None:
    shop.repo.commit(f"Work\n\n(cherry picked from commit {'d' * 40})", {"a.py": "1\n"})
    change = only(shop.judge(**FROM_MAIN))
    assert (change.verdict, change.reason) == (Verdict.BLOCKED, "direct-push")
    assert f"git fetch origin {'d' * 40}" in change.detail


def test_a_forged_trailer_with_other_content(shop: Shop) -> None:
    (landed,) = on_main(shop, {"a.py": "1\n"})
    shop.repo.commit(f"Work\n\n(cherry picked from commit {landed})", {"b.py": "evil\n"})
    assert shop.verdict(**FROM_MAIN) == "blocked: altered-cherry-pick"


# ------------------------------------------------------------------------------------------------- how its original was reviewed


def test_an_original_that_nobody_approved(shop: Shop) -> None:
    (landed,) = on_main(shop, {"a.py": "1\n"}, by=None)
    shop.repo.pick(landed, trailer=True)
    change = only(shop.judge(**FROM_MAIN))
    assert (change.reason, "nobody approved pull request 7" in change.detail) == ("direct-push", True)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"by": "cat"}, "approved by cat, who wrote part of it"),
        ({"base": "dev"}, "was not merged into main"),
        ({"state": "closed"}, "was not merged into main"),
        ({"repository": "fork/shop"}, "without a pull request"),
    ],
)
def test_an_original_whose_approval_does_not_count(shop: Shop, told: dict[str, Any], why: str) -> None:
    (landed,) = on_main(shop, {"a.py": "1\n"}, **told)
    shop.repo.pick(landed, trailer=True)
    change = only(shop.judge(**FROM_MAIN))
    assert (change.verdict, change.reason) == (Verdict.BLOCKED, "direct-push")
    assert why in change.detail


def test_an_original_with_something_slipped_in(shop: Shop) -> None:
    (work,) = shop.topic({"a.py": "1\n"}, at="main", name="work", author=CAT)
    shop.repo.checkout("main")
    squash = shop.repo.squash("work", "Work (#7)", author=CAT, evil={"b.py": "evil\n"})
    shop.repo.checkout(RELEASE)
    shop.pull([work], approval("ben", work), base="main", number=7, author="cat", merge_commit=squash)
    shop.repo.pick(squash, trailer=True)
    change = only(shop.judge(**FROM_MAIN))
    assert (change.reason, "is not what" in change.detail) == ("direct-push", True)


def test_a_commit_that_was_never_there_when_they_looked(shop: Shop) -> None:
    """Pushed after the approval and taken back at once, it leaves the approved tree as it was; picked alone, it is what nobody saw."""
    shop.repo.checkout("work", new=True, at="main")
    good = shop.repo.commit("Work", {"a.py": "1\n"}, author=CAT)
    evil = shop.repo.commit("Evil", {"b.py": "evil\n"}, author=CAT)
    head = shop.repo.commit("Never mind", {"b.py": "b\n"}, author=CAT)
    shop.repo.checkout("main")
    merge = shop.repo.merge("work")
    shop.repo.checkout(RELEASE)
    shop.pull([good, evil, head], approval("ben", good), base="main", number=7, author="cat", merge_commit=merge)
    shop.repo.pick(evil, trailer=True)
    change = only(shop.judge(**FROM_MAIN))
    assert (change.verdict, change.reason) == (Verdict.BLOCKED, "direct-push")
    assert f"pull request 7 was approved without {evil[:7]}" in change.detail
    shop.world.pulls[-1]["reviews"] = [approval("ben", head)]
    assert shop.verdict(**FROM_MAIN) == "approved: clean-pick"


def test_a_rebased_commit_that_was_altered_although_the_whole_was_not(shop: Shop) -> None:
    """The last of the rebased commits takes back what the first slipped in: as a whole they are what was approved."""
    first, head = shop.topic({"a.py": "1\n"}, {"c.py": "2\n"}, at="main", name="work", author=CAT)
    shop.repo.checkout("main")
    shop.repo.commit("Meanwhile", {"docs/x.md": "y\n"})
    landed = [shop.repo.pick(first, evil={"b.py": "evil\n"}), shop.repo.pick(head, evil={"b.py": "b\n"})]
    shop.repo.checkout(RELEASE)
    shop.pull([first, head], approval("ben", head), base="main", number=7, author="cat", merge_commit=landed[-1], landed=landed)
    shop.repo.pick(landed[0], trailer=True)
    assert shop.verdict(**FROM_MAIN) == "blocked: direct-push"


def test_what_was_taken_out_before_the_freeze_is_not_picked_back(shop: Shop) -> None:
    commits = shop.topic({"d.py": "a query that overloads the database\n"})
    landed = shop.repo.squash("topic", "Work (#12)")
    shop.freeze = shop.repo.revert(landed)
    shop.pull(commits, approval("ben", commits[-1]), merge_commit=landed)
    shop.repo.pick(landed, trailer=True)
    change = only(shop.judge(accept_picks_from=("*",)))
    assert (change.reason, "was here before the freeze" in change.detail) == ("direct-push", True)


@pytest.mark.parametrize("original", ["squash", "topic"])
def test_what_came_from_main_and_was_taken_out_before_the_freeze_is_not_picked_back(shop: Shop, original: str) -> None:
    (squash,) = on_main(shop, {"d.py": "a query that overloads the database\n"})
    shop.repo.merge("main", no_ff=False)
    shop.freeze = shop.repo.revert(squash)
    shop.repo.pick({"squash": squash, "topic": "work-7"}[original], trailer=True)
    change = only(shop.judge(**FROM_MAIN))
    assert (change.reason, "was here before the freeze" in change.detail) == ("direct-push", True)


def silenced(subject: str) -> Any:
    def silence(evidence: Evidence) -> Evidence:
        commits = tuple(commit for commit in evidence.commits if f"commit:{commit.sha}" != subject)
        pulls = tuple(pull for pull in evidence.pulls if f"pull:{pull.number}" != subject)
        unread = (Unread("reviews", "GitHub answered 500: run again", subject=subject),)
        return replace(evidence, commits=commits, pulls=pulls, unread=unread)

    return silence


def test_missing_evidence_on_the_original_is_unknown(shop: Shop) -> None:
    (landed,) = on_main(shop, {"a.py": "1\n"})
    shop.repo.pick(landed, trailer=True)
    for subject in (f"commit:{landed}", "pull:7"):
        change = only(shop.judge(change=silenced(subject), **FROM_MAIN))
        assert (change.verdict, change.reason) == (Verdict.UNKNOWN, "unknown-reviews")
        assert "GitHub answered 500" in change.detail
    never = shop.judge(change=lambda told: replace(told, commits=tuple(each for each in told.commits if each.sha != landed)), **FROM_MAIN)
    assert only(never).verdict is Verdict.UNKNOWN


def test_an_original_whose_approved_head_is_not_here(shop: Shop, tmp_path: Path) -> None:
    """The usual clone of a run: main and the release branch, and no branch of a pull request.  GitHub's signature stands for the squash."""
    (landed,) = on_main(shop, {"a.py": "1\n"})
    shop.repo.pick(landed, trailer=True)
    shop.repo.git("branch", "-D", "work-7")
    clone = shop.repo.clone(tmp_path / "clone", "--branch", RELEASE).root
    assert shop.verdict(clone=clone, **FROM_MAIN) == "unknown: missing-object"
    shop.world.commits[landed] |= {"signed": "github", "committer": "web-flow"}
    assert shop.verdict(clone=clone, **FROM_MAIN) == "approved: clean-pick"


# ------------------------------------------------------------------------------------------------------- backport pull requests


def backport(shop: Shop, originals: list[str], land: str, *reviews: dict[str, Any], evil: dict[str, str] | None = None) -> list[str]:
    """Pull request 12 into the release branch, of picks; the commits that it landed as."""
    shop.repo.checkout("backport", new=True)
    picks = [shop.repo.pick(each, trailer=True, committer=ANN) for each in originals]
    if evil:
        picks.append(shop.repo.commit("One thing more", evil))
    shop.repo.checkout(RELEASE)
    shop.repo.commit("Meanwhile", {"docs/x.md": "y\n"})
    shop.freeze = shop.repo.head
    if land == "merge":
        landed = [shop.repo.merge("backport")]
    elif land == "squash":
        messages = [shop.repo.git("log", "-1", "--format=%B", pick) for pick in picks]
        landed = [shop.repo.squash("backport", "\n\n".join(["Backport (#12)", *messages]))]
    else:
        landed = [shop.repo.pick(pick, committer=BEN) for pick in picks]
    shop.pull(picks, *reviews, merge_commit=landed[-1], landed=landed, title="Backport")
    return landed


@pytest.mark.parametrize("land", ["merge", "squash", "rebase"])
def test_a_backport_of_what_is_approved_needs_no_approval_of_its_own(shop: Shop, land: str) -> None:
    originals = [*on_main(shop, {"a.py": "1\n"}), *on_main(shop, {"a.py": "1\n2\n"}, number=8, by="ann")]
    backport(shop, originals, land)
    change = only(shop.judge(**FROM_MAIN))
    assert (change.id, change.verdict, change.reason) == ("pull:12", Verdict.APPROVED, "clean-pick")
    assert {(given.reviewer, given.carried_by) for given in change.approvals} == {("ben", "pick"), ("ann", "pick")}
    change = only(shop.judge())
    assert (change.verdict, change.reason) == (Verdict.BLOCKED, "no-approval")
    assert "accept-picks-from" in change.detail


@pytest.mark.parametrize("land", ["merge", "squash", "rebase"])
def test_a_backport_with_something_more_needs_one(shop: Shop, land: str) -> None:
    backport(shop, on_main(shop, {"a.py": "1\n"}), land, evil={"b.py": "evil\n"})
    change = only(shop.judge(**FROM_MAIN))
    assert (change.id, change.verdict) == ("pull:12", Verdict.BLOCKED)
    assert change.reason == ("altered-cherry-pick" if land == "squash" else "no-approval")


def test_a_backport_of_what_is_approved_in_part(shop: Shop) -> None:
    originals = [*on_main(shop, {"a.py": "1\n"}), *on_main(shop, {"c.py": "2\n"}, number=8, by=None)]
    backport(shop, originals, "merge")
    change = only(shop.judge(**FROM_MAIN))
    assert (change.verdict, change.reason) == (Verdict.BLOCKED, "no-approval")
    assert "nobody approved pull request 8" in change.detail


def test_somebody_asked_for_changes_to_the_backport(shop: Shop) -> None:
    backport(shop, on_main(shop, {"a.py": "1\n"}), "merge", approval("ben", "", state="CHANGES_REQUESTED"))
    shop.world.pulls[-1]["reviews"][0]["commit"] = shop.world.pulls[-1]["head"]
    assert shop.verdict(**FROM_MAIN) == "blocked: changes-requested"


def test_a_backport_whose_reviews_are_not_told_is_unknown(shop: Shop) -> None:
    backport(shop, on_main(shop, {"a.py": "1\n"}), "merge")
    found = shop.judge(change=silenced("pull:12"), **FROM_MAIN)
    assert {change.verdict for change in found} == {Verdict.UNKNOWN}


def test_an_open_backport_says_that_nothing_is_missing(shop: Shop) -> None:
    (landed,) = on_main(shop, {"a.py": "1\n"})
    shop.repo.checkout("backport", new=True)
    pick = shop.repo.pick(landed, trailer=True)
    shop.repo.checkout(RELEASE)
    shop.pull([pick], state="open", title="Backport")
    assert shop.verdict(pull=12, head="backport", **FROM_MAIN) == "approved: clean-pick"
    assert shop.verdict(pull=12, head="backport") == "blocked: no-approval"


def test_picks_of_two_pull_requests_never_lend_each_other_approvals(shop: Shop) -> None:
    """Two approvals are asked for; each of the pull requests has one, of somebody else."""
    originals = [*on_main(shop, {"a.py": "1\n"}, by="ben"), *on_main(shop, {"c.py": "2\n"}, number=8, by="ann")]
    backport(shop, originals, "merge")
    assert shop.verdict(approvals=2, **FROM_MAIN).startswith("blocked: ")
