"""The benchmarks run, and say what they measured beside its budget; how fast it was is nothing that a test can tell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
    assert "there are help, hook, staged, sql, audit" in done.stderr
