"""Files of SQL: schema dumps, migrations, scripts and queries.  One file is one fragment."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lastcall.model import Location, Unread
from lastcall.sql.frontends import Fragment, Frontend
from lastcall.sql.migrations import is_down

_WORDS = re.compile(
    rb"(?i)(?<![\w.])(?:select|insert|update|delete|merge|replace|with|create|alter|drop|rename|exec|execute|do)(?!\w)|\0|^(?:\xff\xfe|\xfe\xff)"
)

# A migration file may say both ways: dbmate, goose, sql-migrate, node-pg-migrate, Play's evolutions, tern, MyBatis.
_DOWN = re.compile(
    r"^[ \t]*(?:--|\#)[ \t/-]*(?:migrate:down|\+goose[ \t]+down|\+migrate[ \t]+down|down[ \t]+migration|!downs|@?undo|rambler[ \t]+down"
    r"|create above / drop below ?-*)\b[^\n]*$|^---- create above / drop below ----[^\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
_UP = re.compile(
    r"^[ \t]*(?:--|\#)[ \t/-]*(?:migrate:up|\+goose[ \t]+up|\+migrate[ \t]+up|up[ \t]+migration|!ups|rambler[ \t]+up)\b[^\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
_SHOWN = re.compile(r"[^\s]")


def read(path: str, text: str) -> Iterator[Fragment | Unread]:
    """The text of the file as one fragment; what takes a migration back is blanked, because it does not run on the way to a release."""
    if "\0" in text:
        yield Unread("file", "it is binary", Location(path, 1))
    elif not is_down(path):
        yield Fragment(path, _upwards(text), "sql")


def _upwards(text: str) -> str:
    """The text with its down sections blanked; every other character stays where it is."""
    kept, at = "", 0
    while down := _DOWN.search(text, at):
        up = _UP.search(text, down.end())
        end = up.start() if up else len(text)
        kept += text[at : down.start()] + _SHOWN.sub(" ", text[down.start() : end])
        at = end
    return kept + text[at:]


FRONTEND = Frontend(
    suffixes=frozenset({".sql", ".ddl", ".pgsql", ".psql", ".mysql"}),
    relevant=lambda data: _WORDS.search(data) is not None,
    read=read,
    plain=True,
)
