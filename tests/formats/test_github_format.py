"""The format for GitHub Actions, read back the way the runner reads it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import reports

from lastcall.formats import Style
from lastcall.formats.github import render
from lastcall.model import Location, Report, Severity


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """The commands that the runner finds: name, properties, message (ActionCommand.cs: ``::`` at a line's start, ``##[`` anywhere)."""
    found = []
    for line in text.splitlines():
        match = re.match(r"\s*::([a-z-]+) ?(.*?)::(.*)", line)
        if match:
            settings = dict(each.split("=", 1) for each in match[2].split(",") if each)
            found.append((match[1], {key: unescape(value) for key, value in settings.items()}, unescape(match[3])))
        else:
            assert not re.search(r"##\w*\[", line)
    return found


def unescape(text: str) -> str:
    for code, char in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(code, char)
    return text


def test_rich_report(golden):
    golden("rich.github.txt", render(reports.rich(), Style()))


def test_places_are_told_as_github_takes_them():
    tall = replace(reports.unindexed_join(), location=Location("a, b: 100%.sql", 3, 5, 9, 2))
    (_, properties, message), (_, flat, _) = commands(render(Report(reports.clean().release, (tall, reports.unindexed_join())), Style()))
    assert properties == {"file": "a, b: 100%.sql", "line": "3", "endLine": "9", "title": "unindexed-join"}
    assert flat == {"file": "shop/dashboard.py", "line": "18", "endLine": "18", "col": "11", "endColumn": "44", "title": "unindexed-join"}
    assert message.endswith("\nfix: CREATE INDEX CONCURRENTLY orders_user_id_idx ON orders (user_id);")


@pytest.mark.parametrize(("number", "shown", "more"), [(10, 10, None), (11, 9, "and 2 more errors"), (500, 9, "and 491 more errors")])
def test_at_most_ten_of_a_kind(number, shown, more):
    found = commands(render(reports.many(number), Style()))
    for kind in ("error", "warning", "notice"):
        assert sum(name == kind for name, _, _ in found) <= 10
    errors = [message for name, _, message in found if name == "error"]
    assert sum(message.startswith("orders is looked up") for message in errors) == shown
    if more:
        assert errors[-1].startswith(more)


def test_the_worst_come_first():
    found = [name for name, _, _ in commands(render(reports.many(2), Style()))]
    assert found == ["error"] * 2 + ["warning"] * 2 + ["notice"] * 2


@pytest.mark.parametrize("text", reports.HOSTILE.values(), ids=reports.HOSTILE)
def test_text_of_a_repository_starts_no_command(text):
    written = render(reports.hostile(text), Style())
    found = commands(written)
    assert [name for name, _, _ in found] == ["error", "error", "error", "error", "warning", "notice"]
    assert all(properties.keys() <= {"file", "line", "endLine", "col", "endColumn", "title"} for _, properties, _ in found)
    assert all(len(message) <= 4_096 for _, _, message in found)
    assert written.splitlines()[-1].startswith("lastcall: ")
    assert len(written.splitlines()) == 7


def test_the_last_line_is_plain():
    assert render(reports.empty(), Style()) == (
        "lastcall: the index against 8f3c2d1. 0 files matched: there is no query to judge. PASS: no findings (fails on error)\n"
    )


def test_severities_have_their_commands():
    notes = replace(reports.unread_query(), severity=Severity.NOTE)
    assert render(Report(reports.clean().release, (notes,)), Style()).startswith("::notice file=shop/reports.py,")


def test_a_waiver_is_a_warning_also_on_a_pass():
    ((name, properties, message),) = commands(render(reports.glass(), Style()))
    assert (name, properties) == ("warning", {"title": "waived-change: #16 Use the new payment service"})
    assert message == (
        "let through without an approval, by a waiver of ann and ben, until 2026-12-01, for 6d5c4b3 alone: "
        "the old service is switched off tonight"
    )


def test_a_waiver_is_never_among_the_warnings_that_are_cut():
    many = reports.many(50)
    text = render(replace(many, release=replace(many.release, changes=(*many.release.changes, reports.waived()))), Style())
    warnings = [properties["title"] for name, properties, _ in commands(text) if name == "warning"]
    assert len(warnings) == 10
    assert warnings[0] == "waived-change: #16 Use the new payment service"
