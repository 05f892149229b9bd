"""On listings whose truth is known, the learner finds it and the gate lets it pass; noise and little teach nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.feedback.backtest import Verdict, judge
from pipeline.feedback.trials import learned
from pipeline.feedback.weights import COLUMNS, FACTORS, Learned, fit, learn
from pipeline.models import Weights
from pipeline.scoring.ranking import spearman

IN_FORCE = Weights(version=3, freshness=0.25, engagement=0.25, novelty=0.15, community_fit=0.15, seasonality=0.2)
HOUR = datetime(2026, 3, 1, tzinfo=UTC)
TRUTH = np.array([0.05, 0.10, 0.10, 0.60, 0.15])


def market(n: int, truth: np.ndarray, seed: int, strength: float = 4.0, noise: float = 0.3) -> pl.DataFrame:
    """Listings whose signals come at a rate that grows with the true score, with views as exposure and extra noise."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 1, (n, 5))
    views = rng.lognormal(5, 1, n).astype(int) + 1
    signals = rng.poisson(views * 0.01 * np.exp(strength * (x @ truth - 0.5) + noise * rng.standard_normal(n)))
    favorites = rng.binomial(signals, 0.7)
    carts = rng.binomial(signals - favorites, 0.6)
    return pl.DataFrame(
        {
            **{name: x[:, i] for i, name in enumerate(FACTORS)},
            "views": views,
            "favorites": favorites,
            "carts": carts,
            "sales": signals - favorites - carts,
            "listing_id": [f"l{i:05d}" for i in range(n)],
            "hour": [HOUR + timedelta(hours=int(hours)) for hours in rng.integers(0, 30 * 24, n)],
            "total": rng.integers(0, 1000, n).astype(float),
            "pace": rng.uniform(0, 10, n),
        }
    )


def night(outcomes: pl.DataFrame) -> tuple[Learned, Verdict]:
    """What the listings teach, and what the gate says to it on those that were held out."""
    taught = learn(outcomes, IN_FORCE, 200)
    assert taught.weights is not None, taught.reason
    return taught, judge(taught.held_out, learned(taught.weights), IN_FORCE)


def as_array(weights: Weights) -> np.ndarray:
    return np.array([getattr(weights, name) for name in FACTORS])


def test_the_truth_is_found_and_adopted() -> None:
    taught, verdict = night(market(2000, TRUTH, seed=1))
    assert verdict.decision == "adopted", verdict.reason
    assert taught.weights is not None
    assert np.abs(as_array(taught.weights) - TRUTH).max() < 0.08
    assert as_array(taught.weights).sum() == pytest.approx(1)


def test_whole_days_are_held_out_and_the_newest() -> None:
    frame = market(2000, TRUTH, seed=1)
    taught, _ = night(frame)
    judged_from = min(one.at for one in taught.held_out)
    assert (judged_from.hour, judged_from.minute) == (0, 0)
    judged = sum(one.items.height for one in taught.held_out)
    assert judged == frame.filter(pl.col("hour") >= judged_from).height == taught.report["held_out"]
    assert taught.report["trained_on"] == 2000 - judged
    assert 600 <= judged < 700, "three in ten, and the rest of the day that they begin in"


def test_noise_is_not_adopted() -> None:
    verdicts = [night(market(600, TRUTH, seed, strength=0))[1] for seed in range(10)]
    assert [verdict.decision for verdict in verdicts].count("adopted") == 0


def test_weights_that_are_right_already_are_kept() -> None:
    verdicts = [night(market(600, as_array(IN_FORCE), seed))[1] for seed in range(10)]
    assert [verdict.decision for verdict in verdicts].count("adopted") <= 1


def test_too_little_is_said_exactly() -> None:
    frame = market(40, TRUTH, seed=1).with_columns(
        pl.when(pl.int_range(pl.len()) < 28).then(0).otherwise("views").alias("views")
    )
    taught = learn(frame, IN_FORCE, 200)
    assert (taught.weights, taught.outcomes) == (None, 12)
    assert taught.reason == "not enough data: 12 of 200 listings with views"


def test_no_rows_at_all_are_too_little() -> None:
    assert learn(market(40, TRUTH, seed=1).clear(), IN_FORCE, 1).reason.startswith("not enough data: 0 of 1 ")


def test_views_without_a_favourite_cart_or_sale_teach_nothing() -> None:
    silent = market(300, TRUTH, seed=1).with_columns(pl.lit(0).alias(name) for name in ("favorites", "carts", "sales"))
    taught = learn(silent, IN_FORCE, 200)
    assert taught.weights is None
    assert "no favourite, cart or sale" in taught.reason


def test_factors_that_only_do_harm_get_no_weights() -> None:
    assert night(market(600, TRUTH, seed=1, strength=-6))[1].decision == "refused"


def test_the_same_outcomes_in_any_order_give_the_same_answer() -> None:
    frame = market(400, TRUTH, seed=5)
    (one, judged), (other, again) = night(frame), night(frame.reverse())
    assert (one.weights, one.report, judged) == (other.weights, other.report, again)


def test_exposure_is_not_mistaken_for_merit() -> None:
    """A factor that only brings views, and no more signals for each of them, earns no weight."""
    rng = np.random.default_rng(2)
    frame = market(2000, TRUTH, seed=2)
    views = (np.exp(6 * frame["freshness"].to_numpy()) * 20).astype(int) + 1
    rate = 0.02 * np.exp(4 * frame["community_fit"].to_numpy() - 2)
    frame = frame.with_columns(
        views=pl.Series(views), favorites=pl.Series(rng.poisson(views * rate)), carts=pl.lit(0), sales=pl.lit(0)
    )
    taught = learn(frame, IN_FORCE, 200)
    assert taught.weights is not None
    assert taught.weights.freshness < 0.08
    assert taught.weights.community_fit > 0.75


def test_little_data_stays_near_the_direction_it_is_drawn_to() -> None:
    direction = as_array(IN_FORCE)
    few, many = (market(n, TRUTH, seed=4) for n in (30, 3000))

    def distance(frame: pl.DataFrame) -> float:
        x, views = frame.select(FACTORS).to_numpy(), frame["views"].to_numpy().astype(float)
        beta, _ = fit(x, frame["favorites"].to_numpy().astype(float), views, direction)
        return float(np.abs(beta / beta.sum() - TRUTH).sum())

    assert distance(many) < distance(few)


@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column_is_named(column: str) -> None:
    with pytest.raises(ValueError, match=f"missing: {column}"):
        learn(market(10, TRUTH, seed=1).drop(column), IN_FORCE, 5)


@pytest.mark.parametrize(
    ("column", "value"), [("freshness", 1.5), ("novelty", float("nan")), ("views", -1), ("sales", None), ("carts", "x")]
)
def test_a_value_out_of_range_is_named(column: str, value: object) -> None:
    frame = market(10, TRUTH, seed=1).with_columns(pl.lit(value).alias(column))
    with pytest.raises(ValueError, match=rf"outcomes\.{column}"):
        learn(frame, IN_FORCE, 5)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=2, max_size=30))
def test_the_rank_correlation_is_that_of_its_definition(pairs: list[tuple[int, int]]) -> None:
    a, b = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))

    def ranks(values: np.ndarray) -> np.ndarray:
        return np.array([(values < v).sum() + ((values == v).sum() + 1) / 2 for v in values])

    if a.std() == 0 or b.std() == 0:
        assert spearman(a, b) == 0
    else:
        assert spearman(a, b) == pytest.approx(np.corrcoef(ranks(a), ranks(b))[0, 1])
