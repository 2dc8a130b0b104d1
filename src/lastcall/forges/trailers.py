"""``Reviewed-by`` trailers, without a forge and without a network: they count on signed commits, and on no others.

Anybody can write ``Reviewed-by: Ben <ben@example.org>`` into a message.  It is worth something where the commit is signed by an ssh key
of the base's ``allowed-signers`` file (ssh-keygen(1), "ALLOWED SIGNERS").  The trust is this, and no more: **whoever holds a listed key
vouches for the trailers that he signs**, as the maintainers of a mailing-list project do: he can name anybody as the reviewer, also of
work of his own.  The file is the base's, so that nobody who is judged can list a key of his own; a signature covers the tree, the parents
and the message, so the review is of just this content.

A trailer is read as git-interpret-trailers(1) reads it: in the last paragraph of the message, which is not the first.  People are told
apart by their e-mail addresses, whatever the case of the letters.  Author, committer, co-authors (wherever a message names them) and
whoever signed (by the addresses that the file lists the key for; a pattern is nobody's address) wrote the commit, so their own review of
it is not independent.  The file cannot say who owns an account: owners in CODEOWNERS are known where they are written as addresses.
A commit that is not signed so has no reviews, which is known: it is blocked, not unknown.

It is never detected: name it with ``--forge trailers``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator

from lastcall.forges import Forge, Question
from lastcall.model import (
    Account,
    AccountKind,
    Commit,
    CommitEvidence,
    Evidence,
    LastcallError,
    Person,
    Review,
    ReviewState,
    Team,
    Unread,
)

ALLOWED_SIGNERS = tuple(f"{folder}{name}" for name in ("allowed-signers", "allowed_signers") for folder in ("", ".", ".github/"))
"""Where the file is looked for in the base when the policy's ``review.allowed-signers`` does not name it, the first that is there."""

NO_TIME = "1970-01-01T00:00:00Z"
"""When such a review was given: nobody says, and the dates of a commit are anybody's to write."""

_MADE_BY_GIT = ("Signed-off-by: ", "(cherry picked from commit ")
_SPACE = " \t\v\f\r"
_TRAILER = re.compile(r"([A-Za-z0-9-]+)[ \t]*:(.*)", re.DOTALL)
_PERSON = re.compile(r"([^<>]*)<([^<>]+)>")
_ADDRESS = 320
"""The longest address that there can be (RFC 3696)."""
_CO_AUTHOR = re.compile(r"^[ \t>]*co-(?:authored|developed)-by[ \t]*:[ \t]*(\S[^\n]*)", re.IGNORECASE | re.MULTILINE)
_PEOPLE_AT_MOST = 50
_NO_SIGNERS = (
    f"the base has no file of allowed signers to verify signatures by, or one that is too long: add {ALLOWED_SIGNERS[0]} "
    "(ssh-keygen(1) tells its form) before the freeze, or name another in the policy's review.allowed-signers"
)


def collect(question: Question) -> Evidence:
    """What the signed commits say.  It asks ``question.signer``, which verifies by the allowed signers of the base."""
    others = (*_checks(question), *_unknown_owners(question))
    if question.signer is None:
        return Evidence("trailers", unread=(Unread("reviews", _NO_SIGNERS), *others))
    asked = {commit.sha: commit for commit in (*question.commits, *question.origins)}
    found: list[CommitEvidence] = []
    unread: list[Unread] = []
    for place, commit in enumerate(asked.values()):
        question.progress("signatures verified", place, len(asked))
        try:
            found.append(_evidence(commit, question.signer(commit.sha)))
        except LastcallError as error:
            unread.append(Unread("reviews", f"its signature could not be verified: {error.message}", subject=f"commit:{commit.sha}"))
    question.progress("signatures verified", len(asked), len(asked))
    teams = tuple(Team(owner, (_account(owner),)) for owner in question.owners if _is_address(owner))
    return Evidence("trailers", commits=tuple(found), unread=(*unread, *others), teams=teams)


TRAILERS = Forge(detect=lambda _: False, collect=collect)


def trailers(message: str) -> tuple[tuple[str, str], ...]:
    """The trailers of a commit message, key and value, as git reads them.

    They are the last paragraph, unless that is the first, where all its lines are trailers, or a quarter of them with one of git's own.
    https://git-scm.com/docs/git-interpret-trailers
    """
    lines = message.rstrip(f"{_SPACE}\n").split("\n")
    start = max((place for place, line in enumerate(lines) if not line.strip(_SPACE)), default=-1) + 1
    if not start:
        return ()
    found: list[tuple[str, list[str]]] = []
    counted = others = 0
    by_git = False
    continued = ""  # what a line that begins with a space goes on with
    for line in lines[start:]:
        trailer = _TRAILER.match(line)
        made = line.startswith(_MADE_BY_GIT)
        if line[0] in _SPACE:
            others += not continued
            if continued == "trailer":
                found[-1][1].append(line.strip(_SPACE))
            continue
        if trailer:
            found.append((trailer[1], [trailer[2].strip(_SPACE)]))
        continued = "trailer" if trailer else "made" if made else ""
        counted += bool(continued)
        others += not continued and not line.startswith("#")
        by_git |= made
    kept = counted and (not others or (by_git and counted * 3 >= others))
    return tuple((key, " ".join(parts)) for key, parts in found) if kept else ()


def _evidence(commit: Commit, principals: str | None) -> CommitEvidence:
    """``principals``: for whom the file lists the key that signed the commit, with commas between them; None where no such key did."""
    signed_by = [each for each in re.split(r"[,\s]+", principals or "") if _is_address(each)]
    author, committer = _mapped(commit.author), _mapped(commit.committer)
    people = {account for account in (author, committer) if account}
    with_them = [*_co_authors(commit.message), *(_account(address) for address in signed_by)]
    return CommitEvidence(
        sha=commit.sha,
        author=author,
        committer=committer,
        co_authors=tuple(account for account in dict.fromkeys(with_them) if account not in people),
        verified=any(_account(address) in people for address in signed_by),
        reviews=() if principals is None else tuple(_reviews(commit)),
    )


def _reviews(commit: Commit) -> Iterator[Review]:
    told = (_PERSON.fullmatch(value) for key, value in trailers(commit.message) if key.casefold() == "reviewed-by")
    people = {_account(match[2]): match[1].strip() for match in told if match and _is_address(match[2])}
    for account, name in list(people.items())[:_PEOPLE_AT_MOST]:
        bot = name.casefold().endswith("[bot]") or "[bot]@" in account.login
        reviewer = Account(account.id, account.login, AccountKind.BOT) if bot else account
        yield Review(reviewer, ReviewState.APPROVED, commit.sha, NO_TIME, can_write=True)


def _co_authors(message: str) -> Iterator[Account]:
    """Taken from anywhere in the message: who only might have written it with them must not be its independent reviewer."""
    for place, match in enumerate(_CO_AUTHOR.finditer(message)):
        if place == _PEOPLE_AT_MOST:
            yield Account(None, "more co-authors than are read")
            return
        address = match[1].partition("<")[2].partition(">")[0].strip()
        yield _account(address) if _is_address(address) else Account(None, match[1].strip()[:_ADDRESS])


def _mapped(person: Person) -> Account | None:
    return _account(person.email) if _is_address(person.email) else None


def _account(address: str) -> Account:
    """The account that stands for an address.  Its number is as long as every reader of JSON can keep exactly (53 bits)."""
    login = address.casefold()
    return Account(int.from_bytes(hashlib.sha256(login.encode("utf-8", "surrogateescape")).digest()[:8]) >> 11, login)


def _is_address(text: str) -> bool:
    """Whether this is one address: not a login, not a team, not a pattern of the allowed signers."""
    return len(text) <= _ADDRESS and bool(re.fullmatch(r"[^@\s<>*?!]+@[^@\s<>*?!]+", text))


def _checks(question: Question) -> Iterable[Unread]:
    if question.checks:
        reason = "signed commits say nothing of checks: ask the forge that ran them, or give --evidence FILE"
        yield Unread("checks", reason, subject=f"checks:{question.checks}")


def _unknown_owners(question: Question) -> Iterable[Unread]:
    for owner in question.owners:
        if not _is_address(owner):
            reason = f"who {owner} is, no signed commit says: CODEOWNERS may name e-mail addresses"
            yield Unread("owner", reason, subject=f"owner:{owner}")
