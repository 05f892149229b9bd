"""How fast the record is re-embedded: a database full of ideas of another model, re-embedded beside nothing else.

Measured are rows a second with the configured light model (so that the database is what is measured, not the model),
and whether the index still finds the nearest when half is done and at the end. Run:
`python -m benchmarks.bench_embed [rows]`.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import psycopg
from pgvector.psycopg import register_vector

from benchmarks.stage import embedded, machine
from jobs.reembedding import BATCH, reembed
from pipeline.models import EMBEDDING_DIM, Vectors
from resources.embedders import Embedder, embedder
from resources.store import Store
from resources.store.staging import Connection, stage

ROWS = 100_000
PER_HOUR = 50
FIRST = datetime(2025, 1, 1, tzinfo=UTC)
OLD = "another@1"
PROBES = 200
PAGE = 5000
SIGNAL = """
INSERT INTO signals (id, content, source, captured_at, content_hash, text_hash, topic_id)
VALUES (%(id)s, 'one', 'bench', now(), repeat('0', 64), repeat('0', 64), %(id)s)
"""
IDEAS = """
INSERT INTO ideas (id, idea_key, signal_id, hour, title, description, phrase, lines, niche, format, motifs, mood,
    embedding, embedding_model, freshness, engagement, novelty, community_fit, seasonality, score, weights_version,
    reason, evidence)
SELECT gen_random_uuid(), phrase, %(signal)s, hour, phrase, phrase, phrase, ARRAY[phrase], 'niche', 'format', '{motif}',
    'playful', embedding, %(model)s, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1, 'reason', '{}' FROM staged_rows
"""
SIZE = "SELECT pg_size_pretty(pg_relation_size('ideas_embedding'))"
WHO = ("gardeners", "nurses", "dads", "cat people", "runners", "bakers", "anglers", "teachers", "campers", "readers")
DOES = ("dream of", "run on", "wake up for", "were promised", "never share", "need more", "talk to", "fell for")
WHAT = ("tomatoes", "coffee", "old maps", "trail mix", "sourdough", "sunday mornings", "good boots", "rain", "jam")


def phrase(number: int) -> str:
    """One of the bench's own, no two alike."""
    left, who = divmod(number, len(WHO))
    left, does = divmod(left, len(DOES))
    left, what = divmod(left, len(WHAT))
    return f"{WHO[who]} {DOES[does]} {WHAT[what]} no. {left}"


def fill(connection: Connection, rows: int) -> None:
    """Ideas with clustered vectors of another model; the index is made afterwards, which is faster."""
    rng = np.random.default_rng(1)
    centers = rng.normal(size=(200, EMBEDDING_DIM))
    connection.execute(SIGNAL, {"id": UUID(int=1)})
    (index,) = connection.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'ideas_embedding'").fetchall()[0]
    connection.execute("DROP INDEX ideas_embedding")
    for start in range(0, rows, PAGE):
        count = min(PAGE, rows - start)
        raw = centers[rng.integers(0, len(centers), count)] + rng.normal(size=(count, EMBEDDING_DIM))
        vectors = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)
        staged = (
            (phrase(n), FIRST + timedelta(hours=n // PER_HOUR), vector)
            for n, vector in zip(range(start, start + count), vectors, strict=True)
        )
        stage(connection, "staged_rows", {"phrase": "text", "hour": "timestamptz", "embedding": "vector"}, staged)
        connection.execute(IDEAS, {"signal": UUID(int=1), "model": OLD})
    connection.execute("SET LOCAL maintenance_work_mem = '1GB'")
    connection.execute(index)


def found(store: Store, model: Embedder, numbers: list[int], vectors: Vectors) -> str:
    """How many of some ideas the index finds by their own vectors, and how long one takes."""
    started = time.perf_counter()
    with store.transaction() as tx:
        answers = tx.ideas.earlier(model.model, FIRST + timedelta(days=3650)).nearest(vectors)
    took = (time.perf_counter() - started) / len(numbers)
    right = sum(answer is not None and answer.similarity > 1 - 1e-5 for answer in answers)
    return f"{right} of {len(numbers)} found, {took * 1000:.1f} ms each"


def main() -> None:
    """Fill, re-embed, ask."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    model = embedder("wordllama")
    with embedded() as (_, url), Store(url) as store:
        started = time.perf_counter()
        with psycopg.connect(url) as connection:
            register_vector(connection)
            fill(connection, rows)
        print(f"{rows:,} ideas of another model, made in {time.perf_counter() - started:.0f} s; {machine()}")
        newest = list(range(rows - 1, rows - rows // 4, -max(1, rows // 4 // PROBES)))[:PROBES]
        probes = model.embed([phrase(n) for n in newest])
        asked = 0

        def say(line: str) -> None:
            nonlocal asked
            asked += 1
            if asked % 10 == 1:
                print(f"  {line}")
            if asked == rows // BATCH // 2:
                print(f"  half-way: {found(store, model, newest, probes)}")

        done = reembed(store, model, say)
        print(f"{done.ideas:,} ideas in {done.seconds:.0f} s: {done.ideas / done.seconds:,.0f} rows/s; {machine()}")
        with store.connection() as connection:
            print(
                f"at the end: {found(store, model, newest, probes)}; index {connection.execute(SIZE).fetchall()[0][0]}"
            )


if __name__ == "__main__":
    main()
