"""The tables that are planned together, and what a query says of them: filters (binds), equalities (ties), orders."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from lastcall.model import Table
from lastcall.sql.agreement import Conversion
from lastcall.sql.block import Block, Op, Span

if TYPE_CHECKING:
    from lastcall.sql.unit import Unit

STRENGTH = {Op.EQ: 4, Op.IN: 3, Op.PREFIX: 2, Op.BETWEEN: 1}
"""How well a filter narrows a table; what is not listed does not drive (one-sided ranges, IS NULL, booleans)."""

WEAK = 0

EQUATING = frozenset({Op.EQ, Op.IN, Op.NULL})
TWO_SIDED = frozenset({Op.LOW, Op.HIGH})
BOUNDED = frozenset({Op.PREFIX, Op.BETWEEN})
RANGES = frozenset({Op.PREFIX, Op.BETWEEN, Op.LOW, Op.HIGH})

Group = tuple[int, ...]
Col = tuple[int, str]
"""A column of a unit: the node's number, and the column's name (or the key of an expression on that node alone)."""


@dataclass(slots=True)
class Node:
    """A table of a unit, or an opaque source (a derived table that is made before it is joined)."""

    alias: str
    name: str
    span: Span
    table: Table | None
    group: Group
    known: bool = True
    """False where the catalog has no such table."""
    rows: bool = False
    """Opaque with few rows: it drives."""
    opaque: bool = False
    hanging: bool = False
    """LATERAL, and made for each row of what stands before it: it drives nothing, and is there once that is."""
    small: bool = False
    late: bool = False
    """Behind so many explicit JOINs that the planner has joined those before it already when it comes to this one."""
    columns: AbstractSet[str] | None = None
    """The column names, where they are known."""
    binds: dict[str, list[Bind]] = field(default_factory=dict)
    ors: list[OrBind] = field(default_factory=list)
    tied_ors: list[OrBind] = field(default_factory=list)
    """ORs by which the node can be reached from others: ``ON a.x = b.y OR a.z = b.y``."""
    keys: set[str] = field(default_factory=set)
    """The normal forms of the conjuncts on this node alone, and ``column is not null`` for what a strict one compares."""

    strength: int = WEAK
    """The best filter on the node: set by ``settle``, with the columns by how they are bound."""
    equal: frozenset[str] = frozenset()
    strong: frozenset[str] = frozenset()
    ranged: frozenset[str] = frozenset()
    patterned: frozenset[str] = frozenset()
    """Those of ``ranged`` that nothing but LIKE with a prefix is said of."""
    fixed: frozenset[str] = frozenset()
    """Columns that one constant is equated with."""
    narrow: frozenset[str] = frozenset()
    """Of the columns in a range those that are bounded on both sides."""
    few: frozenset[str] = frozenset()
    """Of these again those that are written out: a prefix, or two bounds that everybody can read."""
    loose: bool = False
    """The best filter is a range whose bounds only the program knows: it may be a day, or ten years."""

    def settle(self) -> None:
        """Sum up the binds, once all are known; a two-sided range is two one-sided ones on the same column."""
        best = WEAK
        for each in self.ors:
            best = max(best, min(max(bind.strength for bind in arm) for arm in each.arms))
        equal, strong, ranged, narrow, patterned, fixed = [], [], [], [], [], []
        for name, binds in self.binds.items():
            ops = {bind.op for bind in binds}
            strength = max([bind.strength for bind in binds])
            if not ops.isdisjoint(EQUATING) and (ops.isdisjoint(RANGES) or not ops <= RANGES | {Op.NULL}):
                equal.append(name)
            if not ops.isdisjoint(RANGES):
                ranged.append(name)
                if ops.isdisjoint(RANGES - {Op.PREFIX}):
                    patterned.append(name)
                if ops >= TWO_SIDED or not ops.isdisjoint(BOUNDED):
                    narrow.append(name)
            if Op.EQ in ops:
                fixed.append(name)
            if strength >= STRENGTH[Op.IN]:
                strong.append(name)
            best = max(best, STRENGTH[Op.BETWEEN] if ops >= TWO_SIDED else WEAK, strength)
        self.few = frozenset(name for name in narrow if self.written_out(self.binds[name]))
        wide = all(any(all(bind.wide for bind in arm) for arm in each.arms) for each in self.ors)
        self.loose = best == STRENGTH[Op.BETWEEN] and wide and not self.few
        self.strength = best
        self.equal, self.strong, self.ranged, self.narrow = frozenset(equal), frozenset(strong), frozenset(ranged), frozenset(narrow)
        self.patterned, self.fixed = frozenset(patterned), frozenset(fixed)

    @staticmethod
    def written_out(binds: Sequence[Bind]) -> bool:
        ops = {bind.op for bind in binds if not bind.parameter}
        return not ops.isdisjoint(BOUNDED) or ops >= TWO_SIDED

    @property
    def judged(self) -> bool:
        return self.table is not None and not self.small and not self.table.uncertain

    def has(self, column: str) -> bool | None:
        return None if self.columns is None else column in self.columns


class Bind(NamedTuple):
    op: Op
    strength: int
    span: Span
    outer: str = ""
    """The table outside the unit whose column this is compared with, for a correlated sub-query."""
    parameter: bool = False


class ArmBind(NamedTuple):
    """What one arm of an OR compares a column of the node with: constants, or columns of other nodes."""

    name: str
    strength: int
    span: Span
    right: tuple[Col, ...] = ()
    wide: bool = False
    """It is a range by parameters."""


class OrBind(NamedTuple):
    """An OR each of whose arms binds a column of this node: served when an index serves every arm."""

    arms: tuple[tuple[ArmBind, ...], ...]


class Derived(NamedTuple):
    """What an opaque node is made of: the unit of its block, and the names that an alias list gives to its columns."""

    unit: Unit
    block: Block
    columns: tuple[str, ...]


class Sort(NamedTuple):
    """A column, or an expression that an index is on, in whose order the first rows are wanted; ``col`` is NOWHERE of any other key.

    ``nulls_first`` is None where the nulls do not matter.  ``column`` and ``collation`` are what an index on it would be made with.
    """

    col: Col
    descending: bool
    span: Span
    nulls_first: bool | None = None
    column: str = ""
    collation: str = ""


NOWHERE = (-1, "")


class Mismatch(NamedTuple):
    """Two columns that are compared, of which one must be converted first, or that cannot be compared at all."""

    left: Col
    right: Col
    span: Span
    conversion: Conversion
    keys: tuple[str, str]
    """The normal forms of both as they are compared."""


class Wrapped(NamedTuple):
    """A column that is compared inside of an expression, or by a pattern that begins with a wildcard: no plain index serves that."""

    col: Col
    op: Op
    key: str
    span: Span


class Absent(NamedTuple):
    """``NOT IN`` of a sub-query whose column may be null."""

    table: Table
    column: str
    span: Span


class Tie(NamedTuple):
    """``left`` equals an expression over ``right``; ``group`` is the outer join or anti-join it is a condition of."""

    left: Col
    right: tuple[Col, ...]
    span: Span
    plain: bool = True
    implied: bool = False
    """Nobody wrote it: it follows from others."""
