"""Why GitHub did not answer, in words that a person can act on, and whether to ask again.  The token is in none of them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lastcall.forges._github_place import Place

if TYPE_CHECKING:
    import requests

_ATTEMPTS = 5
OTHER_CHANCES = 3
"""How often is tried what will hardly ever pass: a token made a moment ago, and a limit that is not called one, pass all the same."""
_SAID_AT_MOST = 160
_LONGEST = 1e9


class Silence(Exception):  # noqa: N818 - not an error of ours: the forge did not answer, and that is a fact
    """No answer.  ``final``: no other question will be answered either."""

    def __init__(self, reason: str, *, final: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final


class Passing(Exception):  # noqa: N818 - not an error: the same question may be answered in a moment
    """No answer for now; ``pause`` is how many seconds the forge asks to wait, ``smaller`` that a smaller question may help."""

    def __init__(self, reason: str, *, pause: float = 0, smaller: bool = False, attempts: int = _ATTEMPTS) -> None:
        super().__init__(reason)
        self.reason = reason
        self.pause = pause
        self.smaller = smaller
        self.attempts = attempts


@dataclass(frozen=True)
class Error:
    """An entry of a GraphQL answer's ``errors``."""

    message: str = ""
    type: str = ""
    path: Sequence[str | int] | None = None


@dataclass(frozen=True)
class Reasons:
    """What to say of a failure; ``token`` is what must not be said."""

    place: Place
    token: str = field(repr=False)

    def unreached(self, error: requests.RequestException, url: str) -> Exception:
        """Of a request without a response."""
        import requests  # noqa: PLC0415

        host = urlsplit(url).netloc.rpartition("@")[2]
        if isinstance(error, requests.exceptions.SSLError):
            return Silence(f"the certificate of {host} was not accepted: check the date, the proxy and REQUESTS_CA_BUNDLE", final=True)
        if isinstance(error, requests.Timeout):
            return Passing(
                f"{host} did not answer in time: check the network, and run again", smaller=isinstance(error, requests.ReadTimeout)
            )
        if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema | requests.exceptions.MissingSchema):
            return Silence("the address of GitHub is none: check GITHUB_GRAPHQL_URL and GITHUB_API_URL", final=True)
        return Passing(f"{host} could not be reached: check the network, the proxy and GITHUB_GRAPHQL_URL, and run again")

    def refused(self, response: requests.Response, method: str) -> Passing:
        """Of a response with a status that is no success."""
        status, said, pause = response.status_code, self._said(response), asked_to_wait(response.headers)
        if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.FORBIDDEN and (pause or "rate limit" in said.lower())):
            return limited(pause)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            smaller = status in {HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}
            return Passing(f"GitHub answered {status}{said}: run again when it is well", pause=pause, smaller=smaller)
        return Passing(self._refusal(status, said, method), attempts=OTHER_CHANCES)

    def _refusal(self, status: int, said: str, method: str) -> str:
        absent = "there is no GraphQL API at {url} (404{said}): check GITHUB_GRAPHQL_URL and GITHUB_API_URL"
        if method == "GET":
            absent = "GitHub does not show that of {repository} to this token (404{said}): give it contents: read, or check GITHUB_API_URL"
        what = {
            401: "GitHub does not accept the token (401{said}): set GITHUB_TOKEN anew, or run 'gh auth login'",
            403: "GitHub does not let the token read this (403{said}): give it contents: read and pull-requests: read",
            404: absent,
        }.get(status, "GitHub answered {status}{said}: check GITHUB_GRAPHQL_URL and GITHUB_API_URL")
        return what.format(said=said, status=status, url=self._plain(self.place.endpoint), repository=self.place.repository)

    def first(self, errors: Sequence[Error]) -> str:
        """The first message of a GraphQL answer's errors, in parentheses."""
        return next((f" ({self._plain(error.message)})" for error in errors if error.message), "")

    def _said(self, response: requests.Response) -> str:
        """GitHub's own short word on it, in parentheses; a page of HTML says nothing."""
        try:
            told = json.loads(response.content)
        except (ValueError, RecursionError):
            return ""
        message = told.get("message") if isinstance(told, dict) else None
        return f" ({self._plain(message)})" if isinstance(message, str) and message else ""

    def _plain(self, text: str) -> str:
        """One printable line, without the token even where a server repeats it."""
        kept = "".join(character if character.isprintable() else " " for character in text)
        return (kept.replace(self.token, "***") if self.token else kept)[:_SAID_AT_MOST]


def limited(pause: float) -> Passing:
    """The primary or a secondary rate limit, which ends in ``pause`` seconds (0: not said)."""
    when = f" in {int(pause) + 1} s" if pause else " later"
    return Passing(f"GitHub's rate limit is used up: run again{when}", pause=pause)


def asked_to_wait(headers: Mapping[str, str]) -> float:
    """Seconds that Retry-After asks for, or that are left until the limit is renewed; 0 where neither is said."""
    after = headers.get("Retry-After", "")
    if after.isascii() and after.isdigit():
        return min(max(float(after), 1.0), _LONGEST)
    reset = headers.get("X-RateLimit-Reset", "")
    if headers.get("X-RateLimit-Remaining") == "0" and reset.isascii() and reset.isdigit():
        return min(max(float(reset) - time.time(), 1.0), _LONGEST)
    return 0
