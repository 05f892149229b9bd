"""The record as it was at the end of an hour, and what became of its signals afterwards.

What belongs here: what a score of a past hour may know, and the one way to ask for it. What does not: what is made of
it (`pipeline.ideas`), and how outcomes are measured (`pipeline.feedback`).

What counts is when a thing was captured, not when it was recorded: an hour that is recorded late is part of the past
that it tells of. That nothing later gets in rests on how each table is written:

- `signals`: the row tells of the first sighting, so it says nothing of a later one; its topic comes from what was seen
  before it.
- `signal_observations`: one row a sighting, and only those before the hour's end are read.
- `ideas`: the earliest hour that brought an idea counts, even where a later one was recorded first.
- `scoring_weights`: the night of a day adopts weights for the hours from RULES_AFTER on (`weights.py`).
- `niche_embeddings`: what each day learned is kept, and the day before the hour counts.
- `source_health`, from which a source's confidence comes, has a row for each hour, and only those up to the hour are
  read (`resources.sources.listening.confidences`).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cached_property
from typing import LiteralString
from uuid import UUID

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.models import Weights
from pipeline.scoring.communities import Community
from resources.store.frames import frame
from resources.store.ideas import Ideas
from resources.store.neighbours import Earlier
from resources.store.niches import Niches
from resources.store.signals import HISTORY_SCHEMA, Signals
from resources.store.staging import Connection
from resources.store.weights import ScoringWeights

RECENT = timedelta(days=7)
"""Of ideas: those that the centroids are the mean of."""

FOLLOWED: LiteralString = """
SELECT s.id::text, s.source, s.published_at, o.captured_at, o.likes, o.comments, o.views, o.dislikes
FROM signal_observations o JOIN signals s ON s.id = o.signal_id
WHERE o.signal_id = ANY(%(ids)s) AND o.captured_at > %(after)s AND o.captured_at < %(before)s
ORDER BY s.id, o.captured_at
"""


class AsOf:
    """What was known at the end of an hour; read when it is first asked for, inside the transaction."""

    def __init__(self, connection: Connection, hour: datetime) -> None:
        self.hour = hour
        self._signals, self._ideas = Signals(connection), Ideas(connection)
        self._weights, self._niches = ScoringWeights(connection), Niches(connection)

    @cached_property
    def signals(self) -> pl.DataFrame:
        """The signals seen in the hour, each with its latest observation there; columns of `HOUR_SCHEMA`."""
        return self._signals.hour(self.hour)

    @cached_property
    def history(self) -> pl.DataFrame:
        """All observations of the 7 days before the hour and of the hour itself; columns of `HISTORY_SCHEMA`."""
        return self._signals.history(self.hour)

    @cached_property
    def weights(self) -> Weights:
        """The weights that ruled the hour."""
        return self._weights.as_of(self.hour)

    def earlier(self, model: str) -> Earlier:
        """The ideas of earlier hours, as `Ideas.earlier`."""
        return self._ideas.earlier(model, self.hour)

    def centroids(self, model: str) -> dict[str, NDArray[np.float32]]:
        """Niche → mean vector of its ideas of the RECENT time before the hour, as `Ideas.centroids`."""
        return self._ideas.centroids(model, self.hour - RECENT, self.hour)

    def communities(self, model: str) -> dict[str, Community]:
        """Niche → what it had been learned to be by the end of the day before, as `Niches.learned`."""
        return self._niches.learned(model, self.hour.date())

    def centroid_ideas(self, model: str) -> dict[str, int]:
        """Niche → how many ideas its centroid is the mean of, as `Ideas.centroid_ideas`."""
        return self._ideas.centroid_ideas(model, self.hour - RECENT, self.hour)


class TrendStore:
    """The past, hour by hour."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def as_of(self, hour: datetime) -> AsOf:
        """What was known at the end of the hour.

        Args:
            hour: the start of a UTC hour.
        """
        return AsOf(self._connection, hour)

    def followed(self, signals: Collection[str], after: datetime, before: datetime) -> pl.DataFrame:
        """The observations of these signals between the two moments, by signal and time; columns of `HISTORY_SCHEMA`.

        Args:
            signals: ids as text.
            after: exclusive.
            before: exclusive.
        """
        values = {"ids": [UUID(id_) for id_ in signals], "after": after, "before": before}
        return frame(self._connection, FOLLOWED, values, HISTORY_SCHEMA)
