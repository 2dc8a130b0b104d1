"""The files of a commit, of the index and of the disk."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from lastcall.git.objects import object_id
from lastcall.git.process import text
from lastcall.model import Blob, Kind, LastcallError, Location, Unread

_LARGEST_HASHED = 64 << 20
_KINDS = {"120000": Kind.SYMLINK, "160000": Kind.SUBMODULE}


class StoredTree:
    """The files of a commit or of the index: read from the object store."""

    unread: tuple[Unread, ...] = ()

    def __init__(self, read: Callable[[Blob, int], bytes | None], blobs: Iterable[Blob]) -> None:
        self._read = read
        self.blobs: Sequence[Blob] = tuple(sorted(blobs, key=lambda blob: blob.path))

    def read(self, blob: Blob, limit: int) -> bytes | None:
        """The content (a symbolic link's is where it points to, a submodule has none), or None where it is longer than ``limit``."""
        return b"" if blob.kind is Kind.SUBMODULE else self._read(blob, limit)


class WorkTree:
    """Files on disk, read as they are, never through a symbolic link; ``unread`` tells what is there and cannot be read.

    Ids are those of the bytes on disk: no filter is run, so a file that a filter changes (line ends, LFS) has another id than in the
    index.  A file above 64 MiB, which nobody reads, has an id of its size and time.
    """

    def __init__(self, root: Path, paths: Iterable[str], modules: Mapping[str, str], sparse: set[str], object_format: str) -> None:
        self._root = root
        self._modules = modules
        self._hash = object_format
        self._real: dict[str, bool] = {"": True}
        self._unread: list[Unread] = []
        found = (self._blob(path) for path in paths)
        self.blobs: Sequence[Blob] = tuple(sorted((blob for blob in found if blob), key=lambda blob: blob.path))
        left_out = len(sparse - {blob.path for blob in self.blobs})
        if left_out:
            self._unread.append(Unread("file", f"{left_out} tracked files are left out of the work tree by a sparse checkout"))
        self.unread = tuple(sorted(self._unread, key=lambda each: each.subject))

    def read(self, blob: Blob, limit: int) -> bytes | None:
        """The content, or None where it is longer than ``limit``; LastcallError where it changed since the tree was listed."""
        if blob.kind is Kind.SUBMODULE:
            return b""
        try:
            content = self._content(blob.path, blob.kind, limit)
        except OSError as error:
            raise LastcallError(f"{blob.path} cannot be read any more: {error.strerror}", "run lastcall again") from error
        if content is not None and object_id("blob", content, self._hash) != blob.id:
            raise LastcallError(f"{blob.path} changed while lastcall was reading", "run lastcall again")
        return content

    def _blob(self, path: str) -> Blob | None:
        """None for what is not on disk (any more), and for what cannot be read."""
        if path.endswith("/") or path in self._modules:
            return Blob(path.rstrip("/"), self._modules.get(path, "0" * 40), Kind.SUBMODULE)
        try:
            if not self._is_real(path.rpartition("/")[0]):
                return None
            status = os.lstat(self._root / path)
            kind = Kind.SYMLINK if stat.S_ISLNK(status.st_mode) else Kind.FILE
            content = self._content(path, kind, _LARGEST_HASHED)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            self._unread.append(Unread("file", f"cannot be opened: {error.strerror}", Location(path, 1), path))
            return None
        if content is None:
            content = f"{status.st_size} {status.st_mtime_ns}".encode()
        return Blob(path, object_id("blob", content, self._hash), kind)

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

    def _is_real(self, folder: str) -> bool:
        """Whether a folder is reached from the root without a symbolic link."""
        if folder not in self._real:
            above = self._is_real(folder.rpartition("/")[0])
            self._real[folder] = above and stat.S_ISDIR(os.lstat(self._root / folder).st_mode)
        return self._real[folder]


def _no_follow(path: str, flags: int) -> int:
    """Opens neither through a link nor with a wait for the other end of a pipe."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))


def stored(mode: str, name: str, *, path: bytes) -> Blob:
    """A path as git lists it, with its mode and the object's id."""
    return Blob(text(path), name, _KINDS.get(mode, Kind.FILE))
