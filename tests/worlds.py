"""A whole engine in a temporary folder: real PostgreSQL, real objects, the real artist, real Dagster runs.

What belongs here: how a test makes such an engine, lets it run, and reads what it wrote. What does not: what it ought
to have written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg
import psycopg
import pytest
from psycopg import sql

from assets.partitions import hour_key
from pipeline import definitions
from pipeline.models import Brief, Drawing, Payload, Recipe
from resources.artists import Artist
from resources.artists.composer import Composer
from resources.fetching import Web
from resources.objects import Objects
from resources.settings import ROOT, Settings
from resources.sources import Source, SourceSpec, sources
from resources.store import Store
from resources.store.record import HOURLY_TABLES, OTHER_TABLES
from resources.studio import Studio, studio

HOUR = datetime(2025, 11, 24, 5, tzinfo=UTC)
"""Long past whatever the clock says, with Thanksgiving and Christmas ahead."""

CLOCKS = (
    *(
        "created_at",
        "updated_at",
        "occurred_at",
        "imported_at",
        "handed_over_at",
        "received_at",
        "processed_at",
        "recorded_seq",
    ),
    *("attempted_at", "attempts", "lag_seconds", "duration_ms"),
)
"""Columns that tell when, and in which order, something was written: all that two runs of an hour may differ in."""

LOGS = {"audit_log", "source_health"}
"""Tables that tell of runs, and not of what they came to: another run adds to them."""

SMALL = {"designs_per_hour": 1, "ideas_per_hour": 8, "marketplaces": "etsy"}
SPEC = SourceSpec(cadence="in tests", terms="none", counters="none", history="none")

SCENES = ROOT / ".pytest_cache" / "scenes"

Rows = dict[str, list[str]]


class Scripted:
    """A source that answers with what it is told: payloads, or an error."""

    spec = SPEC

    def __init__(self, name: str, answer: Sequence[Payload] | Exception) -> None:
        self.name = name
        self.answer = answer
        self.asked = 0

    def fetch(self, hour: datetime, now: datetime, web: Web) -> Iterable[Payload]:
        """The answer."""
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def anew(brief: Brief, recent: Sequence[Recipe]) -> bool:
    """Whether the last drawing was of the same words: its proof stopped it, and it is drawn unlike that one."""
    return bool(recent) and recent[-1].prompt == brief.phrase


class Counting(Composer):
    """The real artist, who remembers what was drawn; what is drawn anew counts once."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn: list[str] = []

    def draw(self, brief: Brief, recent: Sequence[Recipe]) -> Drawing:
        """The drawing."""
        if not anew(brief, recent):
            self.drawn.append(brief.phrase)
        return super().draw(brief, recent)


class World:
    """An engine: its settings, its definitions, its Dagster instance.

    Args:
        folder: for its data; recorded payloads lie in `recorded`, marketplace reports in `reports`.
        url: of its migrated database.
        extra: sources beside the registered ones.
        artist: who draws, if not the registered one.
        chosen: settings other than those of SMALL.
    """

    def __init__(
        self, folder: Path, url: str, *, extra: Sequence[Source] = (), artist: Artist | None = None, **chosen: object
    ) -> None:
        self.folder = folder
        self.url = url
        self.settings = Settings.model_validate({**SMALL, "data_dir": folder, "DATABASE_URL": url, **chosen})
        self.instance = dg.DagsterInstance.ephemeral()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(definitions, "settings", lambda: self.settings)
            patch.setattr(definitions, "sources", lambda config: _with(sources(config), extra))
            chosen_artist = {"artist": artist} if artist else {}
            shared = {"store": self._store(), "studio": self._studio()}
            self.defs = definitions.build_defs("test", {**shared, **chosen_artist})

    def _store(self) -> dg.ResourceDefinition:
        """The record without Dagster's database beside it, which an ephemeral instance doesn't need."""

        @dg.resource
        def store(_: dg.InitResourceContext) -> Iterator[Store]:
            with Store(self.url) as opened:
                yield opened

        return store

    def _studio(self) -> dg.ResourceDefinition:
        """The studio, whose scenes all engines of this checkout share: they are slow to draw."""
        return dg.ResourceDefinition(lambda _: Studio(SCENES, studio(self.settings).products))

    @property
    def objects(self) -> Objects:
        """The object store of its settings."""
        return Objects(self.settings.object_store_url or str(self.folder / "objects"))

    def run(self, job: str, when: datetime = HOUR, only: Sequence[str] | None = None) -> dg.ExecuteInProcessResult:
        """A run of a job, or of some of its assets, for the hour or day."""
        key = when.strftime("%Y-%m-%d") if job == "weights" else hour_key(when)
        return self.defs.resolve_job_def(job).execute_in_process(
            instance=self.instance,
            partition_key=key,
            raise_on_error=False,
            asset_selection=[dg.AssetKey(name) for name in only] if only else None,
        )

    def select(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with psycopg.connect(self.url) as connection:
            connection.execute("SET TIME ZONE 'UTC'")
            return connection.execute(query.encode(), values).fetchall()

    def count(self, table: str) -> int:
        """The rows of a table."""
        with Store(self.url) as store:
            return store.counts()[table]

    def rows(self) -> Rows:
        """Every row of every table as JSON, without the clock's columns and the name of the folder."""
        found: Rows = {}
        with psycopg.connect(self.url) as connection:
            connection.execute("SET TIME ZONE 'UTC'")
            for table in sorted({*HOURLY_TABLES, *OTHER_TABLES} - LOGS):
                query = sql.SQL("SELECT (to_jsonb(t) - %s::text[])::text FROM {} t").format(sql.Identifier(table))
                told = (text for (text,) in connection.execute(query, [list(CLOCKS)]))
                found[table] = sorted(text.replace(self.folder.as_uri(), "<folder>") for text in told)
        return found

    def files(self) -> dict[str, bytes]:
        """Every object: key → bytes."""
        root = self.folder / "objects"
        return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def _with(registered: Sequence[Source], extra: Sequence[Source]) -> tuple[Source, ...]:
    """The registered sources and the extra ones, which take the place of those of their names."""
    taken = {source.name for source in extra}
    return (*(source for source in registered if source.name not in taken), *extra)


@dataclass(frozen=True)
class RunHour:
    """An hour that was run, and how."""

    world: World
    sources: dg.ExecuteInProcessResult
    hour: dg.ExecuteInProcessResult


class Attempt(NamedTuple):
    """What became of the tries of a step."""

    starts: int
    error: str


def attempts(result: dg.ExecuteInProcessResult, step: str) -> Attempt:
    """How often a step was tried in a run, and what it said in the end ("" when it succeeded)."""
    kinds = {dg.DagsterEventType.STEP_START, dg.DagsterEventType.STEP_RESTARTED}
    events = [event for event in result.all_events if event.step_key == step]
    failed = [event for event in events if event.is_step_failure]
    return Attempt(sum(event.event_type in kinds for event in events), told(failed[0]) if failed else "")


def told(event: dg.DagsterEvent) -> str:
    """What a failure says, with its causes."""
    data = event.step_failure_data
    said = [data.user_failure_data.description or ""] if data.user_failure_data else []
    error = data.error
    while error:
        said.append(error.message)
        error = error.cause
    return "\n".join(said)


def materialized(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """Asset → its materialisation in the run."""
    return {
        event.asset_key.to_user_string(): event.step_materialization_data.materialization
        for event in result.all_events
        if event.is_step_materialization and event.asset_key
    }


def checks(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    """`asset.check` → whether it passed in the run."""
    return {f"{e.asset_key.to_user_string()}.{e.check_name}": e.passed for e in result.get_asset_check_evaluations()}


def record_file(folder: Path, source: str, name: str, body: bytes | str, hour: datetime = HOUR) -> Path:
    """Lay a file where the source `recorded` finds it."""
    file = folder / "recorded" / f"{hour:year=%Y/month=%m/day=%d/hour=%H}" / source / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(body if isinstance(body, bytes) else body.encode())
    return file


def post(number: int, **changes: object) -> dict[str, object]:
    """A Reddit post of a gardening community, an hour before HOUR."""
    data = {
        "id": f"p{number:07d}",
        "title": f"My tomato plants gave {number} tomatoes this week",
        "subreddit": "gardening",
        "created_utc": HOUR.timestamp() - 3600,
        "score": 100 + number,
        "num_comments": 7,
    }
    return {"kind": "t3", "data": {name: value for name, value in {**data, **changes}.items() if value is not ...}}


def listing_of(posts: Iterable[object]) -> str:
    """Posts as Reddit lists them."""
    return json.dumps({"kind": "Listing", "data": {"children": list(posts)}}, ensure_ascii=False)
