"""From layers to pixels: outlines through SVG, pictures laid between them, copies side by side, a sticker's edge.

What belongs here: rasters. What does not: what is drawn and where (`pipeline.designs.compose`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import cv2
import numpy as np
import pyvips
from numpy.typing import NDArray

from pipeline.designs.areas import Area
from pipeline.designs.layers import PICTURE, Layer, Plane
from pipeline.designs.prints.encoding import encode
from pipeline.designs.shapes import SVG_UNIT, Box, Matrix, Shape, compose_matrices, to_svg

Pixels = NDArray[np.uint8]
"""Shape (height, width, 4): sRGB and alpha, not premultiplied."""


def placed(bounds: Box, room: Box) -> Matrix:
    """Scale and shift that centre the bounds in the room, as large as it allows."""
    left, top, right, bottom = bounds
    scale = min((room[2] - room[0]) / (right - left), (room[3] - room[1]) / (bottom - top))
    x, y = (room[0] + room[2] - scale * (left + right)) / 2, (room[1] + room[3] - scale * (top + bottom)) / 2
    return scale, 0.0, 0.0, scale, x, y


def to_document(planes: Iterable[tuple[str, Shape]], matrix: Matrix, width: int, height: int) -> str:
    """An SVG of filled outlines only: colour and shape of each, under a matrix, on a canvas in pixels."""
    paths = "".join(f'<path fill="{ink}" fill-rule="evenodd" d="{to_svg(shape)}"/>' for ink, shape in planes)
    scale, _, _, _, x, y = matrix
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<g transform="translate({x:.3f} {y:.3f}) scale({scale * SVG_UNIT:.7f})">{paths}</g></svg>'
    )


def rasterised(document: str) -> pyvips.Image:
    """The pixels of an SVG."""
    return pyvips.Image.svgload_buffer(document.encode(), unlimited=True)


def raster(
    planes: Sequence[Plane],
    inks: Mapping[str, str],
    matrix: Matrix,
    width: int,
    height: int,
    pictures: Mapping[str, bytes],
) -> pyvips.Image:
    """The planes on a transparent canvas.

    Args:
        planes: what prints, in order.
        inks: role → `#RRGGBB`.
        matrix: from the sheet to the canvas.
        width: of the canvas, in pixels.
        height: of the canvas.
        pictures: SHA-256 → PNG.

    Raises:
        ValueError: a picture is missing, or is none that can be read.
    """
    image: pyvips.Image | None = None
    for is_picture, group in groupby(planes, key=lambda plane: plane.layer.ink == PICTURE):
        if is_picture:
            for plane in group:
                painting = _painting(plane, matrix, width, height, pictures)
                image = painting if image is None else image.composite2(painting, "over")
        else:
            shapes = [(inks[plane.layer.ink], plane.shape) for plane in group]
            drawn = rasterised(to_document(shapes, matrix, width, height))
            image = drawn if image is None else image.composite2(drawn, "over")
    if image is None:
        raise ValueError("nothing is left to print: every plane is cut away")
    return image


def _painting(plane: Plane, matrix: Matrix, width: int, height: int, pictures: Mapping[str, bytes]) -> pyvips.Image:
    """The picture of a plane at its place on the canvas, with the plane's holes."""
    layer = plane.layer
    try:
        png = pictures[layer.name]
    except KeyError:
        raise ValueError(f"picture {layer.name} is missing: pass its PNG by its SHA-256 in `pictures`") from None
    try:
        image = pyvips.Image.new_from_buffer(png, "")
    except pyvips.Error as error:
        raise ValueError(f"picture {layer.name} is no picture that can be read: {error}") from error
    image = image.colourspace("srgb")
    if not image.hasalpha():
        image = image.addalpha()
    a, b, c, d, x, y = compose_matrices(matrix, layer.matrix)
    image = image.premultiply().resize(layer.params["width"] / image.width * _length(a, b))
    if b or c:
        scale = _length(a, b)
        image = image.affine([a / scale, c / scale, b / scale, d / scale], extend="background", background=[0, 0, 0, 0])
    image = image.unpremultiply().cast("uchar")
    image = image.embed(round(x - image.width / 2), round(y - image.height / 2), width, height).copy(
        interpretation="srgb"
    )
    if plane.shape.area < 0.9999 * _whole(layer):
        mask = rasterised(to_document([("#FFFFFF", plane.shape)], matrix, width, height))[3]
        image = image[0:3].bandjoin((image[3] * (mask / 255)).cast("uchar"))
    return image


def _length(x: float, y: float) -> float:
    return float(np.hypot(x, y))


def _whole(layer: Layer) -> float:
    return float(layer.params["width"] * layer.params["height"] * layer.scale**2)


def die_cut(image: pyvips.Image, border: float, ground: str) -> pyvips.Image:
    """The image as a sticker in one piece without holes: on a ground that follows its outline, with a white border.

    Args:
        image: what is printed, on a transparent canvas with room for twice the border.
        border: pixels, of the ground around the ink and of the white around the ground.
        ground: `#RRGGBB`; white where the ink is to be read on white.
    """
    ink: Pixels = image[3].numpy()
    solid = _silhouette(ink, 2 * border)
    outside = _distance(1 - solid)
    layers = []
    for margin, colour in ((2 * border, "#FFFFFF"), (border, ground)):
        alpha = np.clip(margin + 0.5 - outside, 0, 1) * 255
        alpha[_filled((alpha == 255).astype(np.uint8)) == 1] = 255
        flat = np.empty((*ink.shape, 4), np.uint8)
        flat[..., :3] = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        flat[..., 3] = alpha.round()
        layers.append(pyvips.Image.new_from_array(flat, interpretation="srgb"))
    white, backing = layers
    return white.composite([backing, image], ["over", "over"])


def _silhouette(alpha: Pixels, reach: float) -> Pixels:
    """1 inside the outline of all that is inked, in one piece: gaps narrower than twice the reach are closed."""
    inked = (alpha > 127).astype(np.uint8)
    while True:
        edge = math.ceil(reach) + 1
        grown = _filled((_distance(1 - np.pad(inked, edge)) <= reach).astype(np.uint8))
        closed = (_distance(grown) > reach).astype(np.uint8)[edge:-edge, edge:-edge] | inked
        if cv2.connectedComponents(closed)[0] <= 2:  # the ground is one
            return _filled(closed)
        reach *= 1.5


def _filled(mask: Pixels) -> Pixels:
    """The mask of 0 and 1 with its holes filled."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(np.zeros_like(mask), contours, -1, 1, cv2.FILLED), np.uint8)


def _distance(mask: Pixels) -> NDArray[np.float32]:
    """Of every pixel to the nearest 0."""
    return np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)


def encoded(image: pyvips.Image, area: Area) -> bytes:
    """As PNG, its copies side by side, with the resolution in the file."""
    if area.zones > 1:
        image = pyvips.Image.arrayjoin([image] * area.zones, across=area.zones)
        image = image.gravity("centre", area.width, area.height)
    return encode(image, area.dpi)
