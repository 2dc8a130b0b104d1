"""The report for programs, version 1: fields may be added, never changed.  The page that promises it is docs/design.md."""

from __future__ import annotations

import json
from collections.abc import Iterable

from lastcall.formats import Format, Style
from lastcall.formats._untrusted import safe_json
from lastcall.model import Approval, Change, Check, Finding, Freeze, Guard, Judgement, Need, Related, Release, Report, Unread, Waiver

Json = dict[str, object]


def render(report: Report, _style: Style) -> str:
    """What the repository wrote stands here to the letter: as ASCII with escapes it can steer neither a terminal nor a log."""
    written = {
        "version": 1,
        "lastcall": report.version,
        "verdict": "fail" if report.failed else "pass",
        "release": _release(report.release),
        "changes": [_change(change) for change in report.release.changes],
        "checks": [_check(check) for check in report.release.checks],
        "findings": [_finding(finding) for finding in report.findings],
        "ignored": [{**_finding(finding), "reason": finding.reason} for finding in report.ignored],
        "coverage": _coverage(report),
    }
    return safe_json(_text(written))


def _text(value: object, indent: str = "") -> str:
    """JSON text in which every entry of a list is a line of its own, however much is in it: short, easy to search, and quick to write."""
    inner = f"{indent}  "
    if isinstance(value, dict) and value:
        return _joined("{", (f"{json.dumps(name)}: {_text(each, inner)}" for name, each in value.items()), inner, "}")
    if isinstance(value, list) and value:
        return _joined("[", map(json.dumps, value), inner, "]")
    return json.dumps(value)


def _joined(opening: str, parts: Iterable[str], indent: str, closing: str) -> str:
    return f"{opening}\n{indent}" + f",\n{indent}".join(parts) + f"\n{indent[2:]}{closing}"


def _release(release: Release) -> Json:
    return {
        "branch": release.branch,
        "head": release.head,
        "base": release.base,
        "freeze": _freeze(release.freeze) if release.freeze else None,
        "lost": [commit.sha for commit in release.rewritten.lost] if release.rewritten else [],
    }


def _freeze(freeze: Freeze) -> Json:
    return {"commit": freeze.commit, "source": freeze.source, "tag": freeze.tag, "annotated": freeze.annotated}


def _change(change: Change) -> Json:
    return {
        "id": change.id,
        "commits": [commit.sha for commit in change.commits],
        "title": change.title,
        "authors": list(change.authors),
        "pull": {"number": change.pull.number, "url": change.pull.url} if change.pull else None,
        "verdict": change.verdict,
        "reason": change.reason,
        "detail": change.detail,
        "approvals": [_approval(approval) for approval in change.approvals],
        "needs": _needs(change.needs) if change.needs else None,
        "guards": [_guard(guard) for guard in change.guards],
        "waiver": _waiver(change.waiver) if change.waiver else None,
    }


def _approval(approval: Approval) -> Json:
    return {
        "reviewer": approval.reviewer,
        "commit": approval.commit,
        "submitted_at": approval.submitted_at,
        "carried_by": approval.carried_by,
    }


def _needs(needs: Need) -> Json:
    return {
        "approvals": needs.approvals,
        "at": needs.at,
        "not_by": list(needs.not_by),
        "owners": [{"owners": list(each.owners), "paths": list(each.paths)} for each in needs.owners],
    }


def _guard(guard: Guard) -> Json:
    return {"path": guard.path, "owners": list(guard.owners), "owner_approved": guard.owner_approved}


def _waiver(waiver: Waiver) -> Json:
    return {
        "change": waiver.change,
        "reason": waiver.reason,
        "expiry": waiver.expiry,
        "people": list(waiver.people),
        "commit": waiver.commit,
    }


def _check(check: Check) -> Json:
    return {
        "name": check.name,
        "app": check.app,
        "commit": check.commit,
        "state": check.state,
        "detail": check.detail,
        "url": check.url,
    }


def _finding(finding: Finding) -> Json:
    place = finding.location
    return {
        "rule": finding.rule,
        "severity": str(finding.severity),
        "message": finding.message,
        "path": place.path if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "end_line": place.end_line if place else None,
        "change": finding.change,
        "commit": finding.commit,
        "tables": list(finding.tables),
        "index": {"table": finding.index.table, "columns": list(finding.index.columns)} if finding.index else None,
        "suggestion": finding.suggestion,
        "related": [_related(related) for related in finding.related],
        "fingerprint": finding.fingerprint,
        "judge": _judgement(finding.judge) if finding.judge else None,
    }


def _judgement(judge: Judgement) -> Json:
    return {
        "verdict": judge.verdict,
        "cost": judge.cost,
        "with_index": judge.with_index,
        "factor": judge.factor,
        "reason": judge.reason,
    }


def _related(related: Related) -> Json:
    place = related.location
    return {"path": place.path if place else None, "line": place.line if place else None, "message": related.message}


def _coverage(report: Report) -> Json:
    after = report.release.after
    tables = after.catalog.tables if after else {}
    return {
        "files": after.files if after else 0,
        "queries": len(after.queries) if after else 0,
        "tables": len(tables),
        "indexes": sum(len(table.indexes) for table in tables.values()),
        "changes": len(report.release.changes),
        "unread": [_unread(unread) for unread in report.unread],
    }


def _unread(unread: Unread) -> Json:
    place = unread.location
    return {
        "what": unread.what,
        "reason": unread.reason,
        "path": place.path if place else None,
        "line": place.line if place else None,
        "subject": unread.subject,
    }


FORMAT = Format(render)
