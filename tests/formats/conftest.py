"""Golden files: ``pytest tests/formats --accept`` writes what is printed into them, to be read before it is committed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="rewrite the golden files")


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """One moment, and no workflow run around the tests."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795262400")  # 2026-11-21 12:00 UTC
    for name in ("GITHUB_REPOSITORY", "GITHUB_SERVER_URL", "CI_PROJECT_PATH", "CI_SERVER_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def golden(pytestconfig: pytest.Config) -> Callable[[str, str], None]:
    """Compares a text with the golden file of a name."""
    accept = pytestconfig.getoption("--accept", default=False)

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if accept:
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare
