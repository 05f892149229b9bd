"""What an embedder is, and the one shape in which every embedder answers."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.ideas.selection import DUPLICATE
from pipeline.models import EMBEDDING_DIM, Vectors
from resources.errors import PermanentError

LOG = logging.getLogger(__name__)
QUIET_SECONDS = 2.0
"""What takes longer says how far it is, this often."""


class NearCopy(NamedTuple):
    """From which cosine on two texts are the same idea to a model."""

    cosine: float
    measured: str | None
    """On what it was measured; None: it never was, and the cosine is the default embedder's."""


UNMEASURED = NearCopy(DUPLICATE, None)
"""Of a model that nobody has calibrated."""


class Embedder(Protocol):
    """Turns texts into unit vectors. Vectors of different `model` names are never compared."""

    @property
    def model(self) -> str:
        """Name and version: `name@version`. Other weights, tokenizer or pooling are another version."""
        ...

    @property
    def device(self) -> str:
        """Where it computes, as torch says it: cpu, cuda:0, mps."""
        ...

    @property
    def near_copy(self) -> NearCopy:
        """The cosine at which as few different texts pass for the same as pass the default embedder at its own.

        Models spread their cosines differently, so each has its own; see docs/embedders.md.
        """
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """float32, shape (len(texts), EMBEDDING_DIM), rows of unit length; an empty text gives a zero row."""
        ...


def padded(raw: NDArray[np.floating]) -> Vectors:
    """Rows of unit length, padded with zeros to EMBEDDING_DIM, which changes no cosine.

    Args:
        raw: Shape (n, d), d ≤ EMBEDDING_DIM; a row without length, or not a number, becomes zeros.
    """
    norms = np.linalg.norm(raw.astype(np.float64), axis=1, keepdims=True)
    vectors = np.zeros((len(raw), EMBEDDING_DIM), np.float32)
    np.divide(raw, norms, out=vectors[:, : raw.shape[1]], where=norms > 0, casting="same_kind")
    return vectors


def check_dim(model: str, dim: int) -> None:
    """Refuse a model whose vectors don't fit the column.

    Raises:
        PermanentError: if dim > EMBEDDING_DIM; cutting a vector would change its cosines.
    """
    if dim > EMBEDDING_DIM:
        raise PermanentError(
            f"embedder {model} gives {dim} dimensions, the record holds {EMBEDDING_DIM}: use a smaller model"
        )


class Progress:
    """Says in the log how far a long embedding is; what is done within QUIET_SECONDS says nothing."""

    def __init__(self, model: str, total: int) -> None:
        self._model, self._total = model, total
        self._started = self._said = time.monotonic()

    def at(self, done: int) -> None:
        """So many texts are done."""
        now = time.monotonic()
        if now - self._said >= QUIET_SECONDS:
            self._said = now
            LOG.info("%s: %d of %d texts, %.0f/s", self._model, done, self._total, done / (now - self._started))
