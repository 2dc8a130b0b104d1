"""A double of GitLab's API: a real HTTP server over a world of plain data, that answers nothing but what the API's description allows.

See README-gitlab.md beside this file; ``python tests/forges/gitlab_double.py WORLD.json`` runs it by itself.
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
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from graphql import GraphQLSchema, build_schema, graphql_sync
from jsonschema import Draft202012Validator, FormatChecker

Json = dict[str, Any]
Parameters = dict[str, str]
_HERE = Path(__file__).parent
_EPOCH = "2026-03-01T08:00:00.000Z"


# --------------------------------------------------------------------------------------------------------------------------- worlds


@dataclass
class World:
    """What GitLab knows, as plain data; what is left out is filled in.

    accounts: ``{"ann": {"id": 1, "emails": ["ann@example.org"], "public": "ann@example.org", "bot": False, "level": 40}}``; ``level`` is
              the role in the project (None: no member), ``emails`` are confirmed but shown to nobody, ``public`` is shown
    commits:  ``{sha: {"author": "Ann <ann@example.org>", "committer": "…", "message": "…", "parents": [sha], "signature": "verified"}}``
    merges:   ``{"iid": 12, "title": "…", "state": "merged", "author": "ann" (None: hidden), "target": "main", "head": sha,
              "merge_commit": sha, "squash_commit": sha, "merged_commit": sha, "merged_at": "…Z", "commits": [sha, oldest first],
              "approvals": [{"user": "ben", "at": "…Z"}], "reviewers": [{"user": "ben", "state": "requested_changes", "at": "…Z"}],
              "versions": [{"head": sha, "at": "…Z", "id": 1}], "notes": [{"author": "ben", "body": "…", "at": "…Z", "system": True}],
              "project": 7, "imported": False}``
    groups:   ``{"acme/db": ["ann"]}``;  statuses: ``{sha: [{"name": "test", "status": "success", "pipeline": 1}]}``
    tags:     ``{"v1": {"target": sha, "commit": sha}}``
    """

    project: str = "acme/shop"
    id: int = 7
    accounts: dict[str, Json] = field(default_factory=dict)
    commits: dict[str, Json] = field(default_factory=dict)
    merges: list[Json] = field(default_factory=list)
    groups: dict[str, list[str]] = field(default_factory=dict)
    statuses: dict[str, list[Json]] = field(default_factory=dict)
    tags: dict[str, Json] = field(default_factory=dict)
    moved_from: str = ""

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
        """Adds every commit of a git repository that is not told already."""
        fields = "%H%x00%P%x00%an <%ae>%x00%cn <%ce>%x00%B"
        command = ["git", "log", "--all", "--reflog", "-z", f"--format={fields}%x00%x01"]
        log = subprocess.run(command, cwd=repository, capture_output=True, check=True, text=True)
        for record in log.stdout.split("\0\x01\0"):
            parts = record.removesuffix("\0\x01").split("\0")
            if len(parts) == 5:
                sha, parents, author, committer, message = parts
                told = {"parents": parents.split(), "author": author, "committer": committer, "message": message}
                self.commits[sha] = told | self.commits.get(sha, {})


class _Absent(Exception):  # noqa: N818 - what the world does not have is no error of this double
    """Answered with 404."""


class _Answers:
    """The world in GitLab's words."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.names = {account.get("id", place): name for place, (name, account) in enumerate(sorted(world.accounts.items()), start=1001)}
        self.ids = {name: number for number, name in self.names.items()}

    def routes(self) -> Mapping[str, Callable[..., Any]]:
        project = "/api/v4/projects/{id}"
        merge = f"{project}/merge_requests/{{merge_request_iid}}"
        return {
            project: self.project,
            f"{project}/repository/commits/{{sha}}/merge_requests": self.holding,
            f"{project}/repository/commits/{{sha}}/signature": self.signature,
            f"{project}/repository/commits/{{sha}}/statuses": self.statuses,
            f"{project}/repository/tags/{{tag_name}}": self.tag,
            merge: lambda merge_request_iid, **_: self.merge(self.found(merge_request_iid)),
            f"{merge}/commits": self.commits,
            f"{merge}/approvals": self.approvals,
            f"{merge}/reviewers": self.reviewers,
            f"{merge}/versions": self.versions,
            f"{merge}/notes": self.notes,
            f"{project}/members/all/{{user_id}}": self.member,
            "/api/v4/groups/{id}/members/all": self.group,
            "/api/v4/users": self.users,
            "/api/v4/users/{id}": self.user,
        }

    # ---------------------------------------------------------------------------------------------------------------- people

    def basic(self, name: str | None) -> Json | None:
        if name is None:
            return None
        account = self.world.accounts.get(name, {})
        shown = {"public_email": account["public"]} if "public" in account else {}
        return {"id": self.ids.get(name, 9999), "username": name, "name": name.title(), "state": "active", **shown}

    def user(self, id: str, **_: str) -> Json:  # noqa: A002 - the description's name
        if int(id) not in self.names:
            raise _Absent
        return self.whole(self.names[int(id)])

    def whole(self, name: str) -> Json:
        return {**(self.basic(name) or {}), "bot": self.world.accounts[name].get("bot", False)}

    def users(self, search: str = "", username: str = "", **_: str) -> list[Json]:
        """As for whoever is no administrator: a private address is found by nobody."""
        found = []
        for name, account in self.world.accounts.items():
            words = (name.lower(), account.get("public", "").lower())
            if (username and username.lower() == name.lower()) or (search and any(search.lower() in word for word in words)):
                found.append(self.whole(name))
        return found

    def member(self, user_id: str, **_: str) -> Json:
        name = self.names.get(int(user_id), "")
        level = self.world.accounts.get(name, {}).get("level", 30)
        if not name or level is None:
            raise _Absent
        return {**(self.basic(name) or {}), "access_level": level, **self.world.accounts[name].get("member", {})}

    def group(self, id: str, **_: str) -> list[Json]:  # noqa: A002
        if id not in self.world.groups:
            raise _Absent
        return [{**(self.basic(name) or {}), "access_level": 30} for name in self.world.groups[id]]

    def by_address(self, address: str) -> str | None:
        """Whose confirmed address it is."""
        of = {name: account.get("emails", [f"{name}@example.org"]) for name, account in self.world.accounts.items()}
        return next((name for name, addresses in of.items() if address.lower() in [each.lower() for each in addresses]), None)

    # --------------------------------------------------------------------------------------------------------------- commits

    def project(self, **_: str) -> Json:
        name = self.world.project.rpartition("/")[2]
        return {"id": self.world.id, "path_with_namespace": self.world.project, "path": name, "name": name}

    def told(self, sha: str) -> Json:
        if sha not in self.world.commits:
            raise _Absent
        return self.world.commits[sha]

    def commit(self, sha: str) -> Json:
        told = self.told(sha)
        author = _person(told.get("author", "Nobody <nobody@example.com>"))
        committer = _person(told.get("committer", told.get("author", "Nobody <nobody@example.com>")))
        message = told.get("message", "Work")
        return {
            "id": sha,
            "short_id": sha[:8],
            "created_at": _EPOCH,
            "parent_ids": told.get("parents", []),
            "title": message.partition("\n")[0],
            "message": message,
            "author_name": author[0],
            "author_email": author[1],
            "committer_name": committer[0],
            "committer_email": committer[1],
        }

    def holding(self, sha: str, **_: str) -> list[Json]:
        """Every merge request whose latest version has the commit, or that landed as it."""
        self.told(sha)
        landed = ("merge_commit", "squash_commit", "merged_commit")
        return [self.merge(each) for each in self.world.merges if sha in [*each.get("commits", []), *(each.get(name) for name in landed)]]

    def signature(self, sha: str, **_: str) -> Json:
        status = self.told(sha).get("signature")
        if not status:
            raise _Absent
        return {"signature_type": "PGP", "verification_status": status, "commit_source": "gitaly"}

    def statuses(self, sha: str, **_: str) -> list[Json]:
        self.told(sha)
        return [
            {
                "id": number,
                "sha": sha,
                "status": told["status"],
                "name": told["name"],
                "allow_failure": told.get("allow_failure", False),
                "target_url": told.get("url"),
                "pipeline_id": told.get("pipeline"),
                "author": None,
            }
            for number, told in enumerate(self.world.statuses.get(sha, []), start=90)
        ]

    def tag(self, tag_name: str, **_: str) -> Json:
        if tag_name not in self.world.tags:
            raise _Absent
        told = self.world.tags[tag_name]
        return {"name": tag_name, "target": told["target"], "commit": self.commit(told["commit"]), "protected": False}

    # -------------------------------------------------------------------------------------------------------- merge requests

    def found(self, iid: str) -> Json:
        told = next((each for each in self.world.merges if each["iid"] == int(iid)), None)
        if told is None:
            raise _Absent
        return told

    def merge(self, told: Json) -> Json:
        state = told.get("state", "merged")
        merged = state == "merged"
        return {
            "id": 500 + told["iid"],
            "iid": told["iid"],
            "project_id": told.get("project", self.world.id),
            "target_project_id": told.get("project", self.world.id),
            "source_project_id": self.world.id,
            "title": told.get("title", f"Merge request {told['iid']}"),
            "state": state,
            "created_at": told.get("created_at", _EPOCH),
            "target_branch": told["target"],
            "source_branch": "topic",
            "author": self.basic(told.get("author", "ann")),
            "merged_at": told.get("merged_at", "2026-03-05T10:00:00.000Z") if merged else None,
            "merge_user": self.basic(told.get("merged_by")),
            "sha": told["head"],
            "merge_commit_sha": told.get("merge_commit"),
            "squash_commit_sha": told.get("squash_commit"),
            "imported": told.get("imported", False),
            "web_url": f"https://gitlab.example/{self.world.project}/-/merge_requests/{told['iid']}",
        }

    def commits(self, merge_request_iid: str, **_: str) -> list[Json]:
        return [self.commit(sha) for sha in reversed(self.found(merge_request_iid).get("commits", []))]

    def approvals(self, merge_request_iid: str, **_: str) -> Json:
        told = self.found(merge_request_iid).get("approvals", [])
        given = [{"user": self.basic(each["user"]), **({"approved_at": each["at"]} if each.get("at") else {})} for each in told]
        return {"approved": bool(given), "approved_by": given}

    def reviewers(self, merge_request_iid: str, **_: str) -> list[Json]:
        told = self.found(merge_request_iid).get("reviewers", [])
        return [
            {"user": self.basic(each["user"]), "state": each.get("state", "unreviewed"), "created_at": each.get("at", _EPOCH)}
            for each in told
        ]

    def versions(self, merge_request_iid: str, **_: str) -> list[Json]:
        merge = self.found(merge_request_iid)
        told = merge.get("versions", [{"head": merge["head"]}])
        return [
            {
                "id": each.get("id", number),
                "head_commit_sha": each["head"],
                "created_at": each.get("at", _EPOCH),
                "merge_request_id": 500 + merge["iid"],
                "state": "collected",
            }
            for number, each in reversed(list(enumerate(told, start=1)))
        ]

    def notes(self, merge_request_iid: str, sort: str = "desc", **_: str) -> list[Json]:
        merge = self.found(merge_request_iid)
        told = [
            {
                "id": number,
                "body": each["body"],
                "author": self.basic(each["author"]),
                "created_at": each.get("at", _EPOCH),
                "system": each.get("system", True),
                "imported": each.get("imported", False),
                "noteable_iid": merge["iid"],
            }
            for number, each in enumerate(merge.get("notes", []), start=300)
        ]
        return sorted(told, key=lambda note: note["created_at"], reverse=sort == "desc")

    # --------------------------------------------------------------------------------------------------------------- GraphQL

    def graph(self) -> Json:
        def tree(_: object, ref: str = "", **__: object) -> Json | None:
            if ref not in self.world.commits:
                return None
            commit = self.commit(ref)
            name = self.by_address(commit["author_email"])
            author = {"id": f"gid://gitlab/User/{self.ids[name]}", "username": name} if name else None
            return {"lastCommit": {"sha": ref, "authorEmail": commit["author_email"], "author": author}}

        def project(_: object, fullPath: str) -> Json | None:  # noqa: N803 - GitLab's name
            return {"repository": {"tree": tree}} if fullPath == self.world.project else None

        return {"project": project}


def _person(text: str) -> tuple[str, str]:
    name, _, address = text.partition("<")
    return name.strip(), address.rstrip(">")


# ----------------------------------------------------------------------------------------------------------------- the description


@cache
def description() -> Json:
    """What GitLab publishes of the part of its API that is asked here."""
    told: Json = json.loads((_HERE / "gitlab-api.json").read_text(encoding="utf-8"))
    return told


@cache
def schema() -> GraphQLSchema:
    return build_schema((_HERE / "gitlab.graphql").read_text(encoding="utf-8"))


def check(value: object, against: Json) -> None:
    """Raises where the description, of which ``against`` is a part, does not allow the value."""
    if id(against) not in _VALIDATORS:
        whole = {**against, "components": description()["components"]}
        _VALIDATORS[id(against)] = Draft202012Validator(whole, format_checker=FormatChecker())
    _VALIDATORS[id(against)].validate(value)


_VALIDATORS: dict[int, Draft202012Validator] = {}


@dataclass(frozen=True)
class Asked:
    """A request that the description knows: which of its paths, with which parameters."""

    template: str
    parameters: Parameters
    query: Parameters

    @classmethod
    def read(cls, target: str) -> Asked:
        """Raises LookupError for a path that the description does not have, or a parameter that it does not know there."""
        parts = urlsplit(target)
        query = {
            name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)).items()
        }
        for template, methods in description()["paths"].items():
            pattern = "/".join(rf"(?P<{each[1:-1]}>[^/]+)" if each.startswith("{") else re.escape(each) for each in template.split("/"))
            match = re.fullmatch(pattern, parts.path)
            if match:
                asked = cls(template, {name: unquote(value) for name, value in match.groupdict().items()}, query)
                asked.check(methods["get"]["parameters"])
                return asked
        raise LookupError(f"no such path: {parts.path}")

    def check(self, known: Sequence[Json]) -> None:
        schemas = {(each["in"], each["name"]): each["schema"] for each in known}
        for where, told in (("path", self.parameters), ("query", self.query)):
            for name, value in told.items():
                if (where, name) not in schemas:
                    raise LookupError(f"no such parameter of {self.template}: {name}")
                check(value, schemas[where, name])

    @property
    def answer(self) -> Json:
        answer: Json = description()["paths"][self.template]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        return answer


# --------------------------------------------------------------------------------------------------------------------------- server


@dataclass(frozen=True)
class Fault:
    """What happens to a request instead of an answer (or to its answer: ``edit``, of its JSON and its headers)."""

    status: int = 200
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    delay: float = 0
    edit: Callable[[Any, dict[str, str]], None] | None = None


@dataclass
class GitlabDouble:
    """The server, in a thread of this process; a context manager.

    ``faults`` are by the number of the request, counted from 1, ``at`` by a part of the path; ``always`` holds for every other one.

    ``paging`` is how lists say that they go on: by ``number``, by ``link`` (keyset) or by ``nothing``; ``totals``: whether they are
    counted; ``graph``: whether there is a GraphQL API.  ``wrong`` keeps what the description does not allow: a test that leaves something
    there fails.
    """

    world: World = field(default_factory=World)
    token: str = "not-a-real-token"
    header: str = "PRIVATE-TOKEN"
    faults: dict[int, Fault] = field(default_factory=dict)
    at: dict[str, Fault] = field(default_factory=dict)
    always: Fault | None = None
    paging: str = "number"
    totals: bool = True
    graph: bool = True
    asked: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

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
        assert not self.wrong

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/api/v4"

    @property
    def environ(self) -> dict[str, str]:
        """What lastcall needs to ask this double."""
        return {
            "CI_API_V4_URL": self.url,
            "CI_PROJECT_PATH": self.world.project,
            "CI_SERVER_HOST": "gitlab.example",
            "GITLAB_TOKEN": self.token,
        }

    def fault(self, path: str) -> Fault | None:
        named = next((fault for part, fault in self.at.items() if part in unquote(path)), None)
        return self.faults.get(len(self.asked), named or self.always)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    double: GitlabDouble

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: a second small one would wait for the client's acknowledgement
    server: _Server

    def do_GET(self) -> None:
        self.handle_with(self.rest)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
        self.handle_with(lambda fault: self.graphql(body, fault))

    def handle_with(self, answer: Callable[[Fault | None], None]) -> None:
        double = self.server.double
        double.asked.append(self.path)
        fault = double.fault(self.path)
        if fault:
            time.sleep(fault.delay)
            if fault.cut:
                self.close_connection = True
                return
            if fault.status != 200 or fault.body is not None:
                self.reply(fault.status, fault.body if fault.body is not None else json.dumps({"message": "Injected"}), fault.headers)
                return
        if self.headers.get(double.header) != double.token:
            self.reply(401, json.dumps({"message": f"401 Unauthorized {self.headers.get('PRIVATE-TOKEN')}"}))
            return
        answer(fault)

    def rest(self, fault: Fault | None) -> None:
        double = self.server.double
        try:
            asked = Asked.read(self.path)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test must hear of it
            double.wrong.append(f"{self.path}: {error}")
            self.reply(400, json.dumps({"error": str(error)}))
            return
        world, name = double.world, asked.parameters.get("id", "")
        if asked.template.startswith("/api/v4/projects/"):
            if world.moved_from and name == world.moved_from:
                self.reply(301, "{}", {"Location": f"/api/v4/projects/{world.id}"})
                return
            if name not in {world.project, str(world.id)}:
                self.reply(404, json.dumps({"message": "404 Project Not Found"}))
                return
        try:
            found = _Answers(world).routes()[asked.template](**asked.parameters, **asked.query)
        except _Absent:
            self.reply(404, json.dumps({"message": "404 Not Found"}))
            return
        self.told(found, asked, fault)

    def told(self, found: Any, asked: Asked, fault: Fault | None) -> None:
        headers: dict[str, str] = dict(fault.headers) if fault else {}
        if isinstance(found, list):
            found, headers = self.page(found, asked, headers)
        try:
            check(found, asked.answer)
        except Exception as error:  # noqa: BLE001 - as above
            self.server.double.wrong.append(f"{self.path}: {error}")
        if fault and fault.edit:
            fault.edit(found, headers)
        self.reply(200, json.dumps(found), headers)

    def page(self, found: list[Json], asked: Asked, headers: dict[str, str]) -> tuple[list[Json], dict[str, str]]:
        double = self.server.double
        size, number = int(asked.query.get("per_page", "20")), int(asked.query.get("page", "1"))
        more = len(found) > number * size
        if double.totals:
            headers["X-Total"] = str(len(found))
        if double.paging == "number":
            headers["X-Next-Page"] = str(number + 1) if more else ""
        if double.paging == "link" and more:
            path = self.path.partition("?")[0]
            url = f"{double.url.removesuffix('/api/v4')}{path}?{urlencode({**asked.query, 'page': str(number + 1)})}"
            headers["Link"] = f'<{url}>; rel="next"'
        return found[(number - 1) * size : number * size], headers

    def graphql(self, asked: Json, fault: Fault | None) -> None:
        double = self.server.double
        if not double.graph or self.path != "/api/graphql":
            self.reply(404, json.dumps({"message": "404 Not Found"}))
            return
        done = graphql_sync(schema(), asked["query"], root_value=_Answers(double.world).graph(), variable_values=asked.get("variables"))
        if done.errors:
            double.wrong += [str(error) for error in done.errors]
        answer: Json = {"data": done.data}
        if fault and fault.edit:
            fault.edit(answer, {})
        self.reply(200, json.dumps(answer))

    def reply(self, status: int, body: str, headers: Mapping[str, str] | None = None) -> None:
        content = body.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Tests look at ``asked``."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("world", type=Path)
    parser.add_argument("--token", default=GitlabDouble.token)
    parser.add_argument("--forever", action="store_true", help="serve until ended, whatever happens to standard input")
    asked = parser.parse_args()
    with GitlabDouble(World.read(asked.world), asked.token) as double:
        print(double.url, flush=True)  # noqa: T201
        if asked.forever:
            threading.Event().wait()
        sys.stdin.read()


if __name__ == "__main__":
    main()
