"""A query looks for a few rows by a filter that no index serves.

## Why it matters

`WHERE token = $1` reads like a look-up. Without an index on `token` the database reads every row to find one. It is the same outage as an
unindexed join, one table earlier.

## Flagged

The table from which a query starts (the one whose filter is the most selective), when its filter is an equality, an `IN` list, a prefix or
a two-sided range and no index starts with one of these columns:

```sql
CREATE TABLE sessions (id bigint PRIMARY KEY, token text, created timestamptz);
SELECT id FROM sessions WHERE token = $1;  -- error: [unindexed-filter] "no index of sessions starts with token"
SELECT id FROM sessions WHERE id = $1 OR token = $2;  -- error: [unindexed-filter] "sessions is searched by token"
```

Of an OR, each arm that no index serves: with one of them, the whole table is read. It is a note where the only filter is a range between
two parameters, which may span a day or ten years, and where another part of the query reads a whole table whatever the indexes.

## Not flagged

Filters that no index would make fast: a bare boolean, `IS NULL`, a one-sided range; a filter beside another one that an index serves:

```sql
CREATE TABLE sessions (id bigint PRIMARY KEY, token text, created timestamptz);
CREATE INDEX ON sessions (token);
SELECT id FROM sessions WHERE token = $1 AND created BETWEEN $2 AND $3;
SELECT count(*) FROM sessions WHERE created > $1;
```

## Remedy

Create the suggested index, or name the table under the policy's `small-tables` if it never grows.
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import AccessPath, Finding, Query, Related, Severity
from lastcall.rules import NoOptions, Rule
from lastcall.rules._lacking import lacking

rule = Rule(__name__, __doc__, Severity.WARNING)


@rule.each(Query)
def check(query: Query, _: NoOptions) -> Iterator[Finding]:
    for access in query.accesses:
        if access.path is not AccessPath.UNINDEXED_FILTER or access.missing is None:
            continue
        table = access.table.name
        yield rule.finding(
            f"{table} is searched by {', '.join(access.columns)}, but {lacking(access)}: the whole table is read",
            access.location,
            key=[query.shape, table, *access.columns],
            severity=Severity.NOTE if access.aside else None,
            tables=[table],
            index=access.missing,
            suggestion=access.missing.suggestion,
            related=[Related(f"{table} is declared here; its indexes: {access.table.indexes_in_words}", access.table.location)],
        )
