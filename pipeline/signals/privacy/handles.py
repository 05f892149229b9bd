"""Names of accounts in text: mentions, addresses of profiles, and the known names of an item's own accounts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.signals.privacy.urls import names_account

_MENTION = re.compile(
    r"""(?<![\w/@.])(?:
        /?u(?:ser)?/[\w-]{2,}+(?:['’]s)?
      | @(?!\d+(?:[.,]\d+)?[a-z%°]{0,4}(?!\w))                  # a weight, a price, an hour: @79kg, @107, @3pm
        (?!\w(?!\w|[.-]\w))(?=_*[^\W_])
        (?>\w+(?:[.-]+\w+)*)(?>@[\w.-]*\w)*                     # …@host: the Fediverse
        (?:['’]s)?(?!@|/\w)                                     # @scope/package is no account
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_BLUESKY = re.compile(r"(?<![\w.-])(?:[\w-]{1,63}\.){1,4}bsky\.social(?![\w-])", re.IGNORECASE)
_LINK = re.compile(
    r"""(?<![\w.@/-])(?:[a-z][a-z+.-]{1,9}://[^\s<>"')\]|]+
      | (?:[\w-]{1,63}\.){1,4}[a-z]{2,12}/[^\s<>"')\]|]+)""",
    re.IGNORECASE | re.VERBOSE,
)
_LINK_END = ".,;:!?*"
_WORDLIKE = 12
"""Letters from which a name in one case counts as no ordinary word."""

TRIGGER = re.compile(r"@|\bu(?:ser)?/|bsky\.social|\.[a-z]{2,12}/\S|://", re.IGNORECASE)


def find(text: str) -> Iterator[tuple[int, int]]:
    """Spans of mentions, and of links that would name an account."""
    for match in _LINK.finditer(text):
        link = match[0].rstrip(_LINK_END)
        address = link if "://" in link else f"https://{link}"
        if names_account(address):
            yield match.start(), match.start() + len(link)
    for pattern in (_MENTION, _BLUESKY):
        for match in pattern.finditer(text):
            yield match.span()


def telling(name: str) -> bool:
    """Whether the name of an account can't well be an ordinary word of a title.

    It can't when a digit, a mark or a space is in it, when a capital follows a small letter, or when it is long:
    `jane_doe_77` and `JaneBakes` are taken out wherever they stand, `coffee` only where it is mentioned as `@coffee`.
    """
    name = name.strip().lstrip("@")
    if len(name) < 3 or not re.search(r"\w", name):
        return False
    return len(name) >= _WORDLIKE or not name.isalpha() or re.search(r"[^\W\d_A-Z][A-Z]", name) is not None


def named(text: str, accounts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Spans of whole words that are one of these accounts."""
    for account in accounts:
        name = re.escape(account.strip().lstrip("@"))
        for match in re.finditer(rf"(?<!\w)@?(?:u_)?{name}(?:['’]s)?(?!\w)", text, re.IGNORECASE):
            yield match.span()
