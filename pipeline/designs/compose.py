"""The composer: from a brief to a recipe, from a recipe to pixels. Pure, and the same for the same seed.

How it chooses. Candidates are the layouts that hold the phrase, the pairings with a voice the layout can use and a
glyph for every character, and the palettes readable on enough garments. Each is scored: 1 if it suits the mood, a
layout 0.3 more if it suits the format and 0.25 if it suits the niche, up to 0.7 by chance, less `NEIGHBOUR · FADE^n`
for each of the recent designs that has the same (n = 0 for the last one). So two designs in a row share a layout, a
palette or a lead typeface only where there is nothing else. What would put words below `SMALLEST_TEXT_MM` is passed
over for the next best.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import pyvips
from pydantic import TypeAdapter

from pipeline.designs.areas import TEE, Area
from pipeline.designs.blocks import Block, Desk
from pipeline.designs.chance import chance
from pipeline.designs.colours import (
    FEWEST_GARMENTS,
    PALETTES,
    ROLES,
    VISIBLE,
    WORD_ROLES,
    Palette,
    contrast,
    legibility,
)
from pipeline.designs.layers import CUT, PICTURE, Layer, Picture, outline, painted
from pipeline.designs.layouts import LAYOUTS
from pipeline.designs.layouts.family import Layout
from pipeline.designs.optical import weighted
from pipeline.designs.pairings import PAIRINGS, Pairing
from pipeline.designs.pictograms import LICENCE, pictogram
from pipeline.designs.rendering import die_cut, encoded, placed, raster, to_document
from pipeline.designs.shapes import Box, joined
from pipeline.designs.treatments import SHARE_WORN, WORN, treated, worn
from pipeline.designs.typefaces import Typefaces
from pipeline.models import Brief, GarmentColor, Recipe

ARTIST = "composer 2"
SMALLEST_TEXT_MM = 5.0
"""Height of the smallest line of words (its box: capitals, or the ink) on the standard tee.

Elsewhere it is the same share of the area's width: small things are read from nearer.
"""
SAME_FORM = 0.02
"""Areas whose ratios differ by less share a composition."""
SKETCH_MARGIN = 0.08
"""Of a sketch's side, kept white."""
WHITE = "#FFFFFF"
NEIGHBOUR, FADE = 3.0, 0.75
MAX_SIDE = 10**6
"""More pixels than any picture has: a bound that doesn't bind."""

FORMATS = {
    "crew department social_club badge": ("roundel", "patch", "varsity", "label", "ribbon"),
    "years_of since raised_on era": ("big_number", "stripes", "sunset", "varsity", "roundel", "groove", "echo"),
    "happy_place rather_be weekend season topic_place": ("park", "postage", "sunset", "icon", "arch"),
    "love_language therapy emotional_support gratitude letter best_wishes": (
        "handmade",
        "shaped",
        "swash",
        "quiet",
        "label",
        "arch",
    ),
    "caution recipe will_work": ("stamp", "stack"),
    "powered_by topic_fuel topic_creature topic_thing icon": ("icon", "collage", "split", "sunset", "arch", "patch"),
    "trio own_words text": ("collage", "handmade", "stack", "swash", "groove"),
}
"""Beginnings of the names of formats → layouts that suit them."""
NICHES = {
    "hik camp ang fish garden plant bird ski star beach travel eco national": (
        "postage",
        "park",
        "sunset",
        "roundel",
        "patch",
    ),
    "runner lift golf soccer pickleball cycl teach coach sport gym": ("varsity", "stack", "roundel"),
    "gam vinyl nostalg guitar drum develop music retro comput": ("stripes", "sunset", "echo", "groove"),
    "book librar tea yog knit quilt mom grandma": ("tarot", "outline", "quiet", "swash", "label", "arch"),
}
"""Beginnings of the names of niches → layouts that suit them."""
BEARING = ("stack", "quiet", "icon", "arch", "groove")
"""Layouts that can set any words at all, if not as well as others."""

_LAYERS = TypeAdapter(tuple[Layer, ...])


@dataclass(frozen=True)
class _Composition:
    """A brief composed for an area by one layout."""

    layout: Layout
    desk: Desk
    layers: tuple[Layer, ...]
    bounds: Box
    smallest: float
    """Height of the smallest line of words on the print, in mm."""

    @classmethod
    def of(
        cls, layout: Layout, pairing: Pairing, brief: Brief, typefaces: Typefaces, area: Area, picture: Picture | None
    ) -> _Composition | None:
        """None: its smallest words would be too small, or the layout has no place for the picture."""
        desk = Desk(typefaces, pairing, area.ratio, picture)
        block = layout.draw(desk, brief, chance(brief.seed, layout.name, pairing.name))
        block = replace(block, layers=treated(block.layers, brief.mood, chance(brief.seed, "treatment")))
        block = replace(block, layers=weighted(block.layers, block.width))
        if picture is not None and all(layer.kind != "picture" for layer in block.layers):
            return None
        bounds = desk.bounds(layer for layer in block.layers if layer.ink != CUT)
        smallest = _smallest_text(desk, block) * placed(bounds, area.room)[0] / area.dpi * 25.4
        if smallest < SMALLEST_TEXT_MM * (area.copy_width / area.dpi) / (TEE.width / TEE.dpi):
            return None
        dice = chance(brief.seed, layout.name, pairing.name, "wear")
        layers = block.layers
        if layout.wears and brief.mood in WORN and dice.random() < SHARE_WORN:
            layers = (*layers, worn(bounds, dice))
        return cls(layout, desk, layers, bounds, smallest)

    def offered(self, palette: Palette) -> frozenset[GarmentColor]:
        """Garments on which it is readable in the palette."""
        contrasts = legibility(*_inks(self.layers, palette), palette)
        return frozenset(garment for garment, (_, offered) in contrasts.items() if offered)


def compose(brief: Brief, recent: Sequence[Recipe], typefaces: Typefaces, picture: Picture | None = None) -> Recipe:
    """The recipe of a design for the brief, composed for the standard tee.

    Args:
        brief: what to draw.
        recent: recipes of the designs before it, the last one last.
        typefaces: every face that the pairings name.
        picture: a painter's picture, to be set in the place of the pictogram.

    Raises:
        ValueError: a motif is no pictogram, a character has no glyph in any pairing, or the words can't be set legibly.
    """
    for motif in brief.motifs:
        pictogram(motif)
    rng = chance(brief.seed)
    palettes = _ranked(
        rng, PALETTES, lambda p: p.suits(brief.mood, brief.occasion), recent, lambda p, r: p.name == r.palette
    )
    uncovered = True
    for layout, pairing in _candidates(brief, recent, rng, picture):
        if not _covers(pairing, brief.phrase, typefaces):
            continue
        uncovered = False
        composition = _Composition.of(layout, pairing, brief, typefaces, TEE, picture)
        if composition is None:
            continue
        for palette in palettes:
            if len(composition.offered(palette)) >= FEWEST_GARMENTS:
                return _recipe(brief, palette, composition)
    if uncovered:
        covered = frozenset[str]().union(*(face.characters for face in typefaces.values()))
        missing = "".join(sorted(set(brief.phrase) - covered)) or "this mixture of characters"
        raise ValueError(f"phrase={brief.phrase!r}: no pairing of typefaces has glyphs for {missing!r}: reword it")
    raise ValueError(f"phrase={brief.phrase!r}: no layout sets it {SMALLEST_TEXT_MM} mm high: shorten its longest word")


def recompose(recipe: Recipe, typefaces: Typefaces, area: Area) -> Recipe:
    """The same design composed anew for another area: same layout, typefaces, palette, motif and dice, other breaks.

    A layout that would set words too small there gives way to the next that suits the brief, which the recipe that is
    returned then names. A recipe without a brief, as older ones are, is returned as it is: it can only be scaled.

    Raises:
        ValueError: the recipe names a layout, pairing or palette that is gone, or no layout sets the words legibly.
    """
    spec = recipe.spec
    if "brief" not in spec or math.isclose(area.ratio, spec["ratio"], rel_tol=SAME_FORM):
        return recipe
    brief = Brief.model_validate(spec["brief"])
    picture = Picture.model_validate(spec["picture"]) if "picture" in spec else None
    pairing = _named("pairing", PAIRINGS, spec["pairing"])
    palette = _named("palette", PALETTES, recipe.palette)
    first = _named("layout", LAYOUTS, recipe.layout)
    offered = {garment for garment, (_, offered) in garments(recipe).items() if offered}
    siblings = (layout for layout, its in _candidates(brief, (), chance(brief.seed), picture) if its == pairing)
    for layout in chain((first,), siblings):
        composition = _Composition.of(layout, pairing, brief, typefaces, area, picture)
        if composition and composition.offered(palette) >= offered:
            return _recipe(brief, palette, composition)
    raise ValueError(f"phrase={brief.phrase!r}: no layout sets it legibly on the print area {area.name!r}: shorten it")


def _named(kind: str, things: Iterable[Any], name: str) -> Any:
    for thing in things:
        if thing.name == name:
            return thing
    raise ValueError(f"{kind}={name!r} of the recipe is gone: draw the design anew")


def _recipe(brief: Brief, palette: Palette, composition: _Composition) -> Recipe:
    layers, desk = composition.layers, composition.desk
    faces = tuple(dict.fromkeys(layer.face for layer in layers if layer.kind == "text"))
    licences = {face: desk.typefaces[face].licence for face in faces}
    licences |= {f"pictogram {layer.name}": LICENCE for layer in layers if layer.kind == "pictogram"}
    used = {layer.ink for layer in layers}
    return Recipe(
        artist=ARTIST,
        seed=brief.seed,
        layout=composition.layout.name,
        palette=palette.name,
        typefaces=faces,
        prompt=brief.phrase,
        licences=licences,
        spec={
            "brief": brief.model_dump(mode="json"),
            "pairing": desk.pairing.name,
            **({"picture": desk.picture.model_dump()} if desk.picture else {}),
            "ratio": round(desk.ratio, 4),
            "inks": {role: palette.ink(role) for role in ROLES if role in used},
            "bounds": [round(edge, 2) for edge in composition.bounds],
            "smallest_text_mm": round(composition.smallest, 2),
            "layers": [layer.model_dump(mode="json", exclude_defaults=True) for layer in layers],
        },
    )


def _candidates(
    brief: Brief, recent: Sequence[Recipe], rng: random.Random, picture: Picture | None
) -> Iterator[tuple[Layout, Pairing]]:
    """Layouts with pairings, best first: those that hold the phrase, then those of BEARING, so that any finds one."""

    def suits(layout: Layout) -> float:
        form, niche = _listed(layout, FORMATS, brief.format), _listed(layout, NICHES, brief.niche)
        return (brief.mood in layout.moods) + 0.3 * form + 0.25 * niche

    able = [layout for layout in LAYOUTS if layout.takes_picture or picture is None]
    layouts = _ranked(rng, able, suits, recent, lambda layout, recipe: layout.name == recipe.layout)
    layouts = [layout for layout in layouts if layout.holds(brief)] + [
        layout for layout in layouts if not layout.holds(brief) and layout.name in BEARING
    ]
    faces = _ranked(
        rng, PAIRINGS, lambda p: brief.mood in p.moods, recent, lambda p, r: p.lead == (r.typefaces or ("",))[0]
    )
    in_mood = [p for p in faces if brief.mood in p.moods]
    for few in (in_mood, faces):
        for layout in layouts:
            yield from ((layout, pairing) for pairing in few if layout.takes(pairing))


def _listed(layout: Layout, table: dict[str, tuple[str, ...]], name: str) -> bool:
    stems = (stem for stems, names in table.items() if layout.name in names for stem in stems.split())
    return any(name.casefold().startswith(stem) for stem in stems)


def _ranked(
    rng: random.Random,
    things: Iterable[Any],
    suits: Callable[[Any], float],
    recent: Sequence[Recipe],
    same: Callable[[Any, Recipe], bool],
) -> list[Any]:
    def score(thing: Any) -> float:
        repeats = sum(NEIGHBOUR * FADE**n for n, recipe in enumerate(reversed(recent)) if same(thing, recipe))
        return suits(thing) + 0.7 * rng.random() - repeats

    return sorted(things, key=score, reverse=True)


def _covers(pairing: Pairing, phrase: str, typefaces: Typefaces) -> bool:
    text = phrase + phrase.upper() + phrase.lower() + phrase.title()
    return all(typefaces[face].covers(text) for face in pairing.faces)


def _smallest_text(desk: Desk, block: Block) -> float:
    """Height of the smallest line of words, in sheet units: its capitals, or its ink if that is less."""
    heights: list[float] = []
    for layer in block.layers:
        if layer.kind == "text":
            letters = outline(Layer(kind="text", name=layer.name, ink="ink", face=layer.face), desk.typefaces).bounds
            heights.append(layer.scale * min(desk.typefaces[layer.face].cap_height, letters[3] - letters[1]))
    return min(heights)


def _inks(layers: Sequence[Layer], palette: Palette) -> tuple[set[str], set[str]]:
    """Inks that carry words, and the others. Words left open in a figure are carried by the figure's ink."""
    layers = [layer for layer in layers if layer.ink != PICTURE]
    roles = {layer.ink for layer in layers if layer.kind == "text"} - {CUT}
    for i, layer in enumerate(layers):
        if layer.kind == "text" and layer.ink == CUT:
            roles |= {other.ink for other in layers[:i] if other.kind == "ornament" and other.ink in WORD_ROLES}
    words = {palette.ink(role) for role in roles}
    return words, {palette.ink(layer.ink) for layer in layers if layer.ink != CUT} - words


def garments(recipe: Recipe) -> dict[GarmentColor, tuple[float, bool]]:
    """Per garment, best first: the lowest contrast of the words on it, and whether the design is offered on it.

    Only inks count: how a picture's own pixels look on a garment is measured in the print file, by its proof.
    """
    palette = next(p for p in PALETTES if p.name == recipe.palette)
    return legibility(*_inks(_layers(recipe), palette), palette)


def word_inks(recipe: Recipe) -> tuple[str, ...]:
    """The inks (#RRGGBB) that carry words: those that a proof holds to be read."""
    words, _ = _inks(_layers(recipe), _named("palette", PALETTES, recipe.palette))
    return tuple(sorted(words))


def picture_scale(recipe: Recipe, typefaces: Typefaces, area: Area) -> float:
    """Pixels of the area's print file that a pixel of the recipe's picture is wide, where it is largest.

    Raises:
        ValueError: it has no picture; or what `recompose` raises.
    """
    recipe = recompose(recipe, typefaces, area)
    shown = max(layer.scale for layer in _layers(recipe) if layer.kind == "picture")
    return shown * placed(tuple(recipe.spec["bounds"]), area.room)[0]


def svg(recipe: Recipe, typefaces: Typefaces, area: Area) -> str:
    """The recipe's own layers as an SVG of filled outlines only, for one copy on the area; pictures are left out."""
    planes = [plane for plane in painted(_layers(recipe), typefaces) if plane.layer.ink != PICTURE]
    shapes = [(recipe.spec["inks"][plane.layer.ink], plane.shape) for plane in planes]
    return to_document(shapes, placed(tuple(recipe.spec["bounds"]), area.room), area.copy_width, area.height)


def render(recipe: Recipe, typefaces: Typefaces, area: Area, pictures: Mapping[str, bytes]) -> bytes:
    """The design, composed for the area, as a transparent sRGB PNG of it, with its resolution in the file.

    Args:
        recipe: of the design, as composed for any area.
        typefaces: every face that the pairings name.
        area: what to fill.
        pictures: SHA-256 → PNG of every picture layer.

    Raises:
        ValueError: a picture is missing or can't be read; or what `recompose` raises.
    """
    recipe = recompose(recipe, typefaces, area)
    matrix = placed(tuple(recipe.spec["bounds"]), area.room)
    planes = painted(_layers(recipe), typefaces)
    image = raster(planes, recipe.spec["inks"], matrix, area.copy_width, area.height, pictures)
    if area.border_mm:
        image = die_cut(image, area.border_mm / 25.4 * area.dpi, _ground(recipe))
    return encoded(image, area)


def _ground(recipe: Recipe) -> str:
    """The colour that a sticker is printed on: white if its words can be read on it, else its best garment's."""
    offered = [garment.hex for garment, (_, offered) in garments(recipe).items() if offered]
    return WHITE if WHITE in offered else offered[0]


def sketch(recipe: Recipe, typefaces: Typefaces, side: int) -> bytes:
    """The design without its words as a square PNG on white, for a painter to start from.

    Ink that can't be seen on white is drawn in the colour of the design's best garment.

    Args:
        recipe: of the design; pictures in it are left out.
        typefaces: every face that the pairings name.
        side: pixels.
    """
    shapes = [layer for layer in _layers(recipe) if layer.kind not in ("text", "picture") and layer.name != "wear"]
    if all(layer.kind != "pictogram" for layer in shapes):
        shapes = [Layer(kind="pictogram", name=recipe.spec["brief"]["motifs"][0], ink="ink")]
    dark = next(iter(garments(recipe))).hex
    palette = _named("palette", PALETTES, recipe.palette)
    inks = {role: hexa if contrast(hexa := palette.ink(role), WHITE) >= VISIBLE else dark for role in ROLES}
    planes = painted(shapes, typefaces)
    bounds = tuple(joined(plane.shape for plane in planes).bounds)
    edge = SKETCH_MARGIN * side
    matrix = placed(bounds, (edge, edge, side - edge, side - edge))
    image = raster(planes, inks, matrix, side, side, {})
    return bytes(image.flatten(background=[255, 255, 255]).pngsave_buffer(compression=4))


def _layers(recipe: Recipe) -> tuple[Layer, ...]:
    return _LAYERS.validate_python(recipe.spec["layers"])


def thumbnail(png: bytes, width: int, background: str) -> bytes:
    """A small JPEG of the print file on a garment's colour.

    Args:
        png: the print file.
        width: of the thumbnail, in pixels.
        background: `#RRGGBB`.
    """
    small = pyvips.Image.thumbnail_buffer(png, width, height=MAX_SIDE)
    colour = [int(background[i : i + 2], 16) for i in (1, 3, 5)]
    return bytes(small.flatten(background=colour).jpegsave_buffer(Q=86, keep="none"))
