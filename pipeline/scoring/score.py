"""From five factors to one score."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.models import Factors, Weights

NAMES = ("freshness", "engagement", "novelty", "community_fit", "seasonality")


def weighted(factors: NDArray[np.float64], weights: Weights) -> NDArray[np.float64]:
    """S = w1·Freshness + w2·Engagement + w3·Novelty + w4·CommunityFit + w5·Seasonality.

    Args:
        factors: Shape (n, 5), columns in the order of NAMES, each 0 … 1.
        weights: The version in force.

    Returns:
        Shape (n,), 0 … 1.
    """
    return np.asarray(np.clip(factors @ np.array([getattr(weights, name) for name in NAMES]), 0, 1))


def score(factors: Factors, weights: Weights) -> float:
    """The score of one row of factors."""
    return float(weighted(np.array([[getattr(factors, name) for name in NAMES]]), weights)[0])
