"""The hoodie: fleece with a hood, a drawcord, a pocket and ribbed ends; front and back.

Coordinates as the tee's: x to the viewer's right from the axis, y down from the high point of the shoulder.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from pipeline.mockups import cloth, sewing, studio
from pipeline.mockups.plane import Box, Curve, Field, Frame, Mask, Raster, bezier, f32, flip, mirrored, u8
from pipeline.mockups.products.base import Product
from pipeline.mockups.scene import Plate, Scene, scene, surface
from pipeline.models import Variant

SEED = 33870
FRAME = Frame(per_inch=51.0, origin=(1000.0, 455.0))
BODY = Raster(FRAME, 1000)
CREASES = Raster(FRAME, 500)
FINE = Raster(FRAME)
GRAIN = 0.022
LAMP = (-0.42, -0.62, 1.0)
DISPLACEMENT_INCHES = 0.4

PRINT = (12.0, 10.8)
"""The area is 15 × 13.5 in; between neck and pocket there is room for this, in the same proportions."""
PRINT_TOP = 6.1
PLATE = Plate(Box(-PRINT[0] / 2, PRINT_TOP, *PRINT), FRAME.per_inch)
CALM = Box(-8.5, -4.0, 17.0, 26.0)

# Half curves of the viewer's right side.
SHOULDER = bezier((3.4, 0.1), (5.6, 0.7), (8.2, 1.4), (10.2, 2.7))
SLEEVE_OUT = bezier((10.2, 2.7), (13.8, 4.8), (15.0, 12.0), (16.6, 22.6))
CUFF_OUT = bezier((16.6, 22.6), (16.7, 23.6), (16.6, 24.4), (16.5, 25.4))
CUFF_END = bezier((16.5, 25.4), (15.8, 25.9), (14.7, 26.2), (14.0, 26.2))
CUFF_IN = bezier((14.0, 26.2), (13.7, 25.4), (13.4, 24.6), (13.2, 23.7))
SLEEVE_IN = bezier((13.2, 23.7), (12.5, 18.5), (11.6, 13.8), (11.0, 11.6))
SIDE = bezier((11.0, 11.6), (11.3, 16.0), (11.4, 21.0), (11.1, 25.0))
HEM_SIDE = bezier((11.1, 25.0), (10.9, 26.0), (10.6, 27.0), (10.55, 27.6))
HEM_END = bezier((10.55, 27.6), (7.0, 28.1), (3.0, 28.2), (0.0, 28.2))
HEM_SEAM = bezier((11.1, 25.0), (7.0, 25.6), (3.0, 25.75), (0.0, 25.75))
CUFF_SEAM = bezier((16.6, 22.6), (15.6, 23.3), (14.2, 23.7), (13.2, 23.7))
ARMHOLE = bezier((10.2, 2.7), (9.3, 5.4), (8.9, 9.6), (11.0, 11.6))

HOOD_OUT = bezier((5.6, 1.2), (8.6, 0.4), (9.6, -4.6), (6.6, -6.9), (3.0, -7.7), (0.0, -7.3))
HOOD_EDGE = bezier((0.0, 4.1), (1.7, 2.7), (4.1, -0.4), (4.2, -4.6), (2.6, -5.3), (0.0, -5.1))
"""The hood's opening, from the throat up."""
HOOD_SEAM = bezier((0.0, 5.2), (2.9, 3.9), (5.6, -0.4), (5.5, -5.4), (3.0, -6.4), (0.0, -6.1))
"""The stitched channel of the drawcord, outside of the opening."""
HOOD_BACK = bezier((5.2, 0.7), (7.4, 2.0), (5.6, 9.6), (0.0, 9.9))
HOOD_BACK_TOP = bezier((5.2, 0.7), (4.4, -1.1), (2.0, -1.5), (0.0, -1.5))
NECK_SEAM = bezier((3.4, 0.1), (3.4, 2.4), (2.4, 4.6), (0.0, 5.0))

POCKET_TOP = ((-4.3, 17.3), (4.3, 17.3))
POCKET_MOUTH = bezier((4.3, 17.3), (5.2, 19.0), (6.4, 20.8), (7.6, 21.7))
POCKET_SIDE = bezier((7.6, 21.7), (7.65, 23.0), (7.6, 24.4), (7.5, 25.5))

HELD = (
    # from the armpit, over the chest, down the side, into the sleeve
    cloth.Held(((10.4, 10.6), (8.4, 10.4), (6.4, 11.6), (4.6, 13.6)), width=0.55, depth=0.18),
    cloth.Held(((10.7, 11.4), (9.4, 13.2), (8.4, 15.4), (7.9, 17.6)), width=0.58, depth=0.21),
    cloth.Held(((10.9, 12.2), (10.3, 15.0), (9.8, 18.0), (9.7, 22.0)), width=0.50, depth=0.18),
    cloth.Held(((10.6, 10.8), (10.9, 8.4), (11.5, 6.4), (12.3, 4.8)), width=0.50, depth=0.21),
    cloth.Held(((11.2, 11.6), (12.4, 11.2), (13.4, 11.6), (14.4, 12.6)), width=0.50, depth=0.20),
    # across the sleeve, where it bends
    cloth.Held(((11.8, 13.6), (12.8, 13.4), (13.8, 13.8), (15.0, 15.2)), width=0.67, depth=0.21),
    cloth.Held(((15.6, 14.6), (14.4, 14.9), (13.2, 16.2), (12.5, 17.6)), width=0.70, depth=0.19),
    cloth.Held(((12.4, 16.6), (13.4, 17.0), (14.6, 17.2), (15.7, 18.4)), width=0.64, depth=0.18),
    # bunched above the cuff
    cloth.Held(((13.0, 21.6), (14.1, 21.4), (15.2, 21.0), (16.2, 21.4)), width=0.64, depth=0.24, lean=0.8),
    cloth.Held(((16.4, 22.4), (15.4, 22.6), (14.3, 22.8), (13.3, 22.6)), width=0.58, depth=0.22, lean=0.8),
    # bunched above the hem
    cloth.Held(((11.2, 24.2), (9.6, 23.6), (8.4, 23.4), (7.6, 23.0)), width=0.50, depth=0.18),
    cloth.Held(((9.4, 25.2), (9.2, 23.6), (8.8, 22.2), (8.6, 20.4)), width=0.46, depth=0.17),
    # from the shoulder
    cloth.Held(((9.8, 3.0), (11.4, 4.8), (12.6, 7.2), (13.4, 10.0)), width=0.6, depth=0.09, lean=0.3),
    cloth.Held(((4.6, 3.2), (5.2, 6.0), (5.6, 8.6), (6.6, 10.4)), width=0.6, depth=0.08, lean=0.3),
)

HOOD_HELD = (
    # from the throat round the face, and where the hood is bent over the shoulder
    cloth.Held(((2.2, 3.8), (3.8, 2.6), (5.2, 0.6), (5.9, -2.2)), width=0.55, depth=0.20),
    cloth.Held(((3.6, 3.2), (5.0, 2.2), (6.4, 0.9), (7.4, -1.4)), width=0.62, depth=0.22),
    cloth.Held(((7.9, -2.4), (7.0, -3.4), (6.4, -4.4), (6.2, -5.6)), width=0.60, depth=0.17, lean=0.6),
    cloth.Held(((0.9, -7.0), (1.9, -6.6), (3.4, -6.5), (4.8, -6.0)), width=0.50, depth=0.12, lean=0.5),
)


def place(ink: Box, canvas: tuple[float, float]) -> Box:
    """The inked box on the axis, from the top of the print area."""
    del canvas
    return Box(-ink.width / 2, PRINT_TOP, ink.width, ink.height)


def draw(view: Variant, drape: int) -> Scene:
    """One side of the hoodie in a drape."""
    rng = np.random.default_rng([SEED, drape, view is Variant.BACK])
    front = view is Variant.FRONT
    fleece = cloth.jersey(rng, FINE)
    body = FINE.fill(_body())
    height = _drape(rng, body, front=front)
    light = FINE.scaled(cloth.light(height, BODY, LAMP, hollows=1.7)) * _sewing(front=front)
    _ribs(light)
    cover = _hood(rng, light, body) if front else _hood_behind(rng, light, body)
    light *= 1 + GRAIN * fleece
    weave = u8(np.clip(255 * (0.98 + 0.010 * fleece), 0, 255))
    if front:
        _cords(rng, light, weave)
    bend = cloth.lie(rng, FINE, turn=0.8, wander=0.13, calm=CALM)
    cover = cloth.laid_mask(cover, bend)
    printed = None
    if front:
        inked = u8(cloth.laid_mask(weave, bend) * (cover == 255))
        printed = surface(*cloth.seen_through(height, BODY, FINE, DISPLACEMENT_INCHES, bend), inked, PLATE)
    backdrop = studio.shaded(studio.table(drape), cover, ((6, 10, 9, 0.36), (26, 36, 36, 0.22)))
    return scene(cloth.laid(light, bend), cover, backdrop, surface=printed)


def _body() -> Curve:
    half = np.concatenate([SHOULDER, SLEEVE_OUT, CUFF_OUT, CUFF_END, CUFF_IN, SLEEVE_IN, SIDE, HEM_SIDE, HEM_END])
    return np.concatenate([half, flip(half)[::-1]])


def _drape(rng: np.random.Generator, body: Mask, *, front: bool) -> Field:
    """Height of body and sleeves: soft volumes, the pocket on them, and folds wider than a tee's."""
    x, y = BODY.grid()
    inside = f32(cv2.distanceTransform((body > 127).astype(np.uint8), cv2.DIST_L2, 0)) / FINE.per_inch
    rim = BODY.scaled(f32(np.clip(inside / 0.8, 0, 1)))
    height = 0.28 * np.sqrt(np.clip(1 - (1 - rim) ** 2, 0, 1))
    height = height + 1.3 * np.sqrt(np.clip(1 - (x / 19.5) ** 2, 0, 1))
    seams = BODY.stroke([ARMHOLE, flip(ARMHOLE)], 0.12)
    height = height - 0.22 * sewing.soft(seams, BODY, 0.45)
    ends = [HEM_SEAM, flip(HEM_SEAM), CUFF_SEAM, flip(CUFF_SEAM)]
    height = height - 0.16 * sewing.soft(BODY.stroke(ends, 0.15), BODY, 0.22)
    if front:
        pocket = sewing.soft(BODY.fill(_pocket()), BODY, 0.07)
        height = height + 0.11 * pocket + 0.10 * pocket * np.exp(-(((np.abs(x) - 5.4) / 1.4) ** 2))
    folds = BODY.scaled(cloth.folded(rng, CREASES, HELD, stray=0.5))
    ease = cloth.noise(rng, BODY, 1.7, 2.0) * 0.13 + cloth.noise(rng, BODY, 0.6, 1.5) * 0.020
    low = 1 / (1 + np.exp(-(y - 15.0) / 2.5))
    ease = ease + cloth.noise(rng, BODY, 0.8, 3.4) * 0.045 * low
    wander_x, wander_y = (0.25 * BODY.per_inch * cloth.noise(rng, BODY, 1.2, 1.2) for _ in range(2))
    return f32(height + cloth.blur(cloth.warp(f32(folds + ease), wander_x, wander_y), 1.6))


def _pocket() -> Curve:
    right = np.concatenate([POCKET_MOUTH, POCKET_SIDE])
    return np.concatenate([right, flip(right)[::-1]])


def _sewing(*, front: bool) -> Field:
    factor = np.ones((FINE.side, FINE.side), np.float32)
    both = [ARMHOLE, flip(ARMHOLE)]
    sewing.groove(factor, FINE, both, width=0.06, depth=0.26, lit=0.08)
    sewing.stitches(factor, FINE, [sewing.moved(one, (-0.14 if i == 0 else 0.14, 0), 1) for i, one in enumerate(both)])
    ends = [mirrored(HEM_SEAM), CUFF_SEAM, flip(CUFF_SEAM)]
    sewing.groove(factor, FINE, ends, width=0.07, depth=0.34, lit=0.08)
    if front:
        top = np.linspace(*POCKET_TOP, 40)
        mouths = [POCKET_MOUTH, flip(POCKET_MOUTH)]
        sewing.groove(factor, FINE, [top, POCKET_SIDE, flip(POCKET_SIDE)], width=0.05, depth=0.24, lit=0.06)
        sewing.groove(factor, FINE, mouths, width=0.10, depth=0.55, lit=0.10)
        sewing.stitches(factor, FINE, [sewing.moved(top, (0, 1), by) for by in (0.10, 0.34)])
        for sign, mouth in ((-1, mouths[0]), (1, mouths[1])):
            sewing.stitches(factor, FINE, [sewing.moved(mouth, (sign, 0.35), by) for by in (0.22, 0.46)])
    return factor


def _ribs(light: Field) -> None:
    """Cuffs and hem."""
    sewing.rib(light, FINE, mirrored(HEM_END), mirrored(HEM_SEAM), (0.97, 0.93), per_inch=6)
    for turn in (lambda curve: curve, flip):
        sewing.rib(light, FINE, turn(CUFF_END), turn(CUFF_SEAM), (0.95, 0.90), per_inch=6)


# ---------------------------------------------------------------------------------------------------------------------
# hood


def _hood(rng: np.random.Generator, light: Field, cover: Mask) -> Mask:
    """The hood as it lies above the shoulders, open, its inside in the shade."""
    outer = np.concatenate([mirrored(HOOD_OUT), bezier((-5.6, 1.2), (-3.6, 4.0), (-1.6, 5.0), (0.0, 5.0))])
    outer = np.concatenate([outer, bezier((0.0, 5.0), (1.6, 5.0), (3.6, 4.0), (5.6, 1.2))])
    shell = FINE.fill(outer)
    opening = FINE.fill(np.concatenate([HOOD_EDGE, flip(HOOD_EDGE)[::-1]]))
    _cast(light, shell, 0.22)
    sewing.blend(light, _cushion(rng, shell, opening, HOOD_HELD), shell)
    x, y = FINE.grid()
    deep = f32(cv2.distanceTransform((opening > 127).astype(np.uint8), cv2.DIST_L2, 0)) / FINE.per_inch
    inside = 0.70 - 0.20 * np.exp(-deep / 0.7) - 0.10 * np.clip((y + 1.5) / 5, 0, 1)
    inside = (
        inside * (1 - 0.16 * np.exp(-((x / 0.07) ** 2))) * (1 + 0.10 * FINE.scaled(cloth.noise(rng, BODY, 1.2, 2.2)))
    )
    sewing.blend(light, f32(inside), opening)
    edges, seams = [HOOD_EDGE, flip(HOOD_EDGE)], [HOOD_SEAM, flip(HOOD_SEAM)]
    factor = np.ones_like(light)
    sewing.groove(factor, FINE, edges, width=0.08, depth=0.36, lit=0.0)
    sewing.groove(factor, FINE, seams, width=0.05, depth=0.16, lit=0.05)
    sewing.stitches(factor, FINE, [sewing.moved(one, (0, 0), 0) for one in seams])
    sewing.groove(factor, FINE, [mirrored(NECK_SEAM)], width=0.05, depth=0.12, lit=0.0)
    light *= factor
    return u8(np.maximum(cover, shell))


def _hood_behind(rng: np.random.Generator, light: Field, cover: Mask) -> Mask:
    """The hood as it hangs down the back, with the seam of its three panels."""
    outline = np.concatenate([mirrored(HOOD_BACK), flip(mirrored(HOOD_BACK_TOP))])
    shell = FINE.fill(outline)
    _cast(light, shell, 0.34)
    sewing.blend(light, _cushion(rng, shell, np.zeros_like(shell), ()), shell)
    panels = [bezier((side * 1.7, -1.2), (side * 2.0, 3.0), (side * 1.5, 7.0), (side * 1.0, 9.6)) for side in (1, -1)]
    factor = np.ones_like(light)
    sewing.groove(factor, FINE, panels, width=0.05, depth=0.2, lit=0.07)
    sewing.stitches(factor, FINE, [sewing.moved(one, (0.12, 0), 1) for one in panels])
    light *= factor
    return u8(np.maximum(cover, shell))


def _cushion(rng: np.random.Generator, shell: Mask, opening: Mask, held: Sequence[cloth.Held]) -> Field:
    """Light on the hood: padded, folded where it is bent over."""
    solid = (shell > 127) & (opening < 128)
    inside = f32(cv2.distanceTransform(solid.astype(np.uint8), cv2.DIST_L2, 0)) / FINE.per_inch
    rim = BODY.scaled(f32(np.clip(inside / 1.3, 0, 1)))
    height = 0.40 * np.sqrt(np.clip(1 - (1 - rim) ** 2, 0, 1)) + 0.17 * cloth.noise(rng, BODY, 1.0, 1.3)
    x, y = BODY.grid()
    turn = cloth.noise(rng, BODY, 0.5, 2.0)
    height = height + 0.05 * cloth.warp(turn, f32(-0.5 * x * (y + 8) / 6 * BODY.per_inch), np.zeros_like(turn))
    height = height + BODY.scaled(cloth.folded(rng, CREASES, held, stray=0.35))
    return FINE.scaled(cloth.light(f32(cloth.blur(f32(height), 1.5)), BODY, LAMP, hollows=1.5))


def _cast(light: Field, shell: Mask, depth: float) -> None:
    """The shadow of the hood on the shoulders."""
    shadow = cloth.blur(f32(np.roll(shell, (14, 7), (0, 1)) / np.float32(255)), 16)
    light *= 1 - depth * shadow


def _cords(rng: np.random.Generator, light: Field, weave: Mask) -> None:
    """Two cords from their eyelets down the chest; a print under them is hidden."""
    for side in (1, -1):
        end = (side * (2.5 + rng.normal(0, 0.25)), 6.1 + rng.normal(0, 0.25))
        eyelet = (side * 1.75, 3.75)
        line = bezier(eyelet, (side * 2.6, 4.5), (side * (1.6 + rng.normal(0, 0.2)), 5.2), end, n=60)
        band = FINE.stroke([line], 0.24)
        tip = FINE.stroke([line[-8:]], 0.27)
        shadow = cloth.blur(f32(np.roll(band, (5, 4), (0, 1)) / np.float32(255)), 3.5)
        light *= 1 - 0.42 * shadow * (1 - band / np.float32(255))
        inside = f32(cv2.distanceTransform((band > 127).astype(np.uint8), cv2.DIST_L2, 0)) / FINE.per_inch
        x, y = FINE.grid()
        twist = 0.06 * np.sin(2 * np.pi * (y * 7.5 + x * 7.5))
        tube = 0.70 + 0.42 * np.sqrt(np.clip(1 - (1 - np.clip(inside / 0.12, 0, 1)) ** 2, 0, 1)) + twist
        sewing.blend(light, f32(tube), band)
        sewing.blend(light, f32(tube * 0.55), tip)
        ring = FINE.stroke([np.array([eyelet, eyelet]) + np.array([[0, 0], [0.001, 0]])], 0.46)
        hole = FINE.stroke([np.array([eyelet, eyelet]) + np.array([[0, 0], [0.001, 0]])], 0.26)
        sewing.blend(light, f32(np.full_like(light, 1.22) - 0.5 * (y - 3.6)), ring)
        sewing.blend(light, np.full_like(light, 0.35), hole)
        weave[band > 0] = 0


HOODIE = Product(
    name="hoodie",
    area="hoodie",
    size=PRINT,
    place=place,
    plate=PLATE,
    views=(Variant.FRONT, Variant.BACK),
    drapes=3,
    draw=draw,
    cloth=True,
)
