"""How merge requests land: each of GitLab's merge methods, made with real git, told by the double, judged by the review half."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from gitlab_double import GitlabDouble, World

from lastcall.forges import Question
from lastcall.forges.gitlab import collect
from lastcall.git import Repository
from lastcall.model import Change, ReviewPolicy
from lastcall.review import Judged, changes
from repositories import Repo

RELEASE = "release/1"
ANN, BEN, CAT = ("Ann <ann@example.org>", "Ben <ben@example.org>", "Cat <cat@example.org>")
APPROVAL = {"user": "ben", "at": "2026-03-04T10:00:00.000Z"}


@dataclass
class Shop:
    """A repository with a frozen release branch, and what GitLab knows of it."""

    repo: Repo
    world: World = field(default_factory=lambda: World(accounts={"ann": {"id": 1}, "ben": {"id": 2}, "cat": {"id": 3}}))

    def __post_init__(self) -> None:
        self.freeze = self.repo.commit("Ready", {"a.py": "one\ntwo\nthree\n", "b.py": "b\n"})
        self.repo.branch(RELEASE)
        self.repo.checkout("topic", new=True)
        self.commits = [self.repo.commit("Work", {"a.py": "one\ntwo\nthree\nfour\n"}), self.repo.commit("More", {"c.py": "c\n"})]
        self.repo.checkout(RELEASE)

    def moved(self) -> str:
        """Something else landed meanwhile, by a merge request of its own."""
        other = self.repo.commit("Other", {"b.py": "bb\n"}, author=CAT)
        self.merge([other], iid=11, author="cat", head=other)
        return other

    def merge(self, commits: Sequence[str] = (), iid: int = 12, **told: Any) -> None:
        own = list(commits or self.commits)
        self.world.merges.append({"iid": iid, "target": RELEASE, "head": own[-1], "commits": own, "approvals": [APPROVAL]} | told)

    def judge(self, clone: Path | None = None) -> list[Change]:
        self.world.learn(self.repo.root)
        with GitlabDouble(self.world) as double, Repository.open(clone or self.repo.root) as repository:
            commits = repository.commits(self.freeze, self.repo.sha(RELEASE))
            evidence = collect(Question(commits, environ=double.environ), sleep=lambda _: None)
            return list(changes(commits, evidence, repository, ReviewPolicy(), Judged(RELEASE)))

    def verdicts(self, clone: Path | None = None) -> dict[str, str]:
        return {change.id if change.pull else change.title: f"{change.verdict}: {change.reason}" for change in self.judge(clone)}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(Repo(tmp_path / "shop"))


def evil(altered: bool) -> dict[str, str | None] | None:
    return {"d.py": "slipped in\n"} if altered else None


BOTH = pytest.mark.parametrize("altered", [False, True], ids=["as approved", "altered"])


@BOTH
def test_a_merge_commit(shop: Shop, altered: bool) -> None:
    shop.moved()
    merge = shop.repo.merge("topic", author=BEN, evil=evil(altered))
    shop.merge(merge_commit=merge)
    assert shop.verdicts() == {"pull:11": "approved: approved", "pull:12": "blocked: altered-merge" if altered else "approved: approved"}


@BOTH
def test_a_squash_and_a_merge_commit(shop: Shop, altered: bool) -> None:
    """GitLab squashes beside the branch and merges that; whoever pressed the button is the committer of both, and wrote neither."""
    shop.repo.checkout("squashed", new=True, at=shop.freeze)
    shop.repo.git("merge", "--quiet", "--squash", "topic")
    squash = shop.repo.commit("Work", evil(altered), author=ANN, committer=BEN)
    shop.repo.checkout(RELEASE)
    shop.moved()
    merge = shop.repo.merge("squashed", author=BEN)
    shop.merge(merge_commit=merge, squash_commit=squash)
    found = shop.verdicts()
    assert found.pop("pull:11") == "approved: approved"
    assert set(found.values()) == {"blocked: altered-merge"} if altered else {"approved: approved"}


def test_a_merge_commit_over_a_squash_that_was_altered(shop: Shop) -> None:
    shop.repo.checkout("squashed", new=True, at=shop.freeze)
    squash = shop.repo.squash("topic", "Work", author=ANN)
    shop.repo.checkout(RELEASE)
    shop.merge(merge_commit=shop.repo.merge("squashed", author=BEN, evil=evil(altered=True)), squash_commit=squash)
    assert set(shop.verdicts().values()) == {"blocked: altered-merge"}


@pytest.mark.parametrize(("signature", "verdict"), [("verified_system", "approved: approved"), ("verified", "unknown: missing-object")])
def test_a_clone_without_the_approved_commit(shop: Shop, tmp_path: Path, signature: str, verdict: str) -> None:
    """GitLab's own signature over the squash is proof of what it squashed."""
    squash = shop.repo.squash("topic", "Work", author=ANN)
    shop.merge(squash_commit=squash)
    shop.world.commits[squash] = {"signature": signature}
    clone = shop.repo.clone(tmp_path / "clone", "--single-branch", "--branch", RELEASE)
    assert shop.verdicts(clone.root) == {"pull:12": verdict}


@BOTH
def test_a_squash_that_is_the_branch(shop: Shop, altered: bool) -> None:
    shop.moved()
    squash = shop.repo.squash("topic", "Work", author=ANN, evil=evil(altered))
    shop.merge(squash_commit=squash)
    assert shop.verdicts()["pull:12"] == ("blocked: altered-squash" if altered else "approved: approved")


def test_a_fast_forward(shop: Shop) -> None:
    shop.repo.merge("topic", no_ff=False)
    shop.merge()
    assert shop.verdicts() == {"pull:12": "approved: approved"}


def test_more_than_what_was_fast_forwarded(shop: Shop) -> None:
    shop.repo.merge("topic", no_ff=False)
    shop.repo.commit("Direct", {"d.py": "slipped in\n"})
    shop.merge()
    assert shop.verdicts() == {"pull:12": "approved: approved", "Direct": "blocked: direct-push"}


@BOTH
def test_commits_that_gitlab_rebased_before_it_merged_them(shop: Shop, altered: bool) -> None:
    """Semi-linear and fast-forward: the rebased head is a new version; an approval of the one before is carried to the same content."""
    shop.moved()
    before = shop.commits
    shop.repo.checkout("topic")
    shop.repo.rebase(RELEASE, committer=ANN)
    if altered:
        shop.repo.commit("More", {"c.py": "slipped in\n"}, amend=True)
    after = shop.repo.sha("topic")
    shop.repo.checkout(RELEASE)
    shop.repo.merge("topic", no_ff=False)
    versions = [{"head": before[-1], "at": "2026-03-03T10:00:00.000Z"}, {"head": after, "at": "2026-03-04T10:30:00.000Z"}]
    shop.merge([shop.repo.sha("topic~1"), after], versions=versions)
    assert shop.verdicts()["pull:12"] == ("blocked: stale-approval" if altered else "approved: approved")


@BOTH
def test_commits_that_a_merge_train_rebased(shop: Shop, altered: bool) -> None:
    """The branch of the merge request stays as it was; GitLab counts only the last of the commits that landed to it."""
    shop.moved()
    for sha in shop.commits:
        landed = shop.repo.pick(sha, evil=evil(altered) if sha == shop.commits[-1] else None)
    shop.merge(merged_commit=landed)
    found = shop.verdicts()
    assert found["pull:12"] == ("blocked: altered-squash" if altered else "approved: approved")


def test_a_push_after_the_approval(shop: Shop) -> None:
    late = {"head": shop.commits[-1], "at": "2026-03-04T10:00:01.000Z"}
    versions = [{"head": shop.commits[0], "at": "2026-03-03T10:00:00.000Z"}, late]
    shop.merge(merge_commit=shop.repo.merge("topic", author=BEN), versions=versions)
    assert shop.verdicts() == {"pull:12": "blocked: stale-approval"}


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        ({"approvals": []}, "blocked: no-approval"),
        ({"approvals": [{"user": "ann", "at": APPROVAL["at"]}]}, "blocked: self-approval"),
        ({"approvals": [{"user": "ben", "at": "2026-03-06T10:00:00.000Z"}]}, "blocked: late-approval"),
        ({"approvals": [{"user": "ben"}]}, "unknown: unknown-reviews"),
        ({"approvals": [{"user": "ghost", "at": APPROVAL["at"]}]}, "unknown: deleted-account"),
        ({"imported": True}, "blocked: bot-approval"),
        ({"target": "dev"}, "blocked: other-branch"),
        ({"reviewers": [{"user": "cat", "state": "requested_changes"}]}, "blocked: changes-requested"),
    ],
)
def test_what_is_no_approval(shop: Shop, told: dict[str, Any], verdict: str) -> None:
    shop.merge(merge_commit=shop.repo.merge("topic", author=BEN), **told)
    assert shop.verdicts() == {"pull:12": verdict}


def test_an_approver_who_cannot_write(shop: Shop) -> None:
    shop.world.accounts["ben"]["level"] = 20
    shop.merge(merge_commit=shop.repo.merge("topic", author=CAT))
    assert shop.verdicts() == {"pull:12": "blocked: no-write-access"}


def test_an_author_whom_gitlab_does_not_know(shop: Shop) -> None:
    shop.world.accounts["ann"]["emails"] = []
    shop.merge(merge_commit=shop.repo.merge("topic", author=BEN))
    assert shop.verdicts() == {"pull:12": "unknown: unmapped-identity"}
    shop.world.merges[0]["approvals"].append(APPROVAL | {"user": "cat"})
    assert shop.verdicts() == {"pull:12": "approved: approved"}


def test_a_merge_request_that_was_closed(shop: Shop) -> None:
    shop.repo.merge("topic", no_ff=False)
    shop.merge(state="closed")
    assert {change.reason for change in shop.judge()} == {"unmerged-pull"}


# ------------------------------------------------------------------------------------------------------------- through the command


def lastcall(*arguments: str, environ: dict[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lastcall", *arguments]
    return subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, check=False)


def test_the_command_asks_gitlab(shop: Shop, tmp_path: Path) -> None:
    merge = shop.repo.merge("topic", author=BEN)
    shop.merge(merge_commit=merge)
    shop.repo.commit("Direct", {"d.py": "slipped in\n"})
    shop.world.learn(shop.repo.root)
    arguments = ["check", "--release", RELEASE, "--freeze", shop.freeze, "--only", "review", "--format", "json", "--no-progress"]
    with GitlabDouble(shop.world) as double:
        kept = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[2] / "src"), "LASTCALL_CACHE": "off"}
        environ = kept | double.environ
        done = lastcall(*arguments, "--forge", "gitlab", environ=environ, cwd=shop.repo.root)
        assert done.returncode == 1, done.stderr
        told = json.loads(done.stdout)
        assert [(change["id"].partition(":")[0], change["verdict"]) for change in told["changes"]] == [
            ("pull", "approved"),
            ("commit", "blocked"),
        ]
        evidence = str(tmp_path / "evidence.json")
        collected = lastcall("collect", "--release", RELEASE, "--freeze", shop.freeze, "-o", evidence, environ=environ, cwd=shop.repo.root)
    assert collected.returncode == 0, collected.stderr
    assert lastcall(*arguments, "--evidence", evidence, environ=kept, cwd=shop.repo.root).stdout == done.stdout
