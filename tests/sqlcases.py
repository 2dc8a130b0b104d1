"""SQL with its expected findings on the lines: ``-- error: [rule] "part of the message"``.

All DDL of a case is its schema; every line that carries an expectation must have such a finding, and no other line may have any.
``-- dialect: mysql`` in the first line sets the dialect, ``-- small-tables: a, b`` the policy.  What stands below the line
``-- the release brings:`` is in a file of its own, which only the head has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from lastcall import check, sql
from lastcall.folder import Folder
from lastcall.model import Finding, Policy, Position, QueryPolicy, Release

BRINGS = re.compile(r"^-- the release brings:$", re.MULTILINE)
EXPECTED = re.compile(r'-- error: \[([\w-]+)\] "([^"]*)"')


@dataclass(frozen=True, order=True)
class Expectation:
    line: int
    rule: str
    part: str


def expectations(text: str) -> list[Expectation]:
    return [Expectation(number, rule, part) for number, line in enumerate(text.split("\n"), 1) for rule, part in EXPECTED.findall(line)]


def findings(text: str, folder: Path) -> tuple[list[Finding], list[Finding]]:
    """What a check of one file of SQL finds, and what its ignores silence."""
    dialect = re.search(r"^-- dialect: (\w+)", text)
    small = re.search(r"^-- small-tables: (.+)$", text, re.MULTILINE)
    policy = QueryPolicy(
        dialect=dialect.group(1) if dialect else "postgres", small_tables=tuple(small.group(1).split(", ")) if small else (), exclude=()
    )
    brings = BRINGS.search(text)
    known = text[: brings.start()] if brings else text
    (folder / "case.sql").write_text(known, encoding="utf-8")
    before = sql.read(Folder(folder), policy) if brings else None
    if brings:
        (folder / "release.sql").write_text("\n" * known.count("\n") + text[len(known) :], encoding="utf-8")
    release = Release(Position.PAIR if brings else Position.TREE, "", after=sql.read(Folder(folder), policy), before=before)
    return check.check(release, Policy(queries=policy))


def verify(text: str, folder: Path) -> None:
    """Fails with every expectation that is not met and every finding that is not expected."""
    found, _ = findings(text, folder)
    open_findings = list(found)
    unmet = []
    for expected in expectations(text):
        match = next(
            (
                each
                for each in open_findings
                if each.location and each.location.line == expected.line and each.rule == expected.rule and expected.part in each.message
            ),
            None,
        )
        if match is None:
            unmet.append(f"line {expected.line}: expected [{expected.rule}] {expected.part!r}")
        else:
            open_findings.remove(match)
    surplus = [f"line {each.location.line if each.location else '?'}: not expected: [{each.rule}] {each.message}" for each in open_findings]
    assert not unmet + surplus, "\n".join([*unmet, *surplus])
