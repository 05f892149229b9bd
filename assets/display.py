"""How a materialisation shows itself in the Dagster UI: a sample as a table, pictures as one small sheet."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Mapping, Sequence

import dagster as dg
from PIL import Image, ImageDraw

from pipeline.mockups.sheets import Cell, contact_sheet

SHOWN = 12
PLOT_PX = (560, 240)
MARGIN_PX = 36
INKS = ("#1f5fd0", "#d0581f", "#6b6b6b", "#2b8a3e", "#8a2b86")


def table(rows: Iterable[Mapping[str, object]], limit: int = 8) -> dg.MarkdownMetadataValue:
    """The first rows as a Markdown table; the columns are the keys of the first row."""
    shown = [row for _, row in zip(range(limit), rows, strict=False)]
    if not shown:
        return dg.MetadataValue.md("*no rows*")
    head = list(shown[0])
    lines = [head, ["---"] * len(head), *([_cell(row[column]) for column in head] for row in shown)]
    return dg.MetadataValue.md("\n".join(f"| {' | '.join(line)} |" for line in lines))


def sheet(cells: Sequence[Cell], alt: str) -> dg.MarkdownMetadataValue:
    """Up to twelve pictures on one small sheet inside the event itself, which is why it is kept below 100 kB."""
    jpeg = contact_sheet(cells[:SHOWN], columns=6, cell_px=140, kind="JPEG")
    return dg.MetadataValue.md(f"![{alt}](data:image/jpeg;base64,{base64.b64encode(jpeg).decode()})")


def lines(points: Mapping[str, Mapping[str, float]], alt: str) -> dg.MarkdownMetadataValue:
    """A small plot of lines over a common axis: place on the axis → line → value; two places or more make a line.

    Every place has the same lines, at most as many as there are INKS.
    """
    width, height = PLOT_PX
    places, names = list(points), list(next(iter(points.values())))
    values = [value for own in points.values() for value in own.values()]
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    image = Image.new("RGB", PLOT_PX, "white")
    draw = ImageDraw.Draw(image)

    def at(i: int, value: float) -> tuple[float, float]:
        x = MARGIN_PX + (width - 2 * MARGIN_PX) * (i / max(len(places) - 1, 1))
        return x, height - MARGIN_PX - (height - 2 * MARGIN_PX) * (value - low) / span

    draw.rectangle((MARGIN_PX, MARGIN_PX, width - MARGIN_PX, height - MARGIN_PX), outline="#cccccc")
    for text, where, anchor in (
        (f"{high:.2f}", (MARGIN_PX - 4, MARGIN_PX), "rm"),
        (f"{low:.2f}", (MARGIN_PX - 4, height - MARGIN_PX), "rm"),
        (places[0], (MARGIN_PX, height - MARGIN_PX + 6), "la"),
        (places[-1], (width - MARGIN_PX, height - MARGIN_PX + 6), "ra"),
    ):
        draw.text(where, text, fill="black", anchor=anchor)
    for ink, name, left in zip(INKS, names, range(MARGIN_PX, width, 110), strict=False):
        path = [at(i, own[name]) for i, own in enumerate(points.values())]
        draw.line(path, fill=ink, width=2)
        for x, y in path:
            draw.ellipse((x - 2, y - 2, x + 2, y + 2), fill=ink)
        draw.text((left, 12), name, fill=ink)
    held = io.BytesIO()
    image.save(held, "PNG", optimize=True)
    return dg.MetadataValue.md(f"![{alt}](data:image/png;base64,{base64.b64encode(held.getvalue()).decode()})")


def _cell(value: object) -> str:
    text = f"{value:.3f}" if isinstance(value, float) else str(value)
    text = text if len(text) <= 120 else text[:119] + "…"
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
