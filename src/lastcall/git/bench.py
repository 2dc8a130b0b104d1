"""A throw-away repository in which merges are made again."""

from __future__ import annotations

import os
import tempfile
import zlib
from pathlib import Path

from lastcall.git.objects import object_id
from lastcall.git.process import Answer, Plumbing

_NOBODY = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
_AUTHOR = "lastcall <lastcall@localhost> 1 +0000"


class Bench:
    """A throw-away bare repository in which merges are made again.

    It borrows the objects and has no configuration, no hooks, no work tree and no attributes, so that a merge in it is mechanical;
    what a merge writes stays in it.
    """

    def __init__(self, objects: Path, alternates: Path, object_format: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="lastcall-", ignore_cleanup_errors=True)
        folder = Path(self._folder.name).resolve()
        self._format = object_format
        self._objects = folder / "objects"
        self._git = Plumbing(folder, environment=_NOBODY)
        self._git.run("init", "--quiet", "--bare", "--template=", f"--object-format={object_format}", str(folder))
        self._git = Plumbing(folder, "--git-dir", str(folder), environment=_NOBODY)
        borrowed = self._objects / "info" / "alternates"
        borrowed.parent.mkdir(exist_ok=True)
        borrowed.write_bytes(b"".join(os.fsencode(path) + b"\n" for path in dict.fromkeys((objects, alternates))))

    def commit(self, tree: str, *parents: str) -> str:
        """A commit of ``tree`` that says nothing else: a loose object, written here since a process for each would take longer."""
        head = [f"tree {tree}", *(f"parent {parent}" for parent in parents), f"author {_AUTHOR}", f"committer {_AUTHOR}"]
        return self.write("commit", "\n".join([*head, "", ""]).encode())

    def write(self, kind: str, content: bytes) -> str:
        """Stores an object, and returns its name."""
        name = object_id(kind, content, self._format)
        path = self._objects / name[:2] / name[2:]
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(zlib.compress(b"%s %d\0" % (kind.encode(), len(content)) + content, 1))
        return name

    def merge(self, ours: str, theirs: str) -> Answer:
        """What ``merge-tree`` says of two commits."""
        return self._git.run("merge-tree", "--write-tree", "--no-messages", ours, theirs, accept=None)

    def merge_over(self, base: str, ours: str, theirs: str) -> Answer:
        """What it says of two trees and the one that both come from."""
        root = self.commit(base)
        return self.merge(self.commit(ours, root), self.commit(theirs, root))

    def close(self) -> None:
        """Removes it."""
        self._folder.cleanup()
