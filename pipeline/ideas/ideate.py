"""An hour's signals to the hour's ideas: prepare, pair, fill, score, select, tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.ideas import candidates, selection, telling
from pipeline.ideas.candidates import NICHES_PER_SIGNAL, Candidate, Seen
from pipeline.ideas.facts import Dated, dated, tags, topic
from pipeline.ideas.lexicon import niches, pattern, topics, unfit
from pipeline.ideas.selection import Nearest, Neighbour, Traits
from pipeline.models import EMBEDDING_DIM, Decision, Factors, Idea, Json, Vectors, Weights, hour_of
from pipeline.scoring import calendar, factors, pace
from pipeline.scoring.score import NAMES, weighted
from pipeline.signals.health import Confidence

MAX_SIGNALS = 2000
"""Of an hour's signals the freshest and fastest so many are worked on, however many there are."""

MAX_CANDIDATES = 12_000
"""Bounds memory: so many phrases are embedded at most; the best-ranked signals' come first."""

DECIDED_BY = "pipeline.ideas 1"

Embed = Callable[[Sequence[str]], Vectors]
Floats = NDArray[np.float64]


class Ideation(NamedTuple):
    """What an hour's signals became."""

    ideas: tuple[Idea, ...]
    vectors: Vectors
    decisions: tuple[Decision, ...]
    considered: int
    duplicates: int


class Prepared(NamedTuple):
    """An hour's usable signals, row by row beside what was measured of them."""

    rows: list[dict[str, Any]]
    seen: list[Seen]
    hours_since_peak: Floats
    half_life: Floats
    z: Floats
    days_to_event: Floats


def ideate(
    *,
    hour: datetime,
    signals: pl.DataFrame,
    history: pl.DataFrame,
    embed: Embed,
    model: str,
    nearest: Nearest,
    centroids: Mapping[str, NDArray[np.floating]],
    weights: Weights,
    limit: int,
    confidence: Mapping[str, Confidence],
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
        centroids: Niche → mean vector of its recent ideas.
        weights: The weights in force.
        limit: The most ideas to keep.
        confidence: Source → how far it can be trusted for the hour; of other sources nothing is said.

    Returns:
        The ideas, best first; their vectors, shape (n, EMBEDDING_DIM); a `phrase` and an `evidence` decision for each;
        how many candidates were considered, and how many of them were too near to another idea.
    """
    hour = hour_of(hour)
    now = hour + timedelta(hours=1)
    prepared = prepare(signals, history, now, weights)
    names = list(niches())
    if not prepared.rows:
        return Ideation((), np.zeros((0, EMBEDDING_DIM), np.float32), (), 0, 0)
    about = embed([niche.described for niche in niches().values()])
    cosines = np.asarray(embed([row["content"] for row in prepared.rows]) @ about.T, np.float64)

    pairs = _pairs(prepared.seen, names, cosines, hour)
    made: list[Candidate] = []
    for candidate in candidates.propose(prepared.seen, pairs, hour):
        if len(made) == MAX_CANDIDATES:
            break
        made.append(candidate)
    if not made:
        return Ideation((), np.zeros((0, EMBEDDING_DIM), np.float32), (), 0, 0)

    vectors = embed([candidate.phrase.text for candidate in made])
    at = np.array([candidate.signal for candidate in made])
    niche_at = np.array([names.index(candidate.niche) for candidate in made])
    cohesion = _cohesion(prepared, embed, about)
    to_centroid = _centroid_cosines(made, vectors, centroids)
    cosines = _text_cosines(prepared.seen, made, cosines, vectors, about)
    subreddit = np.where([_theirs(prepared.seen[c.signal], c.niche) for c in made], 1.0, factors.affinity(cosines))
    table = np.column_stack(
        [
            factors.freshness(prepared.hours_since_peak, prepared.half_life)[at],
            factors.engagement(prepared.z)[at],
            factors.novelty(to_centroid),
            factors.community_fit(subreddit, cohesion[at, niche_at]),
            factors.seasonality(prepared.days_to_event)[at],
        ]
    )
    scores = weighted(table, weights)
    keys = [f"{c.niche}:{c.phrase.text}:{prepared.seen[c.signal].signal_id}" for c in made]
    traits = [Traits(c.signal, c.niche, c.format, c.template) for c in made]
    chosen = selection.select(scores=scores, keys=keys, traits=traits, vectors=vectors, nearest=nearest, limit=limit)

    tell = partial(
        _idea, hour=hour, made=made, prepared=prepared, table=table, scores=scores, cosines=cosines,
        cohesion=cohesion[at, niche_at], to_centroid=to_centroid, model=model, weights=weights, confidence=confidence,
    )  # fmt: skip
    ideas = tuple(tell(index, neighbour) for index, neighbour in zip(chosen.kept, chosen.neighbours, strict=True))
    decisions = tuple(
        decision
        for index, idea in zip(chosen.kept, ideas, strict=True)
        for decision in _decisions(idea, made[index], prepared.rows[made[index].signal])
    )
    return Ideation(ideas, vectors[list(chosen.kept)], decisions, len(made), chosen.duplicates)


# ---------------------------------------------------------------------------------------------------------------------
# signals → what is known of them


def prepare(signals: pl.DataFrame, history: pl.DataFrame, now: datetime, weights: Weights) -> Prepared:
    """The usable signals, at most MAX_SIGNALS, best first, with what the factors need.

    Left out are signals that speak of what nobody should sell (`unfit.csv`), dated ones that a listing of today would
    come too late for (they wait for next year), and posts that name nothing of the lexicon: a post's topic is only
    ever a word of ours, never a name.

    Args:
        signals: As for `ideate`.
        history: As for `ideate`.
        now: The moment that ages are counted to.
        weights: Rank signals before there are phrases; novelty and fit are not known yet.
    """
    kind = pl.col("metadata").fill_null("{}").str.json_path_match("$.kind")
    is_dated = kind.is_in(["occasion", "anniversary"]).fill_null(value=False)
    never = pattern(unfit())
    community = pl.col("category").str.to_lowercase().str.strip_prefix("r/")
    frame = (
        signals.unique("signal_id", keep="first")
        .with_columns(is_dated=is_dated, community=community)
        .filter(
            ~pl.col("content").str.contains(never),
            ~(pl.col("is_dated") & pl.col("metadata").str.contains(never)),
            pl.col("is_dated") | pl.col("content").str.contains(pattern(topics())),
        )
        .sort("signal_id")
    )
    paced = pace.paces(pace.observations(signals, history, now))
    usual = pace.baselines(paced)
    frame = frame.join(paced.drop("source"), on="signal_id", how="left", maintain_order="left").join(
        usual, on="source", how="left", maintain_order="left"
    )
    today = now.date()
    rows = frame.to_dicts()
    what = [dated(row["metadata"]) if row["is_dated"] else None for row in rows]
    rows, what = _in_time(rows, what, today)
    since_peak = np.array([_hours_since_peak(row, d, now) for row, d in zip(rows, what, strict=True)], np.float64)
    is_day = np.array([d is not None for d in what], bool)
    own_half = np.array([calendar.half_life(row["source"]) for row in rows], np.float64)
    half = np.where(is_day, calendar.dated_half_life(since_peak), own_half)
    z = factors.robust_z(*(np.array([_nan(row[name]) for row in rows]) for name in ("pace", "median", "mad")))
    days = np.array([np.nan if d is None else (d.date - today).days for d in what], np.float64)
    promise = (
        weights.freshness * factors.freshness(since_peak, half)
        + weights.engagement * factors.engagement(z)
        + weights.seasonality * factors.seasonality(days)
    )
    best = _one_of_each_topic(sorted(range(len(rows)), key=lambda i: (-promise[i], rows[i]["signal_id"])), rows)
    together = _by_topic(signals.filter(~pl.col("content").str.contains(never)))
    for i in best:
        rows[i]["also_seen"] = [
            told for id_, told in together.get(rows[i]["topic_id"], ()) if id_ != rows[i]["signal_id"]
        ]
    seen = [_seen(rows[i], what[i]) for i in best]
    return Prepared([rows[i] for i in best], seen, since_peak[best], half[best], z[best], days[best])


def _one_of_each_topic(order: Sequence[int], rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """The first of each topic, at most MAX_SIGNALS."""
    first: dict[str, int] = {}
    for i in order:
        first.setdefault(rows[i]["topic_id"], i)
    return list(first.values())[:MAX_SIGNALS]


def _by_topic(signals: pl.DataFrame) -> dict[str, list[tuple[str, Json]]]:
    """Topic → the id of each of its signals, and what is said of it as evidence, in the order of their sighting."""
    together: dict[str, list[tuple[str, Json]]] = {}
    shared = signals.unique("signal_id").filter(pl.len().over("topic_id") > 1).sort("captured_at", "signal_id")
    for row in shared.iter_rows(named=True):
        told = {
            "source": row["source"],
            "content": row["content"],
            "url": row["url"],
            "captured_at": row["captured_at"].isoformat(),
            "likeness": round(row["topic_likeness"], 4),
        }
        together.setdefault(row["topic_id"], []).append((row["signal_id"], told))
    return together


def _in_time(
    rows: list[dict[str, Any]], what: list[Dated | None], today: date
) -> tuple[list[dict[str, Any]], list[Dated | None]]:
    keep = [i for i, d in enumerate(what) if d is None or calendar.runway_days(d.date, today) >= 0]
    return [rows[i] for i in keep], [what[i] for i in keep]


def _seen(row: dict[str, Any], what: Dated | None) -> Seen:
    text = f"{what.name}. {', '.join(what.themes)}" if what else row["content"]
    community = row["community"] if row["source"].startswith("reddit") else None
    return candidates.seen(row["signal_id"], row["content"], community, what, topic(text.lower() if what else text))


def _hours_since_peak(row: dict[str, Any], what: Dated | None, now: datetime) -> float:
    """Of a dated thing since its last listing day at noon, negative before it; else since it went fastest."""
    if what is not None:
        peak = calendar.last_listing_day(what.date)
        return (now.date() - peak).days * 24 + now.hour - 12.0
    peak_at: datetime = row["peak_at"]
    return max((now - peak_at).total_seconds() / 3600, 0.0)


def _nan(value: float | None) -> float:
    return np.nan if value is None else value


# ---------------------------------------------------------------------------------------------------------------------
# pairs and their factors


def _pairs(
    seen: Sequence[Seen], names: Sequence[str], cosines: Floats, hour: datetime
) -> Iterator[tuple[int, str, float]]:
    """For each signal its NICHES_PER_SIGNAL strongest niches; among equals (everyone at Christmas) others each hour."""
    for index, signal in enumerate(seen):
        turn = np.random.default_rng(candidates.seed(signal.signal_id, hour.isoformat())).random(len(names))
        forces = [candidates.strength(signal, niches()[name], cosines[index, i]) for i, name in enumerate(names)]
        order = sorted((i for i, force in enumerate(forces) if force > 0), key=lambda i: (-forces[i], turn[i]))
        yield from ((index, names[i], forces[i]) for i in order[:NICHES_PER_SIGNAL])


def _theirs(signal: Seen, niche: str) -> bool:
    """Whether the signal comes from the niche's own community."""
    return signal.community is not None and signal.community in niches()[niche].subreddits


def _text_cosines(
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


def _cohesion(prepared: Prepared, embed: Embed, about: Vectors) -> Floats:
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


def _centroid_cosines(
    made: Sequence[Candidate], vectors: Vectors, centroids: Mapping[str, NDArray[np.floating]]
) -> Floats:
    """Cosine of each candidate with the centroid of its niche; NaN where the niche has none."""
    unit = {name: c / norm for name, c in centroids.items() if (norm := float(np.linalg.norm(c))) > 0}
    nothing = np.full(vectors.shape[1], np.nan)
    return np.array([float(v @ unit.get(c.niche, nothing)) for c, v in zip(made, vectors, strict=True)], np.float64)


# ---------------------------------------------------------------------------------------------------------------------
# what is kept


def _idea(
    index: int, neighbour: Neighbour | None, *, hour: datetime, made: Sequence[Candidate], prepared: Prepared,
    table: Floats, scores: Floats, cosines: Floats, cohesion: Floats, to_centroid: Floats, model: str, weights: Weights,
    confidence: Mapping[str, Confidence],
) -> Idea:  # fmt: skip
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
        "cosine_niche": _none(cosines[index]),
        "hashtag_cohesion": _none(cohesion[index]),
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


def _decisions(idea: Idea, candidate: Candidate, row: dict[str, Any]) -> tuple[Decision, Decision]:
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
