"""How sure a factor is: its inputs with what spreads each of them, sent through the factor's own formula.

What belongs here: which evidence a factor is computed from, the standard deviation of each input with its cause, and
intervals. What does not: the formulas (`factors`), words for people and the score (`card`).

An input x with standard deviations s₁, s₂, … of independent causes lies in x ± q · √(s₁² + s₂² + …), q the normal
quantile of LEVEL. A factor's interval is made of what each input alone moves it by, down and up apart, added in
quadrature; so is the score's of its factors. For one input this is exact, as every formula is monotone; for several it
is the delta method kept on the factor's range: "MOVER", Zou & Donner, Statistics in Medicine 27 (2008), 1693–1702.
Reasons and measured numbers: docs/explain.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import hypot, sqrt
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.models import Json
from pipeline.scoring import calendar, factors

LEVEL = 0.8
"""The intervals are meant to hold the true value four times out of five."""
QUANTILE = NormalDist().inv_cdf((1 + LEVEL) / 2)

MEDIAN_SE, MAD_SE = 1.2533, 1.1664
"""Standard errors of the median and of MAD ÷ 0.6745 of n normal values, in standard deviations ÷ √n
(Rousseeuw & Croux, JASA 88 (1993), 1273–1283: efficiencies of 64 % and 37 %)."""
UNIFORM = LEVEL / QUANTILE
"""Of an error that is uniform on 0 … 1, the normal sd by which LEVEL of it lies within the interval."""
PRIOR_Z = 1.0
"""Sd of z where nothing was counted: z is made so that a source's usual signals have about this."""
WORDING_SD = 0.05
"""Sd of a text's cosine with another when it says the same in other words: measured on titles of one link."""
SCATTER_SD = 0.2
"""Sd of a text's cosine with the mean of n texts, times √n: measured on titles of one community."""
DESCRIBED_SD = 0.085
"""Sd between a text's cosines with a niche's description and with the mean of its titles: measured likewise."""
TAG_SD = 0.2
"""Sd of the affinity of one tag: single texts of a community scatter by a cosine of 0.1, which moves it by as much."""
Floats = NDArray[np.float64]


class Input(NamedTuple):
    """A number that a factor is computed from, and by how much it may be off."""

    value: float
    causes: Mapping[str, float] = {}
    """What spreads it → standard deviation, in the unit of the value."""

    @property
    def sd(self) -> float:
        """Of all causes together, which are taken to be independent."""
        return hypot(*self.causes.values())


class Measurement(NamedTuple):
    """A factor's formula and its inputs, by the name of the argument."""

    formula: Callable[..., Floats]
    inputs: Mapping[str, Input]

    def at(self, **otherwise: float) -> float:
        """The factor, with some of its inputs otherwise."""
        return float(self.formula(**{name: otherwise.get(name, known.value) for name, known in self.inputs.items()}))

    def reach(self, name: str) -> tuple[float, float]:
        """How far below and above its value the one input may move the factor.

        Every formula is monotone on either side of zero, so its extremes lie at the ends of an interval or at zero.
        """
        value, sd = self.inputs[name].value, self.inputs[name].sd
        ends = value - QUANTILE * sd, value + QUANTILE * sd
        there = self.at()
        moved = [self.at(**{name: x}) for x in (*ends, float(np.clip(0, *ends)))]
        return max(there - min(moved), 0.0), max(max(moved) - there, 0.0)

    def interval(self, value: float) -> tuple[float, float]:
        """The interval around the factor's value, within 0 … 1."""
        reaches = [self.reach(name) for name, known in self.inputs.items() if known.sd]
        low = value - hypot(*(below for below, _ in reaches))
        high = value + hypot(*(above for _, above in reaches))
        return max(low, 0.0), min(high, 1.0)

    def blame(self) -> dict[str, float]:
        """Cause → the mean of how far below and above it alone moves the factor, all causes of an input by variance."""
        found: dict[str, float] = {}
        for name, known in self.inputs.items():
            if known.sd:
                half = sum(self.reach(name)) / 2
                for cause, sd in known.causes.items():
                    found[cause] = hypot(found.get(cause, 0.0), half * sd / known.sd)
        return found


def measured(evidence: Json) -> dict[str, Measurement]:
    """Factor → how it was measured, from an idea's evidence as `pipeline.ideas.writing` keeps it."""
    return {
        "freshness": _freshness(evidence),
        "engagement": _engagement(evidence),
        "novelty": _novelty(evidence),
        "community_fit": _community_fit(evidence),
        "seasonality": _seasonality(evidence),
    }


def lateness(evidence: Json) -> float:
    """0 … 1: how little the source could be trusted in that hour; 0 where nothing is said of it."""
    told = evidence.get("confidence")
    return 1 - float(told["value"]) if told else 0.0


def observations(evidence: Json) -> int:
    """How often the signal was seen; where it isn't told, twice if its pace is not that of its life until this hour."""
    if told := evidence.get("observations"):
        return int(told)
    span = evidence.get("pace_hours")
    return 2 if span is not None and span < _age(evidence) - 1 else 1


def _age(evidence: Json) -> float:
    return float(evidence.get("age_hours") or max(evidence["hours_since_peak"], evidence.get("pace_hours") or 0.0))


def _freshness(evidence: Json) -> Measurement:
    hours, half_life = float(evidence["hours_since_peak"]), float(evidence["half_life_hours"])
    if evidence.get("event"):
        return Measurement(
            lambda hours: factors.freshness(hours, calendar.dated_half_life(hours)), {"hours": Input(hours)}
        )
    # The peak ends anywhere in the interval that it was seen in, and is taken to end with it; seen once: its life.
    gap = _age(evidence) / observations(evidence) * UNIFORM
    unseen = half_life if evidence.get("pace_per_minute") is None else gap
    causes = {"sightings": unseen, "late": half_life * sqrt(lateness(evidence))}
    return Measurement(lambda hours: factors.freshness(hours, half_life), {"hours": Input(hours, causes)})


def _engagement(evidence: Json) -> Measurement:
    late = {"late": PRIOR_Z * sqrt(lateness(evidence))}
    z = evidence.get("z")
    if z is None:
        nothing = "counters" if evidence.get("pace_per_minute") is None else "baseline"
        return Measurement(factors.engagement, {"z": Input(0.0, {nothing: PRIOR_Z} | late)})
    if evidence.get("mentions"):
        return Measurement(factors.engagement, {"z": Input(float(z), {"mentions": evidence["z_sd"]} | late)})
    # The forecast's error is made of what chance does to few interactions and of how things go on; see `growth`.
    few = 1 / sqrt(evidence["pace_per_minute"] * evidence["pace_hours"] * 60 + 1)
    by_chance = min(few / evidence["log_sd"], 1.0)
    causes = {
        "counts": evidence["z_sd"] * by_chance,
        "sightings": evidence["z_sd"] * sqrt(1 - by_chance**2),
        "baseline": hypot(MEDIAN_SE, z * MAD_SE) / sqrt(evidence["usual"]["signals"]),
    }
    return Measurement(factors.engagement, {"z": Input(float(z), causes | late)})


def _novelty(evidence: Json) -> Measurement:
    centroid, nearest = evidence.get("cosine_centroid"), evidence.get("nearest")
    few = SCATTER_SD / sqrt(max(evidence.get("centroid_ideas") or 1, 1))
    return Measurement(
        factors.novelty,
        {
            "cosine_centroid": _cosine(centroid, {"few_ideas": few, "wording": WORDING_SD}),
            "cosine_nearest": _cosine(nearest and nearest["similarity"], {"wording": WORDING_SD}),
        },
    )


def _community_fit(evidence: Json) -> Measurement:
    cohesion, tags = evidence.get("hashtag_cohesion"), max(evidence.get("tags") or 1, 1)
    spread = _cosine(cohesion, {"few_tags": TAG_SD / sqrt(tags)})
    if evidence.get("own_community"):
        return Measurement(
            lambda affinity, cohesion: factors.community_fit(affinity, np.clip(cohesion, 0, 1)),
            {"affinity": Input(1.0), "cohesion": spread},
        )
    titles, words = evidence.get("niche_titles"), evidence.get("niche_words")
    known = {"few_titles": SCATTER_SD / sqrt(titles) if titles else DESCRIBED_SD, "wording": WORDING_SD}
    return Measurement(
        lambda cosine, words, cohesion: factors.community_fit(factors.affinity(cosine, words), np.clip(cohesion, 0, 1)),
        {
            "cosine": _cosine(evidence.get("cosine_niche"), known),
            "words": Input(np.nan if words is None else float(words)),
            "cohesion": spread,
        },
    )


def _seasonality(evidence: Json) -> Measurement:
    event = evidence.get("event")
    given = ("days_to_window", "p_live", "buyers_left")
    return Measurement(factors.seasonality, {name: Input(float(event[name]) if event else np.nan) for name in given})


def _cosine(value: float | None, causes: Mapping[str, float]) -> Input:
    """What there is nothing to compare with is known for certain."""
    return Input(np.nan) if value is None else Input(float(value), causes)
