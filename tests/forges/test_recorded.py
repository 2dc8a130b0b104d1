"""An evidence file answers what was written into it, exactly, and tells where it is broken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lastcall.forges import Question, pick
from lastcall.forges.recorded import read, schema, write
from lastcall.model import (
    Account,
    AccountKind,
    Commit,
    CommitEvidence,
    Evidence,
    LastcallError,
    Person,
    Pull,
    PullCommit,
    Review,
    ReviewPolicy,
    ReviewState,
    Unread,
)
from lastcall.review import changes

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
            reviews=(Review(ANN, ReviewState.APPROVED, None, "2026-03-04T10:00:00+00:00", can_write=None),),
            commits=(PullCommit(HEAD, ANN, None, "Ann"),),
        ),
    ),
    unread=(Unread("reviews", "GitHub answered 500", subject="pull:13"),),
)


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
        """A history that is asked for the paths of the one commit, and for nothing else."""

        def changed_paths(self, _: str) -> tuple[str, ...]:
            return ()

    (change,) = changes([late], EVIDENCE, NoGit(), ReviewPolicy(), "release/1", None, lambda _: False)  # type: ignore[arg-type]
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


def test_the_schema_of_the_file_is_published() -> None:
    told = schema()
    assert told["type"] == "object"
    assert "Pull" in told["$defs"]  # type: ignore[operator]
