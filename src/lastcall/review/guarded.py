"""What steers lastcall itself and a change touches, and what a change needs that must come in anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lastcall.model import Change, Guard, Need, Pull, Verdict
from lastcall.review.demands import able, approved_by, owned
from lastcall.review.facts import Facts
from lastcall.review.landed import Claim
from lastcall.review.people import Opinion, Quorum, opinions_of
from lastcall.review.signed import weigh_commit
from lastcall.review.weighed import weigh_pull
from lastcall.review.writers import Writers, writers_alone, writers_told

_NOT_MENDED = frozenset({"changes-requested", "other-head", "unseen-submodule"})
"""Blocked for what no new pull request mends."""


def guards_of(facts: Facts, change: Change, claim: Claim | None, paths: Sequence[str]) -> tuple[Guard, ...]:
    """Each path that steers lastcall itself, with its owners, and whether one of them approved the change."""
    found = [path for path in paths if facts.asked.guards(path)]
    if not found:
        return ()
    approvers, writers = _supporters(facts, change, claim) if change.verdict is Verdict.APPROVED else ([], Writers())
    return tuple(_guard(facts, path, approvers, writers) for path in found)


def _guard(facts: Facts, path: str, approvers: Sequence[Opinion], writers: Writers) -> Guard:
    # Owners that only the judged side names were named by whoever wrote it.
    owners = (facts.asked.base_owners or facts.asked.owners)(path)
    if not owners:
        return Guard(path)
    answers = {"yes": True, "untold": None if approvers else False}
    return Guard(path, owners, answers.get(approved_by(facts, owners, approvers, writers), False))


def _supporters(facts: Facts, change: Change, claim: Claim | None) -> tuple[Sequence[Opinion], Writers]:
    """Whose approvals let a change through, and who wrote it."""
    if claim is not None and change.reason == "approved":
        weighed = weigh_pull(facts, claim)
        counted = {(given.reviewer, given.commit, given.submitted_at) for given in change.approvals}
        return [each for each in weighed.carried if _as_told(each) in counted], weighed.quorum.writers
    own = weigh_commit(facts, change.commits[-1])
    return (own.valid, own.quorum.writers) if own and change.reason == "approved" else _elsewhere(facts, change)


def _as_told(opinion: Opinion) -> tuple[str, str, str]:
    return opinion.reviewer.login, opinion.review.commit or "", opinion.review.submitted_at


def _elsewhere(facts: Facts, change: Change) -> tuple[Sequence[Opinion], Writers]:
    """The same for what was approved as something else (a pick, a change that came back): by the reviews that it was approved by there.

    All that the forge tells of those pull requests wrote it; that may be too many, and never lets an owner approve their own work.
    """
    approvers: list[Opinion] = []
    writers = Writers()
    for pull, found in _approved_in(facts, change):
        approvers += found
        writers.join(writers_told(pull))
    return approvers, writers


def approved_in(facts: Facts, change: Change) -> tuple[Pull, ...]:
    """The pull requests in which the approvals were given of what was approved as something else."""
    return tuple(pull for pull, _ in _approved_in(facts, change) if pull != change.pull)


def _approved_in(facts: Facts, change: Change) -> Iterator[tuple[Pull, list[Opinion]]]:
    given = {(approval.reviewer, approval.commit, approval.submitted_at) for approval in change.approvals}
    for pull in facts.evidence.pulls:
        found = [each for each in opinions_of(pull, facts.policy) if _as_told(each) in given]
        if found:
            yield pull, found


def anew(facts: Facts, change: Change, paths: Sequence[str]) -> Need | None:
    """What a blocked change needs where it must come in once more, through a new pull request; None where that would not help."""
    if change.verdict is not Verdict.BLOCKED or change.reason in _NOT_MENDED:
        return None
    writers = Writers()
    for commit in change.commits:
        if commit.sha in facts.known:
            writers.join(writers_alone(facts, facts.known[commit.sha]))
    owners = tuple(able(each, writers) for each in owned(facts, paths, [], writers).wanting)
    not_by = (*(account.login for account in writers.accounts.values()), *writers.unmapped)
    return Need(Quorum(facts.policy.approvals, writers).lacking([]), not_by=not_by, owners=owners)
