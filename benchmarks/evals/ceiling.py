"""How well a learner that sees more than the engine would rank YouTube's charts: what is left to gain, if anything.

Boosted trees on the forecast's own terms, the places on the charts, the category, likes per view and the mark of a
Short, fitted on the same first half, with the same weights, as the forecast in force.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.ensemble import HistGradientBoostingRegressor

from benchmarks.evals import fitting, trajectories
from benchmarks.evals.trajectories import Floats, numbers
from pipeline.scoring import calendar, growth, pace

Expected = Callable[[pl.DataFrame, datetime], Floats]
"""Of measured videos of a moment: ln of the interactions per minute to come."""

NAME = "boosted trees on all that a chart tells"
AHEAD = (timedelta(days=1), timedelta(days=2))
UNPLACED = 400
"""The place of what is not among the chart's 200."""


def youtube(data: Path) -> Expected:
    """Fit the trees."""
    told = _told(data)
    x, y, weight = [], [], []
    half = calendar.half_life(trajectories.YOUTUBE)
    for observed in trajectories.youtube(data).values():
        early = observed.filter(pl.col("captured_at") <= trajectories.halfway(observed))
        for now in trajectories.moments(early):
            for ahead in AHEAD:
                for sample in fitting.samples(early, now, ahead, timedelta(hours=12)):
                    age = numbers(sample.measured, "age_hours")
                    carried = growth.law(age, half, growth.HORIZON) / growth.law(age, half, sample.hours)
                    x.append(_features(sample.measured, told, now))
                    y.append(np.log((sample.more + pace.HALF) / (sample.hours * 60) * carried))
                    weight.append((sample.more + 1) ** (2 * fitting.YOUTUBE_BY_GAIN))
    trees = HistGradientBoostingRegressor(max_depth=5, max_iter=150, learning_rate=0.07, l2_regularization=5,
                                          random_state=0)  # fmt: skip
    trees.fit(np.concatenate(x), np.concatenate(y), np.concatenate(weight))
    return lambda measured, now: np.asarray(trees.predict(_features(measured, told, now)), np.float64)


def _told(data: Path) -> pl.DataFrame:
    read = pl.read_parquet(data / "youtube_us_daily" / "popular_daily.parquet")
    everything = pl.col("category") == "all"
    return (
        read.with_columns(captured_at=pl.col("collected_at").dt.replace_time_zone("UTC").cast(pace.UTC_TIME))
        .group_by(signal_id="video_id", captured_at="captured_at")
        .agg(
            place=pl.col("rank_in_category").min(),
            overall=pl.col("rank_in_category").filter(everything).min().fill_null(UNPLACED),
            lists=pl.len(),
            category=pl.col("category").filter(~everything).min(),
            short=pl.col("title").sort().first().str.to_lowercase().str.contains("#short"),
        )
        .with_columns(category=pl.col("category").rank("dense"))
    )


def _features(measured: pl.DataFrame, told: pl.DataFrame, now: datetime) -> Floats:
    known = measured.join(
        told.filter(pl.col("captured_at") == now).drop("captured_at"),
        on="signal_id",
        how="left",
        maintain_order="left",
    )
    liked = np.log((numbers(known, "likes") + 1) / (numbers(known, "views") + 1))
    places = [np.log(numbers(known, name)) for name in ("place", "overall")]
    plain = [numbers(known, name) for name in ("lists", "category", "short", "age_hours")]
    return np.column_stack([growth.terms(measured), liked, *places, *plain])
