"""What was read before, on disk: facts by the id of the content that they were read from.

One SQLite file in the user's cache folder.  SQLite does the hard parts (two processes at once, a crash in the middle of a write, thousands
of keys looked up in one go), and it comes with Python.  The store may be deleted at any time, and nothing depends on it: what is corrupt
is thrown away, and where none can be kept, everything is read again.

Facts are pickled, and a pickle can name any function there is.  Whoever manages to write into the folder must not run code by it: only the
facts' own classes are ever loaded, and a folder that others can write to is not used.
"""

from __future__ import annotations

import io
import os
import pickle
import re
import sqlite3
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import is_dataclass
from enum import Enum
from functools import cache
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Self

import platformdirs

LARGEST = 256 << 20
"""Bytes on disk; past them the older half is dropped."""

_FILE = "facts-1.sqlite3"
_PATIENCE = 2.0
"""Seconds to wait for another process; its facts are not worth more."""
_AT_ONCE = 500
"""Keys in one SELECT; every SQLite takes 999 parameters."""
_SCHEMA = "CREATE TABLE IF NOT EXISTS facts (namespace TEXT, key TEXT, value BLOB, PRIMARY KEY (namespace, key))"
_OLDER_HALF = "DELETE FROM facts WHERE rowid <= (SELECT rowid FROM facts ORDER BY rowid LIMIT 1 OFFSET (SELECT count(*) / 2 FROM facts))"
_OURS = re.compile(r"lastcall(?:\.[a-z]\w*)+")


class Store:
    """Facts by key, of one ``namespace``: all that facts depend on besides the content that the key stands for (versions, settings)."""

    def __init__(self, path: Path | None, namespace: str) -> None:
        self._path = path
        self._namespace = namespace
        self._connection = _connected(path) if path else None

    @classmethod
    def open(cls, namespace: str) -> Self:
        """The store in the folder that ``LASTCALL_CACHE`` names, else in the user's cache folder; one that keeps nothing where the
        variable is empty or ``off``, or where no store can be had.  Never fails."""
        folder = _folder()
        return cls(folder / _FILE if folder and _is_private(folder) else None, namespace)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the file; from then on the store keeps nothing."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def get_many(self, keys: Iterable[str]) -> dict[str, object]:
        """The facts that are known, by key; a key that is not, is missing."""
        found: dict[str, object] = {}
        wanted = list(dict.fromkeys(keys))
        try:
            for start in range(0, len(wanted) if self._connection else 0, _AT_ONCE):
                for key, value in self._rows(wanted[start : start + _AT_ONCE]):
                    with suppress(_UnreadableError):
                        found[key] = _loaded(value)
        except sqlite3.OperationalError:
            pass  # locked by another process, or the disk does not answer: nothing is lost but time
        except sqlite3.Error:
            self._give_up()
        return found

    def put_many(self, items: Mapping[str, object]) -> None:
        """Keeps ``items`` (dataclasses and enumerations of lastcall in tuples, lists, dicts, sets and plain values) for the next run."""
        self.put_pickled({key: data for key, value in items.items() if (data := _dumped(value)) is not None})

    def put_pickled(self, items: Mapping[str, bytes]) -> None:
        """Keeps such items that were pickled before."""
        rows = [(self._namespace, key, data) for key, data in items.items()]
        if self._connection is None or not rows:
            return
        try:
            with self._connection:  # one transaction
                self._connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", rows)
            if self._size() > LARGEST:
                with self._connection:
                    self._connection.execute(_OLDER_HALF)
        except sqlite3.OperationalError:
            pass
        except sqlite3.Error:
            self._give_up()

    def _rows(self, keys: list[str]) -> list[tuple[str, bytes]]:
        assert self._connection is not None
        places = ",".join("?" * len(keys))
        query = f"SELECT key, value FROM facts WHERE namespace = ? AND key IN ({places})"  # noqa: S608 -- question marks, and nothing else
        return self._connection.execute(query, (self._namespace, *keys)).fetchall()

    def _size(self) -> int:
        """Bytes in use; the file itself never shrinks, but what is free in it is used again."""
        assert self._connection is not None
        pages, free, size = (
            self._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def _give_up(self) -> None:
        """Removes a store that turned out to be damaged, so that the next run starts anew."""
        self.close()
        if self._path:
            _remove(self._path)


class _UnreadableError(Exception):
    """A value that was not written by this program, or by another version of it."""


def _folder() -> Path | None:
    """A folder of our own in the cache folder: that may be one that several people share."""
    named = os.environ.get("LASTCALL_CACHE")
    if named is None:
        return platformdirs.user_cache_path("lastcall") / "facts"
    if named.strip().lower() in {"", "off"}:
        return None
    try:
        return Path(named).expanduser() / "facts"
    except RuntimeError:  # ~somebody, who does not exist
        return None


def _is_private(folder: Path) -> bool:
    """Whether the folder is there (made, if need be, for its owner alone), is ours, and nobody else can write to it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except (OSError, ValueError):
        return False
    if os.name != "posix":
        return True  # a user's cache folder is the user's own there
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _connected(path: Path) -> sqlite3.Connection | None:
    """The database, made where there is none, and made anew where it is not one; None where none can be had."""
    for attempt in range(2):
        try:
            return _prepared(sqlite3.connect(path, timeout=_PATIENCE))
        except sqlite3.OperationalError:
            return None  # a folder that cannot be written to, a disk that is full, another process that does not let go
        except sqlite3.Error:
            if attempt == 0:
                _remove(path)
    return None


def _prepared(connection: sqlite3.Connection) -> sqlite3.Connection:
    try:
        connection.execute("PRAGMA journal_mode = WAL")  # readers and one writer at once
        connection.execute("PRAGMA synchronous = NORMAL")
        with connection:
            connection.execute(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        with suppress(OSError):
            path.with_name(path.name + suffix).unlink()


# ------------------------------------------------------------------------------------------------------------------ values


class _Unpickler(pickle.Unpickler):
    """Loads facts, and no other class or function: by that a pickle can make objects, but not run code."""

    def find_class(self, module: str, name: str) -> type:
        return _fact_class(module, name)


@cache
def _fact_class(module: str, name: str) -> type:
    found = getattr(import_module(module), name, None) if _OURS.fullmatch(module) else None
    if isinstance(found, type) and found.__module__ == module and (is_dataclass(found) or issubclass(found, (Enum, tuple))):
        return found
    raise _UnreadableError(f"{module}.{name}")


def _loaded(value: bytes) -> object:
    try:
        return _Unpickler(io.BytesIO(value)).load()
    except Exception as error:  # a damaged pickle can raise anything
        raise _UnreadableError from error


def _dumped(value: object) -> bytes | None:
    try:
        return pickle.dumps(value, protocol=5)
    except (pickle.PicklingError, RecursionError):
        return None  # nested too deeply to be written down: it will be read again
