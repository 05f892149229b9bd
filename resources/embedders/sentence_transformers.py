"""Any sentence-transformers model of at most 768 dimensions: better on meaning, needs torch (`transformers` extra).

It computes on the first device there is of cuda, mps and cpu. Texts go in batches of at most MAX_BATCH, fewer where
memory would not hold so many at full length; a batch that does not fit is halved and tried again.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.models import Vectors
from resources.devices import out_of_memory
from resources.embedders.base import LOG, UNMEASURED, Embedder, NearCopy, Progress, check_dim, padded
from resources.embedders.folders import DIGEST_SIZE, digest, model_files, near_copy
from resources.errors import PermanentError

FAMILY = "sentence-transformers"
MAX_BATCH = 1000
CPU_BATCH = 32
"""On a CPU more at once is slower: what is worked on leaves its caches."""
SHARE_OF_FREE = 0.5
"""Of the free memory of a device that a batch may take: allocators need the rest."""
BYTES = 4 * 2
"""Of a float32 of an activation, of which a layer holds the one that goes in and the one that comes out."""


class SentenceTransformersEmbedder:
    """A loaded sentence-transformers model.

    Args:
        loaded: A `SentenceTransformer`.
        name: Its id, or its folder's name.
        version: A digest of its files, or the commit of its repository.
        near_copy: The threshold that was measured for it.

    Raises:
        PermanentError: if its vectors are longer than the record holds.
    """

    def __init__(self, loaded: Any, name: str, version: str, near_copy: NearCopy = UNMEASURED) -> None:
        self._dim = int(loaded.get_embedding_dimension())
        check_dim(name, self._dim)
        self._loaded = loaded
        self.model = f"{name}@{version}"
        self.device = str(loaded.device)
        self.near_copy = near_copy
        self._batch = fitting_batch(loaded)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed the texts; see `Embedder`.

        Raises:
            PermanentError: the device's memory does not even hold one text.
        """
        wordy = [i for i, text in enumerate(texts) if text.strip()]
        raw = np.zeros((len(texts), self._dim), np.float32)
        progress = Progress(self.model, len(wordy))
        for start in range(0, len(wordy), MAX_BATCH):
            some = wordy[start : start + MAX_BATCH]
            raw[some] = self._encoded([texts[i] for i in some])
            progress.at(start + len(some))
        return padded(raw)

    def _encoded(self, texts: list[str]) -> NDArray[np.float32]:
        while True:
            try:
                found: NDArray[np.float32] = self._loaded.encode(
                    texts, batch_size=self._batch, convert_to_numpy=True, show_progress_bar=False
                )
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                if self._batch == 1:
                    raise PermanentError(
                        f"{self.model}: the memory of {self.device} does not hold one text: free some, or use a "
                        f"smaller model ({error})"
                    ) from error
                self._batch = min(self._batch, len(texts)) // 2 or 1
                LOG.warning("%s: out of memory on %s, batches of %d now", self.model, self.device, self._batch)
            else:
                return found
            # Only here, where the error and what it held are gone.
            if self.device.startswith("cuda"):
                importlib.import_module("torch").cuda.empty_cache()


def best_device(torch: Any) -> str:
    """The first there is of cuda, mps, cpu."""
    if torch.cuda.is_available():
        return "cuda:0"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def fitting_batch(loaded: Any) -> int:
    """How many texts at full length the device's free memory holds, 1 … MAX_BATCH; CPU_BATCH on a CPU."""
    device = str(loaded.device)
    if device == "cpu":
        return CPU_BATCH
    torch = importlib.import_module("torch")
    free = (
        torch.cuda.mem_get_info(device)[0]
        if device.startswith("cuda")
        else torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory()
    )
    return max(1, min(MAX_BATCH, int(SHARE_OF_FREE * free / bytes_of_text(loaded))))


def bytes_of_text(loaded: Any) -> int:
    """What a text of full length needs in a layer: states, the inner layer, and every head's attention."""
    length = int(loaded.max_seq_length or 512)
    config = getattr(getattr(loaded[0], "auto_model", None), "config", None)
    hidden = int(getattr(config, "hidden_size", 768))
    inner = int(getattr(config, "intermediate_size", 4 * hidden))
    heads = int(getattr(config, "num_attention_heads", 12))
    return length * (4 * hidden + inner + heads * length) * BYTES


@cache
def load(model_id: str) -> Embedder:
    """The model with this id or in this folder, loaded once per process.

    Raises:
        PermanentError: if no id is given, the extra is not installed, or the model can't be read or is too long.
    """
    loaded = loaded_model(model_id)
    folder = Path(model_id)
    if folder.is_dir():
        version = digest(folder, model_files(folder))
        return SentenceTransformersEmbedder(loaded, folder.resolve().name, version, near_copy(folder, version))
    return SentenceTransformersEmbedder(loaded, model_id, commit(model_id))


def loaded_model(model_id: str, device: str | None = None, **options: Any) -> Any:
    """A `SentenceTransformer` on a device, by default the best.

    Raises:
        PermanentError: as `load` does.
    """
    if not model_id:
        raise PermanentError(f"ENGINE_EMBEDDER={FAMILY} names no model: {FAMILY}:<model id or folder>")
    try:
        library = importlib.import_module("sentence_transformers")
    except ImportError as error:
        raise PermanentError(
            f"ENGINE_EMBEDDER={FAMILY}:{model_id} needs the extra: pip install '.[transformers]'"
        ) from error
    device = device or best_device(importlib.import_module("torch"))
    try:
        return library.SentenceTransformer(model_id, device=device, **options)
    except (OSError, ValueError) as error:
        raise PermanentError(
            f"ENGINE_EMBEDDER={FAMILY}:{model_id}: no such model here or at its hub; give the folder of a model that "
            f"you have, or its id where the hub can be reached. Without a network HF_HUB_OFFLINE=1 says so at once "
            f"({str(error).splitlines()[0][:200]})"
        ) from error


def commit(model_id: str) -> str:
    """Of the model's repository, as it lies in the hub's cache.

    Raises:
        PermanentError: the cache does not say.
    """
    found = cached(model_id, "modules.json")
    if found is None:
        raise PermanentError(
            f"ENGINE_EMBEDDER={FAMILY}:{model_id}: its revision can't be told: download the model and give its folder"
        )
    return found.parent.name[:DIGEST_SIZE]


def cached(model_id: str, name: str) -> Path | None:
    """A file of the model in the hub's cache; a name without an owner is one of the library's own models."""
    hub = importlib.import_module("huggingface_hub")
    repository = model_id if "/" in model_id else f"{FAMILY}/{model_id}"
    at = hub.try_to_load_from_cache(repository, name)
    return Path(at) if isinstance(at, str) else None
