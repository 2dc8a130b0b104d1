"""``plan``: how a real planner runs each query, which indexes it lacks, and how its cost grows, for people and for programs."""

from __future__ import annotations

import io
import json
import math
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lastcall.commands.audit import reading
from lastcall.commands.judged import left_out, require
from lastcall.formats import Style
from lastcall.formats._untrusted import no_commands, one_line, visible, visible_path
from lastcall.model import MissingIndex, Progress, Query

if TYPE_CHECKING:
    from rich.text import Text

    from lastcall.sql.planner.plan import Step
    from lastcall.sql.planner.verdict import Point, Verdict

Suggestion = Callable[[str, tuple[str, ...]], MissingIndex]

VERSION = 1
"""Of the JSON: fields may be added, never changed."""
_WIDEST, _NARROWEST = 100, 60
_MANY = 10_000
"""Rows from which on a table that is read whole stands out."""
_LINES = 12
"""Lines of a query's SQL that are shown."""
_NUMBER = 14
_STEPS = 40
"""Steps of a plan that are shown."""


@dataclass(frozen=True)
class Planned:
    """One query with what the planner says of it; ``missing`` are the indexes that it lacks, with the SQL that makes them."""

    verdict: Verdict
    missing: tuple[MissingIndex, ...] = ()
    growth: tuple[Point, ...] = ()
    word: str = ""
    word_with_indexes: str = ""

    @property
    def query(self) -> Query:
        return self.verdict.query


@dataclass(frozen=True)
class Plans:
    """Everything that is printed.  ``title`` says who plans and for how many rows; ``costs`` whether it tells costs."""

    title: str
    costs: bool
    planned: tuple[Planned, ...]
    notes: tuple[str, ...] = ()
    unread: int = 0
    files: int = 0


def run(paths: Sequence[Path], statistics: Path | None, progress: Progress) -> Plans:
    """Plan every query of ``paths`` (none: the working folder).  LastcallError where the planner is not installed."""
    from lastcall.sql.planner.verdict import judging  # noqa: PLC0415  nothing of this is loaded unless somebody asks for it
    from lastcall.sql.planner.volume import Volume  # noqa: PLC0415

    with reading(paths, progress) as read:
        side, volume = read.side, Volume.of(read.policy.queries, statistics)
    require(side.catalog.dialect)
    with judging(side, side.queries, volume, progress) as judge:
        verdicts = list(judge.verdicts())
        growth = judge.growth(verdicts)
        planned = tuple(_planned(verdict, growth, judge.naming.suggested) for verdict in verdicts)
        return Plans(
            title=judge.title,
            costs=judge.planner.tells_costs,
            planned=planned,
            notes=(*side.notes, *left_out(judge)),
            unread=len(side.unread),
            files=side.files,
        )


def _planned(verdict: Verdict, growth: Mapping[int, tuple[Point, ...]], suggestion: Suggestion) -> Planned:
    from lastcall.sql.planner.verdict import growth_word  # noqa: PLC0415

    points = growth.get(id(verdict.query), ())
    missing = tuple(suggestion(each.table, each.columns) for each in verdict.missing)
    return Planned(verdict, missing, points, growth_word(points), growth_word(points, "with_indexes"))


# ---------------------------------------------------------------------------------------------------------------- for programs


def as_json(plans: Plans) -> str:
    """The plans, costs and missing indexes of every query; costs are null where the planner tells none."""
    queries = [_query(each, costs=plans.costs) for each in plans.planned]
    return json.dumps({"version": VERSION, "planner": plans.title, "queries": queries, "notes": list(plans.notes)}, indent=2) + "\n"


def _query(planned: Planned, *, costs: bool) -> dict[str, object]:
    verdict, place = planned.verdict, planned.query.location
    told = costs and not verdict.reason
    return {
        "path": place.path,
        "line": place.line,
        "end_line": place.end_line,
        "origin": planned.query.origin,
        "sql": planned.query.sql,
        "abstained": verdict.reason or None,
        "cost": verdict.cost if told else None,
        "with_indexes": verdict.best if told else None,
        "factor": verdict.factor if told else None,
        "missing": [{"table": each.table, "columns": list(each.columns), "sql": each.sql} for each in planned.missing],
        "growth": _growth(planned, costs=costs) if planned.word else None,
        "plan": _step(verdict.plan) if verdict.plan else None,
    }


def _growth(planned: Planned, *, costs: bool) -> dict[str, object]:
    points = [{"rows": each.rows, "cost": each.cost, "with_indexes": each.with_indexes} for each in planned.growth] if costs else []
    return {"today": planned.word, "with_indexes": planned.word_with_indexes, "costs": points}


def _step(step: Step) -> dict[str, object]:
    return {
        "what": step.what,
        "table": step.table or None,
        "alias": step.alias or None,
        "index": step.index or None,
        "condition": step.condition or None,
        "cost": step.cost,
        "rows": step.rows,
        "below": [_step(each) for each in step.below],
    }


# ---------------------------------------------------------------------------------------------------------------- for people


@dataclass(frozen=True)
class Drawing:
    """The characters that trees and bars are drawn with."""

    branch: str = "├─ "
    last: str = "└─ "
    trunk: str = "│  "
    bar: str = "█"
    dots: str = "…"


_PLAIN = Drawing("+- ", "`- ", "|  ", "#", "...")


def _drawing() -> Drawing:
    """What standard output can write."""
    try:
        "├│█…".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return _PLAIN
    return Drawing()


def as_text(plans: Plans, style: Style, drawing: Drawing | None = None) -> str:
    """A paragraph for each query, and a last one for all; drawn with what standard output can write, where nothing else is said."""
    from rich.console import Console  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    width = max(min(style.width, _WIDEST), _NARROWEST)
    written = io.StringIO()
    console = Console(
        file=written,
        width=width,
        force_terminal=style.color,
        color_system="standard" if style.color else None,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
        _environ={},
    )
    writer = _Writer(plans, drawing or _drawing(), width)
    for line in writer.lines():
        console.print(line if isinstance(line, Text) else Text(line), no_wrap=True, overflow="crop", crop=True)
    return no_commands("\n".join(line.rstrip() for line in written.getvalue().split("\n")))


class _Writer:
    """Writes the plans line by line; what is too wide is cut where it is printed."""

    def __init__(self, plans: Plans, drawing: Drawing, width: int) -> None:
        self.plans = plans
        self.drawing = drawing
        self.width = width
        self.room = width - 2 * _NUMBER

    def lines(self) -> Iterator[Text | str]:
        for planned in self.plans.planned:
            yield from self.query(planned)
            yield ""
        yield from self.end()

    def query(self, planned: Planned) -> Iterator[Text | str]:
        place, verdict = planned.query.location, planned.verdict
        span = f"-{place.end_line}" if place.end_line > place.line else ""
        yield _styled(self.cut(f"{visible_path(place.path)}:{place.line}{span}", self.width), "bold")
        lines = [line.expandtabs(4) for line in visible(planned.query.sql).strip().split("\n") if line.strip()]
        shown = [part for line in lines for part in _wrapped(f"    {line}", self.width, "      ")]
        yield from shown[:_LINES]
        if len(shown) > _LINES:
            yield f"    {self.drawing.dots} {len(shown) - _LINES} more lines"
        if verdict.reason:
            yield from (_styled(line, "yellow") for line in _wrapped(f"  not planned: {one_line(verdict.reason)}", self.width, "    "))
            return
        yield from self.plan(verdict)
        yield from self.missing(planned)
        if self.plans.costs:
            yield from self.growth(planned)
        elif planned.word:
            yield f"  growth: {_words(planned)}"

    def cut(self, text: str, width: int) -> str:
        """A text in at most so many columns; dots stand for what is left out."""
        from rich.cells import cell_len, set_cell_size  # noqa: PLC0415

        return text if cell_len(text) <= width else set_cell_size(text, width - len(self.drawing.dots)) + self.drawing.dots

    # ------------------------------------------------------------------ the plan

    def plan(self, verdict: Verdict) -> Iterator[Text | str]:
        assert verdict.plan is not None
        tops = [verdict.plan] if self.plans.costs else verdict.plan.below  # SQLite's has no top
        steps = [drawn for top in tops for drawn in _drawn(top, self.drawing)]
        yield _styled(f"{'  plan':<{self.room}}{'cost':>{_NUMBER}}{'rows':>{_NUMBER}}", "dim") if self.plans.costs else "  plan"
        for prefix, step in steps[:_STEPS]:
            yield self.step(prefix, step)
        if len(steps) > _STEPS:
            yield f"    {self.drawing.dots} {len(steps) - _STEPS} more steps"

    def step(self, prefix: str, step: Step) -> Text | str:
        """What a step does, with its cost and rows in columns at the right."""
        from rich.cells import set_cell_size  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        from lastcall.sql.planner.verdict import units  # noqa: PLC0415

        what = f"    {prefix}{step_in_words(step)}"
        if step.cost is None or step.rows is None:
            return what
        numbers = f"{units(step.cost):>{_NUMBER}}{step.rows:>{_NUMBER},.0f}"
        whole = "red" if step.what.endswith("Seq Scan") and step.rows >= _MANY else ""
        return Text.assemble((set_cell_size(self.cut(what, self.room - 1), self.room), whole), (numbers, "dim"))

    # ------------------------------------------------------------------ what it lacks

    def missing(self, planned: Planned) -> Iterator[Text | str]:
        from lastcall.sql.planner.verdict import units  # noqa: PLC0415

        verdict = planned.verdict
        if not planned.missing:
            yield "  missing: nothing"
            return
        names = " and ".join(f"{one_line(each.table)} ({one_line(', '.join(each.columns))})" for each in planned.missing)
        what = "an index on" if len(planned.missing) == 1 else "indexes on"
        saved = f"; with {'it' if len(planned.missing) == 1 else 'them'} the cost is {units(verdict.best)}" if self.plans.costs else ""
        yield from (_styled(line, "bold red") for line in _wrapped(f"  missing: {what} {names}{saved}", self.width, "    "))
        statements = [line for each in planned.missing for line in each.suggestion.split("\n")]  # of a table of partitions they are several
        for statement in statements:
            yield from (_styled(line, "green") for line in _wrapped(f"    {one_line(statement)}", self.width, "      "))

    # ------------------------------------------------------------------ how its cost grows

    def growth(self, planned: Planned) -> Iterator[Text | str]:
        if not planned.word:
            return
        yield f"  growth: {_words(planned)}"
        both = bool(planned.missing)
        costs = [cost for each in planned.growth for cost in (each.cost, each.with_indexes)]
        least = max(min(costs), 0.1)
        most = max(*costs, least * planned.growth[-1].rows / planned.growth[0].rows)  # what does not grow must not look as if it did
        room = self.width - 4 - 16
        each_room = min(room // 2 - 2, 34) if both else min(room, 50)
        if both:
            yield _styled(f"    {'':>16}{'today':<{each_room + 2}}with {'it' if len(planned.missing) == 1 else 'them'}", "dim")
        for point in planned.growth:
            yield self.point(point, least, most, each_room, both=both)

    def point(self, point: Point, least: float, most: float, room: int, *, both: bool) -> Text:
        from rich.text import Text  # noqa: PLC0415

        line = Text(f"    {point.rows:>11,} rows")
        line.append(self.bar(point.cost, least, most, room), "red" if both else "")
        if both:
            line.pad_right(max(16 + 4 + room + 2 - len(line), 0))
            line.append(self.bar(point.with_indexes, least, most, room), "green")
        return line

    def bar(self, cost: float, least: float, most: float, room: int) -> str:
        """A bar on a logarithmic scale, with its cost behind it."""
        from lastcall.sql.planner.verdict import units  # noqa: PLC0415

        number = units(cost)
        longest = max(room - max(len(units(most)), len(number)) - 1, 1)
        share = math.log(max(cost, least) / least) / math.log(most / least)
        return f" {self.drawing.bar * max(1, round(longest * share))} {number}"

    # ------------------------------------------------------------------ all of it

    def end(self) -> Iterator[Text | str]:
        planned = [each for each in self.plans.planned if not each.verdict.reason]
        lacking = sum(bool(each.missing) for each in planned)
        if not self.plans.planned:
            yield "0 queries to plan." if self.plans.files else "0 files matched: there is no SQL to read."
        else:
            number = _count(len(self.plans.planned), "query", "queries")
            told = f"{self.plans.title}: {len(planned)} of {number} planned, {lacking} {'lacks' if lacking == 1 else 'lack'} an index."
            yield from (_styled(line, "bold") for line in _wrapped(told, self.width))
        notes = [
            *self.plans.notes,
            *([f"{_count(self.plans.unread, 'thing')} could not be read: 'lastcall queries' lists them"] if self.plans.unread else []),
        ]
        for note in notes:
            yield from _wrapped(one_line(note), self.width, "  ")


def step_in_words(step: Step) -> str:
    """``Index Scan on orders o by orders_user_id_idx: user_id = u.id``."""
    if step.cost is None:
        return one_line(step.what)
    name = f" on {step.table}" if step.table else ""
    alias = f" {step.alias}" if step.alias and step.alias != step.table else ""
    index = f" by {step.index}" if step.index and step.index not in step.what else ""
    condition = step.condition.removeprefix("(").removesuffix(")") if step.condition.count("(") == 1 else step.condition
    return one_line(f"{step.what}{name}{alias}{index}" + (f": {condition}" if condition else ""))


def _drawn(step: Step, drawing: Drawing, prefix: str = "", below: str = "") -> Iterator[tuple[str, Step]]:
    yield prefix, step
    for number, each in enumerate(step.below):
        last = number == len(step.below) - 1
        yield from _drawn(each, drawing, below + (drawing.last if last else drawing.branch), below + ("   " if last else drawing.trunk))


def _words(planned: Planned) -> str:
    if not planned.missing:
        return planned.word
    return f"{planned.word} today, {planned.word_with_indexes} with {'the index' if len(planned.missing) == 1 else 'the indexes'}"


def _count(number: int, word: str, plural: str = "") -> str:
    return f"{number} {word if number == 1 else plural or word + 's'}"


def _styled(text: str, style: str) -> Text:
    from rich.text import Text  # noqa: PLC0415

    return Text(text, style)


def _wrapped(text: str, width: int, hanging: str = "") -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False) or [""]
