"""Textures of a worn print, as shapes to be cut from it: specks, cracks, streaks of a dry roller, a fading screen.

What belongs here: what is taken out of the ink. Each is about its own origin. Nothing here is finer than
FINEST_MM on the standard tee, so that a press can hold it; what a texture leaves of the ink is cleaned of crumbs where
layers are painted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import shapely

from pipeline.designs.chance import chance
from pipeline.designs.shapes import Point, Shape, dots, joined, line, polygon

FINEST_MM = 0.4
"""Least width of a speck or a crack, on the standard tee."""
UNITS_PER_MM = 10.5
"""Sheet units to a millimetre there, about: the sheet is 4000 wide."""
FINEST = FINEST_MM * UNITS_PER_MM


def wear(width: float, height: float, seed: int, count: int = 520, size: float = 1.0) -> Shape:
    """Specks and scratches scattered over a rectangle."""
    rng = chance(seed)
    specks = []
    for _ in range(count):
        x, y = rng.uniform(-width / 2, width / 2), rng.uniform(-height / 2, height / 2)
        r = min(width, height) * 0.0019 * size * rng.paretovariate(1.9)
        r = min(r, min(width, height) * 0.008)
        lean, squeeze = rng.uniform(0, math.tau), rng.uniform(0.25, 0.9)
        corners = 7
        points = []
        for i in range(corners):
            reach = r * rng.uniform(0.55, 1.2)
            px, py = reach * math.cos(math.tau * i / corners), reach * squeeze * math.sin(math.tau * i / corners)
            points.append(
                (x + px * math.cos(lean) - py * math.sin(lean), y + px * math.sin(lean) + py * math.cos(lean))
            )
        specks.append(polygon(points))
    return _held(specks)


def crackle(width: float, height: float, seed: int, cells: int = 260) -> Shape:
    """Cracks of an old thick print: parts of the edges between random cells, of uneven width."""
    rng = chance(seed)
    seeds = shapely.MultiPoint([
        (rng.uniform(-width / 2, width / 2), rng.uniform(-height / 2, height / 2)) for _ in range(cells)
    ])  # fmt: skip
    cracks = []
    for edge in shapely.get_parts(shapely.voronoi_polygons(seeds, only_edges=True)):
        (ax, ay), *_, (bx, by) = shapely.get_coordinates(edge)
        length = math.hypot(bx - ax, by - ay)
        if rng.random() < 0.55 or length > 0.3 * width or length < 4 * FINEST:
            continue
        cos, sin = (bx - ax) / length, (by - ay) / length
        points = []
        for i in range(7):
            t = i / 6
            stray = 0.05 * length * rng.uniform(-1, 1) * (0 < i < 6)
            along = t * length
            points.append((ax + along * cos - stray * sin, ay + along * sin + stray * cos))
        cracks.append(line(points, FINEST * rng.uniform(1.0, 2.1)))
    return joined(cracks)


def brushed(width: float, height: float, seed: int, count: int = 90) -> Shape:
    """Streaks of a dry roller: long thin lenses, all in one direction, in bundles."""
    rng = chance(seed)
    lean = math.radians(rng.choice((-8, -3, 4, 12)))
    streaks = []
    for _ in range(count // 6):
        x, y = rng.uniform(-width / 2, width / 2), rng.uniform(-height / 2, height / 2)
        for _ in range(6):
            length = width * rng.uniform(0.04, 0.2)
            half = FINEST * rng.uniform(0.7, 1.6)
            dx, dy = rng.gauss(0, 0.03) * width, rng.gauss(0, 0.02) * width
            cos, sin = math.cos(lean), math.sin(lean)
            lens = [(-length / 2, 0), (-length / 6, -half), (length / 4, -half), (length / 2, 0), (0, half)]
            streaks.append(polygon([(x + dx + a * cos - b * sin, y + dy + a * sin + b * cos) for a, b in lens]))
    return _held(streaks)


def faded(width: float, height: float, seed: int, columns: int = 62) -> Shape:
    """A screen of holes that grow towards the foot, as where the ink ran out."""
    rng = chance(seed)
    pitch = width / columns
    rows = int(height * 0.42 / (pitch * 0.87))
    wave = rng.uniform(0, math.tau)
    centres: list[Point] = []
    radii: list[float] = []
    for row in range(rows):
        for column in range(columns):
            x = -width / 2 + (column + 0.5 + (row % 2) / 2) * pitch
            start = 0.16 * math.sin(2.6 * math.tau * x / width + wave) + 0.1 * math.sin(7 * math.tau * x / width)
            radius = 0.36 * pitch * min(1.0, 1.15 * (row / rows - 0.12 - start))
            if 2 * radius >= FINEST * 1.4:
                centres.append((x, height / 2 - (rows - row) * pitch * 0.87))
                radii.append(radius)
    return dots(centres, radii)


def _held(pieces: Sequence[Shape]) -> Shape:
    """The pieces as one, without what is finer than FINEST."""
    thin = shapely.buffer(np.array(pieces), -FINEST / 2, quad_segs=2)
    return shapely.union_all(shapely.buffer(thin[~shapely.is_empty(thin)], FINEST / 2, quad_segs=2))
