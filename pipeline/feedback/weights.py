"""Learns the five weights of the score from what listings earned, and proposes them only if they rank better.

What belongs here: the learner, the back-test and the decision. What does not: gathering outcomes, and putting weights
in force.

The model. A listing's favourites, carts and sales are counts; with its views as exposure their expected number is
`views · exp(b + β·x)`, x the five factors (Poisson regression with an offset: McCullagh & Nelder, Generalized Linear
Models, 1989, ch. 6). β is held not negative, for a factor is defined so that more is better. Ranking by `β·x` is
ranking by the expected rate, so `β / Σβ` are weights of the score.

Shrinkage. Only the direction of β matters, so its distance from the ray of the weights in force is penalised:
`‖β − proj(β)‖² / (2σ²)`, a normal prior with standard deviation σ = 1 on the log rate. Counts vary more than a Poisson
variable does, so the likelihood is divided by Pearson's dispersion (ibid., ch. 4.5), which lets the prior weigh more.

The back-test. The newest listings are held out, and both weightings rank them. The measure is Spearman's rank
correlation with the rate of each, drawn toward the mean rate where views are few (the posterior mean of a gamma prior).
Its difference is bootstrapped over the held-out listings (Efron, 1979); the learned weights are proposed when 99 % of
the differences are above zero. The level is strict because the question is asked again every night.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field

from pipeline.models import Json, Model, Weights
from pipeline.scoring.ranking import spearman

FACTORS = ("freshness", "engagement", "novelty", "community_fit", "seasonality")
SIGNALS = ("favorites", "carts", "sales")
COLUMNS = (*FACTORS, "views", *SIGNALS, "hours_live")
ALGORITHM = "poisson-nonnegative 1"
HELD_OUT = 0.3
RESAMPLES = 1000
LEVEL = 0.01
PRIOR_SD = 1.0

Floats = NDArray[np.float64]


class Proposal(Model):
    """What the night's learning came to."""

    decision: Literal["kept", "proposed"]
    weights: Weights = Field(description="those to be in force: the proposed ones, with the next version, or as before")
    reason: str
    report: Json = Field(description="the numbers behind the reason")
    algorithm: str
    outcomes: int = Field(ge=0, description="listings with views that were learned from")


def learn(outcomes: pl.DataFrame, in_force: Weights, min_outcomes: int) -> Proposal:
    """Learn weights from outcomes and test them against those in force. The same outcomes give the same answer.

    Args:
        outcomes: One row a listing: the five factors (0 … 1), views, favorites, carts, sales, hours_live.
        in_force: The weights that rank now.
        min_outcomes: Listings with at least one view below which nothing is learned.

    Raises:
        ValueError: A column is missing, or holds something that is no number or is out of its range.
    """
    seen = _validated(outcomes).filter(pl.col("views") > 0).sort("hours_live", descending=True)
    n = seen.height

    def kept(reason: str, report: Json) -> Proposal:
        return Proposal(
            decision="kept", weights=in_force, reason=reason, report=report, algorithm=ALGORITHM, outcomes=n
        )

    if n < min_outcomes:
        return kept(f"not enough data: {n} of {min_outcomes}", {"outcomes": n, "min_outcomes": min_outcomes})
    x = seen.select(FACTORS).to_numpy().astype(float)
    views = seen["views"].to_numpy().astype(float)
    signals = seen.select(pl.sum_horizontal(SIGNALS)).to_series().to_numpy().astype(float)
    split = n - max(1, round(n * HELD_OUT))
    report: Json = {
        "outcomes": n,
        "trained_on": split,
        "held_out": n - split,
        "views": int(views.sum()),
        "signals": int(signals.sum()),
    }
    if split < 2 or signals[:split].sum() == 0 or signals[split:].sum() == 0:
        return kept("no favourite, cart or sale on both sides of the split: nothing to learn from", report)

    old = np.array([getattr(in_force, name) for name in FACTORS])
    beta, dispersion = fit(x[:split], signals[:split], views[:split], old)
    report |= {"effects": dict(zip(FACTORS, beta.round(4).tolist(), strict=True)), "dispersion": round(dispersion, 3)}
    if beta.sum() <= 1e-6:
        return kept("no factor went with better outcomes", report)
    new = beta / beta.sum()

    mean_rate = signals[:split].sum() / views[:split].sum()
    prior_views = float(np.median(views[:split]))
    rate = (signals[split:] + prior_views * mean_rate) / (views[split:] + prior_views)
    before, after = spearman(x[split:] @ old, rate), spearman(x[split:] @ new, rate)
    lower, upper = _difference_bounds(x[split:] @ old, x[split:] @ new, rate, seed=in_force.version * 1_000_003 + n)
    report |= {
        "learned": dict(zip(FACTORS, new.round(6).tolist(), strict=True)),
        "spearman_in_force": round(before, 4),
        "spearman_learned": round(after, 4),
        "difference": round(after - before, 4),
        "difference_lower": round(lower, 4),
        "difference_upper": round(upper, 4),
        "level": 1 - LEVEL,
        "resamples": RESAMPLES,
    }
    numbers = (
        f"rank correlation {after:.3f} against {before:.3f} on {n - split} held-out listings, "
        f"difference {after - before:+.3f}, {1 - LEVEL:.0%} above {lower:+.3f}"
    )
    if after <= 0:
        return kept(f"the learned weights rank no better than chance: {numbers}", report)
    if lower <= 0:
        return kept(f"the learned weights do not rank better beyond chance: {numbers}", report)
    weights = Weights(version=in_force.version + 1, **dict(zip(FACTORS, new.tolist(), strict=True)))
    return Proposal(
        decision="proposed",
        weights=weights,
        reason=f"the learned weights rank better: {numbers}",
        report=report,
        algorithm=ALGORITHM,
        outcomes=n,
    )


def fit(x: Floats, counts: Floats, exposure: Floats, direction: Floats) -> tuple[Floats, float]:
    """Effects β ≥ 0 of the columns of x on the log rate, drawn to the ray of `direction`; and Pearson's dispersion.

    Args:
        x: Shape (n, k).
        counts: Shape (n,), events per row.
        exposure: Shape (n,), positive.
        direction: Shape (k,), not negative; all zeros draws β to nothing but zero.
    """
    k = x.shape[1]
    unit = direction / (np.linalg.norm(direction) or 1.0)
    off_ray = np.eye(k) - np.outer(unit, unit)
    dispersion = 1.0
    theta = np.zeros(k + 1)
    for _ in range(3):  # the dispersion depends on the fit, and the fit on the dispersion; it settles at once
        theta = _newton(np.column_stack([np.ones(len(x)), x]), counts, exposure, off_ray / PRIOR_SD**2, dispersion)
        expected = exposure * np.exp(theta[0] + x @ theta[1:])
        dispersion = max(1.0, float(np.sum((counts - expected) ** 2 / expected) / max(1, len(x) - k - 1)))
    return theta[1:], dispersion


def _newton(design: Floats, counts: Floats, exposure: Floats, penalty: Floats, dispersion: float) -> Floats:
    """Minimise the penalised Poisson loss over (intercept, β ≥ 0) by Newton steps, each halved until the loss falls."""
    offset = np.log(exposure)
    ridge = np.zeros((design.shape[1], design.shape[1]))
    ridge[1:, 1:] = penalty

    def loss(theta: Floats) -> float:
        eta = design @ theta + offset
        return float((np.exp(np.minimum(eta, 50)) - counts * eta).sum() / dispersion + theta @ ridge @ theta / 2)

    theta = np.zeros(design.shape[1])
    theta[0] = np.log(counts.sum() / exposure.sum())
    now = loss(theta)
    for _ in range(100):
        expected = np.exp(np.minimum(design @ theta + offset, 50))
        gradient = design.T @ (expected - counts) / dispersion + ridge @ theta
        hessian = (design * expected[:, None]).T @ design / dispersion + ridge + 1e-9 * np.eye(len(theta))
        step = _bounded_minimum(hessian, gradient, theta) - theta
        size = 1.0
        while size > 1e-6 and (then := loss(theta + size * step)) > now:
            size /= 2
        if size <= 1e-6 or now - then < 1e-10 * (1 + abs(now)):
            return theta
        theta, now = theta + size * step, then
    return theta


def _bounded_minimum(hessian: Floats, gradient: Floats, start: Floats) -> Floats:
    """Argmin of the quadratic model around `start` with every coordinate but the first ≥ 0, by coordinate descent."""
    theta = start.copy()
    for _ in range(500):
        before = theta.copy()
        for j in range(len(theta)):
            slope = gradient[j] + hessian[j] @ (theta - start)
            theta[j] -= slope / hessian[j, j]
            if j:
                theta[j] = max(0.0, theta[j])
        if np.abs(theta - before).max() < 1e-10:
            break
    return theta


def _difference_bounds(old: Floats, new: Floats, rate: Floats, seed: int) -> tuple[float, float]:
    """Bounds of the difference of the rank correlations, over resamples of the held-out listings."""
    draws = np.random.default_rng(seed).integers(0, len(rate), size=(RESAMPLES, len(rate)))
    differences = [spearman(new[i], rate[i]) - spearman(old[i], rate[i]) for i in draws]
    lower, upper = np.quantile(differences, [LEVEL, 1 - LEVEL])
    return float(lower), float(upper)


def _validated(outcomes: pl.DataFrame) -> pl.DataFrame:
    missing = [name for name in COLUMNS if name not in outcomes.columns]
    if missing:
        raise ValueError(f"outcomes: columns are missing: {', '.join(missing)}")
    for name in COLUMNS:
        column = outcomes[name]
        if not column.dtype.is_numeric():
            raise ValueError(f"outcomes.{name}: numbers are expected, found {column.dtype}")
        highest = 1.0 if name in FACTORS else float("inf")
        bad = outcomes.filter(~(pl.col(name).is_finite() & pl.col(name).is_between(0, highest)).fill_null(value=False))
        if bad.height:
            raise ValueError(f"outcomes.{name}: {bad.height} values are not in 0 … {highest}, such as {bad[name][0]!r}")
    return outcomes
