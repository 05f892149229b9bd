"""The card of an idea: what each factor brings to its score, how sure that is, and what would change it.

What belongs here: an idea's evidence made into `Card`, and the rule from when on a score is unsure. What does not: the
factors' formulas (`factors`), what spreads their inputs (`uncertainty`), and sentences that speak of niches
(`pipeline.ideas.telling`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from pipeline.models import Card, Change, Factors, Json, Share, Weights
from pipeline.scoring import attention, uncertainty
from pipeline.scoring import factors as formulas
from pipeline.scoring.calendar import runway, total_lead_days
from pipeline.scoring.runway import buyers_left, p_live
from pipeline.scoring.score import NAMES, score
from pipeline.scoring.uncertainty import Measurement

INPUTS: Mapping[str, tuple[str, ...]] = {
    "freshness": ("hours_since_peak", "half_life_hours", "observations", "age_hours", "burst"),
    "engagement": (
        "counters", "dislikes", "mentions", "pace_per_minute", "pace_hours", "usual", "expected", "log_sd", "z", "z_sd",
    ),
    "novelty": ("cosine_centroid", "centroid_ideas", "nearest"),
    "community_fit": (
        "topic", "pair_strength", "own_community", "cosine_niche", "niche_words", "niche_affinity", "niche_titles",
        "hashtag_cohesion", "tags",
    ),
    "seasonality": ("event",),
}  # fmt: skip
"""What of an idea's evidence goes into which factor."""

WIDE = 0.2
"""An interval from this width on makes the order of two ideas a guess: most scores of an hour lie as near together."""
TRUSTED = 0.5
"""Confidence in a source below which it is late; see `pipeline.signals.health`."""

WORTH_TELLING = 0.005
"""Less than this changes no score that is shown with two digits."""
TOLD = 3
FAST_Z = 1.2816
"""Robust z of the fastest tenth, were paces normal."""
TWIN = 0.8
"""Cosine of two phrases that say one sentence of two things, such as of dogs and of cats; see docs/scoring.md."""

CAUSES: Mapping[str, str] = {
    "late": "{why}.",
    "sightings": "It was seen {seen}: how fast it goes now, and when it went fastest, is known roughly.",
    "counters": "Nothing was counted at {source}: there are no likes, comments or views to compare.",
    "mentions": "How much people care for the day is known from {mentions}.",
    "no_baseline": "Too few others were seen at {source} to say what is usual there.",
    "baseline": "What is usual at {source} is known from {usual}.",
    "counts": "It has few likes, comments and views: chance weighs heavily.",
    "few_ideas": "We have {ideas} of this niche to compare it with.",
    "few_titles": "What the niche talks about is known by {niche}.",
    "few_tags": "It has {tags} to go by.",
    "wording": "The same in other words would compare a little differently.",
}
"""What makes an interval wide → the same for people."""

Otherwise = Iterator[tuple[str, dict[str, float]]]
"""What would have to be otherwise, and the factors then."""


def is_unsure(low: float, high: float, confidence: float | None) -> bool:
    """Whether a score is to be taken with care: its interval is wide, or its source late.

    Args:
        low: Lower end of the score's interval.
        high: Upper end.
        confidence: In the source, 0 … 1; None: nothing was said of it.
    """
    return high - low >= WIDE or (confidence is not None and confidence < TRUSTED)


def explain(factors: Factors, weights: Weights, evidence: Json, told: Mapping[str, str]) -> Card:
    """The card of a score.

    Args:
        factors: The idea's.
        weights: In force when it was scored.
        evidence: What its factors were computed from, as `pipeline.ideas.writing` keeps it.
        told: Factor → why it is as it is, in a sentence.
    """
    measured = uncertainty.measured(evidence)
    total = score(factors, weights)
    shares = [
        _share(name, getattr(factors, name), getattr(weights, name), measured[name], evidence, told[name])
        for name in NAMES
    ]
    return Card(
        low=max(total - math.hypot(*(s.weight * (s.value - s.low) for s in shares)), 0.0),
        high=min(total + math.hypot(*(s.weight * (s.high - s.value) for s in shares)), 1.0),
        level=uncertainty.LEVEL,
        shares=tuple(sorted(shares, key=lambda share: -share.points)),
        unsure=_unsure(weights, measured, evidence),
        changes=_changes(factors, weights, measured, evidence),
    )


def _share(name: str, value: float, weight: float, measured: Measurement, evidence: Json, told: str) -> Share:
    low, high = measured.interval(value)
    return Share(
        factor=name,
        value=value,
        weight=weight,
        points=weight * value,
        low=low,
        high=high,
        inputs={key: evidence[key] for key in INPUTS[name] if key in evidence},
        told=told,
    )


def _unsure(weights: Weights, measured: Mapping[str, Measurement], evidence: Json) -> tuple[str, ...]:
    """The causes of at least WORTH_TELLING of the score, the chief ones first, each in a sentence."""
    points: dict[str, float] = {}
    for name, one in measured.items():
        for cause, half in one.blame().items():
            points[cause] = math.hypot(points.get(cause, 0.0), getattr(weights, name) * half)
    chief = sorted((cause for cause in points if points[cause] >= WORTH_TELLING), key=lambda c: (-points[c], c))
    return tuple(_cause(cause, evidence) for cause in chief[:TOLD])


def _cause(cause: str, evidence: Json) -> str:
    seen, usual = uncertainty.observations(evidence), evidence.get("usual") or {}
    why, titles = evidence.get("confidence", {}).get("why", ""), evidence.get("niche_titles")
    named = evidence.get("mentions") or {}
    if cause == "baseline" and evidence.get("z") is None:
        cause = "no_baseline"
    return CAUSES[cause].format(
        why=f"{why[:1].upper()}{why[1:]}",
        source=str(evidence["source"]).replace("_", " "),
        seen="only once" if seen == 1 else f"{seen} times",
        usual=_things(usual.get("signals"), "item"),
        mentions=named.get("source", "titles"),
        ideas=_things(evidence.get("centroid_ideas"), "idea"),
        niche=f"{_things(titles, 'title')} of its communities" if titles else "our own description of it alone",
        tags=_things(evidence.get("tags"), "hashtag"),
    )


def _things(count: int | None, name: str) -> str:
    return f"few {name}s" if count is None else f"{count:,} {name}" if count == 1 else f"{count:,} {name}s"


def _changes(
    factors: Factors, weights: Weights, measured: Mapping[str, Measurement], evidence: Json
) -> tuple[Change, ...]:
    """The TOLD largest changes, of which one goes the other way if any does."""
    now = score(factors, weights)
    found = [
        (what, score(factors.model_copy(update=instead), weights)) for what, instead in _otherwise(measured, evidence)
    ]
    found = sorted((c for c in found if abs(c[1] - now) >= WORTH_TELLING), key=lambda c: -abs(c[1] - now))
    kept = found[:TOLD]
    if len({then > now for _, then in kept}) == 1:
        other_way = [c for c in found[TOLD:] if (c[1] > now) != (kept[0][1] > now)]
        kept = [*kept[: TOLD - 1], *(other_way or kept[TOLD - 1 :])[:1]]
    return tuple(Change(told=f"{what}, it would score {then:.2f}.", score=then) for what, then in kept)


def _otherwise(measured: Mapping[str, Measurement], evidence: Json) -> Otherwise:
    yield from _other_pace(evidence)
    yield from (_other_day if evidence.get("event") else _other_moment)(measured, evidence)
    yield from _other_neighbor(measured["novelty"], evidence)
    yield from _other_community(evidence)


def _other_pace(evidence: Json) -> Otherwise:
    z, source = evidence.get("z"), str(evidence["source"]).replace("_", " ")
    if z is None:
        return
    if named := evidence.get("mentions"):
        yield from _other_attention(named["titles"])
        return
    what = "If its pace fell back to what is usual at" if z > 0 else "If it went as fast as is usual at"
    yield f"{what} {source}", {"engagement": float(formulas.engagement(0.0))}
    if z < FAST_Z:
        yield f"If it went as fast as the fastest tenth at {source}", {"engagement": float(formulas.engagement(FAST_Z))}


def _other_attention(named: int) -> Otherwise:
    """Of an occasion: named as the usual one, which is nowhere, or as the one that is named most."""
    best, most = max(attention.mentions().named.items(), key=lambda one: one[1])
    if named:
        yield "If nobody spoke of the day, as of most", {"engagement": float(formulas.engagement(0.0))}
    if named < most:
        yield (
            f"If people spoke of the day as much as of {best}",
            {"engagement": float(formulas.engagement(attention.z(most)))},
        )


def _other_moment(measured: Mapping[str, Measurement], evidence: Json) -> Otherwise:
    """Of what has no date: interest later or at its height, and a date."""
    hours, half_life = evidence["hours_since_peak"], evidence["half_life_hours"]
    later = measured["freshness"].at(hours=hours + half_life)
    yield f"In {half_life:g} hours, if interest does not rise again", {"freshness": later}
    yield "If interest were at its height right now", {"freshness": measured["freshness"].at(hours=0.0)}
    lead = total_lead_days()
    reached = {"days_to_window": 0.0, "p_live": float(p_live(lead)), "buyers_left": float(buyers_left(lead, "worn"))}
    yield (
        f"Tied to an event {lead} days away, the nearest that a listing of today still reaches",
        {"seasonality": measured["seasonality"].at(**reached)},
    )


def _other_day(measured: Mapping[str, Measurement], evidence: Json) -> Otherwise:
    """Of what has a date: listed another day."""
    event, hours = evidence["event"], evidence["hours_since_peak"]
    day = date.fromisoformat(event["date"])
    today, left, week = day - timedelta(days=event["days"]), event["runway_days"], 7

    def listed(in_days: int) -> dict[str, float]:
        then = runway(day, today + timedelta(days=in_days), event["countries"], gift=event["gift"])
        season = formulas.seasonality(then.days_to_window, then.p_live, then.buyers_left)
        return {"freshness": measured["freshness"].at(hours=hours + 24 * in_days), "seasonality": float(season)}

    late = week - left
    too_late = f", {late} {'day' if late == 1 else 'days'} too late for most of its buyers" if late > 0 else ""
    yield f"Listed a week later{too_late}", listed(week)
    if left > week:
        last = today + timedelta(days=left)
        yield f"Listed on {last.day} {last:%b %Y}, the last day that is in time", listed(left)


def _other_neighbor(novelty: Measurement, evidence: Json) -> Otherwise:
    nearest = evidence.get("nearest")
    if nearest:
        yield f"If our “{nearest['phrase']}” were not there", {"novelty": novelty.at(cosine_nearest=float("nan"))}
    if not nearest or nearest["similarity"] < TWIN:
        yield "If we had one already that says nearly the same", {"novelty": novelty.at(cosine_nearest=TWIN)}


def _other_community(evidence: Json) -> Otherwise:
    if evidence.get("event"):
        return
    cohesion = evidence.get("hashtag_cohesion")
    at_home, elsewhere = (
        float(formulas.community_fit(affinity, math.nan if cohesion is None else cohesion))
        for affinity in (1.0, evidence["niche_affinity"])
    )
    if evidence.get("own_community"):
        yield "Posted anywhere else than in the niche's own community", {"community_fit": elsewhere}
    else:
        yield "Posted in a community of the niche itself", {"community_fit": at_home}
