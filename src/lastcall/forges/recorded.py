"""An evidence file: what ``lastcall collect`` wrote once is answered again, offline and to the bit, and nothing else is.

A commit that the file does not hold was never asked for: it is unknown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Literal

from lastcall.forges import Forge, Question
from lastcall.model import Evidence, LastcallError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

VERSION: Literal[1] = 1
_FILE_BYTES = 256 << 20
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_COLLECT = "write the file anew with 'lastcall collect -o FILE'"


@dataclass(frozen=True)
class Recorded:
    """The whole file; a key that nothing reads is an error in all of it."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = {"extra": "forbid"}
    version: Literal[1]
    evidence: Evidence


def write(evidence: Evidence) -> str:
    """The file as text; the same evidence gives the same text."""
    return _adapter().dump_json(Recorded(VERSION, evidence), indent=2).decode() + "\n"


def read(text: str | bytes, name: str = "the evidence file") -> Evidence:
    """The evidence that ``write`` wrote.  Raises LastcallError with the place of the first thing that is not as it must be."""
    from pydantic import ValidationError  # noqa: PLC0415

    _check_version(text, name)
    try:
        evidence = _adapter().validate_json(text, strict=True).evidence
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise LastcallError(f"{name}: {where or 'JSON'}: {first['msg']}", _COLLECT) from None
    for where, what in _oddities(evidence):
        raise LastcallError(f"{name}: {where}: {what}", _COLLECT)
    return evidence


def schema() -> dict[str, object]:
    """The JSON Schema of the file."""
    return dict(_adapter().json_schema())


def detect(question: Question) -> bool:
    """Whether an evidence file was given."""
    return question.file is not None


def collect(question: Question) -> Evidence:
    """What the file says.  Raises LastcallError where there is no file, or one that is broken."""
    if question.file is None:
        raise LastcallError(
            "the forge 'recorded' needs an evidence file", "give it with --evidence FILE; 'lastcall collect -o FILE' writes one"
        )
    try:
        if question.file.stat().st_size > _FILE_BYTES:
            raise LastcallError(f"{question.file}: the file is too large to be an evidence file", _COLLECT)
        content = question.file.read_bytes()
    except OSError as error:
        raise LastcallError(f"{question.file}: {error.strerror or 'the file cannot be read'}", _COLLECT) from None
    return read(content, str(question.file))


RECORDED = Forge(detect, collect)


def _adapter() -> TypeAdapter[Recorded]:
    from pydantic import TypeAdapter  # noqa: PLC0415

    return TypeAdapter(Recorded)


def _check_version(text: str | bytes, name: str) -> None:
    """Told first, because a file of another version has other things amiss, too; broken JSON is told with line and column."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise LastcallError(f"{name}:{error.lineno}:{error.colno}: no JSON: {error.msg}", _COLLECT) from None
    except (UnicodeDecodeError, RecursionError):
        raise LastcallError(f"{name}: no JSON in UTF-8", _COLLECT) from None
    version = found.get("version") if isinstance(found, dict) else None
    if version != VERSION:
        told = "no evidence file" if version is None else f"an evidence file of version {version!r}"
        raise LastcallError(f"{name}: this is {told}; this lastcall reads version {VERSION}", _COLLECT)


def _oddities(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """What the types do not say: ids are full and lower case, times can be compared, and nothing is told twice."""
    for place, commit in enumerate(evidence.commits):
        yield from _bad_ids(f"evidence.commits.{place}.sha", [commit.sha])
    for place, pull in enumerate(evidence.pulls):
        where = f"evidence.pulls.{place}"
        yield from _bad_ids(f"{where}.head", [pull.head])
        yield from _bad_ids(f"{where}.merge_commit", [pull.merge_commit])
        yield from _bad_ids(f"{where}.commits", [commit.sha for commit in pull.commits])
        yield from _bad_ids(f"{where}.reviews", [review.commit for review in pull.reviews])
        yield from _bad_times(f"{where}.merged_at", [pull.merged_at])
        yield from _bad_times(f"{where}.reviews", [review.submitted_at for review in pull.reviews])
        if pull.state not in {"open", "closed", "merged"}:
            yield f"{where}.state", "this is neither open nor closed nor merged"
    if len({commit.sha for commit in evidence.commits}) != len(evidence.commits):
        yield "evidence.commits", "a commit is told twice"
    if len({pull.number for pull in evidence.pulls}) != len(evidence.pulls):
        yield "evidence.pulls", "a pull request is told twice"


def _bad_ids(where: str, ids: Iterable[str | None]) -> Iterator[tuple[str, str]]:
    return ((where, f"{each!r} is no full commit id") for each in ids if each is not None and not _SHA.fullmatch(each))


def _bad_times(where: str, times: Iterable[str | None]) -> Iterator[tuple[str, str]]:
    for each in times:
        try:
            known = each is None or datetime.fromisoformat(each).tzinfo is not None
        except ValueError:
            known = False
        if not known:
            yield where, f"{each!r} is no time with its zone, like 2026-11-21T10:00:00Z"
