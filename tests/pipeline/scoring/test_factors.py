"""The five factors: always 0 … 1, moving the right way, and neutral where nothing was measured."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models import Factors, Weights
from pipeline.scoring import factors
from pipeline.scoring.score import NAMES, score, weighted

HOURS = st.floats(-20_000, 20_000)
HALF_LIFE = st.floats(0.5, 5_000)
LOG = st.floats(-20, 20)
COSINE = st.floats(-1, 1)
MAYBE = st.one_of(st.just(float("nan")), st.floats(0, 1))


def in_range(values: object) -> bool:
    array = np.asarray(values, np.float64)
    return bool(((array >= 0) & (array <= 1)).all())


@given(HOURS, HALF_LIFE)
def test_freshness_is_half_at_one_half_life_and_never_rises_away_from_the_peak(hours: float, half_life: float) -> None:
    assert in_range(factors.freshness([hours], [half_life]))
    assert factors.freshness(hours, half_life) >= factors.freshness(hours * 1.5, half_life)
    assert factors.freshness(half_life, half_life) == pytest.approx(0.5)
    assert factors.freshness(-half_life, half_life) == pytest.approx(0.5)


def test_freshness_at_the_peak_is_sigmoid_of_the_steepness() -> None:
    assert float(factors.freshness(0, 12)) == pytest.approx(1 / (1 + np.exp(-3)))


@given(LOG, LOG, st.floats(0, 5), st.floats(0.001, 1000))
def test_robust_z_ignores_the_unit_of_the_counters(x: float, median: float, mad: float, factor: float) -> None:
    scaled = factors.robust_z(x + np.log(factor), median + np.log(factor), mad)
    np.testing.assert_allclose(scaled, factors.robust_z(x, median, mad), rtol=1e-9, atol=1e-9)


@given(LOG, st.floats(0, 100), LOG, st.floats(0, 5))
def test_more_interactions_never_lower_engagement(x: float, more: float, median: float, mad: float) -> None:
    slow, fast = (factors.engagement(factors.robust_z(pace, median, mad)) for pace in (x, x + more))
    assert in_range([slow, fast])
    assert fast >= slow


def test_engagement_tells_apart_what_is_far_out() -> None:
    """A sigmoid of z alone would put everything at the top of a heavy-tailed chart within a hundredth."""
    steps = np.diff(factors.engagement(np.arange(9.0)))
    assert (steps > 0.01).all()


def test_the_usual_pace_and_the_unknown_pace_are_neutral() -> None:
    assert float(factors.engagement(factors.robust_z(7, 7, 2))) == factors.NEUTRAL
    np.testing.assert_array_equal(factors.engagement(np.array([np.nan])), [factors.NEUTRAL])


def test_a_source_that_stands_still_does_not_divide_by_zero() -> None:
    assert np.isfinite(factors.robust_z(0.5, 0, 0))


@given(COSINE, COSINE, COSINE)
def test_novelty_falls_as_the_idea_nears_the_centroid_or_an_earlier_idea(a: float, b: float, other: float) -> None:
    near, far = max(a, b), min(a, b)
    assert in_range(factors.novelty([near, far], other))
    assert factors.novelty(near, other) <= factors.novelty(far, other)
    assert factors.novelty(other, near) <= factors.novelty(other, far) <= factors.novelty(other, np.nan)


def test_the_first_idea_of_a_category_is_wholly_new() -> None:
    np.testing.assert_array_equal(factors.novelty([np.nan, 1.0, np.nan], [np.nan, 1.0, 1.0]), [1, 0, 0.5])


@given(MAYBE, MAYBE)
def test_community_fit_is_the_mean_of_what_is_known(affinity: float, cohesion: float) -> None:
    known = [value for value in (affinity, cohesion) if not np.isnan(value)]
    expected = np.mean(known) if known else factors.NEUTRAL
    assert float(factors.community_fit([affinity], [cohesion])[0]) == pytest.approx(expected)


@given(st.floats(-400, 400), st.floats(0, 1), st.floats(0, 1))
def test_seasonality_is_what_is_left_of_the_season_in_its_window_and_less_before(
    days: float, p_live: float, left: float
) -> None:
    value = float(factors.seasonality(days, p_live, left))
    assert in_range(value)
    assert value == 0 if p_live < 0.5 else value <= p_live * left
    if p_live >= 0.5 and days <= 7:
        assert value == pytest.approx(p_live * left)
    assert factors.seasonality(days + 1, p_live, left) <= value


def test_seasonality_falls_to_a_third_in_four_weeks_before_its_window_and_undated_is_neutral() -> None:
    found = factors.seasonality([7, 7.1, 35, np.nan], [1, 1, 1, np.nan], [1, 1, 1, np.nan])
    np.testing.assert_allclose(found, [1, np.exp(-0.1 / 28), np.exp(-1), 0.5])


def test_empty_batches_stay_empty() -> None:
    nothing = np.zeros(0)
    for result in (
        factors.freshness(nothing, nothing), factors.engagement(nothing), factors.novelty(nothing, nothing),
        factors.community_fit(nothing, nothing), factors.seasonality(nothing, nothing, nothing),
    ):  # fmt: skip
        assert result.shape == (0,)


SHARES = st.lists(st.floats(0.01, 1), min_size=5, max_size=5)


@given(SHARES, st.lists(st.floats(0, 1), min_size=5, max_size=5))
def test_the_score_is_between_the_lowest_and_the_highest_factor(shares: list[float], values: list[float]) -> None:
    total = sum(shares)
    weights = Weights(version=1, **{name: share / total for name, share in zip(NAMES, shares, strict=True)})
    found = score(Factors(**dict(zip(NAMES, values, strict=True))), weights)
    assert min(values) - 1e-9 <= found <= max(values) + 1e-9


def test_the_score_weighs_each_factor_by_its_own_weight() -> None:
    weights = Weights(version=1, freshness=1, engagement=0, novelty=0, community_fit=0, seasonality=0)
    np.testing.assert_array_equal(weighted(np.array([[0.3, 1, 1, 1, 1], [0.9, 0, 0, 0, 0]]), weights), [0.3, 0.9])
