"""Fits the forecast of growth: `python -m benchmarks.evals.fitting` writes `pipeline/scoring/data/growth.csv`.

Only the first half of each dataset's span is read, so the evaluations have the second half to judge. Least squares of
the logarithm of what the coming hours brought per minute, carried to a day by the source's power law of age.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.evals import trajectories
from benchmarks.evals.trajectories import Floats, numbers
from pipeline.scoring import calendar, growth, pace
from tests.recorded import ROOT, data_dir

FILE = ROOT / "pipeline" / "scoring" / "data" / "growth.csv"

ASSUMED = growth.Forecast(growth.OTHER, None, 0, np.array([0.0, 1, 0, 0, 0, 0, 0, 0]), 1.0, 0.7)
"""Of sources without trajectories: the recent pace, carried on by the power law; errors like those that were fitted."""

FOLLOWED = timedelta(hours=6)
"""Hacker News: stories are followed so long."""

LEAST_HOURS = 0.5
"""What came of a post in less than that says little."""

YOUTUBE_BY_GAIN = 0.25
"""See `fit`: the few that explode are most of what a chart gains."""

AGES = (15, 25, 35, 65)
"""Reddit: minutes of age at which posts are measured."""


class Sample(NamedTuple):
    """Signals at a moment, and what came of them."""

    measured: pl.DataFrame
    """As `growth.measures` gives it."""
    more: Floats
    """Interactions till then."""
    hours: Floats
    """How long that is."""


def fit(
    source: str, found: list[Sample], until: datetime, by_gain: float, among: NDArray[np.bool_] | None = None
) -> growth.Forecast:
    """Coefficients of the source.

    Args:
        source: Its name.
        found: Of the time before `until` alone, outcomes included.
        until: What the evaluations begin after.
        by_gain: Each error counts gain^(2 · by_gain): 0 for a sample of all there is; above, for a chart whose few
            great ones matter.
        among: Shape (8,): which terms may be used; None: all.
    """
    x = np.concatenate([growth.terms(sample.measured) for sample in found])
    age = np.concatenate([numbers(sample.measured, "age_hours") for sample in found])
    single = np.concatenate([sample.measured["observations"].to_numpy() == 1 for sample in found])
    more, hours = (np.concatenate([getattr(sample, name) for sample in found]) for name in ("more", "hours"))
    half = calendar.half_life(source)
    y = np.log((more + pace.HALF) / (hours * 60) * growth.law(age, half, growth.HORIZON) / growth.law(age, half, hours))
    weight = (more + 1) ** by_gain
    told = x.std(axis=0) > 0
    told[0] = True
    if among is not None:
        told &= among
    coefficients = np.zeros(len(growth.TERMS))
    coefficients[told] = np.linalg.lstsq(x[:, told] * weight[:, None], y * weight, rcond=None)[0]
    error = (y - x @ coefficients) ** 2
    sd = [float(np.sqrt(np.average(error[one], weights=weight[one] ** 2))) for one in (single, ~single)]
    return growth.Forecast(source, until, len(y), coefficients, *sd)


def youtube(data: Path) -> growth.Forecast:
    """Of all regions: every snapshot to the next, and to the one two days later."""
    found: list[Sample] = []
    until: list[datetime] = []
    for observed in trajectories.youtube(data).values():
        early = observed.filter(pl.col("captured_at") <= trajectories.halfway(observed))
        until.append(trajectories.moments(early)[-1])
        for now in trajectories.moments(early):
            for ahead in (timedelta(days=1), timedelta(days=2)):
                found += samples(early, now, ahead, timedelta(hours=12))
    return fit(trajectories.YOUTUBE, found, max(until), YOUTUBE_BY_GAIN)


def hackernews(data: Path) -> growth.Forecast:
    """Hourly snapshots, FOLLOWED hours on, after a first day that has no history."""
    observed = trajectories.hackernews(data)
    early = observed.filter(pl.col("captured_at") <= trajectories.halfway(observed))
    every = trajectories.spaced(trajectories.moments(early), timedelta(hours=1))[24:]
    found = [sample for now in every for sample in samples(early, now, FOLLOWED, timedelta(minutes=30))]
    return fit(trajectories.HACKERNEWS, found, trajectories.moments(early)[-1], by_gain=0)


def reddit(data: Path) -> growth.Forecast:
    """Posts at each of the AGES, to their last observation."""
    observed = trajectories.reddit(data)
    until = trajectories.halfway(observed, "published_at")
    return fit(trajectories.REDDIT, reddit_samples(observed.filter(pl.col("captured_at") <= until)), until, by_gain=0)


def reddit_samples(observed: pl.DataFrame) -> list[Sample]:
    """Posts at each of the AGES, and what came of them by their last observation."""
    ends = observed.group_by("signal_id").agg(
        end=pl.col("captured_at").last(), then=pl.sum_horizontal(pl.col("likes").last(), pl.col("comments").last())
    )
    found: list[Sample] = []
    for minutes in AGES:
        measured, _ = trajectories.at_age(observed, minutes)
        followed = (
            measured.join(ends, on="signal_id", how="inner")
            .with_columns(
                hours=(pl.col("end") - pl.col("seen_at")).dt.total_seconds() / 3600,
                more=(pl.col("then") - pl.col("total")).clip(0),
            )
            .filter(pl.col("hours") > LEAST_HOURS)
        )
        found.append(Sample(followed, numbers(followed, "more"), numbers(followed, "hours")))
    return found


def samples(observed: pl.DataFrame, now: datetime, ahead: timedelta, tolerance: timedelta) -> Iterator[Sample]:
    """The chart of the moment and what came of it, if it was looked at again at about that time."""
    if found := trajectories.later(observed, now, ahead, tolerance):
        then, hours = found
        measured = trajectories.gains(trajectories.chart(observed, now), observed, then, "likes")
        yield Sample(measured, numbers(measured, "more"), np.full(len(measured), hours))


def write(path: Path, fitted: list[growth.Forecast]) -> None:
    """Replace the table of coefficients."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("source", "fitted_until", "samples", *growth.TERMS, "sd_one", "sd_more"))
        for one in fitted:
            until = one.fitted_until.isoformat(timespec="milliseconds") if one.fitted_until else ""
            coefficients = (f"{value:.4g}" for value in one.coefficients)
            rows.writerow((one.source, until, one.samples, *coefficients, f"{one.sd_one:.3f}", f"{one.sd_more:.3f}"))


def main() -> int:
    """Fit what there is data for and write the table."""
    write(FILE, [*(fit(data_dir()) for fit in (youtube, reddit, hackernews)), ASSUMED])
    print(FILE.read_text(encoding="utf-8"), file=sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
