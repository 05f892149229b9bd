"""The sticker: vinyl cut around the design, lying on a table with one corner a little up.

Its print file carries the white border; the sticker is its print, cut out.
"""

from __future__ import annotations

import numpy as np

from pipeline.mockups import solids, studio
from pipeline.mockups.plane import Box, Frame, Raster, f32
from pipeline.mockups.products.base import Product
from pipeline.mockups.scene import Plate, Scene, canvas, scene, surface
from pipeline.models import Variant

FRAME = Frame(per_inch=258.0, origin=(1000.0, 1000.0))
FINE = Raster(FRAME)
SIZE = 6.0
PLATE = Plate(Box(-3.6, -3.6, 7.2, 7.2), FRAME.per_inch)
TURNS = (-6.0, 4.0, 9.0, -2.0)
DESKS = ((206, 214, 222), (196, 190, 180), (178, 200, 196), (214, 206, 214))
"""BGR."""


def place(ink: Box, canvas_size: tuple[float, float]) -> Box:
    """The sticker in the middle of the picture."""
    del canvas_size
    return Box(-ink.width / 2, -ink.height / 2, ink.width, ink.height)


def draw(view: Variant, drape: int) -> Scene:
    """The table, and how the vinyl lies on it."""
    del view
    x, y = FINE.grid()
    flat_x, flat_y = solids.turned(x, y, TURNS[drape % len(TURNS)])
    # Towards its corner the vinyl curls up: it is foreshortened there, and catches the light.
    corner = (flat_x + flat_y) / 1.414 - 1.55
    lift = np.clip(corner, 0, None)
    curl = 0.075 * lift**2
    light = 1.0 - 0.02 * (x + y) / 6 + 0.16 * np.exp(-(((corner - 0.45) / 0.40) ** 2)) - 0.055 * lift
    gloss = 0.10 * solids.band(f32(flat_x * 0.85 - flat_y * 0.5), -1.1, 0.15, 0.6)
    gloss = gloss + 0.12 * np.exp(-(((corner - 0.5) / 0.30) ** 2))
    tint = np.array(DESKS[drape % len(DESKS)], np.float32) / 238
    printed = surface(
        f32(flat_x + curl),
        f32(flat_y + curl),
        solids.bytes_of(canvas()),
        PLATE,
    )
    nothing = solids.bytes_of(canvas(0.0))
    return scene(f32(light), nothing, f32(studio.table(drape) * tint), surface=printed, gloss=f32(gloss))


STICKER = Product(
    name="sticker",
    area="sticker",
    size=(SIZE, SIZE),
    place=place,
    plate=PLATE,
    views=(Variant.FRONT,),
    drapes=len(TURNS),
    draw=draw,
    coloured=False,
    cut_out=True,
)
