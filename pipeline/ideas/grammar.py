"""Phrases from templates: slots, articles, lines and emphasis.

A template is a phrase with marks: `{slot}` is filled, `|` breaks the line, `*stars*` carry the emphasis. Breaks lie in
templates only, so what fills a slot (a name, an occasion) is never split over lines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

SLOT = re.compile(r"\{(\w+)\}")
ARTICLE = re.compile(r"\b([Aa])n?(?=[\s|*]+(\w[\w'’-]*))")
SENTENCE = re.compile(r"(^[*]?|[:.!?][ |*]+)([a-z])")
EMPHASIS = re.compile(r"\*([^*]+)\*")
INITIALS_WITH_VOWEL = frozenset("AEFHILMNORSX")
CONSONANT_SOUND = re.compile(r"(?:one|once|uni(?!n)|use|usu|uti|eur|ewe|ukulele)", re.IGNORECASE)
VOWEL_SOUND = re.compile(r"(?:[aeiou]|hour|honest|honor|heir)", re.IGNORECASE)
NUMBER_WITH_VOWEL = re.compile(r"(?:8\d*|11|18)$")

MAX_WORDS = 10
MAX_CHARACTERS = 60
MAX_LINE = 32


class Phrase(NamedTuple):
    """The words on a design."""

    text: str
    lines: tuple[str, ...]
    emphasis: tuple[str, ...]


@cache
def slots(template: str) -> frozenset[str]:
    """The slots that a template needs."""
    return frozenset(SLOT.findall(template))


def article(word: str) -> str:
    """`a` or `an`, by the sound that the word begins with: a unicorn, an hour, an RN, an 8."""
    if word.isdigit():
        return "an" if NUMBER_WITH_VOWEL.match(word) else "a"
    if word.isupper() and len(word) <= 4:
        return "an" if word[0] in INITIALS_WITH_VOWEL else "a"
    if CONSONANT_SOUND.match(word):
        return "a"
    return "an" if VOWEL_SOUND.match(word) else "a"


def phrase(template: str, values: Mapping[str, str]) -> Phrase:
    """The template with its slots filled, its articles right, broken into lines.

    Args:
        template: Text with the marks above.
        values: Slot → words, as printed; what they hold may carry marks of its own.

    Raises:
        KeyError: if a slot has no value.
    """
    filled = SLOT.sub(lambda slot: values[slot[1]], template)
    marked = ARTICLE.sub(lambda a: a[1] + article(a[2])[1:], filled)
    marked = SENTENCE.sub(lambda start: start[1] + start[2].upper(), marked)
    starred = [line.strip() for line in marked.split("|")]
    lines = tuple(line.replace("*", "") for line in starred)
    return Phrase(" ".join(lines), lines, _whole_words(" ".join(starred)))


def _whole_words(starred: str) -> tuple[str, ...]:
    """The starred parts as they stand in the text, widened to whole words: a pun's star may cover half of one."""
    text = starred.replace("*", "")
    found: list[str] = []
    for before, part in enumerate(EMPHASIS.finditer(starred)):
        at = part.start() - 2 * before
        end = at + len(part[1])
        while at > 0 and not text[at - 1].isspace():
            at -= 1
        while end < len(text) and not text[end].isspace():
            end += 1
        found.append(text[at:end].strip(".,:;!?()"))
    return tuple(dict.fromkeys(part for part in found if part))


def fits(made: Phrase) -> bool:
    """Whether a phrase can be read at a glance, on a shirt."""
    return (
        len(made.text) <= MAX_CHARACTERS
        and len(made.text.split()) <= MAX_WORDS
        and all(len(line) <= MAX_LINE for line in made.lines)
    )


def repeats(made: Phrase) -> bool:
    """Whether a word of three letters or more comes twice (Wool Socks & Socks), plural or not."""
    stems = [word.lower().removesuffix("s") for word in re.findall(r"[A-Za-z]{3,}", made.text)]
    return len(stems) != len(set(stems))
