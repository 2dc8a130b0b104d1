"""Tables are joined without any condition that ties them: every row of one meets every row of the other.

## Why it matters

A forgotten join condition multiplies: a thousand orders and a thousand users give a million rows, and nobody sees why the page is slow.

## Flagged

```sql
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
SELECT u.email, o.id FROM users u, orders o;  -- error: [cartesian-join] "orders and users"
SELECT u.email, o.id FROM users u JOIN orders o ON true;  -- error: [cartesian-join] "orders and users"
```

## Not flagged

```sql
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
CREATE TABLE settings (id boolean PRIMARY KEY CHECK (id), currency text);
SELECT u.email, o.id FROM users u, orders o WHERE o.user_id = u.id;
SELECT o.id, u.email FROM orders o, users u WHERE u.id = $1;
SELECT o.id, s.currency FROM orders o, settings s;
SELECT u.email, d.day FROM users u CROSS JOIN orders d;
SELECT u.email, n FROM users u, generate_series(1, 3) AS n;
SELECT u.id FROM users u JOIN orders o ON o.user_id <> u.id;
```

`CROSS JOIN` in so many words; tables of which a filter leaves few rows, or whose key is a boolean; functions, `LATERAL`, and what any
condition ties together.

## Remedy

Write the condition that ties them; if every pair is really wanted, say `CROSS JOIN`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import Finding, Hazard, HazardKind, Query, Severity
from lastcall.rules import NoOptions, Rule
from lastcall.rules._hazards import findings

rule = Rule(__name__, __doc__, Severity.WARNING)


@rule.each(Query)
def check(query: Query, _: NoOptions) -> Iterator[Finding]:
    return findings(rule, query, HazardKind.CARTESIAN_JOIN, _message)


def _message(hazard: Hazard) -> str:
    names = [table.name for table in hazard.tables]
    return f"nothing ties {' and '.join(names)} to each other: every row of one meets every row of the other"
