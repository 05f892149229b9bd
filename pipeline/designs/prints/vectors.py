"""A flat picture as an SVG: of few colours, and few enough paths for those who print from vectors.

A design of the composer has an exact SVG of its own (`pipeline.designs.compose.svg`); tracing is for pictures.
"""

from __future__ import annotations

import re

import cv2
import numpy as np
import vtracer

from pipeline.designs.prints.encoding import encode
from pipeline.designs.prints.raster import Colours, Pixels, colours, image_of, read

MAX_PATHS, MAX_BYTES = 20_000, 20_000_000
"""What Printify takes (its design guide, read 2026-11): SVG up to 20 MB and 20 thousand paths."""
MOST_COLOURS = 12
APART = 12.0
"""ΔE (CIE 1976) between two colours that are kept; nearer ones become one."""
LEAST_SHARE = 0.002
"""Of the ink: rarer colours are blends along edges."""
CANDIDATES = 2000
"""The commonest colours are looked at."""
SPECKLES = (4, 8, 16, 32)
"""Side in pixels of what is left out, tried one after the other until there are few enough paths."""


def trace(png: bytes) -> str:
    """The picture as an SVG of filled paths, as large in pixels as the picture.

    Args:
        png: a picture with hard edges on nothing, as `prepare` gives it.

    Raises:
        ValueError: no picture, nothing inked, or too many shapes to be flat art.
    """
    pixels = read(png).pixels
    flat = encode(image_of(posterised(pixels), 300), 300)
    paths = size = 0
    for speckle in SPECKLES:
        svg = vtracer.convert_raw_image_to_svg(
            flat,
            img_format="png",
            colormode="color",
            hierarchical="stacked",
            mode="spline",
            filter_speckle=speckle,
            color_precision=8,
            layer_difference=0,
            path_precision=2,
        )
        paths, size = len(re.findall("<path", svg)), len(svg)
        if paths <= MAX_PATHS and size <= MAX_BYTES:
            return str(svg)
    raise ValueError(
        f"{paths} paths in {size:,} bytes, at most {MAX_PATHS} in {MAX_BYTES:,} are taken: this is no flat art, "
        "print it from its PNG"
    )


def posterised(pixels: Pixels) -> Pixels:
    """The picture in at most MOST_COLOURS colours, each pixel full or empty.

    Raises:
        ValueError: nothing is inked.
    """
    found = colours(pixels)
    if not len(found.share):
        raise ValueError("nothing is inked: there is nothing to trace")
    kept = _kept(found)
    grid = np.stack(np.meshgrid(*[np.arange(4, 256, 8, dtype=np.uint8)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    far = np.linalg.norm(_lab(grid)[:, None] - _lab(kept)[None], axis=2)
    table = kept[far.argmin(axis=1)].reshape(32, 32, 32, 3)
    red, green, blue = (pixels[..., i] >> 3 for i in range(3))
    ink = pixels[..., 3] >= 128
    return np.dstack([np.where(ink[..., None], table[red, green, blue], np.uint8(0)), ink * np.uint8(255)])


def _kept(found: Colours) -> Pixels:
    """Colours apart from each other, (n, 3): each time that which has most of what is left of the ink around it."""
    rgb, left = found.rgb[:CANDIDATES], found.share[:CANDIDATES].copy()
    lab = _lab(rgb)
    near = np.linalg.norm(lab[:, None] - lab[None], axis=2) < APART
    kept: list[int] = []
    while len(kept) < MOST_COLOURS:
        around = near @ left
        best = int(np.argmax(np.where(left > 0, around, 0)))
        if kept and around[best] < LEAST_SHARE:
            break
        best = int(np.argmax(np.where(near[best], left, 0)))
        kept.append(best)
        left[near[best]] = 0
    return rgb[kept]


def _lab(rgb: Pixels) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.asarray(cv2.cvtColor(rgb[None].astype(np.float32) / 255, cv2.COLOR_RGB2Lab)[0], np.float32)
