"""The demonstration: a real repository, a real check, the same on every machine."""

from __future__ import annotations

import os
import subprocess

import pytest
from click.testing import CliRunner

from lastcall import demo
from lastcall.cli import cli
from lastcall.model import LastcallError, Verdict


@pytest.fixture(autouse=True)
def hostile_machine(monkeypatch, tmp_path):
    """A user who signs everything, has hooks, and stands in another repository."""
    config = tmp_path / "gitconfig"
    config.write_text(
        f"[commit]\n\tgpgSign = true\n[tag]\n\tgpgSign = true\n[core]\n\thooksPath = {tmp_path}\n[init]\n\tdefaultBranch = trunk\n"
    )
    (tmp_path / "pre-commit").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "pre-commit").chmod(0o755)
    (tmp_path / "tmp").mkdir()
    for name in [name for name in os.environ if name.startswith(("GITHUB_", "GIT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))


def test_the_check_approves_the_pull_request_and_stops_the_push(tmp_path):
    built = demo.build(tmp_path / "demo")
    report = demo.judge(built)
    assert report.failed
    verdicts = {commit.subject: change.verdict for change in report.release.changes for commit in change.commits}
    assert verdicts == {
        "Add receipts": Verdict.APPROVED,
        "Merge pull request #12 from shop/receipts": Verdict.APPROVED,
        "Show the last orders on every page": Verdict.BLOCKED,
    }
    found = {finding.rule: finding for finding in report.findings if finding.severity >= report.fail_on}
    assert set(found) == {"unreviewed-change", "unindexed-join"}
    join = found["unindexed-join"]
    assert join.location
    assert join.location.path == "shop/account.py"
    assert join.commit == built.culprit
    assert join.index
    assert (join.index.table, join.index.columns) == ("orders", ("user_id",))


def test_it_is_the_same_everywhere(tmp_path):
    assert demo.build(tmp_path / "one").culprit == demo.build(tmp_path / "two").culprit


def test_the_command_shows_it_and_says_how_to_go_on():
    shown = CliRunner().invoke(cli, ["demo"], prog_name="lastcall")
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert "ended with exit code 1" in shown.output
    assert "unindexed-join" in shown.output
    folder = next(line for line in shown.output.splitlines() if line.startswith("  cd ")).removeprefix("  cd ")
    assert subprocess.run(["git", "-C", folder, "status", "--porcelain"], capture_output=True, text=True, check=True).stdout == ""
    steps = [line.split()[1:] for line in shown.output.splitlines() if line.startswith("  lastcall ")]
    for step in steps:
        assert CliRunner().invoke(cli, ["-C", folder, *step], prog_name="lastcall").exit_code == 0, step
    assert len(steps) == 3


def test_without_git_it_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(LastcallError, match="git cannot be run"):
        demo.build(tmp_path / "demo")
