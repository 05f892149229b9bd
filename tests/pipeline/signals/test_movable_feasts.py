"""Ten years of movable feasts against dates that others published, written down here with where they stand."""

from __future__ import annotations

from datetime import date

import holidays
import pytest

from pipeline.signals import rules
from pipeline.signals.occasions import curated

YEARS = range(2026, 2036)

# Month and day of each of the ten years; a year in which a feast falls twice or never is told apart.
KNOWN: dict[str, tuple[str, str]] = {
    # Tables of the Western Easter: US Naval Observatory; The Book of Common Prayer.
    "easter": ("Easter", "4-5 3-28 4-16 4-1 4-21 4-13 3-28 4-17 4-9 3-25"),
    # Orthodox Easter, as listed by the Greek Orthodox Archdiocese of America.
    "orthodox": ("Orthodox Easter", "4-12 5-2 4-16 4-8 4-28 4-13 5-2 4-24 4-9 4-29"),
    # Hong Kong Observatory, Gregorian-lunar calendar conversion tables.
    "new year": ("Lunar New Year", "2-17 2-6 1-26 2-13 2-3 1-23 2-11 1-31 2-19 2-8"),
    "dragon boats": ("Dragon Boat Festival", "6-19 6-9 5-28 6-16 6-5 6-24 6-12 6-1 6-20 6-10"),
    "mid-autumn": ("Mid-Autumn Festival", "9-25 9-15 10-3 9-22 9-12 10-1 9-19 9-8 9-27 9-16"),
    # Drik Panchang, Lakshmi Puja and Rangwali Holi at New Delhi.
    "diwali": ("Diwali", "11-8 10-29 10-17 11-5 10-26 11-14 11-2 10-22 11-10 10-30"),
    "holi": ("Holi", "3-4 3-22 3-11 3-1 3-20 3-9 3-27 3-16 3-5 3-24"),
    # Hebcal: the first full day; a feast begins at sundown of the day before.
    "purim": ("Purim", "3-3 3-23 3-12 3-1 3-19 3-9 2-26 3-15 3-5 3-25"),
    "passover": ("Passover", "4-2 4-22 4-11 3-31 4-18 4-8 3-27 4-14 4-4 4-24"),
    "rosh hashanah": ("Rosh Hashanah", "9-12 10-2 9-21 9-10 9-28 9-18 9-6 9-24 9-14 10-4"),
    "hanukkah": ("Hanukkah", "12-5 12-25 12-13 12-2 12-21 12-10 11-28 12-17 12-7 12-26"),
    # Advent and Thanksgiving by their definitions, from printed calendars.
    "thanksgiving": ("Thanksgiving", "11-26 11-25 11-23 11-22 11-28 11-27 11-25 11-24 11-23 11-22"),
    "advent": ("Advent", "11-29 11-28 12-3 12-2 12-1 11-30 11-28 11-27 12-3 12-2"),
    # US Internal Revenue Service: no weekend, nor Emancipation Day of the District of Columbia.
    "taxes": ("Tax Day", "4-15 4-15 4-18 4-17 4-15 4-15 4-15 4-18 4-18 4-17"),
    # US Naval Observatory, dates of the solstices in UTC.
    "winter": ("Winter Solstice", "12-21 12-22 12-21 12-21 12-21 12-22 12-21 12-21 12-21 12-22"),
    "summer": ("Litha", "6-21 6-21 6-20 6-21 6-21 6-21 6-20 6-21 6-21 6-21"),
    # The city of Munich opens it on the Saturday after 15 September.
    "beer": ("Bavarian Beer Festival", "9-19 9-18 9-16 9-22 9-21 9-20 9-18 9-17 9-16 9-22"),
    # Koningsdag: 27 April, on the Saturday before where that is a Sunday.
    "king": ("King's Birthday Party", "4-27 4-27 4-27 4-27 4-27 4-26 4-27 4-27 4-27 4-27"),
}

MOTHERS_AND_FATHERS = {
    # By country, as its own custom or law sets them.
    ("Mother's Day", "US"): "5-10 5-9 5-14 5-13 5-12 5-11 5-9 5-8 5-14 5-13",
    ("Mother's Day", "CA"): "5-10 5-9 5-14 5-13 5-12 5-11 5-9 5-8 5-14 5-13",
    ("Mother's Day", "AU"): "5-10 5-9 5-14 5-13 5-12 5-11 5-9 5-8 5-14 5-13",
    ("Mother's Day", "DE"): "5-10 5-9 5-14 5-13 5-12 5-11 5-9 5-8 5-14 5-13",
    ("Mother's Day", "GB"): "3-15 3-7 3-26 3-11 3-31 3-23 3-7 3-27 3-19 3-4",
    # Code de l'action sociale et des familles, article D215-1: a week later where it would be Pentecost (2034).
    ("Mother's Day", "FR"): "5-31 5-30 5-28 5-27 5-26 5-25 5-30 5-29 6-4 5-27",
    ("Father's Day", "US"): "6-21 6-20 6-18 6-17 6-16 6-15 6-20 6-19 6-18 6-17",
    ("Father's Day", "FR"): "6-21 6-20 6-18 6-17 6-16 6-15 6-20 6-19 6-18 6-17",
    ("Father's Day", "DE"): "5-14 5-6 5-25 5-10 5-30 5-22 5-6 5-26 5-18 5-3",
    ("Father's Day", "AU"): "9-6 9-5 9-3 9-2 9-1 9-7 9-5 9-4 9-3 9-2",
}

# Umm al-Qura calendar (van Gent, Utrecht); the moon may be sighted a day earlier or later.
MOON = {
    "Ramadan": "2026-2-18 2027-2-8 2028-1-28 2029-1-16 2030-1-5 2030-12-26 2031-12-15 2032-12-4 2033-11-23 2034-11-12",
    "Eid al-Fitr": "2026-3-20 2027-3-9 2028-2-26 2029-2-14 2030-2-4 2031-1-24 2032-1-14 2033-1-2 2033-12-23 2034-12-12",
    "Eid al-Adha": "2026-5-27 2027-5-16 2028-5-5 2029-4-24 2030-4-13 2031-4-2 2032-3-22 2033-3-11 2034-3-1 2035-2-18",
}


def dates(name: str, country: str | None = None) -> list[date]:
    """The days of the occasion in the ten years: of the row of the country, or of the only row of its name."""
    (rule,) = {e.rule for e in curated() if e.name == name and (country is None or country in e.countries)}
    return [day for year in YEARS for day in rules.dates(rule, year)]


def written(days: str) -> list[date]:
    return [date(year, *map(int, day.split("-"))) for year, day in zip(YEARS, days.split(), strict=True)]


@pytest.mark.parametrize("feast", KNOWN)
def test_a_feast_falls_where_it_was_published(feast: str) -> None:
    name, days = KNOWN[feast]
    assert dates(name) == written(days)


@pytest.mark.parametrize(("name", "country"), MOTHERS_AND_FATHERS)
def test_parents_have_the_day_of_their_country(name: str, country: str) -> None:
    assert dates(name, country) == written(MOTHERS_AND_FATHERS[name, country])


@pytest.mark.parametrize("name", MOON)
def test_feasts_of_the_moon_are_within_a_day(name: str) -> None:
    published = [date(*map(int, day.split("-"))) for day in MOON[name].split()]
    ours = dates(name)
    assert all(min(abs((day - one).days) for one in ours) <= 1 for day in published)
    assert sum(day in ours for day in published) >= 8


@pytest.mark.parametrize(("name", "month"), [("Vernal Equinox Day", 3), ("Autumnal Equinox Day", 9)])
def test_equinoxes_are_the_holidays_that_japan_announces_for_forty_years(name: str, month: int) -> None:
    announced = holidays.country_holidays("JP", years=range(2020, 2060), language="en_US")
    days = [day for day, names in sorted(announced.items()) if name in names]
    assert [day for year in range(2020, 2060) for day in rules.dates(f"sun({month},+9)", year)] == days
