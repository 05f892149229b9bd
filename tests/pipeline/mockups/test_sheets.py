"""Contact sheets and thumbnails."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFont

from pipeline.mockups import Cell, contact_sheet, thumb
from pipeline.mockups.sheets import ELLIPSIS, PAPER, cut
from pipeline.models import GarmentColor, MockupImage

FONT = ImageFont.load_default(16)


@pytest.fixture(scope="module")
def pictures(
    draw: Callable[..., bytes], photograph: Callable[..., Iterator[MockupImage]], garments: Sequence[GarmentColor]
) -> list[bytes]:
    return [m.jpeg for m in photograph(draw(((300, 300, 1200, 900), (200, 30, 30))), garments)]


def opened(image: bytes) -> Image.Image:
    return Image.open(io.BytesIO(image))


def test_thumb_is_small(pictures: list[bytes]) -> None:
    small = thumb(pictures[0], 160)
    assert opened(small).size == (160, 160)
    assert opened(small).format == "JPEG"
    assert len(small) < 20_000


def test_thumb_keeps_proportions_and_lays_transparency_on_white(draw: Callable[..., bytes]) -> None:
    small = opened(thumb(draw(((0, 0, 1500, 900), (0, 0, 0))), 180))
    assert small.size == (150, 180)
    assert small.getpixel((75, 30)) == pytest.approx((0, 0, 0), abs=6)
    assert small.getpixel((75, 150)) == pytest.approx((255, 255, 255), abs=6)


def test_small_jpeg_sheet_fits_a_page(pictures: list[bytes]) -> None:
    sheet = contact_sheet([Cell(p, "Golden hour", "White") for p in pictures], 3, 160, "JPEG")
    assert opened(sheet).format == "JPEG"
    assert len(sheet) < 60_000


@given(count=st.integers(1, 9), columns=st.integers(1, 6), cell=st.integers(48, 90))
def test_every_cell_has_its_place(count: int, columns: int, cell: int) -> None:
    shades = [(20 + 25 * i, 10, 240 - 25 * i) for i in range(count)]
    cells = []
    for shade in shades:
        out = io.BytesIO()
        Image.new("RGB", (20, 20), shade).save(out, "PNG")
        cells.append(Cell(out.getvalue(), "caption"))
    sheet = opened(contact_sheet(cells, columns, cell))
    assert sheet.format == "PNG"
    across = min(columns, count)
    down = -(-count // across)
    gap = (sheet.width - across * cell) // (across + 1)
    step = (sheet.height - gap) // down
    assert sheet.getpixel((0, 0)) == pytest.approx(PAPER, abs=3)
    for i, shade in enumerate(shades):
        at = (gap + (i % across) * (cell + gap) + cell // 2, gap + (i // across) * step + cell // 2)
        assert sheet.getpixel(at) == shade


@given(st.text(max_size=80), st.integers(20, 400))
def test_captions_stay_inside_their_card(text: str, width: int) -> None:
    assert FONT.getlength(cut(text, FONT, width)) <= width


def test_captions_are_cut_only_where_they_must_be() -> None:
    assert cut("Short", FONT, 200) == "Short"
    long = cut("A caption much longer than its card", FONT, 100)
    assert long.endswith(ELLIPSIS)
    assert "A caption much longer".startswith(long[:-1])


def test_letters_that_the_typeface_lacks_are_written_with_those_it_has() -> None:
    assert cut("Café — crème × 2", FONT, 500) == "Cafe - creme x 2"
    assert cut("日", FONT, 500) == "?"


def test_sheets_refuse_what_they_cannot_lay_out(pictures: list[bytes]) -> None:
    cell = Cell(pictures[0], "ok")
    with pytest.raises(ValueError, match="cells is empty"):
        contact_sheet([], 3, 160)
    with pytest.raises(ValueError, match="columns=0"):
        contact_sheet([cell], 0, 160)
    with pytest.raises(ValueError, match="cell_px=20"):
        contact_sheet([cell], 1, 20)
    with pytest.raises(ValueError, match="px=0"):
        thumb(pictures[0], 0)


@pytest.mark.parametrize("junk", [b"", b"not a picture"])
def test_a_broken_picture_is_named_by_its_caption(pictures: list[bytes], junk: bytes) -> None:
    with pytest.raises(ValueError, match="Broken one"):
        contact_sheet([Cell(pictures[0], "fine"), Cell(junk, "Broken one")], 2, 160)
    with pytest.raises(ValueError, match="no picture"):
        thumb(pictures[0][:5000], 160)
