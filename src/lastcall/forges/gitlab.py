"""GitLab, over its REST API in two stages: the late commits with their merge requests, then each merge request's parts.

A merge request is a ``Pull``; its number is what GitLab calls ``iid``.  What GitLab does not say as such is read so:

- **Which commit an approval is for**: the head of the newest version of the merge request's difference that was there when the approval
  was given.  Both times are the server's own.  Without them it is not known, which blocks.
- An approval that is not among the current ones was revoked, or a push has reset it: it does not count, whatever a note says.
- **Who can write**: whoever has the role of a developer or more in the project, also by a group.
- **Who wrote a commit**: GitLab tells an address only; ``_gitlab_people`` says how an account is found for it, and when none is.
  A squashed commit below a merge commit was made by GitLab, as it names it itself: whoever pressed the button did not write it.
- **What landed**: the merge commit, else the squashed one, else (a fast-forward of commits that GitLab had rebased) the late commit that
  GitLab counts to the merge request and that is none of its own.  What is in it decides, as always.
- Approvals of a merge request that was imported were written by whoever imported it, and count as those of placeholders.

Not told: when a branch was where (there is no such log), whose an unsigned commit is beyond its address, and teams behind a review.  Only
of commits that landed, and of bots, the signature is asked for: that takes a request for each.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from typing import TypeVar

from lastcall.forges import Forge, Question
from lastcall.forges._conversation import Patience
from lastcall.forges._gitlab_answers import (
    Approvals,
    Approved,
    Member,
    Merge,
    Note,
    Project,
    Reviewer,
    Signature,
    Status,
    Tag,
    User,
    Version,
    Written,
    utc,
)
from lastcall.forges._gitlab_api import Api, is_gitlab, path, place, token
from lastcall.forges._gitlab_people import People
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
    Pull,
    PullCommit,
    Review,
    ReviewState,
    RunState,
    TagEvidence,
    Team,
    Unread,
)

T = TypeVar("T")

_CO_AUTHORS_AT_MOST = 50
_CO_AUTHOR = re.compile(r"^[ \t]*co-authored-by:[ \t]*(.*?)[ \t]*<([^<>\n]*)>", re.IGNORECASE | re.MULTILINE)
_APPROVED, _UNAPPROVED, _OBJECTED = "approved this merge request", "unapproved this merge request", "requested changes"
_RETARGETED = re.compile(r"changed target branch from `(?P<before>[^`]+)` to `(?P<after>[^`]+)`")
_MOVED_AWAY = re.compile(r"changed automatically target branch to `(?P<after>[^`]+)` because `(?P<before>[^`]+)` was deleted")
_PUSHED = re.compile(r"added \d+ commits?\b.*?[?&]diff_id=(\d+)", re.DOTALL)
_GITLAB_ITSELF = Account(None, "GitLab", AccountKind.BOT)
_BY_GITLAB = "verified_system"
_VERIFIED = frozenset({"verified", "verified_ca", _BY_GITLAB})


def detect(question: Question) -> bool:
    """Whether ``CI_PROJECT_PATH`` or ``CI_PROJECT_ID`` is set, or a remote is on gitlab.com or the server that the environment names."""
    return is_gitlab(question.remotes, question.environ)


def collect(question: Question, sleep: Callable[[float], None] = time.sleep) -> Evidence:
    """All that GitLab tells of the late commits and their merge requests.  Raises LastcallError only where no project is named."""
    where = place(question.remotes, question.environ)
    if not (question.commits or question.checks or question.owners or question.tags):
        return Evidence("gitlab", where.project)
    with Api(where, token(question.environ), Patience(sleep)) as api:
        project = api.project()
        if project.value:
            evidence = _Collection(api, question, project.value, People(api, project.value)).evidence()
        else:
            evidence = Evidence("gitlab", where.project, unread=(Unread("reviews", project.silence),))
        question.told(f"GitLab: {api.asked} requests")
    return evidence


GITLAB = Forge(detect, collect)


@dataclass(frozen=True)
class _Parts:
    """What a merge request consists of: its commits, oldest first, the approvals that stand, and what was noted of it."""

    written: tuple[Written, ...] = ()
    approved: tuple[Approved, ...] = ()
    reviewers: tuple[Reviewer, ...] = ()
    versions: tuple[Version, ...] = ()
    notes: tuple[Note, ...] = ()

    def head_at(self, moment: str) -> str | None:
        """The head that could be seen at that time."""
        seen = [version for version in self.versions if _instant(version.created_at) <= _instant(moment)]
        return seen[-1].head_commit_sha if seen else None


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


@dataclass
class _Collection:
    """The state of one conversation: what was read so far, and what was not."""

    api: Api
    question: Question
    project: Project
    people: People
    holding: dict[str, list[Merge]] = field(default_factory=dict)
    merges: dict[int, Merge] = field(default_factory=dict)
    parts: dict[int, _Parts] = field(default_factory=dict)
    signatures: dict[str, str] = field(default_factory=dict)
    unread: dict[str, Unread] = field(default_factory=dict)

    def evidence(self) -> Evidence:
        self._read_commits()
        self._read_merges()
        self._read_people()
        self._read_signatures()
        pulls = tuple(self._pull(self.merges[number]) for number in sorted(self.merges))
        commits = tuple(self._commit(self._asked_for[sha]) for sha in sorted(self.holding))
        checks, teams, tags = self._checks(), tuple(self._teams()), tuple(self._tags())
        return Evidence(
            forge="gitlab",
            repository=self.project.path_with_namespace,
            commits=commits,
            pulls=pulls,
            unread=tuple(self.unread[subject] for subject in sorted(self.unread)),
            checks=checks,
            teams=teams,
            tags=tags,
        )

    @cached_property
    def _asked_for(self) -> dict[str, Commit]:
        return {commit.sha: commit for commit in (*self.question.origins, *self.question.commits)}

    def _in_project(self, *parts: str | int) -> str:
        return path("projects", self.project.id, *parts)

    def _miss(self, subject: str, reason: str, what: str = "reviews") -> None:
        self.unread.setdefault(subject, Unread(what, reason, subject=subject))

    def _each(self, what: str, things: Sequence[T]) -> Iterator[T]:
        for count, thing in enumerate(things):
            self.question.progress(f"{what} asked of GitLab", count, len(things))
            yield thing
        if things:
            self.question.progress(f"{what} asked of GitLab", len(things), len(things))

    # --------------------------------------------------------------------------------------------------------------- stage one

    def _read_commits(self) -> None:
        for sha in self._each("commits", list(self._asked_for)):
            listed = self.api.all(self._in_project("repository", "commits", sha, "merge_requests"), Merge, "merge requests")
            if listed.silence:
                self._miss(f"commit:{sha}", "GitLab does not have this commit: push it first" if listed.absent else listed.silence)
            if listed.entries or not listed.silence:
                self.holding[sha] = [self._meet(merge) for merge in listed.entries]
        wanted = {*self.question.pulls, *([self.question.pull] if self.question.pull is not None else [])}
        for number in sorted(wanted - self.merges.keys()):
            told = self.api.one(self._in_project("merge_requests", number), Merge)
            if told.value:
                self._meet(told.value)
            else:
                hidden = "GitLab does not show this merge request to the token"
                self._miss(f"pull:{number}", hidden if told.absent else told.silence)

    def _meet(self, merge: Merge) -> Merge:
        if merge.sha:
            self.merges[merge.iid] = merge
        else:
            self._miss(f"pull:{merge.iid}", "GitLab does not say what the head of this merge request is")
        if merge.state == "merged" and merge.merged_at is None:  # then no approval could be told from one that came too late
            self._miss(f"pull:{merge.iid}", "GitLab does not say when this merge request was merged")
        return merge

    # --------------------------------------------------------------------------------------------------------------- stage two

    def _read_merges(self) -> None:
        """The parts of what was merged, or is judged; of others it is enough to know that they were not merged."""
        judged = {*self.question.pulls, self.question.pull}
        numbers = [number for number, merge in sorted(self.merges.items()) if merge.state == "merged" or number in judged]
        for number in self._each("merge requests", numbers):
            approvals = self.api.one(self._in_project("merge_requests", number, "approvals"), Approvals)
            if approvals.value is None:
                self._miss(f"pull:{number}", approvals.silence)
            written = self._listed(number, "commits", Written)
            self.parts[number] = _Parts(
                written=tuple(reversed(written)),  # GitLab begins with the newest
                approved=approvals.value.approved_by if approvals.value else (),
                reviewers=self._listed(number, "reviewers", Reviewer),
                versions=tuple(sorted(self._listed(number, "versions", Version), key=lambda each: (_instant(each.created_at), each.id))),
                notes=self._noted(number),
            )

    def _listed(self, number: int, what: str, kind: type[T]) -> tuple[T, ...]:
        listed = self.api.all(self._in_project("merge_requests", number, what), kind, what)
        if listed.silence:
            self._miss(f"pull:{number}", listed.silence)
        return listed.entries

    def _noted(self, number: int) -> tuple[Note, ...]:
        """What GitLab itself noted, oldest first.  What people write there proves nothing."""
        notes = self._listed(number, "notes", Note)
        return tuple(
            sorted((note for note in notes if note.system and not note.imported), key=lambda note: (_instant(note.created_at), note.id))
        )

    # -------------------------------------------------------------------------------------------------------------- stage three

    def _read_people(self) -> None:
        """Whose the addresses of commits are, each asked for once with a commit that was written from it."""
        addresses = dict.fromkeys((name.casefold() for name in self.question.owners if _is_address(name)), "")
        for commit in self._known_commits():
            for email in (commit.committer.email, *(email for _, email in _co_authors(commit.message))):
                addresses.setdefault(email.casefold(), "")
            author = commit.author.email.casefold()
            addresses[author] = addresses.get(author) or commit.sha
        self.people.learn(addresses)

    def _known_commits(self) -> Iterator[_Names]:
        for sha in sorted(self.holding):
            commit = self._asked_for[sha]
            yield _Names(sha, commit.message, _Name(commit.author.name, commit.author.email), _Name("", commit.committer.email))
        for _, parts in sorted(self.parts.items()):
            yield from (_names(written) for written in parts.written)

    def _read_signatures(self) -> None:
        """Of what landed, because GitLab may have signed it, and of what bots wrote, because a name alone is anybody's to write."""
        bots = {commit.sha for commit in self._known_commits() if _is_bot(self.people.of(commit.author.email))}
        landed = {sha for merge in self.merges.values() if merge.state == "merged" and (sha := self._landed(merge)) in self.holding}
        for sha in self._each("signatures", sorted(bots | landed)):
            told = self.api.one(self._in_project("repository", "commits", sha, "signature"), Signature, often_absent=True)
            self.signatures[sha] = (told.value.verification_status if told.value else None) or ""

    # ------------------------------------------------------------------------------------------------------------------ telling

    def _commit(self, commit: Commit) -> CommitEvidence:
        merges = self.holding[commit.sha]
        made = next((merge for merge in merges if merge.state == "merged" and _is_below(merge, commit.sha)), None)
        names = _Names(commit.sha, commit.message, _Name("", commit.author.email), _Name("", commit.committer.email))
        author, committer = self._writers_of(names, made)
        return CommitEvidence(
            sha=commit.sha,
            pulls=tuple(sorted({merge.iid for merge in merges})),
            author=author,
            committer=committer,
            co_authors=self._written_with(commit.message),
            verified=self._is_verified(commit.sha),
            signed_by_forge=self.signatures.get(commit.sha) == _BY_GITLAB,
        )

    def _writers_of(self, names: _Names, made: Merge | None = None, subject: str = "") -> tuple[Account | None, Account | None]:
        """Author and committer; ``made``: the merge request of which GitLab made this commit."""
        if made:
            return self.people.account(made.author), _GITLAB_ITSELF
        for name in (names.author, names.committer):
            reason = self.people.silent.get(name.email.casefold())
            if reason and self.people.of(name.email) is None:
                self._miss(subject or f"commit:{names.sha}", reason)
        return self.people.of(names.author.email), self.people.of(names.committer.email)

    def _written_with(self, message: str) -> tuple[Account, ...]:
        found = (self.people.of(email) or Account(None, f"{name} <{email}>".strip()) for name, email in _co_authors(message))
        return tuple(dict.fromkeys(found))

    def _is_verified(self, sha: str) -> bool:
        return self.signatures.get(sha) in _VERIFIED

    def _pull(self, merge: Merge) -> Pull:
        parts, landed = self.parts.get(merge.iid, _Parts()), self._landed(merge)
        assert merge.sha
        return Pull(
            number=merge.iid,
            url=merge.web_url,
            title=merge.title,
            state={"merged": "merged", "closed": "closed"}.get(merge.state, "open"),
            author=self.people.account(merge.author),
            base=merge.target_branch,
            head=merge.sha,
            base_repository=self._repository(merge),
            merge_commit=landed,
            merged_at=utc(merge.merged_at) if merge.merged_at else None,
            merge_signed_by_forge=self.signatures.get(landed or "") == _BY_GITLAB,
            reviews=tuple(sorted(self._reviews(merge, parts), key=lambda review: _instant(review.submitted_at))),
            commits=tuple(self._pull_commit(merge, written) for written in parts.written),
            force_pushes=tuple(self._rewritings(parts)),
            base_changes=tuple(_retargetings(parts.notes)),
            merged_by=self.people.account(merger) if (merger := merge.merge_user or merge.merged_by) else None,
        )

    def _repository(self, merge: Merge) -> str:
        ours = merge.target_project_id == self.project.id
        return self.project.path_with_namespace if ours else f"project {merge.target_project_id}"

    def _landed(self, merge: Merge) -> str | None:
        if merge.state != "merged" or merge.merge_commit_sha or merge.squash_commit_sha:
            return merge.merge_commit_sha or merge.squash_commit_sha
        own = {written.id for written in self.parts.get(merge.iid, _Parts()).written} | {merge.sha}
        others = [sha for sha, merges in self.holding.items() if sha not in own and any(each.iid == merge.iid for each in merges)]
        return others[0] if len(others) == 1 and merge.sha not in self.holding else None

    def _pull_commit(self, merge: Merge, written: Written) -> PullCommit:
        author, committer = self._writers_of(_names(written), subject=f"pull:{merge.iid}")
        return PullCommit(
            sha=written.id,
            author=author,
            committer=committer,
            author_name=written.author_name,
            co_authors=self._written_with(written.message),
            verified=self._is_verified(written.id),
            signed_by_forge=self.signatures.get(written.id) == _BY_GITLAB,
        )

    # ------------------------------------------------------------------------------------------------------------------ reviews

    def _reviews(self, merge: Merge, parts: _Parts) -> Iterator[Review]:
        standing = {each.user.id for each in parts.approved if each.user}
        for each in parts.approved:
            moment = each.approved_at or _last(parts.notes, each.user, _APPROVED)
            yield self._review(merge, each.user, ReviewState.APPROVED, parts.head_at(moment) if moment else None, moment)
        revoked = {note.author.id: note for note in parts.notes if note.author and note.body in {_APPROVED, _UNAPPROVED}}
        for number, note in revoked.items():
            if number not in standing:
                yield self._review(merge, note.author, ReviewState.DISMISSED, None, note.created_at)
        for reviewer in parts.reviewers:
            if reviewer.state == "requested_changes":
                said = _last(parts.notes, reviewer.user, _OBJECTED) or reviewer.created_at
                # It is what the reviewer said last of all, so no approval may look newer.
                latest = max([said, *(each.approved_at for each in parts.approved if each.approved_at)], key=_instant)
                yield self._review(merge, reviewer.user, ReviewState.CHANGES_REQUESTED, parts.head_at(said), latest)

    def _review(self, merge: Merge, user: User | None, state: ReviewState, commit: str | None, moment: str | None) -> Review:
        reviewer = self.people.account(user)
        if merge.imported and reviewer.kind is AccountKind.USER:
            reviewer = Account(reviewer.id, reviewer.login, AccountKind.MANNEQUIN)
        return Review(reviewer, state, commit, utc(moment or merge.created_at), self.people.can_write(reviewer))

    def _rewritings(self, parts: _Parts) -> Iterator[ForcePush]:
        """Where the head went to a commit that the one before is no part of; the note on it says who pushed."""
        own = {written.id for written in parts.written}
        pushers = {int(pushed[1]): note.author for note in parts.notes if (pushed := _PUSHED.match(note.body))}
        for before, after in pairwise(parts.versions):
            if before.head_commit_sha in own | {after.head_commit_sha}:
                continue
            pusher = pushers.get(after.id)
            actor = self.people.account(pusher) if pusher else None
            yield ForcePush(actor, before.head_commit_sha, after.head_commit_sha, utc(after.created_at))

    # ------------------------------------------------------------------------------------------------------------ besides reviews

    def _checks(self) -> CommitChecks | None:
        sha = self.question.checks
        if not sha:
            return None
        listed = self.api.all(self._in_project("repository", "commits", sha, "statuses"), Status, "statuses")
        if listed.silence:
            hidden = "GitLab does not have this commit: push it first"
            self._miss(f"checks:{sha}", hidden if listed.absent else listed.silence, "checks")
            return None
        return CommitChecks(sha, tuple(_runs(listed.entries)))

    def _teams(self) -> Iterator[Team]:
        for name in self.question.owners:
            if _is_address(name):
                person = self.people.of(name)
                if person:
                    yield Team(name, (person,))
                else:
                    reason = self.people.silent.get(name.casefold(), "GitLab shows no account with this address")
                    self._miss(f"owner:{name}", reason, "owners")
                continue
            listed = self.api.all(path("groups", name.removeprefix("@"), "members", "all"), Member, "members")
            if listed.silence:
                hidden = "GitLab has no such group, or does not show it to the token"
                self._miss(f"owner:{name}", hidden if listed.absent else listed.silence, "owners")
            else:
                yield Team(name, tuple(Account(member.id, member.username) for member in listed.entries))

    def _tags(self) -> Iterator[TagEvidence]:
        for name in self.question.tags:
            told = self.api.one(self._in_project("repository", "tags", name), Tag)
            if told.value:
                yield TagEvidence(name, told.value.target, told.value.commit.id)
            elif not told.absent:
                self._miss(f"tag:{name}", told.silence, "tags")


# ---------------------------------------------------------------------------------------------------------------- names and words


@dataclass(frozen=True)
class _Name:
    name: str
    email: str


@dataclass(frozen=True)
class _Names:
    """A commit, as far as it names people."""

    sha: str
    message: str
    author: _Name
    committer: _Name


def _names(written: Written) -> _Names:
    author, committer = _Name(written.author_name, written.author_email), _Name(written.committer_name, written.committer_email)
    return _Names(written.id, written.message, author, committer)


def _co_authors(message: str) -> list[tuple[str, str]]:
    return _CO_AUTHOR.findall(message)[:_CO_AUTHORS_AT_MOST]


def _is_address(owner: str) -> bool:
    return "@" in owner.removeprefix("@")


def _is_bot(account: Account | None) -> bool:
    return account is not None and account.kind is AccountKind.BOT


def _is_below(merge: Merge, sha: str) -> bool:
    """Whether ``sha`` is the squashed commit that a merge commit brought."""
    return sha == merge.squash_commit_sha and merge.merge_commit_sha not in {None, sha}


def _last(notes: Sequence[Note], user: User | None, words: str) -> str | None:
    """When somebody last did what GitLab notes in these words."""
    told = [note.created_at for note in notes if user and note.author and note.author.id == user.id and note.body.startswith(words)]
    return told[-1] if told else None


def _retargetings(notes: Sequence[Note]) -> Iterator[BaseChange]:
    for note in notes:
        changed = _RETARGETED.match(note.body) or _MOVED_AWAY.match(note.body)
        if changed:
            yield BaseChange(changed["before"], changed["after"], utc(note.created_at))


_STATES = {"success": RunState.PASSED} | dict.fromkeys(("failed", "canceled", "canceling", "skipped"), RunState.FAILED)
"""A job is skipped where one before it failed: it did not run.  What is neither is still to come, or waits for somebody."""

_WORST = (RunState.FAILED, RunState.PENDING, RunState.PASSED)


def _runs(statuses: Sequence[Status]) -> Iterator[CheckRun]:
    """The state of each name in the newest pipeline that has it; where that has it twice, the worse one."""
    for name in sorted({status.name for status in statuses}):
        named = [status for status in statuses if status.name == name]
        newest = max(status.pipeline_id or 0 for status in named)
        states = [
            (_STATES.get(each.status, RunState.PENDING), each.target_url or "") for each in named if (each.pipeline_id or 0) == newest
        ]
        state, url = min(states, key=lambda each: _WORST.index(each[0]))
        yield CheckRun(name, state, url=url)
