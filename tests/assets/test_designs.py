"""The asset `designs`: in which order the hour's ideas are drawn, and what the artist is shown of those before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from pipeline.designs.compose import compose
from pipeline.models import Brief, Drawing, Recipe
from resources.artists.composer import Composer
from resources.errors import PermanentError, UndrawableError
from resources.store import Store
from resources.typefaces import typefaces
from tests.worlds import HOUR, World, attempts, checks, materialized

STEPS = ("raw_signals", "scored_ideas", "designs")


class Watched(Composer):
    """Renders one design and shows it for all; remembers which designs it was shown before each."""

    rendered: ClassVar[Drawing | None] = None

    def __init__(self, falls_at: int | None = None) -> None:
        super().__init__()
        self.shown: dict[str, list[str]] = {}
        self.falls_at = falls_at

    def draw(self, brief: Brief, recent: Sequence[Recipe]) -> Drawing:
        """A drawing with a recipe of its own."""
        if len(self.shown) == self.falls_at:
            raise PermanentError("the pen broke: sharpen it")
        self.shown[brief.phrase] = [recipe.prompt for recipe in recent]
        Watched.rendered = Watched.rendered or super().draw(brief, recent)
        return Watched.rendered.model_copy(update={"recipe": compose(brief, recent, typefaces())})


def test_the_artist_is_shown_what_was_drawn_before_the_last_one_last(database_url: str, tmp_path: Path) -> None:
    before, falls, goes_on = Watched(), Watched(falls_at=2), Watched()
    later = HOUR + timedelta(hours=1)
    earlier = World(tmp_path, database_url, artist=before)
    assert earlier.run("sources").success
    assert earlier.run("hour", only=STEPS).success

    fallen = World(tmp_path, database_url, artist=falls, designs_per_hour=4)
    assert fallen.run("sources", later).success
    assert attempts(fallen.run("hour", later, only=STEPS), "designs").starts == 1
    assert World(tmp_path, database_url, artist=goes_on, designs_per_hour=4).run("hour", later, only=STEPS).success

    with Store(database_url) as store, store.transaction() as tx:
        phrases = [idea.phrase for idea in tx.ideas.hour(later, 4)]
    assert list(falls.shown) == phrases[:2]
    assert list(goes_on.shown) == phrases[2:]
    everything = [*before.shown, *phrases]
    for place, phrase in enumerate(phrases, len(before.shown)):
        assert {**falls.shown, **goes_on.shown}[phrase] == everything[:place]


class Blank(Watched):
    """Draws the first idea as it ought to be, and gives bytes that are no picture for the others."""

    def draw(self, brief: Brief, recent: Sequence[Recipe]) -> Drawing:
        """The drawing, or none."""
        first = not self.shown
        drawing = super().draw(brief, recent)
        return drawing if first else drawing.model_copy(update={"png": b"not a picture"})


def test_a_drawing_that_fails_its_proof_stops_that_design_alone(database_url: str, tmp_path: Path) -> None:
    world = World(tmp_path, database_url, artist=Blank(), designs_per_hour=3)
    assert world.run("sources").success
    ran = world.run("hour", only=STEPS)
    assert ran.success
    assert world.count("designs") == 1
    assert checks(ran)["designs.none_refused"] is False
    assert checks(ran)["designs.print_ready"] is True
    told = materialized(ran)["designs"].metadata
    assert told["refused"].value == 2
    with Store(database_url) as store, store.transaction() as tx:
        refused = [idea.phrase for idea in tx.ideas.hour(HOUR, 3)[1:]]
    assert all(phrase in told["refusals"].value for phrase in refused)


class Picky(Watched):
    """Refuses the second idea that it is asked for, and draws the others."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def draw(self, brief: Brief, recent: Sequence[Recipe]) -> Drawing:
        """The drawing, or a refusal."""
        self.asked += 1
        if self.asked == 2:
            raise UndrawableError(f"phrase={brief.phrase!r} can't be set")
        return super().draw(brief, recent)


def test_a_brief_that_cannot_be_drawn_stops_that_design_alone(database_url: str, tmp_path: Path) -> None:
    world = World(tmp_path, database_url, artist=Picky(), designs_per_hour=3)
    assert world.run("sources").success
    ran = world.run("hour", only=STEPS)
    assert ran.success
    assert world.count("designs") == 2
    assert checks(ran)["designs.none_refused"] is False
    assert "can't be set" in str(materialized(ran)["designs"].metadata["refusals"].value)
