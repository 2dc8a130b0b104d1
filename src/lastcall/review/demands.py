"""What a change needs besides approvals by people: one of the owners of each path that it touches.

Owners are those of CODEOWNERS, last match first, and one for each path is enough.  Source:
https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
Beyond what GitHub asks, an owner who wrote a part of the change is no owner who approved it.  A clean pick wants no owner besides those
who had to approve its original; a merge that git makes wants none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lastcall.model import AccountKind, Commit, OwnersNeeded, Review
from lastcall.review.facts import MERGE_PARENTS, Facts
from lastcall.review.landed import Claim
from lastcall.review.people import Opinion, person
from lastcall.review.writers import Writers


def touched(facts: Facts, commits: Sequence[Commit], claim: Claim | None) -> tuple[str, ...]:
    """Every path that a change touches, sorted.

    What a pull request changes as a whole is what it landed as, against what the branch was before; what it took back on the way there is
    nothing.  Where others brought a part of it, or that cannot be told, each commit counts, and of a merge what git would not make of it.
    """
    if claim and claim.base and not claim.partial and facts.late.among(commit.sha for commit in commits) == claim.commits:
        landed = claim.landing[-1].sha if claim.landing else claim.pull.head
        if facts.history.has(landed) and facts.history.has(claim.base):
            return facts.changed_paths(landed, claim.base)
    return tuple(sorted({path for commit in commits for path in _changed_by(facts, commit)}))


def _changed_by(facts: Facts, commit: Commit) -> set[str]:
    if len(commit.parents) < MERGE_PARENTS:
        return set(facts.changed_paths(commit.sha))
    return set() if facts.mechanical(commit) else _by_hand(facts, commit)


def _by_hand(facts: Facts, merge: Commit) -> set[str]:
    """The paths of a merge that are not as a parent changed them, and those that are as no parent has them.

    Against the first parent alone a merge that takes away what the second one brings shows nothing.
    """
    if not all(facts.history.has(parent) for parent in merge.parents):
        return set(facts.changed_paths(merge.sha))
    differing = [set(facts.changed_paths(merge.sha, parent)) for parent in merge.parents]
    bases = facts.history.merge_bases(*merge.parents) if len(merge.parents) == MERGE_PARENTS else ()
    if len(bases) != 1:
        return set().union(*differing)
    undone = (differs & set(facts.changed_paths(parent, bases[0])) for parent, differs in zip(merge.parents, differing, strict=True))
    return set.intersection(*differing).union(*undone)


@dataclass(frozen=True)
class Owned:
    """The owners whose approval is wanting.  ``missing``: none of them approved; ``untold``: who they are is not known, and ``why``.

    ``unproved``: the only owner who approved may be the writer whom the forge knows no account of.
    """

    missing: tuple[OwnersNeeded, ...] = ()
    untold: tuple[OwnersNeeded, ...] = ()
    unproved: tuple[OwnersNeeded, ...] = ()
    why: str = ""

    @property
    def wanting(self) -> tuple[OwnersNeeded, ...]:
        return (*self.missing, *self.untold, *self.unproved)


def owned(facts: Facts, paths: Iterable[str], approvers: Sequence[Opinion], writers: Writers) -> Owned:
    """Whose approval as an owner of ``paths`` is wanting, where the policy asks for owners; ``approvers`` are those that count."""
    if not facts.policy.code_owners:
        return Owned()
    groups: dict[tuple[str, ...], list[str]] = {}
    for path in paths:
        groups.setdefault(facts.asked.owners(path), []).append(path)
    answers = {owners: approved_by(facts, owners, approvers, writers) for owners in groups if owners}

    def those(answer: str) -> tuple[OwnersNeeded, ...]:
        return tuple(OwnersNeeded(owners, tuple(groups[owners])) for owners, given in answers.items() if given == answer)

    untold = those("untold")
    return Owned(those("no"), untold, those("unproved"), _why_untold(facts, untold))


def approved_by(facts: Facts, owners: Sequence[str], approvers: Sequence[Opinion], writers: Writers) -> str:
    """Whether one of ``owners`` approved: yes, no, untold (who they are is not known), unproved (they may be who wrote it)."""
    independent = [opinion for opinion in approvers if opinion.reviewer.id not in writers.accounts]
    found = {person(opinion.reviewer): opinion for opinion in independent if any(_is(facts, owner, opinion.review) for owner in owners)}
    if found:
        stranger = writers.unmapped and not any(opinion.by_bot for opinion in found.values())
        return "unproved" if stranger and len(found) == 1 else "yes"
    return "untold" if any(silence(facts, owner) for owner in owners) else "no"


def _is(facts: Facts, owner: str, review: Review) -> bool:
    """Whether a review is one of this owner's: by login as it is now, as a member by numeric id, or on behalf of the team."""
    name, who = owner.casefold(), review.reviewer
    if _login(owner):
        return who.kind is not AccountKind.MANNEQUIN and who.login.casefold() == name.removeprefix("@")
    members = [member for team in facts.evidence.teams if team.name.casefold() == name for member in team.members]
    return name in {team.casefold() for team in review.teams} or (who.id is not None and who.id in {member.id for member in members})


def _login(owner: str) -> bool:
    return owner.startswith("@") and "/" not in owner


def silence(facts: Facts, owner: str) -> str:
    """Why it is not known who ``owner`` is; empty where it is."""
    told = {team.name.casefold() for team in facts.evidence.teams}
    unread = facts.silent.get(f"owner:{owner}")
    if _login(owner) or (owner.casefold() in told and unread is None):
        return ""
    return unread or ("the evidence does not say who that is" if "@" in owner else "CODEOWNERS could not be read")


def _why_untold(facts: Facts, untold: Sequence[OwnersNeeded]) -> str:
    reasons = [silence(facts, owner) for needed in untold for owner in needed.owners]
    return next((reason for reason in reasons if reason), "")


def able(needed: OwnersNeeded, writers: Writers) -> OwnersNeeded:
    """The owners that may still approve: a login of a writer's may not.  All of them, where that leaves none."""
    others = tuple(owner for owner in needed.owners if not _wrote(owner, writers))
    return OwnersNeeded(others or needed.owners, needed.paths)


def only_wrote(facts: Facts, needed: OwnersNeeded, writers: Writers) -> bool:
    """Whether every owner there is wrote a part of the change, so that none of them can approve it."""
    return all(_wrote(owner, writers) if _login(owner) else _all_wrote(facts, owner, writers) for owner in needed.owners)


def nobody(facts: Facts, owner: str) -> bool:
    """Whether it is known that a team has no members."""
    told = [team for team in facts.evidence.teams if team.name.casefold() == owner.casefold()]
    return bool(told) and not silence(facts, owner) and not any(team.members for team in told)


def owns(facts: Facts, needed: Sequence[OwnersNeeded], opinion: Opinion) -> bool:
    """Whether an approval that does not count is by one of the owners that are needed."""
    return any(_is(facts, owner, opinion.review) for each in needed for owner in each.owners)


def _wrote(owner: str, writers: Writers) -> bool:
    return owner.casefold() in {f"@{account.login}".casefold() for account in writers.accounts.values()}


def _all_wrote(facts: Facts, owner: str, writers: Writers) -> bool:
    members = {member.id for team in facts.evidence.teams if team.name.casefold() == owner.casefold() for member in team.members}
    return bool(members) and not silence(facts, owner) and members <= set(writers.accounts)
