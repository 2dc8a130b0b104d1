"""Writes the pages that say what the code says.

``rules.md`` comes from the rules, ``lastcall.schema.json`` from the policy, ``evidence.schema.json`` from the file of ``lastcall collect``,
the tables of ``review.md`` from the reasons that ``explain`` knows, and the reports of the README from ``tests/formats/example.py``.
With ``--check`` nothing is written: it ends with 1 where a page is out of date.  ``make docs`` runs it.
"""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path

from lastcall.check import rules
from lastcall.commands.reasons import table
from lastcall.forges import recorded
from lastcall.policy import schema
from lastcall.rules import Rule

FOLDER = Path(__file__).parent
README = FOLDER.parent / "README.md"
_EXAMPLE = re.compile(r"(<!-- `make docs` writes this: tests/formats/example\.py (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_TABLE = re.compile(r"(<!-- `make docs` writes this: reasons ([a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_INTRODUCTION = """\
# Rules

<!-- Written by `make docs` from the rules themselves: change those. -->

The policy sets a rule's severity, or switches it off: `rules: {unindexed-filter: off}`. On the spot, a comment silences one finding and
says why: `-- lastcall: ignore[unindexed-join] archive table, 40 rows` in SQL, the same after `#` in Python. `lastcall explain RULE` shows
a rule's page in the terminal.
"""


def pages() -> dict[Path, str]:
    """Every generated page, by its place."""
    known = rules()
    options = schema({name: rule.options for name, rule in known.items()})
    return {
        FOLDER / "rules.md": "\n".join(_rules(known)),
        FOLDER / "lastcall.schema.json": json.dumps(options, indent=2) + "\n",
        FOLDER / "evidence.schema.json": json.dumps({"$schema": _DRAFT, **recorded.schema()}, indent=2) + "\n",
        FOLDER / "review.md": _TABLE.sub(_reasons, (FOLDER / "review.md").read_text(encoding="utf-8")),
        README: _EXAMPLE.sub(_printed, README.read_text(encoding="utf-8")),
    }


def _printed(example: re.Match[str]) -> str:
    """A report that the README shows, as lastcall prints it now."""
    command = [sys.executable, str(FOLDER.parent / "tests" / "formats" / "example.py"), example[2]]
    done = subprocess.run(command, env=os.environ | {"LASTCALL_CACHE": "off"}, stdout=subprocess.PIPE, encoding="utf-8", check=True)
    return f"{example[1]}\n```\n{done.stdout}```\n\n{example[3]}"


def _reasons(told: re.Match[str]) -> str:
    """The reasons of some verdicts, as ``lastcall explain`` tells them."""
    return f"{told[1]}\n{table(*told[2].split())}\n\n{told[3]}"


def _rules(known: Mapping[str, Rule]) -> Iterator[str]:
    yield _INTRODUCTION
    yield "| Rule | Severity | Finds |"
    yield "| --- | --- | --- |"
    yield from (f"| [{name}](#{name}) | {rule.severity} | {rule.summary} |" for name, rule in known.items())
    for name, rule in known.items():
        yield f"\n## {name}\n\nSeverity: {rule.severity}\n\n{_deeper(inspect.cleandoc(rule.doc))}"
        yield from _options(rule)
    yield ""


def _deeper(text: str) -> str:
    """The text with its headings one level further down; what looks like one inside an example stays."""
    parts = re.split(r"(^```.*?^```$)", text, flags=re.DOTALL | re.MULTILINE)
    return "".join(part if part.startswith("```") else re.sub("^#", "##", part, flags=re.MULTILINE) for part in parts)


def _options(rule: Rule) -> Iterator[str]:
    options = fields(rule.options)
    if not options:
        return
    yield "\n### Options\n\n| Option | Default | Meaning |\n| --- | --- | --- |"
    for each in options:
        yield f"| `{each.name.replace('_', '-')}` | `{each.default}` | {each.metadata.get('description', '')} |"


def main() -> int:
    checking = "--check" in sys.argv[1:]
    stale = {path: text for path, text in pages().items() if not path.exists() or path.read_text(encoding="utf-8") != text}
    for path, text in stale.items():
        print(f"{path.name} is out of date: run 'make docs'" if checking else f"{path.name} is written")
        if not checking:
            path.write_text(text, encoding="utf-8")
    return 1 if checking and stale else 0


if __name__ == "__main__":
    sys.exit(main())
