"""The marketplaces as data: what each one takes, and where each limit comes from.

What belongs here: the types of `data/marketplaces.yaml` and its loader.
What does not: the rules that hold a listing against them (`limits.py`), and the words (`copywriter.py`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal, TypeVar

import yaml
from pydantic import Field, ValidationError

from pipeline.models import Model

DATA_FILE = "data/marketplaces.yaml"
T = TypeVar("T", bound=Model)


class DataError(ValueError):
    """A data file of this room does not say what it must. Names the file and the field."""


class Sourced(Model):
    """A fact with its source, the day it was read, and how far to trust it."""

    source: str = Field(min_length=3)
    read_on: date
    trust: Literal["official", "third_party", "unverified"]
    note: str = Field(default="", description="which sources disagree, and what was decided")

    @property
    def cited(self) -> str:
        """Source, date and trust in one line, for verdicts."""
        return f"{self.source} ({self.trust.replace('_', ' ')}, read {self.read_on})"


class Characters(Sourced):
    """Which characters a text may hold. Categories are those of Unicode; an empty tuple allows every printable one."""

    ascii_only: bool = False
    multiline: bool = False
    categories: tuple[str, ...] = ()
    also: str = ""
    never: str = ""
    at_most_once: str = ""

    def allows(self, character: str) -> bool:
        """Whether the character may stand in the text at all."""
        if character in self.never:
            return False
        if character == "\n":
            return self.multiline
        if self.ascii_only:
            return " " <= character <= "~"
        category = unicodedata.category(character)
        if self.categories:
            return character in self.also or category.startswith(self.categories)
        return not category.startswith("C") and category not in {"Zl", "Zp"}

    def offences(self, text: str) -> tuple[str, ...]:
        """The characters of the text that are not allowed, or stand there too often; each once, in order."""
        bad = [c for c in text if not self.allows(c)]
        often = [c for c in self.at_most_once if text.count(c) > 1]
        return tuple(dict.fromkeys(bad + often))


class TextLimit(Characters):
    """A limit on one text."""

    max_length: int = Field(ge=1)
    max_words: int | None = Field(default=None, ge=1)
    front: int | None = Field(default=None, ge=1, description="the first characters, which carry the most weight")


class ListLimit(Characters):
    """A limit on a list of texts, each of at most max_length characters."""

    max_count: int = Field(ge=0)
    min_count: int = Field(default=0, ge=0)
    max_length: int = Field(default=1, ge=1)


class RefusedWords(Sourced):
    """Words and phrases that may not be said."""

    words: tuple[str, ...]


class PrintArea(Sourced):
    """What the print file must be: pixels, dots per inch, bytes."""

    width: int = Field(ge=1, description="pixels asked for")
    height: int = Field(ge=1)
    min_width: int = Field(ge=1)
    min_height: int = Field(ge=1)
    max_width: int | None = Field(default=None, ge=1)
    max_height: int | None = Field(default=None, ge=1)
    dpi: int = Field(ge=1)
    max_bytes: int = Field(ge=1)


class Price(Sourced):
    """The price a listing starts with, and whose it is to set."""

    cents: int = Field(gt=0)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    set_by: Literal["seller", "marketplace"]


class Disclosure(Sourced):
    """What the description must say of how the artwork came about."""

    composed: str = Field(min_length=20, description="for artwork that software laid out from typefaces and pictograms")
    generated: str = Field(min_length=20, description="for artwork that an image model drew")


class Marketplace(Model):
    """A marketplace, for one product."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str
    product: str
    product_words: tuple[str, ...] = Field(description="what buyers call the product, where it may be said")
    published_by: Literal["upload_pack"]
    published_note: str
    upload_url: str = Field(pattern=r"^https://")
    sheets: tuple[str, ...] = Field(description="names of the upload tools' layouts that the pack carries")
    print_area: PrintArea
    brand: TextLimit | None = None
    title: TextLimit
    description: TextLimit
    bullets: ListLimit
    tags: ListLimit
    title_words_refused: RefusedWords | None = None
    words_refused: RefusedWords
    disclosure: Disclosure | None = None
    price: Price


def read_data(text: str, file_name: str) -> Mapping[str, object]:
    """A YAML mapping. Raises DataError that names the file when it is none."""
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise DataError(f"{file_name}: not YAML: {error}") from error
    if not isinstance(value, dict):
        raise DataError(f"{file_name}: a mapping is expected at the top, found {type(value).__name__}")
    return value


def validated(model: type[T], value: object, where: str) -> T:
    """The value as the model. Raises DataError that names the place and each wrong field."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join([where, *map(str, e['loc'])])}: {e['msg']} (found {str(e['input'])[:60]!r})"
            for e in error.errors()
        )
        raise DataError(wrong) from error


def parse_marketplaces(text: str, file_name: str = DATA_FILE) -> Mapping[str, Marketplace]:
    """Every marketplace of the YAML text, by name. Raises DataError that names the file and the field."""
    entries = read_data(text, file_name)
    return {
        str(name): validated(
            Marketplace, {**entry, "name": name} if isinstance(entry, dict) else entry, f"{file_name}: {name}"
        )
        for name, entry in entries.items()
    }


@cache
def marketplaces() -> Mapping[str, Marketplace]:
    """The marketplaces of this project, by name."""
    return parse_marketplaces(files(__package__).joinpath(DATA_FILE).read_text(encoding="utf-8"))
