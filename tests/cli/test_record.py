"""`engine record`: a real exchange over loopback, kept as files, and replayed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from cli import record as room
from cli.record import record, show
from pipeline.models import Payload, hour_of
from resources.errors import PermanentError, TransientError
from resources.fetching import Web
from resources.fetching.client import Client
from resources.settings import Settings
from resources.sources import SourceSpec
from resources.sources.recorded import Recorded
from resources.store import Store
from tests.sites import Reply, Site
from tests.worlds import SPEC, listing_of, post

NAME = "reddit_posts"


class Pages:
    """Asks a server for two pages."""

    name = NAME
    spec: SourceSpec = SPEC.model_copy(update={"live": True, "credentials": ("REDDIT_CLIENT_ID",)})

    def __init__(self, url: str) -> None:
        self.url = url

    def fetch(self, hour: datetime, now: datetime, web: Web) -> list[Payload]:
        """The pages, as they come."""
        return [self.page(now, web, number) for number in (1, 2)]

    def page(self, now: datetime, web: Web, number: int) -> Payload:
        """One page."""
        answer = web.get(f"{self.url}/page{number}")
        return Payload(source=NAME, captured_at=now, body=answer.body, media_type="application/json", url=answer.url)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    """A server of two pages, which the source asks."""
    opened = Site()
    opened.replies = [Reply(body=listing_of([post(1)]).encode()), Reply(body=listing_of([post(2)]).encode())]
    monkeypatch.setattr(room, "sources", lambda settings: (Pages(opened.url), Recorded(str(settings.data_dir / "r"))))
    return opened


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.model_validate({"data_dir": tmp_path, "REDDIT_CLIENT_ID": "id", "contact": "me@example.org"})


def test_what_is_recorded_is_replayed_as_it_came(
    site: Site, settings: Settings, database_url: str, tmp_path: Path
) -> None:
    made = record(settings, database_url, NAME, None)
    assert [Path(file).is_file() for file in made.files] == [True, True]
    folder = tmp_path / "recorded" / f"{made.hour:year=%Y/month=%m/day=%d/hour=%H}" / NAME
    assert {Path(file).parent for file in made.files} == {folder}
    replayed = list(Recorded(made.folder).fetch(made.hour, datetime.now(UTC), Client("test")))
    assert {payload.body for payload in replayed} == {reply.body for reply in site.replies}
    assert {payload.url for payload in replayed} == {f"{site.url}/page1", f"{site.url}/page2"}
    assert {hour_of(payload.captured_at) for payload in replayed} == {made.hour}
    assert made.bytes == sum(len(reply.body) for reply in site.replies)

    said = StringIO()
    show(made, Console(file=said, width=200))
    assert f"ENGINE_RECORDED_URL={made.folder} engine run --hour {made.hour:%Y-%m-%dT%H}" in said.getvalue()
    for words in ("personal data", "not encrypted", "retention does not reach them", *made.files):
        assert words in said.getvalue()


def test_who_recorded_is_audited_without_what_was_recorded(
    site: Site, settings: Settings, database_url: str, tmp_path: Path
) -> None:
    record(settings, database_url, NAME, str(tmp_path / "elsewhere"))
    with Store(database_url) as store, store.transaction() as tx:
        (row,) = tx.audit.newest()
    assert (row.actor, row.action, row.subject.split()[0]) == ("engine record", "record", NAME)
    assert row.detail["payloads"] == 2
    assert row.detail["to"] == str(tmp_path / "elsewhere")


def test_trouble_is_told_and_audited(
    site: Site, settings: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.replies = [Reply(status=404, body=b"gone")]
    with pytest.raises(PermanentError, match="404"):
        record(settings, database_url, NAME, None)
    with Store(database_url) as store, store.transaction() as tx:
        (row,) = tx.audit.newest()
    assert "404" in row.detail["error"]


def test_an_interrupted_exchange_keeps_what_came(
    site: Site, settings: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def halting(self: Pages, hour: datetime, now: datetime, web: Web):  # type: ignore[no-untyped-def]
        yield self.page(now, web, 1)
        raise TransientError("the second page did not come")

    monkeypatch.setattr(Pages, "fetch", halting)
    with pytest.raises(TransientError, match="second page"):
        record(settings, database_url, NAME, None)
    (kept,) = [path for path in (tmp_path / "recorded").rglob("*.json") if ".meta." not in path.name]
    assert json.loads(kept.read_bytes())["kind"] == "Listing"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (NAME, "reddit_posts is off: set REDDIT_CLIENT_ID"),
        ("recorded", "recorded is not asked over the network"),
        ("radio", "'radio' is no source: name one of reddit_posts, recorded"),
    ],
    ids=["off", "computed", "unknown"],
)
def test_what_can_not_be_recorded_says_why(
    site: Site, settings: Settings, database_url: str, name: str, says: str
) -> None:
    bare = settings.model_copy(update={"reddit_client_id": None})
    with pytest.raises(PermanentError, match=f"^{says}"):
        record(bare, database_url, name, None)
    assert site.seen == []
