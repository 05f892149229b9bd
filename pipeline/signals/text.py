"""Text as sources write it, made into one clean line."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from pipeline.signals.privacy import masked
from pipeline.signals.privacy.gaps import EDGES

MAX_RAW = 5_000
"""Characters of a raw text that are looked at; a longer one is refused, not cut."""

REPLACEMENT = "\ufffd"
"""What a lossy decoder leaves where bytes were broken."""

# White space, controls, invisible format characters (zero width, bidi, soft hyphen, tags) and blank letters.
_BLANK = re.compile(
    r"[\s\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202f\u205f-\u206f"
    r"\u2800\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]+"
)
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def clean(raw: str) -> str:
    """One line: HTML entities unescaped, NFC, every run of blank or invisible characters one space, ends stripped.

    Idempotent: entities that were escaped more than once are unescaped until nothing changes.
    """
    while True:
        text = _BLANK.sub(" ", unicodedata.normalize("NFC", html.unescape(raw))).strip()
        if text == raw:
            return text
        raw = text


def whole(raw: str) -> str:
    """`clean(raw)`, if nothing of it was lost on the way here.

    Raises:
        ValueError: it is longer than MAX_RAW, or holds U+FFFD or half of a surrogate pair.
    """
    if len(raw) > MAX_RAW:
        raise ValueError(f"is {len(raw):,} characters long; at most {MAX_RAW:,} are read")
    text = clean(raw) if not _SURROGATE.search(raw) else REPLACEMENT
    if REPLACEMENT in text:
        raise ValueError("holds U+FFFD or half a surrogate pair: its encoding was broken before it came here")
    return text


def headline(raw: str) -> str:
    """`whole(raw)`, fit to be the content of a signal.

    Raises:
        ValueError: as `whole`; or it has no word; or it is longer than 500 characters.
    """
    text = whole(raw)
    if not re.search(r"\w", text) or len(text) < 2:
        raise ValueError("has no word in it")
    if len(text) > 500:
        raise ValueError(f"is {len(text)} characters long; at most 500 fit a signal")
    return text


def without_accounts(text: str, *names: str) -> str:
    """Clean text without the given names of accounts, mentioned or not, whole words only.

    For names that a source puts into its texts on purpose, such as a channel's; all others are `privacy.scrub`'s.
    """
    stripped = text
    for name in names:
        if len(name) >= 3:
            stripped = re.sub(rf"(?<!\w)@?{re.escape(name)}(?!\w)", " ", stripped, flags=re.IGNORECASE)
    return text if stripped == text else clean(stripped).strip(EDGES)


def excerpt(
    text: str, account_fields: frozenset[str] = frozenset(), accounts: Sequence[str] = (), limit: int = 2000
) -> str:
    """The beginning of a refused text, fit for a PostgreSQL column: account fields and personal data masked."""
    head = text[: 4 * limit]
    if account_fields:
        fields = "|".join(map(re.escape, sorted(account_fields)))
        head = re.sub(rf'("(?:{fields})"\s*:\s*)"(?:[^"\\]|\\.)*"?', r'\1"***"', head)
    head = _SURROGATE.sub(REPLACEMENT, head.replace("\x00", REPLACEMENT))
    return masked(head, accounts)[:limit]


Text = Annotated[str, Field(strict=True), AfterValidator(whole)]
"""A raw text field; validated, it is clean."""

Headline = Annotated[str, Field(strict=True), AfterValidator(headline)]
"""A raw text field that becomes the content of a signal."""
