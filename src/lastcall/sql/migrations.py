"""The order of files of DDL, which of them are migrations, and which speak of another server."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from lastcall.sql import operations as op
from lastcall.sql.facts import Facts
from lastcall.sql.operations import Operation

_VERSIONED = re.compile(r"(?i)(?:V|B)?(\d+(?:[._-]\d+)*)(?:__|_|-|\.|\s)+[a-z]")
_PADDED = re.compile(r"(?:0\d{1,7}|\d{8,17})[._-]+[A-Za-z]")
_FLYWAY = re.compile(r"(?:[VBU]\d[\d._]*|R)__\w")
_FOLDER = re.compile(
    r"(?i)(?:.*[_-])?(?:migrations?|migrate|evolutions|changelogs?|changesets?|flyway|goose|dbmate|sqitch|patches|upgrades?)(?:[_-].*)?"
)
_DOWN = re.compile(r"(?i)(?:^|[._-])(?:down|rollback|undo|revert)\.(?:sql|pgsql|psql|mysql|ddl)$|^U\d[\d._]*__")
_DOWN_FOLDERS = frozenset({"down", "revert", "rollback", "rollbacks", "undo", "verify"})
_UP = re.compile(r"(?i)(?:[._-]|^)up\.(?:sql|pgsql|psql|mysql|ddl)$")
_NUMBERS = re.compile(r"(\d+)")


def is_migration(path: str) -> bool:
    """Whether a file is one step of a schema's history: by its number and name, or by the folder it stands in."""
    *folders, name = path.split("/")
    if _FLYWAY.match(name) or _PADDED.match(name) or _UP.search(name) or _DOWN.search(name):
        return True
    return any(_FOLDER.fullmatch(folder) for folder in folders)


def is_down(path: str) -> bool:
    """Whether a file takes a migration back: it never runs on the way to a release."""
    *folders, name = path.split("/")
    return bool(_DOWN.search(name)) or (bool(folders) and folders[-1].lower() in _DOWN_FOLDERS and is_migration(path))


def order(paths: Iterable[str]) -> list[str]:
    """The files in the order in which their DDL is replayed: dumps and other scripts by path, then migrations by version.

    Versions are those of Flyway (``V1_2__x``, with repeatable ``R__x`` last), of golang-migrate, dbmate and goose (``001_x.up.sql``, time
    stamps), and of diesel and Prisma (a numbered folder for each).  Files that take a migration back are left out.
    """
    return sorted((path for path in paths if not is_down(path)), key=_rank)


def in_dialect(files: Sequence[Facts], dialect: str) -> Iterator[Operation]:
    """The operations of all files, in order; those of a file in another dialect only where they are about tables of its own.

    A product that runs on several servers has its schema once for each of them: the one in the repository's dialect is what counts.
    """
    own = {each.table for facts in files if facts.dialect in ("", dialect) for each in facts.operations if isinstance(each, op.CreateTable)}
    for facts in files:
        for operation in facts.operations:
            about = str(getattr(operation, "table", "")) or str(getattr(operation, "view", ""))
            if facts.dialect in ("", dialect) or not own or (about and about not in own):
                yield operation


def _rank(path: str) -> tuple[object, ...]:
    if not is_migration(path):
        return (0, _natural(path))
    *folders, name = path.split("/")
    folder, stem = "/".join(folders), name
    if not _VERSIONED.match(name) and folders and folders[-1][:1].isdigit():  # 20240101_add/up.sql
        folder, stem = "/".join(folders[:-1]), folders[-1]
    repeatable = name.startswith("R__")
    found = _VERSIONED.match(stem) or re.match(r"(\d+)", stem)
    version = tuple(int(part) for part in re.split(r"[._-]", found[1])) if found else ()
    # Without a number there is no order but the name's, and scripts without one come before the numbered ones.
    return (1, _natural(folder), repeatable, version, _natural(stem), name)


def _natural(text: str) -> tuple[tuple[bool, int, str], ...]:
    return tuple((False, int(part), "") if part.isdigit() else (True, 0, part.lower()) for part in _NUMBERS.split(text) if part)
