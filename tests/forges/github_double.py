"""A double of GitHub's GraphQL API: a real HTTP server that executes real queries on GitHub's own schema, over a world of plain data.

See README.md beside this file; ``python tests/forges/github_double.py WORLD.json`` runs it by itself.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from graphql import GraphQLError, GraphQLSchema, build_schema, graphql_sync

Json = dict[str, Any]

# --------------------------------------------------------------------------------------------------------------------------- worlds


@dataclass
class World:
    """What GitHub knows, as plain data.

    accounts: ``{"ann": {"id": 1, "type": "User", "emails": ["ann@example.org"], "writer": True}}``; what is left out is filled in.
    commits:  ``{sha: {"author": "ann", "committer": "ann", "message": "…", "tree": sha, "parents": [sha],
              "signed": "github" or a login}}``; co-authors are told by trailers in the message
    pulls:    ``{"number": 12, "title": "…", "state": "merged", "author": "ann" (None: deleted), "base": "main", "head": sha,
              "merge_commit": sha, "merged_at": "…Z", "commits": [sha], "landed": [sha], "repository": "acme/shop",
              "reviews": [{"author": "bob", "state": "APPROVED", "commit": sha, "at": "…Z", "writer": True}]}``
    """

    repository: str = "acme/shop"
    accounts: dict[str, Json] = field(default_factory=dict)
    commits: dict[str, Json] = field(default_factory=dict)
    pulls: list[Json] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> World:
        """A world from JSON; ``"git"`` in it names a repository whose commits are added."""
        told = json.loads(path.read_text(encoding="utf-8"))
        repository = told.pop("git", None)
        world = cls(**told)
        if repository:
            world.learn(Path(repository))
        return world

    def learn(self, repository: Path) -> None:
        """Adds every commit of a git repository that is not told already; people are mapped by the addresses of the accounts."""
        fields = "%H%x00%T%x00%P%x00%an%x00%ae%x00%cn%x00%ce%x00%B"
        log = subprocess.run(
            ["git", "log", "--all", "--reflog", "-z", f"--format={fields}%x00%x01"],
            cwd=repository,
            capture_output=True,
            check=True,
            text=True,
        )
        for record in log.stdout.split("\0\x01\0"):
            parts = record.removesuffix("\0\x01").split("\0")
            if len(parts) == 8:
                sha, tree, parents, name, email, committer, address, message = parts
                told = {
                    "tree": tree,
                    "parents": parents.split(),
                    "message": message.rstrip("\n"),
                    "author_name": name,
                    "author_email": email,
                }
                told |= {
                    "committer_name": committer,
                    "committer_email": address,
                    "author": self.by_email(email),
                    "committer": self.by_email(address),
                }
                self.commits[sha] = told | self.commits.get(sha, {})

    def by_email(self, email: str) -> str | None:
        return next((login for login, account in self.accounts.items() if email in self.emails(login, account)), None)

    @staticmethod
    def emails(login: str, account: Json) -> Sequence[str]:
        found: Sequence[str] = account.get("emails", [f"{login}@example.org"])
        return found


class _Answers:
    """The world in GitHub's words: dictionaries whose callable fields graphql-core resolves when they are asked for."""

    def __init__(self, world: World, truncated: Mapping[str, int]) -> None:
        self.world = world
        self.truncated = truncated
        self.holding: dict[str, list[Json]] = {}
        for pull in world.pulls:
            for sha in {*pull.get("commits", []), *pull.get("landed", []), *filter(None, [pull.get("merge_commit")])}:
                self.holding.setdefault(sha, []).append(pull)
        self.ids = {login: account.get("id", place) for place, (login, account) in enumerate(sorted(world.accounts.items()), start=1001)}

    def root(self) -> Json:
        return {"repository": self.repository, "rateLimit": {"cost": 1, "limit": 5000, "remaining": 4999, "nodeCount": 1, "used": 1}}

    def repository(self, _: object, owner: str, name: str, **__: object) -> Json | None:
        if f"{owner}/{name}".lower() != self.world.repository.lower():
            raise _typed(f"Could not resolve to a Repository with the name '{owner}/{name}'.", "NOT_FOUND")
        return {**self.named(self.world.repository), "object": self.object, "pullRequest": self.pull_request}

    def named(self, repository: str) -> Json:
        return {"__typename": "Repository", "name": repository.partition("/")[2], "nameWithOwner": repository}

    def object(self, _: object, oid: str = "", expression: str = "") -> Json | None:
        return self.commit(oid or expression)

    def pull_request(self, _: object, number: int) -> Json | None:
        pull = next((pull for pull in self.world.pulls if pull["number"] == number and self._ours(pull)), None)
        if pull is None:
            raise _typed(f"Could not resolve to a PullRequest with the number of {number}.", "NOT_FOUND")
        return self.pull(pull)

    def _ours(self, pull: Json) -> bool:
        return bool(pull.get("repository", self.world.repository) == self.world.repository)

    # --------------------------------------------------------------------------------------------------------------- objects

    def commit(self, sha: str | None) -> Json | None:
        told = self.world.commits.get(sha or "")
        if told is None:
            return None
        people = [self.git(told.get("author"), told, "author")]
        for name, email in re.findall(r"(?im)^co-authored-by: *(.*?) *<(.*?)>", told.get("message", "")):
            people.append(self.git(self.world.by_email(email), {"author_name": name, "author_email": email}, "author"))
        return {
            "__typename": "Commit",
            "oid": sha,
            "message": told.get("message", "A commit"),
            "tree": {"__typename": "Tree", "oid": told.get("tree", "0" * 40)},
            "committedViaWeb": told.get("committer") == "web-flow",
            "parents": self.connection("parents", [lambda parent=parent: self.commit(parent) for parent in told.get("parents", [])]),
            "author": self.git(told.get("author"), told, "author"),
            "committer": self.git(told.get("committer", told.get("author")), told, "committer"),
            "authors": self.connection("authors", [lambda person=person: person for person in people]),
            "signature": self.signature(told.get("signed")),
            "associatedPullRequests": self.connection(
                "associatedPullRequests", [lambda pull=pull: self.pull(pull) for pull in self.holding.get(sha or "", [])]
            ),
        }

    def git(self, login: str | None, told: Json, role: str) -> Json:
        account = self.world.accounts.get(login or "", {})
        user = {"databaseId": self.ids[login], "login": login} if login in self.ids and account.get("type", "User") == "User" else None
        email = told.get(f"{role}_email") or next(iter(self.world.emails(login or "nobody", account)), None)
        return {"name": told.get(f"{role}_name", login or "Nobody"), "email": email, "user": user}

    def signature(self, by: str | None) -> Json | None:
        if by is None:
            return None
        user = "web-flow" if by == "github" else by
        signer = {"databaseId": self.ids[user], "login": user} if user in self.ids else None
        return {
            "__typename": "GpgSignature",
            "isValid": True,
            "state": "VALID",
            "wasSignedByGitHub": by == "github",
            "signer": signer,
        }

    def actor(self, login: str | None) -> Json | None:
        if login is None:
            return None
        kind = self.world.accounts.get(login, {}).get("type", "User")
        return {"__typename": kind, "login": login.removesuffix("[bot]"), "databaseId": self.ids.get(login)}

    def pull(self, pull: Json) -> Json:
        state = pull.get("state", "merged").upper()
        repository = pull.get("repository", self.world.repository)
        return {
            "__typename": "PullRequest",
            "number": pull["number"],
            "url": f"https://github.example/{repository}/pull/{pull['number']}",
            "title": pull.get("title", f"Pull request {pull['number']}"),
            "state": state,
            "merged": state == "MERGED",
            "mergedAt": pull.get("merged_at", "2026-03-05T10:00:00Z") if state == "MERGED" else None,
            "mergeCommit": lambda _: self.commit(pull.get("merge_commit")),
            "baseRefName": pull["base"],
            "headRefName": pull.get("head_name", "topic"),
            "headRefOid": pull["head"],
            "baseRepository": self.named(repository),
            "author": self.actor(pull["author"]),
            "reviews": self.connection("reviews", [lambda review=review: self.review(review) for review in pull.get("reviews", [])]),
            "commits": self.connection("commits", [lambda sha=sha: {"commit": self.commit(sha)} for sha in pull.get("commits", [])]),
        }

    def review(self, review: Json) -> Json:
        writer = self.world.accounts.get(review["author"] or "", {}).get("writer", True)
        return {
            "__typename": "PullRequestReview",
            "state": review.get("state", "APPROVED"),
            "submittedAt": review.get("at", "2026-03-04T10:00:00Z"),
            "authorCanPushToRepository": review.get("writer", writer),
            "author": self.actor(review["author"]),
            "commit": self.commit(review["commit"]),
        }

    def connection(self, name: str, makers: Sequence[Callable[[], Json | None]]) -> Callable[..., Json]:
        def resolve(
            _: object, first: int | None = None, last: int | None = None, after: str = "", states: Sequence[str] = (), **__: object
        ) -> Json:
            asked = first if first is not None else last
            if asked is None or not 1 <= asked <= 100:
                raise _typed(
                    f"You must provide a `first` or `last` value from 1 to 100 to properly paginate the `{name}` connection.", "ARGUMENT"
                )
            every = (make() for make in makers)
            made = [item for item in every if item is not None and (not states or item["state"] in states)]
            start = int(after) if after else 0
            page = made[start : start + asked] if first is not None else made[-asked:]
            end = start + len(page)
            page = page[: self.truncated.get(name, len(page))]
            info = {"hasNextPage": end < len(made), "endCursor": str(end) if page else None}
            return {"totalCount": len(made), "nodes": page, "pageInfo": info}

        return resolve


def _typed(message: str, kind: str) -> GraphQLError:
    return GraphQLError(message, extensions={"type": kind})


@cache
def schema() -> GraphQLSchema:
    return build_schema((Path(__file__).parent / "github.graphql").read_text(encoding="utf-8"), assume_valid=True)


# --------------------------------------------------------------------------------------------------------------------------- server


@dataclass(frozen=True)
class Fault:
    """What happens to a request instead of an answer (or to its answer: ``edit``)."""

    status: int = 200
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    delay: float = 0
    edit: Callable[[Json], object] | None = None


@dataclass
class GithubDouble:
    """The server, in a thread of this process; a context manager.

    ``faults`` are by the number of the request, counted from 1; ``always`` holds for every other one.  ``most`` is how many parts a
    question may have before it is answered with 502; ``truncated`` cuts the pages of a list short, by its field, while its total stays.
    """

    world: World = field(default_factory=World)
    token: str = "not-a-real-token"
    faults: dict[int, Fault] = field(default_factory=dict)
    always: Fault | None = None
    most: int = 1000
    truncated: dict[str, int] = field(default_factory=dict)
    queries: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.double = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/graphql"

    @property
    def environ(self) -> dict[str, str]:
        """What lastcall needs to ask this double."""
        return {"GITHUB_GRAPHQL_URL": self.url, "GITHUB_TOKEN": self.token, "GITHUB_REPOSITORY": self.world.repository}

    def answer(self, asked: Json) -> Json:
        """What GitHub answers to a query: also an error is an answer."""
        query = asked["query"]
        done = graphql_sync(schema(), query, root_value=_Answers(self.world, self.truncated).root(), variable_values=asked.get("variables"))
        errors = [{**error.formatted, "type": (error.extensions or {}).get("type", "undefinedField")} for error in done.errors or ()]
        return {"data": done.data, **({"errors": errors} if errors else {})}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    double: GithubDouble

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: a second small one would wait for the client's acknowledgement
    server: _Server

    def do_POST(self) -> None:
        double = self.server.double
        asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
        double.queries.append(asked["query"])
        fault = double.faults.get(len(double.queries), double.always)
        if fault:
            time.sleep(fault.delay)
            if fault.cut:
                self.close_connection = True
                return
            if fault.status != 200 or fault.body is not None:
                self.reply(fault.status, fault.body if fault.body is not None else json.dumps({"message": "Injected"}), fault.headers)
                return
        self.reply_to(asked, fault)

    def reply_to(self, asked: Json, fault: Fault | None) -> None:
        double = self.server.double
        if self.headers.get("Authorization") != f"Bearer {double.token}":
            self.reply(401, json.dumps({"message": f"Bad credentials: {self.headers.get('Authorization')}"}))
            return
        if not self.path.endswith("/graphql"):
            self.reply(404, json.dumps({"message": "Not Found"}))
            return
        parts = sum(asked["query"].count(f"\n{name}: ") for name in _aliases(asked["query"])) + 1
        if parts > double.most:
            self.reply(502, "<html><h1>Unicorn!</h1></html>")
            return
        answer = double.answer(asked)
        if fault and fault.edit:
            fault.edit(answer)
        self.reply(200, json.dumps(answer), fault.headers if fault else {})

    def reply(self, status: int, body: str, headers: Mapping[str, str] | None = None) -> None:
        content = body.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Tests look at ``queries``."""


def _aliases(query: str) -> Iterable[str]:
    return {line.partition(":")[0] for line in query.splitlines()[2:] if line.partition(":")[0].isidentifier() and ": " in line}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("world", type=Path)
    parser.add_argument("--token", default=GithubDouble.token)
    parser.add_argument("--forever", action="store_true", help="serve until ended, whatever happens to standard input")
    asked = parser.parse_args()
    with GithubDouble(World.read(asked.world), asked.token) as double:
        print(double.url, flush=True)  # noqa: T201
        if asked.forever:
            threading.Event().wait()
        sys.stdin.read()


if __name__ == "__main__":
    main()
