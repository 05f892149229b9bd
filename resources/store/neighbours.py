"""The ideas of earlier hours that lie near to a vector: through the HNSW index, or by comparison with each.

What belongs here: the searches, what they cost and what they find (docs/speed.md has the numbers). What does not: which
vectors are worth asking about (`pipeline.ideas.selection`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import LiteralString, NamedTuple
from uuid import UUID

import numpy as np

from pipeline.ideas import Neighbour
from pipeline.models import EMBEDDING_DIM, Vectors
from resources.store.staging import Connection, stage

# What waits for its season is no double of its own return.
# halfvec in ORDER BY is what the index is on; which of those are nearest is measured on the whole vector.
NEAREST: LiteralString = """
SELECT q.position - 1, n.id, n.phrase, n.similarity, n.embedding
FROM staged_queries q CROSS JOIN LATERAL (
    SELECT c.id, c.phrase, c.embedding, 1 - (c.embedding <=> q.embedding) AS similarity
    FROM (
        SELECT i.id, i.phrase, i.embedding FROM ideas i
        WHERE i.embedding_model = %(model)s AND coalesce(i.earlier_hour, i.hour) < %(before)s
            AND (i.returns_on IS NULL OR i.returns_on > (%(before)s + interval '1 hour')::date)
        ORDER BY i.embedding::halfvec(768) <=> q.embedding::halfvec(768) LIMIT %(among)s
    ) c ORDER BY similarity DESC, c.id LIMIT %(most)s
) n
ORDER BY q.position, n.similarity DESC, n.id
"""
# On through the index until enough ideas pass the filter, past those of this hour or another model (pgvector ≥ 0.8);
# and through the index at all: the planner, blind to what reading vectors out of line costs, would rather sort
# thousands.
THROUGH_INDEX: LiteralString = """
SET LOCAL hnsw.iterative_scan = relaxed_order; SET LOCAL hnsw.ef_search = 120; SET LOCAL enable_sort = off
"""
AS_BEFORE: LiteralString = "SET LOCAL enable_sort TO DEFAULT"
AMONG = 4
"""So many by the index, at least, from which the nearest are chosen by the whole vector."""
HOW_MANY: LiteralString = """
SELECT count(*) FROM (
    SELECT FROM ideas i WHERE embedding_model = %(model)s AND coalesce(earlier_hour, hour) < %(before)s
        AND (i.returns_on IS NULL OR i.returns_on > (%(before)s + interval '1 hour')::date)
    ORDER BY coalesce(earlier_hour, hour) DESC LIMIT %(limit)s
) few
"""
FEW = 5_000
"""Of so few earlier ideas each is compared: quicker than the index, and surer where they are few of very many."""
EACH: LiteralString = """
SELECT id, phrase, embedding FROM ideas i
WHERE embedding_model = %(model)s AND coalesce(earlier_hour, hour) < %(before)s
    AND (i.returns_on IS NULL OR i.returns_on > (%(before)s + interval '1 hour')::date)
"""
PAGE = 5_000


class _Page(NamedTuple):
    told: Sequence[tuple[UUID, str]]
    vectors: Vectors


class Earlier:
    """The ideas of a model that came before an hour.

    Most answers come through the index, which finds nearly all of the nearest. Where there are few earlier ideas, each
    is compared, and read once for all questions; and each is compared for vectors of which the index gives up too
    early, as so many ideas that do not count lie nearer.
    """

    def __init__(self, connection: Connection, model: str, before: datetime) -> None:
        self._connection = connection
        self._values: dict[str, object] = {"model": model, "before": before}

    def nearest(self, vectors: Vectors) -> list[Neighbour | None]:
        """For each vector the nearest idea; None only where there is no earlier idea at all.

        Args:
            vectors: shape (n, EMBEDDING_DIM).

        Raises:
            ValueError: the vectors are of another shape.
        """
        return [near[0] if near else None for near in self.neighbours(vectors, 1)]

    def neighbours(self, vectors: Vectors, most: int) -> list[list[Neighbour]]:
        """For each vector the nearest ideas, the nearest first; arguments and errors as of `nearest`."""
        check_shape(vectors, len(vectors))
        found: list[list[Neighbour]] = [[] for _ in vectors]
        if not len(vectors) or not self._known:
            return found
        if self._known > FEW:
            self._through_index(vectors, most, found)
        if short := [place for place, near in enumerate(found) if len(near) < min(most, self._known)]:
            for place, near in zip(short, self._compared(vectors[short], most), strict=True):
                found[place] = near
        return found

    def _through_index(self, vectors: Vectors, most: int, found: list[list[Neighbour]]) -> None:
        stage(self._connection, "staged_queries", {"embedding": "vector"}, ((vector,) for vector in vectors))
        self._connection.execute(THROUGH_INDEX)
        with self._connection.cursor(binary=True) as cursor:
            values = {**self._values, "most": most, "among": max(most, AMONG)}
            for place, idea_id, phrase, similarity, vector in cursor.execute(NEAREST, values):
                found[place].append(Neighbour(idea_id, phrase, similarity, vector.to_numpy()))
        self._connection.execute(AS_BEFORE)

    @cached_property
    def _known(self) -> int:
        """How many there are, or one more than FEW."""
        (known,) = self._connection.execute(HOW_MANY, {**self._values, "limit": FEW + 1}).fetchall()[0]
        return int(known)

    @cached_property
    def _few(self) -> Sequence[_Page]:
        return [*self._pages()]

    def _pages(self) -> Iterator[_Page]:
        with self._connection.cursor("earlier_ideas", binary=True) as cursor:
            cursor.execute(EACH, self._values)
            while rows := cursor.fetchmany(PAGE):
                told = [(idea_id, phrase) for idea_id, phrase, _ in rows]
                yield _Page(told, np.stack([vector.to_numpy() for *_, vector in rows]))

    def _compared(self, vectors: Vectors, most: int) -> list[list[Neighbour]]:
        """The nearest of all, page by page."""
        best: list[list[Neighbour]] = [[] for _ in vectors]
        for page in self._few if self._known <= FEW else self._pages():
            for own, row in zip(best, vectors @ page.vectors.T, strict=True):
                for i in np.argpartition(-row, min(most, len(row)) - 1)[:most].tolist():
                    idea_id, phrase = page.told[i]
                    own.append(Neighbour(idea_id, phrase, float(row[i]), page.vectors[i]))
                own.sort(key=lambda near: (-near.similarity, near.idea_id))
                del own[most:]
        return best


def check_shape(vectors: Vectors, rows: int) -> None:
    """Raise a ValueError unless the vectors are of shape (rows, EMBEDDING_DIM)."""
    if vectors.shape != (rows, EMBEDDING_DIM):
        raise ValueError(f"vectors.shape={vectors.shape}: expected ({rows}, {EMBEDDING_DIM})")
