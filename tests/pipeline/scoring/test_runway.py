"""The runway: probabilities by convolution against counting every case, and the days of an event against them."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.scoring import calendar, factors, runway
from pipeline.scoring.runway import Days, Verdict

CHRISTMAS = date(2026, 12, 25)
PLACES = st.tuples(
    st.sampled_from([*runway.countries(), runway.ANY, "NZ"]), st.sampled_from(["*", "amazon_merch", "spreadshirt", "x"])
)
KINDS = st.sampled_from(["gift", "worn"])


@st.composite
def steps(draw: st.DrawFn) -> Days:
    return Days(*sorted(draw(st.lists(st.integers(0, 20), min_size=3, max_size=3))))


@st.composite
def slower(draw: st.DrawFn) -> tuple[Days, Days]:
    """A step, and one that is slower in some of its days."""
    step = draw(steps())
    more = draw(st.lists(st.integers(0, 9), min_size=3, max_size=3))
    quick, usual, slow = (days + extra for days, extra in zip(step, more, strict=True))
    return step, Days(quick, max(quick, usual), max(quick, usual, slow))


@given(steps())
def test_a_step_takes_its_quickest_to_its_slowest(step: Days) -> None:
    chances = step.chances()
    assert chances.sum() == pytest.approx(1)
    assert (chances >= 0).all()
    assert chances[: int(step.quick)].sum() == pytest.approx(0)
    assert len(chances) == step.slow + 1


@given(st.lists(steps(), min_size=1, max_size=3))
def test_convolution_is_counting_every_case(taken: list[Days]) -> None:
    curve = runway.arrival(taken)
    each = [list(enumerate(step.chances())) for step in taken]
    counted = np.zeros(sum(int(step.slow) for step in taken) + 2)
    for case in itertools.product(*each):
        days, chances = zip(*case, strict=True)
        counted[sum(days) + 1 :] += np.prod(chances)
    np.testing.assert_allclose(curve, counted, atol=1e-12)


@given(st.integers(0, 2), slower(), st.lists(steps(), min_size=3, max_size=3))
def test_a_slower_step_never_makes_it_likelier(at: int, pair: tuple[Days, Days], others: list[Days]) -> None:
    step, slow = pair
    before, after = ([*others[:at], one, *others[at + 1 :]] for one in (step, slow))
    quick, late = runway.arrival(before), runway.arrival(after)
    padded = np.pad(quick, (0, len(late) - len(quick)), constant_values=1.0)
    assert (late <= padded + 1e-12).all()


@given(PLACES, KINDS)
def test_more_days_never_make_it_less_likely(place: tuple[str, str], kind: str) -> None:
    days = np.arange(-5, 140)
    for curve in (runway.p_live(days, *place), runway.buyers_left(days, kind, *place)):
        assert (np.diff(curve) >= 0).all()
        assert (curve[days <= 0] == 0).all()
        assert curve[-1] == 1


def test_certain_steps_are_added_and_the_order_must_be_there_the_day_before() -> None:
    curve = runway.arrival([Days(2, 2, 2), Days(3, 3, 3)])
    np.testing.assert_array_equal(curve, [0, 0, 0, 0, 0, 0, 1])


def test_a_country_and_a_marketplace_have_days_of_their_own_where_they_are_known() -> None:
    assert runway.steps("US")["shipping"] != runway.steps("AU")["shipping"]
    assert runway.steps("US", "amazon_merch")["indexing"] != runway.steps("US")["indexing"]
    assert runway.steps("US", "amazon_merch")["shipping"] == runway.steps("US")["shipping"]
    assert runway.steps("NZ", "nowhere") == runway.steps()
    assert runway.needed(0.9, "US") > runway.needed(0.5, "US")


def test_more_of_a_gift_s_buyers_have_bought_in_november_than_of_what_is_worn() -> None:
    assert runway.bought("gift")[25] == pytest.approx(0.51)
    assert runway.bought("gift")[50] > runway.bought("worn")[50]
    assert runway.bought("gift")[runway.peak_days("gift")] >= 0.5 > runway.bought("gift")[runway.peak_days("gift") + 1]
    with pytest.raises(ValueError, match=r"'eaten' is none of buying.csv: gift, worn"):
        runway.bought("eaten")


@given(st.integers(-40, 200), st.lists(st.sampled_from([*runway.countries(), "NZ"]), max_size=3), st.booleans())
def test_days_verdict_and_probability_tell_one_story(days: int, countries: list[str], gift: bool) -> None:
    today = CHRISTMAS - timedelta(days=days)
    found = calendar.runway(CHRISTMAS, today, countries, gift=gift)
    left = calendar.runway_days(CHRISTMAS, today, countries)
    assert (left < 0) == (found.verdict is Verdict.TOO_LATE) == (found.p_live < 0.5) == (today > found.last_day)
    assert found.days == days
    assert found.best_from < found.buying_peak
    assert found.best_from < found.last_day < CHRISTMAS
    assert (found.days_to_window == 0) == (today >= found.best_from)
    assert not countries or found.country in countries


def test_the_country_that_an_order_reaches_soonest_decides() -> None:
    assert calendar.soonest(["AU", "GB", "JP"]) == "GB"
    assert calendar.total_lead_days() == min(calendar.total_lead_days([country]) for country in runway.countries())
    assert calendar.last_listing_day(CHRISTMAS, ["AU"]) < calendar.last_listing_day(CHRISTMAS, ["AU", "GB"])


def test_an_event_is_worth_most_when_it_is_best_listed_and_nothing_when_it_is_too_late() -> None:
    def season(days: int) -> float:
        found = calendar.runway(CHRISTMAS, CHRISTMAS - timedelta(days=days), ["US"], gift=True)
        return float(factors.seasonality(found.days_to_window, found.p_live, found.buyers_left))

    worth = {days: season(days) for days in range(-10, 200)}
    best = max(worth, key=lambda days: worth[days])
    assert 45 <= best <= 97
    assert worth[90] > worth[45] > worth[25] > 0
    assert worth[97] > worth[140]
    assert all(worth[days] == 0 for days in range(-10, calendar.total_lead_days(["US"])))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("shipping,*,US,5,3,9,x", "days must rise from quick to slow"),
        ("shipping,*,US,five,6,9,x", "quick: 'five' is no number"),
        ("packing,*,US,1,2,3,x", "'packing' is none of indexing, production, shipping"),
        ("shipping,*,*,1,2,3,x", "it stands there twice"),
        (None, r"no row for shipping, \*, \*"),
    ],
)
def test_a_table_that_can_not_be_right_is_refused_with_line_and_field(
    line: str | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = ["step", "marketplace", "country", "quick", "usual", "slow", "source"]
    rows = ["indexing,*,*,1,2,3,x", "production,*,*,1,2,3,x", *(["shipping,*,*,1,2,3,x", line] if line else [])]
    table = [(number, dict(zip(head, row.split(","), strict=True))) for number, row in enumerate(rows, 2)]
    monkeypatch.setattr(runway, "_rows", lambda _: iter(table))
    with pytest.raises(ValueError, match=said):
        runway._table.__wrapped__()
