"""No query takes longer than a second: one that would be too much work is told of as unread, and all others are judged."""

from __future__ import annotations

import pytest

from lastcall.folder import Folder
from lastcall.model import QueryPolicy
from lastcall.sql import read
from lastcall.sql.statement import LONGEST_QUERY

TABLES = 300
SCHEMA = "".join(f"CREATE TABLE t{n} (id int PRIMARY KEY, a int, b int, c int);\n" for n in range(TABLES))
DIALECTS = ["postgres", "mysql", "sqlite", "tsql", "oracle"]
TOO_MUCH = "it ties so many tables to each other that judging it takes too long"


def whole(tables: int) -> str:
    return ", ".join(f"t{n}" for n in range(tables))


def each(form: str, tables: int, between: str = " AND ") -> str:
    return between.join(form.format(n=n, before=n - 1, after=(n * 7 + 1) % tables) for n in range(1, tables))


TOO_MUCH_WORK = {
    "every column of very many tables equals that of every other": (
        f"SELECT 1 FROM {whole(300)} WHERE t0.id = 1 AND {each('t0.a = t{n}.a AND t0.b = t{n}.b AND t0.c = t{n}.c', 300)}"
    ),
    "natural joins of very many tables": f"SELECT 1 FROM t0 {each('NATURAL JOIN t{n}', 300, ' ')}",
    "very many ORs over very many tables": (
        f"SELECT 1 FROM {whole(300)} WHERE {' AND '.join(f'(t{n % 300}.a = 1 OR t{(n + 1) % 300}.b = 2)' for n in range(1500))}"
    ),
    "a column without its table's name, a thousand times": (f"SELECT 1 FROM {whole(300)} WHERE {' AND '.join(['nowhere = 1'] * 1000)}"),
    "a chain of CTEs each of which joins a table to the last": (
        f"WITH c0 AS (SELECT * FROM t0), {each('c{n} AS (SELECT * FROM c{before} JOIN t{n} USING (a))', 250, ', ')}"
        " SELECT * FROM c249 WHERE b = 1"
    ),
}


@pytest.mark.parametrize("query", TOO_MUCH_WORK.values(), ids=TOO_MUCH_WORK)
def test_a_query_that_is_too_much_work_is_unread_and_loses_no_other(query, tmp_path):
    (tmp_path / "a.sql").write_text(f"{SCHEMA}{query};\nSELECT id FROM t1 WHERE a = 1;\n")
    long, short = read(Folder(tmp_path), QueryPolicy(dialect="postgres")).queries
    assert [(unread.what, unread.reason) for unread in long.unknown_tables] == [("query", TOO_MUCH)]
    assert not long.accesses
    assert [access.missing.columns for access in short.accesses] == [("a",)]


JUDGED = {
    "a star of tables": f"SELECT 1 FROM {whole(120)} WHERE t0.id = 1 AND {each('t0.a = t{n}.a', 120)}",
    "a chain of tables": f"SELECT 1 FROM t0 {each('JOIN t{n} ON t{n}.a = t{before}.a', 120, ' ')} WHERE t0.id = 1",
    "very many values": f"SELECT 1 FROM t0 WHERE a IN ({', '.join(map(str, range(6000)))})",
    "very many arms": f"SELECT 1 FROM t0 WHERE {' OR '.join(f'a = {n}' for n in range(2000))}",
    "very many predicates": f"SELECT 1 FROM t0 WHERE a = 1 AND {' AND '.join(f'b <> {n}' for n in range(2000))}",
    "a long CASE": f"SELECT CASE {' '.join(f'WHEN b = {n} THEN c' for n in range(1000))} END FROM t0 WHERE a = 1",
    "a long UNION": " UNION ".join(f"SELECT b FROM t0 WHERE a = {n}" for n in range(250)),
    "many outputs of a derived table": (
        f"SELECT 1 FROM (SELECT {', '.join(f'a AS x{n}' for n in range(200))} FROM t0) AS d WHERE {each('x{n} = {n}', 200)}"
    ),
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("query", JUDGED.values(), ids=JUDGED)
def test_a_long_query_is_judged_all_the_same(query, dialect, tmp_path):
    (tmp_path / "a.sql").write_text(f"{SCHEMA}{query};\n")
    side = read(Folder(tmp_path), QueryPolicy(dialect=dialect))
    assert not side.unread
    (found,) = side.queries
    assert not found.unknown_tables
    assert any(access.missing for access in found.accesses)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_query_past_the_size_that_is_parsed_is_unread(dialect, tmp_path):
    (tmp_path / "a.sql").write_text(f"{SCHEMA}SELECT 1 FROM t0 WHERE a IN ({', '.join(['1'] * (LONGEST_QUERY // 3))});\n")
    side = read(Folder(tmp_path), QueryPolicy(dialect=dialect))
    assert not side.queries
    assert [unread.reason for unread in side.unread] == ["it is too long"]
