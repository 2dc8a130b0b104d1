"""SARIF 2.1.0, as GitHub code scanning and editors read it.

Code scanning refuses a whole report in which one result has no file (github/codeql-action#1738).  What is said of a change, not of a place,
stands therefore at ``pull/12`` or ``commit/<sha>``: no file of the repository, and so no wrong place, but the change's own address on the
forge.

A change that a waiver let through is a result of its own, ``waived-change``, a warning that is not suppressed: viewers hide what is
suppressed, and code scanning shows no notifications, but a waiver must be seen in both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from lastcall.formats import Format, Style
from lastcall.formats._addresses import home, uri
from lastcall.formats._untrusted import one_line, safe_json, visible
from lastcall.formats._wording import WAIVED, count, waivers
from lastcall.model import Finding, Location, Related, Release, Report, Severity, Unread

Json = dict[str, object]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_MOST_RESULTS = 5_000
"""Code scanning shows the top 5,000 of a run: https://docs.github.com/en/code-security/reference/code-scanning/sarif-support-for-code-scanning"""
_MOST_PLACES = 1_000
_ROOT = "%SRCROOT%"


def render(report: Report, _style: Style) -> str:
    results = sorted([*waivers(report), *report.findings, *report.ignored], key=lambda finding: -finding.severity)
    ignored = {id(finding) for finding in report.ignored}
    rules = sorted({finding.rule for finding in results})
    run: Json = {
        "tool": {"driver": _driver(report, rules)},
        "invocations": [_invocation(report, len(results) - _MOST_RESULTS)],
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository, or the folder that was audited."}}},
        "results": [_result(each, report.release, rules, ignored=id(each) in ignored) for each in results[:_MOST_RESULTS]],
        "properties": _properties(report.release),
    }
    provenance = _provenance(report.release)
    if provenance:
        run["versionControlProvenance"] = [provenance]
    return safe_json(json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=True))


def _driver(report: Report, rules: Iterable[str]) -> Json:
    driver: Json = {"name": "lastcall", "rules": [_rule(rule) for rule in rules]}
    return {**driver, "version": report.version} if report.version else driver


def _rule(rule: str) -> Json:
    words = rule.replace("-", " ").capitalize()
    told = f"`lastcall explain {rule}` says what it finds and what to do."
    if rule == WAIVED:
        told = "Two people let a change through without an approval, by the policy's `waivers`. Have it reviewed before the waiver ends."
    return {"id": rule, "shortDescription": {"text": words}, "help": {"text": told}}


def _invocation(report: Report, left_out: int) -> Json:
    told = [_notification(unread) for unread in report.unread[:_MOST_PLACES]]
    if len(report.unread) > _MOST_PLACES:
        told.append(_told(f"{count(len(report.unread) - _MOST_PLACES, 'more thing')} could not be read."))
    if left_out > 0:
        told.append(_told(f"{count(left_out, 'result')} of the lowest severity are left out."))
    return {"executionSuccessful": True, "exitCode": int(report.failed), "toolExecutionNotifications": told}


def _notification(unread: Unread) -> Json:
    about = f" ({one_line(unread.subject)})" if unread.subject else ""
    told = _told(f"Could not read a {one_line(unread.what)}{about}: {one_line(unread.reason)}")
    return {**told, "locations": [{"physicalLocation": _physical(unread.location)}]} if unread.location else told


def _told(text: str) -> Json:
    return {"level": "note", "message": {"text": _plain(text)}}


def _properties(release: Release) -> Json:
    return {"compared": one_line(release.headline), "branch": release.branch, "head": release.head, "base": release.base}


def _provenance(release: Release) -> Json | None:
    """The repository, where its address is known; without one SARIF has no place for the head."""
    address = home(release)
    if address is None or release.head is None:
        return None
    known: Json = {"repositoryUri": address, "revisionId": release.head, "mappedTo": {"uriBaseId": _ROOT}}
    return {**known, "branch": release.branch} if release.branch else known


# ---------------------------------------------------------------------------------------------------------------- results


def _result(finding: Finding, release: Release, rules: Sequence[str], *, ignored: bool) -> Json:
    prints = {"lastcallFingerprint/v1": finding.fingerprint}
    if finding.location is None:  # upload-sarif makes this one from the file's lines, and cannot where there is no file
        prints["primaryLocationLineHash"] = f"{finding.fingerprint}:1"
    places = [_related(each, number) for number, each in enumerate(finding.related, 1) if each.location]
    result: Json = {
        "ruleId": finding.rule,
        "ruleIndex": rules.index(finding.rule),
        "level": _level(finding.severity),
        "message": {"text": _message(finding)},
        "locations": [_location(finding, release)],
        "partialFingerprints": prints,
        "relatedLocations": places[:_MOST_PLACES],
        "properties": {"change": finding.change, "commit": finding.commit, "tables": list(finding.tables)},
    }
    return {**result, "suppressions": [_suppression(finding)]} if ignored else result


def _level(severity: Severity) -> str:
    return {Severity.NOTE: "note", Severity.WARNING: "warning", Severity.ERROR: "error"}[severity]


def _message(finding: Finding) -> str:
    parts = [finding.message, *(each.message for each in finding.related if not each.location)]
    parts += [f"Fix:\n{finding.suggestion}"] if finding.suggestion else []
    return _plain("\n\n".join(parts))


def _plain(text: str) -> str:
    """``text`` for a message, in which ``[words](target)`` would be a link: SARIF 2.1.0, 3.11.6."""
    text = visible(text)
    return re.sub(r"([\\\[\]])", r"\\\1", text) if "](" in text else text


def _location(finding: Finding, release: Release) -> Json:
    if finding.location:
        return {"physicalLocation": _physical(finding.location)}
    physical = {"artifactLocation": {"uri": uri(_address(finding, release))}, "region": {"startLine": 1}}
    named = [{"fullyQualifiedName": visible(finding.change)}] if finding.change else []
    return {"physicalLocation": physical, **({"logicalLocations": named} if named else {})}


def _address(finding: Finding, release: Release) -> str:
    """Where the forge shows the change that a finding without a place speaks of."""
    kind, _, name = (finding.change or "").partition(":")
    if name and kind in ("pull", "commit"):
        return f"{kind}/{name}"
    commit = finding.commit or release.head
    return f"commit/{commit}" if commit else "no-file"


def _physical(place: Location) -> Json:
    region = {"startLine": max(place.line, 1), "startColumn": max(place.column, 1), "endLine": max(place.end_line, place.line, 1)}
    if place.end_column > (place.column if place.end_line == place.line else 0):
        region["endColumn"] = place.end_column
    return {"artifactLocation": {"uri": uri(place.path), "uriBaseId": _ROOT}, "region": region}


def _related(related: Related, number: int) -> Json:
    assert related.location is not None
    return {"id": number, "message": {"text": _plain(related.message)}, "physicalLocation": _physical(related.location)}


def _suppression(finding: Finding) -> Json:
    """An ignore stands in the source; what has no place there was exempted by the policy."""
    return {"kind": "inSource" if finding.location else "external", "status": "accepted", "justification": visible(finding.reason)}


FORMAT = Format(render)
