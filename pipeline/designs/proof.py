"""What is wrong with a print file, measured in the file itself."""

from __future__ import annotations

import numpy as np
import pyvips
from numpy.typing import NDArray

from pipeline.models import Drawing

WIDTH, HEIGHT, DPI = 4500, 5400, 300
MARGIN_PX = 8
"""Ink this close to the canvas's edge counts as clipped."""
FAINTEST_INK = 1
"""Alpha (0 … 255) up to which a pixel counts as empty."""
MIN_GARMENTS = 5
"""The front's and those of four colourways."""
MIN_INK_SHARE = 0.01
"""Share of the canvas that a design inks at least; below it, it prints as a speck."""


def prove(drawing: Drawing) -> tuple[str, ...]:
    """Every fault found, named with what was measured; empty when the file is print-ready.

    Raises:
        ValueError: the bytes are no picture that can be read to its end.
    """
    try:
        image = pyvips.Image.new_from_buffer(drawing.png, "", access="sequential", fail_on="truncated")
        alpha: NDArray[np.uint8] | None = image[-1].numpy() if image.hasalpha() else None
    except pyvips.Error as error:
        raise ValueError(f"the drawing of {drawing.recipe.prompt!r} is no picture that can be read") from error
    faults = []
    if (image.width, image.height) != (WIDTH, HEIGHT):
        faults.append(f"size {image.width}×{image.height} px, wanted {WIDTH}×{HEIGHT}")
    if round(image.xres * 25.4) != DPI:
        faults.append(f"{image.xres * 25.4:.0f} DPI in the file, wanted {DPI}")
    if len(drawing.garments) < MIN_GARMENTS:
        faults.append(f"readable on {len(drawing.garments)} garment colours, wanted {MIN_GARMENTS}")
    if alpha is None:
        return (*faults, "no transparency")
    ink_share = float(alpha.mean()) / 255
    if ink_share < MIN_INK_SHARE:
        faults.append(f"{ink_share:.1%} of the canvas is inked, wanted {MIN_INK_SHARE:.0%}")
    columns, rows = (np.flatnonzero(alpha.max(axis=axis) > FAINTEST_INK) for axis in (0, 1))
    if rows.size:
        nearest = min(columns[0], rows[0], image.width - 1 - columns[-1], image.height - 1 - rows[-1])
        if nearest < MARGIN_PX:
            faults.append(f"ink {nearest} px from the edge: it may be clipped")
    return tuple(faults)
