"""A shop whose release branch is frozen, with what GitHub knows of it: what the tests of the review half are told in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "forges"))

from github_double import GithubDouble, World

from lastcall.forges import Question
from lastcall.forges.github import collect
from lastcall.git import Repository
from lastcall.model import Change, Evidence, ReviewPolicy
from lastcall.review import Judged, changes, origins
from repositories import Repo

RELEASE = "release/1"
ACCOUNTS = {
    "ann": {"id": 1},
    "ben": {"id": 2},
    "cat": {"id": 3},
    "eve": {"id": 5, "writer": False},
    "web-flow": {"id": 9, "emails": ["noreply@github.com"]},
    "dependabot[bot]": {"id": 49, "type": "Bot", "emails": ["49+dependabot[bot]@users.noreply.github.com"]},
    "imported": {"id": 70, "type": "Mannequin"},
}
ANN, BEN, CAT = ("Ann <ann@example.org>", "Ben <ben@example.org>", "Cat <cat@example.org>")
WEB = "GitHub <noreply@github.com>"
BOT = "dependabot[bot] <49+dependabot[bot]@users.noreply.github.com>"


@dataclass
class Shop:
    """A repository with a frozen release branch, checked out, and what GitHub knows of it."""

    repo: Repo
    world: World = field(default_factory=lambda: World(accounts=dict(ACCOUNTS)))
    freeze: str = ""

    def __post_init__(self) -> None:
        self.repo.commit("Start", {"a.py": "one\ntwo\nthree\nfour\nfive\nsix\n", "b.py": "b\n", "docs/x.md": "x\n"})
        self.freeze = self.repo.commit("Ready", {"c.py": "c\n"})
        self.repo.branch(RELEASE)
        self.repo.checkout(RELEASE)

    def topic(self, *steps: dict[str, str], author: str = ANN, at: str = RELEASE, name: str = "topic", message: str = "Work") -> list[str]:
        """Commits on a new branch ``topic``; the release branch stays checked out."""
        self.repo.checkout(name, new=True, at=at)
        made = [self.repo.commit(message, step, author=author) for step in steps]
        self.repo.checkout(RELEASE)
        return made

    def pull(self, commits: list[str], *reviews: dict[str, Any], number: int = 12, **told: Any) -> None:
        pull = {"number": number, "author": "ann", "base": RELEASE, "head": commits[-1], "commits": commits, "reviews": list(reviews)}
        self.world.pulls.append(pull | told)

    def evidence(self, commits: Any, pull: int | None = None, origins: Any = (), pulls: Any = ()) -> Evidence:
        self.world.learn(self.repo.root)
        with GithubDouble(self.world) as double:
            question = Question(commits, pull=pull, environ=double.environ, origins=origins, pulls=pulls)
            return collect(question, sleep=lambda _: None)

    def judge(
        self,
        pull: int | None = None,
        head: str = RELEASE,
        branch: str | None = RELEASE,
        clone: Path | None = None,
        change: Callable[[Evidence], Evidence] = lambda evidence: evidence,
        judged: Mapping[str, Any] | None = None,
        pulls: Sequence[int] = (),
        **policy: Any,
    ) -> list[Change]:
        """The changes of ``freeze..head``.

        ``judged`` are more fields of ``Judged`` (waivers, owners, today, group), ``pulls`` more pull requests to ask of; ``change`` spoils
        the evidence; everything else is the policy's ``review:``.
        """
        review = ReviewPolicy(**policy)
        with Repository.open(clone or self.repo.root) as repository:
            commits = repository.commits(self.freeze, self.repo.sha(head))
            picked = origins(commits, repository, review)
            asked = [repository.commit(sha) for sha in dict.fromkeys(sha for shas in picked.values() for sha in shas)]
            evidence = change(self.evidence(commits, pull, asked, pulls))
            more = {"guards": lambda path: path == "CODEOWNERS", "origins": picked, **(judged or {})}
            return list(changes(commits, evidence, repository, review, Judged(branch, pull, **more)))

    def verdict(self, **asked: Any) -> str:
        """The verdict and the reason of the only change."""
        (change,) = self.judge(**asked)
        return f"{change.verdict}: {change.reason}"


def approval(by: str | None, commit: str, at: str = "2026-03-04T10:00:00Z", state: str = "APPROVED", **told: Any) -> dict[str, Any]:
    return {"author": by, "commit": commit, "at": at, "state": state, **told}


def reasons(found: list[Change]) -> dict[str, str]:
    return {change.id.partition(":")[0] + ":" + change.title: f"{change.verdict}: {change.reason}" for change in found}
