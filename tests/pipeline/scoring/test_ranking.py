"""Measures of a ranking: against scikit-learn's, and where they must not be fooled."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, ndcg_score

from pipeline.scoring import ranking

GAINS = st.lists(st.floats(0, 1e6), min_size=2, max_size=60)


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@given(GAINS, st.randoms(use_true_random=False), st.integers(1, 80))
def test_the_measures_are_those_of_the_library(gains: list[float], random: object, k: int) -> None:
    score = np.random.default_rng(len(gains)).permutation(len(gains)).astype(float)
    if max(gains) > 0:
        assert ranking.ndcg(score, gains, k, rng()) == pytest.approx(ndcg_score([gains], [score], k=k), abs=1e-9)
    relevant = np.array(gains) > np.median(gains)
    if relevant.any():
        assert ranking.average_precision(score, relevant, rng()) == pytest.approx(
            average_precision_score(relevant, score), abs=1e-9
        )


@given(GAINS)
def test_the_order_of_the_gains_themselves_is_the_best_there_is(gains: list[float]) -> None:
    if max(gains) > 0:
        assert ranking.ndcg(gains, gains, 10, rng()) == pytest.approx(1)
    if len(set(gains)) == len(gains):
        assert ranking.precision(gains, gains, 10, rng()) == 1


def test_a_score_that_tells_nothing_earns_what_chance_earns() -> None:
    gains = [1.0] * 5 + [0.0] * 95
    seen = [ranking.precision(np.zeros(100), gains, 5, np.random.default_rng(seed)) for seed in range(400)]
    assert 0.02 < np.mean(seen) < 0.09


def test_nothing_gained_and_nothing_relevant_is_zero_and_an_unknown_score_is_refused() -> None:
    assert ranking.ndcg([1, 2], [0, 0], 5, rng()) == 0
    assert ranking.average_precision([1, 2], [False, False], rng()) == 0
    assert ranking.precision([], [], 5, rng()) == 0
    with pytest.raises(ValueError, match="NaN"):
        ranking.ndcg([np.nan, 1], [1, 1], 1, rng())
