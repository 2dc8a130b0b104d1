"""GitHub's answers in the words of the model: which account a name of a commit is, what a review says, and what became of a branch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lastcall.forges._github_lists import Reading
from lastcall.forges._github_words import CO_AUTHOR, Actor, Asked, Event, Git, Given, InPull, Late, Signature, Written
from lastcall.model import Account, AccountKind, BaseChange, CommitEvidence, ForcePush, Pull, PullCommit, Review, ReviewState

_CO_AUTHORS_AT_MOST = 50
_FORGE_ITSELF = "web-flow"
_BOT_ADDRESS = re.compile(r"(?:(\d+)\+)?([^@\s]+\[bot\])@users\.noreply\.[^@\s]+", re.IGNORECASE)
_STATES: Mapping[str, ReviewState] = {
    "APPROVED": ReviewState.APPROVED,
    "CHANGES_REQUESTED": ReviewState.CHANGES_REQUESTED,
    "DISMISSED": ReviewState.DISMISSED,
}


@dataclass(frozen=True)
class PullAnswer:
    """A pull request with its lists."""

    pull: Asked
    reviews: Reading[Given]
    commits: Reading[InPull]
    events: Reading[Event]

    @property
    def lists(self) -> tuple[Reading[Given] | Reading[InPull] | Reading[Event], ...]:
        return self.reviews, self.commits, self.events


# --------------------------------------------------------------------------------------------------------------------------- people


@dataclass
class People:
    """Accounts by e-mail address, as GitHub maps them, which co-authors are found by; and the teams that reviews speak for, by node."""

    accounts: dict[str, Account] = field(default_factory=dict)
    teams: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def meet(self, *people: Git | None) -> None:
        for person in people:
            if person and person.email and person.user and person.user.login != _FORGE_ITSELF:
                self.accounts[person.email.casefold()] = Account(person.user.id, person.user.login)

    def know(self, people: Iterable[tuple[str, str]]) -> bool:
        """Whether all of them have an account."""
        return all(self.co_author(*person).id is not None for person in people)

    def co_author(self, name: str, email: str) -> Account:
        return self.accounts.get(email.casefold()) or _bot(email) or Account(None, f"{name} <{email}>".strip())

    def written_with(self, message: str) -> tuple[Account, ...]:
        return tuple(dict.fromkeys(self.co_author(*person) for person in co_authors_of(message)))


def co_authors_of(message: str) -> list[tuple[str, str]]:
    """Names and addresses that a commit's message gives part of the work to."""
    return CO_AUTHOR.findall(message)[:_CO_AUTHORS_AT_MOST]


def _bot(email: str) -> Account | None:
    """An app's bot has no user account; GitHub gives it an address with its number and name."""
    match = _BOT_ADDRESS.fullmatch(email)
    return Account(int(match[1]) if match[1] else None, match[2], AccountKind.BOT) if match else None


@dataclass(frozen=True)
class _Makers:
    """Who made a commit, as far as that is known, and what its signature says."""

    author: Account | None
    committer: Account | None
    verified: bool
    signed_by_forge: bool

    @classmethod
    def of(cls, commit: Late | Written) -> _Makers:
        """A valid signature is of the committer, whose address GitHub then knows even where it does not say so; and of the author, where
        both have one address."""
        signature = commit.signature if commit.signature and commit.signature.valid else None
        committer = _person(commit.committer, signature) or _signer(commit.committer, signature)
        author = _person(commit.author, signature) or (committer if _same(commit.author, commit.committer) else None)
        own = {account.id for account in (author, committer) if account and account.id is not None}
        by_forge = signature is not None and signature.by_forge
        signed = signature is not None and signature.signer is not None and signature.signer.id in own
        return cls(author, committer, by_forge or signed, by_forge)


def _person(person: Git | None, signature: Signature | None) -> Account | None:
    """The account behind an author or committer; None where there is none, or where somebody only says to be GitHub."""
    if person is None:
        return None
    if person.user and person.user.login == _FORGE_ITSELF:
        return Account(person.user.id, person.user.login, AccountKind.BOT) if signature and signature.by_forge else None
    return Account(person.user.id, person.user.login) if person.user else _bot(person.email or "")


def _signer(committer: Git | None, signature: Signature | None) -> Account | None:
    """GitHub calls a signature valid only where the committer's address is one of the signer's."""
    if committer is None or committer.user or signature is None or signature.by_forge or signature.signer is None:
        return None
    return Account(signature.signer.id, signature.signer.login)


def _same(author: Git | None, committer: Git | None) -> bool:
    return bool(author and committer and not author.user and author.email and author.email.casefold() == (committer.email or "").casefold())


def _account(actor: Actor) -> Account:
    if actor.kind == "Bot":  # GraphQL leaves out the suffix that everybody knows it by
        return Account(actor.id, actor.login if actor.login.endswith("[bot]") else f"{actor.login}[bot]", AccountKind.BOT)
    return Account(actor.id, actor.login, AccountKind.MANNEQUIN if actor.kind == "Mannequin" else AccountKind.USER)


_GHOST = Account(None, "ghost", AccountKind.GHOST)


# -------------------------------------------------------------------------------------------------------------------------- telling


def commit_of(late: Late, message: str, pulls: tuple[int, ...], people: People) -> CommitEvidence:
    """A late commit, whose ``message`` is git's."""
    makers = _Makers.of(late)
    return CommitEvidence(
        sha=late.oid,
        pulls=pulls,
        author=makers.author,
        committer=makers.committer,
        co_authors=people.written_with(message),
        verified=makers.verified,
        signed_by_forge=makers.signed_by_forge,
    )


def pull_of(answer: PullAnswer, late: Mapping[str, Late], people: People, otherwise: str) -> Pull:
    """A pull request; ``otherwise`` is the repository that it is of where GitHub does not say so."""
    pull, merge, commits = answer.pull, answer.pull.merge, [each.commit for each in answer.commits.found]
    signature = merge and (merge.signature or (late[merge.oid].signature if merge.oid in late else None))
    reviews = [_review(each, people) for each in answer.reviews.found if each.submitted]
    return Pull(
        number=pull.number,
        url=pull.url,
        title=pull.title,
        state=pull.state.lower(),
        author=_account(pull.author) if pull.author else _GHOST,
        base=pull.base,
        head=pull.head,
        base_repository=pull.repository.name if pull.repository else otherwise,
        merge_commit=merge.oid if merge else None,
        merged_at=pull.merged,
        head_tree=next((commit.tree.oid for commit in commits if commit.oid == pull.head), None),
        merge_signed_by_forge=bool(signature and signature.valid and signature.by_forge),
        reviews=tuple(sorted(reviews, key=lambda review: review.submitted_at)),
        commits=tuple(_pull_commit(commit, people) for commit in commits),
        force_pushes=tuple(_force_push(event) for event in answer.events.found if event.kind == "HeadRefForcePushedEvent"),
        base_changes=tuple(BaseChange(event.was, event.now, event.at) for event in answer.events.found if event.was and event.now),
        merged_by=_account(pull.merger) if pull.merger else None,
    )


def _pull_commit(commit: Written, people: People) -> PullCommit:
    makers = _Makers.of(commit)
    return PullCommit(
        sha=commit.oid,
        author=makers.author,
        committer=makers.committer,
        author_name=(commit.author and commit.author.name) or "",
        co_authors=people.written_with(commit.message),
        verified=makers.verified,
        signed_by_forge=makers.signed_by_forge,
    )


def _force_push(event: Event) -> ForcePush:
    return ForcePush(
        actor=_account(event.actor) if event.actor else None,
        before=event.before.oid if event.before else None,
        after=event.after.oid if event.after else None,
        at=event.at,
    )


def _review(given: Given, people: People) -> Review:
    return Review(
        reviewer=_account(given.author) if given.author else _GHOST,
        state=_STATES.get(given.state, ReviewState.COMMENTED),
        commit=given.commit.oid if given.commit else None,
        submitted_at=given.submitted or "",
        can_write=given.writer,
        edited_at=given.edited,
        teams=people.teams.get(given.node, ()),
    )
