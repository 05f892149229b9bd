"""Envelopes: text bent as a whole, by the place of each point in the box around its letters.

What belongs here: where points go. What does not: which text goes where (`pipeline.designs.layouts`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely

from pipeline.designs.ornaments import FIGURES
from pipeline.designs.shapes import Box, Points

SAMPLES = 401
"""Places at which a figure's edge is measured."""
LEAST_EDGE = 0.42
"""Height of a line's end to its greatest height, where the figure's edge closes in."""
SIDE = 1000.0
"""Radius that profiles are measured at."""


@dataclass(frozen=True)
class Profile:
    """How far a figure of radius 1 reaches.

    Attributes:
        y: rising, from its top to its bottom.
        left, right: least and greatest x at each y.
        x: rising, from its left to its right.
        top, bottom: least and greatest y at each x.
    """

    y: Points
    left: Points
    right: Points
    x: Points
    top: Points
    bottom: Points

    def width(self, y: float) -> tuple[float, float]:
        """Left and right end at a height."""
        return float(np.interp(y, self.y, self.left)), float(np.interp(y, self.y, self.right))


@cache
def profile(figure: str) -> Profile:
    """The profile of a figure by name."""
    shape = FIGURES[figure](SIDE)
    left, top, right, bottom = shape.bounds
    y = np.linspace(top, bottom, SAMPLES + 2)[1:-1]
    x = np.linspace(left, right, SAMPLES + 2)[1:-1]
    across = shapely.linestrings([[(left - 1, one), (right + 1, one)] for one in y])
    along = shapely.linestrings([[(one, top - 1), (one, bottom + 1)] for one in x])
    rows = shapely.bounds(shapely.intersection(shape, across)) / SIDE
    columns = shapely.bounds(shapely.intersection(shape, along)) / SIDE
    return Profile(y / SIDE, rows[:, 0], rows[:, 2], x / SIDE, columns[:, 1], columns[:, 3])


def upper_edge(figure: str, until: float) -> Points:
    """The figure's edge above a height, without the ends that come too near to it: shape (n, 2), left to right."""
    its = profile(figure)
    return _kept(its.x, its.top, until - its.top)


def lower_edge(figure: str, since: float) -> Points:
    """The figure's edge below a height, likewise."""
    its = profile(figure)
    return _kept(its.x, its.bottom, its.bottom - since)


def _kept(x: Points, y: Points, heights: Points) -> Points:
    far = np.flatnonzero(heights >= LEAST_EDGE * heights.max())
    return np.column_stack([x, y])[far[0] : far[-1] + 1]


def inside(points: Points, box: Box, *, figure: str, radius: float, upper: float | None, lower: float | None) -> Points:
    """A line of a text that fills a figure: every upright of the box becomes one from its upper to its lower edge.

    Args:
        points: of the letters, shape (n, 2).
        box: around the letters.
        figure: key of FIGURES.
        radius: of the figure.
        upper: height of the line's level upper edge, in radii; None: the figure's own edge.
        lower: of its lower edge, likewise.
    """
    above = _level(figure, upper) if upper is not None else upper_edge(figure, _given(lower))
    below = _level(figure, lower) if lower is not None else lower_edge(figure, _given(upper))
    left, top, right, bottom = box
    u, v = (points[:, 0] - left) / (right - left), ((points[:, 1] - top) / (bottom - top))[:, None]
    return radius * ((1 - v) * _along(above, u) + v * _along(below, u))


def _given(height: float | None) -> float:
    if height is None:
        raise ValueError("upper and lower are both missing: one line can't be bent to two edges")
    return height


def _level(figure: str, y: float) -> Points:
    left, right = profile(figure).width(y)
    return np.array([(left, y), (right, y)])


def _along(edge: Points, u: Points) -> Points:
    """Points of an edge at shares of its width."""
    x = edge[0, 0] + u * (edge[-1, 0] - edge[0, 0])
    return np.column_stack([x, np.interp(x, edge[:, 0], edge[:, 1])])


def split(points: Points, box: Box, *, gap: float) -> Points:
    """Letters parted along the middle of their height: what lies between is torn, to be cut by a band.

    Args:
        points: of the letters, shape (n, 2).
        box: around the letters.
        gap: between the halves, in units of the letters.
    """
    x, y = points.T
    return np.column_stack([x, y + np.where(y < (box[1] + box[3]) / 2, -gap / 2, gap / 2)])


def slope(points: Points, box: Box, *, rise: float, grow: float = 0.0) -> Points:
    """Uprights stay upright while the line climbs to the right, its letters taller towards its ends or its middle.

    Args:
        points: of the letters, shape (n, 2).
        box: around the letters.
        rise: of the whole line, in its widths.
        grow: share by which letters at the ends are taller than in the middle; negative: lower.
    """
    left, _, right, bottom = box
    u = (points[:, 0] - left) / (right - left)
    tall = 1 + grow * (2 * u - 1) ** 2
    y = bottom + (points[:, 1] - bottom) * tall - rise * (right - left) * (u - 0.5)
    return np.column_stack([points[:, 0], y])


ENVELOPES: dict[str, Callable[..., Points]] = {draw.__name__: draw for draw in (inside, split, slope)}
