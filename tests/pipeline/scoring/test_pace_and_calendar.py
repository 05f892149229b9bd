"""Velocities from observations, each source's usual pace, and what a date means to a seller."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from pipeline.scoring import calendar, pace

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SCHEMA: dict[str, Any] = {
    "signal_id": pl.String, "source": pl.String, "published_at": pace.UTC_TIME, "captured_at": pace.UTC_TIME,
    "likes": pl.Int64, "comments": pl.Int64, "views": pl.Int64,
}  # fmt: skip


def seen(*rows: tuple[str, float | None, float, int | None], source: str = "reddit_posts") -> pl.DataFrame:
    """Rows of (id, hours since publication, hours since capture, likes)."""
    return pl.DataFrame(
        [
            {
                "signal_id": name, "source": source, "likes": likes, "comments": None, "views": None,
                "published_at": None if born is None else NOW - timedelta(hours=born),
                "captured_at": NOW - timedelta(hours=ago),
            }
            for name, born, ago, likes in rows
        ],
        schema=SCHEMA,
    )  # fmt: skip


def one(frame: pl.DataFrame, now: datetime = NOW) -> dict[str, object]:
    return pace.paces(pace.observations(frame, seen(), now)).row(0, named=True)


def test_one_observation_is_measured_over_the_life_so_far() -> None:
    row = one(seen(("a", 5, 0, 600)))
    assert row["pace"] == pytest.approx(2)
    assert row["pace_hours"] == pytest.approx(5)
    assert row["peak_at"] == NOW - timedelta(hours=5)


def test_successive_observations_are_measured_between_them_and_remember_their_peak() -> None:
    row = one(seen(("a", 10, 5, 60), ("a", 10, 3, 6060), ("a", 10, 0, 6240)))
    assert row["pace"] == pytest.approx(180 / 180)
    assert row["peak_at"] == NOW - timedelta(hours=3)
    assert row["total"] == 6240


def test_a_counter_corrected_downwards_is_no_negative_pace() -> None:
    assert one(seen(("a", 10, 2, 100), ("a", 10, 0, 90)))["pace"] == 0


def test_without_counters_or_birth_there_is_no_pace() -> None:
    assert one(seen(("a", 5, 0, None)))["pace"] is None
    assert one(seen(("a", None, 0, 50)))["pace"] is None
    assert one(seen(("a", None, 0, 50)))["peak_at"] == NOW


def test_the_first_minutes_do_not_make_a_record() -> None:
    assert one(seen(("a", 1 / 60, 0, 10)))["pace"] == pytest.approx(10 / pace.MIN_MINUTES)


def test_nothing_after_the_moment_and_nothing_older_than_a_week_is_looked_at() -> None:
    frame = seen(("a", 300, -1, 10**6), ("a", 300, 200, 10**6), ("b", 2, 1, 60))
    found = pace.paces(pace.observations(frame, seen(), NOW))
    assert found["signal_id"].to_list() == ["b"]


def test_a_source_has_a_usual_pace_from_five_signals_on() -> None:
    rows = [(str(n), 1.0, 0.0, n * 60) for n in range(1, 6)]
    few = pace.baselines(pace.paces(pace.observations(seen(*rows[:4]), seen(), NOW)))
    enough = pace.baselines(pace.paces(pace.observations(seen(*rows), seen(), NOW)))
    assert few.is_empty()
    assert enough.row(0, named=True) == {"source": "reddit_posts", "median": 3.0, "mad": 1.0, "n": 5}


def test_the_same_observation_in_both_frames_counts_once() -> None:
    frame = seen(("a", 5, 0, 600))
    assert len(pace.observations(frame, frame, NOW)) == 1


def test_no_signals_give_no_rows() -> None:
    empty = pace.paces(pace.observations(seen(), seen(), NOW))
    assert empty.is_empty()
    assert pace.baselines(empty).is_empty()


def test_half_lives_are_read_from_their_table() -> None:
    assert calendar.half_life("mastodon_trends") < calendar.half_life("reddit_posts")
    assert calendar.half_life("never_heard_of") == calendar.half_lives()["*"]
    before, after = calendar.dated_half_life([-1, 1])
    assert before > after
