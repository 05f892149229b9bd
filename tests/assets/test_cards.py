"""The cards of an hour's ideas: kept with them, and told by the materialization."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.models import Card
from tests.worlds import HOUR, World, listing_of, materialized, post, record_file


def test_an_hour_keeps_its_cards_and_tells_them_as_a_table_and_as_numbers(database_url: str, tmp_path: Path) -> None:
    world = World(tmp_path, database_url, ideas_per_hour=12)
    posts = [post(n, score=40 + 9 * n) for n in range(12)]
    record_file(world.folder, "reddit_posts", "listing.json", listing_of(posts))
    assert world.run("sources").success
    ran = world.run("hour", only=("raw_signals", "scored_ideas"))
    assert ran.success

    rows = world.select(
        "SELECT card, score, score_low, score_high FROM ideas WHERE hour = %s ORDER BY score DESC", HOUR
    )
    assert rows
    for kept, score, low, high in rows:
        card = Card.model_validate(kept)
        assert (card.low, card.high) == (low, high)
        assert low <= score <= high
        assert sum(share.points for share in card.shares) == pytest.approx(score)

    told = {name: value.value for name, value in materialized(ran)["scored_ideas"].metadata.items()}
    head, _, best, *_ = told["cards"].splitlines()
    assert [name.strip() for name in head.strip("|").split("|")] == [
        "phrase", "score", "freshness", "engagement", "novelty", "community fit", "seasonality", "would change it",
    ]  # fmt: skip
    assert f"{rows[0][1]:.2f} ({rows[0][2]:.2f} to {rows[0][3]:.2f})" in best
    assert told["interval_width"] == pytest.approx(sum(high - low for _, _, low, high in rows) / len(rows))
    assert 0 <= told["unsure_share"] <= 1
