"""Texts to vectors, one model family per module; `embedder` chooses by the setting's value.

What belongs here: loading a model, padding what it gives to `EMBEDDING_DIM`, unit length, float32, and the threshold
that goes with its cosines. What does not: what the vectors are compared with.
A new family is one module with a `load(model_id)` and one line in `FAMILIES`.
"""

from __future__ import annotations

from collections.abc import Callable

from resources.embedders import onnx, sentence_transformers, wordllama
from resources.embedders.base import Embedder, NearCopy
from resources.errors import PermanentError

FAMILIES: dict[str, Callable[[str], Embedder]] = {
    "wordllama": wordllama.load,
    sentence_transformers.FAMILY: sentence_transformers.load,
    "onnx": onnx.load,
}


def embedder(setting: str) -> Embedder:
    """The embedder that the setting names: `family` or `family:model id`.

    Args:
        setting: The value of ENGINE_EMBEDDER, such as `wordllama` or `sentence-transformers:all-MiniLM-L6-v2`.

    Raises:
        PermanentError: if the family is unknown, the model id is missing or not wanted, or the model can't be used.
    """
    family, _, model_id = setting.partition(":")
    if family not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise PermanentError(f"ENGINE_EMBEDDER={setting!r} names no known embedder: use one of {known}")
    return FAMILIES[family](model_id)


__all__ = ["FAMILIES", "Embedder", "NearCopy", "embedder"]
