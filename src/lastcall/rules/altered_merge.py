"""What landed is not what merging the approved commits gives.

## Why it matters

A merge commit can hold anything, and no diff of the pull request shows it. Whoever resolves a conflict, edits a squash or rebases by hand
may change what was reviewed, by mistake or on purpose; the approval stands beside it and looks as good as before.

## Flagged

A merge commit whose files are not those that git gives for its parents: a conflict that was resolved by hand, or an edit that came in with
the merge. A squash or rebase whose content is not what merging the approved head gives.

## Not flagged

Merges, squashes, rebases, merge queues and "Update branch" that git makes the same way again: lastcall makes them again and compares the
files. A merge that was resolved by hand in a pull request, and approved there at its last commit.

## Remedy

Look at what was changed by hand, with the command that the finding names. Then revert it through an approved pull request and bring it
again through another, or have two people waive it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import Change, Finding, Severity, Verdict
from lastcall.rules import NoOptions, Rule

rule = Rule(__name__, __doc__, Severity.ERROR)

REASONS = frozenset({"altered-merge", "altered-squash", "altered-rebase"})


@rule.each(Change)
def check(change: Change, _: NoOptions) -> Iterator[Finding]:
    if change.verdict is Verdict.BLOCKED and change.reason in REASONS:
        yield rule.finding(change.detail, key=[change.id, change.reason], change=change.id, commit=change.commits[-1].sha)
