"""The report for people: in a terminal, in a log, in a pipe."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from lastcall.formats import Format, Style
from lastcall.formats._cells import cut, width_of, wrap
from lastcall.formats._frame import Kind, frame
from lastcall.formats._untrusted import no_commands, one_line, visible, visible_path
from lastcall.formats._wording import (
    Spot,
    Told,
    approvals,
    authors,
    by_age,
    count,
    in_need,
    label,
    named,
    names,
    notes,
    place,
    severities,
    title,
    told_once,
    verdict,
    what_was_read,
)
from lastcall.model import Change, Finding, Report, Unread, Verdict

_MOST = 20
"""Things that need nothing from the reader (approved changes, ignored findings, what was not read) are listed up to this many."""
_SEVERAL = 3
_WIDEST = 120
_COLORS = {"error": "1;31", "warning": "1;33", "note": "1;36", "blocked": "1;31", "unknown": "1;31", "PASS": "1;32", "FAIL": "1;31"}
_BOLD, _DIM, _GREEN, _BLUE = "1", "2", "32", "34"


def render(report: Report, style: Style) -> str:
    pen = _Pen(style)
    told = told_once(report)
    blocks = [
        _head(report, pen),
        *_changes(report, told, pen),
        *_findings(report, told.findings, pen),
        *_ignored(report.ignored, pen),
        *_unread(report, told.new, pen),
        [_verdict(report, pen)],
    ]
    return no_commands("\n\n".join("\n".join(block) for block in blocks)) + "\n"


class _Pen:
    """Writes within a width, and in colours where they can be seen."""

    def __init__(self, style: Style) -> None:
        self.width = max(min(style.width, _WIDEST), 40)
        self._color = style.color

    def __call__(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._color and code and text else text

    def prose(self, text: str, indent: str = "  ", hanging: str | None = None) -> list[str]:
        return wrap(text, self.width, indent, indent if hanging is None else hanging)

    def title(self, text: str) -> str:
        return self(_BOLD, f"--- {text} " + "-" * max(self.width - width_of(text) - 5, 3))

    def headed(self, tag: str, text: str) -> list[str]:
        """``error[unindexed-join]: message``, wrapped, with its first words in colour."""
        first, *rest = wrap(one_line(text), self.width, f"{tag}: ", "  ")
        color = _COLORS[tag.partition("[")[0]]
        return [self(color, f"{tag}:") + self(_BOLD, first[len(tag) + 1 :]), *(self(_BOLD, line) for line in rest)]

    def listed(self, things: Sequence[str], indent: str = "  ", most: int = _MOST) -> list[str]:
        """A line for each thing, wrapped; beyond ``most``, how many more."""
        lines = [line for thing in things[:most] for line in self.prose(thing, indent, indent + "  ")]
        return lines + ([f"{indent}and {len(things) - most} more (--format json has them all)"] if len(things) > most else [])


def _head(report: Report, pen: _Pen) -> list[str]:
    """One line, however long, says what was compared, what was found to read and what could not be read."""
    first = f"{pen(_BOLD, one_line(report.release.headline))}. {' '.join(what_was_read(report))}".rstrip()
    return [first] + [line for note in notes(report) for line in pen.prose(f"Note: {one_line(note)}", "", "      ")]


# ---------------------------------------------------------------------------------------------------------------- changes


def _changes(report: Report, told: Told, pen: _Pen) -> Iterator[list[str]]:
    changes = report.release.changes
    if not changes:
        return
    waiting = in_need(changes)
    yield [pen.title(f"Changes: {len(waiting)} of {len(changes)} not approved" if waiting else "Changes: all approved or exempt")]
    for alike in _alike(waiting, told):
        yield list(_waiting(alike, told, pen))
    if len(waiting) < len(changes):
        yield [*_settled(changes, Verdict.APPROVED, pen), *_settled(changes, Verdict.EXEMPT, pen)]


def _alike(waiting: Sequence[Change], told: Told) -> Iterator[list[Change]]:
    """Changes of which the same is to be said, together where they are several: without a forge that is every change of a release."""
    groups: dict[tuple[str, ...], list[Change]] = {}
    for change in waiting:
        findings = told.beside.get(change.id, ())
        key = (_tag(change, findings), change.reason, _of_each(change), *_more(change, findings), *change.guards)
        groups.setdefault(key, []).append(change)
    for group in groups.values():
        if len(group) >= _SEVERAL:
            yield group
        else:
            yield from ([change] for change in group)


def _of_each(change: Change) -> str:
    """The detail of a change as it can be said of each of several."""
    names = [commit.sha for commit in change.commits] + [commit.sha[:7] for commit in change.commits]
    names += [f"pull request {change.pull.number}"] if change.pull else []
    return re.sub("|".join(rf"\b{re.escape(name)}\b" for name in names) or "$^", "each", change.detail)


def _waiting(alike: Sequence[Change], told: Told, pen: _Pen) -> Iterator[str]:
    """A change, or several alike, that nobody let through: who made it and what to do."""
    change = alike[0]
    findings = told.beside.get(change.id, ())
    tag = _tag(change, findings)
    if len(alike) == 1:
        yield from pen.headed(tag, title(change))
        if f"{label(change)} by {authors(change)}" not in one_line(change.detail):
            yield from pen.prose(_origin(change))
        yield from pen.prose(_why(change, tag, change.detail))
    else:
        yield from pen.headed(tag, count(len(alike), "change"))
        yield from pen.prose(_why(change, tag, _of_each(change)))
    for text in _more(change, findings):
        yield from pen.prose(text)
    if change.guards:
        yield from pen.prose(f"It changes what steers lastcall: {', '.join(visible_path(path) for path in change.guards)}")
    if len(alike) > 1:
        yield from pen.listed([f"{label(each)} {title(each)}, by {names(each)}" for each in alike], "    ", most=50)


def _tag(change: Change, findings: Sequence[Finding]) -> str:
    """``error[stale-approval]``: the heaviest finding about a change; where the policy switched its rule off, the bare verdict."""
    worst = max(findings, key=lambda finding: finding.severity, default=None)
    return f"{worst.severity}[{one_line(worst.rule)}]" if worst else f"{change.verdict}[{one_line(change.reason)}]"


def _why(change: Change, tag: str, detail: str) -> str:
    """What a change lacks and what to do; one rule speaks of several reasons."""
    return one_line(detail if change.reason in tag else f"{change.reason}: {detail}")


def _origin(change: Change) -> str:
    several = change.pull and change.commits
    commits = f", {count(len(change.commits), 'commit')}, the last {one_line(change.commits[-1].sha[:7])}" if several else ""
    return f"{label(change)} by {authors(change)}{commits}"


def _more(change: Change, findings: Iterable[Finding]) -> list[str]:
    """What the findings about a change say beyond its own detail."""
    texts: list[str] = []
    for finding in findings:
        if finding.message not in change.detail and change.detail not in finding.message:
            texts.append(f"{finding.severity}[{one_line(finding.rule)}]: {one_line(finding.message)}")
        if finding.suggestion and finding.suggestion not in change.detail:
            texts.append(one_line(finding.suggestion))
    return list(dict.fromkeys(texts))


def _settled(changes: Sequence[Change], verdict: Verdict, pen: _Pen) -> list[str]:
    """Changes that need nothing, in a line each."""
    settled = [change for change in changes if change.verdict is verdict]
    if not settled:
        return []
    lines = [f"{label(change)} {title(change)}, by {names(change)}: {approvals(change)}" for change in settled]
    return [pen(_GREEN, f"{verdict}: {len(settled)}"), *pen.listed(lines)]


# ---------------------------------------------------------------------------------------------------------------- findings


def _findings(report: Report, findings: Sequence[Finding], pen: _Pen) -> Iterator[list[str]]:
    if not findings:
        return
    yield [pen.title(f"Findings: {severities(findings)}")]
    changes = {change.id: change for change in report.release.changes}
    for finding in findings:
        yield list(_finding(finding, changes.get(finding.change or ""), pen))


def _finding(finding: Finding, change: Change | None, pen: _Pen) -> Iterator[str]:
    yield from pen.headed(f"{finding.severity}[{one_line(finding.rule)}]", finding.message)
    if finding.location:
        yield f"  {pen(_BLUE, '-->')} {place(finding.location)}"
    if finding.location and finding.excerpt:
        yield from _framed(finding, pen)
    for related in finding.related:
        where = f"{visible_path(related.location.path)}:{related.location.line}: " if related.location else ""
        yield from pen.prose(f"{where}{one_line(related.message)}", "  ", "    ")
    if change:
        yield from pen.prose(f"brought by {label(change)} {title(change)} ({names(change)})", "  ", "    ")
    if finding.suggestion:
        yield from _suggestion(finding, pen)


def _framed(finding: Finding, pen: _Pen) -> Iterator[str]:
    assert finding.excerpt is not None
    assert finding.location is not None
    color = _COLORS[str(finding.severity)]
    rows = frame(finding.excerpt, finding.location, pen.width)
    bar = pen(_BLUE, f"{' ' * (len(rows[0][0]) - 2)}|") if rows else ""
    yield bar
    for gutter, row in rows:
        code = pen(color if row.kind is Kind.CARETS else _DIM if row.kind is Kind.GAP else "", row.text)
        yield (pen(_BLUE, gutter) + code) if code else pen(_BLUE, gutter.rstrip())
    yield bar


def _suggestion(finding: Finding, pen: _Pen) -> Iterator[str]:
    """Code stands as it is, on lines of its own; a sentence is wrapped."""
    lines = visible(finding.suggestion).strip("\n").splitlines()
    if finding.index is None and len(lines) == 1:
        first, *rest = pen.prose(f"fix: {one_line(lines[0])}", "  ", "    ")
        yield from (f"  {pen(_GREEN, 'fix:')}{first[6:]}", *rest)
    elif len(lines) == 1 and width_of(lines[0]) + 7 <= pen.width:
        yield f"  {pen(_GREEN, 'fix:')} {lines[0]}"
    else:
        yield f"  {pen(_GREEN, 'fix:')}"
        yield from (f"    {line}".rstrip() for line in lines)


def _ignored(ignored: Sequence[Finding], pen: _Pen) -> Iterator[list[str]]:
    if ignored:
        lines = [f"{one_line(each.rule)}, {_where(each)}: {one_line(each.reason)}" for each in ignored]
        yield [pen(_BOLD, f"ignored: {len(ignored)}"), *pen.listed(lines)]


def _where(finding: Finding) -> str:
    if finding.location:
        return f"{visible_path(finding.location.path)}:{finding.location.line}"
    return named(finding.change) if finding.change else cut(one_line(finding.message), 60)


# ---------------------------------------------------------------------------------------------------------------- what was not read


def _unread(report: Report, new_spots: frozenset[Spot], pen: _Pen) -> Iterator[list[str]]:
    """What could not be read, by reason; where two trees are compared, what this release brings first."""
    new, old = by_age(report, new_spots)
    yield from _unread_list("could not be read, and is new" if old else "could not be read", new, pen)
    yield from _unread_list("could not be read, as before", old, pen)


def _unread_list(title: str, unread: Sequence[Unread], pen: _Pen) -> Iterator[list[str]]:
    if not unread:
        return
    lines = [pen(_BOLD, f"{title}: {len(unread)}")]
    reasons: dict[tuple[str, str], list[Unread]] = {}
    for each in unread:
        reasons.setdefault((each.what, each.reason), []).append(each)
    left = _MOST
    for shown, ((what, reason), alike) in enumerate(sorted(reasons.items(), key=lambda item: -len(item[1]))):
        if not left:
            lines.append(f"  and {count(len(reasons) - shown, 'more reason')} (--format json has them all)")
            break
        places = [_unread_place(each) for each in alike]
        lines += pen.prose(f"{one_line(what)}: {one_line(reason)}", "  ", "    ")
        most = min(left, 5 if len(reasons) > 1 else _MOST)
        left -= min(most, len(places))
        lines += pen.listed([each for each in places if each], "    ", most)
    yield lines


def _unread_place(unread: Unread) -> str:
    where = f"{visible_path(unread.location.path)}:{unread.location.line}" if unread.location else ""
    return " ".join(filter(None, (where, f"({named(unread.subject)})" if where and unread.subject else named(unread.subject))))


def _verdict(report: Report, pen: _Pen) -> str:
    word, colon, rest = verdict(report).partition(":")
    return pen(_COLORS[word], word + colon) + pen(_BOLD, rest)


FORMAT = Format(render)
