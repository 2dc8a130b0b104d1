"""A change came in after the code freeze, and nobody independent has approved what landed.

## Why it matters

The change that takes a release down is the small one of the last evening that nobody looked at. After the freeze, every change needs the
approval of somebody who did not write it, on exactly the content that landed.

## Flagged

A commit that was pushed to the release branch without a pull request; a pull request without an approval, or with fewer than the policy
asks for; one that only its own authors, bots, or people who cannot write to the repository approved, or that was approved only after it
was merged; one without the approval of an owner of its files, by CODEOWNERS; one whose reviewers asked for changes; one that was approved
for another branch, or of which only a part is here; a submodule that moves; a waiver that has expired.

## Not flagged

A pull request that was approved at the head that landed: merged, squashed or rebased, as long as the content is the same. Changes that the
policy exempts (`review: {exempt: [{paths: ["docs/**"]}]}`) or that two people let through (`waivers:`). What was approved and then altered
is `stale-approval`, `altered-merge` or `altered-cherry-pick`.

## Remedy

While its pull request is open: the approval that the finding names, on the commit that it names. Once it has landed: revert it through an
approved pull request and bring it again through another, or have two people waive it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import Change, Finding, Severity, Verdict
from lastcall.rules import NoOptions, Rule

rule = Rule(__name__, __doc__, Severity.ERROR)


ELSEWHERE = frozenset(
    {"stale-approval", "altered-merge", "altered-squash", "altered-rebase", "altered-cherry-pick", "altered-revert"},
)
"""Reasons that another rule speaks of."""


@rule.each(Change)
def check(change: Change, _: NoOptions) -> Iterator[Finding]:
    if change.verdict is Verdict.BLOCKED and change.reason not in ELSEWHERE:
        yield rule.finding(change.detail, key=[change.id, change.reason], change=change.id, commit=change.commits[-1].sha)
