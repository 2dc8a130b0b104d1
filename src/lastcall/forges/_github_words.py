"""What GitHub is asked, as GraphQL fragments, and the shape of what it answers to them.

Answers are renamed to the words of the dataclasses.  ``id`` is the numeric one: logins are renamed and given away.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from lastcall.forges._github_api import checked

T = TypeVar("T")

GIT = "fragment git on GitActor { name email user { id: databaseId login } }"
SIGNED = "fragment signed on GitSignature { valid: isValid by_forge: wasSignedByGitHub signer { id: databaseId login } }"
WHO = (
    "fragment who on Actor { kind: __typename login "
    "... on User { id: databaseId } ... on Bot { id: databaseId } ... on Mannequin { id: databaseId } }"
)
AUTHORS = "fragment authors on Commit { authors(first: 50) { nodes { ...git } } }"
BEHALF = "fragment behalf on PullRequestReview { teams: onBehalfOf(first: 10) { nodes { slug organization { login } } } }"
CO_AUTHOR = re.compile(r"^[ \t]*co-authored-by:[ \t]*(.*?)[ \t]*<([^<>\n]*)>", re.IGNORECASE | re.MULTILINE)
_COMMIT = (
    "fragment commit on PullRequestCommit { commit { oid message tree { oid } "
    "author { ...git } committer { ...git } signature { ...signed } } }"
)
_REVIEW = (
    "fragment review on PullRequestReview {{ {node}state submitted: submittedAt edited: lastEditedAt writer: authorCanPushToRepository "
    "author {{ ...who }} commit {{ oid }} }}"
)
_EVENT = (
    "fragment event on PullRequestTimelineItems { kind: __typename "
    "... on HeadRefForcePushedEvent { at: createdAt actor { ...who } before: beforeCommit { oid } after: afterCommit { oid } } "
    "... on BaseRefChangedEvent { at: createdAt was: previousRefName now: currentRefName } "
    "... on AutomaticBaseChangeSucceededEvent { at: createdAt was: oldBase now: newBase } }"
)


def _check_time(*times: str | None) -> None:
    """Times are kept as they are told; one that cannot be compared makes the answer one that was not understood."""
    for text in times:
        if text is not None and datetime.fromisoformat(text).tzinfo is None:
            raise ValueError(text)


# --------------------------------------------------------------------------------------------------------------------------- people


@dataclass(frozen=True)
class User:
    id: int | None
    login: str


@dataclass(frozen=True)
class Actor:
    kind: str
    login: str
    id: int | None = None


@dataclass(frozen=True)
class Git:
    """An author or committer, as git writes them, with the account that GitHub knows for the address."""

    name: str | None
    email: str | None
    user: User | None


@dataclass(frozen=True)
class Signature:
    valid: bool
    by_forge: bool
    signer: User | None


# ---------------------------------------------------------------------------------------------------------------------------- lists


@dataclass(frozen=True)
class PageInfo:
    more: bool
    cursor: str | None


@dataclass(frozen=True)
class Edge:
    cursor: str


@dataclass(frozen=True)
class Page:
    """A page of a list, its entries still unread.  Either its total tells whether it is whole, or its edges do."""

    info: PageInfo
    nodes: tuple[object, ...] | None
    total: int | None = None
    edges: tuple[Edge | None, ...] | None = None


@dataclass(frozen=True)
class Listing(Generic[T]):
    """A kind of list, and how it is read: its name for people, its field with arguments, what is asked of an entry, and its shape.

    A list that is not ``counted`` has a total that says nothing: of it the cursor of the last entry must be the one that the page ends
    with.
    """

    what: str
    field: str
    entry: str
    fragments: str
    kind: type[T]
    counted: bool = True
    size: int = 100

    def first(self) -> str:
        """The first page, as a part of a bigger question."""
        return self._page(self.size, "")

    def page(self, cursor: str) -> str:
        """A page by itself, the first one where ``cursor`` is empty; always under the name ``page``."""
        return f"page: {self._page(100, cursor)}"

    def _page(self, size: int, cursor: str) -> str:
        separator = ", " if "(" in self.field else "("
        after = f", after: {json.dumps(cursor)}" if cursor else ""
        whole = "total: totalCount" if self.counted else "edges { cursor }"
        info = "info: pageInfo { more: hasNextPage cursor: endCursor }"
        return f"{self.field}{separator}first: {size}{after}) {{ {whole} {info} nodes {{ {self.entry} }} }}"

    def read(self, nodes: Sequence[object] | None) -> list[T]:
        """The entries that have the shape that was asked for."""
        return [entry for value in nodes or () if (entry := checked(self.kind, value))]


# -------------------------------------------------------------------------------------------------------------------------- commits


@dataclass(frozen=True)
class Repository:
    name: str


@dataclass(frozen=True)
class Object:
    oid: str


@dataclass(frozen=True)
class Associated:
    number: int
    repository: Repository | None


@dataclass(frozen=True)
class Late:
    oid: str
    author: Git | None
    committer: Git | None
    signature: Signature | None
    pulls: Page | None


@dataclass(frozen=True)
class AuthorsListed:
    nodes: tuple[Git | None, ...] | None


@dataclass(frozen=True)
class Authors:
    authors: AuthorsListed


PULLS = Listing(
    "pull requests", "associatedPullRequests", "number repository: baseRepository { name: nameWithOwner }", "", Associated, size=20
)
LATE = (
    f"{GIT}\n{SIGNED}\nfragment late on Commit {{ oid author {{ ...git }} committer {{ ...git }} signature {{ ...signed }} "
    f"pulls: {PULLS.first()} }}"
)


# --------------------------------------------------------------------------------------------------------------------- pull requests


@dataclass(frozen=True)
class Written:
    """A commit.  Of its message only the co-authors are kept: the messages of a few hundred pull requests are megabytes of text."""

    oid: str
    message: str
    tree: Object
    author: Git | None
    committer: Git | None
    signature: Signature | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", "\n".join(match[0] for match in CO_AUTHOR.finditer(self.message)))


@dataclass(frozen=True)
class InPull:
    """A commit, as a pull request lists it."""

    commit: Written


@dataclass(frozen=True)
class Given:
    """A review.  ``node`` is what it is asked for by itself with."""

    state: str
    submitted: str | None
    writer: bool
    author: Actor | None
    commit: Object | None
    edited: str | None = None
    node: str = ""

    def __post_init__(self) -> None:
        _check_time(self.submitted, self.edited)


@dataclass(frozen=True)
class Event:
    """A force push of the head (``actor``, ``before``, ``after``), or a change of the base (``was``, ``now``)."""

    kind: str
    at: str
    actor: Actor | None = None
    before: Object | None = None
    after: Object | None = None
    was: str | None = None
    now: str | None = None

    def __post_init__(self) -> None:
        _check_time(self.at)


@dataclass(frozen=True)
class Merge:
    oid: str
    signature: Signature | None


@dataclass(frozen=True)
class Asked:
    """A pull request."""

    number: int
    url: str
    title: str
    state: str
    merged: str | None
    base: str
    head: str
    repository: Repository | None
    merge: Merge | None
    author: Actor | None
    merger: Actor | None
    reviews: Page | None
    commits: Page | None
    events: Page | None

    def __post_init__(self) -> None:
        _check_time(self.merged)


COMMITS = Listing("commits", "commits", "...commit", f"{GIT}\n{SIGNED}\n{_COMMIT}", InPull)
EVENTS = Listing(
    "events",
    "timelineItems(itemTypes: [HEAD_REF_FORCE_PUSHED_EVENT, BASE_REF_CHANGED_EVENT, AUTOMATIC_BASE_CHANGE_SUCCEEDED_EVENT]",
    "...event",
    f"{WHO}\n{_EVENT}",
    Event,
    counted=False,  # its total counts what was not asked for, too
)


def reviews(*, nodes: bool) -> Listing[Given]:
    """The reviews with an opinion.  ``nodes``: with what they are asked for by themselves."""
    review = _REVIEW.format(node="node: id " if nodes else "")
    return Listing("reviews", "reviews(states: [APPROVED, CHANGES_REQUESTED, DISMISSED]", "...review", f"{WHO}\n{review}", Given)


def pull(given: Listing[Given]) -> str:
    """The fragment ``pull``, with all that it needs."""
    fragment = (
        "fragment pull on PullRequest { number url title state merged: mergedAt base: baseRefName head: headRefOid "
        "repository: baseRepository { name: nameWithOwner } merge: mergeCommit { oid signature { ...signed } } "
        "author { ...who } merger: mergedBy { ...who } "
        f"reviews: {given.first()} commits: {COMMITS.first()} events: {EVENTS.first()} }}"
    )
    needed = [*COMMITS.fragments.split("\n"), *given.fragments.split("\n"), *EVENTS.fragments.split("\n"), fragment]
    return "\n".join(dict.fromkeys(needed))


# ------------------------------------------------------------------------------------------------------------------ checks and owners


@dataclass(frozen=True)
class App:
    id: int | None
    slug: str


@dataclass(frozen=True)
class Suite:
    app: App | None


@dataclass(frozen=True)
class Context:
    """A check run (``name``, ``status``, ``conclusion``), or a commit status (``context``, ``state``)."""

    kind: str
    id: int | None = None
    name: str = ""
    status: str = ""
    conclusion: str | None = None
    started: str | None = None
    suite: Suite | None = None
    context: str = ""
    state: str = ""
    url: str | None = None

    def __post_init__(self) -> None:
        _check_time(self.started)


@dataclass(frozen=True)
class Team:
    slug: str
    organization: Organization


@dataclass(frozen=True)
class Organization:
    login: str


@dataclass(frozen=True)
class TeamsListed:
    nodes: tuple[Team | None, ...] | None


@dataclass(frozen=True)
class Behalf:
    """The teams on whose behalf a review was given."""

    teams: TeamsListed | None


@dataclass(frozen=True)
class Target:
    """What a ref or a tag names; a tag has a ``target`` of its own."""

    kind: str
    oid: str
    target: Target | None = None


@dataclass(frozen=True)
class Tagged:
    target: Target | None


CONTEXTS = Listing(
    "checks",
    "contexts",
    "kind: __typename "
    "... on CheckRun { id: databaseId name status conclusion started: startedAt url: detailsUrl "
    "suite: checkSuite { app { id: databaseId slug } } } "
    "... on StatusContext { context state url: targetUrl }",
    "",
    Context,
)
MEMBERS = Listing("members", "members", "id: databaseId login", "", User)


def target(depth: int = 5) -> str:
    """What a ref names, peeled so many times: a tag of a tag of a tag."""
    deeper = f" ... on Tag {{ target {{ {target(depth - 1)} }} }}" if depth else ""
    return f"kind: __typename oid{deeper}"
