"""What the supervisor stops, whoever started it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from cli import supervisor as room
from cli.supervisor import Child, Supervisor

STARTS_ANOTHER = """
import subprocess, sys, time
other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
print(other.pid, flush=True)
time.sleep(300)
"""


@pytest.fixture
def supervisor(tmp_path: Path) -> Supervisor:
    made = Supervisor(tmp_path, {}, print)
    made.claim()
    return made


def wait(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("killed", [False, True], ids=["that lives", "that was killed"])
def test_what_a_child_started_is_stopped_with_it(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: bool
) -> None:
    monkeypatch.setattr(room, "GRACE_SECONDS", 0.5)
    child = Child("parent", [sys.executable, "-c", STARTS_ANOTHER])
    supervisor.start(child)
    log = tmp_path / "logs" / "parent.log"
    wait(lambda: log.exists() and log.read_text().strip())
    assert child.process
    other = psutil.Process(int(log.read_text()))
    if killed:
        child.process.kill()
        child.process.wait()
        assert other.is_running()
    supervisor.stop()
    assert not other.is_running() or other.status() == psutil.STATUS_ZOMBIE
    assert child.process.poll() is not None
