"""Which terms of Reddit's forecast earn their place, told by the first half alone.

`python -m benchmarks.evals.choosing`: cross-validation on the posts that the fit may see. Coefficients of four fifths,
in the order of publication, rank the last fifth by what is expected, and all five together are judged by average
precision of who becomes hot. Nothing of the second half, which the evaluation judges, is read: what is chosen here is
not tuned on it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from benchmarks.evals import fitting, trajectories
from benchmarks.evals.trajectories import Floats
from pipeline.scoring import growth, ranking
from tests.recorded import available, data_dir

FOLDS = 5


class Fold(NamedTuple):
    """What is fitted on and what is ranked."""

    fitted: list[fitting.Sample]
    ranked: list[pl.DataFrame]
    """For each of the AGES: measured posts that are not hot yet, with whether they become so as `relevant`."""


def first_half(data: Path) -> tuple[datetime, pl.DataFrame]:
    """Its end, and what was observed until then."""
    observed = trajectories.reddit(data)
    until = trajectories.halfway(observed, "published_at")
    return until, observed.filter(pl.col("captured_at") <= until)


def folds(early: pl.DataFrame) -> list[Fold]:
    """The posts in fifths, by publication."""
    place = early.select("published_at", "signal_id").unique().sort("published_at", "signal_id").with_row_index("place")
    fifth = place.select("signal_id", fold=pl.col("place") * FOLDS // pl.len())
    known = early.join(fifth, on="signal_id", how="inner", maintain_order="left")
    return [_fold(known.filter(pl.col("fold") != n), known.filter(pl.col("fold") == n)) for n in range(FOLDS)]


def _fold(fitted: pl.DataFrame, ranked: pl.DataFrame) -> Fold:
    relevant = ranked.group_by("signal_id").agg(relevant=pl.col("hot").any())
    at_ages = (trajectories.at_age(ranked, minutes)[0] for minutes in fitting.AGES)
    return Fold(
        fitting.reddit_samples(fitted),
        [
            measured.join(relevant, on="signal_id", how="inner", maintain_order="left").filter(~pl.col("was_hot"))
            for measured in at_ages
        ],
    )


def precisions(found: list[Fold], until: datetime, without: str | None = None) -> Iterator[float]:
    """Average precision at each of the AGES, of the forecast without a term."""
    kept = np.array([term != without for term in growth.TERMS])
    scores: list[list[Floats]] = [[] for _ in fitting.AGES]
    truths: list[list[Floats]] = [[] for _ in fitting.AGES]
    for fold in found:
        forecast = fitting.fit(trajectories.REDDIT, fold.fitted, until, by_gain=0, among=kept)
        for score, truth, posts in zip(scores, truths, fold.ranked, strict=True):
            score.append(np.nan_to_num(growth.terms(posts) @ forecast.coefficients, nan=-np.inf))
            truth.append(posts["relevant"].to_numpy())
    for score, truth in zip(scores, truths, strict=True):
        yield ranking.average_precision(np.concatenate(score), np.concatenate(truth), trajectories.rng())


def main() -> int:
    """Print a line for all terms and one without each."""
    if not available():
        print(f"no recorded posts at {data_dir()}: set ENGINE_SHARED to the folder that holds data/")
        return 0
    until, early = first_half(data_dir())
    found = folds(early)
    odds = early.select(((pl.col("likes") + pl.col("dislikes") + 1) / (pl.col("dislikes") + 1)).median()).item()
    print(f"Posts until {until:%Y-%m-%d %H:%M} UTC: votes for to one against, median {odds:.1f}")
    print("Average precision by minutes watched")
    print(f"{'':<22}" + "".join(f"{minutes:>8}" for minutes in fitting.AGES) + f"{'mean':>8}")
    for term in (None, *growth.TERMS[1:]):
        if term and not any(growth.terms(posts)[:, growth.TERMS.index(term)].any() for posts in found[0].ranked):
            continue
        values = list(precisions(found, until, term))
        name = f"without {term}" if term else "all terms"
        print(f"{name:<22}" + "".join(f"{value:8.3f}" for value in [*values, float(np.mean(values))]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
