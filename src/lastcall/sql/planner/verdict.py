"""What a planner says of queries: which indexes they lack, what each would save, and how their cost grows.

A query lacks indexes when it is planned ten times cheaper with every candidate than without; what can be left out again while it costs
no more than twice the best is not needed (``knowledge``: docs/accuracy.md).
"""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlglot import exp

from lastcall.model import Judgement, MissingIndex, Progress, Query, Ruling, Side, no_progress
from lastcall.sql.naming import Naming
from lastcall.sql.planner.candidates import NOTHING, Candidate, Reading, candidates, meant, reading
from lastcall.sql.planner.parameters import blanked
from lastcall.sql.planner.plan import Abstains, Asked, Planner, Step, Weighed
from lastcall.sql.planner.server import Server
from lastcall.sql.planner.volume import GROWTH, Volume
from lastcall.sql.statement import UnreadableStatement, parse_text

FACTOR = 10
"""How many times cheaper a query must become for an index to be missing."""
NEAR = 2
"""How many times the best cost is still as good."""
BUDGET = 600.0
"""Seconds after which the judge abstains from what is left."""


@dataclass
class Case:
    """A query that is put to a planner, and why it cannot be, where it cannot."""

    query: Query
    reason: str = ""
    asked: Asked = field(default_factory=lambda: Asked(""))
    read: Reading = NOTHING
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What a planner says of one query; ``reason`` why it abstains, and then nothing else is known.

    ``cost`` is today's, ``best`` the one with all candidates; ``missing`` is the smallest set of indexes that is as good, where that is
    ten times cheaper.
    """

    query: Query
    reason: str = ""
    plan: Step | None = None
    cost: float = 0.0
    best: float = 0.0
    missing: tuple[Candidate, ...] = ()

    @property
    def factor(self) -> float:
        return self.cost / max(self.best, 1e-9)


DIALECTS = {"postgres": "PostgreSQL", "sqlite": "SQLite", "mysql": "MySQL", "tsql": "SQL Server", "oracle": "Oracle"}


def units(cost: float) -> str:
    """A cost as people read it; from a trillion on by its power of ten."""
    return f"{cost:.1f}" if cost < 10 else f"{cost:,.0f}" if cost < 1e12 else f"{cost:.1e}".replace("e+", "e")  # noqa: PLR2004


class Judging:
    """Puts the queries of one side to one planner."""

    def __init__(self, planner: Planner, side: Side, queries: Sequence[Query], volume: Volume, progress: Progress = no_progress) -> None:
        self.planner = planner
        self.side = side
        self.volume = volume
        self.progress = progress
        self.naming = Naming(side.catalog)
        self.until = time.monotonic() + BUDGET
        views = dict(_views(side))
        self.cases = {id(query): self._case(query, views) for query in queries}
        able = [case for case in self.cases.values() if not case.reason]
        tables = {table.name: table for case in able for table in case.read.tables}
        planner.prepare(tables.values(), dict.fromkeys(name for case in able for name in case.read.views), self._all(able))

    @property
    def title(self) -> str:
        """Who judges, and what it believes in: ``PostgreSQL's planner at 10,000,000 rows a table``."""
        dialect = self.side.catalog.dialect
        instead = "" if DIALECTS.get(dialect, "") == self.planner.name else f" in place of {DIALECTS.get(dialect, dialect)}'s"
        return f"{self.planner.name}'s planner{instead} at {self.volume}"

    def told(self, judgement: Judgement) -> str:
        """What it says, for a message; empty where it abstains."""
        if judgement.verdict is Ruling.ABSTAINED:
            return ""
        which = "with this and the other indexes suggested for the query" if judgement.reason else "with the index"
        if judgement.cost is None or judgement.with_index is None:
            much = (
                "goes through no large table any more"
                if judgement.verdict is Ruling.CONFIRMED
                else "goes through a large table all the same"
            )
            return f"{self.planner.name}'s planner {much} {which}"
        return f"{self.title}: cost {units(judgement.cost)} -> {units(judgement.with_index)} {which}"

    @staticmethod
    def _all(cases: Sequence[Case]) -> Iterator[Candidate]:
        return (candidate for case in cases for candidate in case.candidates)

    def _case(self, query: Query, views: Mapping[str, exp.Expr]) -> Case:
        case = Case(query)
        catalog = self.side.catalog
        try:
            asked = self.planner.asked(query.sql)
            case.read = reading(parse_text(blanked(query.sql, catalog.dialect), catalog.dialect), catalog, views)
        except (Abstains, UnreadableStatement) as error:
            case.reason = str(error)
            return case
        case.asked = Asked(asked, meant(case.read, catalog))
        uncertain = next((table for table in case.read.tables if table.uncertain), None)
        if uncertain is not None:
            case.reason = f"{uncertain.name} is not known for sure: {uncertain.uncertain}"
        case.candidates = candidates(query, case.read, catalog)
        return case

    # ------------------------------------------------------------------ asking

    def verdicts(self) -> Iterator[Verdict]:
        """What the planner says of each query, in their order."""
        for number, case in enumerate(self.cases.values()):
            self.progress("planning", number, len(self.cases))
            yield self.verdict(case.query)

    def verdict(self, query: Query) -> Verdict:
        """Today's plan of a query, and the indexes that it lacks."""
        case = self.cases[id(query)]
        try:
            today = self._weigh(case)
            wanted = [each for each in case.candidates if self.planner.tried(each)]
            best = self._weigh(case, wanted) if wanted else today
            missing: tuple[Candidate, ...] = ()
            if today.weight >= FACTOR * best.weight:
                missing = self._smallest(case, [each for each in wanted if each in best.used] or wanted, best.weight)
        except Abstains as error:
            return Verdict(query, str(error))
        return Verdict(query, "", today.plan, today.weight, best.weight, missing)

    def cost(self, query: Query, indexes: Collection[Candidate] = ()) -> float:
        """What a query costs with some of its candidates.  Raises ``Abstains``."""
        return self._weigh(self.cases[id(query)], indexes).weight

    def _smallest(self, case: Case, wanted: Sequence[Candidate], best: float) -> tuple[Candidate, ...]:
        """Drop one candidate after the other, as long as the query stays as cheap; wide indexes go first."""
        kept = list(wanted)
        for each in sorted(wanted, key=lambda candidate: (-len(candidate.columns), candidate)):
            fewer = [other for other in kept if other != each]
            if self._weigh(case, fewer).weight <= NEAR * best:
                kept = fewer
        return tuple(sorted(kept))

    def _weigh(self, case: Case, indexes: Collection[Candidate] = ()) -> Weighed:
        if case.reason:
            raise Abstains(case.reason)
        if time.monotonic() > self.until:
            raise Abstains(f"the judge has worked for {BUDGET / 60:.0f} minutes, and stops there")
        return self.planner.weigh(case.asked, indexes)

    # ------------------------------------------------------------------ findings

    def judgement(self, query: Query, index: MissingIndex, beside: Sequence[MissingIndex] = ()) -> Judgement:
        """Whether the query is much cheaper with ``index``, by itself or with those that are suggested ``beside`` it."""
        one = Candidate(index.table, index.columns)
        every = list(dict.fromkeys([one, *(Candidate(each.table, each.columns) for each in beside)]))
        try:
            today, alone = self.cost(query), self.cost(query, [one])
            if not self.planner.tried(one):
                return Judgement(Ruling.ABSTAINED, reason="the index cannot be made here")
            if today >= FACTOR * alone or len(every) == 1:
                return self._ruling(today, alone, today >= FACTOR * alone)
            together, without = self.cost(query, every), self.cost(query, [each for each in every if each != one])
            needed = today >= FACTOR * together and without >= NEAR * together
            reason = "with the other indexes that are suggested for the query" if needed else ""
            return self._ruling(today, together if needed else alone, needed, reason)
        except Abstains as error:
            return Judgement(Ruling.ABSTAINED, reason=str(error))

    def _ruling(self, today: float, with_index: float, confirmed: bool, reason: str = "") -> Judgement:
        verdict = Ruling.CONFIRMED if confirmed else Ruling.CLEARED
        if not self.planner.tells_costs:
            return Judgement(verdict, reason=reason)
        return Judgement(verdict, today, with_index, today / max(with_index, 1e-9), reason)

    # ------------------------------------------------------------------ growth

    def growth(self, verdicts: Sequence[Verdict]) -> dict[int, tuple[Point, ...]]:
        """Of each query, by its id, what it costs at ``GROWTH`` rows a table, today and with what it lacks."""
        found: dict[int, list[Point]] = {id(verdict.query): [] for verdict in verdicts if not verdict.reason}
        for number, rows in enumerate(GROWTH):
            self.progress("growing", number, len(GROWTH))
            self.planner.fill(self.volume.at(rows))
            for verdict in verdicts:
                if not verdict.reason:
                    found[id(verdict.query)] += self._point(verdict, rows)
        self.planner.fill(self.volume)
        return {key: tuple(points) for key, points in found.items()}

    def _point(self, verdict: Verdict, rows: int) -> Iterator[Point]:
        try:
            cost = self.cost(verdict.query)
            yield Point(rows, cost, self.cost(verdict.query, verdict.missing) if verdict.missing else cost)
        except Abstains:
            return


@dataclass(frozen=True)
class Point:
    """What a query costs with ``rows`` in every table: today, and with the indexes that it lacks."""

    rows: int
    cost: float
    with_indexes: float


CONSTANT, LOGARITHMIC, LINEAR, WORSE = "constant", "logarithmic", "linear", "worse"


def growth_word(points: Sequence[Point], cost: str = "cost") -> str:
    """One word for how a cost grows from the first point to the last; empty where too little is known."""
    if len(points) < 2:  # noqa: PLR2004
        return ""
    first, last = points[0], points[-1]
    ratio = max(getattr(last, cost), 1e-9) / max(getattr(first, cost), 1e-9)
    power = math.log(ratio) / math.log(last.rows / first.rows)
    if power < 0.02:  # noqa: PLR2004 -- ten thousand times the rows cost a fifth more
        return CONSTANT
    return LOGARITHMIC if power < 0.5 else LINEAR if power < 1.25 else WORSE  # noqa: PLR2004


def _views(side: Side) -> Iterator[tuple[str, exp.Expr]]:
    for name, query in side.views.items():
        try:
            yield name, parse_text(blanked(query, side.catalog.dialect), side.catalog.dialect)
        except UnreadableStatement:
            continue


@contextmanager
def judging(
    side: Side, queries: Sequence[Query], volume: Volume, progress: Progress = no_progress, server: Server | None = None
) -> Iterator[Judging]:
    """A planner that has been given the schema and every query.  LastcallError where it is not installed, or does not start.

    ``server``: one that runs already; whoever judges once needs none.
    """
    with _planner(side, volume, server) as planner:
        yield Judging(planner, side, queries, volume, progress)


@contextmanager
def _planner(side: Side, volume: Volume, server: Server | None) -> Iterator[Planner]:
    if side.catalog.dialect == "sqlite":
        from lastcall.sql.planner.sqlite import Sqlite  # noqa: PLC0415

        with Sqlite(side.catalog, side.views, volume) as lite:
            yield lite
    else:
        from lastcall.sql.planner.postgres import Postgres  # noqa: PLC0415

        with Postgres(side.catalog, side.views, volume, server) as postgres:
            yield postgres
