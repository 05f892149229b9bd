"""Curves and boxes in inches, and the rasters they are drawn on.

What belongs here: geometry of the picture plane that every product shares. What does not: what a product looks like
(`products`), folds and light (`cloth`).

Coordinates: inches, x to the viewer's right, y down, from an origin that each product's frame names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float64]
"""Shape (n, 2): points in inches."""
Field = NDArray[np.float32]
"""Shape (rows, columns) over a raster; in inches where it is a height."""
Mask = NDArray[np.uint8]
"""Coverage 0 … 255, or light, over a raster."""

PICTURE_PX = 2000
"""Side of every picture."""


@dataclass(frozen=True)
class Box:
    """A rectangle, in inches."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Lower edge."""
        return self.top + self.height

    @property
    def centre(self) -> tuple[float, float]:
        """Middle."""
        return self.left + self.width / 2, self.top + self.height / 2


@dataclass(frozen=True)
class Frame:
    """How a product stands in its picture.

    Attributes:
        per_inch: Pixels of the full picture for an inch.
        origin: Where (0, 0) lies in the full picture, pixels.
    """

    per_inch: float
    origin: tuple[float, float]

    def px(self, points: Curve, scale: float = 1.0) -> Curve:
        """Points in inches → pixels of a picture `scale` times as large as the full one."""
        px: Curve = (points * self.per_inch + np.array(self.origin)) * scale
        return px


@dataclass(frozen=True)
class Raster:
    """A square picture plane of `side` pixels over the whole frame."""

    frame: Frame
    side: int = PICTURE_PX

    @property
    def scale(self) -> float:
        """Pixels of this raster for a pixel of the full picture."""
        return self.side / PICTURE_PX

    @property
    def per_inch(self) -> float:
        """Pixels for an inch."""
        return self.frame.per_inch * self.scale

    def px(self, points: Curve) -> Curve:
        """Points in inches → pixels of this raster."""
        return self.frame.px(points, self.scale)

    def grid(self) -> tuple[Field, Field]:
        """The coordinates (x, y; inches) of the pixels' centres."""
        at = (np.arange(self.side, dtype=np.float32) + 0.5) / np.float32(self.scale)
        x = (at - np.float32(self.frame.origin[0])) / np.float32(self.frame.per_inch)
        y = (at - np.float32(self.frame.origin[1])) / np.float32(self.frame.per_inch)
        return np.broadcast_to(x[None, :], (self.side, self.side)), np.broadcast_to(y[:, None], (self.side, self.side))

    def fill(self, outline: Curve) -> Mask:
        """The inside of an outline as coverage 0 … 255, antialiased by 4 × 4 samples."""
        fine = np.zeros((self.side * 4, self.side * 4), np.uint8)
        cv2.fillPoly(fine, [self._fixed(outline, 4)], (255,), cv2.LINE_8, 4)
        return u8(cv2.resize(fine, (self.side, self.side), interpolation=cv2.INTER_AREA))

    def stroke(self, lines: Sequence[Curve], width: float) -> Mask:
        """Lines of this width (inches) as coverage 0 … 255, antialiased."""
        drawn = np.zeros((self.side, self.side), np.uint8)
        thick = max(1, round(width * self.per_inch))
        cv2.polylines(drawn, [self._fixed(line, 1) for line in lines], False, (255,), thick, cv2.LINE_AA, 4)
        return drawn

    def scaled(self, field: Field) -> Field:
        """A field of another raster of the same frame, at this one's size."""
        if len(field) == self.side:
            return field
        how = cv2.INTER_CUBIC if self.side > len(field) else cv2.INTER_AREA
        return f32(cv2.resize(field, (self.side, self.side), interpolation=how))

    def _fixed(self, points: Curve, zoom: int) -> NDArray[np.int32]:
        at = self.frame.px(points, self.scale * zoom)
        return cast("NDArray[np.int32]", np.round((at - 0.5) * 16).astype(np.int32))


def bezier(*controls: tuple[float, float], n: int = 48) -> Curve:
    """A Bézier curve of any degree, sampled at n points (de Casteljau)."""
    t = np.linspace(0, 1, n)[:, None]
    points = [np.broadcast_to(np.array(c, float), (n, 2)) for c in controls]
    while len(points) > 1:
        points = [a + (b - a) * t for a, b in pairwise(points)]
    return points[0]


def mirrored(half: Curve) -> Curve:
    """A half curve that ends on the axis, continued to the other side."""
    return np.concatenate([half, half[-2::-1] * (-1, 1)])


def flip(curve: Curve) -> Curve:
    """The same curve on the other side."""
    return curve * (-1, 1)


def f32(array: object) -> Field:
    """The array as a field."""
    return cast("Field", np.asarray(array, np.float32))


def u8(array: object) -> Mask:
    """The array as a mask."""
    return cast("Mask", np.asarray(array, np.uint8))
