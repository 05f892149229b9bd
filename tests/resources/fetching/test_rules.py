"""The maths of holding back: what must be true of any bucket, circuit, quota and Retry-After."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.fetching.rules import (
    FAILURES,
    FIRST_OPEN,
    LONGEST_DELAY_S,
    LONGEST_OPEN,
    LONGEST_ORDER,
    PATIENCE,
    STAGGER_S,
    TRIAL,
    Hold,
    Spent,
    failed,
    free_at,
    open_for,
    retry_delay,
    seconds_of,
    stagger,
    state,
    succeeded,
    token_taken,
    tried,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
RATES = st.floats(min_value=0.1, max_value=6000)
GAPS = st.lists(st.floats(min_value=0, max_value=300), min_size=1, max_size=60)


@given(rate=RATES, gaps=GAPS)
def test_no_window_sees_more_requests_than_a_full_bucket_and_what_flows_in_meanwhile(
    rate: float, gaps: list[float]
) -> None:
    hold, now, made = Hold(), NOON, []
    for gap in gaps:
        now += timedelta(seconds=gap)
        hold, wait = token_taken(hold, now, rate)
        made.append((now - NOON).total_seconds() + wait)
    for first in range(len(made)):
        for last in range(first, len(made)):
            allowed = max(rate, 1.0) + (made[last] - made[first]) * rate / 60
            assert last - first + 1 <= allowed + 0.01 * rate + 1e-6


@given(rate=RATES)
def test_a_full_bucket_lets_its_minute_through_at_once_and_the_next_waits(rate: float) -> None:
    hold = Hold()
    waits = []
    for _ in range(int(max(rate, 1.0)) + 1):
        hold, wait = token_taken(hold, NOON, rate)
        waits.append(wait)
    assert not any(waits[:-1])
    assert 0 < waits[-1] <= 60 / rate + 1e-9


def test_a_clock_that_goes_back_fills_nothing_and_blocks_nobody() -> None:
    hold, _ = token_taken(Hold(), NOON, 60)
    hold, wait = token_taken(hold, NOON - timedelta(days=400), 60)
    assert hold.tokens == 58
    assert wait == 0


def _failing(times: int) -> Hold:
    hold = Hold()
    for _ in range(times):
        hold = failed(hold, NOON, "no answer", trial=False)
    return hold


def test_the_fifth_failure_in_a_row_opens_the_circuit() -> None:
    assert state(_failing(FAILURES - 1), NOON) == "closed"
    hold = _failing(FAILURES)
    assert state(hold, NOON) == "open"
    assert hold.opened_until == NOON + FIRST_OPEN
    assert state(hold, NOON + FIRST_OPEN) == "half_open"
    assert hold.last_error == "no answer"


def test_a_success_between_starts_the_count_again() -> None:
    hold = succeeded(_failing(FAILURES - 1), trial=False)
    assert state(failed(hold, NOON, "again", trial=False), NOON) == "closed"


def test_each_trial_that_fails_doubles_the_time_up_to_an_hour() -> None:
    hold, now, times = _failing(FAILURES), NOON, []
    for _ in range(8):
        assert hold.opened_until is not None
        times.append((hold.opened_until - now) / timedelta(minutes=1))
        now = hold.opened_until
        hold = failed(tried(hold, now), now, "still", trial=True)
    assert times == [2, 4, 8, 16, 32, 60, 60, 60]
    assert hold.opened_at == NOON


def test_only_the_trial_decides_about_an_open_circuit() -> None:
    hold = _failing(FAILURES)
    assert failed(hold, NOON, "late", trial=False) == hold
    assert succeeded(hold, trial=False) == hold
    assert succeeded(tried(hold, NOON), trial=True) == hold._replace(failures=0, opened_at=None, opened_until=None)


def test_who_tries_keeps_others_out_for_a_while() -> None:
    hold = tried(_failing(FAILURES), NOON)
    assert state(hold, NOON + TRIAL - timedelta(seconds=1)) == "open"
    assert state(hold, NOON + TRIAL) == "half_open"


def test_being_told_to_wait_beyond_patience_opens_at_once() -> None:
    told = PATIENCE.total_seconds()
    assert state(failed(Hold(), NOON, "busy", trial=False, retry_after=told), NOON) == "closed"
    hold = failed(Hold(), NOON, "busy", trial=False, retry_after=7200)
    assert hold.opened_until == NOON + timedelta(hours=2)
    short = failed(Hold(), NOON, "busy", trial=False, retry_after=told + 1)
    assert short.opened_until == NOON + FIRST_OPEN


@given(failures=st.integers(0, 10**9))
def test_a_circuit_is_never_open_for_longer_than_an_hour_of_its_own(failures: int) -> None:
    assert FIRST_OPEN <= open_for(failures) <= LONGEST_OPEN


ENTRIES = st.lists(
    st.builds(
        lambda minutes, cost: Spent("", NOON - timedelta(minutes=minutes), cost), st.floats(0, 59), st.integers(1, 50)
    ),
    max_size=30,
)


@given(spent=ENTRIES, units=st.integers(1, 500), share=st.floats(0, 1))
def test_a_quota_is_free_exactly_when_enough_has_left_the_window(spent: list[Spent], units: int, share: float) -> None:
    window, cost = timedelta(hours=1), max(1, int(units * share))

    def counted(moment: datetime) -> int:
        return sum(entry.cost for entry in spent if entry.at > moment - window)

    until = free_at(spent, cost, units, window)
    if until is None:
        assert counted(NOON) + cost <= units
    else:
        assert counted(until) + cost <= units
        assert counted(until - timedelta(microseconds=1)) + cost > units


@given(seconds=st.integers(0, 10**30))
def test_retry_after_in_seconds_is_read_and_bounded(seconds: int) -> None:
    assert seconds_of(f" {seconds} ", NOON) == min(seconds, LONGEST_ORDER.total_seconds())


@given(ahead=st.integers(-(10**6), 10**6))
def test_retry_after_as_a_date_is_what_is_left_until_then(ahead: int) -> None:
    date = format_datetime(NOON + timedelta(seconds=ahead), usegmt=True)
    assert seconds_of(date, NOON) == min(max(ahead, 0), LONGEST_ORDER.total_seconds())


@given(text=st.text(max_size=40) | st.none())
def test_no_retry_after_breaks_us(text: str | None) -> None:
    seconds = seconds_of(text, NOON)
    assert seconds is None or 0 <= seconds <= LONGEST_ORDER.total_seconds()


@pytest.mark.parametrize("text", ["", "²", "-5", "1.5", "soon", "Mon, 99 Foo 2026 00:00:00 GMT"])
def test_a_retry_after_that_says_nothing_is_none(text: str) -> None:
    assert seconds_of(text, NOON) is None


@given(failures=st.integers(1, 10**6), after=st.none() | st.floats(0, 60), seed=st.integers(0, 99))
def test_a_retry_is_never_before_what_was_asked_for_nor_much_later(
    failures: int, after: float | None, seed: int
) -> None:
    delay = retry_delay(failures, after, random.Random(seed))
    assert (after or 0) <= delay <= (after or 0) + LONGEST_DELAY_S


def test_retries_are_spread_over_a_bound_that_doubles() -> None:
    for failures, bound in ((1, 1), (2, 2), (3, 4)):
        drawn = [retry_delay(failures, None, random.Random(seed)) for seed in range(300)]
        assert min(drawn) < bound * 0.1
        assert bound * 0.9 < max(drawn) <= bound


@given(moment=st.datetimes(timezones=st.just(UTC)), seed=st.integers(0, 99))
def test_only_the_first_minute_of_an_hour_staggers(moment: datetime, seed: int) -> None:
    wait = stagger(moment, random.Random(seed))
    assert 0 <= wait <= STAGGER_S
    assert (wait > 0) == (moment.minute == 0)
