"""How good a ranking is: the measures that evaluations and the back-test share.

What belongs here: measures of one ranked list against what came of it. Ties of the score are broken at random, by the
generator that is handed in: an order that a score does not give must not earn anything.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def order(score: ArrayLike, rng: np.random.Generator) -> NDArray[np.intp]:
    """Indices from the highest score to the lowest, equals at random. Raises ValueError for a score that is NaN."""
    values = np.asarray(score, np.float64)
    if np.isnan(values).any():
        raise ValueError("score: NaN can't be ranked: give what is unknown a place of its own")
    return np.lexsort((rng.random(len(values)), -values))


def ndcg(score: ArrayLike, gain: ArrayLike, k: int, rng: np.random.Generator) -> float:
    """Normalised discounted cumulative gain at k, with linear gain (Järvelin and Kekäläinen, 2002); 0 without gain.

    Args:
        score: Shape (n,), higher is better.
        gain: Shape (n,), not negative: what came of each.
        k: How many of the top count.
        rng: Breaks ties.
    """
    gains = np.asarray(gain, np.float64)
    discount = 1 / np.log2(np.arange(2, min(k, len(gains)) + 2))
    best = float(np.sort(gains)[::-1][:k] @ discount)
    return float(gains[order(score, rng)[:k]] @ discount) / best if best > 0 else 0.0


def precision(score: ArrayLike, gain: ArrayLike, k: int, rng: np.random.Generator) -> float:
    """The share of the k highest scores that are among the k highest gains; 0 for an empty list."""
    gains = np.asarray(gain, np.float64)
    k = min(k, len(gains))
    wanted = set(np.argsort(-gains, kind="stable")[:k].tolist())
    return len(wanted & set(order(score, rng)[:k].tolist())) / k if k else 0.0


def average_precision(score: ArrayLike, relevant: ArrayLike, rng: np.random.Generator) -> float:
    """The mean of the precision at every relevant one; 0 where none is relevant."""
    hits = np.asarray(relevant, bool)[order(score, rng)]
    at = np.flatnonzero(hits)
    return float(np.mean(np.arange(1, len(at) + 1) / (at + 1))) if len(at) else 0.0


def spearman(a: ArrayLike, b: ArrayLike) -> float:
    """Rank correlation of two samples, ties sharing their mean rank; 0 where one of them is constant."""
    ra, rb = (ranks - ranks.mean() for ranks in (_mean_ranks(a), _mean_ranks(b)))
    spread = float(np.sqrt((ra @ ra) * (rb @ rb)))
    return float(ra @ rb) / spread if spread > 0 else 0.0


def _mean_ranks(values: ArrayLike) -> Floats:
    _, inverse, count = np.unique(np.asarray(values, np.float64), return_inverse=True, return_counts=True)
    mean_rank: Floats = np.cumsum(count) - (count - 1) / 2
    return mean_rank[inverse]
