"""The words that ideas are made of, read from the tables in `data/` once per process.

What belongs here: the shape of the tables and their checks. What does not: how words become phrases (`grammar`).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml
from pydantic import Field, field_validator

from pipeline.models import Model, Mood, fold

Words = tuple[str, ...]
Accepts = Literal["occasion", "day", "anniversary", "post", "gift"]
TopicKind = Literal["food", "drink", "animal", "plant", "nature", "place", "thing"]


class Thing(Model):
    """Something that a niche has: as printed in general (plural or mass) and, if it can be counted, one of it."""

    general: str
    one: str | None = None


class Niche(Model):
    """Who a design is for."""

    name: str
    person: str
    people: str
    craft: str
    act: Words = Field(min_length=1)
    doing: Words = Field(min_length=1)
    words: tuple[Thing, ...] = Field(min_length=8, max_length=20)
    traits: Words = Field(min_length=2)
    place: str
    mood: Mood
    motifs: Words = Field(min_length=2)
    themes: frozenset[str]
    subreddits: frozenset[str] = frozenset()
    text: str
    quips: Words = Field(min_length=2)
    lines: Mapping[str, Words] = Field(default_factory=dict)
    job: bool = False

    @field_validator("words", mode="before")
    @classmethod
    def _things(cls, words: list[str]) -> list[Thing]:
        return [Thing(general=general, one=one or None) for general, _, one in (w.partition("/") for w in words)]

    @property
    def described(self) -> str:
        """What is embedded to know whether a text speaks to the niche."""
        return f"{self.text} {', '.join(thing.general for thing in self.words)}"


class Family(Model):
    """Occasions that are spoken of in the same words."""

    name: str
    names: frozenset[str]
    themes: frozenset[str]
    universal: bool = False
    short: str
    greeting: str
    cheer: Words
    treats: Words = Field(min_length=2)
    figure: str
    motifs: Words = Field(min_length=1)
    mood: Mood
    niches: frozenset[str] = frozenset()
    templates: Mapping[str, Words]


class Format(Model):
    """How a design speaks."""

    name: str
    about: str
    accepts: frozenset[Accepts]
    weight: float = Field(gt=0)
    mood: Mood | None = None
    topics: frozenset[TopicKind] = frozenset()
    jobs: bool = True
    templates: Words


class Topic(Model):
    """A concrete thing that a post may be about and a design may show."""

    word: str
    plural: str | None
    singular_is_clear: bool = Field(description="no: the singular has another sense (prices rose, to book a room)")
    kind: TopicKind
    icon: str
    themes: frozenset[str]

    @property
    def forms(self) -> Words:
        """What names it in a text."""
        return tuple(form for form in (self.word if self.singular_is_clear else None, self.plural) if form)

    @property
    def general(self) -> str:
        """As printed when it is meant in general: Tomatoes, Honey."""
        return title_case(self.plural or self.word)


def _yaml(name: str) -> dict[str, dict[str, Any]]:
    loaded: dict[str, dict[str, Any]] = yaml.safe_load(
        files("pipeline.ideas.data").joinpath(name).read_text(encoding="utf-8")
    )
    return loaded


def _csv(name: str) -> list[dict[str, str]]:
    with files("pipeline.ideas.data").joinpath(name).open(encoding="utf-8") as rows:
        return list(csv.DictReader(rows))


def title_case(words: str) -> str:
    """First letters up, the rest as it is: hot sauce → Hot Sauce, S'more stays."""
    return " ".join(word[:1].upper() + word[1:] for word in words.split())


@cache
def niches() -> Mapping[str, Niche]:
    """Every niche by its name."""
    return {name: Niche(name=name, **fields) for name, fields in _yaml("niches.yaml").items()}


@cache
def families() -> Mapping[str, Family]:
    """Every family of occasions by its name, in the order in which they are tried."""
    return {name: Family(name=name, **fields) for name, fields in _yaml("occasions.yaml").items()}


@cache
def formats() -> Mapping[str, Format]:
    """Every format by its name."""
    return {name: Format(name=name, **fields) for name, fields in _yaml("formats.yaml").items()}


@cache
def topics() -> Mapping[str, Topic]:
    """Every topic by each of its forms in lower case."""
    rows = [
        Topic.model_validate(row | {"plural": row["plural"] or None, "themes": row["themes"].split("|")})
        for row in _csv("motifs.csv")
    ]
    return {form: topic for topic in rows for form in topic.forms}


@cache
def unfit() -> Mapping[str, str]:
    """Word or phrase, in lower case → why nothing is sold with it."""
    return {row["word"]: row["why"] for row in _csv("unfit.csv")}


def pattern(words: Mapping[str, object]) -> str:
    """A regular expression, in the syntax that Python and Polars share, for any of the words; longer ones first."""
    ordered = sorted(words, key=lambda word: (-len(word), word))
    return rf"(?i)\b(?:{'|'.join(re.escape(word) for word in ordered)})\b"


def family_of(name: str, themes: frozenset[str]) -> Family | None:
    """The first family that an occasion of this name belongs to, else the first that shares a theme; None if none."""
    folded = fold(name)
    named = (f for f in families().values() if folded in {fold(known) for known in f.names})
    themed = (f for f in families().values() if themes & f.themes)
    return next(named, None) or next(themed, None)
