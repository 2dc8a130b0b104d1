"""What a release does to the indexes of tables that are there before it: facts that only both ends of the diff together tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property

from lastcall.model import Access, AccessPath, BuiltIndex, DroppedIndex, Index, Location, Query, Side, Table

_LACKING = frozenset({AccessPath.UNINDEXED_JOIN, AccessPath.UNINDEXED_FILTER, AccessPath.UNINDEXED_SORT, AccessPath.HASHED_JOIN})
_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")
_COUNTRY = re.compile(r"(?<=^[a-z]{2}[-_])[a-z]{2}(?![a-z])")
"""The country in the name of a collation (``de_de.utf8``, ``en-us-x-icu``)."""


def schema_changes(before: Side, after: Side, small: AbstractSet[str]) -> Iterator[DroppedIndex | BuiltIndex]:
    """The indexes that the release takes away from queries, and those that it builds under a lock.

    Nothing is said of ``small`` tables (by folded name), of tables that one end does not know for sure, and of tables that are new.
    """
    losses = _Losses(before, after)
    inherited = _inherited(after)
    for name, table in after.catalog.tables.items():
        old = before.catalog.tables.get(name)
        if old is None or {name, name.rpartition(".")[2]} & small:
            continue
        if not (old.uncertain or table.uncertain):
            yield from losses.of(old, table)
        yield from _built(old, table, after.catalog.dialect, inherited.get(name, frozenset()))


# ---------------------------------------------------------------------------------------------------------------- taken away


class _Losses:
    """What queries lose by the indexes that are gone.  Only queries that are there before can lose one."""

    def __init__(self, before: Side, after: Side) -> None:
        self.before = before
        self.after = after

    @cached_property
    def reached_before(self) -> Mapping[str, Mapping[str, Sequence[Access]]]:
        return _reached(self.before.queries)

    @cached_property
    def reached_after(self) -> Mapping[str, Mapping[str, Sequence[Access]]]:
        return _reached(self.after.queries)

    def of(self, old: Table, table: Table) -> Iterator[DroppedIndex]:
        """The indexes of one table that are gone, each with what lacks an index now; told once for each access."""
        there = {index.form for index in table.indexes}
        gone = [index for index in old.indexes if index.form not in there]
        if not gone:
            return
        before = self.reached_before.get(table.name, {})
        lost: dict[Index, list[Access]] = {}
        for shape, accesses in self.reached_after.get(table.name, {}).items():
            same = before.get(shape, ())
            for access in accesses:
                if _newly_lacking(access, same) and (index := _given_by(gone, access, same)):
                    lost.setdefault(index, []).append(access)
        for index, accesses in lost.items():
            yield DroppedIndex(index, table, self.place(index, table), tuple(sorted(accesses, key=lambda each: each.location)))

    def place(self, index: Index, table: Table) -> Location | None:
        """Where the index was taken away last; where no DDL did, but its own DDL is gone, where its table is made."""
        known = {place for _, place in self.before.catalog.dropped.get(table.name, ())}
        dropped = [each for each in self.after.catalog.dropped.get(table.name, ()) if each[1] not in known]
        same = [place for each, place in dropped if each.form == index.form]
        named = [place for each, place in dropped if index.name and each.name == index.name]
        return next(reversed(same or named), table.location)


def _reached(queries: Sequence[Query]) -> dict[str, dict[str, list[Access]]]:
    """Every access, by its table and by the shape of its query."""
    found: dict[str, dict[str, list[Access]]] = {}
    for query in queries:
        for access in query.accesses:
            found.setdefault(access.table.name, {}).setdefault(query.shape, []).append(access)
    return found


def _newly_lacking(access: Access, same: Sequence[Access]) -> bool:
    """Whether an access lacks an index that the same query did not lack before."""
    if access.path not in _LACKING or access.missing is None or not same:
        return False
    lacked = [each.missing.columns for each in same if each.missing]
    return access.missing.columns not in lacked and not any(each.path is AccessPath.UNKNOWN for each in same)


def _given_by(gone: Sequence[Index], access: Access, same: Sequence[Access]) -> Index | None:
    """The index by which a query found its rows: the one that it used, else one with a column that it now has no index for."""
    used = {each.index.form for each in same if each.index}
    assert access.missing is not None
    wanted = {*access.columns, *access.missing.columns}
    alike = (index for index in gone if wanted & set(index.columns))
    return next((index for index in gone if index.form in used), None) or next(alike, None)


# ---------------------------------------------------------------------------------------------------------------- built


def _inherited(side: Side) -> Mapping[str, frozenset[Location | None]]:
    """By partition where the indexes are made that it has because the whole has them: those are told of once."""
    whole = [table for table in side.catalog.tables.values() if table.partitions]
    return {part: frozenset(index.location for index in table.indexes) for table in whole for part in table.partitions or ()}


def _built(old: Table, table: Table, dialect: str, inherited: AbstractSet[Location | None]) -> Iterator[BuiltIndex]:
    """What is built on a table that is there before, but not what a file says that makes the table too: that is a schema, not a script."""
    had = {(index.form, index.unique) for index in old.indexes}
    for index in table.indexes:
        apart = index.location and table.location and index.location.path != table.location.path
        if index.blocking and apart and index.location not in inherited and (index.form, index.unique) not in had:
            yield BuiltIndex(index, table, _online(index, table, dialect), dialect in {"tsql", "oracle"})


def _online(index: Index, table: Table, dialect: str) -> str:
    """The statements that build the index while others write; empty where that is more than one index."""
    name, on = index.spelled or _quoted(index.name), table.spelled or ".".join(map(_quoted, table.name.split(".")))
    constraint = not index.blocking.startswith("CREATE INDEX")
    if table.partitions is not None:  # each partition's by itself
        return ""
    if not index.name or dialect == "mysql" or (constraint and (dialect != "postgres" or index.blocking.startswith("ADD COLUMN"))):
        return ""
    words = [
        f"CREATE {'UNIQUE ' if index.unique else ''}INDEX{' CONCURRENTLY' if dialect == 'postgres' else ''} {name} ON {on}",
        f"USING {index.method}" if dialect == "postgres" and index.method != "btree" else "",
        f"({', '.join(_key(index, table, number, dialect) for number in range(len(index.columns)))})",
        f"INCLUDE ({', '.join(_column(each, table) for each in index.included)})" if index.included else "",
        f"WHERE {table.spelled_of(f'({index.where})')[1:-1]}" if index.where else "",
        {"tsql": "WITH (ONLINE = ON)", "oracle": "ONLINE"}.get(dialect, ""),
    ]
    made = " ".join(filter(None, words)) + ";"
    what = "PRIMARY KEY" if index.primary else "UNIQUE"
    return f"{made}\nALTER TABLE {on} ADD CONSTRAINT {name} {what} USING INDEX {name};" if constraint else made


def _column(name: str, table: Table) -> str:
    spelled = table.spelled_of(name)
    return spelled if spelled != name or name.startswith("(") else _quoted(name)


def _key(index: Index, table: Table, number: int, dialect: str) -> str:
    words = [_column(index.columns[number], table)]
    if index.collations and index.collations[number]:
        words.append(f"COLLATE {_collation(index.collations[number])}")
    if index.opclasses and index.opclasses[number]:
        words.append(index.opclasses[number])
    if index.descending and index.descending[number]:
        words.append("DESC")
    if index.nulls_first and dialect == "postgres" and index.nulls_first[number] != index.descending[number]:
        words.append("NULLS FIRST" if index.nulls_first[number] else "NULLS LAST")
    return " ".join(words)


def _collation(name: str) -> str:
    """A folded collation as PostgreSQL names it: ``"C"``, ``"en_US"``."""
    spelled = _COUNTRY.sub(lambda found: found[0].upper(), name)
    return '"' + (spelled.upper() if name in {"c", "posix"} else spelled).replace('"', '""') + '"'


def _quoted(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'
