"""What Google Trends answers, and what becomes of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.models import Counters, Payload
from pipeline.signals import read
from resources.errors import PermanentError, TransientError
from resources.sources.google_trends import GoogleTrends
from tests.contracts import trend_exchanges as exchange


def test_a_feed_of_each_region_becomes_signals(tmp_path: Path) -> None:
    with exchange.played(exchange.recorded("google_trends", "good"), tmp_path) as cassette:
        payloads = exchange.fetched(GoogleTrends(["US", "GB"]))
        assert cassette.all_played
    assert [payload.url for payload in payloads] == [
        "https://trends.google.com/trending/rss?geo=US",
        "https://trends.google.com/trending/rss?geo=GB",
    ]
    assert {payload.media_type for payload in payloads} == {"application/rss+xml"}
    assert exchange.reasons(payloads) == []
    bread, meteors, abroad = exchange.signals(payloads)
    assert (bread.content, bread.category) == ("sourdough bread day", "US")
    assert bread.published_at == datetime(2026, 11, 23, 5, 10, tzinfo=UTC)
    assert bread.counters == Counters(views=20_000)
    assert bread.metadata == {
        "kind": "post",
        "lower_bounds": ["views"],
        "news": ["Bakers & friends celebrate", "How to feed a starter"],
    }
    assert bread.author is None
    assert meteors.counters == Counters(views=500)
    assert "news" not in meteors.metadata
    assert abroad.content == bread.content
    assert abroad.id != bread.id, "a region's searches are its own"


def test_what_is_missing_or_odd_costs_only_its_item(tmp_path: Path) -> None:
    with exchange.played(exchange.recorded("google_trends", "partial"), tmp_path):
        payloads = exchange.fetched(GoogleTrends(["US"]))
    assert [signal.content for signal in exchange.signals(payloads)] == ["cat show"]
    said = exchange.reasons(payloads)
    for reason, part in zip(
        said,
        ["approx_traffic: missing", "pubDate: missing", "pubDate: 'yesterday'", "approx_traffic: 'many'", "lies after",
         "title: 'nsfw': not safe for work"],
        strict=True,
    ):  # fmt: skip
        assert part in reason


def feed(item: str) -> bytes:
    return (
        '<rss xmlns:ht="https://trends.google.com/trending/rss" version="2.0"><channel>'
        f"<link>https://trends.google.com/trending/rss?geo=US</link><item>{item}</item></channel></rss>"
    ).encode()


HOSTILE = [
    pytest.param(
        b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
        b"<rss><channel><item><title>&b;</title></item></channel></rss>",
        "DTD",
        id="bomb",
    ),
    pytest.param(
        b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><item>&x;</item></channel></rss>',
        "DTD",
        id="file",
    ),
    pytest.param(b"<rss><channel>" + b"x" * 5_000_001 + b"</channel></rss>", "characters long", id="huge"),
    pytest.param(b"<a>" * 100_000, "no whole XML", id="deep"),
    pytest.param(b"<feed/>", "expected <rss><channel>", id="other"),
    pytest.param(b'{"trends": []}', "no whole XML", id="json"),
]


@pytest.mark.parametrize(("body", "said"), HOSTILE)
def test_a_hostile_document_is_refused_as_a_whole(body: bytes, said: str) -> None:
    found = read(Payload(source="google_trends", captured_at=exchange.NOW, body=body), exchange.SALT)
    assert not found.signals
    (rejected,) = found.rejected
    assert said in rejected.reason


@pytest.mark.parametrize(("body", "said"), HOSTILE)
def test_a_hostile_document_is_never_landed(body: bytes, said: str) -> None:
    reply = exchange.Reply(body, media_type="application/rss+xml")
    with exchange.served(lambda path: reply) as server, pytest.raises(TransientError):
        exchange.fetched(exchange.at("google_trends", server.base_url))


@pytest.mark.parametrize("regions", [[], ["us"], ["USA"], ["US", "../x"], ["US&hl=de"]])
def test_what_is_no_region_names_the_setting(regions: list[str]) -> None:
    with pytest.raises(PermanentError, match="ENGINE_TRENDS_REGIONS="):
        exchange.fetched(GoogleTrends(regions))


@pytest.mark.parametrize(
    ("traffic", "views"), [("200+", 200), ("20,000+", 20_000), (" 1,000,000+ ", 1_000_000), ("500", 500)]
)
def test_traffic_is_a_number_of_searches(traffic: str, views: int) -> None:
    item = (
        f"<title>tea</title><ht:approx_traffic>{traffic}</ht:approx_traffic><pubDate>23 Nov 2026 04:00:00 GMT</pubDate>"
    )
    payload = Payload(source="google_trends", captured_at=exchange.NOW, body=feed(item))
    (signal,) = exchange.signals([payload])
    assert signal.counters == Counters(views=views)


@pytest.mark.parametrize("traffic", ["", "-5", "1,00+", "20K+", "9" * 40, "١٢٣", "1.5"])
def test_what_is_no_number_is_refused(traffic: str) -> None:
    item = (
        f"<title>tea</title><ht:approx_traffic>{traffic}</ht:approx_traffic><pubDate>23 Nov 2026 04:00:00 GMT</pubDate>"
    )
    payload = Payload(source="google_trends", captured_at=exchange.NOW, body=feed(item))
    (reason,) = exchange.reasons([payload])
    assert reason.startswith("approx_traffic")
