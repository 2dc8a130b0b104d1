"""Changes that move a submodule: to commits of another repository, which nobody here has seen."""

from __future__ import annotations

from dataclasses import replace

from lastcall.model import Change, Commit, SubmoduleMove, Verdict
from lastcall.review.demands import touched
from lastcall.review.facts import MERGE_PARENTS, Facts, short
from lastcall.review.wording import REVERT


def watch(facts: Facts, change: Change) -> Change:
    """The change with the submodules that it moves told; blocked where the policy does not let an approval of the move be enough."""
    moves = _moves(facts, change)
    if not moves:
        return change
    told = f"moves {' and '.join(map(_in_words, moves))}"
    if facts.policy.submodules != "block" or change.verdict is not Verdict.APPROVED:
        return replace(change, detail=f"{change.detail} (it {told})")
    allow = "from the next freeze on, submodules: require-approval makes an approval of the move enough"
    mend = f"have those reviewed in their own repository and two people waive this, or {REVERT} ({allow})"
    detail = f"it {told}, whose commits nobody here has reviewed; {mend}"
    return replace(change, verdict=Verdict.BLOCKED, reason="unseen-submodule", detail=detail, needs=None)


def _moves(facts: Facts, change: Change) -> list[SubmoduleMove]:
    """A merge that git makes the same way brings nothing but the moves of what it merges."""
    asked = [commit for commit in change.commits if len(commit.parents) < MERGE_PARENTS or not facts.mechanical(commit)]
    return list(dict.fromkeys(move for commit in asked for move in _moved_by(facts, commit)))


def _moved_by(facts: Facts, commit: Commit) -> list[SubmoduleMove]:
    """Against the first parent; of a merge made by hand against each, as it may take away what any of them moved."""
    if len(commit.parents) != MERGE_PARENTS or not all(map(facts.history.has, commit.parents)):
        return list(facts.history.submodules(commit.sha))
    by_hand = set(touched(facts, [commit], None))
    return [move for parent in commit.parents for move in facts.history.submodules(commit.sha, parent) if move.path in by_hand]


def _in_words(move: SubmoduleMove) -> str:
    if move.before is None:
        return f"the new submodule {move.path} to {short(move.after or '')}"
    return f"the submodule {move.path} from {short(move.before)} to {short(move.after) if move.after else 'nothing'}"
