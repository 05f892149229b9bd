"""How fast signals gather interactions, and how fast their source's signals usually do.

What belongs here: velocities, their peak, and each source's 7-day median and MAD. Interactions are likes + comments
+ views; a counter that the source doesn't give counts for nothing, and without any counter there is no pace (null).
"""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

BASELINE_DAYS = 7
MIN_BASELINE = 5
"""Signals of a source with a pace, from which on its usual pace is known."""

MIN_MINUTES = 10.0
"""A life shorter than this is taken as this long: the first minutes' pace means nothing."""

COUNTERS = ("likes", "comments", "views")
OBSERVATION = ("signal_id", "source", "published_at", "captured_at", *COUNTERS)
UTC_TIME = pl.Datetime("us", "UTC")


def observations(signals: pl.DataFrame, history: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Every observation of the 7 days before `now`, once, with `total` interactions; later ones are not looked at."""
    types = {"published_at": UTC_TIME, "captured_at": UTC_TIME} | dict.fromkeys(COUNTERS, pl.Int64)
    frames = [frame.select(OBSERVATION).cast(types) for frame in (signals, history)]  # type: ignore[arg-type]
    counted = pl.any_horizontal(pl.col(COUNTERS).is_not_null())
    return (
        pl.concat(frames)
        .unique(["signal_id", "captured_at"], keep="first", maintain_order=True)
        .filter(pl.col("captured_at").is_between(now - timedelta(days=BASELINE_DAYS), now, closed="both"))
        .with_columns(total=pl.when(counted).then(pl.sum_horizontal(COUNTERS)))
        .sort("signal_id", "captured_at")
    )


def paces(seen: pl.DataFrame) -> pl.DataFrame:
    """One row per signal: its latest pace and when it went fastest.

    Between two observations the pace is the gain (never negative: counters may be corrected downwards) per minute;
    before the first it is the total over the life so far, if the time of publication is known.

    Args:
        seen: As `observations` gives it.

    Returns:
        signal_id, source, total, pace (interactions per minute, null if unknown), pace_hours (the time it was measured
        over), peak_at (end of the fastest interval, the last one of equals; publication, if that was the life before
        the first observation, or if no pace is known).
    """
    minutes = (pl.col("captured_at") - pl.col("since")).dt.total_seconds() / 60
    first = pl.col("captured_at").shift().over("signal_id").is_null()
    steps = (
        seen.with_columns(
            since=pl.when(first)
            .then(pl.min_horizontal("published_at", "captured_at"))
            .otherwise(pl.col("captured_at").shift().over("signal_id")),
            first=first,
        )
        .with_columns(
            since=pl.when(first & pl.col("published_at").is_null()).then(None).otherwise("since"),
            gain=pl.col("total")
            - pl.when(pl.col("first")).then(0).otherwise(pl.col("total").shift().over("signal_id")),
        )
        .with_columns(minutes=pl.when(pl.col("first")).then(minutes.clip(MIN_MINUTES)).otherwise(minutes))
        .with_columns(pace=pl.when(pl.col("minutes") > 0).then(pl.col("gain").clip(0) / pl.col("minutes")))
        .with_columns(peak_at=pl.when(pl.col("first")).then(pl.col("since")).otherwise(pl.col("captured_at")))
    )
    fastest = pl.col("peak_at").filter(pl.col("pace") == pl.col("pace").max()).last()
    return steps.group_by("signal_id", maintain_order=True).agg(
        pl.col("source").last(),
        pl.col("total").last(),
        pl.col("pace").last(),
        pace_hours=pl.col("minutes").last() / 60,
        peak_at=pl.coalesce(fastest, pl.col("published_at").first(), pl.col("captured_at").first()),
    )


def baselines(paced: pl.DataFrame) -> pl.DataFrame:
    """Per source the median pace, its MAD (median absolute deviation) and `n`; sources under MIN_BASELINE are left out.

    Args:
        paced: As `paces` gives it.
    """
    known = paced.filter(pl.col("pace").is_not_null())
    return (
        known.with_columns(off=(pl.col("pace") - pl.col("pace").median().over("source")).abs())
        .group_by("source")
        .agg(median=pl.col("pace").median(), mad=pl.col("off").median(), n=pl.len())
        .filter(pl.col("n") >= MIN_BASELINE)
        .sort("source")
    )
