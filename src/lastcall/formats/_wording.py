"""Words that more than one format uses: counts, the verdict, what a change is called."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lastcall.formats._cells import cut
from lastcall.formats._untrusted import one_line, visible_path
from lastcall.model import Change, Check, CheckState, Finding, Guard, Location, Report, Rewritten, Severity, Unread, Verdict, Waiver

_LONGEST = 160
_LET_THROUGH = "let through by a waiver"
_CHECK_RULES = ("failed-check", "missing-check")
WAIVED = "waived-change"
"""What GitHub and SARIF call a waiver.  It is no rule: no policy can switch it off, and it fails nothing."""
CARRIED = {
    "same-commit": "the approved commit is the one that landed",
    "same-tree": "what landed has the files that were approved",
    "replay": "git, made to merge it again, gives what landed",
    "forge-merge": "the forge signed the merge that it made of the approved commit",
    "pick": "an unchanged pick of an approved commit",
    "signature": "the reviewer is named by a signed commit",
}
"""What carries an approval to the release head, in words."""
_PLURALS = {"query": "queries", "index": "indexes", "reviews": "reviews"}


def count(number: int, word: str) -> str:
    """``1 query``, ``2 queries``."""
    return f"{number} {word if number == 1 else _PLURALS.get(word, word if word.endswith('s') else word + 's')}"


def severities(findings: Iterable[Finding]) -> str:
    """``2 errors, 1 warning``; empty for none."""
    counts = Counter(finding.severity for finding in findings)
    return ", ".join(count(counts[severity], str(severity)) for severity in sorted(Severity, reverse=True) if counts[severity])


def unread_counts(unread: Iterable[Unread]) -> str:
    """``2 queries, 1 file``; empty for none."""
    counted = Counter(one_line(each.what) for each in unread)
    return ", ".join(what if what.endswith("s") else count(number, what) for what, number in counted.items())


def verdict(report: Report) -> str:
    """The last line of a report: ``FAIL: 4 errors; 3 changes blocked, 1 unknown, 40 approved (fails on error)``.

    A waiver is told here as well: what was let through without an approval may never look like any other pass.
    """
    found = severities(report.findings) or "no findings"
    told = f"; {tally(report.release.changes)}" if report.release.changes else ""
    unread = f"; {len(report.unread)} not read" if report.unread else ""
    return f"{'FAIL' if report.failed else 'PASS'}: {found}{told}{unread} (fails on {report.fail_on})"


def tally(changes: Iterable[Change]) -> str:
    """``1 change let through by a waiver, 3 blocked, 1 unknown, 40 approved``."""
    counts = Counter(_LET_THROUGH if change.waiver else str(change.verdict) for change in changes)
    words = [word for word in (_LET_THROUGH, "blocked", "unknown", "approved", "exempt") if counts[word]]
    return ", ".join(f"{counts[word] if place else count(counts[word], 'change')} {word}" for place, word in enumerate(words))


def what_was_read(report: Report) -> list[str]:
    """Sentences on what a run had to judge; that there was nothing is said too."""
    release, said = report.release, []
    if release.after:
        side, catalog = release.after, release.after.catalog
        indexes = sum(len(table.indexes) for table in catalog.tables.values())
        schema = f"{count(len(catalog.tables), 'table')} with {count(indexes, 'index')}"
        dialect = f" ({one_line(catalog.dialect)})" if catalog.dialect else ""
        said.append(
            f"Read {count(side.files, 'file')}: {count(len(side.queries), 'query')}, {schema}{dialect}."
            if side.files
            else "0 files matched: there is no query to judge."
        )
    if release.reviewed and not release.changes:
        said.append("There is no change to review.")
    if report.unread:
        said.append(f"Could not read {unread_counts(report.unread)}.")
    return said


def notes(report: Report) -> list[str]:
    """What was noticed on the way, each thing once."""
    return list(dict.fromkeys([*report.release.notes, *(report.release.after.notes if report.release.after else ())]))


def label(change: Change) -> str:
    """What a change is called: ``#12``, or the short name of its last commit."""
    if change.pull:
        return f"#{change.pull.number}"
    return one_line(change.commits[-1].sha if change.commits else change.id.partition(":")[2] or change.id)[:7]


def named(change_id: str) -> str:
    """The same for the id of a change or the subject of an ``Unread``: ``pull:12``, ``commit:<sha>``."""
    kind, colon, name = change_id.partition(":")
    return f"#{one_line(name)}" if colon and kind == "pull" else one_line(name)[:7] if colon and kind == "commit" else one_line(change_id)


def authors(change: Change) -> str:
    return cut(", ".join(one_line(author) for author in change.authors), _LONGEST) or "nobody known"


def names(change: Change) -> str:
    """The authors without their addresses."""
    return cut(", ".join(one_line(author).partition(" <")[0] for author in change.authors), _LONGEST) or "nobody known"


def title(change: Change) -> str:
    """The title, in which a commit may have put a book."""
    return cut(one_line(change.title), _LONGEST)


def approvers(change: Change) -> str:
    """``bob (same tree), carol (replay)``: who approved, and what carried that to what is released; the reason where nobody had to."""
    each = [f"{one_line(given.reviewer)} ({one_line(given.carried_by).replace('-', ' ')})" for given in change.approvals]
    return ", ".join(each) or one_line(change.reason).replace("-", " ")


def steps(detail: str) -> tuple[str, str]:
    """What is wrong and what to do about it: the details of changes and checks put a semicolon between the two."""
    why, semicolon, todo = one_line(detail).rpartition("; ")
    return (why, todo) if semicolon else (todo, "")


def first(report: Report) -> str:
    """The first thing to do of all that a failed report asks for, in the order in which it tells them; empty where it did not fail."""
    return next(_todo(report), "") if report.failed else ""


def _todo(report: Report) -> Iterator[str]:
    release = report.release
    failing = {finding.change for finding in report.findings if finding.severity >= report.fail_on and not finding.location}
    for finding in report.findings:
        if release.rewritten and finding.rule == "rewritten-history" and finding.severity >= report.fail_on:
            why, todo = steps(finding.message)
            yield f"the freeze: {todo or why}"
    for verdict in (Verdict.BLOCKED, Verdict.UNKNOWN):
        for change in release.changes:
            if change.verdict is verdict and change.id in failing:
                why, todo = steps(change.detail)
                yield f"{label(change)} ({cut(one_line(change.title), 50)}): {todo or why}"
    for finding in report.findings:
        check = _check_of(finding, release.checks)
        if check and finding.severity >= report.fail_on:
            why, todo = steps(check.detail)
            yield f"the check {one_line(check.name)}: {todo or why}"
    for finding in report.findings:
        if finding.severity >= report.fail_on:
            where = (
                f"{visible_path(finding.location.path)}:{finding.location.line}"
                if finding.location
                else named(finding.change or finding.rule)
            )
            yield f"{where}: {one_line(finding.suggestion or finding.message)}"


def guarded(guards: Sequence[Guard]) -> str:
    """The paths of a change that steer lastcall itself, and whether those who own them have approved."""
    return "; ".join(f"{visible_path(guard.path)} ({_owners(guard)})" for guard in guards)


def _owners(guard: Guard) -> str:
    if not guard.owners:
        return "CODEOWNERS names no owner"
    approved = {True: "approved by an owner", False: "no owner has approved", None: "not known whether an owner approved"}[
        guard.owner_approved
    ]
    return f"{approved}: {', '.join(map(one_line, guard.owners))}"


# ---------------------------------------------------------------------------------------------------------------- waivers


def waived(changes: Iterable[Change]) -> list[Change]:
    """The changes that nobody approved and a waiver let through."""
    return [change for change in changes if change.waiver]


def terms(waiver: Waiver) -> str:
    """``ann and ben, until 2026-12-01, for 3f2a9c1 alone``: who let a change through, and how far that goes."""
    loose = ", bound to no commit" if waiver.change.strip().startswith("pull:") else ""
    bound = f", for {one_line(waiver.commit[:7])} alone" if waiver.commit else loose
    return f"{' and '.join(map(one_line, waiver.people)) or 'nobody named'}, until {one_line(waiver.expiry)}{bound}"


def waivers(report: Report) -> tuple[Finding, ...]:
    """Each waiver as a finding, for the formats that know nothing else."""
    return tuple(_as_finding(change, change.waiver) for change in report.release.changes if change.waiver)


def _as_finding(change: Change, waiver: Waiver) -> Finding:
    return Finding(
        rule=WAIVED,
        severity=Severity.WARNING,
        message=f"let through without an approval, by a waiver of {terms(waiver)}: {one_line(waiver.reason)}",
        change=change.id,
        commit=change.commits[-1].sha if change.commits else None,
        fingerprint=hashlib.sha256(f"{WAIVED} {change.id}".encode("utf-8", "surrogatepass")).hexdigest()[:32],
    )


# ---------------------------------------------------------------------------------------------------------------- places


def place(location: Location) -> str:
    """``path:line:column``, as editors and terminals open it."""
    return f"{visible_path(location.path)}:{location.line}:{location.column}"


def in_need(changes: Sequence[Change]) -> list[Change]:
    """The changes that nobody has let through, in the order in which they landed."""
    return [change for change in changes if change.verdict in (Verdict.BLOCKED, Verdict.UNKNOWN)]


Spot = tuple[str, int] | None


def spot(location: Location | None) -> Spot:
    """The line of a place, which is what findings and the unread are matched by."""
    return (location.path, location.line) if location else None


@dataclass(frozen=True)
class Told:
    """A report's findings, so arranged that each thing is told once.

    ``beside`` are those about a change that waits for approval, by its id: they stand with it; those about a required check stand by its
    name, ``checks``, and those about history that was rewritten, ``rewritten``, with the commits that it lost.  ``new`` are the lines of
    which a note says only what the list of the unread says too; what is left of the note is that the line is new.  ``findings`` are all
    others.
    """

    findings: tuple[Finding, ...]
    beside: Mapping[str, Sequence[Finding]]
    checks: Mapping[str, Sequence[Finding]]
    rewritten: Sequence[Finding]
    new: frozenset[Spot]


def told_once(report: Report) -> Told:
    release = report.release
    waiting = {change.id for change in in_need(release.changes)}
    unread = {spot(each.location) for each in report.unread if each.location}
    beside: dict[str, list[Finding]] = {}
    checks: dict[str, list[Finding]] = {}
    rewritten: list[Finding] = []
    new: set[Spot] = set()
    findings: list[Finding] = []
    for finding in report.findings:
        check = _check_of(finding, release.checks)
        if finding.location is None and finding.change in waiting:
            beside.setdefault(finding.change, []).append(finding)
        elif check:
            checks.setdefault(check.name, []).append(finding)
        elif release.rewritten and finding.rule == "rewritten-history":
            rewritten.append(finding)
        elif finding.severity is Severity.NOTE and not finding.suggestion and spot(finding.location) in unread:
            new.add(spot(finding.location))
        else:
            findings.append(finding)
    return Told(tuple(findings), beside, checks, rewritten, frozenset(new))


def _check_of(finding: Finding, checks: Iterable[Check]) -> Check | None:
    """The required check that a finding speaks of."""
    if finding.rule not in _CHECK_RULES:
        return None
    return next((check for check in lacking(checks) if check.detail in finding.message or check.name in finding.message), None)


def lacking(checks: Iterable[Check]) -> list[Check]:
    """The required checks that are not green, those that failed first."""
    return sorted(
        (check for check in checks if check.state is not CheckState.PASSED), key=lambda check: check.state is not CheckState.FAILED
    )


def green(checks: Iterable[Check]) -> str:
    """The required checks that are green, by name: ``test, lint``; empty for none."""
    passed = (check for check in checks if check.state is CheckState.PASSED)
    return ", ".join(one_line(check.name) + (" (skipped)" if " was skipped on " in check.detail else "") for check in passed)


def rewriting(lost: Rewritten) -> str:
    """What is wrong with a freeze that is no ancestor of the head, where no rule says so."""
    frozen, head = one_line(lost.freeze.commit[:7]), one_line(lost.head[:7])
    was = f"the freeze {frozen} ({one_line(lost.freeze.source)}) is not in the history of {one_line(lost.branch)} at {head}"
    return f"{was} (the policy switches the rule off)"


def by_age(report: Report, new: frozenset[Spot]) -> tuple[list[Unread], list[Unread]]:
    """What could not be read: what is new, and what the other end of the comparison has too."""
    had = Counter(_key(each) for each in (report.release.before.unread if report.release.before else ()))
    ages: tuple[list[Unread], list[Unread]] = ([], [])
    for each in report.unread:
        old = had[_key(each)] > 0 and spot(each.location) not in new
        had[_key(each)] -= old
        ages[old].append(each)
    return ages


def _key(unread: Unread) -> tuple[str, str, str, str]:
    """What stays the same when lines move."""
    return (unread.what, unread.reason, unread.subject, unread.location.path if unread.location else "")
