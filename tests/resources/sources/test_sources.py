"""The sources that need no network: computed ones and the replay of recorded payloads."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import boto3
import pytest

from pipeline.models import Payload
from pipeline.signals import read
from pipeline.signals.parsers import PARSERS
from resources.archive import Archive
from resources.errors import PermanentError
from resources.fetching.client import Client
from resources.objects import Objects
from resources.settings import Settings
from resources.sources import sources
from resources.sources.calendar_events import CalendarEvents
from resources.sources.nostalgia_topics import NostalgiaTopics
from resources.sources.recorded import Recorded
from resources.vault import Vault
from tests import recorded

NOW = datetime(2026, 11, 23, 5, 17, tzinfo=UTC)
HOUR = NOW.replace(minute=0)
COMPUTED = [CalendarEvents(["US", "GB"]), NostalgiaTopics()]


@pytest.mark.parametrize("source", COMPUTED, ids=lambda source: source.name)
@pytest.mark.parametrize("hour", [NOW, NOW - timedelta(days=4000), NOW + timedelta(days=400)])
def test_a_computed_source_answers_any_hour_byte_for_byte(source: CalendarEvents, hour: datetime) -> None:
    (first,) = source.fetch(hour, NOW, Client("test"))
    (again,) = source.fetch(hour, NOW + timedelta(days=1), Client("test"))
    assert first == again
    assert first.captured_at == hour.replace(minute=0)
    found = read(first, b"salt")
    assert found.signals
    assert not found.rejected
    assert {signal.metadata["kind"] for signal in found.signals} <= {"occasion", "anniversary"}
    assert len({signal.id for signal in found.signals}) == len(found.signals)


def test_the_metadata_that_scoring_relies_on() -> None:
    (calendar,) = CalendarEvents(["US", "GB"]).fetch(NOW, NOW, Client("test"))
    (nostalgia,) = NostalgiaTopics().fetch(NOW, NOW, Client("test"))
    christmas = next(s for s in read(calendar, b"salt").signals if s.content == "Christmas")
    assert christmas.metadata == {
        "kind": "occasion",
        "name": "Christmas",
        "date": "2026-12-25",
        "countries": ["GB", "US"],
        "themes": ["christmas", "family", "santa", "gifts"],
        "greeting": "Merry Christmas",
        "motifs": ["tree", "gifts", "holly-berry"],
        "mood": "festive",
        "gift": True,
    }
    pole = next(s for s in read(nostalgia, b"salt").signals if "South Pole" in s.content)
    assert pole.metadata == {
        "kind": "anniversary",
        "name": "First people reach the South Pole",
        "year": 1911,
        "date": "2026-12-14",
        "years": 115,
        "themes": ["exploration", "antarctica", "winter"],
        "hook": "Ninety Degrees South",
        "motifs": ["compass", "snowflake"],
        "mood": "outdoorsy",
    }


def test_a_tampered_document_is_refused_by_field() -> None:
    (payload,) = CalendarEvents(["US"]).fetch(NOW, NOW, Client("test"))
    document = json.loads(payload.body)
    document["occasions"][0]["mood"] = "grumpy"
    del document["occasions"][1]["date"]
    found = read(payload.model_copy(update={"body": json.dumps(document).encode()}), b"salt")
    assert [r.index for r in found.rejected] == [0, 1]
    assert "mood: 'grumpy'" in found.rejected[0].reason
    assert found.rejected[1].reason == "date: missing"


def test_an_unknown_country_names_the_setting() -> None:
    with pytest.raises(PermanentError, match=r"ENGINE_COUNTRIES='US,XX'.*'XX'"):
        list(CalendarEvents(["US", "XX"]).fetch(NOW, NOW, Client("test")))


def test_the_registry_follows_the_settings(tmp_path: Path) -> None:
    found = sources(Settings(data_dir=tmp_path, countries="AU"))
    assert [source.name for source in found] == [
        *("calendar_events", "nostalgia_topics", "recorded"),
        *("wikipedia_topics", "google_trends", "hackernews_stories", "mastodon_trends", "bluesky_trends"),
        *("reddit_posts", "youtube_videos", "instagram_hashtags", "tiktok_hashtags"),
    ]
    assert [source.name for source in found if not source.spec.credentials] == [
        *("calendar_events", "nostalgia_topics", "recorded"),
    ]
    assert {source.name for source in found if source.spec.credentials == ("ENGINE_CONTACT",)} == {
        *("wikipedia_topics", "google_trends", "hackernews_stories", "mastodon_trends", "bluesky_trends"),
    }
    assert all(source.spec.terms and source.spec.history and source.spec.counters for source in found)
    assert list(found[2].fetch(NOW, NOW, Client("test"))) == []


# --- recorded


@dataclass
class Place:
    """Where recorded files lie, and how a person puts one there: with any name, past the rules for keys."""

    url: str
    put: Callable[[str, bytes], None]
    endpoint: str | None = None

    def fetch(self, hour: datetime = NOW) -> list[Payload]:
        """What the source answers."""
        return list(Recorded(self.url, self.endpoint).fetch(hour, NOW, Client("test")))

    def write(self, path: str, data: bytes = b"[]", meta: str | None = None) -> None:
        """Put a file into the hour, with its sidecar."""
        for name, body in (
            (path, data),
            (f"{path.rpartition('.')[0] or path}.meta.json", None if meta is None else meta.encode()),
        ):
            if body is not None:
                self.put(f"year=2026/month=11/day=23/hour=05/{name}", body)


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty place of either kind."""
    if request.param == "folder":

        def put(path: str, data: bytes) -> None:
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)

        return Place(str(tmp_path), put)
    endpoint: str = request.getfixturevalue("s3")
    client, prefix = boto3.client("s3", endpoint_url=endpoint), f"{uuid4()}/kept"
    return Place(
        f"s3://shop/{prefix}/",
        lambda path, data: client.put_object(Bucket="shop", Key=f"{prefix}/{path}", Body=data),
        endpoint,
    )


def test_recorded_payloads_come_back_as_they_were(place: Place, tmp_path_factory: pytest.TempPathFactory) -> None:
    payloads = tuple(
        Payload(source=source, captured_at=NOW, body=body, url="https://example.org/x", media_type="text/plain")
        for source, body in (("reddit_posts", b"a"), ("reddit_posts", b"b"), ("youtube_videos", b"c"))
    )
    archive = tmp_path_factory.mktemp("archive")
    recorded.write_archive(archive, payloads)
    for file in filter(Path.is_file, archive.rglob("*")):
        place.put(str(file.relative_to(archive)), file.read_bytes())
    assert sorted(place.fetch(), key=lambda p: p.body) == list(payloads)
    assert place.fetch(NOW - timedelta(hours=1)) == []


def test_without_a_sidecar_the_hour_is_the_moment(place: Place) -> None:
    place.write("reddit_posts/hot.json", b"{}")
    (found,) = place.fetch()
    assert (found.source, found.captured_at, found.body) == ("reddit_posts", HOUR, b"{}")


def test_a_missing_folder_means_that_nothing_was_recorded_and_is_not_made(tmp_path: Path) -> None:
    for url in (str(tmp_path / "nowhere"), (tmp_path / "nowhere").as_uri()):
        assert list(Recorded(url).fetch(NOW, NOW, Client("test"))) == []
    assert list(tmp_path.iterdir()) == []


def test_a_missing_bucket_is_not_nothing(s3: str) -> None:
    with pytest.raises(PermanentError, match="no such bucket: create it, or correct ENGINE_RECORDED_URL"):
        list(Recorded("s3://nowhere/kept", s3).fetch(NOW, NOW, Client("test")))
    with pytest.raises(PermanentError, match="ENGINE_RECORDED_URL='ftp://x'"):
        list(Recorded("ftp://x").fetch(NOW, NOW, Client("test")))


def test_the_settings_say_where_and_on_which_server(s3: str, tmp_path: Path) -> None:
    configured = Settings(data_dir=tmp_path, recorded_url="s3://shop/settings", OBJECT_STORE_ENDPOINT=s3)
    key = "settings/year=2026/month=11/day=23/hour=05/reddit_posts/hot.json"
    boto3.client("s3", endpoint_url=s3).put_object(Bucket="shop", Key=key, Body=b"[]")
    assert [payload.source for payload in sources(configured)[2].fetch(NOW, NOW, Client("test"))] == ["reddit_posts"]


@pytest.mark.parametrize("path", ["myspace_bulletins/x.json", "loose.json"])
def test_what_belongs_to_no_source_is_named(place: Place, path: str) -> None:
    place.write(path)
    with pytest.raises(PermanentError) as error:
        place.fetch()
    assert path in str(error.value)
    assert all(known in str(error.value) for known in PARSERS)


@pytest.mark.parametrize("name", ["my file.json", "caf\u00e9.json", "a%20b.json", "-x.json"])
def test_a_file_with_a_name_that_no_object_may_have_is_named_before_anything_is_read(place: Place, name: str) -> None:
    place.write("reddit_posts/a.json")
    place.write(f"reddit_posts/{name}")
    with pytest.raises(PermanentError) as error:
        next(iter(Recorded(place.url, place.endpoint).fetch(NOW, NOW, Client("test"))))
    assert f"reddit_posts/{name}: rename {name!r} to letters" in str(error.value)


def test_a_file_too_deep_is_named(place: Place) -> None:
    place.write("reddit_posts/more/x.json")
    with pytest.raises(PermanentError, match=r"reddit_posts/more/x\.json lies too deep"):
        place.fetch()


def test_hidden_files_and_marks_of_folders_are_passed_over(place: Place) -> None:
    for path in (".DS_Store", "reddit_posts/.gitkeep", ".trash/x.json", "reddit_posts/hot.json"):
        place.write(path)
    if place.endpoint:
        place.write("", b"")
        place.write("reddit_posts/", b"")
        place.write("youtube_videos/", b"")
    assert [payload.source for payload in place.fetch()] == ["reddit_posts"]


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        ('{"captured_at": "2026-11-23T06:00:00Z"}', "outside its hour"),
        ('{"captured_at": "2026-11-23T05:00:00"}', "captured_at"),
        ("not json", "hot.meta.json"),
        ('{"colour": "red"}', "colour"),
    ],
)
def test_a_sidecar_that_can_not_be_right_is_named(place: Place, meta: str, said: str) -> None:
    place.write("reddit_posts/hot.json", meta=meta)
    with pytest.raises(PermanentError, match=said):
        place.fetch()


def test_an_archive_is_replayed_as_it_was_landed(tmp_path: Path) -> None:
    vault = Vault(["a secret of the tests, long enough"])
    captured = NOW + timedelta(minutes=17)
    payload = Payload(source="reddit_posts", captured_at=captured, body=b"[]", url="https://example.org/hot.json")
    Archive(Objects(str(tmp_path / "objects")), vault).land(payload)
    url = str(tmp_path / "objects" / "raw-signals")
    assert list(Recorded(url, unseal=vault.open).fetch(NOW, NOW, Client("test"))) == [payload]
    with pytest.raises(PermanentError, match="is sealed, and there is no vault"):
        list(Recorded(url).fetch(NOW, NOW, Client("test")))
