"""What a planner plans together: blocks flattened into nodes, ties and binds, with every column resolved against the catalog.

Joins, derived tables and CTEs that are inlined, and semi- and anti-joins that are pulled up become one *unit*; a sub-query that runs by
itself is a unit of its own, whose outer columns are constants.  Which blocks a planner flattens: PostgreSQL's manual, 7.8.3 (CTE
materialization) and the README of its optimizer
(src/backend/optimizer/README: "Pulling Up Subqueries", "EquivalenceClasses", "Valid OUTER JOIN Optimizations").
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from time import process_time
from typing import NamedTuple

from lastcall.model import Column, Join
from lastcall.sql.agreement import compared, counted, folded, own, under
from lastcall.sql.block import Block, Cte, Kind, Mode, Op, Operand, Order, Output, Ref, Source, Span, Sub, Term, moved
from lastcall.sql.nodes import (
    NOWHERE,
    STRENGTH,
    TWO_SIDED,
    WEAK,
    Absent,
    ArmBind,
    Bind,
    Col,
    Derived,
    Group,
    Mismatch,
    Node,
    OrBind,
    Sort,
    Tie,
    Wrapped,
)
from lastcall.sql.schema import BOOLEANS, Schema

PULLED = "?out"
"""The name under which the outer block compares the output of a sub-query that is pulled up: nothing that a query writes means it."""


@dataclass(slots=True)
class Scope:
    """The names a block can speak of; ``unit`` is where its tables live."""

    unit: Unit
    parent: Scope | None
    ctes: dict[str, tuple[Cte, Scope]] = field(default_factory=dict)
    bindings: dict[str, Binding] = field(default_factory=dict)
    constant: list[bool] = field(default_factory=list)
    """Of each sub-query of the block: whether its value is the same for every row."""


class Binding(NamedTuple):
    """What an alias stands for: a node, or (inlined) the outputs of a block in its own scope."""

    node: int = -1
    scope: Scope | None = None
    outputs: tuple[Output, ...] = ()
    columns: tuple[str, ...] = ()


COLLAPSED = 8
MOST_NODES = 300
"""Tables that one plan may have: views that join views grow without bound."""
MOST_STEPS = 400_000
"""Steps (pairs of columns, ways from table to table) that a query is judged in, which takes about 0.3 seconds."""
UNTIMED = 20_000
"""Steps that are made before the clock is looked at, so that no machine is too slow for a query that a person wrote."""
MOST_SECONDS = 0.3
"""No query takes more than a second in all: the longest that is parsed (``statement.LONGEST_QUERY``) takes half of one to be lowered."""


class TooMuch(Exception):  # noqa: N818 -- a fact of the query, told as Unread
    """A query that ties so many tables in so many ways that judging it would take too long."""


class Plan:
    """What all units of one statement share."""

    def __init__(self, schema: Schema, block: Block) -> None:
        self.schema = schema
        self.units: list[Unit] = []
        self.tables: list[str] = []
        self.unknown: dict[str, Span] = {}
        self.block = block
        self.made: dict[int, bool] = {}
        self.once: dict[int, Unit] = {}
        """Of each CTE that is read once, so that a planner may plan it together with what reads it, its unit."""
        self.working: list[str] = []
        self.nodes = 0
        self.spent = 0
        self.until = 0.0
        self.too_large = ""
        """The source that made the plan larger than ``MOST_NODES``; then nothing is judged."""
        Unit(self).alone(block, None)

    def spend(self, steps: int) -> None:
        """Counts what a loop is about to do.  Raises TooMuch once it has been too much, in steps or in seconds of this process."""
        self.spent += steps
        if self.spent > UNTIMED:
            now = process_time()
            self.until = self.until or now + MOST_SECONDS
            if self.spent > MOST_STEPS or now > self.until:
                raise TooMuch

    @cached_property
    def references(self) -> Counter[str]:
        """How often each name is read; only CTEs make a difference of it."""
        return Counter(_names(self.block))


def _names(block: Block) -> Iterator[str]:
    """Every table name that a block and those in it read."""
    pending = [block]
    while pending:
        each = pending.pop()
        for source in each.sources:
            if source.table:
                yield source.table
            if source.block:
                pending.append(source.block)
        pending += [sub.block for sub in each.subs]
        pending += [cte.block for cte in each.ctes]
        pending += each.arms


# ---------------------------------------------------------------------------------------------------------------- units


class Unit:
    """Tables that a planner plans together."""

    def __init__(self, query: Plan) -> None:
        self.query = query
        self.nodes: list[Node] = []
        self.ties: list[Tie] = []
        self.pending: list[tuple[Term, Scope, Group]] = []
        self.groups = 0
        self.chained = 0
        """Tables in the chain of JOINs so far."""
        self.inner: set[int] = set()
        self.empty = False
        self.outside: set[Unit] = set()
        """The units whose columns this one speaks of: with none, it gives the same for every row."""
        self.uncertain = False
        self.scope: Scope | None = None
        self.linked: list[set[int]] = []
        """The nodes that each term speaks of together; ``vague`` where a term speaks of what cannot be told."""
        self.vague = False
        self.wrapped: list[Wrapped] = []
        self.matched: set[Col] = set()
        """Columns that a pattern is looked for in which only the program knows: it may have no wildcard in front."""
        self.mismatched: list[Mismatch] = []
        self.absent: list[Absent] = []
        self.anti: set[int] = set()
        """Tables of which no row may match."""
        self.unmatched: set[Col] = set()
        """Columns that are null where an outer join finds nothing, which is what the query looks for."""
        self.across: list[tuple[Span, tuple[int, ...]]] = []
        """ORs whose arms narrow different nodes."""
        self.few = False
        """It is a set operation each of whose arms gives few rows."""
        self.first = False
        """Only the first rows are wanted: a planner that need not sort stops as soon as it has them."""
        self.sorts: tuple[tuple[Sort, ...], ...] = ()
        """Orders that are wanted, each by itself; several where several extremes are asked for."""
        self.denied = False
        """NOT IN of its rows: each row that is asked for looks through them."""
        self.asked: Unit | None = None
        """It answers EXISTS for each row of that unit, and speaks of no other."""
        self.arms: list[Unit] = []
        """The units of a set operation's arms."""
        self.derived: dict[int, Derived] = {}
        """The opaque nodes into whose blocks a filter can be pushed."""
        query.units.append(self)

    # ------------------------------------------------------------------ blocks → nodes

    def take(self, block: Block, parent: Scope | None, group: Group) -> Scope:
        """Add the sources, terms and sub-queries of ``block``, under ``group``."""
        scope = Scope(self, parent)
        for cte in block.ctes:
            scope.ctes[cte.name] = (cte, scope)
        arms = [self.apart(arm, scope) for arm in block.arms]
        self.few = bool(arms) and all(few for few, _ in arms)
        self.arms = [arm for _, arm in arms] or self.arms
        before: list[str] = []
        for source in block.sources:
            self.source(source, scope, group, before)
            before.append(source.alias)
        self.pending += [(term, scope, group) for term in block.terms]
        for sub in block.subs:
            scope.constant.append(self.sub(sub, scope, group))
        for cte in block.ctes:  # one that nothing reads is judged all the same
            if not self.query.references[cte.name]:
                self.opaque(cte.block, _without_bindings(scope), cte)
        return scope

    def apart(self, block: Block, scope: Scope | None) -> tuple[bool, Unit]:
        """Plan ``block`` as a unit of its own: whether it gives few rows, and that unit."""
        made = Unit(self.query)
        rows = made.alone(block, scope)
        self.outside |= made.outside - {self}
        return rows, made

    def alone(self, block: Block, scope: Scope | None) -> bool:
        """Plan ``block`` as this unit, from ``scope``; True when it gives few rows."""
        self.scope = self.take(block, scope, ())
        self.finish()
        self.order(block, self.scope)
        plain = block.aggregated and not block.grouped
        return block.limited or plain or (self.few if block.arms else self.driven())

    def order(self, block: Block, scope: Scope) -> None:
        """Note in which order a few rows are wanted; what is numbered must be read whole first."""
        if block.arms or block.windowed or self.query.too_large:
            return
        sqlite = self.query.schema.dialect == "sqlite"  # which looks for one extreme by an index, but not for two
        if block.extremes and not block.grouped and len(self.nodes) == 1 and not (sqlite and len(block.extremes) > 1):
            sorts = tuple(tuple(self.sorted(each, scope)) for each in block.extremes)
            self.sorts = sorts if all(sort and sort[0].col != NOWHERE for sort in sorts) else ()
            self.first = bool(self.sorts)
        elif block.limited and self.nodes and (block.grouped or (block.distinct and not block.order)):
            self.sorts = self.of_groups(block, scope)
            self.first = bool(self.sorts)
        elif block.limited and not block.aggregated:
            keys = tuple(sort for each in block.order for sort in self.sorted(each, scope))
            self.sorts = (keys,) if keys and keys[0].col != NOWHERE else ()
            self.first = bool(self.sorts) or not block.order
        if self.first and self.query.schema.dialect == "postgres" and self.rare():
            self.sorts, self.first = (), False
        if self.sorts and len(self.nodes) == 1 and self.query.schema.dialect in ("postgres", "sqlite"):
            self.order_arms()

    def rare(self) -> bool:
        """Whether PostgreSQL expects so few rows that it reads everything for them, whatever the limit.

        An anti-join by a unique column finds a match for every row, it thinks; and IS NULL of a column that is never null, asked of what
        an outer join gives, is no anti-join unless the join is by that column (``reduce_outer_joins``).
        """
        tied = {tie.left for tie in self.ties}
        for number, name in self.unmatched - tied:
            table = self.nodes[number].table
            column = self.query.schema.columns(table).get(name) if table else None
            if column is not None and not column.nullable:
                return True
        looked_for = (self.unmatched & tied) | {col for col in tied if col[0] in self.anti}
        return any(frozenset({name}) in self.uniques(number) for number, name in looked_for)

    def uniques(self, number: int) -> tuple[frozenset[str], ...]:
        table = self.nodes[number].table
        return self.query.schema.unique(table) if table is not None else ()

    def order_arms(self) -> None:
        """The first rows of nothing but a UNION ALL: what its arms have in order is merged up to the limit (PostgreSQL's MergeAppend)."""
        derived = self.derived.get(0)
        if derived is None or not derived.block.appended or self.nodes[0].binds:
            return
        names = derived.columns or tuple(output.name for output in derived.block.arms[0].outputs)
        for arm, unit in zip(derived.block.arms, derived.unit.arms, strict=True):
            scope = unit.scope
            if scope is None or len(arm.outputs) != len(names) or any(output.star for output in arm.outputs):
                return
            outputs = dict(zip(names, arm.outputs, strict=True))
            wanted = [[sort._replace(col=(0, sort.col[1])) for sort in sorts if sort.col[1] in outputs] for sorts in self.sorts]
            unit.sorts = tuple(
                tuple(
                    each
                    for sort in sorts
                    for each in unit.sorted(Order(outputs[sort.col[1]].operand, sort.descending, sort.nulls_first, sort.span), scope)
                )
                for sorts in wanted
            )
            unit.first = all(sorts and sorts[0].col != NOWHERE for sorts in unit.sorts)
            unit.sorts = unit.sorts if unit.first else ()

    def of_groups(self, block: Block, scope: Scope) -> tuple[tuple[Sort, ...], ...]:
        """The first groups: where an index has the rows in their order, they are made one after the other, up to the limit.

        By one column in every dialect, by several in PostgreSQL (``Incremental Sort`` below ``GroupAggregate``), where the first of those
        that are ordered by is enough.  The first of DISTINCT without an order are found without an index but by PostgreSQL.
        """
        postgres = self.query.schema.dialect == "postgres"
        operands = block.keys if block.grouped else tuple(output.operand for output in block.outputs if postgres and not output.star)
        groups = [sort for each in operands for sort in self.sorted(Order(each, span=self.nodes[0].span), scope)]
        keys = [sort for each in block.order for sort in self.sorted(each, scope)] or groups[: len(groups) == 1]
        known = {group.col for group in groups} - {NOWHERE}
        if not keys or any(key.col not in known for key in keys) or not (postgres or len(groups) == 1):
            return ()
        return () if self.truth(keys[0].col) else (tuple(keys),)

    def truth(self, col: Col) -> bool:
        """Whether it is a boolean column, of whose values there are two."""
        table = self.nodes[col[0]].table
        column = self.query.schema.columns(table).get(col[1]) if table else None
        return column is not None and column.type in BOOLEANS

    def sorted(self, order: Order, scope: Scope) -> Iterator[Sort]:
        """The column of a key, or the expression that an index is on; nothing of a constant."""
        operand = order.operand
        if not operand.refs and not operand.subs and not operand.key:
            return
        resolved = self.resolve(operand, scope)
        col = NOWHERE
        asked = folded(operand.collation)
        column = ""
        if resolved.known and not resolved.outer and len(resolved.cols) == 1:
            number, column = resolved.cols[0]
            node = self.nodes[number]
            name = column
            if not resolved.bare:
                name, column = f"(collate {resolved.key} {asked})" if asked else resolved.key, ""
            elif asked and (typed := self.typed(resolved)) is not None:
                name = under(name, asked, own(typed, self.query.schema.dialect))
            col = (number, name) if column or self.expression(node, name) else NOWHERE
        collation = operand.collation if col[1].startswith("(") else ""
        yield Sort(col, order.descending, order.span, order.nulls_first, column, collation)

    def source(self, source: Source, scope: Scope, group: Group, before: Sequence[str]) -> None:
        own = group
        if source.kind is Kind.RIGHT:
            self.push(scope, before, self.next_group())
        elif source.kind is Kind.FULL:
            self.push(scope, before, self.next_group())
            own = (*group, self.next_group())
        elif source.kind is Kind.LEFT:
            own = (*self.deepest(source, scope, group), self.next_group())
        first = len(self.nodes)
        self.bind(source, scope, own)
        self.chain(source, first)
        if first and (source.crossed or source.lateral or source.rows_known):
            self.linked.append({0, *range(first, len(self.nodes))})
        condition = own if source.kind is not Kind.RIGHT else group
        self.pending += [(term, scope, condition) for term in source.on]
        for name in self.shared(source, scope, before):
            left = next((alias for alias in before if self.column_of(scope, alias, name)), before[0] if before else "")
            term = Term(Op.EQ, Operand((Ref(left, name),), name), Operand((Ref(source.alias, name),), name), span=source.span)
            self.pending.append((term, scope, condition))

    def chain(self, source: Source, first: int) -> None:
        """PostgreSQL plans the first tables of a chain of JOINs by themselves (``join_collapse_limit``); commas begin a new chain."""
        if not source.joined:
            self.chained = 0
        for node in self.nodes[first:]:
            self.chained += 1
            node.late = self.chained > COLLAPSED and self.query.schema.dialect == "postgres"

    def next_group(self) -> int:
        self.groups += 1
        return self.groups

    def deepest(self, source: Source, scope: Scope, group: Group) -> Group:
        """The outer join that an outer join hangs on: the deepest group among the tables that its condition speaks of."""
        deepest = group
        for term in source.on:
            for ref in (*term.left.refs, *term.right.refs):
                alias = ref.source or next((each for each in scope.bindings if self.column_of(scope, each, ref.name)), "")
                node = scope.bindings[alias].node if alias != source.alias and alias in scope.bindings else -1
                if node >= 0 and len(self.nodes[node].group) > len(deepest):
                    deepest = self.nodes[node].group
        return deepest

    def push(self, scope: Scope, aliases: Sequence[str], group: int) -> None:
        """RIGHT and FULL JOIN: what stands before may be missing."""
        for alias in aliases:
            node = scope.bindings[alias].node
            if node >= 0:
                self.nodes[node].group = (group, *self.nodes[node].group)

    def shared(self, source: Source, scope: Scope, before: Sequence[str]) -> tuple[str, ...]:
        """The columns of USING, or those that NATURAL finds on both sides."""
        if not source.natural:
            return source.using
        binding = scope.bindings[source.alias]
        columns = self.nodes[binding.node].columns if binding.node >= 0 else _named(binding)
        if columns is None:
            self.uncertain = True
            return ()
        self.query.spend(len(columns) * len(before))
        return tuple(sorted(name for name in columns if any(self.column_of(scope, alias, name) for alias in before)))

    def column_of(self, scope: Scope, alias: str, name: str) -> bool:
        binding = scope.bindings[alias]
        if binding.node >= 0:
            return bool(self.nodes[binding.node].has(name))
        return any(output.name == name for output in binding.outputs) or name in binding.columns

    def bind(self, source: Source, scope: Scope, group: Group) -> None:
        block, cte = source.block, None
        if self.query.nodes > MOST_NODES:
            self.query.too_large = self.query.too_large or source.table or source.alias
            self.add_opaque(source, scope, group, rows=False, block=None, columns=())
            return
        if source.table:
            found = _cte(scope, source.table)
            if found:
                cte, home = found[0], _without_bindings(found[1])  # a CTE sees nothing of the FROM that names it
                if self.inlined(cte):
                    inner = self.take(cte.block, home, group)
                    scope.bindings[source.alias] = Binding(-1, inner, cte.block.outputs, source.columns or cte.columns)
                else:
                    self.add_opaque(source, scope, group, rows=self.opaque(cte.block, home, cte), block=cte.block, columns=cte.columns)
                    if (made := self.query.once.get(id(cte))) is not None:
                        self.derived[len(self.nodes) - 1] = Derived(made, cte.block, source.columns or cte.columns)
                return
            view = self.query.schema.views.get(source.table)
            if view is not None and source.table not in self.query.working:
                block = moved(view, source.span)
            else:
                self.add_table(source, scope, group)
                return
        if block is None:
            self.add_opaque(source, scope, group, rows=source.rows_known, block=None, columns=source.columns)
            self.nodes[-1].hanging = source.lateral
        elif not block.fenced and not block.ctes:
            self.query.working.append(source.table)
            inner = self.take(block, None if source.table else scope if source.lateral else scope.parent, group)
            self.query.working.pop()
            scope.bindings[source.alias] = Binding(-1, inner, block.outputs, source.columns)
        else:
            self.query.working.append(source.table)
            rows, made = self.apart(block, scope if source.lateral else _without_bindings(scope))
            self.query.working.pop()
            hanging = self in made.outside
            self.add_opaque(source, scope, group, rows=rows and not hanging, block=block, columns=source.columns)
            self.nodes[-1].hanging = hanging
            self.derived[len(self.nodes) - 1] = Derived(made, block, source.columns)

    def inlined(self, cte: Cte) -> bool:
        """PostgreSQL (12 on) and the others inline a CTE that is read once; read more often it is made first."""
        if cte.name in self.query.working or (cte.recursive and cte.name in _names(cte.block)):
            return False
        once = self.query.references[cte.name] == 1
        return not cte.block.fenced and not cte.block.ctes and cte.materialized is not True and (once or cte.materialized is False)

    def opaque(self, block: Block, home: Scope, cte: Cte) -> bool:
        """Plan a CTE as a unit of its own, once; True when it gives few rows.  In its own recursive term it is the last round's rows."""
        if cte.name in self.query.working:
            return True
        if id(cte) not in self.query.made:
            self.query.working.append(cte.name)
            recursive = cte.recursive and cte.name in _names(cte.block)
            if recursive and block.arms:
                results = [self.apart(arm, home)[0] for arm in block.arms]
                self.query.made[id(cte)] = results[0] or block.limited
            else:
                self.query.made[id(cte)], made = self.apart(block, home)
                if self.query.references[cte.name] == 1 and cte.materialized is not True:
                    self.query.once[id(cte)] = made
            self.query.working.pop()
        return self.query.made[id(cte)]

    def add_table(self, source: Source, scope: Scope, group: Group) -> None:
        known = self.query.schema.known(source.table)
        self.query.tables.append(known.name)
        if not known.exists:
            self.query.unknown.setdefault(source.table, source.span)
        node = Node(source.alias, known.name, source.span, known.table, group, known.exists, small=known.small, columns=known.columns)
        self.add(node, source.alias, scope)

    def add_opaque(self, source: Source, scope: Scope, group: Group, *, rows: bool, block: Block | None, columns: tuple[str, ...]) -> None:
        names: AbstractSet[str] | None = None
        outputs = block.outputs if block and not block.arms else block.arms[0].outputs if block and block.arms else ()
        if columns:
            names = frozenset(columns)
        elif outputs and not any(output.star for output in outputs):
            names = frozenset(output.name for output in outputs)
        name = "a sub-query" if source.alias.startswith("?") else source.alias
        self.add(Node(source.alias, name, source.span, None, group, rows=rows, opaque=True, columns=names), source.alias, scope)

    def add(self, node: Node, alias: str, scope: Scope) -> None:
        self.query.nodes += 1
        self.nodes.append(node)
        scope.bindings[alias] = Binding(len(self.nodes) - 1)

    def sub(self, sub: Sub, scope: Scope, group: Group) -> bool:
        """A sub-query: pulled up into this unit where planners do that, else a unit of its own; True when its value is a constant."""
        block = sub.block
        plain = not block.fenced and not block.ctes
        if sub.pulled and plain and scope.bindings and sub.mode in (Mode.SEMI, Mode.ANTI):
            own = (*group, self.next_group()) if sub.mode is Mode.ANTI else group
            first = len(self.nodes)
            inner = self.take(block, scope, own)
            self.anti |= set(range(first, len(self.nodes))) if sub.mode is Mode.ANTI else set()
            self.linked.append({0, *range(first, len(self.nodes))} if self.nodes else set())  # EXISTS multiplies no rows
            for operand, output in zip(sub.operands, block.outputs, strict=False):
                if not output.star:
                    self.pending.append(
                        (
                            Term(Op.EQ, operand, Operand((Ref(PULLED, output.name),), PULLED), span=sub.span),
                            _joined(scope, inner, output),
                            own,
                        )
                    )
            return False
        rows, made = self.apart(block, scope)
        correlated = self in made.outside
        made.denied = sub.negated and all(term.op is Op.NOT_NULL for term in block.terms)  # a few rows are hashed
        made.asked = self if sub.exists and plain and made.outside == {self} else None
        self.vague = self.vague or correlated
        if sub.negated and not block.arms:
            self.absent += made.nullable(block, sub.span)
        if sub.pulled and sub.mode is Mode.SEMI and sub.operands:  # its result is made first, then looked up or looped over
            source = Source(f"?sub{len(self.nodes)}", block=block, span=sub.span)
            self.add_opaque(source, scope, group, rows=rows, block=block, columns=())
            self.derived[len(self.nodes) - 1] = Derived(made, block, ())
            outputs = block.outputs or (block.arms[0].outputs if block.arms else ())
            for operand, output in zip(sub.operands, outputs, strict=False):
                right = Operand((Ref(source.alias, output.name),), output.name)
                self.pending.append((Term(Op.EQ, operand, right, span=sub.span), scope, group))
        return not correlated

    def nullable(self, block: Block, span: Span) -> Iterator[Absent]:
        """The only column of this unit's result, where the schema lets it be null and no term of the block says that it is not."""
        if len(block.outputs) != 1 or block.outputs[0].star or self.scope is None:
            return
        found = self.resolve(block.outputs[0].operand, self.scope)
        if not found.bare or len(found.cols) != 1:
            return
        number, name = found.cols[0]
        node = self.nodes[number]
        column = self.query.schema.columns(node.table).get(name) if node.table and node.judged else None
        if node.table and column and (column.nullable or node.group) and f"(not (is {name} (null )))" not in node.keys:
            yield Absent(node.table, name, span)

    # ------------------------------------------------------------------ terms → binds and ties

    def finish(self) -> None:
        """Resolve the terms once all sources are known: first which outer joins are inner ones in truth, then binds and ties."""
        if self.query.too_large:
            return
        resolved = [
            (term, self.resolve(term.left, scope), self.resolve(term.right, scope), scope, group) for term, scope, group in self.pending
        ]
        self.pending = []
        for term, left, right, _, group in resolved:
            self.survey(term, left, right, group)
        if self.inner:
            for each in self.nodes:
                each.group = tuple(number for number in each.group if number not in self.inner)
        for term, left, right, scope, group in resolved:
            self.term(term, left, right, scope, tuple([number for number in group if number not in self.inner]) if group else group)
        if self.ties:
            self.close()
        for each in self.nodes:
            each.settle()
        self.push_down()

    def push_down(self) -> None:
        """Take filters on the outputs of derived tables into them, as planners do where it changes no result.

        PostgreSQL: ``subquery_is_pushdown_safe`` (src/backend/optimizer/path/allpaths.c); MySQL's manual, 10.2.2.5 (derived condition
        pushdown); SQLite's manual, "The SQLite Query Optimizer Overview", 12.
        """
        driven = bool(self.ties) and self.driven()
        for number, derived in self.derived.items():
            node = self.nodes[number]
            if driven and derived.block.appended and not node.rows and not node.binds and derived.unit.alike(derived.block):
                self.look_up(number, derived)
            for name, binds in node.binds.items():
                derived.unit.admit(derived.block, derived.columns, name, binds, node.keys)
            if node.binds and not node.hanging and not derived.block.arms:
                node.rows = node.rows or derived.unit.driven()

    def look_up(self, number: int, derived: Derived) -> None:
        """A UNION ALL that is joined to a few rows is looked up in every arm for each of them."""
        for tie in self.ties:
            other = self.nodes[tie.right[0][0]]
            if tie.left[0] == number and tie.plain and not other.opaque and other.table is not None:
                bind = Bind(Op.EQ, STRENGTH[Op.EQ], tie.span, other.name)
                derived.unit.admit(derived.block, derived.columns, tie.left[1], [bind], frozenset())
                break

    def alike(self, block: Block) -> bool:
        """Whether the arms of a UNION ALL give columns of the same types: only then a join goes into it (``is_simple_union_all``)."""
        types = {tuple(unit.types(arm)) for arm, unit in zip(block.arms, self.arms, strict=True)}
        return len(types) == 1 and "" not in next(iter(types))

    def types(self, block: Block) -> Iterator[str]:
        """The types of a block's columns as far as they are columns of tables or constants; empty for other expressions."""
        for output in block.outputs:
            if output.star or self.scope is None:
                yield ""
            elif not output.operand.refs and not output.operand.subs:
                yield "a constant"
            else:
                col = self.column((self, self.resolve(output.operand, self.scope)))
                table = self.nodes[col[0]].table if col else None
                column = self.query.schema.columns(table).get(col[1]) if table and col else None
                yield column.type.partition("(")[0] if column else ""

    def admit(self, block: Block, columns: tuple[str, ...], name: str, binds: Sequence[Bind], said: AbstractSet[str]) -> None:
        """Add ``binds`` of the output ``name`` of this unit's ``block`` to the column behind it, where they hold of all it is made of."""
        if block.limited or block.removing or self.scope is None:
            return
        if block.arms:
            self.admit_to_arms(block, columns, name, binds, said)
            return
        col = self.column(_through(Binding(-1, self.scope, block.outputs, columns), name, self.scope))
        if col is None:
            return
        keyed = block.grouped or block.aggregated or block.windowed or bool(block.keys)
        if keyed and not self.is_key(col, block, self.scope):
            return
        node = self.nodes[col[0]]
        column = self.query.schema.columns(node.table).get(col[1]) if node.table else None
        weak = column is not None and column.type in BOOLEANS
        node.binds.setdefault(col[1], []).extend(each._replace(strength=WEAK) if weak else each for each in binds)
        node.keys |= {form for form in said if name == col[1] and re.search(rf"\b{re.escape(name)}\b", form)}
        if self.ties:
            self.close()
        for each in self.nodes:
            each.settle()
        self.push_down()

    def is_key(self, col: Col, block: Block, scope: Scope) -> bool:
        """Whether rows that differ in a column are in different groups: it is one of the keys, or hangs on them."""
        keys = {self.column((self, self.resolve(key, scope))) for key in block.keys}
        if col in keys or not block.grouped or block.windowed:
            return col in keys
        table = self.nodes[col[0]].table
        return table is not None and any(keys >= {(col[0], name) for name in unique} for unique in self.query.schema.unique(table))

    def admit_to_arms(self, block: Block, columns: tuple[str, ...], name: str, binds: Sequence[Bind], said: AbstractSet[str]) -> None:
        """The same for a set operation, whose columns have the names of its first arm."""
        names = columns or tuple(output.name for output in block.arms[0].outputs)
        place = names.index(name) if name in names else -1
        starred = any(output.star for arm in block.arms for output in arm.outputs)
        alike = not columns and all(len(arm.outputs) == 1 for arm in block.arms)
        for arm, unit in zip(block.arms, self.arms, strict=True):
            if starred and alike:  # SELECT * FROM a UNION ALL SELECT * FROM b
                unit.admit(arm, (), name, binds, said)
            elif not starred and 0 <= place < len(arm.outputs):
                operand = arm.outputs[place].operand
                unit.empty = unit.empty or (not operand.refs and "(null )" in operand.key)  # nothing equals NULL
                unit.admit(arm, (), arm.outputs[place].name, binds, said)

    def column(self, found: tuple[Unit, Col | Resolved] | None) -> Col | None:
        """The column of this unit that was found, if it is one and no expression."""
        if found is None or found[0] is not self:
            return None
        what = found[1]
        if isinstance(what, Resolved):
            return what.cols[0] if what.bare and len(what.cols) == 1 else None
        return what

    def survey(self, term: Term, left: Resolved, right: Resolved, group: Group) -> None:
        """What a term says before it is known which outer joins are inner ones: which nodes it ties, and which it wants to be there."""
        if not (left.known and right.known):
            self.vague = True
        if len(self.nodes) > 1:
            self.linked.append({node for node, _ in (*left.cols, *right.cols)})
        if self.groups and term.op not in (Op.NULL, Op.OTHER, Op.OR, Op.FALSE):
            for node, _name in (*left.cols, *(right.cols if term.op is Op.EQ else ())):
                self.strict(node, group)

    def strict(self, node: int, group: Group) -> None:
        """A term that no null row passes turns the outer joins between it and its table into inner ones."""
        theirs = self.nodes[node].group
        if theirs[: len(group)] == group:
            self.inner.update(theirs[len(group) :])

    def resolve(self, operand: Operand, scope: Scope) -> Resolved:
        if not operand.refs and not operand.subs:
            return NOTHING if not operand.boolean else NOTHING._replace(boolean=True)
        bare = operand.bare
        if bare and scope.unit is self:  # by far most operands are columns of a table of this very block
            source, name = operand.refs[0]
            binding = scope.bindings.get(source) if source else None
            if binding is not None and binding.node >= 0:
                return Resolved(((binding.node, name),), name, bare=True, boolean=operand.boolean)
        cols: list[Col] = []
        outer = ""
        known = all(number < len(scope.constant) and scope.constant[number] for number in operand.subs)
        for ref in operand.refs:
            found = _lookup(ref, scope)
            if found is None:
                known = False
                continue
            unit, what = found
            inner = what if isinstance(what, Resolved) else Resolved((what,), ref.name, bare=True, boolean=operand.boolean)
            known = known and inner.known
            if unit is not self:
                self.outside.add(unit)
                outer = outer or inner.outer or (unit.nodes[inner.cols[0][0]].name if inner.cols else "")
            elif bare:
                return inner._replace(boolean=True) if operand.boolean and not inner.boolean else inner
            elif self.relabelled(operand, inner):
                return inner
            else:
                outer = outer or inner.outer
                cols += inner.cols
        return Resolved(tuple(dict.fromkeys(cols)), operand.key, outer, known, bare, operand.boolean)

    def relabelled(self, operand: Operand, inner: Resolved) -> bool:
        """``column::text`` of a varchar: PostgreSQL compares both by the same operator, and converts nothing."""
        if self.query.schema.dialect != "postgres" or len(operand.refs) != 1 or not inner.bare or not inner.cols:
            return False
        number, name = inner.cols[0]
        if operand.key not in (f"(cast {operand.refs[0].name} text)", f"(cast {operand.refs[0].name} varchar)"):
            return False
        column = self.query.schema.columns(table).get(name) if (table := self.nodes[number].table) else None
        return column is not None and column.type.startswith(("VARCHAR", "TEXT", "CHARACTER VARYING"))

    def term(self, term: Term, left: Resolved, right: Resolved, scope: Scope, group: Group) -> None:
        if term.op is Op.FALSE:
            self.empty = self.empty or not group
        elif term.op is Op.OR:
            self.either(term, scope)
        else:
            self.note(term, left, right)
            if term.left.collation or (left.bare and right.bare and left.cols and right.cols):
                left, right = self.agreed(term, left, right)
            elif term.right.number and (column := self.typed(left)) is not None:
                converted = counted(column, term.right.number, self.query.schema.dialect)
                left = _converted(left, "number" if converted else "")
            if term.op is Op.EQ and left.cols and right.cols:
                self.tie(term, left, right)
                self.tie(term, right, left)
            elif left.cols and not right.cols and right.known:
                self.constrain(term, left, right.outer, group)
            elif right.cols and not left.cols and left.known and term.op is Op.EQ:
                self.constrain(term, right, left.outer, group)

    def agreed(self, term: Term, left: Resolved, right: Resolved) -> tuple[Resolved, Resolved]:
        """Both sides as they are compared: a column that is converted first is an expression, which its plain indexes do not serve."""
        one, other, asked = self.typed(left), self.typed(right), folded(term.left.collation)
        dialect = self.query.schema.dialect
        if one is not None and other is not None and term.op is Op.EQ:
            conversion = compared(one, other, asked, dialect)
            if conversion is None or left.cols[0] == right.cols[0]:
                return left, right
            sides = _converted(left, conversion.left), _converted(right, conversion.right)
            keys = sides[0].key, sides[1].key
            self.mismatched.append(Mismatch(left.cols[0], right.cols[0], term.span, conversion, keys))
            return sides
        if asked and one is not None:
            return _converted(left, f"collate {asked}" if under("", asked, own(one, dialect)) else ""), right
        if asked and other is not None:
            return left, _converted(right, f"collate {asked}" if under("", asked, own(other, dialect)) else "")
        return left, right

    def typed(self, side: Resolved) -> Column | None:
        """The column that a side is, where its type is known for sure."""
        if not side.bare or len(side.cols) != 1:
            return None
        number, name = side.cols[0]
        table = self.nodes[number].table
        return self.query.schema.columns(table).get(name) if table and not table.uncertain else None

    def note(self, term: Term, left: Resolved, right: Resolved) -> None:
        """What the terms say of one table alone is what the predicate of a partial index is looked for in."""
        cols = (*left.cols, *right.cols) if right.cols else left.cols
        if not cols:
            return
        nodes = {node for node, _ in cols}
        if len(nodes) == 1 and not left.outer and not right.outer:
            self.nodes[cols[0][0]].keys.add(term.key)
        if term.op is not Op.NULL and term.op is not Op.OTHER:
            for node, name in cols:
                self.nodes[node].keys.add(f"(not (is {name} (null )))")

    def constrain(self, term: Term, left: Resolved, outer: str, group: Group) -> None:
        if len(left.cols) > 1 and len({node for node, _ in left.cols}) > 1:
            return
        number = left.cols[0][0]
        node = self.nodes[number]
        name = left.key if not left.bare else left.cols[0][1]
        column = self.query.schema.columns(node.table).get(name) if node.table else None
        if term.op is Op.NULL and not node.group and column and not column.nullable:
            self.empty = True  # IS NULL of a column that cannot be null
        truth = left.boolean or (column is not None and column.type in BOOLEANS)
        wrapped = left.key.startswith("(") and not self.expression(node, name)
        strength = WEAK if truth or wrapped else STRENGTH.get(term.op, WEAK)
        if term.op is Op.INFIX or (wrapped and term.op is not Op.OTHER and len(left.cols) == 1):
            self.wrapped.append(Wrapped(left.cols[0], term.op, left.key, term.span))
        if term.op is Op.OTHER and left.bare:
            self.matched.add(left.cols[0])
        above = term.op is Op.NULL and node.group[: len(group)] == group != node.group  # it is asked of what the outer join gives
        if above:
            self.unmatched.add((number, name))
        if above or (wrapped and term.op in TWO_SIDED) or term.op in (Op.NOT_NULL, Op.OTHER, Op.INFIX):
            return
        parameter = bool(outer) or term.right.parameter or term.left.parameter
        node.binds.setdefault(name, []).append(Bind(term.op, strength, term.span, outer, parameter))

    def expression(self, node: Node, name: str) -> bool:
        """Whether an index is on this very expression; any other filter by an expression narrows nothing that an index could serve."""
        return node.table is not None and any(name in served.columns for served in self.query.schema.serving(node.table))

    def tie(self, term: Term, left: Resolved, right: Resolved) -> None:
        nodes = {node for node, _ in left.cols}
        others = {node for node, _ in right.cols}
        if len(nodes) != 1 or nodes & others or not right.known:
            return
        name = left.cols[0][1] if left.bare else left.key
        self.ties.append(Tie((left.cols[0][0], name), right.cols, term.span, left.bare and right.bare))

    def either(self, term: Term, scope: Scope) -> None:
        """OR: what every arm says is said; a table that every arm binds is reached when each arm has an index."""
        self.query.spend(len(term.arms) * len(self.nodes))
        arms = [[(each, self.resolve(each.left, scope), self.resolve(each.right, scope)) for each in arm] for arm in term.arms]
        ties = [
            {(left.cols, right.cols): (each, left, right) for each, left, right in arm if each.op is Op.EQ and left.cols and right.cols}
            for arm in arms
        ]
        for pair in ties[0]:
            if all(pair in arm or pair[::-1] in arm for arm in ties[1:]):
                each, left, right = ties[0][pair]
                self.tie(each, left, right)
                self.tie(each, right, left)
        narrowed = [{number for number in range(len(self.nodes)) if any(self.arm_binds(arm, number))} for arm in arms]
        if all(narrowed) and not set.intersection(*narrowed):
            self.across.append((term.span, tuple(min(each) for each in narrowed)))
        for number, node in enumerate(self.nodes):
            per_arm = [tuple(self.arm_binds(arm, number)) for arm in arms]
            if not all(per_arm):
                tied = [bound or tuple(self.arm_ties(arm, number)) for bound, arm in zip(per_arm, arms, strict=True)]
                if all(tied):
                    node.tied_ors.append(OrBind(tuple(tied)))
                continue
            common = set.intersection(*({bind.name for bind in binds} for binds in per_arm))
            if common:
                for name in sorted(common):
                    weakest = min(bind.strength for binds in per_arm for bind in binds if bind.name == name)
                    op = Op.IN if weakest >= STRENGTH[Op.IN] else Op.PREFIX if weakest == STRENGTH[Op.PREFIX] else Op.BETWEEN
                    wide = any(bind.wide for binds in per_arm for bind in binds if bind.name == name)
                    node.binds.setdefault(name, []).append(Bind(op, min(weakest, STRENGTH[op]), term.span, parameter=wide))
            else:
                node.ors.append(OrBind(tuple(per_arm)))

    def arm_binds(self, arm: Iterable[tuple[Term, Resolved, Resolved]], number: int) -> Iterator[ArmBind]:
        node = self.nodes[number]
        for term, left, right in arm:
            if len(left.cols) == 1 and left.cols[0][0] == number and left.bare and not right.cols and right.known and not left.boolean:
                column = self.query.schema.columns(node.table).get(left.cols[0][1]) if node.table else None
                if STRENGTH.get(term.op, WEAK) and not (column and column.type in BOOLEANS):
                    wide = term.op is Op.BETWEEN and term.right.parameter
                    yield ArmBind(left.cols[0][1], STRENGTH[term.op], term.span, wide=wide)

    def arm_ties(self, arm: Iterable[tuple[Term, Resolved, Resolved]], number: int) -> Iterator[ArmBind]:
        for term, *sides in arm:
            for left, right in (sides, sides[::-1]):
                own = left.bare and len(left.cols) == 1 and left.cols[0][0] == number
                others = right.known and bool(right.cols) and all(node != number for node, _ in right.cols)
                if term.op is Op.EQ and own and others:
                    yield ArmBind(left.cols[0][1], STRENGTH[Op.EQ], term.span, right.cols)

    def close(self) -> None:
        """Equality is transitive: ``a.x = b.y AND b.y = c.z`` ties a to c, ``a.x = 5 AND a.x = b.y`` binds b (equivalence classes)."""
        classes: dict[Col, set[Col]] = {}
        spans: dict[Col, Span] = {}
        for tie in self.ties:
            if tie.plain and not self.nodes[tie.left[0]].group and not self.nodes[tie.right[0][0]].group:
                merged = classes.setdefault(tie.left, {tie.left}) | classes.setdefault(tie.right[0], {tie.right[0]})
                self.query.spend(len(merged))
                for col in merged:
                    classes[col] = merged
                spans.setdefault(tie.left, tie.span)
        known = {(tie.left, tie.right) for tie in self.ties}
        for members in {id(each): each for each in classes.values()}.values():
            self.query.spend(len(members) ** 2)
            for one, other in combinations(sorted(members), 2):
                for left, right in ((one, other), (other, one)):
                    if left[0] != right[0] and (left, (right,)) not in known:
                        self.ties.append(Tie(left, (right,), spans[left], implied=True))
            self.bind_all(members)
        for tie in self.ties if self.derived else ():
            self.across_outer(tie)

    def bind_all(self, members: AbstractSet[Col]) -> None:
        """What one of several equal columns is equated with, all of them are."""
        bound = [bind for node, name in sorted(members) for bind in self.nodes[node].binds.get(name, ()) if bind.op in (Op.EQ, Op.IN)]
        for number, name in members if bound else ():
            binds = self.nodes[number].binds.setdefault(name, [])
            if not any(bind.op in (Op.EQ, Op.IN) for bind in binds):
                binds.append(bound[0])

    def across_outer(self, tie: Tie) -> None:
        """``a LEFT JOIN (…) d ON d.x = a.y WHERE a.y = 5`` wants no more of d than ``d.x = 5`` (``reconsider_outer_join_clauses``)."""
        node, other = self.nodes[tie.left[0]], self.nodes[tie.right[0][0]]
        if tie.plain and node.opaque and node.group and node.group[: len(other.group)] == other.group:
            known = next((bind for bind in other.binds.get(tie.right[0][1], ()) if bind.op is Op.EQ), None)
            if known and not any(bind.op is Op.EQ for bind in node.binds.get(tie.left[1], ())):
                node.binds.setdefault(tie.left[1], []).append(known)

    # ------------------------------------------------------------------ what the unit says

    def hashed(self) -> None:
        """Where EXISTS is asked for every row of whole tables, planners make its rows once if they are few, and look answers up in memory.

        PostgreSQL: ``AlternativeSubPlan`` and ``subplan_is_hashable`` (src/backend/optimizer/plan/subselect.c).
        """
        if self.asked is None or self.asked.driven() or self.asked.first or self.query.schema.dialect != "postgres":
            return
        by_itself = [any(bind.strength and not bind.outer for bind in binds) for node in self.nodes for binds in node.binds.values()]
        if not any(by_itself):
            return
        for node in self.nodes:
            kept = {name: [bind for bind in binds if not bind.outer] for name, binds in node.binds.items()}
            node.binds = {name: binds for name, binds in kept.items() if binds}
            node.settle()
        self.outside = set()

    def driven(self) -> bool:
        return self.empty or any(not node.group and (node.rows or node.strength > WEAK) for node in self.nodes)

    def joins(self) -> Iterator[Join]:
        seen: set[frozenset[str]] = set()
        for tie in self.ties:
            left, right = self.nodes[tie.left[0]], self.nodes[tie.right[0][0]]
            names = f"{left.name}.{tie.left[1]}", f"{right.name}.{tie.right[0][1]}"
            if tie.plain and frozenset((*names, left.alias, right.alias)) not in seen and not left.opaque and not right.opaque:
                seen.add(frozenset((*names, left.alias, right.alias)))
                yield Join(*names, kind="left" if left.group != right.group else "inner")


class Resolved(NamedTuple):
    """An operand with its columns found: those of this unit, and the table of one outside it."""

    cols: tuple[Col, ...] = ()
    key: str = ""
    outer: str = ""
    known: bool = True
    bare: bool = False
    boolean: bool = False


def _converted(side: Resolved, how: str) -> Resolved:
    """A column that is converted, in the normal form of an expression: ``collate nocase`` makes ``(collate name nocase)``."""
    verb, _, to = how.partition(" ")
    name = side.cols[0][1]
    return side._replace(key=f"({verb} {name}{f' {to}' if to else ''})" if how else name, bare=not how)


NOTHING = Resolved()
"""A constant, or a parameter."""


def _named(binding: Binding) -> AbstractSet[str] | None:
    """The names of the columns of an inlined derived table, where they are known."""
    starred = any(output.star for output in binding.outputs)
    return None if starred else frozenset(binding.columns or (output.name for output in binding.outputs))


def _cte(scope: Scope | None, name: str) -> tuple[Cte, Scope] | None:
    while scope is not None:
        if name in scope.ctes:
            return scope.ctes[name]
        scope = scope.parent
    return None


def _without_bindings(scope: Scope) -> Scope:
    """What a derived table that is not LATERAL can speak of: CTEs and outer blocks, but no table beside it."""
    return Scope(scope.unit, scope.parent, scope.ctes)


def _joined(scope: Scope, inner: Scope, output: Output) -> Scope:
    """A scope in which ``?out`` is the output of a pulled-up sub-query, and everything else as outside."""
    return Scope(scope.unit, scope, {}, {PULLED: Binding(-1, inner, (output,))})


def _lookup(ref: Ref, scope: Scope | None) -> tuple[Unit, Col | Resolved] | None:
    """The column that a name stands for, from the inside outwards; None where that cannot be told."""
    while scope is not None:
        if ref.source:
            binding = scope.bindings.get(ref.source)
            if binding is not None:
                return _through(binding, ref.name, scope)
        else:
            found = _unqualified(ref.name, scope)
            if found is not None:
                return _through(found, ref.name, scope)
        scope = scope.parent
    return None


def _unqualified(name: str, scope: Scope) -> Binding | None:
    """The only source that has the column; where columns are unknown, the only source that could have it."""
    possible: list[Binding] = []
    scope.unit.query.spend(4 * len(scope.bindings) - 4)
    for alias, binding in scope.bindings.items():
        has = alias != PULLED and _has(binding, name, scope)
        if has:
            return binding
        if has is None:
            possible.append(binding)
    return possible[0] if len(possible) == 1 else None


def _has(binding: Binding, name: str, scope: Scope) -> bool | None:
    if binding.node >= 0:
        return scope.unit.nodes[binding.node].has(name)
    if name in binding.columns or any(output.name == name and not output.star for output in binding.outputs):
        return True
    if any(output.star for output in binding.outputs) and binding.scope is not None:
        scope.unit.query.spend(4 * len(binding.scope.bindings))
        answers = [_has(inner, name, binding.scope) for inner in binding.scope.bindings.values()]
        return True if True in answers else None if None in answers else False
    return False


def _through(binding: Binding, name: str, scope: Scope) -> tuple[Unit, Col | Resolved] | None:
    """Follow a column through inlined derived tables to the table that has it."""
    if binding.node >= 0:
        return scope.unit, (binding.node, name)
    inner = binding.scope
    if inner is None:
        return None
    inner.unit.query.spend(len(binding.outputs) // 8)
    if name in binding.columns and binding.columns.index(name) < len(binding.outputs):
        output: Output | None = binding.outputs[binding.columns.index(name)]
    else:
        output = next((each for each in binding.outputs if each.name == name and not each.star), None)
        if output is None and len(binding.outputs) == 1 and not binding.outputs[0].star and not binding.columns and name == PULLED:
            output = binding.outputs[0]
    if output is None:
        return _lookup(Ref("", name), _only(inner))
    if output.operand.bare:
        return _lookup(output.operand.refs[0], inner)
    return inner.unit, inner.unit.resolve(output.operand, inner)


def _only(scope: Scope) -> Scope:
    """A scope without those around it: a star brings only what the block itself reads."""
    return Scope(scope.unit, None, {}, scope.bindings)
