"""What stands between the parentheses of a CREATE TABLE and of a CREATE INDEX: columns, constraints, keys."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from lastcall.model import Column, ForeignKey, Index, Location
from lastcall.sql import operations as op
from lastcall.sql.expression import normalise
from lastcall.sql.operations import Reference
from lastcall.sql.spelling import qualified, spelled
from lastcall.sql.statement import Statement
from lastcall.sql.tokens import END, Reader, StrangeError, Token, few, flat, listed, words

_MAKES_KEYS = frozenset({"PRIMARY", "UNIQUE", "REFERENCES", "KEY", "INDEX"})
METHODS = {
    "FULLTEXT": "fulltext",
    "SPATIAL": "spatial",
    "BITMAP": "bitmap",
    "COLUMNSTORE": "columnstore",
    "XML": "xml",
    "VECTOR": "vector",
    "SEARCH": "domain",
}
_KEY_WORDS = words("""
    KEY INDEX CLUSTERED NONCLUSTERED NULLS NOT DISTINCT ON CONFLICT IF EXISTS HASH WITH COLUMNSTORE UNIQUE PRIMARY CONSTRAINT
""")

_TYPE_ENDS = words("""
    NOT NULL DEFAULT PRIMARY UNIQUE CHECK REFERENCES CONSTRAINT COLLATE GENERATED AS IDENTITY AUTO_INCREMENT AUTOINCREMENT COMMENT
    ON KEY CHARSET STORAGE COMPRESSION INVISIBLE VISIBLE SPARSE ROWGUIDCOL VIRTUAL STORED PERSISTED PERSISTENT HIDDEN MASKED FIRST
    AFTER USING SET SRID INDEX ENABLE DISABLE DEFERRABLE INITIALLY FOREIGN OPTIONS COLUMN_FORMAT ENCRYPTED FILESTREAM CASCADE
    RESTRICT REF SORT ANNOTATIONS
""")


class Key(NamedTuple):
    """One key of an index: a folded column or an expression in parentheses, and what is said of it; ``nulls`` is FIRST, LAST or empty."""

    column: str
    descending: bool = False
    nulls: str = ""
    opclass: str = ""
    collation: str = ""
    length: int = 0


@dataclass
class Elements:
    """What the elements of a CREATE TABLE, or one element that an ALTER TABLE adds, say."""

    columns: list[Column]
    indexes: list[Index]
    references: list[Reference]
    disabled: set[str]
    likes: list[op.Like]
    required: list[str]
    """Columns that a constraint of the table makes NOT NULL."""


class ElementReader:
    """Reads elements of one statement in one dialect."""

    def __init__(self, statement: Statement, dialect: str) -> None:
        self.statement = statement
        self.dialect = dialect
        self.location = statement.location

    def place(self, found: Sequence[Token]) -> Location:
        return self.statement.place(found[0].start, found[-1].end) if found else self.location

    def elements(self, found: Sequence[Token]) -> Elements:
        """The columns and constraints between a table's parentheses."""
        body = Elements([], [], [], set(), [], [])
        apart: list[Index] = []
        for element in few(listed(found)):
            before = len(body.indexes)
            self.element(element, body)
            if any(token.upper in {"DEFERRABLE", "NULLS"} for token in element):
                apart += body.indexes[before:]
        if self.dialect == "postgres" and len(body.indexes) > 1:
            body.indexes = [*_merged(each for each in body.indexes if each not in apart), *apart]
        return body

    def element(self, found: Sequence[Token], body: Elements) -> None:
        reader = Reader(found)
        if reader.take("LIKE") and (len(found) == 2 or reader.peek(1).upper in {"", ".", "INCLUDING", "EXCLUDING"}):  # noqa: PLR2004
            body.likes.append(self._like(reader))
            return
        if not self.table_constraint(found, body):
            self.column(found, body)

    def _like(self, reader: Reader) -> op.Like:
        table, indexes = reader.qualified(), self.dialect == "mysql"
        while not reader.done:
            what = reader.next().upper
            which = reader.next().upper
            if which in {"ALL", "INDEXES"}:
                indexes = what == "INCLUDING"
        return op.Like(table, indexes)

    # -------------------------------------------------------------------------------------------------------------- columns

    def column(self, found: Sequence[Token], body: Elements) -> None:
        reader = Reader(found)
        name = self._column_name(reader)
        kind = self.type_of(reader)
        column = Column(name, kind, nullable="SERIAL" not in kind, spelled=spelled(found[0], self.dialect))
        # Places are counted from the start of the file, so only those columns are placed that make something which has one.
        location = self.place(found) if kind == "SERIAL" or any(token.upper in _MAKES_KEYS for token in reader.rest()) else self.location
        if self.dialect == "mysql" and kind == "SERIAL":
            body.indexes.append(Index(name, (name,), unique=True, location=location))
        body.columns.append(self.column_constraints(reader, column, location, body))

    def spelling(self, reader: Reader, start: int) -> str:
        """The name that was read from the token ``start`` on, as a statement must write it; empty where that is the folded one."""
        return qualified(reader.tokens[start : reader.at], self.dialect)

    @staticmethod
    def _column_name(reader: Reader) -> str:
        if reader.peek().kind == "string":  # SQLite takes it
            return reader.next().text.lower()
        return reader.identifier()

    def type_of(self, reader: Reader) -> str:
        """The type as it is written, upper-cased, with blanks only between words."""
        spelled, last = "", END
        while not reader.done and not self._ends_type(reader, first=not spelled):
            token = reader.peek()
            start = reader.at
            reader.skip()
            part = self._spelled(reader.tokens[start : reader.at])
            glue = (
                " " if spelled and last.kind in {"word", "name", "mark"} and last.upper not in {".", "["} and token.kind != "mark" else ""
            )
            if last.upper == ")" and token.kind == "word":
                glue = " "
            spelled += glue + part
            last = reader.tokens[reader.at - 1]
        return spelled

    @staticmethod
    def _ends_type(reader: Reader, *, first: bool) -> bool:
        word = reader.peek().upper
        if first and word == "SET" and reader.peek(1).upper == "(":
            return False
        if word == "WITH":
            return reader.peek(1).upper not in {"TIME", "LOCAL"}
        if word in {"CHARACTER", "CHAR"}:
            return reader.peek(1).upper == "SET"
        return word in _TYPE_ENDS

    @staticmethod
    def _spelled(found: Sequence[Token]) -> str:
        parts: list[str] = []
        for token in found:
            if token.kind == "string":
                parts.append(f"'{token.text}'")
            else:
                words = bool(parts) and parts[-1][-1:].isalnum() and token.kind in {"word", "number", "name"}
                parts.append(f"{' ' if words else ''}{token.text.upper()}")
        return "".join(parts)

    def column_constraints(self, reader: Reader, column: Column, location: Location, body: Elements) -> Column:
        nullable, name = column.nullable, ""
        while not reader.done:
            if reader.take("CONSTRAINT"):
                name = reader.identifier()
                continue
            if reader.take("NOT", "NULL") or reader.take("IDENTITY"):
                nullable = False
            elif reader.take("DEFAULT"):
                reader.take_any({"+", "-"})
                reader.skip()
            elif reader.take("PRIMARY", "KEY") or (self.dialect == "mysql" and reader.take("KEY")):
                nullable = False
                made = Index(self._key_name(name, primary=True), (), unique=True, primary=True, location=location)
                body.indexes.append(self.keyed(made, [Key(column.name, descending=reader.take_any({"ASC", "DESC"}) == "DESC")]))
            elif reader.take("UNIQUE"):
                reader.take_any({"KEY", "INDEX"})
                body.indexes.append(Index(name or self._column_index_name(column.name), (column.name,), unique=True, location=location))
            elif reader.take("REFERENCES"):
                body.references.append(self._reference(reader, name, (column.name,), location))
            elif self.dialect == "tsql" and reader.take("INDEX"):
                body.indexes.append(Index(reader.identifier(), (column.name,), location=location))
            elif not reader.take("FOREIGN", "KEY"):
                column = self.in_charset(reader, column)
                continue
            name = ""
        return replace(column, nullable=nullable, charset=column.charset or self.charset_by(column.collation))

    def in_charset(self, reader: Reader, column: Column) -> Column:
        """The column with the charset or collation that comes next; where neither does, one word is passed over."""
        said = self.charset(reader)
        if said is None:
            reader.skip()
            return column
        charset, collation = said[0] or column.charset, said[1] or column.collation
        return replace(column, charset=charset, collation="" if collation in {"default", "binary"} else collation)

    def charset(self, reader: Reader) -> tuple[str, str] | None:
        """``CHARACTER SET = utf8mb4``, ``CHARSET utf8``, ``COLLATE utf8_bin``: the charset and collation, one of them empty."""
        if reader.take("CHARACTER", "SET") or reader.take("CHAR", "SET") or reader.take("CHARSET"):
            reader.take("=")
            return charset_of(reader.next().text), ""
        return ("", self.collation(reader)) if reader.take("COLLATE") else None

    def charset_by(self, collation: str) -> str:
        """MySQL's collations begin with the name of their charset."""
        return collation.partition("_")[0] if self.dialect == "mysql" else ""

    def collation(self, reader: Reader) -> str:
        """The folded name of a collation, without its schema."""
        reader.take("=")
        name = reader.next().text.lower() if reader.peek().kind == "string" else reader.qualified().rpartition(".")[2]
        if self.dialect == "mysql":
            charset, _, rest = name.partition("_")
            return f"{charset_of(charset)}_{rest}" if rest else name
        return name

    def _column_index_name(self, column: str) -> str:
        return column if self.dialect == "mysql" else ""

    def _key_name(self, name: str, *, primary: bool) -> str:
        return "primary" if primary and self.dialect == "mysql" else name

    @staticmethod
    def _reference(reader: Reader, name: str, columns: tuple[str, ...], location: Location) -> Reference:
        table = reader.qualified()
        referenced: tuple[str, ...] = ()
        if reader.sees("("):
            referenced = tuple(Reader(part).identifier() for part in listed(reader.group()))
        after = flat(reader.copy().rest())
        action = next((" ".join(after[at + 2 : at + 4]) for at, pair in enumerate(pairwise(after)) if pair == ("ON", "DELETE")), "")
        on_delete = next((each for each in ("CASCADE", "SET NULL", "SET DEFAULT") if action.startswith(each)), "")
        return Reference(name, ForeignKey(columns, table, referenced, location, on_delete))

    # -------------------------------------------------------------------------------------------------------------- constraints

    def table_constraint(self, found: Sequence[Token], body: Elements) -> bool:
        """Read an element as a constraint or key of the table; False where it is a column."""
        reader, name = Reader(found), ""
        named = reader.take("CONSTRAINT")
        if named:
            reader.take("IF", "NOT", "EXISTS")
            if reader.peek().upper not in {"PRIMARY", "UNIQUE", "FOREIGN", "CHECK"}:  # no server takes these as a name
                name = reader.identifier()
        location = self.place(found)
        if reader.take("PRIMARY", "KEY"):
            self._key(reader, self._key_name(name, primary=True), location, body, primary=True)
        elif reader.sees("UNIQUE") and (named or self._is_key(reader, 1)):
            reader.take("UNIQUE")
            self._key(reader, name, location, body, unique=True)
        elif reader.take("FOREIGN", "KEY"):
            reader.take("IF", "NOT", "EXISTS")
            index = "" if reader.sees("(") else reader.identifier()
            name = name or index
            columns = tuple(Reader(part).identifier() for part in listed(reader.group()))
            if not columns or not reader.take("REFERENCES"):
                raise StrangeError("a foreign key says no table" if columns else "a foreign key has no columns")
            body.references.append(self._reference(reader, name, columns, location))
        elif reader.sees("EXCLUDE") and reader.peek(1).upper in {"USING", "("}:
            reader.take("EXCLUDE")
            self._key(reader, name, location, body)
        elif self._is_index(reader):
            kinds = reader.take_all({"FULLTEXT", "SPATIAL", "VECTOR"})
            reader.take_any({"INDEX", "KEY"})
            reader.take("IF", "NOT", "EXISTS")
            self._key(reader, name, location, body, method=METHODS.get(min(kinds, default=""), ""))
        elif reader.take("NOT", "NULL"):
            body.required.append(reader.identifier())
        else:
            return named or reader.sees("CHECK") or reader.sees("PERIOD", "FOR")
        return True

    def _is_index(self, reader: Reader) -> bool:
        """Whether an index is defined here: ``KEY name (a)``, ``FULLTEXT (a)``; elsewhere these words name columns."""
        first = reader.peek().upper
        if first in {"FULLTEXT", "SPATIAL", "VECTOR"}:
            return self._is_key(reader, 1)
        if first not in {"INDEX", "KEY"}:
            return False
        return self.dialect == "mysql" or (self.dialect == "tsql" and first == "INDEX") or self._is_key(reader, 1)

    @staticmethod
    def _is_key(reader: Reader, ahead: int) -> bool:
        """Whether what follows are the columns of a key, with a name or not, and not a type with its size: ``key varchar(20)``."""
        while reader.peek(ahead).upper in {"KEY", "INDEX", "CLUSTERED", "NONCLUSTERED", "IF", "NOT", "EXISTS", "NULLS", "DISTINCT"}:
            ahead += 1
        if reader.peek(ahead).upper == "USING":
            return True
        if reader.peek(ahead).upper == "(":
            return True
        inside = reader.peek(ahead + 2)
        return (
            reader.peek(ahead).kind in {"word", "name"}
            and reader.peek(ahead).upper not in {"GEOMETRY", "GEOGRAPHY", "VARCHAR", "VARCHAR2", "NVARCHAR", "NVARCHAR2", "RAW", "CHAR"}
            and (reader.peek(ahead + 1).upper == "USING" or (reader.peek(ahead + 1).upper == "(" and inside.kind in {"word", "name"}))
        )

    def _key(
        self,
        reader: Reader,
        name: str,
        location: Location,
        body: Elements,
        *,
        primary: bool = False,
        unique: bool = False,
        method: str = "",
    ) -> None:
        """The columns of a key, from after the words that say what it is, and what follows them."""
        while not reader.sees("(") and not reader.done:
            word = reader.next()
            if word.upper == "USING":
                method = method or reader.next().text.lower()
            elif word.kind == "name" or (word.kind == "word" and word.upper not in _KEY_WORDS):
                name = word.text.lower() if not primary else name or word.text.lower()
            unique = unique or word.upper == "UNIQUE"
            method = {"COLUMNSTORE": "columnstore", "HASH": "hash"}.get(word.upper, method)
        keys = () if reader.done and method == "columnstore" else self.keys(reader.group())
        included = self.included(reader)
        if not reader.sees("USING", "INDEX") and reader.take("USING"):
            method = method or reader.next().text.lower()
        index = Index(name, (), unique or primary, self.where(reader.copy()), self.method_of(method), primary, location, included=included)
        written = next((spelled(token, self.dialect) for token in reader.tokens if token.text.lower() == name), "") if name else ""
        self._keep(self.keyed(replace(index, spelled=written), keys), reader, body)

    @staticmethod
    def included(reader: Reader) -> tuple[str, ...]:
        """The columns that an index covers besides its keys."""
        return tuple(Reader(part).identifier() for part in listed(reader.group())) if reader.take("INCLUDE") else ()

    @staticmethod
    def _keep(index: Index, reader: Reader, body: Elements) -> None:
        """Add a key to the body, unless what follows says that it is there in name only."""
        tail = flat(reader.rest())
        if any(pair == ("NOT", "ENFORCED") for pair in pairwise(tail)):
            return
        if "DISABLE" in tail or idle(tail):
            if not index.name:  # nothing can name it to make it serve
                return
            body.disabled.add(index.name)
        body.indexes.append(index)

    def method_of(self, written: str) -> str:
        # InnoDB takes USING HASH and makes a B-tree; rtree is its word for a spatial one.
        return "btree" if not written or (self.dialect == "mysql" and written == "hash") else written

    # -------------------------------------------------------------------------------------------------------------- keys of an index

    def keyed(self, index: Index, keys: Sequence[Key]) -> Index:
        """The index with its key columns; what is said of none of them is left out."""
        usual = {False: False, True: True} if self.dialect in NULLS_LAST else {False: True, True: False}
        nulls = tuple(key.nulls == "FIRST" if key.nulls else usual[key.descending] for key in keys)
        ordered = any(key.descending for key in keys) or nulls != tuple(usual[False] for _ in keys)
        return replace(
            index,
            columns=tuple(key.column for key in keys),
            descending=tuple(key.descending for key in keys) if ordered else (),
            nulls_first=nulls if ordered else (),
            opclasses=tuple(key.opclass for key in keys) if any(key.opclass for key in keys) else (),
            collations=tuple(key.collation for key in keys) if any(key.collation for key in keys) else (),
            lengths=tuple(key.length for key in keys) if any(key.length for key in keys) else (),
        )

    def names(self, found: Sequence[Token]) -> tuple[str, ...]:
        """The columns of a key, where nothing else of it matters."""
        return tuple(key.column for key in self.keys(found))

    def keys(self, found: Sequence[Token]) -> tuple[Key, ...]:
        """What stands between the parentheses of an index."""
        keys = tuple(self.key(part) for part in listed(found))
        if not keys:
            raise StrangeError("an index without columns")
        return keys

    def key(self, found: Sequence[Token], *, inside: bool = False) -> Key:
        """One key of an index; ``inside`` its own parentheses an operator class cannot follow, but an expression may stand."""
        found, tail = _cut(found, frozenset({"COLLATE"}) if inside else _OPTIONS)
        if not found:
            raise StrangeError("an index without a column")
        operand = _operand(found) if self.dialect == "postgres" and not inside else found
        key = self._operand_key(operand)
        return self._said(self._said(key, found[len(operand) :]), tail)

    def _said(self, key: Key, found: Sequence[Token]) -> Key:
        """The key with what follows it: collation, operator class, direction, place of the nulls."""
        reader = Reader(found)
        while not reader.done:
            if reader.take("COLLATE"):
                key = key._replace(collation=self.collation(reader))
            elif word := reader.take_any({"ASC", "DESC"}):
                key = key._replace(descending=word == "DESC")
            elif reader.take("NULLS"):
                key = key._replace(nulls=reader.next().upper)
            elif reader.take_any({"WITH", "WITHOUT"}):  # an exclusion's operator, or OVERLAPS
                break
            elif self.dialect == "postgres" and reader.peek().kind in {"word", "name"}:
                key = key._replace(opclass=reader.qualified().rpartition(".")[2])
                if reader.sees("("):
                    reader.group()
            else:
                reader.skip()
        return key

    def _operand_key(self, found: Sequence[Token]) -> Key:
        """A column, a column of a table, the first characters of one (MySQL), or an expression with or without parentheses."""
        first, size = found[0], len(found)
        if first.kind == "string" and size == 1:
            return Key(first.text.lower())
        if first.kind in {"word", "name"}:
            if size == 1:
                return Key(first.text.lower())
            if found[1].upper == "." and size > 2 and found[2].kind in {"word", "name"}:  # noqa: PLR2004 - table.column
                return self._operand_key(found[2:])
            if self.dialect == "mysql" and [token.kind for token in found[1:]] == ["mark", "number", "mark"]:
                return Key(first.text.lower(), length=int(found[2].text) if found[2].text.isdecimal() else 0)
        if first.upper == "(":
            reader = Reader(found)
            within = reader.group()
            if reader.done:
                return self.key(within, inside=True)
        return Key(self._expression(found))

    def _expression(self, found: Sequence[Token]) -> str:
        text = normalise(self.statement.text[found[0].start : found[-1].end], self.dialect)
        return text if re.fullmatch(r"\w+", text) else f"({text})"

    def where(self, reader: Reader) -> str:
        """The predicate of a partial index, from where the reader stands on."""
        while not reader.done and not reader.sees("WHERE"):
            reader.skip()
        reader.take("WHERE")
        start = reader.at
        while not reader.done and not (
            reader.peek().upper in {"WITH", "ON", "TABLESPACE", "INITIALLY", "DEFERRABLE"} and reader.at > start
        ):
            reader.skip()
        found = reader.tokens[start : reader.at]
        return normalise(self.statement.text[found[0].start : found[-1].end], self.dialect) if found else ""


NULLS_LAST = frozenset({"postgres", "oracle"})
"""Dialects in which an ascending index has its nulls at the end."""
_OPTIONS = frozenset({"ASC", "DESC", "NULLS", "COLLATE", "WITH", "WITHOUT"})


def _merged(indexes: Iterable[Index]) -> Iterator[Index]:
    """PostgreSQL makes one index of several constraints of a CREATE TABLE that say the same: the primary key's, or the first."""
    found: dict[tuple[object, ...], Index] = {}
    for index in sorted(indexes, key=lambda each: not each.primary):
        known = found.setdefault(index.form if index.unique else (index,), index)
        if not known.name and index.name:
            found[index.form] = replace(known, name=index.name, spelled=index.spelled)
    yield from found.values()


def charset_of(written: str) -> str:
    """The folded name of a character set; MySQL's ``utf8`` is the one of three bytes."""
    name = written.lower()
    return "utf8mb3" if name == "utf8" else name


def idle(tail: Sequence[str]) -> bool:
    """Whether the words after the keys of an index say that nothing uses it."""
    ignored = "IGNORED" in tail and tail[tail.index("IGNORED") - 1 : tail.index("IGNORED")] != ["NOT"]
    return ignored or not {"INVISIBLE", "UNUSABLE", "EXCLUDE"}.isdisjoint(tail)


def _cut(found: Sequence[Token], words: frozenset[str]) -> tuple[Sequence[Token], Sequence[Token]]:
    """A key, and what is said of it from the first of some words on."""
    depth = 0
    for number, token in enumerate(found):
        depth += (token.upper == "(") - (token.upper == ")")
        if number and not depth and token.upper in words:
            return found[:number], found[number:]
    return found, found[len(found) :]


def _operand(found: Sequence[Token]) -> Sequence[Token]:
    """In PostgreSQL a key is a column, a call of a function or an expression in parentheses, and nothing but an operator class follows."""
    reader = Reader(found)
    if not reader.sees("("):
        _named(reader)
    if reader.sees("("):
        reader.group()
    end = reader.at
    _named(reader)
    if reader.at > end and reader.sees("("):
        reader.group()
    return found[:end] if reader.done else found


def _named(reader: Reader) -> None:
    """Go past a name, with or without its schema."""
    while reader.peek().kind in {"word", "name"}:
        reader.at += 1
        if not reader.take("."):
            return
