"""The pages, without a browser: what is shown, filtered, paged, and said when there is nothing."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from resources.objects import Objects
from resources.store import Store
from web.app import create_app

UNKNOWN = UUID(int=1)


def ideas_on(html: str) -> list[str]:
    """The ids of the ideas on a page of the grid, in order."""
    return re.findall(r'<h2><a href="/ideas/([0-9a-f-]{36})[?"]', html)


def scores_on(html: str) -> list[float]:
    return [float(score) for score in re.findall(r'aria-label="Score"[^>]*aria-valuenow="([0-9.]+)"', html)]


def next_of(html: str) -> str | None:
    found = re.search(r'rel="next" href="([^"]+)"', html)
    return unescape(found[1]) if found else None


def test_the_grid_shows_the_newest_hour_first_and_its_best_first(gallery: TestClient) -> None:
    html = gallery.get("/").text
    assert len(ideas_on(html)) == 24
    hours = re.findall(r'<time datetime="([^"]+)"', html)
    assert hours == sorted(hours, reverse=True)
    assert len(set(hours)) == 3
    best = scores_on(html)[:8]
    assert best == sorted(best, reverse=True)


def test_a_card_shows_front_another_colour_title_score_factors_niche_status_and_hour(gallery: TestClient) -> None:
    card = gallery.get("/?niche=cats&limit=1").text.split('<article class="card">')[1].split("</article>")[0]
    alts = re.findall(r'alt="([^"]+)"', card)
    assert [unescape(alt) for alt in alts] == [
        "Mock-up in Black, front: “My Cat Is My Alarm Clock”",
        "Mock-up in Forest, front: “My Cat Is My Alarm Clock”",
    ]
    meters = re.findall(r'role="meter" aria-label="([^"]+)"', card)
    assert meters == ["Score", "Freshness", "Engagement", "Novelty", "Community fit", "Seasonality"]
    for words in (
        ">My Cat Is My Alarm Clock</a></h2>",
        "For people who love cats",
        ">cats</a>",
        "badge-mocked",
        "23 Nov, 05:00",
    ):
        assert words in card


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("hour=2026-11-23T04:00Z", 8),
        ("hour=2026-11-23T04:30%2B00:00", 8),
        ("source=reddit_posts", 8),
        ("niche=cats", 2),
        ("status=live", 6),
        ("status=queued", 1),
        ("status=rejected", 0),
        ("source=reddit_posts&niche=cats&status=mocked&hour=", 2),
    ],
)
def test_filters_narrow_the_grid(gallery: TestClient, query: str, expected: int) -> None:
    answer = gallery.get(f"/?{query}")
    assert answer.status_code == 200
    assert len(ideas_on(answer.text)) == expected


@pytest.mark.parametrize("query", ["", "sort=score&", "source=reddit_posts&sort=score&"])
def test_following_the_pages_shows_every_idea_once_in_order_with_the_filters_kept(
    gallery: TestClient, query: str
) -> None:
    whole = ideas_on(gallery.get(f"/?{query}limit=96").text)
    seen: list[str] = []
    address: str | None = f"/?{query}limit=5"
    while address:
        html = gallery.get(address).text
        seen += ideas_on(html)
        address = next_of(html)
        assert address is None or all(part in address for part in query.split("&"))
    assert seen == whole
    assert len(seen) >= 8


def test_best_first_is_in_order_of_score(gallery: TestClient) -> None:
    scores = scores_on(gallery.get("/?sort=score").text)
    assert scores == sorted(scores, reverse=True)


def test_an_empty_result_names_the_filters_and_offers_to_clear(gallery: TestClient) -> None:
    html = gallery.get("/?niche=cats&source=wikipedia_topics").text
    assert "Nothing matches" in html
    assert "<b>cats</b>" in html
    assert "<b>wikipedia topics</b>" in html
    assert "at the same time" in html
    assert 'href="/?niche=cats"' in html
    assert '<a class="button" href="/">Clear the filters</a>' in html


def test_a_value_that_no_idea_has_stays_chosen_in_the_form(gallery: TestClient) -> None:
    assert '<option value="moths" selected>moths</option>' in gallery.get("/?niche=moths").text


def test_an_empty_store_says_what_will_appear_and_how(empty_gallery: TestClient) -> None:
    html = empty_gallery.get("/").text
    for words in ("No ideas yet", "make run", "engine run"):
        assert words in html


def test_ideas_without_any_picture_are_explained(store: Store, objects: Objects, write: SimpleNamespace) -> None:
    with store.connection() as conn:
        write.idea(conn, 1, status="queued")
    html = TestClient(create_app(store, objects)).get("/").text
    assert "Nothing is drawn yet" in html
    assert '<a class="button" href="/?status=queued">' in html


def test_the_detail_page_tells_everything(gallery: TestClient, seeded_ids: list[str]) -> None:
    html = unescape(gallery.get(f"/ideas/{seeded_ids[0]}").text)
    for words in (
        *(
            "Fresh (",
            "What was measured",
            "likes, comments and views per minute",
            "4.183",
            "hours until interest halves",
            "An older idea",
            "More evidence",
        ),
        *("https://example.org/reddit_posts/0", "23 Nov 2026, 05:47 UTC", "655", "reddit_posts-47.json"),
        *("stacked badge", "#F2C14E", "Bebas Neue", "OFL-1.1", "81234567", "900 × 1080 px at 300 dpi"),
        *("amazon merch", "in review", "19.99 USD", "Soft and light cotton", "funny tee", "waits for a person"),
        *("“damn” is on it", "USPTO, not asked", "badge-not_checked", "badge-failed", "badge-passed"),
        *("2 decisions", "best contrast", "2 events", "mockup.generated"),
    ):
        assert words in html, words
    assert len(re.findall(r'<a href="/images/mockup/[^"]+" aria-label="Enlarge', html)) == 4
    assert 'class="checkered"' in html
    assert 'fill="#17181A"' in html


def test_each_factor_shows_the_inputs_it_was_made_of(gallery: TestClient, seeded_ids: list[str]) -> None:
    html = gallery.get(f"/ideas/{seeded_ids[0]}").text
    for factor, measured in {
        "Freshness": "hours until interest halves",
        "Engagement": "median per minute",
        "Novelty": "likeness (cosine)",
    }.items():
        section = html.split(f"<dt>{factor} ")[1].split("</details>")[0]
        assert f"<dt>{measured}</dt>" in section


def test_a_card_is_told_in_plain_words_and_drawn(gallery: TestClient, seeded_ids: list[str]) -> None:
    html = unescape(gallery.get(f"/ideas/{seeded_ids[8]}").text)
    panel = html.split('aria-labelledby="score"')[1].split("</section>")[0]
    told = " ".join(re.sub(r"<[^>]+>", "", panel).split())
    for words in (
        "0.60 of 1, most likely 0.52 to 0.81 unsure",
        "4 times out of 5",
        "Seasonality 0.12 of 0.20",
        "It was seen only once",
        "▼ −0.12 If its pace fell back to what is usual, it would score 0.48.",
        "▲ +0.11 Posted in a community of the niche itself, it would score 0.71.",
        "hours until interest halves",
    ):
        assert words in told, words
    assert "Score 0.60, likely 0.52 to 0.81, made of Seasonality 0.12, Engagement 0.12" in panel
    pieces = re.findall(r'class="part-(\w+)" x="([0-9.]+)" y="16" width="([0-9.]+)"', panel)
    assert [(float(x), float(w)) for _, x, w in pieces] == [(12.0 * n, 12.0) for n in range(5)]
    assert panel.count("What was measured") == 5


def test_an_idea_scored_before_cards_says_so(gallery: TestClient, seeded_ids: list[str]) -> None:
    html = gallery.get(f"/ideas/{seeded_ids[0]}").text
    assert "scored before scores had intervals" in html
    assert "What would change this" not in html


def test_the_overview_shows_the_interval_and_marks_what_is_unsure(gallery: TestClient, seeded_ids: list[str]) -> None:
    cards = {ideas_on(card)[0]: card for card in gallery.get("/").text.split("<article")[1:]}
    with_card, without = cards[seeded_ids[8]], cards[seeded_ids[0]]
    assert "0.52–0.81" in with_card
    assert 'aria-valuetext="0.60, likely 0.52 to 0.81"' in with_card
    assert ">unsure</span>" in with_card
    assert "unsure" not in without


def test_checks_that_need_a_look_come_before_those_that_passed(gallery: TestClient, seeded_ids: list[str]) -> None:
    listing = gallery.get(f"/ideas/{seeded_ids[0]}").text.split('<article class="listing">')[1].split("</article>")[0]
    results = re.findall("badge-(failed|not_checked|passed)", listing)
    assert results == ["failed", "not_checked", "passed", "passed"]
    folded = listing.split('<details><summary><span class="badge badge-passed">')[1]
    assert "1 check<" in folded
    assert "31 of 60 characters" in folded


def test_an_upload_pack_is_told_by_its_place(
    gallery: TestClient, seeded_store: tuple[Store, Objects, object], seeded_ids: list[str]
) -> None:
    _, amazon, etsy = gallery.get(f"/ideas/{seeded_ids[0]}").text.split('<article class="listing">')
    assert "None has been made yet" in amazon
    path = unquote(urlsplit(seeded_store[1].uri("published-assets/etsy/pack-0")).path)
    assert f"<code>{path}</code>" in etsy
    assert "handed over 23 Nov 2026, 05:40 UTC" in etsy


def test_evidence_of_which_nothing_is_known_is_not_spelled_out(
    store: Store, objects: Objects, write: SimpleNamespace
) -> None:
    with store.connection() as conn:
        idea_id = write.idea(conn, 1, evidence={"cosine_centroid": None, "nearest": None})
    novelty = TestClient(create_app(store, objects)).get(f"/ideas/{idea_id}").text.split("<dt>Novelty")[1]
    assert "nothing known" in novelty.split("</details>")[0]


def test_a_queued_idea_has_a_page_without_pictures(store: Store, objects: Objects, write: SimpleNamespace) -> None:
    with store.connection() as conn:
        queued = write.idea(conn, 1, status="queued")
    html = TestClient(create_app(store, objects)).get(f"/ideas/{queued}").text
    assert "not drawn yet" in html
    assert "No listing has been written" in html
    assert "/images/" not in html


@pytest.mark.parametrize("address", [f"/ideas/{UNKNOWN}", "/ideas/not-an-id", "/nowhere", "/static/../app.py"])
def test_what_is_not_there_is_said_kindly(gallery: TestClient, address: str) -> None:
    answer = gallery.get(address)
    assert answer.status_code == 404
    assert "<h1>Not here</h1>" in answer.text
    assert "Back to the gallery" in answer.text


@pytest.mark.parametrize(
    ("query", "field", "value", "mend"),
    [
        ("hour=yesterday", "hour", "yesterday", "write it like 2026-11-23T05:00Z"),
        ("hour=2026-11-23T05:00", "hour", "2026-11-23T05:00", "time zone"),
        ("sort=best", "sort", "best", "newest"),
        ("status=sold", "status", "sold", "mocked"),
        ("limit=1000", "limit", "1000", "96"),
        ("after=here", "after", "here", "follow the link"),
        ("after=20261123T05Z_nan_00000000-0000-0000-0000-000000000000", "after", "nan", "no place"),
        ("niche=%00", "niche", "", "control character"),
        ("colour=red", "colour", "red", "use one of hour, source, niche"),
    ],
)
def test_a_bad_value_is_named_with_its_mend(gallery: TestClient, query: str, field: str, value: str, mend: str) -> None:
    answer = gallery.get(f"/?{query}")
    html = unescape(answer.text)
    assert answer.status_code == 422
    assert f"<code>{field}</code>" in html
    assert value in html
    assert mend in html


def test_a_database_that_is_away_is_a_503_that_says_so(objects: Objects) -> None:
    with Store("postgresql://nobody@127.0.0.1:1/none") as away:
        client = TestClient(create_app(away, objects))
        for address in ("/", f"/ideas/{UNKNOWN}", "/api/ideas"):
            answer = client.get(address)
            assert answer.status_code == 503
            assert "does not answer" in answer.text
            assert answer.headers["Retry-After"]


def test_a_database_without_tables_is_a_503_that_says_to_migrate(bare_url: str, objects: Objects) -> None:
    with Store(bare_url) as bare:
        answer = TestClient(create_app(bare, objects)).get("/")
    assert answer.status_code == 503
    assert "engine db upgrade" in answer.text


@pytest.mark.parametrize(
    "address", ["/", "/ideas/{}", "/ideas/nothing", "/?sort=no", "/api/ideas", "/health", "/static/gallery.css"]
)
def test_head_is_get_without_the_body(gallery: TestClient, seeded_ids: list[str], address: str) -> None:
    got, head = (gallery.request(method, address.format(seeded_ids[0])) for method in ("GET", "HEAD"))
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert head.headers["content-type"] == got.headers["content-type"]
    # /health tells an age, which may have a digit more or less a moment later.
    assert int(head.headers["content-length"]) == pytest.approx(len(got.content), abs=4 if address == "/health" else 0)


def test_the_styles_ask_nothing_of_the_outside() -> None:
    folder = Path(create_app.__code__.co_filename).parent
    for file in [*folder.glob("static/*"), *folder.glob("templates/*")]:
        text = file.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "http:" not in text
        assert "https:" not in text
        assert "<script" not in text
        assert "style=" not in text
