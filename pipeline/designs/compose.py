"""The composer: from a brief to a recipe, from a recipe to pixels. Pure, and the same for the same seed.

How it chooses. Candidates are the layouts that hold the phrase, the pairings with a voice the layout can use and a
glyph for every character, and the palettes readable on enough garments. Each is scored: 1 if it suits the mood, a
layout 0.3 more if it suits the format and 0.25 if it suits the niche, up to 0.7 by chance, less `NEIGHBOUR · FADE^n`
for each of the recent designs that has the same (n = 0 for the last one). So two designs in a row share a layout, a
palette or a lead typeface only where there is nothing else. What would put words below `SMALLEST_TEXT_MM` is passed
over for the next best.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pyvips
from pydantic import TypeAdapter

from pipeline.designs.blocks import Block, Desk
from pipeline.designs.chance import chance
from pipeline.designs.colours import FEWEST_GARMENTS, PALETTES, ROLES, WORD_ROLES, Palette, legibility
from pipeline.designs.layers import CUT, Layer, outline, painted
from pipeline.designs.layouts import LAYOUTS
from pipeline.designs.layouts.family import Layout
from pipeline.designs.pairings import PAIRINGS, Pairing
from pipeline.designs.pictograms import LICENCE, pictogram
from pipeline.designs.shapes import SVG_UNIT, Box, to_svg
from pipeline.designs.typefaces import Typefaces
from pipeline.models import Brief, GarmentColor, Mood, Recipe

ARTIST = "composer 1"
TEE = (4500, 5400, 300)
"""Width, height (pixels) and DPI of the standard tee's print file: 15 × 18 inches."""
MARGIN = 0.03
"""Of width and of height, kept free on every side."""
SMALLEST_TEXT_MM = 5.0
"""Height of the smallest line of words (its box: capitals, or the ink) on the standard tee."""
NEIGHBOUR, FADE = 3.0, 0.75
PNG_LEVEL = 4
"""Of zlib: 6 takes half as long again to make the file 6 % smaller."""
MAX_SIDE = 10**6
"""More pixels than any picture has: a bound that doesn't bind."""

FORMATS = {
    "crew department social_club badge": ("roundel", "patch", "varsity", "label", "ribbon"),
    "years_of since raised_on era": ("sunset", "varsity", "roundel", "groove", "echo"),
    "happy_place rather_be weekend season topic_place": ("park", "sunset", "icon", "arch"),
    "love_language therapy emotional_support gratitude letter best_wishes": ("swash", "quiet", "label", "arch"),
    "caution recipe will_work": ("stamp", "stack"),
    "powered_by topic_fuel topic_creature topic_thing icon": ("icon", "sunset", "arch", "patch"),
    "trio own_words text": ("stack", "swash", "groove"),
}
"""Beginnings of the names of formats → layouts that suit them."""
NICHES = {
    "hik camp ang fish garden plant bird ski star beach travel eco national": ("park", "sunset", "roundel", "patch"),
    "runner lift golf soccer pickleball cycl teach coach sport gym": ("varsity", "stack", "roundel"),
    "gam vinyl nostalg guitar drum develop music retro comput": ("sunset", "echo", "groove"),
    "book librar tea yog knit quilt mom grandma": ("quiet", "swash", "label", "arch"),
}
"""Beginnings of the names of niches → layouts that suit them."""
WORN = (Mood.BOLD, Mood.OUTDOORSY, Mood.RETRO, Mood.SPORTY, Mood.SPOOKY)
"""Moods in which one design in three is printed as if worn."""

_LAYERS = TypeAdapter(tuple[Layer, ...])


def compose(brief: Brief, recent: Sequence[Recipe], typefaces: Typefaces) -> Recipe:
    """The recipe of a design for the brief.

    Args:
        brief: what to draw.
        recent: recipes of the designs before it, the last one last.
        typefaces: every face that the pairings name.

    Raises:
        ValueError: a motif is no pictogram, a character has no glyph in any pairing, or the words can't be set legibly.
    """
    for motif in brief.motifs:
        pictogram(motif)
    rng = chance(brief.seed)
    palettes = _ranked(rng, PALETTES, lambda p: brief.mood in p.moods, recent, lambda p, r: p.name == r.palette)
    uncovered = True
    for layout, pairing in _candidates(brief, recent, rng):
        if not _covers(pairing, brief.phrase, typefaces):
            continue
        uncovered = False
        desk = Desk(typefaces, pairing)
        dice = chance(brief.seed, layout.name, pairing.name)
        block = layout.draw(desk, brief, dice)
        bounds = desk.bounds(layer for layer in block.layers if layer.ink != CUT)
        smallest = _smallest_text(desk, block) * _fit(bounds, *TEE[:2])[0] / TEE[2] * 25.4
        if smallest < SMALLEST_TEXT_MM:
            continue
        if layout.wears and brief.mood in WORN and dice.random() < 1 / 3:
            block = _worn(desk, block, bounds, dice)
        for palette in palettes:
            contrasts = legibility(*_inks(block.layers, palette), palette)
            if sum(offered for _, offered in contrasts.values()) >= FEWEST_GARMENTS:
                return _recipe(
                    brief=brief,
                    layout=layout,
                    pairing=pairing,
                    palette=palette,
                    block=block,
                    bounds=bounds,
                    smallest=smallest,
                    typefaces=typefaces,
                )
    if uncovered:
        covered = frozenset[str]().union(*(face.characters for face in typefaces.values()))
        missing = "".join(sorted(set(brief.phrase) - covered)) or "this mixture of characters"
        raise ValueError(f"phrase={brief.phrase!r}: no pairing of typefaces has glyphs for {missing!r}: reword it")
    raise ValueError(f"phrase={brief.phrase!r}: no layout sets it {SMALLEST_TEXT_MM} mm high: shorten its longest word")


def _worn(desk: Desk, block: Block, bounds: Box, rng: random.Random) -> Block:
    left, top, right, bottom = bounds
    wear = desk.ornament("wear", width=right - left, height=bottom - top, seed=rng.randrange(10**6)).knocked_out()
    return Block((*block.layers, *wear.moved((left + right) / 2, (top + bottom) / 2).layers), block.box)


def _recipe(
    *,
    brief: Brief,
    layout: Layout,
    pairing: Pairing,
    palette: Palette,
    block: Block,
    bounds: Box,
    smallest: float,
    typefaces: Typefaces,
) -> Recipe:
    faces = tuple(dict.fromkeys(layer.face for layer in block.layers if layer.kind == "text"))
    licences = {face: typefaces[face].licence for face in faces}
    licences |= {f"pictogram {layer.name}": LICENCE for layer in block.layers if layer.kind == "pictogram"}
    used = {layer.ink for layer in block.layers} - {CUT}
    return Recipe(
        artist=ARTIST,
        seed=brief.seed,
        layout=layout.name,
        palette=palette.name,
        typefaces=faces,
        prompt=brief.phrase,
        licences=licences,
        spec={
            "pairing": pairing.name,
            "mood": brief.mood.value,
            "inks": {role: palette.ink(role) for role in ROLES if role in used},
            "bounds": [round(edge, 2) for edge in bounds],
            "smallest_text_mm": round(smallest, 2),
            "layers": [layer.model_dump(mode="json", exclude_defaults=True) for layer in block.layers],
        },
    )


def _candidates(brief: Brief, recent: Sequence[Recipe], rng: random.Random) -> Iterator[tuple[Layout, Pairing]]:
    """Layouts with pairings, best first; at last those made for other phrases, so that any phrase finds one."""

    def suits(layout: Layout) -> float:
        form, niche = _listed(layout, FORMATS, brief.format), _listed(layout, NICHES, brief.niche)
        return (brief.mood in layout.moods) + 0.3 * form + 0.25 * niche

    layouts = _ranked(rng, LAYOUTS, suits, recent, lambda layout, recipe: layout.name == recipe.layout)
    layouts.sort(key=lambda layout: not layout.holds(brief))
    faces = _ranked(
        rng, PAIRINGS, lambda p: brief.mood in p.moods, recent, lambda p, r: p.lead == (r.typefaces or ("",))[0]
    )
    in_mood = [p for p in faces if brief.mood in p.moods]
    for few in (in_mood, faces):
        for layout in layouts:
            yield from ((layout, pairing) for pairing in few if pairing.voice in layout.voices)


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
    roles = {layer.ink for layer in layers if layer.kind == "text"} - {CUT}
    for i, layer in enumerate(layers):
        if layer.kind == "text" and layer.ink == CUT:
            roles |= {other.ink for other in layers[:i] if other.kind == "ornament" and other.ink in WORD_ROLES}
    words = {palette.ink(role) for role in roles}
    return words, {palette.ink(layer.ink) for layer in layers if layer.ink != CUT} - words


def garments(recipe: Recipe) -> dict[GarmentColor, tuple[float, bool]]:
    """Per garment, best first: the lowest contrast of the words on it, and whether the design is offered on it."""
    palette = next(p for p in PALETTES if p.name == recipe.palette)
    return legibility(*_inks(_LAYERS.validate_python(recipe.spec["layers"]), palette), palette)


def _fit(bounds: Box, width: int, height: int) -> tuple[float, float, float]:
    """Scale and shift that centre the bounds in the canvas, as large as the margin allows."""
    left, top, right, bottom = bounds
    scale = min(width * (1 - 2 * MARGIN) / (right - left), height * (1 - 2 * MARGIN) / (bottom - top))
    return scale, (width - scale * (left + right)) / 2, (height - scale * (top + bottom)) / 2


def svg(recipe: Recipe, typefaces: Typefaces, width: int, height: int) -> str:
    """The design as an SVG of filled outlines only, scaled to fit the canvas (pixels) and centred."""
    scale, x, y = _fit(tuple(recipe.spec["bounds"]), width, height)
    inks = recipe.spec["inks"]
    paths = "".join(
        f'<path fill="{inks[ink]}" fill-rule="evenodd" d="{to_svg(shape)}"/>'
        for ink, shape in painted(_LAYERS.validate_python(recipe.spec["layers"]), typefaces)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<g transform="translate({x:.3f} {y:.3f}) scale({scale * SVG_UNIT:.7f})">{paths}</g></svg>'
    )


def render(recipe: Recipe, typefaces: Typefaces, width: int, height: int, dpi: int) -> bytes:
    """The design as a transparent sRGB PNG of the canvas (pixels), with its resolution in the file."""
    image = pyvips.Image.svgload_buffer(svg(recipe, typefaces, width, height).encode(), unlimited=True)
    per_mm = dpi / 25.4
    return bytes(image.copy(xres=per_mm, yres=per_mm).pngsave_buffer(compression=PNG_LEVEL, filter="none"))


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
