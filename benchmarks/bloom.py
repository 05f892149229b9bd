"""What the Bloom filter saves: an hour's 10,000 texts, half of them known, asked of a record of a million signals.

Run: `python -m benchmarks.bloom`. The filter's own time counts: reading its file, catching up, asking, and writing it.
"""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.stage import embedded, machine
from pipeline.models import sha256
from resources.bloom import TextFilter
from resources.store import Store
from resources.store.topics import FIRST_OF

SIGNALS = 1_000_000
ASKED = 10_000
ROUNDS = 5
FILL = """
INSERT INTO signals (id, content, source, captured_at, content_hash, text_hash, topic_id)
SELECT u, 'text ' || i, 'reddit_posts', '2026-01-01'::timestamptz + i * interval '10 s', h, h, u
FROM generate_series(1, %s) i, LATERAL (SELECT encode(sha256(i::text::bytea), 'hex') AS h) hashed,
    LATERAL (SELECT md5(h)::uuid AS u) named
"""


def main() -> None:
    """Fill a record, then ask it both ways."""
    known = [sha256(str(i * 97).encode()) for i in range(1, ASKED // 2 + 1)]
    asked = {*known, *(sha256(f"new {i}".encode()) for i in range(ASKED // 2))}
    with embedded() as (settings, url), Store(url) as store:
        with store.connection() as connection:
            connection.execute(FILL.encode(), [SIGNALS])
        with store.connection() as connection:
            connection.execute("ANALYZE signals")
        folder = Path(settings.data_dir) / "bloom"
        begun = time.perf_counter()
        with store.transaction() as tx:
            texts = TextFilter(folder)
            texts.catch_up(tx.topics)
        texts.save()
        rebuilt = time.perf_counter() - begun
        everything, filtered, answer = [], [], None
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            look_up(store, asked)
            everything.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            texts = TextFilter(folder)
            with store.transaction() as tx:
                texts.catch_up(tx.topics)
            answer = texts.ask(asked)
            look_up(store, answer.maybe)
            texts.save()
            filtered.append(time.perf_counter() - begun)
        size = texts.file.stat().st_size
    assert answer is not None
    print(f"{SIGNALS:,} signals, {ASKED:,} texts asked, {len(known):,} of them known; {machine()}")
    print(f"file {size / 1e6:.1f} MB; made again from the record in {rebuilt:.1f} s")
    print(f"everything looked up: {min(everything) * 1e3:.0f} ms; behind the filter: {min(filtered) * 1e3:.0f} ms, "
          f"ratio {min(everything) / min(filtered):.2f}")  # fmt: skip
    print(f"{len(answer.maybe):,} maybe: false positives {(len(answer.maybe) - len(known)) / (ASKED - len(known)):.4%}")


def look_up(store: Store, text_hashes: set[str] | frozenset[str]) -> None:
    """Which signal had each of the texts first."""
    with store.connection() as connection:
        connection.execute(FIRST_OF, {"hashes": sorted(text_hashes)}).fetchall()


if __name__ == "__main__":
    main()
