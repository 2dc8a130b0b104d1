"""Where the forge shows a repository, and paths of a repository as URIs."""

from __future__ import annotations

import re
from urllib.parse import quote

from lastcall.model import Pull, Release

_PULL = re.compile(r"(https?://[A-Za-z0-9.:-]+/[\w./~-]+?)/(?:-/)?(?:pull|merge_requests)/\d+", re.ASCII)


def home(release: Release) -> str | None:
    """The repository's address, where that of one of its pull requests tells it (``https://github.example/acme/shop``)."""
    addresses = (_home(change.pull, release.repository) for change in release.changes if change.pull)
    return next(filter(None, addresses), None)


def _home(pull: Pull, repository: str) -> str | None:
    """A pull request of another repository says nothing of this one."""
    found = _PULL.fullmatch(pull.url)
    return found[1] if found and found[1].casefold().endswith(f"/{repository}".casefold().rstrip("/")) else None


def uri(path: str) -> str:
    """A path of the repository as a URI: the bytes that git has, percent-encoded."""
    try:
        return quote(path.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:  # a lone surrogate that stands for no byte
        return quote(path.encode("utf-8", "surrogatepass"))
