"""An OR over several tables: no index can serve it, and everything is read.

## Why it matters

`WHERE u.email = $1 OR o.code = $2` looks like two look-ups by index. It is none: a row of either table may be kept because of the other
one, so the database reads and joins both tables whole before it can decide.

## Flagged

```sql
CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text UNIQUE);
CREATE INDEX ON orders (user_id);
SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id
WHERE u.email = $1 OR o.code = $2;  -- error: [unserved-or] "orders and users"
```

## Not flagged

```sql
CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, phone text UNIQUE);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, code text UNIQUE);
CREATE INDEX ON orders (user_id);
SELECT id FROM users WHERE email = $1 OR phone = $2;
SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id WHERE u.id = $1 AND (u.phone = $2 OR o.code = $3);
```

An OR over columns of one table, each with an index; an OR beside a filter that leaves few rows. Where an arm on one table lacks an index,
it is an `unindexed-filter`. It is a note by itself, since no index mends it; the policy can make it more:
`rules: {unserved-or: {severity: warning}}`.

## Remedy

Ask two queries and join their results with `UNION`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import Finding, Hazard, HazardKind, Query, Severity
from lastcall.rules import NoOptions, Rule
from lastcall.rules._hazards import findings

rule = Rule(__name__, __doc__, Severity.NOTE)


@rule.each(Query)
def check(query: Query, _: NoOptions) -> Iterator[Finding]:
    return findings(rule, query, HazardKind.UNSERVED_OR, _message)


def _message(hazard: Hazard) -> str:
    *others, last = (table.name for table in hazard.tables)
    if not others:
        return f"an OR over several uses of {last} can use no index of it: all of it is read; ask two queries and unite them (UNION)"
    said = f"an OR over {', '.join(others)} and {last} can use no index of"
    whole = "either: both are read whole" if len(others) == 1 else "any of them: all are read whole"
    return f"{said} {whole}; ask two queries and unite them (UNION)"
