"""Messages of webhooks become one payload, and the payload becomes signals."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models import Counters, Payload
from pipeline.signals import Reading, read
from pipeline.signals.parsers.webhook_events import Received, message, payload
from tests import senders

NOW = datetime(2026, 11, 23, 5, 30, tzinfo=UTC)
SALT = b"salt of the tests"


def received(body: bytes, source: str = "acme", webhook_id: str = "msg_1") -> Received:
    at = NOW - timedelta(minutes=1)
    return Received(id=uuid4(), source=source, webhook_id=webhook_id, received_at=at, body=body)


def reading(*rows: Received) -> Reading:
    return read(payload(rows, NOW), SALT)


def test_rows_become_one_document_in_their_order() -> None:
    made = payload([received(senders.body()), received(senders.body(extra=[1]), "forge", "d-2")], NOW)
    assert (made.source, made.captured_at) == ("webhook_events", NOW)
    events = json.loads(made.body)["events"]
    assert [(event["source"], event["webhook_id"]) for event in events] == [("acme", "msg_1"), ("forge", "d-2")]
    assert events[0]["received_at"] == "2026-11-23T05:29:00+00:00"
    assert events[1]["body"] == json.loads(senders.body(extra=[1])), "whole, with what is not looked at"
    assert reading() == Reading()


def test_an_item_becomes_a_signal() -> None:
    item = {
        "title": "Capybaras &amp; oranges  in a hot spring",
        "id": "post-1",
        "url": "https://example.org/posts/1?a=b",
        "published_at": "2026-11-23T06:00:00.25+01:00",
        "author": "Jane Bakes",
        "tags": ["capybara", "by jane bakes", " ", "@someone"],
        "likes": 900,
        "views": 0,
        "unknown": {"deep": 1},
    }
    found = reading(received(senders.body(item)))
    assert not found.rejected
    (signal,) = found.signals
    assert signal.content == "Capybaras & oranges in a hot spring"
    assert (signal.source, signal.category, signal.external_id) == ("webhook_events", "acme", "acme:post-1")
    assert signal.url == "https://example.org/posts/1?a=b"
    assert signal.published_at == datetime(2026, 11, 23, 5, 0, 0, 250_000, tzinfo=UTC)
    assert signal.captured_at == NOW
    assert signal.counters == Counters(likes=900, views=0)
    assert signal.metadata == {
        "kind": "post",
        "webhook_id": "msg_1",
        "webhook_source": "acme",
        "tags": ["capybara", "by"],
    }
    assert signal.author
    assert "jane" not in signal.model_dump_json().lower()


def test_the_same_id_of_two_senders_is_two_things() -> None:
    body = senders.body({"title": "Bread", "id": "1"})
    one, other = reading(received(body, "acme"), received(body, "forge")).signals
    assert one.id != other.id


def test_without_an_id_its_words_are_its_identity() -> None:
    first = reading(received(senders.body({"title": "Bread and butter"}))).signals[0]
    again = reading(received(senders.body({"title": "BREAD and  butter", "likes": 5}), webhook_id="msg_2")).signals[0]
    assert (first.external_id, first.id) == (None, again.id)


def test_an_item_from_the_future_is_refused_and_the_others_kept() -> None:
    late = {"title": "Too early", "published_at": "2026-11-23T05:36:00Z"}
    found = reading(received(senders.body(late, {"title": "In time"})))
    assert [signal.content for signal in found.signals] == ["In time"]
    assert "published_at" in found.rejected[0].reason


@pytest.mark.parametrize(
    "body",
    [b"not JSON", b"\xff\xfe", b"[]", b"{}", b'{"data": {"items": {}}}', b'{"data": [1]}', b"NaN", b"null"],
    ids=repr,
)
def test_a_row_that_is_no_message_is_refused_by_itself(body: bytes) -> None:
    found = reading(received(body), received(senders.body()))
    assert [signal.content for signal in found.signals] == ["Capybaras in a hot spring"]
    assert [(refused.index, refused.reason[:6]) for refused in found.rejected] == [(0, "event:")]


@pytest.mark.parametrize(
    "event",
    [1, None, [], {}, {"source": "Acme!", "webhook_id": "m", "item": {"title": "Bread"}}, {"item": {"title": "Bread"}}],
    ids=repr,
)
def test_a_strange_event_of_an_archived_document_is_refused(event: Any) -> None:
    document = json.dumps({"events": [event]}).encode()
    found = read(Payload(source="webhook_events", captured_at=NOW, body=document), SALT)
    assert (len(found.signals), len(found.rejected)) == (0, 1)


def test_names_of_accounts_never_enter_the_quarantine() -> None:
    body = senders.body({"title": "Bread", "author": "jane_doe_77", "likes": -1})
    (refused,) = reading(received(body)).rejected
    assert refused.reason.startswith("item.likes")
    assert "jane_doe_77" not in refused.excerpt


WORDS = st.text(st.characters(categories=["L", "N", "Zs", "P", "S"]), max_size=80)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"title": WORDS},
            optional={"author": WORDS, "tags": st.lists(WORDS, max_size=3), "likes": st.integers(0, 10**12)},
        ),
        min_size=1,
        max_size=5,
    )
)
def test_what_the_ingress_lets_in_is_read(items: list[dict[str, Any]]) -> None:
    body = senders.body(*items)
    try:
        message(body)
    except ValueError:
        return
    found = reading(received(body))
    assert len(found.signals) + len(found.rejected) == len(items)
    assert all(" of its author" in refused.reason or "content" in refused.reason for refused in found.rejected)
