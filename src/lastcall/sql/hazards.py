"""What makes a query slow or wrong whatever indexes there are: looked for in the units that ``unit`` makes, never where schema is unsure.

The kinds and their sources: PostgreSQL's manual 11.7 (indexes on expressions), 9.24.3 (NOT IN), MySQL's 14.3 (type conversion in
comparisons).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from lastcall.model import Hazard, HazardKind, Location, Table
from lastcall.sql.block import Lowered, Op, Span
from lastcall.sql.nodes import EQUATING, WEAK, Col, Node, Wrapped
from lastcall.sql.schema import BOOLEANS, Schema
from lastcall.sql.unit import Plan, Unit

Place = Callable[[Span], Location]

_FOLDING = re.compile(r"\((lower|upper) (\w+)\)")
"""Expressions that every server makes an index on, as ``query.key`` writes them: the same of a value today and tomorrow."""
_WORDS = re.compile(r"\w+")


def hazards(lowered: Lowered, plan: Plan, place: Place) -> Iterator[Hazard]:
    """Every hazard of a query.  Nothing is said of tables that the schema does not know for sure."""
    if lowered.unbounded:
        yield from _unbounded(lowered, plan.schema, place)
    for unit in plan.units:
        if not unit.uncertain and not unit.empty:
            if unit.absent:
                yield from _absent(unit, place)
            if unit.mismatched:
                yield from _mismatched(unit, plan.schema, place)
            if unit.across:
                yield from _across(unit, place)
            if len(unit.nodes) > 1:
                yield from _cartesian(unit, plan.schema, place)


def unsargable(unit: Unit, schema: Schema, place: Place) -> Iterator[Hazard]:
    """Columns that lead an index which nothing can use, since the query wraps them; where nothing else narrows the query."""
    if unit.driven():
        return
    told = set(unit.matched)
    for wrapped in unit.wrapped:
        node = unit.nodes[wrapped.col[0]]
        if node.table is None or not node.judged or wrapped.col in told or _served_otherwise(wrapped, node.table, schema.dialect):
            continue
        led = next((each.index for each in schema.serving(node.table) if each.columns[:1] == (wrapped.col[1],) and not each.where), None)
        if led is not None:
            told.add(wrapped.col)
            made = _FOLDING.fullmatch(wrapped.key) if wrapped.op in EQUATING else None
            missing = schema.naming.suggested(node.name, (f"({made[1].upper()}({made[2]}))",)) if made else None
            yield Hazard(
                HazardKind.UNSARGABLE_PREDICATE, place(wrapped.span), (node.table,), (wrapped.col[1],), (_how(wrapped),), led, missing
            )


def _how(wrapped: Wrapped) -> str:
    """In one word why an index on the column is of no use."""
    if wrapped.key.startswith("(ilike "):
        return "case"
    if wrapped.key.startswith("(number "):
        return "number"
    if wrapped.op is Op.INFIX:
        return "wildcard"
    return "collation" if wrapped.key.startswith("(collate ") else "expression"


def _served_otherwise(wrapped: Wrapped, table: Table, dialect: str) -> bool:
    """By what no equality is served by: an index on the parts of texts (PostgreSQL, F.35: GIN and GiST by ``pg_trgm``), or a range.

    SQL Server looks ``CAST(column AS date) = …`` up as the range of that day.
    """
    name = wrapped.col[1]
    if dialect == "tsql":
        return wrapped.key in (f"(cast {name} date)", f"(convert date {name})")
    if dialect != "postgres":
        return False
    keys = [key for index in table.indexes if index.method not in ("", "btree", "hash", "brin") for key in index.columns]
    return any(key == name if wrapped.key == name else name in _WORDS.findall(key) for key in keys)


def _unbounded(lowered: Lowered, schema: Schema, place: Place) -> Iterator[Hazard]:
    table = schema.catalog.table(lowered.target)
    if table is not None and _sure(table, schema):
        yield Hazard(HazardKind.UNBOUNDED_WRITE, place(lowered.span), (table,), (), (lowered.unbounded,))


def _sure(table: Table, schema: Schema) -> bool:
    return not table.uncertain and not {table.name, table.name.rpartition(".")[2]} & schema.small


def _absent(unit: Unit, place: Place) -> Iterator[Hazard]:
    for each in unit.absent:
        yield Hazard(HazardKind.NOT_IN_NULLABLE, place(each.span), (each.table,), (each.column,))


def _mismatched(unit: Unit, schema: Schema, place: Place) -> Iterator[Hazard]:
    """Joined columns one of which is converted row by row, so that its index is of no use; or that cannot be compared at all."""
    told: set[frozenset[Col]] = set()
    for left, right, span, conversion, keys in unit.mismatched:
        pair = frozenset((left, right))
        tables = [node.table for node in (unit.nodes[left[0]], unit.nodes[right[0]]) if node.table]
        converted = [number for number, how in enumerate((conversion.left, conversion.right)) if how]
        # An index may be made for the comparison: one under its collation.
        served = all(any(keys[each] in index.columns for index in schema.serving(tables[each])) for each in converted)
        if pair in told or (converted and served):
            continue
        told.add(pair)
        which = "refused" if conversion.refused else ("left", "right")[converted[0]] if len(converted) == 1 else ""
        yield Hazard(HazardKind.MISMATCHED_JOIN_TYPES, place(span), tuple(tables), (left[1], right[1]), (*conversion.told, which))


def _across(unit: Unit, place: Place) -> Iterator[Hazard]:
    """An OR over several tables, where nothing else narrows the query: neither index can be used."""
    if unit.driven():
        return
    for span, numbers in unit.across:
        tables = {table.name: table for number in numbers if (table := unit.nodes[number].table)}
        if all(unit.nodes[number].judged for number in numbers):
            yield Hazard(HazardKind.UNSERVED_OR, place(span), tuple(tables[name] for name in sorted(tables)))


def _cartesian(unit: Unit, schema: Schema, place: Place) -> Iterator[Hazard]:
    """Tables that no term ties to each other, and of which no filter leaves few rows: every row of one meets every row of the other."""
    if unit.vague or any(not node.known or node.opaque for node in unit.nodes):
        return
    many = {number for number, node in enumerate(unit.nodes) if node.strength <= WEAK and not _few(node, schema)}
    if len(many) < 2:  # noqa: PLR2004 -- each other one leaves few rows
        return
    parts = [{number} for number in range(len(unit.nodes))]
    for linked in (each for each in unit.linked if each):
        unit.query.spend(len(parts))
        joined = set(linked).union(*(part for part in parts if part & linked))
        parts = [part for part in parts if not part & linked] + [joined]
    # Of each part the first by name, so that the same FROM in another order is the same finding.
    told = sorted(min((unit.nodes[each].name, unit.nodes[each].alias, each) for each in part) for part in parts if part <= many)
    tables = [node.table for node in (unit.nodes[number] for *_, number in told) if node.table]
    if len(tables) > 1:
        second = sorted(number for *_, number in told)[1]
        yield Hazard(HazardKind.CARTESIAN_JOIN, place(unit.nodes[second].span), tuple(tables))


def _few(node: Node, schema: Schema) -> bool:
    """Small by policy, or by its key: ``id boolean PRIMARY KEY CHECK (id)`` is how a table is made that has one row."""
    if node.small or node.table is None:
        return node.small
    truths = {name for name, column in schema.columns(node.table).items() if column.type in BOOLEANS and not column.nullable}
    return bool(truths) and any(key <= truths for key in schema.unique(node.table))
