"""A bar on standard error for work that takes more than a second, on a terminal only."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lastcall.model import Progress, no_progress

if TYPE_CHECKING:
    import rich.progress

PATIENCE = 1.0
"""Seconds that nobody needs a bar for."""


@contextmanager
def watched(*, wanted: bool) -> Iterator[Progress]:
    """The progress of a run: a bar where it is ``wanted`` and standard error is a terminal, and it goes when the work is done."""
    if not wanted or not sys.stderr.isatty():
        yield no_progress
        return
    bar = _Bar()
    try:
        yield bar
    finally:
        bar.close()


class _Bar:
    """Drawn by rich, which is loaded only once the work has taken long enough."""

    def __init__(self) -> None:
        self.since = time.monotonic()
        self.drawn: rich.progress.Progress | None = None
        self.tasks: dict[str, rich.progress.TaskID] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        if self.drawn is None:
            if time.monotonic() - self.since < PATIENCE:
                return
            self.drawn = _draw()
        if what not in self.tasks:
            self.tasks[what] = self.drawn.add_task(what, total=total or None)
        self.drawn.update(self.tasks[what], completed=done, total=total or None)

    def close(self) -> None:
        if self.drawn is not None:
            self.drawn.stop()


def _draw() -> rich.progress.Progress:
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

    # ``what`` is ours, but a path in it would not be: no markup.
    drawn = Progress(
        TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), console=Console(stderr=True), transient=True
    )
    drawn.start()
    return drawn
