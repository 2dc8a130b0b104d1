"""A check that the policy requires did not run to its end on the commit that is to be released.

## Why it matters

No result is not a good result. A workflow that a path filter skipped, a name that changed, or a push after the last run leaves a release
that nobody tested, with nothing red to be seen.

## Flagged

A check of the policy's `checks:` that did not run on exactly the release head, has not finished, or of which the forge did not tell. An
empty list of runs is a missing check, never a green one. Names are compared to the letter: `test (3.12)`, of a matrix, is not `test`.

## Not flagged

A check that passed on the release head. One that failed there is a `failed-check`. Before a pull request has landed, the checks are not
asked for: they run beside this one.

## Remedy

Run the check on the commit that the finding names, wait for it, or correct its name in the policy. Where the forge did not answer, the
finding says why (`checks: read` and `statuses: read` are the permissions of the token that are needed).
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import Check, CheckState, Finding, Severity
from lastcall.rules import NoOptions, Rule

rule = Rule(__name__, __doc__, Severity.ERROR)


@rule.each(Check)
def check(required: Check, _: NoOptions) -> Iterator[Finding]:
    if required.state in {CheckState.MISSING, CheckState.PENDING, CheckState.UNKNOWN}:
        yield rule.finding(required.detail, key=[required.name, required.app], commit=required.commit)
