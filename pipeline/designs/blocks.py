"""Composition: blocks of layers with a box, and how to put them beside, above and upon one another.

A block's box is what the eye aligns, not all that is inked: of capitals it ends at the baseline, so that a comma or
a Q's tail doesn't push the next line away.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.designs.areas import TEE
from pipeline.designs.layers import CUT, PICTURE, Layer, Picture, outline
from pipeline.designs.optical import tracking
from pipeline.designs.pairings import Pairing
from pipeline.designs.shapes import Box, Matrix, Shape, joined
from pipeline.designs.typefaces import EM, Typefaces

WIDTH = 4000.0
"""Width of the sheet that layouts compose on; heights follow. Only proportions matter: a design is scaled to fit."""


@dataclass(frozen=True)
class Block:
    """Layers in painting order, with the box that aligns them."""

    layers: tuple[Layer, ...]
    box: Box

    @property
    def width(self) -> float:
        """Of the box."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> float:
        """Of the box."""
        return self.box[3] - self.box[1]

    @property
    def middle(self) -> tuple[float, float]:
        """Centre of the box."""
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2

    def under(self, matrix: Matrix) -> Block:
        """Moved and scaled (not turned)."""
        a, _, _, d, e, f = matrix
        left, top, right, bottom = self.box
        box = (a * left + e, d * top + f, a * right + e, d * bottom + f)
        return Block(tuple(layer.under(matrix) for layer in self.layers), box)

    def moved(self, x: float, y: float) -> Block:
        """Shifted."""
        return self.under((1, 0, 0, 1, x, y))

    def scaled(self, factor: float) -> Block:
        """Scaled about the origin."""
        return self.under((factor, 0, 0, factor, 0, 0))

    def at(self, x: float = 0.0, y: float = 0.0) -> Block:
        """With the middle of the box at a point."""
        middle = self.middle
        return self.moved(x - middle[0], y - middle[1])

    def below(self, y: float) -> Block:
        """Centred on x = 0 with the top of the box at y."""
        return self.moved(-self.middle[0], y - self.box[1])

    def fit(self, width: float = math.inf, height: float = math.inf) -> Block:
        """Scaled to the greatest size inside the width and height."""
        return self.scaled(min(width / self.width, height / self.height))

    def turned(self, degrees: float) -> Block:
        """Rotated about the middle of the box; the box becomes the one around the turned box."""
        angle = math.radians(degrees)
        cos, sin = math.cos(angle), math.sin(angle)
        x, y = self.middle
        matrix: Matrix = (cos, sin, -sin, cos, x - x * cos + y * sin, y - x * sin - y * cos)
        half_w = (abs(cos) * self.width + abs(sin) * self.height) / 2
        half_h = (abs(sin) * self.width + abs(cos) * self.height) / 2
        return Block(
            tuple(layer.under(matrix) for layer in self.layers), (x - half_w, y - half_h, x + half_w, y + half_h)
        )

    def inked(self, ink: str) -> Block:
        """All of it in another ink; a picture keeps its own."""
        return self._each(ink=ink)

    def grown(self, margin: float) -> Block:
        """All shapes with a margin added; the box stays."""
        return Block(tuple(layer.model_copy(update={"grow": layer.grow + margin}) for layer in self.layers), self.box)

    def lined(self, width: float) -> Block:
        """Only the edges, this wide; the box stays."""
        return self._each(line=width)

    def knocked_out(self, margin: float = 0.0) -> Block:
        """As a hole in what is painted before, with a margin; the box stays. A picture makes no hole."""
        shapes = tuple(layer for layer in self.layers if layer.kind != "picture")
        return Block(shapes, self.box).grown(margin).inked(CUT)

    def isolated(self, margin: float) -> Block:
        """With the margin around it kept free of what is painted before."""
        return Block((*self.knocked_out(margin).layers, *self.layers), self.box)

    def shadowed(self, ink: str, x: float, y: float, gap: float) -> Block:
        """With a copy behind it in another ink, shifted, and a gap between."""
        return Block((*self.inked(ink).moved(x, y).layers, *self.isolated(gap).layers), self.box)

    def _each(self, **change: Any) -> Block:
        return Block(
            tuple(layer if layer.kind == "picture" else layer.model_copy(update=change) for layer in self.layers),
            self.box,
        )


def around(blocks: Iterable[Block]) -> Block:
    """The blocks as they lie, as one."""
    blocks = list(blocks)
    boxes = [block.box for block in blocks]
    box = (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
    return Block(tuple(layer for block in blocks for layer in block.layers), box)


def column(blocks: Sequence[Block], gap: float) -> Block:
    """Stacked from y = 0 down, centred on x = 0."""
    placed, y = [], 0.0
    for block in blocks:
        placed.append(block.below(y))
        y += block.height + gap
    return around(placed)


def row(blocks: Sequence[Block], gap: float) -> Block:
    """Side by side, centred on one another and on the origin."""
    placed, x = [], 0.0
    for block in blocks:
        here = block.at()
        placed.append(here.moved(x - here.box[0], 0))
        x += block.width + gap
    return around(placed).at()


@dataclass(frozen=True)
class Desk:
    """The tools of one design: its typefaces and how to set them, and the form of what is to be filled.

    Attributes:
        typefaces: every face that a pairing names.
        pairing: the faces of this design.
        ratio: height to width of the area that the design is composed for.
        picture: what a painter drew for this design, if one did.
    """

    typefaces: Typefaces
    pairing: Pairing
    ratio: float = TEE.ratio
    picture: Picture | None = None

    @property
    def height(self) -> float:
        """Of the sheet, which is WIDTH wide."""
        return WIDTH * self.ratio

    def lead(self, text: str, ink: str = "ink", *, caps: bool = False, **how: Any) -> Block:
        """Text in the lead face, in capitals if asked or if the pairing says so."""
        if self.pairing.voice != "script":  # its letters join
            how = {"tracking": tracking(self.length(text, caps=caps)), **how}
        return self._text(_shown(text, caps or self.pairing.caps), self.pairing.lead, ink, self.pairing.embolden, how)

    def support(self, text: str, ink: str = "ink", **how: Any) -> Block:
        """Text in the support face, in spaced capitals."""
        return self._text(text.upper(), self.pairing.support, ink, 0.0, {"tracking": 90.0, **how})

    def hand(self, text: str, ink: str = "accent") -> Block:
        """Text in the face for small words between; I stays a capital."""
        return self._text(re.sub(r"\bi\b", "I", text.lower()), self.pairing.hand, ink, 0.0, {})

    def pictogram(self, name: str, ink: str = "accent") -> Block:
        """A pictogram by name."""
        return self._block(Layer(kind="pictogram", name=name, ink=ink))

    def motif(self, name: str, ink: str = "accent") -> Block:
        """The painter's picture, or the pictogram of this name where no painter drew."""
        if self.picture is None:
            return self.pictogram(name, ink)
        size = {"width": self.picture.width, "height": self.picture.height}
        return self._block(Layer(kind="picture", name=self.picture.sha256, ink=PICTURE, params=size))

    def ornament(self, name: str, ink: str = "accent", **params: Any) -> Block:
        """An ornament by name."""
        return self._block(Layer(kind="ornament", name=name, ink=ink, params=params))

    def area(self, block: Block) -> Shape:
        """Everything that the block's layers cover."""
        return joined(outline(layer, self.typefaces) for layer in block.layers)

    def bounds(self, layers: Iterable[Layer]) -> Box:
        """The box around everything inked or cut by the layers."""
        boxes = [outline(layer, self.typefaces).bounds for layer in layers]
        return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)

    def tight(self, block: Block) -> Block:
        """The block with its box drawn around all that is inked."""
        return replace(block, box=self.bounds(layer for layer in block.layers if layer.ink != CUT))

    def length(self, text: str, *, caps: bool = False) -> float:
        """Width of the text in the lead face, about, in thousandths of an em."""
        face = self.typefaces[self.pairing.lead]
        words = _shown(text, caps or self.pairing.caps).split()
        return sum(face.length(word) for word in words) + face.length(" ") * (len(words) - 1)

    def _block(self, layer: Layer) -> Block:
        return Block((layer,), outline(layer, self.typefaces).bounds)

    def _text(self, text: str, name: str, ink: str, embolden: float, how: dict[str, Any]) -> Block:
        layer = Layer(kind="text", name=text, ink=ink, face=name, embolden=embolden, **how)
        left, top, right, bottom = outline(layer, self.typefaces).bounds
        if not layer.bend and text == text.upper() and bottom < 0.3 * EM:
            bottom = embolden if top < -0.3 * EM else bottom
        return Block((layer,), (left, top, right, bottom))


def _shown(text: str, caps: bool) -> str:
    if caps:
        return text.upper()
    return text[:1].upper() + text[1:]
