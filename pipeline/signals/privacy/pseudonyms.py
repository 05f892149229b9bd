"""What stands for an account in the record."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata

_PREFIX = re.compile(r"^(?:/?u(?:ser)?/|@)+")


def account_name(account: str) -> str:
    """The name as it is compared: case, the form of Unicode, and a leading `@`, `u/` or `user/` make no difference."""
    name = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", account).casefold())
    return _PREFIX.sub("", name.strip())


def pseudonym(source: str, account: str, salt: bytes) -> str:
    """The salted hash of an account, 32 hex digits; the same account of a source always has the same."""
    return hmac.new(
        salt, f"{source}\x1f{account_name(account)}".encode("utf-8", "surrogatepass"), hashlib.sha256
    ).hexdigest()[:32]
