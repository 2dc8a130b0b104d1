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


def test_an_attestation_is_about_the_release_commit(shop: Repo, tmp_path: Path) -> None:
    file = tmp_path / "lastcall.intoto.json"
    with GithubDouble(history(shop)) as double:
        code, _, told = lastcall(
            shop, "check", "--release", RELEASE, "--report", f"attestation:{file}", SOURCE_DATE_EPOCH="1795262400", **double.environ
        )
    assert code == 1, told
    statement = json.loads(file.read_text(encoding="utf-8"))
    assert statement["subject"][0]["name"] == "acme/shop"
    assert statement["subject"][0]["digest"] == {"gitCommit": shop.head}
    summary = statement["predicate"]
    assert (summary["verificationResult"], summary["verifiedLevels"]) == ("FAILED", ["FAILED"])
    assert summary["timeVerified"] == "2026-11-21T12:00:00Z"
    assert summary["resourceUri"] == "git+https://github.example/acme/shop"


def test_there_is_no_attestation_of_what_is_staged(shop: Repo, tmp_path: Path) -> None:
    code, _, told = lastcall(shop, "check", "--staged", "--report", f"attestation:{tmp_path / 'x.json'}")
    assert code == 2
    assert "an attestation is about a release commit, and none was judged" in told


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
    assert f"\n{shop.head[:7]} A quick fix\n" in told
    assert "  verdict: blocked: it is known not to be approved (direct-push)\n" in told
    assert "  pull request: none is known to hold these commits\n" in told


def test_the_chain_of_a_pull_request_is_told_from_its_first_commit_to_what_must_be_done_next(shop: Repo) -> None:
    shop.checkout("main")
    shop.commit("Say who owns what", {"CODEOWNERS": "/stale.txt @ben\n"})
    shop.checkout(RELEASE)
    shop.git("merge", "--quiet", "--ff-only", "main")
    shop.git("tag", "--delete", f"freeze/{RELEASE}")
    shop.tag(f"freeze/{RELEASE}", message="Code freeze")
    world = history(shop)
    merge, (older, newer) = shop.sha("HEAD~1"), world.pulls[2]["commits"]
    with GithubDouble(world) as double:
        code, told, _ = lastcall(shop, "explain", merge, "--release", RELEASE, **double.environ)
    assert code == 0
    said = [line.strip() for line in told.splitlines()]
    assert "#3 Pull 3" in said
    assert f"because: pull request 3 was approved by ben at {older[:7]}, but 1 commit came after" in said
    assert said[said.index(f"{newer[:7]} One more thing") + 2] == "as it was in pull request 3"
    assert "the merge of pull request 3" in said
    reviewed = next(place for place, line in enumerate(said) if "approved by ben" in line and line.startswith("2026-03-03T15:30:00Z"))
    assert said[reviewed + 1] == f"given on an older commit than {newer[:7]}: what came after was not approved"
    assert said[said.index("@ben: stale.txt") + 1] == "one of them must still approve"


@pytest.mark.parametrize("name", ["3", "#3", "pull:3"])
def test_a_pull_request_is_explained_by_its_number(shop: Repo, name: str) -> None:
    with GithubDouble(history(shop)) as double:
        _, told, _ = lastcall(shop, "explain", name, "--release", RELEASE, **double.environ)
        _, nothing, _ = lastcall(shop, "explain", "4711", "--release", RELEASE, **double.environ)
    assert "\n#3 Pull 3\n  verdict: blocked" in told
    assert nothing.endswith("Pull request 4711 is not known to have brought any of what was compared.\n")


def test_a_reason_is_explained(shop: Repo) -> None:
    code, told, _ = lastcall(shop, "explain", "no-approval")
    assert code == 0
    assert told.startswith("no-approval: a reason for the verdict blocked (which fails the check)\n")
    assert "have somebody who did not write it approve its last commit" in told
    assert "revert it\nthrough an approved pull request and bring it again through another; or a waiver of two people" in told


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


def test_a_freeze_that_was_moved_in_this_clone_alone_hides_nothing(shop: Repo) -> None:
    world = history(shop)
    shop.git("tag", "--force", "--annotate", "--message", "Again", f"freeze/{RELEASE}", "HEAD")
    with GithubDouble(world) as double:
        code, report, told = lastcall(shop, "check", "--release", RELEASE, **double.environ)
    assert (code, report) == (2, "")
    assert f"the tag freeze/{RELEASE} names {shop.head[:7]} in this clone" in told
    assert "git fetch --force origin tag" in told
