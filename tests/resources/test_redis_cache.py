"""The cache against a real Redis: what it keeps, and that nobody waits for it or fails by it."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from pydantic import SecretStr
from redis import Redis

from pipeline.scoring.hot_topics import Counts, Evidence, HotHour, HotTopic, Usual
from resources.cache import KEY, TTL_S, Cache
from tests.redises import PASSWORD, QUOTED, RedisServer

HOUR = datetime(2026, 11, 23, 5, tzinfo=UTC)
TOLD = Evidence(
    signals=2,
    content="“Émeu” escapes",
    url=None,
    counters=Counts(likes=9_007_199_254_740_993, comments=None, views=0),
    pace_per_minute=1 / 3,
    usual=Usual(median=0.1, mad=0.0, signals=9),
    z=None,
)
TOPIC = HotTopic(
    rank=1, topic_id=UUID(int=7), title="“Émeu” escapes", sources=("videos", "posts"), signals=3, authors=0,
    first_seen=HOUR, last_seen=HOUR, velocity=None, evidence={"videos": TOLD, "posts": TOLD},
)  # fmt: skip
HOT = HotHour(hour=HOUR, topics=(TOPIC,))


@pytest.fixture
def cache(redis: RedisServer) -> Iterator[Cache]:
    with Cache(redis.url) as opened:
        yield opened


@pytest.fixture
def client(redis: RedisServer) -> Iterator[Redis]:
    with Redis(port=redis.port, password=PASSWORD) as opened:
        yield opened


def test_without_a_url_it_is_off_and_keeps_nothing() -> None:
    for url in (None, SecretStr("")):
        with Cache(url) as cache:
            assert not cache.put(HOT)
            assert cache.newest() is None
            assert not cache.clear()
            assert cache.state() == "off"


def test_what_is_put_is_had_again_and_the_last_one_counts(cache: Cache) -> None:
    assert cache.state() == "ok"
    assert cache.newest() is None
    assert cache.put(HOT)
    assert cache.newest() == HOT
    later = HotHour(hour=HOUR.replace(hour=6), topics=())
    assert cache.put(later)
    assert cache.newest() == later


def test_nothing_is_put_in_place_of_what_was_there(cache: Cache) -> None:
    cache.put(HOT)
    assert cache.put(None)
    assert cache.newest() is None


def test_it_ends_by_itself(cache: Cache, client: Redis) -> None:
    cache.put(HOT)
    assert TTL_S - 60 < int(client.ttl(KEY)) <= TTL_S == 7200
    client.pexpire(KEY, 1)
    time.sleep(0.05)
    assert cache.newest() is None
    assert cache.state() == "ok"


def test_what_is_cleared_is_gone(cache: Cache, client: Redis) -> None:
    cache.put(HOT)
    client.set("somebody else's", "1")
    assert cache.clear()
    assert cache.newest() is None
    assert client.keys() == [b"somebody else's"]
    assert cache.clear(), "twice is once"


@pytest.mark.parametrize("value", [b"", b"\xff\x00", b"[]", b'{"hour": "today", "topics": []}', b'{"hour": null}'])
def test_what_is_not_as_it_was_put_is_taken_out(
    cache: Cache, client: Redis, caplog: pytest.LogCaptureFixture, value: bytes
) -> None:
    client.set(KEY, value)
    with caplog.at_level(logging.INFO):
        assert cache.newest() is None
        assert cache.newest() is None
    assert not client.exists(KEY)
    assert len(caplog.records) == 1


def test_a_killed_server_fails_nobody_is_logged_once_and_is_used_again_when_it_is_back(
    redis: RedisServer, cache: Cache, caplog: pytest.LogCaptureFixture
) -> None:
    cache.put(HOT)
    redis.kill()
    with caplog.at_level(logging.INFO):
        assert cache.newest() is None
        assert cache.newest() is None
        assert not cache.put(HOT)
        assert not cache.clear()
        assert "ConnectionError" in cache.state()
        assert len(caplog.records) == 1
        redis.start()
        assert cache.state() == "ok"
        assert cache.put(HOT)
        assert cache.newest() == HOT
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert PASSWORD not in caplog.text
    assert QUOTED not in caplog.text


def test_a_server_that_takes_the_call_and_says_nothing_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = SecretStr(f"redis://127.0.0.1:{silent.getsockname()[1]}")
        with Cache(url) as cache:
            cache.state()  # the library is imported
            assert cache.newest() is None
            assert "Timeout" in cache.state()


def test_a_wrong_password_is_told_and_not_shown(redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    with Cache(SecretStr(f"redis://:wr0ng%2Fone@127.0.0.1:{redis.port}")) as cache:
        assert cache.newest() is None
        assert "AuthenticationError" in cache.state()
        assert not any(secret in caplog.text + cache.state() for secret in ("wr0ng%2Fone", "wr0ng/one"))


@pytest.mark.parametrize(
    "url",
    [
        "hunter2",
        "http://:hunter2@127.0.0.1",
        "redis://[hunter2",
        "redis://:x@127.0.0.1:hunter2",
        "redis://127.0.0.1/?socket_timeout=hunter2",
        "redis://127.0.0.1/?hunter2=1",
    ],
)
def test_a_url_that_cannot_be_read_is_told_with_its_mend_and_not_shown(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with Cache(SecretStr(url)) as cache:
        assert cache.newest() is None
        assert "write it as redis://" in cache.state()
        assert "hunter2" not in caplog.text + cache.state() + repr(cache)
