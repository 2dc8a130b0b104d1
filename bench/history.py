"""A release branch to measure on, with late commits of pull requests, and what GitHub would know of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import generated

PEOPLE = ("ann", "ben", "cy")
_FILES = 2000
_LINES = 40
_START = 1_772_445_600
_SHARED = 40
"""Files that several pull requests change, each another line: what takes git to merge."""

Edit = tuple[int, int, str]
"""Which file, which line, and what it says then."""

Files = dict[int, dict[int, str]]
"""What lines of what files say since the freeze."""


@dataclass
class Line:
    """A branch: its tip, and what its files hold besides what they held at the freeze."""

    tip: int
    files: Files = field(default_factory=dict)

    def edited(self, edits: list[Edit]) -> Line:
        files = {number: dict(lines) for number, lines in self.files.items()}
        for file, line, says in edits:
            files.setdefault(file, {})[line] = says
        return Line(self.tip, files)


@dataclass
class Stream:
    """What ``git fast-import`` is told."""

    parts: list[bytes] = field(default_factory=list)
    marks: int = 0

    def commit(self, ref: str, message: str, author: str, parents: tuple[int, ...], files: Files) -> int:
        """Adds a commit in which these files differ from the first parent's, and returns its mark."""
        self.marks += 1
        person = f"{author} <{author}@example.org> {_START + 60 * self.marks} +0000"
        head = [f"commit {ref}", f"mark :{self.marks}", f"author {person}", f"committer {person}"]
        self.parts.append("\n".join([*head, f"data {len(message.encode())}", message, ""]).encode())
        self.parts += [f"{'merge' if place else 'from'} :{parent}\n".encode() for place, parent in enumerate(parents)]
        self.parts += [_written(number, lines) for number, lines in files.items()]
        return self.marks

    def reset(self, ref: str, mark: int) -> None:
        self.parts.append(f"reset {ref}\nfrom :{mark}\n\n".encode())


def _path(file: int) -> str:
    return f"shop/part{file % 50:02}/module_{file:04}.py"


def _written(file: int, lines: dict[int, str]) -> bytes:
    content = "".join(lines.get(line, f"value_{line} = {file * line}") + "\n" for line in range(_LINES)).encode()
    return f"M 644 inline {_path(file)}\ndata {len(content)}\n".encode() + content + b"\n"


def _edits(pull: int, commits: int) -> list[list[Edit]]:
    """What each commit of a pull request changes; every fifth pull request also changes a line of a file that others change."""
    edits = [[(_SHARED + pull * 3 + place, pull % _LINES, f"value = {pull}  # {place}")] for place in range(commits)]
    if pull % 5 == 0:
        edits[0].append((pull // 5 % _SHARED, pull // 5 // _SHARED * 4 + 1, f"shared = {pull}"))
    return edits


def release(folder: Path, pulls: int) -> Path:
    """A repository with a frozen release branch, which three kinds of merged pull requests changed since; the file of what GitHub knows.

    Of six, three are squashed, two merged with two commits of their own or one, and one is rebased with two: ten late commits.  Every other
    one starts at the freeze, the rest where the release was.
    """
    folder.mkdir(parents=True)
    generated.git(folder, "init", "--quiet", "--template=", "--initial-branch=main")
    stream = Stream()
    freeze = Line(stream.commit("refs/heads/main", "Frozen", "ann", (), {file: {} for file in range(_FILES)}))
    here, told = freeze, []
    for number in range(1, pulls + 1):
        landed = _Landed(stream, number, freeze if number % 2 else here, here)
        here = landed.here
        told.append(landed)
    stream.reset("refs/heads/release/1", here.tip)
    marks = folder / ".git" / "marks"
    generated.git(folder, "fast-import", "--quiet", f"--export-marks={marks}", stdin=b"".join(stream.parts))
    names = dict(line.split() for line in marks.read_text().splitlines())
    generated.git(folder, "checkout", "--quiet", "release/1")
    generated.git(folder, "tag", "--annotate", "--message", "Frozen", "freeze/release/1", names[f":{freeze.tip}"])
    world = {
        "accounts": {name: {"id": place} for place, name in enumerate(PEOPLE, 1)},
        "pulls": [each.told(lambda mark: names[f":{mark}"]) for each in told],
        "git": str(folder),
    }
    file = folder.with_suffix(".json")
    file.write_text(json.dumps(world))
    return file


class _Landed:
    """A pull request, merged into the release branch."""

    def __init__(self, stream: Stream, number: int, start: Line, onto: Line) -> None:
        self.number = number
        self.author = PEOPLE[number % 3]
        kind = ("squash", "merge", "squash", "merge", "squash", "rebase")[number % 6]
        edits = _edits(number, 1 if kind == "squash" or number % 6 == 1 else 2)
        self.commits, topic = self._line(stream, f"refs/pull/{number}/head", "Work", start, edits)
        whole = [edit for each in edits for edit in each]
        if kind == "rebase":
            self.landed, self.here = self._line(stream, "refs/heads/release/1", "Work", onto, edits)
        else:
            parents = (onto.tip, topic.tip) if kind == "merge" else (onto.tip,)
            after = onto.edited(whole)
            changed = {file: after.files[file] for file, _, _ in whole}
            mark = stream.commit("refs/heads/release/1", f"{kind} of pull request {number}", self.author, parents, changed)
            self.landed, self.here = [mark], Line(mark, after.files)

    def _line(self, stream: Stream, ref: str, message: str, start: Line, edits: list[list[Edit]]) -> tuple[list[int], Line]:
        marks, line = [], start
        for place, each in enumerate(edits):
            line = line.edited(each)
            changed = {file: line.files[file] for file, _, _ in each}
            line.tip = stream.commit(ref, f"{message} {place} on {self.number}", self.author, (line.tip,), changed)
            marks.append(line.tip)
        return marks, line

    def told(self, name: Callable[[int], str]) -> dict[str, object]:
        """As the double of GitHub wants it; nobody approves every fiftieth."""
        head = name(self.commits[-1])
        reviewer = PEOPLE[(self.number + 1) % 3]
        return {
            "number": self.number,
            "author": self.author,
            "base": "release/1",
            "head": head,
            "merge_commit": name(self.landed[-1]),
            "commits": [name(mark) for mark in self.commits],
            "landed": [name(mark) for mark in self.landed],
            "reviews": [{"author": reviewer, "commit": head}] if self.number % 50 else [],
        }
