"""Read all facts of a release: git's late commits, the forge's evidence about them, and the queries of both ends.

``collect`` asks the forge, ``gather`` reads everything, and ``place`` says of each finding which change brought its lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from lastcall.comparison import Comparison
from lastcall.forges import Question, pick
from lastcall.model import (
    Blob,
    Change,
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
    Side,
    Tree,
    no_progress,
)
from lastcall.policy import guards
from lastcall.review import changes

if TYPE_CHECKING:  # git.py refuses to be loaded where there is no git, and a folder can be audited without
    from lastcall.git import Repository

_EXCERPT_BYTES = 16 << 20
_EXCERPT_AROUND = 2
_EXCERPT_LINES = 60
_EXCERPT_COLUMNS = 500
_TRACED = 100
"""Findings whose lines are traced to a commit: each asks git, and no reader gets further; the others stand without one."""


@dataclass(frozen=True)
class Source:
    """Where evidence comes from: a forge by name (empty: detected), or an evidence ``file`` that is replayed."""

    forge: str = ""
    file: Path | None = None
    environ: Mapping[str, str] = field(default_factory=dict)


def gather(repository: Repository, comparison: Comparison, source: Source, only: str = "", progress: Progress = no_progress) -> Release:
    """All facts of what was compared.  ``only`` is ``review``, ``queries`` or empty for both.

    Raises LastcallError for what the user must set up; what could not be read is an ``Unread`` in the release.
    """
    ends = _Ends.of(repository, comparison)
    reviewed = comparison.reviewed and only != "queries"
    evidence = collect(repository, comparison, source, progress) if reviewed and (comparison.commits or source.file) else Evidence("none")
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
        changes=_changes(repository, comparison, evidence, ends) if reviewed else (),
        after=after,
        before=before,
        unread=evidence.unread,
        notes=(*comparison.notes, *(after.notes if after else ())),
    )


def collect(repository: Repository, comparison: Comparison, source: Source, progress: Progress = no_progress) -> Evidence:
    """Ask the forge, once, about all commits that were compared."""
    question = Question(
        commits=comparison.commits,
        branch=comparison.branch,
        pull=comparison.pull,
        remotes=repository.remotes(),
        environ=source.environ,
        file=source.file,
        progress=progress,
    )
    _, forge = pick("recorded" if source.file else source.forge, question)
    return forge.collect(question)


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
    return [_with_excerpt(finding, tree, blobs) for finding in findings]


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


def _changes(repository: Repository, comparison: Comparison, evidence: Evidence, ends: _Ends) -> tuple[Change, ...]:
    return changes(
        comparison.commits,
        evidence,
        repository,
        comparison.policy.review,
        comparison.branch,
        comparison.pull,
        guards(*(tree for tree in (ends.base, ends.head) if tree)),
    )


# ---------------------------------------------------------------------------------------------------------------- findings


def _with_excerpt(finding: Finding, tree: Tree, blobs: dict[str, Blob]) -> Finding:
    place = finding.location
    blob = blobs.get(place.path) if place else None
    content = tree.read(blob, _EXCERPT_BYTES) if blob else None
    if place is None or content is None or finding.excerpt:
        return finding
    return replace(finding, excerpt=_excerpt(content.decode("utf-8", "replace"), place))


def _excerpt(text: str, place: Location) -> Excerpt:
    """The lines of a place and two around it; a long statement, or a line of megabytes, is cut."""
    lines = text.split("\n")
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
