"""From an idea to a design or to a refusal: what is asked of whom, in which order, and what is recorded."""

from __future__ import annotations

import hashlib
import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal

import numpy as np
import pytest
import pyvips

from pipeline.designs.areas import TEE, Area
from pipeline.designs.colours import GARMENTS, PALETTES, READABLE, contrast
from pipeline.designs.prints.encoding import encode
from pipeline.listings.artwork import PICTURE
from pipeline.models import (
    Attempt,
    Brief,
    Drawing,
    Factors,
    Idea,
    IdeaStatus,
    Mood,
    Recipe,
    Signal,
    Verdict,
)
from resources import workshop as module
from resources.errors import PermanentError, RefusedError
from resources.objects import Objects
from resources.store import Store, StoredDesign
from resources.store.refusals import Refusal
from resources.workshop import Workshop

HOUR = datetime(2026, 11, 20, 14, tzinfo=UTC)
MODEL = "test-model"
DREW = Attempt(artist="painter", outcome="drew", detail="model 1", seconds=2.5, cost_micros=40_000)
BUSY = Attempt(artist="cloud", outcome="unavailable", detail="429: busy", seconds=0.1)


class Artist:
    """Shows one print file for all, with a recipe of each brief's own, and whatever else it is told."""

    name = "a painter"
    png: bytes | None = None

    def __init__(self, **changes: Any) -> None:
        self.changes = changes
        self.drawn: list[str] = []
        self.fails: Exception | None = None

    def draw(self, brief: Brief, recent: Sequence[Recipe]) -> Drawing:
        """The drawing."""
        del recent
        self.drawn.append(brief.phrase)
        if self.fails:
            raise self.fails
        drawing = a_drawing()
        recipe = drawing.recipe.model_copy(update={"prompt": brief.phrase})
        return drawing.model_copy(update={"recipe": recipe, "attempts": (BUSY, DREW), **self.changes})

    def render(self, recipe: Recipe, area: Area, pictures: Mapping[str, bytes]) -> bytes:
        """Not asked for here."""
        raise NotImplementedError


@cache
def a_drawing() -> Drawing:
    """A square of ink, fit for print: one for all, where only what happens to it matters."""
    palette = next(one for one in PALETTES if one.ink("ink") == best_ink())
    layer = {"kind": "text", "name": "words", "ink": "ink", "face": "Anton"}
    side = round(TEE.width * 0.9)
    red, green, blue = bytes.fromhex(palette.ink("ink").removeprefix("#"))
    canvas = pyvips.Image.black(TEE.width, TEE.height, bands=4).copy(interpretation="srgb")
    ink = [red, green, blue, 255]
    square = canvas.draw_rect(ink, (TEE.width - side) // 2, (TEE.height - side) // 2, side, side, fill=True)
    return Drawing(
        recipe=Recipe(
            artist="a painter",
            seed=7,
            layout="square",
            palette=palette.name,
            typefaces=("Anton",),
            prompt="words",
            spec={"layers": [layer]},
            licences={"Anton": "OFL-1.1"},
        ),
        png=encode(square, TEE.dpi),
        width=TEE.width,
        height=TEE.height,
        dpi=TEE.dpi,
        garments=tuple(one for one in GARMENTS if contrast(one.hex, palette.ink("ink")) >= READABLE),
        contrasts={one.name: round(contrast(one.hex, palette.ink("ink")), 2) for one in GARMENTS},
    )


@cache
def a_speck() -> bytes:
    """A print file with next to nothing in it."""
    canvas = pyvips.Image.black(TEE.width, TEE.height, bands=4).copy(interpretation="srgb")
    return encode(canvas.draw_rect([0, 0, 0, 255], 2200, 2600, 100, 100, fill=True), TEE.dpi)


def best_ink() -> str:
    """The ink that is readable on most garments."""
    return max(
        (one.ink("ink") for one in PALETTES), key=lambda ink: sum(contrast(g.hex, ink) >= READABLE for g in GARMENTS)
    )


def an_idea(phrase: str, **changes: Any) -> Idea:
    half = Factors(freshness=0.5, engagement=0.5, novelty=0.5, community_fit=0.5, seasonality=0.5)
    fields: dict[str, Any] = {
        "signal_id": SIGNAL.id,
        "hour": HOUR,
        "phrase": phrase,
        "lines": (phrase,),
        "title": phrase,
        "description": "What it is.",
        "niche": "hiking",
        "format": "text",
        "motifs": ("mountain", "tree"),
        "mood": Mood.OUTDOORSY,
        "factors": half,
        "score": 0.5,
        "weights_version": 1,
        "reason": "It rises.",
        "evidence": {},
        "embedding_model": MODEL,
    }
    return Idea(**(fields | changes))


SIGNAL = Signal(source="reddit_posts", external_id="s", content="Something", captured_at=HOUR)


@pytest.fixture
def recorded(store: Store) -> Callable[..., Idea]:
    """Records an idea whose vector is that of the given seed."""

    def record(phrase: str, *, meaning: int, **changes: Any) -> Idea:
        idea = an_idea(phrase, **changes)
        vector = np.random.default_rng(meaning).normal(size=(1, 768))
        unit = (vector / np.linalg.norm(vector)).astype(np.float32)
        with store.transaction() as tx:
            tx.signals.record([(SIGNAL, "file:///raw/1.json")], HOUR)
            tx.ideas.record([idea], unit)
        return idea

    return record


def form_of(text: object) -> str:
    """A form of its own for each text: about half the bits of two differ."""
    return f"{int(hashlib.sha256(str(text).encode()).hexdigest(), 16):0256b}"


class Screen:
    """Finds what it is told to find."""

    def __init__(self, result: Literal["passed", "failed", "not_checked"] = "passed") -> None:
        self.result = result

    def look(self, png: bytes) -> Verdict:
        """The verdict."""
        assert png == b"a picture"
        return Verdict(check=PICTURE, result=self.result, detail=f"it {self.result}", source="a model")


@pytest.fixture
def forms(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The forms that the next print files have; by default each has one of its own."""
    told: list[str] = []
    numbers = itertools.count()
    monkeypatch.setattr(module, "fingerprint", lambda _: told.pop(0) if told else form_of(next(numbers)))
    return told


@pytest.fixture
def workshop(store: Store, objects: Objects, forms: list[str]) -> Callable[..., Workshop]:
    """A workshop whose parts can be told."""
    del forms

    def made(artist: Artist, screen: Screen | None = None, **parts: Any) -> Workshop:
        values: dict[str, Any] = {"near_words": (MODEL, 0.9), **parts}
        return Workshop(store=store, objects=objects, artist=artist, screen=screen or Screen(), **values)

    return made


def test_a_design_is_recorded_with_all_that_led_to_it(
    store: Store, objects: Objects, workshop: Callable[..., Workshop], recorded: Callable[..., Idea]
) -> None:
    idea = recorded("Take A Hike", meaning=1)
    made = workshop(Artist(pictures={"a" * 64: b"a picture"})).make(idea, [])
    assert isinstance(made, StoredDesign)
    with store.transaction() as tx:
        assert tx.designs.of(idea.id) == made
    assert objects.exists(made.s3_uri)
    assert objects.get(made.pictures["a" * 64]) == b"a picture"
    assert {verdict.check: verdict.result for verdict in made.verdicts} == {
        "phrase": "passed",
        "picture": "passed",
        "copy": "passed",
    }
    assert made.attempts == (BUSY, DREW)
    with store.connection() as connection:
        cost, choice = connection.execute(
            "SELECT cost_micros, choice FROM designs d JOIN decisions c ON c.subject_id = d.id AND c.kind = 'artist'"
        ).fetchall()[0]
    assert cost == 40_000
    assert choice["not"] == ["cloud: unavailable: 429: busy"]


def test_unfit_words_are_refused_before_anything_is_drawn(
    workshop: Callable[..., Workshop], recorded: Callable[..., Idea]
) -> None:
    artist = Artist()
    made = workshop(artist).make(recorded("Fucking Hikes", meaning=1), [])
    assert isinstance(made, Refusal)
    assert (made.stage, artist.drawn) == ("words", [])
    assert "f*****g" in made.reason.casefold()
    assert [verdict.result for verdict in made.verdicts] == ["failed"]


def test_a_moderation_refusal_is_the_ideas_with_everyone_that_was_asked(
    workshop: Callable[..., Workshop], recorded: Callable[..., Idea]
) -> None:
    artist = Artist()
    artist.fails = RefusedError("moderation_blocked: ask for something else")
    artist.fails.attempts = (BUSY, DREW.model_copy(update={"outcome": "refused"}))
    made = workshop(artist).make(recorded("Take A Hike", meaning=1), [])
    assert isinstance(made, Refusal)
    assert (made.stage, made.attempts) == ("artist", artist.fails.attempts)
    assert "moderation_blocked" in made.reason


@pytest.mark.parametrize("result", ["failed", "not_checked"])
def test_only_an_unfit_picture_stops_a_design(
    result: Literal["failed", "not_checked"], workshop: Callable[..., Workshop], recorded: Callable[..., Idea]
) -> None:
    painted = workshop(Artist(pictures={"a" * 64: b"a picture"}), screen=Screen(result))
    made = painted.make(recorded("Take A Hike", meaning=1), [])
    if result == "failed":
        assert isinstance(made, Refusal)
        assert (made.stage, made.reason) == ("picture", "picture: it failed")
        assert made.attempts == (BUSY, DREW)
    else:
        assert isinstance(made, StoredDesign)
        assert "not_checked" in {verdict.result for verdict in made.verdicts}


def test_a_file_that_fails_its_proof_is_refused_with_what_was_measured(
    workshop: Callable[..., Workshop], recorded: Callable[..., Idea]
) -> None:
    made = workshop(Artist(png=b"no picture")).make(recorded("Take A Hike", meaning=1), [])
    assert isinstance(made, Refusal)
    assert made.stage == "proof"
    assert "picture that can be read" in made.reason


def test_what_the_composer_drew_and_a_proof_stops_is_composed_anew(
    workshop: Callable[..., Workshop], recorded: Callable[..., Idea]
) -> None:
    class Improving(Artist):
        """Draws nothing but a speck, unless it has seen a speck before."""

        def draw(self, brief: Brief, recent: Sequence[Recipe]) -> Drawing:
            drawing = super().draw(brief, recent).model_copy(update={"attempts": ()})
            return drawing if recent else drawing.model_copy(update={"png": a_speck()})

    made = workshop(artist := Improving()).make(recorded("Take A Hike", meaning=1), [])
    assert isinstance(made, StoredDesign)
    assert artist.drawn == ["Take A Hike", "Take A Hike"]
    assert [attempt.outcome for attempt in made.attempts] == ["faulty", "drew"]
    assert "square: " in made.attempts[0].detail
    assert "is inked, wanted" in made.attempts[0].detail

    painter = Artist(png=a_speck(), pictures={"a" * 64: b"a picture"})
    refused = workshop(painter).make(recorded("Rather Be Hiking", meaning=2), [])
    assert isinstance(refused, Refusal)
    assert (refused.stage, painter.drawn) == ("proof", ["Rather Be Hiking"]), "pictures are not painted again and again"


def test_words_that_are_taken_are_refused_before_anything_is_drawn(
    store: Store, workshop: Callable[..., Workshop], recorded: Callable[..., Idea]
) -> None:
    artist = Artist()
    first = workshop(artist).make(recorded("Take A Hike", meaning=1), [])
    made = workshop(artist).make(again := recorded("Take The Hike", meaning=1), [])
    assert isinstance(made, Refusal)
    assert made.stage == "duplicate"
    assert made.copies == first.idea_id
    assert artist.drawn == ["Take A Hike"]
    assert "says the same for the same niche as “Take A Hike” (cosine 1.00)" in made.reason
    with store.transaction() as tx:
        assert tx.refusals.hour(HOUR) == [made]
        # Off offer it stands in nobody's way, as long as the two look different.
        tx.ideas.set_status([first.idea_id], IdeaStatus.ARCHIVED)
    assert isinstance(workshop(artist).make(again, []), StoredDesign)
    with store.transaction() as tx:
        assert tx.refusals.hour(HOUR) == []


def test_the_same_words_for_another_niche_must_look_different(
    workshop: Callable[..., Workshop], recorded: Callable[..., Idea], forms: list[str]
) -> None:
    forms += [form_of("one"), flipped(form_of("one"), 50), flipped(form_of("one"), 70)]
    first = workshop(Artist()).make(recorded("Take A Hike", meaning=1), [])
    made = workshop(Artist()).make(recorded("Take A Hike", meaning=1, niche="dogs"), [])
    assert isinstance(made, Refusal)
    assert (made.stage, made.copies) == ("duplicate", first.idea_id)
    assert "50 of 256 bits differ" in made.reason
    assert isinstance(workshop(Artist()).make(recorded("Take A Hike", meaning=1, niche="cats"), []), StoredDesign)


def flipped(form: str, bits: int) -> str:
    """The form with its first bits the other way round."""
    return "".join("10"[int(bit)] for bit in form[:bits]) + form[bits:]


def test_vectors_of_another_model_are_said_not_to_be_compared(
    workshop: Callable[..., Workshop], recorded: Callable[..., Idea]
) -> None:
    made = workshop(Artist(), near_words=("another", 0.9)).make(recorded("Take A Hike", meaning=1), [])
    (copy,) = (verdict for verdict in made.verdicts if verdict.check == "copy")
    assert copy.result == "not_checked"
    assert "engine reembed" in copy.detail


def test_what_stops_the_artist_altogether_stops_the_run_and_records_nothing(
    store: Store, workshop: Callable[..., Workshop], recorded: Callable[..., Idea]
) -> None:
    artist = Artist()
    artist.fails = PermanentError("the pen broke: sharpen it")
    idea = recorded("Take A Hike", meaning=1)
    with pytest.raises(PermanentError, match="sharpen it"):
        workshop(artist).make(idea, [])
    with store.transaction() as tx:
        assert (tx.designs.of(idea.id), tx.refusals.hour(HOUR)) == (None, [])
    artist.fails = None
    assert isinstance(workshop(artist).make(idea, []), StoredDesign)


def test_two_that_draw_an_idea_at_once_draw_it_once(
    workshop: Callable[..., Workshop], recorded: Callable[..., Idea]
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    class Slow(Artist):
        def draw(self, brief: Brief, recent: Sequence[Recipe]) -> Drawing:
            begun.set()
            assert go_on.wait(60)
            return super().draw(brief, recent)

    idea = recorded("Take A Hike", meaning=1)
    slow, second = Slow(), Artist()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(workshop(slow).make, idea, [])
        assert begun.wait(60)
        other = threads.submit(workshop(second).make, idea, [])
        assert not other.done()
        go_on.set()
        assert first.result() == other.result()
    assert (slow.drawn, second.drawn) == (["Take A Hike"], [])
