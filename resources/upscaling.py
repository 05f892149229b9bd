"""Super-resolution: an ONNX file that draws a small picture larger, tile by tile (extra `onnx`).

The network takes float32 (1, 3, height, width), RGB on 0 … 1, of any size, and gives the same `scale` times as large:
what Real-ESRGAN and its kin are exported as. Nothing is ever downloaded.
"""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.designs.prints.picture import Enlarge
from pipeline.designs.prints.raster import Pixels
from resources.errors import PermanentError

TILE, OVERLAP = 256, 16
"""Pixels of the small picture that are drawn at once, and on each side of them, so that no seam shows."""


def upscaler(setting: Path | None) -> Enlarge | None:
    """The model that ENGINE_UPSCALER_MODEL names, loaded once in a process; None where it names none.

    Raises:
        PermanentError: there is no such file, it can't be loaded, or the extra is not installed.
    """
    return None if setting is None else _loaded(setting)


@cache
def _loaded(file: Path) -> Enlarge:
    session = _session(file)
    name = session.get_inputs()[0].name

    def draw(tile: Pixels) -> Pixels:
        given = (tile.astype(np.float32) / 255).transpose(2, 0, 1)[None]
        (out,) = session.run(None, {name: given})
        drawn: Pixels = np.rint(np.clip(out[0].transpose(1, 2, 0), 0, 1) * 255).astype(np.uint8)
        scale = drawn.shape[0] // tile.shape[0]
        if scale < 1 or drawn.shape != (tile.shape[0] * scale, tile.shape[1] * scale, 3):
            raise PermanentError(
                f"ENGINE_UPSCALER_MODEL={file} gave {drawn.shape} for a tile of {tile.shape}: it must draw RGB a whole "
                "number of times as large"
            )
        return np.asarray(drawn)

    return lambda rgb: _tiled(rgb, draw)


def _session(file: Path) -> Any:
    if not file.is_file():
        raise PermanentError(
            f"ENGINE_UPSCALER_MODEL={file}: there is no such file: put an ONNX file of a super-resolution model there, "
            "none is downloaded"
        )
    try:
        runtime = importlib.import_module("onnxruntime")
    except ImportError as error:
        raise PermanentError(f"ENGINE_UPSCALER_MODEL={file} needs the extra: pip install '.[onnx]'") from error
    try:
        return runtime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    # The runtime raises types of its own, of no common base but Exception.
    except Exception as error:
        raise PermanentError(f"ENGINE_UPSCALER_MODEL={file} can't be loaded: {error}") from error


def _tiled(rgb: Pixels, draw: Enlarge) -> Pixels:
    """The picture drawn tile by tile; of each only its inner part is kept."""
    rows = []
    for top in range(0, len(rgb), TILE):
        above, row = min(top, OVERLAP), []
        for left in range(0, rgb.shape[1], TILE):
            before = min(left, OVERLAP)
            tile = rgb[top - above : top + TILE + OVERLAP, left - before : left + TILE + OVERLAP]
            drawn = draw(tile)
            scale = len(drawn) // len(tile)
            row.append(drawn[above * scale :, before * scale :][: TILE * scale, : TILE * scale])
        rows.append(np.hstack(row))
    return np.vstack(rows)
