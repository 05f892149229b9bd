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

from pipeline.models import Event, Factors, Idea, IdeaStatus, Vectors
from resources.store.events import Events
from resources.store.neighbours import Earlier, check_shape
from resources.store.seasons import Seasons
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
LOCK = 4_891_103
"""An advisory lock: whoever records ideas does so alone."""

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
NOTE_EARLIER: LiteralString = """
UPDATE ideas i SET earlier_hour = s.hour FROM (SELECT id, min(hour) AS hour FROM staged_ideas GROUP BY id) s
WHERE i.id = s.id AND s.hour < coalesce(i.earlier_hour, i.hour)
"""
# An archived idea whose day has come is wholly that of the hour that proposes it anew, for a later event.
BRING_BACK: LiteralString = """
WITH due AS (
    SELECT DISTINCT ON (s.id) s.* FROM staged_ideas s JOIN ideas i ON i.id = s.id
    WHERE i.status = 'archived' AND i.returns_on <= (s.hour + interval '1 hour')::date AND i.event_date < s.event_date
    ORDER BY s.id, s.score DESC, s.position
), locked AS (SELECT i.id FROM ideas i JOIN due ON due.id = i.id ORDER BY i.id FOR NO KEY UPDATE OF i)
UPDATE ideas SET
    status = 'queued', returns_on = NULL, updated_at = now(), hour = due.hour, signal_id = due.signal_id,
    title = due.title, description = due.description, phrase = due.phrase, lines = due.lines, emphasis = due.emphasis,
    format = due.format, motifs = due.motifs, mood = due.mood, occasion = due.occasion, event_date = due.event_date,
    embedding = due.embedding, embedding_model = due.embedding_model, freshness = due.freshness,
    engagement = due.engagement, novelty = due.novelty, community_fit = due.community_fit,
    seasonality = due.seasonality, score = due.score, weights_version = due.weights_version, reason = due.reason,
    evidence = due.evidence, card = due.card, score_low = due.score_low, score_high = due.score_high
FROM due JOIN locked ON locked.id = due.id WHERE ideas.id = due.id
RETURNING ideas.id
"""
CENTROIDS: LiteralString = """
SELECT niche, avg(embedding) FROM ideas
WHERE embedding_model = %(model)s AND coalesce(earlier_hour, hour) >= %(since)s
    AND coalesce(earlier_hour, hour) < %(before)s
    AND (returns_on IS NULL OR returns_on > (%(before)s + interval '1 hour')::date)
GROUP BY niche
"""
CENTROID_SIZES: LiteralString = """
SELECT niche, count(*) FROM ideas
WHERE embedding_model = %(model)s AND coalesce(earlier_hour, hour) >= %(since)s
    AND coalesce(earlier_hour, hour) < %(before)s
    AND (returns_on IS NULL OR returns_on > (%(before)s + interval '1 hour')::date)
GROUP BY niche
"""
READ: LiteralString = """
SELECT signal_id, hour, phrase, lines, emphasis, title, description, niche, format, motifs, mood, occasion, event_date,
    jsonb_build_object('freshness', freshness, 'engagement', engagement, 'novelty', novelty,
        'community_fit', community_fit, 'seasonality', seasonality) AS factors,
    score, weights_version, reason, evidence, card, embedding_model
FROM ideas WHERE hour = %(hour)s AND status <> 'archived' ORDER BY score DESC, id LIMIT %(limit)s
"""
SET_STATUS: LiteralString = """
WITH wanted AS (SELECT id FROM ideas WHERE id = ANY(%(ids)s) AND status <> %(status)s::idea_status
    ORDER BY id FOR NO KEY UPDATE)
UPDATE ideas SET status = %(status)s::idea_status, returns_on = NULL, updated_at = now()
FROM wanted WHERE ideas.id = wanted.id
"""


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
        check_shape(vectors, len(ideas))
        if not ideas:
            return []
        # Of two that insert a row at one moment, the one that waits fails at idea_key, which ON CONFLICT (id) ignores.
        self._connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        rows = (_row(idea, vector) for idea, vector in zip(ideas, vectors, strict=True))
        stage(self._connection, "staged_ideas", COLUMNS, rows)
        new = {id_ for id_, is_new in self._connection.execute(RECORD) if is_new}
        self._connection.execute(NOTE_EARLIER)
        fresh = list({idea.id: idea for idea in ideas if idea.id in new}.values())
        Events(self._connection).record([_scored(idea) for idea in fresh])
        return [idea.id for idea in fresh]

    def bring_back(self, ideas: Sequence[Idea], vectors: Vectors) -> list[UUID]:
        """Bring back those of the ideas that are archived, whose day has come, and that are for a later event now.

        They are `queued` with all that is given of them, or `mocked` where there are pictures already; what was made
        of them goes on in their new hour. To be called before `record`, which leaves them alone.

        Args:
            ideas: as for `record`.
            vectors: as for `record`.

        Returns:
            The ids of those that came back.
        """
        check_shape(vectors, len(ideas))
        if not ideas:
            return []
        rows = (_row(idea, vector) for idea, vector in zip(ideas, vectors, strict=True))
        stage(self._connection, "staged_ideas", COLUMNS, rows)
        back = [id_ for (id_,) in self._connection.execute(BRING_BACK)]
        for hour in {idea.hour for idea in ideas}:
            own = {idea.id for idea in ideas if idea.hour == hour}
            Seasons(self._connection).carry([id_ for id_ in back if id_ in own], hour)
        return back

    def earlier(self, model: str, before: datetime) -> Earlier:
        """The ideas of the hours before this one, to ask which are near to a vector.

        Args:
            model: the embedding model; ideas of another are not compared.
            before: the start of the hour; ideas that waited for this day do not count.
        """
        return Earlier(self._connection, model, before)

    def centroids(self, model: str, since: datetime, before: datetime) -> dict[str, NDArray[np.float32]]:
        """The mean vector, shape (EMBEDDING_DIM,), of each niche's ideas of the hours in [since, before).

        The mean of unit vectors is shorter than one: compare by cosine.
        """
        values = {"model": model, "since": since, "before": before}
        with self._connection.cursor(binary=True) as cursor:
            return {niche: vector.to_numpy() for niche, vector in cursor.execute(CENTROIDS, values)}

    def centroid_ideas(self, model: str, since: datetime, before: datetime) -> dict[str, int]:
        """How many ideas each of the `centroids` is the mean of."""
        values = {"model": model, "since": since, "before": before}
        return {niche: count for niche, count in self._connection.execute(CENTROID_SIZES, values)}

    def hour(self, hour: datetime, limit: int | None = None) -> list[Idea]:
        """The hour's ideas, best first, without those that are archived: nothing is made of them."""
        with self._connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(READ, {"hour": hour, "limit": limit}).fetchall()
        return [Idea.model_validate(row) for row in rows]

    def set_status(self, ids: Sequence[UUID], status: IdeaStatus) -> int:
        """Set where ideas stand. Returns how many changed."""
        return self._connection.execute(SET_STATUS, {"ids": list(ids), "status": status}).rowcount


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
