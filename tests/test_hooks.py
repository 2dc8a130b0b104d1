"""lastcall where git calls it: plain hooks, and the pre-commit framework with this project as its source."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from installing import PROJECT, index_needed, snapshot
from repositories import Repo

SCHEMA = """\
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL UNIQUE);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users (id), total numeric(10, 2));
"""
HISTORY = '''\
def history(cursor, email):
    cursor.execute(
        """
        SELECT o.id, o.total
        FROM users u
        JOIN orders o ON o.user_id = u.id
        WHERE u.email = %s
        """,
        [email],
    )
'''
BAD = {"shop/history.py": HISTORY}
INDEX = {"migrations/2.sql": "CREATE INDEX orders_user_id ON orders (user_id);\n"}
PLACE = "shop/history.py:6"


@pytest.fixture
def shop(tmp_path: Path) -> Repo:
    shop = Repo(tmp_path / "shop")
    shop.commit("Start the shop", {"schema.sql": SCHEMA, "README.md": "A shop.\n"})
    return shop


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Where ``lastcall`` is found on the PATH, and nothing of the user's has a say."""
    command = tmp_path / "bin" / "lastcall"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m lastcall "$@"\n')
    command.chmod(0o755)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "GITHUB_", "PRE_COMMIT"))}
    return kept | {
        "PATH": os.pathsep.join([str(command.parent), str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": str(PROJECT / "src"),
        "LASTCALL_CACHE": "off",
        "PRE_COMMIT_HOME": str(tmp_path / "pre-commit"),
        "PRE_COMMIT_COLOR": "never",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }


def run(repo: Repo, environ: Mapping[str, str], *command: str) -> tuple[int, str]:
    """Exit code, and all that was printed."""
    done = subprocess.run(
        command,
        cwd=repo.root,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def install(repo: Repo, hook: str, hooks: str = ".git/hooks") -> None:
    (repo.root / hooks).mkdir(parents=True, exist_ok=True)
    shutil.copy2(PROJECT / "hooks" / hook, repo.root / hooks / hook)


# -------------------------------------------------------------------------------------------------------------------- plain git


@pytest.mark.parametrize("hook", ["pre-commit", "pre-push", "pre-receive"])
def test_plain_hooks_hold_no_logic(hook: str) -> None:
    file = PROJECT / "hooks" / hook
    first, comment, call = file.read_text(encoding="utf-8").splitlines()
    assert (first, call) == ("#!/bin/sh", f"exec lastcall hook {hook}")
    assert comment.startswith("# ")
    assert os.access(file, os.X_OK)


def test_pre_commit_blocks_a_join_without_an_index(shop: Repo, environ: dict[str, str]) -> None:
    install(shop, "pre-commit")
    shop.stage(BAD)
    code, told = run(shop, environ, "git", "commit", "--message", "Show the last orders")
    assert code != 0
    assert "unindexed-join" in told
    assert PLACE in told
    assert shop.git("log", "--format=%s") == "Start the shop"


def test_pre_commit_passes_once_the_index_is_staged_too(shop: Repo, environ: dict[str, str]) -> None:
    install(shop, "pre-commit")
    shop.stage(BAD | INDEX)
    code, told = run(shop, environ, "git", "commit", "--message", "Show the last orders")
    assert code == 0, told
    assert shop.git("log", "-1", "--format=%s") == "Show the last orders"


def test_pre_commit_blocks_the_loss_of_an_index(shop: Repo, environ: dict[str, str]) -> None:
    shop.commit("Show the last orders", BAD | INDEX)
    install(shop, "pre-commit")
    shop.stage({"migrations/2.sql": None})
    code, told = run(shop, environ, "git", "commit", "--message", "Tidy up")
    assert code != 0
    assert PLACE in told


def test_pre_commit_says_so_when_nothing_can_hold_sql(shop: Repo, environ: dict[str, str]) -> None:
    install(shop, "pre-commit")
    shop.stage({"README.md": "A better shop.\n"})
    code, told = run(shop, environ, "git", "commit", "--message", "Better words")
    assert code == 0, told
    assert "nothing that is staged can hold SQL" in told


def frozen(shop: Repo, late: Mapping[str, str]) -> None:
    """A release branch with one change after its freeze."""
    shop.checkout("release/2.4", new=True)
    shop.tag("freeze/release/2.4", message="Code freeze")
    shop.commit("A late change", dict(late))


def test_pre_push_asks_for_the_approval_of_late_changes(shop: Repo, environ: dict[str, str], tmp_path: Path) -> None:
    shop.git("remote", "add", "origin", str(Repo(tmp_path / "server", bare=True).root))
    frozen(shop, {"README.md": "A late shop.\n"})
    install(shop, "pre-push")
    code, told = run(shop, environ, "git", "push", "origin", "release/2.4")
    assert code != 0
    assert "unknown-reviews" in told
    code, told = run(shop, environ, "git", "push", "origin", "freeze/release/2.4")
    assert code == 0, told


def test_pre_push_blocks_a_join_on_any_branch(shop: Repo, environ: dict[str, str], tmp_path: Path) -> None:
    shop.git("remote", "add", "origin", str(Repo(tmp_path / "server", bare=True).root))
    install(shop, "pre-push")
    assert run(shop, environ, "git", "push", "origin", "main")[0] == 0
    shop.checkout("history", new=True)
    shop.commit("Show the last orders", BAD)
    code, told = run(shop, environ, "git", "push", "origin", "history")
    assert code != 0
    assert PLACE in told


def test_pre_receive_guards_a_server(shop: Repo, environ: dict[str, str], tmp_path: Path) -> None:
    server = Repo(tmp_path / "server", bare=True)
    shop.git("remote", "add", "origin", str(server.root))
    shop.git("push", "--quiet", "origin", "main")
    install(server, "pre-receive", "hooks")
    shop.checkout("history", new=True)
    shop.commit("Show the last orders", BAD)
    code, told = run(shop, environ, "git", "push", "origin", "history")
    assert code != 0
    assert f"remote: {PLACE}" in told or PLACE in told
    assert server.git("branch", "--list", "history") == ""
    shop.commit("With its index", INDEX)
    code, told = run(shop, environ, "git", "push", "origin", "history")
    assert code == 0, told
    assert "history" in server.git("branch", "--list", "history")


# -------------------------------------------------------------------------------------------------------------------- pre-commit


def manifest() -> dict[str, dict[str, object]]:
    hooks = yaml.safe_load((PROJECT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    return {hook["id"]: hook for hook in hooks}


@pytest.mark.parametrize(("name", "stage"), [("lastcall", "pre-commit"), ("lastcall-push", "pre-push")])
def test_entries_of_the_manifest_run(name: str, stage: str, shop: Repo, environ: dict[str, str]) -> None:
    hook = manifest()[name]
    assert hook["stages"] == [stage]
    shop.commit("Show the last orders", INDEX)
    shop.stage({"README.md": "Staged.\n"})
    code, told = run(shop, environ, *str(hook["entry"]).split())
    assert code == 0, told


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """What hooks are installed from."""
    index_needed()
    return snapshot(tmp_path_factory.mktemp("source") / "lastcall")


def test_try_repo_blocks_with_the_place(source: Repo, shop: Repo, environ: dict[str, str]) -> None:
    del environ["PYTHONPATH"]  # the hook runs in the environment that is made for it
    shop.stage(BAD)
    code, told = run(shop, environ, "pre-commit", "try-repo", str(source.root), "lastcall", "--verbose")
    assert code == 1, told
    assert PLACE in told
    assert "Failed" in told


def test_configured_hooks_guard_commits_and_pushes(source: Repo, shop: Repo, environ: dict[str, str], tmp_path: Path) -> None:
    del environ["PYTHONPATH"]
    config = {"repos": [{"repo": str(source.root), "rev": source.head, "hooks": [{"id": "lastcall"}, {"id": "lastcall-push"}]}]}
    shop.commit("Guard it", {".pre-commit-config.yaml": yaml.safe_dump(config)})
    shop.git("remote", "add", "origin", str(Repo(tmp_path / "server", bare=True).root))
    code, told = run(shop, environ, "pre-commit", "install", "--hook-type", "pre-commit", "--hook-type", "pre-push")
    assert code == 0, told

    shop.stage(BAD)
    code, told = run(shop, environ, "git", "commit", "--message", "Show the last orders")
    assert code == 1, told
    assert PLACE in told

    shop.stage(INDEX)
    code, told = run(shop, environ, "git", "commit", "--message", "Show the last orders")
    assert code == 0, told

    code, told = run(shop, environ, "git", "push", "origin", "main")
    assert code == 0, told
    frozen(shop, {"README.md": "A late shop.\n"})
    code, told = run(shop, environ, "git", "push", "origin", "release/2.4")
    assert code == 1, told
    assert "unknown-reviews" in told
