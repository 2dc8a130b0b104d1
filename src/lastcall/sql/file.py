"""The facts of one file: what its SQL defines and asks.  A pure function of the file's path and bytes and of the dialect, and so cached by
both."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from sqlglot import exp

from lastcall.model import Ignore, Location, Unread
from lastcall.sql import operations as op
from lastcall.sql.ddl import definition
from lastcall.sql.facts import Facts, Placed, View
from lastcall.sql.frontends import Anchor, Frontend
from lastcall.sql.migrations import is_migration
from lastcall.sql.operations import USUAL_SCHEMAS, Operation
from lastcall.sql.query import NotLowered, fold, lower, name_of, renamed
from lastcall.sql.statement import Statement, UnreadableStatement, kind, parse, split
from lastcall.sql.transactions import Transactions

TAKING_AWAY = (op.DropTable, op.DropSchema, op.DropColumn, op.DropIndex, op.DropConstraint, op.DropKey)
SEARCH_PATH = re.compile(r"SET\s+(?:(?:SESSION|LOCAL)\s+)?search_path\s*(?:=|\bTO\b)\s*(\"[^\"]*\"|'[^']*'|[\w$]+)", re.IGNORECASE)
REACH = 3
"""Lines that may lie between a comment and the statement it speaks for."""
TOGETHER = 20
"""Queries that are parsed, and then lowered: done in turns, each of the two drives the other one's code out of the processor's cache."""
IGNORE = re.compile(r"lastcall:[ \t]*ignore\[([^\]\n]*)\][ \t]*([^\n]*)")


def read(frontend: Frontend, path: str, text: str, dialect: str) -> Facts:
    """Everything that ``frontend`` finds in ``text``, read in ``dialect``."""
    reader = _Reader(dialect)
    for fragment in frontend.read(path, text):
        if isinstance(fragment, Unread):
            reader.unread.append(fragment)
        else:
            reader.script = Transactions(dialect)
            for statement in list(split(fragment, dialect)):
                reader.statement(statement)
    return reader.facts(tuple(_ignores(path, text, reader.spans)))


class _Reader:
    """Collects the facts of one file, statement by statement."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.operations: list[Operation] = []
        self.views: list[View] = []
        self.queries: list[Placed] = []
        self.unread: list[Unread] = []
        self.spans: list[tuple[int, int]] = []
        self.script = Transactions(dialect)
        self.search_path = ""
        self.parsed: list[tuple[Statement, exp.Expression]] = []
        """Queries that are still to be lowered."""

    def facts(self, ignores: tuple[Ignore, ...]) -> Facts:
        self.lower()
        return Facts(tuple(self.operations), tuple(self.views), tuple(self.queries), tuple(self.unread), ignores)

    def statement(self, statement: Statement) -> None:
        """A statement that is neither a definition nor a query (SET, GRANT, INSERT of values) says nothing that is looked for."""
        what = kind(statement)
        if what != "other":
            place = statement.location
            self.spans.append((place.line, place.end_line))
        if what == "other":
            self.search(statement.text)
            self.taken_back(self.script.left(statement, len(self.operations)))
        elif what == "ddl":
            self.definition(statement)
        elif statement.obstacle:
            self.cannot("statement", statement.obstacle, statement)
        elif what == "query":
            self.query(statement)

    def search(self, text: str) -> None:
        """Note where names without a schema are from here on."""
        if self.dialect == "postgres" and (found := SEARCH_PATH.match(text)):
            first = found[1].strip("'\"").lower()
            self.search_path = "" if first in USUAL_SCHEMAS | {"$user", "pg_catalog", "default"} else first

    def taken_back(self, left: int) -> None:
        """Forget what a ROLLBACK takes back."""
        if left < len(self.operations):
            gone = {each.view for each in self.operations[left:] if isinstance(each, op.CreateView)}
            self.views = [view for view in self.views if view.name not in gone]
            del self.operations[left:]

    def cannot(self, what: str, reason: str, statement: Statement) -> None:
        if not statement.fragment.bare:
            self.unread.append(Unread(what, reason, statement.location))

    def definition(self, statement: Statement) -> None:
        operations = definition(statement, self.dialect)
        if self.search_path:
            path = self.search_path
            operations = tuple(replace(each, search_path=path) if isinstance(each, op.CreateTable) else each for each in operations)
        if statement.obstacle and statement.fragment.bare:
            operations = tuple(replace(each, reason="") if isinstance(each, op.Uncertain) else each for each in operations)
        if statement.fragment.origin == "string" and not is_migration(statement.fragment.path):
            # Whether and when a program drops something is not known; that it is gone must not be the reason of a finding.
            operations = tuple(each for each in operations if not isinstance(each, TAKING_AWAY))
        self.operations += operations
        if "VIEW" not in statement.keyword:
            return
        with suppress(UnreadableStatement, NotLowered, RecursionError):  # the operations already say that the view is not known
            tree = parse(statement, self.dialect)
            view = tree.this.find(exp.Table) if isinstance(tree, exp.Create) and not tree.args.get("materialized") else None
            if view is not None:
                block = lower(tree, statement.text, statement.start, self.dialect).block
                if isinstance(tree.this, exp.Schema):
                    block = renamed(block, [fold(each) for each in tree.this.expressions])
                self.views.append(View(name_of(view), block, _asked(statement.text)))

    def query(self, statement: Statement) -> None:
        if statement.keyword == "SELECT INTO":
            self.operations += definition(statement, self.dialect)
        try:
            self.parsed.append((statement, parse(statement, self.dialect)))
        except UnreadableStatement as error:
            self.cannot("query", str(error), statement)
        if len(self.parsed) == TOGETHER:
            self.lower()

    def lower(self) -> None:
        for statement, tree in self.parsed:
            fragment, start = statement.fragment, statement.start
            try:
                lowered = lower(tree, fragment.text[start : statement.end], start, self.dialect)
            except NotLowered as error:
                self.cannot("query", str(error), statement)
            except RecursionError:
                self.cannot("query", "it is nested too deeply", statement)
            else:
                self.queries.append(Placed(lowered, fragment.origin, fragment.path, tuple(_anchors(statement))))
        self.parsed.clear()


_AS = re.compile(
    r"(?<!\s)(?<!\bWITH)\s*+(?P<columns>\([^()]*+\))?+\s*+(?:\bWITH\s*+\([^()]*+\)\s*+)?+\bAS\b\s*+(?=\(*+\s*+(?:SELECT|WITH|VALUES)\b)",
    re.IGNORECASE,
)


def _asked(text: str) -> str:
    """The query of a CREATE VIEW, with the names that the view gives to its columns."""
    begins = _AS.search(text)
    if begins is None:
        return ""
    query = text[begins.end() :].strip()
    return f"SELECT * FROM ({query}) AS renamed {begins['columns']}" if begins["columns"] else query  # noqa: S608 -- it is only planned


def _anchors(statement: Statement) -> Iterator[Anchor]:
    """The fragment's anchors that the statement needs, and one for every line of it."""
    fragment, start, end = statement.fragment, statement.start, statement.end
    offsets = {start, *(anchor.offset for anchor in fragment.anchors if start < anchor.offset < end)}
    newline = fragment.text.find("\n", start, end)
    while newline >= 0:
        offsets.add(newline + 1)
        newline = fragment.text.find("\n", newline + 1, end)
    for offset in sorted(offsets):
        yield Anchor(offset, *fragment.position(offset))


def _ignores(path: str, text: str, spans: Iterable[tuple[int, int]]) -> Iterator[Ignore]:
    """Every inline ignore, with the lines of the statement that it speaks for: the one it stands in, behind or above."""
    if "lastcall:" not in text:
        return
    lines = text.split("\n")
    told = sorted(spans)
    for number, line in enumerate(lines, 1):
        for match in IGNORE.finditer(line):
            rules = tuple(name.strip() for name in match.group(1).split(",") if name.strip())
            reason = re.sub(r"\s*(\*/|-->|--\s*error:.*)?\s*$", "", match.group(2)).strip()
            first, last = _spoken_for(number, told, trailing=bool(line[: match.start()].strip(" \t-#/*")))
            yield Ignore(rules, reason, Location(path, min(number, first), 1, max(number, last)))


def _spoken_for(line: int, spans: Sequence[tuple[int, int]], *, trailing: bool) -> tuple[int, int]:
    """The statement around a comment; else, for one behind code, the statement that ends just above; else the next one below it.

    ``cursor.execute(`` and the quotes may stand on lines of their own between a comment and its statement, and after it.
    """
    around = [span for span in spans if span[0] <= line <= span[1]]
    above = [span for span in spans if trailing and line - REACH <= span[1] < line]
    below = [span for span in spans if not trailing and line < span[0] <= line + REACH]
    return next(iter([*around, *above[-1:], *below[:1]]), (line, line))
