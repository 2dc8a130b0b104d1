"""The report for a page: GitHub's step summary, a comment, a release's notes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lastcall.formats import Format, Style
from lastcall.formats._frame import frame
from lastcall.formats._untrusted import no_commands, one_line, visible, visible_path
from lastcall.formats._wording import (
    Told,
    approvers,
    count,
    first,
    green,
    guarded,
    in_need,
    label,
    lacking,
    named,
    names,
    notes,
    place,
    rewriting,
    severities,
    steps,
    terms,
    title,
    told_once,
    verdict,
    waived,
    what_was_read,
)
from lastcall.model import Change, Check, Finding, Report, Severity, Verdict

_LIMIT = 1024 * 1024 - 4096
"""Bytes: GitHub drops the whole of a step's summary beyond 1 MiB, and other things of the step may have written to it before."""
_LONGEST = 1_000
_MOST = 200
_WIDTH = 110
_SIGNS = {Severity.ERROR: "\N{CROSS MARK}", Severity.WARNING: "\N{WARNING SIGN}", Severity.NOTE: "\N{INFORMATION SOURCE}"}
_MARKUP = re.compile(r"[\\`*\[\]<>&$~#^@|]|(?<![^\W_])_|_(?![^\W_])")
_AT_START = re.compile(r"^(\d{0,9})([-+=.)])")
_BAR = re.compile(r"(?<!\\)((?:\\\\)*)\|")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "@&#8203;"}
# What GitHub makes links of by itself: addresses, and numbers of issues.  A space of no width comes between, as Dependabot does it.
_AUTOLINK = re.compile(r"(?i)(https?|ftp|mailto|xmpp)(?=:)|\b(www)(?=\.)|(#)(?=\d)|\b(gh-)(?=\d)")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:-]+/[\w./~-]+")


def render(report: Report, _style: Style) -> str:
    told = told_once(report)
    blocks = [
        *_head(report),
        *_rewritten(report, told),
        *_changes(report, told),
        *_checks(report, told),
        *_findings(report, told.findings),
        *_details(report),
    ]
    return no_commands("\n\n".join(_cut(blocks))) + "\n"


def _cut(blocks: Sequence[str]) -> list[str]:
    """As many blocks as GitHub takes, and a line for those that it would not."""
    kept: list[str] = []
    size = 0
    for block in blocks:
        size += len(no_commands(block).encode()) + 2
        if size > _LIMIT:
            left = count(len(blocks) - len(kept), "section")
            return [*kept, f"**Cut here:** {left} more would make this page longer than GitHub takes. `--format json` has everything."]
        kept.append(block)
    return kept


def _head(report: Report) -> Iterator[str]:
    passed = _SIGNS[Severity.WARNING] if waived(report.release.changes) else "\N{WHITE HEAVY CHECK MARK}"
    sign = _SIGNS[Severity.ERROR] if report.failed else passed
    yield f"## {sign} lastcall: {_prose(verdict(report))}"
    yield _prose(report.release.headline)
    yield from _waived(report)
    if first(report):
        yield f"**Start with** {_prose(first(report))}"
    if what_was_read(report):
        yield _prose(" ".join(what_was_read(report)))
    for note in notes(report)[:_MOST]:
        yield f"> {_prose(note)}"


# ---------------------------------------------------------------------------------------------------------------- changes


def _waived(report: Report) -> Iterator[str]:
    """An alert of GitHub's: whatever the verdict, nobody reads past it."""
    changes = waived(report.release.changes)
    for change in changes[:_MOST]:
        assert change.waiver is not None
        yield "\n".join(
            [
                "> [!WARNING]",
                f"> **WAIVED: let through without an approval:** {_named(change)}, by {_prose(names(change))}",
                ">",
                f"> by {_prose(terms(change.waiver))}: {_prose(change.waiver.reason)}",
            ]
        )
    if len(changes) > _MOST:
        yield f"> and {len(changes) - _MOST} more waivers."


def _rewritten(report: Report, told: Told) -> Iterator[str]:
    lost = report.release.rewritten
    if lost is None:
        return
    yield f"### Rewritten history: {count(len(lost.lost), 'frozen commit')} lost"
    sign = _SIGNS[max((finding.severity for finding in told.rewritten), default=Severity.NOTE)]
    yield f"{sign} {_prose(told.rewritten[0].message if told.rewritten else rewriting(lost))}"
    if lost.lost:
        commits = [f"{_code(each.sha[:7])} {_prose(each.subject)}, by {_prose(each.author.name)}" for each in lost.lost]
        yield "\n".join([*(f"- {each}" for each in commits[:_MOST]), *_and_more(commits)])


def _changes(report: Report, told: Told) -> Iterator[str]:
    waiting = in_need(report.release.changes)
    if not waiting:
        return
    waiting.sort(key=lambda change: change.verdict is Verdict.UNKNOWN)
    yield f"### {count(len(waiting), 'change')} of {len(report.release.changes)} not approved"
    yield "\n".join(["| | change | why | next |", "| --- | --- | --- | --- |", *(_row(change, told) for change in waiting[:_MOST])])
    if len(waiting) > _MOST:
        yield f"and {len(waiting) - _MOST} more."
    for change in waiting[:_MOST]:
        if change.guards:
            yield f"{_code(label(change))} {_prose(f'changes what steers lastcall: {guarded(change.guards)}')}"


def _row(change: Change, told: Told) -> str:
    weight = max((finding.severity for finding in told.beside.get(change.id, ())), default=None)
    sign = _SIGNS[weight] if weight else str(change.verdict)
    why, todo = steps(change.detail)
    why += f" (what counts already: {approvers(change)})" if change.approvals else ""
    cells = (f"{sign} {_code(change.reason)}", f"{_named(change)}, by {_prose(names(change))}", _prose(why), _prose(todo))
    return "| " + " | ".join(_BAR.sub(r"\1\\|", cell) for cell in cells) + " |"


def _checks(report: Report, told: Told) -> Iterator[str]:
    checks = report.release.checks
    if not checks:
        return
    missing, passed = lacking(checks), green(checks)
    yield f"### Required checks on {_code(checks[0].commit[:7])}: " + (
        f"{len(missing)} of {len(checks)} not green" if missing else "all green"
    )
    lines = [_check(check, told) for check in missing[:_MOST]] + _and_more(missing)
    yield "\n".join([*lines, *([f"- passed: {_prose(passed)}"] if passed else [])])


def _check(check: Check, told: Told) -> str:
    weight = max((finding.severity for finding in told.checks.get(check.name, ())), default=Severity.NOTE)
    link = f" ([run]({check.url}))" if _ADDRESS.fullmatch(check.url) else ""
    return f"- {_SIGNS[weight]} {_code(check.name)} {_prose(check.detail)}{link}"


def _and_more(things: Sequence[object]) -> list[str]:
    return [f"- and {len(things) - _MOST} more"] if len(things) > _MOST else []


def _named(change: Change) -> str:
    """What a change is called, with a link where its pull request has an address of the usual form."""
    called = _code(label(change))
    if change.pull and _ADDRESS.fullmatch(change.pull.url) and change.pull.url.endswith(f"/{change.pull.number}"):
        called = f"[{called}]({change.pull.url})"
    return f"{called} {_prose(title(change))}"


# ---------------------------------------------------------------------------------------------------------------- findings


def _findings(report: Report, findings: Sequence[Finding]) -> Iterator[str]:
    if findings:
        yield f"### Findings: {severities(findings)}"
    changes = {change.id: change for change in report.release.changes}
    for finding in findings:
        yield "\n\n".join(_finding(finding, changes.get(finding.change or "")))


def _finding(finding: Finding, change: Change | None) -> Iterator[str]:
    yield f"#### {_SIGNS[finding.severity]} {_code(finding.rule)} {_prose(finding.message)}"
    if finding.location:
        yield _code(place(finding.location)) + (f", brought by {_named(change)}" if change else "")
    elif change:
        yield f"Brought by {_named(change)}"
    if finding.location and finding.excerpt:
        yield _fence("\n".join((gutter + row.text).rstrip() for gutter, row in frame(finding.excerpt, finding.location, _WIDTH)), "text")
    for related in finding.related[:_MOST]:
        where = f"{_code(f'{visible_path(related.location.path)}:{related.location.line}')}: " if related.location else ""
        yield f"- {where}{_prose(related.message)}"
    if finding.index and not finding.index.advice:
        yield _fence(visible(finding.suggestion), "sql")
    elif finding.suggestion:
        yield f"Fix: {_prose(finding.suggestion)}"


# ---------------------------------------------------------------------------------------------------------------- what may be left unread


def _details(report: Report) -> Iterator[str]:
    changes = report.release.changes
    approved = [
        f"{_named(each)}, by {_prose(names(each))}: {_prose(_approved(each))}" for each in changes if each.verdict is Verdict.APPROVED
    ]
    exempt = [
        f"{_named(each)}: {_prose(each.detail or each.reason)}" for each in changes if each.verdict is Verdict.EXEMPT and not each.waiver
    ]
    ignored = [f"{_code(each.rule)} {_where(each)}: {_prose(each.reason)}" for each in report.ignored]
    unread = [
        f"{_prose(each.what)}: {_prose(each.reason)}"
        + (f" {_code(f'{visible_path(each.location.path)}:{each.location.line}')}" if each.location else "")
        + (f" {_code(named(each.subject))}" if each.subject else "")
        for each in report.unread
    ]
    for heading, lines in (("approved", approved), ("exempt", exempt), ("ignored", ignored), ("could not be read", unread)):
        if lines:
            yield _folded(f"{heading}: {len(lines)}", lines)


def _approved(change: Change) -> str:
    return f"approved by {approvers(change)}" if change.approvals else change.detail or change.reason


def _folded(title: str, lines: Sequence[str]) -> str:
    shown = [f"- {line}" for line in lines[:_MOST]]
    return "\n".join([f"<details><summary>{title}</summary>", "", *shown, *_and_more(lines), "", "</details>"])


def _where(finding: Finding) -> str:
    if finding.location:
        return _code(f"{visible_path(finding.location.path)}:{finding.location.line}")
    return _code(named(finding.change)) if finding.change else _prose(finding.message, 60)


# ---------------------------------------------------------------------------------------------------------------- untrusted text


def _prose(text: str, longest: int = _LONGEST) -> str:
    """``text`` on one line, in which nothing is markup, a link, a mention or the end of a table's cell."""
    text = one_line(text)
    text = text if len(text) <= longest else text[:longest] + "..."
    marked = _AUTOLINK.sub(lambda match: f"{match[0]}\0", text)
    escaped = _MARKUP.sub(lambda match: _ENTITIES.get(match[0], "\\" + match[0]), marked)
    return _AT_START.sub(r"\1\\\2", escaped).replace("\0", "&#8203;")


def _code(text: str) -> str:
    """``text`` as code within a line."""
    text = one_line(text)[:_LONGEST]
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    space = " " if "`" in text or not text else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def _fence(text: str, language: str) -> str:
    """``text`` as a block of code, fenced by more backticks than it has in a row."""
    text = text if len(text) <= _LONGEST * 10 else text[: _LONGEST * 10] + "\n..."
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{ticks}{language}\n{text.strip(chr(10))}\n{ticks}"


FORMAT = Format(render)
