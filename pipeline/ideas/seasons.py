"""Which events come, whether they can still be listed for, and when one that can't comes again.

What belongs here: the calendar and the runway put together. What does not: which idea is archived in the record
(`resources.store.seasons`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from pydantic import Field

from pipeline.models import Model, fold
from pipeline.scoring import calendar
from pipeline.scoring.calendar import Runway
from pipeline.scoring.runway import Verdict
from pipeline.signals import rules
from pipeline.signals.occasions import HORIZON_DAYS, curated, occasions

YEARS_AHEAD = 2
"""How many years on the next date of an event is looked for: an event that is in neither does not come again."""


class Event(Model):
    """A dated thing that ideas are made for."""

    name: str
    date: date
    countries: tuple[str, ...] = Field(default=(), description="who keeps it; none: anywhere")
    gift: bool = False


class Resting(Model):
    """An event that can't be reached any more, and when it is worth a listing again."""

    event: Event
    runway: Runway
    next_date: date | None = Field(description="its next day; null: it doesn't come again, as far as is known")

    @property
    def returns_on(self) -> date | None:
        """The day on which the listing window of its next day opens."""
        return None if self.next_date is None else calendar.best_from(self.next_date)


class Coming(Model):
    """An event ahead, with the runway of each of its countries."""

    name: str
    date: date
    gift: bool
    best: Runway = Field(description="where an order arrives soonest")
    countries: dict[str, Runway]


def coming(today: date, countries: Iterable[str], horizon_days: int = HORIZON_DAYS) -> tuple[Coming, ...]:
    """The occasions from today to `horizon_days` later in these countries, by date and name.

    Raises:
        ValueError: a country has no calendar, or none is given.
    """
    return tuple(
        Coming(
            name=one.name,
            date=one.date,
            gift=one.gift,
            best=calendar.runway(one.date, today, one.countries, gift=one.gift),
            countries={c: calendar.runway(one.date, today, [c], gift=one.gift) for c in one.countries},
        )
        for one in occasions(today, countries, horizon_days)
    )


def resting(events: Iterable[Event], today: date, countries: Sequence[str]) -> list[Resting]:
    """Those of the events that a listing of today comes too late for.

    Args:
        events: That ideas are made for.
        today: The day of the listing.
        countries: Where the shop sells: an event of one of them is the same event in another (Mother's Day).
    """
    runways = ((event, calendar.runway(event.date, today, event.countries, gift=event.gift)) for event in events)
    return [
        Resting(event=event, runway=runway, next_date=next_date(event.name, event.date, countries))
        for event, runway in runways
        if runway.verdict is Verdict.TOO_LATE
    ]


def next_date(name: str, after: date, countries: Iterable[str]) -> date | None:
    """The next day of the occasion of this name in one of the countries; None if it has none in YEARS_AHEAD years.

    None stands for what is no occasion of the calendar (an anniversary, an event of a webhook), and for a feast whose
    calendar ends: the holidays library knows India's to 2035.
    """
    asked = tuple(countries)
    years = range(after.year, after.year + YEARS_AHEAD + 1)
    told = fold(name)
    entries = [entry for entry in curated() if told == fold(entry.name) and entry.within(asked)]
    days = [day for entry in entries for year in years for day in rules.dates(entry.rule, year)]
    if not entries:
        public = (pair for country in asked for year in years for pair in rules.public_holidays(country, year))
        days = [day for day, names in public if told in map(fold, names)]
    return min((day for day in days if day > after + timedelta(days=1)), default=None)


def rows(events: Iterable[Coming]) -> list[dict[str, Any]]:
    """The events as rows of a table that people read: by date, those that it is too late for at the end."""
    return [
        {
            "event": one.name,
            "date": one.date.isoformat(),
            "days": one.best.days,
            "verdict": str(one.best.verdict),
            "p_live": round(one.best.p_live, 2),
            "buyers_left": round(one.best.buyers_left, 2),
            "last_day": one.best.last_day.isoformat(),
            "countries": ", ".join(f"{c} ({r.verdict})" for c, r in one.countries.items()),
        }
        for one in sorted(events, key=lambda one: one.best.verdict is Verdict.TOO_LATE)
    ]
