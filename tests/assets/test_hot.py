"""A hot run: what it takes, what it makes of it, and what it leaves to the hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
import psycopg
import pytest

from assets import raw_signals as raw_signals_room
from assets.partitions import hour_key
from jobs.schedules import BESIDE, DOWNSTREAM
from pipeline.models import Brief, Drawing, Recipe
from resources.artists.composer import Composer
from resources.store.hot import MAX_ATTEMPTS, SHARED_ATTEMPTS
from tests.assets.test_automation import Daemon
from tests.webhooks import EARLY, body_of, leave, listings_of, receive, statuses
from tests.worlds import HOUR, World, checks, listing_of, materialized, post, record_file

NEXT = HOUR + timedelta(hours=1)
TOMATO, CAMPING, COFFEE = "Tomato gardening is everywhere", "Camping with my dog", "Coffee before anything else"


class Broken(Composer):
    """An artist who fails as long as it is told to."""

    broken = True

    def draw(self, brief: Brief, recent: Sequence[Recipe]) -> Drawing:
        """The drawing, or none."""
        if self.broken:
            raise RuntimeError("the brush broke")
        return super().draw(brief, recent)


def test_a_webhook_becomes_listings_of_its_own_signal_alone(world: World) -> None:
    receive(world.url, "one", TOMATO)
    ran = world.run("hot")
    assert ran.success
    assert set(materialized(ran)) == {"webhook_events", *DOWNSTREAM}
    assert statuses(world.url) == {"one": "processed"}
    assert listings_of(world.url) == {"one": 1}
    assert world.select("SELECT DISTINCT source, category FROM signals") == [("webhook_events", "shop")]
    assert world.count("designs") == 1
    assert world.count("ideas") > 1, "the others wait for the hour"
    assert all(passed for name, passed in checks(ran).items() if not name.endswith(".enough_ideas"))


def test_a_run_without_webhooks_changes_nothing(world: World) -> None:
    assert world.run("sources").success
    assert world.run("hour").success
    before = world.rows()
    assert world.run("hot").success
    assert world.rows() == before


@pytest.mark.slow
def test_each_of_several_webhooks_gets_its_best_idea(world: World) -> None:
    many = World(world.folder, world.url, designs_per_hour=5, ideas_per_hour=60)
    for name, title in (("a", TOMATO), ("b", CAMPING), ("c", COFFEE)):
        receive(world.url, name, title)
    assert many.run("hot").success
    assert listings_of(world.url) == {"a": 1, "b": 1, "c": 1}


def test_what_nobody_can_read_is_processed_and_quarantined(world: World) -> None:
    receive(world.url, "good", TOMATO)
    receive(world.url, "empty", body_of())
    receive(world.url, "strange", b"no JSON \xff")
    receive(world.url, "nameless", body_of("Something that no word of ours is in"))
    assert world.run("hot").success
    assert set(statuses(world.url).values()) == {"processed"}
    assert listings_of(world.url) == {"good": 1, "empty": 0, "strange": 0, "nameless": 0}
    assert world.count("quarantine") >= 1


@pytest.mark.slow
def test_the_hours_own_run_keeps_what_hot_runs_made(world: World) -> None:
    receive(world.url, "one", TOMATO)
    assert world.run("hot").success
    made = world.select("SELECT id, design_id, handed_over_at FROM listings")
    assert world.run("sources").success
    assert world.run("hour").success
    assert set(made) <= set(world.select("SELECT id, design_id, handed_over_at FROM listings"))
    before = world.rows()
    assert world.run("hour").success
    assert world.rows() == before, "the webhook's payload is read again as one of the hour's"


def test_a_message_of_the_last_second_is_processed_in_whatever_hour_runs(world: World) -> None:
    receive(world.url, "late", TOMATO, at=NEXT - timedelta(microseconds=1))
    assert world.run("hot", NEXT).success
    assert listings_of(world.url) == {"late": 1}
    assert world.select("SELECT DISTINCT captured_at FROM signal_observations") == [(NEXT,)]


def test_a_message_is_not_put_into_an_hour_that_was_over_before_it_came(world: World) -> None:
    receive(world.url, "early", TOMATO, at=NEXT)
    assert world.run("hot", HOUR).success
    assert statuses(world.url) == {"early": "received"}


@pytest.mark.slow
def test_a_run_that_failed_is_made_good_by_the_next(database_url: str, tmp_path: Path) -> None:
    artist = Broken()
    world = World(tmp_path, database_url, artist=artist)
    receive(database_url, "one", TOMATO)
    assert not world.run("hot").success
    assert statuses(database_url) == {"one": "taken"}
    receive(database_url, "two", CAMPING)
    artist.broken = False
    assert world.run("hot").success
    assert statuses(database_url) == {"one": "processed", "two": "received"}, "the same batch again"
    assert world.select("SELECT attempts FROM webhook_inbox WHERE webhook_id = 'one'") == [(2,)]
    assert world.select("SELECT count(*) FROM signal_observations") == [(1,)]
    assert world.run("hot").success
    assert listings_of(database_url) == {"one": 1, "two": 1}


def test_what_could_not_be_landed_was_not_taken(world: World) -> None:
    receive(world.url, "one", TOMATO)
    (world.folder / "objects").write_text("no folder")
    assert not world.run("hot").success
    assert statuses(world.url) == {"one": "received"}


def test_a_dead_run_of_another_hour_leaves_its_webhooks_to_that_hour(world: World) -> None:
    receive(world.url, "one", TOMATO)
    leave(world.url, "dead", ["one"], attempts=1)
    assert world.run("hot", NEXT).success
    assert statuses(world.url) == {"one": "taken"}
    assert world.run("hot", HOUR).success
    assert listings_of(world.url) == {"one": 1}


def test_a_run_that_is_going_keeps_what_it_took(world: World) -> None:
    receive(world.url, "one", TOMATO)
    going = world.instance.create_run_for_job(world.defs.resolve_job_def("hot"), status=dg.DagsterRunStatus.STARTED)
    leave(world.url, going.run_id, ["one"], attempts=1)
    assert world.run("hot").success
    assert world.select("SELECT run_id, attempts FROM webhook_inbox") == [(going.run_id, 1)]


def test_what_was_tried_often_is_tried_alone_and_refused_in_the_end(world: World) -> None:
    for name, title in (("bad", TOMATO), ("good", CAMPING)):
        receive(world.url, name, title)
    leave(world.url, "dead", ["bad"], attempts=SHARED_ATTEMPTS + 1)
    leave(world.url, "dead too", ["good"], attempts=SHARED_ATTEMPTS)
    assert world.run("hot", only=["webhook_events"]).success
    assert world.select("SELECT webhook_id FROM webhook_inbox WHERE left(run_id, 4) <> 'dead'") == [("bad",)]
    leave(world.url, "dead", ["bad"], attempts=MAX_ATTEMPTS)
    assert world.run("hot").success
    assert statuses(world.url) == {"bad": "refused", "good": "processed"}
    ((error,),) = world.select("SELECT error FROM webhook_inbox WHERE webhook_id = 'bad'")
    assert error == f"tried {MAX_ATTEMPTS} times, and no run came to its end; the last one is dead"


@pytest.mark.slow
def test_automation_follows_no_hot_run_and_loses_no_hour_to_one(world: World) -> None:
    daemon = Daemon(world, HOUR + timedelta(minutes=1))
    receive(world.url, "one", TOMATO)
    assert world.run("hot").success
    assert daemon.tick() == daemon.tick() == {}, "nothing follows a hot run"
    assert world.run("sources").success
    receive(world.url, "two", CAMPING)
    assert world.run("hot").success
    assert daemon.tick() == {hour_key(HOUR): {*DOWNSTREAM, *BESIDE}}, "the hour is still to be done"
    assert daemon.tick() == {}


class Frozen(datetime):
    """A clock that stands in HOUR."""

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        """A moment of HOUR."""
        return EARLY


@pytest.fixture
def spiking(database_url: str, tmp_path: Path) -> World:
    """An hour of fifty usual posts and one that everybody talks of, which is far from the best idea."""
    world = World(tmp_path, database_url, designs_per_hour=1, ideas_per_hour=60)
    usual = [post(n, score=10 + n % 5, num_comments=2) for n in range(59)]
    record_file(tmp_path, "reddit_posts", "hot.json", listing_of([*usual, post(99, title=COFFEE, score=90_000)]))
    assert world.run("sources", only=["recorded"]).success
    return world


def test_a_signal_that_spikes_in_the_running_hour_becomes_a_hot_run(
    spiking: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw_signals_room, "datetime", Frozen)
    for _ in range(2):
        assert spiking.run("hour", only=["raw_signals"]).success
    ((source, webhook_id, content),) = spiking.select(
        "SELECT w.source, w.webhook_id, s.content FROM webhook_inbox w JOIN signals s ON s.id = ANY(w.signal_ids)"
    )
    assert (source, content) == ("spike", COFFEE)
    assert webhook_id.endswith(":2025-11-24"), "once a day"
    with psycopg.connect(spiking.url) as connection:
        connection.execute("UPDATE webhook_inbox SET received_at = %s", [EARLY])
    assert spiking.run("hot", NEXT).success
    drawn = spiking.select(
        "SELECT s.content, l.status::text FROM listings l "
        "JOIN ideas i ON i.id = l.idea_id JOIN signals s ON s.id = i.signal_id"
    )
    assert drawn == [(COFFEE, "publishing")]


def test_a_past_hour_made_again_spikes_nobody(spiking: World) -> None:
    assert spiking.run("hour", only=["raw_signals"]).success
    assert spiking.count("webhook_inbox") == 0
