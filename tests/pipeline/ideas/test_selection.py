"""Selection asks the record lazily; what it keeps is what asking for everything at once would keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.ideas.selection import DUPLICATE, Neighbour, Traits, quotas, select
from pipeline.models import EMBEDDING_DIM, Vectors


class Near(NamedTuple):
    idea_id: UUID
    phrase: str
    similarity: float


class Case(NamedTuple):
    bounds: NDArray[np.float64]
    drops: NDArray[np.float64]
    keys: list[str]
    traits: list[Traits]
    vectors: Vectors
    near: list[Near | None]
    limit: int


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Few distinct scores, so that ties are common; few directions, so that doubles are; bounds too high."""
    n = draw(st.integers(0, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    bounds = rng.integers(0, 12, n) / 11
    drops = np.round(rng.random(n) * rng.integers(0, 2, n) * bounds, 1).clip(0, bounds)
    vectors = rng.normal(size=(n, EMBEDDING_DIM)).astype(np.float32)
    which = rng.integers(0, max(n, 1), n)
    vectors = vectors[which] / np.linalg.norm(vectors[which], axis=1, keepdims=True)
    earlier = [None if s < 0.2 else Near(UUID(int=i), "p", float(s)) for i, s in enumerate(rng.random(n))]
    near = [earlier[i] for i in which]
    few = draw(st.integers(1, 6))
    traits = [Traits(int(s), f"n{a}", f"f{b}", f"t{c}") for s, a, b, c in rng.integers(0, few, (n, 4))]
    keys = [f"{key:03d}" for key in rng.permutation(n)]
    return Case(bounds, drops, keys, traits, vectors, near, draw(st.integers(1, 12)))


def eager(case: Case) -> tuple[list[int], int]:
    """Everything is asked for, scored and sorted, then taken in order."""
    scores = case.bounds - case.drops
    most = quotas(case.limit)
    counts = [Counter[Any]() for _ in most]
    kept: list[int] = []
    duplicates = 0
    for index in sorted(range(len(scores)), key=lambda i: (-scores[i], case.keys[i])):
        if len(kept) == case.limit:
            break
        if any(count[trait] >= top for count, trait, top in zip(counts, case.traits[index], most, strict=True)):
            continue
        near = case.near[index]
        if (near and near.similarity >= DUPLICATE) or any(
            float(case.vectors[index] @ case.vectors[other]) >= DUPLICATE for other in kept
        ):
            duplicates += 1
            continue
        kept.append(index)
        for count, trait in zip(counts, case.traits[index], strict=True):
            count[trait] += 1
    return kept, duplicates


@given(cases())
@settings(max_examples=150, deadline=None)
def test_lazily_chosen_is_what_an_eager_choice_keeps_best_first(case: Case) -> None:
    asked: list[int] = []

    def rescored(batch: Sequence[int], neighbours: Sequence[Neighbour | None]) -> NDArray[np.float64]:
        asked.extend(batch)
        assert [neighbour and neighbour.similarity for neighbour in neighbours] == [
            (one := case.near[i]) and one.similarity for i in batch
        ]
        return case.bounds[list(batch)] - case.drops[list(batch)]

    by_vector = {row.tobytes(): one for row, one in zip(case.vectors, case.near, strict=True)}
    chosen = select(
        bounds=case.bounds, rescored=rescored, keys=case.keys, traits=case.traits, vectors=case.vectors,
        nearest=lambda vectors: [by_vector[row.tobytes()] for row in vectors], limit=case.limit,
    )  # fmt: skip
    kept, duplicates = eager(case)
    assert list(chosen.kept) == kept
    assert chosen.duplicates == duplicates
    assert chosen.neighbours == tuple(case.near[i] for i in kept)
    scores = (case.bounds - case.drops)[kept]
    assert (np.diff(scores) <= 0).all()
    assert len(asked) == len(set(asked)), "nothing is asked for twice"
