"""What a signal says that ideas can be made of: its date, its themes, its topic."""

from __future__ import annotations

import datetime as dt
import json
import re
from functools import cache
from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError

from pipeline.ideas.lexicon import Topic, pattern, topics
from pipeline.models import Model, Mood

HEADLINE_SHARE = 0.6
"""Share of capitals among a title's longer words from which on capitals say nothing: it is set as a headline."""

Lowered = Annotated[str, BeforeValidator(lambda text: str(text).strip().lower())]


class Dated(Model):
    """An occasion or an anniversary: the metadata of its signal, as the calendar and nostalgia sources write it."""

    model_config = ConfigDict(extra="ignore")

    kind: Literal["occasion", "anniversary"]
    name: str = Field(min_length=2)
    date: dt.date
    countries: tuple[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], ...] = Field(
        default=(), description="ISO 3166 alpha-2 codes of those who keep it; none: anywhere"
    )
    themes: tuple[Lowered, ...] = Field(default=(), description="what it is about, the chief ones first")
    motifs: tuple[str, ...] = ()
    mood: Mood
    gift: bool = False
    year: int | None = None
    years: int | None = None
    hook: str | None = None


def dated(metadata: str | None) -> Dated | None:
    """The dated thing that the metadata of a signal describes; None if it describes none completely.

    A webhook may send anything under `metadata`; what lacks a name, a date or a mood is a post like any other.
    """
    if not metadata:
        return None
    try:
        return Dated.model_validate_json(metadata)
    except ValidationError:
        return None


def tags(metadata: str | None) -> tuple[str, ...]:
    """The tags of a post, without their signs."""
    found = json.loads(metadata) if metadata else {}
    listed = found.get("tags") or found.get("hashtags") if isinstance(found, dict) else None
    names = (tag.get("name") if isinstance(tag, dict) else tag for tag in listed) if isinstance(listed, list) else ()
    return tuple(name.lstrip("#") for name in names if isinstance(name, str) and name.strip("# "))


@cache
def _topics() -> re.Pattern[str]:
    return re.compile(pattern(topics()))


def topic(text: str) -> Topic | None:
    """The first concrete thing of the lexicon that the text names.

    A capital inside a sentence makes a name of a word (a Tiger on the golf course), and a name is never a topic; in a
    headline, where most words have one, it tells nothing.
    """
    long = [word for word in text.split()[1:] if len(word) > 3]
    headline = not long or sum(word[0].isupper() for word in long) >= HEADLINE_SHARE * len(long)
    for match in _topics().finditer(text):
        if headline or match.start() == 0 or not match[0][0].isupper():
            return topics()[match[0].lower()]
    return None
