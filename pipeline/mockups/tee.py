"""The tee as a picture: its cloth, seams, stitches, light and shadow, drawn once in a process.

What belongs here: which folds, seams and textures a tee has. What does not: colours of cloth (`tone`) and prints
(`compose`). Nothing is photographed or loaded: the same code always draws the same tee.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.mockups import cloth, pattern
from pipeline.mockups.cloth import Field, Mask, Raster
from pipeline.mockups.pattern import Curve, bezier, mirrored

FLAT = 160
"""The value of `Tee.light` that means light 1: cloth that lies flat. Light L is stored as round(FLAT × L)."""

SEED = 20240
GRAIN = 0.018
"""Deviation of the light from yarn to yarn."""
LAMP = (-0.42, -0.62, 1.0)
RIBS_PER_INCH = 13
DISPLACEMENT_INCHES = 0.4
"""How far a slope of 1 moves the print."""

BODY = Raster(1000)
CREASES = Raster(500)
FINE = Raster(pattern.FRAME_PX)


class View(StrEnum):
    """The side that is seen."""

    FRONT = "front"
    BACK = "back"


@dataclass(frozen=True)
class Tee:
    """One side of the tee, without colour.

    Attributes:
        light: uint8 (2000, 2000): light on the cloth × FLAT.
        cover: uint8 (2000, 2000): how much of the pixel is garment, 0 … 255.
        weave: uint8 (2000, 2000): how fully ink covers the yarn: 255 would hide the cloth.
        scene: uint8 (2000, 2000, 3), BGR: the studio with the garment's shadow.
        shift: float16 (2000, 2000, 2): where a print is read, relative to the pixel; pixels x, y.
    """

    light: Mask
    cover: Mask
    weave: Mask
    scene: Mask
    shift: NDArray[np.float16]


def draw() -> dict[View, Tee]:
    """Both sides of the tee, drawn anew: about two seconds."""
    cover = FINE.fill(pattern.silhouette())
    scene, sewing = _scene(cover), _sewing()
    grain = _jersey(np.random.default_rng(SEED))
    weave = np.clip(255 * (0.95 + 0.012 * grain), 0, 255).astype(np.uint8)
    sides = {}
    for number, view in enumerate(View, start=1):
        height = _drape(np.random.default_rng(SEED + number))
        light = _scaled(cloth.light(height, BODY, LAMP, hollows=1.8), FINE) * sewing * (1 + GRAIN * grain)
        if view is View.FRONT:
            _inside(light, np.fliplr(grain))
        _collar(light, view)
        stored = np.clip(np.round(light * FLAT), 0, 255).astype(np.uint8)
        sides[view] = Tee(light=stored, cover=cover, weave=weave, scene=scene, shift=_shift(height))
    return sides


_drawn_once = cache(draw)
_drawing = Lock()


def tees() -> dict[View, Tee]:
    """Both sides of the tee; drawn when a process first asks, while its other threads wait."""
    with _drawing:
        return _drawn_once()


def _scaled(field: Field, raster: Raster) -> Field:
    how = cv2.INTER_CUBIC if raster.side > len(field) else cv2.INTER_AREA
    return np.asarray(cv2.resize(field, (raster.side, raster.side), interpolation=how), np.float32)


def _shift(height: Field) -> NDArray[np.float16]:
    """Cloth that rises towards one side shows more of what lies there: the print is read down the slope."""
    calm = cloth.blur(height, 0.15 * BODY.per_inch)
    reach = DISPLACEMENT_INCHES * pattern.PX_PER_INCH
    return np.dstack([_scaled(slope, FINE) * reach for slope in cloth.slopes(calm, BODY)]).astype(np.float16)


# ---------------------------------------------------------------------------------------------------------------------
# cloth


def _drape(rng: np.random.Generator) -> Field:
    """Height of the outer cloth, inches: the volumes of body and sleeves, and the folds on them."""
    x, y = BODY.grid()
    whole = FINE.fill(pattern.silhouette())
    inside = np.asarray(cv2.distanceTransform((whole > 127).astype(np.uint8), cv2.DIST_L2, 5), np.float32)
    inside = cloth.blur(inside, 3) / FINE.per_inch
    rim = _scaled(np.clip(inside / 0.6, 0, 1), BODY)
    height = 0.24 * np.sqrt(np.clip(1 - (1 - rim) ** 2, 0, 1))
    height = height + 1.5 * np.sqrt(np.clip(1 - (x / 18.5) ** 2, 0, 1))
    for side in (1, -1):
        height = height + _sleeve_volume(side, x, y)

    creases = np.zeros((CREASES.side, CREASES.side), np.float32)
    for side in (1, -1):
        for path, width, depth, lean in _held_folds(rng):
            cloth.fold(creases, CREASES, path * (side, 1), width=width, depth=depth, lean=lean)
    folds = _scaled(creases, BODY) + _loose_cloth(rng, x, y)
    wander_x, wander_y = (0.2 * BODY.per_inch * cloth.noise(rng, BODY, 1.1, 1.1) for _ in range(2))
    folds = cloth.blur(cloth.warp(folds, wander_x, wander_y), 1.2)
    return np.asarray(height + folds, np.float32)


def _sleeve_volume(side: int, x: Field, y: Field) -> Field:
    """A sleeve is a tube of its own where it leaves the body: it sinks towards the armpit and rises again."""
    along = np.clip(((x * side - 8.6) * 0.80 + (y - 5.0) * 0.60) / 3.0, 0, 1)
    across = (-(x * side - 8.6) * 0.62 + (y - 3.2) * 0.78) / 4.6
    tube = 0.55 * np.sqrt(np.clip(1 - np.clip(across, -1, 1) ** 2, 0, 1)) - 0.3
    outside = np.clip((_armhole_side(x * side, y) + 0.5) / 1.4, 0, 1)
    return cloth.blur(np.asarray(tube * along * outside, np.float32), 0.2 * BODY.per_inch)


def _armhole_side(x: Field, y: Field) -> Field:
    """Inches to the sleeve's side of its seam, measured across."""
    seam = np.interp(y[:, 0], pattern.ARMHOLE[:, 1], pattern.ARMHOLE[:, 0]).astype(np.float32)
    below = np.clip(y[:, 0] - pattern.ARMHOLE[-1, 1], 0, None)
    return np.asarray(x - (seam + below * 0.35)[:, None], np.float32)


def _held_folds(rng: np.random.Generator) -> list[tuple[Curve, float, float, float]]:
    """Folds of one side, from where the cloth is held: (path, width, depth, lean)."""

    def fold(*controls: tuple[float, float], width: float, depth: float, lean: float = 0.6) -> None:
        moved = np.array(controls) + rng.normal(0, 0.22, (len(controls), 2))
        wider, deeper = np.exp(rng.normal(0, 0.15, 2)).tolist()
        found.append((bezier(*moved.tolist(), n=64), width * wider, depth * deeper, lean))

    found: list[tuple[Curve, float, float, float]] = []
    # from the armpit, across the chest and down the side
    fold((10.2, 9.2), (8.2, 9.0), (6.2, 10.6), (4.6, 13.0), width=0.42, depth=0.12)
    fold((10.4, 10.3), (9.0, 11.2), (7.6, 13.0), (6.8, 16.0), width=0.44, depth=0.15)
    fold((10.5, 11.0), (9.7, 13.0), (9.0, 16.0), (8.8, 20.0), width=0.46, depth=0.15)
    fold((9.0, 7.0), (8.0, 6.6), (6.6, 7.0), (5.2, 8.4), width=0.40, depth=0.07)
    # from the armpit, into the sleeve
    fold((10.4, 9.8), (10.4, 7.8), (10.7, 5.6), (11.4, 3.6), width=0.42, depth=0.14)
    fold((10.7, 10.2), (11.6, 8.8), (12.5, 7.2), (12.9, 5.4), width=0.42, depth=0.15, lean=-0.3)
    fold((11.0, 10.8), (12.4, 10.0), (13.6, 9.0), (14.8, 7.6), width=0.40, depth=0.13)
    fold((11.3, 11.6), (12.4, 11.4), (13.4, 10.8), (14.2, 10.0), width=0.34, depth=0.08)
    # from the shoulder's point and the collar, where the weight hangs
    fold((9.4, 2.9), (10.8, 4.4), (12.2, 6.4), (13.4, 8.6), width=0.5, depth=0.06, lean=0.3)
    fold((4.0, 2.6), (4.6, 4.6), (5.4, 6.4), (6.6, 8.4), width=0.5, depth=0.05, lean=0.2)
    # tucks at the waist
    fold((11.9, 15.2), (9.2, 15.8), (7.2, 16.6), (5.2, 18.8), width=0.46, depth=0.11)
    fold((11.8, 17.4), (9.0, 19.2), (7.6, 19.8), (6.2, 20.0), width=0.42, depth=0.11)
    fold((11.8, 20.2), (8.6, 20.8), (6.2, 22.0), (4.2, 24.6), width=0.50, depth=0.11)
    fold((11.9, 23.6), (9.4, 23.2), (8.0, 24.2), (7.0, 26.4), width=0.46, depth=0.09)
    return found


def _loose_cloth(rng: np.random.Generator, x: Field, y: Field) -> Field:
    """Soft drapes that nothing holds: upright below the chest, slanting from the shoulders above it."""
    low = 1 / (1 + np.exp(-(y - 17.0) / 2.6))
    wave = cloth.noise(rng, BODY, 0.7, 3.6)
    drapes = (0.5 * wave + np.sqrt(wave**2 + 0.05)) * low * 0.085
    lean = cloth.noise(rng, BODY, 0.55, 2.6)
    slant = cloth.warp(lean, 0.55 * (y - 8) * np.tanh(x / 2) * BODY.per_inch, np.zeros_like(lean))
    chest = np.exp(-(((y - 9.0) / 5.0) ** 2)) * np.clip(np.abs(x) / 8, 0.15, 1) * 0.055
    ease = cloth.noise(rng, BODY, 1.5, 1.9) * 0.075
    return np.asarray(drapes + slant * chest + ease, np.float32)


def _jersey(rng: np.random.Generator) -> Field:
    """Knit texture: grains drawn along the wales, over cloudy unevenness of the yarn. Deviation about 1."""
    fine = rng.standard_normal((FINE.side, FINE.side), dtype=np.float32)
    wales = np.asarray(cv2.GaussianBlur(fine, (0, 0), 0.55, sigmaY=1.1), np.float32)
    courses = np.asarray(cv2.GaussianBlur(np.roll(fine, 977, axis=1), (0, 0), 2.6, sigmaY=0.5), np.float32)
    cloud = _scaled(cloth.noise(rng, BODY, 0.12, 0.2), FINE)
    return np.asarray(0.8 * wales / wales.std() + 0.3 * courses / courses.std() + 0.2 * cloud, np.float32)


# ---------------------------------------------------------------------------------------------------------------------
# sewing


def _soft(mask: Mask, inches: float) -> Field:
    field = np.asarray(mask / np.float32(255), np.float32)
    return cloth.blur(field, inches * FINE.per_inch) if inches else field


def _sewing() -> Field:
    """Factor on the light: seams, hems and stitches of the outer cloth."""
    factor = np.ones((FINE.side, FINE.side), np.float32)
    hem = mirrored(pattern.HEM)
    edges: list[tuple[Curve, tuple[float, float]]] = [(hem, (0.0, -1.0))]
    armholes: list[Curve] = []
    for side in (1, -1):
        armholes.append(pattern.ARMHOLE * (side, 1))
        edges.append((pattern.SLEEVE_HEM * (side, 1), (-0.62 * side, -0.66)))
    _groove(factor, armholes, width=0.05, depth=0.22, lit=0.07)
    _groove(factor, [_moved(edge, inward, 1.05) for edge, inward in edges], width=0.04, depth=0.11, lit=0.05)
    _stitches(factor, [_moved(edge, inward, by) for edge, inward in edges for by in (1.0, 0.82)])
    return factor


def _moved(line: Curve, towards: tuple[float, float], inches: float) -> Curve:
    return line + np.array(towards) * inches


def _groove(factor: Field, lines: list[Curve], *, width: float, depth: float, lit: float) -> None:
    """Seams: a thin dark line in a soft valley, and beside it the edge that faces the lamp."""
    thin = _soft(FINE.stroke(lines, width), 0.012)
    wide = _soft(FINE.stroke(lines, width * 3), 0.09)
    edge = _soft(FINE.stroke([_moved(line, (0.07, 0.05), 1) for line in lines], width * 1.5), 0.04)
    factor *= (1 - depth * (0.6 * thin + 0.4 * wide)) * (1 + lit * edge)


def _stitches(factor: Field, lines: list[Curve]) -> None:
    """Rows of stitches, nine to the inch: each a short lit thread over its own small shadow."""
    threads = [dash for line in lines for dash in _dashes(line)]
    shadows = [_moved(dash, (0.01, 0.02), 1) for dash in threads]
    factor *= 1 - 0.16 * _soft(FINE.stroke(shadows, 0.037), 0)
    factor *= 1 + 0.10 * _soft(FINE.stroke(threads, 0.018), 0)


def _dashes(line: Curve) -> list[Curve]:
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    starts = np.arange(0, length[-1] - 0.08, 1 / 9)
    at = np.stack([starts, starts + 0.075], axis=1)
    return list(np.stack([np.interp(at, length, line[:, 0]), np.interp(at, length, line[:, 1])], axis=2))


# ---------------------------------------------------------------------------------------------------------------------
# collar


def _inside(shading: Field, grain: Field) -> None:
    """The inside of the back, seen through the neck of the front view: in the shade, with its ribbing and tape."""
    opening = np.concatenate([mirrored(pattern.BACK_EDGE), mirrored(pattern.FRONT_EDGE)[::-1]])
    _, y = FINE.grid()
    shade = (0.60 - 0.05 * np.clip(y, 0, 3)) * (1 + GRAIN * grain)
    _blend(shading, shade, FINE.fill(opening))
    seam = mirrored(pattern.BACK_SEAM_INSIDE)
    _rib(shading, mirrored(pattern.BACK_EDGE), seam, 0.74, 0.66)


def _collar(shading: Field, view: View) -> None:
    """The ribbing that is seen from outside, its seam, and the stitches below it."""
    if view is View.FRONT:
        edge, seam = mirrored(pattern.FRONT_EDGE), mirrored(pattern.FRONT_SEAM)
    else:
        edge, seam = mirrored(pattern.BACK_EDGE), mirrored(pattern.BACK_SEAM)
    _rib(shading, edge, seam, 1.02, 0.9)
    _groove(shading, [seam], width=0.05, depth=0.34, lit=0.08)
    _stitches(shading, [_moved(seam, (0, 1), 0.16)])


def _rib(shading: Field, edge: Curve, seam: Curve, at_edge: float, at_seam: float) -> None:
    """A band of 1 × 1 ribbing between two curves: a rounded tube with ribs across it."""
    outline = np.concatenate([edge, seam[::-1]])
    mask = FINE.fill(outline)
    low = np.floor(pattern.to_px(outline).min(0)).astype(int) - 2
    high = np.ceil(pattern.to_px(outline).max(0)).astype(int) + 3
    window = (slice(low[1], high[1]), slice(low[0], high[0]))
    ring = (mask[window] > 0).astype(np.uint8)
    ys, xs = np.nonzero(ring)
    here = np.stack([xs + low[0], ys + low[1]], axis=1)
    from_edge, along = _nearest(here, edge)
    from_seam, _ = _nearest(here, seam)
    across = from_edge / np.maximum(from_edge + from_seam, 1e-6)
    tube = at_edge + (at_seam - at_edge) * across
    tube = tube * (0.80 + 0.20 * np.sqrt(np.clip(1 - (2 * across - 0.9) ** 2, 0, 1)))
    wave = np.sin(2 * np.pi * RIBS_PER_INCH * along)
    values = tube * (1 + 0.075 * wave)
    drawn = shading[window].copy()
    drawn[ys, xs] = values
    cover = mask[window].astype(np.float32) / 255
    shading[window] += cover * (drawn - shading[window])


def _nearest(pixels: NDArray[np.int64], curve: Curve) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distance to the curve, and the length along it to the nearest point: inches."""
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    dense = np.linspace(0, length[-1], 200)
    points = np.stack([np.interp(dense, length, curve[:, 0]), np.interp(dense, length, curve[:, 1])], axis=1)
    here = (pixels + 0.5 - np.array(pattern.ORIGIN_PX)) / pattern.PX_PER_INCH
    best = np.empty(len(here), np.int64)
    for start in range(0, len(here), 4096):
        part = here[start : start + 4096]
        gap = (part[:, :1] - points[:, 0]) ** 2 + (part[:, 1:] - points[:, 1]) ** 2
        best[start : start + 4096] = gap.argmin(axis=1)
    tangent = np.gradient(points, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    off = here - points[best]
    past = (off * tangent[best]).sum(axis=1)
    return np.linalg.norm(off, axis=1), dense[best] + past


def _blend(target: Field, source: Field, mask: Mask) -> None:
    target += (mask.astype(np.float32) / 255) * (source - target)


# ---------------------------------------------------------------------------------------------------------------------
# studio


def _scene(cover: Mask) -> Mask:
    """A light grey table under a wide lamp, with the garment's contact shadow and its softer cast shadow."""
    v, u = np.mgrid[0 : BODY.side, 0 : BODY.side].astype(np.float32) / BODY.side
    table = 238 - 16 * np.hypot(u - 0.42, v - 0.36) ** 1.5
    solid = _scaled(np.asarray(cover / np.float32(255), np.float32), BODY)
    contact = cloth.blur(np.roll(solid, (4, 2), (0, 1)), 4.5)
    cast_shadow = cloth.blur(np.roll(solid, (15, 10), (0, 1)), 17)
    table = _scaled(np.asarray(table * (1 - 0.30 * contact) * (1 - 0.16 * cast_shadow), np.float32), FINE)
    return np.dstack([table * tint for tint in (0.992, 0.997, 1.0)]).astype(np.uint8)
