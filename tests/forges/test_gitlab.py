"""GitLab asked for real: over HTTP, through a double that answers what GitLab's API description allows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from gitlab_double import Fault, GitlabDouble, World

from lastcall.forges import Question, pick
from lastcall.forges.gitlab import collect
from lastcall.forges.recorded import read, write
from lastcall.model import (
    Account,
    AccountKind,
    BaseChange,
    Commit,
    CommitChecks,
    Evidence,
    ForcePush,
    LastcallError,
    Person,
    Pull,
    Review,
    ReviewState,
    RunState,
    TagEvidence,
    Team,
)

FIRST, HEAD, MERGE, DIRECT, OTHER, UNPUSHED = (f"{place:040x}" for place in range(1, 7))
APPROVED_AT = "2026-03-04T10:00:00.000Z"
ANN, BEN = "Ann <ann@example.org>", "Ben <ben@example.org>"


def person(text: str) -> Person:
    name, _, address = text.partition("<")
    return Person(name.strip(), address.rstrip(">"))


def world(**told: Any) -> World:
    """A merge request, approved once and merged, and a direct push."""
    return World(
        accounts={"ann": {"id": 1}, "ben": {"id": 2}, "cat": {"id": 3}, "eve": {"id": 4, "level": 20}},
        commits={
            FIRST: {"author": ANN},
            HEAD: {"author": ANN},
            MERGE: {"author": BEN, "parents": [FIRST, HEAD]},
            DIRECT: {"author": "Nobody <nobody@example.com>"},
            OTHER: {"author": BEN},
        },
        merges=[
            {
                "iid": 12,
                "title": "Cheaper receipts",
                "author": "ann",
                "target": "release/1",
                "head": HEAD,
                "merge_commit": MERGE,
                "commits": [FIRST, HEAD],
                "approvals": [{"user": "ben", "at": APPROVED_AT}],
            }
            | told
        ],
    )


def ask(double: GitlabDouble, *shas: str, waited: list[float] | None = None, **told: Any) -> Evidence:
    commits = []
    for sha in shas or (MERGE, DIRECT):
        known = double.world.commits.get(sha, {})
        people = person(known.get("author", ANN)), person(known.get("committer", known.get("author", ANN)))
        commits.append(Commit(sha, "0" * 40, (), *people, known.get("message", "Work")))
    question = Question(commits, **{"environ": double.environ, **told})
    return collect(question, sleep=(waited if waited is not None else []).append)


def the_pull(asked: World, **told: Any) -> Pull:
    with GitlabDouble(asked) as double:
        evidence = ask(double, **told)
    assert evidence.unread == ()
    (pull,) = evidence.pulls
    return pull


def the_review(**told: Any) -> Review:
    (review,) = the_pull(world(**told)).reviews
    return review


def reasons(evidence: Evidence) -> dict[str, str]:
    return {unread.subject: unread.reason for unread in evidence.unread}


# ------------------------------------------------------------------------------------------------------------------- what it tells


def test_a_merge_request_is_told_as_a_pull() -> None:
    asked, told = world(merged_by="ben"), []
    with GitlabDouble(asked) as double:
        evidence = ask(double, told=told.append)
    assert (evidence.forge, evidence.repository, evidence.unread) == ("gitlab", "acme/shop", ())
    assert told == [f"GitLab: {len(double.asked)} requests"]
    merge, direct = evidence.commits
    assert (merge.sha, merge.pulls, merge.author) == (MERGE, (12,), Account(2, "ben"))
    assert (direct.pulls, direct.author, direct.verified) == ((), None, False)
    (pull,) = evidence.pulls
    assert (pull.number, pull.title, pull.state, pull.base, pull.head) == (12, "Cheaper receipts", "merged", "release/1", HEAD)
    assert (pull.author, pull.merged_by, pull.base_repository) == (Account(1, "ann"), Account(2, "ben"), "acme/shop")
    assert (pull.merge_commit, pull.merged_at) == (MERGE, "2026-03-05T10:00:00Z")
    assert [each.sha for each in pull.commits] == [FIRST, HEAD], "oldest first"
    (review,) = pull.reviews
    assert (review.reviewer, review.state, review.commit, review.can_write) == (Account(2, "ben"), ReviewState.APPROVED, HEAD, True)
    assert review.submitted_at == "2026-03-04T10:00:00Z"


def test_the_same_question_gets_the_same_answer() -> None:
    with GitlabDouble(world()) as double:
        assert ask(double, MERGE, DIRECT, HEAD) == ask(double, HEAD, DIRECT, MERGE)


def test_what_was_collected_is_replayed() -> None:
    asked = world(
        reviewers=[{"user": "cat", "state": "requested_changes"}],
        versions=[{"head": FIRST, "at": "2026-03-01T08:00:00.000+02:00"}, {"head": HEAD, "at": "2026-03-02T08:00:00.000Z"}],
        notes=[{"author": "ann", "body": "changed target branch from `main` to `release/1`"}],
    )
    asked.statuses[MERGE] = [{"name": "test", "status": "success"}]
    asked.tags["v1"] = {"target": OTHER, "commit": MERGE}
    with GitlabDouble(asked) as double:
        evidence = ask(double, checks=MERGE, tags=["v1"], owners=["@acme/none"])
    assert read(write(evidence)) == evidence


def test_origins_and_the_merge_request_under_judgement_are_asked_for_as_well() -> None:
    asked = world(state="opened", merge_commit=None, approvals=[])
    origin = Commit(OTHER, "0" * 40, (), person(BEN), person(BEN), "Work")
    with GitlabDouble(asked) as double:
        evidence = ask(double, DIRECT, pull=12, origins=[origin])
    assert [commit.sha for commit in evidence.commits] == [DIRECT, OTHER]
    assert [(pull.state, len(pull.commits)) for pull in evidence.pulls] == [("open", 2)]


def test_of_what_was_not_merged_only_that_is_asked() -> None:
    asked = world(state="closed", merge_commit=None)
    with GitlabDouble(asked) as double:
        evidence = ask(double, HEAD)
        assert not [path for path in double.asked if "approvals" in path]
    assert [(pull.number, pull.state, pull.reviews) for pull in evidence.pulls] == [(12, "closed", ())]


def test_a_merge_request_that_is_being_merged_is_open() -> None:
    assert the_pull(world(state="locked", merge_commit=None), pull=12).state == "open"


def test_merge_requests_of_other_projects_are_told_as_such() -> None:
    assert the_pull(world(project=99)).base_repository == "project 99"


def test_a_commit_that_was_not_pushed_is_unread() -> None:
    with GitlabDouble(world()) as double:
        evidence = ask(double, MERGE, UNPUSHED)
    assert reasons(evidence) == {f"commit:{UNPUSHED}": "GitLab does not have this commit: push it first"}
    assert len(evidence.pulls) == 1


def test_a_merge_request_that_cannot_be_seen_is_unread() -> None:
    with GitlabDouble(world()) as double:
        assert reasons(ask(double, pull=77)) == {"pull:77": "GitLab does not show this merge request to the token"}


@pytest.mark.parametrize(
    ("told", "reason"), [({"merged_at": None}, "when this merge request was merged"), ({"head": None}, "what the head")]
)
def test_a_merge_request_without_what_everything_hangs_on(told: dict[str, Any], reason: str) -> None:
    with GitlabDouble(world(**told)) as double:
        assert reason in reasons(ask(double))["pull:12"]


def test_hundreds_of_commits_nobody_pushed_do_not_take_minutes() -> None:
    waited: list[float] = []
    with GitlabDouble(world()) as double:
        ask(double, *(f"{place:040x}" for place in range(1000, 1200)), waited=waited)
    assert sum(waited) <= 10


def test_nothing_asked_is_nothing_to_ask() -> None:
    with GitlabDouble(world()) as double:
        assert collect(Question([], environ=double.environ)).unread == ()
        assert double.asked == []


def test_the_bar_moves() -> None:
    moved: list[tuple[str, int, int]] = []
    with GitlabDouble(world()) as double:
        ask(double, progress=lambda *step: moved.append(step))
    assert moved[:3] == [("commits asked of GitLab", 0, 2), ("commits asked of GitLab", 1, 2), ("commits asked of GitLab", 2, 2)]
    assert ("merge requests asked of GitLab", 1, 1) in moved


@pytest.mark.parametrize("paging", ["number", "link", "nothing"])
def test_long_lists_are_read_to_their_end(paging: str) -> None:
    many = [f"{place:040x}" for place in range(1000, 1250)]
    asked = world(commits=[*many, HEAD])
    asked.commits |= {sha: {"author": ANN} for sha in many}
    with GitlabDouble(asked, paging=paging, totals=paging == "number") as double:
        (pull,) = ask(double).pulls
    assert [commit.sha for commit in pull.commits] == [*many, HEAD]


# ----------------------------------------------------------------------------------------------- which commit an approval is for

PUSHES = [
    {"head": OTHER, "at": "2026-03-02T10:00:00.000Z"},
    {"head": FIRST, "at": "2026-03-03T10:00:00.000Z"},
    {"head": HEAD, "at": "2026-03-05T10:00:00.000Z"},
]


@pytest.mark.parametrize(
    ("at", "commit"),
    [
        ("2026-03-02T09:59:59.999Z", None),
        ("2026-03-02T10:00:00.000Z", OTHER),
        ("2026-03-03T10:59:59.999+01:00", OTHER),
        ("2026-03-04T10:00:00.000Z", FIRST),
        ("2026-03-05T10:00:00.001Z", HEAD),
    ],
)
def test_an_approval_is_for_the_head_that_could_be_seen_then(at: str, commit: str | None) -> None:
    assert the_review(approvals=[{"user": "ben", "at": at}], versions=PUSHES).commit == commit


def test_dates_in_commits_have_no_say() -> None:
    """The versions are in the order of the server's clock, whatever was pushed last says of itself."""
    backdated = [PUSHES[0], {"head": HEAD, "at": "2026-03-05T10:00:00.000Z", "id": 1}]
    assert the_review(approvals=[{"user": "ben", "at": APPROVED_AT}], versions=backdated).commit == OTHER


def test_servers_that_tell_no_time_of_approvals_note_it() -> None:
    """https://docs.gitlab.com/api/merge_request_approvals/: ``approved_at`` is new."""
    notes = [
        {"author": "ben", "body": "approved this merge request", "at": "2026-03-02T11:00:00.000Z"},
        {"author": "cat", "body": "approved this merge request", "at": "2026-03-05T11:00:00.000Z"},
        {"author": "ben", "body": "unapproved this merge request", "at": "2026-03-03T11:00:00.000Z"},
        {"author": "ben", "body": "approved this merge request", "at": "2026-03-04T11:00:00.000Z"},
    ]
    reviews = the_pull(world(approvals=[{"user": "ben"}], versions=PUSHES, notes=notes)).reviews
    assert [(review.reviewer.login, review.commit) for review in reviews if review.state is ReviewState.APPROVED] == [("ben", FIRST)]


def test_without_any_time_it_is_not_known_what_was_approved() -> None:
    review = the_review(approvals=[{"user": "ben"}], versions=PUSHES)
    assert (review.commit, review.submitted_at) == (None, "2026-03-01T08:00:00Z")


@pytest.mark.parametrize("note", [{"system": False}, {"author": "ann"}, {"body": "ben approved this merge request"}, {"imported": True}])
def test_nobody_writes_a_note_that_says_when(note: dict[str, Any]) -> None:
    told = {"author": "ben", "body": "approved this merge request", "at": "2026-03-06T11:00:00.000Z"} | note
    reviews = the_pull(world(approvals=[{"user": "ben"}], versions=PUSHES, notes=[told])).reviews
    assert [review.commit for review in reviews if review.state is ReviewState.APPROVED] == [None]


# -------------------------------------------------------------------------------------------------------------------- opinions


@pytest.mark.parametrize("last", ["approved this merge request", "unapproved this merge request"])
def test_an_approval_that_was_revoked_or_reset_does_not_count(last: str) -> None:
    """A push that resets approvals leaves the note of each of them."""
    notes = [
        {"author": "ben", "body": "approved this merge request", "at": "2026-03-04T11:00:00.000Z"},
        {"author": "ben", "body": last, "at": "2026-03-04T12:00:00.000Z"},
    ]
    review = the_review(approvals=[], notes=notes)
    assert (review.reviewer.login, review.state, review.commit) == ("ben", ReviewState.DISMISSED, None)


def test_what_people_write_is_no_opinion() -> None:
    notes = [{"author": "ben", "body": "approved this merge request", "system": False}, {"author": "ben", "body": "LGTM", "system": False}]
    assert the_pull(world(approvals=[], notes=notes)).reviews == ()


def test_changes_that_were_requested_stand_after_every_approval() -> None:
    told = {
        "approvals": [{"user": "ben", "at": APPROVED_AT}, {"user": "cat", "at": APPROVED_AT}],
        "reviewers": [
            {"user": "ben", "state": "requested_changes", "at": "2026-03-02T10:00:00.000Z"},
            {"user": "cat", "state": "approved"},
        ],
        "notes": [{"author": "ben", "body": "requested changes", "at": "2026-03-03T10:00:00.000Z"}],
    }
    reviews = the_pull(world(**told)).reviews
    last = {review.reviewer.login: review.state for review in reviews}
    assert last == {"ben": ReviewState.CHANGES_REQUESTED, "cat": ReviewState.APPROVED}


@pytest.mark.parametrize(
    ("account", "can_write"),
    [
        ({"level": 50}, True),
        ({"level": 30}, True),
        ({"level": 25}, False),
        ({"level": 20}, False),
        ({"level": None}, False),
        ({"level": 40, "member": {"membership_state": "awaiting"}}, False),
        ({"level": 40, "member": {"state": "blocked"}}, False),
    ],
)
def test_who_can_write_has_the_role_of_a_developer(account: dict[str, Any], can_write: bool) -> None:
    asked = world()
    asked.accounts["ben"] |= account
    assert the_pull(asked).reviews[0].can_write is can_write


def test_each_person_is_asked_for_once() -> None:
    asked = world()
    asked.merges += [{**asked.merges[0], "iid": 13, "merge_commit": OTHER}]
    with GitlabDouble(asked) as double:
        ask(double, MERGE, OTHER)
        assert len([path for path in double.asked if path.endswith("/members/all/2")]) == 1
        assert len([path for path in double.asked if path.endswith("/users/2")]) == 1


def test_of_an_approver_who_is_not_told_nothing_is_known() -> None:
    for where in ("/users/2", "/members/all/2"):
        with GitlabDouble(world(), at={where: Fault(403)}) as double:
            (review,) = ask(double, DIRECT, pull=12).pulls[0].reviews
            assert review.can_write is None, where


# -------------------------------------------------------------------------------------------------------------------- accounts


def test_accounts_that_are_no_people() -> None:
    asked = world(
        author="project_7_bot_0123abc",
        approvals=[{"user": name, "at": APPROVED_AT} for name in ("ghost", "renovate", "group_3_bot", "duo")] + [{"user": None}],
    )
    asked.accounts |= {"renovate": {"id": 20, "bot": True}, "duo": {"id": 21, "bot": True}, "ghost": {"id": 22}}
    asked.accounts |= {"project_7_bot_0123abc": {"id": 23}, "group_3_bot": {"id": 24}}
    pull = the_pull(asked)
    assert pull.author == Account(23, "project_7_bot_0123abc", AccountKind.BOT)
    kinds = {(review.reviewer.login, review.reviewer.id): review.reviewer.kind for review in pull.reviews}
    bots = {("renovate", 20): AccountKind.BOT, ("group_3_bot", 24): AccountKind.BOT, ("duo", 21): AccountKind.BOT}
    assert kinds == {("ghost", None): AccountKind.GHOST} | bots


def test_an_author_that_was_deleted_is_a_ghost() -> None:
    assert the_pull(world(author=None)).author == Account(None, "ghost", AccountKind.GHOST)


def test_approvals_of_an_imported_merge_request_are_those_of_placeholders() -> None:
    assert the_review(imported=True).reviewer == Account(2, "ben", AccountKind.MANNEQUIN)


def author_of(asked: World, **told: Any) -> Account | None:
    with GitlabDouble(asked, **told) as double:
        return ask(double, DIRECT).commits[0].author


def test_gitlab_finds_the_account_behind_a_private_address() -> None:
    asked = world()
    asked.commits[DIRECT] = {"author": "Somebody <HOME@ann.example>"}
    asked.accounts["ann"]["emails"] = ["work@ann.example", "home@ann.example"]
    assert author_of(asked) == Account(1, "ann")
    assert author_of(asked, graph=False) is None, "and nobody else may know it"


def test_addresses_are_asked_for_once_and_many_at_a_time() -> None:
    asked = world(commits=[f"{place:040x}" for place in range(100, 130)] + [HEAD])
    asked.accounts |= {f"dev{place}": {} for place in range(15)}
    asked.commits |= {f"{place:040x}": {"author": f"Dev <dev{place % 15}@example.org>"} for place in range(100, 130)}
    with GitlabDouble(asked) as double:
        evidence = ask(double)
        assert double.asked.count("/api/graphql") == 2
    assert len({commit.author for commit in evidence.pulls[0].commits}) == 16


def test_a_committer_and_a_co_author_are_found_as_authors_of_something_else() -> None:
    asked = world()
    asked.commits[DIRECT] = {"author": ANN, "committer": BEN, "message": "Work\n\nCo-authored-by: Cat <cat@example.org>"}
    with GitlabDouble(asked) as double:
        alone = ask(double, DIRECT).commits[0]
        assert (alone.author, alone.committer) == (Account(1, "ann"), None)
        assert alone.co_authors == (Account(None, "Cat <cat@example.org>"),)
        assert {each.sha: each.committer for each in ask(double, DIRECT, OTHER).commits}[DIRECT] == Account(2, "ben")


def test_an_address_that_an_account_shows_is_found() -> None:
    asked = world()
    asked.accounts["ben"]["public"] = "Ben@Example.com"
    asked.accounts["not-ben@example.com"] = {"id": 30, "public": "x.ben@example.com"}
    asked.commits[DIRECT] = {"author": ANN, "committer": "B <ben@example.com>"}
    with GitlabDouble(asked) as double:
        assert ask(double, DIRECT).commits[0].committer == Account(2, "ben")


def test_a_name_like_an_address_is_nobody() -> None:
    asked = world()
    asked.accounts["nobody@example.com"] = {"id": 30}
    assert author_of(asked, graph=False) is None


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("2-ben@users.noreply.gitlab.example", Account(2, "ben")),
        ("2-bens-old-name@users.noreply.gitlab.example", Account(2, "ben")),
        ("77-ben@users.noreply.gitlab.example", None),
        ("2-ben@users.noreply.gitlab.com", None),
        ("2+ben@users.noreply.gitlab.example", None),
        ("project_7_bot_0123abc@noreply.gitlab.example", Account(23, "project_7_bot_0123abc", AccountKind.BOT)),
        ("project_8_bot@noreply.gitlab.example", None),
        ("ben@noreply.gitlab.example", None),
    ],
)
def test_an_address_that_gitlab_gave_away_holds_the_account(address: str, found: Account | None) -> None:
    asked = world()
    asked.accounts["project_7_bot_0123abc"] = {"id": 23, "bot": True, "emails": []}
    asked.commits[DIRECT] = {"author": f"Somebody <{address}>"}
    assert author_of(asked) == found


def test_addresses_that_could_not_be_asked_for_are_told() -> None:
    with GitlabDouble(world(), at={"graphql": Fault(500)}) as double:
        evidence = ask(double, DIRECT, HEAD)
    assert "GitLab answered 500" in reasons(evidence)["pull:12"]
    assert "GitLab answered 500" in reasons(evidence)[f"commit:{DIRECT}"]


# ------------------------------------------------------------------------------------------------------------------ signatures


@pytest.mark.parametrize(
    ("status", "verified", "by_forge"),
    [
        ("verified", True, False),
        ("verified_system", True, True),
        ("unverified", False, False),
        (None, False, False),
        ("other_user", False, False),
    ],
)
def test_a_signature_is_asked_for_what_landed(status: str | None, verified: bool, by_forge: bool) -> None:
    asked = world()
    asked.commits[MERGE]["signature"] = status
    with GitlabDouble(asked) as double:
        evidence = ask(double)
        assert len([path for path in double.asked if "signature" in path]) == 1
    merge = next(each for each in evidence.commits if each.sha == MERGE)
    assert (merge.verified, merge.signed_by_forge, evidence.pulls[0].merge_signed_by_forge) == (verified, by_forge, by_forge)


def test_a_signature_is_asked_for_what_a_bot_wrote() -> None:
    asked = world(author="renovate")
    asked.accounts["renovate"] = {"id": 20, "bot": True}
    asked.commits[HEAD] = {"author": "Renovate <renovate@example.org>", "signature": "verified"}
    assert [commit.verified for commit in the_pull(asked).commits] == [False, True]


# ------------------------------------------------------------------------------------------------------------ what happened to it


def test_a_merge_request_that_was_pointed_elsewhere() -> None:
    notes = [
        {"author": "ann", "body": "changed target branch from `main` to `dev`", "at": "2026-03-02T10:00:00.000Z"},
        {
            "author": "ann",
            "body": "changed automatically target branch to `release/1` because `dev` was deleted",
            "at": "2026-03-03T10:00:00.000Z",
        },
        {"author": "ann", "body": "changed target branch from `x` to `y`", "system": False},
    ]
    changed = the_pull(world(notes=notes)).base_changes
    assert changed == (BaseChange("main", "dev", "2026-03-02T10:00:00Z"), BaseChange("dev", "release/1", "2026-03-03T10:00:00Z"))


def test_whoever_replaced_its_commits_is_told() -> None:
    """A head that the commits do not hold any more was replaced; GitLab's note on it names the version and whoever pushed."""
    versions = [
        {"head": OTHER, "at": "2026-03-02T10:00:00.000Z", "id": 71},
        {"head": FIRST, "at": "2026-03-03T10:00:00.000Z", "id": 72},
        {"head": HEAD, "at": "2026-03-04T10:00:00.000Z", "id": 73},
    ]
    compare = "[Compare with previous version](/acme/shop/-/merge_requests/12/diffs?diff_id=72&start_sha=5)"
    notes = [{"author": "cat", "body": f"added 1 commit\n\n<ul><li>0000 - Work</li></ul>\n\n{compare}"}]
    pushed = ForcePush(Account(3, "cat"), OTHER, FIRST, "2026-03-03T10:00:00Z")
    assert the_pull(world(versions=versions, notes=notes)).force_pushes == (pushed,)
    assert the_pull(world(versions=versions)).force_pushes == (replace(pushed, actor=None),)


# ---------------------------------------------------------------------------------------------------------------- besides reviews


def runs(*told: dict[str, Any]) -> dict[str, RunState]:
    asked = world()
    asked.statuses[MERGE] = list(told)
    with GitlabDouble(asked) as double:
        checks = ask(double, checks=MERGE).checks
    assert checks
    assert checks.commit == MERGE
    return {run.name: run.state for run in checks.runs}


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("success", RunState.PASSED),
        ("failed", RunState.FAILED),
        ("canceled", RunState.FAILED),
        ("skipped", RunState.FAILED),
        ("running", RunState.PENDING),
        ("manual", RunState.PENDING),
        ("created", RunState.PENDING),
    ],
)
def test_only_a_job_that_succeeded_is_green(status: str, state: RunState) -> None:
    assert runs({"name": "test", "status": status, "allow_failure": True}) == {"test": state}


def test_the_newest_pipeline_of_a_name_decides() -> None:
    again = [{"name": "test", "status": "failed", "pipeline": 1}, {"name": "test", "status": "success", "pipeline": 2}]
    assert runs(*again) == {"test": RunState.PASSED}
    assert runs(*reversed(again), {"name": "load", "status": "success"}) == {"load": RunState.PASSED, "test": RunState.PASSED}
    twice = [{"name": "test", "status": "success", "pipeline": 1}, {"name": "test", "status": "failed", "pipeline": 1}]
    assert runs(*twice) == {"test": RunState.FAILED}


def test_no_status_is_no_green_one() -> None:
    with GitlabDouble(world()) as double:
        assert ask(double, checks=MERGE).checks == CommitChecks(MERGE)
        evidence = ask(double, checks=UNPUSHED)
    assert evidence.checks is None
    assert reasons(evidence) == {f"checks:{UNPUSHED}": "GitLab does not have this commit: push it first"}


def test_owners_that_are_groups_and_addresses() -> None:
    asked = world()
    asked.groups["acme/db"] = ["ann", "ben"]
    asked.accounts["cat"]["public"] = "cat@example.com"
    with GitlabDouble(asked) as double:
        evidence = ask(double, owners=["@acme/db", "@acme/none", "cat@example.com", "nobody@example.org"])
    db = Team("@acme/db", (Account(1, "ann"), Account(2, "ben")))
    assert evidence.teams == (db, Team("cat@example.com", (Account(3, "cat"),)))
    assert list(reasons(evidence)) == ["owner:@acme/none", "owner:nobody@example.org"]


def test_where_tags_are_on_the_server() -> None:
    asked = world()
    asked.tags["freeze/release/1"] = {"target": OTHER, "commit": MERGE}
    with GitlabDouble(asked) as double:
        evidence = ask(double, tags=["freeze/release/1", "none"])
    assert (evidence.tags, evidence.unread) == ((TagEvidence("freeze/release/1", OTHER, MERGE),), ())


# ------------------------------------------------------------------------------------------------------------- where, and who asks


@pytest.mark.parametrize(
    ("remotes", "environ", "found"),
    [
        (["https://gitlab.com/acme/shop.git"], {}, True),
        (["git@gitlab.com:acme/team/shop.git"], {}, True),
        (["ssh://git@altssh.gitlab.com:443/acme/shop.git"], {}, True),
        (["https://git.acme.org/acme/shop"], {}, False),
        (["https://git.acme.org/acme/shop"], {"GITLAB_URL": "https://git.acme.org"}, True),
        (["https://git.acme.org/acme/shop"], {"CI_SERVER_HOST": "git.acme.org"}, True),
        (["https://git.acme.org/acme/shop"], {"CI_API_V4_URL": "https://git.acme.org/api/v4"}, True),
        ([], {"CI_PROJECT_PATH": "acme/shop"}, True),
        ([], {"CI_PROJECT_ID": "7"}, True),
        (["https://github.com/acme/shop"], {}, False),
        ([], {}, False),
    ],
)
def test_gitlab_is_found_in_the_clone_or_the_environment(remotes: list[str], environ: dict[str, str], found: bool) -> None:
    name, _ = pick("", Question([], remotes=remotes, environ=environ))
    assert (name == "gitlab") is found


def test_a_project_that_nothing_names_must_be_named() -> None:
    for remotes, environ in ([], {}), (["https://gitlab.com/only-a-group"], {}), ([], {"CI_PROJECT_PATH": "shop"}):
        with pytest.raises(LastcallError, match=r"GitLab project|group/project"):
            collect(Question([], remotes=remotes, environ=environ))


def test_subgroups_are_part_of_a_name() -> None:
    asked = world()
    asked.project = "acme/back-end/shop"
    with GitlabDouble(asked) as double:
        assert ask(double).repository == "acme/back-end/shop"
        assert double.asked[0] == "/api/v4/projects/acme%2Fback-end%2Fshop"


def test_a_merge_request_of_a_fork_is_asked_of_the_project_that_it_goes_into() -> None:
    with GitlabDouble(world()) as double:
        fork = {"CI_PROJECT_PATH": "fork/shop", "CI_MERGE_REQUEST_PROJECT_PATH": "acme/shop"}
        assert ask(double, environ=double.environ | fork).repository == "acme/shop"


def test_a_number_names_a_project_too() -> None:
    with GitlabDouble(world()) as double:
        environ = {name: value for name, value in double.environ.items() if name != "CI_PROJECT_PATH"}
        assert ask(double, environ=environ | {"CI_PROJECT_ID": "7"}).repository == "acme/shop"


def test_the_server_that_gitlab_url_names_is_asked() -> None:
    with GitlabDouble(world()) as double:
        root = double.url.removesuffix("/api/v4")
        environ = {"GITLAB_URL": f"{root}/", "GITLAB_TOKEN": double.token}
        evidence = ask(double, environ=environ, remotes=[f"{root}/acme/shop.git"])
    assert (evidence.repository, len(evidence.pulls)) == ("acme/shop", 1)


def test_a_project_that_was_renamed_is_followed() -> None:
    asked = world()
    asked.moved_from = "acme/old-name"
    with GitlabDouble(asked) as double:
        evidence = ask(double, environ=double.environ | {"CI_PROJECT_PATH": "acme/old-name"})
    assert (evidence.repository, evidence.unread) == ("acme/shop", ())


def test_a_project_that_is_hidden_ends_it() -> None:
    with GitlabDouble(world()) as double:
        evidence = ask(double, environ=double.environ | {"CI_PROJECT_PATH": "acme/secret"})
        assert len(double.asked) <= 2
    assert "GitLab does not show acme/secret to this token" in reasons(evidence)[""]


@pytest.mark.parametrize("where", ["https://elsewhere.example/api/v4/projects/7", "http://127.0.0.1:9/api/v4/projects/7", "/login"])
def test_the_token_goes_to_no_other_place(where: str) -> None:
    with GitlabDouble(world(), always=Fault(302, headers={"Location": where})) as double:
        assert "GitLab answered 302" in reasons(ask(double))[""]
        assert set(double.asked) == {"/api/v4/projects/acme%2Fshop"}


def test_the_next_page_is_on_the_same_server() -> None:
    def lure(_: Any, headers: dict[str, str]) -> None:
        headers["Link"] = '<https://elsewhere.example/api/v4/x>; rel="next"'

    with GitlabDouble(world(), paging="link", at={"/12/commits": Fault(edit=lure)}) as double:
        assert "next page is on another server" in reasons(ask(double))["pull:12"]


def test_graphql_on_another_server_is_not_asked() -> None:
    with GitlabDouble(world()) as double:
        ask(double, environ=double.environ | {"CI_API_GRAPHQL_URL": "https://elsewhere.example/api/graphql"})
        assert "/api/graphql" not in double.asked


def test_a_token_is_not_sent_without_encryption() -> None:
    environ = {"CI_API_V4_URL": "http://git.acme.org/api/v4", "CI_PROJECT_PATH": "acme/shop", "GITLAB_TOKEN": "x"}
    with GitlabDouble(world()) as double:
        assert "a token is not sent to git.acme.org without encryption" in reasons(ask(double, environ=environ))[""]


@pytest.mark.parametrize(
    ("given", "told"), [("", "there is no token for GitLab: set GITLAB_TOKEN"), ("to\nken", "characters that no token has")]
)
def test_a_token_is_needed(given: str, told: str) -> None:
    with GitlabDouble(world()) as double:
        assert told in reasons(ask(double, environ=double.environ | {"GITLAB_TOKEN": f"a{given}b" if given else ""}))[""]
        assert double.asked == []


def test_the_token_of_a_job_is_tried_and_its_limits_are_told() -> None:
    with GitlabDouble(world(), header="JOB-TOKEN", at={"approvals": Fault(404)}) as double:
        environ = {name: value for name, value in double.environ.items() if name != "GITLAB_TOKEN"}
        evidence = ask(double, environ=environ | {"CI_JOB_TOKEN": double.token})
    assert "a job's own token (CI_JOB_TOKEN) may read only a little of this API: set GITLAB_TOKEN" in reasons(evidence)["pull:12"]


def test_the_token_is_never_told() -> None:
    for fault in (
        Fault(500, '{"message": "not-a-real-token"}'),
        Fault(403, '{"error": "not-a-real-token"}'),
        Fault(401, "not-a-real-token"),
    ):
        with GitlabDouble(world(), always=fault) as double:
            evidence = ask(double)
        assert evidence.unread
        assert "not-a-real-token" not in repr(evidence)
