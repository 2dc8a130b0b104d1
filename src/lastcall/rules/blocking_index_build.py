"""An index is built in a way that lets nobody write to its table until it is done.

## Why it matters

`CREATE INDEX` on a table with rows reads all of them, and in PostgreSQL every `INSERT`, `UPDATE` and `DELETE` on the table waits until it
has. On a large table that is minutes of an outage, on the night of the release.

## Flagged

```sql
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, number text);
-- the release brings:
CREATE INDEX orders_user ON orders (user_id);  -- error: [blocking-index-build] "CREATE INDEX without CONCURRENTLY"
ALTER TABLE orders ADD UNIQUE (number);  -- error: [blocking-index-build] "ADD UNIQUE without USING INDEX"
```

What this release builds on a table that is there before it: in PostgreSQL without `CONCURRENTLY`, or as a constraint without
`USING INDEX`; in MySQL with `ALGORITHM=COPY`, `LOCK=SHARED` or `LOCK=EXCLUSIVE`, and full-text and spatial indexes; in Oracle and SQL
Server without `ONLINE`, a note, since not every edition has it.

## Not flagged

```sql
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
-- the release brings:
CREATE INDEX CONCURRENTLY orders_user ON orders (user_id);
CREATE TABLE invoices (id bigint PRIMARY KEY, order_id bigint);
CREATE INDEX invoices_order ON invoices (order_id);
```

Tables that the release itself makes; a dump or schema file that makes the table and its indexes together, which nobody runs on a server
that has them; tables that the policy calls small (`queries: {small-tables: [country]}`).

## Remedy

Build it while others write, as the suggestion says. PostgreSQL does that outside of a transaction only, and on each partition of a
partitioned table by itself (`CREATE INDEX … ON ONLY`, then `ALTER INDEX … ATTACH PARTITION`).
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import BuiltIndex, Finding, Related, Severity
from lastcall.rules import NoOptions, Rule

rule = Rule(__name__, __doc__, Severity.WARNING)


@rule.each(BuiltIndex)
def check(built: BuiltIndex, _: NoOptions) -> Iterator[Finding]:
    index, table = built.index, built.table
    name = index.name or f"the index on {', '.join(index.columns)}"
    yield rule.finding(
        f"{name} of {table.name} is built by {index.blocking}: nobody can write to {table.name} until it is done",
        index.location,
        key=[table.name, index.name, *index.columns],
        severity=Severity.NOTE if built.by_edition else None,
        tables=[table.name],
        suggestion=built.online,
        related=[Related(f"{table.name} is declared here", table.location)],
    )
