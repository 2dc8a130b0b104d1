"""What GitLab does not answer never makes a change approved; what passes is survived, and what lasts is told in bounded time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from gitlab_double import Fault, GitlabDouble, World

from lastcall.forges import Question, _gitlab_api
from lastcall.forges.gitlab import collect
from lastcall.git import Repository
from lastcall.model import Commit, Evidence, ReviewPolicy, Verdict
from lastcall.review import Judged, changes
from repositories import Repo

RELEASE = "release/1"
ANN, BEN, CAT = ("Ann <ann@example.org>", "Ben <ben@example.org>", "Cat <cat@example.org>")
HTML = "<html><h1>Whoops, GitLab is not available</h1></html>"


def cut_short(answer: Any, _: dict[str, str]) -> None:
    if isinstance(answer, list) and answer:
        answer.pop()


PASSING = {
    "502": Fault(502, HTML),
    "429": Fault(429, headers={"Retry-After": "3"}),
    "403 with Retry-After": Fault(403, headers={"Retry-After": "3"}),
    "401 once": Fault(401),
    "403 once": Fault(403),
    "404 once": Fault(404),
    "cut": Fault(cut=True),
    "no JSON": Fault(body="{"),
    "no answer": Fault(body='{"data": null}'),
}
LASTING = {
    "the token": (Fault(401), "does not accept the token (401: Injected): set GITLAB_TOKEN anew"),
    "permission": (Fault(403), "give it the scope read_api, and a role in the project"),
    "hidden": (Fault(404), "GitLab does not show acme/shop to this token"),
    "elsewhere": (Fault(302, headers={"Location": "https://example.org/"}), "GitLab answered 302"),
    "500": (Fault(500, HTML), "GitLab answered 500: run again when it is well"),
    "502": (Fault(502, HTML), "GitLab answered 502: run again when it is well"),
    "429": (Fault(429), "rate limit is used up: run again later"),
    "an hour": (Fault(429, headers={"Retry-After": "3600"}), "rate limit is used up: run again in 3601 s"),
    "cut": (Fault(cut=True), "could not be reached: check the network"),
    "no JSON": (Fault(body=HTML), "was not understood"),
    "no data": (Fault(body="null"), "was not understood"),
}
PARTS = ["commits/", "/12/commits", "/12/approvals", "/12/reviewers", "/12/versions", "/12/notes", "/13/", "graphql", "/users", "/members"]


@dataclass
class Shop:
    """A merge request that was approved, one that its author and a bot approved and somebody no longer does, and a direct push."""

    repository: Repository
    double: GitlabDouble
    late: tuple[Commit, ...]
    _judged: dict[str, set[str]] = field(default_factory=dict)

    def collect(
        self,
        waited: list[float] | None = None,
        *,
        faults: dict[int, Fault] | None = None,
        at: dict[str, Fault] | None = None,
        always: Fault | None = None,
        first: int = 100,
    ) -> Evidence:
        self.double.faults, self.double.at, self.double.always = faults or {}, at or {}, always
        self.double.asked.clear()
        asked = Question(self.late[:first], environ=self.double.environ, checks=self.late[-1].sha)
        return collect(asked, sleep=(waited if waited is not None else []).append)

    @property
    def asked(self) -> list[str]:
        return self.double.asked

    def approved(self, evidence: Evidence) -> set[str]:
        told = repr(evidence)
        if told not in self._judged:
            found = changes(self.late, evidence, self.repository, ReviewPolicy(), Judged(RELEASE))
            self._judged[told] = {change.id for change in found if change.verdict in {Verdict.APPROVED, Verdict.EXEMPT}}
        return self._judged[told]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    repo = Repo(tmp_path_factory.mktemp("shop"))
    freeze = repo.commit("Ready", {"a.py": "a\n"})
    repo.branch(RELEASE)
    repo.checkout(RELEASE)
    world = World(accounts={"ann": {"id": 1}, "ben": {"id": 2}, "cat": {"id": 3}, "helper": {"id": 9, "bot": True}})
    revoked = {"author": "ben", "body": "approved this merge request"}
    for iid, author, approvals, notes in ((12, ANN, ["ben"], []), (13, CAT, ["cat", "helper"], [revoked])):
        repo.checkout(f"topic-{iid}", new=True, at=freeze)
        head = repo.commit("Work", {f"{iid}.py": "x\n"}, author=author)
        repo.checkout(RELEASE)
        merge = repo.merge(f"topic-{iid}", author=BEN)
        told = {"iid": iid, "target": RELEASE, "head": head, "commits": [head], "merge_commit": merge, "notes": notes}
        world.merges.append(told | {"approvals": [{"user": name, "at": "2026-03-04T10:00:00.000Z"} for name in approvals]})
    repo.commit("Direct", {"d.py": "d\n"}, author=CAT)
    world.learn(repo.root)
    world.statuses[repo.head] = [{"name": "test", "status": "failed"}]
    with Repository.open(repo.root) as repository, GitlabDouble(world) as double:
        yield Shop(repository, double, repository.commits(freeze, repo.head))


def test_without_faults_one_is_approved(shop: Shop) -> None:
    evidence = shop.collect()
    assert evidence.unread == ()
    assert shop.approved(evidence) == {"pull:12"}


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_of_any_one_request_is_survived(shop: Shop, fault: str) -> None:
    expected, asked = shop.collect(first=2), len(shop.asked)
    for number in range(1, asked + 1):
        waited: list[float] = []
        assert shop.collect(waited, faults={number: PASSING[fault]}, first=2) == expected, (number, shop.asked[number - 1])
        # What is not signed is answered with 404, and that is believed at once.
        assert len(shop.asked) > asked or (fault == "404 once" and shop.asked[number - 1].endswith("/signature"))
        assert sum(waited) <= 60


@pytest.mark.parametrize("fault", LASTING)
def test_a_fault_of_everything_is_told_in_bounded_time(shop: Shop, fault: str) -> None:
    injected, told = LASTING[fault]
    waited: list[float] = []
    evidence = shop.collect(waited, always=injected)
    assert [told in unread.reason for unread in evidence.unread] == [True]
    assert (evidence.commits, evidence.pulls, shop.approved(evidence)) == ((), (), set())
    assert sum(waited) <= 180
    assert len(shop.asked) <= 5


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("fault", ["the token", "permission", "hidden", "500", "an hour", "no data"])
def test_a_fault_of_one_part_that_lasts_approves_nothing_else(shop: Shop, fault: str, part: str) -> None:
    waited: list[float] = []
    evidence = shop.collect(waited, at={part: LASTING[fault][0]})
    assert shop.approved(evidence) <= {"pull:12"}
    assert sum(waited) <= 180
    assert len(shop.asked) <= 150


@pytest.mark.parametrize("part", [part for part in PARTS if part != "graphql"])
def test_a_list_that_stays_short_of_its_total_approves_nothing_else(shop: Shop, part: str) -> None:
    evidence = shop.collect(at={part: Fault(edit=cut_short)})
    assert shop.approved(evidence) <= {"pull:12"}
    expected = shop.collect()
    assert evidence == expected or [unread for unread in evidence.unread if "0 of its 1" in unread.reason]


@pytest.mark.parametrize("spoil", [lambda told: told.pop("approved_by"), lambda told: told.update(approved_by=None)])
def test_an_answer_with_half_of_its_parts_is_none(shop: Shop, spoil: Callable[[Any], None]) -> None:
    evidence = shop.collect(at={"/12/approvals": Fault(edit=lambda told, _: spoil(told))})
    assert "pull:12" in {unread.subject for unread in evidence.unread}
    assert shop.approved(evidence) == set()


@pytest.mark.parametrize("time", ["yesterday", "2026-03-04T10:00:00"])
def test_times_that_cannot_be_compared_are_not_understood(shop: Shop, time: str) -> None:
    def spoil(told: Any, _: dict[str, str]) -> None:
        told["approved_by"][0]["approved_at"] = time

    evidence = shop.collect(at={"/12/approvals": Fault(edit=spoil)})
    assert "was not understood" in next(unread.reason for unread in evidence.unread if unread.subject == "pull:12")


def test_any_faults_together_approve_nothing_else(shop: Shop) -> None:
    chance = random.Random(3)
    kinds = [*PASSING.values(), *(fault for fault, _ in LASTING.values()), Fault(edit=cut_short)]
    for _ in range(25):
        faults = {number: chance.choice(kinds) for number in chance.sample(range(2, 50), 8)}
        waited: list[float] = []
        evidence = shop.collect(waited, faults=faults)
        assert shop.approved(evidence) <= {"pull:12"}, faults
        assert sum(waited) <= 180


def test_an_answer_that_does_not_come_in_time(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = shop.collect()
    monkeypatch.setattr(_gitlab_api, "TIMEOUT", (1, 0.15))
    assert shop.collect(faults={1: Fault(delay=0.5)}) == expected
    evidence = shop.collect(always=Fault(delay=0.5))
    assert "did not answer in time" in evidence.unread[0].reason


def test_nobody_at_home(shop: Shop) -> None:
    with GitlabDouble(shop.double.world) as double:
        environ = double.environ
    evidence = collect(Question(shop.late, environ=environ), sleep=lambda _: None)
    assert "could not be reached: check the network" in evidence.unread[0].reason
