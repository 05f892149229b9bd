"""A traced picture looks like the picture, in few colours and few paths."""

from __future__ import annotations

import re

import numpy as np
import pytest
import pyvips

from pipeline.designs.prints import vectors
from pipeline.designs.prints.raster import Pixels
from pipeline.designs.prints.vectors import MOST_COLOURS, posterised, trace
from tests.pipeline.designs.prints.drawn import disc, inked, png_of

RED, BLUE = (200, 30, 40), (20, 40, 200)


def picture(side: int = 400) -> Pixels:
    outer, inner = disc(side, 200, 200, 150), disc(side, 200, 160, 60)
    pixels = inked(RED, outer)
    mixed = inner[..., None] * np.array(BLUE) + (1 - inner[..., None]) * pixels[..., :3]
    pixels[..., :3] = np.rint(mixed)
    return pixels


def test_the_trace_looks_like_the_picture() -> None:
    svg = trace(png_of(picture()))
    drawn = np.asarray(pyvips.Image.svgload_buffer(svg.encode()).numpy()).astype(float)
    assert drawn.shape == (400, 400, 4)
    assert np.mean(np.abs(drawn[..., 3] - picture()[..., 3])) < 1.5
    solid = (picture()[..., 3] == 255) & (drawn[..., 3] == 255)
    assert np.mean(np.abs(drawn[solid][:, :3] - picture()[solid][:, :3])) < 3
    assert set(re.findall('fill="(#[0-9A-F]{6})"', svg)) == {"#C81E28", "#1428C8"}
    assert svg.count("<path") <= 4


def test_tones_become_few_colours() -> None:
    y, x = np.mgrid[0:300, 0:300]
    tones = np.dstack([x * 255 // 299, y * 255 // 299, (x + y) * 255 // 598, np.full_like(x, 255)]).astype(np.uint8)
    flat = posterised(tones)
    assert 2 < len(np.unique(flat.reshape(-1, 4), axis=0)) <= MOST_COLOURS


def test_what_has_too_many_shapes_is_refused_with_the_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "MAX_PATHS", 1)
    with pytest.raises(ValueError, match="print it from its PNG"):
        trace(png_of(picture()))
    with pytest.raises(ValueError, match="nothing is inked"):
        trace(png_of(np.zeros((20, 20, 4), np.uint8)))
