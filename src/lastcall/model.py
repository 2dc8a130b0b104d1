"""Every fact of a release and every judgement of it.

Facts are frozen: they are gathered once, by ``release``, and everything after that is a pure function of them.  This module knows nothing
but the standard library, so that every other part may speak its words.
"""

from __future__ import annotations

import re
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
    authored: str = ""
    """Author's date as the object says it (``1772445600 +0000``).  Anybody can write it: it finds candidates, and proves nothing."""

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

    def revert_tree(self, reverted: str, onto: str) -> str | None:
        """The tree that a mechanical revert of ``reverted`` (against its first parent) on ``onto`` gives; None where it conflicts."""

    def replay_line(self, originals: Sequence[str], onto: str) -> str | None:
        """The tree that mechanical cherry-picks of ``originals``, one after another, give; None where one of them conflicts."""

    def revert_line(self, reverted: Sequence[str], onto: str) -> str | None:
        """The tree that mechanical reverts of ``reverted``, one after another, give; None where one of them conflicts."""

    def merge_bases(self, one: str, other: str) -> tuple[str, ...]:
        """The best common ancestors of two commits: none of unrelated histories, several where they were merged crosswise."""

    def changed_paths(self, commit: str, since: str | None = None) -> tuple[str, ...]:
        """The paths in which a commit differs from the commit ``since``; None: from its first parent (all its paths, for a root commit)."""

    def submodules(self, commit: str, since: str | None = None) -> tuple[SubmoduleMove, ...]:
        """The submodules that a commit moves, adds or takes away, against the commit ``since``; None: against its first parent."""

    def commits(self, exclude: str | None, include: str) -> tuple[Commit, ...]:
        """What is reachable from ``include`` and not from ``exclude`` (None: all), parents before children."""

    def tip(self, branch: str) -> str | None:
        """The commit of a branch: the remote-tracking one of origin, else the local one; None where the clone has neither."""

    def branches(self) -> Mapping[str, str]:
        """The commit of every branch by its name, chosen as ``tip`` does."""


@dataclass(frozen=True)
class SubmoduleMove:
    """A submodule before and after a commit: commits of its own repository, whose content nobody here has seen; None where it is not."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Freeze:
    """Where the release branch was frozen: a commit, and what says so (``tag freeze/release/2.4``, ``--freeze v2.4.0-rc1``).

    ``tag`` is the id of the tag object where a tag says so (the commit's own for a lightweight one), and ``name`` is its name.
    """

    commit: str
    source: str
    tag: str = ""
    annotated: bool = True
    name: str = ""


@dataclass(frozen=True)
class Rewritten:
    """The freeze is no ancestor of the head: ``lost`` are the commits that were frozen and are not in the release any more."""

    freeze: Freeze
    branch: str
    head: str
    lost: tuple[Commit, ...]


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
    edited_at: str | None = None
    teams: tuple[str, ...] = ()
    """The teams on whose behalf it was given, as CODEOWNERS writes them (``@acme/db``), where the forge tells."""


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
    signed_by_forge: bool = False


@dataclass(frozen=True)
class ForcePush:
    """The head branch of a pull request was made to point somewhere else; None where the forge has lost the account or the commit."""

    actor: Account | None
    before: str | None
    after: str | None
    at: str


@dataclass(frozen=True)
class BaseChange:
    """A pull request was pointed at another base branch."""

    before: str
    after: str
    at: str


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
    force_pushes: tuple[ForcePush, ...] = ()
    base_changes: tuple[BaseChange, ...] = ()
    merged_by: Account | None = None


@dataclass(frozen=True)
class CommitEvidence:
    """What the forge knows of one late commit: the pull requests that hold it, and the accounts of its people as in ``PullCommit``.

    ``reviews`` are approvals of the commit itself, without a pull request (signed ``Reviewed-by`` trailers).
    """

    sha: str
    pulls: tuple[int, ...] = ()
    author: Account | None = None
    committer: Account | None = None
    co_authors: tuple[Account, ...] = ()
    verified: bool = False
    signed_by_forge: bool = False
    reviews: tuple[Review, ...] = ()


class RunState(StrEnum):
    """How a check ended.  Skipped and neutral ones count as green, as on GitHub, and are told: they say nothing of the commit."""

    PASSED = "passed"
    SKIPPED = "skipped"
    FAILED = "failed"
    PENDING = "pending"


@dataclass(frozen=True)
class CheckRun:
    """The newest run of a check on one commit (or a commit status): its name, and the app that told of it by slug and by number."""

    name: str
    state: RunState
    app: str = ""
    app_id: int | None = None
    url: str = ""


@dataclass(frozen=True)
class CommitChecks:
    """All check runs and statuses of a commit; an empty list means that none ran, never that all is well."""

    commit: str
    runs: tuple[CheckRun, ...] = ()


@dataclass(frozen=True)
class Team:
    """Who an owner that is no login stands for: ``@acme/db`` or an e-mail address, as CODEOWNERS writes it."""

    name: str
    members: tuple[Account, ...] = ()


@dataclass(frozen=True)
class Moment:
    """Where the server says that a branch was at a time (ISO 8601 with its zone, as it was asked).

    ``log`` says in words what it was read from (``GitHub's activity log``).
    """

    branch: str
    time: str
    commit: str
    log: str = ""


@dataclass(frozen=True)
class TagEvidence:
    """What a tag names on the server: the id of the tag object, and of the commit behind it."""

    name: str
    object: str
    commit: str


@dataclass(frozen=True)
class Evidence:
    """All review evidence of one release, as ``lastcall collect`` writes it and ``check --evidence`` replays it.

    ``unread`` says what the forge did not answer; its ``subject`` is the commit (``commit:<sha>``), pull request (``pull:<n>``), checks
    (``checks:<sha>``) or owner (``owner:@acme/db``) that it is about, or empty for everything.  A commit that is in neither ``commits``
    nor ``unread`` was never asked for: that is unknown too.
    """

    forge: str
    repository: str = ""
    asked: str = ""
    """The name that the repository was asked under: the forge answers under its old names, too."""
    commits: tuple[CommitEvidence, ...] = ()
    pulls: tuple[Pull, ...] = ()
    unread: tuple[Unread, ...] = ()
    checks: CommitChecks | None = None
    teams: tuple[Team, ...] = ()
    moments: tuple[Moment, ...] = ()
    tags: tuple[TagEvidence, ...] = ()


class Verdict(StrEnum):
    """What is known of a change's approval.  ``unknown`` means that evidence is missing, and blocks."""

    APPROVED = "approved"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"
    EXEMPT = "exempt"


@dataclass(frozen=True)
class Approval:
    """An approval that counts, and what carried it to the release head (same-commit, same-tree, replay, forge-merge, pick, signature)."""

    reviewer: str
    commit: str
    submitted_at: str
    carried_by: str


@dataclass(frozen=True)
class OwnersNeeded:
    """One of ``owners`` (as CODEOWNERS writes them) must approve ``paths``."""

    owners: tuple[str, ...]
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Need:
    """The smallest step to an approval: so many ``approvals`` more, at the commit ``at``, by nobody of ``not_by``, and by these owners.

    ``at`` is empty where the change has landed: it must be reverted, and come again through a pull request with these.
    """

    approvals: int
    at: str = ""
    not_by: tuple[str, ...] = ()
    owners: tuple[OwnersNeeded, ...] = ()


@dataclass(frozen=True)
class Guard:
    """A path that steers lastcall itself (the policy, CODEOWNERS, the workflow that runs it) and that a change touches.

    ``owners`` are those that CODEOWNERS of the base names for it; ``owner_approved`` whether one of them is among the approvers (None:
    nobody owns it, or who does is not known).
    """

    path: str
    owners: tuple[str, ...] = ()
    owner_approved: bool | None = None


@dataclass(frozen=True)
class Waiver:
    """Break-glass: two people let a change through without an approval (the policy's ``waivers:``).

    ``change`` is ``pull:12`` or ``commit:<sha>``; ``commit`` binds a pull request's waiver to its last commit (empty: not bound);
    ``expiry`` is the last day on which it holds (``2026-12-01``, UTC).
    """

    change: str
    reason: str
    expiry: str
    people: tuple[str, ...]
    commit: str = ""


@dataclass(frozen=True)
class Change:
    """The commits that landed together: a merged pull request, or a commit of its own; with the verdict on its approval.

    ``reason`` is kebab-case and stable; ``detail`` is one sentence a person can act on; ``needs`` is the same for programs, where an
    approval would help; ``waiver`` is the one that let it through.
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
    guards: tuple[Guard, ...] = ()
    needs: Need | None = None
    waiver: Waiver | None = None
    approved_in: tuple[Pull, ...] = ()
    """Other pull requests, in which what it was picked from was approved."""


class CheckState(StrEnum):
    """Whether a required check is green on exactly the release head; only ``passed`` is."""

    PASSED = "passed"
    FAILED = "failed"
    PENDING = "pending"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Check:
    """A check that the policy requires, as it stands on the release head; ``detail`` is one sentence a person can act on."""

    name: str
    app: str
    commit: str
    state: CheckState
    detail: str
    url: str = ""


# ---------------------------------------------------------------------------------------------------------------- queries


@dataclass(frozen=True)
class Column:
    """A column: its type as the schema writes it, upper-cased, and whether it may be null.

    ``collation`` and ``charset`` are folded names, of the column or (MySQL) of its table; empty where the database's own hold.
    ``spelled`` is the name as a statement must write it (``"userId"``, ``[order]``); empty where that is ``name``.
    """

    name: str
    type: str
    nullable: bool = True
    collation: str = ""
    charset: str = ""
    spelled: str = ""


@dataclass(frozen=True)
class Index:
    """An index, primary key or unique constraint, with the place that made it.

    ``columns`` are key columns in order: a plain column by its folded name, an expression as normalised SQL in parentheses
    (``(LOWER(email))``). ``where`` is the predicate of a partial index as normalised SQL.  ``method`` is btree unless the DDL says
    otherwise.

    What is said of single key columns stands in tuples that are as long as ``columns``, or empty where nothing is said of any.
    """

    name: str
    columns: tuple[str, ...]
    unique: bool = False
    where: str = ""
    method: str = "btree"
    primary: bool = False
    location: Location | None = None
    descending: tuple[bool, ...] = ()
    nulls_first: tuple[bool, ...] = ()
    """Where the nulls of each column stand when the index is read forwards.  Empty, as ``descending``: every column is ascending, with its
    nulls where the dialect puts them (PostgreSQL, Oracle: last; the others: first)."""
    opclasses: tuple[str, ...] = ()
    """PostgreSQL's operator classes, without their schema (``text_pattern_ops``)."""
    collations: tuple[str, ...] = ()
    """Folded names of the collations that the index writes; empty where the column's own holds."""
    lengths: tuple[int, ...] = ()
    """MySQL: how many characters of each column are indexed; zero: all of it."""
    included: tuple[str, ...] = ()
    """Columns that the index covers besides its keys (``INCLUDE``)."""
    blocking: str = ""
    """What in its DDL makes writers wait while it is built on a table with rows (``CREATE INDEX without CONCURRENTLY``)."""
    spelled: str = ""
    """Its name as a statement must write it; empty where that is ``name``."""

    @property
    def form(self) -> tuple[object, ...]:
        """What it indexes and how, without its name, its place and what it guarantees: two of one form serve the same."""
        order = (self.descending, self.nulls_first, self.opclasses, self.collations, self.lengths, self.included)
        return self.columns, self.where, self.method, *order

    @property
    def in_words(self) -> str:
        """What it is on: ``PRIMARY KEY (id)``, ``(status) WHERE status = 'open'``, ``gin (words)``."""
        what = "PRIMARY KEY " if self.primary else "" if self.method in ("", "btree") else f"{self.method} "
        return f"{what}({', '.join(self.columns)}){f' WHERE {self.where}' if self.where else ''}"


@dataclass(frozen=True)
class ForeignKey:
    """A reference from ``columns`` of the table that holds it to ``referenced`` columns of ``table`` (empty: its primary key).

    ``on_delete`` is what happens to the rows when the row they refer to is deleted (``CASCADE``; empty: it is refused).  ``missing`` is
    the index by which they would be found, where the table is judged and has none.
    """

    columns: tuple[str, ...]
    table: str
    referenced: tuple[str, ...] = ()
    location: Location | None = None
    on_delete: str = ""
    missing: MissingIndex | None = None


_NAMES = re.compile(r"""'(?:[^']|'')*'|"[^"]*"|`[^`]*`|\[[^\]]*\]|\b[^\W\d]\w*\b(?!\s*\()""")
"""Names in an expression, and the strings that hold what looks like one; a name before a parenthesis is a function's."""


@dataclass(frozen=True)
class Table:
    """A table as the repository's DDL leaves it.  ``uncertain`` says why it cannot be judged; empty when all of it is known.

    ``spelled`` is its name as a statement must write it, with its schema; empty where that is ``name``.  ``partitions`` are those that the
    DDL makes of a PostgreSQL table, by their names; None of one that is not partitioned.
    """

    name: str
    columns: tuple[Column, ...] = ()
    indexes: tuple[Index, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    location: Location | None = None
    uncertain: str = ""
    spelled: str = ""
    partitions: tuple[str, ...] | None = None

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    def spelled_of(self, columns: str) -> str:
        """A column, or an expression over columns in parentheses, as a statement must write it."""
        spelled = {column.name: column.spelled for column in self.columns if column.spelled}
        if not spelled or not columns.startswith("("):
            return spelled.get(columns, columns)
        return _NAMES.sub(lambda found: spelled.get(found[0].strip('"`[]').lower(), found[0]), columns)

    @property
    def indexes_in_words(self) -> str:
        """The key columns of every index: ``PRIMARY KEY (id), (status, created_at)``, or ``none``."""
        return ", ".join(index.in_words for index in self.indexes) or "none"


@dataclass(frozen=True)
class Catalog:
    """The tables of one tree by folded name; a schema-qualified name is found with and without its schema.

    ``views`` holds the names of views, which are no tables but known; their definitions stay in the sql package.  ``dropped`` tells by
    table of the indexes that some DDL took away from it, in order, each with the place of that DDL.
    """

    dialect: str = ""
    tables: Mapping[str, Table] = field(default_factory=dict)
    views: frozenset[str] = frozenset()
    dropped: Mapping[str, tuple[tuple[Index, Location], ...]] = field(default_factory=dict)

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
    UNINDEXED_SORT = "unindexed-sort"
    """Its first rows are wanted in an order that no index has: all of it is read and sorted."""
    HASHED_JOIN = "hashed-join"
    """Nothing drives the query: whole tables are hashed.  ``missing`` is set where neither side of the join has an index."""
    WHOLE = "whole"
    """Read whole, as the query asks for."""
    UNKNOWN = "unknown"
    """Not known for sure (unknown or uncertain table, small table, run-time SQL): never the subject of a finding."""


@dataclass(frozen=True)
class MissingIndex:
    """The smallest index that would serve: key columns in order, equality columns first.

    ``sql`` are the statements that make it; where the dialect has none for such columns it is empty, and ``advice`` says what to do.
    """

    table: str
    columns: tuple[str, ...]
    sql: str = ""
    advice: str = ""

    @property
    def suggestion(self) -> str:
        """What a finding tells its reader to do."""
        return self.sql or self.advice


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
    equated: int = 0
    """How many of the first ``columns`` are equated, so that the index that is missing may have them in any order."""
    aside: bool = False
    """What is missing here weighs little: another part of the query reads a whole table whatever the indexes, or the query starts from a
    range that may be wide."""


@dataclass(frozen=True)
class DroppedIndex:
    """An index that the release takes away although queries need it: ``lost`` is how they now reach the table, each by another index.

    ``table`` is as the release leaves it; ``location`` that of what dropped the index, else the table's.
    """

    index: Index
    table: Table
    location: Location | None
    lost: tuple[Access, ...]


@dataclass(frozen=True)
class BuiltIndex:
    """An index that the release builds on a table that was there before, in a way that makes writers wait (``index.blocking``).

    ``online`` is the statement that builds it without; ``by_edition``: not every edition of the server can.
    """

    index: Index
    table: Table
    online: str = ""
    by_edition: bool = False


class HazardKind(StrEnum):
    """What is wrong with a query besides an index that it lacks; each has a rule of its name."""

    MISMATCHED_JOIN_TYPES = "mismatched-join-types"
    UNSARGABLE_PREDICATE = "unsargable-predicate"
    CARTESIAN_JOIN = "cartesian-join"
    UNSERVED_OR = "unserved-or"
    NOT_IN_NULLABLE = "not-in-nullable"
    UNBOUNDED_WRITE = "unbounded-write"


@dataclass(frozen=True)
class Hazard:
    """Something in a query that makes it slow or wrong, with its place.

    ``tables`` and ``columns`` are what it is about, in pairs where there are several of both; ``told`` is what a rule says of them beyond
    their names (an expression, the types of two columns, a verb); ``index`` the one that cannot be used because of it, and ``missing`` one
    that could.
    """

    kind: HazardKind
    location: Location
    tables: tuple[Table, ...] = ()
    columns: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    index: Index | None = None
    missing: MissingIndex | None = None


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
    hazards: tuple[Hazard, ...] = ()
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
    views: Mapping[str, str] = field(default_factory=dict)
    """The query of each view as it is written, by the view's folded name: what a planner is given to make the view of."""


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
    checks: tuple[Check, ...] = ()
    rewritten: Rewritten | None = None
    repository: str = ""
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


class Ruling(StrEnum):
    """What a real planner says of a finding that asks for an index."""

    CONFIRMED = "confirmed"
    """With the index the query is planned at least ten times cheaper."""
    CLEARED = "cleared"
    """The index makes no such difference."""
    ABSTAINED = "abstained"
    """The planner could not be asked; ``reason`` says why."""


@dataclass(frozen=True)
class Judgement:
    """What the judge, a real planner that believes in tables of many rows, says of a finding.

    ``cost`` is what the query costs today and ``with_index`` with the index that is suggested, in the planner's units; ``factor`` is how
    many times cheaper that is.  All three are None where the planner abstains, or (SQLite's) tells plans but no costs.
    """

    verdict: Ruling
    cost: float | None = None
    with_index: float | None = None
    factor: float | None = None
    reason: str = ""


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
    judge: Judgement | None = None
    """None where no judge was asked for, or the finding asks for no index."""


@dataclass(frozen=True)
class Report:
    """Everything that a format may print.  ``ignored`` findings carry the reason of the ignore or exemption that silenced them."""

    release: Release
    findings: tuple[Finding, ...] = ()
    ignored: tuple[Finding, ...] = ()
    fail_on: Severity = Severity.ERROR
    version: str = ""
    policy: Policy | None = None

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
    """Branch names or patterns, as the next."""
    accept_picks_from: tuple[str, ...] = ()
    allow_clean_revert: bool = False
    allow_post_merge: bool = False
    allow_suggestions: bool = False
    """Whether somebody whose suggestion was accepted may approve; a co-author otherwise may not."""
    submodules: str = "block"
    """``block``: moving a submodule is blocked, since its commits are not seen; ``require-approval``: an approval of the move is enough."""
    approving_bots: tuple[str, ...] = ()
    """Logins of bots whose approval counts as a person's."""
    allowed_signers: str = ""
    """The file of the base that ssh signatures are verified by (the forge ``trailers``); empty: the first of the usual places."""
    exempt: tuple[Exemption, ...] = ()


@dataclass(frozen=True)
class RequiredCheck:
    """A check that must be green on the release head, by name; ``app``: the slug or number of the app that must have told so, or empty."""

    name: str
    app: str = ""


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
    rows: Mapping[str, int] = field(default_factory=dict)
    """How many rows the judge believes in, by table; ``default`` is for all others."""


@dataclass(frozen=True)
class Policy:
    """The whole of ``.lastcall.yml``; the defaults are the policy of a repository that has none."""

    branches: tuple[str, ...] = ("release/*",)
    freeze_at: str = ""
    review: ReviewPolicy = field(default_factory=ReviewPolicy)
    checks: tuple[RequiredCheck, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    queries: QueryPolicy = field(default_factory=QueryPolicy)
    severities: Mapping[str, Severity | None] = field(default_factory=dict)
    """Severity by rule name; None switches a rule off."""
    options: Mapping[str, object] = field(default_factory=dict)
    """The rule's own ``Options``, by rule name, where the policy sets any."""
    path: str | None = None
    blob: str = ""
    """The git id of the policy's file, where there is one."""


Progress = Callable[[str, int, int], None]
"""Told of work under way: what, done so far, of how many (0: not known)."""


def no_progress(what: str, done: int, total: int) -> None:
    """The progress of a run that nobody watches."""
