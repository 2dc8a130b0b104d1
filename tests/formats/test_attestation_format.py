"""The attestation: an in-toto statement of version 1 with SLSA's verification summary of version 1, held against both specifications."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import reports
from jsonschema import Draft202012Validator

from lastcall.formats import Style
from lastcall.formats.attestation import EXTENSION, render
from lastcall.model import CheckState, LastcallError, Policy, Position, Report, Severity

_URI = {"type": "string", "pattern": "^[a-z][a-z0-9+.-]*:[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]+$"}
_GIT = {"type": "string", "pattern": "^([0-9a-f]{40}|[0-9a-f]{64})$"}
_DIGESTS = {"type": "object", "minProperties": 1, "additionalProperties": False, "properties": {"gitCommit": _GIT, "gitBlob": _GIT}}
SCHEMA = {
    # https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md and resource_descriptor.md
    "type": "object",
    "required": ["_type", "subject", "predicateType", "predicate"],
    "additionalProperties": False,
    "properties": {
        "_type": {"const": "https://in-toto.io/Statement/v1"},
        "subject": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["digest"],
                "additionalProperties": False,
                "properties": {"name": {"type": "string"}, "digest": _DIGESTS, "annotations": {"type": "object"}},
            },
        },
        "predicateType": {"const": "https://slsa.dev/verification_summary/v1"},
        "predicate": {
            # https://slsa.dev/spec/v1.2/verification_summary
            "type": "object",
            "required": ["verifier", "resourceUri", "policy", "verificationResult", "verifiedLevels"],
            "properties": {
                "verifier": {
                    "type": "object",
                    "required": ["id"],
                    "properties": {"id": _URI, "version": {"type": "object", "additionalProperties": {"type": "string"}}},
                },
                "timeVerified": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"},
                "resourceUri": _URI,
                "policy": {"type": "object", "required": ["uri"], "properties": {"uri": _URI, "digest": _DIGESTS}},
                "verificationResult": {"enum": ["PASSED", "FAILED"]},
                "verifiedLevels": {"type": "array", "items": {"type": "string", "pattern": "^(?!SLSA_)[A-Z_]+$"}, "uniqueItems": True},
                "slsaVersion": {"type": "string", "pattern": r"^\d+\.\d+$"},
            },
            # Producers may add fields whose names are URIs.
            "patternProperties": {"^https://": {"type": "object"}},
            "additionalProperties": False,
        },
    },
}


def statement(report: Report) -> dict[str, Any]:
    written = json.loads(render(report, Style()))
    Draft202012Validator(SCHEMA).validate(written)
    return written


def summary(report: Report) -> dict[str, Any]:
    return statement(report)["predicate"]


def test_rich_report(golden):
    statement(reports.rich())
    golden("rich.intoto.json", render(reports.rich(), Style()))


def test_the_subject_is_the_release_commit():
    (subject,) = statement(reports.clean())["subject"]
    assert subject == {
        "name": "release/2.4",
        "digest": {"gitCommit": reports.HEAD},
        "annotations": {"sourceRefs": ["refs/heads/release/2.4"]},
    }
    (named,) = statement(replace(reports.clean(), release=replace(reports.clean().release, repository="shop/shop", branch=None)))["subject"]
    assert named == {"name": "shop/shop", "digest": {"gitCommit": reports.HEAD}}


def test_without_a_commit_there_is_nothing_to_attest():
    with pytest.raises(LastcallError, match="none was judged"):
        render(reports.empty(), Style())


# ---------------------------------------------------------------------------------------------------------------- the verdict


def test_a_pass_names_what_was_verified():
    passed = tuple(check for check in reports.checks() if check.state is CheckState.PASSED)
    found = summary(replace(reports.clean(), release=replace(reports.clean().release, checks=passed)))
    assert found["verificationResult"] == "PASSED"
    assert found["verifiedLevels"] == ["LASTCALL_LATE_CHANGES_REVIEWED", "LASTCALL_REQUIRED_CHECKS_GREEN", "LASTCALL_QUERIES_JUDGED"]


def test_a_waiver_is_another_level_and_is_told():
    found = summary(reports.glass())
    assert found["verifiedLevels"] == ["LASTCALL_LATE_CHANGES_REVIEWED_OR_WAIVED", "LASTCALL_REQUIRED_CHECKS_GREEN"]
    (waiver,) = found[EXTENSION]["waivers"]
    assert waiver == {
        "change": "pull:16",
        "reason": "the old service is switched off tonight",
        "expiry": "2026-12-01",
        "people": ["ann", "ben"],
    }


def test_a_failure_says_so_where_the_levels_are_read():
    found = summary(reports.rich())
    assert (found["verificationResult"], found["verifiedLevels"]) == ("FAILED", ["FAILED"])
    told = found[EXTENSION]
    assert told["changes"] == {"approved": 1, "blocked": 2, "unknown": 1, "exempt": 2}
    assert (told["verdict"], told["commit"], told["unread"]) == ("fail", reports.HEAD, 3)


@pytest.mark.parametrize(
    "release",
    [
        replace(reports.clean().release, changes=(reports.pushed(),)),
        replace(reports.clean().release, changes=(reports.unknown(),)),
        replace(reports.rewritten().release, after=reports.side()),
        replace(reports.clean().release, changes=(), reviewed=False),
    ],
    ids=["blocked", "unknown", "rewritten", "not reviewed"],
)
def test_rules_that_are_switched_off_verify_nothing(release):
    """The run passes, because no rule speaks; but nothing was reviewed."""
    assert summary(Report(release, version="0.1.0"))["verifiedLevels"] == ["LASTCALL_QUERIES_JUDGED"]


def test_a_pull_request_is_no_release():
    release = replace(reports.clean().release, position=Position.PAIR, freeze=None, after=None)
    assert summary(Report(release, version="0.1.0"))["verifiedLevels"] == ["LASTCALL_CHANGES_REVIEWED"]


def test_a_check_that_is_not_green_verifies_no_checks():
    found = summary(Report(replace(reports.clean().release, checks=reports.checks()), version="0.1.0"))
    assert "LASTCALL_REQUIRED_CHECKS_GREEN" not in found["verifiedLevels"]


# ---------------------------------------------------------------------------------------------------------------- when, where, by what


def test_the_time_is_that_of_the_build_where_that_is_told(monkeypatch):
    assert summary(reports.clean())["timeVerified"] == "2026-11-21T12:00:00Z"
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    before = datetime.now(UTC).replace(microsecond=0)
    assert before <= datetime.fromisoformat(summary(reports.clean())["timeVerified"]) <= datetime.now(UTC)


@pytest.mark.parametrize("epoch", ["today", "9" * 30, "-1e3"])
def test_a_time_that_is_none_is_refused(monkeypatch, epoch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    with pytest.raises(LastcallError, match="SOURCE_DATE_EPOCH"):
        render(reports.clean(), Style())


def test_the_repository_is_known_by_its_pull_requests():
    assert summary(reports.clean())["resourceUri"] == "git+https://github.example/shop/shop"


def test_a_pull_request_of_another_repository_names_nothing():
    fork = replace(reports.clean(), release=replace(reports.clean().release, repository="acme/shop"))
    assert summary(fork)["resourceUri"] == "git:acme/shop"


@pytest.mark.parametrize(
    ("environ", "uri"),
    [
        ({"GITHUB_REPOSITORY": "acme/shop", "GITHUB_SERVER_URL": "https://github.com"}, "git+https://github.com/acme/shop"),
        ({"CI_PROJECT_PATH": "acme/shop", "CI_SERVER_URL": "https://gitlab.example/"}, "git+https://gitlab.example/acme/shop"),
        ({"GITHUB_REPOSITORY": "acme/other", "GITHUB_SERVER_URL": "https://github.com"}, "git:acme/shop"),
        ({}, "git:acme/shop"),
    ],
)
def test_a_run_on_the_forge_knows_its_server(monkeypatch, environ, uri):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    pushed = replace(reports.clean().release, changes=(reports.pushed(),), repository="acme/shop")
    assert summary(Report(pushed))["resourceUri"] == uri


def test_nobody_knows_the_repository():
    assert summary(Report(replace(reports.clean().release, changes=())))["resourceUri"] == f"git:{reports.HEAD}"


def test_the_policy_is_named_by_its_place_and_its_content():
    policy = Policy(path=".lastcall.yml", blob="b" * 40)
    assert summary(replace(reports.clean(), policy=policy))["policy"] == {
        "uri": f"git+https://github.example/shop/shop@{reports.FREEZE}#.lastcall.yml",
        "digest": {"gitBlob": "b" * 40},
    }


@pytest.mark.parametrize("policy", [None, Policy()])
def test_the_defaults_have_a_name_only(policy):
    assert summary(replace(reports.clean(), policy=policy))["policy"] == {
        "uri": "https://github.com/lastcall/lastcall/blob/main/docs/policy.md"
    }


def test_what_fails_is_told():
    assert summary(replace(reports.clean(), fail_on=Severity.WARNING))[EXTENSION]["failOn"] == "warning"


def test_text_comes_back_to_the_letter():
    for text in reports.HOSTILE.values():
        written = render(reports.hostile(text), Style())
        assert written.isascii()
        assert json.loads(written)["predicate"][EXTENSION]["waivers"][0]["reason"] == text
