"""A whole engine under a load of webhooks, with parts of it killed on the way: nothing lost, nothing twice.

Starts an engine of its own as `bench_hot` does, sends signed messages at a steady rate as `bench_webhooks` does, kills
the web process, PostgreSQL and Dagster's daemon (-9) one after the other meanwhile, and waits till every message is
processed. Run: `python -m benchmarks.bench_load [rate] [seconds] [--calm]`; with
`--calm` nothing is killed.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections import Counter
from concurrent.futures import Future, ProcessPoolExecutor

import dagster as dg
import psycopg

from benchmarks.bench_hot import END_SECONDS, SENDER, Engine
from benchmarks.bench_webhooks import Outcome, drive, show, stored
from benchmarks.stage import embedded, machine
from cli.ports import free_port
from cli.supervisor import Child
from resources.postgres import EmbeddedPostgres

RATE, SECONDS, CONNECTIONS = 200.0, 60.0, 16
KILLS = ("web process", "PostgreSQL", "daemon")
COUNTS = """
SELECT (SELECT count(*) FROM webhook_inbox WHERE source = %(sender)s AND status = 'processed'),
    (SELECT count(*) FROM webhook_inbox WHERE source = %(sender)s AND status IN ('received', 'taken')),
    (SELECT count(*) FROM webhook_inbox WHERE source = %(sender)s AND status = 'refused'),
    (SELECT count(*) FROM webhook_inbox w WHERE source = %(sender)s AND status = 'processed'
        AND cardinality(signal_ids) <> jsonb_array_length(convert_from(body, 'UTF8')::jsonb -> 'data' -> 'items')),
    (SELECT count(*) - count(DISTINCT (idea_id, marketplace, product)) FROM listings)
"""


def kill(what: str, engine: Engine, server: EmbeddedPostgres) -> None:
    """Kill a part; the supervisor starts it again."""
    child: Child | None = {"web process": engine.parts.gallery, "daemon": engine.parts.daemon}.get(what)
    pid = child.process.pid if child and child.process else server.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    print(f"killed: {what}")


def during(
    answers: Future[list[Outcome]], engine: Engine, server: EmbeddedPostgres, seconds: float, kills: list[str]
) -> list[Outcome]:
    """Keep the engine alive till the load has ended, killing one part after the other at even distances."""
    begun, every = time.monotonic(), seconds / (len(kills) + 1)
    left = list(kills)
    while not answers.done():
        if left and time.monotonic() - begun > every * (len(kills) - len(left) + 1):
            kill(left.pop(0), engine, server)
        if not server.status().running:
            server.start()
        engine.supervisor.mend()
        time.sleep(0.2)
    return answers.result()


def counts(url: str) -> tuple[int, ...]:
    """Messages processed, waiting, refused, and with another number of signals than items; listings that are twice."""
    with psycopg.connect(url) as connection:
        return tuple(connection.execute(COUNTS, {"sender": SENDER}).fetchall()[0])


def main() -> None:
    """Load, kill, wait, count."""
    numbers = [float(argument) for argument in sys.argv[1:] if not argument.startswith("-")]
    rate, seconds = (numbers + [RATE, SECONDS][len(numbers) :])[:2]
    kills = [] if "--calm" in sys.argv else list(KILLS)
    with embedded() as (settings, url), dg.DagsterInstance.get() as instance:
        chosen = settings.model_copy(update={"gallery_port": free_port()})
        engine, server = Engine(chosen, url), EmbeddedPostgres(chosen.data_dir)
        try:
            engine.start(instance)
            print(f"{rate:g}/s for {seconds:g} s; {machine()}")
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as other:
                args = (chosen.gallery_port, engine.secret, rate, seconds, CONNECTIONS)
                outcomes = during(other.submit(drive, *args), engine, server, seconds, kills)
            ended = time.monotonic()
            show(outcomes, [found for found in stored(url) if found != "first"])
            engine.wait(lambda: counts(url)[1] == 0, END_SECONDS, "every message is processed")
            processed, _, refused, odd, twice = counts(url)
            accepted = sum(outcome.status == 202 for outcome in outcomes)
            print(f"processed {processed - 1} of {accepted} accepted (what was stored but not answered counts too), "
                  f"refused {refused}, the last {time.monotonic() - ended:.0f} s after the load")  # fmt: skip
            print(f"messages with lost or extra signals: {odd}; listings that are there twice: {twice}")
            print(f"answers: {dict(Counter(outcome.status for outcome in outcomes))}; {machine()}")
        finally:
            engine.supervisor.stop()


if __name__ == "__main__":
    main()
