"""Topics of signals: the same whatever the order of recording, across sources, and never by the filter's grace."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from pipeline.models import Signal
from pipeline.signals import kin
from resources.bloom import TextFilter
from resources.embedders import embedder
from resources.store import Store
from resources.store.topics import Settled

HOUR = datetime(2026, 11, 20, 14, tzinfo=UTC)
HEADLINE = "Escaped emu leads police on a chase through downtown Springfield"
NEAR = "Escaped emu leads police on chase through downtown Springfield [video]"
Topics = dict[str, tuple[str, float]]


def heard(content: str, minute: int = 5, source: str = "reddit_posts", **fields: object) -> Signal:
    at = HOUR + timedelta(minutes=minute)
    name = f"{source} {minute} {content}"[:300]
    return Signal.model_validate(
        {"source": source, "external_id": name, "content": content, "captured_at": at} | fields
    )


def record(store: Store, folder: Path, signals: Sequence[Signal]) -> Settled:
    """As raw_signals does it, hour by hour."""
    texts = TextFilter(folder)
    hour = signals[0].captured_at.replace(minute=0)
    with store.transaction() as tx:
        tx.topics.hold()
        texts.catch_up(tx.topics)
        tx.signals.record([(signal, "uri") for signal in signals], hour)
        settled = tx.topics.settle(tx.signals.written, texts, partial(kin.settle, embed=embedder("wordllama").embed))
        texts.catch_up(tx.topics)
    texts.save()
    return settled


def topics(store: Store) -> Topics:
    """Signal → the external id of its topic's first signal, and its likeness."""
    with store.connection() as connection:
        rows = connection.execute(
            "SELECT s.external_id, f.external_id, s.topic_likeness "
            "FROM signals s LEFT JOIN signals f ON f.id = s.topic_id"
        ).fetchall()
    return {name: (first, round(likeness, 4)) for name, first, likeness in rows}


def test_the_same_words_at_another_source_join_the_earlier_signal(store: Store, tmp_path: Path) -> None:
    first, again = heard(HEADLINE), heard(HEADLINE.upper() + "!", 9, "youtube_videos")
    assert record(store, tmp_path, [first]).exact_duplicates == 0
    settled = record(store, tmp_path, [again])
    assert (settled.exact_duplicates, settled.near_duplicates, settled.known) == (1, 0, 1)
    assert topics(store)[str(again.external_id)] == (first.external_id, 1.0)


def test_the_same_words_are_one_topic_however_long_ago(store: Store, tmp_path: Path) -> None:
    old = heard(HEADLINE, captured_at=HOUR - timedelta(days=200))
    record(store, tmp_path, [old])
    new = heard(HEADLINE, 9, "mastodon_trends")
    assert record(store, tmp_path, [new]).exact_duplicates == 1
    assert topics(store)[str(new.external_id)] == (old.external_id, 1.0)


def test_near_words_join_within_the_window_only(store: Store, tmp_path: Path) -> None:
    first, near = heard(HEADLINE), heard(NEAR, 20, "youtube_videos")
    late = heard(NEAR + " again", captured_at=HOUR + timedelta(hours=49))
    assert record(store, tmp_path, [near, first]).near_duplicates == 1
    topic, likeness = topics(store)[str(near.external_id)]
    assert topic == first.external_id
    assert kin.THRESHOLD <= likeness < 1
    record(store, tmp_path, [late])
    assert topics(store)[str(late.external_id)] == (late.external_id, 1.0)


def test_dated_signals_keep_a_topic_of_their_own(store: Store, tmp_path: Path) -> None:
    dated = [
        heard("Mother's Day", minute, "calendar_events", metadata={"kind": "occasion", "date": f"2027-0{minute}-10"})
        for minute in (3, 5)
    ]
    post = heard("Mother's Day", 7)
    settled = record(store, tmp_path, [*dated, post])
    assert (settled.exact_duplicates, settled.near_duplicates) == (0, 0)
    assert all(topic == (name, 1.0) for name, topic in topics(store).items())


def crowd() -> list[list[Signal]]:
    """Four hours of signals that are alike within and across the hours, the same words among them."""
    rng = random.Random(4)
    stories = (
        HEADLINE,
        "Astronomers find water vapor in the atmosphere of exoplanet Kepler",
        "Grandmother knits sweaters for four hundred rescued penguins in Tasmania",
    )
    tails = ("", " [video]", " (via Reuters)", "!", " - witnesses amazed", " | live updates")
    hours = [HOUR + timedelta(hours=h) for h in (0, 1, 30, 60)]
    return [
        [
            heard(rng.choice(stories) + rng.choice(tails), captured_at=hour + timedelta(minutes=m), source=source)
            .model_copy(update={"external_id": f"{h}/{m}/{source}"})
            for m in range(0, 60, 12)
            for source in ("reddit_posts", "youtube_videos")
        ]
        for h, hour in enumerate(hours)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "order", list(itertools.permutations(range(4)))[1::6], ids=lambda order: "".join(map(str, order))
)
def test_topics_do_not_depend_on_the_order_in_which_hours_are_recorded(
    store: Store, tmp_path: Path, order: tuple[int, ...]
) -> None:
    for hour in crowd():
        record(store, tmp_path / "a", hour)
    in_turn = topics(store)
    assert 3 <= len({topic for topic, _ in in_turn.values()}) < len(in_turn) / 2
    with store.connection() as connection:
        connection.execute("TRUNCATE signals, signal_observations CASCADE")
    for i in order:
        record(store, tmp_path / "b", crowd()[i])
    assert topics(store) == in_turn


def test_two_runs_at_once_end_with_the_same_topics(store: Store, tmp_path: Path) -> None:
    hours = crowd()
    threads = [threading.Thread(target=record, args=(store, tmp_path / str(i), hour)) for i, hour in enumerate(hours)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    at_once = topics(store)
    with store.connection() as connection:
        connection.execute("TRUNCATE signals, signal_observations CASCADE")
    for i, hour in enumerate(hours):
        record(store, tmp_path / f"in turn {i}", hour)
    assert at_once == topics(store)


def test_an_hour_recorded_again_changes_nothing(store: Store, tmp_path: Path) -> None:
    for hour in crowd():
        record(store, tmp_path, hour)
    before = topics(store)
    assert record(store, tmp_path, crowd()[1]) == Settled(0, 0, 0, 0, 0)
    assert topics(store) == before


def test_a_sighting_found_to_be_earlier_takes_the_lead(store: Store, tmp_path: Path) -> None:
    first, near = heard(HEADLINE, 20), heard(NEAR, 30)
    record(store, tmp_path, [first, near])
    earlier = near.model_copy(update={"captured_at": HOUR - timedelta(minutes=5)})
    record(store, tmp_path, [earlier])
    assert topics(store)[str(first.external_id)][0] == near.external_id
    assert topics(store)[str(near.external_id)] == (near.external_id, 1.0)


def test_words_that_changed_with_an_earlier_sighting_are_caught_up_with(store: Store, tmp_path: Path) -> None:
    signal = heard(HEADLINE, 20)
    record(store, tmp_path / "one", [signal])
    record(store, tmp_path / "other", [heard("Something else that nobody else has said", 21)])
    renamed = signal.model_copy(update={"content": "Quite another title", "captured_at": HOUR - timedelta(minutes=5)})
    record(store, tmp_path / "one", [renamed])
    assert record(store, tmp_path / "other", [heard("Quite another title", 40)]).exact_duplicates == 1


def test_a_filter_of_another_record_is_not_believed(store: Store, tmp_path: Path) -> None:
    record(store, tmp_path, [heard(HEADLINE)])
    with store.connection() as connection:
        connection.execute("TRUNCATE signals, signal_observations RESTART IDENTITY CASCADE")
    other = Path(tmp_path / "fresh")
    record(store, other, [heard("One"), heard("Two", 6)])
    texts = TextFilter(tmp_path)
    with store.transaction() as tx:
        texts.catch_up(tx.topics)
    assert "another record" in texts.rebuilt
    assert len(texts.ask({heard("One").text_hash, heard("Two").text_hash}).maybe) == 2
