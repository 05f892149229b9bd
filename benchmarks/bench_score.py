"""From raw items to committed ideas: throughput, memory and where the time goes, however many ideas are stored.

Archived pages of real titles, in the shape of Reddit's API, go through the functions of the assets `raw_signals` and
`scored_ideas`, without Dagster around them but for one line; of hours of 1,000 and 10,000 items the median of three.
Then: how many of the true ten nearest ideas the index finds, what a week of observations costs to read, and the naive
way, one row at a time, on a sample. Each hour is measured with every number of stored ideas in turn, as a machine is
not equally fast all the time. Before, eight hours of other items go by, which are printed apart: an index that is not
in memory yet is slow, and who has a million ideas has seen thousands of hours.

Run: `python -m benchmarks.bench_score`, or with `--quick` without 100,000 items and without a million ideas. Each
measurement has a process of its own. Databases with stored ideas lie in `build/bench-score`; a million take some 7 GB,
and many minutes the first time.
"""

from __future__ import annotations

import io
import json
import logging
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, redirect_stdout
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeVar

import dagster as dg
import polars as pl
import psycopg
from pgvector.psycopg import register_vector

from assets.partitions import hour_key
from assets.raw_signals import raw_signals_asset
from assets.scored_ideas import scored_ideas
from benchmarks import stored_ideas
from benchmarks.stage import QUIET, Clock, Memory, Reading, Stopwatch, machine
from benchmarks.stored_ideas import FOLDER, HOUR, Neighbourhood
from pipeline.models import Payload
from resources.archive import Archive
from resources.defaults import object_store
from resources.embedders import embedder
from resources.postgres import EmbeddedPostgres
from resources.settings import Settings
from resources.store import Store
from resources.vault import vault
from tests import recorded

T = TypeVar("T")
STORED = (0, 100_000, 1_000_000)
WITH_DAGSTER = 10_000
MEASURED = {1_000: (0, 1_000, 2_000), 10_000: (0, 10_000, 20_000), 100_000: (0,)}
"""Items → the hours of so many that are measured, as the numbers of posts before theirs; the median counts."""
WARM, OTHERS = 10_000, range(40_000, 120_000, 10_000)
"""Items of the hours before those that are measured, and as many hours; only the hour of 100,000 has some in common."""
OBSERVED = 1_000_000
AGAINST = 10_000
"""Items of the hour that the naive way is compared in."""
PAGE = 100
"""Posts on a page of Reddit's API."""
SAMPLE, STOPS = 100, 10
"""Titles of the naive way, and in how many places of the hour they stand."""
TARGET_S, TARGET_TIMES, TARGET_GROWTH, TARGET_MB, TARGET_RECALL = 10.0, 50, 1.5, 1536, 0.95
PARTS = {
    "read the archive": ("resources.archive:Archive.landed",),
    "parse, scrub": ("assets.raw_signals:_read_all", "assets.raw_signals:merge"),
    "record signals": ("resources.store.signals:Signals.record", "resources.store.signals:Signals.quarantine"),
    "topics": (
        "resources.store.topics:Topics.settle",
        "pipeline.signals.kin:settle",
        "resources.bloom:TextFilter.catch_up",
        "resources.bloom:TextFilter.save",
    ),
    "read signals": tuple(f"resources.store.signals:Signals.{name}" for name in ("hour", "history")),
    "prepare": ("pipeline.ideas.ideate:prepare",),
    "embed": ("resources.embedders.wordllama:WordLlamaEmbedder.embed",),
    "pair, fill": ("assets.scored_ideas:ideate",),
    "score": (
        *(f"pipeline.ideas.ideate:{name}" for name in ("voices_of", "hear", "fit", "centroid_cosines", "weighted")),
        *(f"pipeline.scoring.factors:{name}" for name in ("freshness", "engagement", "novelty")),
        "pipeline.ideas.writing:idea",
    ),
    "select": ("pipeline.ideas.selection:select",),
    "nearest, centroids": (
        "resources.store.neighbours:Earlier.nearest",
        *(f"resources.store.ideas:Ideas.{name}" for name in ("centroids", "centroid_ideas")),
        "resources.store.niches:Niches.learned",
    ),
    "record ideas": (
        "resources.store.ideas:Ideas.record",
        *(f"resources.store.ideas:Ideas.{name}" for name in ("hour", "bring_back")),
        "assets.scored_ideas:rest",
        "resources.store.decisions:Decisions.record",
    ),
    "commit, the rest": ("resources.store:Store.transaction",),
}
"""Stage → its functions, as their callers find them; each counts without the others that it calls."""


class Took(NamedTuple):
    """What an hour of so many items took."""

    items: int
    stored: int
    took: Reading
    peak: int
    """Bytes of this process at most, the interpreter and the libraries included."""
    parts: dict[str, float]
    ideas: int
    considered: int
    asked: int
    """Vectors whose neighbours were asked for."""
    queries: int
    """In so many calls."""

    @property
    def per_item(self) -> float:
        """Milliseconds."""
        return 1000 * self.took.wall / self.items


class Recall(NamedTuple):
    """How much of the truth the index finds."""

    at_10: float
    at_1: float
    ms: float
    """Per vector."""


def listing(rows: Sequence[dict[str, Any]], first: int) -> bytes:
    """A page of posts as Reddit's API answers; their ages are spread over the day before the hour."""
    children = [
        {
            "kind": "t3",
            "data": {
                "id": row["id"],
                "title": row["title"],
                "subreddit": row["subreddit"],
                "created_utc": (HOUR - timedelta(minutes=(first + n) * 37 % 1440)).timestamp(),
                "score": row["score"],
                "num_comments": row["num_comments"],
                "over_18": row["over_18"],
                "stickied": False,
                "link_flair_text": row["flair"],
                "author": f"account{(first + n) % 9973}",
            },
        }
        for n, row in enumerate(rows)
    ]
    return json.dumps({"kind": "Listing", "data": {"after": None, "children": children}}).encode()


def posts() -> pl.DataFrame:
    """The recorded posts, shuffled."""
    found = pl.read_parquet(recorded.data_dir() / "reddit_hobbies_2013" / "top_posts.parquet")
    return found.unique("id", keep="first", maintain_order=True).sample(fraction=1, shuffle=True, seed=1)


def land(archive: Archive, items: int, skipped: int = 0) -> None:
    """Put pages of so many posts into the archive, of those after the skipped ones."""
    chosen = posts().slice(skipped, items)
    for first in range(0, items, PAGE):
        captured_at = HOUR + timedelta(minutes=5, seconds=first // PAGE)
        body = listing(chosen[first : first + PAGE].to_dicts(), first)
        archive.land(Payload(source="reddit_posts", captured_at=captured_at, body=body))


def hour(url: str, items: int, stored: int, skipped: int = 0) -> Took:
    """Run the two assets' functions on an hour of so many items."""
    logging.disable(logging.INFO)
    with played(url, items, skipped) as settings, Store(url) as store, Memory() as memory:
        archive, sealed, model = (
            Archive(object_store(settings), vault(settings)),
            vault(settings),
            embedder("wordllama"),
        )
        watch, clock = Stopwatch(), Clock(settings.model_copy(update={"data_dir": FOLDER}))
        watch.around(PARTS)
        asked = counted()
        raw, scored = body(raw_signals_asset([])), body(scored_ideas)
        memory.peak()
        before = clock.read()
        raw(context(HOUR), store=store, archive=archive, vault=sealed, settings=settings)
        made = scored(context(HOUR), store=store, embedder=model, settings=settings, sources=())
        took = clock.read().since(before)
        parts: dict[str, float] = {}
        for (_, part), seconds in watch.seconds.items():
            parts[part] = parts.get(part, 0.0) + seconds
        parts["commit, the rest"] += took.wall - sum(parts.values())
        return Took(items, stored, took, memory.peak(), parts, made.metadata["dagster/row_count"],
                    made.metadata["considered"], sum(asked), len(asked))  # fmt: skip


def counted() -> list[int]:
    """Grows by the number of vectors with every call of `Earlier.nearest`."""
    from resources.store.neighbours import Earlier  # noqa: PLC0415 - as it is now, with the watch around it

    asked: list[int] = []
    nearest = Earlier.nearest

    def counting(self: Earlier, vectors: Any) -> Any:
        asked.append(len(vectors))
        return nearest(self, vectors)

    setattr(Earlier, "nearest", counting)  # noqa: B010 - mypy refuses the plain way
    return asked


def body(asset: dg.AssetsDefinition) -> Callable[..., Any]:
    """The function that an asset runs."""
    compute: Any = asset.op.compute_fn
    function: Callable[..., Any] = compute.decorated_fn
    return function


def context(hour: datetime) -> SimpleNamespace:
    """What the functions of the assets ask of Dagster."""
    return SimpleNamespace(
        partition_time_window=SimpleNamespace(start=hour),
        run=SimpleNamespace(run_id="alone", job_name="hour"),
        log=logging.getLogger("alone"),
        retry_number=0,
    )


def with_dagster(url: str, items: int) -> float:
    """Seconds of the same as a run of Dagster's, in this process."""
    logging.disable(logging.INFO)
    with played(url, items) as settings, Store(url) as store:
        needed = {
            "store": dg.ResourceDefinition.hardcoded_resource(store),
            "archive": Archive(object_store(settings), vault(settings)),
            "vault": vault(settings),
            "embedder": embedder("wordllama"),
            "settings": settings,
            "sources": (),
        }
        begun = time.perf_counter()
        assets = [raw_signals_asset([]), scored_ideas]
        with redirect_stdout(io.StringIO()), dg.DagsterInstance.ephemeral() as instance:
            dg.materialize(assets, instance=instance, partition_key=hour_key(HOUR), resources=needed, run_config=QUIET)
        return time.perf_counter() - begun


@contextmanager
def played(url: str, items: int, skipped: int = 0) -> Iterator[Settings]:
    """Settings of a temporary data folder with the pages landed; the record is put back afterwards."""
    with tempfile.TemporaryDirectory(prefix="engine-bench-") as folder:
        settings = Settings(_env_file=None, data_dir=Path(folder))
        stored_ideas.put_back(url)
        land(Archive(object_store(settings), vault(settings)), items, skipped)
        try:
            yield settings
        finally:
            stored_ideas.put_back(url)


def recall(url: str, neighbourhood: Neighbourhood) -> Recall:
    """Compare `Earlier.neighbours` with the truth for the vectors of the neighbourhood."""
    model = embedder("wordllama").model
    with Store(url) as store, store.transaction() as tx:
        earlier = tx.ideas.earlier(model, HOUR)
        earlier.neighbours(neighbourhood.vectors[:20], 10)
        begun = time.perf_counter()
        found = earlier.neighbours(neighbourhood.vectors, 10)
        took = time.perf_counter() - begun
    hits = [
        len({near.idea_id for near in own} & set(truth)) for own, truth in zip(found, neighbourhood.truth, strict=True)
    ]
    first = [bool(own) and own[0].idea_id == truth[0] for own, truth in zip(found, neighbourhood.truth, strict=True)]
    return Recall(sum(hits) / (10 * len(hits)), sum(first) / len(first), 1000 * took / len(hits))


def history(url: str) -> tuple[float, int]:
    """Seconds that OBSERVED observations of a week take to read, and how many came."""
    with Store(url) as store, store.transaction() as tx:
        begun = time.perf_counter()
        rows = tx.signals.history(HOUR).height
        return time.perf_counter() - begun, rows


def naive(url: str, items: int) -> float:
    """Seconds per title of the naive way: embedded alone, compared with every idea so far, inserted, committed.

    The sample is spread over an hour of so many items, each of which the next one is compared with: what would be there
    by then is there, by COPY, which is not counted.
    """
    chosen = posts()["title"].head(items).to_list()
    filling = embedder("wordllama").embed(chosen)
    with tempfile.TemporaryDirectory(prefix="engine-bench-") as folder:
        model = transformer(Path(folder))
        took = 0.0
        with psycopg.connect(url) as connection:
            register_vector(connection)
            connection.execute("CREATE TABLE naive (id bigint GENERATED ALWAYS AS IDENTITY, title text, v vector(768))")
            connection.commit()
            done = 0
            for middle in range(items // (2 * STOPS), items, items // STOPS):
                with connection.cursor().copy("COPY naive (title, v) FROM STDIN (FORMAT BINARY)") as copy:
                    copy.set_types(["text", "vector"])
                    for row in zip(chosen[done:middle], filling[done:middle], strict=True):
                        copy.write_row(row)
                connection.commit()
                done = middle + SAMPLE // STOPS
                begun = time.perf_counter()
                for title in chosen[middle:done]:
                    vector = model.embed([title])[0]
                    connection.execute(
                        "SELECT id::text FROM (SELECT id, embedding FROM ideas UNION ALL "
                        "SELECT gen_random_uuid(), v FROM naive) i ORDER BY embedding <=> %s LIMIT 1",
                        [vector],
                    ).fetchone()
                    connection.execute("INSERT INTO naive (title, v) VALUES (%s, %s)", [title, vector])
                    connection.commit()
                took += time.perf_counter() - begun
            connection.execute("DROP TABLE naive")
            connection.commit()
    return took / SAMPLE


def transformer(folder: Path) -> Any:
    """A sentence-transformers model of the size of all-MiniLM-L6-v2; what its weights are changes no time."""
    import sentence_transformers  # noqa: PLC0415 - optional, and slow to import
    import transformers  # noqa: PLC0415
    from sentence_transformers import models  # noqa: PLC0415

    from resources.embedders import sentence_transformers as family  # noqa: PLC0415

    words = sorted({word for title in posts()["title"].head(20_000).to_list() for word in title.lower().split()})
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words[:30_000]]))
    tokenizer = transformers.BertTokenizerFast(vocab_file=str(folder / "vocab.txt"))
    shape = transformers.BertConfig(vocab_size=30_522, hidden_size=384, num_hidden_layers=6, num_attention_heads=12,
                                    intermediate_size=1536)  # fmt: skip
    transformers.BertModel(shape).save_pretrained(folder / "bert")
    tokenizer.save_pretrained(folder / "bert")
    word = models.Transformer(str(folder / "bert"))
    loaded = sentence_transformers.SentenceTransformer(modules=[word, models.Pooling(384)], device="cpu")
    return family.SentenceTransformersEmbedder(loaded, "random", "0")


def alone(function: Callable[..., T], *args: Any) -> T:
    """The function's answer from a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as other:
        return other.submit(function, *args).result()


def show(took: Took, at_none: Took | None) -> None:
    """Print a measurement, and by how much stored ideas made it dearer."""
    growth = f", {took.per_item / at_none.per_item:.2f} times that with none stored" if at_none else ""
    print(f"\n{took.items:,} items, {took.stored:,} ideas stored: {took.took.wall:.1f} s, "
          f"{took.items / took.took.wall:,.0f} items/s, {took.per_item:.2f} ms/item{growth}")  # fmt: skip
    print(f"  {took.ideas} ideas of {took.considered:,} candidates; {took.asked} neighbours asked for in "
          f"{took.queries} queries; peak {took.peak / 2**20:,.0f} MB; {took.took.cpu:.1f} CPU s here, "
          f"{took.took.database_cpu:.1f} in PostgreSQL; {machine()}")  # fmt: skip
    for part in [*PARTS]:
        seconds = took.parts.get(part, 0.0)
        print(f"    {part:<20}{seconds:8.2f} s{100 * seconds / took.took.wall:7.1f} %")


def verdict(what: str, value: float, target: float, *, least: bool = False) -> str:
    """The value beside its target."""
    met = value >= target if least else value <= target
    return f"{what:<62}{value:10.2f}   target {'≥' if least else '≤'} {target:g}: {'met' if met else 'MISSED'}"


def nearest(urls: Mapping[int, str]) -> list[str]:
    """Print what the index finds, for every number of stored ideas; the verdicts."""
    told = []
    for stored in list(urls)[1:]:
        for crowded in (False, True):
            around = alone(stored_ideas.neighbourhood, urls[stored], crowded, titles())
            found = alone(recall, urls[stored], around)
            case = f"{stored:,} stored{', a crowd of this hour nearer' if crowded else ''}"
            print(f"{case}: recall@10 {found.at_10:.3f}, @1 {found.at_1:.3f}, {found.ms:.1f} ms a vector; {machine()}")
            told.append(verdict(f"{case}: recall@10", found.at_10, TARGET_RECALL, least=True))
    return told


def against_naive(urls: Mapping[int, str], measured: Mapping[tuple[int, int], Took]) -> list[str]:
    """Print what the naive way takes; the verdicts."""
    if not find_spec("sentence_transformers"):
        print("the naive way: not measured, sentence-transformers is not installed (make setup-models)")
        return []
    told = []
    for stored, url in list(urls.items())[:2]:
        each = alone(naive, url, AGAINST)
        print(f"the naive way, {AGAINST:,} items, {stored:,} stored: {1000 * each:.1f} ms a title, on {SAMPLE} of the "
              f"hour; {machine()}")  # fmt: skip
        times = 1000 * each / measured[AGAINST, stored].per_item
        told.append(verdict(f"{stored:,} stored: times as fast as the naive way", times, TARGET_TIMES, least=True))
    return told


def main() -> None:
    """Measure and print."""
    if not recorded.available():
        print(f"no recorded titles at {recorded.data_dir()}: set ENGINE_SHARED to the folder that holds data/")
        return
    quick = "--quick" in sys.argv
    counts, stores = ([*MEASURED][:-1], STORED[:-1]) if quick else ([*MEASURED], STORED)
    FOLDER.mkdir(parents=True, exist_ok=True)
    logging.disable(logging.INFO)
    told: list[str] = []
    print(machine())
    with EmbeddedPostgres(FOLDER) as server:
        urls = {stored: alone(stored_ideas.stored, server, stored, titles()) for stored in stores}
        measured: dict[tuple[int, int], Took] = {}
        for stored, url in urls.items():
            before = [alone(hour, url, WARM, stored, skipped).took.wall for skipped in OTHERS]
            print(f"\nthe first hours that see {stored:,} stored ideas, of {WARM:,} other items each: "
                  f"{', '.join(f'{seconds:.1f}' for seconds in before)} s")  # fmt: skip
        for items in counts:
            hours = [
                (stored, alone(hour, url, items, stored, skipped))
                for skipped in MEASURED[items]
                for stored, url in urls.items()
            ]
            for stored in urls:
                own = sorted((took for at, took in hours if at == stored), key=lambda took: took.took.wall)
                measured[items, stored] = own[len(own) // 2]
                show(measured[items, stored], measured[items, 0] if stored else None)
        for (items, stored), took in measured.items():
            case = f"{items:,} items, {stored:,} stored"
            if items == 10_000:
                told.append(verdict(f"{case}: seconds", took.took.wall, TARGET_S))
            if stored == stores[-1]:
                growth = took.per_item / measured[items, 0].per_item
                told.append(verdict(f"{case}: times the cost with none stored", growth, TARGET_GROWTH))
                told.append(verdict(f"{case}: peak MB", took.peak / 2**20, TARGET_MB))
        print(f"\n{WITH_DAGSTER:,} items as a run of Dagster in one process: "
              f"{alone(with_dagster, urls[0], WITH_DAGSTER):.1f} s; {machine()}")  # fmt: skip
        told += nearest(urls)
        seconds, rows = alone(history, alone(stored_ideas.observed, server, OBSERVED))
        print(f"{rows:,} observations of a week are read in {seconds:.1f} s; {machine()}")
        told += against_naive(urls, measured)
    print("\n" + "\n".join(told))


def titles() -> list[tuple[str, str]]:
    """The recorded titles with their communities."""
    return list(posts().select("title", "subreddit").iter_rows())


if __name__ == "__main__":
    main()
