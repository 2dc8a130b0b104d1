"""Read DDL to operations, token by token.

No grammar of a parser stands behind this, on purpose: what sqlglot makes of DDL is right for most of it, a silent loss for some (``Command``), an error
for some, and wrong without a sign for the rest, and each of these would become a "missing index" that exists.  DDL is regular enough to be read by its
words: a table, columns with a type, keys with their columns.  Clauses that say nothing about columns, keys and indexes are passed over; a statement in
which the words stand where they make no sense makes its table uncertain.  sqlglot only normalises the expressions inside of indexes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from lastcall.model import Column, ForeignKey, Index, Location
from lastcall.sql import operations as op
from lastcall.sql.frontends import Fragment
from lastcall.sql.operations import Operation, Reference, fold
from lastcall.sql.statement import LONGEST_DEFINITION, Statement, UnreadableStatement, keyword_of, parse_text, split

if TYPE_CHECKING:
    from sqlglot import exp

# ------------------------------------------------------------------------------------------------------------------ tokens


@dataclass(frozen=True, slots=True)
class Token:
    """``kind`` is word, name (quoted), string, number or mark; ``text`` is without quotes; ``upper`` is empty for names and strings."""

    kind: str
    text: str
    start: int
    end: int
    upper: str = ""


_END = Token("end", "", 0, 0)


@lru_cache(maxsize=8)
def _lexer(dialect: str) -> re.Pattern[str]:
    if dialect == "mysql":
        string = r"(?:[nNbBxX]|_\w+\s*)?'(?:[^'\\]|\\.|'')*+'"
    elif dialect == "postgres":
        string = r"[eE]'(?:[^'\\]|\\.|'')*+'|(?:[nNbBxX]|[uU]&)?'(?:[^']|'')*+'"
    else:
        string = r"[nNbBxX]?'(?:[^']|'')*+'"
    brackets = r"|\[(?:[^\]\n]|\]\]){1,128}+\]" if dialect in {"tsql", "sqlite"} else ""
    return re.compile(
        rf"(?P<blank>\s+)|(?P<string>{string})|(?P<name>\"(?:[^\"]|\"\")*+\"|`(?:[^`]|``)*+`{brackets})"
        r"|(?P<number>\d+(?:\.\d+)?(?!\w)|\.\d+)|(?P<dollar>\$(?:[A-Za-z_]\w*+)?\$)|(?P<word>[\w#@$]+)|(?P<mark>.)",
        re.DOTALL,
    )


def tokens(text: str, dialect: str) -> list[Token]:
    """The tokens of a cleaned statement."""
    lexer, found, at = _lexer(dialect), list[Token](), 0
    while at < len(text) and (match := lexer.match(text, at)):
        kind, whole = match.lastgroup or "mark", match[0]
        at = match.end()
        if kind == "dollar" and dialect == "postgres":
            close = text.find(whole, at)
            inner, at = (text[match.end() :], len(text)) if close < 0 else (text[match.end() : close], close + len(whole))
            found.append(Token("dollar", inner, match.end(), match.end() + len(inner)))
        elif kind == "name":
            quote = whole[-1]
            found.append(Token("name", whole[1:-1].replace(quote * 2, quote), match.start(), at))
        elif kind == "string":
            found.append(Token("string", whole[whole.index("'") + 1 : -1], match.start(), at))
        elif kind != "blank":
            found.append(Token("word" if kind == "dollar" else kind, whole, match.start(), at, whole.upper()))
    return found


class _StrangeError(Exception):
    """The words do not stand where DDL has them."""


class _Reader:
    """A cursor over tokens."""

    def __init__(self, found: Sequence[Token]) -> None:
        self.tokens = found
        self.at = 0

    def peek(self, ahead: int = 0) -> Token:
        at = self.at + ahead
        return self.tokens[at] if at < len(self.tokens) else _END

    def next(self) -> Token:
        token = self.peek()
        self.at += 1
        return token

    @property
    def done(self) -> bool:
        return self.at >= len(self.tokens)

    def sees(self, *words: str) -> bool:
        return all(self.peek(ahead).upper == word for ahead, word in enumerate(words))

    def take(self, *words: str) -> bool:
        """Go past these words if they come next, one after the other."""
        if not self.sees(*words):
            return False
        self.at += len(words)
        return True

    def take_any(self, words: frozenset[str] | set[str]) -> str:
        """Go past the next word if it is one of these; it, or nothing."""
        word = self.peek().upper
        if word not in words:
            return ""
        self.at += 1
        return word

    def take_all(self, words: frozenset[str] | set[str]) -> set[str]:
        """Go past as many of these words as come next."""
        taken: set[str] = set()
        while word := self.take_any(words):
            taken.add(word)
        return taken

    def identifier(self) -> str:
        token = self.next()
        if token.kind not in {"word", "name"}:
            raise _StrangeError(f"a name is missing at “{token.text[:20]}”" if token.text else "it ends where a name should stand")
        return token.text.lower()

    def qualified(self) -> str:
        """A name with or without its schema, folded."""
        if self.take("IDENTIFIER", "("):  # a bound name: nobody knows it
            raise _StrangeError("its table's name is put in at run time")
        parts = [self.identifier()]
        while self.sees(".") or self.sees(":"):
            self.at += 1
            while self.take("."):  # database..table
                pass
            parts.append(self.identifier())
        return fold(parts)

    def group(self) -> list[Token]:
        """What stands inside the parentheses that open here."""
        if not self.take("("):
            raise _StrangeError(f"an opening parenthesis is missing at “{self.peek().text[:20]}”")
        start, depth = self.at, 1
        while not self.done:
            mark = self.next().upper
            depth += (mark == "(") - (mark == ")")
            if not depth:
                return list(self.tokens[start : self.at - 1])
        raise _StrangeError("a parenthesis is not closed")

    def skip(self) -> Token:
        """Go past one token, or past a whole group; the token that was there."""
        token = self.peek()
        if token.upper == "(":
            self.group()
        else:
            self.at += 1
        return token

    def rest(self) -> Sequence[Token]:
        return self.tokens[self.at :]


def _listed(found: Sequence[Token]) -> list[Sequence[Token]]:
    """Split at the commas outside of parentheses and brackets."""
    parts: list[Sequence[Token]] = []
    start = depth = 0
    for number, token in enumerate(found):
        depth += (token.upper in "([" and token.upper != "") - (token.upper in ")]" and token.upper != "")
        if token.upper == "," and not depth:
            parts.append(found[start:number])
            start = number + 1
    parts.append(found[start:])
    return [part for part in parts if part]


def _flat(found: Sequence[Token]) -> list[str]:
    """The words outside of parentheses."""
    reader, words = _Reader(found), list[str]()
    while not reader.done:
        words.append(reader.skip().upper)
    return words


# ------------------------------------------------------------------------------------------------------------------ definitions


def definition(statement: Statement, dialect: str) -> tuple[Operation, ...]:
    """What a DDL statement does to the schema; nothing for a statement that does nothing to it.

    What cannot be read is an ``Uncertain`` that names the table where the statement does.
    """
    if statement.obstacle:
        return (op.Uncertain(_subject(statement, dialect), statement.obstacle, statement.location),)
    if len(statement.text) > LONGEST_DEFINITION:
        return (op.Uncertain(_subject(statement, dialect), "it is too long", statement.location),)
    try:
        return tuple(_Definition(statement, dialect, tokens(statement.text, dialect)).read(statement.keyword))
    except _StrangeError as strange:
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
        return _Reader(tokens(found["table"] or found["indexed"] or "", dialect)).qualified()
    except _StrangeError:
        return ""


_MODIFIERS = frozenset(
    "OR REPLACE ALTER GLOBAL LOCAL TEMP TEMPORARY UNLOGGED FOREIGN EXTERNAL VIRTUAL PRIVATE SHARDED DUPLICATED IMMUTABLE BLOCKCHAIN COLUMN ROW STRICT"
    " TRANSIENT SHADOW".split()
)
_INDEX_KINDS = frozenset("UNIQUE FULLTEXT SPATIAL BITMAP CLUSTERED NONCLUSTERED COLUMNSTORE XML PRIMARY MULTIVALUE VECTOR HASH".split())
_METHODS = {"FULLTEXT": "fulltext", "SPATIAL": "spatial", "BITMAP": "bitmap", "COLUMNSTORE": "columnstore", "XML": "xml", "VECTOR": "vector"}


@dataclass
class _Elements:
    """What the elements of a CREATE TABLE, or one element that an ALTER TABLE adds, say."""

    columns: list[Column]
    indexes: list[Index]
    references: list[Reference]
    disabled: set[str]
    likes: list[op.Like]
    required: list[str]
    """Columns that a constraint of the table makes NOT NULL."""


class _Definition:
    """Reads one statement."""

    def __init__(self, statement: Statement, dialect: str, found: Sequence[Token]) -> None:
        self.statement = statement
        self.dialect = dialect
        self.location = statement.location
        self.reader = _Reader(found)

    def read(self, keyword: str) -> Iterator[Operation]:
        match keyword:
            case "CREATE TABLE":
                yield self.create_table()
            case "CREATE INDEX":
                yield from self.create_index()
            case "CREATE VIEW" | "CREATE MATERIALIZED VIEW":
                yield self.create_view(materialized=keyword != "CREATE VIEW")
            case "ALTER TABLE":
                yield from self.alter_table()
            case "ALTER INDEX":
                yield from self.alter_index()
            case "ALTER VIEW" | "ALTER MATERIALIZED VIEW":
                yield from self.alter_view(keyword)
            case "DROP TABLE" | "DROP VIEW" | "DROP MATERIALIZED VIEW" | "DROP SCHEMA":
                yield from self.drop(keyword)
            case "DROP INDEX":
                yield from self.drop_index()
            case "RENAME TABLE" | "RENAME":
                yield from self.rename()
            case "EXEC SP_RENAME":
                yield from self.rename_by_procedure()
            case "SELECT INTO":
                yield from self.select_into()
            case "DO" | "IF" | "BEGIN":
                yield from self.guarded()

    def place(self, found: Sequence[Token]) -> Location:
        return self.statement.place(found[0].start, found[-1].end) if found else self.location

    # -------------------------------------------------------------------------------------------------------------- CREATE TABLE

    def create_table(self) -> Operation:
        reader = self.reader
        reader.take("CREATE")
        kinds = reader.take_all(_MODIFIERS)
        reader.take("TABLE")
        exists = reader.take("IF", "NOT", "EXISTS")
        name = reader.qualified()
        uncertain = ""
        if kinds & {"TEMP", "TEMPORARY", "PRIVATE"} or name.startswith("#"):
            uncertain = "it is a temporary table"
        elif kinds & {"FOREIGN", "EXTERNAL", "VIRTUAL"}:
            uncertain = f"it is a {min(kinds & {'FOREIGN', 'EXTERNAL', 'VIRTUAL'}).lower()} table"
        made = op.CreateTable(name, self.location, if_not_exists=exists, replace="REPLACE" in kinds, uncertain=uncertain)
        return self._table_body(made)

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
        elif not (made.partition_of or made.uncertain or self._is_query(reader.rest()) or "SELECT" in _flat(reader.rest())):
            raise _StrangeError("its columns are missing")
        return self._table_options(made, self.elements(found))

    @staticmethod
    def _is_query(found: Sequence[Token]) -> bool:
        words = [token.upper for token in found[:3]]
        while words and words[0] in {"(", "AS"}:
            words.pop(0)
        return bool(words) and words[0] in {"SELECT", "WITH", "VALUES", "TABLE", "EXECUTE"} and words != ["WITH", "("]

    def _table_options(self, made: op.CreateTable, body: _Elements) -> op.CreateTable:
        tail = self.reader
        uncertain, parents, engine, rowid = made.uncertain, list[str](), "", self.dialect == "sqlite"
        while not tail.done:
            if tail.take("INHERITS"):
                parents = [_Reader(part).qualified() for part in _listed(tail.group())]
            elif tail.take("ENGINE") or tail.take("TYPE"):
                tail.take("=")
                engine = tail.next().upper
            elif tail.take("WITHOUT", "ROWID"):
                rowid = False
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
            rowid=rowid and not uncertain,
            uncertain=uncertain,
        )

    def elements(self, found: Sequence[Token]) -> _Elements:
        """The columns and constraints between a table's parentheses."""
        body = _Elements([], [], [], set(), [], [])
        for element in _listed(found):
            self.element(element, body)
        return body

    def element(self, found: Sequence[Token], body: _Elements) -> None:
        reader = _Reader(found)
        if reader.take("LIKE") and (len(found) == 2 or reader.peek(1).upper in {"", ".", "INCLUDING", "EXCLUDING"}):  # noqa: PLR2004
            body.likes.append(self._like(reader))
            return
        if not self.table_constraint(found, body):
            self.column(found, body)

    @staticmethod
    def _like(reader: _Reader) -> op.Like:
        table, indexes = reader.qualified(), False
        while not reader.done:
            what = reader.next().upper
            which = reader.next().upper
            if which in {"ALL", "INDEXES"}:
                indexes = what == "INCLUDING"
        return op.Like(table, indexes)

    # -------------------------------------------------------------------------------------------------------------- columns

    def column(self, found: Sequence[Token], body: _Elements) -> None:
        reader = _Reader(found)
        name = self._column_name(reader)
        kind = self._type(reader)
        column = Column(name, kind, nullable="SERIAL" not in kind)
        location = self.place(found)
        if self.dialect == "mysql" and kind == "SERIAL":
            body.indexes.append(Index(name, (name,), unique=True, location=location))
        body.columns.append(self._column_constraints(reader, column, location, body))

    @staticmethod
    def _column_name(reader: _Reader) -> str:
        if reader.peek().kind == "string":  # SQLite takes it
            return reader.next().text.lower()
        return reader.identifier()

    def _type(self, reader: _Reader) -> str:
        """The type as it is written, upper-cased, with blanks only between words."""
        spelled, last = "", _END
        while not reader.done and not self._ends_type(reader, first=not spelled):
            token = reader.peek()
            start = reader.at
            reader.skip()
            part = self._spelled(reader.tokens[start : reader.at])
            glue = " " if spelled and last.kind in {"word", "name", "mark"} and last.upper not in {".", "["} and token.kind != "mark" else ""
            if last.upper == ")" and token.kind == "word":
                glue = " "
            spelled += glue + part
            last = reader.tokens[reader.at - 1]
        return spelled

    @staticmethod
    def _ends_type(reader: _Reader, *, first: bool) -> bool:
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

    def _column_constraints(self, reader: _Reader, column: Column, location: Location, body: _Elements) -> Column:
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
                body.indexes.append(Index(self._key_name(name, primary=True), (column.name,), unique=True, primary=True, location=location))
            elif reader.take("UNIQUE"):
                reader.take_any({"KEY", "INDEX"})
                body.indexes.append(Index(name or self._column_index_name(column.name), (column.name,), unique=True, location=location))
            elif reader.take("REFERENCES"):
                body.references.append(self._reference(reader, name, (column.name,), location))
            elif self.dialect == "tsql" and reader.take("INDEX"):
                body.indexes.append(Index(reader.identifier(), (column.name,), location=location))
            elif not reader.take("FOREIGN", "KEY"):
                reader.skip()
                continue
            name = ""
        return replace(column, nullable=nullable)

    def _column_index_name(self, column: str) -> str:
        return column if self.dialect == "mysql" else ""

    def _key_name(self, name: str, *, primary: bool) -> str:
        return "primary" if primary and self.dialect == "mysql" else name

    @staticmethod
    def _reference(reader: _Reader, name: str, columns: tuple[str, ...], location: Location) -> Reference:
        table = reader.qualified()
        referenced: tuple[str, ...] = ()
        if reader.sees("("):
            referenced = tuple(_Reader(part).identifier() for part in _listed(reader.group()))
        return Reference(name, ForeignKey(columns, table, referenced, location))

    # -------------------------------------------------------------------------------------------------------------- constraints

    def table_constraint(self, found: Sequence[Token], body: _Elements) -> bool:
        """Read an element as a constraint or key of the table; False where it is a column."""
        reader, name = _Reader(found), ""
        named = reader.take("CONSTRAINT")
        if named:
            reader.take("IF", "NOT", "EXISTS")
            if not (reader.sees("PRIMARY", "KEY") or reader.sees("UNIQUE", "(") or reader.sees("FOREIGN", "KEY") or reader.sees("CHECK", "(")):
                name = reader.identifier()
        location = self.place(found)
        if reader.take("PRIMARY", "KEY"):
            self._key(reader, self._key_name(name, primary=True), location, body, primary=True)
        elif reader.sees("UNIQUE") and (named or self._is_key(reader, 1)):
            reader.take("UNIQUE")
            self._key(reader, name, location, body, unique=True)
        elif reader.take("FOREIGN", "KEY"):
            reader.take("IF", "NOT", "EXISTS")
            name = name or ("" if reader.sees("(") else reader.identifier())
            columns = tuple(_Reader(part).identifier() for part in _listed(reader.group()))
            if not reader.take("REFERENCES"):
                raise _StrangeError("a foreign key says no table")
            body.references.append(self._reference(reader, name, columns, location))
        elif reader.sees("EXCLUDE") and reader.peek(1).upper in {"USING", "("}:
            reader.take("EXCLUDE")
            self._key(reader, name, location, body)
        elif self._is_index(reader):
            kinds = reader.take_all({"FULLTEXT", "SPATIAL", "VECTOR"})
            reader.take_any({"INDEX", "KEY"})
            reader.take("IF", "NOT", "EXISTS")
            self._key(reader, name, location, body, method=_METHODS.get(min(kinds, default=""), ""))
        elif reader.take("NOT", "NULL"):
            body.required.append(reader.identifier())
        else:
            return named or reader.sees("CHECK") or reader.sees("PERIOD", "FOR")
        return True

    def _is_index(self, reader: _Reader) -> bool:
        """Whether an index is defined here: ``KEY name (a)``, ``FULLTEXT (a)``; elsewhere these words name columns."""
        first = reader.peek().upper
        if first in {"FULLTEXT", "SPATIAL", "VECTOR"}:
            return self._is_key(reader, 1)
        if first not in {"INDEX", "KEY"}:
            return False
        return self.dialect == "mysql" or (self.dialect == "tsql" and first == "INDEX") or self._is_key(reader, 1)

    @staticmethod
    def _is_key(reader: _Reader, ahead: int) -> bool:
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
        self, reader: _Reader, name: str, location: Location, body: _Elements, *, primary: bool = False, unique: bool = False, method: str = ""
    ) -> None:
        """The columns of a key, from after the words that say what it is, and what follows them."""
        while not reader.sees("(") and not reader.done:
            word = reader.next()
            if word.upper == "USING":
                method = method or reader.next().text.lower()
            elif word.upper == "UNIQUE":
                unique = True
            elif word.upper == "COLUMNSTORE":
                method = "columnstore"
            elif word.kind == "name" or (word.kind == "word" and word.upper not in _KEY_WORDS):
                name = word.text.lower() if not primary else name or word.text.lower()
        if reader.done and method == "columnstore":
            body.indexes.append(Index(name, (), method=method, location=location))
            return
        columns = self.keys(reader.group())
        if reader.take("USING"):
            method = method or reader.next().text.lower()
        tail = _flat(reader.rest())
        where = self._where(reader)
        if "DISABLE" in tail or any(pair == ("NOT", "ENFORCED") for pair in zip(tail, tail[1:], strict=False)):
            return
        index = Index(
            name, columns, unique=unique or primary, where=where, method=self._method(method), primary=primary, location=location
        )
        if "INVISIBLE" in tail or "IGNORED" in tail:
            body.disabled.add(name)
        body.indexes.append(index)

    def _method(self, written: str) -> str:
        # InnoDB takes USING HASH and makes a B-tree; rtree is its word for a spatial one.
        return "btree" if not written or (self.dialect == "mysql" and written == "hash") else written

    # -------------------------------------------------------------------------------------------------------------- keys of an index

    def keys(self, found: Sequence[Token]) -> tuple[str, ...]:
        columns = tuple(self.key(part) for part in _listed(found))
        if not columns:
            raise _StrangeError("an index without columns")
        return columns

    def key(self, found: Sequence[Token]) -> str:
        """One key of an index: the folded name of a column, or a normalised expression in parentheses."""
        found = self._without_order(found)
        if not found:
            raise _StrangeError("an index without a column")
        first, second = found[0], found[1] if len(found) > 1 else _END
        if first.kind == "string" and len(found) == 1:
            return first.text.lower()
        if first.kind in {"word", "name"}:
            if second.upper == "." and len(found) > 2 and found[2].kind in {"word", "name"}:  # noqa: PLR2004 - table.column
                return self.key(found[2:])
            prefix = [token.kind for token in found[1:4]] == ["mark", "number", "mark"] and len(found) == 4  # noqa: PLR2004 - a(10)
            if second.kind in {"end", "word", "name"} or (prefix and self.dialect == "mysql"):
                return first.text.lower()
        if first.upper == "(":
            reader = _Reader(found)
            inside = reader.group()
            if reader.done or reader.peek().kind in {"word", "name"}:  # an operator class may follow
                return self.key(inside)
        return self._expression(found)

    @staticmethod
    def _without_order(found: Sequence[Token]) -> Sequence[Token]:
        """A key without its direction, null order, collation and operator class, in so far as they trail."""
        depth = 0
        for number, token in enumerate(found):
            depth += (token.upper == "(") - (token.upper == ")")
            if number and not depth and token.upper in {"ASC", "DESC", "NULLS", "COLLATE", "WITH", "WITHOUT"}:
                found = found[:number]
                break
        trailing = len(found) > 1 and found[-1].kind == "word" and found[-2].upper == ")"
        return found[:-1] if trailing and found[-1].upper not in {"END"} else found

    def _expression(self, found: Sequence[Token]) -> str:
        text = normalise(self.statement.text[found[0].start : found[-1].end], self.dialect)
        return text if re.fullmatch(r"\w+", text) else f"({text})"

    def _where(self, reader: _Reader) -> str:
        """The predicate of a partial index, from where the reader stands on."""
        while not reader.done and not reader.sees("WHERE"):
            reader.skip()
        reader.take("WHERE")
        start = reader.at
        while not reader.done and not (reader.peek().upper in {"WITH", "ON", "TABLESPACE", "INITIALLY", "DEFERRABLE"} and reader.at > start):
            reader.skip()
        found = reader.tokens[start : reader.at]
        return normalise(self.statement.text[found[0].start : found[-1].end], self.dialect) if found else ""

    # -------------------------------------------------------------------------------------------------------------- CREATE INDEX

    def create_index(self) -> Iterator[Operation]:
        reader = self.reader
        reader.take("CREATE")
        reader.take("OR", "REPLACE")
        kinds = reader.take_all(_INDEX_KINDS)
        if not reader.take("INDEX"):
            raise _StrangeError("it is no index that is known here")
        reader.take_any({"CONCURRENTLY", "ASYNC"})
        exists = reader.take("IF", "NOT", "EXISTS")
        name = "" if reader.sees("ON") else reader.qualified()
        method = next((_METHODS[each] for each in sorted(kinds) if each in _METHODS), "")
        if reader.take("USING"):
            method = reader.next().text.lower()
        if not reader.take("ON"):
            raise _StrangeError("it does not say which table it indexes")
        if reader.take("CLUSTER"):  # Oracle's cluster, which is no table
            return
        only = reader.take("ONLY")
        table = reader.qualified()
        if reader.take("USING"):
            method = method or reader.next().text.lower()
        columns = () if method == "columnstore" and not reader.sees("(") else self.keys(reader.group())
        index, disabled = self._index_tail(Index(name.rpartition(".")[2], columns, unique="UNIQUE" in kinds, location=self.location), method)
        yield op.AddIndex(table, index, self.location, exists, only, disabled)

    def _index_tail(self, index: Index, method: str) -> tuple[Index, bool]:
        reader = self.reader
        tail = _flat(reader.rest())
        if "INDEXTYPE" in tail:
            method = "domain"
        if "USING" in tail[:-1] and not method:
            method = tail[tail.index("USING") + 1].lower()
        disabled = bool({"INVISIBLE", "UNUSABLE", "IGNORED", "EXCLUDE"} & set(tail))
        return replace(index, where=self._where(reader), method=self._method(method)), disabled

    # -------------------------------------------------------------------------------------------------------------- views

    def create_view(self, *, materialized: bool) -> Operation:
        reader = self.reader
        while not reader.done and not reader.sees("VIEW"):
            reader.skip()
        reader.take("VIEW")
        reader.take("IF", "NOT", "EXISTS")
        name = reader.qualified()
        columns: tuple[str, ...] = ()
        if reader.sees("("):
            columns = tuple(_Reader(part).identifier() for part in _listed(reader.group()))
        while not reader.done and not (reader.sees("AS") and self._is_query(reader.rest())):
            reader.skip()
        reader.take("AS")
        start = reader.peek().start if not reader.done else len(self.statement.text)
        sql = _TRAILER.sub("", self.statement.text[start:])
        return op.CreateView(name, columns, sql, self.statement.start + start, self.location, materialized)

    def alter_view(self, keyword: str) -> Iterator[Operation]:
        reader = self.reader
        reader.at += len(keyword.split())
        reader.take("IF", "EXISTS")
        name = reader.qualified()
        if reader.take("RENAME", "TO"):
            yield op.RenameTable(name, reader.qualified(), self.location)
        elif reader.take("SET", "SCHEMA"):
            yield op.SetSchema(name, reader.identifier(), self.location)
        elif "SELECT" in _flat(reader.rest()) or self._is_query(reader.rest()):
            self.reader.at = 0
            yield self.create_view(materialized=False)

    # -------------------------------------------------------------------------------------------------------------- DROP and RENAME

    def drop(self, keyword: str) -> Iterator[Operation]:
        reader = self.reader
        reader.at += len(keyword.split())
        reader.take("IF", "EXISTS")
        for part in _listed(reader.rest()):
            name = _Reader(part).qualified()
            if keyword == "DROP SCHEMA":
                yield op.DropSchema(name, self.location)
            elif keyword == "DROP TABLE":
                yield op.DropTable(name, self.location)
            else:
                yield op.DropView(name, self.location)

    def drop_index(self) -> Iterator[Operation]:
        reader = self.reader
        reader.at += 2
        reader.take("CONCURRENTLY")
        exists = reader.take("IF", "EXISTS")
        for part in _listed(reader.rest()):
            each = _Reader(part)
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
        reader.take("TABLE")
        reader.take("IF", "EXISTS")
        for part in _listed(reader.rest()):
            each = _Reader(part)
            old = each.qualified()
            if not each.take("TO"):
                raise _StrangeError("it does not say the new name")
            yield op.RenameTable(old, each.qualified(), self.location)

    def rename_by_procedure(self) -> Iterator[Operation]:
        """``EXEC sp_rename 'dbo.orders.total', 'amount', 'COLUMN'``."""
        said = [token.text for token in self.reader.rest() if token.kind == "string"]
        if len(said) < 2:  # noqa: PLR2004 - the old name and the new one
            raise _StrangeError("it renames by names that are put in at run time")
        path = [part.strip('[]" ') for part in said[0].split(".")]
        new = said[1].strip('[]" ').lower()
        kind = said[2].upper() if len(said) > 2 else "OBJECT"  # noqa: PLR2004
        if kind == "COLUMN" and len(path) > 1:
            yield op.RenameColumn(fold(path[:-1]), path[-1].lower(), new, self.location)
        elif kind == "INDEX" and len(path) > 1:
            yield op.RenameIndex(path[-1].lower(), new, fold(path[:-1]), self.location)
        elif kind == "OBJECT":
            yield op.RenameTable(fold(path), new, self.location)

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
        if reader.take("ALL"):
            index = ""
        else:
            index = reader.qualified()
        table = reader.qualified() if reader.take("ON") else ""
        if reader.take("RENAME", "TO"):
            yield op.RenameIndex(index, reader.qualified(), table, self.location)
        elif reader.take("ATTACH", "PARTITION"):
            yield op.AttachIndex(index, reader.qualified(), self.location)
        elif reader.take_any({"DISABLE", "UNUSABLE", "INVISIBLE"}):
            yield op.SetServing(index, table, serving=False, location=self.location)
        elif reader.take_any({"REBUILD", "ENABLE", "VISIBLE"}) and not reader.sees("PARTITION"):
            yield op.SetServing(index, table, serving=True, location=self.location)

    # -------------------------------------------------------------------------------------------------------------- ALTER TABLE

    def alter_table(self) -> Iterator[Operation]:
        reader = self.reader
        reader.take("ALTER")
        reader.take_all(_MODIFIERS | {"IGNORE", "ONLINE", "OFFLINE"})
        reader.take("TABLE")
        reader.take("IF", "EXISTS")
        reader.take("ONLY")
        if reader.sees("ALL", "IN"):  # ALTER TABLE ALL IN TABLESPACE
            return
        table = reader.qualified()
        reader.take("*")
        if not reader.take("WITH", "CHECK"):
            reader.take("WITH", "NOCHECK")
        verb = ""
        for action in self._actions(reader.rest()):
            first = action[0].upper
            if first not in _VERBS and verb in {"ADD", "DROP COLUMN", "DROP CONSTRAINT", "DROP"} and self.dialect in {"tsql", "oracle"}:
                action = [*_spoken(verb), *action]  # noqa: PLW2901 - a list of what one verb does
            elif first in {"COLUMN", "CONSTRAINT"} and verb.startswith("DROP"):
                action = [*_spoken("DROP"), *action]  # noqa: PLW2901
            yield from self.action(table, action)
            verb = action[0].upper
            if verb == "DROP" and len(action) > 1 and action[1].upper in {"COLUMN", "CONSTRAINT"}:
                verb += f" {action[1].upper}"

    @staticmethod
    def _actions(found: Sequence[Token]) -> Iterator[list[Token]]:
        """The actions of an ALTER TABLE, which commas separate, or in Oracle and Db2 nothing but their verbs."""
        for part in _listed(found):
            start = depth = 0
            for number, token in enumerate(part):
                depth += (token.upper == "(") - (token.upper == ")")
                verb = token.upper in {"ADD", "MODIFY"} and part[start].upper in {"ADD", "MODIFY", "DROP"}
                if number > start and not depth and verb and part[number - 1].upper not in {"COLUMN", "EXISTS", ".", "TO"} and number - start > 1:
                    yield list(part[start:number])
                    start = number
            yield list(part[start:])

    def action(self, table: str, found: list[Token]) -> Iterator[Operation]:
        reader = _Reader(found)
        match reader.next().upper:
            case "ADD":
                yield from self._add(table, reader)
            case "DROP":
                yield from self._drop(table, reader)
            case "ALTER":
                yield from self._alter(table, reader)
            case "MODIFY":
                yield from self._modify(table, reader)
            case "CHANGE":
                reader.take("COLUMN")
                reader.take("IF", "EXISTS")
                yield self._change(table, reader.identifier(), reader.rest())
            case "RENAME":
                yield from self._rename(table, reader)
            case "SET" if reader.take("SCHEMA"):
                yield op.SetSchema(table, reader.identifier(), self.location)
            case "INHERIT":
                yield op.AttachPartition(table, reader.qualified(), self.location)
            case "NO" if reader.take("INHERIT"):
                yield op.AttachPartition(table, reader.qualified(), self.location, attach=False)
            case "ATTACH" if reader.take("PARTITION"):
                yield op.AttachPartition(reader.qualified(), table, self.location)
            case "DETACH" if reader.take("PARTITION"):
                yield op.AttachPartition(reader.qualified(), table, self.location, attach=False)
            case "DISABLE" | "ENABLE" as verb if reader.take("CONSTRAINT"):
                yield op.SetServing(reader.identifier(), table, verb == "ENABLE", self.location)
            case verb if verb not in _VERBS:
                raise _StrangeError(f"“{found[0].text[:20]}” is nothing that is known to be done to a table")

    def _add(self, table: str, reader: _Reader) -> Iterator[Operation]:
        column = reader.take("COLUMN")
        reader.take("IF", "NOT", "EXISTS")
        if not column and reader.take_any(_ADDED_WITHOUT_EFFECT):
            return
        if reader.sees("("):
            for element in _listed(reader.group()):
                yield from self._added(table, element, column=column)
        else:
            yield from self._added(table, reader.rest(), column=column)

    def _added(self, table: str, found: Sequence[Token], *, column: bool) -> Iterator[Operation]:
        body = _Elements([], [], [], set(), [], [])
        if not column and (used := self._used_index(table, found)):
            yield used
            return
        if column or not self.table_constraint(found, body):
            self.column(found, body)
            yield op.AddColumn(table, body.columns[0], self.place(found), tuple(body.indexes), tuple(body.references))
            return
        for index in body.indexes:
            yield op.AddIndex(table, index, self.location, disabled=index.name in body.disabled)
        for reference in body.references:
            yield op.AddReference(table, reference, self.location)
        for name in body.required:
            yield op.ChangeColumn(table, name, Column(name, ""), self.location, nullable=False)

    def _used_index(self, table: str, found: Sequence[Token]) -> Operation | None:
        """``ADD CONSTRAINT name UNIQUE USING INDEX index``, which PostgreSQL's own advice for adding constraints online leads to."""
        words = [token.upper for token in found]
        for number, word in enumerate(words):
            if word == "USING" and words[number + 1 : number + 2] == ["INDEX"] and "(" not in words[:number]:
                name = _Reader(found[1:]).identifier() if words[0] == "CONSTRAINT" else ""
                index = _Reader(found[number + 2 :]).qualified().rpartition(".")[2]
                return op.UseIndex(table, index, name or index, "PRIMARY" in words, self.location)
        return None

    def _drop(self, table: str, reader: _Reader) -> Iterator[Operation]:
        if reader.take("PRIMARY", "KEY"):
            yield op.DropKey(table, (), self.location)
        elif reader.take("FOREIGN", "KEY"):
            reader.take("IF", "EXISTS")
            yield op.DropConstraint(table, reader.identifier(), self.location, reference=True)
        elif reader.take("CONSTRAINT") or reader.take("CHECK"):
            reader.take("IF", "EXISTS")
            yield op.DropConstraint(table, reader.identifier(), self.location)
        elif reader.take("UNIQUE"):
            if reader.sees("("):
                yield op.DropKey(table, self.keys(reader.group()), self.location)
            else:
                yield op.DropConstraint(table, reader.identifier(), self.location)
        elif self.dialect == "mysql" and reader.take_any({"INDEX", "KEY"}):
            exists = reader.take("IF", "EXISTS")
            yield op.DropIndex(reader.identifier(), table, self.location, if_exists=exists)
        elif reader.take("COLUMN") or not reader.take_any(_DROPPED_WITHOUT_EFFECT):
            reader.take("IF", "EXISTS")
            names = [_Reader(part).identifier() for part in _listed(reader.group())] if reader.sees("(") else [reader.identifier()]
            for name in names:
                yield op.DropColumn(table, name, self.location)

    def _alter(self, table: str, reader: _Reader) -> Iterator[Operation]:
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
            body = _Elements([], [], [], set(), [], [])
            kind = self._type(reader)
            column = self._column_constraints(reader, Column(name, kind), self.location, body)
            nullable = column.nullable if self.dialect == "tsql" else None
            yield op.ChangeColumn(table, name, column, self.location, nullable=nullable)

    def _modify(self, table: str, reader: _Reader) -> Iterator[Operation]:
        if reader.take("CONSTRAINT"):
            name = reader.identifier()
            if word := reader.take_any({"DISABLE", "ENABLE"}):
                yield op.SetServing(name, table, word == "ENABLE", self.location)
            return
        if reader.take_any({"PARTITION", "SUBPARTITION", "DEFAULT", "LOB", "NESTED", "VARRAY", "OPAQUE"}) or reader.take("PRIMARY", "KEY"):
            return
        reader.take("COLUMN")
        reader.take("IF", "EXISTS")
        for part in _listed(reader.group()) if reader.sees("(") else [reader.rest()]:
            yield self._change(table, _Reader(part).identifier(), part)

    def _change(self, table: str, old: str, found: Sequence[Token]) -> Operation:
        body = _Elements([], [], [], set(), [], [])
        self.column(found, body)
        column = body.columns[0]
        # MySQL repeats the whole column; Oracle only what changes of it.
        words = _flat(found)
        nullable = column.nullable if self.dialect == "mysql" or "NULL" in words else None
        return op.ChangeColumn(table, old, column, self.location, nullable, tuple(body.indexes), tuple(body.references))

    def _rename(self, table: str, reader: _Reader) -> Iterator[Operation]:
        if reader.take_any({"TO", "AS", "="}):
            yield op.RenameTable(table, reader.qualified(), self.location)
        elif reader.take("CONSTRAINT") or (reader.peek(1).upper != "TO" and reader.take_any({"INDEX", "KEY"})):
            old = reader.identifier()
            reader.take("TO")
            yield op.RenameIndex(old, reader.identifier(), table, self.location)
        elif reader.take("PARTITION"):
            return
        else:
            if reader.peek(1).upper != "TO":
                reader.take("COLUMN")
            reader.take("IF", "EXISTS")
            old = reader.qualified()
            if reader.take("TO"):
                yield op.RenameColumn(table, old, reader.identifier(), self.location)
            else:
                yield op.RenameTable(table, old, self.location)

    # -------------------------------------------------------------------------------------------------------------- guarded DDL

    def guarded(self) -> Iterator[Operation]:
        """DDL inside of ``IF NOT EXISTS (…) …`` or of a ``DO`` block: taken as done, since guards only make a script fit to be run twice."""
        for token in self.reader.tokens:
            if token.kind == "dollar":
                inner = Statement(self.statement.fragment, token.text, self.statement.start + token.start, self.statement.start + token.end, "DO")
                yield from _Definition(inner, self.dialect, tokens(_uncommented(token.text), self.dialect)).guarded()
                return
        found = self.reader.tokens
        heads = [number for number in range(len(found)) if self._head(found, number)]
        for number, start in enumerate(heads):
            if found[start].upper in {"EXECUTE", "EXEC"} and not found[start + 1].upper.startswith("SP_RENAME"):
                yield from self._executed(found[start:])
                continue
            part = found[start : heads[number + 1] if number + 1 < len(heads) else len(found)]
            yield from self._inner(part)

    @staticmethod
    def _head(found: Sequence[Token], number: int) -> bool:
        word = found[number].upper
        if word in {"EXECUTE", "EXEC"}:
            follower = found[number + 1] if number + 1 < len(found) else _END
            return follower.kind in {"string", "dollar"} or follower.upper in {"FORMAT", "(", "IMMEDIATE"} or follower.upper.startswith("SP_RENAME")
        what = {token.upper for token in found[number + 1 : number + 4]}
        before = found[number - 1].upper if number else ""
        return word in {"CREATE", "ALTER", "DROP"} and bool(what & {"TABLE", "INDEX", "VIEW"}) and before in _BEFORE_GUARDED

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
        inner = Statement(whole.fragment, whole.text[start:stop], whole.start + start, whole.start + stop, keyword_of(whole.text[start:stop]))
        yield from definition(inner, self.dialect)

    def _executed(self, found: Sequence[Token]) -> Iterator[Operation]:
        """``EXECUTE 'CREATE …'``; what is put together at run time is told."""
        literal = next((token for token in found[1:4] if token.kind in {"string", "dollar"}), None)
        after = found[found.index(literal) + 1 :][:1] if literal else []
        if literal and (not after or after[0].upper in {";", ")", "END"}):
            inner = Fragment(self.statement.fragment.path, literal.text.replace("''", "'"), self.statement.fragment.origin)
            for statement in split(inner, self.dialect):
                yield from (_moved(each, self.location) for each in definition(statement, self.dialect))
        elif any(_DDL_WORDS.search(token.text) for token in found if token.kind in {"string", "dollar"}):
            yield op.Uncertain("", "it runs DDL that it builds at run time", self.location)


def _moved(operation: Operation, location: Location) -> Operation:
    return replace(operation, location=location)


def _uncommented(text: str) -> str:
    return re.sub(r"--[^\n]*|/\*.*?\*/", lambda found: re.sub(r"\S", " ", found[0]), text, flags=re.DOTALL)


def _spoken(words: str) -> list[Token]:
    return [Token("word", word, 0, 0, word) for word in words.split()]


_DDL_WORDS = re.compile(r"\b(?:CREATE|ALTER|DROP)\b", re.IGNORECASE)
_TRAILER = re.compile(r"\s+WITH\s+(?:NO\s+DATA|DATA|(?:CASCADED\s+|LOCAL\s+)?CHECK\s+OPTION|READ\s+ONLY)\s*$", re.IGNORECASE)
_BEFORE_GUARDED = frozenset({"", ";", "THEN", "BEGIN", "ELSE", ")", "LOOP", "NULL", "TRY", "CATCH"})
_KEY_WORDS = frozenset(
    "KEY INDEX CLUSTERED NONCLUSTERED NULLS NOT DISTINCT ON CONFLICT IF EXISTS HASH WITH COLUMNSTORE UNIQUE PRIMARY CONSTRAINT".split()
)
_TYPE_ENDS = frozenset(
    "NOT NULL DEFAULT PRIMARY UNIQUE CHECK REFERENCES CONSTRAINT COLLATE GENERATED AS IDENTITY AUTO_INCREMENT AUTOINCREMENT COMMENT ON KEY CHARSET"
    " STORAGE COMPRESSION INVISIBLE VISIBLE SPARSE ROWGUIDCOL VIRTUAL STORED PERSISTED PERSISTENT HIDDEN MASKED FIRST AFTER USING SET SRID INDEX ENABLE"
    " DISABLE DEFERRABLE INITIALLY FOREIGN OPTIONS COLUMN_FORMAT ENCRYPTED FILESTREAM CASCADE RESTRICT REF SORT ANNOTATIONS".split()
)
_ADDED_WITHOUT_EFFECT = frozenset("PARTITION SUBPARTITION PERIOD SUPPLEMENTAL CHECK VALUES SYSTEM DEFAULT SENSITIVITY OVERFLOW RANGE HASH".split())
_DROPPED_WITHOUT_EFFECT = frozenset("PARTITION SUBPARTITION PERIOD SYSTEM DEFAULT UNUSED SUPPLEMENTAL EXPRESSION IDENTITY".split())
_ALTERED_WITHOUT_EFFECT = frozenset("SET DROP ADD RESET RESTART INVISIBLE VISIBLE".split())
_VERBS = frozenset(
    "ADD DROP ALTER MODIFY CHANGE RENAME SET RESET OWNER CLUSTER REPLICA ENABLE DISABLE VALIDATE INHERIT NO ATTACH DETACH ENGINE AUTO_INCREMENT CONVERT"
    " DEFAULT COMMENT CHARACTER COLLATE ORDER TABLESPACE PARTITION CHECK NOCHECK SWITCH REBUILD OF NOT FORCE WITH WITHOUT ROW_FORMAT KEY_BLOCK_SIZE LOCK"
    " ALGORITHM COMPRESS NOCOMPRESS LOGGING NOLOGGING CACHE NOCACHE PARALLEL NOPARALLEL READ MOVE SHRINK TRUNCATE COALESCE REORGANIZE EXCHANGE ANALYZE"
    " REPAIR OPTIMIZE REMOVE DISCARD IMPORT CHARSET AVG_ROW_LENGTH CHECKSUM MAX_ROWS MIN_ROWS PACK_KEYS ROW STATS_PERSISTENT STATS_AUTO_RECALC"
    " STATS_SAMPLE_PAGES COMPRESSION ENCRYPTION DELAY_KEY_WRITE INSERT_METHOD UNION DATA INDEX CONNECTION PASSWORD TYPE SPLIT MERGE ALLOCATE DEALLOCATE"
    " PCTFREE PCTUSED INITRANS STORAGE MONITORING NOMONITORING RESULT_CACHE INMEMORY FLASHBACK SECONDARY_LOAD SECONDARY_UNLOAD SECONDARY_ENGINE ACTIVATE"
    " APPEND VOLATILE LOCKSIZE PCTCTFREE UPGRADE".split()
)


# ------------------------------------------------------------------------------------------------------------------ expressions


@lru_cache(maxsize=4096)
def normalise(text: str, dialect: str) -> str:
    """An expression of an index, or the predicate of a partial one, as one spelling: folded, unqualified, and without what pg_dump adds.

    PostgreSQL prints ``status IN ('a')`` back as ``((status)::text = ANY (ARRAY['a'::character varying]::text[]))``; both become the same.  What the
    parser does not understand stays as it is, with its blanks evened out.
    """
    from sqlglot import exp  # noqa: PLC0415 - heavy, and few indexes need it

    try:
        tree = parse_text(text, dialect)
    except UnreadableStatement:
        return " ".join(text.split())
    tree = exp.Paren(this=tree)
    _unquote(tree)
    _undress(tree)
    while isinstance(tree, exp.Paren):
        tree = tree.this
    try:
        return tree.sql(dialect=dialect)
    except (RecursionError, ValueError):
        return " ".join(text.split())


def _unquote(tree: exp.Expr) -> None:
    from sqlglot import exp  # noqa: PLC0415

    for identifier in list(tree.find_all(exp.Identifier)):
        name = str(identifier.this).lower()
        identifier.set("this", name)
        identifier.set("quoted", not re.fullmatch(r"[a-z_]\w*", name))
    for column in list(tree.find_all(exp.Column)):
        for part in ("table", "db", "catalog"):
            column.set(part, None)


def _undress(tree: exp.Expr) -> None:
    """Take out the casts and parentheses that pg_dump adds, and write its arrays as the lists that people write."""
    from sqlglot import exp  # noqa: PLC0415

    for paren in list(tree.find_all(exp.Paren)):
        inner = paren.unnest()
        if paren.parent is not None and isinstance(inner, (exp.Column, exp.Literal, exp.Func, exp.Array)) and not isinstance(inner, exp.Connector):
            paren.replace(inner)
    for cast in list(tree.find_all(exp.Cast)):
        # The outermost cast of an expression is what is indexed; the others only bring varchar and text together.
        if _is_text(cast.to) and not isinstance(cast.parent, exp.Paren) and isinstance(cast.this, (exp.Column, exp.Literal, exp.Array)):
            cast.replace(cast.this)
    for comparison in list(tree.find_all(exp.EQ, exp.NEQ)):
        if values := _compared_array(comparison.expression):
            found: exp.Expr = exp.In(this=comparison.this.copy(), expressions=[value.copy() for value in values])
            comparison.replace(exp.Not(this=found) if isinstance(comparison, exp.NEQ) else found)


def _is_text(kind: object) -> bool:
    from sqlglot import exp  # noqa: PLC0415

    while isinstance(kind, exp.DataType) and kind.is_type("array") and kind.expressions:
        kind = kind.expressions[0]
    return isinstance(kind, exp.DataType) and kind.is_type("text", "varchar", "char", "bpchar", "nvarchar", "nchar")


def _compared_array(node: object) -> list[exp.Expr]:
    """The values of ``ANY (ARRAY[…])`` or ``ALL (ARRAY[…])``."""
    from sqlglot import exp  # noqa: PLC0415

    is_all = isinstance(node, exp.Anonymous) and node.name.upper() == "ALL"
    if not isinstance(node, (exp.Any, exp.All)) and not is_all:
        return []
    assert isinstance(node, exp.Expr)
    array = node.expressions[0] if is_all else node.this
    while isinstance(array, (exp.Paren, exp.Cast)):
        array = array.this
    return list(array.expressions) if isinstance(array, exp.Array) else []
