"""What signals are expected to gather over the coming day, and what is usual at their source.

What belongs here: the log-linear forecast of the pace, its error, and each source's 7-day baseline of it. What does
not: observations and their paces (`pace`), and how coefficients are fitted (`benchmarks/evals/fitting.py`). The model
and its reasons: docs/scoring.md.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from pipeline.scoring import calendar, pace
from pipeline.scoring.factors import robust_z

Floats = NDArray[np.float64]

HORIZON = 24.0
"""Hours that are looked ahead."""

TERMS = ("constant", "projected", "life", "burst", "entered", "entered_age", "talk", "approval")
"""Of the forecast, in the order of the columns of `growth.csv`."""

MAX_BURST = 4.0
"""e⁴: beyond a fifty-fold change the ratio of two paces says no more."""

USUAL_ODDS = 10.0
"""Votes for to one against: the median of what was fitted on."""

OTHER = "*"
MIN_BASELINE = 5
"""Signals of a source with a forecast, from which on what is usual there is known."""


class Forecast(NamedTuple):
    """How a source's signals go on: a row of `growth.csv`."""

    source: str
    fitted_until: datetime | None
    """Nothing later went into it; null: not fitted, an assumption."""
    samples: int
    coefficients: Floats
    """Of TERMS, shape (8,)."""
    sd_one: float
    """Standard deviation of the forecast's logarithm after one observation, ..."""
    sd_more: float
    """... and after several."""


@cache
def forecasts() -> dict[str, Forecast]:
    """Source → its forecast; `*` stands for any other source."""
    with files("pipeline.scoring.data").joinpath("growth.csv").open(encoding="utf-8") as rows:
        return {row["source"]: _forecast(row) for row in csv.DictReader(rows)}


def forecast(source: str) -> Forecast:
    """The forecast of the source's signals."""
    return forecasts().get(source, forecasts()[OTHER])


Forecasts = Callable[[str], Forecast]


def _forecast(row: dict[str, str]) -> Forecast:
    until = datetime.fromisoformat(row["fitted_until"]).astimezone(UTC) if row["fitted_until"] else None
    coefficients = np.array([float(row[term]) for term in TERMS])
    return Forecast(
        row["source"], until, int(row["samples"]), coefficients, float(row["sd_one"]), float(row["sd_more"])
    )


def law(age_hours: ArrayLike, half_life: ArrayLike, hours: ArrayLike) -> Floats:
    """Mean over the coming hours of the power law of age 1 / (1 + age / half-life), which is ½ one half-life old.

    Args:
        age_hours: At the beginning, ≥ 0.
        half_life: Hours, > 0.
        hours: How far is looked ahead, > 0.
    """
    begin = np.asarray(age_hours, np.float64)
    half, ahead = np.asarray(half_life, np.float64), np.asarray(hours, np.float64)
    return np.asarray(half / ahead * np.log1p(ahead / (half + begin)))


def terms(paced: pl.DataFrame) -> Floats:
    """TERMS of each signal, shape (n, 8); NaN in `projected` where there is no pace.

    - projected: ln of the recent pace, carried by the power law of age from the middle of its stretch over the HORIZON;
    - life: ln of the pace of the whole life; where publication is not known, of the recent one;
    - burst: ln(recent / earlier pace), 0 without an earlier one;
    - entered: 1 for what has just entered a list that was watched before, so that its pace is only its life's mean, and
      entered_age: that times ln(1 + age in hours): what enters late is rising now;
    - talk: ln of the comments' share of the interactions, 0 where comments are not counted;
    - approval: ln of the votes for to one against, each counted once more, relative to USUAL_ODDS; 0 where votes
      against are not told.

    Args:
        paced: As `pace.paces` gives it.
    """
    half = _half_lives(paced)
    recent, life, burst, span, age, total, comments, likes, dislikes = (
        paced[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        for name in ("recent", "life", "burst", "pace_hours", "age_hours", "total", "comments", "likes", "dislikes")
    )
    age = np.where(np.isnan(age), half, age)
    decayed = law(age, half, HORIZON) * (1 + np.maximum(age - span / 2, 0) / half)
    entered = paced["entered"].to_numpy().astype(np.float64)
    return np.column_stack(
        [
            np.ones(len(paced)),
            np.log(recent * decayed),
            np.log(np.where(np.isnan(life), recent, life)),
            np.clip(np.nan_to_num(burst), -MAX_BURST, MAX_BURST),
            entered,
            entered * np.log1p(age),
            np.nan_to_num(np.log((comments + pace.HALF) / (total + 1))),
            np.nan_to_num(np.log((likes + dislikes + 1) / (dislikes + 1) / USUAL_ODDS)),
        ]
    )


def expect(paced: pl.DataFrame, by: Forecasts = forecast) -> pl.DataFrame:
    """`paced` with `expected` and `log_sd`.

    Args:
        paced: As `pace.paces` gives it.
        by: Source → its forecast.

    Returns:
        expected: interactions per minute expected over the HORIZON, null if unknown;
        log_sd: standard deviation of its logarithm: the forecast's error, and what chance does to few interactions.
    """
    chosen = [by(source) for source in paced["source"].to_list()]
    coefficients = np.array([one.coefficients for one in chosen]).reshape(-1, len(TERMS))
    log_expected = (terms(paced) * coefficients).sum(axis=1)
    one, more = np.array([one.sd_one for one in chosen]), np.array([one.sd_more for one in chosen])
    fitted = np.where(paced["observations"].to_numpy() == 1, one, more)
    counted = (paced["pace"] * paced["pace_hours"] * 60).fill_null(np.nan).to_numpy()
    return paced.with_columns(
        expected=pl.Series(np.exp(log_expected), dtype=pl.Float64).fill_nan(None),
        log_sd=pl.Series(np.sqrt(fitted**2 + 1 / (counted + 1)), dtype=pl.Float64).fill_nan(None),
    )


def baselines(measured: pl.DataFrame) -> pl.DataFrame:
    """Per source `median` and `mad` of ln expected, `usual` and `usual_mad` of the pace, and `n`.

    MAD is the median absolute deviation. Sources of fewer than MIN_BASELINE signals with a forecast are left out.

    Args:
        measured: As `expect` gives it.
    """
    known = measured.filter(pl.col("expected").is_not_null()).with_columns(log=pl.col("expected").log())
    return (
        known.with_columns(
            off=(pl.col("log") - pl.col("log").median().over("source")).abs(),
            off_pace=(pl.col("pace") - pl.col("pace").median().over("source")).abs(),
        )
        .group_by("source")
        .agg(
            median=pl.col("log").median(),
            mad=pl.col("off").median(),
            usual=pl.col("pace").median(),
            usual_mad=pl.col("off_pace").median(),
            n=pl.len(),
        )
        .filter(pl.col("n") >= MIN_BASELINE)
        .sort("source")
    )


def measures(signals: pl.DataFrame, history: pl.DataFrame, now: datetime, by: Forecasts = forecast) -> pl.DataFrame:
    """Everything that is measured of the growth of each signal seen in the 7 days before `now`; later is not looked at.

    Args:
        signals: Observations, columns of `pace.OBSERVATION` at least.
        history: More of them; what is in both counts once.
        now: The moment.
        by: Source → its forecast: what is tried instead of the one in force.

    Returns:
        A row per signal: columns of `pace.paces`, of `expect`, of its source's `baselines`, and `z` and `z_sd`: robust
        z of ln expected against the source's baseline and its standard deviation; null where unknown.
    """
    measured = expect(pace.paces(pace.observations(signals, history, now)), by)
    known = measured.join(baselines(measured), on="source", how="left", maintain_order="left")
    log, median, mad, sd = (
        known[name].fill_null(np.nan).to_numpy() for name in ("expected", "median", "mad", "log_sd")
    )
    z = robust_z(np.log(log), median, mad)
    z_sd = robust_z(median + sd, median, mad)
    return known.with_columns(
        z=pl.Series(z, dtype=pl.Float64).fill_nan(None), z_sd=pl.Series(z_sd, dtype=pl.Float64).fill_nan(None)
    )


def _half_lives(paced: pl.DataFrame) -> Floats:
    return np.array([calendar.half_life(source) for source in paced["source"].to_list()], np.float64)
