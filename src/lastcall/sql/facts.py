"""The facts of one file, as the store keeps them: no parser is loaded to use them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

from lastcall.model import Ignore, Location, Unread
from lastcall.sql.block import Block, Lowered, Span
from lastcall.sql.frontends import Anchor
from lastcall.sql.operations import Operation

_OFFSET = attrgetter("offset")


class View(NamedTuple):
    """A view: its folded name, the block of its query, and that query as it is written."""

    name: str
    block: Block
    sql: str


class Placed(NamedTuple):
    """A lowered query with what it takes to find its characters in the host file again."""

    lowered: Lowered
    origin: str
    path: str
    anchors: tuple[Anchor, ...]

    def location(self, span: Span) -> Location:
        line, column = self.position(span[0])
        end_line, end_column = self.position(max(span[1] - 1, span[0]))
        return Location(self.path, line, column, end_line, end_column + 1)

    def position(self, offset: int) -> tuple[int, int]:
        anchor = self.anchors[max(bisect_right(self.anchors, offset, key=_OFFSET) - 1, 0)] if len(self.anchors) > 1 else self.anchors[0]
        return anchor.line, anchor.column + offset - anchor.offset


@dataclass(frozen=True)
class Facts:
    """What one file says: DDL operations in order, views, queries, what could not be read, and inline ignores."""

    operations: tuple[Operation, ...] = ()
    views: tuple[View, ...] = ()
    queries: tuple[Placed, ...] = ()
    unread: tuple[Unread, ...] = ()
    ignores: tuple[Ignore, ...] = ()
    dialect: str = ""
    """The dialect that it was read in, where its name or its text leave no doubt about it; else the repository's."""
