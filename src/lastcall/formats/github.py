"""Annotations for GitHub Actions: workflow commands that the runner shows beside the code.

The runner keeps ten annotations of a kind for each step (all of a composite action are one step) and 4,096 characters of each; escapes are
those of https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts

A waiver is a warning of its own, before all others and on a pass as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from lastcall.formats import Format, Style
from lastcall.formats._untrusted import no_commands, one_line, visible, visible_path
from lastcall.formats._wording import count, label, title, verdict, waivers, what_was_read
from lastcall.model import Finding, Location, Report, Severity

_MOST = 10
_LONGEST = 4_000
_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(report: Report, _style: Style) -> str:
    titles = {change.id: f"{label(change)} {title(change)}" for change in report.release.changes}
    lines = [line for severity in sorted(Severity, reverse=True) for line in _annotations(report, severity, titles)]
    told = " ".join([one_line(report.release.headline) + ".", *what_was_read(report), verdict(report)])
    return "\n".join([*lines, no_commands(f"lastcall: {told}")]) + "\n"


def _annotations(report: Report, severity: Severity, titles: dict[str, str]) -> Iterator[str]:
    """The annotations of one kind; the runner drops the eleventh without a word, so the tenth tells of all that follow."""
    findings = [finding for finding in (*waivers(report), *report.findings) if finding.severity is severity]
    shown = findings if len(findings) <= _MOST else findings[: _MOST - 1]
    for finding in shown:
        yield _annotation(finding, titles.get(finding.change or "", ""))
    if len(shown) < len(findings):
        more = f"and {count(len(findings) - len(shown), f'more {severity}')}: lastcall --format text tells of all"
        yield f"::{_COMMANDS[severity]} title=lastcall::{_data(more)}"


def _annotation(finding: Finding, change: str) -> str:
    headed = one_line(finding.rule) + (f": {change}" if change and not finding.location else "")
    properties = {**(_place(finding.location) if finding.location else {}), "title": headed}
    settings = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_COMMANDS[finding.severity]} {settings}::{_data(_text(finding, change))}"


def _place(place: Location) -> dict[str, str]:
    """GitHub takes columns only where a place is on one line."""
    known = {"file": visible_path(place.path), "line": str(place.line), "endLine": str(place.end_line)}
    if place.end_line == place.line:
        known["col"] = str(place.column)
        if place.end_column > place.column:
            known["endColumn"] = str(place.end_column)
    return known


def _text(finding: Finding, change: str) -> str:
    parts = [one_line(finding.message)]
    for related in finding.related:
        where = f"{visible_path(related.location.path)}:{related.location.line}: " if related.location else ""
        parts.append(f"{where}{one_line(related.message)}")
    if change and finding.location:
        parts.append(f"brought by {change}")
    if finding.suggestion and one_line(finding.suggestion) not in parts[0]:
        parts.append(f"fix: {visible(finding.suggestion)}")
    text = "\n".join(parts)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."


def _data(text: str) -> str:
    return no_commands(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


FORMAT = Format(render)
