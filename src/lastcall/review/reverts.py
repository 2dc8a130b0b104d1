"""What takes other commits back: clean reverts, reverts of reverts, and what nothing is left of.

That a message says so only finds the commit; that git's own revert of it gives the same tree is the proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from lastcall.model import Approval, Change, Commit, LastcallError, Need, Verdict
from lastcall.review.facts import MERGE_PARENTS, Facts, short
from lastcall.review.hints import picked_from, reverts, reverts_pulls
from lastcall.review.people import objections_to
from lastcall.review.wording import mend

_KEPT = {"changes-requested", "stale-approval", "altered-merge", "altered-squash", "altered-rebase", "altered-cherry-pick", "other-head"}
"""Reasons that say more than that a commit is not the revert that it says it is."""

_UNREVIEWED = {"clean-revert", "reapplied"}
"""Reasons of reverts that nobody needed to approve."""

_SEEN = {"approved", "waived"}
"""Reasons of what people let through themselves."""

_FREE = _UNREVIEWED | {"exempt"}
"""Reasons of what is good, and what nobody looked at."""

_BACK_AT_MOST = 50
"""How many steps of the branch are looked through for the state that a change goes back to."""

_GOOD = {Verdict.APPROVED, Verdict.EXEMPT}


@dataclass
class Reverts:
    """What each commit takes back of its own history, wholly and with nothing else, and what follows from that."""

    facts: Facts
    _taken: dict[str, tuple[Commit, ...]] = field(default_factory=dict)
    _untold: set[str] = field(default_factory=set)

    def weigh(self, change: Change) -> Change:
        """The change as a clean revert, or as what only says that it is one; reverts of reverts wait for the verdict on the first."""
        singles = _singles(change)
        if change.verdict is not Verdict.BLOCKED or (change.pull and objections_to(change.pull)):
            return change
        pretended = next((commit for commit in singles if self._pretends(commit)), None)
        if pretended and change.reason not in _KEPT:
            return replace(change, reason="altered-revert", detail=self._altered(pretended, change.needs))
        taken = self.all_taken_by(change)
        if not taken or any(self.taken_by(each) for each in taken):
            return change
        what = _clean(singles, taken)
        if self.facts.policy.allow_clean_revert:
            return replace(change, verdict=Verdict.EXEMPT, reason="clean-revert", detail=f"{what}, which the policy allows", needs=None)
        allow = "allow-clean-revert: true lets such reverts through from the next freeze on"
        return replace(change, detail=f"{change.detail} ({what}: {allow})")

    def settle(self, changes: Sequence[Change]) -> tuple[Change, ...]:
        """All changes, where all other verdicts are known: what came back as it was approved, and what was taken back."""
        settled = _Settled(self, list(changes))
        settled.bring_back()
        if any(change.verdict not in _GOOD for change in settled.changes):
            settled.take_back()
        return tuple(settled.changes)

    # ------------------------------------------------------------------------------------------------------------ proofs

    def taken_by(self, commit: Commit) -> tuple[Commit, ...]:
        """The commits of its own history that a commit takes back, and does nothing else; a merge is taken back to its first parent."""
        if commit.sha not in self._taken:
            named = self.named(commit)
            lines = [(each,) for each in named] + ([tuple(named)] if len(named) > 1 else [])
            self._taken[commit.sha] = next((line for line in lines if self._proved(line, commit)), ()) if len(commit.parents) == 1 else ()
        return self._taken[commit.sha]

    def all_taken_by(self, change: Change) -> tuple[Commit, ...]:
        """What all commits of a change take back; nothing where one of them does anything else."""
        merges = [commit for commit in change.commits if len(commit.parents) >= MERGE_PARENTS]
        taken = [self.taken_by(commit) for commit in _singles(change)]
        return tuple(each for line in taken for each in line) if all(taken) and all(map(self.facts.mechanical, merges)) else ()

    def _proved(self, line: Sequence[Commit], commit: Commit) -> bool:
        proved = self.gives(line, commit.parents[0], commit)
        if proved is None:
            self._untold.add(commit.sha)
        return bool(proved)

    def gives(self, taken: Sequence[Commit], onto: str, tree_of: Commit) -> bool | None:
        """Whether reverting ``taken`` gives the tree of a commit; None where the clone lacks what it takes to tell."""
        try:
            return self.facts.reverted([each.sha for each in taken], onto) == tree_of.tree
        except LastcallError:
            return None

    def named(self, commit: Commit) -> tuple[Commit, ...]:
        """The commits that a message says it reverts, as far as they are in its history: the revert of any other would bring new things.

        What a pull request was squashed to may say nothing that its own commits said.
        """
        names: list[str] = []
        for message in (commit.message, *self._squashed.get(commit.sha, ())):
            pulls = [self.facts.pulls.get(number) for number in reverts_pulls(message)]
            names += [*reverts(message), *(pull.merge_commit for pull in pulls if pull and pull.merge_commit)]
        return self._in_history(commit, names)

    @cached_property
    def _squashed(self) -> dict[str, list[str]]:
        """The messages of the commits behind each commit that may be a squash of them, as far as the clone has them."""
        landed = {pull.merge_commit: pull for pull in self.facts.pulls.values() if pull.merge_commit and self.facts.ours(pull)}
        return {
            sha: [own.message for each in pull.commits if each.sha != sha and (own := self.facts.commit(each.sha))]
            for sha, pull in landed.items()
        }

    def _in_history(self, commit: Commit, names: Sequence[str]) -> tuple[Commit, ...]:
        named = dict.fromkeys(each for name in names if (each := self.facts.commit(name)))
        return tuple(each for each in named if each.sha != commit.sha and self.facts.holds(commit.sha, each.sha))

    def _pretends(self, commit: Commit) -> bool:
        """Whether it names a commit as reverted and does something else; a pick keeps the words of what it was picked from."""
        if self.taken_by(commit) or commit.sha in self._untold or picked_from(commit.message):
            return False
        return bool(self._in_history(commit, reverts(commit.message)))

    def _altered(self, commit: Commit, need: Need | None) -> str:
        this, named = short(commit.sha), short(self.named(commit)[0].sha)
        return (
            f"{this} says that it reverts {named}, but is not what git makes of that "
            f"(compare 'git show {this}' with 'git show -R {named}'); {mend(need)}"
        )


@dataclass(frozen=True)
class _Taker:
    """The last commit of a change that may stay, a commit that the change took back, and the bits of all commits that came in by that."""

    commit: Commit
    taken: Commit
    brought: int


@dataclass
class _Settled:
    """The changes while reverts of reverts, and then what was taken back, are given their verdicts."""

    reverts: Reverts
    changes: list[Change]

    @cached_property
    def place(self) -> dict[str, int]:
        return {commit.sha: number for number, change in enumerate(self.changes) for commit in change.commits}

    def change_of(self, commit: Commit) -> Change:
        return self.changes[self.place[commit.sha]]

    # ------------------------------------------------------------------------------------------------------------ come back

    def _in_order(self) -> list[int]:
        """The changes by their last commits, the oldest first."""
        bit = self.reverts.facts.late.bit
        return sorted(range(len(self.changes)), key=lambda number: bit[self.changes[number].commits[-1].sha])

    def bring_back(self) -> None:
        """Approves the reverts of reverts whose content is approved anyway; the earlier ones first."""
        for number in self._in_order():
            self.changes[number] = self._brought_back(self.changes[number])

    def _brought_back(self, change: Change) -> Change:
        taken = self.reverts.all_taken_by(change) if change.verdict is Verdict.BLOCKED else ()
        again = [each for each in taken if self.reverts.taken_by(each)]
        if not again or (change.pull and objections_to(change.pull)):
            return change
        what, back = _clean(_singles(change), taken), [each for revert in again for each in self.reverts.taken_by(revert)]
        if not all(map(self._may_come_back, again)):
            why = f"which {_listed(again)} took away with an approval" if all(map(self._may_stay, back)) else "which nobody approved"
            return replace(change, detail=f"{change.detail} ({what}; that brings back {_listed(back)}, {why})")
        if len(again) == len(taken):
            detail = f"{what}, and brings back {_listed(back)} as it was approved or frozen"
            approvals = tuple(dict.fromkeys(replace(given, carried_by="replay") for each in back for given in self._approvals_of(each)))
            return replace(change, verdict=Verdict.APPROVED, reason="reapplied", detail=detail, approvals=approvals, needs=None)
        if self.reverts.facts.policy.allow_clean_revert:
            return replace(change, verdict=Verdict.EXEMPT, reason="clean-revert", detail=f"{what}, which the policy allows", needs=None)
        return change

    def _may_come_back(self, revert: Commit) -> bool:
        """Whether what a revert took away is frozen or approved for this branch.

        What was taken away before the freeze was not frozen any more: only a revert that is late itself is taken back freely.  Where people
        approved the revert, or perhaps did, theirs is the last word on what was frozen: only what was approved late comes back.
        """
        late = self.reverts.facts.late.by_sha
        if revert.sha not in late:
            return False
        change, taken = self.change_of(revert), self.reverts.taken_by(revert)
        if change.verdict is Verdict.BLOCKED or change.reason in _FREE:
            return all(map(self._may_stay, taken))
        return all(each.sha in late and self.change_of(each).verdict is Verdict.APPROVED for each in taken)

    def _may_stay(self, commit: Commit) -> bool:
        """Whether a commit was frozen, or needs no more than it has."""
        return commit.sha not in self.place or self.change_of(commit).verdict in _GOOD

    def _approvals_of(self, commit: Commit) -> tuple[Approval, ...]:
        return self.change_of(commit).approvals if commit.sha in self.place else ()

    # ------------------------------------------------------------------------------------------------------------ taken back

    def take_back(self) -> None:
        """Exempts what was taken back; the later ones first, since what they brought back may have been taken back once more."""
        takers = self._takers()
        for number in reversed(self._in_order() if takers else []):
            self.changes[number] = self._undone(self.changes[number], takers)

    def _undone(self, change: Change, takers: Sequence[_Taker]) -> Change:
        """Exempt, where all that a change brought was taken back by what is approved or exempt itself."""
        if change.verdict in _GOOD:
            return change
        facts = self.reverts.facts
        brought = [commit for commit in change.commits if len(commit.parents) < MERGE_PARENTS or not facts.mechanical(commit)]
        by = [next((each.commit for each in takers if self._gone(facts.late.bit[commit.sha], each)), None) for commit in brought]
        if not by or not all(by):
            return change
        names = _listed(dict.fromkeys(commit for commit in by if commit))
        detail = f"taken back by {names}: nothing of it is left"
        return replace(change, verdict=Verdict.EXEMPT, reason="undone", detail=detail, approvals=(), needs=None)

    def _takers(self) -> list[_Taker]:
        late = self.reverts.facts.late
        # What a mechanical merge does is done by what it brings, which is judged by itself.
        good = [change for change in self.changes if change.verdict in _GOOD and change.reason != "mechanical-merge"]
        found = [(change.commits[-1], taken) for change in good for taken in self._taken_back(change)]
        return [
            _Taker(last, taken, late.reach(taken.sha) & ~late.reach(next(iter(taken.parents), "")))
            for last, taken in found
            if taken.sha in late.by_sha
        ]

    def _taken_back(self, change: Change) -> Iterable[Commit]:
        """What a change as a whole took back: of what its commits name, or else what came since the state that people see it go back to.

        As a whole it must be nothing else than the revert of all of it; or there must be nothing left of each when it is through.  What
        only one of its commits took back, another one may have brought back.
        """
        before, last = self._before(change), change.commits[-1]
        if before is None:
            return ()
        named = dict.fromkeys(each for commit in change.commits for each in self.reverts.named(commit))
        line = self._newest_first([each for each in named if each == before or self.reverts.facts.holds(before.sha, each.sha)])
        if line and self.reverts.gives(line, before.sha, last):
            return line
        gone = [each for each in line if self.reverts.gives([each], last.sha, last)]
        return gone or (self._since(before, last.tree) if change.reason in _SEEN else [])

    def _before(self, change: Change) -> Commit | None:
        """What the branch was before a change, by first parents; None where it did not land in one piece."""
        late, own = self.reverts.facts.late, {commit.sha for commit in change.commits}
        last = step = change.commits[-1]
        if late.among(own) & ~late.reach(last.sha):
            return None
        while step.parents:
            if step.parents[0] not in own:
                return self.reverts.facts.commit(step.parents[0])
            step = late.by_sha[step.parents[0]]
        return None

    def _newest_first(self, commits: Sequence[Commit]) -> list[Commit]:
        """The order in which reverts take everything back.  The other way round, what was taken back twice is there again."""
        bit = self.reverts.facts.late.bit
        return sorted(commits, key=lambda commit: bit.get(commit.sha, 0), reverse=True)

    def _since(self, before: Commit, tree: str) -> list[Commit]:
        """What came to the branch since it was the same as ``tree``, newest first; nothing where it never was, or is still."""
        late, line = self.reverts.facts.late, [before]
        while before.tree != tree and line[-1].sha in late.by_sha and line[-1].parents and len(line) <= _BACK_AT_MOST:
            step = self.reverts.facts.commit(line[-1].parents[0])
            if step is None:
                return []
            if step.tree == tree:
                return line
            line.append(step)
        return []

    def _gone(self, bit: int, taker: _Taker) -> bool:
        """Whether a commit was taken back and no later revert, that nobody approved, brought back what another one took away.

        Everything else that could is a change of its own; only a revert brings in what it does not show.
        """
        facts = self.reverts.facts
        if not taker.brought & bit:
            return False
        before = facts.late.reach(taker.commit.sha)
        others = [each for each in facts.late.commits if not facts.late.bit[each.sha] & before and self._may_bring_back(each, bit)]
        return all(self.reverts.gives([taker.taken], commit.sha, commit) for commit in others)

    def _may_bring_back(self, commit: Commit, bit: int) -> bool:
        """A revert brings back what was before the commit that it takes back: nothing younger than that."""
        late, change = self.reverts.facts.late, self.change_of(commit)
        reviewed = change.verdict in _GOOD and change.reason not in _UNREVIEWED
        if reviewed or not late.reach(commit.sha) & bit:
            return False
        (young,) = late.of(bit)
        return any(not self.reverts.facts.holds(young.sha, each.sha) for each in self.reverts.taken_by(commit))


def _singles(change: Change) -> list[Commit]:
    return [commit for commit in change.commits if len(commit.parents) < MERGE_PARENTS]


def _clean(singles: Sequence[Commit], taken: Sequence[Commit]) -> str:
    if len(singles) == 1:
        return f"{short(singles[0].sha)} is a clean revert of {_listed(taken)}"
    return f"its commits are clean reverts of {_listed(taken)}"


def _listed(commits: Iterable[Commit]) -> str:
    return " and ".join(short(commit.sha) for commit in commits)
