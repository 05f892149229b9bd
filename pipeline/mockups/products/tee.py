"""The tee: its cloth, folds, seams and collar, front and back.

What belongs here: which folds, seams and textures a tee has. What does not: the cut (`tee_cut`), how cloth takes light
(`cloth`). Nothing is photographed or loaded: the same code always draws the same tee.
"""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.mockups import cloth, sewing, studio
from pipeline.mockups.plane import Box, Curve, Field, Raster, f32, mirrored, u8
from pipeline.mockups.products import tee_cut as cut
from pipeline.mockups.products.base import Product
from pipeline.mockups.scene import Plate, Scene, scene, surface
from pipeline.models import Variant

SEED = 20240
GRAIN = 0.018
"""Deviation of the light from yarn to yarn."""
LAMP = (-0.42, -0.62, 1.0)
DISPLACEMENT_INCHES = 0.4
"""How far a slope of 1 moves the print."""

BODY = Raster(cut.FRAME, 1000)
CREASES = Raster(cut.FRAME, 500)
FINE = Raster(cut.FRAME)
CALM = Box(-8.5, -3.0, 17.0, 26.0)
PLATE = Plate(cut.PRINT_AREA, cut.FRAME.per_inch)


def place(ink: Box, canvas: tuple[float, float]) -> Box:
    """Where an inked box is printed.

    It is centred on the shirt's axis, and as near to the chest line as the print area lets it: a badge sits on the
    chest, a full-height print fills the area from its top. It is never scaled.

    Raises:
        ValueError: The box is empty or larger than the print area.
    """
    del canvas
    slack = 1e-9
    width, height = ink.width, ink.height
    if not (0 < width <= cut.PRINT_WIDTH + slack and 0 < height <= cut.PRINT_HEIGHT + slack):
        raise ValueError(
            f"ink={width:.2f}×{height:.2f} in does not fit the print area of {cut.PRINT_WIDTH:g}×{cut.PRINT_HEIGHT:g} "
            "in: scale the artwork down"
        )
    top = min(max(cut.CHEST_Y - height / 2, cut.PRINT_TOP), cut.PRINT_TOP + cut.PRINT_HEIGHT - height)
    return Box(-width / 2, top, width, height)


def draw(view: Variant, drape: int) -> Scene:
    """One side of the tee in a drape: about a second."""
    rng = np.random.default_rng([SEED, drape, view is Variant.BACK])
    grain = cloth.jersey(rng, FINE)
    height = _drape(rng)
    light = FINE.scaled(cloth.light(height, BODY, LAMP, hollows=2.0)) * _sewing() * (1 + GRAIN * grain)
    if view is Variant.FRONT:
        _inside(light, np.fliplr(grain))
    _collar(light, view)
    bend = cloth.lie(rng, FINE, turn=0.9, wander=0.16, calm=CALM)
    cover = cloth.laid_mask(FINE.fill(cut.silhouette()), bend)
    weave = u8(np.clip(255 * (0.985 + 0.008 * grain), 0, 255) * (cover == 255))
    printed = None
    if view is Variant.FRONT:
        printed = surface(*cloth.seen_through(height, BODY, FINE, DISPLACEMENT_INCHES, bend), weave, PLATE)
    backdrop = studio.shaded(studio.table(drape), cover, ((5, 9, 9, 0.34), (22, 32, 34, 0.20)))
    return scene(cloth.laid(light, bend), cover, backdrop, surface=printed)


# ---------------------------------------------------------------------------------------------------------------------
# cloth


def _drape(rng: np.random.Generator) -> Field:
    """Height of the outer cloth, inches: the volumes of body and sleeves, and the folds on them."""
    x, y = BODY.grid()
    whole = FINE.fill(cut.silhouette())
    inside = f32(cv2.distanceTransform((whole > 127).astype(np.uint8), cv2.DIST_L2, 5))
    inside = cloth.blur(inside, 3) / FINE.per_inch
    rim = BODY.scaled(f32(np.clip(inside / 0.6, 0, 1)))
    height = 0.24 * np.sqrt(np.clip(1 - (1 - rim) ** 2, 0, 1))
    height = height + 1.5 * np.sqrt(np.clip(1 - (x / 18.5) ** 2, 0, 1))
    for side in (1, -1):
        height = height + _sleeve_volume(side, x, y)

    creases = cloth.folded(rng, CREASES, HELD)
    creases += cloth.folded(rng, CREASES, _pulled(rng), mirrored=False, keep=1.0, stray=0.0)
    folds = BODY.scaled(creases) + _loose_cloth(rng, x, y)
    wander_x, wander_y = (0.2 * BODY.per_inch * cloth.noise(rng, BODY, 1.1, 1.1) for _ in range(2))
    folds = cloth.blur(cloth.warp(f32(folds), wander_x, wander_y), 1.0)
    return f32(height + folds)


def _sleeve_volume(side: int, x: Field, y: Field) -> Field:
    """A sleeve is a tube of its own where it leaves the body: it sinks towards the armpit and rises again."""
    along = np.clip(((x * side - 8.6) * 0.80 + (y - 5.0) * 0.60) / 3.0, 0, 1)
    across = (-(x * side - 8.6) * 0.62 + (y - 3.2) * 0.78) / 4.6
    tube = 0.55 * np.sqrt(np.clip(1 - np.clip(across, -1, 1) ** 2, 0, 1)) - 0.3
    outside = np.clip((_armhole_side(x * side, y) + 0.5) / 1.4, 0, 1)
    return cloth.blur(f32(tube * along * outside), 0.2 * BODY.per_inch)


def _armhole_side(x: Field, y: Field) -> Field:
    """Inches to the sleeve's side of its seam, measured across."""
    seam = np.interp(y[:, 0], cut.ARMHOLE[:, 1], cut.ARMHOLE[:, 0]).astype(np.float32)
    below = np.clip(y[:, 0] - cut.ARMHOLE[-1, 1], 0, None)
    return f32(x - (seam + below * 0.35)[:, None])


HELD = (
    # from the armpit, across the chest and down the side
    cloth.Held(((10.2, 9.2), (8.2, 9.0), (6.2, 10.6), (4.6, 13.0)), width=0.42, depth=0.12),
    cloth.Held(((10.4, 10.3), (9.0, 11.2), (7.6, 13.0), (6.8, 16.0)), width=0.44, depth=0.15),
    cloth.Held(((10.5, 11.0), (9.7, 13.0), (9.0, 16.0), (8.8, 20.0)), width=0.46, depth=0.15),
    cloth.Held(((9.0, 7.0), (8.0, 6.6), (6.6, 7.0), (5.2, 8.4)), width=0.40, depth=0.07),
    # from the armpit, into the sleeve
    cloth.Held(((10.4, 9.8), (10.4, 7.8), (10.7, 5.6), (11.4, 3.6)), width=0.42, depth=0.14),
    cloth.Held(((10.7, 10.2), (11.6, 8.8), (12.5, 7.2), (12.9, 5.4)), width=0.42, depth=0.15, lean=-0.3),
    cloth.Held(((11.0, 10.8), (12.4, 10.0), (13.6, 9.0), (14.8, 7.6)), width=0.40, depth=0.13),
    cloth.Held(((11.3, 11.6), (12.4, 11.4), (13.4, 10.8), (14.2, 10.0)), width=0.34, depth=0.08),
    # from the shoulder's point and the collar, where the weight hangs
    cloth.Held(((9.4, 2.9), (10.8, 4.4), (12.2, 6.4), (13.4, 8.6)), width=0.5, depth=0.06, lean=0.3),
    cloth.Held(((4.0, 2.6), (4.6, 4.6), (5.4, 6.4), (6.6, 8.4)), width=0.5, depth=0.05, lean=0.2),
    # tucks at the waist
    cloth.Held(((11.9, 15.2), (9.2, 15.8), (7.2, 16.6), (5.2, 18.8)), width=0.46, depth=0.11),
    cloth.Held(((11.8, 17.4), (9.0, 19.2), (7.6, 19.8), (6.2, 20.0)), width=0.42, depth=0.11),
    cloth.Held(((11.8, 20.2), (8.6, 20.8), (6.2, 22.0), (4.2, 24.6)), width=0.50, depth=0.11),
    cloth.Held(((11.9, 23.6), (9.4, 23.2), (8.0, 24.2), (7.0, 26.4)), width=0.46, depth=0.09),
)
"""Folds of one side, from where the cloth is held."""


def _pulled(rng: np.random.Generator) -> list[cloth.Held]:
    """A few long folds where the cloth is pulled across the belly, each its own way."""
    found = []
    for _ in range(int(rng.integers(3, 6))):
        side = rng.choice((-1, 1))
        start = (side * rng.uniform(6.5, 10.5), rng.uniform(13, 24))
        end = (-side * rng.uniform(-3, 6), start[1] + rng.uniform(1.0, 6.5))
        middle = ((start[0] + end[0]) / 2 + rng.normal(0, 0.9), (start[1] + end[1]) / 2 + rng.normal(0.8, 0.9))
        width, depth, lean = rng.uniform(0.34, 0.6), rng.uniform(0.06, 0.13), float(rng.choice((0.6, -0.5)))
        found.append(cloth.Held((start, middle, end), width=width, depth=depth, lean=lean))
    return found


def _loose_cloth(rng: np.random.Generator, x: Field, y: Field) -> Field:
    """Soft drapes that nothing holds: upright below the chest, slanting from the shoulders above it."""
    low = 1 / (1 + np.exp(-(y - 17.0) / 2.6))
    wave = cloth.noise(rng, BODY, 0.7, 3.6)
    drapes = (0.5 * wave + np.sqrt(wave**2 + 0.05)) * low * 0.085
    lean = cloth.noise(rng, BODY, 0.55, 2.6)
    slant = cloth.warp(lean, f32(0.55 * (y - 8) * np.tanh(x / 2) * BODY.per_inch), np.zeros_like(lean))
    chest = np.exp(-(((y - 9.0) / 5.0) ** 2)) * np.clip(np.abs(x) / 8, 0.15, 1) * 0.055
    ease = cloth.noise(rng, BODY, 1.5, 1.9) * 0.075
    return f32(drapes + slant * chest + ease)


# ---------------------------------------------------------------------------------------------------------------------
# sewing


def _sewing() -> Field:
    """Factor on the light: seams, hems and stitches of the outer cloth."""
    factor = np.ones((FINE.side, FINE.side), np.float32)
    edges: list[tuple[Curve, tuple[float, float]]] = [(mirrored(cut.HEM), (0.0, -1.0))]
    armholes: list[Curve] = []
    for side in (1, -1):
        armholes.append(cut.ARMHOLE * (side, 1))
        edges.append((cut.SLEEVE_HEM * (side, 1), (-0.62 * side, -0.66)))
    sewing.groove(factor, FINE, armholes, width=0.05, depth=0.22, lit=0.07)
    hems = [sewing.moved(edge, inward, 1.05) for edge, inward in edges]
    sewing.groove(factor, FINE, hems, width=0.04, depth=0.11, lit=0.05)
    sewing.stitches(factor, FINE, [sewing.moved(edge, inward, by) for edge, inward in edges for by in (1.0, 0.82)])
    return factor


def _inside(shading: Field, grain: Field) -> None:
    """The inside of the back, seen through the neck of the front view: in the shade, with its ribbing and tape."""
    opening = np.concatenate([mirrored(cut.BACK_EDGE), mirrored(cut.FRONT_EDGE)[::-1]])
    _, y = FINE.grid()
    shade = (0.60 - 0.05 * np.clip(y, 0, 3)) * (1 + GRAIN * grain)
    sewing.blend(shading, f32(shade), FINE.fill(opening))
    sewing.rib(shading, FINE, mirrored(cut.BACK_EDGE), mirrored(cut.BACK_SEAM_INSIDE), (0.74, 0.66))


def _collar(shading: Field, view: Variant) -> None:
    """The ribbing that is seen from outside, its seam, and the stitches below it."""
    if view is Variant.FRONT:
        edge, seam = mirrored(cut.FRONT_EDGE), mirrored(cut.FRONT_SEAM)
    else:
        edge, seam = mirrored(cut.BACK_EDGE), mirrored(cut.BACK_SEAM)
    sewing.rib(shading, FINE, edge, seam, (1.02, 0.9))
    sewing.groove(shading, FINE, [seam], width=0.05, depth=0.34, lit=0.08)
    sewing.stitches(shading, FINE, [sewing.moved(seam, (0, 1), 0.16)])


TEE = Product(
    name="tee",
    area="tee",
    size=(cut.PRINT_WIDTH, cut.PRINT_HEIGHT),
    place=place,
    plate=PLATE,
    views=(Variant.FRONT, Variant.BACK),
    drapes=4,
    draw=draw,
    cloth=True,
)
