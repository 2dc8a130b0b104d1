"""``explain``: what a rule or a reason means, or the whole chain of evidence for a change: by a commit of it, or by its pull request."""

from __future__ import annotations

import difflib
import inspect
import io
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from lastcall import release
from lastcall.check import rules
from lastcall.commands.chain import Owned, chain
from lastcall.commands.check import Wishes, compare
from lastcall.commands.reasons import REASONS, page
from lastcall.comparison import Choice, Comparison, short
from lastcall.formats import Style
from lastcall.formats._untrusted import no_commands, one_line
from lastcall.model import Change, LastcallError, Release
from lastcall.owners import Owners
from lastcall.rules import Rule

if TYPE_CHECKING:
    from lastcall.git import Repository

_MERGE = 2
_PULL = re.compile(r"(?:pull:|[#!])?(\d{1,9})")
"""A pull request as reports name it: ``#12``, and ``pull:12`` in the JSON."""


def explain(start: Path, name: str, asked: Choice, wishes: Wishes, style: Style) -> str:
    """The documentation of the rule or the reason ``name``, or the evidence about the commit or the pull request (``12``, ``#12``).

    Raises LastcallError where it is none of these.
    """
    rule = rules().get(name)
    if rule:
        return f"{name} ({rule.severity})\n\n{_documentation(rule, style)}"
    if name in REASONS:
        return page(name)
    with _repository(start, name) as repository:
        return _evidence(repository, name, asked, wishes)


def _evidence(repository: Repository, name: str, asked: Choice, wishes: Wishes) -> str:
    """A name of digits alone is a pull request's where one of that number was compared, and else a commit's."""
    number = _PULL.fullmatch(name)
    try:
        sha = repository.resolve(name.removeprefix("commit:"))
    except LastcallError as error:
        if number is None:
            raise _neither(name, error) from None
        sha = ""
    compared = compare(repository, asked, wishes.source)
    if number:
        facts = release.gather(repository, compared, wishes.source, "review", wishes.progress)
        change = next((each for each in facts.changes if each.pull and each.pull.number == int(number[1])), None)
        if change:
            return _told(repository, compared, facts, change.commits[-1].sha)
        if not sha:
            return f"{compared.headline}\n\nPull request {number[1]} is not known to have brought any of what was compared.\n"
    if sha not in {commit.sha for commit in compared.commits}:
        return _not_compared(repository, compared, sha)
    facts = release.gather(repository, compared, wishes.source, "review", wishes.progress)
    return _told(repository, compared, facts, sha)


def _told(repository: Repository, compared: Comparison, facts: Release, sha: str) -> str:
    return no_commands("\n".join(_chain(repository, compared, facts, sha))) + "\n"


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
    near = difflib.get_close_matches(name, [*rules(), *REASONS], 1)
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


def _chain(repository: Repository, compared: Comparison, facts: Release, sha: str) -> Iterator[str]:
    yield f"{one_line(facts.headline)}"
    yield ""
    change = next((each for each in facts.changes if any(commit.sha == sha for commit in each.commits)), None)
    if change is None:
        yield f"{short(sha)} is among the commits that were compared, but approvals are not judged here."
        yield from (f"  {one_line(note)}" for note in facts.notes)
        return
    yield from chain(facts, change, sha, _owned(repository, compared, change))


def _owned(repository: Repository, compared: Comparison, change: Change) -> Owned:
    """The paths of a change by their owners; merges bring nothing but commits that are asked themselves, or are not approved at all."""
    if not compared.policy.review.code_owners:
        return {}
    base, head = (repository.tree(end) if end else None for end in (compared.base, compared.head))
    owners = Owners.read(base, head)
    paths = {path for commit in change.commits if len(commit.parents) < _MERGE for path in repository.changed_paths(commit.sha)}
    found: dict[tuple[str, ...], list[str]] = {}
    for path in sorted(paths):
        named = owners.of(path)
        if named:
            found.setdefault(named, []).append(path)
    return found
