"""DDL in, tables and indexes out: what the tests of the schema share."""

from __future__ import annotations

import pickle

from lastcall.model import Catalog, Index, Unread
from lastcall.sql.catalog import replay
from lastcall.sql.file import read
from lastcall.sql.frontends.sqlfiles import FRONTEND
from lastcall.sql.operations import Operation


def catalog(*files: str | tuple[str, str], dialect: str = "postgres") -> tuple[Catalog, tuple[Unread, ...]]:
    """The catalog of some files: their text, or their path and text."""
    named = [each if isinstance(each, tuple) else (f"{number}.sql", each) for number, each in enumerate(files)]
    operations: list[Operation] = []
    for path, text in named:
        operations += read(FRONTEND, path, text, dialect).operations
    return replay(pickle.loads(pickle.dumps(operations)), dialect)


def shown(index: Index) -> str:
    """An index in one line: primary id · unique a, b · gin doc · a where b > 0."""
    kinds = "primary " if index.primary else "unique " if index.unique else ""
    method = "" if index.method == "btree" else f"{index.method} "
    return f"{kinds}{method}{', '.join(index.columns)}" + (f" where {index.where}" if index.where else "")


def indexes(sql: str, dialect: str = "postgres", table: str = "t") -> list[str]:
    """The indexes of a table after some DDL, all of which can be read and leaves no doubt."""
    found, unread = catalog(sql, dialect=dialect)
    assert unread == ()
    subject = found.table(table)
    assert subject is not None
    assert subject.uncertain == ""
    return [shown(index) for index in subject.indexes]
