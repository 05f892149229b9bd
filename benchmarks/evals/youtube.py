"""Which videos of a day's chart gain most views in the next two days?"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from benchmarks.evals import ceiling, fitting, trajectories
from benchmarks.evals.base import SEED, Evaluation, Plot, Table
from benchmarks.evals.trajectories import Case, Floats, numbers
from pipeline.scoring import pace

AHEAD, NEAR = timedelta(hours=48), timedelta(hours=15)
"""How far is looked ahead, and how far off a snapshot may be."""
FRESH_HOURS = 48.0
TOP = 50
KNOWN = ("views", "age_hours", "likes", "comments", "position")
"""Of a video that was seen once."""
LEAST_AGE = 0.25
"""Hours: a video is not taken as younger where something is divided by its age."""


def run(data: Path) -> Evaluation:
    """Rank the chart of every snapshot after the fit by what is known then; compare with the gain in two days."""
    regions = trajectories.youtube(data)
    since = trajectories.judged_from(trajectories.YOUTUBE)
    trees = ceiling.youtube(data)
    judged = [
        (region, observed, now)
        for region, observed in sorted(regions.items())
        for now in trajectories.moments(observed)
        if since is None or now >= since
    ]
    cases = [case for one in judged for case in _case(*one, trees)]
    firsts = [case for one in judged for case in _first(*one)]
    every = [moment for observed in regions.values() for moment in trajectories.moments(observed)]
    listed, gone = sum(case.listed for case in cases), sum(case.listed - len(case.signals) for case in cases)
    note = (
        f"{listed:,} listed videos, {gone:,} of them ({gone / max(listed, 1):.0%}) are off the chart two days later: "
        "what they gained is not known, and they are left out. Ties are broken at random."
    )
    targets = {f"NDCG@{TOP}": 0.90, f"NDCG@{TOP} fresh": 0.87}
    whole = _table("All that are still listed two days later", cases, targets, note)
    known = [_kept(case, case.signals["last_gain"].is_not_null()) for case in cases]
    seen = _table("Of these, videos that were observed before the snapshot as well", known, targets, note)
    first = _table("The first look: all, by this one chart alone, as in an installation's first hour", firsts, {}, note)
    tables = [whole, seen, first] if cases else []
    ndcg = f"NDCG@{TOP}"
    return Evaluation(
        title="YouTube: the charts of a day",
        question=f"{__doc__} Gain of views to the snapshot nearest to 48 hours later; all, and those at most 48 h old.",
        data=f"youtube_us_daily: charts of {', '.join(sorted(regions))}, {min(every):%Y-%m-%d %H:%M} to "
        f"{max(every):%Y-%m-%d %H:%M} UTC. No licence: for internal evaluation only.",
        split=f"Coefficients were fitted on what was seen until {since:%Y-%m-%d %H:%M} UTC; {len(cases)} snapshots "
        "from then on that have one two days later are judged." if since else "Nothing was fitted.",
        tables=tables,
        plots=[
            Plot("youtube", "NDCG@50 of the growth in views to two days later", "snapshot", ndcg,
                 [case.label for case in cases],
                 {line.method: line.stats[ndcg].values for line in whole.lines if line.kind != "without"})
        ] if cases else [],
        findings=[
            *(f"{name}: {trajectories.told(table.lines, measure)}"
              for name, table in (("All", whole), ("Observed before", seen), ("First look", first))
              for measure in (ndcg, f"{ndcg} fresh")),
            f"Where it is lost: with the gain of newcomers known, {ndcg} of the forecast would be "
            f"{_knowing(cases, newcomers=True):.3f}, with that of all others {_knowing(cases, newcomers=False):.3f}. "
            f"Newcomers make up {_share(cases):.0%} of what the {TOP} that gained most gained. With theirs told by a "
            f"quadratic of {', '.join(KNOWN)}, fitted to the very charts that are judged, it would be "
            f"{_fitted_to_the_judged(cases):.3f}.",
        ] if cases else ["The data has no snapshot after the fit that is followed for two days: nothing was judged."],
    )  # fmt: skip


def _fresh(signals: pl.DataFrame) -> pl.Series:
    return signals["age_hours"] <= FRESH_HOURS


def _table(title: str, cases: list[Case], targets: dict[str, float], note: str) -> Table:
    measures = {
        f"NDCG@{TOP}": trajectories.ndcg_at(TOP), f"P@{TOP}": trajectories.precision_at(TOP),
        "Spearman": trajectories.rank_correlation(), f"NDCG@{TOP} fresh": trajectories.ndcg_at(TOP, _fresh),
        f"P@{TOP} fresh": trajectories.precision_at(TOP, _fresh),
        "Spearman fresh": trajectories.rank_correlation(_fresh),
    }  # fmt: skip
    found = trajectories.lines(cases, measures) if cases else []
    sizes = sum(len(case.signals) for case in cases), sum(int(_fresh(case.signals).sum()) for case in cases)
    told = f"{note} Ranked here: {sizes[0]:,}, of which {sizes[1]:,} are fresh."
    return Table(title, found, [case.label for case in cases], targets, told)


def _case(region: str, observed: pl.DataFrame, now: datetime, trees: ceiling.Expected) -> list[Case]:
    found = trajectories.later(observed, now, AHEAD, NEAR)
    if not found:
        return []
    measured = trajectories.chart(observed, now)
    signals = trajectories.gains(measured, observed, found[0], "views").join(
        _last_day(observed, now), on="signal_id", how="left", maintain_order="left"
    )
    ours = trajectories.engine(lambda by: (trajectories.chart(observed, now, by), now))
    rivals = {**_baselines(signals), ceiling.NAME: trees(signals, now)}
    return [trajectories.case(f"{region} {now:%m-%d %H:%M}", signals, ours, rivals, len(measured))]


def _first(region: str, observed: pl.DataFrame, now: datetime) -> list[Case]:
    """The case of an engine that has seen nothing before `now`."""
    found = trajectories.later(observed, now, AHEAD, NEAR)
    if not found:
        return []
    seen = trajectories.first_look(observed, now)
    measured = trajectories.chart(seen, now)
    signals = trajectories.gains(measured, observed, found[0], "views")
    ours = trajectories.engine(lambda by: (trajectories.chart(seen, now, by), now))
    return [trajectories.case(f"{region} {now:%m-%d %H:%M}", signals, ours, _at_once(signals), len(measured))]


class _Told(NamedTuple):
    """Of a case, by video: ln of what the forecast expects, and of what was gained, brought to its level."""

    entered: NDArray[np.bool_]
    forecast: Floats
    gained: Floats


def _told(case: Case) -> _Told:
    entered = case.signals["entered"].to_numpy()
    forecast = np.log(numbers(case.signals, "expected"))
    gained = np.log(numbers(case.signals, "gain") + pace.HALF)
    return _Told(entered, forecast, gained + np.median((forecast - gained)[~entered]))


def _knowing(cases: list[Case], *, newcomers: bool) -> float:
    """NDCG of the forecast, with what was really gained in its place for newcomers, or for all others."""
    found = []
    for case in cases:
        told = _told(case)
        known = told.entered if newcomers else ~told.entered
        found.append(trajectories.ndcg_at(TOP)(np.where(known, told.gained, told.forecast), case.signals))
    return float(np.mean(found))


def _fitted_to_the_judged(cases: list[Case]) -> float:
    """NDCG of the forecast with newcomers' gain by a quadratic fitted to each case itself, weighted as the fit is."""
    found = []
    for case in cases:
        entered, forecast, gained = _told(case)
        if entered.any():
            known = np.log1p([numbers(case.signals, name)[entered] for name in KNOWN]).T
            weight = np.exp(2 * fitting.YOUTUBE_BY_GAIN * gained[entered])
            quadratic = make_pipeline(PolynomialFeatures(2, include_bias=False), LinearRegression())
            quadratic.fit(known, gained[entered], linearregression__sample_weight=weight)
            forecast[entered] = quadratic.predict(known)
        found.append(trajectories.ndcg_at(TOP)(forecast, case.signals))
    return float(np.mean(found))


def _share(cases: list[Case]) -> float:
    """Of the gain of the TOP that gained most, the part of newcomers; mean over the cases."""
    best = [case.signals.top_k(TOP, by="gain") for case in cases]
    return float(np.mean([np.average(top["entered"], weights=numbers(top, "gain")) for top in best]))


def _last_day(observed: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """What each video gained since the observation nearest to a day ago, and in how many hours."""
    before = observed.filter(pl.col("captured_at") < now)
    then = pl.lit(now - timedelta(days=1)).cast(pace.UTC_TIME)
    nearest = (
        before.with_columns(off=(pl.col("captured_at") - then).abs())
        .filter(pl.col("off") <= timedelta(hours=12))
        .sort("off")
        .unique("signal_id", keep="first", maintain_order=True)
        .select("signal_id", was="views", was_at="captured_at")
    )
    listed = observed.filter(pl.col("captured_at") == now).select("signal_id", is_now="views")
    return listed.join(nearest, on="signal_id", how="inner").select(
        "signal_id",
        last_gain=(pl.col("is_now") - pl.col("was")).clip(0),
        last_hours=(pl.lit(now).cast(pace.UTC_TIME) - pl.col("was_at")).dt.total_seconds() / 3600,
    )


def _at_once(signals: pl.DataFrame) -> dict[str, Floats]:
    """The baselines that need one chart."""
    of = partial(numbers, signals)
    age = np.maximum(of("age_hours"), LEAST_AGE)
    return {
        "random": np.random.default_rng(SEED).random(len(signals)),
        "recency": -age,
        "views": of("views"),
        "views per hour": of("views") / age,
        "views per hour^1.5": of("views") / age**1.5,
    }


def _baselines(signals: pl.DataFrame) -> dict[str, Floats]:
    of = partial(numbers, signals)
    age = np.maximum(of("age_hours"), LEAST_AGE)
    hours = np.where(np.isnan(of("last_hours")), age, of("last_hours"))
    a_day = np.where(np.isnan(of("last_gain")), of("views"), of("last_gain")) / hours
    middle = np.maximum(age - hours / 2, LEAST_AGE)
    ahead = AHEAD / timedelta(hours=1)
    return _at_once(signals) | {
        "last day's gain": a_day,
        "last day's gain, by a power law": a_day * middle * np.log1p(ahead / age),
    }


def _kept(case: Case, mask: pl.Series) -> Case:
    at = mask.to_numpy()
    scores = {method: score[at] for method, score in case.scores.items()}
    return case._replace(signals=case.signals.filter(mask), scores=scores)
