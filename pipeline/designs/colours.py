"""Inks, garments, and whether one can be read on the other.

Contrast is that of WCAG 2.2 (relative luminance, success criteria 1.4.3 and 1.4.11). Printed words here are far above
"large text" (18 pt), for which, as for graphics, level AA asks 3 : 1: `READABLE`. Ornament that carries no words need
only be seen: `VISIBLE`.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files

from pydantic import Field, TypeAdapter

from pipeline.models import GarmentColor, Model, Mood

READABLE = 3.0
"""Smallest contrast of any ink that carries words, against a garment the design is offered on."""
VISIBLE = 1.4
"""Smallest contrast of any other ink."""
FEWEST_GARMENTS = 5
"""A design is offered on at least this many colours."""


class Palette(Model):
    """Two to four inks. The first two carry words; the others ornament only."""

    name: str
    inks: tuple[str, ...] = Field(min_length=2, max_length=4)
    moods: tuple[Mood, ...]
    garments: tuple[str, ...] = Field(description="what it looks best on, best first")
    occasions: tuple[str, ...] = Field(default=(), description="words in the names of occasions that it is made for")

    def suits(self, mood: Mood, occasion: str | None) -> float:
        """1 if it suits the mood, 0.6 more if it is made for the occasion."""
        made_for = any(word in (occasion or "").casefold() for word in self.occasions)
        return (mood in self.moods) + 0.6 * made_for

    def ink(self, role: str) -> str:
        """The hex of a role; a palette without the role's own ink lends an earlier one."""
        return self.inks[ROLES.index(role) % len(self.inks)]


ROLES = ("ink", "accent", "third", "fourth")
WORD_ROLES = ROLES[:2]


def luminance(hexadecimal: str) -> float:
    """WCAG relative luminance of an sRGB colour `#RRGGBB`, 0 … 1."""
    channels = (int(hexadecimal[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio of two colours, 1 … 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def legibility(
    words: Iterable[str], ornaments: Iterable[str], palette: Palette
) -> dict[GarmentColor, tuple[float, bool]]:
    """Per garment the lowest contrast of an ink that carries words, and whether the design may be offered on it.

    Args:
        words: inks (hex) that carry words; at least one.
        ornaments: the other inks (hex).
        palette: its favourite garments come first, then the others by contrast.
    """
    words, ornaments = set(words), set(ornaments)
    rows = []
    for garment in GARMENTS:
        lowest = min(contrast(ink, garment.hex) for ink in words)
        seen = all(contrast(ink, garment.hex) >= VISIBLE for ink in ornaments)
        rows.append((garment, lowest, lowest >= READABLE and seen))
    favourites = palette.garments

    def rank(row: tuple[GarmentColor, float, bool]) -> tuple[int, float]:
        name = row[0].name
        return (favourites.index(name) if name in favourites else len(favourites), -row[1])

    return {garment: (lowest, offered) for garment, lowest, offered in sorted(rows, key=rank)}


def _data(name: str) -> str:
    return (files("pipeline.designs") / name).read_text()


GARMENTS: tuple[GarmentColor, ...] = TypeAdapter(tuple[GarmentColor, ...]).validate_json(_data("garments.json"))
PALETTES: tuple[Palette, ...] = TypeAdapter(tuple[Palette, ...]).validate_json(_data("palettes.json"))
