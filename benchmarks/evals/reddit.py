"""Which new posts become hot, as soon as they have been watched for minutes?"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.evals import trajectories
from benchmarks.evals.base import SEED, Evaluation, Line, Plot, Stat, Table
from benchmarks.evals.trajectories import Case, Floats, Measure, numbers
from pipeline.scoring import ranking

AGES = (15, 25, 35, 65)
"""Minutes that posts have been watched for."""
TOP = 50
COHORT = timedelta(hours=3)
"""Posts that are published within it compete with each other."""
TARGET_AGE, TARGET = 35, 0.75


def run(data: Path) -> Evaluation:
    """Rank posts at the same age, by what was observed of them until then; compare with whether they became hot."""
    observed = trajectories.reddit(data)
    since = trajectories.judged_from(trajectories.REDDIT)
    judged = observed if since is None else observed.filter(pl.col("published_at") > since)
    born: list[datetime] = observed["published_at"].sort().to_list()
    title, question = "Reddit: new posts", f"{__doc__} Average precision, and NDCG@{TOP} of the score gained later."
    source = (
        f"reddit_memes_10min: {observed['signal_id'].n_unique():,} new posts, "
        f"{born[0]:%Y-%m-%d %H:%M} to {born[-1]:%Y-%m-%d %H:%M} UTC, each followed for two hours. No licence: for "
        "internal evaluation only."
    )
    if judged.is_empty():
        nothing = "The data has no post that was published after the fit: nothing was judged."
        return Evaluation(
            title, question, source, f"Fitted on posts until {since:%Y-%m-%d %H:%M} UTC.", [], (), [nothing]
        )
    whole = {minutes: _case(judged, minutes, "all judged posts") for minutes in AGES}
    start: datetime = judged["published_at"].min()  # type: ignore[assignment]
    cohort = ((pl.col("published_at") - start) / COHORT).floor().cast(pl.Int64)
    by_cohort = judged.with_columns(cohort=cohort).partition_by("cohort", as_dict=True)
    numbered = sorted(int(number) for (number,) in by_cohort)
    parts = [by_cohort[number,] for number in numbered]
    labels = [f"{start + COHORT * number:%d %H:%M}" for number in numbered]
    cohorts = {
        minutes: [_case(part, minutes, label) for part, label in zip(parts, labels, strict=True)] for minutes in AGES
    }
    usable = [i for i in range(len(parts)) if all(cohorts[m][i].signals["relevant"].any() for m in AGES)]
    pooled = _lines({minutes: [case] for minutes, case in whole.items()})
    spread = _lines({minutes: [cohorts[minutes][i] for i in usable] for minutes in AGES})
    hot = int(whole[TARGET_AGE].signals["relevant"].sum())
    note = (
        f"{len(whole[TARGET_AGE].signals):,} posts, of which {hot} become hot after {TARGET_AGE} minutes; "
        "those that already are hot at the age are left out. All are followed equally long, so none is censored. "
        "Ties are broken at random."
    )
    target = {f"AP {TARGET_AGE} min": TARGET}
    return Evaluation(
        title, question, source,
        split=f"Coefficients were fitted on what was seen until {since:%Y-%m-%d %H:%M} UTC; posts published later "
        "are judged." if since else "Nothing was fitted.",
        tables=[
            Table("All later posts, as if they had been published at once", pooled, ["all judged posts"], target, note),
            Table("By three hours of publication", spread, [labels[i] for i in usable],
                  note="Only spans in which a post became hot."),
        ],
        plots=[
            Plot("reddit", "Who becomes hot, by how long posts were watched", "minutes watched", "average precision",
                 AGES, {line.method: [line.stats[f"AP {minutes} min"].mean for minutes in AGES]
                        for line in pooled if line.kind != "without"})
        ],
        findings=[trajectories.told(pooled, f"AP {minutes} min") for minutes in AGES],
    )  # fmt: skip


def _case(posts: pl.DataFrame, minutes: int, label: str) -> Case:
    """The posts at an age, what came of them, and what each method makes of them."""
    measured, _ = trajectories.at_age(posts, minutes)
    ends = posts.group_by("signal_id").agg(ends=pl.col("likes").last(), relevant=pl.col("hot").any())
    signals = (
        measured.join(ends, on="signal_id", how="inner", maintain_order="left")
        .with_columns(gain=(pl.col("ends") - pl.col("likes")).clip(0))
        .filter(~pl.col("was_hot"))
    )
    ours = trajectories.engine(lambda by: trajectories.at_age(posts, minutes, by))
    of = partial(numbers, signals)
    baselines: dict[str, Floats] = {
        "random": np.random.default_rng(SEED).random(len(signals)),
        "score": of("likes"),
        "score per minute": of("likes") / (of("age_hours") * 60),
        "comments": of("comments"),
    }
    return trajectories.case(label, signals, ours, baselines, len(measured))


def _average_precision(score: Floats, signals: pl.DataFrame) -> float:
    return ranking.average_precision(score, signals["relevant"].to_numpy(), trajectories.rng())


def _lines(by_age: dict[int, list[Case]]) -> list[Line]:
    """Methods by AP and NDCG at every age."""
    kinds: dict[str, Measure] = {"AP": _average_precision, f"NDCG@{TOP}": trajectories.ndcg_at(TOP)}
    stats: dict[tuple[str, str], dict[str, Stat]] = {}
    for name, measure in kinds.items():
        for minutes, cases in by_age.items():
            for line in trajectories.lines(cases, {f"{name} {minutes} min": measure}):
                stats.setdefault((line.method, line.kind), {}).update(line.stats)
    return [Line(method, kind, found) for (method, kind), found in stats.items()]
