"""Late commits, evidence and policy in; changes out, each with a verdict on its approval.

A change is the commits that landed together.  Its verdict is decided by content, never by dates: an approval counts for the tree that a
mechanical merge makes of the approved commit, and for nothing else.  The pure heart of the review half: git is asked through ``History``.

Every reason, what it means, and which rule speaks of it (an approved or exempt change is silent):

=====================  =========  ======================================================================  =====================
reason                 verdict    meaning                                                                 rule
=====================  =========  ======================================================================  =====================
approved               approved   enough independent people approved what landed                          —
mechanical-merge       approved   a merge commit that git makes the same way, of commits judged by        —
                                  themselves
exempt                 exempt     the policy exempts its paths or its authors                             —
stale-approval         blocked    the approval is for an older head, and what came after changed it       stale-approval
direct-push            blocked    no pull request brought it                                              unreviewed-change
no-approval            blocked    nobody approved the pull request                                        unreviewed-change
too-few-approvals      blocked    fewer people approved than the policy asks for                          unreviewed-change
self-approval          blocked    everybody who approved wrote part of it: nobody independent did         unreviewed-change
changes-requested      blocked    somebody who can write asked for changes and has not taken that back    unreviewed-change
dismissed-approval     blocked    the approval was dismissed                                              unreviewed-change
late-approval          blocked    approved only after it was merged                                       unreviewed-change
no-write-access        blocked    whoever approved cannot write to the repository                         unreviewed-change
bot-approval           blocked    approved by a bot or an imported placeholder account, by no person      unreviewed-change
altered-merge          blocked    the merge commit is not what git makes of its parents                   unreviewed-change
altered-squash         blocked    the squashed commit is not what was approved                            unreviewed-change
altered-rebase         blocked    the rebased commits are not what was approved                           unreviewed-change
unmerged-pull          blocked    its pull request is open or was closed: an approval of that is no       unreviewed-change
                                  approval to land
other-head             blocked    the pull request under judgement is at another commit on the forge      unreviewed-change
other-branch           blocked    the pull request was merged into another branch                         unreviewed-change
other-repository       blocked    the pull request belongs to another repository                          unreviewed-change
partial-pull           blocked    only a part of the pull request is here, or it landed as other commits  unreviewed-change
unknown-reviews        unknown    the forge did not say who reviewed it                                   unknown-reviews
missing-object         unknown    the approved commit is not in this clone, so it cannot be compared      unknown-reviews
unmapped-identity      unknown    whoever wrote part of it has no account: independence is not proved     unknown-reviews
deleted-account        unknown    the account that approved was deleted                                   unknown-reviews
octopus-merge          unknown    a merge of more than two parents cannot be made again                   unknown-reviews
unknown-branch         unknown    the branch under judgement has no name to compare with                  unknown-reviews
=====================  =========  ======================================================================  =====================
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from lastcall.model import (
    Account,
    AccountKind,
    Approval,
    Change,
    Commit,
    CommitEvidence,
    Evidence,
    Exemption,
    History,
    Pull,
    PullCommit,
    Review,
    ReviewPolicy,
    ReviewState,
    Verdict,
)

_MERGE_PARENTS = 2


def changes(
    commits: Sequence[Commit],
    evidence: Evidence,
    history: History,
    policy: ReviewPolicy,
    branch: str | None,
    pull: int | None,
    guards: Callable[[str], bool],
) -> tuple[Change, ...]:
    """The late ``commits`` (parents before children, the judged head last) as changes, in the order in which they came in.

    ``pull`` is the number of the pull request under judgement: it may still be open, and counts when its head is the judged head.
    ``guards`` says of a path whether it steers lastcall itself.  What evidence or clone do not have is a verdict, never an exception.

    What git is asked, besides a merge for each pull request: the paths of each late commit once, for guards and exemptions.
    """
    if not commits:
        return ()
    facts = _Facts(_Late(commits), evidence, history, policy, branch, pull)
    return tuple(_finish(facts, change, claim, guards) for change, claim in _Assignment(facts).changes())


# ------------------------------------------------------------------------------------------------------------------------- facts


class _Late:
    """The late commits and who reaches whom among them; sets of commits are the bits of an integer, which keeps thousands of them cheap."""

    def __init__(self, commits: Sequence[Commit]) -> None:
        self.commits = tuple(commits)
        self.by_sha = {commit.sha: commit for commit in commits}
        self.bit = {commit.sha: 1 << place for place, commit in enumerate(commits)}
        self._reach: dict[str, int] = {}
        for commit in commits:
            reach = self.bit[commit.sha]
            for parent in commit.parents:
                reach |= self._reach.get(parent, 0)
            self._reach[commit.sha] = reach

    @property
    def head(self) -> Commit:
        return self.commits[-1]

    def reach(self, sha: str) -> int:
        """The late commits reachable from ``sha``, itself included; nothing where it is not late."""
        return self._reach.get(sha, 0)

    def among(self, shas: Iterable[str]) -> int:
        found = 0
        for sha in shas:
            found |= self.bit.get(sha, 0)
        return found

    def of(self, bits: int) -> tuple[Commit, ...]:
        found = []
        while bits:
            lowest = bits & -bits
            found.append(self.commits[lowest.bit_length() - 1])
            bits ^= lowest
        return tuple(found)


@dataclass
class _Facts:
    """What everything below looks at, with git's answers kept: the same merge is asked for by several approvals."""

    late: _Late
    evidence: Evidence
    history: History
    policy: ReviewPolicy
    branch: str | None
    judged: int | None
    pulls: dict[int, Pull] = field(init=False)
    known: dict[str, CommitEvidence] = field(init=False)
    silent: dict[str, str] = field(init=False)
    _merges: dict[tuple[str, str], str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pulls = {pull.number: pull for pull in self.evidence.pulls}
        self.known = {commit.sha: commit for commit in self.evidence.commits}
        self.silent = {unread.subject: unread.reason for unread in reversed(self.evidence.unread)}

    def unread(self, *subjects: str) -> str | None:
        """Why the evidence on any of ``subjects`` (``commit:<sha>``, ``pull:<n>``) is missing; None where nothing is."""
        return next((self.silent[subject] for subject in ("", *subjects) if subject in self.silent), None)

    def unread_commit(self, sha: str) -> str | None:
        reason = self.unread(f"commit:{sha}")
        if reason is None and sha not in self.known:
            return "the evidence does not hold this commit: it was never asked for"
        return reason

    def merged_tree(self, ours: str, theirs: str) -> str | None:
        if (ours, theirs) not in self._merges:
            self._merges[ours, theirs] = self.history.merge_tree(ours, theirs)
        return self._merges[ours, theirs]

    def mechanical(self, commit: Commit) -> bool:
        """Whether git makes this merge of two the same way; False where it cannot be told."""
        return (
            len(commit.parents) == _MERGE_PARENTS
            and all(self.history.has(parent) for parent in commit.parents)
            and self.merged_tree(*commit.parents) == commit.tree
        )

    def tree(self, sha: str) -> str:
        commit = self.late.by_sha.get(sha) or self.history.commit(sha)
        return commit.tree

    def ours(self, pull: Pull) -> bool:
        """Whether the pull request belongs to the repository under judgement."""
        asked, has = self.evidence.repository, pull.base_repository
        return not asked or not has or asked.casefold() == has.casefold()

    def accepted(self, pull: Pull) -> bool:
        """Whether an approval for this pull request's base is an approval for the branch under judgement."""
        return pull.base in {self.branch, *self.policy.accept_base}


@dataclass(frozen=True)
class _Judgement:
    verdict: Verdict
    reason: str
    detail: str
    approvals: tuple[Approval, ...] = ()


def _blocked(reason: str, detail: str, approvals: tuple[Approval, ...] = ()) -> _Judgement:
    return _Judgement(Verdict.BLOCKED, reason, detail, approvals)


def _unknown(reason: str, detail: str) -> _Judgement:
    return _Judgement(Verdict.UNKNOWN, reason, detail)


# ------------------------------------------------------------------------------------------------------- what a pull request landed as


@dataclass(frozen=True)
class _Claim:
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


def _claim(facts: _Facts, pull: Pull) -> _Claim | None:
    """What a pull request of this repository put on the branch; None where it put nothing there."""
    if not facts.ours(pull):
        return None
    if pull.state != "merged":
        return _open_claim(facts, pull) if pull.number == facts.judged and pull.state == "open" else None
    landed = facts.late.by_sha.get(pull.merge_commit or "")
    if landed and landed.sha != pull.head:
        return _merge_claim(facts, pull, landed) if len(landed.parents) >= _MERGE_PARENTS else _line_claim(facts, pull, landed)
    if pull.base == facts.branch and landed is None and pull.merge_commit not in (None, pull.head):
        return None  # It landed on this branch before the freeze, and what was taken out since comes back without an approval.
    return _own_claim(facts, pull)


def _open_claim(facts: _Facts, pull: Pull) -> _Claim | None:
    """The pull request under judgement: its head is judged, or the merge or squash that the forge makes to try it out."""
    head = facts.late.head
    if head.sha == pull.head:
        return _own_claim(facts, pull)
    if len(head.parents) == _MERGE_PARENTS and pull.head in head.parents:
        return _merge_claim(facts, pull, head)
    if len(head.parents) == 1 and facts.history.has(pull.head) and facts.merged_tree(head.parents[0], pull.head) == head.tree:
        return _Claim(pull, "squash", facts.late.bit[head.sha], (head,), head.parents[0])
    return None


def _own_claim(facts: _Facts, pull: Pull) -> _Claim | None:
    """The pull request's own commits are the branch: fast-forwarded, merged somewhere else, or still to be merged."""
    own = facts.late.among([*(commit.sha for commit in pull.commits), pull.head])
    if not own:
        return None
    partial = pull.head not in facts.late.by_sha
    return _Claim(pull, "own", own, base=None if partial else _outside(facts, own), partial=partial)


def _outside(facts: _Facts, own: int) -> str | None:
    """The one parent outside of ``own`` that holds all the others: what the branch was before.

    With any weaker choice a merge that throws away what the branch had would compare equal with the pull request's side of it.
    """
    inside = {commit.sha for commit in facts.late.of(own)}
    parents = list(dict.fromkeys(parent for commit in facts.late.of(own) for parent in commit.parents if parent not in inside))
    if not all(facts.history.has(parent) for parent in parents):
        return None
    return next((each for each in parents if all(other == each or facts.history.is_ancestor(other, each) for other in parents)), None)


def _merge_claim(facts: _Facts, pull: Pull, landed: Commit) -> _Claim:
    first, second = landed.parents[:2]
    base = second if first == pull.head else first
    brought = facts.late.reach(landed.sha) & ~facts.late.reach(base)
    return _Claim(pull, "octopus" if len(landed.parents) > _MERGE_PARENTS else "merge", brought, (landed,), base)


def _line_claim(facts: _Facts, pull: Pull, landed: Commit) -> _Claim:
    """Squashed or rebased: how many commits belong to it is what the forge says of each; where it names but one, the trees tell."""
    listed = _line(facts, landed, lambda commit: pull.number in facts.known.get(commit.sha, CommitEvidence(commit.sha)).pulls)
    counted = _line(facts, landed, lambda _: True)
    found = listed
    if len(listed) == 1 and facts.history.has(pull.head):
        runs = [counted[-max(len(pull.commits), 1) :], listed]
        found = next((run for run in runs if run[0].parents and facts.merged_tree(run[0].parents[0], pull.head) == landed.tree), listed)
    commits = [commit.sha for commit in found]
    if pull.head in facts.late.by_sha:  # the branch itself came here as well, by another merge
        commits += [pull.head, *(commit.sha for commit in pull.commits)]
    return _Claim(pull, "squash" if len(found) == 1 else "rebase", facts.late.among(commits), found, next(iter(found[0].parents), None))


def _line(facts: _Facts, last: Commit, belongs: Callable[[Commit], bool]) -> tuple[Commit, ...]:
    """The late commits with one parent that end in ``last`` and all belong, oldest first; ``last`` always does."""
    line = [last]
    while len(line[-1].parents) == 1:
        before = facts.late.by_sha.get(line[-1].parents[0])
        if before is None or len(before.parents) != 1 or not belongs(before):
            break
        line.append(before)
    return tuple(reversed(line))


# ------------------------------------------------------------------------------------------------- does an approval cover what landed


@dataclass(frozen=True)
class _Carry:
    """``how`` an approval was carried to what landed; empty where it was not.  ``missing``: the commit that is needed to tell."""

    how: str = ""
    missing: str = ""


def _carried(facts: _Facts, claim: _Claim, approved: str) -> _Carry:
    """Whether what landed is what git makes of the ``approved`` commit, within what the policy's ``carry`` allows."""
    head = claim.pull.head
    if claim.partial or (approved != head and facts.policy.carry == "none"):
        return _Carry()
    if approved == head and not claim.landing:
        return _Carry("same-commit")
    if not facts.history.has(approved):
        return _absent(claim, approved)
    if claim.base is None or not facts.history.has(claim.base):
        return _Carry(missing=claim.base or "")
    if approved != head and facts.policy.carry == "same-tree" and facts.tree(approved) != _head_tree(facts, claim.pull):
        return _Carry()
    tip = claim.landing[-1].tree if claim.landing else facts.tree(head)
    if facts.merged_tree(claim.base, approved) == tip or (approved == head and _replays(facts, claim)):
        return _Carry(_how(facts, claim, approved, tip))
    return _Carry()


def _absent(claim: _Claim, approved: str) -> _Carry:
    """The approved commit is not in this clone: the forge's own signature over the squash it made of it is proof enough."""
    pull = claim.pull
    if approved == pull.head:
        proved = claim.kind in {"squash", "merge"} and pull.merge_signed_by_forge and claim.landing[-1].sha == pull.merge_commit
        return _Carry("forge-merge") if proved else _Carry(missing=approved)
    # It is listed before the head: commits came after it.  Only where it is not listed (a forced push) does it take the object to tell.
    return _Carry() if approved in {commit.sha for commit in pull.commits} else _Carry(missing=approved)


def _head_tree(facts: _Facts, pull: Pull) -> str | None:
    return facts.tree(pull.head) if facts.history.has(pull.head) else pull.head_tree


def _replays(facts: _Facts, claim: _Claim) -> bool:
    """Whether each rebased commit is its original, picked mechanically onto the one before."""
    originals = [commit.sha for commit in claim.pull.commits if facts.history.has(commit.sha)]
    originals = [sha for sha in originals if len(facts.history.commit(sha).parents) == 1]
    if claim.kind != "rebase" or len(originals) != len(claim.landing) or originals[-1] != claim.pull.head:
        return False
    pairs = zip(originals, claim.landing, strict=True)
    return all(facts.history.replay_tree(original, landed.parents[0]) == landed.tree for original, landed in pairs)


def _how(facts: _Facts, claim: _Claim, approved: str, tip: str) -> str:
    if claim.commits & facts.late.among([approved]) and approved == claim.pull.head:
        return "same-commit"
    return "same-tree" if facts.tree(approved) == tip else "replay"


# ------------------------------------------------------------------------------------------------------------------------ who wrote it


@dataclass
class _Writers:
    """The people who wrote a change.  Bots are none; ``unmapped`` are people of whom the forge knows no account."""

    accounts: dict[int, Account] = field(default_factory=dict)
    unmapped: list[str] = field(default_factory=list)

    def add(self, account: Account | None, otherwise: str) -> None:
        if account and account.kind is AccountKind.BOT:
            return
        if account and account.kind is AccountKind.USER and account.id is not None:
            self.accounts.setdefault(account.id, account)
            return
        name = account.login if account and account.kind is not AccountKind.GHOST else otherwise
        if name not in self.unmapped:
            self.unmapped.append(name)


def _writers(facts: _Facts, claim: _Claim) -> _Writers:
    """Whoever opened the pull request, and authors, committers and co-authors of its commits.

    Whoever pressed a button is no writer: of what a merge made (landing commits, and "update branch" merges that are mechanical) only the
    co-authors that a squash names count, because everything else in it is proved to be the pull request's own content.
    """
    writers = _Writers()
    writers.add(claim.pull.author, f"whoever opened pull request {claim.pull.number} (the account was deleted)")
    for commit in claim.pull.commits:
        if not _only_merges(facts, commit.sha):
            _add_people(writers, commit, commit.author_name)
    listed = {commit.sha for commit in claim.pull.commits}
    landing = {commit.sha for commit in claim.landing}
    for late in facts.late.of(claim.commits):
        people = facts.known.get(late.sha)
        if people is None or late.sha in listed:
            continue
        if late.sha not in landing and not facts.mechanical(late):
            _add_people(writers, people, str(late.author))
        elif len(late.parents) == 1:
            for co_author in people.co_authors:
                writers.add(co_author, co_author.login)
    return writers


def _only_merges(facts: _Facts, sha: str) -> bool:
    if not facts.history.has(sha):
        return False
    commit = facts.late.by_sha.get(sha) or facts.history.commit(sha)
    return len(commit.parents) > 1 and facts.mechanical(commit)


def _add_people(writers: _Writers, commit: PullCommit | CommitEvidence, author: str) -> None:
    writers.add(commit.author, author or f"the author of {_short(commit.sha)}")
    writers.add(commit.committer, f"the committer of {_short(commit.sha)}")
    for co_author in commit.co_authors:
        writers.add(co_author, co_author.login)


# ---------------------------------------------------------------------------------------------------------------------- who approved it


@dataclass(frozen=True)
class _Opinion:
    """What one person last said.  ``refused``: why an approval of theirs does not count; ``uncertain``: why that cannot be told."""

    reviewer: Account
    review: Review
    refused: str = ""
    uncertain: str = ""


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _by_person(pull: Pull) -> list[list[Review]]:
    """The opinions of each person, oldest first.  A comment is none.  People are told apart by their numeric id."""
    people: dict[object, list[Review]] = {}
    for review in pull.reviews:
        if review.state is not ReviewState.COMMENTED:
            people.setdefault(review.reviewer.id if review.reviewer.id is not None else review.reviewer.login, []).append(review)
    return [sorted(reviews, key=lambda review: datetime.fromisoformat(review.submitted_at)) for reviews in people.values()]


def _objections(pull: Pull) -> list[Account]:
    """Who asked for changes last of all, also after the merge, and can write (or may be able to)."""
    last = [reviews[-1] for reviews in _by_person(pull)]
    return [review.reviewer for review in last if review.state is ReviewState.CHANGES_REQUESTED and review.can_write is not False]


def _opinions(pull: Pull) -> Iterator[_Opinion]:
    """Each person's last word before the merge.  A dismissal is not undone by an older approval, and neither is a request for changes."""
    merged = _moment(pull.merged_at)
    for reviews in _by_person(pull):
        after = [
            each for each in reviews if merged and each.state is ReviewState.APPROVED and datetime.fromisoformat(each.submitted_at) > merged
        ]
        before = [each for each in reviews if each not in after]
        if not before:
            yield _Opinion(reviews[-1].reviewer, reviews[-1], refused="late-approval")
        elif before[-1].state is ReviewState.APPROVED:
            yield _weigh(before[-1])
        elif before[-1].state is ReviewState.DISMISSED:
            yield _Opinion(before[-1].reviewer, before[-1], refused="dismissed-approval")


def _weigh(review: Review) -> _Opinion:
    who = review.reviewer
    if who.kind in {AccountKind.BOT, AccountKind.MANNEQUIN}:
        return _Opinion(who, review, refused="bot-approval")
    if review.can_write is False and who.kind is not AccountKind.GHOST:
        return _Opinion(who, review, refused="no-write-access")
    if who.kind is AccountKind.GHOST or who.id is None:
        return _Opinion(who, review, uncertain="deleted-account")
    if review.commit is None or review.can_write is None:
        return _Opinion(who, review, uncertain="unknown-reviews")
    return _Opinion(who, review)


@dataclass(frozen=True)
class _Quorum:
    """How many approvals a change needs: so many from people, and for each who wrote it so many from somebody else."""

    needed: int
    writers: _Writers

    def met(self, approvers: Iterable[_Opinion]) -> bool:
        """As if everybody without an account were not among the approvers."""
        people = {opinion.reviewer.id if opinion.reviewer.id is not None else opinion.reviewer.login for opinion in approvers}
        return len(people) >= self.needed and all(len(people - {writer}) >= self.needed for writer in self.writers.accounts)

    def proved(self, approvers: Sequence[_Opinion]) -> bool:
        """Met even where the writer without an account is one of the approvers: then one more is needed than that."""
        people = {opinion.reviewer.id for opinion in approvers}
        return self.met(approvers) and (not self.writers.unmapped or len(people) > self.needed)


# ---------------------------------------------------------------------------------------------------------------------- the verdict


def _judge(facts: _Facts, claim: _Claim) -> _Judgement:
    """The verdict on a pull request and what it landed as."""
    pull = claim.pull
    if not facts.accepted(pull):
        return _elsewhere(facts, claim)
    silence = _silence(facts, claim)
    if silence:
        return silence
    objections = _objections(pull)
    if objections:
        who = _names(objections)
        return _blocked("changes-requested", f"{who} asked for changes to {claim.name}; ask {who} for a new review of {_short(pull.head)}")
    return _weigh_approvals(facts, claim, list(_opinions(pull)))


def _elsewhere(facts: _Facts, claim: _Claim) -> _Judgement:
    if facts.branch is None:
        detail = f"{claim.name} was merged into {claim.pull.base}, and which branch is judged is not known; name it with --release BRANCH"
        return _unknown("unknown-branch", detail)
    detail = (
        f"{claim.name} was approved for {claim.pull.base}, not for {facts.branch}; "
        f"bring it through a pull request into {facts.branch}, or list {claim.pull.base} under accept-base in the policy"
    )
    return _blocked("other-branch", detail)


def _silence(facts: _Facts, claim: _Claim) -> _Judgement | None:
    """Unknown, where anything that the verdict hangs on was not told."""
    reason = facts.unread(f"pull:{claim.pull.number}")
    # What was squashed or rebased is told by this list alone; GitHub lists the first 250 commits.
    if reason is None and claim.kind in {"squash", "rebase"} and claim.pull.head not in {commit.sha for commit in claim.pull.commits}:
        reason = "the evidence does not list all of its commits"
    # The merge that the forge makes to try out an open pull request is nothing that it would tell of.
    tried = {commit.sha for commit in claim.landing if claim.pull.state == "open"}
    for commit in facts.late.of(claim.commits):
        reason = reason or (None if commit.sha in tried else facts.unread_commit(commit.sha))
    return _unknown("unknown-reviews", f"the reviews of {claim.name} are not known: {reason}") if reason else None


def _weigh_approvals(facts: _Facts, claim: _Claim, opinions: list[_Opinion]) -> _Judgement:
    quorum = _Quorum(facts.policy.approvals, _writers(facts, claim))
    valid = [opinion for opinion in opinions if not opinion.refused and not opinion.uncertain]
    if not quorum.met(valid):
        return _not_enough(facts, claim, quorum, opinions, valid)
    carries = [(opinion, _carried(facts, claim, opinion.review.commit or "")) for opinion in valid]
    carried = [opinion for opinion, carry in carries if carry.how]
    approvals = tuple(
        Approval(opinion.reviewer.login, opinion.review.commit or "", opinion.review.submitted_at, carry.how)
        for opinion, carry in carries
        if carry.how
    )
    if not quorum.met(carried):
        missing = next((carry.missing for _, carry in carries if carry.missing), "")
        if claim.kind == "octopus":
            return _octopus(claim.landing[-1])
        if missing and quorum.met([opinion for opinion, carry in carries if carry.how or carry.missing]):
            return _unknown("missing-object", _fetch(claim, missing))
        return replace(_not_covered(facts, claim, valid), approvals=approvals)
    if not quorum.proved(carried):
        return replace(_unmapped(claim, quorum.writers), approvals=approvals)
    detail = f"{claim.name} was approved by {_names(opinion.reviewer for opinion in carried)}"
    return _Judgement(Verdict.APPROVED, "approved", detail, approvals)


def _not_enough(facts: _Facts, claim: _Claim, quorum: _Quorum, opinions: list[_Opinion], valid: list[_Opinion]) -> _Judgement:
    """Too few people approved, whatever they approved: the most telling reason, and whom to ask."""
    uncertain = [opinion for opinion in opinions if opinion.uncertain]
    ask = f"ask for {_approval(claim, quorum)}"
    if uncertain and quorum.met([*valid, *uncertain]):
        return _unknown(uncertain[0].uncertain, f"{_why_uncertain(claim, uncertain[0])}; {ask}")
    if valid:
        wrote = [opinion.reviewer for opinion in valid if opinion.reviewer.id in quorum.writers.accounts]
        if wrote:
            detail = f"{claim.name} was approved by {_names(wrote)}, who wrote part of it; {ask}, by somebody who did not"
            detail += _perhaps(facts, claim, claim.pull.head)
            return _blocked("self-approval", detail)
        had = f"{claim.name} has {len(valid)} of {quorum.needed} approvals ({_names(opinion.reviewer for opinion in valid)})"
        return _blocked("too-few-approvals", f"{had}; {ask}")
    refused = {opinion.refused: opinion for opinion in reversed(opinions) if opinion.refused}
    for reason in ("dismissed-approval", "late-approval", "no-write-access", "bot-approval"):
        if reason in refused:
            return _blocked(reason, f"{_why_refused(claim, refused[reason])}; {ask}")
    return _blocked("no-approval", f"nobody approved {claim.name}; {ask}")


def _approval(claim: _Claim, quorum: _Quorum) -> str:
    what = "an approval" if quorum.needed == 1 else f"{quorum.needed} approvals"
    if claim.pull.state == "open":
        return f"{what} at {_short(claim.pull.head)}"
    return f"{what} of the same change in a new pull request into this branch, or revert it"


def _why_refused(claim: _Claim, opinion: _Opinion) -> str:
    who = opinion.reviewer.login
    return {
        "dismissed-approval": f"the review of {claim.name} by {who} was dismissed",
        "late-approval": f"{who} approved {claim.name} only after it was merged",
        "no-write-access": f"{who} approved {claim.name} but cannot write to the repository",
        "bot-approval": f"{claim.name} was approved by {who}, which is no person",
    }[opinion.refused]


def _why_uncertain(claim: _Claim, opinion: _Opinion) -> str:
    if opinion.uncertain == "deleted-account":
        return f"{claim.name} was approved from an account that was deleted since"
    if opinion.review.commit is None:
        return f"the forge no longer knows which commit {opinion.reviewer.login} approved in {claim.name}"
    return f"the forge does not say whether {opinion.reviewer.login}, who approved {claim.name}, can write to the repository"


def _not_covered(facts: _Facts, claim: _Claim, valid: list[_Opinion]) -> _Judgement:
    """Enough people approved, but not what landed."""
    pull, at_head = claim.pull, [opinion for opinion in valid if opinion.review.commit == claim.pull.head]
    if claim.partial:
        return _blocked(
            "partial-pull", f"only a part of {claim.name} is here, up to before its head {_short(pull.head)}; take all of it or none"
        )
    if at_head and claim.landing:
        last = claim.landing[-1].sha
        show = f"git show --remerge-diff {last}" if claim.kind == "merge" else f"git diff {_short(pull.head)} {_short(last)}"
        who = _names(opinion.reviewer for opinion in at_head)
        detail = (
            f"{claim.name} was approved by {who} at {_short(pull.head)}, but {_short(last)} is not what merging that gives; "
            f"look at what was changed by hand ({show}) and have it reviewed, or revert it"
        )
        return _blocked(f"altered-{claim.kind}", detail)
    latest = max(valid, key=lambda opinion: datetime.fromisoformat(opinion.review.submitted_at))
    return _blocked("stale-approval", _stale(facts, claim, latest))


def _stale(facts: _Facts, claim: _Claim, opinion: _Opinion) -> str:
    pull, approved = claim.pull, opinion.review.commit or ""
    listed = [commit.sha for commit in pull.commits]
    after = len(listed) - 1 - listed.index(approved) if approved in listed else 0
    came = f"{after} commit{'s' if after > 1 else ''} came after" if after else "its commits were replaced by others after that"
    ask = f"ask for a new approval at {_short(pull.head)}"
    if pull.state != "open":
        ask = f"have {_short(pull.head)} reviewed in a new pull request into this branch, or revert it"
    perhaps = _perhaps(facts, claim, approved) if facts.policy.carry != "none" else ""
    return f"{claim.name} was approved by {opinion.reviewer.login} at {_short(approved)}, but {came}; {ask}{perhaps}"


def _perhaps(facts: _Facts, claim: _Claim, sha: str) -> str:
    """What may help where ``sha`` is not in this clone: a merge that only brought the pull request up to date cannot be told there."""
    fetch = f"git fetch origin pull/{claim.pull.number}/head"
    return "" if facts.history.has(sha) else f" (where that only brought it up to date: {fetch}, and check again)"


def _fetch(claim: _Claim, missing: str) -> str:
    head = missing == claim.pull.head
    what = f"git fetch origin {f'pull/{claim.pull.number}/head' if head else missing}"
    was = f"{_short(missing)}, which {claim.name} was approved at, is not in this clone and cannot be compared with what landed"
    return f"{was}; run '{what}' and check again"


def _unmapped(claim: _Claim, writers: _Writers) -> _Judgement:
    who = " and ".join(writers.unmapped)
    detail = (
        f"{claim.name} holds work of {who}, without an account on the forge, so it is not proved that the approval is somebody else's; "
        "ask one more person to approve, or have the address added to its account"
    )
    return _unknown("unmapped-identity", detail)


def _octopus(commit: Commit) -> _Judgement:
    detail = (
        f"{_short(commit.sha)} merges {len(commit.parents)} parents at once and cannot be made again to compare; merge them one at a time"
    )
    return _unknown("octopus-merge", detail)


# ----------------------------------------------------------------------------------------------------------- a commit that no pull landed


def _alone(facts: _Facts, commit: Commit) -> _Judgement:
    """The verdict on a commit that no merged pull request brought."""
    reason = facts.unread_commit(commit.sha)
    pulls = facts.known[commit.sha].pulls if commit.sha in facts.known else ()
    for number in pulls:
        reason = (
            reason or facts.unread(f"pull:{number}") or (None if number in facts.pulls else f"pull request {number} was never asked for")
        )
    if reason:
        return _unknown("unknown-reviews", f"who reviewed {_short(commit.sha)} is not known: {reason}")
    if len(commit.parents) >= _MERGE_PARENTS:
        return _merge_alone(facts, commit)
    return _unlanded(facts, commit, [facts.pulls[number] for number in pulls])


def _merge_alone(facts: _Facts, commit: Commit) -> _Judgement:
    if len(commit.parents) > _MERGE_PARENTS:
        return _octopus(commit)
    if facts.mechanical(commit):
        return _Judgement(
            Verdict.APPROVED, "mechanical-merge", f"{_short(commit.sha)} is the merge that git makes; what it brings is judged by itself"
        )
    absent = next((parent for parent in commit.parents if not facts.history.has(parent)), None)
    if absent:
        return _unknown(
            "missing-object", f"{_short(commit.sha)} merges {_short(absent)}, which is not in this clone; fetch it (git fetch --unshallow)"
        )
    detail = (
        f"{_short(commit.sha)} is not the merge that git makes of its parents: something was changed by hand "
        f"(git show --remerge-diff {commit.sha}); bring that through a pull request, or make the merge again"
    )
    return _blocked("altered-merge", detail)


def _unlanded(facts: _Facts, commit: Commit, pulls: list[Pull]) -> _Judgement:
    """Why none of the pull requests that hold the commit, if any, brought it here."""
    this, where = _short(commit.sha), facts.branch or "this branch"
    for pull in pulls:
        if not facts.ours(pull):
            detail = f"{this} was reviewed only in {pull.base_repository} (pull request {pull.number}); open one into {where} here"
            return _blocked("other-repository", detail)
        if pull.number == facts.judged and pull.state == "open":
            head = _short(facts.late.head.sha)
            return _blocked(
                "other-head", f"pull request {pull.number} is at {_short(pull.head)} on the forge, but {head} is judged; check out its head"
            )
        if pull.state != "merged":
            state = "is still open" if pull.state == "open" else "was closed without a merge"
            holds = f"{this} belongs to pull request {pull.number}, which {state}"
            return _blocked("unmerged-pull", f"{holds}; have that approved and merged into {where}, or revert the commit")
    if pulls:
        landed = f"landed as {_short(pulls[0].merge_commit or pulls[0].head)}, without {this}"
        return _blocked("partial-pull", f"pull request {pulls[0].number} {landed}; bring it through one into {where}, or revert it")
    detail = f"{_short(commit.sha)} by {commit.author} came in without a pull request; bring it through one into {where}, or revert it"
    return _blocked("direct-push", detail)


# ------------------------------------------------------------------------------------------------------------------ commits to changes


class _Assignment:
    """Gives each commit to one change.

    A commit may be part of several pull requests: one that is approved suffices, and approvals are never mixed.
    """

    def __init__(self, facts: _Facts) -> None:
        self.facts = facts
        claims = [claim for number in sorted(facts.pulls) if (claim := _claim(facts, facts.pulls[number]))]
        self.claims = [(claim, _judge(facts, claim)) for claim in claims]
        self.owners: dict[int, int] = {}
        for place, (claim, _) in sorted(enumerate(self.claims), key=lambda each: self._rank(*each[1]), reverse=True):
            for commit in facts.late.of(claim.commits):
                self._offer(commit, place)

    def _rank(self, claim: _Claim, judgement: _Judgement) -> tuple[bool, bool, int, int]:
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

    def changes(self) -> list[tuple[Change, _Claim | None]]:
        """The changes, each with the claim it comes from, in the order of their first commits."""
        together: dict[int, int] = {}
        for bit, place in self.owners.items():
            together[place] = together.get(place, 0) | bit
        found: dict[int, tuple[Change, _Claim | None]] = {}
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

    def _leftover(self, claim: _Claim, judgement: _Judgement, commits: tuple[Commit, ...]) -> bool:
        """All that is left of a blocked pull request are merges, as others brought everything else: they are judged as any merge is."""
        others = claim.commits & ~self.facts.late.among(commit.sha for commit in commits)
        merges = all(len(commit.parents) >= _MERGE_PARENTS for commit in commits)
        return judgement.verdict is Verdict.BLOCKED and judgement.reason != "changes-requested" and bool(others) and merges

    def _pulled(self, claim: _Claim, judgement: _Judgement, commits: tuple[Commit, ...]) -> Change:
        pull = claim.pull
        people = [account.login for account in (pull.author, *(commit.author for commit in pull.commits)) if account]
        people += [commit.author_name for commit in pull.commits if not commit.author and commit.author_name]
        return _change(f"pull:{pull.number}", commits, pull.title, people, pull, judgement)

    def _single(self, commit: Commit) -> Change:
        known = self.facts.known.get(commit.sha)
        author = known.author.login if known and known.author else str(commit.author)
        pulls = [self.facts.pulls[number] for number in (known.pulls if known else ()) if number in self.facts.pulls]
        return _change(f"commit:{commit.sha}", (commit,), commit.subject, [author], next(iter(pulls), None), _alone(self.facts, commit))


def _change(name: str, commits: tuple[Commit, ...], title: str, people: list[str], pull: Pull | None, judgement: _Judgement) -> Change:
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
    )


# -------------------------------------------------------------------------------------------------------------- exemptions and guards


def _finish(facts: _Facts, change: Change, claim: _Claim | None, guards: Callable[[str], bool]) -> Change:
    """The change with its guards, and exempt where the policy says so."""
    paths = _paths(facts, change)
    change = replace(change, guards=tuple(path for path in paths if guards(path)))
    if change.verdict is Verdict.APPROVED:
        return change
    rule = next((rule for rule in facts.policy.exempt if _exempts(facts, rule, change, claim, paths)), None)
    if rule is None:
        return change
    named = [*rule.paths, *rule.authors]
    return replace(change, verdict=Verdict.EXEMPT, reason="exempt", detail=f"the policy exempts {', '.join(named)} from review")


def _paths(facts: _Facts, change: Change) -> tuple[str, ...]:
    """Every path that the commits of a change touch, sorted.

    The merges of an approved change are left out: they are proved to bring nothing but the commits that are asked themselves.
    """
    proved = change.verdict is Verdict.APPROVED
    asked = [commit.sha for commit in change.commits if not (proved and len(commit.parents) >= _MERGE_PARENTS)]
    return tuple(sorted({path for sha in asked for path in facts.history.changed_paths(sha)}))


def _exempts(facts: _Facts, rule: Exemption, change: Change, claim: _Claim | None, paths: tuple[str, ...]) -> bool:
    """Whether its paths and its authors exempt a change.  A merge made by hand never is: what it takes away has no path."""
    if not rule.paths and not rule.authors:
        return False
    if any(len(commit.parents) >= _MERGE_PARENTS and not facts.mechanical(commit) for commit in change.commits):
        return False
    if rule.authors and not _all_by(facts, {author.casefold() for author in rule.authors}, change, claim):
        return False
    if not rule.paths:
        return True
    import pathspec  # noqa: PLC0415  only policies with exempt paths need it

    spec = pathspec.GitIgnoreSpec.from_lines(rule.paths)
    return bool(paths) and all(spec.match_file(path) for path in paths)


def _all_by(facts: _Facts, logins: set[str], change: Change, claim: _Claim | None) -> bool:
    """Whether the forge proves that nobody else wrote it: a name in a commit is anybody's to write, so each must be signed, too."""
    if any(facts.unread_commit(commit.sha) for commit in change.commits):
        return False
    if claim is None:
        return all(_only(logins, facts.known[commit.sha]) for commit in change.commits)
    pull = claim.pull
    if facts.unread(f"pull:{pull.number}") or not pull.commits or not facts.accepted(pull) or pull.author.login.casefold() not in logins:
        return False
    # What the merge made is signed by whoever merged; that it holds just what the pull request's own commits do is proved by its content.
    return bool(_carried(facts, claim, pull.head).how) and all(_only(logins, commit) for commit in pull.commits)


def _only(logins: set[str], commit: PullCommit | CommitEvidence) -> bool:
    author, committer = commit.author, commit.committer
    return (
        commit.verified
        and author is not None
        and committer is not None
        and author.login.casefold() in logins
        and (committer.login.casefold() in logins or committer.kind is AccountKind.BOT)
        and all(co_author.login.casefold() in logins for co_author in commit.co_authors)
    )


# --------------------------------------------------------------------------------------------------------------------------- words


def _short(sha: str) -> str:
    return sha[:7]


def _names(accounts: Iterable[Account]) -> str:
    names = list(dict.fromkeys(account.login for account in accounts)) or ["nobody"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
