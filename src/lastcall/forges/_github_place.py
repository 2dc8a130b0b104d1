"""Where GitHub is, and with which token it is asked: from the environment and the clone's remotes."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from lastcall.model import LastcallError

_GITHUB = "github.com"
_SCP = re.compile(r"(?:[^@/:\s]+@)?([^/:\s\[\]]+):(?!//)/?(.+)")
_NAME = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
_GH_SECONDS = 5.0


@dataclass(frozen=True)
class Place:
    """A repository and where its server answers, over GraphQL and over REST; ``host`` is the server's, as ``gh`` names it."""

    endpoint: str
    rest: str
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
    server = _split(environ.get("GITHUB_SERVER_URL", "")).hostname or host or _GITHUB
    return Place(*_addresses(server, environ), server, name)


def _addresses(server: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """GITHUB_GRAPHQL_URL and GITHUB_API_URL, one beside the other where only one is given, else where the server has both.

    An Enterprise server has ``/api/graphql`` and ``/api/v3``; github.com and ghe.com have a host of its own for the two.
    """
    graphql, rest = environ.get("GITHUB_GRAPHQL_URL", ""), environ.get("GITHUB_API_URL", "").rstrip("/")
    if graphql and not rest:
        beside = graphql.removesuffix("/graphql")
        rest = f"{beside}/v3" if beside.endswith("/api") else beside
    if rest:
        return graphql or f"{rest.removesuffix('/v3')}/graphql", rest
    if server == _GITHUB or server.endswith(".ghe.com"):
        return f"https://api.{server}/graphql", f"https://api.{server}"
    return f"https://{server}/api/graphql", f"https://{server}/api/v3"


def _is_known(host: str, environ: Mapping[str, str]) -> bool:
    named = (_split(environ.get(name, "")).hostname for name in ("GITHUB_SERVER_URL", "GITHUB_API_URL", "GITHUB_GRAPHQL_URL"))
    return host == _GITHUB or host.endswith(".ghe.com") or host in {each for each in named if each}


def _parsed(remotes: Iterable[str]) -> list[tuple[str, str]]:
    """Host and owner/name of each remote that has both: ``https://…``, ``ssh://…`` and ``git@host:owner/name``."""
    found = []
    for remote in remotes:
        if "://" in remote:
            parts = _split(remote)
            scheme, host, path = parts.scheme, parts.hostname or "", parts.path
        else:
            match = _SCP.fullmatch(remote)
            scheme, host, path = ("ssh", match[1].lower(), match[2]) if match else ("", "", "")
        name = path.strip("/").removesuffix(".git")
        host = {"ssh.github.com": _GITHUB, "www.github.com": _GITHUB}.get(host, host)
        if host and scheme in {"https", "http", "ssh", "git", "git+ssh"} and _NAME.fullmatch(name):
            found.append((host, name))
    return found


def _split(url: str) -> SplitResult:
    """The parts of an address; one that is none (``https://[``) has no parts."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


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
