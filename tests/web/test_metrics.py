"""/metrics: what Prometheus is told of drawing and its queue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import dagster as dg
import psycopg
import pytest
from fastapi.testclient import TestClient

from assets.pools import GPU
from pipeline.models import hour_of
from resources.objects import Objects
from resources.postgres import beside, create_databases
from resources.queues import pools
from resources.settings import Settings
from resources.store import Store
from resources.store.drawing import Drawing, Drawn
from tests.web.conftest import write_idea, write_products
from web.app import create_app
from web.metrics import families, text

LINE = re.compile(r'^([a-z_]+)((?:\{(?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)+\})?) (\S+)$')
PER_HOUR = 3


def parsed(body: str) -> dict[str, float]:
    """Sample → its value; every line must be one that Prometheus reads, and every sample's family announced."""
    found: dict[str, float] = {}
    kinds: dict[str, str] = {}
    for line in body.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kinds[name] = line.split(" ")
        elif not line.startswith("# HELP "):
            match = LINE.match(line)
            assert match, line
            assert match[1] in kinds, line
            assert (kinds[match[1]] == "counter") == match[1].endswith("_total"), line
            found[match[1] + match[2]] = float(match[3])
    assert body.endswith("\n")
    return found


@pytest.fixture
def storage(database_url: str, tmp_path: Path) -> Iterator[tuple[str, dg.DagsterInstance]]:
    """Dagster's storage beside the record, with the pool `gpu` of one slot: its URL, and an instance on it."""
    urls = beside(database_url)
    create_databases(urls)
    told = {"storage": {"postgres": {"postgres_url": urls.dagster}}, "concurrency": {"pools": {"default_limit": 1}}}
    with dg.instance_for_test(overrides=told, temp_dir=str(tmp_path)) as instance:
        instance.event_log_storage.initialize_concurrency_limit_to_default(GPU)
        yield urls.dagster, instance


def gallery_of(store: Store, objects: Objects, dagster_url: str) -> TestClient:
    """The gallery on all of it."""
    chosen = Settings(designs_per_hour=PER_HOUR)
    return TestClient(create_app(store, objects, chosen=chosen, told_pools=partial(pools, dagster_url)))


def test_who_draws_and_who_waits(store: Store, objects: Objects, storage: tuple[str, dg.DagsterInstance]) -> None:
    url, instance = storage
    gallery = gallery_of(store, objects, url)
    asked = parsed(gallery.get("/metrics").text)
    assert asked['engine_pool_slots{pool="gpu"}'] == 1
    assert asked['engine_pool_steps{pool="gpu",state="claimed"}'] == 0
    for run in ("first", "second", "third"):
        instance.event_log_storage.claim_concurrency_slot(GPU, run, "designs")
    asked = parsed(gallery.get("/metrics").text)
    assert asked['engine_pool_steps{pool="gpu",state="claimed"}'] == 1
    assert asked['engine_pool_steps{pool="gpu",state="waiting"}'] == 2
    instance.event_log_storage.free_concurrency_slots_for_run("first")
    info = instance.event_log_storage.get_concurrency_info(GPU)
    (read,) = pools(url)
    assert (read.claimed, read.waiting) == (info.active_slot_count, info.pending_step_count)


def test_what_waits_was_drawn_and_was_refused(
    store: Store, objects: Objects, storage: tuple[str, dg.DagsterInstance], database_url: str
) -> None:
    now = hour_of(datetime.now(UTC))
    with psycopg.connect(database_url) as connection:
        # The best three of five are to be drawn: one is, one was refused.
        ids = [write_idea(connection, n, hour=now, score=0.9 - n / 10, status="queued") for n in range(5)]
        write_idea(connection, 8, hour=now - timedelta(hours=9), status="queued")
        write_products(connection, objects, ids[0], 0)
        connection.execute("UPDATE designs SET gpu_seconds = 12.5, cost_micros = 40000")
        connection.execute(
            "INSERT INTO refusals (idea_id, hour, stage, reason) VALUES (%s, %s, 'words', 'a name')", (ids[1], now)
        )
    asked = parsed(gallery_of(store, objects, storage[0]).get("/metrics").text)
    assert asked["engine_designs_waiting"] == 1
    assert asked['engine_designs_total{artist="composer 1.0"}'] == 1
    assert asked['engine_gpu_seconds_total{artist="composer 1.0"}'] == 12.5
    assert asked['engine_drawing_cost_dollars_total{artist="composer 1.0"}'] == 0.04
    assert asked['engine_designs_refused_total{stage="words"}'] == 1


def test_before_dagster_has_its_tables_there_are_no_pools(store: Store, objects: Objects, bare_url: str) -> None:
    answer = gallery_of(store, objects, bare_url).get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert not [name for name in parsed(answer.text) if name.startswith("engine_pool")]


def test_where_dagster_does_not_answer_the_scrape_fails(store: Store, objects: Objects) -> None:
    answer = gallery_of(store, objects, "postgresql://engine@127.0.0.1:1/engine_dagster").get("/metrics")
    assert answer.status_code == 503
    assert "127.0.0.1:1" in answer.json()["detail"]


def test_a_label_may_hold_any_character() -> None:
    drawn = Drawn(artist='a "fine"\\\nartist', designs=2, gpu_seconds=0.1, cost_micros=0)
    body = text(families(Drawing(drawn=(drawn,), waiting=0, refused={}), []))
    assert parsed(body)[r'engine_designs_total{artist="a \"fine\"\\\nartist"}'] == 2
