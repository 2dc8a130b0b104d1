"""What commits change, path by path."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from lastcall.git.process import Answer, Conversation, Plumbing, Refused, text
from lastcall.model import SubmoduleMove

_SUBMODULE = b"160000"
_OPTIONS = ("--stdin", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", "--ignore-submodules=none", "--no-ext-diff", "--no-textconv")
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Difference:
    """The paths in which two trees differ, sorted, and the submodules among them."""

    paths: tuple[str, ...]
    submodules: tuple[SubmoduleMove, ...]


class Differences:
    """Trees compared, through one ``diff-tree --stdin``; a rename counts as both its paths."""

    def __init__(self, git: Plumbing) -> None:
        self._git = Conversation(git, "diff-tree", *_OPTIONS)

    def between(self, before: str, after: str) -> Difference:
        """What differs between two trees.  Raises Refused where the clone lacks some of them."""
        # What is no object id is sent back as it is, and at once.  No path can hold what nobody knows beforehand.
        end = f"end {secrets.token_hex(16)}\n".encode()
        answer = self._git.ask(f"{before} {after}\n".encode() + end)
        told = bytearray()
        while not told.endswith(end):
            piece = answer.read1(_PIECE)
            if not piece:
                raise self._refused()
            told += piece
        head, found, raw = bytes(told).removesuffix(end).partition(b"\n")
        if not found or head.decode() != f"{before} {after}":
            raise self._refused()
        return _difference(raw)

    def _refused(self) -> Refused:
        return Refused(Answer(1, b"", self._git.end()))

    def close(self) -> None:
        """Ends the process."""
        self._git.end()


def _difference(raw: bytes) -> Difference:
    """``:mode mode id id letter``, the path, and again."""
    parts = raw.split(b"\0")
    entries = sorted(zip(map(text, parts[1::2]), parts[::2], strict=False))
    moves = (_move(path, facts[1:].split()) for path, facts in entries if _SUBMODULE in facts[:14])
    return Difference(tuple(path for path, _ in entries), tuple(moves))


def _move(path: str, facts: list[bytes]) -> SubmoduleMove:
    old, new, before, after, *_ = facts
    return SubmoduleMove(path, before.decode() if old == _SUBMODULE else None, after.decode() if new == _SUBMODULE else None)
