"""An UPDATE or DELETE without a condition changes every row of the table.

## Why it matters

It locks the whole table for as long as it runs, and there is no going back. Most of them miss a `WHERE` that somebody deleted with its
line.

## Flagged

```sql
CREATE TABLE sessions (id bigint PRIMARY KEY, seen timestamp);
UPDATE sessions SET seen = now();  -- error: [unbounded-write] "every row of sessions"
DELETE FROM sessions;  -- error: [unbounded-write] "every row of sessions"
```

## Not flagged

```sql
CREATE TABLE sessions (id bigint PRIMARY KEY, seen timestamp);
DELETE FROM sessions WHERE seen < $1;
UPDATE sessions SET seen = now() WHERE id = $1;
DELETE FROM sessions WHERE true;
TRUNCATE sessions;
```

Migrations, which are meant to; tables under the policy's `small-tables`; `WHERE true`, which says that every row is meant.

## Remedy

Write the condition. If every row is meant, say so with `WHERE true`, or in batches; `TRUNCATE` empties a table at once.
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import Finding, Hazard, HazardKind, Query, Severity
from lastcall.rules import NoOptions, Rule
from lastcall.rules._hazards import findings

rule = Rule(__name__, __doc__, Severity.WARNING)


@rule.each(Query)
def check(query: Query, _: NoOptions) -> Iterator[Finding]:
    return findings(rule, query, HazardKind.UNBOUNDED_WRITE, _message)


def _message(hazard: Hazard) -> str:
    (table,), (verb,) = hazard.tables, hazard.told
    return f"this {verb} has no condition: it changes every row of {table.name}, and locks them until it is done"
