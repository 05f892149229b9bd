"""The gate and what goes through it: truth is learned and adopted, noise is not, and what can't be told is said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.feedback import online
from pipeline.feedback.backtest import MIN_DAYS, TOP, Verdict, difference, judge
from pipeline.feedback.snapshots import INPUTS, Snapshot
from pipeline.feedback.trials import CHANGES, CandidateError, learned, trial
from pipeline.models import Weights
from pipeline.scoring import factors
from pipeline.scoring.score import NAMES
from tests.pipeline.feedback.markets import market

IN_FORCE = Weights(version=3, freshness=0.25, engagement=0.25, novelty=0.15, community_fit=0.15, seasonality=0.2)
THEN = date(2026, 3, 7)


def night(seed: int, truth: Mapping[str, float], in_force: Weights = IN_FORCE) -> tuple[Weights, Verdict]:
    """What a night learns of seven days, and what the gate says to it on seven later ones."""
    state = online.learn(online.begin(in_force), market(2 * seed, dict(truth)), THEN)
    weights = online.candidate(state, in_force)
    return weights, judge(market(2 * seed + 1, dict(truth), start=9), learned(weights), in_force)


@pytest.mark.parametrize("truth", ["engagement", "freshness"])
def test_what_growth_depends_on_is_learned_and_adopted(truth: str) -> None:
    weights, verdict = night(1, {truth: 4})
    assert verdict.decision == "adopted", verdict.reason
    assert getattr(weights, truth) > 0.45
    measures = verdict.report["measures"]
    assert measures["candidate"]["ndcg"] > measures["in force"]["ndcg"]
    assert measures["candidate"]["ndcg"] > measures[verdict.report["best_baseline"]]["ndcg"]


def test_noise_is_not_adopted() -> None:
    verdicts = [night(seed, {})[1] for seed in range(20, 26)]
    assert [verdict.decision for verdict in verdicts] == ["refused"] * 6


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("truth", "most"),
    [({}, 6), ({"freshness": 1.25, "engagement": 1.25, "novelty": 0.75, "community_fit": 0.75, "seasonality": 1}, 6)],
    ids=["noise", "the weights in force are right"],
)
def test_false_adoptions_are_rare(truth: dict[str, float], most: int) -> None:
    """At a level of 1 % two of 200 nights are to be expected, and more than six come by chance once in 200 times."""
    adopted = sum(night(seed, truth)[1].decision == "adopted" for seed in range(1000, 1200))
    assert adopted <= most


def test_a_worse_candidate_is_refused_and_its_loss_told() -> None:
    worse = trial({"weights": {**dict.fromkeys(NAMES, 0), "novelty": 1}}, IN_FORCE)
    verdict = judge(market(3, {"engagement": 4}), worse, IN_FORCE)
    assert verdict.decision == "refused"
    assert "difference -" in verdict.reason
    assert verdict.report["differences"]["in force"]["high"] < 0


def test_better_than_the_weights_in_force_is_not_enough() -> None:
    """In force is what does harm; the candidate is no better than an order by chance."""
    harmful = Weights(version=3, freshness=0, engagement=1, novelty=0, community_fit=0, seasonality=0)
    neutral = trial({"weights": {**dict.fromkeys(NAMES, 0), "novelty": 1}}, harmful)
    verdict = judge(market(4, {"engagement": -4}), neutral, harmful)
    assert verdict.decision == "refused"
    assert verdict.report["differences"]["in force"]["low"] > 0
    assert "best baseline" in verdict.reason
    assert "the weights in force" not in verdict.reason


def test_the_weights_in_force_do_not_beat_themselves() -> None:
    verdict = judge(market(5, {"engagement": 4}), learned(IN_FORCE), IN_FORCE)
    assert verdict.decision == "refused"
    assert verdict.report["differences"]["in force"] == {"mean": 0, "low": 0, "high": 0}


@pytest.mark.parametrize("days", [0, 1, MIN_DAYS - 1])
def test_little_data_is_said_to_be_little(days: int) -> None:
    verdict = judge(market(6, {"engagement": 4}, days=days), learned(IN_FORCE), IN_FORCE)
    assert verdict.decision == "not enough data"
    assert verdict.reason == f"not enough data: {days} of {MIN_DAYS} days have 12 or more items to rank"


def test_hours_with_few_items_rank_nothing_and_are_counted() -> None:
    thin = market(7, {"engagement": 4}, days=6, items=8)
    assert judge(thin, learned(IN_FORCE), IN_FORCE).report["too_few_items"] == len(thin)


def test_the_same_snapshots_give_the_same_verdict_in_any_order() -> None:
    snapshots = market(8, {"engagement": 2})
    candidate = learned(Weights(version=4, freshness=0, engagement=1, novelty=0, community_fit=0, seasonality=0))
    assert judge(snapshots, candidate, IN_FORCE) == judge(snapshots[::-1], candidate, IN_FORCE)


def test_lead_time_runs_from_the_first_hour_in_the_top_to_the_peak() -> None:
    """Every item's peak is five hours after the start of its only hour, and a score is there at that hour's end."""
    measures = judge(market(9, {"engagement": 4}), learned(IN_FORCE), IN_FORCE).report["measures"]
    assert measures["candidate"]["lead_hours"] == 4
    assert measures["candidate"]["before_peak"] == 1
    assert measures["candidate"]["led"] == 7 * 6 * TOP
    assert measures["random"]["lead_hours"] is None


def test_an_item_stands_where_its_best_idea_stands() -> None:
    """More ideas of an item that are no better change nothing."""
    snapshots = market(10, {"engagement": 3})
    doubled = [
        Snapshot(one.at, pl.concat([one.ideas, one.ideas.with_columns(pl.col(NAMES) * 0.5)]), one.items)
        for one in snapshots
    ]
    tried = trial({"weights": {**dict.fromkeys(NAMES, 1), "engagement": 3}}, IN_FORCE)
    assert judge(doubled, tried, IN_FORCE) == judge(snapshots, tried, IN_FORCE)


# -- the spread --------------------------------------------------------------------------------------------------------


def test_bounds_over_days_hold_what_they_promise() -> None:
    """Days with a mood of their own, and no difference: the lower bound is above zero about once in a hundred."""
    rng = np.random.default_rng(1)
    days = np.repeat(np.arange(7), 24)
    above = sum(difference(rng.normal(0, 1, 7)[days] + rng.normal(0, 0.5, len(days)), days).low > 0 for _ in range(400))
    assert above <= 12, "1 % of 400 are 4; 12 or more come by chance once in 1,000 times"


def test_hours_of_a_day_are_no_independent_evidence() -> None:
    days = np.repeat(np.arange(7), 24)
    mood = np.array([0.3, 0.2, -0.1, 0.4, -0.2, 0.3, 0.1])[days]
    assert difference(mood, days).low < 0 < difference(mood, np.arange(len(days))).low


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=10, max_size=40), st.integers(2, 5))
def test_bounds_hold_the_mean_and_turn_with_the_sign(values: list[float], days: int) -> None:
    paired, day = np.array(values), np.arange(len(values)) % days
    there, back = difference(paired, day), difference(-paired, day)
    assert there.low - 1e-9 <= there.mean <= there.high + 1e-9
    assert back.mean == pytest.approx(-there.mean)
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low), abs=1e-6)


# -- the learner -------------------------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 99), st.sampled_from(NAMES), st.floats(-4, 4))
def test_weights_stay_on_the_simplex_and_what_growth_cannot_speak_of_stays(seed: int, name: str, effect: float) -> None:
    state = online.learn(online.begin(IN_FORCE), market(seed, {name: effect}, days=2), THEN)
    weights = online.candidate(state, IN_FORCE)
    assert sum(getattr(weights, factor) for factor in NAMES) == pytest.approx(1)
    assert (weights.novelty, weights.seasonality) == (IN_FORCE.novelty, IN_FORCE.seasonality)
    assert min(state.shares.values()) > 0


def test_a_night_goes_on_where_the_last_stopped() -> None:
    snapshots = market(11, {"freshness": 2}, days=4)
    whole = online.learn(online.begin(IN_FORCE), snapshots, THEN)
    first = online.learn(online.begin(IN_FORCE), snapshots[:12], THEN - timedelta(days=2))
    kept = online.State.model_validate_json(first.model_dump_json())
    assert online.learn(kept, snapshots[12:], THEN).shares == pytest.approx(whole.shares)


def test_what_was_wrong_once_is_unlearned() -> None:
    state = online.learn(online.begin(IN_FORCE), market(12, {"freshness": 4}, days=10), THEN)
    turned = online.learn(state, market(13, {"engagement": 4}, days=10), THEN)
    assert state.shares["freshness"] > 0.9
    assert turned.shares["engagement"] > turned.shares["freshness"]


def test_hours_in_which_all_grew_alike_teach_nothing() -> None:
    even = [one._replace(items=one.items.with_columns(relevance=pl.lit(1.0))) for one in market(14, {}, days=1)]
    begun = online.begin(IN_FORCE)
    assert online.learn(begun, even, THEN) == begun.model_copy(update={"through": THEN})


# -- what can be tried -------------------------------------------------------------------------------------------------

CHANGED = [(change.factor, parameter) for parameter, change in CHANGES.items()]


def measured() -> pl.DataFrame:
    rng = np.random.default_rng(15)
    inputs = {
        "hours_since_peak": rng.uniform(0, 40, 20), "half_life_hours": rng.uniform(4, 24, 20),
        "z": rng.normal(0, 2, 20),
    }  # fmt: skip
    computed = {
        "freshness": factors.freshness(inputs["hours_since_peak"], inputs["half_life_hours"]),
        "engagement": factors.engagement(inputs["z"]),
    }
    assert set(inputs) == set(INPUTS)
    return pl.DataFrame({name: computed.get(name, rng.uniform(size=20)) for name in NAMES} | inputs)


@pytest.mark.parametrize(("factor", "parameter"), CHANGED)
def test_a_change_by_one_changes_nothing_and_by_two_the_factor_alone(factor: str, parameter: str) -> None:
    ideas = measured()
    scores = {by: trial({"factor": factor, parameter: by}, IN_FORCE).scores(ideas) for by in (1, 2.0)}
    assert scores[1] == pytest.approx(learned(IN_FORCE).scores(ideas))
    assert np.abs(scores[2.0] - scores[1]).max() > 0.01
    assert np.abs(scores[2.0] - scores[1]).max() <= getattr(IN_FORCE, factor)


def test_given_weights_are_made_to_sum_to_one_and_are_never_the_night() -> None:
    tried = trial({"weights": {**dict.fromkeys(NAMES, 2), "novelty": 0}}, IN_FORCE)
    assert tried.candidate["weights"]["freshness"] == 0.25
    assert tried.subject != "weights"


@pytest.mark.parametrize(
    ("candidate", "said"),
    [
        ({"wieghts": {}}, "give it weights, or a factor"),
        ({"weights": {"freshness": 1}}, "missing are engagement, novelty, community_fit, seasonality"),
        ({"weights": {**dict.fromkeys(NAMES, 1), "charm": 1}}, "unknown are charm"),
        ({"weights": {**dict.fromkeys(NAMES, 1), "novelty": -1}}, "not negative"),
        ({"weights": dict.fromkeys(NAMES, 0)}, "one at least is above 0"),
        ({"weights": {**dict.fromkeys(NAMES, 1), "novelty": "much"}}, r"weights\.novelty='much': a finite number"),
        ({"weights": {**dict.fromkeys(NAMES, 1), "novelty": float("nan")}}, "a finite number"),
        ({"weights": [1, 2]}, "a number for each of"),
        ({"weights": dict.fromkeys(NAMES, 1), "factor": "freshness"}, "unknown are factor"),
        ({"factor": "charm"}, "'charm' can't be changed: those that can are engagement, freshness$"),
        ({"factor": "freshness"}, "give it one of half_life_scale"),
        ({"factor": "freshness", "z_scale": 2}, "unknown are z_scale: known here are factor, half_life_scale"),
        ({"factor": "freshness", "half_life_scale": 0}, "above 0"),
        ({"factor": "freshness", "half_life_scale": True}, "a finite number"),
    ],
    ids=lambda value: None if isinstance(value, dict) else value[:20],
)
def test_what_names_nothing_known_is_refused_with_the_mend(candidate: dict[str, Any], said: str) -> None:
    with pytest.raises(CandidateError, match=said):
        trial(candidate, IN_FORCE)
