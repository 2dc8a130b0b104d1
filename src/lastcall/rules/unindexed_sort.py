"""The first rows in an order that no index has: the whole table is read and sorted for a handful of rows.

## Why it matters

`ORDER BY … LIMIT 10` looks cheap and answers at once on a developer's machine. Without an index that has the rows in that order the
database reads and sorts the whole table for ten of them; with one it stops after ten. The same holds for `MIN` and `MAX` of a column, and
for the first groups of `GROUP BY`.

## Flagged

```sql
CREATE TABLE orders (id bigint PRIMARY KEY, created_at timestamp, paid_at timestamp);
SELECT id FROM orders ORDER BY created_at DESC LIMIT 10;  -- error: [unindexed-sort] "no index of orders has that order"
CREATE INDEX orders_paid_at ON orders (paid_at);
SELECT id FROM orders ORDER BY paid_at DESC NULLS LAST LIMIT 10;  -- error: [unindexed-sort] "orders_paid_at has another order"
```

No filter narrows the table, only the first rows are wanted, and no index has them in their order: in these directions or all of them the
other way round, with the nulls at the same end, in the collation that is asked for, by the whole of each value and by the usual comparison
(no `text_pattern_ops`). PostgreSQL and SQLite sort what is equal in the first keys by themselves, so that the first key is enough; the
others need an index with every key.

## Not flagged

```sql
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, created_at timestamp);
CREATE INDEX orders_user ON orders (user_id);
SELECT id FROM orders ORDER BY id DESC LIMIT 10;
SELECT id FROM orders WHERE user_id = $1 ORDER BY created_at DESC LIMIT 10;
SELECT id FROM orders ORDER BY created_at;
```

An order that an index has, from either end; few rows that a filter leaves (sorting them is cheap); an order without a limit, which reads
everything anyway; keys behind a unique one, which sort nothing.

## Remedy

Create the suggested index, or ask for the order that an index has: in PostgreSQL, `DESC NULLS LAST` of a column without nulls costs the
index on it and changes nothing. If the table will never grow, name it under the policy's `small-tables`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import Access, AccessPath, Finding, Query, Related, Severity
from lastcall.rules import NoOptions, Rule

rule = Rule(__name__, __doc__, Severity.WARNING)


@rule.each(Query)
def check(query: Query, _: NoOptions) -> Iterator[Finding]:
    for access in query.accesses:
        if access.path is not AccessPath.UNINDEXED_SORT or access.missing is None:
            continue
        table, columns = access.table.name, ", ".join(access.columns)
        yield rule.finding(
            f"the first rows of {table} are wanted by {columns}, and {_lacking(access)}: it is read and sorted whole",
            access.location,
            key=[query.shape, table, *access.columns],
            severity=Severity.NOTE if access.aside else None,
            tables=[table],
            index=access.missing,
            suggestion=access.missing.suggestion,
            related=[Related(f"{table} is declared here; its indexes: {access.table.indexes_in_words}", access.table.location)],
        )


def _lacking(access: Access) -> str:
    """That no index has the order, and what is wrong with the one that comes near."""
    table, column = access.table.name, access.columns[0]
    led = [index for index in access.table.indexes if index.columns[:1] == (column,)]
    if not led:
        return f"no index of {table} has that order"
    first = min(led, key=lambda index: (index.method not in ("", "btree"), bool(index.where), index.name))
    name = first.name or f"the one on {', '.join(first.columns)}"
    why = f"is for {first.where} alone" if first.where else "has another order"
    why = why if first.method in ("", "btree", "clustered", "nonclustered") else f"is of the kind {first.method}"
    return f"no index of {table} has that order ({name} {why})"
