"""``explain``: a rule's documentation, or the whole chain of evidence for the change that holds a commit."""

from __future__ import annotations

import difflib
import inspect
import io
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from lastcall import release
from lastcall.check import rules
from lastcall.commands.check import Wishes, compare
from lastcall.comparison import Choice, Comparison, short
from lastcall.formats import Style
from lastcall.formats._untrusted import one_line
from lastcall.model import Account, Change, Commit, LastcallError, Pull, Release, Review, Verdict
from lastcall.rules import Rule

if TYPE_CHECKING:
    from lastcall.git import Repository

_VERDICTS = {
    Verdict.APPROVED: "approved",
    Verdict.BLOCKED: "blocked: it is known not to be approved",
    Verdict.UNKNOWN: "unknown, which blocks: evidence is missing",
    Verdict.EXEMPT: "exempt: the policy asks for no approval",
}


def explain(start: Path, name: str, asked: Choice, wishes: Wishes, style: Style) -> str:
    """The documentation of the rule ``name``, or the evidence about the commit ``name``.  LastcallError where it is neither."""
    rule = rules().get(name)
    if rule:
        return f"{name} ({rule.severity})\n\n{_documentation(rule, style)}"
    with _repository(start, name) as repository:
        try:
            sha = repository.resolve(name)
        except LastcallError as error:
            raise _neither(name, error) from None
        compared = compare(repository, asked, wishes.source)
        if sha not in {commit.sha for commit in compared.commits}:
            return _not_compared(repository, compared, sha)
        return "\n".join(_chain(release.gather(repository, compared, wishes.source, "review", wishes.progress), sha)) + "\n"


def _documentation(rule: Rule, style: Style) -> str:
    from rich.console import Console  # noqa: PLC0415
    from rich.markdown import Markdown  # noqa: PLC0415

    options = [f"- `{each.name.replace('_', '-')}`: {each.default!r} where the policy says nothing" for each in fields(rule.options)]
    text = "\n".join([inspect.cleandoc(rule.doc), *(["", "## Options", "", *options] if options else [])])
    console = Console(file=io.StringIO(), width=min(style.width, 100), force_terminal=style.color, no_color=not style.color)
    with console.capture() as shown:
        console.print(Markdown(text))
    return "".join(f"{line.rstrip()}\n" for line in shown.get().splitlines())


def _repository(start: Path, name: str) -> Repository:
    try:
        from lastcall.git import Repository  # noqa: PLC0415  it refuses to be loaded where there is no git

        return Repository.open(start)
    except LastcallError as error:
        raise _neither(name, error) from None


def _neither(name: str, error: LastcallError) -> LastcallError:
    near = difflib.get_close_matches(name, rules(), 1)
    hint = f"did you mean {near[0]}?" if near else f"the rules are: {', '.join(rules())}"
    return LastcallError(f"{name} is neither a rule nor a commit: {error.message}", hint)


def _not_compared(repository: Repository, compared: Comparison, sha: str) -> str:
    commit = repository.commit(sha)
    base, head = compared.base or "", compared.head or ""
    if base and repository.is_ancestor(sha, base):
        why = f"It is in the history of {short(base)}, the base: it is not late, and nobody is asked for its approval."
    else:
        why = f"It is not in the history of {short(head)}, the head: it is not part of what was compared."
    return f"{compared.headline}\n\n{short(sha)} {one_line(commit.subject)}\n{why}\n"


def _chain(facts: Release, sha: str) -> Iterator[str]:
    yield f"{one_line(facts.headline)}"
    yield ""
    change = next((each for each in facts.changes if any(commit.sha == sha for commit in each.commits)), None)
    if change is None:
        yield f"{short(sha)} is among the commits that were compared, but approvals are not judged here."
        yield from (f"  {one_line(note)}" for note in facts.notes)
        return
    yield f"{one_line(change.id)}  {one_line(change.title)}"
    yield f"  verdict:  {_VERDICTS[change.verdict]} ({change.reason})"
    yield f"            {one_line(change.detail)}"
    yield f"  written by: {', '.join(map(one_line, change.authors)) or 'nobody known'}"
    yield "  commits:"
    yield from (f"    {line}" for commit in change.commits for line in _commit(commit))
    yield from _pull(change.pull)
    yield from _approvals(change)
    if change.guards:
        yield f"  steers lastcall itself: {', '.join(map(one_line, change.guards))}"
    yield from _unread(facts, change)


def _commit(commit: Commit) -> Iterator[str]:
    merge = f", a merge of {', '.join(map(short, commit.parents))}" if len(commit.parents) > 1 else ""
    yield f"{short(commit.sha)} {one_line(commit.subject)}"
    yield f"        by {one_line(str(commit.author))}, committed by {one_line(str(commit.committer))}{merge}"


def _pull(pull: Pull | None) -> Iterator[str]:
    if pull is None:
        yield "  pull request: none is known to hold these commits"
        return
    merged = f", merged {pull.merged_at} as {short(pull.merge_commit or '?')}" if pull.merged_at else ""
    yield f"  pull request: #{pull.number} {one_line(pull.title)}"
    yield f"    {one_line(pull.url)}"
    yield f"    by {_account(pull.author)}, {one_line(pull.state)}, into {one_line(pull.base)}, head {short(pull.head)}{merged}"
    yield "  reviews:" if pull.reviews else "  reviews: none"
    yield from (f"    {_review(review)}" for review in pull.reviews)


def _review(review: Review) -> str:
    on = f"on {short(review.commit)}" if review.commit else "on a commit that the forge has lost"
    write = {True: "", False: ", who cannot write to the repository", None: ", whose access is not known"}[review.can_write]
    return f"{review.submitted_at}  {review.state} {on} by {_account(review.reviewer)}{write}"


def _account(account: Account) -> str:
    return f"{one_line(account.login)}{'' if account.kind == 'user' else f' ({account.kind})'}"


def _approvals(change: Change) -> Iterator[str]:
    yield "  approvals that count:" if change.approvals else "  approvals that count: none"
    for each in change.approvals:
        yield f"    {one_line(each.reviewer)}, on {short(each.commit)} at {each.submitted_at}, carried by {each.carried_by}"


def _unread(facts: Release, change: Change) -> Iterator[str]:
    about = {"", change.id, *(f"commit:{commit.sha}" for commit in change.commits)} | (
        {f"pull:{change.pull.number}"} if change.pull else set()
    )
    missed = [each for each in facts.unread if each.subject in about]
    if missed:
        yield "  could not be read:"
        yield from (f"    {one_line(each.what)}: {one_line(each.reason)}" for each in missed)
