"""How the sources stand, on a page and as JSON, and what an idea says of how well its source was heard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from pipeline.models import hour_of
from resources.objects import Objects
from resources.settings import Settings
from resources.store import Store
from resources.store.health import Attempt, Counts
from web.app import create_app

NOW = datetime.now(UTC)


@pytest.fixture
def listening(store: Store, objects: Objects) -> TestClient:
    """A gallery in which one source is heard, one fails and one has its circuit open; the others were never asked."""
    hour = hour_of(NOW)
    with store.transaction() as tx:
        heard = Attempt("ok", NOW, 40, payloads=1, bytes=10)
        tx.health.record("hackernews_stories", hour, heard)
        tx.health.count(hour, {"hackernews_stories": Counts(1234, 0, 0, None)})
        tx.health.record("mastodon_trends", hour - timedelta(hours=1), heard._replace(at=NOW - timedelta(hours=1)))
        failed = Attempt("failed", NOW, 40, error_class="server", error="<script>alert(1)</script> answered 503")
        tx.health.record("mastodon_trends", hour, failed)
    with store.connection() as connection:
        connection.execute(
            "INSERT INTO source_gates (source, failures, opened_at, opened_until) VALUES ('bluesky_trends', 5, %s, %s)",
            [NOW, NOW + timedelta(hours=1)],
        )
    chosen = Settings.model_validate({"contact": "me@example.org", "YOUTUBE_API_KEY": None})
    return TestClient(create_app(store, objects, chosen=chosen))


def test_the_page_has_a_row_for_each_source(listening: TestClient) -> None:
    html = listening.get("/sources").text
    rows = {row.split('scope="row">')[1].split(" <")[0]: row for row in html.split("<tr>")[2:]}
    assert len(rows) == len(listening.get("/api/sources").json()) >= 10
    assert "badge-on" in rows["hackernews_stories"]
    assert "1,234" in rows["hackernews_stories"]
    assert "badge-failing" in rows["mastodon_trends"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt; answered 503" in rows["mastodon_trends"]
    assert "badge-circuit_open" in rows["bluesky_trends"]
    assert "badge-silent" in rows["google_trends"]
    assert "set YOUTUBE_API_KEY" in rows["youtube_videos"]
    assert "0 of" in rows["youtube_videos"], "its quota"
    assert '<a href="/sources" aria-current="page">Sources</a>' in html


def test_the_same_as_json(listening: TestClient) -> None:
    answer = listening.get("/api/sources")
    assert answer.status_code == 200
    found = {source["source"]: source for source in answer.json()}
    assert found["hackernews_stories"]["state"] == "on"
    assert found["hackernews_stories"]["confidence"] == 1
    assert found["mastodon_trends"]["confidence"] == 0.75
    assert found["youtube_videos"]["missing"] == ["YOUTUBE_API_KEY"]
    assert found["bluesky_trends"]["circuit"] == "open"


@pytest.mark.parametrize("value", [0.4, 1.0])
def test_an_idea_tells_how_well_its_source_was_heard(
    store: Store, objects: Objects, write: SimpleNamespace, value: float
) -> None:
    why = "reddit_posts was last heard 5 h ago; its counters may be old"
    with store.connection() as connection:
        idea_id = write.idea(connection, 1, evidence={"confidence": {"value": value, "why": why}}, status="queued")
    client = TestClient(create_app(store, objects))
    card, page = client.get("/?status=queued").text, client.get(f"/ideas/{idea_id}").text
    assert why in page
    assert "More evidence" not in page, "it is told once"
    assert ("40 % sure" in card) == ("40 % sure" in page) == (value < 1)
    assert client.get("/api/ideas?status=queued").json()["ideas"][0]["confidence"] == value


def test_an_idea_of_which_nothing_is_known_tells_nothing(gallery: TestClient, seeded_ids: list[str]) -> None:
    assert "% sure" not in gallery.get("/").text
    assert "<dt>Confidence</dt>" not in gallery.get(f"/ideas/{seeded_ids[0]}").text
