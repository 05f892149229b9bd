"""How a materialisation shows itself in the Dagster UI: a sample as a table, pictures as one small sheet."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence

import dagster as dg

from pipeline.mockups.sheets import Cell, contact_sheet

SHOWN = 12


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


def _cell(value: object) -> str:
    text = f"{value:.3f}" if isinstance(value, float) else str(value)
    text = text if len(text) <= 120 else text[:119] + "…"
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
