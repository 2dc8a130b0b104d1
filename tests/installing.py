"""lastcall installed as its users install it: from a repository, with pip, which must not fail the tests of who is offline."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import pytest

from repositories import Repo

PROJECT = Path(__file__).parent.parent


@cache
def reachable() -> bool:
    """Tried with one small package that lastcall itself needs."""
    options = ["--quiet", "--no-deps", "--no-cache-dir", "--disable-pip-version-check", "--retries=0", "--timeout=10"]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", *options, "--dest", folder, "smmap"]
        return subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL).returncode == 0


def index_needed() -> None:
    """Skips the test where there is no package index."""
    if not reachable():
        pytest.skip("pip cannot install anything here")


def snapshot(folder: Path) -> Repo:
    """This project as it is now, committed or not, as a repository in ``folder``; without what was built."""
    source = Repo(folder)
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in names:
        if name and (PROJECT / name).is_file():
            (source.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, source.root / name)
    source.commit("This project")
    return source
