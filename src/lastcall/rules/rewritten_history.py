"""Commits that were frozen are not in the release any more.

## Why it matters

What was frozen is what was tested. A forced push can take a part of it out of the release branch, or put something else in its place, and
leave no commit behind that anybody could be asked about: nothing that is there looks late.

## Flagged

A freeze that is not in the history of the release: the branch was reset, rebased or amended past it, or has nothing in common with it. The
finding counts the commits that were lost, and names the first of them. Whatever the release brings instead is judged as late besides.

## Not flagged

Commits that were taken back by a revert, which is a change as any other. In a shallow clone nobody can tell what was lost: there the check
ends with an error that says what to fetch.

## Remedy

Bring the lost commits back: reset the branch to what it was, or merge the freeze into it. Where the history was rewritten on purpose, and
what is there now was looked at, declare the freeze anew: `lastcall thaw BRANCH`, then `lastcall freeze BRANCH`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from lastcall.model import Finding, Rewritten, Severity
from lastcall.rules import NoOptions, Rule

rule = Rule(__name__, __doc__, Severity.ERROR)

_NAMED = 3
_SUBJECT = 60


@rule.each(Rewritten)
def check(rewritten: Rewritten, _: NoOptions) -> Iterator[Finding]:
    lost, freeze, branch = rewritten.lost, rewritten.freeze, rewritten.branch
    named = "; ".join(f"{commit.sha[:7]} {_cut(commit.subject)}" for commit in lost[:_NAMED])
    more = f"; and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
    count, them = ("1 frozen commit is", "it") if len(lost) == 1 else (f"{len(lost)} frozen commits are", "them")
    again = f"lastcall freeze {shlex.quote(branch)}"
    if freeze.name == f"freeze/{branch}":
        again = f"lastcall thaw {shlex.quote(branch)} && {again}"
    yield rule.finding(
        f"the freeze {freeze.commit[:7]} ({freeze.source}) is not in the history of {branch} at {rewritten.head[:7]}: {count} lost "
        f"({named}{more}); bring {them} back (git merge {freeze.commit[:7]}), or declare the freeze anew: {again}",
        key=[branch, freeze.commit],
        commit=rewritten.head,
    )


def _cut(subject: str) -> str:
    return subject if len(subject) <= _SUBJECT else f"{subject[: _SUBJECT - 1]}…"
