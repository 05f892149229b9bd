"""The proof as one picture, for a person: the design where it looks best and worst, its thinnest stroke, the numbers.

What belongs here: the layout of that picture. What does not: measuring (`proof`).
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from functools import cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipeline.designs.colours import FEWEST_GARMENTS, GARMENTS, luminance
from pipeline.designs.prints.proof import (
    MAX_FRINGE,
    MIN_DPI,
    MIN_INK,
    MIN_STROKE_MM,
    thinnest_at,
)
from pipeline.designs.prints.raster import Pixels, alpha_of, read
from pipeline.models import GarmentColor, Proof

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Colour = tuple[int, int, int]

SIZE = (1600, 900)
PAPER, TEXT, MUTED, GOOD, BAD = (246, 245, 242), (32, 33, 36), (112, 113, 118), (22, 128, 72), (196, 43, 40)
MARGIN, PANEL, TOP = 40, 500, 96
LENS_MM = 5.0
"""Side of what the lens shows, on the print."""


def proof_picture(png: bytes, proof: Proof, garments: Sequence[GarmentColor] = GARMENTS) -> bytes:
    """A JPEG of 1600 × 900.

    Args:
        png: the print file.
        proof: what was measured in it.
        garments: the colours that the proof names.

    Raises:
        ValueError: the bytes are no picture, or the proof names a colour that is not among the garments.
    """
    pixels = read(png).pixels
    hexes = {garment.name: garment.hex for garment in garments}
    if unknown := proof.contrasts.keys() - hexes.keys():
        raise ValueError(f"garments: no colour is given for {', '.join(sorted(unknown))}")
    ranked = sorted(proof.contrasts, key=lambda name: (name in proof.dropped, -proof.contrasts[name]))
    offered = [name for name in ranked if name not in proof.dropped] or ranked
    sheet = Image.new("RGB", SIZE, PAPER)
    pen = ImageDraw.Draw(sheet)
    verdict = "print-ready" if not proof.faults else f"stopped: {len(proof.faults)} faults"
    pen.text((MARGIN, 32), f"Print proof, {proof.area}", TEXT, _font(34))
    _mark(pen, (MARGIN + PANEL + 24, 36), not proof.faults, 26)
    pen.text((MARGIN + PANEL + 64, 34), verdict, GOOD if not proof.faults else BAD, _font(30))
    small = _fitted(pixels, (PANEL, 540))
    for i, (title, name) in enumerate((("most contrast", offered[0]), ("least that is offered", offered[-1]))):
        left = MARGIN + i * (PANEL + 24)
        sheet.paste(_on(small, hexes[name], (PANEL, 540)), (left, TOP))
        caption = f"{title}: {name}, {proof.contrasts[name]:.1f} : 1"
        pen.text((left, TOP + 548), caption, MUTED, _font(20))
    _lens(sheet, pixels, proof, hexes[offered[0]])
    _swatches(sheet, proof, ranked, hexes)
    _numbers(pen, proof)
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=88)
    return out.getvalue()


@cache
def _font(size: int) -> Font:
    return ImageFont.load_default(size)


def _rgb(hexadecimal: str) -> Colour:
    red, green, blue = bytes.fromhex(hexadecimal[1:])
    return red, green, blue


def _fitted(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """The pixels as large as they fit."""
    height, width = pixels.shape[:2]
    scale = min(size[0] / width, size[1] / height)
    small = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, small, interpolation=cv2.INTER_AREA), np.uint8)


def _on(pixels: Pixels, ground: str, size: tuple[int, int]) -> Image.Image:
    """The pixels on a colour, in the middle of a panel."""
    height, width = pixels.shape[:2]
    panel = Image.new("RGB", size, _rgb(ground))
    place = ((size[0] - width) // 2, (size[1] - height) // 2)
    panel.paste(Image.fromarray(pixels[..., :3]), place, Image.fromarray(pixels[..., 3]))
    return panel


def _mark(pen: ImageDraw.ImageDraw, at: tuple[int, int], good: bool, size: int) -> None:
    """A tick or a cross."""
    x, y = at
    if good:
        points = [(x, y + size * 0.55), (x + size * 0.35, y + size * 0.9), (x + size, y + size * 0.1)]
        pen.line(points, GOOD, max(2, size // 7), joint="curve")
    else:
        pen.line([(x, y), (x + size, y + size)], BAD, max(2, size // 7))
        pen.line([(x, y + size), (x + size, y)], BAD, max(2, size // 7))


def _lens(sheet: Image.Image, pixels: Pixels, proof: Proof, ground: str) -> None:
    """The thinnest stroke, enlarged, with a ring as wide as the limit; and where it lies."""
    pen, side, left, top = ImageDraw.Draw(sheet), 150, MARGIN, 710
    spot = thinnest_at(alpha_of(pixels))
    if spot is None:
        pen.text((left, top), "nothing is inked", BAD, _font(20))
        return
    per_mm = proof.width / _millimetres(proof)
    half = max(4, round(LENS_MM / 2 * per_mm))
    x, y = spot
    around = pixels[max(0, y - half) : y + half, max(0, x - half) : x + half]
    missing = [(max(0, half - at), max(0, at + half - most)) for at, most in zip((y, x), pixels.shape[:2], strict=True)]
    whole = np.pad(around, (*missing, (0, 0)))
    sheet.paste(_on(_fitted(whole, (side, side)), ground, (side, side)), (left, top))
    radius = max(3.0, MIN_STROKE_MM / LENS_MM * side / 2)
    ring = BAD if proof.min_stroke_mm < MIN_STROKE_MM else GOOD
    middle = (left + side / 2, top + side / 2)
    for wide in (radius, 22):
        pen.ellipse(
            (middle[0] - wide, middle[1] - wide, middle[0] + wide, middle[1] + wide),
            outline=ring, width=2 if wide == radius else 3,
        )  # fmt: skip
    pen.text((left + side + 16, top + 4), "thinnest stroke", MUTED, _font(20))
    pen.text((left + side + 16, top + 30), f"{proof.min_stroke_mm:.2f} mm", ring, _font(30))
    pen.text((left + side + 16, top + 74), f"{LENS_MM:.0f} mm of the print;", MUTED, _font(18))
    pen.text((left + side + 16, top + 98), f"small ring: {MIN_STROKE_MM} mm", MUTED, _font(18))
    scale = min(PANEL / proof.width, 540 / proof.height)
    px = MARGIN + (PANEL - proof.width * scale) / 2 + x * scale
    py = TOP + (540 - proof.height * scale) / 2 + y * scale
    pen.ellipse((px - 14, py - 14, px + 14, py + 14), outline=ring, width=3)


def _millimetres(proof: Proof) -> float:
    """Width of the area on the print."""
    return proof.width / proof.file_dpi * 25.4


def _swatches(sheet: Image.Image, proof: Proof, names: Sequence[str], hexes: dict[str, str]) -> None:
    """Every garment colour with its contrast, and whether the design is offered on it."""
    pen, columns, side = ImageDraw.Draw(sheet), 8, 84
    for i, name in enumerate(names[: 2 * columns]):
        left, top = MARGIN + 390 + (i % columns) * (side + 8), 710 + (i // columns) * 78
        ground = hexes[name]
        pen.rounded_rectangle((left, top, left + side, top + 70), 8, _rgb(ground), (190, 190, 190))
        ink = (250, 250, 250) if luminance(ground) < 0.3 else (20, 20, 20)
        pen.text((left + 8, top + 6), f"{proof.contrasts[name]:.1f}", ink, _font(20))
        pen.ellipse((left + side - 30, top + 6, left + side - 6, top + 30), (255, 255, 255))
        _mark(pen, (left + side - 24, top + 12), name not in proof.dropped, 12)
        pen.text((left + 8, top + 46), name[:12], ink, _font(12))


def _numbers(pen: ImageDraw.ImageDraw, proof: Proof) -> None:
    left, top = MARGIN + 2 * PANEL + 64, TOP
    for good, label, value in _rows(proof):
        if good is not None:
            _mark(pen, (left, top + 6), good, 16)
        pen.text((left + 30, top), label, MUTED, _font(18))
        pen.text((left + 30, top + 20), value, TEXT if good is not False else BAD, _font(22))
        top += 58
    for fault in proof.faults:
        for line in _wrapped(fault.replace("×", "x"), 44):
            pen.text((left, top), line, BAD, _font(18))
            top += 24
        top += 4


def _rows(proof: Proof) -> Iterator[tuple[bool | None, str, str]]:
    """Whether it is good (None: no limit), what it is, and what was measured."""
    offered = len(proof.contrasts) - len(proof.dropped)
    yield proof.dpi >= MIN_DPI, f"resolution of what was drawn, at least {MIN_DPI:.0f}", f"{proof.dpi:.0f} DPI"
    yield (
        proof.min_stroke_mm >= MIN_STROKE_MM,
        f"thinnest stroke, at least {MIN_STROKE_MM}",
        f"{proof.min_stroke_mm:.2f} mm",
    )
    yield (
        proof.fringe <= MAX_FRINGE,
        f"half-transparent fringe, at most {MAX_FRINGE:.0%}",
        f"{proof.fringe:.2%} of the ink",
    )
    yield proof.ink >= MIN_INK, "inked, and outside the inked box", f"{proof.ink:.0%}, {proof.dead_margin:.0%}"
    yield (
        offered >= FEWEST_GARMENTS,
        f"garment colours, at least {FEWEST_GARMENTS}",
        f"{offered} of {len(proof.contrasts)}",
    )
    gamut = (
        "not checked"
        if proof.out_of_gamut is None
        else f"{proof.out_of_gamut:.0%} out of gamut ({(proof.profile or 'no profile')[:22]})"
    )
    yield None, "CMYK", gamut
    refused = f", not for {', '.join(proof.refused)}" if proof.refused else ""
    yield not proof.refused, "file", f"{proof.size_bytes / 1e6:.2f} MB{refused}"


def _wrapped(text: str, width: int) -> Iterator[str]:
    line = ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    yield line
