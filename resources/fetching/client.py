"""The client behind `Web`: httpx, with what politeness asks for."""

from __future__ import annotations

import json
from collections.abc import Mapping

import httpx

from resources.errors import PermanentError, TransientError
from resources.fetching.base import Answer, Expect

TIMEOUT = httpx.Timeout(20.0, connect=5.0)
PROJECT = "design-idea-engine/0.1"


class Client:
    """HTTP on behalf of one source.

    Args:
        source: its name.
        credentials: the environment variables that a 401 or 403 may be mended by.
        contact: e-mail or page, for the User-Agent.
    """

    def __init__(self, source: str, credentials: tuple[str, ...] = (), contact: str | None = None) -> None:
        self._source = source
        self._credentials = credentials
        agent = f"{PROJECT} ({contact})" if contact else PROJECT
        self._http = httpx.Client(timeout=TIMEOUT, follow_redirects=True, headers={"User-Agent": agent})

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        expect: Expect = "json",
        cost: int = 1,
        quota_key: str = "",
    ) -> Answer:
        """`send("GET", …)`."""
        return self.send("GET", url, params=params, headers=headers, expect=expect, cost=cost, quota_key=quota_key)

    def send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        data: Mapping[str, str] | bytes | None = None,
        expect: Expect = "json",
        cost: int = 1,  # noqa: ARG002
        quota_key: str = "",  # noqa: ARG002
    ) -> Answer:
        """As `Web.send`."""
        form = data if isinstance(data, Mapping) else None
        content = data if isinstance(data, bytes) else None
        try:
            answer = self._http.request(method, url, params=params, headers=headers, data=form, content=content)
        except httpx.TransportError as error:
            raise TransientError(f"{self._source}: {httpx.URL(url).host}: {type(error).__name__}: {error}") from error
        return self._judged(answer, expect)

    def _judged(self, answer: httpx.Response, expect: Expect) -> Answer:
        where = f"{self._source}: {answer.request.method} {answer.request.url} answered {answer.status_code}"
        if answer.status_code in {408, 429} or answer.status_code >= 500:
            after = answer.headers.get("retry-after", "")
            raise TransientError(where, retry_after=float(after) if after.isdigit() else None)
        if answer.status_code in {401, 403}:
            raise PermanentError(f"{where}: check {', '.join(self._credentials) or 'whether it may be asked'}")
        if answer.status_code >= 400:
            raise PermanentError(f"{where}: {answer.text[:200]}")
        body = answer.content
        if expect in {"json", "xml"} and body.lstrip()[:9].lower() in {b"<!doctype", b"<html>"}:
            raise TransientError(f"{where}, with HTML in place of {expect.upper()}")
        if expect == "json":
            try:
                json.loads(body)
            except ValueError as error:
                raise TransientError(f"{where}, with JSON that breaks off or is none: {error}") from error
        return Answer(
            status=answer.status_code,
            headers={name.lower(): value for name, value in answer.headers.items()},
            body=body,
            media_type=answer.headers.get("content-type", "application/octet-stream").partition(";")[0],
            url=str(answer.request.url),
        )
