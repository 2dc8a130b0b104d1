"""What DDL does to a schema, one operation at a time: what a definition is read to, kept by the cache, and replayed into a catalog.

Names are folded: without quotes, in lower case for every dialect (PostgreSQL's quoted ``"User"`` too: two tables that differ in case alone
do not occur outside of tests), and without the schema where it is the usual one (public, dbo, main).
"""

from __future__ import annotations

from dataclasses import dataclass

from lastcall.model import Column, ForeignKey, Index, Location

USUAL_SCHEMAS = frozenset({"", "public", "dbo", "main"})


def fold(parts: list[str]) -> str:
    """The name by which a table is known, from the parts of its qualified name; a database's name before the schema is dropped."""
    folded = [part.lower() for part in parts]
    schema = folded[-2] if len(folded) > 1 else ""
    return folded[-1] if schema in USUAL_SCHEMAS else f"{schema}.{folded[-1]}"


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key with the name of its constraint (empty: the server makes one up)."""

    name: str
    key: ForeignKey


@dataclass(frozen=True, slots=True)
class Like:
    """``LIKE table``: its columns, and its indexes too where ``indexes`` says so."""

    table: str
    indexes: bool


@dataclass(frozen=True, slots=True)
class CreateTable:
    """``disabled`` names indexes that exist but serve nothing; ``uncertain`` says why the table can never be judged (empty: it can)."""

    table: str
    location: Location
    columns: tuple[Column, ...] = ()
    indexes: tuple[Index, ...] = ()
    references: tuple[Reference, ...] = ()
    disabled: frozenset[str] = frozenset()
    likes: tuple[Like, ...] = ()
    parents: tuple[str, ...] = ()
    partition_of: str = ""
    if_not_exists: bool = False
    replace: bool = False
    reference_indexes: bool = False
    """Whether the storage engine makes an index for every foreign key."""
    charset: str = ""
    collation: str = ""
    """What columns of text have that say nothing of their own (MySQL)."""
    uncertain: str = ""
    spelled: str = ""
    """The name as a statement must write it; empty where that is the folded one."""
    partitioned: bool = False
    search_path: str = ""
    """Where names without a schema are put (PostgreSQL), as far as the file says; what else they may mean is not known then."""


@dataclass(frozen=True, slots=True)
class DropTable:
    table: str
    location: Location


@dataclass(frozen=True, slots=True)
class DropSchema:
    schema: str
    location: Location


@dataclass(frozen=True, slots=True)
class RenameSchema:
    schema: str
    new: str
    location: Location


@dataclass(frozen=True, slots=True)
class RenameTable:
    table: str
    new: str
    location: Location
    spelled: str = ""


@dataclass(frozen=True, slots=True)
class SetSchema:
    table: str
    schema: str
    location: Location
    spelled: str = ""


@dataclass(frozen=True, slots=True)
class AddColumn:
    table: str
    column: Column
    location: Location
    indexes: tuple[Index, ...] = ()
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeColumn:
    """``old`` becomes ``column``; its type stays where the new one is empty.  ``nullable`` is None where that stays as it was."""

    table: str
    old: str
    column: Column
    location: Location
    nullable: bool | None = None
    indexes: tuple[Index, ...] = ()
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class SetCharset:
    """The charset and collation of columns to come (MySQL); ``convert``: and of those that are there."""

    table: str
    charset: str
    collation: str
    convert: bool
    location: Location


@dataclass(frozen=True, slots=True)
class RenameColumn:
    table: str
    column: str
    new: str
    location: Location
    spelled: str = ""


@dataclass(frozen=True, slots=True)
class DropColumn:
    """``only``: the tables that inherit from it keep the column, as their own."""

    table: str
    column: str
    location: Location
    only: bool = False


@dataclass(frozen=True, slots=True)
class AddIndex:
    """An index, a primary key or a unique constraint.  ``only``: of a partitioned table, without its partitions (``ON ONLY``).

    ``replace``: the index of that name, if there is one, goes.  ``constraint``: it is that of a constraint, which has its name.
    """

    table: str
    index: Index
    location: Location
    if_not_exists: bool = False
    only: bool = False
    disabled: bool = False
    replace: bool = False
    constraint: bool = False


@dataclass(frozen=True, slots=True)
class UseIndex:
    """A constraint takes over an index that is there (``ADD CONSTRAINT name UNIQUE USING INDEX index``)."""

    table: str
    index: str
    name: str
    primary: bool
    location: Location


@dataclass(frozen=True, slots=True)
class DropIndex:
    """``table`` is empty where the dialect names no table; the index may then be qualified by its schema."""

    index: str
    table: str
    location: Location
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class RenameIndex:
    index: str
    new: str
    table: str
    location: Location
    spelled: str = ""


@dataclass(frozen=True, slots=True)
class SetServing:
    """An index is disabled, made invisible or unusable; or serves again.  ``index`` empty: all of the table's."""

    index: str
    table: str
    serving: bool
    location: Location


@dataclass(frozen=True, slots=True)
class AttachIndex:
    """A partition's index becomes part of the partitioned table's."""

    index: str
    partition_index: str
    location: Location


@dataclass(frozen=True, slots=True)
class AddReference:
    table: str
    reference: Reference
    location: Location


@dataclass(frozen=True, slots=True)
class DropConstraint:
    """``reference``: only a foreign key of that name is meant.  ``keeps``: its index stays (Oracle's ``KEEP INDEX``)."""

    table: str
    name: str
    location: Location
    reference: bool = False
    keeps: bool = False


@dataclass(frozen=True, slots=True)
class DropKey:
    """The primary key, or the unique constraint over ``columns``.  ``keeps``: its index stays."""

    table: str
    columns: tuple[str, ...]
    location: Location
    keeps: bool = False


@dataclass(frozen=True, slots=True)
class AttachPartition:
    """``table`` becomes a partition of ``parent``, or ceases to be one; ``child``: it only inherits from it, and has its own indexes."""

    table: str
    parent: str
    location: Location
    attach: bool = True
    child: bool = False


@dataclass(frozen=True, slots=True)
class CreateView:
    """``sql`` is the view's query, ``offset`` its place in the fragment; a materialized view is a table that is filled by a query."""

    view: str
    columns: tuple[str, ...]
    sql: str
    offset: int
    location: Location
    materialized: bool = False


@dataclass(frozen=True, slots=True)
class DropView:
    view: str
    location: Location


@dataclass(frozen=True, slots=True)
class Uncertain:
    """Something was done to ``table`` (empty: nobody knows to which) that could not be read: it is never judged."""

    table: str
    reason: str
    location: Location


Operation = (
    CreateTable
    | DropTable
    | DropSchema
    | RenameSchema
    | RenameTable
    | SetSchema
    | AddColumn
    | ChangeColumn
    | SetCharset
    | RenameColumn
    | DropColumn
    | AddIndex
    | UseIndex
    | DropIndex
    | RenameIndex
    | SetServing
    | AttachIndex
    | AddReference
    | DropConstraint
    | DropKey
    | AttachPartition
    | CreateView
    | DropView
    | Uncertain
)
