"""What GitHub is asked besides reviews: checks of the head, members of teams, places of tags.  None of it is in the way of the reviews."""

from __future__ import annotations

from typing import Any

import pytest
from github_double import Fault, GithubDouble, World

from lastcall.forges import Question
from lastcall.forges.github import collect
from lastcall.model import Account, CheckRun, Commit, CommitChecks, Evidence, Person, RunState, TagEvidence, Team

HEAD, TAG, OUTER, UNPUSHED = "1" * 40, "2" * 40, "3" * 40, "4" * 40
SOMEBODY = Person("Somebody", "somebody@example.org")
PASSED, FAILED, PENDING = RunState.PASSED, RunState.FAILED, RunState.PENDING


def world(**told: Any) -> World:
    """A merged pull request that ben approved for a team of his."""
    review = {"author": "ben", "commit": HEAD, "teams": ["acme/db", "acme/web"]}
    return World(
        accounts={"ann": {"id": 1, "emails": ["ann@example.org"]}, "ben": {"id": 2}, "cat": {"id": 3}},
        commits={HEAD: {"author": "ann"}},
        pulls=[{"number": 12, "author": "ann", "base": "main", "head": HEAD, "merge_commit": HEAD, "commits": [HEAD], "reviews": [review]}],
        **told,
    )


def ask(double: GithubDouble, *, late: bool = True, **told: Any) -> Evidence:
    commits = [Commit(HEAD, "0" * 40, (), SOMEBODY, SOMEBODY, "Work")] if late else []
    return collect(Question(commits, environ=double.environ, **told), sleep=lambda _: None)


def reasons(evidence: Evidence) -> dict[str, str]:
    return {unread.subject: unread.reason for unread in evidence.unread}


def runs(*told: dict[str, Any]) -> tuple[CheckRun, ...]:
    with GithubDouble(world(checks={HEAD: list(told)})) as double:
        evidence = ask(double, late=False, checks=HEAD)
    assert evidence.checks
    assert evidence.unread == ()
    return evidence.checks.runs


def states(*told: dict[str, Any]) -> dict[str, RunState]:
    return {run.name: run.state for run in runs(*told)}


# --------------------------------------------------------------------------------------------------------------------------- checks


def test_check_runs_and_statuses_of_the_head() -> None:
    told = runs(
        {"name": "test", "url": "https://github.example/runs/1"},
        {"name": "load", "app": "load-tester", "conclusion": "FAILURE"},
        {"context": "ci/old", "state": "SUCCESS", "url": "https://ci.example/1"},
        {"name": "orphan", "app": None},
    )
    assert told == (
        CheckRun("ci/old", PASSED, url="https://ci.example/1"),
        CheckRun("load", FAILED, "load-tester", 4711),
        CheckRun("orphan", PASSED),
        CheckRun("test", PASSED, "github-actions", 15368, "https://github.example/runs/1"),
    )


@pytest.mark.parametrize(
    ("conclusion", "state"),
    [
        ("SUCCESS", PASSED),
        ("NEUTRAL", RunState.SKIPPED),
        ("SKIPPED", RunState.SKIPPED),
        ("FAILURE", FAILED),
        ("CANCELLED", FAILED),
        ("TIMED_OUT", FAILED),
        ("ACTION_REQUIRED", FAILED),
        ("STALE", FAILED),
        ("STARTUP_FAILURE", FAILED),
        (None, FAILED),
    ],
)
def test_what_a_conclusion_means(conclusion: str | None, state: RunState) -> None:
    assert states({"name": "test", "conclusion": conclusion}) == {"test": state}


@pytest.mark.parametrize("status", ["QUEUED", "IN_PROGRESS", "PENDING", "WAITING", "REQUESTED"])
def test_what_has_not_ended_is_pending(status: str) -> None:
    assert states({"name": "test", "status": status}) == {"test": PENDING}


@pytest.mark.parametrize(
    ("state", "told"), [("SUCCESS", PASSED), ("PENDING", PENDING), ("EXPECTED", PENDING), ("FAILURE", FAILED), ("ERROR", FAILED)]
)
def test_what_a_status_means(state: str, told: RunState) -> None:
    assert states({"context": "ci", "state": state}) == {"ci": told}


EARLY, LATE = "2026-03-05T10:00:00Z", "2026-03-05T11:00:00Z"


@pytest.mark.parametrize(
    ("attempts", "state"),
    [
        ([{"conclusion": "FAILURE", "started": EARLY}, {"started": LATE}], PASSED),
        ([{"started": LATE}, {"conclusion": "FAILURE", "started": EARLY}], PASSED),
        ([{"started": EARLY}, {"conclusion": "FAILURE", "started": LATE}], FAILED),
        ([{"started": LATE}, {"conclusion": "FAILURE", "started": "2026-03-05T13:00:00+01:00"}], FAILED),
        ([{"started": LATE}, {"status": "QUEUED"}], PENDING),
        ([{"status": "QUEUED"}, {"started": LATE}], PENDING),
        ([{"conclusion": "FAILURE", "id": 7}, {"id": 8}], PASSED),
        ([{"id": 8}, {"conclusion": "FAILURE", "id": 7}], PASSED),
        ([{"started": LATE, "id": 8}, {"conclusion": "FAILURE", "started": LATE, "id": 9}], FAILED),
    ],
)
def test_the_newest_attempt_counts(attempts: list[dict[str, Any]], state: RunState) -> None:
    assert states(*({"name": "test", **attempt} for attempt in attempts)) == {"test": state}


def test_apps_with_one_name_for_it_are_told_apart() -> None:
    told = runs({"name": "test", "started": LATE}, {"name": "test", "app": "load-tester", "conclusion": "FAILURE", "started": EARLY})
    assert [(run.app, run.state) for run in told] == [("github-actions", PASSED), ("load-tester", FAILED)]


def test_nothing_that_ran_is_no_check_and_no_silence() -> None:
    for checks in ({}, {HEAD: []}):
        with GithubDouble(world(checks=checks)) as double:
            evidence = ask(double, checks=HEAD)
        assert (evidence.checks, evidence.unread) == (CommitChecks(HEAD), ())


def test_the_checks_of_a_commit_that_github_does_not_have() -> None:
    with GithubDouble(world()) as double:
        evidence = ask(double, checks=UNPUSHED)
    assert evidence.checks is None
    assert reasons(evidence) == {f"checks:{UNPUSHED}": "GitHub does not have this commit: push it first"}
    assert [unread.what for unread in evidence.unread] == ["checks"]


def test_checks_that_the_token_may_not_see() -> None:
    def forbid(answer: dict[str, Any]) -> None:
        part = answer["data"]["repository"]["n0"]
        if "rollup" in part:
            part["rollup"] = None
            error = {"type": "FORBIDDEN", "message": "Resource not accessible by integration", "path": ["repository", "n0", "rollup"]}
            answer["errors"] = [error]

    with GithubDouble(world(checks={HEAD: [{"name": "test"}]}), always=Fault(edit=forbid)) as double:
        evidence = ask(double, checks=HEAD)
    assert evidence.checks is None
    assert "Resource not accessible by integration" in reasons(evidence)[f"checks:{HEAD}"]
    assert "checks: read and statuses: read" in reasons(evidence)[f"checks:{HEAD}"]
    assert len(evidence.pulls) == 1


@pytest.mark.parametrize(
    "answer", [7, {"oid": HEAD}, {"oid": TAG, "rollup": None}, {"oid": HEAD, "rollup": {"page": 7}}, {"oid": HEAD, "rollup": 7}]
)
def test_an_answer_on_checks_that_makes_no_sense_is_no_green_light(answer: object) -> None:
    def garble(told: dict[str, Any]) -> None:
        if "statusCheckRollup" in double.queries[-1]:
            told["data"]["repository"]["n0"] = answer

    with GithubDouble(world(), always=Fault(edit=garble)) as double:
        evidence = ask(double, checks=HEAD)
    assert evidence.checks is None
    assert "was not understood" in reasons(evidence)[f"checks:{HEAD}"]


# --------------------------------------------------------------------------------------------------------------------------- owners


def test_the_members_of_teams() -> None:
    with GithubDouble(world(teams={"acme/db": ["ben", "ann"], "acme/nobody": []})) as double:
        evidence = ask(double, owners=["@acme/nobody", "@Acme/DB", "@Acme/DB"])
    assert evidence.teams == (Team("@Acme/DB", (Account(1, "ann"), Account(2, "ben"))), Team("@acme/nobody"))
    assert evidence.unread == ()
    assert len(double.queries) == 2 + 1 + 1, "all teams in one request, all reviews in another"


@pytest.mark.parametrize(
    ("teams", "told"),
    [
        ({"acme/db": None}, "Resource not accessible by integration"),
        ({"acme/other": ["ben"]}, "GitHub does not show this team to the token"),
        ({}, "Could not resolve to an Organization"),
    ],
)
def test_a_team_that_the_token_may_not_see_is_told_and_the_reviews_stay(teams: dict[str, Any], told: str) -> None:
    with GithubDouble(world(teams=teams)) as double:
        evidence = ask(double, owners=["@acme/db"])
    assert evidence.teams == ()
    reason = reasons(evidence)["owner:@acme/db"]
    assert told in reason
    assert "members: read" in reason
    assert "read:org" in reason
    assert len(evidence.unread) == len(evidence.pulls) == len(evidence.commits) == 1


@pytest.mark.parametrize("kind", ["INSUFFICIENT_SCOPES", "FORBIDDEN"])
def test_a_question_about_teams_that_is_refused_as_a_whole(kind: str) -> None:
    def refuse(answer: dict[str, Any]) -> None:
        if "organization" in double.queries[-1]:
            answer.clear()
            answer["errors"] = [{"type": kind, "message": "Your token has not been granted the required scopes"}]

    with GithubDouble(world(teams={"acme/db": ["ben"]}), always=Fault(edit=refuse)) as double:
        evidence = ask(double, owners=["@acme/db", "ann@example.org"], checks=HEAD)
    assert evidence.checks == CommitChecks(HEAD)
    assert evidence.teams == (Team("ann@example.org", (Account(1, "ann"),)),)
    assert "required scopes" in reasons(evidence)["owner:@acme/db"]
    assert [review.teams for review in evidence.pulls[0].reviews] == [()]
    assert list(reasons(evidence)) == ["owner:@acme/db"]
    assert len(double.queries) <= 2 + 1 + 1 + 1 + 3, "nobody asks again what is refused"


def test_an_address_is_whoever_github_maps_it_to() -> None:
    with GithubDouble(world()) as double:
        evidence = ask(double, owners=["Ann@Example.org", "nobody@example.org", "ann"])
    assert evidence.teams == (Team("Ann@Example.org", (Account(1, "ann"),)),)
    assert "maps this address to no account" in reasons(evidence)["owner:nobody@example.org"]
    assert "neither a team nor an e-mail address" in reasons(evidence)["owner:ann"]
    assert len(double.queries) == 2, "there is no team to ask for"


def test_on_whose_behalf_a_review_was_given() -> None:
    with GithubDouble(world(teams={"acme/db": None})) as double:
        (review,) = ask(double, owners=["@acme/db"]).pulls[0].reviews
        assert review.teams == ("@acme/db", "@acme/web")
        double.queries.clear()
        (review,) = ask(double, owners=["ann@example.org"]).pulls[0].reviews
        assert review.teams == ()
        assert not any("onBehalfOf" in query for query in double.queries), "only where a team owns something"


def test_a_name_that_is_no_name_is_asked_for_as_it_is() -> None:
    """CODEOWNERS is the repository's, and the repository is hostile."""
    name = '@acme/db"){id}}#'
    with GithubDouble(world(teams={"acme/db": ["ben"]})) as double:
        evidence = ask(double, owners=[name])
    assert list(reasons(evidence)) == [f"owner:{name}"]


# ----------------------------------------------------------------------------------------------------------------------------- tags


def test_where_tags_are() -> None:
    tags = {
        "freeze/release/1": {"object": TAG, "commit": HEAD},
        "light": HEAD,
        "nested": {"object": OUTER, "target": {"object": TAG, "commit": HEAD}},
        'od"d': HEAD,
    }
    with GithubDouble(world(tags=tags)) as double:
        evidence = ask(double, late=False, tags=[*tags, "absent"])
    assert evidence.tags == (
        TagEvidence("freeze/release/1", TAG, HEAD),
        TagEvidence("light", HEAD, HEAD),
        TagEvidence("nested", OUTER, HEAD),
        TagEvidence('od"d', HEAD, HEAD),
    )
    assert evidence.unread == ()
    assert len(double.queries) == 1


def test_tags_that_nobody_tells_of() -> None:
    deep: Any = {"object": TAG, "commit": HEAD}
    for _ in range(9):
        deep = {"object": OUTER, "target": deep}
    with GithubDouble(world(tags={"deep": deep})) as double:
        evidence = ask(double, tags=["deep"])
        assert (evidence.tags, list(reasons(evidence))) == ((), ["tag:deep"])
    with GithubDouble(world(), faults=dict.fromkeys(range(3, 9), Fault(500))) as double:
        evidence = ask(double, tags=["v1"])
    assert (evidence.tags, list(reasons(evidence)), len(evidence.pulls)) == ((), ["tag:v1"], 1)


# ------------------------------------------------------------------------------------------------------------------- in nobody's way


def test_nobody_asks_for_what_nobody_wants() -> None:
    with GithubDouble(world()) as double:
        ask(double)
    assert len(double.queries) == 2
    assert not [word for word in ("statusCheckRollup", "organization(", "node(", "ref(") for query in double.queries if word in query]


def test_without_a_commit_only_the_rest_is_asked() -> None:
    with GithubDouble(world(checks={HEAD: [{"name": "test"}]})) as double:
        evidence = ask(double, late=False, checks=HEAD)
    assert (len(double.queries), evidence.commits, evidence.pulls) == (1, (), ())
    assert evidence.checks


def test_without_a_token_everything_is_unread_by_its_name() -> None:
    with GithubDouble(world()) as double:
        asked = Question([], checks=HEAD, owners=["@acme/db"], tags=["v1"], environ=double.environ | {"GITHUB_TOKEN": ""})
        evidence = collect(asked)
        assert double.queries == []
    assert list(reasons(evidence)) == [f"checks:{HEAD}", "tag:v1", "owner:@acme/db"]
    assert all("set GITHUB_TOKEN" in reason for reason in reasons(evidence).values())


def test_a_limit_that_cannot_be_told_is_no_harm() -> None:
    def break_limit(answer: dict[str, Any]) -> None:
        answer["data"]["spent"] = None
        answer.setdefault("errors", []).append({"message": "Something went wrong", "path": ["spent"]})

    heard: list[str] = []
    with GithubDouble(world(teams={"acme/db": ["ben"]}), always=Fault(edit=break_limit)) as double:
        evidence = ask(double, owners=["@acme/db"], checks=HEAD, told=heard.append)
    assert evidence.unread == ()
    assert heard == ["GitHub: 5 requests"]
