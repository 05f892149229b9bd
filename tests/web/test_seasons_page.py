"""The coming events and what waits for next year, as a page and as JSON."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from pipeline.ideas.seasons import coming
from resources.objects import Objects
from resources.settings import settings
from resources.store import Store
from web.app import create_app


@pytest.fixture
def site(store: Store, objects: Objects) -> TestClient:
    """The gallery on a fresh store."""
    return TestClient(create_app(store, objects))


def archive(store: Store, write: SimpleNamespace, number: int, **event: object) -> None:
    """An idea that waits till the first day of next year's autumn."""
    with store.connection() as conn:
        write.idea(conn, number, status="archived", evidence={"event": event}, event_date=date(2026, 12, 25))
        conn.execute("UPDATE ideas SET returns_on = '2027-09-26' WHERE status = 'archived'")


def test_every_coming_event_stands_there_with_the_runway_of_each_country(site: TestClient) -> None:
    found = site.get("/api/seasons").json()
    today = datetime.now(UTC).date()
    expected = coming(today, settings().country_codes)
    assert [one["name"] for one in found["coming"]] == [one.name for one in expected]
    for one in found["coming"]:
        assert today <= date.fromisoformat(one["date"]) <= today + timedelta(days=90)
        assert one["best"]["verdict"] in ("in time", "tight", "too late")
        assert one["best"]["p_live"] == max(runway["p_live"] for runway in one["countries"].values())
    page = site.get("/seasons").text
    assert page.count('<th scope="row">') == len(expected)
    assert "Nothing waits." in page


def test_one_country_alone_has_its_own_events_and_runways(site: TestClient) -> None:
    found = site.get("/api/seasons?country=AU").json()
    assert found["coming"]
    assert all(one["countries"].keys() == {"AU"} and one["best"]["country"] == "AU" for one in found["coming"])
    assert 'href="/seasons?country=AU" aria-current="page"' in site.get("/seasons?country=AU").text


@pytest.mark.parametrize(("country", "status"), [("BR", 404), ("us", 422), ("<b>", 422)])
def test_a_country_that_is_not_configured_is_told_so(site: TestClient, country: str, status: int) -> None:
    for path in ("/seasons", "/api/seasons"):
        answer = site.get(path, params={"country": country})
        assert answer.status_code == status
        assert "<b>" not in answer.text or path.startswith("/api")
    if status == 404:
        assert "ENGINE_COUNTRIES has US, CA" in answer.json()["detail"]


def test_ideas_are_counted_where_their_event_is(store: Store, site: TestClient, write: SimpleNamespace) -> None:
    one = site.get("/api/seasons").json()["coming"][0]
    event = {"event": {"name": one["name"]}}
    with store.connection() as conn:
        write.idea(conn, 1, status="queued", evidence=event, event_date=date.fromisoformat(one["date"]))
    assert site.get("/api/seasons").json()["coming"][0]["ideas"] == {"queued": 1}
    assert "1 queued" in site.get("/seasons").text


def test_what_waits_is_told_with_the_day_of_its_return_and_so_does_the_gallery(
    store: Store, site: TestClient, write: SimpleNamespace
) -> None:
    archive(store, write, 1, name="Christmas <b>x</b>")
    (waiting,) = site.get("/api/seasons").json()["waiting"]
    assert (waiting["returns_on"], waiting["ideas"]) == ("2027-09-26", 1)
    page = site.get("/seasons").text
    assert "Christmas &lt;b&gt;x&lt;/b&gt;" in page
    assert '<time datetime="2027-09-26">26 Sep 2027</time>' in page
    grid = site.get("/?status=archived").text
    assert 'until <time datetime="2027-09-26">26 Sep 2027</time>' in grid
    (card,) = site.get("/api/ideas?status=archived").json()["ideas"]
    assert card["returns_on"] == "2027-09-26"
    assert 'until <time datetime="2027-09-26">' in site.get(f"/ideas/{card['id']}").text
