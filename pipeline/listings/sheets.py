"""Spreadsheets of upload tools: one row a listing, in the columns that `data/sheets.yaml` gives, as XLSX and as CSV.

What belongs here: layouts, cells, and bytes that are the same for the same rows. What does not: what else is in a pack.

A cell that a spreadsheet program would take for a formula never becomes one: in XLSX it is typed as text and marked as
quoted, in CSV, which has no types, an apostrophe is put before it.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from pydantic import Field

from pipeline.listings.marketplaces import Marketplace, Sourced, read_data, validated
from pipeline.models import Listing

DATA_FILE = "data/sheets.yaml"
EPOCH = datetime(1980, 1, 1)  # noqa: DTZ001 - the first moment a ZIP archive can hold, which knows no time zones
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

Row = tuple[Listing, str]
"""A listing, and the path of its print file as seen from the sheet."""


class Layout(Sourced):
    """The columns of one tool's sheet."""

    label: str
    sheet: str = Field(min_length=1, max_length=31)
    verified: bool = Field(description="whether the columns were seen in the tool's own template")
    columns: tuple[tuple[str, str], ...] = Field(min_length=1)


@cache
def layouts() -> Mapping[str, Layout]:
    """The layouts of this project, by name. Raises DataError that names the file and the field."""
    data = read_data(files(__package__).joinpath(DATA_FILE).read_text(encoding="utf-8"), DATA_FILE)
    return {name: validated(Layout, value, f"{DATA_FILE}: {name}") for name, value in data.items()}


def combined_sheets(rows: Sequence[Row], marketplaces: Mapping[str, Marketplace]) -> Mapping[str, bytes]:
    """The sheets of many listings, as sellers upload them: `<marketplace>-<tool>.xlsx` and `.csv` → bytes.

    A marketplace whose listings are uploaded by hand has none. Rows keep their order.

    Raises:
        KeyError: A listing's marketplace is not among those given.
    """
    by_market: dict[str, list[Row]] = {}
    for row in rows:
        by_market.setdefault(row[0].marketplace, []).append(row)
    sheets: dict[str, bytes] = {}
    for name, its in sorted(by_market.items()):
        for tool in marketplaces[name].sheets:
            table = _table(layouts()[tool], its)
            sheets[f"{name}-{tool}.xlsx"] = _xlsx(layouts()[tool].sheet, table)
            sheets[f"{name}-{tool}.csv"] = _csv(table)
    return sheets


def _table(layout: Layout, rows: Sequence[Row]) -> list[list[str]]:
    head = [header for header, _ in layout.columns]
    return [head, *([_filled(value, _fields(*row)) for _, value in layout.columns] for row in rows)]


def _fields(listing: Listing, image: str) -> Mapping[str, str]:
    bullets = [*listing.bullets, "", ""]
    return {
        "image": image,
        "title": listing.title,
        "description": listing.description,
        "tags": ", ".join(listing.tags),
        "first_tag": listing.tags[0] if listing.tags else "",
        "bullet_1": bullets[0],
        "bullet_2": bullets[1],
        "price": f"{listing.price_cents / 100:.2f}",
    }


def _filled(value: str, fields: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda m: fields[m.group(1)], value)


def _csv(table: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([[f"'{c}" if c.startswith(FORMULA_STARTS) else c for c in row] for row in table])
    return out.getvalue().encode("utf-8-sig")


def _xlsx(name: str, table: Sequence[Sequence[str]]) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = name
    for r, row in enumerate(table, start=1):
        for c, text in enumerate(row, start=1):
            if not text:
                continue
            cell = sheet.cell(row=r, column=c)
            cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)
            if text.startswith(FORMULA_STARTS):
                cell.data_type = "s"
                cell.quotePrefix = True
            if r == 1:
                cell.font = Font(bold=True)
    book.properties.creator = "design-idea-engine"
    book.properties.created = EPOCH
    out = io.BytesIO()
    book.save(out)
    return _settled(out.getvalue())


def _settled(archive: bytes) -> bytes:
    """The archive without the moment it was written in: the same rows give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist()):
            body = old.read(name)
            if name == "docProps/core.xml":
                body = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>1980-01-01T00:00:00Z", body)
            new.writestr(zipfile.ZipInfo(name, date_time=EPOCH.timetuple()[:6]), body, zipfile.ZIP_DEFLATED)
    return out.getvalue()
