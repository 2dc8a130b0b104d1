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
    assert rich.keys() == empty.keys() == {"version", "lastcall", "verdict", "release", "changes", "findings", "ignored", "coverage"}
    assert empty["release"] == {"branch": None, "head": None, "base": None, "freeze": None}
    assert empty["coverage"] == {"files": 0, "queries": 0, "tables": 0, "indexes": 0, "changes": 0, "unread": []}
    assert empty["verdict"] == "pass"


def test_a_finding_has_nulls_where_a_rule_has_nothing():
    of_change, of_query, *_ = [json.loads(render(reports.rich(), Style()))["findings"][each] for each in (0, 2)]
    assert of_change.keys() == of_query.keys()
    assert [of_change[name] for name in ("path", "line", "column", "end_line", "index")] == [None] * 5
    assert of_query["index"] == {"table": "orders", "columns": ["user_id"]}
    assert json.loads(render(reports.rich(), Style()))["ignored"][0]["reason"] == "forty rows, and read once a year"


def test_text_comes_back_to_the_letter():
    for text in reports.HOSTILE.values():
        written = render(reports.hostile(text), Style())
        assert json.loads(written)["findings"][1]["path"] == text
        assert written.isascii()
