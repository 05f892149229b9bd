"""Half-lives and lead times from their data files, and what they make of a date.

Two moments of a dated idea: the *event*, and the *last listing day*, which is the event less indexing, production and
shipping: whoever lists later misses buyers. The runway is the days left to it; to the one who makes the design it is
the peak.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import ArrayLike, NDArray

DATED_BEFORE, DATED_AFTER, OTHER = "dated_before", "dated_after", "*"


def _column(file: str, key: str, value: str) -> Mapping[str, float]:
    with files("pipeline.scoring.data").joinpath(file).open(encoding="utf-8") as rows:
        return {row[key]: float(row[value]) for row in csv.DictReader(rows)}


@cache
def half_lives() -> Mapping[str, float]:
    """Source → hours until the freshness of its signals is ½; `*` stands for any other source."""
    return _column("half_lives.csv", "source", "hours")


@cache
def lead_days() -> Mapping[str, int]:
    """Step between publishing and the doormat → days."""
    return {step: int(days) for step, days in _column("lead_times.csv", "step", "days").items()}


def half_life(source: str) -> float:
    """Half-life in hours of the signals of a source."""
    return half_lives().get(source, half_lives()[OTHER])


def dated_half_life(hours_since_peak: ArrayLike) -> NDArray[np.float64]:
    """Half-life in hours of dated signals: long before the peak, short after it."""
    after = np.asarray(hours_since_peak, np.float64) > 0
    return np.where(after, half_lives()[DATED_AFTER], half_lives()[DATED_BEFORE])


def last_listing_day(event: date) -> date:
    """The day from which on a listing comes too late for some of its buyers: the peak of a dated signal."""
    return event - timedelta(days=total_lead_days())


def total_lead_days() -> int:
    """Days from publishing to an order at hand: indexing, production, shipping."""
    return sum(lead_days().values())


def runway_days(event: date, today: date) -> int:
    """Days left to publish and still sell before the event; negative when it is too late."""
    return (event - today).days - total_lead_days()
