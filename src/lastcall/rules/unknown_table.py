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

Views, common table expressions, tables that any DDL of the repository creates, and the catalogs of the database itself:

```sql
CREATE TABLE users (id bigint PRIMARY KEY);
WITH recent AS (SELECT id FROM users) SELECT id FROM recent;
SELECT column_name FROM information_schema.columns WHERE table_name = 'users';
```

## Remedy

Nothing must be done: a note does not fail a check. Add the DDL that creates the table (a schema dump, migrations) to the repository, or,
if the schema is there but not found, name it under `queries: {schema: […]}` in the policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lastcall.model import Finding, Query, Severity, Side, Unread
from lastcall.rules import NoOptions, Rule

rule = Rule(__name__, __doc__, Severity.NOTE)

CATALOGS = re.compile(
    r"(?:information_schema|pg_catalog|performance_schema|mysql|sys)\..+|pg_(?:stat|statio)_\w+"
    r"|pg_(?:am|attrdef|attribute|class|constraint|database|depend|description|enum|extension|index|indexes|inherits|locks|matviews"
    r"|namespace|operator|proc|roles|sequence|sequences|settings|tables|tablespace|trigger|type|user|views)"
    r"|sqlite_(?:master|schema|sequence|temp_master|temp_schema|stat\d)|dual|(?:all|dba|user)_(?:tables|tab_cols|tab_columns|indexes|ind_columns"
    r"|constraints|cons_columns|objects|views|sequences|triggers|source)"
)
"""Tables of the database itself, by their folded names; no repository says what they are, and none has to."""


@rule.each(Side)
def check(side: Side, _: NoOptions) -> Iterator[Finding]:
    told: set[str] = set()
    for query in side.queries:
        for unknown in (*query.unknown_tables, *_uncertain(query)):
            if unknown.subject not in told and not CATALOGS.fullmatch(unknown.subject):
                told.add(unknown.subject)
                message = f"{unknown.subject}: {unknown.reason}; queries that read it are not judged"
                yield rule.finding(message, unknown.location, key=[unknown.subject], tables=[unknown.subject])


def _uncertain(query: Query) -> Iterator[Unread]:
    for access in query.accesses:
        if access.table.uncertain:
            yield Unread("table", f"its schema is not known for sure ({access.table.uncertain})", access.location, access.table.name)
