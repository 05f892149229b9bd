"""The calendar of occasions, computed: needs no network and no account, and answers for any hour."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from pipeline.models import Payload, hour_of
from pipeline.signals.occasions import HORIZON_DAYS, occasions
from resources.errors import PermanentError
from resources.fetching import Web
from resources.sources.base import SourceSpec


class CalendarEvents:
    """The occasions of the coming 90 days in the configured countries."""

    name = "calendar_events"
    spec = SourceSpec(
        cadence="hourly; the list changes once a day, at 00:00 UTC",
        terms="dates are facts; holidays library: MIT; curated table: part of this project",
        counters="none: an occasion is not voted on",
        history="computed for any hour, past or coming",
    )

    def __init__(self, countries: Sequence[str]) -> None:
        """Takes ISO 3166 alpha-2 codes."""
        self.countries = tuple(countries)

    def fetch(self, hour: datetime, now: datetime, web: Web) -> Iterable[Payload]:  # noqa: ARG002 - computed for any hour
        """One payload: the occasions seen from the date of the hour, in UTC.

        Raises:
            PermanentError: ENGINE_COUNTRIES names a country that has no calendar.
        """
        start = hour_of(hour)
        today = start.date()
        try:
            found = occasions(today, self.countries)
        except ValueError as error:
            raise PermanentError(f"ENGINE_COUNTRIES={','.join(self.countries)!r}: {error}") from error
        document = {
            "date": today.isoformat(),
            "horizon_days": HORIZON_DAYS,
            "countries": list(self.countries),
            "occasions": [occasion.model_dump(mode="json") for occasion in found],
        }
        body = json.dumps(document, ensure_ascii=False, indent=1).encode()
        yield Payload(source=self.name, captured_at=start, body=body)
