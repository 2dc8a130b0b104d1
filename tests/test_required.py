"""Required checks by example: what ran on the release head in, what is green there out."""

import pytest

from lastcall.model import Check, CheckRun, CheckState, CommitChecks, Evidence, RequiredCheck, RunState, Unread
from lastcall.required import required

HEAD, OTHER = "abc1234" + "0" * 33, "def5678" + "0" * 33
PASSED, FAILED, PENDING = RunState.PASSED, RunState.FAILED, RunState.PENDING


def run(name: str, state: RunState = PASSED, app: str = "github-actions", app_id: int | None = 15368) -> CheckRun:
    return CheckRun(name, state, app, app_id, f"https://forge.example/{name}/{state}")


def status(name: str, state: RunState = PASSED) -> CheckRun:
    """A commit status, which no app tells of."""
    return run(name, state, "", None)


def told(*runs: CheckRun, on: str = HEAD, unread: tuple[Unread, ...] = ()) -> Evidence:
    return Evidence("github", "acme/shop", checks=CommitChecks(on, runs), unread=unread)


def check(evidence: Evidence, name: str = "test", app: str = "") -> Check:
    (found,) = required([RequiredCheck(name, app)], evidence, HEAD)
    assert (found.name, found.app, found.commit) == (name, app, HEAD)
    return found


def state(evidence: Evidence, name: str = "test", app: str = "") -> CheckState:
    return check(evidence, name, app).state


def test_a_check_that_passed_on_the_head_is_green() -> None:
    found = check(told(run("lint", FAILED), run("test")))
    assert found.state is CheckState.PASSED
    assert (found.detail, found.url) == ("the check test passed on abc1234", "https://forge.example/test/passed")


def test_each_check_is_answered_in_the_order_of_the_policy() -> None:
    wanted = [RequiredCheck("test"), RequiredCheck("load-test"), RequiredCheck("test", "ci")]
    found = required(wanted, told(run("load-test", PENDING), run("test")), HEAD)
    assert [(each.name, each.app, each.state) for each in found] == [
        ("test", "", CheckState.PASSED),
        ("load-test", "", CheckState.PENDING),
        ("test", "ci", CheckState.MISSING),
    ]
    assert required([], told(run("test")), HEAD) == ()


def test_one_that_failed_says_so() -> None:
    found = check(told(run("test", FAILED)))
    assert found.state is CheckState.FAILED
    assert found.detail == ("the check test (github-actions) failed on abc1234; mend what it found, or run it again on this commit")
    assert found.url == "https://forge.example/test/failed"


def test_one_that_runs_still_has_not_passed() -> None:
    found = check(told(run("test", PENDING)))
    assert found.state is CheckState.PENDING
    assert found.detail == "the check test (github-actions) has not finished on abc1234; wait for it, and check again"


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([PASSED], CheckState.PASSED),
        ([PENDING], CheckState.PENDING),
        ([FAILED], CheckState.FAILED),
        ([PENDING, FAILED], CheckState.FAILED),
    ],
)
def test_of_several_runs_of_a_name_all_must_be_green(others: list[RunState], expected: CheckState) -> None:
    """Anybody who can write may post a status of that name: a green one never hides one that is not."""
    runs = [run("test"), *(status("test", other) for other in others)]
    assert state(told(*runs)) is expected
    assert state(told(*reversed(runs))) is expected


def test_with_an_app_only_its_runs_count() -> None:
    runs = [run("test"), status("test", FAILED), run("test", PENDING, "other-ci", 7)]
    assert state(told(*runs), app="github-actions") is CheckState.PASSED
    assert state(told(*runs), app="GitHub-Actions") is CheckState.PASSED
    assert state(told(*runs), app="15368") is CheckState.PASSED
    assert state(told(*runs), app="other-ci") is CheckState.PENDING
    assert state(told(*runs), app="7") is CheckState.PENDING
    assert state(told(*runs), app="8") is CheckState.MISSING


def test_a_number_is_never_taken_for_a_slug() -> None:
    assert state(told(run("test", app="15368", app_id=4)), app="15368") is CheckState.MISSING
    assert state(told(status("test")), app="9" * 5000) is CheckState.MISSING


# ------------------------------------------------------------------------------------------------------------------------ missing


def missing(evidence: Evidence, name: str = "test", app: str = "") -> str:
    found = check(evidence, name, app)
    assert (found.state, found.url) == (CheckState.MISSING, "")
    start = f"the check {name}{f' of the app {app}' if app else ''} has not run on abc1234: "
    assert found.detail.startswith(start)
    return found.detail.removeprefix(start)


def test_an_empty_list_is_missing_and_never_green() -> None:
    assert missing(told()) == "no check at all ran there; run it on exactly this commit"


def test_a_name_that_is_near_is_told() -> None:
    assert missing(told(run("lint"), run("load_test")), "load-test") == (
        "there is load_test; correct the name in the policy, or run it on exactly this commit"
    )


def test_names_are_compared_to_the_letter() -> None:
    assert missing(told(run("Test"))) == "there is Test; correct the name in the policy, or run it on exactly this commit"
    assert missing(told(run("test "))).startswith("there is test ;")


def test_a_matrix_is_not_its_job() -> None:
    rows = [run(f"test (3.{minor})") for minor in (11, 12, 13, 14, 15)]
    assert missing(told(*rows)) == (
        "there are test (3.11), test (3.12), test (3.13) and 2 more; list each of them under `checks`, "
        "or add a job of that name that needs them all"
    )


def test_where_nothing_is_near_what_ran_is_told() -> None:
    assert missing(told(run("lint"), run("build")), "load-test") == "only build and lint did; run it on exactly this commit"


def test_where_another_app_tells_of_it_that_is_told() -> None:
    assert missing(told(run("test"), status("test")), app="circleci") == (
        "one of that name is told by a commit status and github-actions; run it on exactly this commit, or change `app` in the policy"
    )


def test_a_hostile_list_is_cut_short() -> None:
    found = check(told(*(run(f"{number}" + "x" * 100_000) for number in range(2000))))
    assert found.state is CheckState.MISSING
    assert len(found.detail) < 1000


# ------------------------------------------------------------------------------------------------------------------------ unknown


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        (Evidence("github"), "the evidence does not hold them: they were never asked for"),
        (told(run("test"), on=OTHER), "the evidence does not hold them: they were never asked for"),
        (Evidence("none", unread=(Unread("reviews", "no forge was asked"),)), "no forge was asked"),
        (Evidence("github", unread=(Unread("checks", "403", subject=f"checks:{HEAD}"), Unread("reviews", "no token"))), "403"),
        (Evidence("github", unread=(Unread("checks", "403", subject=f"checks:{OTHER}"),)), "the evidence does not hold them"),
    ],
)
def test_what_the_evidence_does_not_hold_is_unknown(evidence: Evidence, reason: str) -> None:
    found = check(evidence)
    assert found.state is CheckState.UNKNOWN
    assert found.detail.startswith(f"whether the check test passed on abc1234 is not known: {reason}")


def test_a_list_that_is_not_whole_is_never_green() -> None:
    """Another run of the same name may have failed, and is among those that were not told."""
    short = (Unread("checks", "a page is missing", subject=f"checks:{HEAD}"),)
    assert state(told(run("test"), unread=short)) is CheckState.UNKNOWN
    assert state(told(unread=short)) is CheckState.UNKNOWN
    assert state(told(run("test", PENDING), unread=short)) is CheckState.UNKNOWN
    assert state(told(run("test", FAILED), unread=short)) is CheckState.FAILED


def test_what_is_not_known_of_a_pull_request_says_nothing_of_a_check() -> None:
    unread = (Unread("reviews", "502", subject="pull:7"), Unread("owner", "403", subject="owner:@acme/db"))
    assert state(told(run("test"), unread=unread)) is CheckState.PASSED


def test_a_check_that_was_skipped_counts_as_green_and_is_told():
    (check,) = required(
        [RequiredCheck("load-test")], Evidence("github", checks=CommitChecks(HEAD, (CheckRun("load-test", RunState.SKIPPED),))), HEAD
    )
    assert check.state is CheckState.PASSED
    assert "was skipped on" in check.detail
