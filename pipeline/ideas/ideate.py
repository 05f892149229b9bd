"""An hour's signals to the hour's ideas: prepare, pair, fill, score, select, tell."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.ideas import candidates, selection, writing
from pipeline.ideas.candidates import Candidate
from pipeline.ideas.measuring import centroid_cosines, fit, hear, nearest_at_least, pairs, voices_of
from pipeline.ideas.preparing import prepare
from pipeline.ideas.selection import Nearest, Traits
from pipeline.models import EMBEDDING_DIM, Decision, Idea, Vectors, Weights, hour_of
from pipeline.scoring import factors
from pipeline.scoring.communities import Community, Embed
from pipeline.scoring.score import NAMES, weighted
from pipeline.signals.health import Confidence

MAX_CANDIDATES = 12_000
"""Bounds memory: so many phrases are embedded at most; the best-ranked signals' come first."""


class Ideation(NamedTuple):
    """What an hour's signals became."""

    ideas: tuple[Idea, ...]
    vectors: Vectors
    decisions: tuple[Decision, ...]
    considered: int
    duplicates: int


def ideate(
    *,
    hour: datetime,
    signals: pl.DataFrame,
    history: pl.DataFrame,
    embed: Embed,
    model: str,
    nearest: Nearest,
    centroids: Mapping[str, NDArray[np.floating]],
    communities: Mapping[str, Community],
    weights: Weights,
    limit: int,
    confidence: Mapping[str, Confidence],
    centroid_ideas: Mapping[str, int] = MappingProxyType({}),
    duplicate: float = selection.DUPLICATE,
) -> Ideation:
    """The hour's best ideas, no two alike, each with its factors, its reason and the choices that led to it.

    The same inputs give the same ideas; another hour draws other phrases from the same signals. Nothing after the
    hour is looked at, so a past hour comes out as it would have then.

    Args:
        hour: The hour that ideas are made for; its end is the moment that ages are counted to.
        signals: The latest observation in the hour of each signal: signal_id, source, external_id, content, url,
            category, published_at, captured_at, metadata (JSON), likes, comments, views, payload_uri, topic_id,
            topic_likeness. Of a topic's signals the strongest stands for all; the others are its evidence.
        history: Observations of the 7 days before: signal_id, source, published_at, captured_at, likes, comments,
            views.
        embed: Texts → unit vectors.
        model: The name of the embedding model.
        nearest: For each vector the nearest idea of *earlier hours*; an hour that is made again is not its own double.
        centroids: Niche → mean vector of its recent ideas, all of which `nearest` knows.
        communities: Niche → what its communities write about, of the same model; of a niche that is not among them
            the description alone counts.
        weights: The weights in force.
        limit: The most ideas to keep.
        confidence: Source → how far it can be trusted for the hour; of other sources nothing is said.
        centroid_ideas: Niche → how many ideas its centroid is the mean of; of other niches it isn't known.
        duplicate: Cosine from which on two phrases are the same idea to the model.

    Returns:
        The ideas, best first; their vectors, shape (n, EMBEDDING_DIM); a `phrase` and an `evidence` decision for each;
        how many candidates were considered, and how many of them were too near to another idea.
    """
    hour = hour_of(hour)
    now = hour + timedelta(hours=1)
    prepared = prepare(signals, history, now, weights)
    if not prepared.rows:
        return Ideation((), np.zeros((0, EMBEDDING_DIM), np.float32), (), 0, 0)
    voices = voices_of(communities, embed)
    texts = [row["content"] for row in prepared.rows]
    heard = hear(texts, embed(texts), voices)

    paired = pairs(prepared.seen, voices.names, heard.affinity, hour)
    made: list[Candidate] = []
    for candidate in candidates.propose(prepared.seen, paired, hour):
        if len(made) == MAX_CANDIDATES:
            break
        made.append(candidate)
    if not made:
        return Ideation((), np.zeros((0, EMBEDDING_DIM), np.float32), (), 0, 0)

    vectors = embed([candidate.phrase.text for candidate in made])
    at = np.array([candidate.signal for candidate in made])
    fitting = fit(prepared, made, vectors, heard, voices, embed)
    to_centroid = centroid_cosines(made, vectors, centroids)
    table = np.column_stack(
        [
            factors.freshness(prepared.hours_since_peak, prepared.half_life)[at],
            factors.engagement(prepared.z)[at],
            np.zeros(len(made)),
            fitting.factor,
            prepared.season[at],
        ]
    )

    def scores_at(cosines: NDArray[np.float64]) -> NDArray[np.float64]:
        table[:, NAMES.index("novelty")] = factors.novelty(to_centroid, cosines)
        return weighted(table, weights)

    chosen = selection.select(
        at_least=nearest_at_least(vectors, centroids),
        scores=scores_at,
        keys=[f"{c.niche}:{c.phrase.text}:{prepared.seen[c.signal].signal_id}" for c in made],
        traits=[Traits(c.signal, c.niche, c.format, c.template) for c in made],
        vectors=vectors,
        nearest=nearest,
        limit=limit,
        duplicate=duplicate,
    )
    cosines = np.full(len(made), np.nan)
    cosines[list(chosen.kept)] = [np.nan if near is None else near.similarity for near in chosen.neighbours]
    scores = scores_at(cosines)

    tell = partial(
        writing.idea, hour=hour, made=made, prepared=prepared, table=table, scores=scores, fitting=fitting,
        to_centroid=to_centroid, model=model, weights=weights, confidence=confidence, centroid_ideas=centroid_ideas,
    )  # fmt: skip
    ideas = tuple(tell(index, neighbour) for index, neighbour in zip(chosen.kept, chosen.neighbours, strict=True))
    decisions = tuple(
        decision
        for index, idea in zip(chosen.kept, ideas, strict=True)
        for decision in writing.decisions(idea, made[index], prepared.rows[made[index].signal])
    )
    return Ideation(ideas, vectors[list(chosen.kept)], decisions, len(made), chosen.duplicates)
