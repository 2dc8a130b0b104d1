"""SQLite's planner, which comes with Python: it tells plans, but no costs.

The schema is made in memory, and rows in ``sqlite_stat1`` stand for volume.  A plan is weighed by how often it goes through a large table
from one end to the other, each time for every row of those around it: that is what an index can change, and what grows with the table.
An index that SQLite says it would build by itself (AUTOMATIC) means that it goes through that table first.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Self

from lastcall.model import Catalog, Index, Table
from lastcall.sql.orders import parted
from lastcall.sql.planner.candidates import Candidate
from lastcall.sql.planner.parameters import numbered
from lastcall.sql.planner.plan import Abstains, Asked, Step, Weighed
from lastcall.sql.planner.volume import GROWTH, Volume
from lastcall.sql.schema import BOOLEANS as TRUTHS

_PREFIX = "lastcall_candidate_"
_ATTEMPTS = 12
_EACH = 10
"""Rows that have the same value of a column that is not unique."""
_DOLLAR = re.compile(r"'(?:[^']|'')*+'|(?<![\w$])\$([A-Za-z_]\w*)")
_NO_FUNCTION = re.compile(r"no such function: (\w+)")
_NO_COLLATION = re.compile(r"no such collation sequence: (\w+)")
_NO_TABLE = re.compile(r"no such table: (?:main\.)?(.+)")
_STEP = re.compile(r"(?:SCAN|SEARCH)\s+(?:TABLE\s+\S+\s+AS\s+|TABLE\s+)?(?P<table>\S+)")
_INDEX = re.compile(r"\bUSING\b.*?\bINDEX (\S+)")


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class Sqlite:
    """A planner (``plan.Planner``) for the queries of one catalog."""

    name = "SQLite"
    tells_costs = False

    def __init__(self, catalog: Catalog, views: Mapping[str, str], volume: Volume) -> None:
        self.catalog = catalog
        self.views = views
        self.volume = volume
        self.left_out: list[str] = []
        self._tables: dict[str, Table] = {}
        self._names: dict[Candidate, str] = {}

    def __enter__(self) -> Self:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.connection.close()

    # ------------------------------------------------------------------ the schema

    def asked(self, text: str) -> str:
        text = _DOLLAR.sub(lambda found: f":{found[1]}" if found[1] else found[0], text)
        return numbered(text, "sqlite", "?{}".format)

    def prepare(self, tables: Iterable[Table], views: Iterable[str], candidates: Iterable[Candidate]) -> None:
        for table in tables:
            self._table(table)
        self.left_out += [f"the view {name}" for name in views if not self._run(f"CREATE VIEW {quoted(_last(name))} AS {self.views[name]}")]
        for number, candidate in enumerate(dict.fromkeys(candidates)):
            name = f"{_PREFIX}{number}"
            if self._run(self._index(name, candidate.table, candidate.columns)):
                self._run(f"DROP INDEX {name}")
                self._names[candidate] = name
        self._run("ANALYZE")  # makes the table of statistics
        self.fill(self.volume)

    def _table(self, table: Table) -> None:
        """A table; its key in its own definition, where an INTEGER PRIMARY KEY is the row's number and not an index."""
        key = next((index.columns for index in table.indexes if index.primary), ())
        columns = [
            f"{quoted(each.name)} {_type(each.type)}{'' if each.nullable else ' NOT NULL'}{_collated(each.collation)}"
            for each in table.columns
        ]
        if key and not any(column.startswith("(") for column in key):
            columns.append(f"PRIMARY KEY ({', '.join(map(quoted, key))})")
        if not self._run(f"CREATE TABLE {quoted(_last(table.name))} ({', '.join(columns)})"):
            self.left_out.append(f"the table {table.name}")
            return
        self._tables[table.name] = table
        for number, index in enumerate(table.indexes):
            if not index.primary and not self._made(table, index, number):
                self.left_out.append(f"the index {index.name or index.in_words} of {table.name}")

    def _made(self, table: Table, index: Index, number: int) -> bool:
        names = (index.name, f"{_last(table.name)}_{number}") if index.name else (f"{_last(table.name)}_{number}",)
        collations = index.collations or ("",) * len(index.columns)
        descending = index.descending or (False,) * len(index.columns)
        keys = tuple(
            f"{column}{_collated(collation)}{' DESC' if falling else ''}"
            for column, collation, falling in zip(index.columns, collations, descending, strict=True)
        )
        return bool(keys) and any(self._run(self._index(name, table.name, keys, unique=index.unique, where=index.where)) for name in names)

    @staticmethod
    def _index(name: str, table: str, columns: tuple[str, ...], *, unique: bool = False, where: str = "") -> str:
        keys = ", ".join(f"{column if column.startswith('(') else quoted(column)} {behind}" for column, behind in map(parted, columns))
        what = f"CREATE {'UNIQUE ' if unique else ''}INDEX {quoted(name)} ON {quoted(_last(table))} ({keys})"
        return f"{what} WHERE {where}" if where else what

    def _run(self, statement: str) -> bool:
        try:
            self._tried(statement)
        except (sqlite3.Error, sqlite3.Warning, ValueError):
            return False
        return True

    def _tried(self, statement: str, parameters: tuple[None, ...] = ()) -> list[tuple[object, ...]]:
        """Run a statement, with stubs for functions and collations that only the application has."""
        for _ in range(_ATTEMPTS):
            try:
                return self.connection.execute(statement, parameters).fetchall()
            except sqlite3.OperationalError as error:
                if function := _NO_FUNCTION.search(str(error)):
                    self.connection.create_function(function[1], -1, _stub, deterministic=True)
                elif collation := _NO_COLLATION.search(str(error)):
                    self.connection.create_collation(collation[1], _same)
                else:
                    raise
        raise sqlite3.OperationalError("it needs too many functions that SQLite lacks")

    # ------------------------------------------------------------------ the rows

    def fill(self, volume: Volume) -> None:
        """How many rows each table has, and how many of them have the same values of an index's first columns."""
        self.volume = volume
        run = self.connection.execute
        run("DELETE FROM sqlite_stat1")
        for name in self._tables:
            run("INSERT INTO sqlite_stat1 VALUES (?, NULL, ?)", (_last(name), f"{volume.rows(name)}"))
            for _, index, unique, *_ in run(f"PRAGMA index_list({quoted(_last(name))})").fetchall():
                self._describe(name, index, unique=bool(unique))
        run("ANALYZE sqlite_schema")

    def _describe(self, name: str, index: str, *, unique: bool = False) -> None:
        run, rows, table = self.connection.execute, self.volume.rows(name), self._tables[name]
        same, told = rows, [rows]
        for _, _, key in run(f"PRAGMA index_info({quoted(index)})").fetchall():
            column = table.column(str(key).lower())
            same = max(1, min(_EACH, same // 2)) if column is None or column.type not in TRUTHS else max(1, same // 2)
            told.append(same)
        told[-1] = 1 if unique else told[-1]
        run("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", (_last(name), index, " ".join(map(str, told))))

    # ------------------------------------------------------------------ planning

    def tried(self, candidate: Candidate) -> bool:
        return candidate in self._names

    def weigh(self, asked: Asked, indexes: Collection[Candidate] = ()) -> Weighed:
        made = [candidate for candidate in indexes if candidate in self._names]
        try:
            for candidate in made:
                self._tried(self._index(self._names[candidate], candidate.table, candidate.columns))
                self._describe(candidate.table, self._names[candidate])
            self._tried("ANALYZE sqlite_schema")
            root = self._plan(asked)
        finally:
            for candidate in made:
                self._run(f"DROP INDEX IF EXISTS {self._names[candidate]}")
        used = {self._names[candidate]: candidate for candidate in made}
        return Weighed(root, self._weight(root, asked), frozenset(used[step.index] for step in root.walk() if step.index in used))

    def _plan(self, asked: Asked) -> Step:
        last = max((int(number) for number in re.findall(r"\?(\d+)", asked.text)), default=0)
        try:
            rows = self._tried(f"EXPLAIN QUERY PLAN {asked.text}", (None,) * last)
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            told = str(error).partition("\n")[0]
            unknown = _NO_TABLE.search(told)
            raise Abstains(f"{unknown[1]} is not in the repository's schema" if unknown else f"SQLite says: {told}") from None
        below: dict[object, list[tuple[object, str]]] = {}
        for number, parent, _, words in rows:
            below.setdefault(parent, []).append((number, str(words)))
        return Step("QUERY", below=tuple(self._steps(0, below)))

    def _steps(self, parent: object, below: Mapping[object, list[tuple[object, str]]]) -> Iterator[Step]:
        for number, told in below.get(parent, ()):
            inner = tuple(self._steps(number, below))
            found = _STEP.match(told)
            if not found:
                yield Step(told, below=inner)
                continue
            index = _INDEX.search(told)
            yield Step(told, found["table"], found["table"], index[1] if index else "", below=inner)

    # ------------------------------------------------------------------ weighing

    def _weight(self, root: Step, asked: Asked) -> float:
        limited = bool(re.search(r"\bLIMIT\b", asked.text, re.IGNORECASE))
        filtered = bool(re.search(r"\b(?:WHERE|JOIN|GROUP|DISTINCT|UNION)\b", asked.text, re.IGNORECASE))
        return float(self.volume.default) ** self._power(root, asked, first_rows=limited and not filtered)

    def _power(self, step: Step, asked: Asked, *, first_rows: bool = False) -> int:
        """How often a table is gone through for each row of another: loops that stand beside each other are inside each other."""
        # What is sorted behind the first keys alone (``FOR RIGHT PART OF ORDER BY``) is sorted up to the limit.
        sorts = any("TEMP B-TREE" in each.what and "RIGHT PART" not in each.what for each in step.below)
        loops, apart = 0, 0
        for each in step.below:
            inner = self._power(each, asked)
            if each.table and self._large(each, asked):
                # An index that it builds by itself costs one way through the table, however often it is used then.
                apart = max(apart, 1 if "AUTOMATIC" in each.what else 0)
                few = first_rows and not sorts and each.what.startswith("SCAN")
                # Without an index, a search for the least or the greatest is a way through all of it.
                loops += not few and (each.what.startswith("SCAN") or " USING " not in each.what)
            elif "CORRELATED" in each.what:  # once for each row of what stands before it
                loops += inner
            else:
                apart = max(apart, inner)
        return max(loops, apart)

    def _large(self, step: Step, asked: Asked) -> bool:
        """Whether the step goes to a table that may be large; what the query makes by itself is weighed where it is made."""
        name = asked.tables.get(step.table.lower())
        return name is not None and self.volume.rows(name) >= GROWTH[0]


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _type(written: str) -> str:
    return re.sub(r"[^\w (),]", "", written)


def _collated(collation: str) -> str:
    return f" COLLATE {quoted(collation)}" if collation else ""


def _stub(*_: object) -> None:
    return None


def _same(_one: str, _other: str) -> int:
    return 0
