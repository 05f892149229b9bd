"""What is wrong with a print file, measured in the file itself. The limits, and where each comes from, are here.

How a stroke is measured: the distance of every inked pixel to the nearest empty one; along the ridges of that distance,
twice the distance is the local width. The first hundredth of the widths is the thinnest stroke: a few points are
nothing, a hundredth of all lines is a line that breaks. It is measured at half the resolution, and again at the whole
one where it comes out near the limit. A line of one ink on another is not told from the ink around it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import cv2
import numpy as np
import pyvips
from numpy.typing import NDArray

from pipeline.designs.areas import Area
from pipeline.designs.colours import FEWEST_GARMENTS, GARMENTS, READABLE, VISIBLE, contrast
from pipeline.designs.prints.raster import (
    FAINTEST_INK,
    SOLID,
    Colours,
    Plane,
    alpha_of,
    colours,
    ink_box,
    read,
)
from pipeline.designs.prints.separations import BUILT_IN, out_of_gamut, profile_name
from pipeline.models import GarmentColor, Proof

MIN_DPI = 100.0
"""Effective. A point at 100 DPI is 0.25 mm, which the eye (one minute of arc) tells from 0.9 m on: nearer than a
shirt is looked at. Print providers recommend 150 (Printful, TeePublic) of the file, which has 300."""
MIN_STROKE_MM = 0.25
"""Ours: three dots at 300 DPI, below which a line breaks up. Spreadshirt asks for 1 mm, of vinyl that is cut."""
STROKE_ERROR_MM, COARSE_ERROR_MM = 0.16, 0.35
"""At 300 DPI, of the measure at the whole and at half the resolution: largest found, of lines of 2 to 40 px."""
STRIP, OVERLAP = 256, 32
"""Rows that strokes are measured in at once, and on both sides of them."""
MAX_FRINGE = 0.01
"""Ours: the composer's files have less than 0.0005, a picture with a halo 0.02 and more."""
MIN_SPAN = 0.8
"""Of the width or the height left free for ink: a smaller design is printed small. Public analyses of rejected artwork
name margins of 10 to 25 % as what makes prints small and off-centre."""
MAX_OFF_CENTRE = 0.03
"""Of the area's width."""
MARGIN_PX = 2
"""By which ink may pass the edge of what is kept free: antialiasing."""
MIN_INK = 0.01
"""Share of the area; below it a design prints as a speck."""
CARRIED = 0.5
"""Where no ink is known to carry words, the contrast that this share of the solid ink reaches or passes counts."""
LEAST_SHARE = 0.005
"""Of the solid ink: rarer colours are blends, or too little to be missed."""
SAME = 24
"""Largest step of a channel (0 … 255) by which a measured colour may differ from the ink it is taken for."""


def prove(
    png: bytes,
    area: Area,
    *,
    garments: Sequence[GarmentColor] = GARMENTS,
    words: Sequence[str] = (),
    enlarged: float = 1.0,
    size_limits: Mapping[str, int] | None = None,
    profile: str = BUILT_IN,
) -> Proof:
    """What was measured in the file, and every fault found; it is print-ready when `faults` is empty.

    Args:
        png: the print file.
        area: what it is meant for.
        garments: colours it would be offered on.
        words: inks (#RRGGBB) that carry words; empty: not known, `CARRIED` holds.
        enlarged: how many times as large as it was drawn the most enlarged picture in it is printed; 1: none is.
        size_limits: marketplace → bytes that it takes; of those it is offered on.
        profile: path of an ICC profile of a CMYK press, or BUILT_IN.

    Raises:
        ValueError: the bytes are no picture that can be read to its end, or the profile can't be used.
    """
    raster = read(png)
    image, alpha = raster.header, alpha_of(raster.pixels)
    found = colours(raster.pixels)
    ratios, dropped = _contrasts(found, garments, words)
    refused = {
        name: f"{len(png):,} bytes, at most {limit:,} are taken"
        for name, limit in (size_limits or {}).items()
        if len(png) > limit
    }
    box = ink_box(alpha)
    stroke = min_stroke_mm(alpha, area.dpi)
    rim = fringe(alpha)
    inked = float(alpha.mean()) / 255
    dpi = area.dpi / enlarged
    faults = [
        *_form(image, area),
        *(["no transparency"] if not image.hasalpha() else []),
        *_place(box, image, area),
        *([f"{inked:.1%} of the area is inked, wanted {MIN_INK:.0%}"] if inked < MIN_INK else []),
        *([f"a picture is printed at {dpi:.0f} DPI of what was drawn, wanted {MIN_DPI:.0f}"] if dpi < MIN_DPI else []),
        *([f"strokes of {stroke:.2f} mm, wanted {MIN_STROKE_MM} mm"] if box and stroke < MIN_STROKE_MM else []),
        *([f"{rim:.1%} of the ink is half transparent, wanted at most {MAX_FRINGE:.0%}"] if rim > MAX_FRINGE else []),
        *_unknown(found, words),
    ]
    offered = len(garments) - len(dropped)
    if offered < FEWEST_GARMENTS:
        faults.append(f"readable on {offered} of {len(garments)} garment colours, wanted {FEWEST_GARMENTS}")
    if refused and len(refused) == len(size_limits or {}):
        faults.append("no marketplace takes it: " + "; ".join(f"{name}: {why}" for name, why in refused.items()))
    return Proof(
        area=area.name,
        width=image.width,
        height=image.height,
        dpi=round(dpi, 1),
        file_dpi=area.dpi,
        min_stroke_mm=round(stroke, 2),
        fringe=round(rim, 5),
        dead_margin=round(dead_margin(box, image.width, image.height), 4),
        ink=round(inked, 4),
        out_of_gamut=round(out_of_gamut(found, profile), 4),
        profile=profile_name(profile),
        contrasts=ratios,
        dropped=dropped,
        size_bytes=len(png),
        refused=refused,
        faults=tuple(faults),
    )


# measures ------------------------------------------------------------------------------------------------------------


def min_stroke_mm(alpha: Plane, dpi: float) -> float:
    """Width of the thinnest strokes, in millimetres; 0 where nothing is inked. See the module's docstring."""
    half = cv2.resize(alpha, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    coarse = (2 * _thinnest(half >= 64) - 0.75) * 2 * 25.4 / dpi
    if coarse >= MIN_STROKE_MM + COARSE_ERROR_MM:
        return coarse
    return max(0.0, (2 * _thinnest(alpha >= 96) - 0.4) * 25.4 / dpi)


def thinnest_at(alpha: Plane) -> tuple[int, int] | None:
    """Where the thinnest strokes are: x and y of one in the longest run of them; None where nothing is inked."""
    small = cv2.resize(alpha, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    ink = (small >= 64).view(np.uint8)
    depth = cv2.distanceTransform(ink, cv2.DIST_L2, 5)
    ridge = (ink > 0) & (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8)) - 0.05)
    if not ridge.any():
        return None
    thin = (ridge & (depth <= np.percentile(depth[ridge], 1))).view(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(thin, np.ones((5, 5), np.uint8)))
    longest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    y, x = np.nonzero((labels == longest) & (thin > 0))
    return int(2 * x[len(x) // 2]), int(2 * y[len(y) // 2])


def _thinnest(ink: NDArray[np.bool_]) -> float:
    """First percentile of the distances to nothing along the ridges, in pixels.

    In strips that stay in the processor's cache; what is thicker than their overlap is measured as thicker still.
    """
    window = np.ones((3, 3), np.uint8)
    ridges = []
    for top in range(0, len(ink), STRIP):
        above = min(top, OVERLAP)
        strip = ink[top - above : top + STRIP + OVERLAP]
        depth = cv2.distanceTransform(strip.view(np.uint8), cv2.DIST_L2, 5)
        ridge = strip & (depth >= cv2.dilate(depth, window) - 0.05)
        ridges.append(depth[above : above + STRIP][ridge[above : above + STRIP]])
    found = np.concatenate(ridges)
    return float(np.percentile(found, 1)) if found.size else 0.0


def fringe(alpha: Plane) -> float:
    """Share of inked pixels that are half transparent and not the one-pixel edge between ink and nothing."""
    window = np.ones((3, 3), np.uint8)
    inked = alpha > FAINTEST_INK
    half = np.flatnonzero(inked & (alpha < SOLID))
    most, least = cv2.dilate(alpha, window).ravel()[half], cv2.erode(alpha, window).ravel()[half]
    clean = int(np.count_nonzero((most >= SOLID) & (least <= FAINTEST_INK)))
    return (half.size - clean) / max(1, int(np.count_nonzero(inked)))


def dead_margin(box: tuple[int, int, int, int] | None, width: int, height: int) -> float:
    """Share of the area outside the inked box."""
    if box is None:
        return 1.0
    left, top, right, bottom = box
    return 1 - (right - left) * (bottom - top) / (width * height)


# faults --------------------------------------------------------------------------------------------------------------


def _form(image: pyvips.Image, area: Area) -> list[str]:
    faults = []
    if (image.width, image.height) != (area.width, area.height):
        faults.append(f"size {image.width}×{image.height} px, wanted {area.width}×{area.height}")
    if round(image.xres * 25.4) != area.dpi or round(image.yres * 25.4) != area.dpi:
        inches = f"{area.width / area.dpi:g}×{area.height / area.dpi:g} in"
        faults.append(f"{image.xres * 25.4:.0f} DPI in the file, wanted {area.dpi}, so that it is {inches}")
    if image.interpretation not in ("srgb", "b-w") or image.format != "uchar":
        faults.append(f"colours are {image.interpretation} of {image.format}, wanted 8-bit sRGB")
    elif image.get_typeof("icc-profile-data") and not _is_srgb(image.get("icc-profile-data")):
        faults.append("its colour profile is not sRGB: convert it")
    return faults


@lru_cache(maxsize=8)
def _is_srgb(profile: bytes) -> bool:
    """Whether a profile gives the same colours as sRGB, within two levels."""
    grid = np.stack(np.meshgrid(*[np.array([0, 128, 255], np.uint8)] * 3), axis=-1).reshape(1, -1, 3)
    probe = pyvips.Image.new_from_array(np.ascontiguousarray(grid), interpretation="srgb").copy()
    probe.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    try:
        seen = probe.icc_transform("srgb", embedded=True, intent="relative").numpy()
    except pyvips.Error:
        return False
    return bool(np.abs(seen.astype(int) - grid).max() <= 2)


def _place(box: tuple[int, int, int, int] | None, image: pyvips.Image, area: Area) -> list[str]:
    if box is None:
        return ["nothing is inked"]
    width, height = image.width, image.height
    if (width, height) != (area.width, area.height):
        return []
    left, top, right, bottom = area.room
    border = 2 * area.border_mm / 25.4 * area.dpi
    free = [max(0.0, side - border) for side in (left, top, area.copy_width - right, area.height - bottom)]
    edges = (box[0], box[1], width - box[2], height - box[3])
    faults = [
        f"ink {edge} px from the {side} edge, wanted {wanted:.0f}: it may be cut off"
        for side, edge, wanted in zip(("left", "top", "right", "bottom"), edges, free, strict=True)
        if edge < wanted - MARGIN_PX
    ]
    across = (box[2] - box[0]) / (width - free[0] - free[2])
    down = (box[3] - box[1]) / (height - free[1] - free[3])
    if max(across, down) < MIN_SPAN:
        faults.append(f"the ink spans {across:.0%} × {down:.0%} of its room, wanted {MIN_SPAN:.0%} one way")
    shift = ((edges[0] - free[0]) - (edges[2] - free[2])) / 2 / width
    if abs(shift) > MAX_OFF_CENTRE:
        faults.append(f"the ink is {abs(shift):.1%} off centre, wanted at most {MAX_OFF_CENTRE:.0%}")
    return faults


def _contrasts(
    found: Colours, garments: Sequence[GarmentColor], words: Sequence[str]
) -> tuple[dict[str, float], dict[str, str]]:
    """Garment → contrast of the ink that carries the design; garment → why it is dropped."""
    inks = [f"#{r:02X}{g:02X}{b:02X}" for r, g, b in found.rgb]
    known = [_rgb(ink) for ink in words]
    others = [
        ink
        for ink, rgb, share in zip(inks, found.rgb, found.share, strict=True)
        if share >= LEAST_SHARE and not any(_same(rgb, word) for word in known)
    ]
    ratios: dict[str, float] = {}
    dropped: dict[str, str] = {}
    for garment in garments:
        if words:
            lowest, ink = min((contrast(ink, garment.hex), ink) for ink in words)
            faint = min(((contrast(ink, garment.hex), ink) for ink in others), default=(VISIBLE, ""))
            if lowest >= READABLE and faint[0] < VISIBLE:
                dropped[garment.name] = f"ornament of {faint[1]} has a contrast of {faint[0]:.1f}, wanted {VISIBLE}"
        else:
            lowest, ink = _carried(inks, found, garment.hex)
        if lowest < READABLE:
            dropped[garment.name] = f"ink {ink} has a contrast of {lowest:.1f}, wanted {READABLE:g}"
        ratios[garment.name] = round(lowest, 2)
    return ratios, dropped


def _carried(inks: Sequence[str], found: Colours, garment: str) -> tuple[float, str]:
    """The contrast that CARRIED of the solid ink reaches, and the ink that has it; 1 where there is no ink."""
    reached = 0.0
    ranked = sorted(((contrast(ink, garment), ink, share) for ink, share in zip(inks, found.share, strict=True)))
    for ratio, ink, share in reversed(ranked):
        reached += share
        if reached >= CARRIED - 1e-9:
            return ratio, ink
    return 1.0, "none"


def _unknown(found: Colours, words: Sequence[str]) -> list[str]:
    missing = [ink for ink in words if not any(_same(rgb, _rgb(ink)) for rgb in found.rgb)]
    return [f"no {ink} in the file, which is said to carry words" for ink in missing]


def _rgb(ink: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(ink.removeprefix("#"))
    return red, green, blue


def _same(rgb: Sequence[int], ink: tuple[int, int, int]) -> bool:
    return max(abs(int(a) - b) for a, b in zip(rgb, ink, strict=True)) <= SAME
