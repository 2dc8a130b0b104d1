"""`NOT IN` of a column that may be null: one null, and the query finds nothing at all.

## Why it matters

`id NOT IN (1, 2, NULL)` is never true. The first null in the sub-query's column empties the result, silently; and because of that rule the
database cannot turn the query into an anti-join, but looks through the list for every row.

## Flagged

```sql
CREATE TABLE users (id bigint PRIMARY KEY, referrer_id bigint);
SELECT id FROM users
WHERE id NOT IN (SELECT referrer_id FROM users);  -- error: [not-in-nullable] "referrer_id"
```

## Not flagged

```sql
CREATE TABLE users (id bigint PRIMARY KEY, referrer_id bigint, team_id bigint NOT NULL);
SELECT id FROM users WHERE id NOT IN (SELECT referrer_id FROM users WHERE referrer_id IS NOT NULL);
SELECT id FROM users WHERE id NOT IN (SELECT team_id FROM users);
SELECT id FROM users u WHERE NOT EXISTS (SELECT 1 FROM users r WHERE r.referrer_id = u.id);
SELECT id FROM users WHERE id NOT IN (1, 2);
```

## Remedy

Write `NOT EXISTS (SELECT … WHERE r.referrer_id = u.id)`, or add `IS NOT NULL` to the sub-query.
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import Finding, Hazard, HazardKind, Query, Severity
from lastcall.rules import NoOptions, Rule
from lastcall.rules._hazards import findings

rule = Rule(__name__, __doc__, Severity.WARNING)


@rule.each(Query)
def check(query: Query, _: NoOptions) -> Iterator[Finding]:
    return findings(rule, query, HazardKind.NOT_IN_NULLABLE, _message)


def _message(hazard: Hazard) -> str:
    (table,), (column,) = hazard.tables, hazard.columns
    return f"{column} of {table.name} may be null: with one null among the values, NOT IN finds nothing; write NOT EXISTS"
