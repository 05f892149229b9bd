"""What light does to a colour: of cloth, and of ink on it.

What belongs here: the tone curve and its look-up tables. What does not: where the light falls (`tee`).

Colours are display values (sRGB) on 0 … 1; light is 1 on cloth that lies flat. The curve follows product photographs
rather than radiometry: folds show on white without greying it, and black cloth has a sheen that shows its folds.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from pipeline.mockups.tee import FLAT

FOLD_CONTRAST = 0.95
"""Exponent from light to display: 1/2.2 would be linear light, 1 a multiply layer."""
KNEE, HEADROOM = 0.78, 0.26
"""Display value above which highlights are rolled off, and how far they can rise above it: white lit flat comes out at
0.96, and its folds still show."""
SHEEN_BASE, SHEEN_GAIN = 0.055, 0.22
"""What black cloth returns when lit flat, and how steeply that grows where a fold faces the lamp."""


def rgb(hex_colour: str) -> tuple[int, int, int]:
    """#RRGGBB → 0 … 255. Raises ValueError for anything else."""
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", hex_colour):
        raise ValueError(f"hex={hex_colour!r} is no colour: write #RRGGBB")
    red, green, blue = bytes.fromhex(hex_colour[1:])
    return red, green, blue


def _levels() -> NDArray[np.float64]:
    return np.arange(256) / FLAT


def _rolled_off(value: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(value < KNEE, value, KNEE + HEADROOM * np.tanh((value - KNEE) / HEADROOM))


def cloth_table(hex_colour: str) -> NDArray[np.uint8]:
    """The colour of cloth for every stored light value: shape (1, 256, 3), BGR."""
    colour = np.array(rgb(hex_colour)[::-1]) / 255
    lit = colour * (_levels() ** FOLD_CONTRAST)[:, None]
    sheen = (SHEEN_BASE * _levels() + SHEEN_GAIN * np.clip(_levels() - 0.95, 0, None))[:, None] * (
        1 - colour.max()
    ) ** 2
    return np.round(_rolled_off(lit + sheen) * 255).clip(0, 255).astype(np.uint8)[None]


INK_UNIT = 200
"""The value of `ink_gain` that leaves ink as it is."""


def ink_gain() -> NDArray[np.uint8]:
    """Factor on ink for every stored light value, × INK_UNIT: shape (1, 256). Ink takes the folds of its cloth."""
    gain = np.minimum(_levels() ** FOLD_CONTRAST, 255 / INK_UNIT)
    return np.round(gain * INK_UNIT).astype(np.uint8)[None]
