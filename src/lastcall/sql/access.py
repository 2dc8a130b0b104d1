"""How each table of a query is reached: by which index, from where, or which index it lacks.

The definition stands in docs/design.md ("Queries: which join is unindexed").  In short: a table *drives* a query when the query filters it
selectively; from there every other table is *reached* through an index whose leading column is equated with a table reached before.
What an equality ties to a reached table but no index reaches is an unindexed join.  Of all drivers the one is taken that leaves the
fewest missing indexes.  ``unit`` makes the tables, ties and filters that are looked at here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from lastcall.model import Access, AccessPath, Catalog, Hazard, Index, Join, Location, MissingIndex, Unread
from lastcall.sql.block import Lowered, Op, Span
from lastcall.sql.hazards import hazards, unsargable
from lastcall.sql.naming import Naming
from lastcall.sql.unit import MOST_NODES, STRENGTH, WEAK, Bind, Node, Plan, Schema, Served, Sort, Tie, Unit

Place = Callable[[Span], Location]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one query reads: how, by which ties, from which tables, and which of them nobody knows."""

    accesses: tuple[Access, ...]
    hazards: tuple[Hazard, ...]
    joins: tuple[Join, ...]
    tables: tuple[str, ...]
    unknown: tuple[Unread, ...]


def reading(lowered: Lowered, schema: Schema, place: Place) -> Reading:
    """How ``lowered`` reaches its tables by the indexes of ``schema``; ``place`` turns a span of the fragment into a location."""
    plan = Plan(schema, lowered.block)
    judged = [(unit, _Judging(unit, schema, place)) for unit in plan.units]
    accesses = _weighed([(bool(unit.outside), each.accesses()) for unit, each in judged])
    found = [*hazards(lowered, plan, place), *(hazard for _, each in judged for hazard in each.hazards())]
    joins = dict.fromkeys(join for unit in plan.units for join in unit.joins())
    if plan.too_large:
        told = Unread("query", f"it reads more than {MOST_NODES} tables by way of views", place(lowered.span), plan.too_large)
        return Reading((), (), (), tuple(dict.fromkeys(plan.tables)), (told,))
    unknown = tuple(Unread("table", "it is not in the repository's schema", place(span), name) for name, span in plan.unknown.items())
    return Reading(tuple(_once(accesses)), tuple(found), tuple(joins), tuple(dict.fromkeys(plan.tables)), unknown)


def _weighed(units: Sequence[tuple[bool, list[Access]]]) -> Iterator[Access]:
    """The accesses of all units, each with whether what it lacks weighs.

    Where one part of a query must read a whole table anyway, an index that another part lacks does not make the query ten times cheaper;
    unless that part runs once for each row of another (``True``), which multiplies what it costs.
    """
    if len(units) == 1:
        yield from units[0][1]
        return
    whole = [any(access.path in (AccessPath.WHOLE, AccessPath.HASHED_JOIN) for access in accesses) for _, accesses in units]
    for number, (repeated, accesses) in enumerate(units):
        aside = not repeated and any(each for other, each in enumerate(whole) if other != number)
        yield from (replace(access, aside=True) if aside and access.missing else access for access in accesses)


def _once(accesses: Iterable[Access]) -> Iterator[Access]:
    """An index that several parts of a query lack is missing once, where it weighs most: the others keep their path, and no suggestion."""
    found = list(accesses)
    if sum(access.missing is not None for access in found) < 2:  # noqa: PLR2004
        yield from found
        return
    first: dict[tuple[str, tuple[str, ...]], Access] = {}
    for access in sorted(found, key=lambda each: (each.path is not AccessPath.UNINDEXED_JOIN, not each.selective)):
        if access.missing is not None:
            first.setdefault((access.missing.table, access.missing.columns), access)
    for access in found:
        told = access.missing is None or first[access.missing.table, access.missing.columns] is access
        yield access if told else replace(access, missing=None)


MOST_TRIES = 240
"""Drivers times tables that are tried: where a query joins very many tables, its most selective drivers decide."""


COMPARED = 60
"""Tables of a unit up to which next steps are compared at all."""
MOST_STEPS = 8
"""Next steps that are compared with each other, where several tables lack an index."""


@dataclass(slots=True)
class _Try:
    """The tables reached from one driver, with what supplied them, and those that lack an index."""

    driver: int
    reached: dict[int, tuple[Index | None, tuple[Tie, ...]]] = field(default_factory=dict)
    missing: dict[int, tuple[Tie, ...]] = field(default_factory=dict)
    supplied: dict[int, list[Tie]] = field(default_factory=dict)
    """The ties by which tables that are reached supply columns of one that is not."""


class _Judging:
    """Looks for the driver of one unit and says how each of its tables is reached from there."""

    def __init__(self, unit: Unit, schema: Schema, place: Place) -> None:
        self.unit = unit
        self.nodes = unit.nodes
        self.schema = schema
        self.place = place
        self.ties: dict[int, list[Tie]] = {}
        self.outgoing: dict[int, list[Tie]] = {}
        for tie in unit.ties:
            self.ties.setdefault(tie.left[0], []).append(tie)
            for number in {number for number, _ in tie.right}:
                self.outgoing.setdefault(number, []).append(tie)
        self.strength = [self.narrowing(node) for node in self.nodes]
        self.own: dict[int, Index | None] = {}
        """What serves a node's filters by themselves."""

    def accesses(self) -> list[Access]:
        unit, nodes = self.unit, self.nodes
        if unit.empty or unit.uncertain:
            return []
        if any(not node.known for node in nodes):
            return [self.access(number, AccessPath.UNKNOWN) for number, node in enumerate(nodes) if node.table]
        drivers = [number for number, node in enumerate(nodes) if not node.group and (node.rows or self.strength[number])]
        if not drivers:
            return self.first_rows() if unit.first else self.undriven()
        drivers.sort(key=lambda number: (-self.strength[number], nodes[number].name, nodes[number].alias))
        best = min((self.reach(driver) for driver in drivers[: max(MOST_TRIES // len(nodes), 2)]), key=self.rank)
        return [self.told(best, number) for number, node in enumerate(nodes) if node.table]

    def hazards(self) -> Iterator[Hazard]:
        """Filters that no index can serve, of tables that nothing else reaches."""
        if self.unit.wrapped and not self.unit.empty and not self.unit.uncertain and all(node.known for node in self.nodes):
            yield from unsargable(self.unit, self.schema, self.place)

    def first_rows(self) -> list[Access]:
        """Nothing narrows the query, but a few rows are wanted: the table whose index has them in order drives, without an order any.

        From there the others must be reached by an index; where one is not, or the order is not there, everything is read first.
        """
        for sorts in self.unit.sorts:
            number = sorts[0].col[0]
            node = self.nodes[number]
            if node.group or not node.judged:
                return self.undriven()
            if not self.in_order(node, sorts):
                attempt = self.reach(number, filtered=False)
                if attempt.missing or len(attempt.reached) < len(self.nodes):
                    return self.undriven()
                return [
                    self.missing_sort(each, sorts) if each == number else self.told(attempt, each)
                    for each, other in enumerate(self.nodes)
                    if other.table
                ]
        starts = [self.unit.sorts[0][0].col[0]] if self.unit.sorts else [each for each, node in enumerate(self.nodes) if not node.group]
        best = min((self.reach(start, filtered=False) for start in starts[:MOST_STEPS]), key=self.rank, default=None)
        if best is None or len(best.reached) < len(self.nodes):
            return self.undriven()
        return [self.told(best, number) for number, node in enumerate(self.nodes) if node.table]

    def in_order(self, node: Node, sorts: tuple[Sort, ...]) -> bool:
        """Whether an index has the rows in the order of the first key, behind columns that are equated with constants."""
        assert node.table is not None
        for served in self.schema.serving(node.table):
            if served.index.method == "hash" or not _implied(served, node):
                continue
            first = next((column for column in served.columns if column not in node.equal), None)
            if first == sorts[0].col[1]:
                return True
        return False

    def missing_sort(self, number: int, sorts: tuple[Sort, ...]) -> Access:
        """PostgreSQL sorts the rest of a few rows by itself (incremental sort); others need every key in the index."""
        node = self.nodes[number]
        assert node.table is not None
        keys = [each for each in sorts if each.col[0] == number and each.descending == sorts[0].descending]
        columns = tuple(dict.fromkeys(each.col[1] for each in (keys[:1] if self.schema.dialect == "postgres" else keys)))
        if not self.schema.columns(node.table).keys() >= set(columns):
            return self.access(number, AccessPath.UNKNOWN)
        missing = self.schema.naming.suggested(node.name, columns)
        return Access(node.table, node.alias, AccessPath.UNINDEXED_SORT, self.place(sorts[0].span), columns, (), None, missing)

    def rank(self, attempt: _Try) -> tuple[int, int, bool, str, str]:
        """The fewest missing indexes, then the most selective driver, then a served one; names last: the order in the text has no say."""
        driver = self.nodes[attempt.driver]
        missing = {(self.nodes[number].name, ties[0].left[1] if ties else "") for number, ties in attempt.missing.items()}
        return len(missing), -self.strength[attempt.driver], attempt.driver in attempt.missing, driver.name, driver.alias

    # ------------------------------------------------------------------ indexes

    def narrowing(self, node: Node) -> int:
        """How well a node's filters narrow it; a unique index whose columns are all equated gives one row."""
        best = node.strength
        if best == STRENGTH[Op.EQ] and node.table and (unique := self.schema.unique(node.table)):
            equal = {name for name, binds in node.binds.items() if any(bind.op is Op.EQ for bind in binds)}
            if any(equal.issuperset(columns) for columns in unique):
                return best + 1
        return best

    def serving(self, node: Node, tied: frozenset[str] = frozenset()) -> Index | None:
        """An index that serves the node's filters together with the columns that tables reached before supply (``tied``).

        Its leading columns must be equated (or the first one be in a range), and at least one of them by more than a boolean.
        """
        assert node.table is not None
        equal, strong = (node.equal | tied, node.strong | tied) if tied else (node.equal, node.strong)
        for served in self.schema.serving(node.table):
            if _serves(served, equal, strong, node.ranged) and _implied(served, node):
                return served.index
        return None

    def filtering(self, number: int) -> Index | None:
        """The index that serves a node's own filters."""
        if number not in self.own:
            self.own[number] = self.serving(self.nodes[number])
        return self.own[number]

    def filter_served(self, number: int) -> bool:
        """Whether an index serves the node's own filter: one of its columns, or every arm of an OR."""
        node = self.nodes[number]
        if self.filtering(number) is not None:
            return not node.strong or self.served_by_equality(node)
        if not node.ors:
            return False
        leading = self.leading(node)
        return any(all(any(name in leading for name, _ in arm) for arm in each.arms) for each in node.ors)

    def served_by_equality(self, node: Node) -> bool:
        """Whether an index serves one of the node's equalities: beside one that none serves, an index for a range is far too little."""
        assert node.table is not None
        serving = self.schema.serving(node.table)
        return any(_serves(served, node.equal, node.strong, frozenset()) and _implied(served, node) for served in serving)

    def leading(self, node: Node) -> set[str]:
        """The columns that lead an index that serves without a condition."""
        assert node.table is not None
        return {served.columns[0] for served in self.schema.serving(node.table) if served.columns and not served.where}

    # ------------------------------------------------------------------ reaching

    def reach(self, driver: int, *, filtered: bool = True) -> _Try:
        """Everything that can be reached from one driver, with the fewest tables reached without an index.

        ``filtered``: it drives by its filter, which an index must serve.
        """
        attempt = _Try(driver)
        node = self.nodes[driver]
        if filtered and node.judged and not self.filter_served(driver):
            attempt.missing[driver] = ()
        self.mark(attempt, driver, self.filtering(driver) if node.judged else None)
        for number, each in enumerate(self.nodes):
            if (each.rows and not each.group) or each.small:
                self.mark(attempt, number, None)
            elif number not in attempt.reached and each.strength > WEAK and each.judged and self.filter_served(number):
                self.mark(attempt, number, self.filtering(number))
        while stuck := self.stuck(attempt):
            steps = sorted(stuck, key=lambda each: self.name_of(each, stuck[each]))
            if len(self.nodes) <= COMPARED:
                steps = [max(steps[:MOST_STEPS], key=lambda each: self.opens(attempt, each))] if len(steps) > 1 else steps
            for number in steps:  # all at once where comparing them would take too long
                if number not in attempt.reached:
                    attempt.missing[number] = stuck[number]
                    self.mark(attempt, number, None, stuck[number])
        return attempt

    def mark(self, attempt: _Try, number: int, index: Index | None, ties: tuple[Tie, ...] = ()) -> None:
        """Note a table as reached, and with it all that its columns let an index (or nothing at all, for what is not judged) reach."""
        pending = [(number, index, ties)]
        while pending:
            number, index, ties = pending.pop()
            if number in attempt.reached:
                continue
            attempt.reached[number] = (index, ties)
            for tie in self.outgoing.get(number, ()):
                onward = tie.left[0]
                if onward in attempt.reached or not self.supplies(attempt, tie):
                    continue
                supplied = attempt.supplied.setdefault(onward, [])
                supplied.append(tie)
                node = self.nodes[onward]
                found = self.serving(node, frozenset(each.left[1] for each in supplied)) if node.judged else None
                if found is not None or not node.judged:
                    pending.append((onward, found, tuple(supplied)))

    def supplies(self, attempt: _Try, tie: Tie) -> bool:
        """Whether what a tie needs is reached; nothing inside an outer join supplies what is outside it."""
        group = self.nodes[tie.left[0]].group
        return all(node in attempt.reached and self.nodes[node].group == group[: len(self.nodes[node].group)] for node, _ in tie.right)

    def stuck(self, attempt: _Try) -> dict[int, tuple[Tie, ...]]:
        """The tables that an equality of a column ties to what is reached, and that no index reaches."""
        found = {}
        for number, supplied in attempt.supplied.items():
            ties = tuple(tie for tie in supplied if not tie.left[1].startswith("("))
            if ties and number not in attempt.reached:
                found[number] = ties
        return found

    def name_of(self, number: int, ties: tuple[Tie, ...]) -> tuple[str, str, str]:
        """By names, not by the order in the text, one of several equal steps is taken."""
        return self.nodes[number].name, min(tie.left[1] for tie in ties), self.nodes[number].alias

    def opens(self, attempt: _Try, number: int) -> int:
        """How many tables would be reached once ``number`` is: the more, the better a next step."""
        tried = _Try(attempt.driver, dict(attempt.reached), {}, {key: list(ties) for key, ties in attempt.supplied.items()})
        self.mark(tried, number, None)
        return len(tried.reached)

    # ------------------------------------------------------------------ telling

    def access(self, number: int, path: AccessPath, span: Span | None = None) -> Access:
        node = self.nodes[number]
        assert node.table is not None
        return Access(node.table, node.alias, path, self.place(span or node.span))

    def told(self, best: _Try, number: int) -> Access:
        node = self.nodes[number]
        if not node.judged or node.table is None:
            return self.access(number, AccessPath.UNKNOWN)
        if number in best.missing:
            ties = best.missing[number]
            lacking = self.missing_join(best, number, ties) if ties else self.missing_filter(number)
            # A column that the schema does not have: the schema is not what the query runs on.
            return lacking if self.schema.columns(node.table).keys() >= set(lacking.columns) else self.access(number, AccessPath.UNKNOWN)
        if number not in best.reached:
            return self.access(number, AccessPath.WHOLE)
        index, ties = best.reached[number]
        sources = tuple(dict.fromkeys(self.nodes[col[0]].name for tie in ties for col in tie.right))
        columns = tuple(dict.fromkeys(tie.left[1] for tie in ties))
        place = self.place(ties[0].span if ties else _filter_span(node))
        return Access(node.table, node.alias, AccessPath.INDEX, place, columns, sources, index)

    def missing_join(self, best: _Try, number: int, ties: tuple[Tie, ...]) -> Access:
        """The tie by a foreign key first: it is what the schema's author meant to join by."""
        node, driver = self.nodes[number], self.nodes[best.driver]
        assert node.table is not None
        references = {column for key in node.table.foreign_keys for column in key.columns}
        tie = min(ties, key=lambda each: (each.left[1] not in references, each.left[1], each.span))
        sources = tuple(dict.fromkeys(self.nodes[col[0]].name for col in tie.right))
        selective = driver.rows or driver.small or self.unit.first or self.strength[best.driver] > STRENGTH[Op.BETWEEN]
        columns = (tie.left[1],)
        missing = self.schema.naming.suggested(node.name, columns)
        return Access(node.table, node.alias, AccessPath.UNINDEXED_JOIN, self.place(tie.span), columns, sources, None, missing, selective)

    def missing_filter(self, number: int) -> Access:
        node = self.nodes[number]
        assert node.table is not None
        columns, bind = self.filter_columns(node)
        missing = self.schema.naming.suggested(node.name, columns)
        place = self.place(bind.span)
        if bind.outer:  # looked up for each row of the outer query: a join in all but name
            return Access(node.table, node.alias, AccessPath.UNINDEXED_JOIN, place, columns, (bind.outer,), None, missing, selective=True)
        return Access(node.table, node.alias, AccessPath.UNINDEXED_FILTER, place, columns, (), None, missing)

    def filter_columns(self, node: Node) -> tuple[tuple[str, ...], Bind]:
        """The columns of the smallest index that would serve the node's filter: those of equality, else the one of the best range."""
        assert node.table is not None
        order = {column.name: place for place, column in enumerate(node.table.columns)}
        references = {column for key in node.table.foreign_keys for column in key.columns}
        equal = [name for name, binds in node.binds.items() if any(bind.strength >= STRENGTH[Op.IN] for bind in binds)]
        if len(equal) > 1:
            equal.sort(key=lambda name: (name not in references, order.get(name, len(order)), name))
        if equal:
            binds = [bind for name in equal for bind in node.binds[name] if bind.strength >= STRENGTH[Op.IN]]
            return tuple(equal[:3]), max(binds, key=lambda bind: (bool(bind.outer), bind.strength))
        leading = self.leading(node)
        for each in node.ors:
            for arm in each.arms:
                if not any(name in leading for name, _ in arm):
                    return (arm[0][0],), Bind(Op.OR, STRENGTH[Op.IN], each.span)
        ranges = {name: max(_weight(bind) for bind in binds) for name, binds in node.binds.items()}
        name = min(ranges, key=lambda each: (-ranges[each], order.get(each, len(order)), each))
        return (name,), node.binds[name][0]

    def undriven(self) -> list[Access]:
        """Nothing drives: whole tables are hashed.  A join is told of only where neither side has an index on it."""
        found = []
        told: set[frozenset[int]] = set()
        for number, node in enumerate(self.nodes):
            if node.table is None:
                continue
            pairs = ((tie, frozenset((number, tie.right[0][0]))) for tie in self.ties.get(number, ()) if tie.plain)
            tie, pair = next(((tie, pair) for tie, pair in pairs if pair not in told and self.neither(tie)), (None, frozenset[int]()))
            if tie is None:
                found.append(self.access(number, AccessPath.WHOLE if node.judged else AccessPath.UNKNOWN))
                continue
            told.add(pair)
            sources, columns = (self.nodes[tie.right[0][0]].name,), (tie.left[1],)
            missing = self.schema.naming.suggested(node.name, columns)
            found.append(Access(node.table, node.alias, AccessPath.HASHED_JOIN, self.place(tie.span), columns, sources, None, missing))
        return found

    def neither(self, tie: Tie) -> bool:
        """Whether no index serves either side of the join of two tables, by all the columns that tie them."""
        one, other = tie.left[0], tie.right[0][0]
        for number, partner in ((one, other), (other, one)):
            columns = frozenset(each.left[1] for each in self.ties.get(number, ()) if {node for node, _ in each.right} == {partner})
            node = self.nodes[number]
            if not node.judged or any(name.startswith("(") for name in columns) or self.serving(node, columns) is not None:
                return False
        return True


def suggested(catalog: Catalog, table: str, columns: tuple[str, ...]) -> MissingIndex:
    return Naming(catalog).suggested(table, columns)


def _serves(served: Served, equal: frozenset[str], strong: frozenset[str], ranged: frozenset[str]) -> bool:
    """Whether the leading columns are bound; a hash index serves only when all of its columns are equated."""
    if not served.columns or not (served.columns[0] in equal or served.columns[0] in ranged):
        return False
    found = False
    hashed = served.index.method == "hash"
    for column in served.columns:
        if column not in equal:
            return (column in ranged or found) and not hashed
        found = found or column in strong
        if found and not hashed:
            return True
    return found


def _implied(served: Served, node: Node) -> bool:
    """Whether the query says what the predicate of a partial index says."""
    return not served.where or all(not node.keys.isdisjoint(part) for part in served.where)


def _weight(bind: Bind) -> int:
    return bind.strength or (STRENGTH[Op.BETWEEN] if bind.op in (Op.LOW, Op.HIGH) else WEAK)


def _filter_span(node: Node) -> Span:
    binds = [bind for found in node.binds.values() for bind in found]
    return max(binds, key=lambda bind: bind.strength).span if binds else node.span
