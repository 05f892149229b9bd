"""What Instagram's Graph API answers, and what becomes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from pipeline.models import Counters
from resources.errors import PermanentError, TransientError
from resources.fetching import Answer
from resources.fetching.base import Quota
from resources.sources.instagram_hashtags import InstagramHashtags
from tests.contracts import trend_exchanges as exchange

EMPTY = exchange.Reply(b'{"data": []}')


def asked_for(*hashtags: str, base_url: str = "http://127.0.0.1:9") -> InstagramHashtags:
    return InstagramHashtags(SecretStr(exchange.TOKEN), exchange.USER_ID, hashtags, base_url=base_url)


def answer(path: str) -> exchange.Reply:
    """An API that knows every hashtag, and no posts."""
    if "ig_hashtag_search" in path:
        return exchange.Reply(b'{"data": [{"id": "17"}]}')
    return exchange.Reply(b'{"id": "17", "name": "tea"}') if "fields=id%2Cname" in path else EMPTY


def test_a_hashtag_and_its_posts_become_signals(tmp_path: Path) -> None:
    with exchange.played(exchange.recorded("instagram_hashtags", "good"), tmp_path) as cassette:
        payloads = exchange.fetched(exchange.ASKED["instagram_hashtags"]())
        assert cassette.all_played
    assert [(payload.url or "").rpartition("/")[2] for payload in payloads] == [
        "17843857450040591#sourdough_bread", "top_media#sourdough_bread", "recent_media#sourdough_bread",
    ]  # fmt: skip
    assert exchange.reasons(payloads) == []
    tag, loaf, basket, again, rye = exchange.signals(payloads)
    assert (tag.content, tag.counters) == ("sourdough bread", Counters())
    assert tag.metadata == {"kind": "post", "tags": ["sourdough_bread"]}
    assert loaf.content == "Scored a leaf into this loaf 🍞"
    assert loaf.counters == Counters(likes=812, comments=33)
    assert loaf.category == "sourdough_bread"
    assert loaf.published_at == datetime(2026, 11, 23, 4, 1, tzinfo=UTC)
    assert loaf.metadata == {"kind": "post", "tags": ["sourdough", "BreadArt"], "media_type": "IMAGE"}
    assert loaf.url == "https://www.instagram.com/p/C101/"
    assert loaf.author is None
    assert again.id == loaf.id
    assert basket.content == "A basket for the cat"
    assert rye.url is None, "its address names an account"
    assert "jo_bakes" not in json.dumps([s.model_dump(mode="json") for s in (tag, loaf, basket, again, rye)])


def test_what_is_missing_or_odd_costs_only_its_item(tmp_path: Path) -> None:
    with exchange.played(exchange.recorded("instagram_hashtags", "partial"), tmp_path):
        payloads = exchange.fetched(exchange.ASKED["instagram_hashtags"]())
    _, hidden, timeless = exchange.signals(payloads)
    assert hidden.counters == Counters(likes=None, comments=33)
    assert timeless.published_at is None
    for reason, part in zip(
        exchange.reasons(payloads),
        ["caption: missing", "caption: '🍞🍞🍞'", "caption: 'nsfwart': not safe for work", "id: 'abc'"],
        strict=True,
    ):
        assert part in reason


def test_the_token_travels_in_a_header_alone_and_no_username_is_asked_for() -> None:
    with exchange.served(answer) as server:
        exchange.fetched(exchange.at("instagram_hashtags", server.base_url))
    assert len(server.asked) == 4
    for asked in server.asked:
        assert asked.headers["authorization"] == f"Bearer {exchange.TOKEN}"
        assert exchange.TOKEN not in asked.path
        assert "username" not in asked.path


class Ledger:
    """A `Web` that notes what is spent, and on what."""

    def __init__(self) -> None:
        self.spent: list[tuple[str, int]] = []

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        expect: str = "json",
        cost: int = 1,
        quota_key: str = "",
    ) -> Answer:
        self.spent.append((quota_key, cost))
        reply = answer(f"{url}?{'ig_hashtag_search' if 'search' in url else ''}")
        return Answer(200, {}, reply.body, reply.media_type, url)

    send = get


def test_the_quota_is_spent_on_hashtags_and_on_nothing_else() -> None:
    ledger = Ledger()
    source = asked_for("tea", "Tea", "bread")
    list(source.fetch(exchange.NOW, exchange.NOW, ledger))  # type: ignore[arg-type]
    assert {key for key, _ in ledger.spent} == {"tea", "bread"}
    assert source.spec.quota == Quota(units=30, window=timedelta(days=7), distinct=True)


@pytest.mark.parametrize("hashtags", [[], ["#tea"], ["tea time"], [""], ["🍞"], [f"tag{n}" for n in range(31)]])
def test_hashtags_that_can_not_be_right_are_named(hashtags: list[str]) -> None:
    with pytest.raises(PermanentError, match="ENGINE_INSTAGRAM_HASHTAGS="):
        exchange.fetched(asked_for(*hashtags))


@pytest.mark.parametrize(
    ("token", "user_id", "said"),
    [
        (None, exchange.USER_ID, "set INSTAGRAM_ACCESS_TOKEN"),
        (SecretStr(exchange.TOKEN), None, "INSTAGRAM_USER_ID"),
        (SecretStr(exchange.TOKEN), "jo_bakes", r"INSTAGRAM_USER_ID=\*\*\*"),
    ],
)
def test_credentials_that_can_not_be_right_are_named(token: SecretStr | None, user_id: str | None, said: str) -> None:
    with pytest.raises(PermanentError, match=said):
        exchange.fetched(InstagramHashtags(token, user_id, ["tea"], base_url="http://127.0.0.1:9"))


def test_a_hashtag_that_is_refused_is_named_with_what_the_api_said() -> None:
    reply = exchange.Reply(
        b'{"error": {"message": "Invalid parameter", "type": "OAuthException", "code": 100}}', status=400
    )
    with (
        exchange.served(lambda path: reply) as server,
        pytest.raises(PermanentError, match="ENGINE_INSTAGRAM_HASHTAGS") as e,
    ):
        exchange.fetched(exchange.at("instagram_hashtags", server.base_url))
    assert "'tea'" in str(e.value)
    assert exchange.TOKEN not in str(e.value)


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"data": []}', b'{"data": [{"id": 17}]}', b'{"data": [{"id": "../me"}]}']
)
def test_a_search_without_an_id_leads_to_no_request(body: bytes) -> None:
    with exchange.served(lambda path: exchange.Reply(body)) as server, pytest.raises(TransientError, match="no id"):
        exchange.fetched(exchange.at("instagram_hashtags", server.base_url))
    assert len(server.asked) == 1
