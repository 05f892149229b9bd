"""Hashtags and captions made into words: what the readers of social networks have in common.

What belongs here: how people tag and caption. What does not: the fields of any one network.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, NamedTuple

from pydantic import BeforeValidator

from pipeline.signals.text import headline, whole

MAX_TAGS = 30
MAX_CONTENT = 500

_TAGS = re.compile(r"(?<![\w&/])(?:#\w{1,100})+")
_TAGS_AT_THE_END = re.compile(r"(?:(?:^|\s)(?:#\w+)+)+$")
_SEAMS = re.compile(
    r"_+"
    r"|(?<=[^\W\d_])(?=\d)"  # Caturday|2026
    r"|(?<=\d)(?=[A-Z])"  # Top10|Cats, but not 90s
    r"|(?<=[a-zà-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])"  # Cats|Of|Mastodon
    r"|(?<=[A-Z])(?=[A-Z][a-z])"  # NASA|Launch
)

_EXPLICIT = frozenset(
    {"nsfw", "nsfl", "porn", "porno", "pornhub", "xxx", "onlyfans", "fansly", "hentai", "nudes", "milf", "r18"}
)
_EXPLICIT_PARTS = ("nsfw", "porn", "onlyfans", "hentai")


class Told(NamedTuple):
    """A caption: what it says, and its tags without their signs."""

    text: str
    tags: tuple[str, ...]


def words(tag: str) -> str:
    """A tag as words, as far as its capitals and digits show them: `CatsOfMastodon` is `Cats Of Mastodon`."""
    return " ".join(_SEAMS.sub(" ", tag.strip().lstrip("#")).split())


def told(raw: object) -> Told:
    """A caption as the content of a signal: at most 500 characters, cut between words; tags that only end it taken off.

    Raises:
        ValueError: it is no text, or `headline` refuses it.
    """
    if not isinstance(raw, str):
        raise ValueError("should be text")  # noqa: TRY004 - what pydantic reads
    text = whole(raw)
    tags = tuple(dict.fromkeys(tag for run in _TAGS.findall(text) for tag in run[1:].split("#")))[:MAX_TAGS]
    said = _TAGS_AT_THE_END.sub("", text)
    kept = said if re.search(r"\w", said) else text
    spoken = _TAGS.sub(lambda run: " ".join(map(words, run[0][1:].split("#"))), kept)
    return Told(headline(_opening(spoken)), tags)


def explicit(text: str, tags: Iterable[str] = ()) -> str | None:
    """The word or tag that says that a post is not for everyone; None if there is none."""
    named = [word for word in re.findall(r"\w+", text) if word.casefold() in _EXPLICIT]
    for tag in tags:
        folded = tag.casefold()
        if any(part in folded for part in _EXPLICIT_PARTS) or _EXPLICIT & set(words(tag).casefold().split()):
            named.append(tag)
    return next(iter(named), None)


def _opening(text: str) -> str:
    if len(text) <= MAX_CONTENT:
        return text
    head = text[: MAX_CONTENT + 1]
    return head.rpartition(" ")[0] or head[:MAX_CONTENT]


Caption = Annotated[Told, BeforeValidator(told)]
"""A raw caption; validated, it is what it tells."""
