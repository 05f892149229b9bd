"""What was answered before saves sources their work, and gives nothing away."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resources.errors import PermanentError, TransientError, WaitingError
from resources.fetching.cache import Cache, cache
from resources.fetching.client import Client
from resources.settings import Settings
from resources.vault import Vault
from tests.resources.fetching.conftest import MakeClient
from tests.sites import Reply, Seen, Site

PERSON = b'{"author": "jane_doe_1984"}'
KEPT = Reply(body=PERSON, headers={"ETag": '"v1"', "X-Author": "jane_doe_1984"})


@pytest.fixture
def kept(cache_file: Path, secrets_vault: Vault) -> Iterator[Cache]:
    """A cache."""
    opened = Cache(cache_file, secrets_vault)
    yield opened
    opened.close()


def conditional(seen: Seen) -> Reply:
    """Answers like a server that knows the version of its page."""
    if seen.headers.get("if-none-match") == '"v1"':
        return Reply(304, b"", {"ETag": '"v1"', "X-Left": "3"})
    return KEPT


def bytes_of(file: Path) -> bytes:
    """All that lies on disk."""
    return b"".join(path.read_bytes() for path in file.parent.iterdir())


def test_what_did_not_change_is_not_sent_again(site: Site, make_client: MakeClient, kept: Cache) -> None:
    site.answer = conditional
    asking = make_client(cache=kept)
    first, second, third = (asking.get(site.url) for _ in range(3))
    assert first.body == second.body == third.body == PERSON
    assert [answer.status for answer in (first, second, third)] == [200, 200, 200]
    assert second.headers["x-left"] == "3", "what the 304 says of it is new"
    assert [seen.headers.get("if-none-match") for seen in site.seen] == [None, '"v1"', '"v1"']


def test_a_new_run_asks_about_what_the_last_one_was_told(
    site: Site, make_client: MakeClient, cache_file: Path, secrets_vault: Vault
) -> None:
    site.answer = conditional
    for _ in range(2):
        with make_client(cache=Cache(cache_file, secrets_vault)) as run:
            assert run.get(site.url).body == PERSON
    assert site.seen[1].headers["if-none-match"] == '"v1"'


def test_last_modified_is_asked_about_too(site: Site, make_client: MakeClient, kept: Cache) -> None:
    date = "Mon, 01 Jan 2024 00:00:00 GMT"
    site.replies = [Reply(body=PERSON, headers={"Last-Modified": date}), Reply(304, b"")]
    asking = make_client(cache=kept)
    assert [asking.get(site.url).body for _ in range(2)] == [PERSON, PERSON]
    assert site.seen[1].headers["if-modified-since"] == date


@pytest.mark.parametrize("lifetime", [{}, {"Cache-Control": "max-age=86400, immutable"}])
def test_what_changed_is_never_answered_from_before(
    site: Site, make_client: MakeClient, kept: Cache, cache_file: Path, lifetime: dict[str, str]
) -> None:
    site.replies = [
        Reply(body=f"[{version}]".encode(), headers={"ETag": f'"{version}"', **lifetime}) for version in (1, 2, 3)
    ]
    asking = make_client(cache=kept)
    assert [asking.get(site.url).body for _ in range(3)] == [b"[1]", b"[2]", b"[3]"]
    assert [seen.headers.get("if-none-match") for seen in site.seen] == [None, '"1"', '"2"']
    with sqlite3.connect(cache_file) as database:
        assert database.execute("SELECT count(*) FROM entries WHERE expires_at > 0").fetchall() == [(1,)]


def test_a_source_that_fails_is_not_covered_up(site: Site, make_client: MakeClient, kept: Cache) -> None:
    site.replies = [
        Reply(body=PERSON, headers={"ETag": '"v1"', "Cache-Control": "max-age=999, stale-if-error=999"}),
        Reply(500),
    ]
    asking = make_client(cache=kept)
    asking.get(site.url)
    with pytest.raises(TransientError, match="answered 500"):
        asking.get(site.url)


@pytest.mark.parametrize("header", ["Authorization", "X-Goog-Api-Key", "X-Api-Key", "Cookie"])
def test_no_account_is_given_what_another_was_told(
    site: Site, make_client: MakeClient, kept: Cache, header: str
) -> None:
    site.answer = conditional
    asking = make_client(cache=kept)
    for who in ("key of the first", "key of the second", "key of the first"):
        asking.get(site.url, headers={header: who})
    assert [seen.headers.get("if-none-match") for seen in site.seen] == [None, None, '"v1"']


def test_nothing_can_be_read_on_disk(site: Site, make_client: MakeClient, kept: Cache, cache_file: Path) -> None:
    site.answer = conditional
    asking = make_client(cache=kept)
    for _ in range(2):
        asking.get(f"{site.url}/u/jane_doe_1984", headers={"Authorization": "Bearer sk-very-secret"})
    lying = bytes_of(cache_file)
    assert len(lying) > 1000
    for plain in (b"jane_doe", b"sk-very-secret", b"127.0.0.1", b'"v1"', b"author"):
        assert plain not in lying.lower()


def test_another_secret_starts_afresh(
    site: Site, make_client: MakeClient, cache_file: Path, secrets_vault: Vault
) -> None:
    site.answer = conditional
    make_client(cache=Cache(cache_file, secrets_vault)).get(site.url)
    other = Vault(["another secret of the tests of fetching", "a secret of the tests of fetching"])
    make_client(cache=Cache(cache_file, other)).get(site.url)
    assert site.seen[1].headers["if-none-match"] == '"v1"', "a new secret in front opens what the old one sealed"
    lost = Cache(cache_file, Vault(["quite another secret of the tests of fetching"]))
    assert make_client(cache=lost).get(site.url).body == PERSON
    assert "if-none-match" not in site.seen[2].headers


def test_what_the_vault_can_not_open_is_asked_for_again(
    site: Site, make_client: MakeClient, kept: Cache, cache_file: Path
) -> None:
    site.answer = conditional
    asking = make_client(cache=kept)
    asking.get(site.url)
    with sqlite3.connect(cache_file) as database:
        database.execute("UPDATE streams SET chunk_data = x'00'")
    assert asking.get(site.url).body == PERSON
    assert "if-none-match" not in site.seen[1].headers


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=PERSON),
        Reply(body=PERSON, headers={"ETag": '"v1"', "Cache-Control": "no-store"}),
        Reply(404, PERSON, {"ETag": '"v1"'}),
        Reply(403, PERSON, {"ETag": '"v1"'}),
        Reply(500, PERSON, {"ETag": '"v1"', "Cache-Control": "public, max-age=99"}),
        Reply(200, b"<html>Log in</html>", {"ETag": '"v1"'}),
        Reply(200, b'{"breaks": "of', {"ETag": '"v1"'}),
        Reply(200, b"{}", {"ETag": '"v1"'}, length=99),
    ],
    ids=["no validator", "no-store", "404", "403", "500", "html", "broken", "short"],
)
def test_only_good_answers_that_can_be_asked_about_are_kept(
    site: Site, make_client: MakeClient, kept: Cache, cache_file: Path, reply: Reply
) -> None:
    site.replies = [reply]
    asking = make_client(cache=kept)
    for _ in range(2):
        try:
            asking.get(site.url)
        except (TransientError, PermanentError):
            """Told elsewhere."""
    assert not any("if-none-match" in seen.headers for seen in site.seen)


def test_a_form_is_never_kept(site: Site, make_client: MakeClient, kept: Cache, cache_file: Path) -> None:
    site.replies = [KEPT]
    make_client(cache=kept).send("POST", site.url, data={"q": "1"})
    assert rows(cache_file) == 0


def rows(file: Path) -> int:
    """How many answers lie in the file."""
    with sqlite3.connect(file) as database:
        (count,) = database.execute("SELECT count(*) FROM entries").fetchone()
    return int(count)


def test_clearing_leaves_nothing(
    site: Site, make_client: MakeClient, kept: Cache, cache_file: Path, secrets_vault: Vault
) -> None:
    site.replies = [KEPT]
    asking = make_client(cache=kept)
    asking.get(site.url)
    with sqlite3.connect(cache_file) as database:
        (sealed,) = database.execute("SELECT chunk_data FROM streams").fetchone()
    clearing = Cache(cache_file, secrets_vault)
    clearing.clear()
    assert rows(cache_file) == 0
    assert bytes(sealed) not in bytes_of(cache_file)
    assert asking.get(site.url).body == PERSON, "who was using it goes on"
    clearing.close()


def test_an_empty_cache_can_be_cleared(kept: Cache, cache_file: Path) -> None:
    kept.clear()
    assert rows(cache_file) == 0


@pytest.mark.parametrize(("days", "kept_for"), [(1, timedelta(days=1)), (30, timedelta(days=7))])
def test_nothing_is_kept_longer_than_the_archive_or_a_week(tmp_path: Path, days: int, kept_for: timedelta) -> None:
    chosen = Settings.model_validate({"data_dir": tmp_path, "raw_retention_days": days})
    opened = cache(chosen)
    assert opened.default_ttl == kept_for.total_seconds()
    assert (tmp_path / "http-cache").stat().st_mode & 0o077 == 0
    opened.close()


def test_what_is_too_old_is_not_used_and_then_removed(
    site: Site, make_client: MakeClient, cache_file: Path, secrets_vault: Vault
) -> None:
    site.answer = conditional
    brief = Cache(cache_file, secrets_vault, timedelta(0))
    asking = make_client(cache=brief)
    for _ in range(2):
        asking.get(site.url)
    assert not any("if-none-match" in seen.headers for seen in site.seen)
    with sqlite3.connect(cache_file) as database:
        database.execute("UPDATE entries SET last_accessed_at = 0")
    asking.get(site.url)
    assert rows(cache_file) == 1


HEADERS = st.dictionaries(
    st.sampled_from(["cache-control", "date", "expires", "etag", "last-modified", "vary", "age", "content-type"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=30)
    | st.sampled_from(["*", "max-age=99999999999999999999", 'no-cache="', "Mon, 01 Jan 99999 00:00:00 GMT", "0"]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(replies=st.lists(st.tuples(st.sampled_from([200, 304, 404, 500]), HEADERS), min_size=2, max_size=4))
def test_no_headers_break_us(
    kept: Cache, monkeypatch: pytest.MonkeyPatch, replies: list[tuple[int, dict[str, str]]]
) -> None:
    coming = iter(replies)

    def answer(_: httpx.Request) -> httpx.Response:
        status, headers = next(coming, (200, {}))
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        return httpx.Response(status, headers=raw, content=b"" if status == 304 else PERSON)

    kept.clear()
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _: None)
    asking = Client("test_posts", cache=kept, transport=httpx.MockTransport(answer), sleep=lambda _: None)
    for _ in replies:
        try:
            assert asking.get("http://test.invalid/").body == PERSON
        except (TransientError, PermanentError, WaitingError):
            """Told elsewhere."""
