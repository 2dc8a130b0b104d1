"""Merges that are made without git are what git makes; the others are left to it."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from lastcall.git import Repository
from repositories import Repo

Paths = Mapping[str, tuple[str, str]]
"""Mode and content by path; the content of a submodule is its commit."""

FILE, TOOL, LINK, MODULE = "100644", "100755", "120000", "160000"
TEXT = "".join(f"line {number}\n" for number in range(12))
FIRST = TEXT.replace("line 0\n", "changed\n")
LAST = TEXT.replace("line 11\n", "changed\n")
OTHER = TEXT.replace("line 0\n", "changed too\n")
BASE: Paths = {"a": (FILE, TEXT), "d/x": (FILE, FIRST), "d/y": (FILE, LAST), "m": (MODULE, "1" * 40), "d.c": (FILE, "c")}


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "shop", bare=True)


@pytest.fixture
def repository(repo: Repo) -> Iterator[Repository]:
    with Repository.open(repo.root) as repository:
        yield repository


class History:
    """Commits of any trees, made at once by ``git fast-import``."""

    def __init__(self, repo: Repo) -> None:
        self.repo = repo
        self.marks = 0
        self.stream: list[str] = []

    def commit(self, paths: Paths, *parents: int) -> int:
        self.marks += 1
        self.stream.append(f"commit refs/heads/c{self.marks}\nmark :{self.marks}\ncommitter A <a@x> {self.marks} +0000\ndata 1\nx\n")
        self.stream += [f"{'merge' if place else 'from'} :{parent}\n" for place, parent in enumerate(parents)]
        self.stream.append("deleteall\n")
        for path, (mode, content) in paths.items():
            told = f"{content} {path}" if mode == MODULE else f"inline {path}\ndata {len(content)}\n{content}"
            self.stream.append(f"M {mode} {told}\n")
        return self.marks

    def made(self) -> list[str]:
        """The ids of the commits, in the order in which they were told."""
        self.repo.git("fast-import", "--quiet", stdin="".join(self.stream).encode())
        return self.repo.git("rev-parse", *(f"refs/heads/c{mark}" for mark in range(1, self.marks + 1))).split()


def git_merges(repo: Repo, ours: str, theirs: str) -> str | None:
    done = subprocess.run(
        ["git", "merge-tree", "--write-tree", "--no-messages", ours, theirs], cwd=repo.root, capture_output=True, text=True, check=False
    )
    assert done.returncode in {0, 1}, done.stderr
    return None if done.returncode else done.stdout.split("\n")[0]


def merged(repository: Repository, base: str, ours: str, theirs: str) -> str | None:
    """What is made without git."""
    return repository._mechanical.merge(*(repository.commit(sha).tree for sha in (base, ours, theirs)))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({}, {}),
        ({}, {"a": (FILE, FIRST)}),
        ({"a": (FILE, FIRST)}, {"a": (FILE, FIRST)}),
        ({"a": (FILE, FIRST)}, {"d/x": (TOOL, FIRST), "new/deep/er": (FILE, "n")}),
        ({"a": None, "d/x": None}, {"new": (FILE, "n")}),
        ({"d/x": None, "d/y": None}, {"a": (LINK, "d.c")}),
        ({"m": (MODULE, "2" * 40)}, {"d/z": (FILE, TEXT), "e": (MODULE, "3" * 40)}),
        ({"m": None}, {"m": None}),
        ({"new": (FILE, "n")}, {"new": (FILE, "n"), "newer": (FILE, "n")}),
        ({"a": None, "d/x": None, "d/y": None, "d.c": None}, {"m": None}),
    ],
)
def test_a_plain_merge_is_made_without_git(repo: Repo, repository: Repository, ours: Paths, theirs: Paths) -> None:
    history = History(repo)
    start = history.commit(BASE)
    for side in (ours, theirs):
        history.commit({path: entry for path, entry in {**BASE, **side}.items() if entry}, start)
    base, one, other = history.made()
    assert merged(repository, base, one, other) == git_merges(repo, one, other) == repository.merge_tree(one, other)
    assert merged(repository, base, other, one) == git_merges(repo, other, one) == repository.merge_tree(other, one)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"a": (FILE, FIRST)}, {"a": (FILE, LAST)}),
        ({"a": (FILE, FIRST)}, {"a": (FILE, OTHER)}),
        ({"a": (FILE, FIRST)}, {"a": None}),
        ({"a": None, "b": (FILE, TEXT)}, {"a": (FILE, LAST)}),  # renamed, and changed under its old name
        ({"d/x": None, "d/y": None, "e/x": (FILE, FIRST), "e/y": (FILE, LAST)}, {"d/z": (FILE, "n")}),  # its whole folder renamed
        ({"a": None, "b": (FILE, TEXT)}, {"d/x": None, "e": (FILE, FIRST)}),
        ({"a": (TOOL, TEXT)}, {"a": (FILE, FIRST)}),
        ({"new": (FILE, "n")}, {"new/file": (FILE, "n")}),
        ({"a": None}, {"a": None, "a/b": (FILE, TEXT)}),
        ({"m": (MODULE, "2" * 40)}, {"m": (MODULE, "3" * 40)}),
        ({"new": (FILE, "n")}, {"new": (LINK, "n")}),
    ],
)
def test_anything_else_is_left_to_git(repo: Repo, repository: Repository, ours: Paths, theirs: Paths) -> None:
    history = History(repo)
    start = history.commit(BASE)
    for side in (ours, theirs):
        history.commit({path: entry for path, entry in {**BASE, **side}.items() if entry}, start)
    base, one, other = history.made()
    assert merged(repository, base, one, other) is None
    assert repository.merge_tree(one, other) == git_merges(repo, one, other)
    assert repository.replay_tree(other, one) == git_merges(repo, one, other)


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_random_merges_are_what_git_makes(tmp_path: Path, object_format: str) -> None:
    repo = Repo(tmp_path / "shop", bare=True, object_format=object_format)
    chance = random.Random(object_format)
    history, merges = History(repo), 60
    for _ in range(merges):
        start = {path: (FILE, chance.choice([TEXT, FIRST, LAST])) for path in chance.sample(NAMES, chance.randrange(2, 7))}
        base = history.commit(plain(start))
        for _ in range(2):
            history.commit(changed(chance, plain(start), "1" * (40 if object_format == "sha1" else 64)), base)
    ids = history.made()
    without = 0
    with Repository.open(repo.root) as repository:
        for base, ours, theirs in zip(ids[::3], ids[1::3], ids[2::3], strict=True):
            expected = git_merges(repo, ours, theirs)
            found = merged(repository, base, ours, theirs)
            without += found is not None
            assert found in (None, expected)
            assert repository.merge_tree(ours, theirs) == repository.replay_tree(theirs, ours) == expected
    assert merges / 3 < without < merges


NAMES = ["a", "b", "d/x", "d/y", "d/z", "e/x", "e/f/g", "e/f/h", "d.c", "d-b/x"]


def plain(paths: Paths) -> Paths:
    """Without files where others have a folder."""
    return {path: paths[path] for path in paths if not any(other.startswith(f"{path}/") for other in paths)}


def changed(chance: random.Random, paths: Paths, module: str) -> Paths:
    after = dict(paths)
    for _ in range(chance.choice([0, 1, 1, 2, 3])):
        name, old = chance.choice([*NAMES, "e", "d"]), chance.choice(sorted(after) or ["a"])
        what = chance.randrange(6)
        if what == 0:
            after.pop(old, None)
        elif what == 1 and old in after:
            after[name] = after.pop(old)
        elif what == 2:
            after[name] = (MODULE, module)
        elif what == 3:
            after[old] = (chance.choice([FILE, TOOL, LINK]), chance.choice([TEXT, FIRST, LAST]))
        else:
            after[name] = (FILE, chance.choice([TEXT, FIRST, LAST, OTHER]))
    return plain(after)


@pytest.mark.parametrize(
    "odd",
    [
        "100664 blob {file}\tb",
        "040000 tree {empty}\tb",
        "100644 blob {file}\tb\n100644 blob {other}\tb",
        "100644 blob {file}\tb\n040000 tree {folder}\tb",
        "040000 tree {folder}\t.git",
    ],
)
def test_trees_that_git_would_not_write_are_left_to_it(repo: Repo, repository: Repository, odd: str) -> None:
    file, other = (repo.git("hash-object", "-w", "--stdin", stdin=content) for content in (b"file", b"other"))
    empty = repo.git("mktree", stdin=b"")
    folder = repo.git("mktree", stdin=f"100644 blob {file}\tx\n".encode())

    def commit(listed: str, *parents: str) -> str:
        tree = listed.format(file=file, other=other, empty=empty, folder=folder)
        raw = b"".join(
            b"%s %s\0%s" % (fields[0].lstrip("0").encode(), name.encode(), bytes.fromhex(fields[2]))
            for fields, name in ((line.split("\t")[0].split(), line.split("\t")[1]) for line in tree.splitlines())
        )
        name = repo.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=raw)
        return repo.git("commit-tree", *(word for parent in parents for word in ("-p", parent)), "-m", "x", name)

    base = commit("100644 blob {file}\ta")
    ours = commit("100644 blob {other}\ta", base)
    theirs = commit("100644 blob {file}\ta\n" + odd, base)
    assert merged(repository, base, ours, theirs) is None
    assert merged(repository, base, base, theirs) is None
    assert merged(repository, theirs, ours, theirs) is None


def test_a_merge_of_very_many_folders_is_left_to_git(repo: Repo, repository: Repository) -> None:
    history = History(repo)
    start = {f"d{number}/{name}": (FILE, str(number)) for number in range(400) for name in "ab"}
    history.commit(start)
    history.commit(start | {f"d{number}/a": (FILE, "y") for number in range(400)}, 1)
    history.commit(start | {f"d{number}/b": (FILE, "y") for number in range(400)}, 1)
    base, ours, theirs = history.made()
    assert merged(repository, base, ours, theirs) is None
    assert repository.merge_tree(ours, theirs) == git_merges(repo, ours, theirs)


def test_folders_in_folders_without_end_are_left_to_git(repo: Repo, repository: Repository) -> None:
    history = History(repo)
    deep = "/".join("d" * 1500)
    history.commit({deep: (FILE, "x")})
    history.commit({deep: (FILE, "y")}, 1)
    history.commit({deep: (FILE, "x"), "a": (FILE, "a")}, 1)
    base, ours, theirs = history.made()
    assert merged(repository, base, ours, theirs) is None
    assert repository.merge_tree(ours, theirs) == git_merges(repo, ours, theirs)
