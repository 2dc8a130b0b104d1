"""Which indexes have rows in the order that a query wants them in, and which index would.

An index serves ``ORDER BY … LIMIT`` when, behind columns that are equated with constants, its next columns are the keys, in directions and
with places of nulls that are all as the query wants them, or all the other way round: an index is read from either end.  It must be sorted
(no hash, no bitmap), in the collation that is asked for, by whole values (no MySQL prefix) and by the usual comparison (no
``text_pattern_ops``).  Behind a key that is unique, nothing is left to sort.

- PostgreSQL: manual 11.4 (directions, nulls), 11.10 (operator classes), 11.11 (collations).  Since version 13 it sorts what is equal in the
  first keys by itself ("incremental sort"): the first key is enough, if it is no boolean, half of whose table is equal.  The place of nulls
  counts even for a column that has none.
- SQLite: a partial sort as well ("USE TEMP B-TREE FOR RIGHT PART OF ORDER BY" stops at the limit); every index ends in the rowid, and nulls
  are put where they are wanted in a second pass.
- MySQL: manual 10.2.1.16 (all keys, one direction or the index's own), 10.3.11 (the primary key is behind every secondary index).
- SQL Server: "Nonclustered index design": the clustered key is behind every other one.
- Oracle: nulls are large; an index has no row all of whose keys are null, which is not held against it here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from lastcall.model import Column, Index

NULLS_LARGE = frozenset({"postgres", "oracle"})
"""Dialects to which a null is larger than any value: last, ascending."""
PARTIAL = frozenset({"postgres", "sqlite"})
"""Dialects that sort what is equal in the first keys, and stop at the limit."""
SORTED = frozenset({"", "btree", "clustered", "nonclustered"})
"""Kinds of index that keep rows in an order."""
CAREFUL = frozenset({"postgres"})
"""Dialects that mind the place of nulls of a column that has none."""
INDIFFERENT = frozenset({"sqlite"})
"""Dialects that put nulls where they are wanted, whatever index they read."""


_BEHIND = re.compile(
    r"(?<=[^ ])(?: COLLATE (?:\"[^\"]*\"|\S+))?(?: (?:text|varchar|bpchar)_pattern_ops)?(?: DESC)?(?: NULLS (?:FIRST|LAST))?\Z"
)
"""What can stand behind a column, which is folded: no column ends in words in capitals."""


PATTERNS = {
    "TEXT": "text_pattern_ops",
    **dict.fromkeys(("VARCHAR", "CHARACTER VARYING"), "varchar_pattern_ops"),
    **dict.fromkeys(("CHAR", "CHARACTER", "BPCHAR"), "bpchar_pattern_ops"),
}
"""PostgreSQL's operator classes for LIKE with a prefix, by the type of the column."""
_CUT = re.compile(r"[\w`]\(\d+\)")


class Key(NamedTuple):
    """A key of ORDER BY on one table: the column, or the normal form of an expression.

    ``nulls_first`` is None where the nulls are left out, as for MIN and MAX.  ``column`` and ``collation`` are how the key is written in an
    index: the collation as the query spells it.
    """

    name: str
    descending: bool = False
    nulls_first: bool | None = None
    column: str = ""
    collation: str = ""
    boolean: bool = False
    """Half of the rows are equal in it."""


class Keyed(NamedTuple):
    """A key column of an index, under the name by which a query would speak of it."""

    name: str
    descending: bool = False
    nulls_first: bool = False
    whole: bool = True
    """False of one that is in the index, but not in its usual order: a prefix of it, or under an operator class for patterns."""


def keyed(index: Index, names: Sequence[str], dialect: str, behind: Iterable[str] = ()) -> tuple[Keyed, ...]:
    """The keys of an index, with those that its table puts behind (``behind``: the columns of the primary key)."""
    large = dialect in NULLS_LARGE
    found = []
    for place, name in enumerate(names):
        descending = bool(index.descending) and index.descending[place]
        nulls_first = index.nulls_first[place] if index.nulls_first else descending == large
        cut = bool(index.lengths) and index.lengths[place] > 0
        pattern = bool(index.opclasses) and index.opclasses[place].endswith("_pattern_ops")
        found.append(Keyed(name, descending, nulls_first, not (cut or pattern)))
    return (*found, *(Keyed(name, False, not large) for name in behind if name not in names))


def behind(index: Index, indexes: Iterable[Index], columns: Mapping[str, Column], dialect: str) -> tuple[str, ...]:
    """The columns that the server puts behind those of every index but the primary key itself."""
    primary = next((each for each in indexes if each.primary and not each.where), None)
    if primary is None or index is primary:
        return ()
    if dialect == "sqlite":
        key = columns.get(primary.columns[0]) if len(primary.columns) == 1 else None
        return primary.columns if key is not None and key.type.upper() == "INTEGER" else ()
    clustered = dialect == "mysql" or (dialect == "tsql" and primary.method != "nonclustered")
    return primary.columns if clustered else ()


class Order:
    """The keys that rows of one table are wanted in the order of, and what is known of that table in the query.

    ``fixed`` are columns that a constant is equated with, ``filled`` those that cannot be null; ``unique`` the sets of columns of which no
    two rows are equal.
    """

    def __init__(
        self, keys: Iterable[Key], fixed: AbstractSet[str], filled: AbstractSet[str], unique: Iterable[AbstractSet[str]], dialect: str
    ) -> None:
        self.fixed = fixed
        self.filled = filled
        self.dialect = dialect
        self.unique = [each for each in unique if each <= filled]
        self.keys = tuple(self._needed(keys))

    def _needed(self, keys: Iterable[Key]) -> Iterator[Key]:
        """The keys that sort anything: not the constant ones, nor any behind a unique one."""
        seen, yielded = set(self.fixed), set[str]()
        for key in keys:
            if any(each <= seen for each in self.unique):
                return
            # PostgreSQL finds a boolean by ``WHERE ok``, but does not see that all rows are equal in it then.
            if key.name not in seen or (key.boolean and self.dialect in CAREFUL and key.name not in yielded):
                seen.add(key.name)
                yielded.add(key.name)
                yield key

    def served(self, index: Sequence[Keyed], *, unique: bool = False) -> bool:
        """Whether an index with these keys has the rows in this order, or so nearly that the rest is sorted by the way."""
        matched = self._matched(index, unique=unique)
        if matched == len(self.keys):
            return True
        return self.dialect in PARTIAL and any(not key.boolean for key in self.keys[:matched])

    def _matched(self, index: Sequence[Keyed], *, unique: bool) -> int:
        """How many of the keys an index has in order."""
        matched, turned = 0, None
        for column in index:
            if matched == len(self.keys):
                return matched
            key = self.keys[matched]
            if column.name in self.fixed and column.name != key.name:
                continue
            reverse = key.descending != column.descending
            if (
                column.name != key.name
                or not column.whole
                or turned not in (None, reverse)
                or not self._nulls(key, column, reverse=reverse)
            ):
                return matched
            matched, turned = matched + 1, reverse
        return len(self.keys) if unique and {column.name for column in index} <= self.filled else matched

    def _nulls(self, key: Key, column: Keyed, *, reverse: bool) -> bool:
        if key.nulls_first is None or self.dialect in INDIFFERENT or (key.name in self.filled and self.dialect not in CAREFUL):
            return True
        return key.nulls_first == (column.nulls_first != reverse)

    # ------------------------------------------------------------------ suggesting

    def lacking(self) -> tuple[Key, ...]:
        """The keys that the smallest index would have that serves."""
        if self.dialect not in PARTIAL:
            return self.keys
        first = next((place for place, key in enumerate(self.keys) if not key.boolean), len(self.keys))
        return self.keys[: first + 1]

    def clauses(self, keys: Sequence[Key]) -> tuple[str, ...]:
        """What stands behind each of the columns in the statement that makes their index.

        An index can be read from either end: where that says it in fewer columns, it is the other way round than the query.
        """
        ways = [tuple(self._clause(key, turned=turned) for key in keys) for turned in (False, True)]
        return min(ways, key=lambda way: sum(bool(clause) for clause in way))

    def _clause(self, key: Key, *, turned: bool) -> str:
        descending = key.descending != turned
        words = [f"COLLATE {key.collation}"] if key.collation else []
        words += ["DESC"] if descending else []
        usual = descending == (self.dialect in NULLS_LARGE)
        minded = self.dialect in CAREFUL or (self.dialect in NULLS_LARGE and key.name not in self.filled)
        if minded and key.nulls_first is not None and (key.nulls_first != turned) != usual:
            words.append("NULLS LAST" if usual else "NULLS FIRST")
        return " ".join(words)


def cut(statement: str) -> bool:
    """Whether an index would hold but the first characters of a column, as MySQL's must of a long text: it has no order then."""
    return _CUT.search(statement) is not None


def parted(key: str) -> tuple[str, str]:
    """A key of ``MissingIndex.columns``: its column or expression, and what stands behind it in the statement (``DESC NULLS LAST``)."""
    found = _BEHIND.search(key)
    return (key[: found.start()], found[0].strip()) if found else (key, "")
