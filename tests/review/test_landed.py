"""What landed, and of what that is the same content: histories of every shape, honest and forged."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from lastcall.model import Change, Exemption, Verdict, Waiver
from repositories import Repo
from reviewed import ANN, BEN, CAT, RELEASE, WEB, Shop, approval, reasons

EVIL = {"b.py": "evil\n"}


def only(found: list[Change]) -> Change:
    (change,) = found
    return change


def by_title(shop: Shop, **asked: Any) -> dict[str, str]:
    return {title.partition(":")[2]: verdict for title, verdict in reasons(shop.judge(**asked)).items()}


# ----------------------------------------------------------------------------------------------------------- what is late (3.1)


def test_every_commit_of_an_old_branch_is_late_when_it_is_merged_late(shop: Shop) -> None:
    shop.repo.checkout("old", new=True, at="main~1")
    old = [shop.repo.commit(f"Old {year}", {f"{year}.py": "1\n"}, date=(year - 1970) * 31_556_952) for year in (2001, 2015)]
    shop.repo.checkout(RELEASE)
    merge = shop.repo.merge("old")
    found = shop.judge()
    assert [commit.sha for change in found for commit in change.commits] == [*old, merge]
    assert by_title(shop) == {
        "Old 2001": "blocked: direct-push",
        "Old 2015": "blocked: direct-push",
        "Merge branch 'old'": "approved: mechanical-merge",
    }


def test_dates_decide_nothing(shop: Shop) -> None:
    """Backdated by a quarter of a century, and the next one from the year 2100."""
    shop.repo.commit("Backdated", {"a.py": "1\n"}, date=978_307_200)
    shop.repo.commit("Postdated", {"a.py": "2\n"}, date=4_102_444_800)
    assert set(by_title(shop).values()) == {"blocked: direct-push"}


def test_an_approval_is_older_than_what_was_pushed_with_an_older_date(shop: Shop) -> None:
    approved, pushed = shop.topic({"a.py": "1\n"}, {"b.py": "evil\n"})
    shop.repo.checkout("topic")
    pushed = shop.repo.commit("Work", amend=True, date=978_307_200)
    shop.repo.checkout(RELEASE)
    shop.pull([approved, pushed], approval("ben", approved), merge_commit=shop.repo.merge("topic"))
    assert shop.verdict() == "blocked: stale-approval"


def test_an_empty_range_has_no_late_changes(shop: Shop) -> None:
    assert shop.judge() == []


# ------------------------------------------------------------------------------------------- of which pull request, for which branch


def test_a_commit_in_several_pull_requests_needs_one_that_is_approved_as_a_whole(shop: Shop) -> None:
    """Each of the two has one of the two approvals that are asked for: together they are none."""
    (head,) = shop.topic({"a.py": "1\n"})
    merge = shop.repo.merge("topic")
    shop.pull([head], approval("ben", head), merge_commit=merge, number=1)
    shop.pull([head], approval("cat", head), merge_commit=merge, number=2)
    assert by_title(shop, approvals=2) == {"Pull request 1": "blocked: too-few-approvals"}
    assert shop.verdict() == "approved: approved"
    shop.world.pulls[1]["reviews"].append(approval("ben", head))
    change = only(shop.judge(approvals=2))
    assert (change.id, change.reason) == ("pull:2", "approved")


def test_pull_requests_of_other_repositories_and_closed_ones_are_passed_over(shop: Shop) -> None:
    (head,) = shop.topic({"a.py": "1\n"})
    merge = shop.repo.merge("topic")
    shop.pull([head], approval("ben", head), merge_commit=merge, number=1, repository="fork/shop")
    shop.pull([head], approval("ben", head), state="closed", number=2)
    found = shop.judge()
    assert {change.verdict for change in found} == {Verdict.BLOCKED, Verdict.APPROVED}
    assert reasons(found)["commit:Work"] == "blocked: unmerged-pull"
    shop.pull([head], approval("ben", head), merge_commit=merge, number=3)
    assert only(shop.judge()).id == "pull:3"


@pytest.mark.parametrize(
    ("accept", "verdict"),
    [
        ((), "blocked: other-branch"),
        (("dev/*",), "approved: approved"),
        (("dev/[ab]",), "approved: approved"),
        (("dev",), "blocked: other-branch"),
    ],
)
def test_branches_whose_approvals_are_accepted_may_be_patterns(shop: Shop, accept: tuple[str, ...], verdict: str) -> None:
    shop.repo.branch("dev/a")
    commits = shop.topic({"a.py": "1\n"}, at="dev/a")
    shop.repo.checkout("dev/a")
    landed = shop.repo.merge("topic")
    shop.repo.checkout(RELEASE)
    shop.repo.merge("dev/a", no_ff=False)
    shop.pull(commits, approval("ben", commits[-1]), merge_commit=landed, base="dev/a")
    assert shop.verdict(accept_base=accept) == verdict


@pytest.mark.parametrize("evil", [None, EVIL])
def test_an_accepted_branch_must_be_merged_cleanly(shop: Shop, evil: dict[str, str] | None) -> None:
    shop.repo.branch("dev")
    commits = shop.topic({"a.py": "1\n"}, at="dev")
    shop.repo.checkout("dev")
    landed = shop.repo.squash("topic", "Work (#12)")
    shop.repo.checkout(RELEASE)
    shop.repo.commit("Meanwhile", {"c.py": "2\n"})
    shop.freeze = shop.repo.head
    shop.repo.merge("dev", evil=evil, message="Bring dev")
    shop.pull(commits, approval("ben", commits[-1]), merge_commit=landed, base="dev", title="Work")
    assert by_title(shop, accept_base=("dev",)) == {
        "Work": "approved: approved",
        "Bring dev": "blocked: altered-merge" if evil else "approved: mechanical-merge",
    }


def test_what_was_taken_out_of_an_accepted_branch_does_not_come_back_by_its_old_approval(shop: Shop) -> None:
    """Squashed into dev, brought here and taken out before the freeze; the topic branch itself is then merged once more."""
    shop.repo.branch("dev")
    commits = shop.topic({"d.py": "a query that overloads the database\n"}, at="dev")
    shop.repo.checkout("dev")
    landed = shop.repo.squash("topic", "Work (#12)")
    shop.repo.checkout(RELEASE)
    shop.repo.merge("dev", no_ff=False)
    shop.freeze = shop.repo.revert(landed)
    shop.pull(commits, approval("ben", commits[-1]), merge_commit=landed, base="dev")
    shop.repo.merge("topic", message="Bring it back")
    assert by_title(shop, accept_base=("dev",))["Work"] == "blocked: partial-pull"


BEFORE, BETWEEN, AFTER = "2026-03-01T10:00:00Z", "2026-03-02T10:00:00Z", "2026-03-03T10:00:00Z"


@pytest.mark.parametrize(
    ("given", "accept", "verdict"),
    [
        (BEFORE, (), "blocked: other-branch"),
        (BEFORE, ("dev",), "approved: approved"),
        (AFTER, (), "approved: approved"),
    ],
)
@pytest.mark.parametrize("state", ["merged", "open"])
def test_a_pull_request_that_was_pointed_at_another_base(shop: Shop, given: str, accept: tuple[str, ...], verdict: str, state: str) -> None:
    (head,) = shop.topic({"a.py": "1\n"})
    merge = shop.repo.merge("topic") if state == "merged" else None
    changed = [{"before": "dev", "after": RELEASE, "at": BETWEEN}]
    shop.pull([head], approval("ben", head, given), merge_commit=merge, state=state, base_changes=changed)
    asked: dict[str, Any] = {"pull": 12, "head": "topic"} if state == "open" else {}
    change = only(shop.judge(accept_base=accept, **asked))
    assert f"{change.verdict}: {change.reason}" == verdict
    if verdict.startswith("blocked"):
        assert "ben approved pull request 12 while it was to be merged into dev" in change.detail
        assert change.detail.endswith(f"at {head[:7]}") == (state == "open")


def test_there_and_back_again(shop: Shop) -> None:
    """Approved for dev, pointed at the release, at dev, at the release: what was approved in between for the release counts."""
    (head,) = shop.topic({"a.py": "1\n"})
    merge = shop.repo.merge("topic")
    times = ["2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z", "2026-03-03T12:00:00Z"]
    bases = ["dev", RELEASE, "dev", RELEASE]
    changed = [{"before": bases[place], "after": bases[place + 1], "at": at} for place, at in enumerate(times)]
    shop.pull([head], approval("ben", head, "2026-03-03T10:00:00Z"), merge_commit=merge, base_changes=changed)
    assert shop.verdict() == "blocked: other-branch"
    shop.world.pulls[0]["reviews"] = [approval("ben", head, "2026-03-02T10:00:00Z")]
    assert shop.verdict() == "approved: approved"


def test_an_approval_for_another_branch_still_takes_an_objection_back(shop: Shop) -> None:
    (head,) = shop.topic({"a.py": "1\n"})
    merge = shop.repo.merge("topic")
    reviews = [
        approval("ben", head, "2026-02-01T10:00:00Z", "CHANGES_REQUESTED"),
        approval("ben", head, BEFORE),
        approval("cat", head, AFTER),
    ]
    shop.pull([head], *reviews, merge_commit=merge, base_changes=[{"before": "dev", "after": RELEASE, "at": BETWEEN}])
    assert shop.verdict() == "approved: approved"


# ------------------------------------------------------------------------------------------------------ kept up to date, rebased


def test_updated_three_times_after_the_approval(shop: Shop) -> None:
    (approved,) = shop.topic({"a.py": "1\n"})
    commits = [approved]
    for number in range(3):
        shop.repo.commit(f"Meanwhile {number}", {f"{number}.py": "2\n"})
        shop.repo.checkout("topic")
        commits.append(shop.repo.merge(RELEASE, author=BEN))
        shop.repo.checkout(RELEASE)
    shop.pull(commits, approval("ben", approved), merge_commit=shop.repo.squash("topic", "Work (#12)"), title="Work")
    assert by_title(shop)["Work"] == "approved: approved"


def test_an_update_that_slips_something_in(shop: Shop) -> None:
    (approved,) = shop.topic({"a.py": "1\n"})
    shop.repo.commit("Meanwhile", {"c.py": "2\n"})
    shop.repo.checkout("topic")
    update = shop.repo.merge(RELEASE, evil=EVIL)
    shop.repo.checkout(RELEASE)
    shop.pull([approved, update], approval("ben", approved), merge_commit=shop.repo.merge("topic"), title="Work")
    assert by_title(shop)["Work"] == "blocked: stale-approval"


def test_a_conflict_resolved_in_the_pull_request_and_approved_there(shop: Shop) -> None:
    """The merge with a conflict is the approved head: somebody looked at what was made of it by hand."""
    (work,) = shop.topic({"a.py": "mine\n"})
    shop.repo.commit("Meanwhile", {"a.py": "theirs\n"})
    shop.repo.checkout("topic")
    update = shop.repo.merge(RELEASE, evil={"a.py": "both\n"})
    shop.repo.checkout(RELEASE)
    shop.pull([work, update], approval("ben", update), merge_commit=shop.repo.merge("topic"), title="Work")
    assert by_title(shop)["Work"] == "approved: approved"
    shop.world.pulls[0]["reviews"] = [approval("ben", work)]
    assert by_title(shop)["Work"] == "blocked: stale-approval"


def test_a_conflict_resolved_in_the_merge_is_what_nobody_saw(shop: Shop) -> None:
    (work,) = shop.topic({"a.py": "mine\n"})
    shop.repo.commit("Meanwhile", {"a.py": "theirs\n"})
    shop.freeze = shop.repo.head
    merge = shop.repo.merge("topic", evil={"a.py": "both\n"})
    shop.pull([work], approval("ben", work), merge_commit=merge)
    change = only(shop.judge())
    assert (change.reason, f"git show --remerge-diff {merge}" in change.detail) == ("altered-merge", True)


def test_rebased_with_the_updates_left_out(shop: Shop) -> None:
    """What the forge rebases are the pull request's commits without its merges."""
    (first,) = shop.topic({"a.py": "1\n"})
    shop.repo.commit("Meanwhile", {"c.py": "2\n"})
    shop.repo.checkout("topic")
    update = shop.repo.merge(RELEASE, author=BEN)
    last = shop.repo.commit("More", {"b.py": "3\n"})
    shop.repo.checkout(RELEASE)
    shop.freeze = shop.repo.head
    landed = [shop.repo.pick(commit, committer=BEN) for commit in (first, last)]
    shop.pull([first, update, last], approval("ben", last), merge_commit=landed[-1])
    assert [commit.sha for commit in only(shop.judge()).commits] == landed
    assert shop.verdict() == "approved: approved"


@pytest.mark.parametrize("trick", ["swapped", "left out", "one more"])
def test_rebased_to_something_else(shop: Shop, trick: str) -> None:
    first, head = shop.topic({"a.py": "1\n"}, {"a.py": "1\n2\n"})
    shop.repo.commit("Meanwhile", {"c.py": "2\n"})
    shop.freeze = shop.repo.head
    if trick == "swapped":
        landed = [shop.repo.commit("Work", {"a.py": "2\n"}), shop.repo.commit("Work", {"a.py": "2\n1\n"})]
    else:
        landed = [shop.repo.pick(commit) for commit in ([first] if trick == "left out" else [first, head])]
        landed += [shop.repo.commit("Work", EVIL)] if trick == "one more" else []
    shop.pull([first, head], approval("ben", head), merge_commit=landed[-1], landed=landed)
    assert only(shop.judge()).verdict is Verdict.BLOCKED


def test_rebased_commits_that_bring_back_what_was_taken_out_meanwhile(shop: Shop) -> None:
    """The two commits come to nothing, and so did what was approved; one after another on a branch without the evil they bring it back."""
    evil = shop.repo.commit("Evil", EVIL)
    shop.repo.checkout("topic", new=True)
    commits = [shop.repo.revert(evil), shop.repo.commit("Again", EVIL, author=ANN)]
    shop.repo.checkout(RELEASE)
    shop.freeze = shop.repo.revert(evil)
    shop.repo.git("cherry-pick", "--allow-empty", "--keep-redundant-commits", *commits)
    landed = shop.repo.git("rev-list", "--reverse", f"{shop.freeze}..{RELEASE}").split()
    assert shop.repo.git("show", "HEAD:b.py") == "evil"
    shop.pull(commits, approval("cat", commits[-1]), merge_commit=landed[-1], landed=landed)
    assert only(shop.judge()).reason == "altered-rebase"


# ------------------------------------------------------------------------------------------------- what a pull request is built on


def on_top(shop: Shop, count: int, *, update: bool = False, at: str = RELEASE) -> list[str]:
    """A pull request's commits on top of everything that is on the branch."""
    if not update:
        return shop.topic(*({f"d{number}.md": "x\n"} for number in range(count)), at=at)
    first, _ = shop.topic({"d.md": "x\n"}, {"e.md": "x\n"}, at="main")
    shop.repo.checkout("topic")
    commits = [first, shop.repo.sha("topic"), shop.repo.merge(at)]
    commits += [shop.repo.commit("Work", {f"d{number}.md": "x\n"}) for number in range(count - 2)]
    shop.repo.checkout(RELEASE)
    return commits


@pytest.mark.parametrize(("count", "pushes"), [(1, 1), (2, 1), (3, 1), (3, 2)])
@pytest.mark.parametrize("update", [False, True])
def test_a_squash_brings_nothing_that_it_was_built_on(shop: Shop, count: int, pushes: int, update: bool) -> None:
    """However many commits it has: those below it were there before; here whoever approved it pushed them."""
    for number in range(pushes):
        shop.repo.commit("Evil", {"b.py": f"evil {number}\n"}, author=BEN)
    commits = on_top(shop, count + 2 * update, update=update)
    shop.pull(commits, approval("ben", commits[-1]), merge_commit=shop.repo.squash("topic", "Work (#12)"), title="Work")
    found = shop.judge()
    assert [(change.title, change.reason) for change in found] == [*[("Evil", "direct-push")] * pushes, ("Work", "approved")]
    waiver = Waiver("pull:12", "the site is down", "2026-12-01", ("ann", "ben"))
    shop.world.pulls[0]["reviews"] = []
    found = shop.judge(judged={"waivers": (waiver,), "today": "2026-11-21"})
    assert {change.title: change.reason for change in found} == {"Evil": "direct-push", "Work": "waived"}


@pytest.mark.parametrize("told", ["all", "the last"])
def test_rebased_commits_bring_nothing_that_they_were_built_on(shop: Shop, told: str) -> None:
    shop.repo.commit("Evil", EVIL)
    commits = on_top(shop, 2)
    landed = [shop.repo.pick(commit, committer=BEN) for commit in commits]
    shop.pull(commits, approval("ben", commits[-1]), merge_commit=landed[-1], landed=landed if told == "all" else landed[-1:], title="Work")
    evil, work = shop.judge()
    assert (evil.reason, work.reason) == ("direct-push", "approved")
    assert [commit.sha for commit in work.commits] == landed


@pytest.mark.parametrize("land", ["squash", "rebase"])
@pytest.mark.parametrize("listed", [2, 3])
def test_an_approved_pull_request_on_top_of_one_that_nobody_approved(shop: Shop, land: str, listed: int) -> None:
    """The lower one has landed, as another commit; the forge may still list its commits with the upper one, or not any more."""
    (lower,) = shop.topic({"b.py": "evil\n"}, name="lower")
    commits = [lower, *shop.topic({"d.md": "x\n"}, {"e.md": "x\n"}, at="lower")]
    below = shop.repo.squash("lower", "Lower (#5)") if land == "squash" else shop.repo.pick(lower, committer=BEN)
    above = shop.repo.squash("topic", "Upper (#12)")
    shop.pull([lower], merge_commit=below, number=5, title="Lower")
    shop.pull(commits[-listed:], approval("cat", commits[-1]), merge_commit=above, title="Upper")
    assert by_title(shop) == {"Lower": "blocked: no-approval", "Upper": "approved: approved"}


def test_a_squash_on_another_branch_brings_nothing_that_it_was_built_on(shop: Shop) -> None:
    shop.repo.checkout("main")
    shop.repo.commit("Evil", EVIL)
    commits = on_top(shop, 2, at="main")
    shop.repo.checkout("main")
    landed = shop.repo.squash("topic", "Work (#12)")
    shop.repo.checkout(RELEASE)
    shop.repo.merge("main", message="Bring main")
    shop.pull(commits, approval("ben", commits[-1]), merge_commit=landed, base="main", title="Work")
    assert by_title(shop, accept_base=("main",)) == {
        "Evil": "blocked: direct-push",
        "Work": "approved: approved",
        "Bring main": "approved: mechanical-merge",
    }


@pytest.mark.parametrize("clone", [False, True])
def test_who_wrote_a_commit_that_is_not_listed_is_not_known(shop: Shop, tmp_path: Path, clone: bool) -> None:
    """A list with a hole: Cat, who approved, wrote what is below the commit that it lists."""
    (below,) = shop.topic({"a.py": "1\n"}, name="below", author=CAT)
    (head,) = shop.topic({"c.py": "1\n"}, at="below")
    squash = shop.repo.squash("topic", "Work (#12)")
    shop.pull([head], approval("cat", head), merge_commit=squash)
    where = shop.repo.clone(tmp_path / "clone").root if clone else None
    assert shop.verdict(clone=where) == "unknown: unknown-reviews"
    shop.world.pulls[0]["commits"] = [below, head]
    assert shop.verdict(clone=where) == "blocked: self-approval"


class Chance:
    """A random history of pushes and pull requests.  Each commit adds one file of its own, which tells whether anybody saw it."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop, self.random = shop, Random(seed)
        self.seen: set[str] = set()
        self.landed: dict[int, list[str]] = {}
        self.topics: list[str] = []
        self.put: list[str] = []
        self.files = 0

    def commit(self, subject: str, author: str) -> str:
        self.files += 1
        return self.shop.repo.commit(subject, {f"{self.files}.txt": "x\n"}, author=author)

    def added(self, shas: Iterable[str]) -> set[str]:
        shown = self.shop.repo.git("show", "--format=", "--name-only", "--diff-filter=A", "--first-parent", *shas) if shas else ""
        return set(shown.split())

    def step(self, number: int) -> None:
        if self.random.random() < 0.35:
            self.commit("Push", self.random.choice([ANN, BEN]))
            return
        commits = self.topic(f"topic-{number}")
        if self.random.random() < 0.3:
            self.commit("Push", BEN)
        approved, how = self.random.random() < 0.6, self.random.choice(["merge", "squash", "rebase", "nothing"])
        if how in {"squash", "rebase"}:  # the forge may list what has landed as something else, or not
            commits = [sha for sha in commits if sha not in self.put] or commits
        landed = self.land(f"topic-{number}", commits, how)
        told: dict[str, Any] = {"state": "open"} if how == "nothing" else {"merge_commit": landed[-1]}
        told |= {"landed": landed} if how == "rebase" and self.random.random() < 0.5 else {}
        self.shop.pull(commits, *[approval("ben", commits[-1])][: int(approved)], number=number, **told)
        if approved and how != "nothing":
            self.landed[number] = landed
            self.seen |= self.added(sha for sha in commits if len(self.parents(sha)) == 1)

    def topic(self, name: str) -> list[str]:
        repo, random = self.shop.repo, self.random
        repo.checkout(name, new=True, at=random.choice([RELEASE, RELEASE, f"{RELEASE}~1", *self.topics[-2:]]))
        for place in range(random.randint(1, 3)):
            if place and random.random() < 0.25:
                repo.checkout(RELEASE)
                self.commit("Push", BEN)
                repo.checkout(name)
                repo.merge(RELEASE)
            self.commit("Work", random.choice([ANN, CAT]))
        repo.checkout(RELEASE)
        self.topics.append(name)
        return repo.git("rev-list", "--reverse", "--topo-order", f"{RELEASE}..{name}").split()

    def land(self, name: str, commits: list[str], how: str) -> list[str]:
        repo = self.shop.repo
        if how == "merge":
            return [repo.merge(name)]
        if how == "squash":
            self.put += commits
            return [repo.squash(name, "Squash")]
        if how == "rebase":
            self.put += commits
            return [repo.pick(sha, committer=WEB) for sha in commits if len(self.parents(sha)) == 1]
        return []

    def parents(self, sha: str) -> list[str]:
        return self.shop.repo.git("show", "--no-patch", "--format=%P", sha).split()


@pytest.mark.parametrize("seed", [10, 19, 24, 52])
def test_no_commit_hides_in_the_change_of_another(shop: Shop, seed: int) -> None:
    """Each late commit is in one change; what is in an approved one was seen by whoever approved; and what was approved is so."""
    chance = Chance(shop, seed)
    shop.repo.commit("Meanwhile", {"docs/x.md": "y\n"})
    shop.freeze = shop.repo.head
    for number in range(1, 8):
        chance.step(number)
    found = shop.judge()
    late = shop.repo.git("rev-list", f"{shop.freeze}..{RELEASE}").split()
    assert sorted(commit.sha for change in found for commit in change.commits) == sorted(late)
    approved = [commit for change in found if change.verdict is Verdict.APPROVED for commit in change.commits]
    assert chance.added([commit.sha for commit in approved if len(commit.parents) == 1]) <= chance.seen
    assert {sha for landed in chance.landed.values() for sha in landed} <= {commit.sha for commit in approved}


# ------------------------------------------------------------------------------------------------------------------ merge queues


def queued(shop: Shop, number: int, files: dict[str, str], *more: dict[str, str]) -> list[str]:
    return shop.topic(files, *more, name=f"topic-{number}", author=(ANN, CAT)[number % 2], message=f"Work {number}")


def enqueue(shop: Shop, number: int, commits: list[str], method: str, evil: dict[str, str] | None = None) -> list[str]:
    """What the queue makes of a pull request, on top of what is checked out; its commits are GitHub's."""
    if method == "merge":
        made = [shop.repo.merge(f"topic-{number}", evil=evil, author=WEB, message=f"Merge pull request #{number}")]
    elif method == "squash":
        made = [shop.repo.squash(f"topic-{number}", f"Work (#{number})", evil=evil)]
    else:
        made = [shop.repo.pick(commit, committer=WEB, evil=evil if commit == commits[-1] else None) for commit in commits]
    shop.world.commits |= {sha: {"signed": "github", "committer": "web-flow"} for sha in made}
    return made


@pytest.mark.parametrize("state", ["merged", "open"])
@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
@pytest.mark.parametrize("tampered", [0, 2])
def test_a_group_of_a_merge_queue(shop: Shop, method: str, state: str, tampered: int) -> None:
    """Each entry is judged on top of the one before, while it still waits (``merge_group``) as well as when it has landed."""
    work = {1: queued(shop, 1, {"a.py": "1\n"}), 2: queued(shop, 2, {"b.py": "2\n"}, {"c.py": "2\n"}), 3: queued(shop, 3, {"d.py": "3\n"})}
    shop.repo.checkout("queue", new=True)
    for number, commits in work.items():
        made = enqueue(shop, number, commits, method, {"x.py": "evil\n"} if number == tampered else None)
        told = {"merge_commit": made[-1], "landed": made} if state == "merged" else {}
        author = ("ann", "cat")[number % 2]
        shop.pull(commits, approval("ben", commits[-1]), number=number, author=author, state=state, title=f"Work {number}", **told)
    asked: dict[str, Any] = {"pull": 3, "pulls": [1, 2, 3], "judged": {"group": True}} if state == "open" else {}
    found = shop.judge(head="queue", **asked)
    verdicts = {change.id: change.verdict for change in found}
    approved = {f"pull:{number}" for number in work if number != tampered}
    assert {name for name, verdict in verdicts.items() if verdict is Verdict.APPROVED} == approved
    assert set(verdicts.values()) <= {Verdict.APPROVED, Verdict.BLOCKED}
    assert (Verdict.BLOCKED in verdicts.values()) == bool(tampered)


@pytest.mark.parametrize("method", ["squash", "rebase"])
def test_who_waits_on_top_of_one_that_nobody_approved(shop: Shop, method: str) -> None:
    (lower,) = queued(shop, 1, {"a.py": "evil\n"})
    commits = [lower, *shop.topic({"b.py": "2\n"}, {"c.py": "2\n"}, at="topic-1", name="topic-2", author=ANN)]
    shop.repo.checkout("queue", new=True)
    enqueue(shop, 1, [lower], method)
    enqueue(shop, 2, commits[1:], method)
    shop.pull([lower], number=1, state="open", author="cat", title="Lower")
    shop.pull(commits[1:], approval("ben", commits[-1]), number=2, state="open", title="Upper")
    asked: dict[str, Any] = {"pull": 2, "pulls": [1, 2], "judged": {"group": True}}
    assert by_title(shop, head="queue", **asked) == {"Lower": "blocked: no-approval", "Upper": "approved: approved"}


def test_who_waits_for_another_branch_or_is_closed_is_not_in_the_queue(shop: Shop) -> None:
    commits = queued(shop, 2, {"a.py": "1\n"})
    shop.repo.checkout("queue", new=True)
    enqueue(shop, 2, commits, "squash")
    shop.pull(commits, approval("ben", commits[-1]), number=2, state="open", base="dev")
    asked: dict[str, Any] = {"head": "queue", "pulls": [2], "judged": {"group": True}}
    assert shop.verdict(**asked) == "blocked: direct-push"
    shop.world.pulls[0] |= {"base": RELEASE, "state": "closed"}
    assert shop.verdict(**asked) == "blocked: direct-push"
    shop.world.pulls[0]["state"] = "open"
    assert shop.verdict(**asked) == "approved: approved"
    assert shop.verdict(head="queue", pulls=[2]) == "blocked: direct-push", "only a merge group is a queue"


def test_a_queue_on_top_of_what_landed(shop: Shop) -> None:
    """An empty commit on top of it is nobody's, and what landed by hand below it stays what it is."""
    shop.repo.commit("By hand", {"h.py": "1\n"})
    commits = queued(shop, 2, {"a.py": "1\n"})
    shop.repo.checkout("queue", new=True)
    enqueue(shop, 2, commits, "squash")
    shop.repo.commit("Nothing")
    shop.pull(commits, approval("ben", commits[-1]), number=2, state="open", title="Work")
    found = by_title(shop, head="queue", pulls=[2], judged={"group": True})
    assert found == {"By hand": "blocked: direct-push", "Work": "approved: approved", "Nothing": "blocked: direct-push"}


# --------------------------------------------------------------------------------------------------------------- odd histories


def octopus(shop: Shop) -> tuple[str, list[str]]:
    """Three branches merged at once on ``topic``."""
    sides = [shop.topic({f"{name}.py": "1\n"}, name=name)[0] for name in ("left", "right")]
    shop.repo.checkout("topic", new=True)
    shop.repo.commit("Middle", {"middle.py": "1\n"})
    middle = shop.repo.head
    shop.repo.git("merge", "--quiet", "-m", "Octopus", "left", "right")
    merge = shop.repo.head
    shop.world.commits[merge] = {"author": "ann", "committer": "ann"}
    shop.repo.checkout(RELEASE)
    return merge, [*sides, middle, merge]


def test_an_octopus_is_unknown_by_itself(shop: Shop) -> None:
    octopus(shop)
    shop.repo.merge("topic", no_ff=False)
    change = next(change for change in shop.judge() if change.title == "Octopus")
    assert (change.verdict, change.reason) == (Verdict.UNKNOWN, "octopus-merge")
    assert "merge them one at a time" in change.detail


@pytest.mark.parametrize("land", ["merge", "squash"])
def test_an_octopus_in_an_approved_pull_request_is_covered_by_its_content(shop: Shop, land: str) -> None:
    head, commits = octopus(shop)
    shop.repo.commit("Meanwhile", {"docs/x.md": "y\n"})
    shop.freeze = shop.repo.head
    landed = shop.repo.merge("topic") if land == "merge" else shop.repo.squash("topic", "Work (#12)")
    shop.pull(commits, approval("ben", head), merge_commit=landed)
    assert shop.verdict() == "approved: approved"
    shop.world.pulls[0]["reviews"] = [approval("ben", commits[0])]
    assert shop.verdict() == "blocked: stale-approval"


def test_a_pull_request_that_landed_as_an_octopus_is_unknown(shop: Shop) -> None:
    (left,) = shop.topic({"left.py": "1\n"}, name="left")
    shop.topic({"right.py": "1\n"}, name="right")
    shop.repo.git("merge", "--quiet", "--no-ff", "-m", "Octopus", "left", "right")
    shop.pull([left], approval("ben", left), merge_commit=shop.repo.head, title="Left")
    assert by_title(shop) == {"Work": "blocked: direct-push", "Left": "unknown: octopus-merge"}
    right = shop.repo.sha("right")
    shop.pull([right], approval("ben", right), merge_commit=shop.repo.head, title="Right", number=13)
    assert by_title(shop) == {"Left": "unknown: octopus-merge", "Right": "unknown: octopus-merge"}


def crossed(shop: Shop, *, evil: dict[str, str] | None) -> None:
    """Two branches that merged each other before they are merged: their merge has two bases."""
    shop.topic({"a.py": "1\n"}, name="left", message="Left")
    shop.topic({"c.py": "1\n"}, name="right", message="Right")
    shop.repo.branch("left-before", "left")
    shop.repo.checkout("left")
    shop.repo.merge("right", message="Right into left")
    shop.repo.checkout("right")
    shop.repo.merge("left-before", message="Left into right")
    shop.repo.commit("More", {"docs/x.md": "y\n"})
    shop.repo.checkout(RELEASE)
    shop.repo.merge("left", no_ff=False)
    shop.repo.merge("right", evil=evil, message="Crossed")


def test_a_criss_cross_merge_that_comes_out_the_same_is_proved(shop: Shop) -> None:
    crossed(shop, evil=None)
    assert by_title(shop)["Crossed"] == "approved: mechanical-merge"


def test_a_criss_cross_merge_that_comes_out_another_way_is_unknown(shop: Shop) -> None:
    crossed(shop, evil=EVIL)
    assert by_title(shop)["Crossed"] == "unknown: criss-cross-merge"


def foreign(shop: Shop) -> str:
    shop.repo.git("checkout", "--quiet", "--orphan", "foreign")
    shop.repo.git("rm", "-r", "-q", "--force", ".")
    root = shop.repo.commit("Foreign root", {"foreign.py": "1\n"})
    shop.repo.checkout(RELEASE)
    shop.repo.git("merge", "--quiet", "--allow-unrelated-histories", "-m", "Unrelated", "foreign")
    return root


def test_a_foreign_root_and_its_merge(shop: Shop) -> None:
    root = foreign(shop)
    assert by_title(shop) == {"Foreign root": "blocked: direct-push", "Unrelated": "unknown: unrelated-histories"}
    shop.pull([root], approval("ben", root), merge_commit=shop.repo.head, title="Import")
    assert by_title(shop) == {"Import": "unknown: unrelated-histories"}


def test_a_merge_that_keeps_only_one_side(shop: Shop) -> None:
    """``-s ours`` as well as its parents the other way round: what it throws away has no path in it."""
    (work,) = shop.topic({"a.py": "1\n"})
    shop.repo.commit("Fix", {"c.py": "fixed\n"})
    shop.repo.checkout("topic")
    shop.repo.git("merge", "--quiet", "--strategy=ours", "-m", "Ours", RELEASE)
    shop.repo.branch(RELEASE, "topic")
    assert by_title(shop)["Ours"] == "blocked: altered-merge"
    shop.pull([work, shop.repo.head], approval("ben", work), merge_commit=shop.repo.head, title="Work")
    assert by_title(shop)["Work"] == "blocked: stale-approval"


def test_merges_that_a_partial_clone_cannot_make_again_are_unknown(shop: Shop, tmp_path: Path) -> None:
    """Its blobs are left out, and nothing is fetched while lastcall judges: not known is not the same as no difference."""
    commits = shop.topic({"a.py": "ONE\ntwo\nthree\nfour\nfive\nsix\n"})
    shop.repo.commit("Meanwhile", {"a.py": "one\ntwo\nthree\nfour\nfive\nSIX\n"})
    shop.freeze = shop.repo.head
    merge = shop.repo.merge("topic")
    shop.pull(commits, approval("ben", commits[-1]), merge_commit=merge)
    assert shop.verdict() == "approved: approved"
    clone = shop.repo.clone(tmp_path / "clone", "--filter=blob:none", "--no-checkout").root
    assert only(shop.judge(clone=clone, head=merge)).verdict is Verdict.UNKNOWN
    shop.world.pulls.clear()
    found = shop.judge(clone=clone, head=merge)
    assert [change.verdict for change in found] == [Verdict.BLOCKED, Verdict.UNKNOWN]


# ------------------------------------------------------------------------------------------------------------- odd content


@pytest.fixture
def library(tmp_path: Path) -> Repo:
    other = Repo(tmp_path / "library")
    other.commit("Start", {"lib.py": "1\n"})
    return other


def moved(shop: Shop, library: Repo) -> tuple[str, str, str]:
    """A pull request that moves a submodule, merged; the submodule before and after, and the head."""
    shop.repo.submodule(library, "vendor/lib")
    before, shop.freeze = library.head, shop.repo.commit("Vendor it")
    after = library.commit("Unseen", {"lib.py": "evil\n"})
    shop.repo.checkout("topic", new=True)
    shop.repo.git("update-index", "--cacheinfo", f"160000,{after},vendor/lib")
    shop.repo.git("commit", "--quiet", "-m", "Bump", env={"GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "ann@example.org"})
    head = shop.repo.head
    shop.repo.git("checkout", "--quiet", "--force", RELEASE)
    return before, after, head


@pytest.mark.parametrize(("setting", "verdict"), [("block", "blocked: unseen-submodule"), ("require-approval", "approved: approved")])
def test_a_submodule_that_is_moved(shop: Shop, library: Repo, setting: str, verdict: str) -> None:
    before, after, head = moved(shop, library)
    shop.repo.merge("topic", no_ff=False)
    shop.world.commits[head] = {"committer": "ann"}
    shop.pull([head], approval("ben", head), merge_commit=head)
    change = only(shop.judge(submodules=setting))
    assert f"{change.verdict}: {change.reason}" == verdict
    assert f"moves the submodule vendor/lib from {before[:7]} to {after[:7]}" in change.detail


def test_a_submodule_that_nobody_approved_or_that_is_exempt(shop: Shop, library: Repo) -> None:
    _, after, _ = moved(shop, library)
    shop.repo.merge("topic", no_ff=False)
    change = only(shop.judge())
    assert (change.reason, after[:7] in change.detail) == ("direct-push", True)
    assert shop.verdict(exempt=(Exemption(paths=("vendor/**",)),)) == "exempt: exempt"


def test_a_submodule_that_comes_and_goes(shop: Shop, library: Repo) -> None:
    shop.repo.checkout("topic", new=True)
    shop.repo.submodule(library, "vendor/lib")
    came = shop.repo.commit("Vendor it", author=ANN)
    shop.repo.git("rm", "--quiet", "--force", "vendor/lib")
    went = shop.repo.commit("Not", author=ANN)
    shop.repo.checkout(RELEASE)
    shop.repo.merge("topic", no_ff=False)
    shop.pull([came, went], approval("ben", went), merge_commit=went)
    change = only(shop.judge())
    assert change.reason == "unseen-submodule"
    assert f"the new submodule vendor/lib to {library.head[:7]}" in change.detail
    assert f"the submodule vendor/lib from {library.head[:7]} to nothing" in change.detail


@pytest.mark.parametrize("onto", ["release", "topic"])
def test_a_merge_that_takes_the_move_of_a_submodule_away(shop: Shop, library: Repo, onto: str) -> None:
    """Against the parent that had not moved it, it shows nothing."""
    before, after, head = moved(shop, library)
    shop.repo.commit("Meanwhile", {"docs/y.md": "y\n"})
    shop.freeze = head
    ours, theirs = (RELEASE, "topic") if onto == "release" else ("topic", RELEASE)
    shop.repo.git("checkout", "--quiet", "--force", "--recurse-submodules=no", ours)
    shop.repo.git("merge", "--quiet", "--no-ff", "--no-commit", theirs)
    shop.repo.git("update-index", "--cacheinfo", f"160000,{before},vendor/lib")
    shop.repo.git("commit", "--quiet", "-m", "Evil")
    change = shop.judge(head=ours)[-1]
    assert change.reason == "altered-merge"
    assert f"moves the submodule vendor/lib from {after[:7]} to {before[:7]}" in change.detail


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12345\n"
ODD: dict[str, dict[str, str | bytes]] = {
    "lockfile": {"poetry.lock": "content-hash = 'evil'\n"},
    "pointer": {"model.bin": POINTER.format("e" * 64)},
    "binary": {"logo.png": bytes(range(256))},
    "hidden by attributes": {".gitattributes": "*.py -diff\n", "a.py": "evil\n"},
    "mode": {},
    "symlink": {},
    "gone": {},
}


def spoil(shop: Shop, what: str) -> str:
    """One more commit, of one odd kind, on what is checked out."""
    if what == "mode":
        shop.repo.git("update-index", "--chmod=+x", "a.py")
        shop.repo.git("commit", "--quiet", "-m", "Spoilt", env={"GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "ann@example.org"})
        shop.repo.git("reset", "--quiet", "--hard")
        return shop.repo.head
    if what == "symlink":
        (shop.repo.root / "a.py").unlink()
        (shop.repo.root / "a.py").symlink_to("/etc/passwd")
    return shop.repo.commit("Spoilt", {"b.py": None} if what == "gone" else ODD[what])


@pytest.mark.parametrize("what", ODD)
def test_any_content_that_comes_after_the_approval_makes_it_stale(shop: Shop, what: str) -> None:
    (approved,) = shop.topic({"c.py": "1\n"})
    shop.repo.checkout("topic")
    head = spoil(shop, what)
    shop.repo.checkout(RELEASE)
    shop.world.commits[head] = {"committer": "ann"}
    shop.pull([approved, head], approval("ben", approved), merge_commit=shop.repo.merge("topic"))
    assert shop.verdict() == "blocked: stale-approval"
    shop.world.pulls[0]["reviews"] = [approval("ben", head)]
    assert shop.verdict() == "approved: approved"


@pytest.mark.parametrize("what", ODD)
def test_any_content_that_is_pushed_is_a_late_change(shop: Shop, what: str) -> None:
    spoil(shop, what)
    assert shop.verdict() == "blocked: direct-push"


@pytest.mark.parametrize("what", [*ODD, "nothing"])
def test_any_content_slipped_into_a_squash_is_found(shop: Shop, what: str) -> None:
    (head,) = shop.topic({"c.py": "1\n"})
    shop.repo.squash("topic", "Work (#12)")
    if what != "nothing":
        spoil(shop, what)
        shop.repo.git("reset", "--quiet", "--soft", "HEAD~2")
        shop.repo.commit("Work (#12)") if what != "mode" else shop.repo.git("commit", "--quiet", "-m", "Work (#12)")
    shop.pull([head], approval("ben", head), merge_commit=shop.repo.head)
    assert shop.verdict() == ("approved: approved" if what == "nothing" else "blocked: altered-squash")


def test_an_empty_commit_is_a_late_change_like_any_other(shop: Shop) -> None:
    """It changes nothing, and is no merge of nothing: nobody may hide behind a patch without lines."""
    shop.repo.commit("Nothing")
    assert shop.verdict() == "blocked: direct-push"


def test_an_empty_commit_after_the_approval_changes_nothing(shop: Shop) -> None:
    (approved,) = shop.topic({"a.py": "1\n"})
    shop.repo.checkout("topic")
    head = shop.repo.commit("Run the checks again")
    shop.repo.checkout(RELEASE)
    shop.pull([approved, head], approval("ben", approved), merge_commit=shop.repo.merge("topic"))
    assert shop.verdict() == "approved: approved"
    assert shop.verdict(carry="none") == "blocked: stale-approval"


@pytest.mark.parametrize(
    "words",
    [
        "Reviewed-by: Ben <ben@example.org>",
        "Reviewed-on: https://review.example/12\nReviewed-by: Ben <ben@example.org>",
        "Differential Revision: https://phab.example/D12",
        "Merge pull request #12 from acme/topic",
        "Approved (#12)",
    ],
)
def test_words_prove_nothing(shop: Shop, words: str) -> None:
    (head,) = shop.topic({"c.py": "1\n"})
    shop.pull([head], approval("ben", head), merge_commit=shop.repo.squash("topic", "Work (#12)"))
    shop.freeze = shop.repo.head
    shop.repo.commit(f"Work\n\n{words}", {"b.py": "evil\n"})
    assert shop.verdict() == "blocked: direct-push"


def test_notes_prove_nothing(shop: Shop) -> None:
    """Anybody who can push can add one."""
    shop.repo.commit("Work", {"b.py": "evil\n"})
    shop.repo.git("notes", "--ref=review", "add", "-m", "Reviewed-by: Ben <ben@example.org>")
    assert shop.verdict() == "blocked: direct-push"


def test_replace_refs_grafts_and_the_mailmap_have_no_say(shop: Shop) -> None:
    (good,) = shop.topic({"a.py": "1\n"})
    evil = shop.repo.commit("Evil", {"b.py": "evil\n", ".mailmap": "Ben <ben@example.org> <ann@example.org>\n"})
    shop.repo.git("replace", evil, good)
    assert shop.verdict() == "blocked: direct-push"
    assert only(shop.judge()).authors == ("ann",)


def test_attributes_of_the_work_tree_do_not_merge(shop: Shop) -> None:
    """``merge=union`` would make a clean merge of a conflict."""
    shop.repo.commit("Attributes", {".gitattributes": "*.py merge=union\n"})
    shop.freeze = shop.repo.head
    (work,) = shop.topic({"a.py": "mine\n"})
    shop.repo.commit("Meanwhile", {"a.py": "theirs\n"})
    shop.freeze = shop.repo.head
    merge = shop.repo.merge("topic")
    shop.pull([work], approval("ben", work), merge_commit=merge)
    assert shop.verdict() == "blocked: altered-merge"
