"""What is left of indexes after scripts that a careful person wrote to break the replay: item 1 of the query half, form by form.

``test_replay`` holds scripts at random beside real servers; each thing that it found stands here by itself, with what cannot be run here
(MySQL and MariaDB, SQL Server, Oracle) after their manuals.
"""

from __future__ import annotations

import pytest

from lastcall import sql
from lastcall.folder import Folder
from lastcall.model import QueryPolicy
from schemas import catalog, indexes

STATES = [
    # PostgreSQL: partitions and children
    (
        "postgres",
        (
            "create table o (a int primary key) partition by range (a); create table t partition of o default; "
            "alter table o detach partition t"
        ),
        ["primary a"],
    ),
    ("postgres", "create table o (a int primary key); create table t (a int not null); alter table t inherit o", []),
    (
        "postgres",
        ("create table o (a int, b int); create table t () inherits (o); create index i on t (b); alter table o drop column b"),
        [],
    ),
    (
        "postgres",
        ("create table o (a int, b int); create table t (b int) inherits (o); create index i on t (b); alter table o drop column b"),
        ["b"],
    ),
    (
        "postgres",
        ("create table o (a int, b int); create table t () inherits (o); create index i on t (b); alter table only o drop column b"),
        ["b"],
    ),
    ("postgres", ("create table o (a int); create table t () inherits (o); create index i on t (a); alter table o rename a to c"), ["c"]),
    (
        "postgres",
        (
            "create table o (a int) partition by list (a); create table t (a int); create index j on t (a); "
            "alter table o attach partition t default; create index i on o (a); drop index i"
        ),
        [],
    ),
    (
        "postgres",
        (
            "create table o (a int) partition by list (a); create table t partition of o default; "
            "create index i on only o (a); create index j on t (a); drop index i"
        ),
        ["a"],
    ),
    (
        "postgres",
        ("create table t (a int) partition by list (a); create table p partition of t default; alter table only t add unique (a)"),
        [],
    ),
    (
        "postgres",
        ("create table t (a int) partition by list (a); create index i on only t (a); create table p partition of t default"),
        ["a"],
    ),
    (
        "postgres",
        (
            "create table o (a int primary key) partition by list (a); create table p partition of o default; "
            "create table t (like p including indexes)"
        ),
        ["primary a"],
    ),
    # PostgreSQL: names that the server makes up
    ("postgres", "create table t (a int primary key); alter table t add unique (a); alter table t drop constraint t_pkey", ["unique a"]),
    ("postgres", "create table t (a int, unique (a), primary key (a))", ["primary a"]),
    ("postgres", "create table t (a int unique, unique (a) deferrable); alter table t drop constraint t_a_key1", ["unique a"]),
    ("postgres", "create table t (a int); create unique index on t (a); drop index t_a_idx", []),
    ("postgres", "create table t (a int, exclude using gist (a with =)); alter table t drop constraint t_a_excl", []),
    ("postgres", "create table t (a int); create index on t (a) include (a); drop index t_a_a1_idx", []),
    ("postgres", ("create table t (a int); create index on t ((a + 1), lower(a::text), ((a)::bigint)); drop index t_expr_lower_a_idx"), []),
    (
        "postgres",
        (
            "create table t (aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa int, bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb int); "
            "create index on t (aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb); "
            "drop index t_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_bbbbbbbbbbbbbbbb_idx"
        ),
        [],
    ),
    (
        "postgres",
        (
            "create table o (a int unique); alter table o rename a to b; create table t (like o including all); "
            "alter table t drop constraint t_a_key"
        ),
        [],
    ),
    ("postgres", "create table o (a int primary key); create table t (b int); create index if not exists o_pkey on t (b)", []),
    # PostgreSQL: values are no columns
    (
        "postgres",
        "create table t (a text, b text); create index i on t (b) where b = 'a'; alter table t rename a to c",
        ["b where b = 'a'"],
    ),
    ("postgres", "create table t (a text, b text); create index i on t (b) where b = 'a'; alter table t drop a", ["b where b = 'a'"]),
    ("postgres", "create table t (a int); create index i on t (a) where (a > '-1'::integer)", ["a where a > -1"]),
    # what a script takes back
    ("postgres", "create table t (a int); begin; create index i on t (a); rollback", []),
    ("postgres", ("create table t (a int); start transaction isolation level serializable; create index i on t (a); abort work"), []),
    (
        "postgres",
        ("create table t (a int); begin; create index i on t (a); savepoint s; drop index i; rollback to savepoint s; commit"),
        ["a"],
    ),
    ("postgres", "create table t (a int); begin; create index i on t (a); commit; rollback", ["a"]),
    ("sqlite", "create table t (a int); savepoint s; create index i on t (a); release s; begin; drop index i; rollback", ["a"]),
    (
        "sqlite",
        (
            "create table t (a text primary key desc); create table o (a); create index if not exists i on o (a); "
            "create index if not exists i on t (a)"
        ),
        ["primary a"],
    ),
    ("mysql", "create table t (a int); start transaction; create index i on t (a); rollback", ["a"]),
    ("tsql", "create table t (a int); begin tran; create index i on t (a); rollback tran", []),
    # MySQL and MariaDB, once more
    ("mysql", "create table o (a int, key (a)); create table t (like o)", ["a"]),
    ("mysql", "create table o (a int, c int); alter table o rename to t, add index i (c)", ["c"]),
    ("mysql", "create table o (a int, c int); alter table o rename t, add index i (c), drop column a", ["c"]),
    ("mysql", "create table o (a int, key i (a)); rename tables o to t", ["a"]),
    ("mysql", "create table t (a int, key i (a)); alter table t wait 5 drop index i", []),
    ("mysql", "create table t (a int, key i (a)); alter table t nowait add index j (b)", ["a", "b"]),
    ("mysql", "create table t (a int, key i (a)); drop index i on t algorithm=inplace lock=none", []),
    (
        "mysql",
        "create table t (a int, primary key using btree (a) using btree, unique key u using hash (b) comment 'x')",
        ["primary a", "unique b"],
    ),
    ("mysql", "create or replace table t (a int primary key) with system versioning", ["primary a"]),
    (
        "mysql",
        (
            "create table t (a int, s timestamp(6) generated always as row start, "
            "e timestamp(6) generated always as row end, period for system_time (s, e), key (a)) with system versioning"
        ),
        ["a"],
    ),
    (
        "mysql",
        (
            "create table t (a int generated always as (b + 1) virtual, b int, key k (a), constraint c check (b > 0), "
            "key ((cast(b as char(10)))))"
        ),
        ["a", "(CAST(b AS CHAR(10)))"],
    ),
    ("mysql", "create table t (a int, b int, unique key u (a,b)); alter table t drop column a, drop index u", []),
    (
        "mysql",
        ("create table t (a int, key i (a)); alter table t partition by hash(a) partitions 4; alter table t remove partitioning"),
        ["a"],
    ),
    (
        "mysql",
        ("create table t (a int); alter table t add column b int, add key k (b), modify a int primary key, algorithm=copy, lock=shared"),
        ["b", "primary a"],
    ),
    (
        "mysql",
        (
            "create table t (a int not null default '0' on update current_timestamp, "
            "key (a)) engine=innodb row_format=dynamic comment='key (z)'"
        ),
        ["a"],
    ),
    (
        "mysql",
        ("create table t (a int, constraint fk foreign key (a) references o (id)); alter table t drop foreign key fk, drop index fk"),
        [],
    ),
    ("mysql", "create table t (a int, b int, key i (a)); alter table t rename column a to c, add index j (c, b)", ["c", "c, b"]),
    ("mysql", ("create table t (a int, key i (a)); alter table t rename column a to b, rename index i to j; drop index j on t"), []),
    (
        "mysql",
        "create table t (a int, b int); alter table t add constraint unique u (a), add constraint primary key (b)",
        ["unique a", "primary b"],
    ),
    ("mysql", "create table t (`key` int, `index` int, key `key` (`key`), key `index` (`index`))", ["key", "index"]),
    (
        "mysql",
        "create table t (a int, b point not null, spatial key s (b), fulltext key (a) with parser ngram)",
        ["spatial b", "fulltext a"],
    ),
    ("mysql", "create table t (a int, key i (a) using btree key_block_size=8 visible comment 'don''t')", ["a"]),
    ("mysql", "create table t (a int) ; alter table t add (b int unique, c int, primary key (a))", ["unique b", "primary a"]),
    ("mysql", "create table t (a int comment 'x, primary key (b)', b int)", []),
    ("mysql", "create table if not exists t (a int primary key); create table if not exists t (a int, key (b))", ["primary a"]),
    (
        "mysql",
        (
            "create table t (a int auto_increment, b int, primary key (a), "
            "key (b)) auto_increment=5 default charset=utf8mb4; truncate table t; optimize table t; analyze table t"
        ),
        ["primary a", "b"],
    ),
    ("mysql", "create table t (a int, key i (a)); alter table t drop index i, add unique index i (a)", ["unique a"]),
    ("mysql", "create table t (a int, key i (a)); alter table t drop key i; -- gone\n# alter table t add key i (a)\n", []),
    ("mysql", "create table t (a int, key i (a)); drop database if exists x; drop schema y", ["a"]),
    ("mysql", "start transaction; create table t (a int); create index i on t (a); rollback", ["a"]),
    # SQL Server, once more
    ("tsql", "create table t (a int not null constraint pk primary key clustered (a asc) on [primary], b int)", ["primary a"]),
    ("tsql", "create table t (a int, index i (a)); alter table t add constraint u unique (b); alter table t drop u", ["a"]),
    ("tsql", ("create table t (a int, b int constraint u unique); alter table t drop constraint if exists u, column if exists b"), []),
    (
        "tsql",
        (
            "create table t (a int, index i (a))\nif exists (select 1 from sys.indexes where name = 'i')\n"
            "  drop index i on t\ncreate index j on t (b)\n"
        ),
        ["b"],
    ),
    (
        "tsql",
        (
            "create table t (a int, index i (a))\n"
            "if exists (select 1 from sys.indexes where name = 'i') drop index i on dbo.t\ncreate index j on t (b)\ngo\n"
        ),
        ["b"],
    ),
    (
        "tsql",
        (
            "create table t (a int);\nbegin try\n begin tran\n  create index i on t (a);\n commit\nend try\nbegin catch\n"
            " rollback\nend catch"
        ),
        ["a"],
    ),
    ("tsql", "create table t (a int)\nexec sp_rename 'dbo.t', 't2'\ncreate table t (b int primary key)\n", ["primary b"]),
    (
        "tsql",
        (
            "create table t (a int primary key, x xml); create primary xml index px on t (x); "
            "create xml index sx on t (x) using xml index px for path"
        ),
        ["primary a", "xml x", "xml x"],
    ),
    (
        "tsql",
        (
            "create table t (a int, b int, c as (a + b) persisted, index i (c)); "
            "create index j on t (a) where a is not null with (data_compression = page) on [primary]"
        ),
        ["c", "a where NOT a IS NULL"],
    ),
    (
        "tsql",
        (
            "create table t (a int, s datetime2 generated always as row start, e datetime2 generated always as row end, "
            "period for system_time (s, e), primary key (a)) with (system_versioning = on (history_table = dbo.h))"
        ),
        ["primary a"],
    ),
    (
        "tsql",
        (
            "create table t (a int, index i (a)); alter index i on t reorganize; "
            "alter index all on t rebuild with (online = on); alter index i on t set (allow_page_locks = on)"
        ),
        ["a"],
    ),
    ("tsql", "create table t (a int, index i (a)); drop index if exists i on t with (online = on)", []),
    ("tsql", "create table t (a int); begin tran; create index i on t (a); rollback tran", []),
    ("tsql", "create table s.t (a int, index i (a)); alter schema dbo transfer s.t; create index j on dbo.t (b)", ["a", "b"]),
    ("tsql", "create table t (a int); create clustered columnstore index c on t order (a); drop index c on t", []),
    ("tsql", "create table [t] ([a] int, [b c] int); create index [i x] on [dbo].[t]([b c] asc, [a] desc)", ["b c, a"]),
    (
        "tsql",
        (
            "create table t (a int, b int)\nalter table t add constraint [df] default ((0)) for [a]\n"
            "alter table t with nocheck add constraint fk foreign key(b) references o (id)\n"
            "alter table t check constraint fk\n"
        ),
        [],
    ),
    (
        "tsql",
        ("create table t (a int, b int, index i (a)); alter table t drop column b; alter table t alter column a bigint not null"),
        ["a"],
    ),
    # Oracle, once more
    ("oracle", "create table t (a number primary key, b number) organization index including b overflow tablespace x", ["primary a"]),
    (
        "oracle",
        (
            "create table t (a number, b date) partition by range (b) interval (numtoyminterval(1, "
            "'month')) (partition p1 values less than (to_date('2020', 'yyyy')));\n"
            "create index i on t (a) local (partition p1 tablespace x);\n"
            "create index j on t (b) global partition by hash (b) partitions 4"
        ),
        ["a", "b"],
    ),
    ("oracle", "create table t (a number constraint pk primary key); alter table t drop constraint pk keep index", ["a"]),
    ("oracle", "create table t (a number, constraint pk primary key (a)); alter table t drop primary key keep index", ["a"]),
    ("oracle", "create table t (a number, b number); create index i on t (a, b); alter table t set unused column b", []),
    (
        "oracle",
        (
            "create table t (a number, b number); create index i on t (a, b); alter table t set unused (a, b); "
            "alter table t drop unused columns"
        ),
        [],
    ),
    ("oracle", "create table t (a number constraint u unique); alter table t disable constraint u cascade", []),
    (
        "oracle",
        (
            "create table t (a number constraint u unique); alter table t modify constraint u disable; "
            "alter table t enable novalidate constraint u"
        ),
        ["unique a"],
    ),
    ("oracle", "create table t (a number constraint u unique); alter table t disable unique (a)", []),
    ("oracle", "create table t (a number primary key); alter table t disable primary key", []),
    # a key takes the index that is there
    ("oracle", "create table t (a number); create unique index i on t (a); alter table t add constraint i primary key (a)", ["primary a"]),
    ("oracle", "create table t (a number); create index i on t (a); alter table t add unique (a) using index i enable", ["unique a"]),
    (
        "oracle",
        ("create table t (a number); create index i on t (a); alter table t add constraint u unique (a); alter table t drop constraint u"),
        ["a"],
    ),
    ("oracle", "create table t (a number, b number); create index i on t (a, b); alter table t add unique (a)", ["a, b", "unique a"]),
    ("oracle", 'create table "T" ("A" number, "B" number); create unique index "I" on "T" ("A", "B") tablespace x', ["unique a, b"]),
    (
        "oracle",
        ("create table t (a number); alter table t add (constraint u unique (a) using index tablespace x, constraint c check (a > 0))"),
        ["unique a"],
    ),
    ("oracle", "create table t (a number); create index i on t (a) nosort unusable", []),
    (
        "oracle",
        (
            "create table t (a number); create index i on t (a); alter index i monitoring usage; alter index i coalesce; "
            "alter index i noparallel"
        ),
        ["a"],
    ),
    (
        "oracle",
        ("create table o (a number, primary key (a)); alter table o rename to t; alter table t rename constraint x to y"),
        ["primary a"],
    ),
    (
        "oracle",
        ("create table t (a number, b number as (a + 1) virtual, c number invisible, supplemental log data (all) columns, unique (b))"),
        ["unique b"],
    ),
    ("oracle", "create table t (a number, primary key (a) rely disable novalidate)", []),
    (
        "oracle",
        ("alter session set current_schema = x; create table t (a number(10) default on null seq.nextval primary key)"),
        ["primary a"],
    ),
    # PostgreSQL, once more
    (
        "postgres",
        ("create table t (a int, b int); create index i on t (a); alter index i alter column 1 set statistics 100; reindex table t"),
        ["a"],
    ),
    (
        "postgres",
        ("create table t (a int primary key); alter table t drop constraint t_pkey; alter table t add constraint t_pkey primary key (b)"),
        ["primary b"],
    ),
    (
        "postgres",
        (
            "create table t (a int) partition by range (a); "
            "create table p1 partition of t for values from (minvalue) to (1); create index i on t (a); "
            "alter table t detach partition p1; drop table t; alter table p1 rename to t"
        ),
        ["a"],
    ),
    (
        "postgres",
        (
            "create table t (a int, b int); comment on index i is 'x'; create statistics st on a, b from t; "
            "create index on t (a) where b = 'x''y; drop table t'"
        ),
        ["a where b = 'x''y; drop table t'"],
    ),
    (
        "postgres",
        (
            "create table t (a int); create index i on t (a); lock table t; vacuum t; grant select on t to x; "
            "alter table t disable trigger user; alter table t set tablespace x; alter table t set logged"
        ),
        ["a"],
    ),
]


@pytest.mark.parametrize(("dialect", "ddl", "expected"), STATES)
def test_the_indexes_that_are_left(dialect, ddl, expected):
    assert indexes(ddl, dialect) == expected


GONE = [
    ("postgres", "create table o (a int) partition by list (a); create table t partition of o default; drop table o"),
    ("postgres", "create table o (a int); create table t () inherits (o); drop table if exists o cascade"),
    ("postgres", "create table sales.t (a int); drop schema sales cascade"),
    (
        "postgres",
        "create table sales.o (a int) partition by list (a); create table t partition of sales.o default; drop schema sales cascade",
    ),
    ("postgres", "begin; create table t (a int); rollback"),
    ("mysql", "create table t (a int); drop tables if exists o, t"),
]


@pytest.mark.parametrize(("dialect", "ddl"), GONE)
def test_tables_that_are_gone(dialect, ddl):
    assert catalog(ddl, dialect=dialect)[0].table("t") is None


def test_a_schema_gets_another_name():
    found, _ = catalog("create table sales.t (a int unique); create view sales.v as select 1; alter schema sales rename to market")
    assert sorted(found.tables) == ["market.t"]
    assert found.views == {"market.v"}


def test_a_foreign_key_goes_with_the_table_it_refers_to():
    found, _ = catalog("create table o (id int primary key); create table t (a int references o (id)); drop table o cascade")
    assert found.table("t").foreign_keys == ()


def test_a_view_that_is_taken_back_is_none(tmp_path):
    (tmp_path / "a.sql").write_text("create table t (a int);\nbegin;\ncreate view v as select a from t;\nrollback;\n")
    side = sql.read(Folder(tmp_path), QueryPolicy(dialect="postgres"))
    assert side.catalog.views == frozenset()
    assert side.views == {}


UNCERTAIN = [
    # what is made by a query, or of what is not known
    ("postgres", "select * into t from o", "made by a query"),
    ("postgres", "create table o as select 1 as a; create table t () inherits (o)", "it belongs to o"),
    ("postgres", "create table t (like o including all, extra int)", "nothing read creates"),
    # one of the keys that the server named, nobody knows which
    ("postgres", "create table t (a int); create index on t (a); drop index t_b_idx", "may be one that has no name"),
    ("postgres", "create table t (a int unique); alter table t drop constraint t_b_key", "may be a key that has no name"),
    # two schemas
    (
        "postgres",
        "set search_path = sales, pg_catalog; create table t (a int); set search_path to hr; create table t (a int)",
        "defined twice",
    ),
    (
        "oracle",
        "create table t (a number primary key); alter table t disable primary key; alter table t enable primary key",
        "not in force",
    ),
    ("postgres", "create table t (a int); create index i on t ({{ columns }})", "template"),
]


@pytest.mark.parametrize(("dialect", "ddl", "doubt"), UNCERTAIN)
def test_what_cannot_be_replayed_makes_its_table_uncertain(dialect, ddl, doubt):
    assert doubt in catalog(ddl, dialect=dialect)[0].table("t").uncertain
