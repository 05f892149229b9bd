"""The default embedder: static token vectors, averaged. Its weights come inside the package; nothing is downloaded.

Tens of thousands of texts a second on one core; weak on fine distinctions of meaning.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.ideas.selection import DUPLICATE
from pipeline.models import Vectors
from resources.embedders.base import Embedder, NearCopy, padded
from resources.errors import PermanentError

DIM = 256  # the only size inside the package; others would be downloaded
NEAR_COPY = NearCopy(DUPLICATE, "read from its phrases and from labelled pairs of titles: docs/scoring.md")


class WordLlamaEmbedder:
    """WordLlama's 256 dimensions."""

    def __init__(self, inference: Any, version: str) -> None:
        self._inference = inference
        self.model = f"wordllama-l2-supercat-{DIM}@{version}"
        self.device = "cpu"
        self.near_copy = NEAR_COPY

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed the texts; see `Embedder`."""
        wordy = [i for i, text in enumerate(texts) if text.strip()]
        raw = np.zeros((len(texts), DIM), np.float32)
        if wordy:
            raw[wordy] = self._inference.embed([texts[i] for i in wordy], norm=False)
        return padded(raw)


@cache
def load(model_id: str = "") -> Embedder:
    """The packaged model, loaded once per process.

    Raises:
        PermanentError: if a model id is given: there is only the packaged one.
    """
    if model_id:
        raise PermanentError(f"ENGINE_EMBEDDER=wordllama:{model_id} names a model: write wordllama alone")
    import wordllama  # noqa: PLC0415 - half a second, and only where texts are embedded

    # The package looks for its tokenizer below the cache folder, and it lies in the package itself.
    folder = Path(wordllama.__file__).parent
    inference = wordllama.WordLlama.load(dim=DIM, cache_dir=folder, disable_download=True)
    return WordLlamaEmbedder(inference, importlib.metadata.version("wordllama"))
