"""Who wrote a change and who approved it: independence, opinions, owners, waivers, and what is still needed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from lastcall.git import Repository
from lastcall.model import (
    Account,
    AccountKind,
    Change,
    Commit,
    CommitEvidence,
    Evidence,
    Exemption,
    ForcePush,
    Guard,
    Need,
    OwnersNeeded,
    PullCommit,
    Review,
    ReviewPolicy,
    ReviewState,
    Team,
    Unread,
    Verdict,
    Waiver,
)
from lastcall.review import Judged, changes
from repositories import Repo
from reviewed import ANN, BEN, RELEASE, WEB, Shop, approval, reasons

OLD, NEW, AFTER, LATER = "2026-03-01T10:00:00Z", "2026-03-02T10:00:00Z", "2026-03-06T10:00:00Z", "2026-03-07T10:00:00Z"
BY_ANN, BY_BEN, BY_CAT, BY_EVE = Account(1, "ann"), Account(2, "ben"), Account(3, "cat"), Account(5, "eve")
GHOST, FORGE = Account(None, "ghost", AccountKind.GHOST), Account(9, "web-flow", AccountKind.BOT)
DEPENDABOT, IMPORTED = Account(49, "dependabot[bot]", AccountKind.BOT), Account(70, "imported", AccountKind.MANNEQUIN)
RENOVATE = "renovate[bot] <29139614+renovate[bot]@users.noreply.github.com>"
STRANGER = {"author": None, "committer": None}

Spoil = Callable[[Evidence], Evidence]
HEAD = "the head of the pull request"


@dataclass
class One:
    """A pull request of one commit that ann wrote (``a.py``), merged or still open, that is judged again and again by other evidence.

    Nothing is written into its repository, so that many tests can share it.
    """

    repository: Repository
    merged: tuple[Sequence[Commit], Evidence]
    open: tuple[Sequence[Commit], Evidence]

    @property
    def head(self) -> str:
        return self.open[1].pulls[0].head

    def judge(self, *spoils: Spoil, still_open: bool = False, judged: dict[str, Any] | None = None, **policy: Any) -> Change:
        commits, evidence = self.open if still_open else self.merged
        for spoil in spoils:
            evidence = spoil(evidence)
        asked = Judged(RELEASE, 12 if still_open else None, **(judged or {}))
        (change,) = changes(commits, evidence, self.repository, ReviewPolicy(**policy), asked)
        return change

    def look(self, *spoils: Spoil, **asked: Any) -> Change:
        """The change while the pull request is open, as a check of it says."""
        return self.judge(*spoils, still_open=True, **asked)

    def verdict(self, *spoils: Spoil, **asked: Any) -> str:
        change = self.judge(*spoils, **asked)
        return f"{change.verdict}: {change.reason}"


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[One]:
    shop = Shop(Repo(tmp_path_factory.mktemp("one") / "shop"))
    (head,) = shop.topic({"a.py": "1\n"})
    shop.pull([head], merge_commit=shop.repo.merge("topic"))
    with Repository.open(shop.repo.root) as repository:
        merged, topic = (repository.commits(shop.freeze, shop.repo.sha(branch)) for branch in (RELEASE, "topic"))
        evidence = shop.evidence(merged)
        still = pull(state="open", merged_at=None, merge_commit=None)(evidence)
        yield One(repository, (merged, evidence), (topic, still))


def opened(shop: Shop, files: dict[str, str], *reviews: dict[str, Any]) -> str:
    """A pull request under judgement that changes ``files``: it is judged with ``look``."""
    (head,) = shop.topic(files)
    shop.pull([head], *at(head, *reviews), state="open")
    return head


def at(head: str, *reviews: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**review, "commit": review["commit"] or head} for review in reviews]


def look(shop: Shop, **asked: Any) -> Change:
    (change,) = shop.judge(pull=12, head="topic", **asked)
    return change


def pull(**fields: Any) -> Spoil:
    """The evidence with other facts about its only pull request."""
    return lambda evidence: replace(evidence, pulls=(replace(evidence.pulls[0], **fields),))


def written(**fields: Any) -> Spoil:
    """The evidence with other facts about each commit of its only pull request."""
    return lambda evidence: pull(commits=tuple(replace(commit, **fields) for commit in evidence.pulls[0].commits))(evidence)


def said(who: Account, state: str = "approved", when: str = NEW, **more: Any) -> Review:
    """What somebody said of the head, before it was merged; who can write to the repository."""
    return replace(Review(who, ReviewState(state), HEAD, when, can_write=who is not BY_EVE), **more)


def reviewed(*reviews: Review) -> Spoil:
    """The evidence with these reviews of its only pull request."""

    def spoil(evidence: Evidence) -> Evidence:
        head = evidence.pulls[0].head
        given = tuple(replace(review, commit=head) if review.commit == HEAD else review for review in reviews)
        return pull(reviews=given)(evidence)

    return spoil


def silent(evidence: Evidence) -> Evidence:
    return replace(evidence, unread=(Unread("reviews", "GitHub answered 500"),))


# ------------------------------------------------------------------------------------------------------------------ independence


@pytest.mark.parametrize(
    "wrote",
    [
        pull(author=BY_BEN),
        written(author=BY_BEN),
        written(committer=BY_BEN),
        written(co_authors=(BY_BEN,)),
    ],
    ids=["opened it", "author", "committer", "co-author"],
)
def test_whoever_had_a_part_in_it_is_not_independent(one: One, wrote: Spoil) -> None:
    change = one.judge(wrote, reviewed(said(BY_BEN)))
    assert change.reason == "self-approval"
    assert "was approved by ben, who wrote part of it" in change.detail
    assert one.verdict(wrote, reviewed(said(BY_CAT))) == "approved: approved"


def test_each_of_several_writers_needs_so_many_others(one: One) -> None:
    both = written(co_authors=(BY_BEN,))
    assert one.verdict(both, reviewed(said(BY_ANN), said(BY_BEN))) == "approved: approved", "each was approved by the other"
    assert one.verdict(both, reviewed(said(BY_ANN), said(BY_BEN)), approvals=2) == "blocked: self-approval", "each has one other"
    assert one.verdict(both, reviewed(said(BY_ANN), said(BY_BEN), said(BY_CAT)), approvals=2) == "approved: approved"


def test_a_renamed_user_is_the_same_person(one: One) -> None:
    assert one.verdict(reviewed(said(Account(1, "ann-renamed")))) == "blocked: self-approval"


def test_a_freed_login_is_another_person(one: One) -> None:
    assert one.verdict(reviewed(said(Account(77, "ann")))) == "approved: approved"


def test_two_people_of_one_login_are_two_approvals_and_one_renamed_is_one(one: One) -> None:
    two = reviewed(said(Account(2, "ben"), when=OLD), said(Account(78, "ben")))
    renamed = reviewed(said(Account(2, "ben"), when=OLD), said(Account(2, "ben-renamed")))
    assert one.verdict(two, approvals=2) == "approved: approved"
    assert one.verdict(renamed, approvals=2) == "blocked: too-few-approvals"


@pytest.mark.parametrize(
    ("by", "verdict"),
    [
        (said(BY_BEN), "approved: approved"),
        (said(BY_EVE), "blocked: no-write-access"),
        (said(BY_BEN, can_write=None), "unknown: unknown-reviews"),
        (said(BY_BEN, commit=None), "unknown: unknown-reviews"),
        (said(GHOST), "unknown: deleted-account"),
        (said(GHOST, can_write=False), "unknown: deleted-account"),
        (said(Account(None, "ben")), "unknown: deleted-account"),
        (said(IMPORTED), "blocked: bot-approval"),
        (said(DEPENDABOT), "blocked: bot-approval"),
    ],
)
def test_whose_approval_counts(one: One, by: Review, verdict: str) -> None:
    assert one.verdict(reviewed(by)) == verdict


def test_what_the_forge_must_tell_of_an_approver(one: One) -> None:
    assert (
        "the forge does not say whether ben, who approved pull request 12, can write"
        in one.judge(reviewed(said(BY_BEN, can_write=None))).detail
    )
    assert "the forge no longer knows which commit ben approved" in one.judge(reviewed(said(BY_BEN, commit=None))).detail


@pytest.mark.parametrize(
    "wrote",
    [
        pull(author=GHOST),
        written(author=IMPORTED),
        written(author=None),
        written(committer=None),
        written(co_authors=(Account(None, "x"),)),
    ],
    ids=["opened by a ghost", "a mannequin", "no account", "committed by none", "co-author without one"],
)
def test_whoever_is_not_known_may_be_the_approver(one: One, wrote: Spoil) -> None:
    assert one.verdict(wrote, reviewed(said(BY_BEN))) == "unknown: unmapped-identity"
    assert one.verdict(wrote, reviewed(said(BY_BEN), said(BY_CAT))) == "approved: approved", "at most one of the two is the stranger"


def test_one_stranger_is_named_once(shop: Shop) -> None:
    """As author and committer of two commits, one of which this clone does not have, and as a co-author."""
    message = "More\n\nCo-authored-by: Stranger <WHO@example.com>"
    commits = shop.topic({"a.py": "1\n"}, {"b.py": "2\n"}, author="Stranger <who@example.com>", message=message)
    shop.pull(commits, approval("ben", commits[-1]), merge_commit=shop.repo.squash("topic", "Work (#12)"))
    lost = PullCommit("e" * 40, None, None, "Stranger")
    (change,) = shop.judge(change=lambda told: pull(commits=(lost, *told.pulls[0].commits))(told))
    assert change.reason == "unmapped-identity"
    assert change.detail.startswith("pull request 12 holds work of Stranger <who@example.com>, without an account")
    assert change.detail.count("Stranger") == 1


# ------------------------------------------------------------------------------------------------------------------ forced pushes


def pushed(by: Account | None, before: str | None, after: str | None) -> Spoil:
    return pull(force_pushes=(ForcePush(by, before, after, NEW),))


def rebased(shop: Shop, evil: dict[str, str] | None = None) -> tuple[str, str]:
    """The topic before and after somebody put it on the newer release branch, by force."""
    (before,) = shop.topic({"a.py": "1\n"})
    shop.repo.commit("Meanwhile", {"b.py": "2\n"})
    shop.freeze = shop.repo.head
    shop.repo.checkout("topic")
    shop.repo.rebase(RELEASE)
    after = shop.repo.commit("Work", evil, amend=True) if evil else shop.repo.head
    shop.repo.checkout(RELEASE)
    shop.pull([after], approval("ben", after), merge_commit=shop.repo.merge("topic"))
    return before, after


def test_whoever_brings_a_branch_up_to_date_by_force_wrote_nothing(shop: Shop) -> None:
    before, after = rebased(shop)
    assert shop.verdict(change=pushed(BY_BEN, before, after)) == "approved: approved"


def test_whoever_replaces_commits_by_force_wrote_them(shop: Shop) -> None:
    before, after = rebased(shop, evil={"c.py": "evil\n"})
    (change,) = shop.judge(change=pushed(BY_BEN, before, after))
    assert change.reason == "self-approval"
    assert "was approved by ben, who replaced its commits by a forced push" in change.detail
    assert shop.verdict(change=pushed(BY_CAT, before, after)) == "approved: approved"


def test_a_forced_push_that_takes_a_commit_away_is_no_update(shop: Shop) -> None:
    first, second = shop.topic({"a.py": "1\n"}, {"b.py": "2\n"})
    shop.repo.git("merge", "--quiet", "--no-ff", "-m", "Merge", first)
    shop.pull([first], approval("ben", first), merge_commit=shop.repo.head)
    assert shop.verdict(change=pushed(BY_BEN, second, first)) == "blocked: self-approval"


def test_a_forced_push_onto_an_older_base_is_no_update(shop: Shop) -> None:
    """The tree stays, and what the newer base held is now a part of the change."""
    old = shop.repo.head
    shop.repo.commit("Meanwhile", {"b.py": "2\n"})
    shop.freeze = shop.repo.head
    (before,) = shop.topic({"a.py": "1\n"})
    shop.repo.checkout("topic")
    shop.repo.git("reset", "--quiet", "--soft", old)
    after = shop.repo.commit("Work")
    shop.repo.checkout(RELEASE)
    shop.pull([after], approval("ben", after), merge_commit=shop.repo.merge("topic"))
    assert shop.verdict(change=pushed(BY_BEN, before, after)) == "blocked: self-approval"


def test_what_a_forced_push_replaced_must_be_there_to_tell(shop: Shop) -> None:
    _, after = rebased(shop)
    gone = "e" * 40
    (change,) = shop.judge(change=pushed(BY_BEN, gone, after))
    assert change.reason == "self-approval"
    assert f"git fetch origin {gone}, and check again" in change.detail
    assert shop.verdict(change=pushed(None, None, after)) == "unknown: unmapped-identity", "whoever that was may be ben"
    assert shop.verdict(change=pushed(Account(4, "dependabot[bot]", AccountKind.BOT), gone, after)) == "approved: approved"


# --------------------------------------------------------------------------------------------------------------------------- bots


@pytest.mark.parametrize(
    ("listed", "verdict"),
    [
        ((), "blocked: bot-approval"),
        (("renovate[bot]",), "blocked: bot-approval"),
        (("dependabot[bot]",), "approved: approved"),
        (("Dependabot",), "approved: approved"),
    ],
)
def test_a_bot_approves_where_the_policy_lists_it(one: One, listed: tuple[str, ...], verdict: str) -> None:
    assert one.verdict(reviewed(said(DEPENDABOT)), approving_bots=listed) == verdict


def test_a_listed_bot_does_not_approve_what_it_wrote(one: One) -> None:
    own = (pull(author=DEPENDABOT), written(author=DEPENDABOT, committer=FORGE))
    assert one.verdict(*own, reviewed(said(DEPENDABOT)), approving_bots=("dependabot",)) == "blocked: self-approval"
    assert one.verdict(*own, reviewed(said(Account(50, "lint[bot]", AccountKind.BOT))), approving_bots=("lint",)) == "approved: approved"


def test_a_person_with_the_name_of_a_listed_bot_is_no_bot(one: One) -> None:
    person = reviewed(said(Account(80, "dependabot"), can_write=False))
    assert one.verdict(person, approving_bots=("dependabot[bot]",)) == "blocked: no-write-access"


def test_a_listed_bot_is_one_approver_among_people(one: One) -> None:
    both = reviewed(said(DEPENDABOT), said(BY_BEN))
    assert one.verdict(both, approving_bots=("dependabot[bot]",), approvals=2) == "approved: approved"
    assert one.verdict(both, approvals=2) == "blocked: too-few-approvals"


def test_a_stranger_who_wrote_it_is_not_the_bot_that_approved(one: One) -> None:
    assert one.verdict(written(**STRANGER), reviewed(said(DEPENDABOT)), approving_bots=("dependabot",)) == "approved: approved"


def test_what_a_bot_wrote_wants_one_person(one: One) -> None:
    bot = (pull(author=DEPENDABOT), written(author=DEPENDABOT, committer=FORGE, verified=True, signed_by_forge=True))
    assert one.verdict(*bot) == "blocked: no-approval"
    assert one.verdict(*bot, reviewed(said(BY_BEN))) == "approved: approved"


# -------------------------------------------------------------------------------------------------------------------- suggestions


def accepted(**told: Any) -> Spoil:
    """Ben's suggestion, which ann accepted on the forge: the forge committed and signed it, and names him as a co-author."""
    facts = {"author": BY_ANN, "committer": FORGE, "co_authors": (BY_BEN,), "verified": True, "signed_by_forge": True}
    return written(**(facts | told))


def test_whoever_suggested_may_approve_where_the_policy_says_so(one: One) -> None:
    change = one.judge(accepted(), reviewed(said(BY_BEN)))
    assert change.reason == "self-approval"
    assert "was approved by ben, whose suggestion is part of it (allow-suggestions: true lets" in change.detail
    assert one.verdict(accepted(), reviewed(said(BY_BEN)), allow_suggestions=True) == "approved: approved"
    assert one.verdict(accepted(), reviewed(said(BY_CAT))) == "approved: approved"


@pytest.mark.parametrize(
    "told",
    [
        {"signed_by_forge": False},
        {"committer": BY_ANN},
        {"committer": DEPENDABOT},
        {"author": DEPENDABOT},
        {"author": BY_BEN},
    ],
    ids=["not signed", "committed by a person", "committed by a bot", "written by a bot for ben", "written by ben"],
)
def test_a_co_author_is_no_suggester_without_proof(one: One, told: dict[str, Any]) -> None:
    change = one.judge(accepted(**told), reviewed(said(BY_BEN)), allow_suggestions=True)
    assert change.reason == "self-approval"
    assert "ben, who wrote part of it" in change.detail


def test_a_squash_names_whoever_suggested_once_more(shop: Shop) -> None:
    shop.repo.checkout("topic", new=True)
    head = shop.repo.commit("Accept", {"a.py": "1\n"}, author=ANN, committer=WEB)
    shop.repo.checkout(RELEASE)
    squash = shop.repo.squash("topic", "Work (#12)\n\nCo-authored-by: Ben <ben@example.org>")
    shop.pull([head], approval("ben", head), merge_commit=squash)
    shop.world.commits[head] = {"signed": "github"}
    evidence = written(author=BY_ANN, committer=FORGE, co_authors=(BY_BEN,), signed_by_forge=True)
    assert shop.verdict(change=evidence, allow_suggestions=True) == "approved: approved"
    assert shop.verdict(change=evidence) == "blocked: self-approval"
    wrote = written(author=BY_ANN, committer=FORGE, signed_by_forge=True)
    assert shop.verdict(change=wrote, allow_suggestions=True) == "blocked: self-approval", "the squash alone proves no suggestion"


# ----------------------------------------------------------------------------------------------------------------------- opinions


@pytest.mark.parametrize(
    ("reviews", "verdict"),
    [
        ([said(BY_BEN), said(BY_BEN, "changes-requested")], "blocked: changes-requested"),
        ([said(BY_BEN, "changes-requested"), said(BY_BEN)], "blocked: changes-requested"),
        ([said(BY_BEN, "dismissed"), said(BY_BEN)], "blocked: dismissed-approval"),
        ([said(BY_BEN, "changes-requested", OLD), said(BY_BEN)], "approved: approved"),
        ([said(BY_BEN, "changes-requested", OLD), said(BY_BEN, when=AFTER)], "blocked: late-approval"),
        ([said(BY_BEN, when=OLD), said(BY_BEN, "commented")], "approved: approved"),
        ([said(BY_BEN, when=OLD), said(BY_BEN, "dismissed")], "blocked: dismissed-approval"),
        ([said(BY_BEN, when=OLD), said(BY_BEN, "changes-requested")], "blocked: changes-requested"),
        ([said(BY_BEN), said(BY_CAT, "changes-requested")], "blocked: changes-requested"),
        ([said(BY_BEN), said(BY_CAT, "changes-requested", can_write=None)], "blocked: changes-requested"),
        ([said(BY_BEN), said(BY_EVE, "changes-requested")], "approved: approved"),
        ([said(GHOST, "changes-requested", OLD), said(GHOST), said(BY_BEN)], "blocked: changes-requested"),
        ([said(GHOST, when=OLD), said(BY_BEN)], "approved: approved"),
    ],
    ids=[
        "of one second, the worse",
        "of one second, the worse, told first",
        "of one second, dismissed",
        "taken back",
        "taken back after the merge",
        "a comment later",
        "a dismissal is not undone by what is older",
        "changes asked for later",
        "changes asked for by another writer",
        "changes asked for by who may be a writer",
        "changes asked for by who cannot write",
        "two ghosts are two people",
        "a ghost beside a person",
    ],
)
def test_the_last_word_counts(one: One, reviews: list[Review], verdict: str) -> None:
    assert one.verdict(reviewed(*reviews)) == verdict


@pytest.mark.parametrize(
    ("reviews", "without", "with_it"),
    [
        ([said(BY_BEN, when=AFTER)], "blocked: late-approval", "approved: approved"),
        ([said(BY_ANN, when=AFTER)], "blocked: late-approval", "blocked: self-approval"),
        ([said(BY_BEN, "changes-requested", OLD), said(BY_BEN, when=AFTER)], "blocked: late-approval", "approved: approved"),
        (
            [said(BY_BEN, when=AFTER), said(BY_BEN, "changes-requested", LATER)],
            "blocked: changes-requested",
            "blocked: changes-requested",
        ),
        (
            [said(BY_BEN, when=AFTER), said(BY_CAT, "changes-requested", LATER)],
            "blocked: changes-requested",
            "blocked: changes-requested",
        ),
        ([said(BY_BEN, when=AFTER), said(BY_BEN, "dismissed", LATER)], "blocked: late-approval", "blocked: dismissed-approval"),
    ],
)
def test_an_approval_after_the_merge(one: One, reviews: list[Review], without: str, with_it: str) -> None:
    assert (one.verdict(reviewed(*reviews)), one.verdict(reviewed(*reviews), allow_post_merge=True)) == (without, with_it)


def test_an_approval_after_the_merge_is_of_what_landed(shop: Shop) -> None:
    (head,) = shop.topic({"a.py": "1\n"})
    shop.repo.commit("Meanwhile", {"c.py": "2\n"})
    shop.pull([head], approval("ben", head, AFTER), merge_commit=shop.repo.merge("topic", evil={"b.py": "evil\n"}))
    assert reasons(shop.judge(allow_post_merge=True))["pull:Pull request 12"] == "blocked: altered-merge"


def test_an_approval_after_the_merge_is_told_as_such(one: One) -> None:
    change = one.judge(reviewed(said(BY_BEN, when=AFTER)), allow_post_merge=True)
    assert change.detail == "pull request 12 was approved by ben (ben did so only after it was merged, which the policy allows)"
    detail = one.judge(reviewed(said(BY_BEN, when=AFTER))).detail
    assert "only after it was merged (allow-post-merge: true accepts that from the next freeze on); revert it through an" in detail
    change = one.judge(allow_post_merge=True)
    assert change.needs == Need(1, one.head, ("ann",))
    assert change.detail.startswith("nobody approved pull request 12; it needs one more approval, by somebody who did not write it, at ")


def test_an_edited_review_is_only_noted(one: One) -> None:
    change = one.judge(reviewed(said(BY_BEN, edited_at=AFTER)))
    assert (change.reason, change.detail) == (
        "approved",
        "pull request 12 was approved by ben (ben edited the text of the review later)",
    )


# ------------------------------------------------------------------------------------------------------------------------- owners


def owners(**by_path: str) -> dict[str, Any]:
    """``Judged.owners`` of a table: ``a="@ben @acme/db"`` owns ``a.py``; a path that is not in it has no owner."""
    return {"owners": lambda path: tuple(by_path.get(path.rpartition("/")[2].partition(".")[0], "").split())}


def team(name: str, *members: Account) -> Spoil:
    return lambda evidence: replace(evidence, teams=(Team(name, members),))


def untold(owner: str, reason: str) -> Spoil:
    return lambda evidence: replace(evidence, unread=(*evidence.unread, Unread("owner", reason, subject=f"owner:{owner}")))


@pytest.mark.parametrize(
    ("own", "verdict"),
    [
        ("", "approved: approved"),
        ("@ben", "approved: approved"),
        ("@BEN", "approved: approved"),
        ("@cat @ben", "approved: approved"),
        ("@cat", "blocked: no-owner-approval"),
        ("@ann", "blocked: no-owner-approval"),
        ("@benny", "blocked: no-owner-approval"),
        ("@acme/db", "unknown: unknown-owners"),
        ("@cat @acme/db", "unknown: unknown-owners"),
        ("@ben @acme/db", "approved: approved"),
        ("db@example.org", "unknown: unknown-owners"),
        ("whoever", "unknown: unknown-owners"),
    ],
)
def test_an_owner_of_each_path_must_have_approved(one: One, own: str, verdict: str) -> None:
    ben = reviewed(said(BY_BEN))
    assert one.verdict(ben, judged=owners(a=own)) == verdict
    assert one.verdict(ben, judged=owners(a=own), code_owners=False) == "approved: approved"


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        (team("@acme/db", BY_CAT, BY_BEN), "approved: approved"),
        (team("@Acme/DB", Account(2, "ben-renamed")), "approved: approved"),
        (team("@acme/db", BY_CAT), "blocked: no-owner-approval"),
        (team("@acme/db", Account(77, "ben")), "blocked: no-owner-approval"),
        (team("@acme/db"), "blocked: no-owner-approval"),
        (team("@acme/web", BY_BEN), "unknown: unknown-owners"),
        (reviewed(said(BY_BEN, teams=("@acme/DB",))), "approved: approved"),
        (reviewed(said(BY_BEN, teams=("@acme/web",))), "unknown: unknown-owners"),
    ],
    ids=["member", "renamed", "no member", "a freed login", "nobody", "another team", "on its behalf", "on behalf of another"],
)
def test_who_approves_for_a_team(one: One, told: Spoil, verdict: str) -> None:
    assert one.verdict(reviewed(said(BY_BEN)), told, judged=owners(a="@acme/db")) == verdict


def test_an_address_owns_as_a_team_of_one(one: One) -> None:
    judged, ben = owners(a="ben@example.org"), reviewed(said(BY_BEN))
    assert one.verdict(ben, team("ben@example.org", BY_BEN), judged=judged) == "approved: approved"
    assert one.verdict(ben, team("ben@example.org", BY_CAT), judged=judged) == "blocked: no-owner-approval"


def test_a_team_that_the_token_cannot_read(one: One) -> None:
    judged, ben = owners(a="@acme/db"), reviewed(said(BY_BEN))
    change = one.look(ben, untold("@acme/db", "the token may not read the members of teams"), judged=judged)
    assert (change.verdict, change.reason) == (Verdict.UNKNOWN, "unknown-owners")
    assert "whether that is @acme/db, who owns a.py, is not known: the token may not read the members of teams; " in change.detail
    assert "(members: read, or read:org), or set code-owners: false" in change.detail
    assert change.needs == Need(1, one.head, ("ann", "ben"), (OwnersNeeded(("@acme/db",), ("a.py",)),))
    part = untold("@acme/db", "GitHub listed 100 of its 300 members")
    assert one.verdict(ben, team("@acme/db", BY_BEN), part, judged=judged) == "approved: approved", "the part that is there names ben"
    assert one.verdict(ben, team("@acme/db", BY_CAT), part, judged=judged) == "unknown: unknown-owners"


def test_one_owner_for_each_path(shop: Shop) -> None:
    head = opened(shop, {"db/a.py": "1\n", "web/b.py": "2\n", "c.py": "3\n"}, approval("ben", ""))
    judged = owners(a="@ben", b="@cat @dan", c="@cat @dan")
    change = look(shop, judged=judged)
    assert (change.reason, change.approvals[0].reviewer) == ("no-owner-approval", "ben")
    assert change.detail == (
        "pull request 12 was approved by ben, but by no owner of c.py and web/b.py; "
        f"it needs one more approval, by one of @cat or @dan, who own c.py and web/b.py, at {head[:7]}"
    )
    assert change.needs == Need(1, head, ("ann", "ben"), (OwnersNeeded(("@cat", "@dan"), ("c.py", "web/b.py")),))
    shop.world.pulls[0]["reviews"].append(approval("cat", head))
    assert look(shop, judged=judged).reason == "approved"


def test_owners_that_have_nobody_in_common_are_so_many_approvals(shop: Shop) -> None:
    opened(shop, {"a.py": "1\n", "b.py": "1\n"}, approval("ben", ""))
    change = look(shop, judged=owners(a="@cat", b="@dan"))
    assert change.needs
    assert change.needs.approvals == 2
    assert "it needs two more approvals, by @cat, who owns a.py, and by @dan, who owns b.py, at " in change.detail


def test_many_paths_are_named_in_part(shop: Shop) -> None:
    opened(shop, {f"docs/a.{number}": "1\n" for number in range(7)}, approval("ben", ""))
    change = look(shop, judged=owners(a="@cat"))
    assert "by no owner of docs/a.0, docs/a.1, docs/a.2 and 4 more; it needs one more approval, by @cat, who owns docs/a.0" in change.detail


def test_an_owner_who_wrote_it_is_no_owner_who_approved(one: One) -> None:
    """Ann and ben wrote it and approved each other's part; the file is ann's and cat's."""
    both = (pull(author=BY_BEN), reviewed(said(BY_ANN), said(BY_BEN)))
    change = one.look(*both, judged=owners(a="@ann @cat"))
    assert change.reason == "no-owner-approval"
    assert "it needs one more approval, by @cat, who owns a.py" in change.detail
    assert change.needs == Need(1, one.head, ("ben", "ann"), (OwnersNeeded(("@cat",), ("a.py",)),))


@pytest.mark.parametrize(
    ("own", "members"), [("@ann", ()), ("@acme/db", (BY_ANN,)), ("@ann @acme/db", (BY_ANN,))], ids=["login", "team", "both"]
)
def test_the_only_owner_wrote_it(one: One, own: str, members: tuple[Account, ...]) -> None:
    change = one.look(reviewed(said(BY_BEN)), team("@acme/db", *members), judged=owners(a=own))
    assert (change.verdict, change.reason) == (Verdict.BLOCKED, "no-owner-approval")
    assert "a.py, wrote part of it, so that no owner can approve; have CODEOWNERS of the base name one more owner" in change.detail


def test_an_owner_who_may_be_the_stranger_who_wrote_it(one: One) -> None:
    told = (written(**STRANGER), reviewed(said(BY_BEN), said(BY_CAT)))
    assert one.verdict(*told) == "approved: approved"
    assert one.verdict(*told, judged=owners(a="@ben")) == "unknown: unmapped-identity"
    assert one.verdict(*told, judged=owners(a="@ben @cat")) == "approved: approved"


def test_an_owner_must_approve_what_landed(shop: Shop) -> None:
    first, head = shop.topic({"a.py": "1\n"}, {"a.py": "2\n"})
    shop.pull([first, head], approval("cat", first), approval("ben", head), merge_commit=shop.repo.merge("topic"))
    assert shop.verdict(judged=owners(a="@cat")) == "blocked: no-owner-approval"


def test_what_a_merge_only_brings_up_to_date_wants_no_owner(shop: Shop) -> None:
    (first,) = shop.topic({"a.py": "1\n"})
    shop.freeze = shop.repo.commit("Meanwhile", {"b.py": "2\n"})
    shop.repo.checkout("topic")
    update = shop.repo.merge(RELEASE)
    shop.repo.checkout(RELEASE)
    shop.pull([first, update], approval("ben", update), merge_commit=shop.repo.merge("topic"))
    assert shop.verdict(judged=owners(a="@ben", b="@cat")) == "approved: approved"


def test_a_conflict_solved_in_an_update_wants_the_owner_of_just_that(shop: Shop) -> None:
    """The pull request is still open: what the release branch got meanwhile is none of its doing."""
    (first,) = shop.topic({"a.py": "1\n"})
    shop.freeze = shop.repo.commit("Meanwhile", {"a.py": "2\n", "b.py": "2\n"})
    shop.repo.checkout("topic")
    update = shop.repo.merge(RELEASE, evil={"a.py": "3\n"})
    shop.repo.checkout(RELEASE)
    shop.pull([first, update], approval("ben", update), state="open")
    assert look(shop, judged=owners(a="@ben", b="@cat")).reason == "approved"
    assert look(shop, judged=owners(a="@cat")).reason == "no-owner-approval"


@pytest.mark.parametrize("land", ["open", "fast-forward"])
def test_an_update_that_takes_the_work_of_others_away_wants_their_owner(shop: Shop, land: str) -> None:
    """Against its first parent such a merge shows nothing."""
    (first,) = shop.topic({"a.py": "1\n"})
    shop.freeze = shop.repo.commit("Meanwhile", {"b.py": "2\n", "CODEOWNERS": "* @cat\n"})
    shop.repo.checkout("topic")
    shop.repo.git("merge", "--quiet", "--no-commit", "--strategy=ours", RELEASE)
    update = shop.repo.commit("Update the branch")
    shop.repo.checkout(RELEASE)
    if land == "open":
        shop.pull([first, update], approval("ben", update), state="open")
        (change,) = shop.judge(pull=12, head="topic", judged=owners(b="@cat"))
    else:
        shop.repo.merge("topic", no_ff=False)
        shop.pull([first, update], approval("ben", update), merge_commit=update)
        (change,) = shop.judge(judged=owners(b="@cat"))
    assert (change.reason, change.guards) == ("no-owner-approval", (Guard("CODEOWNERS"),))


def test_a_merge_by_hand_is_told_by_what_git_would_not_make_of_it(shop: Shop) -> None:
    """Meanwhile came in by itself, as did the topic; the merge of both puts back what one of them changed."""
    shop.topic({"a.py": "1\n", "b.py": "1\n", "CODEOWNERS": "* @cat\n"}, name="side")
    shop.repo.commit("Meanwhile", {"c.py": "2\n"})
    shop.repo.git("merge", "--quiet", "--no-commit", "--no-ff", "side")
    merge = shop.repo.commit("Merge", {"CODEOWNERS": None, "b.py": "by hand\n"})
    found = {change.id: change for change in shop.judge(judged=owners(a="@ann", b="@ben", c="@cat"))}
    change = found[f"commit:{merge}"]
    assert (change.reason, change.guards) == ("altered-merge", (Guard("CODEOWNERS"),))
    assert change.needs
    assert [each.paths for each in change.needs.owners] == [("b.py",)]


def test_what_was_taken_back_before_the_merge_wants_no_owner(shop: Shop) -> None:
    commits = shop.topic({"a.py": "1\n", "b.py": "2\n"}, {"b.py": "b\n"})
    shop.pull(commits, approval("ben", commits[-1]), merge_commit=shop.repo.merge("topic"))
    assert shop.verdict(judged=owners(b="@cat")) == "approved: approved"


def test_what_others_brought_wants_no_owner_of_this_pull_request(shop: Shop) -> None:
    """Dev was brought here by pull request 30, and holds pull request 7, which an owner of its paths approved."""
    shop.repo.branch("dev")
    commits = shop.topic({"a.py": "1\n"}, at="dev")
    shop.repo.checkout("dev")
    landed = shop.repo.merge("topic")
    last = shop.repo.commit("Directly", {"b.py": "2\n"}, author=ANN)
    shop.repo.checkout(RELEASE)
    merge = shop.repo.merge("dev")
    shop.pull(commits, approval("cat", commits[-1]), merge_commit=landed, base="dev", number=7)
    shop.pull([*commits, landed, last], approval("ben", last), merge_commit=merge, number=30)
    found = shop.judge(judged=owners(a="@cat", b="@ben"), accept_base=("dev",))
    assert {change.id: change.reason for change in found} == {"pull:7": "approved", "pull:30": "approved"}
    found = shop.judge(judged=owners(a="@cat", b="@dan"), accept_base=("dev",))
    assert {change.id: change.reason for change in found} == {"pull:7": "approved", "pull:30": "no-owner-approval"}


# ------------------------------------------------------------------------------------------------------------------------- guards


def test_whether_an_owner_approved_what_steers_lastcall(shop: Shop) -> None:
    (head,) = shop.topic({"CODEOWNERS": "* @ann\n"})
    shop.pull([head], approval("ben", head), merge_commit=shop.repo.merge("topic"))

    def guard(own: str, **asked: Any) -> Guard:
        (change,) = shop.judge(judged=owners(CODEOWNERS=own), **asked)
        (found,) = change.guards
        return found

    assert guard("") == Guard("CODEOWNERS", (), None)
    assert guard("@cat @ben") == Guard("CODEOWNERS", ("@cat", "@ben"), True)
    assert guard("@cat") == Guard("CODEOWNERS", ("@cat",), False)
    assert guard("@cat", code_owners=False) == Guard("CODEOWNERS", ("@cat",), False), "told, although an approval does not hang on it"
    assert guard("@acme/db", code_owners=False) == Guard("CODEOWNERS", ("@acme/db",), None)
    assert guard("@acme/db", change=team("@acme/db", BY_BEN)) == Guard("CODEOWNERS", ("@acme/db",), True)


def test_whether_an_owner_approved_a_pick_of_what_steers_lastcall(shop: Shop) -> None:
    """The review of the original is all the review there is: its approvers may be owners, too."""
    (head,) = shop.topic({"CODEOWNERS": "* @ann\n"}, at="main")
    shop.repo.checkout("main")
    landed = shop.repo.squash("topic", "Owners (#7)")
    shop.pull([head], approval("ben", head), merge_commit=landed, base="main", number=7)
    shop.repo.checkout(RELEASE)
    shop.repo.pick(landed, trailer=True)

    def guard(own: str) -> Guard:
        (change,) = shop.judge(judged=owners(CODEOWNERS=own), accept_picks_from=("main",), code_owners=False)
        assert change.reason == "clean-pick"
        return change.guards[0]

    assert guard("@ben") == Guard("CODEOWNERS", ("@ben",), True)
    assert guard("@cat") == Guard("CODEOWNERS", ("@cat",), False)
    assert guard("@ann") == Guard("CODEOWNERS", ("@ann",), False)


def test_a_pick_wants_no_owner_besides_those_of_the_original(shop: Shop) -> None:
    (head,) = shop.topic({"a.py": "1\n"}, at="main")
    shop.repo.checkout("main")
    landed = shop.repo.squash("topic", "Work (#7)")
    shop.pull([head], approval("ben", head), merge_commit=landed, base="main", number=7)
    shop.repo.checkout(RELEASE)
    shop.repo.pick(landed, trailer=True)
    assert shop.verdict(judged=owners(a="@ben"), accept_picks_from=("main",)) == "approved: clean-pick"
    assert shop.verdict(judged=owners(a="@cat"), accept_picks_from=("main",)).startswith("blocked: ")
    assert shop.verdict(judged=owners(a="@cat"), accept_picks_from=("main",), code_owners=False) == "approved: clean-pick"


def test_what_steers_lastcall_cannot_hide_in_a_merge(shop: Shop) -> None:
    """An evil merge within the pull request, approved with all the rest: its paths are told, and want their owner."""
    (first,) = shop.topic({"a.py": "1\n"})
    shop.freeze = shop.repo.commit("Meanwhile", {"b.py": "2\n"})
    shop.repo.checkout("topic")
    update = shop.repo.merge(RELEASE, evil={"CODEOWNERS": "* @ann\n"})
    shop.repo.checkout(RELEASE)
    shop.repo.merge("topic", no_ff=False)
    shop.pull([first, update], approval("ben", update), merge_commit=update)
    (change,) = shop.judge()
    assert (change.reason, [guard.path for guard in change.guards]) == ("approved", ["CODEOWNERS"])
    assert shop.verdict(judged=owners(CODEOWNERS="@cat")) == "blocked: no-owner-approval"


# -------------------------------------------------------------------------------------------------------------------------- needs


def test_what_an_open_pull_request_needs(one: One) -> None:
    at_head = f"at {one.head[:7]}"
    change = one.look()
    assert change.detail == f"nobody approved it; pull request 12 needs one more approval, by somebody who did not write it, {at_head}"
    assert change.needs == Need(1, one.head, ("ann",))
    change = one.look(approvals=2)
    assert f"pull request 12 needs two more approvals, by people who did not write it, {at_head}" in change.detail
    assert change.needs == Need(2, one.head, ("ann",))
    change = one.look(judged=owners(a="@acme/db @cat"))
    assert change.detail.endswith(f"did not write it, {at_head}, and by one of @acme/db or @cat, who own a.py")
    assert change.needs == Need(1, one.head, ("ann",), (OwnersNeeded(("@acme/db", "@cat"), ("a.py",)),))


@pytest.mark.parametrize(
    ("reviews", "reason", "needed", "told"),
    [
        ([said(BY_BEN)], "too-few-approvals", 1, "has 1 of 2 approvals (ben); it needs one more approval"),
        ([said(BY_ANN)], "self-approval", 2, "approved by ann, who wrote part of it; it needs two more approvals"),
        ([said(BY_EVE)], "no-write-access", 2, "eve approved pull request 12 but cannot write"),
        ([said(BY_BEN, "dismissed")], "dismissed-approval", 2, "by ben was dismissed; it needs two more approvals"),
        ([said(DEPENDABOT)], "bot-approval", 2, "which is no person; it needs two more approvals"),
        ([said(GHOST), said(BY_BEN)], "deleted-account", 1, "deleted since; it needs one more approval"),
        ([said(BY_BEN, "changes-requested")], "changes-requested", 2, "ask ben for a new review of {}, and it needs two more approvals"),
    ],
)
def test_how_many_approvals_are_still_needed(one: One, reviews: list[Review], reason: str, needed: int, told: str) -> None:
    change = one.look(reviewed(*reviews), approvals=2)
    assert (change.reason, change.needs and change.needs.approvals) == (reason, needed)
    assert told.format(one.head[:7]) in change.detail
    assert f"by {'somebody' if needed == 1 else 'people'} who did not write it, at {one.head[:7]}" in change.detail
    assert change.detail.count("; ") == 1, "what is wrong, and what to do"


def test_a_request_for_changes_beside_enough_approvals(one: One) -> None:
    change = one.look(reviewed(said(BY_BEN), said(BY_CAT, "changes-requested")))
    assert (change.reason, change.needs) == ("changes-requested", None)
    assert change.detail == f"cat asked for changes to pull request 12; ask cat for a new review of {one.head[:7]}"


def test_approvals_of_an_older_head_are_not_there_yet(shop: Shop) -> None:
    first, head = shop.topic({"a.py": "1\n"}, {"a.py": "2\n"})
    shop.pull([first, head], approval("ben", first), approval("cat", head), state="open")
    change = look(shop, approvals=2)
    assert (change.reason, change.needs) == ("stale-approval", Need(1, head, ("ann", "cat")))
    assert f"it needs one more approval, by somebody who did not write it, at {head[:7]}" in change.detail
    shop.world.pulls[0]["reviews"] = [approval("ben", first)]
    change = look(shop, approvals=2)
    assert "has 1 of 2 approvals (ben), not all of them of what it holds now; it needs two more approvals" in change.detail


def test_a_stranger_takes_one_more(one: One) -> None:
    change = one.look(written(**STRANGER), reviewed(said(BY_BEN)))
    assert (change.reason, change.needs) == ("unmapped-identity", Need(1, one.head, ("ann", "Ann <ann@example.org>", "ben")))
    assert "it needs one more approval, by somebody who did not write it" in change.detail
    assert "pull request 12 needs two more approvals" in one.look(written(**STRANGER)).detail


def test_what_was_merged_must_come_in_anew(one: One) -> None:
    change = one.judge(judged=owners(a="@cat"), approvals=2)
    assert change.detail == (
        "nobody approved pull request 12; revert it through an approved pull request and bring it again through another "
        "with two approvals by people who did not write it and by @cat, who owns a.py, or have two people waive it"
    )
    assert change.needs == Need(2, "", ("ann",), (OwnersNeeded(("@cat",), ("a.py",)),))
    change = one.judge(reviewed(said(BY_BEN)), approvals=2)
    assert change.needs == Need(2, "", ("ann",)), "an approval of what was merged is none of the new pull request"


def test_what_a_direct_push_needs(shop: Shop) -> None:
    shop.repo.commit("Hot fix", {"a.py": "1\n"})
    (change,) = shop.judge(judged=owners(a="@cat"), approvals=2)
    assert (change.reason, change.needs) == ("direct-push", Need(2, "", ("ann",), (OwnersNeeded(("@cat",), ("a.py",)),)))


def test_what_is_not_known_needs_evidence_and_no_approval(one: One) -> None:
    change = one.look(reviewed(said(BY_BEN)), silent)
    assert (change.verdict, change.needs) == (Verdict.UNKNOWN, None)


# ------------------------------------------------------------------------------------------------------------------------ waivers


WAIVER = Waiver("pull:12", "the site is down", "2026-12-01", ("ann", "ben"))


def by(*waivers: Waiver, today: str = "2026-11-21") -> dict[str, Any]:
    return {"waivers": waivers, "today": today}


def waived(shop: Shop, waiver: Waiver) -> Change:
    return shop.judge(judged=by(waiver))[-1]


def test_a_waiver_lets_a_pull_request_through(one: One) -> None:
    change = one.judge(judged=by(WAIVER))
    assert (change.verdict, change.reason, change.waiver, change.needs) == (Verdict.EXEMPT, "waived", WAIVER, None)
    assert change.detail.startswith("waived by ann and ben until 2026-12-01: the site is down (bound to no commit")


def test_a_waiver_lets_what_is_not_known_through(one: One) -> None:
    assert one.verdict(silent, judged=by(WAIVER)) == "exempt: waived"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"expiry": "2026-11-20"}, "it expired after 2026-11-20"),
        ({"expiry": "soon"}, "its expiry, soon, is no day"),
        ({"people": ("ann",)}, "it takes two different people"),
        ({"people": ("ann", "@Ann ")}, "it takes two different people"),
        ({"people": ("ann", " ")}, "it takes two different people"),
        ({"reason": " "}, "it gives no reason"),
        ({"commit": "e" * 40}, "it is bound to eeeeeee, and this is "),
        ({"commit": "e"}, "it is bound to e, and this is "),
    ],
)
def test_a_waiver_that_does_not_hold_is_told(one: One, told: dict[str, Any], why: str) -> None:
    change = one.judge(judged=by(replace(WAIVER, **told)))
    assert (change.verdict, change.reason, change.waiver) == (Verdict.BLOCKED, "no-approval", None)
    assert f"does not hold: {why}" in change.detail
    assert change.detail.endswith(")")
    assert change.needs


def test_a_waiver_holds_to_the_end_of_its_day(one: One) -> None:
    assert one.verdict(judged=by(WAIVER, today="2026-12-01")) == "exempt: waived"
    assert one.verdict(judged=by(WAIVER, today="2026-12-02")) == "blocked: no-approval"
    assert one.verdict(judged=by(WAIVER, today="")) == "blocked: no-approval", "what day it is must be known"


def test_a_waiver_is_bound_to_a_commit(one: One) -> None:
    merge = one.merged[0][-1].sha
    for bound in (one.head, merge, merge[:7].upper()):
        assert one.judge(judged=by(replace(WAIVER, commit=bound))).detail == "waived by ann and ben until 2026-12-01: the site is down"


def test_a_waiver_of_the_head_is_none_of_what_was_slipped_into_the_merge(shop: Shop) -> None:
    (head,) = shop.topic({"a.py": "1\n"})
    shop.pull([head], approval("ben", head), merge_commit=shop.repo.squash("topic", "Work (#12)", evil={"b.py": "evil\n"}))
    change = waived(shop, replace(WAIVER, commit=head))
    assert change.reason == "altered-squash"
    assert "that is not proved to be what landed" in change.detail
    assert waived(shop, replace(WAIVER, commit=shop.repo.head)).reason == "waived"


@pytest.mark.parametrize("other", ["pull:13", "pull:1", f"commit:{'e' * 40}", "12", "commit:", "pull: 12"])
def test_a_waiver_of_another_change_has_no_say(one: One, other: str) -> None:
    assert one.judge(judged=by(replace(WAIVER, change=other))).detail.endswith("or have two people waive it")


def test_a_waiver_of_a_commit(shop: Shop) -> None:
    first = shop.repo.commit("Hot fix", {"a.py": "1\n"})
    for name in (first, first[:7], first[:12].upper()):
        assert waived(shop, replace(WAIVER, change=f"commit:{name}")).reason == "waived", name
    assert waived(shop, replace(WAIVER, change=f"commit:{first[:6]}")).reason == "direct-push", "too short to mean anything"
    shop.repo.commit("Another", {"a.py": "2\n"})
    assert reasons(shop.judge(judged=by(replace(WAIVER, change=f"commit:{first}")))) == {
        "commit:Hot fix": "exempt: waived",
        "commit:Another": "blocked: direct-push",
    }


def test_a_waiver_of_the_squash_of_a_pull_request(shop: Shop) -> None:
    (head,) = shop.topic({"a.py": "1\n"})
    squash = shop.repo.squash("topic", "Work (#12)")
    shop.pull([head], merge_commit=squash)
    assert waived(shop, replace(WAIVER, change=f"commit:{squash}")).reason == "waived"


def test_a_waiver_of_one_commit_is_none_of_those_that_landed_with_it(one: One) -> None:
    change = one.judge(judged=by(replace(WAIVER, change=f"commit:{one.head}")))
    assert change.reason == "no-approval"
    assert "it names one of 2 commits that landed together; name pull:12" in change.detail


def test_a_waiver_of_what_is_approved_has_no_effect(one: One) -> None:
    change = one.judge(reviewed(said(BY_BEN)), judged=by(WAIVER))
    assert (change.detail, change.waiver) == ("pull request 12 was approved by ben", None)


def test_one_waiver_that_holds_is_enough(one: One) -> None:
    assert one.judge(judged=by(replace(WAIVER, expiry="2026-01-01"), WAIVER)).waiver == WAIVER


def test_a_waiver_does_not_hide_what_steers_lastcall(shop: Shop) -> None:
    shop.repo.commit("Let me in", {"CODEOWNERS": "* @ann\n"})
    change = waived(shop, replace(WAIVER, change=f"commit:{shop.repo.head}"))
    assert (change.reason, change.guards) == ("waived", (Guard("CODEOWNERS"),))


# --------------------------------------------------------------------------------------------------------- reviews of a commit itself


def signed(*reviewers: Account, sha: str = "", **told: Any) -> Spoil:
    """The evidence of signed commits: each was written by ann and reviewed by these."""

    def of(commit: CommitEvidence) -> CommitEvidence:
        reviews = tuple(Review(who, ReviewState.APPROVED, sha or commit.sha, "1970-01-01T00:00:00Z", True) for who in reviewers)
        return replace(commit, **{"author": BY_ANN, "committer": BY_ANN, "co_authors": (), "reviews": reviews, **told})

    return lambda evidence: replace(evidence, commits=tuple(of(commit) for commit in evidence.commits))


@pytest.fixture(scope="module")
def direct(tmp_path_factory: pytest.TempPathFactory) -> Iterator[One]:
    """A commit that came in without a pull request."""
    shop = Shop(Repo(tmp_path_factory.mktemp("direct") / "shop"))
    shop.repo.commit("Work", {"a.py": "1\n"})
    with Repository.open(shop.repo.root) as repository:
        commits = repository.commits(shop.freeze, shop.repo.head)
        told = commits, shop.evidence(commits)
        yield One(repository, told, told)


@pytest.mark.parametrize(
    ("evidence", "verdict"),
    [
        (signed(BY_BEN), "approved: approved"),
        (signed(), "blocked: direct-push"),
        (signed(BY_ANN), "blocked: self-approval"),
        (signed(BY_BEN, committer=BY_BEN), "blocked: self-approval"),
        (signed(BY_BEN, co_authors=(BY_BEN,)), "blocked: self-approval"),
        (signed(BY_ANN, BY_BEN), "approved: approved"),
        (signed(BY_BEN, author=None), "unknown: unmapped-identity"),
        (signed(BY_BEN, BY_CAT, author=None), "approved: approved"),
        (signed(Account(4, "ci[bot]", AccountKind.BOT)), "blocked: bot-approval"),
        (signed(BY_BEN, sha="e" * 40), "blocked: direct-push"),
        (signed(Account(None, "ben")), "unknown: deleted-account"),
    ],
)
def test_reviews_of_a_commit_itself(direct: One, evidence: Spoil, verdict: str) -> None:
    assert direct.verdict(evidence) == verdict


def test_a_signed_review_is_told_as_one(direct: One) -> None:
    sha = direct.merged[0][0].sha
    change = direct.judge(signed(BY_BEN))
    assert [(given.reviewer, given.commit, given.carried_by) for given in change.approvals] == [("ben", sha, "signature")]
    assert change.detail == f"{sha[:7]} is signed, and was reviewed by ben"
    change = direct.judge(signed(BY_BEN), approvals=2)
    assert (change.reason, change.needs) == ("too-few-approvals", Need(2, "", ("ann",)))
    assert (
        "has 1 of 2 approvals (ben); revert it and make it again, each in a commit signed by an allowed key that names its reviewer"
        in change.detail
    )


def test_signed_reviews_and_owners(shop: Shop) -> None:
    shop.repo.commit("Work", {"a.py": "1\n", "CODEOWNERS": "* @ann\n"})
    judged = owners(a="@cat", CODEOWNERS="@ben")
    (change,) = shop.judge(change=signed(BY_BEN), judged=judged)
    assert (change.reason, "by no owner of a.py" in change.detail) == ("no-owner-approval", True)
    (change,) = shop.judge(change=signed(BY_BEN, BY_CAT), judged=judged)
    assert (change.reason, change.guards) == ("approved", (Guard("CODEOWNERS", ("@ben",), True),))
    assert shop.verdict(change=signed(BY_BEN), judged=owners(a="@acme/db")) == "unknown: unknown-owners"


def test_a_signed_merge_with_something_slipped_in_is_what_was_reviewed(shop: Shop) -> None:
    shop.topic({"a.py": "1\n"}, name="side")
    shop.repo.commit("Meanwhile", {"c.py": "2\n"})
    shop.repo.merge("side", evil={"b.py": "by hand\n"})
    merge = "commit:Merge branch 'side'"
    assert reasons(shop.judge(change=signed(BY_BEN)))[merge] == "approved: approved"
    assert reasons(shop.judge(change=signed()))[merge] == "blocked: altered-merge"


# --------------------------------------------------------------------------------------------------------------------- exemptions


LOCKFILES = (Exemption(paths=("*.lock",), authors=("renovate[bot]",)),)


def renovated(shop: Shop, files: dict[str, str], author: str = RENOVATE, signed: str | None = "github") -> str:
    shop.world.accounts["renovate[bot]"] = {
        "id": 29139614,
        "type": "Bot",
        "emails": ["29139614+renovate[bot]@users.noreply.github.com"],
    }
    (head,) = shop.topic(files, author=author)
    shop.pull([head], author="renovate[bot]", merge_commit=shop.repo.merge("topic"))
    shop.world.commits[head] = {"signed": signed}
    return head


def test_a_lock_file_by_its_bot_needs_no_approval(shop: Shop) -> None:
    renovated(shop, {"uv.lock": "1\n"})
    (change,) = shop.judge(exempt=LOCKFILES)
    assert (change.verdict, change.reason, change.needs) == (Verdict.EXEMPT, "exempt", None)


@pytest.mark.parametrize(
    ("files", "more"),
    [
        ({"uv.lock": "1\n", "pyproject.toml": "1\n"}, {}),
        ({"uv.lock": "1\n"}, {"author": ANN}),
        ({"uv.lock": "1\n"}, {"signed": None}),
        ({"uv.lock": "1\n"}, {"signed": "ann"}),
    ],
    ids=["a manifest beside it", "by somebody else", "not signed", "signed by somebody else"],
)
def test_a_lock_file_is_not_exempt_with_anything_else(shop: Shop, files: dict[str, str], more: dict[str, Any]) -> None:
    renovated(shop, files, **more)
    assert shop.verdict(exempt=LOCKFILES) == "blocked: no-approval"


def test_an_exempt_path_wants_no_owner(shop: Shop) -> None:
    shop.repo.commit("Words", {"docs/x.md": "y\n"})
    assert shop.verdict(exempt=(Exemption(paths=("docs/**",)),), judged=owners(x="@cat")) == "exempt: exempt"


# ----------------------------------------------------------------------------------------------------------- the next step, taken


def pushed_directly(shop: Shop) -> list[str]:
    return [shop.repo.commit("Evil", {"a.py": "1\n"})]


def unapproved(shop: Shop) -> list[str]:
    (head,) = shop.topic({"a.py": "1\n"})
    shop.pull([head], merge_commit=shop.repo.merge("topic"))
    return ["-m", "1", shop.repo.head]


def stale(shop: Shop) -> list[str]:
    first, head = shop.topic({"a.py": "1\n"}, {"a.py": "2\n"})
    shop.pull([first, head], approval("ben", first), merge_commit=shop.repo.merge("topic"))
    return ["-m", "1", shop.repo.head]


def altered(shop: Shop) -> list[str]:
    (head,) = shop.topic({"a.py": "1\n"})
    shop.pull([head], approval("ben", head), merge_commit=shop.repo.squash("topic", "Work (#12)", evil={"b.py": "evil\n"}))
    return [shop.repo.head]


@pytest.mark.parametrize("landed", ["merge", "squash"])
@pytest.mark.parametrize(
    ("bring", "reason"),
    [(pushed_directly, "direct-push"), (unapproved, "no-approval"), (stale, "stale-approval"), (altered, "altered-squash")],
)
def test_the_remedy_works(shop: Shop, bring: Callable[[Shop], list[str]], reason: str, landed: str) -> None:
    """Reverted through an approved pull request, and brought again through another."""
    reverted = bring(shop)
    (change,) = shop.judge()
    assert change.reason == reason
    assert change.detail.endswith(
        "revert it through an approved pull request and bring it again through another, or have two people waive it"
    )

    def land(name: str, number: int) -> None:
        head = shop.repo.head
        shop.repo.checkout(RELEASE)
        title = shop.repo.git("log", "-1", "--format=%s", head)
        body = shop.repo.git("log", "-1", "--format=%b", head)
        merge = shop.repo.merge(name) if landed == "merge" else shop.repo.squash(name, f"{title} (#{number})\n\n{body}")
        shop.pull([head], approval("ben", head), merge_commit=merge, number=number, title=title)

    shop.repo.checkout("out", new=True)
    shop.repo.git("revert", "--no-edit", *reverted)
    shop.repo.commit(shop.repo.git("log", "-1", "--format=%B"), amend=True)
    land("out", 13)
    shop.repo.checkout("again", new=True)
    shop.repo.commit("Again", {"a.py": "1\n"})
    land("again", 14)
    first, *others = shop.judge()
    assert (first.verdict, first.reason) == (Verdict.EXEMPT, "undone")
    assert [(each.id, each.reason) for each in others] == [("pull:13", "approved"), ("pull:14", "approved")]


def test_what_is_not_pushed_yet_can_come_through_a_pull_request(shop: Shop, tmp_path: Path) -> None:
    clone = shop.repo.clone(tmp_path / "clone", "--branch", RELEASE)
    shop.repo = clone
    clone.commit("Hot fix", {"a.py": "1\n"})
    (change,) = shop.judge()
    assert change.detail.endswith("came in without a pull request; bring it through a pull request into release/1")


# ----------------------------------------------------------------------------------------------------- what a clone does not have


def updated(shop: Shop, *reviews: int, by: str = BEN, signed: str | None = "github") -> tuple[list[str], Path]:
    """Ann's pull request, which somebody brought up to date on the forge; squashed, in a clone without its commits.

    ``reviews`` are the commits that ben approved: 0 the first, 1 the update.
    """
    (first,) = shop.topic({"a.py": "1\n"})
    shop.freeze = shop.repo.commit("Meanwhile", {"b.py": "2\n"})
    shop.repo.checkout("topic")
    shop.repo.git("merge", "--quiet", "--no-ff", "--no-commit", RELEASE)
    update = shop.repo.commit("Merge branch 'release/1' into topic", author=by, committer=WEB if signed else by)
    shop.repo.checkout(RELEASE)
    squash = shop.repo.squash("topic", "Work (#12)")
    commits = [first, update]
    shop.pull(commits, *(approval("ben", commits[each]) for each in reviews), merge_commit=squash)
    shop.world.commits |= {update: {"signed": signed}, squash: {"signed": "github", "committer": "web-flow"}}
    return commits, shop.repo.clone(shop.repo.root.parent / "clone", "--single-branch", "--branch", RELEASE).root


def test_an_approver_who_may_only_have_brought_it_up_to_date(shop: Shop) -> None:
    _, clone = updated(shop, 1)
    (change,) = shop.judge(clone=clone)
    assert (change.verdict, change.reason, change.needs) == (Verdict.UNKNOWN, "missing-object", None)
    assert "; run 'git fetch origin pull/12/head' and check again" in change.detail
    assert shop.verdict() == "approved: approved"
    assert shop.verdict(clone=clone, change=pull(author=BY_BEN)) == "blocked: self-approval", "whoever opened it is known"
    assert shop.verdict(clone=clone, judged=owners(a="@ben")) == "unknown: missing-object"


def test_an_owner_who_may_only_have_brought_it_up_to_date(shop: Shop) -> None:
    commits, clone = updated(shop, 1)
    shop.world.pulls[0]["reviews"].append(approval("cat", commits[1]))
    assert shop.verdict(clone=clone) == "approved: approved"
    assert shop.verdict(clone=clone, judged=owners(a="@ben")) == "unknown: missing-object"
    assert shop.verdict(judged=owners(a="@ben")) == "approved: approved"
    assert shop.verdict(clone=clone, judged=owners(a="@eve")) == "blocked: no-owner-approval"


def test_an_approval_before_an_update_that_this_clone_does_not_have(shop: Shop) -> None:
    _, clone = updated(shop, 0, by=ANN)
    (change,) = shop.judge(clone=clone)
    assert (change.verdict, change.reason) == (Verdict.UNKNOWN, "missing-object")
    assert "; run 'git fetch origin pull/12/head' and check again" in change.detail
    assert shop.verdict() == "approved: approved"
    assert shop.verdict(clone=clone, carry="none") == "blocked: stale-approval"


def test_an_approval_before_a_commit_that_the_forge_did_not_make(shop: Shop) -> None:
    _, clone = updated(shop, 0, by=ANN, signed=None)
    (change,) = shop.judge(clone=clone)
    assert change.reason == "stale-approval"
    assert "(where that only brought it up to date: git fetch origin pull/12/head, and check again)" in change.detail


# -------------------------------------------------------------------------------------------------------------- the right reason


@pytest.mark.parametrize("how", ["merge", "squash"])
def test_one_approval_of_two_is_stale(shop: Shop, how: str) -> None:
    first, head = shop.topic({"a.py": "1\n"}, {"a.py": "2\n"})
    landed = shop.repo.merge("topic") if how == "merge" else shop.repo.squash("topic", "Work (#12)")
    shop.pull([first, head], approval("ben", first), approval("cat", head), merge_commit=landed)
    (change,) = shop.judge(approvals=2)
    assert (change.reason, [each.reviewer for each in change.approvals]) == ("stale-approval", ["cat"])
    assert f"was approved by ben at {first[:7]}, but 1 commit came after; " in change.detail


def test_one_approval_of_two_is_the_writers_own(one: One) -> None:
    change = one.look(reviewed(said(BY_BEN), said(BY_ANN)), approvals=2)
    assert (change.reason, change.needs and change.needs.approvals) == ("too-few-approvals", 1)
    assert change.detail.startswith(
        "pull request 12 has 1 of 2 approvals (ben), for ann, who approved as well, wrote part of it; it needs one more approval"
    )


def test_a_request_for_changes_after_the_merge(one: One) -> None:
    """Whoever asked can take it back; where approvals are wanting besides, that would not be enough."""
    change = one.judge(reviewed(said(BY_BEN), said(BY_CAT, "changes-requested")))
    assert (change.detail, change.needs) == (
        f"cat asked for changes to pull request 12; ask cat for a new review of {one.head[:7]}",
        None,
    )
    change = one.judge(reviewed(said(BY_CAT, "changes-requested")))
    assert change.detail.startswith("cat asked for changes to pull request 12; revert it through an approved pull request")


def test_the_command_shows_just_what_was_changed_by_hand(shop: Shop) -> None:
    (head,) = shop.topic({"a.py": "1\n"})
    shop.freeze = shop.repo.commit("Meanwhile", {"c.py": "2\n"})
    shop.pull([head], approval("ben", head), merge_commit=shop.repo.squash("topic", "Work (#12)", evil={"b.py": "evil\n"}))
    (change,) = shop.judge()
    assert change.reason == "altered-squash"
    command = change.detail.partition("('")[2].partition("' shows")[0]
    shown = subprocess.run(["sh", "-c", f"{command} --name-only"], cwd=shop.repo.root, capture_output=True, check=True)
    assert shown.stdout == b"b.py\n"


def test_the_policys_carry_alone_keeps_an_approval_from_following(shop: Shop) -> None:
    updated(shop, 0, by=ANN)
    (change,) = shop.judge(carry="none")
    assert (
        "1 commit came after, which only brought it up to date: carry: none in the policy lets no approval follow that; " in change.detail
    )


@pytest.mark.parametrize(
    ("spoil", "mendable"),
    [
        (written(**STRANGER), True),
        (pull(author=GHOST), False),
        (written(author=None, committer=None, sha="e" * 40, author_name="GitHub <noreply@github.com>"), False),
    ],
)
def test_an_address_is_added_only_where_there_is_one(one: One, spoil: Spoil, mendable: bool) -> None:
    change = one.look(spoil, reviewed(said(BY_BEN)))
    assert (change.reason, "have the address added" in change.detail) == ("unmapped-identity", mendable)
    assert "(the account was deleted), without" not in change.detail


# ------------------------------------------------------------------------------------------------------- owners who cannot approve


def test_an_owner_who_cannot_write_to_the_repository(one: One) -> None:
    change = one.look(reviewed(said(BY_BEN), said(BY_EVE)), judged=owners(a="@eve"))
    assert change.reason == "no-owner-approval"
    assert (
        "but by no owner of a.py, and eve approved and cannot write to the repository; give eve write access, or it needs" in change.detail
    )


def test_a_team_of_nobody(one: One) -> None:
    change = one.look(reviewed(said(BY_BEN)), team("@acme/db"), judged=owners(a="@acme/db"))
    assert "but by no owner of a.py (nobody is in @acme/db); it needs" in change.detail


def test_an_owner_by_an_address_that_nobody_knows(one: One) -> None:
    detail = one.look(reviewed(said(BY_BEN)), judged=owners(a="db@example.org")).detail
    assert "write the @login instead of the address in CODEOWNERS" in detail
    assert "members of teams" not in detail


def test_whoever_adds_the_first_codeowners_names_no_owner_of_it(shop: Shop) -> None:
    (head,) = shop.topic({"CODEOWNERS": "* @ben\n"})
    shop.pull([head], approval("ben", head), merge_commit=shop.repo.merge("topic"))
    (change,) = shop.judge(judged={**owners(CODEOWNERS="@ben"), "base_owners": lambda _: ()})
    assert (change.reason, change.guards) == ("approved", (Guard("CODEOWNERS"),))


def test_a_pick_tells_where_it_was_approved(shop: Shop) -> None:
    (head,) = shop.topic({"a.py": "1\n"}, at="main")
    shop.repo.checkout("main")
    landed = shop.repo.squash("topic", "Work (#7)")
    shop.pull([head], approval("ben", head), merge_commit=landed, base="main", number=7)
    shop.repo.checkout(RELEASE)
    shop.repo.pick(landed, trailer=True)
    (change,) = shop.judge(accept_picks_from=("main",))
    assert (change.reason, [each.number for each in change.approved_in]) == ("clean-pick", [7])
