"""Payload in, signals and refusals out: what every parser has in common."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from pydantic import Field, ValidationError

from pipeline.models import Model, Payload, Rejected, Signal
from pipeline.signals.parsers import PARSERS
from pipeline.signals.parsers.base import Parser, RefusedError, shown
from pipeline.signals.privacy import pseudonym, scrub
from pipeline.signals.text import excerpt, without_accounts

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far a source's clock may be ahead of ours."""


class Reading(Model):
    """What a payload holds: every item is in one of the two, or the whole payload is one refusal at index 0."""

    signals: tuple[Signal, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    purged: dict[str, int] = Field(default_factory=dict, description="kind of personal data → pieces taken out")


def read(payload: Payload, salt: bytes) -> Reading:
    """Reads a payload by the parser of its source. Never raises for what is in the body.

    No personal data comes out of here: accounts become salted hashes, and what `privacy.scrub` finds is taken out.

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
            cut = excerpt(_written(item), parser.ACCOUNT_FIELDS)
            rejected.append(Rejected(source=payload.source, index=index, reason=_reason(error), excerpt=cut))
    return Reading(signals=tuple(signals), rejected=tuple(rejected), purged=dict(purged))


def _read_item(parser: Parser, item: object, payload: Payload, salt: bytes) -> tuple[Signal, Mapping[str, int]]:
    signal = parser.signal(item, payload)
    if signal.published_at and signal.published_at > payload.captured_at + CLOCK_TOLERANCE:
        at, seen = signal.published_at.isoformat(), payload.captured_at.isoformat()
        raise RefusedError(f"published_at: {at} lies after it was captured, {seen}")
    names = parser.accounts(item)
    scrubbed = scrub(without_accounts(signal.content, *names))
    author = pseudonym(payload.source, names[0], salt) if names else None
    kept = signal.model_dump(exclude={"content_hash"}) | {"content": scrubbed.text, "author": author}
    return Signal.model_validate(kept), scrubbed.found


def _refused(payload: Payload, reason: str, text: str, account_fields: frozenset[str]) -> Reading:
    cut = excerpt(text, account_fields)
    return Reading(rejected=(Rejected(source=payload.source, index=0, reason=reason, excerpt=cut),))


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
