"""Holds lastcall's findings against a real planner, on queries of others and of our own: ``make judge``.

The judge (``lastcall.sql.planner``) is PostgreSQL's planner, which is made to believe in 10 million rows a table.  Of each query it says
whether indexes are missing: whether the query is planned ten times cheaper with every index that might help.  lastcall says so, too, by its
findings of weight warning or error.  docs/accuracy.md has the table that this prints, and says how to read it.

The sets are the Join Order Benchmark, TPC-H, Chinook and Pagila.  They are other people's and are not kept here: they are taken from the
folder that LASTCALL_JUDGE_DATA names (clones, bare ones as well, called ``name`` or ``owner+name``), or else cloned into the user's cache.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

from lastcall import check, sql
from lastcall.folder import Folder
from lastcall.model import Finding, LastcallError, Policy, Position, Query, QueryPolicy, Release, Severity, Side
from lastcall.sql.frontends import Fragment
from lastcall.sql.planner.candidates import Candidate
from lastcall.sql.planner.plan import Abstains
from lastcall.sql.planner.server import Server, running
from lastcall.sql.planner.verdict import Judging, Verdict, judging
from lastcall.sql.planner.volume import Volume
from lastcall.sql.statement import split

QUERIES = Path(__file__).parent / "queries"
SOURCES = {
    # By name: where it is cloned from, and the commit whose files are read.
    "join-order-benchmark": ("gregrahn/join-order-benchmark", "a39603662e023e449cb2121997a5034df9e02ebf"),
    "tpch-kit": ("gregrahn/tpch-kit", "852ad0a5ee31ebefeed884cea4188781dd9613a3"),
    "chinook-database": ("lerocha/chinook-database", "7f67772503d71ba90f19283c38e93923addb43fa"),
    "pagila": ("devrimgunduz/pagila", "eddcfc4513dab4239ee1acbdf52beb1f5fcf50ac"),
}
NEAR = 3
"""How many times the best cost a query may cost with lastcall's suggestions, for them to be right."""

# The substitution parameters for query validation, from the specification of TPC-H (clause 2.4, "Query Validation" of each query).
TPCH: Mapping[int, Sequence[str]] = {
    1: ["90"],
    2: ["15", "BRASS", "EUROPE"],
    3: ["BUILDING", "1995-03-15"],
    4: ["1993-07-01"],
    5: ["ASIA", "1994-01-01"],
    6: ["1994-01-01", "0.06", "24"],
    7: ["FRANCE", "GERMANY"],
    8: ["BRAZIL", "AMERICA", "ECONOMY ANODIZED STEEL"],
    9: ["green"],
    10: ["1993-10-01"],
    11: ["GERMANY", "0.0001"],
    12: ["MAIL", "SHIP", "1994-01-01"],
    13: ["special", "requests"],
    14: ["1995-09-01"],
    15: ["1996-01-01"],
    16: ["Brand#45", "MEDIUM POLISHED", "49", "14", "23", "45", "19", "3", "36", "9"],
    17: ["Brand#23", "MED BOX"],
    18: ["300"],
    19: ["Brand#12", "Brand#23", "Brand#34", "1", "10", "20"],
    20: ["forest", "1994-01-01", "CANADA"],
    21: ["SAUDI ARABIA"],
    22: ["13", "31", "23", "29", "30", "18", "17"],
}


# ---------------------------------------------------------------------------------------------------------------- the sets


@dataclass(frozen=True)
class Source:
    """A repository of which files are read at one commit."""

    folder: Path
    commit: str

    @classmethod
    def of(cls, name: str) -> Source:
        """The clone of the folder that the user names, or one of our own.  LastcallError where there is neither."""
        address, commit = SOURCES[name]
        given = os.environ.get("LASTCALL_JUDGE_DATA")
        if not given:
            return cls(_cloned(address, name), commit)
        for place in (name, f"{name}.git", address.replace("/", "+")):
            for folder in (Path(given) / place, Path(given) / place / "repo"):
                if (folder / "HEAD").exists() or (folder / ".git").exists():
                    return cls(folder, commit)
        raise LastcallError(f"{given} has no clone of {name}", f"git clone https://github.com/{address} {given}/{name}")

    def read(self, path: str) -> str:
        return self._git("show", f"{self.commit}:{path}")

    def paths(self) -> list[str]:
        return self._git("ls-tree", "-r", "--name-only", self.commit).splitlines()

    def _git(self, *arguments: str) -> str:
        done = subprocess.run(["git", "-C", str(self.folder), "-c", "safe.directory=*", *arguments], capture_output=True, check=False)
        if done.returncode:
            raise LastcallError(f"{self.folder}: git {' '.join(arguments)} fails: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout.decode("utf-8", "replace")


def _cloned(address: str, name: str) -> Path:
    folder = platformdirs.user_cache_path("lastcall") / "judge" / name
    if not (folder / ".git").exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        print(f"cloning https://github.com/{address} into {folder}", file=sys.stderr)
        subprocess.run(
            ["git", "clone", "--quiet", "--filter=blob:none", "--no-checkout", f"https://github.com/{address}", str(folder)], check=True
        )
    return folder


@dataclass(frozen=True)
class Subject:
    """A schema in one variant, and queries on it; ``dialect`` is that of both."""

    name: str
    variant: str
    schema: str
    queries: str


def job() -> Iterator[Subject]:
    source = Source.of("join-order-benchmark")
    paths = sorted((path for path in source.paths() if re.fullmatch(r"\d+[a-z]\.sql", path)), key=lambda path: (int(path[:-5]), path))
    queries = "\n".join(source.read(path) for path in paths)
    schema = source.read("schema.sql")
    yield Subject("JOB", "as is", schema, queries)
    yield Subject("JOB", "with fkindexes", schema + source.read("fkindexes.sql"), queries)


def tpch() -> Iterator[Subject]:
    source = Source.of("tpch-kit")
    queries = "\n".join(_filled(number, source.read(f"dbgen/queries/{number}.sql")) for number in sorted(TPCH))
    # The keys are written for another server: CONNECT TO, the schema's name, a name between FOREIGN KEY and its columns.
    keys = re.sub(r"(?m)^(CONNECT TO|COMMIT WORK).*$", "", source.read("dbgen/dss.ri"))
    keys = re.sub(r"(FOREIGN KEY)\s+\w+\s*\(", r"\1 (", keys).replace("TPCD.", "")
    schema = source.read("dbgen/dss.ddl") + keys
    yield Subject("TPC-H", "with its keys", schema, queries)
    yield Subject("TPC-H", "with foreign-key indexes", schema + _reference_indexes(schema), queries)


def chinook() -> Iterator[Subject]:
    schema = Source.of("chinook-database").read("ChinookDatabase/DataSources/Chinook_PostgreSql.sql")
    return _own("Chinook", schema, "chinook.sql")


def pagila() -> Iterator[Subject]:
    return _own("Pagila", Source.of("pagila").read("pagila-schema.sql"), "pagila.sql")


def _own(name: str, schema: str, queries: str) -> Iterator[Subject]:
    text = (QUERIES / queries).read_text(encoding="utf-8")
    yield Subject(name, "as is", schema, text)
    yield Subject(name, "without secondary indexes", _without_secondary(schema), text)


def _filled(number: int, template: str) -> str:
    """A template of TPC-H with its parameters, and without the lines that speak to its generator; its rows' limit becomes a LIMIT."""
    text = re.sub(r"(?m)^(--.*|:[xo])\s*$", "", template)
    limit = re.search(r"(?m)^:n (-?\d+)\s*$", text)
    text = re.sub(r"(?m)^:n .*$", "", text).replace(":s", "0")
    text = re.sub(r":(\d+)", lambda found: TPCH[number][int(found[1]) - 1], text)
    text = re.sub(r"interval '(\d+)' day \(3\)", r"interval '\1' day", text)
    if limit and int(limit[1]) > 0:
        text = re.sub(r";\s*\Z", f"\nlimit {limit[1]};\n", text.rstrip())
    return re.sub(r"(?im)^drop view .*$", "", text)


def _reference_indexes(schema: str) -> str:
    """An index on the columns of each foreign key that no key of the table begins with."""
    side = _side(schema, "")
    wanted = [
        f"CREATE INDEX ON {table.name} ({', '.join(key.columns)});"
        for table in side.catalog.tables.values()
        for key in table.foreign_keys
        if not any(index.columns[: len(key.columns)] == key.columns for index in table.indexes)
    ]
    return "\n" + "\n".join(wanted)


def _without_secondary(schema: str) -> str:
    """The schema without the indexes that are there for speed alone."""
    for statement in reversed(list(split(Fragment("schema.sql", schema, "sql"), "postgres"))):
        if statement.keyword == "CREATE INDEX" and not re.match(r"CREATE\s+UNIQUE\b", statement.text, re.IGNORECASE):
            schema = schema[: statement.start] + schema[statement.end :].lstrip(";")
    return schema


SETS: Mapping[str, Callable[[], Iterator[Subject]]] = {"job": job, "tpch": tpch, "chinook": chinook, "pagila": pagila}


# ---------------------------------------------------------------------------------------------------------------- measuring


@dataclass
class Score:
    """What came out for one subject."""

    subject: Subject
    abstained: list[tuple[Query, str]] = field(default_factory=list)
    hits: int = 0
    silent: int = 0
    false: list[tuple[Verdict, list[Finding]]] = field(default_factory=list)
    missed: list[Verdict] = field(default_factory=list)
    joins_right: int = 0
    joins_wrong: int = 0
    near: int = 0
    far: list[tuple[Verdict, tuple[Candidate, ...], float]] = field(default_factory=list)

    @property
    def judged(self) -> int:
        return self.hits + self.silent + len(self.false) + len(self.missed)


def _side(schema: str, queries: str) -> Side:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "1_schema.sql").write_text(schema, encoding="utf-8")
        (Path(folder) / "2_queries.sql").write_text(queries, encoding="utf-8")
        return sql.read(Folder(Path(folder)), QueryPolicy(dialect="postgres", exclude=()))


def measure(subject: Subject, server: Server) -> Score:
    """Judge every query of a subject, and hold what lastcall finds against that."""
    side = _side(subject.schema, subject.queries)
    queries = [query for query in side.queries if query.location.path == "2_queries.sql"]
    score = Score(subject)
    found = _by_query(side, queries)
    with judging(side, queries, Volume(), server=server) as judge:
        for verdict in judge.verdicts():
            _count(score, verdict, found[id(verdict.query)], judge)
    return score


def _by_query(side: Side, queries: Sequence[Query]) -> dict[int, list[Finding]]:
    """What lastcall says of indexes that each query lacks, where it weighs a warning or more."""
    findings, _ = check.check(Release(Position.TREE, "", after=side), Policy())
    told = [each for each in findings if each.severity >= Severity.WARNING and each.location and (each.index or each.rule in UNSERVED)]
    return {id(query): [each for each in told if _within(each, query)] for query in queries}


UNSERVED = frozenset({"unserved-or", "dropped-index"})


def _within(finding: Finding, query: Query) -> bool:
    place, whole = finding.location, query.location
    if place is None or place.path != whole.path:
        return False
    return (whole.line, whole.column) <= (place.line, place.column) <= (whole.end_line, whole.end_column or 1 << 30)


def _count(score: Score, verdict: Verdict, findings: list[Finding], judge: Judging) -> None:
    if verdict.reason:
        score.abstained.append((verdict.query, verdict.reason))
        return
    missing, told = bool(verdict.missing), bool(findings)
    if missing and told:
        score.hits += 1
    elif missing:
        score.missed.append(verdict)
    elif told:
        score.false.append((verdict, findings))
    else:
        score.silent += 1
    if any(each.rule == "unindexed-join" and each.severity is Severity.ERROR for each in findings):
        score.joins_right += missing
        score.joins_wrong += not missing
    if missing:
        suggested = tuple(dict.fromkeys(Candidate(each.index.table, each.index.columns) for each in findings if each.index))
        try:
            cost = judge.cost(verdict.query, suggested)
        except Abstains:
            return
        if cost <= NEAR * verdict.best:
            score.near += 1
        else:
            score.far.append((verdict, suggested, cost))


# ---------------------------------------------------------------------------------------------------------------- telling

HEADS = ("set", "variant", "judged", "abstained", "lack an index", "precision", "recall", "join errors right", "suggestions near the best")


def row(scores: Sequence[Score], name: str, variant: str) -> tuple[str, ...]:
    hits, false, missed = (
        sum(each.hits for each in scores),
        sum(len(each.false) for each in scores),
        sum(len(each.missed) for each in scores),
    )
    right, wrong = sum(each.joins_right for each in scores), sum(each.joins_wrong for each in scores)
    near, far = sum(each.near for each in scores), sum(len(each.far) for each in scores)
    return (
        name,
        variant,
        f"{sum(each.judged for each in scores)}",
        f"{sum(len(each.abstained) for each in scores)}",
        f"{hits + missed}",
        _share(hits, hits + false),
        _share(hits, hits + missed),
        f"{right} of {right + wrong}",
        f"{near} of {near + far}",
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "-"


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """The rows as a table in Markdown, with its columns in line."""
    widths = [max(len(each[column]) for each in (HEADS, *rows)) for column in range(len(HEADS))]
    lines = [HEADS, tuple("-" * width for width in widths), *rows]
    return "\n".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines)


def differences(score: Score) -> Iterator[str]:
    """Every query on which the two differ, and every suggestion that falls short, for whoever wants to know why."""
    head = f"{score.subject.name}, {score.subject.variant}"
    for query, reason in score.abstained:
        yield f"{head}: abstained: {reason}\n    {_short(query)}"
    for verdict in score.missed:
        yield f"{head}: missed: {_costs(verdict)}\n    {_short(verdict.query)}"
    for verdict, findings in score.false:
        told = "; ".join(f"{each.rule}: {each.message}" for each in findings)
        yield f"{head}: false: {told}; the planner: {verdict.cost:,.0f} -> {verdict.best:,.0f}\n    {_short(verdict.query)}"
    for verdict, suggested, cost in score.far:
        yield f"{head}: not the best: {cost:,.0f} with {_names(suggested)}; {_costs(verdict)}\n    {_short(verdict.query)}"


def _costs(verdict: Verdict) -> str:
    return f"{verdict.cost:,.0f} -> {verdict.best:,.0f} with {_names(verdict.missing)}"


def _names(candidates: Sequence[Candidate]) -> str:
    return ", ".join(f"{each.table} ({', '.join(each.columns)})" for each in candidates) or "nothing"


def _short(query: Query) -> str:
    return f"{query.location.line}: {' '.join(query.sql.split())[:600]}"


def main(arguments: Sequence[str]) -> int:
    """Measure the sets that are named (all, where none is), and print the table; with ``-v`` also every difference."""
    wanted = [name for name in arguments if name in SETS] or list(SETS)
    rows: list[tuple[str, ...]] = []
    every: list[Score] = []
    with running() as server:
        for subject in (each for name in wanted for each in SETS[name]()):
            score = measure(subject, server)
            every.append(score)
            rows.append(row([score], subject.name, subject.variant))
            print(f"{subject.name}, {subject.variant}: done", file=sys.stderr)
            if "-v" in arguments:
                print("\n".join(differences(score)))
    print(table([*rows, row(every, "all", "")]))
    return 0


if __name__ == "__main__":
    try:
        raise SystemExit(main(sys.argv[1:]))
    except LastcallError as error:
        raise SystemExit(f"{error.message}\n  {error.hint}") from None
