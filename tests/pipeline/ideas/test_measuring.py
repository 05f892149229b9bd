"""What is measured of candidates."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ideas.measuring import nearest_at_least


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 4), st.booleans())
def test_no_idea_is_farther_than_the_bound_says(seed: int, ideas: int, niches: int, copied: bool) -> None:
    rng = np.random.default_rng(seed)
    earlier, vectors = (rng.normal(size=(n, 8)).astype(np.float32) for n in (ideas, 5))
    earlier, vectors = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (earlier, vectors))
    if copied:
        vectors[0] = earlier[0]
    groups = rng.integers(0, niches, ideas)
    means = {str(niche): earlier[groups == niche].mean(axis=0) for niche in range(niches) if (groups == niche).any()}

    bound = nearest_at_least(vectors, means)

    assert (bound <= (vectors @ earlier.T).max(axis=1) + 1e-6).all()
    if ideas == 1:
        assert np.allclose(bound, (vectors @ earlier.T)[:, 0]), "one idea is its own mean"


def test_without_earlier_ideas_nothing_bounds() -> None:
    assert np.isnan(nearest_at_least(np.eye(3, dtype=np.float32), {})).all()
