"""Where a branch was at a time, by the server's own activity log: dates in commits say nothing, because anybody can write them.

The log is GitHub's list of repository activities, which only the REST API has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from lastcall.forges._github_api import Api, checked
from lastcall.forges._github_place import Place
from lastcall.forges._github_silence import Silence
from lastcall.model import LastcallError, Moment

_PAGES_AT_MOST = 100
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_HINT = "give the freeze as a tag or a commit: --freeze REF"


@dataclass(frozen=True)
class _Activity:
    """A push, a merge, or the making or deleting of a branch: what it was at before and after (all zeros: it was not)."""

    ref: str
    before: str
    after: str
    timestamp: datetime

    def __post_init__(self) -> None:
        if self.timestamp.tzinfo is None or not (_SHA.fullmatch(self.before) and _SHA.fullmatch(self.after)):
            raise ValueError(self.ref)


def branch_at(api: Api, branch: str, time: str) -> Moment:
    """Where the server had ``branch`` at ``time``.  Raises LastcallError where that cannot be told."""
    asked = _parsed(time)
    try:
        commit = _commit_at(_log(api, branch), asked)
    except Silence as silence:
        raise LastcallError(f"where {branch} was at {time} is not known: {silence.reason}", _HINT) from None
    if commit is None:
        raise LastcallError(f"GitHub has no activity log of {branch}, so where it was at {time} is not known", _HINT)
    if not commit.strip("0"):
        raise LastcallError(f"the branch {branch} did not exist at {time}, by GitHub's activity log", _HINT)
    return Moment(branch, time, commit, "GitHub's activity log")


def _parsed(time: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(time)
    except ValueError:
        parsed = datetime.min  # noqa: DTZ901 - without a zone it is refused below
    if parsed.tzinfo is None:
        raise LastcallError(f"{time!r} is no time with its zone", "write it like 2026-11-21T18:00:00Z")
    if parsed > datetime.now(UTC):
        raise LastcallError(f"the freeze is at {time}, which is in the future", _HINT)
    return parsed


def _commit_at(log: Iterator[_Activity], asked: datetime) -> str | None:
    """What the newest activity not later than ``asked`` left, else what the oldest one after it found; None where there is none."""
    oldest = None
    for activity in log:
        if activity.timestamp <= asked:
            return activity.after
        oldest = activity
    return oldest.before if oldest else None


def _log(api: Api, branch: str) -> Iterator[_Activity]:
    """The activities of a branch, newest first.  Raises Silence where the log cannot be read to its end."""
    ref = f"refs/heads/{branch}"
    url = first_page(api.place, ref)
    for _ in range(_PAGES_AT_MOST):
        page = api.fetch(url)
        if not isinstance(page.value, list):
            raise Silence("GitHub's activity log was not understood: check GITHUB_API_URL", final=True)
        for entry in page.value:
            activity = checked(_Activity, entry)
            if activity is None:
                raise Silence("GitHub's activity log was not understood", final=True)
            if activity.ref == ref:
                yield activity
        if not page.next:
            return
        url = page.next
    raise Silence("GitHub's activity log is too long", final=True)


def first_page(place: Place, ref: str) -> str:
    """The address of the newest activities of a ref."""
    return f"{place.rest}/repos/{quote(place.repository)}/activity?{urlencode({'ref': ref, 'per_page': 100})}"
