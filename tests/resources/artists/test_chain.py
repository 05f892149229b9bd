"""The chain: who is asked, what leads on, what does not, and what is recorded of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from pipeline.designs.areas import Area
from pipeline.models import Brief, Drawing, GarmentColor, Mood, Painting, PictureRequest, Recipe
from resources.artists import artist, chosen
from resources.artists.base import Artist
from resources.artists.chain import REST, Chain
from resources.artists.composer import Composer
from resources.artists.punctual import Punctual
from resources.errors import (
    OverBudgetError,
    PermanentError,
    RefusedError,
    TransientError,
    UndrawableError,
    WaitingError,
)
from resources.settings import Settings
from resources.store import Store
from tests.pictures import png
from tests.sites import NOON, Clock

BRIEF = Brief(
    idea_id=UUID(int=7),
    phrase="Plant Parent Since 1998",
    lines=("Plant Parent", "Since 1998"),
    emphasis=("Plant",),
    niche="houseplants",
    format="since",
    motifs=("leaf",),
    mood=Mood.COZY,
    occasion=None,
    seed=7,
)
REQUEST = PictureRequest(prompt="a leaf", width=64, height=64, seed=1)
PAINTING = Painting(png=png(), width=64, height=96, model="m", licence="l", seed=1, settings={}, seconds=0.1)
MIDNIGHT = NOON.replace(hour=0, minute=0) + timedelta(days=1)


class Told:
    """An artist that does what it is told: raises, or draws."""

    def __init__(self, name: str, *answers: Exception | None) -> None:
        self.name = name
        self.answers = list(answers)
        self.asked = 0

    def draw(self, brief: Brief, recent: Sequence[Recipe]) -> Drawing:
        self.asked += 1
        answer = self.answers[min(self.asked, len(self.answers)) - 1]
        if answer:
            raise answer
        recipe = Recipe(
            artist=f"{self.name} 1",
            seed=brief.seed,
            layout="l",
            palette="p",
            typefaces=(),
            prompt=brief.phrase,
            spec={},
            licences={},
        )
        black = GarmentColor(name="black", hex="#000000")
        return Drawing(
            recipe=recipe, png=png(), width=64, height=96, dpi=300, garments=(black,), contrasts={"black": 9}
        )

    def render(self, recipe: Recipe, area: Area, pictures: Mapping[str, bytes]) -> bytes:
        return png(area.width, area.height)


def chain(*artists: Artist, clock: Clock | None = None) -> Chain:
    return Chain(artists, now=(clock or Clock()).now)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (TransientError("no device"), "unavailable"),
        (WaitingError("asks to be left alone", until=MIDNIGHT), "unavailable"),
        (OverBudgetError("$0.98 are spent", until=MIDNIGHT), "over_budget"),
        (PermanentError("KEY is not set"), "faulty"),
        (UndrawableError("the prompt is too long"), "faulty"),
    ],
)
def test_what_keeps_an_artist_from_drawing_leads_on_to_the_next_and_is_recorded(error: Exception, outcome: str) -> None:
    drawing = chain(Told("sdxl", error), Told("openai", error), Told("composer", None)).draw(BRIEF, [])
    assert drawing.recipe.artist == "composer 1"
    assert [(attempt.artist, attempt.outcome) for attempt in drawing.attempts] == [
        ("sdxl", outcome),
        ("openai", outcome),
        ("composer", "drew"),
    ]
    assert drawing.attempts[0].detail == str(error)
    assert drawing.attempts[2].detail == "composer 1"


def test_the_first_that_draws_is_the_last_that_is_asked() -> None:
    second = Told("composer", None)
    drawing = chain(Told("openai", None), second).draw(BRIEF, [])
    assert [attempt.outcome for attempt in drawing.attempts] == ["drew"]
    assert second.asked == 0


def test_a_refusal_is_a_verdict_of_the_idea_and_asks_nobody_else() -> None:
    composer = Told("composer", None)
    refusal = RefusedError("openai refuses the prompt: violence")
    refusal.cost_micros = 34_000
    with pytest.raises(RefusedError, match="violence") as raised:
        chain(Told("sdxl", TransientError("busy")), Told("openai", refusal), composer).draw(BRIEF, [])
    assert composer.asked == 0
    told = [(attempt.artist, attempt.outcome, attempt.cost_micros) for attempt in raised.value.attempts]
    assert told == [("sdxl", "unavailable", 0), ("openai", "refused", 34_000)]


def test_what_was_paid_in_vain_stands_in_the_attempt() -> None:
    error = TransientError("half a picture")
    error.cost_micros = 50_000
    drawing = chain(Told("openai", error), Told("composer", None)).draw(BRIEF, [])
    assert [attempt.cost_micros for attempt in drawing.attempts] == [50_000, 0]


def test_who_was_unavailable_rests_and_is_asked_again_later() -> None:
    clock, error = Clock(), TransientError("timed out")
    error.cost_micros = 50_000
    painter = Told("openai", error, None)
    linked = chain(painter, Told("composer", None), clock=clock)
    linked.draw(BRIEF, [])
    resting = linked.draw(BRIEF, []).attempts[0]
    assert (resting.outcome, resting.seconds, resting.cost_micros) == ("unavailable", 0, 0)
    assert resting.detail == "not asked until 12:32 UTC: timed out"
    assert painter.asked == 1
    clock.sleep(REST.total_seconds())
    assert linked.draw(BRIEF, []).recipe.artist == "openai 1"


@pytest.mark.parametrize(
    "error", [OverBudgetError("spent", until=MIDNIGHT), TransientError("429", retry_after=11.5 * 3600)]
)
def test_who_names_a_time_rests_until_then(error: Exception) -> None:
    clock = Clock()
    painter = Told("openai", error, None)
    linked = chain(painter, Told("composer", None), clock=clock)
    linked.draw(BRIEF, [])
    clock.sleep((MIDNIGHT - clock.at).total_seconds() - 1)
    assert linked.draw(BRIEF, []).recipe.artist == "composer 1"
    clock.sleep(1)
    assert linked.draw(BRIEF, []).recipe.artist == "openai 1"


def test_a_bad_key_is_tried_once_and_one_brief_that_can_not_be_drawn_says_nothing_of_the_next() -> None:
    clock = Clock()
    bad, picky = Told("openai", PermanentError("bad key"), None), Told("sdxl", UndrawableError("too long"), None)
    linked = chain(bad, picky, Told("composer", None), clock=clock)
    linked.draw(BRIEF, [])
    clock.sleep(10**6)
    assert linked.draw(BRIEF, []).recipe.artist == "sdxl 1"
    assert (bad.asked, picky.asked) == (1, 2)


def test_where_nobody_draws_the_caller_learns_whether_a_retry_may_help() -> None:
    bad = PermanentError("bad key")
    with pytest.raises(TransientError, match=r"sdxl \(unavailable\): busy; openai \(faulty\): bad key"):
        chain(Told("sdxl", TransientError("busy")), Told("openai", bad)).draw(BRIEF, [])
    with pytest.raises(PermanentError, match="bad key") as told:
        chain(Told("openai", bad)).draw(BRIEF, [])
    assert not isinstance(told.value, UndrawableError)
    with pytest.raises(UndrawableError, match="no glyph") as undrawable:
        chain(Told("openai", bad), Told("composer", UndrawableError("no glyph"))).draw(BRIEF, [])
    assert [attempt.outcome for attempt in undrawable.value.attempts] == ["faulty", "faulty"]


class Hanging:
    """A painter that hangs until it is let go."""

    name = "sdxl"

    def __init__(self) -> None:
        self.asked = 0
        self.go = threading.Event()

    def paint(self, request: PictureRequest) -> Painting:
        self.asked += 1
        self.go.wait(20)
        return PAINTING


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    made = Hanging()
    yield made
    made.go.set()


def test_a_painter_that_hangs_gives_way_and_is_busy_until_it_comes_back(hanging: Hanging) -> None:
    punctual = Punctual("sdxl", lambda: hanging, 0.2)
    start = time.monotonic()
    with pytest.raises(TransientError, match=r"no picture in 0\.2 s"):
        punctual.paint(REQUEST)
    with pytest.raises(TransientError, match="still busy"):
        punctual.paint(REQUEST)
    assert time.monotonic() - start < 5
    assert hanging.asked == 1
    hanging.go.set()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            assert punctual.paint(REQUEST) == PAINTING
            break
        except TransientError:
            time.sleep(0.01)
    assert hanging.asked == 2


def test_a_painter_that_can_not_be_made_is_faulty_like_any_other() -> None:
    def fails() -> Hanging:
        raise PermanentError("OPENAI_API_KEY is not set")

    with pytest.raises(PermanentError, match="OPENAI_API_KEY"):
        Punctual("openai", fails, 5).paint(REQUEST)


def test_the_composer_alone_is_the_default_and_no_chain(store: Store) -> None:
    alone = artist(Settings(), store)
    assert isinstance(alone, Composer)


def test_a_chain_whose_painters_are_not_set_up_draws_as_the_composer_does(store: Store) -> None:
    settings = Settings.model_validate({"artists": "openai, composer", "OPENAI_API_KEY": None})
    drawing = artist(settings, store).draw(BRIEF, [])
    alone = Composer().draw(BRIEF, [])
    assert drawing.png == alone.png
    assert drawing.recipe == alone.recipe
    assert alone.attempts == ()
    assert [(attempt.artist, attempt.outcome) for attempt in drawing.attempts] == [
        ("openai", "faulty"),
        (Composer.name, "drew"),
    ]
    assert "OPENAI_API_KEY is not set" in drawing.attempts[0].detail


@pytest.mark.parametrize(
    ("artists", "told"),
    [("", "names nobody"), ("dall-e,composer", "names dall-e: known are"), ("composer,openai", "put it last")],
)
def test_a_setting_that_makes_no_sense_is_refused(artists: str, told: str) -> None:
    with pytest.raises(PermanentError, match=told):
        chosen(Settings(artists=artists))
