"""The verdict on a commit by the reviews of itself, without a pull request: the trailers of signed commits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from lastcall.model import Approval, Commit, Need, Verdict
from lastcall.review import wording
from lastcall.review.demands import Owned, able, owned, touched
from lastcall.review.facts import Facts, Judgement, blocked, names_of, short, unknown
from lastcall.review.people import Opinion, Quorum, opinions_in
from lastcall.review.writers import writers_alone

CARRIED_BY = "signature"
AGAIN = "revert it and make it again, each in a commit signed by an allowed key that names its reviewer (Reviewed-by)"
"""What mends a commit where reviews are trailers: what is signed cannot be added to."""


@dataclass(frozen=True)
class WeighedCommit:
    """The reviews of one commit, held against who wrote it and who owns what it touches."""

    facts: Facts
    commit: Commit
    quorum: Quorum
    opinions: tuple[Opinion, ...]

    @cached_property
    def valid(self) -> list[Opinion]:
        return [opinion for opinion in self.opinions if not opinion.refused and not opinion.uncertain]

    @cached_property
    def owned(self) -> Owned:
        return owned(self.facts, touched(self.facts, [self.commit], None), self.valid, self.quorum.writers)

    @property
    def need(self) -> Need:
        """All of it once more: what is signed cannot be added to."""
        writers = self.quorum.writers
        paths = touched(self.facts, [self.commit], None)
        owners = tuple(able(each, writers) for each in owned(self.facts, paths, [], writers).wanting)
        not_by = (*(account.login for account in writers.accounts.values()), *writers.unmapped)
        return Need(self.quorum.lacking([]), not_by=not_by, owners=owners)

    @property
    def approvals(self) -> tuple[Approval, ...]:
        return tuple(Approval(each.reviewer.login, self.commit.sha, each.review.submitted_at, CARRIED_BY) for each in self.valid)


def weigh_commit(facts: Facts, commit: Commit) -> WeighedCommit | None:
    """The reviews of a commit itself; None where it has none.  One of another commit is none of this."""
    known = facts.known.get(commit.sha)
    reviews = [review for review in known.reviews if review.commit in (commit.sha, None)] if known else []
    if known is None or not reviews:
        return None
    quorum = Quorum(facts.policy.approvals, writers_alone(facts, known))
    return WeighedCommit(facts, commit, quorum, tuple(opinions_in(reviews, facts.policy)))


def approved_alone(facts: Facts, commit: Commit) -> Judgement | None:
    """The verdict on a commit by its own reviews; None where it has none."""
    weighed = weigh_commit(facts, commit)
    if weighed is None:
        return None
    if not weighed.quorum.met(weighed.valid):
        return replace(_not_enough(weighed), needs=weighed.need)
    who = names_of(opinion.reviewer for opinion in weighed.valid)
    if not weighed.quorum.proved(weighed.valid):
        strangers = " and ".join(weighed.quorum.writers.unmapped)
        detail = f"{short(commit.sha)} holds work of {strangers}, who is not known, and {who} may be the same person; {_anew(weighed)}"
        return replace(unknown("unmapped-identity", detail), needs=weighed.need)
    if weighed.owned.wanting:
        return replace(_no_owner(weighed, who), approvals=weighed.approvals, needs=weighed.need)
    return Judgement(Verdict.APPROVED, "approved", f"{short(commit.sha)} is signed, and was reviewed by {who}", weighed.approvals)


def _not_enough(weighed: WeighedCommit) -> Judgement:
    this, quorum = short(weighed.commit.sha), weighed.quorum
    uncertain = next((opinion for opinion in weighed.opinions if opinion.uncertain), None)
    if uncertain:
        why = f"{this} was reviewed by {uncertain.reviewer.login}, whose word is not proved"
        return unknown(uncertain.uncertain, f"{why}; {_anew(weighed)}")
    wrote = [opinion.reviewer for opinion in weighed.valid if quorum.wrote(opinion)]
    if wrote:
        return blocked("self-approval", f"{this} was reviewed by {names_of(wrote)}, who wrote part of it; {_anew(weighed)}")
    if weighed.valid:
        had = f"{this} has {len(weighed.valid)} of {quorum.needed} approvals ({names_of(each.reviewer for each in weighed.valid)})"
        return blocked("too-few-approvals", f"{had}; {_anew(weighed)}")
    refused = next((opinion for opinion in weighed.opinions if opinion.refused), None)
    if refused:
        return blocked(refused.refused, f"the review of {this} by {refused.reviewer.login} does not count; {_anew(weighed)}")
    return blocked("no-approval", f"nobody approved {this}; {_anew(weighed)}")


def _no_owner(weighed: WeighedCommit, who: str) -> Judgement:
    this, wanting = f"{short(weighed.commit.sha)} was reviewed by {who}", weighed.owned
    if wanting.missing or wanting.unproved:
        paths = wording.paths_in_words([path for each in (*wanting.missing, *wanting.unproved) for path in each.paths])
        return blocked("no-owner-approval", f"{this}, but by no owner of {paths}; {_anew(weighed)}")
    owners = wording.owners_in_words(wanting.untold).removeprefix("by ")
    return unknown("unknown-owners", f"{this}, but whether that is {owners}, is not known: {wanting.why}; {_anew(weighed)}")


def _anew(weighed: WeighedCommit) -> str:
    many, owners = weighed.need.approvals, wording.owners_in_words(weighed.need.owners)
    people = "somebody" if many == 1 else f"{many} people"
    also = f", and reviewed {owners}" if owners else ""
    return f"{AGAIN}: {people} who did not write it{also}, or have two people waive it"
