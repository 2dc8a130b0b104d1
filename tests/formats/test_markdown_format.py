"""The Markdown format, rendered by a Markdown parser to see what a text of the repository could do to the page."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import reports
from markdown_it import MarkdownIt

from lastcall.formats import Style
from lastcall.formats.markdown import render
from lastcall.model import Report

PAGE = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
OURS = re.compile(r"</?details>|</?summary>")


def test_rich_report(golden):
    golden("rich.md", render(reports.rich(), Style()))


@pytest.mark.parametrize("name", ["clean", "empty", "glass", "rewritten"])
def test_quiet_reports(golden, name):
    golden(f"{name}.md", render(getattr(reports, name)(), Style()))


def tokens(text: str) -> list[tuple[str, str]]:
    """What the parser makes of a page: each element's kind, and the tag or the text in it."""
    return [(token.type, token.content) for block in PAGE.parse(text) for token in [block, *(block.children or [])]]


@pytest.mark.parametrize("text", reports.HOSTILE.values(), ids=reports.HOSTILE)
def test_text_of_a_repository_changes_nothing_of_the_page(text):
    plain, found = (tokens(render(reports.hostile(each), Style())) for each in ("quiet words", text))
    kinds = [kind for kind, _ in found if kind not in ("text", "text_special", "softbreak")]
    assert kinds == [kind for kind, _ in plain if kind not in ("text", "text_special", "softbreak")]
    assert not {"link_open", "image", "em_open", "s_open"} & set(kinds)
    for kind, content in found:
        if kind.startswith("html"):
            assert not OURS.sub("", re.sub(r"<summary>.*</summary>", "", content)).strip()


@pytest.mark.parametrize("text", ["links", "mention"])
def test_nothing_becomes_a_link_or_a_mention_by_itself(text):
    for kind, content in tokens(render(reports.hostile(reports.HOSTILE[text]), Style())):
        if kind == "text":
            assert not re.search(r"https?://|www\.|@\w|#\d|GH-\d", content)


def test_tables_keep_their_columns():
    for text in reports.HOSTILE.values():
        page = PAGE.render(render(reports.hostile(text), Style()))
        assert page.count("<table>") == 1
        rows = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
        assert [len(re.findall("<t[hd]", row)) for row in rows] == [4, 4]


def test_an_odd_address_is_no_link():
    for url in ("javascript:alert(1)//14", "https://x/y/14 onclick=/14", "https://github.example/pull/15", "https://x/y)[z](http://e/14"):
        asked = replace(reports.pull(14, "t", "dana", reports.STALE), url=url)
        text = render(Report(replace(reports.release(), changes=(replace(reports.stale(), pull=asked),), checks=())), Style())
        assert "](" not in text


def test_a_page_is_cut_below_what_github_takes():
    text = render(reports.many(5_000), Style())
    assert 900_000 < len(text.encode()) < 1024 * 1024
    assert re.search(r"\*\*Cut here:\*\* \d+ sections more would make this page longer than GitHub takes\.", text)
    assert "and 4800 more." in text


def test_a_waiver_is_an_alert_right_below_the_headline():
    blocks = render(reports.glass(), Style()).split("\n\n")
    assert blocks[0].startswith("## \N{WARNING SIGN} lastcall: PASS: no findings; 1 change let through by a waiver")
    assert blocks[2].startswith(
        "> [!WARNING]\n> **WAIVED: let through without an approval:** [`#16`](https://github.example/shop/shop/pull/16)"
    )


def test_many_waivers_are_cut_too():
    changes = tuple(replace(reports.waived(), id=f"pull:{number}") for number in range(300))
    text = render(Report(replace(reports.release(), changes=changes)), Style())
    assert text.count("[!WARNING]") == 200
    assert "> and 100 more waivers." in text


def test_checks_that_are_not_green_have_a_line_with_their_run():
    text = render(reports.rich(), Style())
    run = "[run](https://github.example/shop/shop/runs/7)"
    assert f"- \N{CROSS MARK} `e2e` e2e failed on 8f3c2d1; mend what it found, or run it again ({run})\n" in text
    assert "\n- passed: test, lint\n" in text
