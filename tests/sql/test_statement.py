"""Cutting SQL: what is one statement, what is none, and every character stays where it was."""

from __future__ import annotations

import time

import pytest
from sqlglot import exp

from lastcall.sql.frontends import Anchor, Fragment
from lastcall.sql.statement import Statement, UnreadableStatement, kind, parse, split


def cut(text: str, dialect: str = "postgres") -> list[Statement]:
    found = list(split(Fragment("x.sql", text, "sql"), dialect))
    for statement in found:
        assert len(statement.text) == statement.end - statement.start
    return found


def texts(text: str, dialect: str = "postgres") -> list[str]:
    return [statement.text for statement in cut(text, dialect)]


CUT = {
    "select 1; select 2": ["select 1", "select 2"],
    "select 1;;\n;\n": ["select 1"],
    "": [],
    "-- nothing\n/* at all */ ;": [],
    "select ';' , \";\" ; select 2": ["select ';' , \";\"", "select 2"],
    "select 'it''s; fine'; select 2": ["select 'it''s; fine'", "select 2"],
    "select E'it\\'s; fine'; select 2": ["select E'it\\'s; fine'", "select 2"],
    "select 'a\\'; select 2": ["select 'a\\'", "select 2"],
    "select $$ ; ' $$; select $x$ ; $$ ; $x$": ["select $$ ; ' $$", "select $x$ ; $$ ; $x$"],
    "select 1 /* ; /* nested ; */ ; */ + 1; select 2": ["select 1" + " " * 26 + "+ 1", "select 2"],
    "select 1 -- ; no\n+ 1; select 2": ["select 1        \n+ 1", "select 2"],
    "select a[1:2], b::int, c::text[]; select 2": ["select a[1:2], b::int, c::text[]", "select 2"],
    "select data->>'a', data #> '{a}' from t": ["select data->>'a', data #> '{a}' from t"],
    # psql and pg_dump
    "\\restrict abc\nselect 1;\n\\unrestrict abc": ["select 1"],
    "\\c chinook;\ncreate table t (a int);": ["create table t (a int)"],
    "\\i other.sql\n\\set x 'a;b'\nselect 1": ["select 1"],
    "select 1 \\gset\nselect 2;": ["select 1", "select 2"],
    "COPY t (a) FROM stdin;\n1\tit's; 'odd\n2\t\\N\n\\.\n\nselect 2;": ["COPY t (a) FROM stdin", "select 2"],
    "COPY t FROM STDIN WITH (FORMAT csv);\nno end": ["COPY t FROM STDIN WITH (FORMAT csv)"],
    "create function f() returns int language sql as $$ select 1; $$; select 2": [
        "create function f() returns int language sql as $$ select 1; $$",
        "select 2",
    ],
    "create function f() returns int begin atomic select case when a then 1 end; select 2; end; select 3": [
        "create function f() returns int begin atomic select case when a then 1 end; select 2; end",
        "select 3",
    ],
    "create rule r as on insert to t do also (insert into a values (1); insert into b values (2)); select 3": [
        "create rule r as on insert to t do also (insert into a values (1); insert into b values (2))",
        "select 3",
    ],
    "create trigger x before update on t for each row execute function f(); select 1": [
        "create trigger x before update on t for each row execute function f()",
        "select 1",
    ],
    "BEGIN; select 1; END; COMMIT": ["BEGIN", "select 1", "END", "COMMIT"],
    # templates of the TPC
    "-- Q1\n:x\n:o\nselect a from t where b = ':1';\n:n -1\n": ["select a from t where b = ':1'"],
    "create view revenue:s (a) as select 1;\n:o\nselect revenue:s.a from revenue:s;\ndrop view revenue:s;\n:n 100": [
        "create view revenue_s (a) as select 1",
        "select revenue_s.a from revenue_s",
        "drop view revenue_s",
    ],
    "select a from t limit\n:n\n": ["select a from t limit\n? "],
}


@pytest.mark.parametrize("text", CUT)
def test_cutting(text):
    assert texts(text) == CUT[text]


OTHER_DIALECTS = [
    ("mysql", "select 'it\\'s; fine'; select 2", ["select 'it\\'s; fine'", "select 2"]),
    ("mysql", 'select "a;b\\"c;"; select 2', ['select "a;b\\"c;"', "select 2"]),
    ("mysql", "select 1 # ; no\n; select `a;b`", ["select 1", "select `a;b`"]),
    ("mysql", "select 5--3; select 2 -- x", ["select 5--3", "select 2"]),
    ("mysql", "/*!40101 SET NAMES utf8 */;\nselect /*!99999 1, */ 2;", ["SET NAMES utf8", "select          1,    2"]),
    (
        "mysql",
        "DELIMITER ;;\ncreate trigger x before insert on t for each row begin set a = 1; end ;;\nDELIMITER ;\nselect 1;",
        ["create trigger x before insert on t for each row begin set a = 1; end", "select 1"],
    ),
    ("mysql", "DELIMITER //\nselect 1//\nselect 4/2//\nDELIMITER ;\nselect 3;", ["select 1", "select 4/2", "select 3"]),
    ("mysql", "DELIMITER $$\ncreate procedure p() begin select 1; end$$\nDELIMITER ;", ["create procedure p() begin select 1; end"]),
    (
        "mysql",
        "create procedure p() begin if a then select 1; end if; select case a when 1 then 2 end; end; select 2",
        ["create procedure p() begin if a then select 1; end if; select case a when 1 then 2 end; end", "select 2"],
    ),
    ("mysql", "use shop\nselect 1;", ["select 1"]),
    (
        "sqlite",
        "create trigger x after insert on t begin update a set b = 1; delete from c; end; select 2",
        ["create trigger x after insert on t begin update a set b = 1; delete from c; end", "select 2"],
    ),
    ("sqlite", ".mode csv\n.import x.csv t\nselect [a;b] from t; PRAGMA x = 1;", ["select [a;b] from t", "PRAGMA x = 1"]),
    ("sqlite", "BEGIN TRANSACTION; select 1; COMMIT;", ["BEGIN TRANSACTION", "select 1", "COMMIT"]),
    ("tsql", "select 1\nGO\nselect 2\ngo 5\n  Go ;\nselect 3", ["select 1", "select 2", "select 3"]),
    ("tsql", "create procedure p as\nselect 1;\nselect 2;\nGO\nselect 3", ["create procedure p as\nselect 1;\nselect 2;", "select 3"]),
    (
        "tsql",
        "if exists (select 1)\nbegin\n drop table x;\n drop table y;\nend\nGO\nselect 2",
        ["if exists (select 1)\nbegin\n drop table x;\n drop table y;\nend", "select 2"],
    ),
    ("tsql", "begin tran; select [a;b]; commit;", ["begin tran", "select [a;b]", "commit"]),
    (
        "tsql",
        "create table a (x int)\ncreate index i on a (x)\nalter table a add y int",
        ["create table a (x int)", "create index i on a (x)", "alter table a add y int"],
    ),
    ("tsql", "with a as (select 1 x)\ninsert into t select x from a", ["with a as (select 1 x)\ninsert into t select x from a"]),
    ("tsql", "insert into t\nexec p\ncreate table a (x int)", ["insert into t\nexec p", "create table a (x int)"]),
    ("tsql", "SET NOCOUNT ON;\nPRINT 'a;b'\nselect 1", ["select 1"]),
    ("oracle", "select 1 from dual;\n/\nselect 2 from dual\n/\n", ["select 1 from dual", "select 2 from dual"]),
    (
        "oracle",
        "create or replace procedure p is x number; begin x := 1; end;\n/\nselect 2 from dual;",
        ["create or replace procedure p is x number; begin x := 1; end;", "select 2 from dual"],
    ),
    (
        "oracle",
        "declare x number; begin null; end;\n/\nselect 6 / 2 from dual;",
        ["declare x number; begin null; end;", "select 6 / 2 from dual"],
    ),
    (
        "oracle",
        "SET DEFINE OFF\nPROMPT hello; there\nREM it's a remark\n@other.sql\nselect q'[it's; fine]' from dual; select 2 from dual",
        ["select q'[it's; fine]' from dual", "select 2 from dual"],
    ),
]


@pytest.mark.parametrize(("dialect", "text", "expected"), OTHER_DIALECTS)
def test_cutting_in_other_dialects(dialect, text, expected):
    assert texts(text, dialect) == expected


HOLES = [
    ("postgres", "a = %s and b = %(name)s", "a = ?  and b = ?       "),
    ("postgres", "a = $1 and b = $22", "a = ?  and b = ?  "),
    ("postgres", "a = :name and b = :1 and c::int = 1", "a = ?     and b = ?  and c::int = 1"),
    ("postgres", "a = ? and b in (?, ?1)", "a = ? and b in (?, ? )"),
    ("postgres", "a = @id and b @> c and d @@ e", "a = ?   and b @> c and d @@ e"),
    ("postgres", "a = {limit} and b = ${x}", "a = ?       and b = ?   "),
    ("postgres", "a = '%s' and b = ':1' and c = '$1'", "a = '%s' and b = ':1' and c = '$1'"),
    ("postgres", 'a = "%s:x"', 'a = "%s:x"'),
    ("postgres", "x[lo:hi] = x[1:2] and y = ARRAY[:a, %s]", "x[lo:hi] = x[1:2] and y = ARRAY[? , ? ]"),
    ("postgres", "a %% 2 = 0 and b % 2 = 1", "a  % 2 = 0 and b % 2 = 1"),
    ("postgres", "a = :'var'", "a = ?     "),
    ("mysql", "a = %s and b = @user", "a = ?  and b = @user"),
    ("tsql", "a = @p1 and b = ?", "a = @p1 and b = ?"),
    ("oracle", "a = :1 and b = v$x", "a = ?  and b = v$x"),
    ("sqlite", "a = ?1 and b = :b and c = @c and d = $1", "a = ?  and b = ?  and c = ?  and d = ? "),
]


@pytest.mark.parametrize(("dialect", "written", "cleaned"), HOLES)
def test_placeholders_become_holes_of_their_length(dialect, written, cleaned):
    [statement] = cut(f"select a from t where {written} --", dialect)
    assert statement.text == f"select a from t where {cleaned}"
    parse(statement, dialect)


def test_a_hole_that_is_part_of_a_name_becomes_part_of_it():
    assert texts("select * from {schema}.users, t_{n}, ${db}.o") == ["select * from _schema_.users, t__n_, __db_.o"]


@pytest.mark.parametrize("text", ["select {{ x }} from t", "select 1 {% if a %} + 1 {% endif %}", "select 1 {# no #}"])
def test_a_template_is_not_parsed(text):
    [statement] = cut(text)
    with pytest.raises(UnreadableStatement, match="template"):
        parse(statement, "postgres")


KINDS = [
    ("select 1 from t", "SELECT", "query"),
    ("(select 1 from t) union (select 2 from t)", "SELECT", "query"),
    ("with x as (select 1) select * from x", "WITH", "query"),
    ("update t set a = 1", "UPDATE", "query"),
    ("delete from t", "DELETE", "query"),
    ("merge into t using s on t.a = s.a when matched then delete", "MERGE", "query"),
    ("insert into t (a, b) select a, b from s", "INSERT", "query"),
    ("insert into t select a from s", "INSERT", "query"),
    ("insert into t (a) values ((select 1 from s))", "INSERT", "query"),
    ("replace into t select 1 from s", "REPLACE", "query"),
    ("select a into t from s", "SELECT INTO", "query"),
    ("insert into t (a, b) values (1, 'select')", "INSERT", "other"),
    ("insert into s.t values (1)", "INSERT", "other"),
    ('insert into "a"."b" ("c") overriding system value values (1)', "INSERT", "other"),
    ("insert ignore into `t` (`a`) values (1)", "INSERT", "other"),
    ("insert into [dbo].[t] ([a]) values (1)", "INSERT", "other"),
    ("insert into t default values", "INSERT", "other"),
    ("insert into t set a = 1", "INSERT", "other"),
    ("select pg_catalog.setval('s', 1, true)", "SELECT", "other"),
    ("SELECT pg_catalog.set_config('search_path', '', false)", "SELECT", "other"),
    ("set a = 1", "SET", "other"),
    ("begin", "BEGIN", "other"),
    ("commit work", "COMMIT", "other"),
    ("grant select on t to x", "GRANT", "other"),
    ("comment on table t is 'create table'", "COMMENT", "other"),
    ("lock tables t write", "LOCK", "other"),
    ("analyze t", "ANALYZE", "other"),
    ("explain select 1", "EXPLAIN", "other"),
    ("call p()", "CALL", "other"),
    ("truncate t", "TRUNCATE", "other"),
    ("connect to x", "CONNECT", "other"),
    ("create table t (a int)", "CREATE TABLE", "ddl"),
    ("create global temporary table t (a int)", "CREATE TABLE", "ddl"),
    ("create unique nonclustered index i on t (a)", "CREATE INDEX", "ddl"),
    ("create or replace view v as select 1", "CREATE VIEW", "ddl"),
    ("create algorithm=undefined definer=`a`@`b` sql security definer view v as select 1", "CREATE VIEW", "ddl"),
    ("create materialized  view v as select 1", "CREATE MATERIALIZED VIEW", "ddl"),
    ("alter table t add a int", "ALTER TABLE", "ddl"),
    ("alter index i rename to j", "ALTER INDEX", "ddl"),
    ("drop index i", "DROP INDEX", "ddl"),
    ("rename table a to b", "RENAME TABLE", "ddl"),
    ("exec sp_rename 'a', 'b'", "EXEC SP_RENAME", "ddl"),
    ("do $$ begin end $$", "DO", "ddl"),
    ("create type index_kind as enum ('table')", "CREATE TYPE", "other"),
    ("create function f() returns int language sql as 'select 1'", "CREATE FUNCTION", "other"),
    ("create sequence table_seq", "CREATE SEQUENCE", "other"),
    ("create extension x", "CREATE EXTENSION", "other"),
    ("create user u", "CREATE USER", "other"),
    ("drop function f()", "DROP FUNCTION", "other"),
]


@pytest.mark.parametrize(("text", "keyword", "expected"), KINDS)
def test_kinds(text, keyword, expected):
    [statement] = cut(text)
    assert (statement.keyword, kind(statement)) == (keyword, expected)


def test_guarded_ddl_is_ddl():
    [statement] = cut("if not exists (select 1) create index i on t (a)", "tsql")
    assert kind(statement) == "ddl"
    [statement] = cut("if @a = 1 select 1", "tsql")
    assert kind(statement) == "other"


def test_places_are_those_of_the_host_file():
    fragment = Fragment("app.py", "-- first\n  select 1;\nselect\n  2", "string", (Anchor(0, 10, 9),))
    first, second = split(fragment, "postgres")
    assert (first.location.line, first.location.column, first.location.end_line, first.location.end_column) == (11, 3, 11, 11)
    assert (second.location.line, second.location.end_line, second.location.end_column) == (12, 13, 4)
    assert fragment.text[second.start : second.end] == "select\n  2"


def test_a_bad_statement_loses_only_itself():
    found = cut("select 1 from t;\nselec a frm t where;\nselect 2 from t;")
    parse(found[0], "postgres")
    with pytest.raises(UnreadableStatement):
        parse(found[1], "postgres")
    parse(found[2], "postgres")


def test_the_place_of_a_syntax_error():
    text = "select 1;\nselect a from t\n  where (a = 1 order by b;"
    statement = cut(text)[1]
    with pytest.raises(UnreadableStatement) as caught:
        parse(statement, "postgres")
    assert text[caught.value.offset :].startswith("order")
    assert "\x1b" not in caught.value.reason
    assert caught.value.reason.startswith("it does not parse: ")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("select a from t where docs match ? order by 1", "it does not parse: “match” is not expected there"),
        ("select a from (select 1) as m %s j on (1 = 1)", "it does not parse: what is put in at run time stands where no value can"),
        ("select ^x^ from t", "it does not parse: “^” is not expected there"),
        ("select case when 1", "it does not parse: it ends too early"),
        ("select 'a from t", "it does not parse: a quote or a comment in it is not closed"),
    ],
)
def test_why_a_query_does_not_parse_is_said_in_words(text, reason):
    with pytest.raises(UnreadableStatement) as caught:
        parse(cut(text)[0], "postgres")
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "text",
    [
        "/* never closed; select 1 from t;",
        "select 1; /* never closed; select 1 from t;",
        "select 1 /* never closed; select 2 from t;",
        "create function f() returns int as $$ select 1;\nselect 2 from t;",
        "do $x$ begin end $$;\nselect 2 from t;",
    ],
)
def test_what_hides_behind_something_unclosed_is_told(text):
    last = cut(text)[-1]
    assert kind(last) == "query"
    assert "never closed" in last.obstacle


@pytest.mark.parametrize("text", ["select 1; /* the end", "select 1; /**/ /* a */ ;", "create function f() as $$ select 1 $$;"])
def test_nothing_hides_behind_nothing(text):
    assert not any(statement.obstacle for statement in cut(text))


@pytest.mark.parametrize(
    "text", ["{% if x %}\nselect a from t\n{% endif %}", "{{ config(x='y') }}\nselect a from t", "{# said #} select a from t"]
)
def test_a_template_that_begins_a_query_is_told(text):
    [statement] = cut(text)
    assert (kind(statement), statement.obstacle) == ("query", "it is a template, not SQL")


def test_what_the_parser_passes_over_is_not_printed(capfd, caplog):
    with pytest.raises(UnreadableStatement):
        parse(cut("vacuum full t")[0], "postgres")
    assert capfd.readouterr().err == ""
    assert not caplog.records


@pytest.mark.parametrize(
    "text",
    [
        "select " + "(" * 5000 + "1" + ")" * 5000,
        "select * from t where " + "not " * 5000 + "a",
        "select " + "- " * 20000 + "a",
        "select " + "case when a then " * 2000 + "1" + " end" * 2000,
        "select * from a " + "join b " * 40,
        "select * from a " + "left join (select 1) b " * 40,
        "select " + "array[" * 3000 + "1" + "]" * 3000,
        "select " + "interval " * 7000 + "1",
        "select a" + "[1]" * 3000 + " from t",
        "select a from t where a in (" + "1, " * 40000 + "1)",
        "select '" + "x" * 70000 + "'",
    ],
)
def test_a_hostile_query_is_refused_at_once(text):
    [statement] = cut(text)
    start = time.process_time()
    with pytest.raises(UnreadableStatement):
        parse(statement, "postgres")
    assert time.process_time() - start < 5  # the parser alone would take minutes, or the process with it


@pytest.mark.parametrize(
    "text",
    [
        "'" * 100_001,
        "e'\\'" * 30_000,
        "$a$ $b$ " * 20_000,
        "/*" * 60_000,
        "[" * 100_000,
        "{" * 100_000,
        "-" * 100_001,
        "select 1;" * 20_000,
        ":" * 100_000,
        "create function f() begin " * 4_000,
        "((((" * 25_000,
        "\n" * 100_000,
        "\\a" * 50_000,
        "q'[" * 30_000,
        "create " * 20_000,
        "insert into t (" * 8_000,
    ],
)
@pytest.mark.parametrize("dialect", ["postgres", "mysql", "sqlite", "tsql", "oracle"])
def test_cutting_hostile_text_takes_no_time(text, dialect):
    start = time.process_time()
    for statement in cut(text, dialect):
        kind(statement)
    assert time.process_time() - start < 5  # a quadratic step would take far longer


def test_joins_without_on_are_fine_when_few():
    [statement] = cut("select * from a join b join c on b.x = c.x on a.y = b.y cross join d natural join e cross join f")
    parse(statement, "postgres")


def test_rows_are_passed_over():
    text = (
        "insert into t (a, b) values\n"
        + ",\n".join(f"({number}, 'it''s; %s :x {{{{ y }}}}')" for number in range(5000))
        + ";\nselect 1 from t;"
    )
    first, second = cut(text)
    assert kind(first) == "other"
    assert second.text == "select 1 from t"


ASIDE = {
    "mysql": (
        "UPDATE LOW_PRIORITY IGNORE t SET a = 1 WHERE b = 1",
        "DELETE QUICK FROM t WHERE b = 1",
        "DELETE a.*, b.* FROM t a JOIN u b ON b.c = a.c WHERE a.b = 1",
        "DELETE FROM a.*, b.* USING t a JOIN u b ON b.c = a.c WHERE a.b = 1",
        "INSERT HIGH_PRIORITY IGNORE INTO t (a) SELECT a FROM u",
        "REPLACE DELAYED INTO t (a) SELECT a FROM u",
        "REPLACE t (a) SELECT a FROM u",
        "SELECT a, c FROM t WHERE b = 1 INTO @a, @c",
        "SELECT a FROM t WHERE b = 1 INTO OUTFILE '/tmp/a' FIELDS TERMINATED BY ','",
    ),
    "sqlite": ("UPDATE OR IGNORE t SET a = 1 WHERE b = 1",),
    "tsql": (
        "UPDATE TOP (10) t WITH (ROWLOCK, READPAST) SET a = 1 OUTPUT inserted.id, deleted.a INTO @gone (id, a) WHERE b = 1",
        "DELETE TOP (10) t WHERE b = 1",
        "DELETE FROM t OUTPUT deleted.* WHERE b = 1",
        "INSERT TOP (5) INTO t (a) SELECT a FROM u",
        "INSERT INTO t WITH (TABLOCK) (a) SELECT a FROM u",
        "SELECT a FROM t WHERE b = 1 OPTION (OPTIMIZE FOR (@p = 1), USE HINT('x'))",
    ),
    "oracle": (
        "UPDATE t SET a = 1 WHERE b = 1 LOG ERRORS INTO err ('x') REJECT LIMIT UNLIMITED",
        "MERGE INTO t USING u ON (t.a = u.a) WHEN MATCHED THEN UPDATE SET b = 1 DELETE WHERE c = 0",
        "MERGE INTO t USING u ON (t.a = u.a) WHEN MATCHED THEN UPDATE SET b = 1 DELETE WHERE c = 0 WHEN NOT MATCHED THEN INSERT VALUES (1)",
    ),
}
"""What servers understand and the parser does not, and no access path depends on."""


@pytest.mark.parametrize(("dialect", "text"), [(dialect, text) for dialect, texts in ASIDE.items() for text in texts])
def test_what_no_access_path_depends_on_is_not_parsed(dialect, text):
    [statement] = cut(text, dialect)
    assert parse(statement, dialect)


def test_what_is_set_aside_is_no_part_of_a_string():
    [statement] = cut("SELECT 'OUTPUT inserted.a' FROM t WHERE a = 'OPTION (x)'", "tsql")
    assert parse(statement, "tsql").sql("tsql") == statement.text


@pytest.mark.parametrize("dialect", ["mysql", "sqlite"])
def test_replace_with_a_query_is_read_as_an_insert(dialect):
    [statement] = cut("REPLACE INTO t SELECT a FROM u WHERE b = 1", dialect)
    assert kind(statement) == "query"
    assert parse(statement, dialect).key == "insert"


@pytest.mark.parametrize("written", ["?", "?1", "%s", "%(x)s", ":name", ":'name'", "@p", "$1", "{}", "{name}", "${name}"])
@pytest.mark.parametrize("behind", ["::uuid", "::varchar(20)[]", " :: uuid", "||'%'", " || '%'"])
def test_a_placeholder_that_an_operator_is_written_up_against(written, behind):
    [statement] = cut(f"SELECT a FROM t WHERE a LIKE {written}{behind} AND data ? 'key' AND b = 'x'")
    where = parse(statement, "postgres").args["where"].this
    assert where.key == "and"
    assert len(list(where.find_all(exp.Placeholder))) == 1
    literal = where.expression.expression
    assert statement.text[literal.meta["start"] : literal.meta["end"] + 1] == "'x'"


@pytest.mark.parametrize(
    "condition", ["data ?| ARRAY['x']", "data ?& ARRAY['x']", "data ? 'k'", "data ?| ?::text[]", "a = '?::' AND b = '?||'"]
)
def test_the_question_mark_stays_an_operator(condition):
    [statement] = cut(f"SELECT a FROM t WHERE {condition}")
    tree = parse(statement, "postgres")
    assert len(list(tree.find_all(exp.Placeholder))) == condition.count("?::t")


def test_the_place_of_a_syntax_error_behind_a_cast_placeholder():
    [statement] = cut("SELECT a FROM t WHERE a = ?::uuid AND b = = 1")
    with pytest.raises(UnreadableStatement) as caught:
        parse(statement, "postgres")
    assert statement.text[caught.value.offset :] == "= 1"
