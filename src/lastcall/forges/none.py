"""No forge: nothing is asked, so nothing is known of any review, and every late change is told as unknown."""

from __future__ import annotations

from lastcall.forges import Forge, Question
from lastcall.model import Evidence, Unread


def collect(_: Question) -> Evidence:
    return _nothing("reviews were not asked for (--forge none): ask a forge, or give --evidence FILE")


def not_found(_: Question) -> Evidence:
    """What is known where no forge was named, and none found itself in the clone or the environment."""
    return _nothing(
        "no forge was found: no remote is on GitHub and GITHUB_REPOSITORY is not set; name one with --forge, or give --evidence FILE"
    )


def _nothing(reason: str) -> Evidence:
    return Evidence("none", unread=(Unread("reviews", reason),))


NONE = Forge(detect=lambda _: False, collect=collect)
