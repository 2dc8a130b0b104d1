"""What holds of every rule: its documentation has its parts, and the examples in it behave as they say."""

import re
from pathlib import Path

import pytest

from lastcall.check import check, rules
from lastcall.model import (
    Change,
    Check,
    CheckState,
    Commit,
    Guard,
    Location,
    Person,
    Policy,
    Position,
    Release,
    Severity,
    Verdict,
    Waiver,
)
from sqlcases import expectations, verify

PARTS = ["## Why it matters", "## Flagged", "## Not flagged", "## Remedy"]


@pytest.mark.parametrize("name", rules())
def test_documentation_has_its_parts_in_order(name: str) -> None:
    doc = rules()[name].doc
    places = [doc.find(part) for part in PARTS]
    assert -1 not in places
    assert places == sorted(places)
    assert rules()[name].summary.endswith(".")


@pytest.mark.parametrize("name", rules())
def test_examples_behave_as_the_documentation_says(name: str, tmp_path: Path) -> None:
    flagged, _, clean = rules()[name].doc.partition("## Not flagged")
    for example in re.findall(r"```sql\n(.*?)```", flagged, re.DOTALL):
        assert any(expected.rule == name for expected in expectations(example))
        verify(example, tmp_path)
    for example in re.findall(r"```sql\n(.*?)```", clean, re.DOTALL):
        assert not expectations(example)
        verify(example, tmp_path)


@pytest.mark.parametrize("name", rules())
def test_names_read_after_allow(name: str) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", name)
    assert not name.startswith(("no-", "ban-", "disallow-", "require-"))


# ------------------------------------------------------------------------------------------------------- rules about reviews and checks

SHA = "abc1234" + "0" * 33
APPROVED, BLOCKED, UNKNOWN, EXEMPT = Verdict.APPROVED, Verdict.BLOCKED, Verdict.UNKNOWN, Verdict.EXEMPT
REVIEWS = (
    "altered-cherry-pick",
    "altered-merge",
    "failed-check",
    "missing-check",
    "policy-change",
    "stale-approval",
    "unknown-reviews",
    "unreviewed-change",
)


def change(verdict: Verdict, reason: str, *guards: Guard, waiver: Waiver | None = None) -> Change:
    commit = Commit(SHA, SHA, (), Person("Ann", "ann@example.com"), Person("Ann", "ann@example.com"), "Mend the basket")
    return Change("pull:12", (commit,), "Mend the basket", ("ann",), None, verdict, reason, "what to do", guards=guards, waiver=waiver)


def required(state: CheckState) -> Check:
    return Check("load-test", "", SHA, state, "what to do")


def spoken(fact: Change | Check) -> dict[str, Severity]:
    """What the rules about reviews and checks say of a fact."""
    release = Release(
        Position.RELEASE,
        "release/2.4",
        changes=(fact,) if isinstance(fact, Change) else (),
        checks=(fact,) if isinstance(fact, Check) else (),
    )
    found, silenced = check(release, Policy())
    assert not silenced
    assert all(finding.commit == SHA and len(finding.fingerprint) == 32 for finding in found)
    assert all("what to do" in finding.message or finding.rule == "policy-change" for finding in found)
    return {finding.rule: finding.severity for finding in found}


WHO_SPEAKS = {
    "stale-approval": "stale-approval",
    "altered-merge": "altered-merge",
    "altered-squash": "altered-merge",
    "altered-rebase": "altered-merge",
    "altered-cherry-pick": "altered-cherry-pick",
    "altered-revert": "altered-cherry-pick",
    "direct-push": "unreviewed-change",
    "no-approval": "unreviewed-change",
    "code-owner": "unreviewed-change",
    "submodule": "unreviewed-change",
    "other-branch": "unreviewed-change",
    "whatever-comes-later": "unreviewed-change",
}


@pytest.mark.parametrize(("reason", "rule"), WHO_SPEAKS.items())
def test_one_rule_speaks_of_a_blocked_change(reason: str, rule: str) -> None:
    assert spoken(change(BLOCKED, reason)) == {rule: Severity.ERROR}


@pytest.mark.parametrize("reason", WHO_SPEAKS)
def test_an_unknown_change_is_an_unknown_review_whatever_the_reason(reason: str) -> None:
    assert spoken(change(UNKNOWN, reason)) == {"unknown-reviews": Severity.ERROR}


@pytest.mark.parametrize("verdict", [APPROVED, EXEMPT])
@pytest.mark.parametrize(
    "reason", [*WHO_SPEAKS, "approved", "clean-pick", "mechanical-merge", "exempt", "clean-revert", "undone", "waived"]
)
def test_no_rule_speaks_of_what_is_approved_or_exempt(verdict: Verdict, reason: str) -> None:
    assert spoken(change(verdict, reason)) == {}


@pytest.mark.parametrize(
    ("state", "rule"),
    [
        (CheckState.FAILED, "failed-check"),
        (CheckState.MISSING, "missing-check"),
        (CheckState.PENDING, "missing-check"),
        (CheckState.UNKNOWN, "missing-check"),
    ],
)
def test_one_rule_speaks_of_a_check_that_is_not_green(state: CheckState, rule: str) -> None:
    assert spoken(required(state)) == {rule: Severity.ERROR}


def test_no_rule_speaks_of_a_check_that_is() -> None:
    assert spoken(required(CheckState.PASSED)) == {}


POLICY = ".lastcall.yml"
OWNED, NOT_BY_OWNER, NOBODYS = Guard(POLICY, ("@ann", "@acme/db"), True), Guard(POLICY, ("@ann", "@acme/db"), False), Guard(POLICY)
NOT_KNOWN = Guard(POLICY, ("@acme/db",), None)
WAIVER = Waiver("pull:12", "checkout is down", "2026-12-01", ("ann", "ben"))

GUARDED = [
    # who approved the change, and whether a guard's owner did
    (change(APPROVED, "approved", OWNED), None, ""),
    (change(APPROVED, "approved", NOT_BY_OWNER), Severity.ERROR, "it must be approved by @ann or @acme/db, and was not"),
    (
        change(APPROVED, "approved", NOT_KNOWN),
        Severity.ERROR,
        "it must be approved by @acme/db, and whether one of those who approved is that is not known",
    ),
    (change(APPROVED, "approved", NOBODYS), Severity.WARNING, "name one in CODEOWNERS"),
    # what the policy lets through is let through by what may have been changed to do so
    (change(EXEMPT, "exempt", OWNED), None, ""),
    (change(EXEMPT, "exempt", NOT_BY_OWNER), Severity.ERROR, "and was not"),
    (change(EXEMPT, "exempt", NOT_KNOWN), Severity.ERROR, "is not known"),
    (change(EXEMPT, "exempt", NOBODYS), Severity.ERROR, "the policy asks for no approval of this change"),
    (change(EXEMPT, "clean-revert", OWNED), None, ""),
    (change(EXEMPT, "clean-revert", NOBODYS), Severity.ERROR, "the policy asks for no approval of this change"),
    # what was taken back is not there any more
    (change(EXEMPT, "undone", NOT_BY_OWNER), None, ""),
    (change(EXEMPT, "undone", NOBODYS), None, ""),
    # two people have answered for it by name
    (change(EXEMPT, "waived", OWNED, waiver=WAIVER), None, ""),
    (change(EXEMPT, "waived", NOT_BY_OWNER, waiver=WAIVER), Severity.WARNING, "a waiver lets it through (ann and ben)"),
    (change(EXEMPT, "waived", NOBODYS, waiver=WAIVER), Severity.WARNING, "a waiver lets it through (ann and ben)"),
    # what is not approved, is not, whoever owns it
    (change(BLOCKED, "stale-approval", OWNED), Severity.ERROR, "it is not approved"),
    (change(BLOCKED, "direct-push", NOBODYS), Severity.ERROR, "it is not approved"),
    (change(UNKNOWN, "unknown-reviews", NOT_KNOWN), Severity.ERROR, "it is not approved"),
]


@pytest.mark.parametrize(("changed", "severity", "told"), GUARDED)
def test_who_changes_what_steers_the_guard_needs_its_owner(changed: Change, severity: Severity | None, told: str) -> None:
    assert spoken(changed).get("policy-change") is severity
    found = [each for each in check(Release(Position.RELEASE, "", changes=(changed,)), Policy())[0] if each.rule == "policy-change"]
    assert [(each.location, told in each.message) for each in found] == ([(Location(POLICY, 1), True)] if severity else [])


def test_each_guard_is_told_of_once() -> None:
    guards = (Guard("CODEOWNERS"), OWNED, Guard(".github/workflows/release.yml", ("@ann",), False))
    found = check(Release(Position.RELEASE, "", changes=(change(APPROVED, "approved", *guards),)), Policy())[0]
    assert [(each.location and each.location.path, each.severity) for each in found] == [
        (".github/workflows/release.yml", Severity.ERROR),
        ("CODEOWNERS", Severity.WARNING),
    ]
    assert len({each.fingerprint for each in found}) == 2


def test_every_rule_about_reviews_has_more_clean_cases_than_firing_ones() -> None:
    facts = [
        *(change(verdict, reason) for verdict in Verdict for reason in WHO_SPEAKS),
        *(changed for changed, _, _ in GUARDED),
        *(required(state) for state in CheckState),
    ]
    for name in REVIEWS:
        speaking = [fact for fact in facts if name in spoken(fact)]
        assert 0 < len(speaking) < len(facts) - len(speaking), name
