"""Which candidates are kept: the best that differ from what there is and from each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from pipeline.models import Vectors

DUPLICATE = 0.9
"""Cosine from which on two phrases are the same idea to the default embedder (docs/scoring.md says why); other models
spread their cosines differently."""

ROUND = 2
"""At once so many times are compared with the record as the limit and the quotas would let in, ..."""

AHEAD = 16
"""... of which no more than so many times the limit are passed over: what comes then is hardly ever kept."""

Floats = NDArray[np.float64]


class Neighbour(NamedTuple):
    """An earlier idea near to a vector."""

    idea_id: UUID
    phrase: str
    similarity: float
    """Cosine, −1 … 1."""
    vector: NDArray[np.float32]
    """The idea's own, shape (EMBEDDING_DIM,)."""


Nearest = Callable[[Vectors], Sequence[Neighbour | None]]

Scores = Callable[[Floats], Floats]
"""From each candidate's cosine with its nearest earlier idea, NaN where there is none, to its score: the nearer, the
lower."""


class Traits(NamedTuple):
    """What the hour must not have too much of."""

    signal: int
    niche: str
    format: str
    template: str


class Quotas(NamedTuple):
    """The most that may share each trait."""

    signal: int
    niche: int
    format: int
    template: int


class Selection(NamedTuple):
    """What was kept, best first, and what was left out for being too near to something."""

    kept: tuple[int, ...]
    neighbours: tuple[Neighbour | None, ...]
    duplicates: int


def quotas(limit: int) -> Quotas:
    """The most of `limit` ideas that may share a signal (8 %), a niche (7 %), a format (10 %) or a template (3 %)."""
    return Quotas(max(2, limit // 12), max(2, limit // 15), max(3, limit // 10), max(1, limit // 30))


class _Tally:
    """How many there are of each trait, and whether there is room for more."""

    def __init__(self, most: Quotas, those: Sequence[Traits] = ()) -> None:
        self._most = most
        self._counts = [Counter[object]() for _ in most]
        self.total = 0
        for traits in those:
            self.add(traits)

    def has_room(self, traits: Traits) -> bool:
        return all(count[trait] < top for count, trait, top in zip(self._counts, traits, self._most, strict=True))

    def add(self, traits: Traits) -> None:
        self.total += 1
        for count, trait in zip(self._counts, traits, strict=True):
            count[trait] += 1


class _Known:
    """What is known of each candidate's nearest earlier idea.

    What was found for one candidate is an earlier idea to all: the nearest of none is farther than that.
    """

    def __init__(self, vectors: Vectors, at_least: Floats) -> None:
        self._vectors = vectors
        self._at_least = at_least
        self._found: list[Neighbour] = []
        self._which = np.zeros(len(vectors), np.int64)
        self._cosines = np.full(len(vectors), np.nan)
        self.asked = np.zeros(len(vectors), np.bool_)

    def add(self, batch: Sequence[int], neighbours: Sequence[Neighbour | None]) -> None:
        self.asked[batch] = True
        if found := [neighbour for neighbour in neighbours if neighbour]:
            cosines = self._vectors @ np.stack([neighbour.vector for neighbour in found]).T
            which = cosines.argmax(axis=1)
            nearest = cosines[np.arange(len(which)), which]
            nearer = ~(nearest <= self._cosines)
            self._which[nearer], self._cosines[nearer] = which[nearer] + len(self._found), nearest[nearer]
            self._found += found

    def cosines(self) -> Floats:
        """With the nearest, or what that is at least as long as the record was not asked."""
        return np.where(self.asked, self._cosines, np.fmax(self._cosines, self._at_least))

    def neighbour(self, index: int) -> Neighbour | None:
        cosine = float(self._cosines[index])
        return None if np.isnan(cosine) else self._found[self._which[index]]._replace(similarity=cosine)


def select(
    *,
    at_least: Floats,
    scores: Scores,
    keys: Sequence[str],
    traits: Sequence[Traits],
    vectors: Vectors,
    nearest: Nearest,
    limit: int,
    duplicate: float = DUPLICATE,
) -> Selection:
    """Best score first, within the quotas, leaving out what is too near to an earlier idea or to a better one.

    The record is only asked for the neighbours of candidates that can still be among the best: as no score is above
    its bound, one that is at least the highest bound left is the highest score left.

    Args:
        at_least: Shape (n,): what the cosine with the nearest earlier idea is at least; NaN where nothing is known.
        scores: The scores that count.
        keys: What breaks ties, smallest first.
        traits: What the quotas count.
        vectors: Shape (n, EMBEDDING_DIM).
        nearest: The nearest idea of earlier hours for each vector.
        limit: The most that are kept.
        duplicate: Cosine from which on two are the same idea.
    """
    known = _Known(vectors, at_least)
    chosen = _Choice(known, traits, vectors, limit, duplicate)
    ranks = np.argsort(np.argsort(keys, kind="stable"))
    left = np.arange(len(keys))
    while True:
        bounds = scores(known.cosines())[left]
        left = left[np.lexsort((ranks[left], -bounds))]
        left = left[chosen.decide(left.tolist()) :]
        if len(chosen.kept) == limit or not (batch := chosen.likely(left.tolist())):
            return Selection(tuple(chosen.kept), tuple(chosen.neighbours), chosen.duplicates)
        known.add(batch, nearest(vectors[batch]))


class _Choice:
    """What is kept so far, and what of the rest is worth to be asked about."""

    def __init__(self, known: _Known, traits: Sequence[Traits], vectors: Vectors, limit: int, duplicate: float) -> None:
        self._known, self._traits, self._vectors = known, traits, vectors
        self._limit, self._duplicate, self._most = limit, duplicate, quotas(limit)
        self._kept_of = _Tally(self._most)
        self.kept: list[int] = []
        self.neighbours: list[Neighbour | None] = []
        self.duplicates = 0

    def decide(self, order: Sequence[int]) -> int:
        """Keep or leave out those before the first that has to be asked about. Returns how many those are."""
        for place, index in enumerate(order):
            if len(self.kept) == self._limit:
                return place
            if self._kept_of.has_room(self._traits[index]):
                if not self._known.asked[index]:
                    return place
                self._keep_unless_near(index)
        return len(order)

    def _keep_unless_near(self, index: int) -> None:
        neighbour = self._known.neighbour(index)
        near = neighbour is not None and neighbour.similarity >= self._duplicate
        if near or (self.kept and float((self._vectors[self.kept] @ self._vectors[index]).max()) >= self._duplicate):
            self.duplicates += 1
            return
        self.kept.append(index)
        self.neighbours.append(neighbour)
        self._kept_of.add(self._traits[index])

    def likely(self, order: Sequence[int]) -> list[int]:
        """Those to be asked about next: the first that the quotas, so many times as wide, have room for."""
        wide = _Tally(Quotas(*(ROUND * top for top in self._most)), [self._traits[i] for i in self.kept])
        batch: list[int] = []
        aside = 0
        for index in order:
            if wide.total >= ROUND * self._limit or aside == AHEAD * self._limit:
                break
            if not self._kept_of.has_room(self._traits[index]):
                continue
            if room := wide.has_room(self._traits[index]):
                wide.add(self._traits[index])
            if room and not self._known.asked[index]:
                batch.append(index)
            else:
                aside += 1
        return batch
