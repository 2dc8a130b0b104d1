"""Every fact of a release and every judgement of it.

Facts are frozen: they are gathered once, by ``release``, and everything after that is a pure function of them.  This module knows nothing
but the standard library, so that every other part may speak its words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Protocol


class LastcallError(Exception):
    """Something that the user must change: what is wrong, and ``hint``, what to do about it.  Ends with exit code 2."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Severity(IntEnum):
    """How much a finding weighs; ordered, so that ``finding.severity >= fail_on`` can be asked."""

    NOTE = 1
    WARNING = 2
    ERROR = 3

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, order=True)
class Location:
    """A place in a file: lines and columns count characters from 1; ``end_column`` is the column after the last character."""

    path: str
    line: int
    column: int = 1
    end_line: int = 0
    end_column: int = 0

    def __post_init__(self) -> None:
        if not self.end_line:
            object.__setattr__(self, "end_line", self.line)


@dataclass(frozen=True)
class Unread:
    """Something that could not be read, fetched or understood: never dropped, always told.

    ``what`` is one word (query, statement, file, table, reviews, submodule, …); ``reason`` is a clause a person can read;
    ``subject`` names the thing where it has a name (a table, a pull request).
    """

    what: str
    reason: str
    location: Location | None = None
    subject: str = ""


# ---------------------------------------------------------------------------------------------------------------- files and history


class Kind(StrEnum):
    """What a path of a tree is."""

    FILE = "file"
    SYMLINK = "symlink"
    SUBMODULE = "submodule"


@dataclass(frozen=True)
class Blob:
    """One path of a tree.  ``id`` is the git blob id of its content (also for plain folders), the key of every cache."""

    path: str
    id: str
    kind: Kind = Kind.FILE


class Tree(Protocol):
    """The files of a commit, of the index, of a work tree or of a plain folder."""

    @property
    def blobs(self) -> Sequence[Blob]:
        """Every path of the tree, sorted by path."""

    @property
    def unread(self) -> Sequence[Unread]:
        """What is there and cannot be opened or listed."""

    def read(self, blob: Blob, limit: int) -> bytes | None:
        """The content of ``blob``, or None where it is longer than ``limit`` bytes."""


@dataclass(frozen=True)
class Person:
    """A name as git writes it into a commit; nothing about it is proved."""

    name: str
    email: str

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


@dataclass(frozen=True)
class Commit:
    """A commit as its object says it, without mailmap, grafts or replace refs."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str

    @property
    def subject(self) -> str:
        return self.message.partition("\n")[0]


class History(Protocol):
    """What the review half asks of git: facts about commits, and merges made again in a throw-away repository."""

    def has(self, sha: str) -> bool:
        """Whether the object is in this clone."""

    def commit(self, sha: str) -> Commit:
        """The commit ``sha``."""

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Whether ``ancestor`` is reachable from ``descendant``."""

    def merge_tree(self, ours: str, theirs: str) -> str | None:
        """The tree that a mechanical merge of two commits gives; None where it conflicts or cannot be made."""

    def replay_tree(self, original: str, onto: str) -> str | None:
        """The tree that a mechanical cherry-pick of ``original`` onto ``onto`` gives; None where it conflicts."""

    def changed_paths(self, commit: str) -> tuple[str, ...]:
        """The paths in which a commit differs from its first parent (all its paths, for a root commit)."""


@dataclass(frozen=True)
class Freeze:
    """Where the release branch was frozen: a commit, and what says so (``tag freeze/release/2.4``, ``--freeze v2.4.0-rc1``)."""

    commit: str
    source: str


# ---------------------------------------------------------------------------------------------------------------- review


class AccountKind(StrEnum):
    """Who acts on a forge.  Only a user can approve; a bot can where the policy lists it."""

    USER = "user"
    BOT = "bot"
    MANNEQUIN = "mannequin"
    GHOST = "ghost"


@dataclass(frozen=True)
class Account:
    """An account of the forge.  Two accounts are one person when their numeric ``id`` is the same; logins are reused and renamed."""

    id: int | None
    login: str
    kind: AccountKind = AccountKind.USER


class ReviewState(StrEnum):
    """The opinion of a review; a comment has none and never overrides one."""

    APPROVED = "approved"
    CHANGES_REQUESTED = "changes-requested"
    DISMISSED = "dismissed"
    COMMENTED = "commented"


@dataclass(frozen=True)
class Review:
    """One review of a pull request.  ``commit`` is the head it was given on (None: the forge lost it); ``submitted_at`` is ISO 8601,
    UTC."""

    reviewer: Account
    state: ReviewState
    commit: str | None
    submitted_at: str
    can_write: bool | None = None


@dataclass(frozen=True)
class PullCommit:
    """A commit of a pull request with the accounts that the forge knows for its people (None: unmapped; an unmapped co-author has no id).

    ``verified``: the forge vouches for the signature over it, its own or that of the commit's author or committer.
    """

    sha: str
    author: Account | None
    committer: Account | None
    author_name: str = ""
    co_authors: tuple[Account, ...] = ()
    verified: bool = False


@dataclass(frozen=True)
class Pull:
    """A pull request, as the forge tells it.  ``state`` is open, closed or merged."""

    number: int
    url: str
    title: str
    state: str
    author: Account
    base: str
    head: str
    base_repository: str = ""
    merge_commit: str | None = None
    merged_at: str | None = None
    head_tree: str | None = None
    merge_signed_by_forge: bool = False
    reviews: tuple[Review, ...] = ()
    commits: tuple[PullCommit, ...] = ()


@dataclass(frozen=True)
class CommitEvidence:
    """What the forge knows of one late commit: the pull requests that hold it, and the accounts of its people as in ``PullCommit``."""

    sha: str
    pulls: tuple[int, ...] = ()
    author: Account | None = None
    committer: Account | None = None
    co_authors: tuple[Account, ...] = ()
    verified: bool = False


@dataclass(frozen=True)
class Evidence:
    """All review evidence of one release, as ``lastcall collect`` writes it and ``check --evidence`` replays it.

    ``unread`` says what the forge did not answer; its ``subject`` is the commit (``commit:<sha>``) or pull request (``pull:<n>``) that
    it is about, or empty for everything.  A commit that is in neither ``commits`` nor ``unread`` was never asked for: that is unknown too.
    """

    forge: str
    repository: str = ""
    commits: tuple[CommitEvidence, ...] = ()
    pulls: tuple[Pull, ...] = ()
    unread: tuple[Unread, ...] = ()


class Verdict(StrEnum):
    """What is known of a change's approval.  ``unknown`` means that evidence is missing, and blocks."""

    APPROVED = "approved"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"
    EXEMPT = "exempt"


@dataclass(frozen=True)
class Approval:
    """An approval that counts, and what carried it to the release head (same-commit, same-tree, replay, forge-merge)."""

    reviewer: str
    commit: str
    submitted_at: str
    carried_by: str


@dataclass(frozen=True)
class Change:
    """The commits that landed together: a merged pull request, or a commit of its own; with the verdict on its approval.

    ``reason`` is kebab-case and stable; ``detail`` is one sentence a person can act on; ``guards`` are the paths in it that steer
    lastcall itself (the policy, CODEOWNERS, the workflow that runs it).
    """

    id: str
    commits: tuple[Commit, ...]
    title: str
    authors: tuple[str, ...]
    pull: Pull | None
    verdict: Verdict
    reason: str
    detail: str
    approvals: tuple[Approval, ...] = ()
    guards: tuple[str, ...] = ()


# ---------------------------------------------------------------------------------------------------------------- queries


@dataclass(frozen=True)
class Column:
    """A column: its type as the schema writes it, upper-cased, and whether it may be null."""

    name: str
    type: str
    nullable: bool = True


@dataclass(frozen=True)
class Index:
    """An index, primary key or unique constraint, with the place that made it.

    ``columns`` are key columns in order: a plain column by its folded name, an expression as normalised SQL in parentheses
    (``(LOWER(email))``). ``where`` is the predicate of a partial index as normalised SQL.  ``method`` is btree unless the DDL says
    otherwise.
    """

    name: str
    columns: tuple[str, ...]
    unique: bool = False
    where: str = ""
    method: str = "btree"
    primary: bool = False
    location: Location | None = None

    @property
    def in_words(self) -> str:
        """What it is on: ``PRIMARY KEY (id)``, ``(status) WHERE status = 'open'``, ``gin (words)``."""
        what = "PRIMARY KEY " if self.primary else "" if self.method in ("", "btree") else f"{self.method} "
        return f"{what}({', '.join(self.columns)}){f' WHERE {self.where}' if self.where else ''}"


@dataclass(frozen=True)
class ForeignKey:
    """A reference from ``columns`` of the table that holds it to ``referenced`` columns of ``table`` (empty: its primary key)."""

    columns: tuple[str, ...]
    table: str
    referenced: tuple[str, ...] = ()
    location: Location | None = None


@dataclass(frozen=True)
class Table:
    """A table as the repository's DDL leaves it.  ``uncertain`` says why it cannot be judged; empty when all of it is known."""

    name: str
    columns: tuple[Column, ...] = ()
    indexes: tuple[Index, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    location: Location | None = None
    uncertain: str = ""

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    @property
    def indexes_in_words(self) -> str:
        """The key columns of every index: ``PRIMARY KEY (id), (status, created_at)``, or ``none``."""
        return ", ".join(index.in_words for index in self.indexes) or "none"


@dataclass(frozen=True)
class Catalog:
    """The tables of one tree by folded name; a schema-qualified name is found with and without its schema.

    ``views`` holds the names of views, which are no tables but known; their definitions stay in the sql package.
    """

    dialect: str = ""
    tables: Mapping[str, Table] = field(default_factory=dict)
    views: frozenset[str] = frozenset()

    def table(self, name: str) -> Table | None:
        """The table ``name`` (folded), by its full name or, where only one table has it, by the part after the last dot."""
        found = self.tables.get(name)
        return found or self._by_last_part.get(name.rpartition(".")[2])

    @property
    def _by_last_part(self) -> Mapping[str, Table]:
        cached = self.__dict__.get("_last_parts")
        if cached is None:
            cached = _unambiguous(self.tables)
            self.__dict__["_last_parts"] = cached
        return cached


def _unambiguous(tables: Mapping[str, Table]) -> dict[str, Table]:
    by_part: dict[str, list[Table]] = {}
    for name, table in tables.items():
        by_part.setdefault(name.rpartition(".")[2], []).append(table)
    return {part: found[0] for part, found in by_part.items() if len(found) == 1}


@dataclass(frozen=True)
class Join:
    """An equality that ties two tables of a query: ``orders.user_id`` and ``users.id``; kind is inner, left, right, full, semi or anti."""

    left: str
    right: str
    kind: str = "inner"


class AccessPath(StrEnum):
    """How a query gets at the rows of one of its tables."""

    INDEX = "index"
    """An index serves it, from a filter or from tables reached before."""
    UNINDEXED_JOIN = "unindexed-join"
    """Tied by equality to a table reached before, and no index serves that: the whole table is read."""
    UNINDEXED_FILTER = "unindexed-filter"
    """It drives the query by a selective filter that no index serves."""
    HASHED_JOIN = "hashed-join"
    """Nothing drives the query: whole tables are hashed.  ``missing`` is set where neither side of the join has an index."""
    WHOLE = "whole"
    """Read whole, as the query asks for."""
    UNKNOWN = "unknown"
    """Not known for sure (unknown or uncertain table, small table, run-time SQL): never the subject of a finding."""


@dataclass(frozen=True)
class MissingIndex:
    """The smallest index that would serve: key columns in order, equality columns first; ``sql`` is the statement that makes it."""

    table: str
    columns: tuple[str, ...]
    sql: str = ""


@dataclass(frozen=True)
class Access:
    """How one table of one query is reached: by which index, from which tables, by which columns; or which index it lacks."""

    table: Table
    alias: str
    path: AccessPath
    location: Location
    columns: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    index: Index | None = None
    missing: MissingIndex | None = None
    selective: bool = False
    """What it is looked up for are few rows (an equality drives, not a range)."""


@dataclass(frozen=True)
class Query:
    """A query with its place in the host file, what it reads and how.

    ``sql`` is the SQL it was lowered to; ``shape`` is the same with literals and parameters taken out, which the fingerprint is made of;
    ``tables`` are names as the query writes them, folded; ``unknown_tables`` tells of those that the catalog does not have.
    """

    sql: str
    shape: str
    origin: str
    location: Location
    tables: tuple[str, ...] = ()
    joins: tuple[Join, ...] = ()
    accesses: tuple[Access, ...] = ()
    unknown_tables: tuple[Unread, ...] = ()


@dataclass(frozen=True)
class Ignore:
    """An inline ``lastcall: ignore[rule, …] reason``; ``line`` it stands on, ``used`` once it has silenced a finding."""

    rules: tuple[str, ...]
    reason: str
    location: Location
    used: bool = False


@dataclass(frozen=True)
class Side:
    """The queries of one tree and the schema they are judged by: one end of the diff."""

    catalog: Catalog = field(default_factory=Catalog)
    queries: tuple[Query, ...] = ()
    unread: tuple[Unread, ...] = ()
    ignores: tuple[Ignore, ...] = ()
    files: int = 0
    notes: tuple[str, ...] = ()


# ---------------------------------------------------------------------------------------------------------------- release and report


class Position(StrEnum):
    """What a run compares."""

    RELEASE = "release"
    PAIR = "pair"
    STAGED = "staged"
    TREE = "tree"


@dataclass(frozen=True)
class Release:
    """All facts of one run: what was compared, the late changes, and the queries of both ends.

    ``headline`` is the first line of every report: what was compared.  ``after`` is None where only reviews were asked for;
    ``before`` is None where a single tree is judged.  ``reviewed`` tells whether approvals were asked for at all.
    """

    position: Position
    headline: str
    branch: str | None = None
    head: str | None = None
    base: str | None = None
    freeze: Freeze | None = None
    reviewed: bool = False
    changes: tuple[Change, ...] = ()
    after: Side | None = None
    before: Side | None = None
    unread: tuple[Unread, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Related:
    """Another place that a finding speaks of, with what it has to do with it."""

    message: str
    location: Location | None = None


@dataclass(frozen=True)
class Excerpt:
    """The host file's lines around a finding: the number of the first one, and the lines without their ends."""

    first_line: int
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """One thing that a rule has to say, with its place, its evidence and what to do."""

    rule: str
    severity: Severity
    message: str
    location: Location | None = None
    change: str | None = None
    commit: str | None = None
    tables: tuple[str, ...] = ()
    index: MissingIndex | None = None
    suggestion: str = ""
    related: tuple[Related, ...] = ()
    fingerprint: str = ""
    reason: str = ""
    excerpt: Excerpt | None = None


@dataclass(frozen=True)
class Report:
    """Everything that a format may print.  ``ignored`` findings carry the reason of the ignore or exemption that silenced them."""

    release: Release
    findings: tuple[Finding, ...] = ()
    ignored: tuple[Finding, ...] = ()
    fail_on: Severity = Severity.ERROR
    version: str = ""

    @property
    def failed(self) -> bool:
        return any(finding.severity >= self.fail_on for finding in self.findings)

    @property
    def unread(self) -> tuple[Unread, ...]:
        """What could not be read, of the reviews and of the judged tree."""
        return self.release.unread + (self.release.after.unread if self.release.after else ())


# ---------------------------------------------------------------------------------------------------------------- policy


@dataclass(frozen=True)
class Exemption:
    """Late changes that need no approval: all their paths match ``paths`` and all their authors are among ``authors`` (empty: any)."""

    paths: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReviewPolicy:
    """How a late change is approved (the policy's ``review:``)."""

    approvals: int = 1
    code_owners: bool = True
    carry: str = "replay"
    accept_base: tuple[str, ...] = ()
    exempt: tuple[Exemption, ...] = ()


@dataclass(frozen=True)
class QueryPolicy:
    """How queries are read (the policy's ``queries:``).  ``dialect`` empty: detected.  ``schema`` empty: whatever the tree has."""

    dialect: str = ""
    schema: tuple[str, ...] = ()
    exclude: tuple[str, ...] = (
        "tests/",
        "test/",
        "test_*.py",
        "*_test.py",
        "conftest.py",
        "node_modules/",
        "site-packages/",
    )
    small_tables: tuple[str, ...] = ()


@dataclass(frozen=True)
class Policy:
    """The whole of ``.lastcall.yml``; the defaults are the policy of a repository that has none."""

    branches: tuple[str, ...] = ("release/*",)
    freeze_at: str = ""
    review: ReviewPolicy = field(default_factory=ReviewPolicy)
    checks: tuple[str, ...] = ()
    queries: QueryPolicy = field(default_factory=QueryPolicy)
    severities: Mapping[str, Severity | None] = field(default_factory=dict)
    """Severity by rule name; None switches a rule off."""
    options: Mapping[str, object] = field(default_factory=dict)
    """The rule's own ``Options``, by rule name, where the policy sets any."""
    later: tuple[str, ...] = ()
    """Rules that the policy sets and this version does not have yet."""
    path: str | None = None


Progress = Callable[[str, int, int], None]
"""Told of work under way: what, done so far, of how many (0: not known)."""


def no_progress(what: str, done: int, total: int) -> None:
    """The progress of a run that nobody watches."""
