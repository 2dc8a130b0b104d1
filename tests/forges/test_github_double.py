"""The double refuses what GitHub refuses, and runs as a program of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from github_double import GithubDouble, World

from lastcall.forges import Question
from lastcall.forges.github import collect
from lastcall.model import Commit, Person
from repositories import Repo

WHERE = 'repository(owner: "acme", name: "shop")'


def told(query: str) -> str:
    with GithubDouble(World(commits={"a" * 40: {"author": None}})) as double:
        errors = double.answer({"query": f"{{ {query} }}"}).get("errors", [])
    return " ".join(error["message"] for error in errors)


def test_a_query_that_github_would_refuse_is_refused() -> None:
    assert "Cannot query field 'nonsense'" in told(f"{WHERE} {{ nonsense }}")
    assert "is never used" in told(f"{WHERE} {{ name }} }} fragment f on Commit {{ oid")
    on = f'{WHERE} {{ object(oid: "{"a" * 40}") {{ ... on Commit {{ parents%s {{ totalCount }} }} }} }}'
    assert "You must provide a `first` or `last`" in told(on % "")
    assert "from 1 to 100" in told(on % "(first: 101)")
    assert told(on % "(first: 1)") == ""
    assert "Could not resolve to a Repository" in told('repository(owner: "acme", name: "other") { name }')


def test_it_runs_as_a_program(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "shop")
    sha = repo.commit("Start", {"a.py": "1\n"})
    world = tmp_path / "world.json"
    world.write_text(json.dumps({"accounts": {"ann": {"id": 1}}, "git": str(repo.root)}), encoding="utf-8")
    double = Path(__file__).with_name("github_double.py")
    with subprocess.Popen([sys.executable, str(double), str(world)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        environ = {
            "GITHUB_GRAPHQL_URL": process.stdout.readline().strip(),
            "GITHUB_TOKEN": GithubDouble.token,
            "GITHUB_REPOSITORY": "acme/shop",
        }
        somebody = Person("Ann", "ann@example.org")
        evidence = collect(Question([Commit(sha, repo.tree(), (), somebody, somebody, "Start")], environ=environ))
        assert process.stdin
        process.stdin.close()
    assert (evidence.unread, process.returncode) == ((), 0)
    assert evidence.commits[0].author
    assert evidence.commits[0].author.login == "ann"
