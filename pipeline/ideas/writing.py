"""An idea as it is kept: its title, its evidence, its reason, and the decisions that led to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from pipeline.ideas import telling
from pipeline.ideas.candidates import Candidate
from pipeline.ideas.facts import Dated
from pipeline.ideas.lexicon import niches
from pipeline.ideas.measuring import Fit
from pipeline.ideas.preparing import Prepared
from pipeline.ideas.selection import Neighbour
from pipeline.models import Decision, Factors, Idea, Json, Weights
from pipeline.scoring import calendar, pace
from pipeline.scoring.score import NAMES
from pipeline.signals.health import Confidence

DECIDED_BY = "pipeline.ideas 1"

Floats = NDArray[np.float64]


def idea(
    index: int, neighbour: Neighbour | None, *, hour: datetime, made: Sequence[Candidate], prepared: Prepared,
    table: Floats, scores: Floats, fitting: Fit, to_centroid: Floats, model: str, weights: Weights,
    confidence: Mapping[str, Confidence],
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
        "usual": {"median": row["median"], "mad": row["mad"], "signals": row["n"], "days": pace.BASELINE_DAYS},
        "z": _none(prepared.z[candidate.signal]),
        "hours_since_peak": round(float(prepared.hours_since_peak[candidate.signal]), 2),
        "half_life_hours": float(prepared.half_life[candidate.signal]),
        "topic": candidate.topic,
        "pair_strength": candidate.strength,
        "cosine_niche": _none(fitting.cosine[index]),
        "niche_affinity": _none(fitting.affinity[index]),
        "niche_titles": fitting.titles[index],
        "hashtag_cohesion": _none(fitting.cohesion[index]),
        "cosine_centroid": _none(to_centroid[index]),
        "nearest": neighbour
        and {"idea": str(neighbour.idea_id), "phrase": neighbour.phrase, "similarity": round(neighbour.similarity, 4)},
    }
    if trust := confidence.get(row["source"]):
        evidence["confidence"] = {"value": trust.value, "why": trust.sentence}
    if what:
        evidence["event"] = {
            "name": what.name,
            "date": what.date.isoformat(),
            "days": (what.date - today).days,
            "lead_days": dict(calendar.lead_days()),
            "runway_days": calendar.runway_days(what.date, today),
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
        factors=Factors(**dict(zip(NAMES, map(float, table[index]), strict=True))),
        score=float(scores[index]),
        weights_version=weights.version,
        reason=telling.sentence(
            telling.when(what, today) if what else "",
            telling.pace(row["source"], telling.Pace(row["total"], row["pace"], row["pace_hours"], row["median"])),
            telling.fit(niche, candidate.strength, signal.community, candidate.topic),
            telling.news(niche, neighbour, first=np.isnan(to_centroid[index])),
        ),
        evidence=evidence,
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
