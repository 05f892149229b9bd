"""Hot topics in the record: what they are ranked from, and one ranking for each hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from pipeline.models import Counters, Signal, hour_of
from pipeline.scoring.hot_topics import HotTopic, hot_topics
from pipeline.signals import kin
from resources.bloom import TextFilter
from resources.embedders import embedder
from resources.store import Store

HOUR = datetime(2026, 11, 20, 14, tzinfo=UTC)
END = HOUR + timedelta(hours=1)
WORDS = "Escaped emu leads police on a chase through downtown Springfield"


def heard(content: str, at: datetime, source: str = "reddit_posts", likes: int = 5, **fields: object) -> Signal:
    values = {"source": source, "external_id": f"{source} {content}", "content": content, "captured_at": at}
    return Signal.model_validate({**values, "counters": Counters(likes=likes), **fields})


@pytest.fixture
def recorded(store: Store, tmp_path: Path) -> Store:
    """Two topics, each seen in more than one hour; one is heard at two sources, from three days ago on."""
    for at in (HOUR - timedelta(days=3), HOUR - timedelta(hours=47), HOUR, END):
        minute = at + timedelta(minutes=10)
        other = [heard(WORDS.upper(), minute, "youtube_videos", author="a" * 32)] if at == HOUR else []
        dated = heard("National emu day", minute, "calendar_events", metadata={"kind": "occasion"})
        record(store, tmp_path, [heard(WORDS, minute, likes=minute.hour), dated, *other])
    record(store, tmp_path, [heard("Gone long ago", HOUR - timedelta(hours=47, minutes=1))])
    return store


def record(store: Store, folder: Path, signals: Sequence[Signal]) -> None:
    texts = TextFilter(folder)
    with store.transaction() as tx:
        tx.topics.hold()
        texts.catch_up(tx.topics)
        tx.signals.record([(signal, "uri") for signal in signals], hour_of(signals[0].captured_at))
        tx.topics.settle(tx.signals.written, texts, partial(kin.settle, embed=embedder("wordllama").embed))


def topic(rank: int, title: str, **changes: object) -> HotTopic:
    values = {"rank": rank, "topic_id": UUID(int=rank), "title": title, "sources": ("posts",), "signals": 1}
    values |= {"authors": 0, "first_seen": HOUR, "last_seen": HOUR, "velocity": 1.5, "evidence": {}}
    return HotTopic.model_validate(values | changes)


def test_undated_signals_of_the_48_hours_are_observed_once_as_last_seen(recorded: Store) -> None:
    with recorded.transaction() as tx:
        seen = tx.hot_topics.observed(HOUR)
    assert sorted(seen["source"]) == ["reddit_posts", "youtube_videos"]
    assert seen["topic_id"].n_unique() == 1
    assert seen["title"].unique().to_list() == [WORDS]
    assert seen["began_at"].unique().to_list() == [HOUR - timedelta(days=3) + timedelta(minutes=10)]
    (post,) = seen.filter(source="reddit_posts").to_dicts()
    assert (post["captured_at"], post["likes"]) == (HOUR + timedelta(minutes=10), HOUR.hour)
    with recorded.transaction() as tx:
        topics = hot_topics(seen, tx.signals.history(HOUR), END)
    assert [(one.title, sorted(one.sources), one.authors) for one in topics] == [
        (WORDS, ["reddit_posts", "youtube_videos"], 1)
    ]


def test_a_topic_whose_first_signal_was_erased_begins_with_what_is_left(recorded: Store) -> None:
    with recorded.connection() as connection:
        connection.execute("DELETE FROM signals WHERE source = 'reddit_posts'")
    with recorded.transaction() as tx:
        (left,) = tx.hot_topics.observed(HOUR).to_dicts()
    assert (left["title"], left["began_at"]) == (WORDS.upper(), HOUR + timedelta(minutes=10))


def test_a_ranking_is_had_again_as_it_was(recorded: Store) -> None:
    with recorded.transaction() as tx:
        topics = hot_topics(tx.hot_topics.observed(HOUR), tx.signals.history(HOUR), END)
        assert topics
        tx.hot_topics.record(HOUR, topics)
    with recorded.transaction() as tx:
        newest = tx.hot_topics.newest()
    assert newest is not None
    assert (newest.hour, list(newest.topics)) == (HOUR, topics)


def test_the_hours_ranking_takes_the_place_of_the_one_before(store: Store) -> None:
    for titles in ("abc", "xy", "xy"):
        with store.transaction() as tx:
            tx.hot_topics.record(HOUR, [topic(rank, title) for rank, title in enumerate(titles, 1)])
    with store.transaction() as tx:
        assert tx.hot_topics.count(HOUR) == 2
        newest = tx.hot_topics.newest()
        assert newest is not None
        assert [one.title for one in newest.topics] == ["x", "y"]
        tx.hot_topics.record(HOUR, [])
        assert tx.hot_topics.newest() is None


def test_the_newest_hour_is_shown_whichever_was_ranked_last(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.hot_topics.newest() is None
        tx.hot_topics.record(HOUR, [topic(1, "now", velocity=None), topic(2, "also now")])
        tx.hot_topics.record(HOUR - timedelta(hours=5), [topic(1, "then")])
        newest = tx.hot_topics.newest(limit=1)
    assert newest is not None
    assert newest.hour == HOUR
    assert [(one.title, one.velocity) for one in newest.topics] == [("now", None)]


def test_two_at_once_leave_one_ranking(store: Store) -> None:
    """Both write the same hour: the second waits for the first, and neither fails."""
    from threading import Thread

    def write(title: str, count: int) -> None:
        with store.transaction() as tx:
            tx.hot_topics.record(HOUR, [topic(rank, title) for rank in range(1, count + 1)])

    threads = [Thread(target=write, args=(title, count)) for title, count in (("a", 50), ("b", 30)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.transaction() as tx:
        newest = tx.hot_topics.newest()
    assert newest is not None
    assert len({one.title for one in newest.topics}) == 1
    assert len(newest.topics) in (30, 50)
