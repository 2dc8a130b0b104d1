"""Lists of GitHub's that are longer than a page, at every level: read to their end, with their totals, whatever happens meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from github_double import Fault, GithubDouble, World

from lastcall.forges import Question
from lastcall.forges.github import collect
from lastcall.model import Commit, Evidence, Person

HEAD, SQUASH = "1" * 40, "2" * 40
SOMEBODY = Person("Somebody", "somebody@example.org")
MANY = 130
TIMES = [f"2026-03-04T10:{place // 60:02}:{place % 60:02}Z" for place in range(MANY)]
SHAS = [f"{place:040x}" for place in range(1000, 1000 + MANY - 1)]
REVIEWS = [{"author": "ben", "commit": HEAD, "at": at, "teams": ["acme/db"]} for at in TIMES]
PUSHES = [{"actor": "ann", "before": SQUASH, "after": HEAD, "at": at} for at in TIMES]
RUNS = [{"name": f"test {place}", "started": at} for place, at in enumerate(TIMES)]

LONG: dict[str, tuple[Callable[[World], None], Callable[[Evidence], int]]] = {
    "reviews": (lambda world: world.pulls[0].update(reviews=REVIEWS), lambda evidence: len(evidence.pulls[0].reviews)),
    "commits": (lambda world: world.pulls[0].update(commits=[*SHAS, HEAD]), lambda evidence: len(evidence.pulls[0].commits)),
    "timelineItems": (lambda world: world.pulls[0].update(force_pushes=PUSHES), lambda evidence: len(evidence.pulls[0].force_pushes)),
    "associatedPullRequests": (
        lambda world: world.pulls.extend({**world.pulls[0], "number": number} for number in range(100, 100 + MANY - 1)),
        lambda evidence: len(evidence.pulls),
    ),
    "contexts": (lambda world: world.checks.update({HEAD: RUNS}), lambda evidence: len(evidence.checks.runs) if evidence.checks else 0),
    "members": (
        lambda world: world.teams.update({"acme/db": sorted(world.accounts)[:MANY]}),
        lambda evidence: len(evidence.teams[0].members) if evidence.teams else 0,
    ),
}
"""By the field of the list: how a world gets a long one, and how much of it the evidence has."""
SUBJECTS = {"associatedPullRequests": f"commit:{SQUASH}", "contexts": f"checks:{HEAD}", "members": "owner:@acme/db"}


def long(field: str) -> World:
    """A merged pull request, in which the list ``field`` has 130 entries."""
    people = {f"person{place:03}": {"id": 5000 + place} for place in range(MANY)}
    world = World(
        accounts={"ann": {"id": 1}, "ben": {"id": 2}} | people,
        commits={sha: {"author": "ann"} for sha in (HEAD, SQUASH, *SHAS)},
        pulls=[{"number": 12, "author": "ann", "base": "main", "head": HEAD, "merge_commit": SQUASH, "commits": [HEAD]}],
        checks={HEAD: [{"name": "test"}]},
        teams={"acme/db": ["ben"]},
    )
    LONG[field][0](world)
    return world


def ask(double: GithubDouble) -> Evidence:
    late = Commit(SQUASH, "0" * 40, (), SOMEBODY, SOMEBODY, "Work")
    question = Question([late], checks=HEAD, owners=["@acme/db"], environ=double.environ)
    return collect(question, sleep=lambda _: None)


def reasons(evidence: Evidence) -> dict[str, str]:
    return {unread.subject: unread.reason for unread in evidence.unread}


def lists(answer: object) -> list[dict[str, Any]]:
    """Every list of an answer that has a total or edges."""
    if not isinstance(answer, dict | list):
        return []
    mine = [answer] if isinstance(answer, dict) and "info" in answer else []
    return mine + [found for each in (answer.values() if isinstance(answer, dict) else answer) for found in lists(each)]


@pytest.mark.parametrize("field", LONG)
def test_a_long_list_is_read_to_its_end(field: str) -> None:
    with GithubDouble(long(field)) as double:
        evidence = ask(double)
    assert (LONG[field][1](evidence), evidence.unread) == (MANY, ())
    assert len(double.queries) <= (11 if field == "associatedPullRequests" else 9), "further pages, and what they make it ask"


def test_the_entries_keep_their_order() -> None:
    with GithubDouble(long("reviews")) as double:
        assert [review.submitted_at for review in ask(double).pulls[0].reviews] == TIMES
    with GithubDouble(long("timelineItems")) as double:
        assert [push.at for push in ask(double).pulls[0].force_pushes] == TIMES


@pytest.mark.parametrize("field", LONG)
def test_a_list_that_stays_cut_short_is_told(field: str) -> None:
    with GithubDouble(long(field), truncated={field: 7}) as double:
        evidence = ask(double)
    assert list(reasons(evidence)) == [SUBJECTS.get(field, "pull:12")]
    assert "run again" in next(iter(reasons(evidence).values()))
    assert evidence.checks is None or field != "contexts"
    assert evidence.teams == () or field != "members"


@pytest.mark.parametrize("field", LONG)
def test_a_list_that_is_cut_short_to_nothing_is_told(field: str) -> None:
    with GithubDouble(long(field), truncated={field: 0}) as double:
        assert list(reasons(ask(double))) == [SUBJECTS.get(field, "pull:12")]


@pytest.mark.parametrize("field", LONG)
@pytest.mark.parametrize("by", [-1, 1])
def test_a_list_that_changes_while_it_is_read_is_read_once_more(field: str, by: int) -> None:
    """A total that is another one on a later page, and entries that come and go."""
    shaken: list[int] = []

    def shake(answer: dict[str, Any]) -> None:
        for each in lists(answer):
            pages = len(each["nodes"]) >= 20 or field in {"members", "contexts"}
            if pages and not shaken:
                shaken.append(1)
                each.update(total=each["total"] + by) if "total" in each else each["edges"].pop()

    with GithubDouble(long(field)) as double:
        expected = ask(double)
        double.queries.clear()
        double.always = Fault(edit=shake)
        assert ask(double) == expected
    assert shaken


@pytest.mark.parametrize("field", ["reviews", "commits", "contexts"])
def test_a_list_that_never_stands_still_is_told(field: str) -> None:
    shaken: list[int] = []

    def shake(answer: dict[str, Any]) -> None:
        for each in lists(answer):
            if each.get("total", 0) >= MANY:
                shaken.append(1)
                each["total"] += len(shaken) % 2

    with GithubDouble(long(field), always=Fault(edit=shake)) as double:
        assert list(reasons(ask(double))) == [SUBJECTS.get(field, "pull:12")]


def test_a_list_without_an_end_is_not_read_for_ever() -> None:
    def endless(answer: dict[str, Any]) -> None:
        for place, each in enumerate(lists(answer)):
            each["info"] = {"more": True, "cursor": f"{len(double.queries)}.{place}"} if len(double.queries) > 1 else each["info"]
            for edges in each.get("edges", [])[-1:]:
                edges["cursor"] = each["info"]["cursor"]

    with GithubDouble(long("commits"), always=Fault(edit=endless)) as double:
        evidence = ask(double)
    assert "pull:12" in reasons(evidence)
    assert len(double.queries) < 150


def test_a_cursor_that_does_not_move_is_no_way_on() -> None:
    def stuck(answer: dict[str, Any]) -> None:
        for each in lists(answer):
            if each["info"]["more"]:
                each["info"]["cursor"] = "0"

    with GithubDouble(long("commits"), always=Fault(edit=stuck)) as double:
        assert "commits: run again" in reasons(ask(double))["pull:12"]
    assert len(double.queries) < 20


@pytest.mark.parametrize("entry", [None, {"kind": "HeadRefForcePushedEvent"}, {"kind": "HeadRefForcePushedEvent", "at": "yesterday"}])
def test_an_event_that_cannot_be_read_is_missed(entry: object) -> None:
    def garble(answer: dict[str, Any]) -> None:
        for each in lists(answer):
            if "edges" in each and each["nodes"]:
                each["nodes"][0] = entry

    with GithubDouble(long("timelineItems"), always=Fault(edit=garble)) as double:
        assert "did not list all of its events" in reasons(ask(double))["pull:12"]


def test_many_long_lists_share_their_requests() -> None:
    """Ten pull requests of 120 commits: their second pages come together."""
    asked = long("commits")
    numbers = range(100, 110)
    asked.pulls = [{**asked.pulls[0], "number": number, "commits": [*SHAS[:119], HEAD]} for number in numbers]
    with GithubDouble(asked) as double:
        evidence = ask(double)
    assert ({len(pull.commits) for pull in evidence.pulls}, len(evidence.pulls), evidence.unread) == ({120}, 10, ())
    assert len(double.queries) == 5, "commits, pull requests, the second pages of these, checks, the team"


def test_a_list_that_github_leaves_out_is_told() -> None:
    def leave_out(answer: dict[str, Any]) -> None:
        for part in (answer["data"].get("repository") or {}).values():
            part.update({name: None for name in ("reviews", "commits", "events", "pulls") if name in part})

    with GithubDouble(long("reviews"), always=Fault(edit=leave_out)) as double:
        assert "left out its pull requests" in reasons(ask(double))[f"commit:{SQUASH}"]


def test_a_page_that_is_not_answered_leaves_the_list_unread() -> None:
    lost = Fault(edit=lambda answer: answer.update(errors=[{"message": "Oops", "path": ["repository", "n0"]}]))
    with GithubDouble(long("reviews"), faults=dict.fromkeys(range(3, 20), lost)) as double:
        evidence = ask(double)
    assert "GitHub answered with an error (Oops)" in reasons(evidence)["pull:12"]
