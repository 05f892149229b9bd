"""The charts of the YouTube Data API, as they answer when well and when not."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from pipeline.models import Counters, Payload
from pipeline.signals import read
from pipeline.signals.parsers import PARSERS
from resources.errors import PermanentError
from resources.fetching.base import Quota
from resources.sources.youtube_videos import PAGES, YoutubeVideos
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

KEY = "api-key-of-a-test"


def source(*regions: str, **more: Any) -> YoutubeVideos:
    return YoutubeVideos(SecretStr(KEY), regions or ("US",), **more)


def chart(*ids: str, following: str | None = None) -> bytes:
    document: dict[str, Any] = {"kind": "youtube#videoListResponse", "items": [{"id": each} for each in ids]}
    return json.dumps(document | ({"nextPageToken": following} if following else {})).encode()


def test_a_chart_is_landed_page_by_page_as_it_came() -> None:
    payloads = fetched(source(), "good")
    assert [json.loads(p.body)["pageInfo"]["totalResults"] for p in payloads] == [5, 5]
    assert {p.captured_at for p in payloads} == {NOW}
    first, second = readings(payloads)
    assert not first.rejected + second.rejected
    assert [s.external_id for s in first.signals + second.signals] == [f"aaaaaaaaaa{n}" for n in range(1, 6)]
    rain, castle, *_ = first.signals
    assert rain.counters == Counters(likes=90_000, comments=4_100, views=1_500_000)
    assert rain.metadata == {"kind": "post", "tags": ["lofi", "rain"], "topics": ["Music", "Hip hop music"]}
    assert castle.content == "Tiny castle speed build", "the channel's name is taken out"
    assert rain.author
    assert rain.author != castle.author


def test_a_page_without_optional_fields_is_read_and_a_bad_item_is_named() -> None:
    (found,) = readings(fetched(source(), "partial"))
    (signal,) = found.signals
    assert signal.counters == Counters(views=1_500_000)
    assert (signal.category, signal.metadata) == (None, {"kind": "post"})
    assert [r.reason for r in found.rejected] == ["snippet.title: missing"]


@pytest.mark.parametrize(
    ("case", "kind", "said"),
    [
        ("unauthorized", PermanentError, "YOUTUBE_API_KEY"),
        ("forbidden", PermanentError, "YOUTUBE_API_KEY"),
        *NO_ANSWERS,
    ],
)
def test_what_is_no_answer_says_whether_a_retry_mends_it(case: str, kind: type[Exception], said: str) -> None:
    check_no_answer(source(), case, kind, said, KEY)


def test_no_answer_in_time_is_transient() -> None:
    check_silence(lambda url: source(base_url=url))


def test_an_unchanged_chart_is_the_same_payload(tmp_path: Path) -> None:
    body = chart("a", "b")
    with loopback(conditional(body)) as server:
        youtube = source(base_url=server.url)
        web = client(youtube, folder=tmp_path)
        assert [[p.body for p in youtube.fetch(NOW, NOW, web)] for _ in range(2)] == [[body], [body]]
    assert [asked.headers.get("if-none-match") for asked in server.asked if asked.method == "GET"][-1] is not None


def test_regions_and_categories_are_asked_one_by_one_with_the_key_in_a_header() -> None:
    with loopback(lambda asked: Told(body=chart("a"))) as server:
        youtube = source("us", "GB", categories=("10", "20"), base_url=server.url)
        payloads = list(youtube.fetch(NOW, NOW, client(youtube)))
    queries = [parse_qs(urlsplit(asked.path).query) for asked in server.asked]
    assert [(q["regionCode"][0], q["videoCategoryId"][0]) for q in queries] == [
        ("US", "10"), ("US", "20"), ("GB", "10"), ("GB", "20")
    ]  # fmt: skip
    assert all(q["part"] == ["snippet,statistics,topicDetails"] and q["maxResults"] == ["50"] for q in queries)
    assert {asked.headers["x-goog-api-key"] for asked in server.asked} == {KEY}
    assert all("listener@example.org" in asked.headers["user-agent"] for asked in server.asked)
    assert not any(KEY in asked.path for asked in server.asked)
    assert not any(KEY in str(p.url) or KEY.encode() in p.body for p in payloads)


def test_a_chart_without_end_is_left_after_200_videos() -> None:
    with loopback(lambda asked: Told(body=chart("a", following="again"))) as server:
        youtube = source(base_url=server.url)
        assert len(list(youtube.fetch(NOW, NOW, client(youtube)))) == PAGES == len(server.asked)


@pytest.mark.parametrize("body", [b"[]", b"7", b'{"items": 3}', b'{"nextPageToken": {}}', b"null"])
def test_json_of_another_shape_is_landed_and_refused_whole(body: bytes) -> None:
    with loopback(lambda asked: Told(body=body)) as server:
        youtube = source(base_url=server.url)
        payloads = list(youtube.fetch(NOW, NOW, client(youtube)))
    assert payloads[0].body == body
    assert "'items'" in readings(payloads)[0].rejected[0].reason


def test_each_page_costs_a_unit_of_the_quota() -> None:
    class Counted:
        def __init__(self) -> None:
            self.costs: list[int] = []
            self.inner = client(source())

        def send(self, method: str, url: str, **more: Any) -> Any:
            self.costs.append(more["cost"])
            return self.inner.send(method, url, **more)

    web: Any = Counted()
    with loopback(lambda asked: Told(body=chart("a", following=None if "pageToken" in asked.path else "x"))) as server:
        list(source(base_url=server.url).fetch(NOW, NOW, web))
    assert web.costs == [1, 1]
    assert YoutubeVideos.spec.quota == Quota(units=10_000, window=timedelta(days=1))


def test_no_key_and_no_past() -> None:
    with pytest.raises(PermanentError, match="YOUTUBE_API_KEY"):
        list(YoutubeVideos(None).fetch(NOW, NOW, client(source())))
    with pytest.raises(PermanentError, match="the past can't be fetched"):
        list(source().fetch(NOW - timedelta(hours=1), NOW, client(source())))


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
PAGE = st.text(max_size=12).map(lambda name: f"https://en.wikipedia.org/wiki/{name}%00%ff") | st.text(max_size=12)
SNIPPET = {"title": "Rain on a roof", "channelTitle": "Rain", "publishedAt": "2026-11-22T17:00:06Z"}
VIDEOS = st.lists(
    st.builds(
        lambda snippet, statistics, topics: {
            "id": "aaaaaaaaaa1",
            "snippet": {**SNIPPET, **snippet},
            "statistics": {"viewCount": "12", **statistics},
            "topicDetails": topics,
        },
        st.dictionaries(st.sampled_from([*SNIPPET, "tags", "categoryId", "channelId"]), JUNK, max_size=2),
        st.dictionaries(st.sampled_from(["viewCount", "likeCount", "commentCount"]), JUNK, max_size=2),
        st.fixed_dictionaries({}, optional={"topicCategories": st.lists(PAGE, max_size=2) | JUNK}) | JUNK,
    )
    | JUNK,
    max_size=4,
)


@settings(deadline=None)
@given(VIDEOS)
def test_every_item_is_accounted_for(videos: list[Any]) -> None:
    payload = Payload(source="youtube_videos", captured_at=NOW, body=json.dumps({"items": videos}).encode())
    found = read(payload, SALT)
    assert len(found.signals) + len(found.rejected) == len(videos)
    assert all("\\u0000" not in s.model_dump_json() for s in found.signals), "PostgreSQL takes no NUL"
    for item in videos:
        assert all(isinstance(name, str) for name in PARSERS["youtube_videos"].accounts(item))
