"""Lists are read to their end: page by page, many lists in one request, and once more from the start where that did not come out even."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from lastcall.forges._github_api import Api, Node, checked
from lastcall.forges._github_words import Listing, Page

T = TypeVar("T")

A_REQUEST = 50
_PAGES_AT_MOST = 50


@dataclass
class Reading(Generic[T]):
    """A list that is being read.  ``subject`` is what it belongs to, ``part`` makes a question of a page, ``within`` is where in the answer
    the page is.

    Each total must be the same on every page and be that of the entries at the end: a list that shrinks or grows meanwhile, and one that
    is cut short, are read once more, and after that are not whole.
    """

    subject: str
    listing: Listing[T]
    part: Callable[[str], str]
    within: tuple[str, ...] = ()
    root: bool = False
    found: list[T] = field(default_factory=list)
    silence: str = ""
    cursor: str = ""
    done: bool = False
    _total: int | None = None
    _steady: bool = True
    _pages: int = 0
    _second: bool = False

    def begin(self, first: Page | None) -> Reading[T]:
        """With the first page, which came as part of a bigger question."""
        if first is None:
            self._end(f"GitHub left out its {self.listing.what}: run again")
        else:
            self._take(first)
        return self

    def go_on(self, node: Node) -> None:
        """With the answer to the question for the next page."""
        value = node.value
        for name in (*self.within, "page"):
            value = value.get(name) if isinstance(value, Mapping) else None
        page = checked(Page, value)
        if page is None:
            self._end(node.silence or f"GitHub's answer on its {self.listing.what} was not understood")
        else:
            self._take(page)

    @property
    def question(self) -> str:
        return self.part(self.listing.page(self.cursor))

    def _take(self, page: Page) -> None:
        entries = self.listing.read(page.nodes)
        self.found += entries
        self._steady = self._steady and self._agrees(page, len(entries))
        self._total = page.total
        self._pages += 1
        onward = page.info.cursor if page.info.more else None
        if onward and onward != self.cursor and self._pages < _PAGES_AT_MOST:
            self.cursor = onward
        elif self._steady and not page.info.more and self._total in {None, len(self.found)}:
            self.done = True
        elif self._second or self._pages >= _PAGES_AT_MOST:
            self._end(self._shortage)
        else:
            self.found, self.cursor, self._total, self._steady, self._pages, self._second = [], "", None, True, 0, True

    def _agrees(self, page: Page, entries: int) -> bool:
        """Whether the page says what the pages before it said, and holds what it says it holds."""
        if self.listing.counted:
            return page.total is not None and self._total in {None, page.total}
        last = page.edges[-1] if page.edges else None
        cut = page.edges is not None and page.info.cursor is not None and (last is None or last.cursor != page.info.cursor)
        return not cut and entries == len(page.nodes or ())

    @property
    def _shortage(self) -> str:
        if self._total is None:
            return f"GitHub did not list all of its {self.listing.what}: run again"
        if len(self.found) == self._total:
            return f"its list of {self.listing.what} changed while it was read: run again"
        return f"GitHub listed {len(self.found)} of its {self._total} {self.listing.what}: run again"

    def _end(self, silence: str) -> None:
        self.silence, self.done = silence, True


def read_on(api: Api, readings: Sequence[Reading[Any]], *, aside: bool = False) -> None:
    """Asks for further pages until every list is done; one page of each of many lists of a kind fits into a request."""
    while open_ones := [reading for reading in readings if not reading.done]:
        for batch in _batches(open_ones):
            parts = {f"n{place}": reading.question for place, reading in enumerate(batch)}
            nodes = api.ask(parts, batch[0].listing.fragments, root=batch[0].root, aside=aside)
            for place, reading in enumerate(batch):
                reading.go_on(nodes[f"n{place}"])


def _batches(readings: Sequence[Reading[Any]]) -> Iterator[list[Reading[Any]]]:
    kinds: dict[tuple[str, bool], list[Reading[Any]]] = {}
    for reading in readings:
        kinds.setdefault((reading.listing.field, reading.root), []).append(reading)
    for alike in kinds.values():
        yield from (alike[start : start + A_REQUEST] for start in range(0, len(alike), A_REQUEST))
