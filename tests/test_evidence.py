"""The review half the whole way: a real repository, the real command, and a double of GitHub that executes queries on its real schema."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from forges.github_double import Fault, GithubDouble, World
from repositories import Repo

RELEASE = "release/2.4"
ANN, BEN = "Ann <ann@example.org>", "Ben <ben@example.org>"
ACCOUNTS = {name: {"emails": [f"{name}@example.org"], "writer": True} for name in ("ann", "ben")}
SOURCE = Path(__file__).parents[1] / "src"


@pytest.fixture
def shop(tmp_path: Path) -> Repo:
    shop = Repo(tmp_path / "shop")
    shop.commit("Start the shop", {"README.md": "A shop.\n", "schema.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\n"})
    shop.checkout(RELEASE, new=True)
    shop.tag(f"freeze/{RELEASE}", message="Code freeze")
    return shop


def lastcall(shop: Repo, *arguments: str, **environ: str) -> tuple[int, str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "GITHUB_", "GH_"))}
    done = subprocess.run(
        [sys.executable, "-m", "lastcall", *arguments],
        cwd=shop.root,
        env=kept | {"PYTHONPATH": str(SOURCE), "LASTCALL_CACHE": "off"} | environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def topic(shop: Repo, name: str) -> str:
    """A topic of ann's with one commit; its head."""
    shop.checkout(name, new=True, at=RELEASE)
    head = shop.commit(f"Write {name}", {f"{name}.txt": f"{name}\n"}, author=ANN)
    shop.checkout(RELEASE)
    return head


def pull(number: int, head: str, approved: str | None, landed: list[str], commits: list[str] | None = None) -> dict[str, Any]:
    """A merged pull request of ann's that ben approved on the commit ``approved``."""
    reviews = [{"author": "ben", "state": "APPROVED", "commit": approved, "at": "2026-03-03T15:30:00Z", "writer": True}]
    return {
        "number": number,
        "title": f"Pull {number}",
        "state": "merged",
        "author": "ann",
        "base": RELEASE,
        "head": head,
        "commits": commits or [head],
        "reviews": reviews if approved else [],
        "merge_commit": landed[-1],
        "merged_at": "2026-03-03T16:00:00Z",
        "landed": landed,
    }


def history(shop: Repo) -> World:
    """An approved merge, an approved squash, an approval of an older head, and a direct push."""
    merged = topic(shop, "merged")
    merge = shop.merge("merged", message="Merge pull request #1 from acme/merged", author=ANN)
    squashed = topic(shop, "squashed")
    squash = shop.squash("squashed", "Write squashed (#2)", author=ANN)
    older = topic(shop, "stale")
    shop.checkout("stale")
    newer = shop.commit("One more thing", {"stale.txt": "something else\n"}, author=ANN)
    shop.checkout(RELEASE)
    stale = shop.merge("stale", message="Merge pull request #3 from acme/stale", author=ANN)
    shop.commit("A quick fix", {"fix.txt": "quick\n"}, author=ANN)
    world = World(
        accounts=ACCOUNTS,
        pulls=[
            pull(1, merged, merged, [merged, merge]),
            pull(2, squashed, squashed, [squash]),
            pull(3, newer, older, [older, newer, stale], [older, newer]),
        ],
    )
    world.learn(shop.root)
    return world


def verdicts(report: str) -> dict[str, tuple[str, str]]:
    return {change["title"]: (change["verdict"], change["reason"]) for change in json.loads(report)["changes"]}


def test_approved_merges_and_squashes_pass_and_nothing_else_does(shop: Repo) -> None:
    with GithubDouble(history(shop)) as double:
        code, report, told = lastcall(shop, "check", "--release", RELEASE, "--format", "json", **double.environ)
    assert code == 1, told
    found = verdicts(report)
    assert {title: verdict for title, (verdict, _) in found.items()} == {
        "Pull 1": "approved",
        "Pull 2": "approved",
        "Pull 3": "blocked",
        "A quick fix": "blocked",
    }
    assert found["Pull 3"][1] == "stale-approval"
    assert {finding["rule"] for finding in json.loads(report)["findings"]} == {"stale-approval", "unreviewed-change"}


def test_collected_evidence_gives_the_same_report_to_the_byte(shop: Repo, tmp_path: Path) -> None:
    evidence = str(tmp_path / "evidence.json")
    with GithubDouble(history(shop)) as double:
        online = lastcall(shop, "check", "--release", RELEASE, "--format", "json", **double.environ)
        collected = lastcall(shop, "collect", "--release", RELEASE, "-o", evidence, **double.environ)
    assert collected[0] == 0, collected[2]
    offline = lastcall(shop, "check", "--release", RELEASE, "--format", "json", "--evidence", evidence)
    assert online[:2] == offline[:2]


@pytest.mark.parametrize(
    "fault",
    [Fault(401, '{"message": "Bad credentials"}'), Fault(404, "{}"), Fault(200, "<html>"), Fault(200, '{"data": null}')],
    ids=["bad token", "not found", "no JSON", "no data"],
)
def test_an_api_that_does_not_answer_approves_nothing(shop: Repo, fault: Fault) -> None:
    with GithubDouble(history(shop), always=fault) as double:
        code, report, told = lastcall(shop, "check", "--release", RELEASE, "--format", "json", **double.environ)
    assert code == 1, told
    assert {verdict for verdict, _ in verdicts(report).values()} == {"unknown"}
    assert {finding["rule"] for finding in json.loads(report)["findings"]} == {"unknown-reviews"}
    assert double.token not in report + told


def test_without_a_token_every_change_is_unknown_and_it_says_what_to_do(shop: Repo) -> None:
    history(shop)
    code, report, _ = lastcall(
        shop, "check", "--release", RELEASE, "--forge", "github", GITHUB_REPOSITORY="acme/shop", PATH="/usr/bin:/bin"
    )
    assert code == 1
    assert "unknown-reviews" in report
    assert "GITHUB_TOKEN" in report


def test_a_commit_is_explained_with_its_evidence(shop: Repo) -> None:
    with GithubDouble(history(shop)) as double:
        code, told, _ = lastcall(shop, "explain", shop.head, "--release", RELEASE, **double.environ)
    assert code == 0
    assert "A quick fix" in told
    assert "direct-push" in told


def test_a_backdated_direct_push_is_late_all_the_same(shop: Repo) -> None:
    shop.commit("Old and harmless", {"old.txt": "old\n"}, author=ANN, date=1_000_000_000)
    world = World(accounts=ACCOUNTS)
    world.learn(shop.root)
    with GithubDouble(world) as double:
        code, report, _ = lastcall(shop, "check", "--release", RELEASE, "--format", "json", **double.environ)
    assert code == 1
    assert verdicts(report) == {"Old and harmless": ("blocked", "direct-push")}


def test_no_late_change_passes_and_says_so(shop: Repo) -> None:
    code, report, _ = lastcall(shop, "check", "--release", RELEASE)
    assert code == 0
    assert "0 late commits" in report.splitlines()[0]
