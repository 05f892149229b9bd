"""`engine doctor`: looks at what is configured, says what is missing and how to mend it. It starts nothing."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from cli.ports import require_free
from pipeline.listings.marketplaces import marketplaces
from resources.artists import PAINTERS, chosen
from resources.artists.budget import dollars
from resources.artists.prices import prices
from resources.defaults import object_store
from resources.embedders import embedder
from resources.errors import PermanentError, TransientError
from resources.fetching.client import Client
from resources.objects import folder_of
from resources.postgres import EmbeddedPostgres, database_urls, host_of
from resources.settings import Settings, names
from resources.sources import sources
from resources.sources.listening import ALL, off
from resources.sources.recorded import Recorded
from resources.store import Store
from resources.store.schema import current
from resources.typefaces import typefaces

Level = Literal["ok", "off", "warning", "broken"]
MIN_FREE_GB = 2.0
COLOURS = {"ok": "green", "off": "dim", "warning": "yellow", "broken": "bold red"}


class Finding(BaseModel):
    """One thing that was looked at."""

    what: str
    level: Level
    detail: str


def examine(settings: Settings) -> list[Finding]:
    """Every finding, in the order in which a person would mend them."""
    return [
        _checked("data folder", lambda: _data_dir(settings)),
        _checked("PostgreSQL", lambda: _database(settings)),
        _checked("object store", lambda: _objects(settings)),
        _checked("typefaces", lambda: ("ok", f"{len(typefaces())} faces")),
        _checked("embedder", lambda: _embedder(settings)),
        _checked("re-embedding", lambda: _reembedding(settings)),
        *_artists(settings),
        _checked("marketplaces", lambda: _marketplaces(settings)),
        *_ports(settings),
        _checked("recorded payloads", lambda: _recorded(settings)),
        _reports(settings),
        *_sources(settings),
        _kubernetes(settings),
    ]


def show(findings: list[Finding], out: Console) -> None:
    """The findings for people."""
    table = Table("what", "", Column("detail", overflow="fold"))
    for finding in findings:
        table.add_row(finding.what, f"[{COLOURS[finding.level]}]{finding.level}[/]", escape(finding.detail))
    out.print(table)


def _checked(what: str, look: Callable[[], tuple[Level, str]]) -> Finding:
    """The finding of one look; an error that names its mend is the finding."""
    try:
        level, detail = look()
    except (PermanentError, TransientError) as error:
        return Finding(what=what, level="broken", detail=str(error))
    return Finding(what=what, level=level, detail=detail)


def _data_dir(settings: Settings) -> tuple[Level, str]:
    folder = settings.data_dir.resolve()
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(nearest, os.W_OK):
        return "broken", f"{nearest} can't be written: make it writable or set ENGINE_DATA_DIR to another folder"
    free = shutil.disk_usage(nearest).free / 1e9
    if free < MIN_FREE_GB:
        return "warning", f"{folder}: {free:.1f} GB are free, a day of designs takes about {MIN_FREE_GB:.0f} GB"
    return "ok", f"{folder}, {free:.0f} GB free"


def _database(settings: Settings) -> tuple[Level, str]:
    if settings.database_url is None:
        status = EmbeddedPostgres(settings.data_dir).status()
        return (
            "ok",
            f"embedded, {f'running on port {status.port}' if status.running else 'not running; it starts when needed'}",
        )
    url = settings.database_url.get_secret_value()
    revision = current(url)
    if revision is None:
        return "broken", f"{host_of(url)}: the schema is missing: run `engine db upgrade`"
    return "ok", f"{host_of(url)}, schema {revision}"


def _objects(settings: Settings) -> tuple[Level, str]:
    objects = object_store(settings)
    uri = objects.put("backups/configurations/doctor.txt", b"written by engine doctor\n", "text/plain")
    return "ok", uri.removesuffix("/backups/configurations/doctor.txt")


def _embedder(settings: Settings) -> tuple[Level, str]:
    loaded = embedder(settings.embedder)
    told = f"{loaded.model} on {loaded.device}, near copies from a cosine of {loaded.near_copy.cosine:g}"
    if loaded.near_copy.measured is None:
        return "warning", f"{told}, which is the default embedder's: measure its own with `engine embedder calibrate`"
    return "ok", told


def _reembedding(settings: Settings) -> tuple[Level, str]:
    if settings.database_url is None and not EmbeddedPostgres(settings.data_dir).status().running:
        return "off", "not looked at: the embedded PostgreSQL is not running"
    model = embedder(settings.embedder).model
    with database_urls(settings) as urls, Store(urls.engine) as store, store.transaction() as tx:
        waiting = tx.reembedding.waiting(model)
    if waiting.ideas:
        return "warning", f"{waiting.ideas:,} ideas have vectors of another model: run `engine reembed`"
    if waiting.niches:
        return "warning", f"{waiting.niches} niches were learned with another model: they wait for their next build"
    return "ok", f"every idea has a vector of {model}"


def _artists(settings: Settings) -> Iterator[Finding]:
    try:
        asked = chosen(settings)
    except PermanentError as error:
        yield Finding(what="artists", level="broken", detail=str(error))
        return
    for name in PAINTERS:
        if name in asked:
            yield _checked(f"artist {name}", lambda: ("ok", PAINTERS[name].check(settings)))  # noqa: B023 - called at once
        else:
            yield Finding(what=f"artist {name}", level="off", detail="name it in ENGINE_ARTISTS to switch it on")
    paid = [name for name in asked if name in {found.painter for found in prices()}]
    if paid:
        yield _checked("picture budget", lambda: _budget(settings, paid))
    yield Finding(what="artists", level="ok", detail=f"asked in order: {', '.join(asked)}")


def _budget(settings: Settings, paid: list[str]) -> tuple[Level, str]:
    if not settings.picture_budget_usd:
        return "warning", f"ENGINE_PICTURE_BUDGET_USD=0: {', '.join(paid)} may spend nothing, so paint nothing; set it"
    told = f"${settings.picture_budget_usd:g} a day (UTC) for {', '.join(paid)}"
    if settings.database_url is None and not EmbeddedPostgres(settings.data_dir).status().running:
        return "ok", f"{told}; what is spent was not looked at: the embedded PostgreSQL is not running"
    with database_urls(settings) as urls, Store(urls.engine) as store, store.transaction() as tx:
        spent = tx.spending.day(datetime.now(UTC).date())
    return "ok", f"{told}, {dollars(sum(row.cost_micros for row in spent))} of it spent or reserved today"


def _marketplaces(settings: Settings) -> tuple[Level, str]:
    unknown = [name for name in settings.marketplace_names if name not in marketplaces()]
    if unknown:
        return "broken", f"ENGINE_MARKETPLACES names {', '.join(unknown)}: known are {', '.join(marketplaces())}"
    return "ok", ", ".join(settings.marketplace_names)


def _ports(settings: Settings) -> Iterator[Finding]:
    for variable, port in (("ENGINE_UI_PORT", settings.ui_port), ("ENGINE_GALLERY_PORT", settings.gallery_port)):
        try:
            require_free(port, variable)
        except PermanentError as error:
            yield Finding(
                what=f"port {port}", level="warning", detail=f"{error} If it is the running engine, all is well."
            )
        else:
            yield Finding(what=f"port {port}", level="ok", detail="free")


def _recorded(settings: Settings) -> tuple[Level, str]:
    url = settings.recorded_url or str(settings.data_dir.resolve() / "recorded")
    folder = folder_of(url)
    if folder is not None and not folder.is_dir():
        return "off", f"{folder} does not exist; make it to use it"
    now = datetime.now(UTC)
    payloads = sum(1 for _ in Recorded(url, settings.object_store_endpoint).fetch(now, now, Client(Recorded.name)))
    return "ok", f"{url}; {payloads} of the running hour"


def _sources(settings: Settings) -> Iterator[Finding]:
    known = sources(settings)
    unknown = sorted({*names(settings.sources)} - {ALL, *(source.name for source in known)})
    if unknown:
        listed = ", ".join(source.name for source in known)
        detail = f"ENGINE_SOURCES names {', '.join(unknown)}: known are {ALL} and {listed}"
        yield Finding(what="sources", level="broken", detail=detail)
    for source in known:
        mend = off(source, settings)
        detail = f"{mend} to switch it on" if mend else f"{source.spec.cadence}; {source.spec.terms}"
        yield Finding(what=f"source {source.name}", level="off" if mend else "ok", detail=detail)


def _reports(settings: Settings) -> Finding:
    folder = settings.reports_dir or settings.data_dir.resolve() / "reports"
    there = folder.is_dir()
    detail = str(folder) if there else f"{folder} does not exist; make it to use it"
    return Finding(what="marketplace reports", level="ok" if there else "off", detail=detail)


def _kubernetes(settings: Settings) -> Finding:
    installed = importlib.util.find_spec("dagster_k8s") is not None
    if settings.profile == "kubernetes" and not installed:
        return Finding(
            what="kubernetes", level="broken", detail="ENGINE_PROFILE=kubernetes needs the extra `kubernetes`"
        )
    return Finding(
        what="kubernetes",
        level="ok" if settings.profile == "kubernetes" else "off",
        detail=f"profile {settings.profile}",
    )
