"""An index does nothing that another one does not do as well: every write pays for it, and no query gains.

## Why it matters

An index on `(user_id)` beside one on `(user_id, created)` answers no query that the longer one does not answer. It is written with every
row, takes its room in memory, and slows down every backup and every vacuum.

## Flagged

```sql
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, created timestamp);
CREATE INDEX orders_user_created ON orders (user_id, created);
CREATE INDEX orders_user ON orders (user_id);  -- error: [redundant-index] "orders_user_created"
CREATE UNIQUE INDEX orders_id ON orders (id);  -- error: [redundant-index] "the primary key"
```

The columns of one index are the first columns of another one of the same kind, with the same predicate, order, collation and operator
classes; or both are unique over the same columns.

## Not flagged

```sql
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, number text, created timestamp);
CREATE INDEX orders_user_created ON orders (user_id, created);
CREATE UNIQUE INDEX orders_created_user ON orders (created, user_id);
CREATE UNIQUE INDEX orders_user ON orders (user_id);
CREATE INDEX orders_recent ON orders (user_id) WHERE created > '2026-01-01';
CREATE UNIQUE INDEX orders_number ON orders (number);
CREATE INDEX orders_number_like ON orders (number text_pattern_ops);
```

A unique index, which guards more than it finds; a partial one; one of another operator class or order.

## Remedy

Drop the index that is flagged, after a look at what the database says of its use. A smaller index can be worth its price where a very large
table is read by it alone: say so on the spot, `-- lastcall: ignore[redundant-index] index-only scans of the archive`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lastcall.model import Finding, Index, Related, Severity, Side, Table
from lastcall.rules import NoOptions, Rule

rule = Rule(__name__, __doc__, Severity.NOTE)


@rule.each(Side)
def check(side: Side, _: NoOptions) -> Iterator[Finding]:
    told: set[object] = set()  # partitions have the indexes of the whole
    for table in side.catalog.tables.values():
        for number, index in enumerate(table.indexes if not table.uncertain else ()):
            better = _better(number, table.indexes, side.catalog.dialect)
            if better is None or index.location in told:
                continue
            told.add(index.location)
            yield _finding(table, index, better)


def _finding(table: Table, index: Index, better: Index) -> Finding:
    other = "the primary key" if better.primary else better.name or "another index"
    name = index.name or f"the index on {', '.join(index.columns)}"
    return rule.finding(
        f"{name} of {table.name} does nothing that {other} ({', '.join(better.columns)}) does not do as well",
        index.location or table.location,
        key=[table.name, *index.columns, index.where],
        tables=[table.name],
        related=[Related(f"{other} is made here", better.location)],
    )


def _better(number: int, indexes: Sequence[Index], dialect: str) -> Index | None:
    """The first other index that makes the one at ``number`` needless; of two alike, the one that guards less or came later is."""
    index = indexes[number]
    if index.primary or not index.columns:
        return None
    for other, each in enumerate(indexes):
        # SQL Server keeps its rows in the primary key: a narrow index beside it is quicker to read.
        if other == number or (each.primary and dialect == "tsql") or not _serves_all(each, index):
            continue
        if each.form != index.form or (each.unique, -other) > (index.unique, -number) or each.primary:
            return each
    return None


def _serves_all(index: Index, other: Index) -> bool:
    """Whether ``index`` serves and guards whatever ``other`` does."""
    size = len(other.columns)
    if (index.where, index.method) != (other.where, other.method) or index.columns[:size] != other.columns:
        return False
    if len(index.columns) > size and (other.unique or index.method != "btree"):
        return False
    if other.unique and not index.unique:
        return False
    alike = all(_said(index, name, size) == _said(other, name, size) for name in ("opclasses", "collations", "lengths"))
    return alike and _ordered(index, other, size) and {*index.columns, *index.included} >= set(other.included)


def _said(index: Index, name: str, size: int) -> tuple[object, ...]:
    values: tuple[object, ...] = getattr(index, name)
    return values[:size] if any(values[:size]) else ()


def _ordered(index: Index, other: Index, size: int) -> bool:
    """Whether the first columns have the same order, forwards or backwards."""
    here = list(zip(index.descending[:size], index.nulls_first[:size], strict=True))
    there = list(zip(other.descending, other.nulls_first, strict=True))
    if not any(descending for descending, _ in here) and not there:
        return True
    return here == there or here == [(not descending, not first) for descending, first in there]
