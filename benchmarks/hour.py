"""Where the time of an hour goes: the first of a process, and the one after it, with the embedded defaults.

Runs the jobs `sources` and `hour` for real, in this process, on an embedded PostgreSQL in a temporary folder. Run:
`python -m benchmarks.hour`. CPU seconds are steadier than wall seconds where the machine has other work.
"""

from __future__ import annotations

import io
import logging
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import dagster as dg
import numpy as np
import psutil
import pyvips
from numpy.typing import NDArray
from PIL import Image

from assets.contract import THREADS
from assets.partitions import hour_key
from benchmarks.stage import QUIET, Clock, Memory, Reading, Stopwatch, embedded, machine
from jobs.schedules import DOWNSTREAM
from pipeline.definitions import build_defs
from pipeline.designs.areas import TEE
from pipeline.designs.compose import svg
from pipeline.designs.prints.encoding import LEVEL, encode
from pipeline.designs.rendering import rasterised
from pipeline.mockups import PRODUCTS, mock
from pipeline.models import GarmentColor, Recipe, hour_of
from resources.defaults import default_resources, object_store
from resources.settings import Settings
from resources.store import Store
from resources.studio import Studio, studio
from resources.typefaces import typefaces

TARGET_S = 45.0
"""For the first hour of a process, on two quiet cores."""
ROUNDS = 5
PARTS = {
    "compose": ("resources.artists.composer:compose",),
    "outlines": ("pipeline.designs.compose:painted",),
    "rasterise and encode PNG": ("resources.artists.composer:render",),
    "prove": ("resources.workshop:prove",),
    "thumbnails": ("resources.workshop:thumbnail", "assets.mockups:thumb"),
    "read the print file": ("pipeline.mockups.compose:read",),
    "scenes, drawn or read": ("resources.studio:Studio.scene",),
    "lay on, light, encode JPEG": ("pipeline.mockups.compose:_laid_on", "pipeline.mockups.compose:_picture"),
    "pack": ("assets.live_listings:pack",),
    "sheets (XLSX, CSV)": ("pipeline.listings.packs:combined_sheets", "assets.live_listings:combined_sheets"),
    "object store": tuple(f"resources.objects:Objects.{name}" for name in ("put", "put_content", "get", "exists")),
    "record": ("resources.store:Store.transaction",),
    "Dagster's log": ("dagster:DagsterLogManager.info",),
}
NAME = 32
"""Width of the column of names."""
SHOWN = ("designs", "mockups", "live_listings")
COMPARED = 8
"""Designs of the hour that are pictured again with and without threads."""


@dataclass
class Step:
    """What an asset took and gave."""

    took: Reading
    peak: int
    rows: int
    files: int


@dataclass
class Hour:
    """What an hour took."""

    took: Reading
    steps: dict[str, Step] = field(default_factory=dict)
    parts: dict[tuple[str, str], float] = field(default_factory=dict)
    first_picture: float = 0.0
    """Seconds from the start of the hour until the first mock-ups were in the record."""


class Witness:
    """Runs hours and notes what every step took."""

    def __init__(self, settings: Settings, url: str, memory: Memory, stopwatch: Stopwatch) -> None:
        self._settings = settings
        self._url = url
        self._clock = Clock(settings)
        self._memory = memory
        self._stopwatch = stopwatch
        self._defs = build_defs(overrides=default_resources(settings))

    def run(self, hour: datetime) -> Hour:
        """Run an hour. Raises what the hour raises."""
        begun, moment = self._clock.read(), datetime.now(UTC)
        seen = Hour(begun)
        started: list[tuple[Reading, int]] = []
        rows: dict[str, int] = {}

        def witness(entry: dg.EventLogEntry) -> None:
            event = entry.dagster_event
            if event is None or event.step_key is None:
                return
            if event.is_step_start:
                self._stopwatch.step = event.step_key
                self._memory.peak()
                started.append((self._clock.read(), self._files()))
            elif event.is_step_materialization:
                told = event.step_materialization_data.materialization.metadata
                rows[event.step_key] = int(str((told.get("dagster/row_count") or told["payloads"]).value))
            elif event.is_step_success:
                before, files = started.pop()
                took = self._clock.read().since(before)
                self._stopwatch.step = ""
                seen.steps[event.step_key] = Step(
                    took, self._memory.peak(), rows[event.step_key], self._files() - files
                )

        with dg.DagsterInstance.get() as instance:
            for name in ("sources", "hour"):
                run_id = str(uuid4())
                instance.add_event_listener(run_id, witness)
                job = self._defs.resolve_job_def(name)
                job.execute_in_process(partition_key=hour_key(hour), instance=instance, run_id=run_id, run_config=QUIET)
        seen.took = self._clock.read().since(begun)
        with Store(self._url) as store, store.connection() as connection:
            found = connection.execute("SELECT min(created_at) FROM mockups WHERE hour = %s", [hour]).fetchall()
        seen.first_picture = (found[0][0] - moment).total_seconds()
        seen.parts = dict(self._stopwatch.seconds)
        self._stopwatch.seconds.clear()
        return seen

    def _files(self) -> int:
        return sum(path.is_file() for path in (self._settings.data_dir / "objects").rglob("*"))


def show(title: str, hour: Hour) -> None:
    """Print the hour's table, and what its largest steps are made of."""
    print(
        f"\n{title}: {hour.took.wall:.1f} s, {hour.took.cpu:.1f} CPU s, first pictures after {hour.first_picture:.1f} s"
    )
    columns = ("wall s", "share", "CPU s", "DB CPU s", "peak MB", "rows", "files", "ms/row")
    print(" " * NAME + "".join(f"{column:>9}" for column in columns))
    for name in [*sorted(set(hour.steps) - set(DOWNSTREAM)), *DOWNSTREAM]:
        step = hour.steps[name]
        per_row = f"{1000 * step.took.wall / step.rows:9.0f}" if step.rows else ""
        print(_taken(name, step.took, hour) + f"{step.peak / 2**20:9.0f}{step.rows:9}{step.files:9}{per_row}")
    print(_taken("runs around their steps", hour.took.since(total(hour.steps.values())), hour))
    for name in SHOWN:
        step = hour.steps[name]
        parts = {part: s for (where, part), s in hour.parts.items() if where == name}
        print(f"  {name}")
        for part, seconds in sorted(parts.items(), key=lambda item: -item[1]):
            share, each = seconds / step.took.wall, 1000 * seconds / step.rows
            print(f"    {part:<{NAME - 4}}{seconds:9.2f}{share:9.0%}{each:9.0f} ms/row")


def total(steps: Iterable[Step]) -> Reading:
    """What the steps took together."""
    return Reading(*(sum(column) for column in zip(*(step.took for step in steps), strict=True)))


def _taken(name: str, took: Reading, hour: Hour) -> str:
    return f"{name:<{NAME}}{took.wall:9.2f}{took.wall / hour.took.wall:9.0%}{took.cpu:9.2f}{took.database_cpu:9.2f}"


def compare_png(recipe: Recipe) -> None:
    """The print file's pixels to PNG: as we do it, and as Pillow does."""
    pixels: NDArray[np.uint8] = rasterised(svg(recipe, typefaces(), TEE)).numpy()

    def ours() -> int:
        return len(encode(pyvips.Image.new_from_array(pixels, interpretation="srgb"), TEE.dpi))

    def pillow() -> int:
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, "PNG", compress_level=LEVEL)
        return len(out.getvalue())

    ours_s, pillow_s = seconds(ours, pillow)
    print(
        f"\nencoding a print file: {1000 * ours_s:.0f} ms, {ours() / 1000:.0f} kB; Pillow {1000 * pillow_s:.0f} ms, "
        f"{pillow() / 1000:.0f} kB: {pillow_s / ours_s:.1f} × as long"
    )


def compare_threads(prints: Sequence[tuple[bytes, Sequence[GarmentColor]]], room: Studio) -> None:
    """Six pictures of each print file: by as many threads as the asset has, and by one."""
    tee = PRODUCTS["tee"]

    def by(threads: int) -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda design: list(mock(design[0], tee, design[1], room.scene)), prints))

    several, one = seconds(lambda: by(THREADS), lambda: by(1))
    print(
        f"picturing {len(prints)} designs with {THREADS} threads: {several:.2f} s; with one {one:.2f} s, "
        f"{one / several:.2f} × as long"
    )


def seconds(*works: Callable[[], object]) -> list[float]:
    """Median wall seconds of each in five rounds that take turns, after one that isn't counted."""
    rounds: list[list[float]] = []
    for _ in range(1 + ROUNDS):
        rounds.append([])
        for work in works:
            start = time.perf_counter()
            work()
            rounds[-1].append(time.perf_counter() - start)
    return [statistics.median(times) for times in zip(*rounds[1:], strict=True)]


def main() -> None:
    """Run two hours and print where their time went."""
    logging.getLogger("pyvips").setLevel(logging.WARNING)
    imported = time.time() - psutil.Process().create_time()
    begun = time.perf_counter()
    with embedded() as (settings, url), Memory() as memory:
        ready = time.perf_counter() - begun
        stopwatch = Stopwatch()
        stopwatch.around(PARTS)
        witness = Witness(settings, url, memory, stopwatch)
        newest = hour_of(datetime.now(UTC))
        first = witness.run(newest - timedelta(hours=1))
        second = witness.run(newest)
        with Store(url) as store, store.transaction() as tx:
            designs = tx.designs.hour(newest)
        room = studio(settings)
        objects = object_store(settings)
        prints = [(objects.get(design.s3_uri), design.garments) for design in designs[:COMPARED]]
    print(
        f"{settings.ideas_per_hour} ideas, {settings.designs_per_hour} designs, marketplaces {settings.marketplaces}; "
        f"{machine()}"
    )
    print(f"before the first hour: {imported:.1f} s to import, {ready:.1f} s until PostgreSQL was made and migrated")
    show("first hour of a process", first)
    show("the next hour", second)
    met = "met" if first.took.wall <= TARGET_S else "MISSED"
    print(f"\ntarget of {TARGET_S:.0f} s for the first hour: {met}")
    compare_png(designs[0].recipe)
    compare_threads(prints, room)


if __name__ == "__main__":
    main()
