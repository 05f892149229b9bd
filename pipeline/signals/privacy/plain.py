"""Disguised text made plain for the detectors, each character knowing where it came from."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

_DASHES = frozenset("‐‑‒–—―−﹘﹣－")
_INVISIBLE = frozenset("\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff")


class Plain(NamedTuple):
    """Text for the detectors, and the place of each of its characters in the original."""

    text: str
    places: Sequence[int]
    """One more than there are characters: the last is the length of the original."""

    @classmethod
    def of(cls, text: str) -> Plain:
        """Digits of every script become 0–9, full-width and mathematical letters plain ones, dashes `-`.

        Invisible characters are left out, so that they hide nothing.
        """
        if text.isascii():
            return cls(text, range(len(text) + 1))
        plain = text.translate(_TABLE)
        if len(plain) == len(text):
            return cls(plain, range(len(text) + 1))
        kept = [place for place, character in enumerate(text) if character not in _INVISIBLE]
        return cls(plain, [*kept, len(text)])


class _Table(dict[int, str]):
    """Code point → the one plain character for it, or nothing; filled as characters are met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if character in _INVISIBLE:
            found = ""
        elif character in _DASHES:
            found = "-"
        elif character.isdecimal():
            found = str(unicodedata.decimal(character))
        else:
            folded = unicodedata.normalize("NFKC", character)
            found = folded if len(folded) == 1 else character
        self[code] = found
        return found


_TABLE = _Table()
