"""The sensor of hot runs, tick by tick: what it requests, when, and under which key."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from assets.partitions import hour_key
from assets.scope import HOT, HOT_TAGS
from pipeline.models import hour_of
from resources.store import Store
from sensors import hot_signals as room
from tests.webhooks import leave, receive
from tests.worlds import HOUR, World

STAY_SECONDS = room.STAY_SECONDS
TITLE = "Tomato gardening is everywhere"


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "STAY_SECONDS", 0.3)


def tick(world: World) -> dg.RunRequest | None:
    """What a tick requests, if anything."""
    with Store(world.url) as store:
        context = dg.build_sensor_context(instance=world.instance, definitions=world.defs, resources={"store": store})
        requests = world.defs.resolve_sensor_def("hot_signals").evaluate_tick(context).run_requests
    assert requests is None or len(requests) <= 1
    return requests[0] if requests else None


def run(world: World, status: dg.DagsterRunStatus) -> str:
    """A hot run of this status."""
    made = world.instance.create_run_for_job(world.defs.resolve_job_def(HOT), status=status)
    return str(made.run_id)


def test_nothing_is_requested_when_nothing_waits(world: World) -> None:
    begun = time.monotonic()
    assert tick(world) is None
    assert time.monotonic() - begun >= 0.3, "it stayed as long as it may"


def test_what_waits_is_requested_for_the_running_hour_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "STAY_SECONDS", 60)
    receive(world.url, "one", TITLE)
    request = tick(world)
    assert request is not None
    assert request.partition_key == hour_key(hour_of(datetime.now(UTC)))
    tags = world.defs.resolve_job_def(HOT).run_tags
    assert HOT_TAGS.items() <= tags.items()
    assert (tags["dagster/priority"], tags["dagster/max_retries"]) == ("10", "0")


def test_what_arrives_during_a_tick_ends_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "STAY_SECONDS", 60)
    threading.Timer(0.3, receive, (world.url, "one", TITLE)).start()
    begun = time.monotonic()
    assert tick(world) is not None
    assert 0.3 <= time.monotonic() - begun < 10


def test_a_tick_ends_in_time_for_dagster() -> None:
    """It is given up on after 60 s; and its own end lies just before one of the looks, which are 5 s apart."""
    assert 20 < STAY_SECONDS < 55
    assert STAY_SECONDS % 5 > 4


@pytest.mark.parametrize("status", ["NOT_STARTED", "STARTING", "STARTED", "CANCELING"])
def test_nothing_is_requested_while_a_hot_run_is_going(world: World, status: str) -> None:
    run(world, dg.DagsterRunStatus(status))
    receive(world.url, "one", TITLE)
    assert tick(world) is None


def test_the_end_of_the_run_that_is_going_ends_the_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "STAY_SECONDS", 60)
    going = world.instance.get_run_by_id(run(world, dg.DagsterRunStatus.STARTED))
    assert going is not None
    receive(world.url, "one", TITLE)
    end = dg.DagsterEvent(event_type_value="PIPELINE_SUCCESS", job_name=HOT)
    threading.Timer(0.3, world.instance.report_dagster_event, (end, going.run_id)).start()
    request = tick(world)
    assert request is not None
    assert request.run_key == f"after-{going.run_id}"


@pytest.mark.slow
def test_two_ticks_ask_for_the_same_run_until_there_is_one(world: World) -> None:
    receive(world.url, "one", TITLE)
    first = tick(world)
    receive(world.url, "two", TITLE)
    again = tick(world)
    assert first is not None
    assert again is not None
    assert first.run_key == again.run_key, "Dagster starts it once"
    assert world.run(HOT).success
    receive(world.url, "three", TITLE)
    other = tick(world)
    assert other is not None
    assert other.run_key != first.run_key


def test_a_run_that_died_before_its_first_step_has_a_successor(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    receive(world.url, "one", TITLE)
    before = tick(world)
    run(world, dg.DagsterRunStatus.FAILURE)
    monkeypatch.setattr(room, "PAUSE_SECONDS", 0.0)
    after = tick(world)
    assert before is not None
    assert after is not None
    assert before.run_key != after.run_key


def test_after_failures_it_waits_longer_each_time(world: World) -> None:
    receive(world.url, "one", TITLE)
    waits = []
    for _ in range(4):
        made = world.instance.get_run_by_id(run(world, dg.DagsterRunStatus.STARTED))
        assert made is not None
        world.instance.report_run_failed(made)
        record = world.instance.get_run_record_by_id(made.run_id)
        assert record is not None
        ended = datetime.fromtimestamp(record.end_time or 0, UTC)
        with Store(world.url) as store, store.transaction() as tx:
            waiting = tx.hot.waiting()
        due = (s for s in range(400) if room.next_run(world.instance, waiting, ended + timedelta(seconds=s)))
        waits.append(next(due))
    assert waits == [5, 10, 20, 40]


def test_what_a_dead_run_left_is_requested_for_its_own_hour(world: World) -> None:
    receive(world.url, "new", TITLE)
    receive(world.url, "left", TITLE)
    leave(world.url, "dead", ["left"], attempts=1)
    request = tick(world)
    assert request is not None
    assert request.partition_key == hour_key(HOUR)
