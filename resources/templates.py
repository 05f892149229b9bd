"""Templates of mock-ups that a user supplies: folders with a photo, a mask and template.yaml.

What belongs here: finding and reading them, within bounds. What does not: what comes of them
(`pipeline.mockups.templates`).
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from pydantic import ValidationError

from pipeline.mockups import PRODUCTS, Product
from pipeline.mockups.templates import Template, product
from resources.errors import PermanentError

SETTING = "ENGINE_MOCKUP_TEMPLATES"
DESCRIPTION = "template.yaml"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
MOST_TEMPLATES = 50
MOST_TEXT, MOST_PICTURE = 64_000, 40_000_000
"""Bytes of template.yaml, and of a picture."""


def templates(folder: Path) -> dict[str, Product]:
    """The products of the templates in the folder, by name: each lies in a folder of its own, which names it.

    Raises:
        PermanentError: there is no such folder, or a template in it can't be used; names file, field and mend.
    """
    if not folder.is_dir():
        raise PermanentError(f"{SETTING}={folder} is no folder: name one that holds templates, or unset it")
    found = sorted(path.parent for path in folder.glob(f"*/{DESCRIPTION}"))
    if not 0 < len(found) <= MOST_TEMPLATES:
        raise PermanentError(f"{SETTING}={folder} holds {len(found)} templates: 1 to {MOST_TEMPLATES} are taken")
    return {one.name: _product(one) for one in found}


def _product(folder: Path) -> Product:
    path = folder / DESCRIPTION
    if not NAME.fullmatch(folder.name) or folder.name in PRODUCTS:
        raise PermanentError(
            f"{folder}: name the folder in lower case letters, digits, - and _, and not as one of {', '.join(PRODUCTS)}"
        )
    try:
        said = yaml.safe_load(_read(folder, DESCRIPTION, MOST_TEXT))
        template = Template.model_validate(said)
    except yaml.YAMLError as error:
        raise PermanentError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise PermanentError(f"{path}: {where}: {first['msg']} (of {error.error_count()} faults)") from error
    pictures = {}
    for field, name in template.files.items():
        try:
            pictures[field] = _read(folder, name, MOST_PICTURE)
        except PermanentError as error:
            raise PermanentError(f"{path}: {field}: {error}") from error
    try:
        return product(folder.name, template, pictures)
    except ValueError as error:
        raise PermanentError(f"{path}: {error}") from error


def _read(folder: Path, name: str, most: int) -> bytes:
    """The bytes of a file that lies in the folder itself."""
    path = folder / name
    if path.resolve().parent != folder.resolve():
        raise PermanentError(f"{name} leads out of {folder}: lay the file itself there")
    try:
        if path.stat().st_size > most:
            raise PermanentError(f"{path} has {path.stat().st_size:,} bytes: at most {most:,} are taken")
        return path.read_bytes()
    except OSError as error:
        raise PermanentError(f"{path}: {error.strerror}: lay the file there, or correct its name") from error
