"""A scene: what the picture of a product is, before it has a colour and a print.

What belongs here: the maps that every product hands to `compose`, and how they are made fit to be kept. What does not:
drawing them (`products`), keeping them on a disk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.mockups.plane import PICTURE_PX, Box, Field, Mask, f32, u8
from pipeline.models import Variant

if TYPE_CHECKING:
    from pipeline.mockups.products.base import Product

FLAT = 160
"""The value of `Scene.light` that means light 1: what lies flat. Light L is stored as round(FLAT × L)."""


@dataclass(frozen=True)
class Plate:
    """The plane that a print lies on before it is bent, as a raster.

    Attributes:
        box: What of it ink may reach, inches.
        per_inch: Pixels for an inch.
    """

    box: Box
    per_inch: float

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, pixels."""
        return round(self.box.width * self.per_inch), round(self.box.height * self.per_inch)


@dataclass(frozen=True)
class Surface:
    """Where a print is seen in the picture.

    Attributes:
        left, top: Of the window of the picture that the maps below cover, pixels.
        whole, part: int16 (h, w, 2) and uint16 (h, w): OpenCV's fixed-point map from the window to the plate's pixels.
        weave: uint8 (h, w): how fully ink covers what it is printed on: 255 hides it, 0 is where no print can be seen.
    """

    left: int
    top: int
    whole: NDArray[np.int16]
    part: NDArray[np.uint16]
    weave: Mask

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the picture."""
        height, width = self.weave.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


@dataclass(frozen=True)
class Scene:
    """One view of a product, without colour and print.

    Attributes:
        light: uint8 (2000, 2000): light on what is dyed × FLAT.
        cover: uint8 (2000, 2000): how much of the pixel is dyed in the product's colour, 0 … 255.
        around: uint8 (2000, 2000, 3), BGR: everything else, multiplied by 255 − cover.
        gloss: uint8 (2000, 2000): what the surface mirrors, laid over colour and ink; None: nothing shines.
        surface: where the print is seen; None: nowhere in this view.
    """

    light: Mask
    cover: Mask
    around: Mask
    gloss: Mask | None
    surface: Surface | None


Scenes = Callable[["Product", Variant, int], Scene]
"""Gives the scene of a product's view (front or back) in one of its drapes: from a cache, or drawn."""


def scene(
    light: Field, cover: Mask, backdrop: Field, *, surface: Surface | None = None, gloss: Field | None = None
) -> Scene:
    """A scene from fields.

    Args:
        light: Light on what is dyed, 1 where it lies flat.
        cover: How much of the pixel is dyed.
        backdrop: (2000, 2000, 3), BGR, 0 … 255: what is seen where nothing is dyed.
        surface: Where the print is seen.
        gloss: What the surface mirrors, 0 … 1.
    """
    rest = (np.float32(1) - cover.astype(np.float32) / 255)[..., None]
    return Scene(
        light=_dithered(f32(light * FLAT)),
        cover=cover,
        around=u8(np.clip(np.round(backdrop * rest), 0, 255)),
        gloss=None if gloss is None else _dithered(f32(gloss * 255)),
        surface=surface,
    )


def _dithered(levels: Field) -> Mask:
    """Rounded up or down by chance, so that smooth surfaces show no steps."""
    chance = np.random.default_rng(1).random(levels.shape, dtype=np.float32)
    return u8(np.clip(np.floor(levels + chance), 0, 255))


def surface(x: Field, y: Field, weave: Mask, plate: Plate) -> Surface:
    """The surface from maps of the whole picture, cut to the window in which ink can be seen.

    Args:
        x: Which point of the plate's plane each pixel shows, inches.
        y: The same, downwards.
        weave: How fully ink covers.
        plate: Of the print.

    Raises:
        ValueError: The print is seen nowhere.
    """
    width, height = plate.size
    map_x = f32((x - plate.box.left) * plate.per_inch - 0.5)
    map_y = f32((y - plate.box.top) * plate.per_inch - 0.5)
    seen = (map_x > -1) & (map_x < width) & (map_y > -1) & (map_y < height) & (weave > 0)
    left, top, columns, rows = cv2.boundingRect(seen.astype(np.uint8))
    if not columns:
        raise ValueError("weave: the print is seen nowhere in the picture")
    window = slice(top, top + rows), slice(left, left + columns)
    whole, part = cv2.convertMaps(
        np.ascontiguousarray(map_x[window]), np.ascontiguousarray(map_y[window]), cv2.CV_16SC2
    )
    return Surface(
        left=left,
        top=top,
        whole=np.asarray(whole, np.int16),
        part=np.asarray(part, np.uint16),
        weave=u8(np.where(seen, weave, 0)[window]),
    )


def canvas(value: float = 1.0) -> Field:
    """A field of the picture's size."""
    return np.full((PICTURE_PX, PICTURE_PX), value, np.float32)
