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
    "prefix": ("SELECT 1 FROM users WHERE name LIKE 'x%'", [f"{FILTER} users(name text_pattern_ops)"]),
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
    "an OR with two arms that are not served": (
        "SELECT 1 FROM users WHERE email = 'x' OR name = 'y' OR team_id = 3",
        [f"{FILTER} users(name)", f"{FILTER} users(team_id)"],
    ),
    "of two ORs the one that lacks less": (
        "SELECT 1 FROM users WHERE (team_id = 1 OR name = 'y') AND (email = 'x' OR name = 'y')",
        [f"{FILTER} users(name)"],
    ),
    "a join by an OR with one arm that is not served": (
        "SELECT 1 FROM orders o JOIN users u ON u.id = o.user_id OR u.name = o.status WHERE o.id = 1",
        [f"{JOIN} users(name)"],
    ),
    "a join by an OR of two columns": (
        "SELECT 1 FROM users u JOIN tags t ON t.item_id = u.id OR t.parent_id = u.id WHERE u.id = 1",
        [f"{JOIN} tags(item_id)", f"{JOIN} tags(parent_id)"],
    ),
    "joins in parentheses, as pg_dump writes them": (
        "SELECT 1 FROM ((users u JOIN orders o ON ((o.user_id = u.id))) JOIN items i ON ((i.order_id = o.id))) WHERE u.id = 1",
        [f"{JOIN} orders(user_id)"],
    ),
    "a sub-query among the values of an INSERT": (
        "INSERT INTO tags (id, item_id) VALUES (1, (SELECT id FROM orders WHERE user_id = 1 LIMIT 1))",
        [f"{FILTER} orders(user_id)"],
    ),
    "a filter on the key of an aggregated view": ("SELECT total FROM totals WHERE user_id = 1", [f"{FILTER} orders(user_id)"]),
    "a constant that reaches an aggregated view by a join": (
        "SELECT 1 FROM totals t JOIN users u ON u.id = t.user_id WHERE u.id = 1",
        [f"{FILTER} orders(user_id)"],
    ),
    "or by an outer join": (
        "SELECT 1 FROM users u LEFT JOIN totals t ON t.user_id = u.id WHERE u.id = 1",
        [f"{FILTER} orders(user_id)"],
    ),
    "a filter on a grouped CTE that is read once": (
        "WITH t AS (SELECT user_id, count(*) AS n FROM orders GROUP BY 1) SELECT n FROM t WHERE user_id = 1",
        [f"{FILTER} orders(user_id)"],
    ),
    "a filter on the partition of a window": (
        "SELECT * FROM (SELECT o.*, rank() OVER (PARTITION BY user_id ORDER BY total) AS n FROM orders o) t WHERE user_id = 1 AND n = 1",
        [f"{FILTER} orders(user_id)"],
    ),
    "a filter on what is made distinct": (
        "SELECT * FROM (SELECT DISTINCT user_id, total FROM orders) x WHERE user_id = 1",
        [f"{FILTER} orders(user_id)"],
    ),
    "a filter on a union goes into every arm": (
        "SELECT * FROM (SELECT id, parent_id AS of FROM tags UNION ALL SELECT id, user_id FROM orders) x WHERE of = 1",
        [f"{FILTER} orders(user_id)", f"{FILTER} tags(parent_id)"],
    ),
    "a grouped sub-query whose result is looked up": (
        "SELECT 1 FROM users WHERE id = 1 AND id IN (SELECT user_id FROM orders GROUP BY user_id HAVING count(*) > 2)",
        [f"{FILTER} orders(user_id)"],
    ),
    "a UNION ALL that is joined to a few rows": (
        "SELECT 1 FROM users u JOIN (SELECT user_id AS k FROM orders UNION ALL SELECT item_id FROM tags) x ON k = u.id WHERE u.email = 'x'",
        [f"{JOIN} orders(user_id)", f"{JOIN} tags(item_id)"],
    ),
    "the first rows of a UNION ALL": (
        "SELECT k FROM (SELECT user_id AS k FROM orders UNION ALL SELECT item_id FROM tags) x ORDER BY k LIMIT 5",
        [f"{SORT} orders(user_id)", f"{SORT} tags(item_id)"],
    ),
    "a filter beside NOT IN of a whole table": (
        "SELECT 1 FROM users WHERE name = 'x' AND id NOT IN (SELECT user_id FROM orders)",
        [f"{FILTER} users(name)"],
    ),
    "a filter on what hangs on a grouping key": (
        "SELECT * FROM (SELECT u.id, u.name, count(*) FROM users u JOIN items i ON i.order_id = u.id GROUP BY u.id) x WHERE name = 'x'",
        [f"{FILTER} users(name)"],
    ),
    "a function of what stands beside it drives nothing": (
        "SELECT 1 FROM users u, unnest(string_to_array(u.email, '@')) AS part WHERE u.name = 'x'",
        [f"{FILTER} users(name)"],
    ),
    "a filter of what no tie reaches": (
        "SELECT 1 FROM users u LEFT JOIN orders o ON lower(o.status) = u.name AND o.user_id = 4 WHERE u.id = 1",
        [f"{FILTER} orders(user_id)"],
    ),
    "an arm of a union that a filter makes empty": (
        "SELECT * FROM (SELECT id, user_id AS k FROM orders UNION ALL SELECT id, NULL::bigint FROM tags) x WHERE k = 1",
        [f"{FILTER} orders(user_id)"],
    ),
    "SIMILAR TO with a prefix": ("SELECT 1 FROM users WHERE name SIMILAR TO 'x%'", [f"{FILTER} users(name text_pattern_ops)"]),
    "a plain LATERAL is planned with what stands beside it": (
        "SELECT 1 FROM tags g, LATERAL (SELECT * FROM users u WHERE u.id = g.item_id) x WHERE x.name = 'x'",
        [f"{FILTER} users(name)", f"{JOIN} tags(item_id)"],
    ),
    "the first rows that have nothing behind an outer join": (
        "SELECT 1 FROM items i LEFT JOIN tags t ON t.item_id = i.id WHERE t.item_id IS NULL LIMIT 10",
        [f"{JOIN} tags(item_id)"],
    ),
    "an insert of what is not there yet": (
        "INSERT INTO tags (id) SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM orders WHERE user_id = 3)",
        [f"{FILTER} orders(user_id)"],
    ),
    "VALUES in a CTE": (
        "WITH v (k) AS (VALUES (1), (2)) SELECT 1 FROM v JOIN orders o ON o.user_id = v.k",
        [f"{JOIN} orders(user_id)"],
    ),
    "OFFSET is a fence": (
        "SELECT * FROM (SELECT * FROM orders WHERE user_id = 1 OFFSET 0) x WHERE x.id = 2",
        [f"{FILTER} orders(user_id)"],
    ),
    "IS NULL of what an outer join gives binds nothing": (
        "CREATE TABLE paid (bill bigint, item bigint, PRIMARY KEY (bill, item));"  # noqa: ISC004
        " SELECT 1 FROM items i LEFT JOIN paid p ON p.item = i.id WHERE p.bill IS NULL AND i.id = 1",
        [f"{JOIN} paid(item)"],
    ),
    "a column without its table, equated with one of the same name": (
        "SELECT 1 FROM orders WHERE user_id IN (SELECT user_id FROM orders WHERE id = 1)",
        [f"{JOIN} orders(user_id)"],
    ),
    "LATERAL hangs on what stands before it": (
        "SELECT 1 FROM users u CROSS JOIN LATERAL (SELECT id FROM items i WHERE i.order_id = u.id LIMIT 3) x WHERE u.team_id = 1",
        [f"{FILTER} users(team_id)"],
    ),
    "HAVING of a grouping column": (
        "SELECT user_id, count(*) FROM orders GROUP BY user_id HAVING user_id = 1 AND count(*) > 2",
        [f"{FILTER} orders(user_id)"],
    ),
    "EXISTS that is asked for few rows": (
        "SELECT 1 FROM users u WHERE u.id = 1 AND (u.active OR EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id AND o.id = 7))",
        [],
    ),
    "the names that a view gives to its columns": (
        "CREATE VIEW sums (buyer, sum) AS SELECT user_id, sum(total) FROM orders GROUP BY 1; SELECT sum FROM sums WHERE buyer = 1",
        [f"{FILTER} orders(user_id)"],
    ),
    "columns of equality, then a range": (
        "SELECT 1 FROM orders WHERE user_id = 1 AND created BETWEEN $1 AND $2",
        [f"{FILTER} orders(user_id, created)"],
    ),
    "a partial index whose predicate says too little": (
        "CREATE INDEX ON orders (total) WHERE status NOT IN ('paid', 'sent'); SELECT 1 FROM orders WHERE user_id = 1 AND status <> 'new'",
        [f"{FILTER} orders(user_id)"],
    ),
    "the best of several ranges": (
        "SELECT 1 FROM orders WHERE id > 3 AND user_id < 9 AND total BETWEEN 1 AND 2",
        [f"{FILTER} orders(total)"],
    ),
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
    "a filter on what a view adds up": "SELECT 1 FROM totals t WHERE total = 3",
    "a filter outside of LIMIT": "SELECT 1 FROM (SELECT user_id FROM orders LIMIT 9) x WHERE user_id = 1",
    "a filter on a window that has another partition": (
        "SELECT * FROM (SELECT o.*, rank() OVER (PARTITION BY status ORDER BY total) AS n FROM orders o) t WHERE user_id = 1"
    ),
    "a filter beside the key of DISTINCT ON": (
        "SELECT * FROM (SELECT DISTINCT ON (status) status, user_id FROM orders ORDER BY status, id) x WHERE user_id = 1"
    ),
    "a filter on EXCEPT": "SELECT * FROM (SELECT user_id FROM orders EXCEPT SELECT item_id FROM tags) x WHERE user_id = 1",
    "a filter on one of several readings of a CTE": (
        "WITH t AS (SELECT user_id, count(*) AS n FROM orders GROUP BY 1) SELECT 1 FROM t JOIN t o ON o.n = t.n WHERE t.user_id = 1"
    ),
    "a filter on a CTE that is MATERIALIZED": (
        "WITH t AS MATERIALIZED (SELECT user_id, count(*) AS n FROM orders GROUP BY 1) SELECT n FROM t WHERE user_id = 1"
    ),
    "a filter on one of several groupings": (
        "SELECT * FROM (SELECT user_id, status, sum(total) FROM orders GROUP BY ROLLUP (user_id, status)) x WHERE user_id = 1"
    ),
    "a join goes into no UNION ALL of several types": (
        "SELECT 1 FROM users u JOIN (SELECT user_id AS k, id FROM orders UNION ALL SELECT item_id, 0 FROM tags) x ON k = u.id"
        " WHERE u.email = 'x'"
    ),
    "the first rows of a UNION": ("SELECT k FROM (SELECT user_id AS k FROM orders UNION SELECT item_id FROM tags) x ORDER BY k LIMIT 5"),
    "the ninth of a chain of joins drives nothing": (
        "SELECT 1 FROM orders o JOIN users u ON u.id = o.user_id JOIN users a ON a.id = u.team_id JOIN users b ON b.id = a.team_id"
        " JOIN users c ON c.id = b.team_id JOIN users d ON d.id = c.team_id JOIN users e ON e.id = d.team_id"
        " JOIN users f ON f.id = e.team_id JOIN users g ON g.id = f.team_id WHERE g.email = 'x'"
    ),
    "all of a partial index": (
        "CREATE INDEX ON items (quantity) WHERE sku = 'gone'; SELECT 1 FROM items WHERE sku = 'gone' AND quantity + 1 = 4"
    ),
    "a partial index of all but": (
        "CREATE INDEX ON tags (item_id) WHERE parent_id NOT IN (1, 2); SELECT 1 FROM tags WHERE item_id = 3 AND parent_id = 4"
    ),
    "a partial index of several": (
        "CREATE INDEX ON tags (item_id) WHERE parent_id IN (1, 2, 3); SELECT 1 FROM tags WHERE item_id = 3 AND parent_id IN (1, 3)"
    ),
    "a partial index on a boolean, said in other words": (
        "CREATE INDEX ON users (name) WHERE active; SELECT 1 FROM users WHERE name = 'x' AND active = true"
    ),
    "a partial index on NOT of a boolean": (
        "CREATE INDEX ON users (name) WHERE NOT active; SELECT 1 FROM users WHERE name = 'x' AND active IS FALSE"
    ),
    "an OR of a range and a value on one column": "SELECT 1 FROM users WHERE id BETWEEN 24 AND 93 OR id = 34",
    "EXISTS of few rows, asked for every row of a whole table": (
        "SELECT 1 FROM users u WHERE u.active OR EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id AND o.status = 'x')"
    ),
    "HAVING of what is added up": "SELECT user_id, count(*) AS n FROM orders GROUP BY user_id HAVING count(*) = 2 AND n = 2",
    "LATERAL of the first rows": (
        "SELECT 1 FROM users u CROSS JOIN LATERAL (SELECT id FROM items i WHERE i.order_id = u.id LIMIT 3) x LIMIT 10"
    ),
    "outer joins one behind the other, by names without their tables": (
        "SELECT 1 FROM users LEFT JOIN items i ON i.id = team_id LEFT JOIN tags ON tags.id = quantity AND parent_id = 3 WHERE email = 'x'"
    ),
    "NOT IN of a whole table, behind a filter that is served": (
        "SELECT 1 FROM users WHERE email = 'x' AND id NOT IN (SELECT user_id FROM orders)"
    ),
    "the first rows that match no key are too few to stop at": (
        "SELECT 1 FROM orders o WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.id = o.user_id) ORDER BY o.total LIMIT 10"
    ),
    "nor those by a column that is null only where nothing was found": (
        "SELECT 1 FROM items i LEFT JOIN tags t ON t.item_id = i.id WHERE t.id IS NULL LIMIT 10"
    ),
    "a sample": "SELECT 1 FROM orders TABLESAMPLE SYSTEM (1) WHERE user_id = 1",
    "a place in the table": "SELECT 1 FROM tags WHERE ctid = '(0,1)'",
    "an OR of a prefix and a value, by an index for patterns": (
        "CREATE INDEX ON users (name text_pattern_ops); SELECT 1 FROM users WHERE name LIKE '12/%' OR name = '12'"
    ),
    "a join by an OR that is served on every arm": (
        "SELECT 1 FROM orders o JOIN users u ON u.id = o.user_id OR u.email = o.status WHERE o.id = 1"
    ),
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


@pytest.mark.parametrize(
    ("query", "severity"),
    [
        ("SELECT * FROM users WHERE seen BETWEEN '2026-01-01' AND '2026-01-02'", "warning"),
        ("SELECT * FROM users WHERE seen > now() - interval '1 day' AND seen <= now()", "warning"),
        ("SELECT * FROM users WHERE seen BETWEEN $1 AND $2", "note"),
        ("SELECT * FROM users WHERE seen >= $1 AND seen < $1 + interval '1 day'", "note"),
        ("SELECT * FROM users WHERE seen >= $1 AND seen < $2 ORDER BY seen LIMIT 20", "warning"),
        ("SELECT * FROM users WHERE seen >= $1 AND seen < $2 AND name = $3", "warning"),
        ("SELECT * FROM users u JOIN tags t ON t.item_id = u.id WHERE u.id BETWEEN $1 AND $2", "note"),
        ("SELECT * FROM users u JOIN tags t ON t.item_id = u.id WHERE u.id BETWEEN 3 AND 4", "warning"),
        ("SELECT * FROM users u JOIN tags t ON t.item_id = u.id WHERE u.email = 'x'", "error"),
        ("SELECT * FROM users WHERE name LIKE 'x%'", "warning"),
        ("SELECT * FROM users u JOIN orders o ON o.id = u.team_id WHERE u.name LIKE 'x%'", "note"),
        ("SELECT * FROM users u JOIN tags t ON t.item_id = u.team_id", "note"),
        ("SELECT * FROM users WHERE seen = $1 OR seen BETWEEN $2 AND $3", "note"),
    ],
)
def test_a_range_that_only_the_program_knows_may_be_wide(query, severity, tmp_path):
    (finding,) = findings(f"{SCHEMA}{query};", tmp_path)[0]
    assert str(finding.severity) == severity


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
    index = "CREATE INDEX orders_user_id ON orders (user_id) WHERE status IN ('new', 'paid');"
    assert lacks(f"{index} SELECT 1 FROM orders WHERE user_id = 3 AND status = 'new'", tmp_path) == []
    (finding,) = findings(f"{SCHEMA}{index} DELETE FROM orders WHERE user_id = 3", tmp_path)[0]
    assert finding.suggestion == "CREATE INDEX CONCURRENTLY orders_user_id_2 ON orders (user_id);"


def test_views_that_join_themselves_are_told_and_do_not_hang(tmp_path):
    views = "".join(f"CREATE VIEW v{n} AS SELECT x.id FROM v{n - 1} x JOIN v{n - 1} y ON x.id = y.id;\n" for n in range(1, 30))
    found, _ = findings(f"CREATE TABLE v0 (id int);\n{views}SELECT 1 FROM v29 WHERE id = 1;", tmp_path)
    assert [each.rule for each in found] == ["unknown-table"]
