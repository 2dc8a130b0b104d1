"""Writes the pages that say what the code says: ``rules.md`` from the rules, ``lastcall.schema.json`` from the policy.

With ``--check`` nothing is written: it ends with 1 where a page is out of date.  ``make docs`` runs it.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path

from lastcall.check import rules
from lastcall.policy import schema
from lastcall.rules import Rule

FOLDER = Path(__file__).parent
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
    }


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
