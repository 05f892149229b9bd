"""Pictures: served by id, scaled, kept by browsers, and told when they are missing."""

from __future__ import annotations

import re
from html import unescape
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import pyvips
from fastapi.testclient import TestClient

from resources.objects import THUMB_PX, Objects
from resources.store import Store
from web.app import create_app

UNKNOWN = UUID(int=1)


@pytest.fixture
def idea(gallery: TestClient, seeded_ids: list[str]) -> dict[str, Any]:
    """The first idea, as JSON."""
    found: dict[str, Any] = gallery.get(f"/api/ideas/{seeded_ids[0]}").json()
    return found


def size_of(body: bytes) -> tuple[int, int, bool]:
    image = pyvips.Image.new_from_buffer(body, "")
    return image.width, image.height, image.hasalpha()


@pytest.mark.parametrize(("width", "expected"), [(None, 640), (64, 64), (320, 320), (480, 480), (2400, 640)])
def test_a_mockup_is_served_as_jpeg_at_most_as_wide_as_asked(
    gallery: TestClient, idea: dict[str, Any], width: int | None, expected: int
) -> None:
    query = f"?w={width}" if width else ""
    answer = gallery.get(f"/images/mockup/{idea['pictures'][0]['id']}{query}")
    assert answer.headers["content-type"] == "image/jpeg"
    assert size_of(answer.content) == (expected, expected, False)


def test_a_print_file_keeps_its_transparent_ground_when_scaled(gallery: TestClient, idea: dict[str, Any]) -> None:
    design = idea["design"]["id"]
    for width in (320, 450, 600):
        small = gallery.get(f"/images/design/{design}?w={width}")
        assert small.headers["content-type"] == "image/webp"
        assert size_of(small.content) == (width, width * 6 // 5, True)
        assert pyvips.Image.new_from_buffer(small.content, "").getpoint(5, 5)[3] == 0
    whole = gallery.get(f"/images/design/{design}")
    assert whole.headers["content-type"] == "image/png"
    assert size_of(whole.content) == (900, 1080, True)


def test_a_page_asks_for_pictures_that_browsers_may_keep_for_good(gallery: TestClient, idea: dict[str, Any]) -> None:
    picture = idea["pictures"][0]
    address = f"/images/mockup/{picture['id']}?w=320&v={picture['version']}"
    assert address.replace("&", "&amp;") in gallery.get(f"/ideas/{idea['id']}").text.replace("w=1200", "w=320")
    answer = gallery.get(address)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    again = gallery.get(address, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]


def test_an_address_without_the_version_in_force_is_revalidated(gallery: TestClient, idea: dict[str, Any]) -> None:
    for query in ("?w=320", "?w=320&v=old"):
        answer = gallery.get(f"/images/mockup/{idea['pictures'][0]['id']}{query}")
        assert answer.headers["cache-control"] == "no-cache"


def test_different_pictures_have_different_etags(gallery: TestClient, idea: dict[str, Any]) -> None:
    etags = {gallery.get(f"/images/mockup/{p['id']}?w={w}").headers["etag"] for p in idea["pictures"] for w in (64, 96)}
    assert len(etags) == 8


def test_a_picture_that_is_small_enough_is_sent_as_it_is_kept(
    store: Store, objects: Objects, write: SimpleNamespace
) -> None:
    thumb = pyvips.Image.black(THUMB_PX, THUMB_PX, bands=3).jpegsave_buffer(Q=70)
    with store.connection() as conn:
        idea_id = write.idea(conn, 1)
        write.products(conn, objects, idea_id, 1)
        conn.execute("UPDATE mockups SET thumb_uri = %s", [objects.put("small.jpg", thumb, "image/jpeg")])
    client = TestClient(create_app(store, objects))
    page = client.get("/").text
    shown = re.findall(r'<img src="([^"]+)"', page.split('<ul class="grid">')[1])
    assert client.get(unescape(shown[0])).content == thumb


@pytest.mark.parametrize(
    "address", [f"/images/mockup/{UNKNOWN}", f"/images/design/{UNKNOWN}", "/images/mockup/etc", "/images/cat/x"]
)
def test_an_unknown_picture_is_a_placeholder_with_404(gallery: TestClient, address: str) -> None:
    answer = gallery.get(address)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert "picture missing" in answer.text


def test_a_picture_that_is_no_longer_kept_is_a_placeholder_with_410(
    store: Store, objects: Objects, write: SimpleNamespace
) -> None:
    with store.connection() as conn:
        idea_id = write.idea(conn, 1)
        kept = objects.uri("kept.png")
        write.products(conn, objects, idea_id, 1, s3_uri=kept.replace("kept.png", "gone.png"))
    client = TestClient(create_app(store, objects))
    design = client.get(f"/api/ideas/{idea_id}").json()["design"]["id"]
    for query in ("", "?w=640"):
        answer = client.get(f"/images/design/{design}{query}")
        assert answer.status_code == 410
        assert "picture missing" in answer.text
        assert answer.headers["cache-control"] == "no-store"


def test_a_picture_made_again_changes_its_address(store: Store, objects: Objects, write: SimpleNamespace) -> None:
    with store.connection() as conn:
        idea_id = write.idea(conn, 1)
        write.products(conn, objects, idea_id, 1)
    client = TestClient(create_app(store, objects))
    before = client.get(f"/api/ideas/{idea_id}").json()["pictures"]
    with store.connection() as conn:
        conn.execute("UPDATE mockups SET generation_params = '{\"scale\": 0.5}' WHERE id = %s", [before[0]["id"]])
    after = client.get(f"/api/ideas/{idea_id}").json()["pictures"]
    assert after[0]["version"] != before[0]["version"]
    assert after[1:] == before[1:]
