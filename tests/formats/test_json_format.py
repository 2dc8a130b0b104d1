"""The JSON format, version 1."""

from __future__ import annotations

import json

import reports

from lastcall.formats import Style
from lastcall.formats.json import render


def test_rich_report(golden):
    golden("rich.json", render(reports.rich(), Style()))


def test_every_field_stands_in_every_report():
    rich, empty = (json.loads(render(report, Style())) for report in (reports.rich(), reports.empty()))
    every = {"version", "lastcall", "verdict", "release", "changes", "checks", "findings", "ignored", "coverage"}
    assert rich.keys() == empty.keys() == every
    assert empty["release"] == {"branch": None, "head": None, "base": None, "freeze": None, "lost": []}
    assert empty["checks"] == []
    assert empty["coverage"] == {"files": 0, "queries": 0, "tables": 0, "indexes": 0, "changes": 0, "unread": []}
    assert empty["verdict"] == "pass"


def test_a_finding_has_nulls_where_a_rule_has_nothing():
    of_change, of_query, *_ = [json.loads(render(reports.rich(), Style()))["findings"][each] for each in (0, 5)]
    assert of_change.keys() == of_query.keys()
    assert [of_change[name] for name in ("path", "line", "column", "end_line", "index")] == [None] * 5
    assert of_query["index"] == {"table": "orders", "columns": ["user_id"]}
    assert json.loads(render(reports.rich(), Style()))["ignored"][0]["reason"] == "forty rows, and read once a year"


def test_text_comes_back_to_the_letter():
    for text in reports.HOSTILE.values():
        written = render(reports.hostile(text), Style())
        assert json.loads(written)["findings"][1]["path"] == text
        assert written.isascii()


def test_a_change_says_what_it_needs_what_it_steers_and_who_waived_it():
    approved, _, stale, _, _, waived = json.loads(render(reports.rich(), Style()))["changes"]
    assert approved.keys() == stale.keys() == waived.keys()
    assert (approved["needs"], approved["guards"], approved["waiver"]) == (None, [], None)
    wanted = [{"owners": ["@shop/release", "@carol"], "paths": [".lastcall.yml"]}]
    assert stale["needs"] == {"approvals": 1, "at": reports.STALE, "not_by": ["dana"], "owners": wanted}
    assert stale["guards"] == [
        {"path": ".lastcall.yml", "owners": ["@shop/release", "@carol"], "owner_approved": False},
        {"path": ".github/workflows/lastcall.yml", "owners": [], "owner_approved": None},
    ]
    assert (waived["verdict"], waived["reason"]) == ("exempt", "waived")
    assert waived["waiver"] == {
        "change": "pull:16",
        "reason": "the old service is switched off tonight",
        "expiry": "2026-12-01",
        "people": ["ann", "ben"],
        "commit": reports.GLASS,
    }


def test_checks_the_freeze_and_what_is_lost():
    rich, rewritten = (json.loads(render(report, Style())) for report in (reports.rich(), reports.rewritten()))
    assert [(check["name"], check["state"]) for check in rich["checks"]] == [
        ("test", "passed"),
        ("load-test", "missing"),
        ("lint", "passed"),
        ("e2e", "failed"),
    ]
    assert rich["checks"][0].keys() == {"name", "app", "commit", "state", "detail", "url"}
    assert rich["release"]["freeze"] == {
        "commit": reports.FREEZE,
        "source": "tag freeze/release/2.4",
        "tag": "e" * 40,
        "annotated": True,
    }
    assert rich["release"]["lost"] == []
    assert rewritten["release"]["lost"] == ["5" * 40, reports.FREEZE]
