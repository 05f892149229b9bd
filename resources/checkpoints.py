"""Where the files of a model of pictures lie, which version they are, and under which licence.

What belongs here: a folder, a file, or a repository of a hub as this machine's cache holds it. What does not: loading,
and downloading: gigabytes are fetched by a person's command, never in the middle of an hour.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import NamedTuple

import yaml

from resources.embedders.folders import DIGEST_SIZE, digest, model_files
from resources.errors import PermanentError

NOT_STATED = "not stated"
TERMS = {"openrail++": "CreativeML Open RAIL++-M", "mit": "MIT", "apache-2.0": "Apache-2.0"}
"""What a card calls a licence → what it is called."""


class Checkpoint(NamedTuple):
    """A model's files."""

    path: Path
    """A folder; or one file, of a LoRA."""
    name: str
    version: str
    """A digest of the files, or the commit of the hub's repository."""
    licence: str
    """As the model's card says; NOT_STATED without one."""

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


def find(variable: str, value: str, cache: Path | None) -> Checkpoint:
    """The model that a setting names.

    Args:
        variable: The setting, for messages.
        value: A folder, a `.safetensors` file, or the id of a hub's repository that was downloaded before.
        cache: The hub's cache; None: where its library keeps it.

    Raises:
        PermanentError: there is no such model on this machine; the message says how to get it here.
    """
    path = Path(value).expanduser()
    if path.is_dir():
        name = path.resolve().name
        return Checkpoint(path, name, digest(path, model_files(path)), licence(path / "README.md"))
    if path.is_file():
        version = digest(path.parent, [path])
        return Checkpoint(path, path.stem, version, licence(path.with_name("README.md")))
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", value) or value.startswith("."):
        raise PermanentError(f"{variable}={value} is no folder, no file, and no id of the form owner/name: correct it")
    hub = importlib.import_module("huggingface_hub")
    try:
        folder = Path(hub.snapshot_download(value, cache_dir=cache, local_files_only=True))
    except (OSError, ValueError) as error:
        into = f" --cache-dir {cache}" if cache else ""
        raise PermanentError(
            f"{variable}={value} is not on this machine: run `hf download {value}{into}` where the hub can be reached "
            "(docs/diffusion.md says which of its files are enough), or give the folder of a model that you have"
        ) from error
    return Checkpoint(folder, value, folder.name[:DIGEST_SIZE], licence(folder / "README.md"))


def licence(card: Path) -> str:
    """What the head of a model's card gives as licence."""
    try:
        head = re.match(r"---\n(.*?)\n---", card.read_text(encoding="utf-8"), re.DOTALL)
        said = yaml.safe_load(head[1]) if head else None
    except (OSError, ValueError, yaml.YAMLError):
        return NOT_STATED
    stated: dict[str, object] = said if isinstance(said, dict) else {}
    found = stated.get("license_name") if stated.get("license") == "other" else stated.get("license")
    return TERMS.get(found, found) if isinstance(found, str) else NOT_STATED
