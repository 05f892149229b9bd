"""The gallery's pages come off the indexes, however many ideas there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg.rows import scalar_row

from resources.store import gallery

FILL: LiteralString = """
INSERT INTO signals (id, content, source, captured_at, content_hash, text_hash, topic_id)
SELECT id, 'signal ' || n, 'reddit_posts', '2026-11-20T14:05Z', hash, hash, id
FROM (SELECT n, gen_random_uuid() AS id, encode(sha256(n::text::bytea), 'hex') AS hash FROM generate_series(1, 200) n);
WITH numbered AS (SELECT id, row_number() OVER () AS n FROM signals), drawn AS (
    INSERT INTO ideas (id, idea_key, signal_id, hour, title, description, phrase, lines, niche, format, motifs, mood,
        embedding, embedding_model, freshness, engagement, novelty, community_fit, seasonality, score, weights_version,
        reason, evidence, status)
    SELECT gen_random_uuid(), 'key ' || k, s.id, timestamptz '2026-11-20T14:00Z' - interval '1 hour' * (k / 60),
        'title', 'description', 'phrase', '{phrase}', 'niche ' || k % 97, 'tee', '{star}', 'bold',
        array_fill(0, '{768}')::vector, 'test-model', 0, 0, 0, 0, 0, round(random()::numeric, 3), 1, 'reason', '{}',
        'mocked'
    FROM generate_series(1, 20000) k JOIN numbered s ON s.n = 1 + k % 200
    RETURNING id, hour
), designed AS (
    INSERT INTO designs (id, idea_id, hour, artist, seed, layout, palette, typefaces, prompt, spec, licences, s3_uri,
        thumb_uri, sha256, width, height, dpi, garments, contrasts)
    SELECT gen_random_uuid(), id, hour, 'composer', 1, 'stack', 'dusk', '{Anton}', 'phrase', '{}', '{}', 'u', 't',
        repeat('a', 64), 4500, 5400, 300, '[]', '{}' FROM drawn
    RETURNING id, idea_id, hour
)
INSERT INTO mockups (id, idea_id, design_id, hour, s3_uri, thumb_uri, variant, color, generation_params, width, height)
SELECT gen_random_uuid(), idea_id, id, hour, 'u', 't', 'front', 'Black', '{}', 2000, 2000 FROM designed
"""
READ = "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = %s"


@pytest.fixture
def crowded(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A database with 20,000 drawn ideas."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP INDEX ideas_embedding")  # slow to fill, and of no use to a page
        with connection.transaction():
            for statement in FILL.split(";\n"):
                connection.execute(statement)
        connection.execute("ANALYZE")
        yield connection


def entries_read(connection: psycopg.Connection[Any], index: str) -> int:
    """Entries of the index that were read so far."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        found = cursor.execute(READ, [index]).fetchone()
    assert found is not None
    return int(found)


@pytest.mark.parametrize(("sort", "index"), [("newest", "ideas_newest"), ("score", "ideas_best")])
def test_a_page_reads_little_more_than_it_shows(
    crowded: psycopg.Connection[Any], sort: gallery.Sort, index: str
) -> None:
    first = gallery.page(crowded, sort=sort)
    after_first = entries_read(crowded, index)
    assert 25 <= after_first <= 100
    assert first.next is not None
    second = gallery.page(crowded, sort=sort, after=first.next)
    assert 25 <= entries_read(crowded, index) - after_first <= 100
    assert not {card.id for card in first.cards} & {card.id for card in second.cards}
