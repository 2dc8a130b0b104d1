"""Work shared out among processes, where the machine has several cores and forks safely; else it is all done here.

A fork has everything that was read so far without being told of it, and starts in milliseconds.  It is safe where nothing but this thread
runs and no system library minds: on Linux, not on macOS.
"""

from __future__ import annotations

import gc
import os
import pickle
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from signal import SIGKILL
from typing import Generic, NoReturn, TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")

MOST = 4
"""Processes at once: each of them takes memory, too."""
GARBAGE = 50_000
"""Objects made until those that hang in circles, as the parser's trees do, are looked for: by itself Python does after some hundred."""


@contextmanager
def undisturbed() -> Iterator[None]:
    """While very many small objects are made: let what is there already be, and look for garbage more seldom."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(GARBAGE, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def cores() -> int:
    """How many processes may run at once; one where none can be forked off safely."""
    if not sys.platform.startswith("linux") or threading.active_count() > 1:
        return 1
    return min(len(os.sched_getaffinity(0)), MOST)


def shared_out(
    items: Sequence[Item], weight: Callable[[Item], int], worth: int, work: Callable[[Item], Made]
) -> Iterator[tuple[Item, Made, bytes | None]]:
    """What ``work`` makes of each item, in any order; where another process made it, with the pickle in which that told it.

    ``worth`` is the weight for which it pays to start another process.  What another one cannot tell, for whatever reason, is made here: so
    ``work`` raises what it raises, whoever does it.  It must depend on nothing but the item, and change nothing.
    """
    shares = _shares(items, weight, min(cores(), sum(map(weight, items)) // worth))
    others = [_Process(share, work) for share in shares[1:]]
    try:
        for item in shares[0]:
            yield item, work(item), None
        for other in others:
            for item, told in zip(other.share, other.told(), strict=True):
                yield item, work(item) if told is None else pickle.loads(told), told  # noqa: S301 -- our own process wrote it
    finally:
        for other in others:
            other.end()


def _shares(items: Sequence[Item], weight: Callable[[Item], int], count: int) -> list[list[Item]]:
    """The items in ``count`` shares (at least one) of about the same weight."""
    if count < 2:  # noqa: PLR2004
        return [list(items)]
    shares: list[list[Item]] = [[] for _ in range(count)]
    weights = [0] * count
    for item in sorted(items, key=weight, reverse=True):
        lightest = weights.index(min(weights))
        shares[lightest].append(item)
        weights[lightest] += weight(item)
    return shares


class _Process(Generic[Item, Made]):
    """Another process that does a share of the work."""

    def __init__(self, share: Sequence[Item], work: Callable[[Item], Made]) -> None:
        self.share = share
        self._from, into = os.pipe()
        self._id: int | None = None
        with suppress(OSError):  # there is no room for another process
            self._id = os.fork()
        if self._id == 0:
            _tell(into, share, work)
        os.close(into)

    def told(self) -> Sequence[bytes | None]:
        """The pickles of what came of each item; None for what could not be told."""
        with open(self._from, "rb", closefd=False) as source:
            try:
                told: list[bytes | None] = pickle.load(source)  # noqa: S301
            except (EOFError, pickle.UnpicklingError):  # it ended before its time
                return [None] * len(self.share)
        return told

    def end(self) -> None:
        """Ends it, if it still runs, as it does where an error or an interrupt came in between."""
        os.close(self._from)
        with suppress(OSError):
            if self._id is not None and os.waitpid(self._id, os.WNOHANG) == (0, 0):
                os.kill(self._id, SIGKILL)
                os.waitpid(self._id, 0)


def _tell(into: int, share: Sequence[Item], work: Callable[[Item], Made]) -> NoReturn:
    """The life of another process: nothing gets out of it but what it tells, and nothing that the first one has open is cleaned up."""
    try:
        gc.freeze()
        told = [_pickled(work(item)) for item in share]
        with open(into, "wb") as target:
            pickle.dump(told, target, protocol=5)
    finally:  # whatever is wrong, it comes up again where the work is done once more
        os._exit(0)


def _pickled(value: object) -> bytes | None:
    try:
        return pickle.dumps(value, protocol=5)
    except RecursionError:  # nested too deeply to be written down
        return None
