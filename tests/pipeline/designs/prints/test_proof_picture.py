"""The proof's picture shows at a glance whether the file is good, and where it is weakest."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from pipeline.designs.areas import Area
from pipeline.designs.prints.proof import min_stroke_mm, prove, thinnest_at
from pipeline.designs.prints.proof_picture import BAD, GOOD, SIZE, proof_picture
from pipeline.designs.prints.raster import Pixels, alpha_of
from tests.pipeline.designs.prints.drawn import png_of

SMALL = Area(name="small", width=600, height=720, dpi=300)


def design(bars: int) -> Pixels:
    """A solid box; with bars, a field of hairlines in it."""
    pixels = np.zeros((720, 600, 4), np.uint8)
    pixels[22:698, 18:582] = (255, 255, 255, 255)
    if bars:
        pixels[100:400, 100:500] = 0
        for x in range(110, 490, 400 // bars):
            pixels[100:400, x : x + 2] = 255
    return pixels


def seen(png: bytes) -> tuple[Image.Image, int, int]:
    """The picture, and how much of it is in the colours of good and bad."""
    picture = Image.open(io.BytesIO(proof_picture(png, prove(png, SMALL))))
    near = np.asarray(picture).astype(int)
    good, bad = (int((np.abs(near - colour).max(axis=2) < 24).sum()) for colour in (GOOD, BAD))
    return picture, good, bad


def test_a_good_file_is_mostly_ticks_and_a_bad_one_says_what_is_wrong() -> None:
    picture, good, bad = seen(png_of(design(0)))
    assert (picture.format, picture.size) == ("JPEG", SIZE)
    assert good > bad
    _, fewer, more = seen(png_of(design(20)))
    assert more > 2 * bad
    assert fewer < good


def test_the_mark_lies_on_the_thinnest_stroke() -> None:
    pixels = design(0)
    pixels[100:400, 100:500] = 0
    pixels[100:400, 300:306] = 255
    spot = thinnest_at(alpha_of(pixels))
    assert spot is not None
    assert abs(spot[0] - 303) <= 3
    assert 100 <= spot[1] <= 400
    assert thinnest_at(np.zeros((50, 50), np.uint8)) is None
    assert min_stroke_mm(np.zeros((50, 50), np.uint8), 300) == 0


def test_an_empty_file_still_has_a_picture_and_a_garment_without_a_colour_is_named() -> None:
    empty = png_of(np.zeros((720, 600, 4), np.uint8))
    assert seen(empty)[2] > 0
    with pytest.raises(ValueError, match="no colour is given for black"):
        proof_picture(empty, prove(empty, SMALL), garments=[])
