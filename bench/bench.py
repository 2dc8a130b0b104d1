"""Measures what has a budget in docs/design.md, each figure of a whole process, and prints it beside its budget.

``make bench`` runs all; names run some: ``make bench ARGS='help hook'``.  Nothing here passes or fails: a busy machine is no bug.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Self

import generated
import history

SOURCE = Path(__file__).parent.parent / "src"
TESTS = SOURCE.parent / "tests"
MIB = 1 << 20
_STATEMENTS = 2000
_PARSER = """
import pathlib, sys
import sqlglot
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.sql")):
    sqlglot.parse(path.read_text(), read="postgres")
"""
_DOUBLE = """
import json, pathlib, sys
sys.path.insert(0, sys.argv[1])
from github_double import GithubDouble, World
with GithubDouble(World.read(pathlib.Path(sys.argv[2]))) as double:
    print(json.dumps(double.environ), flush=True)
    for line in sys.stdin:
        print(len(double.queries), flush=True)
"""
_PULLS = 600
_IDLE = "import sqlglot.parsers.postgres"


@dataclass(frozen=True)
class Used:
    """What one process has used: seconds on the clock, seconds of CPU, and bytes at its fullest."""

    wall: float
    cpu: float
    memory: int


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    what: str
    measured: str
    budget: str = ""
    cpu: float | None = None


@dataclass(frozen=True)
class Bench:
    """Where things are generated, and where lastcall keeps what it has read."""

    folder: Path

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    @property
    def environ(self) -> dict[str, str]:
        unwanted = ("GIT_", "GITHUB_", "LASTCALL_", "PYTHONDONTWRITEBYTECODE")  # without bytecode every start would compile everything
        kept = {key: value for key, value in os.environ.items() if not key.startswith(unwanted)}
        return kept | {"PYTHONPATH": str(SOURCE), "LASTCALL_CACHE": str(self.cache)}

    def forget(self) -> None:
        shutil.rmtree(self.cache, ignore_errors=True)
        self.cache.mkdir(mode=0o700)

    def lastcall(self, *arguments: str, within: Path | None = None, told: Mapping[str, str] | None = None) -> Used:
        return self.run(sys.executable, "-m", "lastcall", *arguments, within=within, told=told)

    def run(self, *command: str, within: Path | None = None, told: Mapping[str, str] | None = None) -> Used:
        """Runs it to its end.  Findings (1) are an end like any; RuntimeError where it could not do its work."""
        environ = self.environ | dict(told or {})
        with tempfile.TemporaryFile() as said:
            started = perf_counter()
            process = subprocess.Popen(
                command, cwd=within or self.folder, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said
            )
            _, status, used = os.wait4(process.pid, 0)
            wall = perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            said.seek(0)
            if process.returncode not in {0, 1}:
                raise RuntimeError(f"{' '.join(command)}: {process.returncode}\n{said.read().decode()}")
        return Used(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024))

    def medians(self, runs: Sequence[Callable[[], Used]], times: int = 5) -> list[Used]:
        """Of each run what it takes in the middle; in turns, so that a busy machine disturbs all of them alike."""
        rounds = [[run() for run in runs] for _ in range(times)]
        return [
            Used(median(each.wall for each in used), median(each.cpu for each in used), max(each.memory for each in used))
            for used in zip(*rounds, strict=True)
        ]

    def best(self, run: Callable[[], Used], times: int = 5) -> Used:
        """The one that was disturbed least."""
        return min((run() for _ in range(times)), key=lambda used: used.cpu)


def measure_help(bench: Bench) -> Iterator[Figure]:
    used = bench.best(lambda: bench.lastcall("--help"), 7)
    yield Figure("lastcall --help, CPU", _seconds(used.cpu), "0.2 s")
    yield Figure("lastcall --help", _seconds(used.wall), "", used.cpu)


def measure_hook(bench: Bench) -> Iterator[Figure]:
    shop = _repository(bench, "shop", files=2000, lines=60)
    (shop / "README.md").write_text("Better words.\n")
    generated.git(shop, "add", "README.md")
    used = bench.best(lambda: bench.lastcall("hook", "pre-commit", within=shop))
    yield Figure("pre-commit hook, nothing relevant staged", _seconds(used.wall), "0.3 s", used.cpu)
    generated.git(shop, "reset", "--quiet", "--hard")


def measure_staged(bench: Bench) -> Iterator[Figure]:
    shop = _repository(bench, "shop", files=2000, lines=60)
    (shop / "app00" / "module_00001.py").write_text(generated.python_module(1, 60, list(generated.statements(3, seed=3))))
    generated.git(shop, "add", "--all")
    bench.forget()
    cold = bench.lastcall("hook", "pre-commit", within=shop)
    warm = bench.best(lambda: bench.lastcall("hook", "pre-commit", within=shop))
    yield Figure("one staged file with SQL, 2,000 Python files, cold", _seconds(cold.wall), "", cold.cpu)
    yield Figure("one staged file with SQL, 2,000 Python files, warm", _seconds(warm.wall), "1 s", warm.cpu)
    generated.git(shop, "reset", "--quiet", "--hard")


def measure_sql(bench: Bench) -> Iterator[Figure]:
    """Both with and without the time that an idle process takes: the rest is what grows with the statements."""
    folder = bench.folder / "sql"
    length = generated.sql_folder(folder, _STATEMENTS)
    empty = bench.folder / "empty"
    empty.mkdir()
    (empty / "one.sql").write_text("SELECT 1;\n")

    def audit(of: Path) -> Used:
        bench.forget()
        return bench.lastcall("audit", str(of), "--format", "json")

    def parse(*arguments: str) -> Used:
        return bench.run(sys.executable, "-c", *arguments)

    runs = [lambda: parse(_PARSER, str(folder)), lambda: parse(_IDLE), lambda: audit(folder), lambda: audit(empty)]
    parser, idle_parser, reader, idle_reader = bench.medians(runs)
    alone, whole = _STATEMENTS / (parser.wall - idle_parser.wall), _STATEMENTS / (reader.wall - idle_reader.wall)
    of_cpu = (parser.cpu - idle_parser.cpu) / (reader.cpu - idle_reader.cpu)
    yield Figure(f"{_STATEMENTS:,} statements of {length / _STATEMENTS:.0f} characters, the parser alone", f"{alone:,.0f} a second")
    yield Figure("the same, lastcall audit", f"{whole:,.0f} a second", "2,500 a second")
    yield Figure("of the parser's speed", f"{whole / alone:.2f}", "0.7")
    yield Figure("the same of the CPU, of which the parser uses one", f"{of_cpu:.2f}")
    yield Figure("the same with starting up: parser, audit", f"{_seconds(parser.wall)}, {_seconds(reader.wall)}")


def measure_audit(bench: Bench) -> Iterator[Figure]:
    large = _repository(bench, "large", files=2500, lines=200)
    lines = sum(path.read_bytes().count(b"\n") for path in large.rglob("*.py"))
    bench.forget()
    cold = bench.lastcall("audit", "--format", "json", within=large)
    warm = bench.best(lambda: bench.lastcall("audit", "--format", "json", within=large), 3)
    yield Figure(f"audit of {lines:,} lines, cold", _seconds(cold.wall), "30 s", cold.cpu)
    yield Figure(f"audit of {lines:,} lines, warm", _seconds(warm.wall), "3 s", warm.cpu)
    yield Figure("memory, cold and warm", f"{cold.memory / MIB:.0f} and {warm.memory / MIB:.0f} MiB", "500 MiB")


def measure_review(bench: Bench) -> Iterator[Figure]:
    """The double of GitHub takes its time, too: it executes every query on GitHub's whole schema, in a process of its own."""
    shop = bench.folder / "release"
    world = history.release(shop, _PULLS)
    late = generated.git(shop, "rev-list", "--count", "freeze/release/1..release/1").strip()
    judged = ("--release", "release/1")
    evidence = bench.folder / "evidence.json"
    with _Github(bench, world) as github:
        collect = bench.lastcall("collect", *judged, "--output", str(evidence), within=shop, told=github.environ)
        requests = github.requests()
        check = bench.lastcall("check", *judged, "--only", "review", "--format", "json", within=shop, told=github.environ)
    replay = bench.lastcall("check", *judged, "--only", "review", "--evidence", str(evidence), "--format", "json", within=shop)
    what = f"{int(late):,} late commits of {_PULLS} pull requests"
    yield Figure(f"{what}, checked", _seconds(check.wall), "20 s", check.cpu)
    yield Figure("the same, collect", _seconds(collect.wall), "", collect.cpu)
    yield Figure("requests", str(requests), "60")
    yield Figure("the same, checked by that evidence", _seconds(replay.wall), "", replay.cpu)
    yield Figure("memory", f"{max(check.memory, collect.memory) / MIB:.0f} MiB", "500 MiB")


class _Github:
    """The double of GitHub that the tests use, in a process of its own; a context manager."""

    def __init__(self, bench: Bench, world: Path) -> None:
        self._command = [sys.executable, "-c", _DOUBLE, str(TESTS / "forges"), str(world)]
        self._environ = bench.environ

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, env=self._environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.environ: dict[str, str] = json.loads(self._told())
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def requests(self) -> int:
        """How many it got so far."""
        if self._process.stdin:
            self._process.stdin.write("\n")
            self._process.stdin.flush()
        return int(self._told())

    def _told(self) -> str:
        return self._process.stdout.readline() if self._process.stdout else ""


BENCHES: dict[str, Callable[[Bench], Iterator[Figure]]] = {
    "help": measure_help,
    "hook": measure_hook,
    "staged": measure_staged,
    "sql": measure_sql,
    "audit": measure_audit,
    "review": measure_review,
}


def _repository(bench: Bench, name: str, *, files: int, lines: int) -> Path:
    folder = bench.folder / name
    if not folder.exists():
        generated.python_repository(folder, files, lines)
    return folder


def _seconds(value: float) -> str:
    return f"{value:.2f} s"


def main(names: list[str]) -> int:
    unknown = set(names) - BENCHES.keys()
    if unknown:
        print(f"there is no bench called {', '.join(sorted(unknown))}: there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    print(f"{'':52}{'measured':>18}{'of it CPU':>12}{'budget':>16}")
    with tempfile.TemporaryDirectory(prefix="lastcall-bench-") as folder:
        bench = Bench(Path(folder))
        bench.forget()
        for name in names or BENCHES:
            for figure in BENCHES[name](bench):
                cpu = _seconds(figure.cpu) if figure.cpu is not None else ""
                print(f"{figure.what:52}{figure.measured:>18}{cpu:>12}{figure.budget:>16}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
