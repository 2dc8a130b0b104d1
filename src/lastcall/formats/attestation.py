"""An unsigned in-toto statement about the release commit: a verification summary as SLSA defines it, for a workflow to sign.

Statement v1: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md, verification summary v1:
https://slsa.dev/spec/v1.2/verification_summary, of a source revision: https://slsa.dev/spec/v1.2/source-requirements.  docs/attestation.md
says what it is good for, and what it is not.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from lastcall.formats import Format, Style
from lastcall.formats._addresses import home, uri
from lastcall.formats._untrusted import safe_json
from lastcall.model import CheckState, LastcallError, Position, Release, Report, Verdict

Json = dict[str, object]

_LASTCALL = "https://github.com/lastcall/lastcall"
_DEFAULTS = f"{_LASTCALL}/blob/main/docs/policy.md"
EXTENSION = f"{_LASTCALL}/attestation/v1"
"""The field of our own.  Fields that the specification does not have are named by URIs, and change the meaning of no other field."""
_SERVERS = (("GITHUB_REPOSITORY", "GITHUB_SERVER_URL"), ("CI_PROJECT_PATH", "CI_SERVER_URL"))
"""Where a run on the forge itself is told the repository's name and the server that has it."""


def render(report: Report, _style: Style) -> str:
    """LastcallError where nothing was judged that has a commit: the index, or the files of a folder."""
    head = report.release.head
    if head is None:
        raise LastcallError(
            "an attestation is about a release commit, and none was judged", "attest 'lastcall check --release BRANCH' or --base REF"
        )
    statement: Json = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [_subject(report.release, head)],
        "predicateType": "https://slsa.dev/verification_summary/v1",
        "predicate": _summary(report, _resource(report.release, head, os.environ)),
    }
    return safe_json(json.dumps(statement, indent=2, ensure_ascii=True))


def _subject(release: Release, head: str) -> Json:
    subject: Json = {"name": release.repository or release.branch or "_", "digest": {"gitCommit": head}}
    return {**subject, "annotations": {"sourceRefs": [f"refs/heads/{release.branch}"]}} if release.branch else subject


def _resource(release: Release, head: str, environ: Mapping[str, str]) -> str:
    """The repository as an SPDX download location; where its server is not known, by its name, and without one by the commit."""
    if address := home(release):
        return f"git+{address}"
    for name, server in _SERVERS:
        if release.repository and environ.get(name) == release.repository and environ.get(server):
            return f"git+{environ[server].rstrip('/')}/{uri(release.repository)}"
    return f"git:{uri(release.repository or head)}"


def _summary(report: Report, resource: str) -> Json:
    return {
        "verifier": {"id": _LASTCALL, "version": {"lastcall": report.version}},
        "timeVerified": _now(os.environ).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "resourceUri": resource,
        "policy": _policy(report, resource),
        "verificationResult": "FAILED" if report.failed else "PASSED",
        "verifiedLevels": ["FAILED"] if report.failed else list(_levels(report.release)),
        "slsaVersion": "1.2",
        EXTENSION: _counts(report),
    }


def _now(environ: Mapping[str, str]) -> datetime:
    """The time of SOURCE_DATE_EPOCH, where it is set (https://reproducible-builds.org/specs/source-date-epoch/), else this moment."""
    told = environ.get("SOURCE_DATE_EPOCH")
    try:
        return datetime.fromtimestamp(int(told), UTC) if told else datetime.now(UTC)
    except (ValueError, OverflowError, OSError):
        raise LastcallError("SOURCE_DATE_EPOCH is not a number of seconds", "set it to the seconds since 1970, or unset it") from None


def _policy(report: Report, resource: str) -> Json:
    """The policy's file, at the commit that it was read from, by its content; the defaults have a name only."""
    policy = report.policy
    if policy is None or policy.path is None:
        return {"uri": _DEFAULTS}
    at = f"@{uri(report.release.base)}" if report.release.base else ""
    named: Json = {"uri": f"{resource}{at}#{uri(policy.path)}"}
    return {**named, "digest": {"gitBlob": policy.blob}} if policy.blob else named


def _levels(release: Release) -> Iterator[str]:
    """What was verified, by names of our own; a policy that switches rules off lets more pass, and verifies no more for that."""
    waiting = any(change.verdict in (Verdict.BLOCKED, Verdict.UNKNOWN) for change in release.changes)
    if release.reviewed and not waiting and not release.rewritten:
        changes = "LATE_CHANGES" if release.position is Position.RELEASE else "CHANGES"
        yield f"LASTCALL_{changes}_REVIEWED{'_OR_WAIVED' if any(change.waiver for change in release.changes) else ''}"
    if release.checks and all(check.state is CheckState.PASSED for check in release.checks):
        yield "LASTCALL_REQUIRED_CHECKS_GREEN"
    if release.after:
        yield "LASTCALL_QUERIES_JUDGED"


def _counts(report: Report) -> Json:
    """What a reader of the summary alone wants to know; with the commit, because the summary may be signed for an archive made of it."""
    release = report.release
    verdicts = Counter(change.verdict for change in release.changes)
    states = Counter(check.state for check in release.checks)
    severities = Counter(str(finding.severity) for finding in report.findings)
    return {
        "verdict": "fail" if report.failed else "pass",
        "failOn": str(report.fail_on),
        "commit": release.head,
        "branch": release.branch,
        "freeze": release.freeze.commit if release.freeze else None,
        "changes": {verdict: verdicts[verdict] for verdict in Verdict},
        "waivers": [
            {"change": change.id, "reason": change.waiver.reason, "expiry": change.waiver.expiry, "people": list(change.waiver.people)}
            for change in release.changes
            if change.waiver
        ],
        "checks": {state: states[state] for state in CheckState},
        "findings": {severity: severities[severity] for severity in ("error", "warning", "note")},
        "unread": len(report.unread),
    }


FORMAT = Format(render)
