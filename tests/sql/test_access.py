"""Which indexes a query lacks: the definition, row by row, as (query, what it lacks).

The schema has primary keys, one unique column, one composite index and one foreign-key index; ``orders.user_id`` has none.
"""

import pytest

from sqlcases import findings

SCHEMA = """
CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, name text, team_id bigint, active boolean NOT NULL,
  seen timestamptz NOT NULL);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL, status text, created timestamptz, total numeric);
CREATE INDEX orders_status_created ON orders (status, created);
CREATE TABLE items (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders, sku text, quantity int);
CREATE INDEX items_order ON items (order_id);
CREATE INDEX items_sku_hash ON items USING hash (sku);
CREATE TABLE tags (id bigint PRIMARY KEY, item_id bigint, words tsvector, parent_id bigint);
CREATE INDEX tags_words ON tags USING gin (words);
CREATE VIEW open_orders AS SELECT id, user_id, total FROM orders WHERE status = 'open';
CREATE VIEW totals AS SELECT user_id, sum(total) AS total FROM orders GROUP BY user_id;
"""

JOIN = "unindexed-join"
FILTER = "unindexed-filter"
SORT = "unindexed-sort"


def lacks(sql, tmp_path):
    found, _ = findings(SCHEMA + sql + ";", tmp_path)
    return sorted(f"{each.rule} {each.index.table}({', '.join(each.index.columns)})" if each.index else each.rule for each in found)


LACKING = {
    "left join": ("SELECT 1 FROM users u LEFT JOIN orders o ON o.user_id = u.id WHERE u.id = 1", [f"{JOIN} orders(user_id)"]),
    "right join": ("SELECT 1 FROM orders o RIGHT JOIN users u ON o.user_id = u.id WHERE u.id = 1", [f"{JOIN} orders(user_id)"]),
    "outer join made inner by WHERE": (
        "SELECT 1 FROM orders o LEFT JOIN users u ON u.id = o.user_id WHERE u.email = 'x'",
        [f"{JOIN} orders(user_id)"],
    ),
    "join written the other way round": (
        "SELECT 1 FROM orders o JOIN users u ON u.id = o.user_id WHERE u.id = 1",
        [f"{JOIN} orders(user_id)"],
    ),
    "cross join with WHERE": ("SELECT 1 FROM orders o CROSS JOIN users u WHERE u.id = o.user_id AND u.id = 1", [f"{JOIN} orders(user_id)"]),
    "join USING": ("SELECT 1 FROM users JOIN orders USING (name) WHERE users.id = 1", []),
    "IN a sub-query": ("SELECT 1 FROM orders WHERE user_id IN (SELECT id FROM users WHERE email = 'x')", [f"{JOIN} orders(user_id)"]),
    "= ANY of a sub-query": (
        "SELECT 1 FROM orders WHERE user_id = ANY (SELECT id FROM users WHERE email = 'x')",
        [f"{JOIN} orders(user_id)"],
    ),
    "the outer block drives the sub-query": (
        "SELECT 1 FROM users u WHERE u.id = 1 AND u.id IN (SELECT user_id FROM orders)",
        [f"{JOIN} orders(user_id)"],
    ),
    "correlated scalar": ("SELECT (SELECT count(*) FROM orders o WHERE o.user_id = u.id) FROM users u", [f"{JOIN} orders(user_id)"]),
    "EXISTS under OR": (
        "SELECT 1 FROM users u WHERE u.active OR EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id)",
        [f"{JOIN} orders(user_id)"],
    ),
    "lateral": (
        "SELECT 1 FROM users u CROSS JOIN LATERAL (SELECT 1 FROM orders o WHERE o.user_id = u.id ORDER BY created LIMIT 1) x",
        [f"{JOIN} orders(user_id)"],
    ),
    "a derived table is inlined": (
        "SELECT 1 FROM (SELECT * FROM orders) o JOIN users u ON u.id = o.user_id WHERE u.id = 1",
        [f"{JOIN} orders(user_id)"],
    ),
    "inside a derived table that is not": (
        "SELECT count(*) FROM (SELECT DISTINCT o.id FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id = 1) x",
        [f"{JOIN} orders(user_id)"],
    ),
    "a view is inlined": ("SELECT 1 FROM users u JOIN open_orders o ON o.user_id = u.id WHERE u.id = 1", []),
    "a materialized CTE drives": (
        "WITH u AS MATERIALIZED (SELECT id FROM users WHERE email = 'x') SELECT 1 FROM u JOIN orders o ON o.user_id = u.id",
        [f"{JOIN} orders(user_id)"],
    ),
    "every arm of a union": (
        "SELECT user_id FROM orders WHERE id = 1 UNION ALL SELECT o.user_id FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id = 1",
        [f"{JOIN} orders(user_id)"],
    ),
    "self join": ("SELECT 1 FROM tags t JOIN tags p ON p.parent_id = t.id WHERE t.id = 1", [f"{JOIN} tags(parent_id)"]),
    "GIN serves no equality": ("SELECT 1 FROM items i JOIN tags t ON t.words = i.sku WHERE i.id = 1", [f"{JOIN} tags(words)"]),
    "the same index lacks once": (
        "SELECT 1 FROM users u JOIN orders a ON a.user_id = u.id JOIN orders b ON b.user_id = u.id WHERE u.id = 1",
        [f"{JOIN} orders(user_id)"],
    ),
    "equality without an index beside a weak range with one": (
        "SELECT 1 FROM users WHERE name = 'x' AND seen > now()",
        [f"{FILTER} users(name)"],
    ),
    "an OR with one arm that is not served": ("SELECT 1 FROM users WHERE email = 'x' OR name = 'y'", [f"{FILTER} users(name)"]),
    "an OR of columns that no index leads": ("SELECT 1 FROM users WHERE name = 'x' OR name = 'y'", [f"{FILTER} users(name)"]),
    "prefix": ("SELECT 1 FROM users WHERE name LIKE 'x%'", [f"{FILTER} users(name)"]),
    "LIKE without a wildcard is equality": ("SELECT 1 FROM users WHERE name LIKE 'x'", [f"{FILTER} users(name)"]),
    "a literal to the left": ("SELECT 1 FROM users WHERE 'x' = name", [f"{FILTER} users(name)"]),
    "a restriction that each arm implies": (
        "SELECT 1 FROM users u JOIN orders o ON o.id = u.team_id WHERE (u.name = 'x' AND o.total > 1) OR (u.name = 'y' AND o.total > 2)",
        [f"{FILTER} users(name)"],
    ),
    "an uncorrelated scalar is a constant": (
        "SELECT 1 FROM users WHERE name = (SELECT max(sku) FROM items)",
        [f"{FILTER} users(name)", f"{SORT} items(sku)"],
    ),
    "delete": ("DELETE FROM orders WHERE user_id = 1", [f"{FILTER} orders(user_id)"]),
    "select for update": ("SELECT 1 FROM orders WHERE user_id = 1 FOR UPDATE", [f"{FILTER} orders(user_id)"]),
}

SERVED = {
    "the key side": "SELECT 1 FROM orders o JOIN users u ON u.id = o.user_id WHERE o.id = 1",
    "nothing drives": "SELECT 1 FROM users u JOIN orders o ON o.user_id = u.id",
    "a one-sided range drives nothing": "SELECT 1 FROM users u JOIN orders o ON o.user_id = u.id WHERE u.seen > now()",
    "a bare boolean drives nothing": "SELECT 1 FROM users u JOIN orders o ON o.user_id = u.id WHERE NOT u.active AND u.active IS FALSE",
    "IS NULL drives nothing": "SELECT 1 FROM users u JOIN orders o ON o.user_id = u.id WHERE u.name IS NULL",
    "full join": "SELECT 1 FROM users u FULL JOIN orders o ON o.user_id = u.id WHERE u.id = 1 OR o.id IS NULL",
    "hashed anti-join": "SELECT 1 FROM users u WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id)",
    "NOT IN": "SELECT 1 FROM users WHERE id NOT IN (SELECT user_id FROM orders)",
    "false": "SELECT 1 FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id = 1 AND 1 = 1 AND false",
    "IS NULL of what cannot be null": "SELECT 1 FROM orders WHERE user_id IS NULL AND total = 3",
    "= NULL": "SELECT 1 FROM users WHERE name = NULL",
    "IN of nothing": "SELECT 1 FROM users WHERE name IN ()",
    "row comparison by <": "SELECT 1 FROM orders WHERE (id, created) < (1, now()) ORDER BY id DESC LIMIT 10",
    "row comparison by =": "SELECT 1 FROM orders WHERE (id, created) = (1, now())",
    "composite by its prefix": "SELECT 1 FROM orders WHERE status = 'x' AND created > now()",
    "hash index": "SELECT 1 FROM items WHERE sku = 'x'",
    "an OR that is served on every arm": "SELECT 1 FROM users WHERE email = 'x' OR id = 3",
    "a function on the column": "SELECT 1 FROM users WHERE lower(name) = 'x'",
    "arithmetic on the column": "SELECT 1 FROM users WHERE team_id + 1 = 5",
    "a cast of the column": "SELECT 1 FROM users WHERE team_id::text = '5'",
    "a leading wildcard": "SELECT 1 FROM users WHERE name LIKE '%x'",
    "NOT LIKE and IS NOT NULL, which the parser writes as flags": "SELECT 1 FROM users WHERE name NOT LIKE 'x%' AND name IS NOT NULL",
    "NOT (… IS NOT NULL)": "SELECT 1 FROM users WHERE NOT (name IS NOT NULL)",
    "a recursive query by its key": (
        "WITH RECURSIVE up AS (SELECT id, parent_id FROM tags WHERE id = 1 UNION ALL"
        " SELECT t.id, t.parent_id FROM tags t JOIN up ON t.id = up.parent_id) SELECT * FROM up"
    ),
    "an alias of a column from a CTE": (
        "WITH x AS (SELECT id AS order_key FROM orders WHERE id = 1) SELECT 1 FROM x JOIN items i ON i.order_id = x.order_key"
    ),
    "column names after the CTE's name": (
        "WITH x (k) AS (SELECT id FROM orders WHERE id = 1) SELECT 1 FROM x JOIN items i ON i.order_id = x.k"
    ),
    "a correlated scalar is no constant": (
        "SELECT 1 FROM orders o WHERE o.total = (SELECT max(i.quantity) FROM items i WHERE i.order_id = o.id)"
    ),
    "a scalar that is correlated two levels up": (
        "SELECT 1 FROM orders o WHERE o.total = (SELECT max(i.quantity) FROM items i WHERE i.id = (SELECT 1 FROM tags t WHERE t.id = o.id))"
    ),
    "an aggregated view": "SELECT 1 FROM totals t JOIN users u ON u.id = t.user_id WHERE u.id = 1",
    "a function in FROM": "SELECT 1 FROM unnest($1::bigint[]) AS wanted(id) JOIN orders o ON o.id = wanted.id",
    "VALUES": "SELECT 1 FROM (VALUES (1), (2)) AS wanted(id) JOIN items i ON i.order_id = wanted.id",
    "LIMITed rows drive through a key": "SELECT 1 FROM (SELECT user_id FROM orders LIMIT 3) o JOIN users u ON u.id = o.user_id",
}


@pytest.mark.parametrize("case", LACKING)
def test_lacks(case, tmp_path):
    sql, expected = LACKING[case]
    assert lacks(sql, tmp_path) == expected


@pytest.mark.parametrize("case", SERVED)
def test_served_or_no_index_would_help(case, tmp_path):
    assert lacks(SERVED[case], tmp_path) == []


def test_a_join_by_a_range_of_rows_is_a_warning_and_by_an_equality_an_error(tmp_path):
    query = "SELECT 1 FROM users u JOIN orders o ON o.user_id = u.id WHERE u.{} AND u.active"
    (error,) = findings(SCHEMA + query.format("id = 1"), tmp_path)[0]
    ranged = [each for each in findings(SCHEMA + query.format("id BETWEEN 1 AND 9"), tmp_path)[0] if each.rule == JOIN]
    assert str(error.severity) == "error"
    assert [str(each.severity) for each in ranged] == ["warning"]


def test_the_suggestion_silences_the_finding_and_follows_the_habit_of_naming(tmp_path):
    query = "SELECT 1 FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id = 1;"
    habit = "CREATE INDEX idx_users_name ON users (name); CREATE INDEX idx_users_seen ON users (seen);"
    (finding,) = findings(SCHEMA + habit + query, tmp_path)[0]
    assert finding.suggestion == "CREATE INDEX CONCURRENTLY idx_orders_user_id ON orders (user_id);"
    assert findings(SCHEMA + habit + finding.suggestion + query, tmp_path)[0] == []


def test_names_and_order_in_the_text_change_nothing(tmp_path):
    one = "SELECT 1 FROM users u JOIN orders o ON o.user_id = u.id JOIN items i ON i.order_id = o.id WHERE u.id = 1"
    other = "SELECT 1 FROM items a, orders z, users k WHERE a.order_id = z.id AND k.id = z.user_id AND 1 = k.id"
    assert lacks(one, tmp_path) == lacks(other, tmp_path) == [f"{JOIN} orders(user_id)"]


def test_the_fingerprint_is_of_the_query_up_to_its_values(tmp_path):
    def prints(sql):
        return {each.fingerprint for each in findings(SCHEMA + sql, tmp_path)[0]}

    query = "SELECT 1 FROM users u JOIN orders o ON o.user_id = u.id WHERE u.email = 'a' AND u.id IN (1, 2)"
    moved = "\n\n-- a comment\nSELECT 1\nFROM users u  JOIN orders o\n  ON o.user_id = u.id WHERE u.email = 'it''s' AND u.id IN (1,2,3);"
    other = "SELECT 1 FROM users u JOIN orders o ON o.user_id = u.id WHERE u.email = 'a'"
    assert prints(query) == prints(moved)
    assert prints(query) != prints(other)


def test_a_join_of_very_many_tables_is_judged_in_bounded_work(tmp_path):
    tables = 60
    schema = "".join(f"CREATE TABLE t{n} (id int, a int, b int);\n" for n in range(tables))
    ties = " AND ".join(f"t0.b = t{n}.a AND t{n}.id = {n}" for n in range(1, tables))
    found, _ = findings(f"{schema}SELECT 1 FROM {', '.join(f't{n}' for n in range(tables))} WHERE t0.id = 1 AND {ties};", tmp_path)
    assert sum(each.rule == JOIN for each in found) == tables - 1


def test_a_cte_sees_nothing_of_the_from_that_names_it(tmp_path):
    query = "WITH k AS (SELECT nowhere AS id FROM users) SELECT 1 FROM k JOIN orders o ON o.id = k.id WHERE k.id = 1"
    assert lacks(query, tmp_path) == []


def test_an_index_that_is_missing_twice_is_told_where_it_weighs_most(tmp_path):
    query = "SELECT (SELECT count(*) FROM orders x WHERE x.user_id = o.id) FROM orders o WHERE o.user_id = 4"
    assert lacks(query, tmp_path) == [f"{JOIN} orders(user_id)"]


@pytest.mark.parametrize("name", ["orders2", "zorders"])
def test_severity_does_not_hang_on_the_name_of_a_table(tmp_path, name):
    schema = f"CREATE TABLE {name} (id int, user_id int, state text); CREATE TABLE people (id int, country text);"
    index = "CREATE INDEX people_country ON people (country);"
    query = f"SELECT 1 FROM people u JOIN {name} o ON o.user_id = u.id WHERE u.country = 'x' AND o.state = 'y'"
    found, _ = findings(schema + index + query, tmp_path)
    assert [(each.rule, str(each.severity)) for each in found] == [(JOIN, "error")]


def test_a_cte_that_writes_is_not_inlined(tmp_path):
    query = "WITH d AS (DELETE FROM tags WHERE item_id = $1 RETURNING *) SELECT 1 FROM d JOIN orders o ON o.id = d.parent_id"
    assert lacks(query, tmp_path) == [f"{FILTER} tags(item_id)"]


def test_a_partial_index_is_said_by_each_of_its_values(tmp_path):
    index = "CREATE INDEX orders_user_id_idx ON orders (user_id) WHERE status IN ('new', 'paid');"
    assert lacks(f"{index} SELECT 1 FROM orders WHERE user_id = 3 AND status = 'new'", tmp_path) == []
    (finding,) = findings(f"{SCHEMA}{index} DELETE FROM orders WHERE user_id = 3", tmp_path)[0]
    assert finding.suggestion == "CREATE INDEX CONCURRENTLY orders_user_id_idx_2 ON orders (user_id);"


def test_views_that_join_themselves_are_told_and_do_not_hang(tmp_path):
    views = "".join(f"CREATE VIEW v{n} AS SELECT x.id FROM v{n - 1} x JOIN v{n - 1} y ON x.id = y.id;\n" for n in range(1, 30))
    found, _ = findings(f"CREATE TABLE v0 (id int);\n{views}SELECT 1 FROM v29 WHERE id = 1;", tmp_path)
    assert [each.rule for each in found] == ["unknown-table"]
