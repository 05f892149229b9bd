"""What Mastodon instances answer, and what becomes of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.models import Counters, Payload
from pipeline.signals.parsers import mastodon_trends
from resources.errors import PermanentError
from resources.sources.mastodon_trends import MastodonTrends
from tests.contracts import trend_exchanges as exchange

MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def good(tmp_path: Path) -> list[Payload]:
    """The answers of an instance."""
    with exchange.played(exchange.recorded("mastodon_trends", "good"), tmp_path) as cassette:
        payloads = exchange.fetched(exchange.ASKED["mastodon_trends"]())
        assert cassette.all_played
    return payloads


def test_tags_statuses_and_links_become_signals(good: list[Payload]) -> None:
    assert exchange.reasons(good) == []
    caturday, mushrooms, status, comet, drawn = exchange.signals(good)
    assert (caturday.content, caturday.category) == ("Caturday Cats", "tag")
    assert caturday.counters == Counters(comments=130)
    assert caturday.published_at == MIDNIGHT
    assert caturday.metadata == {
        "kind": "post",
        "tags": ["CaturdayCats"],
        "accounts": 101,
        "uses_yesterday": 40,
        "accounts_yesterday": 30,
    }
    assert mushrooms.content == "mushroommonday"
    assert status.content == "My cat sleeps in the bread basket, says . knows."
    assert status.counters == Counters(likes=290, comments=12)
    assert status.metadata == {"kind": "post", "reblogs": 80, "tags": ["catsofmastodon"], "language": "en"}
    assert comet.content == "A comet bright enough for everyone"
    assert comet.url == "https://news.example/comet"
    assert comet.counters == Counters(comments=31)
    assert drawn.url is None, "its address names an account"


def test_no_account_comes_out(good: list[Payload]) -> None:
    told = json.dumps([signal.model_dump(mode="json") for signal in exchange.signals(good)]).lower()
    for name in ("jo_bakes", "jo baker", "ana", "ann writer", "@", "baking.example"):
        assert name not in told, name
    assert exchange.signals(good)[2].author is not None


def test_one_author_is_one_on_every_instance() -> None:
    at_home = {"account": {"acct": "jo_bakes", "url": "https://baking.example/@jo_bakes"}}
    abroad = {"account": {"acct": "jo_bakes@baking.example", "url": "https://baking.example/@jo_bakes"}}
    assert mastodon_trends.accounts(at_home)[0] == mastodon_trends.accounts(abroad)[0]


def test_a_tag_of_another_day_is_another_thing(good: list[Payload]) -> None:
    tomorrow = json.loads(good[0].body)
    for tag in tomorrow:
        tag["history"][0]["day"] = "1795305600"
    yesterday = good[0].model_copy(update={"body": json.dumps(tomorrow).encode()})
    assert not {s.id for s in exchange.signals([yesterday])} & {s.id for s in exchange.signals([good[0]])}


def test_what_is_missing_or_not_for_everyone_costs_only_its_item(tmp_path: Path) -> None:
    with exchange.played(exchange.recorded("mastodon_trends", "partial"), tmp_path):
        payloads = exchange.fetched(exchange.ASKED["mastodon_trends"]())
    assert [signal.content for signal in exchange.signals(payloads)] == ["Owl Watch", "Owls at night"]
    for reason, part in zip(
        exchange.reasons(payloads),
        ["history: missing", "history: []", "name: 'nsfwart': not safe for work", "history.0.uses: '1.5'", "sensitive",
         "sensitive", "favourites_count: missing", "has no word"],
        strict=True,
    ):  # fmt: skip
        assert part in reason


def test_the_quarantine_masks_accounts() -> None:
    interaction = exchange.recorded("mastodon_trends", "good")[1]
    status = json.loads(interaction["response"]["body"]["string"])[0]
    status["favourites_count"] = "many"
    del status["content"], status["mentions"]
    payload = Payload(source="mastodon_trends", captured_at=exchange.NOW, body=json.dumps([status]).encode())
    (rejected,) = exchange.readings([payload])[0].rejected
    assert "jo_bakes" not in rejected.excerpt
    assert "Jo Baker" not in rejected.excerpt


@pytest.mark.parametrize(
    "host",
    ["https://mastodon.social", "mastodon.social/about", "mastodon.social:8080", "localhost", "127.0.0.1", "[::1]",
     "2130706433", "0x7f.1", "x.localhost", "db.internal", "printer.local", "user@mastodon.social", "Mastodon.Social",
     "mastodon.social.", "a..b.social", "-a.social", "", " ", "mast\nodon.social", "x" * 64 + ".social"],
)  # fmt: skip
def test_what_is_no_public_host_is_never_asked(host: str) -> None:
    with (
        exchange.served(lambda path: None) as server,
        pytest.raises(PermanentError, match="ENGINE_MASTODON_INSTANCES="),
    ):
        exchange.fetched(MastodonTrends(["mastodon.social", host], base_url=server.base_url))
    assert server.asked == []


def test_without_an_instance_the_setting_is_named() -> None:
    with pytest.raises(PermanentError, match="ENGINE_MASTODON_INSTANCES='' names nothing"):
        exchange.fetched(MastodonTrends([]))


@pytest.mark.parametrize("host", ["mastodon.social", "hachyderm.io", "xn--bcher-kva.example.org", "social.xn--p1ai"])
def test_public_hosts_are_asked_over_tls_under_their_name(host: str) -> None:
    with exchange.served(lambda path: exchange.Reply(b"[]")) as server:
        payloads = exchange.fetched(MastodonTrends([host], base_url=server.base_url))
    assert [asked.path for asked in server.asked] == [
        f"/api/v1/trends/{k}?limit=20" for k in ("tags", "statuses", "links")
    ]
    assert payloads[0].url == f"https://{host}/api/v1/trends/tags"
    assert exchange.CONTACT in server.asked[0].headers["user-agent"]


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>one</p><p>two<br>three</p>", "one two three"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ('see <a href="https://e.example/x">e.example/x</a> now', "see now"),
        ('<a class="mention hashtag" href="#">#<span>TeaTime</span></a> at last', "Tea Time at last"),
        ("open <a href='x'>for ever", "open"),
        ("a < b > c", "a < b > c"),
        ("<script>alert(1)</script>tea", "alert(1)tea"),
        ("<!-- tea --> <!DOCTYPE x>time", "<!-- tea --> <!DOCTYPE x>time"),
    ],
)
def test_html_becomes_text(markup: str, text: str) -> None:
    assert mastodon_trends._from_html(markup).text == text


@pytest.mark.parametrize("piece", ["<!--", "<a ", "</", "<p>", '<a class="', "<aaaa", "&amp;", "#a ", "a"])
@pytest.mark.timeout(60)
def test_no_markup_hangs_it(piece: str) -> None:
    status: dict[str, Any] = {"account": {}, "content": piece * (49_000 // len(piece))}
    payload = Payload(source="mastodon_trends", captured_at=exchange.NOW, body=json.dumps([status]).encode())
    assert len(exchange.reasons([payload])) == 1
