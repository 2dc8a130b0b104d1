"""The release takes an index away that a query of the repository needs.

## Why it matters

An index looks unused to whoever reads the table's definition, or the statistics of one server on a quiet week. The query that needs it
stands in another file, has not changed, and reads the whole table from the night of the release on.

## Flagged

```sql
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
CREATE INDEX orders_user ON orders (user_id);
SELECT id FROM orders WHERE user_id = $1;  -- error: [unindexed-filter] "no index of orders starts with user_id"
-- the release brings:
DROP INDEX orders_user;  -- error: [dropped-index] "orders_user of orders is taken away"
```

An index that is dropped, made invisible, replaced by one that serves less, or whose definition is gone, while a query that was there
before now lacks an index. The finding stands where the index is dropped and names the queries; what each of them lacks is told at the
query itself, as an `unindexed-join` or an `unindexed-filter`. It is an error when a join or a filter lost its index, and a warning when
only an order did.

## Not flagged

```sql
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, status text);
CREATE INDEX orders_user ON orders (user_id);
CREATE INDEX orders_status ON orders (status);
SELECT id FROM orders WHERE user_id = $1;
-- the release brings:
CREATE INDEX CONCURRENTLY orders_user_status ON orders (user_id, status);
DROP INDEX orders_user;
DROP INDEX orders_status;
```

An index that another one replaces for every query, one that no query of the repository uses, and what queries lacked before.

## Remedy

Keep the index, or create one that serves these queries in the same release, before the other is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import Access, AccessPath, DroppedIndex, Finding, Related, Severity
from lastcall.rules import NoOptions, Rule

rule = Rule(__name__, __doc__, Severity.ERROR)

SHOWN = 3
"""Places of queries that a finding names."""


@rule.each(DroppedIndex)
def check(dropped: DroppedIndex, _: NoOptions) -> Iterator[Finding]:
    index, table, lost = dropped.index, dropped.table.name, dropped.lost
    name = index.name or f"the index on {', '.join(index.columns)}"
    many = f"{len(lost)} queries need it" if len(lost) > 1 else "a query needs it"
    more = [Related(f"and {len(lost) - SHOWN} more")] if len(lost) > SHOWN else []
    yield rule.finding(
        f"{name} of {table} is taken away, but {many}: without it the whole table is read",
        dropped.location,
        key=[table, index.name, *index.columns],
        severity=max(map(_severity, lost)),
        tables=[table],
        index=lost[0].missing,
        suggestion=lost[0].missing.suggestion if lost[0].missing else "",
        related=[*(Related(f"{table} is {_wanted(access)} here", access.location) for access in lost[:SHOWN]), *more],
    )


def _severity(access: Access) -> Severity:
    if access.aside:
        return Severity.NOTE
    return Severity.ERROR if access.path in (AccessPath.UNINDEXED_JOIN, AccessPath.UNINDEXED_FILTER) else Severity.WARNING


def _wanted(access: Access) -> str:
    columns = ", ".join(access.columns)
    return f"wanted in the order of {columns}" if access.path is AccessPath.UNINDEXED_SORT else f"looked up by {columns}"
