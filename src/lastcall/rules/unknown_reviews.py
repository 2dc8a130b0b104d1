"""Whether a late change was approved is not known, because the evidence is missing.

## Why it matters

A guard that passes when it cannot see guards nothing. If the forge does not answer, if a commit is not in this clone, or if an author's
e-mail belongs to no account, then the change is not approved until somebody finds out.

## Flagged

Every late change whose reviews could not be fetched or proved: no token, a network error, a truncated answer, `--forge none`; an approval
whose commit the forge has lost or this clone does not hold; an author without an account; an owner of a file, a team or an e-mail address,
whose people the forge does not tell.

## Not flagged

Changes for which the forge answered in full, whatever it answered.

## Remedy

The finding says what is missing: a token (`GITHUB_TOKEN`), `fetch-depth: 0`, a commit to fetch, or an evidence file
(`lastcall collect -o evidence.json` where there is a network, then `lastcall check --evidence evidence.json`).
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.model import Change, Finding, Severity, Verdict
from lastcall.rules import NoOptions, Rule

rule = Rule(__name__, __doc__, Severity.ERROR)


@rule.each(Change)
def check(change: Change, _: NoOptions) -> Iterator[Finding]:
    if change.verdict is Verdict.UNKNOWN:
        yield rule.finding(change.detail, key=[change.id, change.reason], change=change.id, commit=change.commits[-1].sha)
