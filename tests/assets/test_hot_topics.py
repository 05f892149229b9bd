"""An hour's run leaves what is trending in the record and in the cache; a broken cache is nobody's failure."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from resources.cache import Cache
from tests import recorded
from tests.redises import RedisServer
from tests.worlds import HOUR, World, checks, listing_of, materialized, post, record_file

READ = ("raw_signals", "hot_topics")
HEADLINE = "Escaped emu leads police on a chase through downtown Springfield"


def video(number: int, title: str, views: int) -> dict[str, object]:
    """A video of a chart, two hours old."""
    published = (HOUR - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "kind": "youtube#video",
        "id": f"video{number:06d}",
        "snippet": {"publishedAt": published, "channelId": f"UC{number}", "title": title, "channelTitle": "A channel"},
        "statistics": {"viewCount": str(views), "likeCount": "4", "commentCount": "1"},
    }


def hear(world: World) -> None:
    """Ten quiet posts and videos each, and one headline that is loud at both sources."""
    quiet = ["tulips", "ferns", "cacti", "orchids", "mosses", "roses", "lilies", "asters", "dahlias", "violets"]
    posts = [post(n, title=f"Questions about {name} in pots", score=20 + n) for n, name in enumerate(quiet)]
    videos = [video(n, f"How {name} are watered in winter", 1000 + n) for n, name in enumerate(quiet)]
    loud = post(99, title=HEADLINE, score=90_000)
    record_file(world.folder, "reddit_posts", "listing.json", listing_of([*posts, loud]))
    chart = {"kind": "youtube#videoListResponse", "items": [*videos, video(99, HEADLINE.upper(), 9_000_000)]}
    record_file(world.folder, "youtube_videos", "chart.json", json.dumps(chart))


def test_what_is_loud_at_two_sources_is_the_hottest_and_is_at_hand(
    database_url: str, tmp_path: Path, redis: RedisServer
) -> None:
    world = World(tmp_path, database_url, REDIS_URL=redis.url.get_secret_value())
    hear(world)
    assert world.run("sources").success
    ran = world.run("hour", only=READ)
    assert ran.success
    assert checks(ran)["hot_topics.all_that_was_ranked_is_kept"]
    told = {name: value.value for name, value in materialized(ran)["hot_topics"].metadata.items()}
    assert (told["dagster/row_count"], told["across_sources"], told["cached"]) == (21, 1, True)
    assert HEADLINE in told["sample"]
    (row,) = world.select("SELECT hour, title, sources, signals, velocity FROM hot_topics WHERE rank = 1")
    assert (row[0], row[1], sorted(row[2]), row[3]) == (HOUR, HEADLINE, ["reddit_posts", "youtube_videos"], 2)
    assert row[4] > 10
    with Cache(redis.url) as cache:
        cached = cache.newest()
    assert cached is not None
    assert cached.hour == HOUR
    assert cached.topics[0].title == HEADLINE
    before = world.rows()["hot_topics"]
    assert world.run("hour", only=["hot_topics"]).success
    assert world.rows()["hot_topics"] == before, "to run it twice is to run it once"


def test_an_earlier_hour_ranked_late_does_not_take_the_place_of_the_newest(
    database_url: str, tmp_path: Path, redis: RedisServer
) -> None:
    world = World(tmp_path, database_url, REDIS_URL=redis.url.get_secret_value())
    record_file(world.folder, "reddit_posts", "listing.json", listing_of([post(1)]))
    earlier = HOUR - timedelta(hours=1)
    past = post(2, title="Of the hour before", created_utc=earlier.timestamp() - 600)
    record_file(world.folder, "reddit_posts", "listing.json", listing_of([past]), earlier)
    for hour in (HOUR, earlier):
        world.run("sources", hour)
        assert world.run("hour", hour, only=READ).success
    assert world.select("SELECT DISTINCT hour FROM hot_topics ORDER BY 1") == [(earlier,), (HOUR,)]
    with Cache(redis.url) as cache:
        cached = cache.newest()
    assert cached is not None
    assert cached.hour == HOUR


def test_a_cache_that_is_away_fails_no_run(database_url: str, tmp_path: Path, redis: RedisServer) -> None:
    world = World(tmp_path, database_url, REDIS_URL=redis.url.get_secret_value())
    hear(world)
    assert world.run("sources").success
    redis.kill()
    ran = world.run("hour", only=READ)
    assert ran.success
    assert materialized(ran)["hot_topics"].metadata["cached"].value is False
    assert world.count("hot_topics") == 21


@pytest.mark.usefixtures("shared")
def test_a_recorded_day_of_youtube_and_a_listing_of_reddit_are_ranked(database_url: str, tmp_path: Path) -> None:
    chart = recorded.youtube_chart(recorded.youtube_days()[0])
    hour = chart.captured_at.replace(minute=0, second=0, microsecond=0)
    recorded.write_archive(
        tmp_path / "recorded", (chart, recorded.reddit_listing(captured_at=hour + timedelta(minutes=5)))
    )
    world = World(tmp_path, database_url)
    world.run("sources", hour)
    ran = world.run("hour", hour, only=READ)
    assert ran.success
    undated = "coalesce(metadata->>'kind', '') NOT IN ('occasion', 'anniversary')"
    ((signals, sources),) = world.select(f"SELECT count(*), count(DISTINCT source) FROM signals WHERE {undated}")
    assert materialized(ran)["hot_topics"].metadata["signals"].value == signals > 1000
    assert sources == 2
    ranked = world.select("SELECT rank, title, sources, velocity FROM hot_topics ORDER BY rank")
    assert len(ranked) == 100
    velocities = [velocity for *_, sources, velocity in ranked if velocity is not None and len(sources) == 1]
    assert velocities == sorted(velocities, reverse=True)
    assert velocities[0] > 1
    dated = world.select(
        "SELECT count(*) FROM hot_topics h JOIN signals s ON s.id = h.topic_id "
        "WHERE s.metadata->>'kind' IN ('occasion', 'anniversary')"
    )
    assert dated == [(0,)]
