"""Whatever is sent, the ingress answers below 500, as its description says; and what it accepts can be read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from pipeline.models import MAX_COUNTER
from pipeline.signals import read
from pipeline.signals.parsers import webhook_events
from resources.objects import Objects
from resources.settings import Settings
from resources.store import Store
from resources.webhooks import webhook_sources
from tests import senders
from web.app import create_app
from web.intake import Intake

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SHARED_FIXTURES = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
EXPECTED = {202, 200, 400, 401, 404, 405, 409, 413, 415, 422}


@pytest.fixture
def app(store: Store, objects: Objects) -> FastAPI:
    """The app with a sender who may send much."""
    configured = webhook_sources(Settings(_env_file=None, webhooks=SecretStr(json.dumps(senders.SOURCES))))
    return create_app(store, objects, Intake(store, configured))


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """A client that hands on what the app raises."""
    with TestClient(app, raise_server_exceptions=True) as client:
        yield client


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
def test_answers_are_as_described(app: FastAPI, mode: GenerationMode) -> None:
    described = schemathesis.openapi.from_asgi("/openapi.json", app)["/webhooks/{source}"]["POST"]
    codes: dict[int, str] = {}

    @given(case=described.as_strategy(generation_mode=mode), signed=st.booleans())
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    def check(case: schemathesis.Case[Any], signed: bool) -> None:
        if signed:
            if mode is GenerationMode.POSITIVE:
                # A schema can't say that a word must be in it.
                document: Any = case.body
                for item in document["data"]["items"]:
                    item["title"] = "Bread"
            data = case.body if isinstance(case.body, bytes) else senders.json_bytes(case.body)
            case.body, case.media_type = data, "application/json"
            name, headers = senders.signed(data)
            case.path_parameters = {"source": name}
            case.headers.update(headers)
        answer = case.call()
        codes[answer.status_code] = answer.text
        case.validate_response(answer, checks=CHECKS)

    check()
    assert codes.keys() >= ({202, 404} if mode is GenerationMode.POSITIVE else {422, 404}), codes


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
MOMENTS = st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat)
STRANGE = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
ITEM = st.fixed_dictionaries(
    {"title": STRANGE | st.sampled_from(["Bread", "u/jane bakes bread", "&amp;amp; more"])},
    optional={
        "id": STRANGE,
        "url": STRANGE | st.sampled_from(["https://example.org/ä?x=1#y", "http://[::1]/", "https://münchen.example/"]),
        "published_at": STRANGE | MOMENTS,
        "author": STRANGE | st.sampled_from(["jane", ".*", "Bread"]),
        "tags": st.lists(STRANGE, max_size=4) | JSON,
        "likes": st.integers(-1, MAX_COUNTER + 1) | JSON,
        "views": st.integers() | JSON,
        "other": JSON,
    },
)
DOCUMENT = st.fixed_dictionaries(
    {
        "type": st.just("trend.spike") | JSON,
        "timestamp": MOMENTS | STRANGE,
        "data": st.fixed_dictionaries({"items": st.lists(ITEM, max_size=4)}) | JSON,
    }
)


@given(data=st.binary(max_size=2000) | JSON.map(lambda d: json.dumps(d).encode()) | DOCUMENT.map(senders.json_bytes))
@settings(max_examples=150, deadline=None, suppress_health_check=SHARED_FIXTURES)
def test_no_signed_body_is_an_error_of_ours_and_accepted_ones_are_read(client: TestClient, data: bytes) -> None:
    name, headers = senders.signed(data)
    answer = client.post(f"/webhooks/{name}", content=data, headers=headers)
    assert answer.status_code in {200, 202, 422, 429}, answer.text
    assert answer.json()
    if answer.status_code == 202:
        now = datetime.now(UTC)
        row = webhook_events.Received(
            id=UUID(answer.json()["id"]), source=name, webhook_id="m", received_at=now, body=data
        )
        found = read(webhook_events.payload([row], now), b"salt of the tests")
        assert len(found.signals) + len(found.rejected) == len(webhook_events.message(data).data.items)


SIGNERS: dict[str, Callable[[bytes], dict[str, str]]] = {
    "forge": senders.github,
    "chat": senders.slack,
    "prints": senders.printify,
}
HEADER = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=80)


@given(
    name=st.sampled_from(list(senders.SOURCES)),
    changes=st.dictionaries(
        st.sampled_from(
            [
                *("webhook-id", "webhook-timestamp", "webhook-signature", "x-hub-signature-256", "x-github-delivery"),
                *("x-slack-signature", "x-slack-request-timestamp", "x-pfy-signature", "content-type", "user-agent"),
                *("content-encoding", "expect", "x-github-event"),
            ]
        ),
        HEADER | st.sampled_from(["v1,", "v1", ",,,", "v1,====", "sha256=", "v0=", "1e5", "-0", "9" * 30]),
        min_size=1,
        max_size=6,
    ),
)
@settings(max_examples=200, deadline=None, suppress_health_check=SHARED_FIXTURES)
def test_no_header_is_an_error_of_ours(client: TestClient, name: str, changes: dict[str, str]) -> None:
    data = senders.body()
    sign = SIGNERS.get(name, senders.standard)
    raw = {key.encode(): value.encode("latin-1") for key, value in {**sign(data), **changes}.items()}
    answer = client.post(f"/webhooks/{name}", content=data, headers=raw)
    assert answer.status_code in {*EXPECTED, 429}
    assert answer.headers["content-type"] == "application/json"


@given(name=st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
@settings(max_examples=50, deadline=None, suppress_health_check=SHARED_FIXTURES)
def test_no_name_is_an_error_of_ours(client: TestClient, name: str) -> None:
    answer = client.post(f"/webhooks/{quote(name, safe='')}", content=b"{}")
    assert answer.status_code in {404, 405, 415}
