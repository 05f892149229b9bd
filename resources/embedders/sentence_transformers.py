"""Any sentence-transformers model of at most 768 dimensions: better on meaning, needs torch (`transformers` extra)."""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from pipeline.models import Vectors
from resources.embedders.base import Embedder, check_dim, padded
from resources.errors import PermanentError


class SentenceTransformersEmbedder:
    """A loaded sentence-transformers model.

    Args:
        loaded: A `SentenceTransformer`.
        model_id: Its id or folder, as configured.
        version: The library's version.

    Raises:
        PermanentError: if its vectors are longer than the record holds.
    """

    def __init__(self, loaded: Any, model_id: str, version: str) -> None:
        self._dim = int(loaded.get_embedding_dimension())
        check_dim(model_id, self._dim)
        self._loaded = loaded
        self.model = f"{model_id}@sentence-transformers-{version}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed the texts; see `Embedder`."""
        wordy = [i for i, text in enumerate(texts) if text.strip()]
        raw = np.zeros((len(texts), self._dim), np.float32)
        if wordy:
            raw[wordy] = self._loaded.encode([texts[i] for i in wordy], convert_to_numpy=True, show_progress_bar=False)
        return padded(raw)


@cache
def load(model_id: str) -> Embedder:
    """The model with this id or in this folder, loaded once per process.

    Raises:
        PermanentError: if no id is given, the extra is not installed, or the model can't be read or is too long.
    """
    if not model_id:
        raise PermanentError("ENGINE_EMBEDDER=sentence-transformers names no model: sentence-transformers:<model id>")
    try:
        library = importlib.import_module("sentence_transformers")
    except ImportError as error:
        raise PermanentError(
            f"ENGINE_EMBEDDER=sentence-transformers:{model_id} needs the extra: pip install '.[transformers]'"
        ) from error
    try:
        loaded = library.SentenceTransformer(model_id)
    except (OSError, ValueError) as error:
        raise PermanentError(
            f"ENGINE_EMBEDDER=sentence-transformers:{model_id}: no such model here or at its hub; give a folder or id"
        ) from error
    return SentenceTransformersEmbedder(loaded, model_id, importlib.metadata.version("sentence-transformers"))
