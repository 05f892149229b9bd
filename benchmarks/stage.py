"""Where benchmarks play: a temporary engine with the embedded defaults, and instruments that read clocks and memory."""

from __future__ import annotations

import importlib
import os
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import psutil

from cli.instance import running
from resources.settings import Settings

SAMPLE_SECONDS = 0.02
QUIET = {"loggers": {"console": {"config": {"log_level": "WARNING"}}}}
"""The configuration of a run that prints nothing but what goes wrong."""


@contextmanager
def embedded() -> Iterator[tuple[Settings, str]]:
    """Settings of a temporary data folder with its database running, and the record's URL. Nothing is configured."""
    for name in [name for name in os.environ if name.startswith(("ENGINE_", "DATABASE_URL", "OBJECT_STORE_"))]:
        del os.environ[name]
    with tempfile.TemporaryDirectory(prefix="engine-bench-") as folder:
        Path(folder).chmod(0o711)  # root hands its server to a user who must get there
        settings = Settings(_env_file=None, data_dir=Path(folder))
        with running(settings) as instance:
            yield settings, instance.store_url


def machine() -> str:
    """What the numbers were measured on."""
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{len(os.sched_getaffinity(0))} cores, load average {load} (1, 5, 15 min)"


class Reading(NamedTuple):
    """Clocks at a moment: wall seconds, CPU seconds of this process and of the database's."""

    wall: float
    cpu: float
    database_cpu: float

    def since(self, before: Reading) -> Reading:
        """What passed."""
        return Reading(*(now - then for now, then in zip(self, before, strict=True)))


class Clock:
    """Reads wall time and the CPU time of this process and of the embedded server with its backends."""

    def __init__(self, settings: Settings) -> None:
        pid = (settings.data_dir / "postgres" / "pgdata" / "postmaster.pid").read_text().splitlines()[0]
        self._server = psutil.Process(int(pid))

    def read(self) -> Reading:
        """Now."""
        return Reading(time.perf_counter(), time.process_time(), self._database())

    def _database(self) -> float:
        # The postmaster's own children_… holds what ended backends used.
        times = [self._server.cpu_times()]
        for child in self._server.children():
            try:
                times.append(child.cpu_times())
            except psutil.NoSuchProcess:
                continue
        return float(sum(t.user + t.system for t in times) + times[0].children_user + times[0].children_system)


class Memory:
    """The most memory that this process held since it was last asked, by looking fifty times a second."""

    def __init__(self) -> None:
        self._peak = 0
        self._process = psutil.Process()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def peak(self) -> int:
        """Bytes; the watch begins anew."""
        peak, self._peak = max(self._peak, self._process.memory_info().rss), 0
        return peak

    def _watch(self) -> None:
        while not self._done.wait(SAMPLE_SECONDS):
            self._peak = max(self._peak, self._process.memory_info().rss)


class Stopwatch:
    """Times functions where they are called, each without the timed ones that it calls.

    Threads count each for itself: with several at work, the parts of a step may come to more than its wall time.
    """

    def __init__(self) -> None:
        self.seconds: dict[tuple[str, str], float] = defaultdict(float)
        """(step, part) → wall seconds."""
        self.step = ""
        self._local = threading.local()
        self._lock = threading.Lock()

    def around(self, parts: Mapping[str, tuple[str, ...]]) -> None:
        """Put the watch around functions.

        Args:
            parts: name of the part → `module:function` or `module:Class.method`, as the callers find them.
        """
        for part, places in parts.items():
            for place in places:
                module, _, path = place.partition(":")
                owner: Any = importlib.import_module(module)
                *classes, name = path.split(".")
                for inner in classes:
                    owner = getattr(owner, inner)
                setattr(owner, name, self._timed(part, getattr(owner, name)))

    def _timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self._part(part):
                result = function(*args, **kwargs)
            return self._entered(part, result) if hasattr(result, "__enter__") else result

        return timed

    @contextmanager
    def _entered(self, part: str, block: AbstractContextManager[Any]) -> Iterator[Any]:
        with self._part(part), block as value:
            yield value

    @contextmanager
    def _part(self, part: str) -> Iterator[None]:
        stack = self._local.__dict__.setdefault("stack", [])
        start = time.perf_counter()
        stack.append(0.0)
        try:
            yield
        finally:
            took = time.perf_counter() - start
            inner = stack.pop()
            if stack:
                stack[-1] += took
            with self._lock:
                self.seconds[self.step, part] += took - inner
