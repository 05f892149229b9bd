"""What `engine run` and `engine status` tell: gathered once, told as text to people and as JSON to programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from cli.hour import HourRun
from pipeline.mockups.sheets import Cell, contact_sheet
from pipeline.models import Attempt, Idea, Variant, hour_of
from pipeline.signals.health import State
from resources.defaults import object_store
from resources.embedders import embedder
from resources.errors import PermanentError
from resources.objects import Objects, location
from resources.settings import Settings
from resources.sources import sources
from resources.sources.listening import standings
from resources.store import Store, StoredDesign, StoredListing, StoredMockup
from resources.store.refusals import Refusal

BEST = 10
ON_SHEET = 20
SHEET_COLUMNS = 5
SHEET_CELL_PX = 420
SOURCE_HEADS = ("source", "state", "answered", "lag", "items", "circuit", "quota")
COLOURS = {
    State.ON: "green",
    State.OFF: "dim",
    State.WAITING: "cyan",
    State.LATE: "yellow",
    State.SILENT: "bold red",
    State.FAILING: "bold red",
    State.CIRCUIT_OPEN: "bold red",
}


class IdeaReport(BaseModel):
    """An idea with where its files lie: paths in a local object store, URIs otherwise."""

    id: str
    title: str
    phrase: str
    niche: str
    score: float
    factors: dict[str, float]
    reason: str
    status: str
    artist: str | None
    cost_usd: float
    files: dict[str, list[str]]


class RefusalReport(BaseModel):
    """An idea that got no design or no mock-up, and why."""

    phrase: str
    refused_by: str
    reason: str
    copies: str | None


class HourReport(BaseModel):
    """What an hour came to."""

    hour: datetime
    complete: bool
    errors: list[str]
    ideas: list[IdeaReport]
    ideas_in_hour: int
    designs_in_hour: int
    refusals: list[RefusalReport]
    cost_usd: float
    contact_sheet: str | None


def hour_report(settings: Settings, url: str, run: HourRun) -> HourReport:
    """Gather the hour's ten best ideas, and put its best designs on a contact sheet in the data folder."""
    objects = object_store(settings)
    with Store(url) as store, store.transaction() as tx:
        ideas = tx.ideas.hour(run.hour)
        best = ideas[:BEST]
        designs = tx.designs.hour(run.hour)
        mockups = tx.mockups.hour(run.hour)
        listings = tx.listings.hour(run.hour)
        refusals = tx.refusals.hour(run.hour)
    phrases = {idea.id: idea.phrase for idea in ideas}
    asked: list[StoredDesign | Refusal] = [*designs, *refusals]
    fronts = {mockup.design_id: mockup for mockup in mockups if mockup.variant is Variant.FRONT}
    sheet = _contact_sheet(settings, objects, run.hour, designs, fronts, {idea.id: idea for idea in ideas})
    return HourReport(
        hour=run.hour,
        complete=run.complete,
        errors=list(run.errors),
        ideas=[_told(idea, designs, mockups, listings) for idea in best],
        ideas_in_hour=len(ideas),
        designs_in_hour=len(designs),
        refusals=[
            RefusalReport(
                phrase=phrases.get(one.idea_id, ""),
                refused_by=one.stage,
                reason=one.reason,
                copies=str(one.copies) if one.copies else None,
            )
            for one in refusals
        ],
        cost_usd=_cost([attempt for one in asked for attempt in one.attempts]),
        contact_sheet=str(sheet) if sheet else None,
    )


def show_hour(report: HourReport, out: Console) -> None:
    """The report for people."""
    for number, idea in enumerate(report.ideas, 1):
        out.print(
            f"[bold]{number:2}. {escape(idea.title)}[/]  [green]{idea.score:.3f}[/]  {escape(idea.niche)}",
            soft_wrap=True,
        )
        out.print(f"    {escape(idea.reason)}", soft_wrap=True)
        for kind, paths in idea.files.items():
            if paths:
                more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
                out.print(f"    [dim]{kind}:[/] {escape(paths[0])}{more}", soft_wrap=True)
    out.print(
        f"{report.hour:%Y-%m-%d %H:00} UTC: {report.ideas_in_hour} ideas, {report.designs_in_hour} designs"
        f"{'' if report.complete else '; INCOMPLETE'}"
    )
    if report.cost_usd:
        out.print(f"pictures of models cost ${report.cost_usd:,.2f}")
    for refusal in report.refusals:
        out.print(
            f"[yellow]refused[/] ({refusal.refused_by}): {escape(refusal.phrase)}: {escape(refusal.reason)}",
            soft_wrap=True,
        )
    for error in report.errors:
        out.print(f"[red]{escape(error)}[/]", soft_wrap=True)
    if report.contact_sheet:
        out.print(f"contact sheet: {escape(report.contact_sheet)}", soft_wrap=True)


def status_report(settings: Settings, url: str) -> Mapping[str, Any]:
    """Rows by table, each stage's newest hour and its age in hours, weights, sources, ideas of another text model."""
    now = datetime.now(UTC)
    running = hour_of(now)
    model, broken = _model(settings)
    with Store(url) as store:
        counts = store.counts()
        newest = store.newest_hours()
        with store.transaction() as tx:
            weights = tx.weights.in_force()
            waiting = tx.reembedding.waiting(model) if model else None
            listened = standings(tx, sources(settings), settings, now)
    return {
        "rows": counts,
        "newest_hour": newest,
        "hours_behind": {table: _hours(running, hour) for table, hour in newest.items()},
        "weights_in_force": weights.model_dump(),
        "embedding_model": model,
        "embedder_error": broken,
        "waiting_for_reembedding": waiting and waiting._asdict(),
        "sources": [standing.model_dump() for standing in listened],
    }


def show_status(report: Mapping[str, Any], out: Console) -> None:
    """The status for people."""
    table = Table("table", "rows", "newest hour (UTC)", "hours behind")
    for name, rows in report["rows"].items():
        newest, behind = report["newest_hour"].get(name), report["hours_behind"].get(name)
        moment = f"{newest:%Y-%m-%d %H:00}" if newest else ""
        table.add_row(name, f"{rows:,}", moment, "" if behind is None else str(behind))
    out.print(table)
    weights = dict(report["weights_in_force"])
    out.print(f"weights version {weights.pop('version')}: {', '.join(f'{k} {v:.2f}' for k, v in weights.items())}")
    if report["embedder_error"]:
        out.print(f"[bold red]embedder[/]: {escape(report['embedder_error'])}", soft_wrap=True)
    elif waiting := report["waiting_for_reembedding"]["ideas"]:
        out.print(
            f"[yellow]{waiting:,} ideas[/] wait for vectors of {escape(report['embedding_model'])}: "
            "run `engine reembed`",
            soft_wrap=True,
        )
    out.print(_sources_table(report["sources"]))
    for standing in report["sources"]:
        if standing["state"] != State.ON:
            out.print(f"[bold]{standing['source']}[/] {standing['state']}: {escape(_why(standing))}", soft_wrap=True)


def _model(settings: Settings) -> tuple[str | None, str | None]:
    """The name of the text model that is configured; or what is wrong with it, which must not hide all the rest."""
    try:
        return embedder(settings.embedder).model, None
    except PermanentError as error:
        return None, str(error)


def _sources_table(standings: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(*(Column(head, no_wrap=True) for head in SOURCE_HEADS))
    for standing in standings:
        table.add_row(
            standing["source"],
            f"[{COLOURS[standing['state']]}]{standing['state']}[/]",
            f"{standing['last_answer']:%d %b %H:%M}" if standing["last_answer"] else "",
            _minutes(standing["lag_seconds"]),
            "" if standing["items"] is None else f"{standing['items']:,}",
            standing["circuit"].replace("_", " ") if standing["live"] else "",
            f"{standing['quota_used']}/{standing['quota_units']}" if standing["quota_units"] else "",
        )
    return table


def _why(standing: Mapping[str, Any]) -> str:
    """What a state other than `on` comes from, with the last error; what to set, where the source is off."""
    if standing["state"] == State.OFF or not standing["last_error"]:
        return str(standing["note"])
    return f"{standing['note']}; {standing['last_error_at']:%d %b %H:%M}: {standing['last_error']}"


def _minutes(seconds: float | None) -> str:
    """A lag for people: of the hour's own run in minutes, of a replay in hours."""
    if seconds is None:
        return ""
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:,.0f} h"


def _hours(running: datetime, hour: datetime | None) -> int | None:
    return None if hour is None else int((running - hour).total_seconds() // 3600)


def _told(
    idea: Idea, designs: list[StoredDesign], mockups: list[StoredMockup], listings: list[StoredListing]
) -> IdeaReport:
    files = {
        "print file": [location(design.s3_uri) for design in designs if design.idea_id == idea.id],
        "mock-ups": [location(mockup.s3_uri) for mockup in mockups if mockup.idea_id == idea.id],
        "upload packs": [location(s.pack_uri) for s in listings if s.listing.idea_id == idea.id and s.pack_uri],
    }
    return IdeaReport(
        id=str(idea.id),
        title=idea.title,
        phrase=idea.phrase,
        niche=idea.niche,
        score=idea.score,
        factors=idea.factors.model_dump(),
        reason=idea.reason,
        status="mocked" if files["mock-ups"] else "queued",
        artist=next((design.recipe.artist for design in designs if design.idea_id == idea.id), None),
        cost_usd=sum(_cost(design.attempts) for design in designs if design.idea_id == idea.id),
        files=files,
    )


def _cost(attempts: Sequence[Attempt]) -> float:
    """In US dollars."""
    return sum(attempt.cost_micros for attempt in attempts) / 1_000_000


def _contact_sheet(
    settings: Settings,
    objects: Objects,
    hour: datetime,
    designs: list[StoredDesign],
    fronts: Mapping[Any, StoredMockup],
    ideas: Mapping[Any, Idea],
) -> Path | None:
    cells = [
        Cell(
            objects.get(fronts[d.id].s3_uri),
            ideas[d.idea_id].phrase,
            f"{ideas[d.idea_id].score:.3f} · {d.recipe.layout}",
        )
        for d in designs[:ON_SHEET]
        if d.id in fronts and d.idea_id in ideas
    ]
    if not cells:
        return None
    folder = settings.data_dir.resolve() / "sheets"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{hour:%Y-%m-%d-%H}.png"
    path.write_bytes(contact_sheet(cells, SHEET_COLUMNS, SHEET_CELL_PX))
    return path
