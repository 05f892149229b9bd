"""Databases that hold a given number of ideas already: made once, kept in `build/bench-score`, used again.

What belongs here: rows that are like real ones in what costs time: vectors clustered as the grammar's phrases are,
spread over past hours, half of them of the model before this one. What does not: measuring anything with them.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import numpy as np
import psycopg
from numpy.typing import NDArray
from pgvector.psycopg import register_vector
from psycopg import sql
from psycopg.types.json import Jsonb

from pipeline.ideas import candidates
from pipeline.ideas.facts import topic
from pipeline.ideas.lexicon import niches
from pipeline.ideas.measuring import hear, pairs, voices_of
from pipeline.models import EMBEDDING_DIM, Vectors, sha256
from resources.embedders import Embedder, embedder
from resources.settings import ROOT
from resources.store import schema
from resources.store.ideas import COLUMNS

FOLDER = ROOT / "build" / "bench-score"
HOUR = datetime(2026, 11, 1, 12, tzinfo=UTC)
"""The first hour that is measured; stored ideas are of hours before it."""
PER_HOUR = 60
"""Ideas that an hour keeps by default."""
ASKED = 200
"""Vectors whose neighbours are compared with the truth."""
CROWD = 200
"""Ideas of a later hour around each of CROWDED further vectors, nearer to it than any that counts."""
CROWDED = 20
EARLIER_MODEL = "an earlier version"
PHRASES = 40_000
"""Distinct phrases whose embeddings the stored vectors scatter around."""
SCATTER = (0.5, 0.8)
"""Length of the noise beside a unit vector: cosines of .89 to .78 with the phrase, so that few are the same idea."""
CHUNK = 20_000
BYTES_PER_IDEA = 8_000
FIRST_ID = 1 << 20

OBSERVED = """
INSERT INTO signals (id, content, source, published_at, captured_at, content_hash, text_hash, topic_id, metadata)
SELECT id, 'Observed ' || n, 'reddit_posts', at - interval '1 hour', at, digest, digest, id, '{}'
FROM generate_series(1, %(signals)s) n, lateral (SELECT md5(n::text)::uuid AS id, encode(sha256(n::text::bytea), 'hex')
    AS digest, %(hour)s - interval '1 hour' * (11 + n %% 150) AS at);
INSERT INTO signal_observations (signal_id, captured_at, hour, likes, comments, views, payload_uri)
SELECT id, captured_at + interval '1 hour' * n, captured_at + interval '1 hour' * n, n * 10, n, NULL, 'file:///page.json'
FROM signals, generate_series(0, 9) n;
"""
EVIDENCE = Jsonb({
    "source": "reddit_posts", "signal": "as long as a title is, more or less, or a little longer than that",
    "counters": {"likes": 120, "comments": 14, "views": None}, "pace_per_minute": 0.31, "pace_hours": 2.5,
    "usual": {"median": 0.02, "mad": 0.01, "signals": 4000, "days": 7}, "z": 3.1, "hours_since_peak": 2.0,
    "nearest": {"idea": str(UUID(int=1)), "phrase": "words on a shirt", "similarity": 0.81},
})  # fmt: skip
OTHERS = [name for name in COLUMNS if name not in ("card", "score_low", "score_high")]


class Neighbourhood(NamedTuple):
    """Vectors, and the ids of the ten nearest ideas that count, by comparison with each."""

    vectors: Vectors
    truth: list[list[UUID]]


def phrases(titles: Sequence[tuple[str, str]], embedder: Embedder, most: int, first: int = 1) -> list[tuple[str, str]]:
    """Distinct (niche, phrase) that the grammar makes of titles with their communities.

    Args:
        titles: Each with its community.
        embedder: Says which niches a title is put with.
        most: So many are enough.
        first: The first of the eight turns, of other hours, in which titles are gone through.
    """
    texts = [title for title, _ in titles]
    affinities = hear(texts, embedder.embed(texts), voices_of({}, embedder.embed)).affinity
    seen = [
        candidates.seen(str(UUID(int=i)), title, community.lower(), None, topic(title))
        for i, (title, community) in enumerate(titles)
    ]
    told = [i for i, one in enumerate(seen) if one.topic]
    seen, affinities = [seen[i] for i in told], affinities[told]
    found: dict[tuple[str, str], None] = {}
    for turn in range(first, first + 8):
        hour = HOUR - timedelta(days=30 * turn)
        for made in candidates.propose(seen, pairs(seen, list(niches()), affinities, hour), hour):
            found[made.niche, made.phrase.text] = None
            if len(found) == most:
                return list(found)
    return list(found)


def scattered(
    vectors: Vectors, rows: NDArray[np.int64], rng: np.random.Generator, lengths: tuple[float, float] = SCATTER
) -> Vectors:
    """Unit vectors around those of the given rows, in the dimensions that the model uses."""
    used = int(np.flatnonzero(vectors.any(axis=0)).max()) + 1
    noise = rng.standard_normal((len(rows), used), np.float32)
    length = rng.uniform(*lengths, (len(rows), 1)).astype(np.float32)
    found = np.zeros((len(rows), EMBEDDING_DIM), np.float32)
    found[:, :used] = vectors[rows, :used] + noise / np.linalg.norm(noise, axis=1, keepdims=True) * length
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


def put_back(url: str) -> None:
    """Take everything out again that was recorded beside the stored ideas, but for the crowd."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DELETE FROM signals WHERE captured_at >= %s", [HOUR])
        connection.execute("TRUNCATE events, decisions, quarantine, source_health")
        connection.execute("VACUUM ANALYZE signals, signal_observations")


def neighbourhood(url: str, crowded: bool, titles: Sequence[tuple[str, str]]) -> Neighbourhood:
    """Vectors of phrases that the hour could have; the crowded ones have nearer ideas that do not count around them."""
    model = embedder("wordllama")
    vectors = asked(titles, model)[-CROWDED:] if crowded else asked(titles, model)[:-CROWDED]
    file = FOLDER / f"truth-{urlsplit(url).path[1:]}-{sha256(vectors.tobytes())[:12]}.npz"
    if not file.exists():
        np.savez(file, truth=np.array([[str(id_) for id_ in own] for own in _compared(url, vectors, model.model)]))
    return Neighbourhood(vectors, [[UUID(str(id_)) for id_ in own] for own in np.load(file)["truth"]])


def asked(titles: Sequence[tuple[str, str]], model: Embedder) -> Vectors:
    """ASKED vectors, and after them CROWDED ones."""
    told = phrases(titles[::40], model, 20_000, first=0)
    chosen = np.random.default_rng(3).permutation(len(told))[: ASKED + CROWDED]
    return model.embed([told[i][1] for i in chosen])


def _compared(url: str, vectors: Vectors, model: str) -> list[list[UUID]]:
    """The ten nearest earlier ideas of each, by comparison with all."""
    best: list[list[tuple[float, UUID]]] = [[] for _ in vectors]
    with psycopg.connect(url) as connection:
        register_vector(connection)
        cursor = connection.cursor("all_ideas", binary=True)
        cursor.execute("SELECT id, embedding FROM ideas WHERE embedding_model = %s AND hour < %s", [model, HOUR])
        while page := cursor.fetchmany(CHUNK):
            cosines = vectors @ np.stack([vector.to_numpy() for _, vector in page]).T
            for own, row in zip(best, cosines, strict=True):
                own += [(-float(row[i]), page[i][0]) for i in np.argpartition(-row, 9)[:10].tolist()]
                own.sort()
                del own[10:]
    return [[id_ for _, id_ in own] for own in best]


def observed(server_url: str, observations: int) -> str:
    """The URL of a migrated database with so many observations in the week before HOUR, ten of each signal."""
    name = f"observed_{observations}"
    url = urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    with psycopg.connect(server_url, autocommit=True) as connection:
        if connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone() is not None:
            schema.upgrade(url)
            return url
        half_made = sql.Identifier(f"{name}_half_made")
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(half_made))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(half_made))
        half_url = urlunsplit(urlsplit(server_url)._replace(path=f"/{name}_half_made"))
        schema.upgrade(half_url)
        with psycopg.connect(half_url, autocommit=True, cursor_factory=psycopg.ClientCursor) as made:
            made.execute(OBSERVED.encode(), {"signals": observations // 10, "hour": HOUR})
            made.execute("VACUUM ANALYZE")
        connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(half_made, sql.Identifier(name)))
    return url


def stored(server_url: str, ideas: int, titles: Sequence[tuple[str, str]]) -> str:
    """The URL of a migrated database with so many ideas, made if it is not there yet.

    Raises:
        SystemExit: the disk has no room for it.
    """
    name = f"stored_{ideas}"
    url = urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    with psycopg.connect(server_url, autocommit=True) as connection:
        if connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone() is not None:
            schema.upgrade(url)
            return url
        free = shutil.disk_usage(FOLDER).free
        if free < ideas * BYTES_PER_IDEA + 2**30:
            raise SystemExit(
                f"{FOLDER} has {free / 1e9:.0f} GB free; {ideas:,} stored ideas need "
                f"{(ideas * BYTES_PER_IDEA + 2**30) / 1e9:.0f}: free some, or measure with --quick"
            )
        half_made = f"{name}_half_made"
        half_url = urlunsplit(urlsplit(server_url)._replace(path=f"/{half_made}"))
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(half_made)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(half_made)))
        schema.upgrade(half_url)
        if ideas:
            print(f"making {ideas:,} stored ideas", flush=True)
            model = embedder("wordllama")
            _fill(half_url, ideas, phrases(titles, model, PHRASES), model)
            _crowd(half_url, titles, model)
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        connection.execute(rename.format(sql.Identifier(half_made), sql.Identifier(name)))
    return url


def _crowd(url: str, titles: Sequence[tuple[str, str]], model: Embedder) -> None:
    """The ideas of a later hour."""
    vectors, later = asked(titles, model)[-CROWDED:], HOUR + timedelta(hours=1)
    rng = np.random.default_rng(5)
    rows = np.repeat(np.arange(CROWDED), CROWD)
    near = scattered(vectors, rows, rng, (0.1, 0.2))
    copy = sql.SQL("COPY ideas ({}) FROM STDIN (FORMAT binary)").format(sql.SQL(", ").join(map(sql.Identifier, OTHERS)))
    with psycopg.connect(url) as connection:
        register_vector(connection)
        with connection.cursor() as cursor, cursor.copy(copy) as to:
            to.set_types([COLUMNS[name] for name in OTHERS])
            for number, vector in enumerate(near):
                told = ("crowd", f"Crowd {number}")
                to.write_row(_row(FIRST_ID // 2 + number, UUID(int=1), later, told, vector, model.model, [0.5] * 6))


def _fill(url: str, ideas: int, told: Sequence[tuple[str, str]], embedder: Embedder) -> None:
    vectors = embedder.embed([phrase for _, phrase in told])
    begun = time.monotonic()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        register_vector(connection)
        (defined,) = connection.execute("SELECT pg_get_indexdef('ideas_embedding'::regclass)").fetchall()[0]
        connection.execute("DROP INDEX ideas_embedding")
        # What the rows refer to is there, by the line above each: no need to look a million times.
        connection.execute("SET session_replication_role = replica")
        _signals(connection, ideas)
        copy = sql.SQL("COPY ideas ({}) FROM STDIN (FORMAT binary)")
        with (
            connection.cursor() as cursor,
            cursor.copy(copy.format(sql.SQL(", ").join(map(sql.Identifier, OTHERS)))) as to,
        ):
            to.set_types([COLUMNS[name] for name in OTHERS])
            for row in _rows(ideas, told, vectors, embedder.model):
                to.write_row(row)
        print(f"  {ideas:,} ideas written in {time.monotonic() - begun:.0f} s; the index follows", flush=True)
        begun = time.monotonic()
        room = shutil.disk_usage("/dev/shm").free if Path("/dev/shm").is_dir() else 0
        workers = 1 if room > 4 * 2**30 else 0
        connection.execute("SET maintenance_work_mem = '4GB'")
        connection.execute(sql.SQL("SET max_parallel_maintenance_workers = {}").format(workers))
        connection.execute(defined.encode())
        connection.execute("VACUUM ANALYZE ideas")
        connection.execute("VACUUM ANALYZE signals")
        print(f"  indexed in {time.monotonic() - begun:.0f} s with {workers + 1} processes", flush=True)


def _hour(number: int, ideas: int) -> datetime:
    """The hour of a stored idea: PER_HOUR to each, the last to the one before HOUR."""
    return HOUR - timedelta(hours=1 + (ideas - 1 - number) // PER_HOUR)


def _signals(connection: psycopg.Connection[tuple[object, ...]], ideas: int) -> None:
    columns = "id, content, source, captured_at, metadata, content_hash, text_hash, topic_id"
    with connection.cursor() as cursor, cursor.copy(f"COPY signals ({columns}) FROM STDIN".encode()) as copy:
        for at in range(0, ideas, PER_HOUR):
            id_, digest = UUID(int=at + 1), f"{at:064x}"
            copy.write_row((id_, f"Stored {at}", "reddit_posts", _hour(at, ideas), "{}", digest, digest, id_))


def _rows(ideas: int, told: Sequence[tuple[str, str]], vectors: Vectors, model: str) -> Iterator[tuple[object, ...]]:
    rng = np.random.default_rng(11)
    begun = time.monotonic()
    for start in range(0, ideas, CHUNK):
        at = rng.integers(0, len(told), min(CHUNK, ideas - start))
        found = scattered(vectors, at, rng)
        earlier = rng.random(len(at)) < 0.5
        factors = rng.random((len(at), 6))
        for i, base in enumerate(at.tolist()):
            number, of = start + i, EARLIER_MODEL if earlier[i] else model
            signal, hour = UUID(int=number - number % PER_HOUR + 1), _hour(number, ideas)
            yield _row(FIRST_ID + number, signal, hour, told[base], found[i], of, factors[i].tolist())
        if start % (10 * CHUNK) == 0:
            print(f"  {start + len(at):>9,} of {ideas:,} ideas, {time.monotonic() - begun:.0f} s", flush=True)


def _row(
    number: int,
    signal_id: UUID,
    hour: datetime,
    told: tuple[str, str],
    vector: NDArray[np.float32],
    model: str,
    numbers: Sequence[float],
) -> tuple[object, ...]:
    """The row of an idea, in the order of OTHERS; `numbers` are its factors and its score."""
    niche, phrase = told
    return (
        *(UUID(int=number), f"{niche}:stored {number}", signal_id, hour),
        *(f"{phrase} – for them"[:120], f"A design: “{phrase}”, with pictures.", phrase),
        *([phrase], [], niche, "statement", ["heart", "star"], "bold", None, None, vector),
        *(model, *numbers, 1, "Fast for its source; its community's own.", EVIDENCE),
    )
