"""A proof names every fault of a print file, as measured in the file."""

from __future__ import annotations

import numpy as np
import pytest
import pyvips

from pipeline.designs.proof import DPI, HEIGHT, MARGIN_PX, MIN_GARMENTS, WIDTH, prove
from pipeline.models import Drawing, GarmentColor, Recipe

RECIPE = Recipe(artist="a", seed=1, layout="l", palette="p", typefaces=(), prompt="words", spec={}, licences={})
OFFERED = tuple(GarmentColor(name=str(n), hex="#000000") for n in range(MIN_GARMENTS))


def drawing(
    left: int, top: int, width: int, height: int, *, canvas: tuple[int, int] = (WIDTH, HEIGHT), dpi: int = DPI
) -> Drawing:
    """A canvas with one inked box."""
    pixels = np.zeros((canvas[1], canvas[0], 4), np.uint8)
    pixels[top : top + height, left : left + width] = 200
    image = pyvips.Image.new_from_array(pixels, interpretation="srgb").copy(xres=dpi / 25.4, yres=dpi / 25.4)
    png = image.pngsave_buffer(compression=1, filter="none")
    return Drawing(recipe=RECIPE, png=png, width=1, height=1, dpi=1, garments=OFFERED, contrasts={})


def test_a_good_file_has_no_fault() -> None:
    assert prove(drawing(MARGIN_PX, MARGIN_PX, WIDTH - 2 * MARGIN_PX, HEIGHT - 2 * MARGIN_PX)) == ()


@pytest.mark.parametrize(("left", "top"), [(3, 1000), (1000, 3), (WIDTH - 1000 - 3, 1000), (1000, HEIGHT - 1000 - 3)])
def test_ink_near_any_edge_is_named_with_its_distance(left: int, top: int) -> None:
    assert prove(drawing(left, top, 1000, 1000)) == ("ink 3 px from the edge: it may be clipped",)


def test_every_fault_is_named() -> None:
    speck = drawing(500, 500, 10, 10, canvas=(1000, 1200), dpi=72).model_copy(update={"garments": OFFERED[:2]})
    assert prove(speck) == (
        "size 1000×1200 px, wanted 4500×5400",
        "72 DPI in the file, wanted 300",
        "readable on 2 garment colours, wanted 5",
        "0.0% of the canvas is inked, wanted 1%",
    )


def test_a_picture_without_transparency_is_refused() -> None:
    opaque = pyvips.Image.black(WIDTH, HEIGHT, bands=3).copy(interpretation="srgb", xres=DPI / 25.4, yres=DPI / 25.4)
    png = opaque.pngsave_buffer(compression=1)
    faults = prove(drawing(0, 0, 1, 1, canvas=(2, 2)).model_copy(update={"png": png}))
    assert faults == ("no transparency",)


@pytest.mark.parametrize("cut", [4, -2000])
def test_what_cannot_be_read_to_its_end_is_no_picture(cut: int) -> None:
    whole = drawing(100, 100, 3000, 3000)
    with pytest.raises(ValueError, match="'words' is no picture"):
        prove(whole.model_copy(update={"png": whole.png[:cut]}))
