"""What Bluesky answers, and what becomes of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from pipeline.models import Counters, Payload
from resources.sources.bluesky_trends import BlueskyTrends
from tests.contracts import trend_exchanges as exchange


def test_trends_become_signals_without_the_people_behind_them(tmp_path: Path) -> None:
    with exchange.played(exchange.recorded("bluesky_trends", "good"), tmp_path) as cassette:
        payloads = exchange.fetched(BlueskyTrends())
        assert cassette.all_played
    assert exchange.reasons(payloads) == []
    comet, baking = exchange.signals(payloads)
    assert (comet.content, comet.category) == ("Great Comet", "pop-culture")
    assert comet.counters == Counters(comments=918)
    assert comet.published_at == datetime(2026, 11, 23, 2, 10, 40, 613000, tzinfo=UTC)
    assert comet.url is None  # it names the account that keeps the feed
    assert comet.metadata == {"kind": "post", "status": "hot"}
    assert comet.author is None
    assert baking.content == "Bake Off Final"
    assert baking.url is None, "the feed of an account"
    told = json.dumps([signal.model_dump(mode="json") for signal in (comet, baking)])
    assert not [name for name in ("ana.example", "Ana Example", "did:plc") if name in told]


def test_what_is_missing_or_odd_costs_only_its_item(tmp_path: Path) -> None:
    with exchange.played(exchange.recorded("bluesky_trends", "partial"), tmp_path):
        payloads = exchange.fetched(BlueskyTrends())
    assert [signal.content for signal in exchange.signals(payloads)] == ["Owls"]
    for reason, part in zip(
        exchange.reasons(payloads),
        ["postCount: missing", "startedAt: None", "startedAt: 17953", "displayName: 'Porn': not safe", "topic: ''"],
        strict=True,
    ):
        assert part in reason


def test_the_quarantine_masks_actors() -> None:
    trend = {"topic": "Owls", "actors": [{"did": "did:plc:x", "handle": "ana.example", "displayName": "Ana"}]}
    body = json.dumps({"trends": [trend]}).encode()
    (found,) = exchange.readings([Payload(source="bluesky_trends", captured_at=exchange.NOW, body=body)])
    (rejected,) = found.rejected
    assert not [name for name in ("ana.example", "Ana", "did:plc") if name in rejected.excerpt]


def test_a_method_that_is_gone_is_one_refusal() -> None:
    body = b'{"error": "MethodNotImplemented", "message": "Method Not Implemented"}'
    (reason,) = exchange.reasons([Payload(source="bluesky_trends", captured_at=exchange.NOW, body=body)])
    assert "expected an object with a list 'trends'" in reason
