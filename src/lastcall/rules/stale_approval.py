"""A change was approved, and then something else was pushed and landed.

## Why it matters

An approval is for the content that the reviewer saw. What was pushed afterwards is as unreviewed as a direct push, and looks approved.

## Flagged

A pull request whose approvals were all given on an older head than the one that landed, unless only the base was merged in or the commits
were rebased without a conflict (the policy's `review: {carry: replay}`; with `carry: none` any later push counts).

## Not flagged

An approval of the head that landed; "Update branch" merges and clean rebases after the approval, whose content lastcall makes again and
compares.

## Remedy

While its pull request is open: ask for an approval at the commit that the finding names. Once it has landed: revert it through an approved
pull request and bring it again through another, or have two people waive it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import Change, Finding, Severity, Verdict
from lastcall.rules import NoOptions, Rule

rule = Rule(__name__, __doc__, Severity.ERROR)


@rule.each(Change)
def check(change: Change, _: NoOptions) -> Iterator[Finding]:
    if change.verdict is Verdict.BLOCKED and change.reason == "stale-approval":
        yield rule.finding(change.detail, key=[change.id, change.reason], change=change.id, commit=change.commits[-1].sha)
