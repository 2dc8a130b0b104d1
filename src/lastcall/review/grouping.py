"""Gives each late commit to one change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lastcall.model import (
    Change,
    Commit,
    LastcallError,
    Pull,
    Verdict,
)
from lastcall.review.alone import alone
from lastcall.review.facts import MERGE_PARENTS, Facts, Judgement, lacking, short, unknown
from lastcall.review.landed import Claim, claim_of
from lastcall.review.picks import Picks
from lastcall.review.pulls import judge_pull, settle


class Assignment:
    """Gives each commit to one change.

    A commit may be part of several pull requests: one that is approved suffices, and approvals are never mixed.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.picks = Picks(facts)
        claims = [claim for number in sorted(facts.pulls) if (claim := self._claim_of(facts.pulls[number]))]
        self.claims = [(claim, self._judge(claim)) for claim in self._watched(claims)]
        self.owners: dict[int, int] = {}
        for place, (claim, _) in sorted(enumerate(self.claims), key=lambda each: self._rank(*each[1]), reverse=True):
            for commit in facts.late.of(claim.commits):
                self._offer(commit, place)

    def _watched(self, claims: Sequence[Claim]) -> Iterator[Claim]:
        """The claims one after the other, with a word on each: git makes merges again for them, which takes its time."""
        for number, claim in enumerate(claims):
            self.facts.asked.progress("pull requests judged", number, len(claims))
            yield claim
        if claims:
            self.facts.asked.progress("pull requests judged", len(claims), len(claims))

    def _claim_of(self, pull: Pull) -> Claim | None:
        """None also where the clone lacks what it takes to tell, which makes what the forge says it holds unknown."""
        try:
            return claim_of(self.facts, pull)
        except LastcallError as error:
            self.facts.silent.setdefault(f"pull:{pull.number}", lacking(error))
            return None

    def _judge(self, claim: Claim) -> Judgement:
        try:
            return self.picks.weigh_pull(claim, judge_pull(self.facts, claim))
        except LastcallError as error:
            return unknown("missing-object", f"{claim.name} cannot be compared with what landed: {lacking(error)}")

    def _judge_alone(self, commit: Commit) -> Judgement:
        try:
            return self.picks.weigh_commit(commit, alone(self.facts, commit))
        except LastcallError as error:
            return unknown("missing-object", f"{short(commit.sha)} cannot be made again to compare: {lacking(error)}")

    def _rank(self, claim: Claim, judgement: Judgement) -> tuple[bool, bool, int, int]:
        """Best first: approved, for this branch, the smallest."""
        return judgement.verdict is not Verdict.APPROVED, not self.facts.accepted(claim.pull), claim.commits.bit_count(), claim.pull.number

    def _offer(self, commit: Commit, place: int) -> None:
        """Offers come worst first, so the last one holds; but among the not approved the one whose merge made the commit keeps it."""
        bit = self.facts.late.bit[commit.sha]
        held = self.owners.get(bit)
        if held is not None and self._made(held, commit) and not self._made(place, commit):
            approved = self.claims[place][1].verdict is Verdict.APPROVED and self.claims[held][1].verdict is not Verdict.APPROVED
            if not approved:
                return
        self.owners[bit] = place

    def _made(self, place: int, commit: Commit) -> bool:
        return commit in self.claims[place][0].landing

    def changes(self) -> list[tuple[Change, Claim | None]]:
        """The changes, each with the claim it comes from, in the order of their first commits."""
        together: dict[int, int] = {}
        for bit, place in self.owners.items():
            together[place] = together.get(place, 0) | bit
        found: dict[int, tuple[Change, Claim | None]] = {}
        for place, bits in together.items():
            claim, judgement = self.claims[place]
            commits = self.facts.late.of(bits)
            if not self._leftover(claim, judgement, commits):
                found[bits & -bits] = self._pulled(claim, judgement, commits), claim
        covered = {commit.sha for change, _ in found.values() for commit in change.commits}
        singles = {
            self.facts.late.bit[sha]: (self._single(commit), None) for sha, commit in self.facts.late.by_sha.items() if sha not in covered
        }
        return [each for _, each in sorted((found | singles).items(), key=lambda item: item[0])]

    def _leftover(self, claim: Claim, judgement: Judgement, commits: tuple[Commit, ...]) -> bool:
        """All that is left of a blocked pull request are merges, as others brought everything else: they are judged as any merge is."""
        others = claim.commits & ~self.facts.late.among(commit.sha for commit in commits)
        merges = all(len(commit.parents) >= MERGE_PARENTS for commit in commits)
        return judgement.verdict is Verdict.BLOCKED and judgement.reason != "changes-requested" and bool(others) and merges

    def _pulled(self, claim: Claim, judgement: Judgement, commits: tuple[Commit, ...]) -> Change:
        pull, judgement = claim.pull, settle(self.facts, claim, judgement, commits)
        people = [account.login for account in (pull.author, *(commit.author for commit in pull.commits)) if account]
        people += [commit.author_name for commit in pull.commits if not commit.author and commit.author_name]
        return _change(f"pull:{pull.number}", commits, pull.title, people, pull, judgement)

    def _single(self, commit: Commit) -> Change:
        known = self.facts.known.get(commit.sha)
        author = known.author.login if known and known.author else str(commit.author)
        pulls = [self.facts.pulls[number] for number in (known.pulls if known else ()) if number in self.facts.pulls]
        return _change(f"commit:{commit.sha}", (commit,), commit.subject, [author], next(iter(pulls), None), self._judge_alone(commit))


def _change(name: str, commits: tuple[Commit, ...], title: str, people: list[str], pull: Pull | None, judgement: Judgement) -> Change:
    return Change(
        id=name,
        commits=commits,
        title=title,
        authors=tuple(dict.fromkeys(people)),
        pull=pull,
        verdict=judgement.verdict,
        reason=judgement.reason,
        detail=judgement.detail,
        approvals=judgement.approvals,
        needs=judgement.needs,
    )
