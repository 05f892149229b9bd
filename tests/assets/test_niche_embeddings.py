"""The night learns niches from recorded titles, and the next hour's ideas are measured against them; novelty beside."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from pipeline.ideas.lexicon import niches
from pipeline.ideas.selection import DUPLICATE
from tests.worlds import HOUR, World, checks, listing_of, materialized, post, record_file

READ = ("raw_signals", "scored_ideas")
NIGHT = HOUR.replace(hour=0)


def learn(world: World) -> dict[str, object]:
    ran = world.defs.resolve_job_def("niches").execute_in_process(
        instance=world.instance, partition_key=NIGHT.strftime("%Y-%m-%d"), raise_on_error=False
    )
    assert ran.success
    assert checks(ran)["niche_embeddings.every_niche_is_there"]
    return {name: value.value for name, value in materialized(ran)["niche_embeddings"].metadata.items()}


def hear(world: World, count: int = 12) -> None:
    record_file(world.folder, "reddit_posts", "a.json", listing_of([post(n) for n in range(count)]))
    world.run("sources")
    assert world.run("hour", only=READ).success


def test_recorded_titles_move_the_niche_and_stand_behind_its_ideas(world: World) -> None:
    hear(world)
    told = learn(world)
    assert (told["dagster/row_count"], told["titles"]) == (len(niches()), 12)
    assert told["by_description_alone"] == len(niches()) - 1
    rows = world.select("SELECT titles, communities, words->'tomato' FROM niche_embeddings WHERE niche = 'gardener'")
    assert rows == [(12, ["gardening"], 12)]
    before = world.rows()["niche_embeddings"]
    learn(world)
    assert world.rows()["niche_embeddings"] == before, "to learn twice is to learn once"
    later = HOUR + timedelta(days=1)
    fresh = [post(n, title=f"These tomatoes are all mine, basket {n}", created_utc=later.timestamp()) for n in (50, 51)]
    record_file(world.folder, "reddit_posts", "a.json", listing_of(fresh), later)
    world.run("sources", later)
    assert world.run("hour", later, only=READ).success
    titles = "SELECT DISTINCT niche = 'gardener', (evidence->>'niche_titles')::int FROM ideas WHERE hour = %s"
    assert (True, 12) in world.select(titles, later)
    assert all(count == 0 for is_gardener, count in world.select(titles, later) if not is_gardener)


def test_a_folder_of_titles_counts_beside_the_record(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "titles"
    folder.mkdir()
    rows = [f"r/Coffee,Espresso shot {n}" for n in range(30)]
    (folder / "mine.csv").write_text("\n".join(["community,title", *rows]))
    world = World(tmp_path, database_url, community_titles=folder)
    hear(world)
    assert learn(world)["titles"] == 42
    assert world.select("SELECT titles FROM niche_embeddings WHERE niche = 'coffee_lover'") == [(30,)]


@pytest.mark.slow
def test_novelty_is_of_the_record_and_an_hour_made_again_is_not_its_own_double(
    database_url: str, tmp_path: Path
) -> None:
    world = World(tmp_path, database_url, ideas_per_hour=60)
    hear(world)
    later = HOUR + timedelta(hours=1)
    record_file(world.folder, "reddit_posts", "a.json", listing_of([post(n) for n in range(20, 32)]), later)
    world.run("sources", later)
    assert world.run("hour", later, only=READ).success
    first = world.rows()["ideas"]
    measured = world.select(
        """
        SELECT i.novelty, (i.evidence->>'cosine_centroid')::float8, (i.evidence->'nearest'->>'similarity')::float8,
            (SELECT 1 - (i.embedding <=> avg(e.embedding)) FROM ideas e WHERE e.hour < i.hour AND e.niche = i.niche),
            (SELECT max(1 - (i.embedding <=> e.embedding)) FROM ideas e WHERE e.hour < i.hour)
        FROM ideas i WHERE i.hour = %s
        """,
        later,
    )
    assert measured
    for novelty, told_centroid, told_nearest, centroid, nearest in measured:
        assert told_nearest == pytest.approx(nearest, abs=2e-4)
        assert nearest < DUPLICATE
        assert (told_centroid is None) == (centroid is None)
        known = 1.0 if centroid is None else 1 - np.clip(centroid, 0, 1)
        assert novelty == pytest.approx((known + 1 - np.clip(nearest, 0, 1)) / 2, abs=2e-4)
    assert any(centroid is not None for *_, centroid, _ in measured)
    assert world.run("hour", later, only=READ).success
    assert world.rows()["ideas"] == first
