"""The pages for people say what is so: the reasons of docs/review.md, the workflows of the pages, and the report that the README shows."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import example
import pytest
import yaml

import lastcall.review
from lastcall.formats import Style
from lastcall.formats._wording import CARRIED
from lastcall.formats.text import render
from lastcall.model import Verdict

PROJECT = Path(__file__).parents[2]
DOCS = PROJECT / "docs"
TOOLS = Path(sys.executable).parent
PAGES = (PROJECT / "README.md", DOCS / "github.md", DOCS / "attestation.md")
REVIEW = PROJECT / "src" / "lastcall" / "review"

# ---------------------------------------------------------------------------------------------------------------- docs/review.md


def told() -> set[str]:
    """The reasons that the page has a row for."""
    reasons = (DOCS / "review.md").read_text(encoding="utf-8").partition("## Every reason")[2].partition("## Besides")[0]
    rows = re.findall(r"^\| (`[^|]*`) \|", reasons, re.MULTILINE)
    return {reason for row in rows for reason in re.findall("`([^`]+)`", row)}


def test_every_reason_has_a_row():
    table = (lastcall.review.__doc__ or "").partition("=========")[2]
    known = set(re.findall(r"^([a-z]+(?:-[a-z]+)*) {2,}(?:approved|blocked|unknown|exempt) ", table, re.MULTILINE))
    assert len(known) > 20
    assert not known - told()


def test_no_row_is_about_a_reason_that_there_is_not():
    source = "".join(path.read_text(encoding="utf-8") for path in REVIEW.glob("*.py"))
    made = {"altered-squash", "altered-rebase"}  # of what a pull request landed as
    assert not {reason for reason in told() - made if f'"{reason}"' not in source}
    assert 'f"altered-{' in source


def test_everything_that_carries_an_approval_is_explained():
    page = (DOCS / "review.md").read_text(encoding="utf-8")
    source = "".join(path.read_text(encoding="utf-8") for path in REVIEW.glob("*.py"))
    for carrier in CARRIED:
        assert f"| `{carrier}` |" in page
        assert f'"{carrier}"' in source


# ---------------------------------------------------------------------------------------------------------------- workflows


def workflows() -> list[tuple[str, str]]:
    """Every workflow that a page shows, with the page's name."""
    blocks = [
        (page.name, block) for page in PAGES for block in re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    ]
    return [(name, block) for name, block in blocks if block.startswith("name: ")]


@pytest.mark.parametrize(("page", "text"), workflows(), ids=[f"{page}: {text.splitlines()[0]}" for page, text in workflows()])
def test_workflows_are_what_github_accepts(page, text, tmp_path):
    file = tmp_path / "workflow.yml"
    file.write_text(text, encoding="utf-8")
    command = [TOOLS / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", file]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"{page}: {done.stdout}{done.stderr}"


def test_workflows_use_inputs_that_the_action_has():
    """The names are those of actions/attest, and of our own action.yml."""
    known = {
        "lastcall/lastcall": set(yaml.safe_load((PROJECT / "action.yml").read_text(encoding="utf-8"))["inputs"]),
        # https://github.com/actions/attest/blob/v4/action.yml
        "actions/attest": {"subject-path", "subject-digest", "subject-name", "subject-checksums", "predicate-type", "predicate-path"},
        "actions/checkout": {"fetch-depth", "persist-credentials"},
    }
    steps = [step for _, text in workflows() for job in yaml.safe_load(text)["jobs"].values() for step in job["steps"]]
    assert len(steps) >= 8
    for step in steps:
        if "uses" in step:
            assert set(step.get("with", {})) <= known[step["uses"].partition("@")[0]]
        else:
            assert "${{" not in step["run"]
            assert subprocess.run(["bash", "-n"], input=step["run"], text=True, check=False).returncode == 0


def test_links_lead_somewhere():
    for page in (*PAGES, DOCS / "review.md"):
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            assert link.startswith("https://") or (page.parent / link).exists(), f"{page.name}: {link}"


# ---------------------------------------------------------------------------------------------------------------- the README's release


def test_a_release_of_44_changes_says_what_to_do_on_less_than_two_screens(tmp_path):
    report = example.judge(tmp_path)
    assert Counter(change.verdict for change in report.release.changes) == {
        Verdict.APPROVED: 40,
        Verdict.BLOCKED: 3,
        Verdict.UNKNOWN: 1,
    }
    lines = render(report, Style(80)).splitlines()
    assert len(lines) < 70
    assert all(len(line) <= 80 for line in lines[1:])
    headings = [line.strip("- ") for line in lines if line.startswith("---")]
    assert headings == ["Blocked: 3 of 44 changes", "Unknown, which blocks as well: 1 of 44 changes", "Approved: 40 of 44 changes"]
    assert sum(line.startswith("  next: ") for line in lines) == 4
    assert lines[-4].startswith("Start with #200 (Speed up the search): revert it through an approved pull")
    assert lines[-1] == "FAIL: 4 errors; 3 changes blocked, 1 unknown, 40 approved (fails on error)"
