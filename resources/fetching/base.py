"""What a source may ask of HTTP, and what it gets back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, Protocol

Expect = Literal["json", "xml", "html", "any"]
"""What a good answer holds; another kind is an error page."""


class Answer(NamedTuple):
    """A good answer, whole."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    media_type: str
    url: str
    """What was asked, without secrets."""


class Web(Protocol):
    """HTTP on behalf of one source. Secrets travel in headers or bodies, never in a URL."""

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
        ...

    def send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        data: Mapping[str, str] | bytes | None = None,
        expect: Expect = "json",
        cost: int = 1,
        quota_key: str = "",
    ) -> Answer:
        """Ask, patiently, and return a 2xx answer. A 304 gives the cached answer that it confirms.

        Args:
            method: such as GET.
            url: without secrets.
            params: its query.
            headers: beside User-Agent, which is always sent.
            data: a form, or a body.
            expect: what a good answer holds.
            cost: units of the source's quota.
            quota_key: what the units are spent on, where the quota counts distinct things.

        Raises:
            TransientError: no answer in time, 408, 429, 5xx, or an answer that is not what was expected (HTML in place
                of JSON, JSON that breaks off), after all retries.
            PermanentError: any other 4xx; 401 and 403 name the credentials of the source.
            WaitingError: the quota is spent, or the source's circuit is open.
        """
        ...
