"""The asset `scoring_weights`: what the nights make of the outcomes, and that the next hour's ideas use it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import psycopg

from resources.store import Store
from tests.worlds import HOUR, World, checks, materialized

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
    SELECT idea, 'market:' || n, (SELECT id FROM seed), %(hour)s, 'A title', '', 'a phrase', '{a phrase}', 'market',
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
    """Live listings whose favourites come the faster, the more there is of one factor."""
    rng = np.random.default_rng(seed)
    factors = ("freshness", "engagement", "novelty", "community_fit", "seasonality")
    x = rng.uniform(0, 1, (listings, 5))
    views = rng.integers(100, 1000, listings)
    favorites = rng.poisson(views * 0.01 * np.exp(4 * (x[:, factors.index(truth)] - 0.5)))
    values = {
        "last": listings - 1,
        "hour": HOUR - timedelta(days=1),
        "x": x.ravel().tolist(),
        "views": views.tolist(),
        "favorites": favorites.tolist(),
    }
    with psycopg.connect(world.url) as connection:
        connection.execute(MARKET.encode(), values)


def test_without_outcomes_the_weights_in_force_are_kept_and_why_is_said(world: World) -> None:
    ran = world.run("weights", NIGHT)
    assert ran.success
    told = materialized(ran)["scoring_weights"].metadata
    assert told["decision"].value == "kept"
    assert told["reason"].value == "not enough data: 0 of 200"
    assert told["version_in_force"].value == 1
    assert checks(ran) == {"scoring_weights.one_version_in_force": True}
    nights = world.select("SELECT status::text, reason, outcomes FROM scoring_weights WHERE learned_on = %s", NIGHT)
    assert nights == [("refused", "not enough data: 0 of 200", 0)]


def test_what_sells_teaches_the_next_hour(database_url: str, tmp_path: Path) -> None:
    world = World(tmp_path, database_url, min_outcomes=200)
    assert world.run("sources").success
    assert world.run("hour", only=READ).success
    sell(world, 600, truth="community_fit")

    night = world.run("weights", NIGHT)
    assert night.success
    told = materialized(night)["scoring_weights"].metadata
    assert told["decision"].value == "proposed", told["reason"].value
    with Store(world.url) as store, store.transaction() as tx:
        adopted = tx.weights.in_force()
    assert adopted.version == told["version_in_force"].value > 1
    assert adopted.community_fit > 0.5

    later = HOUR + timedelta(hours=1)
    assert world.run("sources", later).success
    scored = world.run("hour", later, only=READ)
    assert checks(scored)["scored_ideas.scores_add_up"]
    versions = "SELECT DISTINCT weights_version FROM ideas WHERE hour = %s"
    assert world.select(versions, HOUR) == [(1,)], "what was scored before stays as it was"
    assert world.select(versions, later) == [(adopted.version,)]

    before = world.rows()
    assert world.run("weights", NIGHT).success
    assert world.rows() == before, "a night that is run again decides the same"
