"""GitHub and GitHub Enterprise, over GraphQL in two stages: the late commits with their pull requests, then each pull request once.

Fifty of either go into one request (about three points of the hourly budget).  Every list is compared with its total and read on where it
is longer than a page; what stays cut off is told, and makes the change unknown.  The token must be able to read contents and pull requests.

Only where a branch was at a time is asked over REST, because GraphQL has no log of pushes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, TypeVar

from lastcall.forges import Forge, Question
from lastcall.forges import _github_words as words
from lastcall.forges._github_api import Api, Node, checked
from lastcall.forges._github_asides import checks_of, has_teams, on_behalf, owners_of, tags_of
from lastcall.forges._github_lists import A_REQUEST, Reading, read_on
from lastcall.forges._github_log import branch_at
from lastcall.forges._github_place import is_github, place, token
from lastcall.forges._github_telling import People, PullAnswer, co_authors_of, commit_of, pull_of
from lastcall.model import Commit, CommitChecks, Evidence, Moment, TagEvidence, Team, Unread

T = TypeVar("T")


def detect(question: Question) -> bool:
    """Whether ``GITHUB_REPOSITORY`` is set, or a remote is on github.com, ghe.com or the server that the environment names."""
    return is_github(question.remotes, question.environ)


def collect(question: Question, sleep: Callable[[float], None] = time.sleep) -> Evidence:
    """All that GitHub tells of what is asked.  Raises LastcallError only where no repository is named."""
    where = place(question.remotes, question.environ)
    asked = (question.commits, question.origins, question.pulls, question.checks, question.owners, question.tags)
    if not any(asked):
        return Evidence("github", where.repository, where.repository)
    with Api(where, token(question.environ, where.host), sleep) as api:
        evidence = replace(_Collection(api, question, where.repository).evidence(), asked=where.repository)
        if api.asked:
            question.told(api.account)
        return evidence


def moment(question: Question, branch: str, at: str, sleep: Callable[[float], None] = time.sleep) -> Moment:
    """Where GitHub had ``branch`` at a time.  Raises LastcallError where that cannot be told, with what to do."""
    where = place(question.remotes, question.environ)
    with Api(where, token(question.environ, where.host), sleep) as api:
        return branch_at(api, branch, at)


GITHUB = Forge(detect, collect, moment)


# ------------------------------------------------------------------------------------------------------------------------ collecting


def _of_commit(sha: str, selection: str) -> str:
    return f'object(oid: "{sha}") {{ {selection} }}'


def _page_of_commit(sha: str, page: str) -> str:
    return _of_commit(sha, f"... on Commit {{ {page} }}")


def _of_pull(number: int, selection: str) -> str:
    return f"pullRequest(number: {number}) {{ {selection} }}"


@dataclass
class _Collection:
    """The state of one conversation: what was read so far, and what was not."""

    api: Api
    question: Question
    repository: str
    late: dict[str, words.Late] = field(default_factory=dict)
    associated: dict[str, Reading[words.Associated]] = field(default_factory=dict)
    pulls: dict[int, PullAnswer] = field(default_factory=dict)
    people: People = field(default_factory=People)
    unread: dict[str, str] = field(default_factory=dict)

    @cached_property
    def commits(self) -> dict[str, Commit]:
        """All commits that are asked for: the late ones, and those that they were picked from."""
        every = {commit.sha: commit for commit in (*self.question.origins, *self.question.commits)}
        return dict(sorted(every.items()))

    @cached_property
    def given(self) -> words.Listing[words.Given]:
        """How reviews are asked for: with the teams that they speak for only where a team owns something."""
        return words.reviews(nodes=has_teams(self.question.owners))

    def evidence(self) -> Evidence:
        self._read_commits()
        self._read_pulls()
        self._read_co_authors()
        silent = set(self.unread.values())
        if len(silent) == 1 and not self.late and self.commits:
            self.unread = {"": silent.pop()}
        unread = [Unread("reviews", self.unread[subject], subject=subject) for subject in sorted(self.unread)]
        checks, teams, tags = self._read_asides(unread)
        return Evidence(
            forge="github",
            repository=self.repository,
            commits=tuple(
                commit_of(self.late[sha], commit.message, self._numbers(sha), self.people)
                for sha, commit in self.commits.items()
                if sha in self.late
            ),
            pulls=tuple(pull_of(self.pulls[number], self.late, self.people, otherwise=self.repository) for number in sorted(self.pulls)),
            unread=tuple(unread),
            checks=checks,
            teams=teams,
            tags=tags,
        )

    # --------------------------------------------------------------------------------------------------------------- stage one

    def _read_commits(self) -> None:
        def part(sha: str) -> str:
            return _of_commit(sha, "...late")

        for sha, node in self._asked("commits asked of GitHub", list(self.commits), part, words.LATE):
            late = checked(words.Late, node.value)
            if late is None or late.oid != sha:
                unknown = "GitHub does not have this commit: push it first"
                self._miss(f"commit:{sha}", node, unknown)
                continue
            page = partial(_page_of_commit, sha)
            self.associated[sha] = Reading(f"commit:{sha}", words.PULLS, page).begin(late.pulls)
            self.late[sha] = replace(late, pulls=None)
            self.people.meet(late.author, late.committer)
        self._read_on(list(self.associated.values()))
        self._follow_rename()

    def _follow_rename(self) -> None:
        """GitHub answers under a repository's old name, too, but with the new one in all that it tells."""
        if all(self._is_ours(each.repository) for reading in self.associated.values() for each in reading.found):
            return
        name = self.api.ask({"n0": "nameWithOwner"})["n0"].value
        self.repository = name if isinstance(name, str) else self.repository

    def _is_ours(self, repository: words.Repository | None) -> bool:
        """A commit is part of the pull requests of other repositories of the network, too; their numbers mean nothing here."""
        return repository is None or repository.name.casefold() == self.repository.casefold()

    def _numbers(self, sha: str) -> tuple[int, ...]:
        return tuple(sorted({each.number for each in self.associated[sha].found if self._is_ours(each.repository)}))

    # --------------------------------------------------------------------------------------------------------------- stage two

    def _read_pulls(self) -> None:
        wanted = {number for sha in self.late for number in self._numbers(sha)}
        wanted |= {self.question.pull} if self.question.pull is not None else set()

        def part(number: int) -> str:
            return _of_pull(number, "...pull")

        numbers = sorted(wanted | set(self.question.pulls))
        for number, node in self._asked("pull requests asked of GitHub", numbers, part, words.pull(self.given)):
            pull = checked(words.Asked, node.value)
            if pull and pull.number == number:
                self.pulls[number] = self._begun(pull)
            elif number in wanted or node.refused != "NOT_FOUND":
                self._miss(f"pull:{number}", node, "GitHub does not show this pull request to the token")
        self._read_on([reading for answer in self.pulls.values() for reading in answer.lists])
        for answer in self.pulls.values():
            self.people.meet(*(person for each in answer.commits.found for person in (each.commit.author, each.commit.committer)))

    def _begun(self, pull: words.Asked) -> PullAnswer:
        """A pull request with the first pages of its lists."""
        subject, page = f"pull:{pull.number}", partial(_of_pull, pull.number)
        return PullAnswer(
            replace(pull, reviews=None, commits=None, events=None),
            Reading(subject, self.given, page).begin(pull.reviews),
            Reading(subject, words.COMMITS, page).begin(pull.commits),
            Reading(subject, words.EVENTS, page).begin(pull.events),
        )

    # -------------------------------------------------------------------------------------------------------------- stage three

    def _read_co_authors(self) -> None:
        """The accounts behind the addresses of co-authors that no commit so far had: GitHub maps them where it lists a commit's authors."""
        messages = {sha: commit.message for sha, commit in self.commits.items() if sha in self.late}
        messages |= {each.commit.oid: each.commit.message for answer in self.pulls.values() for each in answer.commits.found}
        unknown = [sha for sha, message in sorted(messages.items()) if not self.people.know(co_authors_of(message))]

        def part(sha: str) -> str:
            return _of_commit(sha, "...authors")

        for _, node in self._asked("co-authors asked of GitHub", unknown, part, f"{words.GIT}\n{words.AUTHORS}"):
            answer = checked(words.Authors, node.value)
            self.people.meet(*(answer.authors.nodes or () if answer else ()))

    # ----------------------------------------------------------------------------------------------------------------- besides

    def _read_asides(self, unread: list[Unread]) -> tuple[CommitChecks | None, tuple[Team, ...], tuple[TagEvidence, ...]]:
        """What is asked besides reviews, and only where it is asked; what is not answered goes into ``unread``."""
        asked, checks = self.question, None
        if asked.checks:
            told = checks_of(self.api, asked.checks)
            checks = told if isinstance(told, CommitChecks) else None
            unread += [told] if isinstance(told, Unread) else []
        tags, untold = tags_of(self.api, asked.tags)
        teams, unknown = owners_of(self.api, asked.owners, self.people.accounts)
        unread += [*untold, *unknown]
        nodes = [each.node for answer in self.pulls.values() for each in answer.reviews.found if each.node and each.state == "APPROVED"]
        self.people.teams = on_behalf(self.api, nodes)
        return checks, tuple(teams), tuple(tags)

    # ------------------------------------------------------------------------------------------------------------------ asking

    def _asked(self, what: str, things: Sequence[T], part: Callable[[T], str], fragments: str) -> Iterator[tuple[T, Node]]:
        for start in range(0, len(things), A_REQUEST):
            batch = things[start : start + A_REQUEST]
            self.question.progress(what, start, len(things))
            nodes = self.api.ask({f"n{place}": part(thing) for place, thing in enumerate(batch)}, fragments)
            yield from ((thing, nodes[f"n{place}"]) for place, thing in enumerate(batch))
        if things:
            self.question.progress(what, len(things), len(things))

    def _read_on(self, readings: Sequence[Reading[Any]]) -> None:
        read_on(self.api, readings)
        for reading in readings:
            if reading.silence:
                self.unread.setdefault(reading.subject, reading.silence)

    def _miss(self, subject: str, node: Node, unknown: str) -> None:
        """``unknown`` is what it means that GitHub answers with nothing."""
        reason = node.silence or (unknown if node.value is None else "GitHub's answer on it was not understood")
        advice = ": give it contents: read and pull-requests: read" if node.refused not in {"", "NOT_FOUND"} else ""
        self.unread.setdefault(subject, reason + advice)
