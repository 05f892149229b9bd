"""The curated tables in `data/`: their cells, and how a row that can't be right is named."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from importlib.resources import files

LIST_SEPARATOR = "|"


def rows(name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a table with their line numbers, cells stripped.

    Raises:
        ValueError: a row has more or fewer cells than the header.
    """
    with (files("pipeline.signals") / "data" / name).open("r", encoding="utf-8") as file:
        reader = csv.reader(file)
        header = next(reader)
        for cells in reader:
            if len(cells) != len(header):
                raise ValueError(f"{name}, line {reader.line_num}: {len(cells)} cells, but {len(header)} columns")
            yield reader.line_num, dict(zip(header, (cell.strip() for cell in cells), strict=True))


def listed(cell: str) -> tuple[str, ...]:
    """The entries of a cell that holds a list."""
    return tuple(entry.strip() for entry in cell.split(LIST_SEPARATOR) if entry.strip())
