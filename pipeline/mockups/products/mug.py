"""The mug: a glazed cylinder with a handle, seen from a little above.

Geometry: the axis is x = 0; a point of the wall at angle a from the viewer and h inches below the rim is seen at
x = R sin a, y = h cos t + R cos a sin t, where t is the camera's tilt (orthographic).
"""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.mockups import cloth, solids, studio
from pipeline.mockups.plane import Box, Curve, Field, Frame, Mask, Raster, bezier, f32, flip, u8
from pipeline.mockups.products.base import Product, as_composed
from pipeline.mockups.scene import Plate, Scene, scene, surface
from pipeline.models import Variant

RADIUS, HEIGHT = 1.62, 3.75
WALL = 0.13
TILTS = (13.0, 10.0, 16.0)
"""The camera's tilt in each drape, degrees."""
PRINT = (9.0, 3.5)
ZONE = 2.25
"""How far from the middle of the print the middle of each of its two halves is: each faces one hand, inches."""
PLATE = Plate(Box(-PRINT[0] / 2, -PRINT[1] / 2, *PRINT), 330.0)
FRAME = Frame(per_inch=345.0, origin=(775.0, 375.0))
"""(0, 0) is the middle of the rim, with the handle on the right."""
LAMP = np.array((-0.55, -0.45, 0.70)) / np.linalg.norm((-0.55, -0.45, 0.70))
HANDLE_RADIUS = 0.215


def draw(view: Variant, drape: int) -> Scene:
    """The mug with its handle on the right (front) or on the left (back), printed on both sides."""
    turn = np.deg2rad(TILTS[drape % len(TILTS)])
    side = 1 if view is Variant.FRONT else -1
    frame = Frame(FRAME.per_inch, (FRAME.origin[0] if side > 0 else 2000 - FRAME.origin[0], FRAME.origin[1]))
    raster = Raster(frame)
    x, y = raster.grid()
    pixel = 1 / raster.per_inch
    sin, cos = float(np.sin(turn)), float(np.cos(turn))
    angle_sin = np.clip(x / RADIUS, -1, 1)
    depth = np.sqrt(1 - angle_sin**2)
    below = (y - RADIUS * depth * sin) / cos
    rounding = 0.07 * np.exp(-np.clip(HEIGHT - below, 0, None) / 0.045)
    wall = solids.coverage(f32(np.minimum(RADIUS - rounding - np.abs(x), np.minimum(below, HEIGHT - below))), pixel)
    rim = _ellipse(x, y, RADIUS, sin, pixel)
    bore = _ellipse(x, y - 0.012, RADIUS - WALL, sin, pixel)

    light = _wall_light(f32(angle_sin), f32(depth), f32(below))
    gloss = _wall_gloss(f32(np.arcsin(angle_sin)), f32(below), drape)
    handle, handle_light, handle_gloss = _handle(raster, side)
    shell = np.maximum(wall, rim)
    light = f32(light * shell + handle_light * (1 - shell))
    gloss = f32(gloss * wall * (1 - rim) + handle_gloss * (1 - shell))

    lip = rim * (1 - bore)
    light = f32(light * (1 - lip) + lip * (1.10 - 0.10 * x * side / RADIUS))
    gloss = f32(gloss + lip * 0.20 * np.exp(-(((x + 0.8) / 0.9) ** 2)) * (y < 0.1))
    solid = u8(np.round(255 * np.maximum(shell, handle)))
    cover = u8(np.round(255 * np.maximum(shell, handle) * (1 - bore)))

    backdrop = studio.shaded(studio.table(drape + 2, 236), _footprint(raster, solid, sin), SHADOWS)
    backdrop += bore[..., None] * (_interior(x, y, sin)[..., None] - backdrop)
    across = np.arcsin(angle_sin) * RADIUS + ZONE * side
    printed = surface(
        f32(across),
        f32(below - HEIGHT / 2),
        u8(np.round(255 * wall * (1 - rim) * (depth > 0.02))),
        PLATE,
    )
    return scene(light, cover, backdrop, surface=printed, gloss=gloss)


SHADOWS = ((3, 5, 6, 0.55), (40, 10, 36, 0.38), (130, 18, 110, 0.30))


def _ellipse(x: Field, y: Field, radius: float, sin: float, pixel: float) -> Field:
    reach = np.sqrt((x / radius) ** 2 + (y / (radius * sin)) ** 2)
    slope = np.sqrt((x / radius**2) ** 2 + (y / (radius * sin) ** 2) ** 2) / np.maximum(reach, 1e-4)
    return solids.coverage(f32((1 - reach) / np.maximum(slope, 1e-4)), pixel)


def _wall_light(sin_a: Field, cos_a: Field, below: Field) -> Field:
    """A large lamp to the left, bounce from the table, and the dark that a round wall turns into at its sides."""
    cosine = LAMP[0] * sin_a + LAMP[2] * cos_a
    soft = 0.60 + 0.52 * np.clip(cosine, -0.15, 1)
    edge = 1 - 0.34 * (1 - cos_a) ** 3
    bounce = 0.05 * np.exp(-((HEIGHT - below) / 0.5))
    bottom = 1 - 0.42 * np.exp(-np.clip(HEIGHT - below, 0, None) / 0.075)
    return f32(soft * edge * bottom + bounce)


def _wall_gloss(angle: Field, below: Field, drape: int) -> Field:
    """What the glaze mirrors: a tall softbox on the left, a window on the right, and grazing light at the sides."""
    shift = 0.10 * (drape - 1)
    upright = solids.band(below, 0.22, 3.35, 0.10)
    box = solids.band(angle, -0.92 + shift, -0.66 + shift, 0.035) * upright * (0.34 - 0.05 * below)
    window = solids.band(angle, 0.80 + shift, 0.90 + shift, 0.03) * solids.band(below, 0.35, 2.9, 0.15) * 0.13
    grazing = 0.16 * np.clip((np.abs(angle) - 1.15) / 0.42, 0, 1) ** 2
    return f32(np.clip(box + window + grazing, 0, 1))


def _handle(raster: Raster, side: int) -> tuple[Field, Field, Field]:
    """Coverage, light and gloss of the handle, which the wall hides in part."""
    line: Curve = np.concatenate(
        [
            bezier((RADIUS - 0.15, 0.88), (RADIUS + 0.55, 0.72), (RADIUS + 1.15, 0.95), (RADIUS + 1.12, 1.85), n=60),
            bezier((RADIUS + 1.12, 1.85), (RADIUS + 1.10, 2.75), (RADIUS + 0.55, 3.10), (RADIUS - 0.15, 3.18), n=60),
        ]
    )
    if side < 0:
        line = flip(line)
    band = raster.stroke([line], 2 * HANDLE_RADIUS)
    inside = f32(cv2.distanceTransform((band > 127).astype(np.uint8), cv2.DIST_L2, 0)) / raster.per_inch
    rise = np.sqrt(np.clip(1 - (1 - np.clip(inside / HANDLE_RADIUS, 0, 1)) ** 2, 0, 1))
    height = cloth.blur(f32(rise * HANDLE_RADIUS), 4)
    slope_x, slope_y = cloth.slopes(height, raster)
    size = np.sqrt(1 + slope_x**2 + slope_y**2)
    cosine = (LAMP[2] - LAMP[0] * slope_x - LAMP[1] * slope_y) / size
    light = 0.56 + 0.56 * np.clip(cosine, -0.2, 1)
    half = np.array((LAMP[0], LAMP[1], LAMP[2] + 1))
    half /= np.linalg.norm(half)
    shine = np.clip((half[2] - half[0] * slope_x - half[1] * slope_y) / size, 0, 1) ** 60
    return f32(band / np.float32(255)), f32(light), f32(0.45 * shine * (band > 0))


def _interior(x: Field, y: Field, sin: float) -> Field:
    """The white inside: the far wall lit, the near wall's shadow deep in it; levels 0 … 255."""
    inner = RADIUS - WALL
    across = x / inner
    down = (y / (inner * sin) + 1) / 2
    level = 222 - 46 * np.clip(across * 0.6 + 0.25, 0, 1) - 44 * np.clip(down, 0, 1) ** 1.4
    level = level - 26 * np.exp(-np.clip(1 - np.sqrt(across**2 + (y / (inner * sin)) ** 2), 0, 1) / 0.05)
    return cloth.blur(f32(level), 2)


def _footprint(raster: Raster, solid: Mask, sin: float) -> Mask:
    """What throws the shadow on the table: the mug's lower part, which stands on it."""
    x, y = raster.grid()
    foot = _ellipse(x, f32(y - HEIGHT), RADIUS * 0.97, sin, 1 / raster.per_inch)
    low = np.clip((y - HEIGHT * 0.72) / 0.5, 0, 1) * solid / np.float32(255)
    return u8(np.round(255 * np.maximum(foot, low)))


MUG = Product(
    name="mug",
    area="mug",
    size=PRINT,
    place=as_composed,
    plate=PLATE,
    views=(Variant.FRONT, Variant.BACK),
    drapes=3,
    draw=draw,
)
