"""An evidence file answers what was written into it, exactly, and tells where it is broken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from lastcall.forges import Question, _recorded_schema, pick, recorded
from lastcall.forges.recorded import moment, read, schema, write
from lastcall.model import (
    Account,
    AccountKind,
    BaseChange,
    CheckRun,
    Commit,
    CommitChecks,
    CommitEvidence,
    Evidence,
    ForcePush,
    LastcallError,
    Moment,
    Person,
    Pull,
    PullCommit,
    Review,
    ReviewPolicy,
    ReviewState,
    RunState,
    TagEvidence,
    Team,
    Unread,
)
from lastcall.review import Judged, changes

ANN, BOT = Account(1, "ann"), Account(49, "dependabot[bot]", AccountKind.BOT)
HEAD, MERGE = "a" * 40, "b" * 40
EVIDENCE = Evidence(
    forge="github",
    repository="acme/shop",
    commits=(CommitEvidence(HEAD, (12,), ANN, None, (Account(None, "X <x@example.org>"),), verified=True),),
    pulls=(
        Pull(
            number=12,
            url="https://github.example/acme/shop/pull/12",
            title="Überraschung: \N{SNOWMAN} \x1b[31m",
            state="merged",
            author=BOT,
            base="release/1",
            head=HEAD,
            merge_commit=MERGE,
            merged_at="2026-03-05T10:00:00Z",
            reviews=(
                Review(
                    ANN,
                    ReviewState.APPROVED,
                    None,
                    "2026-03-04T10:00:00+00:00",
                    can_write=None,
                    edited_at="2026-03-04T11:00:00Z",
                    teams=("@acme/db",),
                ),
            ),
            commits=(PullCommit(HEAD, ANN, None, "Ann", signed_by_forge=True),),
            force_pushes=(ForcePush(None, None, HEAD, "2026-03-04T09:00:00Z"),),
            base_changes=(BaseChange("main", "release/1", "2026-03-04T09:30:00Z"),),
            merged_by=ANN,
        ),
    ),
    unread=(Unread("reviews", "GitHub answered 500", subject="pull:13"),),
    checks=CommitChecks(HEAD, (CheckRun("test", RunState.PASSED, "github-actions", 15368, "https://github.example/runs/1"),)),
    teams=(Team("@acme/db", (ANN,)), Team("@acme/nobody")),
    moments=(Moment("release/1", "2026-03-01T18:00:00+00:00", HEAD, "GitHub's activity log"),),
    tags=(TagEvidence("freeze/release/1", MERGE, HEAD),),
)


MOMENTS = [{"branch": "release/1", "time": time, "commit": HEAD} for time in ("2026-03-01T18:00:00Z", "2026-03-01T19:00:00+01:00")]


def broken(*path: str | int, value: Any = ...) -> str:
    """The file with one value replaced, or taken out."""
    told = json.loads(write(EVIDENCE))
    place = told
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return json.dumps(told)


def test_what_was_written_is_read_to_the_bit() -> None:
    assert read(write(EVIDENCE)) == EVIDENCE
    assert write(read(write(EVIDENCE))) == write(EVIDENCE)


def test_the_forge_answers_what_the_file_says(tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    file.write_text(write(EVIDENCE), encoding="utf-8")
    asked = Question([], file=file)
    name, forge = pick("", asked)
    assert (name, forge.collect(asked)) == ("recorded", EVIDENCE)


def test_a_commit_that_is_not_in_the_file_is_unknown() -> None:
    somebody = Person("Somebody", "somebody@example.org")
    late = Commit("c" * 40, "0" * 40, ("d" * 40,), somebody, somebody, "Late")

    class NoGit:
        """A history that is asked for the paths and submodules of the one commit, and for nothing else."""

        def changed_paths(self, _: str) -> tuple[str, ...]:
            return ()

        def submodules(self, _: str) -> tuple[()]:
            return ()

    (change,) = changes([late], EVIDENCE, NoGit(), ReviewPolicy(), Judged("release/1"))  # type: ignore[arg-type]
    assert (change.verdict, change.reason) == ("unknown", "unknown-reviews")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "evidence.json:1:1: no JSON"),
        ('{\n  "version": 1,\n  oops', "evidence.json:3:3: no JSON"),
        ("[1]", "this is no evidence file"),
        (broken("version", value=2), "an evidence file of version 2; this lastcall reads version 1"),
        (broken("evidence", "pulls", 0, "url"), "evidence.pulls.0.url: Field required"),
        (broken("evidence", "pulls", 0, "number", value="12"), "evidence.pulls.0.number: Input should be a valid integer"),
        (
            broken("evidence", "pulls", 0, "reviews", 0, "state", value="yes"),
            "evidence.pulls.0.reviews.0.state: Input should be 'approved'",
        ),
        (
            broken("evidence", "pulls", 0, "reviews", 0, "submitted_at", value="now"),
            "evidence.pulls.0.reviews: 'now' is no time with its zone",
        ),
        (broken("evidence", "pulls", 0, "merged_at", value="2026-03-05T10:00:00"), "is no time with its zone"),
        (broken("evidence", "pulls", 0, "state", value="done"), "neither open nor closed nor merged"),
        (broken("evidence", "pulls", 0, "head", value="--help"), "'--help' is no full commit id"),
        (broken("evidence", "commits", 0, "surprise", value=1), "evidence.commits.0.surprise: Unexpected keyword argument"),
        (broken("evidence", "commits", value=[{"sha": HEAD}, {"sha": HEAD}]), "a commit is told twice"),
        (broken("evidence", "pulls", 0, "head_tree", value="tree"), "evidence.pulls.0.head_tree: 'tree' is no full commit id"),
        (broken("evidence", "pulls", 0, "reviews", 0, "edited_at", value="2026"), "evidence.pulls.0.reviews: '2026' is no time"),
        (broken("evidence", "pulls", 0, "force_pushes", 0, "after", value="HEAD"), "evidence.pulls.0.force_pushes: 'HEAD' is no full"),
        (broken("evidence", "pulls", 0, "force_pushes", 0, "at", value=""), "evidence.pulls.0.force_pushes: '' is no time"),
        (broken("evidence", "pulls", 0, "base_changes", 0, "at", value="-"), "evidence.pulls.0.base_changes: '-' is no time"),
        (broken("evidence", "checks", "commit", value=HEAD.upper()), "evidence.checks.commit: 'AAA"),
        (broken("evidence", "checks", "runs", 0, "state", value="green"), "evidence.checks.runs.0.state: Input should be 'passed'"),
        (broken("evidence", "moments", 0, "commit", value="HEAD"), "evidence.moments.0.commit: 'HEAD' is no full commit id"),
        (broken("evidence", "moments", 0, "time", value="2026-03-01T18:00:00"), "evidence.moments.0.time: '2026-03-01T18:00:00' is no"),
        (broken("evidence", "tags", 0, "object", value="v1"), "evidence.tags.0: 'v1' is no full commit id"),
        (broken("evidence", "teams", value=[{"name": "@acme/db"}, {"name": "@acme/db"}]), "an owner is told twice"),
        (broken("evidence", "tags", value=[{"name": "v1", "object": HEAD, "commit": HEAD}] * 2), "a tag is told twice"),
        (broken("evidence", "moments", value=MOMENTS), "a moment is told twice"),
    ],
)
def test_a_broken_file_is_told_with_its_place(text: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    file.write_text(text, encoding="utf-8")
    asked = Question([], file=file)
    with pytest.raises(LastcallError) as error:
        pick("recorded", asked)[1].collect(asked)
    assert error.value.message.startswith(str(file))
    assert told in error.value.message
    assert "lastcall collect" in error.value.hint


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"[" * 100_000])
def test_a_file_that_is_no_text(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    file.write_bytes(content)
    with pytest.raises(LastcallError, match="no JSON"):
        pick("recorded", Question([]))[1].collect(Question([], file=file))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    _, forge = pick("recorded", Question([]))
    with pytest.raises(LastcallError, match="No such file"):
        forge.collect(Question([], file=tmp_path / "evidence.json"))
    with pytest.raises(LastcallError, match="needs an evidence file"):
        forge.collect(Question([]))


def test_a_file_of_an_older_lastcall_is_still_read() -> None:
    """What it does not hold was never asked for."""
    told = json.loads(write(EVIDENCE))
    for name in ("checks", "teams", "moments", "tags"):
        del told["evidence"][name]
    for name in ("force_pushes", "base_changes", "merged_by"):
        del told["evidence"]["pulls"][0][name]
    for name in ("edited_at", "teams"):
        del told["evidence"]["pulls"][0]["reviews"][0][name]
    del told["evidence"]["commits"][0]["signed_by_forge"], told["evidence"]["commits"][0]["reviews"]
    del told["evidence"]["pulls"][0]["commits"][0]["signed_by_forge"]
    evidence = read(json.dumps(told))
    assert (evidence.checks, evidence.teams, evidence.moments, evidence.tags) == (None, (), (), ())
    assert (evidence.pulls[0].force_pushes, evidence.pulls[0].merged_by) == ((), None)


@pytest.mark.parametrize("time", ["2026-03-01T18:00:00Z", "2026-03-01T20:00:00+02:00"])
def test_a_moment_is_answered_as_it_was_told(time: str, tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    file.write_text(write(EVIDENCE), encoding="utf-8")
    assert moment(Question([], file=file), "release/1", time) == EVIDENCE.moments[0]


@pytest.mark.parametrize(
    ("branch", "time"), [("release/2", "2026-03-01T18:00:00Z"), ("release/1", "2026-03-01T18:00:01Z"), ("release/1", "then")]
)
def test_a_moment_that_was_not_asked_then_is_not_answered_now(branch: str, time: str, tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    file.write_text(write(EVIDENCE), encoding="utf-8")
    with pytest.raises(LastcallError, match=f"where {branch} was at {time} is not in it") as error:
        moment(Question([], file=file), branch, time)
    assert f"lastcall collect --freeze {time}" in error.value.hint


def test_the_schema_of_the_file_is_published() -> None:
    told = schema()
    Draft202012Validator.check_schema(told)
    assert told["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "$id" not in told
    Draft202012Validator(told).validate(json.loads(write(EVIDENCE)))


@pytest.mark.parametrize(
    "file",
    [
        broken("evidence", "pulls", 0, "head", value="main"),
        broken("evidence", "pulls", 0, "state", value="done"),
        broken("evidence", "pulls", 0, "force_pushes", 0, "before", value="0"),
        broken("evidence", "pulls", 0, "surprise", value=1),
        broken("evidence", "moments", 0, "commit"),
        broken("version", value=2),
    ],
)
def test_the_schema_refuses_what_lastcall_refuses(file: str) -> None:
    assert not Draft202012Validator(schema()).is_valid(json.loads(file))


def test_the_schema_says_of_everything_what_it_means() -> None:
    told: Any = schema()
    for name, each in {"the file": told, **told["$defs"]}.items():
        assert each["title"], name
        assert each["description"].endswith((".", ")")), name
        assert all(field["description"].endswith(".") for field in each.get("properties", {}).values()), name
    known = set(told["$defs"]) | {"Recorded"}
    assert set(_recorded_schema._MEANINGS) | set(_recorded_schema._FORMS) <= known
    for name, fields in _recorded_schema._FORMS.items():
        assert set(fields) <= set(told["$defs"][name]["properties"])


@pytest.mark.parametrize(
    ("remotes", "environ"),
    [([], {"GITHUB_REPOSITORY": "acme/shop"}), (["git@github.com:acme/shop.git"], {}), ([], {"CI_PROJECT_PATH": "acme/shop"})],
)
def test_the_evidence_of_a_fork_says_nothing_of_this_repository(tmp_path, remotes, environ):
    file = tmp_path / "evidence.json"
    file.write_text(recorded.write(Evidence("github", "evil/shop", "evil/shop")))
    with pytest.raises(LastcallError, match="evidence of evil/shop, and acme/shop is judged"):
        recorded.collect(Question((), remotes=remotes, environ=environ, file=file))


def test_the_evidence_of_a_repository_that_was_renamed_is_its_own(tmp_path):
    file = tmp_path / "evidence.json"
    file.write_text(recorded.write(Evidence("github", "acme/store", "acme/shop")))
    for name in ("acme/shop", "acme/store"):
        recorded.collect(Question((), environ={"GITHUB_REPOSITORY": name}, file=file))
    recorded.collect(Question((), remotes=["/srv/shop.git"], file=file))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text.replace('"version": 1', '"version": 1, "version": 1'), "'version' stands twice"),
        (lambda text: text.replace('"version": 1', f'"version": {"9" * 5000}'), "number is too long"),
    ],
)
def test_what_no_collecting_ever_wrote_is_refused(change, told):
    with pytest.raises(LastcallError, match=told):
        read(change(write(Evidence("github", "acme/shop"))))
