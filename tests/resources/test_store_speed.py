"""An hour's statements don't grow with its items, runs of one hour at once are one, and the nearest idea is found."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import psycopg
import pytest

from assets.raw_signals import raw_signals_asset
from assets.scored_ideas import scored_ideas
from benchmarks.bench_score import body, context
from pipeline.ideas.ideate import MAX_CANDIDATES
from pipeline.ideas.selection import ROUND
from pipeline.models import Factors, Idea, Mood, Payload, Signal, Vectors
from resources.archive import Archive
from resources.defaults import object_store
from resources.embedders import embedder
from resources.settings import Settings
from resources.store import Store, neighbours
from resources.store.frames import UTC_TIME, frame
from resources.vault import vault
from tests.worlds import HOUR, World, listing_of, post

MODEL = "a model"
WORDS = ("tomato", "cat", "hiking", "coffee", "knitting", "dog", "guitar", "camping", "sourdough", "chess")
EARLIER = HOUR - timedelta(hours=1)


def land(settings: Settings, hour: datetime, first: int, items: int) -> None:
    """An archived page of so many posts; the first tenth of them say what others say."""
    posts = [
        post(n, title=f"What my {WORDS[n % 10]} taught me about {WORDS[n // 10 % 10]}s, lesson {n // 10 * 10}")
        for n in range(first, first + items)
    ]
    captured_at = hour + timedelta(minutes=10)
    page = Payload(source="reddit_posts", captured_at=captured_at, body=listing_of(posts).encode())
    Archive(object_store(settings), vault(settings)).land(page)


def run(store: Store, settings: Settings, hour: datetime) -> None:
    """The hour, through the functions of the two assets."""
    sealed = vault(settings)
    archive = Archive(object_store(settings), sealed)
    body(raw_signals_asset([]))(context(hour), store=store, archive=archive, vault=sealed, settings=settings)
    model = embedder(settings.embedder)
    body(scored_ideas)(context(hour), store=store, embedder=model, settings=settings, sources=())


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that is sent, as it is sent: those of a list of values as often as there are values."""
    sent: list[str] = []

    def noting(name: str, method: Callable[..., object]) -> Callable[..., object]:
        def noted(self: object, query: object, *args: object, **kwargs: object) -> object:
            times = len(args[0]) if name == "executemany" and isinstance(args[0], Sequence) else 1
            sent.extend([str(query)] * times)
            return method(self, query, *args, **kwargs)

        return noted

    for kind in (psycopg.Cursor, psycopg.ServerCursor):
        for name in ("execute", "executemany", "copy"):
            monkeypatch.setattr(kind, name, noting(name, getattr(kind, name)))
    return sent


@pytest.mark.parametrize("few", [0, 5_000], ids=["index", "compared"])
def test_an_hour_of_a_thousand_items_sends_as_many_statements_as_one_of_fifty(
    store: Store, tmp_path: Path, statements: list[str], few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours, "FEW", few)
    counts = []
    for number, items in enumerate((50, 50, 1_000)):
        settings = Settings(_env_file=None, data_dir=tmp_path / str(number))
        hour = HOUR + timedelta(hours=100 * number)
        land(settings, hour, 5_000 * number, items)
        statements.clear()
        run(store, settings, hour)
        asking = [statement for statement in statements if "staged_queries" in statement or "enable_sort" in statement]
        calls = statements.count(neighbours.NEAREST)
        assert len(asking) == 6 * calls, "staged, told how, asked, as before"
        assert calls <= (0 if few else 1 + MAX_CANDIDATES / (ROUND * settings.ideas_per_hour)), "in batches"
        assert (calls > 0) == (number > 0 and few == 0), "there are earlier ideas from the second hour on"
        counts.append(len(statements) - len(asking))
    with store.transaction() as tx:
        assert len(tx.ideas.hour(hour)) > 10, "an hour of real work"
    _, fifty, thousand = counts
    assert thousand == fifty > 30


@pytest.mark.slow
def test_runs_of_an_hour_at_the_same_moment_are_one(store: Store, world: World, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path)
    hours = [HOUR + timedelta(hours=3 * n) for n in range(4)]
    for n, hour in enumerate(hours):
        land(settings, hour, 150 * n, 300)
        meeting = threading.Barrier(2)

        def together(meeting: threading.Barrier, hour: datetime) -> None:
            meeting.wait(60)
            run(store, settings, hour)

        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(together, meeting, hour) for _ in range(2)]:
                done.result(120)
        rows = world.rows()
        run(store, settings, hour)
        assert world.rows() == rows, "once more changes nothing"
    with store.transaction() as tx:
        assert all(tx.ideas.hour(hour) for hour in hours)


def signal(name: str) -> Signal:
    return Signal(
        source="reddit_posts", external_id=name, content=f"About {name}", captured_at=HOUR + timedelta(minutes=1)
    )


def idea(phrase: str, hour: datetime = HOUR, model: str = MODEL, score: float = 0.5) -> Idea:
    half = Factors(freshness=0.5, engagement=0.5, novelty=0.5, community_fit=0.5, seasonality=0.5)
    return Idea(
        signal_id=signal("a").id, hour=hour, phrase=phrase, lines=(phrase,), title=phrase, description="It is.",
        niche="hiking", format="statement", motifs=("tree",), mood=Mood.BOLD, factors=half, score=score,
        weights_version=1, reason="It is.", evidence={}, embedding_model=model,
    )  # fmt: skip


def unit(rows: int, seed: int, near: Vectors | None = None) -> Vectors:
    drawn = np.random.default_rng(seed).normal(size=(rows, 768)) * (1 if near is None else 0.002)
    drawn = drawn if near is None else drawn + near
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), np.float32)


def test_ideas_recorded_at_the_same_moment_in_any_order_are_the_same_rows(store: Store, world: World) -> None:
    with store.transaction() as tx:
        tx.signals.record([(signal("a"), "file:///1")], HOUR)
        tx.ideas.record([idea(f"Earlier {n}", EARLIER) for n in range(50)], unit(50, 1))
    for turn in range(10):
        told = [idea(f"New {turn} {n}", score=0.4 + n / 1000) for n in range(100)]
        told += [idea(f"Earlier {n}", score=0.9) for n in range(50)]
        vectors = unit(len(told), 2)
        orders = [np.random.default_rng(seed).permutation(len(told)).tolist() for seed in (turn, turn + 100)]
        meeting = threading.Barrier(2)

        def record(meeting: threading.Barrier, order: list[int], told: list[Idea], vectors: Vectors) -> int:
            meeting.wait(60)
            with store.transaction() as tx:
                return len(tx.ideas.record([told[i] for i in order], vectors[order]))

        with ThreadPoolExecutor(2) as pool:
            running = [pool.submit(record, meeting, order, told, vectors) for order in orders]
            assert sorted(one.result(60) for one in running) == [0, 100], "each is new to one of them"
    with store.transaction() as tx:
        assert {one.score for one in tx.ideas.hour(EARLIER)} == {0.5}, "the first hour's score stays"
        assert len(tx.ideas.hour(HOUR)) == 1_000
    assert len([row for row in world.rows()["events"] if "idea.scored" in row]) == 1_050


@pytest.mark.parametrize("few", [0, 5_000], ids=["index", "compared"])
def test_nearer_ideas_that_do_not_count_hide_none_that_does(
    store: Store, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours, "FEW", few)
    asked, counting = unit(5, 3), unit(60, 4)
    crowd = unit(500, 5, near=np.repeat(asked, 100, axis=0))
    others = unit(500, 6, near=np.repeat(asked, 100, axis=0))
    with store.transaction() as tx:
        tx.signals.record([(signal("a"), "file:///1")], HOUR)
        tx.ideas.record([idea(f"Earlier {n}", EARLIER) for n in range(60)], counting)
        tx.ideas.record([idea(f"This hour's {n}") for n in range(500)], crowd)
        tx.ideas.record([idea(f"Other {n}", EARLIER, "another model") for n in range(500)], others)
        earlier = tx.ideas.earlier(MODEL, HOUR)
        found, nearest = earlier.neighbours(asked, 10), earlier.nearest(asked)
    cosines = asked @ counting.T
    truth = [[f"Earlier {n}" for n in np.argsort(-row)[:10]] for row in cosines]
    hits = sum(len({near.phrase for near in own} & set(right)) for own, right in zip(found, truth, strict=True))
    assert hits >= 48
    assert [own[0].idea_id for own in found] == [near and near.idea_id for near in nearest]
    for own in found:
        for near in own:
            (place,) = [n for n in range(60) if near.phrase == f"Earlier {n}"]
            np.testing.assert_array_equal(near.vector, counting[place])
    for own in found:
        assert [near.similarity for near in own] == sorted((near.similarity for near in own), reverse=True)


def test_where_the_index_gives_up_every_earlier_idea_is_compared(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "FEW", 0)
    monkeypatch.setattr(neighbours, "THROUGH_INDEX", neighbours.THROUGH_INDEX + "; SET LOCAL hnsw.max_scan_tuples = 1; "
                        "SET LOCAL hnsw.ef_search = 1; SET LOCAL hnsw.iterative_scan = off")  # fmt: skip
    asked = unit(1, 3)
    with store.transaction() as tx:
        tx.signals.record([(signal("a"), "file:///1")], HOUR)
        tx.ideas.record([idea("Far", EARLIER)], -asked)
        tx.ideas.record(
            [idea(f"This hour's {n}") for n in range(200)], unit(200, 5, near=np.repeat(asked, 200, axis=0))
        )
        (near,) = tx.ideas.earlier(MODEL, HOUR).nearest(asked)
    assert near is not None
    assert near.phrase == "Far"
    assert near.similarity == pytest.approx(-1, abs=1e-3)


FRAMED = {"text": pl.String(), "number": pl.Int64(), "share": pl.Float64(), "at": UTC_TIME}
TOLD = ["", None, "NULL", "\\N", "\\.", '"', 'a, "b"\nc\r\nd', "ünïcode ✓ 🍅", '{"kind": "post", "n": "\\n"}', " x "]


def test_frames_hold_what_the_database_holds(store: Store) -> None:
    query = """
    SELECT t, n::int8, n / 3.0::float8, CASE WHEN mod(n, 3) > 0 THEN timestamptz '2026-01-02 03:04:05Z' + n * interval
    '1.000001 s' END FROM unnest(%(told)s::text[]) WITH ORDINALITY u(t, n) WHERE n <= %(most)s ORDER BY n
    """
    with store.connection() as connection:
        found = frame(connection, query, {"told": TOLD, "most": 99}, FRAMED)
        rows = connection.execute(query, {"told": TOLD, "most": 99}).fetchall()
        nothing = frame(connection, query, {"told": TOLD, "most": 0}, FRAMED)
    assert found.rows() == rows
    assert found.schema == nothing.schema == pl.Schema(FRAMED)
    assert nothing.is_empty()
