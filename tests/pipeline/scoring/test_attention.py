"""How much an occasion is spoken of: counted for all of the calendar, and never more than the titles can tell."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.scoring import attention, factors
from pipeline.signals.occasions import curated


def engagement(occasion: str) -> float:
    named = attention.named(occasion, ("US",))
    assert named is not None
    return float(factors.engagement(attention.z(named)))


def test_every_occasion_of_the_calendar_was_counted() -> None:
    assert set(attention.mentions().named) == {entry.name for entry in curated()}


def test_what_everybody_keeps_stands_above_what_few_know() -> None:
    told = [engagement(name) for name in ("Christmas", "Halloween", "Valentine's Day", "Pi Day", "Pizza Day")]
    assert all(more > less for more, less in pairwise(told))
    assert told[-1] > engagement("Hedgehog Day") == factors.NEUTRAL


def test_most_days_are_named_nowhere_and_count_as_usual() -> None:
    named = sorted(attention.mentions().named.values())
    assert named[len(named) // 2] == 0
    assert attention.z(0) == 0


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_more_titles_never_lower_it_and_make_it_surer(named: int, more: int) -> None:
    assert attention.z(named + more) > attention.z(named)
    floor = factors.MAD_TO_SIGMA * attention.DRIFT_SD / attention.mentions().spread
    assert attention.z_sd(named) >= floor


def test_a_title_or_two_say_little() -> None:
    assert engagement("Hedgehog Day") < float(factors.engagement(attention.z(2))) < 0.55


@pytest.mark.parametrize(
    ("countries", "counted"), [((), True), (("US",), True), (("DE", "GB"), True), (("DE",), False), (("JP",), False)]
)
def test_titles_in_english_tell_nothing_of_a_day_that_only_others_keep(
    countries: tuple[str, ...], counted: bool
) -> None:
    assert (attention.named("Father's Day", countries) is not None) is counted


def test_an_occasion_that_was_never_looked_for_is_not_known() -> None:
    assert attention.named("Bring Your Llama Day", ("US",)) is None
