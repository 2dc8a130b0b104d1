"""GitHub and GitHub Enterprise, over GraphQL in two stages: the late commits with their pull requests, then each pull request once.

Fifty of either go into one request (about three points of the hourly budget).  Every list is compared with its total and read on where it
is longer than a page; what stays cut off is told, and makes the change unknown.  The token must be able to read contents and pull requests.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Generic, TypeVar

from lastcall.forges import Forge, Question
from lastcall.forges._github_api import Api, Node, checked, is_github, place, token
from lastcall.model import Account, AccountKind, Commit, CommitEvidence, Evidence, Pull, PullCommit, Review, ReviewState, Unread

T = TypeVar("T")

_A_REQUEST = 50
_PAGES_AT_MOST = 50
_CO_AUTHORS_AT_MOST = 50
_FORGE_ITSELF = "web-flow"
_BOT_ADDRESS = re.compile(r"(?:(\d+)\+)?([^@\s]+\[bot\])@users\.noreply\.[^@\s]+", re.IGNORECASE)
_CO_AUTHOR = re.compile(r"^[ \t]*co-authored-by:[ \t]*(.*?)[ \t]*<([^<>\n]*)>", re.IGNORECASE | re.MULTILINE)

# Answers are renamed to the words of the dataclasses below.  ``id`` is the numeric one: logins are renamed and given away.
_GIT = "fragment git on GitActor { name email user { id: databaseId login } }"
_SIGNED = "fragment signed on GitSignature { valid: isValid by_forge: wasSignedByGitHub signer { id: databaseId login } }"
_WHO = (
    "fragment who on Actor { kind: __typename login "
    "... on User { id: databaseId } ... on Bot { id: databaseId } ... on Mannequin { id: databaseId } }"
)
_REVIEW = (
    "fragment review on PullRequestReview "
    "{ state submitted: submittedAt writer: authorCanPushToRepository author { ...who } commit { oid } }"
)
_COMMIT = (
    "fragment commit on PullRequestCommit { commit { oid message tree { oid } "
    "author { ...git } committer { ...git } signature { ...signed } } }"
)
_OPINIONS = "states: [APPROVED, CHANGES_REQUESTED, DISMISSED]"
_ASSOCIATED = "number repository: baseRepository { name: nameWithOwner }"
_LATE = (
    "fragment late on Commit { oid author { ...git } committer { ...git } signature { ...signed } "
    f"pulls: associatedPullRequests(first: 20) {{ total: totalCount nodes {{ {_ASSOCIATED} }} }} }}"
)
_PULL = (
    "fragment pull on PullRequest { number url title state merged: mergedAt base: baseRefName head: headRefOid "
    "repository: baseRepository { name: nameWithOwner } "
    "merge: mergeCommit { oid signature { ...signed } } author { ...who } "
    f"reviews(first: 100, {_OPINIONS}) {{ total: totalCount nodes {{ ...review }} }} "
    "commits(first: 100) { total: totalCount nodes { ...commit } } }"
)
_AUTHORS = "fragment authors on Commit { authors(first: 50) { nodes { ...git } } }"


def detect(question: Question) -> bool:
    """Whether ``GITHUB_REPOSITORY`` is set, or a remote is on github.com, ghe.com or the server that the environment names."""
    return is_github(question.remotes, question.environ)


def collect(question: Question, sleep: Callable[[float], None] = time.sleep) -> Evidence:
    """All that GitHub tells of the late commits and their pull requests.  Raises LastcallError only where no repository is named."""
    where = place(question.remotes, question.environ)
    if not question.commits:
        return Evidence("github", where.repository)
    with Api(where, token(question.environ, where.host), sleep) as api:
        return _Collection(api, question, where.repository).evidence()


GITHUB = Forge(detect, collect)


# ---------------------------------------------------------------------------------------------------------------- what GitHub answers


def _check_time(text: str | None) -> None:
    """Times are kept as they are told; one that cannot be compared makes the answer one that was not understood."""
    if text is not None and datetime.fromisoformat(text).tzinfo is None:
        raise ValueError(text)


@dataclass(frozen=True)
class _User:
    id: int | None
    login: str


@dataclass(frozen=True)
class _Actor:
    kind: str
    login: str
    id: int | None = None


@dataclass(frozen=True)
class _Git:
    name: str | None
    email: str | None
    user: _User | None


@dataclass(frozen=True)
class _Signature:
    valid: bool
    by_forge: bool
    signer: _User | None


@dataclass(frozen=True)
class _Repository:
    name: str


@dataclass(frozen=True)
class _Object:
    oid: str


@dataclass(frozen=True)
class _Associated:
    number: int
    repository: _Repository | None


@dataclass(frozen=True)
class _List:
    """A list as GitHub answers it, its entries still unread."""

    total: int
    nodes: tuple[object, ...] | None


@dataclass(frozen=True)
class _Late:
    oid: str
    author: _Git | None
    committer: _Git | None
    signature: _Signature | None
    pulls: _List | None


@dataclass(frozen=True)
class _Written:
    oid: str
    message: str
    tree: _Object
    author: _Git | None
    committer: _Git | None
    signature: _Signature | None


@dataclass(frozen=True)
class _PullCommit:
    commit: _Written


@dataclass(frozen=True)
class _Review:
    state: str
    submitted: str | None
    writer: bool
    author: _Actor | None
    commit: _Object | None

    def __post_init__(self) -> None:
        _check_time(self.submitted)


@dataclass(frozen=True)
class _Merge:
    oid: str
    signature: _Signature | None


@dataclass(frozen=True)
class _Pull:
    number: int
    url: str
    title: str
    state: str
    merged: str | None
    base: str
    head: str
    repository: _Repository | None
    merge: _Merge | None
    author: _Actor | None
    reviews: _List | None
    commits: _List

    def __post_init__(self) -> None:
        _check_time(self.merged)


@dataclass(frozen=True)
class _PageInfo:
    more: bool
    cursor: str | None


@dataclass(frozen=True)
class _Page:
    total: int
    info: _PageInfo
    nodes: tuple[object, ...] | None


@dataclass(frozen=True)
class _Paged:
    page: _Page


@dataclass(frozen=True)
class _Authors:
    authors: _Listed


@dataclass(frozen=True)
class _Listed:
    nodes: tuple[_Git | None, ...] | None


@dataclass(frozen=True)
class _Listing(Generic[T]):
    """How to read on in a list that is longer than its first page: its name for people, its field and arguments, and one of its entries."""

    what: str
    field: str
    entry: str
    fragments: str
    kind: type[T]

    def page(self, cursor: str) -> str:
        after = f", after: {json.dumps(cursor)}" if cursor else ""
        info = "info: pageInfo { more: hasNextPage cursor: endCursor }"
        return f"page: {self.field}{after}) {{ total: totalCount {info} nodes {{ {self.entry} }} }}"

    def read(self, nodes: Sequence[object] | None) -> list[T]:
        """The entries that have the shape that was asked for; one that has not is missed by the count."""
        return [entry for value in nodes or () if (entry := checked(self.kind, value))]


_PULLS = _Listing("pull requests", "associatedPullRequests(first: 100", _ASSOCIATED, "", _Associated)
_REVIEWS = _Listing("reviews", f"reviews(first: 100, {_OPINIONS}", "...review", f"{_WHO}\n{_REVIEW}", _Review)
_COMMITS = _Listing("commits", "commits(first: 100", "...commit", f"{_GIT}\n{_SIGNED}\n{_COMMIT}", _PullCommit)


# ------------------------------------------------------------------------------------------------------------------------ collecting


def _of_commit(sha: str, selection: str) -> str:
    return f'object(oid: "{sha}") {{ {selection} }}'


def _page_of_commit(sha: str, page: str) -> str:
    return _of_commit(sha, f"... on Commit {{ {page} }}")


def _of_pull(number: int, selection: str) -> str:
    return f"pullRequest(number: {number}) {{ {selection} }}"


@dataclass
class _Collection:
    """The state of one conversation: what was read so far, and what was not."""

    api: Api
    question: Question
    repository: str
    late: dict[str, tuple[_Late, list[_Associated]]] = field(default_factory=dict)
    pulls: dict[int, tuple[_Pull, list[_Review], list[_Written]]] = field(default_factory=dict)
    people: dict[str, Account] = field(default_factory=dict)
    """Accounts by e-mail address, as GitHub maps them; what co-authors are found by."""
    unread: dict[str, str] = field(default_factory=dict)

    def evidence(self) -> Evidence:
        self._read_commits()
        self._read_pulls()
        self._read_co_authors()
        silent = set(self.unread.values())
        if len(self.unread) == len(self.question.commits) and len(silent) == 1 and not self.late:
            self.unread = {"": silent.pop()}
        return Evidence(
            forge="github",
            repository=self.repository,
            commits=tuple(
                self._commit(commit) for commit in sorted(self.question.commits, key=lambda each: each.sha) if commit.sha in self.late
            ),
            pulls=tuple(self._pull(number) for number in sorted(self.pulls)),
            unread=tuple(Unread("reviews", self.unread[subject], subject=subject) for subject in sorted(self.unread)),
        )

    # --------------------------------------------------------------------------------------------------------------- stage one

    def _read_commits(self) -> None:
        shas = [commit.sha for commit in self.question.commits]
        for sha, node in self._asked(
            "commits asked of GitHub", shas, lambda sha: _of_commit(sha, "...late"), f"{_GIT}\n{_SIGNED}\n{_LATE}"
        ):
            late = checked(_Late, node.value)
            if late is None:
                unknown = "GitHub does not have this commit: push it first"
                self._miss(f"commit:{sha}", node.silence or (unknown if not node.value else "GitHub's answer on it was not understood"))
                continue
            found = self._whole(f"commit:{sha}", late.pulls, _PULLS, partial(_page_of_commit, sha))
            self.late[sha] = late, found
            self._meet(late.author, late.committer)
        self._follow_rename()

    def _follow_rename(self) -> None:
        """GitHub answers under a repository's old name, too, but with the new one in all that it tells."""
        if all(self._is_ours(each.repository) for _, found in self.late.values() for each in found):
            return
        name = self.api.ask({"n0": "nameWithOwner"})["n0"].value
        self.repository = name if isinstance(name, str) else self.repository

    def _is_ours(self, repository: _Repository | None) -> bool:
        """A commit is part of the pull requests of other repositories of the network, too; their numbers mean nothing here."""
        return repository is None or repository.name.casefold() == self.repository.casefold()

    def _numbers(self, sha: str) -> tuple[int, ...]:
        return tuple(sorted({each.number for each in self.late[sha][1] if self._is_ours(each.repository)}))

    # --------------------------------------------------------------------------------------------------------------- stage two

    def _read_pulls(self) -> None:
        numbers = {number for sha in self.late for number in self._numbers(sha)}
        numbers |= {self.question.pull} if self.question.pull is not None else set()
        fragments = f"{_GIT}\n{_SIGNED}\n{_WHO}\n{_REVIEW}\n{_COMMIT}\n{_PULL}"
        for number, node in self._asked(
            "pull requests asked of GitHub", sorted(numbers), lambda number: _of_pull(number, "...pull"), fragments
        ):
            pull = checked(_Pull, node.value)
            if pull is None:
                unknown = "GitHub does not show this pull request to the token"
                self._miss(
                    f"pull:{number}", node.silence or (unknown if node.value is None else "GitHub's answer on it was not understood")
                )
                continue
            part = partial(_of_pull, number)
            reviews = self._whole(f"pull:{number}", pull.reviews, _REVIEWS, part)
            written = [each.commit for each in self._whole(f"pull:{number}", pull.commits, _COMMITS, part)]
            self.pulls[number] = pull, reviews, written
            self._meet(*(person for each in written for person in (each.author, each.committer)))

    # -------------------------------------------------------------------------------------------------------------- stage three

    def _read_co_authors(self) -> None:
        """The accounts behind the addresses of co-authors that no commit so far had: GitHub maps them where it lists a commit's authors."""
        messages = {commit.sha: commit.message for commit in self.question.commits if commit.sha in self.late}
        messages |= {each.oid: each.message for _, _, written in self.pulls.values() for each in written}
        shas = [sha for sha, message in sorted(messages.items()) if any(self._co_author(*each).id is None for each in _co_authors(message))]
        for _, node in self._asked("co-authors asked of GitHub", shas, lambda sha: _of_commit(sha, "...authors"), f"{_GIT}\n{_AUTHORS}"):
            answer = checked(_Authors, node.value)
            self._meet(*(answer.authors.nodes or () if answer else ()))

    def _meet(self, *people: _Git | None) -> None:
        for person in people:
            if person and person.email and person.user and person.user.login != _FORGE_ITSELF:
                self.people[person.email.casefold()] = Account(person.user.id, person.user.login)

    # ------------------------------------------------------------------------------------------------------------------- asking

    def _asked(self, what: str, things: Sequence[T], part: Callable[[T], str], fragments: str) -> Iterator[tuple[T, Node]]:
        for start in range(0, len(things), _A_REQUEST):
            batch = things[start : start + _A_REQUEST]
            self.question.progress(what, start, len(things))
            nodes = self.api.ask({f"n{place}": part(thing) for place, thing in enumerate(batch)}, fragments)
            yield from ((thing, nodes[f"n{place}"]) for place, thing in enumerate(batch))
        if things:
            self.question.progress(what, len(things), len(things))

    def _whole(self, subject: str, first: _List | None, listing: _Listing[T], part: Callable[[str], str]) -> list[T]:
        """All entries of a list of which the first page is there; what does not come is told under ``subject``."""
        if first is None:
            self._miss(subject, f"GitHub left out its {listing.what}: run again")
            return []
        found, total = listing.read(first.nodes), first.total
        if len(found) < total:
            found, total = self._pages(subject, listing, part)
        if len(found) != total:
            self._miss(subject, f"GitHub listed {len(found)} of its {total} {listing.what}: run again")
        return found

    def _pages(self, subject: str, listing: _Listing[T], part: Callable[[str], str]) -> tuple[list[T], int]:
        """A long list from its start: the first page was read without a cursor, which only long lists need."""
        found: list[T] = []
        total, cursor = 0, ""
        for _ in range(_PAGES_AT_MOST):
            node = self.api.ask({"n0": part(listing.page(cursor))}, listing.fragments)["n0"]
            paged = checked(_Paged, node.value)
            if paged is None:
                self._miss(subject, node.silence or f"GitHub's answer on its {listing.what} was not understood")
                break
            found += listing.read(paged.page.nodes)
            total, cursor = paged.page.total, paged.page.info.cursor or ""
            if not paged.page.info.more or not cursor:
                break
        return found, total

    def _miss(self, subject: str, reason: str) -> None:
        self.unread.setdefault(subject, reason)

    # ------------------------------------------------------------------------------------------------------------------ telling

    def _commit(self, commit: Commit) -> CommitEvidence:
        late, _ = self.late[commit.sha]
        return CommitEvidence(
            sha=commit.sha,
            pulls=self._numbers(commit.sha),
            author=self._person(late.author, late.signature),
            committer=self._person(late.committer, late.signature),
            co_authors=self._written_with(commit.message),
            verified=_verified(late.signature, late.author, late.committer),
        )

    def _pull(self, number: int) -> Pull:
        pull, reviews, commits = self.pulls[number]
        merge = pull.merge
        signed = merge and (merge.signature or (self.late[merge.oid][0].signature if merge.oid in self.late else None))
        return Pull(
            number=number,
            url=pull.url,
            title=pull.title,
            state=pull.state.lower(),
            author=_account(pull.author),
            base=pull.base,
            head=pull.head,
            base_repository=pull.repository.name if pull.repository else self.repository,
            merge_commit=merge.oid if merge else None,
            merged_at=pull.merged,
            head_tree=next((commit.tree.oid for commit in commits if commit.oid == pull.head), None),
            merge_signed_by_forge=bool(signed and signed.valid and signed.by_forge),
            reviews=tuple(sorted((_review(each) for each in reviews if each.submitted), key=lambda review: review.submitted_at)),
            commits=tuple(self._pull_commit(commit) for commit in commits),
        )

    def _pull_commit(self, commit: _Written) -> PullCommit:
        return PullCommit(
            sha=commit.oid,
            author=self._person(commit.author, commit.signature),
            committer=self._person(commit.committer, commit.signature),
            author_name=(commit.author and commit.author.name) or "",
            co_authors=self._written_with(commit.message),
            verified=_verified(commit.signature, commit.author, commit.committer),
        )

    def _person(self, person: _Git | None, signature: _Signature | None) -> Account | None:
        """The account behind an author or committer; None where there is none, or where somebody only says to be GitHub."""
        if person is None:
            return None
        if person.user and person.user.login == _FORGE_ITSELF:
            ours = signature is not None and signature.valid and signature.by_forge
            return Account(person.user.id, person.user.login, AccountKind.BOT) if ours else None
        return Account(person.user.id, person.user.login) if person.user else _bot(person.email or "")

    def _written_with(self, message: str) -> tuple[Account, ...]:
        return tuple(dict.fromkeys(self._co_author(name, email) for name, email in _co_authors(message)))

    def _co_author(self, name: str, email: str) -> Account:
        return self.people.get(email.casefold()) or _bot(email) or Account(None, f"{name} <{email}>".strip())


def _co_authors(message: str) -> list[tuple[str, str]]:
    return _CO_AUTHOR.findall(message)[:_CO_AUTHORS_AT_MOST]


def _bot(email: str) -> Account | None:
    """An app's bot has no user account; GitHub gives it an address with its number and name."""
    match = _BOT_ADDRESS.fullmatch(email)
    return Account(int(match[1]) if match[1] else None, match[2], AccountKind.BOT) if match else None


def _verified(signature: _Signature | None, *people: _Git | None) -> bool:
    if signature is None or not signature.valid:
        return False
    own = {person.user.id for person in people if person and person.user and person.user.id is not None}
    return signature.by_forge or (signature.signer is not None and signature.signer.id in own)


def _account(actor: _Actor | None) -> Account:
    if actor is None:
        return Account(None, "ghost", AccountKind.GHOST)
    if actor.kind == "Bot":  # GraphQL leaves out the suffix that everybody knows it by
        return Account(actor.id, actor.login if actor.login.endswith("[bot]") else f"{actor.login}[bot]", AccountKind.BOT)
    return Account(actor.id, actor.login, AccountKind.MANNEQUIN if actor.kind == "Mannequin" else AccountKind.USER)


def _review(review: _Review) -> Review:
    return Review(
        reviewer=_account(review.author),
        state=_STATES.get(review.state, ReviewState.COMMENTED),
        commit=review.commit.oid if review.commit else None,
        submitted_at=review.submitted or "",
        can_write=review.writer,
    )


_STATES: Mapping[str, ReviewState] = {
    "APPROVED": ReviewState.APPROVED,
    "CHANGES_REQUESTED": ReviewState.CHANGES_REQUESTED,
    "DISMISSED": ReviewState.DISMISSED,
}
