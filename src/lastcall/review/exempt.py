"""The end of each verdict: what the policy exempts, what two people waived, and what else is told of a change."""

from __future__ import annotations

from dataclasses import replace

from lastcall.model import (
    AccountKind,
    Change,
    CommitEvidence,
    Exemption,
    PullCommit,
    Verdict,
)
from lastcall.review.carried import carry
from lastcall.review.demands import touched
from lastcall.review.facts import MERGE_PARENTS, Facts
from lastcall.review.guarded import anew, approved_in, guards_of
from lastcall.review.landed import Claim
from lastcall.review.waivers import waive


def finish(facts: Facts, change: Change, claim: Claim | None) -> Change:
    """The change with its guards, exempt where the policy says so, waived where two people did, and with what it needs where neither is."""
    paths = touched(facts, change.commits, claim)
    change = replace(change, guards=guards_of(facts, change, claim, paths))
    if change.verdict is Verdict.APPROVED:
        return replace(change, approved_in=approved_in(facts, change)) if change.reason == "clean-pick" else change
    rule = next((rule for rule in facts.policy.exempt if _exempts(facts, rule, change, claim, paths)), None)
    if rule is None:
        return waive(facts, replace(change, needs=change.needs or anew(facts, change, paths)), claim)
    named = [*rule.paths, *rule.authors]
    return replace(change, verdict=Verdict.EXEMPT, reason="exempt", detail=f"the policy exempts {', '.join(named)} from review", needs=None)


def _exempts(facts: Facts, rule: Exemption, change: Change, claim: Claim | None, paths: tuple[str, ...]) -> bool:
    """Whether its paths and its authors exempt a change.  A merge made by hand never is: what it takes away has no path."""
    if not rule.paths and not rule.authors:
        return False
    if any(len(commit.parents) >= MERGE_PARENTS and not facts.mechanical(commit) for commit in change.commits):
        return False
    if rule.authors and not _all_by(facts, {author.casefold() for author in rule.authors}, change, claim):
        return False
    if not rule.paths:
        return True
    import pathspec  # noqa: PLC0415  only policies with exempt paths need it

    spec = pathspec.GitIgnoreSpec.from_lines(rule.paths)
    return bool(paths) and all(spec.match_file(path) for path in paths)


def _all_by(facts: Facts, logins: set[str], change: Change, claim: Claim | None) -> bool:
    """Whether the forge proves that nobody else wrote it: a name in a commit is anybody's to write, so each must be signed, too."""
    if any(facts.unread_commit(commit.sha) for commit in change.commits):
        return False
    if claim is None:
        return all(_only(logins, facts.known[commit.sha]) for commit in change.commits)
    pull = claim.pull
    if facts.unread(f"pull:{pull.number}") or not pull.commits or not facts.accepted(pull) or pull.author.login.casefold() not in logins:
        return False
    # What the merge made is signed by whoever merged; that it holds just what the pull request's own commits do is proved by its content.
    return bool(carry(facts, claim, pull.head).how) and all(_only(logins, commit) for commit in pull.commits)


def _only(logins: set[str], commit: PullCommit | CommitEvidence) -> bool:
    author, committer = commit.author, commit.committer
    return (
        commit.verified
        and author is not None
        and committer is not None
        and author.login.casefold() in logins
        and (committer.login.casefold() in logins or committer.kind is AccountKind.BOT)
        and all(co_author.login.casefold() in logins for co_author in commit.co_authors)
    )
