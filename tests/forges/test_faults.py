"""Whatever goes wrong on the way to GitHub: nothing becomes approved by it, what passes is survived, and there is an end.

One release with every kind of change, a double of GitHub, and for each request of the run each fault: once, for good, and in random
combinations.  A run is judged the whole way, by the real engine on a real repository.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
from github_double import Fault, GithubDouble, World

from lastcall.forges import Question, _github_api
from lastcall.forges.github import collect
from lastcall.git import Repository
from lastcall.model import CheckState, Evidence, History, RequiredCheck, ReviewPolicy, Verdict
from lastcall.required import required
from lastcall.review import Judged, changes, origins
from repositories import Repo

ANN, BEN, CAT = ("Ann <ann@example.org>", "Ben <ben@example.org>", "Cat <cat@example.org>")
RELEASE = "release/1"
TOKEN = "ghp_never-to-be-told"
POLICY = ReviewPolicy(accept_picks_from=("main",))
CHECKS = tuple(map(RequiredCheck, ("test", "load-test", "lint", "never-ran")))
SECONDS_AT_MOST = 120
REQUESTS_AT_MOST = 60


# ------------------------------------------------------------------------------------------------------------------------- the release


@dataclass
class Landing:
    """Builds the release: topics of ann's that were merged, and what GitHub knows of them."""

    repo: Repo
    world: World

    def pull(self, number: int, path: str, *reviews: dict[str, Any], onto: str = RELEASE, words: str = "", **told: Any) -> str:
        """A merged pull request of one commit that writes ``path``; the commit."""
        topic = f"topic-{number}"
        self.repo.checkout(topic, new=True, at=onto)
        head = self.repo.commit(f"Write {path}{words}", {path: f"{number}\n"}, author=ANN)
        self.repo.checkout(onto)
        merge = self.repo.merge(topic, message=f"Merge {topic}", author=ANN)
        pull = {"number": number, "author": "ann", "base": onto, "head": head, "commits": [head], "merge_commit": merge, "landed": [head]}
        self.world.pulls.append(pull | {"reviews": [{"commit": head} | review for review in reviews]} | told)
        return head


def land(repo: Repo) -> tuple[World, str]:
    """What GitHub knows, and the freeze."""
    accounts = {"ann": {"id": 1}, "ben": {"id": 2}, "cat": {"id": 3}, "dan": {"id": 4}, "web-flow": {"id": 9}}
    world = World(accounts=accounts, teams={"acme/db": ["ben", "dan"]})
    landing = Landing(repo, world)
    freeze = repo.commit("Ready", {"a.py": "a\n"})
    repo.branch(RELEASE)
    ben, cat, dan = ({"author": name, "at": f"2026-03-04T1{place}:00:00Z"} for place, name in enumerate(("ben", "cat", "dan")))
    repo.checkout("main")
    picked = landing.pull(3, "picked.py", ben, onto="main")
    repo.checkout(RELEASE)
    landing.pull(1, "approved.py", ben)
    landing.pull(2, "blocked.py")
    repo.pick(picked, trailer=True)
    landing.pull(4, "db.sql", cat)
    landing.pull(5, "index.sql", {**ben, "teams": ["acme/db"]})
    landing.pull(6, "pushed.py", ben, force_pushes=[{"actor": "ben", "before": picked, "after": freeze}])
    landing.pull(7, "asked.py", ben, {**cat, "state": "CHANGES_REQUESTED"})
    landing.pull(8, "both.py", dan, words="\n\nCo-authored-by: Dan <dan@example.org>")
    landing.pull(9, "dismissed.py", {**ben, "state": "DISMISSED"}, base_changes=[{"before": "next", "after": RELEASE}])
    head = repo.commit("A quick fix", {"quick.py": "quick\n"}, author=ANN)
    repo.tag(f"freeze/{RELEASE}", at=freeze, message="Frozen")
    world.learn(repo.root)
    world.checks[head] = [{"name": "test"}, {"name": "load-test", "conclusion": "FAILURE"}, {"name": "lint", "status": "QUEUED"}]
    return world, freeze


class Kept:
    """A history whose answers are kept: every run asks the same of git."""

    def __init__(self, history: History) -> None:
        self._history = history

    def __getattr__(self, name: str) -> Callable[..., Any]:
        kept = cache(getattr(self._history, name))
        setattr(self, name, kept)
        return kept


@dataclass
class Remembering(GithubDouble):
    """A double that works an answer out once: every run asks it the same, too."""

    told: dict[str, str] = field(default_factory=dict)

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        key = json.dumps(asked)
        if key not in self.told:
            self.told[key] = json.dumps(super().answer(asked))
        return json.loads(self.told[key])


@dataclass
class Run:
    """What came of one run: its evidence, what was let through by it, and how long that took."""

    evidence: Evidence
    approved: frozenset[str]
    passed: frozenset[str]
    seconds: float
    requests: int


@dataclass
class Release:
    """The release under judgement, and the double that is asked about it."""

    history: Kept
    freeze: str
    head: str
    double: GithubDouble
    seen: dict[Evidence, tuple[frozenset[str], frozenset[str]]] = field(default_factory=dict)
    first: Run = field(init=False)

    def __post_init__(self) -> None:
        self.commits = self.history.commits(self.freeze, self.head)
        self.origins = origins(self.commits, self.history, POLICY)  # type: ignore[arg-type]
        self.first = self.run({})

    def run(self, faults: Mapping[int, Fault], always: Fault | None = None) -> Run:
        self.double.queries.clear()
        self.double.faults, self.double.always = dict(faults), always
        waited: list[float] = []
        heard: list[str] = []
        question = Question(
            self.commits,
            RELEASE,
            environ=self.double.environ,
            origins=[self.history.commit(sha) for shas in self.origins.values() for sha in shas],
            pulls=(404,),
            checks=self.head,
            owners=("@acme/db",),
            tags=(f"freeze/{RELEASE}",),
            told=heard.append,
        )
        evidence = collect(question, sleep=waited.append)
        assert TOKEN not in repr(evidence) + "".join(heard)
        if evidence not in self.seen:
            self.seen[evidence] = self.judged(evidence)
        return Run(evidence, *self.seen[evidence], sum(waited), len(self.double.queries))

    def judged(self, evidence: Evidence) -> tuple[frozenset[str], frozenset[str]]:
        owners = {"db.sql": ("@acme/db",), "index.sql": ("@acme/db",)}
        judged = Judged(RELEASE, owners=lambda path: owners.get(path, ()), origins=self.origins)
        found = changes(self.commits, evidence, self.history, POLICY, judged)  # type: ignore[arg-type]
        approved = frozenset(change.id for change in found if change.verdict in {Verdict.APPROVED, Verdict.EXEMPT})
        checks = required(CHECKS, evidence, self.head)
        return approved, frozenset(check.name for check in checks if check.state is CheckState.PASSED)

    def hold(self, run: Run) -> None:
        """What must be so whatever happened."""
        assert run.approved <= self.first.approved
        assert run.passed <= self.first.passed
        assert run.seconds <= SECONDS_AT_MOST
        assert run.requests <= REQUESTS_AT_MOST


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    repo = Repo(tmp_path_factory.mktemp("faults") / "shop")
    world, freeze = land(repo)
    with Repository.open(repo.root) as repository, Remembering(world, token=TOKEN) as double:
        yield Release(Kept(repository), freeze, repo.sha(RELEASE), double)


# -------------------------------------------------------------------------------------------------------------------------- the faults


def partial(answer: dict[str, Any]) -> None:
    """Data with an error in it: the last part is gone."""
    parts = answer["data"].get("repository", answer["data"])
    last = list(parts)[-1]
    parts[last] = None
    path = ["repository", last] if "repository" in answer["data"] else [last]
    answer["errors"] = [*answer.get("errors", []), {"message": f"Something went wrong, {TOKEN}", "path": path}]


def truncated(answer: object) -> None:
    """Every list loses its last entry, and its total stays."""
    if isinstance(answer, dict) and "info" in answer:
        for name in ("nodes", "edges"):
            answer[name] = (answer.get(name) or [])[:-1]
    for each in answer.values() if isinstance(answer, dict) else answer if isinstance(answer, list) else ():
        truncated(each)


MESSAGE = f'{{"message": "Bad credentials: {TOKEN}"}}'
FAULTS = {
    "401": Fault(401, MESSAGE),
    "403": Fault(403, MESSAGE),
    "403 with Retry-After": Fault(403, headers={"Retry-After": "2"}),
    "404": Fault(404),
    "429": Fault(429),
    "429 with Retry-After": Fault(429, headers={"Retry-After": "2"}),
    "500": Fault(500),
    "502 with HTML": Fault(502, "<html><h1>Unicorn!</h1></html>"),
    "cut": Fault(cut=True),
    "timeout": Fault(delay=0.2),
    "invalid JSON": Fault(body='{"data": {'),
    "no data": Fault(body='{"data": null}'),
    "rate limited": Fault(body='{"data": null, "errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}'),
    "partial data": Fault(edit=partial),
    "truncated list": Fault(edit=truncated),
}


def test_without_faults_some_is_approved_and_some_is_not(release: Release) -> None:
    """What the others are compared with."""
    first = release.first
    titles = {release.history.commit(commit.sha).subject: f"commit:{commit.sha}" for commit in release.commits}
    assert {"pull:1", "pull:5"} <= first.approved
    assert titles["Write picked.py"] in first.approved
    assert not {"pull:2", "pull:4", "pull:7", "pull:8", "pull:9", titles["A quick fix"]} & first.approved
    assert first.passed == {"test"}
    assert first.evidence.unread == ()
    assert (first.requests, first.seconds) == (7, 0), "commits, pull requests, a co-author, checks, tags, teams, reviews for teams"


@pytest.fixture
def hasty(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for an answer that comes too late need not wait long in a test."""
    if request.node.callspec.params["fault"] == "timeout":
        monkeypatch.setattr(_github_api, "_READ_SECONDS", 0.1)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_passes_is_survived(release: Release, fault: str) -> None:
    for number in range(1, release.first.requests + 1):
        run = release.run({number: FAULTS[fault]})
        release.hold(run)
        assert run.evidence == release.first.evidence, f"request {number}"


@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "timeout"])
def test_a_fault_that_lasts_lets_nothing_through(release: Release, fault: str) -> None:
    for number in range(2, release.first.requests + 1):
        run = release.run(dict.fromkeys(range(1, number), Fault()), always=FAULTS[fault])
        release.hold(run)
        assert run.evidence.unread or number == release.first.requests, "only the last request may be lost without a word"


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("fault", [name for name in FAULTS if name not in {"partial data", "truncated list"}])
def test_nothing_is_approved_where_nobody_ever_answers(release: Release, fault: str) -> None:
    run = release.run({}, always=FAULTS[fault])
    release.hold(run)
    assert (run.approved, run.passed) == (frozenset(), frozenset())
    assert {unread.subject for unread in run.evidence.unread} >= {"", f"checks:{release.head}", "owner:@acme/db"}


@pytest.mark.parametrize("seed", range(10))
def test_faults_in_any_combination_let_nothing_through(release: Release, seed: int) -> None:
    chance = random.Random(seed)
    quick = [FAULTS[name] for name in FAULTS if name != "timeout"]
    for _ in range(15):
        often = chance.choice((0.1, 0.3, 0.6, 0.9))
        faults = {number: chance.choice(quick) for number in range(1, 60) if chance.random() < often}
        release.hold(release.run(faults))
