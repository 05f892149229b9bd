"""The same thing seen twice in one batch is one signal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pipeline.models import Counters, Signal


def merge(signals: Iterable[Signal]) -> tuple[Signal, ...]:
    """One signal per content hash and moment, in the order of first sight.

    Counters only grow, so of two sightings at one moment the higher counter is the fresher one. All else comes from
    the first sighting. Sightings at different moments stay apart: they are observations.
    """
    merged: dict[tuple[str, datetime], Signal] = {}
    for signal in signals:
        key = (signal.content_hash, signal.captured_at)
        first = merged.get(key)
        if first is None:
            merged[key] = signal
        elif first.counters != signal.counters:
            merged[key] = first.model_copy(update={"counters": _highest(first.counters, signal.counters)})
    return tuple(merged.values())


def _highest(one: Counters, other: Counters) -> Counters:
    return Counters(
        likes=_max(one.likes, other.likes),
        comments=_max(one.comments, other.comments),
        views=_max(one.views, other.views),
        dislikes=_max(one.dislikes, other.dislikes),
    )


def _max(one: int | None, other: int | None) -> int | None:
    return max((value for value in (one, other) if value is not None), default=None)
