"""The cut of the tee: its curves in inches, and where a print goes on it.

Coordinates: inches on the shirt, x to the viewer's right from the axis, y down from the high point of the shoulder.
The cut is that of a unisex size L: 22 in across the chest, 29½ in long.
"""

from __future__ import annotations

import numpy as np

from pipeline.mockups.plane import Box, Curve, Frame, bezier, flip

FRAME = Frame(per_inch=54.0, origin=(1000.0, 212.0))

CHEST_WIDTH = 22.0
PRINT_WIDTH = 15.0
PRINT_HEIGHT = 18.0
PRINT_TOP = 6.6
"""Top edge of the print area: 2¼ in under the collar's seam."""
CHEST_Y = 11.6
"""The height that a small print is centred on: the chest line, level with the armpits."""

PRINT_AREA = Box(-PRINT_WIDTH / 2, PRINT_TOP, PRINT_WIDTH, PRINT_HEIGHT)


# Half curves of the wearer's left (the viewer's right) side.
SHOULDER = bezier((4.1, 0.0), (5.8, 0.62), (7.6, 1.2), (9.2, 2.05))
SLEEVE_TOP = bezier((9.2, 2.05), (10.6, 2.8), (11.8, 4.1), (13.3, 5.7), (15.9, 9.0))
SLEEVE_HEM = bezier((15.9, 9.0), (15.0, 10.35), (13.2, 12.0), (11.95, 12.75))
UNDERARM = bezier((11.95, 12.75), (11.6, 11.9), (11.2, 11.0), (10.75, 10.35))
SIDE = bezier((10.75, 10.35), (10.95, 14.5), (10.1, 19.0), (10.75, 25.0), (10.9, 29.0))
HEM = bezier((10.9, 29.0), (8.0, 29.5), (4.0, 29.62), (0.0, 29.62))
ARMHOLE = bezier((9.2, 2.05), (8.55, 4.2), (8.2, 8.4), (10.75, 10.35))

COLLAR_TOP = (3.3, -0.42)
"""The high end of the ribbing, where the collar turns to the back."""
BACK_EDGE = bezier(COLLAR_TOP, (2.5, 0.22), (1.3, 0.42), (0.0, 0.42))
"""Upper edge of the back collar: seen in both views."""
FRONT_EDGE = bezier(COLLAR_TOP, (3.2, 1.7), (1.95, 3.35), (0.0, 3.35))
"""Upper edge of the front collar's ribbing."""
FRONT_SEAM = bezier((4.1, 0.0), (4.0, 2.35), (2.45, 4.3), (0.0, 4.3))
"""Where the front collar is sewn to the body."""
BACK_SEAM = bezier((4.1, 0.0), (3.1, 1.1), (1.6, 1.36), (0.0, 1.36))
"""Where the back collar is sewn to the body, seen from behind."""
BACK_SEAM_INSIDE = bezier((3.45, 0.15), (2.6, 1.05), (1.4, 1.36), (0.0, 1.36))
"""The same seam, seen from the front through the neck."""


def silhouette() -> Curve:
    """The whole garment's outline: the same for front and back."""
    half = np.concatenate([BACK_EDGE[::-1], SHOULDER, SLEEVE_TOP, SLEEVE_HEM, UNDERARM, SIDE, HEM])
    return np.concatenate([half, flip(half)[::-1]])


def sleeve() -> Curve:
    """The outline of the sleeve on the viewer's right, up to its seam."""
    return np.concatenate([SLEEVE_TOP, SLEEVE_HEM, UNDERARM, ARMHOLE[::-1]])
