"""Where points of bent text go."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.designs.envelopes import inside, profile, slope, split
from pipeline.designs.ornaments import FIGURES

BOX = (0.0, -700.0, 3000.0, 0.0)
shares = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=20)


def at(places: list[tuple[float, float]]) -> np.ndarray:
    left, top, right, bottom = BOX
    return np.array([(left + u * (right - left), top + v * (bottom - top)) for u, v in places])


@settings(deadline=None)
@given(shares, st.sampled_from(sorted(FIGURES)), st.sampled_from([(None, 0.0), (-0.3, 0.3), (0.1, None)]))
def test_a_line_stays_inside_its_figure_between_its_edges(
    places: list[tuple[float, float]], figure: str, edges: tuple[float | None, float | None]
) -> None:
    upper, lower = edges
    moved = inside(at(places), BOX, figure=figure, radius=1.0, upper=upper, lower=lower)
    its = profile(figure)
    top = its.y[0] if upper is None else upper
    bottom = its.y[-1] if lower is None else lower
    assert (moved[:, 1] >= top - 0.01).all()
    assert (moved[:, 1] <= bottom + 0.01).all()
    assert (moved[:, 0] >= its.left.min() - 0.01).all()
    assert (moved[:, 0] <= its.right.max() + 0.01).all()


def test_a_line_needs_one_level_edge() -> None:
    with pytest.raises(ValueError, match="upper and lower"):
        inside(at([(0, 0)]), BOX, figure="disc", radius=1.0, upper=None, lower=None)


@given(shares)
def test_a_split_parts_by_the_gap_and_moves_nothing_sideways(places: list[tuple[float, float]]) -> None:
    points = at(places)
    moved = split(points, BOX, gap=100.0)
    assert (moved[:, 0] == points[:, 0]).all()
    assert np.allclose(np.abs(moved[:, 1] - points[:, 1]), 50.0)
    assert (np.abs(moved[:, 1] + 350.0) >= 50.0 - 1e-9).all()


@given(shares, st.floats(-0.2, 0.2))
def test_a_slope_climbs_by_its_rise(places: list[tuple[float, float]], rise: float) -> None:
    points = at([(0, 1), (1, 1), *places])
    moved = slope(points, BOX, rise=rise)
    assert moved[0, 1] - moved[1, 1] == pytest.approx(rise * 3000)
    assert (moved[:, 0] == points[:, 0]).all()
