"""One conversation with GitLab's REST API (version 4): where it is, who asks, and page after page of its lists.

https://docs.gitlab.com/api/rest/ .  Whatever goes wrong ends in a ``silence`` with a reason that a person can act on; the token is in no
reason and in no exception.  Reading takes a token with the scope ``read_api``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Generic, Self, TypeVar
from urllib.parse import parse_qs, quote, urlencode, urljoin, urlsplit

from lastcall import __version__
from lastcall.forges._conversation import (
    SECOND_CHANCE,
    TIMEOUT,
    Passing,
    Patience,
    Silence,
    asked_to_wait,
    is_private,
    one_line,
    origin,
    parsed,
    shaped,
    unreached,
)
from lastcall.forges._gitlab_answers import Project
from lastcall.model import LastcallError

if TYPE_CHECKING:
    import requests

T = TypeVar("T")

_GITLAB = "gitlab.com"
_PROJECT = re.compile(r"[\w.-]+(?:/[\w.-]+)+|\d+")
_A_PAGE = 100
_PAGES_AT_MOST = 50
_SETTING = "CI_API_V4_URL or GITLAB_URL"
_OF_A_JOB = "a job's own token (CI_JOB_TOKEN) may read only a little of this API: set GITLAB_TOKEN to one with the scope read_api"
_SECOND_PAUSE = 0.5
_MOVED = frozenset({301, 302, 307, 308})


# ------------------------------------------------------------------------------------------------------------------------- where


@dataclass(frozen=True)
class Place:
    """A project (its path, or its number) and the API that knows of it; ``host`` is the server's name in addresses that it gives away."""

    base: str
    host: str
    project: str
    graphql: str = ""


def is_gitlab(remotes: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Whether the environment names a GitLab project, or a remote is on gitlab.com or on the server that the environment names."""
    if environ.get("CI_PROJECT_PATH") or environ.get("CI_PROJECT_ID"):
        return True
    return any(_is_known(remote.host, environ) for remote in parsed(remotes))


def place(remotes: Sequence[str], environ: Mapping[str, str]) -> Place:
    """The project under judgement.

    In a pipeline for a merge request that is the project it goes into, which is another one where it comes from a fork.  Raises
    LastcallError where neither the environment nor a remote names a project.
    """
    found = [remote for remote in parsed(remotes) if _PROJECT.fullmatch(remote.path)]
    remote = next((each for each in found if _is_known(each.host, environ)), next(iter(found), None))
    server = environ.get("CI_SERVER_HOST") or (remote.host if remote else "") or _GITLAB
    server = {"altssh.gitlab.com": _GITLAB, "www.gitlab.com": _GITLAB}.get(server, server)
    root = environ.get("GITLAB_URL", "").rstrip("/") or f"https://{server}"
    base = environ.get("CI_API_V4_URL", "").rstrip("/") or f"{root}/api/v4"
    named = ("CI_MERGE_REQUEST_PROJECT_PATH", "CI_PROJECT_PATH", "CI_PROJECT_ID")
    name = next((environ[each] for each in named if environ.get(each)), "") or _below(urlsplit(base).path, remote.path if remote else "")
    if not _PROJECT.fullmatch(name):
        told = f"the project is named {name!r}, which is not group/project" if name else "no remote of this clone is a GitLab project"
        raise LastcallError(
            told, "set CI_PROJECT_PATH=group/project, and GITLAB_URL for your own server, or leave reviews out with --forge none"
        )
    host = environ.get("CI_SERVER_HOST") or urlsplit(base).hostname or server
    return Place(base, host, name, environ.get("CI_API_GRAPHQL_URL") or f"{base.removesuffix('/v4')}/graphql")


def _below(api: str, path: str) -> str:
    """A project's path without what the server's own is below of (``https://acme.org/gitlab/group/project``)."""
    root = api.removesuffix("/api/v4").strip("/")
    return path.removeprefix(f"{root}/") if root else path


def _is_known(host: str, environ: Mapping[str, str]) -> bool:
    named = {urlsplit(environ.get(name, "")).hostname for name in ("CI_API_V4_URL", "CI_SERVER_URL", "GITLAB_URL")}
    return host in {_GITLAB, "altssh.gitlab.com", environ.get("CI_SERVER_HOST") or _GITLAB} | named


@dataclass(frozen=True)
class Token:
    """Who asks: the token, and the header that it goes into."""

    header: str = "PRIVATE-TOKEN"
    text: str = field(default="", repr=False)

    @property
    def is_of_job(self) -> bool:
        return self.header == "JOB-TOKEN"


def token(environ: Mapping[str, str]) -> Token:
    """GITLAB_TOKEN, or the token that every job has."""
    given = environ.get("GITLAB_TOKEN", "").strip()
    return Token(text=given) if given else Token("JOB-TOKEN", environ.get("CI_JOB_TOKEN", "").strip())


# --------------------------------------------------------------------------------------------------------------------------- what


@dataclass(frozen=True)
class Told(Generic[T]):
    """What a question was answered with, or the reason for which it was not; ``absent``: there is no such thing, or none to be seen.

    ``refused``: others may be allowed to see it, this token is not.
    """

    value: T | None = None
    silence: str = ""
    absent: bool = False
    refused: bool = False


@dataclass(frozen=True)
class Listed(Generic[T]):
    """The entries of a list, all of them unless there is a ``silence``."""

    entries: tuple[T, ...] = ()
    silence: str = ""
    absent: bool = False
    refused: bool = False


@dataclass(frozen=True)
class _Page(Generic[T]):
    entries: list[T]
    total: int | None
    next: str


@dataclass
class Api:
    """The conversation: a context manager that holds one connection.

    Once it is over (the token is not accepted, too much time was lost) every further question is answered with the reason for that.
    """

    place: Place
    token: Token
    patience: Patience = field(default_factory=Patience)
    asked: int = 0
    _second_chances: int = 10
    _over: str = ""
    _session: requests.Session | None = None

    def __enter__(self) -> Self:
        import requests  # noqa: PLC0415  only who asks GitLab pays for it

        self._session = requests.Session()
        self._session.headers.update({"User-Agent": f"lastcall/{__version__}", "Accept": "application/json"})
        self._over = self._refuse_to_start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._session:
            self._session.close()

    def project(self) -> Told[Project]:
        """The project itself.  Where it is not to be seen nothing of it is, and the conversation is over."""
        told = self.one(path("projects", self.place.project), Project)
        if told.value is None and not self._over:
            self._over = told.silence
            if told.absent:
                self._over = f"GitLab does not show {self.place.project} to this token: check the name, and that the token may read it"
                self._over += f"; {_OF_A_JOB}" if self.token.is_of_job else ""
        return told if told.value else Told(silence=self._over)

    def one(self, where: str, kind: type[T], *, often_absent: bool = False) -> Told[T]:
        """One thing; where it is ``often_absent``, that is believed at once."""
        if self._over:
            return Told(silence=self._over)
        try:
            return Told(self._asked(lambda: self._value(self._send("GET", f"{self.place.base}/{where}", often_absent=often_absent), kind)))
        except Silence as silence:
            return Told(silence=silence.reason, absent=silence.absent, refused=silence.refused)

    def all(self, where: str, kind: type[T], what: str, **parameters: str) -> Listed[T]:
        """All entries of a list, page after page; a list that stays short of the total that GitLab counts is a silence, too."""
        if self._over:
            return Listed(silence=self._over)
        found: list[T] = []
        url, total = f"{self.place.base}/{where}?{urlencode({'per_page': str(_A_PAGE), **parameters})}", None
        try:
            for _ in range(_PAGES_AT_MOST):
                page = self._asked(partial(self._page, url, kind))
                found += page.entries
                total, url = page.total if page.total is not None else total, page.next
                if not url:
                    break
        except Silence as silence:
            return Listed(tuple(found), silence.reason, silence.absent and not found, silence.refused)
        short = bool(url) or (total is not None and total != len(found))
        count = f"{len(found)} of its {total if total is not None else f'more than {len(found)}'} {what}"
        return Listed(tuple(found), f"GitLab listed {count}: run again" if short else "")

    def query(self, query: str, variables: Mapping[str, object], kind: type[T]) -> Told[T]:
        """What GitLab's GraphQL API answers, on the same server only."""
        if self._over or origin(self.place.graphql) != origin(self.place.base):
            return Told(silence=self._over or "GitLab's GraphQL API is on another server")
        body = json.dumps({"query": query, "variables": variables})
        try:
            # Where this API is refused the other may not be, so the conversation goes on.
            return Told(self.patience.tried(lambda: self._value(self._send("POST", self.place.graphql, body), kind)))
        except Silence as silence:
            return Told(silence=silence.reason, absent=silence.absent, refused=silence.refused)

    # ---------------------------------------------------------------------------------------------------------------- trying

    def _refuse_to_start(self) -> str:
        if not is_private(self.place.base):
            where = urlsplit(self.place.base).hostname or "nowhere"
            return f"a token is not sent to {where} without encryption: set {_SETTING} to an https address"
        text = self.token.text
        if not text:
            return "there is no token for GitLab: set GITLAB_TOKEN to one with the scope read_api"
        if not text.isascii() or not text.isprintable() or " " in text:
            return "the token for GitLab holds characters that no token has: set GITLAB_TOKEN anew"
        return ""

    def _asked(self, once: Callable[[], T]) -> T:
        try:
            return self.patience.tried(once)
        except Silence as silence:
            if silence.final:
                self._over = silence.reason
            raise

    def _send(self, method: str, url: str, body: str = "", *, often_absent: bool = False) -> requests.Response:
        import requests  # noqa: PLC0415

        assert self._session
        headers = {"Content-Type": "application/json"} if body else {}
        for _ in range(2):  # a project that was renamed is answered with where it is now
            self.asked += 1
            try:
                response = self._session.request(
                    method, url, data=body or None, headers=headers, auth=self._sign, timeout=TIMEOUT, allow_redirects=False
                )
            except requests.RequestException as error:
                raise unreached(error, url, _SETTING) from None
            there = urljoin(url, response.headers.get("Location", ""))
            if method != "GET" or response.status_code not in _MOVED or not self._is_ours(there):
                break
            url = there
        if not (often_absent and response.status_code == HTTPStatus.NOT_FOUND):
            self._look_at(response)
            return response
        raise self._refusal(response.status_code, self._said(response))

    def _is_ours(self, url: str) -> bool:
        return origin(url) == origin(self.place.base) and urlsplit(url).path.startswith(f"{urlsplit(self.place.base).path}/")

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """As ``auth``, because requests would otherwise take a password for the host from a netrc file."""
        request.headers[self.token.header] = self.token.text
        return request

    # --------------------------------------------------------------------------------------------------------------- reading

    def _look_at(self, response: requests.Response) -> None:
        """Raises what an answer means that holds nothing."""
        status = response.status_code
        if status == HTTPStatus.OK:
            return
        said = self._said(response)
        pause = asked_to_wait(response.headers, "RateLimit-Remaining", "RateLimit-Reset")
        if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.FORBIDDEN and pause):
            when = f" in {int(pause) + 1} s" if pause else " later"
            raise Passing(Silence(f"GitLab's rate limit is used up: run again{when}", final=True), pause=pause)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Passing(Silence(f"GitLab answered {status}{said}: run again when it is well"), pause=pause)
        raise self._once_more(self._refusal(status, said))

    def _refusal(self, status: int, said: str) -> Silence:
        hint = _OF_A_JOB if self.token.is_of_job else "give it the scope read_api, and a role in the project"
        if status == HTTPStatus.UNAUTHORIZED:
            hint = _OF_A_JOB if self.token.is_of_job else "set GITLAB_TOKEN anew"
            return Silence(f"GitLab does not accept the token (401{said}): {hint}", final=True, refused=True)
        if status == HTTPStatus.FORBIDDEN:
            return Silence(f"GitLab does not let the token read this (403{said}): {hint}", refused=True)
        if status == HTTPStatus.NOT_FOUND:
            return Silence(f"GitLab has no such thing, or does not show it (404{said}): {hint}", absent=True)
        return Silence(f"GitLab answered {status}{said}: check {_SETTING}")

    def _once_more(self, refusal: Silence) -> Exception:
        """A token that was made a moment ago, and a replica that lags behind, are answered so, too.

        One more try is cheap, but not for each of hundreds of commits that nobody has pushed.
        """
        self._second_chances -= 1
        return Passing(refusal, pause=_SECOND_PAUSE, attempts=SECOND_CHANCE) if self._second_chances >= 0 else refusal

    def _value(self, response: requests.Response, kind: type[T]) -> T:
        found = shaped(kind, response.content)
        if found is None:
            raise _garbled()
        return found

    def _page(self, url: str, kind: type[T]) -> _Page[T]:
        response = self._send("GET", url)
        entries: list[T] = self._value(response, list[kind])  # type: ignore[valid-type]  # known at run time only
        total = response.headers.get("X-Total", "")
        return _Page(entries, int(total) if total.isascii() and total.isdigit() else None, self._next(url, response, len(entries)))

    def _next(self, url: str, response: requests.Response, came: int) -> str:
        """Where the next page is: by its number, or by the link that keyset pages have; a full page without either may have one, too."""
        headers, parameters = response.headers, {name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()}
        link = response.links.get("next", {}).get("url", "")
        number = headers.get("X-Next-Page", "")
        if "X-Next-Page" not in headers:
            if link and not self._is_ours(link):
                raise Silence("GitLab's next page is on another server: check the address of its API")
            if link or came < _A_PAGE:
                return link
            number = str(int(parameters.get("page", "1")) + 1)
        if not number.strip():
            return ""
        if not (number.isascii() and number.isdigit()):
            raise _garbled()
        return f"{url.partition('?')[0]}?{urlencode(parameters | {'page': number})}"

    def _said(self, response: requests.Response) -> str:
        """GitLab's own short word on it; a page of HTML says nothing."""
        try:
            told = json.loads(response.content)
        except (ValueError, RecursionError):
            return ""
        word = (told.get("message") or told.get("error")) if isinstance(told, dict) else ""
        return f": {one_line(word, self.token.text)}" if isinstance(word, str) and word else ""


def _garbled() -> Passing:
    told = f"GitLab's answer was not understood: check {_SETTING} and the proxy, and run again"
    return Passing(Silence(told), attempts=SECOND_CHANCE + 1)


def path(*parts: str | int) -> str:
    """Names as the parts of a path: what is in a name (``group/project``, ``release/1``) is no part of its own."""
    return "/".join(quote(str(part), safe="") for part in parts)
