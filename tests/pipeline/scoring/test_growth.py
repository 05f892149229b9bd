"""What signals are expected to gather: by their paces, against their source, never by what came later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.scoring import calendar, growth, pace

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SCHEMA: dict[str, Any] = {
    "signal_id": pl.String, "source": pl.String, "published_at": pace.UTC_TIME, "captured_at": pace.UTC_TIME,
    "likes": pl.Int64, "comments": pl.Int64, "views": pl.Int64, "dislikes": pl.Int64,
}  # fmt: skip
SOURCES = sorted({*growth.forecasts(), "never_heard_of"})


def sighting(name: str, source: str, born: float | None, ago: float, views: int | None) -> dict[str, Any]:
    return {
        "signal_id": name, "source": source, "likes": None, "comments": None, "views": views, "dislikes": None,
        "published_at": None if born is None else NOW - timedelta(hours=born),
        "captured_at": NOW - timedelta(hours=ago),
    }  # fmt: skip


def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA)


def measured(rows: list[dict[str, Any]], later: list[dict[str, Any]] | None = None) -> pl.DataFrame:
    return growth.measures(frame(rows), frame(later or []), NOW).sort("signal_id")


def growing(name: str, pace_per_hour: float, source: str = "any", hours: int = 6) -> list[dict[str, Any]]:
    return [sighting(name, source, 24, ago, int(pace_per_hour * (24 - ago))) for ago in range(hours)]


@pytest.mark.parametrize("source", SOURCES)
def test_what_grows_faster_is_expected_to_go_on_faster(source: str) -> None:
    rows = [row for n in range(1, 9) for row in growing(f"s{n}", 600 * n, source)]
    found = measured(rows)
    assert found["expected"].is_sorted()
    assert found["expected"].n_unique() == len(found)
    assert found["z"].is_sorted()


@pytest.mark.parametrize("source", SOURCES)
def test_every_fitted_row_is_whole_and_names_its_span(source: str) -> None:
    one = growth.forecast(source)
    assert np.isfinite(one.coefficients).all()
    assert one.coefficients.shape == (len(growth.TERMS),)
    assert 0 < one.sd_more < 2
    assert 0 < one.sd_one < 2
    assert (one.fitted_until is None) == (one.source == growth.OTHER)


def test_an_unknown_source_carries_its_pace_on_by_the_law_of_age() -> None:
    (one,) = measured(growing("a", 600, "never_heard_of")).to_dicts()
    half = calendar.half_life("never_heard_of")
    ratio = growth.law(24, half, 24) * (1 + (24 - one["pace_hours"] / 2) / half)
    assert one["expected"] == pytest.approx(one["recent"] * ratio)
    assert one["expected"] < one["recent"], "it slows with age"


def test_the_law_is_the_mean_of_what_it_says() -> None:
    hours = np.linspace(0, 24, 20_001)
    mean = np.mean(1 / (1 + (10 + hours) / 48))
    assert growth.law(10, 48, 24) == pytest.approx(mean, rel=1e-4)


def test_hourly_and_daily_observations_of_one_growth_expect_alike() -> None:
    daily = [sighting("a", "youtube_videos", 96, ago, int(1e6 * np.log1p((96 - ago) / 48))) for ago in (48, 24, 0)]
    hourly = [sighting("a", "youtube_videos", 96, ago, int(1e6 * np.log1p((96 - ago) / 48))) for ago in range(49)]
    one, other = (measured(rows)["expected"][0] for rows in (daily, hourly))
    assert other == pytest.approx(one, rel=0.1)


def test_several_observations_and_many_interactions_make_it_surer() -> None:
    once = sighting("once", "any", 24, 0, 20_000)
    few = growing("few", 1)
    many = growing("many", 1000)
    sd = dict(measured([once, *few, *many]).select("signal_id", "log_sd").iter_rows())
    assert sd["many"] < sd["once"]
    assert sd["many"] < sd["few"]


def test_without_pace_nothing_is_expected() -> None:
    found = measured([sighting("a", "any", 5, 0, None), sighting("b", "any", None, 0, 50)])
    assert found.select("expected", "log_sd", "z", "z_sd").null_count().row(0) == (2, 2, 2, 2)


def test_a_source_has_a_usual_from_five_signals_on() -> None:
    rows = [sighting(f"s{n}", "any", 1, 0, 60 * n) for n in range(1, 6)]
    few, enough = measured(rows[:4]), measured(rows)
    assert few["median"].null_count() == 4
    assert few["expected"].null_count() == 0
    assert enough.select("usual", "usual_mad", "n").unique().row(0) == (3.0, 1.0, 5)
    assert enough["z"][2] == pytest.approx(0, abs=1e-9)
    assert enough["median"][0] == pytest.approx(float(np.log(enough["expected"][2])))


def test_no_signals_give_no_rows_but_every_column() -> None:
    found = measured([])
    assert found.is_empty()
    assert {"expected", "log_sd", "median", "mad", "n", "z", "z_sd", "burst", "pace", "peak_at"} <= set(found.columns)


SIGHTINGS = st.lists(
    st.builds(
        lambda name, born, ago, views, source: sighting(f"{source}-{name}", source, born, ago, views),
        st.integers(0, 6), st.none() | st.floats(0, 400), st.floats(0, 200), st.none() | st.integers(0, 10**9),
        st.sampled_from(SOURCES),
    ),
    max_size=30,
)  # fmt: skip
LATER = st.lists(
    st.builds(
        lambda name, hours, views, source: sighting(f"{source}-{name}", source, 5, -hours, views),
        st.integers(0, 9), st.floats(0.001, 500), st.integers(0, 10**9), st.sampled_from(SOURCES),
    ),
    min_size=1,
    max_size=10,
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(SIGHTINGS, LATER)
def test_a_past_hour_comes_out_as_it_would_have_then(rows: list[dict[str, Any]], later: list[dict[str, Any]]) -> None:
    assert measured(rows, later).equals(measured(rows))


@settings(max_examples=80, deadline=None)
@given(SIGHTINGS)
def test_whatever_was_seen_numbers_are_finite_and_peaks_are_past(rows: list[dict[str, Any]]) -> None:
    found = measured(rows)
    for name in ("pace", "recent", "earlier", "life", "burst", "expected", "log_sd", "z", "z_sd"):
        known = found[name].drop_nulls()
        assert known.is_finite().all(), name
    assert (found["expected"].drop_nulls() > 0).all()
    assert (found["peak_at"] <= NOW).all()
    assert found["expected"].is_null().equals(found["pace"].is_null())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 10**6), st.sampled_from(SOURCES))
def test_more_interactions_are_never_expected_to_bring_fewer(views: int, more: int, source: str) -> None:
    before = [sighting("a", source, 30, 20, 10), sighting("a", source, 30, 10, 20)]
    slow, fast = (measured([*before, sighting("a", source, 30, 0, n)])["expected"][0] for n in (views, views + more))
    assert fast >= slow


def test_the_more_are_against_it_the_less_a_post_is_expected_to_gather() -> None:
    post = sighting("a", "reddit_posts", 1, 0, None)
    few, usual, many, unknown = (
        measured([post | {"likes": 300, "dislikes": against}])["expected"][0] for against in (3, 33, 150, None)
    )
    assert few > usual > many
    assert unknown == pytest.approx(usual, rel=0.01), "what isn't told counts as usual"
