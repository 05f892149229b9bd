"""The fitted model: how rare words are, trees over a pair's features, and from which probability on texts are one.

The numbers are in `data/kin.json`, written by `python -m benchmarks.eval_duplicates --fit`.
"""

from __future__ import annotations

import base64
import json
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.signals.kin.bags import Codes, Floats

EMBEDDER = "wordllama"
"""The embedder that the model was fitted with: another's cosines mean something else."""

THRESHOLD = 0.97
"""Texts at least so likely to tell of the same thing become one topic; docs/duplicates.md says why."""

GRAM_BITS = 15


class Model(NamedTuple):
    """What was fitted."""

    embedder: str
    """The exact name of the embedding model."""
    documents: int
    """How many titles the rarity of words was counted in."""
    word_codes: Codes
    """Ascending codes of the words that are not rare."""
    word_counts: Floats
    gram_idf: Floats
    """By bucket of the run of characters."""
    intercept: float
    feature: NDArray[np.int64]
    """Shape (trees, nodes); −1 is a leaf."""
    split: Floats
    """A value up to it goes left."""
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    value: Floats

    def word_idf(self, codes: Codes) -> Floats:
        """Inverse document frequency, ln((n + 1) / (df + 1)), of words."""
        at = np.minimum(np.searchsorted(self.word_codes, codes), len(self.word_codes) - 1)
        count = np.where(self.word_codes[at] == codes, self.word_counts[at], 1.0)
        return np.asarray(np.log((self.documents + 1) / (count + 1)), np.float64)

    def probability(self, features: Floats) -> Floats:
        """Probability that each pair tells of the same thing, by its features, shape (n, len(FEATURES))."""
        total = np.full(len(features), self.intercept)
        rows = np.arange(len(features))
        for feature, split, left, right, value in zip(
            self.feature, self.split, self.left, self.right, self.value, strict=True
        ):
            node = np.zeros(len(features), np.int64)
            inner = np.ones(len(features), bool) if feature[0] >= 0 else np.zeros(len(features), bool)
            while inner.any():
                asked = feature[node]
                inner = asked >= 0
                goes_left = features[rows, np.maximum(asked, 0)] <= split[node]
                node = np.where(inner, np.where(goes_left, left[node], right[node]), node)
            total += value[node]
        return np.asarray(1 / (1 + np.exp(-total)), np.float64)


def bucket(codes: Codes) -> Codes:
    """Where a run of characters stands in `gram_idf`: the top bits of a multiplicative hash."""
    return ((codes.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - GRAM_BITS)).astype(np.int64)


@cache
def model() -> Model:
    """The model as it was fitted."""
    text = (files("pipeline.signals") / "data" / "kin.json").read_text(encoding="utf-8")
    return parse(json.loads(text))


def parse(stored: dict[str, Any]) -> Model:
    """The model from its file's content."""

    def array(name: str, dtype: str) -> NDArray[Any]:
        return np.frombuffer(base64.b64decode(stored[name]), dtype)

    shape = (stored["trees"], -1)
    return Model(
        embedder=stored["embedder"],
        documents=stored["documents"],
        word_codes=array("word_codes", "<u4").astype(np.int64),
        word_counts=array("word_counts", "<u4").astype(np.float64),
        gram_idf=array("gram_idf", "u1").astype(np.float64) / 16,
        intercept=stored["intercept"],
        feature=array("feature", "<i2").astype(np.int64).reshape(shape),
        split=array("split", "<f8").reshape(shape),
        left=array("left", "<i2").astype(np.int64).reshape(shape),
        right=array("right", "<i2").astype(np.int64).reshape(shape),
        value=array("value", "<f8").reshape(shape),
    )
