"""What a source is told when the world answers well, badly, slowly, too much, or not at all."""

from __future__ import annotations

import gzip
import logging
import random
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from resources.errors import PermanentError, TransientError, WaitingError
from resources.fetching import transport
from resources.fetching.base import Expect, Quota
from resources.fetching.client import PROJECT, Client, client
from resources.fetching.gate import StoreGate
from resources.fetching.rules import FAILURES, FIRST_OPEN
from resources.settings import Settings
from resources.store import Store
from tests.resources.fetching.conftest import MakeClient
from tests.sites import NOON, Clock, Reply, Seen, Site

SECRET = "sk-very-secret-123456"
FAILED = (TransientError, PermanentError, WaitingError)


@pytest.fixture
def held(store: Store, clock: Clock, make_client: MakeClient) -> Client:
    """A client behind a gate in PostgreSQL."""
    return make_client(gate=StoreGate(store, "test_posts", requests_per_minute=600, quota=None, now=clock.now))


def told(store: Store) -> Any:
    """What the gate of the source says of it."""
    with store.transaction() as tx:
        (found,) = tx.gates.all(NOON, {})
    return found


def test_a_good_answer_comes_whole_and_we_say_who_we_are(site: Site, make_client: MakeClient) -> None:
    site.replies = [Reply(headers={"Content-Type": "Application/JSON; charset=utf-8", "X-Left": "7"})]
    answer = make_client().get(f"{site.url}/hot.json", params={"limit": 5}, headers={"X-Extra": "1"})
    assert (answer.status, answer.body, answer.media_type) == (200, b'{"fine": true}', "application/json")
    assert answer.headers["x-left"] == "7"
    assert answer.url == f"{site.url}/hot.json?limit=5"
    (seen,) = site.seen
    assert seen.path == "/hot.json?limit=5"
    assert seen.headers["user-agent"] == f"{PROJECT} (mail@example.org)"
    assert seen.headers["accept"] == "application/json"
    assert seen.headers["x-extra"] == "1"
    assert "cache-control" not in seen.headers, "no cache on the way is told to ask the source again"


def test_forms_and_bodies_are_sent(site: Site, make_client: MakeClient) -> None:
    posting = make_client()
    posting.send("POST", f"{site.url}/token", data={"grant_type": "client_credentials"})
    posting.send("POST", f"{site.url}/query", data=b'{"q": 1}', headers={"Content-Type": "application/json"})
    assert [(seen.method, seen.body) for seen in site.seen] == [
        ("POST", b"grant_type=client_credentials"),
        ("POST", b'{"q": 1}'),
    ]


@pytest.mark.parametrize(
    ("status", "kind", "error_class", "tries"),
    [
        (400, PermanentError, "refused", 1),
        (401, PermanentError, "unauthorized", 1),
        (403, PermanentError, "forbidden", 1),
        (404, PermanentError, "not_found", 1),
        (408, TransientError, "timeout", 3),
        (410, PermanentError, "not_found", 1),
        (429, TransientError, "rate_limited", 3),
        (500, TransientError, "server", 3),
        (503, TransientError, "server", 3),
        (304, TransientError, "unreadable", 3),
        (300, TransientError, "unreadable", 3),
    ],
)
def test_each_status_is_told_for_what_it_is(
    site: Site, make_client: MakeClient, status: int, kind: type[Exception], error_class: str, tries: int
) -> None:
    site.replies = [Reply(status, b"" if status == 304 else b"no, not\n today")]
    with pytest.raises(kind) as raised:
        make_client().get(f"{site.url}/hot")
    assert getattr(raised.value, "error_class", None) == error_class
    assert str(status) in str(raised.value)
    assert f"GET {site.url}/hot" in str(raised.value)
    assert len(site.seen) == tries


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_names_the_variable_that_mends_it(site: Site, make_client: MakeClient, status: int) -> None:
    site.replies = [Reply(status, b"bad key")]
    with pytest.raises(PermanentError, match=r"check TEST_API_KEY\. It said: bad key"):
        make_client().get(site.url)


def test_a_hiccup_is_retried(site: Site, make_client: MakeClient) -> None:
    site.replies = [Reply(500), Reply()]
    assert make_client().get(site.url).status == 200
    assert len(site.seen) == 2


@pytest.mark.parametrize(
    "header", [lambda: "1", lambda: format_datetime(NOON + timedelta(seconds=1), usegmt=True)], ids=["seconds", "date"]
)
def test_a_short_retry_after_is_waited_for(
    site: Site, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, header: Callable[[], str]
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", waited.append)
    site.replies = [Reply(429, headers={"Retry-After": header()}), Reply()]
    assert make_client().get(site.url).status == 200
    assert waited == [1.0]


def test_no_answer_in_time(site: Site, make_client: MakeClient) -> None:
    site.replies = [Reply(after=1.5)]
    with pytest.raises(TransientError, match="was not answered in time") as raised:
        make_client().get(site.url)
    assert raised.value.error_class == "timeout"


def test_nobody_there(nobody: str, make_client: MakeClient) -> None:
    with pytest.raises(TransientError, match=r"ConnectError: .*refused") as raised:
        make_client().get(nobody)
    assert raised.value.error_class == "connection"


@pytest.mark.parametrize(
    ("expect", "reply", "said"),
    [
        ("json", Reply(body=b"<!DOCTYPE html><title>Log in</title>"), "with HTML in place of JSON"),
        ("xml", Reply(body=b"\n<html><body>Log in</body></html>"), "with HTML in place of XML"),
        ("json", Reply(body=b'{"posts": [1, 2'), "with JSON that breaks off"),
        ("xml", Reply(body=b"<rss><channel>"), "with XML that breaks off"),
        ("xml", Reply(body=b'<!DOCTYPE r [<!ENTITY a "ha">]><r>&a;</r>'), "with XML that breaks off or is none"),
        ("json", Reply(body=b"[" * 200_000), "with JSON that breaks off"),
        ("json", Reply(body=b" "), "with nothing in place of JSON"),
        ("html", Reply(204, body=b""), "with nothing in place of HTML"),
        ("json", Reply(body=b'{"posts": []}', length=40), "breaks off after 13 bytes"),
        ("json", Reply(body=b"no gzip", headers={"Content-Encoding": "gzip"}), "is no gzip"),
        ("json", Reply(body=gzip.compress(b"{}")[:-4], headers={"Content-Encoding": "gzip"}), "breaks off"),
        ("json", Reply(body=b"{}", headers={"Content-Encoding": "gzip, gzip"}), "encoded as 'gzip, gzip'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_can_not_be_read_is_told_and_tried_again(
    site: Site, make_client: MakeClient, expect: Expect, reply: Reply, said: str
) -> None:
    site.replies = [reply]
    with pytest.raises(TransientError, match=said) as raised:
        make_client().get(site.url, expect=expect)
    assert raised.value.error_class == "unreadable"
    assert len(site.seen) == 3


@pytest.mark.parametrize(
    ("expect", "body"),
    [
        ("json", b"\xef\xbb\xbf[]"),
        ("json", b'["bad \xff byte"]'),
        ("xml", b'<?xml version="1.0" encoding="latin-1"?><rss>\xe9</rss>'),
        ("html", b"<p>hm"),
        ("any", b""),
    ],
)
def test_what_can_be_read_is_left_as_it_is(site: Site, make_client: MakeClient, expect: Expect, body: bytes) -> None:
    site.replies = [Reply(body=body)]
    assert make_client().get(site.url, expect=expect).body == body


def test_a_compressed_answer_is_unpacked(site: Site, make_client: MakeClient) -> None:
    site.replies = [Reply(body=gzip.compress(b'{"posts": []}'), headers={"Content-Encoding": "gzip"})]
    answer = make_client().get(site.url)
    assert answer.body == b'{"posts": []}'
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "bomb"])
def test_too_large_an_answer_is_cut_short_and_not_asked_for_again(
    site: Site, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    monkeypatch.setattr(transport, "MAX_BODY", 2**20)
    body = b" " * (64 * 2**20 if packed else 2**20 + 1)
    headers = {"Content-Encoding": "gzip"} if packed else {}
    site.replies = [Reply(body=gzip.compress(body) if packed else body, headers=headers)]
    with pytest.raises(PermanentError, match="holds more than 1 MB") as raised:
        make_client().get(site.url, expect="any")
    assert raised.value.error_class == "unreadable"
    assert len(site.seen) == 1


def test_five_failures_open_the_circuit_and_a_good_answer_closes_it(
    site: Site, store: Store, clock: Clock, held: Client
) -> None:
    site.replies = [Reply(500)]
    for _ in range(2):
        with pytest.raises(TransientError, match="answered 500"):
            held.get(site.url)
    assert len(site.seen) == FAILURES, "the sixth try is not made"
    with pytest.raises(WaitingError, match="its circuit is open") as raised:
        held.get(site.url)
    assert raised.value.until == NOON + FIRST_OPEN
    assert raised.value.error_class == "waiting"
    assert len(site.seen) == FAILURES, "an open circuit asks nothing"
    clock.at += FIRST_OPEN
    site.replies = [Reply()]
    assert held.get(site.url).status == 200
    assert (told(store).state, told(store).failures) == ("closed", 0)


def test_a_trial_that_fails_is_one_request_only(site: Site, clock: Clock, held: Client) -> None:
    site.replies = [Reply(429, headers={"Retry-After": "3600"}), Reply(500)]
    with pytest.raises(WaitingError):
        held.get(site.url)
    clock.at += timedelta(hours=1)
    with pytest.raises(TransientError, match="answered 500"):
        held.get(site.url)
    assert len(site.seen) == 2
    with pytest.raises(WaitingError):
        held.get(site.url)


@pytest.mark.parametrize("status", [429, 503])
def test_being_told_to_stay_away_for_long_opens_the_circuit_at_once(
    site: Site, store: Store, held: Client, status: int
) -> None:
    site.replies = [Reply(status, headers={"Retry-After": "900"})]
    with pytest.raises(WaitingError, match=f"answered {status}.*left alone for 900 s") as raised:
        held.get(site.url)
    assert raised.value.until == NOON + timedelta(minutes=15)
    assert told(store).state == "open"
    assert f"answered {status}" in told(store).last_error


def test_being_told_to_stay_away_needs_no_gate(site: Site, make_client: MakeClient) -> None:
    site.replies = [Reply(429, headers={"Retry-After": "900"})]
    with pytest.raises(WaitingError) as raised:
        make_client().get(site.url)
    assert raised.value.until == NOON + timedelta(minutes=15)


def test_asking_for_the_wrong_thing_is_no_failure_of_the_source(site: Site, store: Store, held: Client) -> None:
    site.replies = [Reply(404)]
    for _ in range(FAILURES + 1):
        with pytest.raises(PermanentError):
            held.get(site.url)
    assert (told(store).state, told(store).failures) == ("closed", 0)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_a_failure_of_the_source(site: Site, store: Store, held: Client, status: int) -> None:
    site.replies = [Reply(status)]
    with pytest.raises(PermanentError):
        held.get(site.url)
    assert told(store).failures == 1


def test_a_spent_quota_asks_nothing(site: Site, store: Store, clock: Clock, make_client: MakeClient) -> None:
    quota = Quota(units=3, window=timedelta(days=1))
    gate = StoreGate(store, "test_posts", requests_per_minute=600, quota=quota, now=clock.now)
    site.replies = [Reply(500), Reply()]
    first = make_client(gate=gate)
    first.get(site.url)
    assert len(site.seen) == 2, "a retry costs too"
    with pytest.raises(WaitingError, match="2 of its quota of 3"):
        make_client(gate=gate).get(site.url, cost=2)
    assert len(site.seen) == 2
    assert told(store).failures == 0, "waiting is no failure"


def test_the_rate_is_kept_by_waiting(site: Site, store: Store, clock: Clock, make_client: MakeClient) -> None:
    gate = StoreGate(store, "test_posts", requests_per_minute=2, quota=None, now=clock.now)
    slow = make_client(gate=gate)
    for _ in range(4):
        slow.get(site.url)
    assert clock.slept == [30, 30]


def test_at_the_full_hour_the_first_request_waits_a_little(site: Site, clock: Clock) -> None:
    clock.at = NOON.replace(minute=0, second=7)
    with Client("test_posts", now=clock.now, sleep=clock.sleep, chance=random.Random(1)) as early:
        early.get(site.url)
        clock.at = NOON.replace(minute=0, second=40)
        early.get(site.url)
    (waited,) = clock.slept
    assert 0 < waited <= 20


def test_at_other_times_nothing_waits(site: Site, clock: Clock) -> None:
    with Client("test_posts", now=clock.now, sleep=clock.sleep, chance=random.Random(1)) as late:
        late.get(site.url)
    assert clock.slept == []


def test_a_redirect_to_another_host_takes_no_credentials_along(
    site: Site, other_site: Site, make_client: MakeClient
) -> None:
    site.replies = [Reply(302, headers={"Location": f"{other_site.url}/there"})]
    credentials = {"Authorization": f"Bearer {SECRET}", "X-Goog-Api-Key": SECRET, "X-Api-Key": SECRET}
    answer = make_client().get(site.url, headers=credentials)
    assert answer.url == f"{other_site.url}/there"
    (seen,) = other_site.seen
    assert SECRET not in str(seen)
    assert seen.headers["host"] == other_site.url.removeprefix("http://")
    assert seen.headers["user-agent"].startswith(PROJECT)


def test_a_redirect_on_the_same_host_keeps_them(site: Site, make_client: MakeClient) -> None:
    site.replies = [Reply(301, headers={"Location": "/there"}), Reply()]
    make_client().get(f"{site.url}/here", headers={"X-Goog-Api-Key": SECRET})
    assert [seen.headers["x-goog-api-key"] for seen in site.seen] == [SECRET, SECRET]


def test_circles_end(site: Site, make_client: MakeClient) -> None:
    site.replies = [Reply(302, headers={"Location": "/round"})]
    with pytest.raises(PermanentError, match="redirects more than 5 times"):
        make_client().get(site.url)
    assert len(site.seen) == 6


@pytest.mark.parametrize(
    "place",
    [
        "file:///etc/passwd",
        "ftp://example.org/x",
        "javascript:alert(1)",
        "data:,x",
        "http://[::1",
        "http://example.org:99999999/",
        f"http://{'a' * 70}.example/",
        "http://\xff\xfe/",
        "http://example.org/\tx",
    ],
)
def test_only_http_is_followed(site: Site, make_client: MakeClient, place: str) -> None:
    site.replies = [Reply(302, headers={"Location": place})]
    with pytest.raises(FAILED):
        make_client().get(site.url)
    assert len(site.seen) in {1, 3}


def test_a_form_is_not_handed_on(site: Site, other_site: Site, make_client: MakeClient) -> None:
    site.replies = [Reply(307, headers={"Location": other_site.url})]
    with pytest.raises(PermanentError, match="only a GET may follow"):
        make_client().send("POST", site.url, data={"client_secret": SECRET})
    assert other_site.seen == []


def test_cookies_are_not_kept(site: Site, make_client: MakeClient) -> None:
    site.replies = [Reply(headers={"Set-Cookie": "who=you"})]
    asking = make_client()
    answers = [asking.get(site.url) for _ in range(2)]
    assert not any("cookie" in seen.headers for seen in site.seen)
    assert not any("set-cookie" in answer.headers for answer in answers)


@pytest.mark.parametrize("url", ["example.org/x", "ftp://example.org", "http://", "http://[::1", "//x"])
def test_what_is_no_url_is_refused_before_it_is_asked(make_client: MakeClient, url: str) -> None:
    with pytest.raises(PermanentError, match="can't be asked"):
        make_client().get(url)


def test_no_secret_is_told(
    site: Site, make_client: MakeClient, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    def echo(seen: Seen) -> Reply:
        return Reply(statuses[-1], f"you sent {seen.headers} to {seen.path} with {seen.body!r}".encode())

    statuses: list[int] = []
    caplog.set_level(logging.INFO)
    site.answer = echo
    address = site.url.replace("http://", f"http://user:{SECRET}@")
    for status in (400, 403, 404, 429, 500):
        statuses.append(status)
        with pytest.raises(FAILED) as raised:
            make_client().send(
                "POST",
                f"{address}/x?access_token={SECRET}&page_token=kept",
                params={"apiKey": SECRET},
                headers={"Authorization": f"Bearer {SECRET}", "X-Goog-Api-Key": SECRET},
                data={"client_secret": SECRET, "refresh_token": SECRET},
            )
        chain: BaseException | None = raised.value
        while chain:
            assert SECRET not in str(chain)
            chain = chain.__cause__ or chain.__context__
        assert "page_token=kept" in str(raised.value)
    assert "HTTP Request: POST http://" in caplog.text
    said = caplog.text + "".join(capfd.readouterr())
    assert "retry_scheduled" in said
    assert SECRET not in said


def test_a_quote_is_short_and_on_one_line(site: Site, make_client: MakeClient) -> None:
    site.replies = [Reply(400, b"a\x00b\r\n\x1b[31mc" + b"d" * 10_000)]
    with pytest.raises(PermanentError) as raised:
        make_client().get(site.url)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 400


def test_the_client_of_the_settings_keeps_to_its_source(site: Site, store: Store, tmp_path: Any) -> None:
    class Manners:
        credentials = ("TEST_API_KEY",)
        requests_per_minute = 600.0
        quota = Quota(units=1, window=timedelta(days=1))

    settings = Settings.model_validate({"data_dir": tmp_path, "contact": "https://example.org/us"})
    site.replies = [Reply(headers={"ETag": '"1"'})]
    with client("test_posts", Manners(), settings, store) as made:
        made._sleep = lambda _: None
        made.get(site.url)
        with pytest.raises(WaitingError, match="quota"):
            made.get(site.url)
    assert site.seen[0].headers["user-agent"] == f"{PROJECT} (https://example.org/us)"
    assert (tmp_path / "http-cache" / "answers.db").is_file()
