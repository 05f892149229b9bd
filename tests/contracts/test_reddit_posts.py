"""Reddit's listings and its token, and the archive of past hours, as they answer when well and when not."""

from __future__ import annotations

import json
from base64 import b64decode
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
from resources.errors import PermanentError, TransientError, WaitingError
from resources.sources.reddit_posts import RedditPosts
from tests.contracts.exchanges import (
    NO_ANSWERS,
    NOW,
    SALT,
    Asked,
    Told,
    check_no_answer,
    check_silence,
    client,
    fetched,
    loopback,
    readings,
)

ID, SECRET = "client-id-of-a-test", "client-secret-of-a-test"
PAST = NOW - timedelta(hours=1)


def source(*subreddits: str, **more: Any) -> RedditPosts:
    return RedditPosts(SecretStr(ID), SecretStr(SECRET), subreddits, pause=lambda _: None, **more)


def at(url: str, *subreddits: str, **more: Any) -> RedditPosts:
    return RedditPosts(
        SecretStr(ID), SecretStr(SECRET), subreddits, oauth_url=url, reddit_url=url, archive_url=url, **more
    )


def granted(listing: Told) -> Any:
    """A server that gives tokens, and this for anything else."""
    token = {"access_token": "token-of-a-test", "token_type": "bearer", "expires_in": 3600, "scope": "*"}
    return lambda asked: Told(body=json.dumps(token).encode()) if asked.method == "POST" else listing


EMPTY = json.dumps({"kind": "Listing", "data": {"children": [], "after": None}}).encode()


def test_hot_and_rising_of_all_and_of_the_subreddits_are_landed_as_they_came() -> None:
    payloads = fetched(source("Breadit"), "good")
    assert [urlsplit(str(p.url)).path for p in payloads] == [
        "/r/all/hot", "/r/all/rising", "/r/Breadit/hot", "/r/Breadit/rising"
    ]  # fmt: skip
    assert {p.captured_at for p in payloads} == {NOW}
    assert json.loads(payloads[0].body)["data"]["children"][0]["data"]["ups"] == 8412
    found = readings(payloads)
    assert [[s.external_id for s in r.signals] for r in found] == [
        ["1kq001", "1kq002"], ["1kq005"], ["1kq001", "1kq006"], []
    ]  # fmt: skip
    assert found[0].signals[0].counters == Counters(likes=8412, comments=311, dislikes=366)
    assert ["over_18" in r.reason or "stickied" in r.reason for r in found[0].rejected] == [True, True]


def test_a_page_without_optional_fields_is_read_and_each_bad_item_is_named() -> None:
    hot, rising = readings(fetched(source(), "partial"))
    assert [s.content for s in hot.signals] == ["My sourdough finally has an ear"]
    assert hot.signals[0].author is None, "[deleted] is nobody"
    assert [r.reason.split(":")[0] for r in hot.rejected] == ["title", "removed_by_category", "kind"]
    assert not rising.signals + rising.rejected


def test_a_token_is_asked_for_once_and_secrets_travel_in_headers_alone() -> None:
    with loopback(granted(Told(body=EMPTY))) as server:
        reddit = at(server.url, "Breadit")
        payloads = list(reddit.fetch(NOW, NOW, client(reddit)))
    first, *others = server.asked
    assert (first.method, first.path, first.body) == ("POST", "/api/v1/access_token", b"grant_type=client_credentials")
    assert first.headers["authorization"].startswith("Basic ")
    assert [asked.headers["authorization"] for asked in others] == ["bearer token-of-a-test"] * 4
    assert all(parse_qs(urlsplit(a.path).query) == {"limit": ["100"], "raw_json": ["1"]} for a in others)
    assert all("listener@example.org" in asked.headers["user-agent"] for asked in server.asked)
    for secret in (ID, SECRET, "token-of-a-test"):
        assert not any(secret in asked.path for asked in server.asked)
        assert not any(secret in str(p.url) or secret.encode() in p.body for p in payloads)


@pytest.mark.parametrize(
    ("case", "kind", "said"),
    [
        ("unauthorized", PermanentError, "REDDIT_CLIENT_ID"),
        ("no_grant", PermanentError, "unsupported_grant_type.*REDDIT_CLIENT_ID"),
        ("no_token", TransientError, "access_token|expires_in"),
        ("forbidden", PermanentError, "REDDIT_CLIENT_ID"),
        *NO_ANSWERS,
    ],
)
def test_what_is_no_answer_says_whether_a_retry_mends_it(case: str, kind: type[Exception], said: str) -> None:
    check_no_answer(source(), case, kind, said, SECRET)


def test_no_answer_in_time_is_transient() -> None:
    check_silence(at)


def test_an_unchanged_listing_is_the_same_payload(tmp_path: Path) -> None:
    def answer(asked: Asked) -> Told:
        if asked.method == "POST":
            return granted(Told())(asked)  # type: ignore[no-any-return]
        fresh = asked.headers.get("if-none-match") != '"v1"'
        return Told(200 if fresh else 304, EMPTY if fresh else b"", {"etag": '"v1"', "cache-control": "no-cache"})

    with loopback(answer) as server:
        reddit = at(server.url)
        web = client(reddit, folder=tmp_path)
        bodies = [[p.body for p in reddit.fetch(NOW, NOW, web)] for _ in range(2)]
    assert bodies == [[EMPTY, EMPTY]] * 2
    assert [asked.headers.get("if-none-match") for asked in server.asked if asked.method == "GET"][-1] is not None


def test_without_credentials_the_variables_are_named() -> None:
    with pytest.raises(PermanentError, match="REDDIT_CLIENT_ID, REDDIT_CLIENT_SECRET"):
        list(RedditPosts(None, None).fetch(NOW, NOW, client(source())))


@pytest.mark.parametrize("name", ["r/Breadit", "bread it", "../api", "", "a"])
def test_what_is_no_name_of_a_subreddit_is_refused_before_anything_is_asked(name: str) -> None:
    with pytest.raises(PermanentError, match="ENGINE_REDDIT_SUBREDDITS"):
        source(name).fetch(NOW, NOW, client(source()))


def test_nothing_that_lies_about_sends_credentials_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "praw.ini").write_text("[DEFAULT]\noauth_url=http://127.0.0.1:9\nreddit_url=http://127.0.0.1:9\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("praw.config.Config.CONFIG", None)
    for name, value in {"site": "x", "client_id": "y", "username": "u", "password": "p", "refresh_token": "r"}.items():
        monkeypatch.setenv(f"praw_{name}", value)
    with loopback(granted(Told(body=EMPTY))) as server:
        reddit = at(server.url)
        with pytest.warns(UserWarning, match=r"praw\.ini"):
            assert len(list(reddit.fetch(NOW, NOW, client(reddit)))) == 2
    assert server.asked[0].body == b"grant_type=client_credentials"
    assert b64decode(server.asked[0].headers["authorization"].removeprefix("Basic ")).decode() == f"{ID}:{SECRET}"


# --- rate limits


@pytest.mark.parametrize(
    ("remaining", "reset", "paused"),
    [
        ("0", "12", [12.0]),
        ("0.0", str(NOW.timestamp() + 7), [7.0]),
        ("0", str((NOW.timestamp() + 7) * 1000), [7.0]),
        ("0", "-5", [0.0]),
        ("598.0", "12", []),
        ("none", "12", []),
        ("0", "nan", []),
    ],
)
def test_a_short_wait_is_waited(remaining: str, reset: str, paused: list[float]) -> None:
    slept: list[float] = []
    headers = {"x-ratelimit-remaining": remaining, "x-ratelimit-reset": reset, "x-ratelimit-used": "many"}
    with loopback(granted(Told(body=EMPTY, headers=headers))) as server:
        reddit = at(server.url, pause=slept.append)
        assert len(list(reddit.fetch(NOW, NOW, client(reddit)))) == 2
    assert slept == pytest.approx(paused)


@pytest.mark.parametrize("reset", ["600", "9e12", str(NOW.timestamp() + 600)])
def test_for_a_long_wait_the_source_waits_and_what_came_is_kept(reset: str) -> None:
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    came: list[Payload] = []
    with loopback(granted(Told(body=EMPTY, headers=headers))) as server:
        reddit = at(server.url, pause=lambda _: pytest.fail("it must not sleep"))
        with pytest.raises(WaitingError) as error:
            came.extend(reddit.fetch(NOW, NOW, client(reddit)))
    assert len(came) == 1
    assert NOW < error.value.until <= NOW + timedelta(hours=1)


# --- history


def test_a_past_hour_comes_from_the_archive_without_counters() -> None:
    (payload,) = fetched(source("Breadit"), "archive", PAST)
    assert payload.captured_at == NOW.replace(minute=0) - timedelta(microseconds=1)
    (found,) = readings([payload])
    assert [s.external_id for s in found.signals] == ["1kp101", "1kp102"]
    assert {s.counters for s in found.signals} == {Counters()}
    assert found.signals[0].metadata == {"kind": "post", "history": "arctic_shift"}
    assert all(s.author for s in found.signals)
    assert [r.reason.split(":")[0] for r in found.rejected] == ["over_18"]


def test_the_past_needs_a_subreddit_and_the_future_can_not_be_asked() -> None:
    with pytest.raises(PermanentError, match="ENGINE_REDDIT_SUBREDDITS"):
        list(source().fetch(PAST, NOW, client(source())))
    with pytest.raises(PermanentError):
        list(source("Breadit").fetch(NOW + timedelta(hours=1), NOW, client(source())))


@pytest.mark.parametrize("inclusive", [True, False], ids=["inclusive", "exclusive"])
@pytest.mark.parametrize("count", [0, 99, 100, 101, 350])
def test_an_hour_is_paged_by_time_and_no_post_is_lost(inclusive: bool, count: int) -> None:
    start = int(PAST.replace(minute=0).timestamp())
    times = {f"p{i}": start + i * 3599 // max(count - 1, 1) for i in range(count)}

    def archive(asked: Asked) -> Told:
        query = {name: values[0] for name, values in parse_qs(urlsplit(asked.path).query).items()}
        after, before, limit = int(query["after"]), int(query["before"]), int(query["limit"])
        found = [
            {"id": post, "created_utc": at}
            for post, at in times.items()
            if after < at < before or (inclusive and at == after)
        ]
        headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "3"}
        return Told(body=json.dumps({"data": found[:limit]}).encode(), headers=headers)

    slept: list[float] = []
    with loopback(archive) as server:
        reddit = at(server.url, "Breadit", pause=slept.append)
        payloads = list(reddit.fetch(PAST, NOW, client(reddit)))
    seen = {post["id"] for payload in payloads for post in json.loads(payload.body)["data"]}
    assert seen == set(times)
    assert len(payloads) <= count // 90 + 2
    assert slept == [3.0] * len(slept)
    assert slept, "the archive's rate limit is honoured"


@pytest.mark.parametrize("stamp", [0, 1795406400, 9e11, "soon", None])
def test_an_archive_that_stands_still_is_not_asked_for_ever(stamp: object) -> None:
    full = json.dumps({"data": [{"id": f"p{i}", "created_utc": stamp} for i in range(100)]}).encode()
    answered: list[int] = []

    def archive(asked: Asked) -> Told:
        answered.append(1)
        assert len(answered) < 20, "asked again and again"
        return Told(body=full if len(answered) < 10 else b'{"data": []}')

    with loopback(archive) as server:
        reddit = at(server.url, "Breadit")
        payloads = list(reddit.fetch(PAST, NOW, client(reddit)))
        afters = [int(parse_qs(urlsplit(str(p.url)).query)["after"][0]) for p in payloads]
    assert afters == sorted(set(afters)), "each page begins later"


@pytest.mark.parametrize("body", [b'{"data": null, "error": "Timeout"}', b"[]", b"7"])
def test_an_archive_that_answers_otherwise_is_transient(body: bytes) -> None:
    with loopback(lambda asked: Told(body=body)) as server:
        reddit = at(server.url, "Breadit")
        with pytest.raises(TransientError, match="'data'"):
            list(reddit.fetch(PAST, NOW, client(reddit)))


# --- anything that looks like it

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
GOOD = {"id": "a1", "title": "Bread", "subreddit": "Breadit", "created_utc": 1795406400, "score": 1, "num_comments": 0}
POSTS = st.lists(
    st.builds(lambda odd: {**GOOD, **odd}, st.dictionaries(st.sampled_from([*GOOD, "author", "over_18"]), JUNK)) | JUNK,
    max_size=4,
)


@settings(deadline=None)
@given(POSTS, st.booleans())
def test_every_item_is_accounted_for(posts: list[Any], live: bool) -> None:
    children = [{"kind": "t3", "data": post} for post in posts]
    document = {"kind": "Listing", "data": {"children": children}} if live else {"data": posts}
    payload = Payload(source="reddit_posts", captured_at=NOW, body=json.dumps(document).encode())
    found = read(payload, SALT)
    assert len(found.signals) + len(found.rejected) == len(posts)
    assert live or all(s.counters == Counters() for s in found.signals)
    for item in PARSERS["reddit_posts"].items(json.dumps(document)):
        assert all(isinstance(name, str) for name in PARSERS["reddit_posts"].accounts(item))
