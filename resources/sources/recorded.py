"""Payloads that were recorded earlier, in a folder or a bucket, replayed under the names of their own sources.

They are laid out like the archive, so an archive's `raw-signals/` is such a folder:
`year=2026/month=11/day=23/hour=05/<source>/<name>.<ext>`. Beside a file may lie `<name>.meta.json` with any of
`captured_at`, `url` and `media_type`; without it, the payload was captured at the start of its hour. Names that begin
with a dot are passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from pydantic import AwareDatetime, ValidationError

from pipeline.models import Model, Payload, hour_of, sha256
from pipeline.signals.parsers import PARSERS
from resources.archive import SEALED
from resources.errors import PermanentError
from resources.fetching import Web
from resources.objects import KEY, Objects, folder_of
from resources.sources.base import SourceSpec

SIDECAR = ".meta.json"


class Sidecar(Model):
    """What is known of a recorded file beside its bytes. An archive knows all of it, a person seldom."""

    captured_at: AwareDatetime | None = None
    url: str | None = None
    media_type: str = "application/json"
    source: str | None = None
    digest: str | None = None
    key: str | None = None
    sealed: bool = False


class Recorded:
    """Replays the files of an hour.

    Args:
        url: the folder, or `s3://bucket/prefix`, that holds the `year=…` folders. A folder need not exist.
        endpoint: of an S3-compatible server other than AWS.
        unseal: opens what an archive sealed; without it, a sealed file is refused.
    """

    name = "recorded"
    spec = SourceSpec(
        cadence="hourly; answers where something was recorded for the hour",
        terms="those of the source that was recorded",
        counters="those of the source that was recorded",
        history="whatever lies in the folder or bucket of ENGINE_RECORDED_URL",
    )

    def __init__(self, url: str, endpoint: str | None = None, unseal: Callable[[bytes], bytes] | None = None) -> None:
        self.url = url
        self.endpoint = endpoint
        self._unseal = unseal

    def fetch(self, hour: datetime, now: datetime, web: Web) -> Iterable[Payload]:  # noqa: ARG002 - what is recorded is past
        """The payloads of the hour by source and file name; none where nothing was recorded.

        Raises:
            PermanentError: a file lies in no source's folder or has a name that no object may have, its sidecar can't
                be read or says another hour, or the bucket refuses us.
            TransientError: the bucket does not answer.
        """
        folder = folder_of(self.url)
        if folder is not None and not folder.is_dir():
            return
        objects = Objects(self.url, self.endpoint, setting="ENGINE_RECORDED_URL")
        start = hour_of(hour)
        below = f"{start:year=%Y/month=%m/day=%d/hour=%H}/"
        found = [key for key in objects.list(below.rstrip("/")) if "/." not in key]
        # Some tools mark a folder of a bucket by an empty object of its name.
        markers = {below.rstrip("/"), *(below + source for source in PARSERS)} if folder is None else set()
        keys = [key for key in found if key not in markers]
        for key in keys:
            _require_place(key.removeprefix(below), f"{self.url.rstrip('/')}/{key}")
        for key in keys:
            if not key.endswith(SIDECAR):
                source = key.removeprefix(below).partition("/")[0]
                yield self._payload(objects, key, source, start, described=_sidecar_key(key) in keys)

    def _payload(self, objects: Objects, key: str, source: str, hour: datetime, *, described: bool) -> Payload:
        sidecar = _sidecar(objects, _sidecar_key(key)) if described else Sidecar()
        captured_at = sidecar.captured_at or hour
        if hour_of(captured_at) != hour:
            raise PermanentError(
                f"{objects.uri(_sidecar_key(key))}: captured_at={captured_at.isoformat()} lies outside its hour "
                f"{hour.isoformat()}; move the file to the folder of its hour"
            )
        body = objects.get(key)
        if sidecar.sealed:
            if self._unseal is None:
                raise PermanentError(f"{objects.uri(key)} is sealed, and there is no vault to open it")
            body = self._unseal(body)
        if sidecar.digest not in {None, sha256(body)}:
            raise PermanentError(f"{objects.uri(key)} is damaged: its SHA-256 is not {sidecar.digest}: restore it")
        return Payload(
            source=source,
            captured_at=captured_at,
            body=body,
            media_type=sidecar.media_type,
            url=sidecar.url,
        )


def _require_place(place: str, where: str) -> None:
    """Raise PermanentError unless the file lies straight in the folder of a source, under a sound name."""
    source, _, name = place.partition("/")
    if source not in PARSERS or not name:
        known = ", ".join(sorted(PARSERS))
        raise PermanentError(f"{where}: {source!r} is not the folder of a known source; rename it to one of {known}")
    if "/" in name:
        raise PermanentError(f"{where} lies too deep: move it straight into the folder {source}")
    if not KEY.fullmatch(name):
        raise PermanentError(f"{where}: rename {name!r} to letters, digits and . _ = - alone, beginning with no dash")


def _sidecar_key(key: str) -> str:
    folder, _, name = key.rpartition("/")
    stem = name.removesuffix(SEALED).rpartition(".")[0] or name
    return f"{folder}/{stem}{SIDECAR}"


def _sidecar(objects: Objects, key: str) -> Sidecar:
    try:
        return Sidecar.model_validate_json(objects.get(key))
    except ValidationError as error:
        raise PermanentError(f"{objects.uri(key)}: {error}") from error
