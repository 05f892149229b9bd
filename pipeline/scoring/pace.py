"""How fast signals gather interactions: lately, before that, over their life; and when they went fastest.

What belongs here: what successive observations say of a signal up to a moment. What does not: what it will gather
(`growth`). Interactions are likes + comments + views; a counter that the source doesn't give counts for nothing, and
without any counter there is no pace (null).
"""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from pipeline.scoring import calendar

BASELINE_DAYS = 7

MIN_MINUTES = 10.0
"""A life shorter than this is taken as this long: the first minutes' pace means nothing."""

MIN_STRETCH = 5.0
"""Minutes between two observations from which on their difference is a pace: counters are not updated every minute."""

WATCHED_MINUTES = 45.0
"""A source that has been looked at for so long shows what is new on its list when something is first seen."""

OF_HALF_LIFE, OF_LIFE = 0.2, 0.5
"""The window of what is recent: so much of the source's half-life, but not more of the signal's own life. An hour's
noise is averaged away, and a source that is looked at once a day is measured over its last day."""

AT_PEAK = 0.25
"""An interval that went at least this share of the fastest one's pace still belongs to the peak: single intervals are
noisy, and what holds a quarter of its best pace goes on growing."""

HALF = 0.5
"""Added to a count before its logarithm is taken, so that no interactions have one too."""

PRIOR = 3.0
"""Interactions that the earlier pace weighs as much as where the recent one is estimated (Gamma-Poisson)."""

COUNTERS = ("likes", "comments", "views")
TOLD = (*COUNTERS, "dislikes")
"""What a source may tell of a signal; votes against are no interactions."""

OBSERVATION = ("signal_id", "source", "published_at", "captured_at", *TOLD)
UTC_TIME = pl.Datetime("us", "UTC")


def observations(signals: pl.DataFrame, history: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Every observation of the 7 days before `now`, once, with `total` interactions; later ones are not looked at."""
    types = {"published_at": UTC_TIME, "captured_at": UTC_TIME} | dict.fromkeys(TOLD, pl.Int64)
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
    """One row per signal: its recent pace, the one before, that of its life, and when it went fastest.

    Recent is since the latest observation that is a window before the last one, or else since the first. With one
    observation, or where the first is just minutes old, it is the life so far, if the time of publication is known.
    Earlier is the same of the time before. A gain is never negative: counters may be corrected downwards.

    Args:
        seen: As `observations` gives it.

    Returns:
        signal_id, source;
        total, counters and dislikes as last seen;
        pace: recent interactions per minute, null if unknown, and pace_hours, the time it was measured over;
        peak_at: end of the last interval between observations that went at least AT_PEAK of the fastest one's pace. The
            life before the first observation is an interval as well. What was seen once is at its peak then: a list
            holds what goes on, whatever its age. Seen again and slower, its peak was publication; or its first
            observation, if the source was watched before: it came onto the list as it rose. Without pace: publication;
        age_hours: from publication to the last observation, null if unknown;
        observations: how many, in the 7 days;
        entered: whether this is its first observation, and the source was watched before, so that it is new there;
        recent, earlier, life: the paces as estimates that are never 0, for logarithms; a recent pace of few
            interactions is drawn to the earlier one. Null where there is none;
        burst: ln(recent / earlier), null without an earlier one.
    """
    half_lives = {source: calendar.half_life(source) for source in seen["source"].unique().to_list()}
    window = pl.col("source").replace_strict(half_lives, default=None, return_dtype=pl.Float64) * 60 * OF_HALF_LIFE
    known = seen.with_columns(
        window=window,
        at=_minutes("captured_at", pl.col("captured_at").min()),
        born=_minutes(pl.min_horizontal("published_at", "captured_at"), pl.col("captured_at").min()),
        watched=_minutes("captured_at", pl.col("captured_at").min().over("source")) >= WATCHED_MINUTES,
    ).with_columns(born=pl.when(pl.col("published_at").is_not_null()).then("born").first().over("signal_id"))
    counted = known.filter(pl.col("total").is_not_null())
    every = known.group_by("signal_id", maintain_order=True).agg(
        pl.col("source").last(),
        told_at=pl.coalesce(pl.col("published_at").first(), pl.col("captured_at").first()),
        observations=pl.len(),
        age_hours=(pl.col("at").last() - pl.col("born").first()) / 60,
        entered=(pl.len() == 1) & pl.col("watched").first(),
    )
    return (
        every.join(_estimates(counted), on="signal_id", how="left", maintain_order="left")
        .join(_peaks(counted), on="signal_id", how="left", maintain_order="left")
        .with_columns(peak_at=pl.coalesce("peak_at", "told_at"))
        .drop("told_at")
    )


def _minutes(later: str | pl.Expr, earlier: pl.Expr) -> pl.Expr:
    later = pl.col(later) if isinstance(later, str) else later
    return (later - earlier).dt.total_microseconds() / 6e7


def _estimates(counted: pl.DataFrame) -> pl.DataFrame:
    """Totals and paces per signal, from the ends of its recent and its earlier stretch."""
    ends = counted.group_by("signal_id", maintain_order=True).agg(
        pl.col("total").last(),
        *(pl.col(name).last() for name in TOLD),
        pl.col("window", "born").first(),
        first=pl.col("at").first(),
        first_total=pl.col("total").first(),
        last=pl.col("at").last(),
    )
    ends = _stretch(_stretch(ends, counted, "last", "total", "base"), counted, "base", "base_total", "before")
    life = (pl.col("last") - pl.col("born")).clip(MIN_MINUTES)
    pseudo = PRIOR / pl.col("earlier")
    return (
        ends.with_columns(
            pace=pl.col("base_gain") / pl.col("base_minutes"),
            pace_hours=pl.col("base_minutes") / 60,
            earlier=(pl.col("before_gain") + HALF) / pl.col("before_minutes"),
            life=(pl.col("total") + HALF) / life,
        )
        .with_columns(
            recent=pl.when(pl.col("earlier").is_null())
            .then((pl.col("base_gain") + HALF) / pl.col("base_minutes"))
            .otherwise((pl.col("base_gain") + PRIOR) / (pl.col("base_minutes") + pseudo))
        )
        .with_columns(burst=(pl.col("recent") / pl.col("earlier")).log())
        .select("signal_id", "total", *TOLD, "pace", "pace_hours", "recent", "earlier", "life", "burst")
    )


def _stretch(ends: pl.DataFrame, counted: pl.DataFrame, end: str, total: str, name: str) -> pl.DataFrame:
    """Add where the stretch that ends at `end` began, its gain and its minutes, as columns called after `name`.

    Before birth there is none.
    """
    reach = counted.select("signal_id", reached_at="at", reached_total="total").sort("reached_at")
    found = (
        ends.with_columns(
            target=pl.col(end)
            - pl.min_horizontal("window", (OF_LIFE * (pl.col(end) - pl.col("born"))).clip(MIN_STRETCH))
        )
        .sort("target", nulls_last=True)
        .join_asof(
            reach, left_on="target", right_on="reached_at", by="signal_id", strategy="backward", check_sortedness=False
        )
    )
    reached, born = pl.col("reached_at").is_not_null(), pl.col("born").is_not_null()
    on_first = (pl.col(end) - pl.col("first") >= MIN_STRETCH) | (~born & (pl.col(end) > pl.col("first")))
    return (
        found.with_columns(
            pl.when(reached)
            .then("reached_at")
            .when(on_first)
            .then("first")
            .when((pl.col(end) > pl.col("born")) | (pl.col(end) == pl.col("last")))
            .then("born")
            .alias(name),
            pl.when(reached)
            .then("reached_total")
            .when(on_first)
            .then("first_total")
            .otherwise(0)
            .alias(f"{name}_total"),
        )
        .with_columns(
            (pl.col(total) - pl.col(f"{name}_total")).clip(0).alias(f"{name}_gain"),
            (pl.col(end) - pl.col(name))
            .clip(pl.when(reached | on_first).then(MIN_STRETCH).otherwise(MIN_MINUTES))
            .alias(f"{name}_minutes"),
        )
        .drop("target", "reached_at", "reached_total")
    )


def _peaks(counted: pl.DataFrame) -> pl.DataFrame:
    """When each signal went fastest; null where it has no pace."""
    first = pl.col("at").shift().over("signal_id").is_null()
    since = pl.when(first).then("born").otherwise(pl.col("at").shift().over("signal_id"))
    minutes = pl.col("at") - pl.col("since")
    steps = (
        counted.with_columns(first=first, since=since, before=pl.col("total").shift().over("signal_id").fill_null(0))
        .with_columns(minutes=pl.when("first").then(minutes.clip(MIN_MINUTES)).otherwise(minutes))
        .with_columns(step=(pl.col("total") - pl.col("before")).clip(0) / pl.col("minutes"))
        .filter(pl.col("step").is_not_null() & (pl.col("first") | (pl.col("minutes") >= MIN_STRETCH)))
        .with_columns(
            ends=pl.when(pl.col("first") & ~pl.col("watched") & (pl.len().over("signal_id") > 1))
            .then(pl.min_horizontal("published_at", "captured_at"))
            .otherwise("captured_at")
        )
    )
    return steps.group_by("signal_id", maintain_order=True).agg(
        peak_at=pl.col("ends").filter(pl.col("step") >= AT_PEAK * pl.col("step").max()).last()
    )
