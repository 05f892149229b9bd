"""A super-resolution model draws in tiles that show no seam; what is wrong with its file is said with the mend."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from pipeline.designs.prints.picture import prepare
from resources.errors import PermanentError
from resources.upscaling import TILE, upscaler
from tests.pipeline.designs.prints.drawn import disc, on, pixels_in, png_of
from tests.resources.networks import write_network

needs_runtime = pytest.mark.skipif(find_spec("onnxruntime") is None, reason="the extra `onnx` is not installed")
SWAPPED = np.array([[0, 0, 1.0], [0, 1.0, 0], [1.0, 0, 0]])
"""Red becomes blue: so it is seen that the network drew."""


@needs_runtime
def test_tiles_join_without_a_seam(tmp_path: Path) -> None:
    enlarge = upscaler(write_network(tmp_path / "x4.onnx", ("h", "w"), weights=SWAPPED, scale=4))
    assert enlarge is not None
    rgb = np.random.default_rng(1).integers(0, 256, (TILE + 40, 2 * TILE + 3, 3), np.uint8)
    assert np.array_equal(enlarge(rgb), rgb[..., ::-1].repeat(4, axis=0).repeat(4, axis=1))


@needs_runtime
def test_small_pictures_are_drawn_larger_by_it(tmp_path: Path) -> None:
    enlarge = upscaler(write_network(tmp_path / "x4.onnx", ("h", "w"), weights=SWAPPED, scale=4))
    made = prepare(png_of(on((255, 255, 255), (200, 30, 40), disc(100, 50, 50, 30))), None, 300, enlarge)
    pixels = pixels_in(made.png)
    assert max(made.width, made.height) == pytest.approx(302, abs=6)
    assert tuple(pixels[made.height // 2, made.width // 2]) == (40, 30, 200, 255)
    assert any("super-resolution" in step for step in made.steps)


@needs_runtime
def test_a_network_that_draws_something_else_is_refused(tmp_path: Path) -> None:
    enlarge = upscaler(write_network(tmp_path / "grey.onnx", ("h", "w"), weights=np.ones((1, 3)), scale=2))
    assert enlarge is not None
    with pytest.raises(PermanentError, match="must draw RGB a whole number of times as large"):
        enlarge(np.zeros((8, 8, 3), np.uint8))
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no network")
    with pytest.raises(PermanentError, match="can't be loaded"):
        upscaler(broken)


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert upscaler(None) is None
    with pytest.raises(PermanentError, match=r"no such file: .* none is downloaded"):
        upscaler(tmp_path / "none.onnx")
    file = tmp_path / "model.onnx"
    file.write_bytes(b"x")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(PermanentError, match=r"pip install '\.\[onnx\]'"):
        upscaler(file)
