"""What commit messages say of where a commit comes from.  Anybody can write that: it finds candidates, and proves nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lastcall.model import Commit

_AT_MOST = 6
"""A message may name thousands of commits, and each costs a look into the clone.  Those that are left out are only not found."""

_PICKED = re.compile(
    r"^[ \t>*-]*\(?(?:cherry[ -]picked|backported|picked) from (?:commit )?([0-9a-f]{7,64})\b", re.IGNORECASE | re.MULTILINE
)
_REVERTED = re.compile(r"\bThis\s+reverts\s+commit\s+([0-9a-f]{7,64})\b", re.IGNORECASE)
_PULL_REVERTED = re.compile(r"\breverts\s+(?:(?:pull|merge) request\s+)?(?:[\w.-]+/[\w./-]+)?[#!](\d{1,9})\b", re.IGNORECASE)
_TRAILING = re.compile(r"^[ \t]*\(cherry picked from commit [0-9a-f]+\)[ \t]*$", re.MULTILINE)


def picked_from(message: str) -> tuple[str, ...]:
    """The commits that a message says it was picked from, in its order; a pick of a pick names the last one last."""
    return _first(_PICKED.findall(message))


def reverts(message: str) -> tuple[str, ...]:
    """The commits that a message says it reverts (of a merge: the merge)."""
    return _first(_REVERTED.findall(message))


def reverts_pulls(message: str) -> tuple[int, ...]:
    """The pull requests that a message says it reverts, as a forge's revert button writes it."""
    return tuple(int(number) for number in _first(_PULL_REVERTED.findall(message)))


def own_words(commit: Commit) -> str:
    """The message without what ``git cherry-pick -x`` wrote under it."""
    return _TRAILING.sub("", commit.message).strip()


def _first(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.lower() for name in names))[:_AT_MOST]
