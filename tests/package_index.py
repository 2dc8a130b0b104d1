"""Whether pip can install here: what installs lastcall as its users do needs the package index, and must not fail for who is offline."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import cache

import pytest


@cache
def reachable() -> bool:
    """Tried with one small package that lastcall itself needs."""
    options = ["--quiet", "--no-deps", "--no-cache-dir", "--disable-pip-version-check", "--retries=0", "--timeout=10"]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", *options, "--dest", folder, "smmap"]
        return subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL).returncode == 0


def needed() -> None:
    """Skips the test where there is no package index."""
    if not reachable():
        pytest.skip("pip cannot install anything here")
