"""Optical sizing: what is set small gets more space and weight, what is set large less space, as type cut by size had.

Sizes are shares of the width of the design: small products are looked at from nearer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pipeline.designs.layers import Layer
from pipeline.designs.typefaces import EM

EVEN = 0.22
"""Em, as a share of the line's width, at which letters stand as the face's designer spaced them."""
PER_OCTAVE = 12.0
"""Tracking that a size half as large gets, in thousandths of an em."""
TIGHTEST, WIDEST = -10.0, 30.0
SMALL = 0.05
"""Em, as a share of the design's width, below which letters get weight."""
MOST_WEIGHT = 9.0
"""On every side of the letters, in thousandths of an em, for the smallest that are set."""


def tracking(length: float) -> float:
    """Space after each letter, in thousandths of an em, of a line that is `length` of them long and fills the width."""
    return min(max(PER_OCTAVE * math.log2(EVEN * length / EM), TIGHTEST), WIDEST)


def weighted(layers: Sequence[Layer], width: float) -> tuple[Layer, ...]:
    """The layers with weight added to words that are small in a design of this width, in sheet units."""

    def weight(layer: Layer) -> float:
        if layer.kind != "text":
            return 0.0
        return MOST_WEIGHT * max(0.0, 1 - layer.scale * EM / (SMALL * width))

    return tuple(layer.model_copy(update={"embolden": layer.embolden + weight(layer)}) if weight(layer) else layer
                 for layer in layers)  # fmt: skip
