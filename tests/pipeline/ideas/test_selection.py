"""Selection asks the record lazily; what it keeps is what asking for everything at once would keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ideas.selection import DUPLICATE, Floats, Neighbour, Traits, quotas, select
from pipeline.models import EMBEDDING_DIM, Vectors


class Case(NamedTuple):
    worth: Floats
    """What each scores where there is nothing like it."""
    at_least: Floats
    keys: list[str]
    traits: list[Traits]
    vectors: Vectors
    earlier: Vectors
    limit: int

    def scores(self, cosines: Floats) -> Floats:
        """The nearer, the lower; from −1 on, where nothing is known, not at all."""
        return self.worth - 0.25 * (1 + np.nan_to_num(cosines, nan=-1))

    def true(self) -> Floats:
        """The cosine of each with its nearest earlier idea."""
        if not len(self.earlier):
            return np.full(len(self.vectors), np.nan)
        return np.asarray((self.vectors @ self.earlier.T).max(axis=1), np.float64)


def directions(rng: np.random.Generator, rows: int) -> Vectors:
    """Unit vectors whose cosines are quarters to the last bit: half a unit, or minus, along four of eight axes."""
    found = np.zeros((rows, EMBEDDING_DIM), np.float32)
    for row in found:
        row[rng.choice(8, 4, replace=False)] = rng.choice([-0.5, 0.5], 4, p=[0.1, 0.9])
    return found


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Few distinct scores, so that ties are common; few directions, so that doubles are; bounds too high."""
    n, m = draw(st.integers(0, 60)), draw(st.integers(0, 30))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    vectors, earlier = directions(rng, n), directions(rng, m)
    few = draw(st.integers(1, 6))
    traits = [Traits(int(s), f"n{a}", f"f{b}", f"t{c}") for s, a, b, c in rng.integers(0, few, (n, 4))]
    keys = [f"{key:03d}" for key in rng.permutation(n)]
    case = Case(rng.integers(0, 9, n) / 8, np.zeros(0), keys, traits, vectors, earlier, draw(st.integers(1, 12)))
    known = case.true() - rng.integers(0, 8, n) / 8
    return case._replace(at_least=np.where(rng.random(n) < 0.2, np.nan, known))


def eager(case: Case) -> tuple[list[int], int]:
    """Everything is asked for, scored and sorted, then taken in order."""
    nearest, scores = case.true(), case.scores(case.true())
    most = quotas(case.limit)
    counts = [Counter[Any]() for _ in most]
    kept: list[int] = []
    duplicates = 0
    for index in sorted(range(len(scores)), key=lambda i: (-scores[i], case.keys[i])):
        if len(kept) == case.limit:
            break
        if any(count[trait] >= top for count, trait, top in zip(counts, case.traits[index], most, strict=True)):
            continue
        if nearest[index] >= DUPLICATE or any(
            float(case.vectors[index] @ case.vectors[other]) >= DUPLICATE for other in kept
        ):
            duplicates += 1
            continue
        kept.append(index)
        for count, trait in zip(counts, case.traits[index], strict=True):
            count[trait] += 1
    return kept, duplicates


class Record:
    """Earlier ideas, and what was asked of them."""

    def __init__(self, earlier: Vectors) -> None:
        self.earlier = earlier
        self.asked: list[bytes] = []

    def nearest(self, vectors: Vectors) -> Sequence[Neighbour | None]:
        self.asked += [row.tobytes() for row in vectors]
        if not len(self.earlier):
            return [None] * len(vectors)
        return [self.neighbour(int(row.argmax()), float(row.max())) for row in vectors @ self.earlier.T]

    def neighbour(self, which: int, similarity: float) -> Neighbour:
        return Neighbour(UUID(int=which), f"idea {which}", similarity, self.earlier[which])


@given(cases())
@settings(max_examples=300, deadline=None)
def test_lazily_chosen_is_what_an_eager_choice_keeps_best_first(case: Case) -> None:
    record = Record(case.earlier)
    chosen = select(
        at_least=case.at_least, scores=case.scores, keys=case.keys, traits=case.traits, vectors=case.vectors,
        nearest=record.nearest, limit=case.limit,
    )  # fmt: skip
    kept, duplicates = eager(case)
    assert list(chosen.kept) == kept
    assert chosen.duplicates == duplicates
    truth = case.true()
    for index, near in zip(chosen.kept, chosen.neighbours, strict=True):
        if near is None:
            assert not len(case.earlier)
        else:
            assert near.similarity == truth[index] == float(near.vector @ case.vectors[index])
            assert near.phrase == f"idea {near.idea_id.int}"
    assert (np.diff(case.scores(truth)[kept]) <= 0).all()
    there = Counter(row.tobytes() for row in case.vectors)
    assert Counter(record.asked) <= there, "nothing is asked for twice"


def apart(count: int) -> Vectors:
    """Unit vectors that have nothing in common."""
    return np.eye(count, EMBEDDING_DIM, dtype=np.float32)


def traits(count: int) -> list[Traits]:
    return [Traits(n, f"n{n}", f"f{n}", f"t{n}") for n in range(count)]


def test_what_was_found_for_one_is_known_of_all() -> None:
    """Two say the same as an earlier idea; the record finds it for one of them only, and another for the other."""
    record = Record(apart(2))
    vectors = apart(3)[[0, 0, 2]]

    def nearest(vectors: Vectors) -> list[Neighbour | None]:
        return [record.neighbour(int(place > 0), float(place == 0)) for place in range(len(vectors))]

    chosen = select(
        at_least=np.full(3, np.nan), scores=lambda cosines: 1 - 0.1 * np.nan_to_num(cosines), keys=["a", "b", "c"],
        traits=traits(3), vectors=vectors, nearest=nearest, limit=3,
    )  # fmt: skip
    assert chosen.kept == (2,)
    assert chosen.duplicates == 2


def test_what_lies_near_to_something_found_is_hardly_asked_about() -> None:
    """Of each of 50 topics there are 20 candidates and an earlier idea near to all; nothing is like the last 10."""
    topics, each, others = 50, 20, 10
    earlier = apart(topics)
    noise = np.random.default_rng(1).normal(size=(topics * each, EMBEDDING_DIM)).astype(np.float32)
    around = np.tile(earlier, (each, 1)) + 0.3 * noise / np.linalg.norm(noise, axis=1, keepdims=True)
    around /= np.linalg.norm(around, axis=1, keepdims=True)
    vectors = np.vstack([around, apart(topics + others)[topics:]])
    worth = np.append(np.linspace(1, 0.9, topics * each), np.full(others, 0.7))
    record = Record(earlier)
    chosen = select(
        at_least=np.full(len(vectors), np.nan), scores=lambda cosines: worth - 0.5 * np.nan_to_num(cosines),
        keys=[f"{n:04d}" for n in range(len(vectors))], traits=traits(len(vectors)), vectors=vectors,
        nearest=record.nearest, limit=others,
    )  # fmt: skip
    assert sorted(chosen.kept) == list(range(topics * each, topics * each + others))
    assert len(record.asked) < len(vectors) / 4
