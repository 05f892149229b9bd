"""The poster: framed, on a wall in the light of a window."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.mockups import cloth, solids, studio
from pipeline.mockups.plane import PICTURE_PX, Box, Field, Frame, Raster, f32
from pipeline.mockups.products.base import Product
from pipeline.mockups.scene import Plate, Scene, scene, surface
from pipeline.mockups.studio import Backdrop
from pipeline.models import Variant

FRAME = Frame(per_inch=66.0, origin=(1000.0, 960.0))
FINE = Raster(FRAME)
PAPER = (16.0, 20.0)
MOULDING = 0.62
PRINT = (13.6, 16.3)
PLATE = Plate(Box(-PRINT[0] / 2, -PRINT[1] / 2, *PRINT), FRAME.per_inch)
WALLS = ((214, 220, 224), (222, 220, 216), (186, 196, 194), (206, 212, 220))
"""BGR."""
FRAMES = ((38, 36, 36), (88, 132, 170), (238, 238, 238), (60, 84, 110))
"""Black, oak, white, walnut; BGR."""
WOOD = (1, 3)
SHADOWS = ((10, 12, 10, 0.34), (34, 44, 34, 0.26), (70, 96, 90, 0.14))


def place(ink: Box, canvas: tuple[float, float]) -> Box:
    """The inked box in the middle of the paper, a little above it, as frames are hung."""
    del canvas
    top = max(-PRINT[1] / 2, -ink.height / 2 - 0.35)
    return Box(-ink.width / 2, top, ink.width, ink.height)


def draw(view: Variant, drape: int) -> Scene:
    """The frame on its wall; the paper is printed in the product's colour to its edge."""
    del view
    rng = np.random.default_rng([7301, drape])
    x, y = FINE.grid()
    pixel = 1 / FINE.per_inch
    paper = solids.rounded(x, y, *PAPER, 0.001)
    outer = solids.rounded(x, y, PAPER[0] + 2 * MOULDING, PAPER[1] + 2 * MOULDING, 0.03)
    solid = solids.bytes_of(solids.coverage(outer, pixel))
    sun = _window_light(drape)
    wall = np.array(WALLS[drape % len(WALLS)], np.float32)
    backdrop = f32((_plaster(rng) * sun)[..., None] * wall)
    backdrop = studio.shaded(backdrop, solid, SHADOWS)
    moulding = _moulding(rng, x, y, drape) * sun[..., None]
    backdrop += solids.coverage(outer, pixel)[..., None] * (moulding - backdrop)

    lip = solids.coverage(paper, pixel)
    left = np.exp(-np.clip(x + PAPER[0] / 2, 0, None) / 0.16) + np.exp(-np.clip(y + PAPER[1] / 2, 0, None) / 0.16)
    fibre = cloth.noise(rng, Raster(FRAME, 1000), 0.02, 0.02)
    light = sun * (1 - 0.30 * np.clip(left, 0, 1)) * (1 + 0.006 * FINE.scaled(fibre))
    glass = 0.050 * solids.band(f32(x * 0.9 + y * 0.42), -7.5, -2.2, 0.5) + 0.030 * solids.band(
        f32(x * 0.9 + y * 0.42), -1.4, -0.5, 0.3
    )
    printed = surface(
        f32(x),
        f32(y),
        solids.bytes_of(lip),
        PLATE,
    )
    return scene(f32(light), solids.bytes_of(lip), backdrop, surface=printed, gloss=f32(glass * lip))


def _window_light(drape: int) -> Field:
    """Daylight on the wall: a gradient from the window, and its slanting panes softened by distance."""
    v, u = np.mgrid[0:500, 0:500].astype(np.float32) / 500
    slope = (0.55, 0.4, 0.7, 0.48)[drape % 4]
    across, down = u - 0.12 + slope * (v - 0.5), v - 0.22 * (u - 0.5)
    panes = np.zeros_like(u)
    for low, high in ((0.08, 0.34), (0.40, 0.66)):
        for top, bottom in ((0.02, 0.44), (0.49, 0.93)):
            panes += solids.band(f32(across), low, high, 0.02) * solids.band(f32(down), top, bottom, 0.02)
    soft = cloth.blur(f32(panes), 9)
    light = 0.93 - 0.10 * np.hypot(u - 0.2, v - 0.3) + 0.13 * soft
    return f32(cv2.resize(light, (PICTURE_PX, PICTURE_PX), interpolation=cv2.INTER_CUBIC))


def _plaster(rng: np.random.Generator) -> Field:
    """A rolled wall: fine orange peel and broad unevenness, about 1."""
    raster = Raster(FRAME, 1000)
    peel = cloth.noise(rng, raster, 0.035, 0.035)
    broad = cloth.noise(rng, Raster(FRAME, 250), 2.0, 2.0)
    return f32(1 + 0.008 * FINE.scaled(peel) + 0.006 * FINE.scaled(broad))


def _moulding(rng: np.random.Generator, x: Field, y: Field, drape: int) -> Backdrop:
    """A flat frame with mitred corners, its four bars lit from the upper left."""
    at_x, at_y = np.abs(x) - PAPER[0] / 2, np.abs(y) - PAPER[1] / 2
    upright = at_x > at_y
    across = np.clip(np.where(upright, at_x, at_y) / MOULDING, 0, 1)
    light = np.where(upright, np.where(x < 0, 0.96, 0.86), np.where(y < 0, 1.05, 0.80))
    light = light * (0.94 + 0.10 * solids.band(f32(across), 0.12, 0.88, 0.12))
    light = light * (1 - 0.25 * np.exp(-np.abs(at_x - at_y) / 0.015) * (np.maximum(at_x, at_y) > 0))
    if drape % len(FRAMES) in WOOD:
        along_y = cloth.noise(rng, FINE, 0.03, 2.4)
        along_x = cloth.noise(rng, FINE, 2.4, 0.03)
        light = light * (1 + 0.055 * np.where(upright, along_y, along_x))
    return f32(light[..., None] * np.array(FRAMES[drape % len(FRAMES)], np.float32))


POSTER = Product(
    name="poster",
    area="tee",
    size=PRINT,
    place=place,
    plate=PLATE,
    views=(Variant.FRONT,),
    drapes=len(WALLS),
    draw=draw,
)
