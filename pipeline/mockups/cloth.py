"""How cloth lies and takes the light: height fields made of folds, and the light on them.

What belongs here: fields over a raster (noise, folds, hollows, volumes) and their shading. What does not: which
folds a product has, and where (`products`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.mockups.plane import Box, Curve, Field, Mask, Raster, bezier, f32, u8


def blur(field: Field, sigma_x: float, sigma_y: float | None = None) -> Field:
    """Gaussian blur, sigmas in pixels; a wide one is done on a smaller copy."""
    sigma_y = sigma_x if sigma_y is None else sigma_y
    shrink = max(1, int(min(sigma_x, sigma_y) // 4))
    small = field
    if shrink > 1:
        size = (max(2, field.shape[1] // shrink), max(2, field.shape[0] // shrink))
        small = f32(cv2.resize(field, size, interpolation=cv2.INTER_AREA))
    small = f32(cv2.GaussianBlur(small, (0, 0), sigma_x / shrink, sigmaY=sigma_y / shrink))
    if shrink > 1:
        small = f32(cv2.resize(small, field.shape[::-1], interpolation=cv2.INTER_CUBIC))
    return small


def noise(rng: np.random.Generator, raster: Raster, along_x: float, along_y: float) -> Field:
    """Smooth noise of mean 0 and deviation 1, with grains of these sizes in inches."""
    raw = rng.standard_normal((raster.side, raster.side), dtype=np.float32)
    smooth = blur(raw, along_x * raster.per_inch, along_y * raster.per_inch)
    return f32((smooth - smooth.mean()) / smooth.std())


def warp(field: Field, dx: Field, dy: Field) -> Field:
    """The field read at places moved by (dx, dy) pixels."""
    y, x = np.indices(field.shape, dtype=np.float32)
    return f32(cv2.remap(field, x + dx, y + dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


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
    points = raster.px(path).astype(np.float32)
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


@dataclass(frozen=True)
class Held:
    """A fold that begins where the cloth is held: the controls of its crest, inches, and its form as in `fold`."""

    crest: tuple[tuple[float, float], ...]
    width: float
    depth: float
    lean: float = 0.6


def folded(
    rng: np.random.Generator,
    raster: Raster,
    folds: Sequence[Held],
    *,
    mirrored: bool = True,
    keep: float = 0.78,
    stray: float = 0.4,
) -> Field:
    """A height field of folds, of which there are some, each a little elsewhere and of another depth.

    Args:
        rng: Chance.
        raster: Of the field.
        folds: That there may be.
        mirrored: Whether each can be on both sides, on each by itself.
        keep: Share of them that there are.
        stray: Deviation of their controls, inches.
    """
    height = np.zeros((raster.side, raster.side), np.float32)
    for side in (1, -1) if mirrored else (1,):
        for one in folds:
            moved = np.array(one.crest) + rng.normal(0, 1, (len(one.crest), 2)) * stray
            wider, deeper = np.exp(rng.normal(0, 1, 2) * (0.22, 0.35)).tolist()
            if rng.random() < keep:
                path = bezier(*moved.tolist(), n=64) * (side, 1)
                fold(height, raster, path, width=one.width * wider, depth=one.depth * deeper, lean=one.lean)
    return height


def slopes(height: Field, raster: Raster) -> tuple[Field, Field]:
    """∂h/∂x and ∂h/∂y: inches per inch."""
    gain = raster.per_inch / 8
    return (
        f32(cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3, scale=gain)),
        f32(cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3, scale=gain)),
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
    return f32(soft * np.exp(-hollows * hollow))


def jersey(rng: np.random.Generator, raster: Raster) -> Field:
    """Knit texture: grains drawn along the wales, over cloudy unevenness of the yarn. Mean 0, deviation about 1."""
    fine = rng.standard_normal((raster.side, raster.side), dtype=np.float32)
    wales = f32(cv2.GaussianBlur(fine, (0, 0), 0.55, sigmaY=1.1))
    courses = f32(cv2.GaussianBlur(np.roll(fine, 977, axis=1), (0, 0), 2.6, sigmaY=0.5))
    cloud = raster.scaled(noise(rng, Raster(raster.frame, raster.side // 2), 0.12, 0.2))
    return f32(0.8 * wales / wales.std() + 0.3 * courses / courses.std() + 0.2 * cloud)


def canvas_weave(rng: np.random.Generator, raster: Raster, threads_per_inch: float) -> Field:
    """Plain weave: warp over weft in turn, each thread of its own thickness. Mean 0, deviation 1."""
    x, y = raster.grid()
    uneven_x, uneven_y = noise(rng, raster, 0.02, 0.45), noise(rng, raster, 0.45, 0.02)
    warp_phase = np.pi * (x * threads_per_inch + 0.18 * uneven_x)
    weft_phase = np.pi * (y * threads_per_inch + 0.18 * uneven_y)
    over = np.sin(warp_phase) * np.sin(weft_phase)
    thread = np.abs(np.sin(warp_phase)) + np.abs(np.sin(weft_phase))
    woven = 0.6 * over + 0.5 * (thread - thread.mean()) + 0.10 * (uneven_x + uneven_y)
    return f32((woven - woven.mean()) / woven.std())


Bend = tuple[Field, Field]
"""Where every pixel of a raster is read: columns and rows, pixels."""


def lie(rng: np.random.Generator, raster: Raster, *, turn: float, wander: float, calm: Box) -> Bend:
    """How a piece lies on the table: a little turned, its edges a little off the pattern. No two lie alike.

    Args:
        rng: Chance.
        raster: Of the picture.
        turn: Deviation of the turn about the middle of `calm`, degrees.
        wander: Deviation of what the edges are off, inches.
        calm: Where the cloth stays as it was cut; towards its edges less and less.
    """
    small = Raster(raster.frame, raster.side // 8)
    x, y = small.grid()
    x, y = x - calm.centre[0], y - calm.centre[1]
    free = 1 - np.exp(-(((2 * x / calm.width) ** 2) ** 2) - ((2 * y / calm.height) ** 2) ** 2)
    off_x, off_y = (noise(rng, small, 3.0, 3.0) * wander * free for _ in range(2))
    angle = np.deg2rad(rng.normal(0, turn))
    cos, sin = np.cos(angle), np.sin(angle)
    columns, rows = np.meshgrid(*[np.arange(raster.side, dtype=np.float32)] * 2)
    dx = raster.scaled(f32((cos - 1) * x + sin * y + off_x))
    dy = raster.scaled(f32(-sin * x + (cos - 1) * y + off_y))
    return f32(columns + dx * raster.per_inch), f32(rows + dy * raster.per_inch)


def laid(field: Field, bend: Bend) -> Field:
    """The field as it lies."""
    return f32(cv2.remap(field, bend[0], bend[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def laid_mask(mask: Mask, bend: Bend) -> Mask:
    """The mask as it lies; nothing comes in from beyond the frame."""
    return u8(cv2.remap(mask, bend[0], bend[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT))


def seen_through(height: Field, raster: Raster, fine: Raster, reach: float, bend: Bend) -> tuple[Field, Field]:
    """Which point of the flat cloth each pixel of the picture shows: x and y, inches.

    Cloth that rises towards one side shows more of what lies there: the print is read down the slope.

    Args:
        height: Of the cloth, inches, on `raster`.
        raster: Of the height.
        fine: Of the picture.
        reach: How far a slope of 1 moves the print, inches.
        bend: How the cloth lies.
    """
    calm = blur(height, 0.12 * raster.per_inch)
    x, y = fine.grid()
    slope_x, slope_y = slopes(calm, raster)
    return (
        laid(f32(x + fine.scaled(slope_x) * reach), bend),
        laid(f32(y + fine.scaled(slope_y) * reach), bend),
    )
