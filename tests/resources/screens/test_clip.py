"""The look at a picture: plumbing with a model of random weights, whose opinion of a picture is chance."""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.models import Verdict
from resources.errors import UndrawableError
from resources.screens import Screen, clip, screen
from resources.screens.clip import ClipScreen, labels
from resources.settings import Settings
from tests.resources.artists import tiny

slow = [
    pytest.mark.slow,  # to import torch and its family takes ten seconds
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in ("torch", "transformers")),
        reason="extra `transformers` is not installed: run `make setup-models`",
    ),
]


def png(colour: str, size: tuple[int, int] = (64, 48)) -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", size, colour).save(out, "PNG")
    return out.getvalue()


def noise(seed: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (64, 64, 3), np.uint8)).save(out, "PNG")
    return out.getvalue()


def judged(**shares: float) -> Verdict:
    return clip._verdict(dict.fromkeys(labels().unwanted, 0.0) | shares, "CLIP model m@1 (MIT)")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.clip(tmp_path_factory.mktemp("models") / "clip")


def test_every_unwanted_sentence_has_a_limit_and_a_reason() -> None:
    for name, unwanted in labels().unwanted.items():
        assert len(unwanted.why) > 20, name
        assert unwanted.says.startswith(("a ", "the ")), name
    assert len(labels().wanted) >= 5


def test_what_reaches_its_limit_fails_with_the_reason_and_every_share() -> None:
    limit = labels().unwanted["gore"].limit
    assert judged(gore=limit - 0.01).result == "passed"
    found = judged(gore=limit)
    assert (found.check, found.result) == ("picture", "failed")
    assert found.detail.startswith("looks like gore (refused as graphic violence")
    assert "gore 0.25 of 0.25, " in found.detail
    for name in labels().unwanted:
        assert f"{name} " in found.detail
    assert found.source == f"CLIP model m@1 (MIT), {len(labels().unwanted)} unwanted sentences of {labels().date}, " + (
        "limits set by hand"
    )


def test_bytes_that_are_no_picture_are_named() -> None:
    with pytest.raises(UndrawableError, match="is no picture"):
        ClipScreen("somebody/nothing").look(b"nothing")


@pytest.mark.slow
def test_without_a_model_nothing_passes_and_the_mend_is_named(tmp_path: Path) -> None:
    mine: Screen = screen(Settings(models_dir=tmp_path))
    found = mine.look(png("red"))
    assert (found.check, found.result, found.source) == ("picture", "not_checked", "none")
    assert "run `" in found.detail


class TestWithAModel:
    pytestmark = slow

    def test_the_verdict_says_which_model_looked_and_adds_up(self, model: Path) -> None:
        found = screen(Settings(clip_model=str(model))).look(png("red"))
        assert found.result in {"passed", "failed"}
        assert found.source.startswith("CLIP model clip@")
        assert "(MIT)" in found.source
        shares = clip._shares(clip.load(str(model), None), Image.open(io.BytesIO(png("red"))).convert("RGBA"))
        assert set(shares) == set(labels().unwanted)
        assert 0 < sum(shares.values()) < 1

    def test_the_same_picture_is_judged_the_same_and_others_are_not(self, model: Path) -> None:
        mine = ClipScreen(str(model))
        assert mine.look(noise(1)) == mine.look(noise(1))
        assert len({mine.look(noise(seed)).detail for seed in range(4)}) > 1

    def test_what_is_transparent_is_white(self, model: Path) -> None:
        mine = ClipScreen(str(model))
        assert mine.look(png("#FF000000")) == mine.look(png("white"))

    def test_a_broken_model_is_not_checked(self, model: Path, tmp_path: Path) -> None:
        (tmp_path / "config.json").write_text('{"model_type": "clip"}', encoding="utf-8")
        found = ClipScreen(str(tmp_path)).look(png("red"))
        assert found.result == "not_checked"
        assert "can't be loaded as a CLIP model" in found.detail
