"""A late change touches the files that steer the guard itself, and none of their owners approved it.

## Why it matters

Whoever can change the policy, CODEOWNERS, the allowed signers or the workflow that runs lastcall can switch it off. lastcall therefore
reads them from the freeze (or from the base of the pull request), never from the side that is judged, and wants an owner of these files
among those who approve a change of them.

## Flagged

A late change to `.lastcall.yml`, to CODEOWNERS, to a file of allowed signers, or to a workflow or hook configuration that runs lastcall:

- an error while the change is not approved, and when none of those who approved it owns the file, by CODEOWNERS of the base, or when who
  its owners are is not known;
- an error, too, when the policy lets the change through without an approval (`exempt`, `allow-clean-revert`): that speaks of what is
  reviewed, not of who reviews it;
- a warning when CODEOWNERS of the base names nobody for the file (whoever adds a first CODEOWNERS names its owners), and when a waiver
  let the change through: two people have answered for it by name.

## Not flagged

A change that an owner of the file approved; a change that a later one took back cleanly; changes of other files, and of these before the
freeze.

## Remedy

Have an owner of the file approve the change while it is open; revert it through an approved pull request where it has landed. Name an
owner of these files in CODEOWNERS, before the next freeze.
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import Change, Finding, Guard, Location, Severity, Verdict
from lastcall.rules import NoOptions, Rule

rule = Rule(__name__, __doc__, Severity.ERROR)


@rule.each(Change)
def check(change: Change, _: NoOptions) -> Iterator[Finding]:
    for guard in change.guards:
        severity, told = _weigh(change, guard)
        if severity:
            yield rule.finding(
                f"a late change of {guard.path}, which steers this check: {told}; the check still goes by the file as it was before",
                Location(guard.path, 1),
                key=[change.id, guard.path],
                severity=severity,
                change=change.id,
                commit=change.commits[-1].sha,
            )


def _weigh(change: Change, guard: Guard) -> tuple[Severity | None, str]:
    """How much a change of a guard weighs, None where it is as it should be, and why."""
    if change.verdict in {Verdict.BLOCKED, Verdict.UNKNOWN}:
        return Severity.ERROR, "it is not approved"
    if guard.owner_approved or change.reason == "undone":
        return None, ""
    if change.waiver:
        return Severity.WARNING, f"no owner of it approved it, and a waiver lets it through ({' and '.join(change.waiver.people)})"
    if not guard.owners:
        if change.verdict is Verdict.EXEMPT:
            return Severity.ERROR, "the policy asks for no approval of this change, and what steers the check is not let through by that"
        return Severity.WARNING, "the base has no owner for it; name one in CODEOWNERS, and see who approved it"
    owners = " or ".join(guard.owners)
    if guard.owner_approved is None:
        return Severity.ERROR, f"it must be approved by {owners}, and whether one of those who approved is that is not known"
    return Severity.ERROR, f"it must be approved by {owners}, and was not"
