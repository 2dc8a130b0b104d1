"""Which of two columns is converted when they are compared, and which index still serves then (``agreement``), dialect by dialect.

PostgreSQL's and SQLite's rows were held against their planners; those of the others are their manuals'.
"""

import pytest

from lastcall.model import Column
from lastcall.sql.agreement import compared
from sqlcases import findings

MISMATCH = "mismatched-join-types"


def column(written):
    """``varchar(9) collate x charset y``, as the catalog has it."""
    words = written.split()
    said = dict(zip(words[1::2], words[2::2], strict=True))
    return Column("c", words[0].upper(), collation=said.get("collate", ""), charset=said.get("charset", ""))


CONVERTED = [
    # dialect, left column, right column, what the query writes, what becomes of the left and of the right one
    ("postgres", "integer", "numeric", "", ("numeric", "")),
    ("postgres", "double", "numeric(9,2)", "", ("", "float")),
    ("postgres", "real", "bigint", "", ("", "float")),
    ("postgres", "bigint", "varchar(9)", "", "refused"),
    ("postgres", "uuid", "text", "", "refused"),
    ("postgres", "varchar(9)", "char(9)", "", ("char", "")),
    ("postgres", "char(9)", "text", "", ("text", "")),
    ("postgres", "text collate c", "text", "", ("", "collate c")),
    ("postgres", "text collate c", "text collate de_de", "", "refused"),
    ("postgres", "text", "text", "c", ("collate c", "collate c")),
    ("postgres", "text collate c", "text", "c", ("", "collate c")),
    ("mysql", "varchar(9)", "int", "", ("integer", "")),
    ("mysql", "datetime", "varchar(9)", "", ("", "time")),
    ("mysql", "varbinary(16)", "char(16)", "", ("", "binary")),
    ("mysql", "varchar(9) charset utf8mb3", "varchar(9) charset utf8mb4", "", ("convert utf8mb4", "")),
    ("mysql", "varchar(9) charset utf8mb4", "varchar(9) charset latin1", "", ("", "convert utf8mb4")),
    ("mysql", "varchar(9) charset latin1", "varchar(9) charset cp1251", "", "refused"),
    (
        "mysql",
        "varchar(9) charset utf8mb4 collate utf8mb4_bin",
        "varchar(9) charset utf8mb4 collate utf8mb4_unicode_ci",
        "",
        ("", "collate utf8mb4_bin"),
    ),
    (
        "mysql",
        "varchar(9) charset utf8mb4 collate utf8mb4_0900_ai_ci",
        "varchar(9) charset utf8mb4 collate utf8mb4_unicode_ci",
        "",
        "refused",
    ),
    (
        "mysql",
        "varchar(9) charset utf8mb4 collate utf8mb4_0900_ai_ci",
        "varchar(9) charset utf8mb4 collate utf8mb4_unicode_ci",
        "utf8mb4_unicode_ci",
        ("collate utf8mb4_unicode_ci", ""),
    ),
    ("tsql", "nvarchar(9)", "uniqueidentifier", "", ("uuid", "")),
    ("tsql", "varchar(9) collate latin1_general_bin", "varchar(9) collate latin1_general_ci_as", "", "refused"),
    ("oracle", "varchar2(9)", "number(9)", "", ("numeric", "")),
    ("sqlite", "text", "integer", "", ("number", "")),
    ("sqlite", "text collate nocase", "text", "", ("", "collate nocase")),
    ("sqlite", "text", "text collate nocase", "", ("", "collate binary")),
]

AS_THEY_ARE = [
    ("postgres", "bigint", "integer", ""),
    ("postgres", "varchar(9)", "text", ""),
    ("postgres", "date", "timestamptz", ""),
    ("postgres", "real", "double", ""),
    ("postgres", "citext", "text", ""),
    ("postgres", "text collate c", "text collate c", ""),
    ("mysql", "int", "decimal(9,2)", ""),
    ("mysql", "varchar(9)", "varchar(9) charset latin1", ""),  # nobody knows the database's own
    ("mysql", "varchar(9) charset utf8mb4", "varchar(9) charset utf8mb4 collate utf8mb4_bin", ""),
    ("tsql", "int", "decimal(9)", ""),
    ("tsql", "varchar(9)", "nvarchar(9)", ""),
    ("tsql", "varchar(9)", "varchar(9) collate latin1_general_bin", ""),
    ("oracle", "integer", "number(19)", ""),
    ("oracle", "varchar2(9) collate binary_ci", "varchar2(9)", ""),
    ("sqlite", "varchar(9)", "text", ""),
    ("sqlite", "int", "decimal", ""),
]


@pytest.mark.parametrize(("dialect", "left", "right", "asked", "expected"), CONVERTED)
def test_one_of_them_is_converted_or_they_are_not_compared_at_all(dialect, left, right, asked, expected):
    found = compared(column(left), column(right), asked, dialect)
    assert found is not None
    assert ("refused" if found.refused else (found.left, found.right)) == expected


@pytest.mark.parametrize(("dialect", "left", "right", "asked"), AS_THEY_ARE)
def test_both_are_compared_as_they_are(dialect, left, right, asked):
    assert compared(column(left), column(right), asked, dialect) is None


def told(dialect, sql, tmp_path):
    found, _ = findings(f"-- dialect: {dialect}\n{sql}", tmp_path)
    return sorted(f"{each.rule}{f' {each.index.table}({each.index.columns[0]})' if each.index else ''}" for each in found)


SCHEMAS = {
    "postgres": """
CREATE TABLE p (id bigint PRIMARY KEY, s text, k text COLLATE "C", n numeric, h char(9));
CREATE TABLE t (id bigint PRIMARY KEY, s text, k text COLLATE "C", n numeric, i integer, v varchar(9));
""",
    "sqlite": """
CREATE TABLE p (id INTEGER PRIMARY KEY, s text, k text COLLATE NOCASE, i integer);
CREATE TABLE t (id INTEGER PRIMARY KEY, s text, k text COLLATE NOCASE, i integer);
""",
}
JOINS = [
    # dialect, the index that there is, the condition, what is found
    ("postgres", "t (s)", "t.s = p.s", []),
    ("postgres", "t (s)", "t.s = p.k", [MISMATCH]),
    ("postgres", "t (k)", "t.k = p.s", [MISMATCH]),  # p.s is converted, and t.k is found by its index all the same
    ("postgres", 't (s COLLATE "C")', "t.s = p.k", []),
    ("postgres", "t (s)", 't.s = p.s COLLATE "C"', [MISMATCH]),
    ("postgres", "t (s text_pattern_ops)", "t.s = p.s", []),
    ("postgres", "t (i)", "t.i = p.n", [MISMATCH]),
    ("postgres", "t (v)", "t.v = p.h", [MISMATCH]),
    ("sqlite", "t (s)", "t.s = p.k", [MISMATCH]),
    ("sqlite", "t (s COLLATE NOCASE)", "p.k = t.s", []),
    ("sqlite", "t (s)", "p.k = t.s", [MISMATCH]),
    ("sqlite", "t (i)", "t.i = p.s", [MISMATCH]),
    ("sqlite", "t (s)", "t.s = p.s", []),
]


@pytest.mark.parametrize(("dialect", "index", "condition", "expected"), JOINS)
def test_what_a_join_of_two_kinds_of_columns_is_told(dialect, index, condition, expected, tmp_path):
    sql = f"{SCHEMAS[dialect]}CREATE INDEX i ON {index};\nSELECT t.id FROM p JOIN t ON {condition} WHERE p.id = 1;"
    assert told(dialect, sql, tmp_path) == expected


FILTERS = [
    # dialect, the index that there is, the filter, what is found
    ("postgres", "t (s)", "s = $1", []),
    ("postgres", "t (s)", "s LIKE 'x%'", []),  # unless the database is in some language, which nobody knows
    ("postgres", "t (s text_pattern_ops)", "s LIKE 'x%'", []),
    ("postgres", "t (s text_pattern_ops)", "s = $1", []),
    ("postgres", "t (k)", "k LIKE 'x%'", []),
    ("postgres", 't (s COLLATE "de_DE")', 's COLLATE "de_DE" = $1', []),
    ("postgres", "t (s)", 's = $1 COLLATE "C"', ["unsargable-predicate"]),
    ("postgres", 't (s COLLATE "C")', "s = $1", ["unindexed-filter t(s)"]),
    ("sqlite", "t (s)", "s = ?", []),
    ("sqlite", "t (k)", "k LIKE 'x%'", []),
    ("sqlite", "t (s COLLATE NOCASE)", "s LIKE 'x%'", []),
    ("sqlite", "t (s)", "s GLOB 'x*'", []),
    ("sqlite", "t (s)", "s LIKE 'x%'", ["unsargable-predicate"]),  # its LIKE takes no notice of case
    ("sqlite", "t (s)", "s = ? COLLATE NOCASE", ["unsargable-predicate"]),
    ("sqlite", "t (s COLLATE NOCASE)", "s = ?", ["unindexed-filter t(s)"]),
]


@pytest.mark.parametrize(("dialect", "index", "condition", "expected"), FILTERS)
def test_what_a_filter_under_a_collation_is_told(dialect, index, condition, expected, tmp_path):
    sql = f"{SCHEMAS[dialect]}CREATE INDEX i ON {index};\nSELECT id FROM t WHERE {condition};"
    assert told(dialect, sql, tmp_path) == expected


def test_a_column_in_the_order_of_a_language_is_no_help_to_like(tmp_path):
    schema = 'CREATE TABLE t (id bigint PRIMARY KEY, s text COLLATE "de_DE"); CREATE INDEX i ON t (s);'
    assert told("postgres", f"{schema} SELECT id FROM t WHERE s LIKE 'x%';", tmp_path) == ["unindexed-filter t(s text_pattern_ops)"]
    assert told("postgres", f"{schema} SELECT id FROM t WHERE s = 'x';", tmp_path) == []


def test_a_prefix_of_a_text_serves_what_mysql_looks_up(tmp_path):
    schema = "CREATE TABLE t (id bigint PRIMARY KEY, s text, KEY i (s(20)));"
    for condition in ("s = 'x'", "s LIKE 'x%'", "s BETWEEN 'x' AND 'y'"):
        assert told("mysql", f"{schema} SELECT id FROM t WHERE {condition};", tmp_path) == []
