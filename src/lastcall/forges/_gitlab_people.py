"""Who the people of a GitLab project are: what kind of account, whether it can write, and whose the addresses in commits are.

GitLab's commits name people by address only.  An address is an account's, in this order:

- ``<number>-<name>@users.noreply.<host>``, which GitLab gives to who wants a private one: it holds the account's number.  What tokens and
  service accounts have (``project_7_bot_…@noreply.<host>``) holds the name of a bot.
- what GitLab itself answers for the author of a commit with that address (its GraphQL API: any address that the account has confirmed).
- what a search of the users shows as an account's public address (an administrator's token shows the others as well).

Anything else is nobody's: names are never compared, and neither are addresses that GitLab does not show.  As everywhere in git, anybody can
write anybody's address into a commit: an account found so wrote the commit as far as its address says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lastcall.forges._gitlab_answers import Member, Project, Queried, User
from lastcall.forges._gitlab_api import Api, path
from lastcall.model import Account, AccountKind

_DEVELOPER = 30
"""The least role that may push and merge; https://docs.gitlab.com/api/members/#roles"""

_BOT = re.compile(r"(?:project|group)_\d+_bot\w*|service_account_\w+", re.IGNORECASE)
_GHOST = re.compile(r"ghost\d*")
_USER = re.compile(r"gid://gitlab/User/(\d+)")
_A_QUERY = 10
"""Commits in one query: GitLab bounds its complexity, and each asks git."""
_SEARCHES_AT_MOST = 500


@dataclass
class People:
    """What was learned of people so far.  ``silent`` says of an address why it could not be asked for."""

    api: Api
    project: Project
    silent: dict[str, str] = field(default_factory=dict)
    _users: dict[int, User | None] = field(default_factory=dict)
    _unasked: set[int] = field(default_factory=set)
    _writers: dict[int, bool | None] = field(default_factory=dict)
    _addresses: dict[str, Account | None] = field(default_factory=dict)

    def account(self, user: User | None) -> Account:
        """The account that some other thing names; deleted users all are one ghost."""
        if user is None or _GHOST.fullmatch(user.username):
            return Account(None, "ghost", AccountKind.GHOST)
        known = self._user(user.id)
        is_bot = _BOT.fullmatch(user.username) or (known and known.bot)
        return Account(user.id, user.username, AccountKind.BOT if is_bot else AccountKind.USER)

    def can_write(self, account: Account) -> bool | None:
        """Whether it has at least the role of a developer, inherited or not, now; None where that, or what it is, was not told."""
        if account.id is None or account.id in self._unasked:
            return None
        if account.id not in self._writers:
            told = self.api.one(path("projects", self.project.id, "members", "all", account.id), Member)
            self._writers[account.id] = _is_writer(told.value) if told.value else False if told.absent else None
        return self._writers[account.id]

    def of(self, address: str) -> Account | None:
        """Whose address it is, of those that were asked for."""
        return self._addresses.get(address.casefold())

    def learn(self, addresses: Mapping[str, str]) -> None:
        """Find out whose ``addresses`` are, each told with a commit that was written from it (empty: there is none)."""
        new = {address.casefold(): sha for address, sha in addresses.items() if address and address.casefold() not in self._addresses}
        for address in new:
            self._addresses[address] = self._given_away(address)
        self._ask_for_authors({address: sha for address, sha in new.items() if sha and self._addresses[address] is None})
        unknown = [address for address in new if self._addresses[address] is None]
        self.silent |= dict.fromkeys(unknown[_SEARCHES_AT_MOST:], "there are more addresses in its commits than GitLab is asked for")
        for address in unknown[:_SEARCHES_AT_MOST]:
            self._addresses[address] = self._searched(address)

    # ------------------------------------------------------------------------------------------------------------------- asking

    def _user(self, number: int) -> User | None:
        if number not in self._users:
            told = self.api.one(path("users", number), User)
            self._users[number] = told.value
            if told.value is None:
                self._unasked.add(number)
        return self._users[number]

    def _given_away(self, address: str) -> Account | None:
        """The account of an address that GitLab itself makes up for it."""
        host = re.escape(self.api.place.host)
        private = re.fullmatch(rf"(\d+)-[^@]+@users\.noreply\.{host}", address)
        if private:
            user = self._user(int(private[1]))
            return self.account(user) if user else None
        name, _, domain = address.partition("@")
        if domain != f"noreply.{self.api.place.host}" or not _BOT.fullmatch(name):
            return None
        found = self.api.all("users", User, "users", username=name)
        return next((self.account(user) for user in found.entries if user.username.casefold() == name), None)

    def _ask_for_authors(self, commits: Mapping[str, str]) -> None:
        asked = list(commits.items())
        for start in range(0, len(asked), _A_QUERY):
            batch = asked[start : start + _A_QUERY]
            told = self.api.query(_authors([sha for _, sha in batch]), {"path": self.project.path_with_namespace}, Queried)
            if told.silence and not (told.absent or told.refused):
                self.silent |= dict.fromkeys((address for address, _ in batch), told.silence)
            for address, user in _found(told.value, batch):
                self._addresses[address] = self.account(user)

    def _searched(self, address: str) -> Account | None:
        """Found by an address that GitLab shows; what it finds by a name like it is somebody else."""
        found = self.api.all("users", User, "users", search=address)
        if found.silence and not (found.absent or found.refused):
            self.silent.setdefault(address, found.silence)
        shown = [user for user in found.entries if address in {each.casefold() for each in _shown(user)}]
        return self.account(shown[0]) if len({user.id for user in shown}) == 1 else None


def _is_writer(member: Member) -> bool:
    return member.access_level >= _DEVELOPER and member.membership_state != "awaiting" and member.state != "blocked"


def _shown(user: User) -> Iterable[str]:
    return (address for address in (user.public_email, user.email, user.commit_email) if address)


def _authors(shas: Sequence[str]) -> str:
    """The author of each commit: it is the last commit of the tree that it has."""
    asked = "".join(f'c{place}: tree(ref: "{sha}") {{ ...of }} ' for place, sha in enumerate(shas))
    of = "fragment of on Tree { lastCommit { sha authorEmail author { id username } } }"
    return f"query Lastcall($path: ID!) {{ project(fullPath: $path) {{ repository {{ {asked}}} }} }} {of}"


def _found(queried: Queried | None, batch: Sequence[tuple[str, str]]) -> Iterable[tuple[str, User]]:
    project = queried.data.project if queried and queried.data else None
    answered = (project.repository if project else None) or {}
    for place, (address, sha) in enumerate(batch):
        tree = answered.get(f"c{place}")
        commit = tree.lastCommit if tree else None
        number = _USER.fullmatch(commit.author.id) if commit and commit.author else None
        if commit and commit.author and number and commit.sha == sha and (commit.authorEmail or "").casefold() == address:
            yield address, User(int(number[1]), commit.author.username)
