"""How much people speak of an occasion: the engagement of what has no counters.

What belongs here: counts of titles that name an occasion, and what they come to as a z. What does not: how they were
counted (`benchmarks/count_mentions.py`). Reasons, limits and figures: docs/scoring.md.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from functools import cache, cached_property
from importlib.resources import files

import numpy as np
from pydantic import Field

from pipeline.models import Model
from pipeline.scoring.factors import MAD_TO_SIGMA

FILE = "mentions.json"

DRIFT_SD = 0.33
"""Sd of the logarithm of an occasion's mentions from one half of the communities to the other, beyond chance."""

SPEAKERS = frozenset({"AU", "CA", "GB", "IE", "NZ", "US"})
"""Where the titles come from: what only others keep is not among them, or is another day of the same name."""


class Mentions(Model):
    """How often occasions were named in a body of titles."""

    source: str = Field(min_length=1)
    titles: int = Field(gt=0)
    named: dict[str, int] = Field(description="occasion → titles that name it; 0: looked for, and not found")

    @cached_property
    def mean(self) -> float:
        """Titles that name an occasion, on average: so many are added, that a title or two say little."""
        return sum(self.named.values()) / len(self.named)

    @cached_property
    def spread(self) -> float:
        """MAD of the logarithms of those that are named at all."""
        logs = np.log([n for n in self.named.values() if n])
        return float(np.median(np.abs(logs - np.median(logs))))


@cache
def mentions() -> Mentions:
    """What was counted."""
    text = files("pipeline.scoring.data").joinpath(FILE).read_text(encoding="utf-8")
    return Mentions.model_validate_json(text)


def named(occasion: str, countries: Collection[str]) -> int | None:
    """Titles that name the occasion; None where they can't tell.

    Args:
        occasion: Its name in the calendar.
        countries: ISO 3166 alpha-2 codes of those who keep it; none: anywhere.
    """
    return mentions().named.get(occasion) if not countries or SPEAKERS.intersection(countries) else None


def z(named: int) -> float:
    """0.6745 · ln(1 + named / mean) / spread: 0 for an occasion that is named nowhere, as most are."""
    known = mentions()
    return MAD_TO_SIGMA * math.log(1 + named / known.mean) / known.spread


def z_sd(named: int) -> float:
    """Standard deviation of z: chance (a Poisson count, of which one more may be seen) and drift in quadrature."""
    known = mentions()
    chance = math.sqrt(named + 1) / (named + known.mean)
    return MAD_TO_SIGMA * math.hypot(chance, DRIFT_SD) / known.spread
