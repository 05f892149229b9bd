"""Typefaces as values: what a face covers, and the outlines of a shaped, kerned, tracked run of text."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import uharfbuzz as hb
from fontTools.ttLib import TTFont

from pipeline.designs.shapes import Flattener, Shape, transformed

EM = 1000.0
"""Units per em of every outline given here."""


@dataclass(frozen=True)
class Typeface:
    """One weight of one typeface.

    Attributes:
        name: `<family>-<weight>`, such as `anton-400`.
        licence: SPDX identifier, read from the package the face came in.
        data: the font file, WOFF: unlike that of WOFF2, its outlines are ready in milliseconds.
    """

    name: str
    licence: str
    data: bytes = field(repr=False)
    _lengths: dict[str, float] = field(default_factory=dict, init=False, repr=False, compare=False)
    _outlines: dict[int, Shape] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def _face(self) -> Any:
        font = TTFont(io.BytesIO(self.data), lazy=True)
        font.flavor = None
        sfnt = io.BytesIO()
        font.save(sfnt, reorderTables=None)
        return hb.Face(sfnt.getvalue())

    @cached_property
    def _font(self) -> Any:
        font = hb.Font(self._face)
        font.scale = (int(EM), int(EM))
        return font

    @cached_property
    def characters(self) -> frozenset[str]:
        """Every character that the face has a glyph for."""
        return frozenset(chr(code) for code in self._face.unicodes)

    @cached_property
    def cap_height(self) -> float:
        """Height of the capital H, in units of the outlines."""
        extents = self._font.get_glyph_extents(self._font.get_nominal_glyph(ord("H")))
        return float(extents.y_bearing)

    def _glyph(self, number: int) -> Shape:
        if number not in self._outlines:
            pen = Flattener()
            self._font.draw_glyph_with_pen(number, pen)
            self._outlines[number] = transformed(pen.shape(), (1, 0, 0, -1, 0, 0))
        return self._outlines[number]

    def covers(self, text: str) -> bool:
        """Whether every character of the text has a glyph."""
        return self.characters.issuperset(text)

    def length(self, word: str) -> float:
        """Advance of the word, in units of the outlines."""
        if word not in self._lengths:
            _, left, advance = self.run(word)[-1]
            self._lengths[word] = left + advance
        return self._lengths[word]

    def run(self, text: str, tracking: float = 0.0) -> list[tuple[Shape, float, float]]:
        """The text shaped left to right with the face's own kerning.

        Args:
            text: what to set, in one line.
            tracking: space added after each glyph, in thousandths of an em.

        Returns:
            Per glyph: outline (y down, baseline at 0, at its place along the line), left end of its advance, advance.
        """
        buffer = hb.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        hb.shape(self._font, buffer, {"kern": True, "liga": tracking == 0, "clig": tracking == 0})
        glyphs: list[tuple[Shape, float, float]] = []
        x = 0.0
        for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            placed = transformed(self._glyph(info.codepoint), (1, 0, 0, 1, x + position.x_offset, -position.y_offset))
            glyphs.append((placed, x, float(position.x_advance)))
            x += position.x_advance + tracking
        return glyphs


class Typefaces(Mapping[str, Typeface]):
    """The faces there are, by name."""

    def __init__(self, faces: Iterable[Typeface]) -> None:
        self._faces = {face.name: face for face in faces}

    def __getitem__(self, name: str) -> Typeface:
        return self._faces[name]

    def __iter__(self) -> Any:
        return iter(self._faces)

    def __len__(self) -> int:
        return len(self._faces)
