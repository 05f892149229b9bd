"""The warm worker: one process that has loaded everything, and works on one hot run after the other.

What belongs here: taking runs over from the launcher and executing them. What does not: which runs (`launcher`), and
what a run does (`assets`).

It says in a file in DAGSTER_HOME where it can be reached: a port of the loopback, and a key that is new each time. It
is alone on its DAGSTER_HOME, as its supervisor is, so what an earlier one left unfinished is nobody's any more.
"""

from __future__ import annotations

import json
import logging
import queue
import secrets
import signal
import threading
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from dagster import DagsterInstance

WORKER_TAG = "engine/worker"
"""Of a run that a worker took: the worker's name."""
ADDRESS = "worker.json"
LOOPBACK = "127.0.0.1"
LOGGER = logging.getLogger("engine.worker")
STATEMENT_LIMIT_MS, CONNECTION_LIFE_SECONDS, CONNECTIONS = 60_000, 3600, 8
TAKEN, BUSY = b"taken", b"busy"


def hand_over(home: Path, run_id: str) -> bool:
    """Offer a run to the worker of a DAGSTER_HOME. Returns whether it took it: there may be none, or it may be busy."""
    try:
        told = json.loads((home / ADDRESS).read_text())
        with Client((LOOPBACK, told["port"]), authkey=bytes.fromhex(told["key"])) as connection:
            connection.send_bytes(run_id.encode())
            return connection.recv_bytes() == TAKEN
    except (FileNotFoundError, ConnectionError, EOFError, AuthenticationError):
        return False


def process_of(name: str) -> psutil.Process | None:
    """The worker of this name, if it lives."""
    pid, _, started = name.partition("-")
    try:
        process = psutil.Process(int(pid))
        same = int(process.create_time()) == int(started) and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return None
    return process if same else None


class Worker:
    """Answers launchers in a thread, and works in the main one."""

    def __init__(self, instance: DagsterInstance) -> None:
        self._instance = instance
        self._taken: queue.Queue[str] = queue.Queue()
        self._busy = threading.Lock()
        own = psutil.Process()
        self.name = f"{own.pid}-{int(own.create_time())}"

    def answer(self) -> None:
        """Take a run when there is none. Never ends."""
        key = secrets.token_bytes(32)
        with Listener((LOOPBACK, 0), authkey=key) as listener:
            _write_address(Path(self._instance.root_directory), int(listener.address[1]), key)
            while True:
                try:
                    with listener.accept() as connection:
                        self._answer(connection)
                except (OSError, EOFError, AuthenticationError, UnicodeDecodeError):
                    continue  # a stranger, or a launcher that hung up
                except Exception:
                    # Its launcher finds that we hung up, and starts the run in another way.
                    LOGGER.exception("a run could not be taken")

    def work(self) -> None:
        """Execute what is taken, one after the other, until one is interrupted."""
        interrupted = False
        while not interrupted:
            run_id = self._taken.get()
            try:
                interrupted = self._execute(run_id)
            finally:
                self._busy.release()

    def give_up_left_behind(self) -> None:
        """Fail the runs that an earlier worker died with, so that nobody waits for their end."""
        from dagster import RunsFilter

        from assets.scope import GOING

        for run in self._instance.get_runs(RunsFilter(statuses=GOING)):
            if run.tags.get(WORKER_TAG, self.name) != self.name:
                self._instance.report_run_failed(run, f"the worker {run.tags[WORKER_TAG]} died with it")

    def _answer(self, connection: Connection) -> None:
        run_id = connection.recv_bytes(64).decode()
        if not self._busy.acquire(blocking=False):
            connection.send_bytes(BUSY)
            return
        try:
            self._instance.add_run_tags(run_id, {WORKER_TAG: self.name})
            connection.send_bytes(TAKEN)
        except BaseException:
            self._busy.release()
            raise
        self._taken.put(run_id)

    def _execute(self, run_id: str) -> bool:
        """Execute a run. Returns whether it was interrupted; any other end of it is in its event log."""
        from dagster import DagsterExecutionInterruptedError
        from dagster._grpc.impl import core_execute_run
        from dagster._utils.hosted_user_process import recon_job_from_origin
        from dagster._utils.interrupts import capture_interrupts

        run = self._instance.get_run_by_id(run_id)
        if run is None or run.job_code_origin is None:
            return False
        job = recon_job_from_origin(run.job_code_origin)
        with capture_interrupts():
            try:
                for _ in core_execute_run(job, run, self._instance, inject_env_vars=False):
                    pass
            except (KeyboardInterrupt, DagsterExecutionInterruptedError):
                return True
            except Exception:
                LOGGER.exception("run %s ended with an error, which its event log has as well", run_id)
        return False


def main() -> None:
    """Work until told to stop."""
    from dagster import DagsterInstance

    from assets.scope import HOT
    from cli.rehearsal import rehearse
    from pipeline import definitions
    from resources.settings import settings

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it interrupts a run, where there is one
    with DagsterInstance.get() as instance:
        # Connections are kept: Dagster's log would open one for each event, which takes longer than to write it.
        instance.optimize_for_webserver(STATEMENT_LIMIT_MS, CONNECTION_LIFE_SECONDS, CONNECTIONS)
        worker = Worker(instance)
        worker.give_up_left_behind()
        rehearse(settings())
        definitions.defs.resolve_job_def(HOT)
        threading.Thread(target=worker.answer, daemon=True).start()
        worker.work()


def _write_address(home: Path, port: int, key: bytes) -> None:
    """Whole or not at all, and for the eyes of this user alone."""
    scratch = home / f"{ADDRESS}.new"
    scratch.unlink(missing_ok=True)
    scratch.touch(mode=0o600)
    scratch.write_text(json.dumps({"port": port, "key": key.hex()}))
    scratch.replace(home / ADDRESS)


if __name__ == "__main__":
    main()
