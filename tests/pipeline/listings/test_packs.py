"""A pack holds all that a person needs, opens in a spreadsheet program, and is the same for the same listing."""

from __future__ import annotations

import csv
import io
import json
import string
import zipfile
from collections.abc import Callable, Mapping
from functools import cache

import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from pipeline.listings.marketplaces import marketplaces
from pipeline.listings.packs import PackError, pack, png_size, print_file_name, slug
from pipeline.listings.sheets import FORMULA_STARTS, combined_sheets, layouts
from pipeline.models import Idea, Listing, Recipe

Make = Callable[..., Listing]


@cache
def a_png(width: int = 4500, height: int = 5400) -> bytes:
    image = pyvips.Image.black(width, height, bands=4).copy(interpretation="srgb")
    data: bytes = image.draw_rect([200, 30, 30, 255], 10, 10, width // 2, height // 2, fill=True).pngsave_buffer()
    return data


@pytest.fixture
def pack_of(
    listing_of: Make, idea_of: Callable[..., Idea], recipe_of: Callable[..., Recipe]
) -> Callable[..., Mapping[str, bytes]]:
    def make(market: str, png: bytes | None = None, mockups: Mapping[str, bytes] | None = None) -> Mapping[str, bytes]:
        idea = idea_of()
        return pack(
            listing_of(market, idea),
            idea,
            recipe_of(idea),
            print_file=png or a_png(),
            mockups={"front-black.jpg": b"jpeg"} if mockups is None else mockups,
            beside={"proof.json": b"{}", "artwork.svg": b"<svg/>"},
            marketplace=marketplaces()[market],
        )

    return make


@pytest.mark.parametrize("market", sorted(marketplaces()))
def test_a_pack_holds_the_print_file_the_pictures_the_record_and_the_steps(
    market: str, pack_of: Callable[..., Mapping[str, bytes]], listing_of: Make
) -> None:
    files, listing = pack_of(market), listing_of(market)
    name = print_file_name(listing, files)
    width, height = png_size(files[name])
    assert name == f"{slug(listing)}-{width}x{height}.png"
    assert files["mockups/front-black.jpg"] == b"jpeg"
    assert (files["print/proof.json"], files["print/artwork.svg"]) == (b"{}", b"<svg/>")
    record = json.loads(files["listing.json"])
    assert record["listing"]["title"] == listing.title
    assert record["listing"]["content_hash"] == listing.content_hash
    assert record["artwork"] == {**record["artwork"], "seed": 7, "typefaces": ["Bungee"]}
    assert record["artwork"]["licences"]["Bungee"] == "OFL-1.1"
    assert record["idea"]["evidence"] == {"likes_per_minute": 3.2}
    assert record["trademark"].startswith("no trademark register is configured")
    steps = files["README.txt"].decode()
    assert name in steps
    assert "proof.json: what was measured in the print file" in steps
    assert listing.title in steps
    assert "no trademark register is configured" in steps
    assert [f for f in files if f.endswith(".xlsx")] == [
        f"{market}-{tool}.xlsx" for tool in marketplaces()[market].sheets
    ]
    assert ("NOT verified" in steps) is bool(marketplaces()[market].sheets)


def test_the_same_listing_gives_the_same_bytes_without_a_moment_in_them(
    pack_of: Callable[..., Mapping[str, bytes]],
) -> None:
    assert pack_of("amazon_merch") == pack_of("amazon_merch")
    with zipfile.ZipFile(io.BytesIO(pack_of("amazon_merch")["amazon_merch-lazymerch.xlsx"])) as book:
        assert {info.date_time for info in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = book.read("docProps/core.xml").decode()
        assert core.count("1980-01-01T00:00:00Z") == 2


def test_a_marketplace_with_a_smaller_print_area_gets_a_scaled_file(
    pack_of: Callable[..., Mapping[str, bytes]], listing_of: Make
) -> None:
    files = pack_of("spreadshirt")
    data = files[print_file_name(listing_of("spreadshirt"), files)]
    assert png_size(data) == (3333, 4000)
    image = pyvips.Image.new_from_buffer(data, "")
    assert image.hasalpha()
    assert round(image.xres * 25.4) == 200


@pytest.mark.parametrize(
    ("png", "said"),
    [
        (b"GIF89a", "no PNG"),
        (a_png(1000, 1200), "1000x1200 px.*4500x5400 and up.*never scaled up"),
        (a_png() + b"\0" * 25_000_000, r"bytes, Amazon Merch on Demand takes 25,000,000 \[merch\.amazon\.com"),
    ],
    ids=["gif", "small", "heavy"],
)
def test_a_print_file_that_is_not_taken_is_named(
    png: bytes, said: str, pack_of: Callable[..., Mapping[str, bytes]]
) -> None:
    with pytest.raises(PackError, match=said):
        pack_of("amazon_merch", png)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b.jpg", "x.png", ".jpg"])
def test_a_mockup_with_a_path_for_a_name_is_refused(name: str, pack_of: Callable[..., Mapping[str, bytes]]) -> None:
    with pytest.raises(PackError, match="mockups"):
        pack_of("etsy", None, {name: b""})


def test_the_combined_sheets_hold_a_row_a_listing(listing_of: Make, idea_of: Callable[..., Idea]) -> None:
    rows = [
        (listing_of(market, idea_of(phrase=f"Camp {i}", lines=(f"Camp {i}",))), f"pack-{i}/print.png")
        for i in range(3)
        for market in ("amazon_merch", "teepublic", "etsy")
    ]
    sheets = combined_sheets(rows, marketplaces())
    assert set(sheets) == {
        f"{m}-{tool}.{ext}"
        for m in ("amazon_merch", "teepublic")
        for tool in marketplaces()[m].sheets
        for ext in ("xlsx", "csv")
    }
    for name, data in sheets.items():
        layout = layouts()[name.split("-")[1].split(".")[0]]
        if name.endswith(".xlsx"):
            sheet = load_workbook(io.BytesIO(data))[layout.sheet]
            table = [["" if c is None else str(c) for c in row] for row in sheet.iter_rows(values_only=True)]
        else:
            table = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
        width = max(i for i, (header, _) in enumerate(layout.columns) if header) + 1
        assert table[0][:width] == [header for header, _ in layout.columns][:width]
        assert [row[0] for row in table[1:]] == ["pack-0/print.png", "pack-1/print.png", "pack-2/print.png"]
        mine = [listing for listing, _ in rows if name.startswith(f"{listing.marketplace}-")]
        assert all(listing.title in row for listing, row in zip(mine, table[1:], strict=True))


@settings(max_examples=40, deadline=None)
@given(
    title=st.one_of(
        st.sampled_from(["=1+1", "+x", "-x", "@SUM(A1)", '=HYPERLINK("http://x","y")', "\t=1"]),
        st.text(string.printable, min_size=1, max_size=40),
    )
)
def test_no_cell_is_a_formula_and_csv_comes_back(title: str) -> None:
    listing = Listing.model_validate(
        {
            "idea_id": "6b1c0d0e-8a55-5d2b-9a3e-2f7c4c1d9e10",
            "design_id": "6b1c0d0e-8a55-5d2b-9a3e-2f7c4c1d9e10",
            "mockup_id": "6b1c0d0e-8a55-5d2b-9a3e-2f7c4c1d9e10",
            "marketplace": "teepublic",
            "product": "artwork",
            "title": title,
            "description": 'two\nlines, "quoted"; and more',
            "bullets": (),
            "tags": ("=tag", "b"),
            "price_cents": 1,
            "currency": "USD",
            "verdicts": (),
        }
    )
    sheets = combined_sheets([(listing, "print.png")], marketplaces())
    sheet = load_workbook(io.BytesIO(sheets["teepublic-merch_titans.xlsx"])).worksheets[0]
    cell = sheet.cell(row=2, column=2)
    assert cell.data_type != "f"
    assert sheet.cell(row=2, column=4).data_type == "s"
    row = list(csv.reader(io.StringIO(sheets["teepublic-merch_titans.csv"].decode("utf-8-sig"), newline="")))[1]
    assert not any(c.startswith(FORMULA_STARTS) for c in row)
    assert row[1] == (f"'{title}" if title.startswith(FORMULA_STARTS) else title)
    assert row[2] == listing.description
