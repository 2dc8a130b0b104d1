"""The whole chain of evidence for one change, in words: how it came in, who wrote it, who said what about it, and what that is worth.

The verdict itself is the review half's.  Here it is only told, with the facts that it hangs on; why a review does not count is read off the
same facts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from lastcall.formats._untrusted import one_line, visible_path
from lastcall.formats._wording import CARRIED, guarded, label, steps, terms, title
from lastcall.model import Account, AccountKind, Approval, Change, Commit, Pull, Release, Review, ReviewState, Verdict

_VERDICTS = {
    Verdict.APPROVED: "approved",
    Verdict.BLOCKED: "blocked: it is known not to be approved",
    Verdict.UNKNOWN: "unknown, which blocks: evidence is missing",
    Verdict.EXEMPT: "exempt: let through without an approval",
}
_HINT = re.compile(r"(?i)\(cherry picked from commit ([0-9a-f]{7,64})\)|\bthis reverts commit ([0-9a-f]{7,64})")
_OF_OWNERS = ("no-owner-approval", "unknown-owners")
"""Reasons that are given only when nothing but owners is wanting."""
_NOBODY = "somebody (account deleted)"
_PATHS = 5
"""Paths of one group of owners that are named."""

Owned = Mapping[tuple[str, ...], Sequence[str]]
"""The paths of a change by the owners that CODEOWNERS names for them."""


def chain(facts: Release, change: Change, sha: str, owned: Owned) -> Iterator[str]:
    """All that is known of ``change``; ``sha`` is the commit that was asked about."""
    yield f"{label(change)} {title(change)}"
    yield from _verdict(change)
    yield "  commits, and how each came in:"
    yield from (f"    {line}" for commit in change.commits for line in _commit(commit, change))
    yield from _writers(change)
    yield from _pulls(change)
    yield from _approvals(change)
    yield from _owners(change, owned)
    if change.guards:
        yield f"  it changes what steers lastcall: {guarded(change.guards)}"
    yield from _checks(facts, sha)
    yield from _unread(facts, change)


def _verdict(change: Change) -> Iterator[str]:
    why, todo = steps(change.detail)
    yield f"  verdict: {_VERDICTS[change.verdict]}" + (f" ({one_line(change.reason)})" if change.reason != change.verdict else "")
    yield f"  because: {why}"
    if todo:
        yield f"  next:    {todo}"
    if change.needs:
        at = f" at {_short(change.needs.at)}" if change.needs.at else " in the pull request that brings it again"
        by = f", not by {', '.join(map(one_line, change.needs.not_by))}" if change.needs.not_by else ""
        yield f"  needs:   {change.needs.approvals} more approval{'' if change.needs.approvals == 1 else 's'}{at}{by}"
    if change.waiver:
        yield f"  WAIVED:  by {terms(change.waiver)}: {one_line(change.waiver.reason)}"


# ---------------------------------------------------------------------------------------------------------------- commits and people


def _commit(commit: Commit, change: Change) -> Iterator[str]:
    merge = f", a merge of {' and '.join(map(_short, commit.parents))}" if len(commit.parents) > 1 else ""
    yield f"{_short(commit.sha)} {one_line(commit.subject)}"
    yield f"        by {one_line(str(commit.author))}, committed by {one_line(str(commit.committer))}{merge}"
    yield f"        {_landed(commit, change.pull)}"
    for picked, reverted in dict.fromkeys(_HINT.findall(commit.message)):
        what = "was picked from" if picked else "takes back"
        yield f"        its message says that it {what} {_short(picked or reverted)}: a hint where to look, and no proof"


def _landed(commit: Commit, pull: Pull | None) -> str:
    if pull is None:
        return "no pull request is known to have brought it"
    number = f"pull request {pull.number}"
    if commit.sha in {each.sha for each in pull.commits}:
        return f"as it was in {number}"
    if commit.sha == pull.merge_commit:
        return f"the merge of {number}" if len(commit.parents) > 1 else f"what {number} landed as: squashed, or the last commit rebased"
    return f"brought by {number}, which does not list it: rebased, or merged in between"


def _writers(change: Change) -> Iterator[str]:
    """Everybody who had a hand in it: none of them is independent of what they wrote."""
    people = list(dict.fromkeys(who for who, _ in _roles(change.pull))) if change.pull else []
    if change.pull is None or not people:
        yield f"  written by: {', '.join(map(one_line, change.authors)) or 'nobody known'}"
        return
    yield "  had a hand in it:"
    yield from (f"    {who}: {_part(change.pull, who)}" for who in people)


def _part(pull: Pull, who: str) -> str:
    """What somebody did: ``opened it; author of 962d34c, b3d8159``."""
    done: dict[str, list[str]] = {}
    for each, (role, sha) in _roles(pull):
        if each == who:
            done.setdefault(role, []).append(sha)
    return "; ".join(f"{role} {', '.join(dict.fromkeys(filter(None, shas)))}".rstrip() for role, shas in done.items())


def _roles(pull: Pull) -> Iterator[tuple[str, tuple[str, str]]]:
    """Who did what, and to which commit."""
    yield _account(pull.author), ("opened it", "")
    for commit in pull.commits:
        sha = _short(commit.sha)
        nobody = f"{one_line(commit.author_name) or 'somebody'} (no account known)"
        yield _account(commit.author) if commit.author else nobody, ("author of", sha)
        for co_author in commit.co_authors:
            yield _account(co_author), ("co-author of", sha)
        if commit.committer and commit.committer != commit.author:
            yield _account(commit.committer), ("committer of", sha)
    for push in pull.force_pushes:
        yield _account(push.actor) if push.actor else _NOBODY, ("pushed with force", "")


def _account(account: Account) -> str:
    """With the number that people are told apart by: logins are renamed and given away."""
    kind = "" if account.kind is AccountKind.USER else f" ({account.kind})"
    return f"{one_line(account.login)}{kind}{f' [id {account.id}]' if account.id is not None else ''}"


# ---------------------------------------------------------------------------------------------------------------- the pull request


def _pulls(change: Change) -> Iterator[str]:
    """The pull request that brought it, and those in which what it was picked from was approved."""
    if change.pull:
        yield from _pull(change, change.pull)
    else:
        yield "  pull request: none is known to hold these commits"
    for pull in change.approved_in:
        yield "  what it was picked from was approved in:"
        yield from _pull(change, pull)


def _pull(change: Change, pull: Pull) -> Iterator[str]:
    yield f"  pull request {pull.number}: {one_line(pull.state)}, into {one_line(pull.base)}, its last commit is {_short(pull.head)}"
    yield f"    {one_line(pull.url)}"
    events = sorted(_events(change, pull), key=lambda event: _moment(event[0]))
    if not pull.reviews:
        yield "    nobody has reviewed it"
    for at, text, worth in events:
        yield f"    {one_line(at) or 'at an unknown time'}  {text}"
        if worth:
            yield f"        {worth}"


def _events(change: Change, pull: Pull) -> Iterator[tuple[str, str, str]]:
    """What happened to it: when, what, and what that is worth."""
    for push in pull.force_pushes:
        who = _account(push.actor) if push.actor else _NOBODY
        yield push.at, f"pushed with force by {who}: {_short(push.before)} became {_short(push.after)}", ""
    for moved in pull.base_changes:
        yield moved.at, f"pointed at {one_line(moved.after)} instead of {one_line(moved.before)}", ""
    for review in pull.reviews:
        edited = f", edited {one_line(review.edited_at)}" if review.edited_at else ""
        teams = f", for {', '.join(map(one_line, review.teams))}" if review.teams else ""
        said = f"{review.state} by {_account(review.reviewer)}{teams} on {_short(review.commit)}{edited}"
        yield review.submitted_at, said, _worth(review, change, pull)
    if pull.merged_at:
        by = f" by {_account(pull.merged_by)}" if pull.merged_by else ""
        yield pull.merged_at, f"merged{by} as {_short(pull.merge_commit)}", ""


def _moment(time: str) -> datetime:
    """What has no time that can be read comes last."""
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _worth(review: Review, change: Change, pull: Pull) -> str:
    """Whether a review counts, and why not."""
    counted = next((given for given in change.approvals if _same(given, review)), None)
    if counted:
        return f"counts: {CARRIED.get(counted.carried_by, one_line(counted.carried_by))}"
    if review.state is ReviewState.COMMENTED:
        return "a comment is no opinion, and takes none back"
    if _replaced(review, pull):
        return "a later review of theirs took its place"
    if review.state is ReviewState.DISMISSED:
        return "dismissed: it does not count, and no older one takes its place"
    if review.state is ReviewState.CHANGES_REQUESTED:
        weak = review.can_write is False
        return "does not block: they cannot write to the repository" if weak else "blocks until they approve, or it is dismissed"
    return _not_counted(review, change, pull)


def _same(given: Approval, review: Review) -> bool:
    told = (review.reviewer.login, review.commit or "", review.submitted_at)
    return review.state is ReviewState.APPROVED and (given.reviewer, given.commit, given.submitted_at) == told


def _replaced(review: Review, pull: Pull) -> bool:
    if review.reviewer.id is None:
        return False
    later = [each for each in pull.reviews if each.reviewer.id == review.reviewer.id and each.state is not ReviewState.COMMENTED]
    return any(_moment(each.submitted_at) > _moment(review.submitted_at) for each in later)


def _not_counted(review: Review, change: Change, pull: Pull) -> str:
    who = review.reviewer
    wrote = _part(pull, _account(who))
    reasons = (
        (who.kind in (AccountKind.BOT, AccountKind.MANNEQUIN), "does not count: a bot or a placeholder is no person"),
        (who.kind is AccountKind.GHOST or who.id is None, "not known whose it is: the account was deleted"),
        (review.can_write is False, "does not count: they cannot write to the repository"),
        (review.can_write is None, "not known whether they can write to the repository"),
        (bool(wrote), f"not independent: {wrote}"),
        (bool(pull.merged_at) and _moment(review.submitted_at) > _moment(pull.merged_at or ""), "given only after the merge"),
        (review.commit is None, "not known what was approved: the forge has lost the commit"),
        (review.commit != pull.head, f"given on an older commit than {_short(pull.head)}: what came after was not approved"),
        (change.verdict is Verdict.UNKNOWN, "whether it counts is not known"),
        (change.reason.startswith("altered"), "given on the last commit, but that is not what landed"),
    )
    return next((reason for holds, reason in reasons if holds), "by itself not enough")


def _approvals(change: Change) -> Iterator[str]:
    yield "  approvals that count:" if change.approvals else "  approvals that count: none"
    for each in change.approvals:
        carried = one_line(each.carried_by).replace("-", " ")
        meaning = CARRIED.get(each.carried_by)
        yield f"    {one_line(each.reviewer)}, on {_short(each.commit)} at {one_line(each.submitted_at)}"
        yield f"        carried to what landed by: {carried}{f' ({meaning})' if meaning else ''}"


# ---------------------------------------------------------------------------------------------------------------- what else is asked for


def _owners(change: Change, owned: Owned) -> Iterator[str]:
    """Who owns what it touches, and who of them approved it."""
    if not owned:
        return
    wanted = {each.owners for each in change.needs.owners} if change.needs else set()
    yield "  owners, by CODEOWNERS of the base:"
    for owners, paths in owned.items():
        more = f" and {len(paths) - _PATHS} more" if len(paths) > _PATHS else ""
        yield f"    {', '.join(map(one_line, owners))}: {', '.join(visible_path(path) for path in paths[:_PATHS])}{more}"
        yield f"        {_satisfied(change, owners, missing=bool(wanted & {owners}) or _lacks(change, owners))}"


def _lacks(change: Change, owners: tuple[str, ...]) -> bool:
    """Whether what is needed names some of these owners alone: those who wrote a part of it are left out there."""
    needed = change.needs.owners if change.needs else ()
    return any(set(each.owners) <= set(owners) for each in needed)


def _satisfied(change: Change, owners: Sequence[str], *, missing: bool) -> str:
    if missing:
        return "one of them must still approve"
    names = {owner.casefold() for owner in owners}
    pulls = [*([change.pull] if change.pull else []), *change.approved_in]
    reviews = [review for pull in pulls for review in pull.reviews]
    teams = {review.reviewer.login: {team.casefold() for team in review.teams} for review in reviews}
    gave = [each.reviewer for each in change.approvals if names & {f"@{each.reviewer}".casefold(), *teams.get(each.reviewer, ())}]
    if gave:
        return f"approved by {', '.join(dict.fromkeys(map(one_line, gave)))}"
    judged = change.verdict is Verdict.APPROVED or change.reason in _OF_OWNERS
    return "one of them is among those who approved" if judged else "asked for when enough people have approved"


def _checks(facts: Release, sha: str) -> Iterator[str]:
    if sha == facts.head and facts.checks:
        yield "  required checks on it, the release head:"
        yield from (f"    {check.state}: {one_line(check.detail)}" for check in facts.checks)


def _unread(facts: Release, change: Change) -> Iterator[str]:
    about = {"", change.id, *(f"commit:{commit.sha}" for commit in change.commits)}
    about |= {f"pull:{change.pull.number}"} if change.pull else set()
    missed = [each for each in facts.unread if each.subject in about]
    if missed:
        yield "  could not be read:"
        yield from (f"    {one_line(each.what)}: {one_line(each.reason)}" for each in missed)


def _short(sha: str | None) -> str:
    return one_line(sha)[:7] if sha else "a commit that the forge has lost"
