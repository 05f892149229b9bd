"""What is known of an hour's signals before anything is made of them: which are usable, how fast they go, their date.

What belongs here: the choice of signals and their measures, row by row. What does not: niches and phrases (`measuring`,
`candidates`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.ideas import candidates
from pipeline.ideas.candidates import Seen
from pipeline.ideas.facts import Dated, dated, topic
from pipeline.ideas.lexicon import pattern, topics, unfit
from pipeline.models import Json, Weights
from pipeline.scoring import attention, calendar, factors, growth, pace
from pipeline.scoring.calendar import Runway

MAX_SIGNALS = 2000
"""Of an hour's signals the freshest and fastest so many are worked on, however many there are."""

Floats = NDArray[np.float64]


class Prepared(NamedTuple):
    """An hour's usable signals, row by row beside what was measured of them.

    Rows have the columns of the signals and of `growth.measures`, of which an occasion has `z` and `z_sd` by how many
    titles name it, `mentions`. NaN stands for what is not known: `z` without pace or baseline.
    """

    rows: list[dict[str, Any]]
    seen: list[Seen]
    hours_since_peak: Floats
    half_life: Floats
    z: Floats
    season: Floats
    runways: list[Runway | None]


def prepare(signals: pl.DataFrame, history: pl.DataFrame, now: datetime, weights: Weights) -> Prepared:
    """The usable signals, at most MAX_SIGNALS, best first, with what the factors need.

    Left out are signals that speak of what nobody should sell (`unfit.csv`), dated ones that a listing of today would
    come too late for (they wait for next year), and posts that name nothing of the lexicon: a post's topic is only
    ever a word of ours, never a name.

    Args:
        signals: As for `ideate`.
        history: As for `ideate`.
        now: The moment that ages are counted to.
        weights: Rank signals before there are phrases; novelty and fit are not known yet.
    """
    kind = pl.col("metadata").fill_null("{}").str.json_path_match("$.kind")
    is_dated = kind.is_in(["occasion", "anniversary"]).fill_null(value=False)
    never = pattern(unfit())
    community = pl.col("category").str.to_lowercase().str.strip_prefix("r/")
    frame = (
        signals.unique("signal_id", keep="first")
        .with_columns(is_dated=is_dated, community=community)
        .filter(
            ~pl.col("content").str.contains(never),
            ~(pl.col("is_dated") & pl.col("metadata").str.contains(never)),
            pl.col("is_dated") | pl.col("content").str.contains(pattern(topics())),
        )
        .sort("signal_id")
    )
    measured = growth.measures(signals, history, now).drop("source", *pace.TOLD)
    frame = frame.join(measured, on="signal_id", how="left", maintain_order="left")
    today = now.date()
    rows = frame.to_dicts()
    what = [dated(row["metadata"]) if row["is_dated"] else None for row in rows]
    rows, what = _in_time(rows, what, today)
    runways = [None if d is None else calendar.runway(d.date, today, d.countries, gift=d.gift) for d in what]
    since_peak = np.array([_hours_since_peak(row, d, now) for row, d in zip(rows, what, strict=True)], np.float64)
    is_day = np.array([d is not None for d in what], bool)
    own_half = np.array([calendar.half_life(row["source"]) for row in rows], np.float64)
    half = np.where(is_day, calendar.dated_half_life(since_peak), own_half)
    rows = [row | _attention(row, d) for row, d in zip(rows, what, strict=True)]
    z = np.array([_nan(row["z"]) for row in rows], np.float64)
    season = _seasons(runways)
    promise = (
        weights.freshness * factors.freshness(since_peak, half)
        + weights.engagement * factors.engagement(z)
        + weights.seasonality * season
    )
    best = _one_of_each_topic(sorted(range(len(rows)), key=lambda i: (-promise[i], rows[i]["signal_id"])), rows)
    together = _by_topic(signals.filter(~pl.col("content").str.contains(never)))
    for i in best:
        rows[i]["also_seen"] = [
            told for id_, told in together.get(rows[i]["topic_id"], ()) if id_ != rows[i]["signal_id"]
        ]
    seen = [_seen(rows[i], what[i]) for i in best]
    return Prepared(
        [rows[i] for i in best],
        seen,
        since_peak[best],
        half[best],
        z[best],
        season[best],
        [runways[i] for i in best],
    )


def _attention(row: Mapping[str, Any], what: Dated | None) -> dict[str, Any]:
    """How much an occasion is spoken of, and its z; nothing of what has counters of its own, or is no occasion."""
    if what is None or what.kind != "occasion" or row["total"] is not None:
        return {}
    named = attention.named(what.name, what.countries)
    if named is None:
        return {}
    counted = attention.mentions()
    told = {"titles": named, "of": counted.titles, "source": counted.source}
    return {"z": attention.z(named), "z_sd": round(attention.z_sd(named), 4), "mentions": told}


def _one_of_each_topic(order: Sequence[int], rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """The first of each topic, at most MAX_SIGNALS."""
    first: dict[str, int] = {}
    for i in order:
        first.setdefault(rows[i]["topic_id"], i)
    return list(first.values())[:MAX_SIGNALS]


def _by_topic(signals: pl.DataFrame) -> dict[str, list[tuple[str, Json]]]:
    """Topic → the id of each of its signals, and what is said of it as evidence, in the order of their sighting."""
    together: dict[str, list[tuple[str, Json]]] = {}
    shared = signals.unique("signal_id").filter(pl.len().over("topic_id") > 1).sort("captured_at", "signal_id")
    for row in shared.iter_rows(named=True):
        told = {
            "source": row["source"],
            "content": row["content"],
            "url": row["url"],
            "captured_at": row["captured_at"].isoformat(),
            "likeness": round(row["topic_likeness"], 4),
        }
        together.setdefault(row["topic_id"], []).append((row["signal_id"], told))
    return together


def _in_time(
    rows: list[dict[str, Any]], what: list[Dated | None], today: date
) -> tuple[list[dict[str, Any]], list[Dated | None]]:
    keep = [i for i, d in enumerate(what) if d is None or calendar.runway_days(d.date, today, d.countries) >= 0]
    return [rows[i] for i in keep], [what[i] for i in keep]


def _seen(row: dict[str, Any], what: Dated | None) -> Seen:
    text = f"{what.name}. {', '.join(what.themes)}" if what else row["content"]
    community = row["community"] if row["source"].startswith("reddit") else None
    return candidates.seen(row["signal_id"], row["content"], community, what, topic(text.lower() if what else text))


def _hours_since_peak(row: dict[str, Any], what: Dated | None, now: datetime) -> float:
    """Of a dated thing since noon of the day on which most list for it, negative before; else since it went fastest."""
    if what is not None:
        peak = calendar.listing_peak(what.date)
        return (now.date() - peak).days * 24 + now.hour - 12.0
    peak_at: datetime = row["peak_at"]
    return max((now - peak_at).total_seconds() / 3600, 0.0)


def _seasons(runways: Sequence[Runway | None]) -> Floats:
    """The seasonality of each; of undated signals, which have no runway, it is neutral."""
    inputs = [(np.nan,) * 3 if r is None else (r.days_to_window, r.p_live, r.buyers_left) for r in runways]
    return factors.seasonality(*np.array(inputs, np.float64).reshape(-1, 3).T)


def _nan(value: float | None) -> float:
    return np.nan if value is None else value
