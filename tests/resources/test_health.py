"""The record of the sources' health, and how they stand by it and by the settings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.signals.health import State
from resources.errors import PermanentError
from resources.fetching import Quota
from resources.settings import Settings
from resources.sources import SourceSpec
from resources.sources.listening import active, missing, off, require_active, standings
from resources.store import Store
from resources.store.health import Attempt, Counts, Said
from tests.worlds import SPEC, Scripted

NOW = datetime(2026, 11, 24, 5, 20, tzinfo=UTC)
HOUR = NOW.replace(minute=0)
LIVE = SPEC.model_copy(update={"live": True})


def source(name: str, spec: SourceSpec = LIVE) -> Scripted:
    made = Scripted(name, [])
    made.spec = spec
    return made


def failed(minute: int, said: str = "it answered 503") -> Attempt:
    return Attempt("failed", HOUR + timedelta(minutes=minute), 12, error_class="server", error=said)


OK = Attempt("ok", HOUR + timedelta(minutes=3), 80, payloads=2, bytes=900)


def test_an_hour_counts_its_attempts_and_keeps_its_best(store: Store) -> None:
    with store.transaction() as tx:
        for attempt in (failed(1), failed(2, "it answered 502"), OK, failed(9), OK._replace(outcome="unchanged")):
            tx.health.record("a_posts", HOUR, attempt)
        (row,) = tx.health.rows(HOUR)
    assert (row.outcome, row.attempts, row.error, row.payloads, row.lag_seconds) == ("ok", 5, None, 2, 180)
    assert row.attempted_at == OK.at


def test_counts_fill_the_rows_that_are_there(store: Store) -> None:
    with store.transaction() as tx:
        tx.health.record("a_posts", HOUR, OK)
        tx.health.count(HOUR, {"a_posts": Counts(40, 2, 5, NOW), "b_posts": Counts(1, 0, 0, None)})
        tx.health.count(HOUR, {})
        (row,) = tx.health.rows(HOUR)
    assert (row.items, row.refused, row.purged, row.newest_item_at) == (40, 2, 5, NOW)


def test_rows_are_those_of_a_span(store: Store) -> None:
    with store.transaction() as tx:
        for ago in (0, 1, 167, 168):
            hour = HOUR - timedelta(hours=ago)
            tx.health.record("a_posts", hour, OK._replace(at=hour))
        assert [row.hour for row in tx.health.rows(HOUR)] == [HOUR - timedelta(hours=n) for n in (167, 1, 0)]
        assert [row.hour for row in tx.health.rows(HOUR, timedelta(hours=1))] == [HOUR]


def test_the_last_payload_of_each_request_is_remembered(store: Store) -> None:
    first, second = "a" * 64, "b" * 64
    with store.transaction() as tx:
        tx.health.remember("a_posts", HOUR, {"/1": first, "/2": first})
        tx.health.remember("a_posts", HOUR + timedelta(hours=1), {"/2": second})
        tx.health.remember("b_posts", HOUR, {})
        assert tx.health.said("a_posts") == {"/1": Said(first, HOUR), "/2": Said(second, HOUR + timedelta(hours=1))}
        assert tx.health.said("b_posts") == {}


def test_a_machine_whose_clock_is_behind_writes_no_negative_lag(store: Store) -> None:
    with store.transaction() as tx:
        tx.health.record("a_posts", HOUR, OK._replace(at=HOUR - timedelta(seconds=2)))
        assert tx.health.rows(HOUR)[0].lag_seconds == 0


@pytest.mark.parametrize(
    ("chosen", "unset", "mend"),
    [
        ({}, ("YOUTUBE_API_KEY",), "set YOUTUBE_API_KEY"),
        ({"YOUTUBE_API_KEY": "k"}, (), ""),
        ({"YOUTUBE_API_KEY": "k", "sources": "b_posts, a_posts"}, (), ""),
        ({"YOUTUBE_API_KEY": "k", "sources": "b_posts"}, ("ENGINE_SOURCES",), "name it in ENGINE_SOURCES"),
        (
            {"sources": ""},
            ("ENGINE_SOURCES", "YOUTUBE_API_KEY"),
            "name it in ENGINE_SOURCES and set YOUTUBE_API_KEY",
        ),
    ],
    ids=["key", "on", "named", "unnamed", "both"],
)
def test_a_source_is_off_while_something_is_missing(chosen: dict[str, str], unset: tuple[str, ...], mend: str) -> None:
    settings = Settings.model_validate({"YOUTUBE_API_KEY": None, **chosen})
    wants = source("a_posts", LIVE.model_copy(update={"credentials": ("YOUTUBE_API_KEY",)}))
    assert missing(wants, settings) == unset
    assert off(wants, settings) == mend
    assert active([wants], settings) == (() if unset else (wants,))
    if unset:
        with pytest.raises(PermanentError, match=f"^a_posts is off: {mend}$"):
            require_active(wants, settings)


def test_how_sources_stand(store: Store, tmp_path: Path) -> None:
    settings = Settings.model_validate({"data_dir": tmp_path, "YOUTUBE_API_KEY": None})
    listed = [
        source("on_posts", LIVE.model_copy(update={"quota": Quota(units=100, window=timedelta(days=1))})),
        source("off_posts", LIVE.model_copy(update={"credentials": ("YOUTUBE_API_KEY",)})),
        source("shut_posts"),
        source("failing_posts"),
        source("silent_posts"),
        source("computed_posts", SPEC),
    ]
    with store.connection() as connection:
        connection.execute(
            "INSERT INTO source_gates (source, failures, opened_at, opened_until) VALUES ('shut_posts', 5, %s, %s)",
            [NOW, NOW + timedelta(minutes=2)],
        )
        connection.execute("INSERT INTO source_gates (source) VALUES ('on_posts')")
        connection.execute(
            "INSERT INTO quota_ledger (source, key, spent_at, cost) VALUES"
            " ('on_posts', '', %(now)s, 3), ('on_posts', '', %(now)s - interval '2 days', 50)",
            {"now": NOW},
        )
    with store.transaction() as tx:
        tx.health.record("on_posts", HOUR, OK)
        tx.health.count(HOUR, {"on_posts": Counts(40, 0, 0, None)})
        tx.health.record("failing_posts", HOUR - timedelta(hours=1), OK)
        tx.health.record("failing_posts", HOUR, failed(4))
        found = {standing.source: standing for standing in standings(tx, listed, settings, NOW)}
    assert [standing.state for standing in found.values()] == [
        *(State.ON, State.OFF, State.CIRCUIT_OPEN, State.FAILING, State.SILENT, State.ON),
    ]
    on = found["on_posts"]
    assert (on.items, on.quota_used, on.quota_units, on.last_answer, on.confidence) == (40, 3, 100, OK.at, 1)
    assert (found["off_posts"].note, found["off_posts"].confidence) == ("set YOUTUBE_API_KEY", None)
    assert found["shut_posts"].circuit_until == NOW + timedelta(minutes=2)
    failing = found["failing_posts"]
    assert (failing.last_error, failing.last_error_at, failing.attempts) == ("it answered 503", failed(4).at, 1)
