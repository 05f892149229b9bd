"""Embedders: every family answers in the one shape, and a wrong setting is named with its mend."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.models import EMBEDDING_DIM
from resources.embedders import embedder, onnx
from resources.embedders.sentence_transformers import SentenceTransformersEmbedder
from resources.errors import PermanentError


def test_wordllama_gives_padded_unit_float32_rows() -> None:
    embed = embedder("wordllama")
    vectors = embed.embed(["Powered by tomatoes", "a cup of coffee", "🎃"])
    assert vectors.shape == (3, EMBEDDING_DIM)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    assert not vectors[:, 256:].any()
    assert embed.model.startswith("wordllama")
    assert "@0." in embed.model


def test_wordllama_puts_like_beside_like_and_repeats_itself() -> None:
    embed = embedder("wordllama").embed
    dog, puppy, tax = embed(["my dog", "a cute puppy", "corporate tax accounting"])
    assert dog @ puppy > dog @ tax
    np.testing.assert_array_equal(embed(["my dog"])[0], embed(["my dog", "other"])[0])


def test_no_texts_give_no_rows() -> None:
    assert embedder("wordllama").embed([]).shape == (0, EMBEDDING_DIM)


@pytest.mark.parametrize("blank", ["", "  \n"])
def test_a_blank_text_gives_a_zero_row_and_leaves_the_others_alone(blank: str) -> None:
    vectors = embedder("wordllama").embed(["fine", blank])
    assert not vectors[1].any()
    assert np.linalg.norm(vectors[0]) == pytest.approx(1, rel=1e-5)


@pytest.mark.parametrize("setting", ["word2vec", "", "openai:ada"])
def test_an_unknown_family_is_refused_with_the_known_ones(setting: str) -> None:
    with pytest.raises(PermanentError, match=r"ENGINE_EMBEDDER=.*wordllama, sentence-transformers"):
        embedder(setting)


def test_wordllama_has_no_other_model() -> None:
    with pytest.raises(PermanentError, match="wordllama alone"):
        embedder("wordllama:512")


def test_sentence_transformers_wants_a_model_id() -> None:
    with pytest.raises(PermanentError, match="sentence-transformers:<model id or folder>"):
        embedder("sentence-transformers")


@pytest.mark.parametrize(
    ("setting", "said"),
    [("onnx", "names no folder"), ("onnx:/no/such/folder", r"holds no embedder\.json.*engine embedder export")],
)
def test_onnx_wants_an_exported_folder(setting: str, said: str) -> None:
    with pytest.raises(PermanentError, match=said):
        embedder(setting)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"name": "a b"}', '{"dimensions": 5000}'])
def test_a_description_that_is_not_one_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "embedder.json").write_text(text, encoding="utf-8")
    with pytest.raises(PermanentError, match="is not readable"):
        embedder(f"onnx:{tmp_path}")


@pytest.mark.parametrize(
    ("quota", "share"), [("max 100000", 8), ("200000 100000", 2), ("50000 100000", 1), ("1600000 100000", 8)]
)
def test_threads_are_this_processs_share(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, quota: str, share: int
) -> None:
    (tmp_path / "cpu.max").write_text(f"{quota}\n", encoding="ascii")
    monkeypatch.setattr(onnx, "CPU_MAX", tmp_path / "cpu.max")
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert onnx.cpu_share() == share


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(PermanentError, match=r"\.\[transformers\]"):
        embedder("sentence-transformers:no-extra-here")


class Loaded:
    """What the wrapper needs of a loaded model, of any length."""

    device = "cpu"

    def __init__(self, dim: int) -> None:
        self.dim = dim

    def get_embedding_dimension(self) -> int:
        return self.dim

    def encode(self, texts: Sequence[str], **_: object) -> NDArray[np.float32]:
        return np.full((len(texts), self.dim), 3, np.float32)


def test_a_model_that_is_too_long_is_refused() -> None:
    with pytest.raises(PermanentError, match="1024 dimensions"):
        SentenceTransformersEmbedder(Loaded(1024), "big", "6.2")


def test_a_shorter_model_is_padded() -> None:
    vectors = SentenceTransformersEmbedder(Loaded(384), "small", "6.2").embed(["a", "b"])
    assert vectors.shape == (2, EMBEDDING_DIM)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    assert not vectors[:, 384:].any()


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("sentence_transformers") is None, reason="extra `transformers` is not installed"
)
def test_a_sentence_transformers_model_from_a_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import modules as models

    folder = tmp_path_factory.mktemp("model")
    words = models.WordEmbeddings(
        tokenizer=models.tokenizer.WhitespaceTokenizer(vocab=["dog", "cat"], stop_words=[]),
        embedding_weights=np.eye(2, 8),
    )
    SentenceTransformer(modules=[words, models.Pooling(8)]).save(str(folder))
    vectors = embedder(f"sentence-transformers:{folder}").embed(["dog", "cat"])
    assert vectors.shape == (2, EMBEDDING_DIM)
    assert abs(float(vectors[0] @ vectors[1])) < 1e-6
