"""Hard things: rounded outlines and how their surfaces take the light.

What belongs here: signed distances, edges, mirrored lamps. What does not: cloth (`cloth`).
A signed distance is in inches, positive inside.
"""

from __future__ import annotations

import numpy as np

from pipeline.mockups.plane import Field, Mask, f32, u8


def turned(x: Field, y: Field, degrees: float) -> tuple[Field, Field]:
    """Coordinates on a thing that is turned clockwise by so many degrees about (0, 0)."""
    angle = np.deg2rad(degrees)
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    return f32(cos * x + sin * y), f32(cos * y - sin * x)


def rounded(x: Field, y: Field, width: float, height: float, radius: float) -> Field:
    """Signed distance to a rectangle about (0, 0) with rounded corners."""
    out_x = np.abs(x) - (width / 2 - radius)
    out_y = np.abs(y) - (height / 2 - radius)
    outside = np.hypot(np.maximum(out_x, 0), np.maximum(out_y, 0))
    return f32(radius - outside - np.minimum(np.maximum(out_x, out_y), 0))


def disc(x: Field, y: Field, radius: float) -> Field:
    """Signed distance to a circle about (0, 0)."""
    return f32(radius - np.hypot(x, y))


def coverage(distance: Field, pixel: float) -> Field:
    """0 … 1 from a signed distance: a ramp one pixel (inches) wide at the edge."""
    return f32(np.clip(distance / pixel + 0.5, 0, 1))


def bulge(distance: Field, reach: float) -> Field:
    """0 at the edge, 1 from `reach` inches inside on, a quarter circle between: the section of a rounded edge."""
    near = np.clip(distance / reach, 0, 1)
    return f32(np.sqrt(np.clip(1 - (1 - near) ** 2, 0, 1)))


def band(value: Field, low: float, high: float, soft: float) -> Field:
    """1 between low and high, 0 outside, smooth over `soft` at both ends."""
    up = np.clip((value - low) / soft + 0.5, 0, 1)
    down = np.clip((high - value) / soft + 0.5, 0, 1)
    return f32(up * up * (3 - 2 * up) * down * down * (3 - 2 * down))


def bytes_of(share: Field) -> Mask:
    """0 … 1 as 0 … 255."""
    return u8(np.clip(np.round(share * 255), 0, 255))
