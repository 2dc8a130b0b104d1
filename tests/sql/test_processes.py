"""Work shared out among processes: the same comes of it as if one had done it all, whatever happens to the others."""

from __future__ import annotations

import os
from functools import partial

import pytest

from lastcall.model import Access, AccessPath, Location, Table
from lastcall.sql.processes import shared_out

HERE = os.getpid()


def one(_item: object) -> int:
    return 1


def told(items, work, known=()):
    return {item: made for item, made, _ in shared_out(items, one, 1, work, known)}


@pytest.mark.parametrize("count", [0, 1, 3, 600, 2000], ids="{} items".format)
def test_everything_is_made_once(count):
    made = [(item, each) for item, each, _ in shared_out(range(count), one, 1, str)]
    assert sorted(made) == [(item, str(item)) for item in range(count)]


def test_what_is_known_to_all_comes_back_as_the_same_object():
    tables = [Table("users"), Table("orders")]
    found = told(range(40), partial(read_whole, tables=tables), tables)
    assert all(access.table is tables[item % 2] for item, access in found.items())


def read_whole(item: int, tables: list[Table]) -> Access:
    return Access(tables[item % 2], "x", AccessPath.WHOLE, Location("a.sql", item))


def test_what_another_process_cannot_do_is_done_here():
    def only_here(item: int) -> int:
        if os.getpid() != HERE:
            os._exit(1)
        return item

    assert told(range(20), only_here) == {item: item for item in range(20)}


def test_what_another_process_cannot_tell_is_made_here():
    found = told(range(20), lambda item: lambda: item)
    assert {item: made() for item, made in found.items()} == {item: item for item in range(20)}


def test_an_error_is_raised_here():
    def fails(item: int) -> int:
        raise LookupError(item)

    with pytest.raises(LookupError):
        told(range(20), fails)
