"""A change came in after the code freeze, and nobody independent has approved what landed.

## Why it matters

The change that takes a release down is the small one of the last evening that nobody looked at. After the freeze, every change needs the
approval of somebody who did not write it, on exactly the content that landed.

## Flagged

A commit that was pushed to the release branch without a pull request; a pull request without an approval; one that only its own authors,
bots, or people who cannot write to the repository approved; one whose reviewers asked for changes; a merge or squash whose content is not
what was reviewed.

## Not flagged

A pull request that was approved at the head that landed: merged, squashed or rebased, as long as the content is the same. Changes that the
policy exempts (`review: {exempt: [{paths: ["docs/**"]}]}`).

## Remedy

Take the change through a pull request and have it approved; or revert it. The finding says which approval is missing, on which commit.
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import Change, Finding, Severity, Verdict
from lastcall.rules import NoOptions, Rule

rule = Rule(__name__, __doc__, Severity.ERROR)


@rule.each(Change)
def check(change: Change, _: NoOptions) -> Iterator[Finding]:
    if change.verdict is Verdict.BLOCKED and change.reason != "stale-approval":
        yield rule.finding(change.detail, key=[change.id, change.reason], change=change.id, commit=change.commits[-1].sha)
