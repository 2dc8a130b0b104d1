"""Two columns of different types, charsets or collations are joined: one side is converted row by row, and its index is of no use.

## Why it matters

An index holds values of its column's own type, in the order of its own collation. Where a text column is compared with a number, or a uuid
with text, the database converts one side for every row (MySQL, SQL Server, Oracle, SQLite) or refuses the query (PostgreSQL). So it does
with texts: MySQL converts a `utf8mb3` column that meets a `utf8mb4` one, and refuses two collations of one charset; PostgreSQL compares in
the collation that is not the default, SQLite in that of the left column. All of it comes to light with production's data only.

## Flagged

```sql
CREATE TABLE users (id bigint PRIMARY KEY, code varchar(20));
CREATE TABLE payments (id bigint PRIMARY KEY, user_code bigint);
CREATE INDEX ON payments (user_code);
SELECT p.id FROM users u
JOIN payments p ON p.user_code = u.code  -- error: [mismatched-join-types] "BIGINT"
WHERE u.id = $1;

CREATE TABLE parts (id bigint PRIMARY KEY, code text COLLATE "C");
CREATE TABLE stock (id bigint PRIMARY KEY, code text);
CREATE INDEX ON stock (code);
SELECT s.id FROM parts p
JOIN stock s ON s.code = p.code  -- error: [mismatched-join-types] "stock.code is converted for every row"
WHERE p.id = $1;
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

Integers of different sizes, text of different lengths; columns whose type lastcall does not know, and texts in the database's own charset
or collation, which is not in the repository; a text that has an index under the collation in which it is compared.

## Remedy

Give both columns one type, charset and collation, or store the key that the other table has.
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import Finding, Hazard, HazardKind, Query, Severity
from lastcall.rules import NoOptions, Rule
from lastcall.rules._hazards import findings

rule = Rule(__name__, __doc__, Severity.WARNING)


@rule.each(Query)
def check(query: Query, _: NoOptions) -> Iterator[Finding]:
    return findings(rule, query, HazardKind.MISMATCHED_JOIN_TYPES, _message)


def _message(hazard: Hazard) -> str:
    (one, other), (left, right), (type_, other_type, which) = hazard.tables, hazard.columns, hazard.told
    said = f"{one.name}.{left} ({type_}) is joined with {other.name}.{right} ({other_type})"
    if which == "refused":
        return f"{said}: the server refuses to compare them"
    converted = {"left": f"{one.name}.{left}", "right": f"{other.name}.{right}"}.get(which, "one side")
    return f"{said}: {converted} is converted for every row, and its index is of no use"
