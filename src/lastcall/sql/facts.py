"""The facts of one file, as the store keeps them: no parser is loaded to use them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from lastcall.model import Ignore, Location, Unread
from lastcall.sql.block import Block, Lowered, Span
from lastcall.sql.frontends import Anchor
from lastcall.sql.operations import Operation


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
        anchor = next(each for each in reversed(self.anchors) if each.offset <= offset or each is self.anchors[0])
        return anchor.line, anchor.column + offset - anchor.offset


@dataclass(frozen=True)
class Facts:
    """What one file says: DDL operations in order, views, queries, what could not be read, and inline ignores."""

    operations: tuple[Operation, ...] = ()
    views: tuple[tuple[str, Block], ...] = ()
    queries: tuple[Placed, ...] = ()
    unread: tuple[Unread, ...] = ()
    ignores: tuple[Ignore, ...] = ()
