"""When an occasion falls: the small language of the `rule` column.

=========================  ==========================================================================================
`12-25`                    the 25th of December
`nth(11,thu,4)`            the fourth Thursday of November
`last(5,mon)`              the last Monday of May
`from(11-27,sun)`          the first Sunday on or after the 27th of November
`easter`                   Easter Sunday of the Gregorian calendar
`holiday:IL:Hanukkah`      the first day of each run of that name in the `holidays` library's calendar of the country
=========================  ==========================================================================================

A holiday falls nowhere in years that the library has no calendar for (India's, for one, ends with 2035).
Each may be followed by `+n` or `-n` days: `easter-47`, `nth(11,thu,4)+1`.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from functools import cache

import holidays

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_DAY = r"(?P<{0}month>\d\d?)-(?P<{0}day>\d\d?)"
_WEEKDAY = "|".join(WEEKDAYS)
_RULE = re.compile(
    rf"""(?:
        {_DAY.format("")}
      | nth\((?P<nth>\d\d?),(?P<nth_weekday>{_WEEKDAY}),(?P<n>[1-5])\)
      | last\((?P<last>\d\d?),(?P<last_weekday>{_WEEKDAY})\)
      | from\({_DAY.format("from_")},(?P<from_weekday>{_WEEKDAY})\)
      | (?P<easter>easter)
      | holiday:(?P<country>[A-Z]{{2}}):(?P<name>[^+]+?)
    )(?P<offset>[+-]\d+)?""",
    re.VERBOSE,
)

KNOWN_YEARS = range(2024, 2028)
"""Years in which every moving feast of every calendar is known: a name that is in none of them is a mistake."""

_ONE_RUN = timedelta(days=15)
"""Days of one feast lie closer together than this; the same feast a lunar year on lies further away."""


def dates(rule: str, year: int) -> tuple[date, ...]:
    """The days of the year on which the rule falls: one; none or two for a feast of a shorter year.

    Raises:
        ValueError: the rule can't be understood, or names a day, country or holiday that does not exist.
    """
    match = _RULE.fullmatch(rule.strip())
    if match is None:
        raise ValueError(f"rule: {rule!r} is none of MM-DD, nth(…), last(…), from(…), easter, holiday:CC:Name, ±days")
    shift = timedelta(days=int(match["offset"] or 0))
    # A shift may carry a day over the turn of the year.
    found = (day + shift for each in (year - 1, year, year + 1) for day in _base(match, each))
    return tuple(day for day in found if day.year == year)


def _base(match: re.Match[str], year: int) -> tuple[date, ...]:
    if match["month"]:
        return (date(year, int(match["month"]), int(match["day"])),)
    if match["nth"]:
        first = _on_or_after(date(year, int(match["nth"]), 1), match["nth_weekday"])
        return ((first + timedelta(weeks=int(match["n"]) - 1)),)
    if match["last"]:
        month = int(match["last"])
        last_week = date(year, month, monthrange(year, month)[1] - 6)
        return (_on_or_after(last_week, match["last_weekday"]),)
    if match["from_month"]:
        start = date(year, int(match["from_month"]), int(match["from_day"]))
        return (_on_or_after(start, match["from_weekday"]),)
    if match["easter"]:
        return (easter(year),)
    return _first_days(match["country"], match["name"], year)


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar, by the anonymous algorithm in Meeus, Astronomical Algorithms, ch. 8."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def _on_or_after(day: date, weekday: str) -> date:
    return day + timedelta(days=(WEEKDAYS.index(weekday) - day.weekday()) % 7)


def _first_days(country: str, name: str, year: int) -> tuple[date, ...]:
    days = sorted(day for each in (year - 1, year) for day, names in feasts(country, each) if name in names)
    if not days and not any(name in names for each in KNOWN_YEARS for _, names in feasts(country, each)):
        raise ValueError(f"rule: no holiday {name!r} in the calendar of {country!r}, {KNOWN_YEARS[0]} or later")
    starts = [day for before, day in zip([date.min, *days], days, strict=False) if day - before > _ONE_RUN]
    return tuple(day for day in starts if day.year == year)


@cache
def feasts(country: str, year: int) -> tuple[tuple[date, frozenset[str]], ...]:
    """Every day of every kind (public, bank, school, …) in the library's calendar, with its English names.

    Raises:
        ValueError: the library has no such country.
    """
    return _calendar(country, year, every_kind=True)


@cache
def public_holidays(country: str, year: int) -> tuple[tuple[date, frozenset[str]], ...]:
    """The national public holidays themselves, without the days given off in their stead.

    Raises:
        ValueError: the library has no such country.
    """
    return _calendar(country, year, every_kind=False)


def _calendar(country: str, year: int, *, every_kind: bool) -> tuple[tuple[date, frozenset[str]], ...]:
    if country not in holidays.list_supported_countries(include_aliases=False):
        raise ValueError(f"country: {country!r} is not a country the holidays library knows (ISO 3166 alpha-2)")
    categories = getattr(holidays, country).supported_categories if every_kind else None
    known = holidays.country_holidays(country, years=year, language="en_US", observed=False, categories=categories)
    return tuple(
        (day, frozenset(name.removesuffix(" (estimated)").strip() for name in names.split(";")))
        for day, names in sorted(known.items())
    )
