"""Cut a fragment into statements, tell DDL from queries, and parse one statement.

The cutting needs no parser: one regular expression a dialect knows comments, strings and quoted names, and runs to the next place where
something may end.  It is what makes a bad statement lose only itself, and a dump of INSERTs cost next to nothing.  Whatever is taken out or
rewritten (comments, placeholders, client commands) keeps its length, so that every offset of the text stays an offset of the host file.

sqlglot is imported only when something is parsed.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from lastcall.model import Location
from lastcall.sql.frontends import Fragment

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.parser import Parser
    from sqlglot.tokenizer_core import Token
    from sqlglot.tokens import Tokenizer

LONGEST_QUERY = 48 * 1024
"""Characters of a query that are still parsed; generated statements beyond that are no query a person wrote."""
LONGEST_DEFINITION = 1024 * 1024
DEEPEST = 100
"""Parentheses, CASEs and NOTs that may be open at once: the parser recurses, and real queries stay below twenty."""
OPEN_JOINS = 10
"""Joins that may wait for their ON at once: the parser tries both nestings of each, which doubles its work every time."""

# What sqlglot has to say about syntax it passes over goes to standard error by default; what matters of it is an Unread.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)


UNCLOSED = "a comment or a dollar quote that begins in it is never closed, and hides what follows"


class UnreadableStatement(Exception):  # noqa: N818 - a fact about the statement, not an error of the program
    """A statement that cannot be parsed: ``reason`` is a clause a person can read, ``offset`` the place in the fragment's text."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.offset = offset


@dataclass(frozen=True)
class Statement:
    """One top-level statement.

    ``text`` is ``fragment.text[start:end]`` with comments blanked and placeholders written ``?``, at equal length.
    ``keyword`` is what the statement does: its first word, for DDL with the kind of object (``CREATE INDEX``, also of a unique one), and
    ``SELECT INTO`` for a query that makes a table.  ``obstacle`` says why it can never be parsed (a template), else it is empty.
    """

    fragment: Fragment
    text: str
    start: int
    end: int
    keyword: str
    obstacle: str = ""

    @property
    def location(self) -> Location:
        """The place of the whole statement, without the comments before it."""
        return self.fragment.location(self.start, self.end)

    def place(self, start: int, end: int) -> Location:
        """The place of ``text[start:end]``."""
        return self.fragment.location(self.start + start, self.start + end)


# ------------------------------------------------------------------------------------------------------------------ kinds of statements

_OBJECTS = (
    "TABLES?|INDEX|VIEW|FUNCTION|PROCEDURE|PROC|TRIGGER|EVENT|TYPE|DOMAIN|SEQUENCE|EXTENSION|SCHEMA|DATABASE|USER|ROLE|LOGIN|AGGREGATE|OPERATOR"
    "|CAST|RULE|POLICY|PUBLICATION|SUBSCRIPTION|COLLATION|SERVER|SYNONYM|PACKAGE|STATISTICS|LANGUAGE|TABLESPACE|CONVERSION|CONSTRAINT"
)
_OBJECT = re.compile(rf"(CREATE|ALTER|DROP|RENAME)\b[^;(]{{0,400}}?\b(MATERIALIZED\s+VIEW|{_OBJECTS})\b", re.IGNORECASE)
_FIRST = re.compile(r"[\s(]*+([A-Za-z_]+)")
_RENAME_PROCEDURE = re.compile(r"EXEC(?:UTE)?\s+(?:\[?(?:sys|dbo)\]?\.)?\[?sp_rename\b", re.IGNORECASE)
_SELECT_INTO = re.compile(r"\bINTO\s+(?!OUTFILE\b|DUMPFILE\b|@)[#\w\"\[.\]]+\s+FROM\b", re.IGNORECASE)
_ADMIN_CALL = re.compile(
    r"SELECT\s+(?:pg_catalog\s*\.\s*)?(?:setval|set_config|nextval|pg_advisory\w*|pg_sleep|pg_reload_conf|lo_\w+)\s*\(", re.IGNORECASE
)
_QUOTED_OR_WORD = r"(?:\"[^\"]*+\"|`[^`]*+`|\[[^\]]*+\]|[\w$#@?]++)"
_INSERT_DATA = re.compile(
    r"(?:INSERT|REPLACE)\b(?:\s+(?:LOW_PRIORITY|HIGH_PRIORITY|DELAYED|IGNORE|OR\s+\w+))*(?:\s+INTO)?"
    rf"\s*{_QUOTED_OR_WORD}(?:\s*\.\s*{_QUOTED_OR_WORD})*"
    r"\s*(?:AS\s+\w+\s*)?(?:\((?!\s*(?:SELECT|WITH)\b)[^()]*+\)\s*)?(?:OVERRIDING\s+\w+\s+VALUE\s+)?(?:VALUES?\b|DEFAULT\s+VALUES|SET\b)",
    re.IGNORECASE,
)
_SPEAKS = re.compile(r"\b(?:SELECT|INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO|CREATE|ALTER|DROP)\b", re.IGNORECASE)
_SUBQUERY = re.compile(r"\(\s*SELECT\b", re.IGNORECASE)
_GUARDED = re.compile(r"\b(?:CREATE|ALTER|DROP)\s+(?:\w+\s+){0,3}?(?:TABLE|INDEX)\b|\bsp_rename\b", re.IGNORECASE)

_DEFINITIONS = frozenset(
    f"{verb} {what}" for verb in ("CREATE", "ALTER", "DROP", "RENAME") for what in ("TABLE", "INDEX", "VIEW", "MATERIALIZED VIEW", "SCHEMA")
) | {"RENAME", "EXEC SP_RENAME", "DO"}
_QUERIES = frozenset({"SELECT", "SELECT INTO", "WITH", "UPDATE", "DELETE", "MERGE"})
# What may carry DDL: blocks, and strings that are run.
_CARRIERS = frozenset({"IF", "BEGIN", "DECLARE", "EXEC", "EXECUTE", "PREPARE", "SET"})
# Only these are cleaned: whatever starts with another word is never looked into.
_CLEANED = frozenset(
    {
        "SELECT",
        "WITH",
        "UPDATE",
        "DELETE",
        "MERGE",
        "INSERT",
        "REPLACE",
        "CREATE",
        "ALTER",
        "DROP",
        "RENAME",
        "EXEC",
        "EXECUTE",
        "DO",
        "IF",
        "BEGIN",
        "DECLARE",
    }
)


def kind(statement: Statement) -> str:
    """``ddl`` for what changes the schema, ``query`` for what reads or changes rows by a plan, ``other`` for all that is never parsed."""
    keyword, text = statement.keyword, statement.text
    if statement.obstacle and not keyword:  # a template begins it: what it is only shows when it is filled
        return "query" if _SPEAKS.search(text) else "other"
    if statement.obstacle == UNCLOSED:
        return "query"
    if keyword in _QUERIES:
        return "other" if keyword == "SELECT" and _ADMIN_CALL.match(text) else "query"
    if keyword in {"INSERT", "REPLACE"}:
        if len(text) > LONGEST_QUERY or (_INSERT_DATA.match(text) and not _SUBQUERY.search(text)):
            return "other"
        return "query"
    if keyword in _DEFINITIONS:
        return "ddl"
    return "ddl" if keyword in _CARRIERS and _GUARDED.search(text) else "other"


def keyword_of(text: str) -> str:
    """What a statement does: the first word of its text, with the kind of object for DDL."""
    first = _FIRST.match(text)
    if not first:
        return ""
    word = first[1].upper()
    if word in {"CREATE", "ALTER", "DROP", "RENAME"}:
        what = _OBJECT.match(text, first.start(1))
        return f"{word} {' '.join(what[2].upper().replace('TABLES', 'TABLE').split())}" if what else word
    if word in {"EXEC", "EXECUTE"} and _RENAME_PROCEDURE.match(text):
        return "EXEC SP_RENAME"
    if word == "SELECT" and _SELECT_INTO.search(text, 0, LONGEST_QUERY):
        return "SELECT INTO"
    return word


# ------------------------------------------------------------------------------------------------------------------ the pieces of a text


@lru_cache(maxsize=256)
def _strings(dialect: str) -> str:
    """What a quote opens, as an alternation; an unclosed one runs to the end, as it does for a server."""
    if dialect == "mysql":
        quoted = r"'(?:[^'\\]|\\.|'')*+(?:'|\Z)|\"(?:[^\"\\]|\\.|\"\")*+(?:\"|\Z)"
    else:
        escaped = r"(?<=[eE])(?<![\w$].)'(?:[^'\\]|\\.|'')*+(?:'|\Z)|" if dialect == "postgres" else ""
        quoted = escaped + r"'[^']*+(?:'|\Z)|\"[^\"]*+(?:\"|\Z)"
    brackets = r"|\[[^\]\n]{1,128}+\]" if dialect in {"tsql", "sqlite"} else ""
    return quoted + r"|`[^`]*+(?:`|\Z)" + brackets


def _line_comment(dialect: str) -> str:
    # MySQL wants a blank after the dashes (5--3 is 8 there), and has the number sign.
    return r"--(?=\s|\Z)[^\n]*+|\#[^\n]*+" if dialect == "mysql" else r"--[^\n]*+"


_GO = r"GO(?:[ \t]+\d+)?[ \t]*;?[ \t]*(?=\r?\n|\Z|--)"
_SLASH = r"/[ \t]*(?=\r?\n|\Z)"


@lru_cache(maxsize=256)
def _scanner(dialect: str, delimiter: str) -> re.Pattern[str]:
    """Matches up to where a statement may end, or something needs a closer look: the delimiter, a comment, a dollar quote."""
    end = re.escape(delimiter)
    separator = _SLASH if dialect == "oracle" else _GO
    own = re.escape(delimiter[0]) + ("qQ" if dialect == "oracle" else "")
    alternatives = [
        rf"[^'\"`;\n\\/\-$\#\[*{own}]++",
        _strings(dialect),
        _line_comment(dialect),
        rf"\n(?![ \t]*+(?i:{separator}))",
        r"/(?!\*)",
        r"\*(?!/)" if dialect == "mysql" else r"\*",
        r"\$(?!(?:[A-Za-z_]\w*+)?\$)|(?<=\w)\$" if dialect == "postgres" else r"\$",
        r"\\(?![A-Za-z])",
        r"[qQ](?!')|(?<=[A-MO-Za-mo-z0-9_])[qQ]" if dialect == "oracle" else "",
        r"[;\-\#\[]" if delimiter != ";" else r"[\-\#\[]",
    ]
    if delimiter[0].isalnum() or delimiter[0] not in ";'\"`\n\\/-$#[*":
        alternatives.append(re.escape(delimiter[0]))
    return re.compile(rf"(?:(?!{end})(?:{'|'.join(filter(None, alternatives))}))*+", re.DOTALL)


_SQLPLUS = (
    r"(?:PROMPT|REM|REMARK|SPOOL|WHENEVER|EXIT|QUIT|CONN|CONNECT|DISC|DISCONNECT|SHOW|SHO|DEFINE|DEF|UNDEFINE|UNDEF|COLUMN|COL|TTITLE|BREAK"
    r"|ACCEPT|PAUSE|HOST|VARIABLE|VAR|PRINT|EXEC|START|SET(?!\s+(?:TRANSACTION|ROLE|CONSTRAINTS?)\b))\b[^\n]*|@@?[^\n]*|![^\n]*"
)
_TSQL_LINES = (
    r"SET[ \t]+(?:ANSI_\w+|QUOTED_IDENTIFIER|NOCOUNT|XACT_ABORT|ARITHABORT|NUMERIC_ROUNDABORT|CONCAT_NULL_YIELDS_NULL"
    r"|IDENTITY_INSERT[ \t]+\S+)[ \t]+(?:ON|OFF)\b[ \t]*;?|PRINT\b[^\n]*"
)


@lru_cache(maxsize=16)
def _between(dialect: str) -> re.Pattern[str]:
    """Matches what may stand between two statements: blanks, line comments, and the lines that speak to a client and not to the server."""
    alternatives = [
        r"[\s\ufeff;]++",
        _line_comment(dialect),
        r"\\[^\n]*",
        r":\w+(?:[ \t]+-?\d+)?[ \t]*(?=\r?\n|\Z)",  # a line of the TPC's query templates
        rf"(?i:{_GO})",
        r"(?i:USE)[ \t]+[^\s;]+[ \t]*;?[ \t]*(?=\r?\n|\Z)",
    ]
    if dialect == "oracle":
        alternatives += [_SLASH, rf"(?i:{_SQLPLUS})"]
    elif dialect == "tsql":
        alternatives.append(rf"(?i:{_TSQL_LINES})")
    elif dialect == "sqlite":
        alternatives.append(r"\.[a-z]+\b[^\n]*")
    elif dialect == "mysql":
        alternatives += [r"(?i:source)[ \t]+[^\n;]*;?", r"\*/"]
    return re.compile(f"(?:{'|'.join(alternatives)})+")


_DELIMITER = re.compile(r"DELIMITER[ \t]+([^\s]{1,16})[^\n]*", re.IGNORECASE)
_DOLLAR = re.compile(r"\$(?:[A-Za-z_]\w*+)?\$")
_EXECUTABLE = re.compile(r"/\*M?!\d{0,6}")
_COPY = re.compile(r"COPY\b.*\bFROM\s+STDIN\b", re.IGNORECASE | re.DOTALL)
_COPY_END = re.compile(r"^\\\.[ \t]*$", re.MULTILINE)
_BLOCK_COMMENT = re.compile(r"/\*|\*/")
_ROUTINE = re.compile(
    r"(?:CREATE|ALTER)\s+(?:OR\s+(?:REPLACE|ALTER)\s+)?(?:DEFINER\s*=\s*[^\s@]+(?:\s*@\s*\S+)?\s+)?"
    r"(?:(?:AGGREGATE|EDITIONABLE|NONEDITIONABLE|TEMP|TEMPORARY|CONSTRAINT)\s+)*"
    r"(FUNCTION|PROCEDURE|PROC|TRIGGER|EVENT(?!\s+TRIGGER)|PACKAGE|TYPE(?=\s+BODY|.*\b(?:OBJECT|TABLE)\b)|RULE)\b",
    re.IGNORECASE,
)
_BLOCK = re.compile(r"(?:IF|WHILE|BEGIN(?!\s+(?:TRAN|WORK|DISTRIBUTED)|\s*;)|DECLARE)\b", re.IGNORECASE)
_NESTING = re.compile(
    r"'[^']*+'|\"[^\"]*+\"|`[^`]*+`|--[^\n]*+|(?P<null>\bEND\s+(?:IF|LOOP|WHILE|REPEAT|FOR)\b|\bBEGIN\s+(?:TRAN|WORK|DISTRIBUTED))"
    r"|(?P<open>\b(?:BEGIN|CASE)\b|\()|(?P<close>\bEND\b(?:\s+CASE\b)?|\))",
    re.IGNORECASE,
)
_SLASH_LINE = re.compile(rf"^[ \t]*{_SLASH}", re.MULTILINE)


@dataclass
class _Piece:
    """A statement's place, with the spans in it that are no SQL (``blanks``) and those to be left alone (``opaque``: dollar quotes)."""

    start: int
    end: int = 0
    blanks: list[tuple[int, int]] = field(default_factory=list)
    opaque: list[tuple[int, int]] = field(default_factory=list)
    unclosed: int = -1
    """Where something begins that is never closed."""


class _Cutter:
    """Walks over a text and finds the statements in it."""

    def __init__(self, text: str, dialect: str) -> None:
        self.text = text
        self.dialect = dialect
        self.delimiter = ";"
        self.at = 0
        self.nested = dialect in {"postgres", "tsql"}
        self.unclosed = -1

    def pieces(self) -> Iterator[_Piece]:
        while self._to_next():
            piece = _Piece(self.at)
            self._through(piece)
            piece.unclosed, self.unclosed = self.unclosed, -1
            if piece.end > piece.start:
                yield piece
                self._past_copied_rows(piece)
        if self.unclosed >= 0:  # a comment between two statements
            yield _Piece(self.unclosed, len(self.text), unclosed=self.unclosed)

    def _to_next(self) -> bool:
        """Go to the next character that belongs to a statement; False at the end."""
        between = _between(self.dialect)
        while self.at < len(self.text):
            if found := between.match(self.text, self.at):
                self.at = found.end()
            elif self.text.startswith(self.delimiter, self.at):
                self.at += len(self.delimiter)
            elif self.dialect == "mysql" and (found := _DELIMITER.match(self.text, self.at)):
                self.delimiter = found[1]
                self.at = found.end()
            elif self.dialect == "mysql" and (found := _EXECUTABLE.match(self.text, self.at)):
                self.at = found.end()
            elif self.text.startswith("/*", self.at) and not self.text.startswith("/*+", self.at):
                self.at = self._comment_end(self.at)
            else:
                return True
        return False

    def _through(self, piece: _Piece) -> None:
        """Go past the statement that begins here, and note where it ends."""
        scan = _scanner(self.dialect, self.delimiter)
        body = _Body.of(self.text, piece.start, self.dialect) if self.delimiter == ";" else None
        while True:
            found = scan.match(self.text, self.at)
            chunk, self.at = self.at, found.end() if found else self.at
            if body:
                body.see(self.text, chunk, self.at)
            if self.at >= len(self.text):
                piece.end = len(self.text)
                return
            if self.text.startswith(self.delimiter, self.at):
                piece.end = self.at
                self.at += len(self.delimiter)
                if not (body and body.goes_on(self.at)):
                    return
            elif not self._pass(piece):
                piece.end = self.at
                return

    def _pass(self, piece: _Piece) -> bool:
        """Step over what stands here inside a statement; False where it ends the statement."""
        text, at = self.text, self.at
        if text.startswith("/*", at):
            if self.dialect == "mysql" and (found := _EXECUTABLE.match(text, at)):
                self.at = found.end()
                piece.blanks.append((at, self.at))
            elif text.startswith("/*+", at):
                self.at = self._comment_end(at)
                piece.opaque.append((at, self.at))
            else:
                self.at = self._comment_end(at)
                piece.blanks.append((at, self.at))
        elif text.startswith("*/", at):
            self.at += 2
            piece.blanks.append((at, self.at))
        elif text[at] == "$" and (tag := _DOLLAR.match(text, at)):
            close = text.find(tag[0], tag.end())
            self.at = len(text) if close < 0 else close + len(tag[0])
            self.unclosed = at if close < 0 else -1
            piece.opaque.append((at, self.at))
        elif text[at] in "qQ":
            self.at = self._alternative_quote_end(at)
            piece.opaque.append((at, self.at))
        elif text[at] == "\n" or text[at] == "\\":
            return False
        else:
            self.at += 1
        return True

    def _comment_end(self, start: int) -> int:
        if not self.nested:
            end = self.text.find("*/", start + 2)
            self.unclosed = start if end < 0 else -1
            return len(self.text) if end < 0 else end + 2
        depth = 0
        for mark in _BLOCK_COMMENT.finditer(self.text, start):
            depth += 1 if mark[0] == "/*" else -1
            if not depth:
                return mark.end()
        self.unclosed = start
        return len(self.text)

    def _alternative_quote_end(self, start: int) -> int:
        """The end of Oracle's ``q'[…]'``."""
        opener = self.text[start + 2 : start + 3]
        closer = {"[": "]", "(": ")", "{": "}", "<": ">"}.get(opener, opener)
        end = self.text.find(closer + "'", start + 3)
        return len(self.text) if end < 0 else end + 2

    def _past_copied_rows(self, piece: _Piece) -> None:
        if self.text[piece.start] in "cC" and _COPY.match(self.text, piece.start, piece.end):
            end = _COPY_END.search(self.text, self.at)
            self.at = end.end() if end else len(self.text)


@dataclass
class _Body:
    """The body of a routine or of a block: its semicolons end nothing, and it goes on until its last BEGIN or CASE has its END."""

    dialect: str
    until: int
    routine: bool
    depth: int = 0
    opened: bool = False

    @classmethod
    def of(cls, text: str, start: int, dialect: str) -> _Body | None:
        if text[start] not in "cCaAiIwWbBdD":
            return None
        routine = _ROUTINE.match(text, start, start + 400)
        if not routine and not (dialect in {"tsql", "oracle"} and _BLOCK.match(text, start)):
            return None
        until = 0
        if dialect == "tsql" and routine:
            until = len(text)
        elif dialect == "oracle" and (slash := _SLASH_LINE.search(text, start)):
            until = slash.start()
        return cls(dialect, until, routine=bool(routine))

    def see(self, text: str, start: int, end: int) -> None:
        for word in _NESTING.finditer(text, start, end):
            if word.lastgroup == "open":
                self.depth += 1
                self.opened = True
            elif word.lastgroup == "close":
                self.depth -= 1

    def goes_on(self, at: int) -> bool:
        if at < self.until:
            return True
        return not self.until and (self.depth > 0 or (self.dialect == "oracle" and not self.opened))


# ------------------------------------------------------------------------------------------------------------------ statements


def split(fragment: Fragment, dialect: str) -> Iterator[Statement]:
    """The top-level statements of a fragment, in order.

    Lines for a client (psql's backslash commands, ``GO``, ``DELIMITER``, SQL*Plus, the TPC's query templates), rows under
    ``COPY … FROM stdin`` and comments are no statements.  A routine is one statement, with its whole body.
    """
    for piece in _Cutter(fragment.text, dialect).pieces():
        statement = _statement(fragment, piece, dialect)
        if statement is None:
            continue
        if dialect == "tsql" and statement.keyword.split(" ")[-1] not in {
            "PROCEDURE",
            "PROC",
            "FUNCTION",
            "TRIGGER",
            "IF",
            "BEGIN",
            "WHILE",
        }:
            yield from _unterminated(statement)
        else:
            yield statement


def _statement(fragment: Fragment, piece: _Piece, dialect: str) -> Statement | None:
    text = fragment.text
    cleaned, obstacle = (text[piece.start : piece.end], "") if _stays(text, piece) else _clean(text, piece, dialect)
    lead, length = len(cleaned) - len(cleaned.lstrip()), len(cleaned.rstrip())
    if not length:
        return None
    if cleaned[length - 1] == "?":  # the rest of a hole's blanks belong to it
        while length < len(cleaned) and not text[piece.start + length].isspace() and text[piece.start + length] not in "-/#":
            length += 1
    start = piece.start + lead
    if piece.unclosed >= 0 and _SPEAKS.search(text, piece.unclosed):
        obstacle = UNCLOSED
    return Statement(fragment, cleaned[lead:length], start, piece.start + length, keyword_of(cleaned[lead:length]), obstacle)


def _stays(text: str, piece: _Piece) -> bool:
    """Whether a statement is left as it is, because nothing will look into it: rows, routines, settings."""
    first = _FIRST.match(text, piece.start)
    word = first[1].upper() if first else ""
    if not word and text.startswith("{", piece.start):
        return False
    if word in {"INSERT", "REPLACE"}:
        rows = _INSERT_DATA.match(text, piece.start, min(piece.end, piece.start + 4000))
        return bool(rows) and not _SUBQUERY.search(text, piece.start, piece.end)
    if word not in _CLEANED:
        return not piece.blanks
    return piece.end - piece.start > LONGEST_DEFINITION or bool(_ROUTINE.match(text, piece.start, piece.start + 400))


_BATCHED = re.compile(
    r"'[^']*+'|\"[^\"]*+\"|\[[^\]\n]{1,128}+\]|(?P<open>\()|(?P<close>\))"
    r"|(?P<cut>(?<=\n)[ \t]*+(?:CREATE\s+(?:(?:UNIQUE|CLUSTERED|NONCLUSTERED|COLUMNSTORE)\s+)*(?:TABLE|INDEX|VIEW)\b|ALTER\s+TABLE\b"
    r"|DROP\s+(?:TABLE|INDEX|VIEW)\b|EXEC\b|PRINT\b|INSERT\s+INTO\b|SET\s+IDENTITY_INSERT\b|SET\s+(?:ANSI_|QUOTED_)|IF\s+(?:NOT\s+)?(?:EXISTS|OBJECT_ID)\b))",
    re.IGNORECASE,
)


def _unterminated(statement: Statement) -> Iterator[Statement]:
    """T-SQL needs no semicolons: a DDL verb that begins a line, outside of parentheses, begins a statement."""
    cuts, depth, keyword = [0], 0, statement.keyword
    for token in _BATCHED.finditer(statement.text):
        if token.lastgroup == "open":
            depth += 1
        elif token.lastgroup == "close":
            depth -= 1
        elif token.lastgroup == "cut" and not depth:
            following = keyword_of(token["cut"])
            # WITH … INSERT INTO, and INSERT INTO … EXEC, are one statement on two lines.
            if (keyword, following) not in {("WITH", "INSERT"), ("INSERT", "EXEC")}:
                cuts.append(token.end() - len(token[0].lstrip(" \t")))
                keyword = following
    if len(cuts) == 1:
        yield statement
        return
    for start, end in zip(cuts, [*cuts[1:], len(statement.text)], strict=True):
        text = statement.text[start:end].rstrip()
        if text:
            yield Statement(
                statement.fragment, text, statement.start + start, statement.start + start + len(text), keyword_of(text), statement.obstacle
            )


# ------------------------------------------------------------------------------------------------------------------ cleaning

_NOTED = r"'\"`\[\-\#{$%?:@"
"""What everything begins with that ``rewriting`` matches."""
_NAMED = r"(?<![:\w\])\"'`\[]):(?:[A-Za-z_]\w*|\d+)|(?<=\[):(?:[A-Za-z_]\w*|\d+)"


@lru_cache(maxsize=16)
def rewriting(dialect: str) -> re.Pattern[str]:
    """Matches what is taken out of a statement or rewritten before it is parsed, by groups; ``hole``: what a driver puts a value into."""
    holes = [
        r"%\(\w+\)[sdif]",
        r"(?<!%)%[sd](?!\w)",
        r"\?\d+",
        _NAMED,
        r"(?<![\w:]):'[^'\n]*'",
    ]
    if dialect in {"postgres", "sqlite"}:
        holes += [r"(?<![\w$])\$\d+", r"(?<![\w@<~])@[A-Za-z_]\w*"]
    return re.compile(
        rf"(?=[{_NOTED}])(?:"  # nearly every character is none of these, and is passed over at once
        rf"(?P<keep>(?<!ARRAY)\[[ \t]*+\w*+[ \t]*+:[ \t]*+\w*+[ \t]*+\]|{_strings(dialect)})"
        rf"|(?P<comment>{_line_comment(dialect)})"
        r"|(?P<template>\{[{%\#])"
        r"|(?P<brace>\$?\{\w*\})"
        r"|(?P<escaped>%%)"
        r"|(?P<glued>(?<=\w)(?<!::):(?=[A-Za-z_]))"
        rf"|(?P<hole>{'|'.join(holes)}))",
        re.IGNORECASE | re.DOTALL,
    )


_NOT_BLANK = re.compile(r"\S")


def _blank(text: str) -> str:
    return _NOT_BLANK.sub(" ", text)


def _rewrite(found: re.Match[str]) -> str:
    whole, size = found[0], len(found[0])
    match found.lastgroup:
        case "comment":
            return _blank(whole)
        case "escaped":
            return " %"
        case "glued":
            return "_"
        case "hole":
            return "?".ljust(size)
        case "brace":
            before, after = found.string[found.start() - 1 : found.start()], found.string[found.end() : found.end() + 1]
            part_of_name = after == "." or after.isalnum() or after == "_" or before == "." or before.isalnum() or before == "_"
            return re.sub(r"\W", "_", whole) if part_of_name else "?".ljust(size)
    return whole


def _clean(text: str, piece: _Piece, dialect: str) -> tuple[str, str]:
    """The piece at equal length without comments and with ``?`` for what a driver fills in; and why it can never be parsed, if so."""
    rewriter = rewriting(dialect)
    obstacle = ""
    parts: list[str] = []
    at = piece.start
    for start, end, is_blank in sorted([(*span, True) for span in piece.blanks] + [(*span, False) for span in piece.opaque]):
        parts += [text[at:start], _blank(text[start:end]) if is_blank else text[start:end]]
        at = end
    parts.append(text[at : piece.end])
    for number in range(0, len(parts), 2):
        part = parts[number]
        if "{" in part and any(found.lastgroup == "template" for found in rewriter.finditer(part)):
            obstacle = "it is a template, not SQL"
        parts[number] = rewriter.sub(_rewrite, part)
    return "".join(parts), obstacle


# ------------------------------------------------------------------------------------------------------------------ parsing

_DEEP = re.compile(
    r"'[^']*+'|\"[^\"]*+\"|`[^`]*+`|(?P<again>\]\s*+\[)|(?P<open>[(\[{]|\bCASE\b)|(?P<close>[)\]}]|\bEND\b)"
    r"|(?P<unary>\b(?:NOT|ANY|INTERVAL|IF|DISTINCT|EXISTS|ALL|LATERAL)\b|[-+~!])|(?P<joined>\bDISTINCT\s+ON\b|\b(?:CROSS|NATURAL)\b[\w\s]{0,40}\bJOIN\b)"
    r"|(?P<join>\b(?:STRAIGHT_)?JOIN\b)|(?P<on>\b(?:ON|USING)\b)|(?P<word>[\w?.,=<>]+)",
    re.IGNORECASE,
)


def too_deep(text: str) -> str:
    """Why the parser must not be let loose on a text: it recurses into what nests, and tries joins without ON in every nesting."""
    if _shallow(text):
        return ""
    depth = chain = joins = subscripts = 0
    for token in _DEEP.finditer(text):
        group = token.lastgroup
        # What stands between the brackets of a subscript breaks no chain of subscripts: one tells of the next.
        subscripts += group == "again"
        chain = chain + 1 if group == "unary" else 0
        if group == "open":
            depth += 1
        elif group == "close":
            depth -= 1
        elif group == "join":
            joins += 1
        elif group == "on":
            joins = max(joins - 1, 0)
        if max(depth, chain, subscripts) > DEEPEST:
            return "it is nested too deeply"
        if joins > OPEN_JOINS:
            return "it joins too many tables without ON"
    return ""


def _shallow(text: str) -> bool:
    """Whether a text has too few words that nest to nest deeply, which goes for nearly all and is quickly seen."""
    upper = text.upper()
    opening = sum(map(text.count, "([{-+~!")) + sum(map(upper.count, ("CASE", "NOT", "ANY", "INTERVAL", "IF", "DISTINCT", "EXISTS", "ALL")))
    return opening + upper.count("LATERAL") <= DEEPEST and upper.count("JOIN") <= OPEN_JOINS


_REPLACE = re.compile(r"REPLACE(?=\s+[^\s(])", re.IGNORECASE)
_TOP = r"TOP\s*(?:\([^()]*\)|\d+)(?:\s+PERCENT\b)?"
_IN_PARENTHESES = r"\((?:[^()']|'[^']*+'|\((?:[^()']|'[^']*+'|\([^()']*+\))*+\))*+\)"
_TARGETS = re.compile(r"DELETE\s+(?:FROM\s+)?[\w`.*,\s]+?\b(?:FROM|USING)\b", re.IGNORECASE)
_ASIDE = {
    dialect: tuple((word, re.compile(pattern, re.IGNORECASE | re.DOTALL)) for word, pattern in patterns)
    for dialect, patterns in {
        "mysql": (
            ("", r"(?:UPDATE|DELETE|INSERT|REPLACE)\b(?P<aside>(?:\s+(?:LOW_PRIORITY|HIGH_PRIORITY|DELAYED|QUICK|IGNORE)\b)+)"),
            ("INTO", r"(?P<aside>\bINTO\s+@[\w$]+(?:\s*,\s*@[\w$]+)*+)\s*\Z"),
            ("FILE", r"(?P<aside>\bINTO\s+(?:OUT|DUMP)FILE\b(?:(?!\bFROM\b|\bINTO\b).)*+)\Z"),
        ),
        "sqlite": (("", r"UPDATE\b(?P<aside>\s+OR\s+(?:IGNORE|REPLACE|ABORT|FAIL|ROLLBACK)\b)"),),
        "tsql": (
            ("", rf"(?:UPDATE|DELETE|INSERT)\s+(?P<aside>{_TOP})"),
            ("", r"INSERT\s+(?:INTO\s+)?[\w.\[\]#]+\s+(?P<aside>WITH\s*\([^()]*\))"),
            (
                "OUTPUT",
                r"(?P<aside>\bOUTPUT\s+(?:\$action|(?:inserted|deleted)\s*\.)[^;']{0,400}?)(?=\b(?:WHERE|FROM|VALUES|SELECT|OPTION)\b|;|\Z)",
            ),
            ("OPTION", rf"(?P<aside>\bOPTION\s*{_IN_PARENTHESES})\s*\Z"),
        ),
        "oracle": (
            (
                "ERRORS",
                r"(?P<aside>\bLOG\s+ERRORS\b(?:\s+INTO\s+[\w.$#\"]+)?(?:\s*\([^()]*\))?(?:\s+REJECT\s+LIMIT\s+\w+)?)\s*\Z",
            ),
            ("", r"MERGE\b.*?(?P<aside>\bDELETE\s+WHERE\b(?:(?!\bWHEN\b).)*)"),
        ),
    }.items()
}
"""What the parser does not know and no access path depends on (how urgent a write is, what it returns, where rows go, hints): a word
without which it is not there, none where it stands at the beginning, and how it is found."""


def _set_aside(text: str, dialect: str) -> str:
    """The text at equal length without what ``_ASIDE`` has, and as INSERT what REPLACE reads."""
    if dialect in {"mysql", "sqlite"} and text[:1] in "rR" and _REPLACE.match(text):
        text = "INSERT " + text[7:]
    if dialect == "mysql" and (found := _TARGETS.match(text)):  # DELETE a.*, b.* FROM …
        text = found[0].replace(".*", "  ") + text[found.end() :]
    known = _ASIDE.get(dialect, ())
    upper = text.upper() if known else ""
    for word, pattern in known:
        if word in upper and (found := pattern.search(text) if word else pattern.match(text)):
            start, end = found.span("aside")
            text = text[:start] + _blank(text[start:end]) + text[end:]
    return text


@lru_cache(maxsize=16)
def _parser(dialect: str) -> tuple[Tokenizer, Parser]:
    """One tokenizer and one parser a dialect: making them costs as much as a short statement does."""
    from sqlglot import Dialect  # noqa: PLC0415 - heavy, and not needed where the cache answers

    found = Dialect.get_or_raise(dialect)
    return found.tokenizer(), found.parser()


def _tokens(tokenizer: Tokenizer, text: str) -> list[Token]:
    """The tokens of a text, with a placeholder parted from the operator that it is written up against.

    ``?::`` is an operator of Databricks alone and ``?|`` one of PostgreSQL, so the tokenizer takes ``?::uuid`` and ``?||'%'`` for those.
    """
    tokens: list[Token] = tokenizer.tokenize(text)
    if "?::" not in text and "?||" not in text:
        return tokens
    from sqlglot.tokenizer_core import Token, TokenType  # noqa: PLC0415 - heavy, and not needed where the cache answers

    parted: list[Token] = []
    for token in tokens:
        kind, start, place = token.token_type, token.start, (token.line, token.col)
        before = parted[-1] if parted else token
        if kind is TokenType.QDCOLON:
            parted.append(Token(TokenType.PLACEHOLDER, "?", token.line, token.col - 2, start, start))
            parted.append(Token(TokenType.DCOLON, "::", *place, start + 1, token.end, token.comments))
        elif kind is TokenType.PIPE and before.token_type is TokenType.QMARK_PIPE and before.end + 1 == start:
            parted[-1] = Token(TokenType.PLACEHOLDER, "?", before.line, before.col - 1, before.start, before.start)
            parted.append(Token(TokenType.DPIPE, "||", *place, before.end, token.end, token.comments))
        else:
            parted.append(token)
    return parted


def parse(statement: Statement, dialect: str) -> exp.Expression:
    """The syntax tree of one statement.

    Raises UnreadableStatement for a template, for what is too long or nested too deeply, and for what the parser does not understand.
    """
    if statement.obstacle:
        raise UnreadableStatement(statement.obstacle, statement.start)
    return parse_text(statement.text, dialect, statement.start)


def parse_text(text: str, dialect: str, offset: int = 0) -> exp.Expression:
    """The syntax tree of a text that holds one statement and begins at ``offset`` of its fragment.  Raises UnreadableStatement."""
    if reason := "it is too long" if len(text) > LONGEST_QUERY else too_deep(text):
        raise UnreadableStatement(reason, offset)
    from sqlglot import exp  # noqa: PLC0415 - heavy, and not needed where the cache answers
    from sqlglot.errors import ParseError, SqlglotError  # noqa: PLC0415

    text = _set_aside(text, dialect)
    try:
        tokenizer, parser = _parser(dialect)
        trees = [tree for tree in parser.parse(_tokens(tokenizer, text), text) if tree is not None]
    except ParseError as error:
        raise UnreadableStatement(*_told(error.errors, text, offset)) from None
    except SqlglotError:  # of the tokenizer, which has nothing else to complain of
        raise UnreadableStatement("it does not parse: a quote or a comment in it is not closed", offset) from None
    except RecursionError:
        raise UnreadableStatement("it is nested too deeply", offset) from None
    except (ValueError, TypeError, AttributeError, IndexError, KeyError) as error:  # the parser's own bugs, on text nobody can vouch for
        raise UnreadableStatement(f"the parser fails on it ({type(error).__name__})", offset) from None
    if len(trees) != 1 or isinstance(trees[0], exp.Command):
        raise UnreadableStatement("it does not parse: it is a form of statement that the parser does not know", offset)
    tree = trees[0]
    assert isinstance(tree, exp.Expression)
    return tree


def _told(errors: list[dict[str, object]], text: str, offset: int) -> tuple[str, int]:
    first = errors[0] if errors else {}
    line, column, mark = first.get("line"), first.get("col"), str(first.get("highlight") or "")
    if not isinstance(line, int) or not isinstance(column, int):
        return "it does not parse", offset
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1
    # sqlglot counts the column of a token's last character, from one.
    at = min(max(start + column - max(len(mark), 1), 0), max(len(text) - 1, 0))
    # The parser's own words are about its classes; the place is what helps.
    if "?" in (mark, text[:at].rstrip()[-1:]):
        return "it does not parse: what is put in at run time stands where no value can", offset + at
    if not mark or not text[at + len(mark) :].strip():
        return "it does not parse: it ends too early", offset + at
    return f"it does not parse: “{_short(mark)}” is not expected there", offset + at


def _short(text: str) -> str:
    """The first line of what the parser marks, without its terminal escapes."""
    return re.sub(r"\x1b\[[\d;]*m", "", text).strip().partition("\n")[0][:40]
