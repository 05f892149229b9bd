"""The asset `designs`: in which order the hour's ideas are drawn, and what the artist is shown of those before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.models import Brief, Drawing, Recipe
from resources.artists.composer import Composer
from resources.errors import PermanentError, UndrawableError
from resources.store import Store
from tests.worlds import HOUR, World, anew, attempts, checks, materialized

STEPS = ("raw_signals", "scored_ideas", "designs")


class Watched(Composer):
    """The real artist, who remembers which designs it was shown before each."""

    def __init__(self, falls_at: int | None = None) -> None:
        super().__init__()
        self.shown: dict[str, list[str]] = {}
        self.falls_at = falls_at

    def draw(self, brief: Brief, recent: Sequence[Recipe]) -> Drawing:
        """The drawing."""
        if len(self.shown) == self.falls_at:
            raise PermanentError("the pen broke: sharpen it")
        self.shown[brief.phrase] = [recipe.prompt for recipe in recent]
        return super().draw(brief, recent)


@pytest.mark.slow
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
        drawing = super().draw(brief, recent)
        return (
            drawing if brief.phrase == next(iter(self.shown)) else drawing.model_copy(update={"png": b"not a picture"})
        )


def test_a_drawing_that_fails_its_proof_stops_that_design_alone(database_url: str, tmp_path: Path) -> None:
    world = World(tmp_path, database_url, artist=Blank(), designs_per_hour=3)
    assert world.run("sources").success
    ran = world.run("hour", only=STEPS)
    assert ran.success
    assert world.count("designs") == 1
    assert checks(ran)["designs.enough_drawn"] is False
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
        self.asked: list[str] = []

    def draw(self, brief: Brief, recent: Sequence[Recipe]) -> Drawing:
        """The drawing, or a refusal."""
        if not anew(brief, recent):
            self.asked.append(brief.phrase)
        if len(self.asked) == 2:
            raise UndrawableError(f"phrase={brief.phrase!r} can't be set")
        return super().draw(brief, recent)


@pytest.mark.slow
def test_a_brief_that_cannot_be_drawn_stops_that_design_alone(database_url: str, tmp_path: Path) -> None:
    world = World(tmp_path, database_url, artist=Picky(), designs_per_hour=3)
    assert world.run("sources").success
    ran = world.run("hour", only=STEPS)
    assert ran.success
    assert world.count("designs") == 2
    assert checks(ran)["designs.enough_drawn"] is False
    assert "can't be set" in str(materialized(ran)["designs"].metadata["refusals"].value)


@pytest.mark.slow
def test_a_refused_idea_is_drawn_again_only_by_other_code(database_url: str, tmp_path: Path) -> None:
    artist = Picky()
    world = World(tmp_path, database_url, artist=artist, designs_per_hour=3)
    assert world.run("sources").success
    assert world.run("hour", only=STEPS).success
    assert len(artist.asked) == 3
    before = world.rows()

    again = world.run("hour", only=STEPS)
    assert len(artist.asked) == 3, "what was drawn or refused is neither drawn nor refused again"
    assert checks(again)["designs.enough_drawn"] is False
    assert "can't be set" in str(materialized(again)["designs"].metadata["refusals"].value)
    assert world.rows() == before

    artist.name = "another"
    assert checks(world.run("hour", only=STEPS))["designs.enough_drawn"] is True
    assert len(artist.asked) == 4
    assert (world.count("designs"), world.count("refusals")) == (3, 0)


class Copying(Watched):
    """Shows the first design for every idea."""

    first: Drawing | None = None

    def draw(self, brief: Brief, recent: Sequence[Recipe]) -> Drawing:
        """The same form."""
        drawing = super().draw(brief, recent)
        if self.first is None or brief.phrase == next(iter(self.shown)):
            self.first = drawing
        recipe = self.first.recipe.model_copy(update={"prompt": brief.phrase})
        return self.first.model_copy(update={"recipe": recipe})


@pytest.mark.slow
def test_a_near_copy_is_refused_with_the_one_it_copies(database_url: str, tmp_path: Path) -> None:
    world = World(tmp_path, database_url, artist=Copying(), designs_per_hour=2)
    assert world.run("sources").success
    assert world.run("hour", only=STEPS).success
    refused = world.select("""
        SELECT r.stage, r.reason, original.phrase FROM refusals r JOIN designs d ON d.id = r.copies
        JOIN ideas original ON original.id = d.idea_id
    """)
    with Store(database_url) as store, store.transaction() as tx:
        first, _ = tx.ideas.hour(HOUR, 2)
    ((stage, reason, copied),) = refused
    assert (stage, copied) == ("duplicate", first.phrase)
    assert f"looks the same as “{first.phrase}”" in reason
    assert "0 of 256 bits" in reason
