"""Which niches a signal is put with, and what is measured of each candidate made of the pair: fit and novelty.

What belongs here: vectors and their cosines. What does not: formulas (`pipeline.scoring`), and where recent ideas come
from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.ideas import candidates
from pipeline.ideas.candidates import NICHES_PER_SIGNAL, Candidate, Seen
from pipeline.ideas.facts import tags
from pipeline.ideas.lexicon import niches
from pipeline.ideas.preparing import Prepared
from pipeline.models import Vectors
from pipeline.scoring import factors
from pipeline.scoring.communities import Community, Embed, Voices

Floats = NDArray[np.float64]


class Heard(NamedTuple):
    """What texts have in common with niches, each of shape (texts, niches)."""

    likeness: Floats
    words: Floats
    affinity: Floats


def hear(texts: Sequence[str], vectors: Vectors, voices: Voices) -> Heard:
    """The texts' likeness and affinity to every niche."""
    likeness, words = voices.likeness(vectors), voices.spoken(texts)
    return Heard(likeness, words, factors.affinity(likeness, words))


def voices_of(communities: Mapping[str, Community], embed: Embed) -> Voices:
    """The niches of the lexicon as their communities speak, or by their descriptions."""
    return Voices({niche.name: niche.described for niche in niches().values()}, communities, embed)


def pairs(
    seen: Sequence[Seen], names: Sequence[str], affinities: Floats, hour: datetime
) -> Iterator[tuple[int, str, float]]:
    """For each signal its NICHES_PER_SIGNAL strongest niches; among equals (everyone at Christmas) others each hour."""
    for index, signal in enumerate(seen):
        turn = np.random.default_rng(candidates.seed(signal.signal_id, hour.isoformat())).random(len(names))
        forces = [candidates.strength(signal, niches()[name], affinities[index, i]) for i, name in enumerate(names)]
        order = sorted((i for i, force in enumerate(forces) if force > 0), key=lambda i: (-forces[i], turn[i]))
        yield from ((index, names[i], forces[i]) for i in order[:NICHES_PER_SIGNAL])


def theirs(signal: Seen, niche: str) -> bool:
    """Whether the signal comes from the niche's own community."""
    return signal.community is not None and signal.community in niches()[niche].subreddits


class Fit(NamedTuple):
    """What ties each candidate to its niche; arrays by candidate."""

    cosine: Floats
    """Of the niche's embedding with the post's text, or with the phrase where the signal is only a date."""
    words: Floats
    """Log odds of that text's words, the niche's against others'."""
    affinity: Floats
    """How much that text is the niche's, 0 … 1."""
    cohesion: Floats
    """Mean affinity of the post's tags; NaN where there are none."""
    titles: Sequence[int]
    """How many titles stand behind what is known of the niche."""
    factor: Floats
    """Community fit: a post of the niche's own community is wholly its own."""


def fit(
    prepared: Prepared, made: Sequence[Candidate], vectors: Vectors, heard: Heard, voices: Voices, embed: Embed
) -> Fit:
    """How each candidate fits its niche.

    Args:
        prepared: The signals.
        made: The candidates made of them.
        vectors: Of the candidates' phrases.
        heard: Of the signals' texts.
        voices: The niches.
        embed: Texts → unit vectors.
    """
    at = np.array([candidate.signal for candidate in made])
    niche_at = np.array([voices.names.index(candidate.niche) for candidate in made])
    cosine, words, affinity = (each[at, niche_at] for each in heard)
    dated = [k for k, index in enumerate(at) if prepared.seen[index].dated]
    if dated:
        said = hear([made[k].phrase.text for k in dated], vectors[dated], voices)
        rows = np.arange(len(dated))
        for mine, theirs_said in zip((cosine, words, affinity), said, strict=True):
            mine[dated] = theirs_said[rows, niche_at[dated]]
    tagged = cohesion(prepared, voices, embed)[at, niche_at]
    own = [theirs(prepared.seen[candidate.signal], candidate.niche) for candidate in made]
    factor = factors.community_fit(np.where(own, 1.0, affinity), tagged)
    return Fit(cosine, words, affinity, tagged, [voices.titles[i] for i in niche_at], factor)


def cohesion(prepared: Prepared, voices: Voices, embed: Embed) -> Floats:
    """Mean affinity of a post's tags to each niche, shape (signals, niches); NaN where there are no tags."""
    listed = [() if s.dated else tags(row["metadata"]) for s, row in zip(prepared.seen, prepared.rows, strict=True)]
    known = sorted({tag for row in listed for tag in row})
    cohesion = np.full((len(listed), len(voices.names)), np.nan)
    if known:
        place = {tag: i for i, tag in enumerate(known)}
        spelled = [voices.split(tag) for tag in known]
        each = voices.affinity(spelled, embed(spelled))
        for i, row in enumerate(listed):
            if row:
                cohesion[i] = each[[place[tag] for tag in row]].mean(axis=0)
    return cohesion


def centroid_cosines(
    made: Sequence[Candidate], vectors: Vectors, centroids: Mapping[str, NDArray[np.floating]]
) -> Floats:
    """Cosine of each candidate with the centroid of its niche; NaN where the niche has none."""
    unit = {name: c / norm for name, c in centroids.items() if (norm := float(np.linalg.norm(c))) > 0}
    nothing = np.full(vectors.shape[1], np.nan)
    return np.array([float(v @ unit.get(c.niche, nothing)) for c, v in zip(made, vectors, strict=True)], np.float64)


def nearest_at_least(vectors: Vectors, centroids: Mapping[str, NDArray[np.floating]]) -> Floats:
    """A lower bound of each vector's cosine with the nearest idea; NaN without centroids.

    A centroid is the mean of unit vectors, so a product with it is a mean cosine, and the nearest is no farther.
    """
    if not centroids:
        return np.full(len(vectors), np.nan)
    return np.asarray((vectors @ np.stack([*centroids.values()]).T).max(axis=1), np.float64)
