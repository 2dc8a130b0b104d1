"""``make judge`` counts what it says it counts; the sets themselves are other people's, and no test fetches them."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from lastcall.model import LastcallError
from planners import judge_of, names, running_or_skipped

BENCH = Path(__file__).parent.parent / "bench"
SCHEMA = """
CREATE TABLE users (id int PRIMARY KEY, email text UNIQUE, name text);
CREATE TABLE orders (id int PRIMARY KEY, user_id int NOT NULL REFERENCES users (id), total int);
CREATE UNIQUE INDEX users_email ON users (email);
CREATE INDEX orders_user ON orders (user_id);
"""
QUERIES = """
SELECT o.id FROM users u JOIN orders o ON o.user_id = u.id WHERE u.email = $1;
SELECT id FROM users WHERE name = $1;
SELECT id FROM orders WHERE id = 5;
SELECT id FROM orders WHERE id = 'five';
"""


@pytest.fixture(scope="module")
def judge():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCH)
        yield importlib.import_module("judge")


@pytest.fixture(scope="module")
def server():
    yield from running_or_skipped()


def test_a_subject_is_measured(judge, server):
    plain = judge.measure(judge.Subject("Shop", "as is", SCHEMA, QUERIES), server)
    assert (plain.judged, plain.hits, plain.silent, plain.near, plain.joins_right) == (3, 1, 2, 1, 0)
    assert [reason for _, reason in plain.abstained] == ['PostgreSQL says: invalid input syntax for type integer: "five"']
    stripped = judge.measure(judge.Subject("Shop", "stripped", judge._without_secondary(SCHEMA), QUERIES), server)
    assert (stripped.judged, stripped.hits, stripped.near, stripped.joins_right, stripped.joins_wrong) == (3, 2, 2, 1, 0)
    assert judge.row([plain, stripped], "all", "") == ("all", "", "6", "2", "3", "1.000", "1.000", "1 of 1", "3 of 3")
    assert [line.split(":")[0] for line in judge.differences(plain)] == ["Shop, as is"]


EVENTS = """
CREATE TABLE events (id int PRIMARY KEY, day date NOT NULL, at timestamptz, name text, price int);
CREATE INDEX dear ON events (name) WHERE price > 100;
"""


def test_a_cast_of_a_parameter_is_no_token_of_its_own(server, tmp_path):
    with judge_of(f"{EVENTS}SELECT id FROM events WHERE name = $1::text;", tmp_path, server) as judge:
        assert [names(verdict) for verdict in judge.verdicts()] == ["events(name)"]


def test_what_is_there_for_speed_alone_is_taken_away(judge):
    assert judge._without_secondary(SCHEMA).split() == SCHEMA.replace("CREATE INDEX orders_user ON orders (user_id);", "").split()
    wanted = "\nCREATE INDEX ON orders (user_id);"
    assert judge._reference_indexes(judge._without_secondary(SCHEMA)) == wanted
    assert judge._reference_indexes(SCHEMA) == "\n"


def test_a_template_of_tpch_gets_its_parameters(judge):
    template = "-- $ID$\n:x\n:o\nselect 1 from t where a = ':1' and d < date ':2' - interval '3' day (3);\n:n 10\n"
    assert judge._filled(3, template).strip() == (
        "select 1 from t where a = 'BUILDING' and d < date '1995-03-15' - interval '3' day\nlimit 10;"
    )
    view = "create view revenue:s as select 1;\n:o\nselect * from revenue:s;\ndrop view revenue:s;\n:n -1\n"
    assert judge._filled(15, view).split() == ["create", "view", "revenue0", "as", "select", "1;", "select", "*", "from", "revenue0;"]
    assert sorted(judge.TPCH) == list(range(1, 23))


def test_the_table_is_markdown(judge):
    rows = judge.table([("JOB", "as is", "113", "0", "113", "1.000", "1.000", "113 of 113", "101 of 113")]).split("\n")
    assert len({len(row) for row in rows}) == 1
    assert rows[1].replace("-", "").replace("|", "").strip() == ""


def test_our_own_queries_are_forty_of_each(judge):
    for name in ("chinook.sql", "pagila.sql"):
        text = (judge.QUERIES / name).read_text(encoding="utf-8")
        assert sum(line.endswith(";") for line in text.split("\n")) >= 40


def test_a_set_that_is_not_there_is_told(judge, tmp_path, monkeypatch):
    monkeypatch.setenv("LASTCALL_JUDGE_DATA", str(tmp_path))
    with pytest.raises(LastcallError, match="has no clone of pagila") as told:
        list(judge.pagila())
    assert told.value.hint == f"git clone https://github.com/devrimgunduz/pagila {tmp_path}/pagila"
    done = subprocess.run(
        [sys.executable, BENCH / "judge.py", "pagila"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 1
    assert "has no clone of pagila" in done.stderr or "the judge is a real PostgreSQL" in done.stderr
