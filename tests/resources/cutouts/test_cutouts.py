"""A cut-out model is a file that lies here; what is wrong with it is said with the mend, and nothing is downloaded."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from pipeline.designs.prints.picture import prepare
from resources.cutouts import cutout
from resources.errors import PermanentError
from tests.pipeline.designs.prints.drawn import disc, on, pixels_in, png_of
from tests.resources.networks import write_network


def cut_with(setting: str, png: bytes) -> bytes:
    cut = cutout(setting)
    assert cut is not None
    return cut(png)


def test_without_a_setting_there_is_no_model() -> None:
    assert cutout(None) is None
    assert cutout("") is None


@pytest.mark.parametrize("setting", ["/no/such.onnx", "isnet-general-use:/no/such.onnx"])
def test_a_file_that_is_not_there_is_named(setting: str) -> None:
    with pytest.raises(PermanentError, match=r"no file /no/such.onnx: .* none is downloaded"):
        cutout(setting)


def test_a_missing_extra_is_named_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(b"x")
    monkeypatch.setitem(sys.modules, "rembg.sessions", None)
    with pytest.raises(PermanentError, match=r"pip install '\.\[cutout\]'"):
        cut_with(str(file), png_of(np.zeros((8, 8, 4), np.uint8)))


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.skipif(find_spec("rembg") is None, reason="the extra `cutout` is not installed")
def test_a_model_cuts_the_subject_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The network says how red a pixel is: importing rembg for the first time compiles for a minute or more."""
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("something was to be downloaded"))
    file = write_network(tmp_path / "redness.onnx", (320, 320), weights=np.array([[1.0, -0.5, -0.5]]))
    rng = np.random.default_rng(1)
    cover = disc(320, 160, 160, 90)
    picture = on((0, 0, 0), (230, 20, 20), cover)
    picture[cover == 0, 1:3] = rng.integers(90, 256, (int((cover == 0).sum()), 2))
    made = prepare(png_of(picture), cutout(str(file)), 100)
    assert made.background == "cut"
    assert float((pixels_in(made.png)[..., 3] / 255.0).sum()) == pytest.approx(np.pi * 90**2, rel=0.05)
    with pytest.raises(PermanentError, match="rembg knows no 'such': name one of"):
        cut_with(f"such:{file}", png_of(picture))
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no network")
    with pytest.raises(PermanentError, match="can't be loaded as 'u2net_custom'"):
        cut_with(str(broken), png_of(picture))
