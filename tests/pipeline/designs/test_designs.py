"""What a seller relies on: legible, inside the print area, repeatable, never the same twice."""

from __future__ import annotations

import string
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import pyvips
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.designs.areas import AREAS, TEE, Area
from pipeline.designs.colours import (
    FEWEST_GARMENTS,
    GARMENTS,
    PALETTES,
    READABLE,
    VISIBLE,
    contrast,
    legibility,
)
from pipeline.designs.compose import SMALLEST_TEXT_MM, compose, garments, render, svg, thumbnail
from pipeline.designs.layers import Layer, painted
from pipeline.designs.layouts import LAYOUTS
from pipeline.designs.pairings import FACES, PAIRINGS
from pipeline.designs.pictograms import pictogram
from pipeline.models import Brief, Mood, Recipe, identity
from resources.errors import PermanentError
from resources.settings import ROOT
from resources.typefaces import OPEN_LICENCES, load_typefaces, typefaces

pytestmark = pytest.mark.skipif(
    not (ROOT / "node_modules" / "@fontsource").is_dir(), reason="the typefaces are not installed: run `make setup`"
)

PHRASES = [
    ("Sleigh All Day,|Nurse All Night", "nurse", "double_life", "stethoscope candy-cane", Mood.FESTIVE),
    ("Powered by|Tomatoes", "gardener", "powered_by", "seedling", Mood.PLAYFUL),
    ("35 Years of|Dial-Up Dreams", "nostalgic", "years_of", "phone", Mood.RETRO),
    ("Talk Nerdy|to Me", "book_lover", "own_words", "glasses", Mood.NERDY),
    ("Thankful,|Grateful &|Caffeinated", "coffee_lover", "gratitude", "mug-hot", Mood.COZY),
    ("Feliz|Navi-Dog", "dog_mom", "pun", "dog bone", Mood.FESTIVE),
    ("World's Okayest|Fisherman", "angler", "own_words", "fish", Mood.OUTDOORSY),
    ("Winter Solstice|Society", "stargazer", "social_club", "moon", Mood.ELEGANT),
    ("Plant Lady|Era", "plant_parent", "era_niche", "leaf", Mood.MINIMAL),
    ("Resting|Witch Face", "book_lover", "pun", "hat-wizard", Mood.SPOOKY),
    ("Camp Hair,|Don't Care", "camper", "own_words", "campground", Mood.OUTDOORSY),
    ("I Paused My Game|to Be Here|and It Was|a Mistake", "gamer", "own_words", "gamepad", Mood.NERDY),
    ("Pickleball Champions|of the|Retirement Home", "pickleball_player", "crew", "medal", Mood.SPORTY),
    ("Best|Grandma|Ever", "grandma", "own_words", "heart", Mood.HEARTFELT),
    ("Dog Mom", "dog_mom", "own_words", "paw", Mood.MINIMAL),
    ("Vinyl|Never Dies", "vinyl_collector", "since", "record-vinyl", Mood.RETRO),
    ("Feral Book Club|Est. Past Bedtime", "librarian", "social_club", "book-open", Mood.SPOOKY),
    ("Lift Heavy,|Pet Cats", "lifter", "own_words", "dumbbell cat", Mood.BOLD),
    ("Mountains Are|Calling|My Dog Too", "hiker", "happy_place", "mountain", Mood.OUTDOORSY),
    ("Teach|Love|Inspire", "teacher", "trio", "apple-whole", Mood.HEARTFELT),
]


def brief(
    lines: str, niche: str = "", style: str = "", motifs: str = "heart", mood: Mood = Mood.BOLD, seed: int = 1
) -> Brief:
    parts = tuple(lines.split("|"))
    return Brief(
        idea_id=identity("test", lines), phrase=" ".join(parts), lines=parts, emphasis=(parts[-1].split()[-1],),
        niche=niche, format=style, motifs=tuple(motifs.split()), mood=mood, occasion=None, seed=seed,
    )  # fmt: skip


def series(count: int, start: int = 0) -> list[Recipe]:
    """Recipes of briefs one after the other, each knowing those before it."""
    recipes: list[Recipe] = []
    for i in range(count):
        recipes.append(compose(brief(*PHRASES[i % len(PHRASES)], seed=start + i), recipes, typefaces()))
    return recipes


@pytest.fixture(scope="module")
def shelf() -> list[Recipe]:
    return series(20)


def pixels(png: bytes) -> NDArray[np.uint8]:
    """Shape (height, width, 4)."""
    return np.asarray(pyvips.Image.pngload_buffer(png), dtype=np.uint8)


def small(area: Area, width: int = 226) -> Area:
    """The area in few pixels."""
    factor = width / area.width
    return area.model_copy(
        update={"width": width, "height": round(area.height * factor), "dpi": round(area.dpi * factor)}
    )


SMALL_TEE = small(TEE)


def check_inside(recipe: Recipe, area: Area) -> None:
    """Each copy is centred in the room of the area, and touches two of its sides."""
    image = pixels(render(recipe, typefaces(), area, {}))
    assert image.shape == (area.height, area.width, 4)
    edge = 2 * area.border_mm / 25.4 * area.dpi
    left, top, right, bottom = area.room
    for copy in np.split(image, area.zones, axis=1):
        ys, xs = np.nonzero(copy[..., 3] > 8)
        west, east, north, south = xs.min() - left, right - 1 - xs.max(), ys.min() - top, bottom - 1 - ys.max()
        assert min(west, east, north, south) >= -2 - edge, (recipe.layout, area.name)
        assert abs(west - east) <= 3 + 0.01 * area.width
        assert abs(north - south) <= 3 + 0.01 * area.height
        filled = 1 - min((west + east) / (right - left), (north + south) / (bottom - top))
        assert filled >= 0.85, (recipe.layout, area.name, filled)


# words -------------------------------------------------------------------------------------------------------------

word = st.text(string.ascii_letters + "0123456789'!?", min_size=1, max_size=14).filter(
    lambda w: any(c.isalnum() for c in w)
)
phrases = st.lists(word, min_size=1, max_size=12).map(" ".join).filter(lambda p: 2 <= len(p) <= 80)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(phrases, st.sampled_from(Mood), st.integers(0, 2**63 - 1))
def test_any_phrase_in_any_mood_is_legible_inside_the_print_area(phrase: str, mood: Mood, seed: int) -> None:
    recipe = compose(brief(phrase, mood=mood, seed=seed), [], typefaces())
    assert recipe.spec["smallest_text_mm"] >= SMALLEST_TEXT_MM
    assert sum(offered for _, offered in garments(recipe).values()) >= FEWEST_GARMENTS
    check_inside(recipe, SMALL_TEE)


@pytest.mark.parametrize("layout", [layout.name for layout in LAYOUTS])
def test_every_layout_stays_inside_whatever_the_length(layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    only = tuple(one for one in LAYOUTS if one.name == layout)
    monkeypatch.setattr("pipeline.designs.compose.LAYOUTS", only)
    for i, lines in enumerate(("Dog Mom", "World's Okayest|Fisherman", "Sleigh All Day,|Nurse All Night")):
        check_inside(compose(brief(lines, seed=i, motifs="dog mug-hot"), [], typefaces()), SMALL_TEE)


def test_a_long_word_shrinks_and_is_never_split() -> None:
    recipe = compose(brief("Supercalifragilisticexpialidocious" * 2), [], typefaces())
    words = [layer["name"] for layer in recipe.spec["layers"] if layer["kind"] == "text"]
    assert all(len(text) == 68 for text in words)
    check_inside(recipe, SMALL_TEE)


def test_the_words_set_are_the_words_of_the_phrase(shelf: list[Recipe]) -> None:
    for recipe in shelf:
        texts = [layer["name"] for layer in recipe.spec["layers"] if layer["kind"] == "text" and "ink" in layer]
        heard = " ".join(texts).casefold().replace(",", "")
        assert all(part.casefold().strip(",") in heard for part in recipe.prompt.split()), (recipe.layout, heard)


def test_words_and_pictures_do_not_overlap(shelf: list[Recipe]) -> None:
    for recipe in shelf:
        layers = [Layer.model_validate(layer) for layer in recipe.spec["layers"]]
        plain = [plane for plane in painted(layers, typefaces()) if plane.layer.kind != "ornament"]
        shapes = [(layer.name, shape) for layer, shape in plain if not layer.grow and not layer.line]
        for i, (name, shape) in enumerate(shapes):
            for other, its in shapes[:i]:
                assert name == other or shape.intersection(its).area < 200, (recipe.layout, name, other)


def test_a_character_without_a_glyph_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="日"):
        compose(brief("Hello 日本"), [], typefaces())


def test_accents_are_set_in_a_pairing_that_has_them() -> None:
    recipe = compose(brief("Café Olé|Señorita", mood=Mood.SPOOKY), [], typefaces())
    assert all(typefaces()[face].covers("Café Olé Señorita") for face in recipe.typefaces)


def test_an_unknown_motif_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="motif='unicorn-vomit'"):
        compose(brief("Hello World", motifs="unicorn-vomit"), [], typefaces())


@pytest.mark.parametrize("name", sorted({m for *_, motifs, _ in PHRASES for m in motifs.split()}))
def test_motifs_have_an_outline(name: str) -> None:
    shape = pictogram(name)
    assert shape.is_valid
    assert shape.area > 1000


# the file ----------------------------------------------------------------------------------------------------------


def test_the_print_file_is_transparent_with_300_dpi() -> None:
    recipe = compose(brief(*PHRASES[0]), [], typefaces())
    image = pyvips.Image.pngload_buffer(render(recipe, typefaces(), TEE, {}))
    assert (image.width, image.height, image.bands, image.interpretation) == (4500, 5400, 4, "srgb")
    assert image.xres * 25.4 == pytest.approx(300, abs=0.1)
    assert image.extract_area(0, 0, 4500, 100).extract_band(3).max() == 0


@pytest.mark.parametrize("area", AREAS.values(), ids=AREAS)
def test_the_recipe_fills_any_other_print_area(area: Area, shelf: list[Recipe]) -> None:
    for recipe in shelf[:8]:
        check_inside(recipe, small(area))


def test_the_same_seed_gives_the_same_bytes() -> None:
    one, two = (compose(brief(*PHRASES[3], seed=7), [], typefaces()) for _ in range(2))
    assert one == two
    assert render(one, typefaces(), SMALL_TEE, {}) == render(two, typefaces(), SMALL_TEE, {})


def test_a_recipe_survives_the_database() -> None:
    recipe = compose(brief(*PHRASES[4]), [], typefaces())
    again = Recipe.model_validate_json(recipe.model_dump_json())
    assert svg(again, typefaces(), TEE) == svg(recipe, typefaces(), TEE)


def test_a_thumbnail_is_small_and_on_the_garment(shelf: list[Recipe]) -> None:
    for recipe in shelf[:5]:
        jpeg = thumbnail(render(recipe, typefaces(), small(TEE, 450), {}), 160, "#4C1825")
        image = pyvips.Image.jpegload_buffer(jpeg)
        assert (image.width, image.height) == (160, 192)
        assert len(jpeg) < 20_000
        assert np.abs(image.numpy()[2, 2].astype(int) - [0x4C, 0x18, 0x25]).max() < 8


# colour ------------------------------------------------------------------------------------------------------------

colours = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06X}")


@given(colours, colours)
def test_contrast_is_symmetric_and_within_wcag_bounds(one: str, other: str) -> None:
    assert contrast(one, other) == contrast(other, one)
    assert 1 <= contrast(one, other) <= 21.0001
    assert contrast(one, one) == 1


def test_contrast_of_known_pairs() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_every_palette_is_readable_on_four_garments_and_on_its_favourites() -> None:
    assert len(PALETTES) >= 30
    assert len(GARMENTS) >= 12
    for palette in PALETTES:
        rows = legibility(palette.inks[:2], palette.inks[2:], palette)
        offered = [garment.name for garment, (_, good) in rows.items() if good]
        assert len(offered) >= FEWEST_GARMENTS
        assert tuple(offered[: len(palette.garments)]) == palette.garments


@pytest.mark.parametrize("index", range(6))
def test_the_ink_on_offered_garments_is_readable_where_it_was_printed(index: int, shelf: list[Recipe]) -> None:
    image = pixels(render(shelf[index], typefaces(), small(TEE, 900), {}))
    solid = image[image[..., 3] == 255][:, :3]
    printed = {f"#{r:02X}{g:02X}{b:02X}" for r, g, b in np.unique(solid, axis=0)}
    for garment, (lowest, offered) in garments(shelf[index]).items():
        if offered:
            assert lowest >= READABLE
            assert (
                min(contrast(ink, garment.hex) for ink in printed & set(shelf[index].spec["inks"].values())) >= VISIBLE
            )


# variety -----------------------------------------------------------------------------------------------------------


def test_neighbours_differ_over_fifty_briefs() -> None:
    recipes = series(50, start=1000)
    neighbours = list(pairwise(recipes))
    assert sum(a.layout == b.layout for a, b in neighbours) == 0
    assert sum(a.palette == b.palette for a, b in neighbours) == 0
    assert sum(a.typefaces[0] == b.typefaces[0] for a, b in neighbours) <= 1
    assert len({recipe.layout for recipe in recipes}) >= 12
    assert len({recipe.palette for recipe in recipes}) >= 25


def test_twenty_designs_are_twenty_pictures(shelf: list[Recipe]) -> None:
    tiny = []
    for recipe in shelf:
        image = pyvips.Image.pngload_buffer(render(recipe, typefaces(), small(TEE, 450), {}))
        tiny.append(image.resize(1 / 9).numpy()[..., 3].astype(float) / 255)
    distances = [np.abs(a - b).mean() for i, a in enumerate(tiny) for b in tiny[:i]]
    assert min(distances) > 0.04


# typefaces ---------------------------------------------------------------------------------------------------------


def test_every_face_is_open_and_recorded(shelf: list[Recipe]) -> None:
    assert {typefaces()[name].licence for name in FACES} <= set(OPEN_LICENCES)
    for recipe in shelf:
        assert set(recipe.typefaces) <= set(recipe.licences)
        assert all(typefaces()[face].licence == recipe.licences[face] for face in recipe.typefaces)


def test_every_mood_has_a_choice_of_pairings_and_layouts() -> None:
    for mood in Mood:
        assert sum(mood in pairing.moods for pairing in PAIRINGS) >= 4
        assert sum(mood in layout.moods for layout in LAYOUTS) >= 3


def test_missing_typefaces_name_the_mend(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="make setup"):
        load_typefaces(tmp_path)


def test_kerning_is_the_faces_own() -> None:
    face = typefaces()["playfair-display-900"]
    apart = face.length("A") + face.length("V")
    assert face.length("AV") < apart
