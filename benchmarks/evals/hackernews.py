"""Which stories of the front page gain most points in the next six hours?"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.evals import trajectories
from benchmarks.evals.base import SEED, Evaluation, Plot, Table
from benchmarks.evals.trajectories import Case, Floats, numbers

AHEAD, NEAR = timedelta(hours=6), timedelta(minutes=30)
EVERY = timedelta(hours=3)
"""Between the snapshots that are judged."""
TOP = 10
LEAST_AGE = 0.5
"""Hours: a story is not taken as younger where something is divided by its age."""


def run(data: Path) -> Evaluation:
    """Rank the front page after the fit by what is known then; compare with the points gained six hours later."""
    observed = trajectories.hackernews(data)
    since = trajectories.judged_from(trajectories.HACKERNEWS)
    times = trajectories.moments(observed)
    after = trajectories.spaced([now for now in times if since is None or now >= since], EVERY)
    cases = [case for now in after for case in _case(observed, now, observed)]
    firsts = [case for now in after for case in _case(observed, now, trajectories.first_look(observed, now))]
    listed, gone = sum(case.listed for case in cases), sum(case.listed - len(case.signals) for case in cases)
    measures = {
        f"NDCG@{TOP}": trajectories.ndcg_at(TOP), f"P@{TOP}": trajectories.precision_at(TOP),
        "Spearman": trajectories.rank_correlation(),
    }  # fmt: skip
    found, at_first = (trajectories.lines(those, measures) if those else [] for those in (cases, firsts))
    note = (
        f"{listed:,} listed stories, {gone:,} of them ({gone / max(listed, 1):.0%}) have left the page by then: "
        "what they gained is not known, and they are left out. Ties are broken at random. Snapshots less "
        "than six hours apart share outcomes, so the spread is not that of independent ones."
    )
    drawn = cases[:: max(1, len(cases) // 24)]
    return Evaluation(
        title="Hacker News: the front page",
        question=f"{__doc__} NDCG@{TOP} of the points gained.",
        data=f"hackernews_frontpage: {len(times):,} snapshots, {times[0]:%Y-%m-%d %H:%M} to {times[-1]:%Y-%m-%d %H:%M} "
        "UTC. Times of publication are not in it; a story's age is bounded by the ids seen before. No licence: for "
        "internal evaluation only.",
        split=f"Coefficients were fitted on what was seen until {since:%Y-%m-%d %H:%M} UTC; {len(cases)} later "
        "snapshots, three hours apart, are judged." if since else "Nothing was fitted.",
        tables=[
            Table("Stories that are still listed six hours later", found, [case.label for case in cases], {}, note),
            Table("The first look: the same, by this one page alone, as in an installation's first hour", at_first,
                  [case.label for case in firsts], {}, note),
        ] if cases else [],
        plots=[
            Plot("hackernews", "NDCG@10 of the points gained in six hours", "snapshot", f"NDCG@{TOP}",
                 list(range(1, len(drawn) + 1)),
                 {line.method: [line.stats[f"NDCG@{TOP}"].values[cases.index(case)] for case in drawn]
                  for line in found if line.method in ("ours", "points per hour", "rank")})
        ] if cases else [],
        findings=[
            *(trajectories.told(found, measure) for measure in measures),
            *(f"First look: {trajectories.told(at_first, measure)}" for measure in measures),
        ] if cases
        else ["The data has no snapshot after the fit that is followed for six hours: nothing was judged."],
    )  # fmt: skip


def _case(observed: pl.DataFrame, now: datetime, seen: pl.DataFrame) -> list[Case]:
    """The page of `now`, ranked by what was seen until then, and what came of it, if it was observed."""
    found = trajectories.later(observed, now, AHEAD, NEAR)
    if not found:
        return []
    measured = trajectories.chart(seen, now)
    signals = trajectories.gains(measured, observed, found[0], "likes")
    ours = trajectories.engine(lambda by: (trajectories.chart(seen, now, by), now))
    of = partial(numbers, signals)
    baselines: dict[str, Floats] = {
        "random": np.random.default_rng(SEED).random(len(signals)),
        "recency": -of("age_hours"),
        "points": of("likes"),
        "points per hour": of("likes") / np.maximum(of("age_hours"), LEAST_AGE),
        "rank": -of("position"),
    }
    return [trajectories.case(f"{now:%m-%d %H:%M}", signals, ours, baselines, len(measured))]
