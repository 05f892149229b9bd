"""The same thing heard at two sources is one idea, and the idea says where else it was seen."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.worlds import HOUR, World, listing_of, materialized, post, record_file

READ = ("raw_signals", "scored_ideas")


def video(number: int, title: str) -> dict[str, object]:
    """A video of a chart, as YouTube describes it."""
    published = (HOUR - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "kind": "youtube#video",
        "id": f"video{number:06d}",
        "snippet": {"publishedAt": published, "channelId": "UC1", "title": title, "channelTitle": "A channel"},
        "statistics": {"viewCount": "90000", "likeCount": "4000", "commentCount": "120"},
    }


def heard(world: World, posts: list[dict[str, object]], videos: list[dict[str, object]]) -> None:
    record_file(world.folder, "reddit_posts", "listing.json", listing_of(posts))
    chart = json.dumps({"kind": "youtube#videoListResponse", "items": videos})
    record_file(world.folder, "youtube_videos", "chart.json", chart)


@pytest.mark.parametrize(
    ("title", "layer"),
    [
        ("GARDENING in a tiny greenhouse: grandmother's tomato harvest stuns the village!", "exact_duplicates"),
        ("Gardening in a tiny greenhouse: grandmother's tomato harvest stuns the village (video)", "near_duplicates"),
    ],
    ids=["the same words", "nearly the same words"],
)
def test_the_same_headline_at_two_sources_is_one_idea_that_lists_both(
    database_url: str, tmp_path: Path, title: str, layer: str
) -> None:
    world = World(tmp_path, database_url, ideas_per_hour=1000)
    headline = "Gardening in a tiny greenhouse: grandmother's tomato harvest stuns the village"
    heard(world, [post(1, title=headline)], [video(1, title)])
    assert world.run("sources").success
    ran = world.run("hour", only=READ)
    assert ran.success
    told = {name: value.value for name, value in materialized(ran)["raw_signals"].metadata.items()}
    assert told[layer] == 1
    assert told["exact_duplicates"] + told["near_duplicates"] == 1
    assert told["bloom_asked"] >= told["bloom_maybe"] >= told["bloom_known"]
    ideas = world.select(
        "SELECT s.source, i.evidence FROM ideas i JOIN signals s ON s.id = i.signal_id "
        "WHERE s.source IN ('reddit_posts', 'youtube_videos')"
    )
    assert ideas
    assert len({source for source, _ in ideas}) == 1, "one of the two stands for both"
    for source, evidence in ideas:
        (other,) = evidence["also_seen"]
        assert {source, other["source"]} == {"reddit_posts", "youtube_videos"}
        assert set(other) == {"source", "content", "url", "captured_at", "likeness"}


def test_an_hour_read_again_counts_no_duplicates(world: World) -> None:
    heard(world, [post(1), post(2)], [video(1, "Gardening in a tiny greenhouse")])
    assert world.run("sources").success
    first = materialized(world.run("hour", only=["raw_signals"]))["raw_signals"].metadata
    again = materialized(world.run("hour", only=["raw_signals"]))["raw_signals"].metadata
    assert first["bloom_rebuilt"].value == "there was no file"
    assert again["bloom_rebuilt"].value == "no"
    assert again["seen_again"].value == first["new"].value
    assert again["exact_duplicates"].value == again["near_duplicates"].value == again["bloom_asked"].value == 0
