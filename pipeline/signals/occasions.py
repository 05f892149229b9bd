"""The calendar: which occasions worth designing for fall within the horizon.

Two lists in one: the public holidays of the countries, from the `holidays` library, and the curated
`data/occasions.csv`. A public holiday that the table knows under its own name, or by its `aka`, takes its themes,
motifs and mood from there; the same holiday of several countries on one day is one occasion.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import cache
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from pipeline.models import Model, Mood, fold
from pipeline.signals import rules, tables
from pipeline.signals.text import Headline, Text

HORIZON_DAYS = 90
EVERYWHERE = "*"

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Motif = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$")]


class Occasion(Model):
    """A dated event that people wear or give something for. Dumped as JSON it is the metadata of its signal."""

    kind: Literal["occasion"] = "occasion"
    name: Headline
    date: dt.date
    countries: tuple[Country, ...] = Field(min_length=1, description="ISO 3166 alpha-2, sorted")
    themes: tuple[Text, ...] = Field(min_length=1, description="words that lead to niches")
    greeting: Text | None = Field(default=None, description="what people say on the day")
    motifs: tuple[Motif, ...] = Field(min_length=1, description="Font Awesome 6 free solid icons, best first")
    mood: Mood
    gift: bool = Field(strict=True, description="people buy presents for it")


class Entry(Model):
    """A row of the curated table."""

    name: Headline
    rule: str
    countries: tuple[str, ...] = Field(min_length=1, description="ISO 3166 alpha-2, or * for everywhere")
    aka: tuple[str, ...] = Field(description="names of the same day in the holidays library")
    greeting: Text | None
    themes: tuple[Text, ...] = Field(min_length=1)
    motifs: tuple[Motif, ...] = Field(min_length=1)
    mood: Mood
    gift: bool
    source: str = Field(min_length=1)

    def within(self, countries: Iterable[str]) -> tuple[str, ...]:
        """Those of the countries that know the occasion."""
        return tuple(c for c in countries if EVERYWHERE in self.countries or c in self.countries)

    def names(self) -> frozenset[str]:
        """Every name of the day, folded."""
        return frozenset(map(fold, (self.name, *self.aka)))


def occasions(today: dt.date, countries: Iterable[str], horizon_days: int = HORIZON_DAYS) -> tuple[Occasion, ...]:
    """The occasions from today to `horizon_days` later, both included, by date and name.

    Raises:
        ValueError: a country is not an ISO 3166 code that the holidays library knows, or none is given.
    """
    asked = tuple(sorted(set(countries)))
    if not asked:
        raise ValueError("countries: empty; give at least one ISO 3166 code, such as US")
    end = today + dt.timedelta(days=horizon_days)
    years = range(today.year, end.year + 1)

    found: dict[tuple[dt.date, str], Occasion] = {}
    for entry in curated():
        if where := entry.within(asked):
            for day in (day for year in years for day in rules.dates(entry.rule, year)):
                met = found.get((day, entry.name)) or _occasion(entry, day, where)
                found[day, entry.name] = met.model_copy(update={"countries": tuple(sorted({*met.countries, *where}))})
    for country in asked:
        for day, names in (pair for year in years for pair in rules.public_holidays(country, year)):
            for name in names:
                key = (day, _known_name(name, day, found))
                met = found.get(key) or _public_holiday(name, day, country)
                found[key] = met.model_copy(update={"countries": tuple(sorted({*met.countries, country}))})
    return tuple(found[key] for key in sorted(found) if today <= key[0] <= end)


@cache
def curated() -> tuple[Entry, ...]:
    """The curated table.

    Raises:
        ValueError: a row can't be right; the message names the line and the field.
    """
    return tuple(_entry(line, row) for line, row in tables.rows("occasions.csv"))


def _entry(line: int, row: dict[str, str]) -> Entry:
    lists = {key: tables.listed(row[key]) for key in ("countries", "aka", "themes", "motifs")}
    try:
        return Entry.model_validate({**row, **lists, "greeting": row["greeting"] or None})
    except ValidationError as error:
        raise ValueError(f"occasions.csv, line {line} ({row['name']}): {error}") from None


def _occasion(entry: Entry, day: dt.date, countries: tuple[str, ...]) -> Occasion:
    return Occasion(
        name=entry.name,
        date=day,
        countries=countries,
        themes=entry.themes,
        greeting=entry.greeting,
        motifs=entry.motifs,
        mood=entry.mood,
        gift=entry.gift,
    )


def _known_name(name: str, day: dt.date, found: dict[tuple[dt.date, str], Occasion]) -> str:
    """The name under which an occasion of the day already stands, by its own name or an `aka`; else the name."""
    return next((e.name for e in curated() if (day, e.name) in found and fold(name) in e.names()), name)


def _public_holiday(name: str, day: dt.date, country: str) -> Occasion:
    """A public holiday that the table does not know: nothing is made up about it."""
    return Occasion(
        name=name,
        date=day,
        countries=(country,),
        themes=("public holiday", "day off"),
        motifs=("calendar-day",),
        mood=Mood.MINIMAL,
        gift=False,
    )
