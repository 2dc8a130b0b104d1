"""What a planner plans together: blocks flattened into nodes, ties and binds, with every column resolved against the catalog.

Joins, derived tables and CTEs that are inlined, and semi- and anti-joins that are pulled up become one *unit*; a sub-query that runs by
itself is a unit of its own, whose outer columns are constants.  Which blocks a planner flattens: PostgreSQL's manual, 7.8.3 (CTE
materialization) and the README of its optimizer
(src/backend/optimizer/README: "Pulling Up Subqueries", "EquivalenceClasses", "Valid OUTER JOIN Optimizations").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

from lastcall.model import Catalog, Column, Index, Join, Table
from lastcall.sql.block import Block, Cte, Kind, Mode, Op, Operand, Order, Output, Ref, Source, Span, Sub, Term, moved
from lastcall.sql.naming import Naming

BOOLEANS = frozenset({"BOOL", "BOOLEAN", "BIT", "BIT(1)", "TINYINT(1)"})

STRENGTH = {Op.EQ: 4, Op.IN: 3, Op.PREFIX: 2, Op.BETWEEN: 1}
"""How well a filter narrows a table; what is not listed does not drive (one-sided ranges, IS NULL, booleans)."""

WEAK = 0

EQUATING = frozenset({Op.EQ, Op.IN, Op.NULL})
TWO_SIDED = frozenset({Op.LOW, Op.HIGH})
RANGES = frozenset({Op.PREFIX, Op.BETWEEN, Op.LOW, Op.HIGH})

SERVING_METHODS = frozenset({"", "btree", "hash", "clustered", "nonclustered", "bitmap"})
"""Kinds of index that serve an equality.  GIN, GiST, BRIN, full-text and columnstore ones do not."""


@dataclass(frozen=True)
class Served:
    """An index that can serve, with its columns and the conjuncts of its predicate in the normal form of operands and terms."""

    index: Index
    columns: tuple[str, ...]
    where: tuple[frozenset[str], ...]
    """Of each conjunct the forms of which a query must say one."""


class Schema:
    """What all queries of a tree are judged by: the catalog, the blocks of its views, and the tables whose reading does not matter."""

    def __init__(self, catalog: Catalog, views: Mapping[str, Block] | None = None, small: frozenset[str] = frozenset()) -> None:
        self.catalog = catalog
        self.dialect = catalog.dialect
        self.views = views or {}
        self.small = small
        self.naming = Naming(catalog)
        self._serving: dict[str, tuple[Served, ...]] = {}
        self._columns: dict[str, dict[str, Column]] = {}
        self._known: dict[str, Known] = {}
        self._unique: dict[str, tuple[frozenset[str], ...]] = {}

    def known(self, name: str) -> Known:
        """What ``name`` stands for."""
        found = self._known.get(name)
        if found is None:
            table = self.catalog.table(name)
            told = table.name if table else name
            small = bool({name, told, told.rpartition(".")[2]} & self.small)
            columns = self.columns(table).keys() if table and table.columns and not table.uncertain else None
            exists = table is not None or name in self.catalog.views
            found = self._known[name] = Known(told, table, exists, small, columns)
        return found

    def columns(self, table: Table) -> Mapping[str, Column]:
        """The columns of a table by name."""
        found = self._columns.get(table.name)
        if found is None:
            found = self._columns[table.name] = {column.name: column for column in table.columns}
        return found

    def serving(self, table: Table) -> tuple[Served, ...]:
        """The indexes of a table that can serve an equality, whole ones before partial ones, small before large."""
        found = self._serving.get(table.name)
        if found is None:
            useful = [index for index in table.indexes if index.method in SERVING_METHODS]
            useful.sort(key=lambda each: (bool(each.where), len(each.columns), each.columns, each.name))
            found = self._serving[table.name] = tuple(self._normal(index) for index in useful)
        return found

    def unique(self, table: Table) -> tuple[frozenset[str], ...]:
        """The sets of columns of which a table has no two rows that are equal."""
        found = self._unique.get(table.name)
        if found is None:
            serving = self.serving(table)
            found = self._unique[table.name] = tuple(frozenset(each.columns) for each in serving if each.index.unique and not each.where)
        return found

    def _normal(self, index: Index) -> Served:
        if not index.where and not any(column.startswith("(") for column in index.columns):
            return Served(index, index.columns, ())
        from lastcall.sql.query import normal_forms  # noqa: PLC0415 -- the parser is loaded for the few indexes that need it

        columns = tuple(
            min(normal_forms(column, self.dialect)[0], key=len) if column.startswith("(") else column for column in index.columns
        )
        return Served(index, columns, normal_forms(index.where, self.dialect) if index.where else ())


class Known(NamedTuple):
    """What the schema says of a name in FROM that is no view: the table, where there is one, and what goes for every source of it."""

    name: str
    table: Table | None
    exists: bool
    small: bool
    columns: AbstractSet[str] | None
    """Where they are known for sure."""


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
    small: bool = False
    columns: AbstractSet[str] | None = None
    """The column names, where they are known."""
    binds: dict[str, list[Bind]] = field(default_factory=dict)
    ors: list[OrBind] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    """The normal forms of the conjuncts on this node alone, and ``column is not null`` for what a strict one compares."""

    strength: int = WEAK
    """The best filter on the node: set by ``settle``, with the columns by how they are bound."""
    equal: frozenset[str] = frozenset()
    strong: frozenset[str] = frozenset()
    ranged: frozenset[str] = frozenset()

    def settle(self) -> None:
        """Sum up the binds, once all are known; a two-sided range is two one-sided ones on the same column."""
        best = WEAK
        for each in self.ors:
            best = max(best, min(strength for arm in each.arms for _, strength in arm))
        equal, strong, ranged = [], [], []
        for name, binds in self.binds.items():
            ops = {bind.op for bind in binds}
            strength = max([bind.strength for bind in binds])
            if not ops.isdisjoint(EQUATING):
                equal.append(name)
            if not ops.isdisjoint(RANGES):
                ranged.append(name)
            if strength >= STRENGTH[Op.IN]:
                strong.append(name)
            best = max(best, STRENGTH[Op.BETWEEN] if ops >= TWO_SIDED else WEAK, strength)
        self.strength = best
        self.equal, self.strong, self.ranged = frozenset(equal), frozenset(strong), frozenset(ranged)

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


class OrBind(NamedTuple):
    """An OR each of whose arms binds a column of this node: served when an index serves every arm."""

    arms: tuple[tuple[tuple[str, int], ...], ...]
    span: Span


class Sort(NamedTuple):
    """A column that the first rows are wanted in the order of."""

    col: Col
    descending: bool
    span: Span


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


MOST_NODES = 300
"""Tables that one plan may have: views that join views grow without bound."""


class Plan:
    """What all units of one statement share."""

    def __init__(self, schema: Schema, block: Block) -> None:
        self.schema = schema
        self.units: list[Unit] = []
        self.tables: list[str] = []
        self.unknown: dict[str, Span] = {}
        self.block = block
        self.made: dict[int, bool] = {}
        self.working: list[str] = []
        self.nodes = 0
        self.too_large = ""
        """The source that made the plan larger than ``MOST_NODES``; then nothing is judged."""
        Unit(self).alone(block, None)

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
        self.absent: list[Absent] = []
        self.across: list[tuple[Span, tuple[int, ...]]] = []
        """ORs whose arms narrow different nodes."""
        self.few = False
        """It is a set operation each of whose arms gives few rows."""
        self.first = False
        """Only the first rows are wanted: a planner that need not sort stops as soon as it has them."""
        self.sorts: tuple[tuple[Sort, ...], ...] = ()
        """Orders that are wanted, each by itself; several where several extremes are asked for."""
        query.units.append(self)

    # ------------------------------------------------------------------ blocks → nodes

    def take(self, block: Block, parent: Scope | None, group: Group) -> Scope:
        """Add the sources, terms and sub-queries of ``block``, under ``group``."""
        scope = Scope(self, parent)
        for cte in block.ctes:
            scope.ctes[cte.name] = (cte, scope)
        few = [self.apart(arm, scope)[0] for arm in block.arms]
        self.few = bool(few) and all(few)
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
        """Note in which order a few rows are wanted; what is grouped, made distinct or numbered must be read whole first."""
        if block.arms or block.grouped or block.windowed or self.query.too_large:
            return
        if block.extremes and len(self.nodes) == 1:
            self.sorts = tuple(tuple(self.sorted(each, scope)) for each in block.extremes)
            self.first = all(self.sorts)
        elif block.limited and not block.aggregated and not (block.distinct and not block.order):
            keys: list[Sort] = []
            for each in block.order:
                found = list(self.sorted(each, scope))
                if not found:
                    break
                keys += found
            self.sorts = (tuple(keys),) if keys else ()
            self.first = bool(keys) or not block.order

    def sorted(self, order: Order, scope: Scope) -> Iterator[Sort]:
        """The column of a key, where it is one that an index could have in that order."""
        resolved = self.resolve(order.operand, scope)
        if order.plain and resolved.bare and len(resolved.cols) == 1:
            yield Sort(resolved.cols[0], order.descending, order.span)

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
        if first and (source.crossed or source.lateral or source.rows_known):
            self.linked.append({0, *range(first, len(self.nodes))})
        condition = own if source.kind is not Kind.RIGHT else group
        self.pending += [(term, scope, condition) for term in source.on]
        for name in self.shared(source, scope, before):
            left = next((alias for alias in before if self.column_of(scope, alias, name)), before[0] if before else "")
            term = Term(Op.EQ, Operand((Ref(left, name),), name), Operand((Ref(source.alias, name),), name), span=source.span)
            self.pending.append((term, scope, condition))

    def next_group(self) -> int:
        self.groups += 1
        return self.groups

    def deepest(self, source: Source, scope: Scope, group: Group) -> Group:
        """The outer join that an outer join hangs on: the deepest group among the tables that its condition speaks of."""
        deepest = group
        for term in source.on:
            for ref in (*term.left.refs, *term.right.refs):
                if ref.source and ref.source != source.alias and ref.source in scope.bindings:
                    node = scope.bindings[ref.source].node
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
        columns = self.nodes[binding.node].columns if binding.node >= 0 else None
        if columns is None:
            self.uncertain = True
            return ()
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
                return
            view = self.query.schema.views.get(source.table)
            if view is not None and source.table not in self.query.working:
                block = moved(view, source.span)
            else:
                self.add_table(source, scope, group)
                return
        if block is None:
            self.add_opaque(source, scope, group, rows=source.rows_known, block=None, columns=source.columns)
        elif not block.fenced and not source.lateral and not block.ctes:
            self.query.working.append(source.table)
            inner = self.take(block, None if source.table else scope.parent, group)
            self.query.working.pop()
            scope.bindings[source.alias] = Binding(-1, inner, block.outputs, source.columns)
        else:
            self.query.working.append(source.table)
            rows, _ = self.apart(block, scope if source.lateral else _without_bindings(scope))
            self.query.working.pop()
            self.add_opaque(source, scope, group, rows=rows, block=block, columns=source.columns)

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
                self.query.made[id(cte)] = self.apart(block, home)[0]
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
        if sub.pulled and plain and sub.mode in (Mode.SEMI, Mode.ANTI):
            own = (*group, self.next_group()) if sub.mode is Mode.ANTI else group
            first = len(self.nodes)
            inner = self.take(block, scope, own)
            self.linked.append({0, *range(first, len(self.nodes))} if self.nodes else set())  # EXISTS multiplies no rows
            for operand, output in zip(sub.operands, block.outputs, strict=False):
                if not output.star:
                    self.pending.append(
                        (
                            Term(Op.EQ, operand, Operand((Ref("?out", output.name),), "?out"), span=sub.span),
                            _joined(scope, inner, output),
                            own,
                        )
                    )
            return False
        rows, made = self.apart(block, scope)
        correlated = self in made.outside
        self.vague = self.vague or correlated
        if sub.negated and not block.arms:
            self.absent += made.nullable(block, sub.span)
        if sub.pulled and sub.mode is Mode.SEMI and sub.operands:  # its result is made first, then looked up or looped over
            source = Source(f"?sub{len(self.nodes)}", block=block, span=sub.span)
            self.add_opaque(source, scope, group, rows=rows, block=block, columns=())
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
        if node.table and column and column.nullable and f"(not (is {name} (null )))" not in node.keys:
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
            if term.op is Op.EQ and left.cols and right.cols:
                self.tie(term, left, right)
                self.tie(term, right, left)
            elif left.cols and not right.cols and right.known:
                self.constrain(term, left, right.outer)
            elif right.cols and not left.cols and left.known and term.op is Op.EQ:
                self.constrain(term, right, left.outer)

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

    def constrain(self, term: Term, left: Resolved, outer: str) -> None:
        if len(left.cols) > 1 and len({node for node, _ in left.cols}) > 1:
            return
        number = left.cols[0][0]
        node = self.nodes[number]
        name = left.key if not left.bare else left.cols[0][1]
        column = self.query.schema.columns(node.table).get(name) if node.table else None
        if term.op is Op.NULL and not node.group and column and not column.nullable:
            self.empty = True  # IS NULL of a column that cannot be null
        truth = left.boolean or (column is not None and column.type in BOOLEANS)
        strength = WEAK if truth or (left.key.startswith("(") and not self.expression(node, name)) else STRENGTH.get(term.op, WEAK)
        inside = term.op is not Op.OTHER and len(left.cols) == 1 and left.key.startswith("(") and not self.expression(node, name)
        if term.op is Op.INFIX or inside:
            self.wrapped.append(Wrapped(left.cols[0], term.op, left.key, term.span))
        if term.op is Op.OTHER and left.bare:
            self.matched.add(left.cols[0])
        if term.op in (Op.NOT_NULL, Op.OTHER, Op.INFIX):
            return
        node.binds.setdefault(name, []).append(Bind(term.op, strength, term.span, outer))

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
                continue
            common = set.intersection(*({name for name, _ in binds} for binds in per_arm))
            if common:
                for name in sorted(common):
                    weakest = min(strength for binds in per_arm for found, strength in binds if found == name)
                    node.binds.setdefault(name, []).append(Bind(Op.IN, min(weakest, STRENGTH[Op.IN]), term.span))
            else:
                node.ors.append(OrBind(tuple(per_arm), term.span))

    def arm_binds(self, arm: Iterable[tuple[Term, Resolved, Resolved]], number: int) -> Iterator[tuple[str, int]]:
        node = self.nodes[number]
        for term, left, right in arm:
            if len(left.cols) == 1 and left.cols[0][0] == number and left.bare and not right.cols and right.known and not left.boolean:
                column = self.query.schema.columns(node.table).get(left.cols[0][1]) if node.table else None
                if STRENGTH.get(term.op, WEAK) and not (column and column.type in BOOLEANS):
                    yield left.cols[0][1], STRENGTH[term.op]

    def close(self) -> None:
        """Equality is transitive: ``a.x = b.y AND b.y = c.z`` ties a to c, ``a.x = 5 AND a.x = b.y`` binds b (equivalence classes)."""
        classes: dict[Col, set[Col]] = {}
        spans: dict[Col, Span] = {}
        for tie in self.ties:
            if tie.plain and not self.nodes[tie.left[0]].group and not self.nodes[tie.right[0][0]].group:
                merged = classes.setdefault(tie.left, {tie.left}) | classes.setdefault(tie.right[0], {tie.right[0]})
                for col in merged:
                    classes[col] = merged
                spans.setdefault(tie.left, tie.span)
        known = {(tie.left, tie.right) for tie in self.ties}
        for members in {id(each): each for each in classes.values()}.values():
            for one, other in combinations(sorted(members), 2):
                for left, right in ((one, other), (other, one)):
                    if left[0] != right[0] and (left, (right,)) not in known:
                        self.ties.append(Tie(left, (right,), spans[left]))
            bound = [bind for node, name in sorted(members) for bind in self.nodes[node].binds.get(name, ()) if bind.op in (Op.EQ, Op.IN)]
            for number, name in members if bound else ():
                binds = self.nodes[number].binds.setdefault(name, [])
                if not any(bind.op in (Op.EQ, Op.IN) for bind in binds):
                    binds.append(bound[0])

    # ------------------------------------------------------------------ what the unit says

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


NOTHING = Resolved()
"""A constant, or a parameter."""


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
    return Scope(scope.unit, scope, {}, {"?out": Binding(-1, inner, (output,))})


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
    for binding in scope.bindings.values():
        has = _has(binding, name, scope)
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
    if name in binding.columns and binding.columns.index(name) < len(binding.outputs):
        output: Output | None = binding.outputs[binding.columns.index(name)]
    else:
        output = next((each for each in binding.outputs if each.name == name and not each.star), None)
        if output is None and len(binding.outputs) == 1 and not binding.outputs[0].star and not binding.columns and name == "?out":
            output = binding.outputs[0]
    if output is None:
        return _lookup(Ref("", name), _only(inner))
    if output.operand.bare:
        return _lookup(output.operand.refs[0], inner)
    return inner.unit, inner.unit.resolve(output.operand, inner)


def _only(scope: Scope) -> Scope:
    """A scope without those around it: a star brings only what the block itself reads."""
    return Scope(scope.unit, None, {}, scope.bindings)
