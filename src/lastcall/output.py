"""Where a report goes: standard output in one format, files in others; and what to do when the reader has gone."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lastcall.formats import Style
    from lastcall.model import Report

PASS, FINDINGS = 0, 1


@dataclass(frozen=True)
class Output:
    """``format`` is for standard output, ``reports`` are formats with the files they go to; ``color`` is auto, always or never."""

    format: str
    reports: tuple[tuple[str, Path], ...]
    color: str

    @property
    def colored(self) -> bool:
        """https://no-color.org: any value but the empty one means no colour; a user who says ``always`` means it."""
        if self.color == "auto":
            return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        return self.color == "always"

    @property
    def style(self) -> Style:
        """What standard output can show."""
        from lastcall.formats import Style  # noqa: PLC0415

        width = shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 80
        return Style(width=width, color=self.colored)

    def deliver(self, report: Report) -> int:
        """Print and write the report; the exit code of its verdict.  That it is seen comes first: files may not be writable."""
        say(_render(report, self.format, self.style))
        for name, file in self.reports:
            save(file, _render(report, name))
        return FINDINGS if report.failed else PASS


def say(text: str) -> None:
    """To standard output; where its reader has gone (``| head``), the verdict still is the exit code."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        silence()


def silence() -> None:
    """The reader has gone: what is left in the buffer must not raise again when Python ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def save(file: Path, text: str) -> None:
    """To a file.  LastcallError where it cannot be written."""
    from lastcall.model import LastcallError  # noqa: PLC0415

    try:
        file.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise LastcallError(
            f"{file} cannot be written: {reason}", "name a file in a folder that exists and that you may write to"
        ) from None


def _render(report: Report, name: str, style: Style | None = None) -> str:
    from lastcall.formats import Format, Style  # noqa: PLC0415
    from lastcall.plugins import load  # noqa: PLC0415

    return load("lastcall.formats", name, Format).render(report, style or Style())
