"""Which index has the first rows in their order: the definition (``orders``), row by row, as (dialect, index, query, what it lacks).

PostgreSQL's and SQLite's rows were held against their planners; those of the others are their manuals'.
"""

import pytest

from sqlcases import findings

SORT = "unindexed-sort"
TABLES = {
    "postgres": """
CREATE TABLE t (id bigint PRIMARY KEY, a int NOT NULL, b int NOT NULL, n int, s text NOT NULL, ok boolean NOT NULL, c timestamptz NOT NULL,
  u int NOT NULL UNIQUE, w text COLLATE "de_DE");
CREATE TABLE p (id bigint PRIMARY KEY, t_id bigint NOT NULL REFERENCES t, a int NOT NULL);
""",
    "mysql": """
CREATE TABLE t (id bigint PRIMARY KEY, a int NOT NULL, b int NOT NULL, n int, s varchar(50) NOT NULL, ok boolean NOT NULL,
  c datetime NOT NULL, u int NOT NULL UNIQUE, w text) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE TABLE p (id bigint PRIMARY KEY, t_id bigint NOT NULL REFERENCES t (id), a int NOT NULL);
""",
    "sqlite": """
CREATE TABLE t (id INTEGER PRIMARY KEY, a int NOT NULL, b int NOT NULL, n int, s text NOT NULL, ok boolean NOT NULL, c datetime NOT NULL,
  u int NOT NULL UNIQUE, w text COLLATE NOCASE);
CREATE TABLE p (id INTEGER PRIMARY KEY, t_id int NOT NULL REFERENCES t, a int NOT NULL);
""",
    "tsql": """
CREATE TABLE t (id bigint PRIMARY KEY, a int NOT NULL, b int NOT NULL, n int, s nvarchar(50) NOT NULL, ok bit NOT NULL,
  c datetime2 NOT NULL, u int NOT NULL UNIQUE);
CREATE TABLE p (id bigint PRIMARY KEY, t_id bigint NOT NULL REFERENCES t (id), a int NOT NULL);
""",
    "oracle": """
CREATE TABLE t (id NUMBER(19) PRIMARY KEY, a NUMBER(9) NOT NULL, b NUMBER(9) NOT NULL, n NUMBER(9), s VARCHAR2(50) NOT NULL,
  c TIMESTAMP NOT NULL, u NUMBER(9) NOT NULL UNIQUE);
CREATE TABLE p (id NUMBER(19) PRIMARY KEY, t_id NUMBER(19) NOT NULL REFERENCES t (id), a NUMBER(9) NOT NULL);
""",
}


def lacks(dialect, index, query, tmp_path):
    text = f"-- dialect: {dialect}\n{TABLES[dialect]}{f'CREATE INDEX {index};' if index else ''}\n{query};"
    return [f"{each.index.table}({', '.join(each.index.columns)})" for each in findings(text, tmp_path)[0] if each.rule == SORT]


def first(keys, where=""):
    return f"SELECT id FROM t {where} ORDER BY {keys} LIMIT 10"


SERVED = [
    # dialect, index, query
    ("postgres", "i ON t (a)", first("a")),
    ("postgres", "i ON t (a)", first("a DESC")),
    ("postgres", "i ON t (a)", first("a, b DESC")),  # incremental sort
    ("postgres", "i ON t (a) INCLUDE (b)", first("a, b")),
    ("postgres", "i ON t (n)", first("n DESC")),  # nulls first, as the index has them from its end
    ("postgres", "i ON t (n NULLS FIRST)", first("n DESC NULLS LAST")),
    ("postgres", "i ON t (n DESC NULLS LAST)", first("n NULLS FIRST, a")),
    ("postgres", "i ON t (c DESC NULLS LAST)", first("c DESC NULLS LAST")),
    ("postgres", "i ON t (ok, c)", first("ok, c")),
    ("postgres", "i ON t (ok, c DESC)", first("ok DESC, c")),
    ("postgres", "i ON t (ok, c)", first("c", "WHERE ok")),
    ("postgres", "i ON t (ok, c)", first("c DESC", "WHERE NOT ok")),
    ("postgres", "i ON t (ok, c)", first("ok, c", "WHERE ok")),
    ("postgres", "i ON t (c)", first("c", "WHERE ok")),
    ("postgres", "i ON t (c) WHERE ok", first("c", "WHERE ok")),
    ("postgres", "i ON t (a, c)", first("a, c", "WHERE a = $1")),
    ("postgres", "i ON t (lower(s))", first("lower(s), a")),
    ("postgres", 'i ON t (s COLLATE "C")', first('s COLLATE "C"')),
    ("postgres", "i ON t (w)", first("w")),
    ("postgres", "i ON t (w)", first('w COLLATE "de_DE"')),
    ("postgres", 'i ON t (w COLLATE "de_DE")', first("w")),
    ("postgres", "", first("id, a")),
    ("postgres", "", first("u DESC, a")),
    ("postgres", "", first("id DESC", "WHERE a BETWEEN $1 AND $2")),
    ("postgres", "", first("lower(s)")),  # which nobody knows to be needed
    ("postgres", "", first("random()")),
    ("postgres", "", first("$1")),
    ("postgres", "", "SELECT id FROM t ORDER BY c LIMIT ALL"),
    ("postgres", "", "SELECT id FROM t ORDER BY c LIMIT NULL"),
    ("postgres", "i ON t (c, id)", first("c DESC, id DESC", "WHERE (c, id) < ($1, $2)")),
    ("postgres", "i ON t (c)", "SELECT max(c) FROM t WHERE ok"),
    ("postgres", "i ON t (a)", "SELECT max(c) FROM t WHERE a = $1"),  # the least of the few rows that the index leads to
    ("postgres", "i ON t (n)", "SELECT min(n), max(n) FROM t"),
    ("postgres", "i ON t (a)", "SELECT DISTINCT a FROM t ORDER BY a LIMIT 10"),
    ("postgres", "i ON t (a)", "SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, b DESC LIMIT 10"),
    ("postgres", "", "SELECT DISTINCT id, a FROM t ORDER BY id LIMIT 10"),
    ("postgres", "", "SELECT DISTINCT id, a FROM t LIMIT 10"),
    ("postgres", "", "SELECT DISTINCT ok FROM t LIMIT 10"),
    ("postgres", "i ON t (b)", "SELECT a, b, count(*) FROM t GROUP BY a, b ORDER BY b, a LIMIT 10"),
    ("postgres", "", "SELECT a, count(*) FROM t GROUP BY a ORDER BY count(*) DESC LIMIT 10"),
    ("postgres", "", "SELECT a, count(*) FROM t GROUP BY a ORDER BY a"),
    ("postgres", "", "SELECT ok, count(*) FROM t GROUP BY ok ORDER BY ok LIMIT 10"),
    ("postgres", "", "SELECT id FROM t UNION ALL SELECT id FROM p ORDER BY 1 DESC LIMIT 10"),
    ("postgres", "", "SELECT a FROM t UNION SELECT a FROM p ORDER BY a LIMIT 10"),
    ("postgres", "i ON t (c)", "SELECT t.id FROM t JOIN p ON p.id = t.a ORDER BY t.c, p.a LIMIT 10"),
    ("mysql", "i ON t (a, b)", first("a DESC, b DESC")),
    ("mysql", "i ON t (a, b DESC)", first("a DESC, b")),
    ("mysql", "i ON t (a)", first("a, id")),  # InnoDB has the primary key behind every other
    ("mysql", "i ON t (a, b, c)", first("c", "WHERE a = 1 AND b = 2")),
    ("mysql", "", first("u, a")),
    ("mysql", "", first("w")),  # a TEXT, of which MySQL indexes no more than the beginning
    ("mysql", "i ON t (s)", first("s COLLATE utf8mb4_unicode_ci")),
    ("mysql", "i ON t (s)", first("s COLLATE utf8mb4_bin")),  # no index has a column under another collation than its own
    ("mysql", "", first("NULL")),
    ("sqlite", "i ON t (a)", first("a, b DESC")),
    ("sqlite", "i ON t (a)", first("a DESC, id DESC")),
    ("sqlite", "i ON t (n)", first("n NULLS LAST")),
    ("sqlite", "i ON t (s COLLATE NOCASE)", first("s COLLATE NOCASE")),
    ("sqlite", "i ON t (w)", first("w")),
    ("sqlite", "", "SELECT min(c), max(c) FROM t"),  # of several it looks for none by an index
    ("sqlite", "", "SELECT DISTINCT a FROM t LIMIT 10"),
    ("tsql", "i ON t (a, b)", "SELECT TOP 10 id FROM t ORDER BY a, b"),
    ("tsql", "i ON t (a)", "SELECT TOP (10) id FROM t ORDER BY a, id"),
    ("tsql", "", "SELECT TOP 10 PERCENT id FROM t ORDER BY a"),
    ("oracle", "i ON t (n)", "SELECT id FROM t ORDER BY n DESC FETCH FIRST 10 ROWS ONLY"),
    ("oracle", "i ON t (a)", "SELECT id FROM t ORDER BY a NULLS FIRST FETCH FIRST 10 ROWS ONLY"),
    ("oracle", "", "SELECT id FROM t ORDER BY a FETCH FIRST 10 PERCENT ROWS ONLY"),
    ("oracle", "", "SELECT id FROM t WHERE ROWNUM <= 10 ORDER BY a"),
]

LACKING = [
    # dialect, index, query, the index that it lacks
    ("postgres", "i ON t (n)", first("n DESC NULLS LAST"), "t(n DESC NULLS LAST)"),
    ("postgres", "i ON t (n)", first("n NULLS FIRST, a"), "t(n NULLS FIRST)"),
    ("postgres", "i ON t (n)", first("n DESC NULLS LAST", "WHERE n IS NOT NULL"), "t(n DESC NULLS LAST)"),
    ("postgres", "", first("id DESC NULLS LAST"), "t(id DESC NULLS LAST)"),  # where no null is, but the planner minds it
    ("postgres", "i ON t (c DESC NULLS LAST)", first("c DESC"), "t(c)"),
    ("postgres", "i ON t (ok)", first("ok, c"), "t(ok, c)"),  # half of the table is equal in it
    ("postgres", "i ON t (ok, c)", first("ok, c DESC"), "t(ok, c DESC)"),
    ("postgres", "i ON t (ok, c)", first("c", "WHERE ok IN (true, false)"), "t(c)"),
    ("postgres", "i ON t (n, c)", first("c", "WHERE n IS NULL"), "t(c)"),
    ("postgres", "i ON t (s text_pattern_ops)", first("s"), "t(s)"),
    ("postgres", 'i ON t (s COLLATE "C")', first("s"), "t(s)"),
    ("postgres", "i ON t (s)", first('s COLLATE "C" DESC NULLS LAST'), 't(s COLLATE "C" DESC NULLS LAST)'),
    ("postgres", "i ON t USING hash (a)", first("a"), "t(a)"),
    ("postgres", "i ON t USING brin (c)", first("c"), "t(c)"),
    ("postgres", "i ON t (c) WHERE ok", first("c"), "t(c)"),
    ("postgres", "i ON t (b, a)", first("a"), "t(a)"),
    ("postgres", "", first("c", "WHERE a BETWEEN $1 AND $2"), "t(c)"),
    ("postgres", "", first("c DESC, id DESC", "WHERE (c, id) < ($1, $2)"), "t(c)"),
    ("postgres", "", "SELECT id FROM t ORDER BY c LIMIT 10 OFFSET 1000", "t(c)"),
    ("postgres", "", "SELECT id FROM t ORDER BY c FETCH FIRST 10 ROWS WITH TIES", "t(c)"),
    ("postgres", "", "SELECT c AS x FROM t ORDER BY x LIMIT 10", "t(c)"),
    ("postgres", "", "SELECT * FROM (SELECT * FROM t) x ORDER BY c LIMIT 10", "t(c)"),
    ("postgres", "", "SELECT max(c) FROM t WHERE b > 5", "t(c)"),
    ("postgres", "", "SELECT DISTINCT a FROM t LIMIT 10", "t(a)"),
    ("postgres", "", "SELECT DISTINCT a, b FROM t ORDER BY b, a LIMIT 10", "t(b)"),
    ("postgres", "", "SELECT a, count(*) FROM t GROUP BY a ORDER BY a DESC LIMIT 10", "t(a)"),
    ("postgres", "", "SELECT a, count(*) FROM t GROUP BY a LIMIT 10", "t(a)"),
    ("mysql", "i ON t (a, b)", first("a, b DESC"), "t(a, b DESC)"),
    ("mysql", "i ON t (a)", first("a, b"), "t(a, b)"),
    ("mysql", "i ON t (s(10))", first("s"), "t(s)"),
    ("mysql", "i ON t (ok, c)", first("c", "WHERE ok"), "t(c)"),  # which asks whether it is not zero
    ("mysql", "", "SELECT a, count(*) FROM t GROUP BY a ORDER BY a LIMIT 10", "t(a)"),
    ("sqlite", "i ON t (s)", first("s COLLATE NOCASE"), "t(s COLLATE NOCASE)"),
    ("sqlite", "i ON t (w COLLATE BINARY)", first("w"), "t(w)"),
    ("sqlite", "i ON t (b)", first("a, b"), "t(a)"),
    ("tsql", "i ON t (a, b)", "SELECT TOP 10 id FROM t ORDER BY a, b DESC", "t(a, b DESC)"),
    ("tsql", "i ON t (a)", "SELECT id FROM t ORDER BY a, b OFFSET 10 ROWS FETCH NEXT 5 ROWS ONLY", "t(a, b)"),
    ("oracle", "i ON t (n)", "SELECT id FROM t ORDER BY n NULLS FIRST FETCH FIRST 10 ROWS ONLY", "t(n NULLS FIRST)"),
    ("oracle", "", "SELECT id FROM t ORDER BY a DESC, b DESC FETCH FIRST 10 ROWS ONLY", "t(a, b)"),
    ("oracle", "", "SELECT * FROM (SELECT id FROM t ORDER BY a) WHERE ROWNUM <= 10", "t(a)"),
]


@pytest.mark.parametrize(("dialect", "index", "query"), SERVED)
def test_an_index_has_the_order_or_none_would_help(dialect, index, query, tmp_path):
    assert lacks(dialect, index, query, tmp_path) == []


@pytest.mark.parametrize(("dialect", "index", "query", "expected"), LACKING)
def test_no_index_has_the_order(dialect, index, query, expected, tmp_path):
    assert lacks(dialect, index, query, tmp_path) == [expected]


@pytest.mark.parametrize(("dialect", "index", "query"), [row[:3] for row in LACKING])
def test_the_suggested_index_has_it(dialect, index, query, tmp_path):
    text = f"-- dialect: {dialect}\n{TABLES[dialect]}{f'CREATE INDEX {index};' if index else ''}\n"
    (found,) = [each for each in findings(f"{text}{query};", tmp_path)[0] if each.rule == SORT]
    again, _ = findings(f"{text}{found.suggestion}\n{query};", tmp_path)
    assert [each for each in again if each.rule == SORT] == []


def test_both_arms_of_a_union_are_merged_where_both_have_the_order(tmp_path):
    query = "SELECT a FROM t UNION ALL SELECT a FROM p ORDER BY a LIMIT 10"
    assert lacks("postgres", "", query, tmp_path) == ["p(a)", "t(a)"]
    assert lacks("postgres", "i ON t (a)", query, tmp_path) == ["p(a)"]
    assert lacks("mysql", "", query, tmp_path) == []


def test_each_extreme_lacks_its_own_index(tmp_path):
    assert lacks("postgres", "", "SELECT min(c), max(a) FROM t", tmp_path) == ["t(c)", "t(a)"]


def test_the_order_and_the_way_on_from_it_may_lack_an_index_together(tmp_path):
    query = "SELECT t.id FROM t JOIN p ON p.t_id = t.id ORDER BY t.c DESC LIMIT 10"
    found, _ = findings(f"{TABLES['postgres']}{query};", tmp_path)
    assert sorted(f"{each.index.table}({', '.join(each.index.columns)})" for each in found if each.index and each.location.line > 4) == [
        "p(t_id)",
        "t(c)",
    ]


def test_the_message_says_what_is_wrong_with_the_index_that_comes_near(tmp_path):
    (found,) = findings(f"{TABLES['postgres']}CREATE INDEX by_n ON t (n); {first('n DESC NULLS LAST')};", tmp_path)[0][-1:]
    assert "no index of t has that order (by_n has another order)" in found.message
