"""A real planner for tests: SQL in, what the judge says of each query out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lastcall import sql
from lastcall.folder import Folder
from lastcall.model import QueryPolicy, Side
from lastcall.sql.planner.server import Server, missing, running
from lastcall.sql.planner.verdict import Judging, judging
from lastcall.sql.planner.volume import Volume


def side_of(text: str, folder: Path, dialect: str = "postgres") -> Side:
    """The schema and the queries of one file of SQL."""
    (folder / "shop.sql").write_text(text, encoding="utf-8")
    return sql.read(Folder(folder), QueryPolicy(dialect=dialect, exclude=()))


@contextmanager
def judge_of(
    text: str, folder: Path, server: Server | None = None, *, dialect: str = "postgres", volume: Volume | None = None
) -> Iterator[Judging]:
    side = side_of(text, folder, dialect)
    with judging(side, side.queries, volume or Volume(), server=server) as judge:
        yield judge


def names(verdict) -> str:
    """``orders(user_id), users(name)``, or why the judge abstains."""
    return verdict.reason or ", ".join(f"{each.table}({', '.join(each.columns)})" for each in verdict.missing)


def running_or_skipped() -> Iterator[Server]:
    """A server for the tests of a module, which are skipped where there is none."""
    if reason := missing():
        pytest.skip(reason)
    with running() as server:
        yield server
