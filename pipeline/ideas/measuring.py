"""Which niches a signal is put with, and what is measured of each candidate made of the pair: fit and novelty.

What belongs here: vectors and their cosines. What does not: formulas (`pipeline.scoring`), and where recent ideas come
from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from pipeline.ideas import candidates
from pipeline.ideas.candidates import NICHES_PER_SIGNAL, Candidate, Seen
from pipeline.ideas.facts import tags
from pipeline.ideas.lexicon import niches
from pipeline.ideas.preparing import Prepared
from pipeline.models import Vectors
from pipeline.scoring import factors

Embed = Callable[[Sequence[str]], Vectors]
Floats = NDArray[np.float64]


def pairs(
    seen: Sequence[Seen], names: Sequence[str], cosines: Floats, hour: datetime
) -> Iterator[tuple[int, str, float]]:
    """For each signal its NICHES_PER_SIGNAL strongest niches; among equals (everyone at Christmas) others each hour."""
    for index, signal in enumerate(seen):
        turn = np.random.default_rng(candidates.seed(signal.signal_id, hour.isoformat())).random(len(names))
        forces = [candidates.strength(signal, niches()[name], cosines[index, i]) for i, name in enumerate(names)]
        order = sorted((i for i, force in enumerate(forces) if force > 0), key=lambda i: (-forces[i], turn[i]))
        yield from ((index, names[i], forces[i]) for i in order[:NICHES_PER_SIGNAL])


def theirs(signal: Seen, niche: str) -> bool:
    """Whether the signal comes from the niche's own community."""
    return signal.community is not None and signal.community in niches()[niche].subreddits


def text_cosines(
    seen: Sequence[Seen], made: Sequence[Candidate], signal_cosines: Floats, vectors: Vectors, about: Vectors
) -> Floats:
    """Cosine with the niche, per candidate: of the post's text, or of the phrase where the signal is only a date."""
    names = {name: i for i, name in enumerate(niches())}
    return np.array(
        [
            float(vectors[k] @ about[names[c.niche]])
            if seen[c.signal].dated
            else signal_cosines[c.signal, names[c.niche]]
            for k, c in enumerate(made)
        ],
        np.float64,
    )


def cohesion(prepared: Prepared, embed: Embed, about: Vectors) -> Floats:
    """Mean affinity of a post's tags to each niche, shape (signals, niches); NaN where there are no tags."""
    listed = [() if s.dated else tags(row["metadata"]) for s, row in zip(prepared.seen, prepared.rows, strict=True)]
    known = sorted({tag for row in listed for tag in row})
    cohesion = np.full((len(listed), len(about)), np.nan)
    if known:
        place = {tag: i for i, tag in enumerate(known)}
        each = factors.affinity(embed(known) @ about.T)
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
