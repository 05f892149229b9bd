"""Nostalgia: which dated facts of culture have a round anniversary within the horizon.

Only facts whose day is known are kept: an anniversary without a day can be neither prepared for nor missed.
Round is every multiple of five years from ten up.
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Literal

from pydantic import Field, ValidationError

from pipeline.models import Model, Mood
from pipeline.signals import tables
from pipeline.signals.occasions import HORIZON_DAYS, Motif
from pipeline.signals.text import Headline, Text

FIRST_ROUND = 10
EVERY = 5


class Fact(Model):
    """A row of the curated table: something that happened on a known day."""

    name: Headline
    date: dt.date
    themes: tuple[Text, ...] = Field(min_length=1)
    hook: Text | None = Field(description="2 to 5 words that could stand on a shirt; no brand, no living person")
    motifs: tuple[Motif, ...] = Field(min_length=1)
    mood: Mood
    source: str = Field(min_length=1)


class Anniversary(Model):
    """A round anniversary of a fact. Dumped as JSON it is the metadata of its signal."""

    kind: Literal["anniversary"] = "anniversary"
    name: Headline
    year: int = Field(ge=1, le=9999, description="of the fact")
    date: dt.date = Field(description="the anniversary's day")
    years: int = Field(ge=1, description="how long ago the fact is on that day")
    themes: tuple[Text, ...] = Field(min_length=1)
    hook: Text | None = None
    motifs: tuple[Motif, ...] = Field(min_length=1)
    mood: Mood


def anniversaries(today: dt.date, horizon_days: int = HORIZON_DAYS) -> tuple[Anniversary, ...]:
    """The round anniversaries from today to `horizon_days` later, both included, by date and name."""
    end = today + dt.timedelta(days=horizon_days)
    found = [
        _anniversary(fact, day)
        for fact in facts()
        for year in range(today.year, end.year + 1)
        if today <= (day := _day_in(fact.date, year)) <= end and is_round(year - fact.date.year)
    ]
    return tuple(sorted(found, key=lambda a: (a.date, a.name)))


def is_round(years: int) -> bool:
    """Whether people mark the anniversary."""
    return years >= FIRST_ROUND and years % EVERY == 0


@cache
def facts() -> tuple[Fact, ...]:
    """The curated table.

    Raises:
        ValueError: a row can't be right; the message names the line and the field.
    """
    return tuple(_fact(line, row) for line, row in tables.rows("facts.csv"))


def _fact(line: int, row: dict[str, str]) -> Fact:
    lists = {key: tables.listed(row[key]) for key in ("themes", "motifs")}
    try:
        return Fact.model_validate({**row, **lists, "hook": row["hook"] or None})
    except ValidationError as error:
        raise ValueError(f"facts.csv, line {line} ({row['name']}): {error}") from None


def _day_in(day: dt.date, year: int) -> dt.date:
    """The day in another year; a leap day is marked on the 28th of February."""
    leapless = (day.month, day.day) == (2, 29) and not (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))
    return dt.date(year, 2, 28) if leapless else day.replace(year=year)


def _anniversary(fact: Fact, day: dt.date) -> Anniversary:
    return Anniversary(
        name=fact.name,
        year=fact.date.year,
        date=day,
        years=day.year - fact.date.year,
        themes=fact.themes,
        hook=fact.hook,
        motifs=fact.motifs,
        mood=fact.mood,
    )
