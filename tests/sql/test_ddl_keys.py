"""What DDL says of single keys of an index and of single columns: order, operator class, collation, length, charset."""

from __future__ import annotations

import pytest

from lastcall.model import Index
from schemas import catalog


def only(sql: str, dialect: str = "postgres") -> Index:
    """The only index of the only table."""
    found, unread = catalog(sql, dialect=dialect)
    assert unread == ()
    (table,) = found.tables.values()
    assert table.uncertain == ""
    (index,) = table.indexes
    return index


KEYS = {
    # the key as it is written in PostgreSQL: its column, operator class and collation
    "a": ("a", "", ""),
    "a asc": ("a", "", ""),
    "a text_pattern_ops": ("a", "text_pattern_ops", ""),
    "a pg_catalog.text_pattern_ops desc": ("a", "text_pattern_ops", ""),
    'a collate "C"': ("a", "", "c"),
    'a collate pg_catalog."de-DE-x-icu" varchar_pattern_ops desc nulls last': ("a", "varchar_pattern_ops", "de-de-x-icu"),
    "a public.gist_trgm_ops (siglen = 32)": ("a", "gist_trgm_ops", ""),
    "lower(a) text_pattern_ops": ("(LOWER(a))", "text_pattern_ops", ""),
    "lower((a)::text) public.gin_trgm_ops": ("(LOWER(a))", "gin_trgm_ops", ""),
    'lower(a) collate "C"': ("(LOWER(a))", "", "c"),
    "(a -> 'x') jsonb_path_ops": ("(a -> 'x')", "jsonb_path_ops", ""),
    '(a collate "C")': ("a", "", "c"),
    "(a)": ("a", "", ""),
    "((a))": ("a", "", ""),
    # words after a column inside of parentheses are no operator class
    "(a is null)": ("(a IS NULL)", "", ""),
    "(a at time zone 'utc')": ("(a AT TIME ZONE 'utc')", "", ""),
    "(a in (1, 2))": ("(a IN (1, 2))", "", ""),
    "(a and b)": ("(a AND b)", "", ""),
    "((a ->> 'at')::timestamp with time zone)": ("(CAST(a ->> 'at' AS TIMESTAMPTZ))", "", ""),
    "(case when a then b end)": ("(CASE WHEN a THEN b END)", "", ""),
    "(a || $$x$$)": ("(a || 'x')", "", ""),
}


@pytest.mark.parametrize("key", KEYS)
def test_a_key_with_what_is_said_of_it(key):
    index = only(f"create table t (a text, b text); create index i on t ({key})")
    column, opclass, collation = KEYS[key]
    assert index.columns == (column,)
    assert index.opclasses == ((opclass,) if opclass else ())
    assert index.collations == ((collation,) if collation else ())


ORDERS = [
    # dialect, keys, descending, nulls first
    ("postgres", "a, b", (), ()),
    ("postgres", "a desc, b", (True, False), (True, False)),
    ("postgres", "a desc nulls last, b nulls first", (True, False), (False, True)),
    ("postgres", "a asc nulls last, b nulls last", (), ()),
    ("oracle", "a desc, b", (True, False), (True, False)),
    ("mysql", "a, b", (), ()),
    ("mysql", "a desc, b asc", (True, False), (False, True)),
    ("sqlite", "a, b collate nocase desc", (False, True), (True, False)),
    ("tsql", "[a] asc, [b] desc", (False, True), (True, False)),
]


@pytest.mark.parametrize(("dialect", "keys", "descending", "nulls_first"), ORDERS)
def test_the_order_of_an_index_with_its_nulls(dialect, keys, descending, nulls_first):
    index = only(f"create table t (a int, b int); create index i on t ({keys})", dialect)
    assert (index.descending, index.nulls_first) == (descending, nulls_first)


INCLUDED = [
    ("postgres", "create table t (a int, b int); create unique index i on t (a) include (b) nulls not distinct where a > 0"),
    ("postgres", "create table t (a int, b int, constraint u unique (a) include (b))"),
    ("postgres", "create table t (a int, b int); alter table t add constraint u unique (a) include (b)"),
    ("tsql", "create table t (a int, b int); create index i on t (a) include ([b]) with (online = on) on [primary]"),
    ("tsql", "create table t (a int, b int, index i (a) include (b))"),
    ("postgres", "create table t (a int, c int); create index i on t (a) include (c); alter table t rename c to b"),
]


@pytest.mark.parametrize(("dialect", "sql"), INCLUDED)
def test_columns_that_an_index_only_covers(dialect, sql):
    index = only(sql, dialect)
    assert (index.columns, index.included) == (("a",), ("b",))


def test_an_index_goes_with_a_column_that_it_covers():
    found, _ = catalog("create table t (a int, b int); create index i on t (a) include (b); alter table t drop column b")
    assert found.table("t").indexes == ()


@pytest.mark.parametrize(
    ("keys", "lengths"), [("a", ()), ("a(10)", (10,)), ("a, b(20) desc", (0, 20)), ("`a`(5), `b`(6)", (5, 6)), ("(lower(a)), b(7)", (0, 7))]
)
def test_how_much_of_a_column_mysql_indexes(keys, lengths):
    assert only(f"create table t (a text, b text, key i ({keys}))", "mysql").lengths == lengths
    assert only(f"create table t (a text, b text); create index i on t ({keys})", "mysql").lengths == lengths


def test_mysql_takes_a_dropped_column_out_of_an_index_with_all_that_is_said_of_it():
    index = only("create table t (a text, b text, c text, key i (a(5), b(6) desc, c)); alter table t drop column a", "mysql")
    assert (index.columns, index.lengths, index.descending) == (("b", "c"), (6, 0), (True, False))


def test_two_indexes_of_one_column_are_two_where_they_serve_different_things():
    found, _ = catalog("create table t (a text); create index on t (a); create index on t (a text_pattern_ops); create index on t (a)")
    assert [(index.name, index.opclasses) for index in found.table("t").indexes] == [
        ("t_a_idx", ()),
        ("t_a_idx1", ("text_pattern_ops",)),
        ("t_a_idx2", ()),  # as a server has it, for what nothing names is made as often as it is said
    ]


@pytest.mark.parametrize(
    ("keys", "name"),
    [("a", "t_a_idx"), ("lower(a), b", "t_lower_b_idx"), ("(a || b)", "t_expr_idx"), ("a) include (b", "t_a_b_idx")],
)
def test_the_name_that_postgres_makes_up(keys, name):
    assert only(f"create table t (a text, b text); create index on t ({keys})").name == name


# ---------------------------------------------------------------------------------------------------------------- columns

COLLATED = [
    # dialect, DDL, the collation and charset of column a
    ("postgres", 'create table t (a text collate "C" not null)', "c", ""),
    ("postgres", 'create table t (a text collate pg_catalog."de_DE")', "de_de", ""),
    ("postgres", 'create table t (a text collate pg_catalog."default")', "", ""),
    ("postgres", 'create table t (a text); alter table t alter a type varchar(9) collate "C"', "c", ""),
    ("postgres", 'create table t (a text collate "C"); alter table t alter a type varchar(9)', "", ""),
    ("postgres", 'create table t (a text collate "C"); alter table t alter a set not null', "c", ""),
    ("sqlite", "create table t (a text collate nocase unique)", "nocase", ""),
    ("sqlite", "create table t (a text collate binary)", "", ""),
    ("tsql", "create table t (a nvarchar(9) collate Latin1_General_BIN2 null)", "latin1_general_bin2", ""),
    ("tsql", "create table t (a int); alter table t alter column a varchar(9) collate Latin1_General_BIN", "latin1_general_bin", ""),
    ("oracle", "create table t (a varchar2(9) collate binary_ci)", "binary_ci", ""),
    ("oracle", "create table t (a varchar2(9) collate binary_ci); alter table t modify (a varchar2(20))", "binary_ci", ""),
    ("mysql", "create table t (a varchar(9) character set latin1 collate latin1_bin)", "latin1_bin", "latin1"),
    ("mysql", "create table t (a varchar(9) collate utf8_bin charset utf8)", "utf8mb3_bin", "utf8mb3"),
    ("mysql", "create table t (a varchar(9) collate 'utf8mb4_bin')", "utf8mb4_bin", "utf8mb4"),
    ("mysql", "create table t (a varchar(9)) default charset=utf8mb4 collate=utf8mb4_unicode_ci", "utf8mb4_unicode_ci", "utf8mb4"),
    ("mysql", "create table t (a enum('x')) engine=InnoDB charset latin1", "", "latin1"),
    ("mysql", "create table t (a text) collate utf8mb4_bin", "utf8mb4_bin", "utf8mb4"),
    ("mysql", "create table t (a text charset latin1) charset=utf8mb4 collate=utf8mb4_bin", "", "latin1"),
    ("mysql", "create table t (a int) charset=utf8mb4 collate=utf8mb4_bin", "", ""),
    ("mysql", "create table t (b int) charset=latin1; alter table t add a text", "", "latin1"),
    ("mysql", "create table t (a text) charset=latin1; alter table t default character set = utf8mb4", "", "latin1"),
    (
        "mysql",
        "create table t (b int) charset=latin1; alter table t charset utf8mb4 collate utf8mb4_bin, add a text",
        "utf8mb4_bin",
        "utf8mb4",
    ),
    (
        "mysql",
        "create table t (a text charset latin1); alter table t convert to character set utf8mb4 collate utf8mb4_bin",
        "utf8mb4_bin",
        "utf8mb4",
    ),
    ("mysql", "create table t (a text charset latin1) charset=utf8mb4; alter table t modify a mediumtext", "", "utf8mb4"),
    ("mysql", "create table o (b int) charset=latin1; create table t like o; alter table t add a text", "", "latin1"),
]


@pytest.mark.parametrize(("dialect", "sql", "collation", "charset"), COLLATED)
def test_the_collation_and_charset_of_a_column(dialect, sql, collation, charset):
    found, unread = catalog(sql, dialect=dialect)
    column = found.table("t").column("a")
    assert unread == ()
    assert (column.collation, column.charset) == (collation, charset)


@pytest.mark.parametrize(
    ("after", "on_delete"),
    [
        ("", ""),
        ("on delete cascade", "CASCADE"),
        ("on update cascade", ""),
        ("on update cascade on delete set null deferrable", "SET NULL"),
        ("match simple on delete set default", "SET DEFAULT"),
        ("on delete no action not valid", ""),
        ("on delete restrict", ""),
    ],
)
def test_what_happens_when_the_other_row_is_deleted(after, on_delete):
    inline, _ = catalog(f"create table o (id int primary key); create table t (a int references o (id) {after}, b int)")
    altered, _ = catalog(f"create table t (a int); alter table t add constraint f foreign key (a) references o (id) {after}")
    assert [key.on_delete for found in (inline, altered) for key in found.table("t").foreign_keys] == [on_delete, on_delete]


# ---------------------------------------------------------------------------------------------------------------- what blocks writers

BUILDS = [
    ("postgres", "create index i on t (a)", "CREATE INDEX without CONCURRENTLY"),
    ("postgres", "create unique index if not exists i on t (a)", "CREATE INDEX without CONCURRENTLY"),
    ("postgres", "create index concurrently i on t (a)", ""),
    ("postgres", "create index i on only t (a)", ""),
    ("postgres", "alter table t add constraint u unique (a)", "ADD UNIQUE without USING INDEX"),
    ("postgres", "alter table t add primary key (a)", "ADD PRIMARY KEY without USING INDEX"),
    ("postgres", "alter table t add column c int unique", "ADD COLUMN UNIQUE without USING INDEX"),
    ("postgres", "create unique index concurrently i on t (a); alter table t add constraint u unique using index i", ""),
    ("postgres", "alter table t add constraint e exclude using gist (a with =)", ""),
    ("mysql", "create index i on t (a)", ""),
    ("mysql", "create index i on t (a) algorithm = inplace lock = none", ""),
    ("mysql", "create index i on t (a) algorithm = copy", "ALGORITHM=COPY"),
    ("mysql", "create index i on t (a) lock shared", "LOCK=SHARED"),
    ("mysql", "alter table t add index i (a), lock=exclusive", "LOCK=EXCLUSIVE"),
    ("mysql", "alter table t add fulltext index i (a)", "FULLTEXT index"),
    ("mysql", "create spatial index i on t (a)", "SPATIAL index"),
    ("sqlite", "create index i on t (a)", ""),
    ("tsql", "create index i on t (a)", "CREATE INDEX without ONLINE = ON"),
    ("tsql", "create index i on t (a) with (fillfactor = 80, online = on)", ""),
    ("tsql", "alter table t add constraint u unique (a)", "ADD UNIQUE without ONLINE = ON"),
    ("tsql", "create columnstore index i on t (a)", ""),
    ("oracle", "create index i on t (a)", "CREATE INDEX without ONLINE"),
    ("oracle", "create index i on t (a) tablespace x online parallel 4", ""),
    ("oracle", "alter table t add constraint u unique (a)", ""),
]


@pytest.mark.parametrize(("dialect", "build", "blocking"), BUILDS)
def test_what_makes_writers_wait_while_an_index_is_built(dialect, build, blocking):
    assert only(f"create table t (a int, b int); {build}", dialect).blocking == blocking


def test_nobody_writes_to_a_table_that_is_being_made():
    assert only("create table t (a int primary key)").blocking == ""
    assert only("create materialized view t as select a from o; create index i on t (a)").blocking == ""
