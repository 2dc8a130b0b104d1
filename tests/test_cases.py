"""Every SQL case of ``cases/<rule>/``: the findings stand on the lines where they are expected, and nowhere else."""

from pathlib import Path

import pytest

from sqlcases import expectations, verify

CASES = sorted((Path(__file__).parent / "cases").glob("*/*.sql"))


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_case(case: Path, tmp_path: Path) -> None:
    verify(case.read_text(encoding="utf-8"), tmp_path)


def test_every_rule_about_queries_has_more_clean_cases_than_firing_ones() -> None:
    for folder in {case.parent for case in CASES}:
        rule = folder.name
        texts = [case.read_text(encoding="utf-8") for case in folder.glob("*.sql")]
        firing = [text for text in texts if any(expected.rule == rule for expected in expectations(text))]
        assert firing, f"{rule} has no firing case"
        assert len(texts) - len(firing) > len(firing), f"{rule}: {len(firing)} firing cases, {len(texts) - len(firing)} clean ones"
