"""Real recorded data, replayed: a payload of an official API goes the whole way, and seen again it is seen again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline.models import Payload, hour_of
from resources.store import Store
from tests import recorded
from tests.worlds import HOUR, World, checks

NEXT = timedelta(hours=1)


def moved(payloads: Sequence[Payload], to: datetime) -> tuple[Payload, ...]:
    """The payloads as if captured a second apart from then on."""
    return tuple(
        payload.model_copy(update={"captured_at": to + timedelta(seconds=n)}) for n, payload in enumerate(payloads)
    )


def replay(world: World, hour: datetime, payloads: Sequence[Payload]) -> None:
    recorded.write_archive(world.folder / "recorded", tuple(payloads))
    assert world.run("sources", hour, only=["recorded"]).success


@pytest.mark.slow
@pytest.mark.usefixtures("shared")
def test_reddit_of_2016_replayed_into_a_chosen_hour_becomes_listings(world: World) -> None:
    cassettes = recorded.reddit_cassettes()
    assert cassettes, "no conversation was recorded"
    replay(world, HOUR, moved(cassettes, HOUR))
    ran = world.run("hour")
    assert ran.success
    assert checks(ran)["raw_signals.every_item_accounted_for"]
    sources = world.select("SELECT DISTINCT s.source FROM listings l JOIN ideas i ON i.id = l.idea_id "
                           "JOIN signals s ON s.id = i.signal_id")  # fmt: skip
    assert sources == [("reddit_posts",)]
    reasons = [reason for (reason,) in world.select("SELECT DISTINCT reason FROM quarantine")]
    assert reasons
    assert all(reason.startswith(("over_18", "stickied")) for reason in reasons), reasons


@pytest.mark.usefixtures("shared")
def test_a_youtube_chart_of_the_hour_it_was_captured_becomes_listings(world: World) -> None:
    chart = recorded.youtube_chart(recorded.youtube_days()[-1], "pets")
    hour = hour_of(chart.captured_at)
    replay(world, hour, [chart])
    assert world.run("hour", hour).success
    with Store(world.url) as store, store.transaction() as tx:
        ideas = tx.ideas.hour(hour)
        listings = tx.listings.hour(hour)
    assert len(ideas) == 8
    assert len(listings) == 1
    best = next(idea for idea in ideas if idea.id == listings[0].listing.idea_id)
    assert best.evidence["source"] == "youtube_videos"
    assert best.evidence["counters"]["views"] > 0
    assert "youtube videos" in best.reason


@pytest.mark.usefixtures("shared")
def test_a_second_replay_is_another_observation_and_no_duplicate(world: World) -> None:
    listing = recorded.reddit_listing(HOUR)
    replay(world, HOUR, [listing])
    assert world.run("hour", only=["raw_signals"]).success
    signals, observations = world.count("signals"), world.count("signal_observations")
    assert signals == observations == 10, "eleven posts, of which one is pinned"

    replay(world, HOUR, [listing])
    assert world.run("hour", only=["raw_signals"]).success
    assert (world.count("signals"), world.count("signal_observations")) == (signals, observations), "the same moment"

    replay(world, HOUR + NEXT, moved([listing], HOUR + NEXT))
    assert world.run("hour", HOUR + NEXT, only=["raw_signals"]).success
    assert (world.count("signals"), world.count("signal_observations")) == (signals, 2 * observations)
    assert world.count("quarantine") == 2, "the pinned post, once in each hour"


def test_an_hour_that_was_not_recorded_lands_nothing(world: World, tmp_path: Path) -> None:
    ran = world.run("sources", only=["recorded"])
    assert ran.success
    assert not [key for key in world.files() if key.startswith("raw-signals")]
