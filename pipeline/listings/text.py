"""Small tools for words that must fit: cutting, casing, characters. They know nothing of listings."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection

from pipeline.listings.marketplaces import Characters

_PLAIN = str.maketrans(
    {
        **dict.fromkeys("‘’‚′`", "'"),
        **dict.fromkeys("“”„″«»", '"'),
        **dict.fromkeys("‐‑‒–—―", "-"),
        "…": "...",
        "×": "x",
        "ß": "ss",
        "ẞ": "SS",
        "æ": "ae",
        "Æ": "AE",
        "œ": "oe",
        "Œ": "OE",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
    }
)


def cut(text: str, limit: int, *, dangling: Collection[str] = ()) -> str:
    """The longest run of whole words from the start that has at most `limit` characters; "" when not one word fits.

    What was cut short does not end on one of the `dangling` words, nor on a comma or a dash.
    """
    if len(text) <= limit:
        return text
    words: list[str] = []
    length = -1
    for word in text.split():
        length += 1 + len(word)
        if length > limit:
            break
        words.append(word)
    while len(words) > 1 and words[-1].casefold().strip(",;:-") in dangling:
        words.pop()
    return " ".join(words).rstrip(" ,;:-&+")


def fit_characters(text: str, allowed: Characters) -> str | None:
    """The text in allowed characters on one line, or None when a letter or digit would be lost.

    Accents go where only ASCII is taken, typographic marks become plain ones, "&" is spelt out when it may not stand,
    and any other mark (an emoji, a second colon) is left out.
    """
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    if allowed.ascii_only:
        text = unicodedata.normalize("NFKD", text.translate(_PLAIN))
        text = "".join(c for c in text if not unicodedata.combining(c))
    if allowed.offences("&") or ("&" in allowed.at_most_once and text.count("&") > 1):
        text = text.replace("&", " and ")
    kept: list[str] = []
    for character in text:
        if not allowed.allows(character):
            if character.isalnum():
                return None
            kept.append(" " if character.isspace() or unicodedata.category(character) == "Pd" else "")
        elif character not in allowed.at_most_once or character not in kept:
            kept.append(character)
    fitted = " ".join("".join(kept).split())
    return fitted if any(c.isalnum() for c in fitted) else None


def headline(text: str, small: Collection[str]) -> str:
    """Words with a capital, as in a headline; small words stay small inside, and BBQ and iPad as they are."""
    if text.isupper() and " " in text:
        text = text.lower()
    words = text.split()
    last = len(words) - 1
    return " ".join(
        word if (word in small and 0 < i < last) or word != word.lower() else word[:1].upper() + word[1:]
        for i, word in enumerate(words)
    )


def with_article(noun: str) -> str:
    """The noun after "a" or "an", by its first letter."""
    return f"{'an' if noun[:1].casefold() in 'aeiou' else 'a'} {noun}"


def plural(noun: str, irregular: dict[str, str]) -> str:
    """The plural of an English noun of one or more words."""
    head, _, last = noun.rpartition(" ")
    if last in irregular:
        last = irregular[last]
    elif last.endswith(("s", "x", "z", "ch", "sh")):
        last += "es"
    elif last.endswith("y") and last[-2:-1] not in "aeiou":
        last = f"{last[:-1]}ies"
    else:
        last += "s"
    return f"{head} {last}".strip()
