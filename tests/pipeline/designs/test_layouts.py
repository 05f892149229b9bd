"""Every layout on every form of sheet: composed whole, legible, nothing over the words."""

from __future__ import annotations

from itertools import product

import pytest

from pipeline.designs.blocks import WIDTH, Block, Desk
from pipeline.designs.chance import chance
from pipeline.designs.layers import CUT, outline, painted
from pipeline.designs.layouts import LAYOUTS, filled, pictures, posters
from pipeline.designs.layouts.family import Layout
from pipeline.designs.pairings import PAIRINGS
from pipeline.designs.treatments import treated
from pipeline.models import Brief, Mood, identity
from resources.settings import ROOT
from resources.typefaces import typefaces

pytestmark = pytest.mark.skipif(
    not (ROOT / "node_modules" / "@fontsource").is_dir(), reason="the typefaces are not installed: run `make setup`"
)

PHRASES = (
    "Dog Mom",
    "World's Okayest|Fisherman",
    "Sleigh All Day,|Nurse All Night",
    "Since 1987",
    "Aging Like|40 Fine Wines",
)
FORMS = {"mug": 0.35, "square": 1.0, "tee": 1.2, "phone": 1.9}
LEAST_FILL = 0.2
"""Of the sheet that the inked box takes once it is scaled to fit: a badge on a phone case is the least."""
MODULES = {module.__name__ for module in (filled, pictures, posters)}
HERE = [layout for layout in LAYOUTS if layout.draw.__module__ in MODULES]
SOME = list(zip(PHRASES, (*FORMS, "mug"), strict=True))


def brief(lines: str, seed: int = 1, mood: Mood = Mood.RETRO) -> Brief:
    parts = tuple(lines.split("|"))
    return Brief(
        idea_id=identity("test", lines), phrase=" ".join(parts), lines=parts, emphasis=(parts[-1].split()[-1],),
        niche="", format="", motifs=("dog", "mug-hot", "heart"), mood=mood, occasion=None, seed=seed,
    )  # fmt: skip


def drawn(layout: Layout, lines: str, ratio: float, seed: int = 1) -> tuple[Desk, Block]:
    pairings = [pairing for pairing in PAIRINGS if layout.takes(pairing)]
    pairing = chance(seed, lines, layout.name).choice(pairings)
    desk = Desk(typefaces(), pairing, ratio)
    return desk, layout.draw(desk, brief(lines, seed), chance(seed, layout.name))


def check(layout: Layout, lines: str, form: str, seed: int = 1) -> None:
    """Nothing is left out, nothing lies over the words, and what is inked has a form that fits the sheet."""
    desk, block = drawn(layout, lines, FORMS[form], seed)
    said = " ".join(layer.name for layer in block.layers if layer.kind == "text").casefold()
    for word in lines.replace("|", " ").casefold().split():
        assert word.strip(",") in said, (layout.name, form, word)
    left, top, right, bottom = desk.bounds(layer for layer in block.layers if layer.ink != CUT)
    form_of_ink = (bottom - top) / (right - left)
    assert min(form_of_ink / desk.ratio, desk.ratio / form_of_ink) > LEAST_FILL, (layout.name, form)
    planes = painted(block.layers, typefaces())
    words = [(layer.name, shape) for layer, shape in planes if layer.kind == "text" and not layer.grow]
    figures = [(layer.name, shape) for layer, shape in planes if layer.kind == "pictogram"]
    for i, (name, shape) in enumerate(words):
        assert shape.area > 0
        for other, its in [*words[:i], *figures]:
            assert shape.intersection(its).area < 200, (layout.name, form, name, other)


@pytest.mark.parametrize("layout", HERE, ids=lambda layout: layout.name)
def test_a_layout_holds_phrases_of_all_lengths_on_sheets_of_all_forms(layout: Layout) -> None:
    for number, (lines, form) in enumerate(SOME):
        if layout.holds(brief(lines)):
            check(layout, lines, form, number)


@pytest.mark.slow
@pytest.mark.parametrize("layout", HERE, ids=lambda layout: layout.name)
def test_a_layout_holds_every_phrase_on_every_form(layout: Layout) -> None:
    for number, (lines, form) in enumerate(product(PHRASES, FORMS)):
        if layout.holds(brief(lines)):
            for again in range(3):
                check(layout, lines, form, 10 * number + again)


@pytest.mark.parametrize("form", FORMS)
def test_a_shape_of_words_fills_its_figure(form: str) -> None:
    layout = next(layout for layout in LAYOUTS if layout.name == "shaped")
    desk, block = drawn(layout, "Sleigh All Day,|Nurse All Night", FORMS[form])
    words = [outline(layer, desk.typefaces) for layer in block.layers if layer.kind == "text"]
    left, top, right, bottom = block.box
    assert sum(word.area for word in words) > 0.22 * (right - left) * (bottom - top)


def test_only_phrases_with_a_number_become_a_big_number() -> None:
    layout = next(layout for layout in LAYOUTS if layout.name == "big_number")
    assert layout.holds(brief("Since 1987"))
    assert layout.holds(brief("35 Years of|Dial-Up Dreams"))
    assert not layout.holds(brief("Dog Mom"))


def test_only_a_short_word_is_split() -> None:
    layout = next(layout for layout in LAYOUTS if layout.name == "split")
    assert layout.holds(brief("Powered by|Tomatoes"))
    assert not layout.holds(brief("World's Okayest|Fisherwoman"))
    assert not layout.holds(brief("Tomatoes"))


@pytest.mark.parametrize("mood", Mood)
def test_a_large_pictogram_gets_depth_by_mood_and_keeps_its_place(mood: Mood) -> None:
    desk = Desk(typefaces(), PAIRINGS[0])
    picture = desk.pictogram("mug-hot").fit(WIDTH, WIDTH / 2)
    seen = set()
    for seed in range(12):
        layers = treated(picture.layers, mood, chance(seed))
        assert any(layer.kind == "pictogram" and layer.name == "mug-hot" for layer in layers)
        grown = desk.bounds(layer for layer in layers if layer.ink != CUT)
        assert max(abs(a - b) for a, b in zip(grown, picture.box, strict=True)) < 0.1 * picture.height
        seen.add(tuple(layer.model_dump_json() for layer in layers))
    assert len(seen) >= 3


def test_small_thin_and_open_pictograms_stay_as_they_are() -> None:
    desk = Desk(typefaces(), PAIRINGS[0])
    small = desk.pictogram("mug-hot").fit(200, 200).layers
    open_ = desk.pictogram("mug-hot").fit(WIDTH, WIDTH).knocked_out().layers
    for seed in range(8):
        assert treated(small, Mood.RETRO, chance(seed)) == small
        assert treated(open_, Mood.RETRO, chance(seed)) == open_
