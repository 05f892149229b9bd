"""What trends: the fast before the slow, the broad before the narrow, the measured before the unmeasured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.scoring import pace
from pipeline.scoring.factors import LEAST_SPREAD, MAD_TO_SIGMA
from pipeline.scoring.hot_topics import MOST, SPAN, HotTopic, hot_topics
from resources.store.hot_topics import OBSERVED_SCHEMA

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
HISTORY_SCHEMA = {name: OBSERVED_SCHEMA[name] for name in pace.OBSERVATION}
HALF_AN_HOUR = timedelta(minutes=30)


def uuid(number: int) -> str:
    return str(UUID(int=number))


def item(topic: int, signal: int, likes: int | None = 100, **changes: Any) -> dict[str, Any]:
    """A sighting half an hour ago, an hour after it was published."""
    at = changes.get("captured_at", NOW - HALF_AN_HOUR)
    values = {
        **{"topic_id": uuid(topic), "title": f"topic {topic}", "began_at": at, "signal_id": uuid(signal)},
        **{"source": "posts", "content": f"signal {signal}", "url": f"https://example.org/{signal}"},
        **{"author": f"author {signal}", "published_at": at - timedelta(hours=1), "captured_at": at},
        **{"likes": likes, "comments": None, "views": None, "dislikes": None},
    }
    return values | changes


def seen(*items: Mapping[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(items), schema=OBSERVED_SCHEMA)


def usual(source: str = "posts", count: int = 60, factor: int = 1) -> pl.DataFrame:
    """Signals of the days before, of 60 to 180 interactions an hour, times the factor."""
    at = NOW - timedelta(hours=60)
    rows = [(f"{source}-{n}", source, at - timedelta(hours=1), at, factor * (60 + 120 * n // count), None, None, None)
            for n in range(count)]  # fmt: skip
    return pl.DataFrame(rows, schema=HISTORY_SCHEMA, orient="row")


NOTHING = pl.DataFrame(schema=HISTORY_SCHEMA)


def order(topics: Sequence[HotTopic]) -> list[int]:
    return [topic.topic_id.int for topic in topics]


def test_the_fast_come_before_the_slow_and_say_what_was_measured() -> None:
    slow, fast = item(1, 1, likes=120), item(2, 2, likes=6000)
    first, second = hot_topics(seen(slow, fast), usual(), NOW)
    assert (first.topic_id.int, first.rank, second.rank) == (2, 1, 2)
    told = first.evidence["posts"]
    assert (told.pace_per_minute, told.counters.likes, told.counters.views) == (100.0, 6000, None)
    assert (told.url, told.content, told.signals) == ("https://example.org/2", "signal 2", 1)
    assert told.usual is not None
    assert told.usual.signals == 62
    assert told.usual.median == pytest.approx(2, abs=0.1)
    assert first.velocity == told.z
    spread = max(math.log(2.45 / 1.53) / 2, LEAST_SPREAD) / MAD_TO_SIGMA
    assert first.velocity == pytest.approx(math.log(100 / told.usual.median) / spread, rel=0.1)


def test_each_source_is_measured_by_its_own_usual() -> None:
    """A hundred a minute is nothing where a thousand are usual."""
    items = seen(item(1, 1, likes=6000, source="videos"), item(2, 2, likes=1200))
    history = pl.concat([usual(), usual("videos", factor=1000)])
    assert order(hot_topics(items, history, NOW)) == [2, 1]


def test_of_equally_fast_ones_the_one_in_more_sources_comes_first() -> None:
    history = pl.concat([usual(), usual("videos")])
    both = [item(3, 3, likes=3000), item(3, 4, likes=120, source="videos")]
    one, two = hot_topics(seen(item(1, 1, likes=3000), *both), history, NOW)
    assert one.topic_id.int == 3
    assert one.sources == ("posts", "videos"), "the fastest source first"
    assert one.velocity == two.velocity
    assert (one.signals, one.authors) == (2, 2)
    assert set(one.evidence) == {"posts", "videos"}


@pytest.mark.parametrize(("likes", "first"), [(10_000, 3), (10**7, 1)], ids=["little faster", "far faster"])
def test_two_sources_count_double(likes: int, first: int) -> None:
    history = pl.concat([usual(), usual("videos")])
    both = [item(3, 3, likes=3000), item(3, 4, likes=120, source="videos")]
    assert order(hot_topics(seen(item(1, 1, likes=likes), *both), history, NOW))[0] == first


def test_a_topic_speaks_with_the_words_of_its_first_signal_and_counts_accounts_once() -> None:
    began = NOW - timedelta(days=6)
    items = seen(
        item(1, 1, author="a", title="The first words", began_at=began),
        item(1, 2, author="a", title="The first words", began_at=began),
        item(1, 3, author=None, title="The first words", began_at=began),
    )
    (topic,) = hot_topics(items, usual(), NOW)
    assert (topic.title, topic.signals, topic.authors) == ("The first words", 3, 1)
    assert (topic.first_seen, topic.last_seen) == (began, NOW - HALF_AN_HOUR)


@pytest.mark.parametrize(
    "unmeasured", [item(2, 2, likes=None), item(2, 2, source="new")], ids=["no counters", "a source not known yet"]
)
def test_what_has_no_velocity_comes_after_all_that_has(unmeasured: dict[str, Any]) -> None:
    slowest = item(1, 1, likes=0)
    first, second = hot_topics(seen(unmeasured, slowest), usual(), NOW)
    assert first.topic_id.int == 1
    assert first.velocity is not None
    assert first.velocity < 0
    assert second.velocity is None
    assert second.evidence[unmeasured["source"]].z is None


def test_what_was_seen_last_48_hours_ago_is_past() -> None:
    edge = [item(1, 1, captured_at=NOW - SPAN), item(2, 2, captured_at=NOW - SPAN + timedelta(seconds=1))]
    assert order(hot_topics(seen(*edge), usual(), NOW)) == [2]


def test_of_an_item_seen_again_the_latest_sighting_counts() -> None:
    again = [item(1, 1, likes=10, captured_at=NOW - timedelta(hours=3)), item(1, 1, likes=6000)]
    (topic,) = hot_topics(seen(*again), usual(), NOW)
    assert topic.signals == 1
    assert topic.evidence["posts"].counters.likes == 6000
    assert topic.evidence["posts"].pace_per_minute == pytest.approx(5990 / 150)


def test_there_are_never_more_than_asked_for() -> None:
    many = seen(*(item(n, n, likes=n) for n in range(1, MOST + 20)))
    found = hot_topics(many, NOTHING, NOW)
    assert [topic.rank for topic in found] == list(range(1, MOST + 1))
    assert order(found)[0] == MOST + 19
    assert len(hot_topics(many, NOTHING, NOW, most=3)) == 3


def test_an_hour_without_anything_has_none() -> None:
    assert hot_topics(seen(), NOTHING, NOW) == []


SIGHTINGS = st.lists(
    st.builds(
        lambda topic, signal, source, likes, minutes: item(
            topic, 10 * topic + signal, likes, source=source,
            captured_at=NOW - timedelta(minutes=minutes), author=f"author {signal % 2}",
        ),
        st.integers(1, 6), st.integers(0, 5), st.sampled_from(["posts", "videos"]),
        st.none() | st.integers(0, 10**7), st.integers(0, 60 * 24 * 8),
    ),
    max_size=25,
    unique_by=lambda one: (one["signal_id"], one["captured_at"]),
)  # fmt: skip
LATER = st.lists(
    st.builds(
        lambda topic, signal, likes, seconds: item(
            topic, 10 * topic + signal, likes, captured_at=NOW + timedelta(seconds=seconds), author="later"
        ),
        st.integers(1, 9), st.integers(0, 5), st.integers(0, 10**9), st.integers(1, 10**6),
    ),
    min_size=1,
    max_size=6,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(SIGHTINGS, LATER)
def test_nothing_after_the_moment_is_looked_at(before: list[dict[str, Any]], later: list[dict[str, Any]]) -> None:
    history = pl.concat([usual(), seen(*before).select(pace.OBSERVATION)])
    with_later = pl.concat([history, seen(*later).select(pace.OBSERVATION)])
    assert hot_topics(seen(*before, *later), with_later, NOW) == hot_topics(seen(*before), history, NOW)


@settings(max_examples=60, deadline=None)
@given(SIGHTINGS, st.randoms())
def test_every_topic_is_there_once_in_one_order_whatever_the_order_of_rows(
    sightings: list[dict[str, Any]], random: Any
) -> None:
    found = hot_topics(seen(*sightings), usual(), NOW)
    shuffled = random.sample(sightings, len(sightings))
    assert hot_topics(seen(*shuffled), usual(), NOW) == found
    in_span = {one["topic_id"] for one in sightings if one["captured_at"] > NOW - SPAN}
    assert {str(topic.topic_id) for topic in found} == in_span
    assert [topic.rank for topic in found] == list(range(1, len(found) + 1))
    for topic in found:
        assert topic.authors <= 2
        assert len(topic.sources) <= topic.signals == sum(one.signals for one in topic.evidence.values())
        assert topic.first_seen <= topic.last_seen <= NOW
        known = [one.z for one in topic.evidence.values() if one.z is not None]
        assert topic.velocity == (max(known) if known else None)


@given(st.integers(0, 10**6), st.integers(1, 10**6))
@settings(max_examples=40, deadline=None)
def test_more_interactions_never_lower_a_topic(likes: int, more: int) -> None:
    others = [item(n, n, likes=50 * n * n) for n in range(2, 12)]

    def place(count: int) -> int:
        return order(hot_topics(seen(item(1, 1, likes=count), *others), usual(count=600), NOW)).index(1)

    assert place(likes + more) <= place(likes)
