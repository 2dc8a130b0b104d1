"""Which SQL a repository speaks, told by scans of bytes: settings, database URLs, drivers, container images, and the SQL itself.

The work is bounded: so many small files that are likely to say it, each up to so many bytes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from lastcall.model import Blob, Kind, LastcallError, Tree

NAMES = ("postgres", "mysql", "sqlite", "tsql", "oracle")
_ALIASES = {
    "postgresql": "postgres",
    "pg": "postgres",
    "mariadb": "mysql",
    "sqlite3": "sqlite",
    "mssql": "tsql",
    "sqlserver": "tsql",
    "sql-server": "tsql",
    "plsql": "oracle",
}
_FILES = 60
"""How many files of each sort are looked into."""
_BYTES = 512 * 1024
_SQL_BYTES = 16 * 1024
"""How much of an SQL file is looked at: its dialect shows in the first tables."""


@dataclass(frozen=True)
class Dialect:
    """``evidence`` is a clause that says where the name comes from."""

    name: str
    evidence: str


def named(name: str) -> Dialect:
    """The dialect that the policy names.  Raises LastcallError where there is none of that name."""
    known = _ALIASES.get(name.lower(), name.lower())
    if known not in NAMES:
        raise LastcallError(f"there is no dialect “{name}”", f"write one of {', '.join(NAMES)} as queries.dialect, or leave it out")
    return Dialect(known, "the policy says so")


def detect(tree: Tree) -> Dialect:
    """The dialect that most of a tree speaks for; PostgreSQL where nothing speaks for any."""
    scores = Counter[str]()
    witnesses: dict[str, tuple[int, str]] = {}
    for name, weight, witness in _testimony(tree):
        scores[name] += weight
        if weight > witnesses.get(name, (0, ""))[0]:
            witnesses[name] = (weight, witness)
    if not scores:
        return Dialect("postgres", "nothing in the files names a dialect, so it is assumed")
    best = max(NAMES, key=lambda name: (scores[name], -NAMES.index(name)))
    return Dialect(best, witnesses[best][1])


def of_text(text: str, path: str) -> str | None:
    """The dialect of one SQL file where its name or its text leave no doubt about it; None where the repository's will do.

    Chinook, say, has one file for each dialect.
    """
    lowered = path.lower()
    if suffix := _SUFFIXES.get(lowered.rpartition(".")[2]):
        return suffix
    scores = Counter[str]()
    if found := _of_path(lowered):
        scores[found] += 6
    for name, weight in _marks(text[:_SQL_BYTES]).items():
        scores[name] += weight
    ranked = scores.most_common(2)
    second = ranked[1][1] if len(ranked) > 1 else 0
    return ranked[0][0] if ranked and ranked[0][1] >= second + _SURE else None


_SURE = 5
"""By how much one dialect's marks must outweigh the next one's before a file is read in another dialect than its repository."""

# ------------------------------------------------------------------------------------------ what speaks for a dialect

_SUFFIXES = {"pgsql": "postgres", "psql": "postgres", "mysql": "mysql"}
_PATH_WORDS = {
    "postgres": ("postgresql", "postgres", "pgsql", "psql", "pg"),
    "mysql": ("mysql", "mariadb"),
    "sqlite": ("sqlite", "sqlite3"),
    "tsql": ("sqlserver", "mssql", "tsql"),
    "oracle": ("oracle", "plsql", "ora"),
}
_PATH_WORD = re.compile(r"(?<![a-z])(?:" + "|".join(word for words in _PATH_WORDS.values() for word in words) + r")(?![a-z])")


def _of_path(lowered: str) -> str:
    found = {name for word in _PATH_WORD.findall(lowered) for name, words in _PATH_WORDS.items() if word in words}
    return found.pop() if len(found) == 1 else ""


# Mark, weight (five settles it alone), and the words of which one must be there, so that most marks cost no scan.
_TEXT_MARKS: dict[str, tuple[tuple[str, int, str], ...]] = {
    "postgres": (
        (r"\bPostgreSQL database dump\b", 9, "postgresql"),
        (r"\b(?:BIG|SMALL)?SERIAL\s*(?:,|NOT\s+NULL|PRIMARY)", 3, "serial"),
        (r"\w::[a-z]\w+", 2, "::"),
        (r"\bLANGUAGE\s+'?plpgsql\b", 5, "language"),
        (r"\bTIMESTAMPTZ\b|\bJSONB\b|\bBYTEA\b", 4, "timestamptz jsonb bytea"),
        (r"\bCREATE\s+EXTENSION\b|\bCREATE\s+INDEX\s+CONCURRENTLY\b|\bpg_catalog\b", 5, "extension concurrently pg_catalog"),
        (r"\bUSING\s+(?:gin|gist|brin|btree)\s*\(", 3, "using"),
        (r"\$\$", 2, "$$"),
        (r"^\\(?:c|connect|restrict|i|copy|set)\b", 3, "\\"),
        (r"\bALTER\s+TABLE\s+ONLY\b", 4, "alter"),
    ),
    "mysql": (
        (r"\bMySQL dump\b|\bMariaDB dump\b", 9, "mysql mariadb"),
        (r"\bENGINE\s*=\s*(?:InnoDB|MyISAM|Aria|MEMORY)\b", 6, "engine"),
        (r"\bAUTO_INCREMENT\b", 4, "auto_increment"),
        (r"`\w+`", 3, "`"),
        (r"/\*!\d{5}", 5, "/*!"),
        (r"^\s*DELIMITER\s", 3, "delimiter"),
        (r"\bUNSIGNED\b|\b(?:MEDIUM|LONG|TINY)TEXT\b|\bCHARSET\s*=", 2, "unsigned text charset"),
    ),
    "sqlite": (
        (r"\bAUTOINCREMENT\b", 6, "autoincrement"),
        (r"^\s*PRAGMA\s+\w+", 6, "pragma"),
        (r"\bWITHOUT\s+ROWID\b|\bsqlite_\w+\b", 6, "without sqlite_"),
        (r"\bUSING\s+fts[345]\b", 6, "using"),
        (r"\bINTEGER\s+(?:NOT\s+NULL\s+)?PRIMARY\s+KEY\b", 2, "integer"),
    ),
    "tsql": (
        (r"^[ \t]*GO[ \t]*\r?$", 4, "go"),
        (r"\[dbo\]", 6, "[dbo]"),
        (r"\bIDENTITY\s*\(\s*\d+\s*,\s*\d+\s*\)", 4, "identity"),
        (
            r"\bNVARCHAR\s*\(\s*MAX\s*\)|\bUNIQUEIDENTIFIER\b|\bDATETIME2\b|\bDATETIMEOFFSET\b",
            4,
            "nvarchar uniqueidentifier datetime datetimeoffset",
        ),
        (r"\b(?:NON)?CLUSTERED\b", 3, "clustered"),
        (r"\bIF\s+OBJECT_ID\s*\(|\bsp_\w+\b|@@\w+", 3, "object_id sp_ @@"),
        (r"\[\w+\]\s+\[?\w+\]?", 1, "["),
    ),
    "oracle": (
        (r"\bN?VARCHAR2\s*\(", 6, "varchar"),
        (r"\bNUMBER\s*\(\s*\d+", 4, "number"),
        (r"^/[ \t]*\r?$", 2, "/"),
        (r"\bCREATE\s+OR\s+REPLACE\s+(?:EDITIONABLE\s+)?PACKAGE\b", 5, "replace"),
        (r"\bSYSDATE\b|\bNVL\s*\(|\bFROM\s+DUAL\b", 2, "sysdate nvl dual"),
        (r"^[ \t]*(?:PROMPT|REM|SPOOL|WHENEVER)\s", 3, "prompt rem spool whenever"),
    ),
}


@lru_cache(maxsize=1)
def _text_marks() -> tuple[tuple[str, int, tuple[str, ...], re.Pattern[str]], ...]:
    return tuple(
        (name, weight, tuple(words.split()), re.compile(mark, re.IGNORECASE | re.MULTILINE))
        for name, marks in _TEXT_MARKS.items()
        for mark, weight, words in marks
    )


def _marks(text: str) -> Counter[str]:
    found = Counter[str]()
    lowered = text.lower()
    for name, weight, words, mark in _text_marks():
        if (not words or any(word in lowered for word in words)) and mark.search(text):
            found[name] += weight
    return found


_CONFIGURATION: tuple[tuple[str, int, bytes], ...] = (
    ("postgres", 12, rb"django\.db\.backends\.postgresql|django\.contrib\.gis\.db\.backends\.postgis|\"?ActiveRecord.*postgresql"),
    ("mysql", 12, rb"django\.db\.backends\.mysql|django\.contrib\.gis\.db\.backends\.mysql"),
    ("oracle", 12, rb"django\.db\.backends\.oracle"),
    ("tsql", 12, rb"[\"']ENGINE[\"']\s*:\s*[\"'](?:mssql|sql_server\.pyodbc)[\"']"),
    # SQLite is everybody's default for development and tests, and seldom what a release runs on.
    ("sqlite", 5, rb"django\.db\.backends\.sqlite3"),
    ("postgres", 8, rb"\bpostgres(?:ql)?(?:\+\w+)?://|jdbc:postgresql:"),
    ("mysql", 8, rb"\b(?:mysql|mariadb)(?:\+\w+)?://|jdbc:(?:mysql|mariadb):"),
    ("tsql", 8, rb"\bmssql(?:\+\w+)?://|jdbc:sqlserver:"),
    ("oracle", 8, rb"\boracle(?:\+\w+)?://|jdbc:oracle:"),
    ("sqlite", 3, rb"\bsqlite(?:\+\w+)?:///"),
    ("postgres", 6, rb"image:\s*[\"']?(?:[\w.-]+/)*(?:postgres|postgis|timescaledb|pgvector)\b"),
    ("mysql", 6, rb"image:\s*[\"']?(?:[\w.-]+/)*(?:mysql|mariadb|percona)\b"),
    ("tsql", 6, rb"image:\s*[\"']?(?:[\w.-]+/)*mssql"),
    ("oracle", 6, rb"image:\s*[\"']?(?:[\w.-]+/)*oracle"),
    ("postgres", 5, rb"(?i)(?:^|[\"'\s\[])(?:psycopg(?:2(?:-binary)?)?|asyncpg|pg8000)\b"),
    ("mysql", 5, rb"(?i)(?:^|[\"'\s\[])(?:mysqlclient|pymysql|aiomysql|asyncmy|mysql-connector-python|mariadb)\b"),
    ("tsql", 5, rb"(?i)(?:^|[\"'\s\[])(?:mssql-django|pymssql)\b"),
    ("oracle", 5, rb"(?i)(?:^|[\"'\s\[])(?:oracledb|cx[-_]oracle)\b"),
    ("sqlite", 3, rb"(?i)(?:^|[\"'\s\[])aiosqlite\b"),
)
_CONFIGURED_IN = re.compile(
    r"(?i)(?:^|/)(?:[^/]*settings[^/]*\.py|settings/[^/]+\.py|config[^/]*\.(?:py|toml|ya?ml|ini)|requirements[^/]*\.(?:txt|in)"
    r"|requirements/[^/]+\.(?:txt|in)"
    r"|pyproject\.toml|pipfile|setup\.(?:py|cfg)|(?:docker-)?compose[^/]*\.ya?ml|\.env[^/]*|alembic\.ini|database\.ya?ml|application[^/]*\.(?:properties|ya?ml))$"
)


@lru_cache(maxsize=1)
def _configuration() -> tuple[tuple[str, int, re.Pattern[bytes]], ...]:
    return tuple((name, weight, re.compile(mark, re.MULTILINE)) for name, weight, mark in _CONFIGURATION)


def _testimony(tree: Tree) -> Iterator[tuple[str, int, str]]:
    """What speaks for which dialect, how much, and in words: the configuration by its sort, the SQL files each by its own marks."""
    configured = [blob for blob in tree.blobs if blob.kind is Kind.FILE and _CONFIGURED_IN.search(blob.path)]
    once: set[tuple[str, int]] = set()
    for blob in _nearest(configured):
        data = tree.read(blob, _BYTES) or b""
        for name, weight, mark in _configuration():
            if (name, weight) not in once and (found := mark.search(data)):
                once.add((name, weight))
                shown = found[0].decode("ascii", "replace").strip("\"' \t\r\n[")
                yield name, weight, f"{blob.path} names {shown}"
    suffixes = (".sql", ".ddl", *(f".{suffix}" for suffix in _SUFFIXES))
    for blob in _nearest([blob for blob in tree.blobs if blob.kind is Kind.FILE and blob.path.lower().endswith(suffixes)]):
        data = (tree.read(blob, _BYTES * 4) or b"")[:_SQL_BYTES]
        text = "" if b"\0" in data else data.decode("latin-1")
        if told := of_text(text, blob.path):
            yield told, 2, f"{blob.path} is written in it"
        else:
            for name, weight in _marks(text).items():
                if weight >= 2:  # noqa: PLR2004 - a mark that may be chance
                    yield name, 1, f"{blob.path} looks like it"


def _nearest(blobs: list[Blob]) -> list[Blob]:
    """The files nearest to the root, which say most about what is released; tests and examples last."""

    def distance(blob: Blob) -> tuple[bool, int, str]:
        aside = any(part in {"tests", "test", "examples", "docs", "vendor", "node_modules"} for part in blob.path.split("/"))
        return aside, blob.path.count("/"), blob.path

    return sorted(blobs, key=distance)[:_FILES]
