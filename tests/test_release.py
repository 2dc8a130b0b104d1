"""The facts of a release: which changes are late, what steers the check, who brought the lines of a finding."""

from __future__ import annotations

from pathlib import Path

import pytest

from lastcall.commands.check import policy_of
from lastcall.comparison import Choice, Comparison, compare
from lastcall.git import Repository
from lastcall.model import Finding, Location, Release, Severity, Side, Verdict
from lastcall.release import Source, gather, place, show, whole
from repositories import Repo

NOBODY = Source(forge="none")
LINES = "".join(f"line {number}\n" for number in range(1, 21))


@pytest.fixture
def shop(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "shop")
    repo.commit(
        "Start", {"a.txt": LINES, ".github/workflows/gate.yml": "run: lastcall check\n", ".github/workflows/test.yml": "run: make\n"}
    )
    repo.checkout("release/2.4", new=True)
    repo.tag("freeze/release/2.4", message="Freeze")
    return repo


def facts(repo: Repo, only: str = "review", asked: Choice | None = None) -> Release:
    with Repository.open(repo.root) as repository:
        return gather(repository, compare(repository, asked or Choice(), policy_of), NOBODY, only)


def finding(path: str, line: int, end_line: int = 0, **rest: str) -> Finding:
    return Finding("unindexed-join", Severity.ERROR, "slow", Location(path, line, 1, end_line or line), **rest)


def placed(repo: Repo, *findings: Finding, asked: Choice | None = None) -> list[Finding]:
    with Repository.open(repo.root) as repository:
        compared: Comparison = compare(repository, asked or Choice(), policy_of)
        return place(findings, repository, compared, gather(repository, compared, NOBODY, "review"))


# ---------------------------------------------------------------------------------------------------------------- what is gathered


def test_late_changes_without_evidence_are_unknown(shop):
    late = shop.commit("One", {"b.txt": "1\n"})
    found = facts(shop)
    assert [(change.id, change.verdict) for change in found.changes] == [(f"commit:{late}", Verdict.UNKNOWN)]
    assert found.reviewed
    assert found.after is None
    assert found.unread


def test_what_steers_the_check_is_told_of_a_change(shop):
    files = {
        ".lastcall.yml": "review: {approvals: 1}\n",
        "CODEOWNERS": "* @ann\n",
        ".github/workflows/gate.yml": "run: true\n",
        ".github/workflows/test.yml": "run: make test\n",
        ".github/workflows/new.yml": "run: lastcall check\n",
    }
    shop.commit("One", files)
    (change,) = facts(shop).changes
    assert sorted(guard.path for guard in change.guards) == [
        ".github/workflows/gate.yml",
        ".github/workflows/new.yml",
        ".lastcall.yml",
        "CODEOWNERS",
    ]


def test_queries_of_both_ends_are_read(shop):
    shop.commit("One", {"b.sql": "SELECT 1;\n"})
    found = facts(shop, "queries")
    assert found.before is not None
    assert found.after is not None
    assert (len(found.before.queries), len(found.after.queries)) == (0, 1)
    assert (found.reviewed, found.changes, found.unread) == (False, (), ())


def test_an_unchanged_tree_is_read_once(shop):
    found = facts(shop, "queries")
    assert found.before is found.after


def test_the_index_is_read_and_nobody_is_asked(shop):
    shop.stage({"b.sql": "SELECT 1;\n"})
    found = facts(shop, "", Choice(staged=True))
    assert found.after is not None
    assert len(found.after.queries) == 1
    assert (found.reviewed, found.changes) == (False, ())


def test_a_required_check_of_which_the_forge_told_nothing_is_missing(shop):
    shop.git("tag", "-d", "freeze/release/2.4")
    shop.commit("Ask for more", {".lastcall.yml": "checks: [load-test]\n"})
    shop.tag("freeze/release/2.4", message="Freeze")
    from lastcall.commands.check import Wishes, run

    report = run(shop.root, Choice(), Wishes(NOBODY, "review"))
    assert [(each.name, each.state) for each in report.release.checks] == [("load-test", "unknown")]
    assert [(each.rule, str(each.severity)) for each in report.findings] == [("missing-check", "error")]


def test_a_whole_tree_is_its_own_release():
    found = whole(Side(notes=("postgres",)), "plain")
    assert (found.headline, found.notes, found.before) == ("audit of plain", ("postgres",), None)


# ---------------------------------------------------------------------------------------------------------------- where a finding is


def test_a_finding_has_the_lines_around_it(shop):
    (found,) = placed(shop, finding("a.txt", 10, 11))
    assert found.excerpt
    assert found.excerpt.first_line == 8
    assert found.excerpt.lines == tuple(f"line {number}" for number in range(8, 14))


def test_lines_are_bounded_at_the_ends_and_in_length(shop):
    shop.commit("Long", {"b.txt": "x" * 10_000 + "\n", "c.txt": LINES * 100, "d.txt": "only\r\n"})
    first, long, many, windows = placed(shop, finding("a.txt", 1), finding("b.txt", 1), finding("c.txt", 5, 1900), finding("d.txt", 1))
    assert first.excerpt
    assert first.excerpt.first_line == 1
    assert long.excerpt
    assert len(long.excerpt.lines[0]) == 500
    assert many.excerpt
    assert len(many.excerpt.lines) == 60
    assert windows.excerpt
    assert windows.excerpt.lines[0] == "only"


def test_a_finding_names_the_change_that_brought_its_lines(shop):
    first = shop.commit("One", {"a.txt": LINES.replace("line 5\n", "line five\n")})
    second = shop.commit("Two", {"a.txt": LINES.replace("line 5\n", "line five\n").replace("line 6\n", "line six\n")})
    one, both, neither = placed(shop, finding("a.txt", 5), finding("a.txt", 4, 7), finding("a.txt", 10))
    assert (one.commit, one.change) == (first, f"commit:{first}")
    assert both.commit == second, "the newest of those that touched them"
    assert (neither.commit, neither.change) == (None, None), "the lines are older than the freeze"


def test_a_finding_that_names_its_commit_keeps_it(shop):
    shop.commit("One", {"a.txt": "x\n"})
    (found,) = placed(shop, finding("a.txt", 1, commit="f" * 40, change="pull:3"))
    assert (found.commit, found.change) == ("f" * 40, "pull:3")


def test_a_finding_without_a_file_stays_as_it_is(shop):
    shop.commit("One")
    gone = finding("gone.txt", 3)
    nowhere = Finding("unreviewed-change", Severity.ERROR, "nobody looked")
    assert placed(shop, gone, nowhere) == [gone, nowhere]


def test_staged_lines_have_no_commit_yet(shop):
    shop.stage({"a.txt": "staged\n"})
    (found,) = placed(shop, finding("a.txt", 1), asked=Choice(staged=True))
    assert found.excerpt
    assert found.excerpt.lines == ("staged", "")
    assert found.commit is None


def test_symbolic_links_show_nothing(shop):
    (shop.root / "link.txt").symlink_to("/etc/passwd")
    shop.commit("Link")
    with Repository.open(shop.root) as repository:
        (found,) = show([finding("link.txt", 1)], repository.tree(shop.head))
    assert found.excerpt is None
