"""The tote: a bag of canvas with two handles, lying flat."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.mockups import cloth, sewing, studio
from pipeline.mockups.plane import Box, Curve, Field, Frame, Mask, Raster, bezier, f32, u8
from pipeline.mockups.products.base import Product
from pipeline.mockups.scene import Plate, Scene, scene, surface
from pipeline.models import Variant

SEED = 50110
FRAME = Frame(per_inch=70.0, origin=(1000.0, 785.0))
"""(0, 0) is the middle of the bag's upper edge."""
BODY = Raster(FRAME, 1000)
CREASES = Raster(FRAME, 500)
FINE = Raster(FRAME)

WIDTH, HEIGHT = 14.8, 15.6
HEM = 1.15
STRAP = 1.05
PRINT = 9.75
"""Inches, each way."""
PRINT_Y = 8.3
PLATE = Plate(Box(-PRINT / 2, PRINT_Y - PRINT / 2, PRINT, PRINT), FRAME.per_inch)
CALM = Box(-6.5, 1.5, 13.0, 13.0)

THREADS_PER_INCH = 21
WEAVE = 0.030
"""Deviation of the light from thread to thread."""
LAMP = (-0.5, -0.6, 1.0)
DISPLACEMENT_INCHES = 0.4

TOP = bezier((-WIDTH / 2, 0.0), (-3.0, 0.06), (3.0, -0.06), (WIDTH / 2, 0.0))
OUTLINE = np.concatenate(
    [
        TOP,
        bezier((WIDTH / 2, 0.0), (WIDTH / 2 - 0.12, 5.0), (WIDTH / 2 + 0.1, 10.0), (WIDTH / 2 - 0.1, HEIGHT - 0.2)),
        bezier((WIDTH / 2 - 0.1, HEIGHT - 0.2), (WIDTH / 2 - 0.15, HEIGHT + 0.05), (WIDTH / 2 - 0.6, HEIGHT)),
        bezier((WIDTH / 2 - 0.6, HEIGHT), (2.0, HEIGHT + 0.12), (-2.0, HEIGHT + 0.08), (-WIDTH / 2 + 0.6, HEIGHT)),
        bezier((-WIDTH / 2 + 0.6, HEIGHT), (-WIDTH / 2 + 0.12, HEIGHT + 0.05), (-WIDTH / 2 + 0.1, HEIGHT - 0.2)),
        bezier((-WIDTH / 2 + 0.1, HEIGHT - 0.2), (-WIDTH / 2 - 0.1, 10.0), (-WIDTH / 2 + 0.1, 5.0), (-WIDTH / 2, 0.0)),
    ]
)


def place(ink: Box, canvas: tuple[float, float]) -> Box:
    """The inked box in the middle of the print area."""
    del canvas
    return Box(-ink.width / 2, PRINT_Y - ink.height / 2, ink.width, ink.height)


def draw(view: Variant, drape: int) -> Scene:
    """The bag in a drape. Front and back are sewn alike; only the front is printed."""
    rng = np.random.default_rng([SEED, drape, view is Variant.BACK])
    weave = cloth.canvas_weave(rng, FINE, THREADS_PER_INCH)
    height = _drape(rng)
    panel = FINE.scaled(cloth.light(height, BODY, LAMP, hollows=1.6)) * _sewing()
    bag = FINE.fill(OUTLINE)
    light, cover = panel.copy(), bag.copy()
    behind = _handle(rng, lift=8.9, spread=3.35, sag=0.3)
    before = _handle(rng, lift=8.2, spread=3.55, sag=-0.25)
    _lay_strap(light, cover, behind, base=0.0, shade=0.86)
    sewing.blend(light, panel, bag)
    _lay_strap(light, cover, before, base=2.1, shade=1.0)
    _patches(light, before)
    light *= 1 + WEAVE * weave
    bend = cloth.lie(rng, FINE, turn=1.1, wander=0.14, calm=CALM)
    cover = cloth.laid_mask(cover, bend)
    covering = u8(np.clip(255 * (0.975 + 0.015 * weave), 0, 255) * (cover == 255))
    printed = None
    if view is Variant.FRONT:
        printed = surface(*cloth.seen_through(height, BODY, FINE, DISPLACEMENT_INCHES, bend), covering, PLATE)
    backdrop = studio.shaded(studio.table(drape + 1), cover, ((5, 8, 8, 0.38), (24, 34, 34, 0.20)))
    return scene(cloth.laid(light, bend), cover, backdrop, surface=printed)


def _drape(rng: np.random.Generator) -> Field:
    """Height of the bag's front: a flat cushion, its packing creases, and the folds that its handles pull."""
    x, y = BODY.grid()
    inside = f32(cv2.distanceTransform((FINE.fill(OUTLINE) > 127).astype(np.uint8), cv2.DIST_L2, 0)) / FINE.per_inch
    rim = BODY.scaled(f32(np.clip(inside / 0.9, 0, 1)))
    height = 0.16 * np.sqrt(np.clip(1 - (1 - rim) ** 2, 0, 1))
    creases = cloth.folded(rng, CREASES, FOLDS, stray=0.55)
    packing = -0.013 * np.exp(-(((x - rng.normal(0, 0.25)) / 0.10) ** 2))
    packing += -0.010 * np.exp(-(((y - 8 - rng.normal(0, 0.5)) / 0.10) ** 2))
    waves = cloth.noise(rng, BODY, 2.2, 2.8) * 0.11 + cloth.noise(rng, BODY, 0.55, 0.8) * 0.018
    wander_x, wander_y = (0.15 * BODY.per_inch * cloth.noise(rng, BODY, 1.0, 1.0) for _ in range(2))
    folds = cloth.warp(f32(BODY.scaled(creases) + packing), wander_x, wander_y)
    return f32(height + cloth.blur(folds, 0.9) + waves)


FOLDS = (
    cloth.Held(((3.6, 1.3), (2.6, 4.2), (1.6, 7.0)), width=0.5, depth=0.07, lean=0.5),
    cloth.Held(((7.2, 4.0), (5.1, 5.5), (3.0, 7.0)), width=0.45, depth=0.06, lean=0.5),
    cloth.Held(((7.2, 11.0), (5.3, 11.8), (3.5, 12.5)), width=0.45, depth=0.07, lean=0.5),
    cloth.Held(((6.6, 15.2), (4.5, 13.4), (2.5, 11.5)), width=0.5, depth=0.08, lean=0.5),
)
"""Pulled by the handles' feet, by the sides and by the lower corners."""


def _sewing() -> Field:
    factor = np.ones((FINE.side, FINE.side), np.float32)
    hem = sewing.moved(TOP, (0, 1), HEM)
    sewing.groove(factor, FINE, [hem], width=0.05, depth=0.16, lit=0.06)
    sewing.stitches(factor, FINE, [sewing.moved(hem, (0, -1), 0.07)])
    return factor


# ---------------------------------------------------------------------------------------------------------------------
# handles


def _handle(rng: np.random.Generator, *, lift: float, spread: float, sag: float) -> Curve:
    """The middle line of a handle, from its foot on the left to its foot on the right."""
    top = -lift + rng.normal(0, 0.25)
    lean = rng.normal(0, 0.35)
    bow = 1.9 + rng.normal(0, 0.2)
    left = bezier((-spread, 2.0), (-spread + 0.1, -2.5), (lean - bow, top + 0.25 + sag), (lean, top), n=96)
    right = bezier((lean, top), (lean + bow, top - 0.25 - sag), (spread - 0.1, -2.5), (spread, 2.0), n=96)
    return np.concatenate([left, right[1:]])


def _lay_strap(light: Field, cover: Mask, line: Curve, *, base: float, shade: float) -> None:
    """A strap over what is there: rounded edges, a stitched hem on both sides, its shadow on what lies below."""
    path = line[line[:, 1] <= base + 1e-6]
    band = FINE.stroke([path], STRAP)
    shadow = cloth.blur(f32(np.roll(band, (7, 4), (0, 1)) / np.float32(255)), 5)
    light *= 1 - 0.30 * shadow * (1 - band / np.float32(255))
    inside = f32(cv2.distanceTransform((band > 127).astype(np.uint8), cv2.DIST_L2, 0)) / FINE.per_inch
    edge = np.clip(inside / 0.16, 0, 1)
    tube = shade * (0.80 + 0.20 * np.sqrt(np.clip(1 - (1 - edge) ** 2, 0, 1)))
    slope_x = f32(cv2.Sobel(cloth.blur(f32(inside), 3), cv2.CV_32F, 1, 0, ksize=3))
    slope_y = f32(cv2.Sobel(cloth.blur(f32(inside), 3), cv2.CV_32F, 0, 1, ksize=3))
    tube = tube * (1 - 0.9 * (LAMP[0] * slope_x + LAMP[1] * slope_y) * (edge < 1))
    factor = np.ones_like(light)
    sides = [_offset(path, by * (STRAP / 2 - 0.12)) for by in (1, -1)]
    sewing.stitches(factor, FINE, sides)
    sewing.blend(light, f32(tube * factor), band)
    np.maximum(cover, band, out=cover)


def _offset(line: Curve, by: float) -> Curve:
    along = np.gradient(line, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    return line + by * np.column_stack([-along[:, 1], along[:, 0]])


def _patches(light: Field, line: Curve) -> None:
    """The stitched boxes with a cross that hold the handle's feet."""
    factor = np.ones_like(light)
    half = STRAP / 2 - 0.12
    for foot in (line[0], line[-1]):
        low, high, x = 0.18, 1.95, foot[0]
        corners = [(x - half, low), (x + half, low), (x + half, high), (x - half, high)]
        lines = [np.array([corners[i], corners[(i + 1) % 4]]) for i in range(4)]
        lines += [np.array([corners[0], corners[2]]), np.array([corners[1], corners[3]])]
        sewing.stitches(factor, FINE, [np.linspace(one[0], one[1], 30) for one in lines])
    light *= factor


TOTE = Product(
    name="tote",
    area="square",
    size=(PRINT, PRINT),
    place=place,
    plate=PLATE,
    views=(Variant.FRONT, Variant.BACK),
    drapes=3,
    draw=draw,
    cloth=True,
)
