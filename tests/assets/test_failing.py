"""What happens when a source fails: how often it is tried, what it says, and that nobody else notices."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from assets import contract
from assets.contract import MAX_RETRIES
from pipeline.models import Payload
from resources.errors import PermanentError, TransientError
from resources.fetching import Web
from tests.worlds import HOUR, Scripted, World, attempts, listing_of, materialized, post

RETRY_AFTER = 0.2


def test_broken_sources_stop_nobody(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contract, "FIRST_DELAY", 0.01)
    refused = Scripted("refused_posts", PermanentError("REFUSED_KEY=***: refused: make a new key"))
    busy = Scripted("busy_posts", TransientError("busy.example answered 429", retry_after=RETRY_AFTER))
    silent = Scripted("silent_posts", TransientError("silent.example did not answer in 10 s"))
    body = listing_of([post(1), post(2)]).encode()
    whole = Scripted("whole_posts", [Payload(source="reddit_posts", captured_at=HOUR, body=body)])
    world = World(tmp_path, database_url, extra=[refused, busy, silent, whole])

    ran = world.run("sources")
    assert not ran.success
    assert attempts(ran, "refused_posts").starts == refused.asked == 1, "no retry mends it"
    assert "REFUSED_KEY=***: refused: make a new key" in attempts(ran, "refused_posts").error
    for source in (busy, silent):
        assert attempts(ran, source.name).starts == source.asked == 1 + MAX_RETRIES
        assert str(source.answer) in attempts(ran, source.name).error
    healthy = {"calendar_events", "nostalgia_topics", "recorded", "whole_posts", "marketplace_metrics"}
    assert set(materialized(ran)) == healthy, "only the broken partitions are red"

    assert world.run("hour").success
    assert world.count("listings") == 1
    assert world.select("SELECT count(*) FROM signals WHERE source = 'reddit_posts'") == [(2,)]


def test_a_source_is_not_asked_again_before_it_said(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contract, "FIRST_DELAY", 0.001)
    busy = Scripted("busy_posts", TransientError("busy.example answered 429", retry_after=RETRY_AFTER))
    world = World(tmp_path, database_url, extra=[busy])
    ran = world.run("sources", only=["busy_posts"])
    logs = world.instance.all_logs(ran.run_id)
    kinds = {"STEP_START", "STEP_RESTARTED"}
    times = [log.timestamp for log in logs if log.dagster_event and log.dagster_event.event_type_value in kinds]
    gaps = [late - early for early, late in pairwise(times)]
    assert len(gaps) == MAX_RETRIES
    assert min(gaps) >= RETRY_AFTER


def test_a_source_that_recovers_is_landed_in_the_same_run(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contract, "FIRST_DELAY", 0.01)

    class Recovering(Scripted):
        """Fails twice, then answers."""

        def fetch(self, hour: datetime, now: datetime, web: Web) -> Iterable[Payload]:
            """The answer, the third time."""
            if self.asked < 2:
                self.asked += 1
                raise TransientError("hiccup")
            return super().fetch(hour, now, web)

    payload = Payload(source="reddit_posts", captured_at=HOUR, body=listing_of([post(1)]).encode())
    source = Recovering("late_posts", [payload])
    world = World(tmp_path, database_url, extra=[source])
    ran = world.run("sources", only=["late_posts"])
    assert ran.success
    assert attempts(ran, "late_posts").starts == 3
    assert len([key for key in world.files() if "/reddit_posts/" in key]) == 2, "the payload and its sidecar"
