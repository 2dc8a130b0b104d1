"""A check that the policy requires failed on the commit that is to be released.

## Why it matters

The load test that would have found the slow query is of use only when it ran on what is shipped, and when somebody minds that it failed.

## Flagged

A check of the policy's `checks:` whose newest run on exactly the release head failed, was cancelled or timed out. Where several apps tell
of a check by the same name, one that failed is enough; `{name: load-test, app: github-actions}` counts that app's only.

## Not flagged

A check that passed on the release head. Skipped and neutral runs count as passed, as GitHub counts them. Checks that the policy does not
name. What failed on an older commit.

## Remedy

Mend what the check found, or run it again on the same commit if it was not the commit's fault.
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import Check, CheckState, Finding, Severity
from lastcall.rules import NoOptions, Rule

rule = Rule(__name__, __doc__, Severity.ERROR)


@rule.each(Check)
def check(required: Check, _: NoOptions) -> Iterator[Finding]:
    if required.state is CheckState.FAILED:
        yield rule.finding(required.detail, key=[required.name, required.app], commit=required.commit)
