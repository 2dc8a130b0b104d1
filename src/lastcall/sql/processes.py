"""Work shared out among processes, where the machine has several cores and forks safely; else it is all done here.

A fork has everything that was read so far without being told of it, and starts in milliseconds.  It is safe where nothing but this thread
runs and no system library minds: on Linux, not on macOS.
"""

from __future__ import annotations

import copyreg
import gc
import io
import os
import pickle
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from signal import SIGKILL
from typing import Generic, NoReturn, TypeVar, cast

Item = TypeVar("Item")
Made = TypeVar("Made")
Reduced = tuple[Callable[..., object], tuple[object, ...]]
"""What pickle writes down of an object: the function that makes it again, and its arguments."""

MOST = 4
"""Processes at once: each of them takes memory, too."""
GARBAGE = 200_000
"""Objects made until those that hang in circles, as the parser's trees do, are looked for: by itself Python does after some hundred.

They are the trees of some three thousand statements, and 40 MB.
"""


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
    items: Sequence[Item], weight: Callable[[Item], int], worth: int, work: Callable[[Item], Made], known: Sequence[object] = ()
) -> Iterator[tuple[Item, Made, bytes | None]]:
    """What ``work`` makes of each item, in any order; where another process made it, with the pickle in which that told it.

    ``worth`` is the weight for which it pays to start another process.  What another one cannot tell, for whatever reason, is made here: so
    ``work`` raises what it raises, whoever does it.  It must depend on nothing but the item, and change nothing.  Of the objects that are
    ``known`` here nothing is told but which they are.
    """
    count = min(cores(), sum(map(weight, items)) // worth)
    if count < 2:  # noqa: PLR2004
        yield from ((item, work(item), None) for item in items)
        return
    queue, language, done = _Queue(items, weight), _Language(known), set[int]()
    others = [_Process(queue, work, language) for _ in range(count - 1)]
    try:
        for number in queue:
            done.add(number)
            yield items[number], work(items[number]), None
        for other in others:
            for number, told in other.told():
                done.add(number)
                yield items[number], cast("Made", language.heard(told)), told
        for number in set(range(len(items))) - done:
            yield items[number], work(items[number]), None
    finally:
        for other in others:
            other.end()
        queue.close()


class _Queue(Generic[Item]):
    """The numbers of the items that nobody has taken yet, heaviest first: a pipe that all processes read, so that none is ever idle."""

    MOST = 512
    """Entries: as many numbers as every pipe has room for.  An entry stands for several items where there are more of them."""

    def __init__(self, items: Sequence[Item], weight: Callable[[Item], int]) -> None:
        self.items = items
        order = sorted(range(len(items)), key=lambda number: -weight(items[number]))
        step = len(order) // self.MOST + 1
        self._entries = [order[start : start + step] for start in range(0, len(order), step)]
        self._from, into = os.pipe()
        os.write(into, b"".join(struct.pack("q", entry) for entry in range(len(self._entries))))
        os.close(into)

    def __iter__(self) -> Iterator[int]:
        """Takes the numbers, one entry after the other, until none is left."""
        while taken := os.read(self._from, struct.calcsize("q")):
            yield from self._entries[struct.unpack("q", taken)[0]]

    def close(self) -> None:
        os.close(self._from)


class _Process(Generic[Item, Made]):
    """Another process that does its share of the work."""

    def __init__(self, queue: _Queue[Item], work: Callable[[Item], Made], language: _Language) -> None:
        self._from, into = os.pipe()
        self._id: int | None = None
        with suppress(OSError):  # there is no room for another process
            self._id = os.fork()
        if self._id == 0:
            _tell(into, queue, work, language)
        os.close(into)

    def told(self) -> Sequence[tuple[int, bytes]]:
        """What came of each item that it took, by the item's number; of those that are missing it could not tell."""
        with open(self._from, "rb", closefd=False) as source:
            try:
                told: list[tuple[int, bytes]] = pickle.load(source)  # noqa: S301 -- our own process wrote it
            except (EOFError, pickle.UnpicklingError):  # it ended before its time
                return []
        return told

    def end(self) -> None:
        """Ends it, if it still runs, as it does where an error or an interrupt came in between."""
        os.close(self._from)
        with suppress(OSError):
            if self._id is not None and os.waitpid(self._id, os.WNOHANG) == (0, 0):
                os.kill(self._id, SIGKILL)
                os.waitpid(self._id, 0)


def _tell(into: int, queue: _Queue[Item], work: Callable[[Item], Made], language: _Language) -> NoReturn:
    """The life of another process: nothing gets out of it but what it tells, and nothing that the first one has open is cleaned up."""
    try:
        gc.freeze()
        told = [(number, pickled) for number in queue if (pickled := language.told(work(queue.items[number]))) is not None]
        with open(into, "wb") as target:
            pickle.dump(told, target, protocol=5)
    finally:  # whatever is wrong, it comes up again where the work is done once more
        os._exit(0)


class _Language:
    """How a process tells another what it made: pickled, where an object that both have had before is no more than its number."""

    def __init__(self, known: Sequence[object]) -> None:
        self._known = known
        self._numbers = {id(each): number for number, each in enumerate(known)}
        self._reductions = {**copyreg.dispatch_table, **dict.fromkeys(map(type, known), self._reduced)}

    def told(self, value: object) -> bytes | None:
        """None of what is nested too deeply to be written down."""
        target = io.BytesIO()
        pickler = pickle.Pickler(target, protocol=5)
        pickler.dispatch_table = self._reductions
        try:
            pickler.dump(value)
        except RecursionError:
            return None
        return target.getvalue()

    def heard(self, told: bytes) -> object:
        unpickler = _Unpickler(io.BytesIO(told))
        unpickler.known = self._known
        heard: object = unpickler.load()
        return heard

    def _reduced(self, value: object) -> Reduced:
        number = self._numbers.get(id(value))
        return cast("Reduced", value.__reduce_ex__(5)) if number is None else (_known, (number,))


def _known(number: int) -> object:
    """Stands in a pickle for the known object of that number; ``_Unpickler`` puts the look-up in its place."""
    raise pickle.UnpicklingError(f"known object {number} was read by another unpickler")


class _Unpickler(pickle.Unpickler):
    """Of what our own process wrote."""

    known: Sequence[object] = ()

    def find_class(self, module: str, name: str) -> object:
        return self.known.__getitem__ if (module, name) == (__name__, _known.__name__) else super().find_class(module, name)
