"""Files of SQL: one fragment each, without what takes a migration back."""

from __future__ import annotations

import pytest

from lastcall.model import Unread
from lastcall.plugins import load
from lastcall.sql.frontends import Frontend

FRONTEND = load("lastcall.sql.frontends", "sqlfiles", Frontend)


def text_of(path: str, text: str) -> str:
    [fragment] = FRONTEND.read(path, text)
    assert not isinstance(fragment, Unread)
    assert len(fragment.text) == len(text)
    assert fragment.text.count("\n") == text.count("\n")
    assert (fragment.path, fragment.origin) == (path, "sql")
    return fragment.text


def test_a_file_is_one_fragment():
    assert text_of("q.sql", "select 1;\nselect 2;\n") == "select 1;\nselect 2;\n"


BOTH_WAYS = [
    "-- migrate:up\nUP;\n-- migrate:down\nDOWN;\n",
    "-- migrate:up transaction:false\nUP;\n\n-- migrate:down transaction:false\nDOWN;\n",
    "-- +goose Up\n-- +goose StatementBegin\nUP;\n-- +goose StatementEnd\n\n-- +goose Down\nDOWN;\n",
    "-- +migrate Up\nUP;\n-- +migrate Down\nDOWN;\n",
    "-- Up Migration\nUP;\n\n-- Down Migration\nDOWN;\n",
    "# --- !Ups\nUP;\n# --- !Downs\nDOWN;\n",
    "-- !Ups\nUP;\n-- !Downs\nDOWN;\n",
    "UP;\n---- create above / drop below ----\nDOWN;\n",
    "UP;\n-- //@UNDO\nDOWN;\n",
    "-- migrate:down\nDOWN;\n-- migrate:up\nUP;\n",
]


@pytest.mark.parametrize("text", BOTH_WAYS)
def test_what_takes_a_migration_back_is_blanked(text):
    kept = text_of("migrations/001_a.sql", text)
    assert "DOWN" not in kept
    assert kept.index("UP;") == text.index("UP;")


def test_a_comment_about_downs_is_no_section():
    text = "-- scale down migrations later\nselect 1; -- migrate:down is not here\n"
    assert text_of("q.sql", text) == text


@pytest.mark.parametrize(
    "path", ["m/001_a.down.sql", "migrations/20240101_a/down.sql", "U2__a.sql", "migrations/001_a_rollback.sql", "migrations/revert/a.sql"]
)
def test_a_file_that_takes_a_migration_back_is_not_read(path):
    assert list(FRONTEND.read(path, "drop index i")) == []


@pytest.mark.parametrize("path", ["m/001_a.up.sql", "shutdown.sql", "breakdown.sql", "sql/down.py.sql", "verify/a.sql"])
def test_other_files_are(path):
    assert text_of(path, "select 1")


@pytest.mark.parametrize(
    ("data", "relevant"),
    [
        (b"select 1", True),
        (b"\nCREATE TABLE t (a int)", True),
        (b"-- nothing but words: selection, created", False),
        (b"", False),
        (b"SET x = 1;\nCOMMIT;\n", False),
        (b"binary \0 \x01", True),
        ("create table t (a int)".encode("utf-16"), True),
    ],
)
def test_files_are_ruled_out_by_their_bytes(data, relevant):
    assert FRONTEND.relevant(data) is relevant


def test_a_binary_file_is_told():
    [unread] = FRONTEND.read("x.sql", "select \0")
    assert isinstance(unread, Unread)
    assert (unread.what, unread.reason, unread.location.path) == ("file", "it is binary", "x.sql")


def test_suffixes():
    assert FRONTEND.suffixes >= {".sql", ".ddl", ".pgsql"}
