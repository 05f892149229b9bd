"""What counts as a spike: far faster than usual at its source, where the usual is known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.scoring import pace
from pipeline.scoring.spikes import MAX_PER_SOURCE, MIN_BASELINE, MIN_Z, spikes

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
SCHEMA: dict[str, Any] = {
    "signal_id": pl.String, "source": pl.String, "published_at": pace.UTC_TIME, "captured_at": pace.UTC_TIME,
    "likes": pl.Int64, "comments": pl.Int64, "views": pl.Int64, "dislikes": pl.Int64,
}  # fmt: skip


def seen(likes: Mapping[str, int | None], source: str = "posts", hours_ago: float = 0.5) -> pl.DataFrame:
    """Signals published an hour before they were seen: so many interactions in sixty minutes."""
    at = NOW - timedelta(hours=hours_ago)
    rows = [(name, source, at - timedelta(hours=1), at, count, None, None, None) for name, count in likes.items()]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def usual(count: int, source: str = "posts") -> pl.DataFrame:
    """Signals of the days before, of 60 to 180 interactions an hour."""
    return seen({f"{source}-{n}": 60 + 120 * n // count for n in range(count)}, source, hours_ago=30)


def found(now: pl.DataFrame, history: pl.DataFrame) -> list[str]:
    """The ids of what spikes."""
    return [one.signal_id for one in spikes(now, history, NOW)]


def test_what_is_far_faster_than_usual_spikes() -> None:
    (one,) = spikes(seen({"calm": 120, "viral": 6000}), usual(100), NOW)
    assert (one.signal_id, one.source, one.pace) == ("viral", "posts", 100.0)
    assert one.median == pytest.approx(2.0, abs=0.05)
    assert one.baseline == 102
    assert one.z > MIN_Z


def test_without_enough_history_nothing_does() -> None:
    assert found(seen({"viral": 6000}), usual(MIN_BASELINE - 2)) == []
    assert found(seen({"viral": 6000}), usual(MIN_BASELINE - 1)) == ["viral"]


def test_another_sources_usual_says_nothing() -> None:
    history = pl.concat([usual(100), usual(10, "slow")])
    assert found(seen({"viral": 6000}, "slow"), history) == []


def test_what_has_no_counters_never_spikes() -> None:
    assert found(seen({"uncounted": None}), usual(100)) == []


def test_what_spiked_before_and_is_not_seen_now_is_past() -> None:
    history = pl.concat([usual(100), seen({"past": 6000}, hours_ago=5)])
    assert found(seen({"calm": 120}), history) == []


def test_the_fastest_of_each_source_come_first_and_only_so_many() -> None:
    many = {f"viral-{n}": 6000 + n for n in range(9)}
    now = pl.concat([seen(many), seen({"other": 9000}, "videos")])
    history = pl.concat([usual(200), usual(100, "videos")])
    assert found(now, history) == [f"viral-{n}" for n in range(8, 8 - MAX_PER_SOURCE, -1)] + ["other"]


def test_an_empty_hour_has_none() -> None:
    assert found(seen({}), pl.DataFrame(schema=SCHEMA)) == []


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=30), st.integers(0, 200))
def test_every_spike_is_one_of_the_hour_and_far_out(likes: list[int], history: int) -> None:
    now = seen({f"s{n}": count for n, count in enumerate(likes)})
    for one in spikes(now, usual(history) if history else pl.DataFrame(schema=SCHEMA), NOW):
        assert one.signal_id in now["signal_id"].to_list()
        assert one.z >= MIN_Z
        assert one.pace > one.median
        assert one.baseline >= MIN_BASELINE
        assert np.isfinite(one.z)
