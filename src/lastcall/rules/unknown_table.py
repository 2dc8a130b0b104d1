"""A query reads a table that the repository's schema does not have, or does not have for sure.

## Why it matters

Whether a join has an index can only be told of a table whose schema is known. lastcall never guesses: a query with such a table is not
judged, and this note says so.

## Flagged

```sql
CREATE TABLE users (id bigint PRIMARY KEY);
SELECT u.id FROM users u
JOIN invoices i ON i.user_id = u.id  -- error: [unknown-table] "invoices"
WHERE u.id = $1;
```

Each table is told of once, at the first query that reads it.

## Not flagged

Views, common table expressions, and tables that any DDL of the repository creates:

```sql
CREATE TABLE users (id bigint PRIMARY KEY);
WITH recent AS (SELECT id FROM users) SELECT id FROM recent;
```

## Remedy

Nothing must be done: a note does not fail a check. Add the DDL that creates the table (a schema dump, migrations) to the repository, or,
if the schema is there but not found, name it under `queries: {schema: […]}` in the policy.
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import Finding, Location, Query, Severity, Side
from lastcall.rules import NoOptions, Rule

rule = Rule(__name__, __doc__, Severity.NOTE)


@rule.each(Side)
def check(side: Side, _: NoOptions) -> Iterator[Finding]:
    places: dict[str, tuple[str, Location]] = {}
    for query in side.queries:
        for name, reason in _unknown(query):
            places.setdefault(name, (reason, query.location))
    for name, (reason, place) in places.items():
        yield rule.finding(f"{name} {reason}; queries that read it are not judged", place, key=[name], tables=[name])


def _unknown(query: Query) -> Iterator[tuple[str, str]]:
    for name in query.unknown_tables:
        yield name, "is not in the repository's schema"
    for access in query.accesses:
        if access.table.uncertain:
            yield access.table.name, f"is not known for sure ({access.table.uncertain})"
