"""An idea as it is kept: its title, its evidence, its reason, its card, and the decisions that led to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from pipeline.ideas import telling
from pipeline.ideas.candidates import Candidate
from pipeline.ideas.facts import Dated, tags
from pipeline.ideas.lexicon import niches
from pipeline.ideas.measuring import Fit, theirs
from pipeline.ideas.preparing import Prepared
from pipeline.ideas.selection import Neighbour
from pipeline.models import Decision, Factors, Idea, Json, Weights
from pipeline.scoring import card, pace
from pipeline.scoring.score import NAMES
from pipeline.signals.health import Confidence

DECIDED_BY = "pipeline.ideas 1"

MEASURED = ("dislikes", "observations", "age_hours", "burst", "expected", "log_sd", "z_sd", "mentions")
"""What else may have been measured of a signal: evidence where it was."""

Floats = NDArray[np.float64]


def idea(
    index: int, neighbour: Neighbour | None, *, hour: datetime, made: Sequence[Candidate], prepared: Prepared,
    table: Floats, scores: Floats, fitting: Fit, to_centroid: Floats, model: str, weights: Weights,
    confidence: Mapping[str, Confidence], centroid_ideas: Mapping[str, int],
) -> Idea:  # fmt: skip
    """The candidate at `index` as an idea, beside its nearest earlier one; arrays are by candidate, rows by signal."""
    candidate = made[index]
    signal, row = prepared.seen[candidate.signal], prepared.rows[candidate.signal]
    niche, what = niches()[candidate.niche], signal.dated
    today = (hour + timedelta(hours=1)).date()
    evidence: Json = {
        "source": row["source"],
        "signal": row["content"],
        "url": row["url"],
        "payload_uri": row["payload_uri"],
        "also_seen": row["also_seen"],
        "counters": {name: row[name] for name in pace.COUNTERS},
        "pace_per_minute": row["pace"],
        "pace_hours": row["pace_hours"],
        "usual": {"median": row["usual"], "mad": row["usual_mad"], "signals": row["n"], "days": pace.BASELINE_DAYS},
        "z": _none(prepared.z[candidate.signal]),
        "hours_since_peak": round(float(prepared.hours_since_peak[candidate.signal]), 2),
        "half_life_hours": float(prepared.half_life[candidate.signal]),
        "topic": candidate.topic,
        "pair_strength": candidate.strength,
        "own_community": theirs(signal, candidate.niche),
        "cosine_niche": _none(fitting.cosine[index]),
        "niche_words": _none(fitting.words[index]),
        "niche_affinity": _none(fitting.affinity[index]),
        "niche_titles": fitting.titles[index],
        "hashtag_cohesion": _none(fitting.cohesion[index]),
        "tags": 0 if what else len(tags(row["metadata"])),
        "cosine_centroid": _none(to_centroid[index]),
        "centroid_ideas": centroid_ideas.get(candidate.niche),
        "nearest": neighbour
        and {"idea": str(neighbour.idea_id), "phrase": neighbour.phrase, "similarity": round(neighbour.similarity, 4)},
    }
    if row["published_at"] is not None:
        evidence["age_hours"] = round(((hour + timedelta(hours=1)) - row["published_at"]).total_seconds() / 3600, 2)
    evidence |= {name: row[name] for name in MEASURED if row.get(name) is not None}
    if trust := confidence.get(row["source"]):
        evidence["confidence"] = {"value": trust.value, "why": trust.sentence}
    runway = prepared.runways[candidate.signal]
    if what and runway:
        evidence["event"] = {
            "name": what.name,
            "date": what.date.isoformat(),
            "countries": list(what.countries),
            "gift": what.gift,
            "runway_days": (runway.last_day - today).days,
            **runway.model_dump(mode="json"),
        }
    measures = Factors(**dict(zip(NAMES, map(float, table[index]), strict=True)))
    pace_of = telling.Pace(row["total"], row["pace"], row["pace_hours"], row["usual"])
    buzz = telling.spoken(row["mentions"]) if row.get("mentions") else telling.pace(row["source"], pace_of)
    counted = None if row["pace"] is None else row["observations"]
    suits = telling.fit(niche, candidate.strength, signal.community, candidate.topic)
    new = telling.news(niche, neighbour, first=np.isnan(to_centroid[index]))
    told = {
        "freshness": telling.peak(
            row["source"], evidence["hours_since_peak"], evidence["half_life_hours"], counted, what, today
        ),
        "engagement": buzz,
        "novelty": new,
        "community_fit": suits,
        "seasonality": telling.season(what, runway),
    }
    return Idea(
        signal_id=UUID(signal.signal_id),
        hour=hour,
        phrase=candidate.phrase.text,
        lines=candidate.phrase.lines,
        emphasis=candidate.phrase.emphasis,
        title=_title(candidate, what),
        description=_description(candidate, what),
        niche=candidate.niche,
        format=candidate.format,
        motifs=candidate.motifs,
        mood=candidate.mood,
        occasion=what.name if what and what.kind == "occasion" else None,
        event_date=what.date if what else None,
        factors=measures,
        score=float(scores[index]),
        weights_version=weights.version,
        reason=telling.sentence(
            telling.when(what, runway) if what and runway else "",
            buzz,
            suits,
            new,
        ),
        evidence=evidence,
        card=card.explain(measures, weights, evidence, {name: telling.sentence(words) for name, words in told.items()}),
        embedding_model=model,
    )


def _title(candidate: Candidate, what: Dated | None) -> str:
    whom = telling.small(niches()[candidate.niche].people)
    return (
        f"{candidate.phrase.text} – {what.name} for {whom}"[:120] if what else f"{candidate.phrase.text} – for {whom}"
    )


def _description(candidate: Candidate, what: Dated | None) -> str:
    pictures = " and ".join(motif.replace("-", " ") for motif in candidate.motifs[:2])
    occasion = f" for {what.name}" if what else ""
    whom = telling.small(niches()[candidate.niche].people)
    return f"A {candidate.mood} design{occasion} that {whom} would wear: “{candidate.phrase.text}”, with {pictures}."


def decisions(idea: Idea, candidate: Candidate, row: dict[str, Any]) -> tuple[Decision, Decision]:
    """Why these words, and on what evidence."""
    return (
        Decision(
            subject="idea",
            subject_id=idea.id,
            kind="phrase",
            choice={"phrase": idea.phrase, "format": idea.format, "template": candidate.template, "niche": idea.niche},
            because={"topic": candidate.topic, "alternatives": list(candidate.alternatives)},
            decided_by=DECIDED_BY,
        ),
        Decision(
            subject="idea",
            subject_id=idea.id,
            kind="evidence",
            choice={"signal_id": str(idea.signal_id), "source": row["source"], "occasion": idea.occasion},
            because={"factors": idea.factors.model_dump(), "score": idea.score, "reason": idea.reason},
            decided_by=f"{DECIDED_BY}, weights {idea.weights_version}",
        ),
    )


def _none(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)
