"""What an embedder is, and the one shape in which every embedder answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.models import EMBEDDING_DIM, Vectors
from resources.errors import PermanentError


class Embedder(Protocol):
    """Turns texts into unit vectors. Vectors of different `model` names are never compared."""

    model: str

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
