"""Whatever a source sends: it ends in quarantine or in a clear error, and the rest of the hour goes on."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from resources.archive import Archive
from resources.store import Store
from resources.vault import vault
from tests.worlds import HOUR, World, attempts, checks, listing_of, materialized, post, record_file

READ = ("raw_signals", "scored_ideas")


def refused_items() -> dict[str, tuple[dict[str, object], str]]:
    """What is wrong with an item → the item, and what its quarantine row must name."""
    tomorrow = (HOUR + timedelta(days=1)).timestamp()
    return {
        "no title": (post(11, title=...), "title: missing"),
        "no counters": (post(12, score=..., num_comments=...), "score: missing; num_comments: missing"),
        "absurd counter": (post(13, score=10**30), "score: "),
        "negative counter": (post(14, num_comments=-1), "num_comments: -1"),
        "counter as text": (post(15, score="many"), "score: 'many'"),
        "future date": (post(16, created_utc=tomorrow), "published_at: 2025-11-25T05:00:00+00:00 lies after"),
        "no text": (post(17, title="\n\t "), "title: "),
        "not safe for work": (post(18, over_18=True), "over_18"),
        "no post": ({"kind": "t1", "data": {}}, "kind: 't1' is not a post"),
        "nothing": ({}, "kind: None"),
    }


REFUSED_BODIES = {
    "empty": (b"", "body: empty"),
    "truncated": (listing_of([post(1), post(2)]).encode()[:-40], "breaks off"),
    "html": (b"<!doctype html><title>503</title>", "HTML or XML instead of JSON"),
    "binary": (bytes(range(256)), "body: not JSON"),
    "other-shape": (b'{"error": 403, "message": "Forbidden"}', "expected"),
}


def quarantined(world: World) -> list[tuple[str, str]]:
    return [(row["source"], row["reason"]) for row in _frame(world)]


def _frame(world: World) -> list[dict[str, Any]]:
    with Store(world.url) as store, store.transaction() as tx:
        return list(tx.signals.quarantined(HOUR).iter_rows(named=True))


def test_bad_items_and_bad_files_are_quarantined_and_the_hour_completes(world: World) -> None:
    items = refused_items()
    good = [post(1, title="Growing tomatoes &amp; basil\nin one\u00a0bed"), post(2, title="Too many tomatoes again 🍅")]
    mixed = listing_of([*good, *(item for item, _ in items.values())]).encode()
    broken_letter = listing_of([post(3, title="My t~matoes are ripe"), post(4)]).encode().replace(b"t~m", b"t\xffm")
    record_file(world.folder, "reddit_posts", "mixed.json", mixed)
    record_file(world.folder, "reddit_posts", "broken-letter.json", broken_letter)
    for name, (body, _) in REFUSED_BODIES.items():
        record_file(world.folder, "youtube_videos", f"{name}.json", body)

    assert world.run("sources").success
    ran = world.run("hour")
    assert ran.success
    assert checks(ran)["raw_signals.every_item_accounted_for"]
    reasons = quarantined(world)
    for name, (_, reason) in items.items():
        assert any(reason in said for source, said in reasons if source == "reddit_posts"), name
    for name, (_, reason) in REFUSED_BODIES.items():
        assert any(reason in said for source, said in reasons if source == "youtube_videos"), name
    assert len(reasons) == len(items) + len(REFUSED_BODIES) + 1, "and the title with the broken letter"
    assert materialized(ran)["raw_signals"].metadata["quarantined"].value == len(reasons)

    kept = [content for (content,) in world.select("SELECT content FROM signals WHERE source = 'reddit_posts'")]
    assert sorted(kept) == [
        "Growing tomatoes & basil in one bed",
        "My tomato plants gave 4 tomatoes this week",
        "Too many tomatoes again 🍅",
    ]
    assert world.count("listings") == 1


def test_quarantine_keeps_where_it_came_from(world: World) -> None:
    record_file(world.folder, "reddit_posts", "one.json", listing_of([post(1), post(2, score="many")]))
    assert world.run("sources").success
    for _ in range(2):
        assert world.run("hour", only=["raw_signals"]).success
    (row,) = _frame(world)
    assert row["item_index"] == 1
    body = Archive(world.objects, vault(world.settings)).read(row["payload_uri"]).body
    assert json.loads(body)["data"]["children"][1]["data"]["score"] == "many"
    assert "many" in row["excerpt"]


def folder_of_nobody(folder: Path) -> str:
    record_file(folder, "redit_posts", "one.json", listing_of([post(1)]))
    return "'redit_posts' is not the folder of a known source; rename it to one of bluesky_trends"


def file_of_nobody(folder: Path) -> str:
    record_file(folder, ".", "one.json", listing_of([post(1)]))
    return "'one.json' is not the folder of a known source"


def another_hours_sidecar(folder: Path) -> str:
    file = record_file(folder, "reddit_posts", "one.json", listing_of([post(1)]))
    file.with_name("one.meta.json").write_text('{"captured_at": "2025-11-24T09:00:00Z"}')
    return "captured_at=2025-11-24T09:00:00+00:00 lies outside its hour"


def torn_sidecar(folder: Path) -> str:
    file = record_file(folder, "reddit_posts", "one.json", listing_of([post(1)]))
    file.with_name("one.meta.json").write_text('{"captured_at": ')
    return "one.meta.json: "


@pytest.mark.parametrize("lay", [folder_of_nobody, file_of_nobody, another_hours_sidecar, torn_sidecar])
def test_a_folder_that_is_laid_wrong_fails_once_and_stops_nobody(world: World, lay: object) -> None:
    assert callable(lay)
    reason = lay(world.folder)
    ran = world.run("sources")
    assert not ran.success
    assert attempts(ran, "recorded").starts == 1
    assert reason in attempts(ran, "recorded").error
    assert {"calendar_events", "nostalgia_topics", "marketplace_metrics"} == set(materialized(ran))
    assert world.run("hour", only=READ).success
    assert world.count("ideas") == 8


def test_an_hour_without_anything_has_no_ideas_and_fails_at_nothing(world: World) -> None:
    ran = world.run("hour")
    assert ran.success
    assert world.count("signals") == world.count("ideas") == world.count("designs") == world.count("listings") == 0
    assert checks(ran)["scored_ideas.enough_ideas"] is False


@pytest.mark.slow
def test_a_hundred_thousand_items_flow_to_ideas(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("tomato", "cat", "hiking", "coffee", "knitting", "dog", "guitar", "camping", "sourdough", "chess")
    for page in range(10):
        posts: Sequence[object] = [
            post(n, title=f"Number {n}: what my {words[n % 10]} taught me about {words[n // 10 % 10]} number {n}")
            for n in range(page * 10_000, (page + 1) * 10_000)
        ]
        record_file(world.folder, "reddit_posts", f"page-{page}.json", listing_of(posts))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started = time.monotonic()
    assert world.run("sources", only=["recorded"]).success
    assert world.run("hour", only=READ).success
    seconds = time.monotonic() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with capsys.disabled():
        print(f"\n100,000 items: {seconds:.1f} s, peak {peak:.0f} MB, {before:.0f} MB before")
    assert world.count("signals") == 100_000
    assert world.count("ideas") == 8
    assert peak - before < 2_000
