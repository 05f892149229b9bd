"""The layered spec: what is drawn, in which ink, where; and how a layer becomes an outline.

A spec is a list of layers painted in order. A layer in the ink `CUT` prints nothing: it takes its area away from
everything painted before it, so that the garment shows through.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pipeline.designs.envelopes import ENVELOPES
from pipeline.designs.ornaments import ORNAMENTS
from pipeline.designs.pictograms import pictogram
from pipeline.designs.shapes import (
    IDENTITY,
    Box,
    Matrix,
    Points,
    Shape,
    bent,
    compose_matrices,
    cut,
    joined,
    outset,
    rectangle,
    stroked,
    transformed,
    without_specks,
)
from pipeline.designs.typefaces import Typeface, Typefaces
from pipeline.models import Model

Numbers = NDArray[np.float64]

CUT = "cut"
PICTURE = "picture"
"""The ink of a picture: its own pixels."""
STEP = 25.0
"""Longest edge, in thousandths of an em, that stays straight when text is bent."""
SPECK = 36.0
"""Least area that prints, in square sheet units: about half a millimetre squared on the standard tee."""
HANGING = frozenset(",;QJ")
"""What may hang below the baseline of capitals without being fitted into an envelope."""
DEEPEST_HANGING = 300.0
"""How far it may, in thousandths of an em."""


class Picture(Model):
    """A painter's cut-out PNG, known by its bytes."""

    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    width: int = Field(gt=0, description="pixels")
    height: int = Field(gt=0)


class Layer(Model):
    """One shape of the design, or a picture."""

    kind: Literal["text", "pictogram", "ornament", "picture"]
    name: str = Field(description="the words, the name of the pictogram or ornament, or the SHA-256 of a picture")
    ink: str = Field(description="role in the palette, CUT or, of a picture, PICTURE")
    face: str = ""
    tracking: float = Field(default=0.0, description="thousandths of an em")
    bend: str = Field(
        default="", description="how text is bent: a key of BENDS or ENVELOPES, arc or smile; empty: straight"
    )
    amount: float = Field(default=0.0, description="of the bend; of arc and smile the radius in thousandths of an em")
    embolden: float = Field(default=0.0, description="thousandths of an em added to all sides of the letters")
    params: dict[str, Any] = Field(
        default_factory=dict, description="of an ornament or envelope; of a picture its width and height in pixels"
    )
    matrix: Matrix = IDENTITY
    grow: float = Field(default=0.0, description="margin added on all sides, in sheet units")
    line: float = Field(default=0.0, description="if set, only the edge is drawn, this wide, in sheet units")

    def under(self, matrix: Matrix) -> Layer:
        """The layer moved, scaled or turned as a whole."""
        a, b, c, d, _, _ = matrix
        scale = math.sqrt(abs(a * d - b * c))
        return self.model_copy(
            update={
                "matrix": compose_matrices(matrix, self.matrix),
                "grow": self.grow * scale,
                "line": self.line * scale,
            }
        )

    @property
    def scale(self) -> float:
        """Sheet units per local unit."""
        a, b, c, d, _, _ = self.matrix
        return math.sqrt(abs(a * d - b * c))


Bend = Callable[[Numbers, Numbers, float], Numbers]
BENDS: dict[str, Bend] = {
    "rise": lambda u, y, amount: y - amount * (1 - u * u),
    "bulge": lambda u, y, amount: y * (1 + amount / 1000 * (1 - u * u)),
    "sag": lambda u, y, amount: y * (1 + amount / 1000 * u * u),
    "wave": lambda u, y, amount: y - amount * np.sin(np.pi * u),
}
"""y of points after bending, from u = −1 … 1 along the line, y, and the amount."""


def _text(layer: Layer, face: Typeface) -> Shape:
    glyphs = face.run(layer.name, layer.tracking)
    width = glyphs[-1][1] + glyphs[-1][2]
    if layer.bend in ("arc", "smile"):
        side = 1 if layer.bend == "arc" else -1
        placed = []
        for outline, left, advance in glyphs:
            middle = left + advance / 2
            angle = side * (middle - width / 2) / layer.amount
            sin, cos = math.sin(angle), math.cos(angle)
            turn: Matrix = (cos, sin, -sin, cos, side * layer.amount * sin, -side * layer.amount * cos)
            placed.append(transformed(outline, compose_matrices(turn, (1, 0, 0, 1, -middle, 0))))
        return outset(joined(placed), layer.embolden)
    whole = outset(joined(outline for outline, _, _ in glyphs), layer.embolden)
    if not layer.bend:
        return whole
    if layer.bend in ENVELOPES:
        left, top, right, bottom = whole.bounds
        hangs = not HANGING.isdisjoint(layer.name)
        level = hangs and layer.name == layer.name.upper() and bottom < DEEPEST_HANGING
        box = (left, top, right, 0.0 if level else bottom)
        return bent(whole, lambda points: ENVELOPES[layer.bend](points, box, **layer.params), STEP)
    bend, half = BENDS[layer.bend], width / 2

    def move(points: Points) -> Points:
        x, y = points.T
        return np.column_stack([x, bend(x / half - 1, y, layer.amount)])

    return bent(whole, move, STEP)


def outline(layer: Layer, typefaces: Typefaces) -> Shape:
    """The layer's shape in sheet units; of a picture its rectangle."""
    if layer.kind == "text":
        shape = _text(layer, typefaces[layer.face])
    elif layer.kind == "pictogram":
        shape = pictogram(layer.name)
    elif layer.kind == "picture":
        half_width, half_height = layer.params["width"] / 2, layer.params["height"] / 2
        shape = rectangle(-half_width, -half_height, half_width, half_height)
    else:
        shape = ORNAMENTS[layer.name](**layer.params)
    shape = outset(transformed(shape, layer.matrix), layer.grow)
    return stroked(shape, layer.line) if layer.line else shape


class Plane(NamedTuple):
    """What one layer leaves on the sheet once everything after it has cut its holes."""

    layer: Layer
    shape: Shape


def painted(layers: Sequence[Layer], typefaces: Typefaces) -> list[Plane]:
    """Everything that prints, in order, with the cuts taken away."""
    planes: list[Plane] = []
    for layer in layers:
        shape = outline(layer, typefaces)
        if layer.ink == CUT:
            planes = [
                Plane(under, cut(plane, shape) if _meet(plane.bounds, shape.bounds) else plane)
                for under, plane in planes
            ]
        else:
            planes.append(Plane(layer, shape))
    clean = (Plane(plane.layer, without_specks(plane.shape, SPECK)) for plane in planes)
    return [plane for plane in clean if not plane.shape.is_empty]


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
