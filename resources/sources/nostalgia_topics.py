"""Round anniversaries of dated facts, computed: needs no network and no account, and answers for any hour."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from pipeline.models import Payload, hour_of
from pipeline.signals.anniversaries import anniversaries
from pipeline.signals.occasions import HORIZON_DAYS
from resources.fetching import Web
from resources.sources.base import SourceSpec


class NostalgiaTopics:
    """The round anniversaries of the coming 90 days."""

    name = "nostalgia_topics"
    spec = SourceSpec(
        cadence="hourly; the list changes once a day, at 00:00 UTC",
        terms="dates are facts; curated table: part of this project",
        counters="none: an anniversary is not voted on",
        history="computed for any hour, past or coming",
    )

    def fetch(self, hour: datetime, now: datetime, web: Web) -> Iterable[Payload]:  # noqa: ARG002 - computed for any hour
        """One payload: the anniversaries seen from the date of the hour, in UTC."""
        start = hour_of(hour)
        document = {
            "date": start.date().isoformat(),
            "horizon_days": HORIZON_DAYS,
            "anniversaries": [found.model_dump(mode="json") for found in anniversaries(start.date())],
        }
        body = json.dumps(document, ensure_ascii=False, indent=1).encode()
        yield Payload(source=self.name, captured_at=start, body=body)
