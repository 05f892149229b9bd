"""Where typefaces come from: the npm packages `@fontsource/*`, pinned with their hashes in package-lock.json."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from pipeline.designs.pairings import FACES
from pipeline.designs.typefaces import Typeface, Typefaces
from resources.errors import PermanentError
from resources.settings import ROOT

OPEN_LICENCES = ("OFL-1.1", "Apache-2.0")
"""SPDX identifiers under which a face may be used on products that are sold."""


def load_typefaces(root: Path = ROOT) -> Typefaces:
    """Every face the pairings name, with its licence as its package states it.

    Raises:
        PermanentError: a package is not installed, or its licence is none of OPEN_LICENCES.
    """
    return Typefaces(_load(root / "node_modules" / "@fontsource", name) for name in sorted(FACES))


@cache
def typefaces() -> Typefaces:
    """The faces of this installation, read once per process."""
    return load_typefaces()


def _load(packages: Path, name: str) -> Typeface:
    family, _, weight = name.rpartition("-")
    package = packages / family
    path = package / "files" / f"{family}-latin-{weight}-normal.woff"
    try:
        licence = json.loads((package / "package.json").read_text())["license"]
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise PermanentError(f"typeface {name!r}: {error.filename} is missing: run `make setup`") from error
    if licence not in OPEN_LICENCES:
        raise PermanentError(f"typeface {name!r}: licence {licence!r} is none of {', '.join(OPEN_LICENCES)}: remove it")
    return Typeface(name=name, licence=licence, data=data)
