"""How the webhook ingress bears a load: signed messages at a steady rate, on a web process as `engine up` starts it.

The schedule is open: a message is due at its time, whatever became of the others, and its latency counts from then, so
a server that stalls is charged for everyone whom it kept waiting. The load runs in a process of its own, on loopback,
beside the embedded PostgreSQL. Run: `python -m benchmarks.bench_webhooks`; see `--help` for rate, time, connections,
and for processes that keep the cores busy meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import secrets
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

import psutil
from standardwebhooks import Webhook

from benchmarks.stage import Clock, embedded, machine
from cli.ports import free_port
from resources.settings import ROOT
from resources.store import Store

SOURCE = "bench"
READY_SECONDS = 60.0
ANSWER_SECONDS = 30.0


class Outcome(NamedTuple):
    """What became of one message."""

    webhook_id: str
    status: int
    """Of the answer; 0: there was none."""
    seconds: float
    """From the moment that it was due."""


class Wire:
    """A connection that is kept, and made anew when it broke."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, headers: Mapping[str, str], body: bytes) -> int:
        """The status of the answer, 0 where none came."""
        try:
            return await asyncio.wait_for(self._post(headers, body), ANSWER_SECONDS)
        except (OSError, EOFError, TimeoutError):
            self.close()
            return 0

    def close(self) -> None:
        """Let go of it."""
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None

    async def _post(self, headers: Mapping[str, str], body: bytes) -> int:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        lines = [f"POST /webhooks/{SOURCE} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        status, *told = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        sizes = [int(line.split(":")[1]) for line in told if line.lower().startswith("content-length:")]
        await reader.readexactly(sizes[0])
        if any(line.lower() == "connection: close" for line in told):
            self.close()
        return int(status.split()[1])


async def load(port: int, secret: str, rate: float, seconds: float, connections: int) -> list[Outcome]:
    """Send at the rate for the time, and wait for every answer."""
    due: asyncio.Queue[float | None] = asyncio.Queue()
    outcomes: list[Outcome] = []
    prefix, signer = secrets.token_hex(4), Webhook(secret)

    async def work() -> None:
        wire = Wire(port)
        while (at := await due.get()) is not None:
            webhook_id = f"msg_{prefix}_{len(outcomes)}_{secrets.token_hex(4)}"
            body, now = message(webhook_id), datetime.now(UTC)
            headers = {
                "content-type": "application/json",
                "webhook-id": webhook_id,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": signer.sign(webhook_id, now, body.decode()),
            }
            status = await wire.post(headers, body)
            outcomes.append(Outcome(webhook_id, status, time.perf_counter() - at))
        wire.close()

    workers = [asyncio.create_task(work()) for _ in range(connections)]
    begun = time.perf_counter()
    for number in range(round(rate * seconds)):
        at = begun + number / rate
        await asyncio.sleep(at - time.perf_counter())
        due.put_nowait(at)
    for _ in workers:
        due.put_nowait(None)
    await asyncio.gather(*workers)
    return outcomes


def message(about: str) -> bytes:
    """A body of about 1 KB with three items."""
    items = [
        {
            "title": f"Capybaras in a hot spring, number {number} of {about}",
            "id": f"{about}-{number}",
            "url": f"https://example.org/posts/{about}/{number}",
            "published_at": "2026-11-23T05:00:00Z",
            "author": f"account {number}",
            "tags": ["capybara", "onsen", "winter", "relax"],
            "likes": 900 + number,
            "comments": 40,
            "views": 120_000,
        }
        for number in range(3)
    ]
    return json.dumps({"type": "trend.spike", "timestamp": "2026-11-23T05:00:00Z", "data": {"items": items}}).encode()


def drive(port: int, secret: str, rate: float, seconds: float, connections: int) -> list[Outcome]:
    """`load` on an event loop of its own."""
    return asyncio.run(load(port, secret, rate, seconds, connections))


@contextmanager
def web_process(environment: Mapping[str, str], secret: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The web process with one sender, ready, as `engine up` starts it; stopped afterwards if it still runs."""
    senders = {SOURCE: {"scheme": "standard", "secrets": [secret], "rate_per_minute": 1_000_000}}
    command = [sys.executable, "-m", "uvicorn", "--factory", "web.app:app_from_settings"]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port), "--no-access-log", "--log-level", "warning"],
        cwd=ROOT,
        env={**os.environ, **environment, "ENGINE_WEBHOOKS": json.dumps(senders)},
    )
    try:
        _wait_ready(process, port)
        yield process
    finally:
        process.terminate()
        process.wait()


def new_secret() -> str:
    """A secret of Standard Webhooks."""
    return "whsec_" + b64encode(secrets.token_bytes(32)).decode()


def stored(url: str) -> list[str]:
    """The ids of the messages in the inbox."""
    with Store(url) as store, store.connection() as connection:
        return [found for (found,) in connection.execute("SELECT webhook_id FROM webhook_inbox")]


def main() -> None:
    """Run the load and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=200, help="messages a second")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--busy", type=int, default=0, help="processes that compute all the time beside it")
    chosen = parser.parse_args()
    with embedded() as (settings, url), _busy(chosen.busy):
        secret, port = new_secret(), free_port()
        with web_process({"ENGINE_DATA_DIR": str(settings.data_dir)}, secret, port) as web:
            clock, before = Clock(settings), (_cpu(web.pid), Clock(settings).read())
            # A process of its own, started afresh: forked, it would hold the connections of this one.
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as other:
                args = (chosen.rate, chosen.seconds, chosen.connections)
                outcomes = other.submit(drive, port, secret, *args).result()
            print(f"{chosen.rate:g}/s for {chosen.seconds:g} s on {chosen.connections} connections, {chosen.busy} busy")
            used = _cpu(web.pid) - before[0], clock.read().since(before[1]).database_cpu
            show(outcomes, stored(url))
            each = [seconds * 1000 / len(outcomes) for seconds in used]
            print(f"{'CPU a message':<18}web {each[0]:.2f} ms, database {each[1]:.2f} ms")
    print(machine())


def show(outcomes: list[Outcome], in_inbox: list[str]) -> None:
    """Print latencies, answers, and what was lost."""
    cuts = statistics.quantiles([outcome.seconds * 1000 for outcome in outcomes], n=100, method="inclusive")
    worst = max(outcome.seconds for outcome in outcomes) * 1000
    accepted = {outcome.webhook_id for outcome in outcomes if outcome.status == 202}
    for name, told in {
        "latency": f"p50 {cuts[49]:.1f}  p95 {cuts[94]:.1f}  p99 {cuts[98]:.1f}  max {worst:.1f} ms",
        "answers": ", ".join(f"{n} × {code}" for code, n in sorted(Counter(o.status for o in outcomes).items())),
        "accepted, stored": f"{len(accepted)}, {len(in_inbox)}",
        "lost": f"{len(accepted - set(in_inbox))}",
        "stored twice": f"{len(in_inbox) - len(set(in_inbox))}",
    }.items():
        print(f"{name:<18}{told}")


def _cpu(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


@contextmanager
def _busy(processes: int) -> Iterator[None]:
    command = [sys.executable, "-c", "while True: sum(range(10_000))"]
    running = [subprocess.Popen(command) for _ in range(processes)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def _wait_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/openapi.json", timeout=2).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"the web process is not ready (exit {process.poll()})")


if __name__ == "__main__":
    main()
