"""What a query is lowered to, and the traps of the parser on the way."""

import pytest
import sqlglot

from lastcall.sql.block import Kind, Mode, Op
from lastcall.sql.query import NotLowered, key, lower, normal_forms, shape


def block(sql, dialect="postgres"):
    return lower(sqlglot.parse_one(sql, read=dialect), sql, 0).block


def terms(condition):
    return [(term.op, *(ref.name for ref in term.left.refs)) for term in block(f"SELECT 1 FROM t WHERE {condition}").terms]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("a = 1", [(Op.EQ, "a")]),
        ("1 = a", [(Op.EQ, "a")]),
        ("1 < a", [(Op.LOW, "a")]),
        ("a IN (1, 2)", [(Op.IN, "a")]),
        ("a = ANY($1)", [(Op.IN, "a")]),
        ("a = 1 OR a = 2 OR a IN (3)", [(Op.IN, "a")]),
        ("a BETWEEN 1 AND 2", [(Op.BETWEEN, "a")]),
        ("a LIKE 'x%'", [(Op.PREFIX, "a")]),
        ("a LIKE '%x'", [(Op.INFIX, "a")]),
        ("a LIKE $1", [(Op.OTHER, "a")]),
        ("a IS NULL", [(Op.NULL, "a")]),
        ("a IS NOT NULL", [(Op.NOT_NULL, "a")]),
        ("NOT a IS NULL", [(Op.NOT_NULL, "a")]),
        ("NOT (a IS NOT NULL)", [(Op.OTHER, "a")]),
        ("a NOT LIKE 'x%'", [(Op.OTHER, "a")]),
        ("a NOT IN (1, 2)", [(Op.OTHER, "a")]),
        ("a NOT BETWEEN 1 AND 2", [(Op.OTHER, "a")]),
        ("(a, b) = (1, 2)", [(Op.EQ, "a"), (Op.EQ, "b")]),
        ("(a, b) < (1, 2)", [(Op.HIGH, "a")]),
        ("(a, b) IN ((1, 2), (3, 4))", [(Op.IN, "a"), (Op.IN, "b")]),
        ("a = 1 AND (b = 2 AND c = 3)", [(Op.EQ, "a"), (Op.EQ, "b"), (Op.EQ, "c")]),
        ("lower(a) = 'x'", [(Op.EQ, "a")]),
        ("a::text = 'x'", [(Op.EQ, "a")]),
        ("a = NULL", [(Op.FALSE, "a")]),
    ],
)
def test_conjuncts(condition, expected):
    assert terms(condition) == expected


def test_sub_queries_by_how_they_can_be_joined():
    found = block(
        "SELECT (SELECT 1 FROM s) FROM t WHERE EXISTS (SELECT 1 FROM a) AND NOT EXISTS (SELECT 1 FROM b) AND x IN (SELECT y FROM c)"
        " AND z NOT IN (SELECT y FROM d) AND (q OR EXISTS (SELECT 1 FROM e))"
    )
    by_table = {sub.block.sources[0].table: (sub.mode, sub.pulled) for sub in found.subs}
    assert by_table == {
        "a": (Mode.SEMI, True),
        "b": (Mode.ANTI, True),
        "c": (Mode.SEMI, True),
        "d": (Mode.SCALAR, False),
        "e": (Mode.SCALAR, False),
        "s": (Mode.SCALAR, False),
    }


def test_sources_and_how_they_join():
    found = block("SELECT 1 FROM a, b LEFT JOIN c ON c.x = b.x FULL JOIN d USING (y) NATURAL JOIN s.e")
    assert [(each.alias, each.table, each.kind) for each in found.sources] == [
        ("a", "a", Kind.INNER),
        ("b", "b", Kind.INNER),
        ("c", "c", Kind.LEFT),
        ("d", "d", Kind.FULL),
        ("e", "s.e", Kind.INNER),
    ]
    assert found.sources[3].using == ("y",)
    assert found.sources[4].natural


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE t SET a = 1 FROM b WHERE b.id = t.id",
        "DELETE FROM t USING b WHERE b.id = t.id",
        "MERGE INTO t USING b ON b.id = t.id WHEN MATCHED THEN DELETE",
    ],
)
def test_writes_read_their_target_too(sql):
    found = block(sql)
    assert [each.table for each in found.sources] == ["t", "b"]
    assert [term.op for term in found.terms] == [Op.EQ]


@pytest.mark.parametrize("sql", ["SELECT 1 FROM ? WHERE a = 1", "SELECT 1 FROM t WHERE ?", "SELECT 1 FROM t WHERE a = 1 AND ?"])
def test_what_is_put_in_at_run_time_where_no_value_can_stand(sql):
    with pytest.raises(NotLowered):
        block(sql)


def test_spans_are_of_the_condition():
    sql = "SELECT 1 FROM users u JOIN orders o ON o.user_id = u.id"
    (term,) = block(sql).sources[1].on
    assert sql[slice(*term.span)] == "o.user_id = u.id"


@pytest.mark.parametrize(
    "condition",
    [
        "lower(a) = ?",
        "a = lower(?)",
        "lower(a) = lower($1)",
        "a > now() - interval '1 day'",
        "? < lower(a)",
        "a = /* the same */ %s",
        "a = %(name)s::varchar(20)[]",
        "a::timestamp with time zone > CAST(:name AS timestamptz)",
        "extract(year FROM a) = ?",
        "CAST(CAST(a AS text) AS date) = ?",
        "a IN (?, ?)",
        "a NOT IN (1, (2))",
        "(a, b) > (?, ?)",
        "a = ANY(ARRAY[?, ?])",
        "a BETWEEN ? AND ?",
        "a NOT BETWEEN 1 AND lower(?)",
        "a IS NOT NULL",
        "NOT (a = ? AND lower(b) = ?)",
        "a = CASE WHEN b = 1 THEN ? ELSE ? END",
        "CASE WHEN a = ? THEN 1 END = 2",
        "a || ')' = ?",
        "data->>'k' = ?",
        "data ? 'k'",
        "data @> $1::jsonb",
        "a = (SELECT max(b) FROM u WHERE c = ?)",
    ],
)
def test_a_span_has_what_the_parser_gives_no_place(condition):
    sql = f"SELECT '(' FROM t WHERE x = ? AND {condition} -- AND = 1\n AND y = ?"
    assert sql[slice(*block(sql).terms[1].span)] == condition


@pytest.mark.parametrize("condition", ["a = ? OR (b = ? AND c BETWEEN ? AND ?)", "(a = ? AND b = 1) OR lower(c) = ?", "lower(a) = ?"])
def test_the_span_of_a_condition_has_no_parentheses_around_it(condition):
    sql = f"SELECT 1 FROM t WHERE ({condition}) AND y = ?"
    assert sql[slice(*block(sql).terms[0].span)] == condition


@pytest.mark.parametrize(
    "condition",
    [
        "a IN (SELECT b FROM u)",
        "a NOT IN (SELECT b FROM u WHERE c = ?)",
        "lower(a) IN (SELECT CAST(? AS text), (3) FROM u)",
        "a = ANY (SELECT b FROM u WHERE c = ?)",
        "EXISTS (SELECT 1 FROM u WHERE u.a = t.a AND u.b = ?)",
        "NOT EXISTS (WITH v AS (SELECT 1) SELECT (a + b) FROM u)",
        "EXISTS ((SELECT a FROM u) UNION (SELECT b FROM v WHERE c = ?))",
    ],
)
def test_the_span_of_a_query_in_a_condition_is_that_of_the_condition(condition):
    sql = f"SELECT (1), ')' FROM t WHERE (x) = ? AND {condition} AND y = ?"
    assert sql[slice(*block(sql).subs[0].span)] == condition


def test_spans_of_other_queries_and_of_keys():
    sql = "SELECT (SELECT count(*) FROM u) FROM (SELECT a FROM v WHERE b = ?) AS w ORDER BY lower(a) DESC, a + ? LIMIT ?"
    found = block(sql)
    spans = [found.subs[0].span, found.sources[0].span, *(each.span for each in found.order)]
    assert [sql[slice(*span)] for span in spans] == ["(SELECT count(*) FROM u)", "(SELECT a FROM v WHERE b = ?) AS w", "lower(a)", "a + ?"]
    sql = "SELECT max(a) total, min(b) FROM t"
    assert [sql[slice(*each.span)] for each in block(sql).extremes] == ["max(a)", "min(b)"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT a FROM t WHERE x = 'it''s' -- why\n  AND y = 3", "select a from t where x=$1 and y=%s"),
        ("SELECT a FROM t WHERE x IN (1, 2, 3)", "SELECT a FROM t WHERE x IN (9)"),
        ("SELECT a\n\tFROM t", "SELECT a FROM t;"),
        ("SELECT /* hint */ a FROM t WHERE b = -1.5", "SELECT a FROM t WHERE b = :value"),
    ],
)
def test_shape_is_the_same_up_to_values_and_layout(one, other):
    assert shape(one) == shape(other)


def test_shape_keeps_names_with_digits_apart():
    assert shape("SELECT a1 FROM t2") != shape("SELECT a2 FROM t2")


def test_normal_forms_of_an_index_are_those_of_a_query():
    (term,) = block("SELECT 1 FROM t AS x WHERE lower(x.email) = 'a'").terms
    assert normal_forms("(LOWER(email))", "postgres") == ({term.left.key},)
    condition = sqlglot.parse_one("SELECT 1 FROM t WHERE t.state = 'open' AND t.gone IS NULL", read="postgres").args["where"].this
    forms = normal_forms("gone IS NULL AND state = 'open'", "postgres")
    assert {form for said in forms for form in said} == {key(condition.this), key(condition.expression)}
