"""How likely a listing published today is found, its order produced and at the door before the day of an event.

What belongs here: distributions of lead times and of buying, their convolutions, and the verdict. What does not: dates
(`calendar`), and what the score makes of it (`factors.seasonality`).

A step takes whole days, at least `quick`, most often `usual`, at most `slow`: the triangular distribution, each begun
day counted whole. Steps are independent, so the days of all are the convolution of theirs, exact to rounding. Curves
are made once for each marketplace and country; a question is then one look into an array.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache, reduce
from importlib.resources import files
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

ANY: Final = "*"
"""Of marketplaces and countries: whatever has no row of its own."""
INDEXING, PRODUCTION, SHIPPING = STEPS = ("indexing", "production", "shipping")

LATE_BELOW: Final = 0.5
"""P(at the door before the day) under which it is too late: more orders would come late than in time."""
SURE_FROM: Final = 0.9
"""From which on it is in time; between the two it is tight."""


class Verdict(StrEnum):
    """Whether a listing of today still makes an event."""

    IN_TIME = "in time"
    TIGHT = "tight"
    TOO_LATE = "too late"


class Days(NamedTuple):
    """How long a step takes, in calendar days."""

    quick: float
    usual: float
    slow: float

    def within(self, days: ArrayLike) -> Floats:
        """P(the step takes at most so many days): the triangular distribution function."""
        quick, usual, slow = self
        d = np.asarray(days, np.float64)
        rising = np.divide(
            (d - quick) ** 2, (slow - quick) * (usual - quick), out=np.zeros_like(d), where=(d > quick) & (d <= usual)
        )
        falling = 1 - np.divide(
            (slow - d) ** 2, (slow - quick) * (slow - usual), out=np.zeros_like(d), where=(d > usual) & (d < slow)
        )
        return np.where(d >= slow, 1.0, np.where(d > usual, falling, rising))

    def chances(self) -> Floats:
        """P(the step takes exactly 0, 1, 2, … whole days), a begun day counted whole; they sum to one."""
        return np.diff(self.within(np.arange(int(np.ceil(self.slow)) + 1)), prepend=0.0)


def verdict(p_live: float) -> Verdict:
    """What the probability means."""
    return Verdict.TOO_LATE if p_live < LATE_BELOW else Verdict.TIGHT if p_live < SURE_FROM else Verdict.IN_TIME


def arrival(steps: Sequence[Days]) -> Floats:
    """At index d the probability that steps begun d days before a day are all done before it; the last one is 1."""
    return np.concatenate([[0.0], _at_most(step.chances() for step in steps)])


def p_live(days: ArrayLike, country: str = ANY, marketplace: str = ANY) -> Floats:
    """P(a listing published `days` before an event is found, an order produced and at the door before the day)."""
    return _look(_arrival(country, marketplace), days)


def buyers_left(days: ArrayLike, kind: str, country: str = ANY, marketplace: str = ANY) -> Floats:
    """The expected share of an event's buyers who have not bought yet when a listing of `days` before it is found.

    Args:
        days: Until the event.
        kind: How people buy for it: `gift` or `worn`, of `buying.csv`.
        country: Whose.
        marketplace: Whose.
    """
    return _look(_left(kind, country, marketplace), days)


def peak_days(kind: str) -> int:
    """How many days before the event half of its buyers have bought: the buying peak."""
    return int(np.flatnonzero(bought(kind) >= 0.5).max())


@cache
def needed(share: float, country: str = ANY, marketplace: str = ANY) -> int:
    """The fewest days to an event with which `p_live` is at least `share`."""
    return int(np.argmax(_arrival(country, marketplace) >= share - 1e-12))


@cache
def countries() -> tuple[str, ...]:
    """The countries that have lead times of their own."""
    return tuple(sorted({country for _, _, country in _table()} - {ANY}))


@cache
def longest() -> int:
    """Days to an event from which on it is too late nowhere."""
    return max(needed(LATE_BELOW, country) for country in (*countries(), ANY))


@cache
def steps(country: str = ANY, marketplace: str = ANY) -> Mapping[str, Days]:
    """Step → its days: of marketplace and country, else of the marketplace, else of the country, else of any."""
    places = [(marketplace, country), (marketplace, ANY), (ANY, country), (ANY, ANY)]
    return {step: next(_table()[step, m, c] for m, c in places if (step, m, c) in _table()) for step in STEPS}


@cache
def bought(kind: str) -> Floats:
    """At index b the share of buyers who have bought b days before the event, straight between the table's points."""
    points = _buying()
    if kind not in points:
        raise ValueError(f"kind: {kind!r} is none of buying.csv: {', '.join(points)}")
    days, share = zip(*sorted(points[kind].items()), strict=True)
    return np.asarray(np.interp(np.arange(int(max(days)) + 1), days, share), np.float64)


@cache
def _arrival(country: str, marketplace: str) -> Floats:
    return arrival([steps(country, marketplace)[step] for step in STEPS])


@cache
def _left(kind: str, country: str, marketplace: str) -> Floats:
    buying = -np.diff(bought(kind), append=0.0)
    return _at_most([steps(country, marketplace)[INDEXING].chances(), buying])


def _at_most(chances: Iterator[Floats] | Sequence[Floats]) -> Floats:
    """P(the sum is at most 0, 1, 2, …); rounding is taken off the ends."""
    whole: Floats = np.minimum(np.cumsum(reduce(np.convolve, chances)), 1.0)
    whole[-1] = 1.0
    return whole


def _look(curve: Floats, days: ArrayLike) -> Floats:
    """The curve at whole days: 0 before it begins, 1 behind its end, NaN for NaN."""
    d = np.asarray(days, np.float64)
    at = np.clip(np.nan_to_num(np.floor(d), nan=0.0), 0, len(curve) - 1).astype(np.intp)
    return np.where(np.isnan(d), np.nan, np.where(d < 0, 0.0, curve[at]))


@cache
def _table() -> Mapping[tuple[str, str, str], Days]:
    found: dict[tuple[str, str, str], Days] = {}
    for line, row in _rows("lead_times.csv"):
        key = (row["step"], row["marketplace"], row["country"])
        where = f"lead_times.csv, line {line} ({', '.join(key)})"
        if row["step"] not in STEPS:
            raise ValueError(f"{where}: step: {row['step']!r} is none of {', '.join(STEPS)}")
        if key in found:
            raise ValueError(f"{where}: it stands there twice; keep one")
        quick, usual, slow = (_number(where, name, row[name]) for name in Days._fields)
        if not 0 <= quick <= usual <= slow <= 365:
            raise ValueError(f"{where}: {quick}, {usual}, {slow}: days must rise from quick to slow, within 0 to 365")
        found[key] = Days(quick, usual, slow)
    if missing := [step for step in STEPS if (step, ANY, ANY) not in found]:
        raise ValueError(f"lead_times.csv: no row for {missing[0]}, *, *: it holds wherever nothing else is known")
    return found


@cache
def _buying() -> Mapping[str, Mapping[float, float]]:
    found: dict[str, dict[float, float]] = {}
    for line, row in _rows("buying.csv"):
        where = f"buying.csv, line {line} ({row['kind']})"
        days, share = (_number(where, name, row[name]) for name in ("days_before", "bought"))
        found.setdefault(row["kind"], {})[days] = share
    for kind, points in found.items():
        shares = [share for _, share in sorted(points.items())]
        if points.get(0) != 1 or shares[-1] != 0 or shares != sorted(shares, reverse=True):
            raise ValueError(f"buying.csv ({kind}): bought must rise from 0 to 1 on day 0, and never fall")
    return found


@cache
def window() -> Mapping[str, int]:
    """Days before an event on which its listing window opens and peaks."""
    return {
        row["edge"]: int(_number(f"listing_window.csv, line {line}", "days_before", row["days_before"]))
        for line, row in _rows("listing_window.csv")
    }


def _rows(name: str) -> Iterator[tuple[int, dict[str, str]]]:
    with files("pipeline.scoring.data").joinpath(name).open(encoding="utf-8") as file:
        reader = csv.DictReader(file)
        for row in reader:
            yield reader.line_num, row


def _number(where: str, field: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{where}: {field}: {text!r} is no number of days or share") from None
