"""The six pictures of a product."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipeline.mockups import mock
from pipeline.mockups.compose import MARGIN_PX, chest, read
from pipeline.mockups.pattern import ORIGIN_PX, PX_PER_INCH
from pipeline.mockups.tee import FLAT, View, tees
from pipeline.mockups.tee import draw as draw_tees
from pipeline.models import GarmentColor, MockupImage, Variant

Draw = Callable[..., bytes]
Look = Callable[[MockupImage], NDArray[np.float64]]
Garments = Sequence[GarmentColor]
Plain = dict[str, NDArray[np.float64]]

RED = (214, 40, 40)
BLACK, WHITE = (0, 0, 0), (255, 255, 255)


def front(png: bytes, garments: Garments, name: str = "White") -> MockupImage:
    """The front in the named colour."""
    best_first = sorted(garments, key=lambda garment: garment.name != name)
    return next(mock(png, best_first))


def changed(printed: NDArray[np.float64], plain: NDArray[np.float64], by: float = 24) -> NDArray[np.bool_]:
    """Pixels that the print altered visibly; below `by` is the noise of the JPEG."""
    return np.asarray(np.abs(printed - plain).max(axis=2) > by)


@pytest.fixture(scope="module")
def plain(draw: Draw, garments: Garments, look: Look) -> Plain:
    return {m.garment.name: look(m) for m in mock(draw(), garments) if m.variant is not Variant.BACK}


def test_a_product_has_front_back_and_four_colourways(draw: Draw, garments: Garments, look: Look) -> None:
    pictures = list(mock(draw(((300, 300, 1200, 900), RED)), garments))
    assert [(m.variant, m.garment.name) for m in pictures] == [
        (Variant.FRONT, "White"),
        (Variant.BACK, "White"),
        (Variant.COLORWAY, "Black"),
        (Variant.COLORWAY, "Heather"),
        (Variant.COLORWAY, "Royal"),
        (Variant.COLORWAY, "Daisy"),
    ]
    for picture in pictures:
        assert look(picture).shape == (picture.height, picture.width, 3) == (2000, 2000, 3)
        assert len(picture.jpeg) <= 600_000


def test_the_same_design_gives_the_same_bytes(draw: Draw, garments: Garments) -> None:
    png = draw(((300, 300, 1200, 900), RED))
    assert list(mock(png, garments)) == list(mock(png, garments))


def test_drawing_the_tee_again_gives_the_same_tee() -> None:
    again = draw_tees()
    for view in View:
        for part in ("light", "cover", "weave", "scene", "shift"):
            np.testing.assert_array_equal(getattr(again[view], part), getattr(tees()[view], part))


def test_ink_stays_on_the_chest_and_on_the_garment(draw: Draw, garments: Garments, look: Look, plain: Plain) -> None:
    full = look(front(draw(((0, 0, 1500, 1800), RED)), garments))
    ink = changed(full, plain["White"])
    rows, columns = chest()
    assert ink[rows, columns].mean() > 0.9
    ink[rows, columns] = False
    assert not ink.any()
    assert (tees()[View.FRONT].cover[rows, columns] == 255).all()


@pytest.mark.parametrize(
    "rect", [(40, 60, 500, 400), (1000, 1200, 1480, 1790), (300, 0, 1500, 1800)], ids=["left", "right", "tall"]
)
def test_the_inked_box_not_the_canvas_is_centred_on_the_axis(
    draw: Draw,
    garments: Garments,
    look: Look,
    plain: Plain,
    rect: tuple[int, int, int, int],
) -> None:
    ink = changed(look(front(draw((rect, RED)), garments)), plain["White"], by=60)
    columns = np.nonzero(ink.sum(axis=0) > 8)[0]
    assert (columns[0] + columns[-1] + 1) / 2 == pytest.approx(ORIGIN_PX[0], abs=2000 * 0.01)


def test_a_print_is_drawn_at_its_true_size_whatever_the_canvas_resolution(draw: Draw, garments: Garments) -> None:
    coarse = front(draw(((500, 500, 1000, 800), RED)), garments).params["print"]
    fine = front(draw(((1500, 1500, 3000, 2400), RED), size=(4500, 5400)), garments).params["print"]
    assert fine["ink_inches"] == coarse["ink_inches"] == [-2.5, 10.1, 5.0, 3.0]
    assert fine["ink_px"] == coarse["ink_px"]
    assert fine["ink_px"][2:] == [5 * PX_PER_INCH, 3 * PX_PER_INCH]
    assert fine["scale"] == pytest.approx(PX_PER_INCH / 300)


def test_params_say_what_made_the_picture(draw: Draw, garments: Garments) -> None:
    pictures = list(mock(draw(((500, 500, 1000, 800), RED)), garments))
    for picture in pictures:
        assert picture.params["garment"]["hex"] == picture.garment.hex
        assert picture.params["version"]
    assert pictures[0].params["print"]["displacement_inches"] > 0
    assert pictures[1].params["print"] is None


def test_the_back_is_plain(draw: Draw, garments: Garments) -> None:
    printed, empty = (list(mock(png, garments))[1] for png in (draw(((0, 0, 1500, 1800), RED)), draw()))
    assert printed.jpeg == empty.jpeg


def test_a_transparent_design_is_a_plain_shirt_whatever_colour_hides_in_it(draw: Draw, garments: Garments) -> None:
    hidden = draw(((0, 0, 1500, 1800), (0, 255, 0, 0)))
    assert front(hidden, garments).jpeg == front(draw(), garments).jpeg
    assert front(hidden, garments).params["print"] is None


@pytest.mark.parametrize("name", ["White", "Black", "Heather", "Royal", "Daisy"])
def test_cloth_has_the_colour_that_was_asked_for(garments: Garments, plain: Plain, name: str) -> None:
    asked = np.array(list(bytes.fromhex(next(g.hex for g in garments if g.name == name)[1:])))
    seen = plain[name][tees()[View.FRONT].cover == 255].mean(axis=0)
    assert np.abs(seen - asked).max() < 20


@pytest.mark.parametrize(("name", "levels"), [("White", 3.0), ("Black", 1.5), ("Royal", 2.0)])
def test_folds_show_on_every_cloth(plain: Plain, name: str, levels: float) -> None:
    waist = plain[name][1000:1500, 480:660].mean(axis=2)
    without_grain = waist.reshape(50, 10, 18, 10).mean(axis=(1, 3))
    assert without_grain.std() > levels


@pytest.mark.parametrize("name", ["White", "Black", "Daisy"])
@pytest.mark.parametrize("colour", [RED, (40, 120, 200), (245, 240, 230), (60, 60, 60)])
def test_ink_has_its_colour_times_the_light(
    draw: Draw, garments: Garments, look: Look, name: str, colour: tuple[int, int, int]
) -> None:
    picture = front(draw(((450, 450, 1050, 1050), colour)), garments, name)
    left, top, width, height = picture.params["print"]["ink_px"]
    inner = (slice(top + 40, top + height - 40), slice(left + 40, left + width - 40))
    seen = look(picture)[inner].mean(axis=(0, 1))
    light = (tees()[View.FRONT].light[inner] / FLAT).mean()
    assert np.abs(seen - np.array(colour) * light).max() < 14


def test_cloth_shows_through_ink_a_little(draw: Draw, garments: Garments, look: Look) -> None:
    png = draw(((450, 450, 1050, 1050), (128, 128, 128)))
    picture = front(png, garments, "White")
    left, top, width, height = picture.params["print"]["ink_px"]
    inner = (slice(top + 40, top + height - 40), slice(left + 40, left + width - 40))
    on_white, on_black = (look(front(png, garments, n))[inner].mean() for n in ("White", "Black"))
    assert 3 < on_white - on_black < 25


@pytest.mark.parametrize(("colour", "name"), [(BLACK, "White"), (WHITE, "Black")])
def test_black_on_white_and_white_on_black_keep_contrast(
    draw: Draw, garments: Garments, look: Look, colour: tuple[int, int, int], name: str
) -> None:
    stripes = [((300 + 120 * i, 300, 360 + 120 * i, 1200), colour) for i in range(8)]
    picture = front(draw(*stripes), garments, name)
    left, top, width, height = picture.params["print"]["ink_px"]
    seen = look(picture)[top + 20 : top + height - 20, left + 2 : left + width - 2].mean(axis=2)
    dark, bright = np.percentile(seen, [20, 80])
    assert bright - dark > 180


def test_edges_have_no_halo_of_the_colour_hidden_in_transparency(
    draw: Draw, garments: Garments, look: Look, plain: Plain
) -> None:
    picture = look(front(draw(((450, 450, 1050, 1050), BLACK)), garments))
    rows, columns = chest()
    red, green, blue = np.moveaxis(picture[rows, columns] - plain["White"][rows, columns], 2, 0)
    assert np.abs((red + blue) / 2 - green).max() < 16  # the canvas hides magenta: 255 here if it bled
    assert (picture[rows, columns] - plain["White"][rows, columns]).max() < 24  # nowhere brighter than the cloth


def test_half_transparent_ink_is_half_seen(draw: Draw, garments: Garments, look: Look) -> None:
    picture = front(draw(((450, 450, 1050, 1050), (0, 0, 0, 128))), garments)
    left, top, width, height = picture.params["print"]["ink_px"]
    seen = look(picture)[top + 40 : top + height - 40, left + 40 : left + width - 40].mean()
    assert seen == pytest.approx(0.5 * 244, abs=16)


def test_folds_bend_a_straight_line_but_keep_letters_readable(
    draw: Draw, garments: Garments, look: Look, plain: Plain
) -> None:
    sides = draw(((0, 0, 30, 1800), RED), ((1470, 0, 1500, 1800), RED))
    picture = front(sides, garments)
    left, top, width, height = picture.params["print"]["ink_px"]
    ink = np.abs(look(picture) - plain["White"])[top + 10 : top + height - 10, :, 1]
    ink[ink < 24] = 0
    right = ink[:, left + width - 40 : left + width + 20]
    middle = (right * np.arange(60)).sum(axis=1) / right.sum(axis=1)
    assert 3 < np.ptp(middle) < 0.25 * PX_PER_INCH


def test_bending_never_pushes_ink_off_its_window() -> None:
    assert np.abs(tees()[View.FRONT].shift[chest()]).max() < MARGIN_PX


@pytest.mark.parametrize("count", range(5))
def test_too_few_garments_are_named(draw: Draw, garments: Garments, count: int) -> None:
    with pytest.raises(ValueError, match=rf"garments=.*{count} given"):
        mock(draw(), garments[:count])


def test_a_garment_twice_is_refused(draw: Draw, garments: Garments) -> None:
    with pytest.raises(ValueError, match="named twice"):
        mock(draw(), [*garments[:4], garments[0]])


def test_a_file_that_is_no_png_is_refused(garments: Garments) -> None:
    for junk in (b"", b"\xff\xd8\xff\xe0 a jpeg", b"<svg/>"):
        with pytest.raises(ValueError, match="is not a PNG"):
            mock(junk, garments)


@pytest.mark.parametrize("keep", [0.02, 0.5, 0.97])
def test_a_truncated_png_is_refused(draw: Draw, garments: Garments, keep: float) -> None:
    rng = np.random.default_rng(1)
    png = draw(*[((x, 100, x + 9, 1500), tuple(rng.integers(0, 255, 3).tolist())) for x in range(0, 1400, 10)])
    with pytest.raises(ValueError, match="can't be decoded"):
        mock(png[: int(len(png) * keep)], garments)


def test_a_damaged_png_is_refused(draw: Draw, garments: Garments) -> None:
    png = bytearray(draw(((450, 450, 1050, 1050), RED)))
    start = png.index(b"IDAT") + 40
    png[start : start + 60] = bytes(60)
    with pytest.raises(ValueError, match="can't be decoded"):
        mock(bytes(png), garments)


@pytest.mark.parametrize(
    ("mode", "shade"), [("RGB", (30, 30, 30)), ("L", 30), ("P", 0), ("LA", (30, 255)), ("I;16", 30 * 257)]
)
def test_every_kind_of_png_is_read(mode: str, shade: int | tuple[int, ...]) -> None:
    out = io.BytesIO()
    Image.new(mode, (150, 180), shade).save(out, "PNG")
    design = read(out.getvalue())
    assert design is not None
    assert design.canvas_box == (0, 0, 150, 180)
    assert design.ink.shape == (972, 810, 4)
    assert design.ink[400, 400].tolist() == ([0, 0, 0, 255] if mode == "P" else [30, 30, 30, 255])
