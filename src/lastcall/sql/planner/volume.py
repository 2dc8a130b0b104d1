"""How many rows a planner is made to believe in: a number for every table, the policy's own numbers, or those of a real server.

A file of statistics is the output of ``pg_dump --statistics-only``, or a CSV of tables and rows.  Nothing in it is run: of the calls in a
dump, names and values are read, and the judge makes calls of its own with them.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lastcall.model import LastcallError, QueryPolicy

MANY = 10_000_000
"""Rows of a table that nothing is said of."""
SMALL = 500
"""Rows of a table that the policy calls small."""
GROWTH = (10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
"""The rows at which a query is planned to see how its cost grows; a table that is known to have fewer than the first keeps its own."""
_LARGEST = 256 << 20
_MOST = 10_000_000_000
"""Rows that a table may have, as in the policy: a file that says more is wrong, and would be made as long as it says."""
_CALL = re.compile(r"\bpg_restore_(relation|attribute)_stats\s*\(", re.IGNORECASE)
_ARGUMENT = re.compile(
    r"\s*'((?:[^']|'')*+)'\s*,\s*(?:'((?:[^']|'')*+)'|([-+\w.]++))\s*(?:::\s*[a-z][a-z ]*(?:\[\])?)?\s*([,)])", re.IGNORECASE
)
_UNKNOWN = frozenset({"", "NULL"})
_HINT = "give it the output of pg_dump --statistics-only, or a CSV of tables and rows"


@dataclass(frozen=True)
class Statistic:
    """One call of a dump: what it is about (``relation``, ``attribute``), and its arguments by name, as text."""

    about: str
    arguments: Mapping[str, str]

    @property
    def relation(self) -> str:
        """The folded name of the table or index, with its schema where that is not the usual one."""
        return folded(f"{self.arguments.get('schemaname', '')}.{self.arguments.get('relname', '')}")


@dataclass(frozen=True)
class Volume:
    """``tables`` are the rows of tables by folded name, ``default`` those of all others; ``source`` is the file that they come from."""

    default: int = MANY
    tables: Mapping[str, int] = field(default_factory=dict)
    statistics: tuple[Statistic, ...] = ()
    source: str = ""

    @classmethod
    def of(cls, policy: QueryPolicy, file: Path | None = None) -> Volume:
        """What the policy says, and in place of that what ``file`` says.  LastcallError where the file cannot be read."""
        said = {folded(name): rows for name, rows in policy.rows.items()}
        default = said.pop("default", MANY)
        small = {folded(name): SMALL for name in policy.small_tables}
        volume = cls(default, {**small, **said})
        return volume.with_file(file) if file else volume

    def with_file(self, file: Path) -> Volume:
        """The volume with the numbers of a file of statistics in place of its own."""
        text = _text(file)
        if statistics := tuple(_calls(text)):
            rows = dict(_dumped(statistics, file))
        elif not (rows := dict(_table(text, file))):
            raise LastcallError(f"{file} tells of no table", _HINT)
        known = {name: max(1, round(number)) for name, number in rows.items() if number >= 0}  # PostgreSQL has -1 for one never analyzed
        return replace(self, tables={**self.tables, **known}, statistics=statistics, source=file.name)

    def rows(self, table: str) -> int:
        """The rows of a table by its folded name; its schema has no say where only one of the two names it."""
        return self.known(table) or self.default

    def known(self, table: str) -> int | None:
        """The rows of a table that something is said of."""
        last = table.rpartition(".")[2]
        return self.tables.get(table) or self.tables.get(last) or self._by_last_part.get(last)

    @property
    def _by_last_part(self) -> Mapping[str, int]:
        cached = self.__dict__.get("_last_parts")
        if cached is None:
            cached = {name.rpartition(".")[2]: rows for name, rows in self.tables.items()}
            self.__dict__["_last_parts"] = cached
        return cached

    def at(self, rows: int) -> Volume:
        """The same with ``rows`` in every table, but for those that are known to be tiny."""
        tiny = {name: known for name, known in self.tables.items() if known < GROWTH[0]}
        return Volume(rows, tiny)

    def __str__(self) -> str:
        """``10,000,000 rows a table``."""
        if self.source:
            return f"the rows of {self.source}"
        return f"{self.default:,} rows a table"


def folded(name: str) -> str:
    """A table's name as the catalog has it: in lower case, without the usual schemas."""
    schema, _, last = name.replace('"', "").lower().rpartition(".")
    return last if schema in ("", "public", "dbo", "main") else f"{schema}.{last}"


def _number(written: str) -> float:
    """A number of rows; -1 where it is none that a table has.  Raises ValueError."""
    rows = float(written)
    if not rows <= _MOST:  # so is no number at all
        raise ValueError(written)
    return rows


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > _LARGEST:
            raise LastcallError(f"{file} is larger than {_LARGEST >> 20} MiB", _HINT)
        return file.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise LastcallError(f"{file} cannot be read: {error.strerror}", _HINT) from None


def _calls(text: str) -> Iterator[Statistic]:
    for call in _CALL.finditer(text):
        arguments: dict[str, str] = {}
        at = call.end()
        while found := _ARGUMENT.match(text, at):
            name, quoted, plain, end = found.groups()
            arguments[name.lower()] = quoted.replace("''", "'") if quoted is not None else plain
            at = found.end()
            if end == ")":
                yield Statistic(call[1].lower(), arguments)
                break


def _dumped(statistics: Iterable[Statistic], file: Path) -> Iterator[tuple[str, float]]:
    """The rows of a dump's tables and indexes."""
    for each in statistics:
        for name in ("relpages", "reltuples"):
            try:
                number = _number(each.arguments.get(name, "-1"))
            except ValueError:
                raise LastcallError(f"{file}: {each.relation} has no such {name}: {each.arguments[name]}", _HINT) from None
        if each.about == "relation":
            yield each.relation, number


def _table(text: str, file: Path) -> Iterator[tuple[str, float]]:
    """The rows of a CSV of tables and rows; columns are parted by a comma, a semicolon or a tab, and the first line may name them."""
    separator = max(",;\t", key=text.partition("\n")[0].count)
    for number, cells in enumerate(csv.reader(text.splitlines(), delimiter=separator), 1):
        if not any(cell.strip() for cell in cells):
            continue
        try:
            name, number_of = cells[0].strip(), cells[1].strip().replace("_", "")
            rows = _number(number_of) if number_of.upper() not in _UNKNOWN else -1.0
        except (IndexError, ValueError):
            if number == 1:
                continue
            raise LastcallError(f"{file}:{number}: this is no table and its number of rows", _HINT) from None
        if name:
            yield folded(name), rows
