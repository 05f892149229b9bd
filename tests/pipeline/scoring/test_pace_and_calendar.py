"""Velocities from observations, each source's usual pace, and what a date means to a seller."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from pipeline.scoring import calendar, pace

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SCHEMA: dict[str, Any] = {
    "signal_id": pl.String, "source": pl.String, "published_at": pace.UTC_TIME, "captured_at": pace.UTC_TIME,
    "likes": pl.Int64, "comments": pl.Int64, "views": pl.Int64, "dislikes": pl.Int64,
}  # fmt: skip


def seen(*rows: tuple[str, float | None, float, int | None], source: str = "reddit_posts") -> pl.DataFrame:
    """Rows of (id, hours since publication, hours since capture, likes)."""
    return pl.DataFrame(
        [
            {
                "signal_id": name, "source": source, "likes": likes, "comments": None, "views": None,
                "dislikes": None,
                "published_at": None if born is None else NOW - timedelta(hours=born),
                "captured_at": NOW - timedelta(hours=ago),
            }
            for name, born, ago, likes in rows
        ],
        schema=SCHEMA,
    )  # fmt: skip


def one(frame: pl.DataFrame, now: datetime = NOW) -> dict[str, Any]:
    return pace.paces(pace.observations(frame, seen(), now)).row(0, named=True)


def test_one_observation_is_measured_over_the_life_so_far() -> None:
    row = one(seen(("a", 5, 0, 600)))
    assert row["pace"] == pytest.approx(2)
    assert row["pace_hours"] == pytest.approx(5)


def test_successive_observations_are_measured_between_them_and_remember_their_peak() -> None:
    row = one(seen(("a", 10, 5, 60), ("a", 10, 3, 6060), ("a", 10, 0, 6240)))
    assert row["pace"] == pytest.approx(180 / 180)
    assert row["peak_at"] == NOW - timedelta(hours=3)
    assert row["total"] == 6240


def test_recent_is_a_fifth_of_the_half_life_and_not_the_last_interval_alone() -> None:
    """Reddit's half-life is 12 hours: the latest observation that is 2.4 hours before the last one begins it."""
    hourly = [("a", 10.0, float(ago), 600 - 60 * ago) for ago in range(9)]
    row = one(seen(*hourly[1:], ("a", 10, 0, 1140)))
    assert row["pace_hours"] == pytest.approx(3)
    assert row["pace"] == pytest.approx((1140 - 420) / 180)
    assert row["observations"] == 9


def test_recent_is_at_most_the_later_half_of_a_young_life() -> None:
    row = one(seen(*(("a", 1.0, minutes / 60, 60 - minutes) for minutes in range(0, 60, 10))))
    assert row["pace_hours"] == pytest.approx(0.5)


def test_two_sightings_of_the_same_minute_are_no_pace() -> None:
    """A webhook and the hour's run: counters that were not updated in between do not make a thing stand still."""
    row = one(seen(("a", 5, 1 / 60, 600), ("a", 5, 0, 600)))
    assert row["pace"] == pytest.approx(2)
    assert row["burst"] is None
    assert row["peak_at"] == NOW - timedelta(minutes=1)


def test_burst_is_positive_where_the_recent_pace_beats_the_earlier_one() -> None:
    rising = one(seen(("a", 24, 6, 100), ("a", 24, 3, 200), ("a", 24, 0, 900)))
    falling = one(seen(("a", 24, 6, 100), ("a", 24, 3, 800), ("a", 24, 0, 900)))
    assert rising["burst"] == pytest.approx(math.log(7), abs=0.05)
    assert falling["burst"] == pytest.approx(-math.log(7), abs=0.05)


def test_few_interactions_are_drawn_to_the_earlier_pace() -> None:
    """None in an hour where one is usual says little; none where a thousand are usual says much."""
    few, many = (one(seen(("a", 9, 6, n), ("a", 9, 3, 4 * n), ("a", 9, 0, 4 * n))) for n in (1, 1000))
    assert -1.5 < few["burst"] < 0
    assert many["burst"] < -5


def test_a_thing_that_has_not_slowed_to_a_quarter_is_at_its_peak() -> None:
    steady = one(seen(("a", 10, 5, 500), ("a", 10, 3, 700), ("a", 10, 0, 1000)))
    slowed = one(seen(("a", 10, 5, 500), ("a", 10, 3, 700), ("a", 10, 0, 760)))
    assert steady["peak_at"] == NOW
    assert slowed["peak_at"] == NOW - timedelta(hours=3)


def test_what_was_seen_once_on_a_list_is_at_its_peak_then_whatever_its_age() -> None:
    once = one(seen(("a", 200, 0, 6000)))
    assert (once["entered"], once["peak_at"]) == (False, NOW)


def test_what_slowed_after_the_first_look_had_its_peak_at_publication_or_as_it_entered_a_watched_list() -> None:
    watched = seen(("other", 300, 48, 10))
    slowed = seen(("a", 200, 2, 6000), ("a", 200, 0, 6001))
    rows = [pace.paces(pace.observations(slowed, history, NOW)) for history in (watched, seen())]
    entered, unknown = (rows.filter(pl.col("signal_id") == "a").row(0, named=True) for rows in rows)
    assert entered["peak_at"] == NOW - timedelta(hours=2)
    assert unknown["peak_at"] == NOW - timedelta(hours=200)


def test_what_is_seen_later_in_its_week_is_dated_by_its_one_sighting_and_not_by_now() -> None:
    assert one(seen(("a", 90, 50, 6000)))["peak_at"] == NOW - timedelta(hours=50)


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


def test_the_same_observation_in_both_frames_counts_once() -> None:
    frame = seen(("a", 5, 0, 600))
    assert len(pace.observations(frame, frame, NOW)) == 1


def test_no_signals_give_no_rows() -> None:
    empty = pace.paces(pace.observations(seen(), seen(), NOW))
    assert empty.is_empty()


def test_half_lives_are_read_from_their_table() -> None:
    assert calendar.half_life("mastodon_trends") < calendar.half_life("reddit_posts")
    assert calendar.half_life("never_heard_of") == calendar.half_lives()["*"]
    before, after = calendar.dated_half_life([-1, 1])
    assert before > after
