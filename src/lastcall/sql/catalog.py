"""Replay what DDL does, in order, into the tables and indexes that it leaves.

Reading (``ddl``) and replaying are two steps, so that the first is cached by the content of a file.  What the order of files
cannot tell is not needed: an operation on a table that does not exist yet waits until something creates it, so ``fkindexes.sql`` may
sort before ``schema.sql``.

Two rules decide between files that define the same table:

* **Migrations win over dumps.**  A numbered migration that creates a table which a dump (``schema.sql``) has created starts it anew: what
  the migrations do is what runs on the server, and a dump that agrees changes nothing by that.  A dump that is the base line of later
  migrations creates tables that no migration does, and is simply built upon.
* Otherwise two different definitions of one table make it **uncertain**, except after a DROP TABLE, and except a ``CREATE TABLE IF NOT
  EXISTS`` that comes after the table's creation in the same file or the same line of migrations.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from lastcall.model import Catalog, Column, ForeignKey, Index, Location, Table, Unread
from lastcall.sql import operations as op
from lastcall.sql.migrations import is_migration
from lastcall.sql.operations import Operation, Reference

Value = TypeVar("Value")
_TEXT = re.compile(r"(?:N?(?:VAR)?CHAR|CHARACTER|(?:TINY|MEDIUM|LONG)?TEXT|ENUM|SET)\b", re.IGNORECASE)


def replay(operations: Iterable[Operation], dialect: str) -> tuple[Catalog, tuple[Unread, ...]]:
    """The tables that are there after all operations, and what of the DDL could not be read.

    A table that something unread was done to, or that is only ever changed and never created, is in the catalog with ``uncertain`` set.
    """
    state = _State(dialect)
    for operation in operations:
        state.apply(operation)
    state.settle()
    tables = dict(sorted(state.finished()))
    dropped = {name: tuple(found) for name, found in sorted(state.dropped.items()) if name in tables}
    return Catalog(dialect, tables, frozenset(state.views), dropped), tuple(state.unread)


@dataclass
class _Table:
    """A table while its DDL is replayed."""

    name: str
    location: Location
    columns: dict[str, Column] = field(default_factory=dict)
    indexes: list[Index] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    idle: set[str] = field(default_factory=set)
    """Names of indexes that exist but serve nothing."""
    implied: set[str] = field(default_factory=set)
    """Names of indexes that InnoDB made for a foreign key, and takes back when another one serves it."""
    partial: dict[str, set[str]] = field(default_factory=dict)
    """By the name of an index ON ONLY a partitioned table: the partitions whose index was attached to it."""
    parents: list[str] = field(default_factory=list)
    partition: bool = False
    materialized: bool = False
    reference_indexes: bool = False
    charset: str = ""
    collation: str = ""
    uncertain: str = ""
    made: op.CreateTable | None = None
    """The definition as it was written, to compare a second one with."""

    def find(self, index: str) -> Index | None:
        return next((each for each in self.indexes if each.name == index), None) if index else None

    def swap(self, old: Index, new: Index) -> None:
        self.indexes[self.indexes.index(old)] = new

    def doubt(self, reason: str) -> None:
        self.uncertain = self.uncertain or reason


class _State:
    """The schema as it grows.  ``waiting`` holds operations on tables that nothing has created yet."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.tables: dict[str, _Table] = {}
        self.views: set[str] = set()
        self.unread: list[Unread] = []
        self.waiting: list[Operation] = []
        self.waiting_indexes: set[str] = set()
        """Names of indexes that wait for their tables: what is done to them waits too."""
        self.last_parts: dict[str, list[str]] = {}
        self.by_index: dict[str, list[_Table]] = {}
        self.dropped: dict[str, list[tuple[Index, Location]]] = {}
        """By table the indexes that were taken away from it, which its next table of that name inherits."""

    # -------------------------------------------------------------------------------------------------------------- names

    def find(self, name: str) -> _Table | None:
        """The table ``name``: as it is written, or where it is the only one, whatever its schema."""
        if found := self.tables.get(name):
            return found
        like = self.last_parts.get(name.rpartition(".")[2], ())
        return self.tables[like[0]] if len(like) == 1 else None

    def put(self, table: _Table) -> None:
        self.drop(table.name)
        self.tables[table.name] = table
        self.last_parts.setdefault(table.name.rpartition(".")[2], []).append(table.name)

    def drop(self, name: str) -> None:
        if self.tables.pop(name, None):
            self.last_parts[name.rpartition(".")[2]].remove(name)

    def owner(self, index: str, table: str = "") -> _Table | None:
        """The table that has the index ``index``, which may be qualified by its schema, or in old T-SQL by its table."""
        schema, _, name = index.rpartition(".")
        named = self.find(table or schema) if table or schema else None
        if named and named.find(name):
            return named
        if table:
            return None
        owners = self.holders(name)
        inside = [each for each in owners if each.name.rpartition(".")[0] == schema]
        return next(iter(inside or owners), None)

    def hold(self, index: str, table: _Table) -> None:
        """Note that a table has an index of that name."""
        held = self.by_index.setdefault(index, [])
        if not held or held[-1] is not table:
            held.append(table)

    def holders(self, index: str) -> list[_Table]:
        """The tables that have an index of that name: those noted that still are there, and still have it."""
        return [each for each in self.by_index.get(index, ()) if self.tables.get(each.name) is each and each.find(index)]

    # -------------------------------------------------------------------------------------------------------------- applying

    def apply(self, operation: Operation) -> None:
        """Do one operation, or let it wait for its table."""
        match operation:
            case op.CreateTable():
                self.create_table(operation)
            case op.DropTable(name, location):
                if found := self.find(name):
                    self.took(found, found.indexes, location)
                    self.drop(found.name)
            case op.DropSchema(schema):
                for name in [name for name in self.tables if name.rpartition(".")[0] == schema]:
                    self.drop(name)
            case op.CreateView():
                self.create_view(operation)
            case op.DropView(name):
                self.views.discard(name)
                if (found := self.find(name)) and found.materialized:
                    self.drop(found.name)
            case op.DropIndex() | op.RenameIndex() | op.SetServing() | op.AttachIndex():
                self.on_index(operation)
            case _:
                self.on_table(operation)

    def took(self, table: _Table, indexes: Iterable[Index], location: Location) -> None:
        """Note that an operation takes indexes away."""
        self.dropped.setdefault(table.name, []).extend((index, location) for index in indexes)

    def on_table(self, operation: Operation) -> None:
        name = str(getattr(operation, "table", ""))
        table = self.find(name)
        if isinstance(operation, op.Uncertain) and operation.reason:
            self.unread.append(Unread("statement", operation.reason, operation.location, operation.table))
        if table:
            _OnTable(self, table).apply(operation)
        elif name in self.views:
            if isinstance(operation, op.RenameTable):
                self.views = self.views - {name} | {operation.new}
        elif isinstance(operation, op.RenameTable) and (owner := self.owner(name)):  # PostgreSQL takes an index here, too
            _OnTable(self, owner).change_index(op.RenameIndex(name, operation.new, "", operation.location))
        elif name:
            self.wait(operation)

    def settle(self) -> None:
        """Do what waited for a table; what still finds none stands alone for a table that nobody has seen created."""
        before = -1
        while self.waiting and len(self.waiting) != before:
            before = len(self.waiting)
            again, self.waiting = self.waiting, []
            self.waiting_indexes.clear()
            for operation in again:
                self.apply(operation)
        left, self.waiting = self.waiting, []
        for operation in left:
            self.orphan(operation)

    def orphan(self, operation: Operation) -> None:
        if isinstance(operation, op.CreateTable):
            missing = operation.partition_of or next((like.table for like in operation.likes if not self.find(like.table)), "another table")
            self.make(replace(operation, likes=(), partition_of="", uncertain=f"it is made like {missing}, which nothing read creates"))
            return
        name = str(getattr(operation, "table", ""))
        if isinstance(operation, (op.DropIndex, op.RenameIndex, op.SetServing, op.DropColumn, op.DropConstraint)) and not name:
            return
        if not self.find(name):
            place = operation.location
            self.put(_Table(name, place, uncertain=f"it is changed at {place.path}:{place.line}, but nothing read creates it"))
        self.apply(operation)

    # -------------------------------------------------------------------------------------------------------------- tables and views

    def create_table(self, made: op.CreateTable) -> None:
        needed = [made.partition_of] if made.partition_of else [like.table for like in made.likes]
        if any(self.find(name) is None for name in needed):
            self.waiting.append(made)
            return
        self.views.discard(made.table)
        known = self.tables.get(made.table)
        if known is None or known.made is None or made.replace or _supersedes(made, known.made):
            self.make(made)
        elif _agrees(made, known.made):
            self.vary(known, made)
        else:
            first, second = known.location, made.location
            known.doubt(f"it is defined twice, at {first.path}:{first.line} and {second.path}:{second.line}")

    @staticmethod
    def vary(known: _Table, made: op.CreateTable) -> None:
        """Forget the types of columns in which two definitions of a table differ: an index serves whatever they are."""
        for column in made.columns:
            first = known.columns.get(column.name)
            if first and column.type and first.type and column.type != first.type and not made.if_not_exists:
                known.columns[column.name] = replace(first, type="", nullable=first.nullable and column.nullable)

    def make(self, made: op.CreateTable) -> None:
        known = self.tables.get(made.table)
        table = _Table(
            made.table,
            made.location,
            reference_indexes=made.reference_indexes,
            charset=made.charset,
            collation=made.collation,
            uncertain=made.uncertain or (known.uncertain if known and known.made is None else ""),
            made=made,
        )
        self.put(table)
        doing = _OnTable(self, table)
        for like in made.likes:
            doing.copy(self.find(like.table), indexes=like.indexes)
        for parent in made.parents:
            doing.attach(parent, partition=False)
        if made.partition_of:
            doing.attach(made.partition_of, partition=True)
        columns = (doing.in_charset(column) for column in made.columns if column.type or column.name not in table.columns)
        table.columns.update({column.name: column for column in columns})
        for index in made.indexes:
            doing.index(index, disabled=bool(index.name) and index.name in made.disabled)
        for reference in made.references:
            doing.reference(reference)

    def create_view(self, made: op.CreateView) -> None:
        self.drop(made.view)  # mysqldump puts a table in a view's place until it has all that the view needs
        if made.materialized:
            uncertain = "" if made.columns else "it is a materialized view, and its columns are those of its query"
            columns = {name: Column(name, "", nullable=False) for name in made.columns}  # nothing is said of nulls that nobody knows of
            self.put(_Table(made.view, made.location, columns, materialized=True, uncertain=uncertain))
        else:
            self.views.add(made.view)

    # -------------------------------------------------------------------------------------------------------------- indexes

    def on_index(self, operation: op.DropIndex | op.RenameIndex | op.SetServing | op.AttachIndex) -> None:
        if isinstance(operation, op.AttachIndex):
            self.attach_index(operation)
            return
        if isinstance(operation, op.SetServing) and not operation.index:
            if table := self.find(operation.table):
                table.idle = set() if operation.serving else {index.name for index in table.indexes}
                self.took(table, () if operation.serving else table.indexes, operation.location)
            return
        table = self.owner(operation.index, operation.table)
        if table:
            _OnTable(self, table).change_index(operation)
        elif operation.index.rpartition(".")[2] in self.waiting_indexes:
            self.wait(operation)
        elif isinstance(operation, op.RenameIndex) and (named := self.find(operation.table)):
            # A foreign key or a check may have the name too.
            named.references = [replace(each, name=operation.new) if each.name == operation.index else each for each in named.references]
        elif isinstance(operation, op.DropIndex) and not operation.if_exists:
            if named := self.find(operation.table):
                named.doubt(f"the index {operation.index} is dropped at {_at(operation.location)}, but nothing read creates it")
            elif operation.table:
                self.waiting.append(operation)

    def wait(self, operation: Operation) -> None:
        if isinstance(operation, op.AddIndex):
            self.waiting_indexes.add(operation.index.name)
        # What is not told again when its turn comes.
        self.waiting.append(replace(operation, reason="") if isinstance(operation, op.Uncertain) else operation)

    def attach_index(self, operation: op.AttachIndex) -> None:
        table = self.owner(operation.index)
        partition = self.owner(operation.partition_index)
        if table is None or partition is None:
            return
        name = operation.index.rpartition(".")[2]
        if name in table.partial:
            table.partial[name].add(partition.name)

    # -------------------------------------------------------------------------------------------------------------- the result

    def finished(self) -> Iterator[tuple[str, Table]]:
        children: dict[str, list[str]] = {}
        for table in self.tables.values():
            for parent in table.parents:
                if found := self.find(parent):
                    children.setdefault(found.name, []).append(table.name)
        serving = {name: self.serving(table, children.get(name, [])) for name, table in self.tables.items()}
        for name, table in self.tables.items():
            indexes = [*serving[name], *_shared([serving[child] for child in children.get(name, [])], serving[name])]
            indexes += self.inherited(table, indexes, serving)
            yield (
                name,
                Table(
                    name,
                    tuple(table.columns.values()),
                    tuple(indexes),
                    tuple(self.referring(reference.key) for reference in table.references),
                    table.location,
                    table.uncertain,
                ),
            )

    def serving(self, table: _Table, children: list[str]) -> list[Index]:
        """The indexes that a query can use.  A partitioned table's own index serves once every partition's index belongs to it."""
        partitions = {name for name in children if self.tables[name].partition}
        incomplete = {name for name, attached in table.partial.items() if not partitions <= attached}
        return [index for index in table.indexes if index.name not in table.idle | incomplete]

    def referring(self, key: ForeignKey) -> ForeignKey:
        found = self.find(key.table)
        return replace(key, table=found.name) if found and found.name != key.table else key

    def inherited(self, table: _Table, own: list[Index], serving: dict[str, list[Index]]) -> Iterator[Index]:
        """What a partition has because the partitioned tables above it have it."""
        have, seen, above = {_shape(index) for index in own}, {table.name}, list(table.parents) if table.partition else []
        while above:
            parent = self.find(above.pop())
            if parent is None or parent.name in seen:
                continue
            seen.add(parent.name)
            above += parent.parents if parent.partition else []
            for index in serving[parent.name]:
                if _shape(index) not in have:
                    have.add(_shape(index))
                    yield index


class _OnTable:
    """Does operations to one table."""

    def __init__(self, state: _State, table: _Table) -> None:
        self.state = state
        self.table = table
        self.dialect = state.dialect

    def apply(self, operation: Operation) -> None:
        table = self.table
        match operation:
            case op.RenameTable(_, new):
                self.rename(new)
            case op.SetSchema(_, schema):
                self.move(op.fold([schema, table.name.rpartition(".")[2]]))
            case op.AddColumn() | op.ChangeColumn():
                self.column(operation)
            case op.RenameColumn(_, old, new):
                self.rename_column(old, new)
            case op.DropColumn(_, column, location):
                self.drop_column(column, location)
            case op.SetCharset():
                self.set_charset(operation)
            case op.AddReference(_, reference):
                self.reference(reference)
            case op.AttachPartition(_, parent, _, attach):
                self.attach(parent, partition=True) if attach else self.detach(parent)
            case op.Uncertain(_, reason, location):
                table.doubt(f"what is done to it at {_at(location)} could not be read" + (f": {reason}" if reason else ""))
            case _:
                self.key(operation)

    def key(self, operation: Operation) -> None:
        match operation:
            case op.AddIndex(_, index):
                known = self.table.find(index.name)
                if known and operation.replace and known.form != index.form:
                    self.take([known], operation.location)
                if not (known and operation.if_not_exists):
                    self.index(index, only=operation.only, disabled=operation.disabled)
            case op.UseIndex():
                self.use(operation)
            case op.DropConstraint():
                self.drop_constraint(operation)
            case op.DropKey(_, columns, location):
                meant = [each for each in self.table.indexes if (each.unique and each.columns == columns if columns else each.primary)]
                self.take(meant, location)

    def take(self, indexes: Iterable[Index], location: Location) -> None:
        """Take indexes away from the table, and remember what did it."""
        for index in indexes:
            self.table.indexes.remove(index)
            self.state.took(self.table, [index], location)

    # -------------------------------------------------------------------------------------------------------------- columns

    def column(self, operation: op.AddColumn | op.ChangeColumn) -> None:
        columns, new = self.table.columns, operation.column
        if isinstance(operation, op.AddColumn):
            if new.name in columns:
                return
            columns[new.name] = self.in_charset(new)
        else:
            if operation.old != new.name:
                self.rename_column(operation.old, new.name)
            old = columns.get(new.name, new)
            nullable = old.nullable if operation.nullable is None else operation.nullable
            # A new type comes with its collation, but for Oracle, where only what changes is written.
            said = self.in_charset(new) if new.type and (new.collation or self.dialect != "oracle") else old
            columns[new.name] = replace(said, name=new.name, type=new.type or old.type, nullable=nullable)
        for index in operation.indexes:
            self.index(index)
        for reference in operation.references:
            self.reference(reference)

    def in_charset(self, column: Column) -> Column:
        """A column of text with the table's charset and collation, where it says nothing of its own."""
        table = self.table
        if column.charset or column.collation or not (table.charset or table.collation) or not _TEXT.match(column.type):
            return column
        return replace(column, charset=table.charset, collation=table.collation)

    def set_charset(self, operation: op.SetCharset) -> None:
        table = self.table
        table.charset, table.collation = operation.charset, operation.collation
        if operation.convert:
            plain = {name: replace(column, charset="", collation="") for name, column in table.columns.items()}
            table.columns = {name: self.in_charset(column) for name, column in plain.items()}

    def rename_column(self, old: str, new: str) -> None:
        table = self.table
        table.columns = {
            (new if name == old else name): replace(each, name=new if name == old else name) for name, each in table.columns.items()
        }
        table.indexes = [_renamed(index, old, new) for index in table.indexes]
        table.references = [
            replace(each, key=replace(each.key, columns=tuple(new if name == old else name for name in each.key.columns)))
            for each in table.references
        ]
        for other in self.state.tables.values():
            other.references = [
                replace(each, key=replace(each.key, referenced=tuple(new if name == old else name for name in each.key.referenced)))
                if old in each.key.referenced and self.state.find(each.key.table) is table
                else each
                for each in other.references
            ]

    def drop_column(self, column: str, location: Location) -> None:
        """Servers drop the indexes that a dropped column is in; MySQL only takes it out of them."""
        table = self.table
        table.columns.pop(column, None)
        for index in [index for index in table.indexes if _mentions(index, column)]:
            if self.dialect == "mysql" and len(index.columns) > 1 and column in index.columns:
                self.state.took(table, [index], location)
                table.swap(index, _without(index, column))
            else:
                self.take([index], location)
        table.references = [each for each in table.references if column not in each.key.columns]

    # -------------------------------------------------------------------------------------------------------------- indexes

    def index(self, index: Index, *, only: bool = False, disabled: bool = False) -> None:
        table = self.table
        same = [each for each in table.indexes if _shape(each) == _shape(index)]
        if any(not index.name or each.name == index.name for each in same) or (index.primary and any(each.primary for each in same)):
            return
        index = index if index.name else replace(index, name=self.made_up_name(index))
        if table.materialized:  # nobody writes to it
            index = replace(index, blocking="")
        if not disabled:  # a real index takes the place of one that a foreign key implied
            leading = [each for each in table.indexes if each.name in table.implied and each.columns == index.columns[: len(each.columns)]]
            table.indexes = [each for each in table.indexes if each not in leading]
            table.implied -= {each.name for each in leading}
        table.indexes.append(index)
        self.state.hold(index.name, table)
        if index.primary:
            for name in index.columns:
                if name in table.columns:
                    table.columns[name] = replace(table.columns[name], nullable=False)
        if disabled:
            table.idle.add(index.name)
        if only:
            table.partial[index.name] = set()

    def made_up_name(self, index: Index) -> str:
        """The name that the server gives to an index without one, in so far as it can be told."""
        if self.dialect not in {"postgres", "mysql"}:
            return ""
        words = [_word(name) for name in (*index.columns, *index.included)]
        if self.dialect == "mysql":
            stem, number, between = "functional_index" if index.columns[0].startswith("(") else words[0], 2, "_"
        else:
            last = self.table.name.rpartition(".")[2]
            stem = f"{last}_pkey" if index.primary else "_".join([last, *words, "key" if index.unique else "idx"])
            number, between = 1, ""
        name = stem
        while self.table.find(name) or (self.dialect == "postgres" and self.state.holders(name)):
            name = f"{stem}{between}{number}"
            number += 1
        return name

    def use(self, operation: op.UseIndex) -> None:
        index = self.table.find(operation.index)
        if index is None:
            self.table.doubt(f"a constraint uses the index {operation.index} at {_at(operation.location)}, but nothing read creates it")
            return
        self.table.swap(index, replace(index, name=operation.name, unique=True, primary=operation.primary))
        self.state.hold(operation.name, self.table)

    def change_index(self, operation: op.DropIndex | op.RenameIndex | op.SetServing) -> None:
        name = operation.index.rpartition(".")[2]
        index = self.table.find(name)
        assert index is not None
        match operation:
            case op.DropIndex():
                self.take([index], operation.location)
            case op.RenameIndex(_, new):
                self.table.swap(index, replace(index, name=new.rpartition(".")[2]))
                self.state.hold(new.rpartition(".")[2], self.table)
                for named in (self.table.idle, self.table.implied):
                    if name in named:
                        named.remove(name)
                        named.add(new)
                if name in self.table.partial:
                    self.table.partial[new] = self.table.partial.pop(name)
            case op.SetServing(serving=True):
                self.table.idle.discard(name)
            case op.SetServing():
                self.table.idle.add(name)
                self.state.took(self.table, [index], operation.location)

    # -------------------------------------------------------------------------------------------------------------- constraints

    def reference(self, reference: Reference) -> None:
        table = self.table
        key = reference.key
        if any(each.key.columns == key.columns and each.key.table == key.table for each in table.references):
            return
        if not reference.name and self.dialect == "postgres":
            reference = replace(reference, name="_".join([table.name.rpartition(".")[2], *key.columns, "fkey"]))
        elif not reference.name and self.dialect == "mysql":
            reference = replace(reference, name=f"{table.name.rpartition('.')[2]}_ibfk_{len(table.references) + 1}")
        table.references.append(reference)
        # InnoDB makes an index for a foreign key unless one begins with its columns.
        if table.reference_indexes and not any(each.columns[: len(key.columns)] == key.columns for each in table.indexes):
            named = reference.name if "_ibfk_" not in reference.name else key.columns[0]
            self.index(Index(named, key.columns, location=key.location))
            table.implied.add(named)

    def drop_constraint(self, operation: op.DropConstraint) -> None:
        table, name = self.table, operation.name
        # InnoDB keeps the index that it made for a foreign key.
        index = None if operation.reference or name in table.implied else table.find(name)
        if index:
            self.take([index], operation.location)
        elif any(each.name == name for each in table.references):
            table.references = [each for each in table.references if each.name != name]
        elif not operation.reference and any(not each.name for each in table.indexes):
            # The server made the name up, so it may be that of any key which the DDL left without one.
            table.doubt(f"the constraint {name} is dropped at {_at(operation.location)}, and may be a key that has no name in the DDL")

    # -------------------------------------------------------------------------------------------------------------- whole tables

    def rename(self, new: str) -> None:
        schema = self.table.name.rpartition(".")[0]
        self.move(f"{schema}.{new}" if schema and "." not in new and self.dialect != "mysql" else new)

    def move(self, new: str) -> None:
        table, old = self.table, self.table.name
        self.state.drop(old)
        table.name = new
        self.state.put(table)
        if gone := self.state.dropped.pop(old, None):
            self.state.dropped.setdefault(new, []).extend(gone)
        for other in self.state.tables.values():
            other.parents = [new if parent == old else parent for parent in other.parents]
            other.references = [
                replace(each, key=replace(each.key, table=new)) if each.key.table == old else each for each in other.references
            ]

    def copy(self, source: _Table | None, *, indexes: bool) -> None:
        if source is None:
            return
        self.table.columns.update(source.columns)
        self.table.charset, self.table.collation = source.charset, source.collation
        if source.uncertain:
            self.table.doubt(f"it is made like {source.name}, about which this is not known: {source.uncertain}")
        for index in source.indexes if indexes else []:
            keeps = self.dialect == "mysql"
            self.index(index if keeps else replace(index, name="", location=self.table.location))

    def attach(self, parent: str, *, partition: bool) -> None:
        table, above = self.table, self.state.find(parent)
        if above is None:
            table.doubt(f"it belongs to {parent}, which nothing read creates")
            return
        table.columns = {**above.columns, **table.columns}
        table.partition = partition
        if above.name not in table.parents:
            table.parents.append(above.name)

    def detach(self, parent: str) -> None:
        above = self.state.find(parent)
        self.table.parents = [name for name in self.table.parents if above is None or name != above.name]


def _at(location: Location) -> str:
    return f"{location.path}:{location.line}"


def _shape(index: Index) -> tuple[object, ...]:
    return index.form, index.unique


def _word(column: str) -> str:
    """What PostgreSQL makes of a key in the name of its index: the column, the function, or ``expr``."""
    call = re.match(r"\((\w+)\(", column)
    return column if not column.startswith("(") else call[1].lower() if call and call[1] != "CAST" else "expr"


def _without(index: Index, column: str) -> Index:
    """The index without one of its key columns, and without what is said of it."""
    kept = [number for number, name in enumerate(index.columns) if name != column]

    def picked(values: tuple[Value, ...]) -> tuple[Value, ...]:
        return tuple(values[number] for number in kept) if values else ()

    return replace(
        index,
        columns=picked(index.columns),
        descending=picked(index.descending),
        nulls_first=picked(index.nulls_first),
        opclasses=picked(index.opclasses),
        collations=picked(index.collations),
        lengths=picked(index.lengths),
    )


def _mentions(index: Index, column: str) -> bool:
    word = re.compile(rf"\b{re.escape(column)}\b")
    return (
        column in (*index.columns, *index.included)
        or any(name.startswith("(") and word.search(name) for name in index.columns)
        or bool(word.search(index.where))
    )


def _renamed(index: Index, old: str, new: str) -> Index:
    word = re.compile(rf"\b{re.escape(old)}\b")

    def spelled(text: str) -> str:
        return word.sub(lambda _: new, text)

    columns = tuple(spelled(name) if name.startswith("(") else new if name == old else name for name in index.columns)
    included = tuple(new if name == old else name for name in index.included)
    return replace(index, columns=columns, where=spelled(index.where), included=included)


def _shared(children: list[list[Index]], own: list[Index]) -> Iterator[Index]:
    """The indexes that every partition or child of a table has: a query of the whole can use them as it would its own."""
    if not children:
        return
    have = {index.form for index in own}
    for index in children[0]:
        if index.form not in have and all(any(each.form == index.form for each in child) for child in children[1:]):
            have.add(index.form)
            yield replace(index, unique=False, primary=False)


def _supersedes(made: op.CreateTable, known: op.CreateTable) -> bool:
    return is_migration(made.location.path) and not is_migration(known.location.path)


def _agrees(made: op.CreateTable, known: op.CreateTable) -> bool:
    """Whether a second definition of a table leaves the first one as certain as it was."""
    here, there = made.location.path, known.location.path
    if made.if_not_exists and (here == there or (is_migration(here) and is_migration(there))):
        return True
    return {each.name for each in made.columns} == {each.name for each in known.columns} and {
        (each.columns, each.unique, each.where) for each in made.indexes
    } == {(each.columns, each.unique, each.where) for each in known.indexes}
