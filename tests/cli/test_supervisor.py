"""What the supervisor stops, whoever started it."""

from __future__ import annotations

import subprocess
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
def supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    monkeypatch.setattr(room, "GRACE_SECONDS", 0.5)
    made = Supervisor(tmp_path, {}, print)
    made.claim()
    return made


def wait(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def started(supervisor: Supervisor, folder: Path) -> tuple[subprocess.Popen[bytes], psutil.Process]:
    """A child, and what it started."""
    child = Child("parent", [sys.executable, "-c", STARTS_ANOTHER])
    supervisor.start(child)
    log = folder / "logs" / "parent.log"
    wait(lambda: log.exists() and log.read_text().strip())
    assert child.process
    return child.process, psutil.Process(int(log.read_text()))


def is_over(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("killed", [False, True], ids=["that lives", "that was killed"])
def test_what_a_child_started_is_stopped_with_it(supervisor: Supervisor, tmp_path: Path, killed: bool) -> None:
    child, other = started(supervisor, tmp_path)
    if killed:
        child.kill()
        child.wait()
        assert not is_over(other)
    supervisor.stop()
    assert is_over(other)
    assert child.poll() is not None


def test_what_a_killed_supervisor_left_is_ended_by_the_next_although_its_child_is_dead(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    child, other = started(supervisor, tmp_path)
    child.kill()
    child.wait()
    assert supervisor._lock
    supervisor._lock.close()  # as its end does
    Supervisor(tmp_path, {}, print).claim()
    assert is_over(other)
