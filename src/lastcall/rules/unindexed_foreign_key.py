"""A foreign key has no index, so that deleting one row of the table it refers to reads the whole of its own.

## Why it matters

Whoever deletes a row, or changes its key, makes the database look for the rows that refer to it: to delete them too
(`ON DELETE CASCADE`), to set them to null, or to refuse. Without an index on the foreign key it reads the whole table for *each* row that
is deleted, and holds its locks meanwhile. PostgreSQL, SQLite, SQL Server and Oracle do not make that index by themselves; MySQL's InnoDB
does.

## Flagged

```sql
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    user_id bigint REFERENCES users (id) ON DELETE CASCADE  -- error: [unindexed-foreign-key] "no index of orders starts with user_id"
);
```

No index begins with the columns of the foreign key, in any order. An index that holds only some of the rows does not count, unless all that
it leaves out are nulls of these columns.

## Not flagged

```sql
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users, open boolean);
CREATE INDEX orders_user_open ON orders (user_id, open);
CREATE TABLE profiles (user_id bigint PRIMARY KEY REFERENCES users);
CREATE TABLE members (team_id bigint, user_id bigint REFERENCES users, PRIMARY KEY (user_id, team_id));
```

Primary keys, unique constraints, leading columns; tables whose schema is not known for sure; tables that the policy calls small
(`queries: {small-tables: [country]}`).

## Remedy

Create the suggested index. If rows of the other table are never deleted and their keys never change, say so on the spot:
`-- lastcall: ignore[unindexed-foreign-key] users are never deleted`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import Finding, Related, Severity, Table
from lastcall.rules import NoOptions, Rule

rule = Rule(__name__, __doc__, Severity.WARNING)


@rule.each(Table)
def check(table: Table, _: NoOptions) -> Iterator[Finding]:
    for key in table.foreign_keys:
        if key.missing is None:
            continue
        columns = ", ".join(key.columns)
        action = f" (ON DELETE {key.on_delete})" if key.on_delete else ""
        yield rule.finding(
            f"{columns} of {table.name} refers to {key.table}{action}, and no index of {table.name} starts with {columns}: "
            f"deleting a row of {key.table} reads the whole of {table.name}",
            key.location or table.location,
            key=[table.name, *key.columns],
            tables=[table.name, key.table],
            index=key.missing,
            suggestion=key.missing.suggestion,
            related=[Related(f"{table.name} is declared here; its indexes: {table.indexes_in_words}", table.location)],
        )
