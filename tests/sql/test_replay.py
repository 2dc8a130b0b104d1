"""The replayed schema beside a real one: what PostgreSQL and SQLite say that their tables have, after the same DDL.

Scripts are put together at random (with seeds) from the rows below; what the server refuses does not stand in the script.  A table that the
catalog is not certain about may have anything: of one that it is certain about it must know every column and every index.
"""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from lastcall.model import Index
from lastcall.sql.expression import normalise
from planners import running_or_skipped
from schemas import catalog

# ---------------------------------------------------------------------------------------------------------------- rows

POSTGRES = """
    create table {new} (a int primary key, b text, c varchar(20) unique, d timestamptz)
    create table {new} (a int, b text not null, c bigint default 5, constraint {new} unique (a, b), unique (c) include (b))
    create table if not exists sales.{new} (a int constraint {new} primary key, "order" int unique, b text)
    create table {new} (a int primary key, unique (a), b text, c int, unique nulls not distinct (c), exclude using btree (b with =))
    create table {new} (a int, b text, c int) partition by list (a)
    create table {new} (a int primary key, b text) partition by range (a)
    create table {new} partition of {partitioned} default
    create table {new} partition of {partitioned} (constraint {new} unique (a)) default
    create table {new} partition of {partitioned} default partition by list (a)
    create table {new} (a int, b text); alter table {partitioned} attach partition {last} default
    create table {new} (like {table} including all)
    create table {new} (like {table} including indexes, z int unique)
    create table {new} (like {table} including all excluding indexes)
    create table {new} (y int unique) inherits ({table})
    create table {new} as select * from {table}
    create index {new} on {table} ({keys}){where}
    create unique index concurrently if not exists {new} on {table} using btree ({keys})
    create index on {table} ({keys})
    create index on {table} using hash ({column})
    create unique index {new} on {table} ({column}) include ({column}) nulls not distinct{where}
    create index {new} on only {partitioned} ({column})
    create index if not exists {index} on {table} ({keys})
    alter index {index} attach partition {index}
    drop index {index}
    drop index concurrently if exists {index}
    drop index if exists {index}, {index} cascade
    alter index {index} rename to {new}
    alter table {index} rename to {new}
    alter table {table} add column {new} int
    alter table {table} add column {new} bigint unique, add column if not exists {column} int unique
    alter table {table} add {new} int references {table}
    alter table {table} drop column {column}
    alter table only {table} drop {column} cascade
    alter table {table} rename column {column} to {new}
    alter table {table} rename {column} to {new}
    alter table {table} rename to {new}
    alter table {table} set schema sales
    alter table {table} add primary key ({column})
    alter table {table} add constraint {new} unique ({column}), alter {column} set not null
    alter table only {table} add unique ({column})
    alter table {table} add constraint {new} unique using index {index}
    alter table {table} add primary key using index {index}
    alter table {table} add constraint {new} exclude using btree ({column} with =) where ({column} is not null)
    alter table {table} drop constraint {constraint}
    alter table {table} drop constraint if exists {constraint} cascade, drop constraint if exists nothing
    alter table {table} rename constraint {constraint} to {new}
    alter table {table} alter column {column} type text
    alter table {table} inherit {table}
    alter table {table} no inherit {table}
    alter table {partitioned} detach partition {table}
    drop table {table}
    drop table if exists {table} cascade
    create materialized view {new} (p, q) as select a, 1 from {table}; create index on {last} (q)
    alter materialized view {table} rename to {new}
    alter schema sales rename to market; alter schema market rename to sales
    begin; create index {new} on {table} ({keys}); rollback
    start transaction; drop index {index}; savepoint s; drop table {table}; rollback to savepoint s; commit
    do $$ begin if true then create table {new} (a int unique); end if; end $$
    do $$ begin execute 'create unique index {new} on {table} ({column})'; end $$
"""

SQLITE = """
    create table {new} (a integer primary key, b text unique, "order" int, c text collate nocase)
    create table {new} (a text primary key desc, b, [c] int not null unique on conflict replace, unique (b, c)) without rowid
    create table if not exists main.{new} (a, b int, `c` text, constraint pk primary key (a, b), -- a, b
      constraint {new} unique (c) on conflict ignore, foreign key (a) references {table})
    create table {new} (a int, b int, c text, d int generated always as (a + 1) stored)
    create table {new} as select * from {table}
    create index {new} on {table} ({keys}){where}
    create index if not exists main.{new} on {table} ({keys})
    create unique index {new} on {table} ({column} collate nocase desc, {column}){where}
    create index {new} on {table} (lower({column}), '{column}')
    create index if not exists {index} on {table} ({column})
    drop index {index}
    drop index if exists main.{index}
    drop table {table}
    drop table if exists main.{table}
    alter table {table} rename to {new}
    alter table {table} rename {column} to {new}
    alter table {table} rename column {column} to {new}
    alter table {table} drop column {column}
    alter table {table} add {new} int
    alter table {table} add column {new} text default 'unique'
    create table {new} (a unique, b, c); drop table {table}; alter table {last} rename to {new}
    begin immediate; create table {new} (a, b, c primary key); drop table {table}; alter table {last} rename to {new}; commit
    begin; create index {new} on {table} ({column}); drop table {table}; rollback
    savepoint s; create index {new} on {table} ({column}); rollback to s; release s
    create view {new} as select * from {table}
    create trigger {new} after insert on {table} begin delete from {table}; select 1; end
"""


# ---------------------------------------------------------------------------------------------------------------- both sides

ROWID = "the rowid"
Form = tuple[object, ...]
Names = Mapping[str, Sequence[str]]


@dataclass
class There:
    """A table as the server has it: its columns, its indexes by their names, and the tables that inherit from it."""

    columns: list[str]
    indexes: dict[str, Form]
    constraints: list[str] = field(default_factory=list)
    partitioned: bool = False
    children: list[str] = field(default_factory=list)
    named: bool = True
    """Whether the names of its indexes can be known."""


def form(columns: Sequence[str], included: Sequence[str], unique: bool, method: str, where: str, descending: Sequence[bool]) -> Form:
    kept = any(descending) and not unique
    return tuple(columns), tuple(included), unique, method, re.sub(r'[()"]', "", where), tuple(descending) if kept else ()


def of(index: Index) -> Form:
    columns = tuple("an expression" if column.startswith("(") else column for column in index.columns)
    return form(columns, index.included, index.unique, index.method, index.where, index.descending)


def differences(script: Sequence[str], server: Mapping[str, There], dialect: str) -> Iterator[str]:
    """In what the catalog is wrong about the tables of the server."""
    found, unread = catalog(("migrations/001_all.sql", ";\n".join(script) + ";\n"), dialect=dialect)
    yield from (f"not read: {each.reason}" for each in unread)
    for name, there in server.items():
        table = found.tables.get(name)
        if table is None:
            yield f"{name} is not known"
        elif not table.uncertain:
            if sorted(column.name for column in table.columns) != sorted(there.columns):
                yield f"{name} has {there.columns}, not {[column.name for column in table.columns]}"
            ours, theirs = {of(index) for index in table.indexes}, set(there.indexes.values())
            # What all children have serves a query of the whole, which the server does not write down.
            shared = [{each[:2] + each[3:] for each in server[child].indexes.values()} for child in there.children]
            more = {each for each in ours - theirs if not shared or not all(each[:2] + each[3:] in child for child in shared)}
            yield from (f"{name} lacks {each}" for each in theirs - ours)
            yield from (f"{name} has no {each}" for each in more)
            if there.named and not shared and ours == theirs and {index.name for index in table.indexes} != set(there.indexes):
                yield f"{name}: {sorted(there.indexes)} are called {sorted(index.name for index in table.indexes)}"
    # A materialized view goes with its table, which the catalog does not follow.
    gone = (table for name, table in found.tables.items() if name not in server and [each.name for each in table.columns] != ["p", "q"])
    yield from (f"{table.name} is gone" for table in gone if not table.uncertain)


# ---------------------------------------------------------------------------------------------------------------- scripts at random


class Script:
    """A script that grows row by row, and the server that it has run on."""

    def __init__(self, seed: int, rows: str, run: Callable[[str], None], look: Callable[[], Mapping[str, There]]) -> None:
        self.random = random.Random(seed)
        self.rows = [row.strip() for row in re.split(r"\n {4}(?! )", rows) if row.strip()]
        self.run, self.look = run, look
        self.done: list[str] = []
        self.made = 0
        self.last = ""

    def grow(self) -> None:
        """One more row, unless there is nothing that it could be about, or the server refuses it."""
        there = self.look()
        try:
            statements = [self.filled(each, there) for each in self.split(self.random.choice(self.rows))]
        except LookupError:
            return
        for number, statement in enumerate(statements):
            try:
                self.run(statement)
            except Refused:
                if not statements[0].startswith(("begin", "start", "savepoint")):
                    self.done += statements[:number]
                return
        self.done += statements

    @staticmethod
    def split(row: str) -> list[str]:
        return [row] if row.startswith("do $$") or "create trigger" in row else row.split("; ")

    def filled(self, row: str, there: Mapping[str, There]) -> str:
        """The row with names in its holes: of something there, or new; ``{column}`` is one of the table that the statement is about."""
        wanted = [name for name, each in there.items() if each.partitioned or "{partitioned}" not in row]
        about = self.random.choice(wanted) if "{table}" in row or "{partitioned}" in row or "{column}" in row else ""
        holes = {"table": 0, "partitioned": 0}

        def fill(hole: re.Match[str]) -> str:
            what = hole[1]
            if what in holes:
                holes[what] += 1
                return about if holes[what] == 1 else self.random.choice(list(there))
            if what == "new":
                self.made += 1
                self.last = f"n{self.made}"
            if what in {"new", "last"}:
                return self.last
            if what == "index":
                return self.random.choice(
                    [f"{_schema(name)}{index}" for name, each in there.items() for index in each.indexes if index != ROWID]
                )
            return self.inside(what, there[about])

        return re.sub(r"\{(\w+)\}", fill, row)

    def inside(self, what: str, about: There) -> str:
        """Something of the table that the statement is about."""
        choose = self.random.choice
        if what == "constraint":
            return choose(about.constraints)
        column = _quoted(choose(about.columns))
        if what == "where":
            return choose(["", f" where {column} is not null", f" where {column} in ('{choose(about.columns)}', 'b')"])
        if what == "keys":
            keys = self.random.sample(about.columns, self.random.randint(1, min(3, len(about.columns))))
            ways = ["{}", "{}", "{} desc", "lower({})", "({} || 'x')"]
            return ", ".join(choose(ways).format(_quoted(key)) for key in keys)
        return column


class Refused(Exception):  # noqa: N818 -- what a server says to a statement
    pass


def _schema(name: str) -> str:
    return name[: name.rindex(".") + 1] if "." in name else ""


def _quoted(name: str) -> str:
    return f'"{name}"' if name == "order" else name


def check(script: Script, dialect: str, length: int) -> None:
    for number in range(length):
        script.grow()
        if number % 5 == 4:
            wrong = list(differences(script.done, _folded(script.look()), dialect))
            assert not wrong, ";\n".join([*script.done, *wrong])


def _folded(there: Mapping[str, There]) -> dict[str, There]:
    for each in there.values():
        each.columns = [column.lower() for column in each.columns]
        each.indexes = {name.lower(): index for name, index in each.indexes.items()}
    return dict(there)


# ---------------------------------------------------------------------------------------------------------------- PostgreSQL

TABLES = """
    SELECT t.oid::int, n.nspname::text, t.relname::text, t.relkind = 'p', t.relispartition,
      array(SELECT attname::text FROM pg_attribute WHERE attrelid = t.oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum),
      array(SELECT conname::text FROM pg_constraint WHERE conrelid = t.oid),
      array(SELECT inhrelid::int FROM pg_inherits WHERE inhparent = t.oid)
    FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace
    WHERE t.relkind IN ('r', 'p', 'm') AND n.nspname IN ('public', 'sales', 'market') ORDER BY t.oid"""
INDEXES = """
    SELECT x.indrelid::int, i.relname::text, x.indisunique, a.amname::text, x.indnkeyatts, x.indkey::int[], x.indoption::int[],
      array(SELECT pg_get_indexdef(x.indexrelid, k, true) FROM generate_series(1, x.indnatts) k), pg_get_expr(x.indpred, x.indrelid)
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_am a ON a.oid = i.relam
    WHERE x.indisvalid AND x.indrelid = ANY (%s)"""


@pytest.fixture(scope="module")
def server():
    yield from running_or_skipped()


@pytest.fixture
def session(server):
    with server.connect() as session:
        session.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA IF EXISTS sales CASCADE; CREATE SCHEMA sales")
        yield session


def in_postgres(session) -> dict[str, There]:
    names, found, partitions = {}, {}, set()
    rows = session.execute(TABLES).fetchall()
    for number, schema, name, partitioned, partition, columns, constraints, _ in rows:
        names[number] = name if schema == "public" else f"{schema}.{name}"
        found[number] = There(columns, {}, constraints, partitioned, named=not partition)
        partitions |= {number} if partition else set()
    for number, *_, children in rows:
        found[number].children = [names[child] for child in children]
    for number, name, unique, method, keys, numbers, options, said, where in session.execute(INDEXES, [list(names)]).fetchall():
        columns = [each.strip('"').lower() if column else "an expression" for column, each in zip(numbers, said, strict=True)]
        descending = [bool(option & 1) for option in options]
        predicate = normalise(where, "postgres") if where else ""
        found[number].indexes[name] = form(columns[:keys], columns[keys:], unique, method, predicate, descending)
    return {names[number]: each for number, each in found.items()}


@pytest.mark.parametrize("seed", range(16))
def test_postgres_has_the_same_tables_and_indexes(session, seed):
    import psycopg

    def run(statement: str) -> None:
        try:
            session.execute(statement)
        except psycopg.Error as error:
            if session.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                session.execute("ROLLBACK")
            raise Refused from error

    script = Script(seed, POSTGRES, run, lambda: in_postgres(session))
    script.done.append("create schema sales")
    check(script, "postgres", 40)


# ---------------------------------------------------------------------------------------------------------------- SQLite


def in_sqlite(database: sqlite3.Connection) -> dict[str, There]:
    found = {}
    for (name,) in database.execute("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'").fetchall():
        columns = [row[1] for row in database.execute(f'pragma table_xinfo("{name}")')]
        keys = [row[1].lower() for row in database.execute(f'pragma table_xinfo("{name}")') if row[5]]
        found[name] = There(columns, {}, named=False)
        for _, index, unique, _, partial in database.execute(f'pragma index_list("{name}")').fetchall():
            said = [row for row in database.execute(f'pragma index_xinfo("{index}")') if row[5]]
            where = ""
            if partial:
                (written,) = database.execute("select sql from sqlite_master where name = ?", [index]).fetchone()
                where = normalise(re.split(r"(?i)\bwhere\b", written)[-1], "sqlite")
            names = [str(row[2]).lower() if row[1] >= 0 else "an expression" for row in said]
            found[name].indexes[index] = form(names, (), bool(unique), "btree", where, [bool(row[3]) for row in said])
        # The rowid is a key, and no index there.
        if len(keys) == 1 and not any(each[:3] == ((keys[0],), (), True) for each in found[name].indexes.values()):
            found[name].indexes[ROWID] = form(keys, (), True, "btree", "", ())
    return found


@pytest.mark.parametrize("seed", range(16))
def test_sqlite_has_the_same_tables_and_indexes(seed):
    database = sqlite3.connect(":memory:", isolation_level=None)

    def run(statement: str) -> None:
        try:
            database.execute(statement)
        except sqlite3.Error as error:
            if database.in_transaction:
                database.execute("rollback")
            raise Refused from error

    script = Script(seed, SQLITE, run, lambda: in_sqlite(database))
    check(script, "sqlite", 40)
    database.close()
