"""What an hour runs on breaks: the folder of objects, its disk, PostgreSQL. And goes on when it is mended."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import dagster as dg
import psutil
import pytest

from assets import contract
from assets.contract import MAX_RETRIES
from pipeline.models import Brief, Drawing, Recipe
from resources.postgres import EmbeddedPostgres
from resources.store import record, schema
from tests.worlds import HOUR, Counting, RunHour, World, anew, attempts, materialized

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a file system")


def run_failure(ran: dg.ExecuteInProcessResult) -> str:
    """Why a run failed, with its causes."""
    said = []
    for event in ran.all_events:
        error = event.job_failure_data.error if event.is_run_failure and event.job_failure_data else None
        while error:
            said.append(error.message)
            error = error.cause
    return "\n".join(said)


def test_a_folder_that_can_not_be_made_fails_the_run_and_names_the_mend(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    world = World(tmp_path, database_url, OBJECT_STORE_URL=str(tmp_path / "file" / "objects"))
    ran = world.run("sources")
    assert not ran.success
    assert f"object store {tmp_path}/file/objects" in run_failure(ran)
    assert "name a folder that can be written" in run_failure(ran)
    assert materialized(ran) == {}


def mount(kind: str, folder: Path, *options: str) -> None:
    if subprocess.run(["mount", *options, kind, str(folder)], check=False, capture_output=True).returncode:
        pytest.skip("no right to mount a file system")


@pytest.fixture
def objects_folder(tmp_path: Path) -> Iterator[Path]:
    """Where the objects lie; whatever was mounted there is gone afterwards."""
    folder = tmp_path / "objects"
    folder.mkdir()
    yield folder
    while os.path.ismount(folder):
        subprocess.run(["umount", str(folder)], check=True)


@as_root
def test_a_read_only_folder_fails_at_once_and_the_hour_goes_on_when_it_is_mended(
    world: World, objects_folder: Path
) -> None:
    mount("tmpfs", objects_folder, "-t", "tmpfs", "-o", "size=64m,ro")
    ran = world.run("sources")
    assert not ran.success
    for source in ("calendar_events", "nostalgia_topics"):
        assert attempts(ran, source).starts == 1, "no retry makes a folder writable"
        assert objects_folder.as_uri() in attempts(ran, source).error
        assert "mend the store's folder" in attempts(ran, source).error
    assert "recorded" in materialized(ran), "what writes nothing is not hindered"

    subprocess.run(["mount", "-o", "remount,rw", str(objects_folder)], check=True)
    assert world.run("sources").success
    assert world.run("hour", only=("raw_signals", "scored_ideas")).success
    assert world.count("ideas") == 8


@pytest.mark.slow
@as_root
def test_a_full_disk_fails_the_design_at_once_and_the_next_run_draws_only_the_rest(
    database_url: str, tmp_path: Path, objects_folder: Path, whole_hour: RunHour
) -> None:
    mount("tmpfs", objects_folder, "-t", "tmpfs", "-o", "size=64m")
    artist = FillsDisk(objects_folder)
    world = World(tmp_path, database_url, artist=artist, designs_per_hour=2)
    steps = ("raw_signals", "scored_ideas", "designs")
    assert world.run("sources").success
    ran = world.run("hour", only=steps)
    assert attempts(ran, "designs").starts == 1
    assert "the disk is full: free some, then run again" in attempts(ran, "designs").error
    assert world.count("designs") == 1

    (objects_folder / "ballast").unlink()
    assert world.run("hour", only=steps).success
    _, second, again = artist.drawn
    assert again == second, "the first is not drawn again"
    drawn = "SELECT sha256 FROM designs WHERE hour = %s ORDER BY sha256"
    assert world.select(drawn, HOUR) == whole_hour.world.select(drawn, HOUR)
    for (uri,) in world.select("SELECT s3_uri FROM designs"):
        assert world.objects.get(uri).startswith(b"\x89PNG")


class FillsDisk(Counting):
    """Leaves no room beside its second drawing."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def draw(self, brief: Brief, recent: Sequence[Recipe]) -> Drawing:
        """The drawing."""
        drawing = super().draw(brief, recent)
        if len(self.drawn) == 2 and not anew(brief, recent):
            room = shutil.disk_usage(self.folder).free
            (self.folder / "ballast").write_bytes(bytes(room - 8192))
        return drawing


class Cuts(Counting):
    """Cuts something off when its second drawing is done."""

    def __init__(self, cut: Callable[[], None]) -> None:
        super().__init__()
        self.cut = cut

    def draw(self, brief: Brief, recent: Sequence[Recipe]) -> Drawing:
        """The drawing."""
        drawing = super().draw(brief, recent)
        if len(self.drawn) == 2 and not anew(brief, recent):
            self.cut()
        return drawing


def unsettled(rows: list[str]) -> list[str]:
    """Rows as they are before there are pictures: an idea without them is still queued."""
    return [row.replace('"status": "mocked"', '"status": "queued"') for row in rows]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "only"),
    [(signal.SIGINT, None), (signal.SIGKILL, ("raw_signals", "scored_ideas", "designs"))],
    ids=["stopped", "killed"],
)
def test_postgres_gone_in_the_middle_of_an_hour(
    scratch: Path,
    monkeypatch: pytest.MonkeyPatch,
    whole_hour: RunHour,
    how: signal.Signals,
    only: Sequence[str] | None,
) -> None:
    monkeypatch.setattr(contract, "FIRST_DELAY", 0.01)
    monkeypatch.setattr(record, "CONNECT_LIMIT_S", 1.0)
    server = EmbeddedPostgres(scratch / "server")
    url = server.start()
    schema.upgrade(url)

    def cut() -> None:
        pid = server.status().pid
        assert pid is not None
        process = psutil.Process(pid)
        process.send_signal(how)
        for _ in range(500):
            if not server.status().running:
                return
            time.sleep(0.02)
        raise AssertionError("PostgreSQL did not stop")

    try:
        artist = Cuts(cut)
        every = whole_hour.world.settings.marketplaces
        world = World(scratch / "data", url, artist=artist, designs_per_hour=2, marketplaces=every)
        assert world.run("sources").success
        ran = world.run("hour", only=only)
        assert not ran.success
        assert attempts(ran, "designs").starts == 1 + MAX_RETRIES
        assert "PostgreSQL at 127.0.0.1:" in attempts(ran, "designs").error
        assert url.split(":")[2].split("@")[0] not in attempts(ran, "designs").error, "the password stays secret"
        assert len(artist.drawn) == 2

        assert server.start() == url
        resumed = Counting()
        again = World(scratch / "data", url, artist=resumed, designs_per_hour=2, marketplaces=every)
        assert again.count("designs") == 1, "what was drawn before is kept"
        assert again.run("hour", only=only).success
        assert resumed.drawn == artist.drawn[1:], "only what was not kept is drawn again"
        wanted, found = whole_hour.world.rows(), again.rows()
        for table in ("signals", "ideas", "designs") if only else wanted:
            assert unsettled(found[table]) == unsettled(wanted[table]), table
    finally:
        server.stop()
