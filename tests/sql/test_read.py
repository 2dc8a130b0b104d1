"""Reading a tree: which files are read, what is said of those that are not, and what the store spares."""

import pytest

from lastcall import check, sql
from lastcall.folder import Folder
from lastcall.model import Policy, Position, QueryPolicy, Release

QUERY = "SELECT id FROM users WHERE id = 1;\n"


def read(folder, **policy):
    return sql.read(Folder(folder), QueryPolicy(**policy))


def told(side):
    return [(each.location.path if each.location else "", each.reason) for each in side.unread]


def test_a_binary_file_of_sql_is_told(tmp_path):
    (tmp_path / "x.sql").write_bytes(b"SELECT \0 1;")
    assert told(read(tmp_path)) == [("x.sql", "it is binary")]


def test_a_file_that_is_not_utf_8_is_read_and_told(tmp_path):
    (tmp_path / "x.sql").write_bytes(b"-- caf\xe9\n" + QUERY.encode())
    side = read(tmp_path)
    assert told(side) == [("x.sql", "it is not UTF-8 (line 1): it was read as Latin-1, and names may be wrong")]
    assert len(side.queries) == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_are_understood(tmp_path, encoding):
    (tmp_path / "x.sql").write_text(QUERY, encoding=encoding)
    side = read(tmp_path)
    assert not side.unread
    assert side.queries[0].location.column == 1


def test_a_very_large_file_is_told_and_not_read(tmp_path):
    with (tmp_path / "x.sql").open("wb") as file:
        file.truncate(50 << 20)
    assert told(read(tmp_path)) == [("x.sql", "it is larger than 16 MiB")]


def test_a_symbolic_link_is_not_followed(tmp_path):
    (tmp_path / "outside.sql").write_text(QUERY)
    inside = tmp_path / "repository"
    inside.mkdir()
    (inside / "x.sql").symlink_to("../outside.sql")
    side = read(inside)
    assert told(side) == [("x.sql", "it is a symbolic link, and links are not followed")]
    assert not side.queries


def test_tests_are_left_out_and_it_is_said(tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "x.sql").write_text(QUERY)
    side = read(tmp_path)
    assert not side.queries
    assert any("left out by queries.exclude" in note for note in side.notes)
    assert any(note.startswith("0 files matched") for note in side.notes)


def test_the_queries_of_a_migration_are_not_judged_but_its_schema_counts(tmp_path):
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "0001_users.sql").write_text(
        "CREATE TABLE users (id bigint PRIMARY KEY, name text);\nUPDATE users SET name = '' WHERE name = 'x';"
    )
    side = read(tmp_path)
    assert not side.queries
    assert list(side.catalog.tables) == ["users"]


def test_a_numbered_file_of_queries_is_no_migration(tmp_path):
    (tmp_path / "01.sql").write_text(QUERY)
    assert len(read(tmp_path).queries) == 1


def test_only_the_files_named_by_the_policy_give_the_schema(tmp_path):
    (tmp_path / "schema.sql").write_text("CREATE TABLE users (id bigint PRIMARY KEY);")
    (tmp_path / "other.sql").write_text("CREATE TABLE things (id bigint PRIMARY KEY);")
    assert list(read(tmp_path, schema=("schema.sql",)).catalog.tables) == ["users"]


def test_a_second_run_reads_from_the_store(tmp_path, monkeypatch):
    monkeypatch.setenv("LASTCALL_CACHE", str(tmp_path / "store"))
    work = tmp_path / "work"
    work.mkdir()
    (work / "x.sql").write_text("CREATE TABLE users (id bigint PRIMARY KEY);" + QUERY)

    class Unreadable(Folder):
        """A folder whose files can be listed, and are never opened again."""

        def read(self, blob, limit):
            raise AssertionError(f"{blob.path} was read again, up to {limit}")

    first = read(work, dialect="postgres")
    second = sql.read(Unreadable(work), QueryPolicy(dialect="postgres"))
    assert first.queries == second.queries
    assert first.catalog == second.catalog


def test_a_statement_that_does_not_parse_loses_only_itself(tmp_path):
    (tmp_path / "x.sql").write_text(f"{QUERY}SELECT FROM WHERE;;\n{QUERY}")
    side = read(tmp_path)
    assert len(side.queries) == 2
    assert [each.location.line for each in side.unread] == [2]


def test_places_in_the_host_file_are_exact(tmp_path):
    (tmp_path / "schema.sql").write_text("CREATE TABLE users (id bigint PRIMARY KEY, name text);")
    (tmp_path / "app.py").write_text(
        'def find(cursor):\n    cursor.execute(\n        "SELECT id "\n        "FROM users WHERE name = %s", ["é"])\n'
    )
    (query,) = read(tmp_path).queries
    (access,) = query.accesses
    assert (access.location.line, access.location.column, access.location.end_column) == (4, 27, 36)


PYTHON = '''
def find(cursor, name):
    {above}
    cursor.execute(
        """
        SELECT id{inside}
        FROM users WHERE name = %s
        """,
        [name],
    ){behind}
'''


@pytest.mark.parametrize("place", ["above", "inside", "behind"])
def test_an_ignore_may_stand_above_inside_or_behind_a_query_in_python(tmp_path, place):
    (tmp_path / "schema.sql").write_text("CREATE TABLE users (id bigint PRIMARY KEY, name text);")
    mark = "-- " if place == "inside" else "# "
    ignore = f"  {mark}lastcall: ignore[unindexed-filter] forty rows"
    (tmp_path / "app.py").write_text(PYTHON.format(**dict.fromkeys(("above", "inside", "behind"), "") | {place: ignore.strip()}))
    found, silenced = check.check(Release(Position.TREE, "", after=read(tmp_path)), Policy())
    assert found == []
    assert [(each.rule, each.reason) for each in silenced] == [("unindexed-filter", "forty rows")]


def test_an_ignore_does_not_speak_for_the_next_query_but_one(tmp_path):
    (tmp_path / "x.sql").write_text(
        "CREATE TABLE users (id bigint PRIMARY KEY, name text);\n\n\n\n"
        "SELECT 1 FROM users WHERE name = 'a'; -- lastcall: ignore[unindexed-filter] forty rows\n"
        "SELECT 2 FROM users WHERE name = 'a';\n"
    )
    found, silenced = check.check(Release(Position.TREE, "", after=read(tmp_path)), Policy())
    assert [each.location.line for each in found] == [6]
    assert [each.location.line for each in silenced] == [5]


def test_what_a_program_may_drop_at_run_time_is_no_reason_for_a_finding(tmp_path):
    (tmp_path / "schema.sql").write_text("CREATE TABLE users (id bigint PRIMARY KEY, name text);\nCREATE INDEX users_name ON users (name);")
    (tmp_path / "load.py").write_text('def load(cursor):\n    cursor.execute("DROP INDEX users_name")\n')
    assert [index.columns for index in read(tmp_path).catalog.tables["users"].indexes] == [("id",), ("name",)]
    (tmp_path / "migrations").mkdir()
    (tmp_path / "load.py").rename(tmp_path / "migrations" / "0002_load.py")
    assert [index.columns for index in read(tmp_path).catalog.tables["users"].indexes] == [("id",)]
