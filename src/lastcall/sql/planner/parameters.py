"""A query as a server takes it: what a driver would fill in becomes a numbered parameter, and what it would take out is taken out.

Where the holes are is known to ``statement``, which blanks them before it parses; here they are named instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from lastcall.sql.statement import rewriting

FEW = 100
"""Rows that a parameter after LIMIT stands for: a planner that knows no number takes a tenth of the table."""

_OPERAND = re.compile(r"[\w\"'\])`]\Z")
_WORD = re.compile(r"[A-Za-z_]+\Z")
_EXPECTS = frozenset(
    {
        *(
            "ALL",
            "AND",
            "ANY",
            "AS",
            "ASC",
            "BETWEEN",
            "BY",
            "CASE",
            "DISTINCT",
            "ELSE",
            "ESCAPE",
            "EXCEPT",
            "EXISTS",
            "FETCH",
            "FIRST",
            "FROM",
        ),
        *("HAVING", "ILIKE", "IN", "INTERSECT", "INTERVAL", "IS", "JOIN", "LIKE", "LIMIT", "NEXT", "NOT", "OFFSET", "ON", "OR", "OVER"),
        *(
            "RETURNING",
            "ROW",
            "SELECT",
            "SET",
            "SIMILAR",
            "SOME",
            "THEN",
            "TO",
            "TOP",
            "UNION",
            "UPDATE",
            "VALUES",
            "WHEN",
            "WHERE",
            "WITH",
        ),
    }
)
"""Words after which an operand stands, so that a question mark is one, and no operator of jsonb."""
_QUOTED = r"'(?:[^']|'')*+'|\"[^\"]*+\""
_LIST = re.compile(r"\b(IN)\s+(\$\d+)\b", re.IGNORECASE)
_TYPED = re.compile(r"\b(INTERVAL|TIMESTAMP|DATE|TIME)\s+(\$\d+)\b", re.IGNORECASE)
_HOLE = r"(?:\(\s*\$\d+(?:::\w+)?\s*\)|\$\d+(?:::\w+)?)"
_LIMIT = re.compile(rf"\b(LIMIT|FETCH\s+(?:FIRST|NEXT)|TOP)\s+{_HOLE}", re.IGNORECASE)
_OFFSET = re.compile(rf"\bOFFSET\s+{_HOLE}", re.IGNORECASE)
_NAME = re.compile(r"\bCOLLATE\s+\"[^\"]*+\"|'(?:[^']|'')*+'|(?P<name>\"[^\"]*+\")", re.IGNORECASE)
_NUMBER = re.compile(rf"{_QUOTED}|(?<![\w$])\$(?P<number>\d+)")


def numbered(text: str, dialect: str, write: Callable[[int], str] = "${}".format, *, apart: bool = False) -> str:
    """The query without comments, with each hole written as ``write`` its number; a hole that has a name, or ``$1``, has one number.

    ``apart``: not even then, for one that is compared with columns of different types.
    """
    numbers: dict[str, int] = {}
    driver_takes_percent = bool(re.search(r"%(?:\(\w+\))?[sdif]\b", re.sub(_QUOTED, "", text)))

    def number(hole: str) -> str:
        named = not apart and hole not in ("?", "%s", "%d") and not hole.startswith("{")
        key = hole if named else f"{hole} {len(numbers)}"
        return write(numbers.setdefault(key, len(numbers) + 1))

    def rewrite(found: re.Match[str]) -> str:
        whole = found[0]
        match found.lastgroup:
            case "comment" | "aside":
                return " "
            case "escaped":
                return "%"
            case "glued":
                return "_"
            case "hole":
                return number(whole)
            case "brace":
                return number(whole) if not _part_of_name(found) else re.sub(r"\W", "_", whole)
            case "mark":
                return number("?") if not driver_takes_percent and _stands_alone(found) else "?" if whole == "??" else whole
        return whole.replace("%%", "%") if driver_takes_percent else whole

    return _marks(dialect).sub(rewrite, text).strip().rstrip(";").rstrip()


def blanked(text: str, dialect: str) -> str:
    """The query with ``?`` for each hole, and a blank behind it: ``?::`` would be one token of the parser's."""
    return numbered(text, dialect, lambda _: "? ")


@lru_cache(maxsize=16)
def _marks(dialect: str) -> re.Pattern[str]:
    known = rewriting(dialect)
    return re.compile(rf"(?P<aside>/\*.*?(?:\*/|\Z))|{known.pattern}|(?P<mark>\?\??)", known.flags)


def _part_of_name(found: re.Match[str]) -> bool:
    before, after = found.string[found.start() - 1 : found.start()], found.string[found.end() : found.end() + 1]
    return after in {".", "_"} or after.isalnum() or before in {".", "_"} or before.isalnum()


def _stands_alone(found: re.Match[str]) -> bool:
    """Whether a question mark stands where an operand does: else it is the operator of jsonb."""
    if found[0] == "??":
        return False
    before = found.string[: found.start()].rstrip()
    word = _WORD.search(before)
    return not _OPERAND.search(before) or bool(word and word[0].upper() in _EXPECTS)


def for_postgres(text: str) -> str:
    """A query with ``$1`` parameters as PostgreSQL can plan it, where a parameter stands that its grammar or its planner cannot do with.

    Names in quotes are folded, as the catalog has them; those of collations are not in it.
    """
    text = _NAME.sub(lambda found: found[0].lower() if found["name"] else found[0], text)
    text = _LIMIT.sub(rf"\1 {FEW}", text)
    text = _OFFSET.sub("OFFSET 0", text)
    text = _LIST.sub(r"\1 (\2)", text)
    text = _TYPED.sub(lambda found: f"{found[2]}::{found[1]}", text)
    used: dict[str, int] = {}  # what stood after LIMIT leaves a gap, and a parameter that is nowhere has no type
    return _NUMBER.sub(lambda found: f"${used.setdefault(found['number'], len(used) + 1)}" if found["number"] else found[0], text)
