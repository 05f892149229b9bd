"""What half-lives, lead times and the listing window make of the date of an event.

What belongs here: days and dates. What does not: the probabilities (`runway`), which events there are (`signals`).

Four days of an event matter to who lists for it, in this order: its listing window *opens*, the window *peaks*, half of
the buyers have bought (the *buying peak*), and the *last listing day*, after which an order is more likely late than
in time. Docs: docs/seasons.md.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from pipeline.models import Model
from pipeline.scoring import runway as leads
from pipeline.scoring.runway import ANY, LATE_BELOW, Verdict

DATED_BEFORE, DATED_AFTER, OTHER = "dated_before", "dated_after", "*"


class Runway(Model):
    """Whether a listing of today makes an event, where it makes it best."""

    days: int = Field(description="until the event; negative after it")
    country: str = Field(description="where an order arrives soonest, of those that keep the event; * of any")
    p_live: float = Field(ge=0, le=1, description="P(found, produced and at the door before the day), listed today")
    buyers_left: float = Field(ge=0, le=1, description="share of buyers who have not bought yet when it is found")
    verdict: Verdict
    best_from: date = Field(description="the day its listing window opens")
    buying_peak: date = Field(description="the day by which half of its buyers have bought")
    last_day: date = Field(description="the last day on which it is not too late to list")
    days_to_window: int = Field(ge=0, description="until the listing window opens; 0 from then on")
    lead_days: dict[str, float] = Field(description="step → its usual days there")


@cache
def half_lives() -> Mapping[str, float]:
    """Source → hours until the freshness of its signals is ½; `*` stands for any other source."""
    with files("pipeline.scoring.data").joinpath("half_lives.csv").open(encoding="utf-8") as rows:
        return {row["source"]: float(row["hours"]) for row in csv.DictReader(rows)}


def half_life(source: str) -> float:
    """Half-life in hours of the signals of a source."""
    return half_lives().get(source, half_lives()[OTHER])


def dated_half_life(hours_since_peak: ArrayLike) -> NDArray[np.float64]:
    """Half-life in hours of dated signals before and after the peak of their listing window."""
    after = np.asarray(hours_since_peak, np.float64) > 0
    return np.where(after, half_lives()[DATED_AFTER], half_lives()[DATED_BEFORE])


def runway(
    event: date, today: date, countries: Sequence[str] = (), *, gift: bool = False, marketplace: str = ANY
) -> Runway:
    """The runway of an event in the one of its countries that an order reaches soonest.

    Args:
        event: Its day.
        today: The day on which the listing is published.
        countries: Who keeps it; none: every country that has lead times of its own.
        gift: Whether people buy presents for it, which they do earlier than what they wear.
        marketplace: Where it is listed.
    """
    days = (event - today).days
    country = soonest(countries, marketplace)
    kind = "gift" if gift else "worn"
    p_live = float(leads.p_live(days, country, marketplace))
    return Runway(
        days=days,
        country=country,
        p_live=round(p_live, 6),
        buyers_left=round(float(leads.buyers_left(days, kind, country, marketplace)), 6),
        verdict=leads.verdict(p_live),
        best_from=best_from(event),
        buying_peak=event - timedelta(days=leads.peak_days(kind)),
        last_day=last_listing_day(event, countries, marketplace),
        days_to_window=max((best_from(event) - today).days, 0),
        lead_days={step: took.usual for step, took in leads.steps(country, marketplace).items()},
    )


def soonest(countries: Sequence[str] = (), marketplace: str = ANY) -> str:
    """The one of the countries that an order reaches soonest; of equals the first of the alphabet."""
    return min(sorted(countries or leads.countries()), key=lambda c: leads.needed(LATE_BELOW, c, marketplace))


def total_lead_days(countries: Sequence[str] = (), marketplace: str = ANY) -> int:
    """Days from publishing with which an order is as likely at the door before the day as not."""
    return leads.needed(LATE_BELOW, soonest(countries, marketplace), marketplace)


def best_from(event: date) -> date:
    """The day from which on an event is in its listing window."""
    return event - timedelta(days=leads.window()["opens"])


def listing_peak(event: date) -> date:
    """The day on which most list for an event: the peak of a dated signal."""
    return event - timedelta(days=leads.window()["peaks"])


def last_listing_day(event: date, countries: Sequence[str] = (), marketplace: str = ANY) -> date:
    """The last day on which a listing is not too late for the event."""
    return event - timedelta(days=total_lead_days(countries, marketplace))


def runway_days(event: date, today: date, countries: Sequence[str] = (), marketplace: str = ANY) -> int:
    """Days left till the last listing day; negative when it is too late."""
    return (last_listing_day(event, countries, marketplace) - today).days
