"""Somebody's items taken out of a raw document, whatever its shape, and nothing else.

What belongs here: which items of a document are theirs. What does not: where documents lie.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from pipeline.signals.privacy.pseudonyms import account_name

_SHORTEST_ID = 5
_PAGE = re.compile(r"/(?:(?:u|user|profile|users)/|@)([^/?#]+)")


class Theirs(NamedTuple):
    """How somebody's items are known."""

    account: str | None
    """The name of the author's account, or its address, as the source writes it."""
    fields: frozenset[str]
    """The fields of the source that name accounts."""
    urls: frozenset[str]
    """Addresses of items."""
    ids: frozenset[str]
    """The source's own ids of items."""

    def names(self, field: str, text: str) -> bool:
        """Whether a field names the account or one of the items, and nothing more."""
        stripped = text.strip()
        if not stripped or re.search(r"\s", stripped):
            return False
        if stripped.rstrip("/") in self.urls or (len(stripped) >= _SHORTEST_ID and stripped in self.ids):
            return True
        if self.account is None:
            return False
        wanted = account_name(self.account)
        pages = (account_name(name) for name in _PAGE.findall(stripped))
        return (field in self.fields and account_name(stripped) == wanted) or wanted in pages


def without(body: bytes, theirs: Theirs) -> tuple[bytes | None, int]:
    """The document without their items, and how many were taken out.

    An item is the innermost element of a list that holds a field that names them; around it everything stays. Of a
    document that is no JSON nothing can be taken out: where it names them, all of it is theirs. The same where they are
    named outside every list.

    Returns:
        The bytes as they came where nothing is theirs; None where nothing may stay.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        text = body.decode("utf-8", errors="replace")
        named = any(theirs.names("", word) for word in re.split(r"[\s\"'<>]+", text))
        return (None, 1) if named else (body, 0)
    kept, removed, named = _pruned("", document, theirs.names)
    if named:
        return None, removed + 1
    return (json.dumps(kept, ensure_ascii=False).encode(), removed) if removed else (body, 0)


def _pruned(field: str, value: Any, names: Callable[[str, str], bool]) -> tuple[Any, int, bool]:
    """The value without the list elements that are theirs, how many those were, and whether the rest names them."""
    if isinstance(value, str):
        return value, 0, names(field, value)
    if isinstance(value, list):
        parts = [_pruned(field, each, names) for each in value]
        kept = [part for part, _, named in parts if not named]
        return kept, sum(removed for _, removed, _ in parts) + len(parts) - len(kept), False
    if isinstance(value, dict):
        found = {key: _pruned(key, each, names) for key, each in value.items()}
        kept_fields = {key: part for key, (part, _, _) in found.items()}
        return kept_fields, sum(n for _, n, _ in found.values()), any(named for _, _, named in found.values())
    return value, 0, False


def quotes(texts: Collection[str]) -> list[str]:
    """Runs of the texts that a log quotes as they are, long enough to be nobody else's."""
    runs = (run.strip()[:60] for text in texts for run in re.split(r"[|<>&\"\\\n]", text))
    return sorted({run for run in runs if len(run) >= 12})
