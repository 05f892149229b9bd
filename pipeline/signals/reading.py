"""Payload in, signals and refusals out: what every parser has in common."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from pydantic import Field, ValidationError

from pipeline.models import Model, Payload, Rejected, Signal
from pipeline.signals.parsers import PARSERS
from pipeline.signals.parsers.base import Parser, RefusedError, shown
from pipeline.signals.privacy import masked, pseudonym, public_url, scrub
from pipeline.signals.text import excerpt

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far a source's clock may be ahead of ours."""


_DID = re.compile(r"(?<!\w)did:[a-z]+:")
"""A decentralized identifier: the account of the AT protocol."""


class Reading(Model):
    """What a payload holds: every item is in one of the two, or the whole payload is one refusal at index 0."""

    signals: tuple[Signal, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    purged: dict[str, int] = Field(default_factory=dict, description="kind of personal data → pieces taken out")


def read(payload: Payload, salt: bytes) -> Reading:
    """Reads a payload by the parser of its source. Never raises for what is in the body.

    No personal data comes out of here: accounts become salted hashes, what `privacy.scrub` finds is taken out of every
    text, and what is refused is shown with `privacy.masked`.

    Bytes that aren't UTF-8 are decoded with U+FFFD in their place: items whose text holds one are refused, the others
    are kept. A body that can't be understood as a whole (empty, truncated, HTML, of unknown shape, of an unknown
    source) is one refusal: nothing is salvaged from half a document, because what is missing can't be known.
    """
    parser = PARSERS.get(payload.source)
    text = payload.body.decode("utf-8-sig", errors="replace")
    if parser is None:
        known = ", ".join(sorted(PARSERS))
        return _refused(payload, f"source: {payload.source!r} has no parser; there are {known}", text, frozenset())
    try:
        items = parser.items(text)
    except RefusedError as refusal:
        return _refused(payload, str(refusal), text, parser.ACCOUNT_FIELDS)

    signals: list[Signal] = []
    rejected: list[Rejected] = []
    purged: Counter[str] = Counter()
    for index, item in enumerate(items):
        try:
            signal, found = _read_item(parser, item, payload, salt)
            signals.append(signal)
            purged.update(found)
        except (RefusedError, ValidationError) as error:
            names = parser.accounts(item)
            cut = excerpt(_written(item), parser.ACCOUNT_FIELDS, names)
            reason = masked(_reason(error), names)
            rejected.append(Rejected(source=payload.source, index=index, reason=reason, excerpt=cut))
    return Reading(signals=tuple(signals), rejected=tuple(rejected), purged=dict(purged))


def _read_item(parser: Parser, item: object, payload: Payload, salt: bytes) -> tuple[Signal, Mapping[str, int]]:
    signal = parser.signal(item, payload)
    if signal.published_at and signal.published_at > payload.captured_at + CLOCK_TOLERANCE:
        at, seen = signal.published_at.isoformat(), payload.captured_at.isoformat()
        raise RefusedError(f"published_at: {at} lies after it was captured, {seen}")
    names = parser.accounts(item)
    cleaner = _Cleaner(names)
    content = cleaner.text(signal.content)
    if len(content) < 2:
        raise RefusedError("content: nothing is left of it without personal data")
    kept = {
        "content": content,
        "external_id": _anonymous(signal.external_id, payload.source, salt),
        "author": pseudonym(payload.source, names[0], salt) if names else None,
        "url": public_url(signal.url),
        "category": cleaner.text(signal.category) or None if signal.category else None,
        "metadata": cleaner.value(signal.metadata),
    }
    # What is kept is no longer than what the parser's signal was validated with.
    return signal.model_copy(update=kept), cleaner.found


class _Cleaner:
    """Takes personal data out of all the texts of an item, and counts it."""

    def __init__(self, accounts: Sequence[str]) -> None:
        self.found: Counter[str] = Counter()
        self._accounts = accounts

    def text(self, text: str) -> str:
        scrubbed = scrub(text, self._accounts)
        if scrubbed.found:
            self.found.update(scrubbed.found)
        return scrubbed.text

    def value(self, value: Any) -> Any:
        """The same JSON value; texts of which nothing is left are left out with their keys."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            pairs = ((self.text(key), was, self.value(was)) for key, was in value.items())
            return {key: kept for key, was, kept in pairs if key and (kept != "" or was == "")}
        if isinstance(value, list | tuple):
            pieces = ((was, self.value(was)) for was in value)
            return [kept for was, kept in pieces if kept != "" or was == ""]
        return value


def _anonymous(external_id: str | None, source: str, salt: bytes) -> str | None:
    """The source's id of the item; its salted hash where it holds the account that made the item."""
    if external_id is None or external_id.isalnum():
        return external_id
    personal = _DID.search(external_id) or scrub(external_id).found.keys() & {"handle", "email"}
    return pseudonym(source, external_id, salt) if personal else external_id


def _refused(payload: Payload, reason: str, text: str, account_fields: frozenset[str]) -> Reading:
    cut = excerpt(text, account_fields)
    return Reading(rejected=(Rejected(source=payload.source, index=0, reason=masked(reason), excerpt=cut),))


def _written(item: object) -> str:
    try:
        return json.dumps(item, ensure_ascii=False)
    except RecursionError:
        return shown(item)


def _reason(error: RefusedError | ValidationError) -> str:
    """Names each field, its value and what is wrong with it."""
    if isinstance(error, RefusedError):
        return str(error)
    faults = []
    for fault in error.errors(include_url=False, include_context=False):
        field = ".".join(map(str, fault["loc"])) or "item"
        if fault["type"] == "missing":
            faults.append(f"{field}: missing")
        else:
            wrong = fault["msg"].removeprefix("Value error, ")
            faults.append(f"{field}: {shown(fault['input'])}: {wrong}")
    return "; ".join(faults)
