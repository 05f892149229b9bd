"""Whatever is killed under load: what was answered 202 is in the inbox, once; and what was not can be sent again."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg
import pytest

from benchmarks.bench_webhooks import Outcome, Wire, load, message, new_secret, stored, web_process
from cli.ports import free_port
from resources.postgres import EmbeddedPostgres
from resources.store import schema
from tests import senders

RATE = 200
SECONDS = 3
KILL_AFTER = 1.0


def under_load(port: int, secret: str, fault: Callable[[], None]) -> list[Outcome]:
    """The outcomes of a load in the middle of which the fault happens."""
    outcomes: list[Outcome] = []
    sender = threading.Thread(
        target=lambda: outcomes.extend(asyncio.run(load(port, secret, RATE, SECONDS, connections=16)))
    )
    sender.start()
    time.sleep(KILL_AFTER)
    assert sender.is_alive(), "the fault comes while the load goes on"
    fault()
    sender.join()
    return outcomes


async def send_again(port: int, secret: str, ids: list[str]) -> Mapping[int, int]:
    """How often each answer came for the messages that were not accepted, sent once more as they were."""
    wire = Wire(port)
    answers: Counter[int] = Counter()
    for webhook_id in ids:
        body = message(webhook_id)
        answers[await wire.post(senders.standard(body, webhook_id=webhook_id, secret=secret), body)] += 1
    wire.close()
    return answers


def check_exactly_once(outcomes: list[Outcome], port: int, secret: str, url: str) -> None:
    """Every accepted one is there once; every other one can be sent again, and then is there once."""
    accepted = {outcome.webhook_id for outcome in outcomes if outcome.status == 202}
    failed = [outcome.webhook_id for outcome in outcomes if outcome.status != 202]
    assert {outcome.status for outcome in outcomes} <= {202, 503, 0}
    assert accepted, "the load had begun when the fault came"
    before = stored(url)
    assert len(before) == len(set(before))
    assert accepted <= set(before)
    answers = asyncio.run(send_again(port, secret, failed))
    assert set(answers) <= {200, 202}
    assert answers[200] == len(set(before) - accepted), "what was stored but not told is known again"
    assert sorted(stored(url)) == sorted(outcome.webhook_id for outcome in outcomes)


@pytest.mark.slow
def test_the_web_process_is_killed_under_load(database_url: str, tmp_path: Path) -> None:
    port, secret = free_port(), new_secret()
    environment = {"DATABASE_URL": database_url, "ENGINE_DATA_DIR": str(tmp_path)}
    with web_process(environment, secret, port) as process:
        outcomes = under_load(port, secret, lambda: os.kill(process.pid, signal.SIGKILL))
    with web_process(environment, secret, port):
        check_exactly_once(outcomes, port, secret, database_url)


def kill_server(server: EmbeddedPostgres) -> None:
    """The whole of PostgreSQL dies, and is started again as `engine up` would."""
    pid = server.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    server.start()


def kill_backend(server: EmbeddedPostgres) -> None:
    """The process that serves the ingress dies; the server ends all connections and recovers by itself."""
    with psycopg.connect(server.start()) as connection:
        query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'design-idea-engine'"
        (pid,) = connection.execute(query).fetchall()[0]
    os.kill(pid, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize("kill", [kill_server, kill_backend])
def test_postgresql_is_killed_under_load(scratch: Path, kill: Callable[[EmbeddedPostgres], None]) -> None:
    port, secret = free_port(), new_secret()
    server = EmbeddedPostgres(scratch / "server")
    url = server.start()
    try:
        schema.upgrade(url)
        with web_process({"DATABASE_URL": url, "ENGINE_DATA_DIR": str(scratch)}, secret, port):
            outcomes = under_load(port, secret, lambda: kill(server))
            check_exactly_once(outcomes, port, secret, url)
    finally:
        server.stop()
