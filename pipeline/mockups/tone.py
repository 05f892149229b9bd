"""What light does to a colour: of what is dyed, and of ink on it.

What belongs here: the tone curve, its look-up tables, and the way between display values and linear light. What does
not: where the light falls (`products`).

Display values are sRGB on 0 … 1 (IEC 61966-2-1); light is 1 on what lies flat. The curve follows product photographs
rather than radiometry: folds show on white without greying it, and black cloth has a sheen that shows its folds.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipeline.mockups.scene import FLAT

Numbers = NDArray[np.float64]

FOLD_CONTRAST = 0.95
"""Exponent from light to display: 1/2.2 would be linear light, 1 a multiply layer."""
KNEE, HEADROOM = 0.78, 0.26
"""Display value above which highlights are rolled off, and how far they can rise above it: white lit flat comes out at
0.96, and its folds still show."""
SHEEN_BASE, SHEEN_GAIN = 0.055, 0.22
"""What black cloth returns when lit flat, and how steeply that grows where a fold faces the lamp."""
UNDERBASE_BELOW = 0.75
"""Relative luminance under which printers lay white under the colours: white and natural cloth get none."""


def rgb(hex_colour: str) -> tuple[int, int, int]:
    """#RRGGBB → 0 … 255. Raises ValueError for anything else."""
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", hex_colour):
        raise ValueError(f"hex={hex_colour!r} is no colour: write #RRGGBB")
    red, green, blue = bytes.fromhex(hex_colour[1:])
    return red, green, blue


def linear(display: Numbers) -> Numbers:
    """Display values → linear light, both 0 … 1."""
    return np.where(display <= 0.04045, display / 12.92, ((display + 0.055) / 1.055) ** 2.4)


def display(light: Numbers) -> Numbers:
    """Linear light → display values, both 0 … 1."""
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055)


@cache
def decoding() -> NDArray[np.uint16]:
    """Linear light × 65535 for every byte: shape (1, 256)."""
    return np.round(linear(np.arange(256) / 255) * 65535).astype(np.uint16)[None]


@cache
def encoding() -> NDArray[np.uint8]:
    """The byte for every linear light × 65535: shape (65536,)."""
    return np.round(display(np.arange(65536) / 65535) * 255).astype(np.uint8)


def _levels() -> Numbers:
    return np.arange(256) / FLAT


def _rolled_off(value: Numbers) -> Numbers:
    return np.where(value < KNEE, value, KNEE + HEADROOM * np.tanh((value - KNEE) / HEADROOM))


def cloth_table(hex_colour: str) -> NDArray[np.uint8]:
    """The colour of what is dyed for every stored light value: shape (1, 256, 3), BGR."""
    colour = np.array(rgb(hex_colour)[::-1]) / 255
    lit = colour * (_levels() ** FOLD_CONTRAST)[:, None]
    sheen = (SHEEN_BASE * _levels() + SHEEN_GAIN * np.clip(_levels() - 0.95, 0, None))[:, None] * (
        1 - colour.max()
    ) ** 2
    return np.round(_rolled_off(lit + sheen) * 255).clip(0, 255).astype(np.uint8)[None]


def ink_gain() -> NDArray[np.float32]:
    """Factor on the linear light of ink for every stored light value: shape (1, 256).

    Ink takes the folds of its cloth: the display factor light ** FOLD_CONTRAST, brought to linear light by the exponent
    2.2.
    """
    return np.asarray(_levels() ** (FOLD_CONTRAST * 2.2), np.float32)[None]


def reflectance(hex_colour: str) -> NDArray[np.float32]:
    """Share of the light that a colour returns: shape (3,), BGR, linear."""
    return np.asarray(linear(np.array(rgb(hex_colour)[::-1]) / 255), np.float32)


def needs_underbase(hex_colour: str) -> bool:
    """Whether cloth of the colour gets a white print under the ink: all but white and natural."""
    return float(reflectance(hex_colour) @ (0.0722, 0.7152, 0.2126)) < UNDERBASE_BELOW
