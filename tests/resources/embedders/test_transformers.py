"""Transformer models, with torch and without: equal vectors, versions, memory, and errors that name their mend."""

from __future__ import annotations

import importlib.util
import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.models import EMBEDDING_DIM
from resources.embedders import base, embedder, onnx, sentence_transformers
from resources.embedders.exporting import export
from resources.embedders.sentence_transformers import SentenceTransformersEmbedder, fitting_batch
from resources.errors import PermanentError
from tests.resources.embedders.models import tiny

pytestmark = [
    pytest.mark.slow,  # to import torch and its family takes ten seconds
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in ("sentence_transformers", "onnxruntime", "onnx")),
        reason="extras `transformers` and `onnx` are not installed",
    ),
]
TEXTS = (
    "Powered by coffee", "my dog and my cat", "ok", "", "I'm late: a very long sentence that goes on and on, and on",
    "Tomato GARDEN", "🎃 日本", "camping with the dog before coffee",
)  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def exported(model: Path) -> Path:
    return export(str(model), model.with_name("tiny-int8")).folder


@pytest.mark.parametrize("pooling", ["mean", "cls"])
@pytest.mark.parametrize("normalize", [True, False])
def test_the_plain_export_gives_what_its_source_gives(tmp_path: Path, pooling: str, normalize: bool) -> None:
    source = tiny(tmp_path / "m", pooling=pooling, normalize=normalize)
    made = export(str(source), tmp_path / "out", "float32")
    assert (made.described.pooling, made.described.normalize, made.described.max_length) == (pooling, normalize, 16)
    theirs = embedder(f"sentence-transformers:{source}").embed(TEXTS)
    ours = embedder(f"onnx:{made.folder}").embed(TEXTS)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)
    assert np.abs(theirs[0] @ theirs[1]) < 0.999, "the model tells texts apart"


def test_int8_stays_near_its_source(model: Path, exported: Path) -> None:
    theirs, ours = (embedder(f"{name}").embed(TEXTS) for name in (f"sentence-transformers:{model}", f"onnx:{exported}"))
    wordy = [i for i, text in enumerate(TEXTS) if text]
    assert (theirs * ours).sum(axis=1)[wordy].min() > 0.95
    described = onnx.description(exported)
    assert described.precision == "int8"
    assert 0.95 < described.cosine_to_source <= 1


@pytest.mark.parametrize("family", ["sentence-transformers", "onnx"])
def test_every_family_answers_in_the_one_shape(model: Path, exported: Path, family: str) -> None:
    mine = embedder(f"{family}:{model if family != 'onnx' else exported}")
    vectors = mine.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), EMBEDDING_DIM)
    assert vectors.dtype == np.float32
    lengths = np.linalg.norm(vectors, axis=1)
    np.testing.assert_allclose(lengths[[i for i, text in enumerate(TEXTS) if text]], 1, rtol=1e-5)
    assert lengths[TEXTS.index("")] == 0
    assert not vectors[:, 32:].any()
    assert mine.embed([]).shape == (0, EMBEDDING_DIM)
    assert mine.near_copy == base.UNMEASURED
    name, _, version = mine.model.partition("@")
    assert name in {"tiny", "tiny-int8"}
    assert len(version) == 12


def test_a_text_comes_out_the_same_whatever_it_is_beside(model: Path) -> None:
    mine = embedder(f"sentence-transformers:{model}")
    alone = np.vstack([mine.embed([text]) for text in TEXTS])
    np.testing.assert_allclose(mine.embed(TEXTS), alone, atol=1e-5)


def test_what_is_longer_than_the_trained_length_is_cut(exported: Path, model: Path) -> None:
    words = " ".join(["coffee"] * 40)
    for setting in (f"onnx:{exported}", f"sentence-transformers:{model}"):
        long, longer = embedder(setting).embed([words]), embedder(setting).embed([f"{words} dog cat"])
        np.testing.assert_array_equal(long, longer)


def test_other_weights_are_another_model_and_another_place_is_not(tmp_path: Path, model: Path) -> None:
    name = embedder(f"sentence-transformers:{model}").model
    moved = shutil.copytree(model, tmp_path / "elsewhere" / "tiny")
    assert embedder(f"sentence-transformers:{moved}").model == name
    (moved / "README.md").write_text("another page", encoding="utf-8")
    changed = shutil.copytree(moved, tmp_path / "changed" / "tiny")
    config = changed / "1_Pooling" / "config.json"
    config.write_text(config.read_text(encoding="utf-8").replace("mean", "cls"), encoding="utf-8")
    sentence_transformers.load.cache_clear()
    assert embedder(f"sentence-transformers:{moved}").model == name, "pages are no part of a model"
    assert embedder(f"sentence-transformers:{changed}").model != name
    other = tiny(tmp_path / "other" / "tiny", seed=2)
    assert embedder(f"sentence-transformers:{other}").model != name


def test_a_model_of_the_hubs_cache_is_named_by_its_commit(tmp_path: Path, model: Path) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    cache = tmp_path / "hub" / "models--somebody--tiny"
    shutil.copytree(model, cache / "snapshots" / commit)
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text(commit, encoding="ascii")
    script = "from resources.embedders import embedder; print(embedder('sentence-transformers:somebody/tiny').model)"
    said = _python(script, HF_HUB_CACHE=str(tmp_path / "hub"), HF_HUB_OFFLINE="1")
    assert said.stdout.strip() == "somebody/tiny@0123456789ab", said.stderr


def test_offline_without_the_model_names_the_mend(tmp_path: Path) -> None:
    script = "from resources.embedders import embedder; embedder('sentence-transformers:somebody/nothing')"
    said = _python(script, HF_HUB_CACHE=str(tmp_path), HF_HUB_OFFLINE="1").stderr
    assert "PermanentError: ENGINE_EMBEDDER=sentence-transformers:somebody/nothing" in said
    assert "give the folder" in said


def test_an_export_runs_where_there_is_no_torch(exported: Path) -> None:
    script = f"""
import sys
for name in ("torch", "transformers", "sentence_transformers", "onnx", "huggingface_hub"):
    sys.modules[name] = None
from resources.embedders import embedder
print(embedder("onnx:{exported}").embed(["my dog"])[0][:32].tolist())
"""
    said = _python(script)
    np.testing.assert_allclose(
        json.loads(said.stdout), embedder(f"onnx:{exported}").embed(["my dog"])[0][:32], atol=1e-6
    )


class Hungry:
    """Encodes like a model whose device holds a few texts at a time."""

    device = "cpu"
    max_seq_length = 16

    def __init__(self, holds: int, error: Callable[[], Exception]) -> None:
        self.holds, self.error = holds, error
        self.tried: list[int] = []

    def get_embedding_dimension(self) -> int:
        return 4

    def encode(self, texts: Sequence[str], *, batch_size: int, **_: object) -> NDArray[np.float32]:
        self.tried.append(min(batch_size, len(texts)))
        if self.tried[-1] > self.holds:
            raise self.error()
        return np.array([[len(text), 1, 2, 3] for text in texts], np.float32)


def _cuda() -> Exception:
    import torch

    error: Exception = torch.cuda.OutOfMemoryError("tried to allocate more than there is")
    return error


ERRORS: dict[str, Callable[[], Exception]] = {
    "cuda": _cuda,
    "mps": lambda: RuntimeError("MPS backend out of memory (MPS allocated: 5 GB)"),
    "cpu": lambda: RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 9 bytes"),
    "python": MemoryError,
}


@pytest.mark.parametrize("kind", ERRORS)
def test_a_batch_that_does_not_fit_is_halved_until_it_does(kind: str) -> None:
    hungry = Hungry(5, ERRORS[kind])
    mine = SentenceTransformersEmbedder(hungry, "hungry", "1")
    texts = ["x" * (n + 1) for n in range(1500)]
    vectors = mine.embed(texts)
    np.testing.assert_allclose(vectors[:, 0] / vectors[:, 1], np.arange(1500) + 1, rtol=1e-5)
    assert hungry.tried == [32, 16, 8, 4, 4], "and what fitted once is what the next batch begins with"


def test_a_device_that_holds_not_one_text_is_named() -> None:
    with pytest.raises(PermanentError, match="memory of cpu does not hold one text"):
        SentenceTransformersEmbedder(Hungry(0, _cuda), "hungry", "1").embed(["a"])


def test_another_error_of_the_device_is_not_taken_for_want_of_memory() -> None:
    broken = Hungry(0, lambda: RuntimeError("CUDA error: device-side assert triggered"))
    with pytest.raises(RuntimeError, match="device-side assert"):
        SentenceTransformersEmbedder(broken, "broken", "1").embed(["a"])
    assert broken.tried == [1]


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"), [(True, True, "cuda:0"), (False, True, "mps"), (False, False, "cpu")]
)
def test_the_best_device_is_chosen(monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, expected: str) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert sentence_transformers.best_device(torch) == expected


@pytest.mark.parametrize(("free", "expected"), [(80e9, 1000), (1e9, 20), (1, 1)], ids=["roomy", "small", "full"])
def test_a_batch_is_sized_to_the_free_memory_of_a_gpu(
    monkeypatch: pytest.MonkeyPatch, free: float, expected: int
) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (int(free), int(80e9)))
    config = {"hidden_size": 384, "intermediate_size": 1536, "num_attention_heads": 12}
    transformer = type("Module", (), {"auto_model": type("Inner", (), {"config": type("Config", (), config)})})
    loaded: Any = type("Loaded", (list,), {"device": "cuda:0", "max_seq_length": 512})([transformer])
    assert fitting_batch(loaded) == pytest.approx(expected, rel=0.5)


def test_what_takes_long_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(base, "QUIET_SECONDS", 0.0)
    with caplog.at_level(logging.INFO):
        SentenceTransformersEmbedder(Hungry(99, _cuda), "m", "1").embed(["a"] * 2500)
    assert [record.getMessage().partition(",")[0] for record in caplog.records] == [
        "m@1: 1000 of 2500 texts", "m@1: 2000 of 2500 texts", "m@1: 2500 of 2500 texts",
    ]  # fmt: skip


def test_an_export_says_what_it_is(exported: Path) -> None:
    described = onnx.description(exported)
    assert described.licence == "apache-2.0"
    assert described.source.startswith("tiny@")
    assert described.card == "README.md"
    assert {path.name for path in exported.iterdir()} == {"README.md", "embedder.json", "model.onnx", "tokenizer.json"}


def test_a_folder_that_holds_something_is_not_written_to(model: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(PermanentError, match="is not empty"):
        export(str(model), tmp_path)


def test_a_model_of_another_make_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="pools by 'max'"):
        export(str(tiny(tmp_path / "m", pooling="max")), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".out*"))


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_changed_file_of_an_export_is_noticed(exported: Path, tmp_path: Path, name: str) -> None:
    broken = shutil.copytree(exported, tmp_path / "broken")
    (broken / name).write_bytes((broken / name).read_bytes()[:-1])
    with pytest.raises(PermanentError, match="export it again"):
        embedder(f"onnx:{broken}")


@pytest.mark.gpu
@pytest.mark.skipif(
    importlib.util.find_spec("torch") is None or not __import__("torch").cuda.is_available(), reason="no GPU here"
)
def test_a_gpu_gives_what_the_cpu_gives(model: Path) -> None:
    mine = embedder(f"sentence-transformers:{model}")
    assert mine.device == "cuda:0"
    cpu = SentenceTransformersEmbedder(sentence_transformers.loaded_model(str(model), "cpu"), "tiny", "1")
    np.testing.assert_allclose(mine.embed(TEXTS * 300), cpu.embed(TEXTS * 300), atol=1e-3)


def _python(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run in a process of its own."""
    import os

    root = str(Path(base.__file__).parents[2])
    told = {**os.environ, "PYTHONPATH": root, **environment}
    return subprocess.run([sys.executable, "-c", script], env=told, capture_output=True, text=True, check=False)
