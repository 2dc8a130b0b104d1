"""The verdict on a pull request as it landed: its approvals, for the base that it had when they were given."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from lastcall.model import Commit, Pull, Review, ReviewState, Verdict
from lastcall.review.alone import cannot_be_made_again
from lastcall.review.facts import Facts, Judgement
from lastcall.review.landed import Claim
from lastcall.review.verdict import OWNERS, judge
from lastcall.review.weighed import weigh_pull


def judge_pull(facts: Facts, claim: Claim, commits: int | None = None) -> Judgement:
    """The verdict on a pull request, whose every approval counts for the branch that it was pointed at then, and for no other.

    ``commits`` are the bits of those that it is judged by, where others brought the rest; all of them, for None.
    """
    found = judge(facts, claim, commits)
    astray = _astray(facts, claim.pull)
    if found.verdict is Verdict.APPROVED and astray:
        again = judge(facts, replace(claim, pull=without(claim.pull, astray)), commits)
        return again if again.verdict is Verdict.APPROVED else _repointed(facts, claim, astray, commits)
    if found.reason == "altered-merge" and claim.landing:
        return cannot_be_made_again(facts, claim.landing[-1]) or found
    return found


def settle(facts: Facts, claim: Claim, judgement: Judgement, commits: Sequence[Commit]) -> Judgement:
    """The same verdict for those ``commits`` of a claim that no other pull request brought: owners of the others' paths do not matter."""
    own = facts.late.among(commit.sha for commit in commits)
    return judge_pull(facts, claim, own) if judgement.reason in OWNERS and own != claim.commits else judgement


def _astray(facts: Facts, pull: Pull) -> dict[Review, str]:
    """The approvals that were given for a base that does not count here, each with that base."""
    approvals = [review for review in pull.reviews if review.state is ReviewState.APPROVED]
    return {review: base for review in approvals if not facts.accepts(base := _base_at(pull, review.submitted_at))}


def _base_at(pull: Pull, time: str) -> str:
    """What a pull request was pointed at: what the first change after that time took it away from."""
    when = datetime.fromisoformat(time)
    later = [change for change in pull.base_changes if datetime.fromisoformat(change.at) > when]
    return min(later, key=lambda change: datetime.fromisoformat(change.at)).before if later else pull.base


def without(pull: Pull, reviews: Collection[Review]) -> Pull:
    """The pull request as if these approvals were dismissed: they count for nothing, and still take back what their author said before."""
    kept = tuple(replace(review, state=ReviewState.DISMISSED) if review in reviews else review for review in pull.reviews)
    return replace(pull, reviews=kept)


def _repointed(facts: Facts, claim: Claim, astray: dict[Review, str], commits: int | None) -> Judgement:
    review, base = max(astray.items(), key=lambda item: datetime.fromisoformat(item[0].submitted_at))
    pull = claim.pull
    why = (
        f"{review.reviewer.login} approved pull request {pull.number} while it was to be merged into {base}, "
        f"and it was pointed at {pull.base} after that"
    )
    return weigh_pull(facts, replace(claim, pull=without(pull, astray)), commits).blocked("other-branch", why)
