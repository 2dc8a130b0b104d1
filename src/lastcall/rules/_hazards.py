"""Findings about hazards: what is the same in every rule that looks for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lastcall.model import Finding, Hazard, HazardKind, Query, Related
from lastcall.rules import Rule


def findings(rule: Rule, query: Query, kind: HazardKind, message: Callable[[Hazard], str]) -> Iterator[Finding]:
    """A finding of ``rule`` for each hazard of ``kind`` in ``query``, in the words of ``message``."""
    for hazard in query.hazards:
        if hazard.kind is kind:
            names = [table.name for table in hazard.tables]
            yield rule.finding(
                message(hazard),
                hazard.location,
                key=[query.shape, *names, *hazard.columns],
                tables=names,
                suggestion=hazard.missing.suggestion if hazard.missing else "",
                related=[Related(f"{table.name} is declared here", table.location) for table in hazard.tables],
            )
