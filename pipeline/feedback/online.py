"""Learns from the growth of trends, hour by hour, which factors go before growth.

What belongs here: the learner and its state. What does not: the snapshots it learns from, and whether what it learned
is any good (`backtest`).

The learner is exponentiated gradient (Kivinen and Warmuth, 1997, "Exponentiated gradient versus gradient descent for
linear predictors") on pairs of items of an hour: of two, the one that grew more should have the higher score. The loss
of a pair is `log(1 + exp(−STEEP · (score of the one − score of the other)))`, and pairs weigh by how much their growth
differs. Each hour multiplies a share by `exp(−RATE · slope of the loss)` and makes the shares sum to one again, so they
stay on the simplex. A share that has gone to zero could never come back: after each hour MIXED of all shares is dealt
out evenly (fixed share: Herbster and Warmuth, 1998).

What growth can't speak of. Only SPOKEN factors differ between posts for reasons that growth could know. Novelty tells
how far a phrase is from our own earlier ones, seasonality is the same for all that is undated: that a topic grew says
nothing of what either is worth. So they keep their weights exactly, and the learner moves the sum of the SPOKEN ones
among themselves alone. What novelty and season are worth against a trend, only sales can tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pipeline.feedback.snapshots import Snapshot
from pipeline.models import Model, Weights
from pipeline.scoring.score import NAMES

ALGORITHM: Literal["exponentiated-gradient 1"] = "exponentiated-gradient 1"
SPOKEN = ("freshness", "engagement", "community_fit")
RATE = 0.2
STEEP = 5.0
MIXED = 0.002
MIN_HOURS = 20
"""Hours that were learned from, below which there is nothing to try."""

Floats = NDArray[np.float64]


class State(Model):
    """What the learner knows: kept with each night, so that the next goes on from it."""

    algorithm: Literal["exponentiated-gradient 1"] = ALGORITHM
    shares: dict[str, float] = Field(description="SPOKEN factor → its share of their sum; together one")
    hours: int = Field(ge=0, description="hours that were learned from")
    through: date | None = Field(default=None, description="the last day that was learned from; None: none yet")


def begin(in_force: Weights) -> State:
    """Before the first night: the shares are those of the weights in force, or even where those are all zero."""
    sum_ = _sum(in_force)
    even = 1 / len(SPOKEN)
    return State(shares={name: getattr(in_force, name) / sum_ if sum_ > 0 else even for name in SPOKEN}, hours=0)


def learn(state: State, snapshots: Sequence[Snapshot], through: date) -> State:
    """The state after these snapshots, in the order of their time; those without two different outcomes teach nothing.

    Args:
        state: What was known before.
        snapshots: Of hours after those of the state.
        through: The last day that they are of.
    """
    shares = np.array([state.shares[name] for name in SPOKEN])
    hours = state.hours
    for one in sorted(snapshots, key=lambda one: one.at):
        slope = _slope(one, shares)
        if slope is None:
            continue
        shares = shares * np.exp(-RATE * slope)
        shares = (1 - MIXED) * shares / shares.sum() + MIXED / len(shares)
        hours += 1
    return State(shares=dict(zip(SPOKEN, shares.tolist(), strict=True)), hours=hours, through=through)


def candidate(state: State, in_force: Weights) -> Weights:
    """The weights that the state comes to: the sum of the SPOKEN ones dealt by its shares, the others as they are."""
    sum_ = _sum(in_force)
    learned = {name: sum_ * share for name, share in state.shares.items()}
    kept = {name: getattr(in_force, name) for name in NAMES if name not in SPOKEN}
    return Weights(version=in_force.version + 1, **learned, **kept)


def _slope(one: Snapshot, shares: Floats) -> Floats | None:
    """The slope of the mean loss over the snapshot's pairs by each share; each item is told by its best idea."""
    scored = one.ideas.select("item", *SPOKEN)
    best = scored.with_columns(score=scored.select(SPOKEN).to_numpy() @ shares).sort(
        "score", descending=True, maintain_order=True
    )
    rows = one.items.select("item", "relevance").join(
        best.unique("item", keep="first"), on="item", how="inner", maintain_order="left"
    )
    x, grown = rows.select(SPOKEN).to_numpy().astype(np.float64), rows["relevance"].to_numpy()
    weight = np.clip(grown[:, None] - grown[None, :], 0, None)
    if weight.sum() <= 0:
        return None
    score = x @ shares
    wrong = weight / (1 + np.exp(STEEP * (score[:, None] - score[None, :]))) / weight.sum()
    # Σ over pairs of wrong · (x of the one − x of the other), without a table of all pairs' differences.
    return np.asarray(-STEEP * ((wrong.sum(axis=1) - wrong.sum(axis=0)) @ x))


def _sum(weights: Weights) -> float:
    return float(sum(getattr(weights, name) for name in SPOKEN))
