"""DDL in, tables and indexes out: every form that a parser loses, refuses or reads wrongly is a row here."""

from __future__ import annotations

import pytest

from lastcall.sql.catalog import replay
from lastcall.sql.ddl import definition
from lastcall.sql.expression import normalise
from lastcall.sql.frontends import Fragment
from lastcall.sql.migrations import is_migration, order
from lastcall.sql.statement import split
from schemas import catalog, indexes, shown

CREATED = {
    # keys written with a column
    "create table t (id int primary key, a int)": ["primary id"],
    "create table t (id serial primary key, a int unique, b int constraint u unique not null)": ["primary id", "unique a", "unique b"],
    "create table t (a int unique nulls not distinct)": ["unique a"],
    "create table t (a int default 5 primary key, b text default 'primary key, unique')": ["primary a"],
    "create table t (a int default nextval('s'::regclass) not null unique, b int)": ["unique a"],
    "create table t (a int check (a > 0 and a in (1, 2)) unique)": ["unique a"],
    "create table t (a int generated always as identity primary key)": ["primary a"],
    "create table t (a numeric(10,2)[] , b timestamp(6) with time zone unique)": ["unique b"],
    "create table t (key text primary key, index int, value varchar(20))": ["primary key"],
    "create table t (id int, period int, comment text, type text, primary key (id))": ["primary id"],
    'create table "t" ("Id" int primary key, "select" int unique)': ["primary id", "unique select"],
    "create unlogged table if not exists public.t (id int primary key)": ["primary id"],
    # keys of the table
    "create table t (a int, b int, primary key (a, b))": ["primary a, b"],
    "create table t (a int, b int, constraint pk primary key (a), constraint u unique (b, a) include (c))": ["primary a", "unique b, a"],
    "create table t (a int, b int, unique nulls not distinct (a, b))": ["unique a, b"],
    "create table t (a int, constraint u unique (a) deferrable initially deferred)": ["unique a"],
    "create table t (a int, constraint u unique (a) with (fillfactor = 70) using index tablespace x)": ["unique a"],
    "create table t (r tsrange, c int, exclude using gist (c with =, r with &&))": ["gist c, r"],
    "create table t (r int, exclude using gist (r with =) where (r > 0))": ["gist r where r > 0"],
    "create table t (a int, v daterange, primary key (a, v without overlaps))": ["primary a, v"],
    "create table t (a int, constraint c check (a > 0), foreign key (a) references o (id))": [],
    "create table t (a int, constraint n not null a)": [],
    # indexes
    "create table t (a int); create index i on t (a)": ["a"],
    "create table t (a int); create unique index concurrently if not exists i on public.t using btree (a desc nulls last, b asc)": [
        "unique a, b"
    ],
    "create table t (a int); create index on t (a)": ["a"],
    "create table t (a int); create index i on only t (a)": ["a"],
    "create table t (a int); create index s.i on t (a desc)": ["a"],
    "create table t (a int); create unique index i on t (a) nulls not distinct": ["unique a"],
    "create table t (a int); create unique index i on t (a) include (b) with (fillfactor=70) tablespace x where b is null": [
        "unique a where b IS NULL"
    ],
    'create table t (a text); create index i on t (a text_pattern_ops, b collate "C" desc)': ["a, b"],
    "create table t (a text); create index i on t using gin (a gin_trgm_ops)": ["gin a"],
    "create table t (a text); create index i on t using gist (a public.gist_trgm_ops(siglen='32'))": ["gist a"],
    "create table t (a text); create index i on t using hash (a)": ["hash a"],
    "create table t (a text); create index i on t using brin (a) with (pages_per_range=32)": ["brin a"],
    "create table t (a text); create index i on t (lower(a))": ["(LOWER(a))"],
    "create table t (a text); create index i on t (lower((a)::text) varchar_pattern_ops, b)": ["(LOWER(a)), b"],
    "create table t (a text); create index i on t ((a || b))": ["(a || b)"],
    "create table t (d jsonb); create index i on t ((d ->> 'k'))": ["(d ->> 'k')"],
    "create table t (a text); create index i on t ((a))": ["a"],
    "create table t (a text); create index i on t (a) where ((status)::text = 'open'::text)": ["a where status = 'open'"],
    "create table t (a text); create index i on t (a) where ((s)::text = any ((array['x'::character varying, 'y'::text])::text[]))": [
        "a where s IN ('x', 'y')"
    ],
    "create table t (a int); create index i on t (a) where (deleted_at is null and b > 3)": ["a where deleted_at IS NULL AND b > 3"],
    # ALTER TABLE
    "create table t (a int); alter table only public.t add constraint pk primary key (a)": ["primary a"],
    "create table t (a int); alter table t add unique (a), add column b int unique, add c int": ["unique a", "unique b"],
    "create table t (a int); create unique index i on t (a); alter table t add constraint u unique using index i": ["unique a"],
    "create table t (a int); create unique index i on t (a); alter table t add constraint u primary key using index i": ["primary a"],
    "create table t (a int); alter table t add constraint u unique (a) not valid; alter table t validate constraint u": ["unique a"],
    "create table t (a int); alter table t add column if not exists b int references o (id) primary key": ["primary b"],
    "create table t (a int primary key); alter table t owner to me; alter table t enable row level security": ["primary a"],
    "create table t (a int primary key); alter table t alter a type bigint using a::bigint, alter a set statistics 100": ["primary a"],
    "create table t (a int primary key); alter table t cluster on t_pkey, set (fillfactor = 70), replica identity full": ["primary a"],
    "create table t (a int); create index i on t (a); alter index i set (fillfactor = 70); alter index i attach partition j": ["a"],
    # DROP and RENAME
    "create table t (a int); create index i on t (a); drop index i": [],
    "create table t (a int); create index i on t (a); create index j on t (a, b); drop index if exists public.i, j cascade": [],
    "create table t (a int); create index i on t (a); alter index i rename to j; drop index j": [],
    "create table t (a int unique); alter table t drop constraint t_a_key": [],
    "create table t (a int primary key); alter table t drop constraint t_pkey, add primary key (b)": ["primary b"],
    "create table t (a int constraint u unique); alter table t rename constraint u to v; alter table t drop constraint if exists v": [],
    "create table t (a int, b int); create index i on t (a, b); alter table t drop column b": [],
    "create table t (a int, b int); create index i on t (a) where b > 0; alter table t drop b cascade": [],
    "create table t (a int, b int); create index i on t (a, b); alter table t rename column a to c": ["c, b"],
    "create table t (a int); create index i on t (lower(a)) where a > 0; alter table t rename a to c": ["(LOWER(c)) where c > 0"],
    "create table old (a int unique); alter table old rename to t": ["unique a"],
    "create table s.old (a int unique); alter table s.old rename to t": ["unique a"],
    "create table old (a int unique); alter table if exists old set schema s; alter table s.old rename to t": ["unique a"],
    "create table t (a int unique); drop table t; create table t (b int unique)": ["unique b"],
    "create table t (a int unique); drop table if exists public.t cascade; create table t (b int primary key)": ["primary b"],
    "create table t (a int unique); create table if not exists t (b int)": ["unique a"],
    # partitions, inheritance, LIKE
    "create table o (a int primary key, b int unique) partition by range (a); create table t partition of o for values from (1) to (2)": [
        "primary a",
        "unique b",
    ],
    "create table o (a int); create table t partition of o (primary key (a)) default": ["primary a"],
    "create table o (a int primary key); create table t (a int not null); alter table only o attach partition t for values in (1)": [
        "primary a"
    ],
    "create table t (a int) partition by list (a); create table p (a int); alter table t attach partition p default;"
    "create index i on only t (a); create index j on p (a); alter index i attach partition j": ["a"],
    "create table t (a int) partition by list (a); create table p partition of t default; create table q partition of t for values in (1);"
    "create index i on p (a); create unique index j on q (a)": ["a"],
    "create table t (a int) partition by list (a); create table p partition of t default; create table q partition of t for values in (1);"
    "create index i on p (a)": [],
    "create table t (a int) partition by list (a); create table p partition of t default; create index i on only t (a)": [],
    "create table t (a int) partition by list (a); create table p partition of t default; create index i on t (a)": ["a"],
    "create table o (a int primary key, b int); create table t () inherits (o)": [],
    "create table o (a int primary key, b int unique); create table t (like o including all)": ["primary a", "unique b"],
    "create table o (a int primary key, b int unique); create table t (like o including indexes excluding comments, c int unique)": [
        "primary a",
        "unique b",
        "unique c",
    ],
    "create table o (a int primary key, b int unique); create table t (like o including defaults)": [],
    # guarded by a block
    "create table t (a int); do $$ begin if not exists (select 1) then alter table t add constraint u unique (a); end if; end $$": [
        "unique a"
    ],
    "create table t (a int); do $do$ begin execute 'create index i on t (a)'; exception when others then null; end $do$": ["a"],
    "create table t (a int); do $$ begin -- create index no on t (b)\n create index i on t (a); end $$ language plpgsql": ["a"],
}


@pytest.mark.parametrize("sql", CREATED)
def test_the_indexes_of_a_postgres_table(sql):
    assert indexes(sql) == CREATED[sql]


MYSQL = {
    "create table t (id int auto_increment primary key, a int unique key, key k (a, b), fulltext key f (c), unique index u (b))": [
        "primary id",
        "unique a",
        "a, b",
        "fulltext c",
        "unique b",
    ],
    "create table t (id int key, a int comment 'unique')": ["primary id"],
    "create table t (a varchar(99), key (a(10)), unique (a(20), b))": ["a", "unique a, b"],
    "create table t (a int, key k ((a + 1)), index (a) using btree comment 'x' invisible)": ["(a + 1)"],
    "create table t (a int, index using hash (a), constraint primary key (a), constraint unique (b))": ["a", "primary a", "unique b"],
    "create table t (id serial, a int unsigned not null)": ["unique id"],
    "create table t (a int); create index i using btree on t (a)": ["a"],
    "create table t (a int); create index i on t (a) using btree comment 'where' algorithm=inplace lock=none": ["a"],
    "create table t (a int); create fulltext index i on t (a) with parser ngram": ["fulltext a"],
    "create table t (a int); create spatial index i on t (a)": ["spatial a"],
    "create table t (a text); create index i on t (a(10), b)": ["a, b"],
    "create table t (a text); create index i on t ((lower(a)))": ["(LOWER(a))"],
    "create table `db`.`t` (`a` int); create index `i` on `t` (`a`)": ["a"],
    "create table t (a int); alter table t add index i (a), add unique key u (b), add fulltext f (c), add key (d)": [
        "a",
        "unique b",
        "fulltext c",
        "d",
    ],
    "create table t (a int); alter table t add column b int unique after a, add column (c int, d int primary key)": [
        "unique b",
        "primary d",
    ],
    "create table t (a int primary key, key i (b)); alter table t drop primary key, drop index i, add primary key (a, b)": ["primary a, b"],
    "create table t (a int, key i (a), key j (b)); alter table t drop key i, rename index j to k; drop index k on t": [],
    "create table t (a int, b int, key i (a, b)); alter table t drop column a": ["b"],
    "create table t (a int, key i (a)); alter table t change column a b bigint not null first, modify c int unique": ["b", "unique c"],
    "create table t (a int, key i (a)); alter table t alter index i invisible": [],
    "create table t (a int, key i (a) invisible); alter table t alter index i visible": ["a"],
    "create table t (a int, key i (a)); alter table t engine=InnoDB, auto_increment=5, convert to character set utf8mb4 collate x": ["a"],
    "create table o (a int, key i (a)); create table t like o": ["a"],
    "create table o (a int, key i (a)); rename table o to t": ["a"],
    "create table o (a int, key i (a)); alter table o rename t": ["a"],
    "create table t (a int) engine=InnoDB partition by hash(a) partitions 4": [],
    # InnoDB makes an index for a foreign key, unless there is one, and takes it back when there is
    "create table t (a int, b int, constraint fk foreign key (a) references o (id))": ["a"],
    "create table t (a int, b int, key k (a, b), foreign key (a) references o (id))": ["a, b"],
    "create table t (a int, b int); alter table t add constraint fk foreign key (a) references o (id); create index i on t (a)": ["a"],
    "create table t (a int, foreign key f (a) references o (id)); alter table t drop foreign key f": ["a"],
    "create table t (a int, foreign key (a) references o (id)) engine=MyISAM": [],
    "create table t (a int references o (id))": ["a"],
    # mysqldump
    "/*!40101 SET x = 1 */;\ncreate table t (a int, key k (a) /*!80000 INVISIBLE */, key l (b)) /*!50100 PARTITION BY HASH (a) */;": ["b"],
    "create table t (a int) ;\n/*!40000 ALTER TABLE `t` DISABLE KEYS */;\n/*!50003 alter table t add key k (a) */;": ["a"],
}


@pytest.mark.parametrize("sql", MYSQL)
def test_the_indexes_of_a_mysql_table(sql):
    assert indexes(sql, "mysql") == MYSQL[sql]


SQLITE = {
    "create table t (id integer primary key autoincrement, a text unique on conflict replace)": ["primary id", "unique a"],
    "create table t (a text primary key, b) without rowid": ["primary a"],
    "create table t (a, b, c default (1 + 2), primary key (a, b)) without rowid": ["primary a, b"],
    "create table [t] ([a] int, [order] int); create index [i] on [t] ([order])": ["order"],
    "create table t (a int); create index main.i on t (a desc)": ["a"],
    "create table t (a int, b int); create unique index if not exists i on t (a collate nocase, b)": ["unique a, b"],
    "create table t (a int, b int); create index i on t (a + b) where a is not null": ["(a + b) where NOT a IS NULL"],
    "create table t (a int); create index i on t (lower(a) desc)": ["(LOWER(a))"],
    "create table \"t\" (\"a\" int, 'b' int); create index i on t ('b')": ["b"],
    # the way to change a table where ALTER TABLE cannot
    "create table t (a int unique); create table t_new (a int unique, b int); insert into t_new select a, 1 from t; drop table t;"
    "alter table t_new rename to t; create index i on t (b)": ["unique a", "b"],
}


@pytest.mark.parametrize("sql", SQLITE)
def test_the_indexes_of_a_sqlite_table(sql):
    assert indexes(sql, "sqlite") == SQLITE[sql]


@pytest.mark.parametrize("sql", SQLITE)
def test_sqlite_itself_has_the_same_indexes(sql):
    import sqlite3

    database = sqlite3.connect(":memory:")
    database.executescript(sql)
    listed = {(name, bool(unique)) for _, name, unique, *_ in database.execute("pragma index_list('t')")}
    real = sorted(
        [unique, *(column or "expression" for _, _, column in database.execute(f"pragma index_info('{name}')"))] for name, unique in listed
    )
    database.close()
    found, _ = catalog(sql, dialect="sqlite")
    ours = sorted(
        [index.unique, *("expression" if name.startswith("(") else name for name in index.columns)]
        for index in found.table("t").indexes
        if not (index.primary and found.table("t").column(index.columns[0]).type == "INTEGER")  # the rowid itself, which has no index
    )
    assert ours == real


TSQL = {
    "create table [dbo].[t] ([id] int identity(1,1) not null, constraint [pk] primary key clustered ([id]) with (x = off))": ["primary id"],
    "create table t (a int primary key nonclustered, b int unique clustered, c int index ic, index id unique (c, a) include (b))": [
        "primary a",
        "unique b",
        "c",
        "unique c, a",
    ],
    "create table t (a int foreign key references o (id), b int constraint d default (0) not null unique)": ["unique b"],
    "create table t (a int)\ncreate nonclustered index i on t (a asc, b desc) include (c) where a is not null with (x = on) on y\ngo": [
        "a, b where NOT a IS NULL"
    ],
    "create table t (a int);\ngo\ncreate unique clustered index i on [x].[dbo].[t] ([a])\ngo\n": ["unique a"],
    "create table t (a int); create clustered columnstore index i on t": ["columnstore "],
    "create table t (a int); create nonclustered columnstore index i on t (a, b)": ["columnstore a, b"],
    "create table t (a int); alter table t with check add constraint u unique nonclustered (a), constraint pk primary key (b)": [
        "unique a",
        "primary b",
    ],
    "create table t (a int); alter table t add b int null unique, c int not null constraint d default 0": ["unique b"],
    "create table t (a int); alter table t add constraint d default (0) for a; alter table t check constraint d": [],
    "create table t (a int, index i (a), index j (b)); drop index i on t, j on dbo.t": [],
    "create table t (a int, index i (a)); drop index t.i": [],
    "create table t (a int, index i (a)); alter index i on t disable": [],
    "create table t (a int, index i (a)); alter index all on t disable; alter index i on dbo.t rebuild": ["a"],
    "create table t (a int, b int, constraint u unique (b)); alter table t drop constraint u, column a": [],
    "create table o (a int, index i (a)); exec sp_rename 'dbo.o', 't'; exec sp_rename N't.a', N'b', 'COLUMN'": ["b"],
    "create table t (a int, index i (a)); execute sp_rename @objname = N't.i', @newname = N'j', @objtype = N'INDEX'; drop index j on t": [],
    "create table t (a int)\ngo\nif not exists (select 1 from sys.indexes where name = 'i')\nbegin\n create index i on t (a);\nend\ngo": [
        "a"
    ],
    "if object_id('t') is not null drop table t\ngo\ncreate table t (a int unique)\ngo": ["unique a"],
    "set nocount on\nuse [x]\nprint 'hello'\ncreate table t (a int unique)\nset ansi_nulls on\n": ["unique a"],
}


@pytest.mark.parametrize("sql", TSQL)
def test_the_indexes_of_a_sql_server_table(sql):
    assert indexes(sql, "tsql") == TSQL[sql]


ORACLE = {
    "create table t (id number(10) generated by default as identity primary key, a varchar2(20 char) unique)": ["primary id", "unique a"],
    "create table t (a number, constraint pk primary key (a) using index tablespace x enable)": ["primary a"],
    "create table t (a number, constraint pk primary key (a) using index (create unique index pk on t (a)))": ["primary a"],
    "create table t (a number, constraint u unique (a) disable)": [],
    "create table t (a number)\n/\ncreate index owner.i on owner.t (a) online\n/\n": ["a"],
    "create table t (a number); create bitmap index i on t (a) local nologging": ["bitmap a"],
    "create table t (a number); create index i on t (upper(a), b desc) compress 1 parallel 4": ["(UPPER(a)), b"],
    "create table t (a number); create index i on t (a) invisible": [],
    "create table t (a number); create index i on t (a); alter index i unusable": [],
    "create table t (a number); create index i on t (a); alter index i unusable; alter index i rebuild online": ["a"],
    "create table t (a number); create index i on t (a) indextype is ctxsys.context parameters ('x')": ["domain a"],
    "create table t (a number); alter table t add (b number unique, constraint u unique (a)) modify (a not null, b varchar2(9))": [
        "unique b",
        "unique a",
    ],
    "create table t (a number unique, b number unique); alter table t drop unique (a); alter table t drop (b, c) cascade constraints": [],
    "create table o (a number unique); rename o to t": ["unique a"],
    "prompt make it\nset define off\nrem a remark\ncreate table t (a number unique);\nexit": ["unique a"],
}


@pytest.mark.parametrize("sql", ORACLE)
def test_the_indexes_of_an_oracle_table(sql):
    assert indexes(sql, "oracle") == ORACLE[sql]


def test_db2_takes_a_name_after_foreign_key_and_needs_no_commas():
    found, unread = catalog(
        "create table nation (n int not null, r int)",
        "connect to tpcd; alter table tpcd.nation add primary key (n); commit work;\n"
        "alter table tpcd.nation add foreign key nation_fk1 (r) references tpcd.nation;\n"
        "alter table nation add column a int add column b int;",
    )
    table = found.table("nation")
    assert unread == ()
    assert [shown(index) for index in table.indexes] == ["primary n"]
    assert [(key.columns, key.table, key.referenced) for key in table.foreign_keys] == [(("r",), "nation", ())]
    assert [column.name for column in table.columns] == ["n", "r", "a", "b"]


TYPES = {
    "a character varying(12) not null": "CHARACTER VARYING(12)",
    "a timestamp(6) without time zone default now()": "TIMESTAMP(6) WITHOUT TIME ZONE",
    "a double precision": "DOUBLE PRECISION",
    "a public.citext": "PUBLIC.CITEXT",
    "a numeric(10, 2)[]": "NUMERIC(10,2)[]",
    "a int unsigned": "INT UNSIGNED",
    "a varchar(10) character set utf8 collate utf8_bin": "VARCHAR(10)",
    "a enum('x','Y')": "ENUM('x','Y')",
    "a set('x')": "SET('x')",
    "a interval year to month": "INTERVAL YEAR TO MONTH",
    "a varchar2(20 byte)": "VARCHAR2(20 BYTE)",
    "a": "",
}


@pytest.mark.parametrize("column", TYPES)
def test_the_type_of_a_column(column):
    found, _ = catalog(f"create table t ({column}, b int)")
    assert [(each.name, each.type) for each in found.table("t").columns] == [("a", TYPES[column]), ("b", "INT")]


@pytest.mark.parametrize(
    ("sql", "nullable"),
    [
        ("create table t (a int)", True),
        ("create table t (a int not null)", False),
        ("create table t (a int default null)", True),
        ("create table t (a int primary key)", False),
        ("create table t (a int, primary key (a))", False),
        ("create table t (a serial)", False),
        ("create table t (a int); alter table t alter column a set not null", False),
        ("create table t (a int not null); alter table t alter a drop not null", True),
        ("create table t (a int); alter table t add primary key (a)", False),
        ("create table t (a int not null); alter table t alter column a type bigint", False),
        ("create table t (a int references o (id) on delete set null)", True),
    ],
)
def test_whether_a_column_may_be_null(sql, nullable):
    found, _ = catalog(sql)
    assert found.table("t").column("a").nullable is nullable


def test_a_foreign_key_names_its_table_as_the_catalog_does():
    found, _ = catalog(
        "create table shop.o (id int primary key); create table t (a int references o, b int, foreign key (b) references shop.o (id))"
    )
    assert [(key.columns, key.table, key.referenced) for key in found.table("t").foreign_keys] == [
        (("a",), "shop.o", ()),
        (("b",), "shop.o", ("id",)),
    ]


def test_foreign_keys_follow_renames():
    found, _ = catalog(
        "create table o (id int primary key); create table t (a int references o (id));"
        "alter table o rename to p; alter table p rename id to key; alter table t rename a to b"
    )
    assert [(key.columns, key.table, key.referenced) for key in found.table("t").foreign_keys] == [(("b",), "p", ("key",))]


def test_every_index_knows_the_line_that_made_it():
    found, _ = catalog(
        ("db/schema.sql", "create table t (\n  id int primary key,\n  a int,\n  unique (a)\n);\n\n-- why\ncreate index i\n on t (a, id);\n")
    )
    places = {shown(index): (index.location.path, index.location.line, index.location.end_line) for index in found.table("t").indexes}
    assert places == {
        "primary id": ("db/schema.sql", 2, 2),
        "unique a": ("db/schema.sql", 4, 4),
        "a, id": ("db/schema.sql", 8, 9),
    }
    assert found.table("t").location.line == 1


def test_schemas_are_kept_and_not_needed():
    found, _ = catalog("create table sales.t (a int unique); create index i on t (b); create table public.o (a int)")
    assert set(found.tables) == {"sales.t", "o"}
    assert found.table("t") is found.table("sales.t")
    assert [shown(index) for index in found.table("t").indexes] == ["unique a", "b"]


def test_two_schemas_with_one_table_name_stay_apart():
    found, _ = catalog("create table a.t (x int); create table b.t (x int); create index i on b.t (x)")
    assert [len(found.table(name).indexes) for name in ("a.t", "b.t")] == [0, 1]
    assert found.table("t") is None


def test_views_are_known_and_materialized_views_keep_their_indexes():
    found, unread = catalog(
        "create or replace view v (a) as select a from t with check option; create view w as select 1; drop view if exists w;"
        "create view x as select 1; alter view x rename to y;"
        "create materialized view m as select * from t with no data; create unique index i on m (a)"
    )
    assert unread == ()
    assert found.views == {"v", "y"}
    assert [shown(index) for index in found.table("m").indexes] == ["unique a"]
    assert "materialized view" in found.table("m").uncertain


def test_the_stand_in_tables_of_mysqldump_become_views():
    found, _ = catalog(
        "/*!50001 CREATE TABLE `v` (`a` tinyint) */;\nDROP TABLE IF EXISTS `v`;\n"
        "/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`me`@`%` */\n/*!50001 VIEW `v` AS select 1 AS `a` */;",
        dialect="mysql",
    )
    assert found.views == {"v"}
    assert not found.tables


# ---------------------------------------------------------------------------------------------------------------- uncertainty

UNCERTAIN = {
    "create table t as select * from o": "made by a query",
    "create table t (a, b) as select 1, 2": "made by a query",
    "create temporary table t (a int)": "temporary",
    "create foreign table t (a int) server s": "foreign",
    "create table t of my_type": "type",
    "create table t (like o including all)": "nothing read creates",
    "create table t partition of o default": "nothing read creates",
    "alter table t add column a int": "nothing read creates",
    "create index i on t (a)": "nothing read creates",
    "create table t (a int); create table t (b int)": "defined twice",
    "create table t (a int); alter table t frobnicate the table": "frobnicate",
    "create table t (a int); create index i on t": "parenthesis",
    "create table t (a int); create index i on t ()": "without columns",
    "create table t (a int); alter table t add constraint u unique using index i": "nothing read creates",
}


@pytest.mark.parametrize("sql", UNCERTAIN)
def test_a_table_of_which_something_is_not_known(sql):
    found, _ = catalog(sql)
    assert UNCERTAIN[sql] in found.table("t").uncertain


@pytest.mark.parametrize(
    ("sql", "dialect"),
    [
        ("create table t (a int primary key); alter table t drop constraint PK__t__3213E83F", "tsql"),
        ("create virtual table t using fts5 (a, b)", "sqlite"),
        ("create table #t (a int)", "tsql"),
        ("select a into t from o", "tsql"),
        ("create table t (a int); alter table t drop index i", "mysql"),
        ("create table t select a from o", "mysql"),
    ],
)
def test_doubts_of_other_dialects(sql, dialect):
    operations = [each for statement in split(Fragment("x.sql", sql, "sql"), dialect) for each in definition(statement, dialect)]
    found, _ = replay(operations, dialect)
    table = found.table("t") or found.table("#t")
    assert table.uncertain


def test_what_cannot_be_read_is_told_with_its_place_and_loses_only_itself():
    found, unread = catalog("create table t (a int unique);\ncreate table o (a int unique);\n\ncreate index i\n on t using;\n")
    assert [(each.what, each.subject, each.location.line) for each in unread] == [("statement", "t", 4)]
    assert "0.sql:4" in found.table("t").uncertain
    assert found.table("o").uncertain == ""


def test_a_template_makes_its_table_uncertain():
    statement = next(split(Fragment("x.sql", "create table {{ schema }}.t (a int)", "sql"), "postgres"))
    assert "template" in definition(statement, "postgres")[0].reason


def test_ddl_that_is_built_at_run_time_is_told():
    _, unread = catalog("do $$ begin execute format('create index i on %I (a)', name); end $$")
    assert [each.reason for each in unread] == ["it runs DDL that it builds at run time"]


def test_settings_of_tables_that_nobody_creates_invent_none():
    found, unread = catalog(
        "alter table seq owner to me; alter sequence s owned by t.a; alter table v disable trigger all; drop table if exists x"
    )
    assert not found.tables
    assert unread == ()


@pytest.mark.parametrize(
    "text",
    [
        "create table t (a int default '" + "\\'" * 66_000,
        "create index i on t " + "(" * 16_000 + "a" + ")" * 16_000,
        "create table t (" + "a int, " * 20_000 + "b int)",
        "create view v as select 1" + " " * 166_000 + "x",
        "create table t (a int); create index i on t (a) where " + "a in (select 1 from a " + "join b " * 40 + ")",
        "create table t (a int check (a[" + " " * 100_000 + "] > 0))",
        "create table t (a int); create index i on t ((a " + "+ a" * 33_000 + "))",
        "alter table t " + "add " * 33_000,
        "create table t (a " + "'x' " * 33_000 + ")",
        "create table " + "t." * 33_000 + "t (a int)",
        "do $$ begin " + "create index " * 10_000 + " end $$",
        "create table t (a int)" + " inherits (t)" * 10_000,
        "create table t (like t); create table t partition of t default; alter table t inherit t; alter table t rename to t",
    ],
)
@pytest.mark.parametrize("dialect", ["postgres", "mysql"])
def test_hostile_ddl_takes_no_time(text, dialect):
    import time

    start = time.process_time()
    catalog(text, dialect=dialect)
    assert time.process_time() - start < 8  # a quadratic step would take minutes


# ---------------------------------------------------------------------------------------------------------------- files and their order

SCHEMA = ("schema.sql", "create table t (a int, b int)")


@pytest.mark.parametrize(
    "later", ["create index i on t (a)", "alter table t add primary key (a)", "alter table public.t add column c int unique"]
)
def test_an_index_may_stand_in_a_file_before_the_table(later):
    first, _ = catalog(("fkindexes.sql", later), SCHEMA)
    second, _ = catalog(SCHEMA, ("fkindexes.sql", later))
    assert [shown(index) for index in first.table("t").indexes] == [shown(index) for index in second.table("t").indexes] != []
    assert first.table("t").uncertain == ""


def test_the_same_table_in_two_files_is_one_table():
    found, _ = catalog(SCHEMA, ("copy.sql", SCHEMA[1] + "; create index i on t (a)"))
    assert found.table("t").uncertain == ""
    assert [shown(index) for index in found.table("t").indexes] == ["a"]


def test_another_table_of_the_same_name_is_not():
    found, _ = catalog(SCHEMA, ("mysql.sql", "create table if not exists t (a int, c text)"))
    assert found.table("t").uncertain == "it is defined twice, at schema.sql:1 and mysql.sql:1"


def test_migrations_win_over_a_dump():
    found, _ = catalog(
        ("db/schema.sql", "create table t (a int, b int unique, old int unique)"),
        ("db/migrations/001_t.up.sql", "create table t (a int, b int)"),
        ("db/migrations/002_t.up.sql", "alter table t add unique (b)"),
    )
    assert [shown(index) for index in found.table("t").indexes] == ["unique b"]
    assert found.table("t").uncertain == ""


def test_migrations_build_on_a_dump_that_is_their_base_line():
    found, _ = catalog(("db/schema.sql", "create table t (a int unique, b int)"), ("db/migrations/009_t.up.sql", "create index i on t (b)"))
    assert [shown(index) for index in found.table("t").indexes] == ["unique a", "b"]


def test_a_migration_that_may_run_twice_changes_nothing():
    found, _ = catalog(
        ("migrations/001_a.sql", "create table t (a int)"),
        ("migrations/002_b.sql", "alter table t add column b int"),
        ("migrations/003_c.sql", "create table if not exists t (a int, c int); create index if not exists i on t (b)"),
    )
    assert found.table("t").uncertain == ""
    assert [column.name for column in found.table("t").columns] == ["a", "b"]


ORDERED = [
    (
        ["V10__c.sql", "V2__b.sql", "V1_1__a.sql", "R__views.sql", "V1__a.sql", "U2__b.sql"],
        ["V1__a.sql", "V1_1__a.sql", "V2__b.sql", "V10__c.sql", "R__views.sql"],
    ),
    (["m/000010_b.up.sql", "m/000002_a.up.sql", "m/000002_a.down.sql"], ["m/000002_a.up.sql", "m/000010_b.up.sql"]),
    (
        ["db/migrations/20240102_b.sql", "db/schema.sql", "db/migrations/20231231_a.sql"],
        ["db/schema.sql", "db/migrations/20231231_a.sql", "db/migrations/20240102_b.sql"],
    ),
    (
        ["migrations/2024-01-02-000000_b/up.sql", "migrations/2024-01-02-000000_b/down.sql", "migrations/2023-01-01-000000_a/up.sql"],
        ["migrations/2023-01-01-000000_a/up.sql", "migrations/2024-01-02-000000_b/up.sql"],
    ),
    (
        ["prisma/migrations/20240102000000_b/migration.sql", "prisma/migrations/20230102000000_a/migration.sql"],
        ["prisma/migrations/20230102000000_a/migration.sql", "prisma/migrations/20240102000000_b/migration.sql"],
    ),
    (["deploy/b.sql", "revert/b.sql", "migrations/revert/b.sql"], ["deploy/b.sql", "revert/b.sql"]),
    (["migrations/2.sql", "migrations/10.sql", "migrations/1.sql"], ["migrations/1.sql", "migrations/2.sql", "migrations/10.sql"]),
    (["10a.sql", "2b.sql", "schema.sql", "fkindexes.sql"], ["2b.sql", "10a.sql", "fkindexes.sql", "schema.sql"]),
]


@pytest.mark.parametrize(("paths", "expected"), ORDERED)
def test_the_order_of_files(paths, expected):
    assert order(paths) == expected
    assert order(reversed(paths)) == expected


@pytest.mark.parametrize(
    "path",
    ["db/migrations/001_a.sql", "V1__a.sql", "R__views.sql", "sql/0001_init.sql", "20240101120000_a.sql", "x/up.sql", "migrate/a.sql"],
)
def test_migrations(path):
    assert is_migration(path)


@pytest.mark.parametrize(
    "path",
    [
        "1.sql",
        "22.sql",
        "10a.sql",
        "schema.sql",
        "queries/1_top.sql",
        "q01_pricing.sql",
        "reports/2024.sql",
        "backup.sql",
        "Chinook_MySql.sql",
    ],
)
def test_no_migrations(path):
    assert not is_migration(path)


# ---------------------------------------------------------------------------------------------------------------- expressions


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("lower((Email)::text)", "LOWER(email)"),
        ("((status)::text = 'a'::text)", "status = 'a'"),
        ("(t.a IS NOT NULL)", "a IS NOT NULL"),
        ("(a > 0) AND ((b = 1) OR (c = 2))", "(a > 0) AND ((b = 1) OR (c = 2))"),
        ("id::text", "CAST(id AS TEXT)"),
        ("x <> ALL (ARRAY[1, 2])", "NOT x IN (1, 2)"),
        ("((data ->> 'id'::text))", "data ->> 'id'"),
        ("this is  no expression (", "this is no expression ("),
    ],
)
def test_one_spelling_for_expressions(written, normal):
    assert normalise(written, "postgres") == normal
    assert normalise(normal, "postgres") == normal


def test_definitions_do_not_need_the_parser():
    import subprocess
    import sys

    code = (
        "import sys\nfrom lastcall.sql.catalog import replay\n"
        "from lastcall.sql.ddl import definition\nfrom lastcall.sql.statement import split\n"
        "from lastcall.sql.frontends import Fragment\n"
        "s = next(split(Fragment('x', 'create table t (a int primary key)', 'sql'), 'postgres'))\n"
        "replay(definition(s, 'postgres'), 'postgres')\nassert 'sqlglot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_what_waits_for_its_table_is_told_once():
    _, unread = catalog("create table x " + "(" * 1000)
    assert [each.reason for each in unread] == ["it is nested too deeply"]


@pytest.mark.parametrize("sql", ["create table ? (a int)", "alter table ? alter column path type text"])
def test_a_name_that_is_put_in_is_told_in_words(sql):
    _, unread = catalog(sql)
    assert [each.reason for each in unread] == ["a name in it is put in at run time"]
