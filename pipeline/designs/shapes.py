"""Plane geometry of filled areas: move, join, cut, outset, bend. All units are those of the caller; y grows down.

Curves become polygons at once, with an error of at most `FLATNESS`: from then on every operation is exact and robust.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from fontTools.pens.basePen import BasePen
from fontTools.svgLib.path import parse_path
from numpy.typing import NDArray
from shapely.affinity import affine_transform

Point = tuple[float, float]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""
Matrix = tuple[float, float, float, float, float, float]
"""a, b, c, d, e, f of the SVG affine matrix: x' = a·x + c·y + e, y' = b·x + d·y + f."""
Points = NDArray[np.float64]
"""Shape (n, 2)."""

IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
FLATNESS = 0.1
"""Greatest distance of a curve from the polygon that stands for it, where a letter is 700 units high."""
SVG_UNIT = 0.1
"""The unit in which an SVG path is written, in the shape's: whole numbers are written and read the fastest."""
ROUND = 24
"""Segments to a quarter of a circle."""

Shape = Any
"""A `shapely` polygon or multipolygon (the library has no types)."""


def compose_matrices(outer: Matrix, inner: Matrix) -> Matrix:
    """The matrix that applies `inner`, then `outer`."""
    a, b, c, d, e, f = outer
    p, q, r, s, t, u = inner
    return (a * p + c * q, b * p + d * q, a * r + c * s, b * r + d * s, a * t + c * u + e, b * t + d * u + f)


def transformed(shape: Shape, matrix: Matrix) -> Shape:
    """The shape under an affine matrix."""
    a, b, c, d, e, f = matrix
    return affine_transform(shape, (a, c, b, d, e, f))


def polygon(points: Sequence[Point]) -> Shape:
    """A closed polygon."""
    return shapely.Polygon(points)


def rectangle(left: float, top: float, right: float, bottom: float, radius: float = 0.0) -> Shape:
    """A rectangle, with rounded corners where a radius is given."""
    r = min(radius, (right - left) / 2, (bottom - top) / 2)
    if r <= 0:
        return shapely.box(left, top, right, bottom)
    corners = [(x, y) for x in (left + r, right - r) for y in (top + r, bottom - r)]
    return shapely.MultiPoint(corners).convex_hull.buffer(r, quad_segs=ROUND)


def circle(x: float, y: float, radius: float) -> Shape:
    """A disc."""
    return shapely.Point(x, y).buffer(radius, quad_segs=3 * ROUND)


def dots(centres: Sequence[Point], radii: Sequence[float]) -> Shape:
    """Small discs."""
    return shapely.union_all(shapely.buffer(shapely.points(np.array(centres)), np.array(radii), quad_segs=6))


def joined(shapes: Iterable[Shape]) -> Shape:
    """All the shapes as one; overlaps are filled once."""
    return shapely.union_all(list(shapes))


def cut(shape: Shape, knife: Shape) -> Shape:
    """The shape without the knife's area."""
    return shapely.difference(shape, knife)


def common(shape: Shape, other: Shape) -> Shape:
    """The area that both cover."""
    return _areas(shapely.intersection(shape, other))


def without_specks(shape: Shape, area: float) -> Shape:
    """The shape without the parts that are smaller than an area."""
    parts = shapely.get_parts(shape)
    kept = parts[shapely.area(parts) >= area]
    return shape if len(kept) == len(parts) else shapely.MultiPolygon(list(kept))


def stroked(shape: Shape, width: float) -> Shape:
    """The line along the shape's edge, half inside and half outside, with round joins."""
    return shapely.boundary(shape).buffer(width / 2, quad_segs=8)


def line(points: Sequence[Point], width: float) -> Shape:
    """A stroke through the points, with round ends."""
    return shapely.LineString(points).buffer(width / 2, quad_segs=8)


def outset(shape: Shape, margin: float) -> Shape:
    """The shape grown by a margin on all sides; a negative margin shrinks it."""
    return shape.buffer(margin, quad_segs=12) if margin else shape


def bent(shape: Shape, bend: Callable[[Points], Points], step: float) -> Shape:
    """The shape with every point moved by `bend`; edges longer than `step` are divided first, so that they curve."""
    return shapely.make_valid(shapely.transform(shapely.segmentize(shape, step), bend))


def to_svg(shape: Shape) -> str:
    """The `d` attribute of the shape, for the even-odd rule, in whole `SVG_UNIT`s."""
    rings = shapely.get_rings(shapely.get_parts(shape))
    return "".join(f"M{' '.join(map(str, _in_units(ring)))}Z" for ring in rings)


def _in_units(ring: Shape) -> list[int]:
    corners: Points = shapely.get_coordinates(ring)[:-1]
    found: list[int] = np.rint(corners / SVG_UNIT).astype(int).ravel().tolist()
    return found


def from_svg(path: str) -> Shape:
    """The shape of the `d` attribute of an SVG path."""
    pen = Flattener()
    parse_path(path, pen)
    return pen.shape()


class Flattener(BasePen):  # type: ignore[misc]  # fontTools has no types
    """A pen that collects contours as polygons."""

    def __init__(self) -> None:
        super().__init__(None)
        self._contours: list[list[Point]] = []

    def _moveTo(self, pt: Point) -> None:  # noqa: N802 - fontTools' names
        self._contours.append([pt])

    def _lineTo(self, pt: Point) -> None:  # noqa: N802
        self._contours[-1].append(pt)

    def _qCurveToOne(self, pt1: Point, pt2: Point) -> None:  # noqa: N802
        self._bezier(np.array([self._getCurrentPoint(), pt1, pt2], float))

    def _curveToOne(self, pt1: Point, pt2: Point, pt3: Point) -> None:  # noqa: N802
        self._bezier(np.array([self._getCurrentPoint(), pt1, pt2, pt3], float))

    def _bezier(self, knots: Points) -> None:
        """Points along a Bézier curve, as many as Wang's formula asks for."""
        degree = len(knots) - 1
        bow = float(np.abs(np.diff(knots, n=2, axis=0)).max())
        n = max(1, math.ceil(math.sqrt(degree * (degree - 1) * bow * math.sqrt(2) / (8 * FLATNESS))))
        t = np.linspace(0, 1, n + 1)[1:, None]
        while len(knots) > 1:  # de Casteljau, for all t at once
            knots = [a + (b - a) * t for a, b in pairwise(knots)]  # type: ignore[assignment]
        self._contours[-1].extend((float(x), float(y)) for x, y in knots[0])

    def shape(self) -> Shape:
        """What the contours fill by the non-zero rule."""
        rings = [np.array([*contour, contour[0]]) for contour in self._contours if len(contour) > 2]
        edges = shapely.node(shapely.MultiLineString(rings))
        faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(edges)))
        return shapely.union_all([face for face in faces if sum(_winding(ring, face) for ring in rings)])


def _winding(ring: Points, face: Shape) -> int:
    """How often the closed ring goes round the inside of the face: edges that cross a ray to the right, signed."""
    spot = face.representative_point()
    (x0, y0), (x1, y1) = ring[:-1].T, ring[1:].T
    upward, downward = (y0 <= spot.y) & (y1 > spot.y), (y0 > spot.y) & (y1 <= spot.y)
    side = (x1 - x0) * (spot.y - y0) - (spot.x - x0) * (y1 - y0)
    return int((upward & (side > 0)).sum() - (downward & (side < 0)).sum())


def _areas(shape: Shape) -> Shape:
    """Without the points and lines that an intersection may leave."""
    return shapely.union_all([part for part in shapely.get_parts(shape) if part.geom_type.endswith("Polygon")])
