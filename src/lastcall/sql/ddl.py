"""Read DDL to operations, token by token.

No grammar of a parser stands behind this, on purpose: what sqlglot makes of DDL is right for most of it, a silent loss for some
(``Command``), an error for some, and wrong without a sign for the rest, and each of these would become a "missing index" that exists.
DDL is regular enough to be read by its words: a table, columns with a type, keys with their columns.  Clauses that say nothing about
columns, keys and indexes are passed over; a statement in which the words stand where they make no sense makes its table uncertain.
sqlglot only normalises the expressions inside of indexes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from lastcall.model import Column, Index, Location
from lastcall.sql import operations as op
from lastcall.sql.elements import METHODS, ElementReader, Elements, idle
from lastcall.sql.frontends import Fragment
from lastcall.sql.operations import Operation, fold
from lastcall.sql.spelling import identifier, spelled
from lastcall.sql.statement import LONGEST_DEFINITION, Statement, keyword_of, split, too_deep
from lastcall.sql.tokens import END, MOST, Reader, StrangeError, Token, few, flat, listed, tokens, words

# ------------------------------------------------------------------------------------------------------------------ definitions


def definition(statement: Statement, dialect: str) -> tuple[Operation, ...]:
    """What a DDL statement does to the schema; nothing for a statement that does nothing to it.

    What cannot be read is an ``Uncertain`` that names the table where the statement does.
    """
    if statement.obstacle:
        return (op.Uncertain(_subject(statement, dialect), statement.obstacle, statement.location),)
    if len(statement.text) > LONGEST_DEFINITION:
        return (op.Uncertain(_subject(statement, dialect), "it is too long", statement.location),)
    if too_deep(statement.text).startswith("it is nested"):
        return (op.Uncertain(_subject(statement, dialect), "it is nested too deeply", statement.location),)
    try:
        return tuple(_Definition(statement, dialect, tokens(statement.text, dialect)).read(statement.keyword))
    except StrangeError as strange:
        return (op.Uncertain(_subject(statement, dialect), str(strange), statement.location),)


_SUBJECT = re.compile(
    r"(?:TABLE|VIEW)\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(?:ONLY\s+)?(?P<table>[\"`\[]?\w.*)|INDEX\b.*?\bON\s+(?:ONLY\s+)?(?P<indexed>[\"`\[]?\w.*)",
    re.IGNORECASE | re.DOTALL,
)


def _subject(statement: Statement, dialect: str) -> str:
    """The table that a statement is about, as far as its first words tell."""
    found = _SUBJECT.search(statement.text[:1000])
    if not found:
        return ""
    try:
        return Reader(tokens(found["table"] or found["indexed"] or "", dialect)).qualified()
    except StrangeError:
        return ""


_MODIFIERS = words("""
    OR REPLACE ALTER GLOBAL LOCAL TEMP TEMPORARY UNLOGGED FOREIGN EXTERNAL VIRTUAL PRIVATE SHARDED DUPLICATED IMMUTABLE BLOCKCHAIN
    COLUMN ROW STRICT TRANSIENT SHADOW
""")
_INDEX_KINDS = words("""
    UNIQUE FULLTEXT SPATIAL BITMAP CLUSTERED NONCLUSTERED COLUMNSTORE XML PRIMARY MULTIVALUE VECTOR HASH SEARCH ONLINE OFFLINE
""")


class _Definition(ElementReader):
    """Reads one statement."""

    def __init__(self, statement: Statement, dialect: str, found: Sequence[Token]) -> None:
        super().__init__(statement, dialect)
        self.reader = Reader(found)
        self.only = False
        """Whether an ALTER TABLE leaves the tables alone that inherit from its own (``ONLY``)."""

    def read(self, keyword: str) -> Iterator[Operation]:
        """What the statement does; nothing, for a keyword that says nothing about tables."""
        readers: dict[str, Callable[[], Iterator[Operation]]] = {
            "CREATE TABLE": self.create_table,
            "CREATE INDEX": self.create_index,
            "CREATE VIEW": self.create_view,
            "CREATE MATERIALIZED VIEW": self.create_view,
            "ALTER TABLE": self.alter_table,
            "ALTER INDEX": self.alter_index,
            "ALTER VIEW": self.alter_view,
            "ALTER MATERIALIZED VIEW": self.alter_view,
            "DROP TABLE": self.drop,
            "DROP VIEW": self.drop,
            "DROP MATERIALIZED VIEW": self.drop,
            "DROP SCHEMA": self.drop,
            "ALTER SCHEMA": self.alter_schema,
            "DROP INDEX": self.drop_index,
            "RENAME TABLE": self.rename,
            "RENAME INDEX": self.rename,
            "RENAME": self.rename,
            "EXEC SP_RENAME": self.rename_by_procedure,
            "SELECT INTO": self.select_into,
            "DO": self.guarded,
            "IF": self.guarded,
            "BEGIN": self.guarded,
            "DECLARE": self.guarded,
            "EXEC": self.guarded,
            "EXECUTE": self.guarded,
            "PREPARE": self.prepared,
            "SET": self.prepared,
        }
        if reader := readers.get(keyword):
            yield from reader()

    # -------------------------------------------------------------------------------------------------------------- CREATE TABLE

    def create_table(self) -> Iterator[Operation]:
        reader = self.reader
        reader.take("CREATE")
        kinds = reader.take_all(_MODIFIERS)
        reader.take("TABLE")
        exists = reader.take("IF", "NOT", "EXISTS")
        start = reader.at
        name = reader.qualified()
        written = self.spelling(reader, start)
        uncertain = ""
        if kinds & {"TEMP", "TEMPORARY", "PRIVATE"} or name.startswith("#"):
            uncertain = "it is a temporary table"
        elif kinds & {"FOREIGN", "EXTERNAL", "VIRTUAL"}:
            uncertain = f"it is a {min(kinds & {'FOREIGN', 'EXTERNAL', 'VIRTUAL'}).lower()} table"
        replaces = "REPLACE" in kinds
        made = op.CreateTable(name, self.location, if_not_exists=exists, replace=replaces, uncertain=uncertain, spelled=written)
        yield self._table_body(made)

    def _table_body(self, made: op.CreateTable) -> op.CreateTable:
        reader = self.reader
        if reader.take("PARTITION", "OF"):
            made = replace(made, partition_of=reader.qualified())
        elif reader.take("OF"):
            made = replace(made, uncertain=made.uncertain or f"it has the columns of the type {reader.qualified()}")
        elif reader.take("LIKE"):
            return replace(made, likes=(op.Like(reader.qualified(), indexes=True),))
        found: list[Token] = []
        if reader.sees("(") and not self._is_query(reader.tokens[reader.at + 1 :]):
            found = reader.group()
        elif not (made.partition_of or made.uncertain or self._is_query(reader.rest()) or "SELECT" in flat(reader.rest())):
            raise StrangeError("its columns are missing")
        return self._table_options(made, self.elements(found))

    @staticmethod
    def _is_query(found: Sequence[Token]) -> bool:
        words = [token.upper for token in found[:3]]
        while words and words[0] in {"(", "AS"}:
            words.pop(0)
        return bool(words) and words[0] in {"SELECT", "WITH", "VALUES", "TABLE", "EXECUTE"} and words != ["WITH", "("]

    def _table_options(self, made: op.CreateTable, body: Elements) -> op.CreateTable:
        tail = self.reader
        uncertain, parents, engine = made.uncertain, list[str](), ""
        charset, collation, partitioned = "", "", False
        while not tail.done:
            if self.dialect == "postgres" and tail.take("PARTITION", "BY"):
                partitioned = True
            elif tail.take("INHERITS"):
                parents = [Reader(part).qualified() for part in listed(tail.group())]
            elif tail.take("ENGINE") or tail.take("TYPE"):
                tail.take("=")
                engine = tail.next().upper
            elif self.dialect == "mysql" and (said := self.charset(tail)):
                charset, collation = said[0] or charset, said[1] or collation
            elif tail.sees("SELECT") or (tail.sees("AS") and self._is_query(tail.rest())):
                uncertain = uncertain or "it is made by a query"
                break
            else:
                tail.skip()
        columns = tuple(replace(each, nullable=False) if each.name in body.required else each for each in body.columns)
        return replace(
            made,
            columns=columns,
            indexes=tuple(body.indexes),
            references=tuple(body.references),
            disabled=frozenset(body.disabled),
            likes=tuple(body.likes),
            parents=tuple(parents),
            reference_indexes=self.dialect == "mysql" and engine in {"", "INNODB"},
            charset=charset or self.charset_by(collation),
            collation=collation,
            uncertain=uncertain,
            partitioned=partitioned,
        )

    # -------------------------------------------------------------------------------------------------------------- CREATE INDEX

    def create_index(self) -> Iterator[Operation]:
        reader = self.reader
        reader.take("CREATE")
        replaces = reader.take("OR", "REPLACE")
        kinds = reader.take_all(_INDEX_KINDS)
        if not reader.take("INDEX"):
            raise StrangeError("it is no index that is known here")
        concurrently = bool(reader.take_any({"CONCURRENTLY", "ASYNC"}))
        exists = reader.take("IF", "NOT", "EXISTS")
        name = "" if reader.sees("ON") else reader.qualified()
        written = spelled(reader.tokens[reader.at - 1], self.dialect) if name else ""
        method = next((METHODS[each] for each in sorted(kinds) if each in METHODS), "")
        if reader.take("USING"):
            method = reader.next().text.lower()
        if not reader.take("ON"):
            raise StrangeError("it does not say which table it indexes")
        if reader.take("CLUSTER"):  # Oracle's cluster, which is no table
            return
        only = reader.take("ONLY")
        table = reader.qualified()
        if reader.take("USING"):
            method = method or reader.next().text.lower()
        keys = () if method == "columnstore" and not reader.sees("(") else self.keys(reader.group())
        made = Index(name.rpartition(".")[2], (), "UNIQUE" in kinds, location=self.location, spelled=written)
        index, disabled = self._index_tail(self.keyed(replace(made, included=self.included(reader)), keys), method)
        if not (concurrently or only):  # without its partitions, an index is a name
            index = replace(index, blocking=self.blocking("CREATE INDEX", index.method))
        yield op.AddIndex(table, index, self.location, exists, only, disabled, replaces or self._drops_existing())

    def _index_tail(self, index: Index, method: str) -> tuple[Index, bool]:
        reader = self.reader
        tail = flat(reader.rest())
        if "INDEXTYPE" in tail:
            method = "domain"
        if "USING" in tail[:-1] and not method:
            method = tail[tail.index("USING") + 1].lower()
        return replace(index, where=self.where(reader), method=self.method_of(method)), idle(tail)

    def blocking(self, verb: str, method: str) -> str:
        """What in the statement makes writers wait while the index is built; ``verb`` is what would have to be done otherwise."""
        said = [token.upper for token in self.reader.tokens if token.upper != "="]
        pairs = set(pairwise(said))
        match self.dialect:
            case "postgres":
                return f"{verb} without {'CONCURRENTLY' if verb == 'CREATE INDEX' else 'USING INDEX'}"
            case "mysql":
                kind = f"{method.upper()} index" if method in {"fulltext", "spatial"} else ""
                return next((f"{what}={how}" for what, how in _LOCKING if (what, how) in pairs), kind)
            case "tsql" if method == "btree" and ("ONLINE", "ON") not in pairs:
                return f"{verb} without ONLINE = ON"
            case "oracle" if verb == "CREATE INDEX" and method in {"btree", "bitmap"} and "ONLINE" not in said:
                return f"{verb} without ONLINE"
        return ""

    def _drops_existing(self) -> bool:
        """``WITH (DROP_EXISTING = ON)``, which makes an index anew."""
        said = [token.upper for token in self.reader.tokens]
        return "DROP_EXISTING" in said and said[said.index("DROP_EXISTING") + 1 :][:2] == ["=", "ON"]

    # -------------------------------------------------------------------------------------------------------------- views

    def create_view(self) -> Iterator[Operation]:
        reader = self.reader
        materialized = any(token.upper == "MATERIALIZED" for token in reader.tokens[:6])
        while not reader.done and not reader.sees("VIEW"):
            reader.skip()
        reader.take("VIEW")
        reader.take("IF", "NOT", "EXISTS")
        name = reader.qualified()
        columns: tuple[str, ...] = ()
        if reader.sees("("):
            columns = tuple(Reader(part).identifier() for part in listed(reader.group()))
        while not reader.done and not (reader.sees("AS") and self._is_query(reader.rest())):
            reader.skip()
        reader.take("AS")
        if materialized and not columns:
            columns = self._outputs(reader.rest())
        start = reader.peek().start if not reader.done else len(self.statement.text)
        sql = self.statement.text[start:]
        sql = sql[:-60] + _TRAILER.sub("", sql[-60:])  # the expression is for the end alone, and slow on blanks
        yield op.CreateView(name, columns, sql, self.statement.start + start, self.location, materialized)

    def _outputs(self, found: Sequence[Token]) -> tuple[str, ...]:
        """The names of the columns of a query, where all of them can be told."""
        reader = Reader(found)
        while reader.sees("(") and not reader.done:
            reader = Reader(reader.group())
        while not (reader.done or reader.take("SELECT")):
            reader.skip()
        if reader.take("DISTINCT") and reader.take("ON"):
            reader.group()
        start = reader.at
        while not (reader.done or reader.take("FROM")):
            reader.skip()
        end = reader.at - (reader.at > 0 and reader.tokens[reader.at - 1].upper == "FROM")
        names = [_output(part, self.dialect) for part in few(listed(reader.tokens[start:end]))]
        return tuple(names) if all(names) and len(set(names)) == len(names) else ()

    def alter_view(self) -> Iterator[Operation]:
        reader = self.reader
        reader.take_all({"ALTER", "MATERIALIZED"})
        reader.take("VIEW")
        reader.take("IF", "EXISTS")
        name = reader.qualified()
        if reader.take("RENAME", "TO"):
            yield self.renamed(name, reader)
        elif reader.take("RENAME"):
            yield from self._rename(name, reader)
        elif reader.take("SET", "SCHEMA"):
            yield op.SetSchema(name, reader.identifier(), self.location, self.spelling(reader, reader.at - 1))
        elif "SELECT" in flat(reader.rest()) or self._is_query(reader.rest()):
            self.reader.at = 0
            yield from self.create_view()

    # -------------------------------------------------------------------------------------------------------------- DROP and RENAME

    def drop(self) -> Iterator[Operation]:
        reader = self.reader
        reader.take_all({"DROP", "TEMPORARY", "FOREIGN", "EXTERNAL", "MATERIALIZED"})
        what = reader.next().upper.removesuffix("S")
        reader.take("IF", "EXISTS")
        for part in few(listed(reader.rest())):
            name = Reader(part).qualified()
            if what == "SCHEMA":
                yield op.DropSchema(name, self.location)
            elif what == "TABLE":
                yield op.DropTable(name, self.location)
            else:
                yield op.DropView(name, self.location)

    def alter_schema(self) -> Iterator[Operation]:
        """``ALTER SCHEMA a RENAME TO b``; in SQL Server ``ALTER SCHEMA b TRANSFER a.orders``, which moves a table."""
        reader = self.reader
        reader.take("ALTER", "SCHEMA")
        schema = reader.identifier()
        if reader.take("RENAME", "TO"):
            yield op.RenameSchema(schema, reader.identifier(), self.location)
        elif reader.take("TRANSFER") and not (reader.sees("TYPE", ":") or reader.sees("XML")):
            reader.take("OBJECT", ":", ":")
            yield op.SetSchema(reader.qualified(), schema, self.location)

    def drop_index(self) -> Iterator[Operation]:
        reader = self.reader
        reader.at += 2
        reader.take("CONCURRENTLY")
        exists = reader.take("IF", "EXISTS")
        for part in few(listed(reader.rest())):
            each = Reader(part)
            index = each.qualified()
            table = each.qualified() if each.take("ON") else ""
            yield op.DropIndex(index, table, self.location, if_exists=exists)

    def rename(self) -> Iterator[Operation]:
        reader = self.reader
        reader.take("RENAME")
        if reader.take("INDEX"):  # Db2
            old = reader.qualified()
            reader.take("TO")
            yield op.RenameIndex(old, reader.qualified(), "", self.location)
            return
        reader.take_any({"TABLE", "TABLES"})
        reader.take("IF", "EXISTS")
        for part in few(listed(reader.rest())):
            each = Reader(part)
            old = each.qualified()
            if not each.take("TO"):
                raise StrangeError("it does not say the new name")
            yield self.renamed(old, each)

    def renamed(self, table: str, reader: Reader) -> op.RenameTable:
        """A table gets the name that comes next."""
        start = reader.at
        return op.RenameTable(table, reader.qualified(), self.location, self.spelling(reader, start))

    def rename_by_procedure(self) -> Iterator[Operation]:
        """``EXEC sp_rename 'dbo.orders.total', 'amount', 'COLUMN'``."""
        said = [token.text for token in self.reader.rest() if token.kind == "string"]
        if len(said) < 2:  # noqa: PLR2004 - the old name and the new one
            raise StrangeError("it renames by names that are put in at run time")
        path = [part.strip('[]" ') for part in said[0].split(".")]
        written = said[1].strip('[]" ')
        new, spelling = written.lower(), identifier(written, self.dialect)
        spelling = "" if spelling == new else spelling
        kind = said[2].upper() if len(said) > 2 else "OBJECT"  # noqa: PLR2004
        if kind == "COLUMN" and len(path) > 1:
            yield op.RenameColumn(fold(path[:-1]), path[-1].lower(), new, self.location, spelling)
        elif kind == "INDEX" and len(path) > 1:
            yield op.RenameIndex(path[-1].lower(), new, fold(path[:-1]), self.location, spelling)
        elif kind == "OBJECT":
            yield op.RenameTable(fold(path), new, self.location, spelling)

    def select_into(self) -> Iterator[Operation]:
        reader = self.reader
        while not reader.done:
            if reader.skip().upper == "INTO":
                reader.take_all({"TEMP", "TEMPORARY", "UNLOGGED", "TABLE"})
                yield op.CreateTable(reader.qualified(), self.location, uncertain="it is made by a query")
                return

    # -------------------------------------------------------------------------------------------------------------- ALTER INDEX

    def alter_index(self) -> Iterator[Operation]:
        reader = self.reader
        reader.at += 2
        reader.take("IF", "EXISTS")
        index = "" if reader.take("ALL") else reader.qualified()
        table = reader.qualified() if reader.take("ON") else ""
        if reader.take("RENAME", "TO"):
            yield op.RenameIndex(index, reader.qualified(), table, self.location, spelled(reader.tokens[reader.at - 1], self.dialect))
        elif reader.take("ATTACH", "PARTITION"):
            yield op.AttachIndex(index, reader.qualified(), self.location)
        elif reader.take_any({"DISABLE", "UNUSABLE", "INVISIBLE"}):
            yield op.SetServing(index, table, serving=False, location=self.location)
        elif reader.take_any({"REBUILD", "ENABLE", "VISIBLE"}) and (not reader.take("PARTITION") or reader.sees("=", "ALL")):
            yield op.SetServing(index, table, serving=True, location=self.location)

    # -------------------------------------------------------------------------------------------------------------- ALTER TABLE

    def alter_table(self) -> Iterator[Operation]:
        reader = self.reader
        reader.take("ALTER")
        reader.take_all(_MODIFIERS | {"IGNORE", "ONLINE", "OFFLINE"})
        reader.take("TABLE")
        reader.take("IF", "EXISTS")
        self.only = reader.take("ONLY")
        if reader.sees("ALL", "IN"):  # ALTER TABLE ALL IN TABLESPACE
            return
        table = reader.qualified()
        reader.take("*")
        if not (reader.take("WITH", "CHECK") or reader.take("WITH", "NOCHECK") or reader.take("NOWAIT")) and reader.take("WAIT"):
            reader.next()
        yield from sorted(self._all_actions(table, reader), key=lambda each: isinstance(each, (op.RenameTable, op.SetSchema)))

    def _all_actions(self, table: str, reader: Reader) -> Iterator[Operation]:
        """What the actions of an ALTER TABLE do, all of them to the name that it had before."""
        verb = ""
        for action in few(list(self._actions(reader.rest()))):
            first = action[0].upper
            # SQL Server has one verb for all of the list.
            goes_on = first not in (_MAIN_VERBS if self.dialect == "tsql" else _VERBS)
            if first in {"COLUMN", "CONSTRAINT"} and verb.startswith("DROP"):
                action = [*_spoken("DROP"), *action]  # noqa: PLW2901 - a list of what one verb does
            elif goes_on and verb in {"ADD", "DROP COLUMN", "DROP CONSTRAINT", "DROP"} and self.dialect in {"tsql", "oracle"}:
                action = [*_spoken(verb), *action]  # noqa: PLW2901
            yield from self.action(table, action)
            verb = action[0].upper
            if verb == "DROP" and len(action) > 1 and action[1].upper in {"COLUMN", "CONSTRAINT"}:
                verb += f" {action[1].upper}"

    @staticmethod
    def _actions(found: Sequence[Token]) -> Iterator[Sequence[Token]]:
        """The actions of an ALTER TABLE, which commas separate, or in Oracle and Db2 nothing but their verbs."""
        for part in listed(found):
            start = depth = 0
            for number, token in enumerate(part):
                depth += (token.upper == "(") - (token.upper == ")")
                verb = token.upper in {"ADD", "MODIFY"} and part[start].upper in {"ADD", "MODIFY", "DROP"}
                if (
                    number > start
                    and not depth
                    and verb
                    and part[number - 1].upper not in {"COLUMN", "EXISTS", ".", "TO"}
                    and number - start > 1
                ):
                    yield part[start:number]
                    start = number
            yield part[start:]

    def action(self, table: str, found: Sequence[Token]) -> Iterator[Operation]:
        reader = Reader(found)
        verb = reader.next().upper
        readers: dict[str, Callable[[str, Reader], Iterator[Operation]]] = {
            "ADD": self._add,
            "DROP": self._drop,
            "ALTER": self._alter,
            "MODIFY": self._modify,
            "CHANGE": self._rewrite,
            "RENAME": self._rename,
            "INHERIT": self._attach,
            "NO": self._attach,
            "ATTACH": self._attach,
            "DETACH": self._attach,
        }
        if verb in readers:
            yield from readers[verb](table, reader)
        elif verb == "SET" and reader.take("SCHEMA"):
            yield op.SetSchema(table, reader.identifier(), self.location, self.spelling(reader, reader.at - 1))
        elif verb in {"CONVERT", "DEFAULT", "CHARACTER", "CHARSET", "COLLATE"}:
            yield from self._set_charset(table, Reader(found))
        elif verb in {"DISABLE", "ENABLE"}:
            yield from self._switch(table, reader, on=verb == "ENABLE")
        elif verb == "SET" and reader.take("UNUSED"):
            reader.take("COLUMN")
            for part in listed(reader.group()) if reader.sees("(") else [reader.rest()]:
                yield op.DropColumn(table, Reader(part).identifier(), self.location)
        elif verb not in _VERBS:
            raise StrangeError(f"“{found[0].text[:20]}” is nothing that is known to be done to a table")

    def _switch(self, table: str, reader: Reader, *, on: bool) -> Iterator[Operation]:
        """Oracle's ``DISABLE CONSTRAINT name``, ``DISABLE PRIMARY KEY``, ``ENABLE NOVALIDATE UNIQUE (a)``: the index goes and comes."""
        reader.take_any({"VALIDATE", "NOVALIDATE"})
        if reader.take("CONSTRAINT"):
            yield op.SetServing(reader.identifier(), table, on, self.location)
        elif reader.take("PRIMARY", "KEY") or reader.take("UNIQUE"):
            columns = self.names(reader.group()) if reader.sees("(") else ()
            yield (
                op.Uncertain(table, "a key of it that was not in force is enabled", self.location)
                if on
                else op.DropKey(table, columns, self.location)
            )

    def _set_charset(self, table: str, reader: Reader) -> Iterator[Operation]:
        convert = reader.take("CONVERT", "TO")
        reader.take("DEFAULT")
        charset, collation = "", ""
        while said := self.charset(reader):
            charset, collation = said[0] or charset, said[1] or collation
            reader.take("DEFAULT")
        if charset or collation:
            yield op.SetCharset(table, charset or self.charset_by(collation), collation, convert, self.location)

    def _attach(self, table: str, reader: Reader) -> Iterator[Operation]:
        """A table is made a partition or a child of another one, or ceases to be."""
        verb = reader.tokens[reader.at - 1].upper
        if reader.take("PARTITION"):
            yield op.AttachPartition(reader.qualified(), table, self.location, attach=verb == "ATTACH")
        elif verb == "INHERIT" or reader.take("INHERIT"):
            yield op.AttachPartition(table, reader.qualified(), self.location, attach=verb == "INHERIT", child=True)

    def _rewrite(self, table: str, reader: Reader) -> Iterator[Operation]:
        reader.take("COLUMN")
        reader.take("IF", "EXISTS")
        yield self._change(table, reader.identifier(), reader.rest())

    def _add(self, table: str, reader: Reader) -> Iterator[Operation]:
        column = reader.take("COLUMN")
        reader.take("IF", "NOT", "EXISTS")
        if not column and reader.take_any(_ADDED_WITHOUT_EFFECT):
            return
        if reader.sees("("):
            for element in few(listed(reader.group())):
                yield from self._added(table, element, column=column)
        else:
            yield from self._added(table, reader.rest(), column=column)

    def _added(self, table: str, found: Sequence[Token], *, column: bool) -> Iterator[Operation]:
        body = Elements([], [], [], set(), [], [])
        if not column and (used := self._used_index(table, found)):
            yield used
            return
        if column or not self.table_constraint(found, body):
            self.column(found, body)
            indexes = tuple(self._locking(index, "ADD COLUMN") for index in body.indexes)
            yield op.AddColumn(table, body.columns[0], self.location, indexes, tuple(body.references))
            return
        words = [token.upper for token in found[:8]]
        exists = ["IF", "NOT", "EXISTS"] in [words[at : at + 3] for at in range(len(words))]
        for index in body.indexes:
            disabled = index.name in body.disabled
            yield op.AddIndex(table, self._locking(index, "ADD"), self.location, exists, self.only, disabled, constraint=True)
        for reference in body.references:
            yield op.AddReference(table, reference, self.location)
        for name in body.required:
            yield op.ChangeColumn(table, name, Column(name, ""), self.location, nullable=False)

    def _locking(self, index: Index, verb: str) -> Index:
        """The index of a constraint that ALTER TABLE adds, with what in that makes writers wait."""
        if self.dialect == "postgres" and not index.unique:  # an exclusion: there is no other way
            return index
        what = "PRIMARY KEY" if index.primary else "UNIQUE" if index.unique else "INDEX"
        return replace(index, blocking=self.blocking(f"{verb} {what}", index.method))

    def _used_index(self, table: str, found: Sequence[Token]) -> Operation | None:
        """``ADD CONSTRAINT name UNIQUE USING INDEX index``, which PostgreSQL's own advice for adding constraints online leads to."""
        words = [token.upper for token in found]
        for number, word in enumerate(words):
            if word == "USING" and words[number + 1 : number + 2] == ["INDEX"] and "(" not in words[:number]:
                name = Reader(found[1:]).identifier() if words[0] == "CONSTRAINT" else ""
                index = Reader(found[number + 2 :]).qualified().rpartition(".")[2]
                return op.UseIndex(table, index, name or index, "PRIMARY" in words, self.location)
        return None

    def _drop(self, table: str, reader: Reader) -> Iterator[Operation]:
        keeps = any(pair == ("KEEP", "INDEX") for pair in pairwise(token.upper for token in reader.rest()))
        if reader.take("PRIMARY", "KEY"):
            yield op.DropKey(table, (), self.location, keeps)
        elif reader.take("FOREIGN", "KEY"):
            reader.take("IF", "EXISTS")
            yield op.DropConstraint(table, reader.identifier(), self.location, reference=True)
        elif reader.take("CONSTRAINT") or reader.take("CHECK"):
            reader.take("IF", "EXISTS")
            yield op.DropConstraint(table, reader.identifier(), self.location, keeps=keeps)
        elif reader.take("UNIQUE"):
            if reader.sees("("):
                yield op.DropKey(table, self.names(reader.group()), self.location, keeps)
            else:
                yield op.DropConstraint(table, reader.identifier(), self.location)
        elif (self.dialect == "mysql" or reader.peek(1).kind in {"word", "name"}) and reader.take_any({"INDEX", "KEY"}):
            exists = reader.take("IF", "EXISTS")
            yield op.DropIndex(reader.identifier(), table, self.location, if_exists=exists)
        elif self.dialect == "tsql" and not (reader.sees("COLUMN") or reader.peek().upper in _DROPPED_WITHOUT_EFFECT):
            reader.take("IF", "EXISTS")
            yield op.DropConstraint(table, reader.identifier(), self.location)
        elif reader.take("COLUMN") or not reader.take_any(_DROPPED_WITHOUT_EFFECT):
            reader.take("IF", "EXISTS")
            names = [Reader(part).identifier() for part in listed(reader.group())] if reader.sees("(") else [reader.identifier()]
            for name in names:
                yield op.DropColumn(table, name, self.location, self.only)

    def _alter(self, table: str, reader: Reader) -> Iterator[Operation]:
        if reader.take("INDEX"):
            name = reader.identifier()
            if word := reader.take_any({"INVISIBLE", "VISIBLE", "IGNORED", "NOT"}):
                yield op.SetServing(name, table, word in {"VISIBLE", "NOT"}, self.location)
            return
        if reader.take_any({"CONSTRAINT", "CHECK"}):
            return
        reader.take("COLUMN")
        reader.take("IF", "EXISTS")
        name = reader.identifier()
        if reader.take("SET", "NOT", "NULL") or reader.take("DROP", "NOT", "NULL"):
            required = reader.tokens[reader.at - 3].upper == "SET"
            yield op.ChangeColumn(table, name, Column(name, ""), self.location, nullable=not required)
        elif reader.take("SET", "DATA", "TYPE") or reader.take("TYPE") or not reader.take_any(_ALTERED_WITHOUT_EFFECT):
            body = Elements([], [], [], set(), [], [])
            kind = self.type_of(reader)
            column = self.column_constraints(reader, Column(name, kind), self.location, body)
            nullable = column.nullable if self.dialect == "tsql" else None
            yield op.ChangeColumn(table, name, column, self.location, nullable=nullable)

    def _modify(self, table: str, reader: Reader) -> Iterator[Operation]:
        if reader.take("CONSTRAINT"):
            name = reader.identifier()
            if word := reader.take_any({"DISABLE", "ENABLE"}):
                yield op.SetServing(name, table, word == "ENABLE", self.location)
            return
        if reader.take_any({"PARTITION", "SUBPARTITION", "DEFAULT", "LOB", "NESTED", "VARRAY", "OPAQUE"}) or reader.take("PRIMARY", "KEY"):
            return
        reader.take("COLUMN")
        reader.take("IF", "EXISTS")
        for part in listed(reader.group()) if reader.sees("(") else [reader.rest()]:
            yield self._change(table, Reader(part).identifier(), part)

    def _change(self, table: str, old: str, found: Sequence[Token]) -> Operation:
        body = Elements([], [], [], set(), [], [])
        self.column(found, body)
        column = body.columns[0]
        # MySQL repeats the whole column; Oracle only what changes of it.
        words = flat(found)
        nullable = column.nullable if self.dialect == "mysql" or "NULL" in words else None
        return op.ChangeColumn(table, old, column, self.location, nullable, tuple(body.indexes), tuple(body.references))

    def _rename(self, table: str, reader: Reader) -> Iterator[Operation]:
        if reader.take_any({"TO", "AS", "="}):
            yield self.renamed(table, reader)
        elif reader.take("CONSTRAINT") or (reader.peek(1).upper != "TO" and reader.take_any({"INDEX", "KEY"})):
            old = reader.identifier()
            reader.take("TO")
            yield op.RenameIndex(old, reader.identifier(), table, self.location, self.spelling(reader, reader.at - 1))
        elif reader.take("PARTITION"):
            return
        else:
            if reader.peek(1).upper != "TO":
                reader.take("COLUMN")
            reader.take("IF", "EXISTS")
            start = reader.at
            old = reader.qualified()
            written = self.spelling(reader, start)
            if reader.take("TO"):
                yield op.RenameColumn(table, old, reader.identifier(), self.location, self.spelling(reader, reader.at - 1))
            else:
                yield op.RenameTable(table, old, self.location, written)

    # -------------------------------------------------------------------------------------------------------------- guarded DDL

    def guarded(self) -> Iterator[Operation]:
        """DDL inside of ``IF NOT EXISTS (…) …`` or of a ``DO`` block: taken as done, for guards only make a script fit to be run twice."""
        for token in self.reader.tokens:
            if token.kind == "dollar":
                start = self.statement.start + self.statement.text.index(token.text, token.start)
                inner = Statement(self.statement.fragment, token.text, start, start + len(token.text), "DO")
                yield from _Definition(inner, self.dialect, tokens(_uncommented(token.text), self.dialect)).guarded()
                return
        found = self.reader.tokens
        heads = [number for number in range(len(found)) if self._head(found, number)]
        if len(heads) > MOST:
            raise StrangeError(f"it holds {len(heads)} definitions")
        for number, start in enumerate(heads):
            renames = any(each.upper == "SP_RENAME" for each in found[start : start + 4])
            if found[start].upper in {"EXECUTE", "EXEC"} and not renames:
                yield from self._executed(found[start : start + 64])
                continue
            part = found[start : heads[number + 1] if number + 1 < len(heads) else len(found)]
            yield from self._inner(part)

    def _head(self, found: Sequence[Token], number: int) -> bool:
        word = found[number].upper
        if word in {"EXECUTE", "EXEC"}:
            follower = found[number + 1] if number + 1 < len(found) else END
            return (
                follower.kind in {"string", "dollar"}
                or follower.upper in {"FORMAT", "(", "IMMEDIATE"}
                or any(token.upper in {"SP_RENAME", "SP_EXECUTESQL"} for token in found[number + 1 : number + 4])
            )
        what = {token.upper for token in found[number + 1 : number + 4]}
        before = found[number - 1].upper if number else ""
        if word not in {"CREATE", "ALTER", "DROP"} or not what & {"TABLE", "INDEX", "VIEW"}:
            return False
        # T-SQL has nothing between two statements; one begins a line, mostly.
        begins = self.dialect == "tsql" and before != "" and "\n" in self.statement.text[found[number - 1].end : found[number].start]
        return before in _BEFORE_GUARDED or begins

    def _inner(self, part: Sequence[Token]) -> Iterator[Operation]:
        end, depth = len(part), 0
        for number, token in enumerate(part):
            depth += (token.upper == "(") - (token.upper == ")")
            if not depth and token.upper in {";", "END", "ELSE", "EXCEPTION"}:
                end = number
                break
        found = part[:end]
        start, stop = found[0].start, found[-1].end
        whole = self.statement
        keyword = keyword_of(whole.text[start:stop])
        if keyword not in {"EXEC", "EXECUTE"}:  # a call that only looks like sp_rename
            inner = Statement(whole.fragment, whole.text[start:stop], whole.start + start, whole.start + stop, keyword)
            yield from definition(inner, self.dialect)

    def _executed(self, found: Sequence[Token]) -> Iterator[Operation]:
        """``EXECUTE 'CREATE …'``; what is put together at run time is told."""
        literal = next((token for token in found[1:8] if token.kind in {"string", "dollar"}), None)
        after = found[found.index(literal) + 1 :][:1] if literal else []
        ends = {";", ")", "END", "ELSE"} | ({","} if any(token.upper == "SP_EXECUTESQL" for token in found[:4]) else set())
        if literal and (not after or after[0].upper in ends):
            yield from self._run(literal.text)
        elif any(_DDL_WORDS.search(token.text) for token in found if token.kind in {"string", "dollar"}):
            yield op.Uncertain("", "it runs DDL that it builds at run time", self.location)

    def _run(self, text: str) -> Iterator[Operation]:
        """What DDL in a string does, as done where the string is run."""
        inner = Fragment(self.statement.fragment.path, text.replace("''", "'"), self.statement.fragment.origin)
        for statement in split(inner, self.dialect):
            yield from (_moved(each, self.location) for each in definition(statement, self.dialect))

    def prepared(self) -> Iterator[Operation]:
        """MySQL's way to a condition: ``SET @ddl = IF(…, 'SELECT 1', 'CREATE INDEX …'); PREPARE …``; taken as done."""
        if self.dialect != "mysql":
            return
        found = self.reader.tokens
        for token in found:
            if token.kind not in {"string", "name"} or not _GUARDABLE.match(token.text):
                continue
            if any(each.upper in {"CONCAT", "CONCAT_WS"} for each in found):
                yield op.Uncertain("", "it runs DDL that it builds at run time", self.location)
                return
            yield from self._run(token.text)


def _output(found: Sequence[Token], dialect: str) -> str:
    """The name of one column of a query: its alias, the column it is, in PostgreSQL the function called; empty where it cannot be told."""
    last = found[-1]
    if last.kind in {"word", "name"} and last.upper not in {"END", "NULL", "TRUE", "FALSE"}:
        bare = all(token.upper == "." if number % 2 else token.kind in {"word", "name"} for number, token in enumerate(found))
        aliased = len(found) > 1 and (found[-2].upper == "AS" or found[-2].kind in {"name", "number", "string"} or found[-2].upper == ")")
        return last.text.lower() if bare or aliased else ""
    called = dialect == "postgres" and found[0].kind == "word" and len(found) > 1 and found[1].upper == "("
    reader = Reader(found[1:])
    return found[0].text.lower() if called and reader.group() is not None and reader.done else ""


def _moved(operation: Operation, location: Location) -> Operation:
    return replace(operation, location=location)


def _uncommented(text: str) -> str:
    return re.sub(r"--[^\n]*|/\*.*?\*/", lambda found: re.sub(r"\S", " ", found[0]), text, flags=re.DOTALL)


def _spoken(words: str) -> list[Token]:
    return [Token("word", word, 0, 0, word) for word in words.split()]


_LOCKING = (("ALGORITHM", "COPY"), ("LOCK", "EXCLUSIVE"), ("LOCK", "SHARED"))
_GUARDABLE = re.compile(r"\s*(?:CREATE|ALTER|DROP)\s", re.IGNORECASE)
_DDL_WORDS = re.compile(r"\b(?:CREATE|ALTER|DROP)\b", re.IGNORECASE)
_TRAILER = re.compile(r"\s+WITH\s+(?:NO\s+DATA|DATA|(?:CASCADED\s+|LOCAL\s+)?CHECK\s+OPTION|READ\s+ONLY)\s*$", re.IGNORECASE)
_BEFORE_GUARDED = frozenset({"", ";", "THEN", "BEGIN", "ELSE", ")", "LOOP", "NULL", "TRY", "CATCH", "TRAN", "TRANSACTION"})
_ADDED_WITHOUT_EFFECT = words("""
    PARTITION SUBPARTITION PERIOD SUPPLEMENTAL CHECK VALUES SYSTEM DEFAULT SENSITIVITY OVERFLOW RANGE HASH
""")
_DROPPED_WITHOUT_EFFECT = words("""
    PARTITION SUBPARTITION PERIOD SYSTEM DEFAULT UNUSED SUPPLEMENTAL EXPRESSION IDENTITY
""")
_ALTERED_WITHOUT_EFFECT = frozenset(["SET", "DROP", "ADD", "RESET", "RESTART", "INVISIBLE", "VISIBLE"])
_MAIN_VERBS = frozenset({"ADD", "DROP", "ALTER"})
_VERBS = words("""
    ADD DROP ALTER MODIFY CHANGE RENAME SET RESET OWNER CLUSTER REPLICA ENABLE DISABLE VALIDATE INHERIT NO ATTACH DETACH ENGINE
    AUTO_INCREMENT CONVERT DEFAULT COMMENT CHARACTER COLLATE ORDER TABLESPACE PARTITION CHECK NOCHECK SWITCH REBUILD OF NOT FORCE
    WITH WITHOUT ROW_FORMAT KEY_BLOCK_SIZE LOCK ALGORITHM COMPRESS NOCOMPRESS LOGGING NOLOGGING CACHE NOCACHE PARALLEL NOPARALLEL
    READ MOVE SHRINK TRUNCATE COALESCE REORGANIZE EXCHANGE ANALYZE REPAIR OPTIMIZE REMOVE DISCARD IMPORT CHARSET AVG_ROW_LENGTH
    CHECKSUM MAX_ROWS MIN_ROWS PACK_KEYS ROW STATS_PERSISTENT STATS_AUTO_RECALC STATS_SAMPLE_PAGES COMPRESSION ENCRYPTION
    DELAY_KEY_WRITE INSERT_METHOD UNION DATA INDEX CONNECTION PASSWORD TYPE SPLIT MERGE ALLOCATE DEALLOCATE PCTFREE PCTUSED
    INITRANS STORAGE MONITORING NOMONITORING RESULT_CACHE INMEMORY FLASHBACK SECONDARY_LOAD SECONDARY_UNLOAD SECONDARY_ENGINE
    ACTIVATE APPEND VOLATILE LOCKSIZE PCTCTFREE UPGRADE
""")
