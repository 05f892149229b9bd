"""What follows by itself: ticks of the automation conditions on an ephemeral instance, and real runs between them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets import raw_signals as room
from assets.partitions import hour_key
from jobs.schedules import BESIDE, DOWNSTREAM
from pipeline.models import Signal
from pipeline.signals import merge
from resources.errors import PermanentError
from tests.worlds import HOUR, Scripted, World, attempts, checks, materialized

NEXT = HOUR + timedelta(hours=1)
CHAIN = ("raw_signals", "scored_ideas", "designs", "mockups", "listings", "live_listings", "hot_topics")


class Daemon:
    """Evaluates the conditions every ten seconds from a moment on, as the sensor does, and starts what they request."""

    def __init__(self, world: World, at: datetime) -> None:
        self.world = world
        self.at = at
        self.cursor: Any = None
        assert self.tick() == {}, "the first look only learns what there is"

    def tick(self) -> dict[str, set[str]]:
        """One evaluation: partition → the assets it requests."""
        self.at += timedelta(seconds=10)
        result = dg.evaluate_automation_conditions(
            self.world.defs,
            self.world.instance,
            asset_selection=dg.AssetSelection.assets(*DOWNSTREAM, *BESIDE),
            evaluation_time=self.at,
            cursor=self.cursor,
        )
        self.cursor = result.cursor
        requested: dict[str, set[str]] = {}
        for name in (*DOWNSTREAM, *BESIDE):
            for key in result.get_requested_partitions(dg.AssetKey(name)):
                requested.setdefault(str(key), set()).add(name)
        return requested

    def settle(self, limit: int = 12) -> list[tuple[str, str]]:
        """Run what is requested until a tick requests nothing: (partition, asset) in the order of request."""
        seen: list[tuple[str, str]] = []
        for _ in range(limit):
            requested = self.tick()
            if not requested:
                return seen
            for key, names in requested.items():
                hour = datetime.strptime(key, "%Y-%m-%d-%H:%M").replace(tzinfo=HOUR.tzinfo)
                self.world.run("hour", hour, only=sorted(names))
                seen += [(key, name) for name in CHAIN if name in names]
        raise AssertionError(f"still requesting after {limit} ticks: {seen}")


def test_an_hour_follows_its_sources_once_although_one_is_broken(database_url: str, tmp_path: Path) -> None:
    broken = Scripted("broken_posts", PermanentError("BROKEN_KEY is refused: make a new one"))
    world = World(tmp_path, database_url, extra=[broken])
    daemon = Daemon(world, HOUR + timedelta(minutes=1))
    assert daemon.tick() == {}, "nothing has arrived"
    assert not world.run("sources").success
    assert daemon.settle() == [(hour_key(HOUR), name) for name in CHAIN]
    assert world.count("listings") == 1
    assert daemon.tick() == daemon.tick() == {}, "nothing has changed"

    daemon.at = NEXT + timedelta(minutes=1)
    assert daemon.tick() == {}, "another hour alone brings nothing"


def test_what_arrives_again_is_looked_at_again(database_url: str, tmp_path: Path) -> None:
    world = World(tmp_path, database_url)
    daemon = Daemon(world, HOUR + timedelta(minutes=1))
    assert world.run("sources", only=["calendar_events"]).success
    assert daemon.tick() == {hour_key(HOUR): set(CHAIN)}, "one run goes the whole way"
    assert daemon.tick() == {}, "what was requested is not requested again"
    assert world.run("hour", only=["raw_signals"]).success
    assert daemon.tick() == {hour_key(HOUR): set(CHAIN[1:])}
    assert daemon.tick() == {}
    before = world.count("signals")
    assert world.run("sources", only=["nostalgia_topics"]).success
    assert "raw_signals" in daemon.tick()[hour_key(HOUR)]
    assert world.run("hour", only=["raw_signals"]).success
    assert world.count("signals") > before


def test_an_hour_long_past_is_left_to_a_backfill(database_url: str, tmp_path: Path) -> None:
    world = World(tmp_path, database_url)
    daemon = Daemon(world, HOUR + timedelta(hours=5))
    assert world.run("sources").success
    assert daemon.tick() == {}


def twice(signals: Iterable[Signal]) -> tuple[Signal, ...]:
    """What would make the count of items come out wrong."""
    merged = merge(signals)
    return (*merged, *merged)


@pytest.fixture
def failing(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[World, Daemon]:
    """An engine whose `raw_signals` of HOUR failed its blocking check, after the sources had arrived."""
    world = World(tmp_path, database_url)
    daemon = Daemon(world, HOUR + timedelta(minutes=1))
    assert world.run("sources").success
    assert daemon.tick() == {hour_key(HOUR): set(CHAIN)}
    with monkeypatch.context() as patch:
        patch.setattr(room, "merge", twice)
        ran = world.run("hour")
    assert checks(ran) == {"raw_signals.every_item_accounted_for": False}
    assert set(materialized(ran)) == {"raw_signals"}, "what follows in the same run is held back"
    assert attempts(ran, "raw_signals").starts == 1
    return world, daemon


def test_a_failed_blocking_check_holds_back_what_follows(failing: tuple[World, Daemon]) -> None:
    world, daemon = failing
    assert daemon.tick() == daemon.tick() == {}
    assert world.count("ideas") == 0
    assert world.run("hour", only=["raw_signals"]).success
    assert daemon.tick() == {hour_key(HOUR): set(CHAIN[1:])}, "mended, it goes on"


def test_another_hours_passed_check_opens_no_door(failing: tuple[World, Daemon]) -> None:
    world, daemon = failing
    daemon.at = NEXT + timedelta(minutes=1)
    assert world.run("sources", NEXT).success
    assert "raw_signals" in daemon.tick()[hour_key(NEXT)]
    assert world.run("hour", NEXT, only=["raw_signals"]).success
    assert hour_key(HOUR) not in daemon.tick()
