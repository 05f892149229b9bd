"""The card: its points are the score, its intervals hold what is true about as often as they say."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models import Card, Factors, Json, Weights
from pipeline.scoring import attention, calendar, card, factors, pace, uncertainty
from pipeline.scoring.score import NAMES, score
from pipeline.scoring.uncertainty import LEVEL, measured

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
TODAY = NOW.date()
WEIGHTS = Weights(version=1, freshness=0.25, engagement=0.25, novelty=0.15, community_fit=0.15, seasonality=0.20)
EVIL = "<script>alert(1)</script>{0}{why}%s"

TOLD_APART = {"phrase": "A twin", "similarity": 0.85}
"""A neighbour that leaves the days the largest changes."""

UNIT = st.floats(0, 1)
COSINES = st.none() | st.floats(-1, 1)
PACES = st.floats(0, 1e4)


def post(**changes: Any) -> Json:
    """The evidence of a post, seen four times at a source that is well known."""
    return {
        "source": "reddit_posts",
        "pace_per_minute": 2.0,
        "pace_hours": 1.0,
        "usual": {"median": 1.0, "mad": 0.5, "signals": 400, "days": 7},
        "z": 1.0,
        "z_sd": 0.4,
        "log_sd": 0.6,
        "hours_since_peak": 3.0,
        "half_life_hours": 12.0,
        "observations": 4,
        "age_hours": 8.0,
        "cosine_niche": 0.3,
        "niche_words": -1.0,
        "niche_affinity": float(factors.affinity(0.3, -1.0)),
        "own_community": False,
        "hashtag_cohesion": None,
        "tags": 0,
        "cosine_centroid": 0.4,
        "centroid_ideas": 50,
        "nearest": {"phrase": "An older idea", "similarity": 0.6},
        **changes,
    }


def occasion(days: int, **changes: Any) -> Json:
    """The evidence of a day in so many days."""
    day = TODAY + timedelta(days=days)
    run = calendar.runway(day, TODAY)
    hours = (TODAY - calendar.listing_peak(day)).days * 24.0 - 6
    return post(
        **{
            "source": "calendar_events",
            **dict.fromkeys(("pace_per_minute", "pace_hours", "z", "z_sd", "log_sd", "observations", "age_hours")),
            "usual": {"median": None, "mad": None, "signals": None, "days": 7},
            "hours_since_peak": hours,
            "half_life_hours": float(calendar.dated_half_life(hours)),
            "event": {
                "name": "Christmas",
                "date": day.isoformat(),
                "countries": [],
                "gift": False,
                "runway_days": (run.last_day - TODAY).days,
                **run.model_dump(mode="json"),
            },
            **changes,
        }
    )


def spoken(titles: int) -> Json:
    """What an occasion that so many titles name has beside the rest of its evidence."""
    told = {"titles": titles, "of": 100_000, "source": "titles of hobby communities"}
    return {"mentions": told, "z": attention.z(titles), "z_sd": attention.z_sd(titles)}


def explained(evidence: Json, weights: Weights = WEIGHTS) -> tuple[Card, float]:
    """Its card, and its score."""
    values = Factors(**{name: one.at() for name, one in measured(evidence).items()})
    return card.explain(values, weights, evidence, dict.fromkeys(NAMES, "So it is.")), score(values, weights)


def width(evidence: Json) -> float:
    """Of the score's interval."""
    made, _ = explained(evidence)
    return made.high - made.low


@st.composite
def evidences(draw: st.DrawFn) -> Json:
    """Of any post or day, much or little known."""
    if draw(st.booleans()):
        named = draw(st.none() | st.integers(0, 2000))
        known = {} if named is None else spoken(named)
        made = occasion(draw(st.integers(calendar.total_lead_days(), 400)), **known)
    else:
        usual = {"median": draw(PACES), "mad": draw(PACES), "signals": draw(st.integers(5, 9999)), "days": 7}
        counted = draw(st.booleans())
        made = post(
            pace_per_minute=draw(PACES) if counted else None,
            pace_hours=draw(st.floats(0.2, 100)) if counted else None,
            usual=usual,
            hours_since_peak=draw(st.floats(0, 500)),
            half_life_hours=draw(st.floats(1, 200)),
            observations=draw(st.none() | st.integers(1, 50)),
            age_hours=draw(st.none() | st.floats(0.1, 500)),
            own_community=draw(st.booleans()),
            z=draw(st.floats(-6, 12)) if counted else None,
            z_sd=draw(st.floats(0.01, 3)),
            log_sd=draw(st.floats(0.01, 3)),
        )
    made |= {
        "cosine_niche": draw(st.floats(-1, 1)),
        "cosine_centroid": draw(COSINES),
        "centroid_ideas": draw(st.none() | st.integers(1, 500)),
        "nearest": draw(st.none() | st.builds(lambda x: {"phrase": "Older", "similarity": x}, st.floats(-1, 0.9))),
        "hashtag_cohesion": draw(st.none() | UNIT),
        "tags": draw(st.integers(0, 9)),
        "niche_titles": draw(st.none() | st.integers(1, 5000)),
    }
    if draw(st.booleans()):
        made["confidence"] = {"value": draw(UNIT), "why": "it was last heard 5 h ago"}
    return made


@st.composite
def weightings(draw: st.DrawFn) -> Weights:
    """Five weights that sum to one."""
    raw = np.array(draw(st.lists(st.floats(0.001, 1), min_size=5, max_size=5)))
    return Weights(version=2, **dict(zip(NAMES, (raw / raw.sum()).tolist(), strict=True)))


@given(evidences(), weightings())
def test_points_add_up_and_every_interval_holds_its_value(evidence: Json, weights: Weights) -> None:
    made, total = explained(evidence, weights)
    assert sum(share.points for share in made.shares) == pytest.approx(total)
    assert sorted(share.factor for share in made.shares) == sorted(NAMES)
    assert [s.points for s in made.shares] == sorted((s.points for s in made.shares), reverse=True)
    assert 0 <= made.low <= total <= made.high <= 1
    for share in made.shares:
        assert 0 <= share.low <= share.value <= share.high <= 1
    lows, highs = (sum(s.weight * getattr(s, end) for s in made.shares) for end in ("low", "high"))
    assert lows - 1e-9 <= made.low, "no score can be below that of all factors at their lowest"
    assert made.high <= highs + 1e-9
    assert Card.model_validate_json(made.model_dump_json()) == made


@given(evidences(), st.integers(1, 50), st.integers(1, 50))
def test_more_sightings_never_widen(evidence: Json, some: int, more: int) -> None:
    few, many = width(evidence | {"observations": some}), width(evidence | {"observations": some + more})
    assert many <= few + 1e-12


@given(evidences(), UNIT, UNIT)
def test_a_source_that_is_less_trusted_never_narrows(evidence: Json, one: float, other: float) -> None:
    low, high = sorted((one, other))
    late, heard = (width(evidence | {"confidence": {"value": value, "why": "late"}}) for value in (low, high))
    assert late >= heard - 1e-12


@pytest.mark.parametrize("name", ["centroid_ideas", "niche_titles", "tags"])
@given(evidences(), st.integers(1, 1000), st.integers(1, 1000))
def test_more_texts_behind_a_comparison_never_widen(name: str, evidence: Json, some: int, more: int) -> None:
    assert width(evidence | {name: some + more}) <= width(evidence | {name: some}) + 1e-12


@given(st.floats(-6, 12), st.integers(5, 1000), st.integers(1, 1000))
def test_more_signals_in_a_baseline_never_widen(z: float, some: int, more: int) -> None:
    def seen(signals: int) -> float:
        return width(post(z=z, usual={"median": 1.0, "mad": 0.5, "signals": signals, "days": 7}))

    assert seen(some + more) <= seen(some) + 1e-12


@given(evidences(), st.floats(-4, 4), st.floats(0.01, 3))
def test_the_error_of_a_forecast_is_sent_through_the_formula(evidence: Json, z: float, sd: float) -> None:
    known = {"z": z, "z_sd": sd, "log_sd": sd, "pace_per_minute": 1.0, "pace_hours": 1.0}
    many = {"usual": {"median": 1.0, "mad": 0.5, "signals": 10**12, "days": 7}}
    one = measured(evidence | known | many | {"confidence": {"value": 1.0, "why": "well"}})["engagement"]
    low, high = one.interval(one.at())
    assert low == pytest.approx(float(factors.engagement(z - uncertainty.QUANTILE * sd)), abs=1e-4)
    assert high == pytest.approx(float(factors.engagement(z + uncertainty.QUANTILE * sd)), abs=1e-4)


def covered(hits: list[bool]) -> float:
    """How often."""
    return float(np.mean(hits))


@pytest.mark.parametrize(("signals", "log_sd"), [(20, 0.3), (400, 0.3), (400, 1.0)])
def test_the_interval_of_engagement_holds_the_true_value_about_as_often_as_it_says(signals: int, log_sd: float) -> None:
    """A source of log-normal growth, known by a sample; a post whose forecast is off by its stated error."""
    rng = np.random.default_rng(11)
    population = rng.normal(2.0, 0.8, 200_000)
    median = float(np.median(population))
    mad = float(np.median(np.abs(population - median)))
    hits = []
    for true in rng.choice(population, 1500):
        truth = float(factors.engagement(factors.robust_z(true, median, mad)))
        sample = rng.choice(population, signals)
        middle = float(np.median(sample))
        spread = float(np.median(np.abs(sample - middle)))
        forecast = true + log_sd * rng.standard_normal()
        usual = {"median": 1.0, "mad": 0.5, "signals": signals, "days": 7}
        z, above = (float(factors.robust_z(x, middle, spread)) for x in (forecast, middle + log_sd))
        one = measured(post(z=z, z_sd=above, log_sd=log_sd, usual=usual))["engagement"]
        low, high = one.interval(one.at())
        hits.append(low <= truth <= high)
    assert covered(hits) == pytest.approx(LEVEL, abs=0.08)


@pytest.mark.slow
@pytest.mark.parametrize("sightings", [1, 3, 8])
def test_the_interval_of_freshness_holds_the_true_value_at_least_as_often_as_it_says(sightings: int) -> None:
    """A post whose rate rises to a peak and falls, seen a few times, its peak found by `pace.paces`."""
    rng = np.random.default_rng(12)
    hits = []
    for _ in range(250):
        age, half_life = float(rng.uniform(4, 16)), 12.0
        peak = float(rng.uniform(0, age))
        at = np.linspace(0, age, 400)
        total = np.cumsum(400 * np.exp(-0.5 * ((at - peak) / 1.5) ** 2)) * (age / 400)
        when = np.linspace(0, age, sightings + 1)[1:]
        counts = np.cumsum(rng.poisson(np.diff([0, *np.interp(when, at, total)])))
        born = NOW - timedelta(hours=age)
        rows = [
            {"signal_id": "a", "source": "x", "published_at": born, "captured_at": born + timedelta(hours=float(w)),
             "likes": int(c), "comments": None, "views": None, "dislikes": None}
            for w, c in zip(when, counts, strict=True)
        ]  # fmt: skip
        frame = pl.DataFrame(rows, schema_overrides=dict.fromkeys(pace.TOLD, pl.Int64))
        found = pace.paces(pace.observations(frame, frame.clear(), NOW)).to_dicts()[0]
        since = (NOW - found["peak_at"]).total_seconds() / 3600
        evidence = post(
            hours_since_peak=since, half_life_hours=half_life, observations=sightings, age_hours=age,
            pace_hours=found["pace_hours"],
        )  # fmt: skip
        one = measured(evidence)["freshness"]
        low, high = one.interval(one.at())
        ended = min(peak + 1.5 * math.sqrt(-2 * math.log(pace.AT_PEAK)), age)  # at its height until then
        hits.append(low <= float(factors.freshness(age - ended, half_life)) <= high)
    assert covered(hits) >= LEVEL - 0.05


@pytest.mark.slow
@pytest.mark.parametrize("much", [True, False], ids=["much-known", "little-known"])
def test_the_interval_of_the_score_holds_the_true_score_about_as_often_as_it_says(much: bool) -> None:
    """True inputs, what was measured drawn around them with the stated spreads, all factors at once."""
    rng = np.random.default_rng(13)
    known = post(
        z_sd=0.3 if much else 1.0, observations=9 if much else 2, centroid_ideas=200 if much else 2,
        niche_titles=900 if much else 4, confidence={"value": 1.0 if much else 0.7, "why": "late"},
    )  # fmt: skip
    hits = []
    for _ in range(1500):
        true = known | {
            "z": rng.normal(0, 1),
            "hours_since_peak": rng.uniform(4, 16),
            "cosine_centroid": rng.uniform(0.2, 0.7),
            "nearest": {"phrase": "Older", "similarity": rng.uniform(0.3, 0.8)},
            "cosine_niche": rng.uniform(0.1, 0.4),
        }
        _, truth = explained(true)
        sds = {name: {k: i.sd for k, i in one.inputs.items()} for name, one in measured(true).items()}
        seen = true | {
            "z": rng.normal(true["z"], sds["engagement"]["z"]),
            "hours_since_peak": abs(rng.normal(true["hours_since_peak"], sds["freshness"]["hours"])),
            "cosine_centroid": rng.normal(true["cosine_centroid"], sds["novelty"]["cosine_centroid"]),
            "nearest": {
                "phrase": "Older",
                "similarity": rng.normal(true["nearest"]["similarity"], sds["novelty"]["cosine_nearest"]),
            },
            "cosine_niche": rng.normal(true["cosine_niche"], sds["community_fit"]["cosine"]),
        }
        made, _ = explained(seen)
        hits.append(made.low <= truth <= made.high)
    assert covered(hits) == pytest.approx(LEVEL, abs=0.06)


def told(made: Card, words: str) -> float:
    """The score of the change that speaks of the words."""
    return next(change.score for change in made.changes if words in change.told)


@given(evidences())
def test_changes_are_the_largest_and_say_the_score_they_lead_to(evidence: Json) -> None:
    made, total = explained(evidence)
    far = [abs(change.score - total) for change in made.changes]
    assert far == sorted(far, reverse=True)
    assert len(far) <= card.TOLD
    assert all(move >= card.WORTH_TELLING for move in far)
    for change in made.changes:
        assert f"{change.score:.2f}" in change.told


def test_a_pace_back_to_the_usual_costs_what_engagement_is_above_neutral() -> None:
    evidence = post(z=6.0, hours_since_peak=20.0)
    made, total = explained(evidence)
    above = measured(evidence)["engagement"].at() - factors.NEUTRAL
    assert told(made, "fell back to what is usual at reddit posts") == pytest.approx(total - WEIGHTS.engagement * above)


def test_of_a_day_that_is_spoken_of_less_talk_costs_what_it_is_above_the_usual() -> None:
    evidence = occasion(60, nearest=TOLD_APART, **spoken(70))
    made, total = explained(evidence)
    above = measured(evidence)["engagement"].at() - factors.NEUTRAL
    assert above > 0.2
    assert told(made, "nobody spoke of the day") == pytest.approx(total - WEIGHTS.engagement * above)


def test_a_day_that_nobody_names_could_be_spoken_of_as_much_as_christmas() -> None:
    made, total = explained(occasion(60, nearest=TOLD_APART, **spoken(0)))
    most = float(factors.engagement(attention.z(max(attention.mentions().named.values()))))
    assert told(made, "as much as of Christmas") == pytest.approx(total + WEIGHTS.engagement * (most - 0.5))


def test_titles_make_a_day_surer_than_nothing_counted_and_say_so() -> None:
    blind, known = occasion(60), occasion(60, **spoken(70))
    assert width(known) < width(blind)
    assert any("known from titles of hobby communities" in sentence for sentence in explained(known)[0].unsure)


def test_changes_go_both_ways_where_they_can() -> None:
    made, total = explained(post(z=3.0, hours_since_peak=6.0))
    assert {change.score > total for change in made.changes} == {True, False}


def test_without_the_nearest_idea_its_distance_is_full() -> None:
    made, total = explained(post(nearest={"phrase": EVIL, "similarity": 0.85}, hours_since_peak=0.0))
    assert told(made, f"“{EVIL}” were not there") == pytest.approx(total + WEIGHTS.novelty * 0.85 / 2)


@pytest.mark.parametrize(("days", "late"), [(19, "7 days too late"), (25, "1 day too late"), (60, None)])
def test_a_week_later_says_whether_it_is_too_late(days: int, late: str | None) -> None:
    made, _ = explained(occasion(days, nearest=TOLD_APART))
    week = next(change for change in made.changes if "a week later" in change.told)
    assert (late in week.told) if late else ("too late" not in week.told)
    if late is None:
        assert week.score == pytest.approx(explained(occasion(days - 7, nearest=TOLD_APART))[1])


def test_the_last_day_in_time_is_named_where_it_is_far() -> None:
    made, total = explained(occasion(80))
    assert told(made, "Listed on 23 Jan 2027, the last day that is in time") < total
    assert not any("in time" in change.told for change in explained(occasion(20))[0].changes)


def test_a_post_of_the_niches_own_community_would_be_told_from_elsewhere_and_the_other_way_round() -> None:
    affinity = float(factors.affinity(0.05, -4.0))
    plain = {"hours_since_peak": 11.9, "z": 0.1, "cosine_niche": 0.05, "niche_words": -4.0, "niche_affinity": affinity}
    own, elsewhere = (explained(post(own_community=own, **plain)) for own in (True, False))
    assert told(own[0], "anywhere else") == pytest.approx(elsewhere[1])
    assert told(elsewhere[0], "in a community of the niche itself") == pytest.approx(own[1])


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"observations": 1, "age_hours": 20.0}, "seen only once"),
        ({"confidence": {"value": 0.1, "why": "it was last heard 5 h ago"}}, "It was last heard 5 h ago."),
        ({"z": None, "pace_per_minute": None}, "Nothing was counted at reddit posts"),
        ({"z": None}, "Too few others were seen at reddit posts"),
        ({"usual": {"median": 1.0, "mad": 0.5, "signals": 5, "days": 7}}, "is known from 5 items"),
        ({"pace_per_minute": 1 / 30, "usual": {"median": 0.02, "mad": 0.02, "signals": 900}}, "chance weighs heavily"),
        ({"centroid_ideas": 1}, "We have 1 idea of this niche"),
        ({"niche_titles": 1}, "by 1 title of its communities"),
        ({}, "by our own description of it alone"),
        ({"hashtag_cohesion": 0.5, "tags": 1}, "It has 1 hashtag to go by"),
    ],
)
def test_what_makes_it_unsure_is_said(changes: Json, cause: str) -> None:
    sure = {"niche_titles": 5000, "confidence": {"value": 1.0, "why": "well"}} if changes else {}
    sure |= {"observations": 40, "z_sd": 0.05} if not {"z", "usual", "observations"} & set(changes) else {}
    sentences = explained(post(**(sure | changes)))[0].unsure
    assert any(cause in sentence for sentence in sentences), sentences


def test_hostile_words_stay_as_they_are() -> None:
    made, _ = explained(
        post(source=EVIL, confidence={"value": 0.2, "why": EVIL}, nearest={"phrase": EVIL, "similarity": 0.85})
    )
    assert any(EVIL in sentence for sentence in made.unsure)


@pytest.mark.parametrize(
    ("low", "high", "confidence", "unsure"),
    [(0.4, 0.5, None, False), (0.4, 0.5, 0.9, False), (0.4, 0.65, 1.0, True), (0.4, 0.5, 0.3, True)],
)
def test_a_wide_interval_or_a_late_source_is_unsure(
    low: float, high: float, confidence: float | None, unsure: bool
) -> None:
    assert card.is_unsure(low, high, confidence) is unsure
