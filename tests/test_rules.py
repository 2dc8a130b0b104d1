"""What holds of every rule: its documentation has its parts, and the examples in it behave as they say."""

import re
from pathlib import Path

import pytest

from lastcall.check import rules
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
