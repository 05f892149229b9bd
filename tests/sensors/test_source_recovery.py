"""When a source is asked again: what the sensor requests, tick by tick."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.partitions import hour_key
from pipeline.definitions import build_defs
from resources.store import Store
from resources.store.health import Attempt
from sensors import source_recovery as room
from tests.worlds import HOUR, SPEC, Scripted, World

NOW = HOUR + timedelta(minutes=20)
KEY = hour_key(HOUR)
Tick = Callable[[], list[tuple[str, str | None]]]
NAMES = ("a_posts", "b_posts", "off_posts", "computed_posts")


class Clock(datetime):
    """Twenty past five."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        """The moment."""
        return NOW


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> World:
    """An engine with two live sources that are on, one that is off, and one that is computed."""
    live = SPEC.model_copy(update={"live": True})
    specs = (live, live, live.model_copy(update={"credentials": ("YOUTUBE_API_KEY",)}), SPEC)
    listed = [Scripted(name, []) for name in NAMES]
    for source, spec in zip(listed, specs, strict=True):
        source.spec = spec
    return World(tmp_path, database_url, extra=listed, YOUTUBE_API_KEY=None)


@pytest.fixture
def tick(world: World, store: Store, monkeypatch: pytest.MonkeyPatch) -> Tick:
    """What a tick requests: (source, run key)."""
    monkeypatch.setattr(room, "datetime", Clock)
    sensor = world.defs.resolve_sensor_def("source_recovery")

    def run() -> list[tuple[str, str | None]]:
        context = dg.build_sensor_context(instance=world.instance, definitions=world.defs, resources={"store": store})
        found = []
        for request in sensor.evaluate_tick(context).run_requests or []:
            assert request.partition_key == KEY
            assert request.asset_selection is not None
            (key,) = request.asset_selection
            found.append((key.to_user_string(), request.run_key))
        return found

    return run


def note(store: Store, *sources: str, hour: datetime = HOUR, times: int = 1, **changes: Any) -> None:
    """Rows of health: failed, unless said otherwise."""
    attempt = Attempt("failed", hour, 5, error_class="timeout", error="no answer")._replace(**changes)
    with store.transaction() as tx:
        for source in sources:
            for _ in range(times):
                tx.health.record(source, hour, attempt)


def test_what_failed_in_the_running_hour_is_asked_again_and_nothing_else(tick: Tick, store: Store) -> None:
    note(store, *NAMES)
    note(store, "b_posts", outcome="ok", error=None, error_class=None, payloads=1)
    note(store, "c_posts")
    assert tick() == [("a_posts", f"a_posts {KEY} 2")]
    note(store, "a_posts")
    assert tick() == [("a_posts", f"a_posts {KEY} 3")], "another attempt is another run"


def test_an_hour_that_is_over_is_left_alone(tick: Tick, store: Store) -> None:
    note(store, "a_posts", hour=HOUR - timedelta(hours=1))
    assert tick() == []


def test_six_attempts_are_enough(tick: Tick, store: Store) -> None:
    note(store, "a_posts", times=5)
    note(store, "b_posts", times=6)
    assert [source for source, _ in tick()] == ["a_posts"]


@pytest.mark.parametrize("error_class", sorted(room.LASTING))
def test_what_only_a_person_mends_is_not_asked_again(tick: Tick, store: Store, error_class: str) -> None:
    note(store, "a_posts", error_class=error_class)
    assert tick() == []


def test_what_waits_is_asked_when_its_time_has_come(tick: Tick, store: Store) -> None:
    note(store, "a_posts", outcome="waiting", waiting_until=NOW + timedelta(seconds=1))
    note(store, "b_posts", outcome="waiting", waiting_until=NOW)
    assert [source for source, _ in tick()] == ["b_posts"]


def test_an_open_circuit_lets_nobody_through_and_a_half_open_one_one(tick: Tick, store: Store) -> None:
    note(store, "a_posts", "b_posts")
    with store.connection() as connection:
        for source, until in (("a_posts", NOW + timedelta(minutes=1)), ("b_posts", NOW)):
            connection.execute(
                "INSERT INTO source_gates (source, failures, opened_at, opened_until) VALUES (%s, 5, %s, %s)",
                [source, HOUR, until],
            )
    assert [source for source, _ in tick()] == ["b_posts"]


@pytest.mark.parametrize(
    ("status", "selection", "partition", "asked"),
    [
        (dg.DagsterRunStatus.NOT_STARTED, {"a_posts"}, KEY, ["b_posts"]),
        (dg.DagsterRunStatus.STARTED, {"a_posts"}, KEY, ["b_posts"]),
        (dg.DagsterRunStatus.STARTED, None, KEY, []),
        (dg.DagsterRunStatus.FAILURE, None, KEY, ["a_posts", "b_posts"]),
        (dg.DagsterRunStatus.STARTED, None, hour_key(HOUR - timedelta(hours=1)), ["a_posts", "b_posts"]),
    ],
    ids=["not started", "started", "whole job", "over", "another hour"],
)
def test_a_run_that_is_under_way_is_waited_for(
    tick: Tick,
    store: Store,
    world: World,
    status: dg.DagsterRunStatus,
    selection: set[str] | None,
    partition: str,
    asked: list[str],
) -> None:
    note(store, "a_posts", "b_posts")
    world.instance.create_run_for_job(
        world.defs.resolve_job_def("sources"),
        status=status,
        tags={"dagster/partition": partition},
        asset_selection=frozenset(dg.AssetKey(name) for name in selection) if selection else None,
    )
    assert [source for source, _ in tick()] == asked


def test_it_runs_every_minute_by_itself() -> None:
    sensor = build_defs("test").resolve_sensor_def("source_recovery")
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert sensor.minimum_interval_seconds == 60
