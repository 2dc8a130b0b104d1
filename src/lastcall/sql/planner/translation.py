"""Queries, expressions and types of other dialects in PostgreSQL's words, as far as the parser's own translation goes."""

from __future__ import annotations

import re

from sqlglot import ErrorLevel, exp
from sqlglot.errors import SqlglotError

from lastcall.sql.planner.plan import Abstains
from lastcall.sql.statement import UnreadableStatement, parse_text

_USUAL = frozenset({"dbo", "main", "public"})
_TYPES = {
    # Truth values of other dialects are numbers, and are compared with 0 and 1; so is money with numbers.
    **dict.fromkeys(("TINYINT(1)", "BIT", "BIT(1)"), "smallint"),
    **dict.fromkeys(("MONEY", "SMALLMONEY"), "numeric"),
}


def to_postgres(text: str, dialect: str) -> str:
    """A statement or an expression with ``?`` for each parameter.  Raises ``Abstains``."""
    try:
        tree = parse_text(text, dialect)
    except UnreadableStatement as error:
        raise Abstains(error.reason) from None
    for number, hole in enumerate(list(tree.find_all(exp.Placeholder, exp.Parameter)), 1):
        hole.replace(exp.Parameter(this=exp.Literal.number(number)))
    for identifier in list(tree.find_all(exp.Identifier)):
        identifier.set("this", str(identifier.this).lower())
        identifier.set("quoted", True)
    for table in list(tree.find_all(exp.Table)):
        if table.db.lower() in _USUAL:
            table.set("db", None)
        table.set("catalog", None)
    for ordered in tree.find_all(exp.Ordered) if dialect in ("mysql", "tsql") else ():
        ordered.set("nulls_first", bool(ordered.args.get("desc")))  # where nulls stand has no say there, and an index has them elsewhere
    try:
        return tree.sql(dialect="postgres", unsupported_level=ErrorLevel.RAISE, comments=False)
    except (SqlglotError, ValueError, RecursionError) as error:
        told = str(error).strip().partition("\n")[0]
        raise Abstains(f"it cannot be said in PostgreSQL's words: {told or 'it is nested too deeply'}") from None


def type_to_postgres(written: str, dialect: str) -> str:
    """A column's type; empty where it has no like there."""
    if dialect == "postgres":
        return written
    if known := _TYPES.get(written.upper()):
        return known
    plain = re.sub(r"\b(?:UNSIGNED|SIGNED|ZEROFILL|BINARY)\b|\((?:\s*\d+\s+(?:CHAR|BYTE)\s*)\)", "", written).strip()
    try:
        made = exp.DataType.build(plain, dialect=dialect).sql(dialect="postgres")
    except (SqlglotError, ValueError, KeyError, TypeError):
        return ""
    return "" if made.upper().startswith(("ENUM", "SET")) else made
