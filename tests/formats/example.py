"""A release of 44 late changes, of which 3 are blocked and 1 is unknown: a real repository, a double of GitHub, and the real report.

``make docs`` puts what this prints into the README, and a test sees to it that the README has it.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

# `make docs` runs this module by itself.
sys.path.insert(0, str(Path(__file__).parents[2] / "src"))
sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "forges"))

from github_double import GithubDouble, World

from lastcall import demo
from lastcall.commands.check import Wishes, run
from lastcall.comparison import Choice
from lastcall.formats import Style
from lastcall.formats.text import render
from lastcall.model import Report
from lastcall.release import Source
from repositories import START, Repo

BRANCH = "release/2.4"
COMMAND = f"lastcall check --release {BRANCH}"

PEOPLE = ("ann", "ben", "cat", "dan", "eve", "fay")
MERGED_BY = "GitHub <noreply@github.com>"
APPROVED = (
    "Round VAT per line, not per order",
    "Show the delivery date in the receipt",
    "Retry the payment service once",
    "Translate the order form into Polish",
    "Do not send the same mail twice",
    "Sort the wish list by date",
    "Close the cursor of the nightly export",
    "Say why a voucher is refused",
    "Take the new logo",
    "Keep the basket for thirty days",
    "Warn before the session ends",
    "Read the tax rates from one place",
    "Let customers cancel within an hour",
    "Count parcels, not orders",
    "Drop the old newsletter form",
    "Check the postal code of Switzerland",
    "Show prices in the customer's currency",
    "Name the carrier in the tracking mail",
    "Limit the length of a review",
    "Forget the coupon when the basket is empty",
    "Print the packing list in the warehouse's language",
    "Refund to the card that paid",
    "Cache the list of countries",
    "Do not charge for a pickup",
    "Fix the spelling in the terms",
    "Log the answer time of the search",
    "Accept spaces in card numbers",
    "Show sold-out articles last",
    "Send the invoice as a PDF",
    "Ask for the date of birth only where the law does",
    "Repair the link in the welcome mail",
    "Merge the two address books",
    "Hide the filter where there is one article",
    "Use the right time zone in reports",
    "Check stock before the payment",
    "Shorten the title of the order page",
    "Remember the chosen language",
    "Ignore empty rows of the price list",
    "Explain the delivery costs",
    "Raise the limit of the gift card",
)

_SCHEMA = "CREATE TABLE orders (id bigserial PRIMARY KEY, customer_id bigint NOT NULL, total numeric(10, 2) NOT NULL);\n"


@dataclass
class Story:
    """What happened, written down for ``git fast-import``: one process makes the whole repository, the same to the bit everywhere."""

    repo: Repo
    lines: list[str] = field(default_factory=list)
    marks: int = 0
    tip: str = ""
    pulls: list[dict[str, Any]] = field(default_factory=list)
    forge_made: list[str] = field(default_factory=list)

    def commit(self, ref: str, subject: str, author: str, files: dict[str, str], *parents: str, by_forge: bool = False) -> str:
        """A commit on top of ``parents``; its mark."""
        self.marks += 1
        mark, when = f":{self.marks}", f"{START + 60 * self.marks} +0000"
        person = f"{author.title()} <{author}@shop.example>"
        self.lines += [f"commit {ref}", f"mark {mark}", f"author {person} {when}", f"committer {MERGED_BY if by_forge else person} {when}"]
        self.lines += [f"data {len(subject.encode())}", subject]
        self.lines += [f"{word} {parent}" for word, parent in zip(("from", *["merge"] * len(parents)), parents, strict=False)]
        for path, text in files.items():
            self.lines += [f"M 100644 inline {path}", f"data {len(text.encode())}", text]
        if by_forge:
            self.forge_made.append(mark)
        return mark

    def land(self, subject: str, author: str, files: dict[str, str], *parents: str, by_forge: bool = False) -> str:
        self.tip = self.commit(f"refs/heads/{BRANCH}", subject, author, files, self.tip, *parents, by_forge=by_forge)
        return self.tip

    def pull(self, number: int, title: str, author: str, way: str, *reviews: dict[str, Any], after: str = "") -> None:
        """A pull request of one commit (and of one more, ``after`` the review), merged or squashed."""
        files = {f"shop/page{number}.py": f'TITLE = "{title}"\n'}
        commits = [self.commit(f"refs/pull/{number}/head", title, author, files, self.tip)]
        if after:
            files = {path: text + after for path, text in files.items()}
            commits.append(self.commit(f"refs/pull/{number}/head", f"{title}, again", author, files, commits[0]))
        merge = [commits[-1]] if way == "merge" else []
        said = f"Merge pull request #{number} from shop/topic-{number}" if merge else f"{title} (#{number})"
        landed = self.land(said, author, files, *merge, by_forge=True)
        self.pulls.append(
            {
                "number": number,
                "title": title,
                "author": author,
                "base": BRANCH,
                "head": commits[-1],
                "commits": commits,
                "merge_commit": landed,
                "landed": [*(commits if merge else []), landed],
                "merged_at": _time(self.marks),
                "reviews": [{"commit": commits[0], "at": _time(self.marks - 1), **review} for review in reviews],
            }
        )

    def told(self) -> World:
        """The repository is made, and GitHub told of it."""
        self.repo.git("fast-import", "--quiet", "--export-marks=marks", stdin="\n".join([*self.lines, ""]).encode())
        shas = dict(line.split() for line in (self.repo.root / "marks").read_text(encoding="utf-8").splitlines())
        (self.repo.root / "marks").unlink()
        accounts = {name: {"id": number, "emails": [f"{name}@shop.example"]} for number, name in enumerate((*PEOPLE, "mal"), 1)}
        accounts["web-flow"] = {"id": 99, "emails": ["noreply@github.com"]}
        world = World("shop/shop", accounts, {shas[mark]: {"signed": "github"} for mark in self.forge_made})
        world.pulls = [_resolved(pull, shas) for pull in self.pulls]
        world.learn(self.repo.root)
        return world


def _time(minutes: int) -> str:
    return datetime.fromtimestamp(START + 60 * minutes, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _resolved(told: Any, shas: dict[str, str]) -> Any:
    """The same with commits for their marks."""
    if isinstance(told, dict):
        return {key: _resolved(value, shas) for key, value in told.items()}
    if isinstance(told, list):
        return [_resolved(value, shas) for value in told]
    return shas.get(told, told) if isinstance(told, str) else told


def build(folder: Path) -> tuple[Repo, World]:
    """The repository in ``folder``, with what GitHub knows of it."""
    story = Story(Repo(folder))
    start = story.commit("refs/heads/main", "Start the shop", "ann", {"schema.sql": _SCHEMA})
    story.tip = start
    story.land("Get ready for 2.4", "ann", {"VERSION": "2.4\n"})
    tagger = f"tagger Ann <ann@shop.example> {START + 90} +0000"
    story.lines += [f"tag freeze/{BRANCH}", f"from {story.tip}", tagger, "data 11", "Code freeze"]
    for place, title in enumerate(APPROVED):
        if place == 6:
            story.pull(200, "Speed up the search", "cat", "merge", _by("dan"), after="FAST = True\n")
        if place == 14:
            story.land("Show the last orders on every page", "mal", {"shop/banner.py": "ORDERS = 'last'\n"})
        if place == 23:
            story.pull(201, "Pay by bank transfer", "eve", "squash", _by("eve"))
        if place == 31:
            story.pull(202, "Let the warehouse close an order", "fay", "squash", {"author": None})
        author, approver = PEOPLE[place % 6], PEOPLE[(place * 5 + 1) % 6]
        if approver == author:
            approver = PEOPLE[(place + 1) % 6]
        story.pull(101 + place, title, author, "merge" if place % 3 else "squash", _by(approver))
    return story.repo, story.told()


def _by(login: str) -> dict[str, Any]:
    return {"author": login, "state": "APPROVED", "writer": True}


def judge(folder: Path) -> Report:
    """What lastcall says of it."""
    repo, world = build(folder)
    with GithubDouble(world) as double:
        return run(repo.root, Choice(release=BRANCH), Wishes(Source("github", None, double.environ)))


def report() -> str:
    """The text report, as a terminal of 80 columns shows it."""
    with tempfile.TemporaryDirectory() as folder:
        return render(judge(Path(folder)), Style(80))


def demonstration() -> str:
    """The same of ``lastcall demo``."""
    with tempfile.TemporaryDirectory() as folder:
        return render(demo.judge(demo.build(Path(folder))), Style(80))


def main() -> None:
    if sys.argv[1:] == ["demo"]:
        sys.stdout.write(f"$ lastcall check --release {demo.BRANCH} --evidence ../evidence.json\n{demonstration()}")
    else:
        sys.stdout.write(f"$ {COMMAND}\n{report()}")


if __name__ == "__main__":
    main()
