"""One conversation with GitHub's GraphQL API: where it is, who asks, and how long to try.

Whatever goes wrong ends in a ``Silence`` with a reason that a person can act on.  The token is in no reason and in no exception.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Self, TypeVar
from urllib.parse import urlsplit

from lastcall import __version__
from lastcall.model import LastcallError

if TYPE_CHECKING:
    import requests
    from tenacity import RetryCallState

T = TypeVar("T")

_GITHUB = "github.com"
_SCP = re.compile(r"(?:[^@/:\s]+@)?([^/:\s\[\]]+):(?!//)/?(.+)")
_NAME = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_GH_SECONDS = 5.0
_CONNECT_SECONDS = 10.0
_READ_SECONDS = 60.0
_ATTEMPTS = 5
_SECOND_CHANCE = 2
_LONGEST_PAUSE = 30.0
_TROUBLE_SECONDS = 180.0
_LOST_AT_MOST = 3
_PARTIAL_TRIES = 2
_LASTING = frozenset({"NOT_FOUND", "FORBIDDEN", "INSUFFICIENT_SCOPES"})
_SAID_AT_MOST = 160


# ------------------------------------------------------------------------------------------------------------------------- where


@dataclass(frozen=True)
class Place:
    """A repository and the GraphQL endpoint that knows of it; ``host`` is the server's, as ``gh`` names it."""

    endpoint: str
    host: str
    repository: str

    @property
    def owner(self) -> str:
        return self.repository.partition("/")[0]

    @property
    def name(self) -> str:
        return self.repository.partition("/")[2]


def is_github(remotes: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Whether the environment names a GitHub repository, or a remote is on github.com, ghe.com or the server that the environment names."""
    return bool(environ.get("GITHUB_REPOSITORY")) or any(_is_known(host, environ) for host, _ in _parsed(remotes))


def place(remotes: Sequence[str], environ: Mapping[str, str]) -> Place:
    """The repository under judgement.  Raises LastcallError where neither ``GITHUB_REPOSITORY`` nor a remote names it."""
    parsed = _parsed(remotes)
    host, name = next((each for each in parsed if _is_known(each[0], environ)), next(iter(parsed), ("", "")))
    name = environ.get("GITHUB_REPOSITORY") or name
    if not _NAME.fullmatch(name):
        told = f"GITHUB_REPOSITORY is {name!r}, which is not owner/name" if name else "no remote of this clone is a GitHub repository"
        raise LastcallError(told, "set GITHUB_REPOSITORY=owner/name, or leave reviews out with --forge none")
    server = urlsplit(environ.get("GITHUB_SERVER_URL", "")).hostname or host or _GITHUB
    return Place(_endpoint(server, environ), server, name)


def _endpoint(server: str, environ: Mapping[str, str]) -> str:
    """GITHUB_GRAPHQL_URL, else beside GITHUB_API_URL (``…/api/v3`` on an Enterprise server), else where the server has it."""
    given, rest = environ.get("GITHUB_GRAPHQL_URL"), environ.get("GITHUB_API_URL", "").rstrip("/")
    if given or rest:
        return given or f"{rest.removesuffix('/v3')}/graphql"
    if server == _GITHUB or server.endswith(".ghe.com"):
        return f"https://api.{server}/graphql"
    return f"https://{server}/api/graphql"


def _is_known(host: str, environ: Mapping[str, str]) -> bool:
    named = (urlsplit(environ.get(name, "")).hostname for name in ("GITHUB_SERVER_URL", "GITHUB_API_URL", "GITHUB_GRAPHQL_URL"))
    return host == _GITHUB or host.endswith(".ghe.com") or host in {each for each in named if each}


def _parsed(remotes: Iterable[str]) -> list[tuple[str, str]]:
    """Host and owner/name of each remote that has both: ``https://…``, ``ssh://…`` and ``git@host:owner/name``."""
    found = []
    for remote in remotes:
        if "://" in remote:
            parts = urlsplit(remote)
            scheme, host, path = parts.scheme, parts.hostname or "", parts.path
        else:
            match = _SCP.fullmatch(remote)
            scheme, host, path = ("ssh", match[1].lower(), match[2]) if match else ("", "", "")
        name = path.strip("/").removesuffix(".git")
        host = {"ssh.github.com": _GITHUB, "www.github.com": _GITHUB}.get(host, host)
        if host and scheme in {"https", "http", "ssh", "git", "git+ssh"} and _NAME.fullmatch(name):
            found.append((host, name))
    return found


# --------------------------------------------------------------------------------------------------------------------------- who


def token(environ: Mapping[str, str], host: str) -> str:
    """GITHUB_TOKEN, GH_TOKEN, or what ``gh auth token`` prints for ``host``; empty where there is none."""
    given = environ.get("GITHUB_TOKEN", "").strip() or environ.get("GH_TOKEN", "").strip()
    if given:
        return given
    program = shutil.which("gh", path=environ.get("PATH", ""))
    if not program:
        return ""
    try:
        done = subprocess.run(
            [program, "auth", "token", "--hostname", host],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_GH_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


# --------------------------------------------------------------------------------------------------------------------------- what


class Silence(Exception):  # noqa: N818 - not an error of ours: the forge did not answer, and that is a fact
    """No answer.  ``final``: no other question will be answered either."""

    def __init__(self, reason: str, *, final: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final


@dataclass(frozen=True)
class Node:
    """What one part of a question was answered with; ``silence`` says why it was not, ``passing`` that it may be in a moment."""

    value: object = None
    silence: str = ""
    passing: bool = False


_LEFT_OUT = Node(silence="GitHub left it out of its answer: run again", passing=True)


@dataclass(frozen=True)
class _Error:
    """An entry of a GraphQL answer's ``errors``."""

    message: str = ""
    type: str = ""
    path: Sequence[str | int] | None = None


@dataclass(frozen=True)
class _Answer:
    data: Mapping[str, object] | None = None
    errors: Sequence[_Error] | None = None


class _Passing(Exception):  # noqa: N818 - not an error: the same question may be answered in a moment
    """No answer for now; ``pause`` is how many seconds the forge asks to wait, ``smaller`` that a smaller question may help."""

    def __init__(self, reason: str, *, pause: float = 0, smaller: bool = False, attempts: int = _ATTEMPTS) -> None:
        super().__init__(reason)
        self.reason = reason
        self.pause = pause
        self.smaller = smaller
        self.attempts = attempts


@dataclass
class Api:
    """The conversation: a context manager that holds one connection.

    Of the whole conversation at most three minutes are spent on failed requests and on waiting for better times; after that it is over,
    and every further question is answered with the reason for that.
    """

    place: Place
    token: str = field(repr=False)
    sleep: Callable[[float], None] = time.sleep
    asked: int = 0
    _trouble: float = 0
    _lost: int = 0
    _over: str = ""
    _session: requests.Session | None = None

    def __enter__(self) -> Self:
        import requests  # noqa: PLC0415  only who asks GitHub pays for it

        self._session = requests.Session()
        self._session.headers.update({"User-Agent": f"lastcall/{__version__}", "Accept": "application/json"})
        self._over = self._refuse_to_start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._session:
            self._session.close()

    def ask(self, parts: Mapping[str, str], fragments: str = "", tries: int = _PARTIAL_TRIES) -> dict[str, Node]:
        """Asks the repository for ``parts`` (a selection by alias) in one request, or in halves where that is too much for the server.

        Parts that are answered with an error, while others are not, are asked again a few times.
        """
        if self._over or not parts:
            return dict.fromkeys(parts, Node(silence=self._over))
        try:
            nodes = self._nodes(parts, self._retried(_query(parts, fragments), splittable=len(parts) > 1))
        except _Passing:  # only a question that can be halved ends so
            items, half = list(parts.items()), len(parts) // 2
            return self.ask(dict(items[:half]), fragments) | self.ask(dict(items[half:]), fragments)
        except Silence as silence:
            self._lost += not silence.final
            if silence.final or self._lost > _LOST_AT_MOST:
                self._over = silence.reason
            return dict.fromkeys(parts, Node(silence=silence.reason))
        again = {alias: parts[alias] for alias, node in nodes.items() if node.passing}
        if again and tries:
            self._pause(1)
            nodes |= self.ask(again, fragments, tries - 1)
        return nodes

    def _refuse_to_start(self) -> str:
        parts = urlsplit(self.place.endpoint)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            return f"a token is not sent to {parts.hostname or 'nowhere'} without encryption: set GITHUB_GRAPHQL_URL to an https address"
        if not self.token:
            return (
                "there is no token for GitHub: set GITHUB_TOKEN (it needs contents: read and pull-requests: read), or run 'gh auth login'"
            )
        if not self.token.isascii() or not self.token.isprintable() or " " in self.token:
            return "the token for GitHub holds characters that no token has: set GITHUB_TOKEN anew"
        return ""

    # ---------------------------------------------------------------------------------------------------------------- trying

    def _retried(self, query: str, *, splittable: bool) -> _Answer:
        """The answer, after some patience.  Raises Silence, or _Passing where half of the question may be answered."""
        from tenacity import Retrying, retry_if_exception  # noqa: PLC0415

        def worth_it(failure: BaseException) -> bool:
            return isinstance(failure, _Passing) and not (failure.smaller and splittable)

        try:
            return Retrying(retry=retry_if_exception(worth_it), wait=_pause, stop=self._stop, sleep=self._pause, reraise=True)(
                self._once, query
            )
        except _Passing as passing:
            worn_out = self._trouble >= _TROUBLE_SECONDS
            if passing.smaller and splittable and not worn_out:
                raise
            raise Silence(passing.reason, final=worn_out or not passing.smaller) from None

    def _pause(self, seconds: float) -> None:
        self._trouble += seconds
        self.sleep(seconds)

    def _stop(self, state: RetryCallState) -> bool:
        failure = _failure(state)
        attempts = failure.attempts if isinstance(failure, _Passing) else 1
        return state.attempt_number >= attempts or self._trouble + state.upcoming_sleep > _TROUBLE_SECONDS

    def _once(self, query: str) -> _Answer:
        import requests  # noqa: PLC0415

        assert self._session
        self.asked += 1
        started = time.monotonic()
        try:
            response = self._session.post(
                self.place.endpoint,
                json={"query": query, "variables": {"owner": self.place.owner, "name": self.place.name}},
                auth=self._sign,
                timeout=(_CONNECT_SECONDS, _READ_SECONDS),
                allow_redirects=False,
            )
            return self._read(response)
        except requests.RequestException as error:
            self._trouble += time.monotonic() - started
            raise self._unreached(error) from None
        except _Passing:
            self._trouble += time.monotonic() - started
            raise

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """As ``auth``, because requests would otherwise take a password for the host from a netrc file."""
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request

    def _unreached(self, error: requests.RequestException) -> Exception:
        import requests  # noqa: PLC0415

        host = urlsplit(self.place.endpoint).netloc.rpartition("@")[2]
        if isinstance(error, requests.exceptions.SSLError):
            return Silence(f"the certificate of {host} was not accepted: check the date, the proxy and REQUESTS_CA_BUNDLE", final=True)
        if isinstance(error, requests.Timeout):
            return _Passing(
                f"{host} did not answer in time: check the network, and run again", smaller=isinstance(error, requests.ReadTimeout)
            )
        if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema | requests.exceptions.MissingSchema):
            return Silence("the address of GitHub is none: check GITHUB_GRAPHQL_URL and GITHUB_API_URL", final=True)
        return _Passing(f"{host} could not be reached: check the network, the proxy and GITHUB_GRAPHQL_URL, and run again")

    # --------------------------------------------------------------------------------------------------------------- reading

    def _read(self, response: requests.Response) -> _Answer:
        status = response.status_code
        if status == HTTPStatus.OK:
            return self._answer(response)
        said = self._said(response)
        pause = _asked_to_wait(response.headers)
        if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.FORBIDDEN and (pause or "rate limit" in said.lower())):
            raise _limited(pause)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            smaller = status in {HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}
            raise _Passing(f"GitHub answered {status}{said}: run again when it is well", pause=pause, smaller=smaller)
        # A token that was made a moment ago, and a limit that is not called one, are answered so, too: one more try is cheap.
        raise _Passing(self._refusal(status, said), attempts=_SECOND_CHANCE)

    def _refusal(self, status: int, said: str) -> str:
        what = {
            401: "GitHub does not accept the token (401{said}): set GITHUB_TOKEN anew, or run 'gh auth login'",
            403: "GitHub does not let the token read this (403{said}): give it contents: read and pull-requests: read",
            404: "there is no GraphQL API at {url} (404{said}): check GITHUB_GRAPHQL_URL and GITHUB_API_URL",
        }.get(status, "GitHub answered {status}{said}: check GITHUB_GRAPHQL_URL")
        return what.format(said=said, status=status, url=self._plain(self.place.endpoint))

    def _answer(self, response: requests.Response) -> _Answer:
        from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415

        try:
            answer = TypeAdapter(_Answer).validate_json(response.content)
        except ValidationError:
            raise _Passing(
                "GitHub's answer was not understood (no GraphQL answer): check GITHUB_GRAPHQL_URL and the proxy, and run again"
            ) from None
        if any(error.type == "RATE_LIMITED" for error in answer.errors or ()):
            raise _limited(_asked_to_wait(response.headers))
        if not answer.data or (answer.data.get("repository") is None and not any(error.type in _LASTING for error in answer.errors or ())):
            said = self._first(answer.errors or ())
            raise _Passing(f"GitHub answered without data{said}: run again", smaller=bool(answer.errors), attempts=_SECOND_CHANCE + 1)
        return answer

    def _nodes(self, parts: Mapping[str, str], answer: _Answer) -> dict[str, Node]:
        """What each part was answered with; a part with an error in it is no answer, even where there is some data of it."""
        repository = (answer.data or {}).get("repository")
        if not isinstance(repository, dict):
            told = f"GitHub does not show {self.place.repository} to this token{self._first(answer.errors or ())}"
            raise Silence(f"{told}: check the repository's name, and that the token may read it", final=True)
        nodes = {alias: Node(repository[alias]) if alias in repository else _LEFT_OUT for alias in parts}
        for error in answer.errors or ():
            failed = Node(silence=f"GitHub answered with an error{self._first([error])}: run again", passing=error.type not in _LASTING)
            path = error.path or ()
            nodes |= dict.fromkeys([str(path[1])] if len(path) > 1 and path[1] in parts else parts, failed)
        return nodes

    def _first(self, errors: Sequence[_Error]) -> str:
        return next((f" ({self._plain(error.message)})" for error in errors if error.message), "")

    def _said(self, response: requests.Response) -> str:
        """GitHub's own short word on it, in parentheses; a page of HTML says nothing."""
        try:
            told = json.loads(response.content)
        except ValueError:
            return ""
        message = told.get("message") if isinstance(told, dict) else None
        return f" ({self._plain(message)})" if isinstance(message, str) and message else ""

    def _plain(self, text: str) -> str:
        """One printable line, without the token even where a server repeats it."""
        kept = "".join(character if character.isprintable() else " " for character in text)
        return kept.replace(self.token, "***")[:_SAID_AT_MOST] if self.token else kept[:_SAID_AT_MOST]


def _query(parts: Mapping[str, str], fragments: str) -> str:
    selection = "\n".join(f"{alias}: {part}" for alias, part in parts.items())
    return f"query Lastcall($owner: String!, $name: String!) {{ repository(owner: $owner, name: $name) {{\n{selection}\n}} }}\n{fragments}"


def _failure(state: RetryCallState) -> BaseException:
    failure = state.outcome.exception() if state.outcome else None
    assert failure
    return failure


def _pause(state: RetryCallState) -> float:
    """What the forge asks for, else 1, 2, 4, … seconds with some chance in it, so that many jobs do not come back at once."""
    from tenacity import wait_exponential_jitter  # noqa: PLC0415

    failure = _failure(state)
    asked = failure.pause if isinstance(failure, _Passing) else 0
    return asked or wait_exponential_jitter(initial=1, max=_LONGEST_PAUSE)(state)


def _limited(pause: float) -> _Passing:
    when = f" in {int(pause) + 1} s" if pause else " later"
    return _Passing(f"GitHub's rate limit is used up: run again{when}", pause=pause)


def _asked_to_wait(headers: Mapping[str, str]) -> float:
    """Seconds that Retry-After asks for, or that are left until the limit is renewed; 0 where neither is said."""
    after = headers.get("Retry-After", "")
    if after.isascii() and after.isdigit():
        return max(float(after), 1.0)
    reset = headers.get("X-RateLimit-Reset", "")
    if headers.get("X-RateLimit-Remaining") == "0" and reset.isascii() and reset.isdigit():
        return max(float(reset) - time.time(), 1.0)
    return 0


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
