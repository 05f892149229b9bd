"""The cut of the tee: its curves in inches, and where a print goes on it.

What belongs here: the outline of each piece of the garment, the frame that it is photographed in, the print area, and
the placement of an inked box. What does not: cloth, light and pixels of the design (`cloth`, `tee`, `compose`).

Coordinates: inches on the shirt, x to the viewer's right from the axis, y down from the high point of the shoulder.
The cut is that of a unisex size L: 22 in across the chest, 29½ in long.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float64]
"""Shape (n, 2): points in inches."""

FRAME_PX = 2000
PX_PER_INCH = 54.0
ORIGIN_PX = (1000.0, 212.0)
"""Where (0, 0) of the shirt lies in the picture."""

CHEST_WIDTH = 22.0
PRINT_WIDTH = 15.0
PRINT_HEIGHT = 18.0
PRINT_TOP = 6.6
"""Top edge of the print area: 2¼ in under the collar's seam."""
CHEST_Y = 11.6
"""The height that a small print is centred on: the chest line, level with the armpits."""


@dataclass(frozen=True)
class Box:
    """A rectangle on the shirt, in inches."""

    left: float
    top: float
    width: float
    height: float

    @property
    def bottom(self) -> float:
        """Lower edge."""
        return self.top + self.height

    @property
    def centre(self) -> tuple[float, float]:
        """Middle."""
        return self.left + self.width / 2, self.top + self.height / 2


PRINT_AREA = Box(-PRINT_WIDTH / 2, PRINT_TOP, PRINT_WIDTH, PRINT_HEIGHT)


def place(width: float, height: float) -> Box:
    """Where an inked box of this size (inches) is printed.

    It is centred on the shirt's axis, and as near to the chest line as the print area lets it: a badge sits on the
    chest, a full-height print fills the area from its top. It is never scaled.

    Raises:
        ValueError: The box is empty or larger than the print area.
    """
    slack = 1e-9
    if not (0 < width <= PRINT_WIDTH + slack and 0 < height <= PRINT_HEIGHT + slack):
        raise ValueError(
            f"ink={width:.2f}×{height:.2f} in does not fit the print area of {PRINT_WIDTH:g}×{PRINT_HEIGHT:g} in: "
            "scale the artwork down"
        )
    top = min(max(CHEST_Y - height / 2, PRINT_TOP), PRINT_TOP + PRINT_HEIGHT - height)
    return Box(-width / 2, top, width, height)


def to_px(points: Curve, scale: float = 1.0) -> Curve:
    """Points in inches → pixels of the picture, whose side is `scale` × FRAME_PX."""
    px: Curve = (points * PX_PER_INCH + np.array(ORIGIN_PX)) * scale
    return px


def bezier(*controls: tuple[float, float], n: int = 48) -> Curve:
    """A Bézier curve of any degree, sampled at n points (de Casteljau)."""
    t = np.linspace(0, 1, n)[:, None]
    points = [np.broadcast_to(np.array(c, float), (n, 2)) for c in controls]
    while len(points) > 1:
        points = [a + (b - a) * t for a, b in pairwise(points)]
    return points[0]


def mirrored(half: Curve) -> Curve:
    """A half curve that ends on the axis, continued to the other side."""
    return np.concatenate([half, half[-2::-1] * (-1, 1)])


def flip(curve: Curve) -> Curve:
    """The same curve on the other side."""
    return curve * (-1, 1)


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
