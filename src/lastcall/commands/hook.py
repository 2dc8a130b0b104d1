"""What git's hooks call: ``pre-commit``, ``pre-push`` and ``pre-receive``.

Everything heavy is imported inside of functions: a commit that cannot hold SQL must not wait for a parser, nor for GitPython.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lastcall.commands.check import Wishes
    from lastcall.comparison import Push
    from lastcall.git import Repository
    from lastcall.model import Report
    from lastcall.sql.frontends import Frontend

HOOKS = ("pre-commit", "pre-push", "pre-receive")
_BRANCH = "refs/heads/"
_BLOBS = 200
"""Staged files that are looked into before the full check is simply run."""
_BLOB_BYTES = 4 << 20


def nothing_staged(start: Path, environ: Mapping[str, str]) -> bool:
    """Whether no staged file can hold SQL, neither as it is now nor as it was; False when in doubt.

    One git process lists what is staged, and only where a file with the right suffix is among it a second one reads both contents.
    """
    listed = _git(
        start, environ, "diff-index", "--cached", "--raw", "-r", "-z", "--no-renames", "--no-abbrev", "--ignore-submodules=all", "HEAD"
    )
    if listed is None:
        return False
    fields = listed.split(b"\0")
    staged = [(os.fsdecode(path), _blobs(entry)) for entry, path in zip(fields[::2], fields[1::2], strict=False)]
    if not staged:
        return True
    from lastcall.plugins import discover  # noqa: PLC0415
    from lastcall.sql.frontends import Frontend  # noqa: PLC0415

    frontends = list(discover("lastcall.sql.frontends", Frontend).values())
    wanted = [(reading, ids) for reading, ids in ((_readers(path, frontends), ids) for path, ids in staged) if reading]
    if not wanted:
        return True
    if len(wanted) > _BLOBS:
        return False
    contents = _contents(start, environ, sorted({each for _, ids in wanted for each in ids}))
    return contents is not None and not any(one.relevant(contents[each]) for reading, ids in wanted for each in ids for one in reading)


def _readers(path: str, frontends: Iterable[Frontend]) -> list[Frontend]:
    return [each for each in frontends if path.lower().endswith(tuple(each.suffixes))]


def pre_commit(start: Path, wishes: Wishes) -> Iterator[Report]:
    """The report on what is staged."""
    from lastcall.commands.check import run  # noqa: PLC0415
    from lastcall.comparison import Choice  # noqa: PLC0415

    yield run(start, Choice(staged=True), wishes)


def pre_push(start: Path, lines: Iterable[str], wishes: Wishes) -> Iterator[Report | str]:
    """A report for each branch that is pushed, or why there is none.

    ``lines`` is git's standard input: local ref and id, remote ref and id.
    """
    from lastcall.git import Repository  # noqa: PLC0415

    with Repository.open(start) as repository:
        yield from _judge(repository, (_pushed(*_order(line, 4, (3, 1, 2))) for line in lines if line.strip()), wishes)


def pre_push_of_framework(start: Path, environ: Mapping[str, str], wishes: Wishes) -> Iterator[Report | str]:
    """The same under pre-commit, which keeps standard input for itself and tells by variables; for a new branch only its name is told."""
    from lastcall.comparison import Push  # noqa: PLC0415
    from lastcall.git import Repository  # noqa: PLC0415

    with Repository.open(start) as repository:
        ref = environ.get("PRE_COMMIT_REMOTE_BRANCH", "")
        new = repository.resolve(environ.get("PRE_COMMIT_TO_REF") or "HEAD")
        if ref and not ref.startswith(_BRANCH):
            yield f"{ref} is no branch: not judged"
            return
        branch = ref.removeprefix(_BRANCH) or repository.current_branch() or "HEAD"
        old = environ.get("PRE_COMMIT_FROM_REF")
        yield from _judge(repository, [Push(branch, new, repository.resolve(old) if old else None)], wishes)


def pre_receive(start: Path, lines: Iterable[str], wishes: Wishes) -> Iterator[Report | str]:
    """The same on the server, before the refs move.  ``lines`` is git's standard input: old id, new id, ref."""
    from lastcall.git import Repository  # noqa: PLC0415

    with Repository.open(start, quarantine=True) as repository:
        yield from _judge(repository, (_pushed(*_order(line, 3, (0, 1, 2))) for line in lines if line.strip()), wishes)


# ---------------------------------------------------------------------------------------------------------------- pushes


def _judge(repository: Repository, pushes: Iterable[Push | str], wishes: Wishes) -> Iterator[Report | str]:
    from lastcall.commands.check import compare, judge  # noqa: PLC0415
    from lastcall.comparison import NothingToCompareError  # noqa: PLC0415

    for push in pushes:
        if isinstance(push, str):
            yield push
            continue
        try:
            yield judge(repository, compare(repository, push, wishes.source), wishes)
        except NothingToCompareError as nothing:
            yield f"{nothing.message}: not judged"


def _pushed(old: str, new: str, ref: str) -> Push | str:
    from lastcall.comparison import Push  # noqa: PLC0415
    from lastcall.event import absent  # noqa: PLC0415

    if not ref.startswith(_BRANCH):
        return f"{ref} is no branch: not judged"
    if absent(new):
        return f"{ref.removeprefix(_BRANCH)} is deleted: nothing to judge"
    return Push(ref.removeprefix(_BRANCH), new, None if absent(old) else old)


def _order(line: str, count: int, places: tuple[int, int, int]) -> tuple[str, str, str]:
    """Old id, new id and the ref that moves."""
    from lastcall.model import LastcallError  # noqa: PLC0415

    words = line.split()
    if len(words) != count:
        raise LastcallError(
            f"this is no line that git gives to a hook: {line.strip()!r}", "call it from the hook, with standard input as git gives it"
        )
    old, new, ref = (words[place] for place in places)
    return old, new, ref


# ---------------------------------------------------------------------------------------------------------------- the fast way


def _git(start: Path, environ: Mapping[str, str], *arguments: str, given: bytes = b"") -> bytes | None:
    """The output of git, None where it fails.  Of git's variables only the index that a commit is made from has a say."""
    clean = {key: value for key, value in environ.items() if not key.startswith("GIT_") or key == "GIT_INDEX_FILE"}
    clean["GIT_NO_REPLACE_OBJECTS"] = clean["GIT_NO_LAZY_FETCH"] = "1"
    command = ["git", "-c", "core.fsmonitor=false", *arguments]
    try:
        done = subprocess.run(command, cwd=start, env=clean, input=given, capture_output=True, check=False)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


def _blobs(entry: bytes) -> list[str]:
    """The ids of a file before and after, of ``:100644 100644 <before> <after> M``; none for a side on which it is not there."""
    return [each.decode() for each in entry.split()[2:4] if each.strip(b"0")]


def _contents(start: Path, environ: Mapping[str, str], ids: list[str]) -> dict[str, bytes] | None:
    """Blobs by id; None where one of them is not there or is long."""
    output = _git(start, environ, "cat-file", "--batch", given="".join(f"{each}\n" for each in ids).encode())
    if output is None:
        return None
    found: dict[str, bytes] = {}
    for each in ids:
        header, _, output = output.partition(b"\n")
        words = header.split()
        if len(words) != 3 or words[1] != b"blob" or int(words[2]) > _BLOB_BYTES:  # noqa: PLR2004
            return None
        size = int(words[2])
        found[each], output = output[:size], output[size + 1 :]
    return found
