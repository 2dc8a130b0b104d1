"""Late commits that were reviewed elsewhere before: what they were picked from, and the proof that they still are that.

A trailer, an author's date or the same words only find the original; that git's own cherry-pick of it gives the same tree is the proof.
The original then counts for as much as its own pull request does, judged where that was merged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from lastcall.model import (
    Commit,
    CommitEvidence,
    Evidence,
    History,
    LastcallError,
    Need,
    Pull,
    PullCommit,
    Review,
    ReviewPolicy,
    ReviewState,
    Verdict,
)
from lastcall.review.facts import MERGE_PARENTS, Facts, Judgement, blocked, found, lacking, matches, short, unknown
from lastcall.review.hints import own_words, picked_from
from lastcall.review.landed import Claim, landing_claim, own_claim
from lastcall.review.people import objections_to
from lastcall.review.pulls import judge_pull, without
from lastcall.review.wording import mend

_ALIKE_AT_MOST = 4
"""Originals that only look alike: each is asked of the forge and picked again."""

_KEPT = {"changes-requested", "stale-approval", "altered-merge", "altered-squash", "altered-rebase", "other-head"}
"""Reasons that say more than that a commit is not what it says it was picked from."""

_UNTOLD = {"unknown-reviews", "unknown-branch", "octopus-merge"}
"""Unknown verdicts on a pull request that no original can mend: somebody may ask for changes to it."""


# ---------------------------------------------------------------------------------------------------------------- candidates


def origins(commits: Sequence[Commit], history: History, policy: ReviewPolicy) -> Mapping[str, tuple[str, ...]]:
    """The commits of this clone that each late one may have been picked from, best first: what it names, then what looks alike.

    What looks alike is searched for in the branches that the policy's ``accept-picks-from`` matches.
    """
    alike = _Alike(commits, history, policy)
    asked = [commit for commit in commits if len(commit.parents) == 1]
    candidates = {commit.sha: (*reversed(_named(commit, partial(found, history))), *alike.to(commit)) for commit in asked}
    return {sha: tuple(dict.fromkeys(shas)) for sha, shas in candidates.items() if shas}


def _named(commit: Commit, find: Callable[[str], Commit | None]) -> list[str]:
    """The commits that a message names and that are in the clone, by full id."""
    originals = [find(name) for name in picked_from(commit.message)]
    return [original.sha for original in originals if original and original.sha != commit.sha]


class _Alike:
    """The commits of other branches by author and date, and by words; a pick keeps all three unless somebody changes them."""

    def __init__(self, commits: Sequence[Commit], history: History, policy: ReviewPolicy) -> None:
        self.by_author: dict[object, list[str]] = {}
        self.by_words: dict[str, list[str]] = {}
        if not commits or not policy.accept_picks_from:
            return
        tips = {tip for branch, tip in history.branches().items() if matches(branch, policy.accept_picks_from)}
        for commit in dict.fromkeys(commit for tip in sorted(tips) for commit in self._beyond(history, commits[-1].sha, tip)):
            self.by_author.setdefault((commit.author, commit.authored), []).append(commit.sha)
            self.by_words.setdefault(own_words(commit), []).append(commit.sha)

    def to(self, commit: Commit) -> tuple[str, ...]:
        by_author = self.by_author.get((commit.author, commit.authored), []) if commit.authored else []
        words = own_words(commit)
        return tuple(dict.fromkeys((*by_author, *(self.by_words.get(words, []) if words else ()))))[:_ALIKE_AT_MOST]

    @staticmethod
    def _beyond(history: History, head: str, tip: str) -> tuple[Commit, ...]:
        """What a branch has and the release has not; nothing where the clone is too shallow to tell."""
        try:
            return history.commits(head, tip)
        except LastcallError:
            return ()


# ---------------------------------------------------------------------------------------------------------------- verdicts


@dataclass(frozen=True)
class _Source:
    """Originals that together give a late commit, and what is known of the review of each."""

    originals: tuple[Commit, ...]
    judgements: tuple[Judgement, ...]

    @property
    def verdict(self) -> Verdict:
        verdicts = {judgement.verdict for judgement in self.judgements}
        return next(verdict for verdict in (Verdict.BLOCKED, Verdict.UNKNOWN, Verdict.APPROVED) if verdict in verdicts)


@dataclass
class Picks:
    """The verdicts on late commits as picks of others; originals are judged once."""

    facts: Facts
    _judged: dict[str, Judgement] = field(default_factory=dict)

    def weigh_commit(self, commit: Commit, judgement: Judgement) -> Judgement:
        """The verdict on a commit of its own, where what it was picked from has a say; ``judgement`` is the one without."""
        if judgement.verdict is not Verdict.BLOCKED or len(commit.parents) != 1:
            return judgement
        known = self.facts.known.get(commit.sha, CommitEvidence(commit.sha))
        pulls = [pull for number in known.pulls if (pull := self.facts.pulls.get(number))]
        if any(objections_to(pull) for pull in pulls if pull.state != "closed"):
            return judgement
        return self._weigh((commit,), short(commit.sha), judgement)

    def weigh_pull(self, claim: Claim, judgement: Judgement) -> Judgement:
        """The verdict on a pull request that was not approved: whether all that it landed as are picks of what was."""
        if judgement.verdict is Verdict.APPROVED or judgement.reason in _UNTOLD or objections_to(claim.pull):
            return judgement
        commits = self.facts.late.of(claim.commits)
        if not all(len(commit.parents) == 1 or self.facts.mechanical(commit) for commit in commits):
            return judgement
        return self._weigh(tuple(commit for commit in commits if len(commit.parents) == 1), claim.name, judgement)

    def _weigh(self, commits: tuple[Commit, ...], what: str, judgement: Judgement) -> Judgement:
        sources = [self._best(commit) for commit in commits]
        proved = [source for source in sources if source]
        if not commits or len(proved) < len(commits):
            return self._not_proved(commits, sources, judgement)
        originals = [original for source in proved for original in source.originals]
        picks = f"is a clean pick of {' and '.join(short(each.sha) for each in dict.fromkeys(originals))}"
        if not self.facts.policy.accept_picks_from:
            hint = "accept-picks-from, with the branch where that was reviewed, accepts such picks from the next freeze on"
            return replace(judgement, detail=f"{judgement.detail} ({what} {picks}: {hint})")
        told = [each for source in proved for each in source.judgements]
        verdicts = {source.verdict for source in proved}
        if verdicts == {Verdict.APPROVED}:
            reviewed = "; ".join(dict.fromkeys(each.detail for each in told))
            approvals = dict.fromkeys(approval for each in told for approval in each.approvals)
            return Judgement(Verdict.APPROVED, "clean-pick", f"{what} {picks}: {reviewed}", tuple(approvals))
        worst = next(each for each in told if each.verdict is (Verdict.BLOCKED if Verdict.BLOCKED in verdicts else Verdict.UNKNOWN))
        if worst.verdict is Verdict.UNKNOWN:
            return unknown(worst.reason, f"{what} {picks}, and {worst.detail}")
        return replace(judgement, detail=f"{judgement.detail} ({what} {picks}, but {worst.detail})")

    def _not_proved(self, commits: tuple[Commit, ...], sources: Sequence[_Source | None], judgement: Judgement) -> Judgement:
        """At least one commit is no pick of anything here; the worst of it is one that says it is, and is something else."""
        for commit, source in zip(commits, sources, strict=True):
            named = _named(commit, self.facts.commit)
            if source is None and named and judgement.verdict is Verdict.BLOCKED and judgement.reason not in _KEPT:
                return replace(judgement, reason="altered-cherry-pick", detail=self._altered(commit, named[-1], judgement.needs))
        if len(commits) != 1 or sources[0] or judgement.verdict is not Verdict.BLOCKED:
            return judgement
        absent = next((name for name in reversed(picked_from(commits[0].message)) if self.facts.commit(name) is None), None)
        if absent is None:
            return judgement
        fetch = f"git fetch origin {absent}" if len(absent) >= len(commits[0].sha) else "git fetch origin"
        said = f"it says that it was picked from {short(absent)}, which is not in this clone: {fetch}, and check again"
        return replace(judgement, detail=f"{judgement.detail} ({said})")

    def _altered(self, commit: Commit, original: str, need: Need | None) -> str:
        this = short(commit.sha)
        return (
            f"{this} says that it was picked from {short(original)}, but is not what git makes of that here "
            f"('git range-diff {short(original)}^! {this}^!' shows the difference); {mend(need)}"
        )

    # ---------------------------------------------------------------------------------------------------------- originals

    def _best(self, commit: Commit) -> _Source | None:
        """What a commit is proved to be picked from: the best reviewed of it."""
        order = (Verdict.APPROVED, Verdict.UNKNOWN, Verdict.BLOCKED)
        best: _Source | None = None
        for originals in self._proved(commit):
            source = _Source(originals, tuple(self._judge(original) for original in originals))
            if best is None or order.index(source.verdict) < order.index(best.verdict):
                best = source
            if source.verdict is Verdict.APPROVED:
                break
        return best

    def _proved(self, commit: Commit) -> Iterable[tuple[Commit, ...]]:
        """Each candidate that gives the commit when it is picked again; at last all that the message names, one after another."""
        named = _named(commit, self.facts.commit)
        candidates = dict.fromkeys((*reversed(named), *self.facts.asked.origins.get(commit.sha, ())))
        lines = [(sha,) for sha in candidates] + ([tuple(named)] if len(named) > 1 else [])
        for line in lines:
            originals = tuple(original for sha in line if (original := self.facts.commit(sha)))
            whole = len(originals) == len(line) and all(original.parents for original in originals)
            if whole and self.facts.replayed([original.sha for original in originals], commit.parents[0]) == commit.tree:
                yield originals

    def _judge(self, original: Commit) -> Judgement:
        if not self.facts.policy.accept_picks_from:
            return blocked("other-branch", "")
        if original.sha not in self._judged:
            self._judged[original.sha] = _Reviewed(self.facts, original).judgement()
        return self._judged[original.sha]


# ---------------------------------------------------------------------------------------------------------------- originals


@dataclass(frozen=True)
class _Reviewed:
    """One original, and the pull requests that brought it to branches that picks are accepted from."""

    facts: Facts
    original: Commit

    def judgement(self) -> Judgement:
        """Approved with the approvals of the one pull request that covers it; else why not, as a clause."""
        this, facts = short(self.original.sha), self.facts
        silence = facts.unread_commit(self.original.sha)
        numbers = facts.known[self.original.sha].pulls if silence is None else ()
        for number in numbers:
            untold = None if number in facts.pulls else f"pull request {number} was never asked for"
            silence = silence or facts.unread(f"pull:{number}") or untold
        if silence:
            return unknown("unknown-reviews", f"who reviewed {this} is not known: {silence}")
        pulls = [facts.pulls[number] for number in numbers]
        judged = [self._by(pull) for pull in pulls if self._counts(pull)]
        if not judged:
            return blocked("other-branch", self._nowhere(pulls))
        return next((each for verdict in (Verdict.APPROVED, Verdict.UNKNOWN) for each in judged if each.verdict is verdict), judged[0])

    def _counts(self, pull: Pull) -> bool:
        facts = self.facts
        return facts.ours(pull) and pull.state == "merged" and matches(pull.base, facts.policy.accept_picks_from)

    def _nowhere(self, pulls: Sequence[Pull]) -> str:
        this, branches = short(self.original.sha), " or ".join(self.facts.policy.accept_picks_from)
        if not pulls:
            return f"{this} came into its own branch without a pull request"
        return f"pull request {pulls[0].number}, which holds {this}, was not merged into {branches}"

    def _by(self, pull: Pull) -> Judgement:
        """The verdict on a pull request where it was merged, as far as it speaks of the original; its detail is a clause."""
        try:
            commits = _landed(self.facts, pull)
            if not commits:
                fetch, merge = f"git fetch origin {pull.base}", short(pull.merge_commit or pull.head)
                absent = f"pull request {pull.number} landed as {merge}, which is not in this clone: {fetch}, and check again"
                return unknown("missing-object", absent)
            if any(map(self.facts.frozen, {self.original.sha, commits[-1].sha})):
                # What was taken out since is not picked back by its old approval.
                return blocked("other-branch", f"{short(self.original.sha)} was here before the freeze, and was taken out")
            judged = self._there(self.facts.elsewhere(commits, _known_by(self.facts.evidence, pull, commits), pull.base), pull)
        except LastcallError as error:
            return unknown("missing-object", f"what pull request {pull.number} landed as cannot be made again: {lacking(error)}")
        detail = judged.detail if judged.verdict is Verdict.UNKNOWN else judged.detail.partition(";")[0]
        approvals = tuple(replace(approval, carried_by="pick") for approval in judged.approvals)
        return Judgement(judged.verdict, judged.reason, detail, approvals)

    def _there(self, there: Facts, pull: Pull) -> Judgement:
        claim = _claim(there, pull)
        covering = self._covering(there, claim) if claim else None
        if claim is None or covering is None:
            return blocked("partial-pull", f"pull request {pull.number} did not bring {short(self.original.sha)}")
        judged = judge_pull(there, claim)
        if judged.verdict is not Verdict.APPROVED or covering == pull:
            return judged
        judged = judge_pull(there, replace(claim, pull=covering))
        without_it = f"pull request {pull.number} was approved without {short(self.original.sha)}"
        return blocked("partial-pull", without_it) if judged.verdict is Verdict.BLOCKED else judged

    def _covering(self, there: Facts, claim: Claim) -> Pull | None:
        """The pull request with those of its approvals that cover the original; None where it is nothing of the pull request's.

        Its own commit, or a rebased one, is covered by approvals of what holds that: of the last head alone, it may look as if it had
        never been.
        """
        pull, sha = claim.pull, self.original.sha
        if claim.kind == "squash" and sha == claim.landing[-1].sha:
            return pull
        if claim.kind == "merge" and sha == claim.landing[-1].sha:
            return pull if self.original.parents[0] == claim.base else None
        listed = [commit.sha for commit in pull.commits]
        if claim.kind == "rebase" and sha in {commit.sha for commit in claim.landing}:
            if not there.history.has(pull.head):
                return pull  # which makes its verdict unknown
            before = self.original.parents[0]
            listed = [each for each in listed if there.commit(each) and there.replayed([each], before) == self.original.tree]
            return _seen(there, pull, listed[-1]) if listed else None
        return _seen(there, pull, sha) if sha in listed else None


def _seen(there: Facts, pull: Pull, sha: str) -> Pull:
    """The pull request without approvals of what did not hold one of its commits yet, or no longer."""

    def blind(review: Review) -> bool:
        approved = review.commit or ""
        return review.state is ReviewState.APPROVED and approved != pull.head and not there.holds(approved, sha)

    return without(pull, [review for review in pull.reviews if blind(review)])


def _claim(there: Facts, pull: Pull) -> Claim | None:
    """What the pull request landed as, in its own branch."""
    landed = there.late.by_sha.get(pull.merge_commit or "")
    return own_claim(there, pull) if landed is None or landed.sha == pull.head else landing_claim(there, pull, landed)


def _landed(facts: Facts, pull: Pull) -> tuple[Commit, ...]:
    """The commits that a pull request put on its branch, parents before children; none where the clone does not have them."""
    history, merge = facts.history, facts.commit(pull.merge_commit or pull.head)
    if merge is None:
        return ()
    listed = [commit for each in pull.commits if (commit := facts.commit(each.sha))]
    if merge.sha == pull.head:
        return (*(commit for commit in listed if commit.sha != merge.sha), merge)
    if len(merge.parents) >= MERGE_PARENTS:
        return history.commits(merge.parents[1] if merge.parents[0] == pull.head else merge.parents[0], merge.sha)
    line = [merge]
    while len(line) < max(len(pull.commits), 1) and len(line[-1].parents) == 1:
        before = facts.commit(line[-1].parents[0])
        if before is None or len(before.parents) != 1:
            break
        line.append(before)
    return tuple(reversed(line))


def _known_by(evidence: Evidence, pull: Pull, commits: Iterable[Commit]) -> Evidence:
    """The evidence, with what the pull request's own list tells of commits that were not asked for one by one.

    Of what its merge made nothing needs to be told: whoever wrote something of that wrote it into what is listed.
    """
    asked = {commit.sha for commit in evidence.commits}
    listed = {commit.sha: commit for commit in pull.commits}
    rebased = all(len(commit.parents) == 1 for commit in commits)
    made = {commit.sha for commit in commits if commit.sha == pull.merge_commit or rebased}
    more = [_told(listed.get(sha), sha, pull) for commit in commits if (sha := commit.sha) not in asked and (sha in listed or sha in made)]
    return replace(evidence, commits=(*evidence.commits, *more))


def _told(listed: PullCommit | None, sha: str, pull: Pull) -> CommitEvidence:
    if listed is None:
        return CommitEvidence(sha)
    return CommitEvidence(sha, (pull.number,), listed.author, listed.committer, listed.co_authors, listed.verified, listed.signed_by_forge)
