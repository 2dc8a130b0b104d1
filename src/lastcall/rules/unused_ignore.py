"""An inline ignore silences nothing, or gives no reason.

## Why it matters

An ignore that has outlived its query will silence the next one. And a late exception without a reason is what this tool exists to stop.

## Flagged

```sql
CREATE TABLE users (id bigint PRIMARY KEY);
-- lastcall: ignore[unindexed-join] left over from last year  -- error: [unused-ignore] "silences nothing"
SELECT id FROM users WHERE id = $1;
```

An ignore without a reason does not count, and is told of as well.

## Not flagged

```sql
CREATE TABLE sessions (id bigint PRIMARY KEY, token text);
-- lastcall: ignore[unindexed-filter] a hundred rows at most
SELECT id FROM sessions WHERE token = $1;
```

## Remedy

Remove the comment, or write the reason after the bracket.
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import Finding, Ignore, Severity
from lastcall.rules import NoOptions, Rule

rule = Rule(__name__, __doc__, Severity.WARNING)


@rule.each(Ignore)
def check(ignore: Ignore, _: NoOptions) -> Iterator[Finding]:
    names = ", ".join(ignore.rules)
    if not ignore.reason:
        yield rule.finding(
            f"ignore[{names}] gives no reason, so it does not count: write one after the bracket", ignore.location, key=[names, ""]
        )
    elif not ignore.used:
        yield rule.finding(f"ignore[{names}] silences nothing: remove it", ignore.location, key=[names, ignore.reason])
