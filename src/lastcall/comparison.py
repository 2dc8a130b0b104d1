"""What a run compares: a release branch with its freeze, a head with the base it would land on, or the index with HEAD.

The release branches (``branches``) and a freeze that is written down (``freeze.at``) are read from the policy of the default branch:
neither the base nor the freeze is known before them, and the branch under judgement must not name its own freeze.  Only where there is no
default branch is HEAD's policy asked, and that is noted.  A branch for which a freeze was declared is a release branch whatever its name.
Everything else is judged by the policy of the base.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from lastcall.model import Commit, Freeze, LastcallError, Policy, Position, Tree

if TYPE_CHECKING:  # git.py refuses to be loaded where there is no git, and a folder can be audited without
    from lastcall.git import Repository

FREEZE_TAGS = "freeze/"
NOTHING_NAMED = "name what to compare: --release BRANCH, --base REF or --staged; 'lastcall audit' judges the whole tree"

Policies = Callable[[Tree | None], Policy]
"""The policy that a tree has; the defaults for None."""


class NothingToCompareError(LastcallError):
    """There is no other end: a branch that is new, a default branch by itself."""


@dataclass(frozen=True)
class Choice:
    """What the user asked for on the command line; with nothing named, the current branch decides."""

    release: str | None = None
    freeze: str | None = None
    base: str | None = None
    head: str | None = None
    staged: bool = False


@dataclass(frozen=True)
class Push:
    """Commits that arrive (or have arrived) on a branch: a release check where it is a release branch, else ``old`` against ``new``."""

    branch: str
    new: str
    old: str | None = None


@dataclass(frozen=True)
class Merge:
    """Commits that would land on branch ``into``: a pull request or a merge group."""

    into: str
    base: str
    head: str
    pull: int | None = None


@dataclass(frozen=True)
class Comparison:
    """Two ends, found and named.  ``base`` is None only for the index of a repository without commits; ``head`` only for the index.

    ``branch`` is the one that the commits land on; ``policy`` is the base's; ``reviewed`` says whether the approvals of ``commits``
    (base..head, parents first) are judged at all.
    """

    position: Position
    headline: str
    policy: Policy
    branch: str | None = None
    base: str | None = None
    head: str | None = None
    freeze: Freeze | None = None
    commits: tuple[Commit, ...] = ()
    reviewed: bool = False
    pull: int | None = None
    notes: tuple[str, ...] = ()


def compare(repository: Repository, asked: Choice | Push | Merge, policies: Policies) -> Comparison:
    """Find both ends of what was asked for.  LastcallError where one of them cannot be found or the history between them is cut."""
    if isinstance(asked, Choice) and asked.staged:
        return _staged(repository, policies)
    if isinstance(asked, Choice) and repository.head() is None:
        raise LastcallError(
            "the repository has no commits yet", "'lastcall check --staged' judges the index, 'lastcall audit' the files as they are"
        )
    finder = _Finder(repository, policies)
    match asked:
        case Merge():
            return finder.merge(asked)
        case Push():
            return finder.push(asked)
        case Choice(release=str(branch)):
            return finder.release(branch, freeze=asked.freeze, head=asked.head)
        case Choice(freeze=str(freeze)):
            return finder.release(repository.current_branch(), freeze=freeze, head=asked.head)
        case Choice(base=None, head=None):
            return finder.current()
        case _:
            return finder.pair(asked.base, asked.head)


def late(commits: Sequence[Commit], word: str = "late commit") -> str:
    """``3 late commits``."""
    return f"{len(commits)} {word}{'' if len(commits) == 1 else 's'}"


def short(sha: str) -> str:
    """A commit as people write it."""
    return sha[:7]


def _staged(repository: Repository, policies: Policies) -> Comparison:
    head = repository.head()
    return Comparison(
        position=Position.STAGED,
        headline=f"the index against HEAD {short(head)}" if head else "the index, before the first commit",
        policy=policies(repository.tree(head) if head else None),
        branch=repository.current_branch(),
        base=head,
    )


@dataclass(frozen=True)
class _Finder:
    repository: Repository
    policies: Policies

    # ------------------------------------------------------------------------------------------------------------ positions

    def current(self) -> Comparison:
        """Nothing was named: the current branch since its freeze, where it is a release branch, else against the default branch."""
        branch = self.repository.current_branch()
        if branch and self.is_release(branch):
            return self.release(branch)
        default = self.repository.default_branch()
        if not default:
            raise NothingToCompareError(
                f"{branch or 'the detached HEAD'} is no release branch, and there is no default branch to compare it with",
                f"{NOTHING_NAMED}; {_fetch_all()}" if self.repository.shallow else NOTHING_NAMED,
            )
        upstream = self.known(f"refs/remotes/origin/{default}")
        if branch != default:
            return self.pair(f"refs/remotes/origin/{default}" if upstream else default, None, asked=False, into=default)
        if not upstream:
            raise NothingToCompareError(f"{branch} is the default branch: there is nothing to compare it with", NOTHING_NAMED)
        return self.pair(f"refs/remotes/origin/{default}", None, asked=False, into=default)

    def push(self, push: Push) -> Comparison:
        if self.is_release(push.branch):
            return self.release(push.branch, head=push.new)
        old = push.old if push.old and self.repository.has(push.old) else None
        default = self.repository.default_branch()
        base = old or (default if default != push.branch else None)
        if not base:
            raise NothingToCompareError(f"{push.branch} is new, and there is nothing to compare it with", NOTHING_NAMED)
        return self.pair(base, push.new, asked=False, into=push.branch, name=push.branch)

    def merge(self, merge: Merge) -> Comparison:
        name = f"pull request #{merge.pull}" if merge.pull else "merge group"
        found = self.pair(merge.base, merge.head, asked=False, into=merge.into, name=name)
        return replace(found, pull=merge.pull)

    def release(self, branch: str | None, *, freeze: str | None = None, head: str | None = None) -> Comparison:
        """A release branch (its tip, or ``head``) since its freeze; where none was declared, since it left the default branch."""
        branch = branch.removeprefix("refs/heads/") if branch else None
        tip, notes = self.tip(branch, head)
        name = branch or "HEAD"
        found, freeze_notes = self.freeze(branch, freeze)
        base, since = (found.commit, f"its freeze {short(found.commit)} ({found.source})") if found else self.fork(name, tip)
        self.require_ancestor(base, tip, f"the freeze {short(base)}" + (f" ({found.source})" if found else ""), name)
        commits = self.repository.commits(base, tip)
        return Comparison(
            position=Position.RELEASE,
            headline=f"{name} at {short(tip)} since {since}: {late(commits)}",
            policy=self.policies(self.repository.tree(base)),
            branch=branch,
            base=base,
            head=tip,
            freeze=found,
            commits=commits,
            reviewed=True,
            notes=(*notes, *freeze_notes, *self.shallow()),
        )

    def pair(self, base: str | None, head: str | None, *, asked: bool = True, into: str = "", name: str = "") -> Comparison:
        """``head`` (HEAD) against the commit at which it left ``base`` (the default branch), as a pull request is judged.

        The policy is that of the base's tip: where a topic left the base is its author's choice.
        """
        base = base or self.repository.default_branch()
        if not base:
            raise LastcallError("there is no default branch to take as the base", "name one: --base REF")
        base_tip, tip = self.repository.resolve(base), self.repository.resolve(head or "HEAD")
        fork = self.fork_of(base, base_tip, head or "HEAD", tip)
        policy = self.policies(self.repository.tree(base_tip))
        into = into or self.branch_of(base)
        reviewed = asked or (bool(into) and (self.is_release(into, policy) or self.is_release(into)))
        commits = self.repository.commits(fork, tip)
        current = self.repository.current_branch() or "HEAD"
        where = f"{_plain(into or base)} at {short(base_tip)}" + ("" if fork == base_tip else f" (merge base {short(fork)})")
        return Comparison(
            position=Position.PAIR,
            headline=f"{_label(name or head or current, tip)} against {where}: {late(commits, 'commit')}",
            policy=policy,
            branch=into or self.branch_of(head or current) or None,
            base=fork,
            head=tip,
            commits=commits,
            reviewed=reviewed,
            notes=(*(() if reviewed else (f"{_plain(into or base)} is not a release branch: approvals are not judged",)), *self.shallow()),
        )

    # ------------------------------------------------------------------------------------------------------------ ends

    def tip(self, branch: str | None, head: str | None) -> tuple[str, tuple[str, ...]]:
        if head or not branch:
            return self.repository.resolve(head or "HEAD"), ()
        found = self.repository.find_branch(branch)
        return found.commit, (found.note,) if found.note else ()

    def freeze(self, branch: str | None, given: str | None) -> tuple[Freeze | None, tuple[str, ...]]:
        """The freeze: given, else the tag ``freeze/<branch>``, else the policy's ``freeze.at``."""
        if given:
            return Freeze(self.repository.resolve(given), f"--freeze {given}"), ()
        name = f"{FREEZE_TAGS}{branch}"
        tag = next((each for each in self.repository.tags(name) if each.name == name), None) if branch else None
        if tag:
            note = (
                f"the tag {name} is lightweight: it does not say who declared the freeze, or when; 'lastcall freeze' makes an annotated one"
            )
            return Freeze(tag.commit, f"tag {name}"), () if tag.annotated else (note,)
        policy, where = self.standing_policy()
        if not policy.freeze_at:
            return None, ()
        note = "there is no default branch: freeze.at is read from the policy of the branch under judgement"
        return Freeze(self.repository.resolve(policy.freeze_at), f"policy freeze.at {policy.freeze_at}"), () if where else (note,)

    def fork(self, name: str, tip: str) -> tuple[str, str]:
        """Where a release branch without a freeze left the default branch."""
        hint = f"declare one with 'lastcall freeze {name}', or name one with --freeze REF"
        if self.repository.shallow:
            raise LastcallError(
                f"no freeze found for {name}, but this clone is shallow: its tag may only not have been fetched", _fetch_all()
            )
        default = self.repository.default_branch()
        if not default or default == name:
            raise LastcallError(f"no freeze found for {name}, and no default branch that it could have left", hint)
        upstream = self.known(f"refs/remotes/origin/{default}") or self.repository.resolve(default)
        fork = self.fork_of(default, upstream, name, tip)
        return fork, f"it left {default} at {short(fork)} (no freeze found: {hint})"

    def require_ancestor(self, base: str, head: str, what: str, branch: str) -> None:
        if not self.repository.is_ancestor(base, head):
            raise LastcallError(
                f"history rewritten: {what} is not an ancestor of {branch} at {short(head)}",
                f"bring {short(base)} back into {branch}, or declare the freeze anew: lastcall thaw {branch} && lastcall freeze {branch}",
            )

    def fork_of(self, base: str, base_tip: str, head: str, tip: str) -> str:
        """The newest commit that both ends have: the base as a pull request sees it."""
        fork = self.repository.merge_base(base_tip, tip)
        if not fork:
            message = f"{_plain(base)} ({short(base_tip)}) and {_plain(head)} ({short(tip)}) have no commit in common"
            raise LastcallError(message, "name another base: --base REF")
        return fork

    # ------------------------------------------------------------------------------------------------------------ names

    def is_release(self, branch: str, policy: Policy | None = None) -> bool:
        """Whether the policy says that it is a release branch, or a freeze was declared for it."""
        patterns = (policy or self.standing_policy()[0]).branches
        if any(fnmatchcase(branch, pattern) for pattern in patterns):
            return True
        return any(tag.name == f"{FREEZE_TAGS}{branch}" for tag in self.repository.tags(f"{FREEZE_TAGS}{branch}"))

    def standing_policy(self) -> tuple[Policy, bool]:
        """The policy that says what a release branch is, and whether it stands outside of the branch under judgement."""
        default = self.repository.default_branch()
        commit = (self.known(f"refs/remotes/origin/{default}") or self.known(default)) if default else None
        standing = commit or self.repository.head()
        return self.policies(self.repository.tree(standing) if standing else None), commit is not None

    def known(self, ref: str) -> str | None:
        try:
            return self.repository.resolve(ref)
        except LastcallError:
            return None

    def branch_of(self, ref: str) -> str:
        """The branch that a ref stands for, without its remote; empty for a tag or a commit."""
        name = _plain(ref)
        if any(mark in name for mark in ("~", "^", ":", "@{")):  # an ancestor of it, or another time: no branch that one lands on
            return ""
        if self.known(f"refs/heads/{name}") or self.known(f"refs/remotes/origin/{name}"):
            return name
        return ""

    def shallow(self) -> tuple[str, ...]:
        return ("this clone is shallow; all of the history that was compared is there",) if self.repository.shallow else ()


def _fetch_all() -> str:
    from lastcall.git import FETCH_ALL  # noqa: PLC0415

    return FETCH_ALL


def _plain(ref: str) -> str:
    for prefix in ("refs/heads/", "refs/remotes/origin/", "refs/remotes/", "refs/tags/", "origin/"):
        if ref.startswith(prefix):
            return ref.removeprefix(prefix)
    return short(ref) if len(ref) in (40, 64) and not ref.strip("0123456789abcdef") else ref


def _label(name: str, sha: str) -> str:
    return short(sha) if sha.startswith(name) else f"{_plain(name)} at {short(sha)}"
