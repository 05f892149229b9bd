"""A model's folder: the digest that is its version, and the near-copy threshold that was measured for it.

What belongs here: what is true of every model that lies in a folder. What does not: how its files become vectors.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from resources.embedders.base import UNMEASURED, NearCopy
from resources.errors import PermanentError

NEAR_COPY = "near_copy.json"
OF_THE_MODEL = frozenset({".json", ".safetensors", ".bin", ".pt", ".txt", ".model", ".onnx"})
"""Suffixes of files that decide what comes out; pages about a model are not among them."""
OTHER_FORMS = frozenset({"onnx", "openvino"})
"""Folders in which a model's folder may hold the same model in forms that are not loaded."""
DIGEST_SIZE = 12


class Measured(BaseModel):
    """A threshold and what it was measured on, as it lies in NEAR_COPY."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    digest: str
    """Of the model for which it was measured."""
    cosine: float = Field(gt=0, le=1)
    false_positive_rate: float = Field(ge=0, le=1)
    recall: float = Field(ge=0, le=1)
    different: int = Field(gt=0)
    same: int = Field(gt=0)
    """How many pairs of each label it was measured on."""
    against: str
    """The model whose rate of false positives was matched, with its threshold."""

    def __str__(self) -> str:
        return (
            f"{self.cosine:.3f}, passed by {self.false_positive_rate:.2%} of {self.different:,} different pairs and "
            f"{self.recall:.1%} of {self.same:,} same ones, as {self.against}"
        )


def model_files(folder: Path) -> list[Path]:
    """The files that decide what a model gives, in the order of their names."""
    found = (path for path in folder.rglob("*") if path.suffix in OF_THE_MODEL and path.is_file())
    return sorted(
        path
        for path in found
        if path.name != NEAR_COPY
        and not any(part in OTHER_FORMS or part.startswith(".") for part in path.relative_to(folder).parts[:-1])
    )


def digest(folder: Path, files: Iterable[Path]) -> str:
    """Hexadecimal, of the files' names and bytes: the same wherever the folder lies.

    Raises:
        PermanentError: a file can't be read.
    """
    whole = hashlib.sha256()
    try:
        for path in files:
            with path.open("rb") as file:
                inner = hashlib.file_digest(file, "sha256").hexdigest()
            whole.update(f"{path.relative_to(folder).as_posix()}\0{inner}\n".encode())
    except OSError as error:
        raise PermanentError(f"the model's file {error.filename} can't be read: {error.strerror}") from error
    return whole.hexdigest()[:DIGEST_SIZE]


def near_copy(folder: Path, version: str) -> NearCopy:
    """The threshold that was measured for this version of the model; UNMEASURED if none was.

    Raises:
        PermanentError: the file is not one that `engine embedder calibrate` wrote.
    """
    path = folder / NEAR_COPY
    if not path.is_file():
        return UNMEASURED
    try:
        found = Measured.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise PermanentError(f"{path} is not what `engine embedder calibrate` writes: delete it ({error})") from error
    return NearCopy(found.cosine, str(found)) if found.digest == version else UNMEASURED


def keep_near_copy(folder: Path, measured: Measured) -> Path:
    """Write a threshold into the model's folder. Returns the file.

    Raises:
        PermanentError: the folder can't be written to.
    """
    path = folder / NEAR_COPY
    try:
        path.write_text(json.dumps(measured.model_dump(), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise PermanentError(f"{path} can't be written ({error.strerror}): make the folder writable") from error
    return path
