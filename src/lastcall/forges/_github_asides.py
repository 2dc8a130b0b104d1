"""What GitHub is asked besides reviews: the checks of the release head, who is in a team, and where tags are.

Each is asked aside: where the token may not see it, or nobody answers, the reviews are none the worse for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from lastcall.forges._github_api import Api, Node, checked
from lastcall.forges._github_lists import Reading, read_on
from lastcall.forges._github_words import BEHALF, CONTEXTS, MEMBERS, Behalf, Context, Tagged, Target, User, target
from lastcall.model import Account, CheckRun, CommitChecks, RunState, TagEvidence, Team, Unread

_TEAM = re.compile(r"@([^/\s]+)/([^/\s]+)")
_BEHALF_A_REQUEST = 100
_CHECKS_NEED = "reading checks takes checks: read and statuses: read"
_TEAMS_NEED = "reading teams takes members: read (a classic token: read:org), which the GITHUB_TOKEN of a workflow cannot have"


# --------------------------------------------------------------------------------------------------------------------------- checks


def checks_of(api: Api, sha: str) -> CommitChecks | Unread:
    """The newest run of every check of a commit; none at all where nothing ever ran there."""

    def part(page: str) -> str:
        return f'object(oid: "{sha}") {{ ... on Commit {{ oid rollup: statusCheckRollup {{ {page} }} }} }}'

    node = api.ask({"n0": part(CONTEXTS.page(""))}, aside=True)["n0"]
    found = node.value if isinstance(node.value, Mapping) else {}
    if node.silence:
        return _unread_checks(sha, f"{node.silence}; {_CHECKS_NEED}" if node.refused else node.silence)
    if node.value is None:
        return _unread_checks(sha, "GitHub does not have this commit: push it first")
    if found.get("oid") != sha or "rollup" not in found:
        return _unread_checks(sha, "GitHub's answer on its checks was not understood")
    if found["rollup"] is None:
        return CommitChecks(sha)
    reading = Reading(f"checks:{sha}", CONTEXTS, part, ("rollup",))
    reading.go_on(node)
    read_on(api, [reading], aside=True)
    return _unread_checks(sha, reading.silence) if reading.silence else CommitChecks(sha, _newest(reading.found))


def _unread_checks(sha: str, reason: str) -> Unread:
    return Unread("checks", reason, subject=f"checks:{sha}")


def _newest(contexts: Iterable[Context]) -> tuple[CheckRun, ...]:
    """Of several runs of one name by one app the newest: the last to start, one that has not started yet last of all."""
    newest: dict[object, tuple[tuple[bool, str, int], Context]] = {}
    for context in contexts:
        app = context.suite.app if context.suite else None
        key = (context.kind, context.name or context.context, app)
        age = (context.started is None, _utc(context.started), context.id or 0)
        if key not in newest or age >= newest[key][0]:
            newest[key] = age, context
    return tuple(sorted((_run(context) for _, context in newest.values()), key=lambda run: (run.name, run.app, run.app_id or 0)))


def _utc(time: str | None) -> str:
    """A time that sorts as text."""
    return datetime.fromisoformat(time).astimezone(UTC).isoformat() if time else ""


def _run(context: Context) -> CheckRun:
    app = context.suite.app if context.suite else None
    if context.kind == "CheckRun":
        state = _CONCLUSIONS.get(context.conclusion or "", RunState.FAILED) if context.status == "COMPLETED" else RunState.PENDING
        return CheckRun(context.name, state, app.slug if app else "", app.id if app else None, context.url or "")
    return CheckRun(context.context, _STATES.get(context.state, RunState.FAILED), url=context.url or "")


_CONCLUSIONS = {"SUCCESS": RunState.PASSED, "NEUTRAL": RunState.SKIPPED, "SKIPPED": RunState.SKIPPED}
_STATES = {"SUCCESS": RunState.PASSED, "PENDING": RunState.PENDING, "EXPECTED": RunState.PENDING}


# --------------------------------------------------------------------------------------------------------------------------- owners


def owners_of(api: Api, names: Sequence[str], people: Mapping[str, Account]) -> tuple[list[Team], list[Unread]]:
    """Who the owners are that CODEOWNERS does not name by login: members of teams, and ``people`` by their e-mail addresses."""
    names = sorted(set(names))
    told: dict[str, Team | str] = {name: _by_address(name, people) for name in names}
    teams = [name for name in names if _TEAM.fullmatch(name)]
    told |= _members(api, teams)
    found = [owner for owner in told.values() if isinstance(owner, Team)]
    return found, [Unread("owners", why, subject=f"owner:{name}") for name, why in told.items() if isinstance(why, str)]


def _by_address(name: str, people: Mapping[str, Account]) -> Team | str:
    if "@" not in name[1:]:
        return "this is neither a team nor an e-mail address: name the account or the team in CODEOWNERS"
    account = people.get(name.casefold())
    return Team(name, (account,)) if account else "GitHub maps this address to no account that was met: name the account in CODEOWNERS"


def _members(api: Api, teams: Sequence[str]) -> dict[str, Team | str]:
    """The members of each team, or why they are not known."""
    parts = {f"n{place}": _team(name, MEMBERS.page("")) for place, name in enumerate(teams)}
    nodes = api.ask(parts, root=True, aside=True)
    told: dict[str, Team | str] = {}
    readings: list[Reading[User]] = []
    for place, name in enumerate(teams):
        node = nodes[f"n{place}"]
        if node.silence or not isinstance(node.value, Mapping) or node.value.get("team") is None:
            told[name] = f"{node.silence or 'GitHub does not show this team to the token'}; {_TEAMS_NEED}"
            continue
        readings.append(Reading(name, MEMBERS, partial(_team, name), ("team",), root=True))
        readings[-1].go_on(node)
    read_on(api, readings, aside=True)
    for reading in readings:
        members = tuple(Account(user.id, user.login) for user in sorted(reading.found, key=lambda user: user.login))
        told[reading.subject] = reading.silence or Team(reading.subject, members)
    return told


def _team(name: str, page: str) -> str:
    match = _TEAM.fullmatch(name)
    assert match
    return f"organization(login: {json.dumps(match[1])}) {{ team(slug: {json.dumps(match[2])}) {{ {page} }} }}"


def on_behalf(api: Api, nodes: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The teams on whose behalf reviews were given, by the reviews' nodes.  What is not told is left out: it only ever adds an owner."""
    told: dict[str, tuple[str, ...]] = {}
    for start in range(0, len(nodes), _BEHALF_A_REQUEST):
        batch = nodes[start : start + _BEHALF_A_REQUEST]
        parts = {f"n{place}": f"node(id: {json.dumps(node)}) {{ ...behalf }}" for place, node in enumerate(batch)}
        answers = api.ask(parts, BEHALF, root=True, aside=True)
        told |= {node: _teams(answers[f"n{place}"]) for place, node in enumerate(batch)}
    return told


def _teams(node: Node) -> tuple[str, ...]:
    answer = None if node.silence else checked(Behalf, node.value)
    teams = (answer.teams.nodes or ()) if answer and answer.teams else ()
    return tuple(f"@{team.organization.login}/{team.slug}" for team in teams if team)


def has_teams(names: Iterable[str]) -> bool:
    """Whether an owner among ``names`` is a team."""
    return any(_TEAM.fullmatch(name) for name in names)


# ----------------------------------------------------------------------------------------------------------------------------- tags


def tags_of(api: Api, names: Sequence[str]) -> tuple[list[TagEvidence], list[Unread]]:
    """Where the server has these tags; one that it does not have is told neither here nor there."""
    names = sorted(set(names))
    parts = {
        f"n{place}": f"ref(qualifiedName: {json.dumps(f'refs/tags/{name}')}) {{ target {{ {target()} }} }}"
        for place, name in enumerate(names)
    }
    nodes = api.ask(parts, aside=True)
    found, unread = [], []
    for place, name in enumerate(names):
        node = nodes[f"n{place}"]
        tagged = checked(Tagged, node.value)
        last = _last(tagged.target) if tagged else None
        if tagged and tagged.target and last:
            found.append(TagEvidence(name, tagged.target.oid, last.oid))
        elif node.silence or node.value is not None:
            unread.append(Unread("tags", node.silence or "GitHub's answer on this tag was not understood", subject=f"tag:{name}"))
    return found, unread


def _last(tag: Target | None) -> Target | None:
    """What a tag is of in the end; None where that is deeper than was asked."""
    while tag and tag.kind == "Tag":
        tag = tag.target
    return tag
