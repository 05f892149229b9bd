"""What comes out of good, bad and hostile payloads."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.models import MAX_COUNTER, Counters, Payload, Signal
from pipeline.signals import Reading, merge, read
from pipeline.signals.parsers import PARSERS
from pipeline.signals.parsers.reddit_posts import dislikes
from pipeline.signals.text import clean
from tests import recorded

NOW = datetime(2026, 11, 23, 5, 30, tzinfo=UTC)
SALT = b"salt of the tests"


def post(**fields: Any) -> dict[str, Any]:
    data = {
        "id": "abc1",
        "title": "Look at this bread",
        "subreddit": "Breadit",
        "author": "jane_doe_77",
        "created_utc": NOW.timestamp() - 3600,
        "score": 120,
        "num_comments": 8,
        "upvote_ratio": 0.97,
        "over_18": False,
        "stickied": False,
        **fields,
    }
    return {"kind": "t3", "data": {k: v for k, v in data.items() if v is not ...}}


def video(snippet: dict[str, Any] | None = None, statistics: dict[str, Any] | None = None, **fields: Any) -> Any:
    snip = {
        "title": "How to braid bread",
        "channelTitle": "Jane Bakes",
        "channelId": "UC123",
        "categoryId": "26",
        "publishedAt": "2026-11-22T10:00:00Z",
        "tags": ["bread", "Jane Bakes"],
        **(snippet or {}),
    }
    stats = {"viewCount": "1500", "likeCount": "90", "commentCount": "12", **(statistics or {})}
    item = {"id": "dQw4w9WgXcQ", "snippet": snip, "statistics": stats, **fields}
    for part in (item, snip, stats):
        for key in [key for key, value in part.items() if value is ...]:
            del part[key]
    return item


def body(*items: Any, source: str = "reddit_posts") -> bytes:
    if source == "reddit_posts":
        return json.dumps({"kind": "Listing", "data": {"children": items}}).encode()
    return json.dumps({"kind": "youtube#videoListResponse", "items": items}).encode()


def reading(data: bytes, source: str = "reddit_posts") -> Reading:
    return read(Payload(source=source, captured_at=NOW, body=data), SALT)


def one(*items: Any, source: str = "reddit_posts") -> Signal:
    found = reading(body(*items, source=source), source)
    assert not found.rejected
    (signal,) = found.signals
    return signal


def reason(item: Any, source: str = "reddit_posts") -> str:
    good = post(id="good") if source == "reddit_posts" else video(id="good")
    found = reading(body(item, good, source=source), source)
    assert [signal.external_id for signal in found.signals] == ["good"], "the rest goes on"
    (rejected,) = found.rejected
    assert rejected.index == 0
    return rejected.reason


# --- good ones


def test_a_reddit_post_becomes_a_signal() -> None:
    signal = one(post(title="Bread &amp; butter\n\nfor\u200b all", link_flair_text="Crumb &amp; crust", view_count=900))
    assert signal.content == "Bread & butter for all"
    assert signal.category == "Breadit"
    assert signal.counters == Counters(likes=120, comments=8, views=900, dislikes=4)
    assert signal.metadata == {"kind": "post", "upvote_ratio": 0.97, "flair": "Crumb & crust"}
    assert signal.published_at == NOW - timedelta(hours=1)
    assert signal.url == "https://www.reddit.com/comments/abc1/"


@given(st.integers(1, 400), st.integers(0, 400))
def test_votes_against_follow_from_the_score_and_the_ratio(up: int, down: int) -> None:
    """As exactly as a ratio of two digits tells them; of a score that is not told, the fewest there can be."""
    score, ratio = max(up - down, 0), round(up / (up + down), 2)
    found = dislikes(score, ratio)
    if score and ratio > 0.5:
        shares = [(score + found) / (score + 2 * found), up / (up + down)]
        assert abs(shares[0] - shares[1]) <= 0.01
    else:
        assert 1 <= found <= max(down, 100)


def test_without_the_ratio_votes_against_are_not_known() -> None:
    assert one(post(upvote_ratio=None)).counters.dislikes is None


def test_a_negative_score_is_no_likes_but_is_kept() -> None:
    signal = one(post(score=-7))
    assert signal.counters.likes == 0
    assert signal.metadata["score"] == -7


def test_an_array_of_listings_is_read_in_order() -> None:
    listings = [json.loads(body(post(id="a1"), post(id="b2"))), json.loads(body(post(id="c3")))]
    assert [s.external_id for s in reading(json.dumps(listings).encode()).signals] == ["a1", "b2", "c3"]


def test_a_video_becomes_a_signal() -> None:
    signal = one(video(), source="youtube_videos")
    assert signal.content == "How to braid bread"
    assert signal.category == "Howto & Style"
    assert signal.counters == Counters(likes=90, comments=12, views=1500)
    assert signal.metadata == {"kind": "post", "tags": ["bread"]}


def test_hidden_counters_are_absent_not_zero() -> None:
    signal = one(video(statistics={"likeCount": ..., "commentCount": ...}), source="youtube_videos")
    assert signal.counters == Counters(views=1500)


def test_names_of_accounts_never_enter_a_signal() -> None:
    reddit = one(post(title="u/jane_doe_77 and @jane_doe_77 bake bread"))
    youtube = one(video({"title": "Braided bread | jane bakes"}), source="youtube_videos")
    assert reddit.content == "and bake bread"
    assert youtube.content == "Braided bread"
    for signal in (reddit, youtube):
        assert "jane" not in signal.model_dump_json().lower()


def test_names_of_accounts_never_enter_the_quarantine() -> None:
    (rejected,) = reading(body(post(score="many"))).rejected
    assert "jane_doe_77" not in rejected.excerpt
    assert '"author": "***"' in rejected.excerpt


def test_identity_does_not_change_with_counters_or_time() -> None:
    early = one(post(score=1))
    later = read(Payload(source="reddit_posts", captured_at=NOW + timedelta(hours=3), body=body(post(score=900))), SALT)
    assert later.signals[0].id == early.id
    assert one(post(id="zzz")).id != early.id


# --- bad items


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"title": ...}, "title: missing"),
        ({"score": ..., "num_comments": ...}, "score: missing; num_comments: missing"),
        ({"title": "   \u200b\n"}, "title"),
        ({"title": "🔥🔥🔥"}, "has no word"),
        ({"title": "x" * 501}, "501 characters"),
        ({"title": "a" * 5001}, "5,001 characters"),
        ({"title": "broken \ufffd bread"}, "U+FFFD"),
        ({"title": "half \ud83d bread"}, "surrogate"),
        ({"title": 7}, "title: 7"),
        ({"score": MAX_COUNTER + 1}, f"score: {MAX_COUNTER + 1}"),
        ({"score": True}, "score: True"),
        ({"score": "12"}, "score: '12'"),
        ({"score": None}, "score: None"),
        ({"num_comments": -1}, "num_comments: -1"),
        ({"num_comments": 10**30}, "num_comments: 1000"),
        ({"num_comments": 1.5}, "num_comments: 1.5"),
        ({"num_comments": float("nan")}, "num_comments: nan"),
        ({"created_utc": NOW.timestamp() + 301}, "published_at: 2026-11-23T05:35:01+00:00 lies after"),
        ({"created_utc": 1e300}, "created_utc: 1e+300"),
        ({"created_utc": True}, "created_utc: True"),
        ({"created_utc": float("inf")}, "created_utc: inf"),
        ({"upvote_ratio": 1.2}, "upvote_ratio: 1.2"),
        ({"over_18": True}, "over_18: True"),
        ({"stickied": True}, "stickied: True"),
        ({"removed_by_category": "moderator"}, "removed_by_category: 'moderator'"),
        ({"subreddit": "u_jane_doe_77"}, "subreddit: u_***"),
        ({"id": "../etc"}, "id: '../etc'"),
    ],
)
def test_a_bad_post_is_refused_with_field_value_and_fault(fields: dict[str, Any], said: str) -> None:
    assert said in reason(post(**fields))


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"kind": "t1", "data": {}}, "kind: 't1' is not a post"),
        ({"kind": "more"}, "kind: 'more'"),
        ({"kind": "t3"}, "data: missing"),
        ("t3", "item: expected an object, got 't3'"),
        (None, "item: expected an object, got None"),
    ],
)
def test_a_child_that_is_no_post_is_refused(item: Any, said: str) -> None:
    assert said in reason(item)


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (video({"title": ...}), "snippet.title: missing"),
        (video(statistics=None, snippet={"publishedAt": ...}), "snippet.publishedAt: missing"),
        (video(id=...), "id: missing"),
        ({"id": "abc", "snippet": {"title": "Bread", "publishedAt": "2026-11-22T10:00:00Z"}}, "statistics: missing"),
        (video(statistics={"viewCount": "-5"}), "statistics.viewCount: '-5'"),
        (video(statistics={"viewCount": "9" * 25}), "statistics.viewCount: 99999"),
        (video(statistics={"viewCount": "1e9"}), "statistics.viewCount: '1e9'"),
        (video(statistics={"viewCount": False}), "statistics.viewCount: False"),
        (video({"publishedAt": 1700000000}), "snippet.publishedAt: 1700000000"),
        (video({"publishedAt": "2026-11-22T10:00:00"}), "snippet.publishedAt"),
        (video({"publishedAt": "2026-11-24T00:00:00Z"}), "lies after"),
        (video({"tags": "bread"}), "snippet.tags"),
        (video({"title": "Jane Bakes"}), "nothing is left"),
        (["a list"], "item: ['a list']"),
    ],
)
def test_a_bad_video_is_refused_with_field_value_and_fault(item: Any, said: str) -> None:
    assert said in reason(item, "youtube_videos")


def test_a_clock_five_minutes_ahead_is_forgiven() -> None:
    assert one(post(created_utc=NOW.timestamp() + 299))


# --- bad payloads


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "body: empty"),
        (b" \n\t", "body: empty"),
        (body(post(), post(id="b2"))[:-40], "breaks off"),
        (body(post())[:200], "breaks off"),
        (b"<!DOCTYPE html><html><body>Our CDN was unable", "HTML or XML instead of JSON"),
        (b"\xff\xfe\x00\x01", "body: not JSON"),
        (b"Too Many Requests", "body: not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON that can be read"),
        (b"null", "got None"),
        (b"{}", "got an empty object"),
        (b'{"message": "Forbidden", "error": 403}', "got an object with 'message', 'error'"),
        (b'{"kind": "Listing", "data": {"children": {}}}', "children"),
        (b'[{"kind": "Listing", "data": {"children": []}}, 7]', "got 7"),
    ],
)
def test_a_payload_that_can_not_be_understood_is_one_refusal(data: bytes, said: str) -> None:
    found = reading(data)
    assert not found.signals
    (rejected,) = found.rejected
    assert rejected.index == 0
    assert said in rejected.reason


def test_an_empty_listing_is_no_fault() -> None:
    assert reading(body()) == Reading()


def test_an_unknown_source_is_named_with_the_known_ones() -> None:
    (rejected,) = reading(b"[]", "myspace_bulletins").rejected
    assert "'myspace_bulletins' has no parser; there are bluesky_trends, " in rejected.reason


def test_broken_utf_8_costs_only_the_items_it_is_in() -> None:
    data = json.dumps(
        {"kind": "Listing", "data": {"children": [post(id="a1", title="Crème brûlée"), post(id="b2")]}},
        ensure_ascii=False,
    ).encode()
    found = reading(data.replace("è".encode(), "è".encode()[:1]))
    assert [signal.external_id for signal in found.signals] == ["b2"]
    assert "U+FFFD" in found.rejected[0].reason


# --- whatever comes

FIELDS = [
    "kind",
    "data",
    "children",
    "items",
    "id",
    "snippet",
    "title",
    "statistics",
    "occasions",
    "anniversaries",
    "name",
]
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(FIELDS) | st.text(max_size=5),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)
SOURCES = st.sampled_from([*PARSERS, "unknown"])


@given(SOURCES, st.binary(max_size=300))
@example("reddit_posts", b'{"kind": "Listing", "data": {"children": [' + b"[" * 900 + b"]" * 900 + b"]}}")
def test_no_bytes_make_reading_raise(source: str, data: bytes) -> None:
    found = reading(data, source)
    assert len(found.rejected) <= 1


@given(SOURCES, JSONS)
def test_no_json_makes_reading_raise(source: str, document: Any) -> None:
    reading(json.dumps(document).encode(), source)


@given(
    st.lists(
        st.one_of(
            JSONS,
            st.builds(lambda extra: post(**extra), st.dictionaries(st.sampled_from(sorted(post()["data"])), JSONS)),
        ),
        max_size=6,
    )
)
def test_every_item_is_a_signal_or_a_refusal(items: list[Any]) -> None:
    found = reading(body(*items))
    assert len(found.signals) + len(found.rejected) == len(items)
    for text in [r.reason for r in found.rejected] + [r.excerpt for r in found.rejected]:
        text.encode()
        assert "\x00" not in text
    for signal in found.signals:
        assert "\\u0000" not in signal.model_dump_json()


@given(st.text(st.characters()) | st.text("&amp;lt#x20AC\u037e\u200b\u0301e\n "))
def test_cleaning_twice_is_cleaning_once(raw: str) -> None:
    text = clean(raw)
    assert clean(text) == text
    assert text == " ".join(text.split())


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("Tom &amp;amp; Jerry", "Tom & Jerry"),
        ("&lt;b&gt;bold&lt;/b&gt;", "<b>bold</b>"),
        ("one\r\n\ttwo\x00three", "one two three"),
        ("zero\u200bwidth\ufeff and \u202eright\u202c", "zero width and right"),
        ("cafe\u0301", "café"),
    ],
)
def test_cleaning(raw: str, text: str) -> None:
    assert clean(raw) == text


# --- merging


def sighting(likes: int | None, comments: int | None = None, minute: int = 0, name: str = "x") -> Signal:
    return Signal(
        source="reddit_posts",
        external_id=name,
        content="Bread",
        captured_at=NOW + timedelta(minutes=minute),
        counters=Counters(likes=likes, comments=comments),
    )


def test_sightings_at_one_moment_are_one_signal_with_the_higher_counters() -> None:
    merged = merge([sighting(5, None), sighting(1, name="y"), sighting(3, 2)])
    assert [(s.external_id, s.counters) for s in merged] == [
        ("x", Counters(likes=5, comments=2)),
        ("y", Counters(likes=1)),
    ]


def test_sightings_at_different_moments_stay_apart() -> None:
    assert len(merge([sighting(5), sighting(6, minute=10)])) == 2


counts = st.none() | st.integers(0, 9)


@given(st.lists(st.builds(sighting, counts, counts, st.integers(0, 1), st.sampled_from("xyz"))))
def test_merging_is_idempotent_and_keeps_order(seen: list[Signal]) -> None:
    merged = merge(seen)
    assert merge(merged) == merged
    assert [s.id for s in merged] == [s.id for s in {(s.id, s.captured_at): s for s in seen}.values()]


# --- recorded answers of the real APIs

needs_data = pytest.mark.skipif(not recorded.available(), reason="recorded data ($ENGINE_SHARED/data) is not here")


@needs_data
def test_recorded_reddit_listings() -> None:
    found = [read(payload, SALT) for payload in (recorded.reddit_listing(), *recorded.reddit_cassettes())]
    assert [(len(r.signals), len(r.rejected)) for r in found] == [(10, 1), (98, 2), (97, 5), (94, 6), (93, 7)]
    for payload, result in zip(recorded.reddit_cassettes(), found[1:], strict=True):
        authors = {child["data"]["author"] for child in json.loads(payload.body)["data"]["children"]}
        known = " ".join(s.model_dump_json() for s in result.signals).split('"')
        assert not authors & set(known)


@needs_data
def test_a_recorded_youtube_day() -> None:
    payload = recorded.youtube_chart(recorded.youtube_days()[0])
    found = read(payload, SALT)
    assert len(found.signals) + len(found.rejected) == len(json.loads(payload.body)["items"]) == 2233
    assert all("U+FFFD" in r.reason or "nothing is left" in r.reason for r in found.rejected)
    assert len(found.rejected) < 10
    merged = merge(found.signals)
    assert len({s.id for s in merged}) == len(merged) < len(found.signals)
