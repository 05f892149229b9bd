"""What a source is, and what it says of itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from pipeline.models import Model, Payload


class SourceSpec(Model):
    """A source's facts for people who run it: shown in the docs and by the doctor."""

    cadence: str
    """How often it is worth asking."""
    credentials: tuple[str, ...] = ()
    """Environment variables that must be set; none: it works without an account."""
    terms: str
    """Licence or terms of use, and what they mean for designs."""
    counters: str
    """What likes, comments and views mean at this source."""
    history: str
    """How a past hour can be had."""


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

    def fetch(self, hour: datetime, now: datetime) -> Iterable[Payload]:
        """The payloads of the hour, each captured inside it.

        Args:
            hour: an aware moment in the hour that is asked for.
            now: the aware present; a live source can only answer for the hour that holds it.

        Raises:
            PermanentError: what no retry mends (a bad key, a past hour of a live source).
            TransientError: what a retry may mend.
        """
        ...
