"""Pixels of a print file: read, written, and the two things every measure starts from: the inked box and the colours.

Pixels are uint8 (height, width, 4), RGBA, colours not multiplied by alpha, sRGB.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pyvips
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Plane = NDArray[np.uint8]
"""One channel: shape (height, width)."""

FAINTEST_INK = 8
"""Alpha (0 … 255) up to which a pixel counts as empty: no printer lays ink for it."""
SOLID = 247
"""Alpha from which a pixel counts as full."""
SAMPLED = 4
"""Colours are read from every fourth pixel of every fourth row."""


@dataclass(frozen=True)
class Raster:
    """A file that was read.

    Attributes:
        header: what the file says of itself: size, resolution, colours, profile. Its pixels were already taken.
        pixels: of the picture, opaque where the file has no alpha.
    """

    header: pyvips.Image
    pixels: Pixels


def read(png: bytes) -> Raster:
    """The file, decoded to its end; grey or 16 bits become sRGB of 8 bits.

    Raises:
        ValueError: the bytes are no picture that can be read to its end.
    """
    try:
        header = pyvips.Image.new_from_buffer(png, "", access="sequential", fail_on="truncated")
        return Raster(header, pixels_of(header))
    except pyvips.Error as error:
        raise ValueError(f"{len(png)} bytes are no picture that can be read to its end: draw it again") from error


def pixels_of(image: pyvips.Image) -> Pixels:
    """RGBA of any picture; opaque where it has no alpha."""
    if image.interpretation != "srgb" or image.format != "uchar":
        image = image.colourspace("srgb").cast("uchar")
    if not image.hasalpha():
        image = image.addalpha()
    return np.asarray(image.numpy())


def image_of(pixels: Pixels, dpi: float) -> pyvips.Image:
    """The pixels as an sRGB image of that resolution; they are not copied, so leave them as they are."""
    height, width, bands = pixels.shape
    flat = np.ascontiguousarray(pixels)
    image = pyvips.Image.new_from_memory(flat.data, width, height, bands, "uchar")
    return image.copy(interpretation="srgb", xres=dpi / 25.4, yres=dpi / 25.4)


def alpha_of(pixels: Pixels) -> Plane:
    """The alpha plane, by itself in memory."""
    return np.asarray(cv2.extractChannel(pixels, 3), np.uint8)


def ink_box(alpha: Plane) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom (exclusive) of everything inked; None where nothing is."""
    left, top, width, height = cv2.boundingRect(cv2.threshold(alpha, FAINTEST_INK, 1, cv2.THRESH_BINARY)[1])
    return (left, top, left + width, top + height) if width else None


@dataclass(frozen=True)
class Colours:
    """The solid colours of a picture.

    Attributes:
        rgb: uint8 (n, 3), the mean of each bin of 32 levels a channel, the commonest first.
        share: Of the solid ink, (n,); they add up to 1.
    """

    rgb: NDArray[np.uint8]
    share: NDArray[np.float64]


def colours(pixels: Pixels) -> Colours:
    """The colours of solid ink with their shares of it, from a sixteenth of the pixels; none where none is."""
    sample = pixels[::SAMPLED, ::SAMPLED]
    solid = sample[sample[..., 3] >= SOLID][:, :3]
    bins = solid >> 3
    key = (bins[:, 0].astype(np.int32) << 10) | (bins[:, 1].astype(np.int32) << 5) | bins[:, 2]
    counts = np.bincount(key, minlength=1 << 15)
    found = np.flatnonzero(counts)
    found = found[np.argsort(-counts[found], kind="stable")]
    sums = [np.bincount(key, weights=solid[:, channel], minlength=1 << 15)[found] for channel in range(3)]
    number = counts[found]
    return Colours(np.rint(np.stack(sums, axis=1) / number[:, None]).astype(np.uint8), number / max(1, len(solid)))
