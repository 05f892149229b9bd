"""A design's fingerprint: 256 bits of its form, whatever its inks, its place on the canvas and its size.

The picture is cut to its inked box, stretched to a square and reduced to where something is drawn: inside the ink, and
the lines along which one colour meets another. Of that the perceptual hash is taken (the signs of the lowest
frequencies but for their median; Zauner 2010, as in imagehash). Measured: `benchmarks.eval_fingerprints`.
"""

from __future__ import annotations

import cv2
import imagehash
import numpy as np
from PIL import Image

from pipeline.designs.prints.raster import Pixels, alpha_of, ink_box, read

SIDE = 256
"""Pixels of the square that is looked at."""
HASH = 16
"""Frequencies each way: 256 bits."""
EDGE = 24
"""Step (0 … 255, of the channel that steps most) from which colours meet along a line."""
NEAR = 60
"""Bits in which two designs differ at most, to be called near-copies."""


def fingerprint(png: bytes) -> str:
    """256 characters, 0 or 1.

    Raises:
        ValueError: the bytes are no picture, or nothing in it is inked.
    """
    pixels = read(png).pixels
    scale = min(1.0, 4 * SIDE / max(pixels.shape[:2]))
    small = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    box = ink_box(alpha_of(small))
    if box is None:
        raise ValueError("nothing is inked: there is nothing to compare")
    left, top, right, bottom = box
    bits = imagehash.phash(Image.fromarray(form(small[top:bottom, left:right])), hash_size=HASH).hash
    return "".join("1" if bit else "0" for bit in bits.ravel())


def form(pixels: Pixels) -> Pixels:
    """Where something is drawn, 0 … 255, on a square: ink is light, and dark along the lines where colours meet."""
    square = cv2.resize(_premultiplied(pixels), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    alpha = square[..., 3]
    solid = np.where(alpha[..., None] > 0, square[..., :3] * 255.0 / np.maximum(alpha[..., None], 1), 0)
    colour = cv2.medianBlur(solid.clip(0, 255).astype(np.uint8), 3)
    window = np.ones((3, 3), np.uint8)
    step = (cv2.dilate(colour, window).astype(np.int16) - cv2.erode(colour, window)).max(axis=2)
    inside = cv2.erode(alpha, np.ones((5, 5), np.uint8)) >= 250
    return np.where(inside & (step >= EDGE), np.uint8(0), alpha)


def _premultiplied(pixels: Pixels) -> Pixels:
    rgb = pixels[..., :3].astype(np.uint16) * pixels[..., 3:] // 255
    return np.dstack([rgb.astype(np.uint8), pixels[..., 3]])


def distance(one: str, other: str) -> int:
    """In how many bits two fingerprints differ.

    Raises:
        ValueError: they are of different lengths.
    """
    return sum(a != b for a, b in zip(one, other, strict=True))
