"""What the record promises: twice is once, at the same time is once, and no illegal step."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import polars as pl
import psycopg
import pytest
from numpy.typing import NDArray

from pipeline.models import (
    Counters,
    Decision,
    Event,
    Factors,
    GarmentColor,
    Idea,
    IdeaStatus,
    Listing,
    ListingStatus,
    Mood,
    Recipe,
    Rejected,
    Signal,
    Variant,
    Vectors,
    Verdict,
)
from resources.errors import PermanentError, TransientError
from resources.postgres import EmbeddedPostgres
from resources.store import ResolvedMetric, Store, StoredDesign, StoredMockup, neighbours, schema
from resources.store.neighbours import NEAREST, THROUGH_INDEX
from resources.store.staging import stage

HOUR = datetime(2026, 11, 20, 14, tzinfo=UTC)
MODEL = "test-model"
FACTORS = Factors(freshness=0.9, engagement=0.8, novelty=0.7, community_fit=0.6, seasonality=0.5)


def signal_(name: str, minute: int = 5, hour: datetime = HOUR, likes: int | None = 10) -> Signal:
    return Signal(
        source="reddit_posts",
        external_id=name,
        content=f"Something about {name}",
        category="r/hiking",
        published_at=hour - timedelta(hours=2),
        captured_at=hour + timedelta(minutes=minute),
        counters=Counters(likes=likes, comments=2, dislikes=3),
        metadata={"flair": "ünïcode ✓", "n": 1},
    )


def sightings(names: Sequence[str], minute: int = 5) -> list[tuple[Signal, str]]:
    return [(signal_(name, minute), "file:///raw/1.json") for name in names]


def unit(*, seed: int, rows: int = 1) -> Vectors:
    drawn = np.random.default_rng(seed).normal(size=(rows, 768))
    unit_length: Vectors = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
    return unit_length


def idea(phrase: str, signal: Signal, hour: datetime = HOUR, score: float = 0.7, **changes: Any) -> Idea:
    fields: dict[str, Any] = {
        "signal_id": signal.id,
        "hour": hour,
        "phrase": phrase,
        "lines": (phrase,),
        "emphasis": (phrase.split(maxsplit=1)[0],),
        "title": phrase.title(),
        "description": "What it is.",
        "niche": "hiking",
        "format": "statement",
        "motifs": ("mountain", "tree"),
        "mood": Mood.OUTDOORSY,
        "occasion": "Mother's Day",
        "event_date": date(2027, 5, 9),
        "factors": FACTORS,
        "score": score,
        "weights_version": 1,
        "reason": "It is rising.",
        "evidence": {"velocity": 1.5},
        "embedding_model": MODEL,
    }
    return Idea(**(fields | changes))


def design(of: Idea, artist: str = "composer 1", hour: datetime = HOUR) -> StoredDesign:
    recipe = Recipe(
        artist=artist,
        seed=2**62,
        layout="stack",
        palette="dusk",
        typefaces=("Anton",),
        prompt=of.phrase,
        spec={"layers": [{"x": 0.1}, {"text": of.phrase}]},
        licences={"Anton": "OFL-1.1"},
    )
    return StoredDesign(
        idea_id=of.id,
        hour=hour,
        recipe=recipe,
        s3_uri="file:///print.png",
        thumb_uri="file:///thumb.webp",
        sha256="a" * 64,
        width=4500,
        height=5400,
        dpi=300,
        garments=(GarmentColor(name="Black", hex="#000000"),),
        contrasts={"Black": 12.5, "White": 1.2},
    )


def mockup(of: StoredDesign, variant: Variant = Variant.FRONT) -> StoredMockup:
    return StoredMockup(
        idea_id=of.idea_id,
        design_id=of.id,
        hour=of.hour,
        s3_uri="file:///m.jpg",
        thumb_uri="file:///m.webp",
        variant=variant,
        color="Black",
        generation_params={"scale": 0.4},
        width=2000,
        height=2000,
    )


def listing(of: StoredMockup, title: str = "Take A Hike Tee", result: str = "passed", place: str = "etsy") -> Listing:
    return Listing(
        idea_id=of.idea_id,
        design_id=of.design_id,
        mockup_id=of.id,
        marketplace=place,
        product="tee",
        title=title,
        description="A tee.",
        bullets=("Soft",),
        tags=("hiking", "gift"),
        price_cents=2199,
        currency="USD",
        verdicts=(Verdict.model_validate({"check": "trademark", "result": result, "detail": "", "source": "list"}),),
    )


def draft(
    store: Store, phrase: str = "take a hike", drawn: Mapping[str, object] | None = None, **changes: Any
) -> Listing:
    """A listing with all that it needs before it; `drawn` changes its design."""
    seen = signal_(phrase)
    thought = idea(phrase, seen)
    made = design(thought).model_copy(update=drawn)
    shown = mockup(made)
    written = listing(shown, **changes)
    with store.transaction() as tx:
        tx.signals.record([(seen, "file:///raw/1.json")], HOUR)
        tx.ideas.record([thought], unit(seed=1))
        tx.designs.record([made])
        tx.mockups.record([shown])
        tx.listings.record([written], HOUR)
    return written


def rows(store: Store, query: str) -> list[tuple[Any, ...]]:
    with store.connection() as connection:
        return connection.execute(query.encode()).fetchall()


def everything(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """All that was recorded, without when it was written."""
    found = {}
    for table in store.counts():
        columns = rows(
            store,
            "SELECT string_agg(quote_ident(column_name) || '::text', ',' ORDER BY 1) FROM information_schema.columns "
            f"WHERE table_name = '{table}' AND column_name NOT IN ('created_at', 'updated_at', 'occurred_at')",
        )[0][0]
        found[table] = sorted(rows(store, f"SELECT {columns} FROM {table}"), key=repr)
    return found


# -- signals -----------------------------------------------------------------------------------------------------------


def test_a_signal_seen_again_is_an_observation(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.signals.record(sightings(["a", "b"]), HOUR) == (2, 0, 2)
        assert tx.signals.record(sightings(["b", "c"], minute=9), HOUR) == (1, 1, 2)
        assert tx.signals.record([], HOUR) == (0, 0, 0)
        hour = tx.signals.hour(HOUR)
        history = tx.signals.history(HOUR)
    assert hour.height == 3
    assert history.height == 4
    assert store.counts()["events"] == 3
    latest = hour.filter(pl.col("external_id") == "b").row(0, named=True)
    assert latest["captured_at"] == HOUR + timedelta(minutes=9)
    assert latest["metadata"] == '{"n": 1, "flair": "ünïcode ✓"}'
    counters = [latest[name] for name in ("likes", "comments", "views", "dislikes")]
    assert counters == [10, 2, None, 3]
    assert history["dislikes"].to_list() == [3] * 4


def test_recording_twice_is_recording_once(store: Store) -> None:
    with store.transaction() as tx:
        tx.signals.record(sightings(["a", "b"]), HOUR)
    once = everything(store)
    with store.transaction() as tx:
        assert tx.signals.record(sightings(["a", "b"]), HOUR) == (0, 2, 2)
    assert everything(store) == once


def test_the_row_tells_of_the_first_sighting_in_whatever_order_they_are_recorded(store: Store) -> None:
    early, late = signal_("a", 5), signal_("a", 50).model_copy(update={"content": "Said otherwise later"})
    with store.transaction() as tx:
        tx.signals.record([(late, "file:///2")], HOUR)
        tx.signals.record([(early, "file:///1")], HOUR)
    assert rows(store, "SELECT content, captured_at FROM signals") == [(early.content, early.captured_at)]


def test_two_sightings_at_one_moment_are_one_observation(store: Store) -> None:
    batch = [(signal_("a", likes=likes), f"file:///{likes}") for likes in (7, 30, 9)]
    with store.transaction() as tx:
        assert tx.signals.record(batch, HOUR) == (1, 0, 1)
        assert tx.signals.hour(HOUR)["likes"].to_list() == [30]


def test_history_goes_back_seven_days_and_no_further(store: Store) -> None:
    with store.transaction() as tx:
        for days in (0, 6, 7, 8):
            hour = HOUR - timedelta(days=days)
            tx.signals.record([(signal_(f"d{days}", 0 if days == 7 else 5, hour), "file:///x")], hour)
        tx.signals.record([(signal_("next", 5, HOUR + timedelta(hours=1)), "file:///x")], HOUR + timedelta(hours=1))
        assert tx.signals.history(HOUR)["captured_at"].len() == 2
        assert tx.signals.history(HOUR, days=30).height == 4


def test_an_hour_without_signals_is_an_empty_frame_of_the_same_columns(store: Store) -> None:
    with store.transaction() as tx:
        empty = tx.signals.hour(HOUR)
        tx.signals.record(sightings(["a"]), HOUR)
        assert empty.height == 0
        assert empty.schema == tx.signals.hour(HOUR).schema
        assert tx.signals.history(HOUR - timedelta(days=30)).height == 0


def test_quarantine_keeps_the_reason_once(store: Store) -> None:
    refused = [(Rejected(source="reddit_posts", index=3, reason="title: missing", excerpt="{}"), "file:///x")]
    with store.transaction() as tx:
        assert tx.signals.quarantine(refused * 2, HOUR) == 1
        assert tx.signals.quarantine(refused, HOUR) == 1
        assert tx.signals.quarantined(HOUR).rows() == [("file:///x", 3, "reddit_posts", "title: missing", "{}")]


def test_a_sighting_outside_the_hour_is_refused_whole(store: Store) -> None:
    with pytest.raises(PermanentError, match=r"refuses the write.*signal_observations"), store.transaction() as tx:
        tx.signals.record(sightings(["a", "b"]), HOUR + timedelta(hours=1))
    assert store.counts()["signals"] == 0


def test_two_runs_of_an_hour_at_the_same_time_end_as_one(store: Store) -> None:
    names = [f"s{n}" for n in range(400)]

    def run(turned: bool) -> None:
        batch = sightings(names[::-1] if turned else names)
        ideas = [idea(f"phrase {name}", signal) for name, (signal, _) in zip(names, batch, strict=True)]
        vectors = unit(seed=3, rows=len(ideas))
        if turned:
            ideas = sorted(ideas, key=lambda it: it.id)
        both.wait()
        with store.transaction() as tx:
            tx.signals.record(batch, HOUR)
            tx.ideas.record(ideas[:100], vectors[:100])
            tx.ideas.set_status([it.id for it in ideas[:50]], IdeaStatus.ARCHIVED)

    def settle(turns: Sequence[bool]) -> dict[str, int]:
        with ThreadPoolExecutor(len(turns)) as pool:
            list(pool.map(run, turns))
        return store.counts()

    both = threading.Barrier(2)
    together = settle([False, True])
    assert together["signals"] == 400
    assert together["signal_observations"] == 400
    before = everything(store)
    both = threading.Barrier(1)
    assert settle([False]) == together
    assert everything(store)["signals"] == before["signals"]
    assert everything(store)["events"] == before["events"]


# -- ideas -------------------------------------------------------------------------------------------------------------


def test_ideas_come_back_as_they_went_in_best_first(store: Store) -> None:
    seen = signal_("a")
    ideas = [idea("take a hike", seen, score=0.4), idea("hike more", seen, score=0.9, occasion=None, event_date=None)]
    with store.transaction() as tx:
        tx.signals.record([(seen, "file:///1")], HOUR)
        assert tx.ideas.record(ideas, unit(seed=1, rows=2)) == [ideas[0].id, ideas[1].id]
        assert tx.ideas.record(ideas, unit(seed=1, rows=2)) == []
        assert tx.ideas.hour(HOUR) == ideas[::-1]
        assert tx.ideas.hour(HOUR, limit=1) == ideas[1:]
    assert rows(store, "SELECT count(*) FROM events WHERE event_type = 'idea.scored'") == [(2,)]


def test_an_idea_is_scored_anew_only_in_its_hour_and_while_queued(store: Store) -> None:
    seen = signal_("a")
    first = idea("take a hike", seen)
    better = idea("Take a hike!", seen, score=0.9)
    later = idea("take a hike", seen, hour=HOUR + timedelta(hours=1), score=0.1)
    with store.transaction() as tx:
        tx.signals.record([(seen, "file:///1")], HOUR)
        tx.ideas.record([first], unit(seed=1))
        tx.ideas.record([better], unit(seed=1))
        tx.ideas.record([later], unit(seed=1))
        assert [(i.score, i.phrase) for i in tx.ideas.hour(HOUR)] == [(0.9, "take a hike")]
        assert tx.ideas.hour(HOUR + timedelta(hours=1)) == []
        assert tx.ideas.set_status([first.id], IdeaStatus.REJECTED) == 1
        assert tx.ideas.set_status([first.id], IdeaStatus.REJECTED) == 0
        tx.ideas.record([first], unit(seed=1))
        assert [i.score for i in tx.ideas.hour(HOUR)] == [0.9]


def test_of_two_ideas_with_one_key_the_better_counts(store: Store) -> None:
    seen = signal_("a")
    ideas = [idea("take a hike", seen, score=0.2), idea("Take A Hike", seen, score=0.8)]
    with store.transaction() as tx:
        tx.signals.record([(seen, "file:///1")], HOUR)
        assert tx.ideas.record(ideas, unit(seed=1, rows=2)) == [ideas[0].id]
        assert [i.score for i in tx.ideas.hour(HOUR)] == [0.8]


def test_the_nearest_is_of_an_earlier_hour_and_the_same_model(store: Store) -> None:
    seen = signal_("a")
    vectors = unit(seed=5, rows=4)
    before = HOUR - timedelta(hours=1)
    with store.transaction() as tx:
        tx.signals.record([(seen, "file:///1")], HOUR)
        assert tx.ideas.earlier(MODEL, HOUR).nearest(vectors[:1]) == [None]
        tx.ideas.record([idea("old one", seen, before), idea("old two", seen, before)], vectors[:2])
        tx.ideas.record([idea("this hour", seen)], vectors[2:3])
        tx.ideas.record([idea("other model", seen, before, embedding_model="other")], vectors[3:])
        earlier = tx.ideas.earlier(MODEL, HOUR)
        found = earlier.nearest(vectors[[1, 0, 2, 3]])
        assert earlier.nearest(vectors[:0]) == []
    assert [n.phrase for n in found[:2] if n] == ["old two", "old one"]
    assert all(n and n.similarity == pytest.approx(1, abs=1e-5) for n in found[:2])
    exact = vectors[:2] @ vectors[2]
    assert found[2] is not None
    assert found[2].phrase == ["old one", "old two"][int(exact.argmax())]
    assert found[2].similarity == pytest.approx(float(exact.max()), abs=1e-5)
    assert found[3] is not None
    assert found[3].phrase != "other model"


def test_the_nearest_is_found_through_the_index(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = signal_("a")
    before = HOUR - timedelta(hours=1)
    vectors = unit(seed=6, rows=600)
    with store.transaction() as tx:
        tx.signals.record([(seen, "file:///1")], HOUR)
        tx.ideas.record([idea(f"phrase {n}", seen, before) for n in range(600)], vectors)
    monkeypatch.setattr(neighbours, "FEW", 0)
    with store.connection() as connection:
        connection.execute("ANALYZE ideas")
        stage(connection, "staged_queries", {"embedding": "vector"}, ((vector,) for vector in vectors[:50]))
        connection.execute(THROUGH_INDEX)
        values = {"before": HOUR, "model": MODEL, "among": 10, "most": 1}
        plan = connection.execute("EXPLAIN " + NEAREST, values).fetchall()
    assert any("ideas_embedding" in line for (line,) in plan), plan
    with store.transaction() as tx:
        found = tx.ideas.earlier(MODEL, HOUR).nearest(vectors[:200])
    right = sum(n is not None and n.phrase == f"phrase {i}" for i, n in enumerate(found))
    assert right >= 195


def test_the_nearest_is_right_where_the_hour_itself_crowds_it_out(store: Store) -> None:
    """3,000 vectors in 20 clusters; every other cluster is of this hour, which must not count."""
    rng = np.random.default_rng(11)
    centres = rng.normal(size=(20, 768))

    def near(clusters: NDArray[np.int64]) -> Vectors:
        drawn = centres[clusters] + 0.35 * rng.normal(size=(len(clusters), 768))
        unit_length: Vectors = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
        return unit_length

    clusters = np.arange(3000) % 20
    vectors, queries = near(clusters), near(np.arange(200) % 20)
    earlier = clusters % 2 == 0
    seen = signal_("a")
    hours = [HOUR - timedelta(hours=1) if old else HOUR for old in earlier]
    with store.transaction() as tx:
        tx.signals.record([(seen, "file:///1")], HOUR)
        tx.ideas.record([idea(f"phrase {n}", seen, hour) for n, hour in enumerate(hours)], vectors)
        found = tx.ideas.earlier(MODEL, HOUR).nearest(queries)
    best = (queries @ vectors[earlier].T).max(axis=1)
    right = sum(n is not None and n.similarity >= b - 1e-5 for n, b in zip(found, best, strict=True))
    assert None not in found
    assert right / len(queries) >= 0.95


def test_centroids_are_the_means_by_niche(store: Store) -> None:
    seen = signal_("a")
    vectors = unit(seed=7, rows=3)
    niches = ["hiking", "hiking", "cats"]
    with store.transaction() as tx:
        tx.signals.record([(seen, "file:///1")], HOUR)
        tx.ideas.record([idea(f"p {n}", seen, niche=niche) for n, niche in enumerate(niches)], vectors)
        found = tx.ideas.centroids(MODEL, HOUR, HOUR + timedelta(hours=1))
        assert tx.ideas.centroids(MODEL, HOUR - timedelta(days=1), HOUR) == {}
        assert tx.ideas.centroid_ideas(MODEL, HOUR, HOUR + timedelta(hours=1)) == {"hiking": 2, "cats": 1}
        assert tx.ideas.centroid_ideas(MODEL, HOUR - timedelta(days=1), HOUR) == {}
    assert set(found) == {"hiking", "cats"}
    np.testing.assert_allclose(found["hiking"], vectors[:2].mean(axis=0), atol=1e-6)
    assert found["cats"].dtype == np.float32


def test_vectors_of_another_shape_are_refused(store: Store) -> None:
    with store.transaction() as tx, pytest.raises(ValueError, match=r"vectors\.shape"):
        tx.ideas.earlier(MODEL, HOUR).nearest(np.zeros((1, 384), np.float32))


# -- designs and mock-ups ----------------------------------------------------------------------------------------------


def test_a_design_is_replaced_until_it_is_shown(store: Store) -> None:
    seen = signal_("a")
    thought = idea("take a hike", seen)
    first, second, third = (design(thought, artist) for artist in ("one", "two", "three"))
    with store.transaction() as tx:
        tx.signals.record([(seen, "file:///1")], HOUR)
        tx.ideas.record([thought], unit(seed=1))
        assert tx.designs.record([first]) == [first]
        assert tx.designs.record([second]) == [second]
        assert tx.mockups.record([mockup(second)]) == 1
        assert tx.designs.record([third]) == [second]
        assert tx.designs.hour(HOUR) == [second]
        assert tx.designs.recent(5, HOUR) == []
        assert tx.designs.recent(5, HOUR + timedelta(hours=1)) == [second.recipe]


def test_mockups_mark_their_idea_and_are_written_once(store: Store) -> None:
    seen = signal_("a")
    thought = idea("take a hike", seen)
    drawn = design(thought)
    shown = [mockup(drawn, variant) for variant in (Variant.COLORWAY, Variant.FRONT)]
    with store.transaction() as tx:
        tx.signals.record([(seen, "file:///1")], HOUR)
        tx.ideas.record([thought], unit(seed=1))
        tx.designs.record([drawn])
        assert tx.mockups.record(shown) == 2
        assert tx.mockups.record(shown) == 0
        assert tx.mockups.hour(HOUR) == shown[::-1]
        assert tx.mockups.for_ideas([thought.id]) == shown[::-1]
        assert tx.mockups.for_ideas([uuid4()]) == []
    assert rows(store, "SELECT status::text FROM ideas") == [("mocked",)]
    assert rows(store, "SELECT count(*) FROM events WHERE event_type = 'mockup.generated'") == [(2,)]


# -- listings ----------------------------------------------------------------------------------------------------------


def status_of(store: Store, of: Listing) -> ListingStatus:
    with store.transaction() as tx:
        return tx.listings.get([of.id])[0].status


def test_an_illegal_step_is_refused_by_the_database(store: Store) -> None:
    written = draft(store)
    for status in (ListingStatus.LIVE, ListingStatus.PUBLISHING, ListingStatus.RETIRED, ListingStatus.APPROVED):
        with pytest.raises(PermanentError, match=f"can not go from draft to {status}"), store.transaction() as tx:
            tx.listings.step([written.id], status, "hurry")
    with store.transaction() as tx:
        tx.listings.step([written.id], ListingStatus.IN_REVIEW, "look")
    with pytest.raises(PermanentError, match="no approval matches content_hash"), store.transaction() as tx:
        tx.listings.step([written.id], ListingStatus.APPROVED, "hurry")
    assert status_of(store, written) is ListingStatus.IN_REVIEW


def test_the_way_of_a_listing_to_the_market(store: Store) -> None:
    written = draft(store)
    at = HOUR + timedelta(hours=3)
    with store.transaction() as tx:
        assert tx.listings.approve([written.id], "rule 1", "all checks passed") == 1
        assert tx.listings.approve([written.id], "rule 1", "all checks passed") == 0
        assert [stored.listing for stored in tx.listings.in_status(ListingStatus.APPROVED, HOUR)] == [written]
        assert tx.listings.in_status(ListingStatus.APPROVED, HOUR - timedelta(hours=1)) == []
        tx.listings.hand_over(written.id, "file:///pack.zip", at)
        tx.listings.hand_over(written.id, "file:///pack.zip", at + timedelta(hours=1))
    for _ in range(2):
        with store.transaction() as tx:
            tx.listings.confirm_live(written.id, "4711", "https://shop/4711", at + timedelta(hours=1))
    with store.transaction() as tx:
        stored = tx.listings.hour(HOUR)[0]
        assert tx.listings.record([written], HOUR) == 0
    assert (stored.status, stored.external_id, stored.handed_over_at) == (ListingStatus.LIVE, "4711", at)
    assert stored.live_at == at + timedelta(hours=1)
    assert rows(store, "SELECT status::text FROM ideas") == [("live",)]
    assert rows(store, "SELECT count(*) FROM events WHERE event_type = 'listing.published'") == [(1,)]


def test_nothing_is_handed_over_without_a_matching_approval(store: Store) -> None:
    written = draft(store)
    with pytest.raises(PermanentError, match="its status is draft, not approved"), store.transaction() as tx:
        tx.listings.hand_over(written.id, "file:///pack.zip", HOUR)
    with store.transaction() as tx:
        tx.listings.approve([written.id], "a person", "fine")
    # An approval that is withdrawn behind the status's back.
    withdrawn = "UPDATE approvals SET decision = 'rejected' RETURNING 1"
    assert rows(store, withdrawn) == [(1,)]
    with pytest.raises(PermanentError, match="no approval stands for its content_hash"), store.transaction() as tx:
        tx.listings.hand_over(written.id, "file:///pack.zip", HOUR)
    assert status_of(store, written) is ListingStatus.APPROVED
    with pytest.raises(PermanentError, match="does not exist"), store.transaction() as tx:
        tx.listings.hand_over(uuid4(), "file:///pack.zip", HOUR)


def test_nothing_is_handed_over_with_a_failed_check(store: Store) -> None:
    written = draft(store)
    with store.transaction() as tx:
        tx.listings.approve([written.id], "a person", "fine")
        # The same content, checked anew against a newer register.
        assert tx.listings.record([listing_again(written, "failed")], HOUR) == 0
    with pytest.raises(PermanentError, match="these checks failed: trademark"), store.transaction() as tx:
        tx.listings.hand_over(written.id, "file:///pack.zip", HOUR)


LOOKED_AT = [("phrase", "passed"), ("picture", "passed")]


@pytest.mark.parametrize(
    ("pictures", "verdicts", "decided_by", "handed"),
    [
        pytest.param(0, [("phrase", "passed")], "rule:hand_over", True, id="composed from screened words"),
        pytest.param(1, LOOKED_AT, "rule:hand_over", True, id="a picture that passed"),
        pytest.param(0, [], "rule:hand_over", False, id="never screened"),
        pytest.param(1, [("phrase", "passed")], "rule:hand_over", False, id="a picture without a verdict"),
        pytest.param(1, [LOOKED_AT[0], ("picture", "not_checked")], "rule:hand_over", False, id="no model to look"),
        pytest.param(2, LOOKED_AT, "rule:hand_over", False, id="one picture of two"),
        pytest.param(1, [("phrase", "passed")], "ann", True, id="a person looked"),
    ],
)
def test_the_database_hands_over_no_artwork_that_nothing_looked_at(
    store: Store, pictures: int, verdicts: list[tuple[str, Any]], decided_by: str, handed: bool
) -> None:
    found = tuple(Verdict(check=check, result=result, detail="", source="s") for check, result in verdicts)
    painted = {f"{n}" * 64: f"file:///{n}.png" for n in range(pictures)}
    written = draft(store, drawn={"verdicts": found, "pictures": painted})
    with store.transaction() as tx:
        tx.listings.approve([written.id], decided_by, "fine")
    if handed:
        with store.transaction() as tx:
            tx.listings.hand_over(written.id, "file:///pack.zip", HOUR)
    else:
        with pytest.raises(PermanentError, match="was not screened"), store.transaction() as tx:
            tx.listings.hand_over(written.id, "file:///pack.zip", HOUR)
    assert status_of(store, written) is (ListingStatus.PUBLISHING if handed else ListingStatus.APPROVED)


def listing_again(written: Listing, result: str) -> Listing:
    verdict = written.verdicts[0].model_copy(update={"result": result})
    return written.model_copy(update={"verdicts": (verdict,)})


@pytest.mark.parametrize(
    ("prepare", "ends_as"),
    [
        pytest.param(lambda _tx, _id: None, ListingStatus.DRAFT, id="draft"),
        pytest.param(lambda tx, id_: tx.listings.approve([id_], "p", ""), ListingStatus.DRAFT, id="approved"),
        pytest.param(lambda tx, id_: tx.listings.reject([id_], "p", "dull"), ListingStatus.DRAFT, id="rejected"),
    ],
)
def test_other_content_is_a_draft_again(
    store: Store, prepare: Callable[[Any, UUID], object], ends_as: ListingStatus
) -> None:
    written = draft(store)
    changed = written.model_copy(update={"title": "Another Title"})
    with store.transaction() as tx:
        prepare(tx, written.id)
        assert tx.listings.record([written], HOUR) == 0
        assert tx.listings.record([changed], HOUR) == 1
        assert [(s.status, s.listing) for s in tx.listings.hour(HOUR)] == [(ends_as, changed)]


def test_what_is_handed_over_keeps_its_content(store: Store) -> None:
    written = draft(store)
    with store.transaction() as tx:
        tx.listings.approve([written.id], "p", "")
        tx.listings.hand_over(written.id, "file:///pack.zip", HOUR)
        assert tx.listings.record([written.model_copy(update={"title": "Another Title"})], HOUR) == 0
        assert tx.listings.hour(HOUR)[0].listing == written
    with pytest.raises(psycopg.errors.CheckViolation), psycopg.connect(store.url) as connection:
        connection.execute("UPDATE listings SET content_hash = repeat('0', 64)")


def test_a_rejected_listing_is_not_approved_by_others(store: Store) -> None:
    written = draft(store)
    with store.transaction() as tx:
        assert tx.listings.reject([written.id], "a person", "tasteless") == 1
        assert tx.listings.approve([written.id], "rule 1", "all checks passed") == 0
    assert status_of(store, written) is ListingStatus.REJECTED


# -- metrics and weights -----------------------------------------------------------------------------------------------


def metric(of: Listing, hour: datetime = HOUR, views: int = 100, favorites: int = 5, sales: int = 1) -> ResolvedMetric:
    return ResolvedMetric(listing_id=of.id, hour=hour, views=views, favorites=favorites, carts=2, sales=sales)


def live(store: Store, **changes: Any) -> Listing:
    written = draft(store, **changes)
    with store.transaction() as tx:
        tx.listings.approve([written.id], "p", "")
        tx.listings.hand_over(written.id, "file:///pack.zip", HOUR)
        tx.listings.confirm_live(written.id, f"x{written.title}", "https://shop/1", HOUR)
    return written


def test_a_report_is_recorded_once_and_joined_to_its_ideas(store: Store) -> None:
    written = live(store)
    later = metric(written, HOUR + timedelta(hours=9), views=400, favorites=20)
    with store.transaction() as tx:
        assert not tx.metrics.report_known("b" * 64)
        assert tx.metrics.record("b" * 64, "stats.csv", "etsy", [later, metric(written)]) == 2
        assert tx.metrics.report_known("b" * 64)
    once = everything(store)
    with store.transaction() as tx:
        tx.metrics.record("b" * 64, "stats.csv", "etsy", [later, metric(written)])
        outcome = tx.metrics.outcomes().row(0, named=True)
        totals = tx.listings.hour(HOUR)[0].performance_metrics
    assert everything(store) == once
    assert totals["views"] == 400
    assert totals["hour"] == "2026-11-20T23:00:00Z"
    assert rows(store, "SELECT ctr FROM mockups") == [(0.05,)]
    assert (outcome["freshness"], outcome["views"], outcome["hours_live"]) == (0.9, 400, 10.0)
    assert rows(store, "SELECT count(*) FROM events WHERE event_type = 'feedback.received'") == [(1,)]


def test_an_empty_report_is_known_and_no_views_make_no_ctr(store: Store) -> None:
    written = live(store)
    with store.transaction() as tx:
        assert tx.metrics.record("c" * 64, "empty.csv", "etsy", []) == 0
        assert tx.metrics.report_known("c" * 64)
        tx.metrics.record("d" * 64, "zero.csv", "etsy", [metric(written, views=0, favorites=0)])
        assert tx.metrics.outcomes().height == 1
    assert rows(store, "SELECT ctr FROM mockups") == [(None,)]


def test_a_report_names_listings_by_either_id(store: Store) -> None:
    one, two = live(store, title="One"), live(store, phrase="hike more", title="Two")
    keys = ["xOne", str(two.id).upper(), "unknown", str(uuid4())]
    with store.transaction() as tx:
        assert tx.metrics.resolve("etsy", keys) == {"xOne": one.id, str(two.id).upper(): two.id}
        assert tx.metrics.resolve("redbubble", keys) == {}
        assert tx.metrics.outcomes().height == 0


def test_exactly_one_row_of_weights_is_in_force(store: Store) -> None:
    equal = dict.fromkeys(Factors.model_fields, 0.2)
    said: dict[str, Any] = {"algorithm": "a", "outcomes": 9, "reason": "better", "report": {}, "learned_from": "trends"}
    with store.transaction() as tx:
        assert tx.weights.in_force().version == 1
        tx.weights.record(equal, status="refused", learned_on=date(2026, 11, 1), **said)
        assert tx.weights.in_force().version == 1
        adopted = tx.weights.record(equal, status="in_force", learned_on=date(2026, 11, 2), **said)
        assert tx.weights.record(equal, status="in_force", learned_on=date(2026, 11, 2), **said) == adopted
        assert tx.weights.in_force().version == adopted
        assert tx.weights.in_force().novelty == 0.2
        tx.weights.record(equal, status="refused", learned_on=date(2026, 11, 2), **said)
        assert tx.weights.in_force().version == 1
    assert store.counts()["scoring_weights"] == 3
    with pytest.raises(PermanentError, match="scoring_weights"), store.transaction() as tx:
        tx.weights.record(dict.fromkeys(equal, 0.5), status="in_force", learned_on=date(2026, 11, 3), **said)


# -- decisions, events, the whole --------------------------------------------------------------------------------------


def test_a_later_decision_of_a_kind_replaces_the_earlier(store: Store) -> None:
    subject = uuid4()
    first, second = (
        Decision(subject="idea", subject_id=subject, kind="phrase", choice={"n": n}, because={}, decided_by="rule 1")
        for n in (1, 2)
    )
    with store.transaction() as tx:
        assert tx.decisions.record([first]) == 1
        assert tx.decisions.record([first]) == 0
        assert tx.decisions.record([first, second]) == 1
    assert rows(store, "SELECT choice FROM decisions") == [({"n": 2},)]


def test_an_event_is_written_once(store: Store) -> None:
    event = Event(event_type="idea.scored", source="x", subject=uuid4(), data={}, correlation_id=uuid4())
    with store.transaction() as tx:
        assert tx.events.record([event, event]) == 1
        assert tx.events.record([event]) == 0


def test_counts_by_table_and_hour(store: Store) -> None:
    draft(store)
    assert store.counts()["listings"] == 1
    assert store.counts(HOUR)["ideas"] == 1
    assert set(store.counts(HOUR - timedelta(hours=1)).values()) == {0}
    assert store.newest_hours()["mockups"] == HOUR
    assert store.newest_hours()["listing_metrics"] is None


def test_a_transaction_that_raises_writes_nothing(store: Store) -> None:
    def fail_halfway() -> None:
        with store.transaction() as tx:
            tx.signals.record(sightings(["a"]), HOUR)
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        fail_halfway()
    assert store.counts()["signals"] == 0


# -- what goes wrong ---------------------------------------------------------------------------------------------------


def test_a_lost_connection_is_transient_and_the_next_one_works(store: Store) -> None:
    def lose_it() -> None:
        with store.connection() as connection:
            os.kill(connection.info.backend_pid, signal.SIGTERM)
            connection.execute("SELECT pg_sleep(5)")

    with pytest.raises(TransientError, match=r"127\.0\.0\.1:\d+/test_") as caught:
        lose_it()
    assert "engine:" not in str(caught.value)
    assert store.counts()["signals"] == 0


def test_no_server_is_transient_and_names_the_host() -> None:
    with Store("postgresql://engine:s3cret@127.0.0.1:9/engine") as store:
        with pytest.raises(TransientError, match=r"127\.0\.0\.1:9/engine") as caught:
            store.counts()
        assert "s3cret" not in str(caught.value)


def test_a_database_without_schema_says_so(store: Store) -> None:
    schema.downgrade(store.url, "base")
    with pytest.raises(PermanentError, match="run `engine db upgrade`"):
        store.counts()


def test_a_database_that_was_never_migrated_says_so_at_once_and_serves_once_it_is(bare_url: str) -> None:
    with Store(bare_url) as store:
        began = time.monotonic()
        with pytest.raises(PermanentError, match=r"/test_\w+ has no pgvector: .*run `engine db upgrade`"):
            store.counts()
        assert time.monotonic() - began < 5, "the pool's own limit is ten seconds"
        schema.upgrade(bare_url)
        assert store.counts()["signals"] == 0


def test_a_postmaster_killed_between_batches_loses_no_acknowledged_one(scratch: Path) -> None:
    server = EmbeddedPostgres(scratch)
    with server as url, Store(url) as store:
        schema.upgrade(url)
        acknowledged: list[str] = []

        def write() -> None:
            for n in range(10_000):
                try:
                    with store.transaction() as tx:
                        tx.signals.record(sightings([f"{n}-a", f"{n}-b"]), HOUR)
                except TransientError:
                    return
                acknowledged.extend([f"{n}-a", f"{n}-b"])

        writer = threading.Thread(target=write)
        writer.start()
        while len(acknowledged) < 40:
            writer.join(0.01)
        pid = server.status().pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert server.start() == url
        writer.join(60)
        with store.transaction() as tx:
            kept = tx.signals.hour(HOUR)
        assert set(acknowledged) <= set(kept["external_id"])
        assert kept.height % 2 == 0
