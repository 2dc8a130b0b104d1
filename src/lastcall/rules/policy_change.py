"""A late change touches the files that steer the guard itself.

## Why it matters

Whoever can change the policy, CODEOWNERS or the workflow that runs lastcall can switch it off. lastcall therefore reads its policy from
the freeze (or from the base of the pull request), never from the side that is judged, and tells of every change to these files.

## Flagged

A late change to `.lastcall.yml`, to CODEOWNERS, or to a workflow or hook configuration that runs lastcall: an error while the change is
not approved, and a warning once it is, because an owner of these files should have been among those who approved.

## Not flagged

Changes of other files; changes of the policy before the freeze.

## Remedy

Have an owner of the file approve the change, or move it out of the release.
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import Change, Finding, Location, Severity, Verdict
from lastcall.rules import NoOptions, Rule

rule = Rule(__name__, __doc__, Severity.ERROR)


@rule.each(Change)
def check(change: Change, _: NoOptions) -> Iterator[Finding]:
    approved = change.verdict is Verdict.APPROVED
    for path in change.guards:
        told = "make sure that an owner of it was among those who approved" if approved else "it is not approved"
        yield rule.finding(
            f"a late change of {path}, which steers this check: {told}; the check still goes by the file as it was before",
            Location(path, 1),
            key=[change.id, path],
            severity=Severity.WARNING if approved else Severity.ERROR,
            change=change.id,
            commit=change.commits[-1].sha,
        )
