"""Who wrote a change: the people whose own approval of it proves nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lastcall.model import (
    Account,
    AccountKind,
    CommitEvidence,
    ForcePush,
    LastcallError,
    Pull,
    PullCommit,
)
from lastcall.review.facts import MERGE_PARENTS, Facts, short
from lastcall.review.landed import Claim

WROTE, SUGGESTED, PUSHED = "who wrote part of it", "whose suggestion is part of it", "who replaced its commits by a forced push"
"""What somebody had to do with a change, as a clause that follows a name; the first of these that is true is told."""
DELETED = "(the account was deleted)"


def plain(login: str) -> str:
    """A bot's name as people compare it: with or without the suffix that no user's login can have."""
    return login.casefold().removesuffix("[bot]")


@dataclass
class Writers:
    """The people who wrote a change, by numeric id.  ``part`` says how; ``bots`` are no people but approve nothing of their own either.

    ``unmapped`` are people of whom the forge knows no account, each named once.  With ``suggestions`` whoever only suggested is none.
    ``sure`` are those among them who wrote it in any case, where the others may have brought it up to date and nothing else: that cannot
    be told without ``absent``, a commit of theirs that is not in the clone.
    """

    suggestions: bool = False
    accounts: dict[int, Account] = field(default_factory=dict)
    part: dict[int, str] = field(default_factory=dict)
    bots: set[str] = field(default_factory=set)
    unmapped: list[str] = field(default_factory=list)
    suggested: set[object] = field(default_factory=set)
    sure: Writers | None = None
    absent: str = ""

    def add(self, account: Account | None, otherwise: str, part: str = WROTE) -> None:
        """``otherwise`` names whom the forge knows no account of."""
        if account and account.kind is AccountKind.BOT:
            self.bots.add(plain(account.login))
        elif account and account.kind is AccountKind.USER and account.id is not None:
            self._add(account.id, account, part)
        else:
            self._name(account.login if account and account.kind is not AccountKind.GHOST else otherwise)

    def _add(self, number: int, account: Account, part: str) -> None:
        self.accounts.setdefault(number, account)
        if part == WROTE or number not in self.part:
            self.part[number] = part

    def join(self, others: Writers) -> None:
        """Who wrote another part, too."""
        for number, account in others.accounts.items():
            self._add(number, account, others.part[number])
        self.bots |= others.bots
        for name in others.unmapped:
            self._name(name)

    def suggest(self, account: Account) -> None:
        """Somebody whose suggestion the forge made a commit of, for whoever accepted it."""
        self.suggested.add(account.id if account.id is not None else account.login)
        if not self.suggestions:
            self.add(account, account.login, SUGGESTED)

    def name(self, account: Account) -> None:
        """A co-author named by what a merge made: whoever suggested is named there once more, and is told as what they are."""
        if (account.id if account.id is not None else account.login) not in self.suggested:
            self.add(account, account.login)

    def _name(self, name: str) -> None:
        """The same person is told as ``Ann <ann@example.org>`` by one commit, as ``Ann`` by another."""
        words, address = _parts(name)
        for place, known in enumerate(self.unmapped):
            known_words, known_address = _parts(known)
            if (address and address == known_address) or (words == known_words and not (address and known_address)):
                self.unmapped[place] = name if address and not known_address else known
                return
        self.unmapped.append(name)


def _parts(name: str) -> tuple[str, str]:
    words, _, address = name.partition(" <")
    return words.casefold(), address.rstrip(">").casefold()


def writers_of(facts: Facts, claim: Claim) -> Writers:
    """Whoever opened the pull request, authors, committers and co-authors of its commits, and who replaced them by a forced push.

    Whoever pressed a button is no writer: of what a merge made (landing commits, and "update branch" merges that are mechanical) only the
    co-authors that a squash names count, because everything else in it is proved to be the pull request's own content.
    """
    listed = [commit.sha for commit in claim.pull.commits]
    absent = [sha for sha in listed if len(listed) > 1 and _may_only_merge(facts, sha)]
    writers = _writers(facts, claim, ())
    if absent:
        writers.sure, writers.absent = _writers(facts, claim, absent), absent[-1]
    return writers


def _writers(facts: Facts, claim: Claim, without: Sequence[str]) -> Writers:
    """The same, as if the people of the commits ``without`` had written nothing there."""
    writers = Writers(facts.policy.allow_suggestions)
    writers.add(claim.pull.author, f"whoever opened pull request {claim.pull.number} {DELETED}")
    for commit in claim.pull.commits:
        if commit.sha not in without and not _only_merges(facts, commit.sha):
            _add_people(facts, writers, commit, commit.author_name, claim.pull.author)
    _add_landed(facts, claim, writers)
    for push in claim.pull.force_pushes:
        if not _only_moved(facts, claim, push):
            writers.add(push.actor, f"whoever pushed {short(push.after or 'its commits')} by force", PUSHED)
    return writers


def _add_landed(facts: Facts, claim: Claim, writers: Writers) -> None:
    """What landed and is no commit of the pull request's own list."""
    listed = {commit.sha for commit in claim.pull.commits}
    landing = {commit.sha for commit in claim.landing}
    for late in facts.late.of(claim.commits):
        people = facts.known.get(late.sha)
        if people is None or late.sha in listed:
            continue
        if late.sha not in landing and not facts.mechanical(late):
            _add_people(facts, writers, people, str(late.author), claim.pull.author)
        elif len(late.parents) == 1:
            for co_author in people.co_authors:
                writers.name(co_author)


def writers_told(pull: Pull) -> Writers:
    """All that the forge names with a pull request, whatever it was that they did."""
    writers = Writers()
    people = [pull.author, *(push.actor for push in pull.force_pushes)]
    people += [person for commit in pull.commits for person in (commit.author, commit.committer, *commit.co_authors)]
    for person in people:
        writers.add(person, f"somebody of pull request {pull.number}")
    return writers


def writers_alone(facts: Facts, evidence: CommitEvidence) -> Writers:
    """Author, committer and co-authors of one commit."""
    writers = Writers(facts.policy.allow_suggestions)
    _add_people(facts, writers, evidence, "")
    return writers


def _only_merges(facts: Facts, sha: str) -> bool:
    commit = facts.commit(sha)
    return commit is not None and len(commit.parents) > 1 and facts.mechanical(commit)


def _may_only_merge(facts: Facts, sha: str) -> bool:
    """Whether the clone lacks what it takes to tell that a commit is no merge that git makes the same way."""
    commit = facts.commit(sha)
    if commit is None or len(commit.parents) != MERGE_PARENTS:
        return commit is None
    if not all(facts.history.has(parent) for parent in commit.parents):
        return True
    try:
        facts.merged_tree(*commit.parents)
    except LastcallError:  # a partial clone
        return True
    return False


def _add_people(facts: Facts, writers: Writers, commit: PullCommit | CommitEvidence, author: str, opener: Account | None = None) -> None:
    """Names from the commit object where the clone has it: they come with the address that the forge does not know."""
    author, committer = author or f"the author of {short(commit.sha)}", f"the committer of {short(commit.sha)}"
    if commit.author is None and commit.committer is None:
        committer = author  # the forge tells no name of a committer; most often the two are one
    known = facts.commit(commit.sha)
    if known is not None:
        author, committer = str(known.author), str(known.committer)
    writers.add(_proved(commit.author, commit, opener), author)
    writers.add(_proved(commit.committer, commit, opener), committer)
    for co_author in commit.co_authors:
        if _accepted(commit):
            writers.suggest(co_author)
        else:
            writers.add(co_author, co_author.login)


def _proved(account: Account | None, commit: PullCommit | CommitEvidence, opener: Account | None) -> Account | None:
    """A bot is one where the forge signed for it, or in its own pull request: else a person may hide behind its address, to approve it."""
    if account is None or account.kind is not AccountKind.BOT or commit.signed_by_forge or commit.verified:
        return account
    own = opener is not None and opener.kind is AccountKind.BOT and plain(opener.login) == plain(account.login)
    return account if own else None


def _accepted(commit: PullCommit | CommitEvidence) -> bool:
    """Whether the forge made this commit of a suggestion that a person accepted.  Behind what a bot wrote a co-author is its writer."""
    author, committer = commit.author, commit.committer
    by_forge = committer is not None and committer.kind is AccountKind.BOT and not committer.login.endswith("[bot]")
    return commit.signed_by_forge and by_forge and author is not None and author.kind is AccountKind.USER


def _only_moved(facts: Facts, claim: Claim, push: ForcePush) -> bool:
    """Whether git makes what was pushed again from what was there before: whoever brings a branch up to date wrote nothing.

    Where a commit of the two is gone from the clone that cannot be told, and whoever pushed may have changed anything.
    """
    before, after = push.before, push.after
    if not (before and after and claim.base) or not all(facts.history.has(sha) for sha in (before, after, claim.base)):
        return False
    try:
        was, onto = _stands_on(facts, claim.base, before), _stands_on(facts, claim.base, after)
        if was is None or onto is None or not facts.history.is_ancestor(was, onto):
            return False  # on an older base, what the newer one held would be a part of the change
        return facts.merged_tree(onto, before) == facts.tree(after)
    except LastcallError:  # a shallow clone, or an id that names no commit
        return False


def _stands_on(facts: Facts, base: str, head: str) -> str | None:
    """The one commit of the branch ``base`` that the commits up to ``head`` stand on: the one that holds all others."""
    own = facts.history.commits(base, head)
    inside = {commit.sha for commit in own}
    outside: Iterable[str] = dict.fromkeys(parent for commit in own for parent in commit.parents if parent not in inside)
    found = list(outside) or [head]  # it holds nothing that the branch does not have
    return next((each for each in found if all(other == each or facts.history.is_ancestor(other, each) for other in found)), None)
