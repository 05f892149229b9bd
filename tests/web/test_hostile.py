"""Nothing from outside is trusted: not what the sources say, not what the address asks."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.scoring.score import NAMES
from resources.objects import Objects
from resources.store import Store
from web.app import create_app
from web.views import safe_url

EVIL = (
    "\"'></title></textarea><script>alert(1)</script><img src=x onerror=alert(2)>"
    "{{7919*6841}}${7919*6841}<a href='//evil.example'>"
)
SCRIPT_URL = "javascript:alert(document.domain)//https://example.com"
PLANTED = {"script", "iframe", "object", "embed", "base", "style", "textarea"}


EVIL_SHARE = {"value": 0.5, "weight": 0.2, "points": 0.1, "low": 0.1, "high": 0.9, "told": EVIL}
CARDED: dict[str, Any] = {
    "low": 0.1,
    "high": 0.9,
    "level": 0.8,
    "shares": [{"factor": name, "inputs": {EVIL: EVIL, "url": SCRIPT_URL}, **EVIL_SHARE} for name in NAMES],
    "unsure": [EVIL],
    "changes": [{"told": EVIL, "score": 0.3}],
}


class Markup(HTMLParser):
    """What a browser would make of a page: tags, and attributes by name."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def check_harmless(html: str) -> Markup:
    """Assert that nothing in the page runs or leads to where it must not."""
    markup = Markup()
    markup.feed(html)
    assert not PLANTED & set(markup.tags)
    for name, value in markup.attributes:
        assert not name.startswith("on"), (name, value)
        assert name != "style"
        if name in ("href", "src", "action"):
            assert value is not None
            url = urlsplit(value)
            assert url.scheme in ("", "http", "https"), value
            assert url.netloc in ("", "example.com"), value
    assert "{{7919*6841}}" in markup.text or "7919*6841" not in html
    assert str(7919 * 6841) not in markup.text
    return markup


@pytest.fixture
def hostile(store: Store, objects: Objects, write: SimpleNamespace) -> tuple[TestClient, str]:
    """A gallery whose every text says the worst, and the id of its idea."""
    nested: dict[str, Any] = {EVIL: [EVIL, {"url": SCRIPT_URL, EVIL: EVIL}], "usual": {EVIL: EVIL}}
    with store.connection() as conn:
        idea_id = write.idea(
            conn,
            1,
            **dict.fromkeys(
                (
                    "content",
                    "category",
                    "title",
                    "description",
                    "phrase",
                    "niche",
                    "format",
                    "mood",
                    "occasion",
                ),
                EVIL,
            ),
            reason=EVIL,
            url=SCRIPT_URL,
            lines=[EVIL],
            motifs=[EVIL],
            evidence=nested,
            embedding_model=EVIL,
            card=CARDED,
            score_low=0.1,
            score_high=0.9,
        )
        write.products(
            conn,
            objects,
            idea_id,
            1,
            **dict.fromkeys(("artist", "layout", "palette", "prompt", "product", "title", "description"), EVIL),
            **dict.fromkeys(("status_reason", "external_id", "decided_by", "event_source"), EVIL),
            typefaces=[EVIL],
            spec={"fill": '#12345"', "ok": "#ABCDEF", EVIL: EVIL},
            licences={EVIL: EVIL},
            garments=[{"name": EVIL, "hex": "#101010"}],
            contrasts={EVIL: 7.0},
            listing_url=SCRIPT_URL,
            bullets=[EVIL],
            tags=[EVIL],
            verdicts=[{"check": EVIL, "result": "passed", "detail": EVIL, "source": EVIL}],
            choice=nested,
            because=nested,
            data=nested,
            screened=[{"check": EVIL, "result": "passed", "detail": EVIL, "source": EVIL}],
            attempts=[{"artist": EVIL, "outcome": "drew", "detail": EVIL, "seconds": 1, "cost_micros": 1}],
        )
        write.refusal(conn, idea_id, datetime(2026, 11, 23, 5, tzinfo=UTC), reason=EVIL)
    return TestClient(create_app(store, objects)), str(idea_id)


def test_hostile_text_in_every_column_stays_text(hostile: tuple[TestClient, str]) -> None:
    client, idea_id = hostile
    for address in ("/", "/?status=mocked", "/refusals", f"/?{urlencode({'niche': EVIL[:100]})}", f"/ideas/{idea_id}"):
        answer = client.get(address)
        assert answer.status_code == 200
        markup = check_harmless(answer.text)
    assert markup.text.count("<script>alert(1)</script>") > 40, "the detail page shows every hostile text, as text"
    assert "#ABCDEF" in markup.text


def test_hostile_text_through_json_is_json(hostile: tuple[TestClient, str]) -> None:
    client, idea_id = hostile
    answer = client.get(f"/api/ideas/{idea_id}")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json()["title"] == EVIL


@pytest.mark.parametrize("parameter", ["hour", "source", "niche", "status", "sort", "after", "limit", "x<script>"])
def test_hostile_parameters_are_told_back_as_text(gallery: TestClient, parameter: str) -> None:
    answer = gallery.get(f"/?{urlencode({parameter: EVIL})}")
    assert answer.status_code in (200, 422)
    check_harmless(answer.text)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://example.org/a?b=c#d", True),
        ("HTTP://example.org", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        (" javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("data:text/html,<script>", False),
        ("vbscript:x", False),
        ("//evil.example", False),
        ("https:evil", False),
        ("http://[::1", False),
        ("file:///etc/passwd", False),
        ("", False),
        (None, False),
    ],
)
def test_only_web_addresses_become_links(url: str | None, kept: bool) -> None:
    assert (safe_url(url) is not None) is kept


def encoded(value: str | bytes) -> bytes:
    """The bytes of a value; lone surrogates become question marks."""
    return value.encode(errors="replace") if isinstance(value, str) else value


VALUES = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["", "0", "-1", "9" * 40, "NaN", "1e400", "mocked", "score", "reddit_posts", "2026-11-23T05:00Z"]),
    st.sampled_from(["0001-01-01T00:00+14:00", "9999-12-31T23:00-14:00", "00010101T00Z_0.5_" + "0" * 32]),
    st.datetimes(timezones=st.timezones()).map(lambda t: t.isoformat()),
    st.tuples(st.datetimes(), st.floats(), st.uuids()).map(lambda t: f"{t[0]:%Y%m%dT%HZ}_{t[1]!r}_{t[2]}"),
    st.binary(max_size=20),
)
PARAMETERS = st.sampled_from(["hour", "source", "niche", "status", "sort", "after", "limit"]) | st.text(max_size=10)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.lists(st.tuples(PARAMETERS, VALUES), max_size=4), path=st.sampled_from(["/", "/api/ideas"]))
def test_no_query_breaks_the_gallery(gallery: TestClient, query: list[tuple[str, Any]], path: str) -> None:
    pairs = [
        (name.encode(errors="replace"), v.encode(errors="replace") if isinstance(v, str) else v) for name, v in query
    ]
    assert gallery.get(f"{path}?{urlencode(pairs)}").status_code in (200, 422)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(width=VALUES, version=VALUES, etag=st.text(alphabet='abc"*W/,0 ', max_size=20))
def test_no_query_breaks_a_picture(
    gallery: TestClient, seeded_ids: list[str], width: Any, version: Any, etag: str
) -> None:
    idea = gallery.get(f"/api/ideas/{seeded_ids[0]}").json()
    query = {"w": encoded(width), "v": encoded(version)}
    picture = idea["pictures"][0]["id"]
    answer = gallery.get(f"/images/mockup/{picture}?{urlencode(query)}", headers={"If-None-Match": etag})
    assert answer.status_code in (200, 422)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(part=st.text(min_size=1, max_size=30), where=st.sampled_from(["/ideas/{}", "/images/mockup/{}", "/images/{}/x"]))
def test_no_path_breaks_the_gallery(gallery: TestClient, part: str, where: str) -> None:
    assert gallery.get(where.format(quote(encoded(part), safe=""))).status_code in (200, 404)


def test_every_answer_carries_the_security_headers(gallery: TestClient, seeded_ids: list[str]) -> None:
    addresses = ["/", f"/ideas/{seeded_ids[0]}", "/nowhere", "/?sort=x", "/static/gallery.css", "/api/ideas", "/health"]
    picture = gallery.get("/api/ideas?limit=1").json()["ideas"][0]["pictures"][0]["id"]
    for address in [*addresses, f"/images/mockup/{picture}?w=64", "/openapi.json"]:
        headers = gallery.get(address).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["img-src"] == "'self'"
        assert policy["style-src"] == ("'unsafe-inline'" if address.startswith("/images/") else "'self'")
        assert "script-src" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


def test_links_to_the_outside_tell_it_nothing(gallery: TestClient, seeded_ids: list[str]) -> None:
    markup = Markup()
    markup.feed(gallery.get(f"/ideas/{seeded_ids[0]}").text)
    outside = [value for name, value in markup.attributes if name == "href" and str(value).startswith("http")]
    rels = [value for name, value in markup.attributes if name == "rel" and "noopener" in str(value)]
    assert len(outside) == len(rels) >= 2
    assert all("noreferrer" in str(rel) for rel in rels)


@pytest.mark.parametrize("path", ["..%2F..%2Fetc%2Fpasswd", "%2e%2e/%2e%2e/app.py", "..\\\\app.py"])
def test_no_path_leads_to_a_file(gallery: TestClient, path: str) -> None:
    for room in ("images/mockup", "static", "ideas"):
        assert gallery.get(f"/{room}/{path}").status_code == 404


def test_nothing_can_be_written(gallery: TestClient, seeded_ids: list[str]) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert gallery.request(method, f"/ideas/{seeded_ids[0]}").status_code == 405
