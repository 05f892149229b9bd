"""The phone case: a rounded shell seen from behind, with the camera looking through its window."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.mockups import cloth, solids, studio
from pipeline.mockups.plane import Box, Field, Frame, Raster, f32
from pipeline.mockups.products.base import Product, as_composed
from pipeline.mockups.scene import Plate, Scene, scene, surface
from pipeline.mockups.studio import Backdrop
from pipeline.models import Variant

FRAME = Frame(per_inch=272.0, origin=(1000.0, 985.0))
FINE = Raster(FRAME)
WIDTH, HEIGHT, CORNER = 3.02, 6.08, 0.50
EDGE = 0.24
"""How far in the back begins to turn into the sides, inches."""
PRINT = (3.26, 5.80)
"""The canvas is a little wider than the case: what bleeds lies on its sides."""
PLATE = Plate(Box(-PRINT[0] / 2, -PRINT[1] / 2, *PRINT), 300.0)
TURNS = (0.0, -7.0, 6.0)
"""How the case lies in each drape, degrees."""
LAMP = (-0.45, -0.6, 1.0)
ISLAND = (1.36, 1.42, 0.40)
ISLAND_AT = (-0.66, -2.16)
LENSES = ((-0.29, -0.31, 0.255), (-0.29, 0.31, 0.255), (0.31, 0.0, 0.255))
"""x, y and radius on the island, inches."""
SHADOWS = ((4, 7, 7, 0.50), (26, 30, 26, 0.34), (60, 66, 70, 0.20))


def draw(view: Variant, drape: int) -> Scene:
    """The case on a table."""
    del view
    x, y = solids.turned(*FINE.grid(), TURNS[drape % len(TURNS)])
    pixel = 1 / FINE.per_inch
    shell = solids.rounded(x, y, WIDTH, HEIGHT, CORNER)
    body = np.maximum(solids.coverage(shell, pixel), _buttons(x, y, pixel))
    hole = solids.rounded(f32(x - ISLAND_AT[0]), f32(y - ISLAND_AT[1]), *ISLAND)
    window = solids.coverage(hole, pixel)

    rim = 0.055 * solids.bulge(f32(0.09 - np.abs(hole + 0.05)), 0.09) * (hole < 0.03)
    height = f32(0.21 * solids.bulge(shell, EDGE) + rim)
    light = cloth.light(cloth.blur(height, 2), FINE, LAMP, hollows=0.8)
    light = f32(light * (1.03 - 0.05 * (x / WIDTH + y / HEIGHT)))
    light = f32(light * (1 - 0.35 * np.exp(-np.clip(shell, 0, None) / 0.03)))
    gloss = _gloss(x, y, height, drape) * body * (1 - window)

    cover = solids.bytes_of(f32(body * (1 - window)))
    backdrop = studio.shaded(studio.table(drape + 3, 232), solids.bytes_of(body), SHADOWS)
    backdrop = _camera(backdrop, f32(x - ISLAND_AT[0]), f32(y - ISLAND_AT[1]), window, hole)
    printed = surface(
        f32(x),
        f32(y),
        solids.bytes_of(
            f32(solids.coverage(f32(shell - 0.015), pixel) * (1 - solids.coverage(f32(hole + 0.05), pixel)))
        ),
        PLATE,
    )
    return scene(light, cover, backdrop, surface=printed, gloss=f32(gloss))


def _buttons(x: Field, y: Field, pixel: float) -> Field:
    """Bumps of the side keys at both edges."""
    found = np.zeros_like(x)
    for side, at, long in ((1, -1.15, 0.72), (-1, -1.45, 0.42), (-1, -0.85, 0.42)):
        key = solids.rounded(f32(x - side * WIDTH / 2), f32(y - at), 0.07, long, 0.03)
        found = np.maximum(found, solids.coverage(key, pixel))
    return f32(found)


def _gloss(x: Field, y: Field, height: Field, drape: int) -> Field:
    """What the lacquer mirrors: a softbox across the back, and the bright line of the rounded edge."""
    slope_x, slope_y = cloth.slopes(cloth.blur(height, 3), FINE)
    half = np.array((LAMP[0], LAMP[1], LAMP[2] + 1.15))
    half /= np.linalg.norm(half)
    toward = (half[2] - half[0] * slope_x - half[1] * slope_y) / np.sqrt(1 + slope_x**2 + slope_y**2)
    edge = np.clip((toward - half[2] - 0.02) / (1 - half[2]), 0, 1) ** 2.2
    diagonal = x * 0.80 + y * 0.34 + 0.10 * (drape - 1)
    sheet = 0.115 * solids.band(f32(diagonal), 0.30, 1.9, 0.10) * (0.75 - 0.11 * y)
    return f32(np.clip(0.55 * edge + sheet, 0, 1))


def _camera(backdrop: Backdrop, x: Field, y: Field, window: Field, hole: Field) -> Backdrop:
    """The phone's own glass in the window: a dark plate in the shade of the shell, with three lenses."""
    pixel = 1 / FINE.per_inch
    shade = 1 - 0.55 * np.exp(-np.clip(hole, 0, None) / 0.05)
    level = f32((46 + 16 * np.clip(0.5 - 0.5 * (x + y), 0, 1)) * shade)
    for at_x, at_y, radius in LENSES:
        ring = solids.disc(f32(x - at_x), f32(y - at_y), radius)
        glass = solids.disc(f32(x - at_x), f32(y - at_y), radius * 0.80)
        iris = solids.disc(f32(x - at_x), f32(y - at_y), radius * 0.42)
        steel = 96 + 70 * np.clip(-((x - at_x) + (y - at_y)) / radius * 0.7, -0.8, 1)
        level = _over(level, steel, solids.coverage(ring, pixel))
        level = _over(level, 16 + 10 * np.clip((y - at_y) / radius, 0, 1), solids.coverage(glass, pixel))
        level = _over(level, np.full_like(level, 7), solids.coverage(iris, pixel))
        spark = solids.disc(f32(x - at_x + radius * 0.30), f32(y - at_y + radius * 0.32), radius * 0.13)
        level = level + 120 * solids.coverage(spark, 0.05) * solids.coverage(glass, pixel)
    flash = solids.disc(f32(x - 0.33), f32(y + 0.47), 0.085)
    level = _over(level, np.full_like(level, 205), solids.coverage(flash, 0.03))
    tint = np.array((1.06, 1.0, 0.97), np.float32)
    backdrop += window[..., None] * (f32(level)[..., None] * tint - backdrop)
    return backdrop


def _over(below: Field, colour: NDArray[np.floating], share: Field) -> Field:
    return f32(below + share * (colour - below))


PHONE = Product(
    name="phone case",
    area="phone",
    size=PRINT,
    place=as_composed,
    plate=PLATE,
    views=(Variant.FRONT,),
    drapes=len(TURNS),
    draw=draw,
)
