"""``freeze`` and ``thaw``: a freeze is the tag ``freeze/<branch>``, the only thing that lastcall ever writes to a repository."""

from __future__ import annotations

import shlex
from pathlib import Path

from lastcall.comparison import EVERY_COMMIT_AFTER, FREEZE_TAGS, is_time, oddities, short
from lastcall.formats._untrusted import one_line
from lastcall.git import Repository, Tag
from lastcall.model import LastcallError


def declare(start: Path, branch: str, at: str | None, *, sign: bool) -> str:
    """Tag the tip of ``branch``, or the commit ``at``, as its freeze; what that means, for people.

    LastcallError where the branch is frozen already, or ``at`` is not one of its commits.  The message holds the commit's full id: it
    stays where it is when somebody moves the tag.
    """
    if at and ":" in at and is_time(at):
        seen = f"see which commit it was: lastcall check --release {branch} --freeze {at}"
        raise LastcallError(f"{at} is a time, and a freeze is declared at a commit", seen)
    with Repository.open(start) as repository:
        branch = branch.removeprefix("refs/heads/")
        name = f"{FREEZE_TAGS}{branch}"
        tip = repository.find_branch(branch)
        commit = repository.resolve(at) if at else tip.commit
        standing = _tag(repository, name)
        if standing:
            raise LastcallError(
                f"{branch} is frozen already, at {short(standing.commit)}", f"end that freeze first: lastcall thaw {branch}"
            )
        if not repository.is_ancestor(commit, tip.commit):
            raise LastcallError(
                f"{short(commit)} is not in the history of {branch}, which is at {short(tip.commit)}", "freeze a commit of the branch"
            )
        repository.create_tag(name, commit, f"Code freeze of {branch}\n\n{EVERY_COMMIT_AFTER.format(commit=commit)}\n", sign=sign)
        subject = one_line(repository.commit(commit).subject)
    note = f"Note: {tip.note}\n" if tip.note and not at else ""
    return (
        f"{branch} is frozen at {short(commit)} ({subject}): the tag {name} says so.\n"
        f"{note}"
        "Every commit that is not in its history is late from now on, "
        f"and 'lastcall check --release {branch}' asks for its approval.\n"
        f"Tell the others:\n  git push origin {shlex.quote(name)}\n"
    )


def end(start: Path, branch: str) -> str:
    """Delete the freeze of ``branch``; what to tell the others.  LastcallError where there is none."""
    with Repository.open(start) as repository:
        branch = branch.removeprefix("refs/heads/")
        name = f"{FREEZE_TAGS}{branch}"
        standing = _tag(repository, name)
        if not standing:
            raise LastcallError(f"{branch} is not frozen: there is no tag {name}", "'lastcall freeze --list' shows the freezes there are")
        repository.delete_tag(name)
    return (
        f"{branch} is no longer frozen: the tag {name}, at {short(standing.commit)}, is gone.\n"
        f"Tell the others:\n  git push origin {shlex.quote(f':refs/tags/{name}')}\n"
    )


def listing(start: Path) -> str:
    """Every freeze: its branch, its commit, and what its tag says; then what is odd about the tags."""
    with Repository.open(start) as repository:
        tags = [tag for tag in repository.tags(FREEZE_TAGS) if tag.name.startswith(FREEZE_TAGS)]
    if not tags:
        return "No freeze found: 'lastcall freeze BRANCH' declares one.\n"
    width = max(len(tag.name) for tag in tags) - len(FREEZE_TAGS)
    told = [f"{one_line(tag.name.removeprefix(FREEZE_TAGS)):<{width}}  {short(tag.commit)}  {_says(tag)}\n" for tag in tags]
    return "".join([*told, *(f"Note: {one_line(note)}\n" for tag in tags for note in oddities(tag))])


def _says(tag: Tag) -> str:
    return one_line(tag.message.partition("\n")[0]) if tag.annotated else "(lightweight tag)"


def _tag(repository: Repository, name: str) -> Tag | None:
    return next((tag for tag in repository.tags(name) if tag.name == name), None)
