"""The ink of a print file: decoded, cut to what is inked, reduced in linear light, and laid on its plate.

What belongs here: from PNG to a flat print. What does not: bending and blending it (`compose`), where a product is
printed (`products`).

It is the inked box that a product places, so transparent margins neither shrink a print nor push it off the axis.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
import pyvips
from numpy.typing import NDArray

from pipeline.mockups import tone
from pipeline.mockups.plane import Box
from pipeline.mockups.scene import Plate

INK_ALPHA = 8
"""Fainter pixels of the canvas (0 … 255) don't count as ink when the inked box is measured."""
STRIP_ROWS = 64
"""Rows of the reduced picture that are worked on at once: memory stays small."""

Pixels = NDArray[np.uint8]
Linear = NDArray[np.uint16]
Place = Callable[[Box, tuple[float, float]], Box]
"""Where a product prints: the inked box on the canvas and the canvas's size, inches → the box on the product."""


@dataclass(frozen=True)
class Print:
    """Ink on its plate.

    Attributes:
        ink: uint16 (h, w, 4) of the plate, BGRA in linear light × 65535, colours multiplied by alpha.
        box: Where the inked box lies on the product, inches.
        canvas: Width and height of the print file, pixels.
        canvas_box: Left, top, width, height of its ink, pixels of the canvas.
        plate_box: Left, top, width, height of its ink, pixels of the plate.
        scale: Pixels of the plate for a pixel of the canvas.
    """

    ink: Linear
    box: Box
    canvas: tuple[int, int]
    canvas_box: tuple[int, int, int, int]
    plate_box: tuple[int, int, int, int]
    scale: float


def read(png: bytes, size: tuple[float, float], place: Place, plate: Plate) -> Print | None:
    """Decode a print file once and lay its ink on the plate. None: it has no ink.

    Args:
        png: The print file, with transparency where there is no ink.
        size: Width and height that the canvas is printed at, whichever binds, inches.
        place: Where the inked box goes.
        plate: Of the product.

    Raises:
        ValueError: Not a PNG, or one that can't be decoded to its end.
    """
    rgba = _decoded(png)
    canvas = (rgba.shape[1], rgba.shape[0])
    box = _inked(rgba)
    left, top, width, height = box
    if width == 0:
        return None
    inches = min(size[0] / canvas[0], size[1] / canvas[1])
    where = place(
        Box(left * inches, top * inches, width * inches, height * inches), (canvas[0] * inches, canvas[1] * inches)
    )
    scale = where.width / width * plate.per_inch
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    ink = _reduced(rgba[top : top + height, left : left + width], (wide, high))
    centre_x, centre_y = where.centre
    x = round((centre_x - plate.box.left) * plate.per_inch - wide / 2)
    y = round((centre_y - plate.box.top) * plate.per_inch - high / 2)
    laid = np.zeros((plate.size[1], plate.size[0], 4), np.uint16)
    cut = ink[max(0, -y) : laid.shape[0] - y, max(0, -x) : laid.shape[1] - x]
    laid[max(0, y) : max(0, y) + cut.shape[0], max(0, x) : max(0, x) + cut.shape[1]] = cut
    return Print(ink=laid, box=where, canvas=canvas, canvas_box=box, plate_box=(x, y, wide, high), scale=scale)


def _decoded(png: bytes) -> Pixels:
    if not png.startswith(b"\x89PNG\r\n\x1a\n"):
        raise ValueError(f"png={png[:8]!r}… ({len(png)} bytes) is not a PNG: pass the print file as PNG")
    try:
        image = pyvips.Image.new_from_buffer(png, "", access="sequential", fail_on="truncated")
        if image.interpretation != "srgb" or image.format != "uchar":
            image = image.colourspace("srgb").cast("uchar")
        if not image.hasalpha():
            image = image.bandjoin(255)
        return cast("Pixels", image.numpy())
    except pyvips.Error as error:
        raise ValueError(f"png of {len(png)} bytes can't be decoded: {error}") from error


def _inked(rgba: Pixels) -> tuple[int, int, int, int]:
    alpha = cv2.extractChannel(rgba, 3)
    inked = cv2.threshold(alpha, INK_ALPHA, 255, cv2.THRESH_BINARY)[1]
    return cast("tuple[int, int, int, int]", cv2.boundingRect(inked))


def _reduced(rgba: Pixels, size: tuple[int, int]) -> Linear:
    """RGBA in display values → BGRA in linear light, colours multiplied by alpha, at the size.

    Colours are multiplied first, so that no colour bleeds in from where there is no ink. Large canvases are reduced by
    a whole number strip by strip, then to the size.
    """
    height, width = rgba.shape[:2]
    whole = max(1, min(width // size[0], height // size[1]))
    right, below = -width % whole, -height % whole
    strips = []
    for start in range(0, height, whole * STRIP_ROWS):
        strip = rgba[start : start + whole * STRIP_ROWS]
        end = below if start + len(strip) == height else 0
        bordered = cv2.copyMakeBorder(_multiplied(strip), 0, end, 0, right, cv2.BORDER_REPLICATE)
        reduced = (bordered.shape[1] // whole, bordered.shape[0] // whole)
        strips.append(cv2.resize(bordered, reduced, interpolation=cv2.INTER_AREA))
    ink = np.concatenate(strips)
    how = cv2.INTER_AREA if ink.shape[1] >= size[0] else cv2.INTER_LINEAR
    return cast("Linear", cv2.resize(ink, size, interpolation=how))


def _multiplied(rgba: Pixels) -> Linear:
    colours = cv2.LUT(cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGR), tone.decoding())
    alpha = cv2.extractChannel(rgba, 3).astype(np.uint16) * 257
    colours = cv2.multiply(colours, cv2.merge([alpha] * 3), scale=1 / 65535)
    return cast("Linear", cv2.merge([*cv2.split(colours), alpha]))
