"""A query, or a file that may hold one, could not be read.

## Why it matters

What lastcall cannot read it cannot judge. It says so, rather than let a query pass because it was not understood.

## Flagged

SQL that is put together at run time (the name of a table or a whole condition comes from a variable), a statement that the parser of the
dialect refuses, and files that are too large, binary or in an unknown encoding.

```sql
CREATE TABLE users (id bigint PRIMARY KEY);
SELEKT id FROM users JOIN;
SELECT id FROM users WHERE id = = 3;  -- error: [unread-query] "could not be read"
```

## Not flagged

Values that are put in at run time:

```sql
CREATE TABLE users (id bigint PRIMARY KEY);
SELECT id FROM users WHERE id = %s;
```

## Remedy

Nothing must be done: a note does not fail a check. Look at the query by hand, write it so that only values vary, or set `queries:
{dialect: …}` in the policy if the dialect was not recognised.
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import Finding, Severity, Unread
from lastcall.rules import NoOptions, Rule

rule = Rule(__name__, __doc__, Severity.NOTE)

TOLD = frozenset({"query", "statement", "file", "submodule", "symlink"})


@rule.each(Unread)
def check(unread: Unread, _: NoOptions) -> Iterator[Finding]:
    if unread.what in TOLD:
        path = unread.location.path if unread.location else ""
        yield rule.finding(
            f"this {unread.what} could not be read: {unread.reason}", unread.location, key=[unread.what, unread.reason, path]
        )
