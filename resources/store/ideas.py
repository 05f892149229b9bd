"""Scored ideas and the vectors that say what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from pipeline.models import EMBEDDING_DIM, Event, Factors, Idea, IdeaStatus, Model, Vectors
from resources.store.events import Events
from resources.store.staging import Connection, stage

COLUMNS = {
    "id": "uuid",
    "idea_key": "text",
    "signal_id": "uuid",
    "hour": "timestamptz",
    "title": "text",
    "description": "text",
    "phrase": "text",
    "lines": "text[]",
    "emphasis": "text[]",
    "niche": "text",
    "format": "text",
    "motifs": "text[]",
    "mood": "text",
    "occasion": "text",
    "event_date": "date",
    "embedding": "vector",
    "embedding_model": "text",
    "freshness": "float8",
    "engagement": "float8",
    "novelty": "float8",
    "community_fit": "float8",
    "seasonality": "float8",
    "score": "float8",
    "weights_version": "int4",
    "reason": "text",
    "evidence": "jsonb",
    "card": "jsonb",
    "score_low": "float8",
    "score_high": "float8",
}
# The first hour to bring an idea keeps it; within that hour a new score counts until something was drawn for it.
RECORD: LiteralString = """
INSERT INTO ideas AS i (
    id, idea_key, signal_id, hour, title, description, phrase, lines, emphasis, niche, format, motifs, mood, occasion,
    event_date, embedding, embedding_model, freshness, engagement, novelty, community_fit, seasonality, score,
    weights_version, reason, evidence, card, score_low, score_high)
SELECT DISTINCT ON (id)
    id, idea_key, signal_id, hour, title, description, phrase, lines, emphasis, niche, format, motifs, mood, occasion,
    event_date, embedding, embedding_model, freshness, engagement, novelty, community_fit, seasonality, score,
    weights_version, reason, evidence, card, score_low, score_high
FROM staged_ideas ORDER BY id, score DESC, position
ON CONFLICT (id) DO UPDATE SET
    freshness = excluded.freshness, engagement = excluded.engagement, novelty = excluded.novelty,
    community_fit = excluded.community_fit, seasonality = excluded.seasonality, score = excluded.score,
    weights_version = excluded.weights_version, reason = excluded.reason, evidence = excluded.evidence,
    card = excluded.card, score_low = excluded.score_low, score_high = excluded.score_high, updated_at = now()
WHERE i.hour = excluded.hour AND i.status = 'queued'
RETURNING id, xmax = 0 AS is_new
"""
# Hours are recorded in any order: an earlier one that brings the idea too is noted, for who asks what there was then.
EARLIER: LiteralString = """
UPDATE ideas i SET earlier_hour = s.hour FROM (SELECT id, min(hour) AS hour FROM staged_ideas GROUP BY id) s
WHERE i.id = s.id AND s.hour < coalesce(i.earlier_hour, i.hour)
"""
# halfvec in ORDER BY is what the index is on; what is returned is measured on the whole vector.
NEAREST: LiteralString = """
SELECT n.idea_id, n.phrase, n.similarity
FROM staged_queries q LEFT JOIN LATERAL (
    SELECT i.id AS idea_id, i.phrase, 1 - (i.embedding <=> q.embedding) AS similarity
    FROM ideas i
    WHERE coalesce(i.earlier_hour, i.hour) < %(before)s AND i.embedding_model = %(model)s
    ORDER BY i.embedding::halfvec(768) <=> q.embedding::halfvec(768)
    LIMIT 1
) n ON true
ORDER BY q.position
"""
# On through the index until an idea passes the filter, past those of this hour or another model (pgvector ≥ 0.8); and
# through the index at all: the planner, blind to what reading vectors out of line costs, would rather sort thousands.
THROUGH_INDEX: LiteralString = """
SET LOCAL hnsw.iterative_scan = strict_order; SET LOCAL hnsw.ef_search = 100; SET LOCAL enable_sort = off
"""
AS_BEFORE: LiteralString = "SET LOCAL enable_sort TO DEFAULT"
CENTROIDS: LiteralString = """
SELECT niche, avg(embedding) FROM ideas
WHERE embedding_model = %(model)s AND coalesce(earlier_hour, hour) >= %(since)s
    AND coalesce(earlier_hour, hour) < %(before)s
GROUP BY niche
"""
READ: LiteralString = """
SELECT signal_id, hour, phrase, lines, emphasis, title, description, niche, format, motifs, mood, occasion, event_date,
    jsonb_build_object('freshness', freshness, 'engagement', engagement, 'novelty', novelty,
        'community_fit', community_fit, 'seasonality', seasonality) AS factors,
    score, weights_version, reason, evidence, card, embedding_model
FROM ideas WHERE hour = %(hour)s ORDER BY score DESC, id LIMIT %(limit)s
"""
SET_STATUS: LiteralString = """
WITH wanted AS (SELECT id FROM ideas WHERE id = ANY(%(ids)s) AND status <> %(status)s::idea_status
    ORDER BY id FOR NO KEY UPDATE)
UPDATE ideas SET status = %(status)s::idea_status, updated_at = now() FROM wanted WHERE ideas.id = wanted.id
"""


class Neighbour(Model):
    """An earlier idea near to a vector."""

    idea_id: UUID
    phrase: str
    similarity: float
    """Cosine, −1 … 1."""


class Ideas:
    """Statements on `ideas`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, ideas: Sequence[Idea], vectors: Vectors) -> list[UUID]:
        """Write ideas with their vectors, and `idea.scored` for new ones.

        An idea that another hour brought, or that is past `queued`, stays as it is; else its factors, score, reason
        and evidence are replaced. Of two with one key the better score counts.

        Args:
            ideas: their signals and weights are recorded already.
            vectors: shape (len(ideas), EMBEDDING_DIM).

        Returns:
            The ids of the new ones, in the order given.

        Raises:
            ValueError: the shapes do not match.
        """
        _check_shape(vectors, len(ideas))
        if not ideas:
            return []
        rows = (_row(idea, vector) for idea, vector in zip(ideas, vectors, strict=True))
        stage(self._connection, "staged_ideas", COLUMNS, rows)
        new = {id_ for id_, is_new in self._connection.execute(RECORD) if is_new}
        self._connection.execute(EARLIER)
        fresh = list({idea.id: idea for idea in ideas if idea.id in new}.values())
        Events(self._connection).record([_scored(idea) for idea in fresh])
        return [idea.id for idea in fresh]

    def nearest(self, vectors: Vectors, model: str, before: datetime) -> list[Neighbour | None]:
        """For each vector the nearest idea of earlier hours, through the HNSW index (nearest as far as that finds it).

        Args:
            vectors: shape (n, EMBEDDING_DIM).
            model: the embedding model; ideas of another are not compared.
            before: the start of the hour; only ideas of earlier hours count.

        Returns:
            n neighbours in the order of the vectors; None where there is no earlier idea of the model, or where more
            than 20,000 ideas of this hour or of other models lie nearer (pgvector's `hnsw.max_scan_tuples`).
        """
        _check_shape(vectors, len(vectors))
        if not len(vectors):
            return []
        stage(self._connection, "staged_queries", {"embedding": "vector"}, ((vector,) for vector in vectors))
        self._connection.execute(THROUGH_INDEX)
        found = self._connection.execute(NEAREST, {"before": before, "model": model}).fetchall()
        self._connection.execute(AS_BEFORE)
        return [
            None if idea_id is None else Neighbour(idea_id=idea_id, phrase=phrase, similarity=similarity)
            for idea_id, phrase, similarity in found
        ]

    def centroids(self, model: str, since: datetime, before: datetime) -> dict[str, NDArray[np.float32]]:
        """The mean vector, shape (EMBEDDING_DIM,), of each niche's ideas of the hours in [since, before).

        The mean of unit vectors is shorter than one: compare by cosine.
        """
        values = {"model": model, "since": since, "before": before}
        with self._connection.cursor(binary=True) as cursor:
            return {niche: vector.to_numpy() for niche, vector in cursor.execute(CENTROIDS, values)}

    def hour(self, hour: datetime, limit: int | None = None) -> list[Idea]:
        """The hour's ideas, best first."""
        with self._connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(READ, {"hour": hour, "limit": limit}).fetchall()
        return [Idea.model_validate(row) for row in rows]

    def set_status(self, ids: Sequence[UUID], status: IdeaStatus) -> int:
        """Set where ideas stand. Returns how many changed."""
        return self._connection.execute(SET_STATUS, {"ids": list(ids), "status": status}).rowcount


def _check_shape(vectors: Vectors, rows: int) -> None:
    if vectors.shape != (rows, EMBEDDING_DIM):
        raise ValueError(f"vectors.shape={vectors.shape}: expected ({rows}, {EMBEDDING_DIM})")


def _row(idea: Idea, vector: NDArray[np.float32]) -> tuple[object, ...]:
    f: Factors = idea.factors
    return (
        *(idea.id, idea.key, idea.signal_id, idea.hour, idea.title, idea.description, idea.phrase),
        *(list(idea.lines), list(idea.emphasis), idea.niche, idea.format, list(idea.motifs), str(idea.mood)),
        *(idea.occasion, idea.event_date, vector, idea.embedding_model),
        *(f.freshness, f.engagement, f.novelty, f.community_fit, f.seasonality),
        *(idea.score, idea.weights_version, idea.reason, Jsonb(idea.evidence)),
        *((Jsonb(card.model_dump()), card.low, card.high) if (card := idea.card) else (None, None, None)),
    )


def _scored(idea: Idea) -> Event:
    data = {"ideaId": str(idea.id), "phrase": idea.phrase, "niche": idea.niche, "score": idea.score}
    return Event(event_type="idea.scored", source="scored_ideas", subject=idea.id, data=data, correlation_id=idea.id)
