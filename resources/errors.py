"""Why something failed, as far as it decides what happens next: a retry or a person."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pipeline.models import Attempt, Verdict

ErrorClass = Literal[
    "timeout",
    "connection",
    "rate_limited",
    "unauthorized",
    "forbidden",
    "not_found",
    "refused",
    "server",
    "unreadable",
    "waiting",
]
"""What went wrong with a request, in a word; `refused` is any other 4xx."""


class TransientError(Exception):
    """A retry may mend it: a timeout, 429, 5xx, a lost connection."""

    cost_micros: int = 0
    """What was paid, or may have been, for nothing: millionths of a US dollar."""

    def __init__(
        self, message: str, *, retry_after: float | None = None, error_class: ErrorClass | None = None
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.error_class = error_class


class WaitingError(Exception):
    """Nothing is wrong, but not now: a quota is spent, or a circuit is open. A state, never a failure."""

    error_class: ErrorClass = "waiting"

    def __init__(self, message: str, *, until: datetime) -> None:
        super().__init__(message)
        self.until = until


class PermanentError(Exception):
    """No retry mends it. The message names the field, the value (secrets masked) and the mend."""

    cost_micros: int = 0
    """What was paid, or may have been, for nothing: millionths of a US dollar."""

    def __init__(self, message: str, *, error_class: ErrorClass | None = None) -> None:
        super().__init__(message)
        self.error_class = error_class


class UndrawableError(PermanentError):
    """An artist can't draw this brief, and can draw others: what is asked for stops that design alone."""

    attempts: tuple[Attempt, ...] = ()
    """Every artist that was asked, in order; empty: there was no choice of artists."""
    verdicts: tuple[Verdict, ...] = ()
    """What the screens found before it stopped."""


class RefusedError(UndrawableError):
    """A moderation or a screen refuses what was asked for: a verdict on the idea, not a failure of the artist."""


class OverBudgetError(WaitingError):
    """The day's budget for pictures is spent; `until` is when the next day begins."""
