"""The `engine` command: what it can do, how it says it, and what its exit codes mean.

Exit codes: 0 done; 1 the work failed and the message says why; 2 the command line is wrong; 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from cli.instance import running
from pipeline.models import FIRST_HOUR
from resources.errors import PermanentError, TransientError, WaitingError
from resources.logs import quiet
from resources.settings import settings

app = typer.Typer(
    name="engine",
    help="The Design Idea Engine: what trends this hour becomes print-on-demand designs worth selling.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
database = typer.Typer(help="The schema of the record.", no_args_is_help=True)
app.add_typer(database, name="db")
embedders = typer.Typer(help="Text models.", no_args_is_help=True)
app.add_typer(embedders, name="embedder")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text for people.")]
STARTED = time.monotonic()
progress = Console(stderr=True, highlight=False)
out = Console(highlight=False)


def main() -> None:
    """Run the command line; known errors end in one clear message and exit code 1."""
    quiet()
    try:
        app()
    except (PermanentError, TransientError, WaitingError) as error:
        progress.print(f"[bold red]engine:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def parse_hour(text: str | None) -> datetime:
    """The hour a person names: `2026-11-23T05`, `2026-11-23 05:00`, or nothing for the running hour (UTC)."""
    if text is None:
        return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    try:
        moment = datetime.fromisoformat(text.replace(" ", "T"))
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no hour: write it like 2026-11-23T05 (UTC)") from error
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if moment.minute or moment.second or moment.microsecond:
        raise typer.BadParameter(f"{text!r} is not the start of an hour: write it like 2026-11-23T05 (UTC)")
    if moment > datetime.now(UTC):
        raise typer.BadParameter(f"{text!r} is in the future: nothing was seen there yet")
    if moment < FIRST_HOUR:
        raise typer.BadParameter(f"{text!r} lies before the first hour there is, {FIRST_HOUR:%Y-%m-%dT%H}")
    return moment


@app.command()
def up() -> None:
    """Start everything, PostgreSQL, Dagster, gallery, and fill the running hour if it is empty; Ctrl-C stops it."""
    from cli.up import up as start_all

    start_all(settings(), say)


@app.command()
def run(
    hour: Annotated[
        str | None, typer.Option(help="UTC hour, like 2026-11-23T05; the running hour if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run one hour without any UI: print its ten best ideas and the path of a contact sheet."""
    wanted = parse_hour(hour)
    with running(settings()) as instance:
        from cli.hour import run_hour
        from cli.report import hour_report, show_hour
        from pipeline.definitions import build_defs

        result = run_hour(build_defs(), wanted, say)
        report = hour_report(settings(), instance.store_url, result)
    if as_json:
        print_json(report.model_dump())
    else:
        show_hour(report, out)
    if not result.complete:
        raise typer.Exit(1)


@app.command()
def backfill(
    start: Annotated[str, typer.Option("--from", help="First UTC hour, like 2026-11-20T00.")],
    end: Annotated[str, typer.Option("--to", help="Last UTC hour, itself included.")],
    as_json: AsJson = False,
) -> None:
    """Run every hour of a span, oldest first. An hour that fails is named, and the others go on."""
    first, last = parse_hour(start), parse_hour(end)
    if last < first:
        raise typer.BadParameter(f"--to {end} lies before --from {start}")
    hours = [first + timedelta(hours=n) for n in range(int((last - first) / timedelta(hours=1)) + 1)]
    with running(settings()):
        from cli.hour import run_hour
        from pipeline.definitions import build_defs

        defs = build_defs()
        results = []
        for number, wanted in enumerate(hours, 1):
            say(f"hour {number} of {len(hours)}: {wanted:%Y-%m-%d %H:00}")
            results.append(run_hour(defs, wanted, say))
    broken = [result for result in results if not result.complete]
    if as_json:
        print_json({"hours": [{"hour": r.hour, "complete": r.complete, "errors": r.errors} for r in results]})
    else:
        out.print(f"{len(results) - len(broken)} of {len(results)} hours are complete.")
        for result in broken:
            out.print(f"  {result.hour:%Y-%m-%d %H:00} failed: {'; '.join(result.errors)}", markup=False)
    if broken:
        raise typer.Exit(1)


@app.command()
def forget(
    author: Annotated[
        str | None, typer.Option(help="Name of an account as its source writes it; of Mastodon its address.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="Address of a post.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase an author, or a post, from everywhere, with all that was made of it, and prove it with a report."""
    if (author is None) == (url is None):
        raise typer.BadParameter("give either --author or --url")
    yes or typer.confirm(f"Erase everything of {author or url} for good, and what was made of it?", abort=True)
    with running(settings()) as instance:
        from cli.forget import places, show_report
        from resources.erasure import Subject
        from resources.erasure import forget as erase

        with places(settings(), instance) as everywhere:
            report = erase(Subject(author=author, url=url), everywhere, say)
    if as_json:
        print_json(report.model_dump())
    else:
        show_report(report, out)
    if report.left:
        raise typer.Exit(1)


@app.command()
def record(
    source: Annotated[str, typer.Argument(help="Name of a source, such as hackernews_stories.")],
    to: Annotated[
        str | None, typer.Option(help="Folder or s3://bucket/prefix; where `recorded` looks if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask a source now, and keep its answer as files that can be replayed."""
    from cli.record import record as record_now
    from cli.record import show

    with running(settings()) as instance:
        recording = record_now(settings(), instance.store_url, source, to)
    if as_json:
        print_json(recording._asdict())
    else:
        show(recording, out)


@app.command()
def payload(uri: Annotated[str, typer.Argument(help="Of a payload in the archive, as observations name it.")]) -> None:
    """Print a raw payload of the sealed archive, byte for byte. It may hold personal data; the look is recorded."""
    with running(settings()) as instance:
        from resources.archive import Archive
        from resources.defaults import object_store
        from resources.store import Store
        from resources.vault import vault

        found = Archive(object_store(settings()), vault(settings())).read(uri)
        with Store(instance.store_url) as store, store.transaction() as tx:
            tx.audit.record("engine payload", "read_archive", uri, {"bytes": len(found.body)})
    sys.stdout.buffer.write(found.body)


@app.command()
def status(as_json: AsJson = False) -> None:
    """What the record holds, how fresh each stage is, and how the sources stand."""
    from cli.report import show_status, status_report

    with running(settings()) as instance:
        report = status_report(settings(), instance.store_url)
    if as_json:
        print_json(report)
    else:
        show_status(report, out)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """What is configured, what is missing, and how to mend it. Exit code 1 if something must be mended."""
    from cli.doctor import examine, show

    findings = examine(settings())
    if as_json:
        print_json({"findings": [finding.model_dump() for finding in findings]})
    else:
        show(findings, out)
    if any(finding.level == "broken" for finding in findings):
        raise typer.Exit(1)


@app.command()
def reembed(as_json: AsJson = False) -> None:
    """Give ideas of another text model vectors of the one that is configured, newest first; can be stopped any time."""
    from jobs.reembedding import reembed as renew
    from resources.embedders import embedder

    model = embedder(settings().embedder)
    with running(settings()) as instance:
        from resources.store import Store

        with Store(instance.store_url) as store:
            done = renew(store, model, say)
    if as_json:
        print_json({"model": model.model, **done._asdict()})
    else:
        out.print(f"{done.ideas:,} ideas have vectors of {model.model} now.", markup=False)


@embedders.command("export")
def embedder_export(
    model: Annotated[str, typer.Argument(help="Id or folder of a sentence-transformers model.")],
    folder: Annotated[Path, typer.Argument(help="Where to write it; must not be there yet, or be empty.")],
    float32: Annotated[bool, typer.Option("--float32", help="Do not quantise: four times as large, exact.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a model as int8 ONNX, which runs without torch. Needs the extras `transformers` and `onnx`."""
    from resources.embedders.exporting import export

    made = export(model, folder, "float32" if float32 else "int8")
    if as_json:
        print_json({"folder": made.folder, "bytes": made.bytes, **made.described.model_dump()})
        return
    described = made.described
    out.print(
        f"{described.source} as {described.precision}: {made.bytes / 1e6:.0f} MB, cosine with its source at least "
        f"{described.cosine_to_source:.3f}, licence {described.licence}. To use it:\n"
        f"  ENGINE_EMBEDDER=onnx:{made.folder.resolve()}",
        markup=False,
        soft_wrap=True,
    )


@embedders.command("calibrate")
def embedder_calibrate(
    setting: Annotated[str, typer.Argument(help="As ENGINE_EMBEDDER names it; the model lies in a folder.")],
    pairs: Annotated[Path, typer.Argument(help="CSV or Parquet: title_a, title_b, label (1 the same, 0 different).")],
    as_json: AsJson = False,
) -> None:
    """Measure from which cosine on texts are near copies to a model, and keep that in its folder."""
    from resources.embedders import embedder
    from resources.embedders.calibrating import calibrated, read_pairs
    from resources.embedders.folders import keep_near_copy

    folder = Path(setting.partition(":")[2])
    if not setting.partition(":")[2] or not folder.is_dir():
        raise PermanentError(
            f"{setting!r} names no model in a folder: write sentence-transformers:FOLDER or onnx:FOLDER"
        )
    measured = calibrated(embedder(setting), embedder("wordllama"), read_pairs(pairs))
    kept = keep_near_copy(folder, measured)
    if as_json:
        print_json({"file": kept, **measured.model_dump()})
    else:
        out.print(f"{measured}\nkept in {kept}", markup=False, soft_wrap=True)


@database.command("upgrade")
def db_upgrade(to: Annotated[str, typer.Option(help="Revision; the newest if left out.")] = "head") -> None:
    """Bring the schema up to a revision."""
    _migrate("up", to)


@database.command("downgrade")
def db_downgrade(to: Annotated[str, typer.Argument(help="Revision to go down to; `base` drops every table.")]) -> None:
    """Take the schema down to a revision. The data of what is dropped is lost."""
    typer.confirm(f"Going down to {to!r} drops tables with their data. Go on?", abort=True)
    _migrate("down", to)


def _migrate(direction: str, to: str) -> None:
    from resources.postgres import database_urls
    from resources.store.schema import current, downgrade, upgrade

    with database_urls(settings()) as urls:
        before = current(urls.engine)
        (upgrade if direction == "up" else downgrade)(urls.engine, to)
        out.print(f"schema: {before or 'empty'} → {current(urls.engine) or 'empty'}")


def say(line: str) -> None:
    """One line of progress, on stderr, with the seconds since the start."""
    progress.print(f"[dim]{time.monotonic() - STARTED:6.1f} s[/]  {escape(line)}", soft_wrap=True)


def print_json(value: object) -> None:
    """The value as JSON on stdout; times as ISO 8601."""
    sys.stdout.write(json.dumps(value, indent=2, default=_jsonable, ensure_ascii=False) + "\n")


def _jsonable(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else str(value)
