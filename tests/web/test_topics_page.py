"""What is trending, as a page and as JSON: from the cache, and from the record whenever the cache has nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from pipeline.scoring.hot_topics import HotHour, HotTopic
from resources.cache import Cache
from resources.objects import Objects
from resources.store import Store
from tests.redises import RedisServer
from web.app import create_app
from web.topics import ago

HOUR = datetime(2026, 11, 23, 5, tzinfo=UTC)


def topic(rank: int, title: str, **changes: Any) -> HotTopic:
    told = {
        "signals": 2, "content": title, "url": f"https://example.org/{rank}", "pace_per_minute": 83.25, "z": 12.34,
        "counters": {"likes": 5000, "comments": 12, "views": None}, "usual": {"median": 1.5, "mad": 0.5, "signals": 60},
    }  # fmt: skip
    values = {
        "rank": rank, "topic_id": UUID(int=rank), "title": title, "sources": ("reddit_posts", "youtube_videos"),
        "signals": 4, "authors": 3, "first_seen": HOUR - timedelta(hours=5), "last_seen": HOUR, "velocity": 12.34,
        "evidence": {"reddit_posts": told, "youtube_videos": {**told, "url": "javascript:alert(1)", "z": 1.0}},
    }  # fmt: skip
    return HotTopic.model_validate(values | changes)


def unmeasured(rank: int, title: str) -> HotTopic:
    """Of a source that gives no counters and names no accounts."""
    told = {"signals": 1, "content": title, "url": None, "pace_per_minute": None, "usual": None, "z": None}
    told["counters"] = {"likes": None, "comments": None, "views": None}
    evidence = {"google_trends": told}
    return topic(rank, title, sources=["google_trends"], signals=1, authors=0, velocity=None, evidence=evidence)


def record(store: Store, *topics: HotTopic, hour: datetime = HOUR) -> None:
    with store.transaction() as tx:
        tx.hot_topics.record(hour, topics)


def titles(answer: Any) -> list[str]:
    return [one["title"] for one in answer.json()["topics"]]


def test_the_page_ranks_the_topics_with_what_was_measured(store: Store, empty_gallery: TestClient) -> None:
    record(store, topic(1, "Emu <b>escapes</b>"), unmeasured(2, "Something quiet"))
    answer = empty_gallery.get("/topics")
    assert answer.status_code == 200
    html = answer.text
    assert re.findall(r"<h2>(.*?)</h2>", html) == ["Emu &lt;b&gt;escapes&lt;/b&gt;", "Something quiet"]
    first, second = html.split('class="topic"')[1:]
    for told in ("+12.3", "83.25/min, usually 1.5", "youtube videos", 'href="https://example.org/1"', "<dd>4</dd>"):
        assert told in first, told
    assert "ago</time>" in first
    assert "not measured" in second
    assert "None" not in html
    assert "javascript:" not in html
    assert "<script" not in html
    assert 'aria-current="page">Topics' in html


def test_before_the_first_ranking_the_page_says_what_will_be_there(empty_gallery: TestClient) -> None:
    assert "No topics yet" in empty_gallery.get("/topics").text
    assert empty_gallery.get("/api/topics").json() == {"hour": None, "topics": []}


def test_the_json_has_all_that_was_measured(store: Store, empty_gallery: TestClient) -> None:
    record(store, topic(1, "first"), topic(2, "second"))
    answer = empty_gallery.get("/api/topics").json()
    assert answer["hour"] == "2026-11-23T05:00:00Z"
    first, _ = answer["topics"]
    assert HotTopic.model_validate(first) == topic(1, "first")
    assert first["evidence"]["reddit_posts"]["usual"] == {"median": 1.5, "mad": 0.5, "signals": 60}
    assert titles(empty_gallery.get("/api/topics?limit=1")) == ["first"]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "many", ""])
def test_a_limit_that_cannot_be_is_refused_by_name(empty_gallery: TestClient, limit: str) -> None:
    answer = empty_gallery.get(f"/api/topics?limit={limit}")
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["field"] == "limit"


def test_the_cache_is_asked_first_and_the_record_when_it_has_nothing(
    store: Store, objects: Objects, redis: RedisServer
) -> None:
    record(store, topic(1, "from the record"))
    with Cache(redis.url) as cache:
        client = TestClient(create_app(store, objects, cache=cache))
        assert titles(client.get("/api/topics")) == ["from the record"]
        cache.put(HotHour(hour=HOUR, topics=(topic(1, "from the cache"),)))
        assert titles(client.get("/api/topics")) == ["from the cache"]
        assert "from the cache" in client.get("/topics").text
        assert client.get("/health").json()["cache"] == "ok"
        redis.kill()
        assert titles(client.get("/api/topics")) == ["from the record"]
        assert "from the record" in client.get("/topics").text
        health = client.get("/health")
        assert (health.status_code, health.json()["status"]) == (200, "ok")
        assert "ConnectionError" in health.json()["cache"]


def test_the_cache_serves_while_the_record_is_away(objects: Objects, redis: RedisServer) -> None:
    with Cache(redis.url) as cache, Store("postgresql://nobody@127.0.0.1:1/none") as away:
        cache.put(HotHour(hour=HOUR, topics=(topic(1, "from the cache"),)))
        assert titles(TestClient(create_app(away, objects, cache=cache)).get("/api/topics")) == ["from the cache"]


def test_health_says_that_there_is_no_cache(empty_gallery: TestClient) -> None:
    assert empty_gallery.get("/health").json()["cache"] == "off"


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(-5, "now"), (0.5, "now"), (1, "1 min ago"), (59, "59 min ago"), (60, "1 h ago"), (300, "5 h ago"),
     (47 * 60 + 59, "47 h ago"), (48 * 60, "2 d ago"), (72 * 60 - 1, "2 d ago")],
)  # fmt: skip
def test_times_are_told_by_how_long_ago_they_were(minutes: float, words: str) -> None:
    assert ago(HOUR - timedelta(minutes=minutes), HOUR) == words


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_time_can_be_told(moment: datetime) -> None:
    assert re.fullmatch(r"now|\d+ (min|h|d) ago", ago(moment, HOUR))
