"""The pictures of a tee with a design on it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from pipeline.mockups.compose import CHOKE_PX, JPEG_QUALITY
from pipeline.mockups.ink import read
from pipeline.mockups.products.tee import PLATE, TEE
from pipeline.mockups.products.tee_cut import FRAME
from pipeline.mockups.scene import FLAT, Scene, Surface
from pipeline.models import GarmentColor, MockupImage, Variant

Draw = Callable[..., bytes]
Look = Callable[[MockupImage], NDArray[np.float64]]
Shoot = Callable[..., Iterator[MockupImage]]
Garments = Sequence[GarmentColor]
Plain = dict[str, NDArray[np.float64]]

RED = (214, 40, 40)
BLACK, WHITE = (0, 0, 0), (255, 255, 255)


@pytest.fixture(scope="module")
def front(photograph: Shoot, garments: Garments) -> Callable[..., MockupImage]:
    """The front in the named colour."""

    def shot(png: bytes, name: str = "White") -> MockupImage:
        return next(photograph(png, sorted(garments, key=lambda garment: garment.name != name)))

    return shot


Front = Callable[..., MockupImage]


@pytest.fixture(scope="module")
def tee(studio: Callable[..., Scene]) -> Scene:
    return studio(TEE, Variant.FRONT, 0)


@pytest.fixture(scope="module")
def chest(tee: Scene) -> Surface:
    assert tee.surface is not None
    return tee.surface


def inner(picture: MockupImage, by: int = 40) -> tuple[slice, slice]:
    """Rows and columns of the picture that lie within its inked box."""
    left, top, width, height = picture.params["print"]["plate_ink_px"]
    x, y = (round(at) for at in FRAME.px(np.array((PLATE.box.left, PLATE.box.top))))
    return slice(y + top + by, y + top + height - by), slice(x + left + by, x + left + width - by)


def changed(printed: NDArray[np.float64], plain: NDArray[np.float64], by: float = 24) -> NDArray[np.bool_]:
    """Pixels that the print altered visibly; below `by` is the noise of the JPEG."""
    return np.asarray(np.abs(printed - plain).max(axis=2) > by)


@pytest.fixture(scope="module")
def plain(draw: Draw, photograph: Shoot, garments: Garments, look: Look) -> Plain:
    return {m.garment.name: look(m) for m in photograph(draw(), garments) if m.variant is not Variant.BACK}


def test_a_tee_has_front_back_and_four_colourways(
    draw: Draw, photograph: Shoot, garments: Garments, look: Look
) -> None:
    pictures = list(photograph(draw(((300, 300, 1200, 900), RED)), garments))
    assert [(m.variant, m.garment.name) for m in pictures] == [
        (Variant.FRONT, "White"),
        (Variant.COLORWAY, "Black"),
        (Variant.COLORWAY, "Heather"),
        (Variant.COLORWAY, "Royal"),
        (Variant.COLORWAY, "Daisy"),
        (Variant.BACK, "White"),
    ]
    for picture in pictures:
        assert look(picture).shape == (picture.height, picture.width, 3) == (2000, 2000, 3)
        assert len(picture.jpeg) <= 900_000


def test_pictures_carry_an_srgb_profile_and_their_bytes_repeat(
    draw: Draw, photograph: Shoot, garments: Garments
) -> None:
    png = draw(((300, 300, 1200, 900), RED))
    pictures = list(photograph(png, garments))
    assert pictures == list(photograph(png, garments))
    profile = io.BytesIO(Image.open(io.BytesIO(pictures[0].jpeg)).info["icc_profile"])
    assert "sRGB" in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(profile))
    assert JPEG_QUALITY >= 90


def test_drawing_the_tee_again_gives_the_same_tee(tee: Scene) -> None:
    again = TEE.draw(Variant.FRONT, 0)
    for part in ("light", "cover", "around"):
        np.testing.assert_array_equal(getattr(again, part), getattr(tee, part))


def test_designs_lie_on_different_drapes(draw: Draw, photograph: Shoot, garments: Garments, look: Look) -> None:
    png = draw(((300, 300, 1200, 900), RED))
    one, other = (look(next(photograph(png, garments, seed=seed))) for seed in (0, TEE.drapes + 1))
    assert np.abs(one - other).mean() > 2
    assert next(photograph(png, garments, seed=5)) == next(photograph(png, garments, seed=5 + TEE.drapes))


def test_ink_stays_in_its_window_and_on_the_garment(
    draw: Draw, front: Front, look: Look, plain: Plain, tee: Scene, chest: Surface
) -> None:
    ink = changed(look(front(draw(((0, 0, 1500, 1800), RED)))), plain["White"])
    assert ink[chest.window][chest.weave > 0].mean() > 0.99
    assert chest.weave.mean() > 230
    rows, columns = chest.window
    ink[rows.start - 16 : rows.stop + 16, columns.start - 16 : columns.stop + 16] = False  # a block of the JPEG
    assert not ink.any()
    assert (tee.cover[chest.window][chest.weave > 0] == 255).all()


@pytest.mark.parametrize(
    "rect", [(40, 60, 500, 400), (1000, 1200, 1480, 1790), (300, 0, 1500, 1800)], ids=["left", "right", "tall"]
)
def test_the_inked_box_not_the_canvas_is_centred_on_the_axis(
    draw: Draw, front: Front, look: Look, plain: Plain, rect: tuple[int, int, int, int]
) -> None:
    ink = changed(look(front(draw((rect, RED)))), plain["White"], by=60)
    columns = np.nonzero(ink.sum(axis=0) > 8)[0]
    assert (columns[0] + columns[-1] + 1) / 2 == pytest.approx(FRAME.origin[0], abs=2000 * 0.015)


def test_a_print_is_drawn_at_its_true_size_whatever_the_canvas_resolution(draw: Draw, front: Front) -> None:
    coarse = front(draw(((500, 500, 1000, 800), RED))).params["print"]
    fine = front(draw(((1500, 1500, 3000, 2400), RED), size=(4500, 5400))).params["print"]
    assert fine["ink_inches"] == coarse["ink_inches"] == [-2.5, 10.1, 5.0, 3.0]
    assert fine["plate_ink_px"] == coarse["plate_ink_px"]
    assert fine["plate_ink_px"][2:] == [5 * FRAME.per_inch, 3 * FRAME.per_inch]
    assert fine["scale"] == pytest.approx(FRAME.per_inch / 300)


def test_params_say_what_made_the_picture(draw: Draw, photograph: Shoot, garments: Garments) -> None:
    pictures = list(photograph(draw(((500, 500, 1000, 800), RED)), garments, seed=7))
    for picture in pictures:
        assert picture.params["garment"]["hex"] == picture.garment.hex
        assert picture.params["version"]
        assert picture.params["drape"] == 7 % TEE.drapes
    by_name = {(p.garment.name, p.variant): p.params for p in pictures}
    assert by_name["Black", Variant.COLORWAY]["underbase"]
    assert not by_name["White", Variant.FRONT]["underbase"]
    assert by_name["White", Variant.BACK]["print"] is None


def test_the_back_is_plain(draw: Draw, photograph: Shoot, garments: Garments) -> None:
    printed, empty = (
        next(m for m in photograph(png, garments) if m.variant is Variant.BACK)
        for png in (draw(((0, 0, 1500, 1800), RED)), draw())
    )
    assert printed.jpeg == empty.jpeg


def test_a_transparent_design_is_a_plain_shirt_whatever_colour_hides_in_it(draw: Draw, front: Front) -> None:
    hidden = front(draw(((0, 0, 1500, 1800), (0, 255, 0, 0))))
    assert hidden.jpeg == front(draw()).jpeg
    assert hidden.params["print"] is None


@pytest.mark.parametrize("name", ["White", "Black", "Heather", "Royal", "Daisy"])
def test_cloth_has_the_colour_that_was_asked_for(garments: Garments, plain: Plain, tee: Scene, name: str) -> None:
    asked = np.array(list(bytes.fromhex(next(g.hex for g in garments if g.name == name)[1:])))
    flat = (tee.cover == 255) & (np.abs(tee.light.astype(float) / FLAT - 1) < 0.02)
    assert flat.mean() > 0.05
    seen = plain[name][flat].mean(axis=0)
    assert delta_e(seen, asked) < (9 if name == "Black" else 6)  # black cloth has a sheen


def delta_e(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """CIE 1976 colour difference of two sRGB colours 0 … 255 (D65)."""
    return float(np.linalg.norm(lab(one) - lab(other)))


def light_of(colour: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear light 0 … 1 of sRGB bytes."""
    share = colour / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def lab(colour: NDArray[np.float64]) -> NDArray[np.float64]:
    xyz = (
        np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        @ light_of(colour)
        / (0.9505, 1, 1.089)
    )
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize(("name", "levels"), [("White", 3.0), ("Black", 1.5), ("Royal", 2.0)])
def test_folds_show_on_every_cloth(plain: Plain, name: str, levels: float) -> None:
    waist = plain[name][1000:1500, 500:680].mean(axis=2)
    without_grain = waist.reshape(50, 10, 18, 10).mean(axis=(1, 3))
    assert without_grain.std() > levels


@pytest.mark.parametrize("name", ["White", "Black", "Daisy"])
@pytest.mark.parametrize("colour", [RED, (40, 120, 200), (245, 240, 230), (60, 60, 60)])
def test_ink_has_its_colour_times_the_light(
    draw: Draw, front: Front, look: Look, tee: Scene, name: str, colour: tuple[int, int, int]
) -> None:
    picture = front(draw(((450, 450, 1050, 1050), colour)), name)
    seen = look(picture)[inner(picture)].mean(axis=(0, 1))
    light = (tee.light[inner(picture)] / FLAT).mean()
    assert np.abs(seen - np.array(colour) * light).max() < 14


def test_white_ink_on_black_stays_white(draw: Draw, front: Front, look: Look) -> None:
    picture = front(draw(((450, 450, 1050, 1050), WHITE)), "Black")
    seen = look(picture)[inner(picture)].mean(axis=(0, 1))
    assert seen.min() > 225
    assert np.ptp(seen) < 6


def test_the_underbase_is_a_hair_smaller_than_the_ink(draw: Draw, front: Front, look: Look) -> None:
    solid = front(draw(((300, 300, 1200, 1500), WHITE)), "Black")
    lines = front(draw(*[((300 + 20 * i, 300, 310 + 20 * i, 1500), WHITE) for i in range(45)]), "Black")
    full, half = (light_of(look(picture)[inner(picture)]).mean() for picture in (solid, lines))
    lost = 0.5 - half / full  # half of it is inked; of each line of 5.4 pixels CHOKE_PX on both sides has no white
    assert lost == pytest.approx(CHOKE_PX / (20 * 0.54) * 2, abs=0.03)


def test_ink_on_white_is_a_filter_and_white_ink_prints_nothing_on_it(
    draw: Draw, front: Front, look: Look, plain: Plain
) -> None:
    picture = look(front(draw(((450, 450, 1050, 1050), WHITE)), "White"))
    assert np.abs(picture - plain["White"]).mean() < 1.5


def test_cloth_shows_through_ink_a_little(draw: Draw, front: Front, look: Look) -> None:
    png = draw(((450, 450, 1050, 1050), (128, 128, 128)))
    on_white, on_black = (
        look(picture)[inner(picture)].mean() for picture in (front(png, n) for n in ("White", "Black"))
    )
    assert 1.5 < on_white - on_black < 25


@pytest.mark.parametrize(("colour", "name"), [(BLACK, "White"), (WHITE, "Black")])
def test_black_on_white_and_white_on_black_keep_contrast(
    draw: Draw, front: Front, look: Look, colour: tuple[int, int, int], name: str
) -> None:
    stripes = [((300 + 120 * i, 300, 360 + 120 * i, 1200), colour) for i in range(8)]
    picture = front(draw(*stripes), name)
    dark, bright = np.percentile(look(picture)[inner(picture, 20)].mean(axis=2), [20, 80])
    assert bright - dark > 180


def test_edges_have_no_halo_of_the_colour_hidden_in_transparency(
    draw: Draw, front: Front, look: Look, plain: Plain, chest: Surface
) -> None:
    picture = look(front(draw(((450, 450, 1050, 1050), BLACK))))
    difference = picture[chest.window] - plain["White"][chest.window]
    red, green, blue = np.moveaxis(difference, 2, 0)
    assert np.abs((red + blue) / 2 - green).max() < 16  # the canvas hides magenta: 255 here if it bled
    assert difference.max() < 24  # nowhere brighter than the cloth


def test_half_transparent_ink_is_blended_in_linear_light(draw: Draw, front: Front, look: Look) -> None:
    picture = front(draw(((450, 450, 1050, 1050), (0, 0, 0, 128))))
    seen = look(picture)[inner(picture)].mean() / 244
    in_linear_light, in_display_values = 0.735, 0.5  # 0.5 ** (1 / 2.4) by the curve of sRGB, and plain
    assert seen == pytest.approx(in_linear_light, abs=0.06)
    assert abs(seen - in_display_values) > 0.15


def test_a_print_of_fine_black_and_white_is_reduced_in_linear_light(draw: Draw) -> None:
    lines = [((0, y, 1500, y + 1), WHITE if y % 2 else BLACK) for y in range(1800)]
    design = read(draw(*lines), TEE.size, TEE.place, PLATE)
    assert design is not None
    middle = design.ink[400:500, 300:400, 0].mean() / 65535
    assert middle == pytest.approx(0.5, abs=0.01)


def test_folds_bend_a_straight_line_but_keep_letters_readable(
    draw: Draw, front: Front, look: Look, plain: Plain
) -> None:
    picture = front(draw(((0, 0, 30, 1800), RED), ((1470, 0, 1500, 1800), RED)))
    rows, columns = inner(picture, 30)
    ink = np.abs(look(picture) - plain["White"])[rows, :, 1]
    ink[ink < 24] = 0
    right = ink[:, columns.stop - 60 : columns.stop + 70]
    middle = (right * np.arange(right.shape[1])).sum(axis=1) / right.sum(axis=1)
    straight = np.polynomial.Polynomial.fit(np.arange(len(middle)), middle, 1)(np.arange(len(middle)))
    assert 2 < np.ptp(middle - straight) < 0.4 * FRAME.per_inch


def test_a_design_on_no_colour_is_refused(draw: Draw, photograph: Shoot) -> None:
    with pytest.raises(ValueError, match="the tee comes in none of them"):
        photograph(draw(), [])


def test_fewer_colours_make_fewer_colourways(draw: Draw, photograph: Shoot, garments: Garments) -> None:
    variants = [m.variant for m in photograph(draw(((300, 300, 1200, 900), RED)), garments[:2])]
    assert variants == [Variant.FRONT, Variant.COLORWAY, Variant.BACK]


def test_a_garment_twice_is_refused(draw: Draw, photograph: Shoot, garments: Garments) -> None:
    with pytest.raises(ValueError, match="named twice"):
        photograph(draw(), [*garments[:4], garments[0]])


def test_a_file_that_is_no_png_is_refused(photograph: Shoot, garments: Garments) -> None:
    for junk in (b"", b"\xff\xd8\xff\xe0 a jpeg", b"<svg/>"):
        with pytest.raises(ValueError, match="is not a PNG"):
            photograph(junk, garments)


@pytest.mark.parametrize("keep", [0.02, 0.5, 0.97])
def test_a_truncated_png_is_refused(draw: Draw, photograph: Shoot, garments: Garments, keep: float) -> None:
    rng = np.random.default_rng(1)
    png = draw(*[((x, 100, x + 9, 1500), tuple(rng.integers(0, 255, 3).tolist())) for x in range(0, 1400, 10)])
    with pytest.raises(ValueError, match="can't be decoded"):
        photograph(png[: int(len(png) * keep)], garments)


def test_a_damaged_png_is_refused(draw: Draw, photograph: Shoot, garments: Garments) -> None:
    png = bytearray(draw(((450, 450, 1050, 1050), RED)))
    start = png.index(b"IDAT") + 40
    png[start : start + 60] = bytes(60)
    with pytest.raises(ValueError, match="can't be decoded"):
        photograph(bytes(png), garments)


@pytest.mark.parametrize(
    ("mode", "shade"), [("RGB", (30, 30, 30)), ("L", 30), ("P", 0), ("LA", (30, 255)), ("I;16", 30 * 257)]
)
def test_every_kind_of_png_is_read(mode: str, shade: int | tuple[int, ...]) -> None:
    out = io.BytesIO()
    Image.new(mode, (150, 180), shade).save(out, "PNG")
    design = read(out.getvalue(), TEE.size, TEE.place, PLATE)
    assert design is not None
    assert design.canvas_box == (0, 0, 150, 180)
    assert design.ink.shape == (972, 810, 4)
    grey = 0 if mode == "P" else round(((30 / 255 + 0.055) / 1.055) ** 2.4 * 65535)
    assert design.ink[400, 400].tolist() == [grey, grey, grey, 65535]
