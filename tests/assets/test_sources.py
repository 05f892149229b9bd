"""What a source asset does with news, with no news, with the past and with trouble: real runs, real automation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets import sources as room
from jobs.schedules import DOWNSTREAM
from pipeline.models import Payload, hour_of
from resources.errors import PermanentError, TransientError, WaitingError
from resources.fetching import Web
from resources.fetching.base import Quota
from resources.sources import SourceSpec
from tests.worlds import SPEC, World, attempts, checks, listing_of, materialized, post

NAME = "reddit_posts"
FIRST = hour_of(datetime.now(UTC)) - timedelta(hours=2)
NEXT = FIRST + timedelta(hours=1)


class Clock(datetime):
    """The time that the asset reads; the hours of these tests are past for everybody else."""

    moment = FIRST

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        """The moment that the test is at."""
        return cls.moment + timedelta(minutes=7)


class Live:
    """A live source that says what it is told to, at the moment that it is asked."""

    name = NAME

    def __init__(self, *answers: str | Exception, spec: SourceSpec | None = None) -> None:
        self.spec = spec or SPEC.model_copy(update={"live": True})
        self.answers = list(answers)
        self.asked = 0

    def fetch(self, hour: datetime, now: datetime, web: Web) -> Iterator[Payload]:
        """Each answer in turn, up to an error."""
        self.asked += 1
        for number, answer in enumerate(self.answers):
            if isinstance(answer, Exception):
                raise answer
            yield Payload(source=NAME, captured_at=now, body=answer.encode(), url=f"https://{NAME}.test/{number}")


def said(*numbers: int) -> str:
    return listing_of(post(number, created_utc=FIRST.timestamp() - 3600) for number in numbers)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Clock]:
    """The present lies in FIRST until the test moves it."""
    Clock.moment = FIRST
    monkeypatch.setattr(room, "datetime", Clock)
    return Clock


class Engine(World):
    """An engine that listens to one live source, and its automation."""

    def __init__(self, folder: Path, url: str, source: Live, **chosen: Any) -> None:
        super().__init__(folder, url, extra=[source], **chosen)
        self.source = source
        self.cursor: Any = None

    def hear(self, hour: datetime) -> dg.ExecuteInProcessResult:
        """A run of the source for the hour, in which the present lies."""
        Clock.moment = hour
        return self.run("sources", hour, only=[NAME])

    def requested(self, at: datetime) -> set[str]:
        """What one tick of the automation requests."""
        result = dg.evaluate_automation_conditions(
            self.defs,
            self.instance,
            asset_selection=dg.AssetSelection.assets(*DOWNSTREAM),
            evaluation_time=at,
            cursor=self.cursor,
        )
        self.cursor = result.cursor
        return {name for name in DOWNSTREAM if result.get_requested_partitions(dg.AssetKey(name))}

    def health(self, *columns: str) -> list[tuple[Any, ...]]:
        """Columns of the rows of the source, by hour."""
        return self.select(f"SELECT {', '.join(columns)} FROM source_health WHERE source = '{NAME}' ORDER BY hour")


def observed(result: dg.ExecuteInProcessResult) -> list[dg.AssetObservation]:
    return [event.asset_observation_data.asset_observation for event in result.get_asset_observation_events()]


def landed(world: World) -> int:
    return len([key for key in world.files() if f"/{NAME}/" in key and ".meta." not in key])


def test_unchanged_creates_no_work_downstream_and_changed_does(database_url: str, tmp_path: Path) -> None:
    engine = Engine(tmp_path, database_url, Live(said(1)))
    assert engine.requested(FIRST + timedelta(minutes=1)) == set()
    assert set(materialized(engine.hear(FIRST))) == {NAME}
    assert "raw_signals" in engine.requested(FIRST + timedelta(minutes=2))
    assert engine.run("hour", FIRST, only=["raw_signals"]).success

    engine.requested(NEXT + timedelta(minutes=1))
    ran = engine.hear(NEXT)
    assert ran.success
    assert materialized(ran) == {}
    (seen,) = observed(ran)
    assert seen.metadata["outcome"].value == "unchanged"
    assert seen.metadata["last_changed"].value == f"{FIRST:%Y-%m-%d %H:00} UTC"
    assert checks(ran) == {f"{NAME}.landed_whole": True, f"{NAME}.healthy": True}
    assert engine.requested(NEXT + timedelta(minutes=2)) == set(), "no news, no work"
    assert engine.requested(NEXT + timedelta(minutes=3)) == set()
    assert landed(engine) == 1

    engine.source.answers = [said(1, 2)]
    assert set(materialized(engine.hear(NEXT))) == {NAME}
    assert "raw_signals" in engine.requested(NEXT + timedelta(minutes=4)), "news, and it goes on"
    assert landed(engine) == 2
    assert engine.health("outcome", "attempts", "payloads") == [("ok", 1, 1), ("ok", 2, 1)]


def test_only_what_changed_is_landed(database_url: str, tmp_path: Path) -> None:
    engine = Engine(tmp_path, database_url, Live(said(1), said(2)))
    engine.hear(FIRST)
    engine.source.answers = [said(1), said(2, 3)]
    ran = engine.hear(NEXT)
    assert materialized(ran)[NAME].metadata["payloads"].value == 1
    assert engine.health("payloads") == [(2,), (1,)]


def test_the_same_hour_again_is_materialized_again(database_url: str, tmp_path: Path) -> None:
    """A crash between the landing and the materialisation would otherwise leave the hour unread for good."""
    engine = Engine(tmp_path, database_url, Live(said(1)))
    engine.hear(FIRST)
    assert set(materialized(engine.hear(FIRST))) == {NAME}
    assert landed(engine) == 1


def test_a_payload_of_an_hour_that_failed_is_news_in_the_next(database_url: str, tmp_path: Path) -> None:
    engine = Engine(tmp_path, database_url, Live(said(1), TransientError("the second page did not come")))
    assert not engine.hear(FIRST).success
    assert landed(engine) == 1, "what came is kept"
    engine.source.answers = [said(1)]
    assert set(materialized(engine.hear(NEXT))) == {NAME}


def test_a_past_hour_is_what_was_landed_then(database_url: str, tmp_path: Path) -> None:
    engine = Engine(tmp_path, database_url, Live(said(1)))
    engine.hear(FIRST)
    engine.hear(NEXT)
    Clock.moment = NEXT + timedelta(hours=1)
    for hour, found in ((FIRST, {NAME}), (NEXT, set())):
        again = engine.run("sources", hour, only=[NAME])
        assert again.success
        assert set(materialized(again)) == found
    assert engine.source.asked == 2, "nobody was asked"
    assert engine.health("outcome", "attempts") == [("ok", 1), ("unchanged", 1)]


def test_a_past_hour_that_nobody_listened_to_is_for_the_source_to_say(database_url: str, tmp_path: Path) -> None:
    engine = Engine(tmp_path, database_url, Live(PermanentError("reddit_posts: the past can't be fetched")))
    Clock.moment = NEXT
    ran = engine.run("sources", FIRST, only=[NAME])
    assert attempts(ran, NAME) == (1, attempts(ran, NAME).error)
    assert "the past can't be fetched" in attempts(ran, NAME).error


def test_a_live_source_is_not_asked_again_by_the_step(database_url: str, tmp_path: Path) -> None:
    engine = Engine(tmp_path, database_url, Live(TransientError("reddit_posts answered 503")))
    ran = engine.hear(FIRST)
    assert attempts(ran, NAME).starts == engine.source.asked == 1
    assert engine.health("outcome", "error_class", "error", "payloads") == [
        ("failed", "transient", "reddit_posts answered 503", 0)
    ]
    ((lag, attempted, hour),) = engine.health("lag_seconds", "attempted_at", "hour")
    assert lag == (attempted - hour).total_seconds() == 420


def test_waiting_is_no_failure_and_creates_no_work(database_url: str, tmp_path: Path) -> None:
    until = FIRST + timedelta(minutes=40)
    spec = SPEC.model_copy(update={"live": True, "quota": Quota(units=100, window=timedelta(days=1))})
    engine = Engine(tmp_path, database_url, Live(WaitingError("100 of 100 units are spent", until=until), spec=spec))
    engine.requested(FIRST + timedelta(minutes=1))
    ran = engine.hear(FIRST)
    assert ran.success
    assert materialized(ran) == {}
    (seen,) = observed(ran)
    assert seen.metadata["error"].value == "100 of 100 units are spent"
    assert seen.metadata["quota"].value == "0 of 100"
    assert engine.requested(FIRST + timedelta(minutes=2)) == set()
    assert engine.health("outcome", "waiting_until") == [("waiting", until)]


def test_an_hour_that_was_heard_stays_heard(database_url: str, tmp_path: Path) -> None:
    engine = Engine(tmp_path, database_url, Live(said(1)))
    engine.hear(FIRST)
    engine.source.answers = [TransientError("reddit_posts answered 503")]
    assert not engine.hear(FIRST).success
    assert engine.health("outcome", "attempts", "error") == [("ok", 2, None)]


def test_a_source_that_is_off_stands_in_the_graph_and_says_what_is_missing(database_url: str, tmp_path: Path) -> None:
    spec = SPEC.model_copy(update={"live": True, "credentials": ("YOUTUBE_API_KEY", "ENGINE_CONTACT")})
    engine = Engine(tmp_path, database_url, Live(said(1), spec=spec), contact="me@example.org", sources="recorded")
    scheduled = engine.defs.resolve_job_def("sources").asset_layer.executable_asset_keys
    assert {key.to_user_string() for key in scheduled} == {"recorded", "marketplace_metrics"}
    graph = engine.defs.resolve_asset_graph()
    mend = "name it in ENGINE_SOURCES and set YOUTUBE_API_KEY"
    assert mend in (graph.get(dg.AssetKey(NAME)).description or "")
    ran = engine.defs.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=engine.instance,
        partition_key=FIRST.strftime("%Y-%m-%d-%H:00"),
        raise_on_error=False,
        asset_selection=[dg.AssetKey(NAME)],
    )
    assert f"{NAME} is off: {mend}" in attempts(ran, NAME).error
    assert engine.source.asked == 0


def test_an_open_circuit_shows_at_the_asset(database_url: str, tmp_path: Path) -> None:
    engine = Engine(tmp_path, database_url, Live(WaitingError("the circuit is open", until=NEXT)))
    with_gate = (
        "INSERT INTO source_gates (source, failures, opened_at, opened_until) VALUES (%s, 5, %s, %s) RETURNING 1"
    )
    engine.select(with_gate, NAME, FIRST, NEXT)
    ran = engine.hear(FIRST)
    assert ran.success, "the check warns"
    assert checks(ran)[f"{NAME}.healthy"] is False
    (seen,) = observed(ran)
    assert seen.metadata["circuit"].value == "open"


def test_what_was_read_is_counted_by_source_and_told_with_each_idea(database_url: str, tmp_path: Path) -> None:
    bad = {"kind": "t3", "data": {"id": "bad"}}
    body = listing_of(
        [post(1, created_utc=FIRST.timestamp() - 60), post(2, title="Tomato seeds? Mail ada@example.org"), bad]
    )
    engine = Engine(tmp_path, database_url, Live(body, WaitingError("the rest must wait", until=NEXT)))
    assert set(materialized(engine.hear(FIRST))) == {NAME}, "what came before the wait is news"
    assert engine.run("hour", FIRST, only=["raw_signals", "scored_ideas"]).success
    ((items, refused, purged, newest),) = engine.health("items", "refused", "purged", "newest_item_at")
    assert (items, refused, purged) == (2, 1, 1)
    assert newest == FIRST - timedelta(minutes=1)
    told = engine.select("SELECT DISTINCT evidence->'confidence' FROM ideas")
    why = f"{NAME} did not answer in 1 of the last 1 hours in which it was asked"
    assert told == [({"value": 0.5, "why": why},)]


def test_computed_sources_always_arrive(database_url: str, tmp_path: Path) -> None:
    engine = Engine(tmp_path, database_url, Live(said(1)))
    for hour in (FIRST, NEXT):
        ran = engine.run("sources", hour, only=["calendar_events", "recorded"])
        assert set(materialized(ran)) == {"calendar_events", "recorded"}
    assert engine.select("SELECT DISTINCT source, outcome FROM source_health ORDER BY 1") == [
        ("calendar_events", "ok"),
        ("recorded", "ok"),
    ]
