"""What Hacker News answers, and what becomes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.models import Counters, Payload
from resources.errors import TransientError
from resources.sources.hackernews_stories import STORIES, HackernewsStories
from tests.contracts import trend_exchanges as exchange


def test_top_stories_become_signals_in_their_order(tmp_path: Path) -> None:
    with exchange.played(exchange.recorded("hackernews_stories", "good"), tmp_path) as cassette:
        payloads = exchange.fetched(HackernewsStories())
        assert cassette.all_played
    assert exchange.reasons(payloads) == []
    keyboard, bread, owls = exchange.signals(payloads)
    assert keyboard.content == "A cat-shaped keyboard in Rust"
    assert keyboard.counters == Counters(likes=310, comments=42)
    assert keyboard.url == "https://news.ycombinator.com/item?id=901"
    assert keyboard.category is None
    assert [bread.category, owls.category] == ["Ask HN", "Show HN"]
    assert keyboard.author == bread.author is not None
    assert "jo_codes" not in json.dumps([signal.model_dump(mode="json") for signal in (keyboard, bread, owls)])


def test_one_payload_holds_the_bytes_of_every_item(tmp_path: Path) -> None:
    good = exchange.recorded("hackernews_stories", "good")
    with exchange.played(good, tmp_path):
        (payload,) = exchange.fetched(HackernewsStories())
    pieces = [each["response"]["body"]["string"].encode() for each in good[1:]]
    assert payload.body == b"[" + b",\n".join(pieces) + b"]"


def test_what_is_no_story_costs_only_its_item(tmp_path: Path) -> None:
    with exchange.played(exchange.recorded("hackernews_stories", "partial"), tmp_path):
        payloads = exchange.fetched(HackernewsStories())
    (kept,) = exchange.signals(payloads)
    assert kept.counters == Counters(likes=310, comments=None)
    for reason, part in zip(
        exchange.reasons(payloads),
        ["score: missing", "item: expected an object, got None", "deleted: True", "dead: True", "type: 'job'",
         "title: 'NSFW'"],
        strict=True,
    ):  # fmt: skip
        assert part in reason


def test_as_many_are_asked_for_as_its_manners_allow_in_a_minute() -> None:
    def answer(path: str) -> exchange.Reply:
        if path.endswith("topstories.json"):
            return exchange.Reply(json.dumps(list(range(1, 501))).encode())
        return exchange.Reply(b"null\n")

    with exchange.served(answer) as server:
        (payload,) = exchange.fetched(exchange.at("hackernews_stories", server.base_url))
    assert len(server.asked) == STORIES + 1 <= HackernewsStories.spec.requests_per_minute
    assert json.loads(payload.body) == [None] * STORIES


@pytest.mark.parametrize("body", [b"{}", b'["../x"]', b"[true]", b"null", b"[1.5]"])
def test_what_is_no_list_of_ids_leads_to_no_request(body: bytes) -> None:
    with (
        exchange.served(lambda path: exchange.Reply(body)) as server,
        pytest.raises(TransientError, match="no list of ids"),
    ):
        exchange.fetched(exchange.at("hackernews_stories", server.base_url))
    assert len(server.asked) == 1


def test_the_quarantine_masks_the_poster() -> None:
    body = json.dumps([{"type": "story", "id": 1, "by": "jo_codes"}]).encode()
    (found,) = exchange.readings([Payload(source="hackernews_stories", captured_at=exchange.NOW, body=body)])
    assert "jo_codes" not in found.rejected[0].excerpt
