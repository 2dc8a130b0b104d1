"""The text format: golden files, widths, and code frames."""

from __future__ import annotations

from dataclasses import replace

import pytest
import reports

from lastcall.formats import Style
from lastcall.formats._cells import width_of, wrap
from lastcall.formats._frame import frame
from lastcall.formats.text import render
from lastcall.model import Excerpt, Guard, Location, Report, Severity, Unread, Verdict


@pytest.mark.parametrize("width", [80, 60])
def test_rich_report(golden, width):
    golden(f"rich-{width}.txt", render(reports.rich(), Style(width)))


def test_rich_report_in_colours(golden):
    golden("rich-colours.txt", render(reports.rich(), Style(80, color=True)))


@pytest.mark.parametrize("name", ["clean", "empty", "glass", "rewritten"])
def test_quiet_reports(golden, name):
    golden(f"{name}.txt", render(getattr(reports, name)(), Style()))


def test_first_line_says_what_was_compared_the_next_what_was_read_and_the_last_the_verdict():
    lines = render(reports.rich(), Style(120)).splitlines()
    assert lines[0] == f"{reports.rich().release.headline}."
    assert lines[1] == "Read 7 files: 9 queries, 2 tables with 3 indexes (postgres). Could not read 2 queries, 1 file."
    assert lines[-1] == (
        "FAIL: 6 errors, 1 warning, 1 note; 1 change let through by a waiver, 2 blocked, 1 unknown, 1 approved, 1 exempt; "
        "3 not read (fails on error)"
    )


def test_colours_change_nothing_but_colour():
    import re

    painted = render(reports.rich(), Style(80, color=True))
    assert re.sub(r"\x1b\[[\d;]*m", "", painted) == render(reports.rich(), Style(80))
    assert "\x1b" not in render(reports.rich(), Style(80))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_only_code_and_the_first_and_last_line_are_wider_than_asked(width):
    for line in render(reports.rich(), Style(width)).splitlines()[1:-1]:
        assert width_of(line) <= width or line.startswith("    "), line


def test_warnings_fail_where_the_policy_says_so():
    report = replace(reports.clean(), findings=(reports.unindexed_filter(),), fail_on=Severity.WARNING)
    assert render(report, Style()).endswith("FAIL: 1 warning; 1 change approved (fails on warning)\n")


def test_changes_that_lack_the_same_are_told_together():
    text = render(reports.many(60), Style())
    assert "blocked[direct-push]: 60 changes\n  who reviewed each is not known: no forge was asked\n" in text
    assert "    0000003 Change 3, by Mallory Fast\n" in text
    assert "    and 10 more (--format json has them all)\n" in text


def test_changes_of_which_more_is_to_be_said_stand_alone():
    report = reports.many(5)
    guard = replace(
        reports.about(reports.pushed()), rule="policy-change", message="the policy is another", change=report.release.changes[2].id
    )
    text = render(replace(report, findings=(guard,)), Style())
    assert "blocked[direct-push]: 4 changes\n" in text
    assert "error[policy-change]: 0000002 Change 2\n" in text
    assert "  error[policy-change]: the policy is another\n" in text


def test_a_change_without_a_finding_is_told_by_its_verdict():
    change = replace(
        reports.pushed(), verdict=Verdict.UNKNOWN, reason="unknown-reviews", guards=(Guard(".lastcall.yml"), Guard("CODEOWNERS"))
    )
    text = render(Report(replace(reports.release(), changes=(change,))), Style(120))
    assert "unknown[unknown-reviews]: 4c1f09a Show open orders on the dashboard\n" in text
    told = ".lastcall.yml (CODEOWNERS names no owner); CODEOWNERS (CODEOWNERS names no owner)"
    assert f"  It changes what steers lastcall: {told}\n" in text


@pytest.mark.parametrize(
    ("approved", "told"),
    [
        (True, "(approved by an owner: @ann, @acme/ops)"),
        (False, "(no owner has approved: @ann, @acme/ops)"),
        (None, "(not known whether an owner approved: @ann, @acme/ops)"),
    ],
)
def test_who_owns_what_steers_lastcall_is_told(approved, told):
    change = replace(reports.pushed(), guards=(Guard("CODEOWNERS", ("@ann", "@acme/ops"), approved),))
    assert f"CODEOWNERS {told}\n" in render(Report(replace(reports.release(), changes=(change,))), Style(120))


def test_an_approval_that_counts_is_told_also_where_more_is_needed():
    change = replace(reports.stale(), reason="too-few-approvals", approvals=reports.approved().approvals)
    assert "  What counts already: bob (same tree)\n" in render(Report(replace(reports.release(), changes=(change,))), Style())


def test_a_waiver_stands_right_below_the_headline_and_in_the_verdict():
    blocks = render(reports.glass(), Style()).split("\n\n")
    assert blocks[1].startswith("*** WAIVED: 1 change let through without an approval ***")
    assert blocks[2].startswith("waived: #16 Use the new payment service, by frank\n  by ann and ben, until 2026-12-01")
    assert blocks[-1] == "PASS: no findings; 1 change let through by a waiver, 1 approved (fails on error)\n"


def test_a_pass_with_a_waiver_is_not_green():
    assert "\x1b[1;33mPASS:" in render(reports.glass(), Style(color=True))
    assert "\x1b[1;32mPASS:" in render(reports.clean(), Style(color=True))


def test_each_required_check_that_is_not_green_has_its_lines_and_the_green_ones_share_one():
    text = render(reports.rich(), Style())
    assert "--- Required checks on 8f3c2d1: 2 of 4 not green ---" in text
    failed, missing = "error[failed-check]: e2e failed on 8f3c2d1\n", "error[missing-check]: load-test has not run on 8f3c2d1\n"
    assert text.index(failed) < text.index(missing)
    assert "  passed: test, lint\n" in text
    assert text.count("e2e failed") == 1


def test_a_check_without_a_finding_is_told_by_its_state():
    text = render(Report(reports.release()), Style())
    assert "missing: load-test has not run on 8f3c2d1\n  next: run it on exactly this commit\n" in text


def test_lost_commits_are_listed_also_where_no_rule_speaks_of_them():
    text = render(replace(reports.rewritten(), findings=()), Style(120))
    told = "the freeze 41d0c7e (tag freeze/release/2.4) is not in the history of release/2.4 at 8f3c2d1"
    lost = "lost:\n    5555555 Count the stock, by Alice Able\n"
    assert f"note[rewritten-history]: {told}\n  (the policy switches the rule off)\n  {lost}" in text


def test_the_report_ends_with_the_first_thing_to_do():
    *_, first, rest, more, _ = render(reports.rich(), Style(120)).splitlines()
    assert first == "Start with 4c1f09a (Show open orders on the dashboard): revert it through an approved pull request and bring it again"
    assert rest == "  through another, or have two people waive it"
    assert more == "More about a change: lastcall explain 4c1f09a --release release/2.4"


@pytest.mark.parametrize(
    ("findings", "first"),
    [
        ((reports.about(reports.unknown()), reports.unindexed_join()), "#15 (Show the stock): check again when it does"),
        ((reports.about_check(reports.checks()[3]), reports.unindexed_join()), "the check e2e: mend what it found, or run it again"),
        (
            (reports.unindexed_join(),),
            "shop/dashboard.py:18: CREATE INDEX CONCURRENTLY orders_user_id_idx ON orders (user_id);",
        ),
        ((reports.unindexed_filter(),), None),
    ],
)
def test_what_is_first_is_what_fails(findings, first):
    text = render(Report(reports.release(), findings), Style(120))
    assert (f"\nStart with {first}\n" in text) if first else ("Start with" not in text)


def test_approved_changes_stand_in_a_table_up_to_a_point():
    def change(number):
        title = f"Change {number} " + "of the very long kind, which goes on for ever and ever " * (number % 2)
        asked = reports.pull(number, title, "alice", reports.ROUNDED)
        return replace(reports.approved(), id=f"pull:{number}", title=title, pull=asked)

    release = replace(reports.release(), changes=tuple(change(number) for number in range(95, 135)), checks=())
    text = render(Report(release), Style())
    rows = [line for line in text.splitlines() if line.startswith("  #")]
    assert len(rows) == 20
    assert len({line.index("alice  bob (same tree)") for line in rows}) == 1
    assert all(len(line) <= 80 for line in rows)
    assert "\n  and 20 more (--format json has them all)\n  (same tree: what landed has the files that were approved)\n" in text


def test_what_findings_add_to_a_change_is_told_beside_it():
    guard = replace(reports.about(reports.stale()), rule="policy-change", severity=Severity.WARNING, message="the policy is another")
    fix = replace(reports.about(reports.stale()), suggestion="lastcall explain pull:14 shows how it came in")
    text = render(Report(reports.release(), (fix, guard)), Style())
    assert "error[stale-approval]: #14 Speed up the list of orders\n" in text
    assert "  warning[policy-change]: the policy is another\n" in text
    assert "  lastcall explain pull:14 shows how it came in\n" in text
    assert "Findings" not in text


def test_a_finding_about_an_approved_change_is_not_lost():
    guard = replace(reports.about(reports.approved()), rule="policy-change", message="the policy is another")
    text = render(Report(reports.release(), (guard,)), Style())
    assert "error[policy-change]: the policy is another\n" in text
    assert "  brought by #12 Fix the rounding of VAT (alice)\n" in text


def test_the_unread_are_listed_by_reason_up_to_a_point():
    unread = tuple(Unread("query", "its SQL is made at run time", Location("a.py", line)) for line in range(1, 31))
    release = replace(
        reports.release(), before=None, after=replace(reports.side(), unread=unread), unread=(Unread("reviews", "502", None, "pull:3"),)
    )
    text = render(Report(release), Style())
    assert "could not be read: 31\n" in text
    assert "    and 25 more (--format json has them all)\n" in text
    assert "  reviews: 502\n    #3\n" in text


def test_many_reasons_are_cut_too():
    unread = tuple(Unread("query", f"reason {each}", Location("a.py", each + 1)) for each in range(30))
    text = render(Report(replace(reports.release(), before=None, after=replace(reports.side(), unread=unread))), Style())
    assert "  and 10 more reasons (--format json has them all)\n" in text


# ---------------------------------------------------------------------------------------------------------------- code frames


def framed(location: Location, *lines: str, first: int = 1, width: int = 60) -> str:
    return "\n".join(gutter + row.text for gutter, row in frame(Excerpt(first, lines), location, width))


def test_underlines_the_place():
    assert framed(Location("q.sql", 9, 6, 9, 11), "SELECT 1", "FROM users u", first=8) == (
        "8 | SELECT 1\n"
        "9 | FROM users u\n"
        "  |      ^^^^^"
    )  # fmt: skip


def test_underlines_every_line_of_a_short_place():
    assert framed(Location("q.sql", 1, 7, 2, 16), "FROM a JOIN b", "    ON a.x = b.y", "WHERE 1") == (
        "1 | FROM a JOIN b\n"
        "  |       ^^^^^^^\n"
        "2 |     ON a.x = b.y\n"
        "  |     ^^^^^^^^^^^\n"
        "3 | WHERE 1"
    )  # fmt: skip


def test_marks_a_tall_place_at_its_left():
    assert framed(Location("q.sql", 2, 1, 6), "x", "SELECT", "  a", "", "FROM", "  b", "y") == (
        "  1 | x\n"
        "> 2 | SELECT\n"
        "> 3 |   a\n"
        "> 4 | \n"
        "> 5 | FROM\n"
        "> 6 |   b\n"
        "  7 | y"
    )  # fmt: skip


def test_leaves_out_the_middle_of_a_very_tall_place():
    shown = framed(Location("q.sql", 1, 1, 40), *(f"line {each}" for each in range(1, 41)))
    assert "... 25 more lines" in shown
    assert "> 40 | line 40" in shown
    assert "line 11\n" not in shown


def test_of_a_large_excerpt_the_lines_around_the_place_are_shown():
    shown = framed(Location("q.sql", 20, 1, 20, 5), *(f"line {each}" for each in range(1, 41)))
    assert shown.startswith("17 | line 17\n")
    assert shown.endswith("20 | line 20\n   | ^^^^\n21 | line 21\n22 | line 22\n23 | line 23")


def test_tabs_and_wide_characters_keep_the_carets_below_their_code():
    assert framed(Location("q.sql", 1, 5, 1, 7), "\t-- 合計 x") == (
        "1 |     -- 合計 x\n"
        "  |        ^^^^"
    )  # fmt: skip


def test_unseen_characters_are_written_out_above_their_carets():
    assert framed(Location("q.sql", 1, 3, 1, 4), "a \x1b b") == "1 | a \\x1b b\n  |   ^^^^"


def test_combining_characters_take_no_column():
    assert framed(Location("q.sql", 1, 4, 1, 5), "e\u0301 x") == "1 | e\u0301 x\n  |   ^"


@pytest.mark.parametrize(("before", "after"), [(0, 500), (500, 0), (500, 500), (50_000, 50_000)])
def test_a_long_line_is_cut_around_the_mark(before, after):
    line = "a" * before + " JOIN orders " + "b" * after
    shown = framed(Location("q.sql", 1, before + 2, 1, before + 13), line, width=60)
    code, carets = shown.splitlines()
    assert width_of(code) <= 60
    assert code[carets.index("^") : carets.rindex("^") + 1] == "JOIN orders"
    assert ("..." in code[: carets.index("^")], "..." in code[carets.rindex("^") :]) == (before > 0, after > 0)


def test_a_mark_longer_than_the_frame_is_cut_at_its_end():
    shown = framed(Location("q.sql", 1, 101, 1, 301), "a" * 100 + "b" * 200, width=60)
    code, carets = shown.splitlines()
    assert len(code) == len(carets) == 60
    assert code[carets.index("^")] == "b"


def test_deep_code_moves_to_the_left_before_it_is_cut():
    assert framed(Location("q.sql", 2, 21, 2, 58), " " * 20 + "FROM u", " " * 20 + "JOIN orders o ON o.user_id = u.id -- x", width=45) == (
        "1 | FROM u\n"
        "2 | JOIN orders o ON o.user_id = u.id -- x\n"
        "  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"
    )  # fmt: skip


@pytest.mark.parametrize(
    "location",
    [Location("q", 1, 99, 1, 200), Location("q", 1, 3, 1, 1), Location("q", 5), Location("q", 1, 1, 99, 99), Location("q", 0, 0, 0, 0)],
)
def test_a_place_that_is_not_in_the_lines_does_no_harm(location):
    assert framed(location, "ab", "")


def test_wide_text_wraps_between_its_characters():
    lines = wrap("合計の丸めを修正する " * 5, 30, "  ", "    ")
    assert all(width_of(line) <= 30 for line in lines)
    assert "".join("".join(lines).split()) == "合計の丸めを修正する" * 5


def test_code_in_backticks_is_not_torn_apart():
    assert "  `ON o.user_id = u.id`," in wrap("the join reads all of orders `ON o.user_id = u.id`, every time", 40, "", "  ")[1]
