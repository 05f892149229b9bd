"""The gate: whether a trial ranks past hours better than the weights in force and than every baseline.

What belongs here: measuring rankings over snapshots, and the decision. What does not: where the snapshots come from,
and the measures themselves (`pipeline.scoring.ranking`).

A ranking orders the items of a snapshot. Measured are NDCG and precision at TOP, and the lead time: the hours from the
end of the first hour in which an item stood in the top to its peak, as far as that was seen. Baselines: random (the
mean of DRAWS orders), recency, raw total, pace.

The decision rests on NDCG. The difference to a rival is taken hour by hour; hours of a day share their signals, so
whole days are resampled (block bootstrap: Künsch, 1989). With few days the percentiles of a bootstrap lie too near to
its middle; they are widened by `t / z · √(n / (n − 1))`, t and z the quantiles of Student's t with n − 1 degrees of
freedom and of the normal distribution, n the days (Hesterberg, 2015, "What teachers should know about the bootstrap").
A trial is adopted when the lower bound at LEVEL is above zero against both the weights in force and the best baseline.
LEVEL is strict because the question is asked again every night.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from statistics import NormalDist
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.feedback.snapshots import BASELINES, Snapshot, scores_of_items
from pipeline.feedback.trials import Trial
from pipeline.models import Json, Weights
from pipeline.scoring.ranking import ndcg, order, precision
from pipeline.scoring.score import NAMES, weighted

Decision = Literal["adopted", "refused", "not enough data"]

TOP = 10
"""So many of a ranking count."""
MIN_ITEMS = 12
"""A snapshot with fewer items than that hardly ranks anything."""
MIN_DAYS = 5
"""Days with a snapshot, below which nothing is decided."""
LEVEL = 0.01
RESAMPLES = 4000
DRAWS = 20

CANDIDATE, IN_FORCE, RANDOM = "candidate", "in force", "random"

Floats = NDArray[np.float64]


class Verdict(NamedTuple):
    """What the gate decided."""

    decision: Decision
    reason: str
    report: Json


class Difference(NamedTuple):
    """How much more NDCG the candidate has than a rival: the mean over snapshots, and its bounds at LEVEL."""

    mean: float
    low: float
    high: float


def judge(snapshots: Sequence[Snapshot], trial: Trial, in_force: Weights) -> Verdict:
    """Rank the snapshots by the trial, by the weights in force and by the baselines, and decide.

    The same snapshots give the same verdict.

    Args:
        snapshots: Of hours, or days, that the trial was not learned from.
        trial: What is tried.
        in_force: What it would replace.
    """
    fit = sorted((one for one in snapshots if _ranks(one)), key=lambda one: one.at)
    days = np.array([one.at.toordinal() for one in fit])
    counted: Json = {
        "snapshots": len(fit),
        "too_few_items": len(snapshots) - len(fit),
        "days": len(set(days.tolist())),
        "items": sum(one.items.height for one in fit),
        "top": TOP,
        "level": LEVEL,
    }
    if counted["days"] < MIN_DAYS:
        reason = f"not enough data: {counted['days']} of {MIN_DAYS} days have {MIN_ITEMS} or more items to rank"
        return Verdict("not enough data", reason, counted)

    tried = [scores_of_items(one, trial.scores(one.ideas)) for one in fit]
    ruling = [scores_of_items(one, weighted(one.ideas.select(NAMES).to_numpy(), in_force)) for one in fit]
    scores = {CANDIDATE: tried, IN_FORCE: ruling} | {
        name: [one.items[name].fill_null(-np.inf).to_numpy() for one in fit] for name in BASELINES
    }
    measured = {name: _measures(fit, own) for name, own in scores.items()} | {RANDOM: _at_random(fit)}
    of_ndcg = {name: own["ndcg"] for name, own in measured.items()}
    best = max((*BASELINES, RANDOM), key=lambda name: float(of_ndcg[name].mean()))
    against = {rival: difference(of_ndcg[CANDIDATE] - of_ndcg[rival], days) for rival in (IN_FORCE, best)}
    report: Json = counted | {
        "measures": {
            name: {
                "ndcg": round(float(own["ndcg"].mean()), 4),
                "ndcg_spread": round(float(own["ndcg"].std(ddof=1)), 4),
                "precision": round(float(own["precision"].mean()), 4),
                **_lead(fit, scores.get(name, ())),
            }
            for name, own in measured.items()
        },
        "best_baseline": best,
        "differences": {
            rival: dict(zip(one._fields, map(_rounded, one), strict=True)) for rival, one in against.items()
        },
        "by_day": {
            datetime.fromordinal(day).date().isoformat(): {
                name: round(float(of_ndcg[name][days == day].mean()), 4) for name in (CANDIDATE, IN_FORCE, best)
            }
            for day in sorted(set(days.tolist()))
        },
    }
    return _decided(against, of_ndcg, best, report)


def difference(paired: Floats, days: NDArray[np.int_]) -> Difference:
    """The mean of paired differences with its bounds at LEVEL, by resampling whole days.

    Args:
        paired: Shape (n,), one for each snapshot.
        days: Shape (n,), the day of each; two days or more.
    """
    own = [paired[days == day] for day in np.unique(days)]
    sums, sizes = np.array([one.sum() for one in own]), np.array([len(one) for one in own])
    n = len(own)
    drawn = np.random.default_rng(n * 1_000_003 + len(paired)).integers(0, n, size=(RESAMPLES, n))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    mean = float(paired.mean())
    widened = mean + (means - mean) * _t_over_z(n - 1) * np.sqrt(n / (n - 1))
    low, high = np.quantile(widened, [LEVEL, 1 - LEVEL])
    return Difference(mean, float(low), float(high))


def _t_over_z(degrees: int) -> float:
    """Student's t by the normal quantile at LEVEL (Abramowitz and Stegun, 1964, 26.7.5)."""
    z = NormalDist().inv_cdf(1 - LEVEL)
    terms = (
        (z**3 + z) / 4 / degrees,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96 / degrees**2,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384 / degrees**3,
    )
    return (z + sum(terms)) / z


def _ranks(one: Snapshot) -> bool:
    return one.items.height >= MIN_ITEMS and one.items["relevance"].n_unique() > 1


def _measures(fit: Sequence[Snapshot], scores: Sequence[Floats]) -> dict[str, Floats]:
    gains = [one.items["relevance"].to_numpy() for one in fit]
    rows = list(zip(fit, scores, gains, strict=True))
    return {
        "ndcg": np.array([ndcg(score, gain, TOP, _rng(one)) for one, score, gain in rows]),
        "precision": np.array([precision(score, gain, TOP, _rng(one)) for one, score, gain in rows]),
    }


def _at_random(fit: Sequence[Snapshot]) -> dict[str, Floats]:
    found: dict[str, list[float]] = {"ndcg": [], "precision": []}
    for one in fit:
        rng, gain = _rng(one), one.items["relevance"].to_numpy()
        none = np.zeros(len(gain))
        found["ndcg"].append(float(np.mean([ndcg(none, gain, TOP, rng) for _ in range(DRAWS)])))
        found["precision"].append(float(np.mean([precision(none, gain, TOP, rng) for _ in range(DRAWS)])))
    return {name: np.array(values) for name, values in found.items()}


def _lead(fit: Sequence[Snapshot], scores: Sequence[Floats]) -> Json:
    """Median of the hours between the first stand in the top and the peak, negative after it, and of how many items.

    Of random there is none: it is no one order.
    """
    first: dict[str, datetime] = {}
    peaks: dict[str, datetime] = {}
    for one, score in zip(fit, scores, strict=False):
        names, at = one.items["item"].to_list(), one.items["peak_at"].to_list()
        for i in order(score, _rng(one))[:TOP]:
            first.setdefault(names[i], one.at + timedelta(hours=1))
        peaks |= {name: peak for name, peak in zip(names, at, strict=True) if peak is not None}
    leads = [(peaks[name] - since).total_seconds() / 3600 for name, since in first.items() if name in peaks]
    return {
        "lead_hours": round(float(np.median(leads)), 2) if leads else None,
        "before_peak": round(float(np.mean(np.array(leads) > 0)), 4) if leads else None,
        "led": len(leads),
    }


def _decided(against: Mapping[str, Difference], of_ndcg: Mapping[str, Floats], best: str, report: Json) -> Verdict:
    ours = float(of_ndcg[CANDIDATE].mean())

    def told(rival: str) -> str:
        one, name = against[rival], "the weights in force" if rival == IN_FORCE else f"the best baseline, {rival},"
        return f"{name} {of_ndcg[rival].mean():.3f}, difference {one.mean:+.3f}, {1 - LEVEL:.0%} above {one.low:+.3f}"

    numbers = f"NDCG@{TOP} {ours:.3f} on {report['snapshots']} rankings of {report['days']} days"
    lost = [rival for rival in (IN_FORCE, best) if against[rival].low <= 0]
    if lost:
        return Verdict(
            "refused", f"does not rank better beyond chance: {numbers}, {'; '.join(map(told, lost))}", report
        )
    return Verdict("adopted", f"ranks better: {numbers}; {told(IN_FORCE)}; {told(best)}", report)


def _rng(one: Snapshot) -> np.random.Generator:
    """Breaks ties in the same way for every ranking of a snapshot."""
    return np.random.default_rng(int(one.at.timestamp()))


def _rounded(value: float) -> float:
    return round(value, 4)
