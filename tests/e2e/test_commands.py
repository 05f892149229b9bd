"""The command `engine` as a person or a program meets it: exit codes, and what it prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from resources.settings import ROOT
from tests.conftest import open_folder

HOUR = "2025-11-24T05"
ENGINE = [sys.executable, "-c", "from cli.app import main; main()"]


def environment(data: Path, **changes: str) -> dict[str, str]:
    """Nothing but what is named: no setting of the machine or of the shell counts."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    small = {"ENGINE_IDEAS_PER_HOUR": "12", "ENGINE_DESIGNS_PER_HOUR": "1", "ENGINE_MARKETPLACES": "etsy"}
    return {**kept, "PYTHONPATH": str(ROOT), "ENGINE_DATA_DIR": str(data), **small, **changes}


def engine(data: Path, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """A finished command."""
    return subprocess.run(
        [*ENGINE, *arguments],
        cwd=ROOT,
        env=environment(data, **changes),
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )


class Ran(NamedTuple):
    """A data folder in which the hour was run by two commands at the same time, and what both said."""

    data: Path
    outputs: list[Any]
    progress: list[str]


@pytest.fixture(scope="module")
def ran() -> Iterator[Ran]:
    """The first thing that ever happens in the folder is that two people run the same hour at once."""
    with open_folder() as folder:
        pair = [
            subprocess.Popen(
                [*ENGINE, "run", "--hour", HOUR, "--json"],
                cwd=ROOT,
                env=environment(folder / "data"),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        outputs, told = [], []
        for process in pair:
            out, progress = process.communicate(timeout=110)
            assert process.returncode == 0, f"{progress}\n{out}"
            outputs.append(json.loads(out))
            told.append(progress)
        yield Ran(folder / "data", outputs, told)


@pytest.mark.timeout(240)
def test_two_commands_that_run_the_same_hour_at_once_both_tell_of_one(ran: Ran) -> None:
    one, other = ran.outputs
    assert one == other, "\n".join(ran.progress)
    assert one["hour"] == "2025-11-24T05:00:00+00:00"
    assert one["complete"] is True
    assert one["errors"] == []
    assert (one["ideas_in_hour"], one["designs_in_hour"]) == (12, 1)


@pytest.mark.timeout(240)
def test_run_tells_the_ten_best_ideas_with_their_files(ran: Ran) -> None:
    ideas = ran.outputs[0]["ideas"]
    assert len(ideas) == 10
    assert [idea["score"] for idea in ideas] == sorted((idea["score"] for idea in ideas), reverse=True)
    for idea in ideas:
        assert idea["title"]
        assert len(idea["reason"].split()) > 5
        assert set(idea["factors"]) == {"freshness", "engagement", "novelty", "community_fit", "seasonality"}
        assert all(0 <= value <= 1 for value in idea["factors"].values())
    best, *others = ideas
    assert {kind: len(paths) for kind, paths in best["files"].items()} == {
        "print file": 1, "mock-ups": 6, "upload packs": 1,
    }  # fmt: skip
    assert all(Path(path).exists() for paths in best["files"].values() for path in paths)
    assert all(paths == [] for idea in others for paths in idea["files"].values())
    assert Path(ran.outputs[0]["contact_sheet"]).read_bytes().startswith(b"\x89PNG")


@pytest.mark.timeout(240)
def test_status_counts_what_is_there(ran: Ran) -> None:
    done = engine(ran.data, "status", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["rows"]["ideas"] == 12
    assert said["rows"]["mockups"] == 6
    assert said["newest_hour"]["listings"] == "2025-11-24T05:00:00+00:00"
    assert said["hours_behind"]["listings"] > 0
    assert said["weights_in_force"]["version"] == 1


@pytest.mark.timeout(240)
@pytest.mark.slow
def test_backfill_runs_each_hour_of_the_span(ran: Ran) -> None:
    done = engine(ran.data, "backfill", "--from", "2025-11-24T05", "--to", "2025-11-24T06", "--json")
    assert done.returncode == 0, done.stderr
    hours = json.loads(done.stdout)["hours"]
    assert hours == [
        {"hour": f"2025-11-24T0{n}:00:00+00:00", "complete": True, "errors": []} for n in (5, 6)
    ]  # fmt: skip
    assert json.loads(engine(ran.data, "status", "--json").stdout)["rows"]["designs"] == 2


@pytest.mark.timeout(240)
def test_a_sealed_payload_is_printed_as_it_came_and_one_that_is_not_there_is_named(ran: Ran) -> None:
    (sealed,) = (ran.data / "objects").rglob("hour=05/calendar_events/*.sealed")
    assert b"occasions" not in sealed.read_bytes()
    done = engine(ran.data, "payload", f"file://{sealed}")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["date"] == "2025-11-24"
    gone = engine(ran.data, "payload", f"file://{sealed}".replace("calendar_events", "calendar"))
    assert gone.returncode == 1
    assert "calendar/" in " ".join(gone.stderr.split())


@pytest.mark.timeout(240)
def test_the_schema_is_there_already(ran: Ran) -> None:
    done = engine(ran.data, "db", "upgrade")
    assert done.returncode == 0, done.stderr
    before, _, after = done.stdout.strip().removeprefix("schema: ").partition(" → ")
    assert before == after != "empty"


def test_doctor_finds_nothing_broken_and_leaves_nothing_running(tmp_path: Path) -> None:
    done = engine(tmp_path / "data", "doctor", "--json")
    assert done.returncode == 0, done.stdout
    findings = {finding["what"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert {"data folder", "PostgreSQL", "object store", "typefaces", "embedder", "marketplaces"} <= set(findings)
    assert {"source calendar_events", "source nostalgia_topics", "source recorded"} <= set(findings)
    assert all(finding["level"] in {"ok", "off", "warning"} for finding in findings.values())
    assert not (tmp_path / "data" / "postgres").exists()


def test_doctor_names_what_must_be_mended(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = engine(
        tmp_path,
        "doctor",
        "--json",
        ENGINE_MARKETPLACES="etsy,ebay",
        ENGINE_EMBEDDER="crystal-ball",
        OBJECT_STORE_URL=str(tmp_path / "file" / "objects"),
        DATABASE_URL="postgresql://me:secret-word@127.0.0.1:1/engine",
    )
    assert done.returncode == 1
    broken = {f["what"]: f["detail"] for f in json.loads(done.stdout)["findings"] if f["level"] == "broken"}
    assert set(broken) == {"PostgreSQL", "object store", "embedder", "re-embedding", "marketplaces"}
    assert "ebay" in broken["marketplaces"]
    assert "crystal-ball" in broken["embedder"]
    assert "127.0.0.1:1" in broken["PostgreSQL"]
    assert "secret-word" not in done.stdout + done.stderr


def later(hours: int) -> str:
    return f"{datetime.now(UTC) + timedelta(hours=hours):%Y-%m-%dT%H}"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "--hour", "yesterday"), "'yesterday' is no hour"),
        (("run", "--hour", "2025-11-24T05:30"), "not the start of an hour"),
        (("run", "--hour", later(2)), "is in the future"),
        (("run", "--hour", "2024-12-31T23"), "2025-01-01"),
        (("backfill", "--from", "2025-11-24T06", "--to", "2025-11-24T05"), "lies before"),
        (("backfill", "--from", "2025-11-24T06", "--to", later(2)), "is in the future"),
        (("backfill", "--from", "2025-11-24T06"), "--to"),
        (("fly",), "fly"),
    ],
    ids=lambda value: "-".join(value)[:40] if isinstance(value, tuple) else "",
)
def test_a_wrong_command_line_ends_in_2_before_anything_starts(
    arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    done = engine(tmp_path / "data", *arguments, COLUMNS="200")
    assert done.returncode == 2, done.stderr
    assert said in " ".join(done.stderr.split())
    assert not (tmp_path / "data").exists(), "nothing was started"


@pytest.mark.slow
def test_a_run_that_fails_before_its_first_step_is_not_complete(tmp_path: Path, database_url: str) -> None:
    done = engine(
        tmp_path / "data", "run", "--hour", HOUR, "--json", DATABASE_URL=database_url, ENGINE_EMBEDDER="crystal-ball"
    )
    said = json.loads(done.stdout)
    assert said["complete"] is False
    assert "ENGINE_EMBEDDER='crystal-ball' names no known embedder" in " ".join(said["errors"])
    assert done.returncode == 1


@pytest.mark.slow
def test_a_folder_that_can_not_be_written_is_named(tmp_path: Path, database_url: str) -> None:
    (tmp_path / "file").write_text("")
    broken = str(tmp_path / "file" / "objects")
    done = engine(tmp_path / "data", "run", "--hour", HOUR, DATABASE_URL=database_url, OBJECT_STORE_URL=broken)
    assert done.returncode == 1
    assert f"object store {broken}" in done.stderr
    assert done.stdout == ""
