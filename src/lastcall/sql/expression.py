"""One spelling for the expressions of indexes and the predicates of partial ones.  The only part of reading DDL that needs a parser."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from lastcall.sql.statement import UnreadableStatement, parse_text

if TYPE_CHECKING:
    from sqlglot import exp


@lru_cache(maxsize=4096)
def normalise(text: str, dialect: str) -> str:
    """An expression of an index, or the predicate of a partial one, as one spelling: folded, unqualified, and without what pg_dump adds.

    PostgreSQL prints ``status IN ('a')`` back as ``((status)::text = ANY (ARRAY['a'::character varying]::text[]))``; both become the same.
    What the parser does not understand stays as it is, with its blanks evened out.
    """
    from sqlglot import exp  # noqa: PLC0415 - heavy, and few indexes need it

    try:
        tree = parse_text(text, dialect)
    except UnreadableStatement:
        return " ".join(text.split())
    tree = exp.Paren(this=tree)
    _unquote(tree)
    _undress(tree)
    while isinstance(tree, exp.Paren):
        tree = tree.this
    try:
        return str(tree.sql(dialect=dialect))
    except (RecursionError, ValueError):
        return " ".join(text.split())


def _unquote(tree: exp.Expr) -> None:
    from sqlglot import exp  # noqa: PLC0415

    for identifier in list(tree.find_all(exp.Identifier)):
        name = str(identifier.this).lower()
        identifier.set("this", name)
        identifier.set("quoted", not re.fullmatch(r"[a-z_]\w*", name))
    for column in list(tree.find_all(exp.Column)):
        for part in ("table", "db", "catalog"):
            column.set(part, None)


def _undress(tree: exp.Expr) -> None:
    """Take out the casts and parentheses that pg_dump adds, and write its arrays as the lists that people write."""
    from sqlglot import exp  # noqa: PLC0415

    for paren in list(tree.find_all(exp.Paren)):
        inner = paren.unnest()
        plain = isinstance(inner, (exp.Column, exp.Literal, exp.Func, exp.Array)) and not isinstance(inner, exp.Connector)
        if plain and paren.parent is not None:
            paren.replace(inner)
    for cast in list(tree.find_all(exp.Cast)):
        # The outermost cast of an expression is what is indexed; the others only bring varchar and text together.
        if _is_text(cast.to) and not isinstance(cast.parent, exp.Paren) and isinstance(cast.this, (exp.Column, exp.Literal, exp.Array)):
            cast.replace(cast.this)
        elif number := _number(cast):
            cast.replace(number)
    for introducer in list(tree.find_all(exp.Introducer)):  # mysqldump's _utf8mb4'x'
        introducer.replace(introducer.expression)
    for comparison in list(tree.find_all(exp.EQ, exp.NEQ)):
        if values := _compared_array(comparison.expression):
            found: exp.Expr = exp.In(this=comparison.this.copy(), expressions=[value.copy() for value in values])
            comparison.replace(exp.Not(this=found) if isinstance(comparison, exp.NEQ) else found)


def _number(cast: exp.Cast) -> exp.Expr | None:
    """The number in ``'-1'::integer``, which is how PostgreSQL prints -1."""
    from sqlglot import exp  # noqa: PLC0415

    said = str(cast.this.this) if isinstance(cast.this, exp.Literal) and cast.this.is_string else ""
    if not re.fullmatch(r"-?\d+(\.\d+)?", said) or not cast.is_type(*exp.DataType.NUMERIC_TYPES):
        return None
    number = exp.Literal.number(said.removeprefix("-"))
    return exp.Neg(this=number) if said.startswith("-") else number


def _is_text(kind: object) -> bool:
    from sqlglot import exp  # noqa: PLC0415

    while isinstance(kind, exp.DataType) and kind.is_type("array") and kind.expressions:
        kind = kind.expressions[0]
    return isinstance(kind, exp.DataType) and kind.is_type("text", "varchar", "char", "bpchar", "nvarchar", "nchar")


def _compared_array(node: object) -> list[exp.Expr]:
    """The values of ``ANY (ARRAY[…])`` or ``ALL (ARRAY[…])``."""
    from sqlglot import exp  # noqa: PLC0415

    is_all = isinstance(node, exp.Anonymous) and node.name.upper() == "ALL"
    if not isinstance(node, (exp.Any, exp.All)) and not is_all:
        return []
    assert isinstance(node, exp.Expr)
    array = node.expressions[0] if is_all else node.this
    while isinstance(array, (exp.Paren, exp.Cast)):
        array = array.this
    return list(array.expressions) if isinstance(array, exp.Array) else []
