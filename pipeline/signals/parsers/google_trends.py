"""Google Trends: the RSS feed of a region's trending searches, as `/trending/rss?geo=` answers."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from pydantic import AwareDatetime, BeforeValidator, Field

from pipeline.models import Counters, Json, Payload, Signal, fold
from pipeline.signals.parsers.base import Count, RawItem, RefusedError, shown
from pipeline.signals.social import explicit
from pipeline.signals.text import Headline, Text

ACCOUNT_FIELDS: frozenset[str] = frozenset()

MAX_CHARACTERS = 5_000_000
MAX_NEWS = 10

_HT = "{https://trends.google.com/trending/rss}"
_ATOM_LINK = "{http://www.w3.org/2005/Atom}link"


def _at_least(value: object) -> object:
    found = re.fullmatch(r"([0-9]{1,3}(?:,[0-9]{3})*|[0-9]+)\+?", value.strip()) if isinstance(value, str) else None
    return int(found[1].replace(",", "")) if found and len(found[1]) <= 30 else value


def _mail_date(value: object) -> object:
    try:
        return parsedate_to_datetime(value) if isinstance(value, str) else str(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError("should be a date as in mail, such as Mon, 23 Nov 2026 04:10:00 -0800") from error


class Trend(RawItem):
    """The fields of an item that are used, by the names that `items` gives them."""

    title: Headline
    approx_traffic: Annotated[Count, BeforeValidator(_at_least)]
    pubDate: Annotated[AwareDatetime, BeforeValidator(_mail_date)]  # noqa: N815 - the feed's name
    region: Annotated[str, Field(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")] | None = None
    news: tuple[Text, ...] = ()


def accounts(item: object) -> list[str]:  # noqa: ARG001 - a search names no account
    """None: what many searched for has no author."""
    return []


def items(text: str) -> list[object]:
    """The items of the feed, each an object of its texts, with the region that the feed names as its own."""
    channel = feed(text)
    region = _region(channel)
    return [_item(element, region) for element in channel.findall("item")]


def feed(text: str) -> Element:
    """The channel of the feed. Raises RefusedError for what is none: broken off, with a DTD, another document."""
    if not text.strip():
        raise RefusedError("body: empty, where RSS was expected")
    if len(text) > MAX_CHARACTERS:
        raise RefusedError(f"body: {len(text):,} characters long; a feed of trends has at most {MAX_CHARACTERS:,}")
    try:
        root: Element = fromstring(text.encode(errors="replace").decode(), forbid_dtd=True)
    except DefusedXmlException as error:
        raise RefusedError(
            f"body: XML with a {type(error).__name__.removesuffix('Forbidden')}, which no feed needs"
        ) from None
    except ParseError as error:
        raise RefusedError(
            f"body: no whole XML: {error}; nothing was salvaged, as what is missing can't be known"
        ) from None
    channel = root.find("channel") if root.tag == "rss" else None
    if channel is None:
        raise RefusedError(f"body: expected <rss><channel>, got <{shown(root.tag)}>")
    return channel


def signal(item: object, payload: Payload) -> Signal:
    """A trending search as a signal: the same words on another day, or elsewhere, are a thing of their own."""
    trend = Trend.model_validate(item)
    if found := explicit(trend.title):
        raise RefusedError(f"title: {shown(found)}: not safe for work, never a source of designs")
    began = trend.pubDate
    return Signal(
        source=payload.source,
        external_id=f"{trend.region or 'unknown'}:{_day(began)}:{fold(trend.title)}"[:300],
        content=trend.title,
        url=f"https://trends.google.com/trending?geo={trend.region}" if trend.region else None,
        category=trend.region,
        published_at=began,
        captured_at=payload.captured_at,
        counters=Counters(views=trend.approx_traffic),
        metadata=_metadata(trend),
    )


def _day(moment: datetime) -> str:
    return moment.date().isoformat()


def _item(element: Element, region: str | None) -> Json:
    news = [found.text for found in element.iterfind(f"{_HT}news_item/{_HT}news_item_title") if found.text]
    fields: dict[str, Any] = {
        "title": element.findtext("title"),
        "approx_traffic": element.findtext(f"{_HT}approx_traffic"),
        "pubDate": element.findtext("pubDate"),
    }
    return {name: text for name, text in fields.items() if text is not None} | {
        "region": region,
        "news": news[:MAX_NEWS],
    }


def _region(channel: Element) -> str | None:
    """The region in the address that the feed gives of itself."""
    link = channel.find(_ATOM_LINK)
    address = (link.get("href") if link is not None else None) or channel.findtext("link") or ""
    try:
        return next(iter(parse_qs(urlsplit(address).query).get("geo", [])), None)
    except ValueError:
        return None


def _metadata(trend: Trend) -> Json:
    facts: Json = {"kind": "post", "lower_bounds": ["views"]}
    if trend.news:
        facts["news"] = list(trend.news)
    return facts
