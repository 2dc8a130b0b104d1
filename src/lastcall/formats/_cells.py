"""How many columns of a terminal a text takes, and how it wraps; rich would answer too, for 20 ms of import."""

from __future__ import annotations

import re
from unicodedata import combining, east_asian_width

_WORD = re.compile(r"`[^`]*`[^\s`]*|\S+")  # code in backticks is never broken


def width_of(text: str) -> int:
    """The columns that ``text`` takes: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(each) in "WF" else 0 if combining(each) else 1 for each in text)


def cut(text: str, width: int) -> str:
    """``text`` in at most ``width`` columns; three dots stand for what is left out."""
    if width_of(text) <= width:
        return text
    kept = text[: max(width - 3, 0)]
    while kept and width_of(kept) > width - 3:
        kept = kept[:-1]
    return kept.rstrip() + "..."


def wrap(text: str, width: int, indent: str = "", hanging: str = "") -> list[str]:
    """``text`` on lines of ``width`` columns: between words and between wide characters, never within a path or code in backticks."""
    lines: list[str] = []
    line, column, empty = indent, width_of(indent), True
    for gap, word in _words(text):
        size = width_of(word)
        if not empty and column + gap + size > width:
            lines.append(line)
            line, column, empty, gap = hanging, width_of(hanging), True, 0  # noqa: PLW2901 (a gap ends with its line)
        gap = 0 if empty else gap  # noqa: PLW2901
        line, column, empty = f"{line}{' ' * gap}{word}", column + gap + size, False
    return [*lines, line]


def _words(text: str) -> list[tuple[int, str]]:
    """The pieces between which a line may end, each with the spaces (none or one) before it."""
    pieces: list[tuple[int, str]] = []
    for match in _WORD.finditer(text):
        gap = 1
        for part in re.split(r"(?<=[\u3000-\u9fff\uac00-\ud7a3\uff00-\uff60])", match[0]) if not match[0].isascii() else [match[0]]:
            if part:
                pieces.append((gap, part))
                gap = 0
    return pieces
