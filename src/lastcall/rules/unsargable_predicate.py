"""A filter wraps an indexed column in an expression, so that its index cannot be used.

## Why it matters

`WHERE lower(email) = $1` cannot use an index on `email`: the index holds addresses, not what `lower` makes of them. The query works, and
reads the whole table.

## Flagged

```sql
CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, created timestamp);
CREATE INDEX ON users (created);
SELECT id FROM users WHERE lower(email) = $1;  -- error: [unsargable-predicate] "users_email_key"
SELECT id FROM users WHERE date(created) = $1;  -- error: [unsargable-predicate] "an expression"
SELECT id FROM users WHERE email LIKE '%@example.org';  -- error: [unsargable-predicate] "a wildcard"
SELECT id FROM users WHERE email ILIKE 'ann@example.org';  -- error: [unsargable-predicate] "ILIKE"
```

A function, a cast or arithmetic around a column that leads an index, a collation that the index is not in (SQLite's `LIKE` takes no notice
of case, and an index without `COLLATE NOCASE` does), `ILIKE`, a pattern that begins with a wildcard, a number where the column is a text
(MySQL, SQL Server, Oracle) or `5.0` where it is an integer (PostgreSQL), where nothing else narrows the query.

## Not flagged

```sql
CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, created timestamp);
CREATE INDEX users_lower ON users (lower(email));
CREATE INDEX ON users (created);
CREATE INDEX ON users USING gin (email gin_trgm_ops);
SELECT id FROM users WHERE lower(email) = $1;
SELECT id FROM users WHERE email LIKE '%@example.org';
SELECT id FROM users WHERE created >= $1 AND created < $2;
SELECT id FROM users WHERE id = $1 AND date(created) = $2;
```

## Remedy

Compare the bare column: `created >= $1 AND created < $2` instead of `date(created) = $1`; or make an index on the expression itself, as is
suggested for `lower` and `upper` (MySQL has such indexes since 8.0.13, MariaDB and SQL Server have indexes on computed columns instead).
What is looked for in the middle of a text needs an index on its parts (PostgreSQL: `USING gin (email gin_trgm_ops)`).
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import Finding, Hazard, HazardKind, Query, Severity
from lastcall.rules import NoOptions, Rule
from lastcall.rules._hazards import findings

rule = Rule(__name__, __doc__, Severity.WARNING)


@rule.each(Query)
def check(query: Query, _: NoOptions) -> Iterator[Finding]:
    return findings(rule, query, HazardKind.UNSARGABLE_PREDICATE, _message)


def _message(hazard: Hazard) -> str:
    (table,), (column,) = hazard.tables, hazard.columns
    why = {
        "wildcard": "a wildcard in front of the pattern",
        "case": "ILIKE, which takes no notice of case",
        "number": f"the number that {column} is compared with, which converts {column} in every row",
        "collation": f"the collation in which {column} is compared",
    }
    what = next((why[told] for told in hazard.told if told in why), f"an expression around {column}")
    name = hazard.index.name if hazard.index and hazard.index.name else f"the index on {column}"
    return f"{name} of {table.name} cannot be used because of {what}: the whole table is read"
