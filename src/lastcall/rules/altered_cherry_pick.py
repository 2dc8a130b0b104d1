"""A cherry-pick or revert is not what git makes of the commit that it names.

## Why it matters

"It is on main already" and "it only takes that back" are why nobody looks. A line that says `cherry picked from commit` or `This reverts
commit` is text that anybody can write; what was picked by hand, with another indentation or in another place, has been seen by nobody.

## Flagged

A cherry-pick or revert whose content differs from what git makes of the named commit: a conflict that was resolved by hand, an edit, the
same lines in another place, another indentation.

## Not flagged

A cherry-pick that git makes the same way again, of a commit that was approved for a branch that the policy accepts (`review:
{accept-picks-from: [main]}`); a clean revert, where the policy lets one through (`allow-clean-revert`). Any of them that has an approved
pull request of its own into the release branch, clean or not.

## Remedy

While it is in an open pull request: have it approved there. Once it has landed: revert it through an approved pull request and pick it
again with `git cherry-pick -x` in another, or have two people waive it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import Change, Finding, Severity, Verdict
from lastcall.rules import NoOptions, Rule

rule = Rule(__name__, __doc__, Severity.ERROR)

REASONS = frozenset({"altered-cherry-pick", "altered-revert"})


@rule.each(Change)
def check(change: Change, _: NoOptions) -> Iterator[Finding]:
    if change.verdict is Verdict.BLOCKED and change.reason in REASONS:
        yield rule.finding(change.detail, key=[change.id, change.reason], change=change.id, commit=change.commits[-1].sha)
