"""On a synthetic market whose truth is known, the learner finds it; on noise, and on little, it keeps what is."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.feedback.weights import COLUMNS, FACTORS, fit, learn
from pipeline.models import Weights
from pipeline.scoring.ranking import spearman

IN_FORCE = Weights(version=3, freshness=0.25, engagement=0.25, novelty=0.15, community_fit=0.15, seasonality=0.2)
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
            "hours_live": rng.uniform(1, 2000, n),
        }
    )


def as_array(weights: Weights) -> np.ndarray:
    return np.array([getattr(weights, name) for name in FACTORS])


def test_the_truth_is_found_and_proposed() -> None:
    proposal = learn(market(2000, TRUTH, seed=1), IN_FORCE, 200)
    assert proposal.decision == "proposed"
    assert proposal.weights.version == 4
    assert np.abs(as_array(proposal.weights) - TRUTH).max() < 0.08
    assert as_array(proposal.weights).sum() == pytest.approx(1)
    assert proposal.report["difference_lower"] > 0
    assert proposal.report["held_out"] == 600


def test_noise_is_not_learned_from() -> None:
    proposals = [learn(market(300, TRUTH, seed, strength=0), IN_FORCE, 200) for seed in range(10)]
    assert [p.decision for p in proposals].count("proposed") <= 1
    assert all(p.weights == IN_FORCE for p in proposals if p.decision == "kept")


def test_weights_that_are_right_already_are_kept() -> None:
    proposals = [learn(market(300, as_array(IN_FORCE), seed), IN_FORCE, 200) for seed in range(10)]
    assert [p.decision for p in proposals].count("proposed") <= 1


def test_too_little_is_said_exactly() -> None:
    frame = market(40, TRUTH, seed=1).with_columns(
        pl.when(pl.int_range(pl.len()) < 28).then(0).otherwise("views").alias("views")
    )
    proposal = learn(frame, IN_FORCE, 200)
    assert (proposal.decision, proposal.reason, proposal.outcomes) == ("kept", "not enough data: 12 of 200", 12)
    assert proposal.weights == IN_FORCE


def test_no_rows_at_all_are_too_little() -> None:
    assert learn(market(40, TRUTH, seed=1).clear(), IN_FORCE, 1).reason == "not enough data: 0 of 1"


def test_views_without_a_favourite_cart_or_sale_teach_nothing() -> None:
    silent = market(300, TRUTH, seed=1).with_columns(pl.lit(0).alias(name) for name in ("favorites", "carts", "sales"))
    assert "nothing to learn from" in learn(silent, IN_FORCE, 200).reason


def test_factors_that_only_do_harm_get_no_weights() -> None:
    harmful = market(400, TRUTH, seed=1, strength=-6)
    proposal = learn(harmful, IN_FORCE, 200)
    assert proposal.decision == "kept"
    assert "no better than chance" in proposal.reason or "no factor" in proposal.reason


def test_the_same_outcomes_give_the_same_answer() -> None:
    frame = market(400, TRUTH, seed=5)
    assert learn(frame, IN_FORCE, 200) == learn(frame, IN_FORCE, 200)


def test_exposure_is_not_mistaken_for_merit() -> None:
    """A factor that only brings views, and no more signals for each of them, earns no weight."""
    rng = np.random.default_rng(2)
    frame = market(2000, TRUTH, seed=2)
    views = (np.exp(6 * frame["freshness"].to_numpy()) * 20).astype(int) + 1
    rate = 0.02 * np.exp(4 * frame["community_fit"].to_numpy() - 2)
    frame = frame.with_columns(
        views=pl.Series(views), favorites=pl.Series(rng.poisson(views * rate)), carts=pl.lit(0), sales=pl.lit(0)
    )
    learned = learn(frame, IN_FORCE, 200)
    assert learned.decision == "proposed"
    assert learned.weights.freshness < 0.08
    assert learned.weights.community_fit > 0.75


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
