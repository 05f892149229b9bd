"""What can be tried against the weights in force: other weights, or a factor that is computed otherwise.

What belongs here: how a trial is asked for, what is known to be changeable, and the scores that a trial gives. What
does not: whether it is any better (`backtest`).

A changed factor is a function of the same inputs in place of the factor. To make another one changeable, add a function
to CHANGES: it takes the ideas' frame (the five factors and `snapshots.INPUTS`) and its parameter, and answers on 0 … 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.models import Json, Weights
from pipeline.scoring import factors
from pipeline.scoring.score import NAMES, weighted

NIGHTLY = "weights"
"""The subject of what a night learned. Nothing else is ever put in force."""

Floats = NDArray[np.float64]


class CandidateError(ValueError):
    """What was asked for can't be tried. Names what is wrong with it and how to mend it."""


class Change(NamedTuple):
    """A way to compute a factor otherwise."""

    factor: str
    told: str
    values: Callable[[pl.DataFrame, float], Floats]


class Trial(NamedTuple):
    """What is tried."""

    subject: str
    candidate: Json
    weights: Weights
    change: Change | None = None
    by: float = 1.0
    """The parameter of the change."""

    def scores(self, ideas: pl.DataFrame) -> Floats:
        """The scores of the ideas, shape (n,)."""
        table = ideas.select(NAMES).to_numpy().astype(np.float64)
        if self.change:
            table[:, NAMES.index(self.change.factor)] = self.change.values(ideas, self.by)
        return weighted(table, self.weights)


def _column(ideas: pl.DataFrame, name: str) -> Floats:
    return ideas[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()


CHANGES: Mapping[str, Change] = {
    "half_life_scale": Change(
        "freshness",
        "half-lives so many times as long",
        lambda ideas, by: factors.freshness(_column(ideas, "hours_since_peak"), by * _column(ideas, "half_life_hours")),
    ),
    "z_scale": Change(
        "engagement",
        "a pace beyond the usual counts so many times as much",
        lambda ideas, by: factors.engagement(by * _column(ideas, "z")),
    ),
}
"""Parameter → what it changes; each parameter is a positive factor, and 1 leaves all as it is.

Seasonality is not among them: what is dated has no counters to grow, so growth could not tell one change of it from
another."""


def learned(weights: Weights) -> Trial:
    """The trial of what a night learned."""
    return Trial(NIGHTLY, {"weights": _values(weights)}, weights)


def trial(candidate: Mapping[str, object], in_force: Weights) -> Trial:
    """The trial that an engineer asks for.

    Args:
        candidate: `{"weights": {factor: weight, …}}`, the weights of all five, in any unit; or
            `{"factor": name, parameter: number}`, with a parameter of CHANGES.
        in_force: the weights that a changed factor is weighted by.

    Raises:
        CandidateError: It names nothing known, lacks something, or holds a value out of its range.
    """
    if "weights" in candidate:
        _only(candidate, {"weights"})
        weights = _weights(candidate["weights"], in_force.version)
        told = ", ".join(f"{name} {getattr(weights, name):.3f}" for name in NAMES)
        return Trial(f"weights as given: {told}", {"weights": _values(weights)}, weights)
    if "factor" not in candidate:
        raise CandidateError(f"candidate={dict(candidate)!r}: give it weights, or a factor with what to change in it")
    factor = candidate["factor"]
    known = {name: change for name, change in CHANGES.items() if change.factor == factor}
    if not known:
        able = sorted({change.factor for change in CHANGES.values()})
        raise CandidateError(f"candidate.factor={factor!r} can't be changed: those that can are {', '.join(able)}")
    _only(candidate, {"factor", *known})
    asked = [name for name in candidate if name != "factor"]
    if len(asked) != 1:
        raise CandidateError(f"candidate of {factor}: give it one of {', '.join(known)}, and a number with it")
    by = _number(f"candidate.{asked[0]}", candidate[asked[0]])
    if by <= 0:
        raise CandidateError(f"candidate.{asked[0]}={by}: a number above 0 is expected; 1 leaves the factor as it is")
    change = known[asked[0]]
    return Trial(f"{factor}: {asked[0]} {by:g}", {"factor": factor, asked[0]: by}, in_force, change, by)


def _weights(given: object, version: int) -> Weights:
    if not isinstance(given, Mapping):
        raise CandidateError(f"candidate.weights={given!r}: a number for each of {', '.join(NAMES)} is expected")
    unknown, missing = sorted(set(given) - set(NAMES)), [name for name in NAMES if name not in given]
    if unknown or missing:
        found = f"unknown are {', '.join(map(str, unknown))}" if unknown else f"missing are {', '.join(missing)}"
        raise CandidateError(f"candidate.weights: {found}: give {', '.join(NAMES)}")
    values = {name: _number(f"candidate.weights.{name}", given[name]) for name in NAMES}
    below = [name for name, value in values.items() if value < 0]
    total = sum(values.values())
    if below or total <= 0:
        raise CandidateError(f"candidate.weights={values}: weights are not negative, and one at least is above 0")
    return Weights(version=version, **{name: value / total for name, value in values.items()})


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value):
        raise CandidateError(f"{name}={value!r}: a finite number is expected")
    return float(value)


def _only(candidate: Mapping[str, object], known: set[str]) -> None:
    if unknown := sorted(set(candidate) - known):
        raise CandidateError(f"candidate: unknown are {', '.join(unknown)}: known here are {', '.join(sorted(known))}")


def _values(weights: Weights) -> Json:
    return {name: getattr(weights, name) for name in NAMES}
