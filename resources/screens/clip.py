"""A CLIP model asked, without training, which of some sentences fits a picture best (zero-shot classification).

What belongs here: the model, and the shares of the sentences. What does not: the sentences and their limits
(`labels.yaml`).
"""

from __future__ import annotations

import importlib
import io
import threading
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field

from pipeline.models import Model, Verdict
from resources import checkpoints
from resources.errors import PermanentError, UndrawableError
from resources.screens.base import PICTURE

_LOCK = threading.Lock()
"""One thread loads, the others wait for what it loaded."""


class Unwanted(Model):
    """A sentence that may not fit."""

    says: str
    limit: float = Field(gt=0, lt=1)
    why: str


class Labels(Model):
    """`labels.yaml`."""

    date: str
    wanted: tuple[str, ...] = Field(min_length=2)
    unwanted: Mapping[str, Unwanted] = Field(min_length=1)


@cache
def labels() -> Labels:
    """The sentences, read once per process."""
    said = yaml.safe_load(files("resources.screens").joinpath("labels.yaml").read_text(encoding="utf-8"))
    return Labels.model_validate(said | {"date": str(said["date"])})


class Loaded(NamedTuple):
    """A CLIP model with the sentences in its space."""

    model: Any
    processor: Any
    texts: Any
    """Shape (sentences, dimensions), rows of unit length, the unwanted ones first."""
    label: str


class ClipScreen:
    """A `Screen`.

    Args:
        model: Id or folder of a CLIP model.
        models: The hub's cache; None: where its library keeps it.
    """

    def __init__(self, model: str, models: Path | None = None) -> None:
        self._model = model
        self._models = models

    def look(self, png: bytes) -> Verdict:
        """The verdict on a picture, what is transparent seen as white; see `Screen`."""
        try:
            picture = Image.open(io.BytesIO(png)).convert("RGBA")
        except OSError as error:
            raise UndrawableError(f"png={png[:8]!r}… is no picture that can be read ({error})") from error
        try:
            with _LOCK:
                loaded = load(self._model, self._models)
        except PermanentError as error:
            return Verdict(check=PICTURE, result="not_checked", detail=str(error), source="none")
        return _verdict(_shares(loaded, picture), loaded.label)


def _verdict(shares: Mapping[str, float], model: str) -> Verdict:
    known = labels().unwanted
    over = [name for name, share in shares.items() if share >= known[name].limit]
    told = ", ".join(
        f"{name} {shares[name]:.2f} of {known[name].limit:.2f}"
        for name in sorted(shares, key=lambda name: -shares[name] / known[name].limit)
    )
    source = f"{model}, {len(known)} unwanted sentences of {labels().date}, limits set by hand"
    if over:
        seen = " and ".join(f"{name} ({known[name].why})" for name in over)
        detail = f"looks like {seen}: draw it again with another seed, or look at it. Shares: {told}"
        return Verdict(check=PICTURE, result="failed", detail=detail, source=source)
    return Verdict(check=PICTURE, result="passed", detail=f"below every limit. Shares: {told}", source=source)


@cache
def load(model: str, models: Path | None) -> Loaded:
    """The model on the CPU, loaded once per process, with the sentences embedded.

    Raises:
        PermanentError: the packages or the model are missing, or it is no CLIP model.
    """
    try:
        torch = importlib.import_module("torch")
        transformers = importlib.import_module("transformers")
    except ImportError as error:
        raise PermanentError(f"to look at pictures takes {error.name}: run `make setup-models`") from error
    transformers.utils.logging.disable_progress_bar()
    found = checkpoints.find("ENGINE_CLIP_MODEL", model, models)
    try:
        loaded = transformers.CLIPModel.from_pretrained(found.path, local_files_only=True).eval()
        tokenizer = transformers.CLIPTokenizer.from_pretrained(found.path, local_files_only=True)
        processor = transformers.CLIPImageProcessorPil.from_pretrained(found.path, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise PermanentError(
            f"ENGINE_CLIP_MODEL={model}: {found.path} can't be loaded as a CLIP model: give another, or download it "
            f"again ({str(error).splitlines()[0][:200]})"
        ) from error
    says = [*(unwanted.says for unwanted in labels().unwanted.values()), *labels().wanted]
    with torch.inference_mode():
        texts = loaded.get_text_features(**tokenizer(says, padding=True, truncation=True, return_tensors="pt"))
    return Loaded(loaded, processor, _unit(texts.pooler_output), f"CLIP model {found} ({found.licence})")


def _shares(loaded: Loaded, picture: Image.Image) -> dict[str, float]:
    """Unwanted label → its share among all sentences, which add up to one."""
    torch = importlib.import_module("torch")
    white = Image.new("RGBA", picture.size, "white")
    pixels = loaded.processor(Image.alpha_composite(white, picture).convert("RGB"), return_tensors="pt")
    with torch.inference_mode():
        seen = _unit(loaded.model.get_image_features(**pixels).pooler_output)
        logits = loaded.model.logit_scale.exp() * seen @ loaded.texts.T
        shares: NDArray[np.float32] = logits.softmax(dim=-1)[0].numpy()
    return dict(zip(labels().unwanted, map(float, shares), strict=False))


def _unit(vectors: Any) -> Any:
    return vectors / vectors.norm(dim=-1, keepdim=True)
