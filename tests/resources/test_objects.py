"""The object store keeps the same promises in a folder and in a bucket."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models import sha256
from resources.errors import PermanentError, TransientError
from resources.objects import (
    MissingObjectError,
    Objects,
    idea_prefix,
    mockup_metadata_key,
    published_key,
    variants_prefix,
)
from resources.settings import ROOT

HOUR = datetime(2026, 11, 20, 14, tzinfo=UTC)


@pytest.fixture(params=["folder", "s3"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    """An empty store of either kind."""
    if request.param == "folder":
        return Objects(str(tmp_path / "some objects"))
    return Objects(f"s3://shop/{uuid4()}/deep", endpoint=request.getfixturevalue("s3"))


def test_what_is_deleted_is_gone_and_the_rest_stays(objects: Objects) -> None:
    uris = [objects.put(f"a/{n}", b"x", "text/plain") for n in range(3)]
    objects.delete(["a/never-there", objects.key(uris[0]), uris[1], "a/nor-this"])
    assert objects.list("a") == ["a/2"]


def test_what_is_put_is_got_by_key_and_by_uri(objects: Objects) -> None:
    uri = objects.put("a/b=1/c.txt", b"one", "text/plain")
    assert uri == objects.uri("a/b=1/c.txt")
    assert objects.get(uri) == objects.get("a/b=1/c.txt") == b"one"
    objects.put("a/b=1/c.txt", b"two", "text/plain")
    assert objects.get(uri) == b"two"
    assert objects.key(uri) == "a/b=1/c.txt"
    assert objects.exists(uri)
    assert not objects.exists("a/b=1")


def test_bytes_of_any_size_come_back(objects: Objects) -> None:
    for data in (b"", b"\x00\xff", os.urandom(6 * 2**20)):
        assert objects.get(objects.put("x.bin", data, "application/octet-stream")) == data


def test_lists_whole_segments_sorted(objects: Objects) -> None:
    for key in ("p/b", "p/a/2", "p/a/1", "pq/z"):
        objects.put(key, b"", "text/plain")
    assert objects.list("p") == ["p/a/1", "p/a/2", "p/b"]
    assert objects.list("p/a") == ["p/a/1", "p/a/2"]
    assert objects.list("nothing") == []


def test_the_same_content_is_one_object(objects: Objects) -> None:
    uri = objects.put_content("prints", b"png", ".png")
    assert objects.put_content("prints", b"png", ".png") == uri
    assert objects.list("prints") == [f"prints/{sha256(b'png')}.png"]


def test_a_missing_object_is_named(objects: Objects) -> None:
    with pytest.raises(MissingObjectError, match=r"no/such\.txt: there is no such object"):
        objects.get("no/such.txt")


UNSOUND = ("", "/abs", "a//b", "../x", "a/../b", "a/./b", "a/", ".hidden", "-x", "a b", "a\\b", "é", "a\n")


@pytest.mark.parametrize("key", UNSOUND)
def test_unsound_keys_are_refused(objects: Objects, key: str) -> None:
    for refuses in (objects.get, objects.exists, objects.uri, lambda key: objects.put(key, b"", "text/plain")):
        with pytest.raises(PermanentError, match="object key"):
            refuses(key)


@given(key=st.text(max_size=30))
def test_no_key_leaves_the_store(key: str) -> None:
    objects = Objects("s3://shop/prefix")
    try:
        uri = objects.uri(key)
    except PermanentError:
        return
    assert os.path.normpath(urlsplit(uri).path) == f"/prefix/{key}"


def test_a_uri_of_another_store_is_refused(objects: Objects) -> None:
    for uri in ("s3://other/x", "file:///etc/passwd", objects.uri("x").replace("/x", "-x/x")):
        with pytest.raises(PermanentError, match="OBJECT_STORE_URL"):
            objects.get(uri)


def test_writers_of_the_same_content_leave_one_object(objects: Objects) -> None:
    with ThreadPoolExecutor(8) as writers:
        uris = set(writers.map(lambda data: objects.put_content("c", data, ".bin"), [b"x" * 300_000] * 16))
    assert [objects.uri(key) for key in objects.list("c")] == list(uris)


def test_writers_of_different_bytes_under_one_key_leave_one_of_them_whole(tmp_path: Path) -> None:
    objects = Objects(str(tmp_path))
    versions = [bytes([n]) * 300_000 for n in range(8)]
    with ThreadPoolExecutor(8) as writers:
        list(writers.map(lambda data: objects.put("k", data, "text/plain"), versions * 3))
    assert objects.get("k") in versions
    assert [path.name for path in tmp_path.iterdir()] == ["k"]


def test_keys_follow_the_layout() -> None:
    idea = uuid4()
    assert idea_prefix(idea) == f"generated-mockups/{idea}"
    assert variants_prefix(idea) == f"generated-mockups/{idea}/variants"
    assert mockup_metadata_key(idea) == f"generated-mockups/{idea}/metadata.json"
    assert published_key("etsy", "pack.zip") == "published-assets/etsy/pack.zip"


def test_a_file_uri_names_the_file(tmp_path: Path) -> None:
    uri = Objects(str(tmp_path / "some objects")).put("a/b.txt", b"x", "text/plain")
    assert Path(unquote(urlsplit(uri).path)).read_bytes() == b"x"
    assert Objects((tmp_path / "some objects").as_uri()).get(uri) == b"x"


def test_a_bucket_keeps_the_content_type(s3: str) -> None:
    Objects("s3://shop/typed", endpoint=s3).put("a.jpg", b"x", "image/jpeg")
    head = boto3.client("s3", endpoint_url=s3).head_object(Bucket="shop", Key="typed/a.jpg")
    assert head["ContentType"] == "image/jpeg"


def test_a_writer_killed_halfway_leaves_no_half_object(tmp_path: Path) -> None:
    write = (
        "import sys\nfrom resources.objects import Objects\no = Objects(sys.argv[1])\n"
        "data = [bytes([n]) * 30_000_000 for n in (1, 2)]\nprint('go', flush=True)\n"
        "while True:\n    for d in data: o.put('big', d, 'text/plain')\n"
    )
    objects = Objects(str(tmp_path))
    for wait in (0.05, 0.12):
        command = [sys.executable, "-c", write, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
            assert process.stdout is not None
            process.stdout.readline()
            try:
                process.wait(wait)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
        if objects.exists("big"):
            data = objects.get("big")
            assert len(data) == 30_000_000
            assert len(set(data)) == 1


def test_a_missing_bucket_is_named(s3: str) -> None:
    objects = Objects("s3://nowhere", endpoint=s3)
    for action in (lambda: objects.put("a", b"", "text/plain"), lambda: objects.get("a"), lambda: objects.list("a")):
        with pytest.raises(PermanentError, match="s3://nowhere/a: there is no such bucket"):
            action()


def test_a_silent_server_is_transient() -> None:
    objects = Objects("s3://shop", endpoint="http://127.0.0.1:9")
    with pytest.raises(TransientError, match="s3://shop/a"):
        objects.put("a", b"", "text/plain")


def test_a_folder_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PermanentError, match="name a folder that can be written"):
        Objects(str(tmp_path / "file" / "objects"))
    objects = Objects(str(tmp_path))
    with pytest.raises(PermanentError, match="file/below"):
        objects.put("file/below", b"", "text/plain")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small file system")
def test_a_full_disk_is_named(tmp_path: Path) -> None:
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)], check=False).returncode:
        pytest.skip("no right to mount a small file system")
    try:
        objects = Objects(str(tmp_path))
        with pytest.raises(PermanentError, match="big: the disk is full"):
            objects.put("big", bytes(10**6), "text/plain")
        assert not objects.exists("big")
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_another_scheme_is_refused() -> None:
    with pytest.raises(PermanentError, match="OBJECT_STORE_URL='ftp://x'"):
        Objects("ftp://x")
