"""What the tests of the review half share, also where they are run alone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from repositories import Repo
from reviewed import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A repository with a frozen release branch, and what GitHub knows of it."""
    return Shop(Repo(tmp_path / "shop"))
