"""A design on the tee: the six pictures of a product.

What belongs here: reading the print file, laying its ink on the cloth, and which pictures are made. What does not:
the tee itself (`tee`), colour of cloth (`tone`), where a print goes (`pattern.place`).

Scale: a canvas is 15 in wide (or 18 in high, whichever binds), whatever its pixels; a 4500 × 5400 canvas at 300 DPI is
exactly that. On the size L shirt of the picture (22 in across the chest, 54 px to the inch) it is drawn at
54 / 300 = 0.18 px for each pixel of the canvas. It is the inked box that is placed, so transparent margins neither
shrink a print nor push it off the axis.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

import cv2
import numpy as np
import pyvips
from numpy.typing import NDArray

from pipeline.mockups import tone
from pipeline.mockups.pattern import (
    CHEST_WIDTH,
    FRAME_PX,
    ORIGIN_PX,
    PRINT_AREA,
    PRINT_HEIGHT,
    PRINT_WIDTH,
    PX_PER_INCH,
    Box,
    place,
)
from pipeline.mockups.tee import DISPLACEMENT_INCHES, View, tees
from pipeline.models import GarmentColor, Json, MockupImage, Variant

VERSION = "tee-1"
"""Changes whenever the same input gives another picture."""
COLORWAYS = 4
JPEG_QUALITY = 90
INK_ALPHA = 8
"""Fainter pixels of the canvas (0 … 255) don't count as ink when the inked box is measured."""
MARGIN_PX = 24
"""Room around the print area for displaced ink."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Print:
    """The ink of a print file at the picture's scale.

    Attributes:
        ink: uint8 (h, w, 4), BGRA, colours multiplied by alpha.
        box: Where it goes on the shirt, inches.
        canvas: Width and height of the print file, pixels.
        canvas_box: Left, top, width, height of its ink, pixels of the canvas.
        scale: Pixels of the picture for a pixel of the canvas.
    """

    ink: Pixels
    box: Box
    canvas: tuple[int, int]
    canvas_box: tuple[int, int, int, int]
    scale: float

    @property
    def picture_box(self) -> tuple[int, int, int, int]:
        """Left, top, width, height of the ink in the picture before it is bent, pixels."""
        centre_x, centre_y = self.box.centre
        height, width = self.ink.shape[:2]
        left = round(ORIGIN_PX[0] + centre_x * PX_PER_INCH - width / 2)
        return left, round(ORIGIN_PX[1] + centre_y * PX_PER_INCH - height / 2), width, height


def mock(png: bytes, garments: Sequence[GarmentColor]) -> Iterator[MockupImage]:
    """The pictures of a product: front and back in the best colour, then fronts in the next four.

    The back is plain: the design is printed on the front alone.

    Args:
        png: The print file, with transparency where there is no ink.
        garments: Colours it is readable on, best first; at least five.

    Returns:
        Six pictures of 2000 × 2000 px, drawn as they are asked for.

    Raises:
        ValueError: Too few garments, a colour twice, or a print file that can't be read; at the call.
    """
    offered = garments[: 1 + COLORWAYS]
    if len(offered) < 1 + COLORWAYS:
        raise ValueError(
            f"garments={[g.name for g in garments]!r}: {1 + COLORWAYS} colours are needed "
            f"(the best and {COLORWAYS} colourways), {len(garments)} given: offer the design on more"
        )
    if len({g.name for g in offered}) < len(offered):
        raise ValueError(f"garments={[g.name for g in offered]!r}: a colour is named twice")
    return _pictures(read(png), offered)


def _pictures(design: Print | None, garments: Sequence[GarmentColor]) -> Iterator[MockupImage]:
    layer = _laid_on(design) if design else None
    yield _picture(View.FRONT, Variant.FRONT, garments[0], layer)
    yield _picture(View.BACK, Variant.BACK, garments[0], None)
    for colour in garments[1:]:
        yield _picture(View.FRONT, Variant.COLORWAY, colour, layer)


def read(png: bytes) -> Print | None:
    """Decode a print file once, cut it to its ink, and bring it to the picture's scale. None: it has no ink.

    Raises:
        ValueError: Not a PNG, or one that can't be decoded to its end.
    """
    if not png.startswith(b"\x89PNG\r\n\x1a\n"):
        raise ValueError(f"png={png[:8]!r}… ({len(png)} bytes) is not a PNG: pass the print file as PNG")
    try:
        image = pyvips.Image.new_from_buffer(png, "", access="sequential", fail_on="truncated")
        if image.interpretation != "srgb" or image.format != "uchar":
            image = image.colourspace("srgb").cast("uchar")
        if not image.hasalpha():
            image = image.bandjoin(255)
        rgba = cast("Pixels", image.numpy())
    except pyvips.Error as error:
        raise ValueError(f"png of {len(png)} bytes can't be decoded: {error}") from error
    canvas = (int(image.width), int(image.height))
    alpha = cv2.extractChannel(rgba, 3)
    box = cast(
        "tuple[int, int, int, int]", cv2.boundingRect(cv2.threshold(alpha, INK_ALPHA, 255, cv2.THRESH_BINARY)[1])
    )
    left, top, width, height = box
    if width == 0:
        return None
    inches = min(PRINT_WIDTH / canvas[0], PRINT_HEIGHT / canvas[1])
    scale = inches * PX_PER_INCH
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # Colours multiplied by alpha: scaling and bending bleed no colour from where there is no ink.
    inked = cv2.cvtColor(rgba[top : top + height, left : left + width], cv2.COLOR_RGBA2mRGBA)
    ink = cv2.cvtColor(cv2.resize(inked, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGBA2BGRA)
    where = place(width * inches, height * inches)
    return Print(ink=cast("Pixels", ink), box=where, canvas=canvas, canvas_box=box, scale=scale)


# ---------------------------------------------------------------------------------------------------------------------
# ink on cloth


@dataclass(frozen=True)
class Layer:
    """Ink on the front, bent and lit: the same for every colour of cloth.

    Attributes:
        ink: uint8 (h, w, 3), BGR × alpha × light, over the chest window.
        cloth: uint8 (h, w, 3): how much of the cloth stays visible, 0 … 255.
        params: The numbers that made it.
    """

    ink: Pixels
    cloth: Pixels
    params: Json


def _px(inches_x: float, inches_y: float) -> tuple[int, int]:
    return round(ORIGIN_PX[0] + inches_x * PX_PER_INCH), round(ORIGIN_PX[1] + inches_y * PX_PER_INCH)


def chest() -> tuple[slice, slice]:
    """Rows and columns of the picture that ink can reach: the print area and a margin for its bending."""
    left, top = _px(PRINT_AREA.left, PRINT_AREA.top)
    right, bottom = _px(PRINT_AREA.left + PRINT_AREA.width, PRINT_AREA.bottom)
    return slice(top - MARGIN_PX, bottom + MARGIN_PX), slice(left - MARGIN_PX, right + MARGIN_PX)


@cache
def _bend() -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
    """Fixed-point maps that read the flat print for every pixel of the chest."""
    shift = tees()[View.FRONT].shift[chest()]
    y, x = np.indices(shift.shape[:2], dtype=np.float32)
    whole, part = cv2.convertMaps(x + shift[..., 0], y + shift[..., 1], cv2.CV_16SC2)
    return cast("NDArray[np.int16]", whole), cast("NDArray[np.uint16]", part)


def _laid_on(design: Print) -> Layer:
    front = tees()[View.FRONT]
    rows, columns = chest()
    flat = np.zeros((rows.stop - rows.start, columns.stop - columns.start, 4), np.uint8)
    left, top, width, height = design.picture_box
    flat[top - rows.start :, left - columns.start :][:height, :width] = design.ink
    bent = cv2.remap(flat, *_bend(), cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    weave = front.weave[chest()]
    alpha = cv2.multiply(cv2.extractChannel(bent, 3), weave, scale=1 / 255)
    gain = cv2.multiply(cv2.LUT(front.light[chest()], tone.ink_gain()), weave, scale=1 / 255)
    ink = cv2.multiply(cv2.cvtColor(bent, cv2.COLOR_BGRA2BGR), cv2.merge([gain] * 3), scale=1 / tone.INK_UNIT)
    return Layer(
        ink=cast("Pixels", ink),
        cloth=cast("Pixels", cv2.merge([cv2.bitwise_not(alpha)] * 3)),
        params={
            "canvas_px": list(design.canvas),
            "canvas_ink_px": list(design.canvas_box),
            "scale": design.scale,
            "ink_inches": [round(v, 4) for v in (design.box.left, design.box.top, design.box.width, design.box.height)],
            "ink_px": list(design.picture_box),
            "displacement_inches": DISPLACEMENT_INCHES,
        },
    )


@cache
def _around() -> tuple[Pixels, Pixels]:
    """The cover in three channels, and the studio where the garment isn't: the same for both sides."""
    side = tees()[View.FRONT]
    cover = cv2.merge([side.cover] * 3)
    return cast("Pixels", cover), cast("Pixels", cv2.multiply(side.scene, cv2.bitwise_not(cover), scale=1 / 255))


def _picture(view: View, variant: Variant, colour: GarmentColor, layer: Layer | None) -> MockupImage:
    picture = cv2.LUT(cv2.merge([tees()[view].light] * 3), tone.cloth_table(colour.hex))
    if layer is not None:
        picture[chest()] = cv2.add(cv2.multiply(picture[chest()], layer.cloth, scale=1 / 255), layer.ink)
    cover, around = _around()
    picture = cv2.add(cv2.multiply(picture, cover, scale=1 / 255), around)
    _, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return MockupImage(
        variant=variant,
        garment=colour,
        jpeg=jpeg.tobytes(),
        width=FRAME_PX,
        height=FRAME_PX,
        params={
            "version": VERSION,
            "view": view.value,
            "garment": {"name": colour.name, "hex": colour.hex, "chest_inches": CHEST_WIDTH},
            "px_per_inch": PX_PER_INCH,
            "fold_contrast": tone.FOLD_CONTRAST,
            "jpeg_quality": JPEG_QUALITY,
            "print": layer and layer.params,
        },
    )
