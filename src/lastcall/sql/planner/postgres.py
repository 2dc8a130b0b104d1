"""PostgreSQL's planner, which is made to believe in a schema full of rows.

The schema is real and its tables are empty.  Their files are made as long as the rows would need, without taking any room on the disk, and
their statistics are restored from numbers; the planner takes pages from the one and rows a page from the other.  Indexes that might be
missing are made as well, while that costs nothing, and hidden; a query is planned with and without them (docs/accuracy.md).
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

from lastcall.model import Catalog, LastcallError, Table
from lastcall.sql.orders import parted
from lastcall.sql.planner.candidates import Candidate
from lastcall.sql.planner.definitions import Definitions, quoted, relation
from lastcall.sql.planner.parameters import blanked, for_postgres, numbered
from lastcall.sql.planner.plan import Abstains, Asked, Step, Weighed
from lastcall.sql.planner.server import JUDGE, Server, running
from lastcall.sql.planner.translation import to_postgres, type_to_postgres
from lastcall.sql.planner.volume import Statistic, Volume
from lastcall.sql.schema import BOOLEANS as TRUTHS

if TYPE_CHECKING:
    import psycopg

_PAGE = 8192
_SEGMENT = 131_072
"""Pages of one file: the next gigabyte of a table is another file."""
_ENTRIES = 300
"""Entries of an index on one page."""
_ROW, _HEADER, _VARIABLE = 28, 24, 32
"""Bytes that a row, the head of a page, and a value of no fixed length take."""
_LONGEST, _SLOWEST = "1s", "10s"
"""What the planning of a query may take, and what the making of an index: its condition may be worked out beforehand."""
_ATTEMPTS = 8
_PREFIX = "lastcall_candidate_"
_TYPES = {
    "relpages": "integer",
    "reltuples": "real",
    "relallvisible": "integer",
    "relallfrozen": "integer",
    "attname": "text",
    "attnum": "smallint",
    "inherited": "boolean",
    "null_frac": "real",
    "avg_width": "integer",
    "n_distinct": "real",
    "most_common_vals": "text",
    "most_common_freqs": "real[]",
    "histogram_bounds": "text",
    "correlation": "real",
    "most_common_elems": "text",
    "most_common_elem_freqs": "real[]",
    "elem_count_histogram": "real[]",
    "range_length_histogram": "text",
    "range_empty_frac": "real",
    "range_bounds_histogram": "text",
}
"""The arguments of the functions that restore statistics, with their types."""

Relation = tuple[str, str]
"""A table or index by schema and name."""


class _File(NamedTuple):
    """Where a table or index lies."""

    oid: int
    path: str
    relation: Relation


class Postgres:
    """A planner (``plan.Planner``) for the queries of one catalog."""

    name = "PostgreSQL"
    tells_costs = True

    def __init__(self, catalog: Catalog, views: Mapping[str, str], volume: Volume, server: Server | None = None) -> None:
        """``server``: one that runs already, and of which a database is used; else one is started."""
        self.catalog = catalog
        self._given = server
        self.views = views
        self.volume = volume
        self.left_out: list[str] = []
        self._stack = ExitStack()
        self._made: dict[Candidate, int] = {}
        self._names: dict[str, Candidate] = {}
        self._shown: frozenset[int] = frozenset()
        self._files: dict[str, tuple[_File, list[_File]]] = {}
        self._widths: dict[str, int] = {}

    def __enter__(self) -> Self:
        self.server = self._given.another() if self._given else self._stack.enter_context(running())
        self.owner = self._session(self.server.connect())
        self.owner.execute(f"GRANT CREATE ON DATABASE {self.server.database} TO {JUDGE}; GRANT ALL ON SCHEMA public TO {JUDGE}".encode())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def _session(self, session: psycopg.Connection) -> psycopg.Connection:
        self._stack.callback(session.close)
        return session

    # ------------------------------------------------------------------ the schema

    def asked(self, text: str) -> str:
        """The query as this server takes it.  Raises ``Abstains``."""
        dialect = self.catalog.dialect
        said = numbered(text, dialect) if dialect == "postgres" else to_postgres(blanked(text, dialect), dialect)
        return for_postgres(said)

    def prepare(self, tables: Iterable[Table], views: Iterable[str], candidates: Iterable[Candidate]) -> None:
        """Make the tables and views that queries read, and every index that is to be tried; then let them grow."""
        session = self._session(self.server.connect(JUDGE, statement_timeout=_SLOWEST))
        dialect = self.catalog.dialect
        self.definitions = Definitions(
            self.owner, session, lambda text: _translated(text, dialect), lambda text: type_to_postgres(text, dialect)
        )
        self.definitions.load(tables, {name: self.views[name] for name in views})
        for number, candidate in enumerate(dict.fromkeys(candidates)):
            self._try(candidate, f"{_PREFIX}{number}")
        self.definitions.volatility = "STABLE"
        self.left_out = self.definitions.left_out
        self._find_files()
        self._describe_columns()
        self.owner.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = ANY(%s)", (list(self._made.values()),))
        self.fill(self.volume)

    def _try(self, candidate: Candidate, name: str) -> None:
        keys = ", ".join(f"{self.definitions.key(column)} {behind}" for column, behind in map(parted, candidate.columns))
        if self.definitions.run(f"CREATE INDEX {name} ON {relation(candidate.table)} ({keys})"):
            schema = (candidate.table.rpartition(".")[0] or "public").replace('"', '""')
            row = self.owner.execute("SELECT to_regclass(%s)::oid::bigint", (f'"{schema}".{name}',)).fetchone()
            if row and isinstance(row[0], int):
                self._made[candidate] = row[0]
                self._names[name] = candidate

    # ------------------------------------------------------------------ the rows

    def _find_files(self) -> None:
        """Where each table and its indexes lie."""
        self.owner.execute("CHECKPOINT")
        rows = self.owner.execute(
            "SELECT c.oid::bigint, pg_relation_filepath(c.oid), n.nspname, c.relname, i.indrelid::bigint FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indexrelid = c.oid "
            "WHERE c.relkind IN ('r', 'i') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY c.oid"
        ).fetchall()
        tables = {oid: _File(oid, path, (schema, name)) for oid, path, schema, name, table in rows if table is None}
        self._files = {_folded(file.relation): (file, []) for file in tables.values()}
        for oid, path, schema, name, table in rows:
            if table in tables:
                self._files[_folded(tables[table].relation)][1].append(_File(oid, path, (schema, name)))

    def _describe_columns(self) -> None:
        """What is assumed of every column: unique ones apart, ten rows have each value; half of what may be null is."""
        for name, (file, _) in self._files.items():
            table = self.catalog.table(name)
            unique = {
                index.columns[0]
                for index in (table.indexes if table else ())
                if index.unique and len(index.columns) == 1 and not index.where
            }
            truths = {column.name for column in (table.columns if table else ()) if column.type in TRUTHS}
            width = 0
            for column, length, required in self.owner.execute(
                "SELECT a.attname, t.typlen, a.attnotnull FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid "
                "WHERE a.attrelid = %s::bigint::oid AND a.attnum > 0 AND NOT a.attisdropped",
                (file.oid,),
            ).fetchall():
                size = length if isinstance(length, int) and length > 0 else _VARIABLE
                width += size
                distinct = -1.0 if column in unique else 2.0 if column in truths else -0.1
                nulls = "0" if required else "0.5"
                told = {"attname": f"{column}", "inherited": "f", "null_frac": nulls, "avg_width": f"{size}", "n_distinct": f"{distinct}"}
                self._restore("attribute", file.relation, told)
            self._widths[name] = width
        self._describe_expressions()

    def _describe_expressions(self) -> None:
        """The same of every expression that an index is on."""
        for schema, name, position, unique in self.owner.execute(
            "SELECT n.nspname, c.relname, k.position, i.indisunique AND i.indnkeyatts = 1 FROM pg_index i "
            "JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace, "
            "unnest(i.indkey::int[]) WITH ORDINALITY AS k (attribute, position) "
            "WHERE k.attribute = 0 AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
        ).fetchall():
            told = {"attnum": f"{position}", "inherited": "f", "null_frac": "0", "avg_width": f"{_VARIABLE}"}
            self._restore("attribute", (schema, name), {**told, "n_distinct": "-1" if unique else "-0.1"})

    def fill(self, volume: Volume) -> None:
        """Make every table as long as ``volume`` says."""
        for name, (file, indexes) in self._files.items():
            rows = volume.rows(name)
            each_page = max(1, (_PAGE - _HEADER) // (_ROW + self._widths[name]))
            self._grow(file, -(-rows // each_page), rows)
            for index in indexes:
                self._grow(index, max(2, -(-rows // _ENTRIES)), rows)
        for statistic in volume.statistics:
            self._take_over(statistic)
        # A session remembers how many files a table had.
        self.definitions.session.close()
        self.definitions.session = self._session(self.server.connect(JUDGE, statement_timeout=_LONGEST))
        path = ", ".join(map(quoted, self.definitions.schemas))
        self.definitions.session.execute(f"SET search_path = {path}".encode())

    def _grow(self, file: _File, pages: int, rows: float) -> None:
        self._restore("relation", file.relation, {"relpages": f"{pages}", "reltuples": f"{rows}"})
        _stretch(self.server.data / file.path, pages)

    def _take_over(self, statistic: Statistic) -> None:
        """What a server said of one of its tables, indexes or columns."""
        name = statistic.relation
        table, indexes = self._files.get(name, (None, []))
        index = next((each for _, every in self._files.values() for each in every if _folded(each.relation) == name), None)
        file = table or index
        if file is None:
            return
        told = {key: value for key, value in statistic.arguments.items() if key in _TYPES}
        if "attname" in told:
            told["attname"] = told["attname"].lower()
        rows, pages = float(told.get("reltuples", "-1")), int(float(told.get("relpages", "0")))
        if statistic.about == "attribute":
            self._restore("attribute", file.relation, told)
        elif rows >= 0 and pages > 0:
            self._grow(file, pages, rows)
            for each in indexes:
                self._grow(each, max(2, -(-round(rows) // _ENTRIES)), rows)

    def _restore(self, about: str, file: Relation, told: Mapping[str, str]) -> None:
        import psycopg  # noqa: PLC0415

        arguments = {"schemaname": file[0], "relname": file[1], **told}
        pairs = ", ".join(f"'{name}', %s::text::{_TYPES.get(name, 'text')}" for name in arguments)
        try:
            self.owner.execute(f"SELECT pg_restore_{about}_stats({pairs})".encode(), list(arguments.values()))
        except psycopg.Error as error:
            self.left_out.append(f"statistics of {'.'.join(file)} ({_line(error)})")

    # ------------------------------------------------------------------ planning

    def weigh(self, asked: Asked, indexes: Collection[Candidate] = ()) -> Weighed:
        """How the query is planned with these of the candidates, and what that costs.  Raises ``Abstains``."""
        self._show(frozenset(self._made[each] for each in indexes if each in self._made))
        plan = self._explain(asked)
        root = _step(plan)
        used = frozenset(self._names[step.index] for step in root.walk() if step.index in self._names)
        return Weighed(root, root.cost or 0.0, used)

    def tried(self, candidate: Candidate) -> bool:
        """Whether the index could be made."""
        return candidate in self._made

    def _show(self, wanted: frozenset[int]) -> None:
        changed = list(wanted ^ self._shown)
        if changed:
            self.owner.execute("UPDATE pg_index SET indisvalid = NOT indisvalid WHERE indexrelid = ANY(%s)", (changed,))
            self._shown = wanted

    def _explain(self, asked: Asked) -> Mapping[str, object]:
        import psycopg  # noqa: PLC0415

        for _ in range(_ATTEMPTS):
            text = asked.text
            try:
                if ";" in text and not self._is_one(text):
                    raise Abstains("it is more than one statement")
                row = self.definitions.session.execute(f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {text}".encode()).fetchone()
                if row is None or not isinstance(row[0], list):
                    raise Abstains("it has no plan")
                return row[0][0]["Plan"]  # type: ignore[no-any-return]
            except psycopg.errors.QueryCanceled:
                raise Abstains("planning it takes more than a second") from None
            except psycopg.Error as error:
                if self.definitions.session.closed:
                    raise LastcallError(f"the judge's PostgreSQL has ended: {_line(error)}", "run without the judge") from None
                if not self._mend(asked, error):
                    raise Abstains(self._reason(error)) from None
            except ValueError:
                raise Abstains("it has a character that PostgreSQL cannot read") from None
        raise Abstains("PostgreSQL does not understand it")

    def _is_one(self, text: str) -> bool:
        """Whether the server, too, reads one statement: what is prepared may not be several, and a second one would be executed."""
        answer = self.definitions.session.pgconn.prepare(b"", f"EXPLAIN (GENERIC_PLAN) {text}".encode())
        return b"multiple commands" not in answer.error_message

    def _reason(self, error: psycopg.Error) -> str:
        """What the server says, on one line."""
        told = _line(error)
        if missing := re.match(r'relation "(.+)" does not exist', told):
            return f"{missing[1]} is not in the repository's schema"
        if told.startswith("syntax error") and self.catalog.dialect != "postgres":
            return "PostgreSQL has no such statement"
        return f"PostgreSQL says: {told}"

    def _mend(self, asked: Asked, error: psycopg.Error) -> bool:
        """Change the query or the server so that it can be tried again, where that is known to help."""
        told = _line(error)
        if unknown := re.search(r"could not determine data type of parameter \$(\d+)", told):
            changed = re.sub(rf"\${unknown[1]}(?!\d|::)", f"${unknown[1]}::text", asked.text, count=1)
        elif told.startswith("collation "):  # the wheel knows no languages
            changed = re.sub(r"\s*\bCOLLATE\s+(?:\"[^\"]*\"|[\w.]+)", "", asked.text, flags=re.IGNORECASE)
        elif told.startswith("operator") or "inconsistent types" in told or "must be type boolean" in told:
            changed = _apart(asked.text)
            if changed == asked.text:
                return self.definitions.again(asked.text)
        else:
            return self.definitions.supply(error)
        mended = changed != asked.text
        asked.text = changed
        return mended


def _apart(text: str) -> str:
    """The query with a parameter of its own at each place."""
    numbers = iter(range(1, len(text)))
    return re.sub(r"'(?:[^']|'')*+'|\$\d+", lambda found: f"${next(numbers)}" if found[0][0] == "$" else found[0], text)


def _translated(text: str, dialect: str) -> str:
    return for_postgres(text) if dialect == "postgres" else to_postgres(text, dialect)


def _folded(name: Relation) -> str:
    return name[1] if name[0] == "public" else ".".join(name)


def _line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]


def _stretch(file: Path, pages: int) -> None:
    """Make the file of a table, and those that follow it, as long as its pages need; what is not written takes no room."""
    owner = file.stat()
    for number in count():
        segment = file if number == 0 else file.with_name(f"{file.name}.{number}")
        size = max(0, min(pages - number * _SEGMENT, _SEGMENT)) * _PAGE
        if not size and not segment.exists():
            return
        try:
            if not size:
                segment.unlink()
                continue
            if not segment.exists():
                segment.touch(mode=0o600)
                os.chown(segment, owner.st_uid, owner.st_gid)
            os.truncate(segment, size)
        except OSError as error:
            why = f"the judge cannot make a file of {size:,} bytes that takes no room: {error.strerror}"
            raise LastcallError(why, "set TMPDIR to a folder on another disk") from None


_JOINS = frozenset({"Nested Loop", "Hash Join", "Merge Join"})
_CONDITIONS = ("Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "Join Filter", "Filter", "Sort Key", "Group Key")


def _step(plan: Mapping[str, object]) -> Step:
    """A node of ``EXPLAIN (FORMAT JSON)``, with those below it."""
    kind = str(plan.get("Node Type", ""))
    join = plan.get("Join Type")
    what = f"{kind} ({str(join).lower()})" if kind in _JOINS and join not in (None, "Inner") else kind
    if plan.get("Operation") and kind == "ModifyTable":
        what = str(plan["Operation"])
    condition = next((plan[each] for each in _CONDITIONS if each in plan), "")
    told = ", ".join(map(str, condition)) if isinstance(condition, list) else str(condition)
    below = plan.get("Plans")
    cost, rows = plan.get("Total Cost"), plan.get("Plan Rows")
    return Step(
        what=what,
        table=str(plan.get("Relation Name", "")),
        alias=str(plan.get("Alias", "")),
        index=str(plan.get("Index Name", "")),
        condition=told,
        cost=float(cost) if isinstance(cost, (int, float)) else None,
        rows=float(rows) if isinstance(rows, (int, float)) else None,
        below=tuple(_step(each) for each in below) if isinstance(below, list) else (),
    )
