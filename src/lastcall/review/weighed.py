"""The approvals of a pull request, held against who wrote it, what landed and who owns that; and what is still needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from lastcall.model import (
    AccountKind,
    Approval,
    Commit,
    Need,
    OwnersNeeded,
    PullCommit,
)
from lastcall.review import wording
from lastcall.review.carried import Carry, carry
from lastcall.review.demands import Owned, able, owned, touched
from lastcall.review.facts import MERGE_PARENTS, Facts, Judgement, blocked, unknown
from lastcall.review.landed import Claim
from lastcall.review.people import Opinion, Quorum, opinions_of
from lastcall.review.writers import Writers, writers_of


@dataclass(frozen=True)
class Weighed:
    """The approvals of a pull request, held against who wrote it, what landed and who owns that."""

    facts: Facts
    claim: Claim
    commits: tuple[Commit, ...]
    quorum: Quorum
    opinions: tuple[Opinion, ...]

    @cached_property
    def valid(self) -> list[Opinion]:
        """The approvals that count, whatever they were given for."""
        return [opinion for opinion in self.opinions if not opinion.refused and not opinion.uncertain]

    @cached_property
    def carries(self) -> list[tuple[Opinion, Carry]]:
        return [(opinion, self._carry(opinion.review.commit or "")) for opinion in self.valid]

    def _carry(self, approved: str) -> Carry:
        """What came after an approval may be nothing but merges that the forge made: without these commits that cannot be told."""
        how = carry(self.facts, self.claim, approved)
        return Carry(missing=approved) if how == Carry() and _may_be_updates(self.facts, self.claim, approved) else how

    def forbidden(self, approved: str) -> str:
        """The policy's ``carry``, where that alone keeps an approval from following to what landed."""
        most = replace(self.facts, policy=replace(self.facts.policy, carry="replay"))
        at_most = self.facts.policy.carry
        return at_most if at_most != "replay" and carry(most, self.claim, approved).how else ""

    @cached_property
    def carried(self) -> list[Opinion]:
        """The approvals that cover what landed."""
        return [opinion for opinion, how in self.carries if how.how]

    @cached_property
    def approvals(self) -> tuple[Approval, ...]:
        return tuple(
            Approval(opinion.reviewer.login, opinion.review.commit or "", opinion.review.submitted_at, how.how)
            for opinion, how in self.carries
            if how.how
        )

    @property
    def late(self) -> bool:
        """Whether another approval would come too late: it was merged."""
        return self.claim.pull.state != "open" and not self.facts.policy.allow_post_merge

    @cached_property
    def people(self) -> int:
        """How many people must still approve; all of them once more, where that must be in a new pull request."""
        return self.quorum.lacking([] if self.late else self.carried)

    def owned(self, approvers: Sequence[Opinion], writers: Writers | None = None) -> Owned:
        """Whose approval as owners is wanting, besides those of ``approvers``; where just ``writers`` wrote it."""
        paths = touched(self.facts, self.commits, self.claim)
        return owned(self.facts, paths, approvers, writers or self.quorum.writers)

    @cached_property
    def need(self) -> Need:
        had, writers = [] if self.late else self.carried, self.quorum.writers
        owners = tuple(able(each, writers) for each in self.owned(had).wanting)
        wrote = [account.login for account in writers.accounts.values()] + writers.unmapped
        not_by = tuple(dict.fromkeys([*wrote, *(opinion.reviewer.login for opinion in had)]))
        at = "" if self.late else self.claim.pull.head
        return Need(max(self.people, _apart(owners)), at, not_by, owners)

    def ask(self, subject: str = "it") -> str:
        return wording.ask(self.need, self.people, subject)

    def blocked(self, reason: str, why: str, after: str = "") -> Judgement:
        """Blocked for what more approvals would mend, or would have mended before the merge."""
        return replace(blocked(reason, f"{why}; {self.ask()}{after}", self._told), needs=self.need)

    def unknown(self, reason: str, detail: str) -> Judgement:
        return replace(unknown(reason, detail), approvals=self._told, needs=self.need)

    @property
    def _told(self) -> tuple[Approval, ...]:
        """What already counts; where too few approved, what they approved was not compared."""
        return self.approvals if self.quorum.met(self.valid) else ()


def _apart(owners: Sequence[OwnersNeeded]) -> int:
    """How many people it takes at least: groups of owners that have nobody in common."""
    taken: set[str] = set()
    found = 0
    for each in owners:
        if taken.isdisjoint(each.owners):
            taken |= set(each.owners)
            found += 1
    return found


def _may_be_updates(facts: Facts, claim: Claim, approved: str) -> bool:
    """Whether all that came after an approval, which is not in the clone, may be merges: made on the forge, or here to be seen."""
    listed = [commit.sha for commit in claim.pull.commits]
    if claim.partial or facts.policy.carry == "none" or approved not in listed or facts.history.has(approved):
        return False
    after = claim.pull.commits[listed.index(approved) + 1 :]
    return bool(after) and all(_may_be_update(facts, commit) for commit in after)


def _may_be_update(facts: Facts, commit: PullCommit) -> bool:
    known = facts.commit(commit.sha)
    if known is not None:
        return len(known.parents) == MERGE_PARENTS
    committer = commit.committer
    on_forge = committer is not None and committer.kind is AccountKind.BOT and not committer.login.endswith("[bot]")
    return commit.signed_by_forge and on_forge


def weigh_pull(facts: Facts, claim: Claim, commits: int | None = None) -> Weighed:
    """``commits`` are the bits of those of its commits that it is judged by, where others brought the rest; all of them, for None."""
    own = facts.late.of(claim.commits if commits is None else commits)
    quorum = Quorum(facts.policy.approvals, writers_of(facts, claim))
    return Weighed(facts, claim, own, quorum, tuple(opinions_of(claim.pull, facts.policy)))
