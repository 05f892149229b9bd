"""The ingress answers each message as its documentation says, and what it accepts is in the inbox once."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg.rows import dict_row
from pydantic import SecretStr

from pipeline.models import sha256
from resources.objects import Objects
from resources.settings import Settings, settings
from resources.store import Store, record
from resources.webhooks import WebhookSource, webhook_sources
from tests import senders
from web import intake as intake_module
from web.app import app_from_settings, create_app
from web.intake import Intake, TokenBucket
from web.signatures import SignatureError, StaleError, verify
from web.webhooks import MAX_BODY

SENT = datetime.fromtimestamp(1614265330, UTC)
VECTOR_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
VECTOR_BODY = b'{"test": 2432232314}'
VECTOR_SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
OTHER_SIGNATURE = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="


def configured(sources: Mapping[str, Any] = senders.SOURCES) -> Mapping[str, WebhookSource]:
    return webhook_sources(Settings(_env_file=None, webhooks=SecretStr(json.dumps(sources))))


@pytest.fixture
def client(store: Store, objects: Objects) -> Iterator[TestClient]:
    """The app with the senders of the tests, on one event loop."""
    with TestClient(create_app(store, objects, Intake(store, configured()))) as client:
        yield client


def rows(store: Store) -> list[dict[str, Any]]:
    with store.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute("SELECT * FROM webhook_inbox ORDER BY received_at").fetchall()


# --- signatures


def source(scheme: str, *secrets: str) -> WebhookSource:
    return WebhookSource.model_validate({"scheme": scheme, "secrets": secrets})


def vector(signature: str = VECTOR_SIGNATURE, **changes: str) -> dict[str, str]:
    return {
        "webhook-id": VECTOR_ID,
        "webhook-timestamp": "1614265330",
        "webhook-signature": signature,
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }


@pytest.mark.parametrize(
    "signature",
    [
        VECTOR_SIGNATURE,
        f"{OTHER_SIGNATURE} v2,{VECTOR_SIGNATURE[3:]} {VECTOR_SIGNATURE} {OTHER_SIGNATURE}",
        f"nonsense , {VECTOR_SIGNATURE}",
    ],
    ids=["alone", "among others", "after nonsense"],
)
def test_the_vector_of_standard_webhooks_is_verified(signature: str) -> None:
    assert verify(source("standard", senders.NEW), vector(signature), VECTOR_BODY, SENT) == VECTOR_ID


def test_the_vector_of_standard_webhooks_needs_no_prefix_on_the_secret() -> None:
    bare = senders.NEW.removeprefix("whsec_")
    assert verify(source("standard", bare), vector(), VECTOR_BODY, SENT) == VECTOR_ID


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (vector(OTHER_SIGNATURE), VECTOR_BODY),
        (vector(f"v2,{VECTOR_SIGNATURE[3:]}"), VECTOR_BODY),
        (vector(VECTOR_SIGNATURE[:12]), VECTOR_BODY),
        (vector("v1,"), VECTOR_BODY),
        (vector("v1,é\xff"), VECTOR_BODY),
        (vector(""), VECTOR_BODY),
        (vector(webhook_id="msg_other"), VECTOR_BODY),
        (vector(webhook_timestamp="1614265331"), VECTOR_BODY),
        (vector(), VECTOR_BODY + b" "),
        (vector(), b"\xff"),
        (vector(" ".join([OTHER_SIGNATURE] * 16 + [VECTOR_SIGNATURE])), VECTOR_BODY),
    ],
    ids=[
        *("of another", "of another version", "partial", "empty", "not ASCII", "missing", "other id", "other time"),
        *("other body", "not UTF-8", "seventeenth"),
    ],
)
def test_a_wrong_signature_is_refused(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(SignatureError):
        verify(source("standard", senders.NEW), headers, body, SENT)


@pytest.mark.parametrize("seconds", [-301, -300, 300, 301])
@pytest.mark.parametrize("scheme", ["standard", "slack"])
def test_five_minutes_are_tolerated_on_either_side(scheme: str, seconds: int) -> None:
    made = senders.standard if scheme == "standard" else senders.slack
    secret = senders.NEW if scheme == "standard" else senders.PLAIN
    headers = made(VECTOR_BODY, sent=SENT.timestamp())
    now = SENT + timedelta(seconds=seconds)
    if abs(seconds) <= 300:
        assert verify(source(scheme, secret), headers, VECTOR_BODY, now)
    else:
        with pytest.raises(StaleError, match="more than 5 minutes"):
            verify(source(scheme, secret), headers, VECTOR_BODY, now)


@pytest.mark.parametrize("text", ["", "soon", "nan", "-1", "1614265330.5", "1e9", "٣", "9" * 11, "9" * 400])
def test_a_strange_timestamp_is_refused(text: str) -> None:
    with pytest.raises(StaleError, match="webhook-timestamp"):
        verify(source("standard", senders.NEW), vector(webhook_timestamp=text), VECTOR_BODY, SENT)


@pytest.mark.parametrize("text", ["", "a b", "é", "x" * 201, "a\x00b"], ids=["none", "blank", "é", "long", "NUL"])
def test_a_strange_id_is_refused(text: str) -> None:
    with pytest.raises(StaleError, match="webhook-id"):
        verify(source("standard", senders.NEW), vector(webhook_id=text), VECTOR_BODY, SENT)


def test_either_secret_verifies_while_it_is_rotated() -> None:
    both = source("standard", senders.OLD, senders.NEW)
    for secret in (senders.OLD, senders.NEW):
        headers = senders.standard(VECTOR_BODY, secret=secret, sent=SENT.timestamp(), webhook_id="m")
        assert verify(both, headers, VECTOR_BODY, SENT) == "m"
    with pytest.raises(SignatureError):
        verify(source("standard", senders.OLD), vector(), VECTOR_BODY, SENT)


def test_the_vector_of_github_is_verified() -> None:
    headers = {
        "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    }
    forge = source("github", senders.PLAIN, "It's a Secret to Everybody")
    assert verify(forge, headers, b"Hello, World!", SENT) == headers["x-github-delivery"]
    with pytest.raises(SignatureError):
        verify(forge, headers, b"Hello, World", SENT)
    with pytest.raises(StaleError, match="x-github-delivery"):
        verify(forge, {**headers, "x-github-delivery": ""}, b"Hello, World!", SENT)


def test_the_vector_of_slack_is_verified() -> None:
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    headers = {
        "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        "x-slack-request-timestamp": "1531420618",
    }
    now = datetime.fromtimestamp(1531420618, UTC)
    found = verify(source("slack", "8f742231b10e8888abcd99yyyzzz85a5"), headers, body, now)
    assert found == sha256(b"v0:1531420618:" + body)


def test_printify_signs_the_body_alone() -> None:
    headers = senders.printify(VECTOR_BODY)
    assert verify(source("printify", senders.PLAIN), headers, VECTOR_BODY, SENT) == sha256(VECTOR_BODY)
    bare = {"x-pfy-signature": headers["x-pfy-signature"].removeprefix("sha256=")}
    for wrong in (bare, {}, {"x-pfy-signature": "sha256=" + "0" * 64}):
        with pytest.raises(SignatureError, match="x-pfy-signature"):
            verify(source("printify", senders.PLAIN), wrong, VECTOR_BODY, SENT)


# --- rates


def test_a_bucket_lets_a_minute_pass_at_once_and_then_its_rate() -> None:
    bucket = TokenBucket(3, now=0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [0.0, 0.0, 0.0, pytest.approx(20.0)]
    assert bucket.take(15.0) == pytest.approx(5.0)
    assert bucket.take(20.0) == 0.0
    assert bucket.take(20.0) > 0
    assert [bucket.take(10_000.0) for _ in range(4)].count(0.0) == 3, "what is not used is not saved up"


# --- the route


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("acme", senders.standard),
        ("forge", senders.github),
        ("chat", senders.slack),
        ("prints", senders.printify),
    ],
    ids=["standard", "github", "slack", "printify"],
)
def test_a_signed_message_is_stored_as_it_came_and_then_accepted(
    client: TestClient, store: Store, name: str, sign: Any
) -> None:
    data = b" " + senders.body({"title": "Señor Café ☕", "unknown": [1.50]})
    headers = sign(data)
    answer = client.post(f"/webhooks/{name}", content=data, headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    (row,) = rows(store)
    assert bytes(row["body"]) == data
    assert (str(row["id"]), row["source"], row["status"]) == (answer.json()["id"], name, "received")
    signature = next(value for header, value in headers.items() if "signature" in header)
    assert signature not in json.dumps(row["headers"])
    assert row["headers"]["content-type"] == "application/json"
    again = client.post(f"/webhooks/{name}", content=data, headers=headers)
    assert (again.status_code, again.json()) == (200, {"status": "duplicate", "id": answer.json()["id"]})
    assert len(rows(store)) == 1


def test_the_same_id_with_another_body_is_a_conflict(client: TestClient, store: Store) -> None:
    first, second = senders.body(), senders.body(timestamp="2026-11-23T06:00:00Z")
    assert client.post("/webhooks/acme", content=first, headers=senders.standard(first, webhook_id="m")).is_success
    answer = client.post("/webhooks/acme", content=second, headers=senders.standard(second, webhook_id="m"))
    assert (answer.status_code, answer.json()["detail"]) == (409, "the id 'm' was taken before with another body")
    assert [bytes(row["body"]) for row in rows(store)] == [first]


def test_two_senders_may_use_the_same_id(client: TestClient, store: Store) -> None:
    data = senders.body()
    for name in ("acme", "slow"):
        answer = client.post(f"/webhooks/{name}", content=data, headers=senders.standard(data, webhook_id="m"))
        assert answer.status_code == 202
    assert len(rows(store)) == 2


def test_twenty_at_once_with_one_id_make_one_row(client: TestClient, store: Store) -> None:
    data = senders.body()
    headers = senders.standard(data)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: client.post("/webhooks/acme", content=data, headers=headers), range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [202]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(rows(store)) == 1


def test_a_sensor_is_notified_when_a_message_is_there(client: TestClient, database_url: str) -> None:
    data = senders.body()
    headers = senders.standard(data)
    with psycopg.connect(database_url, autocommit=True) as listener:
        listener.execute("LISTEN webhook_inbox")
        for _ in range(2):
            assert client.post("/webhooks/acme", content=data, headers=headers).is_success
        heard = list(listener.notifies(timeout=1, stop_after=2))
        assert [notice.channel for notice in heard] == ["webhook_inbox"], "a duplicate is no news"


def chunks(size: int) -> Iterator[bytes]:
    for _ in range(size // 1024):
        yield b"x" * 1024


@pytest.mark.parametrize("content", ["whole", "in pieces"])
def test_a_body_that_is_too_large_is_refused(client: TestClient, store: Store, content: str) -> None:
    size = MAX_BODY + 1024
    sent: Any = b"x" * size if content == "whole" else chunks(size)
    answer = client.post("/webhooks/acme", content=sent, headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert "262,144 bytes" in answer.json()["detail"]
    assert rows(store) == []


def test_no_more_is_read_than_may_be_sent(client: TestClient) -> None:
    read = 0

    async def endless() -> AsyncIterator[dict[str, Any]]:
        nonlocal read
        while True:
            read += 1
            yield {"type": "http.request", "body": b"x" * 4096, "more_body": True}

    async def drive() -> int:
        messages = endless()
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "path": "/webhooks/acme",
            "raw_path": b"/webhooks/acme",
            "query_string": b"",
            "headers": [(b"content-type", b"application/json"), (b"transfer-encoding", b"chunked")],
        }
        told: list[int] = []

        async def send(message: Any) -> None:
            told.append(message.get("status", 0))

        await client.app(scope, messages.__anext__, send)
        return told[0]

    assert client.portal is not None
    assert client.portal.call(drive) == 413
    assert read == MAX_BODY // 4096 + 1


def test_a_body_of_the_limit_is_taken(client: TestClient) -> None:
    data = senders.body()
    data += b" " * (MAX_BODY - len(data))
    assert client.post("/webhooks/acme", content=data, headers=senders.standard(data)).status_code == 202


@pytest.mark.parametrize("name", ["nobody", "acme/x", "Acme", "%00", "a" * 5000], ids=str.__len__)
def test_an_unknown_source_is_not_there(client: TestClient, name: str) -> None:
    data = senders.body()
    answer = client.post(f"/webhooks/{name}", content=data, headers=senders.standard(data))
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "changes",
    [{"webhook-signature": OTHER_SIGNATURE}, {"webhook-signature": ""}, {"webhook-id": "other"}],
    ids=["wrong", "none", "of another id"],
)
def test_a_wrong_signature_is_unauthorized(client: TestClient, store: Store, changes: dict[str, str]) -> None:
    data = senders.body()
    answer = client.post("/webhooks/acme", content=data, headers={**senders.standard(data), **changes})
    assert answer.status_code == 401
    assert "webhook-signature" in answer.json()["detail"]
    assert rows(store) == []


def test_a_request_without_any_signature_is_unauthorized(client: TestClient) -> None:
    for name in ("acme", "forge", "chat", "prints"):
        assert client.post(f"/webhooks/{name}", json={}).status_code == 401


def test_a_stale_message_is_told_to_be_signed_anew(client: TestClient) -> None:
    data = senders.body()
    for seconds in (-302, 302):
        answer = client.post("/webhooks/acme", content=data, headers=senders.standard(data, sent=time.time() + seconds))
        assert answer.status_code == 400
        assert "sign anew" in answer.json()["detail"]


@pytest.mark.parametrize(
    "media", ["text/plain", "", "application/x-www-form-urlencoded", "application/json; charset=x"]
)
def test_another_content_type_is_not_supported(client: TestClient, media: str) -> None:
    data = senders.body()
    answer = client.post("/webhooks/acme", content=data, headers={**senders.standard(data), "content-type": media})
    assert answer.status_code == 415


@pytest.mark.parametrize("media", ["application/json; charset=UTF-8", "Application/JSON", "application/vnd.x+json"])
def test_json_by_its_other_names_is_taken(client: TestClient, media: str) -> None:
    data = senders.body()
    answer = client.post("/webhooks/acme", content=data, headers={**senders.standard(data), "content-type": media})
    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"[]", "body"),
        (b'{"type": NaN}', "body"),
        (b"[" * 100_000, "body"),
        (b'{"type": "\\ud800"}', "body"),
        (senders.body(type="order.paid"), "type"),
        (senders.body(timestamp=1700000000), "timestamp"),
        (senders.body(timestamp="1700000000"), "timestamp"),
        (senders.body(timestamp="2026-11-23T05:00:00"), "timestamp"),
        (senders.body(timestamp="0001-01-01T00:00:00+14:00"), "timestamp"),
        (senders.body(data={"items": []}), "data.items"),
        (senders.body(*[{"title": "Bread"}] * 51), "data.items"),
        (senders.body({}), "data.items.0.title"),
        (senders.body({"title": "☕"}), "data.items.0.title"),
        (senders.body({"title": "Bread", "likes": -1}), "data.items.0.likes"),
        (senders.body({"title": "Bread", "likes": True}), "data.items.0.likes"),
        (senders.body({"title": "Bread", "views": 10**30}), "data.items.0.views"),
        (senders.body({"title": "Bread", "url": "javascript:alert(1)"}), "data.items.0.url"),
        (senders.body({"title": "Bread", "url": "https://me:pw@example.org/"}), "data.items.0.url"),
        (senders.body({"title": "Bread", "url": "https://example.org/" + "é" * 1000}), "data.items.0.url"),
        (senders.body({"title": "Bread", "id": "a\x00"}), "data.items.0.id"),
        (senders.body({"title": "Bread", "tags": "bread"}), "data.items.0.tags"),
        (senders.body({"title": "Bread", "published_at": "yesterday"}), "data.items.0.published_at"),
    ],
    ids=lambda value: value if isinstance(value, str) else "body",
)
def test_a_body_that_breaks_the_schema_is_told_its_field(
    client: TestClient, store: Store, data: bytes, field: str
) -> None:
    answer = client.post("/webhooks/acme", content=data, headers=senders.standard(data))
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["detail"]] == [field]
    assert all(len(fault["value"]) < 300 for fault in answer.json()["detail"])
    assert rows(store) == []


def test_who_sends_too_much_is_told_when_to_come_back(client: TestClient) -> None:
    data = senders.body()
    answers = [client.post("/webhooks/slow", content=data, headers=senders.standard(data)) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 20
    assert client.post("/webhooks/acme", content=data, headers=senders.standard(data)).status_code == 202


def test_forged_messages_use_nothing_of_the_senders_rate(client: TestClient) -> None:
    data = senders.body()
    for _ in range(10):
        forged = {**senders.standard(data), "webhook-signature": OTHER_SIGNATURE}
        assert client.post("/webhooks/slow", content=data, headers=forged).status_code == 401
    assert client.post("/webhooks/slow", content=data, headers=senders.standard(data)).status_code == 202


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_only_post_is_allowed(client: TestClient, method: str) -> None:
    answer = client.request(method, "/webhooks/acme")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.headers["content-type"] == "application/json"


def test_answers_carry_the_headers_of_the_gallery(client: TestClient) -> None:
    answer = client.post("/webhooks/acme", json={})
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_the_database_away_is_a_503_and_nothing_is_accepted(objects: Objects, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "CONNECT_LIMIT_S", 1.0)
    data = senders.body()
    with (
        Store("postgresql://engine:s3cret@127.0.0.1:9/engine") as away,
        TestClient(create_app(away, objects, Intake(away, configured()))) as client,
    ):
        answer = client.post("/webhooks/acme", content=data, headers=senders.standard(data))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert answer.json() == {"detail": "not stored: send it again with the same id"}


def test_a_database_that_hangs_keeps_nobody_waiting_and_nothing_is_lost(
    client: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_module, "ANSWER_SECONDS", 0.3)
    data = senders.body()
    headers = senders.standard(data)
    with store.connection() as connection:
        connection.execute("LOCK TABLE webhook_inbox")
        assert client.post("/webhooks/acme", content=data, headers=headers).status_code == 503
    monkeypatch.undo()
    assert client.post("/webhooks/acme", content=data, headers=headers).is_success
    assert len(rows(store)) == 1


def test_more_than_fits_in_memory_is_sent_back(
    client: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = senders.body()
    monkeypatch.setattr(intake_module, "WAITING_BYTES", intake_module.ROW_BYTES)
    assert client.post("/webhooks/acme", content=data, headers=senders.standard(data)).status_code == 503
    monkeypatch.undo()
    for _ in range(3):
        assert client.post("/webhooks/acme", content=data, headers=senders.standard(data)).status_code == 202


def test_the_app_of_the_settings_listens_to_its_senders(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ENGINE_WEBHOOKS", json.dumps(senders.SOURCES))
    settings.cache_clear()
    data = senders.body()
    try:
        with TestClient(app_from_settings()) as client:
            assert client.post("/webhooks/acme", content=data, headers=senders.standard(data)).status_code == 202
            assert client.post("/webhooks/nobody", content=data).status_code == 404
    finally:
        settings.cache_clear()


def test_the_description_tells_of_the_body_and_every_answer(client: TestClient) -> None:
    told = client.get("/openapi.json").json()["paths"]["/webhooks/{source}"]["post"]
    assert set(told["responses"]) == {*map(str, (200, 202, 400, 401, 404, 409, 413, 415, 422, 429, 503))}
    schema = told["requestBody"]["content"]["application/json"]["schema"]
    item = schema["properties"]["data"]["properties"]["items"]["items"]
    assert set(item["properties"]) >= {"title", "id", "url", "published_at", "author", "tags", "likes", "views"}
    assert "$ref" not in json.dumps(schema)
