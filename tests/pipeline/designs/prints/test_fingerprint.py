"""The same form has the same fingerprint, whatever its inks, place and size; another form has another one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.designs.prints.fingerprint import NEAR, distance, fingerprint
from pipeline.designs.prints.raster import Pixels
from tests.pipeline.designs.prints.drawn import png_of

Ink = tuple[int, int, int]
SIDE = 400
channel = st.integers(0, 255)
ink = st.tuples(channel, channel, channel)


def drawn(words: str, panel: Ink, lettering: Ink) -> Pixels:
    """Words on a panel of another ink: by alpha alone there is nothing to tell."""
    pixels = np.zeros((SIDE, SIDE, 4), np.uint8)
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    for i, word in enumerate(words.split()):
        cv2.putText(canvas, word, (40, 130 + 90 * i), cv2.FONT_HERSHEY_DUPLEX, 2.6, 255, 9, cv2.LINE_AA)
    pixels[30:370, 20:380] = (*panel, 255)
    share = canvas[..., None] / 255.0
    pixels[..., :3] = np.rint(pixels[..., :3] * (1 - share) + np.array(lettering) * share)
    pixels[..., 3] = np.maximum(pixels[..., 3], canvas)
    return pixels


def apart(one: Ink, other: Ink) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) > 60


@given(ink, ink, ink, ink)
@settings(max_examples=12, deadline=None)
def test_other_inks_are_the_same_form(panel: Ink, lettering: Ink, other_panel: Ink, other_lettering: Ink) -> None:
    if not apart(panel, lettering) or not apart(other_panel, other_lettering):
        return
    first = fingerprint(png_of(drawn("DOG MOM", panel, lettering)))
    second = fingerprint(png_of(drawn("DOG MOM", other_panel, other_lettering)))
    assert distance(first, second) <= NEAR
    assert len(first) == 256
    assert set(first) <= {"0", "1"}


@given(st.integers(0, 200), st.integers(0, 150), st.floats(0.5, 1.5))
@settings(max_examples=12, deadline=None)
def test_place_and_size_are_nothing_to_it(left: int, top: int, scale: float) -> None:
    pixels = drawn("DOG MOM", (20, 20, 20), (250, 250, 250))
    moved = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    moved = np.pad(moved, ((top, 40), (left, 90), (0, 0)))
    assert distance(fingerprint(png_of(pixels)), fingerprint(png_of(np.asarray(moved)))) <= NEAR


def test_other_words_are_another_form_though_panel_and_inks_are_the_same() -> None:
    prints = [
        fingerprint(png_of(drawn(words, (20, 20, 20), (250, 250, 250))))
        for words in ("DOG MOM", "PLANT LADY", "YOGA ERA", "THE BAND")
    ]
    pairs = [distance(one, other) for i, one in enumerate(prints) for other in prints[:i]]
    assert min(pairs) > NEAR


def test_what_has_no_ink_has_no_fingerprint() -> None:
    with pytest.raises(ValueError, match="nothing is inked"):
        fingerprint(png_of(np.zeros((50, 50, 4), np.uint8)))
    with pytest.raises(ValueError, match="no picture"):
        fingerprint(b"nothing")
    with pytest.raises(ValueError, match="shorter"):
        distance("01", "0")
