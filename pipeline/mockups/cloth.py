"""How cloth lies and takes the light: height fields made of folds, and the light on them.

What belongs here: fields over a raster (noise, folds, hollows, volumes) and their shading. What does not: which
folds a tee has, and where (`tee`).

A field is float32 of shape (side, side), in inches where it is a height. A `Raster` knows where its pixels lie on
the shirt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.mockups.pattern import FRAME_PX, ORIGIN_PX, PX_PER_INCH, Curve, to_px

Field = NDArray[np.float32]
Mask = NDArray[np.uint8]


@dataclass(frozen=True)
class Raster:
    """A square picture plane of `side` pixels over the whole frame."""

    side: int

    @property
    def scale(self) -> float:
        """Pixels of this raster for a pixel of the full picture."""
        return self.side / FRAME_PX

    @property
    def per_inch(self) -> float:
        """Pixels for an inch."""
        return PX_PER_INCH * self.scale

    def grid(self) -> tuple[Field, Field]:
        """The shirt's coordinates (x, y; inches) at the pixels' centres."""
        at = (np.arange(self.side, dtype=np.float32) + 0.5) / np.float32(self.scale)
        x = (at - np.float32(ORIGIN_PX[0])) / np.float32(PX_PER_INCH)
        y = (at - np.float32(ORIGIN_PX[1])) / np.float32(PX_PER_INCH)
        return np.broadcast_to(x[None, :], (self.side, self.side)), np.broadcast_to(y[:, None], (self.side, self.side))

    def fill(self, outline: Curve) -> Mask:
        """The inside of an outline as coverage 0 … 255, antialiased by 4 × 4 samples."""
        fine = np.zeros((self.side * 4, self.side * 4), np.uint8)
        cv2.fillPoly(fine, [self._fixed(outline, 4)], (255,), cv2.LINE_8, 4)
        return _u8(cv2.resize(fine, (self.side, self.side), interpolation=cv2.INTER_AREA))

    def stroke(self, lines: Sequence[Curve], width: float) -> Mask:
        """Lines of this width (inches) as coverage 0 … 255, antialiased."""
        drawn = np.zeros((self.side, self.side), np.uint8)
        thick = max(1, round(width * self.per_inch))
        cv2.polylines(drawn, [self._fixed(line, 1) for line in lines], False, (255,), thick, cv2.LINE_AA, 4)
        return drawn

    def _fixed(self, points: Curve, zoom: int) -> NDArray[np.int32]:
        return cast("NDArray[np.int32]", np.round((to_px(points, self.scale * zoom) - 0.5) * 16).astype(np.int32))


def blur(field: Field, sigma_x: float, sigma_y: float | None = None) -> Field:
    """Gaussian blur, sigmas in pixels; a wide one is done on a smaller copy."""
    sigma_y = sigma_x if sigma_y is None else sigma_y
    shrink = max(1, int(min(sigma_x, sigma_y) // 4))
    small = field
    if shrink > 1:
        size = (max(2, field.shape[1] // shrink), max(2, field.shape[0] // shrink))
        small = _f32(cv2.resize(field, size, interpolation=cv2.INTER_AREA))
    small = _f32(cv2.GaussianBlur(small, (0, 0), sigma_x / shrink, sigmaY=sigma_y / shrink))
    if shrink > 1:
        small = _f32(cv2.resize(small, field.shape[::-1], interpolation=cv2.INTER_CUBIC))
    return small


def noise(rng: np.random.Generator, raster: Raster, along_x: float, along_y: float) -> Field:
    """Smooth noise of mean 0 and deviation 1, with grains of these sizes in inches."""
    raw = rng.standard_normal((raster.side, raster.side), dtype=np.float32)
    smooth = blur(raw, along_x * raster.per_inch, along_y * raster.per_inch)
    return _f32((smooth - smooth.mean()) / smooth.std())


def warp(field: Field, dx: Field, dy: Field) -> Field:
    """The field read at places moved by (dx, dy) pixels."""
    y, x = np.indices(field.shape, dtype=np.float32)
    return _f32(cv2.remap(field, x + dx, y + dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def fold(height: Field, raster: Raster, path: Curve, *, width: float, depth: float, lean: float = 0.5) -> None:
    """Add one fold to a height field, in place.

    A fold is a ridge with a sharper valley on one side: pulled cloth rises, then tucks under. It is widest where it
    begins and runs out to nothing.

    Args:
        height: The field that is added to, inches.
        raster: Its raster.
        path: The fold's crest, from where the cloth is held to where the fold dies.
        width: Half width at its beginning, inches.
        depth: Height of the ridge, inches.
        lean: How much of the ridge is answered by the valley to the right of the path: 0 … 1.
    """
    points = to_px(path, raster.scale).astype(np.float32)
    reach = width * raster.per_inch * 4
    low = np.maximum(np.floor(points.min(0) - reach), 0).astype(int)
    high = np.minimum(np.ceil(points.max(0) + reach), raster.side).astype(int)
    if (high <= low).any():
        return
    ys, xs = np.mgrid[low[1] : high[1], low[0] : high[0]].astype(np.float32)
    off_x, off_y = xs[..., None] - points[:, 0], ys[..., None] - points[:, 1]
    nearest = (off_x**2 + off_y**2).argmin(axis=2)
    tangent = np.gradient(points, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    ox = np.take_along_axis(off_x, nearest[..., None], 2)[..., 0]
    oy = np.take_along_axis(off_y, nearest[..., None], 2)[..., 0]
    across = tangent[nearest, 0] * oy - tangent[nearest, 1] * ox
    beyond = np.abs(tangent[nearest, 0] * ox + tangent[nearest, 1] * oy)
    t = nearest.astype(np.float32) / (len(points) - 1)
    strength = np.clip(t / 0.12, 0, 1) ** 0.7 * (1 - t) ** 1.2
    breadth = width * raster.per_inch * (0.55 + 0.6 * t)
    ridge = np.exp(-((across / breadth) ** 2))
    valley = np.exp(-(((across - 1.35 * breadth) / (0.75 * breadth)) ** 2))
    ends = np.exp(-((beyond / breadth) ** 2))
    height[low[1] : high[1], low[0] : high[0]] += depth * strength * ends * (ridge - lean * valley)


def slopes(height: Field, raster: Raster) -> tuple[Field, Field]:
    """∂h/∂x and ∂h/∂y: inches per inch."""
    gain = raster.per_inch / 8
    return (
        _f32(cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3, scale=gain)),
        _f32(cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3, scale=gain)),
    )


def light(height: Field, raster: Raster, towards: tuple[float, float, float], hollows: float) -> Field:
    """Light that the surface returns, 1 where it is flat: a wide soft lamp (half Lambert) and darker hollows.

    Args:
        height: The surface, inches.
        raster: Its raster.
        towards: Direction of the lamp, z out of the picture.
        hollows: How much an inch below the surroundings darkens.
    """
    gx, gy = slopes(height, raster)
    lx, ly, lz = np.array(towards) / np.linalg.norm(towards)
    cosine = (lz - lx * gx - ly * gy) / np.sqrt(1 + gx**2 + gy**2)
    soft = ((1 + cosine) / (1 + lz)) ** 1.6
    hollow = np.zeros_like(height)
    for inches, share in ((0.3, 1.0), (1.0, 0.45)):
        hollow += share * np.clip(blur(height, inches * raster.per_inch) - height, 0, None)
    return _f32(soft * np.exp(-hollows * hollow))


def _f32(array: object) -> Field:
    return cast("Field", np.asarray(array, np.float32))


def _u8(array: object) -> Mask:
    return cast("Mask", np.asarray(array, np.uint8))
