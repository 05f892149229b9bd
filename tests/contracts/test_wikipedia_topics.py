"""Wikipedia's feed, as it answers when well and when not; and its official description as a strict mock."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.models import Counters, Payload
from pipeline.scoring.calendar import runway_days
from pipeline.signals import Reading, read
from pipeline.signals.anniversaries import is_round
from pipeline.signals.occasions import HORIZON_DAYS
from resources.errors import PermanentError
from resources.sources.wikipedia_topics import WikipediaTopics, days_ahead
from tests.contracts.exchanges import (
    NO_ANSWERS,
    NOW,
    SALT,
    Told,
    check_no_answer,
    check_silence,
    client,
    conditional,
    fetched,
    loopback,
    readings,
)

FEED = "https://en.wikipedia.org/api/rest_v1/feed/featured/2026/11/23"
DAY = "https://en.wikipedia.org/api/rest_v1/feed/onthisday/selected/01/09"


def source(*languages: str, **more: Any) -> WikipediaTopics:
    return WikipediaTopics(languages or ("en",), **more)


def reading(document: object, url: str | None = FEED, at: datetime = NOW) -> Reading:
    body = json.dumps(document).encode()
    return read(Payload(source="wikipedia_topics", captured_at=at, body=body, url=url), SALT)


def article(**fields: Any) -> dict[str, Any]:
    found = {"title": "Sourdough", "normalizedtitle": "Sourdough", "views": 5, "rank": 1, **fields}
    return {"mostread": {"date": "2026-11-22Z", "articles": [found]}}


def test_the_feed_and_the_coming_days_are_landed_as_they_came() -> None:
    payloads = fetched(source(), "good")
    assert [str(p.url).partition("/feed/")[2] for p in payloads] == [
        "featured/2026/11/23", "onthisday/selected/12/16", "onthisday/selected/01/09", "onthisday/selected/02/02"
    ]  # fmt: skip
    assert {p.captured_at for p in payloads} == {NOW}
    feed, december, january, february = readings(payloads)
    assert [s.content for s in feed.signals] == [
        "Sourdough", "Ada Example", "50 years ago: The harbour museum opens its first lighthouse to visitors."
    ]  # fmt: skip
    assert [r.reason.split(":")[0] for r in feed.rejected] == ["type", "namespace.id", "title", "year"]
    assert [s.metadata["date"] for s in december.signals + january.signals] == ["2026-12-16", "2027-01-09"]
    assert [s.metadata["years"] for s in december.signals + january.signals] == [75, 100]
    assert len(december.rejected) == len(january.rejected) == 1
    assert not february.signals + february.rejected


def test_a_most_read_article_counts_the_views_of_the_day_before() -> None:
    sourdough = readings(fetched(source(), "good"))[0].signals[0]
    assert sourdough.counters == Counters(views=412_345)
    assert sourdough.published_at == datetime(2026, 11, 22, tzinfo=UTC)
    assert sourdough.external_id == "en:Sourdough:2026-11-22"
    assert sourdough.url == "https://en.wikipedia.org/wiki/Sourdough"
    assert sourdough.author is None
    assert sourdough.metadata == {
        "kind": "topic",
        "list": "most read",
        "language": "en",
        "views_on": "2026-11-22",
        "rank": 3,
        "description": "Bread leavened by wild yeast",
    }


def test_an_anniversary_is_a_topic_with_its_date() -> None:
    (signal,) = readings(fetched(source(), "good"))[1].signals
    assert signal.external_id == "en:2026-12-16:1951:Crossword"
    assert (signal.published_at, signal.counters) == (None, Counters())
    assert signal.metadata == {
        "kind": "topic",
        "list": "on this day",
        "language": "en",
        "date": "2026-12-16",
        "year": 1951,
        "years": 75,
        "pages": ["Crossword", "Newspaper"],
    }


def test_early_in_the_day_there_is_no_most_read_list_yet() -> None:
    feed, _, january, _ = readings(fetched(source(), "partial"))
    assert not feed.signals + feed.rejected
    assert [s.content for s in january.signals] == ["50 years ago: A lantern festival is held."]
    assert [r.reason for r in january.rejected] == ["year: missing", "text: missing"]


@pytest.mark.parametrize(
    ("case", "kind", "said"),
    [
        ("unauthorized", PermanentError, "ENGINE_CONTACT"),
        ("forbidden", PermanentError, "ENGINE_CONTACT"),
        *NO_ANSWERS,
    ],
)
def test_what_is_no_answer_says_whether_a_retry_mends_it(case: str, kind: type[Exception], said: str) -> None:
    check_no_answer(source(), case, kind, said)


def test_no_answer_in_time_is_transient() -> None:
    check_silence(lambda url: source(base_url=url))


def test_an_unchanged_feed_is_the_same_payload(tmp_path: Path) -> None:
    body = json.dumps(article()).encode()
    with loopback(conditional(body)) as server:
        wikipedia = source("nl", base_url=server.url + "/{language}.wikipedia.org")
        web = client(wikipedia, folder=tmp_path)
        assert [[p.body for p in wikipedia.fetch(NOW, NOW, web)] for _ in range(2)] == [[body], [body]]
    assert [asked.headers.get("if-none-match") for asked in server.asked if asked.method == "GET"][-1] is not None


def test_each_language_is_asked_with_a_contact_and_days_only_where_there_are_any() -> None:
    with loopback(lambda asked: Told(body=json.dumps(article()).encode())) as server:
        wikipedia = source("de", "nl", base_url=server.url + "/{language}.wikipedia.org")
        payloads = list(wikipedia.fetch(NOW, NOW, client(wikipedia)))
    assert [asked.path.split("/")[1] for asked in server.asked] == ["de.wikipedia.org"] * 4 + ["nl.wikipedia.org"]
    assert all("listener@example.org" in asked.headers["user-agent"] for asked in server.asked)
    assert readings(payloads)[-1].signals[0].url == "https://nl.wikipedia.org/wiki/Sourdough"


@pytest.mark.parametrize("language", ["en.evil.example/", "../x", "EN", "", "e"])
def test_what_is_no_language_is_refused_before_anything_is_asked(language: str) -> None:
    with pytest.raises(PermanentError, match="ENGINE_WIKIPEDIA_LANGUAGES"):
        source(language).fetch(NOW, NOW, client(source()))


def test_the_past_can_not_be_fetched() -> None:
    with pytest.raises(PermanentError, match="the past can't be fetched"):
        source().fetch(NOW - timedelta(hours=1), NOW, client(source()))


@settings(deadline=None)
@given(st.dates(date(2025, 1, 1), date(2040, 1, 1)))
def test_every_day_that_can_still_be_sold_for_is_asked_once_a_day(today: date) -> None:
    start = datetime.combine(today, datetime.min.time(), UTC)
    hours = [days_ahead(start + timedelta(hours=hour)) for hour in range(24)]
    asked = sorted(day for days in hours for day in days)
    assert len(set(asked)) == len(asked)
    assert all(runway_days(day, today) >= 0 for day in asked)
    assert runway_days(asked[0], today) == 0
    assert asked[-1] == today + timedelta(days=HORIZON_DAYS)
    assert (asked[-1] - asked[0]).days == len(asked) - 1, "none is left out"
    assert max(map(len, hours)) <= 4


# --- what is refused


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"title": "Main_Page"}, "title"),
        ({"title": "Special:Search"}, "title"),
        ({"title": "Wikipedia:Hauptseite"}, "title"),
        ({"title": "User_talk:Somebody"}, "title"),
        ({"title": "Mercury_(disambiguation)"}, "title"),
        ({"type": "disambiguation"}, "type"),
        ({"description": "Topics referred to by the same term"}, "description"),
        ({"namespace": {"id": 4}}, "namespace.id"),
        ({"views": -1}, "views"),
        ({"views": True}, "views"),
        ({"title": ""}, "title"),
        ({"title": "x" * 256}, "title"),
        ({"normalizedtitle": "\ud800"}, "normalizedtitle"),
    ],
)
def test_what_is_no_article_is_refused_by_field(fields: dict[str, Any], said: str) -> None:
    (rejected,) = reading(article(**fields)).rejected
    assert said in rejected.reason.split(": ")[0]


@pytest.mark.parametrize("title", ["2001:_A_Space_Odyssey", "Category_theory", "Portal_2", "Special_relativity"])
def test_articles_that_only_look_like_other_pages_are_kept(title: str) -> None:
    assert reading(article(title=title, normalizedtitle=title.replace("_", " "))).signals


@pytest.mark.parametrize("name", ["births", "deaths", "holidays"])
def test_birthdays_and_the_like_are_refused(name: str) -> None:
    (rejected,) = reading({name: [{"text": "Ada Example is born", "year": 1976}]}, DAY).rejected
    assert name in rejected.reason


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (None, "url: None"),
        ("https://en.wikipedia.org/api/rest_v1/feed/onthisday/selected/13/01", "13/01 is no day"),
        ("https://en.wikipedia.org/api/rest_v1/feed/onthisday/selected/02/30", "02/30 is no day"),
        ("https://127.0.0.1/feed/onthisday/selected/02/02", "Wikipedia that was asked"),
    ],
)
def test_without_the_day_that_was_asked_for_there_is_no_anniversary(url: str | None, said: str) -> None:
    (rejected,) = reading({"selected": [{"text": "A loaf is baked", "year": 1977}]}, url).rejected
    assert said in rejected.reason


@pytest.mark.parametrize("document", [{}, [], 7, {"mostread": []}, {"mostread": {"articles": 3}}, {"selected": {}}])
def test_another_document_is_refused_whole(document: object) -> None:
    found = reading(document)
    assert (len(found.signals), len(found.rejected)) == (0, 1)


@settings(deadline=None)
@given(st.integers(-9999, 9999), st.dates(date(2025, 1, 1), date(2040, 12, 31)), st.integers(0, 90))
def test_only_round_anniversaries_of_the_day_are_kept(year: int, today: date, ahead: int) -> None:
    day = today + timedelta(days=ahead)
    url = f"https://en.wikipedia.org/api/rest_v1/feed/onthisday/selected/{day:%m/%d}"
    at = datetime.combine(today, datetime.max.time(), UTC)
    found = reading({"selected": [{"text": "A loaf is baked", "year": year}]}, url, at)
    assert bool(found.signals) == is_round(day.year - year)
    assert all(s.metadata["date"] == day.isoformat() for s in found.signals)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
ARTICLE = article()["mostread"]["articles"][0]
ARTICLES = st.lists(
    st.dictionaries(st.sampled_from([*ARTICLE, "type", "namespace", "description"]), JUNK, max_size=2).map(
        lambda odd: {**ARTICLE, **odd}
    )
    | st.text(max_size=12).map(lambda title: {**ARTICLE, "title": title, "normalizedtitle": title})
    | JUNK,
    max_size=4,
)
EVENT = {"text": "A loaf is baked", "year": 1976, "pages": [{"titles": {"canonical": "Bread", "normalized": "Bread"}}]}
EVENTS = st.lists(
    st.dictionaries(st.sampled_from(list(EVENT)), JUNK, max_size=2).map(lambda odd: {**EVENT, **odd})
    | st.text(max_size=12).map(lambda name: {**EVENT, "pages": [{"titles": {"canonical": name, "normalized": name}}]})
    | JUNK,
    max_size=4,
)


@settings(deadline=None)
@given(ARTICLES, EVENTS, EVENTS, st.just("2026-11-22Z") | JUNK)
def test_every_item_is_accounted_for(articles: list[Any], events: list[Any], births: list[Any], day: object) -> None:
    document = {"mostread": {"date": day, "articles": articles}, "onthisday": events, "births": births}
    found = reading(document)
    assert len(found.signals) + len(found.rejected) == len(articles) + len(events) + len(births)
    assert all("\\u0000" not in s.model_dump_json() for s in found.signals), "PostgreSQL takes no NUL"
