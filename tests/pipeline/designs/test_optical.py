"""Small words get space and weight, large ones lose space."""

from __future__ import annotations

from pipeline.designs.layers import Layer
from pipeline.designs.optical import MOST_WEIGHT, TIGHTEST, WIDEST, tracking, weighted


def test_the_longer_a_line_the_more_space_its_letters_get() -> None:
    spaces = [tracking(length) for length in (500, 2000, 4545, 8000, 15000, 90000)]
    assert spaces == sorted(spaces)
    assert (spaces[0], spaces[-1]) == (TIGHTEST, WIDEST)
    assert abs(tracking(1000 / 0.22)) < 1e-9


def test_only_small_words_get_weight_and_the_smaller_the_more() -> None:
    def text(scale: float) -> Layer:
        return Layer(kind="text", name="A", ink="ink", face="anton-400", matrix=(scale, 0, 0, scale, 0, 0))

    large, small, smaller = weighted([text(1.0), text(0.15), text(0.05)], 4000)
    assert large == text(1.0)
    assert 0 < small.embolden < smaller.embolden < MOST_WEIGHT
    rule = Layer(kind="ornament", name="rule", ink="ink", params={"width": 9.0, "height": 1.0})
    assert weighted([rule], 4000) == (rule,)
