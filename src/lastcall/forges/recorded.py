"""An evidence file: what ``lastcall collect`` wrote once is answered again, offline and to the bit, and nothing else is.

A commit that the file does not hold was never asked for: it is unknown.  So are the checks of another head, and owners that it does not
name: whoever reads the evidence finds nothing there, and takes nothing for granted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Literal

from lastcall.forges import Forge, Question
from lastcall.forges._conversation import parsed
from lastcall.forges._recorded_schema import described
from lastcall.model import CommitEvidence, Evidence, LastcallError, Moment, Pull, Review

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
    """The JSON Schema of the file (draft 2020-12), to be published."""
    return described(_adapter().json_schema())


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
        with question.file.open("rb") as file:
            content = file.read(_FILE_BYTES + 1)
    except OSError as error:
        raise LastcallError(f"{question.file}: {error.strerror or 'the file cannot be read'}", _COLLECT) from None
    if len(content) > _FILE_BYTES:
        raise LastcallError(f"{question.file}: the file is too large to be an evidence file", _COLLECT)
    evidence = read(content, str(question.file))
    _check_repository(evidence, question)
    return evidence


def _check_repository(evidence: Evidence, question: Question) -> None:
    """Forks share commits: what was approved in one of them is not approved in another.  Where nothing names this one, nothing is said."""
    told = question.environ.get("GITHUB_REPOSITORY") or question.environ.get("CI_PROJECT_PATH")
    named = [told] if told else [remote.path for remote in parsed(question.remotes)]
    theirs = {name.casefold() for name in (evidence.repository, evidence.asked) if name}
    if named and theirs and theirs.isdisjoint(name.casefold() for name in named):
        raise LastcallError(f"{question.file}: this is the evidence of {evidence.repository}, and {named[0]} is judged", _COLLECT)


def moment(question: Question, branch: str, time: str) -> Moment:
    """Where the file says that ``branch`` was at ``time``, whatever zone that is told in.  Raises LastcallError where it does not say."""
    asked = _instant(time)
    found = (each for each in collect(question).moments if each.branch == branch and asked and _instant(each.time) == asked)
    answer = next(found, None)
    if answer is None:
        raise LastcallError(
            f"{question.file}: where {branch} was at {time} is not in it",
            f"collect again with that freeze: lastcall collect --freeze {time} -o FILE",
        )
    return answer


RECORDED = Forge(detect, collect, moment)


def _adapter() -> TypeAdapter[Recorded]:
    from pydantic import TypeAdapter  # noqa: PLC0415

    return TypeAdapter(Recorded)


def _check_version(text: str | bytes, name: str) -> None:
    """Told first, because a file of another version has other things amiss, too; broken JSON is told with line and column."""
    try:
        found = json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise LastcallError(f"{name}:{error.lineno}:{error.colno}: no JSON: {error.msg}", _COLLECT) from None
    except _TwiceError as error:
        raise LastcallError(f"{name}: the key {error} stands twice in one object", _COLLECT) from None
    except UnicodeDecodeError:
        raise LastcallError(f"{name}: no JSON in UTF-8", _COLLECT) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, or thousands of lists in each other
        raise LastcallError(f"{name}: no JSON that can be read: a number is too long, or lists are too deep", _COLLECT) from None
    version = found.get("version") if isinstance(found, dict) else None
    if version != VERSION or isinstance(version, bool):
        told = "no evidence file" if version is None else f"an evidence file of version {version!r}"
        raise LastcallError(f"{name}: this is {told}; this lastcall reads version {VERSION}", _COLLECT)


class _TwiceError(ValueError):
    """A key that stands twice: which of the two counts is anybody's guess."""


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _TwiceError(repr(next(key for place, (key, _) in enumerate(pairs) if any(key == other for other, _ in pairs[:place]))))
    return found


def _oddities(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """What the types do not say: ids are full and lower case, times can be compared, and nothing is told twice."""
    for place, commit in enumerate(evidence.commits):
        yield from _odd_commit(f"evidence.commits.{place}", commit)
    for place, pull in enumerate(evidence.pulls):
        yield from _odd_pull(f"evidence.pulls.{place}", pull)
    yield from _odd_ids("evidence.checks.commit", [evidence.checks.commit if evidence.checks else None])
    for place, moment in enumerate(evidence.moments):
        yield from _odd_ids(f"evidence.moments.{place}.commit", [moment.commit])
        yield from _odd_times(f"evidence.moments.{place}.time", [moment.time])
    for place, tag in enumerate(evidence.tags):
        yield from _odd_ids(f"evidence.tags.{place}", [tag.object, tag.commit])
    yield from _repeated("evidence.commits", "a commit", [commit.sha for commit in evidence.commits])
    yield from _repeated("evidence.pulls", "a pull request", [pull.number for pull in evidence.pulls])
    yield from _repeated("evidence.teams", "an owner", [team.name for team in evidence.teams])
    yield from _repeated("evidence.moments", "a moment", [(moment.branch, _instant(moment.time)) for moment in evidence.moments])
    yield from _repeated("evidence.tags", "a tag", [tag.name for tag in evidence.tags])


def _odd_commit(where: str, commit: CommitEvidence) -> Iterator[tuple[str, str]]:
    yield from _odd_ids(f"{where}.sha", [commit.sha])
    yield from _odd_reviews(f"{where}.reviews", commit.reviews)


def _odd_pull(where: str, pull: Pull) -> Iterator[tuple[str, str]]:
    yield from _odd_ids(f"{where}.head", [pull.head])
    yield from _odd_ids(f"{where}.merge_commit", [pull.merge_commit])
    yield from _odd_ids(f"{where}.head_tree", [pull.head_tree])
    yield from _odd_ids(f"{where}.commits", [commit.sha for commit in pull.commits])
    yield from _odd_reviews(f"{where}.reviews", pull.reviews)
    yield from _odd_ids(f"{where}.force_pushes", [sha for push in pull.force_pushes for sha in (push.before, push.after)])
    yield from _odd_times(f"{where}.force_pushes", [push.at for push in pull.force_pushes])
    yield from _odd_times(f"{where}.base_changes", [change.at for change in pull.base_changes])
    yield from _odd_times(f"{where}.merged_at", [pull.merged_at])
    if pull.number < 1:
        yield f"{where}.number", "no pull request has such a number"
    if pull.state not in {"open", "closed", "merged"}:
        yield f"{where}.state", "this is neither open nor closed nor merged"


def _odd_reviews(where: str, reviews: Iterable[Review]) -> Iterator[tuple[str, str]]:
    for review in reviews:
        yield from _odd_ids(where, [review.commit])
        yield from _odd_times(where, [review.submitted_at, review.edited_at])


def _odd_ids(where: str, ids: Iterable[str | None]) -> Iterator[tuple[str, str]]:
    return ((where, f"{each!r} is no full commit id") for each in ids if each is not None and not _SHA.fullmatch(each))


def _odd_times(where: str, times: Iterable[str | None]) -> Iterator[tuple[str, str]]:
    for each in times:
        if each is not None and _instant(each) is None:
            yield where, f"{each!r} is no time with its zone, like 2026-11-21T10:00:00Z"


def _repeated(where: str, what: str, keys: Sequence[object]) -> Iterator[tuple[str, str]]:
    if len(set(keys)) != len(keys):
        yield where, f"{what} is told twice"


def _instant(time: str) -> datetime | None:
    """The moment that ``time`` is, in whatever zone it is told; None where it is none."""
    try:
        instant = datetime.fromisoformat(time)
    except ValueError:
        return None
    return instant if instant.tzinfo is not None else None
