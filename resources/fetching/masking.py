"""What may be said of a request in logs and errors: URLs and texts with the secrets taken out.

What belongs here: masking. What does not: keeping secrets (resources.vault), and personal data
(pipeline.signals.privacy).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping

import httpx

MASK = "***"
SECRET = re.compile(
    r"(api|app|consumer|developer)?key|(access|auth|id|refresh)?token|.*(secret|password|signature)|pwd|sig|auth"
)
"""Names of parameters that hold secrets, in lower case without separators; a page token is none."""
SHORTEST = 6
"""Characters of a secret: less would be masked in words that mean nothing."""
LONGEST_QUOTE = 200
LONGEST_READ = 20_000
"""Characters of a text that are looked at for the quote."""


def shown(url: httpx.URL | str) -> str:
    """The URL without user, fragment, and the values of parameters whose names sound secret."""
    parsed = httpx.URL(url)
    query = [(name, MASK if _sounds_secret(name) else value) for name, value in parsed.params.multi_items()]
    bare = parsed.copy_with(userinfo=b"", fragment=None)
    return str(bare.copy_with(params=query) if any(value == MASK for _, value in query) else bare)


def secrets_of(headers: Mapping[str, str], form: Mapping[str, str]) -> frozenset[str]:
    """What must not be quoted of a request: values of headers and of secret fields, and their last words alone."""
    values = [*headers.values(), *(value for name, value in form.items() if _sounds_secret(name))]
    parts = {part for value in values for part in (value, value.rpartition(" ")[2])}
    return frozenset(part for part in parts if len(part) >= SHORTEST)


def quoted(text: str, secrets: Iterable[str]) -> str:
    """The beginning of a text on one line, without the secrets."""
    text = text[:LONGEST_READ]
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return line[:LONGEST_QUOTE]


class MaskedUrls(logging.Filter):
    """Takes the secrets out of the URLs that httpx logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true: the record stays."""
        if isinstance(record.args, tuple):
            record.args = tuple(shown(value) if isinstance(value, httpx.URL) else value for value in record.args)
        return True


def _sounds_secret(name: str) -> bool:
    return SECRET.fullmatch(re.sub(r"[^a-z]", "", name.lower())) is not None
