"""What sources answered last, for asking whether it changed: sealed on disk, and not for long.

What belongs here: how hishel's storage is kept from giving away what it holds. What does not: the rules of HTTP caching
(hishel's: RFC 9111), and the archive of payloads (resources.objects).
"""

from __future__ import annotations

import hmac
import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import cast
from uuid import UUID, uuid4

from hishel import Entry, Headers, Request, Response, SqliteStorage

from resources.errors import PermanentError, TransientError
from resources.settings import Settings
from resources.vault import Vault, vault

LONGEST_KEPT = timedelta(days=7)
MAX_BYTES = 256 * 2**20
SEALED = "sealed"


class Cache(SqliteStorage):
    """hishel's storage in a file of which nothing can be read without the vault: no URL, no header, no body.

    Kept is only what can be asked about again: an answer 200 with an ETag or Last-Modified. Nothing is kept of the
    headers of the request.

    Args:
        file: the SQLite file; its folder is made.
        vault: seals and opens.
        keep: how long an answer is kept, LONGEST_KEPT at most.
    """

    def __init__(self, file: Path, vault: Vault, keep: timedelta = LONGEST_KEPT) -> None:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        super().__init__(
            database_path=file,
            default_ttl=min(keep, LONGEST_KEPT).total_seconds(),
            max_size=MAX_BYTES,
            soft_delete_ttl=600,
        )
        self._vault = vault

    def key(self, url: str, headers: Mapping[str, str]) -> str:
        """The key of a request: another for other headers, so that no account is given another's answers."""
        asked = json.dumps([url, sorted((name.lower(), value) for name, value in headers.items())])
        return hmac.new(self._vault.salt, asked.encode(), sha256).hexdigest()

    def forget(self, key: str) -> None:
        """Remove what is kept under a key."""
        for entry in super().get_entries(key):
            self.remove_entry(entry.id)

    def clear(self) -> None:
        """Remove everything, and overwrite it in the file.

        Raises:
            TransientError: another process is writing to it.
        """
        try:
            connection = self._ensure_connection()
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("DELETE FROM entries")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError as error:
            raise TransientError(f"{self.database_path}: {error}: run again") from error

    def create_entry(
        self, request: Request, response: Response, key: str, *, ttl: float | None = None, tti: float | None = None
    ) -> Entry:
        """As hishel's; the whole answer is read and kept at once."""
        body = _read(response)
        whole = replace(response, stream=iter([body]))
        if response.status_code != 200 or not {"etag", "last-modified"} & set(response.headers):
            return Entry(uuid4(), request, whole)
        sealed = Response(200, self._sealed(response.headers), stream=iter([self._vault.seal(body)]))
        unnamed = Request(request.method, self._vault.seal(request.url.encode()).decode())
        entry = super().create_entry(unnamed, sealed, key, ttl=ttl, tti=tti)
        _read(entry.response)  # reading it saves it
        return Entry(entry.id, request, whole)

    def get_entries(self, key: str) -> list[Entry]:
        """As hishel's; what the vault can't open any more is removed."""
        found = []
        for entry in super().get_entries(key):
            try:
                url = self._vault.open(entry.request.url.encode()).decode()
                headers = json.loads(self._vault.open(entry.response.headers[SEALED].encode()))
                body = self._vault.open(_read(entry.response))
            except PermanentError:
                self.remove_entry(entry.id)
                continue
            response = Response(entry.response.status_code, Headers(headers), stream=iter([body]))
            found.append(Entry(entry.id, Request(entry.request.method, url), response))
        return found

    def update_headers(self, id: UUID, headers: Headers) -> None:
        """As hishel's."""
        super().update_headers(id, self._sealed(headers))

    def _sealed(self, headers: Headers) -> Headers:
        listed = {name: headers.get_list(name) for name in headers}
        return Headers({SEALED: self._vault.seal(json.dumps(listed).encode()).decode()})


def cache(settings: Settings) -> Cache:
    """The cache of the settings, in `<data_dir>/http-cache`; raw answers are kept no longer there than in the archive.

    Raises:
        PermanentError: there is no secret to seal with.
    """
    file = settings.data_dir.resolve() / "http-cache" / "answers.db"
    return Cache(file, vault(settings), timedelta(days=settings.raw_retention_days))


def _read(response: Response) -> bytes:
    return b"".join(cast(Iterable[bytes], response.stream or ()))
