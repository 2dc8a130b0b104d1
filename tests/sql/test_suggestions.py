"""Every suggestion is a statement that a server takes, silences what it was made for, and brings nothing new."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from lastcall.check import rules
from lastcall.model import MissingIndex
from lastcall.sql.naming import Naming
from planners import running_or_skipped
from schemas import catalog
from suggestions import DIALECTS, LACKING, left_over, report, side, statements, world

CASES = sorted((Path(__file__).parent.parent / "cases").glob("*/*.sql"))
EXAMPLES = {
    f"{name}/{number}": example
    for name, rule in sorted(rules().items())
    for number, example in enumerate(re.findall(r"```sql\n(.*?)```", rule.doc, re.DOTALL))
}


@pytest.fixture(scope="module")
def server():
    yield from running_or_skipped()


def suggestion(ddl: str, table: str, *columns: str, dialect: str = "postgres") -> MissingIndex:
    return Naming(catalog(ddl, dialect=dialect)[0]).suggested(table, columns)


def suggested(folder: Path, text: str, dialect: str = "postgres") -> list[str]:
    """The statements that a report on one file suggests, once it is sure that they leave nothing over."""
    (folder / "case.sql").write_text(text, encoding="utf-8")
    found = statements(report(folder, dialect))
    assert left_over(folder, dialect) == []
    return found


# ---------------------------------------------------------------------------------------------------------------- nothing is left over


def _spoken(text: str) -> tuple[str, list[str]]:
    dialect = re.search(r"^-- dialect: (\w+)", text)
    small = re.search(r"^-- small-tables: (.+)$", text, re.MULTILINE)
    return dialect.group(1) if dialect else "postgres", small.group(1).split(", ") if small else []


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_a_case_suggests_silences_it(case, tmp_path):
    text = case.read_text(encoding="utf-8")
    (tmp_path / "case.sql").write_text(text, encoding="utf-8")
    assert left_over(tmp_path, *_spoken(text)) == []


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES.keys())
def test_what_the_examples_of_the_rules_suggest_silences_them(example, tmp_path):
    (tmp_path / "case.sql").write_text(example, encoding="utf-8")
    assert left_over(tmp_path, *_spoken(example)) == []


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_asked_all_suggestions_together_silence_it(seed, dialect, tmp_path):
    schema, queries = world(seed, dialect, 16)
    (tmp_path / "schema.sql").write_text(schema, encoding="utf-8")
    (tmp_path / "queries.sql").write_text(queries, encoding="utf-8")
    assert left_over(tmp_path, dialect) == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_one_query_alone_is_silenced_too(dialect, tmp_path):
    schema, queries = world(77, dialect, 20)
    (tmp_path / "schema.sql").write_text(schema, encoding="utf-8")
    for query in queries.splitlines():
        (tmp_path / "queries.sql").write_text(query, encoding="utf-8")
        assert left_over(tmp_path, dialect) == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_release_that_brings_what_was_suggested_is_told_of_none_of_it(dialect, tmp_path):
    schema, queries = world(3, dialect, 20)
    (tmp_path / "schema.sql").write_text(schema, encoding="utf-8")
    (tmp_path / "queries.sql").write_text(queries, encoding="utf-8")
    found = statements(report(tmp_path, dialect))
    assert found
    before = side(tmp_path, dialect)
    (tmp_path / "suggested.sql").write_text("\n".join(found), encoding="utf-8")
    told = report(tmp_path, dialect, before=before)
    assert [each for each in told if each.rule in LACKING or (each.location and each.location.path == "suggested.sql")] == []


def test_suggestions_do_not_depend_on_the_order_of_what_asks(tmp_path):
    schema, queries = world(5, "postgres", 12)
    (tmp_path / "schema.sql").write_text(schema, encoding="utf-8")
    told = []
    for lines in (queries.splitlines(), queries.splitlines()[::-1]):
        (tmp_path / "queries.sql").write_text("\n".join(lines), encoding="utf-8")
        told.append(sorted(statements(report(tmp_path, "postgres"))))
    assert told[0] == told[1]


# ---------------------------------------------------------------------------------------------------------------- real servers


@pytest.mark.parametrize("seed", range(100, 104))
def test_sqlite_takes_every_suggestion(seed, tmp_path):
    schema, queries = world(seed, "sqlite", 20)
    (tmp_path / "case.sql").write_text(schema + queries, encoding="utf-8")
    found = statements(report(tmp_path, "sqlite"))
    assert found
    connection = sqlite3.connect(":memory:")
    connection.executescript(schema)
    for statement in found:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize("seed", range(100, 104))
def test_postgresql_takes_every_suggestion(seed, server, tmp_path):
    schema, queries = world(seed, "postgres", 20)
    (tmp_path / "case.sql").write_text(schema + queries, encoding="utf-8")
    found = statements(report(tmp_path, "postgres"))
    assert found
    with server.another().connect() as session:
        session.execute(schema.encode())
        for statement in found:
            session.execute(statement.encode())


PARTITIONED = """\
CREATE TABLE events (id bigint, at date NOT NULL, "userId" bigint) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE "Events 2" PARTITION OF events FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');
"""
BY_PARTITION = [
    'CREATE INDEX "events_userId_idx" ON ONLY events ("userId");',
    'CREATE INDEX CONCURRENTLY "events_1_userId_idx" ON events_1 ("userId");',
    'ALTER INDEX "events_userId_idx" ATTACH PARTITION "events_1_userId_idx";',
    'CREATE INDEX CONCURRENTLY "Events_2_userId_idx" ON "Events 2" ("userId");',
    'ALTER INDEX "events_userId_idx" ATTACH PARTITION "Events_2_userId_idx";',
]


def test_a_partitioned_table_is_indexed_partition_by_partition(server, tmp_path):
    asked = 'SELECT id FROM events WHERE "userId" = $1; SELECT id FROM events_1 WHERE "userId" = $1;\n'
    assert suggested(tmp_path, PARTITIONED + asked) == BY_PARTITION
    with server.another().connect() as session:
        session.execute(PARTITIONED.encode())
        for statement in BY_PARTITION:
            session.execute(statement.encode())
        assert session.execute("SELECT count(*) FROM pg_index WHERE NOT indisvalid").fetchone() == (0,)


def test_with_many_partitions_the_plain_statement_is_suggested():
    parts = "".join(
        f"CREATE TABLE events_{n} PARTITION OF events FOR VALUES FROM ('{2030 + n}-01-01') TO ('{2031 + n}-01-01');\n" for n in range(9)
    )
    made = "CREATE TABLE events (id bigint, at date NOT NULL, user_id bigint) PARTITION BY RANGE (at);\n"
    assert suggestion(made + parts, "events", "user_id").sql == "CREATE INDEX events_user_id_idx ON events (user_id);"


# ---------------------------------------------------------------------------------------------------------------- names that need quotes

SPELLED = [
    # dialect, DDL, the table and its column as they are known, the statement
    ("postgres", 'CREATE TABLE "User" ("userId" int)', "user", "userid", 'CONCURRENTLY "User_userId_idx" ON "User" ("userId");'),
    ("postgres", "CREATE TABLE Orders (UserId int)", "orders", "userid", "CONCURRENTLY orders_userid_idx ON orders (userid);"),
    ("postgres", 'CREATE TABLE "order" ("group" int)', "order", "group", 'CONCURRENTLY order_group_idx ON "order" ("group");'),
    ("postgres", 'CREATE TABLE "Sales"."Line Items" (a int)', "sales.line items", "a", '"Line_Items_a_idx" ON "Sales"."Line Items" (a);'),
    ("postgres", 'CREATE TABLE shop."order" (a int)', "shop.order", "a", 'CONCURRENTLY order_a_idx ON shop."order" (a);'),
    ("postgres", 'CREATE TABLE public."T" (a int)', "t", "a", 'CONCURRENTLY "T_a_idx" ON "T" (a);'),
    ("postgres", 'CREATE TABLE "2fa" ("a""b" int)', "2fa", 'a"b', 'CONCURRENTLY "2fa_a_b_idx" ON "2fa" ("a""b");'),
    ("postgres", 'CREATE TABLE t (a int); ALTER TABLE t RENAME a TO "B"', "t", "b", 'CONCURRENTLY "t_B_idx" ON t ("B");'),
    ("postgres", 'CREATE TABLE t ("A" int); ALTER TABLE t RENAME TO "Order"', "order", "a", '"Order_A_idx" ON "Order" ("A");'),
    ("postgres", 'CREATE TABLE s."T" (a int); ALTER TABLE s."T" RENAME TO u', "s.u", "a", "CONCURRENTLY u_a_idx ON s.u (a);"),
    ("postgres", 'CREATE TABLE "T" (a int); ALTER TABLE "T" SET SCHEMA "S"', "s.t", "a", 'CONCURRENTLY "T_a_idx" ON "S"."T" (a);'),
    ("postgres", 'CREATE TABLE t ("A" int); ALTER TABLE t ALTER COLUMN "A" TYPE bigint', "t", "a", '"t_A_idx" ON t ("A");'),
    ("postgres", 'CREATE TABLE t (b int); ALTER TABLE t ADD COLUMN "A" int', "t", "a", 'CONCURRENTLY "t_A_idx" ON t ("A");'),
    ("mysql", "CREATE TABLE `Order` (`group` int, userId int)", "order", "group", "Order_group_idx ON `Order` (`group`);"),
    ("mysql", "CREATE TABLE Orders (userId int)", "orders", "userid", "CREATE INDEX Orders_userId_idx ON Orders (userId);"),
    ("mysql", "CREATE TABLE t (a int); ALTER TABLE t CHANGE a `rank` int", "t", "rank", "CREATE INDEX t_rank_idx ON t (`rank`);"),
    ("mysql", "CREATE TABLE t (`a b` int)", "t", "a b", "CREATE INDEX t_a_b_idx ON t (`a b`);"),
    ("sqlite", 'CREATE TABLE "order" ([group] int)', "order", "group", 'CREATE INDEX order_group_idx ON "order" ("group");'),
    ("sqlite", "CREATE TABLE 'Albums' (`Artist Id` int)", "albums", "artist id", 'Albums_Artist_Id_idx ON Albums ("Artist Id");'),
    ("tsql", "CREATE TABLE [dbo].[Order Details] ([Key] int)", "order details", "key", "Order_Details_Key_idx ON [Order Details] ([Key])"),
    ("tsql", "CREATE TABLE Sales.Orders (UserId int)", "sales.orders", "userid", "INDEX Orders_UserId_idx ON Sales.Orders (UserId) WITH ("),
    ("tsql", "CREATE TABLE t (a int); EXEC sp_rename 't.a', 'UserId', 'COLUMN'", "t", "userid", "INDEX t_UserId_idx ON t (UserId)"),
    ("oracle", "CREATE TABLE Orders (User_Id int)", "orders", "user_id", "INDEX orders_user_id_idx ON orders (user_id) ONLINE;"),
    ("oracle", 'CREATE TABLE "ORDERS" ("user_id" int)', "orders", "user_id", 'INDEX orders_user_id_idx ON orders ("user_id") ONLINE;'),
    ("oracle", 'CREATE TABLE orders ("DATE" int)', "orders", "date", 'INDEX orders_date_idx ON orders ("DATE") ONLINE;'),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "ddl", "table", "column", "statement"), SPELLED)
def test_names_are_spelled_as_the_server_keeps_them(dialect, ddl, table, column, statement):
    made = suggestion(ddl + ";", table, column, dialect=dialect).sql
    assert made.endswith(statement) or statement in made


# ---------------------------------------------------------------------------------------------------------------- what an index can hold

HELD = [
    ("mysql", "a text", ["a"], "t (a(191));"),
    ("mysql", "a tinytext", ["a"], "t (a(63));"),
    ("mysql", "a mediumblob", ["a"], "t (a(191));"),
    ("mysql", "a varchar(768)", ["a"], "t (a);"),
    ("mysql", "a varchar(769)", ["a"], "t (a(191));"),
    ("mysql", "a varchar(3000) charset latin1", ["a"], "t (a);"),
    ("mysql", "a varchar(500), b varchar(400)", ["a", "b"], "t (a(191), b);"),
    ("mysql", "a varchar(255), b varchar(255), c bigint", ["a", "b", "c"], "t (a, b, c);"),
    ("mysql", "a json, b int", ["a", "b"], "t (b);"),
    ("tsql", "a nvarchar(max), b int", ["a", "b"], "t (b) WITH (ONLINE = ON);"),
    ("tsql", "a nvarchar(450)", ["a"], "t (a) WITH (ONLINE = ON);"),
    ("oracle", "a clob, b int", ["b", "a"], "t (b) ONLINE;"),
    ("postgres", "a text, b json", ["a", "b"], "t (a);"),
    ("postgres", "a jsonb", ["a"], "t (a);"),
    ("sqlite", "a text", ["a"], "t (a);"),
]


@pytest.mark.parametrize(("dialect", "columns", "wanted", "statement"), HELD)
def test_a_key_is_what_the_dialect_can_index(dialect, columns, wanted, statement):
    assert suggestion(f"CREATE TABLE t ({columns});", "t", *wanted, dialect=dialect).sql.endswith(statement)


@pytest.mark.parametrize(
    ("dialect", "kind", "told"),
    [
        ("tsql", "nvarchar(max)", "SQL Server indexes no nvarchar(max)"),
        ("tsql", "text", "SQL Server indexes no text"),
        ("oracle", "clob", "Oracle indexes no clob"),
        ("mysql", "json", "MySQL indexes no json"),
        ("postgres", "json", "PostgreSQL has no ordinary index for json"),
    ],
)
def test_where_there_is_no_such_index_it_is_said_what_to_do(dialect, kind, told):
    made = suggestion(f"CREATE TABLE t (a {kind});", "t", "a", dialect=dialect)
    assert (made.sql, made.suggestion.startswith(told), "a of t" in made.suggestion) == ("", True, True)


# ---------------------------------------------------------------------------------------------------------------- names of indexes

HABITS = [
    ("CREATE INDEX idx_orders__x ON orders (x); CREATE INDEX idx_orders__user_id__x ON orders (user_id, x)", "idx_orders__id__x"),
    ("CREATE INDEX x_orders ON orders (x); CREATE INDEX user_id_orders ON orders (user_id)", "id_x_orders"),
    ('CREATE INDEX "IX_orders_x" ON orders (x)', '"IX_orders_id_x"'),
    ("CREATE INDEX ix_orders_x ON orders (x)", "ix_orders_id_x"),
    ("CREATE INDEX index_orders_on_x ON orders (x)", "index_orders_on_id_x"),
    ("CREATE INDEX orders_x_99aa99aa ON orders (x); CREATE INDEX orders_user_id_a1b2c3d4 ON orders (user_id)", "orders_id_x_idx"),
    ("ALTER TABLE orders ADD CONSTRAINT orders_x_key UNIQUE (x), ADD CONSTRAINT orders_user_id_key UNIQUE (user_id)", "orders_id_x_idx"),
    ("CREATE INDEX ix_x ON orders (x); CREATE INDEX ix_user_id ON orders (user_id)", "ix_id_x"),
    ("CREATE INDEX ix_x ON orders (x); CREATE INDEX ix_id_x ON orders (user_id, id)", "orders_id_x_idx"),
    ("CREATE INDEX only_once_orders_x ON orders (x)", "orders_id_x_idx"),
    ("CREATE INDEX orders_id_x_idx ON orders (id, x) WHERE x > 4", "orders_id_x_idx_2"),
    ("CREATE TABLE orders_id_x_idx (a int)", "orders_id_x_idx_2"),
]


@pytest.mark.parametrize(("ddl", "name"), HABITS)
def test_an_index_is_named_by_the_habit_of_the_repository(ddl, name):
    made = suggestion(f"CREATE TABLE orders (id int, user_id int, x int); {ddl};", "orders", "id", "x").sql
    assert made == f"CREATE INDEX CONCURRENTLY {name} ON orders (id, x);"


def test_where_the_table_tells_names_apart_two_may_be_the_same():
    tables = "CREATE TABLE a (x int, y int, KEY (x), KEY (y)); CREATE TABLE b (x int, y int);"
    assert suggestion(tables, "b", "x", dialect="mysql").sql == "CREATE INDEX x ON b (x);"
    assert suggestion(tables, "a", "x", dialect="mysql").sql == "CREATE INDEX a_x ON a (x);"


@pytest.mark.parametrize(("dialect", "limit"), [("postgres", 63), ("mysql", 64), ("tsql", 128), ("oracle", 128)])
@pytest.mark.parametrize("letter", ["x", "é"])
def test_a_name_that_is_too_long_is_cut_and_stays_its_own(dialect, limit, letter):
    one, other = (f"a_{letter * 110}_{number}" for number in range(2))
    quoted = [f'"{name}"' if dialect != "mysql" else f"`{name}`" for name in (one, other)]
    ddl = f"CREATE TABLE {'t' * 30} ({quoted[0]} int, {quoted[1]} int);"
    made = [suggestion(ddl, "t" * 30, column, dialect=dialect).sql for column in (one, other)]
    names = [statement.split(" ON ")[0].split(" ")[-1].strip('"`[]').lower() for statement in made]
    assert len(set(names)) == 2
    for name in names:
        assert name.startswith("t" * 30 + "_a_")
        assert name.endswith("_idx")
        assert len(name.encode() if dialect in ("postgres", "oracle") else name) <= limit


def test_two_suggestions_never_have_one_name(tmp_path):
    tables = "CREATE TABLE a_b (id int PRIMARY KEY, c int, d int); CREATE TABLE a (id int PRIMARY KEY, b_c int, b_d int);\n"
    asked = "SELECT 1 FROM a_b WHERE c = 1; SELECT 1 FROM a WHERE b_c = 1;\n"
    assert suggested(tmp_path, tables + asked) == [
        "CREATE INDEX CONCURRENTLY a_b_c_idx_2 ON a_b (c);",
        "CREATE INDEX CONCURRENTLY a_b_c_idx ON a (b_c);",
    ]


# ---------------------------------------------------------------------------------------------------------------- one for several

TABLE = "CREATE TABLE users (id bigint PRIMARY KEY); CREATE TABLE t (id bigint PRIMARY KEY, a int, b int, c text, d timestamp NOT NULL);\n"
SHARED = [
    # what is asked, the keys of the indexes that are suggested
    (["t WHERE a = 1", "t WHERE a = 1 AND b = 2"], ["a, b"]),
    (["t WHERE a = 1 AND b = 2", "t WHERE a = 2"], ["a, b"]),
    (["t WHERE a = 1", "t WHERE b = 2"], ["a", "b"]),
    (["users u JOIN t ON t.a = u.id WHERE u.id = 1", "t WHERE a = 1 AND b = 2"], ["a, b"]),
    (["t ORDER BY d LIMIT 5", "t WHERE d = $1 AND a = 1"], ["d, a"]),
    (["t ORDER BY d LIMIT 5", "t WHERE d BETWEEN $1 AND $2 AND a = 1"], ["a, d", "d"]),
]


@pytest.mark.parametrize(("asked", "keys"), SHARED)
def test_one_index_is_suggested_where_one_serves_all(asked, keys, tmp_path):
    found = suggested(tmp_path, TABLE + "".join(f"SELECT 1 FROM {each};\n" for each in asked))
    assert sorted(statement[statement.index("(") + 1 : -2] for statement in found) == keys


def test_a_foreign_key_is_served_by_what_a_query_needs(tmp_path):
    tables = "CREATE TABLE users (id bigint PRIMARY KEY); CREATE TABLE t (id bigint PRIMARY KEY, a bigint REFERENCES users, b int);\n"
    assert suggested(tmp_path, tables + "SELECT 1 FROM t WHERE a = 1 AND b = 2;") == ["CREATE INDEX CONCURRENTLY t_a_b_idx ON t (a, b);"]


# ---------------------------------------------------------------------------------------------------------------- expressions

FOLDED = [
    ("postgres", 'CREATE TABLE u (id int PRIMARY KEY, "eMail" text UNIQUE)', '"eMail"', 'u_lower_email_idx ON u ((LOWER("eMail")));'),
    ("sqlite", "CREATE TABLE u (id int PRIMARY KEY, eMail text UNIQUE)", "eMail", "u_lower_email_idx ON u ((LOWER(eMail)));"),
    ("mysql", "CREATE TABLE u (id int PRIMARY KEY, email varchar(99) UNIQUE)", "email", "u_lower_email_idx ON u ((LOWER(email)));"),
    ("oracle", "CREATE TABLE u (id int, email varchar2(99) UNIQUE)", "email", "u_lower_email_idx ON u ((LOWER(email))) ONLINE;"),
]


@pytest.mark.parametrize(("dialect", "table", "column", "statement"), FOLDED)
def test_a_folded_column_gets_an_index_on_the_expression(dialect, table, column, statement, tmp_path):
    (made,) = suggested(tmp_path, f"{table};\nSELECT id FROM u WHERE lower({column}) = 'x';\n", dialect)
    assert made.endswith(statement)


def test_sql_server_needs_a_column_for_it(tmp_path):
    text = "CREATE TABLE u (id int PRIMARY KEY, email varchar(99) UNIQUE);\nSELECT id FROM u WHERE lower(email) = 'x';\n"
    (tmp_path / "case.sql").write_text(text, encoding="utf-8")
    (found,) = report(tmp_path, "tsql")
    assert found.suggestion == "SQL Server indexes no expression: add a computed column for LOWER(email) to u, and index that"


@pytest.mark.parametrize("term", ["date(d) = $1", "c LIKE '%x'", "lower(c) > 'x'"])
def test_what_no_index_on_an_expression_helps_gets_none(term, tmp_path):
    text = TABLE + f"CREATE INDEX t_c ON t (c); CREATE INDEX t_d ON t (d); SELECT 1 FROM t WHERE {term};"
    assert suggested(tmp_path, text) == []


# ---------------------------------------------------------------------------------------------------------------- builds under a lock

BUILDS = [
    # the table, what a release builds on it, what is suggested instead
    (
        'CREATE TABLE "User" (id int PRIMARY KEY, "deletedAt" timestamp, email text);',
        'CREATE INDEX "User_email_idx" ON "User" (email, lower("email")) INCLUDE ("deletedAt") WHERE "deletedAt" IS NULL;',
        'CREATE INDEX CONCURRENTLY "User_email_idx" ON "User" (email, (LOWER(email))) INCLUDE ("deletedAt") WHERE "deletedAt" IS NULL;',
    ),
    (
        'CREATE TABLE t (id int PRIMARY KEY, "Name" text, "order" int);',
        'CREATE INDEX i ON t ("Name" COLLATE "en_US", "order" DESC);',
        'CREATE INDEX CONCURRENTLY i ON t ("Name" COLLATE "en_US", "order" DESC);',
    ),
    (PARTITIONED, "CREATE INDEX i ON events (id);", ""),
]


@pytest.mark.parametrize(("table", "build", "online"), BUILDS)
def test_a_build_under_a_lock_is_suggested_in_the_spelling_of_the_schema(table, build, online, tmp_path):
    (tmp_path / "001.sql").write_text(table, encoding="utf-8")
    before = side(tmp_path, "postgres")
    (tmp_path / "002.sql").write_text(build, encoding="utf-8")
    found = [each for each in report(tmp_path, "postgres", before=before) if each.rule == "blocking-index-build"]
    assert {each.suggestion for each in found} == {online}
