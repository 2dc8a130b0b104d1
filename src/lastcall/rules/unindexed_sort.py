"""The first rows in an order that no index has: the whole table is read and sorted for a handful of rows.

## Why it matters

`ORDER BY … LIMIT 10` looks cheap and answers at once on a developer's machine. Without an index that has the rows in that order the
database reads and sorts the whole table for ten of them; with one it stops after ten. The same holds for `MIN` and `MAX` of a column.

## Flagged

```sql
CREATE TABLE orders (id bigint PRIMARY KEY, created_at timestamp);
SELECT id FROM orders ORDER BY created_at DESC LIMIT 10;  -- error: [unindexed-sort] "no index of orders has that order"
```

No filter narrows the table, only the first rows are wanted, and no index starts with the column that they are ordered by.

## Not flagged

```sql
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, created_at timestamp);
CREATE INDEX orders_user ON orders (user_id);
SELECT id FROM orders ORDER BY id DESC LIMIT 10;
SELECT id FROM orders WHERE user_id = $1 ORDER BY created_at DESC LIMIT 10;
SELECT id FROM orders ORDER BY created_at;
```

An order that an index has, few rows that a filter leaves (sorting them is cheap), and an order without a limit, which reads everything
anyway.

## Remedy

Create the suggested index. If the table will never grow, name it under the policy's `small-tables`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import AccessPath, Finding, Query, Related, Severity
from lastcall.rules import NoOptions, Rule

rule = Rule(__name__, __doc__, Severity.WARNING)


@rule.each(Query)
def check(query: Query, _: NoOptions) -> Iterator[Finding]:
    for access in query.accesses:
        if access.path is not AccessPath.UNINDEXED_SORT or access.missing is None:
            continue
        table, columns = access.table.name, ", ".join(access.columns)
        yield rule.finding(
            f"the first rows of {table} are wanted by {columns}, and no index of {table} has that order: it is read and sorted whole",
            access.location,
            key=[query.shape, table, *access.columns],
            severity=Severity.NOTE if access.aside else None,
            tables=[table],
            index=access.missing,
            suggestion=access.missing.sql,
            related=[Related(f"{table} is declared here; its indexes: {access.table.indexes_in_words}", access.table.location)],
        )
