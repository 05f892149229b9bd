"""Where signals come from: one file per source, one line each in `sources`.

A source only fetches. Reading its payload into signals is a parser of the same name in `pipeline.signals.parsers`,
so that an archived payload runs the same way as a live one.
"""

from __future__ import annotations

from resources.settings import Settings
from resources.sources.base import Source, SourceSpec
from resources.sources.calendar_events import CalendarEvents
from resources.sources.nostalgia_topics import NostalgiaTopics
from resources.sources.recorded import Recorded
from resources.vault import vault

__all__ = ["Source", "SourceSpec", "sources"]


def sources(settings: Settings) -> tuple[Source, ...]:
    """Every source, as configured. Nothing is fetched or opened yet."""
    return (
        CalendarEvents(settings.country_codes),
        NostalgiaTopics(),
        Recorded(
            settings.recorded_url or str(settings.data_dir / "recorded"),
            settings.object_store_endpoint,
            unseal=lambda sealed: vault(settings).open(sealed),
        ),
    )
