"""What could be ranked at a moment, and what came of it: the rows that weights are learned from and judged on.

What belongs here: joining ideas to the growth of their signals, or to what their listings earned. What does not:
reading them, and ranking them (`backtest`).

Of trends. An idea's outcome is what its signal gained in the HORIZON after the hour's end. A signal that was not seen
again by then has an unknown outcome, not a bad one: it is left out and counted (`censored`); one that was last seen
before CUT_SHORT of the horizon counts with what it had gained, a lower bound, and is counted too. Sources count in
units of their own and growth is heavy-tailed, so the relevance of a gain is `log2(1 + gain / usual)`, `usual` the
median of the positive gains of the source's signals in all snapshots.

Of listings. The relevance is the rate of favourites, carts and sales for each view, as a multiple of the mean rate,
drawn toward it where views are few (the posterior mean of a gamma prior).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.models import Idea
from pipeline.scoring import pace
from pipeline.scoring.score import NAMES

HORIZON = timedelta(hours=24)
"""So long after the end of its hour a signal is followed."""
CUT_SHORT = 0.75
"""Share of the horizon: a signal last seen before it is followed for a part only."""

Floats = NDArray[np.float64]

UTC_TIME = pl.Datetime("us", "UTC")
INPUTS = ("hours_since_peak", "half_life_hours", "z")
"""What factors are computed from, as far as a changed factor may use it; null where it was not measured."""
BASELINES = ("recency", "raw total", "pace")
"""Columns of items that rank by themselves, the highest first; null ranks last."""
IDEAS: dict[str, Any] = {"item": pl.String(), **dict.fromkeys((*NAMES, *INPUTS), pl.Float64())}


class Snapshot(NamedTuple):
    """What could be ranked at a moment."""

    at: datetime
    """The start of the hour or day."""
    ideas: pl.DataFrame
    """One row an idea: item, the five factors, INPUTS. An item stands where its best idea stands."""
    items: pl.DataFrame
    """One row an item whose outcome is known: item, relevance (≥ 0), the BASELINES, peak_at (null: not known)."""


class Followed(NamedTuple):
    """An hour's ideas and the gains of their signals, before sources are made comparable."""

    at: datetime
    ideas: pl.DataFrame
    items: pl.DataFrame
    """As of Snapshot, with source and gain (interactions) instead of relevance."""
    censored: int
    """Signals that were not seen again within the horizon."""
    cut_short: int
    """Signals among the items that were followed for a part of the horizon."""


def follow(hour: datetime, ideas: Sequence[Idea], signals: pl.DataFrame, observed: pl.DataFrame) -> Followed:
    """Join an hour's undated ideas to what their signals gained afterwards; what has no counters is left out.

    Args:
        hour: The start of the hour.
        ideas: Of the hour, made of what was known at its end.
        signals: The hour's signals: signal_id, source, published_at, captured_at, likes, comments, views.
        observed: Observations of these signals before and after: as `history` of `ideate`.
    """
    end = hour + timedelta(hours=1)
    rows = pl.DataFrame([_idea(idea) for idea in ideas if idea.event_date is None], schema=IDEAS, orient="row")
    seen = pace.observations(signals, observed, end + HORIZON).filter(
        pl.col("total").is_not_null(), pl.col("signal_id").is_in(rows["item"].unique().to_list())
    )
    before = seen.filter(pl.col("captured_at") < end)
    then = pace.paces(before).select(item="signal_id", source="source", total="total", pace="pace")
    ages = before.group_by("signal_id").agg(since=pl.min_horizontal("published_at", "captured_at").min())
    after = (
        seen.filter(pl.col("captured_at") >= end)
        .group_by("signal_id")
        .agg(last=pl.col("total").last(), seen_until=pl.col("captured_at").last())
    )
    items = (
        then.join(ages.rename({"signal_id": "item"}), on="item")
        .join(after.rename({"signal_id": "item"}), on="item", how="left")
        .join(pace.paces(seen).select(item="signal_id", peak_at="peak_at"), on="item")
        .with_columns(gain=(pl.col("last") - pl.col("total")).clip(0).cast(pl.Float64))
        .sort("item")
    )
    known = items.filter(pl.col("gain").is_not_null())
    told = known.select(
        "item",
        "source",
        "gain",
        recency=pl.col("since").dt.timestamp("us").cast(pl.Float64),
        **{"raw total": pl.col("total").cast(pl.Float64)},
        pace=pl.col("pace").cast(pl.Float64),
        peak_at=pl.col("peak_at").cast(UTC_TIME),
    )
    short = known.filter(pl.col("seen_until") < end + CUT_SHORT * HORIZON).height
    kept = rows.filter(pl.col("item").is_in(told["item"].to_list()))
    return Followed(hour, kept, told, items.height - known.height, short)


def comparable(followed: Sequence[Followed]) -> list[Snapshot]:
    """The same with the relevance of each gain, by what is usual in these hours."""
    usual = _usual_gains(followed)
    return [
        Snapshot(
            one.at,
            one.ideas,
            one.items.with_columns(
                relevance=(
                    1 + pl.col("gain") / pl.col("source").replace_strict(usual, default=1.0, return_dtype=pl.Float64)
                ).log(2)
            ).drop("gain", "source"),
        )
        for one in followed
    ]


def sold(outcomes: pl.DataFrame, mean_rate: float, prior_views: float) -> list[Snapshot]:
    """The listings of each day, with what they earned, as a ranking of that day.

    Args:
        outcomes: listing_id, hour, the five factors, signals (favourites + carts + sales), views, total and pace (of
            the idea's signal when it was scored; null: not known).
        mean_rate: Signals for each view that are usual.
        prior_views: Views at which a listing's own rate weighs as much as the usual one.
    """
    rate = (pl.col("signals") + prior_views * mean_rate) / (pl.col("views") + prior_views)
    rows = outcomes.with_columns(
        item=pl.col("listing_id"),
        relevance=rate / mean_rate,
        recency=pl.col("hour").dt.timestamp("us").cast(pl.Float64),
        day=pl.col("hour").dt.truncate("1d"),
        peak_at=pl.lit(None, UTC_TIME),
        **{"raw total": pl.col("total").cast(pl.Float64)},
        **{name: pl.lit(None, pl.Float64) for name in INPUTS},
    ).sort("day", "item")
    return [
        Snapshot(at, own.select(list(IDEAS)), own.select("item", "relevance", *BASELINES, "peak_at"))
        for (at,), own in rows.group_by("day", maintain_order=True)
        if isinstance(at, datetime)
    ]


def scores_of_items(snapshot: Snapshot, scores: Floats) -> Floats:
    """The score of each item, in the order of `items`: that of its best idea."""
    best = (
        snapshot.ideas.select("item").with_columns(score=pl.Series(scores)).group_by("item").agg(pl.col("score").max())
    )
    return snapshot.items.select("item").join(best, on="item", how="left", maintain_order="left")["score"].to_numpy()


def _usual_gains(followed: Sequence[Followed]) -> dict[str, float]:
    """Source → median of the positive gains, at least one interaction."""
    gains = [one.items.select("source", "gain") for one in followed]
    if not gains:
        return {}
    positive = pl.concat(gains).filter(pl.col("gain") > 0).group_by("source").agg(pl.col("gain").median())
    return {source: max(1.0, median) for source, median in positive.rows()}


def _idea(idea: Idea) -> tuple[object, ...]:
    told = idea.evidence
    return (str(idea.signal_id), *(getattr(idea.factors, name) for name in NAMES), *(told[name] for name in INPUTS))
