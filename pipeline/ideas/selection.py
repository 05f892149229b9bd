"""Which candidates are kept: the best that differ from what there is and from each other."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from pipeline.models import Vectors

DUPLICATE = 0.9
"""Cosine from which on two phrases are the same idea to the default embedder (docs/scoring.md says why); other models
spread their cosines differently."""

ROUND = 4
"""At once so many times are compared with the record as the limit and the quotas would let in, ..."""

AHEAD = 16
"""... of which no more than so many times the limit are passed over: what comes then is hardly ever kept."""


class Neighbour(Protocol):
    """An earlier idea near to a vector."""

    @property
    def idea_id(self) -> UUID:
        """Its id."""
        ...

    @property
    def phrase(self) -> str:
        """Its words."""
        ...

    @property
    def similarity(self) -> float:
        """Its cosine with the vector."""
        ...


Nearest = Callable[[Vectors], Sequence[Neighbour | None]]

Rescored = Callable[[Sequence[int], Sequence[Neighbour | None]], NDArray[np.float64]]
"""Scores of candidates, by index, once their nearest earlier idea is known: none higher than before."""


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


def select(
    *,
    bounds: NDArray[np.float64],
    rescored: Rescored,
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
        bounds: Shape (n,): what each score is at most.
        rescored: The scores that count.
        keys: What breaks ties, smallest first.
        traits: What the quotas count.
        vectors: Shape (n, EMBEDDING_DIM).
        nearest: The nearest idea of earlier hours for each vector.
        limit: The most that are kept.
        duplicate: Cosine from which on two are the same idea.
    """
    most = quotas(limit)
    kept_of, wide = _Tally(most), Quotas(*(ROUND * top for top in most))
    known: dict[int, Neighbour | None] = {}
    kept: list[int] = []
    duplicates = 0
    waiting = [(-float(bound), keys[index], index) for index, bound in enumerate(bounds)]
    heapq.heapify(waiting)
    while waiting and len(kept) < limit:
        best = heapq.heappop(waiting)
        index = best[-1]
        if not kept_of.has_room(traits[index]):
            continue
        if index not in known:
            batch: list[int] = [index]
            aside: list[tuple[float, str, int]] = []
            likely = _Tally(wide, [*(traits[i] for i in kept), traits[index]])
            while waiting and likely.total < ROUND * limit and len(aside) < AHEAD * limit:
                following = heapq.heappop(waiting)
                other = following[-1]
                if not kept_of.has_room(traits[other]):
                    continue
                if room := likely.has_room(traits[other]):
                    likely.add(traits[other])
                (batch.append(other) if room and other not in known else aside.append(following))
            neighbours = nearest(vectors[batch])
            known |= zip(batch, neighbours, strict=True)
            scores = rescored(batch, neighbours)
            aside += [(-float(score), keys[i], i) for i, score in zip(batch, scores, strict=True)]
            for one in aside:
                heapq.heappush(waiting, one)
            continue
        neighbour = known[index]
        near = neighbour is not None and neighbour.similarity >= duplicate
        if near or (kept and float((vectors[kept] @ vectors[index]).max()) >= duplicate):
            duplicates += 1
            continue
        kept.append(index)
        kept_of.add(traits[index])
    return Selection(tuple(kept), tuple(known[index] for index in kept), duplicates)
