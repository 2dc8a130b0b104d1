"""No text of a repository steers the terminal, the log or the reader, in any format; and none makes a format fall over."""

from __future__ import annotations

import re
import unicodedata

import pytest
import reports

from lastcall.formats import Format, Style
from lastcall.formats._untrusted import one_line, visible, visible_path
from lastcall.plugins import discover

FORMATS = discover("lastcall.formats", Format)


def test_the_formats():
    assert {"github", "json", "markdown", "sarif", "text"} <= FORMATS.keys()


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("text", reports.HOSTILE.values(), ids=reports.HOSTILE)
def test_neutral(name, text):
    written = FORMATS[name].render(reports.hostile(text), Style(60))
    assert written.endswith("\n")
    written.encode()  # a lone surrogate would not
    allowed = {"\n", "\t"} if name == "markdown" else {"\n"}
    unseen = {char for char in set(written) - allowed if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert not unseen
    if name != "github":  # whose commands are its own; tests/formats/test_github_format.py reads them
        assert not re.search(r"(?m)^\s*::|##\w*\[", written)


def test_what_is_not_seen_is_written_out():
    assert visible("\x1b[31m a\u202eb \udcff \ud800 \U000e0041 \x9b \x7f") == r"\x1b[31m a\u202eb \xff \ud800 \U000e0041 \x9b \x7f"
    assert visible("naïve 合計 🙂\tx\r\ny\n") == "naïve 合計 🙂\tx\ny\n"
    assert one_line(" a\tb\n\n c ") == "a b c"
    assert visible_path("a  b\n\tc.sql") == r"a  b\n\tc.sql"


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_report_is_printed_the_same(name):
    assert FORMATS[name].render(reports.rich(), Style()) == FORMATS[name].render(reports.rich(), Style())
