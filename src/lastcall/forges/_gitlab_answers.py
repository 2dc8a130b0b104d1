"""What GitLab answers: of each entity of its API the fields that are used here, and what must hold of them.

The entities are those of https://docs.gitlab.com/api/rest/ ; a field that older servers lack has a default.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def utc(text: str) -> str:
    """A time of the server in UTC.  Raises ValueError for one without a zone, which cannot be compared."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(text)
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _check(*, shas: tuple[str | None, ...] = (), times: tuple[str | None, ...] = ()) -> None:
    """What cannot be compared makes the answer one that was not understood."""
    for sha in shas:
        if sha is not None and not _SHA.fullmatch(sha):
            raise ValueError(sha)
    for time in times:
        if time is not None:
            utc(time)


@dataclass(frozen=True)
class Project:
    id: int
    path_with_namespace: str


@dataclass(frozen=True)
class User:
    """A user as other things name it; ``bot`` is told where the user itself was asked for, an address only where it is public."""

    id: int
    username: str
    bot: bool | None = None
    public_email: str | None = None
    email: str | None = None
    commit_email: str | None = None


@dataclass(frozen=True)
class Member:
    id: int
    username: str
    access_level: int
    membership_state: str | None = None
    state: str | None = None


@dataclass(frozen=True)
class Merge:
    """A merge request.  ``sha`` is its head; ``imported`` says that somebody brought it, with all that is in it, from elsewhere."""

    iid: int
    title: str
    state: str
    target_branch: str
    target_project_id: int
    web_url: str
    created_at: str
    sha: str | None = None
    author: User | None = None
    merge_user: User | None = None
    merged_by: User | None = None
    merged_at: str | None = None
    merge_commit_sha: str | None = None
    squash_commit_sha: str | None = None
    imported: bool = False

    def __post_init__(self) -> None:
        _check(shas=(self.sha, self.merge_commit_sha, self.squash_commit_sha), times=(self.created_at, self.merged_at))


@dataclass(frozen=True)
class Written:
    """A commit of a merge request; GitLab names its people by their addresses only."""

    id: str
    message: str
    author_name: str
    author_email: str
    committer_name: str
    committer_email: str

    def __post_init__(self) -> None:
        _check(shas=(self.id,))


@dataclass(frozen=True)
class Approved:
    user: User | None
    approved_at: str | None = None

    def __post_init__(self) -> None:
        _check(times=(self.approved_at,))


@dataclass(frozen=True)
class Approvals:
    approved_by: tuple[Approved, ...]


@dataclass(frozen=True)
class Reviewer:
    user: User | None
    state: str
    created_at: str

    def __post_init__(self) -> None:
        _check(times=(self.created_at,))


@dataclass(frozen=True)
class Version:
    """A version of a merge request's difference: what its head was from then on, by the server's clock."""

    id: int
    created_at: str
    head_commit_sha: str | None = None

    def __post_init__(self) -> None:
        _check(shas=(self.head_commit_sha,), times=(self.created_at,))


@dataclass(frozen=True)
class Note:
    """A comment, or (``system``) what GitLab itself wrote down; nobody but the server makes those."""

    id: int
    body: str
    system: bool
    created_at: str
    author: User | None = None
    imported: bool = False

    def __post_init__(self) -> None:
        _check(times=(self.created_at,))


@dataclass(frozen=True)
class Signature:
    verification_status: str | None


@dataclass(frozen=True)
class Status:
    """How a job or an external status of a commit stands."""

    id: int
    name: str
    status: str
    pipeline_id: int | None = None
    target_url: str | None = None


@dataclass(frozen=True)
class Pointed:
    id: str

    def __post_init__(self) -> None:
        _check(shas=(self.id,))


@dataclass(frozen=True)
class Tag:
    name: str
    target: str
    commit: Pointed

    def __post_init__(self) -> None:
        _check(shas=(self.target,))


# ------------------------------------------------------------------------------------------------------------------------ GraphQL


@dataclass(frozen=True)
class Known:
    """The user whom GitLab finds behind the address of a commit's author, by any address that was confirmed; its id is a global one."""

    id: str
    username: str


@dataclass(frozen=True)
class Authored:
    sha: str
    authorEmail: str | None  # noqa: N815  GitLab's name
    author: Known | None


@dataclass(frozen=True)
class Rooted:
    lastCommit: Authored | None  # noqa: N815  GitLab's name


@dataclass(frozen=True)
class Found:
    repository: dict[str, Rooted | None] | None


@dataclass(frozen=True)
class Data:
    project: Found | None


@dataclass(frozen=True)
class Queried:
    """An answer without data must say why: what is not known of it here (a query that an old server does not understand) passes as one."""

    data: Data | None = None
    errors: list[object] | None = None

    def __post_init__(self) -> None:
        if self.data is None and not self.errors:
            raise ValueError(self)
