"""What every verdict looks at: the late commits, the evidence about them, and git's answers, kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from lastcall.model import (
    Account,
    Approval,
    Commit,
    CommitEvidence,
    Evidence,
    History,
    LastcallError,
    Need,
    Progress,
    Pull,
    ReviewPolicy,
    Verdict,
    Waiver,
    no_progress,
)

MERGE_PARENTS = 2


class Late:
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


@dataclass(frozen=True)
class Judged:
    """What is judged, and by what besides the policy's ``review:``.

    ``branch`` is where the commits land; ``pull`` the number of the pull request under judgement (it may still be open, and counts when its
    head is the judged head); ``group`` says that a merge group is judged, in which others may wait as well.  ``guards`` says of a path
    whether it steers lastcall itself, ``owners`` who owns it by CODEOWNERS
    (``base_owners``: by that of the base alone; None: the same).  ``today`` is the day (``2026-11-21``, UTC) that waivers are
    held against.  ``origins`` are the commits that a late one may have been picked from, by its sha.
    """

    branch: str | None = None
    pull: int | None = None
    group: bool = False
    guards: Callable[[str], bool] = lambda _: False
    owners: Callable[[str], tuple[str, ...]] = lambda _: ()
    waivers: tuple[Waiver, ...] = ()
    today: str = ""
    origins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    base_owners: Callable[[str], tuple[str, ...]] | None = None
    progress: Progress = no_progress


@dataclass
class Facts:
    """What everything below looks at, with git's answers kept: the same merge is asked for by several approvals."""

    late: Late
    evidence: Evidence
    history: History
    policy: ReviewPolicy
    asked: Judged
    pulls: dict[int, Pull] = field(init=False)
    known: dict[str, CommitEvidence] = field(init=False)
    silent: dict[str, str] = field(init=False)
    _trees: dict[tuple[str, tuple[str, ...], str], str | None] = field(default_factory=dict)
    _commits: dict[str, Commit | None] = field(default_factory=dict)
    _paths: dict[tuple[str, str | None], tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pulls = {pull.number: pull for pull in self.evidence.pulls}
        self.known = {commit.sha: commit for commit in self.evidence.commits}
        self.silent = {unread.subject: unread.reason for unread in reversed(self.evidence.unread)}

    def elsewhere(self, commits: Sequence[Commit], evidence: Evidence, branch: str) -> Facts:
        """The same, for other commits of another branch: what a pull request was there.  Git's answers stay kept."""
        asked = replace(self.asked, branch=branch, pull=None, group=False, waivers=(), origins={})
        there = Facts(Late(commits), evidence, self.history, self.policy, asked)
        there._trees, there._commits, there._paths = self._trees, self._commits, self._paths
        return there

    @property
    def branch(self) -> str | None:
        return self.asked.branch

    @property
    def judged(self) -> int | None:
        """The number of the pull request under judgement."""
        return self.asked.pull

    def unread(self, *subjects: str) -> str | None:
        """Why the evidence on any of ``subjects`` (``commit:<sha>``, ``pull:<n>``) is missing; None where nothing is."""
        return next((self.silent[subject] for subject in ("", *subjects) if subject in self.silent), None)

    def unread_commit(self, sha: str) -> str | None:
        reason = self.unread(f"commit:{sha}")
        if reason is None and sha not in self.known:
            return "the evidence does not hold this commit: it was never asked for"
        return reason

    def merged_tree(self, ours: str, theirs: str) -> str | None:
        """The tree that a mechanical merge of two commits gives; None where they conflict."""
        return self._kept("merge", (theirs,), ours, lambda: self.history.merge_tree(ours, theirs))

    def replayed(self, originals: Sequence[str], onto: str) -> str | None:
        """The tree that mechanical picks of ``originals``, one after another, give on ``onto``; None where one conflicts."""
        if len(originals) == 1:
            return self._kept("pick", originals, onto, lambda: self.history.replay_tree(originals[0], onto))
        return self._kept("pick", originals, onto, lambda: self.history.replay_line(originals, onto))

    def reverted(self, taken: Sequence[str], onto: str) -> str | None:
        """The tree that mechanical reverts of ``taken``, one after another, give on ``onto``; None where one conflicts."""
        if len(taken) == 1:
            return self._kept("revert", taken, onto, lambda: self.history.revert_tree(taken[0], onto))
        return self._kept("revert", taken, onto, lambda: self.history.revert_line(taken, onto))

    def _kept(self, what: str, shas: Sequence[str], onto: str, ask: Callable[[], str | None]) -> str | None:
        key = (what, tuple(shas), onto)
        if key not in self._trees:
            self._trees[key] = ask()
        return self._trees[key]

    def changed_paths(self, sha: str, since: str | None = None) -> tuple[str, ...]:
        """The paths in which a commit differs from the commit ``since``, or for None from its first parent."""
        if (sha, since) not in self._paths:
            self._paths[sha, since] = self.history.changed_paths(sha, since) if since else self.history.changed_paths(sha)
        return self._paths[sha, since]

    def mechanical(self, commit: Commit) -> bool:
        """Whether git makes this merge of two the same way; False where it cannot be told."""
        if len(commit.parents) != MERGE_PARENTS or not all(self.history.has(parent) for parent in commit.parents):
            return False
        try:
            return self.merged_tree(*commit.parents) == commit.tree
        except LastcallError:
            return False

    def commit(self, name: str) -> Commit | None:
        """The commit that a full or an abbreviated id names; None where this clone has none, or several."""
        if name not in self._commits:
            self._commits[name] = self.late.by_sha.get(name) or found(self.history, name)
        return self._commits[name]

    def tree(self, sha: str) -> str:
        commit = self.late.by_sha.get(sha) or self.history.commit(sha)
        return commit.tree

    def holds(self, sha: str, ancestor: str) -> bool:
        """Whether ``ancestor`` is in the history of ``sha``; False where the clone lacks what it takes to tell."""
        if ancestor in self.late.by_sha and sha in self.late.by_sha:
            return bool(self.late.reach(sha) & self.late.bit[ancestor])
        try:
            return self.history.is_ancestor(ancestor, sha)
        except LastcallError:
            return False

    def frozen(self, sha: str) -> bool:
        """Whether a commit came in before the freeze.  Raises LastcallError where the clone lacks what it takes to tell."""
        return sha not in self.late.by_sha and self.history.is_ancestor(sha, self.late.head.sha)

    def ours(self, pull: Pull) -> bool:
        """Whether the pull request belongs to the repository under judgement."""
        asked, has = self.evidence.repository, pull.base_repository
        return not asked or not has or asked.casefold() == has.casefold()

    def accepted(self, pull: Pull) -> bool:
        """Whether an approval for this pull request's base is an approval for the branch under judgement."""
        return self.accepts(pull.base)

    def accepts(self, base: str) -> bool:
        return base == self.branch or matches(base, self.policy.accept_base)


def found(history: History, name: str) -> Commit | None:
    """The commit that a full or an abbreviated id names; None where the clone has none, or several."""
    try:
        return history.commit(name)
    except LastcallError:
        return None


def matches(branch: str, patterns: Iterable[str]) -> bool:
    """Whether a branch is among names, or patterns such as ``release/*``."""
    return any(branch == pattern or fnmatchcase(branch, pattern) for pattern in patterns)


@dataclass(frozen=True)
class Judgement:
    verdict: Verdict
    reason: str
    detail: str
    approvals: tuple[Approval, ...] = ()
    needs: Need | None = None


def blocked(reason: str, detail: str, approvals: tuple[Approval, ...] = ()) -> Judgement:
    return Judgement(Verdict.BLOCKED, reason, detail, approvals)


def unknown(reason: str, detail: str) -> Judgement:
    return Judgement(Verdict.UNKNOWN, reason, detail)


def lacking(error: LastcallError) -> str:
    """What this clone lacks, and how to get it."""
    return f"{error.message}; {error.hint}" if error.hint else error.message


def short(sha: str) -> str:
    return sha[:7]


def names_of(accounts: Iterable[Account]) -> str:
    names = list(dict.fromkeys(account.login for account in accounts)) or ["nobody"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
