"""Recorded trajectories as the engine's observations, what came of them, and how the engine would have ranked them.

What belongs here: what the evaluations of growth share with the fit. What does not: questions, tables, coefficients.
Counters of a dataset become those that the source's parser would give; nothing after a moment is handed to the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.evals.base import SEED, Line, Stat
from pipeline.models import Weights
from pipeline.scoring import calendar, factors, growth, pace, ranking
from pipeline.scoring.score import weighted
from pipeline.signals.parsers import reddit_posts

Floats = NDArray[np.float64]

PRIOR = Weights(version=1, freshness=0.25, engagement=0.25, novelty=0.15, community_fit=0.15, seasonality=0.20)
"""The weights that are in force until something was learned."""

YOUTUBE, REDDIT, HACKERNEWS = "youtube_videos", "reddit_posts", "hackernews_stories"
COLUMNS = (*pace.OBSERVATION, "position")


def youtube(data: Path) -> dict[str, pl.DataFrame]:
    """Region → observations of the videos of its chart; a video listed under several categories counts once."""
    read = pl.read_parquet(data / "youtube_us_daily" / "popular_daily.parquet")
    frame = read.select(
        "region",
        signal_id="video_id",
        source=pl.lit(YOUTUBE),
        published_at=_utc("published_at"),
        captured_at=_utc("collected_at"),
        likes="likes",
        comments="comments",
        views="views",
        dislikes=pl.lit(None, pl.Int64),
        position="rank_in_category",
    )
    once = frame.sort("captured_at", "position").unique(
        ["region", "signal_id", "captured_at"], keep="first", maintain_order=True
    )
    return {str(region): part.select(COLUMNS) for (region,), part in once.partition_by("region", as_dict=True).items()}


def reddit(data: Path) -> pl.DataFrame:
    """Observations of new posts, followed from birth, with `age` in minutes and whether the post was `hot`."""
    read = pl.read_parquet(data / "reddit_memes_10min" / "observations.parquet")
    return (
        read.select(
            signal_id="post_id",
            source=pl.lit(REDDIT),
            published_at=pl.from_epoch((pl.col("created_utc") * 1e6).cast(pl.Int64), "us").dt.replace_time_zone("UTC"),
            captured_at=pl.from_epoch((pl.col("observed_utc") * 1e6).cast(pl.Int64), "us").dt.replace_time_zone("UTC"),
            likes=pl.col("score").clip(0),
            comments="num_comments",
            views=pl.lit(None, pl.Int64),
            dislikes=pl.struct("score", "upvote_ratio").map_elements(
                lambda post: reddit_posts.dislikes(post["score"], post["upvote_ratio"]), pl.Int64
            ),
            age="age_min",
            hot="hot",
        )
        .sort("signal_id", "captured_at")
        .unique(["signal_id", "captured_at"], keep="first", maintain_order=True)
    )


def hackernews(data: Path) -> pl.DataFrame:
    """Observations of front-page stories.

    The dataset has no time of publication. Ids grow with time, so a story is no younger than the first sighting of any
    that has a higher id; only sightings up to its own first one are used.
    """
    read = pl.read_parquet(data / "hackernews_frontpage" / "frontpage_snapshots.parquet")
    seen = read.with_columns(captured_at=_utc("scraped_at")).sort("captured_at", "rank")
    born = (
        seen.group_by("item_id")
        .agg(first=pl.col("captured_at").min())
        .sort("item_id", descending=True)
        .select("item_id", published_at=pl.col("first").cum_min())
    )
    return (
        seen.join(born, on="item_id", how="left", maintain_order="left")
        .select(
            signal_id=pl.col("item_id").cast(pl.String),
            source=pl.lit(HACKERNEWS),
            published_at="published_at",
            captured_at="captured_at",
            likes="points",
            comments="comments",
            views=pl.lit(None, pl.Int64),
            dislikes=pl.lit(None, pl.Int64),
            position="rank",
        )
        .unique(["signal_id", "captured_at"], keep="first", maintain_order=True)
    )


def _utc(column: str) -> pl.Expr:
    return pl.col(column).dt.replace_time_zone("UTC").cast(pace.UTC_TIME)


def moments(observed: pl.DataFrame) -> list[datetime]:
    """When the source was looked at."""
    return observed["captured_at"].unique().sort().to_list()


def spaced(times: Sequence[datetime], apart: timedelta) -> list[datetime]:
    """Of the times, which ascend, the first and each that is at least so far (less a twelfth) after the one before."""
    kept: list[datetime] = []
    for time in times:
        if not kept or time - kept[-1] >= apart * 11 / 12:
            kept.append(time)
    return kept


def halfway(observed: pl.DataFrame, column: str = "captured_at") -> datetime:
    """The middle of the span of the column: before it is for fitting, after it for judging."""
    first, last = observed[column].min(), observed[column].max()
    return first + (last - first) / 2  # type: ignore[operator,return-value]


def judged_from(source: str) -> datetime | None:
    """From when on nothing went into the source's coefficients; None: they were not fitted."""
    return growth.forecast(source).fitted_until


def chart(observed: pl.DataFrame, now: datetime, by: growth.Forecasts = growth.forecast) -> pl.DataFrame:
    """What the engine measures of the signals that are listed at `now`, a moment of the observations."""
    past = observed.filter(pl.col("captured_at") <= now)
    listed = past.filter(pl.col("captured_at") == now)
    return growth.measures(listed, past, now, by).join(
        listed.select("signal_id", "position"), on="signal_id", how="inner", maintain_order="left"
    )


def first_look(observed: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """What is observed at `now`: all that an engine knows which never looked before."""
    return observed.filter(pl.col("captured_at") == now)


def at_age(
    observed: pl.DataFrame, minutes: float, by: growth.Forecasts = growth.forecast
) -> tuple[pl.DataFrame, datetime]:
    """What the engine measures of posts that are all so old at one moment, and that moment.

    The posts are laid side by side: each one's times are moved so that all are published at once. What was observed of
    a post later than at that age is left out. `seen_at` is when a post's last observation really was, and `known` and
    `was_hot` what it said.
    """
    now: datetime = observed["captured_at"].max()  # type: ignore[assignment]
    young = observed.filter(pl.col("age") <= minutes)
    moved = young.with_columns(
        captured_at=pl.lit(now).cast(pace.UTC_TIME)
        + (pl.col("captured_at") - pl.col("published_at"))
        - timedelta(minutes=minutes),
        published_at=pl.lit(now).cast(pace.UTC_TIME) - timedelta(minutes=minutes),
    )
    said = young.group_by("signal_id", maintain_order=True).agg(
        seen_at=pl.col("captured_at").last(), known=pl.col("likes").last(), was_hot=pl.col("hot").any()
    )
    return growth.measures(moved, moved.clear(), now, by).join(
        said, on="signal_id", how="inner", maintain_order="left"
    ), now


def later(
    observed: pl.DataFrame, now: datetime, wanted: timedelta, tolerance: timedelta
) -> tuple[datetime, float] | None:
    """The moment nearest to `wanted` after now, and the hours till then; None if none is near enough."""
    after = [moment for moment in moments(observed) if moment > now]
    if not after:
        return None
    nearest = min(after, key=lambda moment: abs(moment - now - wanted))
    if abs(nearest - now - wanted) > tolerance:
        return None
    return nearest, (nearest - now).total_seconds() / 3600


def gains(listed: pl.DataFrame, observed: pl.DataFrame, then: datetime, counter: str) -> pl.DataFrame:
    """The listed signals that are seen at `then`, with their `gain` of the counter and `more` interactions."""
    after = observed.filter(pl.col("captured_at") == then).select(
        "signal_id", then_counter=counter, then_total=pl.sum_horizontal(pace.COUNTERS)
    )
    return (
        listed.join(after, on="signal_id", how="inner", maintain_order="left")
        .with_columns(
            gain=(pl.col("then_counter") - pl.col(counter)).clip(0),
            more=(pl.col("then_total") - pl.col("total")).clip(0),
        )
        .drop("then_counter", "then_total")
    )


class Ranked(NamedTuple):
    """What the score is made of where only growth differs."""

    freshness: Floats
    engagement: Floats

    def score(self, weights: Weights = PRIOR) -> Floats:
        """By the engine's own sum, the other factors neutral."""
        neutral = np.full(len(self.freshness), factors.NEUTRAL)
        return weighted(np.column_stack([self.freshness, self.engagement, neutral, neutral, neutral]), weights)


def ranked(measured: pl.DataFrame, now: datetime) -> Ranked:
    """Freshness and engagement of measured signals, as the engine computes them of posts."""
    hours = (pl.lit(now).cast(pace.UTC_TIME) - pl.col("peak_at")).dt.total_microseconds() / 3.6e9
    since = measured.select(hours.clip(0)).to_series().to_numpy()
    half_lives = np.array([calendar.half_life(source) for source in measured["source"].to_list()], np.float64)
    return Ranked(factors.freshness(since, half_lives), factors.engagement(numbers(measured, "z")))


def without(*terms: str, onto: str | None = None) -> growth.Forecasts:
    """The forecasts with the coefficients of the terms set to 0, or given to another term; nothing is fitted anew."""

    def forecast(source: str) -> growth.Forecast:
        known = growth.forecast(source)
        coefficients = known.coefficients.copy()
        for term in terms:
            at = growth.TERMS.index(term)
            if onto:
                coefficients[growth.TERMS.index(onto)] += coefficients[at]
            coefficients[at] = 0
        return known._replace(coefficients=coefficients)

    return forecast


def assumed(source: str) -> growth.Forecast:
    """The forecast of sources that nothing was fitted for."""
    del source
    return growth.forecast(growth.OTHER)


OURS = "ours"
ABLATIONS: Mapping[str, growth.Forecasts] = {
    "without the recent pace (the life's instead)": without("projected", onto="life"),
    "without the life's pace (the recent one's instead)": without("life", onto="projected"),
    "without burst": without("burst"),
    "without entry": without("entered", "entered_age"),
    "without talk": without("talk"),
    "without approval": without("approval"),
    "without any fit (pace and power law)": assumed,
}
"""What is left out of the forecast."""

ONLY_ENGAGEMENT = PRIOR.model_copy(update={"freshness": 0.0, "engagement": 0.5})
ONLY_FRESHNESS = PRIOR.model_copy(update={"freshness": 0.5, "engagement": 0.0})

Measured = Callable[[growth.Forecasts], tuple[pl.DataFrame, datetime]]
"""With a forecast: what the engine measures, and the moment."""


def engine(measure: Measured) -> dict[tuple[str, str], pl.DataFrame]:
    """The engine's scores and those of its ablations, as (method, kind) → signal_id and score."""
    measured, now = measure(growth.forecast)
    ours = ranked(measured, now)
    found = {(OURS, "ours"): _scores(measured, ours.score())}
    for name, by in ABLATIONS.items():
        other, _ = measure(by)
        found[name, "without"] = _scores(other, ranked(other, now).score())
    found["without freshness", "without"] = _scores(measured, ours.score(ONLY_ENGAGEMENT))
    found["without engagement", "without"] = _scores(measured, ours.score(ONLY_FRESHNESS))
    return found


def _scores(measured: pl.DataFrame, score: Floats) -> pl.DataFrame:
    return measured.select("signal_id").with_columns(score=pl.Series(score, dtype=pl.Float64))


class Case(NamedTuple):
    """A snapshot: what each method made of its signals, and what came of them."""

    label: str
    signals: pl.DataFrame
    """Of those whose outcome is known: signal_id, gain and what masks need."""
    scores: Mapping[tuple[str, str], Floats]
    """(method, kind) → one for each of the signals."""
    listed: int
    """How many there were, with those whose outcome is not known."""


def case(
    label: str,
    signals: pl.DataFrame,
    ours: Mapping[tuple[str, str], pl.DataFrame],
    baselines: Mapping[str, Floats],
    listed: int,
) -> Case:
    """A snapshot of the engine's scores, joined to the signals by id, and baselines in their order."""
    joined = {
        method: numbers(signals.join(score, on="signal_id", how="left", maintain_order="left"), "score")
        for method, score in ours.items()
    }
    return Case(label, signals, joined | {(name, "baseline"): score for name, score in baselines.items()}, listed)


Measure = Callable[[Floats, pl.DataFrame], float]
"""Of the scores of signals, and the signals with what came of them."""
Mask = Callable[[pl.DataFrame], pl.Series]


def lines(cases: Sequence[Case], measures: Mapping[str, Measure]) -> list[Line]:
    """Every method by every measure, over the cases."""
    return [
        Line(
            method,
            kind,
            {
                name: Stat(tuple(measure(case.scores[method, kind], case.signals) for case in cases))
                for name, measure in measures.items()
            },
        )
        for method, kind in cases[0].scores
    ]


def rng() -> np.random.Generator:
    """The generator that breaks ties: the same for every measure."""
    return np.random.default_rng(SEED)


def ndcg_at(k: int, mask: Mask | None = None) -> Measure:
    """NDCG at k of the masked signals; what is gained is the gain."""
    return _masked(lambda score, gain: ranking.ndcg(score, gain, k, rng()), mask)


def precision_at(k: int, mask: Mask | None = None) -> Measure:
    """Precision at k of the masked signals."""
    return _masked(lambda score, gain: ranking.precision(score, gain, k, rng()), mask)


def rank_correlation(mask: Mask | None = None) -> Measure:
    """Spearman's rank correlation of score and gain of the masked signals."""
    return _masked(ranking.spearman, mask)


def _masked(measure: Callable[[Floats, Floats], float], mask: Mask | None) -> Measure:
    """The measure of the masked signals; 0 where there are none."""

    def masked(score: Floats, signals: pl.DataFrame) -> float:
        kept = np.ones(len(signals), bool) if mask is None else mask(signals).to_numpy()
        return measure(score[kept], numbers(signals, "gain")[kept]) if kept.any() else 0.0

    return masked


def told(found: Sequence[Line], measure: str) -> str:
    """Ours beside the best baseline, in a sentence."""
    mean = {line.method: line.stats[measure].mean for line in found}
    best = max((line.method for line in found if line.kind == "baseline"), key=mean.__getitem__)
    return f"{measure}: ours {mean[OURS]:.3f}, the best baseline ({best}) {mean[best]:.3f}."


def numbers(frame: pl.DataFrame, column: str) -> Floats:
    """A column as floats, NaN where null."""
    return frame[column].cast(pl.Float64).fill_null(np.nan).to_numpy()
