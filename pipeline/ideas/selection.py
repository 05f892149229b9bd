"""Which candidates are kept: the best that differ from what there is and from each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from pipeline.models import Vectors

DUPLICATE = 0.9
"""Cosine from which on two phrases are the same idea; see docs/scoring.md for how it was chosen."""

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
    scores: NDArray[np.float64],
    keys: Sequence[str],
    traits: Sequence[Traits],
    vectors: Vectors,
    nearest: Nearest,
    limit: int,
) -> Selection:
    """Best score first, within the quotas, leaving out what is too near to an earlier idea or to a better one.

    Args:
        scores: Shape (n,).
        keys: What breaks ties, smallest first.
        traits: What the quotas count.
        vectors: Shape (n, EMBEDDING_DIM).
        nearest: The nearest idea of earlier hours for each vector.
        limit: The most that are kept.
    """
    most = quotas(limit)
    counts = [Counter[object]() for _ in most]
    kept: list[int] = []
    neighbours: list[Neighbour | None] = []
    duplicates = 0

    def open_to(index: int) -> bool:
        return all(count[trait] < top for count, trait, top in zip(counts, traits[index], most, strict=True))

    waiting = sorted(range(len(scores)), key=lambda index: (-scores[index], keys[index]))
    while waiting and len(kept) < limit:
        waiting = [index for index in waiting if open_to(index)]
        batch, waiting = waiting[: ROUND * limit], waiting[ROUND * limit :]
        for index, neighbour in zip(batch, nearest(vectors[batch]), strict=True):
            if len(kept) == limit or not open_to(index):
                continue
            known = neighbour is not None and neighbour.similarity >= DUPLICATE
            if known or (kept and float((vectors[kept] @ vectors[index]).max()) >= DUPLICATE):
                duplicates += 1
                continue
            kept.append(index)
            neighbours.append(neighbour)
            for count, trait in zip(counts, traits[index], strict=True):
                count[trait] += 1
    return Selection(tuple(kept), tuple(neighbours), duplicates)
