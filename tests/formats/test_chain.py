"""What ``lastcall explain COMMIT`` prints: the whole chain of evidence for one change, from facts made by hand."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
import reports

from lastcall.commands.chain import chain
from lastcall.formats._untrusted import no_commands
from lastcall.model import (
    Account,
    AccountKind,
    Approval,
    BaseChange,
    Change,
    Commit,
    ForcePush,
    Need,
    OwnersNeeded,
    Pull,
    PullCommit,
    Review,
    ReviewState,
    Unread,
    Verdict,
)

DANA, BOB, CAROL, ERIN = (Account(number, name) for number, name in enumerate(("dana", "bob", "carol", "erin"), 1))
WEB = Account(99, "web-flow", AccountKind.BOT)
FIRST = "7" * 40
OLD, NEW, AFTER = "2026-11-18T09:00:00Z", "2026-11-18T10:00:00Z", "2026-11-20T09:00:00Z"


def told(change: Change, owned: Mapping[tuple[str, ...], Sequence[str]] | None = None, **facts: object) -> str:
    return "\n".join(chain(replace(reports.release(), **facts), change, change.commits[-1].sha, owned or {}))


def reviewed(*reviews: Review, **told_of_it: object) -> Change:
    """A merged pull request of dana's with two commits, with the reviews of it."""
    commits = (PullCommit(FIRST, DANA, DANA, "Dana Dee"), PullCommit(reports.STALE, DANA, WEB, "Dana Dee", (CAROL,)))
    pull = replace(reports.pull(14, "Speed up the list of orders", "dana", reports.STALE), author=DANA)
    pull = replace(pull, merge_commit="b" * 40, merged_at="2026-11-19T12:00:00Z", merged_by=ERIN, commits=commits, reviews=reviews)
    return replace(reports.stale(), pull=replace(pull, **told_of_it), guards=())


def review(by: Account, state: str = "approved", commit: str | None = reports.STALE, at: str = NEW, **more: object) -> Review:
    return Review(by, ReviewState(state), commit, at, **{"can_write": True, **more})


def worth(change: Change) -> list[str]:
    """The line below each review."""
    lines = told(change).splitlines()
    return [
        lines[place + 1].strip() for place, line in enumerate(lines) if " by " in line and " on " in line and line.startswith("    2026")
    ]


def test_a_blocked_change(golden):
    pull = reviewed(review(BOB, commit=FIRST, at=OLD), review(BOB, "commented"), review(CAROL)).pull
    assert pull
    pushed = ForcePush(ERIN, FIRST, reports.STALE, "2026-11-18T09:30:00Z")
    moved = BaseChange("main", "release/2.4", "2026-11-18T09:45:00Z")
    change = replace(reports.stale(), pull=replace(pull, force_pushes=(pushed,), base_changes=(moved,)))
    owned = {("@shop/release", "@carol"): [".lastcall.yml"], ("@bob",): [f"shop/{name}.py" for name in "abcdefg"]}
    unread = (Unread("reviews", "the forge answered 502", None, "pull:14"), Unread("reviews", "of another", None, "pull:15"))
    golden("chain.txt", told(change, owned, unread=unread, head=reports.STALE) + "\n")


def test_an_approved_change_says_what_carried_each_approval():
    given = review(BOB, teams=("@shop/release",), edited_at=AFTER)
    approval = Approval("bob", reports.STALE, NEW, "replay")
    change = replace(reviewed(given), verdict=Verdict.APPROVED, reason="approved", approvals=(approval,), needs=None)
    text = told(change, {("@shop/release",): ["a.py"]})
    assert "  verdict: approved\n" in text
    assert f"approved by bob [id 2], for @shop/release on 3f2a9c1, edited {AFTER}\n        counts: git, made to merge it again" in text
    assert "    bob, on 3f2a9c1 at 2026-11-18T10:00:00Z\n        carried to what landed by: replay (git, made to merge it again" in text
    assert "    @shop/release: a.py\n        approved by bob" in text


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (review(BOB, "commented"), "a comment is no opinion, and takes none back"),
        (review(BOB, "dismissed"), "dismissed: it does not count, and no older one takes its place"),
        (review(BOB, "changes-requested"), "blocks until they approve, or it is dismissed"),
        (review(BOB, "changes-requested", can_write=False), "does not block: they cannot write to the repository"),
        (review(WEB), "does not count: a bot or a placeholder is no person"),
        (review(Account(None, "ghost", AccountKind.GHOST)), "not known whose it is: the account was deleted"),
        (review(BOB, can_write=False), "does not count: they cannot write to the repository"),
        (review(BOB, can_write=None), "not known whether they can write to the repository"),
        (review(DANA), "not independent: opened it; author of 7777777, 3f2a9c1"),
        (review(CAROL), "not independent: co-author of 3f2a9c1"),
        (review(BOB, at=AFTER), "given only after the merge"),
        (review(BOB, commit=None), "not known what was approved: the forge has lost the commit"),
        (review(BOB, commit=FIRST), "given on an older commit than 3f2a9c1: what came after was not approved"),
        (review(BOB), "by itself not enough"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_review_says_what_it_is_worth(given, why):
    assert worth(reviewed(given)) == [why]


def test_a_later_review_of_the_same_person_takes_the_place_of_an_older_one():
    assert worth(reviewed(review(BOB, at=OLD), review(Account(2, "robert"), "changes-requested"))) == [
        "a later review of theirs took its place",
        "blocks until they approve, or it is dismissed",
    ]


def test_altered_and_unknown_changes_have_their_own_words():
    assert worth(replace(reviewed(review(BOB)), reason="altered-squash")) == ["given on the last commit, but that is not what landed"]
    assert worth(replace(reviewed(review(BOB)), verdict=Verdict.UNKNOWN)) == ["whether it counts is not known"]


def test_what_has_no_readable_time_comes_last():
    odd = ForcePush(None, None, None, "yesterday")
    lines = told(reviewed(review(BOB, at="2026-11-18T10:00:00"), force_pushes=(odd,))).splitlines()
    place = next(place for place, line in enumerate(lines) if line.startswith("    yesterday"))
    gone = "a commit that the forge has lost"
    assert lines[place] == f"    yesterday  pushed with force by somebody (account deleted): {gone} became {gone}"
    assert lines[place + 1].startswith("  approvals that count")


def test_how_a_commit_came_in():
    asked = reviewed().pull

    def landed(sha: str, parents: int = 1, pull: Pull | None = asked, message: str = "Work") -> str:
        commit = replace(reports.commit(sha, message, "Dana Dee"), parents=("1" * 40,) * parents, message=message)
        return told(replace(reviewed(), commits=(commit,), pull=pull))

    assert "as it was in pull request 14" in landed(FIRST)
    assert "the merge of pull request 14" in landed("b" * 40, 2)
    assert "what pull request 14 landed as: squashed, or the last commit rebased" in landed("b" * 40)
    assert "brought by pull request 14, which does not list it" in landed("c" * 40)
    picked = landed("c" * 40, pull=None, message=f"Work\n\n(cherry picked from commit {FIRST})\n")
    assert "no pull request is known to have brought it" in picked
    assert "its message says that it was picked from 7777777: a hint where to look, and no proof" in picked
    assert "its message says that it takes back 7777777" in landed("c" * 40, pull=None, message=f"This reverts commit {FIRST}.")


def test_who_owns_what_and_who_of_them_approved():
    wanted = Need(1, "", ("dana",), (OwnersNeeded(("@carol",), ("a.py",)),))
    blocked = replace(reviewed(review(BOB)), reason="no-owner-approval", needs=wanted)
    owned = {("@dana", "@carol"): ["a.py"], ("@acme/web",): ["b.py"]}
    text = told(blocked, owned)
    assert "    @dana, @carol: a.py\n        one of them must still approve\n" in text
    assert "    @acme/web: b.py\n        one of them is among those who approved" in text
    assert "    @acme/web: b.py\n        asked for when enough people have approved" in told(replace(blocked, reason="no-approval"), owned)
    approved = replace(blocked, verdict=Verdict.APPROVED, reason="approved", needs=None, approvals=(Approval("bob", FIRST, NEW, "pick"),))
    text = told(approved, {("@Bob",): ["a.py"], ("@acme/web",): ["b.py"]})
    assert "    @Bob: a.py\n        approved by bob\n" in text
    assert "    @acme/web: b.py\n        one of them is among those who approved" in text


def test_a_waiver_is_told_loudly():
    assert "  WAIVED:  by ann and ben, until 2026-12-01, for 6d5c4b3 alone: the old service is switched off tonight\n" in told(
        reports.waived()
    )


def test_the_checks_of_the_head_are_told_with_the_head_only():
    assert "  required checks on it, the release head:\n    passed: test passed on 8f3c2d1\n" in told(reviewed(), head=reports.STALE)
    assert "required checks" not in told(reviewed())


@pytest.mark.parametrize("text", reports.HOSTILE.values(), ids=reports.HOSTILE)
def test_text_of_a_repository_or_a_forge_steers_nothing(text):
    person = Account(1, text)
    pull = replace(
        reports.pull(7, text, text, text),
        url=text,
        state=text,
        base=text,
        merge_commit=text,
        merged_at=text,
        merged_by=person,
        reviews=(Review(person, ReviewState.APPROVED, text, text, edited_at=text, teams=(text,)),),
        commits=(PullCommit(text, None, person, text, (person,)),),
        force_pushes=(ForcePush(person, text, text, text),),
        base_changes=(BaseChange(text, text, text),),
    )
    release = reports.hostile(text).release
    for change in release.changes:
        known = replace(
            change, pull=pull, commits=(*change.commits, Commit(text, text, (text, text), *[change.commits[0].author] * 2, text))
        )
        written = no_commands("\n".join(chain(release, known, text, {(text, text): [text] * 7})))
        assert not {char for char in set(written) - {"\n"} if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
        assert not any(line.lstrip().startswith("::") or "##[" in line for line in written.splitlines())
