"""Where a print goes on the shirt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.mockups.plane import Box
from pipeline.mockups.products import tee
from pipeline.mockups.products.tee_cut import CHEST_Y, PRINT_AREA, PRINT_HEIGHT, PRINT_WIDTH

CANVAS = (PRINT_WIDTH, PRINT_HEIGHT)


def place(width: float, height: float) -> Box:
    """Where ink of this size, which lies in a corner of its canvas, is printed."""
    return tee.place(Box(0.3, 0.7, width, height), CANVAS)


widths = st.floats(0.01, PRINT_WIDTH)
heights = st.floats(0.01, PRINT_HEIGHT)


@given(widths, heights)
def test_print_is_on_the_axis_at_its_own_size_and_inside_the_print_area(width: float, height: float) -> None:
    box = place(width, height)
    assert box.centre[0] == pytest.approx(0)
    assert (box.width, box.height) == (width, height)
    assert box.left >= PRINT_AREA.left - 1e-9
    assert box.top >= PRINT_AREA.top - 1e-9
    assert box.bottom <= PRINT_AREA.bottom + 1e-9


@given(widths, heights, heights)
def test_taller_prints_start_no_lower_and_end_no_higher(width: float, one: float, other: float) -> None:
    short, tall = sorted([one, other])
    assert place(width, tall).top <= place(width, short).top + 1e-9
    assert place(width, tall).bottom >= place(width, short).bottom - 1e-9


def test_badge_sits_on_the_chest_line_and_a_full_print_fills_the_area() -> None:
    assert place(3, 3).centre[1] == pytest.approx(CHEST_Y)
    assert place(PRINT_WIDTH, PRINT_HEIGHT) == PRINT_AREA


@pytest.mark.parametrize("size", [(PRINT_WIDTH + 0.1, 5), (5, PRINT_HEIGHT + 0.1), (0, 5), (5, -1), (float("nan"), 5)])
def test_ink_that_does_not_fit_is_refused(size: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="print area of 15×18 in"):
        place(*size)
