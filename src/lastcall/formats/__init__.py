"""Formats render a report.  A format is one pure function; everything it prints stands in the ``Report``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lastcall.model import Report


@dataclass(frozen=True)
class Style:
    """What the place of printing can show: a terminal's width in columns, and whether it takes colours."""

    width: int = 80
    color: bool = False


@dataclass(frozen=True)
class Format:
    """``render`` turns a report into text that ends with a line end."""

    render: Callable[[Report, Style], str]
