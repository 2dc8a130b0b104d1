"""Schemas and queries made at random, and what is left of a report once all that it suggests is done."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lastcall import check, sql
from lastcall.folder import Folder
from lastcall.model import Finding, Policy, Position, QueryPolicy, Release, Side

DIALECTS = ("postgres", "mysql", "sqlite", "tsql", "oracle")
LACKING = frozenset({"unindexed-join", "unindexed-filter", "unindexed-sort", "unindexed-foreign-key"})


def side(folder: Path, dialect: str, small: Sequence[str] = ()) -> Side:
    return sql.read(Folder(folder), QueryPolicy(dialect=dialect, small_tables=tuple(small), exclude=()))


def report(folder: Path, dialect: str, small: Sequence[str] = (), before: Side | None = None) -> list[Finding]:
    """What an audit of a folder finds; with what was there ``before``, what a check of a release does."""
    position = Position.PAIR if before else Position.TREE
    release = Release(position, "", after=side(folder, dialect, small), before=before)
    return check.check(release, Policy(queries=QueryPolicy(dialect=dialect, small_tables=tuple(small))))[0]


def carries(finding: Finding) -> bool:
    """Whether a finding suggests an index that is missing."""
    return finding.suggestion.startswith("CREATE INDEX ") and finding.rule != "blocking-index-build"


def statements(found: Iterable[Finding]) -> list[str]:
    """The statements that a report suggests, each once."""
    told = (finding.suggestion for finding in found if carries(finding))
    return list(dict.fromkeys(line for suggestion in told for line in suggestion.split("\n")))


def left_over(folder: Path, dialect: str, small: Sequence[str] = ()) -> list[str]:
    """What is wrong after all suggestions of a report were done, a sentence each; nothing, if they are right."""
    before = report(folder, dialect, small)
    suggested = statements(before)
    if not suggested:
        return []
    (folder / "suggested.sql").write_text("\n".join(suggested) + "\n", encoding="utf-8")
    after = report(folder, dialect, small)
    (folder / "suggested.sql").unlink()
    silenced = {(each.rule, each.fingerprint) for each in before if carries(each)}
    known = {(each.rule, each.message, each.location) for each in before}
    wrong = [f"not silenced: {_line(each)}" for each in after if (each.rule, each.fingerprint) in silenced]
    for each in after:
        if (each.rule, each.message, each.location) in known or (each.rule, each.fingerprint) in silenced:
            continue
        if each.rule in LACKING or (each.rule == "redundant-index" and each.location and each.location.path == "suggested.sql"):
            wrong.append(f"new: {_line(each)}")
        elif each.rule in {"unread-query", "unknown-table"}:
            wrong.append(f"not read: {_line(each)}")
    return wrong and [f"suggested: {each}" for each in suggested] + wrong


def _line(finding: Finding) -> str:
    place = f"{finding.location.path}:{finding.location.line}" if finding.location else "?"
    return f"[{finding.rule}] {place} {finding.message}"


# ---------------------------------------------------------------------------------------------------------------- made at random

QUOTES = {"mysql": "``", "tsql": "[]"}
NAMES = ("users", "orders", "items", "Order", "user", "Invoice Lines", "audit_log", "2fa", "teamMembers", "a_b", "a")
COLUMNS = (
    "id", "user_id", "userId", "order", "Status", "created_at", "email", "parent_id", "teamId", "total amount", "kind", "body", "b_c", "c",
    "deletedAt", "group", "sku", "a_very_long_name_of_a_column_that_nobody_types_by_hand",
)  # fmt: skip
TYPES = {
    "postgres": ("bigint", "text", "varchar(40)", "timestamptz", "uuid"),
    "mysql": ("bigint", "text", "varchar(255)", "datetime", "varchar(1000)"),
    "sqlite": ("INTEGER", "TEXT", "TEXT", "TEXT", "TEXT"),
    "tsql": ("bigint", "nvarchar(400)", "nvarchar(40)", "datetime2", "uniqueidentifier"),
    "oracle": ("NUMBER(19)", "VARCHAR2(40)", "TIMESTAMP", "VARCHAR2(4000)"),
}


def quote(name: str, dialect: str) -> str:
    opening, closing = QUOTES.get(dialect, '""')
    return f"{opening}{name}{closing}" if not re.fullmatch(r"[a-z_]+", name) or name in {"user", "order", "group"} else name


@dataclass
class World:
    """A schema and the queries that are asked of it."""

    dialect: str
    random: random.Random
    tables: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def q(self, name: str) -> str:
        return quote(name, self.dialect)

    def schema(self) -> str:
        pick = self.random
        made = []
        for name in pick.sample(NAMES, pick.randint(3, 5)):
            columns = [("id", TYPES[self.dialect][0])]
            columns += [(each, pick.choice(TYPES[self.dialect])) for each in pick.sample(COLUMNS[1:], pick.randint(3, 6))]
            lines = [f"{self.q(each)} {kind}{' NOT NULL' if pick.random() < 0.3 else ''}" for each, kind in columns]
            lines[0] = f"{self.q('id')} {columns[0][1]} PRIMARY KEY"
            keys = [each for each, kind in columns[1:] if kind == columns[0][1]]
            if keys and self.tables and pick.random() < 0.6:
                key, other = pick.choice(keys), pick.choice(list(self.tables))
                lines.append(f"FOREIGN KEY ({self.q(key)}) REFERENCES {self.q(other)} ({self.q('id')})")
            made.append(f"CREATE TABLE {self.q(name)} (\n  " + ",\n  ".join(lines) + "\n);")
            self.tables[name] = columns
            short = [each for each, kind in columns if self.indexable(kind)]
            for number in range(pick.randint(0, 2)):
                chosen = pick.sample(short, min(len(short), pick.randint(1, 2)))
                index = self.q(f"made_{name}_{number}".replace(" ", "_"))
                made.append(f"CREATE INDEX {index} ON {self.q(name)} ({', '.join(map(self.q, chosen))});")
        return "\n".join(made) + "\n"

    def indexable(self, kind: str) -> bool:
        return kind not in {"text", "VARCHAR2(4000)", "varchar(1000)"} or self.dialect == "postgres"

    # ------------------------------------------------------------------ queries

    def column(self, table: str, kind: str = "") -> str:
        return self.random.choice([name for name, each in self.tables[table] if each == kind or not kind])

    def value(self, kind: str) -> str:
        if kind.lower().startswith(("bigint", "number", "integer")):
            return str(self.random.randint(1, 99))
        if kind.lower().startswith(("timestamp", "datetime")):
            return {"oracle": "TIMESTAMP '2026-01-01 00:00:00'"}.get(self.dialect, "'2026-01-01'")
        return "'0c7ce6b4-7b4c-4a7c-8f0e-0d6a3a1b2c3d'" if kind in {"uuid", "uniqueidentifier"} else "'x'"

    def term(self, alias: str, table: str) -> str:
        name, kind = self.random.choice(self.tables[table])
        column = f"{alias}.{self.q(name)}"
        one, two, text = self.value(kind), self.value(kind), kind.lower().startswith(("text", "varchar", "nvarchar(40"))
        forms = [f"{column} = {one}"] * 4 + [f"{column} IN ({one}, {two})", f"{column} BETWEEN {one} AND {two}", f"{column} > {one}"]
        forms += [f"{column} IS NULL", f"({column} >= {one} AND {column} < {two})"]
        forms += [f"{column} LIKE 'ab%'", f"lower({column}) = 'x'"] if text else []
        return self.random.choice(forms)

    def where(self, alias: str, table: str, depth: int = 0) -> str:
        roll = self.random.random()
        if roll < 0.2 and depth < 2:
            return f"({' OR '.join(self.where(alias, table, depth + 1) for _ in range(self.random.randint(2, 3)))})"
        if roll < 0.45 and depth < 2:
            return " AND ".join(self.where(alias, table, depth + 1) for _ in range(2))
        if roll < 0.6 and depth < 2:
            return self.nested(alias, table)
        return self.term(alias, table)

    def nested(self, alias: str, table: str) -> str:
        pick = self.random
        name, kind = pick.choice(self.tables[table])
        others = [(other, each) for other, columns in self.tables.items() for each, its in columns if its == kind]
        other, column = pick.choice(others)
        number = pick.randint(1, 99)
        inner = f"{self.q(other)} s{number}"
        tied = f"s{number}.{self.q(column)}"
        more = f" AND {self.term(f's{number}', other)}" if pick.random() < 0.5 else ""
        where = f" WHERE {self.term(f's{number}', other)}" if pick.random() < 0.7 else ""
        forms = [
            f"{alias}.{self.q(name)} IN (SELECT {tied} FROM {inner}{where})",
            f"EXISTS (SELECT 1 FROM {inner} WHERE {tied} = {alias}.{self.q(name)}{more})",
            f"NOT EXISTS (SELECT 1 FROM {inner} WHERE {tied} = {alias}.{self.q(name)}{more})",
        ]
        if kind not in {"uuid", "uniqueidentifier"}:  # which have no greatest
            forms.append(f"{alias}.{self.q(name)} = (SELECT max({tied}) FROM {inner}{where})")
        return pick.choice(forms)

    def joins(self) -> tuple[str, list[tuple[str, str]]]:
        pick = self.random
        tables = pick.choices(list(self.tables), k=pick.randint(1, 3))
        aliases = [(f"t{number}", table) for number, table in enumerate(tables)]
        text = f"{self.q(tables[0])} t0"
        joined = aliases[:1]
        for alias, table in aliases[1:]:
            before, its = pick.choice(joined)
            ties = [(one, two) for one, kind in self.tables[its] for two, other in self.tables[table] if kind == other]
            one, two = pick.choice(ties)
            kind = pick.choice(["JOIN", "JOIN", "LEFT JOIN"])
            text += f" {kind} {self.q(table)} {alias} ON {alias}.{self.q(two)} = {before}.{self.q(one)}"
            joined.append((alias, table))
        return text, aliases

    def select(self) -> str:
        pick = self.random
        source, aliases = self.joins()
        where = " AND ".join(self.where(*pick.choice(aliases)) for _ in range(pick.randint(1, 2)))
        return f"SELECT t0.{self.q('id')} FROM {source}" + (f" WHERE {where}" if pick.random() < 0.85 else "")

    def ordered(self, query: str) -> str:
        table = next((name for name in self.tables if f"FROM {self.q(name)} t0" in query), "")
        keys = ", ".join(f"t0.{self.q(self.column(table))}{self.random.choice(['', ' DESC'])}" for _ in range(self.random.randint(1, 2)))
        if self.dialect == "tsql":
            return query.replace("SELECT", "SELECT TOP 10", 1) + f" ORDER BY {keys}"
        return query + f" ORDER BY {keys} " + ("FETCH FIRST 10 ROWS ONLY" if self.dialect == "oracle" else "LIMIT 10")

    def query(self) -> str:
        pick, roll = self.random, self.random.random()
        if roll < 0.55:
            return self.select()
        if roll < 0.7:
            return self.ordered(self.select())
        if roll < 0.8:
            return f"{self.select()} UNION {pick.choice(['', 'ALL '])}{self.select()}"
        table = pick.choice(list(self.tables))
        if roll < 0.9:
            return f"SELECT d.{self.q('id')} FROM ({self.select()}) d JOIN {self.q(table)} j ON j.{self.q('id')} = d.{self.q('id')}"
        alias = self.q(table)
        return f"DELETE FROM {alias} WHERE {self.where(alias, table, 1)}"


def world(seed: int, dialect: str, queries: int) -> tuple[str, str]:
    """A schema and queries, the same for the same seed."""
    made = World(dialect, random.Random(f"{seed} {dialect}"))
    schema = made.schema()
    return schema, "".join(f"{made.query()};\n" for _ in range(queries))
