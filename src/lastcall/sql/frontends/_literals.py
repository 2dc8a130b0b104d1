"""Python string literals as their source spells them: the value, and where in the file each character of it stands.

The syntax tree tells where a literal begins and ends, and no more: not what an escape does to columns, not where the second part of an
implicit concatenation starts, and before Python 3.12 not even where the holes of an f-string are.  So the source between the two ends is
read once more here, by the same rules on every version of Python.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from lastcall.sql.frontends import Anchor

Place = tuple[int, int]
"""Line and column, both from 1 and in characters."""

HOLE = "\0"
"""Stands in a ``Text`` for what is put in at run time.  No SQL has this character, so it cannot be meant."""

_SEAM = re.compile(r"(?:[ \t\f]|\\?(?:\r\n?|\n)|#[^\r\n]*)*")
_OPEN = re.compile(r"""([A-Za-z]{0,2})('''|\"""|'|")""")
_NESTED = re.compile(
    r"""#[^\r\n]*|[(\[{]|[)\]}]|:|(?:(?<![A-Za-z0-9_])(?:[rR]?[fFtT]|[fFtT][rR]|[rRbBuU]|[rR][bB]|[bB][rR]))?(?:'''|\"""|'|")"""
)
_BRACE = re.compile(r"[{}]")
_SIMPLE_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\\": "\\", "'": "'", '"': '"'}


class LostError(Exception):
    """The scanner and the parser do not agree about a literal."""


@dataclass(frozen=True, slots=True)
class Text:
    """A string of the program: its characters (``HOLE`` for what is not known) and anchors into the file.

    ``literals`` are the places of the literals that make it up, ``guests`` those that it takes in by name from elsewhere, which other
    strings may take in too.  ``why`` is set where nothing at all is known: ``unknown``, ``imported``, ``file`` (read from a file),
    ``foreign`` (no string).
    """

    text: str
    anchors: tuple[Anchor, ...]
    literals: frozenset[Place] = frozenset()
    guests: frozenset[Place] = frozenset()
    why: str = ""

    def __add__(self, other: Text) -> Text:
        return concatenate([self, other])

    def slice(self, start: int, stop: int) -> Text:
        inside = self.anchors[self._anchor_after(start) : self._anchor_after(stop - 1)]
        moved = (Anchor(each.offset - start, each.line, each.column) for each in inside)
        return Text(self.text[start:stop], (Anchor(0, *self.position(start)), *moved), self.literals, self.guests)

    def _anchor_after(self, offset: int) -> int:
        return bisect_right(self.anchors, offset, key=lambda each: each.offset)

    def position(self, offset: int) -> Place:
        """Line and column of the character at ``offset``; the same reckoning as ``Fragment.position``."""
        anchor = self.anchors[self._anchor_after(offset) - 1]
        lines = self.text.count("\n", anchor.offset, offset)
        if not lines:
            return anchor.line, anchor.column + offset - anchor.offset
        return anchor.line + lines, offset - self.text.rfind("\n", 0, offset)

    def at(self, place: Place) -> Text:
        """The same text, told to stand where it is put in by its name: a query must not stretch from there to a constant far away."""
        runs = tuple(Anchor(run.start(), *place) for run in re.finditer(r"\s+|\S+", self.text))
        return Text(self.text, runs or (Anchor(0, *place),), frozenset(), self.literals | self.guests, self.why)

    def guest(self) -> Text:
        """The same text at its own place, not owned by the string that takes it in."""
        return Text(self.text, self.anchors, frozenset(), self.literals | self.guests, self.why)

    def replace(self, pattern: re.Pattern[str], replacement: str) -> Text:
        """Every match of ``pattern`` replaced, with the anchors kept right; the replacement stands where the match did."""
        return splice(
            self, ((match.start(), match.end(), word(replacement, self.position(match.start()))) for match in pattern.finditer(self.text))
        )


def splice(whole: Text, cuts: Iterator[tuple[int, int, Text]]) -> Text:
    """``whole`` with ``(start, end, replacement)`` put in, from left to right."""
    pieces: list[Text] = []
    done = 0
    for start, end, replacement in cuts:
        pieces += (whole.slice(done, start), replacement)
        done = end
    return concatenate([*pieces, whole.slice(done, len(whole.text))]) if pieces else whole


def concatenate(pieces: list[Text]) -> Text:
    """All of ``pieces`` (at least one) in one; linear, where adding them one by one is not."""
    if len(pieces) == 1:
        return pieces[0]
    anchors: dict[int, Anchor] = {}
    size = 0
    for piece in pieces:
        anchors.update({size + each.offset: Anchor(size + each.offset, each.line, each.column) for each in piece.anchors})
        size += len(piece.text)
    literals = frozenset[Place]().union(*(piece.literals for piece in pieces))
    guests = frozenset[Place]().union(*(piece.guests for piece in pieces))
    return Text("".join(piece.text for piece in pieces), tuple(anchors.values()), literals, guests)


def hole(place: Place, why: str = "unknown") -> Text:
    """A text of which nothing is known."""
    return Text(HOLE, (Anchor(0, *place),), why=why)


def word(value: str, place: Place) -> Text:
    """A text without a literal of its own."""
    return Text(value, (Anchor(0, *place),))


class Source:
    """A Python file's text, with the way from the places of the syntax tree (lines, and bytes of UTF-8) to characters."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer(r"\r\n?|\n", self.text))]

    def offset(self, line: int, column: int) -> int:
        """The character at ``line`` (from 1) and ``column`` (bytes of UTF-8, from 0), as ``ast`` counts them."""
        start = self._starts[line - 1]
        head = self.text[start : start + column]
        return start + (column if head.isascii() else len(self.text[start : start + column].encode()[:column].decode(errors="ignore")))

    def place(self, offset: int) -> Place:
        """The place of the character at ``offset``."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def start(self, node: ast.expr) -> Place:
        """Where ``node`` begins."""
        return self.place(self.offset(node.lineno, node.col_offset))

    def end(self, node: ast.expr) -> Place:
        """The place after ``node``."""
        return self.place(self.offset(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset))

    def constant(self, node: ast.Constant) -> Text:
        """The text of a string without holes."""
        value = str(node.value)
        place = self.start(node)
        try:
            read = concatenate(self.pieces(node))
        except LostError:
            read = word("", place)
        # Should this scanner not know a form, the parser's value is right still, and the places are good to the line.
        anchors = read.anchors if read.text == value else (Anchor(0, *place),)
        return Text(value, anchors, frozenset({place}))

    def pieces(self, node: ast.expr) -> list[Text]:
        """The parts of a literal, also of several side by side: texts, and one text that is a single ``HOLE`` for each hole.

        Raises LostError where the source is not what the syntax tree says.
        """
        offset = self.offset(node.lineno, node.col_offset)
        end = self.offset(node.end_lineno or 0, node.end_col_offset or 0)
        found: list[Text] = []
        while offset < end:
            opening = _OPEN.match(self.text, offset)
            if opening is None:
                raise LostError
            body = _Body(self, opening)
            offset = _skip_seam(self.text, body.scan(opening.end()), end)
            found += body.pieces
        return found


def _skip_seam(text: str, offset: int, end: int) -> int:
    seam = _SEAM.match(text, offset, end)
    return seam.end() if seam else offset


class _Body:
    """One literal between its quotes."""

    def __init__(self, source: Source, opening: re.Match[str]) -> None:
        prefix = opening[1].lower()
        self.source = source
        self.step = _step(opening[2], raw="r" in prefix, formatted="f" in prefix or "t" in prefix)
        self.pieces: list[Text] = []
        self._parts: list[str] = []
        self._anchors: list[Anchor] = []
        self._size = 0
        self._next = -1

    def scan(self, offset: int) -> int:
        """Reads on from after the opening quote; returns the offset after the closing one."""
        self._anchor(offset)
        while match := self.step.search(self.source.text, offset):
            self._take(self.source.text[offset : match.start()], offset, match.start())
            offset = match.end()
            if match.lastgroup == "close":
                self._flush()
                return offset
            if match.lastgroup == "hole":
                self._flush()
                self.pieces.append(hole(self.source.place(match.start())))
                offset = _after_hole(self.source.text, offset)
            else:
                self._take(_decoded(match), match.start(), offset)
        raise LostError

    def _take(self, value: str, start: int, end: int) -> None:
        """``value`` is what the source from ``start`` to ``end`` says; where they are of one length and follow on, no anchor is needed."""
        if start == end:
            return
        if value and start != self._next:
            self._anchor(start)
        self._parts.append(value)
        self._size += len(value)
        # A value unlike its spelling (an escape) never lets the next text follow on from it.
        self._next = end if value == self.source.text[start:end] else -1

    def _anchor(self, start: int) -> None:
        if self._anchors and self._anchors[-1].offset == self._size:
            self._anchors.pop()
        self._anchors.append(Anchor(self._size, *self.source.place(start)))
        self._next = start

    def _flush(self) -> None:
        if self._size:
            self.pieces.append(Text("".join(self._parts), tuple(self._anchors)))
        elif not self.pieces and self._anchors:
            self.pieces.append(Text("", (self._anchors[0],)))
        self._parts, self._anchors, self._size, self._next = [], [], 0, -1


@lru_cache(maxsize=64)
def _step(quote: str, *, raw: bool, formatted: bool) -> re.Pattern[str]:
    """What to stop at inside a literal: its end, an escape, a line end that Python rewrites, a brace."""
    simple = r"\\(?:\r\n|[0-7]{1,3}|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|N\{[^{}]*\}|BRACES.)"
    escape = r"\\BRACES(?:\r\n|.)" if raw else simple
    alternatives = [
        f"(?P<{'raw' if raw else 'escape'}>{escape.replace('BRACES', '(?![{}])' if formatted else '')})",
        r"(?P<newline>\r\n?)",
        rf"(?P<close>{quote})",
    ]
    if formatted:
        alternatives += [r"(?P<brace>\{\{|\}\})", r"(?P<hole>\{)"]
    return re.compile("|".join(alternatives), re.DOTALL)


def _decoded(match: re.Match[str]) -> str:
    spelling = match[0]
    if match.lastgroup == "raw":
        return spelling.replace("\r\n", "\n").replace("\r", "\n")
    if match.lastgroup == "newline":
        return "\n"
    if match.lastgroup == "brace":
        return spelling[0]
    letter = spelling[1]
    if letter in "\r\n":
        return ""
    if letter in _SIMPLE_ESCAPES:
        return _SIMPLE_ESCAPES[letter]
    if letter in "01234567":
        return chr(int(spelling[1:], 8))
    if letter in "xuU" and len(spelling) > len(r"\x"):
        return chr(int(spelling.lstrip("\\xuU"), 16))
    return _named(spelling) if letter == "N" else spelling


def _named(spelling: str) -> str:
    try:
        return unicodedata.lookup(spelling[3:-1])
    except KeyError as error:
        raise LostError from error


def _after_hole(text: str, offset: int) -> int:
    """The offset after the brace that closes the hole whose expression begins at ``offset``; strings in it may hold braces and quotes."""
    depth = 0
    while match := _NESTED.search(text, offset):
        part = match[0]
        offset = match.end()
        if part in "([{":
            depth += 1
        elif part in ")]}" and depth:
            depth -= 1
        elif part == "}":
            return offset
        elif part == ":" and not depth:
            return _after_spec(text, offset)
        elif part[-1] in "'\"" and not part.startswith("#"):
            offset = _after_string(text, part, offset)
    raise LostError


def _after_spec(text: str, offset: int) -> int:
    while match := _BRACE.search(text, offset):
        offset = match.end()
        if match[0] == "}":
            return offset
        offset = _after_hole(text, offset)
    raise LostError


def _after_string(text: str, opening: str, offset: int) -> int:
    quote = opening.lstrip("rRbBuUfFtT")
    prefix = opening[: -len(quote)].lower()
    step = _step(quote, raw="r" in prefix, formatted="f" in prefix or "t" in prefix)
    while match := step.search(text, offset):
        offset = match.end()
        if match.lastgroup == "close":
            return offset
        if match.lastgroup == "hole":
            offset = _after_hole(text, offset)
    raise LostError
