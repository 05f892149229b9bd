"""Recorded trajectories as the engine's observations, what came of them, and how the engine would have ranked them.

What belongs here: what the evaluations of growth share with the fit. What does not: questions, tables, coefficients.
Counters of a dataset become those that the source's parser would give; nothing after a moment is handed to the engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.models import Weights
from pipeline.scoring import calendar, factors, growth, pace
from pipeline.scoring.score import weighted

Floats = NDArray[np.float64]

PRIOR = Weights(version=1, freshness=0.25, engagement=0.25, novelty=0.15, community_fit=0.15, seasonality=0.20)
"""The weights that are in force until something was learned."""

YOUTUBE, REDDIT, HACKERNEWS = "youtube_videos", "reddit_posts", "hackernews_stories"
COLUMNS = (*pace.OBSERVATION, "position")


def youtube(data: Path) -> dict[str, pl.DataFrame]:
    """Region → observations of the videos of its chart; a video listed under several categories counts once."""
    read = pl.read_parquet(data / "youtube_us_daily" / "popular_daily.parquet")
    frame = read.select(
        "region",
        signal_id="video_id",
        source=pl.lit(YOUTUBE),
        published_at=_utc("published_at"),
        captured_at=_utc("collected_at"),
        likes="likes",
        comments="comments",
        views="views",
        position="rank_in_category",
    )
    once = frame.sort("captured_at", "position").unique(
        ["region", "signal_id", "captured_at"], keep="first", maintain_order=True
    )
    return {str(region): part.select(COLUMNS) for (region,), part in once.partition_by("region", as_dict=True).items()}


def reddit(data: Path) -> pl.DataFrame:
    """Observations of new posts, followed from birth, with `age` in minutes and whether the post was `hot`."""
    read = pl.read_parquet(data / "reddit_memes_10min" / "observations.parquet")
    return (
        read.select(
            signal_id="post_id",
            source=pl.lit(REDDIT),
            published_at=pl.from_epoch((pl.col("created_utc") * 1e6).cast(pl.Int64), "us").dt.replace_time_zone("UTC"),
            captured_at=pl.from_epoch((pl.col("observed_utc") * 1e6).cast(pl.Int64), "us").dt.replace_time_zone("UTC"),
            likes=pl.col("score").clip(0),
            comments="num_comments",
            views=pl.lit(None, pl.Int64),
            age="age_min",
            hot="hot",
        )
        .sort("signal_id", "captured_at")
        .unique(["signal_id", "captured_at"], keep="first", maintain_order=True)
    )


def hackernews(data: Path) -> pl.DataFrame:
    """Observations of front-page stories.

    The dataset has no time of publication. Ids grow with time, so a story is no younger than the first sighting of any
    that has a higher id; only sightings up to its own first one are used.
    """
    read = pl.read_parquet(data / "hackernews_frontpage" / "frontpage_snapshots.parquet")
    seen = read.with_columns(captured_at=_utc("scraped_at")).sort("captured_at", "rank")
    born = (
        seen.group_by("item_id")
        .agg(first=pl.col("captured_at").min())
        .sort("item_id", descending=True)
        .select("item_id", published_at=pl.col("first").cum_min())
    )
    return (
        seen.join(born, on="item_id", how="left", maintain_order="left")
        .select(
            signal_id=pl.col("item_id").cast(pl.String),
            source=pl.lit(HACKERNEWS),
            published_at="published_at",
            captured_at="captured_at",
            likes="points",
            comments="comments",
            views=pl.lit(None, pl.Int64),
            position="rank",
        )
        .unique(["signal_id", "captured_at"], keep="first", maintain_order=True)
    )


def _utc(column: str) -> pl.Expr:
    return pl.col(column).dt.replace_time_zone("UTC").cast(pace.UTC_TIME)


def moments(observed: pl.DataFrame) -> list[datetime]:
    """When the source was looked at."""
    return observed["captured_at"].unique().sort().to_list()


def spaced(times: Sequence[datetime], apart: timedelta) -> list[datetime]:
    """Of the times, which ascend, the first and each that is at least so far (less a twelfth) after the one before."""
    kept: list[datetime] = []
    for time in times:
        if not kept or time - kept[-1] >= apart * 11 / 12:
            kept.append(time)
    return kept


def halfway(observed: pl.DataFrame, column: str = "captured_at") -> datetime:
    """The middle of the span of the column: before it is for fitting, after it for judging."""
    first, last = observed[column].min(), observed[column].max()
    return first + (last - first) / 2  # type: ignore[operator,return-value]


def judged_from(source: str) -> datetime | None:
    """From when on nothing went into the source's coefficients; None: they were not fitted."""
    return growth.forecast(source).fitted_until


def chart(observed: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """What the engine measures of the signals that are listed at `now`, a moment of the observations."""
    past = observed.filter(pl.col("captured_at") <= now)
    listed = past.filter(pl.col("captured_at") == now)
    return growth.measures(listed, past, now).join(
        listed.select("signal_id", "position"), on="signal_id", how="inner", maintain_order="left"
    )


def at_age(observed: pl.DataFrame, minutes: float) -> tuple[pl.DataFrame, datetime]:
    """What the engine measures of posts that are all so old at one moment, and that moment.

    The posts are laid side by side: each one's times are moved so that all are published at once. What was observed of
    a post later than at that age is left out. `seen_at` is when a post's last observation really was, and `known` and
    `was_hot` what it said.
    """
    now: datetime = observed["captured_at"].max()  # type: ignore[assignment]
    young = observed.filter(pl.col("age") <= minutes)
    moved = young.with_columns(
        captured_at=pl.lit(now).cast(pace.UTC_TIME)
        + (pl.col("captured_at") - pl.col("published_at"))
        - timedelta(minutes=minutes),
        published_at=pl.lit(now).cast(pace.UTC_TIME) - timedelta(minutes=minutes),
    )
    said = young.group_by("signal_id", maintain_order=True).agg(
        seen_at=pl.col("captured_at").last(), known=pl.col("likes").last(), was_hot=pl.col("hot").any()
    )
    return growth.measures(moved, moved.clear(), now).join(
        said, on="signal_id", how="inner", maintain_order="left"
    ), now


def later(
    observed: pl.DataFrame, now: datetime, wanted: timedelta, tolerance: timedelta
) -> tuple[datetime, float] | None:
    """The moment nearest to `wanted` after now, and the hours till then; None if none is near enough."""
    after = [moment for moment in moments(observed) if moment > now]
    if not after:
        return None
    nearest = min(after, key=lambda moment: abs(moment - now - wanted))
    if abs(nearest - now - wanted) > tolerance:
        return None
    return nearest, (nearest - now).total_seconds() / 3600


def gains(listed: pl.DataFrame, observed: pl.DataFrame, then: datetime, counter: str) -> pl.DataFrame:
    """The listed signals that are seen at `then`, with their `gain` of the counter and `more` interactions."""
    after = observed.filter(pl.col("captured_at") == then).select(
        "signal_id", then_counter=counter, then_total=pl.sum_horizontal(pace.COUNTERS)
    )
    return (
        listed.join(after, on="signal_id", how="inner", maintain_order="left")
        .with_columns(
            gain=(pl.col("then_counter") - pl.col(counter)).clip(0),
            more=(pl.col("then_total") - pl.col("total")).clip(0),
        )
        .drop("then_counter", "then_total")
    )


class Ranked(NamedTuple):
    """What the score is made of where only growth differs."""

    freshness: Floats
    engagement: Floats

    def score(self, weights: Weights = PRIOR) -> Floats:
        """By the engine's own sum, the other factors neutral."""
        neutral = np.full(len(self.freshness), factors.NEUTRAL)
        return weighted(np.column_stack([self.freshness, self.engagement, neutral, neutral, neutral]), weights)


def ranked(measured: pl.DataFrame, now: datetime) -> Ranked:
    """Freshness and engagement of measured signals, as the engine computes them of posts."""
    hours = (pl.lit(now).cast(pace.UTC_TIME) - pl.col("peak_at")).dt.total_microseconds() / 3.6e9
    since = measured.select(hours.clip(0)).to_series().to_numpy()
    half_lives = np.array([calendar.half_life(source) for source in measured["source"].to_list()], np.float64)
    return Ranked(factors.freshness(since, half_lives), factors.engagement(numbers(measured, "z")))


def numbers(frame: pl.DataFrame, column: str) -> Floats:
    """A column as floats, NaN where null."""
    return frame[column].cast(pl.Float64).fill_null(np.nan).to_numpy()
