"""What a run compares: a release branch with its freeze, a head with the base it would land on, or the index with HEAD.

The release branches (``branches``) and a freeze that is written down (``freeze.at``) are read from the policy of the default branch:
neither the base nor the freeze is known before them, and the branch under judgement must not name its own freeze.  Only where there is no
default branch is HEAD's policy asked, and that is noted.  A branch for which a freeze was declared is a release branch whatever its name.
Everything else is judged by the policy of the base; waivers stand in the policy of the default branch, too, because the base's is from
before what they are for.  Neither is ever read from what is judged.

A freeze is a tag, a commit, where the release left the default branch, or a time.  A time says nothing by itself, since the dates of
commits are anybody's to write: the server's log is asked once where the branch was then, and that commit is the freeze.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING

from lastcall.model import Commit, Freeze, LastcallError, Moment, Policy, Position, Pull, Rewritten, TagEvidence, Tree

if TYPE_CHECKING:  # git.py refuses to be loaded where there is no git, and a folder can be audited without
    from lastcall.git import Repository, Tag

FREEZE_TAGS = "freeze/"
EVERY_COMMIT_AFTER = "Every commit after {commit} is late and needs an approval."
"""What the message of a freeze's tag says: the commit in it does not move with the tag."""
NOTHING_NAMED = "name what to compare: --release BRANCH, --base REF or --staged; 'lastcall audit' judges the whole tree"

Policies = Callable[[Tree | None], Policy]
"""The policy that a tree has; the defaults for None."""

Moments = Callable[[str, str], Moment]
"""Where the server had a branch at a time (ISO 8601 with its zone).  Raises LastcallError where nobody can tell."""

_DECLARED = re.compile(r"^" + EVERY_COMMIT_AFTER.format(commit="([0-9a-f]{40}|[0-9a-f]{64})").replace(".", r"\."), re.MULTILINE)
_DATED = re.compile(r"\d{4}-\d\d-\d\d")
_OWN_LOG = re.compile(r"@\{(?!u\}|upstream\}|push\})", re.IGNORECASE)
_LANDED = re.compile(r"Merge pull request #([1-9]\d{0,8}) from |.*\(#([1-9]\d{0,8})\)$")
_HINTS = 100
"""Pull requests that a merge group's subjects hint at and that are looked up: a queue builds groups of at most this many."""


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
    """Commits that would land on branch ``into``: a pull request, or a merge group (``group``), in which several may wait."""

    into: str
    base: str
    head: str
    pull: int | None = None
    group: bool = False


@dataclass(frozen=True)
class Comparison:
    """Two ends, found and named.  ``base`` is None only for the index of a repository without commits; ``head`` only for the index.

    ``branch`` is the one that the commits land on; ``policy`` is the base's, with the waivers of the standing one; ``reviewed`` says
    whether the approvals of ``commits`` (base..head, parents first) are judged at all.  ``rewritten`` is set where the freeze is no
    ancestor of the head.  ``hinted`` are pull requests that the subjects of a merge group name: reasons to ask about them, no proof of
    anything.  ``moments`` are times that the server resolved for this comparison.
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
    group: bool = False
    hinted: tuple[int, ...] = ()
    rewritten: Rewritten | None = None
    moments: tuple[Moment, ...] = ()
    notes: tuple[str, ...] = ()


def compare(repository: Repository, asked: Choice | Push | Merge, policies: Policies, moments: Moments | None = None) -> Comparison:
    """Find both ends of what was asked for; ``moments`` is who is asked where a freeze is a time.

    LastcallError where one of the ends cannot be found or the history between them is cut.
    """
    if isinstance(asked, Choice) and asked.staged:
        return _staged(repository, policies)
    if isinstance(asked, Choice) and repository.head() is None:
        raise LastcallError(
            "the repository has no commits yet", "'lastcall check --staged' judges the index, 'lastcall audit' the files as they are"
        )
    finder = _Finder(repository, policies, moments)
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


def moved(freeze: Freeze, tags: Sequence[TagEvidence], name: str) -> str | None:
    """What is to be told where the tag ``name``, which says where the freeze is, is another one on the server; None where it is not."""
    there = next((tag for tag in tags if tag.name == name), None)
    if there is None or not freeze.tag or (there.object, there.commit) == (freeze.tag, freeze.commit):
        return None
    fetch = f"fetch it (git fetch --force origin tag {shlex.quote(name)}) once you know who did that"
    if there.commit != freeze.commit:
        return f"the tag {name} was moved: it names {short(freeze.commit)} in this clone and {short(there.commit)} on the server; {fetch}"
    return f"the tag {name} was made anew: it is {short(freeze.tag)} in this clone and {short(there.object)} on the server; {fetch}"


def open_pull(compared: Comparison, pulls: Sequence[Pull]) -> int | None:
    """The pull request under judgement: the one of the run, else the only open one that would bring this head into this branch.

    So whoever asks before a push (``--base release/2.4``) is told the same as the check of the pull request.
    """
    if compared.pull is not None or compared.position is not Position.PAIR or compared.group:
        return compared.pull
    wanted = ("open", compared.head, compared.branch)
    found = [pull.number for pull in pulls if (pull.state, pull.head, pull.base) == wanted]
    return found[0] if len(found) == 1 else None


def oddities(tag: Tag) -> tuple[str, ...]:
    """What is to be told of a tag that says where a freeze is: that it was moved, or that it is another tag under a new name."""
    declared = _DECLARED.search(tag.message)
    told = []
    if declared and declared[1] != tag.commit:
        told.append(f"the tag {tag.name} was moved: its message says {short(declared[1])}, it names {short(tag.commit)}")
    if tag.annotated and tag.named not in ("", tag.name):
        told.append(f"the tag {tag.name} is the tag {tag.named} under another name: nobody declared a freeze by it")
    return tuple(told)


def is_time(text: str) -> bool:
    """Whether this is meant as a time: what ISO 8601 reads as one, or begins as its dates do."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return bool(_DATED.match(text))
    return True


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
class _Found:
    """A freeze, if there is one, with what is to be told of it and what the server was asked for it."""

    freeze: Freeze | None = None
    notes: tuple[str, ...] = ()
    moments: tuple[Moment, ...] = ()


@dataclass(frozen=True)
class _Finder:
    repository: Repository
    policies: Policies
    moments: Moments | None

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
        name = f"pull request #{merge.pull}" if merge.pull else ""
        if merge.group:
            name = f"merge group of {name}" if name else "merge group"
        found = self.pair(merge.base, merge.head, asked=False, into=merge.into, name=name)
        return replace(found, pull=merge.pull, group=merge.group, hinted=_hinted(found.commits) if merge.group else ())

    def release(self, branch: str | None, *, freeze: str | None = None, head: str | None = None) -> Comparison:
        """A release branch (its tip, or ``head``) since its freeze; where none was declared, since it left the default branch."""
        branch = branch.removeprefix("refs/heads/") if branch else None
        tip, notes = self.tip(branch, head)
        name = branch or "HEAD"
        found = self.freeze(branch, freeze, tip)
        frozen = found.freeze
        base, since = (frozen.commit, f"its freeze {short(frozen.commit)} ({frozen.source})") if frozen else self.fork(name, tip)
        rewritten = self.rewritten(frozen, name, tip) if frozen else None
        commits = self.repository.commits(base, tip)
        lost = f", {late(rewritten.lost, 'frozen commit')} lost" if rewritten else ""
        policy, policy_notes = self.waived(self.policies(self.repository.tree(base)), branch, tip)
        return Comparison(
            position=Position.RELEASE,
            headline=f"{name} at {short(tip)} since {since}: {late(commits)}{lost}",
            policy=policy,
            branch=branch,
            base=base,
            head=tip,
            freeze=frozen,
            commits=commits,
            reviewed=True,
            rewritten=rewritten,
            moments=found.moments,
            notes=(*notes, *found.notes, *policy_notes, *self.shallow()),
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
        branch = into or self.branch_of(head or current) or None
        policy, notes = self.waived(policy, branch, tip) if reviewed else (policy, ())
        where = f"{_plain(into or base)} at {short(base_tip)}" + ("" if fork == base_tip else f" (merge base {short(fork)})")
        return Comparison(
            position=Position.PAIR,
            headline=f"{_label(name or head or current, tip)} against {where}: {late(commits, 'commit')}",
            policy=policy,
            branch=branch,
            base=fork,
            head=tip,
            commits=commits,
            reviewed=reviewed,
            notes=(
                *(() if reviewed else (f"{_plain(into or base)} is not a release branch: approvals are not judged",)),
                *notes,
                *self.shallow(),
            ),
        )

    # ------------------------------------------------------------------------------------------------------------ ends

    def tip(self, branch: str | None, head: str | None) -> tuple[str, tuple[str, ...]]:
        if head or not branch:
            return self.repository.resolve(head or "HEAD"), ()
        found = self.repository.find_branch(branch)
        return found.commit, (found.note,) if found.note else ()

    def freeze(self, branch: str | None, given: str | None, tip: str) -> _Found:
        """The freeze: given, else the tag ``freeze/<branch>``, else the policy's ``freeze.at``."""
        if given:
            return self.named(given, "--freeze", branch, tip)
        name = f"{FREEZE_TAGS}{branch}"
        tag = self.tag(name) if branch else None
        if tag:
            note = (
                f"the tag {name} is lightweight: it does not say who declared the freeze, or when; 'lastcall freeze' makes an annotated one"
            )
            frozen = Freeze(tag.commit, f"tag {name}", tag.object, tag.annotated, name)
            return _Found(frozen, oddities(tag) if tag.annotated else (note,))
        policy, where = self.standing
        if not policy.freeze_at:
            return _Found()
        found = self.named(policy.freeze_at, "policy freeze.at", branch, tip)
        note = "there is no default branch: freeze.at is read from the policy of the branch under judgement"
        return found if where else replace(found, notes=(*found.notes, note))

    def named(self, text: str, by: str, branch: str | None, tip: str) -> _Found:
        """The freeze that somebody wrote down: a tag, a commit, the default branch (which the release has left somewhere) or a time."""
        if is_time(text) and (":" in text or not self.known(text)):  # no ref has a colon in its name
            return self.timed(text, by, branch)
        if _OWN_LOG.search(text):
            message = f"{text} is a place in this clone's own log, which does not tell where the branch was on the server"
            raise LastcallError(message, "name a commit or a tag, or the time itself with its zone: 2026-03-01T18:00:00Z")
        commit = self.repository.resolve(text)
        tag = self.tag(text.removeprefix("refs/tags/"))
        if tag and tag.commit == commit:
            return _Found(Freeze(commit, f"{by} {text}", tag.object, tag.annotated, tag.name), oddities(tag))
        default = self.repository.default_branch()
        if default and branch != default and self.branch_of(text) == default:
            return _Found(Freeze(self.fork_of(text, commit, branch or "HEAD", tip), f"where it left {default}, {by} {text}"))
        return _Found(Freeze(commit, f"{by} {text}"))

    def timed(self, text: str, by: str, branch: str | None) -> _Found:
        """The freeze that is a time, once the server has told where the branch was then."""
        instead = f"name a commit or a tag instead, or declare the freeze: lastcall freeze {shlex.quote(branch or 'BRANCH')} --at REF"
        _check_time(text)
        if not branch:
            raise LastcallError(
                f"the freeze is a time ({text}), and no branch is checked out that was somewhere then", "name it: --release"
            )
        if self.moments is None:
            raise LastcallError(f"the freeze is a time ({text}), and nobody can be asked here where {branch} was then", instead)
        moment = self.moments(branch, text)
        log = moment.log or "the server's activity log"
        if not self.repository.has(moment.commit):
            message = f"{branch} was at {short(moment.commit)} at {text} by {log}, and this clone does not have that commit"
            raise LastcallError(message, _fetch_all() if self.repository.shallow else f"fetch it, or {instead}")
        source = f"{branch} at {text}, by {log}{'' if by == '--freeze' else f', {by}'}"
        return _Found(Freeze(moment.commit, source), moments=(moment,))

    def rewritten(self, freeze: Freeze, branch: str, tip: str) -> Rewritten | None:
        """What the history of a release lost since its freeze.  LastcallError in a shallow clone, where that is not known."""
        if self.repository.is_ancestor(freeze.commit, tip):
            return None
        return Rewritten(freeze, branch, tip, self.repository.commits(tip, freeze.commit))

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

    def fork_of(self, base: str, base_tip: str, head: str, tip: str) -> str:
        """The newest commit that both ends have: the base as a pull request sees it."""
        fork = self.repository.merge_base(base_tip, tip)
        if not fork:
            message = f"{_plain(base)} ({short(base_tip)}) and {_plain(head)} ({short(tip)}) have no commit in common"
            raise LastcallError(message, "name another base: --base REF")
        return fork

    # ------------------------------------------------------------------------------------------------------------ policies

    @cached_property
    def default_tip(self) -> str | None:
        """Where the default branch stands: on the server, as this clone knows, else here."""
        default = self.repository.default_branch()
        return (self.known(f"refs/remotes/origin/{default}") or self.known(default)) if default else None

    @cached_property
    def standing(self) -> tuple[Policy, bool]:
        """The policy that says what a release branch is, and whether it stands outside of the branch under judgement."""
        commit = self.default_tip or self.repository.head()
        return self.policies(self.repository.tree(commit) if commit else None), self.default_tip is not None

    def waived(self, policy: Policy, branch: str | None, head: str) -> tuple[Policy, tuple[str, ...]]:
        """The base's policy with the waivers of the default branch's, unless that is what is judged; and what is to be told.

        A waiver that cannot be read lets nothing through, so it stops nobody either.
        """
        default = self.repository.default_branch()
        if self.default_tip is None or branch == default or head == self.default_tip:
            return policy, ()
        try:
            standing, _ = self.standing
        except LastcallError as error:
            return policy, (f"waivers of {default} are not looked at: {error.message}",)
        return replace(policy, waivers=tuple(dict.fromkeys((*policy.waivers, *standing.waivers)))), ()

    # ------------------------------------------------------------------------------------------------------------ names

    def is_release(self, branch: str, policy: Policy | None = None) -> bool:
        """Whether the policy says that it is a release branch, or a freeze was declared for it."""
        patterns = (policy or self.standing[0]).branches
        return any(fnmatchcase(branch, pattern) for pattern in patterns) or self.tag(f"{FREEZE_TAGS}{branch}") is not None

    def tag(self, name: str) -> Tag | None:
        """The tag of exactly this name: ``freeze/release/2`` is not the freeze of ``release/2.4``."""
        return next((tag for tag in self.repository.tags(name) if tag.name == name), None)

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


def _check_time(text: str) -> None:
    """LastcallError unless this is one moment, and past."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise LastcallError(f"{text} is neither a commit nor a time", "write a time as in 2026-03-01T18:00:00Z") from None
    if _is_day(text):
        raise LastcallError(
            f"{text} is a day: when on it the branch was frozen is not said", f"write the time, too: {time:%Y-%m-%d}T18:00:00Z"
        )
    if time.tzinfo is None:
        plain = f"{time:%Y-%m-%dT%H:%M:%S}"
        raise LastcallError(
            f"{text} has no zone: it is another moment in each", f"write {plain}Z if it is in UTC, else as in {plain}+02:00"
        )
    if time > datetime.now(UTC):
        raise LastcallError(f"{text} is yet to come: where the branch will be then is not known", "freeze it when that is past")


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _hinted(commits: Sequence[Commit]) -> tuple[int, ...]:
    """The pull requests that the first-parent commits say they land, newest first: by their words, so these only are reasons to ask."""
    late_commits = {commit.sha: commit for commit in commits}
    found: dict[int, None] = {}
    commit = commits[-1] if commits else None
    while commit and len(found) < _HINTS:
        hint = _LANDED.match(commit.subject.strip())
        if hint:
            found[int(hint[1] or hint[2])] = None
        commit = late_commits.get(commit.parents[0]) if commit.parents else None
    return tuple(found)


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
