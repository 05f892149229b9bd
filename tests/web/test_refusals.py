"""What was refused, why, and what it would copy; who drew what was not; the proof with its numbers."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from resources.objects import Objects
from resources.store import Store
from tests.web.conftest import NEWEST
from web.app import create_app


def test_the_refusals_of_the_newest_hour_say_why_and_show_what_they_copy(
    gallery: TestClient, seeded_ids: list[str], queued_id: str
) -> None:
    html = unescape(gallery.get("/refusals").text)
    (refused,) = gallery.get("/api/refusals").json()["refusals"]
    assert refused["idea_id"] == queued_id
    assert refused["copies"]["idea_id"] in seeded_ids
    assert refused["reason"] in html
    assert f'href="/ideas/{queued_id}"' in html
    assert f'href="/ideas/{refused["copies"]["idea_id"]}"' in html
    picture = f"/images/design/{refused['copies']['id']}?w=480&v={refused['copies']['version']}"
    assert f'src="{picture}"' in html
    assert gallery.get(picture).headers["Cache-Control"].endswith("immutable")


def test_an_hour_without_refusals_says_so(gallery: TestClient, empty_gallery: TestClient) -> None:
    assert "Nothing was refused in this hour." in gallery.get("/refusals?hour=2026-01-01T05:00Z").text
    assert "Nothing was ever refused." in empty_gallery.get("/refusals").text
    assert empty_gallery.get("/api/refusals").json() == {"hour": None, "refusals": [], "hours": []}
    assert gallery.get("/refusals?hour=yesterday").status_code == 422


def test_hours_with_refusals_are_offered_newest_first(store: Store, objects: Objects, write: SimpleNamespace) -> None:
    with store.connection() as conn:
        for number in range(2):
            idea = write.idea(conn, number, idea_key=f"k{number}")
            write.refusal(conn, idea, NEWEST - timedelta(hours=number), stage="proof", copies=None)
    site = TestClient(create_app(store, objects))
    page = site.get("/api/refusals").json()
    assert [one["refusals"] for one in page["hours"]] == [1, 1]
    assert page["hour"] == page["hours"][0]["hour"]
    earlier = site.get("/refusals", params={"hour": page["hours"][1]["hour"]})
    assert "the print proof" in earlier.text


def test_the_page_of_a_refused_idea_says_why_there_is_no_design(gallery: TestClient, queued_id: str) -> None:
    html = unescape(gallery.get(f"/ideas/{queued_id}").text)
    assert "Why there is no design" in html
    assert "3 of 256 bits differ" in html
    assert "nobody answers: start it" in html, "who was asked"


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("nobody answers: start it", id="why the others did not draw"),
        pytest.param("gpt-image-1.5", id="with what"),
        pytest.param("$0.04", id="cost"),
        pytest.param("3.25 s on a GPU", id="GPU time"),
        pytest.param("152.3 DPI", id="resolution"),
        pytest.param("0.71 mm", id="stroke"),
        pytest.param("3.1 % of the ink would change its colour", id="gamut"),
        pytest.param("contrast of 1.3, wanted 3", id="why a garment is dropped"),
        pytest.param("no word was found", id="checks"),
        pytest.param("/mug.png", id="other files"),
        pytest.param("/images/proof/", id="picture of the proof"),
    ],
)
def test_the_page_of_a_design_tells_how_it_was_made_and_proved(
    said: str, gallery: TestClient, seeded_ids: list[str]
) -> None:
    assert said in unescape(gallery.get(f"/ideas/{seeded_ids[0]}").text)


def test_the_picture_of_a_proof_is_served(
    gallery: TestClient, seeded_ids: list[str], store: Store, objects: Objects, write: SimpleNamespace
) -> None:
    design = gallery.get(f"/api/ideas/{seeded_ids[0]}").json()["design"]
    assert design["proof"]["min_stroke_mm"] == 0.71
    assert design["files"]["mug"]["proof"]["area"] == "mug"
    assert gallery.get(f"/images/proof/{design['id']}").headers["Content-Type"] == "image/png"
    with store.connection() as conn:
        idea = write.idea(conn, 1)
        write.products(conn, objects, idea, 1, proof=None, proof_uri=None)
    site = TestClient(create_app(store, objects))
    unproved = site.get(f"/api/ideas/{idea}").json()["design"]
    assert site.get(f"/images/proof/{unproved['id']}").status_code == 404
    assert "drawn before proofs were kept" in site.get(f"/ideas/{idea}").text
