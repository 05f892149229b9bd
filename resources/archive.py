"""The raw archive: what sources answered, byte for byte, sealed, until retention ends it.

What belongs here: how a payload is kept, found again, put in another's place, and expired. What does not: what its
bytes mean (pipeline.signals), and bytes under other keys (resources.objects).

    raw-signals/year=/month=/day=/hour=/<source>/<digest>.<ext>.sealed   the payload, with <digest>.meta.json beside it

The digest is that of the payload itself, so landing the same bytes again in an hour changes nothing.
"""

from __future__ import annotations

import json
import mimetypes
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import NamedTuple

from pydantic import BaseModel, ValidationError

from pipeline.models import Payload, hour_of, sha256
from resources.errors import PermanentError
from resources.objects import Objects
from resources.vault import Vault

PREFIX = "raw-signals"
SIDECAR = ".meta.json"
SEALED = ".sealed"
READERS = 8

_HOUR = re.compile(rf"{PREFIX}/year=(\d{{4}})/month=(\d\d)/day=(\d\d)/hour=(\d\d)/")


class Sidecar(BaseModel):
    """What a landed payload's bytes don't say of themselves."""

    source: str
    captured_at: datetime
    url: str | None
    media_type: str
    digest: str
    key: str
    sealed: bool = False
    """Whether the bytes under the key are encrypted; payloads of older versions are not."""


class Expired(NamedTuple):
    """What retention removed."""

    payloads: int
    objects: int


class Archive:
    """The payloads in an object store, sealed by the vault."""

    def __init__(self, objects: Objects, vault: Vault) -> None:
        self._objects = objects
        self._vault = vault

    def land(self, payload: Payload) -> str:
        """Keep a payload as it came, sealed. Returns the URI."""
        suffix = mimetypes.guess_extension(payload.media_type.partition(";")[0].strip()) or ".bin"
        key = _key(payload.source, payload.captured_at, payload.digest, f"{suffix}{SEALED}")
        sidecar_key = _key(payload.source, payload.captured_at, payload.digest, SIDECAR)
        # The sidecar comes last: where it is, the payload is whole.
        if self._objects.exists(sidecar_key):
            return self._objects.uri(self._sidecar(sidecar_key).key)
        self._objects.put(key, self._vault.seal(payload.body), "application/octet-stream")
        sidecar = Sidecar(
            source=payload.source,
            captured_at=payload.captured_at,
            url=payload.url,
            media_type=payload.media_type,
            digest=payload.digest,
            key=key,
            sealed=True,
        )
        self._objects.put(sidecar_key, sidecar.model_dump_json(indent=1).encode(), "application/json")
        return self._objects.uri(key)

    def landed(self, hour: datetime, source: str | None = None) -> list[tuple[Payload, str]]:
        """The payloads of the hour, of one source or of all, with their URIs, by source, time and digest.

        Raises:
            PermanentError: an object is damaged, gone, or sealed by another secret; it is named.
        """
        below = hour_prefix(hour) if source is None else f"{hour_prefix(hour)}/{source}"
        with ThreadPoolExecutor(READERS) as readers:
            found = readers.map(self._read, self._sidecars(below))
            return sorted(found, key=lambda pair: (pair[0].source, pair[0].captured_at, pair[1]))

    def read(self, uri: str) -> Payload:
        """The payload at the URI. Errors as of `landed`."""
        return self._read(_sidecar_key(self._objects.key(uri)))[0]

    def everything(self) -> Iterator[tuple[Payload, str]]:
        """Every payload that is kept, with its URI, hour by hour. Errors as of `landed`."""
        for sidecar_key in self._sidecars(PREFIX):
            yield self._read(sidecar_key)

    def count(self) -> int:
        """How many payloads are kept."""
        return len(self._sidecars(PREFIX))

    def replace(self, uri: str, payload: Payload | None) -> str | None:
        """Put a payload in the place of the one at the URI, or nothing. Returns the new URI.

        The new one is whole before the old one goes.
        """
        landed = None if payload is None else self.land(payload)
        key = self._objects.key(uri)
        if landed is None or self._objects.key(landed) != key:
            self._objects.delete([key, _sidecar_key(key)])
        return landed

    def expire(self, before: datetime) -> Expired:
        """Remove the payloads of every hour that began before the moment."""
        old = self.older_than(before)
        self._objects.delete(old)
        return Expired(payloads=sum(key.endswith(SIDECAR) for key in old), objects=len(old))

    def older_than(self, before: datetime) -> list[str]:
        """The keys of the hours that began before the moment."""
        return [key for key in self._objects.list(PREFIX) if (hour := _hour_of_key(key)) and hour < before]

    def _sidecars(self, below: str) -> list[str]:
        return [key for key in self._objects.list(below) if key.endswith(SIDECAR)]

    def _sidecar(self, key: str) -> Sidecar:
        try:
            return Sidecar.model_validate(json.loads(self._objects.get(key)))
        except (ValueError, ValidationError) as error:
            raise PermanentError(f"{self._objects.uri(key)} is damaged: restore or remove it: {error}") from error

    def _read(self, sidecar_key: str) -> tuple[Payload, str]:
        sidecar = self._sidecar(sidecar_key)
        uri = self._objects.uri(sidecar.key)
        body = self._objects.get(sidecar.key)
        try:
            body = self._vault.open(body) if sidecar.sealed else body
        except PermanentError as error:
            raise PermanentError(f"{uri} can't be opened: {error}") from error
        if sha256(body) != sidecar.digest:
            raise PermanentError(
                f"{uri} is damaged: its SHA-256 is {sha256(body)}, not {sidecar.digest}: "
                f"restore it, or remove it with its {SIDECAR}"
            )
        known = sidecar.model_dump(exclude={"digest", "key", "sealed"})
        return Payload(body=body, **known), uri


def hour_prefix(hour: datetime) -> str:
    """Where the raw payloads of an hour lie."""
    return hour_of(hour).strftime(f"{PREFIX}/year=%Y/month=%m/day=%d/hour=%H")


def _key(source: str, captured_at: datetime, digest: str, suffix: str) -> str:
    return f"{hour_prefix(captured_at)}/{source}/{digest}{suffix}"


def _sidecar_key(key: str) -> str:
    folder, _, name = key.rpartition("/")
    return f"{folder}/{name.partition('.')[0]}{SIDECAR}"


def _hour_of_key(key: str) -> datetime | None:
    """The hour that a key of the archive belongs to; None for a key that is laid out in no way of ours."""
    match = _HOUR.match(key)
    if match is None:
        return None
    year, month, day, hour = map(int, match.groups())
    return datetime(year, month, day, hour, tzinfo=UTC)
