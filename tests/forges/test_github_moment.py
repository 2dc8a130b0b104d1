"""Where a branch was at a time, by GitHub's activity log."""

from __future__ import annotations

from typing import Any

import pytest
from github_double import Fault, GithubDouble, World

from lastcall.forges import Question, _github_api, github
from lastcall.forges.github import moment
from lastcall.model import LastcallError, Moment

FIRST, SECOND, THIRD, NOWHERE = "1" * 40, "2" * 40, "3" * 40, "0" * 40
BRANCH = "release/2.4"
REF = f"refs/heads/{BRANCH}"


def event(at: str, before: str, after: str, **told: Any) -> dict[str, Any]:
    return {"ref": REF, "before": before, "after": after, "at": at} | told


LOG = [
    event("2026-03-01T10:00:00Z", NOWHERE, FIRST, type="branch_creation"),
    event("2026-03-02T10:00:00Z", FIRST, SECOND),
    event("2026-03-02T12:00:00Z", THIRD, FIRST, ref="refs/heads/main"),
    event("2026-03-03T10:00:00Z", SECOND, THIRD, type="force_push"),
    event("2026-03-05T10:00:00Z", THIRD, NOWHERE, type="branch_deletion"),
]


def at(double: GithubDouble, time: str, branch: str = BRANCH, **environ: str) -> str:
    found = moment(Question([], branch, environ=double.environ | environ), branch, time, sleep=lambda _: None)
    assert found == Moment(branch, time, found.commit, "GitHub's activity log")
    return found.commit


def refused(double: GithubDouble, time: str = "2026-03-02T18:00:00Z", branch: str = BRANCH, **environ: str) -> LastcallError:
    with pytest.raises(LastcallError) as error:
        at(double, time, branch, **environ)
    assert error.value.hint
    assert double.token not in f"{error.value.message}{error.value.hint}"
    return error.value


@pytest.mark.parametrize(
    ("time", "commit"),
    [
        ("2026-03-01T10:00:00Z", FIRST),
        ("2026-03-02T09:59:59Z", FIRST),
        ("2026-03-02T10:00:00Z", SECOND),
        ("2026-03-02T23:00:00+13:00", SECOND),
        ("2026-03-03T09:59:59.999+00:00", SECOND),
        ("2026-03-04T00:00:00Z", THIRD),
    ],
)
def test_the_newest_push_until_then_tells(time: str, commit: str) -> None:
    with GithubDouble(World(activity=LOG)) as double:
        assert at(double, time) == commit
        assert len(double.queries) == 1


def test_before_the_oldest_push_that_is_known_the_branch_was_where_that_found_it() -> None:
    """GitHub does not keep its log for ever."""
    with GithubDouble(World(activity=LOG[3:4])) as double:
        assert at(double, "2026-01-01T00:00:00Z") == SECOND


@pytest.mark.parametrize("time", ["2026-02-28T10:00:00Z", "2026-03-06T10:00:00Z"])
def test_a_branch_that_did_not_exist_then(time: str) -> None:
    with GithubDouble(World(activity=LOG)) as double:
        assert refused(double, time).message == f"the branch {BRANCH} did not exist at {time}, by GitHub's activity log"


def test_a_branch_that_nothing_was_ever_pushed_to() -> None:
    with GithubDouble(World(activity=LOG)) as double:
        error = refused(double, branch="release/9")
    assert "GitHub has no activity log of release/9" in error.message
    assert error.hint == "give the freeze as a tag or a commit: --freeze REF"


@pytest.mark.parametrize(
    ("time", "told"),
    [
        ("2999-01-01T00:00:00Z", "in the future"),
        ("2026-03-02T18:00:00", "no time with its zone"),
        ("yesterday", "no time with its zone"),
    ],
)
def test_a_time_that_cannot_be_asked_for(time: str, told: str) -> None:
    with GithubDouble(World(activity=LOG)) as double:
        assert told in refused(double, time).message
        assert double.queries == []


def test_a_long_log_is_read_as_far_as_it_takes() -> None:
    pushes = [event(f"2026-03-02T{place // 60:02}:{place % 60:02}:00Z", f"{place:040x}", f"{place + 1:040x}") for place in range(1, 351)]
    with GithubDouble(World(activity=pushes)) as double:
        assert at(double, "2026-03-02T00:30:30Z") == f"{31:040x}"
        assert len(double.queries) == 4
        double.queries.clear()
        assert at(double, "2026-03-02T05:49:30Z") == f"{350:040x}"
        assert len(double.queries) == 1
        assert "ref=refs%2Fheads%2Frelease%2F2.4&per_page=100" in double.queries[0]


def test_the_token_follows_no_link_to_another_server() -> None:
    with GithubDouble(World()) as other, GithubDouble(World(activity=LOG[3:4])) as double:
        double.always = Fault(edit=lambda _: None, headers={"Link": f'<{other.rest}/repos/acme/shop/activity>; rel="next"'})
        assert "leads to another server" in refused(double, "2026-01-01T00:00:00Z").message
        double.always = Fault(301, headers={"Location": f"{other.rest}/repos/acme/shop/activity"})
        assert "leads to another server" in refused(double).message
        assert other.queries == []


def test_a_repository_that_moved_is_followed() -> None:
    with GithubDouble(World(repository="acme/store", activity=LOG)) as double:
        there = f"{double.rest}/repos/acme/store/activity?ref={REF}&per_page=100"
        double.faults = {1: Fault(301, headers={"Location": there})}
        assert at(double, "2026-03-02T18:00:00Z", GITHUB_REPOSITORY="acme/shop") == SECOND
        double.always = Fault(302, headers={"Location": there})
        assert "leads in a circle" in refused(double).message


PASSING = {
    "401": Fault(401),
    "403": Fault(403),
    "403 with Retry-After": Fault(403, headers={"Retry-After": "3"}),
    "404": Fault(404),
    "429": Fault(429),
    "500": Fault(500),
    "502": Fault(502, "<html>"),
    "cut": Fault(cut=True),
    "no JSON": Fault(body="{"),
}


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_is_survived(fault: str) -> None:
    with GithubDouble(World(activity=LOG), faults={1: PASSING[fault]}) as double:
        assert at(double, "2026-03-02T18:00:00Z") == SECOND


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault(401), "does not accept the token"),
        (Fault(403), "give it contents: read"),
        (Fault(404), "GitHub does not show that of acme/shop to this token"),
        (Fault(429, headers={"Retry-After": "3600"}), "run again in 3601 s"),
        (Fault(500), "GitHub answered 500"),
        (Fault(cut=True), "could not be reached"),
        (Fault(body="{"), "no JSON"),
        (Fault(body="{}"), "was not understood"),
        (Fault(body="null"), "was not understood"),
        (Fault(body='[{"ref": "refs/heads/release/2.4"}]'), "was not understood"),
        (Fault(edit=lambda log: log[0].update(after="HEAD")), "was not understood"),
        (Fault(edit=lambda log: log[0].update(timestamp="2026-03-03T10:00:00")), "was not understood"),
    ],
)
def test_a_fault_that_lasts_is_told(fault: Fault, told: str) -> None:
    with GithubDouble(World(activity=LOG), always=fault) as double:
        error = refused(double)
        assert told in error.message
        assert error.hint == "give the freeze as a tag or a commit: --freeze REF"
        assert len(double.queries) <= 6


def test_a_log_without_an_end_is_not_read_for_ever() -> None:
    with GithubDouble(World(activity=LOG[3:4])) as double:
        double.always = Fault(edit=lambda _: None, headers={"Link": f'<{double.rest}/repos/acme/shop/activity>; rel="next"'})
        assert "too long" in refused(double, "2026-01-01T00:00:00Z").message
        assert len(double.queries) == 100


def test_an_answer_that_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_github_api, "_READ_SECONDS", 0.05)
    with GithubDouble(World(activity=LOG), faults={1: Fault(delay=0.2)}) as double:
        assert at(double, "2026-03-02T18:00:00Z") == SECOND


def test_without_a_token_nobody_is_asked() -> None:
    with GithubDouble(World(activity=LOG)) as double:
        assert "set GITHUB_TOKEN" in refused(double, GITHUB_TOKEN="").message
        told = refused(double, GITHUB_API_URL="http://github.example/api/v3").message
        assert "a token is not sent to github.example without encryption: set GITHUB_API_URL" in told
        assert double.queries == []


def test_the_forge_answers_it() -> None:
    assert github.GITHUB.moment is moment
