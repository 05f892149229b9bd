"""Which ideas have vectors of another model, and their new ones.

What belongs here: rows and their order. What does not: how a text becomes a vector, and how often this is done
(`jobs.reembedding`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString, NamedTuple, Self
from uuid import UUID

from pipeline.models import Vectors
from resources.store.staging import Connection, stage

# Newest first: they are what new ideas are compared with.
NEXT: LiteralString = """
SELECT id, hour, phrase FROM ideas
WHERE embedding_model <> %(model)s AND (hour, id) < (%(hour)s, %(id)s)
ORDER BY hour DESC, id DESC LIMIT %(limit)s
"""
COLUMNS = {"id": "uuid", "phrase": "text", "embedding": "vector"}
# In the order of ids, as every other writer takes them; who is gone, or has other words now, is left alone. The vector
# and the model's name change together.
RENEW: LiteralString = """
WITH wanted AS (
    SELECT i.id, s.embedding FROM staged_embeddings s JOIN ideas i USING (id)
    WHERE i.phrase = s.phrase AND i.embedding_model <> %(model)s
    ORDER BY i.id FOR NO KEY UPDATE OF i)
UPDATE ideas SET embedding = wanted.embedding, embedding_model = %(model)s
FROM wanted WHERE ideas.id = wanted.id
"""
WAITING: LiteralString = """
SELECT (SELECT count(*) FROM ideas WHERE embedding_model <> %(model)s),
    (SELECT count(DISTINCT niche) FROM niche_embeddings
        WHERE niche NOT IN (SELECT niche FROM niche_embeddings WHERE model = %(model)s))
"""
LAST_ID = UUID(int=2**128 - 1)


class Stale(NamedTuple):
    """An idea whose vector is of another model."""

    id: UUID
    hour: datetime
    phrase: str


class Place(NamedTuple):
    """In the order of ideas, newest first."""

    hour: datetime | str
    id: UUID

    @classmethod
    def of(cls, row: Stale) -> Self:
        """Where the row stands."""
        return cls(row.hour, row.id)


START = Place("infinity", LAST_ID)
"""Before the newest."""


class Waiting(NamedTuple):
    """What has no vector of a model yet."""

    ideas: int
    niches: int
    """Niches that were learned from titles with other models alone; they are learned anew, not re-embedded."""


class Reembedding:
    """Statements that replace vectors."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def waiting(self, model: str) -> Waiting:
        """How much has no vector of the model."""
        return Waiting(*self._connection.execute(WAITING, {"model": model}).fetchall()[0])

    def next(self, model: str, after: Place, limit: int) -> list[Stale]:
        """The next ideas of other models, newest first; nothing is locked."""
        values = {"model": model, "limit": limit, **after._asdict()}
        return [Stale(*row) for row in self._connection.execute(NEXT, values)]

    def renew(self, model: str, stale: Sequence[Stale], vectors: Vectors) -> int:
        """Give ideas their vectors of the model. Returns how many; those that are gone meanwhile are skipped.

        Args:
            model: its name and version.
            stale: as `next` told them.
            vectors: shape (len(stale), EMBEDDING_DIM).
        """
        rows = ((row.id, row.phrase, vector) for row, vector in zip(stale, vectors, strict=True))
        stage(self._connection, "staged_embeddings", COLUMNS, rows)
        return self._connection.execute(RENEW, {"model": model}).rowcount
