"""One conversation with GitHub, over GraphQL and where that must be over REST: how to ask, how long to try, and what it cost.

Whatever goes wrong ends in a ``Silence`` with a reason that a person can act on.  The token is in no reason and in no exception.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, cached_property, partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Self, TypeVar
from urllib.parse import urljoin, urlsplit

from lastcall import __version__
from lastcall.forges._github_place import Place
from lastcall.forges._github_silence import OTHER_CHANCES, Error, Passing, Reasons, Silence, asked_to_wait, limited

if TYPE_CHECKING:
    import requests
    from pydantic import TypeAdapter
    from tenacity import RetryCallState

T = TypeVar("T")

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_CONNECT_SECONDS = 10.0
_READ_SECONDS = 20.0
_LONGEST_PAUSE = 30.0
_TROUBLE_SECONDS = 120.0
_LOST_AT_MOST = 3
_MOVES_AT_MOST = 3
_PARTIAL_TRIES = 2
_LASTING = frozenset({"NOT_FOUND", "FORBIDDEN", "INSUFFICIENT_SCOPES"})
_LIMITED = frozenset({"RATE_LIMITED", "RATE_LIMIT"})
_SPENT = "spent"


@dataclass(frozen=True)
class Node:
    """What one part of a question was answered with.

    ``silence`` says why it was not, ``passing`` that it may be in a moment; ``refused`` is GitHub's own word for an answer that will not
    come (``NOT_FOUND``, ``FORBIDDEN``).
    """

    value: object = None
    silence: str = ""
    passing: bool = False
    refused: str = ""


_LEFT_OUT = Node(silence="GitHub left it out of its answer: run again", passing=True)


@dataclass(frozen=True)
class Fetched:
    """A page over REST, and where the next one is (empty: this was the last); ``moved``: it is all there."""

    value: object
    next: str
    moved: bool = False


@dataclass(frozen=True)
class _Answer:
    data: Mapping[str, object] | None = None
    errors: Sequence[Error] | None = None


@dataclass(frozen=True)
class _Limit:
    """What GitHub says of a query's cost and of the hour's budget."""

    cost: int
    limit: int
    remaining: int
    reset: datetime


@dataclass
class Api:
    """The conversation: a context manager that holds one connection.

    Of the whole conversation at most two minutes are spent on failed requests and on waiting for better times; after that it is over,
    and every further question is answered with the reason for that.
    """

    place: Place
    token: str = field(repr=False)
    sleep: Callable[[float], None] = time.sleep
    asked: int = 0
    _points: int = 0
    _limit: _Limit | None = None
    _trouble: float = 0
    _lost: int = 0
    _over: str = ""
    _session: requests.Session | None = None

    @cached_property
    def _reasons(self) -> Reasons:
        return Reasons(self.place, self.token)

    def __enter__(self) -> Self:
        import requests  # noqa: PLC0415  only who asks GitHub pays for it

        self._session = requests.Session()
        self._session.headers.update({"User-Agent": f"lastcall/{__version__}", "Accept": "application/json"})
        self._over = self._refuse_to_start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._session:
            self._session.close()

    # ---------------------------------------------------------------------------------------------------------------- asking

    def ask(
        self, parts: Mapping[str, str], fragments: str = "", *, root: bool = False, aside: bool = False, tries: int = _PARTIAL_TRIES
    ) -> dict[str, Node]:
        """Asks the repository for ``parts`` (a selection by alias) in one request, or in halves where that is too much for the server.

        With ``root`` not the repository is asked but the whole of GitHub.  ``aside``: where this is not answered the conversation goes on
        all the same.  Parts that are answered with an error, while others are not, are asked again a few times.
        """
        if self._over or not parts:
            return dict.fromkeys(parts, Node(silence=self._over))
        again = partial(self.ask, root=root, aside=aside)
        try:
            post = partial(self._post, self._query(parts, fragments, root=root), root=root)
            nodes = self._nodes(parts, self._retried(post, splittable=len(parts) > 1), root=root)
        except Passing:  # only a question that can be halved ends so
            items, half = list(parts.items()), len(parts) // 2
            return again(dict(items[:half]), fragments) | again(dict(items[half:]), fragments)
        except Silence as silence:
            self._note(silence, aside=aside)
            return dict.fromkeys(parts, Node(silence=silence.reason))
        missing = {alias: parts[alias] for alias, node in nodes.items() if node.passing}
        if missing and tries:
            self._pause(1)
            nodes |= again(missing, fragments, tries=tries - 1)
        return nodes

    def fetch(self, url: str) -> Fetched:
        """A page over REST.  Raises Silence.  A repository that was renamed is followed, but only where the token may go anyway."""
        for _ in range(_MOVES_AT_MOST):
            if self._over:
                raise Silence(self._over, final=True)
            found = self._retried(partial(self._get, self._on_site(url)), splittable=False)
            following = self._on_site(urljoin(url, found.next)) if found.next else ""
            if not found.moved:
                return Fetched(found.value, following)
            url = following
        raise Silence("GitHub's REST API leads in a circle: check GITHUB_API_URL", final=True)

    @property
    def account(self) -> str:
        """What the conversation came to, as far as GitHub tells: for ``-v``."""
        told = f"GitHub: {_counted(self.asked, 'request')}"
        if self._limit is None:
            return told
        left = f"{self._limit.remaining:,} of {self._limit.limit:,} left until {self._limit.reset.astimezone(UTC):%H:%M} UTC"
        return f"{told}, {_counted(self._points, 'point')} spent, {left}"

    def _note(self, silence: Silence, *, aside: bool) -> None:
        """Whether anything more is worth asking after a question that was not answered."""
        self._lost += not silence.final and not aside
        worn_out = self._trouble >= _TROUBLE_SECONDS
        if worn_out or (not aside and (silence.final or self._lost > _LOST_AT_MOST)):
            self._over = silence.reason

    def _refuse_to_start(self) -> str:
        if told := _in_the_clear(self.place.endpoint, "GITHUB_GRAPHQL_URL"):
            return told
        if not self.token:
            return (
                "there is no token for GitHub: set GITHUB_TOKEN (it needs contents: read and pull-requests: read), or run 'gh auth login'"
            )
        if not self.token.isascii() or not self.token.isprintable() or " " in self.token:
            return "the token for GitHub holds characters that no token has: set GITHUB_TOKEN anew"
        return ""

    def _on_site(self, url: str) -> str:
        """``url``, where it is on the server that the token is for.  Raises Silence."""
        if told := _in_the_clear(self.place.rest, "GITHUB_API_URL"):
            raise Silence(told, final=True)
        try:
            same = _origin(url) == _origin(self.place.rest)
        except ValueError:
            same = False
        if not same:
            raise Silence("GitHub's REST API leads to another server, which does not get the token: check GITHUB_API_URL", final=True)
        return url

    # ---------------------------------------------------------------------------------------------------------------- trying

    def _retried(self, attempt: Callable[[], T], *, splittable: bool) -> T:
        """The answer, after some patience.  Raises Silence, or Passing where half of the question may be answered."""
        from tenacity import Retrying, retry_if_exception  # noqa: PLC0415

        def worth_it(failure: BaseException) -> bool:
            return isinstance(failure, Passing) and not (failure.smaller and splittable)

        trying = Retrying(retry=retry_if_exception(worth_it), wait=_pause, stop=self._stop, sleep=self._pause, reraise=True)
        try:
            answer: T = trying(self._timed, attempt)
        except Passing as passing:
            worn_out = self._trouble >= _TROUBLE_SECONDS
            if passing.smaller and splittable and not worn_out:
                raise
            raise Silence(passing.reason, final=worn_out or not passing.smaller) from None
        return answer

    def _timed(self, attempt: Callable[[], T]) -> T:
        """One attempt; the time that a failed one took is trouble."""
        started = time.monotonic()
        try:
            return attempt()
        except (Passing, Silence):
            self._trouble += time.monotonic() - started
            raise

    def _pause(self, seconds: float) -> None:
        self._trouble += seconds
        self.sleep(seconds)

    def _stop(self, state: RetryCallState) -> bool:
        failure = _failure(state)
        attempts = failure.attempts if isinstance(failure, Passing) else 1
        return state.attempt_number >= attempts or self._trouble + state.upcoming_sleep > _TROUBLE_SECONDS

    def _post(self, query: str, *, root: bool) -> _Answer:
        variables = {} if root else {"owner": self.place.owner, "name": self.place.name}
        return self._answer(self._sent("POST", self.place.endpoint, json={"query": query, "variables": variables}), root=root)

    def _get(self, url: str) -> Fetched:
        response = self._sent("GET", url)
        if response.is_redirect:
            return Fetched(None, response.headers["Location"], moved=True)
        try:
            value = json.loads(response.content)
        except (ValueError, RecursionError):
            raise Passing("GitHub's answer was not understood (no JSON): check GITHUB_API_URL and the proxy, and run again") from None
        return Fetched(value, response.links.get("next", {}).get("url", ""))

    def _sent(self, method: str, url: str, json: object = None) -> requests.Response:
        """The response to one request, where it is one that can be read.  Raises Passing or Silence."""
        import requests  # noqa: PLC0415

        assert self._session
        self.asked += 1
        left = max(_TROUBLE_SECONDS - self._trouble, 1.0)
        try:
            response = self._session.request(
                method,
                url,
                json=json,
                auth=self._sign,
                timeout=(min(_CONNECT_SECONDS, left), min(_READ_SECONDS, left)),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise self._reasons.unreached(error, url) from None
        if response.status_code == HTTPStatus.OK or (method == "GET" and response.is_redirect):
            return response
        raise self._reasons.refused(response, method)

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """As ``auth``, because requests would otherwise take a password for the host from a netrc file."""
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request

    # --------------------------------------------------------------------------------------------------------------- reading

    def _answer(self, response: requests.Response, *, root: bool) -> _Answer:
        from pydantic import ValidationError  # noqa: PLC0415

        try:
            answer = _answers().validate_json(response.content)
        except ValidationError:
            raise Passing(
                "GitHub's answer was not understood (no GraphQL answer): check GITHUB_GRAPHQL_URL and the proxy, and run again"
            ) from None
        errors = answer.errors or ()
        if any(error.type in _LIMITED for error in errors):
            raise limited(asked_to_wait(response.headers))
        lasting = any(error.type in _LASTING for error in errors)
        if not answer.data and lasting:
            raise Silence(f"GitHub does not let the token read this{self._reasons.first(errors)}", final=not root)
        if not answer.data or (not root and answer.data.get("repository") is None and not lasting):
            said = self._reasons.first(errors)
            raise Passing(f"GitHub answered without data{said}: run again", smaller=bool(errors), attempts=OTHER_CHANCES)
        self._count(answer.data.get(_SPENT))
        return answer

    def _count(self, spent: object) -> None:
        """Where GitHub does not tell, or a server has no limit, that is no harm."""
        limit = checked(_Limit, spent)
        if limit and limit.reset.tzinfo:
            self._limit = limit
            self._points += limit.cost

    def _nodes(self, parts: Mapping[str, str], answer: _Answer, *, root: bool) -> dict[str, Node]:
        """What each part was answered with; a part with an error in it is no answer, even where there is some data of it."""
        data, errors = answer.data or {}, [error for error in answer.errors or () if list(error.path or ())[:1] != [_SPENT]]
        found = data if root else data.get("repository")
        if not isinstance(found, Mapping):
            told = f"GitHub does not show {self.place.repository} to this token{self._reasons.first(errors)}"
            raise Silence(f"{told}: check the repository's name, and that the token may read it", final=True)
        nodes = {alias: Node(found[alias]) if alias in found else _LEFT_OUT for alias in parts}
        for error in errors:
            lasting = error.type if error.type in _LASTING else ""
            said = f"GitHub answered with an error{self._reasons.first([error])}{'' if lasting else ': run again'}"
            path = list(error.path or ())[0 if root else 1 :][:1]
            failed = Node(silence=said, passing=not lasting, refused=lasting)
            nodes |= dict.fromkeys([str(path[0])] if path and path[0] in parts else parts, failed)
        return nodes

    def _query(self, parts: Mapping[str, str], fragments: str, *, root: bool) -> str:
        """The query in which every part has a line of its own."""
        selection = "\n".join(f"{alias}: {part}" for alias, part in parts.items())
        spent = f"{_SPENT}: rateLimit {{ cost limit remaining reset: resetAt }}"
        if root:
            return f"query Lastcall {{ {spent}\n{selection}\n}}\n{fragments}"
        asked = f"repository(owner: $owner, name: $name) {{\n{selection}\n}}"
        return f"query Lastcall($owner: String!, $name: String!) {{ {spent} {asked} }}\n{fragments}"


@cache
def _answers() -> TypeAdapter[_Answer]:
    from pydantic import TypeAdapter  # noqa: PLC0415  only who asks GitHub pays for it

    return TypeAdapter(_Answer)


def _failure(state: RetryCallState) -> BaseException:
    failure = state.outcome.exception() if state.outcome else None
    assert failure
    return failure


def _pause(state: RetryCallState) -> float:
    """What the forge asks for, else 1, 2, 4, … seconds with some chance in it, so that many jobs do not come back at once."""
    from tenacity import wait_exponential_jitter  # noqa: PLC0415

    failure = _failure(state)
    asked = failure.pause if isinstance(failure, Passing) else 0
    return asked or wait_exponential_jitter(initial=1, max=_LONGEST_PAUSE)(state)


def _in_the_clear(url: str, variable: str) -> str:
    """Why a token is not sent to ``url``; empty where it may be."""
    try:
        parts = urlsplit(url)
        scheme, host = parts.scheme, parts.hostname
    except ValueError:
        scheme, host = "", None
    if scheme == "https" or (scheme == "http" and host in _LOOPBACK):
        return ""
    return f"a token is not sent to {host or 'nowhere'} without encryption: set {variable} to an https address"


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def checked(kind: type[T], value: object) -> T | None:
    """``value`` as a ``kind`` (a dataclass of what was asked for), or None where it has another shape."""
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415

    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind).validate_python
    try:
        found = _ADAPTERS[kind](value)
    except ValidationError:
        return None
    assert isinstance(found, kind)
    return found


_ADAPTERS: dict[type[object], Callable[[object], object]] = {}
