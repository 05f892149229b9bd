"""Is the calendar right? Ours against published national holidays, and against calendars that know less.

What belongs here: recall and precision by country, all holidays and the moving ones. What does not: the calendar.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import cache, partial
from pathlib import Path

from benchmarks.evals.base import Evaluation, Line, Stat, Table
from pipeline.models import fold
from pipeline.signals import rules
from pipeline.signals.occasions import Entry, curated, occasions

FILE = "calendars/public_holidays_2024_2027.csv"
INSTEAD = ("(observed)", "Substitute Holiday", "National Holiday")
"""Marks of days off in a holiday's stead: nobody makes a design for them, and our calendar leaves them out."""

Days = frozenset[tuple[date, str]]
Calendar = Callable[[str, int], frozenset[date]]
"""Country and year → the days on which it has national holidays."""


def run(data: Path) -> Evaluation:
    """Compare calendars on the years after the first, which the baseline of fixed dates is made of."""
    published = _published(data / FILE)
    countries = sorted({country for country, _ in published})
    first, *judged = sorted({year for _, year in published})
    moving = {country: _moving(published, country) for country in countries}

    def fixed(country: str, year: int) -> frozenset[date]:
        days = ((day.month, day.day) for day, _ in published[country, first])
        return frozenset(date(year, month, day) for month, day in days if (month, day) != (2, 29))

    calendars: list[tuple[str, str, Calendar]] = [
        ("the calendar", "ours", partial(_ours, first=first)),
        ("without the holidays library", "without", partial(_curated, first=first)),
        (f"the dates of {first}, every year", "baseline", fixed),
    ]
    recall = _table("recall", calendars, published, countries, judged)
    moved = _table(
        "recall of moving holidays", calendars, _only(published, moving), [c for c in countries if moving[c]], judged
    )
    precision = _table("precision", calendars, published, countries, judged)
    return Evaluation(
        title="Is the calendar right?",
        question="Of the national holidays that were published for a country, how many does the calendar have on the "
        "right day, and how many of its own national holidays were published? An occasion on the wrong day is a "
        "listing that comes too late or for nothing.",
        data=f"{sum(map(len, published.values()))} national holidays of {', '.join(countries)}, {first} to "
        f"{judged[-1]} (`{FILE}`, made with the holidays library, MIT), without days off in their stead",
        split=f"the baseline takes its dates from {first}, and so does which rows of the table are national "
        f"holidays; all are judged on {judged[0]} to {judged[-1]}",
        tables=[recall, moved, precision],
        findings=_findings(recall, moved, precision, published, first, judged),
    )


def _published(path: Path) -> Mapping[tuple[str, int], Days]:
    found: defaultdict[tuple[str, int], set[tuple[date, str]]] = defaultdict(set)
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            day = date.fromisoformat(row["date"])
            for name in row["name"].split("; "):
                if not any(mark in name for mark in INSTEAD):
                    found[row["country"], day.year].add((day, name))
    return {key: frozenset(days) for key, days in sorted(found.items())}


def _moving(published: Mapping[tuple[str, int], Days], country: str) -> frozenset[str]:
    """The names of the holidays of a country that do not fall on one date in all years."""
    dates: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
    for (where, _), days in published.items():
        for day, name in days if where == country else ():
            dates[name].add((day.month, day.day))
    return frozenset(name for name, each in dates.items() if len(each) > 1)


def _only(
    published: Mapping[tuple[str, int], Days], names: Mapping[str, frozenset[str]]
) -> Mapping[tuple[str, int], Days]:
    return {
        (country, year): frozenset((day, name) for day, name in days if name in names[country])
        for (country, year), days in published.items()
    }


def _ours(country: str, year: int, first: int) -> frozenset[date]:
    """The days of what the whole calendar calls a national holiday: the library's, and the table's that claim to be."""
    public = {(day, fold(name)) for day, names in rules.public_holidays(country, year) for name in names}
    claimed = {(day, e.name) for e in _national(country, first) for day in rules.dates(e.rule, year)}
    return frozenset(
        one.date
        for one in occasions(date(year, 1, 1), [country], 365)
        if one.date.year == year and ((one.date, one.name) in claimed or (one.date, fold(one.name)) in public)
    )


def _curated(country: str, year: int, first: int) -> frozenset[date]:
    """The days of the table's own rules for national holidays, without those that ask the library."""
    return frozenset(
        day
        for entry in _national(country, first)
        if not entry.rule.startswith("holiday:")
        for day in rules.dates(entry.rule, year)
    )


@cache
def _national(country: str, first: int) -> tuple[Entry, ...]:
    """The rows of the table that are a national holiday of the country in the first year: by name and by day."""
    public = {(day, fold(name)) for day, names in rules.public_holidays(country, first) for name in names}
    return tuple(
        entry
        for entry in curated()
        if entry.within([country])
        and public & {(day, name) for day in rules.dates(entry.rule, first) for name in entry.names()}
    )


def _table(
    measure: str,
    calendars: Iterable[tuple[str, str, Calendar]],
    published: Mapping[tuple[str, int], Days],
    countries: list[str],
    judged: list[int],
) -> Table:
    lines = []
    for method, kind, known in calendars:
        stats: dict[str, Stat] = {}
        for country in countries:
            values = []
            for year in judged:
                theirs = [day for day, _ in published[country, year]]
                ours = known(country, year)
                if measure == "precision":
                    values.append(len(ours & set(theirs)) / len(ours) if ours else 0.0)
                else:
                    values.append(sum(day in ours for day in theirs) / len(theirs))
            stats[country] = Stat(tuple(values))
        together = zip(*(stat.values for stat in stats.values()), strict=True)
        lines.append(Line(method, kind, {"mean": Stat(tuple(sum(each) / len(each) for each in together)), **stats}))
    return Table(measure, lines, [str(year) for year in judged], {"mean": 0.99})


def _findings(
    recall: Table,
    moved: Table,
    precision: Table,
    published: Mapping[tuple[str, int], Days],
    first: int,
    judged: list[int],
) -> list[str]:
    ours, without, fixed = ({table.title: line.stats["mean"].mean for table in (recall, moved, precision)
                             for line in table.lines[at : at + 1]} for at in range(3))  # fmt: skip
    missed = [
        f"{country} {day} {name}"
        for (country, year), days in published.items()
        if year in judged
        for day, name in sorted(days)
        if day not in _ours(country, year, first)
    ]
    return [
        f"The calendar has {ours['recall']:.1%} of the national holidays on their day, and {ours['precision']:.1%} of "
        f"what it calls a national holiday is one; missed: {', '.join(missed) or 'none'}.",
        f"Of those that move, the same dates every year find {fixed[moved.title]:.1%}, the calendar "
        f"{ours[moved.title]:.1%}.",
        f"The table's own rules, without the library, reach {without['recall']:.1%} ({without[moved.title]:.1%} of the "
        "moving ones): it holds what people buy for, not every day off.",
        "The file was made with the library that the calendar asks for public holidays, so the first line says that "
        "nothing is lost on the way, not that the library is right; the line without the library is independent of "
        "it. Feasts that are no national holiday here (Diwali, Hanukkah, Mother's Day, …) are held against published "
        "dates in the tests.",
    ]
