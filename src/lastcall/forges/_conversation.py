"""How to talk with a forge over HTTP: patience with what passes, an end to what does not, and nothing of the token in what is told."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import requests
    from tenacity import RetryCallState

T = TypeVar("T")

ATTEMPTS = 5
SECOND_CHANCE = 2
TIMEOUT = (10.0, 60.0)
"""Seconds to connect, and to wait for an answer."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SCP = re.compile(r"(?:[^@/:\s]+@)?([^/:\s\[\]]+):(?!//)/?(.+)")
_REMOTE = frozenset({"https", "http", "ssh", "git", "git+ssh"})
_LONGEST_PAUSE = 30.0
_TROUBLE_SECONDS = 180.0
_SAID_AT_MOST = 160


# ------------------------------------------------------------------------------------------------------------------------- where


@dataclass(frozen=True)
class Remote:
    """Where a remote of a clone is: its host, and the path of the repository there, without ``.git``."""

    scheme: str
    host: str
    path: str


def parsed(remotes: Iterable[str]) -> list[Remote]:
    """The remotes that are on some server: ``https://…``, ``ssh://…`` and ``git@host:path``."""
    found = []
    for remote in remotes:
        if "://" in remote:
            parts = urlsplit(remote)
            scheme, host, path = parts.scheme, parts.hostname or "", parts.path
        else:
            match = _SCP.fullmatch(remote)
            scheme, host, path = ("ssh", match[1].lower(), match[2]) if match else ("", "", "")
        if host and scheme in _REMOTE:
            found.append(Remote(scheme, host, path.strip("/").removesuffix(".git")))
    return found


def is_private(url: str) -> bool:
    """Whether a token may be sent there: encrypted, or to this very machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def origin(url: str) -> tuple[str, str]:
    """The scheme, and the host with its port: a token is sent to no other."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2]


# -------------------------------------------------------------------------------------------------------------------------- trying


class Silence(Exception):  # noqa: N818 - not an error of ours: the forge did not answer, and that is a fact
    """No answer.  ``final``: no other question will be answered either.

    ``absent``: there is no such thing; ``refused``: it is not for this token to see.
    """

    def __init__(self, reason: str, *, final: bool = False, absent: bool = False, refused: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final
        self.absent = absent
        self.refused = refused


class Passing(Exception):  # noqa: N818 - not an error: the same question may be answered in a moment
    """No answer for now, and ``lasting`` is what that means where it stays so; ``pause`` is how many seconds the forge asks to wait."""

    def __init__(self, lasting: Silence, *, pause: float = 0, attempts: int = ATTEMPTS) -> None:
        super().__init__(lasting.reason)
        self.lasting = lasting
        self.pause = pause
        self.attempts = attempts


@dataclass
class Patience:
    """Of one whole conversation at most three minutes are spent on failed requests and on waiting for better times."""

    sleep: Callable[[float], None] = time.sleep
    trouble: float = 0

    def tried(self, once: Callable[[], T]) -> T:
        """What ``once`` answers, asked again while that is worth it.  Raises Silence."""
        from tenacity import Retrying, retry_if_exception_type  # noqa: PLC0415  only who asks a forge pays for it

        retrying = Retrying(retry=retry_if_exception_type(Passing), wait=_pause, stop=self._stop, sleep=self._pause, reraise=True)
        try:
            found: T = retrying(self._timed, once)
        except Passing as passing:
            worn_out = self.trouble >= _TROUBLE_SECONDS
            raise Silence(passing.lasting.reason, final=True) if worn_out else passing.lasting from None
        return found

    def _timed(self, once: Callable[[], T]) -> T:
        started = time.monotonic()
        try:
            return once()
        except Passing:
            self.trouble += time.monotonic() - started
            raise

    def _pause(self, seconds: float) -> None:
        self.trouble += seconds
        self.sleep(seconds)

    def _stop(self, state: RetryCallState) -> bool:
        passing = _passing(state)
        if state.attempt_number >= passing.attempts:
            return True
        if self.trouble + state.upcoming_sleep <= _TROUBLE_SECONDS:
            return False
        self.trouble = max(self.trouble, _TROUBLE_SECONDS)  # who cannot wait for this one cannot wait for any other
        return True


def _passing(state: RetryCallState) -> Passing:
    failure = state.outcome.exception() if state.outcome else None
    assert isinstance(failure, Passing)
    return failure


def _pause(state: RetryCallState) -> float:
    """What the forge asks for, else 1, 2, 4, … seconds with some chance in it, so that many jobs do not come back at once."""
    from tenacity import wait_exponential_jitter  # noqa: PLC0415

    return _passing(state).pause or wait_exponential_jitter(initial=1, max=_LONGEST_PAUSE)(state)


def asked_to_wait(headers: Mapping[str, str], remaining: str, reset: str) -> float:
    """Seconds that Retry-After asks for, or that are left until the limit is renewed (``remaining`` and ``reset`` name those headers)."""
    after, until = headers.get("Retry-After", ""), headers.get(reset, "")
    if after.isascii() and after.isdigit():
        return max(float(after), 1.0)
    if headers.get(remaining) == "0" and until.isascii() and until.isdigit():
        return max(float(until) - time.time(), 1.0)
    return 0


def unreached(error: requests.RequestException, url: str, setting: str) -> Exception:
    """What a request that came to nothing means; ``setting`` is what the address can be set with."""
    import requests  # noqa: PLC0415

    host = origin(url)[1]
    if isinstance(error, requests.exceptions.SSLError):
        return Silence(f"the certificate of {host} was not accepted: check the date, the proxy and REQUESTS_CA_BUNDLE", final=True)
    if isinstance(error, requests.Timeout):
        return Passing(Silence(f"{host} did not answer in time: check the network, and run again", final=True))
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema | requests.exceptions.MissingSchema):
        return Silence(f"the address of the forge is none: check {setting}", final=True)
    return Passing(Silence(f"{host} could not be reached: check the network, the proxy and {setting}, and run again", final=True))


# ------------------------------------------------------------------------------------------------------------------------- reading


def one_line(text: str, secret: str) -> str:
    """One short printable line of what a server says, without the token even where it repeats that."""
    kept = "".join(character if character.isprintable() else " " for character in text)
    return (kept.replace(secret, "***") if secret else kept)[:_SAID_AT_MOST]


def shaped(kind: type[T], content: bytes) -> T | None:
    """JSON as a ``kind`` (a dataclass, or a list of them; what else it holds is left aside), or None where it has another shape."""
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415

    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind).validate_json
    try:
        found: T = _ADAPTERS[kind](content)  # type: ignore[assignment]  # an adapter of a kind gives that kind
    except ValidationError:
        return None
    return found


_ADAPTERS: dict[object, Callable[[bytes], object]] = {}
