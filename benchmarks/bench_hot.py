"""From a webhook to upload-ready listings: how long it takes in a running engine, and where the time goes.

Starts an engine of its own (embedded PostgreSQL, gallery, code server, daemon, warm worker) in a temporary folder,
posts signed webhooks at random moments, and measures from each POST to the hand-over of the last listing that came of
it. Run: `python -m benchmarks.bench_hot [events] [mean seconds between them]`. Nothing is asserted.
"""

from __future__ import annotations

import json
import random
import secrets
import statistics
import sys
import time
from base64 import b64encode
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import dagster as dg
import httpx
import psutil
import psycopg
from standardwebhooks import Webhook

from assets.scope import HOT, going
from benchmarks.stage import embedded, machine
from cli.instance import Instance
from cli.ports import free_port
from cli.supervisor import Child, Supervisor
from cli.up import Children, children
from cli.worker import ADDRESS
from jobs.schedules import DOWNSTREAM
from pipeline.ideas.lexicon import topics
from resources.postgres import beside
from resources.settings import Settings

EVENTS, GAP_SECONDS = 100, 3.0
TARGET_P95_SECONDS = 5.0
READY_SECONDS, END_SECONDS = 180.0, 300.0
SENDER = "bench"
STEPS = ("webhook_events", *DOWNSTREAM)
OUTCOMES = """
SELECT w.webhook_id, w.status::text, w.run_id, w.attempts, w.received_at, min(l.handed_over_at), max(l.handed_over_at),
    count(l.id)
FROM webhook_inbox w LEFT JOIN ideas i ON i.signal_id = ANY(w.signal_ids) LEFT JOIN listings l ON l.idea_id = i.id
WHERE w.source = %s GROUP BY w.id ORDER BY w.received_at
"""


class Outcome(NamedTuple):
    """What became of an event."""

    webhook_id: str
    status: str
    run_id: str | None
    attempts: int
    posted_at: datetime
    first_handed_over_at: datetime | None
    handed_over_at: datetime | None
    listings: int

    @property
    def seconds(self) -> float:
        """From the POST to the hand-over of its last listing."""
        assert self.handed_over_at is not None
        return (self.handed_over_at - self.posted_at).total_seconds()


class Engine:
    """The parts of an engine that a hot run needs."""

    def __init__(self, settings: Settings, url: str) -> None:
        self.url = url
        self.door = f"http://127.0.0.1:{settings.gallery_port}/webhooks/{SENDER}"
        self.secret = f"whsec_{b64encode(secrets.token_bytes(24)).decode()}"
        self.posted: dict[str, datetime] = {}
        senders = {SENDER: {"scheme": "standard", "secrets": [self.secret], "rate_per_minute": 1_000_000}}
        home = settings.data_dir.resolve() / "dagster"
        self.parts: Children = children(settings, Instance(url, beside(url).dagster, home))
        self.supervisor = Supervisor(
            settings.data_dir.resolve(),
            {"ENGINE_DATA_DIR": str(settings.data_dir.resolve()), "ENGINE_WEBHOOKS": json.dumps(senders)},
            print,
        )
        self.supervisor.claim()
        self.address = home / ADDRESS

    def start(self, instance: dg.DagsterInstance) -> None:
        """Start the parts, and wait until a first event has gone the whole way and nothing is going on."""
        for part in (self.parts.gallery, self.parts.code, self.parts.worker, self.parts.daemon):
            self.supervisor.start(part)
        self.supervisor.wait_ready(self.parts.gallery, READY_SECONDS)
        self.wait(self.address.exists, READY_SECONDS, "the worker is ready")
        self.post("first", "Tomato gardening is all that people talk of")
        self.wait(lambda: bool(self.outcomes()[0].handed_over_at), READY_SECONDS, "the first event has its listings")
        self.wait(lambda: not _at_work(instance), READY_SECONDS, "nothing is going on")

    def post(self, webhook_id: str, title: str) -> None:
        """Post an event, signed."""
        item = {"id": webhook_id, "title": title, "likes": 900, "comments": 80}
        body = {"type": "trend.spike", "timestamp": datetime.now(UTC).isoformat(), "data": {"items": [item]}}
        data, now = json.dumps(body), datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self.secret).sign(webhook_id, now, data),
        }
        self.posted[webhook_id] = now
        httpx.post(self.door, content=data.encode(), headers=headers).raise_for_status()

    def outcomes(self) -> list[Outcome]:
        """What became of the events, in the order of receipt."""
        with psycopg.connect(self.url) as connection:
            connection.execute("SET TIME ZONE 'UTC'")
            outcomes = [Outcome(*row) for row in connection.execute(OUTCOMES, [SENDER])]
        return [outcome._replace(posted_at=self.posted[outcome.webhook_id]) for outcome in outcomes]

    def wait(self, until: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait, keeping the engine alive."""
        deadline = time.monotonic() + seconds
        while not until():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {seconds:.0f} s: {what}")
            self.supervisor.mend()
            time.sleep(0.2)


def _at_work(instance: dg.DagsterInstance) -> bool:
    statuses = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
    return bool(instance.get_runs(dg.RunsFilter(statuses=statuses)))


def titles(events: int, dice: random.Random) -> list[str]:
    """What the events tell of: words that ideas come of, each as if somebody else had noticed it."""
    words = sorted(topics())
    return [f"{dice.choice(words).capitalize()} is suddenly everywhere ({number})" for number in range(events)]


def told(outcomes: Sequence[Outcome], instance: dg.DagsterInstance) -> dict[str, list[float]]:
    """Part of the way → seconds, one for each event with listings."""
    parts: defaultdict[str, list[float]] = defaultdict(list)
    records = {record.dagster_run.run_id: record for record in instance.get_run_records(dg.RunsFilter(job_name=HOT))}
    steps = {run_id: {step.step_key: step for step in instance.get_run_step_stats(run_id)} for run_id in records}
    launched = {run_id: _moment(instance, run_id, dg.DagsterEventType.PIPELINE_STARTING) for run_id in records}
    for outcome in outcomes:
        run_id = outcome.run_id
        if run_id is None or outcome.handed_over_at is None or run_id not in records:
            continue
        record, of = records[run_id], steps[run_id]
        asked = record.create_timestamp.replace(tzinfo=UTC).timestamp()
        begun = float(record.start_time or 0)
        parts["until its run is requested"].append(asked - outcome.posted_at.timestamp())
        parts["in Dagster's queue"].append(launched[run_id] - asked)
        parts["until the run begins"].append(begun - launched[run_id])
        before = begun
        for name in STEPS[:-1]:
            ended = float(of[name].end_time or 0)
            parts[f"  {name}"].append(ended - before)
            before = ended
        parts[f"  {STEPS[-1]}, its last pack"].append(outcome.handed_over_at.timestamp() - before)
        parts["(the rest of the run)"].append(float(record.end_time or 0) - outcome.handed_over_at.timestamp())
    return parts


def _moment(instance: dg.DagsterInstance, run_id: str, kind: dg.DagsterEventType) -> float:
    (entry,) = instance.all_logs(run_id, of_type=kind)
    return entry.timestamp


def percentile(values: Iterable[float], share: float) -> float:
    """The value that this share of them doesn't exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(0, min(len(ranked) - 1, round(share * len(ranked) + 0.5) - 1))]


def main() -> None:
    """Post, wait, print."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    gap = float(sys.argv[2]) if len(sys.argv) > 2 else GAP_SECONDS
    dice = random.Random(5)
    with embedded() as (settings, url), dg.DagsterInstance.get() as instance:
        engine = Engine(settings.model_copy(update={"gallery_port": free_port()}), url)
        try:
            engine.start(instance)
            print(f"{events} events, one every {gap} s on average; {machine()}")
            rss = _memory(engine.parts.worker)
            for number, title in enumerate(titles(events, dice)):
                time.sleep(dice.expovariate(1 / gap))
                engine.post(f"event-{number}", title)
            engine.wait(lambda: all(o.status == "processed" for o in engine.outcomes()), END_SECONDS, "all processed")
            engine.wait(lambda: not going(instance), END_SECONDS, "the last run has ended")
            show([o for o in engine.outcomes() if o.webhook_id != "first"], instance)
            print(f"memory of the worker: {rss} MB before, {_memory(engine.parts.worker)} MB after; {machine()}")
        finally:
            engine.supervisor.stop()


def show(outcomes: Sequence[Outcome], instance: dg.DagsterInstance) -> None:
    """Print what was measured."""
    led = [outcome for outcome in outcomes if outcome.listings]
    print(f"events by status: {dict(Counter(o.status for o in outcomes))}; taken once: "
          f"{sum(o.attempts == 1 for o in outcomes)}; led to listings: {len(led)}; hot runs: "
          f"{len({o.run_id for o in outcomes})}")  # fmt: skip
    seconds = [outcome.seconds for outcome in led]
    p50, p95 = (percentile(seconds, share) for share in (0.5, 0.95))
    verdict = "met" if p95 <= TARGET_P95_SECONDS else "MISSED"
    print(f"POST → last listing ready to upload: p50 {p50:.2f} s, p95 {p95:.2f} s, max {max(seconds):.2f} s; "
          f"target p95 ≤ {TARGET_P95_SECONDS} s: {verdict}")  # fmt: skip
    print(f"{'':34}  median     p95")
    parts: dict[str, Any] = told(led, instance)
    for name, values in parts.items():
        print(f"{name:34} {statistics.median(values):7.2f} {percentile(values, 0.95):7.2f}")


def _memory(child: Child) -> int:
    assert child.process is not None
    return int(psutil.Process(child.process.pid).memory_info().rss / 2**20)


if __name__ == "__main__":
    main()
