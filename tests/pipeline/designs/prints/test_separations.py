"""CMYK files have the print file's size, colours and transparency, and say which press they are for."""

from __future__ import annotations

import io

import numpy as np
import pikepdf
import pytest
import pyvips
from numpy.typing import NDArray

from pipeline.designs.prints.raster import Colours
from pipeline.designs.prints.separations import BUILT_IN, OUT_OF_GAMUT, converted, out_of_gamut, pdf, tiff
from tests.pipeline.designs.prints.drawn import disc, inked, png_of

RED = (190, 60, 50)
PIXELS = inked(RED, disc(240, 120, 120, 80))
PNG = png_of(PIXELS)


def back_in_srgb(inks: NDArray[np.uint8]) -> NDArray[np.uint8]:
    image = pyvips.Image.new_from_array(np.ascontiguousarray(inks), interpretation="cmyk")
    return np.asarray(converted(image, BUILT_IN, "srgb").numpy())


def test_a_tiff_is_lossless_cmyk_with_alpha_resolution_and_profile() -> None:
    image = pyvips.Image.tiffload_buffer(tiff(PNG))
    assert (image.width, image.height, image.bands, image.interpretation) == (240, 240, 5, "cmyk")
    assert image.get("compression") if image.get_typeof("compression") else True
    assert image.xres * 25.4 == pytest.approx(300, abs=0.01)
    assert image.get("icc-profile-data")[16:20] == b"CMYK"
    bands = np.asarray(image.numpy())
    assert np.array_equal(bands[..., 4], PIXELS[..., 3])
    assert bands[0, 0].tolist() == [0, 0, 0, 0, 0], "nothing is printed where nothing is inked"
    assert np.abs(back_in_srgb(bands[..., :4])[120, 120].astype(int) - RED).max() <= 6


def test_a_pdf_is_a_page_of_the_physical_size_with_the_same_inks_and_a_soft_mask() -> None:
    inks = np.asarray(pyvips.Image.tiffload_buffer(tiff(PNG)).numpy())
    with pikepdf.open(io.BytesIO(pdf(PNG))) as document:
        (page,) = document.pages
        box = [float(side) for side in page.mediabox]
        assert box == pytest.approx([0, 0, 240 / 300 * 72, 240 / 300 * 72], abs=0.01)
        image = page.Resources.XObject.Print
        space = image.ColorSpace
        assert (str(space[0]), int(space[1].N)) == ("/ICCBased", 4)
        assert space[1].read_bytes()[16:20] == b"CMYK"
        assert image.read_bytes() == inks[..., :4].tobytes()
        assert image.SMask.read_bytes() == inks[..., 4].tobytes()
        assert b"57.6000 0 0 57.6000 0 0 cm" in page.Contents.read_bytes()
    assert pdf(PNG) == pdf(PNG)


def test_colours_out_of_the_gamut_are_told_from_those_in_it() -> None:
    rgb = np.array([[0, 255, 0], [90, 90, 90], [20, 20, 20], [255, 255, 255]], np.uint8)
    for i, outside in enumerate([True, False, False, False]):
        one = Colours(rgb[i : i + 1], np.ones(1))
        assert (out_of_gamut(one, BUILT_IN) == 1) is outside, rgb[i]
    assert out_of_gamut(Colours(rgb, np.array([0.4, 0.3, 0.2, 0.1])), BUILT_IN) == pytest.approx(0.4)
    assert OUT_OF_GAMUT > 2


@pytest.mark.parametrize("make", [tiff, pdf])
def test_a_profile_that_is_none_is_named(make: object) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=r"'/no/such.icc': name an ICC profile"):
        make(PNG, "/no/such.icc")
    with pytest.raises(ValueError, match="no picture"):
        make(b"nothing")
