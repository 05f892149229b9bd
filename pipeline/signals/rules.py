"""When an occasion falls: the small language of the `rule` column.

=========================  ==========================================================================================
`12-25`                    the 25th of December
`nth(11,thu,4)`            the fourth Thursday of November
`last(5,mon)`              the last Monday of May
`from(11-27,sun)`          the first Sunday on or after the 27th of November
`easter`                   Easter Sunday of the Gregorian calendar
`sun(6)`                   the solstice of June, in UTC; `sun(3,-4)`: the equinox of March, four hours behind UTC
`holiday:IL:Hanukkah`      the first day of each run of that name in the `holidays` library's calendar of the country
=========================  ==========================================================================================

A holiday falls nowhere in years that the library has no calendar for (India's, for one, ends with 2035).
Each may be followed by `+n` or `-n` days: `easter-47`, `nth(11,thu,4)+1`; and that by exceptions, the first of which
that holds counts: `last(5,sun) unless easter+49 then +7` is a week later where it would be Pentecost.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from math import cos, radians

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
      | sun\((?P<sun>3|6|9|12)(?:,(?P<zone>[+-]?\d\d?))?\)
      | holiday:(?P<country>[A-Z]{{2}}):(?P<name>[^+]+?)
    )(?P<offset>[+-]\d+)?""",
    re.VERBOSE,
)

_EXCEPTION = re.compile(r"\s+unless\s+(?P<rule>\S+)\s+then\s+(?P<offset>[+-]\d+)")

KNOWN_YEARS = range(2024, 2028)
"""Years in which every moving feast of every calendar is known: a name that is in none of them is a mistake."""

_ONE_RUN = timedelta(days=15)
"""Days of one feast lie closer together than this; the same feast a lunar year on lies further away."""


def dates(rule: str, year: int) -> tuple[date, ...]:
    """The days of the year on which the rule falls: one; none or two for a feast of a shorter year.

    Raises:
        ValueError: the rule can't be understood, or names a day, country or holiday that does not exist.
    """
    plain, *_ = re.split(r"\s+unless\s", rule.strip(), maxsplit=1)
    exceptions = list(_EXCEPTION.finditer(rule.strip(), len(plain)))
    if plain + "".join(found[0] for found in exceptions) != rule.strip():
        raise ValueError(f"rule: {rule!r}: an exception reads `unless rule then +days`")
    return tuple(_excepted(day, exceptions) for day in _dates(plain, year))


def _excepted(day: date, exceptions: Sequence[re.Match[str]]) -> date:
    """The day, or where the first exception that falls on it moves it."""
    moved = (int(found["offset"]) for found in exceptions if day in _dates(found["rule"], day.year))
    return day + timedelta(days=next(moved, 0))


def _dates(rule: str, year: int) -> tuple[date, ...]:
    match = _RULE.fullmatch(rule)
    if match is None:
        known = "MM-DD, nth(…), last(…), from(…), easter, sun(…), holiday:CC:Name"
        raise ValueError(f"rule: {rule!r} is none of {known}, ±days")
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
    if match["easter"] or match["sun"]:
        local = timedelta(hours=int(match["zone"] or 0))
        return (easter(year) if match["easter"] else (sun(int(match["sun"]), year) + local).date(),)
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


_TURNS = {
    3: (2451623.80984, 365242.37404, 0.05169, -0.00411, -0.00057),
    6: (2451716.56767, 365241.62603, 0.00325, 0.00888, -0.00030),
    9: (2451810.21715, 365242.01767, -0.11575, 0.00337, 0.00078),
    12: (2451900.05952, 365242.74049, -0.06223, -0.00823, 0.00032),
}
"""Month → the polynomial of its mean equinox or solstice, in Julian days of ephemeris time; Meeus, table 27.B."""

_PERIODIC = (
    (485, 324.96, 1934.136), (203, 337.23, 32964.467), (199, 342.08, 20.186), (182, 27.85, 445267.112),
    (156, 73.14, 45036.886), (136, 171.52, 22518.443), (77, 222.54, 65928.934), (74, 296.72, 3034.906),
    (70, 243.58, 9037.513), (58, 119.81, 33718.147), (52, 297.17, 150.678), (50, 21.02, 2281.226),
    (45, 247.54, 29929.562), (44, 325.15, 31555.956), (29, 60.93, 4443.417), (18, 155.12, 67555.328),
    (17, 288.79, 4562.452), (16, 198.04, 62894.029), (14, 199.76, 31436.921), (12, 95.39, 14577.848),
    (12, 287.11, 31931.756), (12, 320.81, 34777.259), (9, 227.73, 1222.114), (8, 15.45, 16859.074),
)  # fmt: skip
"""Amplitude, phase in degrees and its growth in a Julian century; Meeus, table 27.C."""

_J2000, _CENTURY = 2451545.0, 36525.0
_CLOCK_AHEAD = timedelta(seconds=70)
"""Ephemeris time less UTC in these decades, to some seconds."""


def sun(month: int, year: int) -> datetime:
    """The equinox (3, 9) or solstice (6, 12) of the month, to about a minute; Meeus, Astronomical Algorithms, ch. 27.

    Returns:
        The moment in UTC.
    """
    y = (year - 2000) / 1000
    mean = sum(c * y**power for power, c in enumerate(_TURNS[month]))
    t = (mean - _J2000) / _CENTURY
    w = radians(35999.373 * t - 2.47)
    wobble = sum(a * cos(radians(b + c * t)) for a, b, c in _PERIODIC)
    found = mean + 0.00001 * wobble / (1 + 0.0334 * cos(w) + 0.0007 * cos(2 * w))
    return datetime(2000, 1, 1, 12, tzinfo=UTC) + timedelta(days=found - _J2000) - _CLOCK_AHEAD


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
