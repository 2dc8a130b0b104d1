"""Front ends find SQL in files: in ``.sql`` files, in strings of a host language, in ORM calls."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from lastcall.model import Location, Unread


class Anchor(NamedTuple):
    """From ``offset`` of a fragment's text on, the text stands in the host file from ``line`` and ``column`` (1-based characters) on."""

    offset: int
    line: int
    column: int


@dataclass(frozen=True)
class Fragment:
    """A piece of SQL text from a host file, with as many anchors as it takes to find every character again.

    Between two anchors the text is the host file's, line ends included; after an escape, a hole or a seam of a concatenation a new anchor
    begins. ``origin`` is ``sql`` (a file of SQL) or ``string`` (a literal of a host language).  Values that are put in at run time are
    written ``?``. ``bare`` says that the text is known to be SQL only by its looks (a module constant): what does not parse is then
    dropped silently.
    """

    path: str
    text: str
    origin: str
    anchors: Sequence[Anchor] = (Anchor(0, 1, 1),)
    bare: bool = False

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, in the host file, of the character at ``offset`` of the text."""
        anchor = self.anchors[bisect_right(self.anchors, offset, key=lambda each: each.offset) - 1]
        first, last = bisect_left(self._newlines, anchor.offset), bisect_left(self._newlines, offset)
        if first == last:
            return anchor.line, anchor.column + offset - anchor.offset
        return anchor.line + last - first, offset - self._newlines[last - 1]

    @cached_property
    def _newlines(self) -> list[int]:
        """Where the lines end, found once: a dump has as many statements as lines."""
        return [found.start() for found in re.finditer("\n", self.text)]

    def location(self, start: int, end: int) -> Location:
        """The place of ``text[start:end]`` (``end`` exclusive, not empty)."""
        line, column = self.position(start)
        end_line, end_column = self.position(end - 1)
        return Location(self.path, line, column, end_line, end_column + 1)


@dataclass(frozen=True)
class Frontend:
    """``suffixes`` are the file endings it reads; ``relevant`` rules a file out by a scan of its bytes, before any parser is loaded;
    ``read`` is pure, looks at one file alone, and is therefore cached by the blob's id."""

    suffixes: frozenset[str]
    relevant: Callable[[bytes], bool]
    read: Callable[[str, str], Iterator[Fragment | Unread]]
    """(path, text) → fragments."""
    plain: bool = False
    """Its files are SQL and nothing else, so that their text may speak for a dialect of their own."""
