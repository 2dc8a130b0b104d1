"""GitHub asked for real: over HTTP, through a double that executes the queries on GitHub's own schema, with and without faults."""

from __future__ import annotations

import stat
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from github_double import LIMIT, Fault, GithubDouble, World

from lastcall.forges import Question, _github_api, _github_place, github, pick
from lastcall.forges.github import collect, moment
from lastcall.model import Account, AccountKind, BaseChange, Commit, Evidence, ForcePush, LastcallError, Person, ReviewState

SHAS = [f"{place:040x}" for place in range(1, 7)]
FIRST, HEAD, SQUASH, DIRECT, OTHER, UNPUSHED = SHAS
SOMEBODY = Person("Somebody", "somebody@example.org")


def commit(sha: str, message: str = "Work") -> Commit:
    return Commit(sha, "0" * 40, (), SOMEBODY, SOMEBODY, message)


def world(**told: Any) -> World:
    """A squashed pull request with one approval, and a direct push."""
    return World(
        accounts={"ann": {"id": 1}, "ben": {"id": 2}, "eve": {"id": 3, "writer": False}, "web-flow": {"id": 9}},
        commits={
            FIRST: {"author": "ann", "message": "Start\n\nCo-authored-by: Ben <ben@example.org>"},
            HEAD: {"author": "ann", "tree": "7" * 40},
            SQUASH: {"author": "ann", "committer": "web-flow", "signed": "github"},
            DIRECT: {"author": None, "author_name": "Nobody", "author_email": "nobody@example.com"},
            OTHER: {"author": "ben"},
        },
        pulls=[
            {
                "number": 12,
                "title": "Cheaper receipts",
                "author": "ann",
                "base": "release/1",
                "head": HEAD,
                "merge_commit": SQUASH,
                "commits": [FIRST, HEAD],
                "reviews": [{"author": "ben", "commit": HEAD, "at": "2026-03-04T10:00:00Z"}],
            }
            | told,
        ],
    )


def ask(double: GithubDouble, *shas: str, waited: list[float] | None = None, **told: Any) -> Evidence:
    question = Question([commit(sha) for sha in shas or (SQUASH, DIRECT)], environ=double.environ, **told)
    return collect(question, sleep=(waited if waited is not None else []).append)


def reasons(evidence: Evidence) -> dict[str, str]:
    return {unread.subject: unread.reason for unread in evidence.unread}


# ------------------------------------------------------------------------------------------------------------------- what it tells


def test_two_requests_tell_everything() -> None:
    with GithubDouble(world()) as double:
        evidence = ask(double)
    assert len(double.queries) == 3, "commits, pull requests, and the address of a co-author that neither of them mapped"
    assert (evidence.forge, evidence.repository, evidence.unread) == ("github", "acme/shop", ())
    squash, direct = evidence.commits
    assert (squash.sha, squash.pulls, squash.author, squash.verified) == (SQUASH, (12,), Account(1, "ann"), True)
    assert squash.committer == Account(9, "web-flow", AccountKind.BOT), "GitHub itself, proved by its signature"
    assert (direct.pulls, direct.author, direct.verified) == ((), None, False)
    (pull,) = evidence.pulls
    assert (pull.number, pull.title, pull.state, pull.base, pull.head) == (12, "Cheaper receipts", "merged", "release/1", HEAD)
    assert (pull.merge_commit, pull.merged_at, pull.head_tree, pull.merge_signed_by_forge) == (
        SQUASH,
        "2026-03-05T10:00:00Z",
        "7" * 40,
        True,
    )
    assert [each.sha for each in pull.commits] == [FIRST, HEAD]
    assert pull.commits[0].co_authors == (Account(2, "ben"),)
    (review,) = pull.reviews
    assert (review.reviewer, review.state, review.commit, review.can_write) == (Account(2, "ben"), ReviewState.APPROVED, HEAD, True)
    assert review.submitted_at == "2026-03-04T10:00:00Z"


def test_the_same_question_gets_the_same_answer() -> None:
    with GithubDouble(world()) as double:
        assert ask(double, SQUASH, DIRECT, HEAD) == ask(double, HEAD, DIRECT, SQUASH)


def test_the_pull_request_under_judgement_is_asked_for_by_its_number() -> None:
    with GithubDouble(world(state="open", merge_commit=None)) as double:
        assert [pull.state for pull in ask(double, DIRECT, pull=12).pulls] == ["open"]


def test_accounts_that_are_no_people() -> None:
    asked = world(
        author="dependabot[bot]",
        reviews=[{"author": None, "commit": HEAD}, {"author": "imported", "commit": None, "at": "2026-03-05T10:00:00Z"}],
    )
    asked.accounts |= {"dependabot[bot]": {"id": 49, "type": "Bot"}, "imported": {"id": 70, "type": "Mannequin"}}
    with GithubDouble(asked) as double:
        (pull,) = ask(double).pulls
    assert pull.author == Account(49, "dependabot[bot]", AccountKind.BOT)
    assert [review.reviewer.kind for review in pull.reviews] == [AccountKind.GHOST, AccountKind.MANNEQUIN]
    assert pull.reviews[1].commit is None


def test_a_bot_is_known_by_the_address_that_github_gave_it() -> None:
    asked = world()
    asked.commits[DIRECT] |= {"author_email": "49+dependabot[bot]@users.noreply.github.com"}
    with GithubDouble(asked) as double:
        assert ask(double, DIRECT).commits[0].author == Account(49, "dependabot[bot]", AccountKind.BOT)


def test_whoever_only_says_to_be_github_is_nobody() -> None:
    asked = world()
    asked.commits[SQUASH] |= {"signed": None}
    with GithubDouble(asked) as double:
        assert ask(double, SQUASH).commits[0].committer is None


def test_a_signature_of_somebody_else_proves_nothing() -> None:
    asked = world()
    for signer, verified in (("ann", True), ("ben", False)):
        asked.commits[HEAD] |= {"signed": signer}
        with GithubDouble(asked) as double:
            assert ask(double, HEAD).commits[0].verified is verified


def test_a_valid_signature_tells_who_an_address_without_an_account_is() -> None:
    """GitHub calls a signature valid only where the committer's address is one of the signer's."""
    mine = {"author": None, "author_email": "ann@home.example", "committer": None, "committer_email": "Ann@home.example", "signed": "ann"}
    asked = world()
    asked.commits[DIRECT] = mine
    asked.commits[OTHER] = mine | {"author_email": "eve@home.example"}
    asked.commits[HEAD] = mine | {"signed": "github"}
    asked.commits[FIRST] = mine | {"signed": None}
    with GithubDouble(asked) as double:
        found = {each.sha: each for each in ask(double, DIRECT, OTHER, HEAD, FIRST).commits}
    ann = Account(1, "ann")
    assert (found[DIRECT].author, found[DIRECT].committer, found[DIRECT].verified) == (ann, ann, True)
    assert (found[OTHER].author, found[OTHER].committer) == (None, ann), "who wrote it has another address than who signed it"
    assert (found[HEAD].author, found[HEAD].committer, found[HEAD].signed_by_forge) == (None, None, True)
    assert (found[FIRST].author, found[FIRST].committer) == (None, None)


def test_what_became_of_the_branch_of_a_pull_request() -> None:
    asked = world(
        merged_by="ben",
        force_pushes=[
            {"actor": "eve", "before": FIRST, "after": HEAD, "at": "2026-03-04T09:00:00Z"},
            {"actor": None, "before": "f" * 40, "after": None, "at": "2026-03-04T08:00:00Z"},
        ],
        base_changes=[
            {"before": "main", "after": "next", "at": "2026-03-04T11:00:00Z"},
            {"before": "next", "after": "release/1", "at": "2026-03-04T12:00:00Z", "automatic": True},
        ],
        reviews=[{"author": "ben", "commit": HEAD, "edited": "2026-03-04T13:00:00Z"}],
    )
    with GithubDouble(asked) as double:
        evidence = ask(double)
    (pull,) = evidence.pulls
    assert pull.merged_by == Account(2, "ben")
    assert pull.force_pushes == (
        ForcePush(None, None, None, "2026-03-04T08:00:00Z"),
        ForcePush(Account(3, "eve"), FIRST, HEAD, "2026-03-04T09:00:00Z"),
    )
    assert pull.base_changes == (
        BaseChange("main", "next", "2026-03-04T11:00:00Z"),
        BaseChange("next", "release/1", "2026-03-04T12:00:00Z"),
    )
    assert [review.edited_at for review in pull.reviews] == ["2026-03-04T13:00:00Z"]
    assert evidence.unread == ()


def test_who_signed_a_commit() -> None:
    asked = world()
    asked.commits[HEAD] |= {"signed": "github"}
    asked.commits[FIRST] |= {"signed": "ann"}
    with GithubDouble(asked) as double:
        evidence = ask(double, SQUASH, DIRECT)
    assert {each.sha: each.signed_by_forge for each in evidence.commits} == {SQUASH: True, DIRECT: False}
    assert [(each.sha, each.verified, each.signed_by_forge) for each in evidence.pulls[0].commits] == [
        (FIRST, True, False),
        (HEAD, True, True),
    ]


def test_what_commits_were_picked_from_is_asked_like_them() -> None:
    with GithubDouble(world()) as double:
        evidence = ask(double, DIRECT, origins=[commit(SQUASH), commit(UNPUSHED), commit(DIRECT)])
    assert [(each.sha, each.pulls) for each in evidence.commits] == [(SQUASH, (12,)), (DIRECT, ())]
    assert [pull.number for pull in evidence.pulls] == [12]
    assert list(reasons(evidence)) == [f"commit:{UNPUSHED}"]


def test_pull_requests_that_somebody_hints_at_are_asked_and_one_that_is_none_is_no_harm() -> None:
    with GithubDouble(world()) as double:
        evidence = ask(double, DIRECT, pulls=(12, 404))
        assert ([pull.number for pull in evidence.pulls], evidence.unread) == ([12], ())
        assert list(reasons(ask(double, DIRECT, pulls=(12,), pull=404))) == ["pull:404"]
    broken = Fault(edit=lambda answer: answer.update(errors=[{"message": "Oops", "path": ["repository", "n0"]}]))
    with GithubDouble(world(), faults=dict.fromkeys(range(2, 9), broken)) as double:
        assert list(reasons(ask(double, DIRECT, pulls=(12,)))) == ["pull:12"], "what is there and not told is unknown"


def test_a_merge_group_without_a_commit_of_its_own_asks_for_its_pull_requests() -> None:
    with GithubDouble(world()) as double:
        evidence = collect(Question([], pulls=[12], environ=double.environ))
    assert [pull.number for pull in evidence.pulls] == [12]


def test_pull_requests_of_other_repositories_are_left_out() -> None:
    with GithubDouble(world(repository="fork/shop")) as double:
        evidence = ask(double)
    assert (evidence.pulls, {each.pulls for each in evidence.commits}, evidence.unread) == ((), {()}, ())


def test_long_lists_are_read_to_their_end() -> None:
    many = [{"author": "ben", "commit": HEAD, "at": f"2026-03-04T10:{place // 60:02}:{place % 60:02}Z"} for place in range(230)]
    asked = world(reviews=many, commits=[f"{place:040x}" for place in range(1000, 1120)] + [HEAD])
    asked.commits |= {sha: {"author": "ann"} for sha in asked.pulls[0]["commits"]}
    asked.pulls += [{**asked.pulls[0], "number": number, "reviews": [], "commits": [HEAD]} for number in range(100, 130)]
    with GithubDouble(asked) as double:
        evidence = ask(double)
    assert (len(evidence.pulls), evidence.unread) == (31, ())
    assert [review.submitted_at for review in evidence.pulls[0].reviews] == [review["at"] for review in many]
    assert len(evidence.pulls[0].commits) == 121
    assert len(double.queries) <= 3 + 1 + 3 + 2


@pytest.mark.parametrize(("field", "told"), [("reviews", "0 of its 1 reviews"), ("commits", "1 of its 2 commits")])
def test_a_list_that_stays_short_of_its_total_is_told(field: str, told: str) -> None:
    with GithubDouble(world(), truncated={field: 0 if field == "reviews" else 1}) as double:
        evidence = ask(double)
    assert told in reasons(evidence)["pull:12"]


def test_a_list_of_pull_requests_that_stays_short_is_told() -> None:
    with GithubDouble(world(), truncated={"associatedPullRequests": 0}) as double:
        assert "0 of its 1 pull requests" in reasons(ask(double))[f"commit:{SQUASH}"]


def test_a_commit_that_was_not_pushed_is_unread() -> None:
    with GithubDouble(world()) as double:
        evidence = ask(double, SQUASH, UNPUSHED)
    assert reasons(evidence) == {f"commit:{UNPUSHED}": "GitHub does not have this commit: push it first"}
    assert len(evidence.pulls) == 1


def test_hundreds_of_commits_take_few_requests_and_move_the_bar() -> None:
    shas = [f"{place:040x}" for place in range(1, 301)]
    pulls = [
        {"number": place + 1, "author": "ann", "base": "main", "head": sha, "merge_commit": sha, "commits": [sha]}
        for place, sha in enumerate(shas[:180])
    ]
    asked = World(accounts={"ann": {"id": 1}}, commits={sha: {"author": "ann"} for sha in shas}, pulls=pulls)
    moved: list[tuple[str, int, int]] = []
    with GithubDouble(asked) as double:
        evidence = ask(double, *shas, progress=lambda *step: moved.append(step))
    assert (len(evidence.commits), len(evidence.pulls), evidence.unread) == (300, 180, ())
    assert len(double.queries) == 6 + 4, "which is 32 for 1,000 commits of 600 pull requests"
    assert moved[:2] == [("commits asked of GitHub", 0, 300), ("commits asked of GitHub", 50, 300)]
    assert moved[-1] == ("pull requests asked of GitHub", 180, 180)


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        (LIMIT, "GitHub: 3 requests, 9 points spent, 4,988 of 5,000 left until 18:00 UTC"),
        (LIMIT | {"resetAt": "2026-11-21T18:59:59+02:00"}, "GitHub: 3 requests, 9 points spent, 4,988 of 5,000 left until 16:59 UTC"),
        (None, "GitHub: 3 requests"),
        ({"cost": 1}, "GitHub: 3 requests"),
    ],
)
def test_what_it_cost_is_told_to_whoever_asks(limit: dict[str, Any] | None, told: str) -> None:
    heard: list[str] = []
    with GithubDouble(world(), limit=limit) as double:
        assert ask(double, told=heard.append).unread == ()
    assert heard == [told]


def test_one_request_is_told_in_the_singular() -> None:
    heard: list[str] = []
    with GithubDouble(world(), limit=LIMIT | {"cost": 1}) as double:
        ask(double, DIRECT, told=heard.append)
    assert heard == ["GitHub: 1 request, 1 point spent, 4,988 of 5,000 left until 18:00 UTC"]


def test_nothing_late_is_nothing_to_ask() -> None:
    with GithubDouble(world()) as double:
        heard: list[str] = []
        assert collect(Question([], pull=12, environ=double.environ, told=heard.append)).unread == ()
        assert heard == []
        assert double.queries == []


# ------------------------------------------------------------------------------------------------------------------------- faults

HTML = "<html><h1>Unicorn!</h1></html>"
PASSING = {
    "500": Fault(500),
    "502": Fault(502, HTML),
    "503": Fault(503, headers={"Retry-After": "3"}),
    "429": Fault(429, headers={"Retry-After": "3"}),
    "secondary limit": Fault(403, '{"message": "You have exceeded a secondary rate limit"}'),
    "403 with Retry-After": Fault(403, headers={"Retry-After": "3"}),
    "403 once": Fault(403),
    "primary limit": Fault(403, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 2)}),
    "limit in a new word": Fault(body='{"errors": [{"type": "RATE_LIMIT", "code": "graphql_rate_limit", "message": "exceeded"}]}'),
    "401 once": Fault(401),
    "404 once": Fault(404),
    "error without a place": Fault(edit=lambda answer: answer.update(errors=[{"message": "Something went wrong"}])),
    "limit in the answer": Fault(body='{"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}'),
    "cut": Fault(cut=True),
    "no JSON": Fault(body="{"),
    "no answer": Fault(body='["surprise"]'),
    "no data": Fault(body='{"data": null}'),
    "no repository": Fault(body='{"data": {"repository": null}, "errors": [{"message": "Something went wrong"}]}'),
    "half of the data": Fault(edit=lambda answer: answer.update(errors=[{"message": "Oops", "path": ["repository", "n0"]}])),
    "a part left out": Fault(edit=lambda answer: answer["data"]["repository"].pop("n0")),
}
LASTING = {
    "the token": (Fault(401), "does not accept the token (401 (Injected)): set GITHUB_TOKEN anew"),
    "permission": (Fault(403), "give it contents: read and pull-requests: read"),
    "address": (Fault(404), "check GITHUB_GRAPHQL_URL"),
    "elsewhere": (Fault(302, headers={"Location": "https://example.org/"}), "GitHub answered 302"),
    "500": (Fault(500, HTML), "GitHub answered 500: run again when it is well"),
    "502": (Fault(502, HTML), "GitHub answered 502: run again when it is well"),
    "429": (Fault(429), "rate limit is used up: run again later"),
    "an hour": (Fault(429, headers={"Retry-After": "3600"}), "rate limit is used up: run again in 3601 s"),
    "forty minutes": (
        Fault(403, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 2400)}),
        "rate limit is used up: run again in",
    ),
    "a thousand years": (Fault(429, headers={"Retry-After": "9" * 400}), "rate limit is used up: run again in"),
    "SAML": (Fault(body='{"data": null, "errors": [{"type": "FORBIDDEN", "message": "SAML"}]}'), "does not let the token read this (SAML)"),
    "cut": (Fault(cut=True), "could not be reached: check the network"),
    "no JSON": (Fault(body=HTML), "was not understood"),
    "no data": (Fault(body='{"data": null}'), "GitHub answered without data"),
    "hidden": (
        Fault(body='{"data": {"repository": null}, "errors": [{"type": "NOT_FOUND", "message": "Could not resolve"}]}'),
        "GitHub does not show acme/shop to this token (Could not resolve)",
    ),
    "half of the data": (
        Fault(edit=lambda answer: answer.update(errors=[{"message": "Oops", "path": ["repository", "n0", "signature"]}])),
        "GitHub answered with an error (Oops): run again",
    ),
}


@pytest.mark.parametrize("request_number", [1, 2, 3])
@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_is_survived(fault: str, request_number: int) -> None:
    with GithubDouble(world()) as double:
        expected = ask(double)
        double.queries.clear()
        double.faults = {request_number: PASSING[fault]}
        waited: list[float] = []
        assert ask(double, waited=waited) == expected
    assert sum(waited) <= 60


@pytest.mark.parametrize("fault", LASTING)
def test_a_fault_that_lasts_is_told_in_bounded_time(fault: str) -> None:
    injected, told = LASTING[fault]
    waited: list[float] = []
    with GithubDouble(world(), always=injected) as double:
        evidence = ask(double, SQUASH, DIRECT, HEAD, OTHER, waited=waited)
    assert evidence.commits == () or fault == "half of the data"
    assert evidence.unread
    for unread in evidence.unread:
        assert told in unread.reason
    assert sum(waited) <= 120
    assert len(double.queries) <= 25


@pytest.mark.parametrize("fault", LASTING)
def test_a_fault_in_stage_two_leaves_pull_requests_unread(fault: str) -> None:
    injected, told = LASTING[fault]
    with GithubDouble(world(), faults=dict.fromkeys(range(2, 30), injected)) as double:
        evidence = ask(double)
    assert told in reasons(evidence)["pull:12"]
    assert len(evidence.commits) == 2


def test_too_much_at_once_is_asked_in_halves() -> None:
    shas = [f"{place:040x}" for place in range(1, 61)]
    asked = World(accounts={"ann": {"id": 1}}, commits={sha: {"author": "ann"} for sha in shas})
    with GithubDouble(asked, most=13) as double:
        waited: list[float] = []
        evidence = ask(double, *shas, waited=waited)
    assert (len(evidence.commits), evidence.unread, waited) == (60, (), [])


def test_one_part_that_is_always_too_much_does_not_take_the_others_with_it() -> None:
    def choke(answer: dict[str, Any]) -> None:
        if len(answer["data"]["repository"]) > 1 or "n1" in answer["data"]["repository"]:
            answer.update(data=None, errors=[{"message": "Something went wrong while executing your query"}])

    with GithubDouble(world(), always=Fault(edit=choke)) as double:
        evidence = ask(double, SQUASH, DIRECT)
    assert list(reasons(evidence)) == [f"commit:{DIRECT}"]
    assert [pull.number for pull in evidence.pulls] == [12]


def test_an_answer_that_does_not_come_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_github_api, "_READ_SECONDS", 0.1)
    with GithubDouble(world(), faults={1: Fault(delay=0.4)}) as double:
        assert ask(double).unread == ()
    with GithubDouble(world(), always=Fault(delay=0.4)) as double:
        assert "did not answer in time" in ask(double, SQUASH).unread[0].reason


def test_nobody_at_home() -> None:
    with GithubDouble(world()) as double:
        environ = double.environ
    evidence = collect(Question([commit(SQUASH)], environ=environ), sleep=lambda _: None)
    assert "could not be reached: check the network" in reasons(evidence)[""]


def test_times_that_cannot_be_compared_are_not_understood() -> None:
    with GithubDouble(world(reviews=[{"author": "ben", "commit": HEAD, "at": "yesterday"}])) as double:
        assert "0 of its 1 reviews" in reasons(ask(double))["pull:12"]


# ---------------------------------------------------------------------------------------------------------------------- the token


@pytest.mark.parametrize("fault", [None, *LASTING, "echo"])
def test_the_token_is_never_told(fault: str | None) -> None:
    always = (
        LASTING[fault][0] if fault in LASTING else Fault(body='{"data": null, "errors": [{"message": "no-one-knows"}]}') if fault else None
    )
    with GithubDouble(world(), token="another", always=always) as double:
        environ = double.environ | {"GITHUB_TOKEN": "no-one-knows"}
        evidence = collect(Question([commit(SQUASH)], environ=environ), sleep=lambda _: None)
    assert evidence.unread
    assert "no-one-knows" not in repr(evidence)


def test_without_a_token_nothing_is_asked() -> None:
    with GithubDouble(world()) as double:
        evidence = collect(Question([commit(SQUASH)], environ=double.environ | {"GITHUB_TOKEN": ""}))
    assert "set GITHUB_TOKEN" in reasons(evidence)[""]
    assert double.queries == []


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "ünïcode"])
def test_a_token_that_is_none_is_not_sent(token: str) -> None:
    with GithubDouble(world()) as double:
        evidence = collect(Question([commit(SQUASH)], environ=double.environ | {"GITHUB_TOKEN": token}))
    assert "holds characters that no token has" in reasons(evidence)[""]
    assert double.queries == []


def test_the_token_is_never_told_over_rest() -> None:
    with GithubDouble(world(), token="another") as double:
        asked = Question([], environ=double.environ | {"GITHUB_TOKEN": "no-one-knows"})
        with pytest.raises(LastcallError) as error:
            moment(asked, "main", "2026-03-05T10:00:00Z", sleep=lambda _: None)
    assert "does not accept the token (401 (Bad credentials: Bearer ***))" in error.value.message


def test_a_token_does_not_travel_in_the_clear() -> None:
    environ = {"GITHUB_GRAPHQL_URL": "http://github.example/graphql", "GITHUB_TOKEN": "x", "GITHUB_REPOSITORY": "acme/shop"}
    assert "without encryption" in reasons(collect(Question([commit(SQUASH)], environ=environ)))[""]


def test_gh_is_asked_for_a_token(tmp_path: Path) -> None:
    program = tmp_path / "gh"
    program.write_text('#!/bin/sh\necho "$@" > "$HERE/asked"\necho not-a-real-token\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    with GithubDouble(world()) as double:
        environ = {name: value for name, value in double.environ.items() if name != "GITHUB_TOKEN"}
        environ |= {"PATH": f"{tmp_path}:/bin:/usr/bin", "HERE": str(tmp_path)}
        assert collect(Question([commit(SQUASH)], environ=environ)).unread == ()
        assert (tmp_path / "asked").read_text().split() == ["auth", "token", "--hostname", "github.com"]
        program.write_text("#!/bin/sh\necho not-a-real-token\nexit 1\n")
        assert "there is no token" in reasons(collect(Question([commit(SQUASH)], environ=environ)))[""]


# ------------------------------------------------------------------------------------------------------------------- which repository


GITHUB = ("https://api.github.com/graphql", "https://api.github.com")
EXAMPLE = ("https://git.example.org/api/graphql", "https://git.example.org/api/v3")


@pytest.mark.parametrize(
    ("remotes", "environ", "addresses"),
    [
        (["https://github.com/acme/shop.git"], {}, GITHUB),
        (["https://user:secret@github.com/acme/shop"], {}, GITHUB),
        (["git@github.com:acme/shop.git"], {}, GITHUB),
        (["ssh://git@ssh.github.com:443/acme/shop.git"], {}, GITHUB),
        (["/srv/git/shop", "https://[", "git@github.com:acme/shop.git"], {}, GITHUB),
        (["https://acme.ghe.com/acme/shop"], {}, ("https://api.acme.ghe.com/graphql", "https://api.acme.ghe.com")),
        (["git@git.example.org:acme/shop"], {}, EXAMPLE),
        (["git@git.example.org:acme/shop"], {"GITHUB_API_URL": "https://git.example.org/api/v3"}, EXAMPLE),
        (["git@git.example.org:acme/shop"], {"GITHUB_API_URL": "https://git.example.org/api/v3/"}, EXAMPLE),
        (["git@git.example.org:acme/shop"], {"GITHUB_GRAPHQL_URL": "https://git.example.org/api/graphql"}, EXAMPLE),
        (["git@mirror.example:x/y", "git@git.example.org:acme/shop"], {"GITHUB_SERVER_URL": "https://git.example.org"}, EXAMPLE),
        ([], {"GITHUB_REPOSITORY": "acme/shop", "GITHUB_API_URL": "https://api.github.com"}, GITHUB),
        (
            ["git@github.com:me/fork"],
            {"GITHUB_REPOSITORY": "acme/shop", "GITHUB_GRAPHQL_URL": "https://x.example/graphql"},
            ("https://x.example/graphql", "https://x.example"),
        ),
    ],
)
def test_where_the_repository_is(remotes: list[str], environ: dict[str, str], addresses: tuple[str, str]) -> None:
    place = _github_place.place(remotes, environ)
    assert (place.repository, (place.endpoint, place.rest)) == ("acme/shop", addresses)


@pytest.mark.parametrize(
    ("remotes", "environ"), [([], {}), (["/srv/git/shop.git"], {}), (["C:\\shop"], {}), ([], {"GITHUB_REPOSITORY": "shop"})]
)
def test_a_repository_that_nothing_names(remotes: list[str], environ: dict[str, str]) -> None:
    with pytest.raises(LastcallError) as error:
        collect(Question([commit(SQUASH)], remotes=remotes, environ=environ))
    assert "GITHUB_REPOSITORY=owner/name" in error.value.hint


# ------------------------------------------------------------------------------------------------------------------------ which forge


@pytest.mark.parametrize(
    ("remotes", "environ", "file", "name"),
    [
        (["git@github.com:acme/shop"], {}, None, "github"),
        ([], {"GITHUB_REPOSITORY": "acme/shop"}, None, "github"),
        (["https://git.example.org/acme/shop"], {"GITHUB_API_URL": "https://git.example.org/api/v3"}, None, "github"),
        (["https://git.example.org/acme/shop"], {}, None, "none"),
        (["git@github.com:acme/shop"], {}, Path("evidence.json"), "recorded"),
        ([], {}, None, "none"),
    ],
)
def test_the_forge_that_finds_itself(remotes: list[str], environ: dict[str, str], file: Path | None, name: str) -> None:
    assert pick("", Question([], remotes=remotes, environ=environ, file=file))[0] == name


def test_a_forge_by_name() -> None:
    assert pick("github", Question([])) == ("github", github.GITHUB)
    with pytest.raises(LastcallError) as error:
        pick("githib", Question([]))
    assert error.value.hint.startswith("did you mean github? the forges are ")


def test_no_forge_says_so() -> None:
    asked = Question([commit(SQUASH)])
    _, forge = pick("none", asked)
    assert reasons(forge.collect(asked))[""].startswith("reviews were not asked for (--forge none)")
    _, forge = pick("", asked)
    assert "no forge was found" in reasons(forge.collect(asked))[""]
    assert replace(asked, branch="release/1").commits == asked.commits
