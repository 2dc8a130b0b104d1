"""The command line from outside: what is printed, what is written, which exit code; and every bad input ends in a sentence."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import lastcall
from lastcall import progress
from lastcall.cli import _wishes, cli
from lastcall.model import no_progress
from repositories import Repo

SCHEMA = """\
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL UNIQUE);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL, total numeric NOT NULL);
"""
SLOW = "SELECT o.total FROM users u JOIN orders o ON o.user_id = u.id WHERE u.email = 'ann@example.org';\n"
INDEX = "CREATE INDEX orders_user_id ON orders (user_id);\n"


@pytest.fixture(autouse=True)
def nobody_watches(monkeypatch, tmp_path):
    """Neither the machine that runs the tests, nor a workflow or a hook that runs them, has a say."""
    for name in [name for name in os.environ if name.startswith(("GITHUB_", "GH_", "GIT_", "PRE_COMMIT"))]:
        monkeypatch.delenv(name)
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def shop(tmp_path, monkeypatch) -> Repo:
    """A frozen release branch, checked out, with nothing late on it."""
    repo = Repo(tmp_path / "shop")
    repo.commit("Start the shop", {"schema.sql": SCHEMA})
    repo.checkout("release/2.4", new=True)
    repo.tag("freeze/release/2.4", message="Code freeze of release/2.4")
    monkeypatch.chdir(repo.root)
    return repo


def run(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(cli, arguments, prog_name="lastcall", input=stdin)


def process(*arguments: str, cwd: Path | None = None, stdin: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    """lastcall as a process of its own, as users have it."""
    command = [sys.executable, "-m", "lastcall", *arguments]
    return subprocess.run(command, cwd=cwd, input=stdin, env=os.environ | environ, capture_output=True, text=True, check=False)


@pytest.fixture
def importable(monkeypatch):
    """Lets a process of its own find lastcall and where nothing else says so."""
    monkeypatch.setenv("PYTHONPATH", str(Path(lastcall.__file__).parents[1]))


# ---------------------------------------------------------------------------------------------------------------- help


def test_help():
    assert (
        run("--help").output
        == """\
Usage: lastcall [OPTIONS] COMMAND [ARGS]...

  The last call before a release.

  Which changes came in after the code freeze, and was each of them really
  approved? Which of the queries that this release brings, or whose indexes it
  takes away, will make the database read a whole table for a join?

  Exit codes: 0 pass, 1 findings, 2 usage or set-up, 3 a bug in lastcall.

Options:
  --version   Show the version and exit.
  -C DIR      Run as if started in DIR.
  -h, --help  Show this message and exit.

Commands:
  audit    Judge every query of a repository or folder.
  check    Judge a release: its late changes and the queries it brings.
  collect  Fetch all review evidence into one file.
  demo     Rebuild the outage in a temporary repository, and check it.
  explain  Explain a rule, or the evidence about a commit.
  freeze   Declare the code freeze of a release branch.
  hook     Run as a git hook: pre-commit, pre-push or pre-receive.
  plan     Show how a real planner runs each query.
  queries  List every query, as it was read.
  schema   Show the tables and indexes, as they were read.
  thaw     End the code freeze of a release branch.
"""
    )


@pytest.mark.parametrize("command", ["audit", "check", "collect", "demo", "explain", "freeze", "hook", "queries", "schema", "thaw"])
def test_help_of_each_command(command):
    found = run(command, "--help")
    assert (found.exit_code, found.stderr) == (0, "")
    assert found.output.startswith(f"Usage: lastcall {command} ")


def test_help_of_check_names_every_option():
    told = run("check", "--help").output
    for option in (
        "--release",
        "--freeze",
        "--base",
        "--head",
        "--staged",
        "--only",
        "--evidence",
        "--forge",
        "--fail-on",
        "--report",
        "--color",
        "--verbose",
    ):
        assert option in told
    assert "a time as in 2026-03-01T18:00:00Z" in " ".join(told.split())
    assert "--no-progress" in told
    assert "github|json|markdown|sarif|text" in told.replace("\n", "").replace(" ", "")


def test_version():
    assert run("--version").output == f"lastcall {lastcall.__version__}\n"


@pytest.mark.usefixtures("importable")
def test_help_loads_nothing_heavy():
    found = subprocess.run([sys.executable, "-X", "importtime", "-m", "lastcall", "--help"], capture_output=True, text=True, check=True)
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in found.stderr.splitlines()}
    assert not loaded & {"sqlglot", "sqlglotc", "git", "pydantic", "yaml", "rich", "diskcache", "pathspec", "platformdirs"}


# ---------------------------------------------------------------------------------------------------------------- check


@pytest.mark.usefixtures("shop")
def test_a_release_without_late_changes_passes():
    found = run("check", "--forge", "none")
    assert (found.exit_code, found.stderr) == (0, "")
    first = found.output.splitlines()[0]
    assert "release/2.4 at" in first
    assert found.output.count("0 late commits") == 1 or "0 late commits" in " ".join(found.output.split())


def test_a_late_change_without_evidence_fails(shop):
    shop.commit("Just a little thing", {"notes.txt": "hello\n"})
    found = run("check", "--release", "release/2.4", "--forge", "none", "--format", "json")
    report = json.loads(found.output)
    assert (found.exit_code, report["verdict"]) == (1, "fail")
    assert [each["verdict"] for each in report["changes"]] == ["unknown"]
    assert [each["rule"] for each in report["findings"]] == ["unknown-reviews"]
    assert report["release"]["freeze"]["source"] == "tag freeze/release/2.4"


def test_only_queries_are_judged_where_only_those_are_asked_for(shop):
    shop.commit("Just a little thing", {"report.sql": SLOW})
    found = run("check", "--only", "queries", "--format", "json")
    report = json.loads(found.output)
    assert found.exit_code == 1
    assert [(each["rule"], each["path"], each["line"]) for each in report["findings"]] == [("unindexed-join", "report.sql", 1)]
    assert report["findings"][0]["commit"] == shop.head, "the commit that brought the line is named"
    assert report["changes"] == []


def test_only_reviews_are_judged_where_only_those_are_asked_for(shop):
    shop.commit("Just a little thing", {"report.sql": SLOW})
    report = json.loads(run("check", "--only", "review", "--forge", "none", "--format", "json").output)
    assert [each["rule"] for each in report["findings"]] == ["unknown-reviews"]
    assert report["coverage"]["queries"] == 0


def test_an_index_that_arrives_with_the_query_silences_the_finding(shop):
    shop.commit("The whole of it", {"report.sql": SLOW, "schema.sql": SCHEMA + INDEX})
    found = run("check", "--only", "queries")
    assert found.exit_code == 0, found.output


def test_an_index_that_goes_away_under_an_untouched_query_is_found(tmp_path, monkeypatch):
    repo = Repo(tmp_path / "shop")
    repo.commit("Start", {"schema.sql": SCHEMA + INDEX, "report.sql": SLOW})
    repo.checkout("topic", new=True)
    repo.commit("Tidy up", {"schema.sql": SCHEMA})
    monkeypatch.chdir(repo.root)
    report = json.loads(run("check", "--format", "json").output)
    assert [(each["rule"], each["path"], each["commit"]) for each in report["findings"]] == [
        ("unindexed-join", "report.sql", None),
        ("dropped-index", "schema.sql", None),
    ]


def test_a_finding_below_fail_on_passes(shop):
    shop.commit("Just a little thing", {"report.sql": "SELECT o.id FROM orders o WHERE o.total = 3;\n"})
    assert run("check", "--only", "queries").exit_code == 0
    assert run("check", "--only", "queries", "--fail-on", "warning").exit_code == 1


def test_the_index_is_judged(shop):
    shop.stage({"report.sql": SLOW})
    found = run("check", "--staged", "--format", "json")
    report = json.loads(found.output)
    assert found.exit_code == 1
    assert report["findings"][0]["rule"] == "unindexed-join"
    shop.stage({"schema.sql": SCHEMA + INDEX})
    assert run("check", "--staged").exit_code == 0


def test_the_index_is_judged_before_the_first_commit(tmp_path, monkeypatch):
    repo = Repo(tmp_path / "new")
    monkeypatch.chdir(repo.root)
    assert run("check", "--staged").exit_code == 0
    repo.stage({"schema.sql": SCHEMA, "report.sql": SLOW})
    assert run("check", "--staged").exit_code == 1


def test_a_workflow_run_for_a_pull_request(shop, tmp_path, monkeypatch):
    base = shop.head
    shop.checkout("fix", new=True)
    head = shop.commit("Fix it", {"report.sql": SLOW})
    event = tmp_path / "event.json"
    pull = {"number": 12, "base": {"ref": "release/2.4", "sha": base}, "head": {"ref": "fix", "sha": head}}
    event.write_text(json.dumps({"pull_request": pull}))
    monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(event))
    report = json.loads(run("check", "--forge", "none", "--format", "json").output)
    assert (report["release"]["branch"], report["release"]["base"], report["release"]["head"]) == ("release/2.4", base, head)
    assert {each["rule"] for each in report["findings"]} == {"unknown-reviews", "unindexed-join"}


def test_reports_go_to_files_too(shop, tmp_path):
    shop.commit("Just a little thing", {"report.sql": SLOW})
    files = {name: tmp_path / f"report.{name}" for name in ("json", "sarif", "markdown")}
    options = [f"--report={name}:{file}" for name, file in files.items()]
    found = run("check", "--only", "queries", *options)
    assert found.exit_code == 1
    assert "unindexed-join" in found.output
    assert json.loads(files["json"].read_text())["verdict"] == "fail"
    assert json.loads(files["sarif"].read_text())["version"] == "2.1.0"
    assert "unindexed-join" in files["markdown"].read_text()


def test_colors(shop, monkeypatch):
    shop.commit("Just a little thing", {"report.sql": SLOW})
    assert "\x1b[" not in run("check", "--only", "queries").output
    assert "\x1b[" in run("check", "--only", "queries", "--color", "always").output
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in run("check", "--only", "queries").output


@pytest.mark.parametrize("command", ["check", "collect", "explain"])
def test_a_curious_user_can_ask_for_more(command):
    assert "-v, --verbose" in run(command, "--help").output


def test_what_a_curious_user_is_told_goes_to_standard_error_and_is_harmless(capsys):
    with _wishes(progress=False, verbose=True) as wishes:
        wishes.source.told("3 points of 5000 spent\x1b[2J\n::error::all is well")
    with _wishes(progress=False) as wishes:
        wishes.source.told("nobody asked")
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "lastcall: 3 points of 5000 spent\\x1b[2J\n\\::error::all is well\n"


def test_a_rewritten_history_is_a_finding_and_no_set_up(shop):
    lost = shop.commit("Frozen, too", {"notes.txt": "hello\n"})
    shop.git("tag", "--force", "--annotate", "--message", "Freeze", "freeze/release/2.4")
    shop.git("reset", "--quiet", "--hard", "HEAD~1")
    found = run("check", "--forge", "none")
    assert (found.exit_code, found.stderr) == (1, "")
    told = " ".join(found.output.split())
    assert "1 frozen commit lost" in told
    assert f"({lost[:7]} Frozen, too)" in told
    assert run("check", "--only", "queries").exit_code == 0, "the queries are compared with the freeze all the same"


def test_minus_c_starts_elsewhere(shop, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("-C", str(shop.root), "check", "--only", "queries").exit_code == 0
    assert Path.cwd() == tmp_path


# ---------------------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "--release", "nope"], "there is no branch nope"),
        (["check", "--base", "nope"], "nope"),
        (["check", "--head", "nope"], "nope"),
        (["check", "--freeze", "nope"], "nope"),
        (["check", "--base", "-x"], "-x"),
        (["check", "--format", "nope"], "'nope' is not one of attestation, github, json"),
        (["check", "--report", "nope:file"], "'nope' is not one of attestation, github, json"),
        (["check", "--report", "json"], "is not FORMAT:FILE"),
        (["check", "--forge", "nope"], "'nope' is not one of github"),
        (["check", "--fail-on", "nope"], "'nope' is not one of"),
        (["check", "--only", "nope"], "'nope' is not one of"),
        (["check", "--nope"], "No such option"),
        (["check", "extra"], "unexpected extra argument"),
        (["nope"], "No such command"),
        (["check", "--staged", "--base", "main"], "--staged judges the index"),
        (["check", "--staged", "--only", "review"], "--staged judges queries only"),
        (["check", "--base", "main", "--release", "release/2.4"], "does not go with --release"),
        (["check", "--evidence", "e.json", "--forge", "github"], "does not go with --forge github"),
        (["check", "--evidence", "missing.json"], "missing.json"),
        (["check", "--only", "queries", "--report", "json:no/such/folder/r.json"], "cannot be written"),
        (["-C", "nowhere", "check"], "does not exist"),
        (["audit", "nowhere"], "nowhere does not exist"),
        (["queries", "nowhere"], "nowhere does not exist"),
        (["schema", "nowhere"], "nowhere does not exist"),
        (["queries", "--format", "sarif"], "'sarif' is not one of"),
        (["collect"], "Missing option"),
        (["collect", "-o", "e.json", "--forge", "none"], "no forge"),
        (["explain"], "Missing argument"),
        (["explain", "unindexed-jion"], "did you mean unindexed-join?"),
        (["explain", "nope"], "neither a rule nor a commit"),
        (["freeze"], "Name the BRANCH"),
        (["freeze", "nope"], "there is no branch nope"),
        (["freeze", "main", "--at", "nope"], "nope"),
        (["freeze", "release/2.4"], "frozen already"),
        (["freeze", "main", "--at", "2026-03-01T18:00:00Z"], "a freeze is declared at a commit"),
        (["check", "--freeze", "2026-03-01"], "2026-03-01 is a day"),
        (["check", "--freeze", "2026-03-01T18:00"], "has no zone"),
        (["check", "--freeze", "2026-03-01T18:00:00Z", "--forge", "none"], "name a commit or a tag instead"),
        (["check", "--freeze", "2026-03-01T18:00:00Z", "--evidence", "missing.json"], "missing.json"),
        (["freeze", "--list", "main"], "stands alone"),
        (["thaw", "main"], "main is not frozen"),
        (["hook", "post-commit"], "'post-commit' is not one of"),
    ],
)
@pytest.mark.usefixtures("shop")
def test_bad_input_ends_in_a_sentence_and_2(arguments, said):
    found = run(*arguments)
    assert found.exit_code == 2, found.output
    assert said in " ".join(found.stderr.split())
    assert "Traceback" not in found.stderr


@pytest.mark.usefixtures("shop")
def test_bad_stdin_of_a_hook():
    found = run("hook", "pre-push", stdin="what\n")
    assert found.exit_code == 2
    assert "no line that git gives to a hook" in found.stderr


def test_no_repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for arguments in (["check"], ["freeze", "main"], ["freeze", "--list"], ["thaw", "main"], ["explain", "nope"], ["hook", "pre-commit"]):
        found = run(*arguments)
        assert (found.exit_code, "git repository" in found.stderr) == (2, True), arguments


def test_no_commits(tmp_path, monkeypatch):
    monkeypatch.chdir(Repo(tmp_path / "new").root)
    for arguments in (["check"], ["check", "--release", "main"], ["freeze", "main"], ["explain", "HEAD"]):
        found = run(*arguments)
        assert found.exit_code == 2, found.output
        assert "commits" in found.stderr
    assert run("audit").exit_code == 0


def test_a_detached_head_is_no_trouble(shop):
    shop.git("checkout", "--quiet", "--detach")
    assert run("check").exit_code == 0
    assert run("check", "--release", "release/2.4", "--forge", "none").exit_code == 0


@pytest.mark.parametrize("policy", ["branches: [", "nope: 1\n", "branches: 3\n", "\x00", "- a\n"])
def test_a_broken_policy_is_told_with_its_line(tmp_path, monkeypatch, policy):
    repo = Repo(tmp_path / "shop")
    repo.commit("Start", {".lastcall.yml": policy})
    repo.checkout("topic", new=True)
    monkeypatch.chdir(repo.root)
    for arguments in (["check"], ["check", "--staged"], ["audit"], ["queries"], ["schema"]):
        found = run(*arguments)
        assert (found.exit_code, ".lastcall.yml" in found.stderr) == (2, True), (arguments, found.output)


def test_a_policy_that_the_release_breaks_has_no_say(shop):
    shop.commit("Break it", {".lastcall.yml": "nope: 1\n"})
    found = run("check", "--forge", "none", "--format", "json")
    assert found.exit_code == 1
    assert "policy-change" in {each["rule"] for each in json.loads(found.output)["findings"]}


@pytest.mark.usefixtures("shop")
def test_hostile_names_do_not_steer_the_terminal():
    found = run("check", "--release", "\x1b[2J")
    assert found.exit_code == 2
    assert "\x1b" not in found.stderr


def test_an_unwritable_report_comes_after_the_verdict_was_shown(shop, tmp_path):
    shop.commit("Just a little thing", {"report.sql": SLOW})
    found = run("check", "--only", "queries", "--report", f"json:{tmp_path}")
    assert found.exit_code == 2
    assert "unindexed-join" in found.stdout
    assert str(tmp_path) in found.stderr


@pytest.mark.usefixtures("shop")
def test_a_bug_is_3_with_a_traceback(monkeypatch):
    monkeypatch.setattr("lastcall.commands.check.run", lambda *_: 1 / 0)
    found = run("check")
    assert found.exit_code == 3
    assert "Traceback" in found.stderr
    assert "this is a bug in lastcall (ZeroDivisionError)" in found.stderr


@pytest.mark.usefixtures("shop")
def test_an_interruption_is_130(monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("lastcall.commands.check.run", interrupt)
    found = run("check")
    assert (found.exit_code, found.stderr) == (130, "lastcall: interrupted\n")


@pytest.mark.parametrize(("arguments", "code"), [(["check", "--help"], 2), (["check", "--only", "queries"], 1)])
@pytest.mark.usefixtures("importable")
def test_a_reader_that_goes_away_is_no_trouble(shop, arguments, code):
    shop.commit("Just a little thing", {"report.sql": SLOW})
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "lastcall", *arguments]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (code, "")


# ---------------------------------------------------------------------------------------------------------------- audit, queries, schema


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    top = tmp_path / "plain"
    (top / "db").mkdir(parents=True)
    (top / "db" / "schema.sql").write_text(SCHEMA)
    (top / "reports").mkdir()
    (top / "reports" / "slow.sql").write_text(SLOW)
    monkeypatch.chdir(tmp_path)
    return top


@pytest.mark.usefixtures("folder", "importable")
def test_audit_of_a_plain_folder_needs_no_git():
    found = process("audit", "plain", "--format", "json", PATH="")
    report = json.loads(found.stdout)
    assert (found.returncode, report["coverage"]["files"], report["coverage"]["queries"]) == (1, 2, 1)
    assert [(each["rule"], each["path"]) for each in report["findings"]] == [("unindexed-join", "reports/slow.sql")]
    assert report["release"]["branch"] is None


@pytest.mark.usefixtures("folder")
def test_several_paths_are_one_tree():
    report = json.loads(run("audit", "plain/db", "plain/reports/slow.sql", "--format", "json").output)
    assert [(each["rule"], each["path"]) for each in report["findings"]] == [("unindexed-join", "reports/slow.sql")]
    assert json.loads(run("audit", "plain/reports", "--format", "json").output)["verdict"] == "pass", "there is no schema to judge by"


def test_a_part_of_a_repository_leaves_out_what_is_ignored(shop):
    shop.write({".gitignore": "build/\n", "build/slow.sql": SLOW, "reports/slow.sql": SLOW})
    report = json.loads(run("audit", "--format", "json").output)
    assert [each["path"] for each in report["findings"]] == ["reports/slow.sql"]
    assert json.loads(run("audit", "reports", "--format", "json").output)["coverage"]["files"] == 1
    assert json.loads(run("audit", "build", "--format", "json").output)["coverage"]["files"] == 1, "an ignored folder is a plain one"


def test_nothing_to_read_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    for command in ("audit", "queries", "schema"):
        found = run(command, "empty")
        assert found.exit_code == 0
        assert "0 files matched" in found.output


@pytest.mark.usefixtures("folder")
def test_queries():
    found = json.loads(run("queries", "plain", "--format", "json").output)
    assert found["version"] == 1
    assert found["unread"] == []
    (query,) = found["queries"]
    assert (query["path"], query["line"], query["end_line"], query["origin"]) == ("reports/slow.sql", 1, 1, "sql")
    assert sorted(query["tables"]) == ["orders", "users"]
    (join,) = query["joins"]
    assert {join["left"], join["right"]} == {"orders.user_id", "users.id"}
    assert join["kind"] == "inner"
    told = run("queries", "plain").output
    assert told.startswith("reports/slow.sql:1  sql\n")
    assert "Read 2 files, 1 query, 2 tables" in told


@pytest.mark.usefixtures("folder")
def test_schema():
    Path("plain/db/schema.sql").write_text(SCHEMA.replace("user_id bigint", "user_id bigint REFERENCES users (id)"), encoding="utf-8")
    found = json.loads(run("schema", "plain", "--format", "json").output)
    orders, users = found["tables"]
    assert (orders["name"], orders["path"], orders["line"], orders["certain"]) == ("orders", "db/schema.sql", 2, True)
    assert [column["name"] for column in orders["columns"]] == ["id", "user_id", "total"]
    assert orders["foreign_keys"][0]["table"] == "users"
    assert [index["columns"] for index in users["indexes"]] == [["id"], ["email"]]
    told = run("schema", "plain").output
    assert told.startswith("orders  [db/schema.sql:2]\n")
    assert "primary key (id)" in told
    assert "foreign key (user_id) to users" in told


# ---------------------------------------------------------------------------------------------------------------- freeze and thaw


def test_a_freeze_is_a_tag(shop):
    shop.checkout("release/2.5", new=True)
    tip = shop.commit("Ready")
    found = run("freeze", "release/2.5")
    assert found.exit_code == 0
    assert found.output.startswith(f"release/2.5 is frozen at {tip[:7]} (Ready)")
    assert "git push origin freeze/release/2.5" in found.output
    assert shop.git("cat-file", "-t", "freeze/release/2.5") == "tag"
    assert shop.sha("freeze/release/2.5^{commit}") == tip
    listed = run("freeze", "--list").output
    assert f"Every commit after {tip} is late" in shop.git("cat-file", "tag", "freeze/release/2.5")
    assert listed == (
        f"release/2.4  {shop.sha('main')[:7]}  Code freeze of release/2.4\nrelease/2.5  {tip[:7]}  Code freeze of release/2.5\n"
    )


def test_a_freeze_at_an_older_commit(shop):
    shop.git("tag", "-d", "freeze/release/2.4")
    old = shop.head
    shop.commit("Late")
    assert run("freeze", "release/2.4", "--at", old).exit_code == 0
    assert shop.sha("freeze/release/2.4^{commit}") == old
    shop.checkout("main")
    shop.commit("Elsewhere")
    run("thaw", "release/2.4")
    found = run("freeze", "release/2.4", "--at", "main")
    assert (found.exit_code, "is not in the history of release/2.4" in found.stderr) == (2, True)


def test_thaw_ends_a_freeze(shop):
    found = run("thaw", "release/2.4")
    assert found.exit_code == 0
    assert "git push origin :refs/tags/freeze/release/2.4" in found.output
    assert shop.git("tag") == ""
    assert "No freeze found" in run("freeze", "--list").output


# ---------------------------------------------------------------------------------------------------------------- explain


def test_explain_a_rule():
    found = run("explain", "unindexed-join")
    assert found.exit_code == 0
    assert found.output.startswith("unindexed-join (error)\n\n")


def test_explain_a_commit(shop):
    head = shop.commit("Just a little thing")
    told = run("explain", head[:10], "--forge", "none").output
    assert "unknown, which blocks" in told
    assert "Just a little thing" in told
    assert "Ann <ann@example.org>" in told
    shop.checkout("other", new=True, at="main")
    other = shop.commit("Elsewhere")
    shop.checkout("release/2.4")
    assert "it is not late" in run("explain", "main", "--forge", "none").output
    assert "not part of what was compared" in run("explain", other, "--forge", "none").output


# ---------------------------------------------------------------------------------------------------------------- hooks


def test_pre_commit_with_nothing_that_can_hold_sql(shop):
    shop.stage({"notes.txt": "hello\n", "shop.py": "print('hello')\n"})
    found = run("hook", "pre-commit")
    assert (found.exit_code, found.output) == (0, "lastcall: nothing that is staged can hold SQL\n")


@pytest.mark.usefixtures("importable")
def test_pre_commit_loads_nothing_heavy_when_nothing_can_hold_sql(shop):
    shop.stage({"notes.txt": "hello\n", "shop.py": "print('hello')\n"})
    command = [sys.executable, "-X", "importtime", "-m", "lastcall", "hook", "pre-commit"]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in found.stderr.splitlines()}
    assert not loaded & {"sqlglot", "git", "pydantic", "yaml", "rich", "diskcache"}


def test_pre_commit_stops_a_slow_query(shop):
    shop.stage({"report.sql": SLOW})
    found = run("hook", "pre-commit")
    assert found.exit_code == 1
    assert "report.sql" in found.output
    shop.stage({"schema.sql": SCHEMA + INDEX})
    assert run("hook", "pre-commit").exit_code == 0


def test_pre_commit_sees_an_index_that_is_taken_away(shop):
    shop.commit("All of it", {"report.sql": SLOW, "schema.sql": SCHEMA + INDEX})
    shop.stage({"schema.sql": SCHEMA})
    assert run("hook", "pre-commit").exit_code == 1


def install(repo: Repo, name: str) -> None:
    """The hook as a user installs it: a line of shell."""
    folder = Path(repo.git("rev-parse", "--absolute-git-dir")) / "hooks"
    folder.mkdir(exist_ok=True)
    script = folder / name
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m lastcall hook {name} --forge none\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)


def git(repo: Repo, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], cwd=repo.root, env=os.environ, capture_output=True, text=True, check=False)


@pytest.mark.usefixtures("importable")
def test_pre_commit_in_a_real_commit_of_one_path(shop):
    install(shop, "pre-commit")
    shop.write({"report.sql": SLOW})
    done = git(shop, "add", "report.sql")
    done = git(shop, "commit", "-m", "Report", "report.sql")
    assert done.returncode == 1
    assert "unindexed-join" in done.stdout + done.stderr
    shop.write({"schema.sql": SCHEMA + INDEX})
    done = git(shop, "commit", "-a", "-m", "Report, with its index")
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("importable")
def test_pre_push_judges_a_release_branch_since_its_freeze(shop, tmp_path):
    server = Repo(tmp_path / "server", bare=True)
    shop.git("remote", "add", "origin", str(server.root))
    shop.git("push", "--quiet", "origin", "main", "release/2.4", "freeze/release/2.4")
    install(shop, "pre-push")
    shop.commit("Just a little thing", {"notes.txt": "hello\n"})
    done = git(shop, "push", "origin", "release/2.4")
    assert done.returncode == 1
    assert "unknown-reviews" in done.stdout + done.stderr
    done = git(shop, "push", "origin", "HEAD:topic")
    assert done.returncode == 0, done.stdout + done.stderr
    shop.commit("Something slow", {"report.sql": SLOW})
    done = git(shop, "push", "origin", "HEAD:topic")
    assert (done.returncode, "unindexed-join" in done.stdout + done.stderr) == (1, True)


def test_pre_push_says_what_it_does_not_judge(shop):
    nothing, head = "0" * 40, shop.head
    lines = f"refs/tags/v1 {head} refs/tags/v1 {nothing}\n(delete) {nothing} refs/heads/old {head}\nHEAD {head} refs/heads/main {nothing}\n"
    found = run("hook", "pre-push", stdin=lines)
    assert found.exit_code == 0
    assert found.output.splitlines() == [
        "lastcall: refs/tags/v1 is no branch: not judged",
        "lastcall: old is deleted: nothing to judge",
        "lastcall: main is new, and there is nothing to compare it with: not judged",
    ]


def test_pre_push_under_pre_commit(shop, monkeypatch):
    old = shop.head
    new = shop.commit("Something slow", {"report.sql": SLOW})
    names = {"PRE_COMMIT": "1", "PRE_COMMIT_REMOTE_NAME": "origin", "PRE_COMMIT_REMOTE_URL": "x", "PRE_COMMIT_LOCAL_BRANCH": "HEAD"}
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PRE_COMMIT_REMOTE_BRANCH", "refs/heads/topic")
    assert run("hook", "pre-push").exit_code == 1, "a new branch: only its name is told"
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", old)
    monkeypatch.setenv("PRE_COMMIT_TO_REF", new)
    assert run("hook", "pre-push").exit_code == 1
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", new)
    assert run("hook", "pre-push").exit_code == 0
    monkeypatch.setenv("PRE_COMMIT_REMOTE_BRANCH", "refs/heads/release/2.4")
    assert "unknown-reviews" in run("hook", "pre-push", "--forge", "none").output


@pytest.mark.usefixtures("importable")
def test_pre_receive_on_a_server(shop, tmp_path):
    server = Repo(tmp_path / "server", bare=True)
    shop.git("remote", "add", "origin", str(server.root))
    shop.git("push", "--quiet", "origin", "main", "release/2.4", "freeze/release/2.4")
    install(server, "pre-receive")
    before = server.sha("release/2.4")
    shop.commit("Just a little thing", {"notes.txt": "hello\n"})
    done = git(shop, "push", "origin", "release/2.4")
    assert done.returncode == 1
    assert "unknown-reviews" in done.stderr
    assert server.sha("release/2.4") == before
    assert git(shop, "push", "origin", "HEAD:topic").returncode == 0
    assert git(shop, "push", "origin", ":topic").returncode == 0


@pytest.mark.usefixtures("importable")
def test_a_process_of_its_own(shop):
    done = process("check", "--only", "queries", cwd=shop.root)
    assert (done.returncode, done.stderr) == (0, "")


# ---------------------------------------------------------------------------------------------------------------- progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_is_drawn_on_a_terminal_only_and_only_for_long_work(monkeypatch):
    with progress.watched(wanted=True) as told:
        assert told is no_progress
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with progress.watched(wanted=False) as told:
        assert told is no_progress
    with progress.watched(wanted=True) as told:
        told("files", 1, 10)
    assert screen.getvalue() == ""
    monkeypatch.setattr(progress, "PATIENCE", 0)
    with progress.watched(wanted=True) as told:
        told("files", 1, 10)
        told("[red]reviews", 1, 0)
        told("files", 10, 10)
    assert "10/10" in screen.getvalue()
    assert "[red]reviews" in screen.getvalue()
