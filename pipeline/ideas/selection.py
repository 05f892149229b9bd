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
"""So many times the limit is compared with the record at once."""


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
        bounds: Shape (n,): scores as if nothing like the candidate had ever been made.
        rescored: The scores that count.
        keys: What breaks ties, smallest first.
        traits: What the quotas count.
        vectors: Shape (n, EMBEDDING_DIM).
        nearest: The nearest idea of earlier hours for each vector.
        limit: The most that are kept.
        duplicate: Cosine from which on two are the same idea.
    """
    most = quotas(limit)
    counts = [Counter[object]() for _ in most]
    known: dict[int, Neighbour | None] = {}
    kept: list[int] = []
    duplicates = 0

    def is_open(index: int) -> bool:
        return all(count[trait] < top for count, trait, top in zip(counts, traits[index], most, strict=True))

    waiting = [(-float(bound), keys[index], index) for index, bound in enumerate(bounds)]
    heapq.heapify(waiting)
    while waiting and len(kept) < limit:
        best = heapq.heappop(waiting)
        index = best[-1]
        if not is_open(index):
            continue
        if index not in known:
            batch, aside = [index], []
            while waiting and len(batch) < ROUND * limit:
                if is_open((following := heapq.heappop(waiting))[-1]):
                    (aside.append(following) if following[-1] in known else batch.append(following[-1]))
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
        for count, trait in zip(counts, traits[index], strict=True):
            count[trait] += 1
    return Selection(tuple(kept), tuple(known[index] for index in kept), duplicates)
