"""What is measured of two texts. Every measure is the same whichever of the two comes first.

The measures are of words weighted by how rare they are, of runs of 3 to 5 characters, and of meaning: the cosine of the
two texts, and, as in BERTScore (Zhang et al. 2020), the mean over one text's words of the best cosine with a word of
the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pipeline.models import Vectors, fold
from pipeline.signals.kin.bags import Bags, Floats, Rows, Words, grams, shared
from pipeline.signals.kin.model import Model, bucket, model

Embed = Callable[[Sequence[str]], Vectors]

FEATURES = {
    "jaccard": "share of the words that both have",
    "rare_jaccard": "the same, each word counted by its rarity",
    "shared": "rarity of the shared words together",
    "rarest_shared": "rarity of the rarest shared word",
    "unshared": "rarity of the rarest word without counterpart, on the side where it is less rare",
    "neighbours": "share of the pairs of neighbouring words of the shorter text that the other has",
    "characters": "TF-IDF cosine of the runs of 3 to 5 characters",
    "meaning": "cosine of the embeddings",
    "words_meaning_less": "words matched by meaning, on the side that is matched worse",
    "words_meaning_more": "words matched by meaning, on the side that is matched better",
    "lighter": "rarity of all words of the text that has less of it",
    "heavier": "rarity of all words of the other",
}
"""Feature → what it says, in the order of the columns."""

CHUNK = 256
"""Pairs whose words are compared at a time: bounds memory to some 20 MB."""

MAX_WORDS = 40
"""Of a long text the first so many words are compared by meaning."""


def likeness(pairs: Sequence[tuple[str, str]], embed: Embed) -> Floats:
    """Probability that the two texts of each pair tell of the same thing; 1 where the folded words are the same."""
    texts = sorted({text for pair in pairs for text in pair})
    at = {text: i for i, text in enumerate(texts)}
    left, right = (np.array([at[pair[side]] for pair in pairs], np.int64) for side in (0, 1))
    return probabilities(texts, left, right, embed)


def probabilities(texts: Sequence[str], left: Rows, right: Rows, embed: Embed) -> Floats:
    """The same for the pairs (texts[left[i]], texts[right[i]]); only texts that are in a pair are looked at."""
    if not len(left):
        return np.zeros(0)
    used, packed = np.unique(np.concatenate([left, right]), return_inverse=True)
    own = [texts[i] for i in used]
    folded = [fold(text) for text in own]
    # The same text stands on the left whichever came first, so that rounding is the same as well.
    order = np.argsort(np.argsort(np.array(folded, object), kind="stable"), kind="stable")
    swap = order[packed[: len(left)]] > order[packed[len(left) :]]
    first, second = packed[: len(left)], packed[len(left) :]
    left, right = np.where(swap, second, first), np.where(swap, first, second)
    found = model().probability(measure(own, folded, left, right, embed, model()))
    same = np.array([folded[i] == folded[k] for i, k in zip(left, right, strict=True)], bool)
    return np.where(same, 1.0, found)


def measure(own: Sequence[str], folded: Sequence[str], left: Rows, right: Rows, embed: Embed, fitted: Model) -> Floats:
    """The features of pairs, shape (pairs, len(FEATURES)).

    Args:
        own: The texts.
        folded: The same, folded.
        left: Row of the one text, per pair.
        right: Row of the other.
        embed: Texts → unit vectors.
        fitted: Says how rare words and runs are.
    """
    words = Words.of(folded)
    singles, doubles = words.bags(), words.neighbours()
    idf = fitted.word_idf(singles.codes)
    size = np.diff(singles.starts)
    weight = np.bincount(singles.row, idf, len(folded))
    common = shared(singles, left, right)
    count = np.bincount(common.pair, minlength=len(left))
    sum_shared = np.bincount(common.pair, idf[common.left], len(left))
    rarest = np.zeros(len(left))
    np.maximum.at(rarest, common.pair, idf[common.left])
    less, more = _by_meaning(folded, singles, idf, left, right, embed)
    vectors = embed(own)
    columns = np.column_stack(
        [
            count / np.maximum(size[left] + size[right] - count, 1),
            sum_shared / np.maximum(weight[left] + weight[right] - sum_shared, 1e-9),
            sum_shared,
            rarest,
            np.minimum(
                _rarest_alone(singles, idf, left, common.pair, common.left),
                _rarest_alone(singles, idf, right, common.pair, common.right),
            ),
            _contained(doubles, left, right),
            _characters(folded, left, right, fitted),
            np.einsum("ij,ij->i", vectors[left], vectors[right], dtype=np.float64),
            less,
            more,
            np.minimum(weight[left], weight[right]),
            np.maximum(weight[left], weight[right]),
        ]
    )
    return columns.round(5)


def _rarest_alone(singles: Bags, idf: Floats, side: Rows, pair: Rows, taken: Rows) -> Floats:
    """Rarity of the rarest word that the other text lacks; 0 where it lacks none."""
    place, at = singles.take(side)
    keys = place * len(singles.codes) + at
    alone = ~np.isin(keys, pair * len(singles.codes) + taken)
    rarest = np.zeros(len(side))
    np.maximum.at(rarest, place[alone], idf[at[alone]])
    return rarest


def _contained(doubles: Bags, left: Rows, right: Rows) -> Floats:
    size = np.diff(doubles.starts)
    count = np.bincount(shared(doubles, left, right).pair, minlength=len(left))
    return np.asarray(count / np.maximum(np.minimum(size[left], size[right]), 1), np.float64)


def _characters(folded: Sequence[str], left: Rows, right: Rows, fitted: Model) -> Floats:
    runs = grams(folded)
    weight = np.sqrt(runs.counts) * fitted.gram_idf[bucket(runs.codes)]
    norm = np.sqrt(np.bincount(runs.row, weight**2, len(folded)))
    common = shared(runs, left, right)
    dot = np.bincount(common.pair, weight[common.left] * weight[common.right], len(left))
    return np.asarray(dot / np.maximum(norm[left] * norm[right], 1e-9), np.float64)


def _by_meaning(
    folded: Sequence[str], singles: Bags, idf: Floats, left: Rows, right: Rows, embed: Embed
) -> tuple[Floats, Floats]:
    """Of each pair, how well a text's words are matched by the other's, weighted by rarity: the worse, the better."""
    vocabulary = sorted({word for text in folded for word in text.split(" ")})
    by_code = np.argsort(codes := Words.of(vocabulary).code)
    vectors = embed(vocabulary)
    vectors = vectors[:, : int(np.flatnonzero(vectors.any(axis=0)).max(initial=0)) + 1]
    vector_of = by_code[np.searchsorted(codes[by_code], singles.codes)]
    width = np.minimum(np.diff(singles.starts), MAX_WORDS)
    scores = np.zeros((2, len(left)))
    order = np.argsort(width[left] + width[right], kind="stable")
    for start in range(0, len(left), CHUNK):
        pairs = order[start : start + CHUNK]
        sides = [_padded(singles.starts[side[pairs]], width[side[pairs]]) for side in (left, right)]
        (one, is_one), (other, is_other) = sides
        cosine = vectors[vector_of[one]] @ vectors[vector_of[other]].transpose(0, 2, 1)
        cosine = np.where(is_one[:, :, None] & is_other[:, None, :], cosine, -1.0)
        for k, (best, at, is_word) in enumerate(((cosine.max(2), one, is_one), (cosine.max(1), other, is_other))):
            rarity = np.where(is_word, idf[at], 0.0) + np.where(is_word, 1e-9, 0.0)
            scores[k, pairs] = (best * rarity).sum(1) / rarity.sum(1)
    return scores.min(axis=0), scores.max(axis=0)


def _padded(starts: Rows, widths: Rows) -> tuple[Rows, np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]:
    """Places of the words, a row per text, padded with the first; and which of them are words."""
    step = np.arange(widths.max(initial=1))
    is_word = step[None, :] < np.maximum(widths, 1)[:, None]
    return np.where(is_word, starts[:, None] + step, starts[:, None]), is_word
