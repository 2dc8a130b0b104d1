"""The GitHub action, run by a real runner (act, on this machine) against a double of GitHub that executes real queries."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from forges.github_double import GithubDouble, World
from installing import PROJECT, index_needed, snapshot
from repositories import Repo

WORKFLOWS = sorted((PROJECT / ".github" / "workflows").glob("*.yml"))
TOOLS = Path(sys.executable).parent
RELEASE = "release/2.4"
HASH = re.compile(r"[0-9a-f]{40}")

# -------------------------------------------------------------------------------------------------------------------- as it is written


def action() -> dict[str, Any]:
    text = (PROJECT / "action.yml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def scripts() -> list[str]:
    return [step["run"] for step in action()["runs"]["steps"]]


def run(*command: str | Path) -> None:
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr


def test_action_is_what_github_accepts() -> None:
    run(TOOLS / "check-jsonschema", "--builtin-schema", "vendor.github-actions", "action.yml")


def test_workflows_are_what_github_accepts() -> None:
    run(TOOLS / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)


def test_action_and_workflows_are_safe() -> None:
    """No template injection, no action that is not pinned by its hash, no more permissions than needed."""
    run(TOOLS / "zizmor", "--offline", "--no-progress", "--no-config", "--persona=regular", "action.yml", *WORKFLOWS)


def test_scripts_hold_no_expressions_and_python_is_isolated() -> None:
    for script in scripts():
        assert "${{" not in script
        for call in re.findall(r'^[^-\[]*"\$(?:each|python|LASTCALL_PYTHON)" (\S+)', script, re.MULTILINE):
            assert call == "-I"


def test_scripts_are_clean_bash() -> None:
    for script in scripts():
        done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_every_input_reaches_the_check() -> None:
    steps = action()["runs"]["steps"]
    used = json.dumps(steps[-1])
    assert all(f"${{{{ inputs.{name} }}}}" in used for name in action()["inputs"])
    assert all(name in steps[-1]["run"] for name in steps[-1]["env"] if name != "GITHUB_TOKEN")


def test_workflows_pin_what_they_use() -> None:
    for workflow in WORKFLOWS:
        for job in yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"].values():
            for step in job["steps"]:
                name, _, ref = step.get("uses", "").partition("@")
                assert not ref or HASH.fullmatch(ref), f"{workflow.name}: {name}"


def pins() -> dict[str, str]:
    text = (PROJECT / "requirements" / "action.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))


def test_pins_are_what_the_project_depends_on() -> None:
    """``make pins`` renews them."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for told in project["dependencies"]:
        wanted = Requirement(told)
        assert wanted.specifier.contains(pins()[wanted.name]), f"{wanted} is pinned to {pins()[wanted.name]}"
    assert pins()["sqlglot"] == pins()["sqlglotc"]


def test_pins_have_hashes_and_name_no_host() -> None:
    text = (PROJECT / "requirements" / "action.txt").read_text(encoding="utf-8")
    entries = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text


# -------------------------------------------------------------------------------------------------------------------- as it runs

WORKFLOW = """\
on: [pull_request, push, merge_group, workflow_dispatch]
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v7
        with: {fetch-depth: 0}
      - id: lastcall
        uses: lastcall/lastcall@v0
        with: %(inputs)s
      - if: always()
        env:
          VERDICT: ${{ steps.lastcall.outputs.verdict }}
          REPORT: ${{ steps.lastcall.outputs.report }}
        run: |
          echo "$VERDICT" > "$OUT/verdict"
          if [ -n "$REPORT" ]; then cp "$REPORT" "$OUT/report.json"; fi
"""
SCHEMA = """\
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL UNIQUE);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users (id), total numeric(10, 2));
"""
HISTORY = '''\
def history(cursor, email):
    cursor.execute(
        """
        SELECT o.id, o.total
        FROM users u
        JOIN orders o ON o.user_id = u.id
        WHERE u.email = %s
        """,
        [email],
    )
'''
PLACE = "shop/history.py"
INDEX = {"migrations/2.sql": "CREATE INDEX orders_user_id ON orders (user_id);\n"}
ACCOUNTS = {name: {"emails": [f"{name}@example.org"], "writer": True} for name in ("ann", "ben")}


@dataclass(frozen=True)
class Ran:
    """What a workflow run has shown: whether the job passed, the action's outputs, and the log."""

    passed: bool
    verdict: str
    report: dict[str, Any]
    log: str


@dataclass
class Runner:
    """act, on this machine, with nothing of the user's."""

    shop: Repo
    folder: Path
    action: Path

    def run(self, event: str, payload: Mapping[str, object], world: World, inputs: Mapping[str, str] | None = None) -> Ran:
        workflow = self.folder / "workflow.yml"
        workflow.write_text(WORKFLOW % {"inputs": json.dumps(dict(inputs or {}))})
        told = self.folder / "event.json"
        told.write_text(json.dumps(payload))
        out = self.folder / "out"
        out.mkdir()
        world.learn(self.shop.root)
        with GithubDouble(world) as double:
            settings = {"GITHUB_GRAPHQL_URL": double.url, "GITHUB_REPOSITORY": world.repository, "LASTCALL_CACHE": "off", "OUT": str(out)}
            settings["GIT_ALLOW_PROTOCOL"] = "none"  # origin is GitHub's real address
            done = subprocess.run(
                [
                    *(TOOLS / "act", event, "--workflows", workflow, "--eventpath", told),
                    *("--platform", "ubuntu-latest=-self-hosted", "--no-cache-server"),
                    *("--local-repository", f"lastcall/lastcall@v0={self.action}", "--secret", f"GITHUB_TOKEN={double.token}"),
                    *(part for key, value in settings.items() for part in ("--env", f"{key}={value}")),
                ],
                cwd=self.shop.root,
                env=self.environ(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
        return self.read(done.returncode, done.stdout, out)

    def environ(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "GITHUB_", "PYTHON", "XDG_"))}
        return kept | {
            "PATH": os.pathsep.join([str(TOOLS), os.environ["PATH"]]),
            "HOME": str(self.folder / "home"),
            "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", str(Path.home() / ".cache" / "pip")),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
        }

    def read(self, code: int, log: str, out: Path) -> Ran:
        def text(name: str) -> str:
            return (out / name).read_text(encoding="utf-8") if (out / name).exists() else ""

        return Ran(code == 0, text("verdict").strip(), json.loads(text("report.json") or "{}"), log)


@pytest.fixture
def shop(tmp_path: Path) -> Repo:
    """A shop with a frozen release branch."""
    shop = Repo(tmp_path / "shop")
    shop.commit("Start the shop", {"schema.sql": SCHEMA})
    shop.git("remote", "add", "origin", "https://github.com/acme/shop.git")
    shop.checkout(RELEASE, new=True)
    shop.tag(f"freeze/{RELEASE}", message="Code freeze")
    return shop


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the runner checks out as the action."""
    return snapshot(tmp_path_factory.mktemp("source") / "lastcall").root


@pytest.fixture
def runner(shop: Repo, source: Path, tmp_path: Path) -> Runner:
    if not (TOOLS / "act").exists() or shutil.which("bash") is None:
        pytest.skip("there is no runner for this platform")
    index_needed()
    (tmp_path / "home").mkdir()
    return Runner(shop, tmp_path, source)


def pull(shop: Repo, number: int, branch: str, *, approved: str | None = None, **more: object) -> dict[str, Any]:
    """A pull request of ann's into the release branch, approved by ben on the commit ``approved``."""
    reviews = [{"author": "ben", "state": "APPROVED", "commit": approved, "at": "2026-03-03T15:30:00Z", "writer": True}] if approved else []
    head = shop.sha(branch)
    commits = shop.git("rev-list", "--reverse", f"freeze/{RELEASE}..{branch}").split()
    told = {"number": number, "title": "Last orders", "state": "open", "author": "ann", "base": RELEASE, "head": head}
    return told | {"commits": commits, "reviews": reviews} | more


def test_pull_request_without_an_index_or_a_review_fails(shop: Repo, runner: Runner) -> None:
    base = shop.head
    shop.checkout("history", new=True)
    head = shop.commit("Show the last orders", {PLACE: HISTORY}, author="Ann <ann@example.org>")
    event = {
        "action": "synchronize",
        "number": 13,
        "pull_request": {"number": 13, "base": {"ref": RELEASE, "sha": base}, "head": {"ref": "history", "sha": head}},
    }
    ran = runner.run("pull_request", event, World(accounts=ACCOUNTS, pulls=[pull(shop, 13, "history")]))
    assert not ran.passed
    assert ran.verdict == "fail", ran.log
    assert {finding["rule"] for finding in ran.report["findings"]} == {"unindexed-join", "unreviewed-change"}
    assert f"file={PLACE},line=6" in ran.log, ran.log


def test_push_of_an_approved_pull_request_passes(shop: Repo, runner: Runner) -> None:
    base = shop.head
    shop.checkout("history", new=True)
    head = shop.commit("Show the last orders", {PLACE: HISTORY} | INDEX, author="Ann <ann@example.org>")
    told = pull(shop, 13, "history", approved=head)
    shop.checkout(RELEASE)
    merge = shop.merge("history", message="Merge pull request #13 from acme/history", author="Ann <ann@example.org>")
    landed = {"state": "merged", "merge_commit": merge, "merged_at": "2026-03-03T16:00:00Z", "landed": [head, merge]}
    event = {"ref": f"refs/heads/{RELEASE}", "before": base, "after": merge}
    ran = runner.run("push", event, World(accounts=ACCOUNTS, pulls=[told | landed]))
    assert ran.verdict == "pass", ran.log
    assert ran.passed
    assert [(change["id"], change["verdict"]) for change in ran.report["changes"]] == [("pull:13", "approved")]


def test_started_by_hand_it_finds_a_direct_push(shop: Repo, runner: Runner) -> None:
    shop.commit("A quick fix", {"README.md": "A shop.\n"}, author="Ann <ann@example.org>")
    ran = runner.run("workflow_dispatch", {"inputs": {}}, World(accounts=ACCOUNTS), {"release": RELEASE})
    assert ran.verdict == "fail", ran.log
    assert not ran.passed
    assert [finding["rule"] for finding in ran.report["findings"]] == ["unreviewed-change"]


# -------------------------------------------------------------------------------------------------------------------- its check, alone


@dataclass
class Script:
    """The script of the check step, run as the runner would, with the lastcall under test."""

    shop: Repo
    folder: Path

    double: dict[str, str] = field(default_factory=dict)
    """What it takes to ask a double of GitHub."""

    def run(self, **inputs: str) -> tuple[int, dict[str, str], str]:
        """Its exit code, its outputs, and the step summary; inputs are named as in action.yml, with underscores."""
        python = self.folder / "python"
        python.write_text(f'#!/bin/sh\nshift\nPYTHONPATH="{PROJECT / "src"}" exec "{sys.executable}" "$@"\n')
        python.chmod(0o755)
        step = action()["runs"]["steps"][-1]
        values = {name: inputs.get(name.replace("-", "_"), told["default"]) for name, told in action()["inputs"].items()}
        told = re.compile(r"\$\{\{ inputs\.([\w-]+) \}\}")
        environ = {key: told.sub(lambda found: values[found[1]], value) for key, value in step["env"].items()}
        files = {key: self.folder / key for key in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "GITHUB_"))}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
            cwd=self.shop.root,
            env=kept
            | environ
            | {key: str(file) for key, file in files.items()}
            | {"LASTCALL_HOME": str(self.folder), "LASTCALL_PYTHON": str(python), "LASTCALL_CACHE": "off", "GITHUB_TOKEN": ""}
            | self.double,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        outputs = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
        return done.returncode, outputs, files["GITHUB_STEP_SUMMARY"].read_text()


@pytest.fixture
def script(shop: Repo, tmp_path: Path) -> Script:
    return Script(shop, tmp_path)


def test_the_summary_and_the_reports_are_written(shop: Repo, script: Script) -> None:
    shop.commit("Show the last orders", {PLACE: HISTORY})
    code, outputs, summary = script.run(release=RELEASE, only="queries", sarif_file="lastcall.sarif")
    assert (code, outputs["verdict"]) == (1, "fail")
    assert json.loads(Path(outputs["report"]).read_text())["verdict"] == "fail"
    assert json.loads((shop.root / "lastcall.sarif").read_text())["version"] == "2.1.0"
    assert "unindexed-join" in summary


def test_what_a_clone_of_branches_lacks_is_fetched(shop: Repo, script: Script) -> None:
    """The rebase button leaves nothing of the reviewed commits on any branch: the forge keeps them under refs/pull."""
    shop.checkout("topic", new=True)
    head = shop.commit("Write it", {"a.txt": "a\n"}, author="Ann <ann@example.org>")
    shop.checkout(RELEASE)
    shop.commit("Meanwhile", {"b.txt": "b\n"}, author="Ann <ann@example.org>")
    shop.tag(f"freeze/{RELEASE}-2", message="Code freeze")
    told = pull(shop, 13, "topic", approved=head)
    landed = shop.pick(head, committer="Ben <ben@example.org>")
    world = World(accounts=ACCOUNTS, pulls=[told | {"state": "merged", "merge_commit": landed, "landed": [landed]}])
    world.learn(shop.root)
    shop.git("update-ref", "refs/pull/13/head", head)
    shop.git("branch", "-D", "topic")
    script.shop = shop.clone(script.folder / "clone", "--branch", RELEASE)
    with GithubDouble(world) as double:
        script.double = double.environ
        code, outputs, summary = script.run(release=RELEASE, freeze=f"freeze/{RELEASE}-2", only="review")
    assert (code, outputs["verdict"]) == (0, "pass"), summary


def test_the_summary_can_be_left_out(shop: Repo, script: Script) -> None:
    shop.commit("Show the last orders", {PLACE: HISTORY} | INDEX)
    code, outputs, summary = script.run(release=RELEASE, only="queries", summary="false")
    assert (code, outputs["verdict"], summary) == (0, "pass", "")


def test_what_cannot_be_judged_is_an_error_and_no_pass(script: Script) -> None:
    code, outputs, summary = script.run(release="release/9", only="queries")
    assert (code, outputs, summary) == (2, {"verdict": "error"}, "")


def test_an_input_is_a_value_and_never_an_option_or_a_command(script: Script) -> None:
    code, outputs, _ = script.run(release="--help")
    assert (code, outputs) == (2, {"verdict": "error"})
    code, outputs, _ = script.run(release="$(touch owned); `touch owned`")
    assert (code, outputs) == (2, {"verdict": "error"})
    assert not (script.shop.root / "owned").exists()
