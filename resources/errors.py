"""Why something failed, as far as it decides what happens next: a retry or a person."""

from __future__ import annotations

from datetime import datetime


class TransientError(Exception):
    """A retry may mend it: a timeout, 429, 5xx, a lost connection."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class WaitingError(Exception):
    """Nothing is wrong, but not now: a quota is spent, or a circuit is open. A state, never a failure."""

    def __init__(self, message: str, *, until: datetime) -> None:
        super().__init__(message)
        self.until = until


class PermanentError(Exception):
    """No retry mends it. The message names the field, the value (secrets masked) and the mend."""


class UndrawableError(PermanentError):
    """An artist can't draw this brief, and can draw others: what is asked for stops that design alone."""
