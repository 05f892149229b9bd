"""A proof names every fault of a print file, as measured in the file, and every garment that the ink is lost on."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import pyvips
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.designs.areas import AREAS, TEE, Area
from pipeline.designs.colours import FEWEST_GARMENTS, GARMENTS, READABLE, contrast
from pipeline.designs.prints.proof import (
    COARSE_ERROR_MM,
    MAX_FRINGE,
    MIN_STROKE_MM,
    STROKE_ERROR_MM,
    fringe,
    min_stroke_mm,
    prove,
)
from pipeline.designs.prints.raster import Pixels, image_of
from pipeline.models import GarmentColor
from tests.pipeline.designs.prints.drawn import disc, png_of

SMALL = Area(name="small", width=600, height=720, dpi=300)
MARGIN = 18
WHITE = (255, 255, 255)


def boxed(area: Area = SMALL, ink: tuple[int, int, int] = WHITE, edge: int = MARGIN) -> Pixels:
    """An area with one inked box, as far from the left edge as said."""
    pixels = np.zeros((area.height, area.width, 4), np.uint8)
    free = round(0.03 * area.height)
    pixels[free : area.height - free, edge : area.width - MARGIN] = (*ink, 255)
    return pixels


def test_a_good_file_has_no_fault_and_says_what_was_measured() -> None:
    proof = prove(png_of(boxed()), SMALL, size_limits={"there": 10**6})
    assert proof.faults == ()
    assert (proof.area, proof.width, proof.height, proof.dpi) == ("small", 600, 720, 300)
    assert proof.dead_margin == pytest.approx(1 - (564 * 676) / (600 * 720), abs=1e-3)
    assert proof.ink == pytest.approx(1 - proof.dead_margin, abs=1e-3)
    assert proof.out_of_gamut == 0
    assert proof.profile is not None
    assert proof.contrasts["black"] == pytest.approx(contrast("#FFFFFF", "#131313"), abs=0.01)
    assert "ink #FFFFFF has a contrast of 1.0, wanted 3" in proof.dropped["white"]
    assert set(proof.contrasts) == {garment.name for garment in GARMENTS}


@pytest.mark.parametrize("area", [AREAS[name] for name in ("phone", "mug", "sticker")], ids=lambda area: area.name)
def test_the_limits_of_every_area_hold_in_its_own_pixels(area: Area) -> None:
    pixels = np.zeros((area.height, area.width, 4), np.uint8)
    border = 2 * area.border_mm / 25.4 * area.dpi
    left, top = round(area.room[0] - border), round(area.room[1] - border)
    right, bottom = round(area.copy_width - area.room[2] - border), round(area.height - area.room[3] - border)
    pixels[top : area.height - bottom, left : area.width - right] = 255
    assert prove(png_of(pixels), area).faults == ()
    pixels[top : area.height - bottom, left - 3 :] = 255
    assert [fault.split(" edge")[0] for fault in prove(png_of(pixels), area).faults][:2] == [
        f"ink {left - 3} px from the left",
        "ink 0 px from the right",
    ]


def test_every_fault_is_named() -> None:
    speck = np.zeros((720, 600, 4), np.uint8)
    speck[320:322, 20:22] = 255
    faults = prove(
        png_of(speck, dpi=72), SMALL, garments=GARMENTS[:2], enlarged=4, size_limits={"a": 10, "b": 20}
    ).faults
    assert [fault.split(",")[0] for fault in faults] == [
        "72 DPI in the file",
        "the ink spans 0% × 0% of its room",
        "the ink is 46.5% off centre",
        "0.0% of the area is inked",
        "a picture is printed at 75 DPI of what was drawn",
        "strokes of 0.14 mm",
        "readable on 2 of 2 garment colours",
        faults[-1].split(",")[0],
    ]
    assert faults[-1].startswith("no marketplace takes it: a: ")


def test_a_file_of_another_size_is_not_asked_where_its_ink_lies() -> None:
    assert prove(png_of(boxed()[:700]), SMALL).faults == ("size 600×700 px, wanted 600×720",)


def test_nothing_inked_is_one_clear_fault_among_what_follows() -> None:
    faults = prove(png_of(np.zeros((720, 600, 4), np.uint8)), SMALL).faults
    assert faults[0] == "nothing is inked"
    assert not any("stroke" in fault for fault in faults)


def test_a_file_too_large_for_one_marketplace_is_refused_by_that_one_alone() -> None:
    proof = prove(png_of(boxed()), SMALL, size_limits={"small": 10, "large": 10**6})
    assert list(proof.refused) == ["small"]
    assert "at most 10 are taken" in proof.refused["small"]
    assert proof.faults == ()


def test_a_picture_without_transparency_is_refused() -> None:
    assert "no transparency" in prove(png_of(boxed()[..., :3]), SMALL).faults


def test_another_profile_than_srgb_is_named() -> None:
    image = image_of(boxed(), 300)
    tagged = image.icc_transform("p3", input_profile="srgb", embedded=False)
    assert any("not sRGB" in fault for fault in prove(tagged.pngsave_buffer(), SMALL).faults)
    assert prove(image.pngsave_buffer(profile="srgb"), SMALL).faults == ()
    assert prove(image.pngsave_buffer(), SMALL).faults == ()


@pytest.mark.parametrize("cut", [4, -200])
def test_what_cannot_be_read_to_its_end_is_no_picture(cut: int) -> None:
    whole = png_of(np.random.default_rng(1).integers(0, 256, (200, 200, 4), np.uint8))
    with pytest.raises(ValueError, match="no picture"):
        prove(whole[:cut], TEE)


# strokes and edges ---------------------------------------------------------------------------------------------------


@given(st.floats(2, 40), st.floats(0, 180), st.floats(0, 1))
@example(2.0, 0.0, 0.5)
@example(3.8, 90.0, 0.5)
@settings(max_examples=20, deadline=None)
def test_strokes_are_measured_within_the_stated_error(width: float, angle: float, shift: float) -> None:
    side = 240
    y, x = (np.mgrid[0 : 4 * side, 0 : 4 * side] + 0.5) / 4 - side / 2 - shift
    fine = (np.abs(x * np.cos(np.radians(angle)) + y * np.sin(np.radians(angle))) <= width / 2).astype(np.float32)
    alpha = np.rint(cv2.resize(fine, (side, side), interpolation=cv2.INTER_AREA) * 255).astype(np.uint8)
    measured, true = min_stroke_mm(alpha, 300), width * 25.4 / 300
    near = true < MIN_STROKE_MM
    assert measured == pytest.approx(true, abs=STROKE_ERROR_MM if near else COARSE_ERROR_MM)


def test_hairlines_among_broad_strokes_stop_the_file() -> None:
    pixels = boxed()
    pixels[100:600, 100:500] = 0
    for x in range(110, 500, 20):
        pixels[100:600, x : x + 2] = 255
    assert any(f"wanted {MIN_STROKE_MM} mm" in fault for fault in prove(png_of(pixels), SMALL).faults)


@pytest.mark.parametrize("radius", [30.3, 90.7])
def test_a_clean_edge_is_no_fringe_and_a_halo_is(radius: float) -> None:
    clean = disc(200, 100.2, 99.7, radius)
    assert fringe(np.rint(clean * 255).astype(np.uint8)) < 0.001
    halo = np.maximum(clean, 0.3 * disc(200, 100, 100, radius + 4))
    assert fringe(np.rint(halo * 255).astype(np.uint8)) > MAX_FRINGE


# contrast ------------------------------------------------------------------------------------------------------------


def test_garments_are_judged_by_the_inks_that_carry_words_and_ornament_must_be_seen() -> None:
    pixels = boxed(ink=(20, 20, 20))
    pixels[100:200, 100:500] = (255, 255, 255, 255)
    pixels[300:320, 100:500] = (57, 58, 62, 255)
    proof = prove(png_of(pixels), SMALL, words=["#FFFFFF"])
    assert proof.contrasts["charcoal"] == pytest.approx(contrast("#FFFFFF", "#393A3E"), abs=0.01)
    assert "ornament of #393A3E" in proof.dropped["charcoal"]
    assert "ink #FFFFFF" in proof.dropped["white"]
    dark = prove(png_of(pixels), SMALL, words=["#141414"])
    assert "charcoal" in dark.dropped
    assert "light blue" not in dark.dropped
    assert (
        "no #00FF00 in the file, which is said to carry words" in prove(png_of(pixels), SMALL, words=["#00FF00"]).faults
    )


def test_without_known_words_half_of_the_ink_must_be_readable() -> None:
    pixels = boxed(ink=(20, 20, 20))
    pixels[360:] = np.where(pixels[360:, :, 3:] > 0, np.uint8(255), np.uint8(0))
    pixels[:40] = 0
    pixels[22:40, MARGIN:-MARGIN] = 255
    proof = prove(png_of(pixels), SMALL)
    assert proof.contrasts["black"] > READABLE
    mostly_dark = boxed(ink=(20, 20, 20))
    mostly_dark[600:650, 100:500] = 255
    assert "black" in prove(png_of(mostly_dark), SMALL).dropped


@given(st.tuples(*[st.integers(0, 255)] * 3))
@settings(max_examples=10, deadline=None)
def test_a_design_of_one_ink_is_offered_where_that_ink_is_readable(ink: tuple[int, int, int]) -> None:
    hexadecimal = "#{:02X}{:02X}{:02X}".format(*ink)
    proof = prove(png_of(boxed(ink=ink)), SMALL)
    offered = {garment.name for garment in GARMENTS if contrast(hexadecimal, garment.hex) >= READABLE}
    assert set(proof.contrasts) - set(proof.dropped) == offered
    assert any("garment colours" in fault for fault in proof.faults) == (len(offered) < FEWEST_GARMENTS)


def test_a_garment_of_the_callers_own_is_judged_too() -> None:
    own = [GarmentColor(name=f"own {i}", hex=f"#0{i}0000") for i in range(6)]
    assert prove(png_of(boxed()), SMALL, garments=own).faults == ()


def test_colours_that_cmyk_cannot_print_are_counted_by_their_share() -> None:
    pixels = boxed(ink=(60, 60, 60))
    pixels[100:200, 100:500] = (0, 255, 0, 255)
    share = 100 * 400 / np.count_nonzero(pixels[..., 3])
    assert prove(png_of(pixels), SMALL).out_of_gamut == pytest.approx(share, abs=0.01)
    with pytest.raises(ValueError, match="name an ICC profile"):
        prove(png_of(pixels), SMALL, profile="/no/such.icc")


def test_a_print_file_of_the_tee_is_read_as_pyvips_wrote_it() -> None:
    image = pyvips.Image.black(TEE.width, TEE.height, bands=4).copy(
        interpretation="srgb", xres=TEE.dpi / 25.4, yres=TEE.dpi / 25.4
    )
    inked = image.draw_rect([255, 255, 255, 255], 140, 170, 4220, 5060, fill=True)
    assert prove(inked.pngsave_buffer(compression=1), TEE).faults == ()
