"""Learns the five weights of the score from what listings earned.

What belongs here: the learner, and the listings it leaves for the gate to judge on. What does not: the judgement
(`backtest`), gathering outcomes, and putting weights in force.

The model. A listing's favourites, carts and sales are counts; with its views as exposure their expected number is
`views · exp(b + β·x)`, x the five factors (Poisson regression with an offset: McCullagh & Nelder, Generalized Linear
Models, 1989, ch. 6). β is held not negative, for a factor is defined so that more is better. Ranking by `β·x` is
ranking by the expected rate, so `β / Σβ` are weights of the score.

Shrinkage. Only the direction of β matters, so its distance from the ray of the weights in force is penalised:
`‖β − proj(β)‖² / (2σ²)`, a normal prior with standard deviation σ = 1 on the log rate. Counts vary more than a Poisson
variable does, so the likelihood is divided by Pearson's dispersion (ibid., ch. 4.5), which lets the prior weigh more.

The split. The listings whose ideas are newest are held out, whole days of them: the gate ranks each of those days.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.feedback.snapshots import Snapshot, sold
from pipeline.models import Json, Weights

FACTORS = ("freshness", "engagement", "novelty", "community_fit", "seasonality")
SIGNALS = ("favorites", "carts", "sales")
COLUMNS = (*FACTORS, "views", *SIGNALS)
ALGORITHM = "poisson-nonnegative 2"
HELD_OUT = 0.3
PRIOR_SD = 1.0

Floats = NDArray[np.float64]


class Learned(NamedTuple):
    """What the listings taught."""

    weights: Weights | None
    """None: nothing, and `reason` says why."""
    reason: str
    report: Json
    outcomes: int
    """Listings with views, learned from or held out."""
    held_out: tuple[Snapshot, ...]
    """The newest days' listings, which were not learned from."""


def learn(outcomes: pl.DataFrame, in_force: Weights, min_outcomes: int) -> Learned:
    """Learn weights from outcomes. The same outcomes give the same answer.

    Args:
        outcomes: One row a listing: listing_id, hour (of its idea), the five factors (0 … 1), views, favorites, carts,
            sales, total and pace (of the idea's signal when it was scored; null: not known).
        in_force: The weights that what is learned is drawn to.
        min_outcomes: Listings with at least one view below which nothing is learned.

    Raises:
        ValueError: A column is missing, or holds something that is no number or is out of its range.
    """
    seen = _validated(outcomes).filter(pl.col("views") > 0).sort("hour", "listing_id")
    n = seen.height
    if n < min_outcomes:
        report: Json = {"outcomes": n, "min_outcomes": min_outcomes}
        return Learned(None, f"not enough data: {n} of {min_outcomes} listings with views", report, n, ())
    seen = seen.with_columns(signals=pl.sum_horizontal(SIGNALS))
    first_held_out = seen["hour"][n - max(1, round(n * HELD_OUT))].replace(hour=0, minute=0)
    old, new = (seen.filter(side) for side in (pl.col("hour") < first_held_out, pl.col("hour") >= first_held_out))
    report = {
        "outcomes": n,
        "trained_on": old.height,
        "held_out": new.height,
        "views": int(seen["views"].sum()),
        "signals": int(seen["signals"].sum()),
    }
    if old.height < 2 or old["signals"].sum() == 0 or new["signals"].sum() == 0:
        reason = "not enough data: no favourite, cart or sale on both sides of the split by day"
        return Learned(None, reason, report, n, ())

    x = old.select(FACTORS).to_numpy().astype(float)
    views, signals = (old[name].to_numpy().astype(float) for name in ("views", "signals"))
    beta, dispersion = fit(x, signals, views, np.array([getattr(in_force, name) for name in FACTORS]))
    report |= {"effects": dict(zip(FACTORS, beta.round(4).tolist(), strict=True)), "dispersion": round(dispersion, 3)}
    days = tuple(sold(new, signals.sum() / views.sum(), float(np.median(views))))
    if beta.sum() <= 1e-6:
        return Learned(in_force, "no factor went with better outcomes", report, n, days)
    weights = Weights(version=in_force.version + 1, **dict(zip(FACTORS, (beta / beta.sum()).tolist(), strict=True)))
    return Learned(weights, f"learned from {old.height} listings", report, n, days)


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
