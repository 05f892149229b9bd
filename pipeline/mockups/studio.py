"""The studio that products are photographed in: the table or wall behind them, and the shadows they cast on it.

What belongs here: what surrounds every product. What does not: the product.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.mockups import cloth
from pipeline.mockups.plane import PICTURE_PX, Field, Mask, f32

Backdrop = NDArray[np.float32]
"""Shape (2000, 2000, 3): BGR, 0 … 255."""

SMALL = 500
"""Side on which soft shadows are drawn."""
TINTS = ((0.992, 0.997, 1.0), (0.975, 0.988, 1.0), (1.0, 0.996, 0.990), (0.985, 0.985, 0.985))
"""Papers of the table, BGR: white, warm, cool, grey."""


def table(tint: int, brightness: float = 238.0) -> Backdrop:
    """A seamless paper under a wide lamp that stands to the upper left."""
    v, u = np.mgrid[0:SMALL, 0:SMALL].astype(np.float32) / SMALL
    light = brightness - 18 * np.hypot(u - 0.40, v - 0.34) ** 1.5
    large = cv2.resize(light, (PICTURE_PX, PICTURE_PX), interpolation=cv2.INTER_CUBIC)
    large += _paper(tint)
    return np.asarray(large[..., None] * np.array(TINTS[tint % len(TINTS)], np.float32), np.float32)


def _paper(seed: int) -> Field:
    """What a camera sees of smooth paper: less than a level of noise, which also hides the steps of bytes."""
    rng = np.random.default_rng(900 + seed)
    return f32(rng.standard_normal((PICTURE_PX, PICTURE_PX), dtype=np.float32) * 0.9)


def shaded(backdrop: Backdrop, solid: Mask, shadows: tuple[tuple[float, float, float, float], ...]) -> Backdrop:
    """The backdrop with the shadows of what lies on it.

    Args:
        backdrop: What is shaded.
        solid: Coverage of what throws them.
        shadows: (right, down, softness, depth) of each: pixels of the picture, and the share of light it takes.
    """
    small = f32(cv2.resize(solid, (SMALL, SMALL), interpolation=cv2.INTER_AREA)) / 255
    shrink = PICTURE_PX / SMALL
    light = np.ones((SMALL, SMALL), np.float32)
    for right, down, softness, depth in shadows:
        moved = cv2.warpAffine(
            small, np.array([[1, 0, right / shrink], [0, 1, down / shrink]], np.float32), (SMALL, SMALL)
        )
        light *= 1 - np.float32(depth) * cloth.blur(f32(moved), softness / shrink)
    large = cv2.resize(light, (PICTURE_PX, PICTURE_PX), interpolation=cv2.INTER_CUBIC)
    return np.asarray(backdrop * large[..., None], np.float32)
