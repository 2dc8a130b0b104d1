"""Words that more than one format uses: counts, the verdict, what a change is called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lastcall.formats._cells import cut
from lastcall.formats._untrusted import one_line, visible_path
from lastcall.model import Change, Finding, Location, Report, Severity, Unread, Verdict

_LONGEST = 160
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
    return ", ".join("reviews" if what == "reviews" else count(number, what) for what, number in counted.items())


def verdict(report: Report) -> str:
    """The last line of a report: ``FAIL: 2 errors, 1 warning (fails on error)``."""
    found = severities(report.findings) or "no findings"
    unread = f"; {len(report.unread)} not read" if report.unread else ""
    return f"{'FAIL' if report.failed else 'PASS'}: {found}{unread} (fails on {report.fail_on})"


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


def approvals(change: Change) -> str:
    """``approved by bob (same tree), carol (replay)``: who approved, and what carried the approval to what is released."""
    each = [f"{one_line(given.reviewer)} ({one_line(given.carried_by).replace('-', ' ')})" for given in change.approvals]
    return f"approved by {', '.join(each)}" if each and change.verdict is Verdict.APPROVED else one_line(change.detail or change.reason)


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

    ``beside`` are those about a change that waits for approval, by its id: they stand with it.  ``new`` are the lines of which a note says
    only what the list of the unread says too; what is left of the note is that the line is new.  ``findings`` are all others.
    """

    findings: tuple[Finding, ...]
    beside: Mapping[str, Sequence[Finding]]
    new: frozenset[Spot]


def told_once(report: Report) -> Told:
    waiting = {change.id for change in in_need(report.release.changes)}
    unread = {spot(each.location) for each in report.unread if each.location}
    beside: dict[str, list[Finding]] = {}
    new: set[Spot] = set()
    findings: list[Finding] = []
    for finding in report.findings:
        if finding.location is None and finding.change in waiting:
            beside.setdefault(finding.change, []).append(finding)
        elif finding.severity is Severity.NOTE and not finding.suggestion and spot(finding.location) in unread:
            new.add(spot(finding.location))
        else:
            findings.append(finding)
    return Told(tuple(findings), beside, frozenset(new))


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
