"""What a pull request put on the branch: a merge, a squash, rebased commits, or its own commits."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lastcall.model import Commit, Pull
from lastcall.review.facts import MERGE_PARENTS, Facts

_LONGEST_QUEUE = 100
"""The most pull requests that GitHub merges as one group."""


@dataclass(frozen=True)
class Claim:
    """The late commits that one pull request landed as.

    ``landing`` are the commits that the merge made, oldest first (a merge commit, a squashed commit, rebased commits; none where the pull
    request's own commits are the branch); ``base`` is what the branch was before, None where that cannot be said.
    """

    pull: Pull
    kind: str
    commits: int
    landing: tuple[Commit, ...] = ()
    base: str | None = None
    partial: bool = False

    @property
    def name(self) -> str:
        return f"pull request {self.pull.number}"


def claim_of(facts: Facts, pull: Pull) -> Claim | None:
    """What a pull request of this repository put on the branch; None where it put nothing there."""
    if not facts.ours(pull):
        return None
    if pull.state != "merged":
        return _waiting_claim(facts, pull) if pull.state == "open" else None
    landed = facts.late.by_sha.get(pull.merge_commit or "")
    if landed and landed.sha != pull.head:
        return landing_claim(facts, pull, landed)
    claim = own_claim(facts, pull)
    if claim and landed is None and _landed_before(facts, pull):
        return None
    return claim


def _landed_before(facts: Facts, pull: Pull) -> bool:
    """It landed before the freeze: what was taken out since does not come back by its old approval."""
    merge = pull.merge_commit
    if merge is None or merge == pull.head:
        return False
    return pull.base == facts.branch or (facts.accepted(pull) and facts.frozen(merge))


def landing_claim(facts: Facts, pull: Pull, landed: Commit) -> Claim:
    return _merge_claim(facts, pull, landed) if len(landed.parents) >= MERGE_PARENTS else _line_claim(facts, pull, landed)


# ---------------------------------------------------------------------------------------------------------------- still open


def _waiting_claim(facts: Facts, pull: Pull) -> Claim | None:
    """What is judged before it lands: the pull request under judgement, and in a merge group whoever waits for the same branch."""
    if pull.number == facts.judged and (claim := _open_claim(facts, pull)):
        return claim
    return _queued_claim(facts, pull) if facts.asked.group and pull.base == facts.branch else None


def _open_claim(facts: Facts, pull: Pull) -> Claim | None:
    """The pull request under judgement: its head is judged, or the merge or squash that the forge makes to try it out."""
    head = facts.late.head
    if head.sha == pull.head:
        return own_claim(facts, pull)
    if len(head.parents) == MERGE_PARENTS and pull.head in head.parents:
        return _merge_claim(facts, pull, head)
    return _line_entry(facts, pull, head) if facts.history.has(pull.head) else None


def _queued_claim(facts: Facts, pull: Pull) -> Claim | None:
    """The one entry of the merge queue that its head gives, by whichever method the queue merges; None where several could be it."""
    queue = _queue(facts)
    merges = [entry for entry in queue if len(entry.parents) == MERGE_PARENTS and entry.parents[1] == pull.head]
    if merges or not facts.history.has(pull.head):
        return _merge_claim(facts, pull, merges[0]) if len(merges) == 1 else None
    changing = [entry for entry in queue if facts.tree(entry.parents[0]) != entry.tree]  # an empty commit could be that of anything
    found = [claim for entry in changing if (claim := _line_entry(facts, pull, entry))]
    return found[0] if len(found) == 1 else None


def _queue(facts: Facts) -> list[Commit]:
    """The late commits on top of what landed, newest first, by first parents: each entry of a queue is built on the one before."""
    landed = {pull.merge_commit for pull in facts.pulls.values() if pull.state == "merged"}
    queue: list[Commit] = []
    entry: Commit | None = facts.late.head
    while entry and entry.sha not in landed and len(queue) < _LONGEST_QUEUE and entry.parents and facts.history.has(entry.parents[0]):
        queue.append(entry)
        entry = facts.late.by_sha.get(entry.parents[0])
    return queue


def _line_entry(facts: Facts, pull: Pull, entry: Commit) -> Claim | None:
    """The commits that are the pull request's own, rebased; or one commit that is what squashing the head onto its parent gives.

    Of a rebased line the last commit alone looks squashed onto the others.
    """
    if len(entry.parents) != 1 or not facts.history.has(entry.parents[0]):
        return None
    run = _rebased(facts, pull, entry)
    squashed = not run and facts.merged_tree(entry.parents[0], pull.head) == entry.tree
    return _run_claim(facts, pull, run or (entry,)) if run or squashed else None


# ---------------------------------------------------------------------------------------------------------------- landed


def own_claim(facts: Facts, pull: Pull) -> Claim | None:
    """The pull request's own commits are the branch: fast-forwarded, merged somewhere else, or still to be merged."""
    own = facts.late.among([*(commit.sha for commit in pull.commits), pull.head])
    if not own:
        return None
    partial = pull.head not in facts.late.by_sha
    return Claim(pull, "own", own, base=None if partial else _outside(facts, own), partial=partial)


def _outside(facts: Facts, own: int) -> str | None:
    """The one parent outside of ``own`` that holds all the others: what the branch was before.

    With any weaker choice a merge that throws away what the branch had would compare equal with the pull request's side of it.
    """
    inside = {commit.sha for commit in facts.late.of(own)}
    parents = list(dict.fromkeys(parent for commit in facts.late.of(own) for parent in commit.parents if parent not in inside))
    if not all(facts.history.has(parent) for parent in parents):
        return None
    return next((each for each in parents if all(other == each or facts.history.is_ancestor(other, each) for other in parents)), None)


def _merge_claim(facts: Facts, pull: Pull, landed: Commit) -> Claim:
    first, second = landed.parents[:2]
    base = second if first == pull.head else first
    octopus = len(landed.parents) > MERGE_PARENTS
    # An octopus may land several pull requests: each brings its own side.
    side = facts.late.reach(pull.head) if octopus and pull.head in landed.parents else facts.late.reach(landed.sha)
    brought = facts.late.bit[landed.sha] | (side & ~facts.late.reach(base))
    return Claim(pull, "octopus" if octopus else "merge", brought, (landed,), base)


def _line_claim(facts: Facts, pull: Pull, landed: Commit) -> Claim:
    """Squashed or rebased: the forge says of each commit whether it belongs to it; where it says too little, the commits tell."""
    made = _line(facts, landed, belongs=lambda sha: _told(facts, pull, sha) and not facts.holds(pull.head, sha))
    return _run_claim(facts, pull, _rebased(facts, pull, landed) or made)


def _run_claim(facts: Facts, pull: Pull, run: tuple[Commit, ...]) -> Claim:
    """Squashed or rebased; where the forge does not list all that was, who wrote the rest is told by nobody."""
    base = next(iter(run[0].parents), None)
    if base and facts.history.has(base) and facts.history.has(pull.head) and _unlisted(facts, pull, base):
        facts.silent.setdefault(f"pull:{pull.number}", "the evidence does not list all of its commits")
    commits = [commit.sha for commit in run]
    if pull.head in facts.late.by_sha:  # the branch itself came here as well, by another merge
        commits += [pull.head, *(commit.sha for commit in pull.commits)]
    return Claim(pull, "squash" if len(run) == 1 else "rebase", facts.late.among(commits), run, base)


def _unlisted(facts: Facts, pull: Pull, base: str) -> bool:
    """Whether a pull request holds more than its list of commits and what was in ``base`` before, by commits or by their content."""
    listed = {commit.sha for commit in pull.commits}
    own = [commit for sha in listed | {pull.head} if (commit := facts.commit(sha))]
    beyond = {parent for commit in own for parent in commit.parents} - listed
    if all(parent == base or facts.holds(base, parent) for parent in beyond):
        return pull.head not in listed
    more = [commit.sha for commit in facts.history.commits(base, pull.head) if commit.sha not in listed]
    return any(facts.merged_tree(base, sha) != facts.tree(base) for sha in more)


def _told(facts: Facts, pull: Pull, sha: str) -> bool:
    """Whether the forge says that a commit belongs to the pull request."""
    return sha in facts.known and pull.number in facts.known[sha].pulls


def _rebased(facts: Facts, pull: Pull, last: Commit) -> tuple[Commit, ...]:
    """The commits that end in ``last`` and are the pull request's own, each picked onto the one before; none where they are not.

    That as many commits end in what a merge gives would prove nothing: what the pull request was built on is a part of that, too.
    """
    length = len(picked_by_rebase(facts, pull))
    run = _line(facts, last, length, belongs=lambda sha: not facts.holds(pull.head, sha) and not _of_another(facts, pull, sha))
    return run if length > 1 and replays(facts, pull, run) else ()


def _of_another(facts: Facts, pull: Pull, sha: str) -> bool:
    """Whether another pull request brought a commit, or the forge says that it belongs to others only."""
    if any(other.merge_commit == sha and other.number != pull.number for other in facts.pulls.values()):
        return True
    return sha in facts.known and bool(facts.known[sha].pulls) and not _told(facts, pull, sha)


def picked_by_rebase(facts: Facts, pull: Pull) -> list[Commit]:
    """Those of a pull request's commits that a rebase picks, as far as this clone has them: all but its merges."""
    commits = [facts.commit(commit.sha) for commit in pull.commits]
    return [commit for commit in commits if commit and len(commit.parents) == 1]


def replays(facts: Facts, pull: Pull, run: Sequence[Commit]) -> bool:
    """Whether each commit of a run is its original, picked mechanically onto the one before."""
    originals = picked_by_rebase(facts, pull)
    if len(originals) != len(run):
        return False
    return all(facts.replayed([mine.sha], landed.parents[0]) == landed.tree for mine, landed in zip(originals, run, strict=True))


def _line(facts: Facts, last: Commit, most: int = sys.maxsize, belongs: Callable[[str], bool] = lambda _: True) -> tuple[Commit, ...]:
    """The late commits with one parent that end in ``last`` and all belong, oldest first; ``last`` always does."""
    line = [last]
    while len(line[-1].parents) == 1 and len(line) < most:
        before = facts.late.by_sha.get(line[-1].parents[0])
        if before is None or len(before.parents) != 1 or not belongs(before.sha):
            break
        line.append(before)
    return tuple(reversed(line))
