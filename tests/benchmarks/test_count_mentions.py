"""Mentions of occasions: by the names people use, once a title, and what is shipped is what counting gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import count_mentions
from benchmarks.count_mentions import count, names, posts
from pipeline.scoring import attention


def test_a_title_counts_once_by_any_of_the_names() -> None:
    found = count(
        [
            "Happy Valentines Day! Best Valentine's Day ever",
            "valentine&#39;s day card",
            "xmas tree",
            "The day after Christmas Eve",
            "Father Christmas",
            "Christmassy",
        ]
    )
    assert found["Valentine's Day"] == 2
    assert found["Christmas Eve"] == 1
    assert found["Christmas"] == 3
    assert sum(found.values()) == 6


def test_a_name_that_is_another_occasions_own_counts_for_that_one_alone() -> None:
    assert "labor day" not in names()["May Day"]
    assert "independence day" in names()["Independence Day"]
    assert not any("independence day" in called for name, called in names().items() if name != "Independence Day")


@pytest.mark.slow
def test_what_is_shipped_is_what_counting_gives(shared: Path) -> None:
    read = posts(shared / "data")
    shipped = attention.mentions()
    assert shipped.titles == len(read)
    assert shipped.source == count_mentions.SOURCE
    assert shipped.named == count(read["title"])
