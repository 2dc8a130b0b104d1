"""What a planner is, to those who ask one: it is given a schema and queries, and says how it would run each, with or without an index."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from lastcall.model import Table
from lastcall.sql.planner.candidates import Candidate
from lastcall.sql.planner.volume import Volume


class Abstains(Exception):  # noqa: N818 -- a fact about the query, not an error of the program
    """Why a query cannot be planned, as a clause."""


@dataclass
class Asked:
    """A query as the planner takes it; ``text`` changes when the planner learns to take it.

    ``tables`` are the folded names of the tables that are meant by the names and aliases in it.
    """

    text: str
    tables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One node of a plan: what it does, to which table by which index, and what that and all below it costs."""

    what: str
    table: str = ""
    alias: str = ""
    index: str = ""
    condition: str = ""
    cost: float | None = None
    rows: float | None = None
    below: tuple[Step, ...] = ()

    def walk(self) -> Iterator[Step]:
        yield self
        for each in self.below:
            yield from each.walk()


class Weighed(NamedTuple):
    """A plan, its weight (more is worse, and ten times as much is ten times slower), and the candidates that it uses."""

    plan: Step
    weight: float
    used: frozenset[Candidate]


class Planner(Protocol):
    """A planner that runs for as long as its context lasts.  ``prepare`` comes first, and once."""

    name: str
    tells_costs: bool
    left_out: list[str]
    """What of the schema it could not be given."""

    def asked(self, text: str) -> str:
        """A query of the repository as the planner takes it.  Raises ``Abstains``."""

    def prepare(self, tables: Iterable[Table], views: Iterable[str], candidates: Iterable[Candidate]) -> None:
        """Make the tables, the views and all indexes that will be tried."""

    def fill(self, volume: Volume) -> None:
        """Let it believe in other numbers of rows."""

    def tried(self, candidate: Candidate) -> bool:
        """Whether an index could be made."""

    def weigh(self, asked: Asked, indexes: Collection[Candidate] = ()) -> Weighed:
        """The plan with these of the indexes.  Raises ``Abstains``."""
