"""Who descends from whom, looked up in memory where the answer is near."""

from __future__ import annotations

import re
from collections.abc import Callable
from heapq import heappop, heappush

from lastcall.git.objects import parents_of

_STEPS = 1000
"""Commits that are looked at for one answer; a git process is cheaper than more."""

_COMMITTED = re.compile(rb"^committer .*> (\d{1,18}) [+-]\d{4}$", re.MULTILINE)
_ONE, _OTHER, _STALE = 1, 2, 4
_BOTH = _ONE | _OTHER


class Ancestry:
    """The parents of commits as their objects name them, kept; ``read`` gives a commit's content, or None where it is missing."""

    def __init__(self, read: Callable[[str], bytes | None]) -> None:
        self._read = read
        self._known: dict[str, tuple[tuple[str, ...], int]] = {}

    def learn(self, sha: str, content: bytes) -> None:
        """Takes note of a commit that was read for another reason."""
        committed = _COMMITTED.search(content.partition(b"\n\n")[0])
        self._known[sha] = parents_of(content), int(committed[1]) if committed else 0

    def merge_bases(self, one: str, other: str) -> tuple[str, ...] | None:
        """The common ancestor that no other common ancestor descends from; empty where there is none.

        None: it is too far away, or there are several, or a commit is missing: git can tell.

        This is git's own walk (``paint_down_to_common``).  Dates only order it, so that it is short where they are honest; what it finds
        does not depend on them, since it ends when nothing is left that is not below a common ancestor.
        """
        if one == other:
            return (one,)
        painted = {one: _ONE, other: _OTHER}
        queue: list[tuple[int, str]] = []
        found: dict[str, None] = {}
        for sha in (one, other):
            if not self._enter(queue, sha):
                return None
        steps = 0
        while any(not painted[sha] & _STALE for _, sha in queue):
            _, sha = heappop(queue)
            steps += 1
            colour = painted[sha]
            if colour == _BOTH:
                found[sha] = None
                colour |= _STALE
            for parent in self._known[sha][0]:
                before = painted.get(parent, 0)
                if before & colour != colour:
                    painted[parent] = before | colour
                    if steps > _STEPS or not self._enter(queue, parent):
                        return None
        best = tuple(sha for sha in found if not painted[sha] & _STALE)
        return best if len(best) <= 1 else None

    def _enter(self, queue: list[tuple[int, str]], sha: str) -> bool:
        if sha not in self._known:
            content = self._read(sha)
            if content is None:
                return False
            self.learn(sha, content)
        heappush(queue, (-self._known[sha][1], sha))
        return True
