"""`engine up` as a person meets it: started, killed, started again, stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from cli.ports import free_port
from resources.settings import ROOT


class Engine:
    """An engine with a data folder and ports of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "said.log"
        self.gallery = free_port()
        self.environment = {
            **os.environ,
            "ENGINE_DATA_DIR": str(folder / "data"),
            "ENGINE_UI_PORT": str(free_port()),
            "ENGINE_GALLERY_PORT": str(self.gallery),
            "ENGINE_IDEAS_PER_HOUR": "8",
            "ENGINE_DESIGNS_PER_HOUR": "1",
            "ENGINE_MARKETPLACES": "etsy",
        }

    def start(self) -> subprocess.Popen[bytes]:
        """Start it; what it says goes to the log."""
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "cli", "up"]
            return subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)

    def processes(self) -> dict[str, psutil.Process]:
        """Its processes by name, as its ledger has them."""
        ledger = self.folder / "data" / "run" / "processes.json"
        entries = json.loads(ledger.read_text()) if ledger.exists() else []
        return {entry["name"]: psutil.Process(entry["pid"]) for entry in entries if psutil.pid_exists(entry["pid"])}

    def ideas(self) -> int:
        """How many drawn ideas the gallery shows."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.gallery}/api/ideas", timeout=5) as answer:
            return len(json.load(answer)["ideas"])

    def says(self, words: str, times: int = 1, seconds: float = 90) -> None:
        """Wait until it has said the words so many times."""
        wait(lambda: self.log.read_text().count(words) >= times, seconds, self.log.read_text)


def wait(until: Callable[[], bool], seconds: float, told: Callable[[], str]) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, told()
        time.sleep(0.2)


@pytest.fixture
def engine(scratch: Path) -> Iterator[Engine]:
    """An engine that is gone afterwards."""
    made = Engine(scratch)
    yield made
    for process in made.processes().values():
        process.kill()


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_it_fills_the_hour_survives_every_kill_and_stops_what_it_started(engine: Engine) -> None:
    first = engine.start()
    engine.says("Running.")
    assert engine.ideas() == 1

    engine.processes()["gallery"].kill()
    engine.says("gallery died")
    pid = engine.folder / "data" / "postgres" / "pgdata" / "postmaster.pid"
    psutil.Process(int(pid.read_text().splitlines()[0])).kill()
    engine.says("PostgreSQL died")
    wait(lambda: _answers(engine), 30, engine.log.read_text)

    left = [process for name, process in engine.processes().items() if name != "supervisor"]
    first.kill()
    first.wait()
    assert all(process.is_running() for process in left)
    second = engine.start()
    engine.says("that a killed run left behind")
    engine.says("Running.", times=2)
    assert not any(process.is_running() for process in left)
    assert engine.ideas() >= 1

    third = subprocess.run(
        [sys.executable, "-m", "cli", "up"], cwd=ROOT, env=engine.environment, capture_output=True, check=False
    )
    assert third.returncode == 1
    assert f"already running on this data folder (pid {second.pid})" in " ".join(third.stderr.decode().split())

    started = engine.processes().values()
    second.send_signal(signal.SIGINT)
    time.sleep(0.3)
    second.send_signal(signal.SIGTERM)
    assert second.wait(60) == 0
    assert not any(process.is_running() for process in started)


def _answers(engine: Engine) -> bool:
    try:
        return engine.ideas() >= 1
    except OSError:
        return False


def test_a_taken_port_is_named_with_the_variable_that_moves_it(engine: Engine) -> None:
    import socket

    with socket.socket() as holder:
        holder.bind(("127.0.0.1", engine.gallery))
        holder.listen()
        process = engine.start()
        assert process.wait(60) == 1
    assert f"ENGINE_GALLERY_PORT={engine.gallery}: the port is taken" in engine.log.read_text()
