"""A model as `engine embedder export` wrote it: onnxruntime, tokenizers and numpy, no torch (extra `onnx`).

What belongs here: the folder's description, and running it. What does not: making it (`exporting`).
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.models import EMBEDDING_DIM, Vectors
from resources.embedders.base import UNMEASURED, Embedder, NearCopy, Progress, padded
from resources.embedders.folders import digest, near_copy
from resources.errors import PermanentError

DESCRIPTION, NETWORK, TOKENIZER = "embedder.json", "model.onnx", "tokenizer.json"
BATCH = 32
"""Texts at once: more is slower on a CPU, and would be padded further."""
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
CPU_MAX = Path("/sys/fs/cgroup/cpu.max")

Precision = Literal["int8", "float32"]


class Description(BaseModel):
    """What the files don't say of themselves, as it lies in DESCRIPTION."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[^\s@]+$")
    digest: str
    """Of NETWORK and TOKENIZER."""
    precision: Precision
    dimensions: int = Field(ge=1, le=EMBEDDING_DIM)
    pooling: Literal["mean", "cls"]
    normalize: bool
    """Whether the model's own vectors are of unit length. Those of the engine always are."""
    max_length: int = Field(ge=2)
    """Tokens; what is longer is cut, as in training."""
    inputs: tuple[Literal["input_ids", "attention_mask", "token_type_ids"], ...]
    pad_id: int
    pad_token: str
    prompt: str
    """Put before every text."""
    source: str
    """The model that it was made of, with its version."""
    licence: str
    """As the model's card says."""
    card: str | None
    """File of the folder with the model's card."""
    cosine_to_source: float
    """The least between this and the source, of the sentences that the export compares."""


class OnnxEmbedder:
    """An exported model.

    Args:
        folder: Where it lies.
        described: What its description says.
        threads: How many to compute with.
        near_copy: The threshold that was measured for it.

    Raises:
        PermanentError: the extra is not installed, or the files can't be read.
    """

    def __init__(self, folder: Path, described: Description, threads: int, near_copy: NearCopy = UNMEASURED) -> None:
        try:
            runtime = importlib.import_module("onnxruntime")
            tokenizers = importlib.import_module("tokenizers")
        except ImportError as error:
            raise PermanentError(f"ENGINE_EMBEDDER=onnx:{folder} needs the extra: pip install '.[onnx]'") from error
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # The libraries raise types of their own, of no common base but Exception.
        try:
            self._session = runtime.InferenceSession(str(folder / NETWORK), options, providers=["CPUExecutionProvider"])
            self._tokenizer = tokenizers.Tokenizer.from_file(str(folder / TOKENIZER))
        except Exception as error:
            raise PermanentError(f"{folder} can't be loaded: export the model again ({error})") from error
        self._tokenizer.enable_truncation(max_length=described.max_length)
        self._tokenizer.no_padding()
        self._described = described
        self.model = f"{described.name}-{described.precision}@{described.digest}"
        self.device = "cpu"
        self.near_copy = near_copy

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed the texts; see `Embedder`. Batches hold texts of like length, each padded to its longest."""
        raw = np.zeros((len(texts), self._described.dimensions), np.float32)
        wordy = [i for i, text in enumerate(texts) if text.strip()]
        progress = Progress(self.model, len(wordy))
        ids = [one.ids for one in self._tokenizer.encode_batch([self._described.prompt + texts[i] for i in wordy])]
        order = sorted(range(len(ids)), key=lambda at: len(ids[at]))
        for start in range(0, len(order), BATCH):
            some = order[start : start + BATCH]
            raw[[wordy[at] for at in some]] = self._pooled([ids[at] for at in some])
            progress.at(start + len(some))
        return padded(raw)

    def _pooled(self, ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        longest = max(map(len, ids))
        tokens = np.full((len(ids), longest), self._described.pad_id, np.int64)
        mask = np.zeros((len(ids), longest), np.int64)
        for row, one in enumerate(ids):
            tokens[row, : len(one)] = one
            mask[row, : len(one)] = 1
        given = dict(zip(INPUTS, (tokens, mask, np.zeros_like(tokens)), strict=True))
        (states,) = self._session.run(None, {name: given[name] for name in self._described.inputs})
        if self._described.pooling == "cls":
            return np.asarray(states[:, 0], np.float32)
        weights = mask[:, :, None].astype(np.float32)
        return np.asarray((states * weights).sum(axis=1) / weights.sum(axis=1), np.float32)


def cpu_share() -> int:
    """How many processors this process may use: those it is bound to, or fewer where a control group gives it less."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if CPU_MAX.is_file():
        quota, _, period = CPU_MAX.read_text(encoding="ascii").partition(" ")
        if quota != "max":
            bound = min(bound, int(quota) // int(period))
    return max(1, bound)


@cache
def load(model_id: str) -> Embedder:
    """The exported model in this folder, loaded once per process, on this process's share of processors.

    Raises:
        PermanentError: no folder is given, it holds no whole export, or the extra is not installed.
    """
    if not model_id:
        raise PermanentError("ENGINE_EMBEDDER=onnx names no folder: onnx:<folder of engine embedder export>")
    folder = Path(model_id)
    described = description(folder)
    return OnnxEmbedder(folder, described, cpu_share(), near_copy(folder, described.digest))


def description(folder: Path) -> Description:
    """What an exported model says of itself, once its files are the ones that it says.

    Raises:
        PermanentError: it is not a whole export.
    """
    mend = "give a folder that `engine embedder export MODEL FOLDER` wrote"
    try:
        found = Description.model_validate_json((folder / DESCRIPTION).read_bytes())
    except OSError as error:
        raise PermanentError(f"ENGINE_EMBEDDER=onnx:{folder} holds no {DESCRIPTION}: {mend}") from error
    except ValidationError as error:
        raise PermanentError(f"{folder / DESCRIPTION} is not readable: {mend} ({error})") from error
    if (actual := network_digest(folder)) != found.digest:
        raise PermanentError(f"{folder}: its files have the digest {actual}, not {found.digest}: export it again")
    return found


def network_digest(folder: Path) -> str:
    """Of the files that decide what comes out."""
    return digest(folder, [folder / NETWORK, folder / TOKENIZER])
