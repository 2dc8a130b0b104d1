"""Objects as they are stored: read through one process, and commits taken apart."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from itertools import takewhile
from typing import IO

from lastcall.git.process import FETCH_OR_CHECK, Conversation, Plumbing, last_line
from lastcall.model import Commit, LastcallError, Person

FULL_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_TEXT_CODEC = re.compile(
    r"(?:us-)?ascii|utf-?8|latin-?1|iso-?8859-?\d+|(?:windows|cp)-?\d+|koi8-[ru]|euc-(?:jp|kr)|shift[-_]jis|sjis|gbk|gb2312|gb18030|big5",
    re.IGNORECASE,
)
_PARENT = re.compile(rb"parent ([0-9a-f]{40}(?:[0-9a-f]{24})?)")
_DATE = re.compile(r"\d+ [+-]\d{4}")
LARGEST_COMMIT = 16 << 20
_CHEAP_TO_SKIP = 1 << 20


class Objects:
    """The object store, through one ``cat-file --batch``."""

    def __init__(self, git: Plumbing) -> None:
        self._git = Conversation(git, "cat-file", "--batch")

    def read(self, name: str, limit: int) -> tuple[str, bytes | None] | None:
        """Type and content of an object (None where that is longer than ``limit``); None where the object is not there."""
        answer = self._git.ask(name.encode() + b"\n")
        header = answer.readline()
        if header.endswith(b" missing\n"):
            return None
        fields = header.split()
        if len(fields) != 3:  # noqa: PLR2004 - id, type, size
            self._check_missing(name)
            return None
        return fields[1].decode(), self._content(answer, int(fields[2]), limit)

    def read_together(self, names: Sequence[str], limit: int) -> dict[str, tuple[str, bytes]]:
        """Type and content of objects that are asked for at once, few enough for a pipe; where one makes trouble, not of all of them."""
        answer = self._git.ask("".join(f"{name}\n" for name in names).encode())
        found: dict[str, tuple[str, bytes]] = {}
        for name in names:
            fields = answer.readline().split()
            if fields[1:] == [b"missing"]:
                continue
            size = int(fields[2]) if len(fields) == 3 else limit + 1  # noqa: PLR2004 - id, type, size
            content = answer.read(size + 1) if size <= limit else b""
            if len(content) != size + 1:
                self._git.end()
                break
            found[name] = fields[1].decode(), content[:-1]
        return found

    def find_commit(self, prefix: str) -> str | None:
        """The full id of the one commit that begins with these hexadecimal digits; a ref of that name is none."""
        answer = self._git.ask(f"{prefix}^{{commit}}\n".encode())
        header = answer.readline()
        fields = header.split()
        if len(fields) != 3:  # noqa: PLR2004 - id, type, size
            if not header:
                self._git.end()
            return None
        self._content(answer, int(fields[2]), 0)
        found = fields[0].decode()
        return found if found.startswith(prefix) else None

    def _check_missing(self, name: str) -> None:
        """Git ends where it may not fetch what a partial clone left out, which is missing like anything else; other ends are errors."""
        reason = self._git.end()
        if "promisor remote" not in reason:
            raise LastcallError(f"git could not read the object {name}: {last_line(reason)}", FETCH_OR_CHECK)

    def _content(self, answer: IO[bytes], size: int, limit: int) -> bytes | None:
        if size > max(limit, _CHEAP_TO_SKIP):
            self._git.end()  # the next read starts another; cheaper than to pump a huge blob through
            return None
        content = answer.read(size + 1)
        if len(content) != size + 1:
            self._git.end()
            raise LastcallError("git broke off in the middle of an object", FETCH_OR_CHECK)
        return content[:-1] if size <= limit else None

    def close(self) -> None:
        """Ends the process."""
        self._git.end()


def object_id(kind: str, content: bytes, algorithm: str) -> str:
    """The name that git gives an object in a repository of the object format ``algorithm``."""
    name = hashlib.new(algorithm, b"%s %d\0" % (kind.encode(), len(content)), usedforsecurity=False)
    name.update(content)
    return name.hexdigest()


def parents_of(content: bytes) -> tuple[str, ...]:
    """The parents of a commit as git reads them: the lines right after the tree's, and no such line further down."""
    head = content.partition(b"\n\n")[0].split(b"\n")
    return tuple(match[1].decode() for match in takewhile(bool, map(_PARENT.fullmatch, head[1:])) if match)


def parse_commit(sha: str, content: bytes) -> Commit:
    """A commit from its object; whatever is missing in it is empty."""
    head, _, message = content.partition(b"\n\n")
    headers: dict[str, bytes] = {}
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")  # the lines of a signature begin with a space: their key is empty
        headers.setdefault(key.decode("ascii", "replace"), value)
    codec = headers.get("encoding", b"").decode("ascii", "replace")

    def decoded(raw: bytes) -> str:
        """Text in the commit's encoding; the codec is one that only decodes, since a commit may name any."""
        try:
            return raw.decode(codec if _TEXT_CODEC.fullmatch(codec) else "utf-8", "replace")
        except LookupError:
            return raw.decode("utf-8", "replace")

    def person(role: str) -> tuple[Person, str]:
        name, _, rest = decoded(headers.get(role, b"")).partition("<")
        address, _, date = rest.partition(">")
        return Person(name.strip(), address.strip()), date.strip()

    (author, authored), (committer, _) = person("author"), person("committer")
    tree = head.partition(b"\n")[0].removeprefix(b"tree ").decode("ascii", "replace")
    tree = tree if FULL_ID.fullmatch(tree) else ""
    return Commit(sha, tree, parents_of(content), author, committer, decoded(message), authored if _DATE.fullmatch(authored) else "")
