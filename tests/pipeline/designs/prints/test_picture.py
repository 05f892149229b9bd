"""A picture comes out as its subject alone: no background, no halo, no half-transparent parts, no specks."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.designs.prints.picture import (
    DPI,
    SPECK_MM2,
    despeckled,
    enlarged,
    hardened,
    prepare,
    spread,
    trimmed,
    unmixed,
)
from pipeline.designs.prints.proof import fringe
from pipeline.designs.prints.raster import SOLID, Pixels, alpha_of, ink_box
from tests.pipeline.designs.prints.drawn import disc, inked, on, pixels_in, png_of

channel = st.integers(0, 255)
colour = st.tuples(channel, channel, channel)
WHITE, RED, GREEN = (255, 255, 255), (200, 30, 40), (0, 177, 64)


def lab(rgb: tuple[int, int, int]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.asarray(cv2.cvtColor(np.array([[rgb]], np.float32) / 255, cv2.COLOR_RGB2Lab)[0, 0])


# the whole chain -----------------------------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(colour, colour, st.floats(20, 40), st.floats(-5, 5), st.floats(-5, 5))
def test_a_disc_on_any_flat_background_comes_out_alone(
    background: tuple[int, int, int], ink: tuple[int, int, int], radius: float, dx: float, dy: float
) -> None:
    if np.linalg.norm(lab(background) - lab(ink)) < 30:
        return
    cover = disc(120, 60 + dx, 60 + dy, radius)
    made = prepare(png_of(on(background, ink, cover)), None, 64)
    pixels = pixels_in(made.png)
    inked_area = float((pixels[..., 3] / 255.0).sum()) / made.enlarged**2
    assert made.background == "flat"
    assert inked_area == pytest.approx(np.pi * radius**2, rel=0.03)
    seen = pixels[pixels[..., 3] > 0][:, :3].astype(int)
    assert np.abs(seen - np.array(ink)).max() <= 3, "the background's colour is left at the edge"
    assert fringe(alpha_of(pixels)) < 0.005


def test_holes_go_and_the_white_of_an_eye_stays() -> None:
    ring = disc(400, 200, 200, 150) - disc(400, 200, 200, 90)
    eye = disc(400, 200, 80, 9)
    pixels = pixels_in(prepare(png_of(on(WHITE, RED, ring - eye)), None, 100).png)
    middle = pixels.shape[0] // 2
    assert pixels[middle, middle, 3] == 0
    assert tuple(pixels[middle - 120, middle]) == (*WHITE, 255)
    chroma_key = pixels_in(prepare(png_of(on(GREEN, RED, ring - eye)), None, 100).png)
    assert chroma_key[middle - 120, middle, 3] == 0, "on a strong colour every hole is one"


def test_a_small_picture_is_enlarged_with_hard_edges_and_says_so() -> None:
    made = prepare(png_of(on(WHITE, RED, disc(100, 50, 50, 30))), None, 600)
    assert max(made.width, made.height) == pytest.approx(602, abs=14)
    assert made.enlarged == pytest.approx(600 / 61, rel=0.03)
    alpha = alpha_of(pixels_in(made.png))
    assert np.mean((alpha > 8) & (alpha < SOLID)) < 0.02
    assert fringe(alpha) < 0.005
    assert any("enlarged" in step for step in made.steps)


def test_its_own_alpha_is_believed_and_loses_its_halo() -> None:
    soft = np.asarray(cv2.GaussianBlur(disc(200, 100, 100, 60), (0, 0), 4), np.float32)
    pixels = inked(RED, soft)
    pixels[soft < 0.95, :3] = WHITE
    made = prepare(png_of(pixels), None, 100)
    out = pixels_in(made.png)
    assert made.background == "transparent"
    assert np.abs(out[out[..., 3] > 0][:, :3].astype(int) - RED).max() <= 2
    assert fringe(alpha_of(out)) < 0.005


def test_a_model_is_asked_only_where_the_background_is_not_flat() -> None:
    rng = np.random.default_rng(1)
    cover = disc(200, 100, 100, 60)
    noisy = on(WHITE, RED, cover)
    noisy[cover == 0, :3] = rng.integers(0, 256, (int((cover == 0).sum()), 3))
    asked: list[int] = []

    def cut(png: bytes) -> bytes:
        asked.append(len(png))
        return png_of(np.dstack([pixels_in(png)[..., :3], np.rint(cover * 255).astype(np.uint8)]))

    made = prepare(png_of(noisy), cut, 100)
    assert made.background == "cut"
    assert float((pixels_in(made.png)[..., 3] / 255.0).sum()) == pytest.approx(np.pi * 60**2, rel=0.05)
    prepare(png_of(on(WHITE, RED, cover)), cut, 100)
    assert len(asked) == 1
    with pytest.raises(ValueError, match=r"not flat .* set ENGINE_CUTOUT_MODEL"):
        prepare(png_of(noisy), None, 100)
    with pytest.raises(ValueError, match="gave 10×20 px for a picture of 200×200"):
        prepare(png_of(noisy), lambda _: png_of(np.zeros((20, 10, 4), np.uint8)), 100)


@pytest.mark.parametrize(
    ("pixels", "said"),
    [(on(WHITE, WHITE, disc(90, 45, 45, 20)), "0.0% of the picture is left"),
     (on(WHITE, RED, disc(200, 100, 100, 3)), "is left without its background")],
)  # fmt: skip
def test_a_picture_of_nothing_is_refused_with_the_mend(pixels: Pixels, said: str) -> None:
    with pytest.raises(ValueError, match=said) as raised:
        prepare(png_of(pixels), None, 100)
    assert "ask for one subject" in str(raised.value)


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="no picture"):
        prepare(b"GIF89a", None, 100)


# the steps -----------------------------------------------------------------------------------------------------------


@given(st.floats(0.4, 6), st.integers(0, 3))
@settings(max_examples=20, deadline=None)
def test_hardening_keeps_the_half_line_whatever_the_softness(sigma: float, shift: int) -> None:
    cover = np.zeros((60, 120), np.float32)
    cover[:, 50 + shift :] = 1
    soft = np.rint(cv2.GaussianBlur(cover, (0, 0), sigma) * 255).astype(np.uint8)
    hard = hardened(soft)
    row = hard[30] / 255.0
    assert np.count_nonzero((hard[30] > 8) & (hard[30] < SOLID)) <= 2
    assert row.sum() == pytest.approx(70 - shift, abs=0.5)


@given(st.integers(0, 255))
def test_even_transparency_becomes_full_or_empty(level: int) -> None:
    assert set(np.unique(hardened(np.full((9, 9), level, np.uint8)))) <= {0, 255} or 127 <= level <= 128


def test_hard_edges_stay_as_they_are() -> None:
    alpha = np.rint(disc(100, 50, 50, 30) * 255).astype(np.uint8)
    once = hardened(alpha)
    assert abs(float(once.sum()) - float(alpha.sum())) / alpha.sum() < 0.005
    assert np.array_equal((once >= 128), (alpha >= 128))


def test_spots_and_pinholes_are_told_by_their_printed_area() -> None:
    per_mm = DPI / 25.4
    radius = float(np.sqrt(SPECK_MM2 / np.pi)) * per_mm
    big, hole = disc(300, 100, 150, 80), disc(300, 100, 150, radius * 0.8)
    small, larger = disc(300, 220, 60, radius * 0.8), disc(300, 220, 240, radius * 1.3)
    alpha = np.rint((big - hole + small + larger) * 255).astype(np.uint8)
    clean, removed, filled = despeckled(alpha, per_mm)
    assert (removed, filled) == (1, 1)
    assert clean[150, 100] == 255
    assert clean[50:72, 208:232].max() == 0, "no skirt of the speck is left"
    assert np.array_equal(clean[225:256, 200:240], alpha[225:256, 200:240])


def test_mixtures_are_told_only_where_ink_and_background_differ() -> None:
    cover = disc(80, 40, 40, 20)
    alpha = unmixed(on((0, 0, 0), (255, 255, 255), cover)[..., :3], cover < 0.5)
    assert np.abs(alpha / 255.0 - cover).max() < 0.02
    alike = unmixed(on((100, 100, 100), (105, 105, 105), cover)[..., :3], cover < 0.5)
    assert set(np.unique(alike)) == {0, 255}


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_known_colours_stay_and_the_others_are_one_of_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rgb, known = rng.integers(0, 256, (24, 30, 3), np.uint8), rng.random((24, 30)) < 0.3
    out = spread(rgb, known)
    assert np.array_equal(out[known], rgb[known])
    assert {tuple(c) for c in out.reshape(-1, 3)} <= {tuple(c) for c in rgb[known]}


def test_trimming_leaves_one_clear_pixel_around_the_ink() -> None:
    pixels = trimmed(inked(RED, disc(100, 30, 60, 11)))
    assert ink_box(alpha_of(pixels)) == (1, 1, pixels.shape[1] - 1, pixels.shape[0] - 1)
    with pytest.raises(ValueError, match="nothing is inked"):
        trimmed(np.zeros((5, 5, 4), np.uint8))


def test_enlarging_brings_no_dark_rim() -> None:
    cover = disc(60, 30, 30, 20)
    pixels = inked(RED, cover)
    large = enlarged(np.dstack([spread(pixels[..., :3], cover == 1), pixels[..., 3]]), 3.0)
    assert large.shape == (180, 180, 4)
    assert np.abs(large[..., :3].astype(int) - RED).max() == 0
