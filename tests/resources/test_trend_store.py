"""The past as it was: whatever is recorded afterwards, an hour's score is made of what was captured by its end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.ideas import ideate
from pipeline.models import EMBEDDING_DIM, Counters, Factors, Idea, Mood, Signal, Vectors
from pipeline.scoring.score import NAMES
from pipeline.signals import kin
from resources.bloom import TextFilter
from resources.embedders import embedder
from resources.store import Store
from resources.store.health import Attempt
from resources.store.weights import RULES_AFTER

HOUR = datetime(2026, 11, 21, 4, tzinfo=UTC)
"""What is asked for: the first hour that what the night of the 20th adopted rules."""
NIGHTS = [date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 21)]
TEXTS = (
    "My tomato plants gave forty tomatoes this week in the garden",
    "My tomato plants gave forty tomatoes this week in my garden",
    "The cat sleeps on the sourdough bread again tonight",
    "A cat sleeps on sourdough bread again tonight",
    "Camping in the mountains with a dog and a guitar",
)
EMBEDDER = embedder("wordllama")
TABLES = "signals, signal_observations, ideas, source_health"


class Sighting(NamedTuple):
    """A signal seen in an hour; with `idea`, the hour also made an idea of it."""

    item: int
    hours: int
    """After HOUR; what is later than 0 must not tell."""
    minute: int
    likes: int
    edited: bool
    idea: bool


class Night(NamedTuple):
    """What a night came to."""

    day: date
    engagement: float
    adopted: bool


class Erased(NamedTuple):
    """Somebody's signal, erased at this point of the recording."""

    item: int


class Heard(NamedTuple):
    """How a source did in an hour."""

    hours: int
    payloads: int


Step = Sighting | Night | Erased | Heard
HOURS = st.integers(-3, 3)
STEPS = st.lists(
    st.one_of(
        st.builds(
            Sighting, st.integers(0, 4), HOURS, st.sampled_from([0, 5, 59]), st.integers(0, 900), st.booleans(),
            st.booleans(),
        ),
        st.builds(Night, st.sampled_from(NIGHTS), st.sampled_from([0.1, 0.3, 0.6]), st.booleans()),
        st.builds(Erased, st.integers(0, 4)),
        st.builds(Heard, HOURS, st.integers(0, 3)),
    ),
    min_size=3,
    max_size=12,
)  # fmt: skip


def is_past(step: Step) -> bool:
    """Whether it was captured by the end of HOUR."""
    match step:
        case Sighting() | Heard():
            return step.hours <= 0
        case Night():
            return datetime.combine(step.day, datetime.min.time(), UTC) + RULES_AFTER <= HOUR
    return True


def url_of(item: int) -> str:
    return f"https://example.org/t{item}"


def signal_of(step: Sighting) -> Signal:
    at = HOUR + timedelta(hours=step.hours, minutes=step.minute)
    return Signal(
        source="reddit_posts",
        external_id=f"t{step.item}",
        content=TEXTS[step.item] + (" (edited)" if step.edited else ""),
        url=url_of(step.item),
        category="r/gardening",
        published_at=HOUR - timedelta(hours=5),
        captured_at=at,
        counters=Counters(likes=step.likes, comments=1),
        metadata={"kind": "post"},
    )


def vector(number: int) -> Vectors:
    found = np.zeros((1, EMBEDDING_DIM), np.float32)
    found[0, number] = 1
    return found


def idea_of(step: Sighting, signal: Signal) -> Idea:
    phrase = f"an idea of item {step.item}"
    return Idea(
        signal_id=signal.id, hour=HOUR + timedelta(hours=step.hours), phrase=phrase, lines=(phrase,), title=phrase,
        description="", niche="gardening", format="statement", motifs=("star",), mood=Mood.BOLD,
        factors=Factors(**dict.fromkeys(NAMES, 0.5)), score=0.5, weights_version=1, reason="so", evidence={},
        embedding_model=EMBEDDER.model,
    )  # fmt: skip


def record(store: Store, folder: Path, steps: Sequence[Step]) -> None:
    """Nothing but these steps, in their order, each in a transaction of its own, as the assets write them."""
    with store.connection() as connection:
        connection.execute(f"TRUNCATE {TABLES} CASCADE".encode())
        connection.execute("DELETE FROM scoring_weights WHERE learned_on IS NOT NULL")
        connection.execute("UPDATE scoring_weights SET status = 'in_force'")
    texts = TextFilter(folder)
    for step in steps:
        with store.transaction() as tx:
            match step:
                case Sighting():
                    signal, hour = signal_of(step), HOUR + timedelta(hours=step.hours)
                    tx.topics.hold()
                    texts.catch_up(tx.topics)
                    tx.signals.record([(signal, f"file:///{step.hours}")], hour)
                    tx.topics.settle(tx.signals.written, texts, partial(kin.settle, embed=EMBEDDER.embed))
                    texts.catch_up(tx.topics)
                    if step.idea:
                        tx.ideas.record([idea_of(step, signal)], vector(step.item))
                case Night():
                    others = dict.fromkeys(NAMES, (1 - step.engagement) / 4)
                    tx.weights.record(
                        others | {"engagement": step.engagement},
                        status="in_force" if step.adopted else "refused",
                        algorithm="a", outcomes=0, reason="so", report={}, learned_on=step.day, learned_from="trends",
                    )  # fmt: skip
                case Erased():
                    found = tx.erasure.find([], [url_of(step.item)])
                    tx.erasure.delete(found, tx.erasure.derived([one.id for one in found]))
                case Heard():
                    at = HOUR + timedelta(hours=step.hours)
                    tx.health.record("reddit_posts", at, Attempt("ok", at, 10, payloads=step.payloads))


def past(store: Store) -> dict[str, Any]:
    """All that a score of HOUR is made of, and the scores."""
    with store.transaction() as tx:
        then = tx.trends.as_of(HOUR)
        weights = then.weights
        every = np.vstack([vector(number) for number in range(len(TEXTS))])
        ideation = ideate(
            hour=HOUR, signals=then.signals, history=then.history, embed=EMBEDDER.embed, model=EMBEDDER.model,
            nearest=then.earlier(EMBEDDER.model).nearest, centroids=then.centroids(EMBEDDER.model),
            communities=then.communities(EMBEDDER.model), weights=weights, limit=60, confidence={},
        )  # fmt: skip
        return {
            "signals": then.signals.to_dicts(),
            "history": then.history.to_dicts(),
            "weights": weights.model_dump(exclude={"version"}),
            # Of ideas that are equally near, any may be found.
            "nearest": [near and round(near.similarity, 6) for near in then.earlier(EMBEDDER.model).nearest(every)],
            "centroids": {name: mean.tolist() for name, mean in then.centroids(EMBEDDER.model).items()},
            "health": [(row.hour, row.payloads) for row in tx.health.rows(HOUR)],
            "scores": {idea.key: idea.score for idea in ideation.ideas},
        }


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_nothing_that_was_captured_later_changes_an_hour(store: Store, tmp_path: Path, steps: list[Step]) -> None:
    check_past(store, tmp_path, steps)


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_nothing_that_was_captured_later_changes_an_hour_many_times(
    store: Store, tmp_path: Path, steps: list[Step]
) -> None:
    check_past(store, tmp_path, steps)


def check_past(store: Store, folder: Path, steps: Sequence[Step]) -> None:
    record(store, folder, steps)
    with_the_rest = past(store)
    record(store, folder, [step for step in steps if is_past(step)])
    assert with_the_rest == past(store)


def seen(item: int, hours: int, minute: int = 5, *, edited: bool = False, idea: bool = False) -> Sighting:
    return Sighting(item, hours, minute, 100 + hours, edited, idea)


LATER: dict[str, list[Step]] = {
    "a sighting at the next hour's first moment": [seen(0, 0), seen(0, 1, 0)],
    "a later sighting that was recorded first": [seen(0, 3, edited=True), seen(0, 0)],
    "a later signal that tells of the same": [seen(1, 1), seen(0, 0), seen(1, 3)],
    "an idea that a later hour brought": [seen(0, 0), seen(2, 2, idea=True)],
    "an idea that a later hour brought first, and an earlier one too": [seen(2, 2, idea=True), seen(2, -1, idea=True)],
    "weights of the night that follows": [seen(0, 0), Night(NIGHTS[3], 0.6, adopted=True)],
    "what a later hour's health was": [seen(0, 0), Heard(0, 1), Heard(2, 3)],
    "a topic whose first signal was erased": [seen(0, -1), seen(1, 0), seen(1, 2), Erased(0)],
}


@pytest.mark.parametrize("steps", LATER.values(), ids=LATER.keys())
def test_what_came_later_is_not_known(store: Store, tmp_path: Path, steps: list[Step]) -> None:
    check_past(store, tmp_path, steps)


def test_what_came_before_is_known_however_late_it_is_recorded(store: Store, tmp_path: Path) -> None:
    record(store, tmp_path, [seen(0, 2), seen(2, 2, idea=True), Night(NIGHTS[1], 0.3, adopted=True)])
    assert past(store)["signals"] == []
    late: list[Step] = [seen(2, -1, idea=True), seen(0, 0), Night(NIGHTS[1], 0.6, adopted=True)]
    record(store, tmp_path, [seen(0, 2), seen(2, 2, idea=True), Night(NIGHTS[1], 0.3, adopted=True), *late])
    found = past(store)
    assert [row["likes"] for row in found["signals"]] == [100]
    assert found["weights"]["engagement"] == 0.6
    assert found["nearest"] == [0, 0, 1, 0, 0]
    assert set(found["centroids"]) == {"gardening"}
    assert found["scores"], "the hour has something to score, or the property would hold of nothing"


def test_a_night_rules_from_the_morning_after_it(store: Store) -> None:
    with store.transaction() as tx:
        for night in (Night(NIGHTS[1], 0.6, adopted=True), Night(NIGHTS[0], 0.3, adopted=True)):
            others = dict.fromkeys(NAMES, (1 - night.engagement) / 4)
            tx.weights.record(
                others | {"engagement": night.engagement}, status="in_force", algorithm="a", outcomes=0, reason="so",
                report={}, learned_on=night.day, learned_from="trends",
            )  # fmt: skip
        assert tx.weights.in_force().engagement == 0.6, "a night that is run late takes nothing from a later one"
        assert tx.weights.to_beat(NIGHTS[1]).engagement == 0.3
        ruled = [tx.weights.as_of(HOUR - timedelta(hours=hours)).engagement for hours in (0, 24, 25, 48, 49)]
    assert ruled == [0.6, 0.6, 0.3, 0.3, 0.25]
