"""What five sources make of answers that are none: refusals, limits, faults, error pages, halves, silence."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from resources.errors import PermanentError, TransientError, WaitingError
from tests.contracts import trend_exchanges as exchange

SOURCES = sorted(exchange.ASKED)
PAGE = "<!DOCTYPE html><html><body>We will be right back</body></html>"


def spoiled(
    source: str, status: int, body: str, folder: Path, media_type: str = "application/json", **headers: str
) -> str:
    """Ask the source whose first answer is another; the error that it raises, by its class."""
    first = exchange.recorded(source, "good")[0]
    troubled = exchange.answered(first, status, body, media_type, **headers)
    with exchange.played([troubled], folder, repeats=True), pytest.raises(Exception) as error:  # noqa: PT011 - told by its class
        exchange.fetched(exchange.ASKED[source]())
    assert exchange.TOKEN not in str(error.value)
    assert exchange.TOKEN not in repr(error.value.__cause__)
    return f"{type(error.value).__name__}: {error.value}"


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_permanent_and_names_what_may_mend_it(source: str, status: int, tmp_path: Path) -> None:
    said = spoiled(source, status, '{"error": "no"}', tmp_path)
    assert said.startswith("PermanentError")
    for variable in exchange.ASKED[source]().spec.credentials:
        assert variable in said


def waiting_time(error: BaseException) -> timedelta:
    """How long it says to wait."""
    if isinstance(error, WaitingError):
        return error.until - exchange.NOW
    assert isinstance(error, TransientError)
    assert error.retry_after is not None
    return timedelta(seconds=error.retry_after)


@pytest.mark.parametrize("source", SOURCES)
def test_a_limit_is_a_matter_of_time(source: str, tmp_path: Path) -> None:
    first = exchange.recorded(source, "good")[0]
    limited = exchange.answered(first, 429, '{"error": "slow down"}', Retry_After="7200")
    with exchange.played([limited], tmp_path, repeats=True), pytest.raises((TransientError, WaitingError)) as error:
        exchange.fetched(exchange.ASKED[source]())
    assert timedelta(minutes=110) < waiting_time(error.value) <= timedelta(hours=2)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("status", "body", "media_type"),
    [
        pytest.param(500, "oops", "text/plain", id="500"),
        pytest.param(200, PAGE, "text/html", id="html"),
        pytest.param(200, PAGE, "application/json", id="html-that-lies"),
        pytest.param(200, "", "application/json", id="empty"),
    ],
)
def test_a_fault_of_theirs_may_pass(source: str, status: int, body: str, media_type: str, tmp_path: Path) -> None:
    assert spoiled(source, status, body, tmp_path, media_type).startswith("TransientError")


@pytest.mark.parametrize("source", SOURCES)
def test_an_answer_that_breaks_off_may_pass(source: str, tmp_path: Path) -> None:
    good = exchange.recorded(source, "good")
    for at, interaction in enumerate(good):
        whole = interaction["response"]["body"]["string"]
        (media_type,) = interaction["response"]["headers"]["Content-Type"]
        half = exchange.answered(interaction, 200, whole[: len(whole) // 2], media_type)
        with exchange.played([*good[:at], half], tmp_path, repeats=True), pytest.raises(TransientError):
            exchange.fetched(exchange.ASKED[source]())


@pytest.mark.parametrize("source", SOURCES)
def test_unchanged_is_never_landed_as_nothing(source: str, tmp_path: Path) -> None:
    good = exchange.recorded(source, "good")
    unchanged = [exchange.answered(each, 304, "", ETag=each["response"]["headers"]["ETag"][0]) for each in good]
    asked = exchange.ASKED[source]()
    client = exchange.web(asked, tmp_path)
    with exchange.played(good + unchanged, tmp_path, repeats=True):
        first = exchange.fetched(asked, client)
        again = exchange.fetched(asked, client)
    assert [payload.body for payload in again] == [payload.body for payload in first]


@pytest.mark.parametrize("source", SOURCES)
def test_silence_is_a_timeout(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange.impatient(monkeypatch)
    with exchange.served(lambda path: None) as server, pytest.raises(TransientError, match=r"(?i)time"):
        exchange.fetched(exchange.at(source, server.base_url))


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("hours", [-1, 1, -4000])
def test_another_hour_is_refused_before_anything_is_asked(source: str, hours: int) -> None:
    with exchange.served(lambda path: None) as server:
        asked = exchange.at(source, server.base_url)
        with pytest.raises(PermanentError, match="the past can't be fetched"):
            list(asked.fetch(exchange.NOW + timedelta(hours=hours), exchange.NOW, exchange.web(asked)))
    assert server.asked == []


# --- secrets, and what a source says of itself


@pytest.mark.parametrize("source", SOURCES)
def test_no_address_and_no_cassette_holds_a_secret(source: str, tmp_path: Path) -> None:
    with exchange.played(exchange.recorded(source, "good"), tmp_path) as cassette:
        payloads = exchange.fetched(exchange.ASKED[source]())
        asked = [request.uri for request in cassette.requests]
    for address in [*asked, *(payload.url or "" for payload in payloads)]:
        assert exchange.TOKEN not in address
        assert "token" not in address
    for file in (exchange.CASSETTES / source).iterdir():
        text = file.read_text().lower()
        assert not [
            word
            for word in ("authorization", "bearer", "access_token", "cookie", exchange.TOKEN.lower())
            if word in text
        ]


@pytest.mark.parametrize("source", SOURCES)
def test_every_payload_says_when_and_where_it_was_answered(source: str, tmp_path: Path) -> None:
    with exchange.played(exchange.recorded(source, "good"), tmp_path):
        payloads = exchange.fetched(exchange.ASKED[source]())
    assert {payload.source for payload in payloads} == {source}
    assert {payload.captured_at for payload in payloads} == {exchange.NOW}
    assert len({payload.url for payload in payloads}) == len(payloads)


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_says_what_its_users_must_know(source: str) -> None:
    spec = exchange.ASKED[source]().spec
    assert spec.live
    assert "ENGINE_CONTACT" in spec.credentials
    assert all(counter in spec.counters for counter in ("likes", "comments", "views"))
    assert spec.history.startswith("none") or "present" in spec.history
