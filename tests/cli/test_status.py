"""What `engine status` and `engine doctor` say of the sources."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from cli.app import _jsonable
from cli.doctor import examine
from cli.report import show_status, status_report
from pipeline.models import hour_of
from resources.settings import Settings
from resources.store import Store
from resources.store.health import Attempt, Counts


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings.model_validate(
        {"data_dir": tmp_path, "DATABASE_URL": database_url, "contact": "me@example.org", "YOUTUBE_API_KEY": None}
    )


def test_status_tells_how_the_sources_stand(settings: Settings, database_url: str) -> None:
    now = datetime.now(UTC)
    with Store(database_url) as store, store.transaction() as tx:
        heard = Attempt("ok", now, 40, payloads=1, bytes=10)
        tx.health.record("hackernews_stories", hour_of(now), heard)
        tx.health.count(hour_of(now), {"hackernews_stories": Counts(1234, 0, 0, None)})
        failed = Attempt("failed", now, 40, error_class="server", error="it answered [503]")
        tx.health.record("mastodon_trends", hour_of(now), failed)
    report = json.loads(json.dumps(status_report(settings, database_url), default=_jsonable))
    found = {standing["source"]: standing for standing in report["sources"]}
    assert found["hackernews_stories"]["state"] == "on"
    assert found["hackernews_stories"]["items"] == 1234
    assert found["youtube_videos"]["state"] == "off"
    assert "YOUTUBE_API_KEY" in found["youtube_videos"]["missing"]

    said = StringIO()
    show_status(status_report(settings, database_url), Console(file=said, width=90))
    lines = {line.split("│")[1].strip(): line for line in said.getvalue().splitlines() if line.count("│") > 6}
    assert "1,234" in lines["hackernews_stories"]
    assert "silent" in lines["mastodon_trends"]
    assert "it answered [503]" in said.getvalue()
    assert "youtube_videos off: set YOUTUBE_API_KEY\n" in said.getvalue()
    assert "hackernews_stories on:" not in said.getvalue()


def test_doctor_says_what_switches_a_source_on(settings: Settings) -> None:
    found = {finding.what: finding for finding in examine(settings)}
    assert found["source hackernews_stories"].level == "ok"
    youtube = found["source youtube_videos"]
    assert youtube.level == "off"
    assert youtube.detail == "set YOUTUBE_API_KEY to switch it on"
    assert "sources" not in found


def test_doctor_names_a_source_that_there_is_not(settings: Settings) -> None:
    chosen = settings.model_copy(update={"sources": "hackernews_stories,hackernews"})
    found = {finding.what: finding for finding in examine(chosen)}
    assert found["sources"].level == "broken"
    assert found["sources"].detail.startswith("ENGINE_SOURCES names hackernews: known are all and calendar_events,")
    assert found["source mastodon_trends"].detail == "name it in ENGINE_SOURCES to switch it on"
