"""The nights: what is learned goes through the back-test, what passes is put in force, and the next hours use it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import dagster as dg
import numpy as np
import psycopg
import pytest

from pipeline.scoring.score import NAMES
from resources.store import Store
from tests.assets.growing import grow
from tests.worlds import HOUR, World, attempts, checks, materialized

READ = ("raw_signals", "scored_ideas")
NIGHT = HOUR.replace(hour=0)
MARKET = """
WITH seed AS (SELECT * FROM signals ORDER BY id LIMIT 1),
made AS (
    SELECT n, md5('idea' || n)::uuid AS idea, md5('design' || n)::uuid AS design, md5('mockup' || n)::uuid AS mockup,
        md5('listing' || n)::uuid AS listing
    FROM generate_series(0, %(last)s) AS n
), ideas_ AS (
    INSERT INTO ideas (id, idea_key, signal_id, hour, title, description, phrase, lines, niche, format, motifs, mood,
        embedding, embedding_model, freshness, engagement, novelty, community_fit, seasonality, score, weights_version,
        reason, evidence)
    SELECT idea, 'market:' || n, (SELECT id FROM seed), %(hour)s - (n %% 20) * interval '1 day',
        'A title', '', 'a phrase', '{a phrase}', 'market',
        'statement', '{star}', 'bold', array_fill(0.03, '{768}')::vector, 'none', (%(x)s::float8[])[n * 5 + 1],
        (%(x)s::float8[])[n * 5 + 2], (%(x)s::float8[])[n * 5 + 3], (%(x)s::float8[])[n * 5 + 4],
        (%(x)s::float8[])[n * 5 + 5], 0.5, 1, 'so', '{}'
    FROM made
), designs_ AS (
    INSERT INTO designs (id, idea_id, hour, artist, seed, layout, palette, typefaces, prompt, spec, licences, s3_uri,
        thumb_uri, sha256, width, height, dpi, garments, contrasts)
    SELECT design, idea, %(hour)s, 'nobody', 1, 'stack', 'dusk', '{Anton}', 'a phrase', '{}', '{}', 'file:///p.png',
        'file:///t.png', repeat('a', 64), 1, 1, 300, '[]', '{}'
    FROM made
), mockups_ AS (
    INSERT INTO mockups (id, idea_id, design_id, hour, s3_uri, thumb_uri, variant, color, generation_params, width,
        height)
    SELECT mockup, idea, design, %(hour)s, 'file:///m.jpg', 'file:///t.jpg', 'front', 'Black', '{}', 1, 1 FROM made
), reports_ AS (
    INSERT INTO metric_reports (sha256, file_name, marketplace, rows)
    VALUES (repeat('b', 64), 'market.csv', 'etsy', %(last)s)
), listings_ AS (
    INSERT INTO listings (id, idea_id, design_id, mockup_id, hour, marketplace, product, status, title, description,
        bullets, tags, price_cents, currency, verdicts, content_hash, live_at)
    SELECT listing, idea, design, mockup, %(hour)s, 'etsy', 'tee', 'live', 'A title', '', '{}', '{}', 2000, 'USD',
        '[]', repeat('c', 64), %(hour)s - n * interval '1 minute'
    FROM made
)
INSERT INTO listing_metrics (listing_id, hour, views, favorites, carts, sales, revenue_cents, report_sha256)
SELECT listing, %(hour)s, (%(views)s::int[])[n + 1], (%(favorites)s::int[])[n + 1], 0, 0, 0, repeat('b', 64) FROM made
"""


def sell(world: World, listings: int, truth: str, seed: int = 7) -> None:
    """Live listings of twenty days whose favourites come the faster, the more there is of one factor."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 1, (listings, 5))
    views = rng.integers(100, 1000, listings)
    favorites = rng.poisson(views * 0.01 * np.exp(4 * (x[:, NAMES.index(truth)] - 0.5)))
    values = {
        "last": listings - 1,
        "hour": HOUR - timedelta(days=1),
        "x": x.ravel().tolist(),
        "views": views.tolist(),
        "favorites": favorites.tolist(),
    }
    with psycopg.connect(world.url) as connection:
        connection.execute(MARKET.encode(), values)


def run_trial(world: World, candidate: dict[str, object]) -> dg.ExecuteInProcessResult:
    """The job `trial` of the night, with something to try."""
    return world.defs.resolve_job_def("trial").execute_in_process(
        instance=world.instance,
        partition_key=NIGHT.strftime("%Y-%m-%d"),
        run_config={"ops": {"backtest": {"config": {"candidate": candidate}}}},
        raise_on_error=False,
    )


def decisions(world: World) -> list[tuple[object, ...]]:
    return world.select("SELECT subject, decision FROM backtests ORDER BY subject")


@pytest.fixture
def growing(database_url: str, tmp_path: Path) -> World:
    """An engine that has listened to a market for 24 days, where what goes fast at its source goes on growing."""
    with Store(database_url) as store:
        grow(store, NIGHT.date() - timedelta(days=23), 24, truth=1.0, posts=48)
    return World(tmp_path, database_url, backtest_days=9)


def test_without_anything_the_weights_in_force_are_kept_and_why_is_said(world: World) -> None:
    ran = world.run("weights", NIGHT)
    assert ran.success
    told = materialized(ran)["scoring_weights"].metadata
    assert told["decision"].value == "not enough data"
    assert told["reason"].value == "not enough data: learned from 0 of 20 hours"
    assert told["version_in_force"].value == 1
    assert checks(ran) == {"backtest.decision_is_kept": True, "scoring_weights.one_version_in_force": True}
    nights = world.select(
        "SELECT status::text, reason, outcomes, learned_from FROM scoring_weights WHERE learned_on = %s", NIGHT
    )
    assert nights == [("refused", told["reason"].value, 0, "trends")]
    assert decisions(world) == [("weights", "not enough data")]


@pytest.mark.slow
def test_what_grows_teaches_the_hours_after_the_night_and_a_night_run_twice_is_one(growing: World) -> None:
    night = growing.run("weights", NIGHT)
    assert night.success
    told = materialized(night)
    assert told["backtest"].metadata["decision"].value == "adopted", told["backtest"].metadata["reason"].value
    report = told["backtest"].metadata["report"].value
    assert report["state"]["hours"] == 36
    assert report["differences"]["in force"]["low"] > 0
    assert "data:image/png" in told["backtest"].metadata["by_day"].value
    with Store(growing.url) as store, store.transaction() as tx:
        before, adopted = tx.weights.to_beat(NIGHT.date()), tx.weights.in_force()
        assert tx.weights.as_of(NIGHT + timedelta(hours=27)) == before
        assert tx.weights.as_of(NIGHT + timedelta(hours=28)) == adopted
    assert adopted.engagement > before.engagement
    assert (adopted.novelty, adopted.seasonality) == (before.novelty, before.seasonality), "growth can't speak of them"
    assert checks(night)["scoring_weights.one_version_in_force"]

    once = growing.rows()
    assert growing.run("weights", NIGHT).success
    assert growing.rows() == once


@pytest.mark.slow
def test_the_next_night_goes_on_from_the_last(growing: World) -> None:
    assert growing.run("weights", NIGHT).success
    after = growing.run("weights", NIGHT + timedelta(days=1))
    assert after.success
    report = materialized(after)["backtest"].metadata["report"].value
    assert report["state"]["hours"] == 40, "four hours of one more day, and none of the others again"


@pytest.mark.slow
def test_judged_is_not_adopted_and_only_what_was_judged_against_what_is_there_is(growing: World) -> None:
    """A crash between the two leaves the weights as they are; the rest of the run makes it good."""
    assert growing.run("weights", NIGHT, only=["backtest"]).success
    assert decisions(growing) == [("weights", "adopted")]
    assert growing.select("SELECT version FROM scoring_weights") == [(1,)]
    in_force = "SELECT learned_on FROM scoring_weights WHERE status = 'in_force'"
    assert growing.run("weights", NIGHT, only=["scoring_weights"]).success
    assert growing.select(in_force) == [(NIGHT.date(),)]

    with Store(growing.url) as store, store.transaction() as tx:
        other = tx.weights.record(
            dict.fromkeys(NAMES, 0.2), status="in_force", algorithm="by hand", outcomes=0, reason="so", report={},
            learned_on=NIGHT.date() - timedelta(days=1), learned_from="outcomes",
        )  # fmt: skip
    ran = growing.run("weights", NIGHT, only=["scoring_weights"])
    assert ran.success
    reason = f"judged against version 1, and would replace {other}: run backtest again"
    assert materialized(ran)["scoring_weights"].metadata["reason"].value == reason
    assert growing.select(in_force) == [(NIGHT.date() - timedelta(days=1),)]


def test_nothing_is_put_in_force_that_no_backtest_of_the_day_judged(world: World) -> None:
    ran = world.run("weights", NIGHT, only=["scoring_weights"])
    assert not ran.success
    tried = attempts(ran, "scoring_weights")
    assert tried.starts == 1
    assert "no back-test of 2025-11-24" in tried.error


@pytest.mark.slow
def test_an_engineer_tries_a_factor_and_nothing_is_put_in_force(database_url: str, tmp_path: Path) -> None:
    with Store(database_url) as store:
        grow(store, NIGHT.date() - timedelta(days=7), 8, truth=1.0)
    growing = World(tmp_path, database_url, backtest_days=5)
    ran = run_trial(growing, {"factor": "freshness", "half_life_scale": 2.0})
    assert ran.success
    told = materialized(ran)["backtest"].metadata
    assert told["subject"].value == "freshness: half_life_scale 2"
    assert told["report"].value["days"] == 5
    assert run_trial(growing, {"weights": {**dict.fromkeys(NAMES, 0), "engagement": 1}}).success
    assert [subject for subject, _ in decisions(growing)] == [
        "freshness: half_life_scale 2",
        "weights as given: freshness 0.000, engagement 1.000, novelty 0.000, community_fit 0.000, seasonality 0.000",
    ]
    assert growing.select("SELECT version FROM scoring_weights") == [(1,)]


def test_a_candidate_that_names_nothing_known_is_refused_at_once(world: World) -> None:
    ran = run_trial(world, {"factor": "charm", "half_life_scale": 2.0})
    tried = attempts(ran, "backtest")
    assert tried.starts == 1
    assert "candidate.factor='charm' can't be changed: those that can are engagement, freshness" in tried.error
    assert decisions(world) == []


def test_what_sells_teaches_as_soon_as_there_are_listings_enough(database_url: str, tmp_path: Path) -> None:
    world = World(tmp_path, database_url, min_outcomes=200)
    assert world.run("sources").success
    assert world.run("hour", only=READ).success
    sell(world, 600, truth="community_fit")

    night = world.run("weights", NIGHT)
    assert night.success
    told = materialized(night)["scoring_weights"].metadata
    assert told["decision"].value == "adopted", told["reason"].value
    assert told["learned_from"].value == "outcomes"
    with Store(world.url) as store, store.transaction() as tx:
        adopted = tx.weights.in_force()
    assert adopted.version == told["version_in_force"].value > 1
    assert adopted.community_fit > 0.5

    later = NIGHT + timedelta(hours=28)
    assert world.run("sources", later).success
    scored = world.run("hour", later, only=READ)
    assert checks(scored)["scored_ideas.scores_add_up"]
    versions = "SELECT DISTINCT weights_version FROM ideas WHERE hour = %s AND niche <> 'market'"
    assert world.select(versions, HOUR) == [(1,)], "what was scored before stays as it was"
    assert world.select(versions, later) == [(adopted.version,)]

    before = world.rows()
    assert world.run("weights", NIGHT).success
    assert world.rows() == before, "a night that is run again decides the same"
