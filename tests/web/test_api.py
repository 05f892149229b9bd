"""The JSON API and /health: the same ideas as the pages, described, and the truth about what is away."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from fastapi.testclient import TestClient

from pipeline.models import IdeaStatus
from resources.objects import Objects
from resources.settings import settings
from resources.store import Store, gallery
from web.app import app_from_settings, create_app


def test_ideas_come_filtered_and_paged_like_the_pages(gallery: TestClient) -> None:
    first = gallery.get("/api/ideas", params={"source": "reddit_posts", "sort": "score", "limit": 5}).json()
    assert [idea["source"] for idea in first["ideas"]] == ["reddit_posts"] * 5
    rest = gallery.get(
        "/api/ideas", params={"source": "reddit_posts", "sort": "score", "limit": 5, "after": first["next"]}
    ).json()
    scores = [idea["score"] for idea in first["ideas"] + rest["ideas"]]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 8
    assert rest["next"] is None


def test_an_idea_comes_whole(gallery: TestClient, seeded_ids: list[str]) -> None:
    idea = gallery.get(f"/api/ideas/{seeded_ids[1]}").json()
    assert idea["id"] == seeded_ids[1]
    assert [p["variant"] for p in idea["pictures"]] == ["front", "colorway", "colorway", "back"]
    assert idea["signal"]["observations"][0]["likes"] == 655
    assert {listing["marketplace"] for listing in idea["listings"]} == {"amazon_merch", "etsy"}
    assert idea["weights"]["version"] == 1
    assert idea["evidence"]["usual"]["median"] == 1.3


def test_the_card_comes_whole_in_the_list_and_alone(gallery: TestClient, seeded_ids: list[str]) -> None:
    alone = gallery.get(f"/api/ideas/{seeded_ids[8]}").json()
    listed = {idea["id"]: idea for idea in gallery.get("/api/ideas?limit=96").json()["ideas"]}
    for idea in (alone, listed[seeded_ids[8]]):
        assert (idea["score_low"], idea["score_high"], idea["unsure"]) == (0.52, 0.81, True)
        assert [share["factor"] for share in idea["card"]["shares"]][:2] == ["seasonality", "engagement"]
        assert idea["card"]["shares"][1]["inputs"]["z"] == 3.1
        assert idea["card"]["changes"][0]["score"] == 0.48
    older = listed[seeded_ids[0]]
    assert older["card"] is older["score_low"] is older["unsure"] is None


def test_unknown_and_bad_requests_are_told_in_json(gallery: TestClient) -> None:
    unknown = gallery.get(f"/api/ideas/{uuid4()}")
    assert (unknown.status_code, "No idea has the id" in unknown.json()["detail"]) == (404, True)
    bad = gallery.get("/api/ideas?hour=noon")
    assert bad.status_code == 422
    assert bad.json()["detail"][0]["field"] == "hour"
    assert bad.json()["detail"][0]["value"] == "noon"


def test_the_description_names_every_filter_and_answer(gallery: TestClient) -> None:
    description = gallery.get("/openapi.json").json()
    assert set(description["paths"]) == {
        "/api/ideas",
        "/api/ideas/{idea_id}",
        "/api/refusals",
        "/api/seasons",
        "/api/sources",
        "/api/topics",
        "/health",
        "/images/{kind}/{picture_id}",
        "/metrics",
        "/webhooks/{source}",
    }
    asked = {p["name"]: p for p in description["paths"]["/api/ideas"]["get"]["parameters"]}
    assert set(asked) == {"hour", "source", "niche", "status", "sort", "after", "limit"}
    assert all(p["description"] for p in asked.values())
    answer = description["paths"]["/api/ideas"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/IdeaPage"}


def test_health_is_ok_with_revision_and_age(gallery: TestClient) -> None:
    answer = gallery.get("/health")
    health = answer.json()
    assert answer.status_code == 200
    assert health["status"] == health["database"] == health["object_store"] == "ok"
    assert health["revision"] == "0005"
    assert health["newest_hour"] == "2026-11-23T05:00:00Z"
    began = datetime.now(UTC) - timedelta(seconds=health["age_seconds"])
    assert abs(began - datetime(2026, 11, 23, 5, tzinfo=UTC)) < timedelta(minutes=1)


def test_health_of_an_empty_store_knows_no_hour(empty_gallery: TestClient) -> None:
    health = empty_gallery.get("/health").json()
    assert (health["newest_hour"], health["age_seconds"]) == (None, None)


def test_health_says_when_the_database_is_away(objects: Objects) -> None:
    with Store("postgresql://nobody@127.0.0.1:1/none") as away:
        answer = TestClient(create_app(away, objects)).get("/health")
    assert answer.status_code == 503
    assert answer.json()["status"] == "unavailable"
    assert "does not answer" in answer.json()["database"]
    assert answer.json()["object_store"] == "ok"


def test_health_says_when_the_object_store_is_away(store: Store) -> None:
    nobody = Objects("s3://bucket", "http://127.0.0.1:1")
    answer = TestClient(create_app(store, nobody)).get("/health")
    assert answer.status_code == 503
    assert "s3://bucket" in answer.json()["object_store"]
    assert answer.json()["database"] == "ok"


def test_a_page_is_at_most_three_statements_however_many_ideas(
    seeded_store: tuple[Store, Objects, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[object] = []
    execute = psycopg.Cursor.execute

    def counted(self: psycopg.Cursor[Any], query: Any, *args: Any, **kwargs: Any) -> Any:
        sent.append(query)
        return execute(self, query, *args, **kwargs)

    with seeded_store[0].connection() as conn:
        monkeypatch.setattr(psycopg.Cursor, "execute", counted)
        for limit in (1, 24):
            sent.clear()
            assert len(gallery.page(conn, limit=limit).cards) == limit
            gallery.facets(conn)
            assert 0 < len(sent) <= 3


def test_facets_are_what_ideas_have(store: Store, write: SimpleNamespace) -> None:
    with store.connection() as conn:
        for number in (0, 1, 2, 9, 12):
            write.idea(conn, number)
        conn.execute("UPDATE ideas SET niche = 'cats'")
        found = gallery.facets(conn)
    assert [hour.hour for hour in found.hours] == [5, 4]
    assert found.sources == ("calendar_events", "reddit_posts", "wikipedia_topics")
    assert found.niches == ("cats",)


def test_a_page_follows_on_when_an_idea_before_it_is_rescored(store: Store, write: SimpleNamespace) -> None:
    with store.connection() as conn:
        for number in range(6):
            write.idea(conn, number, status="queued")
        first = gallery.page(conn, status=IdeaStatus.QUEUED, sort="score", limit=3)
        conn.execute("UPDATE ideas SET score = 1 WHERE id = %s", [first.cards[-1].id])
        rest = gallery.page(conn, status=IdeaStatus.QUEUED, sort="score", after=first.next, limit=3)
    assert len({card.id for card in (*first.cards, *rest.cards)}) == 6


def test_the_application_of_the_settings_serves_their_database_and_objects(
    database_url: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: SimpleNamespace
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("OBJECT_STORE_URL", str(tmp_path / "objects"))
    with store.connection() as conn:
        idea_id = write.idea(conn, 1)
        write.products(conn, Objects(str(tmp_path / "objects")), idea_id, 1)
    settings.cache_clear()
    try:
        with TestClient(app_from_settings()) as client:
            idea = client.get("/api/ideas").json()["ideas"][0]
            assert idea["id"] == str(idea_id)
            assert client.get(f"/images/mockup/{idea['pictures'][0]['id']}?w=64").status_code == 200
    finally:
        settings.cache_clear()


def test_the_gallery_is_light_to_import() -> None:
    heavy = {"dagster", "cv2", "wordllama", "uharfbuzz", "alembic", "playwright"}
    code = f"import sys, web.app; sys.exit(str({heavy} & set(sys.modules) or ''))"
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True).stderr == "\n"
