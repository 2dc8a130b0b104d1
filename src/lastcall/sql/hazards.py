"""What makes a query slow or wrong whatever indexes there are: looked for in the units that ``unit`` makes, never where schema is unsure.

The kinds and their sources: PostgreSQL's manual 11.7 (indexes on expressions), 9.24.3 (NOT IN), MySQL's 14.3 (type conversion in
comparisons).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from lastcall.model import Hazard, HazardKind, Location, Table
from lastcall.sql.block import Lowered, Op, Span
from lastcall.sql.unit import WEAK, Node, Plan, Schema, Unit

Place = Callable[[Span], Location]

_ARGUMENTS = re.compile(r"\s*\(.*", re.DOTALL)
_FAMILIES = {
    "integer": (
        "INT",
        "INTEGER",
        "BIGINT",
        "SMALLINT",
        "TINYINT",
        "MEDIUMINT",
        "SERIAL",
        "BIGSERIAL",
        "SMALLSERIAL",
        "INT2",
        "INT4",
        "INT8",
    ),
    "numeric": ("NUMERIC", "DECIMAL", "NUMBER", "MONEY"),
    "float": ("REAL", "FLOAT", "DOUBLE", "DOUBLE PRECISION", "FLOAT4", "FLOAT8"),
    "text": (
        "TEXT",
        "VARCHAR",
        "CHAR",
        "CHARACTER",
        "CHARACTER VARYING",
        "NVARCHAR",
        "NCHAR",
        "VARCHAR2",
        "NVARCHAR2",
        "MEDIUMTEXT",
        "LONGTEXT",
    ),
    "uuid": ("UUID", "UNIQUEIDENTIFIER"),
    "date": ("DATE",),
    "time": ("TIMESTAMP", "TIMESTAMPTZ", "DATETIME", "DATETIME2", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP WITHOUT TIME ZONE"),
    "binary": ("BYTEA", "BLOB", "VARBINARY", "BINARY"),
}
_FAMILY = {name: family for family, names in _FAMILIES.items() for name in names}
_LOOSE = frozenset({"sqlite"})
"""Dialects whose columns have no type to disagree about."""
_SAME = (frozenset({"date", "time"}), frozenset({"numeric", "float"}))
"""Families whose comparison costs no index on either side, or too little to speak of."""


def hazards(lowered: Lowered, plan: Plan, place: Place) -> Iterator[Hazard]:
    """Every hazard of a query.  Nothing is said of tables that the schema does not know for sure."""
    if lowered.unbounded:
        yield from _unbounded(lowered, plan.schema, place)
    for unit in plan.units:
        if not unit.uncertain and not unit.empty:
            if unit.absent:
                yield from _absent(unit, place)
            if unit.ties:
                yield from _mismatched(unit, plan.schema, place)
            if unit.across:
                yield from _across(unit, place)
            if len(unit.nodes) > 1:
                yield from _cartesian(unit, place)


def unsargable(unit: Unit, schema: Schema, place: Place) -> Iterator[Hazard]:
    """Columns that lead an index which nothing can use, since the query wraps them; where nothing else narrows the query."""
    if unit.driven():
        return
    for wrapped in unit.wrapped:
        node = unit.nodes[wrapped.col[0]]
        if node.table is None or not node.judged or wrapped.col in unit.matched:
            continue
        led = next((each.index for each in schema.serving(node.table) if each.columns[:1] == (wrapped.col[1],) and not each.where), None)
        if led is not None:
            told = ("wildcard",) if wrapped.op is Op.INFIX else ("expression",)
            yield Hazard(HazardKind.UNSARGABLE_PREDICATE, place(wrapped.span), (node.table,), (wrapped.col[1],), told, led)


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
    """Joined columns of two families of types: one side is converted row by row, and its index is of no use."""
    if schema.dialect in _LOOSE:
        return
    told: set[frozenset[tuple[int, str]]] = set()
    for tie in unit.ties:
        pair = frozenset((tie.left, *tie.right))
        if not tie.plain or pair in told or len(tie.right) != 1:
            continue
        told.add(pair)
        sides = [(unit.nodes[number], name) for number, name in (tie.left, tie.right[0])]
        types = [_type(node, name, schema) for node, name in sides]
        families = {_family(each) for each in types}
        if len(families) > 1 and None not in families and not any(families <= same for same in _SAME):
            tables = tuple(node.table for node, _ in sides if node.table)
            yield Hazard(
                HazardKind.MISMATCHED_JOIN_TYPES, place(tie.span), tables, tuple(name for _, name in sides), tuple(map(str, types))
            )


def _type(node: Node, name: str, schema: Schema) -> str | None:
    column = schema.columns(node.table).get(name) if node.table and not node.table.uncertain else None
    return column.type if column else None


def _family(type_: str | None) -> str | None:
    return _FAMILY.get(_ARGUMENTS.sub("", type_).removesuffix(" UNSIGNED").strip()) if type_ else None


def _across(unit: Unit, place: Place) -> Iterator[Hazard]:
    """An OR over several tables, where nothing else narrows the query: neither index can be used."""
    if unit.driven():
        return
    for span, numbers in unit.across:
        tables = [unit.nodes[number].table for number in numbers]
        if all(unit.nodes[number].judged for number in numbers):
            yield Hazard(HazardKind.UNSERVED_OR, place(span), tuple(dict.fromkeys(table for table in tables if table)))


def _cartesian(unit: Unit, place: Place) -> Iterator[Hazard]:
    """Tables that no term ties to each other, and of which no filter leaves few rows: every row of one meets every row of the other."""
    if unit.vague or any(not node.known or node.opaque for node in unit.nodes):
        return
    if sum(node.strength <= WEAK and not node.small for node in unit.nodes) < 2:  # noqa: PLR2004 -- each other one leaves few rows
        return
    parts = [{number} for number in range(len(unit.nodes))]
    for linked in (each for each in unit.linked if each):
        joined = set(linked).union(*(part for part in parts if part & linked))
        parts = [part for part in parts if not part & linked] + [joined]
    whole = [min(part) for part in parts if not any(unit.nodes[each].strength > WEAK or unit.nodes[each].small for each in part)]
    if len(whole) > 1:
        nodes = [unit.nodes[number] for number in sorted(whole)]
        yield Hazard(HazardKind.CARTESIAN_JOIN, place(nodes[1].span), tuple(node.table for node in nodes if node.table))
