"""Wikipedia: what was read most, and what happened on a day, over the official feed API."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta

from pipeline.models import Payload, hour_of
from pipeline.scoring.calendar import total_lead_days
from pipeline.signals.occasions import HORIZON_DAYS
from resources.errors import PermanentError
from resources.fetching import Web
from resources.sources.base import SourceSpec, require_running

LANGUAGE = re.compile(r"[a-z]{2,12}(?:-[a-z]{2,12}){0,3}")

WITH_DAYS = frozenset({"ar", "bs", "de", "en", "es", "fr", "pt", "ru", "sv"})
"""Languages that the feed knows days of; of any other it answers 501."""

HOURS = 24
FIRST_TURN = 18
"""What lies so many days ahead is asked for in the first hour; other lead times leave every day its hour."""


class WikipediaTopics:
    """The most read articles of the day before, and anniversaries of the coming days, in each language.

    Args:
        languages: codes of Wikipedias, such as `en`.
        base_url: of the feed API, with `{language}` where the code goes.
    """

    name = "wikipedia_topics"
    spec = SourceSpec(
        cadence="hourly; what was read most changes once a day, some hours after 00:00 UTC; the coming days are walked "
        "through once a day, three or four of them an hour",
        every=timedelta(days=1),
        credentials=("ENGINE_CONTACT",),
        requests_per_minute=60,
        terms="Wikimedia's User-Agent policy asks for a contact in every request, and since 2026-04 rate limits hold "
        "for identified clients too. View counts: CC0; texts: CC BY-SA 4.0, so no sentence of them goes on a product; "
        "titles and dates are facts. An article about a person is evidence of a topic, never a licence for a name",
        counters="views: page views of the article on the day before, by people; likes and comments: none",
        history="none here: an hour that was not listened to is not asked for later",
        live=True,
    )

    def __init__(
        self, languages: Sequence[str] = ("en",), *, base_url: str = "https://{language}.wikipedia.org/api/rest_v1"
    ) -> None:
        self.languages = tuple(languages)
        self._base_url = base_url

    def fetch(self, hour: datetime, now: datetime, web: Web) -> Iterable[Payload]:
        """One payload for the feed of the day, and one for each day of `days_ahead`, per language.

        Raises:
            PermanentError: the hour is over; or ENGINE_WIKIPEDIA_LANGUAGES has what is no code of a language.
            TransientError, WaitingError: as `web`.
        """
        require_running(hour, now, self.name)
        if wrong := [language for language in self.languages if not LANGUAGE.fullmatch(language)]:
            raise PermanentError(
                f"ENGINE_WIKIPEDIA_LANGUAGES: {wrong[0]!r} is not the code of a Wikipedia, such as en or de"
            )
        return self._asked(hour_of(hour), now, web)

    def _asked(self, start: datetime, now: datetime, web: Web) -> Iterator[Payload]:
        paths = [f"featured/{start:%Y/%m/%d}"]
        days = [f"onthisday/selected/{day:%m/%d}" for day in days_ahead(start)]
        for language in self.languages:
            base = self._base_url.replace("{language}", language)
            for path in paths + (days if language in WITH_DAYS else []):
                answer = web.get(f"{base}/feed/{path}")
                yield Payload(
                    source=self.name,
                    captured_at=now,
                    body=answer.body,
                    media_type=answer.media_type,
                    url=answer.url,
                )


def days_ahead(start: datetime) -> tuple[date, ...]:
    """The days whose anniversaries are asked for in the hour.

    A listing sells from `total_lead_days` before a day on, and the calendar looks HORIZON_DAYS ahead; the days between
    are dealt out to the 24 hours, so that each is asked for once a day, and each hour has near and far ones.
    """
    ahead = range(total_lead_days(), HORIZON_DAYS + 1)
    mine = (days for days in ahead if (days - FIRST_TURN) % HOURS == start.hour)
    return tuple(start.date() + timedelta(days=days) for days in mine)
