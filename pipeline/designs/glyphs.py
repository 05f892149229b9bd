"""Parts of a pictogram: its shadow, its engraving, its dots. Drawn as ornaments, in the pictogram's own units.

What belongs here: shapes made from one pictogram's outline. What does not: when they are used (`treatments`).
"""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise

import shapely

from pipeline.designs.pictograms import pictogram
from pipeline.designs.shapes import Point, Shape, common, cut, dots, joined, outset, polygon, transformed


@cache
def plumpness(name: str) -> float:
    """Mean thickness of the pictogram's strokes, in its units (512 to its height): 2 · area / perimeter."""
    shape = pictogram(name)
    return float(2 * shape.area / shape.length)


@cache
def icon_shade(name: str, x: float, y: float) -> Shape:
    """The part in shadow: what the pictogram, moved by −x, −y, no longer covers."""
    shape = pictogram(name)
    lit = transformed(shape, (1, 0, 0, 1, -x, -y))
    return outset(outset(cut(shape, lit), -2), 2)


@cache
def icon_drop(name: str, x: float, y: float) -> Shape:
    """The pictogram drawn out along x, y, as if cut from a thick board, with its face."""
    shape = pictogram(name)
    sides = []
    for ring in shapely.get_rings(shapely.get_parts(shape)):
        corners = shapely.get_coordinates(ring)
        for (a, b), (c, d) in pairwise(corners):
            if abs((c - a) * y - (d - b) * x) > 1e-6:
                sides.append(polygon([(a, b), (c, d), (c + x, d + y), (a + x, b + y)]))
    return joined([shape, transformed(shape, (1, 0, 0, 1, x, y)), *sides])


@cache
def icon_hatch(name: str, lines: int, degrees: float, weight: float = 0.62, margin: float = 16.0) -> Shape:
    """An engraver's strokes inside the pictogram: from nothing on its lit side to broad on the other.

    Args:
        name: of the pictogram.
        lines: that cross its box.
        degrees: their direction.
        weight: of the broadest stroke, in distances between strokes.
        margin: kept free along the pictogram's edge.
    """
    shape = pictogram(name)
    left, top, right, bottom = shape.bounds
    reach = math.hypot(right - left, bottom - top)
    pitch = reach / lines
    angle = math.radians(degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    strokes = []
    for i in range(lines):
        y = (i + 0.5) * pitch - reach / 2
        half = pitch * weight / 2
        stroke = [(-0.1 * reach, y), (0.52 * reach, y - half), (0.52 * reach, y + half)]
        strokes.append(polygon([(px * cos - py * sin, px * sin + py * cos) for px, py in stroke]))
    centre = (1, 0, 0, 1, (left + right) / 2, (top + bottom) / 2)
    found = common(outset(shape, -margin), transformed(joined(strokes), centre))
    return outset(outset(found, -2.2), 2.2)


@cache
def icon_dots(name: str, columns: int) -> Shape:
    """The pictogram as dots of a screen that grow towards its foot until they touch."""
    shape = pictogram(name)
    left, top, right, bottom = shape.bounds
    pitch = max(right - left, bottom - top) / columns
    rows = math.ceil((bottom - top) / (pitch * 0.87)) + 1
    centres: list[Point] = []
    radii: list[float] = []
    for row in range(rows):
        depth, shift = row / max(rows - 1, 1), (row % 2) / 2
        centres += [(left + (column + shift) * pitch, top + row * 0.87 * pitch) for column in range(columns + 1)]
        radii += [pitch * (0.24 + 0.4 * depth)] * (columns + 1)
    parts = shapely.get_parts(common(shape, dots(centres, radii)))
    return shapely.MultiPolygon(list(parts[shapely.area(parts) > math.pi * (0.15 * pitch) ** 2]))
