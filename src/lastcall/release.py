"""Read all facts of a release: git's late commits, the forge's evidence about them, and the queries of both ends.

``collect`` asks the forge, ``gather`` reads everything, and ``place`` says of each finding which change brought its lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from lastcall.comparison import Comparison, moved, open_pull
from lastcall.forges import Question, pick
from lastcall.forges.trailers import ALLOWED_SIGNERS
from lastcall.model import (
    Change,
    Check,
    Evidence,
    Excerpt,
    Finding,
    Kind,
    LastcallError,
    Location,
    Policy,
    Position,
    Progress,
    Release,
    RequiredCheck,
    Side,
    Tree,
    no_progress,
)
from lastcall.owners import Owners
from lastcall.policy import guards
from lastcall.required import required
from lastcall.review import Judged, changes, origins

if TYPE_CHECKING:  # git.py refuses to be loaded where there is no git, and a folder can be audited without
    from lastcall.git import Repository

_EXCERPT_BYTES = 16 << 20
_SIGNERS_BYTES = 1 << 20
_EXCERPT_AROUND = 2
_EXCERPT_LINES = 60
_EXCERPT_COLUMNS = 500
_EXCERPT_FILES = 4
"""Files that are held at once: findings come by severity, and then file by file."""
_TRACED = 100
"""Findings whose lines are traced to a commit: each asks git, and no reader gets further; the others stand without one."""


@dataclass(frozen=True)
class Source:
    """Where evidence comes from: a forge by name (empty: detected), or an evidence ``file`` that is replayed."""

    forge: str = ""
    file: Path | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    told: Callable[[str], None] = lambda _: None
    """Takes what only a curious user wants to know (``-v``)."""


def gather(repository: Repository, comparison: Comparison, source: Source, only: str = "", progress: Progress = no_progress) -> Release:
    """All facts of what was compared.  ``only`` is ``review``, ``queries`` or empty for both.

    Raises LastcallError for what the user must set up; what could not be read is an ``Unread`` in the release.
    """
    ends = _Ends.of(repository, comparison)
    reviewed = comparison.reviewed and only != "queries"
    review = _Review(repository, comparison, ends)
    evidence = review.evidence(source, progress) if reviewed and (review.asks or source.file) else Evidence("none")
    review.check_freeze(evidence)
    after = before = None
    if only != "review":
        after, before = _sides(ends, comparison.policy, progress)
    return Release(
        position=comparison.position,
        headline=comparison.headline,
        branch=comparison.branch,
        head=comparison.head,
        base=comparison.base,
        freeze=comparison.freeze,
        reviewed=reviewed,
        changes=review.changes(evidence, progress) if reviewed else (),
        checks=review.checks(evidence) if reviewed else (),
        rewritten=comparison.rewritten if reviewed else None,
        repository=evidence.repository,
        after=after,
        before=before,
        unread=(*evidence.unread, *(review.owners.unread if reviewed else ())),
        notes=(*comparison.notes, *(review.notes(evidence) if reviewed else ()), *(after.notes if after else ())),
    )


def collect(repository: Repository, comparison: Comparison, source: Source, progress: Progress = no_progress) -> Evidence:
    """Ask the forge, once, about all commits that were compared, and whatever else the policy makes the verdict hang on."""
    return _Review(repository, comparison, _Ends.of(repository, comparison)).evidence(source, progress)


def whole(side: Side, label: str) -> Release:
    """One tree, judged by itself: what ``audit`` reads."""
    return Release(position=Position.TREE, headline=f"audit of {label}", after=side, notes=side.notes)


def place(findings: Sequence[Finding], repository: Repository, comparison: Comparison, release: Release) -> list[Finding]:
    """The findings with the lines around them, and with the commit and the change that brought those lines, where one of base..head did."""
    placed = show(findings, _Ends.of(repository, comparison).head)
    if not comparison.commits:
        return placed
    trace = _Trace(repository, comparison, {commit.sha: change.id for change in release.changes for commit in change.commits})
    return [trace.credit(finding) if number < _TRACED else finding for number, finding in enumerate(placed)]


def show(findings: Iterable[Finding], tree: Tree) -> list[Finding]:
    """The findings with the lines of ``tree`` around them."""
    blobs = {blob.path: blob for blob in tree.blobs if blob.kind is Kind.FILE}

    @lru_cache(maxsize=_EXCERPT_FILES)
    def lines(path: str) -> list[str] | None:
        content = tree.read(blobs[path], _EXCERPT_BYTES) if path in blobs else None
        return content.decode("utf-8", "replace").split("\n") if content is not None else None

    return [_with_excerpt(finding, lines) for finding in findings]


# ---------------------------------------------------------------------------------------------------------------- both ends


@dataclass(frozen=True)
class _Ends:
    """The trees of both ends; no base before the first commit."""

    head: Tree
    base: Tree | None

    @classmethod
    def of(cls, repository: Repository, comparison: Comparison) -> _Ends:
        head = repository.tree(comparison.head) if comparison.head else repository.index_tree()
        return cls(head, repository.tree(comparison.base) if comparison.base else None)


def _sides(ends: _Ends, policy: Policy, progress: Progress) -> tuple[Side, Side]:
    from lastcall.sql import Reader  # noqa: PLC0415  a parser is loaded only where there are queries to read

    reader = Reader(policy.queries, progress)
    after = reader.read(ends.head)
    if ends.base is None:
        return after, Side()
    if _content(ends.base) == _content(ends.head):
        return after, after
    return after, reader.read(ends.base)


def _content(tree: Tree) -> list[tuple[str, str]]:
    return [(blob.path, blob.id) for blob in tree.blobs]


# ---------------------------------------------------------------------------------------------------------------- review


@dataclass(frozen=True)
class _Review:
    """The review half of what was compared: what the forge is asked, and what its answers come to."""

    repository: Repository
    comparison: Comparison
    ends: _Ends

    @property
    def asks(self) -> bool:
        """Whether anything is to be asked of a forge at all: also where nothing is late, since a tag that was moved can hide what is."""
        return bool(self.comparison.commits or self._required or self._tags)

    @cached_property
    def owners(self) -> Owners:
        """Who owns what by CODEOWNERS: also where the policy asks for no owner, one must approve what steers lastcall itself."""
        return Owners.read(self.ends.base, self.ends.head)

    def evidence(self, source: Source, progress: Progress) -> Evidence:
        question = self._question(source, progress)
        name, forge = pick("recorded" if source.file else source.forge, question)
        if name == "none" and not (self.comparison.commits or self._required):
            return Evidence("none")  # nothing hangs on what nobody can tell
        evidence = forge.collect(question)
        return replace(evidence, moments=tuple(dict.fromkeys((*evidence.moments, *self.comparison.moments))))

    def changes(self, evidence: Evidence, progress: Progress) -> tuple[Change, ...]:
        compared = self.comparison
        judged = Judged(
            branch=compared.branch,
            pull=open_pull(compared, evidence.pulls),
            group=compared.group,
            guards=self._guards,
            owners=self.owners.of,
            base_owners=self.owners.of_base,
            waivers=compared.policy.waivers,
            today=datetime.now(UTC).date().isoformat(),
            origins=self._origins,
            progress=progress,
        )
        return changes(compared.commits, evidence, self.repository, compared.policy.review, judged)

    def checks(self, evidence: Evidence) -> tuple[Check, ...]:
        return required(self._required, evidence, self.comparison.head or "")

    def check_freeze(self, evidence: Evidence) -> None:
        """Raises LastcallError where the server has the freeze at another commit: what is late cannot be told by either of the two."""
        freeze = self.comparison.freeze
        there = next((tag for tag in evidence.tags if freeze and tag.name == freeze.name), None)
        if freeze and there and there.commit != freeze.commit:
            raise LastcallError(
                f"the tag {freeze.name} names {freeze.commit[:7]} in this clone and {there.commit[:7]} on the server",
                f"fetch it (git fetch --force origin tag {freeze.name}), or say which it is: --freeze {there.commit[:7]}",
            )

    def notes(self, evidence: Evidence) -> tuple[str, ...]:
        """What the evidence says of the freeze, and which checks nobody looks at here."""
        freeze, policy = self.comparison.freeze, self.comparison.policy
        told = moved(freeze, evidence.tags, self._tags[0]) if freeze and self._tags else None
        unlooked = policy.checks and not self._required
        where = f"checks ({', '.join(check.name for check in policy.checks)}) are asked of the head of a release branch, not here"
        return (*((told,) if told else ()), *((where,) if unlooked else ()))

    @cached_property
    def _guards(self) -> Callable[[str], bool]:
        trees = (tree for tree in (self.ends.base, self.ends.head) if tree)
        return guards(*trees, allowed_signers=self.comparison.policy.review.allowed_signers)

    @property
    def _required(self) -> tuple[RequiredCheck, ...]:
        """What is judged before it lands has no checks of its own yet: they run beside this one."""
        return self.comparison.policy.checks if self.comparison.position is Position.RELEASE else ()

    @property
    def _tags(self) -> tuple[str, ...]:
        freeze = self.comparison.freeze
        return (freeze.name,) if freeze and freeze.name else ()

    @cached_property
    def _origins(self) -> Mapping[str, tuple[str, ...]]:
        return origins(self.comparison.commits, self.repository, self.comparison.policy.review)

    def _question(self, source: Source, progress: Progress) -> Question:
        compared = self.comparison
        late = {commit.sha for commit in compared.commits}
        picked = {sha for found in self._origins.values() for sha in found} - late
        return Question(
            commits=compared.commits,
            branch=compared.branch,
            pull=compared.pull,
            remotes=self.repository.remotes(),
            environ=source.environ,
            file=source.file,
            progress=progress,
            origins=[self.repository.commit(sha) for sha in sorted(picked)] if compared.policy.review.accept_picks_from else [],
            pulls=compared.hinted,
            checks=(compared.head or "") if self._required else "",
            owners=self._owners_asked(),
            tags=self._tags,
            signer=self._signer(),
            told=source.told,
        )

    def _owners_asked(self) -> tuple[str, ...]:
        if self.owners.path is None:
            return ()
        changed = {path for commit in self.comparison.commits for path in self.repository.changed_paths(commit.sha)}
        wanted = self.comparison.policy.review.code_owners
        return self.owners.asked(path for path in changed if wanted or self._guards(path))

    def _signer(self) -> Callable[[str], str | None] | None:
        """Who signed a commit, by the allowed signers of the base; None where the base has no such file."""
        asked = self.comparison.policy.review.allowed_signers
        wanted = (asked,) if asked else ALLOWED_SIGNERS
        blobs = {blob.path: blob for blob in (self.ends.base.blobs if self.ends.base else ()) if blob.kind is Kind.FILE}
        blob = next((blobs[path] for path in wanted if path in blobs), None)
        content = self.ends.base.read(blob, _SIGNERS_BYTES) if blob and self.ends.base else None
        return partial(self.repository.signer, allowed=content) if content is not None else None


# ---------------------------------------------------------------------------------------------------------------- findings


def _with_excerpt(finding: Finding, lines_of: Callable[[str], list[str] | None]) -> Finding:
    place = finding.location
    if place is None or finding.excerpt or (lines := lines_of(place.path)) is None:
        return finding
    return replace(finding, excerpt=_excerpt(lines, place))


def _excerpt(lines: Sequence[str], place: Location) -> Excerpt:
    """The lines of a place and two around it; a long statement, or a line of megabytes, is cut."""
    first = max(1, place.line - _EXCERPT_AROUND)
    last = min(len(lines), place.end_line + _EXCERPT_AROUND, first + _EXCERPT_LINES - 1)
    return Excerpt(first, tuple(line.rstrip("\r")[:_EXCERPT_COLUMNS] for line in lines[first - 1 : last]))


@dataclass(frozen=True)
class _Trace:
    """Who brought a line: the newest commit of base..head that touched it; nobody did where the release took an index away elsewhere."""

    repository: Repository
    comparison: Comparison
    change_of: Mapping[str, str]

    @cached_property
    def order(self) -> Mapping[str, int]:
        return {commit.sha: number for number, commit in enumerate(self.comparison.commits)}

    def credit(self, finding: Finding) -> Finding:
        place, head, base = finding.location, self.comparison.head, self.comparison.base
        if place is None or finding.commit or head is None or base is None:
            return finding
        try:
            touched = self.repository.blame(head, place.path, place.line, place.end_line, base)
        except LastcallError:
            return finding  # a partial clone may lack old versions of the file; who wrote a line decides nothing
        newest = max((sha for sha in touched if sha in self.order), key=self.order.__getitem__, default=None)
        return replace(finding, commit=newest, change=self.change_of.get(newest, finding.change)) if newest else finding
