"""E-mail addresses, written plainly or in the usual disguises."""

from __future__ import annotations

import re
from collections.abc import Iterator

_AT = r"(?:@|&\#64;|&\#x40;|&commat;|%40|\\u0040|\ ?[(\[{<]\ ?(?:at|@)\ ?[)\]}>]\ ?)"
_DOT = r"(?:\.|\ ?[(\[{<]\ ?(?:dot|\.)\ ?[)\]}>]\ ?)"
_TOP = r"(?:xn--[a-z0-9-]{2,40}|[^\W\d_]{2,24})"
_PROVIDERS = "gmail|googlemail|hotmail|outlook|yahoo|icloud|protonmail|proton|aol|gmx|live"

_ADDRESS = re.compile(
    rf"""(?<![\w.+%'@-])(?:mailto:)?[\w.+%'-]{{1,64}}{_AT}
        (?:[\w-]{{1,63}}{_DOT}){{1,6}}{_TOP}(?![\w@]|{_DOT}\w)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_SPACED = re.compile(
    rf"(?<![\w.+%'-])[\w.+%'-]{{1,64}}\s?@\s?(?:{_PROVIDERS})\.[a-z]{{2,3}}(?:\.[a-z]{{2}})?(?!\w)", re.IGNORECASE
)
_SPELLED = re.compile(
    r"(?<![\w.+-])[\w.+-]{2,64} at [\w-]{2,63}(?: dot [\w-]{2,63})*? dot "
    r"(?:com|org|net|edu|gov|io|co|info|me|us|uk|de|fr)(?!\w)",
    re.IGNORECASE,
)
_FILES = frozenset(["png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "ico", "pdf", "css", "js", "mp4", "zip"])
"""Endings of files that are named like addresses (`logo@2x.png`); none is a top-level domain in use for mail."""

TRIGGER = re.compile(r"@|%40|&#64|&#x40|&commat|u0040|[(\[{<]\s?at\s?[)\]}>]|\bdot\b", re.IGNORECASE)


def find(text: str) -> Iterator[tuple[int, int]]:
    """Spans of e-mail addresses."""
    for pattern in (_ADDRESS, _SPACED, _SPELLED):
        for match in pattern.finditer(text):
            if re.split(r"\W", match[0])[-1].lower() not in _FILES:
                yield match.span()
