"""Wikipedia's client against its official description, played by Prism as a server that refuses what it forbids.

Install Prism with `npm ci` in `tests/mocks`, and put the description at `$ENGINE_SHARED/specs/wikimedia.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from resources.errors import PermanentError
from resources.sources.wikipedia_topics import WikipediaTopics
from tests.contracts.exchanges import NOW, client, readings
from tests.prisms import description, prism

SAID_IN_PROSE = {"yyyy": r"^20\d\d$", "mm": r"^(0[1-9]|1[0-2])$", "dd": r"^(0[1-9]|[12]\d|3[01])$"}
"""What the description says of its parameters in words only: numbers with leading zeros."""

CONTACT = {"name": "User-Agent", "in": "header", "required": True, "schema": {"pattern": r".+/.+ \(.+@.+\)"}}
"""Wikimedia's policy: every request names a contact."""


def strict(spec: dict[str, Any]) -> dict[str, Any]:
    """The description with its prose, and the policy, as rules."""
    for path in spec["paths"].values():
        parameters = path["get"].setdefault("parameters", [])
        for parameter in parameters:
            if pattern := SAID_IN_PROSE.get(parameter["name"]):
                parameter["schema"]["pattern"] = pattern
        parameters.append(CONTACT)
    return spec


@pytest.fixture(scope="module")
def mock(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running Prism; its URL."""
    spec = strict(description(shared, "wikimedia"))
    with prism(spec, tmp_path_factory.mktemp("prism"), "--errors") as url:
        yield url


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("featured/2026/11/23", 200),
        ("featured/2026/13/23", 422),
        ("featured/2026/1/23", 422),
        ("featured/26/11/23", 422),
        ("onthisday/selected/12/16", 200),
        ("onthisday/selected/12/41", 422),
        ("onthisday/everything/12/16", 422),
        ("onthisday/12/16", 404),
    ],
)
def test_the_mock_is_strict(mock: str, path: str, status: int) -> None:
    agent = {"User-Agent": "something/1 (somebody@example.org)"}
    assert httpx.get(f"{mock}/feed/{path}", headers=agent).status_code == status
    assert httpx.get(f"{mock}/feed/{path}", headers={"User-Agent": "something"}).status_code in {404, 422}


@pytest.mark.parametrize("hour", [0, 5, 17], ids=lambda hour: f"at-{hour}")
def test_every_request_is_one_that_the_description_allows(mock: str, hour: int) -> None:
    now = datetime(2026, 1, 3, hour, 17, tzinfo=UTC)
    wikipedia = WikipediaTopics(base_url=mock)
    payloads = list(wikipedia.fetch(now, now, client(wikipedia)))
    assert len(payloads) in {4, 5}
    for payload, found in zip(payloads, readings(payloads), strict=True):
        document = json.loads(payload.body)
        lists = [document.get(name, []) for name in ("onthisday", "selected", "events", "births", "deaths", "holidays")]
        items = [each for listed in (document.get("mostread", {}).get("articles", []), *lists) for each in listed]
        assert len(found.signals) + len(found.rejected) == len(items) > 0


def test_what_the_mock_refuses_is_permanent(mock: str) -> None:
    wikipedia = WikipediaTopics(base_url=f"{mock}/elsewhere")
    with pytest.raises(PermanentError, match="404"):
        list(wikipedia.fetch(NOW, NOW, client(wikipedia)))
