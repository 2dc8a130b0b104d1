"""Repositories to measure on: made from a seed, the same on every machine; nothing in them is anybody's code."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

NOUNS = (
    "account",
    "address",
    "booking",
    "cart",
    "coupon",
    "delivery",
    "invoice",
    "item",
    "ledger",
    "message",
    "order",
    "parcel",
    "payment",
)
TABLES = tuple(f"{noun}_{kind}" for noun in NOUNS for kind in ("head", "line"))
COLUMNS = ("status", "total", "created_at", "reference", "quantity", "note")
_GIT = ("git", "-c", "user.name=Bench", "-c", "user.email=bench@example.org", "-c", "core.autocrlf=false", "-c", "gc.auto=0")


def schema() -> str:
    """Every table with a primary key, a reference that an index serves, and one that none does."""
    return "".join(_table(place, name) for place, name in enumerate(TABLES))


def _table(place: int, name: str) -> str:
    first, second = TABLES[place - 1], TABLES[place - 2]
    columns = ",\n".join(f"    {column} text" for column in COLUMNS)
    return (
        f"CREATE TABLE {name} (\n    id bigint PRIMARY KEY,\n    {first}_id bigint REFERENCES {first} (id),\n"
        f"    {second}_id bigint REFERENCES {second} (id),\n{columns}\n);\n"
        f"CREATE INDEX {name}_{first}_id ON {name} ({first}_id);\n\n"
    )


def statements(count: int, seed: int = 1) -> Iterator[str]:
    """Queries of about 125 characters, most of them joins, no two alike."""
    chance = random.Random(seed)
    for number in range(count):
        place = chance.randrange(len(TABLES))
        table, other = TABLES[place], TABLES[place - chance.choice((1, 2))]
        wanted, filtered = chance.sample(COLUMNS, 2)
        select, state = f"SELECT a.id, a.{wanted}, a.{filtered} FROM {table} a", f"'state {number}'"
        match number % 4:
            case 0:
                yield f"{select} WHERE a.{filtered} = $1 AND a.id > {number} ORDER BY a.{wanted} DESC LIMIT 50"
            case 1:
                yield f"UPDATE {table} SET {wanted} = $1, {filtered} = {state} WHERE id = $2 AND {filtered} <> 'done' AND {wanted} <> ''"
            case _:
                yield f"{select} JOIN {other} b ON b.id = a.{other}_id WHERE a.{wanted} = $1 AND a.id < {number}"


def sql_folder(folder: Path, count: int) -> int:
    """A schema and ``count`` statements in files of a hundred; the length of all statements in characters."""
    (folder / "queries").mkdir(parents=True)
    (folder / "schema.sql").write_text(schema())
    told = list(statements(count))
    for first in range(0, count, 100):
        (folder / "queries" / f"{first:05}.sql").write_text(";\n".join(told[first : first + 100]) + ";\n")
    return sum(map(len, told))


def python_repository(folder: Path, files: int, lines: int, *, with_sql: int = 10) -> None:
    """A git repository of ``files`` Python modules of about ``lines`` lines, every ``with_sql``-th of which holds queries."""
    told = statements(files * 4, seed=2)
    for number in range(files):
        module = folder / f"app{number // 100:02}" / f"module_{number:05}.py"
        module.parent.mkdir(parents=True, exist_ok=True)
        queries = [next(told) for _ in range(3)] if number % with_sql == 0 else []
        module.write_text(python_module(number, lines, queries))
    (folder / "schema.sql").write_text(schema())
    (folder / "README.md").write_text("Generated.\n")
    git(folder, "init", "--quiet", "--template=", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Generated")


def python_module(number: int, lines: int, queries: list[str]) -> str:
    """Plain code, and each query in a function of its own; in every fifth module the prose reads like SQL to who looks at words only."""
    chance = random.Random(number)
    parts = [f'"""Module {number}."""\n\nfrom __future__ import annotations\n\nimport logging\n\nlogger = logging.getLogger(__name__)\n']
    parts += [_query(place, query) for place, query in enumerate(queries)]
    length = sum(part.count("\n") for part in parts)
    while length < lines:
        parts.append(_function(chance, len(parts), prose=number % 5 == 0))
        length += parts[-1].count("\n") + 1
    return "\n".join(parts)


def _query(place: int, query: str) -> str:
    text = query.replace("$1", "%s").replace("$2", "%s")
    call = f'    cursor.execute(\n        """\n        {text}\n        """,\n        [value],\n    )\n'
    return f"\ndef query_{place}(cursor, value):\n{call}    return cursor.fetchall()\n"


def _function(chance: random.Random, place: int, *, prose: bool) -> str:
    name, other = chance.sample(NOUNS, 2)
    about = f"Select the {name} to update from where the {other} is, and join them." if prose else f"Bring the {name} up to the {other}."
    return (
        f"\ndef {name}_{place}({other}, limit={chance.randrange(100)}):\n"
        f'    """{about}"""\n'
        f"    found = [each for each in {other} if each.{chance.choice(COLUMNS)} > limit]\n"
        f"    for number, each in enumerate(found):\n"
        f'        logger.debug("{name} %s of %s: %s", number, len(found), each)\n'
        f"        if each.{chance.choice(COLUMNS)} is None:\n"
        f"            continue\n"
        f'        each.{chance.choice(COLUMNS)} = {{"{other}": number * {chance.randrange(9)}, "{name}": str(each)}}\n'
        f"    return sorted(found, key=lambda each: each.{chance.choice(COLUMNS)})\n"
    )


def git(folder: Path, *arguments: str, stdin: bytes = b"") -> str:
    return subprocess.run([*_GIT, *arguments], cwd=folder, check=True, capture_output=True, input=stdin).stdout.decode()
