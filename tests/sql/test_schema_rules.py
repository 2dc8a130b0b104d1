"""The rules about the schema itself: what they weigh, where they stand, what they suggest; from both ends of a release."""

from __future__ import annotations

import pytest

from lastcall import check, sql
from lastcall.folder import Folder
from lastcall.model import Finding, Policy, Position, QueryPolicy, Release, Severity

USERS = "CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE);\n"
ORDERS = "CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, number text, created timestamp, status text);\n"
QUERY = "SELECT id FROM orders WHERE user_id = $1;\n"
RULES = {"unindexed-foreign-key", "redundant-index", "dropped-index", "blocking-index-build"}


def checked(folder, before: dict[str, str] | None, after: dict[str, str], dialect: str = "postgres", small=()) -> list[Finding]:
    """What the rules about the schema find in a release that makes ``after`` of ``before``; None: in one tree."""
    policy = QueryPolicy(dialect=dialect, exclude=(), small_tables=small)
    sides = []
    for name, files in (("before", before), ("after", after)):
        for path, text in (files or {}).items():
            (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / name / path).write_text(text, encoding="utf-8")
        sides.append(sql.read(Folder(folder / name), policy) if files is not None else None)
    position = Position.TREE if before is None else Position.PAIR
    found, _ = check.check(Release(position, "", before=sides[0], after=sides[1]), Policy(queries=policy))
    return [finding for finding in found if finding.rule in RULES]


def told(findings: list[Finding]) -> list[tuple[str, Severity, str]]:
    return [(each.rule, each.severity, f"{each.location.path}:{each.location.line}") for each in findings]


# ---------------------------------------------------------------------------------------------------------------- dropped-index

INDEX = "CREATE INDEX orders_user ON orders (user_id);\n"
INDEXED = {"db/001_make.sql": ORDERS, "db/002_index.sql": INDEX, "q.sql": QUERY}


def test_a_dropped_index_stands_where_it_is_dropped_and_names_the_queries(tmp_path):
    after = {**INDEXED, "db/003_drop.sql": "-- it looks unused\nDROP INDEX orders_user;\n"}
    (found,) = checked(tmp_path, INDEXED, after)
    assert told([found]) == [("dropped-index", Severity.ERROR, "db/003_drop.sql:2")]
    assert [(each.message, each.location.path) for each in found.related] == [("orders is looked up by user_id here", "q.sql")]
    assert found.suggestion == "CREATE INDEX CONCURRENTLY orders_user_id_idx ON orders (user_id);"
    assert found.index.columns == ("user_id",)


def test_an_index_whose_definition_is_gone_stands_where_the_table_is_made(tmp_path):
    before = {"schema.sql": "\n" + ORDERS + INDEX, "q.sql": QUERY}
    (found,) = checked(tmp_path, before, {"schema.sql": "\n" + ORDERS, "q.sql": QUERY})
    assert told([found]) == [("dropped-index", Severity.ERROR, "schema.sql:2")]


def test_a_migration_that_dropped_it_before_is_not_what_drops_it_now(tmp_path):
    before = {
        "schema.sql": ORDERS,
        "old.sql": INDEX + "DROP INDEX orders_user;\n" + INDEX,
        "q.sql": QUERY,
    }
    after = {**before, "old.sql": INDEX + "DROP INDEX orders_user;\n"}
    assert told(checked(tmp_path, before, after)) == [("dropped-index", Severity.ERROR, "schema.sql:1")]


def test_no_more_than_three_queries_are_named(tmp_path):
    queries = "".join(f"SELECT {column} FROM orders WHERE user_id = $1;\n" for column in ("id", "number", "created", "status", "user_id"))
    before = {**INDEXED, "q.sql": queries}
    (found,) = checked(tmp_path, before, {**before, "db/003.sql": "DROP INDEX orders_user;\n"})
    assert "5 queries need it" in found.message
    assert [each.message for each in found.related][2:] == ["orders is looked up by user_id here", "and 2 more"]


LOST = {
    # the query, and how much the loss of orders (user_id, created) weighs
    "SELECT id FROM orders WHERE user_id = $1": Severity.ERROR,
    "SELECT o.id FROM users u JOIN orders o ON o.user_id = u.id WHERE u.email = $1": Severity.ERROR,
    "SELECT id FROM orders WHERE user_id = $1 ORDER BY created LIMIT 10": Severity.ERROR,
    "SELECT id FROM orders ORDER BY user_id LIMIT 10": Severity.WARNING,
    "SELECT id FROM orders WHERE status = 'open'": None,
    "SELECT id FROM orders WHERE id = $1 AND user_id = $2": None,
    "SELECT user_id, count(*) FROM orders GROUP BY user_id": None,
}


@pytest.mark.parametrize("query", LOST)
def test_how_much_the_loss_of_an_index_weighs(query, tmp_path):
    before = {"schema.sql": USERS + ORDERS, "index.sql": "CREATE INDEX i ON orders (user_id, created);\n", "q.sql": query}
    found = checked(tmp_path, before, {**before, "index.sql": "-- nothing\n"})
    assert [each.severity for each in found if each.rule == "dropped-index"] == ([LOST[query]] if LOST[query] else [])


def test_a_query_that_is_new_or_gone_lost_nothing(tmp_path):
    after = {**INDEXED, "db/003_drop.sql": "DROP INDEX orders_user;\n", "q.sql": "SELECT number FROM orders WHERE user_id = $1;\n"}
    assert checked(tmp_path, INDEXED, after) == []


def test_what_lacked_an_index_before_lost_nothing(tmp_path):
    before = {"schema.sql": ORDERS, "index.sql": "CREATE INDEX i ON orders (created);\n", "q.sql": QUERY}
    assert checked(tmp_path, before, {**before, "index.sql": "-- nothing\n"}) == []


def test_an_index_for_each_arm_of_an_or_is_needed(tmp_path):
    indexes = "CREATE INDEX a ON orders (user_id);\nCREATE INDEX b ON orders (number);\n"
    before = {"schema.sql": ORDERS, "index.sql": indexes, "q.sql": "SELECT id FROM orders WHERE user_id = $1 OR number = $2;\n"}
    found = checked(tmp_path, before, {**before, "then.sql": "DROP INDEX b;\n"})
    assert told(found) == [("dropped-index", Severity.ERROR, "then.sql:1")]


def test_the_loss_is_told_of_the_index_that_was_used(tmp_path):
    indexes = "CREATE INDEX a ON orders (user_id);\nCREATE INDEX b ON orders (status, user_id);\nCREATE INDEX c ON orders (created);\n"
    before = {"schema.sql": ORDERS, "index.sql": indexes, "q.sql": QUERY}
    found = checked(tmp_path, before, {**before, "then.sql": "DROP INDEX b;\nDROP INDEX c;\nDROP INDEX a;\n"})
    assert told(found) == [("dropped-index", Severity.ERROR, "then.sql:3")]


def test_a_tree_alone_drops_and_builds_nothing(tmp_path):
    assert checked(tmp_path, None, {**INDEXED, "db/003_drop.sql": "DROP INDEX orders_user;\nCREATE INDEX j ON orders (number);\n"}) == []


# ---------------------------------------------------------------------------------------------------------------- blocking-index-build

BUILT = [
    # dialect, what the release builds, the statement that would do it without a lock, the severity
    (
        "postgres",
        "CREATE INDEX i ON orders (user_id DESC NULLS LAST, lower(number) text_pattern_ops) WHERE status = 'open';",
        "CREATE INDEX CONCURRENTLY i ON orders (user_id DESC NULLS LAST, (LOWER(number)) text_pattern_ops) WHERE status = 'open';",
        Severity.WARNING,
    ),
    (
        "postgres",
        'CREATE UNIQUE INDEX "My Index" ON public.orders USING btree (number COLLATE "C") INCLUDE (status);',
        'CREATE UNIQUE INDEX CONCURRENTLY "My Index" ON orders (number COLLATE "C") INCLUDE (status);',
        Severity.WARNING,
    ),
    (
        "postgres",
        "ALTER TABLE orders ADD CONSTRAINT u UNIQUE (number);",
        "CREATE UNIQUE INDEX CONCURRENTLY u ON orders (number);\nALTER TABLE orders ADD CONSTRAINT u UNIQUE USING INDEX u;",
        Severity.WARNING,
    ),
    ("postgres", "ALTER TABLE orders ADD COLUMN token text UNIQUE;", "", Severity.WARNING),
    (
        "postgres",
        "CREATE INDEX ON orders USING gin (status);",
        "CREATE INDEX CONCURRENTLY orders_status_idx ON orders USING gin (status);",
        Severity.WARNING,
    ),
    ("tsql", "CREATE INDEX i ON orders (user_id DESC);", "CREATE INDEX i ON orders (user_id DESC) WITH (ONLINE = ON);", Severity.NOTE),
    ("oracle", "CREATE INDEX i ON orders (user_id);", "CREATE INDEX i ON orders (user_id) ONLINE;", Severity.NOTE),
    ("mysql", "CREATE INDEX i ON orders (user_id) LOCK = EXCLUSIVE;", "", Severity.WARNING),
]


@pytest.mark.parametrize(("dialect", "build", "online", "severity"), BUILT)
def test_what_to_do_instead_of_a_build_under_a_lock(dialect, build, online, severity, tmp_path):
    before = {"db/001.sql": ORDERS}
    (found,) = checked(tmp_path, before, {**before, "db/002.sql": build}, dialect)
    assert told([found]) == [("blocking-index-build", severity, "db/002.sql:1")]
    assert found.suggestion == online
    if online:
        assert checked(tmp_path / "instead", before, {**before, "db/002.sql": online}, dialect) == []


def test_a_schema_that_makes_table_and_index_is_no_script(tmp_path):
    before = {"structure.sql": ORDERS}
    assert checked(tmp_path, before, {"structure.sql": ORDERS + "CREATE INDEX i ON orders (user_id);\n"}) == []


def test_a_table_that_was_there_but_not_for_sure_can_be_locked_too(tmp_path):
    before = {"db/001.sql": ORDERS + "ALTER TABLE orders FROBNICATE;\n"}
    found = checked(tmp_path, before, {**before, "db/002.sql": "CREATE INDEX i ON orders (user_id);\n"})
    assert told(found) == [("blocking-index-build", Severity.WARNING, "db/002.sql:1")]


@pytest.mark.parametrize("table", ["orders", "shop.orders"])
def test_nobody_waits_for_a_small_table(table, tmp_path):
    before = {"db/001.sql": ORDERS.replace("orders", table)}
    after = {**before, "db/002.sql": f"CREATE INDEX i ON {table} (user_id);\n"}
    assert len(checked(tmp_path, before, after)) == 1
    assert checked(tmp_path, before, after, small=("Orders",)) == []


# ---------------------------------------------------------------------------------------------------------------- foreign keys


def test_the_suggested_index_silences_the_foreign_key(tmp_path):
    made = (
        USERS
        + "CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users, team bigint REFERENCES users ON DELETE SET NULL);\n"
    )
    found = checked(tmp_path, None, {"schema.sql": made})
    assert [(each.rule, each.severity) for each in found] == [("unindexed-foreign-key", Severity.WARNING)] * 2
    assert "(ON DELETE SET NULL)" in found[1].message
    suggested = "\n".join(each.suggestion for each in found)
    assert suggested.startswith("CREATE INDEX CONCURRENTLY orders_user_id_idx ON orders (user_id);")
    assert checked(tmp_path / "after", None, {"schema.sql": made, "more.sql": suggested}) == []


def test_a_release_is_told_of_the_foreign_keys_that_it_brings(tmp_path):
    before = {"schema.sql": USERS + "CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));\n"}
    after = {**before, "more.sql": "CREATE TABLE notes (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));\n"}
    assert told(checked(tmp_path, before, after)) == [("unindexed-foreign-key", Severity.WARNING, "more.sql:1")]


def test_a_foreign_key_loses_its_index(tmp_path):
    before = {
        "schema.sql": USERS + ORDERS.replace("user_id bigint", "user_id bigint REFERENCES users"),
        "i.sql": "CREATE INDEX i ON orders (user_id);",
    }
    found = checked(tmp_path, before, {**before, "i.sql": "-- none"})
    assert told(found) == [("unindexed-foreign-key", Severity.WARNING, "schema.sql:2")]


@pytest.mark.parametrize(
    ("dialect", "index"),
    [
        ("postgres", "CREATE INDEX i ON orders (user_id) WHERE user_id IS NOT NULL;"),
        ("sqlite", "CREATE INDEX i ON orders (user_id) WHERE user_id IS NOT NULL;"),
        ("tsql", "CREATE INDEX i ON orders (user_id DESC) WHERE user_id IS NOT NULL;"),
        ("oracle", "CREATE BITMAP INDEX i ON orders (user_id);"),
    ],
)
def test_an_index_that_serves_a_foreign_key(dialect, index, tmp_path):
    made = "CREATE TABLE users (id int PRIMARY KEY);\nCREATE TABLE orders (id int PRIMARY KEY, user_id int REFERENCES users (id));\n"
    assert len(checked(tmp_path / "without", None, {"schema.sql": made}, dialect)) == 1
    assert checked(tmp_path / "with", None, {"schema.sql": made + index}, dialect) == []


# ---------------------------------------------------------------------------------------------------------------- redundant-index


def test_an_index_that_the_partitions_share_is_told_of_once(tmp_path):
    parts = "".join(f"CREATE TABLE e_{each} PARTITION OF e FOR VALUES IN ({each});\n" for each in range(5))
    made = f"CREATE TABLE e (a int, b int) PARTITION BY LIST (a);\n{parts}CREATE INDEX i ON e (b);\nCREATE INDEX j ON e (b, a);\n"
    found = checked(tmp_path, None, {"schema.sql": made})
    assert told(found) == [("redundant-index", Severity.NOTE, "schema.sql:7")]
    assert [each.location.line for each in found[0].related] == [8]


def test_of_two_alike_the_later_one_is_redundant_and_of_a_pair_of_unique_ones_too(tmp_path):
    made = "CREATE TABLE t (a int, b int);\nCREATE INDEX i ON t (a, b);\nCREATE INDEX j ON t (a, b);\n"
    made += "CREATE UNIQUE INDEX u ON t (b);\nCREATE UNIQUE INDEX v ON t (b);\nCREATE INDEX w ON t (b);\n"
    assert [each.location.line for each in checked(tmp_path, None, {"schema.sql": made})] == [3, 5, 6]
