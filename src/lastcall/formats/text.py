"""The report for people: in a terminal, in a log, in a pipe."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence

from lastcall.formats import Format, Style
from lastcall.formats._cells import cut, width_of, wrap
from lastcall.formats._frame import Kind, frame
from lastcall.formats._untrusted import no_commands, one_line, visible, visible_path
from lastcall.formats._wording import (
    CARRIED,
    Spot,
    Told,
    approvers,
    authors,
    by_age,
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
from lastcall.model import Change, Check, Finding, Position, Release, Report, Unread, Verdict

_MOST = 20
"""Things that need nothing from the reader (approved changes, ignored findings, what was not read) are listed up to this many."""
_SEVERAL = 3
_WIDEST = 120
_NARROWEST = 20
"""Columns that a title takes at least in a table."""
_RED, _YELLOW = "1;31", "1;33"
_COLORS = {
    **dict.fromkeys(("error", "blocked", "unknown", "failed", "FAIL"), _RED),
    **dict.fromkeys(("warning", "waived", "pending", "missing"), _YELLOW),
    "note": "1;36",
    "PASS": "1;32",
}
_BOLD, _DIM, _GREEN, _BLUE = "1", "2", "32", "34"


def render(report: Report, style: Style) -> str:
    pen = _Pen(style)
    told = told_once(report)
    blocks = [
        _head(report, pen),
        *_waived(report, pen),
        *_rewritten(report, told, pen),
        *_waiting(report, Verdict.BLOCKED, told, pen),
        *_waiting(report, Verdict.UNKNOWN, told, pen),
        *_checks(report, told, pen),
        *_findings(report, told.findings, pen),
        *_approved(report, pen),
        *_exempt(report, pen),
        *_ignored(report.ignored, pen),
        *_unread(report, told.new, pen),
        _end(report, pen),
    ]
    return no_commands("\n\n".join("\n".join(block) for block in blocks)) + "\n"


Row = tuple[str, str, str, str]


class _Pen:
    """Writes within a width, and in colours where they can be seen."""

    def __init__(self, style: Style) -> None:
        self.width = max(min(style.width, _WIDEST), 40)
        self._color = style.color

    def __call__(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._color and code and text else text

    def prose(self, text: str, indent: str = "  ", hanging: str | None = None) -> list[str]:
        return wrap(text, self.width, indent, indent if hanging is None else hanging)

    def title(self, text: str, line: str = "-", code: str = _BOLD) -> str:
        return self(code, f"{line * 3} {text} " + line * max(self.width - width_of(text) - 5, 3))

    def next(self, todo: str) -> list[str]:
        """``next: ask for an approval``; nothing where there is nothing to do."""
        if not todo:
            return []
        start, *rest = self.prose(f"next: {todo}", "  ", "    ")
        return [f"  {self(_GREEN, 'next:')}{start[7:]}", *rest]

    def headed(self, tag: str, text: str) -> list[str]:
        """``error[unindexed-join]: message``, wrapped, with its first words in colour."""
        first, *rest = wrap(one_line(text), self.width, f"{tag}: ", "  ")
        color = _COLORS[tag.partition("[")[0]]
        return [self(color, f"{tag}:") + self(_BOLD, first[len(tag) + 1 :]), *(self(_BOLD, line) for line in rest)]

    def listed(self, things: Sequence[str], indent: str = "  ", most: int = _MOST) -> list[str]:
        """A line for each thing, wrapped; beyond ``most``, how many more."""
        lines = [line for thing in things[:most] for line in self.prose(thing, indent, indent + "  ")]
        return lines + self.left_out(len(things), most, indent)

    def left_out(self, number: int, most: int, indent: str = "  ") -> list[str]:
        return [f"{indent}and {number - most} more (--format json has them all)"] if number > most else []

    def table(self, heads: Row, rows: Sequence[Row]) -> list[str]:
        """A line for each row below one of heads, cut to stand side by side; an empty list where there is no room for that."""
        widest = [max(width_of(row[column]) for row in (heads, *rows)) for column in range(4)]
        widths = [min(wide, self.width // 4 + 4) for wide in widest]
        widths[3] = min(widest[3], self.width // 3 + 2)
        widths[1] = min(widest[1], self.width - widths[0] - widths[2] - widths[3] - 8)
        if widths[1] < min(_NARROWEST, widest[1]):
            return []
        lines = ["  " + "  ".join(_cell(text, width) for text, width in zip(row, widths, strict=True)) for row in (heads, *rows)]
        return [self(_DIM, lines[0].rstrip()), *(line.rstrip() for line in lines[1:])]


def _cell(text: str, width: int) -> str:
    text = cut(text, width)
    return text + " " * (width - width_of(text))


def _head(report: Report, pen: _Pen) -> list[str]:
    """One line, however long, says what was compared; below it what was found to read, and what could not be read."""
    lines = [f"{pen(_BOLD, one_line(report.release.headline))}."]
    lines += pen.prose(" ".join(what_was_read(report)), "") if what_was_read(report) else []
    return lines + [line for note in notes(report) for line in pen.prose(f"Note: {one_line(note)}", "", "      ")]


def _end(report: Report, pen: _Pen) -> list[str]:
    """What to do first, how to learn more of it, and the verdict."""
    lines = pen.prose(f"Start with {first(report)}", "", "  ") if first(report) else []
    if in_need(report.release.changes):
        lines += [pen(_DIM, line) for line in pen.prose(f"More about a change: {_explaining(report.release)}", "", "  ")]
    word, colon, rest = verdict(report).partition(":")
    color = _COLORS["waived" if word == "PASS" and waived(report.release.changes) else word]
    return [*lines, pen(color, word + colon) + pen(_BOLD, rest)]


def _explaining(release: Release) -> str:
    """The command that shows all that is known of a change that waits."""
    waiting = in_need(release.changes)[0]
    branch = f" --release {shlex.quote(one_line(release.branch))}" if release.branch and release.position is Position.RELEASE else ""
    return f"lastcall explain {one_line(waiting.commits[-1].sha[:7] if waiting.commits else 'COMMIT')}{branch}"


# ---------------------------------------------------------------------------------------------------------------- what stands above all


def _waived(report: Report, pen: _Pen) -> Iterator[list[str]]:
    """Break-glass is never quiet: right below the headline, whatever the verdict."""
    changes = waived(report.release.changes)
    if changes:
        yield [pen.title(f"WAIVED: {count(len(changes), 'change')} let through without an approval", "*", _COLORS["waived"])]
    for change in changes:
        assert change.waiver is not None
        yield [
            *pen.headed("waived", f"{label(change)} {title(change)}, by {names(change)}"),
            *pen.prose(f"by {terms(change.waiver)}"),
            *pen.prose(f"because: {one_line(change.waiver.reason)}", "  ", "    "),
        ]


def _rewritten(report: Report, told: Told, pen: _Pen) -> Iterator[list[str]]:
    lost = report.release.rewritten
    if lost is None:
        return
    yield [pen.title(f"Rewritten history: {count(len(lost.lost), 'frozen commit')} lost")]
    tag = _tag(told.rewritten, "rewritten-history", "note")
    why, todo = steps(told.rewritten[0].message) if told.rewritten else (rewriting(lost), "")
    commits = [f"{one_line(each.sha[:7])} {cut(one_line(each.subject), 100)}, by {one_line(each.author.name)}" for each in lost.lost]
    yield [*pen.headed(tag, why), *pen.next(todo), *(["  lost:"] if commits else []), *pen.listed(commits, "    ")]


# ---------------------------------------------------------------------------------------------------------------- changes


def _waiting(report: Report, verdict: Verdict, told: Told, pen: _Pen) -> Iterator[list[str]]:
    """The changes that nobody let through, each with what to do about it."""
    changes = [change for change in report.release.changes if change.verdict is verdict]
    if not changes:
        return
    word = {Verdict.BLOCKED: "Blocked", Verdict.UNKNOWN: "Unknown, which blocks as well"}[verdict]
    yield [pen.title(f"{word}: {len(changes)} of {count(len(report.release.changes), 'change')}")]
    for alike in _alike(changes, told):
        yield list(_lacking(alike, told, pen))


def _alike(waiting: Sequence[Change], told: Told) -> Iterator[list[Change]]:
    """Changes of which the same is to be said, together where they are several: without a forge that is every change of a release."""
    groups: dict[tuple[str, ...], list[Change]] = {}
    for change in waiting:
        findings = told.beside.get(change.id, ())
        key = (_tag(findings, change.reason), change.reason, _of_each(change), *_more(change, findings), guarded(change.guards))
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


def _lacking(alike: Sequence[Change], told: Told, pen: _Pen) -> Iterator[str]:
    """A change, or several alike, that nobody let through: who made it and what to do."""
    change = alike[0]
    findings = told.beside.get(change.id, ())
    tag = _tag(findings, change.reason, change.verdict)
    if len(alike) == 1:
        yield from pen.headed(tag, f"{label(change)} {title(change)}")
        yield from _origin(change, pen)
    else:
        yield from pen.headed(tag, count(len(alike), "change"))
    why, todo = steps(change.detail if len(alike) == 1 else _of_each(change))
    yield from pen.prose(why if change.reason in tag else f"{one_line(change.reason)}: {why}")
    if change.approvals and len(alike) == 1:
        yield from pen.prose(f"What counts already: {approvers(change)}")
    for text in _more(change, findings):
        yield from pen.prose(text)
    if change.guards:
        yield from pen.prose(f"It changes what steers lastcall: {guarded(change.guards)}")
    yield from pen.next(todo)
    if len(alike) > 1:
        yield from pen.listed([f"{label(each)} {title(each)}, by {names(each)}" for each in alike], "    ", most=50)


def _tag(findings: Sequence[Finding], reason: str, otherwise: str = "error") -> str:
    """``error[stale-approval]``: the heaviest finding about a fact; where the policy switched its rule off, the bare verdict."""
    worst = max(findings, key=lambda finding: finding.severity, default=None)
    return f"{worst.severity}[{one_line(worst.rule)}]" if worst else f"{otherwise}[{one_line(reason)}]"


def _origin(change: Change, pen: _Pen) -> Iterator[str]:
    """Who made a change, as far as its detail does not say so, and where the forge shows it."""
    if change.pull is None and (str(change.commits[-1].author) if change.commits else "?") in change.detail:
        return
    commits = f", {count(len(change.commits), 'commit')}, the last {one_line(change.commits[-1].sha[:7])}" if change.commits else ""
    yield from pen.prose(f"by {authors(change)}{commits if change.pull else ''}")
    if change.pull and change.pull.url:
        yield from pen.prose(one_line(change.pull.url))


def _more(change: Change, findings: Iterable[Finding]) -> list[str]:
    """What the findings about a change say beyond its own detail."""
    texts: list[str] = []
    for finding in findings:
        if finding.message not in change.detail and change.detail not in finding.message:
            texts.append(f"{finding.severity}[{one_line(finding.rule)}]: {one_line(finding.message)}")
        if finding.suggestion and finding.suggestion not in change.detail:
            texts.append(one_line(finding.suggestion))
    return list(dict.fromkeys(texts))


def _approved(report: Report, pen: _Pen) -> Iterator[list[str]]:
    """A line for each approved change, with who approved it and what carries that to the release head; what that means, once."""
    changes = [change for change in report.release.changes if change.verdict is Verdict.APPROVED]
    if not changes:
        return
    yield [pen(_GREEN, pen.title(f"Approved: {len(changes)} of {count(len(report.release.changes), 'change')}", code=""))]
    rows = [(label(each), title(each), names(each), approvers(each)) for each in changes[:_MOST]]
    lines = pen.table(("", "change", "by", "approved by"), rows) or pen.listed(
        [f"{label} {title}, by {names}: {approved}" for label, title, names, approved in rows]
    )
    carriers = {given.carried_by for change in changes for given in change.approvals}
    meaning = [f"({how.replace('-', ' ')}: {words})" for how, words in CARRIED.items() if how in carriers]
    yield [*lines, *pen.left_out(len(changes), _MOST), *(pen(_DIM, line) for text in meaning for line in pen.prose(text))]


def _exempt(report: Report, pen: _Pen) -> Iterator[list[str]]:
    changes = [change for change in report.release.changes if change.verdict is Verdict.EXEMPT and not change.waiver]
    if changes:
        lines = [f"{label(change)} {title(change)}, by {names(change)}: {one_line(change.detail or change.reason)}" for change in changes]
        yield [pen(_BOLD, f"exempt: {len(changes)}"), *pen.listed(lines)]


# ---------------------------------------------------------------------------------------------------------------- required checks


def _checks(report: Report, told: Told, pen: _Pen) -> Iterator[list[str]]:
    checks = report.release.checks
    missing, passed = lacking(checks), green(checks)
    if not checks:
        return
    heading = f"{len(missing)} of {len(checks)} not green" if missing else "all green"
    yield [pen.title(f"Required checks on {one_line(checks[0].commit[:7])}: {heading}")]
    for check in missing:
        yield list(_check(check, told.checks.get(check.name, ()), pen))
    if passed:
        yield pen.prose(f"passed: {passed}", "  ", "    ")


def _check(check: Check, findings: Sequence[Finding], pen: _Pen) -> Iterator[str]:
    tag = f"{findings[0].severity}[{one_line(findings[0].rule)}]" if findings else str(check.state)
    why, todo = steps(check.detail or f"{check.name} is {check.state}")
    yield from pen.headed(tag, why if check.name in why else f"{check.name}: {why}")
    yield from pen.next(todo)
    if check.url and check.url not in check.detail:
        yield from pen.prose(one_line(check.url))


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
    if (finding.index is None or finding.index.advice) and len(lines) == 1:
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


FORMAT = Format(render)
