"""`engine record SOURCE`: asks a source now and keeps the live exchange as files that the source `recorded` replays."""

from __future__ import annotations

import mimetypes
from datetime import UTC, datetime
from typing import NamedTuple

from rich.console import Console
from rich.markup import escape

from pipeline.models import Payload, hour_of
from resources.errors import PermanentError, TransientError, WaitingError
from resources.objects import Objects, location
from resources.settings import Settings
from resources.sources import sources
from resources.sources.listening import client, require_active
from resources.sources.recorded import SIDECAR, Sidecar
from resources.store import Store


class Recording(NamedTuple):
    """What was kept."""

    source: str
    hour: datetime
    folder: str
    files: tuple[str, ...]
    bytes: int


def record(settings: Settings, store_url: str, name: str, folder: str | None) -> Recording:
    """Ask the source now, and write each payload with its sidecar to the folder (by default, where `recorded` looks).

    What came before an error is kept; then the error is raised.

    Raises:
        PermanentError: there is no such source, it is off, or it is not asked over the network; also as `fetch` does.
        TransientError: as `fetch` does.
        WaitingError: as `fetch` does.
    """
    known = {source.name: source for source in sources(settings)}
    if name not in known:
        raise PermanentError(f"{name!r} is no source: name one of {', '.join(known)}")
    source = known[name]
    if not source.spec.live:
        raise PermanentError(f"{name} is not asked over the network: `engine run` makes its payloads for any hour")
    require_active(source, settings)
    place = folder or settings.recorded_url or str(settings.data_dir.resolve() / "recorded")
    kept = Objects(place, settings.object_store_endpoint, setting="--to" if folder else "ENGINE_RECORDED_URL")

    now = datetime.now(UTC)
    files: list[str] = []
    size = 0
    error: TransientError | PermanentError | WaitingError | None = None
    with Store(store_url) as store:
        with client(source, settings, store) as web:
            try:
                for payload in source.fetch(now, now, web):
                    files.append(_keep(kept, payload))
                    size += len(payload.body)
            except (TransientError, PermanentError, WaitingError) as caught:
                error = caught
        with store.transaction() as tx:
            detail = {"payloads": len(files), "bytes": size, "to": place, "error": error and str(error)}
            tx.audit.record("engine record", "record", f"{name} {hour_of(now).isoformat()}", detail)
    if error:
        raise error
    return Recording(name, hour_of(now), place, tuple(files), size)


def show(recording: Recording, out: Console) -> None:
    """What was kept, how it is replayed, and what it holds, for people."""
    for file in recording.files:
        out.print(escape(file), soft_wrap=True)
    if not recording.files:
        out.print(f"{recording.source} had nothing to say: nothing was kept.")
        return
    out.print(f"{len(recording.files)} payloads of {recording.source}, {recording.bytes:,} bytes. To replay them:")
    command = f"ENGINE_RECORDED_URL={recording.folder} engine run --hour {recording.hour:%Y-%m-%dT%H}"
    out.print(f"  {escape(command)}", soft_wrap=True)
    out.print(
        "These files are raw public posts: they hold personal data as it was published, they are not encrypted, and "
        "retention does not reach them. Keep them no longer than you need them, and delete them yourself.",
        soft_wrap=True,
    )


def _keep(kept: Objects, payload: Payload) -> str:
    """Write a payload and what its bytes don't say. Returns where it lies."""
    suffix = mimetypes.guess_extension(payload.media_type.partition(";")[0].strip()) or ".bin"
    stem = f"{payload.captured_at.astimezone(UTC):year=%Y/month=%m/day=%d/hour=%H}/{payload.source}/{payload.digest}"
    uri = kept.put(f"{stem}{suffix}", payload.body, payload.media_type)
    sidecar = Sidecar(
        captured_at=payload.captured_at,
        url=payload.url,
        media_type=payload.media_type,
        source=payload.source,
        digest=payload.digest,
        key=kept.key(uri),
    )
    kept.put(f"{stem}{SIDECAR}", sidecar.model_dump_json(indent=1).encode(), "application/json")
    return location(uri)
