"""The store of facts: what was put comes back, and nothing that goes wrong with it is anybody's business."""

import os
import pickle
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from lastcall.model import Location, Severity, Unread
from lastcall.sql import store as module
from lastcall.sql.frontends import Anchor, Fragment
from lastcall.sql.store import Store

FACTS = (
    Fragment("shop/views.py", "SELECT 1", "string", (Anchor(0, 3, 7),)),
    Unread("query", "the query is built at run time", Location("shop/views.py", 9, 1)),
    Severity.ERROR,
    {"sets": frozenset({1, 2}), "plain": [None, True, 1.5, "ü", b"\0"], "mutable": {3}},
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LASTCALL_CACHE", str(tmp_path))
    return tmp_path / "facts"


def file_of(folder: Path) -> Path:
    return next(path for path in folder.iterdir() if path.suffix == ".sqlite3")


def test_what_was_put_comes_back_in_the_next_run():
    with Store.open("1") as store:
        store.put_many({"a": FACTS, "b": ()})
    with Store.open("1") as store:
        assert store.get_many(["a", "b", "c"]) == {"a": FACTS, "b": ()}


def test_a_later_fact_replaces_an_earlier_one():
    with Store.open("1") as store:
        store.put_many({"a": 1})
        store.put_many({"a": 2})
        assert store.get_many(["a", "a"]) == {"a": 2}


def test_facts_of_another_version_are_not_seen():
    with Store.open("0.1.0-30.30") as store:
        store.put_many({"a": 1})
    with Store.open("0.1.1-30.30") as store:
        assert store.get_many(["a"]) == {}


def test_thousands_of_keys_in_one_go():
    items = {f"{number:064x}": (Location("a.py", number + 1),) for number in range(2500)}
    with Store.open("1") as store:
        store.put_many(items)
        assert store.get_many(iter(items)) == items


@pytest.mark.parametrize("value", ["", "off", "OFF", " "])
def test_it_can_be_switched_off(monkeypatch, tmp_path, value):
    monkeypatch.setenv("LASTCALL_CACHE", value)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with Store.open("1") as store:
        store.put_many({"a": 1})
        assert store.get_many(["a"]) == {}
    assert not list(tmp_path.iterdir())


def test_by_itself_it_is_in_the_users_cache_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("LASTCALL_CACHE", raising=False)
    monkeypatch.setattr(module.platformdirs, "user_cache_path", lambda name: tmp_path / name)
    with Store.open("1") as store:
        store.put_many({"a": 1})
    assert file_of(tmp_path / "lastcall" / "facts").is_file()


def test_the_folder_is_for_its_owner_alone(folder):
    Store.open("1").close()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_can_write_to_is_not_used(folder):
    folder.mkdir()
    folder.chmod(0o777)
    with Store.open("1") as store:
        store.put_many({"a": 1})
        assert store.get_many(["a"]) == {}
    assert not list(folder.iterdir())


def test_it_may_be_deleted_at_any_time(folder):
    with Store.open("1") as store:
        store.put_many({"a": 1})
        for path in folder.iterdir():
            path.unlink()
        store.get_many(["a"])
        store.put_many({"b": 1})
    with Store.open("1") as store:
        store.put_many({"c": 1})
        assert store.get_many(["c"]) == {"c": 1}


def test_a_file_that_is_no_database_is_replaced(folder):
    folder.mkdir(mode=0o700)
    Store.open("1").close()
    file_of(folder).write_bytes(b"certainly not a database\n" * 1000)
    with Store.open("1") as store:
        store.put_many({"a": 1})
        assert store.get_many(["a"]) == {"a": 1}


def test_a_damaged_database_is_replaced(folder):
    with Store.open("1") as store:
        store.put_many({str(number): "x" * 500 for number in range(500)})
    path = file_of(folder)
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    with Store.open("1") as store:
        assert store.get_many([str(number) for number in range(500)]) == {}
        store.put_many({"a": 1})
    with Store.open("1") as store:
        store.put_many({"b": 2})
        assert store.get_many(["b"]) == {"b": 2}


def test_a_folder_that_cannot_be_made_is_no_error(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LASTCALL_CACHE", str(tmp_path / "file" / "below"))
    with Store.open("1") as store:
        store.put_many({"a": 1})
        assert store.get_many(["a"]) == {}


def test_a_name_that_is_no_path_is_no_error(monkeypatch):
    monkeypatch.setenv("LASTCALL_CACHE", "~nobody-of-this-name/cache")
    Store.open("1").close()


def test_another_process_that_writes_for_long_is_not_waited_for(folder, monkeypatch):
    monkeypatch.setattr(module, "_PATIENCE", 0.05)
    with Store.open("1") as store:
        store.put_many({"a": 1})
        other = sqlite3.connect(file_of(folder), isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            store.put_many({"b": 1})
            assert store.get_many(["a", "b"]) == {"a": 1}
            other.execute("ROLLBACK")
        finally:
            other.close()
        assert file_of(folder).exists()


def test_two_processes_write_at_once():
    program = (
        "import sys\nfrom lastcall.sql.store import Store\n"
        "with Store.open('1') as store:\n"
        "    for number in range(20): store.put_many({f'{sys.argv[1]}-{number}': number})\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(module.__file__).parents[2])}
    processes = [subprocess.Popen([sys.executable, "-c", program, name], env=environment) for name in "ab"]
    assert [process.wait(60) for process in processes] == [0, 0]
    with Store.open("1") as store:
        assert len(store.get_many([f"{name}-{number}" for name in "ab" for number in range(20)])) == 40


def test_it_stays_within_bounds(folder, monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 400_000)
    with Store.open("1") as store:
        for number in range(40):
            store.put_many({str(number): b"x" * 20_000})
        left = store.get_many(str(number) for number in range(40))
    assert "39" in left
    assert "0" not in left
    assert sum(path.stat().st_size for path in folder.iterdir()) < 1_000_000


class Bomb:
    def __reduce__(self):
        return os.system, ("exit 1",)


@pytest.mark.parametrize(
    "planted",
    [
        pickle.dumps(Bomb()),
        b"cbuiltins\neval\n(S'1+1'\ntR.",
        b"clastcall.sql.store\nos.system\n(S'exit 1'\ntR.",
        b"\x80\x04\x8c\x12lastcall.sql.store\x94\x8c\x09os.system\x94\x93\x94\x8c\x01a\x85R.",
        b"\x80\x04\x8c\x12lastcall.sql.store\x94\x8c\x04Path\x94\x93\x94\x8c\x01a\x85R.",
        b"clastcall.__main__\nmain\n(tR.",
        b"not a pickle",
        b"",
    ],
    ids=["system", "eval", "dotted", "dotted-4", "not-a-fact", "main", "garbage", "empty"],
)
def test_a_planted_value_runs_nothing(folder, planted):
    with Store.open("1") as store:
        store.put_many({"a": 1, "b": 2})
    with sqlite3.connect(file_of(folder)) as connection:
        connection.execute("UPDATE facts SET value = ? WHERE key = 'a'", (planted,))
    connection.close()
    with Store.open("1") as store:
        assert store.get_many(["a", "b"]) == {"b": 2}


def test_a_value_that_is_no_bytes_is_skipped(folder):
    with Store.open("1") as store:
        store.put_many({"a": 1})
    with sqlite3.connect(file_of(folder)) as connection:
        connection.execute("UPDATE facts SET value = 7")
    connection.close()
    with Store.open("1") as store:
        assert store.get_many(["a"]) == {}


def test_facts_nested_too_deeply_are_not_kept():
    deep: tuple[object, ...] = ()
    for _ in range(100_000):
        deep = (deep,)
    with Store.open("1") as store:
        store.put_many({"deep": deep, "flat": 1})
        assert store.get_many(["deep", "flat"]) == {"flat": 1}
    while deep:  # taken apart by hand: dropping it whole would nest just as deep
        (deep,) = deep  # type: ignore[assignment]


def test_after_closing_it_keeps_nothing():
    store = Store.open("1")
    store.close()
    store.close()
    store.put_many({"a": 1})
    assert store.get_many(["a"]) == {}
