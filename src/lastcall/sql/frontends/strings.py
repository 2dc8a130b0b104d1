"""SQL in the string literals of Python files.  What it takes to read them is in ``_python``, loaded for a file that may hold SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lastcall.model import Unread
from lastcall.sql.frontends import Fragment, Frontend

_BEGINNINGS = tuple(
    re.compile(pattern)
    for pattern in (
        rb"\.execute(?:many|script)?\(\s*(?:(?:sql|query|statement|operation)\s*=|(?!\w+\s*=)[^)\s])",
        rb"execute_(?:values|batch)\(",
        rb"\.fetch(?:row|val|_all|_one|_val)?\(\s*[^)\s]",
        rb"objects\.raw\(",
        rb"sql(?:_query)?\(",  # RunSQL, RawSQL, exec_driver_sql, read_sql
        rb"select[\s\\]",
        rb"insert\s+(?:or\s+\w+\s+|ignore\s+)?into\s",
        rb"replace\s+into\s",
        rb"merge\s+into\s",
        rb"update\s[^=]{1,200}?\sset\s",
        rb"delete\s+from\s",
        rb"create\s+(?:\w+\s+){0,3}(?:table|index|view)\s",
        rb"alter\s+(?:table|index)\s",
    )
)


def relevant(content: bytes) -> bool:
    """Whether a Python file may hold SQL; a scan that is a hundred times faster than the parser that it saves."""
    lowered = content.lower()  # and not IGNORECASE, which costs a pattern its quick search for the word that it begins with
    return any(beginning.search(lowered) for beginning in _BEGINNINGS)


def read(path: str, text: str) -> Iterator[Fragment | Unread]:
    """The SQL of one Python file, in the order of its lines, and what could not be read of it."""
    from lastcall.sql.frontends._python import fragments  # noqa: PLC0415

    yield from fragments(path, text)


FRONTEND = Frontend(frozenset({".py"}), relevant, read)
