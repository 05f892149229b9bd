"""Treatments of a composed design: how a flat pictogram gets depth, and how a print is worn.

What belongs here: layers put in the place of others, or over them, by mood. What does not: their shapes (`glyphs`,
`textures`), where things stand (`pipeline.designs.layouts`).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

from pipeline.designs.glyphs import plumpness
from pipeline.designs.layers import CUT, Layer
from pipeline.designs.pictograms import pictogram
from pipeline.designs.shapes import Box
from pipeline.models import Mood

SMALLEST = 480.0
"""Sheet units in which a pictogram must be high to be treated."""
THINNEST = 44.0
"""Plumpness below which a pictogram has no room for a second outline."""

WORN = (Mood.BOLD, Mood.OUTDOORSY, Mood.RETRO, Mood.SPORTY, Mood.SPOOKY)
"""Moods in which some designs are printed as if worn."""
SHARE_WORN = 0.4
"""Of the designs that could be."""

KINDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("wear", {}),
    ("wear", {"count": 900, "size": 1.15}),
    ("crackle", {}),
    ("brushed", {}),
    ("faded", {}),
)
"""Ornaments that wear a print, with how."""

Treatment = Callable[[Layer, str], tuple[Layer, ...]]
"""From the pictogram's layer and the other ink to the layers that take its place."""


def flat(layer: Layer, other: str) -> tuple[Layer, ...]:
    """As it is."""
    del other
    return (layer,)


def shaded(layer: Layer, other: str) -> tuple[Layer, ...]:
    """Its right and lower side in the other ink."""
    return layer, _part(layer, "icon_shade", other, x=26, y=26)


def engraved(layer: Layer, other: str) -> tuple[Layer, ...]:
    """Strokes of an engraver cut from its shadow side."""
    del other
    return layer, _part(layer, "icon_hatch", CUT, lines=26, degrees=35)


def dotted(layer: Layer, other: str) -> tuple[Layer, ...]:
    """A screen of growing dots inside an outline."""
    del other
    return layer.model_copy(update={"line": 15 * layer.scale}), _part(layer, "icon_dots", layer.ink, columns=20)


def offset(layer: Layer, other: str) -> tuple[Layer, ...]:
    """The colour beside its outline, as where a press was not in register."""
    fill = layer.under((1, 0, 0, 1, 20 * layer.scale, 20 * layer.scale))
    edge = layer.model_copy(update={"ink": other, "line": 13 * layer.scale})
    return fill, edge


def dropped(layer: Layer, other: str) -> tuple[Layer, ...]:
    """A thick edge in the other ink behind it, with a gap between."""
    return (
        _part(layer, "icon_drop", other, x=34, y=34),
        layer.model_copy(update={"ink": CUT, "grow": 9 * layer.scale}),
        layer,
    )


def ringed(layer: Layer, other: str) -> tuple[Layer, ...]:
    """A line around it in the other ink, like the edge of a sticker."""
    return (
        layer.model_copy(update={"ink": other, "grow": 42 * layer.scale}),
        layer.model_copy(update={"ink": CUT, "grow": 22 * layer.scale}),
        layer,
    )


def inlined(layer: Layer, other: str) -> tuple[Layer, ...]:
    """A fine line cut along the inside of its edge."""
    del other
    return layer, layer.model_copy(update={"ink": CUT, "grow": -22 * layer.scale, "line": 9 * layer.scale})


def contoured(layer: Layer, other: str) -> tuple[Layer, ...]:
    """Its outline alone."""
    del other
    return (layer.model_copy(update={"line": 15 * layer.scale, "grow": -7 * layer.scale}),)


NEEDS_BODY = frozenset({dotted, offset, inlined, contoured, engraved})
"""Treatments that thin pictograms are spared."""

BY_MOOD: dict[Mood, tuple[Treatment, ...]] = {
    Mood.BOLD: (dropped, inlined, shaded, flat),
    Mood.PLAYFUL: (ringed, offset, shaded, dotted, dropped),
    Mood.COZY: (shaded, engraved, offset, flat),
    Mood.RETRO: (offset, dotted, dropped, shaded),
    Mood.ELEGANT: (contoured, inlined, engraved, flat),
    Mood.OUTDOORSY: (engraved, shaded, offset, flat),
    Mood.FESTIVE: (shaded, ringed, offset),
    Mood.SPOOKY: (engraved, dropped, offset),
    Mood.MINIMAL: (contoured, flat, engraved),
    Mood.SPORTY: (inlined, dropped, shaded),
    Mood.NERDY: (offset, dotted, inlined, dropped),
    Mood.HEARTFELT: (shaded, engraved, offset, flat),
}


def treated(layers: Iterable[Layer], mood: Mood, rng: random.Random) -> tuple[Layer, ...]:
    """The layers with every large pictogram that prints as a plain silhouette given the same treatment."""
    chosen = rng.choice(BY_MOOD[mood])
    found: list[Layer] = []
    for layer in layers:
        treatment = chosen if _suits(layer, chosen) else flat
        found += treatment(layer, "third" if layer.ink == "accent" else "accent")
    return tuple(found)


def _suits(layer: Layer, treatment: Treatment) -> bool:
    if layer.kind != "pictogram" or layer.ink == CUT or layer.grow or layer.line:
        return False
    _, top, _, bottom = pictogram(layer.name).bounds
    if (bottom - top) * layer.scale < SMALLEST:
        return False
    return treatment not in NEEDS_BODY or plumpness(layer.name) >= THINNEST


def _part(layer: Layer, name: str, ink: str, **params: Any) -> Layer:
    return Layer(kind="ornament", name=name, ink=ink, params={"name": layer.name, **params}, matrix=layer.matrix)


def worn(bounds: Box, rng: random.Random) -> Layer:
    """A texture over all of a design, to be cut from it."""
    left, top, right, bottom = bounds
    name, how = rng.choice(KINDS)
    return Layer(
        kind="ornament",
        name=name,
        ink=CUT,
        params={"width": right - left, "height": bottom - top, "seed": rng.randrange(10**6), **how},
        matrix=(1, 0, 0, 1, (left + right) / 2, (top + bottom) / 2),
    )
