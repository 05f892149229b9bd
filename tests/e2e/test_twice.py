"""To run anything twice, one after the other or at the same time, is to run it once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.models import Brief, Drawing, Recipe
from resources.errors import PermanentError
from tests.conftest import TEMPLATE, cloned
from tests.worlds import HOUR, Counting, Rows, RunHour, World, anew, attempts


@dataclass(frozen=True)
class Once:
    """A world in which the hour ran once, and what it held then."""

    world: World
    rows: Rows
    files: dict[str, bytes]


@pytest.fixture(scope="module")
def once(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Once]:
    with cloned(postgres_url, TEMPLATE) as url:
        world = World(tmp_path_factory.mktemp("once"), url)
        assert world.run("sources").success
        assert world.run("hour").success
        yield Once(world, world.rows(), world.files())


def test_twice_is_once(once: Once) -> None:
    assert once.world.run("sources").success
    assert once.world.run("hour").success
    for table, rows in once.world.rows().items():
        assert rows == once.rows[table], table
    assert once.world.files().keys() == once.files.keys()
    assert once.world.files() == once.files


class Waited(Counting):
    """Draws its first design only when the other run has long asked for the same."""

    def draw(self, brief: Brief, recent: Sequence[Recipe]) -> Drawing:
        """The drawing."""
        time.sleep(0 if self.drawn else 2)
        return super().draw(brief, recent)


@pytest.mark.slow
def test_twice_at_the_same_time_is_once(once: Once, database_url: str, tmp_path: Path) -> None:
    artists = [Waited(), Waited()]
    worlds = [World(tmp_path, database_url, artist=artist) for artist in artists]
    start = threading.Barrier(2)

    def run(world: World) -> list[bool]:
        start.wait(60)
        return [world.run(job).success for job in ("sources", "hour")]

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(run, worlds)) == [[True, True], [True, True]]
    drawn = artists[0].drawn + artists[1].drawn
    assert drawn
    assert len(set(drawn)) == len(drawn), "one waited for the other, and drew nothing twice"
    for table, rows in worlds[0].rows().items():
        assert rows == once.rows[table], table
    assert worlds[0].files().keys() == once.files.keys()


class Falling(Counting):
    """Draws one design, and falls over the next."""

    def draw(self, brief: Brief, recent: Sequence[Recipe]) -> Drawing:
        """The first drawing."""
        if self.drawn and not anew(brief, recent):
            raise PermanentError("the pen broke: sharpen it")
        return super().draw(brief, recent)


@pytest.mark.slow
def test_a_run_that_goes_on_draws_the_rest_as_a_whole_run_would(
    whole_hour: RunHour, database_url: str, tmp_path: Path
) -> None:
    steps = ("raw_signals", "scored_ideas", "designs")
    falls = World(tmp_path, database_url, artist=Falling(), designs_per_hour=2)
    assert falls.run("sources").success
    fallen = falls.run("hour", only=steps)
    assert attempts(fallen, "designs").starts == 1
    assert "the pen broke: sharpen it" in attempts(fallen, "designs").error
    assert falls.count("designs") == 1

    artist = Counting()
    goes_on = World(tmp_path, database_url, artist=artist, designs_per_hour=2)
    assert goes_on.run("hour", only=steps).success
    assert len(artist.drawn) == 1, "what was drawn is not drawn again"
    drawn = "SELECT sha256 FROM designs d JOIN ideas i ON i.id = d.idea_id WHERE d.hour = %s ORDER BY sha256"
    assert goes_on.select(drawn, HOUR) == whole_hour.world.select(drawn, HOUR)
