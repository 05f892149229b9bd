"""Confidence and state of a source, from what was recorded of its hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.signals.health import HealthRow, Outcome, State, confidence, state

NOW = datetime(2026, 11, 24, 5, 20, tzinfo=UTC)
HOUR = NOW.replace(minute=0)
EVERY = timedelta(hours=1)
NAME = "reddit_posts"


def row(ago: int, outcome: Outcome = "ok", **changes: Any) -> HealthRow:
    """The row of so many hours ago."""
    hour = HOUR - timedelta(hours=ago)
    return HealthRow.model_validate(
        {
            "source": NAME, "hour": hour, "outcome": outcome, "attempts": 1, "attempted_at": hour, "error_class": None,
            "error": None, "payloads": int(outcome == "ok"), "bytes": 0, "items": None, "refused": None,
            "purged": None, "newest_item_at": None, "lag_seconds": 0, "duration_ms": 0, "waiting_until": None,
            **changes,
        }
    )  # fmt: skip


def week(*, items: int | None = None) -> list[HealthRow]:
    return [row(ago, items=items) for ago in range(48)]


def told(rows: Sequence[HealthRow], every: timedelta | None = EVERY) -> tuple[float, str]:
    found = confidence(rows, NAME, every, HOUR)
    return found.value, found.sentence


def test_what_is_heard_as_usual_is_trusted() -> None:
    assert told(week(items=40)) == (1, "reddit_posts was heard as usual")


def test_what_is_computed_is_trusted_whatever_its_rows_say() -> None:
    assert told([row(0, "failed")], every=None)[0] == 1


def test_silence_costs_the_more_the_longer_it_lasts() -> None:
    assert told([row(2)])[0] == 1, "within twice its time"
    value, sentence = told([row(5), *(row(ago, "failed") for ago in range(5))])
    assert sentence.startswith("reddit_posts was last heard 5 h ago; its counters may be old")
    assert value == round(2 / 5 * (1 + 1 / 6) / 2, 3)
    assert told([row(100)]) == (0.02, "reddit_posts was last heard 4 days ago; its counters may be old")


def test_a_daily_source_is_not_late_within_two_days() -> None:
    rows = [row(40), *(row(ago, "unchanged") for ago in range(40))]
    assert told(rows, every=timedelta(days=1))[0] == 1
    assert told(rows) == (0.05, "reddit_posts has had nothing new for 40 h; its counters may be old")


def test_hours_without_an_answer_are_told() -> None:
    rows = [row(ago, "failed" if ago in {3, 4, 5} else "ok") for ago in range(24)]
    assert told(rows) == (
        0.938,
        "reddit_posts did not answer in 3 of the last 24 hours in which it was asked",
    )


def test_few_items_are_told_against_its_own_usual() -> None:
    rows = [row(0, items=10), *(row(ago, items=40) for ago in range(1, 9))]
    assert told(rows) == (0.75, "reddit_posts gave 10 items where 40 are usual")
    assert told(rows[:6])[0] == 1, "five answers are no usual"
    assert told([row(0, items=20), *rows[1:]])[0] == 1


def test_what_was_never_heard_is_not_trusted() -> None:
    assert told([]) == (0, "reddit_posts was never heard; nothing vouches for what it counts")


def test_nothing_after_the_hour_is_looked_at() -> None:
    assert told([row(0), row(-1, "failed"), row(-2, "failed")])[0] == 1


def test_part_of_an_answer_is_heard() -> None:
    rows = [*week()[1:], row(0, "waiting", payloads=2)]
    assert told(rows)[0] == pytest.approx(1 - 1 / 48, abs=0.001)


OUTCOMES = st.sampled_from(["ok", "unchanged", "waiting", "failed"])
ROWS = st.dictionaries(st.integers(0, 167), st.tuples(OUTCOMES, st.none() | st.integers(0, 500)))


@given(ROWS, st.integers(1, 48))
def test_confidence_is_a_share_and_tells_why_it_is_not_whole(
    hours: dict[int, tuple[Outcome, int | None]], every: int
) -> None:
    rows = [row(ago, outcome, items=items) for ago, (outcome, items) in hours.items()]
    value, sentence = told(rows, timedelta(hours=every))
    assert 0 <= value <= 1
    assert (value == 1) == (sentence == "reddit_posts was heard as usual")
    assert told(rows[::-1], timedelta(hours=every)) == (value, sentence), "the order of the rows makes no difference"


@given(ROWS)
def test_one_more_failure_never_raises_it(hours: dict[int, tuple[Outcome, int | None]]) -> None:
    before = [row(ago, outcome, items=items) for ago, (outcome, items) in hours.items() if ago]
    assert told([*before, row(0, "failed")])[0] <= told(before)[0]


def standing(rows: Sequence[HealthRow], every: timedelta | None = EVERY, **held: bool) -> State:
    return state(rows, NAME, every, NOW, **({"off": False, "circuit_open": False} | held))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([row(0)], State.ON),
        ([row(2)], State.ON),
        ([row(3)], State.SILENT),
        ([], State.SILENT),
        ([row(1), row(0, "failed")], State.FAILING),
        ([row(3), row(0, "failed")], State.SILENT),
        ([row(3), row(0, "unchanged")], State.LATE),
        ([row(0, "waiting", waiting_until=NOW + timedelta(minutes=9))], State.WAITING),
        ([row(1), row(0, "waiting", waiting_until=NOW - timedelta(minutes=9))], State.ON),
        ([row(0, source="youtube_videos")], State.SILENT),
    ],
    ids=lambda value: value.value if isinstance(value, State) else None,
)
def test_the_state_is_the_trouble_that_explains_most(rows: list[HealthRow], expected: State) -> None:
    assert standing(rows) is expected
    assert standing(rows, off=True, circuit_open=True) is State.OFF
    assert standing(rows, circuit_open=True) is State.CIRCUIT_OPEN


def test_what_is_computed_is_never_late_and_can_fail() -> None:
    assert standing([row(99)], every=None) is State.ON
    assert standing([row(99, "failed")], every=None) is State.FAILING
