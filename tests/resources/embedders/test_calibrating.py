"""The near-copy threshold: equal rates of false positives, kept beside the model it was measured for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.ideas.selection import DUPLICATE
from pipeline.models import Vectors
from resources.embedders import embedder
from resources.embedders.base import UNMEASURED, NearCopy, padded
from resources.embedders.calibrating import FEWEST, calibrated, equal_rate, read_pairs
from resources.embedders.folders import NEAR_COPY, keep_near_copy, near_copy
from resources.errors import PermanentError


@given(arrays(np.float64, st.integers(1, 200), elements=st.floats(-1, 0.998)), st.floats(0, 1))
def test_no_more_than_the_rate_pass_and_a_thousandth_lower_would_be_too_many(
    different: np.ndarray[tuple[int], np.dtype[np.float64]], rate: float
) -> None:
    found = equal_rate(different, rate)
    allowed = int(rate * len(different))
    assert 0.001 <= found <= 1
    assert (different >= found).sum() <= max(allowed, (different >= 1).sum())
    if 0.002 < found < 1:
        assert (different >= found - 0.002).sum() > allowed


class Wide:
    """A model of two dimensions whose cosines are those of a pair's number, stretched."""

    device = "cpu"

    def __init__(self, stretch: float, near: float = 0.9) -> None:
        self.model, self.stretch = f"wide@{stretch}", stretch
        self.near_copy = NearCopy(near, "here")

    def embed(self, texts: Sequence[str]) -> Vectors:
        cosines = np.array([float(text.split()[1]) ** self.stretch if " " in text else 1.0 for text in texts])
        return padded(np.column_stack([cosines, np.sqrt(1 - cosines**2)]).astype(np.float32))


def pairs(folder: Path, name: str, rows: int = 1000) -> Path:
    """Labelled pairs, the different ones with cosines 0 … 1 of the unstretched model, the same from 0.8 on."""
    same = [("base", f"s {0.8 + 0.2 * n / rows}", 1) for n in range(rows)]
    different = [("base", f"d {n / rows}", 0) for n in range(rows)]
    exact = [("Just THE same!", "just the same", 1)] * 50
    frame = pl.DataFrame([*same, *different, *exact], schema=["title_a", "title_b", "label"], orient="row")
    path = folder / name
    frame.write_parquet(path) if name.endswith("parquet") else frame.write_csv(path)
    return path


@pytest.mark.parametrize("name", ["pairs.csv", "pairs.parquet"])
def test_another_spread_of_cosines_gets_the_threshold_that_does_the_same(tmp_path: Path, name: str) -> None:
    found = calibrated(Wide(2), Wide(1), read_pairs(pairs(tmp_path, name)))
    assert found.cosine == pytest.approx(0.9**2, abs=0.002)
    assert found.false_positive_rate == pytest.approx(0.1, abs=0.002)
    assert found.recall == pytest.approx(0.5, abs=0.005)
    assert (found.different, found.same) == (1000, 1000), "the same words are no pair to learn from"
    assert found.against == "wide@1 at 0.9"


def test_a_threshold_is_kept_for_the_version_it_was_measured_for(tmp_path: Path) -> None:
    assert near_copy(tmp_path, "2") == UNMEASURED
    assert UNMEASURED.cosine == DUPLICATE == embedder("wordllama").near_copy.cosine
    keep_near_copy(tmp_path, calibrated(Wide(2), Wide(1), read_pairs(pairs(tmp_path, "pairs.csv"))))
    found = near_copy(tmp_path, "2")
    assert found.cosine == pytest.approx(0.81, abs=0.002)
    assert found.measured is not None
    assert "1,000 different pairs" in found.measured
    assert near_copy(tmp_path, "3") == UNMEASURED, "other weights have other cosines"


@pytest.mark.parametrize("text", ["", "{}", json.dumps({"cosine": 2})])
def test_a_file_that_is_no_threshold_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / NEAR_COPY).write_text(text, encoding="utf-8")
    with pytest.raises(PermanentError, match=r"near_copy\.json is not what `engine embedder calibrate` writes"):
        near_copy(tmp_path, "1")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title_a,title_b\na,b\n", "no CSV or Parquet file with"),
        ("title_a,title_b,label\na,b,yes\n", "no CSV or Parquet file with"),
        ("title_a,title_b,label\na,b,2\n", "label is 1"),
        ("title_a,title_b,label\na,b,1\n", f"it takes {FEWEST} of each"),
    ],
    ids=["column", "word", "number", "few"],
)
def test_pairs_that_cannot_be_used_are_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "pairs.csv").write_text(text, encoding="utf-8")
    with pytest.raises(PermanentError, match=said):
        read_pairs(tmp_path / "pairs.csv")
    with pytest.raises(PermanentError, match="no CSV or Parquet"):
        read_pairs(tmp_path / "absent.parquet")
