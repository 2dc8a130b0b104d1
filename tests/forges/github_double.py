"""A double of GitHub: a real HTTP server that executes real queries on GitHub's own GraphQL schema, over a world of plain data.

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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from graphql import DocumentNode, GraphQLError, GraphQLSchema, build_schema, execute_sync, parse, validate

Json = dict[str, Any]

LIMIT: Json = {"cost": 3, "limit": 5000, "remaining": 4988, "resetAt": "2026-11-21T18:00:00Z", "nodeCount": 1, "used": 12}

# --------------------------------------------------------------------------------------------------------------------------- worlds


@dataclass
class World:
    """What GitHub knows, as plain data.

    accounts: ``{"ann": {"id": 1, "type": "User", "emails": ["ann@example.org"], "writer": True}}``; what is left out is filled in.
    commits:  ``{sha: {"author": "ann", "committer": "ann", "message": "…", "tree": sha, "parents": [sha],
              "signed": "github" or a login}}``; co-authors are told by trailers in the message
    pulls:    ``{"number": 12, "title": "…", "state": "merged", "author": "ann" (None: deleted), "base": "main", "head": sha,
              "merge_commit": sha, "merged_at": "…Z", "commits": [sha], "landed": [sha], "repository": "acme/shop",
              "reviews": [{"author": "bob", "state": "APPROVED", "commit": sha, "at": "…Z", "writer": True, "edited": "…Z",
              "teams": ["acme/db"]}],
              "merged_by": "bob", "force_pushes": [{"actor": "ann", "before": sha, "after": sha, "at": "…Z"}],
              "base_changes": [{"before": "main", "after": "release/1", "at": "…Z", "automatic": False}]}``
    checks:   ``{sha: [{"name": "test", "app": "github-actions", "status": "COMPLETED", "conclusion": "SUCCESS", "url": "…",
              "started": "…Z"}, {"context": "ci/load", "state": "SUCCESS", "url": "…"}]}``; nothing ever ran on a commit that is left out
    teams:    ``{"acme/db": ["ann", "bob"]}``; None instead of the members: the token may not see them
    tags:     ``{"freeze/release/1": {"object": sha, "commit": sha}}``; ``"target"``, another such, instead of a commit: a tag of a tag;
              only a sha: a lightweight one
    activity: ``[{"ref": "refs/heads/release/1", "before": sha, "after": sha, "at": "…Z", "type": "push", "actor": "ann"}]``
    """

    repository: str = "acme/shop"
    accounts: dict[str, Json] = field(default_factory=dict)
    commits: dict[str, Json] = field(default_factory=dict)
    pulls: list[Json] = field(default_factory=list)
    checks: dict[str, list[Json]] = field(default_factory=dict)
    teams: dict[str, list[str] | None] = field(default_factory=dict)
    tags: dict[str, Any] = field(default_factory=dict)
    activity: list[Json] = field(default_factory=list)

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
        """Adds every commit and tag of a git repository that is not told already; people are mapped by the addresses of the accounts."""
        self._learn_tags(repository)
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

    def _learn_tags(self, repository: Path) -> None:
        listed = subprocess.run(
            ["git", "for-each-ref", "--format=%(refname:strip=2)%00%(objectname)%00%(*objectname)", "refs/tags"],
            cwd=repository,
            capture_output=True,
            check=True,
            text=True,
        )
        for name, tag, peeled in (line.split("\0") for line in listed.stdout.splitlines()):
            self.tags.setdefault(name, {"object": tag, "commit": peeled} if peeled else tag)

    def by_email(self, email: str) -> str | None:
        return next((login for login, account in self.accounts.items() if email in self.emails(login, account)), None)

    @staticmethod
    def emails(login: str, account: Json) -> Sequence[str]:
        found: Sequence[str] = account.get("emails", [f"{login}@example.org"])
        return found


class _Answers:
    """The world in GitHub's words: dictionaries whose callable fields graphql-core resolves when they are asked for."""

    def __init__(self, world: World, truncated: Mapping[str, int], limit: Json | None) -> None:
        self.world = world
        self.truncated = truncated
        self.limit = limit
        self.holding: dict[str, list[Json]] = {}
        for pull in world.pulls:
            for sha in {*pull.get("commits", []), *pull.get("landed", []), *filter(None, [pull.get("merge_commit")])}:
                self.holding.setdefault(sha, []).append(pull)
        self.ids = {login: account.get("id", place) for place, (login, account) in enumerate(sorted(world.accounts.items()), start=1001)}

    def root(self) -> Json:
        return {"repository": self.repository, "organization": self.organization, "node": self.node, "rateLimit": self.limit}

    def repository(self, _: object, owner: str, name: str, **__: object) -> Json | None:
        if f"{owner}/{name}".lower() != self.world.repository.lower():
            raise _typed(f"Could not resolve to a Repository with the name '{owner}/{name}'.", "NOT_FOUND")
        return {**self.named(self.world.repository), "object": self.object, "pullRequest": self.pull_request, "ref": self.ref}

    def named(self, repository: str) -> Json:
        return {"__typename": "Repository", "name": repository.partition("/")[2], "nameWithOwner": repository}

    def object(self, _: object, oid: str = "", expression: str = "") -> Json | None:
        return self.commit(oid or expression)

    def pull_request(self, _: object, number: int) -> Json | None:
        pull = next((pull for pull in self.world.pulls if pull["number"] == number and self._ours(pull)), None)
        if pull is None:
            raise _typed(f"Could not resolve to a PullRequest with the number of {number}.", "NOT_FOUND")
        return self.pull(pull)

    def ref(self, _: object, qualifiedName: str) -> Json | None:  # noqa: N803 - as GitHub calls it
        name = qualifiedName.removeprefix("refs/tags/")
        told = self.world.tags.get(name) if name != qualifiedName else None
        return {"__typename": "Ref", "name": name, "target": self.tagged(told)} if told is not None else None

    def tagged(self, told: Json | str) -> Json:
        if isinstance(told, str):
            return self.commit(told) or {"__typename": "Commit", "oid": told}
        return {"__typename": "Tag", "oid": told["object"], "target": self.tagged(told.get("target") or told["commit"])}

    def organization(self, _: object, login: str) -> Json | None:
        if not any(name.partition("/")[0].lower() == login.lower() for name in self.world.teams):
            raise _typed(f"Could not resolve to an Organization with the login of '{login}'.", "NOT_FOUND")
        return {"__typename": "Organization", "login": login, "team": lambda _, slug: self.team(f"{login}/{slug}")}

    def team(self, name: str) -> Json | None:
        known = {each.lower(): (each, members) for each, members in self.world.teams.items()}
        if name.lower() not in known:
            return None
        name, members = known[name.lower()]
        if members is None:
            raise _typed("Resource not accessible by integration", "FORBIDDEN")
        return self.named_team(name) | {"members": self.connection("members", [lambda login=login: self.actor(login) for login in members])}

    def named_team(self, name: str) -> Json:
        organization, _, slug = name.partition("/")
        return {
            "__typename": "Team",
            "slug": slug,
            "combinedSlug": name,
            "organization": {"__typename": "Organization", "login": organization},
        }

    def node(self, _: object, id: str) -> Json | None:  # noqa: A002 - as GitHub calls it
        found = (
            self.review(review, pull["number"], place)
            for pull in self.world.pulls
            for place, review in enumerate(pull.get("reviews", []))
            if id == f"PRR_{pull['number']}_{place}"
        )
        node = next(found, None)
        if node is None:
            raise _typed(f"Could not resolve to a node with the global id of '{id}'.", "NOT_FOUND")
        return node

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
            "statusCheckRollup": self.rollup(sha or ""),
            "associatedPullRequests": self.connection(
                "associatedPullRequests", [lambda pull=pull: self.pull(pull) for pull in self.holding.get(sha or "", [])]
            ),
        }

    def rollup(self, sha: str) -> Json | None:
        if sha not in self.world.checks:
            return None
        told = self.world.checks[sha]
        made = [lambda told=told, place=place: self.check(told, place) for place, told in enumerate(told)]
        return {"__typename": "StatusCheckRollup", "state": "SUCCESS", "contexts": self.connection("contexts", made)}

    def check(self, told: Json, place: int) -> Json:
        if "context" in told:
            status = {"__typename": "StatusContext", "context": told["context"], "state": told.get("state", "SUCCESS")}
            return status | {"targetUrl": told.get("url"), "createdAt": told.get("started", "2026-03-05T10:00:00Z")}
        app, done = told.get("app", "github-actions"), told.get("status", "COMPLETED") == "COMPLETED"
        return {
            "__typename": "CheckRun",
            "name": told["name"],
            "databaseId": told.get("id", place + 1),
            "status": told.get("status", "COMPLETED"),
            "conclusion": told.get("conclusion", "SUCCESS" if done else None),
            "detailsUrl": told.get("url"),
            "startedAt": told.get("started"),
            "completedAt": told.get("completed"),
            "checkSuite": {"__typename": "CheckSuite", "app": {"slug": app, "databaseId": APPS.get(app, 99)} if app else None},
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
            "mergedBy": self.actor(pull.get("merged_by")),
            "reviews": self.connection("reviews", [partial(self.review, *each) for each in self.reviews(pull)]),
            "timelineItems": self.connection("timelineItems", [lambda event=event: event for event in self.events(pull)], more=40),
            "commits": self.connection("commits", [lambda sha=sha: {"commit": self.commit(sha)} for sha in pull.get("commits", [])]),
        }

    def reviews(self, pull: Json) -> list[tuple[Json, int, int]]:
        return [(review, pull["number"], place) for place, review in enumerate(pull.get("reviews", []))]

    def events(self, pull: Json) -> list[Json]:
        """By time, as GitHub tells them."""
        pushes = [
            {
                "__typename": "HeadRefForcePushedEvent",
                "createdAt": told.get("at", "2026-03-04T12:00:00Z"),
                "actor": self.actor(told.get("actor")),
                "beforeCommit": self.commit(told.get("before")),
                "afterCommit": self.commit(told.get("after")),
            }
            for told in pull.get("force_pushes", [])
        ]
        return sorted([*pushes, *map(self.base_change, pull.get("base_changes", []))], key=lambda event: str(event["createdAt"]))

    def base_change(self, told: Json) -> Json:
        event = {"createdAt": told.get("at", "2026-03-04T12:00:00Z"), "actor": self.actor(told.get("actor"))}
        if told.get("automatic"):
            return event | {"__typename": "AutomaticBaseChangeSucceededEvent", "oldBase": told["before"], "newBase": told["after"]}
        return event | {"__typename": "BaseRefChangedEvent", "previousRefName": told["before"], "currentRefName": told["after"]}

    def review(self, review: Json, number: int, place: int) -> Json:
        writer = self.world.accounts.get(review["author"] or "", {}).get("writer", True)
        teams = [lambda name=name: self.named_team(name) for name in review.get("teams", [])]
        return {
            "__typename": "PullRequestReview",
            "id": f"PRR_{number}_{place}",
            "lastEditedAt": review.get("edited"),
            "onBehalfOf": self.connection("onBehalfOf", teams),
            "state": review.get("state", "APPROVED"),
            "submittedAt": review.get("at", "2026-03-04T10:00:00Z"),
            "authorCanPushToRepository": review.get("writer", writer),
            "author": self.actor(review["author"]),
            "commit": self.commit(review["commit"]),
        }

    def connection(self, name: str, makers: Sequence[Callable[[], Json | None]], more: int = 0) -> Callable[..., Json]:
        """A list, page by page.  ``more`` is by how much its total is wrong: that of a timeline counts what was not asked for, too."""

        def resolve(
            _: object,
            first: int | None = None,
            last: int | None = None,
            after: str = "",
            states: Sequence[str] = (),
            itemTypes: Sequence[str] = (),  # noqa: N803 - as GitHub calls it
            **__: object,
        ) -> Json:
            asked = first if first is not None else last
            if asked is None or not 1 <= asked <= 100:
                raise _typed(
                    f"You must provide a `first` or `last` value from 1 to 100 to properly paginate the `{name}` connection.", "ARGUMENT"
                )
            every = (make() for make in makers)
            made = [
                item
                for item in every
                if item is not None
                and (not states or item["state"] in states)
                and (not itemTypes or re.sub(r"(?<!^)(?=[A-Z])", "_", item["__typename"]).upper() in itemTypes)
            ]
            start = int(after) if after else 0
            page = made[start : start + asked] if first is not None else made[-asked:]
            end = start + len(page)
            info = {"hasNextPage": end < len(made), "endCursor": str(end) if page else None}
            page = page[: self.truncated.get(name, len(page))]
            edges = [{"cursor": str(place), "node": item} for place, item in enumerate(page, start + 1)]
            return {"totalCount": len(made) + more, "nodes": page, "edges": edges, "pageInfo": info}

        return resolve


APPS = {"github-actions": 15368, "load-tester": 4711}


def _typed(message: str, kind: str) -> GraphQLError:
    return GraphQLError(message, extensions={"type": kind})


@cache
def schema() -> GraphQLSchema:
    return build_schema((Path(__file__).parent / "github.graphql").read_text(encoding="utf-8"), assume_valid=True)


@lru_cache(maxsize=500)
def _understood(query: str) -> DocumentNode | Sequence[GraphQLError]:
    """The query, or what is wrong with it; kept, because tests ask the same again and again."""
    try:
        document = parse(query)
    except GraphQLError as error:
        return [error]
    return validate(schema(), document) or document


# --------------------------------------------------------------------------------------------------------------------------- server


@dataclass(frozen=True)
class Fault:
    """What happens to a request instead of an answer (or to its answer: ``edit``)."""

    status: int = 200
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    delay: float = 0
    edit: Callable[[Any], object] | None = None


@dataclass
class GithubDouble:
    """The server, in a thread of this process; a context manager.

    ``queries`` are the requests it got: GraphQL queries, and ``GET /path?query`` over REST.  ``faults`` are by the number of the request,
    counted from 1; ``always`` holds for every other one.  ``most`` is how many parts a question may have before it is answered with 502;
    ``truncated`` cuts the pages of a list short, by its field, while its total stays.  ``limit`` is what it tells of the rate limit.
    """

    world: World = field(default_factory=World)
    token: str = "not-a-real-token"
    faults: dict[int, Fault] = field(default_factory=dict)
    always: Fault | None = None
    most: int = 1000
    truncated: dict[str, int] = field(default_factory=dict)
    limit: Json | None = field(default_factory=lambda: dict(LIMIT))
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
    def rest(self) -> str:
        return f"{self.url.removesuffix('/graphql')}/api/v3"

    @property
    def environ(self) -> dict[str, str]:
        """What lastcall needs to ask this double."""
        addresses = {"GITHUB_GRAPHQL_URL": self.url, "GITHUB_API_URL": self.rest}
        return addresses | {"GITHUB_TOKEN": self.token, "GITHUB_REPOSITORY": self.world.repository}

    def answer(self, asked: Json) -> Json:
        """What GitHub answers to a query: also an error is an answer."""
        document = _understood(asked["query"])
        if not isinstance(document, DocumentNode):
            return {"errors": [{**error.formatted, "type": "undefinedField"} for error in document]}
        root = _Answers(self.world, self.truncated, self.limit).root()
        done = execute_sync(schema(), document, root_value=root, variable_values=asked.get("variables"))
        errors = [{**error.formatted, "type": (error.extensions or {}).get("type", "undefinedField")} for error in done.errors or ()]
        return {"data": done.data, **({"errors": errors} if errors else {})}

    def activity(self, path: str, asked: Mapping[str, str]) -> tuple[int, object, dict[str, str]]:
        """What GitHub answers over REST: the status, the content, and with ``Link`` where it goes on."""
        if path.lower() != f"/api/v3/repos/{self.world.repository}/activity".lower():
            return 404, {"message": "Not Found"}, {}
        found = [told for told in self.world.activity if asked.get("ref") in {None, told["ref"], told["ref"].removeprefix("refs/heads/")}]
        newest_first = sorted(found, key=lambda told: str(told["at"]), reverse=True)
        start, size = int(asked.get("after", "0")), min(int(asked.get("per_page", "30")), 100)
        link = urlencode({**asked, "after": start + size})
        headers = {"Link": f'<{self.rest.removesuffix("/api/v3")}{path}?{link}>; rel="next"'} if start + size < len(newest_first) else {}
        page = newest_first[start : start + size]
        return 200, [self.event(told, place) for place, told in enumerate(page, start)], headers

    def event(self, told: Json, place: int) -> Json:
        actor = {"login": told.get("actor", "ann"), "id": 1}
        event = {"id": 5000 - place, "before": told["before"], "after": told["after"], "ref": told["ref"], "timestamp": told["at"]}
        return event | {"activity_type": told.get("type", "push"), "actor": actor}


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
        asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
        self.handled(asked["query"], lambda fault: self.graphql(asked, fault))

    def do_GET(self) -> None:
        self.handled(f"GET {self.path}", self.rest)

    def handled(self, query: str, answer: Callable[[Fault], None]) -> None:
        double = self.server.double
        double.queries.append(query)
        fault = double.faults.get(len(double.queries), double.always) or Fault()
        time.sleep(fault.delay)
        if fault.cut:
            self.close_connection = True
        elif fault.status != 200 or fault.body is not None:
            self.reply(fault.status, fault.body if fault.body is not None else json.dumps({"message": "Injected"}), fault.headers)
        elif self.headers.get("Authorization") != f"Bearer {double.token}":
            self.reply(401, json.dumps({"message": f"Bad credentials: {self.headers.get('Authorization')}"}))
        else:
            answer(fault)

    def graphql(self, asked: Json, fault: Fault) -> None:
        double = self.server.double
        if not self.path.endswith("/graphql"):
            self.reply(404, json.dumps({"message": "Not Found"}))
        elif _parts(asked["query"]) > double.most:
            self.reply(502, "<html><h1>Unicorn!</h1></html>")
        else:
            answer = double.answer(asked)
            if fault.edit:
                fault.edit(answer)
            self.reply(200, json.dumps(answer), fault.headers)

    def rest(self, fault: Fault) -> None:
        parts = urlsplit(self.path)
        status, answer, headers = self.server.double.activity(parts.path, dict(parse_qsl(parts.query)))
        if fault.edit:
            fault.edit(answer)
        self.reply(status, json.dumps(answer), {**headers, **fault.headers})

    def reply(self, status: int, body: str, headers: Mapping[str, str] | None = None) -> None:
        content = body.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Tests look at ``queries``."""


def _parts(query: str) -> int:
    """How many things a query asks for: each has a line of its own."""
    return sum(bool(re.match(r"n[0-9]+: ", line)) for line in query.splitlines())


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
