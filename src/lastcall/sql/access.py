"""How each table of a query is reached: by which index, from where, or which index it lacks.

The definition stands in docs/design.md ("Queries: which join is unindexed").  In short: a table *drives* a query when the query filters it
selectively; from there every other table is *reached* through an index whose leading column is equated with a table reached before.
What an equality ties to a reached table but no index reaches is an unindexed join.  Of all drivers the one is taken that leaves the
fewest missing indexes.  ``unit`` makes the tables, ties and filters that are looked at here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from lastcall.model import Access, AccessPath, Catalog, Index, Join, Location, MissingIndex, Unread
from lastcall.sql.block import Lowered, Op, Span
from lastcall.sql.unit import MOST_NODES, STRENGTH, WEAK, Bind, Node, Plan, Schema, Served, Tie, Unit

Place = Callable[[Span], Location]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one query reads: how, by which ties, from which tables, and which of them nobody knows."""

    accesses: tuple[Access, ...]
    joins: tuple[Join, ...]
    tables: tuple[str, ...]
    unknown: tuple[Unread, ...]


def reading(lowered: Lowered, schema: Schema, place: Place) -> Reading:
    """How ``lowered`` reaches its tables by the indexes of ``schema``; ``place`` turns a span of the fragment into a location."""
    plan = Plan(schema, lowered.block)
    accesses = (access for unit in plan.units for access in _Judging(unit, schema, place).accesses())
    joins = dict.fromkeys(join for unit in plan.units for join in unit.joins())
    if plan.too_large:
        told = Unread("query", f"it reads more than {MOST_NODES} tables by way of views", place(lowered.span), plan.too_large)
        return Reading((), (), tuple(dict.fromkeys(plan.tables)), (told,))
    unknown = tuple(Unread("table", "it is not in the repository's schema", place(span), name) for name, span in plan.unknown.items())
    return Reading(tuple(_once(accesses)), tuple(joins), tuple(dict.fromkeys(plan.tables)), unknown)


def _once(accesses: Iterable[Access]) -> Iterator[Access]:
    """An index that several parts of a query lack is missing once, where it weighs most: the others keep their path, and no suggestion."""
    found = list(accesses)
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

    def accesses(self) -> list[Access]:
        unit, nodes = self.unit, self.nodes
        if unit.empty or unit.uncertain:
            return []
        if any(not node.known for node in nodes):
            return [self.access(number, AccessPath.UNKNOWN) for number, node in enumerate(nodes) if node.table]
        drivers = [number for number, node in enumerate(nodes) if not node.group and (node.rows or self.strength(node))]
        if not drivers:
            return self.undriven()
        drivers.sort(key=lambda number: (-self.strength(nodes[number]), nodes[number].name, nodes[number].alias))
        best = min((self.reach(driver) for driver in drivers[: max(MOST_TRIES // len(nodes), 2)]), key=self.rank)
        return [self.told(best, number) for number, node in enumerate(nodes) if node.table]

    def rank(self, attempt: _Try) -> tuple[int, int, bool, str, str]:
        """The fewest missing indexes, then the most selective driver, then a served one; names last: the order in the text has no say."""
        driver = self.nodes[attempt.driver]
        missing = {(self.nodes[number].name, ties[0].left[1] if ties else "") for number, ties in attempt.missing.items()}
        return len(missing), -self.strength(driver), attempt.driver in attempt.missing, driver.name, driver.alias

    # ------------------------------------------------------------------ indexes

    def strength(self, node: Node) -> int:
        """How well a node's filters narrow it; a unique index whose columns are all equated gives one row."""
        best = node.strength
        if best == STRENGTH[Op.EQ] and node.table and any(served.index.unique for served in self.schema.serving(node.table)):
            equal = {name for name, binds in node.binds.items() if any(bind.op is Op.EQ for bind in binds)}
            if any(each.index.unique and not each.where and equal.issuperset(each.columns) for each in self.schema.serving(node.table)):
                return best + 1
        return best

    def serving(self, node: Node, tied: frozenset[str] = frozenset()) -> Index | None:
        """An index that serves the node's filters together with the columns that tables reached before supply (``tied``).

        Its leading columns must be equated (or the first one be in a range), and at least one of them by more than a boolean.
        """
        assert node.table is not None
        equal, strong = (node.equal | tied, node.strong | tied) if tied else (node.equal, node.strong)
        for served in self.schema.serving(node.table):
            implied = not served.where or all(not node.keys.isdisjoint(part) for part in served.where)
            if implied and _serves(served, equal, strong, node.ranged):
                return served.index
        return None

    def filter_served(self, node: Node) -> bool:
        """Whether an index serves the node's own filter: one of its columns, or every arm of an OR."""
        if self.serving(node) is not None:
            return True
        leading = self.leading(node)
        return any(all(any(name in leading for name, _ in arm) for arm in each.arms) for each in node.ors)

    def leading(self, node: Node) -> set[str]:
        """The columns that lead an index that serves without a condition."""
        assert node.table is not None
        return {served.columns[0] for served in self.schema.serving(node.table) if served.columns and not served.where}

    # ------------------------------------------------------------------ reaching

    def reach(self, driver: int) -> _Try:
        """Everything that can be reached from one driver, with the fewest tables reached without an index."""
        attempt = _Try(driver)
        node = self.nodes[driver]
        if node.judged and not self.filter_served(node):
            attempt.missing[driver] = ()
        self.mark(attempt, driver, self.serving(node) if node.judged else None)
        for number, each in enumerate(self.nodes):
            if (each.rows and not each.group) or each.small:
                self.mark(attempt, number, None)
            elif each.judged and each.strength > WEAK and self.filter_served(each):
                self.mark(attempt, number, self.serving(each))
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
        selective = driver.rows or driver.small or self.strength(driver) > STRENGTH[Op.BETWEEN]
        columns = (tie.left[1],)
        missing = suggested(self.schema.catalog, node.name, columns)
        return Access(node.table, node.alias, AccessPath.UNINDEXED_JOIN, self.place(tie.span), columns, sources, None, missing, selective)

    def missing_filter(self, number: int) -> Access:
        node = self.nodes[number]
        assert node.table is not None
        columns, bind = self.filter_columns(node)
        missing = suggested(self.schema.catalog, node.name, columns)
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
        if equal:
            equal.sort(key=lambda name: (name not in references, order.get(name, len(order)), name))
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
            missing = suggested(self.schema.catalog, node.name, columns)
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


HABITS = ("{table}_{columns}_idx", "idx_{table}_{columns}", "ix_{table}_{columns}", "index_{table}_on_{columns}", "{table}_{columns}_index")
"""How people name indexes: PostgreSQL's own way, by hand, SQLAlchemy's, Rails', Laravel's."""


def suggested(catalog: Catalog, table: str, columns: tuple[str, ...]) -> MissingIndex:
    """The index to make, named as the repository names its others, built without a lock where the dialect can."""
    name = _habit(catalog).format(table=table.rpartition(".")[2], columns="_".join(columns))
    taken = {index.name for each in catalog.tables.values() for index in each.indexes}
    name = next(each for number in count(1) if (each := name if number == 1 else f"{name}_{number}") not in taken)
    how = "CREATE INDEX CONCURRENTLY" if catalog.dialect == "postgres" else "CREATE INDEX"
    online = " WITH (ONLINE = ON)" if catalog.dialect == "tsql" else " ONLINE" if catalog.dialect == "oracle" else ""
    return MissingIndex(table, columns, f"{how} {name} ON {table} ({', '.join(columns)}){online};")


def _habit(catalog: Catalog) -> str:
    """The way of naming that most indexes of the catalog follow."""
    followed = dict.fromkeys(HABITS, 0)
    for table in catalog.tables.values():
        for index in table.indexes:
            for habit in HABITS:
                if index.name.lower() == habit.format(table=table.name.rpartition(".")[2], columns="_".join(index.columns)):
                    followed[habit] += 1
    return max(HABITS, key=lambda habit: followed[habit])


def _serves(served: Served, equal: frozenset[str], strong: frozenset[str], ranged: frozenset[str]) -> bool:
    """Whether the leading columns are bound; a hash index serves only when all of its columns are equated."""
    found = False
    hashed = served.index.method == "hash"
    for column in served.columns:
        if column not in equal:
            return (column in ranged or found) and not hashed
        found = found or column in strong
        if found and not hashed:
            return True
    return found


def _weight(bind: Bind) -> int:
    return bind.strength or (STRENGTH[Op.BETWEEN] if bind.op in (Op.LOW, Op.HIGH) else WEAK)


def _filter_span(node: Node) -> Span:
    binds = [bind for found in node.binds.values() for bind in found]
    return max(binds, key=lambda bind: bind.strength).span if binds else node.span
