"""A plain folder as a tree: no git needed, nothing in it followed that leads out of it."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from lastcall.model import Blob, Kind, LastcallError, Location, Unread

SKIPPED = frozenset(
    {
        *(".git", ".hg", ".svn", ".bzr", ".jj"),
        *(".venv", "venv", "node_modules", "bower_components", "site-packages", "__pycache__", "__pypackages__"),
        *(".tox", ".nox", ".eggs", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".ipynb_checkpoints"),
    }
)
"""Folders that hold other people's files, or derived ones; a folder with a ``pyvenv.cfg`` is skipped too, whatever its name."""

_LARGEST_HASHED = 64 << 20


class Folder:
    """The files under ``path`` (or the one file ``path``) as a ``model.Tree``; ``unread`` tells what is there and cannot be read.

    Symbolic links are listed and never followed.  Ids are git blob ids (SHA-1); a file above 64 MiB, which nobody reads, has one of its
    size and time instead.  Raises LastcallError where ``path`` does not exist.
    """

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise LastcallError(f"{path} does not exist")
        self._unread: list[Unread] = []
        path = path.resolve()
        self._root = path if path.is_dir() else path.parent
        entries = self._walk("") if path.is_dir() else iter([(path.name, Kind.FILE)])
        found = (self._blob(each, kind) for each, kind in entries)
        self.blobs: Sequence[Blob] = tuple(sorted((blob for blob in found if blob), key=lambda blob: blob.path))
        self.unread = tuple(sorted(self._unread, key=lambda each: each.subject))

    def read(self, blob: Blob, limit: int) -> bytes | None:
        """The content (a symbolic link's is where it points to), or None where it is longer than ``limit``.

        LastcallError where the file changed since the folder was listed: its id would no longer be its content's.
        """
        try:
            content = self._content(blob.path, blob.kind, limit)
        except OSError as error:
            raise LastcallError(f"{blob.path} cannot be read any more: {error.strerror}", "run lastcall again") from error
        if content is not None and _blob_id(content) != blob.id:
            raise LastcallError(f"{blob.path} changed while lastcall was reading", "run lastcall again")
        return content

    def _walk(self, folder: str) -> Iterator[tuple[str, Kind]]:
        """Every path below ``folder``, which is "" or ends with a slash."""
        waiting = [folder]
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(self._root / folder) as listing:
                    entries = list(listing)
            except OSError as error:
                self._unread.append(Unread("folder", f"cannot be listed: {error.strerror}", Location(folder.rstrip("/") or ".", 1), folder))
                continue
            if folder and any(entry.name == "pyvenv.cfg" for entry in entries):
                continue
            for entry in entries:
                if entry.is_symlink():
                    yield folder + entry.name, Kind.SYMLINK
                elif not entry.is_dir(follow_symlinks=False):
                    yield folder + entry.name, Kind.FILE
                elif entry.name not in SKIPPED:
                    waiting.append(f"{folder}{entry.name}/")

    def _blob(self, path: str, kind: Kind) -> Blob | None:
        try:
            content = self._content(path, kind, _LARGEST_HASHED)
            if content is None:
                status = os.lstat(self._root / path)
                content = f"{status.st_size} {status.st_mtime_ns}".encode()
        except FileNotFoundError:
            return None  # it went away while the folder was listed
        except OSError as error:
            self._unread.append(Unread("file", f"cannot be opened: {error.strerror}", Location(path, 1), path))
            return None
        return Blob(path, _blob_id(content), kind)

    def _content(self, path: str, kind: Kind, limit: int) -> bytes | None:
        if kind is Kind.SYMLINK:
            content = os.fsencode((self._root / path).readlink())
        else:
            with open(self._root / path, "rb", opener=_no_follow) as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise OSError(errno.EINVAL, "it is no regular file")
                content = file.read(min(status.st_size, limit) + 1)  # not limit + 1: so much memory would be reserved
        return content if len(content) <= limit else None


def _no_follow(path: str, flags: int) -> int:
    """Opens neither through a link nor with a wait for the other end of a pipe."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))


def _blob_id(content: bytes) -> str:
    name = hashlib.sha1(b"blob %d\0" % len(content), usedforsecurity=False)
    name.update(content)
    return name.hexdigest()
