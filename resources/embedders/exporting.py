"""A sentence-transformers model to a folder that needs no torch: the network as ONNX, by default in int8.

What belongs here: making that folder, and proof that it gives what its source gives. What does not: running it
(`onnx`).
Needs the extras `transformers` and `onnx`.
"""

from __future__ import annotations

import importlib
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray

from resources.embedders import sentence_transformers
from resources.embedders.base import check_dim, padded
from resources.embedders.folders import digest, model_files
from resources.embedders.onnx import (
    DESCRIPTION,
    INPUTS,
    NETWORK,
    TOKENIZER,
    Description,
    OnnxEmbedder,
    Precision,
    cpu_share,
    network_digest,
)  # fmt: skip
from resources.errors import PermanentError

OPSET = 17
CARD = "README.md"
NOT_STATED = "not stated"
SENTENCES = (
    "Powered by tomatoes", "My dog thinks I am the best cook", "A cup of coffee before anything else", "Ok",
    "Sorry I'm late, I saw a cat on the way and had to say hello to it, and then there was another one",
    "Weekend forecast: camping with a chance of marshmallows",
)  # fmt: skip
"""What the exported model must embed as its source does: short and long in one batch, so that padding is seen."""
EXACT = 1e-4
"""The most that a number of an unquantised vector may differ."""
CLOSE = 0.95
"""The least cosine of a quantised vector with its source's; with one scale for each channel, not for each matrix, a
model of six layers has .992 on average and .967 at its worst."""


class Exported(NamedTuple):
    """What was written."""

    folder: Path
    described: Description
    bytes: int


def export(model_id: str, folder: Path, precision: Precision = "int8") -> Exported:
    """Write a model into a folder that was not there or is empty.

    Args:
        model_id: Id or folder of a sentence-transformers model: a transformer, then mean or CLS pooling, and
            normalisation or not.
        folder: Appears only when it is whole.
        precision: int8: weights in a byte, activations quantised as they come; float32: as they are.

    Raises:
        PermanentError: an extra is missing, the model is of another make, or does not survive the export.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise PermanentError(f"{folder} is not empty: name a folder that is not there yet")
    onnx = _extra()
    loaded = sentence_transformers.loaded_model(model_id, "cpu", model_kwargs={"attn_implementation": "eager"})
    name, version = _identity(model_id)
    pooling, normalize = _heads(model_id, loaded)
    check_dim(model_id, int(loaded.get_embedding_dimension()))
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as made:
        whole = Path(made) / "whole"
        whole.mkdir()
        inputs = _network(loaded, whole / NETWORK)
        if precision == "int8":
            plain = (whole / NETWORK).rename(Path(made) / NETWORK)
            onnx.quantize_dynamic(plain, whole / NETWORK, weight_type=onnx.QuantType.QInt8, per_channel=True)
        tokenizer = loaded.tokenizer
        tokenizer.backend_tokenizer.save(str(whole / TOKENIZER))
        card = _card(model_id, whole)
        described = Description(
            name=name, digest=network_digest(whole), precision=precision, pooling=pooling, normalize=normalize,
            dimensions=int(loaded.get_embedding_dimension()), inputs=inputs, max_length=_length(loaded),
            pad_id=int(tokenizer.pad_token_id), pad_token=str(tokenizer.pad_token),
            prompt=str(loaded.prompts.get(loaded.default_prompt_name, "")), source=f"{name}@{version}",
            licence=_licence(whole / card) if card else NOT_STATED, card=card, cosine_to_source=1.0,
        )  # fmt: skip
        described = described.model_copy(update={"cosine_to_source": _compared(loaded, whole, described)})
        (whole / DESCRIPTION).write_text(described.model_dump_json(indent=1) + "\n", encoding="utf-8")
        if folder.exists():
            folder.rmdir()
        whole.rename(folder)
    return Exported(folder, described, sum(path.stat().st_size for path in folder.iterdir()))


def _extra() -> Any:
    """The quantising part of onnxruntime."""
    try:
        importlib.import_module("onnx")
        return importlib.import_module("onnxruntime.quantization")
    except ImportError as error:
        raise PermanentError("to export a model needs the extra: pip install '.[onnx]'") from error


def _identity(model_id: str) -> tuple[str, str]:
    folder = Path(model_id)
    if folder.is_dir():
        return folder.resolve().name, digest(folder, model_files(folder))
    return model_id, sentence_transformers.commit(model_id)


def _heads(model_id: str, loaded: Any) -> tuple[Any, bool]:
    """How token vectors become one, and whether it is normalised."""
    made_of = [type(module).__name__ for module in loaded]
    if made_of[:2] != ["Transformer", "Pooling"] or made_of[2:] not in ([], ["Normalize"]):
        raise PermanentError(
            f"{model_id} is made of {', '.join(made_of)}: only Transformer, Pooling and Normalize can be exported; "
            f"use it as {sentence_transformers.FAMILY}:{model_id}"
        )
    pooling = loaded[1]
    if pooling.pooling_mode not in {"mean", "cls"} or not pooling.include_prompt:
        raise PermanentError(
            f"{model_id} pools by {pooling.pooling_mode!r}: only mean and cls, prompt included, can be exported; "
            f"use it as {sentence_transformers.FAMILY}:{model_id}"
        )
    if getattr(loaded[0], "do_lower_case", False) or not getattr(loaded.tokenizer, "is_fast", False):
        raise PermanentError(
            f"{model_id} prepares its texts outside its tokenizer, which can't be exported; use it as "
            f"{sentence_transformers.FAMILY}:{model_id}"
        )
    return pooling.pooling_mode, made_of[2:] == ["Normalize"]


def _length(loaded: Any) -> int:
    """Tokens that the model was trained on, as the library cuts them."""
    positions = int(getattr(loaded[0].auto_model.config, "max_position_embeddings", 512))
    return min(int(loaded.max_seq_length or positions), positions)


def _network(loaded: Any, path: Path) -> tuple[Any, ...]:
    """Write token ids → token vectors. Returns the names of its inputs."""
    torch = importlib.import_module("torch")
    transformer = loaded[0].auto_model.eval()
    inputs = tuple(name for name in INPUTS if name in loaded.tokenizer.model_input_names)

    class States(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(self, *given: Any) -> Any:
            return self.transformer(**dict(zip(inputs, given, strict=True)), return_dict=False)[0]

    example = loaded.tokenizer(list(SENTENCES[:2]), padding=True, return_tensors="pt")
    shape = {0: "texts", 1: "tokens"}
    with warnings.catch_warnings(), torch.no_grad():
        # The tracer warns of every branch on a shape; what comes out is compared with the source below.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            States(), tuple(example[name] for name in inputs), str(path), input_names=list(inputs),
            output_names=["states"], dynamic_axes={name: shape for name in (*inputs, "states")},
            opset_version=OPSET, dynamo=False,
        )  # fmt: skip
    return inputs


def _card(model_id: str, folder: Path) -> str | None:
    """Bring the model's card along, which names its licence. Returns its name."""
    card = Path(model_id) / CARD if Path(model_id).is_dir() else sentence_transformers.cached(model_id, CARD)
    if card is None or not card.is_file():
        return None
    shutil.copy(card, folder / CARD)
    return CARD


def _licence(card: Path) -> str:
    """As the head of a model's card states it."""
    _, _, head = card.read_text(encoding="utf-8").partition("---\n")
    try:
        stated = yaml.safe_load(head.partition("\n---")[0])
    except yaml.YAMLError:
        return NOT_STATED
    return str(stated.get("license", NOT_STATED)) if isinstance(stated, dict) else NOT_STATED


def _compared(loaded: Any, folder: Path, described: Description) -> float:
    """The least cosine of the exported model with its source.

    Raises:
        PermanentError: they differ too much.
    """
    mine = OnnxEmbedder(folder, described, cpu_share()).embed(SENTENCES)
    source: NDArray[np.float32] = padded(loaded.encode(list(SENTENCES), show_progress_bar=False))
    cosine = float((mine * source).sum(axis=1).min())
    apart = float(np.abs(mine - source).max())
    if apart > EXACT if described.precision == "float32" else cosine < CLOSE:
        raise PermanentError(
            f"{described.source} does not survive the export to {described.precision}: cosine {cosine:.4f}, apart by "
            f"{apart:.2g}; use it as {sentence_transformers.FAMILY}, or export it as float32"
        )
    return round(min(cosine, 1.0), 6)
