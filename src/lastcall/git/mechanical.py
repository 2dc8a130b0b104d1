"""Merges that leave nothing to decide, made without git."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from lastcall.git.objects import object_id

_TREE = b"40000"
_MODES = {b"100644", b"100755", b"120000", b"160000", _TREE}
_ODD_NAMES = {b".", b"..", b".git"}
_DEEPEST = 100
_WORTH = 300
"""Trees that are read for one merge; a git process is cheaper than more."""

_KEPT = 50_000
"""Entries of trees that are kept at most, some 10 MiB."""

Entry = tuple[bytes, bytes]
"""Mode and id of what a name stands for in a tree."""


class _NotPlain(Exception):  # noqa: N818 - never seen outside
    """Git must decide."""


@dataclass
class _Sides:
    """What has been seen of a merge: whether ``ours`` and ``theirs`` add and take away paths, and how many trees were read."""

    added: list[bool] = field(default_factory=lambda: [False, False])
    deleted: list[bool] = field(default_factory=lambda: [False, False])
    trees: int = 0

    def see(self, base: Entry | None, sides: tuple[Entry | None, Entry | None]) -> None:
        for place, side in enumerate(sides):
            self.added[place] |= base is None and side is not None
            self.deleted[place] |= base is not None and side is None

    def renames(self) -> bool:
        """Whether git would look for renames: a side takes a path away and adds another."""
        return any(added and deleted for added, deleted in zip(self.added, self.deleted, strict=True))


class Mechanical:
    """Three trees merged as ``merge-ort`` does it where it has nothing to decide; ``read`` gives a tree's content, or None.

    Git resolves each path by itself: the side that changed it wins, and where both did the same that holds.  It looks further only for
    renames, which take a path that one side deletes and one that the same side adds; for paths that both sides change differently; and for
    a file where another has a folder.  Where none of these is there, the outcome is settled path by path, and is made here.  In all other
    cases, for trees that git itself would not write (odd modes, empty folders, a wrong order), and for very many, nothing is said.
    """

    def __init__(self, read: Callable[[str], bytes | None], object_format: str) -> None:
        self._read = read
        self._format = object_format
        width = len(object_id("tree", b"", object_format)) // 2
        self._empty = bytes.fromhex(object_id("tree", b"", object_format))
        self._entry = re.compile(rb"([0-7]+) ([^\0/]+)\0(.{%d})" % width, re.DOTALL)
        self.made: dict[str, bytes] = {}
        """Trees that merges gave since this was last emptied, and that nothing else may hold."""
        self._trees: dict[bytes, dict[bytes, Entry]] = {}
        self._size = 0

    def merge(self, base: str, ours: str, theirs: str) -> str | None:
        """The tree that merging ``ours`` and ``theirs`` over ``base`` gives; None where git must be asked."""
        seen = _Sides()
        try:
            merged = self._folder(seen, 0, *map(bytes.fromhex, (base, ours, theirs)))
        except _NotPlain:
            return None
        return None if seen.renames() else (merged or self._empty).hex()

    def _folder(self, seen: _Sides, depth: int, base: bytes | None, ours: bytes | None, theirs: bytes | None) -> bytes | None:
        """The merge of three folders; None for a folder that is not there, or is left empty."""
        if base == ours == theirs:
            return base
        if depth > _DEEPEST:
            raise _NotPlain
        before, left, right = (self._entries(seen, tree) for tree in (base, ours, theirs))
        merged = dict(before)
        for name in {name for name, _ in (before.items() ^ left.items()) | (before.items() ^ right.items())}:
            outcome = self._name(seen, before.get(name), left.get(name), right.get(name), depth)
            if outcome:
                merged[name] = outcome
            else:
                merged.pop(name, None)
        if not merged:
            return None
        return next((tree for tree, entries in ((ours, left), (theirs, right)) if entries == merged), None) or self._id(merged)

    def _name(self, seen: _Sides, base: Entry | None, ours: Entry | None, theirs: Entry | None, depth: int) -> Entry | None:
        folders = [entry is not None and entry[0] == _TREE for entry in (base, ours, theirs)]
        if any(folders):
            if any(entry and not folder for entry, folder in zip((base, ours, theirs), folders, strict=True)):
                raise _NotPlain
            merged = self._folder(seen, depth + 1, *(entry[1] if entry else None for entry in (base, ours, theirs)))
            return (_TREE, merged) if merged else None
        seen.see(base, (ours, theirs))
        if ours == base:
            return theirs
        if theirs in (base, ours):
            return ours
        raise _NotPlain

    def _entries(self, seen: _Sides, tree: bytes | None) -> dict[bytes, Entry]:
        if tree is None:
            return {}
        if tree not in self._trees:
            seen.trees += 1
            content = self._content(tree)
            if content is None or seen.trees > _WORTH:
                raise _NotPlain
            entries = self._parsed(content)
            if self._size > _KEPT:
                self._trees.clear()
                self._size = 0
            self._size += len(entries) + 1
            self._trees[tree] = entries
        return self._trees[tree]

    def _content(self, tree: bytes) -> bytes | None:
        if tree == self._empty:
            return b""
        return self.made.get(tree.hex()) or self._read(tree.hex())

    def _parsed(self, content: bytes) -> dict[bytes, Entry]:
        """The entries of a tree that is as git writes them."""
        entries = {name: (mode, target) for mode, name, target in self._entry.findall(content)}
        plain = (
            _MODES.issuperset(mode for mode, _ in entries.values())
            and _ODD_NAMES.isdisjoint(map(bytes.lower, entries))
            and self._empty not in (target for _, target in entries.values())
        )
        if not plain or content != self._written(entries):
            raise _NotPlain
        return entries

    def _written(self, entries: dict[bytes, Entry]) -> bytes:
        """A tree in git's order, in which the name of a folder ends with a slash."""
        ordered = sorted(entries.items(), key=lambda item: item[0] + b"/" if item[1][0] == _TREE else item[0])
        return b"".join(b"%s %s\0%s" % (mode, name, target) for name, (mode, target) in ordered)

    def _id(self, entries: dict[bytes, Entry]) -> bytes:
        content = self._written(entries)
        name = object_id("tree", content, self._format)
        self.made[name] = content
        return bytes.fromhex(name)
