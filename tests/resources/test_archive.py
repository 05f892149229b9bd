"""The raw archive: what lands comes back whole, nobody else can read it, and it ends when it should."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from pipeline.models import Payload, sha256
from resources.archive import Archive
from resources.errors import PermanentError
from resources.objects import Objects
from resources.settings import Settings
from resources.vault import Vault, vault

HOUR = datetime(2026, 11, 20, 14, tzinfo=UTC)
OLD, NEW = "the old secret of 32 characters or more", "the new secret of 32 characters or more"


@pytest.fixture(params=["folder", "s3"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    """An empty store of either kind."""
    if request.param == "folder":
        return Objects(str(tmp_path / "objects"))
    return Objects(f"s3://shop/{uuid4()}", endpoint=request.getfixturevalue("s3"))


@pytest.fixture
def archive(objects: Objects) -> Archive:
    return Archive(objects, Vault([OLD]))


def payload(body: bytes = b'{"a": 1}', source: str = "reddit_posts", minute: int = 5) -> Payload:
    return Payload(source=source, captured_at=HOUR + timedelta(minutes=minute), body=body, url="https://x/y?z=1")


def test_what_lands_comes_back_whole_and_in_order(archive: Archive) -> None:
    landing = [payload(b"2", minute=9), payload(b"1", minute=3), payload(b"3", source="a_source")]
    uris = [archive.land(each) for each in landing]
    archive.land(payload(b"4", minute=60))
    assert [archive.land(each) for each in landing] == uris
    assert archive.landed(HOUR) == [(landing[2], uris[2]), (landing[1], uris[1]), (landing[0], uris[0])]
    assert archive.landed(HOUR, "a_source") == [(landing[2], uris[2])]
    assert archive.landed(HOUR - timedelta(hours=1)) == []
    assert uris[1].endswith(f"/raw-signals/year=2026/month=11/day=20/hour=14/reddit_posts/{sha256(b'1')}.json.sealed")


def test_nobody_reads_it_without_the_secret(archive: Archive, objects: Objects) -> None:
    uri = archive.land(payload(b'{"author": "jane_doe_1987"}'))
    assert b"jane" not in objects.get(uri)
    with pytest.raises(PermanentError, match=r"\.json\.sealed can't be opened: .*ENGINE_SECRET_KEY"):
        Archive(objects, Vault([NEW])).landed(HOUR)


def test_a_new_secret_in_front_opens_what_the_old_one_sealed(archive: Archive, objects: Objects) -> None:
    archive.land(payload(b"old"))
    rotated = Vault([NEW, OLD])
    assert [p.body for p, _ in Archive(objects, rotated).landed(HOUR)] == [b"old"]
    assert rotated.salt == Vault([OLD]).salt


def test_a_payload_that_did_not_land_whole_is_not_there(archive: Archive, objects: Objects) -> None:
    uri = archive.land(payload())
    objects.delete([objects.key(uri).replace(".json.sealed", ".meta.json")])
    assert archive.landed(HOUR) == []
    assert archive.land(payload()) == uri
    assert archive.landed(HOUR) == [(payload(), uri)]


def test_a_damaged_payload_is_named(archive: Archive, objects: Objects) -> None:
    uri = archive.land(payload())
    objects.put(objects.key(uri), Vault([OLD]).seal(b"bitten"), "application/json")
    with pytest.raises(PermanentError, match=rf"{sha256(payload().body)}\.json\.sealed is damaged: its SHA-256 is"):
        archive.landed(HOUR)
    objects.put(objects.key(uri), b"bitten", "application/json")
    with pytest.raises(PermanentError, match=r"can't be opened: it is damaged"):
        archive.landed(HOUR)
    objects.put(objects.key(uri).replace(".json.sealed", ".meta.json"), b"{", "application/json")
    with pytest.raises(PermanentError, match=r"meta\.json is damaged"):
        archive.landed(HOUR)


def test_retention_takes_whole_hours_and_nothing_else(archive: Archive, objects: Objects) -> None:
    for minute in (0, 59, 60, 121):
        archive.land(payload(str(minute).encode(), minute=minute))
    objects.put("raw-signals/a-note-of-mine.txt", b"keep", "text/plain")
    expired = archive.expire(HOUR + timedelta(hours=1))
    assert (expired.payloads, expired.objects) == (2, 4)
    assert archive.landed(HOUR) == []
    assert [p.body for p, _ in archive.everything()] == [b"60", b"121"]
    assert objects.exists("raw-signals/a-note-of-mine.txt")
    assert archive.expire(HOUR + timedelta(hours=1)) == (0, 0)


def test_a_payload_takes_the_place_of_another(archive: Archive) -> None:
    uri = archive.land(payload(b"one"))
    new = archive.replace(uri, payload(b"two"))
    assert archive.landed(HOUR) == [(payload(b"two"), new)]
    assert new is not None
    assert archive.replace(new, payload(b"two")) == new
    assert archive.landed(HOUR) == [(payload(b"two"), new)]
    assert archive.replace(new, None) is None
    assert archive.count() == 0


def test_a_laptop_makes_one_secret_for_everyone(tmp_path: Path) -> None:
    made: list[bytes] = []
    settings = Settings(data_dir=tmp_path)
    threads = [threading.Thread(target=lambda: made.append(vault(settings).salt)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_a_shared_store_needs_a_shared_secret(tmp_path: Path) -> None:
    shared = {"data_dir": tmp_path, "OBJECT_STORE_URL": "s3://shop"}
    with pytest.raises(PermanentError, match="ENGINE_SECRET_KEY: set it"):
        vault(Settings.model_validate(shared))
    chosen = Settings.model_validate({**shared, "secret_key": SecretStr(f"{NEW},{OLD}")})
    assert vault(chosen).open(Vault([OLD]).seal(b"x")) == b"x"


@pytest.mark.parametrize("secrets", [[], ["short"], [NEW, "short"]], ids=["none", "short", "one-short"])
def test_a_weak_secret_is_refused(secrets: list[str]) -> None:
    with pytest.raises(PermanentError, match="openssl rand -hex 32"):
        Vault(secrets)
