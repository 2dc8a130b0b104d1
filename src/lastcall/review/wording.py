"""The sentences of a verdict: what is wrong with a pull request, a semicolon, and the smallest step that mends it."""

from __future__ import annotations

from collections.abc import Sequence

from lastcall.model import (
    AccountKind,
    Commit,
    Need,
    OwnersNeeded,
)
from lastcall.review.facts import Facts, Judgement, names_of, short, unknown
from lastcall.review.landed import Claim
from lastcall.review.people import Opinion
from lastcall.review.writers import DELETED, PUSHED, SUGGESTED, WROTE, Writers

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_SHOWN = 3
"""Groups of owners, and paths of each, that a sentence names."""
REVERT = "revert it through an approved pull request"
AGAIN = f"{REVERT} and bring it again through another, or have two people waive it"
"""What mends a change that is on the branch already: neither an approval nor a pull request with the same content reaches it there."""
LATER = "from the next freeze on"
"""When a change of the policy, or of CODEOWNERS, has a say: this release is judged by those of its freeze."""


def again(need: Need, people: int) -> str:
    """The same, with what the other pull request needs where that is more than one approval."""
    if need.approvals <= 1 and not need.owners:
        return AGAIN
    what = "an approval" if need.approvals == 1 else f"{_number(need.approvals)} approvals"
    by = " and ".join(each for each in (_whom(people), owners_in_words(need.owners)) if each)
    return AGAIN.replace("another,", f"another with {what}{f' {by}' if by else ''},")


def mend(need: Need | None) -> str:
    """What mends what is no clean pick or revert: the approval that it needs where it is still open, or to come in anew."""
    return ask(need, need.approvals) if need and need.at else AGAIN


def instead(facts: Facts, sha: str, otherwise: str = "") -> str:
    """What to do with a commit that no pull request brought: only what has not been pushed yet can still come through one."""
    tip = facts.history.tip(facts.branch) if facts.branch else None
    pushed = tip is None or not facts.history.has(tip) or facts.holds(tip, sha)
    return AGAIN if pushed else otherwise or f"bring it through a pull request into {facts.branch}"


def ask(need: Need, people: int, subject: str = "it") -> str:
    """The smallest step: ``people`` of the approvals that are needed must be by somebody who did not write it."""
    if not need.at:
        return again(need, people)
    whom, by = _whom(people), owners_in_words(need.owners)
    more = f"{_number(need.approvals)} more approval{'' if need.approvals == 1 else 's'}"
    parts = [f"{subject} needs {more}", *([whom] if whom else [by]), f"at {short(need.at)}"]
    return ", ".join(parts) + (f", and {by}" if whom and by else "")


def _whom(people: int) -> str:
    return "by somebody who did not write it" if people == 1 else "by people who did not write it" if people else ""


def _number(number: int) -> str:
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)


def owners_in_words(needed: Sequence[OwnersNeeded]) -> str:
    """``by one of @acme/db or @cat, who own db/schema.sql, and by @ann, who owns web/x.js``."""
    told = ", and ".join(_owners(each) for each in needed[:_SHOWN])
    more = sum(len(each.paths) for each in needed[_SHOWN:])
    return f"{told}, and by the owners of {more} more path{'s' if more > 1 else ''}" if more else told


def _owners(needed: OwnersNeeded) -> str:
    *others, last = needed.owners
    who = f"by one of {', '.join(others)} or {last}, who own" if others else f"by {last}, who owns"
    return f"{who} {paths_in_words(needed.paths)}"


def paths_in_words(paths: Sequence[str]) -> str:
    """``a, b and c``, or three of them ``and 4 more``."""
    *most, last = [*paths[:_SHOWN], *([f"{len(paths) - _SHOWN} more"] if len(paths) > _SHOWN else [])]
    return f"{', '.join(most)} and {last}" if most else last


def wrote(claim: Claim, approvers: Sequence[Opinion], writers: Writers) -> str:
    """Who approved what they wrote, each with what they did."""
    by_part: dict[str, list[Opinion]] = {}
    for opinion in approvers:
        by_part.setdefault(writers.part.get(opinion.reviewer.id or 0, WROTE), []).append(opinion)
    told = [f"{names_of(each.reviewer for each in by_part[part])}, {part}" for part in (WROTE, SUGGESTED, PUSHED) if part in by_part]
    hint = f" (allow-suggestions: true lets who suggested approve, {LATER})" if set(by_part) == {SUGGESTED} else ""
    return f"{claim.name} was approved by {', and '.join(told)}{hint}"


def why_refused(claim: Claim, opinion: Opinion) -> str:
    who = opinion.reviewer.login
    return {
        "dismissed-approval": f"the review of {claim.name} by {who} was dismissed",
        "imported": f"the approval of {claim.name} by {who} was imported, and proves nothing",
        "late-approval": f"{who} approved {claim.name} only after it was merged",
        "no-write-access": f"{who} approved {claim.name} but cannot write to the repository",
        "bot-approval": f"{claim.name} was approved by {who}, which is no person",
    }[_imported(opinion) or opinion.refused]


def _imported(opinion: Opinion) -> str:
    return "imported" if opinion.refused == "bot-approval" and opinion.reviewer.kind is AccountKind.MANNEQUIN else ""


def why_uncertain(claim: Claim, opinion: Opinion) -> str:
    if opinion.uncertain == "deleted-account":
        return f"{claim.name} was approved from an account that was deleted since"
    if opinion.review.commit is None:
        return f"the forge no longer knows which commit {opinion.reviewer.login} approved in {claim.name}"
    return f"the forge does not say whether {opinion.reviewer.login}, who approved {claim.name}, can write to the repository"


def stale(claim: Claim, opinion: Opinion, forbids: str = "") -> str:
    """What came after the approval; ``forbids``: the policy's ``carry``, where that alone keeps the approval from following."""
    approved, listed = opinion.review.commit or "", [commit.sha for commit in claim.pull.commits]
    after = len(listed) - 1 - listed.index(approved) if approved in listed else 0
    came = f"{after} commit{'s' if after > 1 else ''} came after" if after else "its commits were replaced by others after that"
    came += f", which only brought it up to date: carry: {forbids} in the policy lets no approval follow that" if forbids else ""
    return f"{claim.name} was approved by {opinion.reviewer.login} at {short(approved)}, but {came}"


def altered(claim: Claim, at_head: Sequence[Opinion], mend: str) -> str:
    """What landed is not what was approved; the command shows just what was changed by hand, not what the branch got meanwhile."""
    head, last = short(claim.pull.head), claim.landing[-1].sha
    made = f"git merge-tree --write-tree {short(claim.base or '') or short(claim.landing[0].sha) + '^'} {head}"
    show = f"git show --remerge-diff {last}" if claim.kind == "merge" else f"git diff $({made}) {short(last)}"
    who = names_of(opinion.reviewer for opinion in at_head)
    why = f"{claim.name} was approved by {who} at {head}, but {short(last)} is not what merging that gives"
    return f"{why} ('{show}' shows what was changed by hand); {mend}"


def perhaps(facts: Facts, claim: Claim, sha: str) -> str:
    """What may help where ``sha`` is not in this clone: a merge that only brought the pull request up to date cannot be told there."""
    fetch = f"git fetch origin {head_ref(claim)}"
    return "" if facts.history.has(sha) else f" (where that only brought it up to date: {fetch}, and check again)"


def head_ref(claim: Claim) -> str:
    """What the forge keeps the last commit of a pull request under."""
    number = claim.pull.number
    return f"merge-requests/{number}/head" if "/merge_requests/" in claim.pull.url else f"pull/{number}/head"


def perhaps_wrote(claim: Claim, approvers: Sequence[Opinion], missing: str) -> str:
    """Whether approvers wrote part of it, or only brought it up to date, hangs on a commit that is not in this clone."""
    who = names_of(opinion.reviewer for opinion in approvers)
    why = f"{claim.name} was approved by {who}, who made {short(missing)}: whether that only brought it up to date cannot be told"
    return f"{why}, because it is not in this clone; run 'git fetch origin {head_ref(claim)}' and check again"


def perhaps_pushed(facts: Facts, claim: Claim, approvers: Sequence[Opinion]) -> str:
    """The same for approvers who pushed by force and did nothing else."""
    pushed = {opinion.reviewer.id for opinion in approvers}
    gone = [
        sha
        for push in claim.pull.force_pushes
        for sha in (push.before, push.after)
        if sha and push.actor and push.actor.id in pushed and not facts.history.has(sha)
    ]
    return f" (where that only brought it up to date: git fetch origin {' '.join(dict.fromkeys(gone))}, and check again)" if gone else ""


def fetch(claim: Claim, missing: str) -> str:
    listed = missing in {claim.pull.head, *(commit.sha for commit in claim.pull.commits)}
    what = f"git fetch origin {head_ref(claim) if listed else missing}"
    was = f"{short(missing)}, which {claim.name} was approved at, is not in this clone and cannot be compared with what landed"
    return f"{was}; run '{what}' and check again"


def unmapped(claim: Claim, writers: Writers) -> str:
    who = " and ".join(writers.unmapped)
    why = (
        ", a name that anybody can write and the forge did not sign for"
        if any(map(_of_forge, writers.unmapped))
        else ", without an account on the forge"
    )
    why = "" if all(map(_deleted, writers.unmapped)) else why
    return f"{claim.name} holds work of {who}{why}, so it is not proved that the approval is somebody else's"


def can_be_mapped(writers: Writers) -> bool:
    """Whether an account can be found for everybody who has none: by an address of their own."""
    return all(name.endswith(">") and not _of_forge(name) for name in writers.unmapped)


def _of_forge(name: str) -> bool:
    """Whether this is the name that the forge itself commits under."""
    return name.partition(" <")[2].casefold().startswith("noreply@")


def _deleted(name: str) -> bool:
    return name.endswith(DELETED)


def tell_owners(untold: Sequence[OwnersNeeded], at: str) -> str:
    """What to do where nobody knows who an owner is; ``at`` as in ``Need``."""
    names = [owner for each in untold for owner in each.owners]
    teams = any(name.startswith("@") and "/" in name for name in names)
    addresses = any("@" in name[1:] for name in names)
    when = "in the policy of the base" if at else LATER
    ways = [
        *(["let the token read the members of teams (members: read, or read:org)"] if teams else []),
        *([f"write the @login instead of the address in CODEOWNERS ({'of the base' if at else LATER})"] if addresses else []),
        f"set code-owners: false ({when})" if not at else f"set code-owners: false {when}",
    ]
    return ", or ".join(ways)


def octopus(commit: Commit) -> Judgement:
    detail = (
        f"{short(commit.sha)} merges {len(commit.parents)} parents at once and cannot be made again to compare; "
        f"{REVERT} and merge them one at a time, or have two people waive it"
    )
    return unknown("octopus-merge", detail)
