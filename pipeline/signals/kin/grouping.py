"""Texts to topics: in the order of their first sighting, each joins the topic that it is most alike, or leads its own.

A text is compared with the *first* text of a topic, never with those that joined it, so that no chain of weak links
ties what has nothing to do with each other: every member is, at the threshold, the same thing as the first. Its
likeness is that probability. What a text joins depends on nothing but the texts before it within WINDOW.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import numpy as np

from pipeline.models import fold
from pipeline.signals.kin.bags import Floats, Rows
from pipeline.signals.kin.blocking import candidates
from pipeline.signals.kin.marks import apart, marks, turned
from pipeline.signals.kin.model import THRESHOLD
from pipeline.signals.kin.pairs import Embed, probabilities

WINDOW = timedelta(hours=48)
"""How long after its first sighting a text can still be joined by others."""


class Sighted(NamedTuple):
    """Words, and the first signal that had them."""

    id: UUID
    content: str
    at: datetime


class Membership(NamedTuple):
    """Which topic a text belongs to, by the id of its first signal, and how likely."""

    topic: UUID
    likeness: float


def settle(leaders: Sequence[Sighted], texts: Sequence[Sighted], embed: Embed) -> Mapping[UUID, Membership]:
    """The topic of each text.

    Args:
        leaders: The first texts of the topics of the WINDOW before; all earlier than `texts`.
        texts: Distinct when folded, in any order.
        embed: Texts → unit vectors, of the model EMBEDDER.
    """
    ordered = [*sorted(leaders, key=_order), *sorted(texts, key=_order)]
    alike: dict[int, list[tuple[float, int]]] = {}
    for row, other, p in zip(*(column.tolist() for column in links(ordered, len(texts), embed)), strict=True):
        if p >= THRESHOLD:
            alike.setdefault(row, []).append((-p, other))

    joined: dict[int, Membership] = {}
    for row in range(len(leaders), len(ordered)):
        # The most alike; among equals the earliest.
        best = min((pair for pair in alike.get(row, ()) if pair[1] not in joined), default=None)
        if best is not None:
            joined[row] = Membership(ordered[best[1]].id, -best[0])
    return {
        ordered[row].id: joined.get(row, Membership(ordered[row].id, 1.0)) for row in range(len(leaders), len(ordered))
    }


def links(ordered: Sequence[Sighted], fresh: int, embed: Embed) -> tuple[Rows, Rows, Floats]:
    """Pairs (later, earlier, probability) within WINDOW that nothing sets apart; later is one of the last `fresh`."""
    content = [text.content for text in ordered]
    later, earlier = candidates(content, fresh)
    moment = np.array([text.at.timestamp() for text in ordered])
    near = moment[later] - moment[earlier] <= WINDOW.total_seconds()
    later, earlier = later[near], earlier[near]
    met = np.unique(np.concatenate([later, earlier])).tolist()
    told, words = {row: marks(content[row]) for row in met}, {row: fold(content[row]) for row in met}
    may = np.array(
        [
            not apart(told[i], told[k]) and not turned(words[i], words[k])
            for i, k in zip(later.tolist(), earlier.tolist(), strict=True)
        ],
        bool,
    )
    return later[may], earlier[may], probabilities(content, later[may], earlier[may], embed)


def _order(text: Sighted) -> tuple[datetime, UUID]:
    return text.at, text.id
