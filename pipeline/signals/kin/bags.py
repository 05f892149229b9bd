"""Texts as sorted bags of codes, so that what thousands of pairs share is found by whole arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


class Bags(NamedTuple):
    """Rows of distinct codes, ascending within a row."""

    starts: Rows
    """Shape (rows + 1): where each row begins in `codes`."""
    codes: Codes
    counts: Rows
    """How often the row has the code."""

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def row(self) -> Rows:
        """The row of each code."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def take(self, rows: Rows) -> tuple[Rows, Rows]:
        """For these rows, one after the other: of each of their codes the place in `rows`, and that in `codes`."""
        sizes = self.starts[rows + 1] - self.starts[rows]
        place = np.repeat(np.arange(len(rows)), sizes)
        before = np.concatenate([[0], np.cumsum(sizes)[:-1]]) if len(rows) else np.zeros(0, np.int64)
        return place, np.arange(len(place)) + np.repeat(self.starts[rows] - before, sizes)


class Shared(NamedTuple):
    """What the two texts of pairs have in common, code by code."""

    pair: Rows
    left: Rows
    """Place in the bags' codes, on the first text's side."""
    right: Rows


def bags(row: Rows, code: Codes, rows: int) -> Bags:
    """Bags of codes below 2^44 that may repeat, in any order."""
    keys, counts = np.unique(row << 44 | code, return_counts=True)
    starts = np.searchsorted(keys, np.arange(rows + 1, dtype=np.int64) << 44)
    return Bags(starts, keys & (1 << 44) - 1, counts)


def shared(of: Bags, left: Rows, right: Rows) -> Shared:
    """The codes that the rows `left[i]` and `right[i]` have in common, for every i."""
    pair_l, at_l = of.take(left)
    pair_r, at_r = of.take(right)
    keys_l, keys_r = pair_l << 44 | of.codes[at_l], pair_r << 44 | of.codes[at_r]
    found = np.searchsorted(keys_l, keys_r)
    hit = np.zeros(len(keys_r), bool)
    inside = found < len(keys_l)
    hit[inside] = keys_l[found[inside]] == keys_r[inside]
    return Shared(pair_r[hit], at_l[found[hit]], at_r[hit])


class Words(NamedTuple):
    """Folded texts, word by word."""

    row: Rows
    code: Codes
    """CRC-32 of the word."""
    rows: int

    @classmethod
    def of(cls, folded: Sequence[str]) -> Words:
        """The words of texts that were folded."""
        known: dict[str, int] = {}
        split = [text.split(" ") for text in folded]
        for words in split:
            for word in words:
                if word not in known:
                    known[word] = crc32(word.encode())
        code = np.array([known[word] for words in split for word in words], np.int64)
        row = np.repeat(np.arange(len(split)), [len(words) for words in split])
        return cls(row, code, len(split))

    def bags(self) -> Bags:
        """Single words."""
        return bags(self.row, self.code, self.rows)

    def neighbours(self) -> Bags:
        """Words that follow each other."""
        together = self.row[1:] == self.row[:-1]
        # A product with an odd constant mixes the first word's code; the second's keeps the order of the two.
        mixed = (self.code[:-1] * 0x9E3779B1 + self.code[1:]) & (1 << 44) - 1
        return bags(self.row[1:][together], mixed[together], self.rows)


def grams(folded: Sequence[str], sizes: Sequence[int] = (3, 4, 5)) -> Bags:
    """The runs of 3 to 5 bytes of each text, a space before and after it; a run's code is its bytes and its length."""
    encoded = [b" " + text.encode() + b" " for text in folded]
    lengths = np.array([len(text) for text in encoded], np.int64)
    data = np.frombuffer(b"".join(encoded), np.uint8).astype(np.int64)
    row = np.repeat(np.arange(len(encoded)), lengths)
    rows, codes = [], []
    for size in sizes:
        if len(data) < size:
            continue
        last = len(data) - size + 1
        code = np.full(last, size)
        for step in range(size):
            code = code << 8 | data[step : last + step]
        inside = row[:last] == row[size - 1 :]
        rows.append(row[:last][inside])
        codes.append(code[inside])
    if not rows:
        return bags(np.zeros(0, np.int64), np.zeros(0, np.int64), len(encoded))
    return bags(np.concatenate(rows), np.concatenate(codes), len(encoded))
