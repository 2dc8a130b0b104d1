"""A join reads a whole table, because no index serves it.

## Why it matters

A query that looks for a few rows walks from table to table. Where an index leads the way, each step costs a few page reads. Where none
does, the database reads the *whole* next table, and the query's cost grows with that table: it is fast on a developer's machine, and takes
the release down on the night it is deployed.

## Flagged

A table *drives* a query when the query filters it by equality, `IN`, a prefix or a range. From there, every table that an equality ties to
a table reached before must be reachable through an index whose leading column is in that equality. It does not matter in which order the
tables are written, and only the side that is looked up needs an index.

```sql
CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, total numeric);
SELECT o.total FROM users u
JOIN orders o ON o.user_id = u.id  -- error: [unindexed-join] "no index of orders starts with user_id"
WHERE u.email = $1;
```

It is an error when the tables before it are reached by an equality, a warning when they are reached by a range that is written out, and a
note where an index would not change much: behind a range between parameters or a prefix, which may be wide, and where nothing drives the
query, so that both tables are read whole, and neither side of the join has an index.

## Not flagged

Primary keys, unique constraints, leading columns of composite indexes, and the side that needs no index:

```sql
CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, total numeric);
SELECT u.email FROM orders o JOIN users u ON u.id = o.user_id WHERE o.id = $1;
```

A join of whole tables, where no index would help; tables that the schema does not have for sure; tables that the policy calls small
(`queries: {small-tables: [country]}`).

## Remedy

Create the suggested index in the same release, before the query. If the table will never grow, name it under `small-tables`, or say why on
the spot: `-- lastcall: ignore[unindexed-join] archive table, 40 rows`.

A suggestion is built while others write, where the server can. PostgreSQL's `CONCURRENTLY` cannot run inside of a transaction: put it into
a migration of its own that the tool runs without one (Flyway: `executeInTransaction=false`, Rails: `disable_ddl_transaction!`, Alembic:
`autocommit_block()`, Django: `AddIndexConcurrently` with `atomic = False`). `ONLINE` is not in every edition of SQL Server and Oracle:
leave it out where yours lacks it. MySQL builds indexes while others write without being told.
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import Access, AccessPath, Finding, Query, Related, Severity
from lastcall.rules import NoOptions, Rule
from lastcall.rules._lacking import lacking

rule = Rule(__name__, __doc__, Severity.ERROR)


@rule.each(Query)
def check(query: Query, _: NoOptions) -> Iterator[Finding]:
    for access in query.accesses:
        if access.missing is None or access.path not in (AccessPath.UNINDEXED_JOIN, AccessPath.HASHED_JOIN):
            continue
        yield rule.finding(
            _message(access),
            access.location,
            key=[query.shape, access.table.name, *access.columns],
            severity=_severity(access),
            tables=tuple(dict.fromkeys([access.table.name, *(name for name in access.sources if not name.startswith("?"))])),
            index=access.missing,
            suggestion=access.missing.suggestion,
            related=[Related(f"{access.table.name} is declared here; its indexes: {access.table.indexes_in_words}", access.table.location)],
        )


def _severity(access: Access) -> Severity:
    if access.aside or access.path is AccessPath.HASHED_JOIN:  # whole tables are read whatever the indexes
        return Severity.NOTE
    return Severity.ERROR if access.selective else Severity.WARNING


def _message(access: Access) -> str:
    # A sub-query or derived table without a name has one that no reader knows.
    source = " and ".join("a sub-query" if name.startswith("?") else name for name in access.sources)
    table, columns = access.table.name, ", ".join(access.columns)
    if access.path is AccessPath.HASHED_JOIN:
        return f"{table} and {source} are joined whole, and neither has an index that starts with the joined column ({columns} of {table})"
    return f"{table} is looked up by {columns} for each row of {source}, but {lacking(access)}: the whole table is read"
