"""The five factors as functions of arrays, each answering on 0 … 1.

What belongs here: the formulas, with their parameters named. What does not: where the inputs come from (`pace`,
`calendar`, `runway`), and how factors become a score (`score`). Formulas, ranges and reasons: docs/scoring.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.scoring.runway import LATE_BELOW

Floats = NDArray[np.float64]

NEUTRAL = 0.5
"""The factor of a thing that can't be measured: neither for nor against it."""

STEEPNESS = 3.0
"""decay(0): at its peak a signal's freshness is sigmoid(3) = 0.953, one half-life away 0.5, two away 0.047."""

MAD_TO_SIGMA = 0.6745
"""Third quartile of the standard normal: makes MAD comparable with a standard deviation (Iglewicz & Hoaglin 1993)."""

LEAST_SPREAD = 0.1
"""The MAD of logarithms is never taken to be under this: a tenth more or less than usual is usual everywhere."""

REACH = 2.0
"""Spreads above the usual that bring sigmoid(1): engagement still tells apart what is six or eight of them out."""

AFFINITY_OFFSET, AFFINITY_PER_COSINE, AFFINITY_PER_WORDS = -1.52, 11.17, 1.27
"""A logistic regression: is a title of this niche's communities or of another's? Fitted by
`python -m benchmarks.fit_communities`, with the default embedder."""

PLATEAU_DAYS = 7.0
SEASON_DAYS = 28.0
"""An event that is listed for now, or within a week, is in season; before, it falls to 1/e every four weeks."""


def sigmoid(x: ArrayLike) -> Floats:
    """1 / (1 + e^-x), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * np.asarray(x, np.float64))), np.float64)


def decay(hours_since_peak: ArrayLike, half_life: ArrayLike) -> Floats:
    """STEEPNESS · (1 − |hours| / half_life): falls in a straight line and crosses zero one half-life from the peak.

    Args:
        hours_since_peak: Hours, negative before the peak of a dated thing.
        half_life: Hours, > 0; that of the side of the peak on which the moment lies.
    """
    return STEEPNESS * (1 - np.abs(np.asarray(hours_since_peak, np.float64)) / np.asarray(half_life, np.float64))


def freshness(hours_since_peak: ArrayLike, half_life: ArrayLike) -> Floats:
    """sigmoid(decay(hours_since_peak)): highest at the peak, ½ one half-life from it."""
    return sigmoid(decay(hours_since_peak, half_life))


def robust_z(x: ArrayLike, median: ArrayLike, mad: ArrayLike) -> Floats:
    """0.6745 · (x − median) / MAD, MAD at least LEAST_SPREAD. NaN where an input is NaN.

    Of logarithms: a factor common to x and to what is usual leaves z as it is, so no counter's unit matters.
    """
    spread = np.maximum(np.asarray(mad, np.float64), LEAST_SPREAD)
    return np.asarray(MAD_TO_SIGMA * (np.asarray(x, np.float64) - np.asarray(median, np.float64)) / spread, np.float64)


def engagement(z: ArrayLike) -> Floats:
    """sigmoid(z / REACH): what is usual at the source gives ½, as does a thing without pace or baseline (NaN)."""
    z = np.asarray(z, np.float64)
    return np.where(np.isnan(z), NEUTRAL, sigmoid(np.nan_to_num(z) / REACH))


def novelty(cosine_centroid: ArrayLike, cosine_nearest: ArrayLike) -> Floats:
    """Mean of 1 − cosine(embedding, recent centroid of its category) and 1 − cosine(embedding, nearest idea there is).

    From 0 to 1; where there is no centroid or no idea (NaN), that distance is 1.
    """
    both = np.stack(np.broadcast_arrays(*(np.asarray(x, np.float64) for x in (cosine_centroid, cosine_nearest))))
    return np.asarray(np.where(np.isnan(both), 1.0, 1 - np.clip(np.nan_to_num(both), 0, 1)).mean(axis=0))


def affinity(cosine: ArrayLike, words: ArrayLike) -> Floats:
    """How much a text is a niche's, 0 … 1: sigmoid(offset + a · cosine + b · words); NaN stays NaN.

    At ½ it is as likely of the niche as of another, if both were as likely before.

    Args:
        cosine: Of the text with the niche's embedding.
        words: Log odds of the text's words, `communities.Voices.spoken`; 0 where they say nothing.
    """
    told = AFFINITY_PER_COSINE * np.asarray(cosine, np.float64) + AFFINITY_PER_WORDS * np.asarray(words, np.float64)
    return sigmoid(AFFINITY_OFFSET + told)


def community_fit(subreddit_affinity: ArrayLike, hashtag_cohesion: ArrayLike) -> Floats:
    """Mean of the two, each 0 … 1; where one is NaN (no community, no tags) the other alone; neither: NEUTRAL."""
    both = np.stack(np.broadcast_arrays(*(np.asarray(x, np.float64) for x in (subreddit_affinity, hashtag_cohesion))))
    known = (~np.isnan(both)).sum(axis=0)
    total = np.nansum(both, axis=0)
    return np.asarray(np.divide(total, known, out=np.full(total.shape, NEUTRAL), where=known > 0))


def seasonality(days_to_window: ArrayLike, p_live: ArrayLike, buyers_left: ArrayLike) -> Floats:
    """exp(−max(days − PLATEAU_DAYS, 0) / SEASON_DAYS) · p_live · buyers_left; 0 when too late; undated (NaN): NEUTRAL.

    Args:
        days_to_window: Until the event's listing window opens; 0 or less from then on.
        p_live: P(a listing of today is found, produced and at the door before the day).
        buyers_left: Share of the event's buyers who have not bought yet when it is found.
    """
    days, live, left = np.broadcast_arrays(*(np.asarray(x, np.float64) for x in (days_to_window, p_live, buyers_left)))
    near = np.exp(-np.maximum(np.nan_to_num(days) - PLATEAU_DAYS, 0) / SEASON_DAYS)
    return np.where(np.isnan(days), NEUTRAL, np.where(live < LATE_BELOW, 0.0, near * live * left))
