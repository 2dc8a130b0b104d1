"""Ask every rule about every fact; of the findings about queries keep those that this release brings: head minus base."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from lastcall.model import Finding, Ignore, Location, Policy, Release, Severity, Side
from lastcall.plugins import discover
from lastcall.rules import Check, Rule
from lastcall.schema_changes import schema_changes


def rules() -> Mapping[str, Rule]:
    """Every rule by name."""
    return discover("lastcall.rules", Rule)


def check(release: Release, policy: Policy) -> tuple[list[Finding], list[Finding]]:
    """The findings of a release, and those that an inline ignore silenced (with its reason)."""
    every = rules()
    facts = [*release.changes, *release.checks, *([release.rewritten] if release.rewritten else []), *release.unread]
    found = list(_ask(every, facts, policy))
    silenced: list[Finding] = []
    if release.after:
        brought = list(_ask(every, _facts(release.after), policy))
        if release.before:
            brought = subtract(brought, _ask(every, _facts(release.before), policy))
            small = frozenset(name.lower() for name in policy.queries.small_tables)
            brought += _ask(every, schema_changes(release.before, release.after, small), policy)
        kept, silenced, ignores = _silence(brought, release.after.ignores)
        found += kept
        found += _ask(every, ignores, policy)
    return sorted(found, key=_order), sorted(silenced, key=_order)


def subtract(after: Iterable[Finding], before: Iterable[Finding]) -> list[Finding]:
    """The findings of ``after`` without as many of the same fingerprint as ``before`` has; those in the same file go first."""
    places = Counter((finding.fingerprint, finding.location and finding.location.path) for finding in before)
    left: list[Finding] = []
    for finding in after:
        place = (finding.fingerprint, finding.location and finding.location.path)
        if places[place]:
            places[place] -= 1
        else:
            left.append(finding)
    moved = Counter[str]()
    for (fingerprint, _), count in places.items():
        moved[fingerprint] += count
    brought: list[Finding] = []
    for finding in left:
        if moved[finding.fingerprint]:
            moved[finding.fingerprint] -= 1
        else:
            brought.append(finding)
    return brought


def _facts(side: Side) -> list[object]:
    return [side, *side.queries, *side.unread, *side.catalog.tables.values()]


def _ask(every: Mapping[str, Rule], facts: Iterable[object], policy: Policy) -> Iterator[Finding]:
    asked: dict[type, list[tuple[Check, object, Severity | None]]] = {}
    for rule in every.values():
        severity = policy.severities.get(rule.name, rule.severity)
        if severity is not None:
            options = policy.options.get(rule.name, rule.options())
            for kind, check in rule.checks:
                asked.setdefault(kind, []).append((check, options, policy.severities.get(rule.name)))
    for fact in facts:
        for check, options, severity in asked.get(type(fact), ()):
            for finding in check(fact, options):
                yield replace(finding, severity=severity) if severity else finding


def _silence(findings: Sequence[Finding], ignores: Sequence[Ignore]) -> tuple[list[Finding], list[Finding], list[Ignore]]:
    """Findings that stay, findings that an ignore with a reason silences, and the ignores, marked used or not."""
    kept: list[Finding] = []
    silenced: list[Finding] = []
    used: set[Ignore] = set()
    for finding in findings:
        ignore = next((each for each in ignores if each.reason and _covers(each, finding)), None)
        if ignore is None:
            kept.append(finding)
        else:
            used.add(ignore)
            silenced.append(replace(finding, reason=ignore.reason))
    return kept, silenced, [replace(each, used=each in used) for each in ignores]


def _covers(ignore: Ignore, finding: Finding) -> bool:
    """An ignore speaks for the lines of the statement that it stands in or above: ``location`` of the ignore spans them."""
    place = finding.location
    return (
        place is not None
        and finding.rule in ignore.rules
        and place.path == ignore.location.path
        and ignore.location.line <= place.end_line
        and place.line <= ignore.location.end_line
    )


def _order(finding: Finding) -> tuple[int, str, int, int, str, str]:
    place = finding.location or Location("", 0)
    return -finding.severity, place.path, place.line, place.column, finding.rule, finding.message
