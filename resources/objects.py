"""The object store: one implementation for a local folder and for S3, and where each kind of object lies in it.

What belongs here: bytes under keys, and the layout of the keys. What does not: what bytes mean.

    raw-signals/year=/month=/day=/hour=/…                         as it came, sealed (resources.archive)
    generated-mockups/<idea-id>/variants/…                        pictures, with metadata.json above them
    published-assets/<marketplace>/…                              what was handed over
    backups/database|configurations/…
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit
from uuid import UUID

import obstore
from obstore import exceptions
from obstore.store import LocalStore, S3Store

from pipeline.models import sha256
from resources.errors import PermanentError, TransientError

KEY = re.compile(r"[A-Za-z0-9_=][A-Za-z0-9._=-]*(/[A-Za-z0-9_=][A-Za-z0-9._=-]*)*")
TIMEOUT = timedelta(seconds=30)
DELETED_AT_ONCE = 500
THUMB_PX = 480
"""Width of the small pictures that are kept beside the large ones, for whoever shows many at once."""


class Objects:
    """Bytes under keys, in a folder or in a bucket. Every write is whole or not at all.

    Args:
        url: `s3://bucket/prefix`, `file:///folder`, or a folder. Credentials and region of S3 come from the usual AWS_…
            variables, or from the machine's role.
        endpoint: of an S3-compatible server other than AWS.
        setting: where the URL was set, for errors.

    Raises:
        PermanentError: the URL is none of these, or the folder can't be made.
    """

    def __init__(self, url: str, endpoint: str | None = None, *, setting: str = "OBJECT_STORE_URL") -> None:
        parts = urlsplit(url)
        root = folder_of(url)
        self._setting = setting
        self._local = root is not None
        self._store: LocalStore | S3Store
        if root is not None:
            self._base = root.as_uri()
            try:
                self._store = LocalStore(root, mkdir=True, automatic_cleanup=True)
            except OSError as error:
                raise PermanentError(f"object store {url}: {error}: name a folder that can be written") from error
        elif parts.scheme == "s3" and parts.netloc:
            self._base = f"s3://{parts.netloc}{parts.path.rstrip('/')}"
            self._store = S3Store(
                parts.netloc,
                prefix=parts.path.strip("/") or None,
                config={"endpoint": endpoint} if endpoint else {},
                client_options={"allow_http": bool(endpoint and endpoint.startswith("http://")), "timeout": TIMEOUT},
                # The step retries; two quick tries here only spare it the hiccups.
                retry_config={"max_retries": 2, "retry_timeout": TIMEOUT},
            )
        else:
            raise PermanentError(f"{setting}={url!r}: give s3://bucket/prefix or a folder")

    def uri(self, key: str) -> str:
        """The URI of a key: `s3://bucket/prefix/key` or `file:///folder/key`."""
        return f"{self._base}/{_checked(key)}"

    def key(self, uri_or_key: str) -> str:
        """The key of a URI of this store; a key comes back as it is.

        Raises:
            PermanentError: it lies elsewhere, or is no sound key.
        """
        if "://" not in uri_or_key:
            return _checked(uri_or_key)
        if not uri_or_key.startswith(f"{self._base}/"):
            raise PermanentError(f"{uri_or_key} is not in the object store {self._base}: check {self._setting}")
        return _checked(uri_or_key.removeprefix(f"{self._base}/"))

    def put(self, key: str, data: bytes, content_type: str) -> str:
        """Write bytes, in place of what may be there. Returns the URI."""
        self._put(key, data, content_type)
        return self.uri(key)

    def put_content(self, prefix: str, data: bytes, suffix: str) -> str:
        """Write bytes under their SHA-256: `<prefix>/<digest><suffix>`; not again where they are. Returns the URI.

        Args:
            prefix: a key.
            data: the bytes.
            suffix: with its dot, such as `.png`; the content type follows from it.
        """
        key = f"{prefix}/{sha256(data)}{suffix}"
        if not self.exists(key):
            with suppress(exceptions.AlreadyExistsError):  # another writer was faster
                self._put(key, data, mimetypes.types_map.get(suffix, "application/octet-stream"), mode="create")
        return self.uri(key)

    def get(self, uri_or_key: str) -> bytes:
        """The bytes. Raises PermanentError where there are none."""
        key = self.key(uri_or_key)
        with self._errors(key):
            return bytes(obstore.get(self._store, key).bytes())

    def exists(self, uri_or_key: str) -> bool:
        """Whether there is such an object."""
        key = self.key(uri_or_key)
        try:
            with self._errors(key):
                obstore.head(self._store, key)
        except MissingObjectError:
            return False
        return True

    def delete(self, keys: Sequence[str]) -> None:
        """Remove objects; one that is not there is no error."""
        checked = [self.key(key) for key in keys]
        for start in range(0, len(checked), DELETED_AT_ONCE):
            batch = checked[start : start + DELETED_AT_ONCE]
            with self._errors(batch[0]):
                try:
                    obstore.delete(self._store, batch)
                except FileNotFoundError:  # a folder stops at the first that is gone
                    for key in batch:
                        with suppress(FileNotFoundError):
                            obstore.delete(self._store, key)

    def _put(
        self, key: str, data: bytes, content_type: str, mode: Literal["create", "overwrite"] = "overwrite"
    ) -> None:
        attributes = None if self._local else {"Content-Type": content_type}
        with self._errors(key):
            # One request: a multipart upload that dies leaves parts that are paid for.
            obstore.put(self._store, _checked(key), data, attributes=attributes, mode=mode, use_multipart=False)

    @contextmanager
    def _errors(self, key: str) -> Iterator[None]:
        """What goes wrong, in the project's words."""
        where = f"{self._base}/{key}"
        try:
            yield
        except exceptions.AlreadyExistsError:
            raise
        except (FileNotFoundError, PermissionError, exceptions.BaseError) as error:
            raise self._translated(where, error) from error

    def _translated(self, where: str, error: Exception) -> PermanentError | TransientError:
        said = str(error).partition("\n")[0]
        refused = (PermissionError, exceptions.PermissionDeniedError, exceptions.UnauthenticatedError)
        if "NoSuchBucket" in str(error):
            return PermanentError(f"{where}: there is no such bucket: create it, or correct {self._setting}")
        if isinstance(error, FileNotFoundError):
            return MissingObjectError(f"{where}: there is no such object")
        if isinstance(error, refused):
            mend = "the folder's rights" if self._local else "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and the policy"
            return PermanentError(f"{where}: access is refused: check {mend}")
        if "os error 28" in said:
            return PermanentError(f"{where}: the disk is full: free some, then run again")
        if self._local or isinstance(error, exceptions.InvalidPathError) or re.search(r"status code: 4(?!08|29)", said):
            return PermanentError(f"{where}: {said}: mend the store's folder, bucket or rights")
        return TransientError(f"{where}: {said}")

    def list(self, prefix: str) -> list[str]:
        """The keys below a prefix (whole path segments), sorted."""
        with self._errors(prefix):
            return sorted(found["path"] for page in obstore.list(self._store, _checked(prefix)) for found in page)


class MissingObjectError(PermanentError):
    """There is no object under the key."""


def folder_of(url: str) -> Path | None:
    """The folder that the URL of an object store names; None where it is no folder's."""
    parts = urlsplit(url)
    if parts.scheme not in {"", "file"}:
        return None
    return Path(unquote(parts.path) if parts.scheme == "file" else url).expanduser().absolute()


def idea_prefix(idea_id: UUID) -> str:
    """Where an idea's print file lies."""
    return f"generated-mockups/{idea_id}"


def variants_prefix(idea_id: UUID) -> str:
    """Where the pictures of a product with the idea on it lie."""
    return f"{idea_prefix(idea_id)}/variants"


def mockup_metadata_key(idea_id: UUID) -> str:
    """The key of the description of an idea's pictures."""
    return f"{idea_prefix(idea_id)}/metadata.json"


def published_key(marketplace: str, name: str) -> str:
    """The key of something that was handed over to a marketplace."""
    return f"published-assets/{marketplace}/{name}"


def location(uri: str) -> str:
    """Where an object lies, for people: a file's path; any other URI as it is."""
    return unquote(urlsplit(uri).path) if uri.startswith("file://") else uri


def _checked(key: str) -> str:
    if not KEY.fullmatch(key):
        raise PermanentError(
            f"object key {key!r}: use letters, digits and . _ = - in segments that don't start with a dot or dash"
        )
    return key
