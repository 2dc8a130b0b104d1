"""The benchmarks run, and say what they measured beside its budget; how fast it was is nothing that a test can tell."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from forges.github_double import GithubDouble, World

BENCH = Path(__file__).parent.parent / "bench" / "bench.py"


def bench(*names: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, BENCH, *names], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def test_a_figure_stands_beside_its_budget() -> None:
    done = bench("help")
    assert done.returncode == 0, done.stderr
    assert "lastcall --help, CPU" in done.stdout
    assert "0.2 s" in done.stdout


def test_a_bench_that_does_not_exist_is_told() -> None:
    done = bench("nonsense")
    assert done.returncode == 2
    assert "there are help, hook, staged, sql, audit, review" in done.stderr


def test_the_late_commits_that_are_measured_are_good_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of twelve pull requests, each kind twice, everything that landed is found approved, with no merge left out."""
    monkeypatch.syspath_prepend(BENCH.parent)
    history = importlib.import_module("history")
    world = history.release(tmp_path / "shop", 12)
    with GithubDouble(World.read(world)) as double:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "GITHUB_"))}
        command = [sys.executable, "-m", "lastcall", "check", "--release", "release/1", "--only", "review", "--format", "json"]
        done = subprocess.run(
            command,
            cwd=tmp_path / "shop",
            env=kept | double.environ | {"PYTHONPATH": str(BENCH.parents[1] / "src")},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    report = json.loads(done.stdout)
    assert sum(len(change["commits"]) for change in report["changes"]) == 20
    assert {(change["verdict"], len(change["approvals"])) for change in report["changes"]} == {("approved", 1)}
    assert {approval["carried_by"] for change in report["changes"] for approval in change["approvals"]} == {
        "same-commit",
        "same-tree",
        "replay",
    }
