"""`engine up`: starts every process of the engine, restarts what dies, stops what it started.

Children run in sessions of their own, so Ctrl-C reaches the supervisor alone and it stops them in order. Their ids are
kept in the data folder: after a kill -9 of the supervisor the next start ends what that one left behind. What children
start bears a mark in its environment, by which it is found although whoever started it is dead.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil

from resources.errors import PermanentError

GRACE_SECONDS = 6.0
MAX_DEATHS = 5
DEATHS_WINDOW_SECONDS = 120.0
KILLS = 3
"""Rounds of kill -9: what is killed may just have started something."""
MARK = "ENGINE_SUPERVISED"
"""The variable that names the data folder whose supervisor a process belongs to."""


@dataclass
class Child:
    """One process of the engine: how it is started, and how one knows that it is ready."""

    name: str
    command: Sequence[str]
    ready_url: str | None = None
    process: subprocess.Popen[bytes] | None = None
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=MAX_DEATHS))


class Supervisor:
    """Owns child processes until it is told to stop."""

    def __init__(self, data_dir: Path, environment: Mapping[str, str], say: Callable[[str], None]) -> None:
        self._mark = {MARK: str(data_dir.resolve())}
        self._logs = data_dir / "logs"
        self._ledger = data_dir / "run" / "processes.json"
        self._environment = environment
        self._say = say
        self._children: list[Child] = []
        self._lock: IO[str] | None = None

    def claim(self) -> None:
        """Make this the one supervisor of the data folder, and end what a killed one left running.

        Raises:
            PermanentError: another supervisor of this data folder is alive.
        """
        self._logs.mkdir(parents=True, exist_ok=True)
        self._ledger.parent.mkdir(parents=True, exist_ok=True)
        entries = json.loads(self._ledger.read_text()) if self._ledger.exists() else []
        try:
            # Held until this process ends, however it ends.
            self._lock = self._ledger.with_name("lock").open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = next((f" (pid {entry['pid']})" for entry in entries if entry["name"] == "supervisor"), "")
            raise PermanentError(
                f"the engine is already running on this data folder{holder}. "
                "Stop it there with Ctrl-C, or set ENGINE_DATA_DIR to another folder."
            ) from error
        listed = [process for entry in entries if (process := _same_process(entry)) and process.pid != os.getpid()]
        if left := {*listed, *self._own()}:
            self._say(f"ending {len(left)} processes that a killed run left behind …")
            _end(left, self._own)
        self._write_ledger()

    def start(self, child: Child) -> None:
        """Start a child; its output goes to its log file."""
        with (self._logs / f"{child.name}.log").open("ab") as log:
            self._spawn(child, log)

    def run(self, child: Child) -> int:
        """Run a child to its end; its output goes where ours goes. Returns its exit code."""
        code = self._spawn(child, None).wait()
        self._children.remove(child)
        self._write_ledger()
        return code

    def _spawn(self, child: Child, log: IO[bytes] | None) -> subprocess.Popen[bytes]:
        child.process = subprocess.Popen(
            child.command,
            env={**os.environ, **self._environment, **self._mark},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT if log else None,
            start_new_session=True,
        )
        if child not in self._children:
            self._children.append(child)
        self._write_ledger()
        return child.process

    def wait_ready(self, child: Child, timeout: float) -> None:
        """Wait until the child's page answers.

        Raises:
            PermanentError: it died or did not answer in time; the message ends with the last lines of its log.
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if child.process is None or child.process.poll() is not None:
                raise PermanentError(f"{child.name} stopped while it was starting.\n{self._tail(child)}")
            if child.ready_url is None or _answers(child.ready_url):
                return
            time.sleep(0.2)
        raise PermanentError(f"{child.name} did not answer within {timeout:.0f} s.\n{self._tail(child)}")

    def mend(self) -> None:
        """Start again every child that has died.

        Raises:
            PermanentError: a child died too often; the message ends with the last lines of its log.
        """
        for child in self._children:
            if child.process is None or child.process.poll() is None:
                continue
            now = time.monotonic()
            child.deaths.append(now)
            if len(child.deaths) == MAX_DEATHS and now - child.deaths[0] < DEATHS_WINDOW_SECONDS:
                raise PermanentError(f"{child.name} died {MAX_DEATHS} times in a row.\n{self._tail(child)}")
            self._say(f"{child.name} died (exit {child.process.returncode}); starting it again")
            self.start(child)

    def stop(self) -> None:
        """Stop every child."""
        running = [child.process for child in self._children if child.process and child.process.poll() is None]
        _end([psutil.Process(process.pid) for process in running], self._own)
        for process in running:
            process.wait()
        self._children.clear()
        self._ledger.unlink(missing_ok=True)

    def _own(self) -> list[psutil.Process]:
        """Every process that runs by our doing: children, and what they started."""
        others = (process for process in psutil.process_iter() if process.pid != os.getpid())
        return [process for process in others if self._mark.items() <= _environment(process).items()]

    def _tail(self, child: Child) -> str:
        log = self._logs / f"{child.name}.log"
        lines = log.read_text(errors="replace").splitlines()[-15:]
        return "\n".join([f"Last lines of {log}:", *lines])

    def _write_ledger(self) -> None:
        pids = {"supervisor": os.getpid()}
        pids |= {child.name: child.process.pid for child in self._children if child.process}
        entries = [
            {"name": name, "pid": pid, "started": psutil.Process(pid).create_time()}
            for name, pid in pids.items()
            if psutil.pid_exists(pid)
        ]
        scratch = self._ledger.with_suffix(".tmp")
        scratch.write_text(json.dumps(entries))
        scratch.replace(self._ledger)


def python(*arguments: str) -> list[str]:
    """A command run by this interpreter."""
    return [sys.executable, "-m", *arguments]


def _same_process(entry: Mapping[str, object]) -> psutil.Process | None:
    try:
        process = psutil.Process(int(str(entry["pid"])))
        same = abs(process.create_time() - float(str(entry["started"]))) < 1.0
    except psutil.NoSuchProcess:
        return None
    return process if same and _lives(process) else None


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _environment(process: psutil.Process) -> Mapping[str, str]:
    """What the process was started with; nothing where it is another user's, or dead."""
    try:
        return process.environ()
    except psutil.Error:
        return {}


def _end(processes: Collection[psutil.Process], own: Callable[[], list[psutil.Process]]) -> None:
    """Terminate the processes; after the grace time kill what is left of them and of our own, old or new."""

    def left() -> list[psutil.Process]:
        return [process for process in {*processes, *own()} if _lives(process)]

    _send(processes, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while (still := left()) and time.monotonic() < deadline:
        psutil.wait_procs(still, timeout=0.2)
    for _ in range(KILLS):
        if not still:
            return
        _send(still, signal.SIGKILL)
        psutil.wait_procs(still, timeout=5)
        still = left()


def _send(processes: Collection[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own loopback address
            return bool(answer.status < 500)
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False
