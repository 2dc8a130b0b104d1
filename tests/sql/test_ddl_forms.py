"""More forms of DDL, by dialect: what it leaves of indexes, what took an index away, and what cannot be told."""

from __future__ import annotations

import pytest

from lastcall import sql
from lastcall.folder import Folder
from lastcall.model import QueryPolicy
from schemas import catalog, indexes, shown

FORMS = [
    # PostgreSQL takes an index where ALTER TABLE names a table
    ("postgres", "create table t (a int); create index i on t (a); alter table i rename to j; drop index j", []),
    ("postgres", "create table t (a int); create index i on t (a); reindex index i; cluster t using i; comment on index i is 'x'", ["a"]),
    ("postgres", "create table t (a text); create index i on t using spgist (a)", ["spgist a"]),
    ("postgres", "create table t (a int); create table c (b int) inherits (t); create index i on t (a)", ["a"]),
    (
        "postgres",
        "create table t (a int); alter table t add a2 int, add constraint c check (a > 0) not valid, add primary key (a)",
        ["primary a"],
    ),
    (
        "postgres",
        (
            "create table t (a int) partition by range (a); create table p partition of t default partition by list (a);"
            "create table q partition of p default; create index i on t (a); alter table t detach partition p concurrently"
        ),
        ["a"],
    ),
    # MySQL and MariaDB
    ("mysql", "create table t (a int, key i (a) not ignored, key j (b) ignored)", ["a"]),
    ("mysql", "create table t (a int); create or replace index i on t (a); create or replace index i on t (b)", ["b"]),
    ("mysql", "create table t (a int, key i (a)); alter table t add index if not exists i (b), drop index if exists z", ["a"]),
    ("mysql", "create table t (a int, constraint unique index (a), constraint primary key (b))", ["unique a", "primary b"]),
    ("mysql", "create table t (a int, constraint `fk` foreign key `i` (a) references `db`.`o` (`id`) on delete cascade)", ["a"]),
    ("mysql", "create table t (a int); create online unique index i on t (a)", ["unique a"]),
    (
        "mysql",
        "create table t (a int); alter table t add constraint f foreign key (a) references o (id); alter table t drop constraint f",
        ["a"],
    ),
    ("mysql", "create table t (a int primary key); alter table t drop index `PRIMARY`", []),
    ("mysql", "create table t (a int, key ((a + 1)), key ((a + 2))); alter table t drop index functional_index", ["(a + 2)"]),
    ("mysql", "create table t (a int); create table n (a int, key (a)); rename table t to old, n to t", ["a"]),
    (
        "mysql",
        "create table t (a json, index i ((cast(a->'$.x' as char(9)) collate utf8mb4_bin)))",
        ["(CAST(JSON_EXTRACT(a, '$.x') AS CHAR(9)))"],
    ),
    # conditions that MySQL has no word for
    (
        "mysql",
        (
            "create table t (a int); set @ddl = (select if(count(*), 'select 1', 'create index i on t (a)') from mysql.statistics);"
            "prepare ddl from @ddl; execute ddl; deallocate prepare ddl"
        ),
        ["a"],
    ),
    ("mysql", "create table t (a int); prepare ddl from \"alter table t add key i (a) comment 'x'\"; execute ddl", ["a"]),
    ("mysql", "create table t (a int); set names utf8mb4; set @x = 'an alter egos table'", []),
    # SQLite takes strings for names
    ("sqlite", "create table 't' ('a'); create index 'i' on 't' ('a')", ["a"]),
    ("sqlite", "create table t (a text default 'on', b references 'o' (id) unique)", ["unique b"]),
    # SQL Server
    ("tsql", "create table t (a int, index i (a)); create index i on t (a, b) with (drop_existing = on)", ["a, b"]),
    ("tsql", "create table t (a int, index i hash (a) with (bucket_count = 10)) with (memory_optimized = on)", ["hash a"]),
    ("tsql", "create table t (a int, constraint pk primary key nonclustered hash (a) with (bucket_count = 10))", ["primary hash a"]),
    ("tsql", "create table t (a int); alter table t add index i (a), index j (b); alter table t drop index i", ["b"]),
    (
        "tsql",
        "create table t (a int); alter table t add type int unique, constraint u unique (a); alter table t drop constraint u, column a",
        ["unique type"],
    ),
    ("tsql", "create table t (a int, index i (a)); alter index i on t disable; alter index i on t rebuild partition = all", ["a"]),
    ("tsql", "create table t (a int); exec sp_executesql N'create index i on t (a)'\ngo\nexec('create index j on t (b)')\ngo", ["a", "b"]),
    ("tsql", "create table t (a int); exec sp_executesql @stmt = N'create index i on t (a)', @params = N''", ["a"]),
    # Oracle
    ("oracle", "create table t (a number); create index i on t (case when a = 1 then b end)", ["(CASE WHEN a = 1 THEN b END)"]),
    ("oracle", "create table t (a clob); create search index i on t (a) for json", ["domain a"]),
    (
        "oracle",
        (
            "declare n number; begin select count(*) into n from user_tables;\n"
            "if n = 0 then execute immediate 'create table t (a number unique)'; end if; end;\n/\n"
        ),
        ["unique a"],
    ),
    ("oracle", "create table t (a number, b number); create index i on t (a) reverse nologging; drop index i online", []),
]


@pytest.mark.parametrize(("dialect", "ddl", "expected"), FORMS)
def test_the_indexes_that_are_left(dialect, ddl, expected):
    assert indexes(ddl, dialect) == expected


@pytest.mark.parametrize(
    ("dialect", "ddl"),
    [
        ("mysql", "set @ddl = concat('create index ', @name, ' on t (a)'); prepare ddl from @ddl"),
        ("tsql", "exec('create index i on ' + @table)"),
        ("oracle", "begin execute immediate 'create index i on ' || name || ' (a)'; end;\n/"),
    ],
)
def test_ddl_that_is_put_together_at_run_time_is_told(dialect, ddl):
    _, unread = catalog(ddl, dialect=dialect)
    assert [each.reason for each in unread] == ["it runs DDL that it builds at run time"]


# ---------------------------------------------------------------------------------------------------------------- materialized views

MATERIALIZED = {
    "select a, o.b from o": ["a", "b"],
    "select a as x, count(*) as n from o group by 1": ["x", "n"],
    "select count(*) n, max(o.a), o.a::int as y from o": ["n", "max", "y"],
    "with x as (select 1 as z) select distinct on (a) a, lower(b) as b from x": ["a", "b"],
    "(select a from o union select b from o) with no data": ["a"],
    'select a as "Total Sum", 1 as one': ["total sum", "one"],
}


@pytest.mark.parametrize("query", MATERIALIZED)
def test_the_columns_of_a_materialized_view_are_those_of_its_query(query):
    found, unread = catalog(f"create materialized view m as {query}; create index i on m (a)")
    assert unread == ()
    assert found.table("m").uncertain == ""
    assert [column.name for column in found.table("m").columns] == MATERIALIZED[query]


@pytest.mark.parametrize("query", ["select * from o", "select o.* from o", "select a + 1 from o", "select a, b as a from o", "table o"])
def test_columns_that_cannot_be_told(query):
    found, _ = catalog(f"create materialized view m as {query}; create index i on m (a)")
    assert "materialized view" in found.table("m").uncertain
    assert [shown(index) for index in found.table("m").indexes] == ["a"]


def test_a_materialized_view_may_name_its_columns():
    found, _ = catalog("create materialized view m (x, y) as select * from o; drop materialized view if exists z")
    assert [column.name for column in found.table("m").columns] == ["x", "y"]
    assert catalog("create materialized view m as select a from o; drop materialized view m")[0].tables == {}


# ---------------------------------------------------------------------------------------------------------------- what took an index away

TAKEN = [
    ("postgres", "create table t (a int);\ncreate index i on t (a);\ndrop index concurrently if exists i;", [("i", 3)]),
    ("postgres", "create table t (a int unique);\n\nalter table t drop constraint t_a_key;", [("t_a_key", 3)]),
    ("postgres", "create table t (a int, b int);\ncreate index i on t (b, a);\nalter table t drop column a;", [("i", 3)]),
    ("postgres", "create table t (a int);\ncreate index i on t (a);\ndrop index i;\nalter table t rename to u;", [("i", 3)]),
    ("mysql", "create table t (a int, b int, key i (a, b));\nalter table t drop column b;", [("i", 2)]),
    ("mysql", "create table t (a int, key i (a));\nalter table t drop key i, drop primary key;", [("i", 2)]),
    ("mysql", "create table t (a int, key i (a));\nalter table t alter index i invisible;", [("i", 2)]),
    ("mysql", "create table t (a int, key i (a));\ncreate or replace index i on t (b);", [("i", 2)]),
    ("tsql", "create table t (a int, index i (a));\ncreate index i on t (b) with (drop_existing = on);", [("i", 2)]),
    ("tsql", "create table t (a int, index i (a), index j (b));\nalter index all on t disable;", [("i", 2), ("j", 2)]),
    ("oracle", "create table t (a number primary key);\nalter table t drop primary key;", [("", 2)]),
    ("oracle", "create table t (a number);\ncreate index i on t (a);\nalter index i unusable;", [("i", 3)]),
    # a table that is made anew knows what it had
    (
        "sqlite",
        "create table t (a, b);\ncreate index i on t (a);\ncreate table n (a, b);\ndrop table t;\nalter table n rename to t;",
        [("i", 4)],
    ),
    # what only changes its name, or gives way to a better one, is not gone
    ("postgres", "create table t (a int);\ncreate index i on t (a);\nalter index i rename to j;", []),
    ("postgres", "create table t (a int);\ncreate unique index i on t (a);\nalter table t add constraint u unique using index i;", []),
    ("mysql", "create table t (a int, foreign key (a) references o (id));\nalter table t add index i (a);", []),
    ("mysql", "create table t (a int, key i (a));\ncreate or replace index i on t (a);", []),
    ("postgres", "create table t (a int);\ncreate index i on t (a);\ndrop table t;", []),
]


@pytest.mark.parametrize(("dialect", "ddl", "taken"), TAKEN)
def test_the_catalog_knows_what_took_an_index_away(dialect, ddl, taken):
    found, _ = catalog(ddl, dialect=dialect)
    assert [(index.name, place.line) for gone in found.dropped.values() for index, place in gone] == taken


# ---------------------------------------------------------------------------------------------------------------- several servers


def test_a_schema_for_each_server_is_read_in_the_repository_s_dialect(tmp_path):
    (tmp_path / "db" / "mysql").mkdir(parents=True)
    (tmp_path / "db" / "postgres").mkdir()
    (tmp_path / "db" / "mysql" / "schema.sql").write_text(
        "CREATE TABLE `t` (`a` int, KEY (`a`)) ENGINE=InnoDB;\nCREATE INDEX `j` ON `t` (`b`);\nCREATE TABLE `m` (`a` int);\n"
    )
    (tmp_path / "db" / "postgres" / "schema.sql").write_text("CREATE TABLE t (a serial, b jsonb);\nCREATE INDEX CONCURRENTLY i ON t (a);\n")
    side = sql.read(Folder(tmp_path), QueryPolicy(dialect="postgres"))
    table = side.catalog.table("t")
    assert table.uncertain == ""
    assert [(index.columns, index.location.path) for index in table.indexes] == [(("a",), "db/postgres/schema.sql")]
    assert sorted(side.catalog.tables) == ["m", "t"]  # what only the other file has is better than nothing
    there = sql.read(Folder(tmp_path), QueryPolicy(dialect="mysql")).catalog.table("t")
    assert [index.columns for index in there.indexes] == [("a",), ("b",)]


def test_where_two_definitions_differ_in_a_type_alone_the_type_is_not_known():
    found, _ = catalog(
        ("a.sql", "create table t (id integer primary key, a int not null)"),
        ("b.sql", "create table t (id serial primary key, a int)"),
    )
    table = found.table("t")
    assert table.uncertain == ""
    assert [(column.name, column.type) for column in table.columns] == [("id", ""), ("a", "INT")]
