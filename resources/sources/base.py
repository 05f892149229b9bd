"""What a source is, and what it says of itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import Field

from pipeline.models import Model, Payload, hour_of
from resources.errors import PermanentError
from resources.fetching import Quota, Web


class SourceSpec(Model):
    """A source's facts for people who run it: shown in the docs and by the doctor."""

    cadence: str
    """How often it is worth asking, in words."""
    every: timedelta = timedelta(hours=1)
    """How often it has something new: silent for longer than twice this, it is late."""
    credentials: tuple[str, ...] = ()
    """Environment variables that must be set; none: it works without an account. Off while one is missing."""
    requests_per_minute: float = Field(default=60, gt=0)
    """What its terms or good manners allow; as many may be made at once."""
    quota: Quota | None = None
    terms: str
    """Licence or terms of use, and what they mean for designs."""
    counters: str
    """What likes, comments and views mean at this source."""
    history: str
    """How a past hour can be had."""
    live: bool = False
    """Whether it is asked over the network and only knows the present; else it is computed or replayed."""


class Source(Protocol):
    """Something that answers with payloads for an hour."""

    @property
    def name(self) -> str:
        """The name of the source: its key in the registry and, mostly, of its payloads."""
        ...

    @property
    def spec(self) -> SourceSpec:
        """What people who run it should know."""
        ...

    def fetch(self, hour: datetime, now: datetime, web: Web) -> Iterable[Payload]:
        """The payloads of the hour, each captured inside it.

        Args:
            hour: an aware moment in the hour that is asked for.
            now: the aware present; a live source can only answer for the hour that holds it.
            web: HTTP on behalf of this source.

        Raises:
            PermanentError: what no retry mends (a bad key, a past hour of a live source).
            TransientError: what a later try may mend; `web` has retried already.
            WaitingError: a quota is spent, or the source's circuit is open.
        """
        ...


def require_running(hour: datetime, now: datetime, source: str) -> None:
    """Raise PermanentError unless `now` lies in the hour: a live source can't be asked for its past."""
    if hour_of(hour) != hour_of(now):
        raise PermanentError(
            f"{source}: the past can't be fetched: {hour_of(hour):%Y-%m-%d %H:00} UTC is over, and nothing of it is in "
            "the archive; only hours that were listened to can be replayed"
        )
