"""How each table of a query is reached: by which index, from where, or which index it lacks.

The definition stands in docs/design.md ("Queries: which join is unindexed").  In short: a table *drives* a query when the query filters it
selectively; from there every other table is *reached* through an index whose leading column is equated with a table reached before.
What an equality ties to a reached table but no index reaches is an unindexed join.  Of all drivers the one is taken that leaves the
fewest missing indexes.  ``unit`` makes the tables, ties and filters that are looked at here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from lastcall.model import Access, AccessPath, Hazard, Index, Join, Location, Unread
from lastcall.sql.block import Lowered, Op, Span
from lastcall.sql.hazards import hazards, unsargable
from lastcall.sql.nodes import STRENGTH, TWO_SIDED, WEAK, ArmBind, Bind, Node, OrBind, Sort, Tie
from lastcall.sql.orders import PARTIAL, PATTERNS, Key, Order, cut
from lastcall.sql.schema import BY_CODE, Schema, Served
from lastcall.sql.unit import MOST_NODES, Plan, TooMuch, Unit

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
    try:
        plan = Plan(schema, lowered.block)
        if plan.too_large:
            told = Unread("query", f"it reads more than {MOST_NODES} tables by way of views", place(lowered.span), plan.too_large)
            return Reading((), (), (), tuple(dict.fromkeys(plan.tables)), (told,))
        return _read(lowered, plan, place)
    except TooMuch:
        told = Unread("query", "it ties so many tables to each other that judging it takes too long", place(lowered.span))
    except RecursionError:
        told = Unread("query", "it is nested too deeply", place(lowered.span))
    return Reading((), (), (), (), (told,))


def _read(lowered: Lowered, plan: Plan, place: Place) -> Reading:
    for unit in plan.units:
        unit.hashed()
    judged = [(unit, _Judging(unit, plan.schema, place)) for unit in plan.units]
    accesses = _weighed([(unit, each.accesses()) for unit, each in judged])
    found = [*hazards(lowered, plan, place), *(hazard for _, each in judged for hazard in each.hazards())]
    joins = dict.fromkeys(join for unit in plan.units for join in unit.joins())
    unknown = tuple(Unread("table", "it is not in the repository's schema", place(span), name) for name, span in plan.unknown.items())
    return Reading(tuple(_once(accesses)), tuple(found), tuple(joins), tuple(dict.fromkeys(plan.tables)), unknown)


def _weighed(units: Sequence[tuple[Unit, list[Access]]]) -> Iterator[Access]:
    """The accesses of all units, each with whether what it lacks weighs.

    Where one part of a query must read a whole table anyway, an index that another part lacks does not make the query ten times cheaper;
    unless that part runs once for each row of another, which multiplies what it costs, or what is read whole is looked through for each of
    its rows (NOT IN of more rows than memory holds).
    """
    if len(units) == 1:
        yield from units[0][1]
        return
    whole = [
        not unit.denied and any(access.path in (AccessPath.WHOLE, AccessPath.HASHED_JOIN) for access in accesses)
        for unit, accesses in units
    ]
    for number, (unit, accesses) in enumerate(units):
        aside = not unit.outside and any(each for other, each in enumerate(whole) if other != number)
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
    columns: dict[int, set[str]] = field(default_factory=dict)
    """Those columns."""
    ors: dict[int, OrBind] = field(default_factory=dict)
    """The ORs all of whose arms are supplied, of tables that are tied by nothing else."""


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
        self.tied_ors: dict[int, list[tuple[int, OrBind]]] = {}
        """By the node that supplies columns to it: the nodes that an OR ties, with that OR."""
        for number, node in enumerate(self.nodes):
            for either in node.tied_ors if node.judged else ():
                for supplier in {col[0] for arm in either.arms for bind in arm for col in bind.right}:
                    self.tied_ors.setdefault(supplier, []).append((number, either))
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
        if any(nodes[number].late for number in drivers):
            drivers = [number for number in drivers if not nodes[number].late]
            if not drivers:
                return [self.access(number, AccessPath.WHOLE) for number, node in enumerate(nodes) if node.table]
        if not drivers or self.by_order(drivers):
            return self.first_rows() if unit.first else self.undriven()
        drivers.sort(key=lambda number: (-self.strength[number], nodes[number].name, nodes[number].alias))
        best = min((self.reach(driver) for driver in drivers[: max(MOST_TRIES // len(nodes), 2)]), key=self.rank)
        return [access for number, node in enumerate(nodes) if node.table for access in self.told(best, number)]

    def hazards(self) -> Iterator[Hazard]:
        """Filters that no index can serve, of tables that nothing else reaches."""
        if self.unit.wrapped and not self.unit.empty and not self.unit.uncertain and all(node.known for node in self.nodes):
            yield from unsargable(self.unit, self.schema, self.place)

    def by_order(self, drivers: Sequence[int]) -> bool:
        """Whether the order of the first rows is a better way in than the only filter, a range of who knows how many rows.

        An index that has the order is read up to the limit; one on the range leads to rows that must all be sorted.
        """
        if not self.unit.sorts or len(drivers) > 1 or self.nodes[drivers[0]].rows or self.strength[drivers[0]] > STRENGTH[Op.PREFIX]:
            return False
        (number,), sorts = drivers, self.unit.sorts[0]
        node = self.nodes[number]
        if not node.judged or sorts[0].col[0] != number:
            return False
        wide = self.strength[number] == STRENGTH[Op.BETWEEN] and not self.filter_served(number)
        return wide or self.in_order(number, sorts)

    def first_rows(self) -> list[Access]:
        """Nothing narrows the query, but a few rows are wanted: the table whose index has them in order drives, without an order any.

        From there the others must be reached by an index; where one is not, or the order is not there, everything is read first.
        """
        lacking: list[Access] = []
        number = -1
        for sorts in self.unit.sorts:
            number = sorts[0].col[0]
            node = self.nodes[number]
            if node.group or not node.judged:
                return self.undriven()
            if not self.in_order(number, sorts):
                missing = self.missing_sort(number, sorts)
                if missing is None:
                    return self.undriven()
                lacking.append(missing)
        if lacking:
            attempt = self.reach(number, filtered=False)
            if len(attempt.reached) < len(self.nodes):
                return self.undriven()
            others = (each for each, other in enumerate(self.nodes) if other.table and each != number)
            return [*lacking, *(access for each in others for access in self.told(attempt, each))]
        starts = [self.unit.sorts[0][0].col[0]] if self.unit.sorts else [each for each, node in enumerate(self.nodes) if not node.group]
        best = min((self.reach(start, filtered=False) for start in starts[:MOST_STEPS]), key=self.rank, default=None)
        if best is None or len(best.reached) < len(self.nodes):
            return self.undriven()
        return [access for number, node in enumerate(self.nodes) if node.table for access in self.told(best, number)]

    def in_order(self, number: int, sorts: tuple[Sort, ...]) -> bool:
        """Whether an index has the rows in the order that is wanted, or so nearly that the rest is sorted by the way."""
        node, order = self.nodes[number], self.order(number, sorts)
        assert node.table is not None
        if not order.keys:
            return True
        return any(
            served.keys and _implied(served, node) and order.served(served.keys, unique=served.index.unique)
            for served in self.schema.serving(node.table)
        )

    def order(self, number: int, sorts: tuple[Sort, ...]) -> Order:
        """The keys that sort the rows of a node; a key of another table is one that no index of this table has."""
        node, schema = self.nodes[number], self.schema
        assert node.table is not None
        columns = schema.columns(node.table)
        keys = (
            Key(sort.col[1], sort.descending, sort.nulls_first, sort.column, sort.collation, self.unit.truth(sort.col))
            if sort.col[0] == number
            else Key("", sort.descending)
            for sort in sorts
        )
        null = {name for name, binds in node.binds.items() if any(bind.op is Op.NULL for bind in binds)}
        fixed = node.fixed if schema.dialect == "postgres" else node.fixed | null  # PostgreSQL does not count IS NULL as an equality
        filled = {name for name, column in columns.items() if not column.nullable or f"(not (is {name} (null )))" in node.keys}
        return Order(keys, fixed, filled, schema.unique(node.table), schema.dialect)

    def missing_sort(self, number: int, sorts: tuple[Sort, ...]) -> Access | None:
        """The index that would have the order; None where there can be none."""
        node = self.nodes[number]
        assert node.table is not None
        order = self.order(number, sorts)
        keys = order.lacking()
        columns = tuple(key.column for key in keys)
        if not all(columns) or any(key.collation and self.schema.dialect not in PARTIAL for key in keys):
            return None
        if not self.schema.columns(node.table).keys() >= set(columns):
            return self.access(number, AccessPath.UNKNOWN)
        wanted = tuple(f"{column} {clause}".rstrip() for column, clause in zip(columns, order.clauses(keys), strict=True))
        missing = self.schema.naming.suggested(node.name, wanted)
        if not missing.sql or cut(missing.sql):
            return None
        return Access(node.table, node.alias, AccessPath.UNINDEXED_SORT, self.place(sorts[0].span), columns, (), None, missing)

    def rank(self, attempt: _Try) -> tuple[bool, int, int, bool, str, str]:
        """A driver of few rows before one that may be wide, the fewest missing indexes, then the most selective driver, then a served one.

        Names come last: the order in the text has no say.
        """
        driver = self.nodes[attempt.driver]
        missing = {(self.nodes[number].name, ties[0].left[1] if ties else "") for number, ties in attempt.missing.items()}
        return (
            self.loose(attempt.driver),
            len(missing),
            -self.strength[attempt.driver],
            attempt.driver in attempt.missing,
            driver.name,
            driver.alias,
        )

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
            if _serves(served, equal, strong, node.ranged, node.patterned) and _implied(served, node):
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
            return not (node.strong or node.narrow) or self.served_well(node)
        if not node.ors:
            return False
        leading = self.leading(node)
        return any(not unserved(each, leading) for each in node.ors)

    def served_well(self, node: Node) -> bool:
        """Whether an index serves what narrows the node well: an equality, a prefix or a range that is written out; else any range.

        Beside an equality that none serves, an index for a range that may be wide is far too little.
        """
        assert node.table is not None
        ranged = node.few if node.strong else node.narrow
        serving = self.schema.serving(node.table)
        return any(_serves(served, node.equal, node.strong, ranged, node.patterned) and _implied(served, node) for served in serving)

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
            if (each.rows and not each.group) or each.small or each.hanging:
                self.mark(attempt, number, None)
            elif number not in attempt.reached and each.strength > WEAK and each.judged and not each.late and self.filter_served(number):
                self.mark(attempt, number, self.filtering(number))
        while stuck := self.stuck(attempt) or self.beside(attempt):
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
        pending: list[tuple[int, Index | None, tuple[Tie, ...] | None]] = [(number, index, ties)]
        while pending:
            number, index, given = pending.pop()
            if number in attempt.reached:
                continue
            attempt.reached[number] = (index, tuple(attempt.supplied[number]) if given is None else given)
            ties_onward = self.outgoing.get(number, ())
            self.unit.query.spend(len(ties_onward))
            for tie in ties_onward:
                onward = tie.left[0]
                if onward in attempt.reached or not self.supplies(attempt, tie):
                    continue
                attempt.supplied.setdefault(onward, []).append(tie)
                columns = attempt.columns.setdefault(onward, set())
                if tie.left[1] in columns:
                    continue  # what it supplies is supplied already
                columns.add(tie.left[1])
                self.unit.query.spend(len(columns))
                node = self.nodes[onward]
                found = self.serving(node, frozenset(columns)) if node.judged else None
                if found is not None or not node.judged:
                    pending.append((onward, found, None))
            for onward, either in self.tied_ors.get(number, ()):
                if onward not in attempt.reached and self.supplies_arms(attempt, onward, either):
                    attempt.ors[onward] = either
                    if not unserved(either, self.leading(self.nodes[onward])):
                        pending.append((onward, None, ()))

    def supplies(self, attempt: _Try, tie: Tie) -> bool:
        """Whether what a tie needs is reached; nothing inside an outer join supplies what is outside it."""
        group = self.nodes[tie.left[0]].group
        return all(node in attempt.reached and self.nodes[node].group == group[: len(self.nodes[node].group)] for node, _ in tie.right)

    def supplies_arms(self, attempt: _Try, number: int, either: OrBind) -> bool:
        """Whether what each arm of an OR needs is reached."""
        return all(any(self.supplies(attempt, _tie(number, bind)) for bind in arm) for arm in either.arms)

    def stuck(self, attempt: _Try) -> dict[int, tuple[Tie, ...]]:
        """The tables that an equality of a column ties to what is reached, and that no index reaches."""
        found = {}
        for number, supplied in attempt.supplied.items():
            if number in attempt.reached:
                continue
            self.unit.query.spend(len(supplied))
            if ties := tuple([tie for tie in supplied if not tie.left[1].startswith("(")]):
                found[number] = ties
        for number, either in attempt.ors.items():
            if number not in attempt.reached and number not in found:
                found[number] = tuple(_tie(number, arm[0]) for arm in unserved(either, self.leading(self.nodes[number])))
        return found

    def beside(self, attempt: _Try) -> dict[int, tuple[Tie, ...]]:
        """The tables that no tie reaches, and whose own filter would let an index narrow them."""
        return {
            number: ()
            for number, node in enumerate(self.nodes)
            if number not in attempt.reached and node.judged and node.strong and not node.late
        }

    def name_of(self, number: int, ties: tuple[Tie, ...]) -> tuple[str, str, str]:
        """By names, not by the order in the text, one of several equal steps is taken."""
        return self.nodes[number].name, min((tie.left[1] for tie in ties), default=""), self.nodes[number].alias

    def opens(self, attempt: _Try, number: int) -> int:
        """How many tables would be reached once ``number`` is: the more, the better a next step."""
        self.unit.query.spend(len(attempt.supplied))
        tried = _Try(attempt.driver, dict(attempt.reached))
        tried.supplied = {key: list(ties) for key, ties in attempt.supplied.items()}
        tried.columns = {key: set(names) for key, names in attempt.columns.items()}
        self.mark(tried, number, None)
        return len(tried.reached)

    # ------------------------------------------------------------------ telling

    def access(self, number: int, path: AccessPath, span: Span | None = None) -> Access:
        node = self.nodes[number]
        assert node.table is not None
        return Access(node.table, node.alias, path, self.place(span or node.span))

    def told(self, best: _Try, number: int) -> Iterator[Access]:
        node = self.nodes[number]
        if node.judged and node.table is not None and number in best.missing:
            ties = best.missing[number]
            for found in self.missing_joins(best, number, ties) if ties else self.missing_filter(number):
                lacking = replace(found, aside=True) if self.loose(best.driver) else found
                # A column that the schema does not have: the schema is not what the query runs on.
                known = self.schema.columns(node.table).keys() >= set(lacking.columns)
                yield lacking if known else self.access(number, AccessPath.UNKNOWN)
        else:
            yield self.reached(best, number)

    def loose(self, driver: int) -> bool:
        """Whether the query starts from a range that may be wide, of which more than the first rows are wanted.

        PostgreSQL takes such a range for half a percent of the rows (DEFAULT_RANGE_INEQ_SEL): to fetch these by an index, or to look up
        another table for each, takes a quarter of the time that reading everything takes, if that.  Where tables are joined it takes a
        prefix for as many.
        """
        node = self.nodes[driver]
        if not node.loose and not (len(self.nodes) > 1 and self.strength[driver] == STRENGTH[Op.PREFIX]):
            return False
        ranged = {(driver, name) for name in node.ranged}
        return not (self.unit.first and any(sorts[0].col in ranged for sorts in self.unit.sorts))

    def reached(self, best: _Try, number: int) -> Access:
        """How a table that lacks nothing is read."""
        node = self.nodes[number]
        if not node.judged or node.table is None:
            return self.access(number, AccessPath.UNKNOWN)
        if number not in best.reached:
            return self.access(number, AccessPath.WHOLE)
        index, ties = best.reached[number]
        sources = tuple(dict.fromkeys(self.nodes[col[0]].name for tie in ties for col in tie.right))
        columns = tuple(dict.fromkeys(tie.left[1] for tie in ties))
        place = self.place(ties[0].span if ties else _filter_span(node))
        return Access(node.table, node.alias, AccessPath.INDEX, place, columns, sources, index)

    def missing_joins(self, best: _Try, number: int, ties: tuple[Tie, ...]) -> Iterator[Access]:
        """One index serves all ties; of an OR each arm needs its own."""
        for each in [(tie,) for tie in ties] if number in best.ors and number not in best.supplied else [ties]:
            yield self.missing_join(best, number, each)

    def missing_join(self, best: _Try, number: int, ties: tuple[Tie, ...]) -> Access:
        """The tie by a foreign key first: it is what the schema's author meant to join by."""
        node, driver = self.nodes[number], self.nodes[best.driver]
        assert node.table is not None
        references = {column for key in node.table.foreign_keys for column in key.columns}
        tie = min(ties, key=lambda each: (each.left[1] not in references, each.left[1], each.span))
        sources = tuple(dict.fromkeys(self.nodes[col[0]].name for col in tie.right)) or (driver.name,)
        selective = driver.rows or driver.small or self.unit.first or self.strength[best.driver] > STRENGTH[Op.BETWEEN]
        columns = (tie.left[1],)
        missing = self.schema.naming.suggested(node.name, columns)
        return Access(node.table, node.alias, AccessPath.UNINDEXED_JOIN, self.place(tie.span), columns, sources, None, missing, selective)

    def missing_filter(self, number: int) -> Iterator[Access]:
        """The index that would serve the node's filter; for an OR, the one that each arm lacks: with one arm unserved, all are."""
        node = self.nodes[number]
        assert node.table is not None
        for columns, equated, bind in self.filter_columns(node):
            missing = self.schema.naming.suggested(node.name, tuple(self.patterned(number, column) for column in columns))
            place = self.place(bind.span)
            if bind.outer:  # looked up for each row of the outer query: a join in all but name
                path, sources = AccessPath.UNINDEXED_JOIN, (bind.outer,)
                yield Access(node.table, node.alias, path, place, columns, sources, None, missing, selective=True, equated=equated)
            else:
                yield Access(node.table, node.alias, AccessPath.UNINDEXED_FILTER, place, columns, (), None, missing, equated=equated)

    def patterned(self, number: int, column: str) -> str:
        """The key of an index for a column: where only the beginning of a text is looked for, PostgreSQL needs to be told so.

        Such an index serves equality as well, but no order; a plain one serves LIKE only where letters are ordered by their codes.
        """
        node = self.nodes[number]
        if any(sorts[0].col == (number, column) for sorts in self.unit.sorts):
            return column
        known = self.schema.columns(node.table).get(column) if node.table and self.schema.dialect == "postgres" else None
        if known is None or column not in node.patterned or column in node.equal or known.collation in BY_CODE - {"", "default"}:
            return column
        opclass = PATTERNS.get(known.type.partition("(")[0])
        return f"{column} {opclass}" if opclass else column

    def filter_columns(self, node: Node) -> list[tuple[tuple[str, ...], int, Bind]]:
        """The columns of the smallest index that would serve the node's filter: those of equality, else the one of the best range.

        Several indexes for an OR, of which each arm needs its own.  With each: how many of its columns are equated.
        """
        assert node.table is not None
        order = {column.name: place for place, column in enumerate(node.table.columns)}
        references = {column for key in node.table.foreign_keys for column in key.columns}
        equal = [name for name, binds in node.binds.items() if any(bind.strength >= STRENGTH[Op.IN] for bind in binds)]
        if len(equal) > 1:
            equal.sort(key=lambda name: (name not in references, order.get(name, len(order)), name))
        if equal:
            binds = [bind for name in equal for bind in node.binds[name] if bind.strength >= STRENGTH[Op.IN]]
            ranged = sorted(name for name in node.narrow if name not in equal)  # behind them, one range is served, too
            columns = tuple([*equal[:3], *ranged[:1]][:3])
            return [(columns, len(set(equal).intersection(columns)), max(binds, key=lambda bind: (bool(bind.outer), bind.strength)))]
        if node.ors:
            leading = self.leading(node)
            lacking = min((unserved(each, leading) for each in node.ors), key=len)
            best = (max(arm, key=lambda bind: (bind.strength, bind.name)) for arm in lacking)
            return [((bind.name,), 1, Bind(Op.OR, STRENGTH[Op.IN], bind.span)) for bind in best]
        ranges = {name: _weight(binds) for name, binds in node.binds.items()}
        name = min(ranges, key=lambda each: (-ranges[each], order.get(each, len(order)), each))
        return [((name,), 0, node.binds[name][0])]

    def undriven(self) -> list[Access]:
        """Nothing drives: whole tables are hashed.  A join is told of only where it is written and neither side has an index on it."""
        by_pair: dict[frozenset[int], list[Tie]] = {}
        for number, ties in self.ties.items():
            for tie in ties:
                if tie.plain and not tie.implied:
                    by_pair.setdefault(frozenset((number, tie.right[0][0])), []).append(tie)
        lacking: dict[int, dict[str, Tie]] = {}
        for tie in sorted((min(ties, key=self.tie_by_name) for ties in by_pair.values()), key=self.tie_by_name):
            if self.nodes[tie.left[0]].table is not None and self.neither(tie):
                lacking.setdefault(tie.left[0], {}).setdefault(tie.left[1], tie)
        found: list[Access] = []
        for number, node in enumerate(self.nodes):
            if number in lacking:
                found += [self.hashed_join(number, tie) for tie in lacking[number].values()]
            elif node.table is not None:
                found.append(self.access(number, AccessPath.WHOLE if node.judged else AccessPath.UNKNOWN))
        return found

    def tie_by_name(self, tie: Tie) -> tuple[str, str, str]:
        """By names, not by the order in the text, one of two sides is told of."""
        node = self.nodes[tie.left[0]]
        return node.name, tie.left[1], node.alias

    def hashed_join(self, number: int, tie: Tie) -> Access:
        node = self.nodes[number]
        assert node.table is not None
        sources, columns = (self.nodes[tie.right[0][0]].name,), (tie.left[1],)
        missing = self.schema.naming.suggested(node.name, columns)
        return Access(node.table, node.alias, AccessPath.HASHED_JOIN, self.place(tie.span), columns, sources, None, missing)

    def neither(self, tie: Tie) -> bool:
        """Whether no index serves either side of the join of two tables, by all the columns that tie them."""
        one, other = tie.left[0], tie.right[0][0]
        for number, partner in ((one, other), (other, one)):
            ties = self.ties.get(number, ())
            self.unit.query.spend(len(ties))
            columns = frozenset(each.left[1] for each in ties if {node for node, _ in each.right} == {partner})
            node = self.nodes[number]
            if not node.judged or any(name.startswith("(") for name in columns) or self.serving(node, columns) is not None:
                return False
        return True


def _serves(
    served: Served,
    equal: frozenset[str],
    strong: frozenset[str],
    ranged: frozenset[str],
    patterned: frozenset[str] = frozenset(),
) -> bool:
    """Whether the leading columns are bound; a hash index serves only when all of its columns are equated.

    ``patterned`` are those of ``ranged`` in which nothing but the beginning of a text is looked for.
    """
    if served.narrow:  # once its predicate is implied, all of it can be read
        return True
    if ranged and (served.unranged or served.unprefixed):
        ranged = (ranged - patterned - served.unranged) | (patterned - served.unprefixed)
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
    return not served.where or all(part.implied(node.keys) for part in served.where)


def _tie(number: int, bind: ArmBind) -> Tie:
    return Tie((number, bind.name), bind.right, bind.span, plain=False)


def unserved(either: OrBind, leading: AbstractSet[str]) -> list[tuple[ArmBind, ...]]:
    """The arms of an OR of which no column leads an index."""
    return [arm for arm in either.arms if not any(bind.name in leading for bind in arm)]


def _weight(binds: Sequence[Bind]) -> int:
    """How well the ranges of one column narrow; two one-sided ones are a two-sided one."""
    two_sided = {bind.op for bind in binds} >= TWO_SIDED
    return max(STRENGTH[Op.BETWEEN] if two_sided else WEAK, *(bind.strength for bind in binds))


def _filter_span(node: Node) -> Span:
    binds = [bind for found in node.binds.values() for bind in found]
    return max(binds, key=lambda bind: bind.strength).span if binds else node.span
