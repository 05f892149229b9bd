"""The near-copy threshold of a model, measured on labelled pairs at the rate of false positives of the default one.

What belongs here: reading pairs, and finding the cosine. What does not: what is done with near copies
(`pipeline.ideas.selection`).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.models import fold
from resources.embedders.base import Embedder
from resources.embedders.folders import Measured
from resources.errors import PermanentError

COLUMNS = ("title_a", "title_b", "label")
FEWEST = 500
"""Pairs of each label below which a rate of some pairs in a thousand is chance."""


class Labelled(NamedTuple):
    """Pairs of texts that are not word for word the same, and whether they say the same."""

    one: list[str]
    other: list[str]
    same: NDArray[np.bool_]


def read_pairs(path: Path) -> Labelled:
    """Pairs of a CSV or Parquet file with the columns title_a, title_b and label (1: the same, 0: different).

    Raises:
        PermanentError: it can't be read, lacks a column, or has too few pairs.
    """
    try:
        data = (pl.read_parquet if path.suffix == ".parquet" else pl.read_csv)(path, columns=list(COLUMNS))
        data = data.cast({"title_a": pl.String, "title_b": pl.String, "label": pl.Int64}).drop_nulls()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise PermanentError(f"{path} is no CSV or Parquet file with {', '.join(COLUMNS)}: {error}") from error
    if not data["label"].is_in([0, 1]).all():
        raise PermanentError(f"{path}: label is 1 (the same) or 0 (different) in every row")
    data = data.filter(
        pl.struct("title_a", "title_b").map_elements(
            lambda row: fold(row["title_a"]) != fold(row["title_b"]), return_dtype=pl.Boolean
        )
    )
    same = data["label"].to_numpy() == 1
    if min(same.sum(), (~same).sum()) < FEWEST:
        raise PermanentError(
            f"{path} has {same.sum()} same and {(~same).sum()} different pairs of other words, "
            f"it takes {FEWEST} of each"
        )
    return Labelled(data["title_a"].to_list(), data["title_b"].to_list(), same)


def calibrated(mine: Embedder, reference: Embedder, pairs: Labelled) -> Measured:
    """The cosine that no more different pairs pass of `mine` than pass of the reference at its own threshold."""
    cosines, usual = pair_cosines(mine, pairs), pair_cosines(reference, pairs)
    rate = float((usual[~pairs.same] >= reference.near_copy.cosine).mean())
    cosine = equal_rate(cosines[~pairs.same], rate)
    return Measured(
        digest=mine.model.rpartition("@")[2],
        cosine=cosine,
        false_positive_rate=float((cosines[~pairs.same] >= cosine).mean()),
        recall=float((cosines[pairs.same] >= cosine).mean()),
        different=int((~pairs.same).sum()),
        same=int(pairs.same.sum()),
        against=f"{reference.model} at {reference.near_copy.cosine:g}",
    )


def pair_cosines(embedder: Embedder, pairs: Labelled) -> NDArray[np.float64]:
    """Cosine of each pair."""
    one, other = embedder.embed(pairs.one), embedder.embed(pairs.other)
    return np.asarray(np.einsum("ij,ij->i", one, other, dtype=np.float64))


def equal_rate(different: NDArray[np.float64], rate: float) -> float:
    """The least threshold, in thousandths, that at most this share of the different pairs reach; at most 1."""
    allowed = int(rate * len(different))
    descending = np.sort(different)[::-1]
    if allowed >= len(descending):
        return 0.001
    # Just above the highest that must stay outside.
    return float(np.clip(np.floor(descending[allowed] * 1000 + 1) / 1000, 0.001, 1.0))
