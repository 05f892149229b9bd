"""What a source may ask of HTTP, and what it gets back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal, NamedTuple, Protocol

from pydantic import Field

from pipeline.models import Model

Expect = Literal["json", "xml", "html", "any"]
"""What a good answer holds; another kind is an error page."""


class Quota(Model):
    """How much of a source may be used in how long."""

    units: int = Field(gt=0)
    window: timedelta
    distinct: bool = False
    """Whether it counts distinct things (hashtags) once, instead of adding costs."""


class Manners(Protocol):
    """What a source says of how it wants to be asked; `SourceSpec` does."""

    @property
    def credentials(self) -> tuple[str, ...]:
        """The environment variables that a 401 or 403 may be mended by."""
        ...

    @property
    def requests_per_minute(self) -> float:
        """How many it bears; as many may be made at once."""
        ...

    @property
    def quota(self) -> Quota | None:
        """How much of it may be used in how long."""
        ...


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

        Every try, retries included, is a request of the source's rate and spends `cost`.

        Args:
            method: such as GET.
            url: without secrets.
            params: its query.
            headers: beside User-Agent, which is always sent; they never go to another host.
            data: a form, or a body.
            expect: what a good answer holds.
            cost: units of the source's quota.
            quota_key: what the units are spent on, where the quota counts distinct things.

        Raises:
            TransientError: no answer in time, 408, 429, 5xx, or an answer that is not what was expected (HTML in place
                of JSON, JSON that breaks off), after all retries.
            PermanentError: any other 4xx; an answer that is too large; a redirect that may not be followed. 401 and
                403 name the credentials of the source.
            WaitingError: the quota is spent, the source's circuit is open, or the source asks to be left alone for
                longer than a request can wait.
        """
        ...
