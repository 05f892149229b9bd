"""The asset `mockups`: which designs are pictured, on what, and what becomes of those that can't be."""

from __future__ import annotations

from pathlib import Path

import pytest

from resources.objects import location
from tests.worlds import World, checks, materialized

STEPS = ("raw_signals", "scored_ideas", "designs")


@pytest.fixture
def drawn(database_url: str, tmp_path: Path) -> World:
    """An engine with two designs that are not pictured yet."""
    world = World(tmp_path, database_url, designs_per_hour=2)
    assert world.run("sources").success
    assert world.run("hour", only=STEPS).success
    return world


def test_a_design_that_cannot_be_pictured_is_refused_and_the_hour_goes_on(drawn: World) -> None:
    ((broken, uri),) = drawn.select("SELECT idea_id, s3_uri FROM designs ORDER BY idea_id LIMIT 1")
    print_file = Path(location(uri))
    kept = print_file.read_bytes()
    print_file.write_bytes(kept[: len(kept) // 2])

    ran = drawn.run("hour", only=["mockups", "listings"])
    assert ran.success
    assert drawn.count("mockups") == 6
    ((idea, stage, reason),) = drawn.select("SELECT idea_id, stage, reason FROM refusals")
    assert (idea, stage) == (broken, "mockup")
    assert "tee: png of" in reason
    assert "can't be decoded" in reason
    assert checks(ran)["mockups.every_design_pictured"] is True
    assert checks(ran)["mockups.nearly_all_pictured"] is False
    assert materialized(ran)["mockups"].metadata["refused"].value == 1
    assert drawn.select("SELECT count(DISTINCT idea_id) FROM listings") == [(1,)]

    print_file.write_bytes(kept)
    again = drawn.run("hour", only=["mockups"])
    assert checks(again)["mockups.nearly_all_pictured"] is True
    assert drawn.count("mockups") == 12
    assert drawn.select("SELECT count(*) FROM refusals") == [(0,)]


@pytest.mark.slow
def test_a_further_product_is_pictured_beside_what_is_there(drawn: World, database_url: str, tmp_path: Path) -> None:
    assert drawn.run("hour", only=["mockups"]).success
    tees = drawn.select("SELECT id, s3_uri, xmin::text FROM mockups ORDER BY id")
    more = World(tmp_path, database_url, designs_per_hour=2, products="tee,sticker")
    assert more.run("hour", only=["mockups", "listings"]).success
    assert drawn.select("SELECT id, s3_uri, xmin::text FROM mockups WHERE product = 'tee' ORDER BY id") == tees
    assert drawn.select("SELECT variant::text, count(*) FROM mockups WHERE product = 'sticker' GROUP BY 1") == [
        ("front", 2)
    ]
    assert drawn.select(
        "SELECT DISTINCT m.product, m.variant::text FROM listings l JOIN mockups m ON m.id = l.mockup_id"
    ) == [("tee", "front")]


def test_a_product_that_there_is_not_stops_the_step_and_is_named(database_url: str, tmp_path: Path) -> None:
    ran = World(tmp_path, database_url, products="tee,zeppelin").run("hour", only=["mockups"])
    assert not ran.success
    said = str([event.event_specific_data for event in ran.all_events if event.is_failure])
    assert "ENGINE_PRODUCTS='tee,zeppelin'" in said
