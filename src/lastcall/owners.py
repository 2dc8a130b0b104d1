"""Who owns which file: CODEOWNERS, read as GitHub reads it.

Source: https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners

The lines are read and matched here, and not by the package ``codeowners`` (0.9.0): that takes the names in a comment at the end of a line
for owners, leaves a file without owners where GitHub skips a line that it cannot read, knows character ranges and ends of lines that GitHub
does not, and needs minutes for one hostile pattern.  Nor by pathspec: for git, ``docs/*`` matches everything below ``docs``, for GitHub
only what lies right in it.  Who may approve hangs on these differences.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from lastcall.model import Blob, Kind, Location, Tree, Unread

PATHS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where the file may lie: the first that exists is the only one that is read."""
LIMIT = 3 << 20
"""Bytes of the longest file, as on GitHub."""
LINES = 20_000
"""Lines with a pattern of the longest file; the longest that are known have half as many."""
TOLD = 10
"""Lines that are skipped and told one by one."""
_TOGETHER = 200
"""Patterns that are tried by one regular expression."""

_LINE = re.compile(r"((?:\\.|[^\\ \t])+)(?:[ \t]+(.*))?")
_SECTION = re.compile(r"\^?\[[^\[\]]+\](\[\d+\])?([ \t].*)?")
_OWNER = re.compile(r"@[\w.-]+(\[bot\])?|@[\w.-]+(/[\w.-]+)+|[^@\s]+@[^@\s]+", re.ASCII)
_LOGIN = re.compile(r"@[^/]+")
_PART = re.compile(r"\\.|\*+|.", re.DOTALL)


@dataclass(frozen=True)
class _Owned:
    """A line: the regular expression of its pattern, and the owners of what matches it (none: it has no owner)."""

    pattern: str
    owners: tuple[str, ...]


@dataclass(frozen=True)
class _File:
    """A CODEOWNERS file.  ``closed`` says that all of it could not be read, so that nobody knows who owns what."""

    path: str
    lines: tuple[_Owned, ...] = ()
    unread: tuple[Unread, ...] = ()
    closed: bool = False

    @cached_property
    def _matchers(self) -> list[tuple[re.Pattern[str], list[_Owned]]]:
        """The lines from last to first; the empty group behind each pattern tells which one it was."""
        last_first = self.lines[::-1]
        parts = [list(last_first[at : at + _TOGETHER]) for at in range(0, len(last_first), _TOGETHER)]
        return [(re.compile("|".join(f"{line.pattern}()" for line in part), re.DOTALL), part) for part in parts]

    def owners(self, path: str) -> tuple[str, ...]:
        """The owners that the last line which matches ``path`` names."""
        if self.closed:
            return (_whoever(self.path),)
        for matcher, part in self._matchers:
            found = matcher.match(path)
            if found and found.lastindex:
                return part[found.lastindex - 1].owners
        return ()


@dataclass(frozen=True)
class Owners:
    """Who owns which file of a release.  ``unread`` are lines and files that could not be read; ``path`` is the file that was."""

    path: str | None = None
    unread: tuple[Unread, ...] = ()
    _base: _File | None = field(default=None, repr=False)
    _head: _File | None = field(default=None, repr=False)

    @classmethod
    def read(cls, base: Tree | None, head: Tree | None) -> Owners:
        """The owners that the file of the ``base`` names, and for files that it leaves without one those that the ``head`` adds.

        To add an owner cannot weaken anything, and to remove one has no effect before the release is out.
        """
        was, is_now = _find(base), _find(head)
        old = _read(base, was) if base and was else None
        new = _read(head, is_now) if head and is_now and _content(was) != _content(is_now) else None
        known = {(each.location and each.location.path, each.reason) for each in (old.unread if old else ())}
        fresh = [each for each in (new.unread if new else ()) if (each.location and each.location.path, each.reason) not in known]
        if new and new.closed:
            new = None  # what it may add is not known, and is told; what the base says holds without it
        path = was.path if was else is_now.path if is_now else None
        return cls(path, (*(old.unread if old else ()), *fresh), old, new)

    def of(self, path: str) -> tuple[str, ...]:
        """The owners of a path, as they are written: one of them must approve a change of it.  Empty: nobody owns it.

        Where the base's file could not be read, that is one owner whom nobody is: who owns the path is not known.
        """
        owners = self._base.owners(path) if self._base else ()
        return owners or (self._head.owners(path) if self._head else ())

    def of_base(self, path: str) -> tuple[str, ...]:
        """The same by the base's file alone: who adds the first CODEOWNERS does not say who must approve that."""
        return self._base.owners(path) if self._base else ()

    def asked(self, paths: Iterable[str]) -> tuple[str, ...]:
        """The owners of ``paths`` that are no logins (teams, e-mail addresses), sorted: the forge must say who they are."""
        named = {owner for path in paths for owner in self.of(path)}
        return tuple(sorted(owner for owner in named if _OWNER.fullmatch(owner) and not _LOGIN.fullmatch(owner)))


def _find(tree: Tree | None) -> Blob | None:
    found = {blob.path: blob for blob in (tree.blobs if tree else ()) if blob.path in PATHS}
    return next((found[path] for path in PATHS if path in found), None)


def _content(blob: Blob | None) -> tuple[str, str, Kind] | None:
    return (blob.path, blob.id, blob.kind) if blob else None


def _whoever(path: str) -> str:
    """The owner of everything where a file could not be read: no name that anybody has."""
    return f"whoever {path} names"


def _read(tree: Tree, blob: Blob) -> _File:
    if blob.kind is not Kind.FILE:
        return _closed(blob.path, f"it is a {blob.kind}")
    content = tree.read(blob, LIMIT)
    if content is None:
        return _closed(blob.path, f"it is longer than {LIMIT >> 20} MiB, which GitHub does not read either")
    # Split at line feeds only: what else Python takes for the end of a line, GitHub takes for a character of it.
    text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    numbered = [(number, line.strip(" \t\r")) for number, line in enumerate(text.split("\n"), 1)]
    said = [(number, line) for number, line in numbered if line and not line.startswith("#")]
    section = next((number for number, line in said if _SECTION.fullmatch(line)), None)
    if section is not None:
        return _closed(blob.path, "it has sections, which are GitLab's and not read", section)
    if len(said) > LINES:
        return _closed(blob.path, f"it has more than {LINES:,} lines")
    read = [(number, _line(line)) for number, line in said]
    lines = tuple(line for _, line in read if isinstance(line, _Owned))
    skipped = [(number, reason) for number, reason in read if isinstance(reason, str)]
    return _File(blob.path, lines, tuple(_skips(blob.path, skipped)))


def _closed(path: str, reason: str, line: int = 1) -> _File:
    told = Unread("owner", f"who owns what is not known: {reason}", Location(path, line), f"owner:{_whoever(path)}")
    return _File(path, unread=(told,), closed=True)


def _skips(path: str, skipped: list[tuple[int, str]]) -> Iterator[Unread]:
    for number, reason in skipped[:TOLD]:
        yield Unread("line", f"{reason}; the line is skipped, as on GitHub", Location(path, number), f"{path}:{number}")
    if len(skipped) > TOLD:
        number, more = skipped[TOLD][0], len(skipped) - TOLD
        told = f"{more} more line{'s' if more > 1 else ''} from here on cannot be read, and are skipped, as on GitHub"
        yield Unread("line", told, Location(path, number), f"{path}:{number}")


def _line(text: str) -> _Owned | str:
    """What a line says, or why it cannot be read."""
    read = _LINE.fullmatch(text)
    if read is None:
        return f"`{_shown(text)}` has a backslash with nothing behind it"
    pattern, said = read[1], re.split(r"[ \t]+", read[2] or "")
    comment = next((at for at, word in enumerate(said) if word.startswith("#")), len(said))
    owners = tuple(dict.fromkeys(word for word in said[:comment] if word))
    stranger = next((owner for owner in owners if not _OWNER.fullmatch(owner)), None)
    if stranger is not None:
        return f"`{_shown(stranger)}` is no owner: write @login, @organization/team or an e-mail address"
    wrong = _wrong(pattern)
    return f"`{_shown(pattern)}` is no pattern: {wrong}" if wrong else _Owned(_expression(pattern), owners)


def _wrong(pattern: str) -> str:
    """What GitHub refuses of a pattern that git would take; empty where there is nothing."""
    parts = _PART.findall(pattern)
    if pattern.startswith("!"):
        return "`!` cannot take anything back"
    if pattern.startswith("\\#"):
        return "one that begins with # cannot be written"
    if {"[", "]"} & set(parts):
        return "both [ and ] must have a backslash before them"
    if any(part.startswith("***") for part in parts):
        return "more than two * stand together"
    if pattern.strip("/") == "" or "//" in pattern or "\\/" in parts:
        return "a name is missing between its slashes"
    return ""


def _expression(pattern: str) -> str:
    """The regular expression of a pattern, for ``match``.

    It is bounded for any pattern: whatever a ``*`` or ``**`` that is not the last one takes is taken once, the shortest that fits
    (``(?>…)``), for if that leads nowhere then nothing longer does.  So the time is that of the path's length, times the pattern's, and no
    power of the number of wildcards.
    """
    segments = pattern.strip("/").split("/")
    if "/" not in pattern[:-1]:
        segments.insert(0, "**")
    end = "/" if pattern.endswith("/") else r"\Z" if segments[-1] == "*" and pattern != "*" else r"(?:/|\Z)"
    if segments[-1] == "**":
        end = "/"
        while segments and segments[-1] == "**":
            segments.pop()
        if not segments:
            return "[^/]*+/" if pattern.endswith("/") else ""
    chunks = _chunks(segments)
    anywhere = r"(?:[^/]*+/)*?"
    found = "/".join(map(_segment, chunks[0]))
    for chunk in chunks[1:]:
        # A chunk in the middle ends where the next begins; the first is empty where the pattern begins with **.
        found = f"(?>{found}/)" if found else ""
        found = f"{found}{anywhere}{'/'.join(map(_segment, chunk))}"
    return found + end


def _chunks(segments: list[str]) -> list[list[str]]:
    """The segments between one ``**`` and the next; what stands before the first is the first, and may be empty."""
    chunks: list[list[str]] = [[]]
    for segment in segments:
        if segment != "**":
            chunks[-1].append(segment)
        elif len(chunks) == 1 or chunks[-1]:
            chunks.append([])
    return chunks


def _segment(text: str) -> str:
    """The regular expression of a name between two slashes: ``*`` is any characters, ``?`` is one, a backslash makes a character plain."""
    pieces = [""]
    for part in _PART.findall(text):
        if part.startswith("*"):
            pieces.append("")
        else:
            pieces[-1] += "[^/]" if part == "?" else re.escape(part[-1])
    if len(pieces) == 1:
        return pieces[0]
    middle = "".join(f"(?>[^/]*?{piece})" for piece in pieces[1:-1] if piece)
    return f"{pieces[0]}{middle}[^/]*{pieces[-1]}"


def _shown(text: str) -> str:
    """Text of the file, fit for a line of a message."""
    shown = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text[:61])
    return shown if len(text) <= 60 else f"{shown[:59]}…"  # noqa: PLR2004
