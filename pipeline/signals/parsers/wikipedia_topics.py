"""Wikipedia: the feed of a day (`/feed/featured/…`), or the events of a day of the year (`/feed/onthisday/…`).

Of a feed, the most read articles and the events are read; the featured article and picture and the news are not.
Round anniversaries become topics, not signals of kind "anniversary": those need a hook and pictograms, which nobody
has written for these.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import AfterValidator, Field

from pipeline.models import Counters, Json, Payload, Signal, fold
from pipeline.signals.anniversaries import is_round
from pipeline.signals.parsers.base import Count, RawItem, RefusedError, json_document, shape, shown
from pipeline.signals.text import Headline, Text, whole

ACCOUNT_FIELDS: frozenset[str] = frozenset()

MOST_READ = "most read"
ANNIVERSARIES = ("onthisday", "selected", "events")
"""Lists of events, as a feed and as the events of a day name them."""

NOT_ASKED = ("births", "deaths", "holidays")
"""Lists of a day that are refused: they are of people, or of what the calendar knows better."""

MAX_PAGES = 5

_LANGUAGE = re.compile(r"//(?:[^/]*/)*?([a-z]{2,12}(?:-[a-z]{2,12}){0,3})\.wikipedia\.org/")
_DAY = re.compile(r"/feed/(?:onthisday/[a-z]+|featured/\d{4})/(\d\d)/(\d\d)(?:[?#]|$)")
_NO_ARTICLE = re.compile(
    r"main[ _]page$|(?:special|wikipedia|portal|file|help|category|user|template|draft|module|mediawiki|talk)"
    r"(?:[ _]talk)?:.|.+[ _]\(disambiguation\)$",
    re.IGNORECASE,
)
_AMBIGUOUS = "Topics referred to by the same term"
"""The short description that the English Wikipedia gives to disambiguation pages."""


def _title(raw: str) -> str:
    title = whole(raw)
    if not 1 <= len(title) <= 255:
        raise ValueError("is no title: a title has 1 to 255 characters")
    return title


Title = Annotated[str, Field(strict=True), AfterValidator(_title)]
"""The name of a page, as it stands in addresses."""


class Namespace(RawItem):
    """Where a page stands; articles are in 0."""

    id: Annotated[int, Field(strict=True)]


class Article(RawItem):
    """A most read article."""

    title: Title
    normalizedtitle: Headline
    views: Count
    rank: Count | None = None
    description: Text | None = None
    type: Annotated[str, Field(strict=True)] = "standard"
    namespace: Namespace | None = None


class Titles(RawItem):
    """The names of a page."""

    canonical: Title
    normalized: Text


class Page(RawItem):
    """A page that an event links to."""

    titles: Titles


class Happening(RawItem):
    """An event of a day."""

    text: Headline
    year: Annotated[int, Field(strict=True, ge=-9999, le=9999)]
    pages: tuple[Page, ...] = ()


def accounts(item: object) -> list[str]:  # noqa: ARG001 - articles are written by many, and the feed names none
    """None: what is named is what articles are about."""
    return []


def items(text: str) -> list[object]:
    """Each article and event with the name of its list; an article also with the day its views were counted on."""
    document = json_document(text)
    known = {"mostread", "tfa", "image", "news", *ANNIVERSARIES, *NOT_ASKED}
    if not isinstance(document, dict) or not known & document.keys():
        raise RefusedError(f"body: expected the feed of a day, or the events of one, got {shape(document)}")
    found: list[object] = []
    if "mostread" in document:
        most_read = document["mostread"]
        if not isinstance(most_read, dict):
            raise RefusedError(f"mostread: expected an object, got {shape(most_read)}")
        articles = _list(most_read, "articles")
        found += [{"list": MOST_READ, "date": most_read.get("date"), "item": article} for article in articles]
    for name in (*ANNIVERSARIES, *NOT_ASKED):
        if name in document:
            found += [{"list": name, "item": each} for each in _list(document, name)]
    return found


def signal(item: object, payload: Payload) -> Signal:
    """An article that was much read, or a round anniversary of an event."""
    if not isinstance(item, dict):
        raise RefusedError(f"item: expected an object, got {shape(item)}")
    if item.get("list") == MOST_READ:
        return _most_read(Article.model_validate(item.get("item")), item.get("date"), payload)
    if item.get("list") in ANNIVERSARIES:
        return _anniversary(Happening.model_validate(item.get("item")), payload)
    raise RefusedError(f"{shown(item.get('list'))}: neither read most nor an event of the day")


def _list(document: dict[str, Any], name: str) -> list[object]:
    found = document.get(name)
    if not isinstance(found, list):
        raise RefusedError(f"{name}: expected a list, got {shape(found)}")
    return found


def _most_read(article: Article, counted: object, payload: Payload) -> Signal:
    if article.namespace is not None and article.namespace.id != 0:
        raise RefusedError(f"namespace.id: {article.namespace.id}: not an article")
    if article.type in {"mainpage", "disambiguation"}:
        raise RefusedError(f"type: {shown(article.type)}: not an article")
    if article.description == _AMBIGUOUS:
        raise RefusedError(f"description: {shown(article.description)}: a disambiguation page, not an article")
    if _NO_ARTICLE.match(article.title):
        raise RefusedError(f"title: {shown(article.title)}: not an article")
    day = _counted(counted)
    language = _language(payload)
    facts: Json = {"kind": "topic", "list": MOST_READ, "language": language, "views_on": day.isoformat()}
    if article.rank is not None:
        facts["rank"] = article.rank
    if article.description:
        facts["description"] = article.description
    return Signal(
        source=payload.source,
        external_id=f"{language}:{article.title}:{day}",
        content=article.normalizedtitle,
        url=_page_url(language, article.title),
        category=MOST_READ,
        published_at=dt.datetime.combine(day, dt.time(), dt.UTC),
        captured_at=payload.captured_at,
        counters=Counters(views=article.views),
        metadata=facts,
    )


def _anniversary(event: Happening, payload: Payload) -> Signal:
    day = _day(payload)
    years = day.year - event.year
    if not is_round(years):
        raise RefusedError(f"year: {event.year}: {years} years before {day} is no round anniversary")
    language = _language(payload)
    # The wording of an event is mended now and then; the page it is chiefly about stays.
    about = event.pages[0].titles.canonical if event.pages else fold(event.text)[:200]
    return Signal(
        source=payload.source,
        external_id=f"{language}:{day}:{event.year}:{about}",
        content=f"{years} years ago: {event.text}"[:500],
        url=_page_url(language, event.pages[0].titles.canonical) if event.pages else None,
        category="on this day",
        captured_at=payload.captured_at,
        metadata={
            "kind": "topic",
            "list": "on this day",
            "language": language,
            "date": day.isoformat(),
            "year": event.year,
            "years": years,
            "pages": [page.titles.normalized for page in event.pages[:MAX_PAGES]],
        },
    )


def _counted(text: object) -> dt.date:
    """The day that views were counted on, written as `2026-11-22Z`."""
    try:
        day = dt.date.fromisoformat(text.removesuffix("Z") if isinstance(text, str) else "")
    except ValueError:
        raise RefusedError(f"mostread.date: {shown(text)} is not a day such as 2026-11-22Z") from None
    if day.year < 1970:
        raise RefusedError(f"mostread.date: {shown(text)}: nobody counted views then")
    return day


def _day(payload: Payload) -> dt.date:
    """The next such day from the capture on: the document does not say of which day it is, the request does."""
    match = _DAY.search(payload.url or "")
    if match is None:
        raise RefusedError(f"url: {shown(payload.url)} does not name the day that the events are of")
    month, number = int(match[1]), int(match[2])
    seen = payload.captured_at.astimezone(dt.UTC).date()
    for year in range(seen.year, min(seen.year + 9, dt.MAXYEAR + 1)):
        try:
            day = dt.date(year, month, number)
        except ValueError:  # the 29th of February of a common year, or no day at all
            continue
        if day >= seen:
            return day
    raise RefusedError(f"url: {match[1]}/{match[2]} is no day of any year")


def _language(payload: Payload) -> str:
    match = _LANGUAGE.search(payload.url or "")
    if match is None:
        raise RefusedError(f"url: {shown(payload.url)} does not name the Wikipedia that was asked")
    return match[1]


def _page_url(language: str, title: str) -> str:
    return f"https://{language}.wikipedia.org/wiki/{quote(title.replace(' ', '_'), safe=':(),!')}"
