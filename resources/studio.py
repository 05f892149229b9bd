"""The studio: which products designs are pictured on, and their scenes, drawn at first need and kept on the disk.

What belongs here: the cache of scenes. What does not: drawing them (`pipeline.mockups.products`), reading templates
(`resources.templates`).

Scenes lie in `<data_dir>/scenes/<code>/<product>-<view>-<drape>.npz`, where <code> is a hash of the code that draws
them and of the libraries it draws with: another version draws its own, and in time removes those of the one before.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
import zipfile
from collections import OrderedDict, defaultdict
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.mockups import PRODUCTS, Product
from pipeline.mockups.scene import Scene, Surface
from pipeline.models import Variant, sha256
from resources.errors import PermanentError
from resources.settings import Settings, names
from resources.templates import templates

LIBRARIES = ("numpy", "opencv-python-headless")
IN_MEMORY = 8
"""Scenes that a process holds: some 25 MB each."""

STALE_S = 7 * 86400
"""Age at which scenes of another version are removed: processes of both may run for a while."""

logger = logging.getLogger(__name__)


class Studio:
    """Products, and their scenes from memory, from the disk, or drawn.

    Args:
        folder: Where scenes are kept.
        products: What designs are pictured on, by name.
    """

    def __init__(self, folder: Path, products: Mapping[str, Product]) -> None:
        self.products = products
        self._folder = folder / code()

    def scene(self, product: Product, view: Variant, drape: int) -> Scene:
        """The scene of a product's view in a drape. One that can't be read is drawn anew, and the log says so."""
        name = "-".join(filter(None, (product.name, product.version, view, str(drape))))
        with _locks[name]:
            found = _recent.get(name)
            if found is None:
                found = self._kept(name) or self._drawn(name, product, view, drape)
            with _remembering:
                _recent[name] = found
                _recent.move_to_end(name)
                while len(_recent) > IN_MEMORY:
                    _recent.popitem(last=False)
            return found

    def _kept(self, name: str) -> Scene | None:
        path = self._folder / f"{name}.npz"
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return unpacked(arrays)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            logger.warning("%s can't be read (%s): it is drawn anew", path, error)
            return None

    def _drawn(self, name: str, product: Product, view: Variant, drape: int) -> Scene:
        made = product.draw(view, drape)
        self._folder.mkdir(parents=True, exist_ok=True)
        for other in self._folder.parent.iterdir():
            if other != self._folder and other.stat().st_mtime < time.time() - STALE_S:
                logger.info("%s is of another version and old: removed", other)
                shutil.rmtree(other, ignore_errors=True)
        with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".part", delete=False) as file:
            np.savez(file, allow_pickle=False, **packed(made))
        Path(file.name).replace(self._folder / f"{name}.npz")
        return made


_locks: defaultdict[str, Lock] = defaultdict(Lock)
_remembering = Lock()
_recent: OrderedDict[str, Scene] = OrderedDict()
"""Of this process: the same code draws the same scenes, whatever folder they are kept in."""


def studio(settings: Settings) -> Studio:
    """The studio of the settings.

    Raises:
        PermanentError: ENGINE_PRODUCTS names a product that there isn't, or none; or a template can't be used.
    """
    known = {**PRODUCTS, **(templates(settings.mockup_templates) if settings.mockup_templates else {})}
    chosen = names(settings.products)
    if not chosen or any(name not in known for name in chosen):
        raise PermanentError(f"ENGINE_PRODUCTS={settings.products!r}: use names of {', '.join(known)}")
    return Studio(settings.data_dir.resolve() / "scenes", {name: known[name] for name in chosen})


@cache
def code() -> str:
    """Hash of everything that decides what a scene looks like."""
    parts = [f"{library} {version(library)}".encode() for library in LIBRARIES]
    parts += [module.read_bytes() for module in _modules(files("pipeline.mockups"))]
    return sha256(b"\x00".join(parts))[:16]


def _modules(folder: Traversable) -> list[Traversable]:
    found: list[Traversable] = []
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            found += _modules(entry)
        elif entry.name.endswith(".py"):
            found.append(entry)
    return found


def packed(scene: Scene) -> dict[str, NDArray[Any]]:
    """The scene as arrays by name."""
    arrays: dict[str, NDArray[Any]] = {"light": scene.light, "cover": scene.cover, "around": scene.around}
    if scene.gloss is not None:
        arrays["gloss"] = scene.gloss
    if scene.surface is not None:
        seen = scene.surface
        corner = np.array((seen.left, seen.top), np.int32)
        arrays |= {"corner": corner, "whole": seen.whole, "part": seen.part, "weave": seen.weave}
    return arrays


def unpacked(arrays: Mapping[str, NDArray[Any]]) -> Scene:
    """The scene of such arrays. Raises KeyError where one is missing."""
    seen = None
    if "corner" in arrays:
        left, top = map(int, arrays["corner"])
        seen = Surface(left, top, arrays["whole"], arrays["part"], arrays["weave"])
    return Scene(
        light=arrays["light"], cover=arrays["cover"], around=arrays["around"], gloss=arrays.get("gloss"), surface=seen
    )
