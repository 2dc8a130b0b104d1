"""Break-glass: a waiver in the policy lets a change through without an approval, loudly, or does not and says why."""

from __future__ import annotations

import re
from dataclasses import replace

from lastcall.model import Change, Verdict, Waiver
from lastcall.review.carried import carry
from lastcall.review.facts import Facts, short
from lastcall.review.landed import Claim

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_SHA = re.compile(r"[0-9a-f]{7,64}")
_PEOPLE = 2


def waive(facts: Facts, change: Change, claim: Claim | None) -> Change:
    """The change let through by a waiver that names it and holds; with why none holds, where one names it.

    A waiver has no effect on a change that is approved or exempt already.  What guards a change touches stays told.
    """
    if change.verdict not in {Verdict.BLOCKED, Verdict.UNKNOWN}:
        return change
    naming = [waiver for waiver in facts.asked.waivers if _names(change, waiver)]
    refusals = [_refusal(facts, change, claim, waiver) for waiver in naming]
    for waiver, refusal in zip(naming, refusals, strict=True):
        if not refusal:
            return _waived(change, waiver)
    if not naming:
        return change
    return replace(change, detail=f"{change.detail} (the waiver by {_people(naming[0])} does not hold: {refusals[0]})")


def _names(change: Change, waiver: Waiver) -> bool:
    """Whether a waiver is meant for a change: it names its pull request, or one of its commits."""
    kind, _, name = waiver.change.strip().partition(":")
    if kind == "pull":
        return change.id == f"pull:{name}"
    return kind == "commit" and bool(_SHA.fullmatch(name.lower())) and any(commit.sha.startswith(name.lower()) for commit in change.commits)


def _refusal(facts: Facts, change: Change, claim: Claim | None, waiver: Waiver) -> str:
    """Why a waiver that names the change does not hold; empty where it does."""
    if not waiver.reason.strip():
        return "it gives no reason"
    if len(_distinct(waiver)) < _PEOPLE:
        return "it takes two different people"
    if not _DAY.fullmatch(waiver.expiry):
        return f"its expiry, {waiver.expiry or 'none'}, is no day like 2026-12-01"
    if not facts.asked.today or facts.asked.today > waiver.expiry:
        return f"it expired after {waiver.expiry}" if facts.asked.today else "what day it is was not told"
    return _misses(facts, change, waiver) or _bound_elsewhere(facts, change, claim, waiver)


def _misses(facts: Facts, change: Change, waiver: Waiver) -> str:
    """A commit is waived alone, never with others that nobody has named."""
    kind, _, name = waiver.change.strip().partition(":")
    if kind == "commit" and sum(commit.sha.startswith(name.lower()) for commit in facts.late.commits) > 1:
        return f"{name} is the beginning of several commits"
    if kind == "commit" and len(change.commits) > 1:
        return f"it names one of {len(change.commits)} commits that landed together; name {change.id}"
    return ""


def _bound_elsewhere(facts: Facts, change: Change, claim: Claim | None, waiver: Waiver) -> str:
    """A waiver holds for the commit that it is bound to: the last one, or the head of the pull request where just that landed."""
    bound, last = waiver.commit.strip().lower(), change.commits[-1].sha
    if not bound or (_SHA.fullmatch(bound) and last.startswith(bound)):
        return ""
    if claim and _SHA.fullmatch(bound) and claim.pull.head.startswith(bound):
        landed = carry(facts, claim, claim.pull.head).how
        return "" if landed else f"it is bound to {short(bound)}, and that is not proved to be what landed"
    return f"it is bound to {short(bound)}, and this is {short(last)}"


def _waived(change: Change, waiver: Waiver) -> Change:
    detail = f"waived by {_people(waiver)} until {waiver.expiry}: {waiver.reason}"
    if change.id.startswith("pull:") and not waiver.commit:
        detail += " (bound to no commit: it holds for whatever else is pushed to it until then)"
    return replace(change, verdict=Verdict.EXEMPT, reason="waived", detail=detail, needs=None, waiver=waiver)


def _distinct(waiver: Waiver) -> set[str]:
    return {person.strip().removeprefix("@").casefold() for person in waiver.people} - {""}


def _people(waiver: Waiver) -> str:
    return " and ".join(person.strip() for person in waiver.people if person.strip()) or "nobody"
