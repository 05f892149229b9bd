"""Wear that a press can hold: nothing too fine, and no crumbs of ink left."""

from __future__ import annotations

import pytest
import shapely

from pipeline.designs.chance import chance
from pipeline.designs.layers import SPECK, Layer, painted
from pipeline.designs.textures import FINEST, brushed, crackle, faded, wear
from pipeline.designs.treatments import worn
from pipeline.designs.typefaces import Typefaces

SIZE = (3600.0, 4300.0)


@pytest.mark.parametrize("texture", [wear, crackle, brushed, faded], ids=lambda texture: texture.__name__)
def test_nothing_is_finer_than_a_press_can_hold(texture: object) -> None:
    assert callable(texture)
    shape = texture(*SIZE, seed=3)
    assert 0.001 < shape.area / (SIZE[0] * SIZE[1]) < 0.16
    assert not shapely.is_empty(shapely.buffer(shapely.get_parts(shape), -0.45 * FINEST, quad_segs=2)).any()
    assert shapely.to_wkb(texture(*SIZE, seed=3)) == shapely.to_wkb(shape) != shapely.to_wkb(texture(*SIZE, seed=4))


def test_wear_leaves_no_crumbs_and_most_of_the_ink() -> None:
    board = Layer(kind="ornament", name="board", ink="ink", params={"width": SIZE[0], "height": SIZE[1]})
    bounds = (-SIZE[0] / 2, -SIZE[1] / 2, SIZE[0] / 2, SIZE[1] / 2)
    for seed in range(6):
        (plane,) = painted([board, worn(bounds, chance(seed))], Typefaces([]))
        parts = shapely.get_parts(plane.shape)
        assert min(shapely.area(parts)) >= SPECK
        assert 0.8 * SIZE[0] * SIZE[1] < plane.shape.area < SIZE[0] * SIZE[1]
