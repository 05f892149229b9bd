"""`engine up`: the processes of the engine, in the order in which they need one another."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime

from cli.instance import Instance, running
from cli.ports import free_port, require_free
from cli.supervisor import Child, Supervisor, python
from pipeline.models import hour_of
from resources.postgres import EmbeddedPostgres
from resources.settings import Settings
from resources.store import Store

READY_SECONDS = 120.0
LOOK_SECONDS = 1.0
STOPS = (signal.SIGINT, signal.SIGTERM)
LOCATION = "design_idea_engine"
GIVES_BACK = ("MALLOC_ARENA_MAX=2", "MALLOC_TRIM_THRESHOLD_=100000000")
"""For glibc: a process that stays keeps what pictures needed, arena by arena, unless told to give it back."""
ENTRY_POINT = "--use-python-environment-entry-point"


def up(settings: Settings, say: Callable[[str], None]) -> None:
    """Start everything, fill the running hour if it is empty, then keep it running until Ctrl-C or SIGTERM.

    Raises:
        PermanentError: a port is taken, the engine runs already, or a process can't be started; it names the mend.
    """
    for number in STOPS:
        signal.signal(number, signal.default_int_handler)
    supervisor = Supervisor(settings.data_dir.resolve(), {"ENGINE_DATA_DIR": str(settings.data_dir.resolve())}, say)
    supervisor.claim()
    require_free(settings.ui_port, "ENGINE_UI_PORT")
    require_free(settings.gallery_port, "ENGINE_GALLERY_PORT")
    say("PostgreSQL …")
    server = EmbeddedPostgres(settings.data_dir) if settings.database_url is None else None
    with server or nullcontext(), running(settings) as instance:
        try:
            _start(supervisor, settings, instance, say)
            while True:
                time.sleep(LOOK_SECONDS)
                if server and not server.status().running:
                    say("PostgreSQL died; starting it again")
                    server.start()
                supervisor.mend()
        except KeyboardInterrupt:
            say("stopping …")
        finally:
            # A second Ctrl-C, or make's own signal beside it, must not leave half of them running.
            for number in STOPS:
                signal.signal(number, signal.SIG_IGN)
            supervisor.stop()
    say("stopped.")


@dataclass(frozen=True)
class Children:
    """The processes of an engine, not started yet."""

    gallery: Child
    code: Child
    ui: Child
    daemon: Child
    worker: Child


def children(settings: Settings, instance: Instance) -> Children:
    """The processes of the engine on an instance, with a workspace file that tells them of each other."""
    code_port = free_port()
    workspace = instance.home / "workspace.yaml"
    workspace.write_text(
        f"load_from:\n  - grpc_server: {{host: 127.0.0.1, port: {code_port}, location_name: {LOCATION}}}\n"
    )
    return Children(
        gallery=Child(
            "gallery",
            python("uvicorn", "--factory", "web.app:app_from_settings", *_at(settings.gallery_port), "--no-access-log"),
            ready_url=f"http://127.0.0.1:{settings.gallery_port}/health",
        ),
        code=Child(
            "code-server",
            python("dagster", "api", "grpc", "-m", "pipeline.definitions", *_at(code_port), ENTRY_POINT),
        ),
        ui=Child(
            "dagster-ui",
            python("dagster_webserver", "-w", str(workspace), *_at(settings.ui_port)),
            ready_url=f"http://127.0.0.1:{settings.ui_port}/server_info",
        ),
        daemon=Child("dagster-daemon", python("dagster._daemon", "run", "-w", str(workspace))),
        worker=Child("hot-worker", ["env", *GIVES_BACK, *python("cli.worker")]),
    )


def _start(supervisor: Supervisor, settings: Settings, instance: Instance, say: Callable[[str], None]) -> None:
    child = children(settings, instance)
    for first in (child.gallery, child.code, child.ui):
        supervisor.start(first)
    supervisor.wait_ready(child.gallery, READY_SECONDS)
    say(f"gallery      http://127.0.0.1:{settings.gallery_port}")
    supervisor.wait_ready(child.ui, READY_SECONDS)
    say(f"Dagster UI   http://127.0.0.1:{settings.ui_port}")
    _fill_running_hour(supervisor, instance, say)
    # Only now: a daemon that ran beside the first hour would request the same assets.
    supervisor.start(child.daemon)
    supervisor.start(child.worker)
    say("Running. Every hour brings new designs; Ctrl-C stops everything.")


def _fill_running_hour(supervisor: Supervisor, instance: Instance, say: Callable[[str], None]) -> None:
    hour = hour_of(datetime.now(UTC))
    with Store(instance.store_url) as store:
        if store.counts(hour)["listings"]:
            say(f"The hour {hour:%H:00} UTC is there already.")
            return
    say(f"Filling the hour {hour:%Y-%m-%d %H:00} UTC; its designs come to the gallery as they are pictured.")
    # A process of its own: what an hour loads into memory is given back when it ends.
    if supervisor.run(Child("first-hour", python("cli", "run", "--hour", hour.isoformat()))):
        say("The hour is not complete; the lines above say why. What is there can be seen, the next hour comes anyway.")


def _at(port: int) -> list[str]:
    return ["--host", "127.0.0.1", "--port", str(port)]
