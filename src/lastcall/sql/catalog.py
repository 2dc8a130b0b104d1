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
from lastcall.sql.made_up import made_up
from lastcall.sql.migrations import is_migration
from lastcall.sql.operations import Operation, Reference
from lastcall.sql.spelling import last_of

Value = TypeVar("Value")
OWN_NAMES = frozenset({"postgres", "sqlite", "oracle"})
"""Dialects in which an index has a name of its own in the schema, as a table has; in the others it has one in its table."""
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
    constraints: set[str] = field(default_factory=set)
    """Names of indexes that belong to constraints."""
    carried: dict[str, Index] = field(default_factory=dict)
    """By the name of a constraint the index, as it was before, that carries it and stays when it goes (Oracle)."""
    made_up: set[str] = field(default_factory=set)
    """Names of indexes that the DDL left to the server."""
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By the name of an index what its columns were called when it was made: a copy of it is named after that (PostgreSQL)."""
    attached: dict[str, dict[str, str]] = field(default_factory=dict)
    """By the name of an index of a partitioned table: the indexes of partitions that belong to it, by the partition's name."""
    only: set[str] = field(default_factory=set)
    """Names of indexes of a partitioned table that serve nothing until every partition's index is attached (``ON ONLY``)."""
    parents: list[str] = field(default_factory=list)
    partition: bool = False
    local: set[str] = field(default_factory=set)
    """Columns that stay when the table it inherits from loses them."""
    materialized: bool = False
    reference_indexes: bool = False
    charset: str = ""
    collation: str = ""
    spelled: str = ""
    partitioned: bool = False
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
        self.heirs: dict[str, list[_Table]] = {}
        """By the last part of a table's name what was made its partition or its child."""
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
                    self.drop_table(found, location)
            case op.DropSchema() | op.RenameSchema():
                self.on_schema(operation)
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

    def on_schema(self, operation: op.DropSchema | op.RenameSchema) -> None:
        schema = operation.schema
        if isinstance(operation, op.DropSchema):
            for table in [self.tables[name] for name in self.inside(schema)]:
                if self.tables.get(table.name) is table:
                    self.drop_table(table, operation.location)
            return
        for name in self.inside(schema):
            self.on_table(op.SetSchema(name, operation.new, operation.location))
        renamed = {name: op.fold([operation.new, name.rpartition(".")[2]]) for name in self.views if name.startswith(f"{schema}.")}
        self.views = {renamed.get(name, name) for name in self.views}

    def inside(self, schema: str) -> list[str]:
        """The names of the tables of a schema."""
        inside = "" if schema in op.USUAL_SCHEMAS else schema
        return [name for name in self.tables if name.rpartition(".")[0] == inside]

    def drop_table(self, table: _Table, location: Location) -> None:
        """Partitions go with their table; what inherits from it, or refers to it, has to go before, or goes by CASCADE (PostgreSQL)."""
        children = self.children(table) if self.dialect == "postgres" else []
        self.took(table, table.indexes, location)
        self.drop(table.name)
        if self.dialect != "postgres":
            return
        for child in children:
            if self.tables.get(child.name) is child:
                self.drop_table(child, location)
        for other in self.tables.values():
            other.references = [each for each in other.references if each.key.table != table.name]

    def children(self, table: _Table) -> list[_Table]:
        """The partitions of a table, and what else inherits from it."""
        heirs = self.heirs.get(table.name.rpartition(".")[2], ())
        there = {id(each): each for each in heirs if self.tables.get(each.name) is each}
        return [each for each in there.values() if any(self.find(parent) is table for parent in each.parents)]

    def descendants(self, table: _Table) -> list[_Table]:
        """The children of a table, and theirs."""
        found = {id(table): table}
        ahead = [table]
        while ahead:
            for child in self.children(ahead.pop()):
                if id(child) not in found:
                    found[id(child)] = child
                    ahead.append(child)
        return list(found.values())[1:]

    def taken(self, name: str, table: _Table) -> bool:
        """Whether a table, a view or an index in the schema of ``table`` has the name."""
        schema = table.name.rpartition(".")[0]
        other = f"{schema}.{name}" if schema else name
        return other in self.tables or other in self.views or any(each.name.rpartition(".")[0] == schema for each in self.holders(name))

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
            spelled=made.spelled,
            partitioned=made.partitioned,
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
        if not made.partition_of:
            table.local.update(column.name for column in made.columns)
            table.local.update(name for like in made.likes if (source := self.find(like.table)) for name in source.columns)
        else:
            doing.join_indexes()
        for index in made.indexes:
            doing.index(index, disabled=bool(index.name) and index.name in made.disabled, constraint=True)
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
        else:
            self.on_unknown_index(operation)

    def on_unknown_index(self, operation: op.DropIndex | op.RenameIndex | op.SetServing) -> None:
        named = self.find(operation.table)
        if isinstance(operation, op.RenameIndex) and named:  # a foreign key or a check may have the name too
            named.references = [replace(each, name=operation.new) if each.name == operation.index else each for each in named.references]
        elif isinstance(operation, op.DropIndex) and not operation.table:
            self.doubt_owner(operation)
        elif isinstance(operation, op.DropIndex) and not operation.if_exists:
            if named:
                named.doubt(f"the index {operation.index} is dropped at {_at(operation.location)}, but nothing read creates it")
            else:
                self.waiting.append(operation)

    def doubt_owner(self, operation: op.DropIndex) -> None:
        """An index that is not known is dropped: where the server may have made the name up, it may be one that is known by another."""
        name = operation.index.rpartition(".")[2]
        like = self.dialect == "postgres" and re.search(r"_(?:p?key|idx|excl)\d*$", name)
        for table in self.tables.values() if like else ():
            # A partition has indexes whose names are not known here.
            sure = operation.if_exists and not table.partition
            if table.made_up and not sure and name.startswith(f"{table.name.rpartition('.')[2]}_"):
                table.doubt(f"the index {name} is dropped at {_at(operation.location)}, and may be one that has no name in the DDL")

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
        attached = table.attached.setdefault(name, {})
        attached[partition.name] = operation.partition_index.rpartition(".")[2]
        if all(each.name in attached for each in self.children(table) if each.partition):
            table.only.discard(name)

    # -------------------------------------------------------------------------------------------------------------- the result

    def finished(self) -> Iterator[tuple[str, Table]]:
        children = {name: [child.name for child in self.children(table)] for name, table in self.tables.items()}
        serving = {
            name: [index for index in table.indexes if index.name not in table.idle | table.only] for name, table in self.tables.items()
        }
        for name, table in self.tables.items():
            indexes = [*serving[name], *_shared([serving[child] for child in children[name]], serving[name])]
            indexes += self.inherited(table, indexes)
            yield (
                name,
                Table(
                    name,
                    tuple(table.columns.values()),
                    tuple(indexes),
                    tuple(self.referring(reference.key) for reference in table.references),
                    table.location,
                    table.uncertain,
                    table.spelled,
                    tuple(child for child in children.get(name, ()) if self.tables[child].partition) if table.partitioned else None,
                ),
            )

    def referring(self, key: ForeignKey) -> ForeignKey:
        found = self.find(key.table)
        return replace(key, table=found.name) if found and found.name != key.table else key

    def inherited(self, table: _Table, own: Iterable[Index]) -> Iterator[Index]:
        """What a partition has because the partitioned tables above it have it."""
        have, seen, above = {_shape(index) for index in own}, {table.name}, list(table.parents) if table.partition else []
        while above:
            parent = self.find(above.pop())
            if parent is None or parent.name in seen:
                continue
            seen.add(parent.name)
            above += parent.parents if parent.partition else []
            for index in parent.indexes:
                joined = table.name in parent.attached.get(index.name, ())
                if not joined and _shape(index) not in have and index.name not in parent.only | parent.idle:
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
            case op.RenameTable(_, new, _, spelled):
                self.rename(new, spelled)
            case op.SetSchema(_, schema, _, spelled):
                last = table.name.rpartition(".")[2]
                new, parts = op.fold([schema, last]), (spelled or schema, last_of(table.spelled) or last)
                self.move(new, (".".join(parts) if "." in new else parts[1]) if spelled or table.spelled else "")
            case op.AddColumn() | op.ChangeColumn():
                self.column(operation)
            case op.RenameColumn(_, old, new, _, spelled):
                self.rename_column(old, new, spelled)
            case op.DropColumn():
                self.drop_column(operation)
            case op.SetCharset():
                self.set_charset(operation)
            case op.AddReference(_, reference):
                self.reference(reference)
            case op.AttachPartition(_, parent, _, attach, child):
                self.attach(parent, partition=not child) if attach else self.detach(parent)
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
                there = known or (self.dialect in OWN_NAMES and index.name and self.state.taken(index.name, self.table))
                if not (there and operation.if_not_exists):
                    self.index(index, only=operation.only, disabled=operation.disabled, constraint=operation.constraint)
            case op.UseIndex():
                self.use(operation)
            case op.DropConstraint():
                self.drop_constraint(operation)
            case op.DropKey(_, columns, location, keeps):
                meant = [each for each in self.table.indexes if (each.unique and each.columns == columns if columns else each.primary)]
                self.loosen(meant) if keeps else self.take(meant, location)

    def take(self, indexes: Iterable[Index], location: Location) -> None:
        """Take indexes away from the table, and remember what did it."""
        for index in list(indexes):
            self.table.indexes.remove(index)
            self.state.took(self.table, [index], location)
            self.table.only.discard(index.name)
            self.table.constraints.discard(index.name)
            for name, attached in self.table.attached.pop(index.name, {}).items():
                child = self.state.tables.get(name)
                if child and (gone := child.find(attached)):
                    _OnTable(self.state, child).take([gone], location)

    def loosen(self, indexes: Iterable[Index]) -> None:
        """The constraints of these indexes go, and they stay."""
        for index in indexes:
            self.table.swap(index, replace(index, unique=False, primary=False))

    # -------------------------------------------------------------------------------------------------------------- columns

    def column(self, operation: op.AddColumn | op.ChangeColumn) -> None:
        new = operation.column
        if isinstance(operation, op.AddColumn) and new.name in self.table.columns:
            return
        self.table.local.add(new.name)
        self.put_column(operation)
        for child in self.state.descendants(self.table):
            if isinstance(operation, op.ChangeColumn) or new.name not in child.columns:
                _OnTable(self.state, child).put_column(operation)
        for index in operation.indexes:
            self.index(index, constraint=True)
        for reference in operation.references:
            self.reference(reference)

    def put_column(self, operation: op.AddColumn | op.ChangeColumn) -> None:
        columns, new = self.table.columns, operation.column
        if isinstance(operation, op.AddColumn):
            columns[new.name] = self.in_charset(new)
            return
        if operation.old != new.name:
            self.rename_column(operation.old, new.name, new.spelled)
        old = columns.get(new.name, new)
        nullable = old.nullable if operation.nullable is None else operation.nullable
        # A new type comes with its collation, but for Oracle, where only what changes is written.
        said = self.in_charset(new) if new.type and (new.collation or self.dialect != "oracle") else old
        spelled = new.spelled or old.spelled
        columns[new.name] = replace(said, name=new.name, type=new.type or old.type, nullable=nullable, spelled=spelled)

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

    def rename_column(self, old: str, new: str, spelled: str) -> None:
        tables = [self.table, *self.state.descendants(self.table)]
        for table in tables:
            table.columns = {
                (new if name == old else name): replace(each, name=new, spelled=spelled) if name == old else each
                for name, each in table.columns.items()
            }
            table.local = {new if name == old else name for name in table.local}
            table.indexes = [_renamed(index, old, new) for index in table.indexes]
            table.references = [
                replace(each, key=replace(each.key, columns=tuple(new if name == old else name for name in each.key.columns)))
                for each in table.references
            ]
        for other in self.state.tables.values():
            other.references = [
                replace(each, key=replace(each.key, referenced=tuple(new if name == old else name for name in each.key.referenced)))
                if old in each.key.referenced and self.state.find(each.key.table) in tables
                else each
                for each in other.references
            ]

    def drop_column(self, operation: op.DropColumn) -> None:
        """A column goes with those that inherit it, but where a table has it of its own, too, or from somewhere else."""
        column, ahead = operation.column, [self.table]
        while ahead:
            table = ahead.pop()
            if column not in table.columns and table is not self.table:
                continue
            _OnTable(self.state, table).take_column(column, operation.location)
            for child in self.state.children(table):
                above = (self.state.find(parent) for parent in child.parents)
                if operation.only:
                    child.local.add(column)
                elif column not in child.local and not any(each and column in each.columns for each in above):
                    ahead.append(child)

    def take_column(self, column: str, location: Location) -> None:
        """Servers drop the indexes that a dropped column is in; MySQL only takes it out of them."""
        table = self.table
        table.columns.pop(column, None)
        for index in [index for index in table.indexes if _mentions(index, column)]:
            if self.dialect == "mysql" and len(index.columns) > 1 and column in index.columns:
                self.state.took(table, [index], location)
                table.swap(index, _without(index, column))
            elif index in table.indexes:
                self.take([index], location)
        table.references = [each for each in table.references if column not in each.key.columns]

    # -------------------------------------------------------------------------------------------------------------- indexes

    def index(
        self, index: Index, *, only: bool = False, disabled: bool = False, constraint: bool = False, words: tuple[str, ...] = ()
    ) -> None:
        table = self.table
        if any(_again(index, each) for each in table.indexes) or (constraint and self.dialect == "oracle" and self.carry(index)):
            return
        words = words or (*index.columns, *index.included)
        if not index.name:
            index = replace(index, name=self.made_up_name(index, words, constraint=constraint))
            table.made_up.add(index.name)
        table.words[index.name] = words
        if table.materialized:  # nobody writes to it
            index = replace(index, blocking="")
        if not disabled:  # a real index takes the place of one that a foreign key implied
            leading = [each for each in table.indexes if each.name in table.implied and each.columns == index.columns[: len(each.columns)]]
            table.indexes = [each for each in table.indexes if each not in leading]
            table.implied -= {each.name for each in leading}
        table.indexes.append(index)
        self.state.hold(index.name, table)
        if constraint:
            table.constraints.add(index.name)
        if index.primary:
            self.fill(index)
        if disabled:
            table.idle.add(index.name)
        self.to_partitions(index, only=only)

    def fill(self, index: Index) -> None:
        """No column of a primary key is ever null."""
        columns = self.table.columns
        columns |= {name: replace(columns[name], nullable=False) for name in index.columns if name in columns}

    def carry(self, index: Index) -> bool:
        """Whether an index that is there carries the constraint: Oracle makes no second one, whatever both are called."""
        table = self.table
        known = next((each for each in table.indexes if (each.columns, each.method) == (index.columns, index.method) and each.name), None)
        if known is None or not index.columns:
            return False
        table.swap(known, replace(known, unique=True, primary=known.primary or index.primary))
        table.constraints.add(known.name)
        table.carried[index.name] = known
        if index.primary:
            self.fill(index)
        return True

    def to_partitions(self, index: Index, *, only: bool) -> None:
        """An index of a partitioned table takes over the indexes of its partitions that are like it; ``ONLY`` does without them."""
        partitions = [each for each in self.state.children(self.table) if each.partition]
        if only and partitions:
            self.table.only.add(index.name)
        elif not only:
            for partition in partitions:
                self.join(index, partition)

    def join(self, index: Index, partition: _Table) -> None:
        """Make an index of a partition that is like ``index`` a part of it."""
        constraint = index.name in self.table.constraints
        for each in partition.indexes:
            alike = _shape(each) == _shape(index) and (not constraint or each.name in partition.constraints)
            if alike and not any(attached.get(partition.name) == each.name for attached in self.table.attached.values()):
                self.table.attached.setdefault(index.name, {})[partition.name] = each.name
                return
        for below in self.state.children(partition):
            if below.partition:
                self.join(index, below)

    def join_indexes(self) -> None:
        """What the partitioned table has, its new partition gets, or has already."""
        for parent in (self.state.find(name) for name in self.table.parents):
            if parent is None:
                continue
            above = _OnTable(self.state, parent)
            for index in parent.indexes:
                above.join(index, self.table)
                if index.name in parent.only and self.table.name not in parent.attached.setdefault(index.name, {}):
                    own = replace(index, name="", spelled="", location=self.table.location, blocking="")
                    self.index(own, constraint=index.name in parent.constraints)
                    above.join(index, self.table)

    def made_up_name(self, index: Index, words: tuple[str, ...], *, constraint: bool) -> str:
        """The name that the server gives to an index without one, in so far as it can be told."""
        if self.dialect == "postgres":
            last = self.table.name.rpartition(".")[2]
            label = "pkey" if index.primary else "idx" if not constraint else "key" if index.unique else "excl"
            return made_up(last, () if index.primary else words, label, lambda name: self.state.taken(name, self.table))
        if self.dialect != "mysql":
            return ""
        name = stem = "functional_index" if index.columns[0].startswith("(") else index.columns[0]
        number = 2
        while self.table.find(name):
            name = f"{stem}_{number}"
            number += 1
        return name

    def use(self, operation: op.UseIndex) -> None:
        index = self.table.find(operation.index)
        if index is None:
            self.table.doubt(f"a constraint uses the index {operation.index} at {_at(operation.location)}, but nothing read creates it")
            return
        at = self.table.indexes.index(index)
        self.rename_index(index, operation.name, "" if operation.name != index.name else index.spelled)
        self.table.swap(index := self.table.indexes[at], replace(index, unique=True, primary=operation.primary))
        self.table.constraints.add(operation.name)
        if operation.primary:
            self.fill(index)

    def change_index(self, operation: op.DropIndex | op.RenameIndex | op.SetServing) -> None:
        name = operation.index.rpartition(".")[2]
        index = self.table.find(name)
        assert index is not None
        match operation:
            case op.DropIndex():
                self.take([index], operation.location)
            case op.RenameIndex(_, new, _, _, spelled):
                self.rename_index(index, new.rpartition(".")[2], spelled)
            case op.SetServing(serving=True):
                self.table.idle.discard(name)
            case op.SetServing():
                self.table.idle.add(name)
                self.state.took(self.table, [index], operation.location)

    def rename_index(self, index: Index, new: str, spelled: str) -> None:
        table, old = self.table, index.name
        table.swap(index, replace(index, name=new, spelled=spelled))
        self.state.hold(new, table)
        for named in (table.idle, table.implied, table.constraints, table.only):
            if old in named:
                named.remove(old)
                named.add(new)
        table.words[new] = table.words.pop(old, index.columns)
        if old in table.attached:
            table.attached[new] = table.attached.pop(old)
        for parent in (self.state.find(name) for name in table.parents):
            for attached in parent.attached.values() if parent else ():
                if attached.get(table.name) == old:
                    attached[table.name] = new

    # -------------------------------------------------------------------------------------------------------------- constraints

    def reference(self, reference: Reference) -> None:
        table = self.table
        key = reference.key
        if any(each.key.columns == key.columns and each.key.table == key.table for each in table.references):
            return
        if not reference.name and self.dialect == "postgres":
            used = {each.name for each in table.references}
            reference = replace(reference, name=made_up(table.name.rpartition(".")[2], key.columns, "fkey", used.__contains__))
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
        if name and name in table.carried:
            before = table.carried.pop(name)
            if known := table.find(before.name):
                table.swap(known, replace(known, unique=before.unique, primary=before.primary))
        elif index:
            self.loosen([index]) if operation.keeps else self.take([index], operation.location)
        elif any(each.name == name for each in table.references):
            table.references = [each for each in table.references if each.name != name]
        elif self.dialect == "postgres" and name.endswith("_not_null"):  # as PostgreSQL 18 names them
            for column in table.columns.values():
                if name.endswith(f"_{column.name}_not_null"):
                    table.columns[column.name] = replace(column, nullable=True)
                    return
        elif table.made_up and re.search(r"_(?:p?key|excl)\d*$", name):
            table.doubt(f"the constraint {name} is dropped at {_at(operation.location)}, and may be a key that has no name in the DDL")
        elif not operation.reference and any(not each.name for each in table.indexes):
            # The server made the name up, so it may be that of any key which the DDL left without one.
            table.doubt(f"the constraint {name} is dropped at {_at(operation.location)}, and may be a key that has no name in the DDL")

    # -------------------------------------------------------------------------------------------------------------- whole tables

    def rename(self, new: str, spelled: str) -> None:
        schema = self.table.name.rpartition(".")[0]
        if schema and "." not in new and self.dialect != "mysql":
            before = self.table.spelled
            written = before.removesuffix("." + last_of(before)) if before else schema
            self.move(f"{schema}.{new}", f"{written}.{spelled or new}" if spelled or before else "")
        else:
            self.move(new, spelled)

    def move(self, new: str, spelled: str) -> None:
        table, old = self.table, self.table.name
        if old == new:
            table.spelled = spelled
            return
        children = self.state.children(table)
        self.state.drop(old)
        table.name, table.spelled = new, spelled
        self.state.put(table)
        if gone := self.state.dropped.pop(old, None):
            self.state.dropped.setdefault(new, []).extend(gone)
        self.state.heirs.setdefault(new.rpartition(".")[2], []).extend(children)
        for parent in (self.state.find(name) for name in table.parents):
            for attached in parent.attached.values() if parent else ():
                if old in attached:
                    attached[new] = attached.pop(old)
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
        had = [*source.indexes, *self.state.inherited(source, source.indexes)] if indexes else []
        for index in had:
            made = index if self.dialect == "mysql" else replace(index, name="", spelled="", location=self.table.location, blocking="")
            constraint = index.name in source.constraints or index not in source.indexes
            constraint = constraint and (index.unique or index.name in source.constraints)
            self.index(made, disabled=index.name in source.idle, constraint=constraint, words=source.words.get(index.name, ()))

    def attach(self, parent: str, *, partition: bool) -> None:
        table, above = self.table, self.state.find(parent)
        if above is None:
            table.doubt(f"it belongs to {parent}, which nothing read creates")
            return
        if above is table or above in self.state.descendants(table):
            table.doubt(f"it belongs to {parent}, which belongs to it")
            return
        if above.uncertain:
            table.doubt(f"it belongs to {parent}, about which this is not known: {above.uncertain}")
        table.columns = {**above.columns, **table.columns}
        table.partition = table.partition or partition
        if above.name not in table.parents:
            table.parents.append(above.name)
        self.state.heirs.setdefault(above.name.rpartition(".")[2], []).append(table)
        if partition and table.made is not None and not table.made.partition_of:
            table.local.clear()
            self.join_indexes()

    def detach(self, parent: str) -> None:
        """What was a partition keeps all that it had from its table."""
        table, above = self.table, self.state.find(parent)
        kept = list(self.state.inherited(table, table.indexes)) if table.partition else []
        table.parents = [name for name in table.parents if above is None or name != above.name]
        table.local.update(name for name in table.columns if above and name in above.columns)
        table.partition = table.partition and bool(table.parents)
        for attached in above.attached.values() if above else ():
            attached.pop(table.name, None)
        for index in kept:
            self.index(replace(index, name="", spelled="", blocking=""), constraint=bool(above and index.name in above.constraints))


def _at(location: Location) -> str:
    return f"{location.path}:{location.line}"


def _shape(index: Index) -> tuple[object, ...]:
    return index.form, index.unique, index.primary


def _again(index: Index, known: Index) -> bool:
    """Whether an index is one that is there, said a second time: by its name, or, without one, in another copy of the schema."""
    if _shape(index) != _shape(known):
        return False
    if index.name:
        return index.name == known.name
    paths = [each.location.path for each in (index, known) if each.location]
    return index.primary or (len(set(paths)) > 1 and not all(map(is_migration, paths)))


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
    expressions = [*(name for name in index.columns if name.startswith("(")), index.where]
    return column in (*index.columns, *index.included) or any(found[1] for text in expressions for found in _said(column).finditer(text))


def _said(column: str) -> re.Pattern[str]:
    """Matches a column in an expression, as its first group, and passes over what is quoted as a value."""
    return re.compile(rf"'(?:[^']|'')*+'|\b({re.escape(column)})\b")


def _renamed(index: Index, old: str, new: str) -> Index:
    word = _said(old)

    def spelled(text: str) -> str:
        return word.sub(lambda found: new if found[1] else found[0], text)

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
    if made.search_path != known.search_path and (here == there or (made.search_path and known.search_path)):
        return False  # two tables of two schemas
    if made.if_not_exists and (here == there or (is_migration(here) and is_migration(there))):
        return True
    return {each.name for each in made.columns} == {each.name for each in known.columns} and {
        (each.columns, each.unique, each.where) for each in made.indexes
    } == {(each.columns, each.unique, each.where) for each in known.indexes}
