"""The policy: ``.lastcall.yml`` read strictly, and the report that findings and policy make together.  The only importer of yaml.

The dataclasses below are the shape of the file: names, types, defaults and descriptions.  pydantic reads them to validate a policy and to
publish its JSON Schema.  yaml and pydantic are imported where a policy exists, so that a repository without one never pays for them.
"""

from __future__ import annotations

import copy
import difflib
import json
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, make_dataclass, replace
from datetime import date
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Literal, get_type_hints

from lastcall.model import (
    Blob,
    Exemption,
    Finding,
    Kind,
    LastcallError,
    Policy,
    QueryPolicy,
    Release,
    Report,
    RequiredCheck,
    ReviewPolicy,
    Severity,
    Tree,
    Waiver,
)

if TYPE_CHECKING:
    import yaml
    from pydantic import TypeAdapter
    from pydantic_core import ErrorDetails

NAME = ".lastcall.yml"
LIMIT = 256 * 1024
"""Bytes of the longest policy that is read."""
DEPTH = 12
"""Lists and mappings inside each other; the deepest key of a policy stands four deep."""
VALUES = 2000
"""Values of the longest policy that is read."""
STARS = 3
"""Wildcards of a pattern between two slashes, and ``**`` in all of it: matching takes a time to the power of their number."""
TOLD = 10
"""Errors that one message lists."""
PEOPLE = 2
"""Who must answer for a waiver, at least."""

ROWS = range(1, 10_000_000_001)
"""How many rows the judge can be told to believe in."""
Loc = tuple[str | int, ...]
Word = Literal["error", "warning", "note", "off", "on"]
Dialect = Literal["auto", "postgres", "mysql", "sqlite", "tsql", "oracle"]
Carry = Literal["none", "same-tree", "replay"]
Submodules = Literal["block", "require-approval"]

_CALLED = {"postgresql": "postgres", "pg": "postgres", "mariadb": "mysql", "mssql": "tsql", "sqlserver": "tsql", "sql server": "tsql"}
"""What people call a dialect, where the nearest spelling would be another one."""


# ------------------------------------------------------------------------------------------------------------- the shape of the file


def _strict(title: str, **more: object) -> dict[str, Any]:
    return {"extra": "forbid", "strict": True, "title": title, "alias_generator": _kebab, **more}


def _kebab(name: str) -> str:
    return name.replace("_", "-")


def _says(description: str, **limits: object) -> dict[str, object]:
    """The metadata of a key: pydantic takes that of a dataclass's field for the arguments of its own."""
    return {"description": description, **limits}


@dataclass(frozen=True)
class FreezeKeys:
    """Where the release branches are frozen."""

    __pydantic_config__ = _strict("freeze")
    at: str = field(
        metadata=_says("The freeze: a tag, branch or commit; or a time with its zone (2026-11-21T18:00Z), which the forge's log must know.")
    )


@dataclass(frozen=True)
class ExemptKeys:
    """Late changes that need no approval: every path matches `paths` and every author is one of `authors`."""

    __pydantic_config__ = _strict("exempt", json_schema_extra={"minProperties": 1})
    paths: tuple[str, ...] = field(default=(), metadata=_says("Patterns as in .gitignore. Left out: any path.", min_length=1))
    authors: tuple[str, ...] = field(
        default=(), metadata=_says("Logins of the forge, which must prove who wrote each commit. Left out: any author.", min_length=1)
    )

    def __post_init__(self) -> None:
        if not (self.paths or self.authors):
            raise ValueError("an exemption with `paths` or `authors`: this one would exempt everything")


@dataclass(frozen=True)
class ReviewKeys:
    """How a late change is approved."""

    __pydantic_config__ = _strict("review")
    approvals: int = field(default=1, metadata=_says("Independent approvers that each late change needs.", ge=1))
    code_owners: bool = field(
        default=True, metadata=_says("An owner of each file, by CODEOWNERS of the base, must have approved; files without one need none.")
    )
    carry: Carry = field(
        default="replay",
        metadata=_says(
            "How an approval follows the content: none (only an approval of the last commit counts), same-tree (also of a commit with the "
            "same files), replay (also of an earlier one, where git makes the same of it again)."
        ),
    )
    accept_base: tuple[str, ...] = field(
        default=(),
        metadata=_says(
            "Branches, by name or pattern: an approval given for one of them counts, too, when the change was carried over unchanged."
        ),
    )
    accept_picks_from: tuple[str, ...] = field(
        default=(),
        metadata=_says("Branches, by name or pattern: a clean cherry-pick of a commit that was approved for one of them is approved."),
    )
    allow_clean_revert: bool = field(
        default=False, metadata=_says("A revert that git makes the same way needs no approval, whatever it takes back.")
    )
    allow_post_merge: bool = field(default=False, metadata=_says("An approval that was given only after the merge counts."))
    allow_suggestions: bool = field(
        default=False, metadata=_says("Whoever is a co-author only by a suggestion that was accepted may approve, too.")
    )
    submodules: Submodules = field(
        default="block",
        metadata=_says(
            "A submodule that moves: block (its commits are not seen, so nothing approves them), or require-approval (an approval of the "
            "move is enough)."
        ),
    )
    approving_bots: tuple[str, ...] = field(default=(), metadata=_says("Logins of bots whose approval counts as a person's."))
    allowed_signers: str = field(
        default="",
        metadata=_says(
            "The file of the base with the keys that signed Reviewed-by trailers are verified by (forge trailers). Left out: the first "
            "of the usual places."
        ),
    )
    exempt: tuple[ExemptKeys, ...] = field(default=(), metadata=_says("Late changes that need no approval."))


@dataclass(frozen=True)
class CheckKeys:
    """A check that must be green on exactly the release head."""

    __pydantic_config__ = _strict("check")
    name: str = field(metadata=_says("The check's name, to the letter: `test (3.12)` is another one than `test`."))
    app: str | int = field(
        default="", metadata=_says("The app that must have told so, by its slug (github-actions) or its number. Left out: any.")
    )


@dataclass(frozen=True)
class WaiverKeys:
    """Break-glass: two people let one change through without an approval."""

    __pydantic_config__ = _strict("waiver")
    change: str = field(metadata=_says("pull:<number> or commit:<id>.", pattern=r"^(pull:[1-9][0-9]{0,9}|commit:[0-9a-fA-F]{7,64})$"))
    reason: str = field(metadata=_says("Why it could not wait for an approval: every report shows it."))
    expiry: str = field(metadata=_says("The last day on which it holds (UTC), like 2026-12-01.", pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))
    people: tuple[str, ...] = field(metadata=_says("The logins of the two people, or more, who answer for it.", min_length=PEOPLE))
    commit: str = field(
        default="",
        metadata=_says(
            "The last commit of the pull request that the waiver is for: what is pushed later is not let through.",
            pattern=r"^[0-9a-fA-F]{7,64}$",
        ),
    )


@dataclass(frozen=True)
class QueryKeys:
    """How queries and the schema are read."""

    __pydantic_config__ = _strict("queries")
    dialect: Dialect = field(
        default="auto", metadata=_says("The SQL dialect; mysql is MariaDB's too, tsql is SQL Server's. auto: detected.")
    )
    schema: Literal["auto"] | tuple[str, ...] = field(
        default="auto", metadata=_says("The files that the schema is read from: auto (all), or patterns as in .gitignore.", min_length=1)
    )
    exclude: tuple[str, ...] = field(default=QueryPolicy().exclude, metadata=_says("Files that are not read; patterns as in .gitignore."))
    small_tables: tuple[str, ...] = field(default=(), metadata=_says("Tables that are always small: reading all of one needs no index."))
    rows: dict[str, int] = field(
        default_factory=dict,
        metadata=_says(
            "How many rows the judge believes in, by table; default is for all others, and is 10,000,000 where it is left out.",
            json_schema_extra={"additionalProperties": {"type": "integer", "minimum": ROWS[0], "maximum": ROWS[-1]}},
        ),
    )


@dataclass(frozen=True)
class PolicyKeys:
    """The policy of lastcall, read from the base of what is judged."""

    __pydantic_config__ = _strict("The policy of lastcall")
    branches: tuple[str, ...] = field(default=("release/*",), metadata=_says("The release branches, by name or pattern.", min_length=1))
    freeze: FreezeKeys | None = field(
        default=None, metadata=_says("Where the release branches are frozen. Left out: the tag freeze/<branch>.")
    )
    review: ReviewKeys = field(default_factory=ReviewKeys)
    checks: tuple[str | CheckKeys, ...] = field(
        default=(), metadata=_says("Checks that must be green on exactly the release head: a name, or a name and the app that tells it.")
    )
    waivers: tuple[WaiverKeys, ...] = field(
        default=(), metadata=_says("Break-glass: changes that two people let through without an approval, until a day.")
    )
    queries: QueryKeys = field(default_factory=QueryKeys)


SECTIONS: Mapping[str, type] = {"review": ReviewKeys, "queries": QueryKeys, "freeze": FreezeKeys}
ENTRIES: Mapping[str, type] = {"checks": CheckKeys, "waivers": WaiverKeys}


def _shape(rules: Mapping[str, type]) -> type[Any]:
    """``PolicyKeys`` with the key ``rules``, whose own keys are the rules that exist, each with its options."""
    each_is = _says("A severity, off, or a mapping of severity and options.")
    per_rule: list[tuple[str, Any, Any]] = [
        (name.replace("-", "_"), Word | _setting(name, options), field(default="on", metadata=each_is))
        for name, options in sorted(rules.items())
    ]
    config = {"__pydantic_config__": _strict("rules"), "__doc__": "Severity and options of rules."}
    every = make_dataclass("RuleKeys", per_rule, frozen=True, namespace=config)
    whole = ("rules", every, field(default_factory=every))
    return make_dataclass("WholePolicy", [whole], bases=(PolicyKeys,), frozen=True, namespace={"__doc__": PolicyKeys.__doc__})


def _setting(name: str, options: type) -> type[Any]:
    """The mapping that a rule may be given: its severity, and its options by their names in kebab-case."""
    hints = get_type_hints(options, include_extras=True)
    # A copy, because a dataclass writes into the fields that it is made from.
    own = [(each.name, hints[each.name], copy.copy(each)) for each in fields(options)]
    severity = ("severity", Word, field(default="on", metadata=_says("error, warning, note, off, or on: the rule's own."), kw_only=True))
    config = {"__pydantic_config__": _strict(name), "__doc__": f"Severity and options of {name}."}
    return make_dataclass(f"{name.title().replace('-', '')}Keys", [*own, severity], frozen=True, namespace=config)


def schema(rules: Mapping[str, type]) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a policy, for editors; ``rules`` is the ``Options`` class of each rule by its name."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_adapter(rules).json_schema()}


def _adapter(rules: Mapping[str, type]) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter  # noqa: PLC0415 (only a repository with a policy pays for it)

    return TypeAdapter(_shape(rules))


# ---------------------------------------------------------------------------------------------------------------------------- reading


@dataclass(frozen=True)
class _Place:
    """Where a value of the file stands; ``text`` is a scalar as it is written, None for a list or mapping."""

    key_line: int
    line: int
    text: str | None = None


class _Refused(Exception):  # noqa: N818 (it is told to the user as a LastcallError)
    """What the file says at a line and cannot be read."""

    def __init__(self, line: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.line = line
        self.message = message
        self.hint = hint


def load(tree: Tree | None, rules: Mapping[str, type], path: str = NAME) -> Policy:
    """The policy that ``tree`` holds at ``path`` (``.lastcall.yaml`` does as well); the defaults where there is none.

    ``rules`` is the ``Options`` class of each rule by its name.  Raises LastcallError that lists every error with its line.
    """
    blob = _find(tree, path) if tree else None
    if tree is None or blob is None:
        return Policy()
    content = tree.read(blob, LIMIT)
    if content is None:
        raise LastcallError(f"{blob.path}: longer than {LIMIT // 1024} KiB, which no policy needs")
    try:
        data, places = _parse(_decode(content))
        if data is None:
            return Policy(path=blob.path, blob=blob.id)
        keys = _validate(_with_words(data), places, rules)
        _check_values(keys, places)
        return replace(_policy(keys, rules, places), path=blob.path, blob=blob.id)
    except _Refused as refused:
        raise LastcallError(f"{blob.path}:{refused.line}: {refused.message}", refused.hint) from None
    except _Invalid as invalid:
        raise _told(blob.path, invalid.problems) from None


def _find(tree: Tree, path: str) -> Blob | None:
    plain = PurePosixPath(path)
    names = {path, *(str(plain.with_suffix(suffix)) for suffix in (".yml", ".yaml") if plain.suffix in {".yml", ".yaml"})}
    found = [blob for blob in tree.blobs if blob.path in names]
    if len(found) > 1:
        raise LastcallError(f"there are two policies: {' and '.join(blob.path for blob in found)}", "keep one of them")
    if found and found[0].kind is not Kind.FILE:
        raise LastcallError(f"{found[0].path} is a {found[0].kind}; the policy must be a file of this repository")
    return found[0] if found else None


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Refused(content.count(b"\n", 0, error.start) + 1, "not UTF-8", "save the file as UTF-8") from None


def _parse(text: str) -> tuple[object, dict[Loc, _Place]]:
    """The data of a YAML text (None: an empty one) and the place of each value in it."""
    import yaml  # noqa: PLC0415 (only a repository with a policy pays for it)

    reader = _Reader(yaml.parse(text, Loader=yaml.SafeLoader))
    try:
        return reader.document(), reader.places
    except yaml.reader.ReaderError as error:
        raise _Refused(text.count("\n", 0, error.position) + 1, "a control character, which YAML does not allow") from None
    except yaml.MarkedYAMLError as error:
        raise _syntax(error) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # The scanner turns escapes and version numbers into characters and integers without a look at their size.
        raise _Refused(reader.line, f"not YAML: {_clip(str(error))}") from None


def _syntax(error: yaml.MarkedYAMLError) -> _Refused:
    mark = error.problem_mark or error.context_mark
    problem = str(error.problem or error.context or "cannot be read")
    hint = ""
    if "\\t" in problem:
        hint = "indent with spaces, not with tabs"
    elif "alias" in f"{error.context}":
        hint = 'put text that begins with * in quotes: "*.lock"'
    elif (
        "mapping values" in problem
        or "expected ',' or ']'" in problem
        or "expected ',' or '}'" in problem
        or "cannot start any token" in problem
    ):
        hint = 'put text that holds one of [ ] { } , : # & * ! | > % @ ` in quotes: "renovate[bot]"'
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return _Refused(line, f"not YAML (column {column}): {_clip(problem)}", hint)


class _Reader:
    """Builds data from the events of a YAML text, and remembers where each value stands.

    A policy is short and plain, so that what makes YAML unsafe or surprising has no place in it: aliases, tags, keys that are not words, a
    key that stands twice.  Plain words mean what they mean in YAML 1.2: ``no``, ``off``, ``12:30`` and ``2026-11-21`` are text.
    """

    def __init__(self, events: Iterable[yaml.Event]) -> None:
        self._events: Iterator[yaml.Event] = iter(events)
        self.places: dict[Loc, _Place] = {}
        self.line = 1

    def document(self) -> object:
        import yaml  # noqa: PLC0415

        found: object = None
        for count, event in enumerate(each for each in self._events if not isinstance(each, yaml.StreamStartEvent | yaml.StreamEndEvent)):
            if count:
                raise _Refused(_line(event), "a second YAML document begins here", "keep one of them")
            if isinstance(event, yaml.DocumentStartEvent):
                found = self._value(self._next(), (), 0)
                self._next()
        return found

    def _next(self) -> yaml.Event:
        event = next(self._events)
        self.line = _line(event)
        return event

    def _value(self, event: yaml.Event, loc: Loc, key_line: int) -> object:
        import yaml  # noqa: PLC0415

        line = _line(event)
        if isinstance(event, yaml.AliasEvent):
            raise _Refused(
                line,
                f"`*{_clip(str(event.anchor))}` is an alias, which a policy cannot have",
                'text that begins with * goes in quotes: "*.lock"',
            )
        tag: str | None = getattr(event, "tag", None)
        if tag is not None:
            raise _Refused(line, f"`{_clip(tag)}` is a tag, which a policy cannot have", "text that begins with ! goes in quotes")
        if len(loc) > DEPTH or len(self.places) > VALUES:
            raise _Refused(
                line, f"more than {DEPTH} lists and mappings inside each other, or more than {VALUES} values: no policy needs that"
            )
        if isinstance(event, yaml.ScalarEvent):
            self.places[loc] = _Place(key_line or line, line, event.value)
            return _scalar(event, loc)
        self.places[loc] = _Place(key_line or line, line)
        return self._mapping(loc) if isinstance(event, yaml.MappingStartEvent) else self._list(loc)

    def _list(self, loc: Loc) -> list[object]:
        import yaml  # noqa: PLC0415

        found: list[object] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            found.append(self._value(event, (*loc, len(found)), 0))
        return found

    def _mapping(self, loc: Loc) -> dict[str, object]:
        import yaml  # noqa: PLC0415

        found: dict[str, object] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.tag is not None:
                raise _Refused(_line(event), "a key must be a word")
            key = event.value
            if key in found:
                raise _Refused(
                    _line(event), f"`{_clip(key)}` stands here for the second time; the first is on line {self.places[*loc, key].key_line}"
                )
            found[key] = self._value(self._next(), (*loc, key), _line(event))
        return found


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _scalar(event: yaml.ScalarEvent, loc: Loc) -> object:
    """A scalar by the core schema of YAML 1.2: https://yaml.org/spec/1.2.2/#103-core-schema (without octal and hexadecimal numbers)."""
    text: str = event.value
    if not event.implicit[0] and not text.strip():
        raise _Refused(_line(event), f"{_name(loc)} is empty")
    if not text.isprintable():  # terminal escapes, bidirectional marks, halves of surrogate pairs: reports print what a policy says
        raise _Refused(_line(event), f"{_name(loc)} has a character that cannot be seen")
    if not event.implicit[0]:  # quoted, or a block
        return text
    if text in {"", "~", "null", "Null", "NULL"}:
        if not loc:
            return None
        raise _Refused(_line(event), f"{_name(loc)} has no value", "give it one, or remove it")
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if re.fullmatch(r"[-+]?[0-9]{1,15}", text):
        return int(text)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


# ------------------------------------------------------------------------------------------------------------------------- validating


@dataclass(frozen=True, order=True)
class _Problem:
    line: int
    message: str


class _Invalid(Exception):  # noqa: N818 (it is told to the user as a LastcallError)
    def __init__(self, problems: Sequence[_Problem]) -> None:
        super().__init__()
        self.problems = problems


def _told(path: str, problems: Sequence[_Problem]) -> LastcallError:
    lines = [f"{path}:{problem.line}: {problem.message}" for problem in problems[:TOLD]]
    if len(problems) > TOLD:
        lines.append(f"… and {len(problems) - TOLD} more")
    return LastcallError("\n".join(lines))


def _with_words(data: object) -> object:
    """``rules`` with off for the ways to say no in YAML (off, no, false), and on for the ways to say yes, wherever a severity stands."""
    rules = data.get("rules") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(rules, dict):
        return data
    switched: dict[str, object] = {}
    for name, value in rules.items():
        nested = isinstance(value, dict) and "severity" in value
        switched[name] = {**value, "severity": _word(value["severity"])} if nested else _word(value)
    return {**data, "rules": switched}


def _word(value: object) -> object:
    if not isinstance(value, str | bool):
        return value
    word = str(value).lower()
    return "off" if word in {"off", "no", "false"} else "on" if word in {"on", "yes", "true"} else value


def _validate(data: object, places: Mapping[Loc, _Place], rules: Mapping[str, type]) -> Any:
    from pydantic import ValidationError  # noqa: PLC0415

    try:
        # As JSON, because strict means there what it means in the file: a list may become a tuple, and no text a number.
        return _adapter(rules).validate_json(json.dumps(data))
    except ValidationError as error:
        raise _Invalid(_problems(error.errors(include_url=False), places, rules)) from None


def _problems(errors: Sequence[ErrorDetails], places: Mapping[Loc, _Place], rules: Mapping[str, type]) -> list[_Problem]:
    """One problem for each place, in the order of the file: what is wrong deeper inside says more than that the whole does not fit."""
    by_loc: dict[Loc, list[ErrorDetails]] = {}
    for error in errors:
        by_loc.setdefault(_where(error["loc"], places), []).append(error)
    above = {loc[:length] for loc in by_loc for length in range(len(loc))}
    return sorted(_problem(loc, found, places, rules) for loc, found in by_loc.items() if loc not in above)


def _check_values(keys: Any, places: Mapping[Loc, _Place]) -> None:
    """Refuses what has the right type and yet means nothing."""
    checks, waivers = _bad_apps(keys.checks, places), _bad_waivers(keys.waivers, places)
    problems = [*_bad_patterns(places), *_bad_paths(keys.review, places), *checks, *waivers, *_bad_rows(keys.queries, places)]
    if problems:
        raise _Invalid(sorted(problems))


def _bad_patterns(places: Mapping[Loc, _Place]) -> Iterator[_Problem]:
    """What is no pattern, and one whose many wildcards would take for ever on a long path: a policy may be a stranger's."""
    for loc, place in places.items():
        if not place.text or not isinstance(loc[-1], int) or loc[0] == "rules":
            continue
        of_paths = not {"exclude", "schema", "paths"}.isdisjoint(loc)
        of_branches = not {"accept-base", "accept-picks-from"}.isdisjoint(loc)
        if (of_paths and not _is_pattern(place.text)) or (of_branches and not _is_bounded(place.text)):
            yield _Problem(place.line, f"{_name(loc)} is a pattern that cannot be read: `{_clip(place.text)}`")


def _bad_paths(keys: ReviewKeys, places: Mapping[Loc, _Place]) -> Iterator[_Problem]:
    path = keys.allowed_signers
    if path and (PurePosixPath(path).is_absolute() or "\\" in path or not {"", ".", ".."}.isdisjoint(path.split("/"))):
        wanted = "a path from the root of the repository, like `.github/allowed-signers`"
        yield _Problem(places["review", "allowed-signers"].line, f"`allowed-signers` must be {wanted}, not `{_clip(path)}`")


def _bad_apps(checks: Sequence[str | CheckKeys], places: Mapping[Loc, _Place]) -> Iterator[_Problem]:
    for number, check in enumerate(checks):
        if isinstance(check, CheckKeys) and isinstance(check.app, int) and check.app < 1:
            yield _Problem(places["checks", number, "app"].line, f"`app` must be the slug or the number of an app, not `{check.app}`")


def _bad_rows(keys: QueryKeys, places: Mapping[Loc, _Place]) -> Iterator[_Problem]:
    for table, number in keys.rows.items():
        if number not in ROWS:
            line = places["queries", "rows", table].line
            yield _Problem(line, f"`{_clip(table)}` must be a number of rows from {ROWS[0]} to {ROWS[-1]}, not `{number}`")


def _bad_waivers(waivers: Sequence[WaiverKeys], places: Mapping[Loc, _Place]) -> Iterator[_Problem]:
    """A waiver lets through what nobody approved: one that is not right to the last letter must not be taken for another."""
    for number, waiver in enumerate(waivers):
        loc: Loc = ("waivers", number)
        people = [person.removeprefix("@").casefold() for person in waiver.people]
        stranger = next((place for place, person in enumerate(people) if not re.fullmatch(r"[^\s@]+", person)), None)
        if not _is_day(waiver.expiry):
            yield _Problem(places[*loc, "expiry"].line, f"`expiry` must be {_FORMS['expiry']}, not `{waiver.expiry}`: there is no such day")
        if stranger is not None:
            place = places[*loc, "people", stranger]
            yield _Problem(place.line, f"{_name((*loc, 'people', stranger))} must be a login, like `ann`, not `{_clip(place.text or '')}`")
        elif len(set(people)) < PEOPLE:
            yield _Problem(places[*loc, "people"].line, f"`people` must be the logins of {PEOPLE} people or more, not one of them twice")
        if waiver.commit and waiver.change.startswith("commit:"):
            yield _Problem(places[*loc, "commit"].line, "`commit` binds a pull request's waiver, and `change` names a commit already")


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_pattern(text: str) -> bool:
    import pathspec  # noqa: PLC0415 (only a policy with patterns pays for it)

    if not _is_bounded(text):
        return False
    try:
        with warnings.catch_warnings(action="error"):
            pathspec.GitIgnoreSpec.from_lines([text])
    except (ValueError, re.error, Warning):
        return False
    return True


def _is_bounded(text: str) -> bool:
    segments = text.split("/")
    return segments.count("**") <= STARS and all(segment == "**" or segment.count("*") <= STARS for segment in segments)


def _where(loc: Loc, places: Mapping[Loc, _Place]) -> Loc:
    """pydantic's ``loc`` without what names no part of the file: the arms of a union, and keys that are missing."""
    found: Loc = ()
    for part in loc:
        if (*found, part) in places:
            found = (*found, part)
    return found


def _problem(loc: Loc, errors: Sequence[ErrorDetails], places: Mapping[Loc, _Place], rules: Mapping[str, type]) -> _Problem:
    place = places[loc]
    if errors[0]["type"] == "unexpected_keyword_argument":
        return _Problem(place.key_line, _unknown(loc, rules))
    missing = [error["loc"][-1] for error in errors if error["type"] == "missing"]
    if missing:
        return _Problem(place.key_line, f"{_name(loc)} lacks {' and '.join(f'`{key}`' for key in missing)}")
    wanted = ", or ".join(dict.fromkeys(_wanted(error) for error in errors))
    return _Problem(place.line, f"{_name(loc)} must be {wanted}{_instead(errors, place)}")


def _unknown(loc: Loc, rules: Mapping[str, type]) -> str:
    key = str(loc[-1])
    if loc[:-1] == ("rules",):
        return f"unknown rule `{_clip(key)}`{_nearest(key, rules)}"
    home = [section for section, shape in SECTIONS.items() if key in _keys(shape)]
    if home and loc[:-1] != (home[0],):
        return f"unknown key `{key}` here; it belongs under `{home[0]}:`"
    return f"unknown key `{_clip(key)}`{_nearest(key, _known(loc[:-1], rules))}"


def _known(loc: Loc, rules: Mapping[str, type]) -> list[str]:
    """The keys that the mapping at ``loc`` may have."""
    if not loc:
        return [*_keys(PolicyKeys), "rules"]
    if loc[0] == "rules":
        return ["severity", *_keys(rules[str(loc[1])])]
    return _keys(ExemptKeys if loc[:2] == ("review", "exempt") else ENTRIES.get(str(loc[0])) or SECTIONS[str(loc[0])])


def _keys(shape: type) -> list[str]:
    return [_kebab(each.name) for each in fields(shape)]


def _nearest(word: str, known: Iterable[str]) -> str:
    every = sorted(known)
    near = difflib.get_close_matches(word[:80].lower().replace("_", "-"), every, n=1)
    if near:
        return f"; did you mean `{near[0]}`?"
    return f"; known: {', '.join(every)}"


_FORMS = {
    "change": "`pull:<number>` or `commit:<id>`, like `pull:12`",
    "commit": "the id of a commit, 7 hexadecimal digits or more",
    "expiry": "a date, like 2026-12-01",
}
"""What a text of a waiver must be, by its key."""
_WANTED = {
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping of keys",
    "dataclass_type": "a mapping of keys",
}
"""What a value must be, by pydantic's word for what it is not: https://docs.pydantic.dev/latest/errors/validation_errors/."""


def _wanted(error: ErrorDetails) -> str:
    """What a value must be, as it follows the words "must be"."""
    limits = error.get("ctx", {})
    match error["type"]:
        case "string_pattern_mismatch" | "string_type" if error["loc"][:1] == ("waivers",) and error["loc"][-1] in _FORMS:
            return _FORMS[str(error["loc"][-1])]
        case "too_short":
            return f"a list of {'one entry' if limits['min_length'] == 1 else 'two entries'} or more"
        case "greater_than_equal":
            return f"at least {limits['ge']}"
        case "value_error":
            return f"{limits['error']}"
        case "literal_error":
            return f"{limits['expected']}".replace("'", "`")
    return _WANTED.get(error["type"], f"something else ({_clip(error['msg'])})")


def _instead(errors: Sequence[ErrorDetails], place: _Place) -> str:
    """What stands there instead, and how to write what was probably meant."""
    types = {error["type"] for error in errors}
    if types & {"too_short", "value_error"}:
        return ""
    if place.text is None:
        return ", not a list" if isinstance(errors[0]["input"], list) else ", not a mapping"
    written = _clip(place.text)
    if "string_pattern_mismatch" in types or (errors[0]["loc"][:1] == ("waivers",) and errors[0]["loc"][-1] in {"change", "expiry"}):
        return f", not `{written}`"
    if "string_type" in types:
        return (
            f', and `{written}` is {"true or false" if isinstance(errors[0]["input"], bool) else "a number"}: put it in quotes, "{written}"'
        )
    if types & {"tuple_type", "list_type"}:
        return f', not `{written}`: write ["{written}"]'
    if "literal_error" in types:
        known = re.findall(r"'([^']+)'", " ".join(error.get("ctx", {}).get("expected", "") for error in errors))
        near = [_CALLED.get(written.lower(), ""), *difflib.get_close_matches(written.lower(), known, n=1)]
        meant = next((word for word in near if word in known), "")
        return f", not `{written}`" + (f"; did you mean `{meant}`?" if meant else "")
    return f", not the text `{written}`" if isinstance(errors[0]["input"], str) else f", not `{written}`"


def _name(loc: Loc) -> str:
    if not loc:
        return "a policy"
    if isinstance(loc[-1], int):
        return f"entry {loc[-1] + 1} of {_name(loc[:-1])}"
    return f"`{_clip(loc[-1])}`"


def _clip(text: str) -> str:
    """Text of the file, fit for a line of a message: a policy may hold terminal escapes and new lines."""
    shown = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text[:61])
    return shown if len(text) <= 60 else f"{shown[:59]}…"  # noqa: PLR2004


# ------------------------------------------------------------------------------------------------------------------- what comes of it


def _policy(keys: Any, rules: Mapping[str, type], places: Mapping[Loc, _Place]) -> Policy:
    severities: dict[str, Severity | None] = {}
    options: dict[str, object] = {}
    for name, kind in rules.items():
        setting = getattr(keys.rules, name.replace("-", "_"))
        word = setting if isinstance(setting, str) else setting.severity
        if word != "on":
            severities[name] = None if word == "off" else Severity[word.upper()]
        if not isinstance(setting, str) and any(loc[:2] == ("rules", name) and loc[2:] not in {(), ("severity",)} for loc in places):
            options[name] = _options(kind, setting, places["rules", name])
    return Policy(
        branches=keys.branches,
        freeze_at=keys.freeze.at if keys.freeze else "",
        review=_review(keys.review),
        checks=tuple(RequiredCheck(each) if isinstance(each, str) else RequiredCheck(each.name, str(each.app)) for each in keys.checks),
        waivers=tuple(_waiver(each) for each in keys.waivers),
        queries=_queries(keys.queries),
        severities=severities,
        options=options,
    )


def _options(kind: type, setting: object, place: _Place) -> object:
    try:
        return kind(**{each.name: getattr(setting, each.name) for each in fields(kind)})
    except ValueError as error:  # what the rule itself has against values that have the right type
        raise _Refused(place.key_line, _clip(str(error))) from None


def _review(keys: ReviewKeys) -> ReviewPolicy:
    return ReviewPolicy(
        approvals=keys.approvals,
        code_owners=keys.code_owners,
        carry=keys.carry,
        accept_base=keys.accept_base,
        accept_picks_from=keys.accept_picks_from,
        allow_clean_revert=keys.allow_clean_revert,
        allow_post_merge=keys.allow_post_merge,
        allow_suggestions=keys.allow_suggestions,
        submodules=keys.submodules,
        approving_bots=keys.approving_bots,
        allowed_signers=keys.allowed_signers,
        exempt=tuple(Exemption(each.paths, each.authors) for each in keys.exempt),
    )


def _waiver(keys: WaiverKeys) -> Waiver:
    people = tuple({person.casefold(): person for person in (each.removeprefix("@") for each in keys.people)}.values())
    return Waiver(keys.change.lower(), keys.reason, keys.expiry, people, keys.commit.lower())


def _queries(keys: QueryKeys) -> QueryPolicy:
    return QueryPolicy(
        dialect="" if keys.dialect == "auto" else keys.dialect,
        schema=() if keys.schema == "auto" else keys.schema,
        exclude=keys.exclude,
        small_tables=keys.small_tables,
        rows=keys.rows,
    )


def weigh(
    release: Release, findings: Iterable[Finding], ignored: Iterable[Finding], policy: Policy, fail_on: Severity, version: str
) -> Report:
    """The report of a run.

    Severities, options and exemptions have had their say before: rules are asked with them, changes carry their verdict.
    """
    return Report(
        release=release,
        findings=tuple(findings),
        ignored=tuple(ignored),
        fail_on=fail_on,
        version=version,
        policy=policy,
    )


# ------------------------------------------------------------------------------------------------------------------------------ guards

CODEOWNERS = frozenset({"CODEOWNERS", ".github/CODEOWNERS", ".gitlab/CODEOWNERS", "docs/CODEOWNERS"})
SIGNERS = frozenset({"allowed-signers", "allowed_signers"})
"""Names of the file that says whose signatures count; it may be hidden, or lie in ``.github``."""
RUNNERS = re.compile(r"\.github/.+\.ya?ml|(\.pre-commit-config|\.gitlab-ci|action)\.ya?ml")
"""Files that run lastcall where they name it."""


def guards(*trees: Tree, allowed_signers: str = "") -> Callable[[str], bool]:
    """Whether a path steers lastcall itself, by the files of ``trees``: the base and the head, as either may be the one that names it.

    That is the policy, a CODEOWNERS file, a file of allowed signers (the policy's own ``allowed_signers`` as well), and what runs lastcall:
    a workflow or local action under ``.github``, the configuration of pre-commit or GitLab, or the repository's own ``action.yml``, where
    it names lastcall or another such file.  One too long to be read counts.
    """
    texts = [(blob.path, _text(tree, blob)) for tree in trees for blob in tree.blobs if RUNNERS.fullmatch(blob.path)]
    steering = {NAME, NAME.replace(".yml", ".yaml"), *CODEOWNERS, *_signers(), *([allowed_signers] if allowed_signers else [])}
    named = {"lastcall"}
    while found := {path for path, text in texts if path not in steering and (text is None or any(word in text for word in named))}:
        steering |= found
        named |= {_used_as(path).lower() for path in found if path.startswith(".github/")}
    return lambda path: path in steering


def _signers() -> Iterator[str]:
    for name in SIGNERS:
        yield from (name, f".{name}", f".github/{name}")


def _used_as(path: str) -> str:
    """What a workflow calls a file of ``.github``: a local action by its folder, a reusable workflow by itself."""
    plain = PurePosixPath(path)
    return str(plain.parent) if plain.stem == "action" else path


def _text(tree: Tree, blob: Blob) -> str | None:
    if blob.kind is not Kind.FILE:
        return ""
    content = tree.read(blob, LIMIT)
    return None if content is None else content.decode("utf-8", "replace").lower()
