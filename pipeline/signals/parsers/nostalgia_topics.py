"""Nostalgia: the anniversaries that `pipeline.signals.anniversaries` computed for a day."""

from __future__ import annotations

from pipeline.models import Payload, Signal, fold
from pipeline.signals.anniversaries import Anniversary
from pipeline.signals.parsers.base import document_list

ACCOUNT_FIELDS: frozenset[str] = frozenset()


def accounts(item: object) -> list[str]:  # noqa: ARG001 - what is computed names no account
    """None."""
    return []


def items(text: str) -> list[object]:
    """The anniversaries of the document."""
    return document_list(text, "anniversaries")


def signal(item: object, payload: Payload) -> Signal:
    """An anniversary as a signal: each round year is a thing of its own."""
    anniversary = Anniversary.model_validate(item)
    return Signal(
        source=payload.source,
        external_id=f"{fold(anniversary.name).replace(' ', '-')[:200]}:{anniversary.date}",
        content=f"{anniversary.years} years ago: {anniversary.name}"[:500],
        category="anniversary",
        captured_at=payload.captured_at,
        metadata=anniversary.model_dump(mode="json"),
    )
