"""The facts of one file: what its SQL defines and asks.  A pure function of the file's path and bytes and of the dialect, and so cached by
both."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress

from sqlglot import exp

from lastcall.model import Ignore, Location, Unread
from lastcall.sql.block import Block
from lastcall.sql.ddl import definition
from lastcall.sql.facts import Facts, Placed
from lastcall.sql.frontends import Anchor, Frontend
from lastcall.sql.operations import Operation
from lastcall.sql.query import NotLowered, lower, name_of
from lastcall.sql.statement import Statement, UnreadableStatement, kind, parse, split

IGNORE = re.compile(r"lastcall:[ \t]*ignore\[([^\]\n]*)\][ \t]*([^\n]*)")


def read(frontend: Frontend, path: str, text: str, dialect: str) -> Facts:
    """Everything that ``frontend`` finds in ``text``, read in ``dialect``."""
    reader = _Reader(dialect)
    for fragment in frontend.read(path, text):
        if isinstance(fragment, Unread):
            reader.unread.append(fragment)
        else:
            for statement in split(fragment, dialect):
                reader.statement(statement)
    return reader.facts(tuple(_ignores(path, text, reader.spans)))


class _Reader:
    """Collects the facts of one file, statement by statement."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.operations: list[Operation] = []
        self.views: list[tuple[str, Block]] = []
        self.queries: list[Placed] = []
        self.unread: list[Unread] = []
        self.spans: list[tuple[int, int]] = []

    def facts(self, ignores: tuple[Ignore, ...]) -> Facts:
        return Facts(tuple(self.operations), tuple(self.views), tuple(self.queries), tuple(self.unread), ignores)

    def statement(self, statement: Statement) -> None:
        """A statement that is neither a definition nor a query (SET, GRANT, INSERT of values) says nothing that is looked for."""
        what = kind(statement)
        if what != "other":
            place = statement.location
            self.spans.append((place.line, place.end_line))
        if what != "other" and statement.obstacle:
            self.cannot("statement", statement.obstacle, statement)
        elif what == "ddl":
            self.definition(statement)
        elif what == "query":
            self.query(statement)

    def cannot(self, what: str, reason: str, statement: Statement) -> None:
        if not statement.fragment.bare:
            self.unread.append(Unread(what, reason, statement.location))

    def definition(self, statement: Statement) -> None:
        self.operations += definition(statement, self.dialect)
        if "VIEW" not in statement.keyword:
            return
        with suppress(UnreadableStatement, NotLowered, RecursionError):  # the operations already say that the view is not known
            tree = parse(statement, self.dialect)
            view = tree.this.find(exp.Table) if isinstance(tree, exp.Create) and not tree.args.get("materialized") else None
            if view is not None:
                self.views.append((name_of(view), lower(tree, statement.text, statement.start).block))

    def query(self, statement: Statement) -> None:
        fragment = statement.fragment
        try:
            lowered = lower(parse(statement, self.dialect), fragment.text[statement.start : statement.end], statement.start)
        except (UnreadableStatement, NotLowered) as error:
            self.cannot("query", str(error), statement)
        except RecursionError:
            self.cannot("query", "it is nested too deeply", statement)
        else:
            self.queries.append(Placed(lowered, fragment.origin, fragment.path, tuple(_anchors(statement))))


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
    """Every inline ignore; one that stands in a statement or on the line above it speaks for the whole statement."""
    if "lastcall:" not in text:
        return
    for match in IGNORE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        rules = tuple(name.strip() for name in match.group(1).split(",") if name.strip())
        reason = re.sub(r"\s*(\*/|-->|--\s*error:.*)?\s*$", "", match.group(2)).strip()
        first, last = next(((first, last) for first, last in spans if first - 1 <= line <= last), (line, line))
        yield Ignore(rules, reason, Location(path, min(line, first), 1, max(line, last)))
