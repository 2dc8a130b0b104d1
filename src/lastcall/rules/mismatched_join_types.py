"""Two columns of different types are joined: one side is converted row by row, and its index is of no use.

## Why it matters

An index holds values of its column's own type. Where a text column is compared with a number, or a uuid with text, the database converts
one side for every row (MySQL, SQL Server, Oracle) or refuses the query (PostgreSQL). Both come to light with production's data only.

## Flagged

```sql
CREATE TABLE users (id bigint PRIMARY KEY, code varchar(20));
CREATE TABLE payments (id bigint PRIMARY KEY, user_code bigint);
CREATE INDEX ON payments (user_code);
SELECT p.id FROM users u
JOIN payments p ON p.user_code = u.code  -- error: [mismatched-join-types] "BIGINT"
WHERE u.id = $1;
```

## Not flagged

```sql
CREATE TABLE users (id bigint PRIMARY KEY, email varchar(200) UNIQUE);
CREATE TABLE payments (id bigint PRIMARY KEY, user_id integer, email text);
CREATE INDEX ON payments (user_id);
CREATE INDEX ON payments (email);
SELECT p.id FROM users u JOIN payments p ON p.user_id = u.id WHERE u.email = $1;
SELECT p.id FROM users u JOIN payments p ON p.email = u.email WHERE u.id = $1;
```

Integers of different sizes, text of different lengths; columns whose type lastcall does not know; SQLite, whose columns have no type to
disagree about.

## Remedy

Give both columns one type, or store the key that the other table has.
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import Finding, Hazard, HazardKind, Query, Related, Severity
from lastcall.rules import NoOptions, Rule

rule = Rule(__name__, __doc__, Severity.WARNING)


@rule.each(Query)
def check(query: Query, _: NoOptions) -> Iterator[Finding]:
    for hazard in query.hazards:
        if hazard.kind is HazardKind.MISMATCHED_JOIN_TYPES:
            yield rule.finding(
                _message(hazard),
                hazard.location,
                key=[query.shape, *(table.name for table in hazard.tables), *hazard.columns],
                tables=[table.name for table in hazard.tables],
                related=[Related(f"{table.name} is declared here", table.location) for table in hazard.tables],
            )


def _message(hazard: Hazard) -> str:
    (one, other), (left, right), (type_, other_type) = hazard.tables, hazard.columns, hazard.told
    return (
        f"{one.name}.{left} ({type_}) is joined with {other.name}.{right} ({other_type}): one side is converted for every row, "
        "and its index is of no use"
    )
