"""Events ahead and events that are over: what is told of them, and when they come again."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ideas.seasons import Event, coming, next_date, resting, rows
from pipeline.scoring.runway import Verdict
from pipeline.signals.occasions import curated

COUNTRIES = ("US", "CA", "GB", "AU", "DE", "FR", "JP")
TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("name", "after", "countries", "expected"),
    [
        ("Christmas", date(2026, 12, 25), COUNTRIES, date(2027, 12, 25)),
        ("Hanukkah", date(2026, 12, 5), COUNTRIES, date(2027, 12, 25)),
        ("Mother's Day", date(2026, 3, 15), ["GB"], date(2027, 3, 7)),
        ("Mother's Day", date(2026, 3, 15), COUNTRIES, date(2026, 5, 10)),
        ("Eid al-Fitr", date(2033, 1, 2), COUNTRIES, date(2033, 12, 23)),
        ("Constitution Day", date(2026, 5, 3), ["JP"], date(2027, 5, 3)),
        ("First landing of something", date(2026, 5, 3), COUNTRIES, None),
        ("Mother's Day", date(2026, 5, 10), ["BR"], None),
    ],
)
def test_an_event_comes_again(name: str, after: date, countries: list[str], expected: date | None) -> None:
    assert next_date(name, after, countries) == expected


@pytest.mark.filterwarnings("ignore:Requested Holidays are available only")
def test_where_the_calendar_ends_nothing_is_made_up() -> None:
    assert next_date("Diwali", date(2034, 11, 10), COUNTRIES) == date(2035, 10, 30)
    assert next_date("Diwali", date(2035, 10, 30), COUNTRIES) is None


def test_what_is_too_late_rests_till_its_next_window_opens() -> None:
    near = Event(name="Thanksgiving", date=date(2026, 11, 26), countries=("US",))
    far = Event(name="Christmas", date=date(2026, 12, 25), countries=("US",), gift=True)
    over = Event(name="An anniversary", date=date(2026, 11, 1))
    late = {one.event.name: one for one in resting([near, far, over], TODAY, COUNTRIES)}
    assert late.keys() == {"Thanksgiving", "An anniversary"}
    assert late["Thanksgiving"].next_date == date(2027, 11, 25)
    assert late["Thanksgiving"].returns_on == date(2027, 8, 27)
    assert late["An anniversary"].returns_on is None


def test_the_farthest_country_is_too_late_first() -> None:
    christmas = {one.name: one for one in coming(date(2026, 12, 3), COUNTRIES)}["Christmas"]
    assert christmas.countries["AU"].verdict is Verdict.TOO_LATE
    assert christmas.best.verdict is Verdict.IN_TIME
    assert christmas.best.country in {"DE", "GB"}
    assert all(one.p_live <= christmas.best.p_live for one in christmas.countries.values())
    (row,) = (row for row in rows([christmas]))
    assert row["verdict"] == "in time"
    assert "AU (too late)" in row["countries"]


@settings(deadline=None, max_examples=25)
@given(st.dates(date(2025, 1, 1), date(2033, 1, 1)), st.sampled_from([entry.name for entry in curated()]))
def test_what_returns_comes_after_what_is_over_and_within_some_fourteen_months(after: date, name: str) -> None:
    found = next_date(name, after, COUNTRIES)
    known = any(entry.name == name and entry.within(COUNTRIES) for entry in curated())
    assert (found is not None) == known
    assert found is None or timedelta(days=1) < found - after <= timedelta(days=430)
