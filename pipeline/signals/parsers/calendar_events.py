"""The calendar: the occasions that `pipeline.signals.occasions` computed for a day."""

from __future__ import annotations

from pipeline.models import Payload, Signal, fold
from pipeline.signals.occasions import Occasion
from pipeline.signals.parsers.base import document_list

ACCOUNT_FIELDS: frozenset[str] = frozenset()


def accounts(item: object) -> list[str]:  # noqa: ARG001 - what is computed names no account
    """None."""
    return []


def items(text: str) -> list[object]:
    """The occasions of the document."""
    return document_list(text, "occasions")


def signal(item: object, payload: Payload) -> Signal:
    """An occasion as a signal: the occasion of each year is a thing of its own."""
    occasion = Occasion.model_validate(item)
    return Signal(
        source=payload.source,
        external_id=f"{fold(occasion.name).replace(' ', '-')[:200]}:{occasion.date}",
        content=occasion.name,
        category="occasion",
        captured_at=payload.captured_at,
        metadata=occasion.model_dump(mode="json"),
    )
