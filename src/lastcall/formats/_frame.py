"""A code frame: lines of a file with their numbers, and the place that a finding speaks of underlined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from lastcall.formats._cells import width_of
from lastcall.formats._untrusted import visible
from lastcall.model import Excerpt, Location

_TAB = 4
_UNDERLINED = 4
"""A place of more lines than this is marked at its left, for carets under each line would tear the query apart."""
_TALLEST = 16
_AROUND = 3
_LONGEST = 4000
"""Characters of a line that are looked at: a minified file has lines of megabytes."""


class Kind(Enum):
    """What a row of a frame is."""

    CODE = auto()
    MARKED = auto()
    CARETS = auto()
    GAP = auto()


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line number, or nothing, and its text."""

    kind: Kind
    text: str
    number: int | None = None


def frame(excerpt: Excerpt, location: Location, width: int) -> list[tuple[str, Row]]:
    """The rows of a frame of ``width`` columns, each with its gutter (``"41 | "``, ``"   | "``); lines too long are cut around the mark."""
    marks = _marks(excerpt, location)
    tall = len(marks) > _UNDERLINED
    digits = len(str(excerpt.first_line + len(excerpt.lines) - 1))
    room = max(width - digits - 3 - (2 if tall else 0), 20)
    return [(_gutter(row, digits, tall=tall), row) for row in _rows(excerpt, marks, room, tall=tall)]


def _gutter(row: Row, digits: int, *, tall: bool) -> str:
    sign = ("> " if row.kind is Kind.MARKED else "  ") if tall else ""
    return f"{sign}{row.number or '':>{digits}} | "


def _marks(excerpt: Excerpt, place: Location) -> dict[int, tuple[int, int]]:
    """The marked lines, each with the first and the last-but-one character (from 0) of its mark."""
    marks: dict[int, tuple[int, int]] = {}
    for number, line in enumerate(excerpt.lines, excerpt.first_line):
        if place.line <= number <= place.end_line:
            start = place.column - 1 if number == place.line else len(line) - len(line.lstrip())
            end = place.end_column - 1 if number == place.end_line and place.end_column else len(line.rstrip())
            start = max(0, min(start, len(line)))
            marks[number] = (start, max(min(end, len(line)), start + 1))
    return marks


def _rows(excerpt: Excerpt, marks: Mapping[int, tuple[int, int]], room: int, *, tall: bool) -> Iterator[Row]:
    begin = max(0, min((start for start, _ in marks.values()), default=0) - _LONGEST // 2)
    lines = {each: _Line(excerpt.lines[each - excerpt.first_line][begin : begin + _LONGEST]) for each in _near(excerpt, marks)}
    spans = {number: (lines[number].offset(start - begin), lines[number].offset(end - begin)) for number, (start, end) in marks.items()}
    left = _left(list(lines.values()), list(spans.values()), room, whole=begin == 0)
    skipped = _skipped(list(lines))
    for number, line in lines.items():
        if number in skipped:
            if number == skipped[0]:
                yield Row(Kind.GAP, f"... {len(skipped)} more lines")
            continue
        yield Row(Kind.MARKED if number in marks else Kind.CODE, line.window(left, room), number)
        if number in spans and not tall and line.text.strip():
            yield _carets(spans[number], left, room)


def _skipped(numbers: Sequence[int]) -> range:
    """The middle of what is too tall, as line numbers."""
    if len(numbers) <= _TALLEST:
        return range(0)
    return range(numbers[_TALLEST * 2 // 3], numbers[-(_TALLEST // 3)])


def _near(excerpt: Excerpt, marks: Mapping[int, object]) -> range:
    """The lines that are worth showing: all of a small excerpt, of a larger one those around the marks."""
    first, last = excerpt.first_line, excerpt.first_line + len(excerpt.lines) - 1
    if marks and len(excerpt.lines) > _TALLEST:
        first, last = max(first, min(marks) - _AROUND), min(last, max(marks) + _AROUND)
    return range(first, last + 1)


def _carets(span: tuple[int, int], left: int, room: int) -> Row:
    start = min(max(span[0] - left, 0), room - 1)
    end = max(min(span[1] - left, room), start + 1)
    return Row(Kind.CARETS, " " * start + "^" * (end - start))


def _left(lines: Sequence[_Line], spans: Sequence[tuple[int, int]], room: int, *, whole: bool) -> int:
    """The first column that is shown, the same for all lines so that code keeps its shape: as few are cut off as show the marks."""
    start, end = min((span[0] for span in spans), default=0), max((span[1] for span in spans), default=0)
    longest = max((line.size for line in lines), default=0)
    if whole and (longest <= room or end <= room - 3):
        return 0
    indentation = min((line.indentation for line in lines if line.text.strip()), default=0)
    if end - indentation <= room - 3:
        return indentation
    lead = max(min(room // 4, room - 3 - (end - start)), 4)  # what comes before the mark tells where one is
    return max(start - lead, 0)


class _Line:
    """A line as it is shown: tabs as spaces, what is not seen written out; knows the column of each of its characters."""

    def __init__(self, text: str) -> None:
        self.text = text
        plain = text.isascii() and text.isprintable()
        self.pieces = list(text) if plain else []
        self.offsets = list(range(len(text) + 1)) if plain else [0]
        for each in "" if plain else text:
            column = self.offsets[-1]
            piece = " " * (_TAB - column % _TAB) if each == "\t" else visible(each)
            self.pieces.append(piece)
            self.offsets.append(column + width_of(piece))

    @property
    def size(self) -> int:
        return self.offsets[-1]

    @property
    def indentation(self) -> int:
        return self.offsets[len(self.text) - len(self.text.lstrip())]

    def offset(self, character: int) -> int:
        """The column of a character; beyond the end, one column for each."""
        inside = max(0, min(character, len(self.text)))
        return self.offsets[inside] + max(character - inside, 0)

    def window(self, left: int, room: int) -> str:
        """The columns from ``left`` on, ``room`` of them; three dots stand for code that is cut off at either side."""
        before, after = left > self.indentation, self.size - left > room
        first, last = left + (3 if before else 0), left + room - (3 if after else 0)
        shown = ""
        for piece, start, end in zip(self.pieces, self.offsets, self.offsets[1:], strict=False):
            if first <= start and end <= last:
                shown += piece
            elif start < last and end > first:  # half of a wide character, or part of a tab
                shown += " " * (min(end, last) - max(start, first))
        return (("..." if before else "") + shown.rstrip() + ("..." if after else "")).rstrip()
