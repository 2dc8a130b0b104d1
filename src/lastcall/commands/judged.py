"""``--judge``: a real planner confirms or clears each finding that asks for an index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lastcall.model import Finding, Location, MissingIndex, Policy, Progress, Query, Release, Ruling, Severity, Side

if TYPE_CHECKING:
    from lastcall.sql.planner.verdict import Judging

Place = tuple[Location, MissingIndex]
_MOST = 5
"""Parts of a schema that are named where the judge could not be given them."""


def require(dialect: str) -> None:
    """LastcallError where the judge of a dialect is not installed: said before any work is done."""
    from lastcall.sql.planner import server  # noqa: PLC0415

    if dialect != "sqlite":
        server.require()


def judged(found: Sequence[Finding], facts: Release, policy: Policy, progress: Progress) -> tuple[list[Finding], Release]:
    """The findings as the judge leaves them, heaviest first, and the facts with a note of what it did.

    LastcallError where the judge is not installed, or does not start.
    """
    from lastcall.sql.planner.verdict import judging  # noqa: PLC0415  nothing of this is loaded unless somebody asks for it
    from lastcall.sql.planner.volume import Volume  # noqa: PLC0415

    side = facts.after
    if side is None:
        return list(found), facts
    require(side.catalog.dialect)
    places = _places(side)
    asked = {query for finding in found for query in places.get(_place(finding), ())}
    queries = [query for query in side.queries if query in asked]
    if not queries:
        return list(found), replace(facts, notes=(*facts.notes, "the judge had nothing to do: no finding asks for an index"))
    with judging(side, queries, Volume.of(policy.queries), progress) as judge:
        results = [_judged(finding, places.get(_place(finding), ()), judge) for finding in found]
        notes = _notes(results, judge)
    return sorted(results, key=lambda each: -each.severity), replace(facts, notes=(*facts.notes, *notes))


def _places(side: Side) -> Mapping[object, list[Query]]:
    """The queries that a finding may speak of: by the place, and by the index that is missing there."""
    found: dict[object, list[Query]] = {}
    for query in side.queries:
        for access in query.accesses:
            if access.missing is not None:
                found.setdefault((access.location, access.missing), []).append(query)
    return found


def _place(finding: Finding) -> object:
    return finding.location, finding.index


def _judged(finding: Finding, queries: Sequence[Query], judge: Judging) -> Finding:
    """The finding with what the judge says of it; of several queries that stand in one place, one that confirms it is enough."""
    if finding.index is None or not queries:
        return finding
    judgements = [judge.judgement(query, finding.index, _suggested(query)) for query in queries]
    judgement = min(judgements, key=lambda each: list(Ruling).index(each.verdict))
    told = judge.told(judgement)
    cleared = judgement.verdict is Ruling.CLEARED
    return replace(
        finding,
        judge=judgement,
        severity=Severity.NOTE if cleared else finding.severity,
        message=f"{finding.message} ({'cleared: ' if cleared else ''}{told})" if told else finding.message,
    )


def _suggested(query: Query) -> list[MissingIndex]:
    return [access.missing for access in query.accesses if access.missing is not None]


def _notes(findings: Iterable[Finding], judge: Judging) -> list[str]:
    judgements = [finding.judge for finding in findings if finding.judge is not None]
    numbers = Counter(each.verdict for each in judgements)
    told = ", ".join(f"{numbers[ruling]} {ruling}" for ruling in (Ruling.CONFIRMED, Ruling.CLEARED))
    reasons = Counter(each.reason for each in judgements if each.verdict is Ruling.ABSTAINED)
    notes = [f"{judge.title}: {told}"]
    if reasons:
        reason, others = reasons.most_common(1)[0][0], len(reasons) - 1
        notes[0] += f"; {sum(reasons.values())} not judged ({reason}{f', and {others} other reasons' if others else ''})"
    return notes + left_out(judge)


def left_out(judge: Judging) -> list[str]:
    """What the planner could not be given, in one sentence at most."""
    found = judge.planner.left_out
    more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return [f"the judge was not given {', '.join(found[:_MOST])}{more}"] if found else []
