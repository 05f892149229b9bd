"""Which pairs of texts are worth measuring: those that share rare words, or rare pairs of neighbouring words.

A word that many texts of the window have opens no pairs, so that a flood of texts from one template costs no more than
as many others. Where that takes every word of a text, it meets nobody: on labelled pairs that ought to merge, how many
are met is a number of `benchmarks.eval_duplicates`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.models import fold
from pipeline.signals.kin.bags import Bags, Floats, Rows, Words, shared
from pipeline.signals.kin.model import model

CROWD = 60
"""A word, or a pair of words, that more texts have opens no pairs."""

SHARE = 0.8
"""Pairs that share less than this of the words of the text that tells less, by rarity, are not measured."""


LEAST_TOLD = 20.0
"""Texts that tell less than this, their words' rarity in all, meet nobody: "my best friend" is said of many."""


def candidates(texts: Sequence[str], fresh: int) -> tuple[Rows, Rows]:
    """Pairs (later, earlier) of rows that may tell of the same thing; later is one of the last `fresh` rows.

    Args:
        texts: In the order of their first sighting.
        fresh: How many at the end are compared, with all before them and with each other.
    """
    words = Words.of([fold(text) for text in texts])
    singles, doubles = words.bags(), words.neighbours()
    idf = model().word_idf(singles.codes)
    weight = np.bincount(singles.row, idf, len(texts))
    first = len(texts) - fresh
    telling = weight >= LEAST_TOLD
    met = [_meetings(of, first, telling) for of in (singles, doubles)]
    keys = np.sort(np.concatenate([later << 32 | earlier for later, earlier in met]))
    keys = keys[np.diff(keys, prepend=-1) > 0]
    later, earlier = keys >> 32, keys & (1 << 32) - 1
    enough = SHARE * np.minimum(weight[later], weight[earlier])
    keep = np.zeros(len(keys), bool)
    for start in range(0, len(keys), 1 << 15):
        part = slice(start, start + (1 << 15))
        keep[part] = _shared_weight(singles, idf, later[part], earlier[part]) >= enough[part]
    return later[keep], earlier[keep]


def _meetings(of: Bags, first: int, telling: NDArray[np.bool_]) -> tuple[Rows, Rows]:
    """(later, earlier) for every code that no crowd has, among the texts that tell something."""
    tells = telling[of.row]
    order = np.argsort(of.codes, kind="stable")
    order = order[tells[order]]
    codes, row = of.codes[order], of.row[order]
    begins = np.searchsorted(codes, codes, side="left")
    crowd = np.searchsorted(codes, codes, side="right") - begins > CROWD
    # Rows ascend within a code: all before a row's own place are earlier texts that have it.
    at = np.flatnonzero((row >= first) & ~crowd)
    before = at - begins[at]
    later = np.repeat(row[at], before)
    offsets = np.arange(len(later)) - np.repeat(np.cumsum(before) - before, before)
    return later, row[np.repeat(begins[at], before) + offsets]


def _shared_weight(singles: Bags, idf: Floats, left: Rows, right: Rows) -> Floats:
    common = shared(singles, left, right)
    return np.asarray(np.bincount(common.pair, idf[common.left], len(left)), np.float64)
