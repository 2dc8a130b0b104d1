"""``audit``, and the reading of plain paths that ``queries`` and ``schema`` share.

A path inside a repository is read as git sees its work tree (what is ignored there stays out); any other, and an ignored one, is a plain
folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from lastcall import __version__, release
from lastcall.check import check
from lastcall.commands.check import Wishes, policy_of
from lastcall.commands.judged import judged
from lastcall.folder import Folder
from lastcall.model import Blob, LastcallError, Policy, Progress, Report, Side, Tree, Unread
from lastcall.policy import weigh


@dataclass(frozen=True)
class Reading:
    """A tree that was read as a whole: its queries and schema, its policy and what it is called."""

    tree: Tree
    label: str
    policy: Policy
    side: Side


def run(paths: Sequence[Path], wishes: Wishes) -> Report:
    """The report on every query of ``paths`` (none: the working folder)."""
    with reading(paths, wishes.progress) as read:
        facts = release.whole(read.side, read.label)
        found, silenced = check(facts, read.policy)
        if wishes.judge:
            found, facts = judged(found, facts, read.policy, wishes.progress)
        findings, ignored = release.show(found, read.tree), release.show(silenced, read.tree)
        return weigh(facts, findings, ignored, read.policy, wishes.fail_on, __version__)


@contextmanager
def reading(paths: Sequence[Path], progress: Progress) -> Iterator[Reading]:
    """Everything that was read from ``paths``.  LastcallError where one of them does not exist."""
    from lastcall.sql import read  # noqa: PLC0415  a parser is loaded only where there are queries to read

    with _opened(tuple(paths) or (Path(),)) as (tree, whole, label):
        policy = policy_of(whole)
        yield Reading(tree, label, policy, read(tree, policy.queries, progress))


@contextmanager
def _opened(paths: Sequence[Path]) -> Iterator[tuple[Tree, Tree, str]]:
    """The tree to read, the tree that has the policy, and a label for both."""
    missing = next((path for path in paths if not path.exists()), None)
    if missing:
        raise LastcallError(f"{missing} does not exist", "name folders or files that do")
    roots = {_repository_of(path.resolve()) for path in paths}
    root = roots.pop() if len(roots) == 1 else None
    if root:
        from lastcall.git import Repository  # noqa: PLC0415  it refuses to be loaded where there is no git

        with Repository.open(root) as repository:
            whole: Tree = repository.work_tree() if repository.root else repository.tree("HEAD")
            part = _part(whole, [_inside(path.resolve(), root) for path in paths])
            if part.blobs:
                yield part, whole, _label(paths, root)
                return
    folder = _folder(paths)
    yield folder, folder, ", ".join(str(path) if path.name else path.resolve().name for path in paths)


def _repository_of(path: Path) -> Path | None:
    """The top of the repository around ``path``; looked for by hand, so that a plain folder never needs git."""
    return next((each for each in (path, *path.parents) if (each / ".git").exists() or _is_bare(each)), None)


def _is_bare(path: Path) -> bool:
    return (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()


def _inside(path: Path, root: Path) -> str:
    return PurePosixPath(path.relative_to(root)).as_posix()


def _label(paths: Sequence[Path], root: Path) -> str:
    inside = [_inside(path.resolve(), root) for path in paths]
    return root.name if inside == ["."] else f"{root.name}: {', '.join(inside)}"


# ---------------------------------------------------------------------------------------------------------------- parts of trees


@dataclass(frozen=True)
class _Part:
    """Some of the files of a tree, by the names that the tree has for them."""

    tree: Tree
    blobs: Sequence[Blob]

    @property
    def unread(self) -> Sequence[Unread]:
        return self.tree.unread

    def read(self, blob: Blob, limit: int) -> bytes | None:
        return self.tree.read(blob, limit)


def _part(tree: Tree, wanted: Sequence[str]) -> Tree:
    """The files that are among ``wanted`` or in one of its folders."""
    if "." in wanted:
        return tree
    folders = tuple(f"{each}/" for each in wanted)
    return _Part(tree, [blob for blob in tree.blobs if blob.path in wanted or blob.path.startswith(folders)])


@dataclass(frozen=True)
class _Joined:
    """Several plain folders as one tree, so that a schema in one serves the queries in another; paths start at what they have in common."""

    parts: dict[str, Tree]
    blobs: Sequence[Blob]

    @property
    def unread(self) -> tuple[Unread, ...]:
        return tuple(each for part in self.parts.values() for each in part.unread)

    @classmethod
    def of(cls, parts: dict[str, Tree]) -> _Joined:
        blobs = {
            f"{prefix}{blob.path}": replace(blob, path=f"{prefix}{blob.path}") for prefix, tree in parts.items() for blob in tree.blobs
        }
        return cls(parts, [blobs[path] for path in sorted(blobs)])

    def read(self, blob: Blob, limit: int) -> bytes | None:
        prefix = max((each for each in self.parts if blob.path.startswith(each)), key=len)
        return self.parts[prefix].read(replace(blob, path=blob.path.removeprefix(prefix)), limit)


def _folder(paths: Sequence[Path]) -> Tree:
    if len(paths) == 1:
        return Folder(paths[0])
    tops = [path if path.is_dir() else path.parent for path in map(Path.resolve, paths)]
    common = Path(os.path.commonpath(tops))
    parts: dict[str, list[Path]] = {}
    for path, top in zip(paths, tops, strict=True):
        prefix = "" if top == common else f"{_inside(top, common)}/"
        parts.setdefault(prefix, []).append(path)
    return _Joined.of({prefix: _of_one_folder(each) for prefix, each in parts.items()})


def _of_one_folder(paths: Sequence[Path]) -> Tree:
    folder = next((path for path in paths if path.is_dir()), None)
    if folder:
        return Folder(folder)
    return _part(Folder(paths[0].parent), [path.name for path in paths])
