"""What stands for an account in the record."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata

_PREFIX = re.compile(r"^(?:/?u(?:ser)?/|@)+")


def pseudonym(source: str, account: str, salt: bytes) -> str:
    """The salted hash of an account, 32 hex digits; the same account of a source always has the same.

    Upper and lower case, the form of Unicode, and a leading `@`, `u/` or `user/` make no difference.
    """
    name = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", account).casefold())
    name = _PREFIX.sub("", name.strip())
    return hmac.new(salt, f"{source}\x1f{name}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]
