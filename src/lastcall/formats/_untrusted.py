"""Names, titles and code of the repository under judgement are hostile: here they lose what they could do to a terminal or a log."""

from __future__ import annotations

import re

# Controls (C0 without tab and line end, DEL, C1), soft hyphen, fillers that show nothing, zero-width and bidi characters, line separators,
# annotations, tags, and lone surrogates (bytes that were no UTF-8; they cannot be written out at all).
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff"
    "\uffa0\ufff9-\ufffb\ud800-\udfff\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_BYTE = re.compile("[\udc80-\udcff]")
# The runners of GitHub, Azure and TeamCity look for `##[…`, `##vso[…` and `##teamcity[…` anywhere in a line, that of GitHub also for `::`
# at its start: https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
_COMMAND_ANYWHERE = re.compile(r"##(\w*\[)")
_COMMAND_AT_START = re.compile(r"^(\s*)::", re.MULTILINE)


def visible(text: str) -> str:
    """``text`` with every character that is not seen, or that steers what shows it, written out (``\\x1b``); tabs and line ends stay."""
    return text if text.isascii() and text.isprintable() else _UNSEEN.sub(_escape, text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """``text`` as ``visible`` leaves it, on one line with single spaces."""
    return " ".join(visible(text).split())


def visible_path(path: str) -> str:
    """A path on one line, with every space that it has."""
    return visible(path).replace("\n", "\\n").replace("\t", "\\t")


def no_commands(text: str) -> str:
    """``text`` without lines that a build runner would take for a command: a backslash breaks them, and shows that it does."""
    return _COMMAND_AT_START.sub(r"\1\\::", _COMMAND_ANYWHERE.sub(r"##\\\1", text))


def safe_json(text: str) -> str:
    """JSON text of ASCII whose strings hold neither DEL nor a runner's command; it reads back to the same values."""
    return text.replace("\x7f", "\\u007f").replace("##", "#\\u0023") + "\n"


def _escape(match: re.Match[str]) -> str:
    raw = match[0].encode("utf-8", "surrogateescape") if _BYTE.match(match[0]) else b""  # a byte that is no UTF-8, as Python carries it
    return f"\\x{raw[0]:02x}" if raw else match[0].encode("unicode_escape").decode()
