"""Measures what has a budget in docs/design.md, each figure of a whole process, and prints it beside its budget.

``make bench`` runs all; names run some: ``make bench ARGS='help hook'``.  Nothing here passes or fails: a busy machine is no bug.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import generated

SOURCE = Path(__file__).parent.parent / "src"
MIB = 1 << 20
_STATEMENTS = 2000
_PARSER = """
import pathlib, sys
import sqlglot
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.sql")):
    sqlglot.parse(path.read_text(), read="postgres")
"""
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

    def forget(self) -> None:
        shutil.rmtree(self.cache, ignore_errors=True)
        self.cache.mkdir(mode=0o700)

    def lastcall(self, *arguments: str, within: Path | None = None) -> Used:
        return self.run(sys.executable, "-m", "lastcall", *arguments, within=within)

    def run(self, *command: str, within: Path | None = None) -> Used:
        """Runs it to its end.  Findings (1) are an end like any; RuntimeError where it could not do its work."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "GITHUB_", "LASTCALL_"))}
        environ = kept | {"PYTHONPATH": str(SOURCE), "LASTCALL_CACHE": str(self.cache)}
        with tempfile.TemporaryFile() as told:
            started = perf_counter()
            process = subprocess.Popen(
                command, cwd=within or self.folder, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=told
            )
            _, status, used = os.wait4(process.pid, 0)
            wall = perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            told.seek(0)
            if process.returncode not in {0, 1}:
                raise RuntimeError(f"{' '.join(command)}: {process.returncode}\n{told.read().decode()}")
        return Used(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024))

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

    parser, reader = bench.best(lambda: bench.run(sys.executable, "-c", _PARSER, str(folder)), 3), bench.best(lambda: audit(folder), 3)
    idle_parser, idle_reader = bench.best(lambda: bench.run(sys.executable, "-c", _IDLE), 3), bench.best(lambda: audit(empty), 3)
    alone, whole = _STATEMENTS / (parser.cpu - idle_parser.cpu), _STATEMENTS / (reader.cpu - idle_reader.cpu)
    yield Figure(f"{_STATEMENTS:,} statements of {length / _STATEMENTS:.0f} characters, the parser alone", f"{alone:,.0f} a second")
    yield Figure("the same, lastcall audit", f"{whole:,.0f} a second", "2,500 a second")
    yield Figure("of the parser's speed", f"{whole / alone:.2f}", "0.7")
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


BENCHES: dict[str, Callable[[Bench], Iterator[Figure]]] = {
    "help": measure_help,
    "hook": measure_hook,
    "staged": measure_staged,
    "sql": measure_sql,
    "audit": measure_audit,
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
