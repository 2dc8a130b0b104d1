"""The index that a query lacks, as statements that make it, named as the repository names its others.

``Naming`` makes one suggestion at a time; ``agreed`` looks at all of one report together, so that one index is suggested where one serves
several queries, and no two have the same name.  What a statement must look like is said in the manuals under CREATE INDEX, of PostgreSQL
(partitioned tables), MySQL ("Column Prefix Key Parts"; "InnoDB Limits"), SQL Server and Oracle (types that no index can hold).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2s
from itertools import count
from typing import NamedTuple

from lastcall.model import Access, AccessPath, Catalog, Column, ForeignKey, Index, MissingIndex, Query, Table
from lastcall.sql.orders import parted
from lastcall.sql.spelling import bare, identifier, path

Wanted = tuple[str, tuple[str, ...]]
"""A table and the key columns of an index that it lacks."""


class Habit(NamedTuple):
    """A way of naming indexes: where the table and the columns stand in the name, and what joins the columns."""

    form: str
    joint: str = "_"

    @property
    def table(self) -> bool:
        return "{table}" in self.form

    def name(self, table: str, columns: str) -> str:
        return self.form.format(table=table, columns=columns)


HABITS = (
    Habit("{table}_{columns}_idx"),
    Habit("idx_{table}_{columns}"),
    Habit("ix_{table}_{columns}"),
    Habit("index_{table}_on_{columns}"),
    Habit("{table}_{columns}_index"),
)
"""How people name indexes: PostgreSQL's own way, by hand, SQLAlchemy's, Rails', Laravel's."""
_ELSE = re.compile(r"[^{}\d]*")
"""What else stands in a name: words, but no number, which tells one of several from the others, or a hash."""
_LONGEST = 12
_GUARDS = frozenset({"key", "uniq", "unique", "uq", "ux", "uk", "unq", "pk", "pkey", "fk", "fkey", "foreign", "excl", "like"})
"""Words in the names of indexes that are made for a constraint, which is named by another habit."""

_LIMITS = {"postgres": 63, "mysql": 64, "tsql": 128, "oracle": 128}
"""How long a name may be: in bytes for PostgreSQL and Oracle (since 12.2), in characters for the others; SQLite takes any."""
_IN_BYTES = frozenset({"postgres", "oracle"})
_BY_TABLE = frozenset({"mysql", "tsql"})
"""Dialects in which two tables may have indexes of one name."""
MOST_PARTITIONS = 8
"""Partitions whose indexes are suggested one by one, so that nobody waits; more of them would make a suggestion that nobody reads."""

_TEXT_KEY = 191
"""Characters of a long text that MySQL is told to index: in four bytes each they fit into every row format's limit (767 bytes)."""
_KEY_BYTES = 3072
"""What the key of an InnoDB index may hold in all, in its default row format."""
_SIZED = re.compile(r"(?:(?P<text>N?VARCHAR|CHARACTER VARYING|CHAR VARYING|N?CHAR|CHARACTER)|(?P<raw>(?:VAR)?BINARY))\s*\((?P<size>\d+)\)")
_LONG = re.compile(r"(?P<tiny>TINY)?(?:MEDIUM|LONG)?(?:TEXT|BLOB)\b")
_ONE_BYTE = frozenset({"latin1", "latin2", "latin5", "latin7", "ascii", "binary", "cp1250", "cp1251", "cp1256", "cp1257", "koi8r", "greek"})

_UNINDEXED = {
    "mysql": re.compile(r"JSON\b"),
    "tsql": re.compile(r"(?:N?VARCHAR|VARBINARY)\s*\(\s*MAX\s*\)|(?:N?TEXT|IMAGE|XML|GEOGRAPHY|GEOMETRY|JSON|VECTOR)\b"),
    "oracle": re.compile(r"(?:N?CLOB|BLOB|LONG|BFILE|XMLTYPE|JSON)\b"),
    "postgres": re.compile(r"(?:JSON|XML|POINT|LINE|LSEG|BOX|PATH|POLYGON|CIRCLE)\b(?!\s*\[)"),
}
"""Types that no index can hold by which equal values are found."""
_INSTEAD = {
    "mysql": "MySQL indexes no {type}: compare a generated column of what is looked for in {column} of {table}, and index that",
    "tsql": "SQL Server indexes no {type}: give {column} of {table} a limited length, such as nvarchar(450), or look for a hash of it in a"
    " computed column that has an index",
    "oracle": "Oracle indexes no {type}: give {column} of {table} a limited length, such as VARCHAR2(1000), and index that",
    "postgres": "PostgreSQL has no ordinary index for {type}: compare an expression over {column} of {table} that has one, and index that",
}


class Naming:
    """Suggests the indexes that are missing in one catalog; many queries lack the same one, which is named once."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._dialect = catalog.dialect
        self._suggested: dict[Wanted, MissingIndex] = {}

    def suggested(self, table: str, columns: tuple[str, ...]) -> MissingIndex:
        """The index to make, built without a lock where the dialect can; on those of the columns that it can hold."""
        found = self._suggested.get((table, columns))
        if found is None:
            found = self._suggested[table, columns] = self.made(table, columns, _Names(self))
        return found

    def made(self, table: str, columns: tuple[str, ...], names: _Names) -> MissingIndex:
        """The same, under a name that ``names`` has not given away yet."""
        known = self._catalog.tables.get(table) or Table(table)
        able = tuple(column for column in columns if not self._unindexed(known.column(parted(column)[0])))
        if not able:
            refused = known.column(columns[0]) or Column(columns[0], "")
            told = _INSTEAD[self._dialect].format(type=refused.type.lower(), column=refused.name, table=table)
            return MissingIndex(table, columns, advice=told)
        if any(column.startswith("(") for column in able) and self._dialect == "tsql":
            told = f"SQL Server indexes no expression: add a computed column for {able[0][1:-1]} to {table}, and index that"
            return MissingIndex(table, columns, advice=told)
        return MissingIndex(table, able, "\n".join(self._statements(known, able, names)))

    def orders(self, table: str, columns: Sequence[str]) -> bool:
        """Whether an index can have rows in the order of these columns: it holds each of them, and the whole of its values."""
        known = self._catalog.tables.get(table) or Table(table)
        found = [known.column(parted(column)[0]) for column in columns]
        return not any(map(self._unindexed, found)) and not (self._dialect == "mysql" and _prefixes(found))

    def _unindexed(self, column: Column | None) -> bool:
        refused = _UNINDEXED.get(self._dialect)
        return column is not None and refused is not None and refused.match(column.type) is not None

    # ------------------------------------------------------------------ statements

    def _statements(self, table: Table, columns: tuple[str, ...], names: _Names) -> Iterator[str]:
        name = identifier(names.take(table, columns), self._dialect)
        on, keys = table.spelled or path(table.name, self._dialect), ", ".join(self._keys(table, columns))
        if table.partitions is not None:
            yield from self._by_partition(table, name, columns, names)
        elif self._dialect == "postgres":
            yield f"CREATE INDEX CONCURRENTLY {name} ON {on} ({keys});"
        else:
            online = {"tsql": " WITH (ONLINE = ON)", "oracle": " ONLINE"}.get(self._dialect, "")
            yield f"CREATE INDEX {name} ON {on} ({keys}){online};"

    def _by_partition(self, table: Table, name: str, columns: tuple[str, ...], names: _Names) -> Iterator[str]:
        """A partitioned table's index cannot be built concurrently: those of its partitions are, and then become parts of it."""
        on, keys = table.spelled or path(table.name, self._dialect), ", ".join(self._keys(table, columns))
        parts = self._parts(table)
        if len(parts) > MOST_PARTITIONS or any(part.partitions is not None for part in parts):
            yield f"CREATE INDEX {name} ON {on} ({keys});"
            return
        yield f"CREATE INDEX {name} ON ONLY {on} ({keys});"
        for part in parts:
            inner = identifier(names.take(part, columns), self._dialect)
            yield f"CREATE INDEX CONCURRENTLY {inner} ON {part.spelled or path(part.name, self._dialect)} ({keys});"
            yield f"ALTER INDEX {name} ATTACH PARTITION {inner};"

    def _parts(self, table: Table) -> list[Table]:
        return [part for name in table.partitions or () if (part := self._catalog.tables.get(name))]

    def _keys(self, table: Table, columns: Sequence[str]) -> Iterator[str]:
        prefixes = _prefixes([table.column(parted(column)[0]) for column in columns]) if self._dialect == "mysql" else {}
        for number, (column, behind) in enumerate(map(parted, columns)):
            written = table.spelled_of(column)
            if written == column and not column.startswith("("):
                written = identifier(column, self._dialect)
            key = f"{written}({prefixes[number]})" if number in prefixes else written
            yield f"{key} {behind}" if behind else key

    # ------------------------------------------------------------------ names

    @cached_property
    def habit(self) -> Habit:
        """The way of naming that most indexes of the catalog follow; PostgreSQL's own where they follow none."""
        found = Counter(habit for table in self._catalog.tables.values() for habit in _habits(table, by_table=self.by_table))
        # A way that nobody else is known to go is none before it was gone twice.
        usual = {habit.form: place for place, habit in enumerate(HABITS)}
        followed = [habit for habit, times in found.items() if times > 1 or habit.form.lower() in usual]
        return min(followed, key=lambda habit: (-found[habit], usual.get(habit.form.lower(), len(usual)), habit), default=HABITS[0])

    @property
    def by_table(self) -> bool:
        return self._dialect in _BY_TABLE

    @cached_property
    def taken(self) -> Mapping[str, frozenset[str]]:
        """The names, folded, that are given away: by table, or under the empty name for all of them."""
        tables = self._catalog.tables.values()
        if self.by_table:
            return {table.name: frozenset(index.name for index in table.indexes) for table in tables}
        last = {name.rpartition(".")[2] for name in (*self._catalog.tables, *self._catalog.views)}
        return {"": frozenset(index.name for table in tables for index in table.indexes) | last}

    def fitting(self, table: Table, columns: Sequence[str], habit: Habit) -> str:
        """The name of an index by a habit; one that would be too long is cut, and ends in a mark of what it was."""
        words = [_word(table, column) for column in columns]
        last, joined = _plain(bare(table.spelled) or table.name.rpartition(".")[2]), habit.joint.join(words)
        if self._dialect == "oracle":  # which folds it, whatever the case of the table
            last, joined = last.lower(), joined.lower()
        whole = habit.name(last, joined)
        surplus = self._size(whole) - _LIMITS.get(self._dialect, len(whole) * 4)
        if surplus <= 0:
            return whole
        mark = blake2s(whole.encode(), digest_size=4).hexdigest()
        while joined and self._too_long(habit.name(last, f"{joined}_{mark}")):
            joined = joined[:-1]
        while last and self._too_long(habit.name(last, f"{joined}_{mark}" if joined else mark)):
            last = last[:-1]
        return habit.name(last, f"{joined}_{mark}" if joined else mark)

    def _too_long(self, name: str) -> bool:
        return self._size(name) > _LIMITS[self._dialect]

    def _size(self, name: str) -> int:
        return len(name.encode() if self._dialect in _IN_BYTES else name)


class _Names:
    """Names for indexes that are made together: none is given twice."""

    def __init__(self, naming: Naming) -> None:
        self._naming = naming
        self._given: set[tuple[str, str]] = set()

    def take(self, table: Table, columns: Sequence[str]) -> str:
        scope = table.name if self._naming.by_table else ""
        taken = self._naming.taken.get(scope, frozenset())
        for name in self._tried(table, columns):
            if name.lower() not in taken and (scope, name.lower()) not in self._given:
                self._given.add((scope, name.lower()))
                return name
        raise AssertionError("numbers never end")

    def _tried(self, table: Table, columns: Sequence[str]) -> Iterator[str]:
        habit = self._naming.habit
        yield self._naming.fitting(table, columns, habit)
        if not habit.table:  # that tells them apart
            habit = habit._replace(form=habit.form.replace("{columns}", "{table}_{columns}"))
            yield self._naming.fitting(table, columns, habit)
        numbered = (habit._replace(form=f"{habit.form}_{number}") for number in count(2))
        yield from (self._naming.fitting(table, columns, each) for each in numbered)


def _plain(text: str) -> str:
    return re.sub(r"\W+", "_", text).strip("_") or "t"


def _word(table: Table, column: str) -> str:
    if column.startswith("("):
        return "_".join(re.findall(r"\w+", column.lower()))
    column = parted(column)[0]
    known = table.column(column)
    return _plain((bare(known.spelled) if known else "") or column)


# ---------------------------------------------------------------------------------------------------------------- habits


def _habits(table: Table, *, by_table: bool) -> Iterator[Habit]:
    references = {(key.columns, key.location) for key in table.foreign_keys}
    for index in table.indexes:
        # InnoDB names the index that it makes for a foreign key by itself.
        if index.name and index.columns and not index.primary and (index.columns, index.location) not in references:
            found = _habit(index, table)
            if found and (by_table or found.form != "{columns}"):
                yield found


def _habit(index: Index, table: Table) -> Habit | None:
    """The habit by which an index was named: where its table and its columns stand in its name."""
    name, last = bare(index.spelled) or index.name, _plain(bare(table.spelled) or table.name.rpartition(".")[2])
    words = [_word(table, column) for column in index.columns]
    for joint in ("_", "__") if len(words) > 1 else ("_",):
        columns = joint.join(words)
        for form, parts in (
            ("{}{{table}}{}{{columns}}{}", (last, columns)),
            ("{}{{columns}}{}{{table}}{}", (columns, last)),
            ("{}{{columns}}{}", (columns,)),
        ):
            said = _beside(name, parts)
            if said and not any(last.lower() in text.lower() for text in said):
                # A single column says how it is joined to others as well.
                return Habit(form.format(*said), "__" if said[1:-1] == ["__"] else joint)
    return None


def _beside(name: str, parts: Sequence[str]) -> list[str]:
    """What stands before, between and behind the parts of a name, if nothing in it is a number, or a word for a constraint."""
    said, at, folded = [], 0, name.lower()
    for part in parts:
        start = _word_at(folded, part.lower(), at)
        if start < 0:
            return []
        said.append(name[at:start])
        at = start + len(part)
    said.append(name[at:])
    plain = all(len(text) <= _LONGEST and _ELSE.fullmatch(text) for text in said)
    return said if plain and _GUARDS.isdisjoint(word for text in said for word in text.lower().split("_")) else []


def _word_at(name: str, part: str, start: int) -> int:
    """Where a part of a name stands by itself; a negative number, where it does not."""
    while (at := name.find(part, start)) >= 0:
        end = at + len(part)
        if not (at and name[at - 1].isalnum()) and not name[end : end + 1].isalnum():
            return at
        start = at + 1
    return -1


# ---------------------------------------------------------------------------------------------------------------- keys


def _prefixes(columns: Sequence[Column | None]) -> dict[int, int]:
    """Of which columns MySQL must be told how many characters to index: texts without a length, and what is too long together."""
    found: dict[int, int] = {}
    sizes: dict[int, int] = {}
    for number, column in enumerate(columns):
        if column is None:
            continue
        each = 1 if column.charset in _ONE_BYTE else 3 if column.charset == "utf8mb3" else 4
        if long := _LONG.match(column.type):
            found[number] = 63 if long["tiny"] else _TEXT_KEY
            sizes[number] = found[number] * (1 if "BLOB" in column.type else each)
        elif sized := _SIZED.match(column.type):
            sizes[number] = int(sized["size"]) * (1 if sized["raw"] else each)
        else:
            sizes[number] = 8
    while sum(sizes.values()) > _KEY_BYTES and len(found) < len(sizes):
        longest = max(set(sizes) - set(found), key=lambda number: (sizes[number], -number))
        if sizes[longest] <= _TEXT_KEY:
            break
        found[longest], sizes[longest] = _TEXT_KEY, _TEXT_KEY * 4
    return found


# ---------------------------------------------------------------------------------------------------------------- all of a report


def agreed(catalog: Catalog, queries: Sequence[Query], naming: Naming) -> tuple[Catalog, tuple[Query, ...]]:
    """The catalog and the queries of one side with their suggestions made to agree.

    Where one index serves what two are lacking for, both are suggested that one; two that differ have names that differ, whatever order the
    queries came in.
    """
    wanted = [*_wanted_by(queries), *_referring(catalog)]
    if not wanted:
        return catalog, tuple(queries)
    chosen = _chosen(wanted, catalog)
    names = _Names(naming)
    made = {one: naming.made(*one, names) for one in sorted(set(chosen.values()))}
    settled = {ask: made[one] for ask, one in chosen.items()}
    return _with_keys(catalog, settled), tuple(_with_suggestions(query, settled) for query in queries)


class Ask(NamedTuple):
    """An index that is lacking; the first ``equated`` of its columns may stand in any order."""

    table: str
    columns: tuple[str, ...]
    equated: int

    @property
    def groups(self) -> list[tuple[str, ...]]:
        """The columns in their order, those together that may stand in any."""
        loose, settled = self.columns[: self.equated], self.columns[self.equated :]
        return [*([loose] if loose else []), *((column,) for column in settled)]


def _of_access(access: Access, missing: MissingIndex) -> Ask:
    alone = access.path in (AccessPath.UNINDEXED_JOIN, AccessPath.HASHED_JOIN) and len(missing.columns) == 1
    # What no index can hold was left out: what is left is not what was counted.
    whole = len(missing.columns) == len(access.columns)
    return Ask(missing.table, missing.columns, 1 if alone else access.equated if whole else 0)


def _of_key(missing: MissingIndex) -> Ask:
    return Ask(missing.table, missing.columns, len(missing.columns))


def _of_hazard(missing: MissingIndex) -> Ask:
    return Ask(missing.table, missing.columns, 0)


def _wanted_by(queries: Iterable[Query]) -> Iterator[Ask]:
    for query in queries:
        for access in query.accesses:
            if access.missing is not None and access.missing.sql:
                yield _of_access(access, access.missing)
        for hazard in query.hazards:
            if hazard.missing is not None and hazard.missing.sql:
                yield _of_hazard(hazard.missing)


def _referring(catalog: Catalog) -> Iterator[Ask]:
    for table in catalog.tables.values():
        for key in table.foreign_keys:
            if key.missing is not None and key.missing.sql:
                yield _of_key(key.missing)


@dataclass
class _Order:
    """The columns of an index as far as their order is settled: groups, in each of which any order will do."""

    groups: list[tuple[str, ...]]

    def serves(self, ask: Ask) -> bool:
        """Make the asked columns lead, if the order that is settled lets them."""
        groups, at = list(self.groups), 0
        for number, step in enumerate(ask.groups):
            left, equated = set(step), bool(ask.equated) and not number
            while left:
                if at == len(groups):
                    return False
                names = {column: _undirected(column) if equated else column for column in groups[at]}
                inside = tuple(column for column, name in names.items() if name in left)
                outside = tuple(column for column, name in names.items() if name not in left)
                if not inside or (outside and len(inside) < len(left)):
                    return False
                if outside:
                    groups[at : at + 1] = [inside, outside]
                left -= {names[column] for column in inside}
                at += 1
        self.groups = groups
        return True

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(column for group in self.groups for column in group)


def _undirected(key: str) -> str:
    """A key of an index by which an equality finds its rows, whatever the direction in which the index goes through them.

    One with an operator class or a collation stays what it is: it would serve, too, but not what else the query does with the column.
    """
    column, behind = parted(key)
    return key if "_ops" in behind or "COLLATE" in behind else column


def _chosen(wanted: Iterable[Ask], catalog: Catalog) -> dict[Ask, Wanted]:
    """For each index that is lacking the one that is suggested: the fewest that serve all, the longest first."""
    parents = {part: table.name for table in catalog.tables.values() for part in table.partitions or ()}
    orders: dict[str, list[_Order]] = {}
    taken: dict[Ask, tuple[str, _Order]] = {}
    # Those of a whole before those of its partitions, which have them then.
    for ask in sorted(set(wanted), key=lambda each: (each.table in parents, -len(each.columns), each.equated, each)):
        above = next(
            (name for name in _line(ask.table, parents) if any(order.serves(ask) for order in orders.get(name, ()))),
            None,
        )
        if above is None:
            order = _Order(ask.groups)
            orders.setdefault(ask.table, []).append(order)
            taken[ask] = ask.table, order
        else:
            taken[ask] = above, next(order for order in orders[above] if order.serves(ask))
    return {ask: (table, order.columns) for ask, (table, order) in taken.items()}


def _line(table: str, parents: Mapping[str, str]) -> Iterator[str]:
    """A table and those that it is a partition of."""
    seen: set[str] = set()
    while table and table not in seen:
        seen.add(table)
        yield table
        table = parents.get(table, "")


def _with_suggestions(query: Query, settled: Mapping[Ask, MissingIndex]) -> Query:
    if not any(access.missing for access in query.accesses) and not any(hazard.missing for hazard in query.hazards):
        return query
    accesses, hazards = list(query.accesses), list(query.hazards)
    for number, access in enumerate(accesses):
        if access.missing and access.missing.sql:
            accesses[number] = replace(access, missing=settled[_of_access(access, access.missing)])
    for number, hazard in enumerate(hazards):
        if hazard.missing and hazard.missing.sql:
            hazards[number] = replace(hazard, missing=settled[_of_hazard(hazard.missing)])
    return replace(query, accesses=tuple(accesses), hazards=tuple(hazards))


def _with_keys(catalog: Catalog, settled: Mapping[Ask, MissingIndex]) -> Catalog:
    def told(key: ForeignKey) -> ForeignKey:
        return replace(key, missing=settled[_of_key(key.missing)]) if key.missing and key.missing.sql else key

    changed = {
        name: replace(table, foreign_keys=tuple(map(told, table.foreign_keys)))
        for name, table in catalog.tables.items()
        if any(key.missing for key in table.foreign_keys)
    }
    return replace(catalog, tables={**catalog.tables, **changed}) if changed else catalog
