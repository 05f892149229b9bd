"""What sets two texts apart however alike the rest is: numbers, dates, parts of a series, and denial."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
          "december")  # fmt: skip
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WORDS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
ROMAN = ("ii", "iii", "iv", "vi", "vii", "viii", "ix", "xi", "xii")

_NUMBER = {word: str(n) for n, word in enumerate(WORDS, 2)}
_NUMBER |= dict(zip(ROMAN, ("2", "3", "4", "6", "7", "8", "9", "11", "12"), strict=True))
_ORDINAL = {"first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5"}
_DATE = {form: name for name in MONTHS if name != "may" for form in (name, name[:3])}
_DATE |= {"sept": "september"} | {form: name for name in DAYS for form in (name, f"{name}s")}
_SERIES = re.compile(
    r"\b(?:part|pt|ep|episode|vol|volume|chapter|ch|season|week|day|round|issue|no|book|level|game|edition)\b"
    r"\W{0,2}(\d+|one|" + "|".join((*WORDS, *ROMAN, *_ORDINAL)) + r")\b|#\s?(\d+)\b"
)
_NUMERAL = re.compile(r"\d+(?:[.,:]\d+)*")
_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_MAY = re.compile(r"\bmay\s+(?=\d{1,2}(?:st|nd|rd|th)?\b)|(?<=\d\s)may\b")


_DENIAL = re.compile(r"\b(?:not|never|no longer|without|cannot)\b|n['’]t\b")


class Marks(NamedTuple):
    """What sets a text apart within its series."""

    numbers: tuple[str, ...]
    """In the order of the text: "3–1" is not "1–3"."""
    dates: frozenset[str]
    series: frozenset[str]
    denies: bool


def marks(text: str) -> Marks:
    """The text's numbers (also as words or Roman), months and weekdays, its "part 2" or "#7", and whether it denies."""
    text = _THOUSANDS.sub("", unicodedata.normalize("NFKC", text).casefold())
    tokens = _TOKEN.findall(text)
    numbers = tuple(_number(token) for token in tokens if token[0].isdigit() or token in _NUMBER)
    dates = {_DATE[token] for token in tokens if token in _DATE} | ({"may"} if _MAY.search(text) else set())
    found = (worded or figure for worded, figure in _SERIES.findall(text))
    series = {"1" if word == "one" else _number(_ORDINAL.get(word, word)) for word in found}
    return Marks(numbers, frozenset(dates), frozenset(series), bool(_DENIAL.search(text)))


def apart(one: Marks, other: Marks) -> bool:
    """Whether the marks say that these are two members of a series, or two results.

    A number that only one text gives may be a detail left out; numbers that contradict each other are not, nor is a
    date or a part that only one text gives.
    """
    if (one.dates, one.series, one.denies) != (other.dates, other.series, other.denies):
        return True
    if set(one.numbers) == set(other.numbers):
        return one.numbers != other.numbers
    return not (set(one.numbers) < set(other.numbers) or set(other.numbers) < set(one.numbers))


def turned(one: str, other: str) -> bool:
    """Whether the folded texts say the same words in another order: who beat whom is not the same thing."""
    return one != other and sorted(one.split()) == sorted(other.split())


def _number(token: str) -> str:
    if _NUMERAL.fullmatch(token):
        return token.replace(",", ".").lstrip("0") or "0"
    return _NUMBER.get(token, token)
