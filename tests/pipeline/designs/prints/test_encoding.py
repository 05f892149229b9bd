"""A file is written losslessly, says its resolution and its colours, and is small."""

from __future__ import annotations

import numpy as np
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.designs.prints.encoding import encode, is_flat
from pipeline.designs.prints.raster import colours, image_of, ink_box, read
from tests.pipeline.designs.prints.drawn import disc, inked, pixels_in


@given(st.integers(1, 40), st.integers(1, 40), st.booleans(), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_every_pixel_comes_back(width: int, height: int, flat: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (height, width, 4), np.uint8)
    if flat:
        pixels[:] = pixels[0, 0]
    assert np.array_equal(pixels_in(encode(image_of(pixels, 300), 300)), pixels)


def test_the_file_says_its_resolution_and_its_profile() -> None:
    header = pyvips.Image.pngload_buffer(encode(image_of(np.zeros((4, 4, 4), np.uint8), 72), 300))
    assert abs(header.xres * 25.4 - 300) < 0.01
    assert len(header.get("icc-profile-data")) < 1000


def test_pictures_of_many_tones_are_told_from_flat_art() -> None:
    flat = image_of(inked((9, 8, 7), disc(400, 200, 200, 150)), 300)
    y, x = np.mgrid[0:400, 0:400]
    tones = np.dstack([x % 256, y % 256, (x + y) % 256, np.full_like(x, 255)]).astype(np.uint8)
    assert is_flat(flat)
    assert not is_flat(image_of(tones, 300))
    assert len(encode(image_of(tones, 300), 300)) < 0.1 * tones.size


@given(st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=1, max_size=6, unique=True))
@settings(max_examples=30, deadline=None)
def test_colours_are_told_with_their_shares(inks: list[tuple[int, int, int]]) -> None:
    pixels = np.zeros((64, 16 * (len(inks) + 1), 4), np.uint8)
    for i, ink in enumerate(inks):
        pixels[:, 16 * i : 16 * (i + 1)] = (*ink, 255)
    found = colours(pixels)
    assert abs(found.share.sum() - 1) < 1e-9
    assert np.all(np.diff(found.share) <= 1e-9)
    for ink in inks:
        assert np.abs(found.rgb.astype(int) - ink).max(axis=1).min() <= 8


def test_nothing_inked_has_no_box_and_no_colours() -> None:
    empty = np.zeros((10, 10, 4), np.uint8)
    assert ink_box(empty[..., 3]) is None
    assert len(colours(empty).share) == 0
    assert read(encode(image_of(empty, 300), 300)).pixels.shape == (10, 10, 4)
