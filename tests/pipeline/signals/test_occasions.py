"""The calendar against the holidays that were published, and the curated table against its own promises."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.models import fold
from pipeline.signals import rules
from pipeline.signals.anniversaries import anniversaries, facts, is_round
from pipeline.signals.occasions import Occasion, curated, occasions
from tests import recorded

COUNTRIES = ("US", "CA", "GB", "AU", "DE", "FR", "JP")
LAUNCH = date(2026, 11, 23)
DAYS = st.dates(date(2024, 1, 1), date(2034, 9, 30))


def solid_icons() -> set[str]:
    folder = files("fontawesomefree") / "static" / "fontawesomefree" / "svgs" / "solid"
    return {icon.name.removesuffix(".svg") for icon in folder.iterdir()}


def around(day: date) -> dict[str, Occasion]:
    return {occasion.name: occasion for occasion in occasions(day, COUNTRIES, 0)}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("12-25", date(2026, 12, 25)),
        ("nth(11,thu,4)", date(2026, 11, 26)),
        ("nth(11,thu,4)+1", date(2026, 11, 27)),
        ("last(5,mon)", date(2026, 5, 25)),
        ("from(11-27,sun)", date(2026, 11, 29)),
        ("easter", date(2026, 4, 5)),
        ("easter-47", date(2026, 2, 17)),
        ("easter+49", date(2026, 5, 24)),
        ("01-01+255", date(2026, 9, 13)),
        ("03-01-1", date(2026, 2, 28)),
        ("holiday:IL:Hanukkah", date(2026, 12, 5)),
        ("holiday:SG:Chinese New Year", date(2026, 2, 17)),
        ("holiday:IN:Diwali", date(2026, 11, 8)),
        ("sun(9)", date(2026, 9, 23)),
        ("sun(9,-4)", date(2026, 9, 22)),
        ("last(5,sun) unless easter+56 then -7 unless easter+49 then +7", date(2026, 5, 24)),
    ],
)
def test_rules(rule: str, expected: date) -> None:
    assert rules.dates(rule, 2026) == (expected,)


def test_a_feast_that_runs_over_new_year_begins_once() -> None:
    assert rules.dates("holiday:IL:Hanukkah", 2027) == (date(2027, 12, 25),)
    assert rules.dates("holiday:IL:Hanukkah", 2028) == (date(2028, 12, 13),)


@pytest.mark.filterwarnings("ignore:Requested Holidays are available only")
def test_a_year_without_a_calendar_has_no_such_feast() -> None:
    assert len(rules.dates("holiday:IN:Holi", 2035)) == 1
    assert rules.dates("holiday:IN:Holi", 2036) == rules.dates("holiday:IN:Holi", 2040) == ()
    assert "Diwali" not in {occasion.name for occasion in occasions(date(2036, 10, 1), COUNTRIES)}


def test_a_feast_of_a_shorter_year_may_fall_twice() -> None:
    assert len(rules.dates("holiday:TR:Eid al-Fitr", 2033)) == 2


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "christmas",
        "13-40",
        "nth(11,thu,6)",
        "holiday:ZZ:Easter",
        "holiday:US:Nothing",
        "easter+x",
        "sun(4)",
        "easter unless",
        "easter unless 05-01",
        "12-25 unless never then +1",
        "easter then +1",
    ],
)
def test_a_rule_that_says_nothing_is_refused(rule: str) -> None:
    with pytest.raises(ValueError, match=r"rule|country|month|day"):
        rules.dates(rule, 2026)


@given(st.integers(1990, 2090))
def test_easter_is_that_of_the_holidays_library(year: int) -> None:
    sundays = [day for day, names in rules.feasts("US", year) if "Easter Sunday" in names]
    assert rules.dates("easter", year) == tuple(sundays)


@pytest.mark.slow
@pytest.mark.skipif(not recorded.available(), reason="recorded data ($ENGINE_SHARED/data) is not here")
def test_every_published_public_holiday_is_an_occasion_of_its_country() -> None:
    instead = ("(observed)", "Substitute Holiday", "National Holiday")
    checked = 0
    with (recorded.data_dir() / "calendars" / "public_holidays_2024_2027.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            for name in row["name"].split("; "):
                if any(word in name for word in instead):
                    continue
                found = around(date.fromisoformat(row["date"]))
                names = {name, *(entry.name for entry in curated() if fold(name) in entry.names())}
                assert any(row["country"] in found[n].countries for n in names & set(found)), (row, sorted(found))
                checked += 1
    assert checked > 200


def test_the_first_day_gives_a_rich_list() -> None:
    found = {occasion.name: occasion for occasion in occasions(LAUNCH, COUNTRIES)}
    expected = {
        "Thanksgiving": "2026-11-26",
        "Black Friday": "2026-11-27",
        "Small Business Saturday": "2026-11-28",
        "Advent": "2026-11-29",
        "Hanukkah": "2026-12-05",
        "St Nicholas Day": "2026-12-06",
        "Winter Solstice": "2026-12-21",
        "Festivus": "2026-12-23",
        "Christmas": "2026-12-25",
        "Boxing Day": "2026-12-26",
        "New Year's Day": "2027-01-01",
        "Martin Luther King Jr. Day": "2027-01-18",
        "Burns Night": "2027-01-25",
        "Australia Day": "2027-01-26",
        "Groundhog Day": "2027-02-02",
        "Lunar New Year": "2027-02-06",
        "The Big Game": "2027-02-14",
        "Galentine's Day": "2027-02-13",
        "Valentine's Day": "2027-02-14",
    }
    assert {name: found[name].date.isoformat() for name in expected} == expected
    assert len(found) > 90
    assert found["Christmas"].countries == ("AU", "CA", "DE", "FR", "GB", "US")
    assert found["New Year's Day"].countries == tuple(sorted(COUNTRIES))


def test_rows_of_one_name_that_fall_on_one_day_are_one_occasion_of_both_countries() -> None:
    """By the clock of New York the spring of 2028 begins on the day before it does in Europe, that of 2027 does not."""
    apart, one = (
        {
            o.date.isoformat()[5:]: o.countries
            for o in occasions(date(year, 3, 1), COUNTRIES, 30)
            if o.name == "First Day of Spring"
        }
        for year in (2028, 2027)
    )
    assert apart == {"03-19": ("CA", "US"), "03-20": ("DE", "FR", "GB", "JP")}
    assert one == {"03-20": ("CA", "DE", "FR", "GB", "US")}


def test_mothers_day_differs_by_country() -> None:
    found = {(o.date, o.countries) for o in occasions(date(2026, 3, 1), COUNTRIES, 100) if o.name == "Mother's Day"}
    assert found == {
        (date(2026, 3, 15), ("GB",)),
        (date(2026, 5, 10), ("AU", "CA", "DE", "JP", "US")),
        (date(2026, 5, 31), ("FR",)),
    }


def test_only_occasions_of_the_countries_asked_for() -> None:
    found = occasions(LAUNCH, ["AU"])
    assert {country for occasion in found for country in occasion.countries} == {"AU"}
    assert "Thanksgiving" not in {occasion.name for occasion in found}


@pytest.mark.parametrize("countries", [[], ["XX"], ["us"]])
def test_countries_without_a_calendar_are_refused(countries: list[str]) -> None:
    with pytest.raises(ValueError, match="countr"):
        occasions(LAUNCH, countries)


@settings(deadline=None)  # the first look at a year computes its calendars
@given(DAYS)
def test_every_window_is_full_sorted_and_free_of_doubles(today: date) -> None:
    found = occasions(today, COUNTRIES)
    keys = [(occasion.date, occasion.name) for occasion in found]
    assert keys == sorted(set(keys))
    assert all(today <= day <= today + timedelta(days=90) for day, _ in keys)
    assert len(found) >= 60


def test_the_table_keeps_its_promises() -> None:
    entries = curated()
    assert len(entries) >= 160
    icons = solid_icons()
    assert not {motif for entry in entries for motif in entry.motifs} - icons
    # Rows of one name may fall on one day only for different countries: they become one occasion.
    for year in (2026, 2027, 2028):
        seen = [(day, e.name, where) for e in entries for day in rules.dates(e.rule, year) for where in e.countries]
        assert len(seen) == len(set(seen))


def test_every_row_falls_in_most_years() -> None:
    for entry in curated():
        assert all(rules.dates(entry.rule, year) for year in (2026, 2027, 2028)), entry.name


def test_the_facts_keep_their_promises() -> None:
    icons = solid_icons()
    assert len(facts()) >= 250
    assert not {motif for fact in facts() for motif in fact.motifs} - icons
    hooks = [fact.hook for fact in facts() if fact.hook]
    assert all(2 <= len(hook.split()) <= 5 for hook in hooks)
    assert len(set(hooks)) == len(hooks)


@given(DAYS)
def test_every_window_has_round_anniversaries(today: date) -> None:
    found = anniversaries(today)
    assert len(found) >= 8
    for anniversary in found:
        assert today <= anniversary.date <= today + timedelta(days=90)
        assert is_round(anniversary.years)
        assert anniversary.date.year - anniversary.years == anniversary.year


def test_a_centenary_is_found() -> None:
    found = {(a.name, a.years, a.date) for a in anniversaries(date(2027, 3, 1))}
    assert ("First solo flight across the Atlantic lands in Paris", 100, date(2027, 5, 21)) in found
