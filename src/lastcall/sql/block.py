"""A query as access paths see it: blocks of sources tied and bound by terms.

This is what ``query.lower`` makes of a sqlglot tree, before any schema is known: names are as the query writes them, folded.  It is small,
can be pickled, and needs no parser to be loaded, so it is what the store keeps for each file.  ``access`` resolves it against a catalog.

A *block* is one SELECT (or the one inside an UPDATE, DELETE, MERGE); a *source* is an entry of its FROM; a *term* is a conjunct of its ON
and WHERE.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import NamedTuple

Span = tuple[int, int]
"""Offsets into the statement's fragment: from, to (exclusive)."""


class Op(Enum):
    """What a term says of its left operand."""

    __hash__ = object.__hash__  # a member is one object; by itself an Enum hashes its name, in Python

    EQ = "="
    IN = "in"
    PREFIX = "prefix"
    BETWEEN = "between"
    LOW = ">"
    HIGH = "<"
    NULL = "is null"
    NOT_NULL = "is not null"
    OR = "or"
    INFIX = "infix"
    """LIKE with a wildcard in front."""
    FALSE = "false"
    OTHER = "other"


class Ref(NamedTuple):
    """A column as the query writes it: ``source`` is the alias before the dot, empty where there is none."""

    source: str
    name: str


class Operand(NamedTuple):
    """One side of a term.

    ``refs`` are the columns in it, ``subs`` the numbers of the block's sub-queries in it; neither: a constant or a parameter.  ``key`` is
    the column's name where the operand is a bare column, else the expression's normal form in parentheses, as an index has it.
    """

    refs: tuple[Ref, ...] = ()
    key: str = ""
    subs: tuple[int, ...] = ()
    boolean: bool = False
    parameter: bool = False
    """It holds a parameter: what it stands for is known at run time only."""
    collation: str = ""
    """The collation that the query writes for it, or for what it is compared with (COLLATE), as it spells that."""
    number: str = ""
    """``integer`` or ``decimal`` where it is a number that is written out, or a list of such."""

    @property
    def bare(self) -> bool:
        return len(self.refs) == 1 and not self.key.startswith("(")


class Term(NamedTuple):
    """A conjunct.  ``key`` is its normal form, compared with the predicate of a partial index."""

    op: Op
    left: Operand
    right: Operand = Operand()
    arms: tuple[tuple[Term, ...], ...] = ()
    span: Span = (0, 0)
    key: str = ""


class Conjunct(NamedTuple):
    """A conjunct of the predicate of a partial index, and what of a query implies it."""

    forms: frozenset[str]
    """Its normal forms: the query says one of them."""
    column: str = ""
    among: frozenset[str] = frozenset()
    """The query equates ``column`` with none but these."""
    beyond: frozenset[str] = frozenset()
    """The query equates ``column`` with constants that are none of these."""

    def implied(self, said: AbstractSet[str]) -> bool:
        """Whether ``said``, the normal forms of a query's conjuncts on the table, imply it (PostgreSQL: ``predtest.c``)."""
        if not said.isdisjoint(self.forms):
            return True
        if not self.column:
            return False
        values = next(filter(None, map(self._values, said)), frozenset[str]())
        return bool(values) and (values <= self.among if self.among else values.isdisjoint(self.beyond))

    def _values(self, form: str) -> frozenset[str]:
        """The constants that a conjunct equates the column with."""
        if not form.startswith(("(eq ", "(in ")):
            return frozenset()
        words = _WORD.findall(form[4:])
        values = [word for word in words if word != self.column]
        return frozenset(values) if len(values) == len(words) - 1 and all(_LITERAL.match(each) for each in values) else frozenset()


_WORD = re.compile(r"'(?:[^']|'')*'|[^\s()]+")
_LITERAL = re.compile(r"'|-?\d")


class Kind(Enum):
    """How a source joins those before it."""

    INNER = "inner"
    LEFT = "left"
    RIGHT = "right"
    FULL = "full"


class Mode(Enum):
    """What a sub-query is to its block."""

    SEMI = "semi"
    ANTI = "anti"
    SCALAR = "scalar"


class Source(NamedTuple):
    """A table or a derived table in FROM."""

    alias: str
    table: str = ""
    block: Block | None = None
    kind: Kind = Kind.INNER
    on: tuple[Term, ...] = ()
    using: tuple[str, ...] = ()
    natural: bool = False
    lateral: bool = False
    rows_known: bool = False
    """A function, VALUES or UNNEST: rows that no table has to be read for."""
    columns: tuple[str, ...] = ()
    """The column names that an alias list gives: ``t (a, b)``."""
    span: Span = (0, 0)
    crossed: bool = False
    """CROSS JOIN, in so many words."""

    @property
    def joined(self) -> bool:
        """Whether it stands behind a JOIN, and not behind a comma."""
        return bool(self.on or self.using or self.natural or self.crossed) or self.kind is not Kind.INNER


class Sub(NamedTuple):
    """A sub-query in an expression.  ``operands`` are compared with its output columns by equality (IN); empty for EXISTS and scalars."""

    mode: Mode
    block: Block
    operands: tuple[Operand, ...] = ()
    span: Span = (0, 0)
    pulled: bool = True
    """Whether it stands as a conjunct of its own, where a planner can turn it into a join."""
    exists: bool = False
    """EXISTS: all that is asked is whether there is a row."""
    negated: bool = False
    """NOT IN: one null in its result, and nothing is ever found."""


class Output(NamedTuple):
    """A column of a block's result; ``star`` is ``*`` or ``t.*`` (then ``name`` is the alias or empty)."""

    name: str
    operand: Operand
    star: bool = False
    aggregate: bool = False


class Order(NamedTuple):
    """A key of ORDER BY; ``nulls_first`` is None where nulls do not matter (MIN, MAX)."""

    operand: Operand
    descending: bool = False
    nulls_first: bool | None = None
    span: Span = (0, 0)


class Cte(NamedTuple):
    """A common table expression; ``materialized`` is what the query says of it (None: nothing)."""

    name: str
    block: Block
    materialized: bool | None = None
    recursive: bool = False
    columns: tuple[str, ...] = ()


class Block(NamedTuple):
    """One query block.  With ``arms`` it is a set operation over them and has no sources of its own."""

    sources: tuple[Source, ...] = ()
    terms: tuple[Term, ...] = ()
    subs: tuple[Sub, ...] = ()
    outputs: tuple[Output, ...] = ()
    ctes: tuple[Cte, ...] = ()
    arms: tuple[Block, ...] = ()
    grouped: bool = False
    aggregated: bool = False
    distinct: bool = False
    limited: bool = False
    windowed: bool = False
    order: tuple[Order, ...] = ()
    extremes: tuple[Order, ...] = ()
    """The columns of which the block, which has no other aggregates, asks the least or the greatest."""
    keys: tuple[Operand, ...] = ()
    """By what rows are grouped, numbered by every window, or made distinct ON: rows that differ in it are worlds apart."""
    removing: bool = False
    """A set operation with EXCEPT in it."""

    @property
    def appended(self) -> bool:
        """Whether it is nothing but rows of several tables one behind the other, each of which is reached by itself (UNION ALL)."""
        return bool(self.arms) and not (self.distinct or self.limited or self.removing or self.ctes or any(arm.fenced for arm in self.arms))

    @property
    def fenced(self) -> bool:
        """Whether a planner must make this result before it can join it."""
        return bool(self.arms or self.grouped or self.aggregated or self.distinct or self.limited or self.windowed)


class Lowered(NamedTuple):
    """A whole statement: its block, its text, and ``span``, its place in the fragment; ``shape`` is its text without literals."""

    block: Block
    sql: str
    shape: str
    span: Span
    target: str = ""
    unbounded: str = ""
    """``UPDATE`` or ``DELETE`` where it has no condition at all."""


def moved(block: Block, span: Span) -> Block:
    """The block of a view as it stands in a query that reads the view: everything in it is where the query names the view."""
    return block._replace(
        sources=tuple(
            each._replace(span=span, on=_moved_terms(each.on, span), block=moved(each.block, span) if each.block else None)
            for each in block.sources
        ),
        terms=_moved_terms(block.terms, span),
        subs=tuple(each._replace(span=span, block=moved(each.block, span)) for each in block.subs),
        ctes=tuple(each._replace(block=moved(each.block, span)) for each in block.ctes),
        arms=tuple(moved(arm, span) for arm in block.arms),
        order=tuple(each._replace(span=span) for each in block.order),
        extremes=tuple(each._replace(span=span) for each in block.extremes),
    )


def _moved_terms(terms: tuple[Term, ...], span: Span) -> tuple[Term, ...]:
    return tuple(each._replace(span=span, arms=tuple(_moved_terms(arm, span) for arm in each.arms)) for each in terms)
