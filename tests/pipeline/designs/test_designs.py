"""What a seller relies on: legible, inside the print area, repeatable, never the same twice."""

from __future__ import annotations

import math
import string
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pytest
import pyvips
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.designs.areas import AREAS, TEE, Area
from pipeline.designs.blocks import WIDTH, Block, Desk, around
from pipeline.designs.colours import (
    FEWEST_GARMENTS,
    GARMENTS,
    PALETTES,
    READABLE,
    VISIBLE,
    contrast,
    legibility,
)
from pipeline.designs.compose import SMALLEST_TEXT_MM, compose, garments, recompose, render, sketch, svg, thumbnail
from pipeline.designs.layers import Layer, Picture, painted
from pipeline.designs.layouts import LAYOUTS
from pipeline.designs.pairings import FACES, PAIRINGS
from pipeline.designs.pictograms import pictogram
from pipeline.models import Brief, Mood, Recipe, sha256
from resources.errors import PermanentError
from resources.settings import ROOT
from resources.typefaces import OPEN_LICENCES, load_typefaces, typefaces
from tests.pipeline.designs.briefs import PHRASES, SMALL_TEE, brief, series, small

pytestmark = pytest.mark.skipif(
    not (ROOT / "node_modules" / "@fontsource").is_dir(), reason="the typefaces are not installed: run `make setup`"
)


@pytest.fixture(scope="module")
def shelf() -> list[Recipe]:
    return series(20)


def pixels(png: bytes) -> NDArray[np.uint8]:
    """Shape (height, width, 4)."""
    return np.asarray(pyvips.Image.pngload_buffer(png), dtype=np.uint8)


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


# areas ---------------------------------------------------------------------------------------------------------------


def shown(recipe: Recipe) -> list[str]:
    """The lines of words, as set."""
    return [layer["name"] for layer in recipe.spec["layers"] if layer["kind"] == "text"]


@pytest.mark.parametrize("area", AREAS.values(), ids=AREAS)
def test_a_design_is_recognised_on_every_area(area: Area, shelf: list[Recipe]) -> None:
    kept = 0
    for recipe in shelf[:6]:
        again = recompose(recipe, typefaces(), area)
        kept += again.layout == recipe.layout
        assert again.palette == recipe.palette
        assert again.spec["pairing"] == recipe.spec["pairing"]
        assert again.seed == recipe.seed
        assert {garment for garment, (_, offered) in garments(recipe).items() if offered} <= {
            garment for garment, (_, offered) in garments(again).items() if offered
        }
        share = again.spec["smallest_text_mm"] / 25.4 * area.dpi / area.copy_width
        assert share >= 0.99 * SMALLEST_TEXT_MM / 25.4 * TEE.dpi / TEE.width
        heard = " ".join(shown(again)).casefold().replace(",", "")
        assert all(part.casefold().strip(",") in heard for part in recipe.prompt.split()), (recipe.layout, heard)
    assert kept >= 5


def test_words_are_broken_for_the_form_not_squeezed_into_it(shelf: list[Recipe]) -> None:
    tall, flat = (Area(name=name, width=w, height=h) for name, w, h in (("tall", 400, 800), ("flat", 800, 300)))
    few = shelf[:6]
    for recipe in few:
        for area in (tall, flat):
            for layer in (Layer.model_validate(x) for x in recompose(recipe, typefaces(), area).spec["layers"]):
                a, b, c, d, *_ = layer.matrix
                assert layer.kind != "text" or math.isclose(math.hypot(a, b), math.hypot(c, d), rel_tol=1e-6)
    assert sum(
        len(shown(recompose(recipe, typefaces(), tall))) > len(shown(recompose(recipe, typefaces(), flat)))
        for recipe in few
    ) >= 2  # fmt: skip


def test_the_same_area_gives_the_same_composition(shelf: list[Recipe]) -> None:
    mug = AREAS["mug"]
    assert all(recompose(r, typefaces(), TEE) == r for r in shelf[:2])
    assert [recompose(r, typefaces(), mug) for r in shelf[:2]] == [recompose(r, typefaces(), mug) for r in shelf[:2]]
    again = recompose(recompose(shelf[0], typefaces(), mug), typefaces(), TEE)
    assert again == shelf[0]


def test_a_layout_that_would_be_too_small_gives_way_and_the_recipe_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = compose(brief(*PHRASES[4]), [], typefaces())

    def tiny(desk: Desk, brief: Brief, rng: Random) -> Block:
        return around([desk.lead(brief.phrase).fit(WIDTH), desk.ornament("disc", radius=10 * WIDTH)])

    first = next(layout for layout in LAYOUTS if layout.name == recipe.layout)
    crowded = tuple(replace(one, draw=tiny) if one is first else one for one in LAYOUTS)
    monkeypatch.setattr("pipeline.designs.compose.LAYOUTS", crowded)
    again = recompose(recipe, typefaces(), AREAS["mug"])
    assert again.layout != recipe.layout
    assert again.palette == recipe.palette


def test_an_older_recipe_without_its_brief_is_scaled(shelf: list[Recipe]) -> None:
    old = shelf[2].model_copy(update={"spec": {k: v for k, v in shelf[2].spec.items() if k != "brief"}})
    check_inside(old, small(AREAS["hoodie"]))


def test_a_recipe_whose_layout_is_gone_names_it(shelf: list[Recipe]) -> None:
    with pytest.raises(ValueError, match="layout='gone'"):
        recompose(shelf[0].model_copy(update={"layout": "gone"}), typefaces(), AREAS["mug"])


def test_a_sticker_is_one_piece_with_a_white_border_and_no_holes(shelf: list[Recipe]) -> None:
    area = small(AREAS["sticker"], 450)
    border = area.border_mm / 25.4 * area.dpi
    for recipe in shelf[:6]:
        image = pixels(render(recipe, typefaces(), area, {}))
        solid = (image[..., 3] > 127).astype(np.uint8)
        assert cv2.connectedComponents(solid)[0] == 2
        assert cv2.connectedComponents(1 - np.pad(solid, 1))[0] == 2, "a hole"
        rim = (cv2.distanceTransform(solid, cv2.DIST_L2, 5) < border - 2) & (image[..., 3] == 255)
        assert (image[rim][:, :3] >= 250).all()


# pictures ------------------------------------------------------------------------------------------------------------


def painting(width: int, height: int) -> bytes:
    """A cut-out picture: a magenta ellipse, the colour of no palette."""
    canvas = np.zeros((height, width, 4), np.uint8)
    cv2.ellipse(canvas, (width // 2, height // 2), (width // 2 - 2, height // 2 - 2), 0, 0, 360, (255, 0, 255, 255), -1)
    return bytes(pyvips.Image.new_from_array(canvas, interpretation="srgb").pngsave_buffer())


PAINTED = painting(300, 240)
PICTURE = Picture(sha256=sha256(PAINTED), width=300, height=240)


@pytest.mark.parametrize("layout", [layout.name for layout in LAYOUTS if layout.takes_picture])
@pytest.mark.parametrize("area", ["tee", "mug"])
def test_a_picture_stands_where_the_pictogram_does(layout: str, area: str, monkeypatch: pytest.MonkeyPatch) -> None:
    only = tuple(one for one in LAYOUTS if one.name == layout)
    monkeypatch.setattr("pipeline.designs.compose.LAYOUTS", only)
    asked = brief("35 Years of|Fishing Trips", motifs="fish")
    recipe = compose(asked, [], typefaces(), PICTURE)
    form = small(AREAS[area], 450)
    image = pixels(render(recipe, typefaces(), form, {PICTURE.sha256: PAINTED})).astype(int)
    magenta = (abs(image - [255, 0, 255, 255]) < 8).all(axis=2)
    ys, xs = np.nonzero(magenta[:, : form.copy_width])
    wide, high = np.ptp(xs) + 1, np.ptp(ys) + 1
    assert wide / high == pytest.approx(300 / 240, rel=0.05), "squeezed or cropped"
    assert magenta.mean() > 0.01
    assert not any(layer["kind"] == "pictogram" for layer in recipe.spec["layers"])
    assert not any("pictogram" in thing for thing in recipe.licences)


def test_a_missing_picture_is_named() -> None:
    recipe = compose(brief(*PHRASES[6]), [], typefaces(), PICTURE)
    with pytest.raises(ValueError, match=f"picture {PICTURE.sha256} is missing"):
        render(recipe, typefaces(), SMALL_TEE, {})


def test_bytes_that_are_no_picture_are_named() -> None:
    recipe = compose(brief(*PHRASES[6]), [], typefaces(), PICTURE)
    with pytest.raises(ValueError, match=f"picture {PICTURE.sha256} is no picture"):
        render(recipe, typefaces(), SMALL_TEE, {PICTURE.sha256: b"not a picture"})


def test_a_sketch_is_the_design_without_its_words(shelf: list[Recipe]) -> None:
    for recipe in shelf[:8]:
        image = pyvips.Image.pngload_buffer(sketch(recipe, typefaces(), 256))
        assert (image.width, image.height, image.bands) == (256, 256, 3)
        inked = (image.numpy() < 250).any(axis=2).mean()
        assert 0.01 < inked < 0.95
        layers = [{**x, "name": "X"} if x["kind"] == "text" else x for x in recipe.spec["layers"]]
        reworded = recipe.model_copy(update={"spec": {**recipe.spec, "layers": layers}})
        assert sketch(reworded, typefaces(), 256) == sketch(recipe, typefaces(), 256)


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
    for recipe in shelf[:4]:
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


def repeated(recipes: list[Recipe], near: int, of: Callable[[Recipe], str]) -> float:
    """Share of the designs that have the same as one of the `near` before them."""
    seen = [of(recipe) for recipe in recipes]
    return sum(seen[i] in seen[max(0, i - near) : i] for i in range(len(seen))) / len(seen)


RATES: dict[str, tuple[int, float, Callable[[Recipe], str]]] = {
    "layout": (4, 0.03, lambda recipe: recipe.layout),
    "palette": (8, 0.03, lambda recipe: recipe.palette),
    "lead typeface": (3, 0.05, lambda recipe: recipe.typefaces[0]),
}
"""What must not repeat → within how many neighbours, in how many designs at most."""


@pytest.mark.slow
def test_neighbours_differ_over_three_hundred_briefs() -> None:
    recipes: list[Recipe] = []
    for i in range(300):
        recipes.append(compose(brief(*PHRASES[(7 * i) % 20], seed=5000 + i), recipes[-24:], typefaces()))
    rates = {name: repeated(recipes, near, of) for name, (near, _, of) in RATES.items()}
    print({name: f"{rate:.1%} within {RATES[name][0]}" for name, rate in rates.items()})
    assert all(rates[name] <= most for name, (_, most, _) in RATES.items()), rates


def test_neighbours_differ_over_fifty_briefs() -> None:
    recipes = series(50, start=1000)
    assert all(repeated(recipes, near, of) <= most for near, most, of in RATES.values())
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
