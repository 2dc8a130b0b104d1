"""Who approved a change, whose word counts, and whether these are enough and somebody else than its writers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from lastcall.model import (
    Account,
    AccountKind,
    Pull,
    Review,
    ReviewPolicy,
    ReviewState,
)
from lastcall.review.writers import Writers, plain


def person(account: Account) -> object:
    """What people are told apart by: logins are renamed and given away, numeric ids are not."""
    return account.id if account.id is not None else account.login


@dataclass(frozen=True)
class Opinion:
    """What one person last said.  ``refused``: why an approval of theirs does not count; ``uncertain``: why that cannot be told."""

    reviewer: Account
    review: Review
    refused: str = ""
    uncertain: str = ""

    @property
    def by_bot(self) -> bool:
        return self.reviewer.kind is AccountKind.BOT


def moment(text: str | None) -> datetime | None:
    """A time that the forge told, which has its zone; None where it told none."""
    if not text:
        return None
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


_WORST_LAST = (ReviewState.APPROVED, ReviewState.DISMISSED, ReviewState.CHANGES_REQUESTED)
"""Of two reviews of one second nobody knows which came last."""


def _by_person(reviews: Sequence[Review]) -> list[list[Review]]:
    """The opinions of each person, oldest first.  A comment is none.  People are told apart by their numeric id, and ghosts not at all."""
    people: dict[object, list[Review]] = {}
    for place, review in enumerate(reviews):
        who = review.reviewer
        if review.state is not ReviewState.COMMENTED:
            people.setdefault(("nobody", place) if who.kind is AccountKind.GHOST else person(who), []).append(review)
    oldest = datetime.min.replace(tzinfo=UTC)
    return [
        sorted(said, key=lambda review: (moment(review.submitted_at) or oldest, _WORST_LAST.index(review.state)))
        for said in people.values()
    ]


def objections_to(pull: Pull) -> list[Account]:
    """Who asked for changes last of all, also after the merge, and can write (or may be able to)."""
    last = [reviews[-1] for reviews in _by_person(pull.reviews)]
    return [review.reviewer for review in last if review.state is ReviewState.CHANGES_REQUESTED and review.can_write is not False]


def opinions_of(pull: Pull, policy: ReviewPolicy) -> Iterator[Opinion]:
    """Each person's last word, before the merge unless the policy allows later ones."""
    return opinions_in(pull.reviews, policy, None if policy.allow_post_merge else moment(pull.merged_at))


def opinions_in(reviews: Sequence[Review], policy: ReviewPolicy, until: datetime | None = None) -> Iterator[Opinion]:
    """Each person's last word; an approval after ``until`` is none.

    A dismissal is not undone by an older approval, and neither is a request for changes.
    """
    for said in _by_person(reviews):
        late = [each for each in said if until and each.state is ReviewState.APPROVED and (moment(each.submitted_at) or until) > until]
        last = next((each for each in reversed(said) if each not in late), None)
        if last is not None and last.state is ReviewState.APPROVED:
            yield weigh(last, policy)
        elif late:
            yield Opinion(late[-1].reviewer, late[-1], refused="late-approval")
        elif last is not None and last.state is ReviewState.DISMISSED:
            yield Opinion(last.reviewer, last, refused="dismissed-approval")


def weigh(review: Review, policy: ReviewPolicy) -> Opinion:
    """An approval, with what speaks against its reviewer.  A bot that the policy lists may approve, whatever else it may do."""
    who = review.reviewer
    if who.kind is AccountKind.BOT and plain(who.login) in {plain(login) for login in policy.approving_bots}:
        return Opinion(who, review, uncertain="" if review.commit else "unknown-reviews")
    if who.kind in {AccountKind.BOT, AccountKind.MANNEQUIN}:
        return Opinion(who, review, refused="bot-approval")
    if review.can_write is False and who.kind is not AccountKind.GHOST:
        return Opinion(who, review, refused="no-write-access")
    if who.kind is AccountKind.GHOST or who.id is None:
        return Opinion(who, review, uncertain="deleted-account")
    if review.commit is None or review.can_write is None:
        return Opinion(who, review, uncertain="unknown-reviews")
    return Opinion(who, review)


@dataclass(frozen=True)
class Quorum:
    """How many approvals a change needs: so many in all, and for each who wrote it so many from somebody else."""

    needed: int
    writers: Writers

    def met(self, approvers: Iterable[Opinion]) -> bool:
        """As if everybody without an account were not among the approvers."""
        return self.counted(approvers) >= self.needed

    def proved(self, approvers: Sequence[Opinion]) -> bool:
        """Met even where the writer without an account is one of the approvers: then one more is needed than that."""
        return self.lacking(approvers) == 0

    def lacking(self, approvers: Sequence[Opinion]) -> int:
        """How many approvals are still needed, by people who wrote nothing of it and have not approved yet."""
        people = self._people(approvers)
        lacking = max(self.needed - self._fewest(people), 0)
        stranger = self.writers.unmapped and (lacking or not all(opinion.by_bot for opinion in approvers))
        return max(lacking, self.needed + 1 - len(people)) if stranger else lacking

    def counted(self, approvers: Iterable[Opinion]) -> int:
        """How many approvals there are for the writer who has the fewest."""
        return self._fewest(self._people(approvers))

    def wrote(self, opinion: Opinion) -> bool:
        """Whether an approver is known to have written part of it."""
        return opinion.reviewer.id in self.writers.accounts or self._own_bot(opinion)

    def _fewest(self, people: set[object]) -> int:
        """The approvals that are left for the writer who gave one."""
        return min([len(people), *(len(people - {writer}) for writer in self.writers.accounts)])

    def _people(self, approvers: Iterable[Opinion]) -> set[object]:
        return {person(opinion.reviewer) for opinion in approvers if not self._own_bot(opinion)}

    def _own_bot(self, opinion: Opinion) -> bool:
        return opinion.by_bot and plain(opinion.reviewer.login) in self.writers.bots
