"""What planners were seen to do, row by row: the truth table of plans, and what a trial of the definition taught.

The rows of the truth table that a planner can be asked about here stand in ``test_planner`` beside what it says.
"""

from __future__ import annotations

import pytest

from sqlcases import findings

SCHEMA = """
CREATE TABLE users (id bigint PRIMARY KEY, email varchar(80) UNIQUE, name text, team_id bigint, active boolean NOT NULL,
  seen timestamptz NOT NULL, code varchar(9), parent_id bigint, gone timestamptz);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, status text, created timestamptz, total numeric, ref text, k varchar(20));
CREATE INDEX a ON orders (status, created);
CREATE INDEX b ON orders (ref text_pattern_ops);
CREATE INDEX c ON orders (created);
CREATE INDEX d ON orders (k) WHERE status = 'open';
CREATE INDEX e ON users (seen) WHERE gone IS NULL;
CREATE UNIQUE INDEX f ON users (code) WHERE active;
CREATE TABLE notes (id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users, body text, pinned boolean, z bigint);
CREATE INDEX n ON notes (user_id);
"""
PLANS = {
    "a function of the column": ("SELECT 1 FROM orders WHERE date_trunc('day', created) = $1", ["unsargable-predicate"]),
    "an operator class for patterns serves equality": ("SELECT 1 FROM orders WHERE ref = $1", []),
    "and no order": ("SELECT 1 FROM orders ORDER BY ref LIMIT 3", ["unindexed-sort orders(ref)"]),
    "and a prefix": ("SELECT 1 FROM orders WHERE ref LIKE 'x%'", []),
    "another collation than the column's": ('SELECT 1 FROM users WHERE email COLLATE "de_DE" = $1', ["unsargable-predicate"]),
    "an index that leads with the column, beside one that does not": ("SELECT 1 FROM orders o WHERE o.created = $1 AND o.total = 3", []),
}
TRIAL = {
    "one column twice under OR is a list": ("SELECT 1 FROM notes WHERE user_id = $1 OR user_id = $2", []),
    "every arm of an OR that is not served is missing": (
        "SELECT 1 FROM notes WHERE z = $1 OR body = $2",
        ["unindexed-filter notes(body)", "unindexed-filter notes(z)"],
    ),
    "an OR over two tables is not a join": (
        "SELECT 1 FROM users u JOIN notes n ON n.user_id = u.id WHERE u.email = $1 OR n.id = $2",
        ["unserved-or"],
    ),
    "IN is a semi-join, and drives": (
        "SELECT 1 FROM notes WHERE z IN (SELECT id FROM users WHERE email = $1)",
        ["unindexed-join notes(z)"],
    ),
    "an anti-join under a block in which nothing drives": (
        "SELECT 1 FROM users u WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id)",
        [],
    ),
    "a correlated scalar runs for each row": (
        "SELECT (SELECT max(total) FROM orders o WHERE o.user_id = u.id) FROM users u",
        ["unindexed-join orders(user_id)"],
    ),
    "the inside of a derived table that stays one": (
        "SELECT count(*) FROM (SELECT DISTINCT n.body FROM notes n WHERE n.z = $1) x",
        ["unindexed-filter notes(z)"],
    ),
    "LIMITed rows drive": (
        "SELECT 1 FROM (SELECT id FROM users LIMIT 5) u JOIN orders o ON o.user_id = u.id",
        ["unindexed-join orders(user_id)"],
    ),
    "the rows of each round drive": (
        "WITH RECURSIVE t AS (SELECT 1 AS id UNION ALL SELECT u.id FROM users u, t WHERE u.parent_id = t.id) SELECT 1 FROM t",
        ["unindexed-join users(parent_id)"],
    ),
    "IS NULL is half the table": ("SELECT 1 FROM users WHERE team_id IS NULL", []),
    "a partial index on IS NULL serves": (
        "SELECT 1 FROM users u JOIN orders o ON o.user_id = u.id WHERE u.gone IS NULL AND u.seen = $1",
        ["unindexed-join orders(user_id)"],
    ),
    "IS NULL of what cannot be null": ("SELECT 1 FROM users WHERE seen IS NULL AND name = 'x'", []),
    "nothing is read": ("SELECT 1 FROM users WHERE false AND name = 'x'", []),
    "a boolean is half the table": ("SELECT 1 FROM users WHERE active", []),
    "a unique partial index on one": ("SELECT 1 FROM users u WHERE u.active AND u.code = $1", []),
    "however it is written": ("SELECT 1 FROM users u WHERE u.active = true AND u.code = $1", []),
    "or so": ("SELECT 1 FROM users u WHERE u.active IS TRUE AND u.code = $1", []),
    "a range with one side": ("SELECT 1 FROM notes WHERE z > $1", []),
    "a range with two sides": ("SELECT 1 FROM notes WHERE z BETWEEN $1 AND $2", ["unindexed-filter notes(z)"]),
    "written as two terms": ("SELECT 1 FROM notes WHERE z > $1 AND z < $2", ["unindexed-filter notes(z)"]),
    "an equality without an index beside a range with one": (
        "SELECT 1 FROM orders WHERE created BETWEEN $1 AND $2 AND user_id = $3",
        ["unindexed-filter orders(user_id, created)"],
    ),
    "a partial index whose predicate is said": ("SELECT 1 FROM orders WHERE k = $1 AND status = 'open'", []),
    "another order of nulls": ("SELECT 1 FROM orders ORDER BY created NULLS FIRST LIMIT 5", ["unindexed-sort orders(created NULLS FIRST)"]),
    "ORDER BY a position": ("SELECT total FROM orders ORDER BY 1 LIMIT 5", ["unindexed-sort orders(total)"]),
    "ORDER BY an alias": ("SELECT total AS t FROM orders ORDER BY t LIMIT 5", ["unindexed-sort orders(total)"]),
    "DISTINCT over a key changes nothing": ("SELECT DISTINCT id, created FROM orders ORDER BY created LIMIT 5", []),
    "the least is the first": ("SELECT min(total) FROM orders", ["unindexed-sort orders(total)"]),
    "a few rows are sorted": ("SELECT 1 FROM notes WHERE user_id = $1 ORDER BY z LIMIT 5", []),
    "LEFT JOIN, filtered in WHERE": (
        "SELECT 1 FROM notes n LEFT JOIN users u ON u.id = n.z WHERE u.email = $1",
        ["unindexed-join notes(z)"],
    ),
    "LEFT JOIN of what nothing is read of": ("SELECT n.id FROM notes n LEFT JOIN users u ON u.id = n.z WHERE n.id = $1", []),
    "without a filter, too": ("SELECT n.id FROM notes n LEFT JOIN users u ON u.id = n.z", []),
    "one table twice": (
        "SELECT 1 FROM users u JOIN orders a ON a.user_id = u.id JOIN orders b ON b.user_id = u.id WHERE u.id = 1",
        ["unindexed-join orders(user_id)"],
    ),
    "a function of a column without an index": ("SELECT 1 FROM users WHERE lower(name) = lower($1)", []),
}
QUERIES = ("unindexed-join", "unindexed-filter", "unindexed-sort", "unsargable-predicate", "unserved-or", "mismatched-join-types")


@pytest.mark.parametrize("row", PLANS | TRIAL)
def test_a_row(row, tmp_path):
    query, expected = (PLANS | TRIAL)[row]
    found = [each for each in findings(f"{SCHEMA}{query};", tmp_path)[0] if each.rule in QUERIES]
    said = [f"{each.rule} {each.index.table}({', '.join(each.index.columns)})" if each.index else each.rule for each in found]
    assert sorted(said) == expected
