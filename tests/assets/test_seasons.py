"""What comes too late is archived by the hour that finds it so, and the hour tells which events come."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import psycopg

from resources.store import Store
from tests.resources.test_store import idea, sightings, unit
from tests.worlds import HOUR, World, materialized

THANKSGIVING, NEXT = date(2025, 11, 27), date(2026, 11, 26)


def test_an_hour_archives_what_came_too_late_and_tells_the_coming_events(database_url: str, tmp_path: Path) -> None:
    world = World(tmp_path, database_url, countries="US")
    event = {"name": "Thanksgiving", "countries": ["US"], "gift": False}
    (seen, uri) = sightings(["gobble all day"])[0]
    early = HOUR.replace(day=1)
    thoughts = [
        idea(
            "gobble all day", seen, early, occasion="Thanksgiving", event_date=THANKSGIVING, evidence={"event": event}
        ),
        idea("cupid called", seen, early, occasion="Valentine's Day", event_date=date(2026, 2, 14)),
        idea("undated", seen, early, occasion=None, event_date=None),
    ]
    with Store(database_url) as store, store.transaction() as tx:
        tx.signals.record([(seen, uri)], seen.captured_at.replace(minute=0))
        tx.ideas.record(thoughts, unit(seed=2, rows=3))
    ran = world.run("hour", HOUR, only=["scored_ideas"])
    assert ran.success
    told = {name: value.value for name, value in materialized(ran)["scored_ideas"].metadata.items()}
    assert (told["archived"], told["returned"]) == (1, 0)
    coming = json.dumps(told["coming_events"], default=str)
    assert "Christmas" in coming
    assert "in time" in coming
    assert "Advent" not in coming, "what it is too late for stands last, and the table is cut"
    states = dict(world.select("SELECT phrase, status || ' ' || coalesce(returns_on::text, '') FROM ideas"))
    assert states == {
        "gobble all day": "archived 2026-08-28", "cupid called": "queued ", "undated": "queued ",
    }  # fmt: skip
    ((choice, because),) = world.select("SELECT choice, because FROM decisions WHERE kind = 'season'")
    assert choice == {"status": "archived", "returns_on": "2026-08-28"}
    assert (because["runway"]["verdict"], because["next_date"]) == ("too late", NEXT.isoformat())
    again = world.run("hour", HOUR, only=["scored_ideas"])
    assert materialized(again)["scored_ideas"].metadata["archived"].value == 0


def test_what_waited_comes_back_when_an_hour_proposes_it_again(database_url: str, tmp_path: Path) -> None:
    world = World(tmp_path, database_url, countries="US")
    assert world.run("sources").success
    assert world.run("hour", only=["raw_signals", "scored_ideas"]).success
    known = world.select("SELECT id, event_date FROM ideas WHERE event_date IS NOT NULL")
    assert known
    with psycopg.connect(database_url) as connection:  # as it would be a year later
        connection.execute(
            "UPDATE ideas SET status = 'archived', hour = hour - interval '1 year', "
            "event_date = event_date - 365, returns_on = %s WHERE event_date IS NOT NULL",
            [HOUR.date()],
        )
    ran = world.run("hour", only=["scored_ideas"])
    assert materialized(ran)["scored_ideas"].metadata["returned"].value == len(known)
    back = world.select("SELECT id, event_date FROM ideas WHERE status = 'queued' AND hour = %s", HOUR)
    assert set(known) <= set(back)
