"""Pictures for the tests: shapes drawn with antialiased edges on a background, as a painter's picture has them."""

from __future__ import annotations

import cv2
import numpy as np
import pyvips
from numpy.typing import NDArray

from pipeline.designs.prints.encoding import encode
from pipeline.designs.prints.raster import Pixels, image_of

FINER = 8
"""Samples each way of a pixel."""


def png_of(pixels: Pixels, dpi: float = 300) -> bytes:
    return encode(image_of(pixels, dpi), dpi)


def pixels_in(png: bytes) -> Pixels:
    return np.asarray(pyvips.Image.pngload_buffer(png).numpy())


def disc(side: int, x: float, y: float, radius: float) -> NDArray[np.float32]:
    """How much of each pixel lies in the disc: shape (side, side)."""
    at = (np.arange(side * FINER) + 0.5) / FINER
    fine = (np.hypot(at[None] - x, at[:, None] - y) <= radius).astype(np.float32)
    return np.asarray(cv2.resize(fine, (side, side), interpolation=cv2.INTER_AREA), np.float32)


def on(background: tuple[int, int, int], ink: tuple[int, int, int], cover: NDArray[np.float32]) -> Pixels:
    """Ink laid on an opaque background."""
    mixed = cover[..., None] * np.array(ink) + (1 - cover[..., None]) * np.array(background)
    return np.dstack([np.rint(mixed).astype(np.uint8), np.full(cover.shape, 255, np.uint8)])


def inked(ink: tuple[int, int, int], cover: NDArray[np.float32]) -> Pixels:
    """Ink on nothing."""
    rgb = np.broadcast_to(np.array(ink, np.uint8), (*cover.shape, 3))
    return np.dstack([np.where(cover[..., None] > 0, rgb, np.uint8(0)), np.rint(cover * 255).astype(np.uint8)])
