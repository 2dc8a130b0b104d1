"""The names that PostgreSQL makes up for indexes and constraints that the DDL leaves without one.

After ``ChooseIndexName``, ``ChooseIndexColumnNames`` and ``makeObjectName`` of its indexcmds.c, ``FigureIndexColname`` of parse_target.c.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

LONGEST = 63
"""Bytes of a name that PostgreSQL keeps."""
_CAST = re.compile(r"\(CAST\((.+) AS (\w+).*\)\)", re.DOTALL)
_TYPES = {"int": "int4", "integer": "int4", "bigint": "int8", "smallint": "int2", "boolean": "bool", "decimal": "numeric", "real": "float4"}


def made_up(table: str, columns: Sequence[str], label: str, taken: Callable[[str], bool]) -> str:
    """The name for an index of ``table``: ``orders_user_id_idx``; with a number where ``taken`` says that it is in use."""
    words = "_".join(_different(columns))
    number = 0
    while True:
        name = _joined(table, words, f"{label}{number or ''}")
        if not taken(name):
            return name
        number += 1


def _different(columns: Sequence[str]) -> list[str]:
    """The names of the index's own columns, which are those of the table's, made different from each other."""
    found: list[str] = []
    for column in columns:
        word = name = _word(column)
        number = 1
        while name in found:
            name = f"{_cut(word, LONGEST - len(str(number)))}{number}"
            number += 1
        found.append(name)
    return found


def _word(column: str) -> str:
    """What becomes of a key: the column, the function that is called, the type it is cast to, or ``expr``."""
    if not column.startswith("("):
        return column
    if column.startswith("(CASE "):
        return "case"
    if cast := _CAST.fullmatch(column):
        inner = _word(cast[1]) if re.fullmatch(r"\w+", cast[1]) else _word(f"({cast[1]})")
        kind = cast[2].lower()
        return inner if inner != "expr" else _TYPES.get(kind, kind)
    call = re.fullmatch(r"\((\w+)\(.*\)\)", column, re.DOTALL)
    return call[1].lower() if call and _closes(column) else "expr"


def _closes(column: str) -> bool:
    """Whether the first parenthesis of the call is closed by its last one: ``(LOWER(a))``, not ``(LOWER(a) || UPPER(b))``."""
    depth = 0
    for number, character in enumerate(column):
        depth += (character == "(") - (character == ")")
        if depth == 1 and number and character == ")":
            return number == len(column) - 2
    return False


def _joined(table: str, words: str, label: str) -> str:
    """``table_words_label``, of which the longer of the first two gives way where that is too long."""
    room = LONGEST - len(label) - 1 - bool(words)
    while len(table.encode()) + len(words.encode()) > room:
        if len(table.encode()) > len(words.encode()):
            table = table[:-1]
        else:
            words = words[:-1]
    return "_".join(part for part in (table, words, label) if part)


def _cut(word: str, room: int) -> str:
    return word.encode()[:room].decode(errors="ignore")
