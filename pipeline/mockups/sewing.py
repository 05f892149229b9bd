"""Seams, stitches and ribbing: what holds pieces of cloth together.

What belongs here: factors on the light along curves. What does not: where a product is sewn (`products`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.mockups import cloth
from pipeline.mockups.plane import Curve, Field, Mask, Raster, f32

STITCHES_PER_INCH = 9


def soft(mask: Mask, raster: Raster, inches: float) -> Field:
    """A mask as a field 0 … 1, blurred by so many inches."""
    field = f32(mask / np.float32(255))
    return cloth.blur(field, inches * raster.per_inch) if inches else field


def moved(line: Curve, towards: tuple[float, float], inches: float) -> Curve:
    """The line, so many inches in that direction."""
    return line + np.array(towards) * inches


def groove(factor: Field, raster: Raster, lines: list[Curve], *, width: float, depth: float, lit: float) -> None:
    """Seams: a thin dark line in a soft valley, and beside it the edge that faces the lamp."""
    thin = soft(raster.stroke(lines, width), raster, 0.012)
    wide = soft(raster.stroke(lines, width * 3), raster, 0.09)
    edge = soft(raster.stroke([moved(line, (0.07, 0.05), 1) for line in lines], width * 1.5), raster, 0.04)
    factor *= (1 - depth * (0.6 * thin + 0.4 * wide)) * (1 + lit * edge)


def stitches(factor: Field, raster: Raster, lines: list[Curve]) -> None:
    """Rows of stitches: each a short lit thread over its own small shadow."""
    threads = [dash for line in lines for dash in _dashes(line)]
    shadows = [moved(dash, (0.01, 0.02), 1) for dash in threads]
    factor *= 1 - 0.16 * soft(raster.stroke(shadows, 0.037), raster, 0)
    factor *= 1 + 0.10 * soft(raster.stroke(threads, 0.018), raster, 0)


def _dashes(line: Curve) -> list[Curve]:
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    starts = np.arange(0, length[-1] - 0.08, 1 / STITCHES_PER_INCH)
    at = np.stack([starts, starts + 0.075], axis=1)
    return list(np.stack([np.interp(at, length, line[:, 0]), np.interp(at, length, line[:, 1])], axis=2))


def rib(
    shading: Field, raster: Raster, edge: Curve, seam: Curve, light: tuple[float, float], *, per_inch: float = 13
) -> None:
    """A band of ribbing between two curves: a rounded tube with ribs across it.

    Args:
        shading: The light that is drawn into.
        raster: Its raster.
        edge: One side of the band.
        seam: The other, in the same direction.
        light: On the edge and at the seam.
        per_inch: Ribs to the inch.
    """
    outline = np.concatenate([edge, seam[::-1]])
    mask = raster.fill(outline)
    low = np.maximum(np.floor(raster.px(outline).min(0)).astype(int) - 2, 0)
    high = np.ceil(raster.px(outline).max(0)).astype(int) + 3
    window = (slice(low[1], high[1]), slice(low[0], high[0]))
    ring = (mask[window] > 0).astype(np.uint8)
    ys, xs = np.nonzero(ring)
    here = np.stack([xs + low[0], ys + low[1]], axis=1)
    from_edge, along = _nearest(here, edge, raster)
    from_seam, _ = _nearest(here, seam, raster)
    across = from_edge / np.maximum(from_edge + from_seam, 1e-6)
    tube = light[0] + (light[1] - light[0]) * across
    tube = tube * (0.80 + 0.20 * np.sqrt(np.clip(1 - (2 * across - 0.9) ** 2, 0, 1)))
    wave = np.sin(2 * np.pi * per_inch * along)
    drawn = shading[window].copy()
    drawn[ys, xs] = tube * (1 + 0.075 * wave)
    cover = mask[window].astype(np.float32) / 255
    shading[window] += cover * (drawn - shading[window])


def _nearest(
    pixels: NDArray[np.int64], curve: Curve, raster: Raster
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distance to the curve, and the length along it to the nearest point: inches."""
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    dense = np.linspace(0, length[-1], 200)
    points = np.stack([np.interp(dense, length, curve[:, 0]), np.interp(dense, length, curve[:, 1])], axis=1)
    here = ((pixels + 0.5) / raster.scale - np.array(raster.frame.origin)) / raster.frame.per_inch
    best = np.empty(len(here), np.int64)
    for start in range(0, len(here), 4096):
        part = here[start : start + 4096]
        gap = (part[:, :1] - points[:, 0]) ** 2 + (part[:, 1:] - points[:, 1]) ** 2
        best[start : start + 4096] = gap.argmin(axis=1)
    tangent = np.gradient(points, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    off = here - points[best]
    past = (off * tangent[best]).sum(axis=1)
    return np.linalg.norm(off, axis=1), dense[best] + past


def blend(target: Field, source: Field, mask: Mask) -> None:
    """Lay the source over the target where the mask covers, in place."""
    target += (mask.astype(np.float32) / 255) * (source - target)
